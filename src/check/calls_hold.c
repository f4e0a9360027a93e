/* What an instance may hold. An attribute shadows a method of the same name, so that an object with a function in the
 * right place stands in for any other one ("property-oriented programming"): functions, and instances that can be
 * called, are accepted only in the attributes for which the class's rule says holds=. */
#include "check/calls_args.h"
#include "check/calls_torch.h"

enum { DEPTH = 8, VALUES = 1 << 16 };

struct look {
	const struct gh_use_case *u;
	struct gh_heap *h;
	unsigned left; /* values that may still be looked at */
	bool held;     /* the rule lets this attribute hold something that can be called */
	bool shadow;   /* something callable here would replace a method */
	bool data;     /* only data: nothing that could answer for something else */
	bool hooks;    /* of a layer: PyTorch's own are known */
	bool layers;   /* the attributes of a layer: others may be among them */
	const char *doubt;
};

static const char *look_at(struct look *l, gh_val v, unsigned depth);

bool gh_row_is_a(const struct gh_allow_row *r, enum gh_is what)
{
	return r != NULL && (gh_allow_group(r)->is & what) != 0;
}

static const char *callable(struct look *l)
{
	if (l->held)
		return NULL;
	if (l->data)
		return "something that can be called stands among data";
	if (l->shadow)
		return "an attribute that replaces a method can be called";
	l->doubt = "it holds something that can be called in an attribute where none belongs";
	return NULL;
}

static const char *imported(struct look *l, const struct gh_allow_row *r)
{
	if (r == NULL && l->data)
		return "it holds a function that is not on the allow list";
	if (r == NULL)
		return callable(l);
	if (gh_row_is_a(r, GH_IS_TYPE))
		return NULL;
	if (!gh_row_is_a(r, GH_IS_NAMED))
		return "it holds a function that is on the allow list only to be called by the loader";
	return callable(l);
}

static const char *items(struct look *l, gh_val v, unsigned depth)
{
	uint64_t n = gh_val_len(l->h, v), seen = n < GH_VAL_KEPT ? n : GH_VAL_KEPT;
	bool dict = gh_val_kind(l->h, v) == GH_V_DICT;
	const char *bad = NULL;
	if (gh_val_more(l->h, v))
		l->doubt = "it holds more objects than can be looked at";
	for (uint64_t i = 0; i < seen && bad == NULL; i++)
		bad = look_at(l, dict ? gh_val_at(l->h, v, i) : gh_val_item(l->h, v, i), depth - 1);
	return bad;
}

/* What was given to an object after it was made: gh_val_item() says UNKNOWN when there is no more. */
static const char *given(struct look *l, gh_val v, unsigned depth)
{
	const char *bad = NULL;
	if (gh_val_more(l->h, v))
		l->doubt = "it holds more objects than can be looked at";
	for (uint64_t i = 0; i < GH_VAL_KEPT && bad == NULL; i++) {
		gh_val item = gh_val_item(l->h, v, i);
		if (gh_val_kind(l->h, item) == GH_V_UNKNOWN)
			break;
		bad = look_at(l, item, depth - 1);
	}
	return bad;
}

static bool builds(const struct gh_allow_row *r, enum gh_args_id how)
{
	return gh_row_uses(r, GH_USE_BUILD) && gh_allow_group(r)->arg[GH_USE_BUILD] == how;
}

bool gh_row_is_layer(const struct gh_allow_row *r) { return builds(r, GH_ARGS_torch_module); }

/* May objects of this class answer any attribute with a value of the file's choosing? */
static bool bag(const struct gh_allow_row *r)
{
	return builds(r, GH_ARGS_dict_state) || builds(r, GH_ARGS_slots_state) || builds(r, GH_ARGS_sk_estimator) ||
	       builds(r, GH_ARGS_sk_svm) || gh_row_is_layer(r) ||
	       (gh_row_uses(r, GH_USE_SETITEM) && gh_allow_group(r)->arg[GH_USE_SETITEM] == GH_ARGS_attr_items);
}

/* The elements of an array of objects. */
static const char *elements(struct look *l, gh_val array, unsigned depth)
{
	gh_val state = gh_val_item(l->h, array, 0);
	if (gh_val_kind(l->h, state) != GH_V_TUPLE || gh_val_len(l->h, state) == 0)
		return NULL;
	gh_val content = gh_val_item(l->h, state, gh_val_len(l->h, state) - 1);
	return gh_val_kind(l->h, content) == GH_V_LIST ? look_at(l, content, depth - 1) : NULL;
}

static const char *object(struct look *l, gh_val v, unsigned depth)
{
	const struct gh_allow_row *maker = gh_maker_of(l->h, v), *r = gh_class_of(l->h, v);
	if (gh_row_is(maker, "builtins", "getattr")) {
		const struct gh_allow_row *named = gh_attr_row(l->h, gh_val_args(l->h, v));
		return named == NULL ? callable(l) : imported(l, named);
	}
	if (r == NULL)
		return "it holds an object of an unknown kind";
	if (strcmp(gh_allow_group(r)->framework, "Python") == 0 && gh_row_is_a(r, GH_IS_CONTAINER)) {
		const char *bad = look_at(l, gh_val_args(l->h, v), depth - 1);
		return bad != NULL ? bad : given(l, v, depth);
	}
	if (builds(r, GH_ARGS_np_array_state))
		return elements(l, v, depth);
	if (strncmp(r->module, "pathlib", 7) == 0 && gh_row_is_estimator(l->u->row))
		l->doubt = "an estimator holds a path, which writes, moves and removes files when it is asked to";
	if (l->hooks && strncmp(r->module, "torch.nn.utils.", 15) == 0)
		return NULL;
	if (gh_row_is_layer(r) && l->layers && !l->shadow)
		return NULL;
	if (gh_row_is_layer(r) || gh_row_is_a(r, GH_IS_CALLABLE))
		return callable(l);
	if (l->data && bag(r))
		return "it holds objects that may pretend to have any method";
	return NULL;
}

static const char *look_at(struct look *l, gh_val v, unsigned depth)
{
	uint64_t count;
	if (depth == 0 || l->left == 0) {
		l->doubt = "it holds more than can be looked at";
		return NULL;
	}
	l->left--;
	switch (gh_val_kind(l->h, v)) {
	case GH_V_NONE:
	case GH_V_BOOL:
	case GH_V_INT:
	case GH_V_BIGINT:
	case GH_V_FLOAT:
	case GH_V_STR:
	case GH_V_BYTES:
	case GH_V_BYTEARRAY:
	case GH_V_BUFFER: return NULL;
	case GH_V_GLOBAL: return imported(l, gh_row_of(l->h, v));
	case GH_V_OBJECT: return object(l, v, depth);
	case GH_V_TUPLE:
	case GH_V_LIST:
	case GH_V_SET:
	case GH_V_FROZENSET:
	case GH_V_DICT: return items(l, v, depth);
	case GH_V_PERSID:
		if (gh_torch_storage_id(l->h, gh_val_item(l->h, v, 0), &count))
			return NULL;
		break;
	case GH_V_UNKNOWN: break;
	}
	return "it holds something that cannot be known";
}

static struct look look(const struct gh_use_case *u) { return (struct look){ .u = u, .h = u->heap, .left = VALUES }; }

static const char *looked(struct look *l, const char *bad)
{
	if (bad == NULL && l->doubt != NULL)
		gh_doubt(l->u, l->doubt);
	return bad;
}

const char *gh_data_bad(const struct gh_use_case *u, gh_val v)
{
	struct look l = look(u);
	l.data = true;
	return looked(&l, look_at(&l, v, DEPTH));
}

const char *gh_elements_bad(const struct gh_use_case *u, gh_val list)
{
	struct look l = look(u);
	return looked(&l, look_at(&l, list, DEPTH));
}

/* ---- attributes ------------------------------------------------------------------------------------------------ */
bool gh_row_holds(const struct gh_allow_row *r, struct gh_span name)
{
	const char *p = gh_allow_group(r)->holds;
	while (p != NULL && *p != '\0') {
		size_t n = strcspn(p, ",");
		if (n == name.n && memcmp(p, name.p, n) == 0)
			return true;
		p += n + (p[n] == ',');
	}
	return false;
}

static bool ends(struct gh_span s, const char *with)
{
	size_t n = strlen(with);
	return s.n >= n && memcmp(s.p + s.n - n, with, n) == 0;
}

static bool empty(struct gh_heap *h, gh_val v)
{
	if (gh_val_kind(h, v) == GH_V_OBJECT)
		return gh_row_is_a(gh_maker_of(h, v), GH_IS_CONTAINER) && gh_val_len(h, gh_val_args(h, v)) == 0 &&
		       gh_val_kind(h, gh_val_args(h, v)) == GH_V_TUPLE &&
		       gh_val_kind(h, gh_val_item(h, v, 0)) == GH_V_UNKNOWN;
	enum gh_vkind k = gh_val_kind(h, v);
	return k == GH_V_NONE || ((k == GH_V_DICT || k == GH_V_LIST || k == GH_V_TUPLE) && gh_val_len(h, v) == 0);
}

/* PyTorch calls what it finds in these whenever the object is used. */
static const char *hooks_bad(struct look *l, gh_val v)
{
	enum gh_vkind k = gh_val_kind(l->h, v);
	if (empty(l->h, v) || k == GH_V_BOOL || k == GH_V_INT)
		return NULL;
	l->held = false;
	l->shadow = l->hooks = true;
	const char *bad = look_at(l, v, DEPTH);
	l->hooks = false;
	if (bad == NULL)
		l->doubt = "hooks that are called whenever the object is used";
	return bad;
}

static const char *attribute(struct look *l, struct gh_span name, gh_val v)
{
	if (!gh_name_ok(name))
		return "the state sets an attribute that the loader or a library would call";
	if (gh_span_is(name, "_sklearn_version") && !gh_is_text(l->h, v) && gh_val_kind(l->h, v) != GH_V_NONE)
		return "a version that is not a text would be compared and printed";
	l->held = gh_row_holds(l->u->row, name);
	l->shadow = !l->held && gh_name_replaces(name) && !(l->layers && gh_span_is(name, "_modules"));
	if (ends(name, "_hooks") || ends(name, "_hook") || ends(name, "_hooks_with_kwargs") ||
	    ends(name, "_hooks_always_called"))
		return hooks_bad(l, v);
	return look_at(l, v, DEPTH);
}

static const char *attributes(struct look *l, gh_val state)
{
	if (gh_val_kind(l->h, state) != GH_V_DICT)
		return "the state is not a plain dictionary";
	uint64_t n = gh_val_len(l->h, state);
	if (n > GH_VAL_KEPT)
		return "the state has more attributes than can be looked at";
	const char *bad = NULL;
	for (uint64_t i = 0; i < n && bad == NULL; i++) {
		struct gh_span name;
		uint8_t room[GH_NAME_MAX];
		gh_val key = gh_val_key(l->h, state, i);
		if (gh_val_kind(l->h, key) != GH_V_STR || gh_key_text(l->h, key, room, &name) != GH_KEY_TEXT)
			return "the state has a name that is not a short text";
		bad = attribute(l, name, gh_val_at(l->h, state, i));
	}
	return bad;
}

const char *gh_attrs_bad(const struct gh_use_case *u, gh_val state, bool data)
{
	struct look l = look(u);
	l.data = data;
	return looked(&l, attributes(&l, state));
}

const char *gh_attr_bad(const struct gh_use_case *u, gh_val key, gh_val v)
{
	struct look l = look(u);
	struct gh_span name;
	uint8_t room[GH_NAME_MAX];
	switch (gh_key_text(u->heap, key, room, &name)) {
	case GH_KEY_TEXT: return looked(&l, attribute(&l, name, v));
	case GH_KEY_OTHER: {
		const char *bad = gh_key_bad(u, key);
		return bad != NULL ? bad : looked(&l, look_at(&l, v, DEPTH));
	}
	case GH_KEY_UNKNOWN: break;
	}
	return "it sets an attribute whose name cannot be known";
}

/* ---- layers ---------------------------------------------------------------------------------------------------- */
enum part { LAYER, TENSOR };

static bool is_part(struct gh_heap *h, gh_val v, enum part p)
{
	if (gh_val_kind(h, v) == GH_V_NONE)
		return true;
	return p == LAYER ? gh_row_is_layer(gh_class_of(h, v)) : gh_torch_is_tensor(h, v);
}

/* A dictionary, or an OrderedDict and its items, of names and layers or tensors. */
static const char *parts_bad(struct gh_heap *h, gh_val v, enum part p)
{
	static const char odd[] = "its layers, parameters or buffers are something else";
	if (empty(h, v))
		return NULL;
	if (gh_val_kind(h, v) == GH_V_DICT && gh_val_len(h, v) <= GH_VAL_KEPT) {
		for (uint64_t i = 0; i < gh_val_len(h, v); i++)
			if (!is_part(h, gh_val_at(h, v, i), p) || !gh_is_text(h, gh_val_key(h, v, i)))
				return odd;
		return NULL;
	}
	if (!gh_row_is(gh_maker_of(h, v), "collections", "OrderedDict") || gh_val_more(h, v))
		return odd;
	gh_val args = gh_val_args(h, v), pairs = gh_val_item(h, args, 0);
	for (uint64_t i = 0; gh_val_len(h, args) != 0 && i < gh_val_len(h, pairs); i++)
		if (i >= GH_VAL_KEPT || !is_part(h, gh_val_item(h, gh_val_item(h, pairs, i), 1), p))
			return odd;
	for (uint64_t i = 0; i < GH_VAL_KEPT; i += 2) {
		gh_val key = gh_val_item(h, v, i);
		if (gh_val_kind(h, key) == GH_V_UNKNOWN)
			break;
		if (!gh_is_text(h, key) || !is_part(h, gh_val_item(h, v, i + 1), p))
			return odd;
	}
	return NULL;
}

/* torch.nn.Module.__setstate__ updates the dictionary; some layers then call their own methods. */
const char *gh_args_torch_module(const struct gh_use_case *u)
{
	static const struct {
		const char *name;
		enum part part;
	} parts[] = { { "_modules", LAYER }, { "_parameters", TENSOR }, { "_buffers", TENSOR } };
	struct look l = look(u);
	gh_val v;
	l.layers = true;
	const char *bad = attributes(&l, u->args);
	for (size_t i = 0; i < sizeof parts / sizeof parts[0] && bad == NULL; i++)
		if (gh_val_get(u->heap, u->args, parts[i].name, &v))
			bad = parts_bad(u->heap, v, parts[i].part);
	return looked(&l, bad);
}

/* ---- keys ------------------------------------------------------------------------------------------------------ */
static const char *key_bad(const struct gh_use_case *u, gh_val v, unsigned depth)
{
	enum gh_vkind k = gh_val_kind(u->heap, v);
	const char *bad = NULL;
	switch (k) {
	case GH_V_TUPLE:
	case GH_V_FROZENSET:
		if (depth == 0 || gh_val_more(u->heap, v))
			gh_doubt(u, "a key that is too large to be looked at");
		for (uint64_t i = 0; i < gh_val_len(u->heap, v) && i < GH_VAL_KEPT && depth != 0 && bad == NULL; i++)
			bad = key_bad(u, gh_val_item(u->heap, v, i), depth - 1);
		return bad;
	case GH_V_OBJECT: {
		const struct gh_allow_row *r = gh_class_of(u->heap, v);
		if (r == NULL)
			return "a key of an unknown kind is hashed and compared";
		/* The hash of Python's own values asks what they were made of. */
		if (gh_row_is_a(r, GH_IS_KEY) && strcmp(gh_allow_group(r)->framework, "Python") == 0 && depth != 0) {
			gh_val args = gh_val_args(u->heap, v);
			gh_val in = gh_val_item(u->heap, args, 0);
			bool list = gh_val_len(u->heap, args) == 1 && gh_val_kind(u->heap, in) == GH_V_LIST;
			for (uint64_t i = 0; list && i < gh_val_len(u->heap, in) && i < GH_VAL_KEPT && bad == NULL; i++)
				bad = key_bad(u, gh_val_item(u->heap, in, i), depth - 1);
			return list || bad != NULL ? bad : key_bad(u, args, depth - 1);
		}
		/* A record's hash asks the objects in it. */
		gh_val of = gh_val_item(u->heap, gh_val_args(u->heap, v), 1);
		if (gh_row_is(r, r->module, "scalar") && gh_val_kind(u->heap, of) == GH_V_OBJECT &&
		    !gh_is_encoded(u->heap, of))
			gh_doubt(u, "a record of objects is hashed and compared");
		if (!gh_row_is_a(r, GH_IS_KEY) && !gh_row_is_a(gh_maker_of(u->heap, v), GH_IS_KEY))
			gh_doubt(u, "a key of this kind runs its own code when it is hashed and compared");
		return NULL;
	}
	case GH_V_PERSID:
	case GH_V_UNKNOWN: return "a key that cannot be known is hashed and compared";
	default: return NULL;
	}
}

const char *gh_key_bad(const struct gh_use_case *u, gh_val v) { return key_bad(u, v, 6); }
