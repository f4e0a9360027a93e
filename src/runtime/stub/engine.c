/* Starting the engine: once, by descriptor, with nothing but what it needs. */
#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "runtime/stub/stub.h"

enum { HIGH = GH_STUB_FILE_FD + GH_STUB_FILES, FILLED = 2 * GH_STUB_TEXT };

/* What is between '{' and '}' of a word: the index of the file it names, or -1. */
static long named(const struct gh_stub_told *t, const char *p, size_t n)
{
	if (n == 5 && memcmp(p, "model", 5) == 0)
		return 0;
	if (n > 5 && memcmp(p, "file:", 5) == 0)
		for (uint32_t i = 0; i < t->ninput; i++)
			if (strlen(t->input[i].file.name) == n - 5 && memcmp(t->input[i].file.name, p + 5, n - 5) == 0)
				return i;
	return -1;
}

bool gh_stub_word_fill(const struct gh_stub_told *t, const char *word, char *out, size_t cap)
{
	size_t n = 0;
	while (*word != '\0') {
		const char *close = *word == '{' ? strchr(word, '}') : NULL;
		const char *name = word + 1;
		int w;
		if (close == NULL)
			w = snprintf(out + n, cap - n, "%c", *word++);
		else {
			const size_t len = (size_t)(close - name);
			const long i = named(t, name, len);
			if (i < 0)
				return false;
			if (t->start.model == GH_STUB_DESCRIPTOR)
				w = snprintf(out + n, cap - n, "/proc/self/fd/%ld", GH_STUB_FILE_FD + i);
			else if (len == 5)
				w = snprintf(out + n, cap - n, "/model");
			else
				w = snprintf(out + n, cap - n, "/model/%s", t->input[i].file.name);
			word = close + 1;
		}
		if (w < 0 || (size_t)w >= cap - n)
			return false;
		n += (size_t)w;
	}
	if (n >= cap)
		return false;
	out[n] = '\0';
	return true;
}

static char filled[FILLED];
static char *vector[2 * GH_STUB_WORDS + 2]; /* argv, NULL, environment, NULL */

/* Fill in every word. False: one names what is not there. */
static bool fill(const struct gh_stub_told *t)
{
	size_t n = 0, v = 0;
	for (uint32_t i = 0; i < t->start.nargv + t->start.nenv; i++) {
		if (i == t->start.nargv)
			vector[v++] = NULL;
		if (n == sizeof filled || !gh_stub_word_fill(t, t->word[i], filled + n, sizeof filled - n))
			return false;
		vector[v++] = filled + n;
		n += strlen(filled + n) + 1;
	}
	if (t->start.nenv == 0)
		vector[v++] = NULL;
	vector[v] = NULL;
	return true;
}

/* Descriptors to their places: first all out of the way, so that none is closed by another one's arrival. */
static bool place(const struct gh_stub_told *t)
{
	int high = -1;
	if (t->socket >= 0 && (high = fcntl(t->socket, F_DUPFD_CLOEXEC, HIGH)) < 0)
		return false;
	if (high >= 0 && dup3(high, GH_STUB_SOCKET_FD, 0) < 0)
		return false;
	if (t->start.model != GH_STUB_DESCRIPTOR)
		return true;
	for (uint32_t i = 0; i < t->ninput; i++) { /* those of the files lie above, see gh_stub_start_engine() */
		const int to = GH_STUB_FILE_FD + (int)i;
		if (dup3(t->input[i].plain, to, 0) < 0)
			return false;
	}
	return true;
}

static _Noreturn void engine(const struct gh_stub_told *t, int exec, int say)
{
	const struct rlimit file = { t->start.file, t->start.file }, lock = { 1 << 20, 1 << 20 };
	int e = 0;
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	if (t->socket < 0)
		(void)close(GH_STUB_SOCKET_FD); /* ours, to the launcher */
	if (!place(t) || setrlimit(RLIMIT_FSIZE, &file) != 0)
		e = errno;
	(void)setrlimit(RLIMIT_MEMLOCK, &lock);
	if (e == 0) {
		(void)syscall(SYS_execveat, exec, "", vector, vector + t->start.nargv + 1, AT_EMPTY_PATH);
		e = errno;
	}
	ssize_t ignored = write(say, &e, sizeof e);
	(void)ignored;
	_exit(127);
}

/* Out of the range that the engine's descriptors will have. */
static bool raise_fd(int *fd)
{
	if (*fd >= HIGH)
		return true;
	int high = fcntl(*fd, F_DUPFD_CLOEXEC, HIGH);
	if (high < 0)
		return false;
	(void)close(*fd);
	*fd = high;
	return true;
}

enum gh_stub_why gh_stub_start_engine(struct gh_stub_told *t, pid_t *pid, int *pidfd, struct gh_stub_at *at)
{
	int say[2] = { -1, -1 }, e = 0;
	int exec = open(t->word[0], O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	bool ok = exec >= 0 && pipe2(say, O_CLOEXEC) == 0 && raise_fd(&exec) && raise_fd(&say[1]);
	for (uint32_t i = 0; ok && t->start.model == GH_STUB_DESCRIPTOR && i < t->ninput; i++)
		ok = raise_fd(&t->input[i].plain);
	if (!ok) {
		at->sys = errno;
		return GH_STUB_WHY_ENGINE;
	}
	if (!fill(t)) {
		at->sys = EINVAL;
		return GH_STUB_WHY_ENGINE;
	}
	*pid = (pid_t)syscall(SYS_clone, CLONE_PIDFD | SIGCHLD, NULL, pidfd, NULL, NULL);
	if (*pid == 0)
		engine(t, exec, say[1]);
	at->sys = errno;
	(void)close(say[1]);
	if (*pid < 0)
		return GH_STUB_WHY_ENGINE;
	ssize_t n = read(say[0], &e, sizeof e);
	(void)close(say[0]);
	(void)close(exec);
	at->sys = e;
	return n == 0 ? GH_STUB_WHY_FINE : GH_STUB_WHY_ENGINE;
}
