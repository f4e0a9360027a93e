/* pickle_trace.c - for the differential test of the pickle machine: batches of pickles in, what the machine would import
 * and call out, in the notation of pickle_diff.py. Length-prefixed both ways: u32 little-endian, then the bytes.
 *
 * The two top bits of an input's length choose the reader: 0 C on memory, 1 C on a file that cannot peek, 2 pickle.py.
 * The machine runs that dialect under the test's assumption that whatever an import or a call gives is an
 * inert object. One line per event:
 *	G module name		find_class
 *	E code			an extension code (the recorder registers codes 1 to 1000)
 *	C callee args [kwargs]	a call, __new__ or instantiation; P id; B target state; S, A, U changes
 * and at the end "." for STOP or "!" for a break. */
#include "format/pickle/machine.h"

#include <stdio.h>
#include <stdlib.h>

enum { DEEP = 4, WIDE = 20, INPUT_MAX = 16 << 20 };

struct trace {
	struct gh_sink sink;
	struct gh_buf out;
	bool ext[1001];
};

static void value(struct gh_heap *h, gh_val v, struct gh_buf *b, unsigned deep, bool key);

static void hex(struct gh_buf *b, struct gh_span s)
{
	for (size_t i = 0; i < s.n; i++)
		gh_buf_fmt(b, "%02x", s.p[i]);
}

static int by_text(const void *a, const void *b) { return strcmp(*(char *const *)a, *(char *const *)b); }

/* Sets and dicts in an order that does not depend on how they were built: members sorted, equal ones once. */
static void unordered(struct gh_heap *h, gh_val v, struct gh_buf *b, unsigned deep, bool pairs)
{
	uint64_t n = gh_val_len(h, v);
	char **text = calloc(n + 1, sizeof *text);
	size_t kept = 0;
	for (uint64_t i = n; i > 0; i--) { /* the last value of a key wins */
		struct gh_buf one = gh_buf(1 << 20);
		value(h, pairs ? gh_val_key(h, v, i - 1) : gh_val_item(h, v, i - 1), &one, deep + 1, true);
		size_t klen = one.n;
		bool dup = false;
		for (size_t k = 0; k < kept && !dup; k++)
			dup = strncmp(text[k], gh_buf_cstr(&one), klen) == 0 &&
			      (text[k][klen] == 0 || text[k][klen] == '=');
		if (!dup) {
			if (pairs) {
				gh_buf_ch(&one, '=');
				value(h, gh_val_at(h, v, i - 1), &one, deep + 1, false);
			}
			text[kept++] = strdup(gh_buf_cstr(&one));
		}
		gh_buf_free(&one);
	}
	qsort(text, kept, sizeof *text, by_text);
	for (size_t k = 0; k < kept; k++) {
		gh_buf_str(b, text[k]);
		gh_buf_ch(b, ',');
		free(text[k]);
	}
	free(text);
}

static void number(struct gh_heap *h, gh_val v, struct gh_buf *b, bool key)
{
	int64_t i;
	double d;
	enum gh_vkind k = gh_val_kind(h, v);
	if (gh_val_int(h, v, &i)) {
		if (k == GH_V_BOOL && !key)
			gh_buf_ch(b, i ? 'T' : 'F');
		else
			gh_buf_fmt(b, "i%lld", (long long)i);
		return;
	}
	(void)gh_val_float(h, v, &d);
	if (key && d >= -9e15 && d <= 9e15 && d == (double)(int64_t)d) {
		gh_buf_fmt(b, "i%lld", (long long)d);
		return;
	}
	uint64_t bits;
	memcpy(&bits, &d, 8);
	if (d != d)
		bits = 0x7ff8000000000000;
	gh_buf_fmt(b, "f%016llx", (unsigned long long)bits);
}

static void items(struct gh_heap *h, gh_val v, struct gh_buf *b, unsigned deep, bool key)
{
	uint64_t n = gh_val_len(h, v);
	for (uint64_t i = 0; i < n && i < WIDE; i++) {
		value(h, gh_val_item(h, v, i), b, deep + 1, key);
		gh_buf_ch(b, ',');
	}
	if (n > WIDE)
		gh_buf_fmt(b, "%llu", (unsigned long long)n);
}

static void value(struct gh_heap *h, gh_val v, struct gh_buf *b, unsigned deep, bool key)
{
	if (deep > DEEP) {
		gh_buf_ch(b, '~');
		return;
	}
	switch (gh_val_kind(h, v)) {
	case GH_V_NONE: gh_buf_ch(b, 'N'); break;
	case GH_V_BOOL:
	case GH_V_INT:
	case GH_V_FLOAT: number(h, v, b, key); break;
	case GH_V_BIGINT: gh_buf_ch(b, 'L'); break;
	case GH_V_STR:
		gh_buf_ch(b, 's');
		hex(b, gh_span_cut(gh_val_text(h, v, 204), 0, 200));
		break;
	case GH_V_BYTES:
		gh_buf_ch(b, 'b');
		hex(b, gh_span_cut(gh_val_text(h, v, 204), 0, 200));
		break;
	case GH_V_BYTEARRAY: gh_buf_ch(b, 'a'); break;
	case GH_V_BUFFER: gh_buf_ch(b, 'm'); break;
	case GH_V_TUPLE:
		gh_buf_ch(b, '(');
		items(h, v, b, deep, key);
		gh_buf_ch(b, ')');
		break;
	case GH_V_LIST:
		gh_buf_ch(b, '[');
		items(h, v, b, deep, false);
		gh_buf_ch(b, ']');
		break;
	case GH_V_SET:
	case GH_V_FROZENSET:
		gh_buf_str(b, "<");
		unordered(h, v, b, deep, false);
		gh_buf_str(b, ">");
		break;
	case GH_V_DICT:
		gh_buf_ch(b, '{');
		unordered(h, v, b, deep, true);
		gh_buf_ch(b, '}');
		break;
	case GH_V_GLOBAL: {
		const struct gh_global *g = gh_val_names(v);
		gh_buf_ch(b, 'g');
		hex(b, g->module);
		gh_buf_ch(b, '.');
		hex(b, g->name);
		break;
	}
	case GH_V_OBJECT: gh_buf_fmt(b, "o%llu", (unsigned long long)gh_val_node(v)->u.object->seq); break;
	case GH_V_PERSID:
		gh_buf_str(b, "p");
		value(h, gh_val_item(h, v, 0), b, 1, false);
		break;
	case GH_V_UNKNOWN: gh_buf_ch(b, '?'); break;
	}
}

static enum gh_rc on_event(struct gh_sink *s, const struct gh_event *e)
{
	struct trace *t = (struct trace *)s;
	struct gh_buf *b = &t->out;
	static const char letter[] = {
		[GH_CALL_REDUCE] = 'C',	 [GH_CALL_NEW] = 'C',	 [GH_CALL_INST] = 'C', [GH_CALL_BUILD] = 'B',
		[GH_CALL_SETITEM] = 'S', [GH_CALL_APPEND] = 'A', [GH_CALL_ADD] = 'U',  [GH_CALL_PERSID] = 'P'
	};
	if (e->kind != GH_EV_CALL)
		return GH_OK;
	const struct gh_call *c = e->u.call;
	if (c->how == GH_CALL_IMPORT) {
		gh_buf_str(b, "G ");
		hex(b, c->as_module);
		gh_buf_ch(b, ' ');
		hex(b, c->as_name);
		gh_buf_ch(b, '\n');
		return GH_OK;
	}
	if (c->how == GH_CALL_EXT) {
		int64_t code = 0;
		(void)gh_val_int(c->heap, c->args, &code);
		if (code >= 1 && code <= 1000 && !t->ext[code]) /* found once, then cached */
			gh_buf_fmt(b, "E %lld\n", (long long)code);
		if (code >= 1 && code <= 1000)
			t->ext[code] = true;
		return GH_OK;
	}
	if (c->how == GH_CALL_HASH || c->how == GH_CALL_LATE)
		return GH_OK; /* no opcode of its own */
	if (c->how == GH_CALL_APPEND && gh_val_len(c->heap, c->args) == 0)
		return GH_OK; /* extend([]) of pickle.py */
	gh_buf_fmt(b, "%c ", letter[c->how]);
	if (c->how != GH_CALL_PERSID) {
		value(c->heap, c->callee, b, 0, false);
		gh_buf_ch(b, ' ');
	}
	enum gh_vkind k = gh_val_kind(c->heap, c->args);
	bool call = letter[c->how] == 'C';
	if (call && k != GH_V_TUPLE)
		gh_buf_str(b, "(*)"); /* pickle.py spreads any iterable */
	else
		value(c->heap, c->args, b, 0, false);
	if (c->how == GH_CALL_NEW && c->kwargs != GH_NONE && gh_val_len(c->heap, c->kwargs) != 0) {
		gh_buf_ch(b, ' ');
		value(c->heap, c->kwargs, b, 0, false);
	}
	gh_buf_ch(b, '\n');
	return GH_OK;
}

static const struct gh_sink_ops ops = { .event = on_event };

static void one(struct gh_span in, unsigned dialect, struct gh_buf *out)
{
	gh_auto_arena arena = { .max = 64 << 20 };
	struct trace t = { .sink = { &ops }, .out = gh_buf(64 << 20) };
	struct gh_src_mem mem;
	struct gh_limits lim = gh_limits_default;
	struct gh_walk w = { .src = gh_src_mem(&mem, in), .arena = &arena, .sink = &t.sink, .lim = &lim };
	struct gh_heap heap = { .arena = &arena, .src = w.src };
	struct pkl_shared sh = { .claimed = 0, .steps = lim.steps };
	struct pkl m;
	pkl_start(&m, &w, 0, &arena, &heap, &sh, PKL_INERT | dialect);
	pkl_loop(&m);
	gh_buf_str(&t.out, m.stop ? "." : m.rc == GH_E_MALFORMED ? "!" : "L");
	if (!m.stop)
		gh_buf_fmt(&t.out, "%s at %llu", m.out.why, (unsigned long long)m.op_off);
	*out = t.out;
}

int main(void)
{
	uint8_t head[4];
	uint8_t *p = malloc(INPUT_MAX);
	while (p != NULL && fread(head, 1, 4, stdin) == 4) {
		uint32_t n = gh_le32(head) & 0x3fffffff; /* the top bits: which reader */
		static const unsigned dialects[4] = { 0, PKL_FILE, PKL_PY, PKL_PY };
		unsigned dialect = dialects[gh_le32(head) >> 30];
		if (n > INPUT_MAX || fread(p, 1, n, stdin) != n)
			return 2;
		uint8_t *exact = malloc(n == 0 ? 1 : n); /* the sanitizer sees every byte read beyond the end */
		if (exact == NULL)
			return 2;
		memcpy(exact, p, n);
		struct gh_buf out;
		one((struct gh_span){ exact, n }, dialect, &out);
		uint32_t len = (uint32_t)out.n;
		(void)fwrite(&len, 4, 1, stdout);
		(void)fwrite(out.p, 1, out.n, stdout);
		gh_buf_free(&out);
		free(exact);
		if (n == 0) /* an empty pickle ends a batch */
			(void)fflush(stdout);
	}
	free(p);
	return 0;
}
