/* snp_report.h - the attestation report of SEV-SNP, read to its last byte (AMD 56860, SEV-SNP firmware ABI, table "ATTESTATION_REPORT").
 * Little-endian. Spans lie in the bytes that were read. */
#ifndef GH_ATTEST_SNP_REPORT_H
#define GH_ATTEST_SNP_REPORT_H
#include "base/span.h"

enum { GH_SNP_REPORT = 1184, GH_SNP_SIGNED = 0x2a0 };
enum gh_snp_product { GH_SNP_MILAN, GH_SNP_GENOA, GH_SNP_TURIN, GH_SNP_PRODUCTS, GH_SNP_UNKNOWN = GH_SNP_PRODUCTS };
enum { /* bits of POLICY */
       GH_SNP_SMT = 16,
       GH_SNP_ONE = 17,
       GH_SNP_MIGRATE = 18,
       GH_SNP_DEBUG = 19,
       GH_SNP_SINGLE_SOCKET = 20,
       GH_SNP_CXL = 21,
       GH_SNP_XTS = 22,
       GH_SNP_RAPL = 23,
       GH_SNP_CIPHERTEXT = 24,
       GH_SNP_SWAP = 25,
};
enum { GH_SNP_VCEK, GH_SNP_VLEK };
enum { GH_SNP_TCB_FMC, GH_SNP_TCB_LOADER, GH_SNP_TCB_TEE, GH_SNP_TCB_SNP, GH_SNP_TCB_MICROCODE, GH_SNP_TCB };

struct gh_snp_report {
	uint32_t version, guest_svn, vmpl;
	uint64_t policy, platform;
	bool author_key, mask_chip;
	unsigned signing_key;				     /* GH_SNP_VCEK, GH_SNP_VLEK */
	uint8_t family, model, stepping;		     /* from version 3 on, else 0 */
	struct gh_span current, reported, committed, launch; /* TCB, 8 bytes: see gh_snp_tcb() */
	struct gh_span current_build, committed_build;	     /* build, minor, major */
	struct gh_span family_id, image_id, report_data, measurement, host_data, id_key, author_key_digest, report_id,
		report_id_ma, chip_id, mit_launch, mit_current;
	struct gh_span r, s; /* of the signature: 48 bytes, little-endian */
	struct gh_span covered;
};

/* NULL: read. Else what is wrong, in a few words. */
const char *gh_snp_read(struct gh_span bytes, struct gh_snp_report *out);
/* The product by CPUID; GH_SNP_UNKNOWN: none of those, or a version that does not say. */
enum gh_snp_product gh_snp_product(const struct gh_snp_report *r);
/* Components of a TCB; what a product does not have is 0. False: reserved bytes are set. */
bool gh_snp_tcb(enum gh_snp_product p, struct gh_span tcb, uint8_t out[GH_SNP_TCB]);
extern const char *const gh_snp_tcb_names[GH_SNP_TCB]; /* "fmc", "boot_loader", … */
extern const char *const gh_snp_products[GH_SNP_PRODUCTS + 1];
#endif
