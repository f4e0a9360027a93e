/* The tables of the check of shell code: programs, paths, addresses. */
#include "check/shcode_int.h"

bool gh_sc_has(struct gh_span s, const char *what) { return s.n != 0 && memmem(s.p, s.n, what, strlen(what)) != NULL; }

bool gh_sc_path_like(struct gh_span w) { return w.n != 0 && memchr(w.p, '/', w.n) != NULL; }

/* ---- programs --------------------------------------------------------------------------------------------------------- */
#include "check/shcode_programs.h"

enum sc_class gh_sc_class(const char *base, const char **verbs)
{
	size_t lo = 0, hi = sizeof programs / sizeof programs[0];
	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		int order = strcmp(base, programs[mid].name);
		if (order == 0) {
			*verbs = verbs_of[programs[mid].verbs];
			return programs[mid].is;
		}
		if (order < 0)
			hi = mid;
		else
			lo = mid + 1;
	}
	*verbs = "";
	if (strncmp(base, "python", 6) == 0 && strspn(base + 6, "0123456789.") == strlen(base + 6))
		return SC_IS_INTERPRETER;
	if (strncmp(base, "mkfs.", 5) == 0)
		return SC_IS_DESTROYER;
	return SC_IS_UNKNOWN;
}

/* ---- paths ------------------------------------------------------------------------------------------------------------ */
bool gh_sc_secret_path(struct gh_span path)
{
	static const char *const parts[] = {
		"/.ssh",
		"/.aws",
		"/.azure",
		"/.kube",
		"/.gnupg",
		"/.netrc",
		"/.docker/config",
		".git-credentials",
		"/.npmrc",
		"/.pypirc",
		"/.config/gcloud",
		"/.config/gh/",
		"/etc/shadow",
		"/etc/passwd",
		"/etc/sudoers",
		"/environ",
		"_history",
		"huggingface/token",
		"/.password-store",
		"wallet.dat",
		"Login Data",
		"cookies.sqlite",
		"/id_rsa",
		"/id_ed25519",
		"/id_dsa",
		"/id_ecdsa",
		"/secrets/",
		"/.mozilla",
		"google-chrome",
		"/.gitconfig",
		"/etc/hostname",
		"/.config/solana",
		"/.bitcoin",
		"/.electrum",
		"/.ethereum",
		"/Library/Keychains",
		"/.config/rclone",
		"/.pgpass",
		"/.my.cnf",
		"/.boto",
		"/.s3cfg",
	};
	for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
		if (gh_sc_has(path, parts[i]))
			return !gh_span_ends(path, ".pub");
	return gh_span_is(path, ".env") || gh_span_ends(path, "/.env") || gh_sc_has(path, "169.254.169.254") ||
	       gh_sc_has(path, "metadata.google.internal");
}

int gh_sc_place(struct gh_span path)
{
	static const struct {
		const char *part;
		bool end;
		int place;
	} places[] = {
		{ "/.bashrc", true, SC_PLACE_RC },
		{ "/.bash_profile", true, SC_PLACE_RC },
		{ "/.bash_login", true, SC_PLACE_RC },
		{ "/.bash_aliases", true, SC_PLACE_RC },
		{ "/.profile", true, SC_PLACE_RC },
		{ "/.zshrc", true, SC_PLACE_RC },
		{ "/.zprofile", true, SC_PLACE_RC },
		{ "/.zshenv", true, SC_PLACE_RC },
		{ "/.bash_logout", true, SC_PLACE_RC },
		{ "/config.fish", true, SC_PLACE_RC },
		{ "/.cshrc", true, SC_PLACE_RC },
		{ "/etc/profile", false, SC_PLACE_RC },
		{ "/etc/bash.bashrc", true, SC_PLACE_RC },
		{ "/etc/environment", true, SC_PLACE_RC },
		{ "authorized_keys", false, SC_PLACE_START },
		{ "/.ssh/", false, SC_PLACE_START },
		{ "/etc/cron", false, SC_PLACE_START },
		{ "/var/spool/cron", false, SC_PLACE_START },
		{ "/etc/rc.local", true, SC_PLACE_START },
		{ "/etc/init", false, SC_PLACE_START },
		{ "/etc/systemd/", false, SC_PLACE_START },
		{ "/lib/systemd/", false, SC_PLACE_START },
		{ "/.config/systemd/", false, SC_PLACE_START },
		{ "/.config/autostart", false, SC_PLACE_START },
		{ "/LaunchAgents/", false, SC_PLACE_START },
		{ "/LaunchDaemons/", false, SC_PLACE_START },
		{ "/etc/ld.so.preload", true, SC_PLACE_START },
		{ "/etc/sudoers", false, SC_PLACE_START },
		{ "/etc/passwd", true, SC_PLACE_START },
		{ "/etc/shadow", true, SC_PLACE_START },
		{ "/etc/pam.d/", false, SC_PLACE_START },
		{ "/etc/update-motd.d", false, SC_PLACE_START },
		{ ".git/hooks/", false, SC_PLACE_START },
		{ "sitecustomize.py", true, SC_PLACE_START },
		{ "usercustomize.py", true, SC_PLACE_START },
		{ "/.vimrc", true, SC_PLACE_START },
		{ "/.gitconfig", true, SC_PLACE_START },
		{ "/.xinitrc", true, SC_PLACE_START },
		{ "/.xprofile", true, SC_PLACE_START },
		{ "/proc/sysrq-trigger", true, SC_PLACE_DISK },
		{ "_history", true, SC_PLACE_TRACE },
		{ "/var/log/", false, SC_PLACE_TRACE },
		{ "/var/log", true, SC_PLACE_TRACE },
	};
	for (size_t i = 0; i < sizeof places / sizeof places[0]; i++)
		if (places[i].end ? gh_span_ends(path, places[i].part) : gh_sc_has(path, places[i].part))
			return places[i].place;
	static const char *const disks[] = { "/dev/sd",	    "/dev/hd",	 "/dev/vd",  "/dev/xvd", "/dev/nvme",
					     "/dev/mmcblk", "/dev/disk", "/dev/mem", "/dev/kmem" };
	for (size_t i = 0; i < sizeof disks / sizeof disks[0]; i++)
		if (gh_span_starts(path, disks[i]))
			return SC_PLACE_DISK;
	if (gh_span_ends(path, ".pth") && gh_sc_has(path, "site-packages"))
		return SC_PLACE_START;
	static const char *const system[] = { "/etc/",	"/usr/", "/bin/",     "/sbin/", "/lib",
					      "/boot/", "/sys/", "/proc/sys", "/root/" };
	for (size_t i = 0; i < sizeof system / sizeof system[0]; i++)
		if (gh_span_starts(path, system[i]))
			return SC_PLACE_SYSTEM;
	return SC_PLACE_NONE;
}

bool gh_sc_vital(struct gh_span path)
{
	static const char *const dirs[] = { "",	       "/bin",	 "/boot",    "/dev",	 "/etc",    "/home",
					    "/lib",    "/lib64", "/opt",     "/root",	 "/sbin",   "/sys",
					    "/usr",    "/var",	 "/proc",    "~",	 "/home/*", "/Users",
					    "/System", "/srv",	 "/usr/bin", "/usr/lib", "/var/lib" };
	while (path.n > 1 && (path.p[path.n - 1] == '*' || path.p[path.n - 1] == '/' || path.p[path.n - 1] == '.'))
		path.n--;
	if (path.n == 1 && path.p[0] == '/')
		return true;
	while (path.n > 1 && path.p[0] == '/' && path.p[1] == '/')
		path = gh_span_cut(path, 1, path.n);
	for (size_t i = 1; i < sizeof dirs / sizeof dirs[0]; i++)
		if (gh_span_is(path, dirs[i]))
			return true;
	return false;
}

/* ---- addresses -------------------------------------------------------------------------------------------------------- */
/* Package managers and tool chains whose own instructions pipe this address into a shell. Only these hosts, only encrypted,
 * only with nothing unknown in it: a person who runs the script trusts them as he trusts `apt-get install`. */
bool gh_sc_installer_url(struct gh_span url)
{
	static const char *const known[] = {
		"https://sh.rustup.rs",
		"https://astral.sh/uv/",
		"https://astral.sh/ruff/",
		"https://ollama.com/install.sh",
		"https://ollama.ai/install.sh",
		"https://get.docker.com",
		"https://install.python-poetry.org",
		"https://bootstrap.pypa.io/",
		"https://deb.nodesource.com/",
		"https://repo.anaconda.com/",
		"https://repo.continuum.io/",
		"https://developer.download.nvidia.com/",
		"https://pyenv.run",
		"https://raw.githubusercontent.com/Homebrew/install/",
		"https://raw.githubusercontent.com/nvm-sh/nvm/",
		"https://github.com/conda-forge/miniforge/releases/",
		"https://micro.mamba.pm/",
		"https://packagecloud.io/install/repositories/github/git-lfs/",
		"https://hf.co/cli/install.sh",
		"https://nvidia.github.io/",
		"https://fnm.vercel.app/install",
		"https://bun.sh/install",
		"https://sdk.cloud.google.com",
		"https://get.pnpm.io/install.sh",
		"https://lmstudio.ai/install.sh",
		"https://packages.microsoft.com/",
		"https://apt.llvm.org/llvm.sh",
		"https://pixi.sh/install.sh",
	};
	bool dots = gh_sc_has(url, "..") || gh_sc_has(url, "@") || gh_sc_has(url, "\\");
	for (size_t i = 0; i < sizeof known / sizeof known[0] && !dots && gh_sh_known(url); i++) {
		size_t n = strlen(known[i]);
		if (gh_span_starts(url, known[i]) &&
		    (known[i][n - 1] == '/' || url.n == n || memchr("/?#", url.p[n], 3) != NULL))
			return true;
	}
	return false;
}

/* ---- the rest ----------------------------------------------------------------------------------------------------------- */
bool gh_sc_harmless_rc(struct gh_span text)
{
	static const char *const starts[] = { "export ", "alias ", "#",	      "source ",   ". ",    "if ",
					      "fi",	 "then",   "else",    "eval \"$(", "PATH=", "[ ",
					      "[[ ",	 "umask ", "ulimit ", "set ",	   "conda " };
	bool any = false;
	if (gh_sc_has(text, "curl") || gh_sc_has(text, "wget") || gh_sc_has(text, "/dev/") ||
	    gh_sc_has(text, "base64") || gh_sc_has(text, "nc ") || gh_sc_has(text, "python -c") ||
	    gh_sc_has(text, "/tmp/") || gh_sc_has(text, "sudo"))
		return false;
	for (size_t i = 0; i < text.n;) {
		const uint8_t *nl = memchr(text.p + i, '\n', text.n - i);
		size_t n = nl == NULL ? text.n - i : (size_t)(nl - (text.p + i));
		struct gh_span line = gh_span_cut(text, i, n);
		while (line.n != 0 && (line.p[0] == ' ' || line.p[0] == '\t' || line.p[0] == GH_SH_ANY))
			line = gh_span_cut(line, 1, line.n);
		bool ok = line.n == 0;
		for (size_t k = 0; k < sizeof starts / sizeof starts[0]; k++)
			ok = ok || gh_span_starts(line, starts[k]);
		if (!ok)
			return false;
		any = any || line.n != 0;
		i += n + 1;
	}
	return any;
}

bool gh_sc_defence(struct gh_span name)
{
	static const char *const names[] = { "firewalld", "ufw",      "iptables", "nftables", "apparmor", "selinux",
					     "auditd",	  "clam",     "falcon",	  "crowdstr", "osquery",  "wazuh",
					     "ossec",	  "fail2ban", "rsyslog",  "syslog",   "defender", "mdatp",
					     "sentinel",  "cbagentd", "aliyun",	  "cloudmon", "falco",	  "suricata",
					     "snort",	  "sysmon",   "ds_agent", "xagt" };
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (gh_sc_has(name, names[i]))
			return true;
	return false;
}
