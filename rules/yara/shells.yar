// Shells that somebody else gets: over a connection that the file opens, waits for, or through a web server.

rule reverse_shell_bash
{
	meta:
		id = "GH-MAL-1101"
		severity = "critical"
		effect = "unsafe"
		kind = "script"
		description = "Reverse shell by a redirection of bash to /dev/tcp"
		gain = "A shell on the machine that runs it, for whoever listens at the other end."
		reference = "CWE-506 AML.T0011"
	strings:
		$a = /(ba)?sh\s+-i\s*[0-9]?>\s*&?\s*\/dev\/(tcp|udp)\/[^\s\/]{3,80}\/[0-9$]/
		$b = /exec\s+[0-9]{1,3}<>\s*\/dev\/(tcp|udp)\/[^\s\/]{3,80}\/[0-9]{2,5}\s*[;&|\n].{0,120}(sh|cat|while)\b/
		$c = /[0-9]<>\s*\/dev\/tcp\/[^\s\/]{3,80}\/[0-9]{2,5}.{0,60}\bsh\s+<&[0-9]/
	condition:
		any of them
}

rule reverse_shell_mkfifo
{
	meta:
		id = "GH-MAL-1102"
		severity = "critical"
		effect = "unsafe"
		kind = "script"
		description = "Reverse shell over a named pipe and netcat"
		gain = "A shell on the machine that runs it, for whoever listens at the other end."
		reference = "CWE-506 AML.T0011"
	strings:
		$a = /mkfifo\s+\S{1,60}\s*[;&]{1,2}\s*(cat|sh|bash|\/bin\/sh)\b[^\n]{0,80}\|[^\n]{0,60}sh(\s+-i)?\s[^\n]{0,60}\|[^\n]{0,20}\b(nc|ncat|netcat|telnet|openssl)\b/
	condition:
		$a
}

rule reverse_shell_netcat
{
	meta:
		id = "GH-MAL-1103"
		severity = "critical"
		effect = "unsafe"
		kind = "script"
		description = "Netcat that gives a shell to the other end"
		gain = "A shell on the machine that runs it, for whoever listens at the other end."
		reference = "CWE-506 AML.T0011"
	strings:
		$a = /\b(nc |nc\t|nc\.exe\s|nc\.traditional\s|ncat\s|ncat\.exe\s|netcat\s|netcat\.exe\s)\s*(-[a-z0-9]{1,8}\s+){0,4}[^\s-][^\s]{2,60}\s+[0-9]{2,5}\s+(-[a-z]{0,8}e|-c|--exec|--sh-exec)\s+["']?(\/bin\/)?(ba|z|da)?(sh|cmd|powershell)/ nocase
		$b = /\b(nc |nc\t|nc\.exe\s|nc\.traditional\s|ncat\s|ncat\.exe\s|netcat\s|netcat\.exe\s)\s*(-[a-z0-9]{1,8}\s+){0,3}(-[a-z]{0,8}e|--exec|--sh-exec)\s+["']?(\/bin\/)?(ba|z|da)?(sh|cmd\.exe|powershell\.exe)["']?\s+[^\s]{3,60}\s+[0-9]{2,5}/ nocase
	condition:
		any of them
}

rule reverse_shell_python
{
	meta:
		id = "GH-MAL-1104"
		severity = "critical"
		effect = "unsafe"
		kind = "script"
		description = "Reverse shell in Python: a socket becomes the input and output of a shell"
		gain = "A shell on the machine that runs it, for whoever listens at the other end."
		reference = "CWE-506 AML.T0011"
	strings:
		$s = "socket" fullword
		$c = ".connect(("
		$d = /dup2\(\s*[A-Za-z_][A-Za-z0-9_]{0,20}\.fileno\(\)\s*,\s*[0-2]\s*\)/
		$p1 = /pty\.spawn\(\s*["'](\/bin\/)?(ba|z|da)?sh/
		$p2 = /(subprocess\.(call|run|Popen)|os\.(system|execl|execv|execve|execvp|popen))\(\s*\[?\s*["'](\/bin\/)?(ba|z|da)?sh["']/
		$p3 = /stdin\s*=\s*([A-Za-z_]{1,20})(\.fileno\(\))?\s*,\s*stdout\s*=\s*[A-Za-z_]{1,20}/
	condition:
		$s and $c and $d and any of ($p*)
}

rule reverse_shell_perl
{
	meta:
		id = "GH-MAL-1105"
		severity = "critical"
		effect = "unsafe"
		kind = "script"
		description = "Reverse shell in Perl"
		gain = "A shell on the machine that runs it, for whoever listens at the other end."
		reference = "CWE-506 AML.T0011"
	strings:
		$a = /socket\(\s*[A-Z]{1,8}\s*,\s*PF_INET.{0,300}open\(\s*STDIN\s*,\s*["']>&/s
		$b = /IO::Socket::INET.{0,200}(STDIN->fdopen|exec\s*\{?\s*["']\/bin\/(ba)?sh)/s
		$x = /exec\s*\(?\s*\{?\s*["'](\/bin\/)?(ba)?sh|\$~->fdopen|system\$_/
	condition:
		($a or $b) and $x
}

rule reverse_shell_ruby
{
	meta:
		id = "GH-MAL-1106"
		severity = "critical"
		effect = "unsafe"
		kind = "script"
		description = "Reverse shell in Ruby"
		gain = "A shell on the machine that runs it, for whoever listens at the other end."
		reference = "CWE-506 AML.T0011"
	strings:
		$a = /TCPSocket\.(open|new)\([^\n)]{3,80}\)\.to_i.{0,80}exec/
		$b = /TCPSocket\.(open|new)\([^\n)]{3,80}\).{0,160}IO\.popen\(\s*cmd/s
		$c = /exec\s+sprintf\(["']\/bin\/(ba)?sh\s+-i\s+<&/
	condition:
		any of them
}

rule reverse_shell_node
{
	meta:
		id = "GH-MAL-1107"
		severity = "critical"
		effect = "unsafe"
		kind = "script"
		description = "Reverse shell in JavaScript for Node"
		gain = "A shell on the machine that runs it, for whoever listens at the other end."
		reference = "CWE-506 AML.T0011"
	strings:
		$n = /require\(\s*["']net["']\s*\)/
		$c = /(require\(\s*["']child_process["']\s*\)\.|\bcp\.)/
		$s = /spawn\(\s*["'](\/bin\/(ba)?sh|cmd(\.exe)?|sh|bash|powershell(\.exe)?)["']/
		$p = /\.pipe\(\s*[a-zA-Z_]{1,12}\.stdin\s*\)/
		$o = /\.stdout\.pipe\(\s*[a-zA-Z_]{1,12}\s*\)/
	condition:
		all of them
}

rule reverse_shell_php
{
	meta:
		id = "GH-MAL-1108"
		severity = "critical"
		effect = "unsafe"
		kind = "script"
		description = "Reverse shell in PHP"
		gain = "A shell on the machine that runs it, for whoever listens at the other end."
		reference = "CWE-506 AML.T0011"
	strings:
		$a = /fsockopen\([^\n]{3,80}\)\s*;.{0,200}(exec|shell_exec|system|passthru|popen|proc_open)\(\s*["'`](\/bin\/)?(ba)?sh\s+-i/s
		$b = "fsockopen("
		$c = "proc_open("
		$e = "daemonise" nocase
		$f = /\$shell\s*=\s*['"]uname -a; w; id; \/bin\/sh -i/
	condition:
		$a or ($b and $c and $e and $f)
}

rule reverse_shell_powershell
{
	meta:
		id = "GH-MAL-1109"
		severity = "critical"
		effect = "unsafe"
		kind = "script"
		description = "Reverse shell in PowerShell"
		gain = "A shell on the machine that runs it, for whoever listens at the other end."
		reference = "CWE-506 AML.T0011"
	strings:
		$a = "New-Object" nocase
		$b = "Net.Sockets.TCPClient(" nocase
		$c = ".GetStream()" nocase
		$d = /(iex|Invoke-Expression)\s*\(?\s*\$[a-z]{1,12}\s*2>&1/ nocase
		$e = /&\s*\(?\s*\[scriptblock\]::Create/ nocase
	condition:
		$a and $b and $c and ($d or $e)
}

rule reverse_shell_go_lua_socat
{
	meta:
		id = "GH-MAL-1110"
		severity = "critical"
		effect = "unsafe"
		kind = "script"
		description = "Reverse shell by socat, awk, Lua or Go"
		gain = "A shell on the machine that runs it, for whoever listens at the other end."
		reference = "CWE-506 AML.T0011"
	strings:
		$a = /socat\s[^\n]{0,80}exec:\s*["']?(\/bin\/)?(ba)?sh[^\n]{0,60}tcp(4|6)?:/ nocase
		$b = /socat\s[^\n]{0,40}tcp(4|6)?(-connect)?:[^\n]{3,80}exec:\s*["']?(\/bin\/)?(ba)?sh/ nocase
		$c = /\/inet\/tcp\/0\/[^\n"]{3,60}\/[0-9]{2,5}["'].{0,120}\|\&?\s*getline/s
		$d = /socket\.tcp\(\)[^\n]{0,160}:connect\([^\n]{0,120}io\.popen\(/
		$e = /net\.Dial\("tcp"[^\n]{3,80}\)[;\n].{0,80}exec\.Command\(["'](\/bin\/(ba)?sh|cmd(\.exe)?|sh|bash)["']\)/s
	condition:
		any of them
}

rule bind_shell
{
	meta:
		id = "GH-MAL-1111"
		severity = "critical"
		effect = "unsafe"
		kind = "script"
		description = "A shell that waits for whoever connects"
		gain = "A shell on this machine, open to the network."
		reference = "CWE-506 AML.T0011"
	strings:
		$a = /\b(nc |nc\t|ncat\s|netcat\s)\s*(-[a-z]{1,6}\s+){0,3}-[a-z]{0,6}l[a-z]{0,6}\s[^\n]{0,40}(-e|-c|--exec)\s+["']?(\/bin\/)?(ba|z|da)?(sh|cmd\.exe)/ nocase
		$b = /\.listen\([0-9]{0,3}\).{0,300}\.accept\(\).{0,300}(subprocess\.(call|run|Popen)|pty\.spawn)\(\s*\[?\s*["'](\/bin\/)?(ba)?sh["']/s
		$c = /socat\s+tcp(4|6)?-listen:[0-9]{2,5}[^\n]{0,40}exec:\s*["']?(\/bin\/)?(ba)?sh/ nocase
	condition:
		any of them
}

rule web_shell_php
{
	meta:
		id = "GH-MAL-1112"
		severity = "critical"
		effect = "unsafe"
		kind = "web"
		description = "Web shell in PHP: runs what a request says"
		gain = "Any command on the web server, by a request."
		reference = "CWE-506 CWE-94"
	strings:
		$a = /(eval|assert|system|shell_exec|passthru|exec|popen|proc_open)\s*\(\s*@?(base64_decode|gzinflate|str_rot13|stripslashes)?\s*\(?\s*@?\$_(GET|POST|REQUEST|COOKIE)\s*\[/
		$b = /@?preg_replace\(\s*["']\/.{0,20}\/e["']\s*,\s*@?\$_(GET|POST|REQUEST)/
		$c = /\$_(GET|POST|REQUEST)\s*\[\s*["']?[a-z0-9_]{1,12}["']?\s*\]\s*\(\s*\$_(GET|POST|REQUEST)\s*\[/
		$p = "<?"
	condition:
		$p and ($a or $b or $c)
}

rule web_shell_jsp_aspx
{
	meta:
		id = "GH-MAL-1113"
		severity = "critical"
		effect = "unsafe"
		kind = "web"
		description = "Web shell for Java or .NET servers: runs what a request says"
		gain = "Any command on the web server, by a request."
		reference = "CWE-506 CWE-94"
	strings:
		$a = /Runtime\.getRuntime\(\)\.exec\(\s*(new String\[\]\s*\{[^}]{0,60})?request\.getParameter\(/
		$b = /eval\s*\(\s*Request(\.Item|\.Form|\.QueryString)?\s*[\[(]\s*["'][a-z0-9_]{1,20}["']\s*[\])]\s*(,\s*["']unsafe["'])?/ nocase
		$c = /<%@\s*Page\s+Language\s*=\s*["']C#["'][^\0]{0,600}Process\.Start\(\s*["']?cmd/ nocase
	condition:
		any of them
}
