/* The zip walk: every trick is one small change to one small archive. Also the seeds of the fuzz target: with
 * GH_SEEDS=<directory> the archives are written there. */
#include "support/events.h"
#include "support/pack.h"

#include "format/zip_walk.h"
#include "wire/path.h"
#include "wire/sort.h"
#include "wire/zip.h"

#include <libdeflate.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

extern const struct gh_fmt gh_fmt_zip;

/* The archive that everything starts from: two stored members of five bytes.
 *	0	local header "a.pkl", data "hello" at 35
 *	40	local header "b.txt", data "world" at 75
 *	80	directory header "a.pkl"
 *	131	directory header "b.txt"
 *	182	end record; 204 bytes in all */
enum { L1 = 0, D1 = 35, L2 = 40, D2 = 75, C1 = 80, C2 = 131, END = 182, ALL = 204 };
enum { /* fields of a local header */
       L_FLAGS = 6,
       L_METHOD = 8,
       L_CRC = 14,
       L_CSIZE = 18,
       L_USIZE = 22,
       L_NAME_N = 26,
       L_EXTRA_N = 28,
       L_NAME = 30
};
enum { /* of a directory header */
       C_MADE = 4,
       C_FLAGS = 8,
       C_METHOD = 10,
       C_CRC = 16,
       C_CSIZE = 20,
       C_USIZE = 24,
       C_NAME_N = 28,
       C_EXTRA_N = 30,
       C_COMMENT_N = 32,
       C_DISK = 34,
       C_EXTERNAL = 38,
       C_OFF = 42,
       C_NAME = 46
};
enum { /* of the end record */
       E_DISK = 4,
       E_HERE = 8,
       E_TOTAL = 10,
       E_SIZE = 12,
       E_OFF = 16,
       E_COMMENT_N = 20
};

struct bytes {
	uint8_t p[4096];
	size_t n;
};

static void put(struct bytes *b, const void *p, size_t n)
{
	assert_true(n <= sizeof b->p - b->n);
	memcpy(b->p + b->n, p, n);
	b->n += n;
}
static void le(struct bytes *b, uint64_t v, unsigned width)
{
	for (unsigned i = 0; i < width; i++)
		put(b, &(uint8_t){ (uint8_t)(i < 8 ? v >> 8 * i : 0) }, 1);
}

static void local(struct bytes *b, const char *name, const char *data)
{
	size_t n = strlen(data);
	le(b, GH_ZIP_SIG_LOCAL, 4);
	le(b, 20, 2);
	le(b, 0, 8); /* flags, method, time, date */
	le(b, libdeflate_crc32(0, data, n), 4);
	le(b, n, 4);
	le(b, n, 4);
	le(b, strlen(name), 2);
	le(b, 0, 2);
	put(b, name, strlen(name));
	put(b, data, n);
}

static void central(struct bytes *b, const char *name, const char *data, uint32_t off)
{
	size_t n = strlen(data);
	le(b, GH_ZIP_SIG_CENTRAL, 4);
	le(b, 20, 2);
	le(b, 20, 2);
	le(b, 0, 8);
	le(b, libdeflate_crc32(0, data, n), 4);
	le(b, n, 4);
	le(b, n, 4);
	le(b, strlen(name), 2);
	le(b, 0, 12); /* extra, comment, disk, internal, external */
	le(b, off, 4);
	put(b, name, strlen(name));
}

static void base(struct bytes *b)
{
	b->n = 0;
	local(b, "a.pkl", "hello");
	local(b, "b.txt", "world");
	central(b, "a.pkl", "hello", L1);
	central(b, "b.txt", "world", L2);
	le(b, GH_ZIP_SIG_END, 4);
	le(b, 0, 4);
	le(b, 2, 2);
	le(b, 2, 2);
	le(b, END - C1, 4);
	le(b, C1, 4);
	le(b, 0, 2);
	assert_int_equal(b->n, ALL);
}

/* Edits, in order; places are those at that moment. */
struct edit {
	enum { NONE, SET, INS, CUT } what;
	size_t at;
	const char *p;
	size_t n;
};
#define SET(at, lit) { SET, (at), (lit), sizeof(lit) - 1 }
#define INS(at, lit) { INS, (at), (lit), sizeof(lit) - 1 }
#define CUT(at) { CUT, (at), NULL, 0 }

static void apply(struct bytes *b, const struct edit *e)
{
	for (; e->what != NONE; e++) {
		if (e->what == CUT) {
			b->n = e->at;
			continue;
		}
		if (e->what == INS) {
			assert_true(e->at <= b->n && b->n + e->n <= sizeof b->p);
			memmove(b->p + e->at + e->n, b->p + e->at, b->n - e->at);
			b->n += e->n;
		}
		assert_true(e->at + e->n <= b->n);
		memcpy(b->p + e->at, e->p, e->n);
	}
}

/* One more local header, 40 bytes: "c.pkl", "evil!". */
#define THIRD \
	"PK\3\4\x14\0\0\0\0\0\0\0\0\0\x3a\x34\x83\x1b\5\0\0\0\5\0\0\0\5\0\0\0c.pkl" \
	"evil!"
/* "hello" deflated without compression: 10 bytes. */
#define DEFLATED "\1\5\0\xfa\xffhello"
#define ZIP64(usize, csize) "\1\0\x10\0" usize "\0\0\0\0" csize "\0\0\0\0"

struct row {
	const char *what;
	struct edit edit[12];
	enum gh_rc rc;
	const char *has[5]; /* lines of the log */
	const char * not;   /* must not be in the log */
};

static const struct row rows[] = {
	{ "as it should be",
	  { { 0 } },
	  GH_OK,
	  { "member \"a.pkl\" file 35+5", "member \"b.txt\" file 75+5", "claim 80+124 struct" },
	  "anomaly" },
	/* ---- the end and where the directory stands */
	{ "cut off before the directory",
	  { CUT(C1) },
	  GH_E_MALFORMED,
	  { "anomaly GH-ZIP-0001", "member \"a.pkl\" file 35+5", "member \"b.txt\" file 75+5" },
	  "GH-ZIP-0022" },
	{ "cut off within a member",
	  { CUT(D2 + 2) },
	  GH_E_MALFORMED,
	  { "anomaly GH-ZIP-0001", "anomaly GH-ZIP-0042", "member \"b.txt\" file 75+2" },
	  NULL },
	{ "end record leads nowhere",
	  { SET(END + E_OFF, "\x51"), SET(END + E_SIZE, "\x61") },
	  GH_E_MALFORMED,
	  { "anomaly GH-ZIP-0001" },
	  NULL },
	{ "two ends, each with a directory",
	  { INS(ALL, "PK\5\6\0\0\0\0\1\0\1\0\x33\0\0\0\x83\0\0\0\0\0"), SET(END + E_COMMENT_N, "\x16") },
	  GH_OK,
	  { "anomaly GH-ZIP-0002" },
	  NULL },
	{ "decoy signature in the comment",
	  { INS(ALL, "PK\5\6\0\0\0\0\1\0\1\0\x33\0\0\0\x33\0\0\0\0\0"), SET(END + E_COMMENT_N, "\x16") },
	  GH_OK,
	  { "anomaly GH-ZIP-0003", "member \"a.pkl\" file" },
	  NULL },
	{ "another directory right in front of the end",
	  {
		  INS(C1, "PK\1\2\x14\0\x14\0\0\0\0\0\0\0\0\0\x86\xa6\x10\x36\5\0\0\0\5\0\0\0\5\0\0\0\0\0\0\0\0\0\0\0\0"
			  "\0\0\0\0\0"
			  "c.pkl"),
	  },
	  GH_E_MALFORMED,
	  { "anomaly GH-ZIP-0004", "member \"b.txt\" hidden 75+5" },
	  NULL },
	{ "gap before the end record",
	  { INS(END, "hidden") },
	  GH_OK,
	  { "anomaly GH-ZIP-0005", "anomaly GH-ZIP-0024 182+6" },
	  NULL },
	{ "prefix",
	  { INS(0, "#!/bin/sh\n") },
	  GH_OK,
	  { "anomaly GH-ZIP-0006 0+10", "member \"a.pkl\" file 45+5" },
	  "GH-ZIP-0005" },
	{ "trailing bytes",
	  { INS(ALL, "\x7f"
		     "ELF") },
	  GH_OK,
	  { "anomaly GH-ZIP-0007 204+4", "member \"b.txt\"" },
	  "204+4 "
	  "free" },
	{ "comment cut off",
	  { SET(END + E_COMMENT_N, "\x09"), INS(ALL, "abc") },
	  GH_OK,
	  { "anomaly GH-ZIP-0008", "claim 204+3 free", "text comment" },
	  NULL },
	{ "comment",
	  { SET(END + E_COMMENT_N, "\3"), INS(ALL, "abc") },
	  GH_OK,
	  { "claim 204+3 free", "text comment \"archive comment\" \"abc\"" },
	  "anomaly" },
	{ "zip64 record contradicts",
	  { INS(END, "PK\6\6\x2c\0\0\0\0\0\0\0\x2d\0\x2d\0\0\0\0\0\0\0\0\0\1\0\0\0\0\0\0\0\1\0\0\0\0\0\0\0\x66\0\0\0\0"
		     "\0\0\0\x50\0\0\0\0\0\0\0"
		     "PK\6\7\0\0\0\0\xb6\0\0\0\0\0\0\0\1\0\0\0") },
	  GH_OK,
	  { "anomaly GH-ZIP-0009", "anomaly GH-ZIP-0011" },
	  NULL },
	{ "zip64 record agrees",
	  { INS(END, "PK\6\6\x2c\0\0\0\0\0\0\0\x2d\0\x2d\0\0\0\0\0\0\0\0\0\2\0\0\0\0\0\0\0\2\0\0\0\0\0\0\0\x66\0\0\0\0"
		     "\0\0\0\x50\0\0\0\0\0\0\0"
		     "PK\6\7\0\0\0\0\xb6\0\0\0\0\0\0\0\1\0\0\0") },
	  GH_OK,
	  { "member \"b.txt\"" },
	  "anomaly" },
	{ "zip64 locator without a record",
	  { INS(END, "PK\6\7\0\0\0\0\xb0\0\0\0\0\0\0\0\1\0\0\0") },
	  GH_OK,
	  { "anomaly GH-ZIP-0010" },
	  NULL },
	{ "zip64 referred to but absent",
	  { SET(END + E_OFF, "\xff\xff\xff\xff") },
	  GH_OK,
	  { "anomaly GH-ZIP-0010", "member \"a.pkl\"" },
	  NULL },
	{ "zip64 record with more data",
	  { INS(END, "PK\6\6\x30\0\0\0\0\0\0\0\x2d\0\x2d\0\0\0\0\0\0\0\0\0\2\0\0\0\0\0\0\0\2\0\0\0\0\0\0\0\x66\0\0\0\0"
		     "\0\0\0\x50\0\0\0\0\0\0\0"
		     "more"
		     "PK\6\7\0\0\0\0\xb6\0\0\0\0\0\0\0\1\0\0\0") },
	  GH_OK,
	  { "anomaly GH-ZIP-0045", "claim 238+4 free" },
	  NULL },
	{ "fewer entries claimed",
	  { SET(END + E_HERE, "\1\0\1\0") },
	  GH_OK,
	  { "anomaly GH-ZIP-0011", "member \"b.txt\"" },
	  NULL },
	{ "more entries claimed", { SET(END + E_HERE, "\3\0\3\0") }, GH_OK, { "anomaly GH-ZIP-0011" }, NULL },
	{ "directory breaks off",
	  { SET(C2, "XX") },
	  GH_E_MALFORMED,
	  { "anomaly GH-ZIP-0012 131+51", "anomaly GH-ZIP-0022 40+35 \"b.txt\"", "member \"b.txt\" hidden" },
	  NULL },
	{ "part of a split archive", { SET(END + E_DISK, "\1") }, GH_OK, { "anomaly GH-ZIP-0013" }, NULL },
	{ "entry on another disk", { SET(C2 + C_DISK, "\2") }, GH_OK, { "anomaly GH-ZIP-0013" }, NULL },
	/* ---- two views of one member */
	{ "no local header",
	  { SET(C2 + C_OFF, "\x29") },
	  GH_E_MALFORMED,
	  { "anomaly GH-ZIP-0014", "anomaly GH-ZIP-0022" },
	  NULL },
	{ "offset beyond the file",
	  { SET(C2 + C_OFF, "\0\0\0\x40") },
	  GH_E_MALFORMED,
	  { "anomaly GH-ZIP-0014" },
	  NULL },
	{ "names differ",
	  { SET(L1 + L_NAME, "x") },
	  GH_OK,
	  { "anomaly GH-ZIP-0015 0+35 directory \"a.pkl\", local \"x.pkl\"" },
	  NULL },
	{ "methods differ",
	  { SET(C1 + C_METHOD, "\x0c") },
	  GH_E_MALFORMED,
	  { "anomaly GH-ZIP-0016", "member \"a.pkl\" hidden 35+5", "anomaly GH-ZIP-0040" },
	  NULL },
	{ "encrypted in the directory only",
	  { SET(C1 + C_FLAGS, "\1") },
	  GH_OK,
	  { "anomaly GH-ZIP-0017", "anomaly GH-ZIP-0036", "member \"a.pkl\" hidden 35+5" },
	  NULL },
	{ "encrypted in the local header only",
	  { SET(L1 + L_FLAGS, "\1") },
	  GH_OK,
	  { "anomaly GH-ZIP-0017", "member \"a.pkl\" file 35+5", "anomaly GH-ZIP-0036" },
	  NULL },
	{ "marked as encrypted in both, but plain",
	  { SET(L1 + L_FLAGS, "\1"), SET(C1 + C_FLAGS, "\1") },
	  GH_OK,
	  { "anomaly GH-ZIP-0036", "member \"a.pkl\" hidden 35+5" },
	  NULL },
	{ "encrypted",
	  { SET(L1 + L_FLAGS, "\1"), SET(C1 + C_FLAGS, "\1"), SET(D1, "crypt") },
	  GH_E_UNREAD,
	  { "anomaly GH-ZIP-0035 35+5", "claim 35+5 data" },
	  "member \"a.pkl\"" },
	{ "descriptor bit in one view", { SET(C1 + C_FLAGS, "\x08") }, GH_OK, { "anomaly GH-ZIP-0018" }, NULL },
	{ "sizes differ",
	  { SET(L1 + L_CSIZE, "\4\0\0\0\4") },
	  GH_OK,
	  { "anomaly GH-ZIP-0019", "member \"a.pkl\" file 35+5", "member \"a.pkl\" hidden 35+4" },
	  NULL },
	{ "local size goes on into the next member",
	  { SET(L1 + L_CSIZE, "\x2d\0\0\0\x2d") },
	  GH_OK,
	  { "anomaly GH-ZIP-0019", "member \"a.pkl\" hidden 35+45" },
	  NULL },
	{ "local sizes are zero", { SET(L1 + L_CSIZE, "\0\0\0\0\0") }, GH_OK, { "anomaly GH-ZIP-0019" }, NULL },
	{ "checksums differ", { SET(L1 + L_CRC, "\0\0\0\0") }, GH_OK, { "anomaly GH-ZIP-0020" }, "GH-ZIP-0038" },
	{ "checksum wrong in both",
	  { SET(L1 + L_CRC, "\0\0\0\0"), SET(C1 + C_CRC, "\0\0\0\0") },
	  GH_OK,
	  { "anomaly GH-ZIP-0038 35+5", "member \"a.pkl\" file 35+5" },
	  NULL },
	{ "data changed", { SET(D2, "W") }, GH_OK, { "anomaly GH-ZIP-0038 75+5" }, NULL },
	{ "stored, two sizes",
	  { SET(L1 + L_USIZE, "\3"), SET(C1 + C_USIZE, "\3") },
	  GH_OK,
	  { "anomaly GH-ZIP-0044" },
	  NULL },
	{ "stored, claims more than it has",
	  { SET(L1 + L_USIZE, "\x20"), SET(C1 + C_USIZE, "\x20") },
	  GH_OK,
	  { "anomaly GH-ZIP-0044", "member \"a.pkl\" hidden 35+32" },
	  NULL },
	{ "longer than the file",
	  { SET(L2 + L_CSIZE, "\0\1\0\0\0\1"), SET(C2 + C_CSIZE, "\0\1\0\0\0\1") },
	  GH_E_MALFORMED,
	  { "anomaly GH-ZIP-0042", "anomaly GH-ZIP-0023" },
	  NULL },
	{ "unknown method",
	  { SET(L1 + L_METHOD, "\x61"), SET(C1 + C_METHOD, "\x61") },
	  GH_E_UNREAD,
	  { "anomaly GH-ZIP-0037 35+5", "claim 35+5 data" },
	  NULL },
	/* ---- what no entry lists, or two do */
	{ "member that only the local headers have",
	  { INS(C1, THIRD), SET(END + 40 + E_OFF, "\x78") },
	  GH_OK,
	  { "anomaly GH-ZIP-0022 80+35 \"c.pkl\"", "member \"c.pkl\" hidden 115+5" },
	  "GH-ZIP-0024" },
	{ "such a member in front",
	  { INS(0, THIRD) },
	  GH_OK,
	  { "anomaly GH-ZIP-0022 0+35 \"c.pkl\"", "member \"c.pkl\" hidden 35+5", "member \"a.pkl\" file 75+5" },
	  NULL },
	{ "gap between members",
	  { INS(C1, "hidden"), SET(END + 6 + E_OFF, "\x56") },
	  GH_OK,
	  { "anomaly GH-ZIP-0024 80+6" },
	  NULL },
	{ "two entries, one local header",
	  {
		  SET(C2 + C_OFF, "\0"),
		  SET(C2 + C_NAME, "a.pkl"),
	  },
	  GH_OK,
	  { "anomaly GH-ZIP-0023", "anomaly GH-ZIP-0025", "anomaly GH-ZIP-0022" },
	  NULL },
	{ "one name twice",
	  { SET(L2 + L_NAME, "a.pkl"), SET(C2 + C_NAME, "a.pkl") },
	  GH_OK,
	  { "anomaly GH-ZIP-0025" },
	  NULL },
	{ "names differ in case",
	  { SET(L2 + L_NAME, "A.pkl"), SET(C2 + C_NAME, "A.pkl") },
	  GH_OK,
	  { "anomaly GH-ZIP-0026" },
	  "GH-ZIP-0025" },
	{ "one name, two spellings",
	  { SET(L1 + L_NAME, "x/y.z"), SET(C1 + C_NAME, "x/y.z"), SET(L2 + L_NAME, "x\\y.z"),
	    SET(C2 + C_NAME, "x\\y.z") },
	  GH_OK,
	  { "anomaly GH-ZIP-0025", "anomaly GH-ZIP-0106" },
	  NULL },
	/* ---- names */
	{ "name leads out",
	  { SET(L1 + L_NAME, "../ab"), SET(C1 + C_NAME, "../ab") },
	  GH_OK,
	  { "anomaly GH-ZIP-0101" },
	  NULL },
	{ "with backslashes",
	  { SET(L1 + L_NAME, "..\\ab"), SET(C1 + C_NAME, "..\\ab") },
	  GH_OK,
	  { "anomaly GH-ZIP-0101", "anomaly GH-ZIP-0106" },
	  NULL },
	{ "absolute",
	  { SET(L1 + L_NAME, "/etcx"), SET(C1 + C_NAME, "/etcx") },
	  GH_OK,
	  { "anomaly GH-ZIP-0102" },
	  NULL },
	{ "drive", { SET(L1 + L_NAME, "C:/ab"), SET(C1 + C_NAME, "C:/ab") }, GH_OK, { "anomaly GH-ZIP-0103" }, NULL },
	{ "NUL", { SET(L1 + L_NAME, "ab\0cd"), SET(C1 + C_NAME, "ab\0cd") }, GH_OK, { "anomaly GH-ZIP-0104" }, NULL },
	{ "escape sequence",
	  { SET(L1 + L_NAME, "a\x1b[2J"), SET(C1 + C_NAME, "a\x1b[2J") },
	  GH_OK,
	  { "anomaly GH-ZIP-0107" },
	  NULL },
	{ "right-to-left override",
	  { SET(L1 + L_NAME, "a\xe2\x80\xae"
			     "b"),
	    SET(C1 + C_NAME, "a\xe2\x80\xae"
			     "b") },
	  GH_OK,
	  { "anomaly GH-ZIP-0108" },
	  NULL },
	{ "device", { SET(L1 + L_NAME, "nul.x"), SET(C1 + C_NAME, "nul.x") }, GH_OK, { "anomaly GH-ZIP-0109" }, NULL },
	{ "directory with content",
	  { SET(L1 + L_NAME, "abcd/"), SET(C1 + C_NAME, "abcd/") },
	  GH_OK,
	  { "anomaly GH-ZIP-0030", "member \"abcd/\" file 35+5" },
	  NULL },
	/* ---- links and extra fields */
	{ "link that leads out",
	  { SET(C1 + C_EXTERNAL, "\0\0\xff\xa1"), SET(D1, "/etcx"), SET(L1 + L_CRC, "\x1f\x49\xbd\xca"),
	    SET(C1 + C_CRC, "\x1f\x49\xbd\xca") },
	  GH_OK,
	  { "reference symlink \"/etcx\" from \"a.pkl\"", "anomaly GH-ZIP-0031", "member \"a.pkl\" file" },
	  NULL },
	{ "link inside",
	  { SET(C1 + C_EXTERNAL, "\0\0\xff\xa1") },
	  GH_OK,
	  { "reference symlink \"hello\"", "anomaly GH-ZIP-0032" },
	  "GH-ZIP-0031" },
	{ "member below a link",
	  { SET(C1 + C_EXTERNAL, "\0\0\xff\xa1"), SET(L1 + L_NAME, "abcde"), SET(C1 + C_NAME, "abcde"),
	    SET(L2 + L_NAME_N, "\7"), SET(C2 + C_NAME_N, "\7"), SET(C2 + C_NAME, "abcde"), INS(C2 + C_NAME + 5, "/x"),
	    SET(L2 + L_NAME, "abcde"), INS(L2 + L_NAME + 5, "/x"), SET(END + 4 + E_SIZE, "\x68"),
	    SET(END + 4 + E_OFF, "\x52") },
	  GH_OK,
	  { "anomaly GH-ZIP-0033 0+0 \"abcde/x\"" },
	  "GH-ZIP-0015" },
	{ "runs as its owner", { SET(C1 + C_EXTERNAL, "\0\0\xed\x89") }, GH_OK, { "anomaly GH-ZIP-0047" }, NULL },
	{ "block device", { SET(C1 + C_EXTERNAL, "\0\0\xa0\x61") }, GH_OK, { "anomaly GH-ZIP-0034" }, NULL },
	{ "extra field overruns",
	  { SET(L1 + L_EXTRA_N, "\x05"), INS(D1, "UT\x09\0x"), SET(C2 + 5 + C_OFF, "\x2d"),
	    SET(END + 5 + E_OFF, "\x55") },
	  GH_OK,
	  { "anomaly GH-ZIP-0027" },
	  "GH-ZIP-0028" },
	{ "spare zip64 field contradicts",
	  { SET(L1 + L_EXTRA_N, "\x14"), INS(D1, ZIP64("\6\0\0\0", "\6\0\0\0")), SET(C2 + 20 + C_OFF, "\x3c"),
	    SET(END + 20 + E_OFF, "\x64") },
	  GH_OK,
	  { "anomaly GH-ZIP-0028 0+55" },
	  NULL },
	{ "spare zip64 field agrees",
	  { SET(L1 + L_EXTRA_N, "\x14"), INS(D1, ZIP64("\5\0\0\0", "\5\0\0\0")), SET(C2 + 20 + C_OFF, "\x3c"),
	    SET(END + 20 + E_OFF, "\x64") },
	  GH_OK,
	  { "member \"a.pkl\" file 55+5" },
	  "anomaly" },
	{ "zip64 in the local header",
	  { SET(L1 + L_CSIZE, "\xff\xff\xff\xff\xff\xff\xff\xff"), SET(L1 + L_EXTRA_N, "\x14"),
	    INS(D1, ZIP64("\5\0\0\0", "\5\0\0\0")), SET(C2 + 20 + C_OFF, "\x3c"), SET(END + 20 + E_OFF, "\x64") },
	  GH_OK,
	  { "member \"a.pkl\" file 55+5" },
	  "anomaly" },
	{ "Unicode path names another file",
	  {
		  SET(C1 + C_EXTRA_N, "\x0e"),
		  INS(C2, "up\x0a\0\1\xa2\x86\x61\xb4"
			  "evil."),
		  SET(END + 14 + E_SIZE, "\x74"),
	  },
	  GH_OK,
	  { "anomaly GH-ZIP-0029", "\"a.pkl\" is also named \"evil.\"" },
	  NULL },
	{ "Unicode path agrees",
	  {
		  SET(C1 + C_EXTRA_N, "\x0e"),
		  INS(C2, "up\x0a\0\1\xa2\x86\x61\xb4"
			  "a.pkl"),
		  SET(END + 14 + E_SIZE, "\x74"),
	  },
	  GH_OK,
	  { "member \"a.pkl\" file 35+5" },
	  "anomaly" },
	{ "member comment",
	  { SET(C2 + C_COMMENT_N, "\4"), INS(END, "note"), SET(END + 4 + E_SIZE, "\x6a") },
	  GH_OK,
	  { "claim 182+4 free", "text comment \"b.txt\" \"note\"" },
	  "anomaly" },
	/* ---- descriptors and compressed data */
	{ "descriptor",
	  { SET(L1 + L_FLAGS, "\x08"), SET(C1 + C_FLAGS, "\x08"), SET(L1 + L_CRC, "\0\0\0\0\0\0\0\0\0\0\0\0"),
	    INS(L2, "PK\7\x08\x86\xa6\x10\x36\5\0\0\0\5\0\0\0"), SET(C2 + 16 + C_OFF, "\x38"),
	    SET(END + 16 + E_OFF, "\x60") },
	  GH_OK,
	  { "member \"a.pkl\" file 35+5" },
	  "anomaly" },
	{ "descriptor without signature, wide",
	  { SET(L1 + L_FLAGS, "\x08"), SET(C1 + C_FLAGS, "\x08"), SET(L1 + L_CRC, "\0\0\0\0\0\0\0\0\0\0\0\0"),
	    INS(L2, "\x86\xa6\x10\x36\5\0\0\0\0\0\0\0\5\0\0\0\0\0\0\0"), SET(C2 + 20 + C_OFF, "\x3c"),
	    SET(END + 20 + E_OFF, "\x64") },
	  GH_OK,
	  { "member \"a.pkl\" file 35+5" },
	  "anomaly" },
	{ "descriptor contradicts",
	  { SET(L1 + L_FLAGS, "\x08"), SET(C1 + C_FLAGS, "\x08"), SET(L1 + L_CRC, "\0\0\0\0\0\0\0\0\0\0\0\0"),
	    INS(L2, "PK\7\x08\x86\xa6\x10\x36\4\0\0\0\4\0\0\0"), SET(C2 + 16 + C_OFF, "\x38"),
	    SET(END + 16 + E_OFF, "\x60") },
	  GH_OK,
	  { "anomaly GH-ZIP-0021" },
	  NULL },
	{ "deflated",
	  { SET(L1 + L_METHOD, "\x08"), SET(C1 + C_METHOD, "\x08"), SET(L1 + L_CSIZE, "\x0a"),
	    SET(C1 + C_CSIZE, "\x0a"), SET(D1, "\1\5\0\xfa\xff"), INS(L2, "hello"), SET(C2 + 5 + C_OFF, "\x2d"),
	    SET(END + 5 + E_OFF, "\x55") },
	  GH_OK,
	  { "member \"a.pkl\" file 35+10" },
	  "anomaly" },
	{ "deflated, bytes behind the stream",
	  { SET(L1 + L_METHOD, "\x08"), SET(C1 + C_METHOD, "\x08"), SET(L1 + L_CSIZE, "\x0b"),
	    SET(C1 + C_CSIZE, "\x0b"), SET(D1, "\1\5\0\xfa\xff"), INS(L2, "hello!"), SET(C2 + 6 + C_OFF, "\x2e"),
	    SET(END + 6 + E_OFF, "\x56") },
	  GH_OK,
	  { "anomaly GH-ZIP-0041 45+1", "claim 35+10 member" },
	  NULL },
	{ "deflated, other size than claimed",
	  { SET(L1 + L_METHOD, "\x08"), SET(C1 + C_METHOD, "\x08"), SET(L1 + L_CSIZE, "\x0a\0\0\0\4"),
	    SET(C1 + C_CSIZE, "\x0a\0\0\0\4"), SET(D1, "\1\5\0\xfa\xff"), INS(L2, "hello"), SET(C2 + 5 + C_OFF, "\x2d"),
	    SET(END + 5 + E_OFF, "\x55") },
	  GH_OK,
	  { "anomaly GH-ZIP-0039" },
	  NULL },
	{ "deflated stream broken",
	  { SET(L1 + L_METHOD, "\x08"), SET(C1 + C_METHOD, "\x08") },
	  GH_E_MALFORMED,
	  { "anomaly GH-ZIP-0040", "member \"a.pkl\" file" },
	  NULL },
};
enum { ROWS = sizeof rows / sizeof rows[0] };

static void seed(const char *what, const struct bytes *b)
{
	const char *dir = getenv("GH_SEEDS");
	char path[512];
	if (dir == NULL)
		return;
	int n = snprintf(path, sizeof path, "%s/%s.zip", dir, what);
	for (char *p = path + n - strlen(what) - 4; *p != 0; p++)
		if (*p == ' ' || *p == ',')
			*p = '-';
	FILE *f = fopen(path, "wb");
	assert_non_null(f);
	assert_int_equal(fwrite(b->p, 1, b->n, f), b->n);
	assert_int_equal(fclose(f), 0);
}

static void check_row(const struct row *r, bool unstable)
{
	struct bytes b;
	struct gh_events ev;
	base(&b);
	apply(&b, r->edit);
	seed(r->what, &b);
	gh_events_walk(&ev, &gh_fmt_zip, (struct gh_span){ b.p, b.n }, "x.zip", unstable);
	bool bad = ev.rc != r->rc || (r->not!= NULL && gh_events_has(&ev, r->not)) ||
		   gh_events_has(&ev, "OUT-OF-RANGE");
	for (size_t i = 0; i < 5 && r->has[i] != NULL; i++)
		bad = bad || !gh_events_has(&ev, r->has[i]);
	/* Nothing to complain of means that every byte is accounted for, and the other way round. */
	if (r->not!= NULL && strcmp(r->not, "anomaly") == 0)
		bad = bad || !ev.gapless;
	struct gh_probe probe = { { b.p, b.n }, { b.p, b.n }, b.n };
	bad = bad || gh_zip_probe(&probe) != GH_STRONG;
	if (bad)
		fail_msg("%s%s: rc %d (%s)\n%s", r->what, unstable ? ", unstable" : "", (int)ev.rc, ev.why,
			 gh_buf_cstr(&ev.log));
	gh_events_free(&ev);
}

static void tricks(void **state)
{
	(void)state;
	for (size_t i = 0; i < ROWS; i++) {
		check_row(&rows[i], false);
		check_row(&rows[i], true);
	}
}

/* Archives written by zip programs: nothing to say, every byte accounted for. */
static void genuine(void **state)
{
	static const struct {
		const char *file;
		size_t members;
	} real[] = {
		{ "python-stream", 2 },
		{ "python-zip64", 1 },
		{ "python-stream-zip64", 1 },
		{ "torch", 4 },
		{ "infozip-stream", 2 },
		{ "7z-lzma", 1 },
		{ "7z-bzip2", 1 },
		{ "jar", 2 },
	};
	(void)state;
	for (size_t i = 0; i < sizeof real / sizeof real[0]; i++) {
		char path[200];
		struct gh_events ev;
		(void)snprintf(path, sizeof path, "tests/fuzz/seeds/zip/genuine-%s.zip", real[i].file);
		struct gh_span in = gh_test_file(path);
		if (in.p == NULL)
			fail_msg("%s is missing (run from the source directory)", path);
		gh_events_walk(&ev, &gh_fmt_zip, in, path, true);
		if (ev.rc != GH_OK || !ev.gapless || gh_events_has(&ev, "anomaly") || ev.nmember != real[i].members)
			fail_msg("%s: rc %d %s\n%s", path, (int)ev.rc, ev.why, gh_buf_cstr(&ev.log));
		gh_events_free(&ev);
		free((void *)(uintptr_t)in.p);
	}
}

/* ---- hooks -------------------------------------------------------------------------------------------------- */
struct seen {
	size_t n;
	char log[400];
	enum gh_rc answer;
};
static struct seen *hook_state;

static enum gh_rc on_directory(void *ctx, struct gh_walk *w, const struct gh_zip_entry *e, size_t n)
{
	struct seen *s = ctx;
	(void)w;
	s->n = n;
	for (size_t i = 0; i < n; i++)
		(void)snprintf(s->log + strlen(s->log), sizeof s->log - strlen(s->log), "dir %.*s %llu;",
			       (int)e[i].name.n, (const char *)e[i].name.p, (unsigned long long)e[i].local_off);
	return s->answer;
}
static void on_member(void *ctx, struct gh_walk *w, const struct gh_zip_entry *e, struct gh_member *m)
{
	struct seen *s = ctx;
	(void)w;
	m->role = "test";
	(void)snprintf(s->log + strlen(s->log), sizeof s->log - strlen(s->log), "member %llu;",
		       (unsigned long long)e->data_off);
}
static enum gh_rc on_content(void *ctx, struct gh_walk *w, const struct gh_zip_entry *e, struct gh_src *src)
{
	struct seen *s = ctx;
	(void)w;
	(void)e;
	struct gh_span b = gh_src_window(src, 0, 64);
	(void)snprintf(s->log + strlen(s->log), sizeof s->log - strlen(s->log), "content %.*s;", (int)b.n,
		       (const char *)b.p);
	return GH_OK;
}
static enum gh_rc on_done(void *ctx, struct gh_walk *w)
{
	struct seen *s = ctx;
	(void)w;
	(void)snprintf(s->log + strlen(s->log), sizeof s->log - strlen(s->log), "done");
	return GH_OK;
}
static enum gh_rc hooked_walk(struct gh_walk *w)
{
	struct gh_zip_hooks h = { hook_state, on_directory, on_member, on_content, on_done };
	return gh_zip_walk(w, &h);
}
static const struct gh_fmt hooked = { .name = "hooked", .probe = gh_zip_probe, .walk = hooked_walk };

static void hooks(void **state)
{
	struct bytes b;
	struct gh_events ev;
	struct seen s = { 0 };
	(void)state;
	hook_state = &s;
	base(&b);
	/* Swap the directory: the hook still sees the order of the file. */
	uint8_t tmp[51];
	memcpy(tmp, b.p + C1, 51);
	memcpy(b.p + C1, b.p + C2, 51);
	memcpy(b.p + C2, tmp, 51);
	gh_events_walk(&ev, &hooked, (struct gh_span){ b.p, b.n }, "x", true);
	assert_int_equal(ev.rc, GH_OK);
	assert_string_equal(s.log, "dir a.pkl 0;dir b.txt 40;member 35;content hello;member 75;content world;done");
	assert_true(ev.gapless);
	gh_events_free(&ev);

	s = (struct seen){ .answer = GH_E_NOTTHIS };
	gh_events_walk(&ev, &hooked, (struct gh_span){ b.p, b.n }, "x", true);
	assert_int_equal(ev.rc, GH_E_NOTTHIS);
	assert_int_equal(ev.events, 0); /* whoever declines has said nothing */
	gh_events_free(&ev);
}

/* ---- overlaps are bounded ------------------------------------------------------------------------------------ */
/* An archive of symbolic links: names and targets in turn. */
static void pack_links(struct gh_test_bytes *b, const char *const *text)
{
	struct gh_test_bytes dir = { 0 };
	uint16_t n = 0;
	for (; *text != NULL; text += 2, n++) {
		struct gh_span name = gh_span_str(text[0]), target = gh_span_str(text[1]);
		uint8_t h[26] = { 20, 0, 0, 0, 0, 0, 0, 0, 0, 0 }, c[16] = { 0 };
		uint32_t crc = libdeflate_crc32(0, target.p, target.n), at = (uint32_t)b->n;
		memcpy(h + 10, &crc, 4);
		h[14] = h[18] = (uint8_t)target.n;
		h[22] = (uint8_t)name.n;
		memcpy(c + 6, "\0\0\xff\xa1", 4);
		memcpy(c + 10, &at, 4);
		gh_test_put(b, GH_SPAN("PK\3\4"));
		gh_test_put(b, (struct gh_span){ h, 26 });
		gh_test_put(b, name);
		gh_test_put(b, target);
		gh_test_put(&dir, GH_SPAN("PK\1\2\x14\3"));
		gh_test_put(&dir, (struct gh_span){ h, 26 });
		gh_test_put(&dir, (struct gh_span){ c, 14 });
		gh_test_put(&dir, name);
	}
	uint8_t end[18] = { 0 };
	uint32_t size = (uint32_t)dir.n, off = (uint32_t)b->n;
	end[4] = end[6] = (uint8_t)n;
	memcpy(end + 8, &size, 4);
	memcpy(end + 12, &off, 4);
	gh_test_put(b, gh_test_view(&dir));
	gh_test_put(b, GH_SPAN("PK\5\6"));
	gh_test_put(b, (struct gh_span){ end, 18 });
	gh_test_free(&dir);
}

/* As in a tar: what counts is where a link leads through the others. */
static void links(void **state)
{
	static const struct {
		const char *text[7];
		const char *has, *not;
	} row[] = {
		{ { "x", "y" }, "anomaly GH-ZIP-0032", "GH-ZIP-0031" },
		{ { "d/a", ".", "c", "d/a/a/../../x" }, "anomaly GH-ZIP-0031", "GH-ZIP-0046" },
		{ { "c", "d/a/..", "d/a", ".." }, "anomaly GH-ZIP-0031", NULL },
		{ { "v/c", "a", "x", "v/c/x" }, "anomaly GH-ZIP-0046", "GH-ZIP-0031" },
		{ { "a", "b", "b", "a" }, "anomaly GH-ZIP-0031", NULL },
		{ { "a", "b", "a/c", "d" }, "anomaly GH-ZIP-0033", NULL },
	};
	(void)state;
	for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
		struct gh_test_bytes b = { 0 };
		struct gh_events ev;
		pack_links(&b, row[i].text);
		gh_events_walk(&ev, &gh_fmt_zip, gh_test_view(&b), "x.zip", true);
		bool ok = gh_events_has(&ev, row[i].has) && (row[i].not== NULL || !gh_events_has(&ev, row[i].not));
		if (!ok || ev.rc != GH_OK || !ev.gapless)
			fail_msg("links %zu: rc %d\n%s", i, ev.rc, gh_buf_cstr(&ev.log));
		gh_events_free(&ev);
		gh_test_free(&b);
	}
}

static void overlap_bomb(void **state)
{
	static struct gh_span in;
	enum { N = 2000 };
	(void)state;
	struct bytes one = { .n = 0 }, head = { .n = 0 };
	local(&head, "a", "hello");
	central(&one, "a", "hello", 0);
	size_t n = head.n + N * one.n + GH_ZIP_END_SIZE;
	uint8_t *p = calloc(1, n);
	assert_non_null(p);
	memcpy(p, head.p, head.n);
	for (size_t i = 0; i < N; i++)
		memcpy(p + head.n + i * one.n, one.p, one.n);
	struct bytes end = { .n = 0 };
	le(&end, GH_ZIP_SIG_END, 4);
	le(&end, 0, 4);
	le(&end, N, 2);
	le(&end, N, 2);
	le(&end, N * one.n, 4);
	le(&end, head.n, 4);
	le(&end, 0, 2);
	memcpy(p + n - end.n, end.p, end.n);
	in = (struct gh_span){ p, n };
	struct gh_events ev;
	gh_events_walk(&ev, &gh_fmt_zip, in, "x", false);
	assert_int_equal(ev.rc, GH_E_LIMIT);
	assert_true(gh_events_has(&ev, "anomaly GH-ZIP-0023"));
	assert_true(ev.nmember <= 64);
	gh_events_free(&ev);
	free(p);
}

/* ---- names --------------------------------------------------------------------------------------------------- */
static void paths(void **state)
{
	static const struct {
		struct gh_span name;
		unsigned flags;
	} row[] = {
		{ { (const uint8_t *)"a/b.c", 5 }, 0 },
		{ { (const uint8_t *)"", 0 }, GH_PATH_EMPTY },
		{ { (const uint8_t *)"a/../b", 6 }, GH_PATH_DOTDOT },
		{ { (const uint8_t *)"a/../../b", 9 }, GH_PATH_DOTDOT | GH_PATH_ESCAPES },
		{ { (const uint8_t *)"..", 2 }, GH_PATH_ESCAPES },
		{ { (const uint8_t *)"...", 3 }, GH_PATH_RESERVED },
		{ { (const uint8_t *)"a\\..\\..\\b", 9 }, GH_PATH_DOTDOT | GH_PATH_ESCAPES | GH_PATH_BACKSLASH },
		{ { (const uint8_t *)"\\\\host\\x", 8 }, GH_PATH_ABSOLUTE | GH_PATH_BACKSLASH | GH_PATH_DOT },
		{ { (const uint8_t *)"c:x", 3 }, GH_PATH_DRIVE | GH_PATH_RESERVED },
		{ { (const uint8_t *)"./a//b", 6 }, GH_PATH_DOT },
		{ { (const uint8_t *)"a/COM7.log", 10 }, GH_PATH_RESERVED },
		{ { (const uint8_t *)"com", 3 }, 0 },
		{ { (const uint8_t *)"console", 7 }, 0 },
		{ { (const uint8_t *)"a/b. ", 5 }, GH_PATH_RESERVED },
		{ { (const uint8_t *)"caf\xc3\xa9", 5 }, 0 },
		{ { (const uint8_t *)"caf\xe9", 4 }, GH_PATH_NOT_UTF8 },
	};
	(void)state;
	for (size_t i = 0; i < sizeof row / sizeof row[0]; i++)
		if (gh_path_flags(row[i].name) != row[i].flags)
			fail_msg("\"%s\": %x, not %x", (const char *)row[i].name.p, gh_path_flags(row[i].name),
				 row[i].flags);

	static const struct {
		const char *a, *b;
		bool fold;
		int want;
	} cmp[] = {
		{ "a", "a", false, 0 },	      { "a/", "a", false, 0 },
		{ "./a", "a", false, 0 },     { "a//b", "a\\b", false, 0 },
		{ "A", "a", true, 0 },	      { "A", "a", false, -1 },
		{ "a", "a/b", false, -1 },    { "a/z", "a!", false, -1 },
		{ "x/a", "x/b", true, -1 },   { "abcdefgh/1", "abcdefgh/2", false, -1 },
		{ "a/./b", "a/b", false, 0 },
	};
	for (size_t i = 0; i < sizeof cmp / sizeof cmp[0]; i++) {
		assert_int_equal(gh_path_cmp(gh_span_str(cmp[i].a), gh_span_str(cmp[i].b), cmp[i].fold), cmp[i].want);
		assert_int_equal(gh_path_cmp(gh_span_str(cmp[i].b), gh_span_str(cmp[i].a), cmp[i].fold), -cmp[i].want);
	}
	assert_true(gh_path_below(GH_SPAN("a"), GH_SPAN("A/b")));
	assert_false(gh_path_below(GH_SPAN("a"), GH_SPAN("a/")));
	assert_false(gh_path_below(GH_SPAN("a"), GH_SPAN("ab/c")));
	assert_false(gh_path_link_escapes(GH_SPAN("d/l"), GH_SPAN("../x")));
	assert_true(gh_path_link_escapes(GH_SPAN("d/l"), GH_SPAN("../../x")));
	assert_true(gh_path_link_escapes(GH_SPAN("l"), GH_SPAN("x/../../y")));
	assert_true(gh_path_link_escapes((struct gh_span){ 0 }, GH_SPAN("..")));
	assert_true(gh_path_link_escapes(GH_SPAN("l"), GH_SPAN("D:\\x")));
}

static int descending(const void *ctx, uint32_t a, uint32_t b)
{
	const uint8_t *v = ctx;
	return v[b] - v[a];
}

static void sorting(void **state)
{
	static const uint8_t v[] = { 3, 9, 1, 9, 4, 7, 0, 2, 9 };
	static const uint32_t want[] = { 1, 3, 8, 5, 4, 0, 7, 2, 6 }; /* equal ones keep their order */
	uint32_t idx[9], tmp[9];
	(void)state;
	for (size_t n = 0; n <= 9; n++) {
		for (uint32_t i = 0; i < n; i++)
			idx[i] = i;
		gh_sort_idx(idx, tmp, n, descending, v);
		for (size_t i = 1; i < n; i++)
			assert_true(v[idx[i - 1]] > v[idx[i]] || (v[idx[i - 1]] == v[idx[i]] && idx[i - 1] < idx[i]));
	}
	assert_memory_equal(idx, want, sizeof want);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tricks),  cmocka_unit_test(genuine),	   cmocka_unit_test(hooks),
		cmocka_unit_test(links),   cmocka_unit_test(overlap_bomb), cmocka_unit_test(paths),
		cmocka_unit_test(sorting),
	};
	return cmocka_run_group_tests_name("zip", tests, NULL, NULL);
}
