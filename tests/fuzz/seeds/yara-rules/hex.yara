import "pe"
/* x */
private rule b : tag {
 meta:
  author = "x"
 strings:
  $a = { 4d 5a ?? }
  $r = /bash -i >& \/dev\/tcp/
 condition:
  uint16(0) == 0x5a4d and $a
}
