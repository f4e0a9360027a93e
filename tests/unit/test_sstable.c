/* Tables of LevelDB, Snappy, CRC-32C: blocks whose entries and restart points disagree, streams that lie about their length. */
#include "support/cm.h"

#include "wire/crc32c.h"
#include "wire/snappy.h"
#include "wire/sstable.h"

static void sums(void **st)
{
	(void)st;
	uint8_t zeros[32] = { 0 }, up[32];
	for (unsigned i = 0; i < 32; i++)
		up[i] = (uint8_t)i;
	/* RFC 3720, B.4 */
	assert_int_equal(gh_crc32c(0, (struct gh_span){ zeros, 32 }), 0x8a9136aa);
	assert_int_equal(gh_crc32c(0, (struct gh_span){ up, 32 }), 0x46dd794e);
	assert_int_equal(gh_crc32c(0, GH_SPAN("123456789")), 0xe3069283);
	assert_int_equal(gh_crc32c(gh_crc32c(0, GH_SPAN("1234")), GH_SPAN("56789")), 0xe3069283);
	assert_int_not_equal(gh_crc32c_mask(1), 1);
}

static void snappy(void **st)
{
	(void)st;
	static const struct {
		struct gh_span in;
		const char *out; /* NULL: refused */
	} t[] = {
		{ GH_SPAN("\x05\x10hello"), "hello" },
		{ GH_SPAN("\x00"), "" },
		{ GH_SPAN("\x0a\x04"
			  "ab\x1e\x02\x00"),
		  "ababababab" }, /* copy of 8, 2 back: overlaps */
		{ GH_SPAN("\x08\x0c"
			  "abcd\x01\x04"),
		  "abcdabcd" },				   /* copy of 4 in two bytes */
		{ GH_SPAN("\x05\xf0\x04hello"), "hello" }, /* literal with a length byte */
		{ GH_SPAN("\x08\x0c"
			  "abcd\x0f\x04\x00\x00\x00"),
		  "abcdabcd" },			    /* copy with 4 bytes of offset */
		{ GH_SPAN("\x06\x10hello"), NULL }, /* too short */
		{ GH_SPAN("\x04\x10hello"), NULL }, /* too long */
		{ GH_SPAN("\x05\x10hell"), NULL },
		{ GH_SPAN("\x08\x0c"
			  "abcd\x01\x05"),
		  NULL }, /* further back than the beginning */
		{ GH_SPAN("\x08\x0c"
			  "abcd\x01\x00"),
		  NULL }, /* an offset of zero */
		{ GH_SPAN("\x05\xfc\xff\xff\xff\xff"), NULL },
		{ GH_SPAN("\xff\xff\xff\xff\xff\x01"), NULL },
		{ GH_SPAN(""), NULL },
	};
	for (size_t i = 0; i < GH_ROWS(t); i++) {
		uint8_t out[64];
		uint64_t n = 0;
		bool ok = gh_snappy_length(t[i].in, &n) && n <= sizeof out && gh_snappy(t[i].in, out, (size_t)n);
		if (ok != (t[i].out != NULL) || (ok && !gh_span_is((struct gh_span){ out, (size_t)n }, t[i].out)))
			fail_msg("row %zu", i);
	}
	uint64_t n;
	assert_false(gh_snappy_length(GH_SPAN("\x80\x80\x80\x80\x04\x10hello"), &n)); /* a gigabyte in eleven bytes */
}

static struct gh_span at(void *ctx, uint64_t off, size_t len) { return gh_span_cut(*(struct gh_span *)ctx, off, len); }

static const struct {
	const char *what;
	struct gh_span in;
	unsigned entries;
	bool good, unsorted;
} blocks[] = {
	{ "empty", GH_SPAN("\0\0\0\0\1\0\0\0"), 0, true, false },
	{ "one entry", GH_SPAN("\0\1\1kv\0\0\0\0\1\0\0\0"), 1, true, false },
	{ "shared prefix", GH_SPAN("\0\2\1kav\2\1\0b\0\0\0\0\1\0\0\0"), 2, true, false },
	{ "two restart points", GH_SPAN("\0\1\1kv\0\1\1lv\0\0\0\0\5\0\0\0\2\0\0\0"), 2, true, false },
	{ "not ascending", GH_SPAN("\0\1\1kv\0\1\1av\0\0\0\0\1\0\0\0"), 2, true, true },
	{ "the same key again", GH_SPAN("\0\1\1kv\0\1\1kv\0\0\0\0\1\0\0\0"), 2, true, true },
	{ "shorter than the key before", GH_SPAN("\0\2\1kkv\1\0\1v\0\0\0\0\1\0\0\0"), 2, true, true },
	{ "restart point within an entry", GH_SPAN("\0\1\1kv\0\1\1lv\0\0\0\0\4\0\0\0\2\0\0\0"), 1, false, false },
	{ "restart point behind the entries", GH_SPAN("\0\1\1kv\0\0\0\0\x09\0\0\0\2\0\0\0"), 1, false, false },
	{ "restart point that shares", GH_SPAN("\0\1\1kv\1\1\1lv\0\0\0\0\5\0\0\0\2\0\0\0"), 1, false, false },
	{ "first entry shares", GH_SPAN("\1\1\1kv\0\0\0\0\1\0\0\0"), 0, false, false },
	{ "no restart points", GH_SPAN("\0\1\1kv\0\0\0\0"), 0, false, false },
	{ "too many restart points", GH_SPAN("\0\1\1kv\0\0\0\0\x99\0\0\0"), 0, false, false },
	{ "value too long", GH_SPAN("\0\1\2kv\0\0\0\0\1\0\0\0"), 0, false, false },
	{ "key too long", GH_SPAN("\0\x7f\0kv\0\0\0\0\1\0\0\0"), 0, false, false },
	{ "shares more than there is", GH_SPAN("\0\1\1kv\2\1\1lv\0\0\0\0\1\0\0\0"), 1, false, false },
	{ "length of six bytes", GH_SPAN("\x80\x80\x80\x80\x80\0\1\1kv\0\0\0\0\1\0\0\0"), 0, false, false },
	{ "too short", GH_SPAN("\1\0\0\0"), 0, false, false },
};

static void every_block(void **st)
{
	(void)st;
	static uint8_t key[GH_SST_KEY];
	for (size_t i = 0; i < GH_ROWS(blocks); i++) {
		struct gh_span in = blocks[i].in;
		struct gh_sst b = { .at = at, .ctx = &in, .key = key };
		unsigned n = 0;
		enum gh_sst_got got = GH_SST_BAD;
		if (gh_sst_open(&b, 0, in.n))
			while ((got = gh_sst_next(&b)) == GH_SST_ENTRY)
				n++;
		if ((got == GH_SST_END) != blocks[i].good || n != blocks[i].entries ||
		    b.unsorted != blocks[i].unsorted || (b.why != NULL) == blocks[i].good)
			fail_msg("%s: %u entries, %s", blocks[i].what, n, b.why != NULL ? b.why : "good");
	}
}

static void footers(void **st)
{
	(void)st;
	uint8_t f[48] = { 1, 2, 0x83, 1, 4 };
	struct gh_sst_handle m, x;
	bool loose;
	memcpy(f + 40, "\x57\xfb\x80\x8b\x24\x75\x47\xdb", 8);
	struct gh_span s = { f, 48 };
	assert_true(gh_sst_footer(s, &m, &x, &loose));
	assert_true(m.off == 1 && m.len == 2 && x.off == 131 && x.len == 4 && !loose);
	f[30] = 1;
	assert_true(gh_sst_footer(s, &m, &x, &loose) && loose);
	memset(f, 0xff, 40);
	assert_false(gh_sst_footer(s, &m, &x, &loose));
	assert_false(gh_sst_footer(gh_span_cut(s, 0, 47), &m, &x, &loose));
	f[47] = 0;
	assert_false(gh_sst_footer(s, &m, &x, &loose));
}

int main(void)
{
	const struct CMUnitTest t[] = { cmocka_unit_test(sums), cmocka_unit_test(snappy), cmocka_unit_test(every_block),
					cmocka_unit_test(footers) };
	return cmocka_run_group_tests_name("sstable", t, NULL, NULL);
}
