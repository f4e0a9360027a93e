/* The guest's first process: from nothing to a mounted system with drivers and a running stub. */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/reboot.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "runtime/stub_proto.h"
#include "runtime/vm/guest_int.h"

#define MODULES "/modules"
#define SOCKET_DIR "/run/gatehouse"
#define SOCKET SOCKET_DIR "/engine.sock"

enum { PORT_WAIT_MS = 20000, STEP_MS = 2, MODULES_MAX = 4096, DISKS = 26, BACKLOG = 64, STUB_SOCK = 3 };

_Noreturn void gh_guest_dead(const char *what)
{
	char line[200];
	int n = snprintf(line, sizeof line, "gatehouse: guest: %s: %s\n", what, strerror(errno));
	int console = open("/dev/console", O_WRONLY | O_NOCTTY | O_CLOEXEC);
	if (console >= 0 && n > 0 && write(console, line, (size_t)n) == n)
		(void)close(console);
	sync();
	(void)reboot(RB_POWER_OFF);
	_exit(1); /* the kernel panics and the machine ends: never further */
}

static const struct {
	const char *type, *at, *options;
	unsigned long flags;
} mounts[] = {
	{ "devtmpfs", "/dev", "mode=0755", MS_NOSUID | MS_NOEXEC },
	{ "proc", "/proc", "hidepid=2", MS_NOSUID | MS_NODEV | MS_NOEXEC },
	{ "tmpfs", "/run", "mode=0755,size=1m", MS_NOSUID | MS_NODEV | MS_NOEXEC },
	{ "tmpfs", "/tmp", "mode=1777", MS_NOSUID | MS_NODEV | MS_NOEXEC },
	{ "tmpfs", "/model", "mode=0700,uid=65534,gid=65534,size=90%", MS_NOSUID | MS_NODEV | MS_NOEXEC },
};

static void load_module(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || (syscall(SYS_finit_module, fd, "", 0) != 0 && errno != EEXIST))
		gh_guest_dead(path);
	(void)close(fd);
}

static void load_modules(void)
{
	static char text[MODULES_MAX];
	int fd = open(MODULES, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof text - 1);
	if (n < 0)
		gh_guest_dead("the list of drivers");
	(void)close(fd);
	char *save = NULL;
	for (char *line = strtok_r(text, "\n", &save); line != NULL; line = strtok_r(NULL, "\n", &save))
		load_module(line);
}

static int open_port(void)
{
	for (int ms = 0; ms < PORT_WAIT_MS; ms += STEP_MS) {
		/* The first number is that of the device on its bus, which depends on the kind of machine. */
		for (int n = 0; n < 10; n++) {
			char path[] = "/dev/vport0p1";
			path[sizeof "/dev/vport" - 1] = (char)('0' + n);
			int fd = open(path, O_RDWR | O_CLOEXEC);
			if (fd >= 0)
				return fd;
		}
		(void)nanosleep(&(struct timespec){ .tv_nsec = STEP_MS * 1000000L }, NULL);
	}
	gh_guest_dead("the port to the host");
}

int gh_guest_set_up(void)
{
	for (size_t i = 0; i < sizeof mounts / sizeof *mounts; i++) {
		if (mkdir(mounts[i].at, 0755) != 0 && errno != EEXIST)
			gh_guest_dead(mounts[i].at);
		if (mount(mounts[i].type, mounts[i].at, mounts[i].type, mounts[i].flags, mounts[i].options) != 0)
			gh_guest_dead(mounts[i].at);
	}
	for (int fd = 0; fd <= 2; fd++) /* an initramfs may come without a console */
		if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDWR) != fd)
			gh_guest_dead("/dev/null");
	(void)signal(SIGPIPE, SIG_IGN);
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0)
		gh_guest_dead("not dumpable");
	/* Where engines that make their socket themselves make it, too. */
	if (mkdir(SOCKET_DIR, 0700) != 0 || chown(SOCKET_DIR, GH_GUEST_NOBODY, GH_GUEST_NOBODY) != 0)
		gh_guest_dead(SOCKET_DIR);
	load_modules();
	return open_port();
}

int gh_guest_disk(unsigned i)
{
	char path[] = "/dev/vda";
	if (i >= DISKS)
		return -1;
	path[sizeof path - 2] = (char)('a' + i);
	return open(path, O_RDONLY | O_CLOEXEC);
}

static socklen_t address(struct sockaddr_un *a)
{
	*a = (struct sockaddr_un){ .sun_family = AF_UNIX };
	memcpy(a->sun_path, SOCKET, sizeof SOCKET);
	return sizeof *a;
}

int gh_guest_listen(void)
{
	struct sockaddr_un a;
	socklen_t n = address(&a);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	return fd >= 0 && bind(fd, (struct sockaddr *)&a, n) == 0 && listen(fd, BACKLOG) == 0 ? fd : -1;
}

int gh_guest_connect(void)
{
	struct sockaddr_un a;
	socklen_t n = address(&a);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd >= 0 && connect(fd, (struct sockaddr *)&a, n) != 0) {
		int e = errno;
		(void)close(fd);
		errno = e;
		return -1;
	}
	return fd;
}

static bool limit(__rlimit_resource_t what, rlim_t n)
{
	const struct rlimit r = { n, n };
	return setrlimit(what, &r) == 0;
}

/* As nobody, without rights, and with nothing of ours but the socket and the log. */
static _Noreturn void become_stub(int sock, int log)
{
	static char name[] = "gatehouse-stub";
	char *const argv[] = { name, NULL }, *const env[] = { NULL };
	/* A descriptor for each file of the model, twice; what is decrypted may stay in memory, of which there is no other. */
	if (!limit(RLIMIT_NOFILE, 4 * GH_STUB_FILES) || !limit(RLIMIT_MEMLOCK, RLIM_INFINITY) || !limit(RLIMIT_CORE, 0))
		gh_guest_dead("the stub's limits");
	if (setsid() < 0 || dup2(log, 1) < 0 || dup2(log, 2) < 0 || dup2(sock, STUB_SOCK) < 0 ||
	    setgroups(0, NULL) != 0 || setresgid(GH_GUEST_NOBODY, GH_GUEST_NOBODY, GH_GUEST_NOBODY) != 0 ||
	    setresuid(GH_GUEST_NOBODY, GH_GUEST_NOBODY, GH_GUEST_NOBODY) != 0 ||
	    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		gh_guest_dead("the stub's rights");
	(void)execve("/init", argv, env);
	_exit(127);
}

pid_t gh_guest_start(int *sock, int *log)
{
	int pair[2], out[2];
	/* Descriptor 3 is the stub's: nothing of ours may lie there and be closed by dup2(). */
	int high = fcntl(0, F_DUPFD_CLOEXEC, STUB_SOCK);
	if (high < 0 || socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0 || pipe2(out, O_CLOEXEC) != 0)
		gh_guest_dead("a socket for the stub");
	pid_t pid = fork();
	if (pid < 0)
		gh_guest_dead("a process for the stub");
	if (pid == 0)
		become_stub(pair[1], out[1]);
	(void)close(pair[1]);
	(void)close(out[1]);
	(void)close(high);
	*sock = pair[0];
	*log = out[0];
	return pid;
}

void gh_guest_send(int port, uint16_t channel, uint8_t kind, const void *p, size_t n)
{
	static uint8_t out[GH_FRAME_HEAD + GH_FRAME_MAX];
	if (n > GH_FRAME_MAX)
		gh_guest_dead("a frame that is too long");
	gh_frame_head(channel, kind, (uint32_t)n, out);
	if (n > 0)
		memcpy(out + GH_FRAME_HEAD, p, n);
	for (size_t off = 0, all = GH_FRAME_HEAD + n; off < all;) {
		ssize_t w = write(port, out + off, all - off);
		if (w < 0 && errno == EINTR)
			continue;
		if (w <= 0)
			gh_guest_dead("the host is gone");
		off += (size_t)w;
	}
}
