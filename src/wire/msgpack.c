#include "wire/msgpack.h"

#include "base/utf8.h"

enum { NEST = 64, KEY = 4096, LETTERS = 4 };

static uint64_t be(const uint8_t *p, unsigned n)
{
	uint64_t v = 0;
	for (unsigned i = 0; i < n; i++)
		v = v << 8 | p[i];
	return v;
}

/* 0xc0 to 0xdf: kind, and how many bytes follow the first one: as a number, as a size, as an ext's type. */
static const struct {
	uint8_t kind, number, size, ext;
	uint8_t fixed; /* the size, when it is not stored */
} wide[32] = {
	{ GH_MP_NIL, 0, 0, 0, 0 },  { GH_MP_BAD, 0, 0, 0, 0 },	 { GH_MP_BOOL, 0, 0, 0, 0 },
	{ GH_MP_BOOL, 0, 0, 0, 0 }, { GH_MP_BIN, 0, 1, 0, 0 },	 { GH_MP_BIN, 0, 2, 0, 0 },
	{ GH_MP_BIN, 0, 4, 0, 0 },  { GH_MP_EXT, 0, 1, 1, 0 },	 { GH_MP_EXT, 0, 2, 1, 0 },
	{ GH_MP_EXT, 0, 4, 1, 0 },  { GH_MP_FLOAT, 4, 0, 0, 0 }, { GH_MP_FLOAT, 8, 0, 0, 0 },
	{ GH_MP_UINT, 1, 0, 0, 0 }, { GH_MP_UINT, 2, 0, 0, 0 },	 { GH_MP_UINT, 4, 0, 0, 0 },
	{ GH_MP_UINT, 8, 0, 0, 0 }, { GH_MP_INT, 1, 0, 0, 0 },	 { GH_MP_INT, 2, 0, 0, 0 },
	{ GH_MP_INT, 4, 0, 0, 0 },  { GH_MP_INT, 8, 0, 0, 0 },	 { GH_MP_EXT, 0, 0, 1, 1 },
	{ GH_MP_EXT, 0, 0, 1, 2 },  { GH_MP_EXT, 0, 0, 1, 4 },	 { GH_MP_EXT, 0, 0, 1, 8 },
	{ GH_MP_EXT, 0, 0, 1, 16 }, { GH_MP_STR, 0, 1, 0, 0 },	 { GH_MP_STR, 0, 2, 0, 0 },
	{ GH_MP_STR, 0, 4, 0, 0 },  { GH_MP_ARRAY, 0, 2, 0, 0 }, { GH_MP_ARRAY, 0, 4, 0, 0 },
	{ GH_MP_MAP, 0, 2, 0, 0 },  { GH_MP_MAP, 0, 4, 0, 0 },
};

struct gh_mp gh_mp_head(struct gh_span s)
{
	if (s.n == 0)
		return (struct gh_mp){ .kind = GH_MP_SHORT };
	uint8_t b = s.p[0];
	struct gh_mp t = { .head = 1 };
	if (b < 0x80 || b >= 0xe0) {
		t.kind = GH_MP_INT;
		t.value = b < 0x80 ? b : (int64_t)b - 256;
		return t;
	}
	if (b < 0xc0) {
		t.kind = b < 0x90 ? GH_MP_MAP : b < 0xa0 ? GH_MP_ARRAY : GH_MP_STR;
		t.size = b < 0xa0 ? b & 0x0f : b & 0x1f;
		return t;
	}
	unsigned i = b & 0x1f;
	t.head = 1u + wide[i].number + wide[i].size + wide[i].ext;
	if (s.n < t.head)
		return (struct gh_mp){ .kind = GH_MP_SHORT };
	t.kind = (enum gh_mp_kind)wide[i].kind;
	t.size = wide[i].size != 0 ? (uint32_t)be(s.p + 1, wide[i].size) : wide[i].fixed;
	if (wide[i].ext != 0)
		t.ext = (int8_t)s.p[1 + wide[i].size];
	if (t.kind == GH_MP_BOOL)
		t.value = b == 0xc3;
	if (t.kind == GH_MP_FLOAT)
		t.bits = wide[i].number * 8u;
	if (t.kind == GH_MP_INT || t.kind == GH_MP_UINT) {
		uint64_t v = be(s.p + 1, wide[i].number);
		unsigned shift = 64 - 8u * wide[i].number;
		t.value = t.kind == GH_MP_UINT ? (int64_t)v : (int64_t)(v << shift) >> shift;
		if (t.kind == GH_MP_UINT && v <= INT64_MAX)
			t.kind = GH_MP_INT;
	}
	return t;
}

struct level {
	uint64_t left; /* values */
	bool map;
};

/* Is the key at the start of s a text? Cut off by the end of the head: as far as it goes. */
static bool key_is_text(struct gh_span s, const struct gh_mp *t)
{
	struct gh_span k = gh_span_cut(s, t->head, t->size);
	if (t->kind != GH_MP_STR || t->size > KEY)
		return false;
	size_t n = k.n;
	for (unsigned cut = 0; k.n < t->size && cut < 4 && n > 0 && !gh_utf8_valid(gh_span_cut(k, 0, n)); cut++)
		n--;
	for (size_t i = 0; i < n; i++)
		if (k.p[i] < 0x20 || k.p[i] == 0x7f)
			return false;
	return gh_utf8_valid(gh_span_cut(k, 0, n));
}

bool gh_mp_plausible(struct gh_span head, uint64_t size)
{
	struct level v[NEST];
	unsigned depth = 0;
	bool telling = false; /* something that other data do not look like by chance */
	uint64_t letters = 0; /* of keys */
	uint64_t at = 0;
	struct gh_mp t = gh_mp_head(head);
	if ((t.kind != GH_MP_MAP && t.kind != GH_MP_ARRAY) || t.size == 0)
		return false;
	/* Arrays begin like much else: only one that can be seen to its end counts. */
	bool part = t.kind == GH_MP_MAP && head.n < size;
	for (;;) {
		struct gh_span rest = gh_span_cut(head, at, head.n);
		telling = telling || letters > 0;
		t = gh_mp_head(rest);
		if (t.kind == GH_MP_SHORT)
			return part && letters >= LETTERS;
		if (t.kind == GH_MP_BAD)
			return false;
		if (depth > 0 && v[depth - 1].map && v[depth - 1].left % 2 == 0) {
			bool text = key_is_text(rest, &t);
			if (!text && (depth == 1 || (t.kind != GH_MP_INT && t.kind != GH_MP_BIN)))
				return false;
			letters += text ? t.size : 0;
		}
		if (depth > 0)
			v[depth - 1].left--;
		at += t.head;
		if (t.kind == GH_MP_STR || t.kind == GH_MP_BIN || t.kind == GH_MP_EXT) {
			if (t.size > size - at)
				return false;
			at += t.size;
			telling = telling || (t.kind == GH_MP_BIN && t.size > 0);
		} else if ((t.kind == GH_MP_ARRAY || t.kind == GH_MP_MAP) && t.size > 0) {
			uint64_t values = t.kind == GH_MP_MAP ? 2 * (uint64_t)t.size : t.size;
			if (values > size - at)
				return false;
			if (depth == NEST)
				return letters >= LETTERS && v[0].map;
			v[depth++] = (struct level){ values, t.kind == GH_MP_MAP };
		}
		while (depth > 0 && v[depth - 1].left == 0)
			depth--;
		if (depth == 0)
			return (telling || letters > 0) && at == size;
		if (at >= head.n)
			return part && letters >= LETTERS && at < size;
	}
}
