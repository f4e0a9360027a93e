/* Names that become attributes: which of them a loader or a library would call, and which text a key is equal to when it
 * is not a plain string. A dictionary finds 'predict' by any object that hashes and compares like it. */
#include "check/calls_args.h"

/* ---- the text of a key ------------------------------------------------------------------------------------------- */
/* The spelled name of an element type without its byte order, and that order: the state's counts more. */
static struct gh_span letter(struct gh_heap *h, gh_val dtype, bool *big)
{
	struct gh_span s = gh_val_text(h, gh_val_item(h, gh_val_args(h, dtype), 0), 16);
	struct gh_span order = gh_val_text(h, gh_val_item(h, gh_val_item(h, dtype, 0), 1), 1);
	bool prefix = s.n > 1 && memchr("<>=|", s.p[0], 4) != NULL;
	*big = order.n == 1 ? order.p[0] == '>' : prefix && s.p[0] == '>';
	return prefix ? gh_span_cut(s, 1, s.n) : s;
}

/* Four bytes per character, zeros at the end. What is not ASCII cannot stand in any name that matters. */
static enum gh_key decoded(struct gh_heap *h, gh_val raw, bool big, uint8_t out[GH_NAME_MAX], struct gh_span *text)
{
	struct gh_val_reader r;
	uint8_t b[4];
	size_t n = 0;
	if (gh_is_encoded(h, raw))
		raw = gh_val_item(h, gh_val_args(h, raw), 0);
	if (!gh_val_reader(h, raw, &r) || r.left > (uint64_t)GH_NAME_MAX * 24)
		return GH_KEY_UNKNOWN;
	for (; r.left != 0; n++) {
		if (n == GH_NAME_MAX || !gh_val_read(&r, b, 4))
			return GH_KEY_UNKNOWN;
		uint32_t c = big ? (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3]
				 : gh_le32(b);
		out[n] = c < 0x80 ? (uint8_t)c : 0xff;
	}
	while (n != 0 && out[n - 1] == 0)
		n--;
	*text = (struct gh_span){ out, n };
	return GH_KEY_TEXT;
}

/* numpy.core.multiarray.scalar(dtype, bytes) */
static enum gh_key scalar(struct gh_heap *h, gh_val args, uint8_t room[GH_NAME_MAX], struct gh_span *text)
{
	bool big;
	struct gh_span name = letter(h, gh_val_item(h, args, 0), &big);
	if (name.n == 0 || gh_val_kind(h, args) != GH_V_TUPLE || gh_val_len(h, args) != 2)
		return GH_KEY_UNKNOWN;
	if (name.p[0] == 'U')
		return decoded(h, gh_val_item(h, args, 1), big, room, text);
	/* Numbers and bytes differ from every text; an object is handed back as it is, a record asks what it holds. */
	return memchr("?bBhHiIlLqQefdgFDGcSaMmu", name.p[0], 23) != NULL ? GH_KEY_OTHER : GH_KEY_UNKNOWN;
}

/* What a call made: str('x') and its like by their text; values that are no texts; of the rest nothing is known. */
static enum gh_key made(struct gh_heap *h, gh_val v, uint8_t room[GH_NAME_MAX], struct gh_span *text)
{
	static const struct {
		const char *module, *name;
		enum gh_key kind;
	} makers[] = {
		{ "builtins", "str", GH_KEY_TEXT },	   { "numpy", "str_", GH_KEY_TEXT },
		{ "numpy", "unicode_", GH_KEY_TEXT },	   { "collections", "UserString", GH_KEY_TEXT },
		{ "_codecs", "encode", GH_KEY_OTHER },	   { "builtins", "int", GH_KEY_OTHER },
		{ "builtins", "float", GH_KEY_OTHER },	   { "builtins", "complex", GH_KEY_OTHER },
		{ "builtins", "bool", GH_KEY_OTHER },	   { "builtins", "bytes", GH_KEY_OTHER },
		{ "builtins", "frozenset", GH_KEY_OTHER }, { "datetime", "date", GH_KEY_OTHER },
		{ "datetime", "datetime", GH_KEY_OTHER },  { "datetime", "time", GH_KEY_OTHER },
		{ "datetime", "timedelta", GH_KEY_OTHER }, { "decimal", "Decimal", GH_KEY_OTHER },
		{ "fractions", "Fraction", GH_KEY_OTHER }, { "numpy", "dtype", GH_KEY_OTHER },
		{ "pandas", "Timestamp", GH_KEY_OTHER },   { "torch", "device", GH_KEY_OTHER },
	};
	const struct gh_allow_row *r = gh_maker_of(h, v);
	gh_val args = gh_val_args(h, v), first = gh_val_item(h, args, 0);
	if (r == NULL)
		return GH_KEY_UNKNOWN;
	if (strcmp(r->name, "scalar") == 0)
		return scalar(h, args, room, text);
	for (size_t i = 0; i < sizeof makers / sizeof makers[0]; i++) {
		if (!gh_row_is(r, makers[i].module, makers[i].name))
			continue;
		if (makers[i].kind == GH_KEY_OTHER)
			return GH_KEY_OTHER;
		if (gh_val_len(h, args) != 1 || gh_val_kind(h, first) != GH_V_STR ||
		    gh_val_kind(h, gh_val_item(h, v, 0)) != GH_V_UNKNOWN)
			return GH_KEY_UNKNOWN;
		return gh_key_text(h, first, room, text);
	}
	return GH_KEY_UNKNOWN;
}

enum gh_key gh_key_text(struct gh_heap *h, gh_val v, uint8_t room[GH_NAME_MAX], struct gh_span *text)
{
	*text = (struct gh_span){ 0 };
	switch (gh_val_kind(h, v)) {
	case GH_V_STR:
		*text = gh_val_text(h, v, GH_NAME_MAX);
		return text->p == NULL || gh_val_len(h, v) > GH_NAME_MAX ? GH_KEY_UNKNOWN : GH_KEY_TEXT;
	case GH_V_OBJECT: return made(h, v, room, text);
	case GH_V_GLOBAL: return gh_row_is_a(gh_row_of(h, v), GH_IS_TYPE) ? GH_KEY_OTHER : GH_KEY_UNKNOWN;
	case GH_V_PERSID:
	case GH_V_BUFFER:
	case GH_V_UNKNOWN: return GH_KEY_UNKNOWN;
	default: return GH_KEY_OTHER;
	}
}

bool gh_keys_are_text(struct gh_heap *h, gh_val dict)
{
	if (gh_val_kind(h, dict) != GH_V_DICT || gh_val_len(h, dict) > GH_VAL_KEPT)
		return false;
	for (uint64_t i = 0; i < gh_val_len(h, dict); i++)
		if (gh_val_kind(h, gh_val_key(h, dict, i)) != GH_V_STR)
			return false;
	return true;
}

/* ---- names that are called --------------------------------------------------------------------------------------- */
static bool among(struct gh_span name, const char *const *words)
{
	for (; *words != NULL; words++)
		if (gh_span_is(name, *words))
			return true;
	return false;
}

/* Besides every name that starts with two underscores: what the unpickler looks up on an instance. */
bool gh_name_ok(struct gh_span name)
{
	static const char *const hooks[] = { "append", "extend", "add", NULL };
	static const char *const harmless[] = { "__doc__", "__version__", NULL };
	if (name.n > GH_NAME_MAX || (gh_span_starts(name, "__") && !among(name, harmless)))
		return false;
	return !among(name, hooks);
}

/* Methods without a leading underscore that loaders and libraries call on what they are given. */
static const char *const methods[] = {
	"append",
	"apply",
	"astype",
	"build",
	"cache",
	"call",
	"children",
	"clear",
	"close",
	"copy",
	"count",
	"decision_function",
	"dst",
	"dtype",
	"emit",
	"eval",
	"evaluate",
	"extend",
	"fit",
	"fit_predict",
	"fit_resample",
	"fit_transform",
	"flatten",
	"forward",
	"freeze",
	"get",
	"get_feature_names_out",
	"get_params",
	"handle",
	"index",
	"insert",
	"inverse_transform",
	"item",
	"items",
	"keys",
	"kneighbors",
	"load",
	"load_state_dict",
	"localize",
	"mean",
	"modules",
	"named_parameters",
	"next",
	"normalize",
	"open",
	"parameters",
	"partial_fit",
	"pop",
	"predict",
	"predict_log_proba",
	"predict_proba",
	"query",
	"ravel",
	"read",
	"register_buffer",
	"remove",
	"reshape",
	"rvs",
	"sample",
	"save",
	"score",
	"score_samples",
	"set_params",
	"setdefault",
	"shape",
	"sort",
	"split",
	"state_dict",
	"step",
	"sum",
	"to",
	"tolist",
	"train",
	"transform",
	"tzname",
	"update",
	"utcoffset",
	"values",
	"write",
	"zero_grad",
	NULL,
};

bool gh_name_replaces(struct gh_span name) { return (name.n != 0 && name.p[0] == '_') || among(name, methods); }
