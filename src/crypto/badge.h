/* badge.h - the scan-complete badge: a file that proves, with one public key and nothing else, what was scanned, what was found
 * complete, and that this was recorded in a public log.
 *
 * The file is a Sigstore bundle (version 0.3: a DSSE envelope around an in-toto statement, predicate SVR v0.2), signed with the
 * badge key, with one more member that other readers ignore:
 *
 *	"gatehouse": {
 *	  "format": 1,
 *	  "entry":    base64 of the log's entry: it names this badge, the statement's digest, the root digest
 *	  "proof":    the entry stands in the log: a C2SP tlog-proof, the signed checkpoint in it
 *	  "origin":   name of the log
 *	  "logKey":   { "payload": base64, "sig": base64 }    the badge key says: this is the log's key
 *	  "badgeKeys": [ { "payload", "sig" } … ]             each badge key, from the second on, endorsed by the one before
 *	}
 *
 * What the statement says stands in its properties ("GATEHOUSE_…", see docs/badge.md). Verification: the signature before anything
 * is parsed that it covers; then key, log key, entry, inclusion, time. A key that was given may be any badge key of the
 * installation: newer ones are reached over the endorsements, older ones are given along in the same PEM file.
 *
 * A status list is a DSSE envelope of type GH_BADGE_STATUS_TYPE, signed with a badge key:
 *	{"issued": TIME, "expires": TIME, "number": N, "revoked": [{"badge": ID, "reason": WORD, "at": TIME} …], "type": "gatehouse-status/1"}
 *
 * Pure: every byte may be a stranger's. Runs in a worker. */
#ifndef GH_CRYPTO_BADGE_H
#define GH_CRYPTO_BADGE_H
#include "crypto/pubkey.h"
#include "wire/jdom.h"

#define GH_BADGE_PREDICATE "https://in-toto.io/attestation/svr/v0.2"
#define GH_BADGE_STATUS_TYPE "application/vnd.gatehouse.status+json"
#define GH_BADGE_KEY_TYPE "application/vnd.gatehouse.key+json"
#define GH_BADGE_PREFIX "GATEHOUSE_"

enum {
	GH_BADGE_FILE_MAX = 4 << 20, /* bytes of a badge, of a status list */
	GH_BADGE_CHAIN = 64,	     /* badge keys */
	GH_BADGE_PROPERTIES = 64,
};

/* ---- writing --------------------------------------------------------------------------------------------------------------- */
struct gh_badge_signed {
	struct gh_span payload, sig;
};
struct gh_badge_parts {
	const char *hint; /* of the badge key, gh_key_hint() */
	struct gh_badge_signed statement;
	struct gh_span entry, proof;
	const char *origin;
	struct gh_badge_signed log_key;
	const struct gh_badge_signed *chain;
	size_t nchain;
};
/* Append the file: one line of JSON and a newline; canonical. */
void gh_badge_write(struct gh_buf *out, const struct gh_badge_parts *p);

/* What property GATEHOUSE_KEYS_SHA256 of the statement must be: it covers the endorsements beside it. False: no memory. */
bool gh_badge_keys_digest(const struct gh_badge_signed *log_key, const struct gh_badge_signed *chain, size_t n,
			  char out[65]);

/* ---- verifying ------------------------------------------------------------------------------------------------------------- */
enum gh_badge_check {
	GH_BC_FORMAT,	 /* the file is a badge, of a version known here */
	GH_BC_KEY,	 /* it is signed with a badge key that the given key stands for */
	GH_BC_SIGNATURE, /* the signature covers the statement */
	GH_BC_STATEMENT, /* the statement is well-formed and says what a badge says */
	GH_BC_LOG_KEY,	 /* the badge key vouches for the log's key */
	GH_BC_ENTRY,	 /* the log's entry is about this badge */
	GH_BC_INCLUSION, /* the entry stands in the log, under a signed checkpoint */
	GH_BC_TIME,	 /* it was issued before now, and has not expired */
	GH_BC_STATUS,	 /* it was not revoked, by the status list given */
	GH_BC_MODEL,	 /* it is about the files that were given */
	GH_BC_CHECKS
};
enum gh_badge_outcome { GH_BO_NOT_REACHED, GH_BO_PASS, GH_BO_FAIL, GH_BO_SKIPPED, GH_BO_UNKNOWN };
const char *gh_badge_check_name(enum gh_badge_check c);	    /* "log-entry" */
const char *gh_badge_check_about(enum gh_badge_check c);    /* one line */
const char *gh_badge_outcome_name(enum gh_badge_outcome o); /* "pass" */

struct gh_badge_result {
	struct {
		enum gh_badge_outcome outcome;
		char detail[160]; /* may quote hostile bytes: not safe to print as it is */
	} check[GH_BC_CHECKS];
	/* What it says; only when its signature is good, else empty. Spans lie in the arena. */
	struct gh_span id, model, root, manifest, report, issued, expires, verifier;
	struct {
		struct gh_span name, value; /* "GATEHOUSE_VERDICT", "CLEAN" */
	} property[GH_BADGE_PROPERTIES];
	size_t nproperty;
	char key_id[65];	       /* of the key that signed: SHA-256 of its SPKI */
	uint64_t log_index, log_size;  /* where its entry stands */
	struct gh_span revoked_reason; /* when the status list says so */
	struct gh_span status_issued, status_expires;
	uint64_t status_number; /* of the status list; 0: none was read */
};
struct gh_badge_question {
	struct gh_span file;   /* the badge */
	struct gh_span keys;   /* public keys, PEM, one or several */
	struct gh_span status; /* status list */
	bool status_given;     /* one was given, however short: an empty one says nothing about revocation (UNKNOWN) */
	uint64_t status_min; /* number of the newest list that is known: an older one says nothing (UNKNOWN); 0: any */
	int64_t at;	     /* now, seconds since 1970 */
	const char *root;    /* root digest that it must be about; NULL: not asked */
};
void gh_badge_verify(const struct gh_badge_question *q, struct gh_arena *a, struct gh_badge_result *out);
/* 0 valid, 1 not, 2 could not tell. */
int gh_badge_verdict(const struct gh_badge_result *r);
#endif
