// What makes sure that code is started again.

rule cron_persistence
{
	meta:
		id = "GH-MAL-1601"
		severity = "critical"
		effect = "unsafe"
		kind = "script"
		description = "Adds a job to cron that fetches or hides a program"
		gain = "Its code is started again with every boot or login."
		reference = "CWE-506"
	strings:
		$a = /(crontab\s+-|\/etc\/cron\.(d|hourly|daily)\/|\/var\/spool\/cron)/
		$b = /\*(\/[0-9]{1,2})?\s+\*\s+\*\s+\*\s+\*[^\n]{0,60}((curl|wget)\s[^\n]{4,160}\|\s*(ba)?sh|\/tmp\/\.[\w.]{1,30}|\/dev\/shm\/|\/dev\/tcp\/|base64\s+-d)/
		$c = /@reboot[^\n]{0,60}((curl|wget)\s[^\n]{4,160}\|\s*(ba)?sh|\/tmp\/\.|\/dev\/shm\/|\/dev\/tcp\/)/
	condition:
		$a and ($b or $c)
}

rule systemd_persistence
{
	meta:
		id = "GH-MAL-1602"
		severity = "high"
		effect = "unsafe"
		kind = "script"
		description = "Writes a service for systemd that runs something hidden or fetched"
		gain = "Its code is started again with every boot or login."
		reference = "CWE-506"
	strings:
		$a = /(\/etc\/systemd\/system\/|\.config\/systemd\/user\/)[\w.@-]{1,60}\.service/
		$b = /ExecStart\s*=\s*[^\n]{0,40}(\/tmp\/|\/dev\/shm\/|\/var\/tmp\/|(curl|wget)\s[^\n]{4,160}\|\s*(ba)?sh|bash\s+-c\s+["'][^\n]{0,40}\/dev\/tcp\/)/
	condition:
		all of them
}

rule shell_profile_persistence
{
	meta:
		id = "GH-MAL-1603"
		severity = "high"
		effect = "unsafe"
		kind = "script"
		description = "Adds a hidden command to the start-up files of a shell"
		gain = "Its code is started again with every boot or login."
		reference = "CWE-506"
	strings:
		$a = /(>>|["']a["'])[^\n]{0,40}(\.bashrc|\.bash_profile|\.zshrc|\.profile|\/etc\/profile)/
		$w = /(\.bashrc|\.bash_profile|\.zshrc|\.profile)["']\s*\)?\s*,\s*["']a/
		$b = /(echo|write\(|printf)\s*\(?["'][^\n]{0,80}((curl|wget)\s[^\n]{4,160}\|\s*(ba)?sh|\/dev\/tcp\/|base64\s+(-d|--decode)[^\n]{0,40}\|\s*(ba)?sh|nohup\s+\/tmp\/)/
	condition:
		($a or $w) and $b
}

rule ssh_key_persistence
{
	meta:
		id = "GH-MAL-1604"
		severity = "critical"
		effect = "unsafe"
		kind = "script"
		description = "Adds a key of its own to the keys that may log in"
		gain = "A way back in, without a password."
		reference = "CWE-506"
	strings:
		$a = /(ssh-(rsa|ed25519|dss)|ecdsa-sha2-nistp256)\s+AAAA[A-Za-z0-9+\/]{40}[^\n]{0,600}>>\s*[^\n]{0,40}\.ssh\/authorized_keys/
		$b = /open\([^\n]{0,60}authorized_keys["']?\s*\)?\s*,\s*["']a/
		$c = /["'](ssh-(rsa|ed25519)|ecdsa-sha2-nistp256)\s+AAAA[A-Za-z0-9+\/]{40}/
	condition:
		$a or ($b and $c)
}

rule windows_run_key
{
	meta:
		id = "GH-MAL-1605"
		severity = "critical"
		effect = "unsafe"
		kind = "script"
		description = "Adds itself to what Windows starts at login"
		gain = "Its code is started again with every boot or login."
		reference = "CWE-506"
	strings:
		$k = /Software\\{1,2}Microsoft\\{1,2}Windows\\{1,2}CurrentVersion\\{1,2}Run(Once)?\b/ nocase
		$a = /reg(\.exe)?\s+add\s+["']?HK(CU|LM)/ nocase
		$b = /(winreg|_winreg)\.(SetValueEx|CreateKey|OpenKey)/
		$c = /(RegWrite|Set-ItemProperty|New-ItemProperty)/ nocase
		$x = /(%APPDATA%|\$env:APPDATA|%TEMP%|AppData|sys\.executable|__file__|-w(indowstyle)? hidden|powershell|wscript|mshta)/ nocase
	condition:
		$k and any of ($a,$b,$c) and $x
}

rule windows_scheduled_task
{
	meta:
		id = "GH-MAL-1606"
		severity = "high"
		effect = "unsafe"
		kind = "script"
		description = "Adds a scheduled task that runs something hidden"
		gain = "Its code is started again with every boot or login."
		reference = "CWE-506"
	strings:
		$a = /schtasks(\.exe)?\s+\/create\s[^\n]{0,200}(powershell|mshta|wscript|cscript|rundll32|%APPDATA%|%TEMP%|\\Temp\\|AppData|-enc)/ nocase
		$b = /Register-ScheduledTask[^\n]{0,200}/ nocase
		$c = /New-ScheduledTaskAction[^\n]{0,120}(powershell[^\n]{0,60}(hidden|-enc)|mshta|AppData)/ nocase
	condition:
		$a or ($b and $c)
}

rule macos_launch_agent
{
	meta:
		id = "GH-MAL-1607"
		severity = "high"
		effect = "unsafe"
		kind = "script"
		description = "Writes a launch agent for macOS that runs something hidden or fetched"
		gain = "Its code is started again with every boot or login."
		reference = "CWE-506"
	strings:
		$a = /Library\/Launch(Agents|Daemons)\//
		$b = "ProgramArguments"
		$c = "RunAtLoad"
		$d = /(launchctl\s+(load|bootstrap)|\bopen\()/
		$e = /(\/tmp\/|\/Users\/Shared\/\.|(curl|wget)\s[^\n<]{4,160}\|\s*(ba|z)?sh|osascript|\/dev\/tcp\/|base64\s+(-d|-D|--decode))/
	condition:
		all of them
}

rule python_site_persistence
{
	meta:
		id = "GH-MAL-1608"
		severity = "critical"
		effect = "unsafe"
		kind = "script"
		description = "Installs code that every start of Python runs"
		gain = "Its code is started again with every boot or login."
		reference = "CWE-506 AML.T0011"
	strings:
		$a = /(open\(|write_text\(|>>?)[^\n]{0,120}(site-packages|getsitepackages\(\)|getusersitepackages\(\)|USER_SITE)[^\n]{0,80}/
		$b = /["'\/][\w-]{1,40}\.pth["']/
		$p = /(sitecustomize|usercustomize)\.py/
		$c = /import\s+(os|base64|subprocess|socket|urllib|zlib)\b[^\n]{0,60};\s*(exec|os\.system|eval|subprocess|__import__)/
	condition:
		$a and ($b or $p) and $c
}

rule ld_preload_rootkit
{
	meta:
		id = "GH-MAL-1609"
		severity = "critical"
		effect = "unsafe"
		kind = "script"
		description = "Library or script that hides processes and files by /etc/ld.so.preload"
		gain = "A program that no tool on the machine sees."
		reference = "CWE-506"
	strings:
		$a = "/etc/ld.so.preload"
		$e = { 7F 45 4C 46 }
		$b = "readdir64"
		$c = "readdir" fullword
		$d = "dlsym" fullword
		$f = /(hide|magic|rootkit|unhide)/ nocase
		$g = "/proc/self/fd/%d"
		$h = /\/proc\/net\/tcp/
		$s = /(echo|printf|tee|write\()[^\n]{0,120}\/etc\/ld\.so\.preload/
	condition:
		($e at 0 and $a and $d and ($b or $c) and ($h or $g) and $f) or ($s and not $e at 0)
}
