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

const struct gh_allow_row *gh_callable_of(struct gh_heap *h, gh_val v)
{
	switch (gh_val_kind(h, v)) {
	case GH_V_GLOBAL: return gh_row_of(h, v);
	case GH_V_PERSID: return gh_torch_module_id(h, gh_val_item(h, v, 0));
	case GH_V_OBJECT:
		return gh_is_global(h, gh_val_callee(h, v), "builtins", "getattr") ? gh_attr_row(h, gh_val_args(h, v))
										   : NULL;
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

/* ---- the dispatcher ------------------------------------------------------------------------------------------- */
#define FN(name) gh_args_##name,
static gh_args_fn *const fns[] = { GH_CONSTRAINTS(FN) };

void gh_doubt(const struct gh_use_case *u, const char *why)
{
	if (u->doubt != NULL && *u->doubt == NULL)
		*u->doubt = why;
}

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
