#include "scan/evidence_read.h"

#include "crypto/dsse.h"
#include "crypto/statement.h"
#include "wire/b64.h"
#include "wire/jdom.h"

static const char *const forms[GH_EF_FORMS] = {
	[GH_EF_OTHER] = "other",   [GH_EF_BUNDLE] = "sigstore-bundle",
	[GH_EF_ENVELOPE] = "dsse", [GH_EF_STATEMENT] = "in-toto",
	[GH_EF_SARIF] = "sarif",   [GH_EF_CYCLONEDX] = "cyclonedx",
	[GH_EF_SPDX] = "spdx",	   [GH_EF_VEX] = "vex",
};

const char *gh_evidence_form_name(enum gh_evidence_form f) { return f < GH_EF_FORMS ? forms[f] : "?"; }

static struct gh_span text_of(const struct gh_jval *v)
{
	return v != NULL && v->kind == GH_J_STRING ? gh_span_cut(v->text, 0, GH_EVIDENCE_TEXT) : (struct gh_span){ 0 };
}

static struct gh_span text_at(const struct gh_jval *v, const char *key) { return text_of(gh_jget(v, key)); }

/* ---- which form ------------------------------------------------------------------------------------------------------------ */

static bool is_array(const struct gh_jval *v) { return v != NULL && v->kind == GH_J_ARRAY; }

static enum gh_evidence_form form_of(const struct gh_jval *v)
{
	struct gh_span context = text_at(v, "@context"), category = text_at(gh_jget(v, "document"), "category");
	if (gh_span_starts(text_at(v, "mediaType"), "application/vnd.dev.sigstore.bundle"))
		return GH_EF_BUNDLE;
	if (gh_jget(v, "payloadType") != NULL && gh_jget(v, "payload") != NULL && is_array(gh_jget(v, "signatures")))
		return GH_EF_ENVELOPE;
	if (gh_span_starts(text_at(v, "_type"), "https://in-toto.io/Statement/"))
		return GH_EF_STATEMENT;
	if (gh_span_starts(text_at(v, "version"), "2.") && is_array(gh_jget(v, "runs")))
		return GH_EF_SARIF;
	if (gh_span_is(text_at(v, "bomFormat"), "CycloneDX"))
		return GH_EF_CYCLONEDX;
	if (gh_jget(v, "spdxVersion") != NULL || gh_span_starts(context, "https://spdx.org/"))
		return GH_EF_SPDX;
	if (gh_span_starts(context, "https://openvex.dev/") || gh_span_is(category, "csaf_vex"))
		return GH_EF_VEX;
	return GH_EF_OTHER;
}

/* What kind of statement it says it is. Nobody has verified it: good for choosing how to. */
static void read_predicate(struct gh_arena *a, const struct gh_jval *v, struct gh_evidence_doc *out)
{
	struct gh_dsse env;
	struct gh_statement st;
	struct gh_err none = { 0 };
	const struct gh_jval *e = out->form == GH_EF_BUNDLE ? gh_jget(v, "dsseEnvelope") : v;
	if (out->form == GH_EF_STATEMENT) {
		out->predicate = text_at(v, "predicateType");
		return;
	}
	if (e == NULL || gh_dsse_read_value(a, e, &env, &none) != GH_OK || !gh_span_is(env.type, GH_DSSE_INTOTO) ||
	    gh_statement_read(a, env.payload, &st, &none) != GH_OK)
		return;
	out->predicate = gh_span_cut(gh_span_str(st.predicate_type), 0, GH_EVIDENCE_TEXT);
}

/* ---- SARIF ----------------------------------------------------------------------------------------------------------------- */

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
	(void)severity_of_level(text_of(level), &s);
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
static enum gh_rc keep_worst(struct gh_arena *a, const struct gh_evidence_finding *all, size_t n,
			     struct gh_evidence_doc *out, struct gh_err *err)
{
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

static enum gh_rc sarif(struct gh_arena *a, const struct gh_jval *v, struct gh_evidence_doc *out, struct gh_err *err)
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
	out->found = n;
	return keep_worst(a, all, n, out, err);
}

enum gh_rc gh_evidence_read(struct gh_arena *a, struct gh_span doc, struct gh_evidence_doc *out, struct gh_err *err)
{
	const struct gh_jval *v;
	*out = (struct gh_evidence_doc){ .form = GH_EF_OTHER };
	if (gh_span_starts(doc, "\xef\xbb\xbf")) /* as some tools write it, against RFC 8259 */
		doc = gh_span_cut(doc, 3, doc.n);
	GH_TRY(gh_jdom_parse(a, doc, &v, err), err, "it is no JSON document");
	if (v->kind != GH_J_OBJECT)
		return gh_fail(err, GH_E_MALFORMED, "it is JSON, but no object");
	out->form = form_of(v);
	if (out->form == GH_EF_SARIF)
		return sarif(a, v, out, err);
	if (out->form == GH_EF_BUNDLE || out->form == GH_EF_ENVELOPE || out->form == GH_EF_STATEMENT)
		read_predicate(a, v, out);
	return GH_OK;
}
