/* calls.c - opcodes that run code: calls, instantiation, and changes made to objects that are not plain containers.
 * Each is an event at the moment it would happen, whatever becomes of its result. */
#include "format/pickle/imports.h"
#include "format/pickle/ops.h"
#include "format/pickle/text.h"

/* ---- telling ------------------------------------------------------------------------------------------------- */

static uint64_t mix(uint64_t x, struct gh_span s)
{
	for (size_t i = 0; i < s.n; i++)
		x = (x ^ s.p[i]) * 0x100000001b3u;
	return (x ^ 0xff) * 0x100000001b3u;
}

/* What makes two readings' events the same: place, kind, names and what the arguments look like. */
static uint64_t fingerprint(struct pkl *m, const struct gh_call *c)
{
	gh_auto_buf b = gh_buf(2048);
	gh_val_render(m->h, c->callee, &b, 500);
	gh_val_render(m->h, c->args, &b, 500);
	gh_val_render(m->h, c->kwargs, &b, 500);
	uint64_t x = mix(0xcbf29ce484222325u ^ m->op_off * 0x9e3779b97f4a7c15u ^ (uint64_t)c->how, gh_buf_view(&b));
	return mix(mix(x, c->module), c->name) | 1;
}

/* Remember it; false when it was known. Once the table is full everything counts as new: told twice, never lost. */
static bool remember(struct pkl *m, uint64_t x)
{
	struct pkl_shared *sh = m->sh;
	if (sh->seen_full)
		return true;
	if (2 * (sh->nseen + 1) > sh->mseen) {
		size_t wide = sh->mseen == 0 ? 256 : 2 * sh->mseen;
		uint64_t *t = wide > 1 << 16 ? NULL : GH_NEW(m->arena, uint64_t, wide);
		if (t == NULL) {
			sh->seen_full = true;
			return true;
		}
		for (size_t i = 0; i < sh->mseen; i++) {
			size_t k = (size_t)sh->seen[i] & (wide - 1);
			while (sh->seen[i] != 0 && t[k] != 0)
				k = (k + 1) & (wide - 1);
			if (sh->seen[i] != 0)
				t[k] = sh->seen[i];
		}
		sh->seen = t;
		sh->mseen = wide;
	}
	size_t k = (size_t)x & (sh->mseen - 1);
	while (sh->seen[k] != 0 && sh->seen[k] != x)
		k = (k + 1) & (sh->mseen - 1);
	if (sh->seen[k] == x)
		return false;
	sh->seen[k] = x;
	sh->nseen++;
	return true;
}

/* Is this event to be told now? In later readings only what the earlier ones did not do. */
static bool is_news(struct pkl *m, const struct gh_call *c)
{
	if (m->nop < m->sh->from_op)
		return false;
	bool parted = m->sh->from_op != 0;
	for (int i = 0; i < PKL_PARTS; i++)
		parted = parted || m->part[i].op != 0;
	return !parted || remember(m, fingerprint(m, c));
}

bool pkl_emit_call(struct pkl *m, struct gh_call *c)
{
	/* Bytes that are no pickle spell a persistent id ("PK…") or an extension code every now and then, and what those do
	 * is up to the loader: neither shows that the bytes are meant to be run. */
	bool call = c->how != GH_CALL_IMPORT && c->how != GH_CALL_EXT && c->how != GH_CALL_PERSID &&
		    c->how != GH_CALL_HASH && c->how != GH_CALL_LATE;
	m->out.imports += c->how == GH_CALL_IMPORT || c->how == GH_CALL_EXT;
	m->out.calls += call;
	if (m->h->full)
		return pkl_limit(m, "no memory left for values");
	if (m->mute) {
		if (m->until_call && call)
			m->stop = true;
		return !m->stop;
	}
	if (!is_news(m, c))
		return true;
	c->heap = m->h;
	c->system = "python";
	c->reading = m->reading != NULL ? m->reading : m->part[PKL_PART_C].op != 0 ? "C" : NULL;
	struct gh_range at = { m->op_off, pkl_off(m) > m->op_off ? pkl_off(m) - m->op_off : 1 };
	if (m->hooks != NULL && m->hooks->call != NULL)
		m->hooks->call(m->hooks->arg, c, at);
	m->told++;
	enum gh_rc rc = gh_emit(m->w, GH_EV_CALL, at.off, at.len, c);
	if (rc != GH_OK) {
		m->rc = rc;
		m->sink_stop = true;
		return false;
	}
	pkl_sync(m);
	return true;
}

static void callee_names(gh_val callee, struct gh_call *c)
{
	const struct gh_global *g = gh_val_names(callee);
	c->resolved = g != NULL;
	if (g == NULL)
		return;
	c->module = g->to_module;
	c->name = g->to_name;
	c->as_module = g->module;
	c->as_name = g->name;
}

/* The names of what is modified: of the call that made it, or its own. */
static void target_names(struct pkl *m, gh_val target, struct gh_call *c)
{
	bool made = pkl_kind(m, target) == GH_V_OBJECT;
	callee_names(made ? gh_val_callee(m->h, target) : target, c);
	c->fresh = made && c->resolved;
	c->late = gh_val_given(target);
	c->callee = target;
}

/* ---- what calls leave behind --------------------------------------------------------------------------------- */

static bool push_todo(struct pkl *m, gh_val v, size_t *n)
{
	if (*n == m->mtodo) {
		gh_val *p = gh_grow(m->arena, m->todo, &m->mtodo, *n + 1, sizeof *p);
		if (p == NULL)
			return pkl_limit(m, "no memory left for values");
		m->todo = p;
	}
	m->todo[(*n)++] = v;
	return true;
}

/* Every value is marked once in the life of a heap, so that all marking together takes as long as making the values. */
static bool give_one(struct pkl *m, gh_val v, size_t *todo)
{
	struct gh_node *n = gh_val_node(v);
	if (n == NULL || (n->flags & GH_NF_GIVEN) != 0)
		return true;
	switch ((enum gh_vkind)n->kind) {
	case GH_V_TUPLE:
	case GH_V_FROZENSET:
	case GH_V_LIST:
	case GH_V_DICT:
	case GH_V_SET: n->flags |= GH_NF_GIVEN; return push_todo(m, v, todo);
	case GH_V_OBJECT: /* what it holds was given when it got it */
	case GH_V_BYTEARRAY: n->flags |= GH_NF_GIVEN; return true;
	default: return true;
	}
}

bool pkl_give(struct pkl *m, gh_val v)
{
	size_t todo = 0;
	if (!give_one(m, v, &todo))
		return false;
	while (todo != 0) {
		gh_val c = m->todo[--todo];
		bool dict = pkl_kind(m, c) == GH_V_DICT;
		uint64_t n = gh_val_len(m->h, c);
		for (uint64_t i = 0; i < n && i < GH_VAL_KEPT; i++) {
			if (!give_one(m, dict ? gh_val_at(m->h, c, i) : gh_val_item(m->h, c, i), &todo))
				return false;
			if (dict && !give_one(m, gh_val_key(m->h, c, i), &todo))
				return false;
		}
	}
	return true;
}

static bool tell_about(struct pkl *m, enum gh_call_how how, gh_val of, const gh_val *item, size_t n)
{
	struct gh_call c = { .how = how, .callee = of, .kwargs = GH_NONE };
	if (m->mute)
		return true;
	c.args = gh_val_make_items(m->h, GH_V_TUPLE, item, n);
	if (m->h->full)
		return pkl_limit(m, "no memory left for values");
	return pkl_emit_call(m, &c);
}

bool pkl_late(struct pkl *m, gh_val to, size_t at)
{
	if (!gh_val_given(to) || m->n == at)
		return true;
	if (!tell_about(m, GH_CALL_LATE, to, m->stack + at, m->n - at))
		return false;
	for (size_t i = at; i < m->n; i++)
		if (!pkl_give(m, m->stack[i]))
			return false;
	return true;
}

bool pkl_hash(struct pkl *m, const gh_val *item, size_t n, size_t step)
{
	size_t made = 0;
	for (size_t i = 0; i < n; i += step)
		if (!gh_val_literal(item[i]) && pkl_kind(m, item[i]) != GH_V_GLOBAL && !push_todo(m, item[i], &made))
			return false;
	/* As many at a time as a tuple keeps: a check sees every one of them. */
	for (size_t i = 0; i < made; i += GH_VAL_KEPT)
		if (!tell_about(m, GH_CALL_HASH, GH_NONE, m->todo + i, made - i < GH_VAL_KEPT ? made - i : GH_VAL_KEPT))
			return false;
	return true;
}

/* ---- calls --------------------------------------------------------------------------------------------------- */

static bool call(struct pkl *m, enum gh_call_how how, gh_val callee, gh_val args, gh_val kwargs)
{
	struct gh_call c = { .how = how, .callee = callee, .args = args, .kwargs = kwargs };
	callee_names(callee, &c);
	c.resolved = c.resolved && pkl_kind(m, args) == GH_V_TUPLE;
	m->seq++;
	if (!pkl_emit_call(m, &c) || !pkl_give(m, args) || !pkl_give(m, kwargs))
		return false;
	return pkl_push_made(m, gh_val_make_object(m->h, callee, args, kwargs, m->seq));
}

static bool iterable(struct pkl *m, gh_val v)
{
	switch (pkl_kind(m, v)) {
	case GH_V_STR:
	case GH_V_BYTES:
	case GH_V_BYTEARRAY:
	case GH_V_LIST:
	case GH_V_DICT:
	case GH_V_SET:
	case GH_V_FROZENSET:
	case GH_V_BUFFER: return true;
	default: return false;
	}
}

/* func(*args) in pickle.py takes any iterable: the tuple it becomes. Characters of a string are not spelled out, nor
 * is the order of a set or the last of equal keys worked out: such arguments stay as they are, unresolved. */
static gh_val spread(struct pkl *m, gh_val v)
{
	gh_val item[GH_VAL_KEPT];
	enum gh_vkind kind = pkl_kind(m, v);
	uint64_t n = gh_val_len(m->h, v);
	bool text = kind == GH_V_STR || kind == GH_V_BYTES || kind == GH_V_BYTEARRAY;
	bool hashed = kind == GH_V_SET || kind == GH_V_FROZENSET || kind == GH_V_DICT;
	if ((text && n != 0) || (hashed && n > 1) || kind == GH_V_BUFFER || n > GH_VAL_KEPT)
		return v;
	for (uint64_t i = 0; i < n; i++)
		item[i] = kind == GH_V_DICT ? gh_val_key(m->h, v, i) : gh_val_item(m->h, v, i);
	return gh_val_make_items(m->h, GH_V_TUPLE, item, (size_t)n);
}

/* The argument list of REDUCE and NEWOBJ, as a tuple where it can be known. */
static bool arguments(struct pkl *m, gh_val *args)
{
	if (pkl_kind(m, *args) == GH_V_TUPLE)
		return true;
	if (pkl_opaque(m, *args) && (m->dialect & PKL_INERT) == 0)
		return true; /* may be a tuple: told as unresolved */
	if (iterable(m, *args)) {
		pkl_differs(m, PKL_PART_PY, "an argument list that is no tuple");
		if ((m->dialect & PKL_PY) != 0) {
			*args = spread(m, *args);
			return !m->h->full || pkl_limit(m, "no memory left for values");
		}
	}
	return pkl_break(m, "an argument list that is no tuple");
}

bool pkl_op_reduce(struct pkl *m, uint64_t arg)
{
	gh_val args, callee = GH_ABSENT;
	(void)arg;
	if (!pkl_pop(m, &args) || !pkl_pop(m, &callee))
		return false;
	if (!pkl_opaque(m, callee))
		return pkl_break(m, "a call of something that cannot be called");
	return arguments(m, &args) && call(m, GH_CALL_REDUCE, callee, args, GH_NONE) &&
	       pkl_ndarray(m, m->stack[m->n - 1]);
}

bool pkl_instantiate(struct pkl *m, gh_val cls, size_t args, size_t at)
{
	if (!pkl_opaque(m, cls))
		return pkl_break(m, "an instance of something that is no class");
	gh_val tuple = gh_val_make_items(m->h, GH_V_TUPLE, m->stack + args, m->n - args);
	m->n = at;
	return call(m, GH_CALL_INST, cls, tuple, GH_NONE);
}

bool pkl_op_obj(struct pkl *m, uint64_t arg)
{
	size_t at;
	(void)arg;
	if (!pkl_marker(m, &at))
		return false;
	if (m->n == at)
		return pkl_underflow(m);
	return pkl_instantiate(m, m->stack[at], at + 1, at);
}

/* Does a dict work as keyword arguments? A class written in C need not look at the keys. */
static bool keywords(struct pkl *m, gh_val kwargs)
{
	bool inert = (m->dialect & PKL_INERT) != 0;
	if (pkl_kind(m, kwargs) != GH_V_DICT)
		return (pkl_opaque(m, kwargs) && !inert) || pkl_break(m, "keyword arguments that are no dict");
	for (uint64_t i = 0; inert && i < gh_val_len(m->h, kwargs); i++)
		if (pkl_kind(m, gh_val_key(m->h, kwargs, i)) != GH_V_STR)
			return pkl_break(m, "a keyword that is no string");
	return true;
}

static bool newobj(struct pkl *m, bool with_kwargs)
{
	gh_val cls = GH_ABSENT, args = GH_ABSENT, kwargs = GH_NONE;
	if ((with_kwargs && !pkl_pop(m, &kwargs)) || !pkl_pop(m, &args) || !pkl_pop(m, &cls))
		return false;
	if (!pkl_opaque(m, cls))
		return pkl_break(m, "NEWOBJ of something that is no class");
	if (!arguments(m, &args) || (with_kwargs && !keywords(m, kwargs)))
		return false;
	return call(m, GH_CALL_NEW, cls, args, kwargs);
}

bool pkl_op_newobj(struct pkl *m, uint64_t arg)
{
	(void)arg;
	return newobj(m, false);
}

bool pkl_op_newobj_ex(struct pkl *m, uint64_t arg)
{
	(void)arg;
	return newobj(m, true);
}

/* ---- changes to objects -------------------------------------------------------------------------------------- */

static bool modify(struct pkl *m, enum gh_call_how how, gh_val target, size_t at)
{
	size_t n = m->n - at;
	struct gh_call c = { .how = how, .kwargs = GH_NONE };
	target_names(m, target, &c);
	c.args = gh_val_make_items(m->h, GH_V_TUPLE, m->stack + at, n);
	if (m->h->full)
		return pkl_limit(m, "no memory left for values");
	if (!pkl_emit_call(m, &c))
		return false;
	for (size_t i = at; i < m->n; i++)
		if (!pkl_give(m, m->stack[i]))
			return false;
	gh_val_add(m->h, target, m->stack + at, n);
	return true;
}

bool pkl_append_to(struct pkl *m, gh_val target, size_t at, bool one)
{
	(void)one;
	if (m->n == at) { /* only pickle.py calls extend([]) */
		pkl_differs(m, PKL_PART_PY, "nothing is appended to an object");
		if ((m->dialect & PKL_PY) == 0)
			return true;
	}
	return modify(m, GH_CALL_APPEND, target, at);
}

/* An event keeps only so many items: keys are told in parts. */
bool pkl_setitems_on(struct pkl *m, gh_val target, size_t at)
{
	return (m->n - at <= GH_VAL_KEPT || pkl_hash(m, m->stack + at, m->n - at, 2)) &&
	       modify(m, GH_CALL_SETITEM, target, at);
}

bool pkl_additems_to(struct pkl *m, gh_val target, size_t at)
{
	return (m->n - at <= GH_VAL_KEPT || pkl_hash(m, m->stack + at, m->n - at, 1)) &&
	       modify(m, GH_CALL_ADD, target, at);
}

static bool falsy(struct pkl *m, gh_val v)
{
	int64_t i;
	double d;
	switch (pkl_kind(m, v)) {
	case GH_V_NONE: return true;
	case GH_V_BOOL:
	case GH_V_INT: return gh_val_int(m->h, v, &i) && i == 0;
	case GH_V_FLOAT: return gh_val_float(m->h, v, &d) && d == 0;
	case GH_V_STR:
	case GH_V_BYTES:
	case GH_V_BYTEARRAY:
	case GH_V_TUPLE:
	case GH_V_LIST:
	case GH_V_DICT:
	case GH_V_SET:
	case GH_V_FROZENSET: return gh_val_len(m->h, v) == 0;
	default: return false;
	}
}

/* Nothing of a built-in type can be changed by BUILD; only a state that says nothing passes. */
static bool build_plain(struct pkl *m, gh_val state)
{
	gh_val slots = GH_ABSENT;
	if (pkl_kind(m, state) == GH_V_TUPLE && gh_val_len(m->h, state) == 2) {
		slots = gh_val_item(m->h, state, 1);
		state = gh_val_item(m->h, state, 0);
	}
	bool py = falsy(m, state) && (slots == GH_ABSENT || falsy(m, slots));
	bool c = state == GH_NONE &&
		 (slots == GH_ABSENT || (pkl_kind(m, slots) == GH_V_DICT && gh_val_len(m->h, slots) == 0));
	if (py != c)
		pkl_differs(m, py ? PKL_PART_PY : PKL_PART_C, "BUILD with a state that only one reader accepts");
	if ((m->dialect & PKL_PY) != 0 ? py : c)
		return true;
	return pkl_break(m, "BUILD of something that takes no state");
}

bool pkl_op_build(struct pkl *m, uint64_t arg)
{
	gh_val state;
	(void)arg;
	if (m->n - m->fence < 2)
		return pkl_underflow(m);
	state = m->stack[--m->n];
	gh_val target = m->stack[m->n - 1];
	if (!pkl_opaque(m, target))
		return build_plain(m, state);
	struct gh_call c = { .how = GH_CALL_BUILD, .args = state, .kwargs = GH_NONE };
	target_names(m, target, &c);
	if (!pkl_emit_call(m, &c) || !pkl_give(m, state))
		return false;
	gh_val_add(m->h, target, &state, 1);
	if (m->h->full)
		return pkl_limit(m, "no memory left for values");
	if (pkl_kind(m, target) != GH_V_OBJECT)
		return true;
	return pkl_ndarray(m, target) && pkl_array(m, &m->stack[m->n - 1]);
}

/* ---- persistent ids ------------------------------------------------------------------------------------------ */

static bool persistent(struct pkl *m, gh_val id)
{
	struct gh_call c = { .how = GH_CALL_PERSID,
			     .callee = GH_UNKNOWN,
			     .args = id,
			     .kwargs = GH_NONE,
			     .resolved = !pkl_opaque(m, id) };
	m->seq++;
	if (!pkl_emit_call(m, &c))
		return false;
	return pkl_push_made(m, gh_val_make_persid(m->h, id));
}

bool pkl_op_persid(struct pkl *m, uint64_t arg)
{
	struct pkl_line l;
	(void)arg;
	if (!pkl_line(m, &l, true))
		return false;
	if (!pkl_ascii((struct gh_span){ l.p, (size_t)l.len }))
		return pkl_break(m, "a persistent id that is not ASCII");
	return persistent(m, gh_val_make_at(m->h, GH_V_STR, 0, l.off, l.len, l.len));
}

bool pkl_op_binpersid(struct pkl *m, uint64_t arg)
{
	gh_val id;
	(void)arg;
	return pkl_pop(m, &id) && persistent(m, id);
}
