// What stays and listens to somebody else: shellcode, implants of known frameworks, keyloggers, packed programs.

rule meterpreter_stager_x64
{
	meta:
		id = "GH-MAL-1301"
		severity = "critical"
		effect = "unsafe"
		kind = "file"
		description = "Shellcode of a Metasploit stager for 64-bit Windows"
		gain = "Control over the machine, from a server of the attacker."
		reference = "CWE-506 AML.T0018"
	strings:
		$a = { FC 48 83 E4 F0 E8 [4] 41 51 41 50 52 51 56 48 31 D2 65 48 8B 52 60 }
	condition:
		$a
}

rule meterpreter_stager_x86
{
	meta:
		id = "GH-MAL-1302"
		severity = "critical"
		effect = "unsafe"
		kind = "file"
		description = "Shellcode of a Metasploit stager for 32-bit Windows"
		gain = "Control over the machine, from a server of the attacker."
		reference = "CWE-506 AML.T0018"
	strings:
		$a = { FC E8 (82|89|8F) 00 00 00 60 [0-2] 89 E5 31 (C0|D2|D2) 64 8B (50|52) 30 }
	condition:
		$a
}

rule shellcode_linux_reverse
{
	meta:
		id = "GH-MAL-1303"
		severity = "critical"
		effect = "unsafe"
		kind = "file"
		description = "Shellcode for Linux that connects a shell to the network"
		gain = "Control over the machine, from a server of the attacker."
		reference = "CWE-506 AML.T0018"
	strings:
		$a = { 6A 29 58 99 6A 02 5F 6A 01 5E 0F 05 [0-2] 48 97 48 B9 02 00 }
		$b = { 31 DB F7 E3 53 43 53 6A 02 89 E1 B0 66 CD 80 }
	condition:
		any of them
}

rule shellcode_execve_sh
{
	meta:
		id = "GH-MAL-1304"
		severity = "critical"
		effect = "unsafe"
		kind = "file"
		description = "Shellcode for Linux that starts a shell"
		gain = "Control over the machine, from a server of the attacker."
		reference = "CWE-506 AML.T0018"
	strings:
		$a = { 48 (BB|BF|B8) 2F 62 69 6E 2F 2F 73 68 [0-12] 5? [0-12] 0F 05 }
		$b = { 68 2F 2F 73 68 68 2F 62 69 6E 89 E3 [0-8] B0 0B CD 80 }
	condition:
		any of them
}

rule shellcode_in_source
{
	meta:
		id = "GH-MAL-1305"
		severity = "critical"
		effect = "unsafe"
		kind = "script"
		description = "Source code that carries shellcode and the calls to run it"
		gain = "Control over the machine, from a server of the attacker."
		reference = "CWE-506 AML.T0011.001"
	strings:
		$a = /\\xfc\\x(48\\x83\\xe4\\xf0\\xe8|e8\\x8[29f]\\x00\\x00\\x00)/ nocase
		$b = /0xfc\s*,\s*0x(48\s*,\s*0x83\s*,\s*0xe4\s*,\s*0xf0|e8\s*,\s*0x8[29f]\s*,\s*0x00)/ nocase
	condition:
		any of them
}

rule python_shellcode_loader
{
	meta:
		id = "GH-MAL-1306"
		severity = "critical"
		effect = "unsafe"
		kind = "script"
		description = "Python that makes memory executable and jumps into it"
		gain = "Control over the machine, from a server of the attacker."
		reference = "CWE-506 AML.T0011.001"
	strings:
		$c = "ctypes" fullword
		$a = /VirtualAlloc(Ex)?\s*\(/
		$b = /RtlMoveMemory\s*\(/
		$d = /(CreateThread|CreateRemoteThread|EnumWindows|QueueUserAPC)\s*\(/
		$e = /windll\.kernel32/
		$f = /mmap\.mmap\([^\n]{0,80}PROT_EXEC/
		$g = /CFUNCTYPE\([^\n]{0,40}\)\s*\(\s*(ctypes\.)?(addressof|c_void_p\.from_buffer)/
	condition:
		$c and (($e and $a and $b and $d) or ($f and $g))
}

rule cobalt_strike_config
{
	meta:
		id = "GH-MAL-1307"
		severity = "critical"
		effect = "unsafe"
		kind = "file"
		description = "Configuration of a Cobalt Strike beacon"
		gain = "Control over the machine, from a server of the attacker."
		reference = "CWE-506"
	strings:
		$a = { 2E 2F 2E 2F 2E 2C [2] 2E 2C 2E 2F }
		$b = { 69 68 69 68 69 6B [2] 69 6B 69 68 }
		$c = { 00 01 00 01 00 02 ?? ?? 00 02 00 01 00 02 ?? ?? 00 03 00 02 00 04 }
		$d = { 2E 2F 2E 2F 2E 2C ?? ?? 2E 2C 2E 2F 2E 2C ?? ?? 2E 2D 2E 2C 2E 2A }
		$e = { 69 68 69 68 69 6B ?? ?? 69 6B 69 68 69 6B ?? ?? 69 6A 69 6B 69 6D }
	condition:
		any of ($c,$d,$e) and (any of ($a,$b) or $c)
}

rule cobalt_strike_beacon
{
	meta:
		id = "GH-MAL-1308"
		severity = "critical"
		effect = "unsafe"
		kind = "file"
		description = "Beacon of Cobalt Strike"
		gain = "Control over the machine, from a server of the attacker."
		reference = "CWE-506"
	strings:
		$a = "ReflectiveLoader"
		$b = "beacon.dll"
		$c = "beacon.x64.dll"
		$d = "%s as %s\\%s: %d"
		$e = "%02d/%02d/%02d %02d:%02d:%02d"
		$f = "IEX (New-Object Net.Webclient).DownloadString('http://127.0.0.1:%u/')"
	condition:
		$f or (($b or $c) and $a) or (2 of ($d,$e) and $a)
}

rule reflective_loader_pe
{
	meta:
		id = "GH-MAL-1309"
		severity = "high"
		effect = "unsafe"
		kind = "file"
		description = "Library that loads itself into the memory of another process"
		gain = "Code in a process that nobody started."
		reference = "CWE-506"
	strings:
		$a = "ReflectiveLoader"
		$b = "_ReflectiveLoader@4"
		$m = { 4D 5A }
	condition:
		($a or $b) and $m at 0
}

rule sliver_implant
{
	meta:
		id = "GH-MAL-1310"
		severity = "critical"
		effect = "unsafe"
		kind = "file"
		description = "Implant of Sliver"
		gain = "Control over the machine, from a server of the attacker."
		reference = "CWE-506"
	strings:
		$a = "github.com/bishopfox/sliver/"
		$b = "sliverpb."
		$c = "/implant/sliver/"
		$e = { 7F 45 4C 46 }
		$f = { 4D 5A }
	condition:
		($e at 0 or $f at 0) and 2 of ($a,$b,$c)
}

rule mythic_agent
{
	meta:
		id = "GH-MAL-1311"
		severity = "critical"
		effect = "unsafe"
		kind = "script"
		description = "Agent of the Mythic framework"
		gain = "Control over the machine, from a server of the attacker."
		reference = "CWE-506"
	strings:
		$a = "callback_interval"
		$b = "callback_jitter"
		$c = "payload_uuid" nocase
		$d = "encrypted_exchange_check"
		$e = "AESPSK"
		$f = "killdate"
		$g = "get_tasking"
	condition:
		5 of them
}

rule remote_access_tool_python
{
	meta:
		id = "GH-MAL-1312"
		severity = "critical"
		effect = "unsafe"
		kind = "script"
		description = "Remote control by a chat bot: commands from messages, run by a shell"
		gain = "Control over the machine, from a server of the attacker."
		reference = "CWE-506 AML.T0011"
	strings:
		$a = /api\.telegram\.org\/bot[^\n]{0,80}(getUpdates|sendDocument|sendPhoto)/
		$t = /(telebot|telegram\.ext|discord\.ext)/
		$b = /(subprocess\.(check_output|Popen|run|getoutput)|os\.popen)\(\s*(message|update|ctx|cmd|command|text|msg)[\w.\[\]'"]{0,40}\s*,?\s*(shell\s*=\s*True)?/
		$c = /(ImageGrab\.grab|pyautogui\.screenshot|mss\.mss|keyboard\.hook|pynput)/
	condition:
		($a or $t) and $b and $c
}

rule process_injection_api
{
	meta:
		id = "GH-MAL-1313"
		severity = "high"
		effect = "review"
		kind = "file"
		description = "Native program that writes code into other processes"
		gain = "Code in a process that nobody suspects."
		reference = "CWE-506"
	strings:
		$m = { 4D 5A }
		$a = "VirtualAllocEx" fullword
		$b = "WriteProcessMemory" fullword
		$c = "CreateRemoteThread" fullword
		$d = "NtUnmapViewOfSection" fullword
		$e = "SetThreadContext" fullword
		$f = "ResumeThread" fullword
		$g = "QueueUserAPC" fullword
	condition:
		$m at 0 and $b and (($a and $c) or ($d and $e and $f) or ($a and $g and $f))
}

rule upx_packed_elf
{
	meta:
		id = "GH-MAL-1314"
		severity = "high"
		effect = "review"
		kind = "file"
		description = "Packed program (UPX): its code is not seen until it runs"
		gain = "A program whose code scanners do not see."
		reference = "CWE-506"
	strings:
		$e = { 7F 45 4C 46 }
		$u = { 55 50 58 21 [1-3] (0D|0E|0C|0B|0A) }
		$i = "$Info: This file is packed with the UPX"
	condition:
		$e at 0 and $u in (0..1024) and $i
}

rule upx_packed_pe
{
	meta:
		id = "GH-MAL-1315"
		severity = "high"
		effect = "review"
		kind = "file"
		description = "Packed Windows program (UPX): its code is not seen until it runs"
		gain = "A program whose code scanners do not see."
		reference = "CWE-506"
	strings:
		$m = { 4D 5A }
		$a = { 55 50 58 30 00 00 00 00 }
		$b = { 55 50 58 31 00 00 00 00 }
		$c = "UPX!"
	condition:
		$m at 0 and uint32(uint32(0x3c)) == 0x4550 and $a in (0..2048) and $b in (0..2048) and $c in (0..4096)
}

rule keylogger_python
{
	meta:
		id = "GH-MAL-1316"
		severity = "critical"
		effect = "unsafe"
		kind = "script"
		description = "Keylogger in Python that sends what was typed"
		gain = "Passwords and everything else that is typed."
		reference = "CWE-506"
	strings:
		$a = /(from pynput(\.keyboard)? import|import pynput|import keyboard\b|pyHook\.HookManager|pyxhook)/
		$b = /(Listener\(\s*on_press|keyboard\.on_(press|release)\(|HookKeyboard\(\))/
		$c = /(smtplib\.SMTP|requests\.post\(|discord(app)?\.com\/api\/webhooks|api\.telegram\.org|sendmail\(|urlopen\()/
	condition:
		all of them
}

rule keylogger_linux_input
{
	meta:
		id = "GH-MAL-1317"
		severity = "high"
		effect = "unsafe"
		kind = "script"
		description = "Program that reads the keyboard device and sends what it reads"
		gain = "Passwords and everything else that is typed."
		reference = "CWE-506"
	strings:
		$a = /\/dev\/input\/event[0-9*]/
		$b = /\/proc\/bus\/input\/devices/
		$c = /(socket\(|requests\.post|curl |urlopen\()/
		$d = /key_?log/ nocase
	condition:
		filesize < 2MB and ($a or $b) and $c and $d
}
