// What fetches or unpacks a second stage and starts it: shells, tools of Windows, documents, shortcuts.

rule dropper_system_curl_shell
{
	meta:
		id = "GH-MAL-1201"
		severity = "critical"
		effect = "unsafe"
		kind = "script"
		description = "Code that downloads a script and pipes it to a shell"
		gain = "Code from an address of the author, which may change at any time."
		reference = "CWE-494 CWE-829 AML.T0011.001"
	strings:
		$a = /(os\.system|os\.popen|subprocess\.(call|run|Popen|check_output|getoutput)|commands\.getoutput|child_process["']?\)?\.exec(Sync)?|shell_exec|popen|system|execSync|spawnSync)\s*\(\s*[\[fru]{0,3}["'`][^\n"']{0,60}(curl|wget)\s[^\n]{4,300}\|\s*(sudo\s+)?(ba|z|da|k)?sh\b/
		$b = /["']-c["']\s*,\s*["'][^\n"']{0,40}(curl|wget)\s[^\n]{4,200}\|\s*(sudo\s+)?(ba|z|da|k)?sh\b/
	condition:
		any of them
}

rule dropper_download_chmod_run
{
	meta:
		id = "GH-MAL-1202"
		severity = "critical"
		effect = "unsafe"
		kind = "script"
		description = "Downloads a file into a temporary place, makes it executable and starts it"
		gain = "Code from an address of the author, which may change at any time."
		reference = "CWE-494 AML.T0011.001"
	strings:
		$a = /(curl|wget|tftp|fetch)\s[^\n]{4,200}(\/tmp\/|\/var\/tmp\/|\/dev\/shm\/)([.\w-]{1,40})[^\n]{0,80}[;&\n]{1,2}\s*chmod\s+(\+x|0?7[0-7][0-7]|a\+x|u\+x)\s+[^\n]{0,60}[;&\n]{1,2}\s*(nohup\s+|sudo\s+|sh\s+|\.)?\/?(tmp|var\/tmp|dev\/shm|\.\/)/
	condition:
		$a
}

rule dropper_busybox_loader
{
	meta:
		id = "GH-MAL-1203"
		severity = "critical"
		effect = "unsafe"
		kind = "script"
		description = "Loader of a botnet: fetches programs for many architectures"
		gain = "A member of a botnet."
		reference = "CWE-506"
	strings:
		$a = /(mips|mipsel|arm7|arm5|arm6|sh4|ppc|m68k|spc|i686|x86)\b[^\n]{0,80};\s*chmod\s+(777|\+x)/
		$b = "busybox wget"
		$c = "busybox tftp"
		$d = "/bin/busybox "
		$e = /cd \/tmp \|\| cd \/(var\/)?run \|\| cd \/mnt/
	condition:
		($e and $a) or (#a > 3 and any of ($b,$c,$d))
}

rule dropper_certutil
{
	meta:
		id = "GH-MAL-1204"
		severity = "critical"
		effect = "unsafe"
		kind = "script"
		description = "Windows tools misused to download a program: certutil, bitsadmin, mshta, regsvr32"
		gain = "Code from an address of the author, which may change at any time."
		reference = "CWE-494 AML.T0011.001"
	strings:
		$a = /certutil(\.exe)?["']?\s+(-[a-z]+\s+){0,4}-urlcache\s+(-[a-z]+\s+){0,4}["']?https?:/ nocase
		$b = /bitsadmin(\.exe)?\s+\/transfer\s+[^\n]{1,80}https?:[^\n]{4,200}\.(exe|dll|ps1|bat|vbs|scr)/ nocase
		$c = /mshta(\.exe)?["']?\s+["']?(https?:|vbscript:|javascript:)/ nocase
		$d = /regsvr32(\.exe)?\s+(\/[a-z]\s+){0,4}\/i:https?:[^\n]{4,200}scrobj\.dll/ nocase
		$e = /rundll32(\.exe)?\s+javascript:/ nocase
	condition:
		any of them
}

rule dropper_powershell_download
{
	meta:
		id = "GH-MAL-1205"
		severity = "critical"
		effect = "unsafe"
		kind = "script"
		description = "PowerShell that downloads code and runs it"
		gain = "Code from an address of the author, which may change at any time."
		reference = "CWE-494 AML.T0011.001"
	strings:
		$a = /(iex|Invoke-Expression)[\s(]{1,4}(\(\s*)?New-Object\s+(System\.)?Net\.WebClient\s*\)?\.DownloadString\(/ nocase
		$y = /(powershell(\.exe)?|pwsh|system\(|popen\(|Popen\(|Shell\(|exec\(|\.Run\s?\(?|run\(|call\()[^\n]{0,160}(iex|Invoke-Expression)[\s(]{1,4}(\(\s*)?New-Object\s+(System\.)?Net\.WebClient/ nocase
		$z = "```"
		$b = /\.DownloadString\(\s*["']https?:[^\n]{4,200}\)\s*\)?\s*\|\s*(iex|Invoke-Expression)\b/ nocase
		$c = /(iwr|Invoke-WebRequest|irm|Invoke-RestMethod|curl)\s[^\n|]{4,200}\|\s*(iex|Invoke-Expression)\b/ nocase
		$d = /\.DownloadFile\(\s*["']https?:[^\n]{4,200}\.(exe|dll|scr|bat)["'][^\n]{0,120}\)\s*;?[^\n]{0,60}Start-Process/ nocase
		$x = /powershell(\.exe)?\s|system\(|subprocess|Shell\(|WScript/ nocase
	condition:
		$y or ($a and filesize < 4KB and not $z) or $b or $d or ($c and $x)
}

rule powershell_encoded
{
	meta:
		id = "GH-MAL-1206"
		severity = "critical"
		effect = "unsafe"
		kind = "script"
		description = "PowerShell started with a hidden, encoded command"
		gain = "Commands that a reader of the file does not see."
		reference = "CWE-506 AML.T0011.001"
	strings:
		$a = /powershell(\.exe)?["']?\s[^\n]{0,160}-(e|ec|en|enc|enco|encodedcommand)\s+["']?[A-Za-z0-9+\/]{40}/ nocase
		$b = /-w(indowstyle)?\s+hidden[^\n]{0,120}-(e|ec|en|enc|encodedcommand)\s+["']?[A-Za-z0-9+\/]{20}/ nocase
	condition:
		any of them
}

rule amsi_bypass
{
	meta:
		id = "GH-MAL-1207"
		severity = "critical"
		effect = "unsafe"
		kind = "script"
		description = "Switches off the malware interface of Windows (AMSI)"
		gain = "Malware that the virus scanner of the system does not see."
		reference = "CWE-506"
	strings:
		$a = "AmsiUtils" nocase
		$b = "amsiInitFailed" nocase
		$c = "AmsiScanBuffer"
		$d = "VirtualProtect"
		$e = /GetField\(/ nocase
		$f = "NonPublic,Static" nocase
		$g = "GetProcAddress"
		$mz = { 4D 5A }
	condition:
		($a and $b and ($e or $f)) or ($c and $d and $g and not $mz at 0)
}

rule dropper_vbs
{
	meta:
		id = "GH-MAL-1208"
		severity = "critical"
		effect = "unsafe"
		kind = "web"
		description = "Script for the Windows Script Host that downloads a file and starts it"
		gain = "Code from an address of the author, which may change at any time."
		reference = "CWE-494 AML.T0011.001"
	strings:
		$a = /CreateObject\(\s*["'](MSXML2\.(Server)?XMLHTTP|Microsoft\.XMLHTTP|WinHttp\.WinHttpRequest)/ nocase
		$b = /CreateObject\(\s*["']ADODB\.Stream["']/ nocase
		$c = /CreateObject\(\s*["'](WScript\.Shell|Shell\.Application)["']/ nocase
		$d = "SaveToFile" nocase
		$e = /ActiveXObject\(\s*["'](MSXML2\.XMLHTTP|Microsoft\.XMLHTTP)/ nocase
		$f = /ActiveXObject\(\s*["']WScript\.Shell["']/ nocase
		$g = /ActiveXObject\(\s*["']ADODB\.Stream["']/ nocase
	condition:
		($a and $b and $c and $d) or ($e and $f and $g and $d)
}

rule hta_application
{
	meta:
		id = "GH-MAL-1209"
		severity = "high"
		effect = "review"
		kind = "web"
		description = "HTML application (HTA) with a script that starts programs"
		gain = "A program outside of the browser, with all rights of the user."
		reference = "CWE-829"
	strings:
		$a = "<HTA:APPLICATION" nocase
		$b = /(WScript\.Shell|Shell\.Application|ShellExecute|\.Run\s*[("])/ nocase
	condition:
		all of them
}

rule lnk_with_command
{
	meta:
		id = "GH-MAL-1210"
		severity = "critical"
		effect = "unsafe"
		kind = "file"
		description = "Windows shortcut that starts a command interpreter"
		gain = "Commands of the author, when the shortcut is opened."
		reference = "CWE-829 AML.T0011.001"
	strings:
		$h = { 4C 00 00 00 01 14 02 00 00 00 00 00 C0 00 00 00 00 00 00 46 }
		$a = "powershell" wide nocase
		$b = "cmd.exe" wide nocase
		$c = "mshta" wide nocase
		$d = "wscript" wide nocase
		$e = "http" wide nocase
		$f = " /c " wide nocase
		$g = "-enc" wide nocase
		$i = "hidden" wide nocase
	condition:
		$h at 0 and any of ($a,$b,$c,$d) and any of ($e,$f,$g,$i)
}

rule office_macro_auto
{
	meta:
		id = "GH-MAL-1211"
		severity = "critical"
		effect = "unsafe"
		kind = "script"
		description = "Document macro that runs by itself and starts a program"
		gain = "A program of the author, when the document is opened."
		reference = "CWE-829 AML.T0011.001"
	strings:
		$a = /Sub\s+(AutoOpen|Auto_Open|Document_Open|Workbook_Open|AutoExec|AutoClose)\s*\(/ nocase
		$b = /(Shell\s*\(?\s*["'A-Za-z]|CreateObject\(\s*["']WScript\.Shell|URLDownloadToFile|ShellExecute|powershell|CreateObject\(\s*["']Schedule\.Service)/ nocase
	condition:
		all of them
}

rule ole_macro_project
{
	meta:
		id = "GH-MAL-1212"
		severity = "medium"
		effect = "review"
		kind = "file"
		description = "Office document with a macro project"
		gain = "Code of the author, when the document is opened and macros are allowed."
		reference = "CWE-829"
	strings:
		$h = { D0 CF 11 E0 A1 B1 1A E1 }
		$a = "_VBA_PROJECT" wide
		$b = "VBA" wide fullword
	condition:
		$h at 0 and all of them
}

rule rtf_equation_exploit
{
	meta:
		id = "GH-MAL-1213"
		severity = "critical"
		effect = "unsafe"
		kind = "file"
		description = "Rich text with an equation object that exploits Word"
		gain = "Code of the author, when the document is opened."
		reference = "CVE-2017-11882 CWE-119"
	strings:
		$h = "{\\rt"
		$a = /\\objdata[\s\S]{0,200}0?2000000[0-9a-f]{0,40}4571756174696f6e2e33/ nocase
		$b = "4571756174696f6e2e33" nocase
		$c = "\\objupdate" nocase
		$d = "0200000002ce020000000000c000000000000046" nocase
	condition:
		$h at 0 and ($a or ($b and $c) or ($d and $c))
}
