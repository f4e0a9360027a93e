/* The tar walk: small archives, each with one trick. With GH_SEEDS=<directory> they are written there as seeds of the
 * fuzz target. */
#include "support/events.h"

#include "format/tar_walk.h"
#include "wire/tar.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

extern const struct gh_fmt gh_fmt_tar;

struct bytes {
	uint8_t p[16384];
	size_t n;
};

/* One block of an archive; the checksum is made to fit unless `broken`. */
struct part {
	enum { NONE, FILE_, RAW, ZERO } what;
	char type;
	const char *name, *link, *data;
	const char *size; /* text of the size field; NULL: that of data */
	size_t at;	  /* a patch of the header before it is summed */
	const char *patch;
	const char *dialect; /* NULL: ustar */
	bool broken, odd;    /* odd: no end of block padding after the data */
};
#define F(...) { .what = FILE_, __VA_ARGS__ }
#define BYTES(lit) { .what = RAW, .data = (lit) }
#define ZEROS { .what = ZERO }
#define END ZEROS, ZEROS

static void file(struct bytes *b, const struct part *p)
{
	uint8_t *h = b->p + b->n;
	size_t n = p->data == NULL ? 0 : strlen(p->data);
	char num[16];
	unsigned sum = 0;
	memset(h, 0, GH_TAR_BLOCK);
	memcpy(h, p->name, strlen(p->name) < 100 ? strlen(p->name) : 100);
	memcpy(h + 100, "0000644\0000000000\0000000000", 23);
	(void)snprintf(num, sizeof num, "%011o", (unsigned)n);
	memcpy(h + 124, p->size != NULL ? p->size : num, strlen(p->size != NULL ? p->size : num));
	memcpy(h + 136, "00000000000", 11);
	h[156] = (uint8_t)(p->type != 0 ? p->type : '0');
	if (p->link != NULL)
		memcpy(h + 157, p->link, strlen(p->link));
	memcpy(h + 257, p->dialect != NULL ? p->dialect : "ustar\00000", p->dialect != NULL ? strlen(p->dialect) : 8);
	if (p->patch != NULL)
		memcpy(h + p->at, p->patch, strlen(p->patch));
	memset(h + 148, ' ', 8);
	for (size_t i = 0; i < GH_TAR_BLOCK; i++)
		sum += h[i];
	(void)snprintf(num, sizeof num, "%06o", p->broken ? sum + 1 : sum);
	memcpy(h + 148, num, 7);
	b->n += GH_TAR_BLOCK;
	memset(b->p + b->n, 0, GH_TAR_BLOCK);
	if (n != 0)
		memcpy(b->p + b->n, p->data, n);
	b->n += p->odd ? n : (n + 511) / 512 * 512;
}

static void make(struct bytes *b, const struct part *p)
{
	b->n = 0;
	for (; p->what != NONE; p++) {
		assert_true(b->n + 3 * GH_TAR_BLOCK <= sizeof b->p);
		if (p->what == FILE_) {
			file(b, p);
		} else if (p->what == ZERO) {
			memset(b->p + b->n, 0, GH_TAR_BLOCK);
			b->n += GH_TAR_BLOCK;
		} else {
			memcpy(b->p + b->n, p->data, strlen(p->data));
			b->n += strlen(p->data);
		}
	}
}

#define N100 "nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn"

struct row {
	const char *what;
	struct part part[8];
	enum gh_rc rc;
	const char *has[5];
	const char * not;
};

static const struct row rows[] = {
	{ "two files",
	  { F(.name = "a", .data = "hello"), F(.name = "d/b", .data = "world"), END },
	  GH_OK,
	  { "claim 0+512 struct", "member \"a\" file 512+5", "claim 517+507 pad", "member \"d/b\" file 1536+5",
	    "claim 2048+1024 pad" },
	  "anomaly" },
	{ "v7 header",
	  { F(.name = "a", .data = "x", .at = 257, .dialect = ""), END },
	  GH_OK,
	  { "member \"a\" file 512+1" },
	  "anomaly" },
	{ "GNU long name",
	  { F(.name = "././@LongLink", .type = 'L', .data = N100 "/a", .dialect = "ustar  "),
	    F(.name = N100, .data = "x", .dialect = "ustar  "), END },
	  GH_OK,
	  { "member \"" N100 "/a\" file 1536+1" },
	  "anomaly" },
	{ "pax path",
	  { F(.name = "PaxHeader/a", .type = 'x', .data = "18 path=caf\xc3\xa9/abc\n"),
	    F(.name = "caf?/abc", .data = "x"), END },
	  GH_OK,
	  { "member \"café/abc\" file 1536+1" },
	  "anomaly" },
	{ "pax size",
	  { F(.name = "P", .type = 'x', .data = "9 size=3\n"), F(.name = "a", .data = "abc", .size = "00000000000"),
	    END },
	  GH_OK,
	  { "member \"a\" file 1536+3" },
	  "anomaly" },
	{ "prefix field",
	  { F(.name = "b", .data = "x", .at = 345, .patch = "dir"), END },
	  GH_OK,
	  { "member \"dir/b\" file" },
	  "anomaly" },
	{ "size beyond 64 bits",
	  { F(.name = "a", .data = "abc", .at = 124, .patch = "\x80"), END },
	  GH_E_MALFORMED,
	  { "anomaly GH-TAR-0007" },
	  NULL },
	{ "git archive comment",
	  { F(.name = "pax_global_header", .type = 'g', .data = "16 comment=abcd\n"), F(.name = "a", .data = "x"),
	    END },
	  GH_OK,
	  { "member \"a\" file" },
	  "anomaly" },
	{ "directory",
	  { F(.name = "./", .type = '5'), F(.name = "./a", .data = "x"), END },
	  GH_OK,
	  { "member \"./a\" file" },
	  "GH-TAR-0110" },
	/* ---- what extraction would do */
	{ "leads out", { F(.name = "../x", .data = "x"), END }, GH_OK, { "anomaly GH-TAR-0101" }, NULL },
	{ "absolute", { F(.name = "/etc/x", .data = "x"), END }, GH_OK, { "anomaly GH-TAR-0102" }, NULL },
	{ "pax path leads out",
	  { F(.name = "P", .type = 'x', .data = "13 path=../x\n"), F(.name = "x", .data = "x"), END },
	  GH_OK,
	  { "anomaly GH-TAR-0101", "anomaly GH-TAR-0010" },
	  NULL },
	{ "symbolic link to a file of the system",
	  { F(.name = "w", .type = '2', .link = "/etc/passwd"), END },
	  GH_OK,
	  { "reference symlink \"/etc/passwd\" from \"w\"", "anomaly GH-TAR-0018" },
	  NULL },
	{ "symbolic link inside",
	  { F(.name = "d/w", .type = '2', .link = "../a"), F(.name = "a", .data = "x"), END },
	  GH_OK,
	  { "reference symlink \"../a\"" },
	  "anomaly" },
	{ "hard link that leads out",
	  { F(.name = "d/w", .type = '1', .link = "../a"), END },
	  GH_OK,
	  { "reference hardlink \"../a\" from \"d/w\"", "anomaly GH-TAR-0018" },
	  NULL },
	{ "hard link inside",
	  { F(.name = "a", .data = "x"), F(.name = "d/w", .type = '1', .link = "a"), END },
	  GH_OK,
	  { "reference hardlink \"a\"" },
	  "anomaly" },
	{ "written through a link",
	  { F(.name = "d", .type = '2', .link = "e"), F(.name = "d/x", .data = "x"), END },
	  GH_OK,
	  { "anomaly GH-TAR-0019 0+0 \"d/x\"" },
	  NULL },
	{ "steps down through a link add nothing",
	  { F(.name = "d/a", .type = '2', .link = "."), F(.name = "c", .type = '2', .link = "d/a/a/../../x"), END },
	  GH_OK,
	  { "anomaly GH-TAR-0018 512+512 \"c\" to \"d/a/a/../../x\"" },
	  "GH-TAR-0024" },
	{ "the link it goes over comes later",
	  { F(.name = "c", .type = '2', .link = "d/a/../../x"), F(.name = "d/a", .type = '2', .link = "."), END },
	  GH_OK,
	  { "anomaly GH-TAR-0018 0+512" },
	  NULL },
	{ "other letters, same link where case does not count",
	  { F(.name = "d/a", .type = '2', .link = "."), F(.name = "c", .type = '2', .link = "D/A/../../x"), END },
	  GH_OK,
	  { "anomaly GH-TAR-0018 512+512" },
	  NULL },
	{ "two links up",
	  { F(.name = "d/a", .type = '2', .link = ".."), F(.name = "b", .type = '2', .link = "d/a/.."), END },
	  GH_OK,
	  { "anomaly GH-TAR-0018 512+512" },
	  NULL },
	{ "hard link over a link",
	  { F(.name = "d/a", .type = '2', .link = "."), F(.name = "h", .type = '1', .link = "d/a/../../secret"), END },
	  GH_OK,
	  { "anomaly GH-TAR-0018 512+512" },
	  NULL },
	{ "hard link that moves a symbolic one",
	  { F(.name = "d/l", .type = '2', .link = "../x"), F(.name = "h", .type = '1', .link = "d/l"), END },
	  GH_OK,
	  { "anomaly GH-TAR-0018 512+512 \"h\"" },
	  NULL },
	{ "and what goes over the moved one",
	  { F(.name = "d/e/l", .type = '2', .link = ".."), F(.name = "d/h", .type = '1', .link = "d/e/l"),
	    F(.name = "c", .type = '2', .link = "d/h/../x"), END },
	  GH_OK,
	  { "anomaly GH-TAR-0018 1024+512 \"c\"" },
	  NULL },
	{ "file over a hard link",
	  { F(.name = "a", .data = "x"), F(.name = "h", .type = '1', .link = "a"), F(.name = "h", .data = "y"), END },
	  GH_OK,
	  { "anomaly GH-TAR-0019" },
	  NULL },
	{ "member that goes up behind a link",
	  { F(.name = "d/e/l", .type = '2', .link = ".."), F(.name = "d/e/l/../../x", .data = "y"), END },
	  GH_OK,
	  { "anomaly GH-TAR-0019 0+0 \"d/e/l/../../x\"" },
	  NULL },
	{ "over a link, inside",
	  { F(.name = "v/c", .type = '2', .link = "a"), F(.name = "x", .type = '2', .link = "v/c/x"), END },
	  GH_OK,
	  { "anomaly GH-TAR-0024 512+512" },
	  "GH-TAR-0018" },
	{ "names of a library",
	  { F(.name = "l/x.so", .type = '2', .link = "x.so.1"), F(.name = "l/x.so.1", .type = '2', .link = "x.so.1.2"),
	    F(.name = "l/x.so.1.2", .data = "x"), END },
	  GH_OK,
	  { NULL },
	  "anomaly" },
	{ "a circle",
	  { F(.name = "a", .type = '2', .link = "b"), F(.name = "b", .type = '2', .link = "a"), END },
	  GH_OK,
	  { "anomaly GH-TAR-0018 0+512 \"a\" to \"b\", which cannot be followed to its end" },
	  NULL },
	{ "two links of one name",
	  { F(.name = "a", .type = '2', .link = "b"), F(.name = "a", .type = '2', .link = "c"),
	    F(.name = "q", .type = '2', .link = "a/x"), END },
	  GH_OK,
	  { "anomaly GH-TAR-0018 1024+512 \"q\"" },
	  NULL },
	{ "a letter here, a separator there",
	  { F(.name = "x\\y", .type = '2', .link = ".."), END },
	  GH_OK,
	  { "anomaly GH-TAR-0018" },
	  NULL },
	{ "runs as its owner",
	  { F(.name = "a", .data = "x", .at = 100, .patch = "0004755"), END },
	  GH_OK,
	  { "anomaly GH-TAR-0025 0+512 \"a\", mode 4755" },
	  NULL },
	{ "directory of a group",
	  { F(.name = "d/", .type = '5', .at = 100, .patch = "0002775"), END },
	  GH_OK,
	  { NULL },
	  "anomaly" },
	{ "link replaced by a file",
	  { F(.name = "d", .type = '2', .link = "e"), F(.name = "d", .data = "x"), END },
	  GH_OK,
	  { "anomaly GH-TAR-0019" },
	  NULL },
	{ "device",
	  { F(.name = "d", .type = '4'), END },
	  GH_OK,
	  { "reference device \"d\"", "anomaly GH-TAR-0020" },
	  NULL },
	{ "pipe", { F(.name = "p", .type = '6'), END }, GH_OK, { "anomaly GH-TAR-0021" }, NULL },
	{ "one name twice",
	  { F(.name = "a", .data = "x"), F(.name = "./a", .data = "y"), END },
	  GH_OK,
	  { "anomaly GH-TAR-0022" },
	  NULL },
	{ "names differ in case",
	  { F(.name = "a", .data = "x"), F(.name = "A", .data = "y"), END },
	  GH_OK,
	  { "anomaly GH-TAR-0023" },
	  "GH-TAR-0022" },
	/* ---- where programs disagree */
	{ "member behind the end",
	  { F(.name = "a", .data = "x"), END, F(.name = "evil", .data = "y"), END },
	  GH_OK,
	  { "anomaly GH-TAR-0001 2048+512", "member \"evil\" hidden 2560+1" },
	  "GH-TAR-0002" },
	{ "a single zero block",
	  { F(.name = "a", .data = "x"), ZEROS, F(.name = "evil", .data = "y"), END },
	  GH_OK,
	  { "anomaly GH-TAR-0002", "member \"evil\" hidden" },
	  NULL },
	{ "damaged header",
	  { F(.name = "a", .data = "x"), F(.name = "b", .data = "y", .broken = true), F(.name = "c", .data = "z"),
	    END },
	  GH_E_MALFORMED,
	  { "anomaly GH-TAR-0003 1024+512", "anomaly GH-TAR-0001 2048+512", "member \"c\" hidden" },
	  "member \"b\"" },
	{ "bytes behind the end",
	  { F(.name = "a", .data = "x"), END, BYTES("payload") },
	  GH_OK,
	  { "anomaly GH-TAR-0004 2048+7", "claim 1024+1024 pad" },
	  NULL },
	{ "cut off",
	  { F(.name = "a", .size = "00000000777", .data = "x", .odd = true) },
	  GH_E_MALFORMED,
	  { "anomaly GH-TAR-0005 512+1", "member \"a\" file 512+1" },
	  NULL },
	{ "no end mark", { F(.name = "a", .data = "x") }, GH_OK, { "anomaly GH-TAR-0006" }, NULL },
	{ "size is no number",
	  { F(.name = "a", .data = "x", .size = "0000000009x"), END },
	  GH_E_MALFORMED,
	  { "anomaly GH-TAR-0007" },
	  NULL },
	{ "negative size",
	  { F(.name = "a", .data = "x", .size = "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"), END },
	  GH_E_MALFORMED,
	  { "anomaly GH-TAR-0007" },
	  NULL },
	{ "link with a size",
	  { F(.name = "a", .type = '2', .link = "b", .size = "00000001000"), F(.name = "evil", .data = "x"), END },
	  GH_OK,
	  { "anomaly GH-TAR-0008", "member \"evil\" file" },
	  NULL },
	{ "two sizes",
	  { F(.name = "P", .type = 'x', .data = "9 size=3\n"), F(.name = "a", .data = "abcde"), END },
	  GH_OK,
	  { "anomaly GH-TAR-0009" },
	  NULL },
	{ "long name for a short one",
	  { F(.name = "././@LongLink", .type = 'L', .data = "evil.pkl", .dialect = "ustar  "),
	    F(.name = "a.txt", .data = "x", .dialect = "ustar  "), END },
	  GH_OK,
	  { "anomaly GH-TAR-0010" },
	  NULL },
	{ "malformed pax record",
	  { F(.name = "P", .type = 'x', .data = "99 path=a\n"), F(.name = "a", .data = "x"), END },
	  GH_E_MALFORMED,
	  { "anomaly GH-TAR-0011", "member \"a\" file" },
	  NULL },
	{ "pax path twice",
	  { F(.name = "P", .type = 'x', .data = "9 path=a\n9 path=b\n"), F(.name = "b", .data = "x"), END },
	  GH_OK,
	  { "anomaly GH-TAR-0012" },
	  NULL },
	{ "global path",
	  { F(.name = "P", .type = 'g', .data = "9 path=b\n"), F(.name = "a", .data = "x"), END },
	  GH_OK,
	  { "anomaly GH-TAR-0013" },
	  NULL },
	{ "extended header of nothing",
	  { F(.name = "a", .data = "x"), F(.name = "P", .type = 'x', .data = "9 path=b\n"), END },
	  GH_OK,
	  { "anomaly GH-TAR-0014" },
	  NULL },
	{ "bytes behind the name",
	  { F(.name = "a", .data = "x", .at = 50, .patch = "hidden"), END },
	  GH_OK,
	  { "anomaly GH-TAR-0015" },
	  NULL },
	{ "unknown type",
	  { F(.name = "a", .type = 'Q', .data = "x"), END },
	  GH_OK,
	  { "anomaly GH-TAR-0016", "member \"a\" file" },
	  NULL },
	{ "sparse",
	  { F(.name = "P", .type = 'x', .data = "22 GNU.sparse.major=1\n"), F(.name = "a", .data = "x"), END },
	  GH_E_UNREAD,
	  { "anomaly GH-TAR-0017", "member \"a\" hidden" },
	  NULL },
};

static void seed(const char *what, const struct bytes *b)
{
	const char *dir = getenv("GH_SEEDS");
	char path[512];
	if (dir == NULL)
		return;
	int n = snprintf(path, sizeof path, "%s/%s.tar", dir, what);
	for (char *p = path + n - strlen(what) - 4; *p != 0; p++)
		if (*p == ' ')
			*p = '-';
	FILE *f = fopen(path, "wb");
	assert_non_null(f);
	assert_int_equal(fwrite(b->p, 1, b->n, f), b->n);
	assert_int_equal(fclose(f), 0);
}

static void check_row(const struct row *r, bool unstable)
{
	static struct bytes b;
	struct gh_events ev;
	make(&b, r->part);
	seed(r->what, &b);
	gh_events_walk(&ev, &gh_fmt_tar, (struct gh_span){ b.p, b.n }, "x.tar", unstable);
	bool bad = ev.rc != r->rc || (r->not!= NULL && gh_events_has(&ev, r->not)) ||
		   gh_events_has(&ev, "OUT-OF-RANGE");
	for (size_t i = 0; i < 5 && r->has[i] != NULL; i++)
		bad = bad || !gh_events_has(&ev, r->has[i]);
	if (r->not!= NULL && strcmp(r->not, "anomaly") == 0)
		bad = bad || !ev.gapless;
	struct gh_probe probe = { { b.p, b.n }, { b.p, b.n }, b.n };
	bad = bad || gh_tar_walk_probe(&probe) != GH_STRONG;
	if (bad)
		fail_msg("%s%s: rc %d (%s)\n%s", r->what, unstable ? ", unstable" : "", (int)ev.rc, ev.why,
			 gh_buf_cstr(&ev.log));
	gh_events_free(&ev);
}

static void tricks(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		check_row(&rows[i], false);
		check_row(&rows[i], true);
	}
}

/* Archives written by tar programs: nothing to say, every byte accounted for. */
static void genuine(void **state)
{
	static const struct {
		const char *file;
		size_t members;
	} real[] = { { "python-ustar", 3 }, { "python-gnu", 6 }, { "python-pax", 6 }, { "gnutar-v7", 1 },
		     { "gnutar-gnu", 2 },   { "gnutar-pax", 2 }, { "7z", 2 } };
	(void)state;
	for (size_t i = 0; i < sizeof real / sizeof real[0]; i++) {
		char path[200];
		struct gh_events ev;
		(void)snprintf(path, sizeof path, "tests/fuzz/seeds/tar/genuine-%s.tar", real[i].file);
		struct gh_span in = gh_test_file(path);
		if (in.p == NULL)
			fail_msg("%s is missing (run from the source directory)", path);
		gh_events_walk(&ev, &gh_fmt_tar, in, path, true);
		if (ev.rc != GH_OK || !ev.gapless || gh_events_has(&ev, "anomaly") || ev.nmember != real[i].members)
			fail_msg("%s: rc %d %s, %zu members\n%s", path, (int)ev.rc, ev.why, ev.nmember,
				 gh_buf_cstr(&ev.log));
		gh_events_free(&ev);
		free((void *)(uintptr_t)in.p);
	}
}

static void numbers(void **state)
{
	static const struct {
		const char *text;
		size_t n;
		bool ok;
		uint64_t v;
	} row[] = {
		{ "0000644\0", 8, true, 0644 },
		{ "   644 \0", 8, true, 0644 },
		{ "\0\0\0\0", 4, true, 0 },
		{ "77777777777", 11, true, 077777777777 },
		{ "00000000008", 11, false, 0 },
		{ "0x10", 4, false, 0 },
		{ "-7", 2, false, 0 },
		{ "6 4", 3, false, 0 },
		{ "\x80\0\0\0\0\0\0\0\0\0\1\2", 12, true, 258 },
		{ "\x80\0\0\1\0\0\0\0\0\0\0\0", 12, false, 0 }, /* 2^64 */
		{ "\x81\0\0\0\0\0\0\0\0\0\0\0", 12, false, 0 },
		{ "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", 12, false, 0 },
		{ "7777777777777777777777777", 25, false, 0 },
	};
	(void)state;
	for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
		uint64_t v;
		bool ok = gh_tar_number((struct gh_span){ (const uint8_t *)row[i].text, row[i].n }, &v);
		if (ok != row[i].ok || (ok && v != row[i].v))
			fail_msg("number %zu: %d %llu", i, ok, (unsigned long long)v);
	}
}

static void pax_records(void **state)
{
	static const struct {
		const char *in;
		int rc;
		const char *key, *value;
	} row[] = {
		{ "", 0, "", "" },
		{ "9 path=a\n", 1, "path", "a" },
		{ "8 path=\n", 1, "path", "" },
		{ "12 a=b=c\nd=\n", 1, "a", "b=c\nd=" },
		{ "8 path=a\n", -1, "", "" },
		{ "11 path=a\n", -1, "", "" },
		{ "9 pathxa\n", -1, "", "" },
		{ "path=a\n", -1, "", "" },
		{ "2 ", -1, "", "" },
		{ "0 a=\n", -1, "", "" },
		{ "99999999999999999999 a=b\n", -1, "", "" },
	};
	(void)state;
	for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
		struct gh_span in = gh_span_str(row[i].in), key = { 0 }, value = { 0 };
		int rc = gh_tar_pax_next(&in, &key, &value);
		if (rc != row[i].rc || (rc == 1 && (!gh_span_is(key, row[i].key) || !gh_span_is(value, row[i].value))))
			fail_msg("record %zu: %d", i, rc);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tricks),
		cmocka_unit_test(genuine),
		cmocka_unit_test(numbers),
		cmocka_unit_test(pax_records),
	};
	return cmocka_run_group_tests_name("tar", tests, NULL, NULL);
}
