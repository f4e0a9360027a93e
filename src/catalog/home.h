/* home.h - where everything lives: one directory, readable by its owner only.
 *
 *	gatehouse.yaml	settings (below)
 *	keys/		wrapped keys; only the vault looks in here
 *	db/		the database, unless `database` points elsewhere
 *	blobs/		encrypted objects, or the staging files of another store
 *	log/		the audit log as static tiles, key.pub
 *	run/		socket and locks of running processes
 *
 * Which directory: --home, else $GATEHOUSE_HOME, else /var/lib/gatehouse for root, else $XDG_DATA_HOME/gatehouse or
 * ~/.local/share/gatehouse. Settings are few and flat; an unknown one is an error that names its line. */
#ifndef GH_CATALOG_HOME_H
#define GH_CATALOG_HOME_H
#include "base/buf.h"
#include "base/err.h"
#include "base/span.h"

enum { GH_HOME_PATH = 3072, GH_HOME_VALUE = 1024, GH_HOME_VERSION = 1 };

struct gh_home {
	char dir[GH_HOME_PATH];	      /* absolute, without a slash at the end */
	char origin[128];	      /* name of the audit log: "gatehouse/<id>" unless set */
	char database[GH_HOME_VALUE]; /* URL for gh_db_open(); a relative sqlite path counts from dir */
	char blobs[GH_HOME_VALUE];    /* URL for gh_store_open(); "": files in blobs/ */
	char unlock
		[GH_HOME_VALUE]; /* how the root key is opened: "passphrase", "file:PATH", "credential:NAME", "tpm" */
	char policy[GH_HOME_VALUE]; /* name of a shipped profile for tenants without one: "enterprise" */
	char opa[GH_HOME_VALUE];    /* URL of an OPA that is asked too; "": none */
	char anchor[GH_HOME_VALUE]; /* file that remembers the last checkpoint (anchor.h); "": none */
	char four_eyes[16]; /* what two persons are: "hands" (nobody can act as both), or "persons" (two principals) */
	char evidence_tpm[GH_HOME_VALUE]; /* TPM that vouches for launches: "tpm" (the kernel's), "tpm:TCTI" */
	char tpm_enrolment
		[GH_HOME_VALUE]; /* record of its enrolment (attest/tpm_enrol.h), from dir if relative; "": none */
	char enrolled_by[80];	 /* key that signed it: SHA-256 of its SubjectPublicKeyInfo, 64 digits; "": none */
	int64_t badge_days;	 /* how long a badge is valid */
};

/* The directory, without looking whether it exists. GH_E_ABSENT: none of the sources gives one (no $HOME). */
enum gh_rc gh_home_find(const char *option, char out[GH_HOME_PATH], struct gh_err *err);
/* Read the settings. GH_E_ABSENT: there is no home (says to run `gatehouse init`); GH_E_DENIED: others may write to it;
 * GH_E_UNREAD: made by a newer version; GH_E_MALFORMED: settings, with the line. */
enum gh_rc gh_home_load(const char *dir, struct gh_home *out, struct gh_err *err);
/* Do two principals that one person can act as count as two? (setting four_eyes: persons) */
bool gh_home_one_hand(const struct gh_home *h);
/* Defaults for a new home; then gh_home_make() makes directories and settings. GH_E_EXISTS: there is one already, or the
 * directory is not empty. Nothing is left behind on failure. */
void gh_home_defaults(const char *dir, struct gh_home *out);
enum gh_rc gh_home_make(const struct gh_home *h, struct gh_err *err);
/* The settings as the file holds them, without passwords: those in URLs are left out, and a line that begins with GH_HOME_LEFT_OUT and
 * the setting's name says so. For copies that leave the home. */
#define GH_HOME_LEFT_OUT "# Left out, put it back: the password in "
void gh_home_settings(const struct gh_home *h, struct gh_buf *out);
/* Remove a home that was just made and could not be filled. Only what a new home holds; anything else stays. */
void gh_home_unmake(const struct gh_home *h);
/* dir/name in buf. NULL when it does not fit. */
const char *gh_home_path(const struct gh_home *h, const char *name, char *buf, size_t cap);
#endif
