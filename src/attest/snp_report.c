#include "attest/snp_report.h"

const char *const gh_snp_tcb_names[GH_SNP_TCB] = { "fmc", "boot_loader", "tee", "snp", "microcode" };
const char *const gh_snp_products[GH_SNP_PRODUCTS + 1] = { "milan", "genoa", "turin", "unknown" };

/* Where a TCB's components stand; -1: the product has none. What no component names is reserved. */
static const signed char tcb_at[GH_SNP_PRODUCTS][GH_SNP_TCB] = {
	[GH_SNP_MILAN] = { -1, 0, 1, 6, 7 },
	[GH_SNP_GENOA] = { -1, 0, 1, 6, 7 },
	[GH_SNP_TURIN] = { 0, 1, 2, 3, 7 },
};

static bool zero(struct gh_span s)
{
	uint8_t any = 0;
	for (size_t i = 0; i < s.n; i++)
		any |= s.p[i];
	return any == 0;
}

/* Flags and keys: bits that have no meaning in the versions we know must not be set. */
static const char *read_key_info(uint32_t info, struct gh_snp_report *o)
{
	o->author_key = (info & 1) != 0;
	o->mask_chip = (info >> 1 & 1) != 0;
	o->signing_key = info >> 2 & 7;
	if (info >> 5 != 0)
		return "reserved bits of KEY_INFO are set";
	if (o->signing_key == 7)
		return "it says that no key signed it";
	return o->signing_key > GH_SNP_VLEK ? "it was signed by a key of a kind that is not known" : NULL;
}

static const char *read_head(struct gh_rd *rd, struct gh_snp_report *o)
{
	o->version = gh_rd_u32le(rd);
	if (o->version < 2 || o->version > 5)
		return "its version is none of 2 to 5";
	o->guest_svn = gh_rd_u32le(rd);
	o->policy = gh_rd_u64le(rd);
	o->family_id = gh_rd_take(rd, 16);
	o->image_id = gh_rd_take(rd, 16);
	o->vmpl = gh_rd_u32le(rd);
	uint32_t algorithm = gh_rd_u32le(rd);
	o->current = gh_rd_take(rd, 8);
	o->platform = gh_rd_u64le(rd);
	const char *wrong = read_key_info(gh_rd_u32le(rd), o);
	if (wrong != NULL)
		return wrong;
	if (algorithm != 1)
		return "its signature algorithm is not ECDSA P-384 with SHA-384";
	if (o->vmpl > 3)
		return "VMPL is above 3";
	if ((o->policy >> 26) != 0 || (o->policy >> GH_SNP_ONE & 1) != 1)
		return "reserved bits of POLICY are not as they must be";
	if ((o->platform & ~(uint64_t)0xbf) != 0)
		return "reserved bits of PLATFORM_INFO are set";
	return gh_rd_u32le(rd) == 0 ? NULL : "reserved bytes at 0x4c are not zero";
}

static const char *read_cpuid(struct gh_rd *rd, struct gh_snp_report *o)
{
	struct gh_span cpuid = gh_rd_take(rd, 3);
	if (o->version == 2)
		return zero(cpuid) ? NULL : "a report of version 2 has no CPUID, but bytes stand there";
	o->family = cpuid.p[0];
	o->model = cpuid.p[1];
	o->stepping = cpuid.p[2];
	return NULL;
}

static const char *read_rest(struct gh_rd *rd, struct gh_snp_report *o)
{
	o->chip_id = gh_rd_take(rd, 64);
	o->committed = gh_rd_take(rd, 8);
	o->current_build = gh_rd_take(rd, 3);
	bool clean = gh_rd_u8(rd) == 0;
	o->committed_build = gh_rd_take(rd, 3);
	clean = gh_rd_u8(rd) == 0 && clean;
	o->launch = gh_rd_take(rd, 8);
	o->mit_launch = gh_rd_take(rd, 8);
	o->mit_current = gh_rd_take(rd, 8);
	clean = zero(gh_rd_take(rd, 152)) && clean;
	if (!clean || (o->version < 5 && (!zero(o->mit_launch) || !zero(o->mit_current))))
		return "reserved bytes between 0x1e8 and 0x2a0 are not zero";
	return NULL;
}

static const char *read_signature(struct gh_rd *rd, struct gh_snp_report *o)
{
	o->r = gh_rd_take(rd, 48);
	bool clean = zero(gh_rd_take(rd, 24));
	o->s = gh_rd_take(rd, 48);
	clean = zero(gh_rd_take(rd, 24)) && clean;
	clean = zero(gh_rd_take(rd, 368)) && clean;
	if (!gh_rd_done(rd))
		return "its length is not 1184 bytes";
	return clean ? NULL : "bytes beside the signature, which it does not cover, are not zero";
}

const char *gh_snp_read(struct gh_span bytes, struct gh_snp_report *o)
{
	memset(o, 0, sizeof *o);
	if (bytes.n != GH_SNP_REPORT)
		return "its length is not 1184 bytes";
	struct gh_rd rd = gh_rd(bytes);
	const char *wrong = read_head(&rd, o);
	if (wrong != NULL)
		return wrong;
	o->report_data = gh_rd_take(&rd, 64);
	o->measurement = gh_rd_take(&rd, 48);
	o->host_data = gh_rd_take(&rd, 32);
	o->id_key = gh_rd_take(&rd, 48);
	o->author_key_digest = gh_rd_take(&rd, 48);
	o->report_id = gh_rd_take(&rd, 32);
	o->report_id_ma = gh_rd_take(&rd, 32);
	o->reported = gh_rd_take(&rd, 8);
	wrong = read_cpuid(&rd, o);
	if (wrong != NULL)
		return wrong;
	if (!zero(gh_rd_take(&rd, 21)))
		return "reserved bytes at 0x18b are not zero";
	wrong = read_rest(&rd, o);
	o->covered = gh_span_cut(bytes, 0, GH_SNP_SIGNED);
	return wrong != NULL ? wrong : read_signature(&rd, o);
}

enum gh_snp_product gh_snp_product(const struct gh_snp_report *r)
{
	static const struct {
		uint8_t family, from, to;
		enum gh_snp_product product;
	} models[] = {
		{ 0x19, 0x00, 0x0f, GH_SNP_MILAN },
		{ 0x19, 0x10, 0x1f, GH_SNP_GENOA },
		{ 0x19, 0xa0, 0xaf, GH_SNP_GENOA },
		{ 0x1a, 0x00, 0x11, GH_SNP_TURIN },
	};
	for (size_t i = 0; r->version >= 3 && i < sizeof models / sizeof models[0]; i++)
		if (r->family == models[i].family && r->model >= models[i].from && r->model <= models[i].to)
			return models[i].product;
	return GH_SNP_UNKNOWN;
}

bool gh_snp_tcb(enum gh_snp_product p, struct gh_span tcb, uint8_t out[GH_SNP_TCB])
{
	uint8_t used[8] = { 0 };
	memset(out, 0, GH_SNP_TCB);
	if (p >= GH_SNP_PRODUCTS || tcb.n != 8)
		return false;
	for (size_t i = 0; i < GH_SNP_TCB; i++) {
		if (tcb_at[p][i] < 0)
			continue;
		out[i] = tcb.p[tcb_at[p][i]];
		used[tcb_at[p][i]] = 1;
	}
	for (size_t i = 0; i < 8; i++)
		if (used[i] == 0 && tcb.p[i] != 0)
			return false;
	return true;
}
