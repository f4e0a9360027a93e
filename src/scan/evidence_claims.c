/* What VEX documents say of vulnerabilities, and test results of tests: claims, and findings where they are bad. */
#include "scan/evidence_int.h"

#include "wire/datetime.h"
#include "wire/sort.h"

#include <string.h>

struct claims {
	struct gh_arena *a;
	struct gh_evidence_claim *v;
	size_t n, cap;
	struct gh_err *err;
};

static bool is_array(const struct gh_jval *v) { return v != NULL && v->kind == GH_J_ARRAY; }

static enum gh_rc put(struct claims *c, const struct gh_evidence_claim *one)
{
	if (c->n == GH_EVIDENCE_CLAIMS)
		return gh_fail(c->err, GH_E_LIMIT, "it says more than %d things: split it", GH_EVIDENCE_CLAIMS);
	struct gh_evidence_claim *v = gh_grow(c->a, c->v, &c->cap, c->n + 1, sizeof *v);
	if (v == NULL)
		return gh_fail(c->err, GH_E_NOMEM, "no memory for what it says");
	c->v = v;
	v[c->n++] = *one;
	return GH_OK;
}

/* An identifier counts as a whole or not at all: the beginning of one is that of something else. */
static enum gh_rc whole(struct claims *c, const struct gh_jval *v, const char *what, size_t max, struct gh_span *out)
{
	if (v == NULL || v->kind != GH_J_STRING || v->text.n == 0 || memchr(v->text.p, 0, v->text.n) != NULL)
		return gh_fail(c->err, GH_E_MALFORMED, "%s is missing, or no text", what);
	if (v->text.n > max)
		return gh_fail(c->err, GH_E_MALFORMED, "%s is longer than %zu bytes", what, max);
	*out = v->text;
	return GH_OK;
}

/* ---- the strictest of the newest ------------------------------------------------------------------------------------------- */

static int texts(struct gh_span x, struct gh_span y)
{
	size_t n = x.n < y.n ? x.n : y.n;
	int order = n == 0 ? 0 : memcmp(x.p, y.p, n);
	return order != 0 ? order : (x.n > y.n) - (x.n < y.n);
}

static int subjects(const struct gh_evidence_claim *x, const struct gh_evidence_claim *y)
{
	int order = texts(x->id, y->id);
	return order != 0 ? order : texts(x->about, y->about);
}

/* What counts comes last among those about the same. */
static int by_subject(const void *ctx, uint32_t a, uint32_t b)
{
	const struct gh_evidence_claim *v = ctx, *x = &v[a], *y = &v[b];
	int order = subjects(x, y);
	if (order == 0)
		order = (x->at > y->at) - (x->at < y->at);
	return order != 0 ? order : (int)x->word - (int)y->word;
}

static const struct {
	bool bad;
	enum gh_severity severity;
} bad[GH_EW_WORDS] = {
	[GH_EW_UNDER_INVESTIGATION] = { true, GH_MEDIUM },
	[GH_EW_AFFECTED] = { true, GH_HIGH },
	[GH_EW_WARN] = { true, GH_MEDIUM },
	[GH_EW_FAIL] = { true, GH_HIGH },
};

static enum gh_rc settle(struct claims *c, struct gh_evidence_doc *out)
{
	uint32_t *order = GH_NEW(c->a, uint32_t, c->n + 1), *room = GH_NEW(c->a, uint32_t, c->n + 1);
	out->claim = GH_NEW(c->a, struct gh_evidence_claim, c->n + 1);
	struct gh_evidence_finding *found = GH_NEW(c->a, struct gh_evidence_finding, c->n + 2);
	size_t nfound = 0;
	if (order == NULL || room == NULL || out->claim == NULL || found == NULL)
		return gh_fail(c->err, GH_E_NOMEM, "no memory for what it says");
	for (size_t i = 0; i < c->n; i++)
		order[i] = (uint32_t)i;
	gh_sort_idx(order, room, c->n, by_subject, c->v);
	for (size_t i = 0; i < c->n; i++) {
		const struct gh_evidence_claim *one = &c->v[order[i]];
		if (i + 1 < c->n && subjects(one, &c->v[order[i + 1]]) == 0)
			continue;
		out->claim[out->nclaim++] = *one;
		if (bad[one->word].bad)
			found[nfound++] = (struct gh_evidence_finding){ .id = one->id,
									.tool = out->tool,
									.severity = bad[one->word].severity };
	}
	/* A run that failed and names no test that did. */
	if (nfound == 0 && out->result >= GH_ER_WARN)
		found[nfound++] = (struct gh_evidence_finding){ .id = GH_SPAN("test-result"),
								.severity = out->result == GH_ER_FAIL ? GH_HIGH
												      : GH_MEDIUM };
	out->read = true;
	return evidence_keep_worst(c->a, found, nfound, out, c->err);
}

/* ---- OpenVEX --------------------------------------------------------------------------------------------------------------- */

static bool moment(const struct gh_jval *v, int64_t *out)
{
	return v != NULL && v->kind == GH_J_STRING && gh_datetime_read(v->text, out);
}

/* The last change, else when it was made; what stands there must be a time. *out stays when neither is there. */
static enum gh_rc changed(struct claims *c, const struct gh_jval *v, int64_t *out)
{
	static const char *const names[] = { "timestamp", "last_updated" };
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (gh_jget(v, names[i]) != NULL && !moment(gh_jget(v, names[i]), out))
			return gh_fail(c->err, GH_E_MALFORMED, "%s is no time such as 2026-11-22T10:00:00Z", names[i]);
	return GH_OK;
}

static enum gh_rc status(struct claims *c, const struct gh_jval *v, struct gh_evidence_claim *one)
{
	const char *word = gh_jstr(v, "status");
	for (unsigned i = GH_EW_NOT_AFFECTED; word != NULL && i <= GH_EW_AFFECTED; i++)
		if (strcmp(word, gh_evidence_word_name((enum gh_evidence_word)i)) == 0) {
			one->word = (enum gh_evidence_word)i;
			one->why = evidence_text(gh_jget(v, "justification"));
			if (one->why.n == 0)
				one->why = evidence_text(gh_jget(v, "impact_statement"));
			return one->word != GH_EW_NOT_AFFECTED || one->why.n > 0
				       ? GH_OK
				       : gh_fail(c->err, GH_E_MALFORMED,
						 "not_affected has neither justification nor impact_statement");
		}
	return gh_fail(c->err, GH_E_MALFORMED,
		       "a status is none of not_affected, fixed, under_investigation and affected");
}

/* Each name of the vulnerability is one to ask for. */
static enum gh_rc names(struct claims *c, const struct gh_jval *v, struct gh_evidence_claim *one)
{
	const struct gh_jval *name = v != NULL && v->kind == GH_J_OBJECT ? gh_jget(v, "name") : v;
	enum gh_rc rc = whole(c, name, "the name of a vulnerability", GH_EVIDENCE_TEXT, &one->id);
	rc = rc == GH_OK ? put(c, one) : rc;
	for (const struct gh_jval *x = gh_jfirst(gh_jget(v, "aliases")); x != NULL && rc == GH_OK; x = x->next) {
		rc = whole(c, x, "an alias of a vulnerability", GH_EVIDENCE_TEXT, &one->id);
		rc = rc == GH_OK ? put(c, one) : rc;
	}
	return rc;
}

/* "pkg:pypi/numpy@1.0", or {"@id": …, "identifiers": {"purl": …}}. */
static enum gh_rc component(struct claims *c, const struct gh_jval *v, struct gh_span *out)
{
	const struct gh_jval *id = v;
	if (v->kind == GH_J_OBJECT) {
		id = gh_jget(gh_jget(v, "identifiers"), "purl");
		id = id != NULL ? id : gh_jget(v, "@id");
	}
	return whole(c, id, "the identifier of a product", GH_EVIDENCE_ABOUT, out);
}

/* A product stands for its subcomponents where it has some. */
static enum gh_rc product(struct claims *c, const struct gh_jval *statement, const struct gh_jval *v,
			  struct gh_evidence_claim *one)
{
	const struct gh_jval *vulnerability = gh_jget(statement, "vulnerability"), *sub = gh_jget(v, "subcomponents");
	if (gh_jfirst(sub) == NULL || !is_array(sub)) {
		enum gh_rc rc = component(c, v, &one->about);
		return rc == GH_OK ? names(c, vulnerability, one) : rc;
	}
	for (const struct gh_jval *x = sub->first; x != NULL; x = x->next) {
		enum gh_rc rc = component(c, x, &one->about);
		rc = rc == GH_OK ? names(c, vulnerability, one) : rc;
		if (rc != GH_OK)
			return rc;
	}
	return GH_OK;
}

static enum gh_rc statement(struct claims *c, const struct gh_jval *v, int64_t issued)
{
	struct gh_evidence_claim one = { .at = issued };
	const struct gh_jval *products = gh_jget(v, "products");
	enum gh_rc rc = changed(c, v, &one.at);
	rc = rc == GH_OK ? status(c, v, &one) : rc;
	if (rc != GH_OK)
		return rc;
	if (products != NULL && !is_array(products))
		return gh_fail(c->err, GH_E_MALFORMED, "its products are no list");
	if (gh_jfirst(products) == NULL)
		return names(c, gh_jget(v, "vulnerability"), &one); /* of what the envelope is about */
	for (const struct gh_jval *x = products->first; x != NULL && rc == GH_OK; x = x->next)
		rc = product(c, v, x, &one);
	return rc;
}

enum gh_rc evidence_openvex(struct gh_arena *a, const struct gh_jval *v, struct gh_evidence_doc *out,
			    struct gh_err *err)
{
	struct claims c = { .a = a, .err = err };
	const struct gh_jval *list = gh_jget(v, "statements");
	size_t i = 1;
	if (!is_array(list) || list->n == 0)
		return gh_fail(err, GH_E_MALFORMED, "an OpenVEX document without statements");
	out->tool = evidence_text(gh_jget(v, "author"));
	GH_TRY(changed(&c, v, &out->issued), err, "OpenVEX");
	for (const struct gh_jval *x = list->first; x != NULL; x = x->next, i++)
		GH_TRY(statement(&c, x, out->issued), err, "OpenVEX: statement %zu", i);
	return settle(&c, out);
}

/* ---- test results ---------------------------------------------------------------------------------------------------------- */

static const struct {
	const char *result, *list;
	enum gh_evidence_result means;
	enum gh_evidence_word word;
} outcomes[] = {
	{ "PASSED", "passedTests", GH_ER_PASS, GH_EW_PASS },
	{ "WARNED", "warnedTests", GH_ER_WARN, GH_EW_WARN },
	{ "FAILED", "failedTests", GH_ER_FAIL, GH_EW_FAIL },
};
enum { OUTCOMES = sizeof outcomes / sizeof *outcomes };

/* The whole is never better than its parts, whatever it says of itself. */
enum gh_rc evidence_tests(struct gh_arena *a, const struct gh_jval *v, struct gh_evidence_doc *out, struct gh_err *err)
{
	struct claims c = { .a = a, .err = err };
	const char *result = gh_jstr(v, "result");
	for (size_t i = 0; i < OUTCOMES; i++) {
		const struct gh_jval *list = gh_jget(v, outcomes[i].list);
		if (result != NULL && strcmp(result, outcomes[i].result) == 0 && out->result < outcomes[i].means)
			out->result = outcomes[i].means;
		if (list != NULL && list->kind != GH_J_NULL && !is_array(list))
			return gh_fail(err, GH_E_MALFORMED, "test result: %s is no list", outcomes[i].list);
		for (const struct gh_jval *x = gh_jfirst(list); x != NULL; x = x->next) {
			struct gh_evidence_claim one = { .word = outcomes[i].word };
			GH_TRY(whole(&c, x, "the name of a test", GH_EVIDENCE_TEXT, &one.id), err, "test result");
			GH_TRY(put(&c, &one), err, "test result");
		}
	}
	if (out->result == GH_ER_NONE)
		return gh_fail(err, GH_E_MALFORMED, "test result: its result is none of PASSED, WARNED and FAILED");
	for (size_t i = 0; i < c.n; i++)
		for (size_t k = 0; k < OUTCOMES; k++)
			if (c.v[i].word == outcomes[k].word && outcomes[k].means > out->result)
				out->result = outcomes[k].means;
	return settle(&c, out);
}
