#include "support/swtpm.h"

#include <arpa/inet.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static pid_t start(const char *const *argv)
{
	pid_t pid = fork();
	if (pid == 0) {
		(void)!freopen("/dev/null", "w", stdout);
		(void)!freopen("/dev/null", "w", stderr);
		execvp(argv[0], (char *const *)(uintptr_t)argv);
		_exit(127);
	}
	return pid;
}

bool swtpm_run(const char *const *argv)
{
	int status = 0;
	pid_t pid = start(argv);
	return pid > 0 && waitpid(pid, &status, 0) == pid && status == 0;
}

bool swtpm_there(void)
{
	const char *const have[] = { "tpm2_pcrextend", "--version", NULL }, *const sw[] = { "swtpm", "--version",
											    NULL };
	return swtpm_run(have) && swtpm_run(sw);
}

static bool free_port(unsigned port)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	int s = socket(AF_INET, SOCK_STREAM, 0);
	bool yes = bind(s, (struct sockaddr *)&a, sizeof a) == 0;
	(void)close(s);
	return yes;
}

static bool reachable(unsigned port)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	int s = socket(AF_INET, SOCK_STREAM, 0);
	bool ok = connect(s, (struct sockaddr *)&a, sizeof a) == 0;
	(void)close(s);
	return ok;
}

/* Somebody may take a port between the look and the start: then swtpm ends at once, and other ports are tried. */
static bool try_ports(struct swtpm *t, const char *state, unsigned port)
{
	char server[64], ctrl[64], where[256];
	(void)snprintf(server, sizeof server, "type=tcp,port=%u", port);
	(void)snprintf(ctrl, sizeof ctrl, "type=tcp,port=%u", port + 1);
	(void)snprintf(where, sizeof where, "dir=%s", state);
	const char *const argv[] = { "swtpm",	 "socket", "--tpm2", "--flags", "not-need-init,startup-clear",
				     "--server", server,   "--ctrl", ctrl,	"--tpmstate",
				     where,	 NULL };
	t->pid = start(argv);
	for (unsigned i = 0; t->pid > 0 && i < 400; i++) {
		if (waitpid(t->pid, NULL, WNOHANG) == t->pid) {
			t->pid = 0;
			return false;
		}
		if (reachable(port + 1))
			return true;
		(void)nanosleep(&(struct timespec){ .tv_nsec = 50000000 }, NULL);
	}
	swtpm_stop(t);
	return false;
}

bool swtpm_start(struct swtpm *t, const char *state)
{
	unsigned tries = 0;
	*t = (struct swtpm){ 0 };
	for (unsigned at = 20000 + (unsigned)getpid() * 2 % 20000; at < 60000 && tries < 20; at += 2) {
		if (!free_port(at) || !free_port(at + 1)) /* the TCTI takes the control channel to be the next one */
			continue;
		tries++;
		if (try_ports(t, state, at)) {
			(void)snprintf(t->tcti, sizeof t->tcti, "swtpm:host=127.0.0.1,port=%u", at);
			return true;
		}
	}
	return false;
}

void swtpm_stop(struct swtpm *t)
{
	if (t->pid > 0) {
		(void)kill(t->pid, SIGTERM);
		(void)waitpid(t->pid, NULL, 0);
	}
	t->pid = 0;
}
