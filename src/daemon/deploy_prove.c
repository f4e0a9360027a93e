/* Evidence judged in a worker, and what follows: the key, sealed to what proved itself, or a refusal that names the check. */
#include "attest/kinds.h"
#include "attest/software.h"
#include "daemon/deploy.h"
#include "scan/attest/appraise.h"
#include "wire/b64.h"
#include "wire/jcanon.h"
#include "wire/sha256.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

enum { POLICY = 4096, ARENA = 8 << 20 };

int gh_deploy_memory(struct gh_span s, char path[GH_DEPLOY_PATH])
{
	int fd = memfd_create("gatehouse-attest", MFD_CLOEXEC);
	bool ok = fd >= 0 && write(fd, s.p, s.n) == (ssize_t)s.n && lseek(fd, 0, SEEK_SET) == 0;
	if (!ok && fd >= 0) {
		(void)close(fd);
		fd = -1;
	}
	(void)snprintf(path, GH_DEPLOY_PATH, "/proc/self/fd/%d", fd);
	return fd;
}

/* What is asked of software evidence: this node's key, and what the catalog allowed to be measured. */
static void policy_text(const struct gh_deploy *d, const struct gh_jval *allowed, struct gh_buf *out)
{
	gh_buf_fmt(out, "nodes: [\"%s\"]\nmeasurement: [", d->node);
	for (const struct gh_jval *m = gh_jfirst(allowed); m != NULL; m = m->next)
		gh_buf_fmt(out, "%s\"%s\"", m == allowed->first ? "" : ", ", (const char *)m->text.p);
	gh_buf_str(out, "]\n");
}

static enum gh_rc appraise(struct gh_deploy *d, struct gh_span evidence, const uint8_t report[GH_STUB_REPORT_DATA],
			   struct gh_arena *a, struct gh_attest_result *r, struct gh_err *err)
{
	char path[3][GH_DEPLOY_PATH];
	gh_auto_buf policy = gh_buf(POLICY);
	policy_text(d, d->allowed, &policy);
	int fd[3] = { gh_deploy_memory(evidence, path[0]), gh_deploy_memory(d->spki, path[1]),
		      gh_deploy_memory(gh_buf_view(&policy), path[2]) };
	struct gh_attest_job job = { .kind = &gh_attest_software,
				     .evidence = path[0],
				     .endorsement = { path[1] },
				     .nendorsement = 1,
				     .policy = path[2],
				     .report_data = { report, GH_STUB_REPORT_DATA },
				     .at = (int64_t)time(NULL) };
	enum gh_rc rc = fd[0] >= 0 && fd[1] >= 0 && fd[2] >= 0 ? gh_attest_see(&job, a, r, NULL, err)
							       : gh_fail_sys(err, errno, "memory for the evidence");
	for (size_t i = 0; i < 3; i++)
		if (fd[i] >= 0)
			(void)close(fd[i]);
	return rc;
}

static const char *claim(const struct gh_attest_result *r, const char *name)
{
	for (size_t i = 0; i < r->nclaims; i++)
		if (strcmp(r->claim[i].name, name) == 0)
			return r->claim[i].value;
	return "";
}

/* Refused before the vault was asked: written down all the same, by the name of the check that failed. */
static enum gh_rc refused(struct gh_deploy *d, const struct gh_attest_result *r, struct gh_err *err)
{
	gh_auto_buf in = gh_buf(4096);
	const struct gh_jval *out;
	const char *check = "appraisal", *why = "the appraisal is incomplete";
	for (size_t i = 0; i < r->nchecks; i++)
		if (r->check[i].outcome == GH_AT_FAIL || r->check[i].outcome == GH_AT_UNKNOWN) {
			check = r->check[i].name;
			why = r->check[i].detail;
			if (r->check[i].outcome == GH_AT_FAIL)
				break;
		}
	struct gh_jout j = gh_jout(&in);
	struct gh_err none = { 0 };
	gh_jout_open(&j, NULL, '{');
	gh_jout_str(&j, "id", d->id.s);
	gh_jout_str(&j, "check", check);
	gh_jout_str(&j, "why", why);
	gh_jout_str(&j, "class", gh_attest_class_word(r->cls));
	gh_jout_close(&j, '}');
	d->refused = gh_deploy_step(d, "deploy.refused", &in, &out, NULL, &none) == GH_OK;
	return gh_fail(err, GH_E_DENIED, "%s: %s; no key was released", check, why);
}

static void put_hex(struct gh_jout *j, const char *name, const uint8_t *p, size_t n)
{
	char hex[2 * GH_STUB_REPORT_DATA + 1];
	gh_b16(hex, (struct gh_span){ p, n });
	gh_jout_str(j, name, hex);
}

static enum gh_rc release(struct gh_deploy *d, const struct gh_stub_bind *bind, const struct gh_software *s,
			  const uint8_t evidence[32], const struct gh_jval **out, struct gh_err *err)
{
	gh_auto_buf in = gh_buf(16 << 20);
	struct gh_jout j = gh_jout(&in);
	gh_jout_open(&j, NULL, '{');
	gh_jout_str(&j, "id", d->id.s);
	put_hex(&j, "nonce", bind->nonce, sizeof bind->nonce);
	put_hex(&j, "key", bind->key, sizeof bind->key);
	put_hex(&j, "files", bind->files, sizeof bind->files);
	put_hex(&j, "evidence", evidence, 32);
	put_hex(&j, "report_data", s->report_data, sizeof s->report_data);
	gh_jout_str(&j, "class", d->cls);
	gh_jout_str(&j, "kind", d->kind);
	put_hex(&j, "measurement", s->measurement, sizeof s->measurement);
	gh_jout_number(&j, "made", (uint64_t)s->made);
	gh_jout_open(&j, "blobs", '[');
	for (size_t i = 0; i < d->nfile; i++)
		gh_jout_str(&j, NULL, d->files[i].blob.s);
	gh_jout_close(&j, ']');
	if (d->own.known.n > 0)
		gh_jout_span(&j, "known", d->own.known);
	if (d->base.known.n > 0)
		gh_jout_span(&j, "known_base", d->base.known);
	gh_jout_close(&j, '}');
	enum gh_rc rc = gh_deploy_step(d, "deploy.release", &in, out, NULL, err);
	d->refused = rc == GH_E_DENIED;
	return rc;
}

/* What the vault will compute: from what the catalog said, and the key that the stub names; nothing of it from the runner. */
static bool bind_of(struct gh_deploy *d, const uint8_t key[GH_STUB_KEY], struct gh_stub_bind *b)
{
	struct gh_stub_file *f = GH_NEW(d->run->arena, struct gh_stub_file, d->nfile);
	*b = (struct gh_stub_bind){ 0 };
	memcpy(b->key, key, sizeof b->key);
	for (size_t i = 0; f != NULL && i < d->nfile; i++)
		f[i] = d->files[i].file;
	return f != NULL && gh_hex_get(gh_span_str(d->nonce), b->nonce, sizeof b->nonce) &&
	       gh_hex_get(gh_span_str(d->digest), b->model, sizeof b->model) &&
	       gh_hex_get(gh_span_str(d->policies), b->policy, sizeof b->policy) &&
	       gh_hex_get(gh_span_str(d->id.s), b->deployment, sizeof b->deployment) &&
	       gh_stub_files(f, d->nfile, b->files);
}

enum gh_rc gh_deploy_prove(struct gh_deploy *d, const uint8_t key[GH_STUB_KEY], struct gh_span evidence,
			   struct gh_buf *out, struct gh_err *err)
{
	gh_auto_arena a = { .max = ARENA };
	struct gh_attest_result *r = GH_NEW(&a, struct gh_attest_result, 1);
	struct gh_stub_bind bind;
	struct gh_software s;
	uint8_t report[GH_STUB_REPORT_DATA], sha[GH_SHA256_BYTES], enc[GH_STUB_KEY];
	const struct gh_jval *got;
	uint64_t from = gh_deploy_us();
	if (r == NULL || !bind_of(d, key, &bind) || !gh_stub_report_data(&bind, report))
		return gh_fail(err, GH_E_NOMEM, "what the evidence has to hold could not be computed");
	GH_TRY(appraise(d, evidence, report, &a, r, err), err, "the evidence");
	d->cls = gh_attest_class_word(r->cls);
	d->kind = gh_attest_software.name;
	d->ms_attest += gh_deploy_us() - from;
	if (gh_attest_verdict(r) != GH_ATTEST_ACCEPTED)
		return refused(d, r, err);
	/* Fixed offsets of a structure whose form the worker has accepted; what it says is compared by the vault. */
	if (!gh_software_read(evidence, &s) || claim(r, "measurement")[0] == '\0')
		return gh_fail(err, GH_E_BUG, "the worker accepted evidence that is none");
	if (memcmp(s.deployment, bind.deployment, sizeof s.deployment) != 0 ||
	    strcmp(claim(r, "isolation"), d->isolation) != 0) {
		(void)gh_attest_test(r, "deployment", false, "",
				     "the evidence is about another deployment or isolation");
		return refused(d, r, err);
	}
	if (d->tcti != NULL) {
		from = gh_deploy_us();
		GH_TRY(gh_deploy_tpm_prove(d, report, evidence, s.measurement, &a, r, err), err, "the quote");
		d->cls = gh_attest_class_word(r->cls);
		d->kind = gh_attest_tpm.name;
		d->ms_attest += gh_deploy_us() - from;
		if (gh_attest_verdict(r) != GH_ATTEST_ACCEPTED)
			return refused(d, r, err);
	}
	from = gh_deploy_us();
	struct gh_sha256_state h = gh_sha256_begin();
	gh_sha256_put(&h, evidence);
	gh_sha256_end(&h, sha);
	enum gh_rc rc = release(d, &bind, &s, sha, &got, err);
	d->ms_key = gh_deploy_us() - from;
	if (rc != GH_OK)
		return rc;
	struct gh_span sealed = gh_span_str(gh_in_text(got, "sealed", ""));
	uint8_t *raw = gh_alloc(&a, sealed.n / 2 + 1, 1);
	if (raw == NULL || !gh_b16_take(gh_span_str(gh_in_text(got, "enc", "")), enc, sizeof enc) ||
	    sealed.n % 2 != 0 || !gh_b16_take(sealed, raw, sealed.n / 2))
		return gh_fail(err, GH_E_BUG, "the catalog's answer holds no sealed keys");
	gh_buf_put(out, enc, sizeof enc);
	gh_buf_put(out, raw, sealed.n / 2);
	return out->full ? gh_fail(err, GH_E_NOMEM, "no memory for the sealed keys") : GH_OK;
}
