#include "crypto/sigstore/checks.h"

#include <stdarg.h>
#include <stdio.h>

static const struct {
	const char *name, *about;
} rows[GH_VC_CHECKS] = {
	[GH_VC_BUNDLE] = { "bundle", "the bundle is well-formed and of a known version" },
	[GH_VC_ROOT] = { "trusted-root", "the trusted root is well-formed" },
	[GH_VC_KEY] = { "key", "the bundle was made with the key that was given" },
	[GH_VC_TIMESTAMP] = { "timestamp", "a trusted authority saw the signature (RFC 3161)" },
	[GH_VC_PROMISE] = { "log-promise", "the log signed the time of the entry" },
	[GH_VC_TIME] = { "time", "a trusted time of signing is known" },
	[GH_VC_CHAIN] = { "certificate-chain", "the certificate leads to a trusted authority, at that time" },
	[GH_VC_USE] = { "certificate-use", "the certificate is for signing" },
	[GH_VC_SCT] = { "certificate-log", "the certificate was logged when it was issued (SCT)" },
	[GH_VC_IDENTITY] = { "identity", "the signer is who was asked for" },
	[GH_VC_ISSUER] = { "issuer", "who vouched for the signer is who was asked for" },
	[GH_VC_ENTRY] = { "log-entry", "the log entry is about this signature" },
	[GH_VC_INCLUSION] = { "log-inclusion", "the entry stands in the log" },
	[GH_VC_CHECKPOINT] = { "log-checkpoint", "the log signed its state" },
	[GH_VC_SIGNATURE] = { "signature", "the signature matches content and key" },
	[GH_VC_STATEMENT] = { "statement", "what was signed is a statement of the wanted kind" },
	[GH_VC_ARTIFACT] = { "artifact", "the artifact is what was signed" },
	[GH_VC_MODEL] = { "model-digest", "the signed digest is that of the signed list" },
	[GH_VC_SERIAL] = { "method", "files were digested in a way that is known here" },
	[GH_VC_IGNORED] = { "ignored-files", "what the signer left out holds nothing" },
	[GH_VC_FILES] = { "files", "every signed file is there, unchanged" },
	[GH_VC_UNSIGNED] = { "unsigned-files", "no file is there that was not signed" },
};

const char *gh_vcheck_name(enum gh_vcheck c) { return rows[c].name; }
const char *gh_vcheck_about(enum gh_vcheck c) { return rows[c].about; }

const char *gh_voutcome_name(enum gh_voutcome o)
{
	static const char *const names[GH_VC_OUTCOMES] = { "not reached", "pass", "fail", "skipped", "unknown" };
	return names[o];
}

/* May `o` replace what is known? */
static bool replaces(enum gh_voutcome was, enum gh_voutcome o)
{
	static const uint8_t weight[GH_VC_OUTCOMES] = {
		[GH_VC_NOT_REACHED] = 0, [GH_VC_SKIPPED] = 1, [GH_VC_PASS] = 2, [GH_VC_UNKNOWN] = 3, [GH_VC_FAIL] = 4
	};
	return weight[o] > weight[was];
}

void gh_vnote(struct gh_vchecks *c, enum gh_vcheck which, enum gh_voutcome o, const char *fmt, ...)
{
	va_list ap;
	if (!replaces(c->v[which].outcome, o))
		return;
	c->v[which].outcome = o;
	va_start(ap, fmt);
	(void)vsnprintf(c->v[which].detail, sizeof c->v[which].detail, fmt, ap);
	va_end(ap);
}

bool gh_vresult(struct gh_vchecks *c, enum gh_vcheck which, enum gh_rc rc, const struct gh_err *err)
{
	char why[GH_ERR_LINKS * GH_ERR_TEXT];
	if (rc == GH_OK) {
		gh_vnote(c, which, GH_VC_PASS, "%s", "");
		return true;
	}
	bool unknown = rc == GH_E_UNREAD || rc == GH_E_LIMIT || rc == GH_E_NOMEM || rc == GH_E_IO || rc == GH_E_BUG;
	gh_vnote(c, which, unknown ? GH_VC_UNKNOWN : GH_VC_FAIL, "%.190s", gh_err_line(err, why, sizeof why));
	return false;
}

bool gh_vfailed(const struct gh_vchecks *c)
{
	for (size_t i = 0; i < GH_VC_CHECKS; i++)
		if (c->v[i].outcome == GH_VC_FAIL)
			return true;
	return false;
}
