/* stack.c - the stack with its marks, and the memo. The C reader keeps one stack and a fence at the topmost mark;
 * pickle.py keeps a stack per mark: what can be popped is the same. */
#include "format/pickle/ops.h"
#include "format/pickle/text.h"

bool pkl_push_slow(struct pkl *m, gh_val v)
{
	gh_val *p = gh_grow(m->arena, m->stack, &m->cap, m->n + 1, sizeof *p);
	if (p == NULL)
		return pkl_limit(m, "no memory left for the stack");
	m->stack = p;
	m->stack[m->n++] = v;
	return true;
}

bool pkl_push_made(struct pkl *m, gh_val v)
{
	if (m->h->full)
		return pkl_limit(m, "no memory left for values");
	return pkl_push(m, v);
}

bool pkl_underflow(struct pkl *m)
{
	return pkl_break(m, m->nmark != 0 ? "a mark where a value was expected" : "the stack is empty");
}

static void unmark(struct pkl *m)
{
	m->nmark--;
	m->fence = m->nmark == 0 ? 0 : m->mark[m->nmark - 1];
}

bool pkl_marker(struct pkl *m, size_t *at)
{
	if (m->nmark == 0)
		return pkl_break(m, "no mark on the stack");
	*at = m->mark[m->nmark - 1];
	unmark(m);
	return true;
}

bool pkl_op_mark(struct pkl *m, uint64_t arg)
{
	(void)arg;
	if (m->nmark == m->mcap) {
		size_t *p = gh_grow(m->arena, m->mark, &m->mcap, m->nmark + 1, sizeof *p);
		if (p == NULL)
			return pkl_limit(m, "no memory left for marks");
		m->mark = p;
	}
	m->mark[m->nmark++] = m->fence = m->n;
	return true;
}

bool pkl_op_pop(struct pkl *m, uint64_t arg)
{
	(void)arg;
	if (m->nmark != 0 && m->mark[m->nmark - 1] == m->n) {
		unmark(m);
		return true;
	}
	if (m->n <= m->fence)
		return pkl_underflow(m);
	m->n--;
	return true;
}

bool pkl_op_pop_mark(struct pkl *m, uint64_t arg)
{
	(void)arg;
	return pkl_marker(m, &m->n);
}

bool pkl_op_dup(struct pkl *m, uint64_t arg)
{
	(void)arg;
	return m->n > m->fence ? pkl_push(m, m->stack[m->n - 1]) : pkl_underflow(m);
}

/* ---- memo ---------------------------------------------------------------------------------------------------- */

static size_t sparse_at(const struct pkl_memo *o, uint64_t idx)
{
	size_t i = (size_t)((idx + 1) * 0x9e3779b97f4a7c15u >> 20) & (o->msparse - 1);
	while (o->sparse[i].key != 0 && o->sparse[i].key != idx + 1)
		i = (i + 1) & (o->msparse - 1);
	return i;
}

static gh_val memo_get(const struct pkl_memo *o, uint64_t idx)
{
	if (idx < o->ndense && o->dense[idx] != GH_ABSENT)
		return o->dense[idx];
	if (o->nsparse == 0)
		return GH_ABSENT;
	size_t i = sparse_at(o, idx);
	return o->sparse[i].key == 0 ? GH_ABSENT : o->sparse[i].v;
}

static bool sparse_put(struct pkl *m, uint64_t idx, gh_val v)
{
	struct pkl_memo *o = &m->memo;
	if (!m->sparse_memo) {
		m->sparse_memo = true;
		m->sparse_off = m->op_off;
	}
	if (2 * (o->nsparse + 1) > o->msparse) {
		struct pkl_memo wide = { .msparse = o->msparse == 0 ? 64 : 2 * o->msparse };
		wide.sparse = gh_alloc(m->arena, wide.msparse, sizeof *wide.sparse);
		if (wide.sparse == NULL)
			return pkl_limit(m, "no memory left for the memo");
		for (size_t i = 0; i < o->msparse; i++)
			if (o->sparse[i].key != 0)
				wide.sparse[sparse_at(&wide, o->sparse[i].key - 1)] = o->sparse[i];
		o->sparse = wide.sparse;
		o->msparse = wide.msparse;
	}
	size_t i = sparse_at(o, idx);
	o->nsparse += o->sparse[i].key == 0;
	o->sparse[i].key = idx + 1;
	o->sparse[i].v = v;
	return true;
}

static bool memo_put(struct pkl *m, uint64_t idx, gh_val v)
{
	struct pkl_memo *o = &m->memo;
	if (idx >= o->ndense || o->dense[idx] == GH_ABSENT)
		o->count += memo_get(o, idx) == GH_ABSENT;
	if (idx < o->ndense) {
		o->dense[idx] = v;
		return true;
	}
	/* Picklers number from 0 or 1 without gaps; what lies far ahead goes to the map and costs no table. */
	if (idx >= 2 * (o->count + 512))
		return sparse_put(m, idx, v);
	size_t cap = o->ndense;
	gh_val *p = gh_grow(m->arena, o->dense, &cap, (size_t)idx + 1, sizeof *p);
	if (p == NULL)
		return pkl_limit(m, "no memory left for the memo");
	o->dense = p;
	o->ndense = cap;
	o->dense[idx] = v;
	return true;
}

bool pkl_op_memoize(struct pkl *m, uint64_t arg)
{
	(void)arg;
	return m->n > m->fence ? memo_put(m, m->memo.count, m->stack[m->n - 1]) : pkl_underflow(m);
}

bool pkl_op_binput(struct pkl *m, uint64_t arg)
{
	return m->n > m->fence ? memo_put(m, arg, m->stack[m->n - 1]) : pkl_underflow(m);
}

static bool get_at(struct pkl *m, uint64_t idx)
{
	gh_val v = memo_get(&m->memo, idx);
	if (v == GH_ABSENT)
		return pkl_break(m, "nothing in the memo at index %llu", (unsigned long long)idx);
	return pkl_push(m, v);
}

bool pkl_op_binget(struct pkl *m, uint64_t arg) { return get_at(m, arg); }

/* The index of GET and PUT. pickle.py's memo takes integers of any size; the C reader's array does not. Indices
 * beyond 64 bits are folded into the upper half of the index space. */
static bool text_index(struct pkl *m, uint64_t *idx)
{
	struct pkl_line l;
	if (!pkl_line(m, &l, true))
		return false;
	struct gh_span s = { l.p, (size_t)l.len };
	struct pkl_num c = pkl_index_c(s), py = pkl_index_py(s);
	bool py_mode = (m->dialect & PKL_PY) != 0;
	if (s.n == 0)
		c.ok = py.ok = false;
	if (c.ok && c.many)
		c.ok = (m->dialect & PKL_LAX) != 0;
	if (py.ok && py.many)
		py.ok = (m->dialect & PKL_LAX) != 0;
	if (c.ok && (c.big || c.i > (int64_t)1 << 58))
		c.ok = false; /* the C reader would need more memory than there is address space */
	if (c.ok != py.ok)
		pkl_differs(m, c.ok ? PKL_PART_C : PKL_PART_PY, "a memo index that only one reader accepts");
	struct pkl_num n = py_mode ? py : c;
	if (!n.ok)
		return pkl_break(m, "a memo index is no number");
	if (!n.big && n.i < 0)
		return pkl_break(m, "a negative memo index");
	*idx = (uint64_t)n.i;
	if (n.big) {
		uint64_t x = 0xcbf29ce484222325u;
		for (size_t i = 0; i < s.n; i++)
			x = (x ^ s.p[i]) * 0x100000001b3u;
		*idx = x | (uint64_t)1 << 63;
		if (*idx == UINT64_MAX)
			(*idx)--;
	}
	return true;
}

bool pkl_op_put(struct pkl *m, uint64_t arg)
{
	uint64_t idx;
	(void)arg;
	return text_index(m, &idx) && pkl_op_binput(m, idx);
}

bool pkl_op_get(struct pkl *m, uint64_t arg)
{
	uint64_t idx;
	(void)arg;
	return text_index(m, &idx) && get_at(m, idx);
}
