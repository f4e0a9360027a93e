/* A launch that the host's TPM vouches for: which TPM, whose enrolment counts, and the quote judged in a worker. The software evidence is
 * judged besides (deploy_prove.c): it says the layers of isolation, and the quote answers a nonce that its digest is in. */
#include "attest/kinds.h"
#include "daemon/deploy.h"
#include "daemon/service_int.h"
#include "runtime/launch_tpm.h"
#include "runtime/tss.h"
#include "scan/attest/appraise.h"
#include "wire/b64.h"

#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { POLICY = 1024, PARTS = 4, PART_MAX = 64 << 10 };
static const char *const parts[PARTS] = { "quote", "signature", "registers", "log" };

/* Settings of the home. What is missing is said before anything is started. */
enum gh_rc gh_deploy_tpm_ready(struct gh_deploy *d, struct gh_err *err)
{
	const struct gh_home *h = gh_service_home(d->run->service);
	const char *word = gh_in_text(d->run->in, "evidence", "software"), *u = h->evidence_tpm;
	if (strcmp(word, "software") == 0)
		return GH_OK;
	if (strcmp(word, "tpm") != 0)
		return gh_fail(err, GH_E_MALFORMED, "'%.20s' is no evidence that a launch can give: software or tpm",
			       word);
	if (strcmp(u, "tpm") != 0 && (strncmp(u, "tpm:", 4) != 0 || u[4] == '\0'))
		return gh_fail(err, GH_E_UNREAD, "gatehouse.yaml: evidence_tpm: '%.60s' is none of tpm, tpm:TCTI", u);
	if (h->tpm_enrolment[0] == '\0' || !gh_digest_ok(gh_span_str(h->enrolled_by)))
		return gh_fail(
			err, GH_E_ABSENT,
			"this home knows no enrolment of its TPM: 'gatehouse attest enrol' makes a record; name it "
			"in gatehouse.yaml (tpm_enrolment), and the key that signed it (enrolled_by, 64 digits)");
	bool there = h->tpm_enrolment[0] == '/'
			     ? snprintf(d->enrolment, sizeof d->enrolment, "%s", h->tpm_enrolment) > 0
			     : gh_home_path(h, h->tpm_enrolment, d->enrolment, sizeof d->enrolment) != NULL;
	if (!there || access(d->enrolment, R_OK) != 0)
		return gh_fail(err, GH_E_ABSENT,
			       "the record of enrolment '%s' (gatehouse.yaml: tpm_enrolment) cannot be read",
			       h->tpm_enrolment);
	d->tcti = u[3] == ':' ? u + 4 : GH_TSS_TCTI;
	return GH_OK;
}

/* What the runner says of the TPM: four texts in hexadecimal. */
enum gh_rc gh_deploy_tpm_quoted(struct gh_deploy *d, struct gh_span said, struct gh_err *err)
{
	const struct gh_jval *v;
	struct gh_span *to[PARTS] = { &d->quote.quote, &d->quote.signature, &d->quote.registers, &d->quote.log };
	GH_TRY(gh_jdom_parse(d->run->arena, gh_keep(d->run->arena, said), &v, err), err, "the quote");
	for (size_t i = 0; i < PARTS; i++) {
		struct gh_span hex = gh_span_str(gh_in_text(v, parts[i], ""));
		uint8_t *p = hex.n == 0 || hex.n > 2 * PART_MAX ? NULL : gh_alloc(d->run->arena, hex.n / 2, 1);
		if (p == NULL || hex.n % 2 != 0 || !gh_b16_take(hex, p, hex.n / 2))
			return gh_fail(err, GH_E_BUG, "the supervisor's quote is none");
		*to[i] = (struct gh_span){ p, hex.n / 2 };
	}
	return GH_OK;
}

enum gh_rc gh_deploy_tpm_prove(struct gh_deploy *d, const uint8_t report[GH_STUB_REPORT_DATA], struct gh_span software,
			       const uint8_t measurement[GH_LAUNCHLOG_DIGEST], struct gh_arena *a,
			       struct gh_attest_result *r, struct gh_err *err)
{
	char path[PARTS + 1][GH_DEPLOY_PATH], hex[2 * GH_LAUNCHLOG_DIGEST + 1];
	uint8_t nonce[GH_LAUNCH_TPM_NONCE];
	gh_auto_buf policy = gh_buf(POLICY);
	int fd[PARTS + 1];
	bool ok = gh_launch_tpm_nonce(report, software, nonce);
	gh_b16(hex, (struct gh_span){ measurement, GH_LAUNCHLOG_DIGEST });
	gh_buf_fmt(&policy, "enrolled_by: [\"%s\"]\nlaunched: [\"%s\"]\n",
		   gh_service_home(d->run->service)->enrolled_by, hex);
	const struct gh_span bytes[PARTS + 1] = { d->quote.quote, d->quote.signature, d->quote.registers, d->quote.log,
						  gh_buf_view(&policy) };
	for (size_t i = 0; i <= PARTS; i++) {
		fd[i] = gh_deploy_memory(bytes[i], path[i]);
		ok = ok && fd[i] >= 0;
	}
	struct gh_attest_job job = { .kind = &gh_attest_tpm,
				     .evidence = path[0],
				     .endorsement = { path[1], path[2], path[3], d->enrolment },
				     .nendorsement = PARTS,
				     .policy = path[PARTS],
				     .nonce = { nonce, sizeof nonce },
				     .at = (int64_t)time(NULL) };
	enum gh_rc rc = ok ? gh_attest_see(&job, a, r, NULL, err) : gh_fail(err, GH_E_NOMEM, "memory for the quote");
	for (size_t i = 0; i <= PARTS; i++)
		if (fd[i] >= 0)
			(void)close(fd[i]);
	return rc;
}
