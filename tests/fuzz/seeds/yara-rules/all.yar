include "x.yar"
global private rule c : a b
{
	meta:
		n = -5
		t = true
	strings:
		$a = "x\"y" wide ascii xor(0x01-0xff)
		$b = { 4D [2-4] ( 00 | ~01 ) /* c */ ?? }
		$ = /a\/b/is nocase
	condition:
		any of them and filesize / 2 < 10KB and pe.name matches /x/i
}
