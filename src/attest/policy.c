/* Policies of appraisal: one flat mapping, read strictly against the kind's table of keys. */
#include "attest/attest.h"

#include <stdio.h>

#include "base/buf.h"
#include "wire/yaml.h"

struct entry {
	const struct gh_attest_key *key;
	uint64_t number; /* FLAG, NUMBER */
	struct gh_span *v;
	size_t n, cap;
	struct entry *next;
};
struct gh_attest_policy {
	struct entry *first;
};

/* ---- reading -------------------------------------------------------------------------------------------------------------- */
struct reading {
	struct gh_arena *a;
	struct gh_span text;
	struct gh_yaml y;
	struct gh_err *err;
};

static enum gh_rc bad(struct reading *rd, const char *why, struct gh_span what)
{
	uint64_t line = 1;
	gh_auto_buf safe = gh_buf(100);
	for (size_t i = 0; i < rd->y.off && i < rd->text.n; i++)
		line += rd->text.p[i] == '\n';
	gh_buf_safe(&safe, what, 60);
	return gh_fail(rd->err, GH_E_MALFORMED, "line %llu: %s%s%s", (unsigned long long)line, why,
		       what.n != 0 ? ": " : "", gh_buf_cstr(&safe));
}

static const struct gh_attest_key *in_table(const struct gh_attest_kind *kind, struct gh_span name)
{
	for (const struct gh_attest_key *k = kind->keys; k != NULL && k->name != NULL; k++)
		if (gh_span_is(name, k->name))
			return k;
	return NULL;
}

static const struct gh_attest_key *key_of(const struct gh_attest_kind *kind, struct gh_span name)
{
	const struct gh_attest_key *k = in_table(kind, name);
	for (const char *w = kind->inner; k == NULL && w != NULL && *w != '\0';) {
		char word[16];
		size_t n = strcspn(w, " ");
		(void)snprintf(word, sizeof word, "%.*s", (int)n, w);
		const struct gh_attest_kind *inner = gh_attest_kind(word);
		if (inner != NULL)
			k = in_table(inner, name);
		w += n + (w[n] == ' ');
	}
	return k;
}

static int digit(uint8_t c)
{
	return c >= '0' && c <= '9'   ? c - '0'
	       : c >= 'a' && c <= 'f' ? c - 'a' + 10
	       : c >= 'A' && c <= 'F' ? c - 'A' + 10
				      : -1;
}

static bool hex(struct gh_arena *a, struct gh_span text, struct gh_span *out)
{
	uint8_t *p = text.n % 2 != 0 || text.n == 0 ? NULL : gh_alloc(a, text.n / 2, 1);
	for (size_t i = 0; p != NULL && i < text.n; i++) {
		int d = digit(text.p[i]);
		if (d < 0)
			return false;
		p[i / 2] = (uint8_t)(p[i / 2] << 4 | d);
	}
	*out = (struct gh_span){ p, text.n / 2 };
	return p != NULL;
}

static bool number(struct gh_span text, uint64_t *out)
{
	*out = 0;
	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] < '0' || text.p[i] > '9' || *out > (uint64_t)INT64_MAX / 10 - 1)
			return false;
		*out = *out * 10 + (uint64_t)(text.p[i] - '0');
	}
	return text.n != 0 && (text.n == 1 || text.p[0] != '0');
}

/* One value, as a scalar or as an element of a list. */
static enum gh_rc value(struct reading *rd, struct entry *e)
{
	struct gh_span t = rd->y.text, v;
	if (rd->y.ev != GH_YAML_SCALAR || t.n != rd->y.full || rd->y.tag.n != 0)
		return bad(rd, "expected a plain value for", gh_span_str(e->key->name));
	switch (e->key->type) {
	case GH_AT_FLAG:
		e->number = gh_span_is(t, "true");
		return e->number != 0 || gh_span_is(t, "false") ? GH_OK
								: bad(rd, "expected true or false instead of", t);
	case GH_AT_NUMBER: return number(t, &e->number) ? GH_OK : bad(rd, "expected a whole number instead of", t);
	case GH_AT_HEX:
		if (!hex(rd->a, t, &v) || (e->key->size != 0 && v.n != e->key->size))
			return bad(rd, "this is no value in hexadecimal, or of the wrong length", t);
		break;
	case GH_AT_WORDS:
	default: v = gh_keep(rd->a, t); break;
	}
	struct gh_span *room = e->n == GH_ATTEST_WANTED ? NULL : gh_grow(rd->a, e->v, &e->cap, e->n + 1, sizeof *e->v);
	if (room == NULL || v.p == NULL)
		return gh_fail(rd->err, GH_E_LIMIT, "'%s' has more than %d values", e->key->name, GH_ATTEST_WANTED);
	e->v = room;
	e->v[e->n++] = v;
	return GH_OK;
}

static enum gh_rc list(struct reading *rd, struct entry *e)
{
	if (e->key->type == GH_AT_FLAG || e->key->type == GH_AT_NUMBER)
		return bad(rd, "one value is expected, not a list, for", gh_span_str(e->key->name));
	while (gh_yaml_next(&rd->y) != GH_YAML_SEQ_END)
		GH_TRY(value(rd, e), rd->err, "the policy");
	return e->n != 0
		       ? GH_OK
		       : bad(rd, "an empty list allows nothing; leave it out to allow all", gh_span_str(e->key->name));
}

static enum gh_rc member(struct reading *rd, const struct gh_attest_kind *kind, struct gh_attest_policy *p)
{
	const struct gh_attest_key *key = rd->y.ev == GH_YAML_SCALAR ? key_of(kind, rd->y.text) : NULL;
	if (key == NULL)
		return bad(rd, "the policy says something that this kind of evidence does not know",
			   rd->y.ev == GH_YAML_SCALAR ? rd->y.text : (struct gh_span){ 0 });
	for (struct entry *e = p->first; e != NULL; e = e->next)
		if (e->key == key)
			return bad(rd, "said twice", gh_span_str(key->name));
	struct entry *e = GH_NEW(rd->a, struct entry, 1);
	if (e == NULL)
		return gh_fail(rd->err, GH_E_NOMEM, "no memory for the policy");
	*e = (struct entry){ .key = key, .next = p->first };
	p->first = e;
	gh_yaml_next(&rd->y);
	return rd->y.ev == GH_YAML_SEQ ? list(rd, e) : value(rd, e);
}

/* The next two events are these. */
static bool comes(struct gh_yaml *y, int first, int second)
{
	return (int)gh_yaml_next(y) == first && (int)gh_yaml_next(y) == second;
}

enum gh_rc gh_attest_policy_read(struct gh_arena *a, struct gh_span text, const struct gh_attest_kind *kind,
				 const struct gh_attest_policy **out, struct gh_err *err)
{
	struct reading rd = { .a = a, .text = text, .err = err };
	struct gh_attest_policy *p = GH_NEW(a, struct gh_attest_policy, 1);
	*out = NULL;
	if (p == NULL || text.n > GH_ATTEST_POLICY_MAX)
		return gh_fail(err, GH_E_LIMIT, "a policy of more than %d KiB", GH_ATTEST_POLICY_MAX >> 10);
	gh_yaml_open(&rd.y, text, a);
	if (!comes(&rd.y, GH_YAML_DOC, GH_YAML_MAP))
		return bad(&rd, "a policy is a mapping of names to values", (struct gh_span){ 0 });
	while (gh_yaml_next(&rd.y) != GH_YAML_MAP_END)
		GH_TRY(member(&rd, kind, p), err, "the policy");
	if (!comes(&rd.y, GH_YAML_DOC_END, GH_YAML_END))
		return bad(&rd, "a policy is one mapping, nothing stands behind it", (struct gh_span){ 0 });
	*out = p;
	return GH_OK;
}

/* ---- asking --------------------------------------------------------------------------------------------------------------- */
static const struct entry *find(const struct gh_attest_policy *p, const char *name)
{
	for (const struct entry *e = p == NULL ? NULL : p->first; e != NULL; e = e->next)
		if (strcmp(e->key->name, name) == 0)
			return e;
	return NULL;
}

bool gh_attest_flag(const struct gh_attest_policy *p, const char *name, bool otherwise)
{
	const struct entry *e = find(p, name);
	return e == NULL ? otherwise : e->number != 0;
}

uint64_t gh_attest_number(const struct gh_attest_policy *p, const char *name, uint64_t otherwise)
{
	const struct entry *e = find(p, name);
	return e == NULL ? otherwise : e->number;
}

const struct gh_span *gh_attest_list(const struct gh_attest_policy *p, const char *name, size_t *n)
{
	const struct entry *e = find(p, name);
	*n = e == NULL ? 0 : e->n;
	return e == NULL ? NULL : e->v;
}

bool gh_attest_wants(const struct gh_attest_policy *p, const char *name) { return find(p, name) != NULL; }

bool gh_attest_allowed(const struct gh_attest_policy *p, const char *name, struct gh_span have,
		       struct gh_attest_result *r)
{
	size_t n;
	const struct gh_span *v = gh_attest_list(p, name, &n);
	if (n == 0)
		return gh_attest_check(r, name, GH_AT_SKIPPED, "the policy names no allowed values");
	for (size_t i = 0; i < n; i++)
		if (gh_span_eq(v[i], have))
			return gh_attest_check(r, name, GH_AT_PASS, "the policy allows this value");
	return gh_attest_check(r, name, GH_AT_FAIL, "it is none of the %zu that the policy allows", n);
}
