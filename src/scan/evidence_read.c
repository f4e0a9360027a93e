#include "scan/evidence_int.h"

#include "crypto/dsse.h"
#include "crypto/statement.h"
#include "wire/b64.h"

static const char *const forms[GH_EF_FORMS] = {
	[GH_EF_OTHER] = "other",   [GH_EF_BUNDLE] = "sigstore-bundle",
	[GH_EF_ENVELOPE] = "dsse", [GH_EF_STATEMENT] = "in-toto",
	[GH_EF_SARIF] = "sarif",   [GH_EF_CYCLONEDX] = "cyclonedx",
	[GH_EF_SPDX] = "spdx",	   [GH_EF_VEX] = "vex",
};

static const char *const results[GH_ER_RESULTS] = {
	[GH_ER_NONE] = "none", [GH_ER_PASS] = "pass", [GH_ER_WARN] = "warn", [GH_ER_FAIL] = "fail"
};
static const char *const words[GH_EW_WORDS] = {
	[GH_EW_NOT_AFFECTED] = "not_affected",
	[GH_EW_FIXED] = "fixed",
	[GH_EW_UNDER_INVESTIGATION] = "under_investigation",
	[GH_EW_AFFECTED] = "affected",
	[GH_EW_PASS] = "pass",
	[GH_EW_WARN] = "warn",
	[GH_EW_FAIL] = "fail",
};

const char *gh_evidence_result_name(enum gh_evidence_result r) { return r < GH_ER_RESULTS ? results[r] : "?"; }
const char *gh_evidence_word_name(enum gh_evidence_word w) { return w < GH_EW_WORDS ? words[w] : "?"; }
const char *gh_evidence_form_name(enum gh_evidence_form f) { return f < GH_EF_FORMS ? forms[f] : "?"; }

struct gh_span evidence_text(const struct gh_jval *v)
{
	return v != NULL && v->kind == GH_J_STRING ? gh_span_cut(v->text, 0, GH_EVIDENCE_TEXT) : (struct gh_span){ 0 };
}

static struct gh_span text_at(const struct gh_jval *v, const char *key) { return evidence_text(gh_jget(v, key)); }

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

/* What kind of statement it says it is, and the predicate. Nobody has verified it: good for choosing how to, and for claims. */
static const struct gh_jval *predicate_of(struct gh_arena *a, const struct gh_jval *v, struct gh_evidence_doc *out)
{
	struct gh_dsse env;
	struct gh_statement st;
	struct gh_err none = { 0 };
	const struct gh_jval *e = out->form == GH_EF_BUNDLE ? gh_jget(v, "dsseEnvelope") : v;
	if (out->form == GH_EF_STATEMENT) {
		out->predicate = text_at(v, "predicateType");
		return gh_jget(v, "predicate");
	}
	if (e == NULL || gh_dsse_read_value(a, e, &env, &none) != GH_OK || !gh_span_is(env.type, GH_DSSE_INTOTO) ||
	    gh_statement_read(a, env.payload, &st, &none) != GH_OK)
		return NULL;
	out->predicate = gh_span_cut(gh_span_str(st.predicate_type), 0, GH_EVIDENCE_TEXT);
	return st.predicate;
}

/* What is read of the content, by what the document says it is. */
static enum gh_rc content(struct gh_arena *a, const struct gh_jval *v, struct gh_evidence_doc *out, struct gh_err *err)
{
	if (out->form == GH_EF_SARIF)
		return evidence_sarif(a, v, out, err);
	if (out->form == GH_EF_VEX)
		return gh_span_starts(text_at(v, "@context"), GH_OPENVEX) ? evidence_openvex(a, v, out, err) : GH_OK;
	if (out->form != GH_EF_BUNDLE && out->form != GH_EF_ENVELOPE && out->form != GH_EF_STATEMENT)
		return GH_OK;
	const struct gh_jval *predicate = predicate_of(a, v, out);
	if (gh_span_starts(out->predicate, GH_OPENVEX))
		return evidence_openvex(a, predicate, out, err);
	if (gh_span_starts(out->predicate, GH_TEST_RESULT))
		return evidence_tests(a, predicate, out, err);
	return GH_OK;
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
	return content(a, v, out, err);
}
