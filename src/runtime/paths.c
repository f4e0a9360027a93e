/* Paths and addresses, judged and shown. */
#include "runtime/calls.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>

bool gh_path_plain(const char *dir, const char *path, char *out, size_t cap)
{
	const char *part[2] = { path[0] == '/' ? "" : dir, path };
	size_t n = 0;
	for (int k = 0; k < 2; k++)
		for (const char *p = part[k]; *p != '\0';) {
			size_t len = strcspn(p, "/");
			if (len == 2 && p[0] == '.' && p[1] == '.') {
				while (n > 0 && out[--n] != '/')
					;
			} else if (len != 0 && !(len == 1 && p[0] == '.')) {
				if (n + 1 + len >= cap)
					return false;
				out[n++] = '/';
				memcpy(out + n, p, len);
				n += len;
			}
			p += len + (p[len] == '/');
		}
	if (n == 0)
		out[n++] = '/';
	out[n] = '\0';
	return true;
}

static bool below(const char *path, const char *dir)
{
	size_t n = strlen(dir);
	return strncmp(path, dir, n) == 0 ||
	       (n > 1 && dir[n - 1] == '/' && strncmp(path, dir, n - 1) == 0 && path[n - 1] == '\0');
}

/* Directories (with '/') and files that an interpreter, the dynamic loader and numeric libraries read by themselves. */
static const char *const ordinary[] = {
	"/usr/",
	"/lib/",
	"/lib64/",
	"/lib32/",
	"/bin/",
	"/sbin/",
	"/opt/",
	"/model/",
	"/loader/",
	"/tmp/",
	"/dev/shm/",
	"/nix/store/",
	"/etc/alternatives/",
	"/etc/R/",
	"/etc/ssl/",
	"/etc/python3/",
	"/etc/ld.so.conf.d/",
	"/etc/OpenCL/",
	"/etc/fonts/",
	"/sys/devices/system/",
	"/sys/fs/cgroup/",
	"/sys/kernel/mm/",
	"/proc/sys/kernel/",
	"/proc/sys/vm/",
	"/sys/class/",
	"/sys/bus/",
	"/proc/bus/pci/",
	"/var/cache/fontconfig/",
};
static const char *const ordinary_file[] = {
	"/",
	"/etc/ld.so.cache",
	"/etc/ld.so.preload",
	"/etc/ld.so.conf",
	"/etc/localtime",
	"/etc/timezone",
	"/etc/passwd",
	"/etc/group",
	"/etc/nsswitch.conf",
	"/etc/hosts",
	"/etc/resolv.conf",
	"/etc/host.conf",
	"/etc/gai.conf",
	"/etc/os-release",
	"/etc/lsb-release",
	"/etc/debian_version",
	"/etc/mime.types",
	"/etc/services",
	"/etc/protocols",
	"/etc/locale.alias",
	"/etc/malloc.conf",
	"/etc/openmpi",
	"/etc/Rprofile.site",
	"/etc/inputrc",
	"/proc",
	"/etc",
	"/proc/cpuinfo",
	"/proc/meminfo",
	"/proc/stat",
	"/proc/loadavg",
	"/proc/version",
	"/proc/filesystems",
	"/proc/mounts",
	"/proc/uptime",
	"/proc/cgroups",
	"/proc/driver/nvidia/version",
	"/proc/modules",
	"/proc/devices",
	"/dev",
	"/dev/null",
	"/dev/zero",
	"/dev/full",
	"/dev/random",
	"/dev/urandom",
	"/dev/tty",
	"/dev/stdin",
	"/dev/stdout",
	"/dev/stderr",
	"/dev/nvidiactl",
	"/dev/nvidia-uvm",
	"/dev/kfd",
	"/dev/dri",
	"/etc/apt/apt.conf.d",
	"/etc/machine-id",
	"/home/user/.cache",
	"/home/user/.local",
	"/home/user/.config",
	"/home/user/.Rprofile",
	"/home/user/.Renviron",
	"/home/user/.pythonrc.py",
	"/home/user/.nv",
};

/* Parts of paths that mean credentials or other people's secrets, wherever they lie. */
static const char *const secret_part[] = {
	"/.ssh/",
	"/.aws/",
	"/.gnupg/",
	"/.kube/",
	"/.docker/",
	"/.azure/",
	"/.config/gcloud/",
	"/.config/gh/",
	"/.netrc",
	"/.pgpass",
	"/.git-credentials",
	"/.pypirc",
	"/.npmrc",
	"/.huggingface/",
	"/huggingface/token",
	"/huggingface/stored_tokens",
	"/.kaggle/",
	"/.bash_history",
	"/.zsh_history",
	"/.python_history",
	"/.mozilla/",
	"/google-chrome/",
	"/.config/chromium/",
	"/.password-store/",
	"/.local/share/keyrings/",
	"/.vault-token",
	"/.env",
	"/.bitcoin/",
	"/.ethereum/",
	"/.electrum/",
	"/.config/solana/",
	"/.terraform.d/credentials",
	"/.wandb",
};
static const char *const secret_file[] = {
	"/etc/shadow",	    "/etc/shadow-",	"/etc/gshadow",	     "/etc/sudoers",	 "/etc/ssh/",
	"/etc/kubernetes/", "/run/secrets/",	"/var/run/secrets/", "/run/docker.sock", "/var/run/docker.sock",
	"/proc/kcore",	    "/dev/mem",		"/dev/kmem",	     "/etc/krb5.keytab", "/etc/ssl/private/",
	"/proc/keys",	    "/var/lib/docker/", "/root/.ssh",	     "/root/.aws",
};

static bool own_process(const char *path, int self, bool *secret)
{
	*secret = false;
	if (strncmp(path, "/proc/", 6) != 0)
		return false;
	const char *p = path + 6;
	size_t n = strcspn(p, "/");
	bool mine = (n == 4 && strncmp(p, "self", 4) == 0) || (n == 11 && strncmp(p, "thread-self", 11) == 0);
	if (!mine && n > 0 && strspn(p, "0123456789") == n)
		mine = strtol(p, NULL, 10) == self;
	if (!mine && n > 0 && strspn(p, "0123456789") == n) {
		const char *what = p + n;
		*secret = strcmp(what, "/environ") == 0 || strcmp(what, "/mem") == 0 || strcmp(what, "/maps") == 0 ||
			  strncmp(what, "/root", 5) == 0 || strncmp(what, "/fd", 3) == 0;
		return false;
	}
	return mine && strstr(p, "/root") == NULL;
}

enum gh_path_class gh_path_read(const char *path, const char *const *more, size_t nmore, int self)
{
	bool secret;
	if (own_process(path, self, &secret))
		return GH_PATH_ORDINARY;
	if (secret)
		return GH_PATH_SECRET;
	for (size_t i = 0; i < sizeof secret_file / sizeof *secret_file; i++) {
		size_t n = strlen(secret_file[i]);
		if (secret_file[i][n - 1] == '/' ? below(path, secret_file[i]) : strcmp(path, secret_file[i]) == 0)
			return GH_PATH_SECRET;
	}
	for (size_t i = 0; i < nmore; i++)
		if (below(path, more[i]))
			return GH_PATH_ORDINARY;
	for (size_t i = 0; i < sizeof ordinary / sizeof *ordinary; i++)
		if (below(path, ordinary[i]))
			return GH_PATH_ORDINARY;
	for (size_t i = 0; i < sizeof ordinary_file / sizeof *ordinary_file; i++)
		if (strcmp(path, ordinary_file[i]) == 0)
			return GH_PATH_ORDINARY;
	for (size_t i = 0; i < sizeof secret_part / sizeof *secret_part; i++) {
		const char *at = strstr(path, secret_part[i]);
		size_t n = strlen(secret_part[i]);
		if (at != NULL && (secret_part[i][n - 1] == '/' || at[n] == '\0'))
			return GH_PATH_SECRET;
		/* the directory itself, listed */
		if (secret_part[i][n - 1] == '/' && strlen(path) >= n - 1 &&
		    strncmp(path + strlen(path) - (n - 1), secret_part[i], n - 1) == 0)
			return GH_PATH_SECRET;
	}
	if (below(path, "/home/user/.local/lib/") || below(path, "/home/user/.cache/") ||
	    below(path, "/home/user/.config/"))
		return GH_PATH_ORDINARY; /* settings of libraries; there are none */
	return GH_PATH_ODD;
}

bool gh_path_writes_code(const char *path)
{
	static const char *const on_behalf[] = { "libffi.", "libffi-",	  "libffi_", "_ctypes",	  "_cffi_backend",
						 "mmap.",   "python",	  "pypy",    "libpython", "perl",
						 "libperl", "ruby",	  "libruby", "lua",	  "luajit",
						 "liblua",  "libdyncall", "dyncall" };
	if (path[0] != '/' || below(path, "/model/") || below(path, "/memfd:") || strncmp(path, "/memfd:", 7) == 0 ||
	    gh_path_scratch(path))
		return true;
	const char *name = strrchr(path, '/') + 1;
	for (size_t i = 0; i < sizeof on_behalf / sizeof *on_behalf; i++)
		if (strncmp(name, on_behalf[i], strlen(on_behalf[i])) == 0)
			return true;
	return false;
}

bool gh_path_scratch(const char *path)
{
	static const char *const where[] = { "/tmp/", "/dev/shm/" };
	static const char *const device[] = { "/dev/null",	 "/dev/zero",	    "/dev/tty",
					      "/dev/stdout",	 "/dev/stderr",	    "/dev/full",
					      "/proc/self/fd/1", "/proc/self/fd/2", "/proc/self/fd/3" };
	for (size_t i = 0; i < sizeof where / sizeof *where; i++)
		if (below(path, where[i]))
			return true;
	for (size_t i = 0; i < sizeof device / sizeof *device; i++)
		if (strcmp(path, device[i]) == 0)
			return true;
	return false;
}

void gh_command_text(struct gh_buf *b, const char *const *argv, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		bool plain = argv[i][0] != '\0' && strpbrk(argv[i], " \t\n'\"\\$&;|<>()*?") == NULL;
		gh_buf_fmt(b, "%s%s", i != 0 ? " " : "", plain ? "" : "'");
		gh_buf_safe(b, gh_span_str(argv[i]), 600);
		gh_buf_str(b, plain ? "" : "'");
	}
}

bool gh_address_text(struct gh_buf *b, const void *addr, size_t n)
{
	sa_family_t family = 0;
	char text[INET6_ADDRSTRLEN] = "";
	if (n >= sizeof family)
		memcpy(&family, addr, sizeof family);
	if (family == AF_INET && n >= sizeof(struct sockaddr_in)) {
		struct sockaddr_in in;
		memcpy(&in, addr, sizeof in);
		(void)inet_ntop(AF_INET, &in.sin_addr, text, sizeof text);
		gh_buf_fmt(b, "%s:%u", text, ntohs(in.sin_port));
		return true;
	}
	if (family == AF_INET6 && n >= sizeof(struct sockaddr_in6)) {
		struct sockaddr_in6 in;
		memcpy(&in, addr, sizeof in);
		(void)inet_ntop(AF_INET6, &in.sin6_addr, text, sizeof text);
		gh_buf_fmt(b, "[%s]:%u", text, ntohs(in.sin6_port));
		return true;
	}
	if (family == AF_UNIX) {
		const uint8_t *p = addr;
		size_t at = offsetof(struct sockaddr_un, sun_path);
		bool abstract = n > at && p[at] == 0;
		gh_buf_str(b, abstract ? "unix:@" : "unix:");
		at += abstract;
		size_t len = n > at ? n - at : 0;
		const void *end = len == 0 || abstract ? NULL : memchr(p + at, 0, len);
		gh_buf_safe(b, (struct gh_span){ p + at, end == NULL ? len : (size_t)((const uint8_t *)end - p) - at },
			    200);
		return true;
	}
	gh_buf_fmt(b, "an address of family %u", family);
	return false;
}

bool gh_dns_name(struct gh_buf *b, const void *packet, size_t n)
{
	struct gh_rd r = gh_rd((struct gh_span){ packet, n });
	(void)gh_rd_take(&r, 2);
	unsigned flags = gh_rd_u16be(&r), questions = gh_rd_u16be(&r);
	(void)gh_rd_take(&r, 6);
	if (r.bad || (flags & 0x8000) != 0 || questions == 0 || questions > 8)
		return false;
	gh_auto_buf name = gh_buf(600);
	for (;;) {
		unsigned len = gh_rd_u8(&r);
		if (r.bad || len > 63)
			return false;
		if (len == 0)
			break;
		struct gh_span label = gh_rd_take(&r, len);
		if (r.bad || name.n > 300)
			return false;
		if (name.n != 0)
			gh_buf_ch(&name, '.');
		gh_buf_safe(&name, label, 255);
	}
	gh_buf_span(b, gh_buf_view(&name));
	return name.n != 0;
}
