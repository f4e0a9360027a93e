/* attest.h - appraisal: is this evidence of a machine what it says, now, and good enough for this policy?
 *
 * One file per kind of evidence, one row per kind in kinds.c (`gh_attest_kinds[]`). A kind is a pure function: evidence,
 * endorsements, collateral, policy, expected binding and an explicit time come in; checks and claims go out. No files, no
 * network, no clock, no state but a cache that the caller may lend. Evidence is hostile, and so are endorsements: appraise in
 * the worker (mode "attest", src/scan/attest), never in a process that holds anything.
 *
 * A verdict is never set, it follows from the checks (gh_attest_verdict()):
 *
 *	rejected	a check failed
 *	incomplete	none failed, but one could not be made (UNKNOWN: collateral is missing), or one of the kind's `musts`
 *			is not there or did not pass
 *	accepted	none failed, none is unknown, every one of the `musts` passed
 *
 * So an appraisal that returns early, for whatever reason, accepts nothing. Claims are believed only when every check that
 * the row names in `signatures` passed; before that they are what the evidence says of itself.
 *
 * How a kind is added: <kind>.c with `const struct gh_attest_kind gh_attest_<kind>`, a line in kinds.c, its fuzz seeds
 * (tests/fuzz/seeds/attest/), a table test (tests/unit/test_attest_<kind>.c), a section in docs/attestation.md.
 *
 * Names. Checks and claims are lower case words with '_' ("tcb_reported"); a kind that appraises another one's evidence inside
 * its own (Azure: an SNP report) puts a prefix before them ("snp.chain"), see gh_attest_inner(). */
#ifndef GH_ATTEST_ATTEST_H
#define GH_ATTEST_ATTEST_H
#include "base/arena.h"
#include "base/err.h"

enum {
	GH_ATTEST_FILE_MAX = 8 << 20, /* bytes of the evidence, and of each file beside it */
	GH_ATTEST_FILES = 64,	      /* endorsements and collateral: each */
	GH_ATTEST_POLICY_MAX = 256 << 10,
	GH_ATTEST_CHECKS = 96,
	GH_ATTEST_CLAIMS = 320,
	GH_ATTEST_NAME = 64,	/* bytes of a check's or claim's name, with prefix and NUL */
	GH_ATTEST_TEXT = 640,	/* bytes of a detail or value, with NUL; longer ones are cut */
	GH_ATTEST_NONCE = 64,	/* bytes of a nonce or of report data, at most */
	GH_ATTEST_WANTED = 256, /* values of one list of a policy */
};

/* ---- what comes in --------------------------------------------------------------------------------------------------------- */

/* A file that was given beside the evidence. The name is its last component, hostile: it may help to tell two files apart,
 * content decides what a file is. */
struct gh_attest_file {
	struct gh_span name, bytes;
};

struct gh_attest_policy; /* read by gh_attest_policy_read(); NULL: the kind's defaults, which are strict */
struct gh_attest_cache;	 /* see below */

struct gh_attest_question {
	struct gh_span evidence;
	const struct gh_attest_file
		*endorsement; /* certificates (PEM, DER), keys, event logs: what the prover sends along */
	size_t nendorsement;
	const struct gh_attest_file *collateral; /* CRLs, TCB information, identities: what the vendor publishes */
	size_t ncollateral;
	struct gh_span nonce; /* the verifier's challenge, as the kind binds it (TPM: extraData); empty: not asked */
	struct gh_span report_data; /* expected content of the 64-byte field; shorter: zeros follow. Empty: not asked */
	int64_t at;		    /* judge as of this moment, seconds since 1970; never negative */
	const struct gh_attest_policy *policy;
	struct gh_attest_cache *cache; /* NULL: nothing is remembered (cold) */
};

/* ---- what goes out --------------------------------------------------------------------------------------------------------- */

enum gh_attest_outcome {
	GH_AT_PASS,
	GH_AT_FAIL,
	GH_AT_SKIPPED, /* the policy or the caller did not ask for it; says so, and does not count */
	GH_AT_UNKNOWN, /* it could not be made: something that is needed was not given */
};
enum gh_attest_verdict { GH_ATTEST_ACCEPTED, GH_ATTEST_REJECTED, GH_ATTEST_INCOMPLETE };
const char *gh_attest_outcome_word(enum gh_attest_outcome o); /* "pass" "fail" "skipped" "unknown" */
const char *gh_attest_verdict_word(enum gh_attest_verdict v); /* "accepted" "rejected" "incomplete" */

enum gh_attest_class { GH_AC_SOFTWARE, GH_AC_TPM, GH_AC_ENCLAVE, GH_AC_VM_TEE };
const char *gh_attest_class_word(enum gh_attest_class c); /* "software" "tpm" "enclave" "vm-tee" */

struct gh_attest_kind;
struct gh_attest_result {
	struct gh_arena *arena; /* where texts lie; also for the kind's own work */
	const struct gh_attest_kind *kind;
	struct {
		const char *name, *detail;
		enum gh_attest_outcome outcome;
	} check[GH_ATTEST_CHECKS];
	size_t nchecks;
	struct {
		const char *name, *value;
	} claim[GH_ATTEST_CLAIMS];
	size_t nclaims;
	enum gh_attest_class cls; /* the kind's, or less: what this very evidence amounts to */
	bool full;		  /* a table or the arena was full: never accepted */
	const char *prefix;	  /* "" or "snp." while an inner kind speaks */
};

/* Say how a check came out; detail is a sentence for a person, printf-like (hostile text through gh_attest_safe() or as hex).
 * Returns outcome == GH_AT_PASS, so that a kind can write `if (!gh_attest_check(...)) return;` where going on is senseless.
 * A name may be said several times (one per certificate); each counts. */
bool gh_attest_check(struct gh_attest_result *r, const char *name, enum gh_attest_outcome outcome, const char *detail,
		     ...) __attribute__((format(printf, 4, 5)));
/* PASS or FAIL by a condition, with a text for each. Returns ok. */
bool gh_attest_test(struct gh_attest_result *r, const char *name, bool ok, const char *good, const char *bad);
void gh_attest_claim(struct gh_attest_result *r, const char *name, const char *value, ...)
	__attribute__((format(printf, 3, 4)));
void gh_attest_claim_hex(struct gh_attest_result *r, const char *name, struct gh_span bytes); /* lower case */
void gh_attest_claim_bool(struct gh_attest_result *r, const char *name, bool v);	      /* "true", "false" */
/* A printable copy in r->arena of at most `max` bytes of foreign text. */
const char *gh_attest_safe(struct gh_attest_result *r, struct gh_span s, size_t max);

enum gh_attest_verdict gh_attest_verdict(const struct gh_attest_result *r);
bool gh_attest_trusted(const struct gh_attest_result *r); /* may the claims be believed? */

/* Appraise evidence of another kind inside: its checks and claims go to r with `prefix` ("tdx.") before their names, and its
 * musts are judged too (check "<prefix>complete"). False: there is no such kind in this program; that is a check UNKNOWN. */
bool gh_attest_inner(const char *kind, const char *prefix, const struct gh_attest_question *q,
		     struct gh_attest_result *r);

/* Are the first want.n bytes of `have` these, in constant time, and all behind them zero? For nonces and report data.
 * False when want is longer than have. */
bool gh_attest_bound(struct gh_span have, struct gh_span want);
/* The usual freshness check of a 64-byte report data field: name "report_data", against q->report_data, or against q->nonce
 * when only that is given; SKIPPED when neither is. */
bool gh_attest_report_data(const struct gh_attest_question *q, struct gh_span have, struct gh_attest_result *r);
bool gh_attest_zero(struct gh_span s); /* nothing but zeros */

/* ---- policy ---------------------------------------------------------------------------------------------------------------- */

/* What a policy file may say to a kind. Files are YAML or JSON, one mapping: name: value, or name: [values]. A name that no
 * row of the kind (or of a kind that it appraises inside) has is an error, not a remark. Lists are allow-lists: the value
 * must be one of them; a name that is absent means the default that `about` states. */
enum gh_attest_type {
	GH_AT_FLAG,   /* true, false */
	GH_AT_NUMBER, /* 0 … 2^63 - 1 */
	GH_AT_HEX,    /* list of byte strings in hexadecimal; `size` bytes each when it is not 0 */
	GH_AT_WORDS,  /* list of texts */
};
struct gh_attest_key {
	const char *name;
	enum gh_attest_type type;
	size_t size;
	const char *about;
};
/* Read a policy for this kind. Lives in the arena. GH_E_MALFORMED with the line and the reason. */
enum gh_rc gh_attest_policy_read(struct gh_arena *a, struct gh_span text, const struct gh_attest_kind *kind,
				 const struct gh_attest_policy **out, struct gh_err *err);
/* p may be NULL in all of these. The name must be one of the kind's keys. */
bool gh_attest_flag(const struct gh_attest_policy *p, const char *name, bool otherwise);
uint64_t gh_attest_number(const struct gh_attest_policy *p, const char *name, uint64_t otherwise);
/* The list; *n = 0: the policy does not say (an empty list in the file is an error, since it would allow nothing or all). */
const struct gh_span *gh_attest_list(const struct gh_attest_policy *p, const char *name, size_t *n);
bool gh_attest_wants(const struct gh_attest_policy *p, const char *name); /* does the policy say anything about it? */
/* The allow-list check: PASS one of them, FAIL none of them, SKIPPED the policy has no such list. Check name == key name. */
bool gh_attest_allowed(const struct gh_attest_policy *p, const char *name, struct gh_span have,
		       struct gh_attest_result *r);

/* ---- kinds ----------------------------------------------------------------------------------------------------------------- */

struct gh_attest_kind {
	const char *name;  /* "snp" */
	const char *about; /* one line: what it is evidence of */
	const char *files; /* one line: what --endorsements and --collateral have to hold */
	enum gh_attest_class cls;
	const struct gh_attest_key *keys; /* ends with name == NULL; NULL: none */
	const char *inner; /* kinds that it appraises inside, words: "snp tdx"; their keys may be used; or NULL */
	const char *const *signatures; /* checks that make claims believable; ends with NULL */
	const char *const *musts;      /* checks without which nothing is accepted; ends with NULL */
	/* Appraise. r is empty but for arena, kind and prefix. Never fails: what is wrong is a check that did not pass. */
	void (*appraise)(const struct gh_attest_question *q, struct gh_attest_result *r);
};
extern const struct gh_attest_kind *const gh_attest_kinds[];
extern const size_t gh_attest_kinds_n;
const struct gh_attest_kind *gh_attest_kind(const char *name); /* NULL: there is none */

/* Appraise from the start: *r is set up and filled. Texts lie in the arena. */
enum gh_attest_verdict gh_attest_appraise(const struct gh_attest_kind *kind, const struct gh_attest_question *q,
					  struct gh_arena *a, struct gh_attest_result *r);

/* ---- what may be remembered ------------------------------------------------------------------------------------------------ */

/* Verified endorsements (a chain, TCB information) are the same for every report of a machine. A kind may keep them under a
 * digest over ALL bytes that led to them, and the pinned root; what it keeps must be checked against the time, the policy and
 * the evidence again each time. Bounded: the oldest goes. Never shared between threads. */
enum { GH_ATTEST_CACHED = 64 };
struct gh_attest_cache *gh_attest_cache_new(void); /* NULL: no memory */
void gh_attest_cache_free(struct gh_attest_cache *c);
/* NULL: not there, or c is NULL. Stays the cache's; valid until the next put. */
void *gh_attest_cached(struct gh_attest_cache *c, const uint8_t key[32]);
/* Takes over v, whatever happens: with c == NULL it is freed at once. */
void gh_attest_keep(struct gh_attest_cache *c, const uint8_t key[32], void *v, void (*free_v)(void *));
#endif
