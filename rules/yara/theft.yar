// What collects passwords, keys, tokens and wallets, and what sends them away.

rule browser_credential_theft
{
	meta:
		id = "GH-MAL-1401"
		severity = "critical"
		effect = "unsafe"
		kind = "script"
		description = "Collects saved passwords and cookies of browsers"
		gain = "Passwords, keys and sessions of whoever loads it."
		reference = "CWE-506 CWE-522"
	strings:
		$a = /Login Data/
		$b = "Local State"
		$c = "encrypted_key"
		$d = /CryptUnprotectData|win32crypt/
		$e = "logins.json"
		$f = "key4.db"
		$g = /Google[\\\/]{1,4}Chrome[\\\/]{1,4}User Data/
		$h = /SELECT\s+(origin_url|action_url)[^\n]{0,60}password_value/ nocase
	condition:
		($h and ($a or $g)) or ($a and $b and $c and $d) or ($e and $f and $g and $a)
}

rule ssh_aws_key_harvest
{
	meta:
		id = "GH-MAL-1402"
		severity = "critical"
		effect = "unsafe"
		kind = "script"
		description = "Reads private keys and cloud credentials and sends them away"
		gain = "Passwords, keys and sessions of whoever loads it."
		reference = "CWE-506 CWE-522"
	strings:
		$a = /\.ssh\/(id_(rsa|ed25519|ecdsa|dsa)|\*)/
		$b = ".aws/credentials"
		$c = ".kube/config"
		$d = ".docker/config.json"
		$e = ".git-credentials"
		$f = ".npmrc"
		$g = ".pypirc"
		$h = ".netrc"
		$x = /(requests\.(post|put)\(|urllib\.request\.urlopen\(|urlopen\(|http\.client\.HTTPS?Connection|curl\s[^\n]{0,120}(-d|-F|--data|-T|--upload-file)[^\n]{0,60}|fetch\(|axios\.post|socket\.connect|https?\.request\()/
		$o = /(open\(|readFileSync\(|read_text\(|cat\s|tar\s|glob\()/
	condition:
		filesize < 512KB and 3 of ($a,$b,$c,$d,$e,$f,$g,$h) and $x and $o
}

rule discord_webhook_exfil
{
	meta:
		id = "GH-MAL-1403"
		severity = "critical"
		effect = "unsafe"
		kind = "script"
		description = "Sends what it collects to a Discord webhook"
		gain = "Passwords, keys and sessions of whoever loads it."
		reference = "CWE-506"
	strings:
		$a = /https:\/\/(ptb\.|canary\.)?discord(app)?\.com\/api\/(v[0-9]{1,2}\/)?webhooks\/[0-9]{15,21}\/[\w-]{50,80}/
		$b = /(os\.environ|getpass\.getuser|platform\.(node|uname)|socket\.gethostname|process\.env\b|os\.hostname\(|os\.userInfo\(|Login Data|leveldb|\$env:USERNAME|whoami|\.ssh\/)/
	condition:
		all of them
}

rule telegram_exfil
{
	meta:
		id = "GH-MAL-1404"
		severity = "critical"
		effect = "unsafe"
		kind = "script"
		description = "Sends what it collects to a Telegram bot"
		gain = "Passwords, keys and sessions of whoever loads it."
		reference = "CWE-506"
	strings:
		$a = /api\.telegram\.org\/bot[0-9]{8,10}:[A-Za-z0-9_-]{35}/
		$b = /(os\.environ|getpass\.getuser|platform\.(node|uname)|socket\.gethostname|process\.env\b|os\.hostname\(|os\.userInfo\(|Login Data|leveldb|\$env:USERNAME|whoami|\.ssh\/|wallet)/
	condition:
		all of them
}

rule discord_token_grabber
{
	meta:
		id = "GH-MAL-1405"
		severity = "critical"
		effect = "unsafe"
		kind = "script"
		description = "Collects Discord tokens"
		gain = "Passwords, keys and sessions of whoever loads it."
		reference = "CWE-506 CWE-522"
	strings:
		$a = /leveldb/
		$b = /discord(canary|ptb)?[\\\/'"]/ nocase
		$c = /\[\\w-\]\{24,?2?6?\}\\\.\[\\w-\]\{6\}\\\.\[\\w-\]\{2[57],?[0-9]*\}/
		$d = /mfa\\\.\[\\w-\]\{84\}/
		$e = "dQw4w9WgXcQ:"
	condition:
		$a and $b and any of ($c,$d,$e)
}

rule environment_exfil
{
	meta:
		id = "GH-MAL-1406"
		severity = "critical"
		effect = "unsafe"
		kind = "script"
		description = "Sends all environment variables to a server"
		gain = "Passwords, keys and sessions of whoever loads it."
		reference = "CWE-506 CWE-200"
	strings:
		$a = /(requests\.(post|get|put)|urlopen|httpx\.(post|get)|urllib\.request\.Request)\(\s*[^\n]{4,200}(dict\(\s*os\.environ\s*\)|os\.environ\.copy\(\)|str\(\s*os\.environ\s*\)|json\s*=\s*os\.environ|json\.dumps\(\s*(dict\(\s*)?os\.environ)/
		$b = /(JSON\.stringify\(\s*process\.env\s*\)|querystring\.stringify\(\s*process\.env)/
		$c = /(https?\.request\(|fetch\(|axios\.(post|get)\(|\.write\()/
		$d = /(env|printenv|set)\s*\|\s*(base64[^\n|]{0,20}\|\s*)?(curl|nc|wget)\s/
		$e = /curl\s[^\n]{0,160}(-d|--data[a-z-]*|-F)\s*["']?(@-|\$\((env|printenv)(\s*\||\)))/
	condition:
		$a or ($b and $c) or $d or $e
}

rule dns_exfil_install
{
	meta:
		id = "GH-MAL-1407"
		severity = "critical"
		effect = "unsafe"
		kind = "script"
		description = "Sends host and user names out by DNS or a request catcher"
		gain = "Who you are and where the package was installed: the first step of a targeted attack."
		reference = "CWE-506 CWE-200"
	strings:
		$a = /\.(oastify\.com|burpcollaborator\.net|interact\.sh|oast\.(pro|live|site|online|fun|me)|requestbin\.(net|com)|pipedream\.net|webhook\.site|dnslog\.cn|ceye\.io|canarytokens\.com|ngrok\.io)\b/
		$w = "webhook.site/"
		$b = /(gethostname\(|getpass\.getuser|platform\.node|os\.hostname\(|os\.userInfo\(|process\.env\b|os\.environ|whoami|\$\(hostname|uname -a|__dirname)/
	condition:
		($a or $w) and $b
}

rule cloud_metadata_theft
{
	meta:
		id = "GH-MAL-1408"
		severity = "critical"
		effect = "unsafe"
		kind = "script"
		description = "Reads credentials from the metadata service of the cloud"
		gain = "The rights of the machine in the cloud."
		reference = "CWE-506 CWE-522"
	strings:
		$a = /169\.254\.169\.254\/(latest\/meta-data\/iam\/security-credentials|latest\/api\/token|latest\/user-data|metadata\/identity\/oauth2\/token|computeMetadata\/v1\/instance\/service-accounts)/
		$b = /metadata\.google\.internal\/computeMetadata\/v1\/instance\/service-accounts\/[^\s"']{1,60}\/token/
		$c = "169.254.170.2"
		$x = /(curl\s|wget\s|requests\.(get|put|post)|urlopen\(|fetch\(|http\.get\()/
		$e = /(requests\.post|curl\s[^\n]{0,100}(-d|--data|-F)|\|nc\s|\| nc\s|\|\s*curl|base64|https?\.request|\/dev\/tcp\/)/
		$m = { 7F 45 4C 46 }
		$n = { 4D 5A }
	condition:
		($a or $b or $c) and $x and $e and not $m at 0 and not $n at 0
}

rule crypto_wallet_theft
{
	meta:
		id = "GH-MAL-1409"
		severity = "critical"
		effect = "unsafe"
		kind = "script"
		description = "Collects wallets of crypto currencies"
		gain = "The money in them."
		reference = "CWE-506 CWE-522"
	strings:
		$a = "wallet.dat"
		$b = /Exodus[\\\/]{1,4}exodus\.wallet/
		$c = /Electrum[\\\/]{1,4}wallets/
		$d = "nkbihfbeogaeaoehlefnkodbefgpgknn"
		$e = /Ethereum[\\\/]{1,4}keystore/
		$f = /atomic[\\\/]{1,4}Local Storage/ nocase
		$g = "bhhhlbepdkbapadjdnnojkbgioiodbic"
		$h = /\.config\/solana\/id\.json/
	condition:
		3 of them
}

rule clipboard_address_swap
{
	meta:
		id = "GH-MAL-1410"
		severity = "critical"
		effect = "unsafe"
		kind = "script"
		description = "Replaces addresses of crypto currencies in the clipboard"
		gain = "Payments that go to the attacker."
		reference = "CWE-506"
	strings:
		$a = /(pyperclip\.(copy|paste)|SetClipboardData|win32clipboard|clipboardy|Set-Clipboard)/
		$b = /\^?\(?(bc1|\[13\])[^\n]{0,30}\[a-[a-zA-Z0-9-]{2,20}\]\{2[0-9],[0-9]{2}\}/
		$c = /0x\[a-fA-F0-9\]\{40\}/
		$d = /(T\[A-Za-z1-9\]\{33\}|4\[0-9AB\]\[)/
	condition:
		$a and ($b or $c or $d)
}

rule shadow_file_theft
{
	meta:
		id = "GH-MAL-1411"
		severity = "critical"
		effect = "unsafe"
		kind = "script"
		description = "Reads the password file of the system and sends it away"
		gain = "Passwords, keys and sessions of whoever loads it."
		reference = "CWE-506 CWE-522"
	strings:
		$a = /(cat|base64|open\(\s*["'])\s*\/etc\/shadow["']?[^\n]{0,80}(\|\s*(base64[^\n|]{0,20}\|\s*)?(curl|nc|wget|openssl)|requests\.post|urlopen)/
		$b = /curl\s[^\n]{0,120}(-d|--data[a-z-]*|-F|-T)\s*["']?[a-z=]{0,12}@\/etc\/(shadow|passwd)/
		$c = /requests\.(post|put)\([^\n]{0,120}open\(\s*["']\/etc\/(shadow|passwd)["']/
	condition:
		any of them
}
