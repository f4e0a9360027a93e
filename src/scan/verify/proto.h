/* proto.h - what the trusted process and the worker say to each other when a signature is verified (tool mode "verify").
 *
 * Inputs are told apart by their tag. Arguments: a struct gh_verify_args, then identity and issuer, each with a NUL. Records come
 * in this order: checks, texts, then, when a model's signature was read to its end, one MODEL, its IGNOREs and its RESOURCEs. */
#ifndef GH_SCAN_VERIFY_PROTO_H
#define GH_SCAN_VERIFY_PROTO_H
#include "crypto/oms/model.h"
#include "crypto/sigstore/checks.h"

enum gh_verify_tag { GH_VERIFY_BUNDLE, GH_VERIFY_KEY, GH_VERIFY_CA, GH_VERIFY_ROOT, GH_VERIFY_TAGS };

struct gh_verify_args {
	int64_t now;	/* seconds since 1970 */
	uint32_t model; /* a model's signature, else any bundle */
	uint32_t has_artifact;
	uint8_t artifact[4][GH_MD_MAX]; /* its digests, by enum gh_md */
	uint32_t identity_n, issuer_n;	/* bytes of the strings that follow, without their NULs */
};

enum gh_verify_record {
	GH_VERIFY_R_CHECK = 1, /* a[0] enum gh_vcheck, a[1] enum gh_voutcome; text: detail */
	GH_VERIFY_R_TEXT,      /* a[0] enum gh_verify_text; text */
	GH_VERIFY_R_NUMBER,    /* a[0] enum gh_verify_number, a[1] */
	GH_VERIFY_R_MODEL, /* a[0] method, a[1] enum gh_md, a[2] shard size, a[3] allow links, a[4] ignores, a[5] resources;
				* text: name */
	GH_VERIFY_R_IGNORE,   /* text: path */
	GH_VERIFY_R_RESOURCE, /* a[0] start, a[1] end; text: digest, then name */
};
enum gh_verify_text {
	GH_VERIFY_T_KEY,      /* fingerprint, 64 digits */
	GH_VERIFY_T_KIND,     /* "P-256" */
	GH_VERIFY_T_IDENTITY, /* of the certificate */
	GH_VERIFY_T_ISSUER,
	GH_VERIFY_T_SUBJECT,
	GH_VERIFY_T_PREDICATE, /* of the statement */
	GH_VERIFY_TEXTS
};
enum gh_verify_number { GH_VERIFY_N_TIME, GH_VERIFY_N_LOG_INDEX, GH_VERIFY_NUMBERS };
#endif
