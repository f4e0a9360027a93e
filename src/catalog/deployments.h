/* deployments.h - running models as the catalog knows them: what was started, in what it runs, on which evidence its key was
 * released, and why it ended.
 *
 *	starting ──► running ──► stopped	a person stopped it, or it was told to end
 *	    │           ├──────► failed		engine, stub or supervisor died; it may be started again (restart policy)
 *	    │           └──────► quarantined	altered, or it tried what it may not, or what it rests on was taken back
 *	    └──► refused | failed		no key: evidence or policy; nothing ran
 *	failed ─► starting | stopped; quarantined ─► stopped (a person cleared it) | rejected; rejected ─► stopped
 *
 * While a deployment of a version is quarantined or rejected, that version is not deployed in this tenant under any name: what
 * was found there may be the model's doing. Names are unique per tenant among those that are not over. What runs at this moment
 * is a matter of processes (daemon/rundir.h); the row says what was decided. */
#ifndef GH_CATALOG_DEPLOYMENTS_H
#define GH_CATALOG_DEPLOYMENTS_H
#include "catalog/db.h"
#include "catalog/id.h"
#include "catalog/name.h"

enum gh_dstate {
	GH_D_STARTING,
	GH_D_RUNNING,
	GH_D_FAILED,
	GH_D_STOPPED,
	GH_D_REFUSED,
	GH_D_QUARANTINED,
	GH_D_REJECTED,
	GH_D_STATES,
};
const char *gh_dstate_name(enum gh_dstate s);
enum gh_dstate gh_dstate_named(const char *name); /* GH_D_STATES: none */
bool gh_dstate_may(enum gh_dstate from, enum gh_dstate to);
/* Does it hold its name, and count as something that is not over? */
bool gh_dstate_live(enum gh_dstate s);

enum {
	GH_D_WORD = 24,
	GH_D_PATH = 200,
	GH_D_REASON = 200,
	GH_D_TOLERATED = 10 /* refused attempts before quarantine, unless said */
};
struct gh_deployment {
	struct gh_id id, tenant, version, by; /* by: none for `local` */
	char name[GH_NAME_PART + 1];
	char tenant_name[GH_NAME_PART + 1]; /* read only */
	struct gh_name model;		    /* read only: of the version */
	enum gh_dstate state;
	char reason[GH_D_REASON + 1];	      /* words of ours */
	char engine[GH_D_PATH + 1];	      /* name of a shipped profile, or the path of another one */
	char engine_dir[GH_D_PATH + 1];	      /* "{engine}" of the profile; "": where the profile says */
	char isolation[GH_D_WORD];	      /* "sandbox", "microvm" */
	char least[GH_D_WORD];		      /* class of evidence that was asked for */
	char cls[GH_D_WORD], kind[GH_D_WORD]; /* of the evidence the key was released on; "" before */
	char measurement[GH_DIGEST_HEX + 1];  /* of the attested code; "" before */
	char policy[GH_DIGEST_HEX + 1];	      /* that allowed it last */
	char restart[GH_D_WORD];	      /* "none", "on-failure" */
	int64_t restarts;
	int64_t tolerated, attempts; /* refused attempts of the engine: how many until quarantine, how many so far */
	int64_t created, changed;
	char cleared_by[GH_ID_HEX + 1]; /* who let it out of quarantine; "" */
};

/* A new one, starting. GH_E_EXISTS: the name is taken (says by what), or the version stands in quarantine. GH_E_ABSENT: no such
 * tenant or version. */
enum gh_rc gh_deployment_add(struct gh_db *db, const struct gh_deployment *d, struct gh_err *err);
enum gh_rc gh_deployment_get(struct gh_db *db, const struct gh_id *id, struct gh_deployment *out, struct gh_err *err);
/* By tenant and name: the one that is not over, else the newest. GH_E_ABSENT. tenant "": the only one of that name;
 * GH_E_MALFORMED when several tenants have one (say TENANT/NAME). */
enum gh_rc gh_deployment_find(struct gh_db *db, const char *tenant, const char *name, struct gh_deployment *out,
			      struct gh_err *err);
struct gh_deployment_filter {
	struct gh_id tenant, version; /* none: all */
	bool over;		      /* those that are over too */
	size_t limit;		      /* 0: 10,000 */
};
/* Newest first. */
enum gh_rc gh_deployment_list(struct gh_db *db, struct gh_arena *a, const struct gh_deployment_filter *f,
			      struct gh_deployment **out, size_t *n, struct gh_err *err);
/* From the state that was seen to another. GH_E_DENIED: no such way. GH_E_EXISTS: it is in another state by now. */
enum gh_rc gh_deployment_move(struct gh_db *db, const struct gh_id *id, enum gh_dstate from, enum gh_dstate to,
			      const char *reason, int64_t now, struct gh_err *err);
/* On which evidence the key was released. */
enum gh_rc gh_deployment_proved(struct gh_db *db, const struct gh_id *id, const char *cls, const char *kind,
				const char *measurement, const char *policy, struct gh_err *err);
/* The policy that was asked again and still allows it. */
enum gh_rc gh_deployment_policy(struct gh_db *db, const struct gh_id *id, const char *digest, struct gh_err *err);
/* Attempts and restarts, which only grow. */
enum gh_rc gh_deployment_count(struct gh_db *db, const struct gh_id *id, int64_t attempts, int64_t restarts,
			       struct gh_err *err);
enum gh_rc gh_deployment_clear(struct gh_db *db, const struct gh_id *id, const char *by, struct gh_err *err);
/* May this version be deployed in this tenant, as far as earlier deployments go? GH_E_DENIED names the one that stands against
 * it. */
enum gh_rc gh_deployment_free(struct gh_db *db, const struct gh_id *tenant, const struct gh_id *version,
			      struct gh_err *err);
#endif
