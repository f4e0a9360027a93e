/* contain.c - tuples, lists, dicts and sets. What fails on a known type fails here as it does in CPython; what is done
 * to an imported object or to what a call returned is an event (calls.c). */
#include "format/pickle/ops.h"

enum { HEAVY_KEY = 1 << 24 };

bool pkl_opaque(const struct pkl *m, gh_val v)
{
	switch (pkl_kind(m, v)) {
	case GH_V_GLOBAL:
	case GH_V_OBJECT:
	case GH_V_PERSID:
	case GH_V_UNKNOWN: return true;
	case GH_V_BUFFER: return v != GH_BUFFER_VIEW;
	default: return false;
	}
}

bool pkl_key_ok(struct pkl *m, gh_val key)
{
	if (!gh_val_hashable(key))
		return pkl_break(m, "an unhashable key or member");
	if (gh_val_weight(key) > HEAVY_KEY && !m->heavy_key) {
		m->heavy_key = true; /* a tuple's hash is computed anew for every reference to it */
		m->heavy_off = m->op_off;
	}
	return true;
}

static bool keys_ok(struct pkl *m, const gh_val *item, size_t n, size_t step)
{
	for (size_t i = 0; i < n; i += step)
		if (gh_val_tag(item[i]) >= GH_TAG_NODE || item[i] == GH_BUFFER_VIEW)
			if (!pkl_key_ok(m, item[i]))
				return false;
	return pkl_hash(m, item, n, step);
}

/* Items beyond those that are kept cannot be found again when the container is given to a call: they count as given
 * from the start. Picklers complete an item before they add it. */
static bool give_rest(struct pkl *m, uint64_t total, size_t at)
{
	for (size_t i = at; total > GH_VAL_KEPT && i < m->n; i++)
		if (!pkl_give(m, m->stack[i]))
			return false;
	return true;
}

static bool make(struct pkl *m, enum gh_vkind kind, size_t at)
{
	if (!give_rest(m, m->n - at, at))
		return false;
	gh_val v = gh_val_make_items(m->h, kind, m->n > at ? m->stack + at : NULL, m->n - at);
	m->n = at;
	return pkl_push_made(m, v);
}

static bool make_marked(struct pkl *m, enum gh_vkind kind)
{
	size_t at;
	return pkl_marker(m, &at) && make(m, kind, at);
}

static bool make_n(struct pkl *m, size_t n)
{
	return m->n - m->fence >= n ? make(m, GH_V_TUPLE, m->n - n) : pkl_underflow(m);
}

static bool make_empty(struct pkl *m, enum gh_vkind kind)
{
	return pkl_push_made(m, gh_val_make_items(m->h, kind, NULL, 0));
}

#define OP(name, call) \
	bool pkl_op_##name(struct pkl *m, uint64_t arg) \
	{ \
		(void)arg; \
		return call; \
	}
OP(empty_tuple, make_empty(m, GH_V_TUPLE))
OP(empty_list, make_empty(m, GH_V_LIST))
OP(empty_dict, make_empty(m, GH_V_DICT))
OP(empty_set, make_empty(m, GH_V_SET))
OP(tuple, make_marked(m, GH_V_TUPLE))
OP(list, make_marked(m, GH_V_LIST))
OP(tuple1, make_n(m, 1))
OP(tuple2, make_n(m, 2))
OP(tuple3, make_n(m, 3))

bool pkl_op_frozenset(struct pkl *m, uint64_t arg)
{
	size_t at;
	(void)arg;
	return pkl_marker(m, &at) && keys_ok(m, m->stack + at, m->n - at, 1) && make(m, GH_V_FROZENSET, at);
}

bool pkl_op_dict(struct pkl *m, uint64_t arg)
{
	size_t at;
	(void)arg;
	if (!pkl_marker(m, &at))
		return false;
	if ((m->n - at) % 2 != 0)
		return pkl_break(m, "DICT with an odd number of items");
	return (m->n == at || keys_ok(m, m->stack + at, m->n - at, 2)) && make(m, GH_V_DICT, at);
}

/* ---- adding -------------------------------------------------------------------------------------------------- */

/* An int that an index or a byte may be: bool counts, an opaque object may have __index__. */
static bool int_like(struct pkl *m, gh_val v, int64_t lo, int64_t hi)
{
	int64_t i;
	if (pkl_opaque(m, v) && (m->dialect & PKL_INERT) == 0)
		return true;
	return gh_val_int(m->h, v, &i) && i >= lo && i <= hi;
}

static bool extend(struct pkl *m, size_t at, bool one)
{
	size_t n = m->n - at;
	gh_val to = m->stack[at - 1];
	enum gh_vkind kind = pkl_kind(m, to);
	if (pkl_opaque(m, to)) {
		if (!pkl_append_to(m, to, at, one))
			return false;
	} else if (kind == GH_V_LIST) {
		if (!pkl_late(m, to, at))
			return false;
		gh_val_add(m->h, to, m->stack + at, n);
		if (!give_rest(m, gh_val_len(m->h, to), at))
			return false;
	} else if (kind == GH_V_BYTEARRAY) { /* has extend() and append() too */
		for (size_t i = at; i < m->n; i++)
			if (!int_like(m, m->stack[i], 0, 255))
				return pkl_break(m, "a bytearray takes only bytes");
		if (!pkl_late(m, to, at))
			return false;
		if (n != 0)
			gh_val_node(to)->more = 1;
	} else if (n == 0 && (m->dialect & PKL_PY) == 0) {
		pkl_differs(m, PKL_PART_C, "nothing is appended to something that is no list");
	} else {
		return pkl_break(m, "APPEND to something that is no list");
	}
	m->n = at;
	return !m->h->full || pkl_limit(m, "no memory left for values");
}

bool pkl_op_append(struct pkl *m, uint64_t arg)
{
	(void)arg;
	return m->n - m->fence >= 2 ? extend(m, m->n - 1, true) : pkl_underflow(m);
}

bool pkl_op_appends(struct pkl *m, uint64_t arg)
{
	size_t at;
	(void)arg;
	if (!pkl_marker(m, &at))
		return false;
	return at > m->fence ? extend(m, at, false) : pkl_underflow(m);
}

/* list[i] = v and bytearray[i] = b work, with the index of an existing element. */
static bool set_in_sequence(struct pkl *m, gh_val to, enum gh_vkind kind, size_t at)
{
	int64_t len = (int64_t)gh_val_len(m->h, to), i;
	for (size_t k = at; k + 1 < m->n; k += 2) {
		gh_val key = m->stack[k];
		if (!int_like(m, key, -len, len - 1))
			return pkl_break(m, "an index outside the sequence");
		if (kind == GH_V_BYTEARRAY && !int_like(m, m->stack[k + 1], 0, 255))
			return pkl_break(m, "a bytearray takes only bytes");
		if (gh_val_int(m->h, key, &i))
			gh_val_put(m->h, to, (uint64_t)(i < 0 ? i + len : i), m->stack[k + 1]);
	}
	return true;
}

static bool setitems(struct pkl *m, size_t at)
{
	gh_val to = m->stack[at - 1];
	enum gh_vkind kind = pkl_kind(m, to);
	size_t n = m->n - at;
	if (n == 0)
		return true;
	if (n % 2 != 0) {
		if (n > 2 && pkl_opaque(m, to)) {
			pkl_differs(m, PKL_PART_PY, "SETITEMS with an odd number of items");
			if ((m->dialect & PKL_PY) != 0) {
				m->n--; /* pickle.py sets the complete pairs before it raises */
				if (!pkl_setitems_on(m, to, at))
					return false;
			}
		}
		return pkl_break(m, "SETITEMS with an odd number of items");
	}
	if (pkl_opaque(m, to)) {
		if (!pkl_setitems_on(m, to, at))
			return false;
	} else if (kind == GH_V_DICT) {
		if (!keys_ok(m, m->stack + at, n, 2) || !pkl_late(m, to, at))
			return false;
		gh_val_add(m->h, to, m->stack + at, n);
		if (!give_rest(m, gh_val_len(m->h, to), at))
			return false;
	} else if (kind == GH_V_LIST || kind == GH_V_BYTEARRAY) {
		if (!pkl_late(m, to, at) || !set_in_sequence(m, to, kind, at))
			return false;
		if (kind == GH_V_BYTEARRAY)
			gh_val_node(to)->more = 1;
	} else {
		return pkl_break(m, "SETITEM on something that takes no items");
	}
	m->n = at;
	return !m->h->full || pkl_limit(m, "no memory left for values");
}

bool pkl_op_setitem(struct pkl *m, uint64_t arg)
{
	(void)arg;
	return m->n - m->fence >= 3 ? setitems(m, m->n - 2) : pkl_underflow(m);
}

bool pkl_op_setitems(struct pkl *m, uint64_t arg)
{
	size_t at;
	(void)arg;
	if (!pkl_marker(m, &at))
		return false;
	return at > m->fence ? setitems(m, at) : pkl_underflow(m);
}

bool pkl_op_additems(struct pkl *m, uint64_t arg)
{
	size_t at;
	(void)arg;
	if (!pkl_marker(m, &at))
		return false;
	if (at <= m->fence)
		return pkl_underflow(m);
	gh_val to = m->stack[at - 1];
	size_t n = m->n - at;
	if (pkl_opaque(m, to)) {
		if (n != 0 && !pkl_additems_to(m, to, at))
			return false;
	} else if (pkl_kind(m, to) == GH_V_SET) {
		if (!keys_ok(m, m->stack + at, n, 1) || !pkl_late(m, to, at))
			return false;
		gh_val_add(m->h, to, m->stack + at, n);
		if (!give_rest(m, gh_val_len(m->h, to), at))
			return false;
	} else if (n == 0 && (m->dialect & PKL_PY) == 0) {
		pkl_differs(m, PKL_PART_C, "nothing is added to something that is no set");
	} else {
		return pkl_break(m, "ADDITEMS to something that is no set");
	}
	m->n = at;
	return !m->h->full || pkl_limit(m, "no memory left for values");
}
