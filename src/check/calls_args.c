#include "check/calls_args.h"
#include "check/calls_torch.h"

enum { PLAIN_DEPTH = 6, PLAIN_VALUES = 512 };

/* ---- looking at values ---------------------------------------------------------------------------------------- */
int gh_argc(const struct gh_use_case *u)
{
	if (gh_val_kind(u->heap, u->args) != GH_V_TUPLE)
		return -1;
	uint64_t n = gh_val_len(u->heap, u->args);
	return n > GH_VAL_KEPT ? -1 : (int)n;
}

/* Values keep their names as the stream spells them; protocols below 3 spell some modules as Python 2 had them. */
static const struct {
	const char *module, *name, *to_module, *to_name;
} old_names[] = {
	{ "__builtin__", "unicode", "builtins", "str" },     { "__builtin__", "long", "builtins", "int" },
	{ "__builtin__", "xrange", "builtins", "range" },    { "__builtin__", "basestring", "builtins", "str" },
	{ "__builtin__", NULL, "builtins", NULL },	     { "copy_reg", NULL, "copyreg", NULL },
	{ "UserDict", NULL, "collections", "UserDict" },     { "UserList", NULL, "collections", "UserList" },
	{ "UserString", NULL, "collections", "UserString" },
};

const struct gh_allow_row *gh_row_of(struct gh_heap *h, gh_val v)
{
	struct gh_span module, name;
	if (gh_val_kind(h, v) != GH_V_GLOBAL || !gh_val_global(h, v, &module, &name))
		return NULL;
	for (size_t i = 0; i < sizeof old_names / sizeof old_names[0]; i++) {
		if (!gh_span_is(module, old_names[i].module))
			continue;
		if (old_names[i].name != NULL && !gh_span_is(name, old_names[i].name))
			continue;
		module = gh_span_str(old_names[i].to_module);
		if (old_names[i].to_name != NULL)
			name = gh_span_str(old_names[i].to_name);
		break;
	}
	return gh_allow_find(module, name);
}

bool gh_row_is(const struct gh_allow_row *r, const char *module, const char *name)
{
	return r != NULL && strcmp(r->module, module) == 0 && strcmp(r->name, name) == 0;
}

bool gh_row_uses(const struct gh_allow_row *r, enum gh_use use)
{
	return r != NULL && (gh_allow_group(r)->uses & 1u << use) != 0;
}

bool gh_is_global(struct gh_heap *h, gh_val v, const char *module, const char *name)
{
	return gh_row_is(gh_row_of(h, v), module, name);
}

const struct gh_allow_row *gh_callable_of(struct gh_heap *h, gh_val v)
{
	switch (gh_val_kind(h, v)) {
	case GH_V_GLOBAL: return gh_row_of(h, v);
	case GH_V_PERSID: return gh_torch_module_id(h, gh_val_item(h, v, 0));
	case GH_V_OBJECT:
		return gh_is_global(h, gh_val_callee(h, v), "builtins", "getattr") ? gh_attr_row(h, gh_val_args(h, v)) :
										     NULL;
	default: return NULL;
	}
}

const struct gh_allow_row *gh_maker_of(struct gh_heap *h, gh_val v)
{
	return gh_val_kind(h, v) == GH_V_OBJECT ? gh_callable_of(h, gh_val_callee(h, v)) : NULL;
}

const struct gh_allow_row *gh_class_of(struct gh_heap *h, gh_val v)
{
	const struct gh_allow_row *r = gh_maker_of(h, v);
	if (r == NULL || gh_allow_group(r)->makes < 0)
		return r;
	gh_val args = gh_val_args(h, v);
	if (gh_val_kind(h, args) != GH_V_TUPLE)
		return NULL;
	return gh_row_of(h, gh_val_item(h, args, (uint64_t)gh_allow_group(r)->makes));
}

bool gh_is_encoded(struct gh_heap *h, gh_val v) { return gh_row_is(gh_maker_of(h, v), "_codecs", "encode"); }

static bool plain(struct gh_heap *h, gh_val v, unsigned depth, unsigned *left)
{
	if (depth == 0 || *left == 0)
		return false;
	--*left;
	uint64_t n = gh_val_len(h, v);
	switch (gh_val_kind(h, v)) {
	case GH_V_NONE:
	case GH_V_BOOL:
	case GH_V_INT:
	case GH_V_BIGINT:
	case GH_V_FLOAT:
	case GH_V_STR:
	case GH_V_BYTES:
	case GH_V_BYTEARRAY: return true;
	case GH_V_TUPLE:
	case GH_V_LIST:
	case GH_V_SET:
	case GH_V_FROZENSET:
		if (n > *left)
			return false;
		for (uint64_t i = 0; i < n; i++)
			if (!plain(h, gh_val_item(h, v, i), depth - 1, left))
				return false;
		return true;
	case GH_V_DICT:
		if (n > *left)
			return false;
		for (uint64_t i = 0; i < n; i++)
			if (!plain(h, gh_val_key(h, v, i), depth - 1, left) ||
			    !plain(h, gh_val_at(h, v, i), depth - 1, left))
				return false;
		return true;
	case GH_V_OBJECT: return gh_is_encoded(h, v);
	case GH_V_GLOBAL:
	case GH_V_PERSID:
	case GH_V_BUFFER:
	case GH_V_UNKNOWN: break;
	}
	return false;
}

bool gh_is_plain(struct gh_heap *h, gh_val v)
{
	unsigned left = PLAIN_VALUES;
	return plain(h, v, PLAIN_DEPTH, &left);
}

bool gh_is_count(struct gh_heap *h, gh_val v, uint64_t *out)
{
	int64_t n;
	if (!gh_val_int(h, v, &n) || n < 0)
		return false;
	*out = (uint64_t)n;
	return true;
}

bool gh_is_text(struct gh_heap *h, gh_val v)
{
	enum gh_vkind k = gh_val_kind(h, v);
	return k == GH_V_STR || k == GH_V_BYTES;
}

bool gh_is_word(struct gh_heap *h, gh_val v, const char *const *words)
{
	for (; *words != NULL; words++)
		if (gh_val_is(h, v, *words))
			return true;
	return false;
}

/* ---- attributes ----------------------------------------------------------------------------------------------- */
/* Names that the unpickler or a library looks up on an instance, so that a value stored there is called. Any name that
 * starts with two underscores is refused; the list is what remains when there is no memory left to look at the text. */
static const char *const hooks[] = { "append", "extend", "add", "__setstate__", "__class__", "__dict__", "__array__",
				     "__array_interface__", "__array_struct__", "__getattr__", "__reduce__",
				     "__reduce_ex__", "__call__", "__array_prepare__", "__array_wrap__", NULL };
static const char *const harmless_dunder[] = { "__doc__", "__version__", NULL };

static bool name_ok(struct gh_heap *h, gh_val key)
{
	if (gh_val_kind(h, key) != GH_V_STR)
		return false;
	uint64_t n = gh_val_len(h, key);
	if (n < 3 || n > 256)
		return n < 3;
	struct gh_span head = gh_val_text(h, key, 2);
	if (head.p != NULL && gh_span_starts(head, "__") && !gh_is_word(h, key, harmless_dunder))
		return false;
	return (head.p != NULL && n > 6) || !gh_is_word(h, key, hooks);
}

const char *gh_attrs_bad(struct gh_heap *h, gh_val v, bool data)
{
	if (gh_val_kind(h, v) != GH_V_DICT)
		return "the state is not a plain dictionary";
	uint64_t n = gh_val_len(h, v);
	if (n > GH_VAL_KEPT)
		return "the state has more attributes than can be looked at";
	for (uint64_t i = 0; i < n; i++) {
		if (!name_ok(h, gh_val_key(h, v, i)))
			return "the state sets an attribute that the loader or a library would call";
		gh_val at = gh_val_at(h, v, i);
		if (data && gh_val_kind(h, at) == GH_V_GLOBAL && gh_row_of(h, at) == NULL)
			return "the state replaces a method with a function that is not on the allow list";
	}
	return NULL;
}

/* May objects of this class answer any attribute with a value of the file's choosing? */
static bool bag(const struct gh_allow_row *r)
{
	const struct gh_allow_group *g = gh_allow_group(r);
	uint8_t build = g->arg[GH_USE_BUILD];
	return (gh_row_uses(r, GH_USE_BUILD) && (build == GH_ARGS_dict_state || build == GH_ARGS_slots_state)) ||
	       (gh_row_uses(r, GH_USE_SETITEM) && g->arg[GH_USE_SETITEM] == GH_ARGS_attr_items);
}

bool gh_is_data(struct gh_heap *h, gh_val v, unsigned depth)
{
	const struct gh_allow_row *r;
	uint64_t n = gh_val_len(h, v), seen = n < GH_VAL_KEPT ? n : GH_VAL_KEPT;
	switch (gh_val_kind(h, v)) {
	case GH_V_NONE:
	case GH_V_BOOL:
	case GH_V_INT:
	case GH_V_BIGINT:
	case GH_V_FLOAT:
	case GH_V_STR:
	case GH_V_BYTES:
	case GH_V_BYTEARRAY:
	case GH_V_BUFFER: return true;
	case GH_V_GLOBAL: return gh_row_of(h, v) != NULL;
	case GH_V_OBJECT:
		/* Objects that carry a dictionary of the file's choosing may pretend to have any method. */
		r = gh_class_of(h, v);
		return r != NULL && !bag(r);
	case GH_V_TUPLE:
	case GH_V_LIST:
	case GH_V_SET:
	case GH_V_FROZENSET:
		/* Elements of long lists are values of the same array; those beyond what is kept were judged when they
		 * were made, and no library asks them for methods. */
		if (depth == 0)
			return false;
		for (uint64_t i = 0; i < seen; i++)
			if (!gh_is_data(h, gh_val_item(h, v, i), depth - 1))
				return false;
		return true;
	case GH_V_DICT:
		if (depth == 0)
			return false;
		for (uint64_t i = 0; i < seen; i++)
			if (!gh_is_data(h, gh_val_at(h, v, i), depth - 1))
				return false;
		return true;
	case GH_V_PERSID:
	case GH_V_UNKNOWN: break;
	}
	return false;
}

/* ---- the dispatcher ------------------------------------------------------------------------------------------- */
#define FN(name) gh_args_##name,
static gh_args_fn *const fns[] = { GH_CONSTRAINTS(FN) };

const char *gh_use_permitted(const struct gh_use_case *u)
{
	if (!gh_row_uses(u->row, u->use))
		return "the allow list does not permit this use of it";
	const struct gh_allow_group *g = gh_allow_group(u->row);
	if (gh_val_kind(u->heap, u->kwargs) != GH_V_NONE &&
	    !(gh_val_kind(u->heap, u->kwargs) == GH_V_DICT && gh_val_len(u->heap, u->kwargs) == 0))
		return "keyword arguments are not permitted";
	return fns[g->arg[u->use]](u);
}

/* ---- constraints of Python itself ------------------------------------------------------------------------------ */
const char *gh_args_any(const struct gh_use_case *u)
{
	(void)u;
	return NULL;
}

const char *gh_args_none(const struct gh_use_case *u)
{
	return gh_argc(u) == 0 ? NULL : "arguments where none belong";
}

const char *gh_args_plain(const struct gh_use_case *u)
{
	return gh_is_plain(u->heap, u->args) ? NULL : "arguments that are not plain values";
}

/* set([…]), dict([(k, v)]), Counter({…}): one container that the stream itself built, so that no foreign iterator runs. */
const char *gh_args_seq(const struct gh_use_case *u)
{
	int n = gh_argc(u);
	if (n == 0)
		return NULL;
	if (n < 1 || n > 2)
		return "wrong number of arguments";
	enum gh_vkind k = gh_val_kind(u->heap, gh_arg(u, 0));
	if (k != GH_V_LIST && k != GH_V_TUPLE && k != GH_V_DICT && k != GH_V_SET && k != GH_V_FROZENSET && k != GH_V_STR)
		return "the argument is not a plain container";
	return n == 1 || gh_is_plain(u->heap, gh_arg(u, 1)) ? NULL : "the second argument is not a plain value";
}

const char *gh_args_strings(const struct gh_use_case *u)
{
	int n = gh_argc(u);
	for (int i = 0; i < n; i++)
		if (!gh_is_text(u->heap, gh_arg(u, (unsigned)i)))
			return "an argument is not a string";
	return n < 0 ? "unknown arguments" : NULL;
}

/* int, float, complex, bool, Decimal: literals short enough that converting them costs nothing. */
const char *gh_args_number(const struct gh_use_case *u)
{
	int n = gh_argc(u);
	if (n < 0 || n > 3)
		return "wrong number of arguments";
	for (int i = 0; i < n; i++) {
		gh_val v = gh_arg(u, (unsigned)i);
		if (!gh_is_plain(u->heap, v) || (gh_is_text(u->heap, v) && gh_val_len(u->heap, v) > 4300))
			return "an argument is not a short plain value";
	}
	return NULL;
}

/* Python 3 wrote bytes() and bytes([…]) for protocols below 3. A bare number would allocate that much. */
const char *gh_args_bytes_new(const struct gh_use_case *u)
{
	int n = gh_argc(u);
	if (n == 0)
		return NULL;
	enum gh_vkind k = gh_val_kind(u->heap, gh_arg(u, 0));
	if (n == 1 && (k == GH_V_LIST || k == GH_V_TUPLE || k == GH_V_BYTES || k == GH_V_BYTEARRAY))
		return NULL;
	static const char *const latin1[] = { "latin-1", "latin1", NULL };
	return n == 2 && k == GH_V_STR && gh_is_word(u->heap, gh_arg(u, 1), latin1) ? NULL : "not a literal of bytes";
}

const char *gh_args_bytearray(const struct gh_use_case *u)
{
	/* The bytes may have come by _codecs.encode(…, 'latin1'), which was judged by itself. */
	if (gh_argc(u) == 1 && gh_is_encoded(u->heap, gh_arg(u, 0)))
		return NULL;
	return gh_args_bytes_new(u);
}

/* Fraction('1e999999999') would compute that power; only n and n/d are written by pickle. */
const char *gh_args_fraction(const struct gh_use_case *u)
{
	int n = gh_argc(u);
	if (n < 1 || n > 2)
		return "wrong number of arguments";
	for (int i = 0; i < n; i++) {
		gh_val v = gh_arg(u, (unsigned)i);
		enum gh_vkind k = gh_val_kind(u->heap, v);
		if (k == GH_V_INT || k == GH_V_BIGINT)
			continue;
		struct gh_span s = gh_val_text(u->heap, v, 1024);
		if (k != GH_V_STR || s.p == NULL || gh_val_len(u->heap, v) > 1024)
			return "not a fraction of integers";
		for (size_t j = 0; j < s.n; j++)
			if (strchr("0123456789/-+ ", s.p[j]) == NULL || s.p[j] == '\0')
				return "not a fraction of integers";
	}
	return NULL;
}

/* bytes in protocols 0-2. Other codecs decompress or run foreign code (zlib, rot13, registered search functions). */
const char *gh_args_encode(const struct gh_use_case *u)
{
	static const char *const codecs[] = { "latin1", "latin-1", "iso-8859-1", NULL };
	if (gh_argc(u) != 2 || !gh_is_text(u->heap, gh_arg(u, 0)))
		return "not (text, 'latin1')";
	return gh_is_word(u->heap, gh_arg(u, 1), codecs) ? NULL : "a codec other than latin1";
}

/* type(None), as old protocols write NoneType. With three arguments it would make a class. */
const char *gh_args_type_of(const struct gh_use_case *u)
{
	return gh_argc(u) == 1 && gh_is_plain(u->heap, gh_arg(u, 0)) ? NULL : "not the type of a plain value";
}

/* getattr(Class, 'name'), as protocols below 4 write a nested name: only when the whole name is on the allow list. */
const struct gh_allow_row *gh_attr_row(struct gh_heap *h, gh_val args)
{
	struct gh_span module, outer;
	if (gh_val_kind(h, args) != GH_V_TUPLE || gh_val_len(h, args) != 2)
		return NULL;
	gh_val of = gh_val_item(h, args, 0), attr = gh_val_item(h, args, 1);
	if (gh_row_of(h, of) == NULL || !gh_val_global(h, of, &module, &outer) || gh_val_kind(h, attr) != GH_V_STR)
		return NULL;
	struct gh_span name = gh_val_text(h, attr, 100);
	char full[256];
	size_t n = outer.n + 1 + name.n;
	if (name.p == NULL || name.n != gh_val_len(h, attr) || outer.n > 100 || n > sizeof full)
		return NULL;
	memcpy(full, outer.p, outer.n);
	full[outer.n] = '.';
	memcpy(full + outer.n + 1, name.p, name.n);
	return gh_allow_find(module, (struct gh_span){ (const uint8_t *)full, n });
}

const char *gh_args_attr_of(const struct gh_use_case *u)
{
	/* A distribution keeps a few of its own methods, vectorised. Fetching one does nothing; calling what is fetched
	 * would be unresolved. */
	static const char *const own[] = { "_entropy", "_ppf_single", "_cdf_single", "_mom0_sc", "_mom1_sc",
					   "_mom_integ0", "_mom_integ1", NULL };
	if (gh_argc(u) == 2 && gh_is_word(u->heap, gh_arg(u, 1), own)) {
		const struct gh_allow_row *r = gh_class_of(u->heap, gh_arg(u, 0));
		if (gh_row_uses(r, GH_USE_BUILD) && gh_allow_group(r)->arg[GH_USE_BUILD] == GH_ARGS_rv_state)
			return NULL;
	}
	return gh_attr_row(u->heap, u->args) != NULL ? NULL : "it may reach anything";
}

const char *gh_args_regex(const struct gh_use_case *u)
{
	uint64_t flags;
	if (gh_argc(u) != 2)
		return "not a short pattern with its flags";
	gh_val pattern = gh_arg(u, 0);
	if (gh_is_encoded(u->heap, pattern))
		pattern = gh_val_item(u->heap, gh_val_args(u->heap, pattern), 0);
	if (!gh_is_text(u->heap, pattern) || gh_val_len(u->heap, pattern) > 8192)
		return "not a short pattern with its flags";
	/* re.DEBUG (128) prints; re.TEMPLATE (1) is gone. */
	return gh_is_count(u->heap, gh_arg(u, 1), &flags) && flags < 512 && (flags & 129) == 0 ? NULL : "odd flags";
}

/* Time zone names become file names below the zone directory. */
const char *gh_args_zone(const struct gh_use_case *u)
{
	int n = gh_argc(u);
	if (n < 1 || !gh_is_plain(u->heap, u->args) || !gh_is_text(u->heap, gh_arg(u, 0)))
		return "not a time zone";
	struct gh_span s = gh_val_text(u->heap, gh_arg(u, 0), 64);
	if (s.p == NULL || gh_val_len(u->heap, gh_arg(u, 0)) > 48 || (s.n > 0 && s.p[0] == '/'))
		return "not a time zone";
	for (size_t i = 0; i < s.n; i++) {
		uint8_t c = s.p[i];
		bool ok = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
			  c == '-' || c == '+' || c == '/';
		if (!ok)
			return "not a time zone";
	}
	return NULL;
}

/* defaultdict(f): f is called without arguments whenever a key is missing. */
const char *gh_args_factory(const struct gh_use_case *u)
{
	int n = gh_argc(u);
	if (n == 0)
		return NULL;
	if (n < 0 || n > 2)
		return "wrong number of arguments";
	gh_val f = gh_arg(u, 0);
	if (gh_val_kind(u->heap, f) != GH_V_NONE && !gh_row_uses(gh_row_of(u->heap, f), GH_USE_FACTORY))
		return "the default factory is not a harmless constructor";
	if (n == 1)
		return NULL;
	enum gh_vkind k = gh_val_kind(u->heap, gh_arg(u, 1));
	return k == GH_V_DICT || k == GH_V_LIST || k == GH_V_TUPLE ? NULL : "the items are not a plain container";
}

/* obj.__dict__.update(state), or a __setstate__ that does the like. */
const char *gh_args_dict_state(const struct gh_use_case *u)
{
	if (gh_val_kind(u->heap, u->args) == GH_V_NONE)
		return NULL;
	return gh_attrs_bad(u->heap, u->args, false);
}

const char *gh_args_dict_data(const struct gh_use_case *u)
{
	if (gh_val_kind(u->heap, u->args) == GH_V_NONE)
		return NULL;
	return gh_attrs_bad(u->heap, u->args, true);
}

/* (dictionary or None, slots or None): the slots are set with setattr(). */
const char *gh_args_slots_state(const struct gh_use_case *u)
{
	if (gh_val_kind(u->heap, u->args) != GH_V_TUPLE)
		return gh_args_dict_state(u);
	if (gh_argc(u) != 2)
		return "the state is not (attributes, slots)";
	for (unsigned i = 0; i < 2; i++) {
		gh_val v = gh_arg(u, i);
		const char *bad = gh_val_kind(u->heap, v) == GH_V_NONE ? NULL : gh_attrs_bad(u->heap, v, false);
		if (bad != NULL)
			return bad;
	}
	return NULL;
}

/* For classes whose __setstate__ asks the values for methods. */
const char *gh_args_data_state(const struct gh_use_case *u)
{
	const char *bad = gh_attrs_bad(u->heap, u->args, true);
	if (bad != NULL)
		return bad;
	return gh_is_data(u->heap, u->args, 7) ? NULL : "the state holds objects that may pretend to have any method";
}

/* A state that a native __setstate__ takes apart by position and type. Dictionaries within it must not name hooks. */
const char *gh_args_state(const struct gh_use_case *u)
{
	if (gh_val_kind(u->heap, u->args) == GH_V_DICT)
		return gh_attrs_bad(u->heap, u->args, true);
	int n = gh_argc(u);
	if (n < 0)
		return gh_val_kind(u->heap, u->args) == GH_V_NONE || gh_val_kind(u->heap, u->args) == GH_V_LIST ?
			       NULL :
			       "the state is neither a tuple nor a dictionary";
	for (int i = 0; i < n; i++) {
		gh_val v = gh_arg(u, (unsigned)i);
		const char *bad = gh_val_kind(u->heap, v) == GH_V_DICT ? gh_attrs_bad(u->heap, v, true) : NULL;
		if (bad != NULL)
			return bad;
	}
	return NULL;
}

/* Items of a dictionary whose keys are attributes at the same time. */
const char *gh_args_attr_items(const struct gh_use_case *u)
{
	uint64_t n = gh_val_len(u->heap, u->args);
	if (gh_val_kind(u->heap, u->args) == GH_V_DICT)
		return gh_attrs_bad(u->heap, u->args, false);
	if (gh_val_kind(u->heap, u->args) != GH_V_TUPLE || n > GH_VAL_KEPT)
		return "more items than can be looked at";
	if (u->use == GH_USE_REDUCE || u->use == GH_USE_NEW)
		return n == 0 || (n == 1 && gh_val_kind(u->heap, gh_arg(u, 0)) == GH_V_DICT &&
				  gh_attrs_bad(u->heap, gh_arg(u, 0), false) == NULL) ?
			       NULL :
			       "arguments that are not attributes";
	for (uint64_t i = 0; i < n; i += 2) {
		gh_val key = gh_val_item(u->heap, u->args, i);
		enum gh_vkind k = gh_val_kind(u->heap, key);
		if (k == GH_V_STR ? !name_ok(u->heap, key) : k == GH_V_UNKNOWN || k == GH_V_OBJECT)
			return "an item is an attribute that the loader would call";
	}
	return NULL;
}

/* ---- copyreg: the class comes as an argument -------------------------------------------------------------------- */
static const char *class_arg(const struct gh_use_case *u, unsigned i)
{
	const struct gh_allow_row *r = gh_row_of(u->heap, gh_arg(u, i));
	return gh_row_uses(r, GH_USE_NEW) || gh_row_uses(r, GH_USE_MAKE) ?
		       NULL :
		       "the class it is told to make is not on the allow list";
}

/* copyreg._reconstructor(cls, base, state): base.__new__(cls, state), base.__init__(obj, state). */
const char *gh_args_reconstructor(const struct gh_use_case *u)
{
	if (gh_argc(u) != 3)
		return "not (class, base, state)";
	const char *bad = class_arg(u, 0);
	if (bad != NULL)
		return bad;
	gh_val state = gh_arg(u, 2);
	if (gh_is_global(u->heap, gh_arg(u, 1), "builtins", "object"))
		return gh_val_kind(u->heap, state) == GH_V_NONE ? NULL : "a state for object";
	static const struct {
		const char *name;
		enum gh_vkind kind;
	} bases[] = { { "dict", GH_V_DICT },   { "list", GH_V_LIST },	{ "tuple", GH_V_TUPLE }, { "set", GH_V_LIST },
		      { "set", GH_V_SET },     { "int", GH_V_INT },	{ "float", GH_V_FLOAT }, { "str", GH_V_STR },
		      { "bytes", GH_V_BYTES }, { "frozenset", GH_V_LIST } };
	for (size_t i = 0; i < sizeof bases / sizeof bases[0]; i++) {
		if (!gh_is_global(u->heap, gh_arg(u, 1), "builtins", bases[i].name) ||
		    gh_val_kind(u->heap, state) != bases[i].kind)
			continue;
		const struct gh_allow_row *r = gh_row_of(u->heap, gh_arg(u, 0));
		bool attrs = gh_row_uses(r, GH_USE_SETITEM) && gh_allow_group(r)->arg[GH_USE_SETITEM] == GH_ARGS_attr_items;
		return attrs && gh_val_len(u->heap, state) != 0 ? gh_attrs_bad(u->heap, state, false) : NULL;
	}
	return "a base class that pickle does not write";
}

/* Is class(…) by __new__ with these arguments permitted? The arguments start at `from` of the outer call. */
static const char *inner_new(const struct gh_use_case *u, gh_val args)
{
	struct gh_use_case in = *u;
	in.target = gh_arg(u, 0);
	in.row = gh_row_of(u->heap, in.target);
	in.use = GH_USE_NEW;
	in.args = args;
	in.depth++;
	return in.row == NULL || u->depth > 1 ? "the class it is told to make is not on the allow list" :
						gh_use_permitted(&in);
}

/* copyreg.__newobj__(cls, *args). The rest of the tuple is not a value of its own: only the form without arguments. */
const char *gh_args_newobj(const struct gh_use_case *u)
{
	if (gh_argc(u) != 1)
		return "not (class,)";
	const char *bad = class_arg(u, 0);
	return bad;
}

const char *gh_args_newobj_ex(const struct gh_use_case *u)
{
	if (gh_argc(u) != 3 || gh_val_kind(u->heap, gh_arg(u, 1)) != GH_V_TUPLE)
		return "not (class, arguments, keywords)";
	if (gh_val_kind(u->heap, gh_arg(u, 2)) != GH_V_DICT || gh_val_len(u->heap, gh_arg(u, 2)) != 0)
		return "keyword arguments are not permitted";
	return inner_new(u, gh_arg(u, 1));
}
