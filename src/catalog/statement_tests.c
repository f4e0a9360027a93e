/* The test-result statement: how people and tests judged these files. Only what is about exactly them counts: a review of this root
 * digest and report, campaigns against it, results of others that were verified to be about it. */
#include "catalog/statement_int.h"

#include "catalog/evidence.h"
#include "catalog/reviews.h"
#include "check/stage.h"

#include <stdio.h>
#include <string.h>

enum outcome { PASSED, WARNED, FAILED, OUTCOMES };
enum { NAME = 600, TESTS = 1000 };

struct tests {
	const struct statement *m;
	const char *name[OUTCOMES][TESTS];
	size_t n[OUTCOMES], all;
	struct {
		const char *name, *digest, *signer;
	} configuration[TESTS]; /* what was used */
	size_t nconfiguration;
};

static const struct {
	const char *result, *list;
} words[OUTCOMES] = {
	[PASSED] = { "PASSED", "passedTests" },
	[WARNED] = { "WARNED", "warnedTests" },
	[FAILED] = { "FAILED", "failedTests" },
};

static const char *keep(struct tests *t, const char *text)
{
	struct gh_span s = gh_keep(t->m->a, gh_span_str(text));
	return (const char *)s.p;
}

static enum gh_rc add(struct tests *t, enum outcome o, const char *name, struct gh_err *err)
{
	const char *kept = keep(t, name);
	if (t->all == TESTS)
		return gh_fail(err, GH_E_LIMIT, "there are more than %d tests", TESTS);
	if (kept == NULL)
		return gh_fail(err, GH_E_NOMEM, "no memory for tests");
	t->name[o][t->n[o]++] = kept;
	t->all++;
	return GH_OK;
}

static enum gh_rc configure(struct tests *t, const char *name, const char *digest, const char *signer,
			    struct gh_err *err)
{
	const char *n = keep(t, name), *d = keep(t, digest), *s = keep(t, signer);
	if (t->nconfiguration == TESTS)
		return gh_fail(err, GH_E_LIMIT, "there are more than %d tests", TESTS);
	if (n == NULL || d == NULL || s == NULL)
		return gh_fail(err, GH_E_NOMEM, "no memory for tests");
	t->configuration[t->nconfiguration].name = n;
	t->configuration[t->nconfiguration].digest = d;
	t->configuration[t->nconfiguration++].signer = s;
	return GH_OK;
}

/* ---- who and what tested --------------------------------------------------------------------------------------------------- */

/* A review that is open is a warning: leaving it out would make of "nobody has said yes" a pass. */
static enum gh_rc review(struct tests *t, struct gh_err *err)
{
	static const enum outcome of[] = {
		[GH_REVIEW_OPEN] = WARNED, [GH_REVIEW_APPROVED] = PASSED, [GH_REVIEW_REJECTED] = FAILED
	};
	const struct gh_version *v = &t->m->b->version;
	struct gh_review r;
	struct gh_err none = { 0 };
	enum gh_rc rc = gh_review_of(t->m->c->db, &v->id, &r, &none);
	if (rc == GH_E_ABSENT || (rc == GH_OK && (strcmp(r.root, v->root) != 0 || !gh_id_same(&r.report, &v->report) ||
						  r.state >= sizeof of / sizeof *of)))
		return GH_OK;
	if (rc != GH_OK)
		return gh_fail(err, rc, "its review");
	GH_TRY(add(t, of[r.state], "review", err), err, "its review");
	return configure(t, "scan report", t->m->b->report.digest, "", err);
}

static enum gh_rc detonation(struct tests *t, struct gh_err *err)
{
	const char *name = gh_stage_rows[GH_STAGE_DETONATION].name, *state = NULL;
	enum outcome worst = PASSED;
	for (const struct gh_jval *s = gh_jfirst(gh_jget(t->m->known, "stages")); s != NULL; s = s->next)
		if (gh_jstr(s, "name") != NULL && strcmp(gh_jstr(s, "name"), name) == 0)
			state = gh_jstr(s, "state");
	if (state == NULL || strcmp(state, "not_run") == 0)
		return GH_OK;
	if (strcmp(state, "run") != 0)
		worst = FAILED; /* begun, and not ended: nothing was shown */
	for (const struct gh_jval *f = gh_jfirst(gh_jget(t->m->known, "findings")); f != NULL; f = f->next) {
		const char *stage = gh_jstr(f, "stage"), *effect = gh_jstr(f, "effect");
		if (stage == NULL || effect == NULL || strcmp(stage, name) != 0 || strcmp(effect, "none") == 0)
			continue;
		if (worst < WARNED)
			worst = WARNED;
		if (strcmp(effect, "REVIEW") != 0)
			worst = FAILED;
	}
	return add(t, worst, name, err);
}

/* Of campaigns of one suite against these files each counts: one that failed is not undone by another. */
static enum gh_rc campaigns(struct tests *t, struct gh_err *err)
{
	char name[NAME];
	for (const struct gh_jval *r = gh_jfirst(gh_jget(t->m->known, "redteam")); r != NULL; r = r->next) {
		const char *suite = gh_jstr(r, "suite"), *digest = gh_jstr(r, "digest");
		if (suite == NULL || digest == NULL || strcmp(digest, t->m->b->version.root) != 0)
			continue;
		(void)snprintf(name, sizeof name, "redteam/%.400s", suite);
		GH_TRY(add(t, gh_jtrue(gh_jget(r, "passed")) ? PASSED : FAILED, name, err), err, "red team");
	}
	return GH_OK;
}

/* How a verified result of others ended, by the facts that main read in it. Of one signer the worst counts for all of them: which
 * record is of which document is not said. */
static enum outcome said(const struct tests *t, const char *signer)
{
	static const char *const results[] = { [PASSED] = "pass", [WARNED] = "warn", [FAILED] = "fail" };
	enum outcome worst = PASSED;
	bool any = false;
	const struct gh_jval *list = gh_jget(gh_jget(t->m->known, "evidence"), "verified");
	for (const struct gh_jval *e = gh_jfirst(list); e != NULL; e = e->next) {
		const char *kind = gh_jstr(e, "kind"), *who = gh_jstr(e, "signer"), *result = gh_jstr(e, "result");
		unsigned o = 0;
		if (kind == NULL || who == NULL || strcmp(kind, "test-result") != 0 || strcmp(who, signer) != 0)
			continue;
		any = true;
		while (result != NULL && o < OUTCOMES && strcmp(result, results[o]) != 0)
			o++;
		if (result == NULL || o == OUTCOMES)
			return FAILED; /* it was not read: nothing good is known of it */
		worst = (enum outcome)o > worst ? (enum outcome)o : worst;
	}
	return any ? worst : FAILED;
}

static enum gh_rc of_others(struct tests *t, struct gh_err *err)
{
	struct gh_evidence *e;
	char name[NAME];
	size_t n;
	GH_TRY(gh_evidence_list(t->m->c->db, t->m->a, &t->m->b->version.id, "test-result", &e, &n, err), err,
	       "test results");
	for (size_t i = 0; i < n; i++) {
		bool again = false;
		if (!e[i].trusted)
			continue;
		for (size_t k = 0; k < i && !again; k++)
			again = e[k].trusted && strcmp(e[k].signer, e[i].signer) == 0;
		GH_TRY(configure(t, "test result of others", e[i].digest, e[i].signer, err), err, "test results");
		(void)snprintf(name, sizeof name, "evidence/%.400s", e[i].signer);
		if (!again)
			GH_TRY(add(t, said(t, e[i].signer), name, err), err, "test results");
	}
	return GH_OK;
}

/* ---- the predicate ---------------------------------------------------------------------------------------------------------- */

static void put(const struct tests *t)
{
	struct gh_jout *j = t->m->j;
	char text[STATEMENT_URI];
	enum outcome worst = t->n[FAILED] > 0 ? FAILED : t->n[WARNED] > 0 ? WARNED : PASSED;
	gh_jout_str(j, "result", words[worst].result);
	gh_jout_open(j, "configuration", '[');
	gh_jout_open(j, NULL, '{');
	gh_jout_str(j, "name", "gatehouse");
	statement_uri(t->m, "scanner", t->m->b->report.scanner, text);
	gh_jout_str(j, "uri", text);
	gh_jout_close(j, '}');
	for (size_t i = 0; i < t->nconfiguration; i++) {
		gh_jout_open(j, NULL, '{');
		gh_jout_str(j, "name", t->configuration[i].name);
		statement_digest(j, t->configuration[i].digest);
		if (t->configuration[i].signer[0] != '\0') {
			gh_jout_open(j, "annotations", '{');
			gh_jout_str(j, "signer", t->configuration[i].signer);
			gh_jout_close(j, '}');
		}
		gh_jout_close(j, '}');
	}
	gh_jout_close(j, ']');
	for (unsigned o = 0; o < OUTCOMES; o++) {
		gh_jout_open(j, words[o].list, '[');
		for (size_t i = 0; i < t->n[o]; i++)
			gh_jout_str(j, NULL, t->name[o][i]);
		gh_jout_close(j, ']');
	}
}

enum gh_rc statement_tests(struct statement *m, struct gh_err *err)
{
	struct tests *t = GH_NEW(m->a, struct tests, 1);
	if (t == NULL)
		return gh_fail(err, GH_E_NOMEM, "no memory for tests");
	t->m = m;
	GH_TRY(review(t, err), err, "test-result");
	GH_TRY(detonation(t, err), err, "test-result");
	GH_TRY(campaigns(t, err), err, "test-result");
	GH_TRY(of_others(t, err), err, "test-result");
	if (t->all == 0)
		return gh_fail(
			err, GH_E_DENIED,
			"nothing was tested: there is no review of these files, no detonation, no red-team campaign "
			"and no verified test result of others (`gatehouse evidence add`); what the scan found is in "
			"the badge");
	put(t);
	return GH_OK;
}
