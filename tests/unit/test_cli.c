/* The command line, run in memory: what each call answers, on which stream and with which status; that help, completion
 * and the manual know every subcommand and option; and that an output file is whole or absent. */
#include "cli/cli.h"
#include "cli/scan_args.h"
#include "format/format.h"
#include "support/events.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define LEN(a) (sizeof(a) / sizeof((a)[0]))

struct ran {
	int rc;
	char *out, *err;
};

/* Words are separated by single spaces; "\x1f" stands for a space inside a word. */
static struct ran run(const char *line)
{
	char copy[512], *argv[32] = { NULL }, *save = NULL;
	int argc = 0;
	(void)snprintf(copy, sizeof copy, "%s", line);
	for (char *w = strtok_r(copy, " ", &save); w != NULL && argc < 31; w = strtok_r(NULL, " ", &save)) {
		for (char *p = w; (p = strchr(p, '\x1f')) != NULL;)
			*p = ' ';
		argv[argc++] = w;
	}
	struct ran r = { 0 };
	size_t n;
	struct gh_cli cli = { .out = open_memstream(&r.out, &n), .err = open_memstream(&r.err, &n) };
	assert_non_null(cli.out);
	assert_non_null(cli.err);
	r.rc = gh_cli_main(&cli, argc, argv);
	assert_int_equal(fclose(cli.out), 0);
	assert_int_equal(fclose(cli.err), 0);
	return r;
}

static void done(struct ran *r)
{
	free(r->out);
	free(r->err);
}

static void answers(void **state)
{
	static const struct {
		const char *line;
		int rc;
		const char *out, *err; /* NULL: that stream stays empty */
	} row[] = {
		{ "gatehouse", 64, NULL, "Usage: gatehouse COMMAND" },
		{ "gatehouse --help", 0, "Usage: gatehouse COMMAND", NULL },
		{ "gatehouse -h", 0, "scan        Inspect", NULL },
		{ "gatehouse help", 0, "Exit status: 0 clean", NULL },
		{ "gatehouse help scan", 0, "--limit-ratio N", NULL },
		{ "gatehouse scan --help", 0, "-o, --output FILE", NULL },
		{ "gatehouse scan --jobs 0 --help", 64, NULL, "--jobs: '0' is not a number from 1 to 64" },
		{ "gatehouse scan -h x", 0, "Exit status:", NULL },
		{ "gatehouse explain -h", 0, "Usage: gatehouse explain", NULL },
		{ "gatehouse --version", 0, "gatehouse " GH_VERSION ", rules ", NULL },
		{ "gatehouse version -f json", 0, "\"version\": \"" GH_VERSION "\"", NULL },
		{ "gatehouse --frobnicate", 64, NULL,
		  "gatehouse: the first argument is a command, not '--frobnicate'; see" },
		{ "gatehouse scna x", 64, NULL, "no command 'scna' (did you mean 'scan'?); see 'gatehouse --help'\n" },
		{ "gatehouse zzzzzzzz", 64, NULL, "no command 'zzzzzzzz'; see" },
		{ "gatehouse \033[31m", 64, NULL, "no command '\\x1b[31m'" },
		{ "gatehouse scan", 64, NULL, "gatehouse: scan: nothing to work on" },
		{ "gatehouse scan --jobs x a", 64, NULL,
		  "gatehouse: scan: --jobs: 'x' is not a number from 1 to 64; see 'gatehouse scan --help'\n" },
		{ "gatehouse scan --jobs=-1 a", 64, NULL, "--jobs: '-1' is not" },
		{ "gatehouse scan --jobs=+1 a", 64, NULL, "--jobs: '+1' is not" },
		{ "gatehouse scan --jobs=1x a", 64, NULL, "--jobs: '1x' is not" },
		{ "gatehouse scan --jobs=\x1f"
		  "1 a",
		  64, NULL, "--jobs: ' 1' is not" },
		{ "gatehouse scan --jobs= a", 64, NULL, "--jobs: '' is not" },
		{ "gatehouse scan --jobs=18446744073709551617 a", 64, NULL, "is not a number" },
		{ "gatehouse scan a --jobs", 64, NULL, "--jobs needs a value: N" },
		{ "gatehouse scan -j", 64, NULL, "--jobs needs a value: N" },
		{ "gatehouse scan --limit-time 0 a", 64, NULL, "is not a number from 1 to 86400" },
		{ "gatehouse scan --limit-expanded 0 a", 64, NULL, "--limit-expanded: '0' is not a size" },
		{ "gatehouse scan --limit-expanded 1KB a", 64, NULL, "'1KB' is not a size" },
		{ "gatehouse scan --limit-expanded K a", 64, NULL, "'K' is not a size" },
		{ "gatehouse scan --limit-expanded 20000000000G a", 64, NULL, "is not a size" },
		{ "gatehouse scan --limit-expanded 2097152T a", 64, NULL, "is not a size" },
		{ "gatehouse scan --limit-memory 5 a", 64, NULL, "'5' is not a size from 64M" },
		{ "gatehouse scan --format xml a", 64, NULL, "--format: 'xml' is not one of text|json|sarif|html" },
		{ "gatehouse scan --format jso a", 64, NULL, "'jso' is not one of" },
		{ "gatehouse scan --fromat json a", 64, NULL, "no option --fromat (did you mean --format?)" },
		{ "gatehouse scan --f json a", 64, NULL, "no option --f" },
		{ "gatehouse scan --quiet=1 a", 64, NULL, "--quiet takes no value" },
		{ "gatehouse scan -qx a", 64, NULL, "no option -x" },
		{ "gatehouse scan -q -v a", 64, NULL, "contradict" },
		{ "gatehouse scan --output= a", 64, NULL, "the name of the file is empty" },
		{ "gatehouse scan --output /nonexistent/r.json a", 2, NULL, "'/nonexistent/r.json': its directory" },
		{ "gatehouse scan --output / a", 2, NULL, "'/': is a directory" },
		{ "gatehouse scan --output CMakeLists.txt CMakeLists.txt", 64, NULL, "would be overwritten" },
		{ "gatehouse scan --output ./CMakeLists.txt src CMakeLists.txt", 64, NULL, "would be overwritten" },
		{ "gatehouse formats", 0, "Anything else is INCOMPLETE", NULL },
		{ "gatehouse formats --format json", 0, "\"formats\": [", NULL },
		{ "gatehouse formats x", 64, NULL, "'x': no argument is expected" },
		{ "gatehouse checks", 0, "GH-SCAN-0001  medium    INCOMPLETE ", NULL },
		{ "gatehouse checks --format=json", 0, "\"id\": \"GH-SCAN-0001\"", NULL },
		{ "gatehouse explain", 64, NULL, "nothing to work on" },
		{ "gatehouse explain GH-SCAN-0001", 0, "Effect on the verdict   INCOMPLETE", NULL },
		{ "gatehouse explain gh-scan-0001 GH-COV-0003", 0, "\nGH-COV-0003  ", NULL },
		{ "gatehouse explain -fjson GH-SCAN-0001", 0, "\"owner\": \"pipeline\"", NULL },
		{ "gatehouse explain GH-SCAN-001", 64, NULL, "no rule 'GH-SCAN-001' (did you mean GH-SCAN-0001" },
		{ "gatehouse explain GH-COV-0003 x", 64, NULL, "no rule 'x'; 'gatehouse checks' lists them all\n" },
		{ "gatehouse completion", 64, NULL, "nothing to work on" },
		{ "gatehouse completion tcsh", 64, NULL, "bash zsh fish" },
		{ "gatehouse completion bash zsh", 64, NULL, "'zsh': one argument too many" },
		{ "gatehouse help x", 64, NULL, "no command 'x'" },
	};
	(void)state;
	for (size_t i = 0; i < LEN(row); i++) {
		struct ran r = run(row[i].line);
		if (r.rc != row[i].rc)
			fail_msg("%s: status %d, not %d\n%s%s", row[i].line, r.rc, row[i].rc, r.out, r.err);
		if (row[i].out == NULL ? r.out[0] != '\0' : strstr(r.out, row[i].out) == NULL)
			fail_msg("%s: out: %s", row[i].line, r.out);
		if (row[i].err == NULL ? r.err[0] != '\0' : strstr(r.err, row[i].err) == NULL)
			fail_msg("%s: err: %s", row[i].line, r.err);
		done(&r);
	}
}

/* Every message is one line; usage errors say where help is. */
static void messages_are_one_line(void **state)
{
	static const char *const line[] = { "gatehouse scan --jobs a\nb c", "gatehouse a\nb",
					    "gatehouse explain a\nb",	    "gatehouse scan --a\nb",
					    "gatehouse scan -\n",	    "gatehouse scan --output a\nb/c d" };
	(void)state;
	for (size_t i = 0; i < LEN(line); i++) {
		struct ran r = run(line[i]);
		assert_true(r.rc == GH_EXIT_USAGE || r.rc == GH_EXIT_UNFINISHED);
		assert_ptr_equal(strchr(r.err, '\n'), r.err + strlen(r.err) - 1);
		done(&r);
	}
}

/* Parse by scan's table alone. */
static int parse(const char *line, struct gh_scan_args *a, char **argv, size_t *n, char *copy)
{
	int argc = 0;
	char *save = NULL;
	(void)strcpy(copy, line);
	for (char *w = strtok_r(copy, " ", &save); w != NULL; w = strtok_r(NULL, " ", &save))
		argv[argc++] = w;
	FILE *null = fopen("/dev/null", "w");
	struct gh_cli cli = { .out = null, .err = null };
	*a = gh_scan_args_default();
	int rc = gh_cli_options(&cli, gh_cmd_named("scan"), argc, argv, a, n);
	(void)fclose(null);
	return rc;
}

static void options_are_read(void **state)
{
	(void)state;
	struct gh_scan_args a;
	char *argv[32], copy[256];
	size_t n;
	assert_int_equal(
		parse("a -f json b --limit-expanded=2g -qj3 --color never -- --verbose -x", &a, argv, &n, copy),
		GH_CLI_GO);
	assert_int_equal(n, 4);
	assert_string_equal(argv[0], "a");
	assert_string_equal(argv[1], "b");
	assert_string_equal(argv[2], "--verbose");
	assert_string_equal(argv[3], "-x");
	assert_int_equal(a.format, GH_SCAN_JSON);
	assert_int_equal(a.expanded, (uint64_t)2 << 30);
	assert_int_equal(a.jobs, 3);
	assert_int_equal(a.colour, GH_WHEN_NEVER);
	assert_true(a.quiet && !a.verbose);

	assert_int_equal(parse("- --output - --fail-on review --limit-memory 256 --limit-ratio 7 --limit-time 5", &a,
			       argv, &n, copy),
			 GH_CLI_GO);
	assert_int_equal(n, 1);
	assert_string_equal(argv[0], "-");
	assert_string_equal(a.output, "-");
	assert_int_equal(a.fail_on, GH_FAIL_REVIEW);
	assert_int_equal(a.memory, 256 << 20);
	struct gh_scan_options o = gh_scan_args_options(&a);
	assert_int_equal(o.memory, 256 << 20);
	assert_int_equal(o.limits.ratio, 7);
	assert_int_equal(o.seconds, 5);
	assert_int_equal(o.limits.steps, gh_scan_options_default.limits.steps);

	assert_int_equal(parse("--limit-memory 2GiB --limit-expanded 17 --limit-members 4 --limit-depth 5 a", &a, argv,
			       &n, copy),
			 GH_CLI_GO);
	assert_int_equal(a.memory, (uint64_t)2 << 30);
	assert_int_equal(a.expanded, 17);
	assert_int_equal(a.members, 4);
	assert_int_equal(a.depth, 5);
}

static const struct gh_opt *scan_opt(const char *name)
{
	const struct gh_opt *o = gh_scan_opts;
	while (o->name != NULL && strcmp(o->name, name) != 0)
		o++;
	assert_non_null(o->name);
	return o;
}

/* The help states defaults; they are the scanner's. */
static void stated_defaults_are_true(void **state)
{
	(void)state;
	struct gh_scan_args a = gh_scan_args_default();
	const struct {
		const char *name;
		uint64_t value;
		const char *unit;
	} row[] = {
		{ "limit-time", a.seconds, "" },
		{ "limit-memory", a.memory >> 20, "" },
		{ "limit-expanded", a.expanded >> 30, "G" },
		{ "limit-depth", a.depth, "" },
		{ "limit-members", a.members, "" },
		{ "limit-ratio", a.ratio, "" },
	};
	for (size_t i = 0; i < LEN(row); i++) {
		char text[64];
		(void)snprintf(text, sizeof text, "(%llu%s)", (unsigned long long)row[i].value, row[i].unit);
		if (strstr(scan_opt(row[i].name)->about, text) == NULL)
			fail_msg("--%s: the help does not say %s", row[i].name, text);
	}
	assert_true(a.jobs >= 1 && a.jobs <= 64);
}

static void everything_is_documented(void **state)
{
	(void)state;
	struct gh_span man = gh_test_file("docs/man/gatehouse.1.scd");
	assert_non_null(man.p);
	char *text = strndup((const char *)man.p, man.n);
	free((void *)(uintptr_t)man.p);
	static const char *const shell[] = { "bash", "zsh", "fish" };
	for (size_t i = 0; i < gh_cmds_n; i++) {
		const struct gh_cmd *c = gh_cmds[i];
		char want[64];
		(void)snprintf(want, sizeof want, "*gatehouse* *%s*", c->name);
		if (strstr(text, want) == NULL)
			fail_msg("the manual lacks %s", c->name);
		assert_true(strlen(c->about) > 10 && c->about[strlen(c->about) - 1] == '.');
		for (const struct gh_opt *o = c->opts; o != NULL && o->name != NULL; o++) {
			(void)snprintf(want, sizeof want, "*--%s*", o->name);
			if (strstr(text, want) == NULL)
				fail_msg("the manual lacks %s of %s", want, c->name);
			for (size_t k = 0; k < LEN(shell); k++) {
				char line[64];
				(void)snprintf(line, sizeof line, "gatehouse completion %s", shell[k]);
				struct ran r = run(line);
				(void)snprintf(want, sizeof want, k == 2 ? "-l %s" : "--%s", o->name);
				if (r.rc != 0 || strstr(r.out, want) == NULL)
					fail_msg("completion for %s lacks %s", shell[k], want);
				done(&r);
			}
		}
	}
	free(text);
}

static void bash_accepts_its_completion(void **state)
{
	(void)state;
	if (access("/bin/bash", X_OK) != 0) {
		print_message("skipped: no bash\n");
		skip();
	}
	struct ran r = run("gatehouse completion bash");
	FILE *p = popen(
		"/bin/bash -c 'eval \"$(cat)\"; COMP_WORDS=(gatehouse scan --format = j); COMP_CWORD=4; _gatehouse;"
		" [[ ${COMPREPLY[*]} == json ]] || exit 1; COMP_WORDS=(gatehouse expl); COMP_CWORD=1; _gatehouse;"
		" [[ ${COMPREPLY[*]} == explain ]] || exit 2; COMP_WORDS=(gatehouse explain GH-SCAN-0001); "
		"COMP_CWORD=2;"
		" _gatehouse; [[ ${COMPREPLY[*]} == GH-SCAN-0001 ]] || exit 3'",
		"w");
	assert_non_null(p);
	assert_true(fputs(r.out, p) >= 0);
	assert_int_equal(pclose(p), 0);
	done(&r);
}

static void every_rule_is_explained(void **state)
{
	(void)state;
	const struct gh_rule *rule;
	size_t n = 0;
	for (; (rule = gh_rule_at(n)) != NULL; n++) {
		char line[64];
		(void)snprintf(line, sizeof line, "gatehouse explain %s", rule->id);
		struct ran r = run(line);
		assert_int_equal(r.rc, 0);
		assert_non_null(strstr(r.out, rule->title));
		assert_non_null(strstr(r.out, gh_rule_owner(n)));
		if (rule->fix != NULL)
			assert_non_null(strstr(r.out, rule->fix));
		done(&r);
	}
	assert_true(n > 0);
}

static void exit_status(void **state)
{
	static const struct gh_rule rule[] = { [GH_CLEAN] = { .id = "a", .effect = GH_CLEAN },
					       [GH_REVIEW] = { .id = "b", .effect = GH_REVIEW },
					       [GH_INCOMPLETE] = { .id = "c", .effect = GH_INCOMPLETE },
					       [GH_UNSAFE] = { .id = "d", .effect = GH_UNSAFE } };
	static const struct {
		enum gh_verdict file[2];
		enum gh_verdict finding; /* one more, in the second file */
		int unsafe, review;	 /* status with --fail-on … */
	} row[] = {
		{ { GH_CLEAN, GH_CLEAN }, GH_CLEAN, 0, 0 },
		{ { GH_CLEAN, GH_REVIEW }, GH_REVIEW, 0, 1 },
		{ { GH_CLEAN, GH_INCOMPLETE }, GH_INCOMPLETE, 2, 2 },
		{ { GH_CLEAN, GH_INCOMPLETE }, GH_REVIEW, 2, 1 },
		{ { GH_REVIEW, GH_INCOMPLETE }, GH_INCOMPLETE, 2, 1 },
		{ { GH_UNSAFE, GH_INCOMPLETE }, GH_INCOMPLETE, 1, 1 },
		{ { GH_INCOMPLETE, GH_CLEAN }, GH_UNSAFE, 1, 1 }, /* a contradiction: the worst counts */
	};
	(void)state;
	for (size_t i = 0; i < LEN(row); i++) {
		struct gh_finding f = { .rule = &rule[row[i].finding], .times = 1 };
		struct gh_file_report files[2] = {
			{ .path = "a", .verdict = row[i].file[0] },
			{ .path = "b", .verdict = row[i].file[1], .finding = &f, .nfinding = 1 }
		};
		enum gh_verdict worst = row[i].file[0] > row[i].file[1] ? row[i].file[0] : row[i].file[1];
		struct gh_scan_report r = { .target = "t", .verdict = worst, .file = files, .nfile = 2 };
		assert_int_equal(gh_scan_exit(&r, GH_FAIL_UNSAFE), row[i].unsafe);
		assert_int_equal(gh_scan_exit(&r, GH_FAIL_REVIEW), row[i].review);
	}
	struct gh_scan_report nothing = { .target = "t", .verdict = GH_INCOMPLETE };
	assert_int_equal(gh_scan_exit(&nothing, GH_FAIL_UNSAFE), 2);
	gh_auto_buf b = gh_buf(256);
	gh_scan_brief(&nothing, &b);
	assert_string_equal(gh_buf_cstr(&b), "INCOMPLETE t: no file was scanned\n");
}

static const char *word_at(size_t i, const void *arg) { return ((const char *const *)arg)[i]; }

static void nearest_words(void **state)
{
	static const char *const word[] = { "format", "fail-on", "quiet", "jobs" };
	static const struct {
		const char *typed;
		size_t index;
	} row[] = { { "fromat", 0 }, { "FORMAT", 0 },	   { "failon", 1 },
		    { "job", 3 },    { "zzzz", SIZE_MAX }, { "", SIZE_MAX } };
	(void)state;
	for (size_t i = 0; i < LEN(row); i++)
		assert_int_equal(gh_nearest(row[i].typed, LEN(word), word_at, word), row[i].index);
	assert_int_equal(gh_edits("", ""), 0);
	assert_int_equal(gh_edits("abc", ""), 3);
	assert_int_equal(gh_edits("kitten", "sitting"), 3);
	char longer[300];
	memset(longer, 'x', sizeof longer - 1);
	longer[sizeof longer - 1] = '\0';
	assert_int_equal(gh_edits(longer, longer), 0);
	assert_int_equal(gh_edits(longer, "y"), 63);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(answers),
		cmocka_unit_test(messages_are_one_line),
		cmocka_unit_test(options_are_read),
		cmocka_unit_test(stated_defaults_are_true),
		cmocka_unit_test(everything_is_documented),
		cmocka_unit_test(bash_accepts_its_completion),
		cmocka_unit_test(every_rule_is_explained),
		cmocka_unit_test(exit_status),
		cmocka_unit_test(nearest_words),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
