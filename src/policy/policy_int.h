/* policy_int.h - a policy as it is kept, and what the parts of the room share: policy_read.c (from YAML), policy_rule.c (one
 * rule), policy_deploy.c (the section about deployments), policy_except.c (exceptions), policy_join.c (bases), policy_canon.c (canonical bytes), policy_ask.c (deciding),
 * policy_approve.c (approvals), policy_json.c, policy_text.c (saying). */
#ifndef GH_POLICY_POLICY_INT_H
#define GH_POLICY_POLICY_INT_H
#include "policy/expr.h"
#include "policy/policy.h"
#include "policy/ydoc.h"

#define POLICY_ID_QUARANTINE "quarantine"
#define POLICY_ID_OPA "opa"
enum {
	TIER_LOW,
	TIER_STANDARD,
	TIER_HIGH,
	TIERS,
	ID_BYTES = 64,	      /* of a rule, an exception, a policy */
	MESSAGE_BYTES = 1000, /* of texts for people */
	APPROVALS_MOST = 16,
	OPA_MS = 2000, /* default time limit */
	OPA_MS_MOST = 30000,
};

/* What a rule does when its condition cannot be told. */
enum lack { LACK_DENY, LACK_WARN, LACK_APPLY, LACK_IGNORE };

struct prule {
	struct gh_span id, message;
	bool always; /* no condition */
	struct expr when;
	enum gh_effect effect;
	enum lack lack;
	unsigned actions;     /* bit per word of the fact `action` */
	unsigned need, roles; /* require: how many; bit per word of the fact approvals.role */
	int64_t within;	      /* seconds; 0: any age */
	bool override;
	bool section;		/* made of a key of `deployment`, not written as a rule */
	const struct ydoc *doc; /* where it stands, for errors */
	const struct ynode *node;
};
struct ptier {
	struct expr when;
	struct gh_span because;
};
struct pquarantine {
	bool stated; /* also when it is taken away: period 0 */
	int64_t period;
	bool always;
	struct expr when;
	unsigned actions;
	struct gh_span message;
	const struct ydoc *doc;
	const struct ynode *node;
};
struct pdeploy {
	bool stated, override;
	int64_t attempts; /* -1: not said */
	struct gh_span measurement[GH_POLICY_MEASUREMENTS];
	size_t nmeasurement;
};
struct popa {
	bool stated;
	struct gh_span url, message;
	int64_t timeout_ms;
	unsigned actions;
};
/* Lists that grow in the arena. */
#define PLIST(type) \
	struct { \
		type *v; \
		size_t n, cap; \
	}
struct gh_policy {
	struct gh_arena *arena;
	struct gh_span name, version, about, extends;
	PLIST(struct prule) rule;
	PLIST(struct ptier) tier[TIERS];
	PLIST(struct gh_exception) exception;
	PLIST(struct gh_span) remove;
	PLIST(struct gh_span) base; /* "enterprise 1", in the order in which they were put in */
	struct pquarantine quarantine;
	struct popa opa;
	struct pdeploy deploy;
	bool tier_own; /* conditions of tiers speak of own facts */
	const struct ynode *remove_node;
	char digest[65];
};

/* Room for one more; NULL: out of memory. GH_PUSH(arena, &list) */
#define PPUSH(arena, l) \
	(((l)->v = gh_grow((arena), (l)->v, &(l)->cap, (l)->n + 1, sizeof *(l)->v)) == NULL ? NULL : &(l)->v[(l)->n++])

/* ---- reading: parts ------------------------------------------------------------------------------------------------------- */
/* A text of one value, not longer than most. */
enum gh_rc policy_text(struct ydoc *d, const struct ynode *n, size_t most, struct gh_span *out);
/* [a-zA-Z0-9][a-zA-Z0-9._-]*, ID_BYTES at most. */
enum gh_rc policy_id(struct ydoc *d, const struct ynode *n, struct gh_span *out);
enum gh_rc policy_when(struct ydoc *d, const struct ynode *n, struct expr *out);
/* `on: [deploy, export]` → bits; "any" or "all" is no word: leave it out. */
enum gh_rc policy_actions(struct ydoc *d, const struct ynode *n, unsigned *out);
enum gh_rc policy_words(struct ydoc *d, const struct ynode *n, const char *words, const char *what, unsigned *out);
unsigned policy_all_actions(void);
enum gh_rc policy_rules(struct ydoc *d, const struct ynode *n, void *policy);
enum gh_rc policy_deployment(struct ydoc *d, const struct ynode *n, void *policy);
enum gh_rc policy_join_deployment(struct ydoc *d, struct gh_policy *base, const struct gh_policy *top);
enum gh_rc policy_exceptions(struct ydoc *d, const struct ynode *n, void *policy);
/* An expression and evidence of others: what it may not do. tiers: in a condition of a tier. */
enum gh_rc policy_foreign(const struct ydoc *d, const struct ynode *n, const struct expr *e, bool tier_own, bool tiers);

/* Put `top` over `base`, which is changed into the result. */
enum gh_rc policy_join(struct ydoc *d, struct gh_policy *base, struct gh_policy *top);
/* Every rule knows its own place; what can only be checked when all of it is there. */
enum gh_rc policy_checks(struct ydoc *d, struct gh_policy *p);
void policy_seal(struct gh_policy *p);
/* Hexadecimal, with its NUL. */
void policy_sha256(struct gh_span s, char out[65]);

/* ---- deciding: parts ------------------------------------------------------------------------------------------------------ */
struct asking_policy {
	const struct gh_policy_question *q;
	const struct gh_policy *p;
	const struct gh_facts *facts;
	struct gh_arena *arena;
	struct gh_policy_result *r;
	struct gh_fval tier;
	uint64_t steps;
	size_t cap_missing, cap_because, cap_next;
	bool nomem;
};
/* Counts approvals for a require rule; false: a fact is missing (named in missing). */
bool policy_approvals(struct asking_policy *a, const struct prule *rule, struct gh_rule_result *out,
		      const char **missing);
/* One record of a list as JSON on one line: its naming fields. */
struct gh_span policy_record(struct gh_arena *arena, const struct gh_facts *f, unsigned row, size_t k, int64_t at);
void policy_opa(struct asking_policy *a, struct gh_rule_result *out);
/* Text into the arena; sets a->nomem. */
struct gh_span policy_keep(struct asking_policy *a, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Note a missing fact, for all and for one rule (NULL: none). */
void policy_miss(struct asking_policy *a, struct gh_rule_result *out, struct gh_span name);
/* "low", … */
struct gh_span policy_word(const char *fact, unsigned index);
/* Words of a fact whose bits are set: "deploy, export". */
void policy_bits(struct gh_buf *out, const char *fact, unsigned bits);
#endif
