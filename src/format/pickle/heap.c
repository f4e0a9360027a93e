/* heap.c - making the values that value.c reads. */
#include "format/pickle/heap.h"

enum { PAGE = 8192 };

static struct gh_node *node(struct gh_heap *h, enum gh_vkind kind, uint8_t flags)
{
	struct gh_node *n = GH_NEW(h->arena, struct gh_node, 1);
	if (n == NULL) {
		h->full = true;
		return NULL;
	}
	n->kind = (unsigned)kind & 63;
	n->flags = flags;
	n->weight = 1;
	return n;
}

static gh_val handle(const struct gh_node *n) { return (gh_val)(uintptr_t)n | GH_TAG_NODE; }

struct gh_span gh_heap_keep(struct gh_heap *h, struct gh_span s)
{
	if (s.n >= PAGE / 4) {
		struct gh_span big = gh_keep(h->arena, s);
		h->full = h->full || big.p == NULL;
		return big;
	}
	if (h->page == NULL || h->page_left < s.n + 1) {
		size_t room = h->page == NULL ? PAGE / 8 : PAGE;
		if (room < s.n + 1)
			room = PAGE;
		h->page = gh_alloc(h->arena, room, 1);
		if (h->page == NULL) {
			h->full = true;
			h->page_left = 0;
			return (struct gh_span){ 0 };
		}
		h->page_left = room;
	}
	struct gh_span out = { h->page, s.n };
	if (s.n != 0)
		memcpy(h->page, s.p, s.n);
	h->page[s.n] = 0;
	h->page += s.n + 1;
	h->page_left -= s.n + 1;
	return out;
}

gh_val gh_val_make_int(struct gh_heap *h, int64_t i)
{
	if (i >= -((int64_t)1 << 59) && i < (int64_t)1 << 59)
		return (gh_val)i << 4 | GH_TAG_INT;
	struct gh_node *n = node(h, GH_V_INT, 0);
	if (n == NULL)
		return GH_UNKNOWN;
	n->u.i = i;
	return handle(n);
}

gh_val gh_val_make_float(struct gh_heap *h, double f)
{
	struct gh_node *n = node(h, GH_V_FLOAT, 0);
	if (n == NULL)
		return GH_UNKNOWN;
	n->u.f = f;
	return handle(n);
}

static void set_len(struct gh_node *n, uint64_t len)
{
	n->n = (uint32_t)len;
	n->cap = (uint32_t)(len >> 32);
}

gh_val gh_val_make_at(struct gh_heap *h, enum gh_vkind kind, uint8_t flags, uint64_t off, uint64_t len,
		      uint64_t decoded)
{
	if (flags == 0 && (kind == GH_V_STR || kind == GH_V_BYTES) && off < (uint64_t)1 << 40 && len < 1 << 20)
		return off << 24 | len << 4 | (kind == GH_V_STR ? GH_TAG_STR : GH_TAG_BYTES);
	struct gh_node *n = node(h, kind, (uint8_t)(flags | (kind == GH_V_BYTEARRAY ? GH_NF_UNHASHABLE : 0)));
	if (n == NULL)
		return GH_UNKNOWN;
	n->u.at.off = off;
	n->u.at.len = len;
	set_len(n, decoded);
	return handle(n);
}

gh_val gh_val_make_mem(struct gh_heap *h, enum gh_vkind kind, struct gh_span bytes)
{
	struct gh_node *n = node(h, kind, (uint8_t)(GH_NF_MEM | (kind == GH_V_BYTEARRAY ? GH_NF_UNHASHABLE : 0)));
	if (n == NULL)
		return GH_UNKNOWN;
	n->u.mem = bytes;
	set_len(n, bytes.n);
	return handle(n);
}

bool gh_val_literal(gh_val v)
{
	const struct gh_node *n = gh_val_node(v);
	if (n == NULL)
		return v != GH_UNKNOWN && v != GH_BUFFER && v != GH_BUFFER_VIEW;
	switch ((enum gh_vkind)n->kind) {
	case GH_V_INT:
	case GH_V_BIGINT:
	case GH_V_FLOAT:
	case GH_V_STR:
	case GH_V_BYTES: return true;
	case GH_V_TUPLE:
	case GH_V_FROZENSET: return (n->flags & GH_NF_MIXED) == 0;
	default: return false;
	}
}

bool gh_val_given(gh_val v)
{
	const struct gh_node *n = gh_val_node(v);
	return n != NULL && (n->flags & GH_NF_GIVEN) != 0;
}

/* What a container inherits from its items; the items themselves are not looked into again. */
static void inherit(struct gh_heap *h, struct gh_node *to, const gh_val *item, size_t n)
{
	uint32_t weight = to->weight;
	uint16_t depth = to->depth;
	bool bad = false, mixed = false;
	for (size_t i = 0; i < n; i++) {
		const struct gh_node *c = gh_val_node(item[i]);
		mixed = mixed || !gh_val_literal(item[i]);
		if (c == NULL) {
			weight += weight != UINT32_MAX;
			bad = bad || item[i] == GH_BUFFER_VIEW;
			continue;
		}
		if (__builtin_add_overflow(weight, c->weight, &weight))
			weight = UINT32_MAX;
		if (c->depth >= depth)
			depth = c->depth == UINT16_MAX ? UINT16_MAX : (uint16_t)(c->depth + 1);
		bad = bad || (c->flags & GH_NF_UNHASHABLE) != 0;
	}
	to->weight = weight;
	to->depth = depth;
	if (bad && to->kind == GH_V_TUPLE)
		to->flags |= GH_NF_UNHASHABLE;
	if (mixed && to->kind != GH_V_OBJECT)
		to->flags |= GH_NF_MIXED;
	if (weight > h->worst_weight)
		h->worst_weight = weight;
	if (depth > h->worst_depth)
		h->worst_depth = depth;
}

static const struct gh_global *maker(gh_val v)
{
	const struct gh_node *n = gh_val_node(v);
	return n != NULL && n->kind == GH_V_OBJECT ? gh_val_names(n->u.object->callee) : NULL;
}

static bool of_literals(gh_val v)
{
	const struct gh_node *n = gh_val_node(v);
	return n != NULL && (n->kind == GH_V_LIST || n->kind == GH_V_DICT || n->kind == GH_V_SET) &&
	       (n->flags & GH_NF_MIXED) == 0;
}

/* Do items that are not kept look like the last one that is? Then a check that was content with that one has seen
 * them all; what a call does with its arguments is an event of its own. */
static bool alike(const gh_val *item, size_t n, gh_val last)
{
	const struct gh_global *as = maker(last);
	for (size_t i = 0; i < n; i++)
		if (!gh_val_literal(item[i]) && !of_literals(item[i]) && (as == NULL || maker(item[i]) != as))
			return false;
	return true;
}

/* Store what still fits into the kept part; `per` slots make one item. */
static bool store(struct gh_heap *h, struct gh_node *c, const gh_val *item, size_t n, uint32_t per)
{
	size_t had = (size_t)c->n * per;
	size_t max = gh_heap_keeps(h) * per;
	size_t keep = had >= max ? 0 : n < max - had ? n : max - had;
	uint32_t total;
	if (keep != 0 && had + keep > c->cap) {
		size_t cap = c->cap;
		gh_val *p = gh_grow(h->arena, cap == 0 ? NULL : c->u.item, &cap, had + keep, sizeof *p);
		if (p == NULL) {
			h->full = true;
			return false;
		}
		c->u.item = p;
		c->cap = (uint32_t)cap;
	}
	if (keep != 0)
		memcpy(c->u.item + had, item, keep * sizeof *item);
	if (keep < n && c->more == 0)
		c->more = !alike(item + keep, n - keep, max <= had + keep ? c->u.item[max - 1] : GH_ABSENT);
	c->n = n / per > UINT32_MAX || __builtin_add_overflow(c->n, (uint32_t)(n / per), &total) ? UINT32_MAX : total;
	return true;
}

gh_val gh_val_make_items(struct gh_heap *h, enum gh_vkind kind, const gh_val *item, size_t n)
{
	bool mutable = kind == GH_V_LIST || kind == GH_V_DICT || kind == GH_V_SET;
	struct gh_node *c = node(h, kind, mutable ? GH_NF_UNHASHABLE : 0);
	if (c == NULL)
		return GH_UNKNOWN;
	inherit(h, c, item, n);
	if (!mutable && n <= 2) {
		c->flags |= GH_NF_INLINE;
		for (size_t i = 0; i < n; i++)
			c->u.in[i] = item[i];
		c->n = (uint32_t)n;
		return handle(c);
	}
	if (!mutable) { /* final: exactly the room it needs */
		size_t keep = n < gh_heap_keeps(h) ? n : gh_heap_keeps(h);
		c->u.item = GH_NEW(h->arena, gh_val, keep);
		if (c->u.item == NULL) {
			h->full = true;
			return GH_UNKNOWN;
		}
		c->cap = (uint32_t)keep;
	}
	return store(h, c, item, n, kind == GH_V_DICT ? 2 : 1) ? handle(c) : GH_UNKNOWN;
}

static void add_later(struct gh_heap *h, struct gh_node *of, const gh_val *item, size_t n)
{
	struct gh_object *o = of->u.object;
	size_t max = gh_heap_keeps(h), keep = o->n >= max ? 0 : n < max - o->n ? n : max - o->n;
	size_t cap = o->cap;
	if (keep < n)
		of->more = of->more != 0 ||
			   !alike(item + keep, n - keep, keep != 0 ? item[keep - 1] : o->item[o->n - 1]);
	if (keep == 0)
		return;
	gh_val *p = gh_grow(h->arena, o->item, &cap, o->n + keep, sizeof *p);
	if (p == NULL) {
		h->full = true;
		return;
	}
	o->item = p;
	o->cap = (uint32_t)cap;
	memcpy(p + o->n, item, keep * sizeof *item);
	o->n += (uint32_t)keep;
}

void gh_val_add(struct gh_heap *h, gh_val to, const gh_val *item, size_t n)
{
	struct gh_node *c = gh_val_node(to);
	if (c == NULL)
		return;
	inherit(h, c, item, n);
	if (c->kind == GH_V_OBJECT)
		add_later(h, c, item, n);
	else if (c->kind == GH_V_LIST || c->kind == GH_V_SET)
		(void)store(h, c, item, n, 1);
	else if (c->kind == GH_V_DICT)
		(void)store(h, c, item, n, 2);
}

void gh_val_put(struct gh_heap *h, gh_val list, uint64_t i, gh_val v)
{
	struct gh_node *c = gh_val_node(list);
	if (c == NULL || c->kind != GH_V_LIST)
		return;
	inherit(h, c, &v, 1);
	if (i < c->n && i < gh_heap_keeps(h))
		c->u.item[i] = v;
}

static uint64_t hash_names(struct gh_span a, struct gh_span b)
{
	uint64_t x = 0xcbf29ce484222325u;
	for (size_t i = 0; i < a.n; i++)
		x = (x ^ a.p[i]) * 0x100000001b3u;
	x = (x ^ 0x100) * 0x100000001b3u;
	for (size_t i = 0; i < b.n; i++)
		x = (x ^ b.p[i]) * 0x100000001b3u;
	return x;
}

/* Keep the table at most full once over: chains stay short for any honest stream, and a hostile one only slows itself
 * down by a constant per name because chains are cut at 16 (a name is then simply stored again). */
static void widen(struct gh_heap *h)
{
	size_t m = h->mintern == 0 ? 64 : h->mintern * 4;
	struct gh_global **t = GH_NEW(h->arena, struct gh_global *, m);
	if (t == NULL) {
		h->full = true;
		return;
	}
	for (size_t i = 0; i < h->mintern; i++)
		for (struct gh_global *g = h->intern[i], *next; g != NULL; g = next) {
			next = g->next;
			g->next = t[g->hash & (m - 1)];
			t[g->hash & (m - 1)] = g;
		}
	h->intern = t;
	h->mintern = m;
}

static const struct gh_global *intern(struct gh_heap *h, struct gh_span module, struct gh_span name,
				      struct gh_span to_module, struct gh_span to_name)
{
	uint64_t x = hash_names(module, name);
	unsigned chain = 0;
	if (h->mintern != 0)
		for (struct gh_global *g = h->intern[x & (h->mintern - 1)]; g != NULL && chain < 16;
		     g = g->next, chain++)
			if (g->hash == x && gh_span_eq(g->module, module) && gh_span_eq(g->name, name) &&
			    gh_span_eq(g->to_module, to_module) && gh_span_eq(g->to_name, to_name))
				return g;
	if (h->nintern >= h->mintern)
		widen(h);
	struct gh_global *g = GH_NEW(h->arena, struct gh_global, 1);
	if (g == NULL || h->full) {
		h->full = true;
		return NULL;
	}
	g->module = gh_heap_keep(h, module);
	g->name = gh_heap_keep(h, name);
	g->to_module = gh_span_eq(module, to_module) ? g->module : gh_heap_keep(h, to_module);
	g->to_name = gh_span_eq(name, to_name) ? g->name : gh_heap_keep(h, to_name);
	g->hash = x;
	g->next = h->intern[x & (h->mintern - 1)];
	h->intern[x & (h->mintern - 1)] = g;
	h->nintern++;
	return h->full ? NULL : g;
}

gh_val gh_val_make_global(struct gh_heap *h, struct gh_span module, struct gh_span name, struct gh_span to_module,
			  struct gh_span to_name)
{
	const struct gh_global *g = intern(h, module, name, to_module, to_name);
	struct gh_node *n = g == NULL ? NULL : node(h, GH_V_GLOBAL, 0);
	if (n == NULL)
		return GH_UNKNOWN;
	n->u.global = g;
	return handle(n);
}

gh_val gh_val_make_object(struct gh_heap *h, gh_val callee, gh_val args, gh_val kwargs, uint64_t seq)
{
	struct gh_node *n = node(h, GH_V_OBJECT, 0);
	struct gh_object *o = n == NULL ? NULL : GH_NEW(h->arena, struct gh_object, 1);
	if (o == NULL) {
		h->full = true;
		return GH_UNKNOWN;
	}
	*o = (struct gh_object){ .callee = callee, .args = args, .kwargs = kwargs, .seq = seq };
	n->u.object = o;
	gh_val in[3] = { callee, args, kwargs };
	inherit(h, n, in, 3);
	return handle(n);
}

gh_val gh_val_make_persid(struct gh_heap *h, gh_val id)
{
	struct gh_node *n = node(h, GH_V_PERSID, GH_NF_INLINE);
	if (n == NULL)
		return GH_UNKNOWN;
	n->u.in[0] = id;
	n->n = 1;
	return handle(n);
}

bool gh_val_hashable(gh_val v)
{
	const struct gh_node *n = gh_val_node(v);
	return n == NULL ? v != GH_BUFFER_VIEW : (n->flags & GH_NF_UNHASHABLE) == 0;
}

uint32_t gh_val_weight(gh_val v)
{
	const struct gh_node *n = gh_val_node(v);
	return n == NULL ? 1 : n->weight;
}

const struct gh_global *gh_val_names(gh_val v)
{
	const struct gh_node *n = gh_val_node(v);
	return n != NULL && n->kind == GH_V_GLOBAL ? n->u.global : NULL;
}

bool gh_val_place(gh_val v, uint64_t *off, uint64_t *len)
{
	enum gh_tag t = gh_val_tag(v);
	const struct gh_node *n = gh_val_node(v);
	if (t == GH_TAG_STR || t == GH_TAG_BYTES) {
		*off = v >> 24;
		*len = v >> 4 & 0xfffff;
		return true;
	}
	if (n == NULL || (n->kind != GH_V_STR && n->kind != GH_V_BYTES && n->kind != GH_V_BYTEARRAY) ||
	    (n->flags & (GH_NF_MEM | GH_NF_ESCAPED | GH_NF_RAWUNI)) != 0)
		return false;
	*off = n->u.at.off;
	*len = n->u.at.len;
	return true;
}
