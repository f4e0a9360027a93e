/* pybuiltin.c - functions of Python that make values out of constants, and those that reach names: getattr, __import__ and
 * their relatives. */
#include "base/utf8.h"
#include "wire/pyrun_int.h"

static const char *const builtins[] = {
	"__build_class__",
	"__import__",
	"abs",
	"all",
	"any",
	"apply",
	"ascii",
	"bin",
	"bool",
	"breakpoint",
	"bytearray",
	"bytes",
	"callable",
	"chr",
	"classmethod",
	"compile",
	"complex",
	"copyright",
	"delattr",
	"dict",
	"dir",
	"divmod",
	"enumerate",
	"eval",
	"exec",
	"execfile",
	"exit",
	"file",
	"filter",
	"float",
	"format",
	"frozenset",
	"get_ipython",
	"getattr",
	"globals",
	"hasattr",
	"hash",
	"help",
	"hex",
	"id",
	"input",
	"int",
	"intern",
	"isinstance",
	"issubclass",
	"iter",
	"len",
	"list",
	"locals",
	"map",
	"max",
	"memoryview",
	"min",
	"next",
	"object",
	"oct",
	"open",
	"ord",
	"pow",
	"print",
	"property",
	"quit",
	"range",
	"raw_input",
	"reduce",
	"reload",
	"repr",
	"reversed",
	"round",
	"set",
	"setattr",
	"slice",
	"sorted",
	"staticmethod",
	"str",
	"sum",
	"super",
	"tuple",
	"type",
	"unichr",
	"unicode",
	"vars",
	"xrange",
	"zip",
};

bool pyr_is_builtin(struct gh_span name)
{
	size_t lo = 0, hi = sizeof builtins / sizeof builtins[0];
	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2, n = strlen(builtins[mid]), min = n < name.n ? n : name.n;
		int c = memcmp(name.p, builtins[mid], min);
		if (c == 0)
			c = name.n < n ? -1 : name.n > n;
		if (c == 0)
			return true;
		if (c < 0)
			hi = mid;
		else
			lo = mid + 1;
	}
	return false;
}

static uint32_t how_named(struct gh_pyv name)
{
	return (name.flags & (GH_PYF_DECODED | GH_PYF_JOINED)) != 0 ? GH_PYF_HIDDEN : 0;
}

/* ---- names by computation ------------------------------------------------------------------------------------------- */
static struct gh_pyv attr_named(struct pyr *r, struct gh_pyv of, struct gh_pyv name)
{
	if (name.kind ==
	    GH_PYV_ALT) { /* whichever of them: callables that are dangerous come first in the host's eyes */
		struct gh_pyv *all = pyr_values(r, name.n);
		uint32_t n = 0;
		for (uint32_t i = 0; all != NULL && i < name.n; i++)
			if (name.v[i].kind == GH_PYV_STR)
				all[n++] = pyr_one(pyr_attr(r, pyr_one(of), gh_pyv_text(name.v[i]), GH_PYF_HIDDEN));
		if (n > 1)
			return (struct gh_pyv){ .kind = GH_PYV_ALT, .n = n, .v = all, .flags = of.flags | name.flags };
		name = pyr_one(name);
	}
	if (name.kind == GH_PYV_STR && (name.flags & GH_PYF_FORMAT) == 0) {
		struct gh_span rest = gh_pyv_text(name);
		return pyr_attr(r, of, rest, GH_PYF_HIDDEN | how_named(name));
	}
	return pyr_attr(r, of, GH_SPAN("?"), name.flags & (GH_PYF_DECODED | GH_PYF_JOINED));
}

static struct gh_pyv dotted(struct pyr *r, struct gh_pyv of, struct gh_span path, uint32_t flags)
{
	for (unsigned i = 0; i < 32 && path.n != 0; i++) {
		const uint8_t *dot = memchr(path.p, '.', path.n);
		size_t n = dot == NULL ? path.n : (size_t)(dot - path.p);
		of = pyr_attr(r, of, gh_span_cut(path, 0, n), flags);
		path = gh_span_cut(path, n + 1, path.n);
	}
	return of;
}

static struct gh_pyv import_named(struct pyr *r, struct gh_pyv name, bool top, bool *ok)
{
	uint32_t flags = how_named(name);
	struct gh_span s = gh_pyv_text(name);
	enum gh_pywhere where = (enum gh_pywhere)r->where;
	*ok = name.kind == GH_PYV_STR && (name.flags & GH_PYF_FORMAT) == 0 && s.n < 100;
	if (!*ok) {
		r->h->import(r->h->arg, (struct gh_span){ 0 }, (struct gh_span){ 0 }, pyr_flags(name), r->node, where);
		return pyr_unknown(r, (name.flags & (GH_PYF_DECODED | GH_PYF_JOINED)) != 0 ? GH_PYF_HIDDEN : 0);
	}
	r->h->import(r->h->arg, s, (struct gh_span){ 0 }, flags, r->node, where);
	if (top) {
		const uint8_t *dot = memchr(s.p, '.', s.n);
		if (dot != NULL)
			s.n = (size_t)(dot - s.p);
	}
	return pyr_module(r, s, flags);
}

static struct gh_pyv resolve(struct pyr *r, struct gh_pyv name)
{
	struct gh_span s = gh_pyv_text(name), module = s, rest = { 0 };
	if (name.kind != GH_PYV_STR || (name.flags & GH_PYF_FORMAT) != 0)
		return pyr_unknown(r, GH_PYF_HIDDEN | name.flags);
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] == ':' || s.p[i] == '.') {
			module = gh_span_cut(s, 0, i);
			rest = gh_span_cut(s, i + 1, s.n);
			break;
		}
	return dotted(r, pyr_module(r, module, GH_PYF_HIDDEN), rest, GH_PYF_HIDDEN);
}

static bool reach(struct pyr *r, struct gh_span path, const struct gh_pyv *arg, unsigned narg, const struct gh_pykw *kw,
		  unsigned nkw, struct gh_pyv *out)
{
	struct gh_pyv a = narg != 0 ? arg[0] : (struct gh_pyv){ 0 }, b = narg > 1 ? arg[1] : (struct gh_pyv){ 0 };
	bool ok;
	if ((gh_span_is(path, "builtins.getattr") || gh_span_is(path, "builtins.object.__getattribute__") ||
	     gh_span_is(path, "builtins.type.__getattribute__") || gh_span_is(path, "inspect.getattr_static")) &&
	    narg >= 2) {
		*out = attr_named(r, a, b);
		return true;
	}
	if (gh_span_ends(path, ".__getattribute__") && narg == 1) {
		*out = attr_named(r, pyr_ref(r, gh_span_cut(path, 0, path.n - 17), 0), a);
		return true;
	}
	if (gh_span_is(path, "#attrgetter") && narg == 2) {
		struct gh_pyv name = pyr_one(a);
		*out = name.kind == GH_PYV_STR ? dotted(r, b, gh_pyv_text(name), GH_PYF_HIDDEN) : attr_named(r, b, a);
		return true;
	}
	if (gh_span_is(path, "#itemgetter") && narg == 2) {
		*out = pyr_item(r, b, a);
		return true;
	}
	if (gh_span_is(path, "builtins.vars") && narg == 1 && pyr_one(a).kind == GH_PYV_REF) {
		*out = pyr_attr(r, pyr_one(a), GH_SPAN("__dict__"), 0);
		return true;
	}
	if (gh_span_is(path, "builtins.__import__") || gh_span_is(path, "importlib.__import__")) {
		bool whole = narg > 3;
		for (unsigned i = 0; i < nkw; i++)
			whole = whole || gh_span_is(kw[i].name, "fromlist");
		struct gh_pyv name = narg != 0 ? a : nkw != 0 ? kw[0].v : a;
		*out = import_named(r, pyr_one(name), !whole, &ok);
		return true;
	}
	if (gh_span_is(path, "importlib.import_module") || gh_span_is(path, "importlib.reload") ||
	    gh_span_is(path, "__loader__.load_module") || gh_span_is(path, "importlib.util.find_spec") ||
	    gh_span_ends(path, "BuiltinImporter.load_module")) {
		struct gh_pyv name = pyr_one(narg != 0 ? a : nkw != 0 ? kw[0].v : a);
		if (name.kind == GH_PYV_REF)
			*out = name;
		else if (gh_span_is(path, "importlib.util.find_spec") ||
			 (name.kind == GH_PYV_STR && name.n != 0 && name.p[0] == '.')) /* of this package */
			*out = pyr_unknown(r, 0);
		else
			*out = import_named(r, name, false, &ok);
		return true;
	}
	if ((gh_span_is(path, "pkgutil.resolve_name") || gh_span_is(path, "pydoc.locate")) && narg != 0) {
		*out = resolve(r, pyr_one(a));
		return true;
	}
	static const char *const getters[] = { ".get", ".__getitem__", ".pop", ".setdefault" };
	for (size_t i = 0; i < sizeof getters / sizeof getters[0] && narg != 0; i++) {
		if (!gh_span_ends(path, getters[i]))
			continue;
		struct gh_span of = gh_span_cut(path, 0, path.n - strlen(getters[i]));
		if (gh_span_is(of, "sys.modules") || gh_span_is(of, "builtins") ||
		    gh_span_is(of, "builtins.globals()") || gh_span_is(of, "builtins.locals()") ||
		    gh_span_is(of, "os.environ") || gh_span_ends(of, ".__dict__")) {
			*out = pyr_item(r, pyr_ref(r, of, 0), pyr_one(a));
			return true;
		}
	}
	return false;
}

/* Paths: the text stays what it is, whatever is put before it. */
static bool path_text(struct pyr *r, struct gh_span f, const struct gh_pyv *arg, unsigned narg, struct gh_pyv *out)
{
	static const char *const same[] = { "os.path.expanduser", "os.path.abspath",	"os.path.normpath",
					    "os.path.realpath",	  "os.path.expandvars", "os.fspath",
					    "os.fsdecode" };
	struct gh_pyv v = pyr_one(arg[0]), next;
	for (size_t i = 0; i < sizeof same / sizeof same[0]; i++)
		if (gh_span_is(f, same[i]) && pyr_is_text(v)) {
			*out = v;
			return true;
		}
	if (!gh_span_is(f, "os.path.join"))
		return false;
	bool known = false;
	for (unsigned i = 0; i < narg; i++)
		known = known || pyr_is_text(pyr_one(arg[i]));
	for (unsigned i = 1; known && i < narg; i++) {
		struct gh_pyv slash = pyr_text(GH_PYV_STR, GH_SPAN("/"), 0);
		if (!pyr_binary(r, '+', v, slash, &next) || !pyr_binary(r, '+', next, arg[i], &v))
			return false;
	}
	v.flags &= ~(uint32_t)GH_PYF_JOINED;
	*out = v;
	return known && narg > 1;
}

/* ---- constants -------------------------------------------------------------------------------------------------------- */
static bool one_char(struct pyr *r, struct gh_pyv a, struct gh_pyv *out)
{
	if (a.kind != GH_PYV_INT || a.i < 0 || a.i > 0x10ffff || (a.i >= 0xd800 && a.i <= 0xdfff)) {
		*out = pyr_unknown(r, a.flags | GH_PYF_DECODED);
		return true;
	}
	uint8_t *p = pyr_room(r, 4);
	if (p == NULL)
		return false;
	*out = pyr_text(GH_PYV_STR, (struct gh_span){ p, gh_utf8_put((uint32_t)a.i, p) }, a.flags | GH_PYF_DECODED);
	return true;
}

static bool to_bytes(struct pyr *r, struct gh_pyv a, struct gh_pyv *out)
{
	const struct gh_pyv *v;
	uint32_t n;
	if (pyr_is_text(a)) {
		*out = a;
		out->kind = GH_PYV_BYTES;
		return true;
	}
	if (a.kind == GH_PYV_SEQ && pyr_items(r, a, &v, &n)) {
		uint8_t *p = pyr_room(r, n);
		for (uint32_t i = 0; p != NULL && i < n; i++) {
			struct gh_pyv o = pyr_one(v[i]);
			if (o.kind != GH_PYV_INT || o.i < 0 || o.i > 255)
				p = NULL;
			else
				p[i] = (uint8_t)o.i;
		}
		if (p != NULL) {
			*out = pyr_text(GH_PYV_BYTES, (struct gh_span){ p, n }, a.flags | GH_PYF_DECODED);
			return true;
		}
	}
	*out = pyr_unknown(r, pyr_flags(a) | (a.kind == GH_PYV_SEQ ? GH_PYF_DECODED : 0));
	return true;
}

static bool to_int(struct gh_pyv a, struct gh_pyv b, struct gh_pyv *out)
{
	int64_t v = 0, base = b.kind == GH_PYV_INT ? b.i : 10;
	if (a.kind == GH_PYV_INT) {
		*out = a;
		return true;
	}
	if (!pyr_is_text(a) || a.n == 0 || a.n > 15 || base < 2 || base > 36)
		return false;
	for (uint32_t i = 0; i < a.n; i++) {
		int d = a.p[i] >= '0' && a.p[i] <= '9'		       ? a.p[i] - '0'
			: (a.p[i] | 32) >= 'a' && (a.p[i] | 32) <= 'z' ? (a.p[i] | 32) - 'a' + 10
								       : 99;
		if (i == 1 && a.p[0] == '0' && (d == 33 || d == 11)) /* 0x, 0b */
			continue;
		if (d >= base || __builtin_mul_overflow(v, base, &v))
			return false;
		v += d;
	}
	*out = (struct gh_pyv){ .kind = GH_PYV_INT, .i = v, .flags = a.flags };
	return true;
}

static bool range(struct pyr *r, const struct gh_pyv *arg, unsigned narg, struct gh_pyv *out)
{
	int64_t v[3] = { 0, 0, 1 };
	for (unsigned i = 0; i < narg && i < 3; i++) {
		struct gh_pyv a = pyr_one(arg[i]);
		if (a.kind != GH_PYV_INT)
			return false;
		v[narg == 1 ? 1 : i] = a.i;
	}
	int64_t span = v[1] - v[0], step = v[2];
	if (v[0] < -INT32_MAX || v[0] > INT32_MAX || v[1] < -INT32_MAX || v[1] > INT32_MAX || step == 0 ||
	    step < -INT32_MAX || step > INT32_MAX)
		return false;
	int64_t n = step > 0 ? (span + step - 1) / step : (span + step + 1) / step;
	if (n < 0)
		n = 0;
	struct gh_pyv *all = n > PYR_ITEMS / 8 ? NULL : pyr_values(r, (size_t)n);
	for (int64_t i = 0; all != NULL && i < n; i++)
		all[i] = pyr_int(v[0] + i * step);
	*out = (struct gh_pyv){ .kind = GH_PYV_SEQ, .n = (uint32_t)n, .v = all };
	return all != NULL;
}

static bool turn(struct pyr *r, struct gh_pyv a, bool around, struct gh_pyv *out)
{
	const struct gh_pyv *v;
	uint32_t n;
	if (!pyr_items(r, a, &v, &n))
		return false;
	struct gh_pyv *all = pyr_values(r, n);
	for (uint32_t i = 0; all != NULL && i < n; i++)
		all[i] = v[around ? n - 1 - i : i];
	*out = (struct gh_pyv){ .kind = GH_PYV_SEQ, .n = n, .v = all, .flags = a.flags };
	return all != NULL;
}

/* map() of a function that only computes. */
static bool map(struct pyr *r, struct gh_pyv f, struct gh_pyv a, struct gh_pyv *out)
{
	const struct gh_pyv *v;
	uint32_t n;
	if (f.kind != GH_PYV_REF || !pyr_items(r, a, &v, &n) || r->h->heavy(r->h->arg, gh_pyv_text(f)) ||
	    gh_span_is(gh_pyv_text(f), "builtins.map"))
		return false;
	struct gh_pyv *all = pyr_values(r, n);
	for (uint32_t i = 0; all != NULL && i < n; i++)
		if (!pyr_builtin(r, gh_pyv_text(f), 0, &v[i], 1, NULL, 0, &all[i]))
			all[i] = pyr_unknown(r, v[i].flags);
	*out = (struct gh_pyv){ .kind = GH_PYV_SEQ, .n = n, .v = all, .flags = a.flags };
	return all != NULL;
}

static bool compute(struct pyr *r, struct gh_span f, const struct gh_pyv *arg, unsigned narg, struct gh_pyv *out)
{
	struct gh_pyv a = pyr_one(arg[0]), b = narg > 1 ? pyr_one(arg[1]) : (struct gh_pyv){ 0 };
	if (gh_span_is(f, "chr") || gh_span_is(f, "unichr"))
		return one_char(r, a, out);
	if (gh_span_is(f, "ord") && pyr_is_text(a) && a.n >= 1) {
		uint32_t cp = a.p[0];
		if (a.kind == GH_PYV_STR)
			(void)gh_utf8_next(gh_pyv_text(a), &cp);
		*out = pyr_int(cp);
		return true;
	}
	if (gh_span_is(f, "bytes") || gh_span_is(f, "bytearray"))
		return to_bytes(r, a, out);
	if (gh_span_is(f, "str") || gh_span_is(f, "repr") || gh_span_is(f, "unicode") || gh_span_is(f, "format")) {
		*out = a;
		if (a.kind == GH_PYV_BYTES)
			out->kind = GH_PYV_STR;
		if (!pyr_is_text(a))
			*out = pyr_unknown(r, pyr_flags(a));
		return true;
	}
	if (gh_span_is(f, "int"))
		return to_int(a, b, out);
	if (gh_span_is(f, "len") && (pyr_is_text(a) || a.kind == GH_PYV_SEQ)) {
		*out = pyr_int(a.n);
		return true;
	}
	if (gh_span_is(f, "range") || gh_span_is(f, "xrange"))
		return range(r, arg, narg, out);
	if (gh_span_is(f, "reversed"))
		return turn(r, a, true, out);
	if (gh_span_is(f, "list") || gh_span_is(f, "tuple") || gh_span_is(f, "iter") || gh_span_is(f, "set") ||
	    gh_span_is(f, "frozenset"))
		return turn(r, a, false, out);
	if (gh_span_is(f, "next") && a.kind == GH_PYV_SEQ && a.n != 0) {
		*out = a.v[0];
		return true;
	}
	if (gh_span_is(f, "map") && narg == 2)
		return map(r, a, b, out);
	return false;
}

bool pyr_builtin(struct pyr *r, struct gh_span path, uint32_t flags, const struct gh_pyv *arg, unsigned narg,
		 const struct gh_pykw *kw, unsigned nkw, struct gh_pyv *out)
{
	struct gh_pyv *v;
	if (reach(r, path, arg, narg, kw, nkw, out)) {
		out->flags |= flags & GH_PYF_HIDDEN;
		return true;
	}
	if (narg != 0 && gh_span_starts(path, "builtins.") && compute(r, gh_span_cut(path, 9, path.n), arg, narg, out))
		return true;
	if (narg != 0 && gh_span_starts(path, "builtins.str.") && pyr_is_text(pyr_one(arg[0])) &&
	    pyr_method(r, pyr_one(arg[0]), gh_span_cut(path, 13, path.n), arg + 1, narg - 1, out))
		return true;
	if (pyr_codec(r, path, arg, narg, out))
		return true;
	if (narg != 0 && gh_span_starts(path, "os.") && path_text(r, path, arg, narg, out))
		return true;
	bool partial = gh_span_is(path, "functools.partial"), attr = gh_span_is(path, "operator.attrgetter"),
	     item = gh_span_is(path, "operator.itemgetter"), method = gh_span_is(path, "operator.methodcaller");
	if (narg != 0 && (partial || attr || item || method) && (v = pyr_values(r, narg + 1u)) != NULL) {
		unsigned n = 0;
		if (!partial)
			v[n++] = pyr_text(GH_PYV_REF,
					  attr	 ? GH_SPAN("#attrgetter")
					  : item ? GH_SPAN("#itemgetter")
						 : GH_SPAN("#methodcaller"),
					  0);
		memcpy(v + n, arg, narg * sizeof *v);
		n += narg;
		*out = (struct gh_pyv){ .kind = GH_PYV_PARTIAL, .n = n, .v = v };
		return true;
	}
	return false;
}
