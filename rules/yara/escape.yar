// Out of a container, or up to the rights of root.

rule container_escape_release_agent
{
	meta:
		id = "GH-MAL-1701"
		severity = "critical"
		effect = "unsafe"
		kind = "script"
		description = "Leaves a container by the release agent of cgroups"
		gain = "Control over the host, from inside a container."
		reference = "CVE-2022-0492 CWE-506"
	strings:
		$a = /(echo|printf)\s[^\n]{1,120}>\s*[^\n]{0,60}\/release_agent/
		$b = "notify_on_release"
		$c = "cgroup.procs"
	condition:
		$a and ($b or $c)
}

rule container_escape_core_pattern
{
	meta:
		id = "GH-MAL-1702"
		severity = "critical"
		effect = "unsafe"
		kind = "script"
		description = "Leaves a container by the handler of core dumps"
		gain = "Control over the host, from inside a container."
		reference = "CWE-506"
	strings:
		$a = /(echo|printf)\s+(-e\s+)?["']?\|[^\n]{1,160}>\s*[^\n]{0,40}\/proc\/sys\/kernel\/core_pattern/
		$b = /open\(\s*["']\/proc\/sys\/kernel\/core_pattern["']\s*,\s*["']w/
	condition:
		any of them
}

rule container_escape_docker_socket
{
	meta:
		id = "GH-MAL-1703"
		severity = "critical"
		effect = "unsafe"
		kind = "script"
		description = "Uses the socket of Docker to start a container with the disk of the host"
		gain = "Control over the host, from inside a container."
		reference = "CWE-506"
	strings:
		$a = /(--unix-socket\s+\/var\/run\/docker\.sock|unix:\/\/\/?var\/run\/docker\.sock|docker\.from_env\(|\/var\/run\/docker\.sock)/
		$b = /("Binds"\s*:\s*\[\s*"\/:\/|-v\s+\/:\/[a-z]|volumes\s*=\s*\{\s*["']\/["']\s*:|"Privileged"\s*:\s*true|privileged\s*=\s*True|--privileged)/
		$c = /(chroot\s+\/|nsenter\s+(-t\s+1|--target\s+1)|containers\/create|containers\.run\(|\/etc\/shadow|authorized_keys)/
	condition:
		all of them
}

rule nsenter_host
{
	meta:
		id = "GH-MAL-1704"
		severity = "high"
		effect = "unsafe"
		kind = "script"
		description = "Enters the namespaces of the first process of the host"
		gain = "Control over the host, from inside a container."
		reference = "CWE-506"
	strings:
		$a = /nsenter\s+[^\n]{0,40}(-t\s*1|--target[ =]1)\s[^\n]{0,60}(-m|--mount|-a|--all)[^\n]{0,60}\b(ba)?sh\b/
		$b = /(os\.system|subprocess|#!\/bin\/|RUN |CMD |ENTRYPOINT|command:)/
	condition:
		all of them
}

rule kernel_exploit
{
	meta:
		id = "GH-MAL-1705"
		severity = "critical"
		effect = "unsafe"
		kind = "script"
		description = "Exploit of a hole in the Linux kernel, in source code"
		gain = "All rights on the machine."
		reference = "CWE-506 CVE-2016-5195 CVE-2022-0847"
	strings:
		$a = "commit_creds"
		$b = "prepare_kernel_cred"
		$c = /\(\(?\s*(void|int)\s*\*?\s*\)?\s*\(\s*\*/
		$d = "/proc/self/mem"
		$e = "MADV_DONTNEED"
		$f = "madviseThread"
		$g = "procselfmemThread"
		$h = "PIPE_BUF_FLAG_CAN_MERGE"
		$i = "splice("
		$j = /(dirty_?pipe|dirty_?cow)/ nocase
		$k = "userfaultfd"
		$l = "modprobe_path"
		$m = /#include\s*[<"]/
	condition:
		$m and (($a and $b and ($c or $k or $l)) or ($d and $e and ($f or $g)) or ($h and $i and $j))
}

rule sudo_privilege_escalation
{
	meta:
		id = "GH-MAL-1706"
		severity = "high"
		effect = "unsafe"
		kind = "script"
		description = "Gives every user all rights by sudoers, or hides a shell with the rights of root"
		gain = "All rights on the machine."
		reference = "CWE-506 CWE-269"
	strings:
		$a = /(echo|printf)\s[^\n]{0,60}ALL\s*=\s*\(ALL(:ALL)?\)\s*NOPASSWD:\s*ALL[^\n]{0,40}>>?\s*\/etc\/sudoers/
		$b = /cp\s+\/bin\/(ba|da)?sh\s+(\/tmp|\/var\/tmp|\/dev\/shm)\/[^\n;&]{1,40}[;&\n]{1,2}\s*chmod\s+(u\+s|\+s|[46]755|[46]777)/
		$c = /usermod\s+-aG\s+(sudo|wheel|docker)\s+\$?\w{1,30}\s*[;&]{1,2}[^\n]{0,60}(curl|wget|nc)\s/
	condition:
		any of them
}
