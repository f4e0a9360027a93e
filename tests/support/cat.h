/* cat.h - a small catalog in a database, for tests: a tenant, people, a version with a report. */
#ifndef GH_TESTS_CAT_H
#define GH_TESTS_CAT_H
#include "support/dbs.h"
#include "catalog/id.h"
#include "catalog/principals.h"
#include "catalog/versions.h"

/* Fail the test with the chain of the error. */
void cat_ok(enum gh_rc rc, const struct gh_err *err);
#define CAT_OK(call) \
	do { \
		struct gh_err err_ = { 0 }; \
		struct gh_err *err = &err_; \
		cat_ok((call), err); \
	} while (0)
/* The call fails with this code, and says this. */
void cat_fails(enum gh_rc rc, enum gh_rc want, const char *says, const struct gh_err *err);
#define CAT_FAILS(want, says, call) \
	do { \
		struct gh_err err_ = { 0 }; \
		struct gh_err *err = &err_; \
		cat_fails((call), (want), (says), err); \
	} while (0)

struct gh_id cat_id(void);
/* 64 times the digit. */
const char *cat_digest(char digit);
/* The number that a query answers. */
int64_t cat_count(struct gh_db *db, const char *sql);

struct gh_id cat_tenant(struct gh_db *db, const char *name);
/* A principal with the grant "role@scope" ("publisher@acme"), or none (NULL). Grants in the arena. */
struct gh_principal cat_person(struct gh_db *db, struct gh_arena *a, const char *name, const char *grant);
/* A stored blob. */
struct gh_id cat_blob(struct gh_db *db, const struct gh_id *tenant, const char *kind, char digit);
/* "acme/llama:1.0" with a manifest and a report of this verdict, in this state; by: its author. */
struct gh_version cat_version(struct gh_db *db, const char *name, const struct gh_id *by, const char *verdict,
			      enum gh_vstate state, const char *tier);
/* A new report for it. */
struct gh_id cat_report(struct gh_db *db, const struct gh_version *v, const char *verdict, char digit);
#endif
