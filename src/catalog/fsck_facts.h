/* fsck_facts.h - what the audit log says of each thing that the database has a row for: its entries, walked once and kept as the
 * last word per id. Included by fsck_ledger.c and fsck_facts.c alone. */
#ifndef GH_CATALOG_FSCK_FACTS_H
#define GH_CATALOG_FSCK_FACTS_H
#include "audit/entry.h"
#include "base/arena.h"
#include "catalog/id.h"

enum gh_logfact_kind {
	GH_FACT_VERSION = 'v',
	GH_FACT_BADGE = 'b',
	GH_FACT_PRINCIPAL = 'p',
	GH_FACT_APIKEY = 'k',
	GH_FACT_GRANT = 'g',
	GH_FACT_SIGNKEY = 'y', /* principal:fingerprint */
	GH_FACT_SHARE = 's',   /* version:tenant */
	GH_FACT_POLICY = 'o',  /* the tenant, or "platform" */
	GH_FACT_EVIDENCE =
		'e', /* version:what the row says (gh_evidence_says()); of entries without that: the statement */
	GH_FACT_REVIEW = 'r',
	GH_FACT_TENANT = 't', /* only those whose keys were destroyed */
};

enum {
	GH_FACT_KEY = 160,	    /* longest name: that of a grant */
	GH_FACT_SHARD = 500 * 1000, /* entries of the log per share of the ids */
	GH_FACT_ARENA = 512 << 20,  /* bytes; a fact is about 350 */
};

struct gh_logfact {
	struct gh_logfact *next; /* of its bucket */
	struct gh_logfact *more; /* of all, newest first */
	uint64_t at;		 /* index of the last entry that speaks of it */
	int64_t held;		 /* GRANT: how many stand (one per project of a tenant); REVIEW: approvals it needs */
	bool there;		 /* an entry says that it was made */
	bool ended;		 /* revoked, disabled, destroyed */
	bool seen;		 /* the database has a row for it */
	char root[65], report[65], verdict[17],
		state[33]; /* VERSION; report of a BADGE: the digest of its statement, of a POLICY: its own, of an APIKEY:
			      gh_apikey_says() */
	char tier[17];	   /* VERSION, REVIEW; "": of an entry of before, which did not say */
	char by[33];	   /* APIKEY, GRANT, VERSION: who issued, granted or imported it last; "": no principal */
	char of[33];	   /* BADGE, REVIEW: its version; APIKEY: its principal; VERSION, SHARE, EVIDENCE: its tenant */
	char says[65];	   /* VERSION: gh_version_says(); "" of an entry that did not say it */
	char key[];	   /* the kind's letter, then the id; GRANT: principal:role:scope:tenant */
};

struct gh_logfacts {
	struct gh_arena a;
	struct gh_logfact **bucket, *all;
	size_t nbucket; /* a power of two */
	/* Only things of this share are kept, so that memory stays bounded however long the log is. Tenants are kept in each. */
	unsigned share, shares;
};

/* Room for a log of so many entries. GH_E_NOMEM. */
enum gh_rc gh_logfacts_begin(struct gh_logfacts *f, uint64_t entries, unsigned share, struct gh_err *err);
void gh_logfacts_end(struct gh_logfacts *f);
/* The shares of a log of this size. */
unsigned gh_logfacts_shares(uint64_t entries);
/* Does a thing belong to this share? id: the part after the letter. */
bool gh_logfacts_mine(const struct gh_logfacts *f, enum gh_logfact_kind kind, const char *id);
/* Take in one entry. Those of no interest, and those that are none, are passed over. GH_E_LIMIT: the room is used up. */
enum gh_rc gh_logfacts_add(struct gh_logfacts *f, uint64_t index, struct gh_span entry, struct gh_err *err);
/* NULL: the log knows no such thing. */
struct gh_logfact *gh_logfact_find(const struct gh_logfacts *f, enum gh_logfact_kind kind, const char *id);
#endif
