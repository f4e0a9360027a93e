/* What launcher, stub and vault compute alike. */
#include "runtime/stub_proto.h"

#include <stdlib.h>

#include "crypto/hpke.h"
#include "crypto/mdstream.h"
#include "crypto/pubkey.h"
#include "crypto/secret.h"

static const char evidence_label[] = "gatehouse evidence v1", files_label[] = "gatehouse files v1";

bool gh_stub_report_data(const struct gh_stub_bind *b, uint8_t out[GH_STUB_REPORT_DATA])
{
	uint8_t m[sizeof evidence_label + GH_STUB_NONCE + GH_STUB_KEY + 2 * GH_STUB_DIGEST], *p = m, md[GH_MD_MAX];
	memcpy(p, evidence_label, sizeof evidence_label);
	memcpy(p += sizeof evidence_label, b->nonce, GH_STUB_NONCE);
	memcpy(p += GH_STUB_NONCE, b->key, GH_STUB_KEY);
	memcpy(p += GH_STUB_KEY, b->model, GH_STUB_DIGEST);
	memcpy(p + GH_STUB_DIGEST, b->policy, GH_STUB_DIGEST);
	if (!gh_md(GH_MD_SHA512, (struct gh_span){ m, sizeof m }, md))
		return false;
	memcpy(out, md, GH_STUB_REPORT_DATA);
	return true;
}

/* One part of a name: "", "." and ".." are none. */
static bool part_ok(const char *p, size_t n)
{
	return n != 0 && !(n == 1 && p[0] == '.') && !(n == 2 && p[0] == '.' && p[1] == '.');
}

bool gh_stub_name_ok(const char name[GH_STUB_NAME])
{
	const char *end = memchr(name, '\0', GH_STUB_NAME);
	if (end == NULL)
		return false;
	for (const char *p = end; p < name + GH_STUB_NAME; p++)
		if (*p != '\0')
			return false;
	for (const char *p = name; p < end; p++)
		if ((uint8_t)*p < 0x20 || *p == 0x7f || *p == '\\')
			return false;
	for (const char *p = name;; p++) {
		const char *slash = memchr(p, '/', (size_t)(end - p));
		const char *stop = slash == NULL ? end : slash;
		if (!part_ok(p, (size_t)(stop - p)))
			return false;
		if (slash == NULL)
			return true;
		p = slash;
	}
}

bool gh_stub_files(const struct gh_stub_file *f, size_t n, uint8_t out[GH_STUB_DIGEST])
{
	struct gh_mdstream *m = gh_mdstream_new(GH_MD_SHA256);
	uint8_t md[GH_MD_MAX];
	bool ok = m != NULL && gh_mdstream_start(m) &&
		  gh_mdstream_add(m, (struct gh_span){ (const uint8_t *)files_label, sizeof files_label }) &&
		  gh_mdstream_add(m, (struct gh_span){ (const uint8_t *)f, n * sizeof *f }) && gh_mdstream_end(m, md);
	gh_mdstream_free(m);
	if (ok)
		memcpy(out, md, GH_STUB_DIGEST);
	return ok;
}

void gh_stub_aad(const struct gh_stub_bind *b, const uint8_t evidence[GH_STUB_DIGEST], uint8_t out[GH_STUB_AAD])
{
	memcpy(out, "GHKEYS\0\1", 8);
	memcpy(out + 8, b, sizeof *b);
	memcpy(out + 8 + sizeof *b, evidence, GH_STUB_DIGEST);
}

bool gh_stub_seal(const struct gh_stub_bind *b, const uint8_t evidence[GH_STUB_DIGEST],
		  const struct gh_stub_blob_key *k, size_t n, uint8_t enc[GH_STUB_KEY], uint8_t *out)
{
	uint8_t aad[GH_STUB_AAD];
	if (n == 0 || n > GH_STUB_FILES)
		return false;
	gh_stub_aad(b, evidence, aad);
	return gh_hpke_seal(b->key, gh_span_str(GH_STUB_INFO), (struct gh_span){ aad, sizeof aad },
			    (struct gh_span){ (const uint8_t *)k, n * sizeof *k }, enc, out);
}

static const struct {
	enum gh_rc rc;
	const char *check, *text;
} whys[] = {
#define GH_X(name, rc, check, text) { rc, check, text },
	GH_STUB_WHYS(GH_X)
#undef GH_X
};

static size_t row(enum gh_stub_why w) { return (unsigned)w < GH_STUB_WHY_END ? (size_t)w : GH_STUB_WHY_PROTOCOL; }
const char *gh_stub_why_check(enum gh_stub_why w) { return whys[row(w)].check; }
const char *gh_stub_why_text(enum gh_stub_why w) { return whys[row(w)].text; }
enum gh_rc gh_stub_why_rc(enum gh_stub_why w) { return whys[row(w)].rc; }
