/* make.h - getting evidence: 64 bytes of report data go in, evidence and the endorsements that belong to it come out.
 *
 * One file per way of getting it (src/runtime/make_<how>.c: this room is pure, and makers reach devices), one row each in
 * src/runtime/makers.c. What comes out is what `gatehouse attest verify FILE --kind KIND --endorsements …` takes: the same bytes,
 * judged by the same pure functions (attest.h), on another machine.
 *
 * Class and kind are two fields. The kind says who appraises it ("snp", "tdx", "tpm", "software"); the class says what it can
 * amount to at best. A maker never decides what its evidence is worth: the class here is a forecast for choosing among makers,
 * and the appraisal's is the one that counts (a TPM whose endorsement key no pinned vendor vouches for makes class software).
 *
 * A maker trusts nobody with the report data: it writes them, and checks that they stand in what came back. It runs where the
 * evidence is wanted: configfs-tsm inside the confidential guest (no library, so the static stub can use it), the TPM in the
 * trusted launcher (tpm2-tss is loaded when it is asked for, and by nobody else). */
#ifndef GH_ATTEST_MAKE_H
#define GH_ATTEST_MAKE_H
#include "attest/attest.h"

enum {
	GH_MAKE_DATA = 64,	    /* bytes of report data */
	GH_MAKE_FILES = 8,	    /* endorsements of one piece of evidence */
	GH_MAKE_FILE_MAX = 1 << 20, /* bytes of the evidence, and of each endorsement (event logs) */
	GH_MAKE_ARENA = 16 << 20,   /* an arena of this cap is enough for any maker */
};

/* What a host is asked with. Zeroed is a good start: every field then means its default. */
struct gh_make_where {
	const char *tsm;  /* the configfs-tsm directory (/sys/kernel/config/tsm/report); a test's mock tree */
	const char *ccel; /* the CCEL event log (/sys/firmware/acpi/tables/data/CCEL); "": none is wanted */
	unsigned level;	  /* SEV-SNP: 0: the report is of the kernel's own privilege level; n: of VMPL n - 1 */
	const char *tcti; /* TPM: how to reach it, as tpm2-tss writes it ("device:/dev/tpmrm0", "swtpm:host=…") */
	uint32_t pcrs;	  /* TPM: bit i: PCR i of the SHA-256 bank is quoted; 0: 0 to 15 */
	const char
		*log; /* TPM: firmware's log (/sys/kernel/security/tpm0/binary_bios_measurements); "": none is wanted */
};

struct gh_make_result {
	const char *kind;				  /* a row of gh_attest_kinds[]: "snp" */
	enum gh_attest_class cls;			  /* at best; the appraisal decides */
	struct gh_span evidence;			  /* at most GH_MAKE_FILE_MAX */
	struct gh_attest_file endorsement[GH_MAKE_FILES]; /* names are of our making: "vcek.bin", "ak.pub" */
	size_t nendorsement;
	struct gh_span
		bound; /* what the appraiser has to demand: as --report-data (snp, tdx) or --nonce (tpm: SHA-256 of the data,
			       * since a TPM's qualifyingData holds no 64 bytes on every chip) */
};

struct gh_maker {
	const char *name;	  /* "tsm", "tpm" */
	const char *about;	  /* one line, for `gatehouse doctor` */
	enum gh_attest_class cls; /* at best */
	/* Could this host give it? Looks, and changes nothing. *why (static text): what was found, or what is missing. */
	bool (*there)(const struct gh_make_where *w, const char **why);
	/* Get it. Texts and bytes lie in the arena. GH_E_ABSENT: the host has no such thing; GH_E_IO: it failed, or did not answer
	 * for these data; GH_E_LIMIT; GH_E_NOMEM. Nothing is left behind on the host, whatever happens. */
	enum gh_rc (*make)(const struct gh_make_where *w, const uint8_t data[GH_MAKE_DATA], struct gh_arena *a,
			   struct gh_make_result *out, struct gh_err *err);
};
#endif
