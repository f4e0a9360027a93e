/* backup.h - a home in one file, taken while everything runs, and a home made from such a file.
 *
 * The archive (baktar.h), in this order:
 *
 *	gatehouse.yaml		settings
 *	database.db		a consistent copy of the database, always as SQLite, whatever engine it came from
 *	keys/…			the vault's files as they lie there: every key in them is wrapped; none is ever plain
 *	log/…			the audit log: tiles, key.pub, and the checkpoint, which was read before the tiles
 *	blobs/…			the ciphertext, when it was asked for and lies in local files
 *	manifest.json		names, sizes and SHA-256 of all of these; which catalog, when, by which program
 *	manifest.sig		a DSSE envelope by the badge key over the digest of the manifest; absent without open keys
 *
 * The order is what makes it consistent without stopping anybody: what the database names is in keys, log and blobs that are
 * read after it (those only grow), and the vault's memory of the last checkpoint it signed is never newer than the log that is
 * read after it.
 *
 * A restore (daemon/restore.h) reads the archive into a new directory beside the home, compares every byte with the manifest, opens
 * the database, re-checks the whole log and renames the directory into place: a home is there whole, or not at all. */
#ifndef GH_CATALOG_BACKUP_H
#define GH_CATALOG_BACKUP_H
#include "base/buf.h"
#include "catalog/db.h"
#include "catalog/home.h"

enum { GH_BACKUP_VERSION = 1, GH_BACKUP_MANIFEST = 256 << 20 };
#define GH_BACKUP_TYPE "gatehouse-backup/1"

/* ---- writing ---- */

/* Copy the whole database into a new SQLite file at `path` (which must not be there), of whatever engine db is, in one view of it.
 * On failure nothing stays at `path`. */
enum gh_rc gh_backup_database(struct gh_db *db, const char *path, struct gh_err *err);

struct gh_backup_how {
	const struct gh_home *home;
	int database; /* descriptor of the copy above, read from its start */
	bool blobs;   /* with the ciphertext */
	int64_t now;
	const char *catalog; /* id of the catalog (gh_schema_catalog_id()) */
	unsigned schema;     /* version of the schema in the copy */
	void (*progress)(void *arg, uint64_t bytes);
	void *arg;
};
struct gh_backup_done {
	uint64_t files, bytes; /* in the archive, without heads */
	char manifest[65];     /* SHA-256 of manifest.json */
};
/* Write the archive to `out` from its present position, without its end: gh_backup_seal() follows. Not fsynced.
 * GH_E_UNREAD: blobs were asked for, but lie in a store that is not local. */
enum gh_rc gh_backup_write(const struct gh_backup_how *how, int out, struct gh_backup_done *done, struct gh_err *err);
/* Append manifest.sig (envelope: its bytes; empty: none) and the end of the archive. */
enum gh_rc gh_backup_seal(int out, struct gh_span envelope, struct gh_err *err);
/* The text that is signed: {"catalog":…,"made":…,"manifest":…,"type":…}. Appended to out. */
void gh_backup_statement(const char *catalog, int64_t now, const char *manifest, struct gh_buf *out);

/* ---- restoring ----
 * The bytes of a backup are a stranger's: they are read, and what they hold is opened, by processes that have lost every right but
 * that to the one new directory (daemon/restore.h). These are the steps that run there, each in a fresh one. */

struct gh_restore_how {
	struct gh_span key; /* the badge key that must have signed (PEM); n == 0: the signature is not checked */
	void (*progress)(void *arg, uint64_t bytes);
	void *arg;
};
struct gh_restore_done {
	uint64_t files, bytes;
	char manifest[65], catalog[33], made[24];
	uint64_t log_size; /* entries of the audit log */
	bool blobs;	   /* the ciphertext was in it */
	bool elsewhere;	   /* the blobs of this catalog lie in an object store */
	bool is_signed, key_checked;
	bool left_out; /* a password of the settings: it is not in a backup and must be put back */
};
/* 1. Read the archive from `in` into the empty directory `dir`, every byte against the manifest, and that against its signature.
 * GH_E_MALFORMED: not a backup, cut, or altered (says which file); GH_E_UNREAD: written by a newer version; GH_E_DENIED: not signed
 * by the key. */
enum gh_rc gh_restore_read(const struct gh_restore_how *how, int dir, int in, struct gh_restore_done *done,
			   struct gh_err *err);
/* 2. Open what was read: settings, the whole audit log, the database; and put a SQLite database where the settings want it.
 * path: of dir. database: URL that replaces the setting, or NULL. *url gets the URL of a database elsewhere into which the
 * copy must be moved, or "". GH_E_DENIED also: it would lie outside of the home, or the backup chose it and nobody checked it. */
enum gh_rc gh_restore_look(const char *path, int dir, const char *database, struct gh_restore_done *done,
			   char url[GH_HOME_VALUE], struct gh_err *err);
/* 3. For a database elsewhere: its rows into `to`, which must be empty (GH_E_EXISTS), and the copy away. */
enum gh_rc gh_restore_move(const char *path, int dir, struct gh_db *to, struct gh_err *err);
#endif
