/* Mode "enrol", inside the worker: the certificate of an endorsement key and the public area of an attestation key are read here. */
#include "attest/tpm_enrol.h"
#include "attest/tpm_public.h"
#include "crypto/tpmcred.h"
#include "crypto/x509chain.h"
#include "scan/attest/enrol.h"
#include "scan/attest/enrol_side.h"
#include "scan/tool_side.h"
#include "wire/b64.h"

#include <string.h>

static enum gh_rc whole(struct gh_tool *t, uint64_t tag, struct gh_span *out, struct gh_err *err)
{
	for (size_t i = 0; i < t->nfile; i++) {
		struct gh_src_fd s;
		if (t->file[i].tag != tag)
			continue;
		if (t->file[i].size == 0 || t->file[i].size > GH_ENROL_FILE)
			return gh_fail(err, GH_E_MALFORMED, "a file of %llu bytes",
				       (unsigned long long)t->file[i].size);
		GH_TRY(gh_tool_open(t, i, &s, err), err, "input");
		*out = gh_keep(&t->arena, gh_src_window(&s.src, 0, (size_t)t->file[i].size));
		gh_src_fd_close(&s);
		return out->n == t->file[i].size ? GH_OK : gh_fail(err, GH_E_IO, "it cannot be read");
	}
	return gh_fail(err, GH_E_BUG, "a file is missing");
}

static enum gh_rc read_ak(struct gh_span b, struct gh_tpm_public *out, struct gh_err *err)
{
	const char *wrong = gh_tpm_public_read(b, out);
	wrong = wrong == NULL ? gh_tpm_public_attests(out) : wrong;
	return wrong == NULL ? GH_OK : gh_fail(err, GH_E_MALFORMED, "%s", wrong);
}

enum gh_rc gh_enrol_main(struct gh_tool *t, struct gh_err *err)
{
	struct gh_enrol_args args;
	struct gh_span ek, ak;
	struct gh_tpm_public p;
	gh_auto_key *key = NULL;
	gh_auto_certs c = { 0 };
	gh_auto_buf out = gh_buf(GH_TPM_CREDENTIAL_MAX), about = gh_buf(512), name = gh_buf(2 * GH_TPM_NAME + 2);
	if (t->args.n != sizeof args)
		return gh_fail(err, GH_E_BUG, "arguments of the wrong length");
	memcpy(&args, t->args.p, sizeof args);
	GH_TRY(whole(t, GH_ENROL_TAG_EK, &ek, err), err, "the endorsement key's certificate");
	GH_TRY(whole(t, GH_ENROL_TAG_AK, &ak, err), err, "the attestation key");
	const char *wrong = gh_tpm_ek_certificate(ek, &key);
	if (wrong != NULL)
		return gh_fail(err, GH_E_MALFORMED, "the endorsement key's certificate: %s", wrong);
	GH_TRY(read_ak(ak, &p, err), err, "the attestation key");
	GH_TRY(gh_tpm_credential(key, (struct gh_span){ p.name, p.nname }, args.secret, &out, err), err, "challenge");
	GH_TRY(gh_certs_add(&c, ek, err), err, "challenge");
	gh_cert_subject(c.v[0], &about);
	gh_b16_put(&name, (struct gh_span){ p.name, p.nname });
	gh_tool_say(t, GH_ENROL_SAY_NAME, NULL, 0, gh_buf_view(&name));
	gh_tool_say(t, GH_ENROL_SAY_ABOUT, NULL, 0, gh_buf_view(&about));
	gh_tool_say(t, GH_ENROL_SAY_CHALLENGE, NULL, 0, gh_buf_view(&out));
	return GH_OK;
}
