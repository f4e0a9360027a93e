/* policy.h - may this model be imported, shown as checked, exported, shared, deployed? A policy answers, on facts (facts.h),
 * and says why. Pure: the policy, the facts, exceptions and the time come in as parameters; the same four give the same
 * answer for ever. The language is described in docs/policy.md.
 *
 * Reading: YAML, bounded, strict. Unknown keys, facts that do not exist, comparisons of things that cannot be compared are
 * errors here, with line and column, and never at the decision. A policy that was read always decides:
 *
 *	allow	no rule objects			warn	only rules with effect warn do
 *	pending	only approvals are missing	deny	a rule with effect deny holds, or something it needs is not known
 *
 * Rules never soften one another: the decision is the strictest of what each says. An exception takes one rule out for one
 * model, by digest or name, until a date; it is written by a person, and no evidence can make one.
 *
 * Foreign evidence. An expression is refused when more statements of others could make it less strict while it speaks of own
 * facts ("deny when there is a finding and no vendor says otherwise"). A rule that only asks for evidence ("deny when no
 * verified statement of SIGNER is there") may be written, with `evidence.verified` and nothing else.
 *
 * Approvals. `require` counts persons: each once, by their last word; only of the roles that the rule names; about exactly this
 * digest; neither in the future nor older than the rule allows; never the author. A standing rejection denies. */
#ifndef GH_POLICY_POLICY_H
#define GH_POLICY_POLICY_H
#include "policy/facts.h"

enum {
	GH_POLICY_TEXT = 256 << 10,  /* bytes of a policy file */
	GH_POLICY_RULES = 512,	     /* rules, tier conditions, exceptions: each */
	GH_POLICY_MEASUREMENTS = 16, /* allowed ones */
	GH_POLICY_BASES = 4,	     /* profiles in a chain of `extends` */
	GH_POLICY_ARENA = 32 << 20,  /* enough to read any policy, its bases included */
};

struct gh_exception;
struct gh_policy; /* lives in the arena it was read into; immutable */

/* Where and why a policy was refused. */
struct gh_policy_err {
	uint64_t line, column; /* from 1; 0: not a matter of a place */
	char path[64];	       /* "rules[3].when": where in the document; "" at the top */
	char what[320];	       /* one sentence, printable: what is wrong and what would be right */
};

/* Read a policy. `bases` finds the text that `extends` names (gh_policy_profile() for the shipped ones).
 * GH_OK; GH_E_MALFORMED or GH_E_LIMIT with *err; GH_E_NOMEM. */
typedef bool gh_policy_bases(void *ctx, struct gh_span name, struct gh_span *text);
enum gh_rc gh_policy_read(struct gh_arena *arena, struct gh_span yaml, gh_policy_bases *bases, void *ctx,
			  const struct gh_policy **out, struct gh_policy_err *err);

/* ---- shipped profiles: lenient, enterprise, high-risk ------------------------------------------------------------------- */
struct gh_policy_profile_row {
	const char *name, *about;
	struct gh_span text;
};
size_t gh_policy_profiles(void);
struct gh_policy_profile_row gh_policy_profile_at(size_t i); /* i < gh_policy_profiles() */
gh_policy_bases gh_policy_profile;			     /* ctx is not used */

/* ---- what a policy is ------------------------------------------------------------------------------------------------- */
struct gh_span gh_policy_name(const struct gh_policy *p);
struct gh_span gh_policy_version(const struct gh_policy *p); /* the author's; may be empty */
size_t gh_policy_nrules(const struct gh_policy *p);
/* SHA-256 of the canonical bytes, 64 lower-case hexadecimal digits and a NUL. Comments, spaces and the order of keys do not
 * count; whatever can change a decision does, bases and their versions included. */
const char *gh_policy_digest(const struct gh_policy *p);
/* The canonical bytes: JSON of the policy with its bases put in. */
void gh_policy_canonical(const struct gh_policy *p, struct gh_buf *out);
/* Ids of findings that its conditions compare with, each once: for a check against the ids that there are (a misspelt one never
 * fits, and the rule never holds). SIZE_MAX: out of memory. */
size_t gh_policy_finding_ids(const struct gh_policy *p, struct gh_arena *arena, const struct gh_span **v);
/* Exceptions that stand in it. */
size_t gh_policy_exceptions(const struct gh_policy *p, const struct gh_exception **v);
/* How many refused attempts of an engine are tolerated before its deployment is quarantined. False: the policy does not say. */
bool gh_policy_attempts(const struct gh_policy *p, int64_t *most);
/* Allowed measurements, 64 hexadecimal digits each: how many; 0: the policy names none. */
size_t gh_policy_measurements(const struct gh_policy *p, const struct gh_span **v);
/* Url of the OPA server to be asked; empty: none. */
struct gh_span gh_policy_opa(const struct gh_policy *p);

/* ---- exceptions from elsewhere ---------------------------------------------------------------------------------------- */
/* Those in the policy always count; more can be handed in (`gatehouse policy eval --exceptions`). */
struct gh_exception {
	struct gh_span id;   /* "EXC-12": not empty */
	struct gh_span rule; /* id of a rule, or "quarantine" */
	struct gh_span
		model; /* pattern of full names, "acme/llama:1.*": '*' stays within a part, '**' does not; or empty */
	struct gh_span
		digest; /* root digest, 64 hexadecimal digits; or empty. At least one of the two; both: both must fit */
	struct gh_span owner, reason; /* not empty */
	int64_t expires;	      /* seconds since 1970; from this moment on it counts no more */
};
/* Is it about this version? By name and root digest, as a decision compares them. */
bool gh_exception_fits(const struct gh_exception *x, struct gh_span model, struct gh_span digest);
/* A YAML text with the one key `exceptions`, in the form they have in a policy. */
enum gh_rc gh_exceptions_read(struct gh_arena *arena, struct gh_span yaml, const struct gh_exception **out, size_t *n,
			      struct gh_policy_err *err);

/* ---- asking ------------------------------------------------------------------------------------------------------------- */
enum gh_decision { GH_ALLOW, GH_WARN, GH_PENDING, GH_DENY }; /* strictest last */
enum gh_effect { GH_EFFECT_AUDIT, GH_EFFECT_WARN, GH_EFFECT_REQUIRE, GH_EFFECT_DENY };

enum gh_outcome {
	GH_RULE_PASSED,	   /* its condition does not hold */
	GH_RULE_HIT,	   /* it holds, and the effect counts */
	GH_RULE_SATISFIED, /* require: it holds, and the approvals are there */
	GH_RULE_EXCEPTED,  /* it holds or cannot be told, and an exception takes it out */
	GH_RULE_UNKNOWN,   /* it cannot be told: a fact is missing */
	GH_RULE_OTHER,	   /* the rule is about other actions */
};

enum { GH_POLICY_SHOWN = 8 }; /* records shown per rule; the rest are counted */
struct gh_rule_fact {
	const struct gh_fact *fact;
	struct gh_span value; /* as JSON; empty: not known */
};
struct gh_rule_approver {
	struct gh_span by, role;
	const char *why; /* it does not count: "is the author", "is about other bytes", …; NULL: it counts */
};
struct gh_rule_result {
	struct gh_span id, message;
	struct gh_span when; /* the condition as the policy reads it; empty: always */
	enum gh_effect effect;
	enum gh_outcome outcome;
	enum gh_decision counts; /* what it adds to the decision */
	const struct gh_rule_fact *fact;
	size_t nfact;
	const struct gh_span
		*missing; /* what it needed and is not known; empty unless outcome is UNKNOWN or EXCEPTED */
	size_t nmissing;
	const struct gh_span *match; /* records that made it hold, as JSON, GH_POLICY_SHOWN at most … */
	size_t nmatch, matches;	     /* … of this many */
	const struct gh_exception *exception, *expired; /* that took it out; that would have, had it not ended */
	unsigned need, have;				/* approvals */
	int64_t within;					/* require: how old an approval may be, seconds; 0: any age */
	struct gh_span roles;				/* require: "security-reviewer, platform-admin" */
	const struct gh_rule_approver *approver;
	size_t napprover;
	bool rejected; /* a standing rejection */
	int64_t until; /* quarantine: when it ends; 0: does not apply */
};

struct gh_policy_result {
	enum gh_decision decision;
	const struct gh_policy *policy;
	int64_t at;
	struct gh_span action, model, digest; /* from the facts; empty: not known */
	struct gh_span tier;		      /* of risk, as used; and why it is what it is: */
	const struct gh_span *because;
	size_t nbecause;
	char facts_digest[65];		   /* SHA-256 of gh_facts_json(), hexadecimal */
	const struct gh_rule_result *rule; /* in the order of the policy; its quarantine and OPA at the end */
	size_t nrule;
	const struct gh_span *missing; /* names of facts that were needed and are not known, each once */
	size_t nmissing;
	const struct gh_span *next; /* what is to be done, in order, one sentence each */
	size_t nnext;
};

/* Asks the OPA server: POST `body` to `url`; the answer's bytes go to *answer. false and a reason in *why (a static text or
 * in the caller's memory) when there was none: no connection, a status other than 200, too big, too late. */
typedef bool gh_opa_ask(void *ctx, struct gh_span url, int64_t timeout_ms, struct gh_span body, struct gh_buf *answer,
			const char **why);

struct gh_policy_question {
	const struct gh_policy *policy;
	const struct gh_facts *facts;
	const struct gh_exception *exception; /* besides those of the policy */
	size_t nexception;
	int64_t at;	 /* the moment of the decision, seconds since 1970 */
	gh_opa_ask *opa; /* NULL: a policy that wants an OPA server to be asked denies */
	void *opa_ctx;
	struct gh_span opa_url; /* asked about every action when the policy names no server itself; empty: none */
};
/* Always decides. Memory from the arena; when that is full the result is a plain deny that says so. Work is bounded: at
 * most GH_POLICY_STEPS operations, after which the decision is deny. */
enum { GH_POLICY_STEPS = 1 << 25 };
const struct gh_policy_result *gh_policy_ask(const struct gh_policy_question *q, struct gh_arena *arena);

/* RFC 3339, or a date alone; and back. */
bool gh_policy_time(struct gh_span s, int64_t *out);
void gh_policy_put_time(struct gh_buf *out, int64_t v);

const char *gh_decision_name(enum gh_decision d); /* "allow" */
const char *gh_effect_name(enum gh_effect e);
const char *gh_outcome_name(enum gh_outcome o); /* "passed" */

/* The result as JSON (docs/schema/policy-result.schema.json), and as lines for a person: `all` shows rules that did not object too.
 * Texts are escaped for terminals. Both are the same for the same result. */
void gh_policy_json(const struct gh_policy_result *r, struct gh_buf *out);
void gh_policy_text(const struct gh_policy_result *r, bool all, struct gh_buf *out);

/* ---- tables of cases ------------------------------------------------------------------------------------------------------ */
/* A YAML text beside a policy: what it should say on which facts. See docs/howto/write-a-policy.md. */
struct gh_policy_case {
	struct gh_span name;
	uint64_t line;
	enum gh_decision expected, got;
	bool ok;
	struct gh_span differs; /* what is different, in one line; empty: nothing */
};
struct gh_policy_cases {
	const struct gh_policy *policy;
	const struct gh_policy_case *v;
	size_t n, failed;
};
/* Read the table and run it. `bases` also finds the policy that the table names ("enterprise", or a file beside it). */
enum gh_rc gh_policy_test(struct gh_arena *arena, struct gh_span yaml, gh_policy_bases *bases, void *ctx,
			  struct gh_policy_cases *out, struct gh_policy_err *err);
#endif
