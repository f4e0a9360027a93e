#include "daemon/found.h"

#include "api/check.h"
#include "catalog/evidence.h"
#include "daemon/known.h"
#include "scan/report.h"
#include "wire/datetime.h"
#include "wire/jcanon.h"
#include "wire/jout.h"

#include <string.h>

enum { FORMAT = 2 }; /* before it, the companion of a SARIF report was the bare list of its findings */

static void put_time(struct gh_jout *j, const char *key, int64_t at)
{
	char text[GH_DATETIME_TEXT];
	if (at != 0 && gh_datetime_write(at, text))
		gh_jout_str(j, key, text);
}

static void put_text(struct gh_jout *j, const char *key, const char *text)
{
	if (text != NULL && text[0] != '\0')
		gh_jout_str(j, key, text);
}

/* ---- writing --------------------------------------------------------------------------------------------------------------- */

static void put_finding(struct gh_jout *j, const char *id, enum gh_severity severity, const char *tool,
			const char *file)
{
	gh_jout_open(j, NULL, '{');
	gh_jout_str(j, "id", id);
	gh_jout_str(j, "severity", gh_severity_name(severity));
	gh_jout_str(j, "tool", tool);
	gh_jout_str(j, "file", file);
	gh_jout_close(j, '}');
}

/* What there was no room for is one record of the worst of it. */
static void put_findings(const struct gh_evidence_seen *s, struct gh_jout *j)
{
	gh_jout_open(j, "findings", '[');
	for (size_t i = 0; i < s->n; i++)
		put_finding(j, s->finding[i].id, s->finding[i].severity, s->finding[i].tool, s->finding[i].file);
	if (s->found > s->n)
		put_finding(j, "more-findings", s->more, s->tool, "");
	gh_jout_close(j, ']');
	gh_jout_number(j, "found", s->found);
	gh_jout_str(j, "worst", s->n == 0 ? "none" : gh_severity_name(s->finding[0].severity));
}

/* Claims of one sort, with the names that the fields of their fact have. */
static void put_claims(const struct gh_evidence_seen *s, bool tests, struct gh_jout *j)
{
	gh_jout_open(j, tests ? "tests" : "vex", '[');
	for (size_t i = 0; i < s->nclaim; i++) {
		if (gh_evidence_word_tests(s->claim[i].word) != tests)
			continue;
		gh_jout_open(j, NULL, '{');
		gh_jout_str(j, tests ? "name" : "vulnerability", s->claim[i].id);
		gh_jout_str(j, tests ? "result" : "status", gh_evidence_word_name(s->claim[i].word));
		if (!tests) {
			gh_jout_str(j, "product", s->claim[i].about);
			gh_jout_str(j, "justification", s->claim[i].why);
			put_time(j, "issued", s->claim[i].at);
		}
		gh_jout_close(j, '}');
	}
	gh_jout_close(j, ']');
}

void gh_found_write(const struct gh_evidence_seen *s, const char *digest, const char *issuer, const char *why,
		    struct gh_buf *out)
{
	struct gh_jout j = gh_jout(out);
	gh_jout_open(&j, NULL, '{');
	gh_jout_number(&j, "format", FORMAT);
	gh_jout_str(&j, "document", digest);
	gh_jout_bool(&j, "read", s->read);
	put_text(&j, "predicate", s->predicate);
	put_text(&j, "tool", s->tool);
	put_text(&j, "issuer", issuer);
	put_text(&j, "why", why);
	put_time(&j, "issued", s->issued);
	if (s->result != GH_ER_NONE)
		gh_jout_str(&j, "result", gh_evidence_result_name(s->result));
	if (s->read) {
		put_findings(s, &j);
		put_claims(s, false, &j);
		put_claims(s, true, &j);
	}
	gh_jout_close(&j, '}');
}

/* ---- reading again ------------------------------------------------------------------------------------------------------------ */

struct row { /* of the catalog */
	const char *kind, *signer, *digest;
	bool verified;
	const struct gh_jval *doc; /* its companion; NULL: none, or one of the first form */
};

struct facts {
	struct gh_docs *docs;
	struct gh_arena *a;
	struct row *row;
	size_t n;
	const struct gh_jval **old; /* bare lists of findings: which report each is of is not known */
	size_t nold;
};

static bool is(const char *a, const char *b) { return strcmp(a, b) == 0; }

/* May a document of this kind report something? */
static bool reports(const char *kind) { return is(kind, "sarif") || is(kind, "vex") || is(kind, "test-result"); }

static void pair(struct facts *f, const struct gh_jval *listed, const struct gh_jval *doc)
{
	for (size_t i = 0; i < f->n; i++)
		if (f->row[i].doc == NULL && is(f->row[i].digest, gh_in_text(doc, "document", "")) &&
		    is(f->row[i].signer, gh_in_text(listed, "signer", "")) &&
		    f->row[i].verified == gh_jtrue(gh_jget(listed, "verified"))) {
			f->row[i].doc = doc;
			return;
		}
}

static enum gh_rc companion(struct facts *f, const struct gh_jval *listed, struct gh_err *err)
{
	struct gh_span text;
	const struct gh_jval *doc;
	uint64_t format = 0;
	GH_TRY(gh_known_document(f->docs, gh_in_text(listed, "blob", ""), gh_jstr(listed, "digest"), f->a, &text, err),
	       err, "a report");
	GH_TRY(gh_jdom_parse(f->a, text, &doc, err), err, "a report");
	if (doc->kind == GH_J_ARRAY) {
		f->old[f->nold++] = doc;
		return GH_OK;
	}
	if (!gh_ju64(gh_jget(doc, "format"), &format) || format != FORMAT)
		return gh_fail(err, GH_E_UNREAD, "a report was stored by a newer gatehouse: use that");
	pair(f, listed, doc);
	return GH_OK;
}

static enum gh_rc collect(struct facts *f, const struct gh_jval *shown, struct gh_err *err)
{
	const struct gh_jval *list = gh_jget(shown, "evidence");
	size_t most = list == NULL ? 0 : list->n;
	f->row = GH_NEW(f->a, struct row, most + 1);
	f->old = GH_NEW(f->a, const struct gh_jval *, most + 1);
	if (f->row == NULL || f->old == NULL)
		return gh_fail(err, GH_E_NOMEM, "no memory for evidence");
	for (const struct gh_jval *v = gh_jfirst(list); v != NULL; v = v->next) {
		const char *kind = gh_in_text(v, "kind", ""), *signer = gh_in_text(v, "signer", "");
		if (!gh_evidence_internal(kind) && !is(signer, GH_EVIDENCE_SELF))
			f->row[f->n++] = (struct row){ .kind = gh_evidence_foreign(kind) ? kind : "other",
						       .signer = signer,
						       .digest = gh_in_text(v, "digest", ""),
						       .verified = gh_jtrue(gh_jget(v, "verified")) };
	}
	for (const struct gh_jval *v = gh_jfirst(list); v != NULL; v = v->next)
		if (is(gh_in_text(v, "kind", ""), GH_EVIDENCE_FOUND))
			GH_TRY(companion(f, v, err), err, "evidence");
	return GH_OK;
}

/* Was everything read that may hold records of this list? */
static bool all_read(const struct facts *f, const char *kind)
{
	size_t without = 0;
	for (size_t i = 0; i < f->n; i++) {
		const struct row *r = &f->row[i];
		bool asked = kind == NULL ? reports(r->kind) : r->verified && is(r->kind, kind);
		if (!asked || gh_jtrue(gh_jget(r->doc, "read")))
			continue;
		if (kind != NULL || !is(r->kind, "sarif"))
			return false;
		without++;
	}
	return without <= f->nold;
}

/* One record more, with who signed it. */
static bool put_record(struct gh_jout *j, const struct gh_jval *record, const char *signer, struct gh_arena *a)
{
	gh_jout_open(j, NULL, '{');
	for (const struct gh_jval *m = gh_jfirst(record); m != NULL; m = m->next) {
		struct gh_span key = gh_keep(a, m->key);
		if (key.p == NULL)
			return false;
		if (m->kind == GH_J_STRING && (signer == NULL || !gh_span_is(key, "signer")))
			gh_jout_span(j, (const char *)key.p, m->text);
	}
	if (signer != NULL)
		gh_jout_str(j, "signer", signer);
	gh_jout_close(j, '}');
	return true;
}

/* kind NULL: of documents that anybody may have written. */
static bool put_list(const struct facts *f, const char *name, const char *kind, struct gh_jout *j)
{
	if (!all_read(f, kind))
		return true; /* not known */
	gh_jout_open(j, name, '[');
	for (size_t i = 0; i < f->n; i++) {
		const struct row *r = &f->row[i];
		if (kind != NULL && (!r->verified || !is(r->kind, kind)))
			continue;
		for (const struct gh_jval *x = gh_jfirst(gh_jget(r->doc, name)); x != NULL; x = x->next)
			if (!put_record(j, x, r->verified ? r->signer : "", f->a))
				return false;
	}
	for (size_t i = 0; kind == NULL && i < f->nold; i++)
		for (const struct gh_jval *x = gh_jfirst(f->old[i]); x != NULL; x = x->next)
			if (!put_record(j, x, NULL, f->a))
				return false;
	gh_jout_close(j, ']');
	return true;
}

static void put_statement(const struct row *r, struct gh_jout *j)
{
	static const char *const both[] = { "tool", "worst" }, *const signed_only[] = { "issuer", "predicate", "result",
											"issued" };
	uint64_t n;
	gh_jout_open(j, NULL, '{');
	gh_jout_str(j, "kind", r->kind);
	gh_jout_str(j, r->verified ? "signer" : "claimed", r->signer);
	for (size_t i = 0; i < sizeof both / sizeof *both; i++)
		put_text(j, both[i], gh_jstr(r->doc, both[i]));
	for (size_t i = 0; r->verified && i < sizeof signed_only / sizeof *signed_only; i++)
		put_text(j, signed_only[i], gh_jstr(r->doc, signed_only[i]));
	if (!r->verified)
		put_text(j, "why", gh_jstr(r->doc, "why"));
	if (gh_ju64(gh_jget(r->doc, "found"), &n))
		gh_jout_number(j, "findings", n);
	gh_jout_close(j, '}');
}

enum gh_rc gh_found_facts(struct gh_docs *docs, const struct gh_jval *shown, struct gh_arena *a, struct gh_span *out,
			  struct gh_err *err)
{
	static const struct {
		const char *name, *kind;
	} lists[] = { { "findings", NULL }, { "vex", "vex" }, { "tests", "test-result" } };
	gh_auto_buf text = gh_buf(GH_KNOWN_MAX);
	struct gh_jout j = gh_jout(&text);
	struct facts f = { .docs = docs, .a = a };
	GH_TRY(collect(&f, shown, err), err, "what others say");
	gh_jout_open(&j, NULL, '{');
	for (unsigned verified = 0; verified < 2; verified++) {
		gh_jout_open(&j, verified ? "verified" : "unverified", '[');
		for (size_t i = 0; i < f.n; i++)
			if (f.row[i].verified == (verified == 1))
				put_statement(&f.row[i], &j);
		gh_jout_close(&j, ']');
	}
	for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
		if (!put_list(&f, lists[i].name, lists[i].kind, &j))
			return gh_fail(err, GH_E_NOMEM, "no memory for what others say");
	gh_jout_close(&j, '}');
	*out = gh_keep(a, gh_buf_view(&text));
	return out->p != NULL && !text.full ? GH_OK : gh_fail(err, GH_E_NOMEM, "no memory for what others say");
}
