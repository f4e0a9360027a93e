rule eicar_test_file
{
	meta:
		id = "GH-MAL-1001"
		severity = "high"
		effect = "unsafe"
		kind = "file"
		description = "The EICAR test file"
		gain = "None by itself: it is harmless and exists to prove that scanners are on."
		fix = "Remove it, unless you put it there to test this."
		reference = "CWE-506"
	strings:
		$eicar = "X5O!P%@AP[4\\PZX54(P^)7CC)7}$EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
	condition:
		$eicar
}
