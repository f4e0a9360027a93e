// Miners, ransom, wipers.

rule crypto_miner_stratum
{
	meta:
		id = "GH-MAL-1501"
		severity = "critical"
		effect = "unsafe"
		kind = "script"
		description = "Miner of crypto currency: address of a pool"
		gain = "Computing time and power, and a machine that is slow."
		reference = "CWE-506 CWE-400"
	strings:
		$a = /stratum(\+tcp|\+ssl|\+tls|1\+tcp)?:\/\/[A-Za-z0-9.-]{4,80}:[0-9]{2,5}/
		$b = /(-o|--url)[ =]{1,3}(pool|xmr|gulf|mine)[A-Za-z0-9.-]{3,60}:[0-9]{3,5}\s[^\n]{0,60}(-u|--user)[ =]{1,3}[48][0-9AB][1-9A-HJ-NP-Za-km-z]{93}/
	condition:
		any of them
}

rule xmrig_miner
{
	meta:
		id = "GH-MAL-1502"
		severity = "critical"
		effect = "unsafe"
		kind = "script"
		description = "The miner XMRig or its configuration"
		gain = "Computing time and power, and a machine that is slow."
		reference = "CWE-506 CWE-400"
	strings:
		$a = "\"donate-level\""
		$b = "\"randomx\""
		$c = "\"pools\""
		$d = "\"rig-id\""
		$e = "\"nicehash\""
		$f = "XMRig "
		$g = "xmrig.com"
		$h = "--donate-level"
		$i = "cryptonight" nocase
		$j = "--randomx-"
	condition:
		($a and $c and any of ($b,$d,$e)) or ($f and $g and $h) or ($h and $i and $j)
}

rule ransom_note
{
	meta:
		id = "GH-MAL-1503"
		severity = "high"
		effect = "unsafe"
		kind = "file"
		description = "Text of a ransom note"
		gain = "Files are encrypted, and money is asked for."
		reference = "CWE-506"
	strings:
		$a = /(all )?(of )?your (important )?(files|documents|data|network)( and (data|documents|files|backups))?[^.\n]{0,80}(have been|are|were|has been) (encrypted|locked)/ nocase
		$b = /(bitcoin|monero|btc|xmr)\b/ nocase
		$c = /(decrypt(ion|or)? (key|tool|software|your files)|private key|recover your files|restore your files)/ nocase
		$d = /(\.onion\b|tor browser|contact us|protonmail|tutanota|within [0-9]{1,3} hours|do not (try|attempt|rename))/ nocase
	condition:
		all of them and filesize < 200KB
}

rule file_encryptor_script
{
	meta:
		id = "GH-MAL-1504"
		severity = "critical"
		effect = "unsafe"
		kind = "script"
		description = "Script that encrypts the files of a user and changes their names"
		gain = "Files are encrypted, and money is asked for."
		reference = "CWE-506"
	strings:
		$a = /os\.walk\(/
		$b = /(Fernet\(|AES\.new\(|RSA\.(generate|import_?[kK]ey)\()/
		$c = /\.(encrypt|update)\(/
		$d = /(os\.(rename|remove|unlink)\()/
		$e = /["']\.(locked|encrypted|enc|crypt|crypted|pwned|ransom)["']/
		$f = /(ransom|bitcoin|decrypt your|pay\b)/ nocase
	condition:
		all of them
}

rule shadow_copy_deletion
{
	meta:
		id = "GH-MAL-1505"
		severity = "critical"
		effect = "unsafe"
		kind = "script"
		description = "Deletes the backups of Windows"
		gain = "Files that cannot be restored after they were encrypted."
		reference = "CWE-506"
	strings:
		$a = /vssadmin(\.exe)?\s+delete\s+shadows/ nocase
		$b = /wmic(\.exe)?\s+shadowcopy\s+delete/ nocase
		$c = /wbadmin(\.exe)?\s+delete\s+(catalog|systemstatebackup)/ nocase
		$d = /bcdedit(\.exe)?\s[^\n]{0,40}recoveryenabled\s+no/ nocase
		$q = /\/(quiet|all)|-quiet|call\(|system\(|subprocess|nointeractive|&\s*(bcdedit|wmic|wbadmin)/ nocase
	condition:
		2 of ($a,$b,$c,$d) or (any of ($a,$b) and $q)
}

rule disk_wiper
{
	meta:
		id = "GH-MAL-1506"
		severity = "critical"
		effect = "unsafe"
		kind = "script"
		description = "Overwrites disks or deletes all files"
		gain = "All data of the machine is gone."
		reference = "CWE-506"
	strings:
		$a = /(os\.system|subprocess\.(call|run|Popen)|system|exec|shell_exec|execSync)\s*\(\s*[\[fr]{0,2}["'`](sudo\s+)?rm\s+-[rRf]{2,3}\s+(--no-preserve-root\s+)?(\/|\/\*|~|~\/|\$HOME)["'`\s;&]/
		$b = /dd\s+if=\/dev\/(zero|urandom|random)\s+of=\/dev\/(sd[a-z]|nvme[0-9]n[0-9]|hd[a-z]|vda|mmcblk[0-9])(\s|$|;|&|["'])[^\n]{0,40}/
		$c = /shutil\.rmtree\(\s*(["'](\/|~|C:\\\\)["']|os\.path\.expanduser\(\s*["']~["']\s*\)|Path\.home\(\))/
		$x = /(system\(|subprocess|nohup|#!\/|exec\()/
		$d = "rm -rf --no-preserve-root /"
		$e = ":(){ :|:& };:"
	condition:
		$a or $c or (filesize < 1MB and $x and any of ($b,$d,$e))
}
