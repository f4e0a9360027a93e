/* Evidence of a machine with a TPM 2.0: a quote over PCRs (TPM 2.0 Library, part 3, TPM2_Quote), its signature, the registers and the
 * firmware's log, in the forms that tpm2-tools write and `gatehouse attest verify --kind tpm` reads.
 *
 * A quote's qualifyingData holds no more than a digest on every chip, so what is bound there is SHA-256 of the report data. */
#include "runtime/makers.h"

#include "crypto/pubkey.h"
#include "runtime/tss.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define LOG "/sys/kernel/security/tpm0/binary_bios_measurements"
enum {
	PCRS = 24,
	DEFAULT_PCRS = 0xffff,
	ROUNDS = 16, /* PCR_Read gives up to eight at a time, and may give fewer */
	LISTS = 3,   /* of eight registers each */
	FILE_LISTS = sizeof(TPML_PCR_SELECTION) + 4 + LISTS * sizeof(TPML_DIGEST),
};

static TPML_PCR_SELECTION selection(uint32_t pcrs)
{
	TPML_PCR_SELECTION s = { .count = 1 };
	s.pcrSelections[0] = (TPMS_PCR_SELECTION){ .hash = TPM2_ALG_SHA256, .sizeofSelect = 3 };
	for (unsigned i = 0; i < 3; i++)
		s.pcrSelections[0].pcrSelect[i] = (uint8_t)(pcrs >> 8 * i);
	return s;
}

static void add(struct gh_make_result *out, const char *name, struct gh_span bytes)
{
	out->endorsement[out->nendorsement++] = (struct gh_attest_file){ .name = gh_span_str(name), .bytes = bytes };
}

/* ---- registers ------------------------------------------------------------------------------------------------------------ */

/* In the TPM's order, lowest number first. */
static enum gh_rc read_registers(struct gh_tss *t, uint32_t pcrs, TPM2B_DIGEST value[PCRS], struct gh_err *err)
{
	for (unsigned round = 0; pcrs != 0; round++) {
		TPML_PCR_SELECTION want = selection(pcrs), *got = NULL;
		TPML_DIGEST *list = NULL;
		uint32_t counter = 0, have = 0;
		TSS2_RC rc = t->Esys_PCR_Read(t->ctx, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, &want, &counter, &got,
					      &list);
		if (rc != TSS2_RC_SUCCESS)
			return gh_tss_said(rc, "reading registers", err);
		for (unsigned i = 0; i < 3 && got->count == 1; i++)
			have |= (uint32_t)got->pcrSelections[0].pcrSelect[i] << 8 * i;
		have &= pcrs;
		unsigned k = 0;
		for (unsigned i = 0; i < PCRS; i++)
			if ((have >> i & 1) != 0 && k < list->count && list->digests[k].size == 32)
				value[i] = list->digests[k++];
		bool whole = have != 0 && k == (unsigned)__builtin_popcount(have);
		t->Esys_Free(got);
		t->Esys_Free(list);
		if (!whole || round == ROUNDS)
			return gh_fail(err, GH_E_IO,
				       "TPM: it has no SHA-256 bank with all registers that are asked for");
		pcrs &= ~have;
	}
	return GH_OK;
}

/* The file of `tpm2_quote -o`: the selection and lists of eight digests, as they lie in memory on a little-endian machine. */
static enum gh_rc registers(struct gh_tss *t, uint32_t pcrs, struct gh_arena *a, struct gh_make_result *out,
			    struct gh_err *err)
{
	TPM2B_DIGEST value[PCRS] = { 0 };
	TPML_PCR_SELECTION s = selection(pcrs);
	uint32_t lists = ((uint32_t)__builtin_popcount(pcrs) + 7) / 8;
	uint8_t *p = gh_alloc(a, FILE_LISTS, 1);
	TPML_DIGEST list = { 0 };
	if (p == NULL)
		return gh_fail(err, GH_E_NOMEM, "no memory for registers");
	GH_TRY(read_registers(t, pcrs, value, err), err, "quote");
	memcpy(p, &s, sizeof s);
	memcpy(p + sizeof s, &lists, 4);
	size_t n = sizeof s + 4;
	for (unsigned i = 0; i < PCRS; i++) {
		if ((pcrs >> i & 1) != 0)
			list.digests[list.count++] = value[i];
		if (list.count == 8 || (i == PCRS - 1 && list.count != 0)) {
			memcpy(p + n, &list, sizeof list);
			n += sizeof list;
			list = (TPML_DIGEST){ 0 };
		}
	}
	add(out, "pcrs.bin", (struct gh_span){ p, n });
	return GH_OK;
}

/* ---- the quote ------------------------------------------------------------------------------------------------------------- */
static enum gh_rc quote(struct gh_tss *t, uint32_t pcrs, struct gh_arena *a, struct gh_make_result *out,
			struct gh_err *err)
{
	static const TPMT_SIG_SCHEME own = { .scheme = TPM2_ALG_NULL };
	TPM2B_DATA data = { .size = 32 };
	TPML_PCR_SELECTION s = selection(pcrs);
	TPM2B_ATTEST *said = NULL;
	TPMT_SIGNATURE *sig = NULL;
	ESYS_TR ak = ESYS_TR_NONE;
	struct gh_span pub = { 0 }, kept = { 0 };
	uint8_t *room = gh_alloc(a, sizeof *sig, 1);
	size_t n = 0;
	if (room == NULL)
		return gh_fail(err, GH_E_NOMEM, "no memory for a signature");
	GH_TRY(gh_tss_ak(t, &ak, a, &pub, err), err, "quote");
	memcpy(data.buffer, out->bound.p, 32);
	TSS2_RC rc = t->Esys_Quote(t->ctx, ak, ESYS_TR_PASSWORD, ESYS_TR_NONE, ESYS_TR_NONE, &data, &own, &s, &said,
				   &sig);
	gh_tss_drop(t, &ak);
	if (rc == TSS2_RC_SUCCESS)
		rc = t->Tss2_MU_TPMT_SIGNATURE_Marshal(sig, room, sizeof *sig, &n);
	if (rc == TSS2_RC_SUCCESS)
		kept = gh_keep(a, (struct gh_span){ said->attestationData, said->size });
	if (sig != NULL)
		t->Esys_Free(sig);
	if (said != NULL)
		t->Esys_Free(said);
	GH_TRY(gh_tss_said(rc, "the quote", err), err, "quote");
	if (kept.p == NULL)
		return gh_fail(err, GH_E_NOMEM, "no memory for a quote");
	out->evidence = kept;
	add(out, "ak.pub", pub);
	add(out, "quote.sig", (struct gh_span){ room, n });
	return GH_OK;
}

/* Kept by the kernel from before it took over; readable for root only, and no part of what is signed: without it the quote is
 * as good, and what the registers hold is not explained. */
static void event_log(const struct gh_make_where *w, struct gh_arena *a, struct gh_make_result *out)
{
	const char *path = w->log == NULL ? LOG : w->log;
	int fd = path[0] == '\0' ? -1 : open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	uint8_t *room = fd < 0 ? NULL : gh_alloc(a, GH_MAKE_FILE_MAX, 1);
	size_t n = 0;
	ssize_t k = 0;
	while (room != NULL && n < GH_MAKE_FILE_MAX && (k = read(fd, room + n, GH_MAKE_FILE_MAX - n)) > 0)
		n += (size_t)k;
	if (fd >= 0)
		close(fd);
	if (k == 0 && n != 0 && n < GH_MAKE_FILE_MAX) /* half a log would be taken for a wrong one */
		add(out, "eventlog.bin", (struct gh_span){ room, n });
}

static enum gh_rc make(const struct gh_make_where *w, const uint8_t data[GH_MAKE_DATA], struct gh_arena *a,
		       struct gh_make_result *out, struct gh_err *err)
{
	gh_auto_tss t = { 0 };
	uint8_t md[GH_MD_MAX];
	uint32_t pcrs = w->pcrs == 0 ? DEFAULT_PCRS : w->pcrs;
	memset(out, 0, sizeof *out);
	if (pcrs >> PCRS != 0)
		return gh_fail(err, GH_E_BUG, "there are PCRs 0 to %d", PCRS - 1);
	if (!gh_md(GH_MD_SHA256, (struct gh_span){ data, GH_MAKE_DATA }, md))
		return gh_fail(err, GH_E_BUG, "no digest can be made");
	out->kind = "tpm";
	out->cls = GH_AC_TPM;
	out->bound = gh_keep(a, (struct gh_span){ md, 32 });
	if (out->bound.p == NULL)
		return gh_fail(err, GH_E_NOMEM, "no memory");
	GH_TRY(gh_tss_open(&t, w->tcti, err), err, "quote");
	GH_TRY(quote(&t, pcrs, a, out, err), err, "evidence");
	GH_TRY(registers(&t, pcrs, a, out, err), err, "evidence");
	event_log(w, a, out);
	return GH_OK;
}

static bool there(const struct gh_make_where *w, const char **why)
{
	if (w->tcti != NULL) {
		*why = "a TPM was named; whether it answers shows when it is asked";
		return true;
	}
	const char *const device = &GH_TSS_TCTI[strlen("device:")];
	if (access(device, R_OK | W_OK) == 0)
		*why = "the kernel has a TPM 2.0";
	else if (errno == ENOENT)
		*why = "no TPM 2.0: the kernel has no resource manager for one";
	else
		*why = "there is a TPM 2.0, and this user may not use it (group tss)";
	return access(device, R_OK | W_OK) == 0;
}

const struct gh_maker gh_make_tpm = {
	.name = "tpm",
	.about = "a quote of a TPM 2.0 over its registers, through tpm2-tss",
	.cls = GH_AC_TPM,
	.there = there,
	.make = make,
};
