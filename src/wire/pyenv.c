/* pyenv.c - names, attributes and items: what they stand for. */
#include "wire/pyrun_int.h"
#include "wire/recs.h"

enum { PROBES = 512, WIDTH_FLAGS = 16, SAME_MOST = 4096 };

/* ---- values --------------------------------------------------------------------------------------------------------- */
struct gh_pyv pyr_text(enum gh_pyv_kind kind, struct gh_span s, uint32_t flags)
{
	const uint8_t *p = s.p == NULL ? (const uint8_t *)"" : s.p; /* safe to compare and to copy from, though empty */
	return (struct gh_pyv){ .kind = (uint8_t)kind, .flags = flags, .n = (uint32_t)s.n, .p = p };
}

/* Unrolled loops and entered functions may use half of what there is; the rest is for the plain walk, which needs it to be
 * complete. */
static bool spend(struct pyr *r, size_t n)
{
	if (r->folded + n > PYR_FOLDED) {
		r->full = true;
		return false;
	}
	r->folded += n;
	if (r->folded > PYR_FOLDED / 2)
		r->work = 0;
	return true;
}

bool pyr_afford(struct pyr *r, size_t n)
{
	if (r->looked + n > PYR_LOOKED) {
		r->full = true;
		return false;
	}
	r->looked += n;
	return true;
}

uint8_t *pyr_room(struct pyr *r, size_t n) { return n <= PYR_TEXT && spend(r, n) ? gh_alloc(r->a, n + 1, 1) : NULL; }

struct gh_pyv *pyr_values(struct pyr *r, size_t n)
{
	if (n > PYR_FOLDED / sizeof(struct gh_pyv) || !spend(r, n * sizeof(struct gh_pyv)))
		return NULL;
	return GH_NEW(r->a, struct gh_pyv, n == 0 ? 1 : n);
}

struct gh_pyv pyr_ref(struct pyr *r, struct gh_span path, uint32_t flags)
{
	if (path.n > PYR_PATH)
		return pyr_unknown(r, flags);
	struct gh_span kept = gh_keep(r->a, path);
	if (kept.p == NULL) {
		r->full = true;
		return pyr_unknown(r, flags);
	}
	return (struct gh_pyv){ .kind = GH_PYV_REF,
				.flags = flags | r->h->load(r->h->arg, kept),
				.n = (uint32_t)kept.n,
				.p = kept.p,
				.origin = r->node };
}

struct gh_pyv pyr_one(struct gh_pyv v)
{
	uint32_t flags = v.flags;
	if (v.kind != GH_PYV_ALT || v.n == 0)
		return v;
	for (uint32_t i = 0; i < v.n; i++)
		flags |= v.v[i].flags;
	v = v.v[0];
	v.flags |= flags;
	return v;
}

bool pyr_callable(struct gh_pyv v)
{
	return v.kind == GH_PYV_REF || v.kind == GH_PYV_FUNC || v.kind == GH_PYV_CLASS || v.kind == GH_PYV_INST ||
	       v.kind == GH_PYV_PARTIAL || v.kind == GH_PYV_METHOD;
}

static bool holds(struct gh_pyv v)
{
	return v.kind == GH_PYV_SEQ || v.kind == GH_PYV_DICT || v.kind == GH_PYV_ALT || v.kind == GH_PYV_PARTIAL;
}

/* What holds others was given their marks when it was made: one level is looked at, for what was put together elsewhere. */
uint32_t pyr_flags(struct gh_pyv v)
{
	uint32_t flags = v.flags, n = !holds(v) ? 0 : v.kind == GH_PYV_DICT ? 2 * v.n : v.n;
	for (uint32_t i = 0; i < n && i < WIDTH_FLAGS; i++)
		flags |= v.v[i].flags;
	return flags;
}

static bool same(struct gh_pyv a, struct gh_pyv b)
{
	if (a.kind != b.kind || a.n != b.n)
		return false;
	if (pyr_is_text(a) || a.kind == GH_PYV_REF)
		return a.p == b.p || (a.n <= SAME_MOST && memcmp(a.p, b.p, a.n) == 0);
	return a.kind == GH_PYV_UNKNOWN || a.kind == GH_PYV_NONE || a.i == b.i;
}

struct gh_pyv pyr_alt(struct pyr *r, struct gh_pyv a, struct gh_pyv b)
{
	if (same(a, b) || b.kind == GH_PYV_NONE) {
		a.flags |= b.flags;
		return a;
	}
	struct gh_pyv *v = pyr_values(r, 2);
	if (v == NULL || a.kind == GH_PYV_ALT || b.kind == GH_PYV_ALT)
		return pyr_callable(b) && !pyr_callable(pyr_one(a)) ? b : a;
	v[0] = a;
	v[1] = b;
	return (struct gh_pyv){ .kind = GH_PYV_ALT, .n = 2, .v = v, .flags = a.flags | b.flags };
}

/* ---- bindings ------------------------------------------------------------------------------------------------------- */
static bool more_slots(struct pyr *r)
{
	size_t cap = r->capbind * 2;
	struct pyr_bind *all = cap > PYR_BINDS ? NULL : GH_NEW(r->a, struct pyr_bind, cap);
	if (all == NULL)
		return false;
	for (size_t i = 0; i < r->capbind; i++) {
		size_t at = r->bind[i].hash & (cap - 1);
		if (!r->bind[i].used)
			continue;
		while (all[at].used)
			at = (at + 1) & (cap - 1);
		all[at] = r->bind[i];
	}
	r->bind = all;
	r->capbind = cap;
	return true;
}

static struct pyr_bind *slot(struct pyr *r, uint32_t scope, struct gh_span name, bool make)
{
	uint64_t h = gh_hash_end(gh_hash(GH_HASH_START ^ scope * UINT64_C(0x9e3779b97f4a7c15), name));
	if (make && r->nbind >= r->capbind / 2 && !more_slots(r) && r->nbind >= r->capbind / 4 * 3) {
		r->full = true;
		return NULL;
	}
	for (size_t i = 0; i < PROBES; i++) {
		struct pyr_bind *b = &r->bind[(h + i) & (r->capbind - 1)];
		if (!b->used) {
			if (!make)
				return NULL;
			*b = (struct pyr_bind){ .scope = scope, .hash = h, .name = name, .used = true };
			r->nbind++;
			return b;
		}
		if (b->hash == h && b->scope == scope && gh_span_eq(b->name, name))
			return b;
	}
	r->full = r->full || make;
	return NULL;
}

static bool heavy(struct pyr *r, struct gh_pyv v)
{
	return v.kind == GH_PYV_REF && r->h->heavy(r->h->arg, gh_pyv_text(v));
}

/* Remember an earlier value: callables before constants, heavy ones before all. */
static void keep_alt(struct pyr *r, struct pyr_bind *b, struct gh_pyv v)
{
	if (!pyr_callable(v) && !pyr_is_text(v))
		return;
	for (uint8_t i = 0; i < b->nalt; i++)
		if (same(b->alt[i], v))
			return;
	if (b->alt == NULL && (b->alt = GH_NEW(r->a, struct gh_pyv, GH_PYV_ALTS)) == NULL) {
		r->full = true;
		return;
	}
	if (b->nalt < GH_PYV_ALTS) {
		b->alt[b->nalt++] = v;
		return;
	}
	for (uint8_t i = 0; i < b->nalt; i++)
		if ((pyr_callable(v) && !pyr_callable(b->alt[i])) || (heavy(r, v) && !heavy(r, b->alt[i]))) {
			b->alt[i] = v;
			return;
		}
}

static struct pyr_bind *final_slot(struct pyr *r, uint32_t scope, struct gh_span name, bool make)
{
	struct pyr_bind *b = slot(r, scope, name, make);
	if (b != NULL && b->redirect)
		b = slot(r, b->cur.idx, name, make);
	return b != NULL && b->redirect ? NULL : b;
}

void pyr_set(struct pyr *r, uint32_t scope, struct gh_span name, struct gh_pyv v)
{
	struct pyr_bind *b = final_slot(r, scope, name, true);
	if (b == NULL)
		return;
	if (v.kind == GH_PYV_ALT) {
		for (uint32_t i = 1; i < v.n; i++)
			keep_alt(r, b, v.v[i]);
		v = pyr_one(v);
	}
	b->cur = v;
	keep_alt(r, b, v);
}

void pyr_set_param(struct pyr *r, uint32_t scope, struct gh_span name, struct gh_pyv v)
{
	struct pyr_bind *b = slot(r, scope, name, true);
	if (b == NULL)
		return;
	b->redirect = false;
	v = pyr_one(v);
	b->cur = v;
	if (pyr_callable(v))
		keep_alt(r, b, v);
}

void pyr_redirect(struct pyr *r, uint32_t scope, struct gh_span name, uint32_t to)
{
	struct pyr_bind *b = scope == to ? NULL : slot(r, scope, name, true);
	if (b == NULL)
		return;
	b->redirect = true;
	b->cur = (struct gh_pyv){ .idx = to };
}

bool pyr_get(struct pyr *r, uint32_t scope, struct gh_span name, struct gh_pyv *v)
{
	struct pyr_bind *b = final_slot(r, scope, name, false);
	if (b == NULL)
		return false;
	*v = b->cur;
	unsigned other = 0;
	for (uint8_t i = 0; i < b->nalt; i++)
		other += !same(b->alt[i], b->cur);
	if (other != 0 && b->view == NULL)
		b->view = GH_NEW(r->a, struct gh_pyv, GH_PYV_ALTS + 1);
	struct gh_pyv *all = b->view;
	if (other == 0 || all == NULL)
		return true;
	uint32_t n = 1, flags = b->cur.flags;
	all[0] = b->cur;
	for (uint8_t i = 0; i < b->nalt; i++)
		if (!same(b->alt[i], b->cur)) {
			all[n++] = b->alt[i];
			flags |= b->alt[i].flags & ~(uint32_t)GH_PYF_HIDDEN;
		}
	*v = (struct gh_pyv){ .kind = GH_PYV_ALT, .n = n, .v = all, .flags = flags, .origin = b->cur.origin };
	return true;
}

struct gh_pyv pyr_name(struct pyr *r, uint32_t scope, struct gh_span name)
{
	struct gh_pyv v;
	for (unsigned depth = 0; depth < PYR_SCOPES; depth++) {
		bool hidden = depth != 0 && r->t->scope[scope].kind == GH_PYS_CLASS;
		if (!hidden && pyr_get(r, scope, name, &v))
			return v;
		if (scope == 0)
			break;
		scope = r->t->scope[scope].up;
	}
	char path[PYR_PATH + 1];
	if (gh_span_is(name, "__builtins__"))
		return pyr_ref(r, GH_SPAN("builtins"), 0);
	if (name.n > 100)
		return pyr_unknown(r, 0);
	if (pyr_is_builtin(name)) {
		memcpy(path, "builtins.", 9);
		memcpy(path + 9, name.p, name.n);
		return pyr_ref(r, (struct gh_span){ (const uint8_t *)path, name.n + 9 }, 0);
	}
	for (unsigned i = 0; i < r->nstar; i++) {
		struct gh_pyv m = pyr_attr(r, pyr_ref(r, r->star[i], 0), name, 0);
		if (heavy(r, m) || i + 1 == r->nstar)
			return m;
	}
	/* Not bound here: a module of that name that other code imported (another cell, the caller of exec). */
	return pyr_ref(r, name, 0);
}

/* ---- attributes ------------------------------------------------------------------------------------------------------ */
/* Modules that other modules hold by accident: `logging.os` is os. */
static const char *const well_known[] = { "os",	       "sys",	 "subprocess", "builtins",
					  "importlib", "shutil", "socket",     "ctypes" };

static bool from_outside(struct gh_span path, struct gh_span name, struct gh_span *module)
{
	if (path.n == 0 || path.p[0] == '?' || memchr(path.p, '(', path.n) != NULL)
		return false;
	struct gh_span n = name.n > 1 && name.p[0] == '_' ? gh_span_cut(name, 1, name.n) : name;
	if (gh_span_is(name, "__builtins__"))
		n = gh_span_str("builtins");
	for (size_t i = 0; i < sizeof well_known / sizeof well_known[0]; i++)
		if (gh_span_is(n, well_known[i]) && !gh_span_starts(path, well_known[i])) {
			*module = gh_span_str(well_known[i]);
			return true;
		}
	return false;
}

static struct gh_pyv ref_attr(struct pyr *r, struct gh_pyv of, struct gh_span name, uint32_t flags)
{
	char path[PYR_PATH + 1];
	struct gh_span base = gh_pyv_text(of), module;
	flags |= of.flags;
	if (gh_span_is(name, "__class__") || gh_span_is(name, "__func__") || gh_span_is(name, "__self__") ||
	    gh_span_is(name, "__wrapped__") || gh_span_is(name, "__call__"))
		return of;
	if (from_outside(base, name, &module)) {
		bool own = gh_span_is(base, "asyncio") || gh_span_starts(base, "six") ||
			   gh_span_starts(base, "future") || gh_span_starts(base, "sys");
		return pyr_ref(r, module, own ? flags : flags | GH_PYF_HIDDEN);
	}
	if (base.n != 0 && base.p[0] == '?')
		base.n = 1;
	if (base.n + 1 + name.n > PYR_PATH)
		base = GH_SPAN("?");
	if (1 + base.n + name.n > PYR_PATH)
		return pyr_unknown(r, flags);
	memcpy(path, base.p, base.n);
	path[base.n] = '.';
	memcpy(path + base.n + 1, name.p, name.n);
	struct gh_pyv v = pyr_ref(r, (struct gh_span){ (const uint8_t *)path, base.n + 1 + name.n }, flags);
	v.origin = of.origin;
	return v;
}

static struct gh_pyv unknown_attr(struct pyr *r, struct gh_pyv of, struct gh_span name)
{
	struct gh_pyv v;
	if (pyr_get(r, PYR_ATTR_SCOPE, name, &v))
		return v;
	struct gh_pyv base = pyr_text(GH_PYV_REF, GH_SPAN("?"), of.flags);
	base.origin = of.origin;
	return ref_attr(r, base, name, 0);
}

static struct gh_pyv method_of(struct pyr *r, struct gh_pyv of, struct gh_span name)
{
	struct gh_pyv *v = pyr_values(r, 2);
	if (v == NULL)
		return pyr_unknown(r, of.flags | GH_PYF_DECODED);
	v[0] = of;
	v[1] = pyr_text(GH_PYV_STR, name, 0);
	return (struct gh_pyv){ .kind = GH_PYV_METHOD, .n = 2, .v = v, .flags = of.flags };
}

struct gh_pyv pyr_attr(struct pyr *r, struct gh_pyv of, struct gh_span name, uint32_t flags)
{
	struct gh_pyv v;
	switch (of.kind) {
	case GH_PYV_ALT: {
		struct gh_pyv *all = pyr_values(r, of.n);
		if (all == NULL)
			return pyr_attr(r, pyr_unknown(r, of.flags), name, flags);
		for (uint32_t i = 0; i < of.n; i++) /* never nested: see pyr_get */
			all[i] = of.v[i].kind == GH_PYV_ALT ? of.v[i] : pyr_attr(r, of.v[i], name, flags);
		return (struct gh_pyv){ .kind = GH_PYV_ALT, .n = of.n, .v = all, .flags = of.flags | flags };
	}
	case GH_PYV_REF: return ref_attr(r, of, name, flags);
	case GH_PYV_CLASS:
	case GH_PYV_INST:
		if (gh_span_is(name, "__class__"))
			return (struct gh_pyv){ .kind = GH_PYV_CLASS, .idx = of.idx };
		if (pyr_get(r, of.idx, name, &v))
			return v;
		return unknown_attr(r, of, name);
	case GH_PYV_STR:
	case GH_PYV_BYTES:
	case GH_PYV_SEQ:
	case GH_PYV_DICT:
	case GH_PYV_INT: return method_of(r, of, name);
	case GH_PYV_FUNC:
	case GH_PYV_PARTIAL:
		if (gh_span_is(name, "__call__"))
			return of;
		if (gh_span_is(name, "__globals__"))
			return pyr_ref(r, GH_SPAN("builtins.globals()"), 0);
		return unknown_attr(r, of, name);
	default: return unknown_attr(r, of, name);
	}
}

/* ---- items ----------------------------------------------------------------------------------------------------------- */
struct gh_pyv pyr_module(struct pyr *r, struct gh_span name, uint32_t flags)
{
	if (gh_span_is(name, "__builtin__") || gh_span_is(name, "__builtins__"))
		name = GH_SPAN("builtins");
	else if (gh_span_is(name, "posix") || gh_span_is(name, "nt"))
		name = GH_SPAN("os");
	else if (gh_span_is(name, "_socket"))
		name = GH_SPAN("socket");
	else if (gh_span_is(name, "_pickle") || gh_span_is(name, "cPickle"))
		name = GH_SPAN("pickle");
	else if (gh_span_is(name, "posixpath") || gh_span_is(name, "ntpath"))
		name = GH_SPAN("os.path");
	else if (gh_span_is(name, "_io"))
		name = GH_SPAN("io");
	return pyr_ref(r, name, flags);
}

static struct gh_pyv ref_item(struct pyr *r, struct gh_pyv of, struct gh_pyv key)
{
	struct gh_span path = gh_pyv_text(of), k = gh_pyv_text(key);
	bool str = key.kind == GH_PYV_STR;
	if (str && gh_span_is(path, "builtins"))
		return pyr_attr(r, of, k, GH_PYF_HIDDEN);
	if (str && gh_span_ends(path, "__globals__"))
		return gh_span_starts(k, "__builtin") ? pyr_ref(r, GH_SPAN("builtins"), GH_PYF_HIDDEN)
						      : pyr_module(r, k, GH_PYF_HIDDEN);
	if (str && gh_span_is(path, "sys.modules"))
		return pyr_module(r, k, of.flags);
	if (str && (gh_span_is(path, "builtins.globals()") || gh_span_is(path, "builtins.locals()")))
		return pyr_name(r, gh_span_is(path, "builtins.locals()") ? r->scope : 0, k);
	if (str && gh_span_ends(path, ".__dict__"))
		return pyr_attr(r, pyr_ref(r, gh_span_cut(path, 0, path.n - 9), of.flags), k, GH_PYF_HIDDEN);
	if (!str && (gh_span_ends(path, ".__dict__") || gh_span_is(path, "sys.modules") ||
		     gh_span_is(path, "builtins") || gh_span_is(path, "builtins.globals()"))) {
		struct gh_pyv v = pyr_unknown(r, of.flags | key.flags | GH_PYF_HIDDEN);
		return v;
	}
	char text[PYR_PATH + 3];
	if (path.n + 2 > PYR_PATH || path.p[0] == '?')
		return pyr_unknown(r, of.flags);
	memcpy(text, path.p, path.n);
	memcpy(text + path.n, "[]", 2);
	struct gh_pyv v = pyr_ref(r, (struct gh_span){ (const uint8_t *)text, path.n + 2 },
				  of.flags & ~(uint32_t)GH_PYF_ENVALL);
	v.origin = of.origin;
	return v;
}

static struct gh_pyv any_of(struct pyr *r, struct gh_pyv of)
{
	uint32_t n = 0, step = of.kind == GH_PYV_DICT ? 2 : 1;
	struct gh_pyv *all = pyr_values(r, GH_PYV_ALTS);
	for (uint32_t i = 0; all != NULL && i < of.n && n < GH_PYV_ALTS; i++) {
		struct gh_pyv v = of.v[i * step + step - 1];
		if (pyr_callable(v))
			all[n++] = v;
	}
	if (n == 0)
		return pyr_unknown(r, pyr_flags(of));
	return (struct gh_pyv){ .kind = GH_PYV_ALT, .n = n, .v = all, .flags = of.flags };
}

struct gh_pyv pyr_item(struct pyr *r, struct gh_pyv of, struct gh_pyv key)
{
	of = pyr_one(of);
	key = pyr_one(key);
	struct gh_pyv v;
	if (of.kind == GH_PYV_REF)
		return ref_item(r, of, key);
	if (of.kind == GH_PYV_DICT && pyr_afford(r, of.n)) {
		for (uint32_t i = of.n; i > 0; i--)
			if (key.kind != GH_PYV_UNKNOWN && same(of.v[2 * i - 2], key))
				return of.v[2 * i - 1];
		if (pyr_get(r, PYR_ITEM_SCOPE, GH_SPAN("[]"), &v))
			return v;
		return any_of(r, of);
	}
	if (key.kind == GH_PYV_INT && (of.kind == GH_PYV_SEQ || pyr_is_text(of))) {
		int64_t i = key.i < 0 ? key.i + (int64_t)of.n : key.i;
		if (i < 0 || i >= (int64_t)of.n)
			return pyr_unknown(r, of.flags);
		if (of.kind == GH_PYV_SEQ)
			return of.v[i];
		if (of.kind == GH_PYV_BYTES)
			return pyr_int(of.p[i]);
		struct gh_pyv c = pyr_text(GH_PYV_STR, (struct gh_span){ of.p + i, 1 }, of.flags);
		return of.p[i] < 0x80 ? c : pyr_unknown(r, of.flags | GH_PYF_DECODED);
	}
	if (of.kind == GH_PYV_SEQ)
		return any_of(r, of);
	if (of.kind == GH_PYV_CLASS && pyr_get(r, of.idx, GH_SPAN("__class_getitem__"), &v))
		return v;
	if (pyr_get(r, PYR_ITEM_SCOPE, GH_SPAN("[]"), &v))
		return v;
	return pyr_unknown(r, pyr_flags(of) | (pyr_is_text(of) ? GH_PYF_DECODED : 0));
}

/* ---- storing ----------------------------------------------------------------------------------------------------------- */
static bool special(struct gh_span name)
{
	return name.n > 4 && gh_span_starts(name, "__") && gh_span_ends(name, "__");
}

static void store_attr(struct pyr *r, const struct gh_pyn *n, struct gh_pyv v)
{
	struct gh_pyv of = pyr_one(pyr_node_val(r, n->a));
	if (special(n->text) && pyr_one(v).kind == GH_PYV_REF && r->h->heavy(r->h->arg, gh_pyv_text(pyr_one(v)))) {
		bool later;
		(void)pyr_call(r, v, NULL, 0, NULL, 0, GH_PYH_OPERATOR, &later);
	}
	if (of.kind == GH_PYV_CLASS || of.kind == GH_PYV_INST) {
		pyr_set(r, of.idx, n->text, v);
		return;
	}
	if (!heavy(r, pyr_one(v)))
		return;
	pyr_set(r, PYR_ATTR_SCOPE, n->text, v);
	r->h->lost(r->h->arg, gh_pyv_text(pyr_one(v)), r->node, (enum gh_pywhere)r->where);
}

static void store_item(struct pyr *r, struct gh_pyv v)
{
	if (!heavy(r, pyr_one(v)))
		return;
	pyr_set(r, PYR_ITEM_SCOPE, GH_SPAN("[]"), v);
	r->h->lost(r->h->arg, gh_pyv_text(pyr_one(v)), r->node, (enum gh_pywhere)r->where);
}

static void store_one(struct pyr *r, const struct gh_pyn *n, struct gh_pyv v)
{
	if (n->kind == GH_PYN_STAR && n->a < r->t->n) {
		n = &r->t->node[n->a];
		v = pyr_unknown(r, pyr_flags(v));
	}
	if (n->kind == GH_PYN_ATTR) {
		store_attr(r, n, v);
	} else if (n->kind == GH_PYN_SUBSCR) {
		struct gh_pyv of = pyr_one(pyr_node_val(r, n->a)), key = pyr_one(pyr_node_val(r, n->b));
		if (key.kind == GH_PYV_STR && (pyr_is(of, "builtins.globals()") || pyr_is(of, "builtins.locals()")))
			pyr_set(r, 0, gh_pyv_text(key), v);
		else
			store_item(r, v);
	} else if (n->kind == GH_PYN_NAME) {
		if (gh_span_is(n->text, "__name__"))
			r->named_main = true;
		if (special(n->text) && r->t->scope[r->scope].kind == GH_PYS_CLASS && heavy(r, pyr_one(v))) {
			bool later;
			(void)pyr_call(r, v, NULL, 0, NULL, 0, GH_PYH_OPERATOR, &later);
		}
		pyr_set(r, r->scope, n->text, v);
	}
}

/* Targets nest: `(a, (b, c)), d`. */
void pyr_store(struct pyr *r, uint32_t target, struct gh_pyv v)
{
	enum { LEVELS = 64 };
	struct {
		uint32_t node;
		struct gh_pyv v;
	} todo[LEVELS];
	unsigned n = 0;
	todo[n].node = target;
	todo[n++].v = v;
	while (n != 0) {
		uint32_t i = todo[--n].node;
		struct gh_pyv w = todo[n].v;
		if (i >= r->t->n)
			continue;
		const struct gh_pyn *t = &r->t->node[i];
		if (t->kind != GH_PYN_TUPLE && t->kind != GH_PYN_LIST) {
			store_one(r, t, w);
			continue;
		}
		struct gh_pyv one = pyr_one(w);
		for (uint32_t k = 0; k < t->nkids; k++) {
			bool known = one.kind == GH_PYV_SEQ && one.n == t->nkids;
			struct gh_pyv part = known ? one.v[k] : pyr_unknown(r, pyr_flags(one));
			uint32_t kid = r->t->kid[t->kids + k];
			const struct gh_pyn *c = kid < r->t->n ? &r->t->node[kid] : t;
			if (c->kind != GH_PYN_TUPLE && c->kind != GH_PYN_LIST) {
				store_one(r, c, part);
			} else if (n == LEVELS) {
				r->full = true;
			} else if (c != t) {
				todo[n].node = kid;
				todo[n++].v = part;
			}
		}
	}
}
