/* dcap_tcb.h - what Intel says of platforms and quoting enclaves: TCB information and enclave identities, as signed JSON ("Intel
 * SGX and TDX Provisioning Certification Service API", version 4; version 2 of SGX TCB information is read too), and where a
 * platform stands in it. Pure: the signature is dcap_collateral.h's. */
#ifndef GH_ATTEST_DCAP_TCB_H
#define GH_ATTEST_DCAP_TCB_H
#include "attest/dcap_pck.h"
#include "wire/jdom.h"

enum gh_dcap_status {
	GH_DS_UP_TO_DATE,
	GH_DS_SW_HARDENING,
	GH_DS_CONFIGURATION,
	GH_DS_CONFIGURATION_SW,
	GH_DS_OUT_OF_DATE,
	GH_DS_OUT_OF_DATE_CONFIGURATION,
	GH_DS_RELAUNCH,
	GH_DS_RELAUNCH_CONFIGURATION,
	GH_DS_REVOKED,
};
const char *gh_dcap_status_word(enum gh_dcap_status s); /* as Intel spells it: "UpToDate" */

struct gh_dcap_level {
	uint8_t sgx[GH_DCAP_SVNS], tdx[GH_DCAP_SVNS];
	uint16_t pcesvn;
	uint16_t isvsvn; /* of modules and enclaves, which have nothing else */
	enum gh_dcap_status status;
	int64_t date; /* tcbDate; 0: not said */
	const struct gh_jval *advisories;
};
struct gh_dcap_levels {
	struct gh_dcap_level *v;
	size_t n;
};
struct gh_dcap_module {	  /* of TDX */
	unsigned version; /* the number of its id; 0: the entry "tdxModule" */
	uint8_t mrsigner[48], attributes[8], mask[8];
	struct gh_dcap_levels levels;
};
struct gh_dcap_tcb_info {
	bool tdx;
	int64_t issued, next;
	uint8_t fmspc[6], pceid[2];
	uint64_t evaluation; /* tcbEvaluationDataNumber */
	struct gh_dcap_levels levels;
	bool has_module;
	struct gh_dcap_module module, *modules;
	size_t nmodules;
};
struct gh_dcap_identity {
	struct gh_span id; /* "QE", "TD_QE" */
	int64_t issued, next;
	uint64_t evaluation;
	uint8_t miscselect[4], misc_mask[4], attributes[16], attr_mask[16], mrsigner[32];
	uint16_t isvprodid;
	struct gh_dcap_levels levels;
};

/* Read the value of `tcbInfo` or of `enclaveIdentity`. Everything lies in the arena. GH_E_MALFORMED with the member at fault;
 * GH_E_UNREAD: a version that is not known. */
enum gh_rc gh_dcap_tcb_info_read(struct gh_arena *a, const struct gh_jval *v, struct gh_dcap_tcb_info *out,
				 struct gh_err *err);
enum gh_rc gh_dcap_identity_read(struct gh_arena *a, const struct gh_jval *v, struct gh_dcap_identity *out,
				 struct gh_err *err);

/* The level of a platform: the highest of which it has every component, PCESVN and, when tee_tcb_svn (16 bytes) is given, every
 * TDX component; the first two of these belong to the module when it has a version above 0. NULL: it has none. */
const struct gh_dcap_level *gh_dcap_platform_level(const struct gh_dcap_tcb_info *t, const struct gh_dcap_platform *p,
						   struct gh_span tee_tcb_svn);
/* The highest level that asks for no more than this. NULL: none. */
const struct gh_dcap_level *gh_dcap_isv_level(const struct gh_dcap_levels *l, unsigned isvsvn);
/* The module of this version; NULL: none is known. */
const struct gh_dcap_module *gh_dcap_module(const struct gh_dcap_tcb_info *t, unsigned version);

/* What a platform's status is with a quoting enclave's or a module's beside it. */
enum gh_dcap_status gh_dcap_merge(enum gh_dcap_status platform, enum gh_dcap_status part);
#endif
