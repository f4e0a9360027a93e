#include "attest/tpm_public.h"

#include "attest/eventlog.h"
#include "crypto/ecraw.h"

/* TPMA_OBJECT, part 2, section 8.3.3.1. */
enum {
	FIXED_TPM = 1 << 1,
	FIXED_PARENT = 1 << 4,
	MADE_HERE = 1 << 5,
	RESTRICTED = 1 << 16,
	DECRYPTS = 1 << 17,
	SIGNS = 1 << 18,
};
/* Schemes besides those of the header. */
enum { RSAES = 0x15, ECDAA = 0x1a };

static struct gh_span tpm2b(struct gh_rd *rd) { return gh_rd_take(rd, gh_rd_u16be(rd)); }

bool gh_tpm_public_is(struct gh_span b)
{
	if (b.n < 16 || (size_t)(b.p[0] << 8 | b.p[1]) != b.n - 2)
		return false;
	unsigned type = (unsigned)(b.p[2] << 8 | b.p[3]);
	return type == GH_TPM_RSA || type == GH_TPM_ECC;
}

/* TPMT_SYM_DEF_OBJECT and TPMT_RSA_SCHEME / TPMT_ECC_SCHEME: what follows depends on what stands there. */
static void read_scheme(struct gh_rd *rd, struct gh_tpm_public *o)
{
	o->symmetric = gh_rd_u16be(rd);
	if (o->symmetric != GH_TPM_NULL) {
		o->symmetric_bits = gh_rd_u16be(rd);
		o->symmetric_mode = gh_rd_u16be(rd);
	}
	o->scheme = gh_rd_u16be(rd);
	if (o->scheme != GH_TPM_NULL && o->scheme != RSAES)
		o->hash = gh_rd_u16be(rd);
	if (o->scheme == ECDAA)
		(void)gh_rd_u16be(rd);
}

static void read_ecc(struct gh_rd *rd, struct gh_tpm_public *o)
{
	o->curve = gh_rd_u16be(rd);
	if (gh_rd_u16be(rd) !=
	    GH_TPM_NULL) /* key derivation: none of the keys that are served has one, skipped if so */
		(void)gh_rd_u16be(rd);
	o->x = tpm2b(rd);
	o->y = tpm2b(rd);
}

static void read_rsa(struct gh_rd *rd, struct gh_tpm_public *o)
{
	uint16_t bits = gh_rd_u16be(rd);
	o->exponent = gh_rd_u32be(rd);
	o->exponent = o->exponent == 0 ? 65537 : o->exponent;
	o->n = tpm2b(rd);
	if (o->n.n * 8 != bits)
		rd->bad = true;
}

const char *gh_tpm_public_read(struct gh_span b, struct gh_tpm_public *o)
{
	struct gh_rd rd = gh_rd(b);
	memset(o, 0, sizeof *o);
	struct gh_span area = tpm2b(&rd);
	if (!gh_rd_done(&rd))
		return "it is no TPM2B_PUBLIC, to its last byte";
	rd = gh_rd(area);
	o->type = gh_rd_u16be(&rd);
	o->name_alg = gh_rd_u16be(&rd);
	o->attributes = gh_rd_u32be(&rd);
	(void)tpm2b(&rd); /* authPolicy */
	if (rd.bad || (o->type != GH_TPM_RSA && o->type != GH_TPM_ECC))
		return "it is the public area of neither an RSA nor an ECC key";
	read_scheme(&rd, o);
	if (o->type == GH_TPM_RSA)
		read_rsa(&rd, o);
	else
		read_ecc(&rd, o);
	if (!gh_rd_done(&rd))
		return "its public area is cut off, or bytes stand behind it";
	size_t n = gh_tpm_digest_size(o->name_alg);
	if (n < 32 || !gh_tpm_digest(o->name_alg, area, o->name + 2))
		return "its name algorithm is none of SHA-256, SHA-384 and SHA-512";
	o->name[0] = (uint8_t)(o->name_alg >> 8);
	o->name[1] = (uint8_t)o->name_alg;
	o->nname = 2 + n;
	return NULL;
}

/* TPMs may leave out leading zeros. */
static bool padded(uint8_t *out, size_t n, struct gh_span s)
{
	if (s.n > n)
		return false;
	memset(out, 0, n - s.n);
	memcpy(out + n - s.n, s.p, s.n);
	return true;
}

enum gh_rc gh_tpm_public_key(const struct gh_tpm_public *p, struct gh_key **out, struct gh_err *err)
{
	uint8_t buf[GH_RSA_SPKI], e[4];
	*out = NULL;
	if (p->type == GH_TPM_RSA) {
		size_t skip = 0;
		for (size_t i = 0; i < 4; i++)
			e[i] = (uint8_t)(p->exponent >> (24 - 8 * i));
		while (skip < 3 && e[skip] == 0)
			skip++;
		struct gh_span der = gh_attest_rsa(p->n, (struct gh_span){ e + skip, 4 - skip }, buf);
		return der.n != 0 ? gh_key_public(der, out, err)
				  : gh_fail(err, GH_E_UNREAD, "an RSA key of another size than 2048 to 4096 bits");
	}
	size_t half = p->curve == GH_TPM_P256 ? 32 : p->curve == GH_TPM_P384 ? 48 : 0;
	if (half == 0 || !padded(buf, half, p->x) || !padded(buf + half, half, p->y))
		return gh_fail(err, GH_E_UNREAD, "a curve other than P-256 and P-384");
	return gh_ec_point(half == 32 ? GH_KEY_P256 : GH_KEY_P384, (struct gh_span){ buf, 2 * half }, out, err);
}

const char *gh_tpm_public_attests(const struct gh_tpm_public *p)
{
	static const struct {
		uint32_t bit;
		bool set;
		const char *what;
	} rules[] = {
		{ FIXED_TPM, true, "it may leave its TPM (fixedTPM is not set)" },
		{ FIXED_PARENT, true, "it may leave its parent (fixedParent is not set)" },
		{ MADE_HERE, true, "it was made outside of the TPM (sensitiveDataOrigin is not set)" },
		{ RESTRICTED, true, "it signs anything, not only what the TPM made (restricted is not set)" },
		{ SIGNS, true, "it does not sign (sign is not set)" },
		{ DECRYPTS, false, "it decrypts (decrypt is set)" },
	};
	for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++)
		if (((p->attributes & rules[i].bit) != 0) != rules[i].set)
			return rules[i].what;
	return NULL;
}
