/* What a report of another scanner says: SARIF 2.1.0. */
#include "scan/evidence_int.h"

static struct gh_span text_at(const struct gh_jval *v, const char *key) { return evidence_text(gh_jget(v, key)); }

static bool is_array(const struct gh_jval *v) { return v != NULL && v->kind == GH_J_ARRAY; }

static bool severity_of_level(struct gh_span level, enum gh_severity *out)
{
	static const struct {
		const char *level;
		enum gh_severity severity;
	} rows[] = { { "error", GH_HIGH }, { "warning", GH_MEDIUM }, { "note", GH_LOW }, { "none", GH_INFO } };
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (gh_span_is(level, rows[i].level)) {
			*out = rows[i].severity;
			return true;
		}
	return false;
}

/* "7.5", or a number: tenths are enough. */
static bool severity_of_score(const struct gh_jval *v, enum gh_severity *out)
{
	if (v == NULL || (v->kind != GH_J_STRING && v->kind != GH_J_NUMBER) || v->text.n == 0 || v->text.n > 8)
		return false;
	unsigned tenths = 0, digits = 0;
	bool dot = false;
	for (size_t i = 0; i < v->text.n; i++) {
		uint8_t c = v->text.p[i];
		if (c == '.' && !dot && i > 0) {
			dot = true;
			continue;
		}
		if (c < '0' || c > '9')
			return false;
		if (!dot || digits == 0)
			tenths = tenths * 10 + (c - '0');
		digits += dot;
	}
	tenths *= dot && digits > 0 ? 1 : 10;
	*out = tenths >= 90   ? GH_CRITICAL
	       : tenths >= 70 ? GH_HIGH
	       : tenths >= 40 ? GH_MEDIUM
	       : tenths > 0   ? GH_LOW
			      : GH_INFO;
	return tenths <= 100;
}

struct run {				   /* of a SARIF log */
	const struct gh_jval *const *rule; /* of the driver, by index */
	size_t nrule;
	struct gh_span tool;
};

static enum gh_rc open_run(struct gh_arena *a, const struct gh_jval *v, struct run *r, struct gh_err *err)
{
	const struct gh_jval *driver = gh_jget(gh_jget(v, "tool"), "driver"), *rules = gh_jget(driver, "rules");
	*r = (struct run){ .tool = text_at(driver, "name") };
	if (driver == NULL)
		return gh_fail(err, GH_E_MALFORMED, "a run without tool.driver");
	const struct gh_jval **list = GH_NEW(a, const struct gh_jval *, is_array(rules) ? rules->n + 1 : 1);
	if (list == NULL)
		return gh_fail(err, GH_E_NOMEM, "no memory for rules");
	for (const struct gh_jval *x = is_array(rules) ? rules->first : NULL; x != NULL; x = x->next)
		list[r->nrule++] = x;
	r->rule = list;
	return GH_OK;
}

/* The rule of a result: by its index, which must agree with the id when there are both; else by its id, over few rules only (a
 * list of strangers must not make this quadratic). */
static const struct gh_jval *rule_of(const struct run *r, const struct gh_jval *result, struct gh_span id)
{
	enum { LOOK = 2000 };
	uint64_t i;
	const struct gh_jval *index = gh_jget(result, "ruleIndex");
	if (index == NULL)
		index = gh_jget(gh_jget(result, "rule"), "index");
	if (gh_ju64(index, &i) && i < r->nrule && (id.n == 0 || gh_span_eq(text_at(r->rule[i], "id"), id)))
		return r->rule[i];
	for (size_t k = 0; id.n > 0 && k < r->nrule && k < LOOK; k++)
		if (gh_span_eq(text_at(r->rule[k], "id"), id))
			return r->rule[k];
	return NULL;
}

static enum gh_severity severity(const struct gh_jval *rule, const struct gh_jval *result)
{
	enum gh_severity s = GH_MEDIUM;
	const struct gh_jval *level = gh_jget(gh_jget(rule, "defaultConfiguration"), "level");
	if (severity_of_score(gh_jget(gh_jget(result, "properties"), "security-severity"), &s) ||
	    severity_of_score(gh_jget(gh_jget(rule, "properties"), "security-severity"), &s) ||
	    severity_of_level(text_at(result, "level"), &s))
		return s;
	(void)severity_of_level(evidence_text(level), &s);
	return s;
}

static bool nothing_wrong(const struct gh_jval *result)
{
	static const char *const kinds[] = { "pass", "informational", "notApplicable" };
	struct gh_span kind = text_at(result, "kind");
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
		if (gh_span_is(kind, kinds[i]))
			return true;
	return false;
}

static void one_result(const struct run *r, const struct gh_jval *v, struct gh_evidence_finding *f)
{
	const struct gh_jval *place = gh_jget(gh_jfirst(gh_jget(v, "locations")), "physicalLocation");
	f->id = text_at(v, "ruleId");
	if (f->id.n == 0)
		f->id = text_at(gh_jget(v, "rule"), "id");
	const struct gh_jval *rule = rule_of(r, v, f->id);
	if (f->id.n == 0)
		f->id = text_at(rule, "id");
	if (f->id.n == 0)
		f->id = GH_SPAN("unnamed");
	f->severity = severity(rule, v);
	f->file = text_at(gh_jget(place, "artifactLocation"), "uri");
	f->tool = r->tool;
}

/* Worst first, in their order otherwise: one pass for each severity. */
enum gh_rc evidence_keep_worst(struct gh_arena *a, const struct gh_evidence_finding *all, size_t n,
			       struct gh_evidence_doc *out, struct gh_err *err)
{
	out->found = n;
	size_t room = n < GH_EVIDENCE_FINDINGS ? n : GH_EVIDENCE_FINDINGS;
	bool left = false;
	out->finding = GH_NEW(a, struct gh_evidence_finding, room + 1);
	if (out->finding == NULL)
		return gh_fail(err, GH_E_NOMEM, "no memory for results");
	for (int s = GH_CRITICAL; s >= GH_INFO; s--)
		for (size_t i = 0; i < n; i++) {
			if ((int)all[i].severity != s)
				continue;
			if (out->n < room) {
				out->finding[out->n++] = all[i];
			} else if (!left) {
				out->more = all[i].severity;
				left = true;
			}
		}
	return GH_OK;
}

enum gh_rc evidence_sarif(struct gh_arena *a, const struct gh_jval *v, struct gh_evidence_doc *out, struct gh_err *err)
{
	size_t cap = 0, n = 0;
	for (const struct gh_jval *x = gh_jfirst(gh_jget(v, "runs")); x != NULL; x = x->next)
		cap += is_array(gh_jget(x, "results")) ? gh_jget(x, "results")->n : 0;
	struct gh_evidence_finding *all = GH_NEW(a, struct gh_evidence_finding, cap + 1);
	if (all == NULL)
		return gh_fail(err, GH_E_NOMEM, "no memory for results");
	for (const struct gh_jval *x = gh_jfirst(gh_jget(v, "runs")); x != NULL; x = x->next) {
		struct run r;
		const struct gh_jval *results = gh_jget(x, "results");
		GH_TRY(open_run(a, x, &r, err), err, "SARIF");
		if (out->tool.n == 0)
			out->tool = r.tool;
		for (const struct gh_jval *f = is_array(results) ? results->first : NULL; f != NULL; f = f->next)
			if (!nothing_wrong(f))
				one_result(&r, f, &all[n++]);
	}
	out->read = true;
	return evidence_keep_worst(a, all, n, out, err);
}
