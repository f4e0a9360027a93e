/* render.c - a value as a Python-like expression, for people. Depth and breadth are bounded by constants, so that
 * cycles end and a hostile graph costs no more than an honest one. */
#include "format/pickle/heap.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { DEEP = 8, WIDE = 32, STRING = 160, MORE = 512 };

struct out {
	struct gh_heap *h;
	struct gh_buf *b;
	size_t start, max;
	unsigned more; /* containers that may still be opened: bounds the product of breadth and depth */
};

static const char dots[] = "\xe2\x80\xa6";

static bool spent(const struct out *o) { return o->b->full || o->b->n - o->start >= o->max; }

static size_t room(const struct out *o)
{
	size_t used = o->b->n - o->start;
	return used < o->max ? o->max - used : 0;
}

static void put(struct out *o, const char *s)
{
	size_t n = strlen(s);
	if (n <= room(o))
		gh_buf_put(o->b, s, n);
}

/* Hostile text between quotes of ours: its own quotes are escaped, or it could end the string and go on in our words. */
static void put_quoted(struct gh_buf *b, struct gh_span s, size_t max)
{
	size_t start = b->n;
	while (s.n != 0 && b->n - start < max) {
		const uint8_t *q = memchr(s.p, '\'', s.n);
		size_t n = q == NULL ? s.n : (size_t)(q - s.p);
		gh_buf_safe(b, gh_span_cut(s, 0, n), max - (b->n - start));
		if (q == NULL)
			break;
		gh_buf_str(b, "\\'");
		s = gh_span_cut(s, n + 1, s.n);
	}
}

static void put_string(struct out *o, gh_val v, const char *open)
{
	struct gh_span s = gh_val_text(o->h, v, STRING);
	size_t left = room(o);
	put(o, open);
	put_quoted(o->b, s, left < STRING ? left : STRING);
	if (gh_val_len(o->h, v) > s.n)
		put(o, dots);
	put(o, "'");
}

static void put_float(struct out *o, gh_val v)
{
	char text[40] = "float(?)";
	double d;
	if (gh_val_float(o->h, v, &d)) {
		if (isnan(d) || isinf(d)) {
			(void)snprintf(text, sizeof text, "float('%s')", isnan(d) ? "nan" : d > 0 ? "inf" : "-inf");
		} else {
			for (int prec = 15; prec <= 17; prec++) {
				(void)snprintf(text, sizeof text, "%.*g", prec, d);
				if (strtod(text, NULL) == d)
					break;
			}
			if (strpbrk(text, ".e") == NULL)
				memcpy(text + strlen(text), ".0",
				       sizeof ".0"); /* 17 digits and a sign: there is room */
		}
	}
	put(o, text);
}

static void put_global(struct out *o, gh_val v)
{
	const struct gh_global *g = gh_val_names(v);
	size_t left = room(o);
	gh_buf_safe(o->b, g->to_module, left);
	put(o, ".");
	left = room(o);
	gh_buf_safe(o->b, g->to_name, left);
}

static void render(struct out *o, gh_val v, unsigned deep);

static void put_items(struct out *o, gh_val v, unsigned deep, const char *open, const char *close)
{
	uint64_t n = gh_val_len(o->h, v);
	bool tuple = gh_val_kind(o->h, v) == GH_V_TUPLE;
	put(o, open);
	for (uint64_t i = 0; i < n && !spent(o); i++) {
		if (i != 0)
			put(o, ", ");
		if (i == WIDE) {
			put(o, dots);
			break;
		}
		render(o, gh_val_item(o->h, v, i), deep + 1);
	}
	put(o, tuple && n == 1 && open[0] == '(' ? ",)" : close);
}

static void put_dict(struct out *o, gh_val v, unsigned deep)
{
	uint64_t n = gh_val_len(o->h, v);
	put(o, "{");
	for (uint64_t i = 0; i < n && !spent(o); i++) {
		if (i != 0)
			put(o, ", ");
		if (i == WIDE) {
			put(o, dots);
			break;
		}
		render(o, gh_val_key(o->h, v, i), deep + 1);
		put(o, ": ");
		render(o, gh_val_at(o->h, v, i), deep + 1);
	}
	put(o, "}");
}

/* callee(arguments): the one comma of a one-tuple is not written. */
static void put_call(struct out *o, gh_val v, unsigned deep)
{
	const struct gh_object *c = gh_val_node(v)->u.object;
	render(o, c->callee, deep + 1);
	put(o, "(");
	if (gh_val_kind(o->h, c->args) == GH_V_TUPLE) {
		put_items(o, c->args, deep, "", "");
	} else {
		put(o, "*");
		render(o, c->args, deep + 1);
	}
	if (c->kwargs != GH_NONE && !spent(o)) {
		put(o, ", **");
		render(o, c->kwargs, deep + 1);
	}
	put(o, ")");
}

static void render(struct out *o, gh_val v, unsigned deep)
{
	char text[32];
	int64_t i = 0;
	enum gh_vkind k = gh_val_kind(o->h, v);
	if (spent(o))
		return;
	bool opens = k == GH_V_TUPLE || k == GH_V_LIST || k == GH_V_DICT || k == GH_V_SET || k == GH_V_FROZENSET ||
		     k == GH_V_OBJECT || k == GH_V_PERSID;
	if (opens && (deep >= DEEP || o->more == 0)) {
		put(o, dots);
		return;
	}
	o->more -= opens;
	switch (k) {
	case GH_V_NONE: put(o, "None"); break;
	case GH_V_BOOL: put(o, v == GH_TRUE ? "True" : "False"); break;
	case GH_V_INT:
		(void)gh_val_int(o->h, v, &i);
		(void)snprintf(text, sizeof text, "%lld", (long long)i);
		put(o, text);
		break;
	case GH_V_BIGINT: {
		size_t left = room(o);
		gh_buf_safe(o->b, gh_val_text(o->h, v, 64), left < 64 ? left : 64);
		if (gh_val_len(o->h, v) > 64)
			put(o, dots);
		break;
	}
	case GH_V_FLOAT: put_float(o, v); break;
	case GH_V_STR: put_string(o, v, "'"); break;
	case GH_V_BYTES: put_string(o, v, "b'"); break;
	case GH_V_BYTEARRAY:
		put_string(o, v, "bytearray(b'");
		put(o, ")");
		break;
	case GH_V_TUPLE: put_items(o, v, deep, "(", ")"); break;
	case GH_V_LIST: put_items(o, v, deep, "[", "]"); break;
	case GH_V_SET:
		if (gh_val_len(o->h, v) == 0)
			put(o, "set()");
		else
			put_items(o, v, deep, "{", "}");
		break;
	case GH_V_FROZENSET: put_items(o, v, deep, "frozenset({", "})"); break;
	case GH_V_DICT: put_dict(o, v, deep); break;
	case GH_V_GLOBAL: put_global(o, v); break;
	case GH_V_OBJECT: put_call(o, v, deep); break;
	case GH_V_PERSID:
		put(o, "persistent_load(");
		render(o, gh_val_item(o->h, v, 0), deep + 1);
		put(o, ")");
		break;
	case GH_V_BUFFER: put(o, "<buffer>"); break;
	case GH_V_UNKNOWN: put(o, "<unknown>"); break;
	}
}

void gh_val_render(struct gh_heap *h, gh_val v, struct gh_buf *out, size_t max)
{
	struct out o = { .h = h, .b = out, .start = out->n, .max = max, .more = MORE };
	render(&o, v, 0);
	if (spent(&o) && !out->full)
		gh_buf_str(out, dots);
}
