#include "wire/jdom.h"

#include "wire/json.h"

#include <errno.h>
#include <stdlib.h>

struct open {
	struct gh_jval *v, *last;
};

static enum gh_rc full(struct gh_err *err) { return gh_fail(err, GH_E_NOMEM, "the text is too large"); }

static bool kind_of(enum gh_json_tok t, enum gh_jkind *k)
{
	switch (t) {
	case GH_JSON_OBJECT: *k = GH_J_OBJECT; return true;
	case GH_JSON_ARRAY: *k = GH_J_ARRAY; return true;
	case GH_JSON_STRING: *k = GH_J_STRING; return true;
	case GH_JSON_NUMBER: *k = GH_J_NUMBER; return true;
	case GH_JSON_TRUE: *k = GH_J_TRUE; return true;
	case GH_JSON_FALSE: *k = GH_J_FALSE; return true;
	case GH_JSON_NULL: *k = GH_J_NULL; return true;
	default: return false;
	}
}

static enum gh_rc wrong(const struct gh_json *j, const char *why, struct gh_err *err)
{
	return gh_fail(err, GH_E_MALFORMED, "byte %llu: %s", (unsigned long long)j->off, why);
}

/* Keys come again and again in a list of objects: those of the last few members are kept once. */
enum { KEYS_KNOWN = 32 };

static struct gh_span keep_key(struct gh_arena *a, struct gh_span *known, struct gh_span key)
{
	size_t slot = (key.n * 7 + (key.n > 0 ? key.p[0] * 3u + key.p[key.n - 1] : 0)) % KEYS_KNOWN;
	if (known[slot].p != NULL && gh_span_eq(known[slot], key))
		return known[slot];
	struct gh_span kept = gh_keep(a, key);
	if (kept.p != NULL)
		known[slot] = kept;
	return kept;
}

static enum gh_rc build(struct gh_arena *a, struct gh_json *j, const struct gh_jval **out, struct gh_err *err)
{
	struct open level[GH_JDOM_DEPTH + 1];
	size_t depth = 0;
	struct gh_span key = { 0 }, known[KEYS_KNOWN] = { 0 };
	for (enum gh_json_tok t; (t = gh_json_next(j)) != GH_JSON_END;) {
		enum gh_jkind kind;
		if (t == GH_JSON_BAD)
			return gh_fail(err, j->limit ? GH_E_LIMIT : GH_E_MALFORMED, "byte %llu: %s",
				       (unsigned long long)j->off, j->why);
		if (t == GH_JSON_OBJECT_END || t == GH_JSON_ARRAY_END) {
			if (j->duplicate)
				return wrong(j, "a key occurs twice", err);
			depth--;
			continue;
		}
		if ((t == GH_JSON_KEY || t == GH_JSON_STRING) && j->text.n != j->full)
			return full(err);
		if (t == GH_JSON_KEY) {
			key = keep_key(a, known, j->text);
			if (key.p == NULL)
				return full(err);
			continue;
		}
		if (!kind_of(t, &kind))
			return gh_fail(err, GH_E_BUG, "a token of unknown kind");
		struct gh_jval *v = GH_NEW(a, struct gh_jval, 1);
		if (v == NULL)
			return full(err);
		*v = (struct gh_jval){ .kind = kind, .key = key };
		key = (struct gh_span){ 0 };
		if (kind == GH_J_STRING || kind == GH_J_NUMBER) {
			v->text = gh_keep(a, j->text);
			if (v->text.p == NULL)
				return full(err);
		}
		if (depth == 0)
			*out = v;
		else {
			struct open *up = &level[depth - 1];
			if (up->last == NULL)
				up->v->first = v;
			else
				up->last->next = v;
			up->last = v;
			up->v->n++;
		}
		if (kind == GH_J_OBJECT || kind == GH_J_ARRAY)
			level[depth++] = (struct open){ .v = v };
	}
	return GH_OK;
}

enum gh_rc gh_jdom_parse(struct gh_arena *a, struct gh_span s, const struct gh_jval **out, struct gh_err *err)
{
	*out = NULL;
	struct gh_json *j = GH_NEW(a, struct gh_json, 1);
	if (j == NULL)
		return full(err);
	*j = gh_json_mem(s, a);
	j->max_depth = GH_JDOM_DEPTH;
	j->keep = s.n < 64 ? 64 : s.n;
	const struct gh_jval *v = NULL;
	enum gh_rc rc = build(a, j, &v, err);
	if (rc != GH_OK)
		return rc;
	if (v == NULL || gh_json_left(j))
		return gh_fail(err, GH_E_MALFORMED, "byte %llu: something stands behind the value",
			       (unsigned long long)gh_json_pos(j));
	if (j->bom || j->lone > 0)
		return gh_fail(err, GH_E_MALFORMED, "%s", j->bom ? "a byte order mark" : "half a surrogate pair");
	if (j->unwatched > 0)
		return full(err);
	*out = v;
	return GH_OK;
}

const struct gh_jval *gh_jget(const struct gh_jval *v, const char *key)
{
	if (v == NULL || v->kind != GH_J_OBJECT)
		return NULL;
	for (const struct gh_jval *m = v->first; m != NULL; m = m->next)
		if (gh_span_is(m->key, key))
			return m;
	return NULL;
}

const char *gh_jtext(const struct gh_jval *v)
{
	if (v == NULL || v->kind != GH_J_STRING || memchr(v->text.p, 0, v->text.n) != NULL)
		return NULL;
	return (const char *)v->text.p;
}

bool gh_ju64(const struct gh_jval *v, uint64_t *out)
{
	uint64_t n = 0;
	if (v == NULL || v->kind != GH_J_NUMBER || v->text.n == 0)
		return false;
	for (size_t i = 0; i < v->text.n; i++) {
		uint8_t c = v->text.p[i];
		if (c < '0' || c > '9' || n > (UINT64_MAX - (uint64_t)(c - '0')) / 10)
			return false;
		n = n * 10 + (uint64_t)(c - '0');
	}
	*out = n;
	return true;
}

bool gh_ji64(const struct gh_jval *v, int64_t *out)
{
	uint64_t n;
	struct gh_jval rest;
	if (v == NULL || v->kind != GH_J_NUMBER)
		return false;
	bool minus = v->text.n > 1 && v->text.p[0] == '-';
	rest = *v;
	rest.text = gh_span_cut(v->text, minus, v->text.n);
	if (!gh_ju64(&rest, &n) || n > (uint64_t)INT64_MAX)
		return false;
	*out = minus ? -(int64_t)n : (int64_t)n;
	return true;
}
