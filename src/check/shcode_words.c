/* The tables of the check of shell code: programs, paths, addresses. */
#include "check/shcode_int.h"

bool gh_sc_has(struct gh_span s, const char *what) { return s.n != 0 && memmem(s.p, s.n, what, strlen(what)) != NULL; }

bool gh_sc_path_like(struct gh_span w) { return w.n != 0 && memchr(w.p, '/', w.n) != NULL; }

static bool listed(const char *list, const char *s)
{
	size_t k = strlen(s);
	for (const char *p = list; k != 0 && (p = strstr(p, s)) != NULL; p += k)
		if ((p == list || p[-1] == ' ') && (p[k] == ' ' || p[k] == '\0'))
			return true;
	return false;
}

/* ---- programs --------------------------------------------------------------------------------------------------------- */
static const struct {
	enum sc_class is;
	const char *verbs; /* "": any use; else the words that make it one */
	const char *names;
} classes[] = {
	{ SC_IS_HARMLESS, "",
	  "echo printf cd mkdir rmdir export test [ [[ ]] true false : exit return break continue set shift local "
	  "declare "
	  "readonly typeset unset read let getopts wait sleep date pwd ls cat tac head tail grep egrep fgrep zgrep rg "
	  "cut "
	  "sort uniq wc tr tee rev basename dirname realpath readlink cp mv ln touch rm chmod chgrp tar unzip zip gzip "
	  "gunzip zcat bzip2 bunzip2 xz unxz zstd pigz 7z 7za unrar find diff cmp md5sum sha1sum sha256sum sha512sum "
	  "shasum cksum b2sum du df stat file which type hash uname arch whoami id groups hostname nproc free uptime "
	  "lscpu "
	  "lsb_release nvidia-smi rocm-smi nvcc seq expr bc env printenv jobs trap ulimit umask pushd popd dirs tput "
	  "clear "
	  "mktemp column paste join comm fold fmt nl od hexdump xxd base64 base32 shuf split csplit yes ps pgrep top "
	  "htop "
	  "alias unalias shopt times history compgen complete bind command builtin local time numfmt printf say sync "
	  "tty "
	  "stty logger less more locale iconv dos2unix unix2dos patch envsubst yq jq xmllint getopt usage die fail "
	  "sed awk gawk mawk nawk disown fg bg caller enable logname nice ionice mapfile readarray select until md5 "
	  "sum "
	  "eval source . exec trap" },
	{ SC_IS_HARMLESS, "", /* of this trade */
	  "torchrun accelerate deepspeed huggingface-cli hf wandb tensorboard mlflow mpirun mpiexec horovodrun srun "
	  "sbatch "
	  "scancel squeue sinfo module ml vllm ollama llama-server llama-cli llama-quantize llama-perplexity trtexec "
	  "trtllm-build tritonserver uvicorn gunicorn streamlit gradio lm_eval lm-eval axolotl llamafactory-cli swift "
	  "xtuner "
	  "fairseq-train fairseq-preprocess fairseq-generate spm_train spm_encode spm_decode subword-nmt onnx_tf "
	  "optimum-cli "
	  "transformers-cli sentencepiece ffmpeg ffprobe sox convert magick identify gnuplot dot pdflatex bibtex "
	  "latexmk "
	  "make cmake ninja gcc g++ cc c++ clang clang++ ld ar ranlib strip cargo-fmt pytest tox nox black isort "
	  "flake8 ruff "
	  "mypy pylint yapf autopep8 pre-commit coverage sphinx-build mkdocs shellcheck clang-format jupyter nbconvert "
	  "virtualenv activate deactivate pyenv protoc kaggle zenodo_get gdown dvc git-lfs mogrify nsys ncu perf "
	  "valgrind "
	  "strace ltrace ldd nm objdump readelf lsof netstat ss ifconfig ip ctest install" },
	{ SC_IS_FETCHER, "",
	  "curl wget wget2 fetch aria2c axel lwp-download lwp-request GET POST http https xh lynx w3m links "
	  "elinks ftp lftp tftp ncftpget curlie youtube-dl yt-dlp" },
	{ SC_IS_FETCHER, "cp sync mv cat get copy", "aws gsutil gcloud s3cmd azcopy rclone mc s5cmd" },
	{ SC_IS_FETCHER, "", "dig nslookup host drill ping ping6 traceroute tracepath getent" },
	{ SC_IS_TALKER, "", "nc ncat netcat nc.openbsd nc.traditional socat telnet s_client cryptcat sbd pwncat" },
	{ SC_IS_TALKER, "s_client", "openssl" },
	{ SC_IS_REMOTE, "",
	  "ssh scp sftp rsync sshpass mosh rsh rlogin ngrok cloudflared frpc chisel bore localtunnel lt "
	  "autossh sshuttle tailscale wg openvpn proxychains proxychains4 torsocks tor mail mailx sendmail "
	  "mutt msmtp swaks ansible ansible-playbook kubectl helm terraform" },
	{ SC_IS_INSTALLER, "install add i ci update upgrade create env sync develop build_ext -S -Sy -Syu -Syyu",
	  "pip pip2 pip3 pipx uv poetry pdm rye conda mamba micromamba apt apt-get aptitude yum dnf zypper apk pacman "
	  "brew "
	  "port snap flatpak npm pnpm yarn bun gem bundle cargo go cpan cpanm luarocks opam stack cabal easy_install "
	  "choco "
	  "winget scoop nix nix-env guix vcpkg conan mim" },
	{ SC_IS_INSTALLER, "", "dpkg rpm npx pnpx bunx uvx add-apt-repository apt-key apt-add-repository" },
	{ SC_IS_INTERPRETER, "",
	  "python python2 python3 pypy pypy3 perl ruby node nodejs deno php lua luajit Rscript R julia tclsh expect "
	  "osascript "
	  "pwsh powershell powershell.exe groovy scala jshell ghci irb ipython ipython3 bpython gjs racket guile" },
	{ SC_IS_SYSTEM, "",
	  "systemctl service initctl rc-service rc-update update-rc.d chkconfig launchctl sysctl modprobe insmod rmmod "
	  "depmod "
	  "useradd adduser usermod userdel groupadd passwd chpasswd chsh visudo mount umount losetup fdisk parted "
	  "sfdisk "
	  "iptables ip6tables nft ufw firewall-cmd setenforce semanage setsebool aa-disable aa-teardown "
	  "apparmor_parser "
	  "auditctl chattr setcap setfacl crontab at batch atrm reboot shutdown halt poweroff init telinit kill "
	  "killall "
	  "pkill xkill ldconfig update-alternatives sysrc dmesg journalctl defaults spctl csrutil route ifup ifdown "
	  "hostnamectl timedatectl loginctl swapoff swapon chown su docker podman nerdctl docker-compose kexec" },
	{ SC_IS_DESTROYER, "",
	  "mkfs mke2fs mkfs.ext4 mkfs.xfs mkfs.ext3 mkfs.btrfs mkfs.vfat mkswap wipefs shred srm wipe "
	  "blkdiscard hdparm sgdisk dd cryptsetup truncate" },
	{ SC_IS_MINER, "",
	  "xmrig minerd cpuminer ethminer nbminer t-rex lolMiner phoenixminer cgminer bfgminer xmr-stak "
	  "ccminer gminer" },
};

enum sc_class gh_sc_class(const char *base, const char **verbs)
{
	for (size_t i = 0; i < sizeof classes / sizeof classes[0]; i++)
		if (listed(classes[i].names, base)) {
			*verbs = classes[i].verbs;
			return classes[i].is;
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
