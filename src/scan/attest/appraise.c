#include "scan/attest/appraise.h"

#include "os/file.h"
#include "scan/attest/side.h"
#include "scan/child.h"
#include "scan/tool.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
	MEMORY = 256 << 20,
	SECONDS = 20,
	BENCH_SECONDS = 600,
	INPUTS = 2 + 2 * GH_ATTEST_FILES,
	PATH_ROOM = 4096,
};

/* ---- files ---------------------------------------------------------------------------------------------------------------- */
struct inputs {
	struct gh_tool_input in[INPUTS];
	size_t n, of[GH_ATTEST_TAG_POLICY + 1];
	struct gh_arena *a;
};

static void close_all(struct inputs *f)
{
	for (size_t i = 0; i < f->n; i++)
		close(f->in[i].fd);
}

static enum gh_rc add_file(struct inputs *f, const char *path, uint64_t tag, struct gh_err *err)
{
	struct stat st;
	const char *slash = strrchr(path, '/');
	size_t most = tag == GH_ATTEST_TAG_ENDORSEMENT || tag == GH_ATTEST_TAG_COLLATERAL ? GH_ATTEST_FILES : 1;
	if (f->of[tag] == most)
		return gh_fail(err, GH_E_LIMIT, "more than %zu files", most);
	struct gh_span name = gh_keep(f->a, gh_span_str(slash == NULL ? path : slash + 1));
	int fd = gh_os_open_regular(path, &st);
	if (fd < 0)
		return errno == EINVAL ? gh_fail(err, GH_E_IO, "'%.100s' is no regular file", path)
				       : gh_fail_sys(err, errno, "'%.100s' cannot be read", path);
	if (name.p == NULL || st.st_size > GH_ATTEST_FILE_MAX) {
		close(fd);
		return gh_fail(err, GH_E_LIMIT, "'%.100s' is larger than %d MiB", path, GH_ATTEST_FILE_MAX >> 20);
	}
	f->in[f->n++] = (struct gh_tool_input){ .fd = fd, .name = (const char *)name.p, .tag = tag };
	f->of[tag]++;
	return GH_OK;
}

/* Names in the order of their bytes: the same directory gives the same answer everywhere. */
static enum gh_rc add_dir(struct inputs *f, const char *path, uint64_t tag, struct gh_err *err)
{
	struct dirent **e = NULL;
	char full[PATH_ROOM];
	enum gh_rc rc = GH_OK;
	int n = scandir(path, &e, NULL, alphasort);
	if (n < 0)
		return gh_fail_sys(err, errno, "'%.100s' cannot be listed", path);
	for (int i = 0; i < n; i++) {
		struct stat st;
		int len = snprintf(full, sizeof full, "%s/%s", path, e[i]->d_name);
		if (rc == GH_OK && len > 0 && (size_t)len < sizeof full && e[i]->d_name[0] != '.' &&
		    stat(full, &st) == 0 && S_ISREG(st.st_mode))
			rc = add_file(f, full, tag, err);
		free(e[i]);
	}
	free(e);
	return rc;
}

static enum gh_rc add(struct inputs *f, const char *path, uint64_t tag, struct gh_err *err)
{
	struct stat st;
	bool dir = stat(path, &st) == 0 && S_ISDIR(st.st_mode);
	return dir ? add_dir(f, path, tag, err) : add_file(f, path, tag, err);
}

static enum gh_rc open_all(const struct gh_attest_job *job, struct inputs *f, struct gh_err *err)
{
	GH_TRY(add_file(f, job->evidence, GH_ATTEST_TAG_EVIDENCE, err), err, "the evidence");
	for (size_t i = 0; i < job->nendorsement; i++)
		GH_TRY(add(f, job->endorsement[i], GH_ATTEST_TAG_ENDORSEMENT, err), err, "--endorsements");
	if (job->collateral != NULL)
		GH_TRY(add(f, job->collateral, GH_ATTEST_TAG_COLLATERAL, err), err, "--collateral");
	if (job->policy != NULL)
		GH_TRY(add_file(f, job->policy, GH_ATTEST_TAG_POLICY, err), err, "--policy");
	return GH_OK;
}

/* ---- hearing -------------------------------------------------------------------------------------------------------------- */
struct hear {
	struct gh_attest_result *out;
	bool ended;
	uint32_t rounds;
	uint64_t done[2]; /* rounds heard of, cold and warm */
	double from[2], until[2];
	uint64_t cpu_from[2], cpu_until[2]; /* as the worker says: for people, nothing is decided by it */
	bool begun[2];
};

static double seconds(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Names are ours: letters, digits, '_' and '.', nothing else. */
static const char *plain_name(struct hear *h, struct gh_span s)
{
	if (s.n == 0 || s.n >= GH_ATTEST_NAME)
		return NULL;
	for (size_t i = 0; i < s.n; i++) {
		uint8_t c = s.p[i];
		if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '.'))
			return NULL;
	}
	return gh_child_text(h->out->arena, s);
}

static const char *on_pair(struct hear *h, const struct gh_tool_record *r)
{
	struct gh_attest_result *o = h->out;
	const uint8_t *nul = memchr(r->text.p, 0, r->text.n);
	size_t n = nul == NULL ? 0 : (size_t)(nul - r->text.p);
	const char *name = nul == NULL ? NULL : plain_name(h, gh_span_cut(r->text, 0, n));
	if (name == NULL || h->ended)
		return "a check or claim without a name";
	const char *text = gh_child_text(o->arena, gh_span_cut(r->text, n + 1, r->text.n));
	if (r->kind == GH_ATTEST_SAY_CHECK) {
		if (r->a[0] > GH_AT_UNKNOWN || o->nchecks == GH_ATTEST_CHECKS)
			return "a check with an outcome that does not exist, or one too many";
		o->check[o->nchecks].name = name;
		o->check[o->nchecks].detail = text;
		o->check[o->nchecks++].outcome = (enum gh_attest_outcome)r->a[0];
		return NULL;
	}
	if (o->nclaims == GH_ATTEST_CLAIMS)
		return "too many claims";
	o->claim[o->nclaims].name = name;
	o->claim[o->nclaims++].value = text;
	return NULL;
}

static const char *on_rounds(struct hear *h, const struct gh_tool_record *r)
{
	uint64_t i = r->a[1];
	if (!h->ended || i > 1 || r->a[0] > h->rounds || r->a[0] < h->done[i])
		return "rounds that cannot be";
	h->done[i] = r->a[0];
	h->until[i] = seconds();
	h->cpu_until[i] = r->a[2];
	if (!h->begun[i]) {
		h->from[i] = h->until[i];
		h->cpu_from[i] = r->a[2];
	}
	h->begun[i] = true;
	return NULL;
}

static const char *on_record(void *arg, const struct gh_tool_record *r)
{
	struct hear *h = arg;
	switch (r->kind) {
	case GH_ATTEST_SAY_CHECK:
	case GH_ATTEST_SAY_CLAIM: return on_pair(h, r);
	case GH_ATTEST_SAY_ROUNDS: return on_rounds(h, r);
	case GH_ATTEST_SAY_END:
		if (h->ended || r->a[0] != h->out->nchecks || r->a[1] != h->out->nclaims || r->a[3] > h->out->kind->cls)
			return "an end that does not fit what was said";
		h->ended = true;
		h->out->full = r->a[2] != 0;
		h->out->cls = (enum gh_attest_class)r->a[3];
		return NULL;
	default: return "a record of a kind that does not exist";
	}
}

static double rate(const struct hear *h, unsigned i)
{
	double t = h->until[i] - h->from[i];
	return t > 0 ? (double)h->done[i] / t : 0;
}

static double cpu_rate(const struct hear *h, unsigned i)
{
	uint64_t ns = h->cpu_until[i] > h->cpu_from[i] ? h->cpu_until[i] - h->cpu_from[i] : 0;
	return ns != 0 ? (double)h->done[i] * 1e9 / (double)ns : 0;
}

enum gh_rc gh_attest_see(const struct gh_attest_job *job, struct gh_arena *a, struct gh_attest_result *out,
			 struct gh_attest_rates *rates, struct gh_err *err)
{
	struct gh_attest_args args = { .at = job->at, .rounds = job->rounds };
	struct inputs files = { .a = a };
	struct hear h = { .out = out, .rounds = job->rounds };
	memset(out, 0, sizeof *out);
	out->arena = a;
	out->kind = job->kind;
	out->cls = GH_AC_SOFTWARE;
	out->prefix = "";
	if (job->nonce.n > sizeof args.nonce || job->report_data.n > sizeof args.report ||
	    strlen(job->kind->name) >= sizeof args.kind)
		return gh_fail(err, GH_E_BUG, "a nonce or report data of more than %d bytes", GH_ATTEST_NONCE);
	args.nonce_n = (uint32_t)job->nonce.n;
	args.report_n = (uint32_t)job->report_data.n;
	if (job->nonce.n != 0)
		memcpy(args.nonce, job->nonce.p, job->nonce.n);
	if (job->report_data.n != 0)
		memcpy(args.report, job->report_data.p, job->report_data.n);
	memcpy(args.kind, job->kind->name, strlen(job->kind->name));
	enum gh_rc rc = open_all(job, &files, err);
	const struct gh_tool_job run = { .mode = "attest",
					 .worker = job->worker,
					 .input = files.in,
					 .ninput = files.n,
					 .output = -1,
					 .args = { (const uint8_t *)&args, sizeof args },
					 .memory = MEMORY,
					 .seconds = job->rounds != 0 ? BENCH_SECONDS : SECONDS,
					 .records = GH_ATTEST_CHECKS + GH_ATTEST_CLAIMS + 1 +
						    2 * (job->rounds / GH_ATTEST_BATCH + 2),
					 .on_record = on_record,
					 .arg = &h };
	rc = rc == GH_OK ? gh_tool_run(&run, err) : rc;
	close_all(&files);
	if (rc != GH_OK)
		return rc;
	if (!h.ended || h.done[0] != job->rounds || h.done[1] != job->rounds)
		return gh_fail(err, GH_E_BUG, "the worker did not say everything");
	if (rates != NULL)
		*rates = (struct gh_attest_rates){ rate(&h, 0), rate(&h, 1), cpu_rate(&h, 0), cpu_rate(&h, 1) };
	return GH_OK;
}
