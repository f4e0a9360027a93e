#include "attest/eventlog.h"

#include "crypto/pubkey.h"
#include "wire/sha1.h"

enum {
	EV_NO_ACTION = 3,
	EV_SEPARATOR = 4,
};
#define EV_EFI_VARIABLE_DRIVER_CONFIG 0x80000001u

size_t gh_tpm_digest_size(uint16_t alg)
{
	switch (alg) {
	case GH_TPM_SHA1: return 20;
	case GH_TPM_SHA256: return 32;
	case GH_TPM_SHA384: return 48;
	case GH_TPM_SHA512: return 64;
	default: return 0;
	}
}

bool gh_tpm_digest(uint16_t alg, struct gh_span s, uint8_t out[GH_LOG_DIGEST])
{
	uint8_t md[GH_MD_MAX];
	size_t n = gh_tpm_digest_size(alg);
	if (alg == GH_TPM_SHA1) {
		struct gh_sha1 h = gh_sha1();
		gh_sha1_put(&h, s);
		gh_sha1_end(&h, md);
	} else if (n == 0 || !gh_md(n == 32 ? GH_MD_SHA256 : n == 48 ? GH_MD_SHA384 : GH_MD_SHA512, s, md)) {
		return false;
	}
	memcpy(out, md, n);
	return true;
}

/* PCR = H(PCR || digest) */
static bool extend(struct gh_eventlog *l, unsigned a, unsigned pcr, struct gh_span digest)
{
	uint8_t both[2 * GH_LOG_DIGEST];
	size_t n = l->alg[a].size;
	memcpy(both, l->alg[a].pcr[pcr], n);
	memcpy(both + n, digest.p, n);
	return gh_tpm_digest(l->alg[a].id, (struct gh_span){ both, 2 * n }, l->alg[a].pcr[pcr]);
}

struct event {
	uint32_t pcr, type;
	struct gh_span digest[GH_LOG_ALGS]; /* by the place of the algorithm in the header */
	struct gh_span data;
};

/* "SecureBoot" of UEFI_VARIABLE_DATA: GUID, u64 characters, u64 bytes, name in UTF-16, data. */
static void variable(struct gh_eventlog *l, const struct event *e)
{
	static const char name[] = "S\0e\0c\0u\0r\0e\0B\0o\0o\0t";
	struct gh_rd rd = gh_rd(e->data);
	(void)gh_rd_take(&rd, 16);
	uint64_t chars = gh_rd_u64le(&rd), bytes = gh_rd_u64le(&rd);
	if (chars != 10)
		return;
	struct gh_span text = gh_rd_take(&rd, 20), value = gh_rd_take(&rd, bytes);
	if (gh_rd_done(&rd) && memcmp(text.p, name, 20) == 0)
		l->secure_boot = value.n == 1 && value.p[0] == 1;
}

/* Is the data what was measured, by every algorithm that is known? */
static bool measured(const struct gh_eventlog *l, const struct event *e)
{
	uint8_t md[GH_LOG_DIGEST];
	bool any = false;
	for (unsigned a = 0; a < l->nalgs; a++) {
		if (!l->alg[a].replayed)
			continue;
		if (!gh_tpm_digest(l->alg[a].id, e->data, md) || memcmp(md, e->digest[a].p, l->alg[a].size) != 0)
			return false;
		any = true;
	}
	return any;
}

static const char *apply(struct gh_eventlog *l, const struct event *e)
{
	if (e->type == EV_NO_ACTION) { /* measures nothing, but may say with which locality PCR 0 began */
		bool locality = e->pcr == 0 && e->data.n == 17 && memcmp(e->data.p, "StartupLocality", 16) == 0;
		if (locality && (l->touched & 1) != 0)
			return "the start-up locality stands behind events of PCR 0";
		for (unsigned a = 0; locality && a < l->nalgs; a++)
			l->alg[a].pcr[0][l->alg[a].size - 1] = e->data.p[16];
		return NULL;
	}
	if (e->pcr >= GH_LOG_PCRS)
		return "an event of a register that does not exist";
	for (unsigned a = 0; a < l->nalgs; a++)
		if (l->alg[a].replayed && !extend(l, a, e->pcr, e->digest[a]))
			return "a digest cannot be computed";
	l->touched |= (uint32_t)1 << e->pcr;
	l->nevents++;
	if (e->type == EV_SEPARATOR && l->separators[e->pcr] < 255)
		l->separators[e->pcr]++;
	if (e->type == EV_SEPARATOR || e->type == EV_EFI_VARIABLE_DRIVER_CONFIG) {
		bool fits = measured(l, e);
		l->mismatch = l->mismatch || !fits;
		if (fits && e->type == EV_EFI_VARIABLE_DRIVER_CONFIG)
			variable(l, e);
	}
	return NULL;
}

/* u32 pcr, u32 type, SHA-1, u32 size, data: the header, and every record of an old log. */
static bool record1(struct gh_rd *rd, struct event *e)
{
	e->pcr = gh_rd_u32le(rd);
	e->type = gh_rd_u32le(rd);
	e->digest[0] = gh_rd_take(rd, 20);
	e->data = gh_rd_take(rd, gh_rd_u32le(rd));
	return !rd->bad;
}

static const char *record2(struct gh_rd *rd, const struct gh_eventlog *l, struct event *e)
{
	unsigned have = 0;
	e->pcr = gh_rd_u32le(rd);
	e->type = gh_rd_u32le(rd);
	uint32_t n = gh_rd_u32le(rd);
	if (rd->bad || n != l->nalgs)
		return "a record has not one digest of each algorithm";
	for (uint32_t i = 0; i < n; i++) {
		uint16_t id = gh_rd_u16le(rd);
		unsigned a = 0;
		while (a < l->nalgs && l->alg[a].id != id)
			a++;
		if (a == l->nalgs || (have >> a & 1) != 0)
			return "a record has a digest of an algorithm that the header does not name, or two of one";
		have |= 1u << a;
		e->digest[a] = gh_rd_take(rd, l->alg[a].size);
	}
	e->data = gh_rd_take(rd, gh_rd_u32le(rd));
	return rd->bad ? "a record is longer than the log" : NULL;
}

static bool spec_id(struct gh_span data) { return data.n >= 16 && memcmp(data.p, "Spec ID Event03", 16) == 0; }

/* TCG_EfiSpecIdEvent: signature, class, version, size of UINTN, algorithms, vendor information. */
static const char *read_header(struct gh_span data, struct gh_eventlog *l)
{
	struct gh_rd rd = gh_rd(data);
	(void)gh_rd_take(&rd, 16 + 4 + 4);
	uint32_t n = gh_rd_u32le(&rd);
	if (rd.bad || n == 0 || n > GH_LOG_ALGS)
		return "the header names no algorithms, or too many";
	for (uint32_t i = 0; i < n; i++) {
		l->alg[i].id = gh_rd_u16le(&rd);
		l->alg[i].size = gh_rd_u16le(&rd);
		size_t known = gh_tpm_digest_size(l->alg[i].id);
		if (l->alg[i].size == 0 || l->alg[i].size > GH_LOG_DIGEST || (known != 0 && known != l->alg[i].size))
			return "the header has a digest of the wrong size";
		l->alg[i].replayed = known != 0;
		for (uint32_t k = 0; k < i; k++)
			if (l->alg[k].id == l->alg[i].id)
				return "the header names an algorithm twice";
	}
	l->nalgs = n;
	(void)gh_rd_take(&rd, gh_rd_u8(&rd));
	return gh_rd_done(&rd) ? NULL : "the header has the wrong length";
}

/* Nothing but 0xff, or nothing but zeros, to the end: room that firmware left. */
static bool padding(struct gh_span s)
{
	uint8_t first = s.n == 0 ? 0 : s.p[0];
	if (first != 0 && first != 0xff)
		return false;
	for (size_t i = 1; i < s.n; i++)
		if (s.p[i] != first)
			return false;
	return true;
}

const char *gh_eventlog_read(struct gh_span log, struct gh_eventlog *l)
{
	struct gh_rd rd = gh_rd(log);
	struct event e = { 0 };
	memset(l, 0, sizeof *l);
	l->secure_boot = -1;
	if (!record1(&rd, &e))
		return "it is too short for a log";
	bool agile = e.type == EV_NO_ACTION && spec_id(e.data);
	l->nalgs = 1;
	l->alg[0].id = GH_TPM_SHA1;
	l->alg[0].size = 20;
	l->alg[0].replayed = true;
	const char *wrong = agile ? read_header(e.data, l) : apply(l, &e);
	for (uint32_t n = 0; wrong == NULL && gh_rd_left(&rd) != 0; n++) {
		struct gh_span rest = gh_span_cut(log, rd.off, log.n);
		if ((rest.p[0] == 0xff || gh_span_eq(gh_span_cut(rest, 0, 12), GH_SPAN("\0\0\0\0\0\0\0\0\0\0\0\0"))) &&
		    padding(rest)) {
			l->padding = rest.n;
			return NULL;
		}
		if (n == GH_LOG_EVENTS)
			return "it has more events than are read";
		wrong = agile ? record2(&rd, l, &e) : record1(&rd, &e) ? NULL : "a record is longer than the log";
		wrong = wrong == NULL ? apply(l, &e) : wrong;
	}
	return wrong;
}

bool gh_eventlog_is(struct gh_span s)
{
	struct gh_rd rd = gh_rd(s);
	struct event e = { 0 };
	return record1(&rd, &e) && e.pcr < GH_LOG_PCRS &&
	       (spec_id(e.data) || (e.type != 0 && e.type < 0x13) || e.type >> 31 != 0);
}

struct gh_span gh_eventlog_pcr(const struct gh_eventlog *l, uint16_t alg, unsigned pcr)
{
	for (unsigned a = 0; pcr < GH_LOG_PCRS && a < l->nalgs; a++)
		if (l->alg[a].id == alg && l->alg[a].replayed)
			return (struct gh_span){ l->alg[a].pcr[pcr], l->alg[a].size };
	return (struct gh_span){ 0 };
}
