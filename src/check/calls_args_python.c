/* Constraints for Python's own classes and functions. */
#include "check/calls_args.h"

const char *gh_args_any(const struct gh_use_case *u)
{
	(void)u;
	return NULL;
}

const char *gh_args_none(const struct gh_use_case *u) { return gh_argc(u) == 0 ? NULL : "arguments where none belong"; }

const char *gh_args_plain(const struct gh_use_case *u)
{
	return gh_is_plain(u->heap, u->args) ? NULL : "arguments that are not plain values";
}

/* What a constructor hashes of the items it gets: members of a set, keys of a dictionary. */
static const char *members_bad(const struct gh_use_case *u, gh_val in)
{
	struct gh_heap *h = u->heap;
	bool set = strstr(u->row->name, "set") != NULL || strcmp(u->row->name, "Counter") == 0;
	bool dict = strstr(u->row->name, "ict") != NULL;
	uint64_t n = gh_val_len(h, in);
	const char *bad = NULL;
	if ((!set && !dict) || gh_val_kind(h, in) == GH_V_DICT || gh_val_kind(h, in) == GH_V_STR)
		return NULL; /* a DICT's keys were judged when they were hashed first */
	if (gh_val_more(h, in))
		gh_doubt(u, "more members than can be looked at");
	for (uint64_t i = 0; i < n && i < GH_VAL_KEPT && bad == NULL; i++) {
		gh_val v = gh_val_item(h, in, i);
		enum gh_vkind k = gh_val_kind(h, v);
		if (dict && k != GH_V_TUPLE && k != GH_V_LIST)
			return "the items are not pairs of key and value";
		bad = gh_key_bad(u, dict ? gh_val_item(h, v, 0) : v);
	}
	return bad;
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
	if (k != GH_V_LIST && k != GH_V_TUPLE && k != GH_V_DICT && k != GH_V_SET && k != GH_V_FROZENSET &&
	    k != GH_V_STR)
		return "the argument is not a plain container";
	if (n == 2 && !gh_is_plain(u->heap, gh_arg(u, 1)))
		return "the second argument is not a plain value";
	return members_bad(u, gh_arg(u, 0));
}

/* Items for a container: keys and members are hashed and compared. */
const char *gh_args_keys(const struct gh_use_case *u)
{
	uint64_t n = gh_val_len(u->heap, u->args);
	const char *bad = NULL;
	if (gh_val_kind(u->heap, u->args) != GH_V_TUPLE)
		return "items that are not known";
	for (uint64_t i = 0; i < n && i < GH_VAL_KEPT && bad == NULL; i += u->use == GH_USE_SETITEM ? 2 : 1)
		bad = gh_key_bad(u, gh_arg(u, (unsigned)i));
	return bad;
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

/* array(type, [numbers]), or _array_reconstructor(array, type, format, bytes). */
const char *gh_args_py_array(const struct gh_use_case *u)
{
	static const char *const types[] = { "b", "B", "h", "H", "i", "I", "l", "L", "q", "Q", "f", "d", "u", NULL };
	uint64_t format;
	int n = gh_argc(u);
	if (n == 2)
		return gh_is_word(u->heap, gh_arg(u, 0), types) && gh_data_bad(u, gh_arg(u, 1)) == NULL
			       ? NULL
			       : "not (type, numbers)";
	if (n != 4 || !gh_is_global(u->heap, gh_arg(u, 0), "array", "array") ||
	    !gh_is_word(u->heap, gh_arg(u, 1), types) || !gh_is_count(u->heap, gh_arg(u, 2), &format) || format > 21 ||
	    gh_val_kind(u->heap, gh_arg(u, 3)) != GH_V_BYTES)
		return "not (array, type, format, bytes)";
	return NULL;
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

const char *gh_args_attr_of(const struct gh_use_case *u)
{
	/* A distribution keeps a few of its own methods, vectorised. Fetching one does nothing; calling what is fetched
	 * would be unresolved. */
	static const char *const own[] = { "_entropy", "_ppf_single", "_cdf_single", "_mom0_sc",
					   "_mom1_sc", "_mom_integ0", "_mom_integ1", NULL };
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
	if (k != GH_V_DICT && k != GH_V_LIST && k != GH_V_TUPLE)
		return "the items are not a plain container";
	return members_bad(u, gh_arg(u, 1));
}

/* obj.__dict__.update(state), or a __setstate__ that does the like. */
const char *gh_args_dict_state(const struct gh_use_case *u)
{
	if (gh_val_kind(u->heap, u->args) == GH_V_NONE)
		return NULL;
	return gh_attrs_bad(u, u->args, false);
}

const char *gh_args_dict_data(const struct gh_use_case *u)
{
	if (gh_val_kind(u->heap, u->args) == GH_V_NONE)
		return NULL;
	return gh_attrs_bad(u, u->args, true);
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
		const char *bad = gh_val_kind(u->heap, v) == GH_V_NONE ? NULL : gh_attrs_bad(u, v, false);
		if (bad != NULL)
			return bad;
	}
	return NULL;
}

/* For classes whose __setstate__ asks the values for methods. */
const char *gh_args_data_state(const struct gh_use_case *u) { return gh_attrs_bad(u, u->args, true); }

/* A state that a native __setstate__ takes apart by position and type. Dictionaries within it must not name hooks. */
const char *gh_args_state(const struct gh_use_case *u)
{
	if (gh_val_kind(u->heap, u->args) == GH_V_DICT)
		return gh_attrs_bad(u, u->args, true);
	int n = gh_argc(u);
	if (n < 0 && gh_val_kind(u->heap, u->args) != GH_V_NONE && gh_val_kind(u->heap, u->args) != GH_V_LIST)
		return "the state is neither a tuple nor a dictionary";
	for (int i = 0; i < n; i++) {
		gh_val v = gh_arg(u, (unsigned)i);
		const char *bad = gh_val_kind(u->heap, v) == GH_V_DICT ? gh_attrs_bad(u, v, true) : NULL;
		if (bad != NULL)
			return bad;
	}
	return gh_data_bad(u, u->args);
}

/* Items of a dictionary whose keys are attributes at the same time. */
const char *gh_args_attr_items(const struct gh_use_case *u)
{
	uint64_t n = gh_val_len(u->heap, u->args);
	if (gh_val_kind(u->heap, u->args) == GH_V_DICT)
		return gh_attrs_bad(u, u->args, false);
	if (gh_val_kind(u->heap, u->args) != GH_V_TUPLE || n > GH_VAL_KEPT)
		return "more items than can be looked at";
	if (u->use == GH_USE_REDUCE || u->use == GH_USE_NEW)
		return n == 0 || (n == 1 && gh_val_kind(u->heap, gh_arg(u, 0)) == GH_V_DICT &&
				  gh_attrs_bad(u, gh_arg(u, 0), false) == NULL)
			       ? NULL
			       : "arguments that are not attributes";
	for (uint64_t i = 0; i < n; i += 2) {
		const char *bad = gh_attr_bad(u, gh_val_item(u->heap, u->args, i),
					      gh_val_item(u->heap, u->args, i + 1));
		if (bad != NULL)
			return bad;
	}
	return NULL;
}

/* ---- copyreg: the class comes as an argument -------------------------------------------------------------------- */
static const char *class_arg(const struct gh_use_case *u, unsigned i)
{
	const struct gh_allow_row *r = gh_row_of(u->heap, gh_arg(u, i));
	return gh_row_uses(r, GH_USE_NEW) || gh_row_uses(r, GH_USE_MAKE)
		       ? NULL
		       : "the class it is told to make is not on the allow list";
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
	} bases[] = { { "dict", GH_V_DICT },   { "list", GH_V_LIST },	  { "tuple", GH_V_TUPLE }, { "set", GH_V_LIST },
		      { "set", GH_V_SET },     { "int", GH_V_INT },	  { "float", GH_V_FLOAT }, { "str", GH_V_STR },
		      { "bytes", GH_V_BYTES }, { "frozenset", GH_V_LIST } };
	for (size_t i = 0; i < sizeof bases / sizeof bases[0]; i++) {
		if (!gh_is_global(u->heap, gh_arg(u, 1), "builtins", bases[i].name) ||
		    gh_val_kind(u->heap, state) != bases[i].kind)
			continue;
		const struct gh_allow_row *r = gh_row_of(u->heap, gh_arg(u, 0));
		bool attrs = gh_row_uses(r, GH_USE_SETITEM) &&
			     gh_allow_group(r)->arg[GH_USE_SETITEM] == GH_ARGS_attr_items;
		return attrs && gh_val_len(u->heap, state) != 0 ? gh_attrs_bad(u, state, false) : NULL;
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
	return in.row == NULL || u->depth > 1 ? "the class it is told to make is not on the allow list"
					      : gh_use_permitted(&in);
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
