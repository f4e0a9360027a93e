#include "format/thrift.h"

struct gh_thrift gh_thrift(struct gh_cur *c) { return (struct gh_thrift){ .c = c }; }

static uint64_t varint(struct gh_thrift *t)
{
	uint64_t v = 0;
	for (unsigned shift = 0; shift < 64; shift += 7) {
		uint8_t b = gh_cur_u8(t->c);
		v |= (uint64_t)(b & 0x7f) << shift;
		if ((b & 0x80) == 0)
			return v;
	}
	t->c->bad = true;
	return 0;
}

int64_t gh_thrift_int(struct gh_thrift *t)
{
	uint64_t v = varint(t);
	return (int64_t)(v >> 1) ^ -(int64_t)(v & 1);
}

uint64_t gh_thrift_binary(struct gh_thrift *t)
{
	uint64_t n = varint(t);
	if (n > gh_cur_left(t->c)) {
		t->c->bad = true;
		return 0;
	}
	return n;
}

void gh_thrift_enter(struct gh_thrift *t)
{
	if (t->depth == GH_THRIFT_DEPTH) {
		t->deep = t->c->bad = true;
		return;
	}
	t->last[t->depth++] = 0;
}

bool gh_thrift_field(struct gh_thrift *t, int *id, enum gh_thrift_type *type)
{
	uint8_t b = gh_cur_u8(t->c);
	if (t->c->bad || t->depth == 0)
		return false;
	*type = (enum gh_thrift_type)(b & 15);
	if (*type == GH_TT_STOP || *type > GH_TT_STRUCT) {
		t->c->bad = t->c->bad || b != 0;
		t->depth--;
		return false;
	}
	int16_t *last = &t->last[t->depth - 1];
	int64_t v = b >> 4 != 0 ? *last + (b >> 4) : gh_thrift_int(t);
	if (v < 0 || v > INT16_MAX)
		t->c->bad = true;
	*last = (int16_t)v;
	*id = (int)*last;
	return !t->c->bad;
}

uint64_t gh_thrift_list(struct gh_thrift *t, enum gh_thrift_type *type)
{
	uint8_t b = gh_cur_u8(t->c);
	uint64_t n = b >> 4 == 15 ? varint(t) : b >> 4;
	*type = (enum gh_thrift_type)(b & 15);
	if (n > gh_cur_left(t->c) || *type == GH_TT_STOP || *type > GH_TT_STRUCT) {
		t->c->bad = true;
		return 0;
	}
	return n;
}

/* What is open while skipping: a struct, or so many elements of a type (of a map, keys and values in turn). */
struct open {
	bool fields;
	enum gh_thrift_type type, other;
	uint64_t left;
};

static bool skip_one(struct gh_thrift *t, enum gh_thrift_type type, bool element, struct open *inner)
{
	*inner = (struct open){ 0 };
	switch (type) {
	case GH_TT_TRUE:
	case GH_TT_FALSE: gh_cur_skip(t->c, element); return false;
	case GH_TT_BYTE: gh_cur_skip(t->c, 1); return false;
	case GH_TT_I16:
	case GH_TT_I32:
	case GH_TT_I64: (void)varint(t); return false;
	case GH_TT_DOUBLE: gh_cur_skip(t->c, 8); return false;
	case GH_TT_BINARY: gh_cur_skip(t->c, gh_thrift_binary(t)); return false;
	case GH_TT_LIST:
	case GH_TT_SET:
		inner->left = gh_thrift_list(t, &inner->type);
		inner->other = inner->type;
		return true;
	case GH_TT_MAP: {
		uint64_t n = varint(t);
		uint8_t types = n == 0 ? 0 : gh_cur_u8(t->c);
		if (n > gh_cur_left(t->c)) {
			t->c->bad = true;
			n = 0;
		}
		*inner = (struct open){ false, (enum gh_thrift_type)(types >> 4), (enum gh_thrift_type)(types & 15),
					2 * n };
		return true;
	}
	case GH_TT_STRUCT:
		gh_thrift_enter(t);
		inner->fields = true;
		return true;
	case GH_TT_STOP: break;
	}
	t->c->bad = true;
	return false;
}

void gh_thrift_skip(struct gh_thrift *t, enum gh_thrift_type type)
{
	struct open stack[GH_THRIFT_DEPTH], inner;
	unsigned n = 0;
	if (skip_one(t, type, false, &inner))
		stack[n++] = inner;
	while (n != 0 && !t->c->bad) {
		struct open *o = &stack[n - 1];
		int id;
		enum gh_thrift_type next = o->left % 2 == 0 ? o->type : o->other;
		if (o->fields ? !gh_thrift_field(t, &id, &next) : o->left == 0) {
			n--;
			continue;
		}
		bool element = !o->fields;
		o->left -= element;
		if (!skip_one(t, next, element, &inner))
			continue;
		if (n == GH_THRIFT_DEPTH) {
			t->deep = t->c->bad = true;
			return;
		}
		stack[n++] = inner;
	}
}
