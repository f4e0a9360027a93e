// Code under layers: text that is decoded and run, hooks of package managers.

rule python_exec_encoded
{
	meta:
		id = "GH-MAL-1801"
		severity = "critical"
		effect = "unsafe"
		kind = "script"
		description = "Python that unpacks text and runs it"
		gain = "Code that a reader of the file does not see."
		reference = "CWE-506 CWE-95 AML.T0011"
	strings:
		$a = /\b(exec|eval)\s*\(\s*(compile\s*\(\s*)?(__import__\(\s*["'](base64|zlib|marshal|codecs|bz2|lzma)["']\s*\)|base64|zlib|marshal|codecs|bz2|lzma|binascii)\s*\.\s*(b64decode|b32decode|b16decode|b85decode|a85decode|decompress|loads|decode|unhexlify|urlsafe_b64decode)\s*\(/
		$b = /\b(exec|eval)\s*\(\s*(getattr\(|globals\(\)\[|__builtins__)[^\n]{0,60}(b64decode|decompress|unhexlify|loads)/
		$c = /_\s*=\s*lambda\s+__\s*:\s*__import__\(\s*['"]zlib['"]\s*\)\.decompress\(\s*__import__\(\s*['"]base64['"]\s*\)/
	condition:
		any of them
}

rule python_exec_fetched
{
	meta:
		id = "GH-MAL-1802"
		severity = "critical"
		effect = "unsafe"
		kind = "script"
		description = "Python that fetches text from a server and runs it"
		gain = "Code that a reader of the file does not see."
		reference = "CWE-506 CWE-494 AML.T0011"
	strings:
		$a = /\b(exec|eval)\s*\(\s*(requests\.get|urllib\.request\.urlopen|urllib2\.urlopen|urlopen|httpx\.get)\s*\(\s*[^\n]{4,200}\)\s*\.(text|read\(\)|content)/
		$b = /\b(exec|eval)\s*\(\s*__import__\(\s*["'](urllib\.request|requests|urllib2)["'][^\n]{4,200}\.(text|read\(\)|content)/
	condition:
		any of them
}

rule python_pickle_loader
{
	meta:
		id = "GH-MAL-1803"
		severity = "high"
		effect = "unsafe"
		kind = "script"
		description = "Python that unpickles or unmarshals text hidden in it"
		gain = "Code that a reader of the file does not see."
		reference = "CWE-502 AML.T0011"
	strings:
		$a = /(pickle|cPickle|dill|cloudpickle|marshal)\.loads\s*\(\s*(zlib\.decompress\s*\(\s*)?(base64\.(b64|b85|a85|b32)decode|bytes\.fromhex|binascii\.unhexlify|codecs\.decode)\s*\(\s*b?["'][A-Za-z0-9+\/=<>!#$%&()*;?@^_`{|}~-]{40}/
		$b = /types\.FunctionType\s*\(\s*marshal\.loads\s*\(/
		$c = /exec\s*\(\s*marshal\.loads\s*\(/
	condition:
		any of them
}

rule javascript_eval_encoded
{
	meta:
		id = "GH-MAL-1804"
		severity = "critical"
		effect = "unsafe"
		kind = "web"
		description = "JavaScript that unpacks text and runs it"
		gain = "Code that a reader of the file does not see."
		reference = "CWE-506 CWE-95"
	strings:
		$a = /\beval\s*\(\s*(atob|Buffer\.from|unescape|decodeURIComponent\(\s*escape|String\.fromCharCode)\s*\(/
		$b = /new\s+Function\s*\(\s*(atob|Buffer\.from)\s*\(/
		$c = /eval\(function\(p,a,c,k,e,[rd]\)/
		$d = /Buffer\.from\(\s*["'][A-Za-z0-9+\/=]{60,}["']\s*,\s*["']base64["']\s*\)\.toString\([^\n]{0,20}\)\s*\)\s*;?/
		$e = /(vm\.runIn(This|New)Context|eval)\(\s*Buffer/
	condition:
		$a or $b or ($c and filesize < 20KB) or ($d and $e)
}

rule npm_install_hook
{
	meta:
		id = "GH-MAL-1805"
		severity = "critical"
		effect = "unsafe"
		kind = "script"
		description = "Package for npm whose installation fetches and runs code, or sends data away"
		gain = "Code of the author, when somebody installs it."
		reference = "CWE-506 CWE-829"
	strings:
		$a = /"(preinstall|install|postinstall)"\s*:\s*"[^"\n]{0,120}((curl|wget)\s[^"\n]{4,160}\|\s*(ba)?sh|powershell|node\s+-e\s+[^"\n]{0,40}(eval|Buffer|require\()|\/dev\/tcp\/|certutil|nslookup\s|base64\s+-d)/
	condition:
		$a
}

rule pip_install_hook
{
	meta:
		id = "GH-MAL-1806"
		severity = "critical"
		effect = "unsafe"
		kind = "script"
		description = "Package for pip whose installation fetches and runs code"
		gain = "Code of the author, when somebody installs it."
		reference = "CWE-506 CWE-829 AML.T0011"
	strings:
		$a = /(from\s+setuptools|import\s+setuptools|from\s+distutils)/
		$b = /cmdclass\s*=/
		$c = /class\s+\w{1,40}\(\s*(install|develop|egg_info|build_py|sdist)\s*\)/
		$d = /(os\.system|subprocess\.(call|run|Popen|check_output)|os\.popen)\s*\(\s*[\[fr]{0,2}["'][^\n]{0,80}(curl|wget|powershell|bash\s+-c|\/dev\/tcp\/|base64)/
		$e = /(urlopen|requests\.get)\([^\n]{0,160}\)[^\n]{0,40}\n?[^\n]{0,80}(exec|eval|os\.system|subprocess)\s*\(/
		$f = /requests\.(post|get)\([^\n]{0,160}(os\.environ|gethostname|getuser|platform\.node)/
		$g = /\bexec\s*\(\s*(base64|zlib|requests|urlopen|__import__)/
	condition:
		$a and $b and $c and any of ($d,$e,$f,$g)
}

rule shell_decode_and_run
{
	meta:
		id = "GH-MAL-1807"
		severity = "critical"
		effect = "unsafe"
		kind = "script"
		description = "Shell script that decodes text and runs it"
		gain = "Code that a reader of the file does not see."
		reference = "CWE-506 CWE-95"
	strings:
		$a = /(echo|printf)\s+(-n\s+|-e\s+)?["']?[A-Za-z0-9+\/=]{40}[A-Za-z0-9+\/=]{0,4000}["']?\s*\|\s*(openssl\s+)?base64\s+(-d|-D|--decode)[^\n|]{0,20}\|\s*(gunzip|gzip\s+-d[c]?|zcat|xz\s+-d[c]?)?[^\n|]{0,10}\|?\s*(sudo\s+)?(ba|z|da)?sh\b/
		$b = /eval\s+["'`$(]{1,4}\s*(echo|printf)\s+["']?[A-Za-z0-9+\/=]{40}[^\n]{0,2000}\|\s*base64\s+(-d|--decode)/
		$c = /(ba)?sh\s+<\(\s*(echo|printf)\s[^\n]{40,2000}\|\s*base64\s+(-d|--decode)/
	condition:
		any of them
}

rule batch_obfuscated
{
	meta:
		id = "GH-MAL-1808"
		severity = "high"
		effect = "review"
		kind = "script"
		description = "Batch file whose commands are put together from pieces"
		gain = "Code that a reader of the file does not see."
		reference = "CWE-506"
	strings:
		$a = "@echo off" nocase
		$b = /(%[a-z_]{1,20}(:~0|:~1|:~2|:~3|:~4|:~5|:~6|:~7|:~8|:~9|:~-)[0-9-]{0,2},[0-9-]{1,3}%){6}/ nocase
	condition:
		all of them
}
