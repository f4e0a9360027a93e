/* The rule compiler: what it accepts, what it refuses and how it says so. It is run as the program it is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static char dir[] = "/tmp/gh-rulec-XXXXXX";

/* Built here from its source: the test needs no path of the build tree. */
static int setup(void **state)
{
	char cmd[300];
	(void)state;
	if (mkdtemp(dir) == NULL)
		return -1;
	(void)snprintf(cmd, sizeof cmd, "cc -std=gnu17 -D_GNU_SOURCE -Isrc tools/rulec.c -o %s/rulec 2> /dev/null",
		       dir);
	if (system(cmd) != 0)
		print_message("no C compiler here, or not started in the source tree\n");
	return 0;
}

static int teardown(void **state)
{
	char cmd[100];
	(void)state;
	(void)snprintf(cmd, sizeof cmd, "rm -r %s", dir);
	return system(cmd);
}

static void need_compiler(void)
{
	char path[100];
	(void)snprintf(path, sizeof path, "%s/rulec", dir);
	if (access(path, X_OK) != 0)
		skip();
}

static void slurp(const char *name, char *out, size_t cap)
{
	char path[100];
	(void)snprintf(path, sizeof path, "%s/%s", dir, name);
	FILE *f = fopen(path, "rb");
	size_t n = f == NULL ? 0 : fread(out, 1, cap - 1, f);
	if (f != NULL)
		(void)fclose(f);
	out[n] = '\0';
}

/* Compile the text; the exit status, with messages in `said` and tables in `out`. */
static int compile(const char *text, char *said, size_t cap, char *out, size_t ocap)
{
	char path[100], cmd[400];
	(void)snprintf(path, sizeof path, "%s/a.rules", dir);
	FILE *f = fopen(path, "wb");
	if (f == NULL || fputs(text, f) < 0 || fclose(f) != 0)
		return -1;
	(void)snprintf(cmd, sizeof cmd, "cd %s && rm -f out.c && ./rulec out.c a.rules 2> said", dir);
	int rc = system(cmd);
	slurp("said", said, cap);
	slurp("out.c", out, ocap);
	return rc;
}

#define DATE "date 2026-01-02\n"
#define GROUP "allow X new=none build=dict_state\nwhy because\n"
static const struct {
	const char *what, *text;
	const char *say; /* NULL: accepted */
	const char *out;
} rows[] = {
	{ "a group", DATE GROUP "a.b: C D.E\n", NULL, "{ \"a.b\", \"C\", 0 },\n\t{ \"a.b\", \"D.E\", 0 }," },
	{ "sorted", DATE GROUP "b: Z\na: Z A\n", NULL,
	  "{ \"a\", \"A\", 0 },\n\t{ \"a\", \"Z\", 0 },\n\t{ \"b\", \"Z\", 0 }," },
	{ "comments and tabs", "# x\n" DATE "\n" GROUP "\ta:\tC\n", NULL, "{ \"a\", \"C\", 0 }," },
	{ "a reason of two lines", DATE "allow X import\nwhy one\nwhy two\na: C\n", NULL, "\"one two\"" },
	{ "quotes in a reason", DATE "allow X import\nwhy a \"b\" \\c\na: C\n", NULL, "\"a \\\"b\\\" \\\\c\"" },
	{ "an explanation of a module", DATE "explain code\nwhy runs\nos: *\n", NULL, "{ \"os\", \"*\", 0 }," },
	{ "refused", DATE "refuse commands\nwhy runs\nos: system\n", NULL, "\"executes commands\", \"runs\", 1" },
	{ "the date", DATE GROUP "a: C\n", NULL, "gh_rules_version[] = \"2026-01-02+" },
	{ "what it is and what it holds", DATE "allow X import callable key holds=a,_b new=none\nwhy x\na: C\n", NULL,
	  "0xd, \"a,_b\" }" },
	{ "holds nothing", DATE "allow X import holds=\nwhy x\na: C\n", "one list of attributes", NULL },
	{ "holds twice", DATE "allow X import holds=a holds=b\nwhy x\na: C\n", "one list of attributes", NULL },
	{ "a word with a constraint", DATE "allow X callable=any\nwhy x\na: C\n", "takes no constraint", NULL },
	{ "no date", GROUP "a: C\n", "a.rules:1: a rule file starts with", NULL },
	{ "an empty file", "", "a rule file starts with", NULL },
	{ "a false date", "date 2026-1-2\n" GROUP "a: C\n", "a.rules:1: one 'date", NULL },
	{ "two dates", DATE DATE GROUP "a: C\n", "a.rules:2: one 'date", NULL },
	{ "twice", DATE GROUP "a: C\na: C\n", "a.rules:5: a: C is already in a.rules:4", NULL },
	{ "twice in two groups", DATE GROUP "a: C\nreview X import\nwhy y\na: C\n", "is already in", NULL },
	{ "a wildcard in the allow list", DATE GROUP "os: *\n", "a.rules:4: '*' is not an exact name", NULL },
	{ "a prefix", DATE GROUP "os: sys*\n", "is not an exact name", NULL },
	{ "a refused module", DATE "refuse code\nwhy x\nos: *\n", "is not an exact name", NULL },
	{ "no reason", DATE "allow X import\na: C\n", "before the head of its group and its 'why'", NULL },
	{ "no entries", DATE GROUP, "a.rules:2: group without entries", NULL },
	{ "no group", DATE "a: C\n", "before the head of its group", NULL },
	{ "an unknown use", DATE "allow X call=any\nwhy x\na: C\n", "unknown use 'call'", NULL },
	{ "an unknown constraint", DATE "allow X new=anything\nwhy x\na: C\n", "unknown constraint 'anything'", NULL },
	{ "no constraint", DATE "allow X new\nwhy x\na: C\n", "'new' wants =CONSTRAINT", NULL },
	{ "a callable that takes anything", DATE "allow X reduce=any\nwhy x\na: C\n",
	  "'any' is for items of containers", NULL },
	{ "a use given twice", DATE "allow X new=plain new=none\nwhy x\na: C\n", "given twice", NULL },
	{ "no use at all", DATE "allow X\nwhy x\na: C\n", "say how it may be used", NULL },
	{ "makes without a call", DATE "allow X import makes=0\nwhy x\na: C\n", "makes= without reduce=", NULL },
	{ "an unknown category", DATE "explain magic\nwhy x\na: C\n", "unknown category 'magic'", NULL },
	{ "a capability", DATE "python process\nwhy x\nos: system\n?: popen\n", NULL, "{ \"?\", \"popen\", 0 }" },
	{ "a path in source", DATE "python sink\nwhy x\nsocket.socket(): send\nm: *\n", NULL,
	  "{ \"socket.socket()\", \"send\", 0 }" },
	{ "an unknown capability", DATE "python magic\nwhy x\na: C\n", "unknown capability 'magic'", NULL },
	{ "two capabilities", DATE "python code network\nwhy x\na: C\n", "more words than one capability", NULL },
	{ "no path", DATE "python code\nwhy x\na: b/c\n", "is not an exact name", NULL },
	{ "an unknown line", DATE GROUP "hello world\n", "expected 'module: name ...'", NULL },
	{ "a bad module", DATE GROUP "a..b: C\n", "not a module name", NULL },
	{ "a digit first", DATE GROUP "a: 1C\n", "is not an exact name", NULL },
	{ "a control character", DATE GROUP "a: C\x01\n", "control character", NULL },
	{ "no newline at the end", DATE GROUP "a: C", "without its end", NULL },
	{ "a late reason", DATE GROUP "a: C\nwhy more\n", "'why' belongs between", NULL },
};

static void test_rows(void **state)
{
	static char said[4000], out[8000];
	(void)state;
	need_compiler();
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		int rc = compile(rows[i].text, said, sizeof said, out, sizeof out);
		bool ok = rows[i].say == NULL ? rc == 0 && strstr(out, rows[i].out) != NULL
					      : rc != 0 && strstr(said, rows[i].say) != NULL && out[0] == '\0';
		if (!ok)
			fail_msg("%s: status %d, said \"%s\", wrote \"%s\"", rows[i].what, rc, said, out);
	}
}

/* The same content gives the same tables; another content another version. */
static void test_deterministic(void **state)
{
	static char said[4000], one[8000], two[8000];
	(void)state;
	need_compiler();
	assert_int_equal(compile(DATE GROUP "a: C\n", said, sizeof said, one, sizeof one), 0);
	assert_int_equal(compile(DATE GROUP "a: C\n", said, sizeof said, two, sizeof two), 0);
	assert_string_equal(one, two);
	assert_int_equal(compile(DATE "# x\n" GROUP "a: C\n", said, sizeof said, two, sizeof two), 0);
	assert_string_not_equal(one, two);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_rows), cmocka_unit_test(test_deterministic) };
	return cmocka_run_group_tests(tests, setup, teardown);
}
