/* restore.h - a home from a backup, whole or not at all.
 *
 * main makes an empty directory beside the home to be and opens the archive; what reads it is the role `restore`, a fresh process for
 * each step (catalog/backup.h), which holds nothing and may write beneath that one directory:
 *
 *	read	the archive into files, against its manifest and its signature
 *	look	opens the settings, the audit log and the database of these files
 *	move	copies the rows into a database elsewhere, to which it connects before it is locked down
 *
 * What the roles say is checked like any stranger's word, and before the directory gets its name main looks at what lies in it:
 * plain files and directories, ours, with the rights that a home gives, and nothing else. */
#ifndef GH_DAEMON_RESTORE_H
#define GH_DAEMON_RESTORE_H
#include "catalog/backup.h"

struct gh_restoration {
	const char *home; /* directory to be made; it may be there when it is empty */
	const char *
		database; /* URL that replaces the setting; NULL: as in the backup. A PostgreSQL database must be empty */
	struct gh_span key; /* the badge key that must have signed (PEM); n == 0: the signature is not checked */
	void (*progress)(void *arg, uint64_t bytes);
	void *arg;
};

/* in: the archive, read from its start. Failures as in catalog/backup.h; GH_E_EXISTS: the home is not empty; GH_E_BUG: a role ended, or
 * broke the rules. Nothing is left behind on failure. */
enum gh_rc gh_restore_run(const struct gh_restoration *how, int in, struct gh_restore_done *done, struct gh_err *err);
#endif
