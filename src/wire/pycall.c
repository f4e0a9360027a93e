/* pycall.c - calls: of functions of the source, which are entered; of constants' methods; of what lies outside, which is told
 * to the host. */
#include "wire/pyrun_int.h"

enum { PARTIALS = 6, NEST = 10 };

/* Functions that run what they are handed, at once or soon. */
static const char *const runs_callbacks[] = {
	"threading.Thread",
	"threading.Timer",
	"multiprocessing.Process",
	"atexit.register",
	"signal.signal",
	"asyncio.run",
	"builtins.map",
	"builtins.filter",
	"functools.reduce",
	"builtins.sorted",
	"builtins.max",
	"builtins.min",
	"sys.settrace",
	"sys.setprofile",
	"weakref.finalize",
	"_thread.start_new_thread",
	"concurrent.futures.ThreadPoolExecutor().submit",
	"importlib.util.LazyLoader",
	"sys.addaudithook",
	"contextlib.ExitStack().callback",
	"asyncio.get_event_loop().run_until_complete",
	"builtins.property",
	"builtins.iter",
	"threading.settrace",
};

static bool runs(struct gh_span path)
{
	for (size_t i = 0; i < sizeof runs_callbacks / sizeof runs_callbacks[0]; i++)
		if (gh_span_is(path, runs_callbacks[i]))
			return true;
	return gh_span_is(path, "?.start") || gh_span_is(path, "?.submit");
}

static void raise_where(struct pyr *r, uint32_t scope, uint8_t where)
{
	if (r->fnwhere[scope] < where)
		r->fnwhere[scope] = where;
}

/* A function of the source was handed to something that calls it. */
void pyr_given(struct pyr *r, struct gh_pyv v)
{
	struct gh_pyv m;
	v = pyr_one(v);
	if (v.kind == GH_PYV_FUNC)
		raise_where(r, v.idx, r->where);
	else if (v.kind == GH_PYV_PARTIAL && pyr_one(v.v[0]).kind == GH_PYV_FUNC)
		raise_where(r, pyr_one(v.v[0]).idx, r->where);
	else if ((v.kind == GH_PYV_CLASS && pyr_get(r, v.idx, GH_SPAN("__init__"), &m)) ||
		 (v.kind == GH_PYV_INST && pyr_get(r, v.idx, GH_SPAN("__call__"), &m)))
		if (pyr_one(m).kind == GH_PYV_FUNC)
			raise_where(r, pyr_one(m).idx, r->where);
}

/* ---- functions of the source -------------------------------------------------------------------------------------------- */
static bool entered(const struct pyr *r, uint32_t scope)
{
	for (unsigned i = 0; i < r->nframe; i++)
		if (r->frame[i].kind == PYR_F_CALL && r->frame[i].fn == scope)
			return true;
	return false;
}

static const struct gh_pyn *definition(struct pyr *r, uint32_t scope)
{
	const struct gh_pyscope *s = &r->t->scope[scope];
	uint32_t at = s->begin;
	if (s->kind == GH_PYS_DEF && at > 0)
		at--; /* DEF stands before the list of decorators */
	return &r->t->node[at];
}

static void bind_params(struct pyr *r, uint32_t scope, const struct gh_pyv *arg, unsigned narg,
			const struct gh_pykw *kw, unsigned nkw, const struct gh_pyv *self)
{
	const struct gh_pyn *d = definition(r, scope);
	unsigned next = 0;
	for (uint32_t i = 0; i < d->nkids; i++) {
		uint32_t kid = r->t->kid[d->kids + i];
		if (kid >= r->t->n)
			continue;
		const struct gh_pyn *p = &r->t->node[kid];
		struct gh_pyv v = p->a < r->t->n ? r->val[p->a] : pyr_unknown(r, GH_PYF_PARAM);
		if (i == 0 && self != NULL) {
			pyr_set_param(r, scope, p->text, *self);
			continue;
		}
		if (p->op == '*') {
			struct gh_pyv *rest = next < narg ? pyr_values(r, narg - next) : NULL;
			if (rest != NULL)
				memcpy(rest, arg + next, (narg - next) * sizeof *rest);
			v = rest == NULL ? pyr_unknown(r, GH_PYF_PARAM)
					 : (struct gh_pyv){ .kind = GH_PYV_SEQ, .n = narg - next, .v = rest };
			next = narg;
		} else if (next < narg && p->op == 0) {
			v = arg[next++];
		}
		for (unsigned k = 0; k < nkw; k++)
			if (gh_span_eq(kw[k].name, p->text))
				v = kw[k].v;
		pyr_set_param(r, scope, p->text, v);
	}
}

static bool enter(struct pyr *r, uint32_t scope)
{
	const struct gh_pyscope *s = &r->t->scope[scope];
	unsigned nest = 0;
	for (unsigned i = 0; i < r->nframe; i++)
		nest += r->frame[i].kind == PYR_F_CALL;
	if (r->nframe == PYR_FRAMES || nest == NEST || s->end <= s->begin || r->work < s->end - s->begin)
		return false;
	struct pyr_frame *f = &r->frame[r->nframe++];
	*f = (struct pyr_frame){
		.kind = PYR_F_CALL,
		.pc = r->pc,
		.end = s->end,
		.node = r->pc,
		.fn = scope,
		.scope = r->scope,
		.height = r->nup,
		.where = r->where,
	};
	r->scope = scope;
	r->pc = s->begin;
	return true;
}

static struct gh_pyv call_func(struct pyr *r, struct gh_pyv f, const struct gh_pyv *arg, unsigned narg,
			       const struct gh_pykw *kw, unsigned nkw, const struct gh_pyv *self, bool *later)
{
	struct gh_pyv ret;
	raise_where(r, f.idx, r->where);
	if (entered(r, f.idx))
		return pyr_unknown(r, 0);
	bind_params(r, f.idx, arg, narg, kw, nkw, self);
	if (later != NULL && enter(r, f.idx)) {
		*later = true;
		return ret = (struct gh_pyv){ 0 };
	}
	if (pyr_get(r, f.idx, GH_SPAN("return"), &ret))
		return ret;
	uint32_t flags = 0;
	for (unsigned i = 0; i < narg; i++)
		flags |= pyr_flags(arg[i]);
	return pyr_unknown(r, flags);
}

/* ---- outside -------------------------------------------------------------------------------------------------------------- */
/* A call's result keeps the name of what made it: the next attribute is looked up on that. */
static struct gh_pyv result(struct pyr *r, struct gh_span path, uint32_t flags)
{
	char text[PYR_PATH + 3];
	if (path.n == 0 || path.p[0] == '?' || path.n + 2 > PYR_PATH)
		return pyr_unknown(r, flags);
	memcpy(text, path.p, path.n);
	memcpy(text + path.n, "()", 2);
	return pyr_ref(r, (struct gh_span){ (const uint8_t *)text, path.n + 2 }, flags);
}

static struct gh_pyv outside(struct pyr *r, struct gh_pyv f, const struct gh_pyv *arg, unsigned narg,
			     const struct gh_pykw *kw, unsigned nkw, enum gh_pyhow how)
{
	struct gh_span path = f.kind == GH_PYV_REF ? gh_pyv_text(f) : GH_SPAN("?");
	struct gh_pyv out;
	uint32_t flags = f.flags & ~(uint32_t)GH_PYF_HIDDEN;
	if (gh_span_starts(path, "os.environ.")) /* the host says which of its methods give all of it */
		flags &= ~(uint32_t)GH_PYF_ENVALL;
	for (unsigned i = 0; i < narg; i++)
		flags |= pyr_flags(arg[i]);
	for (unsigned i = 0; i < nkw; i++)
		flags |= pyr_flags(kw[i].v);
	struct gh_pycall c = { .path = path,
			       .flags = f.flags,
			       .how = how,
			       .where = (enum gh_pywhere)r->where,
			       .arg = arg,
			       .narg = narg,
			       .kw = kw,
			       .nkw = nkw,
			       .node = r->node };
	bool call = how == GH_PYH_CALL || how == GH_PYH_DECORATOR;
	bool known = call && pyr_builtin(r, path, f.flags, arg, narg, kw, nkw, &out);
	uint32_t more = r->h->call(r->h->arg, &c);
	if (runs(path)) {
		for (unsigned i = 0; i < narg; i++)
			pyr_given(r, arg[i]);
		for (unsigned i = 0; i < nkw; i++)
			pyr_given(r, kw[i].v);
	}
	if (known) {
		out.flags |= more;
		return out;
	}
	/* What is known to come out of a function is not what went in, but for plain conversions. */
	out = result(r, path, (flags & ~(uint32_t)(GH_PYF_FORMAT | GH_PYF_JOINED)) | more);
	out.origin = narg != 0 && arg[0].origin != 0 && arg[0].kind != GH_PYV_REF ? arg[0].origin : out.origin;
	return out;
}

static struct gh_pyv call_class(struct pyr *r, struct gh_pyv c, const struct gh_pyv *arg, unsigned narg,
				const struct gh_pykw *kw, unsigned nkw)
{
	static const char *const made_by[] = { "__init__", "__new__", "__post_init__", "__enter__" };
	struct gh_pyv inst = { .kind = GH_PYV_INST, .idx = c.idx, .flags = c.flags }, m;
	for (size_t i = 0; i < sizeof made_by / sizeof made_by[0]; i++)
		if (pyr_get(r, c.idx, gh_span_str(made_by[i]), &m) && pyr_one(m).kind == GH_PYV_FUNC)
			(void)call_func(r, pyr_one(m), arg, narg, kw, nkw, &inst, NULL);
	if (pyr_get(r, c.idx, GH_SPAN("<base>"), &m) && pyr_one(m).kind == GH_PYV_REF)
		(void)outside(r, pyr_one(m), arg, narg, kw, nkw, GH_PYH_CALL);
	return inst;
}

/* reduce(getattr, ['a', 'b'], x) */
static bool fold_attrs(struct pyr *r, struct gh_pyv f, const struct gh_pyv *arg, unsigned narg, struct gh_pyv *out)
{
	const struct gh_pyv *v;
	uint32_t n;
	if ((!pyr_is(f, "functools.reduce") && !pyr_is(f, "builtins.reduce")) || narg < 2 ||
	    !pyr_is(pyr_one(arg[0]), "builtins.getattr") || !pyr_items(r, arg[1], &v, &n) || n > 64)
		return false;
	uint32_t i = narg > 2 ? 0 : 1;
	struct gh_pyv of = narg > 2 ? arg[2] : n != 0 ? v[0] : arg[1];
	for (; i < n; i++)
		of = pyr_attr(r, pyr_one(of), gh_pyv_text(pyr_one(v[i])), GH_PYF_HIDDEN);
	*out = of;
	return true;
}

struct gh_pyv pyr_call(struct pyr *r, struct gh_pyv f, const struct gh_pyv *arg, unsigned narg,
		       const struct gh_pykw *kw, unsigned nkw, enum gh_pyhow how, bool *later)
{
	struct gh_pyv args[PYR_ARGS], out, m;
	*later = false;
	for (unsigned k = 0; k < PARTIALS && f.kind == GH_PYV_PARTIAL; k++) {
		unsigned have = f.n - 1;
		if (have + narg > PYR_ARGS)
			narg = PYR_ARGS - (have < PYR_ARGS ? have : PYR_ARGS);
		if (have > PYR_ARGS)
			break;
		if (narg != 0)
			memmove(args + have, arg, narg * sizeof *args);
		memcpy(args, f.v + 1, have * sizeof *args);
		arg = args;
		narg += have;
		f = pyr_one(f.v[0]);
	}
	if (pyr_is(f, "#methodcaller") && narg >= 2) {
		f = pyr_one(pyr_attr(r, pyr_one(arg[narg - 1]), gh_pyv_text(pyr_one(arg[0])), GH_PYF_HIDDEN));
		arg++;
		narg -= 2;
	}
	switch (f.kind) {
	case GH_PYV_ALT: /* each may be it; none is entered */
		out = pyr_unknown(r, f.flags);
		for (uint32_t i = 0; i < f.n; i++) {
			struct gh_pyv g = f.v[i], v;
			if (g.kind == GH_PYV_FUNC)
				v = call_func(r, g, arg, narg, kw, nkw, NULL, NULL);
			else if (g.kind == GH_PYV_CLASS)
				v = call_class(r, g, arg, narg, kw, nkw);
			else if (g.kind == GH_PYV_PARTIAL && pyr_one(g.v[0]).kind == GH_PYV_REF)
				v = outside(r, pyr_one(g.v[0]), g.v + 1, g.n - 1, NULL, 0, how);
			else if (g.kind == GH_PYV_METHOD && pyr_method(r, g.v[0], gh_pyv_text(g.v[1]), arg, narg, &v))
				;
			else
				v = g.kind == GH_PYV_REF ? outside(r, g, arg, narg, kw, nkw, how)
							 : pyr_unknown(r, g.flags);
			out = i == 0 ? v : pyr_alt(r, out, v);
		}
		return out;
	case GH_PYV_FUNC: return call_func(r, f, arg, narg, kw, nkw, NULL, later);
	case GH_PYV_CLASS: return call_class(r, f, arg, narg, kw, nkw);
	case GH_PYV_INST:
		if ((pyr_get(r, f.idx, GH_SPAN("__call__"), &m) || pyr_get(r, f.idx, GH_SPAN("forward"), &m)) &&
		    pyr_one(m).kind == GH_PYV_FUNC)
			return call_func(r, pyr_one(m), arg, narg, kw, nkw, &f, NULL);
		return pyr_unknown(r, f.flags);
	case GH_PYV_METHOD:
		if (pyr_method(r, f.v[0], gh_pyv_text(f.v[1]), arg, narg, &out))
			return out;
		/* A word made of a constant in some way that is not followed. */
		m = f.v[0];
		bool made = pyr_is_text(m) &&
			    (gh_span_is(gh_pyv_text(f.v[1]), "translate") || gh_span_is(gh_pyv_text(f.v[1]), "decode"));
		uint32_t flags = pyr_flags(m) | (made ? GH_PYF_DECODED : 0);
		for (unsigned i = 0; i < narg; i++)
			flags |= pyr_flags(arg[i]);
		return pyr_unknown(r, flags);
	default: return fold_attrs(r, f, arg, narg, &out) ? out : outside(r, f, arg, narg, kw, nkw, how);
	}
}

/* `obj.method(…)` of an instance: the method gets it as its first argument. */
static bool bound(struct pyr *r, const struct gh_pyn *n, struct gh_pyv f, struct gh_pyv *self)
{
	if (f.kind != GH_PYV_FUNC || n->a >= r->t->n || r->t->node[n->a].kind != GH_PYN_ATTR)
		return false;
	*self = pyr_one(pyr_node_val(r, r->t->node[n->a].a));
	return self->kind == GH_PYV_INST;
}

struct gh_pyv pyr_call_node(struct pyr *r, const struct gh_pyn *n, bool *later)
{
	struct gh_pyv arg[PYR_ARGS], self;
	struct gh_pykw kw[PYR_ARGS];
	unsigned narg = 0, nkw = 0;
	uint32_t more = 0;
	for (uint32_t i = 0; i < n->nkids; i++) {
		uint32_t kid = r->t->kid[n->kids + i];
		if (kid >= r->t->n)
			continue;
		const struct gh_pyn *k = &r->t->node[kid];
		struct gh_pyv v = r->val[kid];
		if (k->kind == GH_PYN_KWARG && nkw < PYR_ARGS) {
			kw[nkw++] = (struct gh_pykw){ k->text, v };
		} else if (k->kind == GH_PYN_DSTAR && pyr_one(v).kind == GH_PYV_DICT) {
			struct gh_pyv d = pyr_one(v);
			for (uint32_t e = 0; e < d.n && nkw < PYR_ARGS; e++)
				kw[nkw++] = (struct gh_pykw){ gh_pyv_text(pyr_one(d.v[2 * e])), d.v[2 * e + 1] };
		} else if (k->kind == GH_PYN_DSTAR && nkw < PYR_ARGS) {
			kw[nkw++] = (struct gh_pykw){ { 0 }, v };
		} else if (k->kind == GH_PYN_STAR && pyr_one(v).kind == GH_PYV_SEQ) {
			struct gh_pyv s = pyr_one(v);
			for (uint32_t e = 0; e < s.n && narg < PYR_ARGS; e++)
				arg[narg++] = s.v[e];
		} else if (narg < PYR_ARGS) {
			arg[narg++] = v;
		} else {
			more |= pyr_flags(v);
		}
	}
	if (more != 0)
		arg[PYR_ARGS - 1].flags |= more;
	struct gh_pyv f = pyr_node_val(r, n->a);
	if (bound(r, n, pyr_one(f), &self)) {
		*later = false;
		return call_func(r, pyr_one(f), arg, narg, kw, nkw, &self, later);
	}
	return pyr_call(r, f, arg, narg, kw, nkw, GH_PYH_CALL, later);
}
