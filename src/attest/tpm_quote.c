#include "attest/tpm_quote.h"

#include "attest/ecdsa.h"
#include "attest/tpm_public.h"
#include "crypto/pubkey.h"

enum { MAGIC = 0xff544347, QUOTE = 0x8018, SELECTION = 132, LIST = 532 };

static struct gh_span tpm2b(struct gh_rd *rd) { return gh_rd_take(rd, gh_rd_u16be(rd)); }

static const char *read_banks(struct gh_rd *rd, struct gh_tpm_quote *o)
{
	uint32_t n = gh_rd_u32be(rd);
	if (rd->bad || n == 0 || n > GH_TPM_BANKS)
		return "it selects no bank of registers, or too many";
	for (o->nbanks = 0; o->nbanks < n; o->nbanks++) {
		unsigned b = o->nbanks;
		o->bank[b].alg = gh_rd_u16be(rd);
		uint8_t size = gh_rd_u8(rd);
		if (rd->bad || size > 4 || gh_tpm_digest_size(o->bank[b].alg) == 0)
			return "it selects registers of a bank that is not known";
		struct gh_span bits = gh_rd_take(rd, size);
		for (size_t i = 0; i < bits.n; i++)
			o->bank[b].selected |= (uint32_t)bits.p[i] << 8 * i;
		if (o->bank[b].selected >> GH_LOG_PCRS != 0)
			return "it selects registers that do not exist";
	}
	return NULL;
}

const char *gh_tpm_quote_read(struct gh_span bytes, struct gh_tpm_quote *o)
{
	struct gh_rd rd = gh_rd(bytes);
	memset(o, 0, sizeof *o);
	if (gh_rd_u32be(&rd) != MAGIC)
		return "it does not begin as what a TPM signs";
	if (gh_rd_u16be(&rd) != QUOTE)
		return "a TPM signed it, but it is no quote";
	o->signer = tpm2b(&rd);
	o->nonce = tpm2b(&rd);
	o->clock = gh_rd_u64be(&rd);
	o->resets = gh_rd_u32be(&rd);
	o->restarts = gh_rd_u32be(&rd);
	uint8_t safe = gh_rd_u8(&rd);
	o->safe = safe == 1;
	o->firmware = gh_rd_u64be(&rd);
	const char *wrong = rd.bad || safe > 1 ? "it is cut off or malformed" : read_banks(&rd, o);
	if (wrong != NULL)
		return wrong;
	o->digest = tpm2b(&rd);
	return gh_rd_done(&rd) ? NULL : "bytes are missing, or stand behind it";
}

uint16_t gh_tpm_hash_of(const struct gh_tpm_quote *q)
{
	return q->digest.n == 32   ? GH_TPM_SHA256
	       : q->digest.n == 48 ? GH_TPM_SHA384
	       : q->digest.n == 64 ? GH_TPM_SHA512
				   : 0;
}

/* ---- registers ------------------------------------------------------------------------------------------------------------- */
bool gh_tpm_pcrs_is(struct gh_span b)
{
	return b.n > SELECTION + 4 && (b.n - SELECTION - 4) % LIST == 0 && gh_le32(b.p) >= 1 && gh_le32(b.p) <= 16 &&
	       gh_le32(b.p + SELECTION) == (b.n - SELECTION - 4) / LIST;
}

const char *gh_tpm_pcrs_read(struct gh_span b, const struct gh_tpm_quote *q, struct gh_tpm_pcrs *o)
{
	if (!gh_tpm_pcrs_is(b) || gh_le32(b.p) != q->nbanks)
		return "the registers that were given are not those of the quote";
	size_t lists = gh_le32(b.p + SELECTION), list = 0, at = 0;
	for (unsigned k = 0; k < q->nbanks; k++) {
		const uint8_t *s = b.p + 4 + (size_t)8 * k;
		uint32_t bits = gh_le32(s + 3) & (s[2] >= 4 ? UINT32_MAX : ((uint32_t)1 << 8 * s[2]) - 1);
		if (gh_le16(s) != q->bank[k].alg || bits != q->bank[k].selected)
			return "the registers that were given are not those of the quote";
		for (unsigned i = 0; i < GH_LOG_PCRS; i++) {
			if ((bits >> i & 1) == 0)
				continue;
			while (list < lists && at == gh_le32(b.p + SELECTION + 4 + list * LIST)) {
				list++;
				at = 0;
			}
			if (list == lists || at >= 8)
				return "not all registers of the quote were given";
			const uint8_t *d = b.p + SELECTION + 4 + list * LIST + 4 + at++ * 66;
			if (gh_le16(d) != gh_tpm_digest_size(q->bank[k].alg))
				return "a register that was given has the wrong size";
			o->v[k][i] = (struct gh_span){ d + 2, gh_le16(d) };
		}
	}
	o->has = true;
	return NULL;
}

/* ---- signatures ------------------------------------------------------------------------------------------------------------ */
static bool md_of(uint16_t hash, enum gh_md *md)
{
	*md = hash == GH_TPM_SHA256 ? GH_MD_SHA256 : hash == GH_TPM_SHA384 ? GH_MD_SHA384 : GH_MD_SHA512;
	return hash == GH_TPM_SHA256 || hash == GH_TPM_SHA384 || hash == GH_TPM_SHA512;
}

/* Takes a TPMT_SIGNATURE apart; what is none of it is taken to be plain. False: it is one, and not such as it must be. */
static bool open_signature(bool rsa, uint16_t hash, uint16_t *scheme, struct gh_span *sig, uint8_t der[GH_ECDSA_DER])
{
	struct gh_rd rd = gh_rd(*sig);
	uint16_t said = gh_rd_u16be(&rd), h = gh_rd_u16be(&rd);
	if (said != GH_TPM_RSASSA && said != GH_TPM_RSAPSS && said != GH_TPM_ECDSA)
		return true; /* a plain RSA signature that begins like one is one in 2^30: it fails, no harm */
	bool ec = said == GH_TPM_ECDSA;
	struct gh_span one = tpm2b(&rd), two = ec ? tpm2b(&rd) : (struct gh_span){ 0 };
	if (!gh_rd_done(&rd) || h != hash || rsa == ec || (*scheme != 0 && *scheme != said))
		return false;
	*scheme = said;
	*sig = ec ? gh_attest_ecdsa(one, two, der) : one;
	return true;
}

enum gh_attest_outcome gh_tpm_verify(const struct gh_key *key, uint16_t scheme, uint16_t hash, struct gh_span msg,
				     struct gh_span sig)
{
	bool rsa = gh_key_kind(key) == GH_KEY_RSA;
	uint8_t der[GH_ECDSA_DER];
	enum gh_md md;
	if (!open_signature(rsa, hash, &scheme, &sig, der))
		return GH_AT_FAIL;
	if (!md_of(hash, &md))
		return GH_AT_UNKNOWN;
	enum gh_rc rc = rsa && scheme == GH_TPM_RSAPSS ? gh_key_verify_pss(key, md, msg, sig, NULL)
						       : gh_key_verify_with(key, md, msg, sig, NULL);
	return rc == GH_OK ? GH_AT_PASS : GH_AT_FAIL;
}
