/* The protobuf reader: every wire type, every way to break one, messages within messages, packed values, shapes. */
#include "support/cm.h"

#include "base/buf.h"
#include "wire/protobuf.h"

#include <stdlib.h>

/* What a message holds, as text: fields with their offsets; LEN fields of number >= 100 are entered. */
static void tell(struct gh_pb *p, struct gh_buf *out)
{
	struct gh_pb_field f;
	static const char *const wire[] = { "varint", "i64", "len", "group", "", "i32" };
	for (;;) {
		enum gh_pb_got got = gh_pb_next(p, &f);
		if (got == GH_PB_BAD) {
			gh_buf_fmt(out, "bad@%llu %s%s%s", (unsigned long long)p->off, p->why, p->cut ? " cut" : "",
				   p->limit ? " limit" : "");
			return;
		}
		if (got == GH_PB_END) {
			if (p->depth == 0)
				return;
			gh_pb_leave(p);
			gh_buf_str(out, "} ");
			continue;
		}
		gh_buf_fmt(out, "%u:%s", f.number, wire[f.wire]);
		if (f.wire == GH_PB_LEN || f.wire == GH_PB_GROUP)
			gh_buf_fmt(out, "[%llu+%llu]", (unsigned long long)f.off, (unsigned long long)f.len);
		else
			gh_buf_fmt(out, "=%llu", (unsigned long long)f.v);
		gh_buf_fmt(out, "%s%s%s ", f.odd & GH_PB_OVERLONG ? " overlong" : "",
			   f.odd & GH_PB_DROPPED ? " dropped" : "", f.odd & GH_PB_HUGE ? " huge" : "");
		if (f.number >= 100 && f.wire >= GH_PB_LEN && f.wire <= GH_PB_GROUP && gh_pb_enter(p, &f))
			gh_buf_str(out, "{ ");
	}
}

/* A source whose windows are 32 bytes on the heap and die with the next call. */
struct shaky {
	struct gh_span all;
	uint8_t *p;
	uint32_t epoch;
};
static struct gh_span shaky_more(void *ctx, uint64_t off)
{
	struct shaky *s = ctx;
	struct gh_span part = gh_span_cut(s->all, off, 32);
	free(s->p);
	s->p = malloc(part.n + 1);
	assert_non_null(s->p);
	if (part.n != 0)
		memcpy(s->p, part.p, part.n);
	s->epoch++;
	return (struct gh_span){ s->p, part.n };
}

#define B(lit) GH_SPAN(lit)
static const struct row {
	const char *what;
	struct gh_span in;
	const char *want;
} rows[] = {
	{ "nothing", B(""), "" },
	{ "a number", B("\x08\x96\x01"), "1:varint=150 " },
	{ "greatest number", B("\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"), "1:varint=18446744073709551615 " },
	{ "bits beyond 64", B("\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x7f"),
	  "1:varint=18446744073709551615 dropped " },
	{ "11 bytes", B("\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"), "bad@1 a varint of more than 10 bytes" },
	{ "overlong zero", B("\x08\x80\x00"), "1:varint=0 overlong " },
	{ "overlong tag", B("\x88\x00\x01"), "1:varint=1 overlong " },
	{ "overlong length", B("\x0a\x81\x00x"), "1:len[3+1] overlong " },
	{ "fixed", B("\x0d\x01\x02\x03\x04\x11\x01\x00\x00\x00\x00\x00\x00\x80"),
	  "1:i32=67305985 2:i64=9223372036854775809 " },
	{ "text",
	  B("\x12\x03"
	    "abc\x18\x01"),
	  "2:len[2+3] 3:varint=1 " },
	{ "empty text", B("\x12\x00"), "2:len[2+0] " },
	{ "field 0", B("\x00\x01"), "bad@0 a field number that does not exist" },
	{ "greatest field", B("\xf8\xff\xff\xff\x0f\x01"), "536870911:varint=1 " },
	{ "field beyond", B("\x80\x80\x80\x80\x10\x01"), "bad@0 a field number that does not exist" },
	{ "wire type 6", B("\x0e\x01"), "bad@0 a wire type that does not exist" },
	{ "wire type 7", B("\x0f\x01"), "bad@0 a wire type that does not exist" },
	{ "longer than the message",
	  B("\x0a\x05"
	    "abcd"),
	  "bad@0 a field that is longer than its message" },
	{ "length of 2^64-1", B("\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"),
	  "bad@0 a field that is longer than its message" },
	{ "cut number", B("\x08\x96"), "bad@1 the message ends within a number" },
	{ "cut tag", B("\x88"), "bad@0 the message ends within a number" },
	{ "cut fixed", B("\x0d\x01\x02\x03"), "bad@1 the message ends within a number" },
	{ "no value", B("\x08"), "bad@1 the message ends within a number" },
	{ "group", B("\x0b\x08\x01\x0c\x10\x02"), "1:group[1+2] 2:varint=2 " },
	{ "groups", B("\x0b\x13\x0b\x0c\x14\x0c"), "1:group[1+4] " },
	{ "entered group", B("\xa3\x06\x08\x01\xa4\x06\x10\x02"), "100:group[2+2] { 1:varint=1 } 2:varint=2 " },
	{ "group without end", B("\x0b\x08\x01"), "bad@0 a group without its end" },
	{ "end of another group", B("\x0b\x14"), "bad@1 the end of a group that was not opened" },
	{ "end without start", B("\x0c"), "bad@0 the end of a group that was not opened" },
	{ "message", B("\xa2\x06\x04\x08\x01\x10\x02\x18\x03"), "100:len[3+4] { 1:varint=1 2:varint=2 } 3:varint=3 " },
	{ "messages", B("\xa2\x06\x05\xa2\x06\x02\x08\x01\x18\x03"),
	  "100:len[3+5] { 100:len[6+2] { 1:varint=1 } } 3:varint=3 " },
	{ "past the end of the parent",
	  B("\xa2\x06\x03\x0a\x03"
	    "abc"),
	  "100:len[3+3] { bad@3 a field that is longer than its message" },
	{ "number past the end of the parent", B("\xa2\x06\x02\x08\x80\x01"),
	  "100:len[3+2] { bad@4 the message ends within a number" },
};

static void reads(void **st)
{
	(void)st;
	unsigned wrong = 0;
	for (size_t i = 0; i < GH_ROWS(rows); i++)
		for (int shaky = 0; shaky < 2; shaky++) {
			gh_auto_buf out = gh_buf(4096);
			struct gh_pb_mem m;
			struct shaky s = { .all = rows[i].in };
			struct gh_pb p = gh_pb(shaky_more, &s, &s.epoch, 0, rows[i].in.n);
			tell(shaky ? &p : gh_pb_mem(&m, rows[i].in, rows[i].in.n), &out);
			free(s.p);
			if (strcmp(gh_buf_cstr(&out), rows[i].want) != 0) {
				print_message("%s: %s\n", rows[i].what, gh_buf_cstr(&out));
				wrong++;
			}
		}
	assert_int_equal(wrong, 0);
}

/* Messages within messages, and groups within groups, end where the limit is and not on the stack. */
static void nests(void **st)
{
	(void)st;
	static uint8_t all[6 * 200];
	size_t n = sizeof all;
	for (unsigned inner = 0; n >= 6; inner += 6) { /* from the inside out: tag of field 100, overlong lengths */
		n -= 6;
		const uint8_t head[6] = { 0xa2, 0x06, (uint8_t)(inner | 0x80), (uint8_t)(inner >> 7 | 0x80), 0x80, 0 };
		memcpy(all + n, head, 6);
	}
	struct gh_pb_mem m;
	gh_auto_buf out = gh_buf(1 << 20);
	tell(gh_pb_mem(&m, (struct gh_span){ all, sizeof all }, sizeof all), &out);
	assert_true(m.p.limit);
	assert_string_equal(m.p.why, "messages nested too deep");
	memset(all, 0x0b, sizeof all);
	struct gh_pb_field f;
	assert_int_equal(gh_pb_next(gh_pb_mem(&m, (struct gh_span){ all, sizeof all }, sizeof all), &f), GH_PB_BAD);
	assert_string_equal(m.p.why, "groups nested too deep");
	assert_int_equal(gh_pb_next(&m.p, &f), GH_PB_BAD); /* sticky */
	assert_false(gh_pb_enter(&m.p, &f));
}

static void packed(void **st)
{
	(void)st;
	static const struct {
		struct gh_span in;
		enum gh_pb_wire wire;
		unsigned n;
		uint64_t sum;
		enum gh_pb_got end;
	} t[] = {
		{ B(""), GH_PB_VARINT, 0, 0, GH_PB_END },
		{ B("\x01\x96\x01\x02"), GH_PB_VARINT, 3, 153, GH_PB_END },
		{ B("\x01\x96"), GH_PB_VARINT, 1, 1, GH_PB_BAD },
		{ B("\x01\x00\x00\x00\x02\x00\x00\x00"), GH_PB_I32, 2, 3, GH_PB_END },
		{ B("\x01\x00\x00\x00\x02\x00"), GH_PB_I32, 1, 1, GH_PB_BAD },
		{ B("\x01\x00\x00\x00\x02\x00\x00\x00"), GH_PB_I64, 1, 0x200000001, GH_PB_END },
	};
	for (size_t i = 0; i < GH_ROWS(t); i++) {
		uint8_t all[32] = { 0x0a, (uint8_t)t[i].in.n };
		struct gh_pb_mem m;
		struct gh_pb_field f;
		uint64_t v, sum = 0;
		unsigned n = 0;
		enum gh_pb_got got;
		memcpy(all + 2, t[i].in.p, t[i].in.n);
		struct gh_pb *p = gh_pb_mem(&m, (struct gh_span){ all, t[i].in.n + 2 }, t[i].in.n + 2);
		assert_int_equal(gh_pb_next(p, &f), GH_PB_FIELD);
		assert_true(gh_pb_enter(p, &f));
		for (; (got = gh_pb_packed(p, t[i].wire, &v, NULL)) == GH_PB_FIELD; n++)
			sum += v;
		assert_int_equal(got, t[i].end);
		assert_int_equal(n, t[i].n);
		assert_int_equal(sum, t[i].sum);
		gh_pb_leave(p);
		assert_int_equal(gh_pb_next(p, &f), t[i].end);
	}
	assert_int_equal(gh_pb_zigzag(3), -2);
	assert_int_equal(gh_pb_zigzag(UINT64_MAX), INT64_MIN);
}

static const struct gh_pb_shape leaf[] = { { .number = 1, .wires = 1 << GH_PB_VARINT, .max = 9 }, { 0 } };
static const struct gh_pb_shape shape[] = {
	{ .number = 1, .wires = 1 << GH_PB_VARINT },
	{ .number = 2, .wires = 1 << GH_PB_LEN, .is = GH_PB_TEXT },
	{ .number = 3, .wires = 1 << GH_PB_LEN, .is = GH_PB_MSG, .sub = leaf },
	{ .number = 4, .wires = 1 << GH_PB_LEN, .is = GH_PB_NAME },
	{ 0 },
};

static void shapes(void **st)
{
	(void)st;
	static const struct {
		const char *what;
		struct gh_span head;
		uint64_t size;
		bool fits, whole;
		uint64_t seen;
	} t[] = {
		{ "nothing", B(""), 0, false, true, 0 },
		{ "all", B("\x08\x01\x12\x01x\x1a\x02\x08\x09\x22\x01y"), 12, true, true, 15 },
		{ "number too great", B("\x1a\x02\x08\x0a"), 4, false, false, 0 },
		{ "another wire type", B("\x0a\x00"), 2, false, false, 0 },
		{ "unknown field", B("\x08\x01\x28\x01"), 4, false, false, 1 },
		{ "unknown field inside", B("\x1a\x02\x10\x01"), 4, false, false, 4 },
		{ "control characters", B("\x12\x01\x01"), 3, false, false, 0 },
		{ "empty name", B("\x22\x00"), 2, false, false, 0 },
		{ "goes on out of sight", B("\x08\x01\x12\x7fxx"), 200, true, false, 3 },
		{ "longer than all", B("\x08\x01\x12\x7fxx"), 100, false, false, 1 },
		{ "overlong", B("\x08\x81\x00"), 3, false, false, 0 },
		{ "cut within a number", B("\x08\x01\x08"), 9, true, false, 1 },
	};
	unsigned wrong = 0;
	for (size_t i = 0; i < GH_ROWS(t); i++) {
		struct gh_pb_fit r = gh_pb_fit(t[i].head, t[i].size, shape, false);
		bool ok = r.fits == t[i].fits && (!r.fits || (r.whole == t[i].whole && r.seen == t[i].seen));
		if (!ok)
			print_message("%s: fits %d whole %d seen %llu\n", t[i].what, r.fits, r.whole,
				      (unsigned long long)r.seen);
		wrong += !ok;
	}
	assert_int_equal(wrong, 0);
	struct gh_span some = B("\x08\x01\x08\x01\x08\x01\x08\x01\x08\x01\x08\x01\x08\x01\x28\x01");
	assert_true(gh_pb_fit(some, some.n, shape, true).fits);
	assert_false(gh_pb_fit(gh_span_cut(some, 2, 99), some.n - 2, shape, true).fits);
	assert_false(gh_pb_fit(some, some.n, shape, false).fits);
}

int main(void)
{
	const struct CMUnitTest t[] = { cmocka_unit_test(reads), cmocka_unit_test(nests), cmocka_unit_test(packed),
					cmocka_unit_test(shapes) };
	return cmocka_run_group_tests_name("protobuf", t, NULL, NULL);
}
