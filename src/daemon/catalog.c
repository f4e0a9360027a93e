/* The role `catalog`: owns the database, the ciphertext and the audit log of a home, and runs operations. It holds no keys: what
 * has to be signed or released is asked from the vault, over a channel that main gave it. Without that channel it answers
 * questions, and changes nothing.
 *
 *	catalog HOME	descriptor 3: main, descriptor 4: the vault (or nothing) */
#include "api/op.h"
#include "audit/log.h"
#include "base/buf.h"
#include "catalog/anchor.h"
#include "catalog/ledger.h"
#include "catalog/outbox.h"
#include "catalog/reserve.h"
#include "catalog/schema.h"
#include "catalog/store.h"
#include "catalog/vault.h"
#include "base/arena.h"
#include "os/file.h"
#include "crypto/pubkey.h"
#include "daemon/roles.h"
#include "daemon/service_int.h"
#include "os/call.h"
#include "os/role.h"
#include "wire/b64.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

enum { MAIN = GH_ROLE_SOCK, VAULT = 4 };

static int64_t seconds(void) { return (int64_t)time(NULL); }

/* ---- the vault asks the catalog, the log asks the vault ---------------------------------------------------------------- */

/* Called inside a release, before a key leaves the vault: the entry must be durable. */
static enum gh_rc log_release(void *arg, const struct gh_vp_log *e, uint64_t *index, struct gh_err *err)
{
	struct gh_catalog *c = arg;
	char tenant[33], version[33], requester[33], entry_id[33], blobs[65], deployment[33], measurement[65];
	struct gh_id id;
	gh_b16(tenant, (struct gh_span){ e->tenant, sizeof e->tenant });
	gh_b16(version, (struct gh_span){ e->version, sizeof e->version });
	gh_b16(requester, (struct gh_span){ e->requester, sizeof e->requester });
	gh_b16(entry_id, (struct gh_span){ e->entry, sizeof e->entry });
	gh_b16(blobs, (struct gh_span){ e->blobs, sizeof e->blobs });
	gh_b16(deployment, (struct gh_span){ e->deployment, sizeof e->deployment });
	gh_b16(measurement, (struct gh_span){ e->measurement, sizeof e->measurement });
	static const char none[] = "00000000000000000000000000000000";
	const char *actor = strcmp(requester, none) == 0 ? "local" : requester;
	const struct gh_entry_value release[] = {
		{ .name = "tenant", .text = tenant },
		{ .name = "version", .text = version },
		{ .name = "purpose", .text = gh_vault_purpose_name((enum gh_vault_purpose)e->purpose) },
		{ .name = "keys", .number = e->keys },
		{ .name = "blobs", .text = blobs },
		{ .name = "generation", .number = e->generation },
		/* of deployments only */
		{ .name = "deployment", .text = deployment },
		{ .name = "measurement", .text = measurement },
		{ .name = "evidence", .text = gh_vault_class_name(e->cls) },
	};
	size_t fields = sizeof release / sizeof *release - (e->what == GH_VP_LOG_DEPLOY ? 0 : 3);
	const struct gh_entry_value shred[] = { { .name = "tenant", .text = tenant },
						{ .name = "keys", .number = e->keys } };
	enum gh_rc rc = e->what == GH_VP_LOG_SHRED ? gh_ledger_put(c, "tenant-shred", actor, shred, 2, &id, err)
						   : gh_ledger_put(c, "key-release", actor, release, fields, &id, err);
	if (rc == GH_OK)
		rc = gh_ledger_flush(c, err);
	return rc == GH_OK ? gh_ledger_index(c, &id, index, err) : rc;
}

static enum gh_rc sign_checkpoint(void *arg, const struct gh_log_ask *ask, uint8_t sig[GH_ED25519_SIG],
				  struct gh_err *err)
{
	struct gh_catalog *c = arg;
	return gh_vault_checkpoint(c->vault, ask->text, ask->proof, sig, err);
}

/* ---- opening ----------------------------------------------------------------------------------------------------------- */

/* Tell the vault of the published checkpoint: after a restore it may remember an earlier one. Whatever is wrong with the file is
 * said when the log is opened. */
static void show_checkpoint(struct gh_catalog *c, const struct gh_note_key *key)
{
	char path[GH_HOME_PATH + 32];
	struct stat st;
	gh_auto_arena a = { .max = 1 << 20 };
	struct gh_note *note = GH_NEW(&a, struct gh_note, 1);
	uint8_t *text = GH_NEW(&a, uint8_t, GH_NOTE_MAX);
	struct gh_span sig;
	int fd = gh_os_open_regular(gh_home_path(&c->home, "log/checkpoint", path, sizeof path), &st);
	bool ok = fd >= 0 && note != NULL && text != NULL && st.st_size <= GH_NOTE_MAX &&
		  gh_os_read_at(fd, text, (size_t)st.st_size, 0) &&
		  gh_note_read((struct gh_span){ text, (size_t)st.st_size }, note, NULL) == GH_OK;
	if (fd >= 0)
		(void)close(fd);
	for (size_t i = 0; ok && i < note->nsig; i++)
		if (note->sig[i].id == key->id && note->sig[i].n == GH_ED25519_SIG &&
		    gh_b64_take(&a, note->sig[i].base64, &sig) && sig.n == 4 + GH_ED25519_SIG)
			(void)gh_vault_adopt(c->vault, note->text, sig.p + 4, NULL);
}

static enum gh_rc open_log(struct gh_catalog *c, struct gh_err *err)
{
	char dir[GH_HOME_PATH + 8];
	struct gh_vp_public pub;
	struct gh_key *key = NULL;
	struct gh_note_key note;
	uint8_t raw[GH_KEY_RAW];
	if (c->vault == NULL)
		return GH_OK;
	GH_TRY(gh_vault_public_of(c->vault, GH_VAULT_LOG, &pub, err), err, "the key of the audit log");
	enum gh_rc rc = gh_key_public((struct gh_span){ pub.spki, pub.spki_n <= sizeof pub.spki ? pub.spki_n : 0 },
				      &key, err);
	if (rc == GH_OK && !gh_key_raw(key, raw))
		rc = gh_fail(err, GH_E_BUG, "the key of the audit log is of another kind");
	gh_key_free(key);
	if (rc == GH_OK)
		rc = gh_note_key(c->home.origin, GH_NOTE_ED25519, (struct gh_span){ raw, sizeof raw }, &note, err);
	if (rc != GH_OK)
		return rc;
	const struct gh_log_setup setup = { .dir = gh_home_path(&c->home, "log", dir, sizeof dir),
					    .key = &note,
					    .sign = sign_checkpoint,
					    .sign_arg = c };
	show_checkpoint(c, &note);
	rc = gh_log_open(&setup, &c->log, err);
	if (rc != GH_E_ABSENT)
		return rc;
	*err = (struct gh_err){ 0 };
	GH_TRY(gh_log_create(&setup, err), err, "a new audit log");
	return gh_log_open(&setup, &c->log, err);
}

static enum gh_rc open_database(struct gh_catalog *c, struct gh_err *err)
{
	char url[GH_HOME_PATH + GH_HOME_VALUE];
	const char *path = c->home.database;
	if (strncmp(path, "sqlite:", 7) == 0 && path[7] != '/')
		(void)snprintf(url, sizeof url, "sqlite:%s/%s", c->home.dir, path + 7);
	else
		(void)snprintf(url, sizeof url, "%s", path);
	/* A database that is not there is made for a new home only: where something was logged it was lost. */
	uint64_t logged = 0;
	const struct gh_db_how how = { .create = !gh_ledger_log_size(c, &logged) || logged == 0 };
	GH_TRY(gh_db_open(url, &how, &c->db, err), err, "the database");
	return gh_schema_migrate(c->db, c->now(), NULL, err);
}

static bool over_network(const struct gh_home *h)
{
	return strncmp(h->database, "sqlite:", 7) != 0 || strncmp(h->blobs, "s3:", 3) == 0 || h->opa[0] != '\0';
}

static enum gh_rc open_all(struct gh_catalog *c, const char *home, struct gh_err *err)
{
	struct stat st;
	char blobs[GH_HOME_PATH + 8];
	c->now = seconds;
	GH_TRY(gh_home_load(home, &c->home, err), err, "the home");
	if (c->vault == NULL && fstat(VAULT, &st) == 0 && S_ISSOCK(st.st_mode)) {
		(void)fcntl(VAULT, F_SETFD, FD_CLOEXEC);
		c->vault = gh_vault_new(VAULT, log_release, c);
		if (c->vault == NULL)
			return gh_fail(err, GH_E_NOMEM, "no memory");
	}
	GH_TRY(open_database(c, err), err, "%s", home);
	GH_TRY(gh_store_open(c->home.blobs, gh_home_path(&c->home, "blobs", blobs, sizeof blobs), &c->store, err), err,
	       "the store of blobs");
	GH_TRY(open_log(c, err), err, "the audit log");
	/* Before anything is appended: a log that was put back must not grow until it hides that. */
	GH_TRY(gh_anchor_check(c, err), err, "%s", home);
	enum gh_rc rc = c->log != NULL ? gh_ledger_flush(c, err) : GH_OK;
	if (rc == GH_OK)
		rc = gh_anchor_advance(c, err);
	return rc == GH_OK ? gh_ledger_agrees(c, err) : rc;
}

/* A full disk keeps even `fsck --repair` from starting: the database and the log need some room to be opened. */
static enum gh_rc no_room(const struct gh_catalog *c, enum gh_rc rc, struct gh_err *err)
{
	enum { LEAST = 256 << 10 };
	struct statvfs fs;
	if (c->home.dir[0] == '\0' || statvfs(c->home.dir, &fs) != 0 || fs.f_bavail > LEAST / fs.f_frsize)
		return rc;
	if (strncmp(c->home.blobs, "file:/", 6) == 0)
		return gh_fail(err, rc, "the disk is full: make room on it first");
	return gh_fail(err, rc,
		       "the disk is full: make room on it, or, while no import runs, remove what lies in "
		       "%s/blobs/staging",
		       c->home.dir);
}

/* What the role keeps: its home but the keys, and the network where the settings point there. */
static const char *lock_down(const struct gh_catalog *c)
{
	char path[4][GH_HOME_PATH + 16];
	const char *db = c->home.database, *blobs = c->home.blobs;
	bool net = over_network(&c->home);
	char outside[3][GH_HOME_PATH] = { "", "", "" };
	const char *anchor = gh_anchor_path(&c->home);
	if (anchor != NULL) { /* replaced by rename: its directory is needed */
		(void)snprintf(outside[2], sizeof outside[2], "%s", anchor);
		char *slash = strrchr(outside[2], '/');
		slash[slash == outside[2] ? 1 : 0] = '\0';
	}
	if (strncmp(db, "sqlite:/", 8) == 0) { /* SQLite makes files beside the database */
		(void)snprintf(outside[0], sizeof outside[0], "%s", db + 7);
		*strrchr(outside[0], '/') = '\0';
	}
	if (strncmp(blobs, "file:/", 6) == 0)
		(void)snprintf(outside[1], sizeof outside[1], "%s", blobs + 5);
	const struct gh_role_path allowed[] = {
		/* Not the home as a whole: keys/ is the vault's. */
		{ gh_home_path(&c->home, "db", path[0], sizeof path[0]), GH_ROLE_WRITE },
		{ gh_home_path(&c->home, "blobs", path[1], sizeof path[1]), GH_ROLE_WRITE },
		{ gh_home_path(&c->home, "log", path[2], sizeof path[2]), GH_ROLE_WRITE },
		{ gh_home_path(&c->home, "run", path[3], sizeof path[3]), GH_ROLE_WRITE },
		{ outside[0][0] != '\0' ? outside[0] : "/nonexistent", GH_ROLE_WRITE },
		{ outside[1][0] != '\0' ? outside[1] : "/nonexistent", GH_ROLE_WRITE },
		{ outside[2][0] != '\0' ? outside[2] : "/nonexistent", GH_ROLE_WRITE },
		{ "/dev/urandom", GH_ROLE_READ },
		{ "/etc/localtime", GH_ROLE_READ },
		{ "/tmp", GH_ROLE_WRITE },
		{ "/var/tmp", GH_ROLE_WRITE },
	};
	const struct gh_role_lock lock = { .may = GH_MAY_FILES |
						  (net ? GH_MAY_NET | GH_MAY_LIBRARIES | GH_MAY_THREADS : 0),
					   .path = allowed,
					   .npath = sizeof allowed / sizeof *allowed,
					   .files = 1024 };
	return gh_role_lock(&lock);
}

static void close_files(struct gh_catalog *c)
{
	gh_log_close(c->log);
	gh_store_close(c->store);
	gh_db_close(c->db);
}

static void close_all(struct gh_catalog *c)
{
	close_files(c);
	gh_vault_free(c->vault);
}

/* Once more, with the room that is kept for a full disk. */
static enum gh_rc open_again(struct gh_catalog *c, const char *home, struct gh_err *err)
{
	struct gh_vault *vault = c->vault; /* its channel is there once */
	close_files(c);
	*c = (struct gh_catalog){ .vault = vault, .tight = true };
	*err = (struct gh_err){ 0 };
	return open_all(c, home, err);
}

/* ---- serving ----------------------------------------------------------------------------------------------------------- */

static bool serve_one(struct gh_catalog *c)
{
	struct gh_call_head h;
	struct gh_err err = { 0 };
	gh_auto_buf text = gh_buf(GH_CALL_TEXT), answer = gh_buf(GH_CALL_TEXT);
	int fd = -1, out = -1;
	if (gh_call_recv(MAIN, &h, &text, &fd, -1, &err) != GH_OK)
		return false; /* main is gone, or does not keep to the rules: either way this is over */
	if (h.kind != GH_SERVICE_ASK && h.kind != GH_SERVICE_STEP)
		return false;
	h.code = gh_op_serve(c, gh_buf_view(&text), h.a[0] == 0, h.kind == GH_SERVICE_STEP, fd, &answer, &out);
	if (fd >= 0)
		(void)close(fd);
	bool ok = gh_call_send(MAIN, &h, gh_buf_view(&answer), out);
	if (out >= 0)
		(void)close(out);
	return ok;
}

/* Nobody asked for some seconds: make the log's tiles durable now, so that the next burst does not pay for it. */
static void settle_when_quiet(struct gh_catalog *c)
{
	enum { QUIET_MS = 3000 };
	struct pollfd p = { .fd = MAIN, .events = POLLIN };
	struct gh_err ignored = { 0 };
	if (c->log != NULL && poll(&p, 1, QUIET_MS) == 0)
		(void)gh_log_settle(c->log, &ignored); /* what fails here is tried again, and nothing is lost by it */
}

int gh_role_catalog(int argc, char **argv)
{
	struct gh_catalog c = { 0 };
	struct gh_err err = { 0 };
	char why[GH_ERR_LINKS * GH_ERR_TEXT] = "";
	(void)signal(SIGPIPE, SIG_IGN);
	(void)signal(SIGXFSZ, SIG_IGN);
	(void)umask(077);
	if (argc != 1)
		return 64;
	enum gh_rc rc = open_all(&c, argv[0], &err);
	/* Little room is no room: what was opened would fail half-way. */
	if (c.home.dir[0] != '\0' && gh_reserve_needed(&c.home) && gh_reserve_release(&c.home)) {
		c.tight = true;
		if (rc != GH_OK)
			rc = open_again(&c, argv[0], &err);
	}
	if (rc == GH_OK) {
		const char *layer = lock_down(&c);
		if (layer != NULL)
			rc = gh_fail(&err, GH_E_DENIED, "the catalog process could not be locked down: %s", layer);
	}
	if (rc != GH_OK)
		rc = no_room(&c, rc, &err);
	const struct gh_call_head hello = { .code = rc };
	if (rc != GH_OK)
		(void)gh_err_line(&err, why, sizeof why);
	bool go = gh_call_send(MAIN, &hello, gh_span_str(why), -1) && rc == GH_OK;
	while (go && (settle_when_quiet(&c), serve_one(&c)))
		;
	close_all(&c);
	if (c.home.dir[0] != '\0') /* also when it could not be opened: what was given back is kept again */
		gh_reserve_hold(&c.home, c.tight);
	return rc == GH_OK ? 0 : 2;
}
