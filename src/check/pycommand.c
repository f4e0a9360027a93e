/* pycommand.c - command lines, paths and addresses in Python source, by their looks: tables and plain searches. */
#include "check/pycode.h"
#include "check/pyrules.h"

static bool has(struct gh_span s, const char *what) { return s.n != 0 && memmem(s.p, s.n, what, strlen(what)) != NULL; }

static bool any(struct gh_span s, const char *const *list)
{
	for (; *list != NULL; list++)
		if (has(s, *list))
			return true;
	return false;
}

static bool in(struct gh_span s, const char *const *list)
{
	for (; *list != NULL; list++)
		if (gh_span_is(s, *list))
			return true;
	return false;
}

/* clang-format off */
static const char *const harmful_parts[] = {
	"/dev/tcp/", "/dev/udp/", "bash -i", "sh -i", "nc -e", "nc -c", "ncat -", "mkfifo ", "mknod ", "| sh", "|sh",
	"| bash", "|bash", "| python", "|python", "| perl", "|perl", "| zsh", "certutil", "bitsadmin", "mshta",
	"rundll32", "regsvr32", "rm -rf /", "rm -rf ~", "rm -rf *", "chmod +s", "crontab", "authorized_keys",
	"/.ssh", "id_rsa", "/etc/passwd", "/etc/shadow", "/etc/cron", "/etc/sudoers", "base64 -d", "base64 --decode",
	"base64 -D", "socat ", "telnet ", "useradd", "adduser", "visudo", "dd if=", "mkfs", ":(){", "xmrig",
	"minerd", "shutdown", "schtasks", "reg add", "reg.exe", "net user", "net localgroup", "calc.exe", "touch /",
	"pwned", "PWNED", "hacked", "~/.bashrc", "/.bashrc", "/.profile", "insmod", "LD_PRELOAD", "eval $",
	"eval \"", ">& /dev", "0>&1", "exec /bin", "/bin/sh -", "/bin/bash -", "$(curl", "$(wget", "`curl", "`wget",
	"<(curl", "<(wget", "history -c", "del /f", "format c:", "rd /s", "vssadmin", "attrib +h", "open -a Calc",
	"gnome-calculator", "powershell -e", "powershell -w", "powershell.exe -e", "powershell -nop",
	"powershell -NoP", "-EncodedCommand", "IEX", "DownloadString", "DownloadFile", "Invoke-WebRequest", "iwr ",
	"-ExecutionPolicy", "-exec bypass", "import os;", "import socket", "__import__", "pty.spawn", "exec(", NULL
};
/* Plain work in a tool, no work for what is imported or loaded. */
static const char *const doubtful_parts[] = {
	"powershell", "pwsh", "wmic ", "osascript", "cmd /c", "cmd.exe", "python -c", "python3 -c", "python2 -c",
	"perl -e", "ruby -e", "php -r", "node -e", "chmod +x", "chmod u+x", "chmod 777", "chmod 755", "2>&1 |",
	"docker run", "xdg-open http", "rm -rf .", "nslookup", "wscript", "cscript", "ufw ", "iptables",
	"setenforce", "rm -rf $", "launchctl", NULL
};
/* Programs that a harmless program has no reason to start, and those that examples of attacks start. */
static const char *const harmful_words[] = {
	"nc", "ncat", "netcat", "socat", "telnet", "id", "whoami", "xcalc", "calc", "gcalccmd", "kcalc",
	"galculator", "notepad", "notepad.exe", "useradd", "crontab", "mshta", "/usr/bin/id", "xterm", NULL
};
static const char *const doubtful_words[] = {
	"sudo", "systemctl", "service", "env", "printenv", "at", "host", "dig", "base64", "ifconfig", "ipconfig",
	"su", "passwd", "reboot", "halt", "poweroff", "/usr/bin/env", "eval", NULL
};
static const char *const harmless_words[] = {
	"git", "nvidia-smi", "gcc", "g++", "cc", "c++", "clang", "clang++", "ninja", "make", "cmake", "ffmpeg",
	"ffprobe", "uname", "ls", "dir", "pwd", "clear", "cls", "echo", "nproc", "lscpu", "free", "df", "du",
	"which", "where", "date", "sleep", "lspci", "rocm-smi", "rocminfo", "nvcc", "ldconfig", "sw_vers", "sysctl",
	"lsb_release", "ver", "ruff", "black", "isort", "pytest", "mypy", "flake8", "pylint", "pdflatex", "latex",
	"dvipng", "dot", "tput", "stty", "tensorboard", "otool", "objdump", "ldd", "file", "sphinx-build",
	"pkg-config", "llvm-config", "vmstat", "cat", "head", "tail", "wc", "grep", "sort", "mkdir", "cd", "true",
	"hipcc", "hipconfig", "ps", "nvprof", "nsys", "sox", "espeak", "espeak-ng", "7z", "unzip", "tar", "zip",
	"gzip", "gunzip", "mv", "cp", "ln", "touch", "xelatex", "pandoc", "swig", "cython", "protoc", "neuron-ls",
	"xpu-smi", "npu-smi", "tree", "time", "nm", "strip", "ar", "ld", "as", "patchelf", "delocate", "auditwheel",
	"install_name_tool", "type", "rm", "xargs", "readlink", "readelf", "fc-list", "sysconf", "getconf", "arch",
	"id3v2", "svn", "hg", "tty", "psrinfo", "isainfo", "lsof", "pkgconf", "dpkg", "rpm", "brew", "diff", "patch",
	"sed", "awk", "cut", "tr", "uniq", "tee", "basename", "dirname", "realpath", "stat", "gs", "inkscape",
	"convert", "xclip", "xsel", "pbcopy", "pbpaste", "nvidia-settings", "env PATH", NULL
};
static const char *const network_words[] = {
	"curl", "wget", "scp", "rsync", "ssh", "ftp", "sftp", "aria2c", "gsutil", "aws", "fetch", "ping", NULL
};

static const char *const interpreters[] = {
	"python", "python3", "python2", "sys.executable", "node", "Rscript", "conda", "accelerate", "torchrun",
	"deepspeed", NULL
};
static const char *const shells[] = { "sh", "bash", "zsh", "dash", "ksh", "/bin/sh", "/bin/bash", NULL };
/* clang-format on */

static bool space(uint8_t c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

static struct gh_span word(struct gh_span *s)
{
	size_t i = 0, n;
	while (i < s->n && (space(s->p[i]) || s->p[i] == '(' || s->p[i] == '"' || s->p[i] == '\''))
		i++;
	for (n = i; n < s->n && !space(s->p[n]) && s->p[n] != '"' && s->p[n] != '\''; n++)
		;
	struct gh_span w = gh_span_cut(*s, i, n - i);
	*s = gh_span_cut(*s, n, s->n);
	return w;
}

static struct gh_span base_name(struct gh_span w)
{
	for (size_t i = w.n; i > 0; i--)
		if (w.p[i - 1] == '/')
			return gh_span_cut(w, i, w.n);
	return w;
}

/* One command of the line, by its first word that is a program. */
static enum gh_pycommand one(struct gh_span s)
{
	struct gh_span line = s, w = word(&s);
	while (w.n != 0 && (memchr(w.p, '=', w.n) != NULL || gh_span_is(w, "sudo") || gh_span_is(w, "exec") ||
			    gh_span_is(w, "nohup") || gh_span_is(w, "time") || gh_span_is(w, "env") ||
			    gh_span_is(w, "/usr/bin/env")))
		w = word(&s);
	if (w.n == 0)
		return GH_PYCMD_HARMLESS;
	bool shell = in(base_name(w), shells), command = false;
	if (shell) { /* `sh -c 'command'`: what it is told to run */
		struct gh_span rest = s, option = word(&rest);
		while (option.n != 0 && option.p[0] == '-') {
			command = command || gh_span_ends(option, "c");
			s = rest;
			option = word(&rest);
		}
		if (option.n == 0)
			return GH_PYCMD_HARMFUL; /* a shell for somebody else to type in */
		w = command ? option : w;
		s = rest;
	}
	struct gh_span name = base_name(w);
	bool pip = gh_span_is(name, "pip") || gh_span_is(name, "pip3") || gh_span_is(name, "uv") ||
		   has(line, "-m pip") || gh_span_is(name, "apt") || gh_span_is(name, "apt-get") ||
		   gh_span_is(name, "conda") || gh_span_is(name, "mamba") || gh_span_is(name, "npm") ||
		   gh_span_is(name, "easy_install");
	if (pip)
		return has(line, "install") ? GH_PYCMD_INSTALL : GH_PYCMD_HARMLESS;
	if (in(w, harmful_words) || in(name, harmful_words))
		return GH_PYCMD_HARMFUL;
	if (in(w, doubtful_words) || in(name, doubtful_words) || any(line, doubtful_parts))
		return GH_PYCMD_DOUBTFUL;
	if (in(name, network_words) || (gh_span_is(name, "git") && has(line, "clone")))
		return GH_PYCMD_DOUBTFUL;
	if (in(name, harmless_words))
		return has(line, ">/") || has(line, "> /") ? GH_PYCMD_OTHER : GH_PYCMD_HARMLESS;
	if (has(line, "--version") || gh_span_ends(line, " -V") || gh_span_ends(line, " -v"))
		return GH_PYCMD_HARMLESS;
	return (shell && !command) || in(name, interpreters) ? GH_PYCMD_SCRIPT : GH_PYCMD_OTHER;
}

enum gh_pycommand gh_pycommand(struct gh_span s)
{
	enum gh_pycommand worst = GH_PYCMD_HARMLESS;
	if (any(s, harmful_parts))
		return GH_PYCMD_HARMFUL;
	for (size_t at = 0, i = 0; i <= s.n; i++) {
		if (i < s.n && memchr(";|&\n", s.p[i], 4) == NULL)
			continue;
		enum gh_pycommand c = one(gh_span_cut(s, at, i - at));
		worst = c > worst ? c : worst;
		at = i + 1;
	}
	if (worst < GH_PYCMD_OTHER && (has(s, "$(") || has(s, "`")))
		worst = GH_PYCMD_OTHER;
	return worst;
}

bool gh_pycommand_installs_known(struct gh_span s)
{
	bool seen = false;
	if (any(s, (const char *const[]){ "://", "git+", ";", "|", "&", "`", "$(", " /", " ./", "--index", "-i ",
					  "--extra", "-f ", "--find", " -r", "{}", NULL }))
		return false;
	for (struct gh_span w = word(&s); w.n != 0; w = word(&s)) {
		if (!seen) {
			seen = gh_span_is(w, "install");
			continue;
		}
		if (w.p[0] == '-' || gh_span_is(w, "pip"))
			continue;
		char name[64];
		size_t n = 0;
		while (n < w.n && n < sizeof name && memchr("=<>!~[,", w.p[n], 7) == NULL) {
			name[n] = (char)(w.p[n] == '-' ? '_' : w.p[n] >= 'A' && w.p[n] <= 'Z' ? w.p[n] | 32 : w.p[n]);
			n++;
		}
		struct gh_span m = { (const uint8_t *)name, n };
		static const char *const other[] = { "scikit_learn",
						     "opencv_python",
						     "opencv_python_headless",
						     "pillow",
						     "pyyaml",
						     "ipywidgets",
						     "jupyter",
						     "notebook",
						     "pip",
						     "setuptools",
						     "wheel",
						     "rouge",
						     "protobuf",
						     "ninja",
						     "mistral_common",
						     "autoawq",
						     "auto_gptq",
						     "ctransformers",
						     "langchain",
						     "unsloth",
						     "hf_transfer",
						     "hf_xet",
						     "python_levenshtein",
						     "torch",
						     NULL };
		const struct gh_py_group *g = gh_py_find(m);
		if (!in(m, other) && (g == NULL || g->cap != GH_PYCAP_IMPORT))
			return false;
	}
	return seen;
}

bool gh_pypath_persistent(struct gh_span p)
{
	static const char *const parts[] = { ".bashrc",
					     ".bash_profile",
					     ".profile",
					     ".zshrc",
					     "/.ssh/",
					     "authorized_keys",
					     "/etc/cron",
					     "/etc/profile",
					     "/etc/init",
					     "/etc/rc",
					     "/etc/ld.so",
					     "/etc/sudoers",
					     "/etc/passwd",
					     "/etc/shadow",
					     "/etc/hosts",
					     "crontab",
					     "systemd",
					     "autostart",
					     "LaunchAgents",
					     "LaunchDaemons",
					     "Startup",
					     "Start Menu",
					     "sitecustomize",
					     "usercustomize",
					     "System32",
					     "/var/spool/cron",
					     ".gitconfig",
					     ".git/hooks",
					     "rc.local",
					     "/proc/",
					     NULL };
	return any(p, parts) || (gh_span_ends(p, ".pth") && has(p, "-packages"));
}

bool gh_pypath_system(struct gh_span p)
{
	static const char *const parts[] = { "/etc/",  "/usr/",		"/bin/",	 "/sbin/", "/boot/",
					     "/root/", "site-packages", "dist-packages", NULL };
	return any(p, parts);
}

bool gh_pypath_secret(struct gh_span p)
{
	static const char *const parts[] = { ".ssh/",
					     ".ssh\\",
					     "id_rsa",
					     "id_ed25519",
					     "id_ecdsa",
					     ".aws/",
					     ".aws\\",
					     "/etc/passwd",
					     "/etc/shadow",
					     ".netrc",
					     ".git-credentials",
					     "Login Data",
					     ".kube/",
					     ".docker/config",
					     "wallet.dat",
					     ".gnupg",
					     "huggingface/token",
					     ".pypirc",
					     ".npmrc",
					     "Cookies",
					     "credentials.json",
					     "Local State",
					     ".bash_history",
					     ".zsh_history",
					     "/proc/self/environ",
					     "Telegram Desktop",
					     "metamask",
					     ".azure/",
					     "gcloud/",
					     "shadow.bak",
					     "leveldb",
					     "keychain",
					     ".config/gh",
					     NULL };
	return any(p, parts);
}

bool gh_pyname_secret(struct gh_span v)
{
	static const char *const parts[] = { "SECRET",	"TOKEN",      "PASSW", "APIKEY", "API_KEY", "ACCESS_KEY",
					     "PRIVATE", "CREDENTIAL", "AWS_",  "_KEY",	 "SESSION", NULL };
	return any(v, parts);
}

bool gh_pyurl_collector(struct gh_span u)
{
	static const char *const parts[] = { "discord.com/api/webhooks",
					     "discordapp.com/api/webhooks",
					     "api.telegram.org",
					     "pastebin.com",
					     "hastebin",
					     "transfer.sh",
					     "file.io",
					     "webhook.site",
					     "pipedream.net",
					     "requestbin",
					     "ngrok",
					     "interact.sh",
					     "oast.",
					     "burpcollaborator",
					     ".onion",
					     "dnslog",
					     "ceye.io",
					     "canarytokens",
					     "0x0.st",
					     "paste.ee",
					     "termbin",
					     "anonfiles",
					     "gofile.io",
					     "hookbin",
					     "beeceptor",
					     "serveo.net",
					     "localhost.run",
					     "loca.lt",
					     "trycloudflare",
					     "rentry.co",
					     "bashupload",
					     "requestcatcher",
					     NULL };
	return any(u, parts);
}
