#include "format/value.h"

#include "base/utf8.h"
#include "format/pickle/heap.h"
#include "format/pickle/text.h"

enum { TEXT_MAX = 4096, DECIMAL_MAX = 512 };

enum gh_vkind gh_val_kind(const struct gh_heap *h, gh_val v)
{
	(void)h;
	switch (gh_val_tag(v)) {
	case GH_TAG_INT: return GH_V_INT;
	case GH_TAG_STR: return GH_V_STR;
	case GH_TAG_BYTES: return GH_V_BYTES;
	case GH_TAG_FLOAT: return GH_V_FLOAT;
	case GH_TAG_NODE: return (enum gh_vkind)gh_val_node(v)->kind;
	case GH_TAG_CONST: break;
	}
	switch (v) {
	case GH_NONE: return GH_V_NONE;
	case GH_TRUE:
	case GH_FALSE: return GH_V_BOOL;
	case GH_BUFFER:
	case GH_BUFFER_VIEW: return GH_V_BUFFER;
	default: return GH_V_UNKNOWN;
	}
}

bool gh_val_int(const struct gh_heap *h, gh_val v, int64_t *out)
{
	enum gh_vkind k = gh_val_kind(h, v);
	if (k == GH_V_BOOL)
		*out = v == GH_TRUE;
	else if (k == GH_V_INT)
		*out = gh_val_tag(v) == GH_TAG_INT ? (int64_t)v >> 4 : gh_val_node(v)->u.i;
	return k == GH_V_BOOL || k == GH_V_INT;
}

bool gh_val_float(const struct gh_heap *h, gh_val v, double *out)
{
	if (gh_val_tag(v) == GH_TAG_FLOAT) {
		struct gh_span s = gh_src_window(h->src, v >> 4, 8);
		uint64_t bits = 0;
		if (s.n < 8)
			return false;
		for (size_t i = 0; i < 8; i++)
			bits = bits << 8 | s.p[i];
		memcpy(out, &bits, sizeof bits);
		return true;
	}
	const struct gh_node *n = gh_val_node(v);
	if (n == NULL || n->kind != GH_V_FLOAT)
		return false;
	*out = n->u.f;
	return true;
}

/* ---- bytes -------------------------------------------------------------------------------------------------- */

/* Little-endian two's complement to decimal (short) or hexadecimal (long: the decimal form costs the square). */
static size_t int_digits(struct gh_span le, char *out, size_t cap)
{
	bool neg = le.n != 0 && (le.p[le.n - 1] & 0x80) != 0;
	uint8_t mag[TEXT_MAX / 2];
	size_t n = le.n < sizeof mag ? le.n : sizeof mag;
	unsigned carry = neg;
	for (size_t i = 0; i < n; i++) {
		unsigned b = (neg ? (uint8_t)~le.p[i] : le.p[i]) + carry;
		mag[i] = (uint8_t)b;
		carry = b >> 8;
	}
	while (n != 0 && mag[n - 1] == 0)
		n--;
	size_t at = cap;
	if (n > DECIMAL_MAX || le.n > sizeof mag) {
		for (size_t i = 0; i < n && at > 3; i++)
			for (unsigned half = 0; half < 2 && at > 3; half++)
				out[--at] = "0123456789abcdef"[mag[i] >> (4 * half) & 15];
		out[--at] = 'x';
		out[--at] = '0';
	} else {
		do {
			unsigned rem = 0;
			for (size_t i = n; i > 0; i--) {
				unsigned cur = rem << 8 | mag[i - 1];
				mag[i - 1] = (uint8_t)(cur / 10);
				rem = cur % 10;
			}
			out[--at] = (char)('0' + rem);
			while (n != 0 && mag[n - 1] == 0)
				n--;
		} while (n != 0);
	}
	if (neg)
		out[--at] = '-';
	memmove(out, out + at, cap - at);
	return cap - at;
}

static struct gh_span int_text(struct gh_heap *h, const struct gh_node *n, size_t max)
{
	char out[TEXT_MAX + 8];
	struct gh_span le = gh_src_window(h->src, n->u.at.off, n->u.at.len < TEXT_MAX ? (size_t)n->u.at.len : TEXT_MAX);
	size_t len = int_digits(le, out, sizeof out - 1);
	return gh_heap_keep(h, (struct gh_span){ (const uint8_t *)out, len < max ? len : max });
}

struct gh_span gh_val_text(struct gh_heap *h, gh_val v, size_t max)
{
	uint64_t off, len;
	const struct gh_node *n = gh_val_node(v);
	if (max > TEXT_MAX)
		max = TEXT_MAX;
	if (gh_val_place(v, &off, &len)) {
		struct gh_span s = gh_src_window(h->src, off, len < max ? (size_t)len : max);
		static const uint8_t nothing[1];
		if (s.n == 0)
			return len == 0 ? (struct gh_span){ nothing, 0 } : (struct gh_span){ 0 };
		return h->src->stable ? s : gh_heap_keep(h, s);
	}
	if (n == NULL)
		return (struct gh_span){ 0 };
	if (n->kind == GH_V_BIGINT) {
		if ((n->flags & GH_NF_DIGITS) == 0)
			return int_text(h, n, max);
		return gh_heap_keep(h,
				    gh_src_window(h->src, n->u.at.off, n->u.at.len < max ? (size_t)n->u.at.len : max));
	}
	if (n->kind != GH_V_STR && n->kind != GH_V_BYTES && n->kind != GH_V_BYTEARRAY)
		return (struct gh_span){ 0 };
	if ((n->flags & GH_NF_MEM) != 0)
		return (struct gh_span){ n->u.mem.p, n->u.mem.n < max ? n->u.mem.n : max };
	/* An escape takes at most ten bytes of source per byte of text. */
	uint8_t out[TEXT_MAX + 8];
	uint64_t want = n->u.at.len < (uint64_t)max * 10 ? n->u.at.len : (uint64_t)max * 10;
	struct gh_span raw = gh_src_window(h->src, n->u.at.off, (size_t)want);
	size_t made = pkl_text_decode(raw, (n->flags & GH_NF_RAWUNI) != 0, out, max);
	return gh_heap_keep(h, (struct gh_span){ out, made });
}

bool gh_val_reader(struct gh_heap *h, gh_val v, struct gh_val_reader *r)
{
	uint64_t off, len;
	const struct gh_node *n = gh_val_node(v);
	if (n != NULL && n->kind == GH_V_STR && (n->flags & GH_NF_RAWUNI) != 0) {
		*r = (struct gh_val_reader){
			.heap = h, .cur = gh_cur(h->src, n->u.at.off), .left = n->u.at.len, .escaped = true
		};
		return true;
	}
	if (!gh_val_place(v, &off, &len) || gh_val_more(h, v))
		return false;
	*r = (struct gh_val_reader){
		.heap = h, .cur = gh_cur(h->src, off), .left = len, .text = gh_val_kind(h, v) == GH_V_STR
	};
	return true;
}

/* The rest of \u00hh. Picklers write a backslash itself in this way too. */
static bool read_escape(struct gh_val_reader *r, uint8_t *to)
{
	const uint8_t *p = r->left < 5 ? NULL : gh_cur_take(&r->cur, 5);
	if (p == NULL || p[0] != 'u' || p[1] != '0' || p[2] != '0')
		return false;
	unsigned x = 0;
	for (size_t i = 3; i < 5; i++) {
		unsigned c = p[i] | 0x20u;
		if (!(c >= '0' && c <= '9') && !(c >= 'a' && c <= 'f'))
			return false;
		x = x << 4 | (c <= '9' ? c - '0' : c - 'a' + 10);
	}
	*to = (uint8_t)x;
	r->left -= 5;
	return true;
}

static bool read_byte(struct gh_val_reader *r, uint8_t *to)
{
	if (r->left == 0)
		return false;
	r->left--;
	*to = gh_cur_u8(&r->cur);
	if (r->escaped && *to == '\\')
		return read_escape(r, to);
	if (!r->text || *to < 0x80)
		return true;
	if (r->left == 0 || (*to & 0xfc) != 0xc0)
		return false;
	r->left--;
	*to = (uint8_t)((*to & 3) << 6 | (gh_cur_u8(&r->cur) & 0x3f));
	return true;
}

bool gh_val_read(struct gh_val_reader *r, uint8_t *to, size_t n)
{
	if (r->heap->read > (1 << 20) + 8 * r->heap->src->size)
		return false;
	r->heap->read += n;
	for (size_t i = 0; i < n; i++)
		if (!read_byte(r, &to[i]))
			return false;
	return !r->cur.bad;
}

bool gh_val_is(struct gh_heap *h, gh_val v, const char *s)
{
	size_t want = strlen(s);
	uint64_t off, len;
	if (gh_val_kind(h, v) != GH_V_STR || gh_val_len(h, v) != want)
		return false;
	if (gh_val_place(v, &off, &len))
		return want <= GH_WINDOW_MAX && gh_span_is(gh_src_window(h->src, off, want), s);
	return want < TEXT_MAX && gh_span_is(gh_val_text(h, v, want + 1), s);
}

/* ---- containers --------------------------------------------------------------------------------------------- */

uint64_t gh_val_len(const struct gh_heap *h, gh_val v)
{
	const struct gh_node *n = gh_val_node(v);
	(void)h;
	if (gh_val_tag(v) == GH_TAG_STR || gh_val_tag(v) == GH_TAG_BYTES)
		return v >> 4 & 0xfffff;
	if (n == NULL)
		return 0;
	switch ((enum gh_vkind)n->kind) {
	case GH_V_STR:
	case GH_V_BYTES:
	case GH_V_BYTEARRAY:
	case GH_V_BIGINT: return (uint64_t)n->cap << 32 | n->n;
	case GH_V_OBJECT: return n->u.object->n;
	case GH_V_GLOBAL: return 0;
	default: return n->n;
	}
}

static gh_val slot(const struct gh_node *n, uint64_t i, uint64_t have)
{
	if (i >= have)
		return GH_UNKNOWN;
	return (n->flags & GH_NF_INLINE) != 0 ? n->u.in[i & 1] : n->u.item[i];
}

static uint64_t kept(const struct gh_heap *h, const struct gh_node *n)
{
	size_t max = gh_heap_keeps(h);
	return n->n < max ? n->n : max;
}

gh_val gh_val_item(const struct gh_heap *h, gh_val v, uint64_t i)
{
	const struct gh_node *n = gh_val_node(v);
	if (n == NULL)
		return GH_UNKNOWN;
	switch ((enum gh_vkind)n->kind) {
	case GH_V_TUPLE:
	case GH_V_LIST:
	case GH_V_SET:
	case GH_V_FROZENSET:
	case GH_V_PERSID: return slot(n, i, kept(h, n));
	case GH_V_OBJECT: return i < n->u.object->n ? n->u.object->item[i] : GH_UNKNOWN;
	default: return GH_UNKNOWN;
	}
}

static gh_val pair(const struct gh_heap *h, gh_val v, uint64_t i, unsigned which)
{
	const struct gh_node *n = gh_val_node(v);
	if (n == NULL || n->kind != GH_V_DICT || i >= kept(h, n))
		return GH_UNKNOWN;
	return n->u.item[2 * i + which];
}

bool gh_val_more(const struct gh_heap *h, gh_val v)
{
	const struct gh_node *n = gh_val_node(v);
	(void)h;
	return n != NULL && n->more != 0;
}

gh_val gh_val_key(const struct gh_heap *h, gh_val v, uint64_t i) { return pair(h, v, i, 0); }

gh_val gh_val_at(const struct gh_heap *h, gh_val v, uint64_t i) { return pair(h, v, i, 1); }

bool gh_val_get(const struct gh_heap *h, gh_val v, const char *key, gh_val *out)
{
	const struct gh_node *n = gh_val_node(v);
	if (n == NULL || n->kind != GH_V_DICT)
		return false;
	for (uint64_t i = kept(h, n); i > 0; i--)
		if (gh_val_is((struct gh_heap *)(uintptr_t)h, pair(h, v, i - 1, 0), key)) {
			*out = pair(h, v, i - 1, 1);
			return true;
		}
	return false;
}

bool gh_val_global(const struct gh_heap *h, gh_val v, struct gh_span *module, struct gh_span *name)
{
	const struct gh_global *g = gh_val_names(v);
	(void)h;
	if (g == NULL)
		return false;
	*module = g->module;
	*name = g->name;
	return true;
}

gh_val gh_val_callee(const struct gh_heap *h, gh_val v)
{
	const struct gh_node *n = gh_val_node(v);
	(void)h;
	return n != NULL && n->kind == GH_V_OBJECT ? n->u.object->callee : GH_UNKNOWN;
}

gh_val gh_val_args(const struct gh_heap *h, gh_val v)
{
	const struct gh_node *n = gh_val_node(v);
	(void)h;
	return n != NULL && n->kind == GH_V_OBJECT ? n->u.object->args : GH_UNKNOWN;
}

gh_val gh_val_kwargs(const struct gh_heap *h, gh_val v)
{
	const struct gh_node *n = gh_val_node(v);
	(void)h;
	return n != NULL && n->kind == GH_V_OBJECT ? n->u.object->kwargs : GH_UNKNOWN;
}
