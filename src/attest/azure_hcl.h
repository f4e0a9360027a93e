/* azure_hcl.h - the report of Azure's host compatibility layer, as it lies in NV index 0x01400001 of the virtual TPM: header, hardware
 * report, and JSON whose digest the hardware report holds. Little-endian. */
#ifndef GH_ATTEST_AZURE_HCL_H
#define GH_ATTEST_AZURE_HCL_H
#include "attest/rsakey.h"
#include "base/arena.h"
#include "wire/jdom.h"

enum { GH_HCL_SNP = 2, GH_HCL_TDX = 4 };
struct gh_hcl {
	unsigned type;		    /* GH_HCL_SNP, GH_HCL_TDX */
	struct gh_span hardware;    /* SNP report (1184 bytes), TDREPORT (1024) */
	struct gh_span report_data; /* of it */
	struct gh_span variable;    /* the JSON's bytes */
	const struct gh_jval *json;
};
/* NULL: read. Else what is wrong. */
const char *gh_hcl_read(struct gh_span bytes, struct gh_arena *a, struct gh_hcl *out);
/* SubjectPublicKeyInfo of the RSA key HCLAkPub, made in buf; empty: there is none, or two. */
struct gh_span gh_hcl_key(const struct gh_hcl *h, uint8_t buf[GH_RSA_SPKI]);
#endif
