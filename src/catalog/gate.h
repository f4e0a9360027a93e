/* gate.h - the policy of a tenant, asked about a version: may this be done with it, why not, and what would help.
 *
 * Facts come from three places: what the catalog records (names, people, approvals, badges, times), what the last scan found
 * (handed in as the facts document that was stored with its report), and what others state (evidence). The policy itself is
 * pure (policy/policy.h); this is its thin shell. */
#ifndef GH_CATALOG_GATE_H
#define GH_CATALOG_GATE_H
#include "base/buf.h"
#include "catalog/catalog.h"
#include "catalog/versions.h"
#include "policy/policy.h"

/* An exception that names this version, in a policy that judges it: whether a rule needs it or not, in force or ended. */
struct gh_gate_exception {
	const struct gh_exception *exception;
	const char *from; /* the policy */
	bool ended;
	struct gh_gate_exception *next;
};

struct gh_gate {
	const struct gh_policy_result *result; /* in the arena */
	enum gh_decision decision;
	bool high;			     /* the model is in the high tier of risk */
	char digest[65];		     /* of the policy */
	const char *from;		     /* "profile enterprise", "policy house-rules 3 of acme" */
	const char *because;		     /* the first rule that objects, and what it says; "" when none does */
	struct gh_gate_exception *exception; /* list, in the order of the policies; in the arena */
	char policies[65];		   /* of all policies that were asked, as one digest: see gh_gate_policies() */
	int64_t attempts;		   /* refused attempts that the strictest of them tolerates; -1: none says */
	const struct gh_span *measurement; /* of the last policy that lists allowed ones, 64 digits each; none: 0 */
	size_t nmeasurement;
};
/* What a deployment runs in, for action `deploy`. Before the start it is what the chosen isolation can give at best, so that a
 * policy that could never be fulfilled says so at once; before a key is released it is what the appraisal found. */
struct gh_gate_run {
	const char *isolation;	 /* fact isolation.class */
	const char *cls, *kind;	 /* facts attestation.class, .kind */
	const char *measurement; /* 64 digits; NULL: not known yet */
	int64_t at;		 /* when the evidence was made */
};
/* Two policies may judge: the platform's, if one was put into force, and the tenant's. The stricter decision counts, so that the
 * platform's is a floor. With neither, the home's profile judges. A stored policy counts only as the vault signed it.
 * known: the facts document of the report, a JSON object; empty: nothing is known of a scan. action: as in fact `action`.
 * GH_E_UNREAD: the stored policy cannot be read (a newer one, or altered): nothing is allowed then. */
enum gh_rc gh_gate_ask(struct gh_catalog *c, const struct gh_version *v, const char *action, struct gh_span known,
		       struct gh_arena *a, struct gh_gate *out, struct gh_err *err);
/* The same for `deploy`, with what it runs in. */
enum gh_rc gh_gate_deploy(struct gh_catalog *c, const struct gh_version *v, const struct gh_gate_run *run,
			  struct gh_span known, struct gh_arena *a, struct gh_gate *out, struct gh_err *err);
/* The policies that judge a tenant's models now, as one digest: SHA-256 of the hexadecimal digests of all, one after the other. It
 * changes when one of them does. Works while the keys are locked: signatures are not checked here. */
enum gh_rc gh_gate_policies(struct gh_catalog *c, const struct gh_id *tenant, struct gh_arena *a, char out[65],
			    struct gh_err *err);
#endif
