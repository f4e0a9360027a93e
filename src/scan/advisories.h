/* advisories.h - the databases of advisories of this program and of its user: where they are, reading, keeping them.
 *
 * Shipped: advisories.ghd beside the program or in ../share/gatehouse, sealed (crypto/signed.h). Imported by the user:
 * advisories.db in the home directory of Gatehouse ($GATEHOUSE_HOME, else /var/lib/gatehouse for root, else
 * ~/.local/share/gatehouse), not signed by us. */
#ifndef GH_SCAN_ADVISORIES_H
#define GH_SCAN_ADVISORIES_H
#include "base/buf.h"
#include "wire/advset.h"

struct gh_advisories {
	struct gh_buf set;	/* a section for GH_DATA_ADVISORIES */
	struct gh_advset db;	/* over it */
	bool shipped, imported; /* which of them are in */
	char key[17];		/* that the shipped one was sealed with */
	char with[200];		/* for the report: "advisories of 2026-11-22: 1093 shipped, 12 imported (not signed)" */
	char shipped_path[512], imported_path[512]; /* where they are or would be; imported_path may be "" */
	char lost[600];				    /* why the user's database could not be used, or "" */
	uint64_t imported_time;			    /* when the import was written, seconds since 1970 */
};

/* GH_OK, or why nothing can be matched: there is no shipped file, or it was altered. Of the user's database only: a missing
 * one is no error, and for one that is broken `lost` says why it is left out. */
enum gh_rc gh_advisories_load(struct gh_advisories *a, struct gh_err *err);
void gh_advisories_free(struct gh_advisories *a);

/* Write the user's database, whole or not at all; the directory is made when it is missing. */
enum gh_rc gh_advisories_keep(struct gh_span db, struct gh_err *err);
/* The home directory of Gatehouse. False: there is none to be had. */
bool gh_home(char *out, size_t cap);
/* A whole regular file, at most max bytes. */
enum gh_rc gh_read_whole(const char *path, size_t max, struct gh_buf *out, struct gh_err *err);
#endif
