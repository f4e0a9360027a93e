/* The trusted side of a tool worker believes nothing that does not fit. The worker here is this program itself: it behaves
 * as the name of the mode asks for. */
#include "support/cm.h"

#include "os/ipc.h"
#include "scan/proto.h"
#include "scan/tool.h"
#include "scan/tool_side.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* ---- the other side ------------------------------------------------------------------------------------------- */

static void say(uint32_t kind, uint64_t a, const char *text, size_t n)
{
	struct gh_tool_packet p = { .m = { .kind = kind, .len = (uint32_t)n, .a = { a } } };
	if (n != 0)
		memcpy(p.text, text, n);
	(void)gh_ipc_send(GH_WORKER_SOCK, &p, sizeof p.m + n, -1, 0);
}
static void done(void) { say(GH_TOOL_FROM_DONE, 0, NULL, 0); }
static void short_packet(void) { (void)gh_ipc_send(GH_WORKER_SOCK, "x", 1, -1, 0); }
static void bad_length(void)
{
	struct gh_tool_msg m = { .kind = GH_TOOL_FROM_DONE, .len = 9 };
	(void)gh_ipc_send(GH_WORKER_SOCK, &m, sizeof m, -1, 0);
}
static void unknown_kind(void) { say(999, 0, NULL, 0); }
static void foreign_file(void) { say(GH_TOOL_FROM_OPEN, 7, NULL, 0); }
static void no_output(void) { say(GH_TOOL_FROM_OPEN, GH_TOOL_OUTPUT, NULL, 0); }
static void text_with_open(void) { say(GH_TOOL_FROM_OPEN, 0, "x", 1); }
static void odd_failure(void) { say(GH_TOOL_FROM_FAIL, 77, "x", 1); }
static void failure(void) { say(GH_TOOL_FROM_FAIL, GH_E_LIMIT, "out of \033[2Kroom", 15); }
static void leave(void) { _exit(7); }
static void crash(void) { abort(); }
static void hang(void)
{
	for (;;)
		(void)pause();
}
static void flood(void)
{
	for (;;)
		say(GH_TOOL_FROM_RECORD, 1, NULL, 0);
}
static void refused(void)
{
	say(GH_TOOL_FROM_RECORD, 666, NULL, 0);
	done();
}
static void endless_spills(void)
{
	struct gh_tool_packet p;
	int fd;
	for (;;) {
		say(GH_TOOL_FROM_SPILL, 0, NULL, 0);
		if (gh_ipc_recv(GH_WORKER_SOCK, &p, sizeof p, &fd, 0) <= 0)
			_exit(0);
		(void)close(fd);
	}
}
/* Ask for an input and try to write to it: it was opened for reading only. */
static void writes_to_input(void)
{
	struct gh_tool_packet p;
	int fd = -1;
	say(GH_TOOL_FROM_OPEN, 0, NULL, 0);
	while (fd < 0 && gh_ipc_recv(GH_WORKER_SOCK, &p, sizeof p, &fd, 0) > 0)
		;
	bool wrote = pwrite(fd, "evil", 4, 0) == 4;
	say(GH_TOOL_FROM_RECORD, wrote ? 666 : 1, NULL, 0);
	done();
}

/* Two jobs well, the third one is too much. */
static void thrice(void)
{
	struct gh_tool_packet p;
	for (unsigned i = 0; i < 2; i++) {
		done();
		do
			if (gh_ipc_recv(GH_WORKER_SOCK, &p, sizeof p, NULL, 0) <= 0)
				_exit(0);
		while (p.m.kind != GH_TOOL_TO_GO);
	}
	_exit(7);
}

static const struct row {
	const char *mode;
	void (*act)(void);
	enum gh_rc rc;
	const char *why;
} rows[] = {
	{ "fine", done, GH_OK, "" },
	{ "thrice", thrice, GH_OK, "" },
	{ "short-packet", short_packet, GH_E_BUG, "a packet of the wrong length" },
	{ "bad-length", bad_length, GH_E_BUG, "a packet of the wrong length" },
	{ "unknown-kind", unknown_kind, GH_E_BUG, "a message of unknown kind" },
	{ "foreign-file", foreign_file, GH_E_BUG, "a file that it was not given" },
	{ "no-output", no_output, GH_E_BUG, "a file that it was not given" },
	{ "text-with-open", text_with_open, GH_E_BUG, "text where none belongs" },
	{ "odd-failure", odd_failure, GH_E_BUG, "a failure of unknown kind" },
	{ "failure", failure, GH_E_LIMIT, "out of \\x1b[2Kroom" },
	{ "leave", leave, GH_E_BUG, "exit status 7" },
	{ "crash", crash, GH_E_BUG, "signal 6" },
	{ "hang", hang, GH_E_LIMIT, "stopped after 1 s" },
	{ "silent", hang, GH_E_LIMIT, "did not say within 3 s (--limit-time) that it is locked down" },
	{ "flood", flood, GH_E_BUG, "more results than there can be" },
	{ "refused", refused, GH_E_BUG, "a number that nobody has" },
	{ "endless-spills", endless_spills, GH_E_BUG, "too many requests for temporary files" },
	{ "writes-to-input", writes_to_input, GH_OK, "" },
};

static int act(const char *mode)
{
	struct gh_packet ready = { .m = { .kind = GH_FROM_READY } };
	struct gh_tool_packet p;
	if (strcmp(mode, "silent") == 0)
		hang();
	(void)gh_ipc_send(GH_WORKER_SOCK, &ready, sizeof ready.m, -1, 0);
	do
		if (gh_ipc_recv(GH_WORKER_SOCK, &p, sizeof p, NULL, 0) <= 0)
			return 0;
	while (p.m.kind != GH_TOOL_TO_GO);
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		if (strcmp(rows[i].mode, mode) == 0)
			rows[i].act();
	(void)gh_ipc_recv(GH_WORKER_SOCK, &p, sizeof p, NULL, 0); /* until it is closed */
	return 0;
}

/* ---- this side ------------------------------------------------------------------------------------------------ */

static const char *self;

static const char *on_record(void *arg, const struct gh_tool_record *r)
{
	(void)arg;
	return r->a[0] == 666 ? "a number that nobody has" : NULL;
}

static int temporary(char *name)
{
	int fd = mkstemp(name);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, "0123456789", 10), 10);
	(void)close(fd);
	return open(name, O_RDONLY | O_CLOEXEC);
}

static void misbehaviour_is_a_failure_with_a_reason(void **state)
{
	(void)state;
	char name[] = "/tmp/gatehouse-tool-XXXXXX";
	int fd = temporary(name);
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		const struct gh_tool_input in = { .fd = fd, .name = "input" };
		const struct gh_tool_job job = { .mode = rows[i].mode,
						 .worker = self,
						 .input = &in,
						 .ninput = 1,
						 .output = -1,
						 .args = GH_SPAN("arguments"),
						 .memory = (size_t)256 << 20,
						 .seconds = rows[i].act == hang ? 1 : 60,
						 .records = 1000,
						 .on_record = on_record };
		struct gh_err err = { 0 };
		char why[600];
		print_message("  %s\n", rows[i].mode);
		assert_int_equal(gh_tool_run(&job, &err), rows[i].rc);
		if (rows[i].rc != GH_OK)
			assert_non_null(strstr(gh_err_line(&err, why, sizeof why), rows[i].why));
	}
	(void)close(fd);
	(void)unlink(name);
}

static void a_worker_is_kept(void **state)
{
	(void)state;
	char name[] = "/tmp/gatehouse-tool-XXXXXX";
	struct gh_tool_keep keep = { 0 };
	struct gh_tool_input in = { .fd = temporary(name), .name = "input" };
	struct gh_tool_job job = { .mode = "thrice",
				   .worker = self,
				   .input = &in,
				   .ninput = 1,
				   .output = -1,
				   .args = GH_SPAN("arguments"),
				   .memory = (size_t)256 << 20,
				   .seconds = 60,
				   .records = 10,
				   .on_record = on_record,
				   .keep = &keep };
	struct gh_err err = { 0 };
	assert_int_equal(gh_tool_run(&job, &err), GH_OK);
	pid_t first = keep.pid;
	assert_true(first > 0 && keep.jobs == 1);
	assert_int_equal(gh_tool_run(&job, &err), GH_OK);
	assert_true(keep.pid == first && keep.jobs == 2);
	assert_int_equal(gh_tool_run(&job, &err), GH_E_BUG); /* it ended: nothing is kept, and the caller can tell */
	assert_true(keep.pid == 0 && keep.jobs == 3);
	err = (struct gh_err){ 0 };
	assert_int_equal(gh_tool_run(&job, &err), GH_OK);
	assert_true(keep.pid > 0 && keep.pid != first && keep.jobs == 1);
	first = keep.pid;
	job.memory += 1 << 20; /* other limits: another worker */
	assert_int_equal(gh_tool_run(&job, &err), GH_OK);
	assert_true(keep.pid > 0 && keep.pid != first && keep.jobs == 1);
	gh_tool_end(&keep);
	assert_int_equal(keep.pid, 0);
	gh_tool_end(&keep);
	(void)close(in.fd);
	(void)unlink(name);
}

static char *victim;

static const char *changes_it(void *arg, const struct gh_tool_record *r)
{
	(void)arg, (void)r;
	int fd = open(victim, O_WRONLY | O_APPEND | O_CLOEXEC);
	bool wrote = fd >= 0 && write(fd, "more", 4) == 4;
	(void)close(fd);
	return wrote ? NULL : "no change";
}

static void a_file_that_changes_is_no_result(void **state)
{
	(void)state;
	char name[] = "/tmp/gatehouse-tool-XXXXXX", why[600];
	struct gh_tool_input in = { .fd = temporary(name), .name = "input" };
	struct gh_err err = { 0 };
	struct gh_tool_job job = { .mode = "writes-to-input",
				   .worker = self,
				   .input = &in,
				   .ninput = 1,
				   .output = -1,
				   .memory = 1 << 20,
				   .seconds = 20,
				   .records = 10,
				   .on_record = changes_it };
	victim = name;
	assert_int_equal(gh_tool_run(&job, &err), GH_E_IO);
	assert_non_null(strstr(gh_err_line(&err, why, sizeof why), "changed while it was read"));
	job.worker = "/nonexistent";
	err = (struct gh_err){ 0 };
	assert_int_equal(gh_tool_run(&job, &err), GH_E_IO);
	assert_non_null(strstr(gh_err_line(&err, why, sizeof why), "cannot start /nonexistent"));
	(void)close(in.fd);
	(void)unlink(name);
}

/* ---- a source over a descriptor ------------------------------------------------------------------------------- */

static void windows_of_a_file(void **state)
{
	(void)state;
	enum { N = 3 << 20 };
	char name[] = "/tmp/gatehouse-tool-XXXXXX";
	int fd = mkstemp(name);
	uint8_t *bytes = malloc(N);
	assert_true(fd >= 0 && bytes != NULL);
	for (size_t i = 0; i < N; i++)
		bytes[i] = (uint8_t)(i * 7 >> 3 ^ i >> 11);
	assert_true(gh_tool_write(fd, 0, (struct gh_span){ bytes, N }));
	struct gh_src_fd s;
	assert_non_null(gh_src_fd(&s, fd, N));
	static const struct {
		uint64_t off;
		size_t len, got;
	} w[] = {
		{ 0, 16, 16 }, { N - 4, 16, 4 }, { 1 << 20, GH_WINDOW_MAX, GH_WINDOW_MAX },
		{ N, 1, 0 },   { N + 5, 1, 0 },	 { 8, 4, 4 },
	};
	for (size_t i = 0; i < sizeof w / sizeof w[0]; i++) {
		struct gh_span v = gh_src_window(&s.src, w[i].off, w[i].len);
		assert_int_equal(v.n, w[i].got);
		if (v.n != 0)
			assert_memory_equal(v.p, bytes + w[i].off, v.n);
	}
	struct gh_span first = gh_src_window(&s.src, 0, 100), second = gh_src_window(&s.src, 2 << 20, 100);
	assert_memory_equal(first.p, bytes, 100); /* the window before the last one is intact */
	assert_memory_equal(second.p, bytes + (2 << 20), 100);
	assert_int_equal(ftruncate(fd, 1 << 20), 0);
	assert_int_equal(gh_src_window(&s.src, (5 << 19) + 1, 10).n, 0);
	assert_int_equal(s.src.fail, GH_E_IO); /* it shrank */
	gh_src_fd_close(&s);
	free(bytes);
	(void)unlink(name);
}

int main(int argc, char **argv)
{
	if (argc > 4)
		return act(argv[1]);
	char path[4096];
	ssize_t n = readlink("/proc/self/exe", path, sizeof path - 1);
	path[n > 0 ? n : 0] = '\0';
	self = path;
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(misbehaviour_is_a_failure_with_a_reason),
		cmocka_unit_test(a_worker_is_kept),
		cmocka_unit_test(a_file_that_changes_is_no_result),
		cmocka_unit_test(windows_of_a_file),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
