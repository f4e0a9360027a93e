/* An engine for tests: it serves a Unix socket, and does what a request tells it to, as an engine would that a model has taken over.
 * "GET /health" → 200; "GET /NAME" → the errno of the attempt NAME in the body, 0 for "it worked". */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

static const char *model;
static char answer[4096]; /* beside the number */

static int fails(long r) { return r < 0 ? errno : 0; }

static int try_socket(int family, int type)
{
	int fd = socket(family, type, 0);
	if (fd >= 0)
		(void)close(fd);
	return fails(fd);
}
static int inet(void) { return try_socket(AF_INET, SOCK_STREAM); }
static int inet6(void) { return try_socket(AF_INET6, SOCK_DGRAM); }
static int raw(void) { return try_socket(AF_INET, SOCK_RAW); }
static int netlink(void) { return try_socket(AF_NETLINK, SOCK_RAW); }
static int packet(void) { return try_socket(AF_PACKET, SOCK_RAW); }
static int vsock(void) { return try_socket(AF_VSOCK, SOCK_STREAM); }
static int alg(void) { return try_socket(AF_ALG, SOCK_SEQPACKET); }
static int local(void) { return try_socket(AF_UNIX, SOCK_STREAM); }
static int connect_out(void) /* whatever descriptor: the call itself is refused */
{
	struct sockaddr_in a = { .sin_family = AF_INET,
				 .sin_port = htons(443),
				 .sin_addr.s_addr = inet_addr("192.0.2.7") };
	return fails(connect(3, (struct sockaddr *)&a, sizeof a));
}
static int abstract(void)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	memcpy(a.sun_path, "\0gatehouse-test", 15);
	return fails(connect(3, (struct sockaddr *)&a, sizeof(sa_family_t) + 15));
}
static int run_shell(void)
{
	char *argv[] = { (char[]){ "/bin/sh" }, (char[]){ "-c" }, (char[]){ "id" }, NULL };
	(void)execve(argv[0], argv, NULL);
	return errno;
}
static int run_self(void)
{
	int fd = open("/engine/launch_engine", O_RDONLY);
	char *argv[] = { (char[]){ "again" }, NULL };
	(void)syscall(SYS_execveat, fd, "", argv, NULL, AT_EMPTY_PATH);
	return errno;
}
static int run_memory(void)
{
	int fd = (int)syscall(SYS_memfd_create, "x", 0);
	return fails(fd);
}
static int trace(void) { return fails(ptrace(PTRACE_ATTACH, getppid(), NULL, NULL)); }
static int peek(void)
{
	char c;
	uint64_t at = 4096;
	struct {
		void *p;
		size_t n;
	} l = { &c, 1 }, r = { (void *)(uintptr_t)at, 1 };
	return fails(syscall(SYS_process_vm_readv, getppid(), &l, 1, &r, 1, 0));
}
static int kill_stub(void) { return fails(kill(getppid(), SIGKILL)); }
static int stub_memory(void)
{
	char path[64];
	(void)snprintf(path, sizeof path, "/proc/%d/mem", (int)getppid());
	return fails(open(path, O_RDONLY));
}
static int stub_maps(void)
{
	char path[64];
	(void)snprintf(path, sizeof path, "/proc/%d/maps", (int)getppid());
	return fails(open(path, O_RDONLY));
}
static int first_environ(void) { return fails(open("/proc/1/environ", O_RDONLY)); }
static int shadow(void) { return fails(open("/etc/shadow", O_RDONLY)); }
static int sysfs(void) { return fails(open("/sys/kernel/uevent_helper", O_RDONLY)); }
static int write_root(void) { return fails(open("/x", O_WRONLY | O_CREAT, 0600)); }
static int write_self(void) { return fails(open("/engine/launch_engine", O_WRONLY)); }
static int write_lib(void) { return fails(open("/etc/passwd", O_RDWR)); }
static int write_model(void)
{
	int fd = open(model, O_WRONLY);
	return fd < 0 ? errno : fails(write(fd, "x", 1));
}
static int change_model(void) { return fails(chmod(model, 0600)); }
static int remove_model(void) { return fails(unlink(model)); }
static int write_tmp(void) { return fails(open("/tmp/x", O_WRONLY | O_CREAT, 0600)); }
static int run_tmp(void)
{
	int fd = open("/tmp/code", O_RDWR | O_CREAT, 0700);
	if (fd < 0 || write(fd, "xxxx", 4) != 4)
		return ENODATA;
	return mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0) == MAP_FAILED ? errno : 0;
}
static int make_code(void)
{
	return mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED
		       ? errno
		       : 0;
}
static int turn_code(void)
{
	void *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	return fails(mprotect(p, 4096, PROT_READ | PROT_EXEC));
}
static int do_mount(void) { return fails(mount("none", "/tmp", "tmpfs", 0, NULL)); }
static int do_chroot(void) { return fails(chroot("/tmp")); }
static int do_unshare(void) { return fails(unshare(CLONE_NEWUSER)); }
static int do_setns(void) { return fails(syscall(SYS_setns, 0, 0)); }
static int do_fork(void)
{
	long pid = syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, NULL);
	if (pid == 0)
		_exit(0);
	return fails(pid);
}
static int spaces(void) { return fails(syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, NULL, NULL, NULL, NULL)); }
static int clone3_call(void) { return fails(syscall(SYS_clone3, NULL, 0)); }
static int bpf_call(void) { return fails(syscall(SYS_bpf, 0, NULL, 0)); }
static int ring(void)
{
	char p[256] = { 0 };
	return fails(syscall(SYS_io_uring_setup, 1, p));
}
static int faults(void) { return fails(syscall(SYS_userfaultfd, 0)); }
static int keys(void) { return fails(syscall(SYS_keyctl, 0, 0, 0, 0, 0)); }
static int perf(void) { return fails(syscall(SYS_perf_event_open, NULL, 0, -1, -1, 0)); }
static int module(void) { return fails(syscall(SYS_init_module, NULL, 0, "")); }
static int kexec(void) { return fails(syscall(SYS_kexec_load, 0, 0, NULL, 0)); }
static int become_root(void) { return fails(syscall(SYS_setuid, 0)); }
static int terminal(void) { return fails(ioctl(0, TIOCSTI, "x")); }
static int steal(void) { return fails(syscall(SYS_pidfd_getfd, 0, 0, 0)); }
static int reboot_call(void) { return fails(syscall(SYS_reboot, 0, 0, 0, NULL)); }
static int host_name(void) { return fails(sethostname("x", 1)); }

/* ---- without the system call filter: what the other layers hold ---------------------------------------------------------- */

static int connect_tcp(void)
{
	struct sockaddr_in a = { .sin_family = AF_INET,
				 .sin_port = htons(9),
				 .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	return fd < 0 ? errno : fails(connect(fd, (struct sockaddr *)&a, sizeof a));
}
static int send_udp(void)
{
	struct sockaddr_in a = { .sin_family = AF_INET,
				 .sin_port = htons(53),
				 .sin_addr.s_addr = inet_addr("192.0.2.1") };
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	return fd < 0 ? errno : fails(sendto(fd, "x", 1, 0, (struct sockaddr *)&a, sizeof a));
}

/* ---- limits ------------------------------------------------------------------------------------------------------------------ */

static int eat_memory(void)
{
	for (int i = 0; i < 4096; i++) {
		volatile char *p = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		if (p == MAP_FAILED)
			return errno;
		for (size_t k = 0; k < 1 << 20; k += 4096)
			p[k] = 1;
	}
	return 0;
}
static int eat_shared(void) /* RLIMIT_DATA does not count it: the cgroup, or the file system's size does */
{
	static char block[1 << 20];
	for (int i = 0; i < 4096; i++) {
		char name[32];
		(void)snprintf(name, sizeof name, "/dev/shm/%d", i);
		int fd = open(name, O_WRONLY | O_CREAT, 0600);
		if (fd < 0 || write(fd, block, sizeof block) != sizeof block)
			return errno;
		(void)close(fd);
	}
	return 0;
}
static int fill_disk(void)
{
	static char block[1 << 20];
	int fd = open("/tmp/fill", O_WRONLY | O_CREAT, 0600);
	(void)signal(SIGXFSZ, SIG_IGN);
	for (int i = 0; i < 4096; i++)
		if (write(fd, block, sizeof block) != sizeof block)
			return errno;
	return 0;
}
static int wait_forever(void *arg)
{
	while (arg == NULL)
		(void)pause();
	return 0;
}
static int many_threads(void)
{
	for (int i = 0; i < 4096; i++) {
		char *stack = mmap(NULL, 16384, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		if (stack == MAP_FAILED ||
		    clone(wait_forever, stack + 16384,
			  CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM, NULL) < 0)
			return errno;
	}
	return 0;
}
static int spin(void)
{
	for (volatile uint64_t i = 0;; i++)
		;
	return 0;
}
static int flood(void)
{
	static char line[4096];
	memset(line, 'x', sizeof line);
	for (int i = 0; i < 1 << 16; i++)
		if (write(1, line, sizeof line) < 0)
			return errno;
	return 0;
}
static int crash(void) { return (int)raise(SIGSEGV); }
static int quit(void) { _exit(7); }
static int number_of_files(void)
{
	int n = 0;
	for (int fd = 0; fd < 4096; fd++)
		if (fcntl(fd, F_GETFD) >= 0)
			n += snprintf(answer + n, sizeof answer - (size_t)n, " %d", fd);
	return 0;
}
static int whoami(void)
{
	char text[2048];
	int fd = open("/proc/self/status", O_RDONLY);
	ssize_t n = fd < 0 ? 0 : read(fd, text, sizeof text - 1);
	text[n < 0 ? 0 : n] = '\0';
	(void)snprintf(answer, sizeof answer, "%s", text);
	(void)close(fd);
	return 0;
}
static int read_model(void)
{
	char text[1024] = "";
	int fd = open(model, O_RDONLY);
	ssize_t n = fd < 0 ? 0 : read(fd, text, sizeof text - 1);
	(void)snprintf(answer, sizeof answer, "%.*s", (int)(n < 0 ? 0 : n), text);
	if (fd < 0)
		return errno;
	(void)close(fd);
	return 0;
}

static const struct {
	const char *name;
	int (*run)(void);
} attempts[] = {
	{ "inet", inet },
	{ "inet6", inet6 },
	{ "raw", raw },
	{ "netlink", netlink },
	{ "packet", packet },
	{ "vsock", vsock },
	{ "alg", alg },
	{ "local", local },
	{ "connect", connect_out },
	{ "abstract", abstract },
	{ "shell", run_shell },
	{ "self", run_self },
	{ "memfd", run_memory },
	{ "trace", trace },
	{ "peek", peek },
	{ "kill", kill_stub },
	{ "stub-memory", stub_memory },
	{ "stub-maps", stub_maps },
	{ "first-environ", first_environ },
	{ "shadow", shadow },
	{ "sysfs", sysfs },
	{ "write-root", write_root },
	{ "write-self", write_self },
	{ "write-lib", write_lib },
	{ "write-model", write_model },
	{ "chmod-model", change_model },
	{ "unlink-model", remove_model },
	{ "write-tmp", write_tmp },
	{ "run-tmp", run_tmp },
	{ "make-code", make_code },
	{ "turn-code", turn_code },
	{ "mount", do_mount },
	{ "chroot", do_chroot },
	{ "unshare", do_unshare },
	{ "setns", do_setns },
	{ "fork", do_fork },
	{ "spaces", spaces },
	{ "clone3", clone3_call },
	{ "bpf", bpf_call },
	{ "io_uring", ring },
	{ "userfaultfd", faults },
	{ "keyctl", keys },
	{ "perf", perf },
	{ "module", module },
	{ "kexec", kexec },
	{ "setuid", become_root },
	{ "terminal", terminal },
	{ "steal", steal },
	{ "reboot", reboot_call },
	{ "hostname", host_name },
	{ "tcp", connect_tcp },
	{ "udp", send_udp },
	{ "eat-memory", eat_memory },
	{ "eat-shared", eat_shared },
	{ "fill-disk", fill_disk },
	{ "threads", many_threads },
	{ "spin", spin },
	{ "flood", flood },
	{ "crash", crash },
	{ "quit", quit },
	{ "files", number_of_files },
	{ "whoami", whoami },
	{ "model", read_model },
};

static void serve(int fd)
{
	char text[2048], name[100] = "";
	ssize_t n = recv(fd, text, sizeof text - 1, 0);
	text[n < 0 ? 0 : n] = '\0';
	int r = 0, pid;
	answer[0] = '\0';
	if (sscanf(text, "GET /signal-%d", &pid) == 1)
		r = fails(kill(pid, 0));
	else if (sscanf(text, "GET /%99[a-z0-9_-]", name) == 1)
		for (size_t i = 0; i < sizeof attempts / sizeof *attempts; i++)
			if (strcmp(attempts[i].name, name) == 0)
				r = attempts[i].run();
	n = snprintf(text, sizeof text, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n%d %s", r, answer);
	(void)send(fd, text, (size_t)(n < (int)sizeof text ? n : (int)sizeof text - 1), MSG_NOSIGNAL);
	(void)close(fd);
}

/* MODEL MODE SOCKET: the listening descriptor's number, or the path where it is to be made. */
int main(int argc, char **argv)
{
	if (argc < 4)
		return 64;
	model = argv[1];
	if (strcmp(argv[2], "die") == 0)
		return 9;
	int listening = atoi(argv[3]);
	if (argv[3][0] == '/') {
		struct sockaddr_un a = { .sun_family = AF_UNIX };
		(void)snprintf(a.sun_path, sizeof a.sun_path, "%s", argv[3]);
		listening = socket(AF_UNIX, SOCK_STREAM, 0);
		if (listening < 0 || bind(listening, (struct sockaddr *)&a, sizeof a) != 0 ||
		    listen(listening, 16) != 0)
			return 10;
	}
	(void)printf("engine: model %s\n", model);
	(void)fflush(stdout);
	if (strcmp(argv[2], "silent") == 0)
		for (;;)
			(void)pause();
	for (;;) {
		int fd = accept(listening, NULL, NULL);
		if (fd < 0)
			return 11;
		serve(fd);
	}
}
