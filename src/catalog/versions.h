/* versions.h - models and their versions: what was imported under which name, and what became of it.
 *
 * A version's life:
 *
 *	importing ──► quarantined	UNSAFE or INCOMPLETE: stored, never given out, no badge
 *	    │    ├──► review		REVIEW, or a policy asks for approvals: waits for people
 *	    │    └──► ready
 *	    └──► (nothing)		the import failed: the row goes, the name is free again
 *	review ─► ready | rejected; quarantined ─► review (rescan) | rejected; ready ─► review | quarantined | disabled (rescan,
 *	altered, a person); disabled ─► ready | review; every state but importing ─► deleted (weights gone, the record stays)
 *
 * An import holds its row by a lease (owner, until): when the process dies the lease passes, and the next import of the same
 * name may take the row over, or fsck removes it. All functions run in the caller's transaction or make one. */
#ifndef GH_CATALOG_VERSIONS_H
#define GH_CATALOG_VERSIONS_H
#include "catalog/db.h"
#include "catalog/id.h"
#include "catalog/name.h"

enum gh_vstate {
	GH_V_IMPORTING,
	GH_V_QUARANTINED,
	GH_V_REVIEW,
	GH_V_READY,
	GH_V_REJECTED,
	GH_V_DISABLED,
	GH_V_DELETED,
	GH_V_STATES,
};
/* "importing"; as in the database and in JSON. */
const char *gh_vstate_name(enum gh_vstate s);
/* GH_V_STATES when there is none of that name. */
enum gh_vstate gh_vstate_named(const char *name);
bool gh_vstate_may(enum gh_vstate from, enum gh_vstate to);

enum { GH_V_WORD = 24, GH_V_REASON = 200, GH_V_SAID = 201 };
struct gh_version {
	struct gh_id id, model, tenant;
	struct gh_name name;
	enum gh_vstate state;
	char reason[GH_V_REASON + 1];		      /* why it is in that state; words of ours, never of a model */
	char verdict[GH_V_WORD];		      /* "CLEAN", …; "" while importing */
	char root[GH_DIGEST_HEX + 1];		      /* root digest of the artifact (OMS) */
	char tier[GH_V_WORD];			      /* "standard", "high" */
	struct gh_id by;			      /* principal that imported it: never counts as an approver */
	struct gh_id base;			      /* version it derives from, or none */
	char publisher[GH_V_SAID], source[GH_V_SAID]; /* by the word of whoever imported it; "" when nobody said */
	char lineage[GH_V_WORD];     /* how: "adapter", "fine-tune", "quantized", "merge"; "" without base */
	struct gh_id manifest, card; /* blobs (of the tenant): files with paths; model card */
	struct gh_id report, badge;  /* the ones that count now; none */
	int64_t files, bytes;	     /* of the artifact, plaintext */
	int64_t created, imported;   /* imported: 0 while importing */
	int64_t quarantine_until;    /* not before this time may it be deployed; 0 */
	struct gh_id lease_owner;    /* while importing */
	int64_t lease_until;
};

/* ---- importing ---- */
struct gh_version_begin {
	const struct gh_name *name; /* its tenant must exist and be active; the model is made when it is new */
	struct gh_id by;
	struct gh_id owner;		/* of the lease: a random id of this import */
	int64_t now, lease;		/* seconds since 1970; seconds */
	struct gh_id base;		/* or none */
	const char *lineage;		/* or NULL */
	const char *tier;		/* NULL: "standard" */
	const char *publisher, *source; /* or NULL; shorter than GH_V_SAID */
};
/* Reserve the name. Of two at the same time one wins. *out is the row; *resumed tells that a dead import's row was taken over
 * (without the blobs it had: the same content is found again by gh_blob_find()).
 * GH_E_EXISTS: "acme/llama:1.0 exists already (ready, imported 2026-…)", or "is being imported by another process since …".
 * GH_E_ABSENT: no such tenant, or no such base. GH_E_DENIED: the tenant was removed. */
enum gh_rc gh_version_begin(struct gh_db *db, const struct gh_version_begin *b, struct gh_version *out, bool *resumed,
			    struct gh_err *err);
/* Hold on: GH_E_EXISTS when somebody else has taken the row over (stop at once, write nothing more). */
enum gh_rc gh_version_renew(struct gh_db *db, const struct gh_id *id, const struct gh_id *owner, int64_t until,
			    struct gh_err *err);
struct gh_version_finish {
	enum gh_vstate state; /* one that importing may become */
	const char *reason, *verdict, *tier, *root;
	struct gh_id manifest, card, report; /* card, report: may be none */
	int64_t files, bytes, now, quarantine_until;
};
/* The import is whole; everything it names is durable. GH_E_EXISTS as gh_version_renew(). */
enum gh_rc gh_version_finish(struct gh_db *db, const struct gh_id *id, const struct gh_id *owner,
			     const struct gh_version_finish *f, struct gh_err *err);
/* The import failed: free the name. Its blobs lose their use (fsck removes them). */
enum gh_rc gh_version_abandon(struct gh_db *db, const struct gh_id *id, const struct gh_id *owner, struct gh_err *err);

/* ---- asking ---- */
/* GH_E_ABSENT: "there is no acme/llama:1.0" (with the nearest thing that is there: another version, or no such tenant). */
enum gh_rc gh_version_find(struct gh_db *db, const struct gh_name *name, struct gh_version *out, struct gh_err *err);
enum gh_rc gh_version_get(struct gh_db *db, const struct gh_id *id, struct gh_version *out, struct gh_err *err);
struct gh_version_filter {
	struct gh_id tenant;  /* none: all */
	const char *project;  /* NULL: all; "": directly in the tenant */
	const char *model;    /* NULL: all */
	enum gh_vstate state; /* GH_V_STATES: all */
	bool deleted;	      /* those too */
	size_t limit;	      /* 0: 10,000 */
	struct gh_name after; /* continue behind this one; all empty: from the start */
};
/* A version in a list: what is said of each one of thousands. */
struct gh_version_line {
	struct gh_name name;
	enum gh_vstate state;
	struct gh_span id, reason, verdict, tier; /* as in struct gh_version; in memory of the database */
	int64_t files, bytes, imported;
	struct gh_span badge; /* state of the badge that counts now, as badges.h names it; empty: it has none */
	int64_t badge_expires;
};
/* One after the other, in the order of tenant, project, name, version, without keeping them: a list of 10,000 takes the memory of
 * one. fn: as in gh_db_each(); a line and what it points to is valid until fn returns. */
enum gh_rc gh_version_each(struct gh_db *db, const struct gh_version_filter *f,
			   enum gh_rc (*fn)(void *arg, const struct gh_version_line *l, struct gh_err *err), void *arg,
			   struct gh_err *err);
/* Imports whose lease has passed. */
enum gh_rc gh_version_dead(struct gh_db *db, struct gh_arena *a, int64_t now, struct gh_version **out, size_t *n,
			   struct gh_err *err);
/* What a version was made from: its base, the base of that, and so on, nearest first. GH_E_LIMIT: more than GH_LINEAGE_MAX. */
enum { GH_LINEAGE_MAX = 64 };
enum gh_rc gh_version_bases(struct gh_db *db, struct gh_arena *a, const struct gh_version *v, struct gh_version **out,
			    size_t *n, struct gh_err *err);
/* Versions that derive from this one. */
enum gh_rc gh_version_derived(struct gh_db *db, struct gh_arena *a, const struct gh_id *base, struct gh_version **out,
			      size_t *n, struct gh_err *err);

/* ---- changing ---- */
/* From a state that was seen to another. GH_E_DENIED: no such transition. GH_E_EXISTS: it is in another state by now. */
enum gh_rc gh_version_move(struct gh_db *db, const struct gh_id *id, enum gh_vstate from, enum gh_vstate to,
			   const char *reason, struct gh_err *err);
enum gh_rc gh_version_set_report(struct gh_db *db, const struct gh_id *id, const struct gh_id *report,
				 const char *verdict, struct gh_err *err);
enum gh_rc gh_version_set_badge(struct gh_db *db, const struct gh_id *id, const struct gh_id *badge,
				struct gh_err *err);
enum gh_rc gh_version_set_card(struct gh_db *db, const struct gh_id *id, const struct gh_id *card, struct gh_err *err);
enum gh_rc gh_version_set_tier(struct gh_db *db, const struct gh_id *id, const char *tier, struct gh_err *err);

/* ---- its blobs ---- */
/* File number `seq` (its place in the manifest) is this blob. Again with the same blob: nothing. */
enum gh_rc gh_version_blob_add(struct gh_db *db, const struct gh_id *version, int64_t seq, const struct gh_id *blob,
			       struct gh_err *err);
struct gh_version_blob {
	int64_t seq;
	struct gh_id blob;
};
/* In the order of seq. */
enum gh_rc gh_version_blobs(struct gh_db *db, struct gh_arena *a, const struct gh_id *version,
			    struct gh_version_blob **out, size_t *n, struct gh_err *err);
#endif
