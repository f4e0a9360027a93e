/* What an appraisal has to say, and what follows from it. */
#include "attest/attest.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/buf.h"
#include "wire/b64.h"

const char *gh_attest_outcome_word(enum gh_attest_outcome o)
{
	static const char *const word[] = { "pass", "fail", "skipped", "unknown" };
	return (unsigned)o < sizeof word / sizeof word[0] ? word[o] : "unknown";
}

const char *gh_attest_verdict_word(enum gh_attest_verdict v)
{
	static const char *const word[] = { "accepted", "rejected", "incomplete" };
	return (unsigned)v < sizeof word / sizeof word[0] ? word[v] : "incomplete";
}

const char *gh_attest_class_word(enum gh_attest_class c)
{
	static const char *const word[] = { "software", "tpm", "enclave", "vm-tee" };
	return (unsigned)c < sizeof word / sizeof word[0] ? word[c] : "software";
}

/* A copy in the arena; "" and full when there is no room: an appraisal that cannot say what it found accepts nothing. */
static const char *keep(struct gh_attest_result *r, const char *s)
{
	struct gh_span copy = gh_keep(r->arena, gh_span_str(s));
	r->full = r->full || copy.p == NULL;
	return copy.p == NULL ? "" : (const char *)copy.p;
}

static const char *named(struct gh_attest_result *r, const char *name)
{
	char text[GH_ATTEST_NAME];
	(void)snprintf(text, sizeof text, "%s%s", r->prefix == NULL ? "" : r->prefix, name);
	return keep(r, text);
}

static bool put_check(struct gh_attest_result *r, const char *name, enum gh_attest_outcome o, const char *detail)
{
	if (r->nchecks == GH_ATTEST_CHECKS) {
		r->full = true;
		return false;
	}
	r->check[r->nchecks].name = named(r, name);
	r->check[r->nchecks].detail = keep(r, detail);
	r->check[r->nchecks++].outcome = o;
	return o == GH_AT_PASS;
}

bool gh_attest_check(struct gh_attest_result *r, const char *name, enum gh_attest_outcome o, const char *fmt, ...)
{
	char text[GH_ATTEST_TEXT];
	va_list ap;
	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	return put_check(r, name, o, text);
}

bool gh_attest_test(struct gh_attest_result *r, const char *name, bool ok, const char *good, const char *bad)
{
	return put_check(r, name, ok ? GH_AT_PASS : GH_AT_FAIL, ok ? good : bad) && ok;
}

static void put_claim(struct gh_attest_result *r, const char *name, const char *value)
{
	if (r->nclaims == GH_ATTEST_CLAIMS) {
		r->full = true;
		return;
	}
	r->claim[r->nclaims].name = named(r, name);
	r->claim[r->nclaims++].value = keep(r, value);
}

void gh_attest_claim(struct gh_attest_result *r, const char *name, const char *fmt, ...)
{
	char text[GH_ATTEST_TEXT];
	va_list ap;
	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	put_claim(r, name, text);
}

void gh_attest_claim_hex(struct gh_attest_result *r, const char *name, struct gh_span bytes)
{
	char text[GH_ATTEST_TEXT];
	gh_b16(text, gh_span_cut(bytes, 0, (sizeof text - 1) / 2));
	put_claim(r, name, text);
}

void gh_attest_claim_bool(struct gh_attest_result *r, const char *name, bool v)
{
	put_claim(r, name, v ? "true" : "false");
}

const char *gh_attest_safe(struct gh_attest_result *r, struct gh_span s, size_t max)
{
	gh_auto_buf b = gh_buf(max + 8);
	gh_buf_safe(&b, s, max);
	return keep(r, gh_buf_cstr(&b));
}

/* Did every check of this (prefixed) name pass, and is there one? */
static bool all_passed(const struct gh_attest_result *r, const char *prefix, const char *name)
{
	size_t k = strlen(prefix);
	bool seen = false;
	for (size_t i = 0; i < r->nchecks; i++) {
		if (strncmp(r->check[i].name, prefix, k) != 0 || strcmp(r->check[i].name + k, name) != 0)
			continue;
		if (r->check[i].outcome != GH_AT_PASS)
			return false;
		seen = true;
	}
	return seen;
}

static const char *first_missing(const struct gh_attest_result *r, const char *prefix, const char *const *names)
{
	for (; names != NULL && *names != NULL; names++)
		if (!all_passed(r, prefix, *names))
			return *names;
	return NULL;
}

enum gh_attest_verdict gh_attest_verdict(const struct gh_attest_result *r)
{
	bool unknown = r->full || r->kind == NULL || r->nchecks == 0;
	for (size_t i = 0; i < r->nchecks; i++) {
		if (r->check[i].outcome == GH_AT_FAIL)
			return GH_ATTEST_REJECTED;
		unknown = unknown || r->check[i].outcome == GH_AT_UNKNOWN;
	}
	return unknown || first_missing(r, "", r->kind->musts) != NULL ? GH_ATTEST_INCOMPLETE : GH_ATTEST_ACCEPTED;
}

bool gh_attest_trusted(const struct gh_attest_result *r)
{
	return r->kind != NULL && !r->full && first_missing(r, "", r->kind->signatures) == NULL;
}

bool gh_attest_inner(const char *name, const char *prefix, const struct gh_attest_question *q,
		     struct gh_attest_result *r)
{
	const struct gh_attest_kind *kind = gh_attest_kind(name);
	const char *outer = r->prefix;
	char complete[GH_ATTEST_NAME];
	(void)snprintf(complete, sizeof complete, "%scomplete", prefix);
	if (kind == NULL)
		return gh_attest_check(r, complete, GH_AT_UNKNOWN, "this program cannot appraise %s evidence", name);
	r->prefix = prefix;
	kind->appraise(q, r);
	r->prefix = outer;
	const char *missing = first_missing(r, prefix, kind->musts);
	if (missing == NULL)
		return gh_attest_check(r, complete, GH_AT_PASS, "everything that %s evidence needs was checked", name);
	/* A failure stands there already; what could not be reached must not look like one. */
	return gh_attest_check(r, complete, GH_AT_UNKNOWN, "'%s%s' did not pass", prefix, missing);
}

bool gh_attest_bound(struct gh_span have, struct gh_span want)
{
	uint8_t differ = 0;
	if (want.n > have.n)
		return false;
	for (size_t i = 0; i < have.n; i++)
		differ |= (uint8_t)(have.p[i] ^ (i < want.n ? want.p[i] : 0));
	return differ == 0;
}

bool gh_attest_zero(struct gh_span s) { return gh_attest_bound(s, (struct gh_span){ 0 }); }

bool gh_attest_report_data(const struct gh_attest_question *q, struct gh_span have, struct gh_attest_result *r)
{
	struct gh_span want = q->report_data.n != 0 ? q->report_data : q->nonce;
	if (want.n == 0)
		return gh_attest_check(
			r, "report_data", GH_AT_SKIPPED,
			"no nonce and no report data were given: how old the evidence is cannot be told");
	return gh_attest_test(r, "report_data", gh_attest_bound(have, want), "it answers this challenge",
			      "it does not hold the report data that was asked for");
}

enum gh_attest_verdict gh_attest_appraise(const struct gh_attest_kind *kind, const struct gh_attest_question *q,
					  struct gh_arena *a, struct gh_attest_result *r)
{
	memset(r, 0, sizeof *r);
	r->arena = a;
	r->kind = kind;
	r->cls = kind->cls;
	r->prefix = "";
	if (q->evidence.n == 0 || q->evidence.n > GH_ATTEST_FILE_MAX)
		gh_attest_check(r, "format", GH_AT_FAIL, "%zu bytes are no evidence", q->evidence.n);
	else if (q->at < 0)
		gh_attest_check(r, "format", GH_AT_FAIL, "there is no time to judge at");
	else
		kind->appraise(q, r);
	return gh_attest_verdict(r);
}
