/* The lists hold together: every format, check, subcommand and rule has what it must land with. Runs in the root of the
 * tree. What is missing is listed in full, not only the first. */
#include "support/cm.h"

#include "check/check.h"
#include "cli/cli.h"
#include "format/format.h"
#include "scan/report.h"
#include "support/events.h"

#include <ctype.h>
#include <dirent.h>
#include <fnmatch.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

enum { SEEDS_MIN = 3 };

/* ---- finding out ---------------------------------------------------------------------------------------------- */

static unsigned missing;

static void __attribute__((format(printf, 1, 2))) lacks(const char *fmt, ...)
{
	va_list ap;
	missing++;
	(void)fputs("lacks: ", stderr);
	va_start(ap, fmt);
	(void)vfprintf(stderr, fmt, ap);
	va_end(ap);
	(void)fputc('\n', stderr);
}

static void settle(void)
{
	unsigned n = missing;
	missing = 0;
	if (n != 0)
		fail_msg("%u missing, listed above", n);
}

/* All files that match a pattern, one after the other, as one text. The caller frees it. */
static char *texts(const char *const *pattern, size_t n, const char *except)
{
	char *all = calloc(1, 1);
	size_t len = 0;
	for (size_t k = 0; k < n; k++) {
		glob_t g;
		if (glob(pattern[k], 0, NULL, &g) != 0)
			continue;
		for (size_t i = 0; i < g.gl_pathc; i++) {
			if (except != NULL && fnmatch(except, g.gl_pathv[i], 0) == 0)
				continue;
			struct gh_span s = gh_test_file(g.gl_pathv[i]);
			all = realloc(all, len + s.n + 2);
			assert_non_null(all);
			for (size_t j = 0; j < s.n; j++)
				all[len + j] = (char)(s.p[j] == '\0' ? ' ' : s.p[j]);
			len += s.n;
			all[len++] = '\n';
			all[len] = '\0';
			free((void *)(size_t)s.p);
		}
		globfree(&g);
	}
	return all;
}

static char *unit_tests(void)
{
	static const char *const where[] = { "tests/unit/*.c", "tests/unit/*.h", "tests/unit/*.py" };
	return texts(where, GH_ROWS(where), "tests/unit/test_lists.c");
}

static char *all_tests(void)
{
	static const char *const where[] = { "tests/unit/*.c", "tests/unit/*.h", "tests/unit/*.py", "tests/e2e/*",
					     "tests/yara/*.py" };
	return texts(where, GH_ROWS(where), "tests/unit/test_lists.c");
}

static bool mentions(const char *text, const char *fmt, const char *word)
{
	char what[200];
	(void)snprintf(what, sizeof what, fmt, word);
	return strstr(text, what) != NULL;
}

static bool lower_name(const char *s)
{
	size_t n = strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789-");
	return n > 0 && s[n] == '\0' && s[0] != '-';
}

/* "None" is an answer too. */
static bool says_something(const char *s) { return s != NULL && strlen(s) >= 4; }

static size_t files_in(const char *dir)
{
	DIR *d = opendir(dir);
	size_t n = 0;
	for (struct dirent *e; d != NULL && (e = readdir(d)) != NULL;)
		n += e->d_name[0] != '.';
	if (d != NULL)
		(void)closedir(d);
	return n;
}

/* ---- formats ---------------------------------------------------------------------------------------------------- */

/* The symbol of the row with that name: what stands before its .name in the source. */
static void row_symbol(const char *source, const char *prefix, const char *name, char symbol[100])
{
	char field[120];
	(void)snprintf(field, sizeof field, ".name = \"%s\"", name);
	const char *at = strstr(source, field), *best = NULL;
	for (const char *p = source; at != NULL && (p = strstr(p, prefix)) != NULL && p < at; p++)
		best = p;
	(void)snprintf(symbol, 100, "%.*s",
		       best == NULL ? 0 : (int)strspn(best, "abcdefghijklmnopqrstuvwxyz0123456789_"), best);
}

static void named_in_tests(const char *tests, const char *source, const char *kind, const char *name,
			   const char *prefix)
{
	char symbol[100];
	row_symbol(source, prefix, name, symbol);
	if (!mentions(tests, "\"%s\"", name) && (symbol[0] == '\0' || !mentions(tests, "%s", symbol)))
		lacks("%s %s: no table test in tests/unit names it", kind, name);
}

static void formats_are_complete(void **state)
{
	(void)state;
	char *tests = unit_tests();
	static const char *const where[] = { "docs/formats.md" };
	static const char *const code[] = { "src/format/*.c", "src/format/*/*.c" };
	char *docs = texts(where, 1, NULL), *source = texts(code, GH_ROWS(code), NULL);
	assert_true(gh_fmts_n > 0);
	for (size_t i = 0; i < gh_fmts_n; i++) {
		const struct gh_fmt *f = gh_fmts[i];
		char dir[200];
		if (!lower_name(f->name))
			lacks("format %s: a name of small letters, digits and hyphens", f->name);
		if (f->about == NULL || strlen(f->about) < 8)
			lacks("format %s: a line that says what it is", f->name);
		if (f->exts == NULL || f->probe == NULL)
			lacks("format %s: extensions (\"\" if any) and a probe", f->name);
		for (const char *e = f->exts; e != NULL && *e != '\0'; e++)
			if (isupper((unsigned char)*e) || *e == '.')
				lacks("format %s: extensions in small letters, without dots", f->name);
		(void)snprintf(dir, sizeof dir, "tests/fuzz/seeds/%s", f->name);
		size_t want = f->walk != NULL ? SEEDS_MIN : 1; /* what is only recognised has a probe and no more */
		if (files_in(dir) < want)
			lacks("format %s: %zu seeds in %s (there are %zu)", f->name, want, dir, files_in(dir));
		named_in_tests(tests, source, "format", f->name, "gh_fmt_");
		if (!mentions(docs, "`%s`", f->name))
			lacks("format %s: a line in docs/formats.md (script/docs writes it)", f->name);
	}
	free(tests);
	free(docs);
	free(source);
	settle();
}

/* Names are what reports and `over` refer to: once each; what refines stands before what it refines. */
static void format_names(void **state)
{
	(void)state;
	for (size_t i = 0; i < gh_fmts_n; i++) {
		for (size_t k = 0; k < i; k++)
			if (strcmp(gh_fmts[i]->name, gh_fmts[k]->name) == 0)
				lacks("format %s: a name of its own", gh_fmts[i]->name);
		if (gh_fmts[i]->over == NULL)
			continue;
		size_t general = 0;
		while (general < gh_fmts_n && strcmp(gh_fmts[general]->name, gh_fmts[i]->over) != 0)
			general++;
		if (general == gh_fmts_n)
			lacks("format %s: refines '%s', which is not in the list", gh_fmts[i]->name, gh_fmts[i]->over);
		else if (general < i)
			lacks("format %s: must stand before '%s', which it refines", gh_fmts[i]->name,
			      gh_fmts[i]->over);
		assert_ptr_equal(gh_fmt_named(gh_fmts[i]->name), gh_fmts[i]);
	}
	settle();
}

/* ---- checks and subcommands --------------------------------------------------------------------------------------- */

static void checks_are_complete(void **state)
{
	(void)state;
	char *tests = unit_tests();
	static const char *const where[] = { "docs/checks.md" };
	static const char *const code[] = { "src/check/*.c" };
	char *docs = texts(where, 1, NULL), *source = texts(code, GH_ROWS(code), NULL);
	assert_true(gh_checks_n > 0);
	for (size_t i = 0; i < gh_checks_n; i++) {
		const struct gh_check *c = gh_checks[i];
		if (!lower_name(c->name))
			lacks("check %s: a name of small letters", c->name);
		if (c->about == NULL || strlen(c->about) < 8)
			lacks("check %s: a line that says what it does", c->name);
		bool rules_only = c->events == 0 && c->on == NULL && c->bytes == NULL; /* see check.h */
		if (!rules_only && (c->events >= 1u << GH_EV_KINDS || (c->events != 0) != (c->on != NULL) ||
				    (c->on == NULL && c->bytes == NULL)))
			lacks("check %s: events that exist, and a function", c->name);
		if (c->rules == NULL || c->rules[0].id == NULL)
			lacks("check %s: rules", c->name);
		for (size_t k = 0; k < i; k++)
			if (strcmp(gh_checks[k]->name, c->name) == 0)
				lacks("check %s: a name of its own", c->name);
		named_in_tests(tests, source, "check", c->name, "gh_check_");
		if (!mentions(docs, "`%s`", c->name))
			lacks("check %s: a line in docs/checks.md (script/docs writes it)", c->name);
	}
	free(tests);
	free(docs);
	free(source);
	settle();
}

static void commands_are_complete(void **state)
{
	(void)state;
	char *tests = all_tests();
	static const char *const where[] = { "docs/man/gatehouse.1.scd" };
	char *man = texts(where, 1, NULL);
	assert_true(gh_cmds_n > 0);
	for (size_t i = 0; i < gh_cmds_n; i++) {
		const struct gh_cmd *c = gh_cmds[i];
		if (!lower_name(c->name) || !says_something(c->about) || c->run == NULL)
			lacks("command %s: a name, a sentence about it, a function", c->name);
		if (!mentions(man, "*%s*", c->name))
			lacks("command %s: a place in docs/man/gatehouse.1.scd", c->name);
		if (!mentions(tests, "\"%s", c->name) && !mentions(tests, "'%s", c->name))
			lacks("command %s: a test that runs it", c->name);
		for (const struct gh_opt *o = c->opts; o != NULL && o->name != NULL; o++)
			if (!mentions(man, "*--%s", o->name))
				lacks("command %s: --%s in docs/man/gatehouse.1.scd", c->name, o->name);
	}
	free(tests);
	free(man);
	settle();
}

/* ---- rules ---------------------------------------------------------------------------------------------------------- */

static bool good_id(const char *id)
{
	size_t room = strncmp(id, "GH-", 3) == 0 ? strspn(id + 3, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") : 0;
	const char *number = id + 3 + room;
	return room >= 2 && room <= 6 && fnmatch("-[0-9][0-9][0-9][0-9]", number, 0) == 0;
}

/* Space separated references of the kinds that the reports turn into links. */
static bool good_refs(const char *refs)
{
	static const char *const kind[] = {
		"CWE-[0-9]*", "CVE-[0-9][0-9][0-9][0-9]-[0-9]*", "AML.T[0-9][0-9][0-9][0-9]*", "GHSA-*", "PYSEC-*",
		"RFC[0-9]*"
	};
	char one[64];
	for (size_t n; *refs != '\0'; refs += n, refs += strspn(refs, " ")) {
		bool known = false;
		n = strcspn(refs, " ");
		(void)snprintf(one, sizeof one, "%.*s", (int)n, refs);
		for (size_t k = 0; k < GH_ROWS(kind); k++)
			known = known || fnmatch(kind[k], one, 0) == 0;
		if (!known)
			return false;
	}
	return true;
}

/* A user's YARA rule says severity and effect itself, and what it says is taken as it stands. */
static bool said_by_user(const char *id)
{
	static const char *const rows[] = { "GH-MAL-0010", "GH-MAL-0011", "GH-MAL-0019", "GH-MAL-0020", "GH-MAL-0021" };
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (strcmp(rows[i], id) == 0)
			return true;
	return false;
}

static void rules_are_well_formed(void **state)
{
	(void)state;
	const struct gh_rule *r, *other;
	for (size_t i = 0; (r = gh_rule_at(i)) != NULL; i++) {
		if (!good_id(r->id))
			lacks("rule %s: an id of the form GH-ROOM-0000", r->id);
		for (size_t k = 0; k < i && (other = gh_rule_at(k)) != NULL; k++)
			if (other != r && strcmp(other->id, r->id) == 0)
				lacks("rule %s: an id of its own (%s and %s share it)", r->id, gh_rule_owner(k),
				      gh_rule_owner(i));
		if (r->title == NULL || strlen(r->title) < 6 || strlen(r->title) > 100 ||
		    r->title[strlen(r->title) - 1] == '.')
			lacks("rule %s: a title of one line, without a full stop", r->id);
		if (!says_something(r->gain))
			lacks("rule %s: what an attacker gains", r->id);
		if (!says_something(r->fix))
			lacks("rule %s: what to do", r->id);
		if (r->refs == NULL || !good_refs(r->refs))
			lacks("rule %s: references of known kinds (CWE-, CVE-, AML.T …): '%s'", r->id, r->refs);
		if (r->severity < GH_INFO || r->severity > GH_CRITICAL || r->effect < GH_CLEAN || r->effect > GH_UNSAFE)
			lacks("rule %s: a severity and an effect", r->id);
		if (r->effect == GH_UNSAFE && r->severity < GH_MEDIUM && !said_by_user(r->id))
			lacks("rule %s: what makes a file UNSAFE is at least medium", r->id);
		if (r->effect == GH_CLEAN && r->severity > GH_LOW && !said_by_user(r->id))
			lacks("rule %s: what has no effect on the verdict is info or low", r->id);
		assert_string_equal(gh_rule_by_id(r->id)->id, r->id);
		assert_non_null(gh_rule_owner(i));
	}
	assert_null(gh_rule_by_id("GH-NONE-0000"));
	settle();
}

/* Rows that no file of a test can raise; the shared tables of rows bring some of them along. */
static const struct {
	const char *id, *why;
} unreachable[] = {
	{ "GH-GZ-0003", "a window of 32 KiB never exceeds the memory set aside" },
	{ "GH-ZL-0003", "the same" },
	{ "GH-ZF-0003", "the same" },
	{ "GH-BZ-0003", "4 MiB never exceed it" },
	{ "GH-LZ4-0003", "blocks of 4 MiB never exceed it" },
	{ "GH-LZMA-0003", "the decoder takes memory as content comes, up to what the stream holds" },
	{ "GH-ST-0020", "takes a header of more tensors than 100 MB of text can hold with room to spare" },
	{ "GH-PQ-0006", "takes a footer of a million columns" },
	{ "GH-JSON-0006", "takes a document of hundreds of megabytes" },
	{ "GH-TAR-0113", "`./` and doubled slashes are usual in tar archives and are not reported" },
	{ "GH-7Z-0104", "names end at a NUL there: none can hold one" },
	{ "GH-7Z-0112", "names are UTF-16 there; a broken one is replaced before it is judged" },
	{ "GH-SCAN-0014", "a defect of a reader: there is none to show" },
};

static bool can_be_raised(const char *id)
{
	for (size_t i = 0; i < GH_ROWS(unreachable); i++)
		if (strcmp(unreachable[i].id, id) == 0)
			return false;
	return true;
}

static void rules_are_tested_and_documented(void **state)
{
	(void)state;
	char *tests = all_tests();
	static const char *const where[] = { "docs/checks.md" };
	char *docs = texts(where, 1, NULL);
	const struct gh_rule *r;
	for (size_t i = 0; (r = gh_rule_at(i)) != NULL; i++) {
		if (can_be_raised(r->id) && !mentions(tests, "%s", r->id))
			lacks("rule %s (%s, %s): a test that expects it", r->id, gh_rule_owner(i), r->title);
		if (!mentions(docs, "%s", r->id))
			lacks("rule %s: a line in docs/checks.md (script/docs writes it)", r->id);
	}
	free(tests);
	free(docs);
	settle();
}

/* ---- fuzz targets ---------------------------------------------------------------------------------------------------- */

/* A reader of `wire` that takes hostile bytes has a target, and every target has seeds to start from. */
static void fuzz_targets_have_seeds(void **state)
{
	(void)state;
	glob_t g;
	assert_int_equal(glob("tests/fuzz/fuzz_*.c", 0, NULL, &g), 0);
	for (size_t i = 0; i < g.gl_pathc; i++) {
		char name[100], dir[200];
		if (sscanf(g.gl_pathv[i], "tests/fuzz/fuzz_%90[a-z0-9_].c", name) != 1 || strcmp(name, "fmt") == 0)
			continue;
		(void)snprintf(dir, sizeof dir, "tests/fuzz/seeds/%s", name);
		size_t n = files_in(dir);
		if (n == 0 && strncmp(name, "wire_", 5) == 0) { /* may share those of the format it serves */
			(void)snprintf(dir, sizeof dir, "tests/fuzz/seeds/%s", name + 5);
			n = files_in(dir);
		}
		if (n < SEEDS_MIN)
			lacks("fuzz target %s: %d seeds in %s", name, (int)SEEDS_MIN, dir);
	}
	globfree(&g);
	settle();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(formats_are_complete),	   cmocka_unit_test(format_names),
		cmocka_unit_test(checks_are_complete),	   cmocka_unit_test(commands_are_complete),
		cmocka_unit_test(rules_are_well_formed),   cmocka_unit_test(rules_are_tested_and_documented),
		cmocka_unit_test(fuzz_targets_have_seeds),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
