#include "attest/snp_crl.h"

#include "attest/roots.h"
#include "crypto/crl.h"
#include "wire/b64.h"
#include "wire/datetime.h"

struct search {
	const struct gh_cert *ark, *issuer;
	int64_t at;
	bool good, revoked, unread;
	const char *wrong; /* of a list of this root: why it does not count */
	int64_t when;
};

static void judge(struct search *s, const struct gh_crl *l)
{
	int64_t from = 0, to = 0;
	if (!gh_crl_names(l, s->ark))
		return;
	if (!gh_crl_signed(l, s->ark)) {
		s->wrong = "AMD's list is not signed by the root";
		s->when = -1;
	} else if (gh_crl_revokes(l, s->issuer) || gh_crl_revokes(l, s->ark)) {
		s->revoked = true;
	} else if (!gh_crl_window(l, &from, &to)) {
		s->wrong = "AMD's list does not say until when it may be used";
		s->when = -1;
	} else if (s->at < from || s->at > to) {
		s->wrong = s->at < from ? "AMD's list was issued only later," : "AMD's list expired";
		s->when = s->at < from ? from : to;
	} else {
		s->good = true;
	}
}

static void one(struct search *s, struct gh_span der)
{
	struct gh_crl *l = NULL;
	gh_auto_certs none = { 0 };
	if (gh_crl_read(der, &l, NULL) == GH_OK)
		judge(s, l);
	else if (gh_certs_add(&none, der, NULL) !=
		 GH_OK) /* certificates lie beside lists in directories of collateral */
		s->unread = true;
	gh_crl_free(l);
}

/* DER as AMD serves it, or PEM. Other collateral (Intel's JSON, for a kind that appraises both) is passed over. */
static void file(struct search *s, struct gh_span b, struct gh_arena *a)
{
	struct gh_span label, der;
	size_t at = 0;
	int more = 0;
	if (b.n > 1 && b.p[0] == 0x30 && b.p[1] >= 0x80) {
		one(s, b);
		return;
	}
	if (!gh_span_starts(b, "-----BEGIN"))
		return;
	while ((more = gh_pem_next(a, b, &at, &label, &der)) > 0)
		if (gh_span_is(label, "X509 CRL"))
			one(s, der);
	s->unread = s->unread || more < 0;
}

static void say(const struct search *s, bool demanded, const char *product, struct gh_attest_result *r)
{
	char t[GH_DATETIME_TEXT] = "";
	if (s->wrong != NULL && s->when >= 0)
		(void)gh_datetime_write(s->when, t);
	if (s->revoked)
		gh_attest_check(r, "crl", GH_AT_FAIL, "AMD revoked the certificate that issued this one (%s)", product);
	else if (s->good)
		gh_attest_check(r, "crl", GH_AT_PASS, "AMD's list for %s does not name the chain's certificates",
				product);
	else if (s->wrong != NULL)
		gh_attest_check(r, "crl", GH_AT_FAIL, "%s%s%s", s->wrong, t[0] != '\0' ? " " : "", t);
	else if (s->unread)
		gh_attest_check(r, "crl", GH_AT_UNKNOWN,
				"a file of --collateral that looks like a revocation list cannot be read");
	else
		gh_attest_check(r, "crl", demanded ? GH_AT_UNKNOWN : GH_AT_SKIPPED, "%s%s",
				demanded
					? "the policy demands AMD's revocation list: give it with --collateral, for "
					: "no revocation list was given; intermediates are pinned by their bytes, for ",
				product);
}

void gh_snp_crl(const struct gh_attest_question *q, const struct gh_snp_signer *signer, struct gh_attest_result *r)
{
	gh_auto_certs top = { 0 };
	bool demanded = gh_attest_flag(q->policy, "require_crl", false);
	if (q->ncollateral != 0 && (gh_certs_add(&top, gh_attest_root(signer->ark), NULL) != GH_OK ||
				    gh_certs_add(&top, gh_attest_root(signer->issuer), NULL) != GH_OK)) {
		gh_attest_check(r, "crl", GH_AT_UNKNOWN, "no memory");
		return;
	}
	struct search s = { .ark = top.v[0], .issuer = top.v[1], .at = q->at };
	for (size_t i = 0; i < q->ncollateral; i++)
		file(&s, q->collateral[i].bytes, r->arena);
	say(&s, demanded, gh_snp_products[signer->product], r);
}
