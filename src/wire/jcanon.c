#include "wire/jcanon.h"

/* One level of what is being written; recursion would be the depth of the input. */
struct level {
	const struct gh_jval **v;
	size_t n, at;
	bool object;
};

static int order(const struct gh_jval *a, const struct gh_jval *b)
{
	size_t n = a->key.n < b->key.n ? a->key.n : b->key.n;
	int r = n == 0 ? 0 : memcmp(a->key.p, b->key.p, n);
	return r != 0 ? r : (a->key.n > b->key.n) - (a->key.n < b->key.n);
}

/* Bottom-up merge sort: keys come from strangers, so no case may be quadratic. */
static bool sorted(const struct gh_jval **v, size_t n, struct gh_arena *a)
{
	const struct gh_jval **tmp = GH_NEW(a, const struct gh_jval *, n + 1);
	if (tmp == NULL)
		return false;
	for (size_t w = 1; w < n; w *= 2) {
		for (size_t lo = 0; lo < n; lo += 2 * w) {
			size_t mid = lo + w < n ? lo + w : n, hi = lo + 2 * w < n ? lo + 2 * w : n;
			for (size_t i = lo, j = mid, k = lo; k < hi; k++)
				tmp[k] = i < mid && (j >= hi || order(v[i], v[j]) <= 0) ? v[i++] : v[j++];
		}
		memcpy(v, tmp, n * sizeof *v);
	}
	return true;
}

/* Quotes, backslash and controls are escaped and nothing else (RFC 8785, section 3.2.2.2). */
static void put_string(struct gh_buf *out, struct gh_span s)
{
	static const char names[] = "btn\0fr";
	gh_buf_ch(out, '"');
	for (size_t i = 0; i < s.n; i++) {
		uint8_t c = s.p[i];
		if (c == '"' || c == '\\') {
			gh_buf_ch(out, '\\');
			gh_buf_ch(out, (char)c);
		} else if (c >= 8 && c <= 13 && c != 11) {
			gh_buf_ch(out, '\\');
			gh_buf_ch(out, names[c - 8]);
		} else if (c < 0x20) {
			gh_buf_fmt(out, "\\u%04x", c);
		} else {
			gh_buf_ch(out, (char)c);
		}
	}
	gh_buf_ch(out, '"');
}

static void put_scalar(struct gh_buf *out, const struct gh_jval *v)
{
	switch (v->kind) {
	case GH_J_NULL: gh_buf_str(out, "null"); return;
	case GH_J_FALSE: gh_buf_str(out, "false"); return;
	case GH_J_TRUE: gh_buf_str(out, "true"); return;
	case GH_J_NUMBER: gh_buf_span(out, v->text); return;
	case GH_J_STRING: put_string(out, v->text); return;
	case GH_J_ARRAY:
	case GH_J_OBJECT: return; /* by the caller */
	}
}

/* Open an array or object. */
static bool enter(struct level *l, struct gh_buf *out, const struct gh_jval *v, struct gh_arena *a)
{
	*l = (struct level){ .v = GH_NEW(a, const struct gh_jval *, v->n + 1), .object = v->kind == GH_J_OBJECT };
	if (l->v == NULL)
		return false;
	for (const struct gh_jval *m = v->first; m != NULL && l->n < v->n; m = m->next)
		l->v[l->n++] = m;
	gh_buf_ch(out, l->object ? '{' : '[');
	return !l->object || sorted(l->v, l->n, a);
}

bool gh_jcanon_put(struct gh_buf *out, const struct gh_jval *v, struct gh_arena *a)
{
	struct level stack[GH_JDOM_DEPTH + 1];
	size_t depth = 0;
	if (v->kind != GH_J_ARRAY && v->kind != GH_J_OBJECT) {
		put_scalar(out, v);
		return true;
	}
	if (!enter(&stack[depth++], out, v, a))
		return false;
	while (depth != 0) {
		struct level *l = &stack[depth - 1];
		if (l->at == l->n) {
			gh_buf_ch(out, l->object ? '}' : ']');
			depth--;
			continue;
		}
		const struct gh_jval *m = l->v[l->at++];
		if (l->at > 1)
			gh_buf_ch(out, ',');
		if (l->object) {
			put_string(out, m->key);
			gh_buf_ch(out, ':');
		}
		if (m->kind != GH_J_ARRAY && m->kind != GH_J_OBJECT)
			put_scalar(out, m);
		else if (depth == sizeof stack / sizeof stack[0] || !enter(&stack[depth++], out, m, a))
			return false;
	}
	return true;
}

enum gh_rc gh_jcanon(struct gh_buf *out, struct gh_span json, struct gh_arena *a, struct gh_err *err)
{
	const struct gh_jval *v = NULL;
	enum gh_rc rc = gh_jdom_parse(a, json, &v, err);
	if (rc != GH_OK)
		return rc;
	if (!gh_jcanon_put(out, v, a))
		return gh_fail(err, GH_E_NOMEM, "no memory");
	return out->full ? gh_fail(err, GH_E_LIMIT, "more than %zu bytes of JSON", out->max) : GH_OK;
}
