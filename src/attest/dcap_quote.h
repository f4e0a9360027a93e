/* dcap_quote.h - reader for the quotes of Intel's Data Center Attestation Primitives: SGX version 3, SGX and TDX version 4, and
 * version 5 with a body of SGX, TD 1.0 or TD 1.5 ("Intel SGX ECDSA Quote Library Reference", appendix A; "Intel TDX DCAP Quoting
 * Library Reference", appendix A).
 *
 * Strict to the last byte: nested lengths fill what they lie in exactly, reserved bytes are zero. Behind the quote producers put
 * zeros up to the size of their buffer: these are `padding`, and it is said whether they are zeros. A pure reader: nothing is
 * verified here, spans lie in the evidence. */
#ifndef GH_ATTEST_DCAP_QUOTE_H
#define GH_ATTEST_DCAP_QUOTE_H
#include "base/err.h"
#include "base/span.h"

enum {
	GH_DCAP_SGX_BODY = 384,
	GH_DCAP_TD10_BODY = 584,
	GH_DCAP_TD15_BODY = 648,
	GH_DCAP_SVNS = 16,     /* components of a TCB */
	GH_DCAP_CERT_PCK = 5,  /* certification data: PEM, PCK certificate first */
	GH_DCAP_QE_REPORT = 6, /* certification data: the quoting enclave's report, and other certification data */
};
enum gh_dcap_body { GH_DCAP_SGX = 1, GH_DCAP_TD10 = 2, GH_DCAP_TD15 = 3 }; /* numbers of version 5 */

/* Report of an SGX enclave (Intel SDM volume 3D, table 38-21, without key id and MAC). */
struct gh_sgx_report {
	struct gh_span all; /* 384 bytes */
	struct gh_span cpusvn, ext_prod_id, attributes, mrenclave, mrsigner, config_id, family_id, report_data;
	uint32_t miscselect;
	uint16_t isvprodid, isvsvn, configsvn;
};

/* Report of a trust domain (Intel TDX module specification, TDREPORT: TEE_TCB_INFO and TDINFO). */
struct gh_td_report {
	struct gh_span tee_tcb_svn, mrseam, mrsignerseam, seam_attributes, attributes, xfam, mrtd, mrconfigid, mrowner,
		mrownerconfig, rtmr[4], report_data;
	struct gh_span tee_tcb_svn2, mrservicetd; /* TD 1.5; empty before */
};

struct gh_dcap_quote {
	unsigned version;
	enum gh_dcap_body body;
	struct gh_span qe_vendor, user_data; /* 16 and 20 bytes of the header */
	struct gh_sgx_report sgx;	     /* body SGX */
	struct gh_td_report td;		     /* body TD10, TD15 */
	struct gh_span covered;		     /* what the quote's signature covers: header and body */
	struct gh_span signature, key;	     /* r || s, x || y */
	struct gh_sgx_report qe;
	struct gh_span qe_signature, qe_auth;
	unsigned cert_type; /* 1 to 5 */
	struct gh_span cert;
	struct gh_span padding;
	bool dirty; /* the padding holds something else than zeros */
};

/* GH_E_MALFORMED with what is wrong where; GH_E_UNREAD: a version, key type or vendor that is not served. */
enum gh_rc gh_dcap_quote_read(struct gh_span s, struct gh_dcap_quote *out, struct gh_err *err);
/* Read 384 bytes. False: reserved bytes are not zero. */
bool gh_sgx_report_read(struct gh_span body, struct gh_sgx_report *out);
#endif
