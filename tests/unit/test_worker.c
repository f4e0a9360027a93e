/* The trusted side believes nothing a worker says that does not fit. The worker here is this program itself: it
 * misbehaves in the way that the scanned file's name asks for. */
#include "support/cm.h"

#include "os/ipc.h"
#include "scan/proto.h"
#include "scan/scan.h"
#include "scan/worker.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static uint64_t job; /* the file in hand */

static void say(uint32_t kind, uint64_t a, uint64_t b, uint64_t c, uint64_t d, const char *text, size_t n)
{
	struct gh_packet p = { .m = { .kind = kind, .len = (uint32_t)n, .job = job, .a = { a, b, c, d } } };
	if (n != 0)
		memcpy(p.text, text, n);
	(void)gh_ipc_send(GH_WORKER_SOCK, &p, sizeof p.m + n, -1, 0);
}
static void done(uint64_t understood) { say(GH_FROM_DONE, understood, 0, 0, 0, "fake", 4); }

static void bad_length(void)
{
	struct gh_msg m = { .kind = GH_FROM_DONE, .len = 77, .job = job };
	(void)gh_ipc_send(GH_WORKER_SOCK, &m, sizeof m, -1, 0);
}
static void short_packet(void) { (void)gh_ipc_send(GH_WORKER_SOCK, "x", 1, -1, 0); }
static void unknown_kind(void) { say(4711, 0, 0, 0, 0, NULL, 0); }
static void unknown_rule(void) { say(GH_FROM_FINDING, 0, 0, 0, 0, "GH-NOPE-0001", 13); }
static void no_nul(void) { say(GH_FROM_FINDING, 0, 0, 0, 0, "GH-SCAN-0001", 12); }
static void long_member(void) { say(GH_FROM_FINDING, 0, 0, 0, 9999, "GH-SCAN-0001\0m", 14); }
static void far_window(void) { say(GH_FROM_WINDOW, 1 << 20, 10, 0, 0, NULL, 0); }
static void huge_window(void) { say(GH_FROM_WINDOW, 0, (uint64_t)1 << 40, 0, 0, NULL, 0); }
static void wrong_slot(void) { say(GH_FROM_WINDOW, 0, 1, 99, 0, NULL, 0); }
static void hold_beyond(void) { say(GH_FROM_HOLD, 1 << 30, 0, 0, 0, NULL, 0); }
static void too_much(void) { done(1 << 30); }
static void two_dones(void)
{
	done(4);
	done(3);
}
static void odd_format(void) { say(GH_FROM_DONE, 4, 0, 0, 0, "\033[31m", 5); }
static void times_for_none(void) { say(GH_FROM_TIMES, 7, 2, 0, 0, NULL, 0); }
static void flood(void)
{
	for (int i = 0; i <= GH_FINDINGS_MAX; i++)
		say(GH_FROM_FINDING, 0, 0, 0, 0, "GH-COV-0001\0detail", 18);
}
static void window_flood(void)
{
	for (;;)
		say(GH_FROM_WINDOW, 0, 4, 0, 0, NULL, 0);
}
static void other_job(void)
{
	job += 7;
	done(4);
}
static void leave(void) { _exit(7); }
static void crash(void) { abort(); }
static void hang(void)
{
	for (;;)
		(void)pause();
}
static void escape_codes(void)
{
	say(GH_FROM_FINDING, 3, 1, 1, 3, "GH-COV-0001\0m\033mclean\033[2K\342\200\256", 27);
	done(4);
}
static void fine(void) { done(4); }

static const struct row {
	const char *name;
	void (*act)(void);
	const char *id;	    /* of the finding that must be there */
	const char *detail; /* and what it must say */
} rows[] = {
	{ "bad-length", bad_length, "GH-SCAN-0013", "a packet of the wrong length" },
	{ "short-packet", short_packet, "GH-SCAN-0013", "a packet of the wrong length" },
	{ "unknown-kind", unknown_kind, "GH-SCAN-0013", "a message of unknown kind" },
	{ "unknown-rule", unknown_rule, "GH-SCAN-0013", "a finding of an unknown rule" },
	{ "no-nul", no_nul, "GH-SCAN-0013", "a finding that does not fit its packet" },
	{ "long-member", long_member, "GH-SCAN-0013", "a finding that does not fit its packet" },
	{ "far-window", far_window, "GH-SCAN-0013", "a window outside the file" },
	{ "huge-window", huge_window, "GH-SCAN-0013", "a window outside the file" },
	{ "wrong-slot", wrong_slot, "GH-SCAN-0013", "a window outside the file" },
	{ "hold-beyond", hold_beyond, "GH-SCAN-0013", "a release of bytes that it does not hold" },
	{ "too-much", too_much, "GH-SCAN-0013", "more bytes understood than there are" },
	{ "odd-format", odd_format, "GH-SCAN-0013", "a format name with strange characters" },
	{ "times-for-none", times_for_none, "GH-SCAN-0013", "a count for a finding that it did not send" },
	{ "flood", flood, "GH-SCAN-0013", "too many findings" },
	{ "other-job", other_job, "GH-SCAN-0013", "a message about another file" },
	{ "window-flood", window_flood, "GH-SCAN-00", "" }, /* never reads the answers */
	{ "leave", leave, "GH-SCAN-0006", "exit status 7" },
	{ "crash", crash, "GH-SCAN-0006", "signal 6" },
	{ "hang", hang, "GH-SCAN-0007", "stopped after 4 s (--limit-time)" },
	{ "two-dones", two_dones, NULL, NULL },
	{ "escape-codes", escape_codes, "GH-COV-0001", "clean\\x1b[2K\\u202e" },
};

enum { SILENT = 4711 }; /* a depth that asks the worker to say nothing at all */

static int fake_worker(const char *depth)
{
	struct gh_packet p;
	if (atoi(depth) == SILENT)
		hang();
	say(GH_FROM_READY, 0, 0, 0, 0, NULL, 0);
	for (ssize_t n; (n = gh_ipc_recv(GH_WORKER_SOCK, &p, sizeof p, NULL, 0)) > 0;) {
		if (p.m.kind != GH_TO_JOB)
			continue;
		job = p.m.job;
		void (*act)(void) = fine;
		for (size_t i = 0; i < GH_ROWS(rows); i++)
			if (p.m.len == strlen(rows[i].name) && memcmp(p.text, rows[i].name, p.m.len) == 0)
				act = rows[i].act;
		act();
	}
	return 0;
}

static char dir[] = "/tmp/gh-test-worker-XXXXXX";

static void put(const char *name)
{
	char path[200];
	(void)snprintf(path, sizeof path, "%s/%s", dir, name);
	FILE *f = fopen(path, "w");
	assert_non_null(f);
	assert_int_equal(fwrite("data", 1, 4, f), 4);
	assert_int_equal(fclose(f), 0);
}

static int set_up(void **st)
{
	(void)st;
	if (mkdtemp(dir) == NULL)
		return -1;
	put("a-first");
	put("z-last");
	return 0;
}

static int tear_down(void **st)
{
	(void)st;
	char cmd[240];
	(void)snprintf(cmd, sizeof cmd, "%s/a-first", dir);
	(void)unlink(cmd);
	(void)snprintf(cmd, sizeof cmd, "%s/z-last", dir);
	(void)unlink(cmd);
	return rmdir(dir);
}

static const struct gh_file_report *file_named(const struct gh_scan_report *r, const char *name)
{
	for (size_t i = 0; i < r->nfile; i++)
		if (strcmp(strrchr(r->file[i].path, '/') + 1, name) == 0)
			return &r->file[i];
	return NULL;
}

static const struct gh_finding *finding(const struct gh_file_report *f, const char *id)
{
	for (size_t i = 0; i < f->nfinding; i++)
		if (strncmp(f->finding[i].rule->id, id, strlen(id)) == 0)
			return &f->finding[i];
	return NULL;
}

/* For what ends by the clock alone; long enough for the other files on a machine that has much else to do. */
enum { BY_THE_CLOCK = 4, NEVER_REACHED = 120 };

static void scan_with(const char *bad, unsigned seconds, struct gh_scan **s, const struct gh_scan_report **r)
{
	struct gh_scan_options opt = gh_scan_options_default;
	opt.worker = "/proc/self/exe";
	opt.seconds = seconds;
	opt.jobs = 1; /* one worker takes all three files: the bad one is its second */
	struct gh_err err = { 0 };
	const char *path[] = { dir };
	put(bad);
	assert_int_equal(gh_scan_run(path, 1, &opt, s, r, &err), GH_OK);
	char name[200];
	(void)snprintf(name, sizeof name, "%s/%s", dir, bad);
	assert_int_equal(unlink(name), 0);
}

static void misbehaviour_is_a_finding_and_harms_no_other_file(void **st)
{
	(void)st;
	for (size_t i = 0; i < GH_ROWS(rows); i++) {
		struct gh_scan *s;
		const struct gh_scan_report *r;
		if (rows[i].id == NULL)
			continue;
		print_message("  %s\n", rows[i].name);
		bool stays = rows[i].act == hang || rows[i].act == window_flood;
		scan_with(rows[i].name, stays ? BY_THE_CLOCK : NEVER_REACHED, &s, &r);
		assert_int_equal(r->nfile, 3);
		const struct gh_file_report *f = file_named(r, rows[i].name);
		assert_non_null(f);
		const struct gh_finding *g = finding(f, rows[i].id);
		assert_non_null(g);
		if (strstr(g->detail, rows[i].detail) == NULL)
			fail_msg("says: %s", g->detail);
		assert_int_not_equal(f->verdict, GH_CLEAN);
		assert_int_equal(strlen(f->sha256), 64); /* the digest does not depend on the worker */
		assert_int_equal(file_named(r, "a-first")->verdict, GH_CLEAN);
		assert_int_equal(file_named(r, "z-last")->verdict, GH_CLEAN);
		gh_scan_free(s);
	}
}

static void a_word_out_of_turn_costs_the_worker_its_credit(void **st)
{
	(void)st;
	struct gh_scan *s;
	const struct gh_scan_report *r;
	/* The second DONE would answer for the file after it. */
	scan_with("two-dones", NEVER_REACHED, &s, &r);
	const struct gh_file_report *f = file_named(r, "z-last");
	assert_int_equal(f->verdict, GH_CLEAN);
	assert_string_equal(f->format, "fake");
	assert_int_equal(f->understood, 4); /* by its own scan: the stray answer said 3 */
	gh_scan_free(s);
}

static void workers_are_replaced_before_they_grow_old(void **st)
{
	(void)st;
	enum { FILES = GH_WORKER_JOBS + 50 };
	struct gh_scan_options opt = gh_scan_options_default;
	opt.worker = "/proc/self/exe";
	opt.jobs = 1;
	struct gh_err err = { 0 };
	struct gh_scan *s;
	const struct gh_scan_report *r;
	const char *path[] = { dir, dir }; /* two artifacts: no worker serves both */
	char name[64];
	for (int i = 0; i < FILES; i++) {
		(void)snprintf(name, sizeof name, "m%d", i);
		put(name);
	}
	assert_int_equal(gh_scan_run(path, 2, &opt, &s, &r, &err), GH_OK);
	assert_int_equal(r->nfile, 2 * (FILES + 2));
	assert_int_equal(r->verdict, GH_CLEAN);
	gh_scan_free(s);
	for (int i = 0; i < FILES; i++) {
		char full[200];
		(void)snprintf(full, sizeof full, "%s/m%d", dir, i);
		assert_int_equal(unlink(full), 0);
	}
}

static void a_file_cut_while_it_is_read_is_told_at_once(void **st)
{
	(void)st;
	enum { HAS = GH_BLOCK + 1000, SAYS = 2 * GH_BLOCK + 1000 };
	struct gh_scan_options opt = gh_scan_options_default;
	opt.worker = "/proc/self/exe";
	opt.seconds = NEVER_REACHED;
	struct gh_worker w;
	struct gh_err err = { 0 };
	struct gh_outcome out;
	struct stat file;
	gh_auto_arena arena = { .max = 1 << 20 };
	FILE *f = tmpfile();
	assert_non_null(f);
	assert_int_equal(ftruncate(fileno(f), HAS), 0);
	assert_int_equal(fstat(fileno(f), &file), 0);
	file.st_size = SAYS; /* what it was when the scan began */
	assert_true(gh_worker_open(&w));
	assert_int_equal(gh_worker_start(&w, &opt, &err), GH_OK);
	time_t before = time(NULL);
	assert_int_equal(gh_worker_scan(&w, &opt, fileno(f), &file, "cut", (struct gh_ranges){ 0 }, &arena, &out, NULL,
					NULL, &err),
			 GH_OK);
	assert_true(time(NULL) - before < NEVER_REACHED / 2);
	assert_int_equal(out.nfinding, 1);
	assert_string_equal(out.finding[0].rule->id, "GH-SCAN-0008");
	assert_string_equal(out.sha256, "");
	assert_int_equal(out.understood, 0);
	gh_worker_close(&w);
	assert_int_equal(fclose(f), 0);
}

static void a_missing_worker_is_an_error_not_a_verdict(void **st)
{
	(void)st;
	struct gh_scan_options opt = gh_scan_options_default;
	opt.worker = "/nonexistent/gatehouse-worker";
	struct gh_err err = { 0 };
	struct gh_scan *s = NULL;
	const struct gh_scan_report *r = NULL;
	const char *path[] = { dir };
	char line[400];
	assert_int_not_equal(gh_scan_run(path, 1, &opt, &s, &r, &err), GH_OK);
	assert_non_null(strstr(gh_err_line(&err, line, sizeof line),
			       "cannot start /nonexistent/gatehouse-worker: No such file"));
}

static void a_worker_that_cannot_lock_itself_down_parses_nothing(void **st)
{
	(void)st;
	struct gh_scan_options opt = gh_scan_options_default;
	opt.worker = "/bin/true"; /* ends without a word */
	struct gh_err err = { 0 };
	struct gh_scan *s = NULL;
	const struct gh_scan_report *r = NULL;
	const char *path[] = { dir };
	char line[400];
	assert_int_equal(gh_scan_run(path, 1, &opt, &s, &r, &err), GH_E_DENIED);
	assert_non_null(strstr(gh_err_line(&err, line, sizeof line), "ended before it was locked down"));
}

/* Before the first message there is no file in hand whose limit could end it. */
static void a_worker_that_says_nothing_is_not_waited_for(void **st)
{
	(void)st;
	struct gh_scan_options opt = gh_scan_options_default;
	opt.worker = "/proc/self/exe";
	opt.limits.depth = SILENT;
	opt.seconds = 1;
	opt.jobs = 1;
	struct gh_err err = { 0 };
	struct gh_scan *s = NULL;
	const struct gh_scan_report *r = NULL;
	const char *path[] = { dir };
	char line[400];
	time_t before = time(NULL);
	assert_int_equal(gh_scan_run(path, 1, &opt, &s, &r, &err), GH_E_LIMIT);
	assert_true(time(NULL) - before < 60);
	assert_non_null(strstr(gh_err_line(&err, line, sizeof line),
			       "did not say within 3 s (--limit-time) that it is locked down"));
}

int main(int argc, char **argv)
{
	if (argc > 1 &&
	    strcmp(argv[0], "gatehouse-worker") == 0) /* never the tests in a worker: they would start more */
		return fake_worker(argv[1]);
	const struct CMUnitTest t[] = {
		cmocka_unit_test(misbehaviour_is_a_finding_and_harms_no_other_file),
		cmocka_unit_test(a_word_out_of_turn_costs_the_worker_its_credit),
		cmocka_unit_test(workers_are_replaced_before_they_grow_old),
		cmocka_unit_test(a_file_cut_while_it_is_read_is_told_at_once),
		cmocka_unit_test(a_missing_worker_is_an_error_not_a_verdict),
		cmocka_unit_test(a_worker_that_cannot_lock_itself_down_parses_nothing),
		cmocka_unit_test(a_worker_that_says_nothing_is_not_waited_for),
	};
	return cmocka_run_group_tests_name("worker", t, set_up, tear_down);
}
