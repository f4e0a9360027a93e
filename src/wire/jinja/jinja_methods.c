/* Methods of texts, bytes, lists, dictionaries and numbers, as far as they are harmless. One that is not here has no result:
 * nothing in a template reaches further than this table. */
#include "wire/jinja/jinja_methods.h"

static struct gh_jv undefined(void) { return (struct gh_jv){ .kind = JV_UNDEFINED }; }

/* Results that are not computed, but made of what went in. */
static struct gh_jv opaque(struct gh_jj_run *r, struct gh_jv self, struct jj_args *a, int how)
{
	(void)how;
	return jj_watching(r) ? jj_mix_args(r, JU_OBSCURE, self, a)
			      : jj_error(r, "a method that is not evaluated here");
}

static struct gh_jv to_bytes(struct gh_jj_run *r, struct gh_jv self, struct jj_args *a, int how)
{
	(void)how;
	struct gh_jv len = jj_arg(a, 0, "length", gh_jv_int(1)),
		     order = jj_arg(a, 1, "byteorder", gh_jv_str(GH_SPAN("big")));
	struct jj_text t = { .r = r };
	int64_t n = len.kind == JV_INT ? len.i : 1;
	bool big = order.kind != JV_STR || gh_span_is(order.s, "big");
	for (int64_t i = 0; i < n && i < 4096 && r->err == NULL; i++) {
		int64_t k = big ? n - 1 - i : i;
		uint64_t rest = k < 8 ? (uint64_t)self.i >> 8 * k : 0;
		uint8_t byte = (uint8_t)(rest & 0xff);
		jj_put(&t, (struct gh_span){ &byte, 1 });
	}
	return (struct gh_jv){ .kind = JV_BYTES, .s = { t.p, t.n } };
}

/* ---- the table ----------------------------------------------------------------------------------------------------------- */
enum { STR = 1, BYT = 2, LST = 4, TUP = 8, DCT = 16, NUM = 32, TXT = STR | BYT };
static const struct {
	const char *name;
	unsigned of;
	jj_method_fn *f;
	int how;
} methods[] = {
	{ "append", LST, jj_m_list_change, 'a' },
	{ "capitalize", TXT, jj_m_cased, 'c' },
	{ "casefold", STR, jj_m_cased, 'l' },
	{ "center", TXT, jj_m_pad, 'c' },
	{ "clear", LST | DCT, opaque, 0 },
	{ "copy", DCT, jj_m_dict_copy, 0 },
	{ "copy", LST, jj_m_list_look, 'y' },
	{ "count", LST | TUP, jj_m_list_look, 'c' },
	{ "count", TXT, jj_m_search, 'c' },
	{ "decode", BYT, jj_m_encode, JV_STR },
	{ "encode", STR, jj_m_encode, JV_BYTES },
	{ "endswith", TXT, jj_m_ends, 'e' },
	{ "expandtabs", TXT, jj_m_expandtabs, 0 },
	{ "extend", LST, jj_m_list_change, 'x' },
	{ "find", TXT, jj_m_search, 'f' },
	{ "format", STR, NULL, 'f' },
	{ "format_map", STR, NULL, 'm' },
	{ "fromhex", BYT, jj_m_hex, 'f' },
	{ "get", DCT, jj_m_dict_get, 'g' },
	{ "hex", BYT, jj_m_hex, 'h' },
	{ "index", LST | TUP, jj_m_list_look, 'i' },
	{ "index", TXT, jj_m_search, 'i' },
	{ "insert", LST, jj_m_list_change, 'i' },
	{ "isalnum", TXT, jj_m_is_kind, 'n' },
	{ "isalpha", TXT, jj_m_is_kind, 'a' },
	{ "isascii", TXT, jj_m_is_kind, '7' },
	{ "isdecimal", TXT, jj_m_is_kind, 'd' },
	{ "isdigit", TXT, jj_m_is_kind, 'd' },
	{ "isidentifier", STR, jj_m_is_kind, 'i' },
	{ "islower", TXT, jj_m_is_kind, 'l' },
	{ "isnumeric", TXT, jj_m_is_kind, 'd' },
	{ "isprintable", STR, jj_m_is_kind, 'p' },
	{ "isspace", TXT, jj_m_is_kind, 's' },
	{ "isupper", TXT, jj_m_is_kind, 'u' },
	{ "items", DCT, jj_m_dict_view, 'i' },
	{ "join", TXT, jj_m_join, 0 },
	{ "keys", DCT, jj_m_dict_view, 'k' },
	{ "ljust", TXT, jj_m_pad, 'l' },
	{ "lower", TXT, jj_m_cased, 'l' },
	{ "lstrip", TXT, jj_m_strip, 1 },
	{ "maketrans", STR, opaque, 0 },
	{ "partition", TXT, jj_m_partition, 'f' },
	{ "pop", DCT, jj_m_dict_get, 'p' },
	{ "pop", LST, jj_m_list_change, 'p' },
	{ "remove", LST, opaque, 0 },
	{ "removeprefix", TXT, jj_m_affix, 's' },
	{ "removesuffix", TXT, jj_m_affix, 'e' },
	{ "replace", TXT, jj_m_replace, 0 },
	{ "reverse", LST, jj_m_list_change, 'v' },
	{ "rfind", TXT, jj_m_search, 'r' },
	{ "rindex", TXT, jj_m_search, 'r' },
	{ "rjust", TXT, jj_m_pad, 'r' },
	{ "rpartition", TXT, jj_m_partition, 'r' },
	{ "rsplit", TXT, jj_m_split, 'r' },
	{ "rstrip", TXT, jj_m_strip, 2 },
	{ "setdefault", DCT, jj_m_dict_get, 's' },
	{ "sort", LST, jj_m_list_change, 's' },
	{ "split", TXT, jj_m_split, 'f' },
	{ "splitlines", TXT, jj_m_splitlines, 0 },
	{ "startswith", TXT, jj_m_ends, 's' },
	{ "strip", TXT, jj_m_strip, 3 },
	{ "swapcase", TXT, jj_m_cased, 's' },
	{ "title", TXT, jj_m_cased, 't' },
	{ "to_bytes", NUM, to_bytes, 0 },
	{ "translate", STR, opaque, 0 },
	{ "update", DCT, jj_m_dict_update, 0 },
	{ "upper", TXT, jj_m_cased, 'u' },
	{ "values", DCT, jj_m_dict_view, 'v' },
	{ "zfill", TXT, jj_m_pad, 'z' },
};

static unsigned set_of(struct gh_jv v)
{
	static const unsigned sets[] = { [JV_STR] = STR,   [JV_BYTES] = BYT, [JV_LIST] = LST, [JV_LAZY] = TUP,
					 [JV_TUPLE] = TUP, [JV_DICT] = DCT,  [JV_INT] = NUM,  [JV_UNKNOWN] = 0 };
	return v.kind < sizeof sets / sizeof sets[0] ? sets[v.kind] : 0;
}

bool jj_has_method(struct gh_jv obj, struct gh_span name)
{
	if (obj.kind == JV_CYCLER)
		return gh_span_is(name, "next") || gh_span_is(name, "reset");
	for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++)
		if ((methods[i].of & set_of(obj)) != 0 && gh_span_is(name, methods[i].name))
			return true;
	return false;
}

bool gh_jj_is_method(struct gh_span name)
{
	for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++)
		if (gh_span_is(name, methods[i].name))
			return true;
	return false;
}

static bool named(struct gh_span name, const char *const *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (gh_span_is(name, list[i]))
			return true;
	return false;
}

/* What the result of a method tells of what messages say, of names, of the date. */
static unsigned method_tells(struct gh_jj_run *r, struct gh_jv self, struct gh_span name, const struct jj_args *a,
			     bool number)
{
	static const char *const cut[] = { "partition", "rpartition",	"rsplit",
					   "replace",	"removeprefix", "removesuffix" };
	static const char *const looks[] = { "isupper", "islower",   "isdigit",	  "isalpha",
					     "isalnum", "isnumeric", "isdecimal", "isidentifier" };
	static const char *const all[] = { "values", "items" };
	unsigned of = jj_flags(self), with = a->n != 0 ? jj_flags(a->v[0]) : 0, out = 0;
	if ((of & JU_CONTENT) != 0 && a->n > 0) {
		struct gh_span s = jj_spelt(r, a->v[0]);
		if (number || gh_span_is(name, "split"))
			out |= jj_trigger(s);
		if (named(name, cut, sizeof cut / sizeof cut[0]))
			out |= jj_trigger(s) & JU_WORD;
		if ((gh_span_is(name, "split") || gh_span_is(name, "rsplit")) && gh_jj_wordy(s))
			out |= JU_SPLIT;
	}
	if ((of & JU_CONTENT) != 0 && named(name, looks, sizeof looks / sizeof looks[0]))
		out |= JU_WORD;
	if (self.kind == JV_STR && (with & JU_CONTENT) != 0 && number)
		out |= jj_trigger(self.s);
	if (((of | with) & JU_CLOCK) != 0 && number)
		out |= JU_TIME;
	if ((of & JU_NAME) != 0 && number)
		out |= JU_NAMED;
	if ((of & (JU_MESSAGE | JU_NUMBER)) == JU_MESSAGE && named(name, all, sizeof all / sizeof all[0]))
		out |= JU_CONTENT;
	return out;
}

/* A method of something unknown. */
static struct gh_jv of_unknown(struct gh_jj_run *r, const struct gh_jj_node *at, struct gh_jv self, struct gh_span name,
			       struct jj_args *a)
{
	static const char *const numbers[] = { "startswith", "endswith", "find",    "rfind",   "index",
					       "rindex",     "count",	 "isdigit", "isalpha", "isspace",
					       "isupper",    "islower",	 "isalnum" };
	bool number = false;
	for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
		number = number || gh_span_is(name, numbers[i]);
	unsigned flags = method_tells(r, self, name, a, number);
	if (gh_span_is(name, "replace") && a->n >= 2 && jj_watching(r) && r->watch->rewrites != NULL &&
	    (jj_flags(self) & JU_CONTENT) != 0)
		r->watch->rewrites(r->ctx, at, a->v[0], a->v[1]);
	struct gh_jv v = jj_mix_args(r, flags | (number ? JU_NUMBER : 0), self, a);
	if (number)
		v.s.n = 0;
	if (gh_span_is(name, "replace") && self.kind == JV_UNKNOWN && a->n >= 2 && a->v[0].kind == JV_STR &&
	    a->v[1].kind == JV_STR)
		v.s = jj_replace(r, v.s, a->v[0].s, a->v[1].s, -1).s; /* of the hint */
	if (gh_span_is(name, "strip") || gh_span_is(name, "split") || gh_span_is(name, "lstrip") ||
	    gh_span_is(name, "rstrip"))
		v.s = self.kind == JV_UNKNOWN ? self.s : v.s; /* its argument takes away and adds nothing */
	if (gh_span_is(name, "get") && a->n > 0 && a->v[0].kind == JV_STR) {
		if (gh_span_is(a->v[0].s, "content") || gh_span_is(a->v[0].s, "text"))
			v.flags |= JU_CONTENT;
	}
	return v;
}

struct gh_jv jj_method(struct gh_jj_run *r, const struct gh_jj_node *at, struct gh_jv self, struct gh_span name,
		       struct jj_args *a)
{
	if (self.kind == JV_CYCLER)
		return jj_call_global(r, at, self, a);
	if (jj_costs_call(r, at, name, self, a, false))
		return jj_watching(r) ? jj_mix_args(r, 0, self, a) : jj_limit(r, "a size beyond the limit");
	if (a->n != 0 && gh_span_is(name, "join"))
		jj_rejoined(r, at, a->v[0], self);
	if (self.kind == JV_DICT && a->n != 0 && a->v[0].kind == JV_UNKNOWN) { /* get, pop, setdefault */
		jj_one_of(r, at, jj_tells(a->v[0]), self.dict->val, self.dict->n);
		jj_one_of(r, at, jj_tells(a->v[0]), a->v + 1, a->n - 1);
	}
	for (size_t i = 0; i < a->n && (self.kind == JV_STR || self.kind == JV_LIST); i++)
		if ((jj_flags(a->v[i]) & JU_NUMBER) != 0) /* cut or repeated, as a number says */
			jj_only_if(r, at, jj_tells(a->v[i]), self);
	if (self.kind == JV_LOOP) {
		if (!gh_span_is(name, "cycle") || !self.obj->known || a->n == 0)
			return jj_watching(r) ? jj_mix_args(r, JU_NUMBER, gh_jv_none(), a) : gh_jv_bool(true);
		return a->v[self.obj->index % a->n];
	}
	for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++) {
		if ((methods[i].of & set_of(self)) == 0 || !gh_span_is(name, methods[i].name))
			continue;
		if (methods[i].f == NULL) {
			struct gh_jv map = jj_arg(a, 0, NULL, undefined());
			bool mapped = methods[i].how == 'm';
			return jj_format(r, at, self.s, a->v, mapped ? 0 : a->n,
					 !mapped	       ? a->kw
					 : map.kind == JV_DICT ? map.dict
							       : NULL);
		}
		bool takes_unknown = methods[i].f == jj_m_list_change || methods[i].f == jj_m_dict_get ||
				     methods[i].f == jj_m_dict_update || methods[i].f == jj_m_join;
		if (!takes_unknown && jj_any_unknown(a))
			break;
		return methods[i].f(r, self, a, methods[i].how);
	}
	if (!jj_watching(r))
		return jj_error(r, "a method that values of templates do not have");
	if (jj_is_unknown(self) || jj_any_unknown(a))
		return of_unknown(r, at, self, name, a);
	return jj_mix_args(r, JU_OBSCURE | JU_OBJECT, self, a);
}
