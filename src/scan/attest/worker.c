/* Mode "attest", inside the worker: evidence, endorsements, collateral and policy are read here and nowhere else. */
#include "attest/attest.h"
#include "crypto/pubkey.h"
#include "scan/attest/side.h"
#include "scan/tool_side.h"

#include <string.h>
#include <time.h>

struct job {
	struct gh_attest_args args;
	struct gh_attest_question q;
	const struct gh_attest_kind *kind;
	struct gh_attest_file endorsement[GH_ATTEST_FILES], collateral[GH_ATTEST_FILES];
	struct gh_span policy;
};

static enum gh_rc whole(struct gh_tool *t, size_t i, struct gh_span *out, struct gh_err *err)
{
	if (t->file[i].size > GH_ATTEST_FILE_MAX)
		return gh_fail(err, GH_E_LIMIT, "it is larger than %d MiB", GH_ATTEST_FILE_MAX >> 20);
	size_t n = (size_t)t->file[i].size, at = 0;
	uint8_t *p = gh_alloc(&t->arena, n + 1, 1);
	struct gh_src_fd s;
	if (p == NULL)
		return gh_fail(err, GH_E_NOMEM, "no memory");
	GH_TRY(gh_tool_open(t, i, &s, err), err, "input %zu", i + 1);
	while (at < n) {
		struct gh_span w = gh_src_window(&s.src, at, n - at);
		if (w.n == 0)
			break;
		memcpy(p + at, w.p, w.n);
		at += w.n;
	}
	gh_src_fd_close(&s);
	*out = (struct gh_span){ p, at };
	return at == n ? GH_OK : gh_fail(err, GH_E_IO, "it cannot be read");
}

static enum gh_rc take(struct gh_tool *t, size_t i, struct job *j, struct gh_err *err)
{
	struct gh_attest_file f = { .name = gh_span_str(t->file[i].name) };
	GH_TRY(whole(t, i, &f.bytes, err), err, "'%.80s'", t->file[i].name);
	switch (t->file[i].tag) {
	case GH_ATTEST_TAG_EVIDENCE: j->q.evidence = f.bytes; return GH_OK;
	case GH_ATTEST_TAG_POLICY: j->policy = f.bytes; return GH_OK;
	case GH_ATTEST_TAG_ENDORSEMENT:
		if (j->q.nendorsement == GH_ATTEST_FILES)
			break;
		j->endorsement[j->q.nendorsement++] = f;
		return GH_OK;
	case GH_ATTEST_TAG_COLLATERAL:
		if (j->q.ncollateral == GH_ATTEST_FILES)
			break;
		j->collateral[j->q.ncollateral++] = f;
		return GH_OK;
	default: break;
	}
	return gh_fail(err, GH_E_LIMIT, "more than %d files", GH_ATTEST_FILES);
}

static enum gh_rc prepare(struct gh_tool *t, struct job *j, struct gh_err *err)
{
	char kind[sizeof j->args.kind + 1] = { 0 };
	if (t->args.n != sizeof j->args)
		return gh_fail(err, GH_E_BUG, "arguments of the wrong length");
	memcpy(&j->args, t->args.p, sizeof j->args);
	memcpy(kind, j->args.kind, sizeof j->args.kind);
	j->kind = gh_attest_kind(kind);
	if (j->kind == NULL || j->args.nonce_n > sizeof j->args.nonce || j->args.report_n > sizeof j->args.report)
		return gh_fail(err, GH_E_BUG, "arguments that make no sense");
	for (size_t i = 0; i < t->nfile; i++)
		GH_TRY(take(t, i, j, err), err, "input");
	j->q.endorsement = j->endorsement;
	j->q.collateral = j->collateral;
	j->q.nonce = (struct gh_span){ j->args.nonce, j->args.nonce_n };
	j->q.report_data = (struct gh_span){ j->args.report, j->args.report_n };
	j->q.at = j->args.at;
	if (j->policy.p != NULL)
		GH_TRY(gh_attest_policy_read(&t->arena, j->policy, j->kind, &j->q.policy, err), err, "--policy");
	return GH_OK;
}

static void say_pair(struct gh_tool *t, uint32_t kind, uint64_t a, const char *name, const char *value)
{
	char text[GH_ATTEST_NAME + GH_ATTEST_TEXT];
	size_t k = strlen(name) + 1, n = strlen(value);
	if (k > GH_ATTEST_NAME)
		return;
	if (n > sizeof text - k)
		n = sizeof text - k;
	memcpy(text, name, k);
	memcpy(text + k, value, n);
	gh_tool_say(t, kind, &a, 1, (struct gh_span){ (const uint8_t *)text, k + n });
}

static enum gh_rc once(struct gh_tool *t, struct job *j, struct gh_err *err)
{
	struct gh_attest_result *r = GH_NEW(&t->arena, struct gh_attest_result, 1);
	if (r == NULL)
		return gh_fail(err, GH_E_NOMEM, "no memory");
	gh_attest_appraise(j->kind, &j->q, &t->arena, r);
	uint8_t md[GH_MD_MAX];
	if (j->policy.p != NULL &&
	    gh_md(GH_MD_SHA256, j->policy, md)) /* whoever relies on the result knows by what it was judged */
		gh_attest_claim_hex(r, "policy_sha256", (struct gh_span){ md, 32 });
	for (size_t i = 0; i < r->nchecks; i++)
		say_pair(t, GH_ATTEST_SAY_CHECK, r->check[i].outcome, r->check[i].name, r->check[i].detail);
	for (size_t i = 0; i < r->nclaims; i++)
		say_pair(t, GH_ATTEST_SAY_CLAIM, 0, r->claim[i].name, r->claim[i].value);
	gh_tool_say(t, GH_ATTEST_SAY_END, (const uint64_t[]){ r->nchecks, r->nclaims, r->full, r->cls }, 4,
		    (struct gh_span){ 0 });
	return GH_OK;
}

static void say_rounds(struct gh_tool *t, uint64_t done, uint64_t warm)
{
	struct timespec c = { 0 };
	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &c);
	const uint64_t a[] = { done, warm, (uint64_t)c.tv_sec * 1000000000 + (uint64_t)c.tv_nsec };
	gh_tool_say(t, GH_ATTEST_SAY_ROUNDS, a, 3, (struct gh_span){ 0 });
}

/* Each round with an arena of its own: memory is part of the cost. */
static enum gh_rc rounds(struct gh_tool *t, struct job *j, struct gh_err *err)
{
	struct gh_attest_result *r = GH_NEW(&t->arena, struct gh_attest_result, 1);
	if (r == NULL)
		return gh_fail(err, GH_E_NOMEM, "no memory");
	for (uint64_t warm = 0; warm < 2; warm++) {
		struct gh_attest_cache *cache = warm != 0 ? gh_attest_cache_new() : NULL;
		j->q.cache = cache;
		for (uint64_t i = 0; i < j->args.rounds; i++) {
			gh_auto_arena a = { .max = 64 << 20 };
			if (i % GH_ATTEST_BATCH == 0)
				say_rounds(t, i, warm);
			gh_attest_appraise(j->kind, &j->q, &a, r);
		}
		say_rounds(t, j->args.rounds, warm);
		j->q.cache = NULL;
		gh_attest_cache_free(cache);
	}
	return GH_OK;
}

enum gh_rc gh_attest_main(struct gh_tool *t, struct gh_err *err)
{
	struct job *j = GH_NEW(&t->arena, struct job, 1);
	if (j == NULL)
		return gh_fail(err, GH_E_NOMEM, "no memory");
	GH_TRY(prepare(t, j, err), err, "appraisal");
	GH_TRY(once(t, j, err), err, "appraisal");
	return j->args.rounds == 0 ? GH_OK : rounds(t, j, err);
}
