/* What a supervisor makes of what its engine tries, and its directory: alive or not, logs that stay bounded, sockets with short paths. */
#include "support/cm.h"

#include "daemon/runner_int.h"
#include "daemon/rundir.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static const struct gh_id ID = { "0123456789abcdef0123456789abcdef" };

static void home_of(char home[200], const char *below)
{
	char run[240];
	snprintf(home, 200, "/tmp/test-runner-XXXXXX");
	assert_non_null(mkdtemp(home));
	if (below != NULL) {
		strncat(home, below, 100);
		assert_int_equal(mkdir(home, 0700), 0);
	}
	snprintf(run, sizeof run, "%s/run", home);
	assert_int_equal(mkdir(run, 0700), 0);
}

static void gone(const char *home)
{
	char command[300];
	snprintf(command, sizeof command, "rm -rf '%.40s'",
		 home); /* the directory that mkdtemp() made, and what is below */
	command[strcspn(command, "\n")] = '\0';
	assert_int_equal(system(command), 0);
}

static off_t size_at(int dir, const char *name)
{
	struct stat st;
	return fstatat(dir, name, &st, 0) == 0 ? st.st_size : -1;
}

/* So many are tolerated, and one more is not: recorded with arguments, and the first reason stays. */
static void attempts(void **state)
{
	(void)state;
	for (uint64_t tolerated = 0; tolerated < 4; tolerated++) {
		char home[200], text[4096] = "";
		struct gh_runner r = { .task = -1, .tolerated = tolerated, .lock = -1 };
		struct gh_err err = { 0 };
		struct gh_launch_event e = {
			.what = GH_LAUNCH_ATTEMPT, .call = "socket", .text = "AF_INET, \"SOCK\"", .pid = 7
		};
		home_of(home, NULL);
		assert_int_equal(gh_rundir_make(home, &ID, &r.dir, &r.lock, r.socket, &err), GH_OK);
		for (uint64_t i = 0; i < tolerated; i++)
			assert_true(gh_runner_event(&r, &e));
		assert_null(r.state);
		assert_true(gh_runner_event(&r, &e));
		assert_string_equal(r.state, "quarantined");
		assert_string_equal(r.word, "attempts");
		assert_non_null(strstr(r.why, "socket(AF_INET"));
		e.call = "execve";
		assert_true(gh_runner_event(&r, &e));
		assert_non_null(strstr(r.why, "socket(AF_INET"));
		assert_int_equal(r.attempts, tolerated + 2);
		int fd = openat(r.dir, "attempts", O_RDONLY);
		assert_true(read(fd, text, sizeof text - 1) > 0);
		close(fd);
		assert_non_null(
			strstr(text, "\"call\":\"socket\",\"arguments\":\"AF_INET, \\\"SOCK\\\"\",\"pid\":7}\n"));
		close(r.dir);
		close(r.lock);
		gone(home);
	}
}

/* However it ends, it says so; a segment that was altered is named by its check. */
static void ends(void **state)
{
	static const struct {
		struct gh_launch_event e;
		const char *word;
	} rows[] = {
		{ { .what = GH_LAUNCH_ENDED, .end = GH_END_EXIT, .code = 3 }, "engine" },
		{ { .what = GH_LAUNCH_ENDED, .end = GH_END_SIGNAL, .code = SIGSEGV }, "engine" },
		{ { .what = GH_LAUNCH_ENDED, .end = GH_END_MEMORY }, "engine" },
		{ { .what = GH_LAUNCH_ENDED, .end = GH_END_KILLED }, "engine" },
		{ { .what = GH_LAUNCH_ENDED, .end = GH_END_FAILED, .why = GH_STUB_WHY_ALTERED }, "segment" },
		{ { .what = GH_LAUNCH_ENDED, .end = GH_END_FAILED, .why = GH_STUB_WHY_SEALED }, "key_release" },
		{ { .what = GH_LAUNCH_ENDED, .end = GH_END_FAILED, .why = GH_STUB_WHY_NOMEM }, "engine" },
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct gh_runner r = { .task = -1, .dir = -1 };
		assert_true(gh_runner_event(&r, &rows[i].e));
		assert_string_equal(r.state, "failed");
		assert_string_equal(r.word, rows[i].word);
		assert_true(r.why[0] != '\0');
	}
	struct gh_runner r = { .task = -1, .dir = -1 };
	const struct gh_launch_event nothing = { .what = GH_LAUNCH_NOTHING };
	assert_false(gh_runner_event(&r, &nothing));
}

/* Alive as long as somebody holds the lock, whatever a dead one left; a second one cannot have the directory. */
static void lives(void **state)
{
	char home[200], sock[GH_RUN_PATH];
	int dir, lock;
	struct gh_err err = { 0 };
	(void)state;
	home_of(home, NULL);
	assert_false(gh_rundir_alive(home, &ID));
	pid_t pid = fork();
	if (pid == 0) {
		if (gh_rundir_make(home, &ID, &dir, &lock, sock, &err) == GH_OK)
			for (;;)
				pause();
		_exit(1);
	}
	while (!gh_rundir_alive(home, &ID))
		usleep(1000);
	assert_int_not_equal(gh_rundir_make(home, &ID, &dir, &lock, sock, &err), GH_OK);
	assert_int_equal(gh_rundir_ask(home, &ID, GH_RUN_STATE, NULL, &err), GH_E_ABSENT);
	assert_true(gh_rundir_wait_end(home, &ID, 0)); /* killed by its id */
	int status;
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	assert_false(gh_rundir_alive(home, &ID));
	assert_int_equal(gh_rundir_make(home, &ID, &dir, &lock, sock, &err), GH_OK);
	gh_rundir_leave(dir);
	assert_int_equal(size_at(dir, "socket"), -1);
	close(dir);
	close(lock);
	gone(home);
}

/* A home with a long path: clients still get a path that fits into an address. */
static void short_paths(void **state)
{
	static const char below[] =
		"/a-directory-whose-name-is-so-long-that-no-socket-below-it-has-an-address-that-fits-into-108";
	char home[200], sock[GH_RUN_PATH], found[GH_RUN_PATH];
	int dir, lock;
	struct gh_err err = { 0 };
	(void)state;
	home_of(home, below);
	assert_int_equal(gh_rundir_make(home, &ID, &dir, &lock, sock, &err), GH_OK);
	assert_true(strlen(sock) + sizeof "/engine.sock" <= GH_RUN_PATH);
	assert_int_equal(strncmp(sock, "/tmp/gatehouse-", 15), 0);
	assert_true(gh_rundir_socket(home, &ID, found));
	assert_int_equal(strncmp(found, sock, strlen(sock)), 0);
	gh_rundir_leave(dir);
	assert_int_equal(access(sock, F_OK), -1);
	close(dir);
	close(lock);
	home[strlen(home) - strlen(below)] = '\0';
	gone(home);
}

static void logs_stay_bounded(void **state)
{
	static char block[100000];
	char home[200], sock[GH_RUN_PATH], end[8] = "";
	int dir, lock;
	struct gh_err err = { 0 };
	(void)state;
	home_of(home, NULL);
	assert_int_equal(gh_rundir_make(home, &ID, &dir, &lock, sock, &err), GH_OK);
	for (unsigned i = 0; i < 100; i++) {
		memset(block, 'a' + (int)(i % 26), sizeof block);
		gh_rundir_append(dir, "log", (struct gh_span){ (const uint8_t *)block, sizeof block });
		assert_true(size_at(dir, "log") <= GH_RUN_FILE_MAX);
	}
	assert_true(size_at(dir, "log") >= GH_RUN_FILE_MAX / 2);
	gh_rundir_append(dir, "log", GH_SPAN("the end"));
	int fd = openat(dir, "log", O_RDONLY);
	assert_int_equal(pread(fd, end, 7, size_at(dir, "log") - 7), 7);
	assert_string_equal(end, "the end");
	close(fd);
	close(dir);
	close(lock);
	gone(home);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(attempts),
		cmocka_unit_test(ends),
		cmocka_unit_test(lives),
		cmocka_unit_test(short_paths),
		cmocka_unit_test(logs_stay_bounded),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
