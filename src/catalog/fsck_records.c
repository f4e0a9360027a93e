/* fsck_records.c - what was logged, issued and decided: the audit log against the outbox, badges and reviews against what they
 * rest on. */
#include "audit/check.h"
#include "audit/tiles.h"
#include "catalog/badges.h"
#include "catalog/fsck_int.h"
#include "catalog/outbox.h"
#include "catalog/reports.h"
#include "catalog/vault.h"
#include "check/stage.h"
#include "crypto/pubkey.h"
#include "os/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SMALL_FILE = 64 << 10, BUNDLE_ROWS = 2048 };
#define HISTORY \
	"keep the log as it is, and compare it with a checkpoint or backup from elsewhere: `gatehouse audit verify " \
	"--since`"

/* ---- the log ---- */

static enum gh_rc slurp(int dir, const char *name, struct gh_buf *out, struct gh_err *err)
{
	char block[4096];
	int fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? gh_fail(err, GH_E_ABSENT, "%s is missing", name)
				       : gh_fail_sys(err, errno, "%s", name);
	ssize_t n;
	while ((n = read(fd, block, sizeof block)) > 0 || (n < 0 && errno == EINTR))
		if (n > 0)
			gh_buf_put(out, block, (size_t)n);
	int sys = errno;
	(void)close(fd);
	if (n < 0)
		return gh_fail_sys(err, sys, "%s", name);
	return out->full ? gh_fail(err, GH_E_MALFORMED, "%s is too large", name) : GH_OK;
}

static enum gh_rc open_log(struct gh_catalog *c, int *dir, struct gh_err *err)
{
	char path[GH_HOME_PATH + 8];
	if (gh_home_path(&c->home, "log", path, sizeof path) == NULL)
		return gh_fail(err, GH_E_LIMIT, "the path of the log is too long");
	*dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return *dir >= 0 ? GH_OK : gh_fail_sys(err, errno, "%s", path);
}

enum gh_rc gh_fsck_tiles(struct gh_catalog *c, struct gh_tiles *t, struct gh_err *err)
{
	gh_auto_buf text = gh_buf(SMALL_FILE);
	struct gh_note note;
	struct gh_checkpoint head;
	*t = (struct gh_tiles){ .dir = -1 };
	GH_TRY(open_log(c, &t->dir, err), err, "the audit log");
	enum gh_rc rc = slurp(t->dir, "checkpoint", &text, err);
	if (rc == GH_OK)
		rc = gh_note_read(gh_buf_view(&text), &note, err);
	if (rc == GH_OK)
		rc = gh_checkpoint_read(note.text, &head, err);
	if (rc == GH_OK)
		t->size = head.size;
	else
		(void)close(t->dir);
	return rc;
}

static enum gh_rc log_key(int dir, struct gh_note_key *key, struct gh_err *err)
{
	gh_auto_buf text = gh_buf(SMALL_FILE);
	GH_TRY(slurp(dir, "key.pub", &text, err), err, "the audit log");
	return gh_note_vkey_read(gh_buf_view(&text), key, err);
}

/* key.pub lies beside the log: whoever could write the one could write the other. The vault knows better. */
static enum gh_rc same_as_vault(struct gh_catalog *c, struct gh_fsck *f, const struct gh_note_key *key,
				struct gh_err *err)
{
	struct gh_vp_public pub;
	struct gh_key *k = NULL;
	uint8_t raw[GH_KEY_RAW];
	if (c->vault == NULL)
		return GH_OK;
	struct gh_err first = { 0 };
	enum gh_rc rc = gh_vault_public_of(c->vault, GH_VAULT_LOG, &pub, &first);
	if (gh_fsck_key_bad(rc))
		return GH_OK; /* "keys" told it: the log is not to blame */
	if (rc != GH_OK)
		return gh_fail(err, rc, "the key of the log");
	bool same = pub.spki_n <= sizeof pub.spki &&
		    gh_key_public((struct gh_span){ pub.spki, pub.spki_n }, &k, err) == GH_OK && gh_key_raw(k, raw) &&
		    key->key_n == sizeof raw && memcmp(raw, key->key, sizeof raw) == 0;
	gh_key_free(k);
	if (!same)
		gh_fsck_say(f, "", HISTORY, "key.pub of the audit log is not the key that the vault signs it with");
	return GH_OK;
}

enum gh_rc gh_fsck_log(struct gh_catalog *c, struct gh_fsck *f, struct gh_err *err)
{
	struct gh_note_key key;
	int dir = -1;
	f->cursor[0] = '\0';
	GH_TRY(open_log(c, &dir, err), err, "the audit log");
	struct gh_err first = { 0 };
	enum gh_rc rc = log_key(dir, &key, &first);
	if (rc == GH_OK)
		rc = same_as_vault(c, f, &key, &first);
	struct gh_audit_report *r = calloc(1, sizeof *r);
	if (r == NULL)
		rc = gh_fail(&first, GH_E_NOMEM, "no memory");
	if (rc == GH_OK)
		rc = gh_audit_check(dir, &key, (struct gh_span){ 0 }, r, &first);
	if (rc == GH_OK) {
		uint64_t told = r->problems < GH_AUDIT_PROBLEMS ? r->problems : GH_AUDIT_PROBLEMS;
		for (uint64_t i = 0; i < told; i++)
			gh_fsck_say(f, "", HISTORY, "%s", r->problem[i]);
		f->looked += r->entries;
		f->bytes += r->bytes;
	}
	if (r != NULL)
		gh_audit_report_free(r);
	free(r);
	(void)close(dir);
	if (rc == GH_E_ABSENT || rc == GH_E_MALFORMED) {
		char line[400];
		gh_fsck_say(f, "", "restore log/ from a backup", "%s", gh_err_line(&first, line, sizeof line));
		return GH_OK;
	}
	if (rc != GH_OK && err != NULL)
		*err = first;
	return rc;
}

/* ---- outbox → log ---- */

struct bundle { /* the one that was read last */
	struct gh_tiles *tiles;
	struct gh_buf bytes;
	uint64_t index; /* UINT64_MAX: none */
};

/* The logged entry at `index`; an empty span when the log has none there. */
static enum gh_rc entry_at(struct bundle *b, uint64_t index, struct gh_span *out, struct gh_err *err)
{
	*out = (struct gh_span){ 0 };
	if (index >= b->tiles->size)
		return GH_OK;
	if (b->index != index / GH_TILE) {
		b->bytes.n = 0;
		b->index = UINT64_MAX;
		enum gh_rc rc = gh_tiles_bundle(b->tiles, index / GH_TILE, &b->bytes, err);
		if (rc == GH_E_ABSENT || rc == GH_E_MALFORMED) { /* "log" told that one already */
			if (err != NULL)
				*err = (struct gh_err){ 0 };
			return GH_OK;
		}
		if (rc != GH_OK)
			return rc;
		b->index = index / GH_TILE;
	}
	struct gh_span rest = gh_buf_view(&b->bytes), e;
	for (uint64_t i = 0; gh_bundle_next(&rest, &e); i++)
		if (i == index % GH_TILE) {
			*out = e;
			break;
		}
	return GH_OK;
}

static enum gh_rc compare(struct gh_fsck *f, struct bundle *b, const struct gh_outbox_entry *e, struct gh_err *err)
{
	struct gh_span logged;
	f->looked++;
	if (e->log_index < 0) {
		/* The next flush appends it: one that is young may be on its way just now. */
		if (e->at < f->now - 60)
			gh_fsck_say(f, e->id.s, "run any command that needs the keys: it appends what is waiting",
				    "entry %s (%.*s) waits to be written to the audit log", e->id.s, (int)e->kind.n,
				    (const char *)e->kind.p);
		return GH_OK;
	}
	GH_TRY(entry_at(b, (uint64_t)e->log_index, &logged, err), err, "the audit log");
	if (logged.p == NULL)
		gh_fsck_say(f, e->id.s, HISTORY,
			    "entry %s (%.*s) should stand at %lld of the audit log, which does not have it", e->id.s,
			    (int)e->kind.n, (const char *)e->kind.p, (long long)e->log_index);
	else if (!gh_span_eq(logged, e->entry))
		gh_fsck_say(f, e->id.s, HISTORY,
			    "entry %s (%.*s) reads otherwise in the audit log, at %lld, than in the database", e->id.s,
			    (int)e->kind.n, (const char *)e->kind.p, (long long)e->log_index);
	return GH_OK;
}

enum gh_rc gh_fsck_outbox(struct gh_catalog *c, struct gh_fsck *f, struct gh_err *err)
{
	gh_auto_arena a = { .max = GH_FSCK_ARENA };
	struct gh_outbox_entry *v = NULL;
	size_t n = 0;
	int64_t after = strtoll(f->cursor, NULL, 10);
	/* First the outbox, then the log's size: what is marked meanwhile is in the log that is read afterwards. */
	GH_TRY(gh_outbox_list(c->db, &a, after, BUNDLE_ROWS, &v, &n, err), err, "the outbox");
	f->cursor[0] = '\0';
	if (n == 0)
		return GH_OK;
	struct gh_tiles *t = calloc(1, sizeof *t);
	struct bundle b = { .tiles = t, .bytes = gh_buf(GH_BUNDLE_MAX), .index = UINT64_MAX };
	struct gh_err first = { 0 };
	enum gh_rc rc = t == NULL ? gh_fail(&first, GH_E_NOMEM, "no memory") : gh_fsck_tiles(c, t, &first);
	if (rc == GH_OK) {
		for (size_t i = 0; rc == GH_OK && i < n; i++)
			rc = compare(f, &b, &v[i], &first);
		if (rc == GH_OK && n == BUNDLE_ROWS)
			(void)snprintf(f->cursor, sizeof f->cursor, "%lld", (long long)v[n - 1].seq);
		(void)close(t->dir);
	}
	gh_buf_free(&b.bytes);
	free(t);
	if (rc == GH_E_ABSENT || rc == GH_E_MALFORMED)
		return GH_OK; /* "log" told it */
	if (rc != GH_OK && err != NULL)
		*err = first;
	return rc;
}

/* ---- badges ---- */

/* "integrity=run malware=run … detonation=not-run": did every stage run that must? */
static bool stages_ran(const char *stages)
{
	for (unsigned i = 0; i < GH_STAGES; i++) {
		char want[64];
		size_t n = (size_t)snprintf(want, sizeof want, "%s=run", gh_stage_rows[i].name);
		bool found = i == GH_STAGE_DETONATION;
		for (const char *p = stages; !found && *p != '\0';
		     p += p[strcspn(p, " ")] == ' ' ? strcspn(p, " ") + 1 : strcspn(p, " "))
			found = strcspn(p, " ") == n && memcmp(p, want, n) == 0;
		if (!found)
			return false;
	}
	return true;
}

static enum gh_rc check_badge(struct gh_catalog *c, struct gh_fsck *f, const struct gh_badge_row *b, struct gh_err *err)
{
	static const char todo[] =
		"take it back: `gatehouse badge revoke`, then scan the model again: `gatehouse rescan`";
	struct gh_report_row r;
	struct gh_err first = { 0 };
	int64_t index = -1;
	f->looked++;
	if (b->state != GH_BADGE_ISSUED)
		return GH_OK;
	enum gh_rc rc = gh_report_get(c->db, &b->report, &r, &first);
	if (rc == GH_E_ABSENT)
		gh_fsck_say(f, b->id.s, todo, "badge %s rests on a report that is not there", b->id.s);
	else if (rc != GH_OK)
		return gh_fail(err, rc, "badge %s", b->id.s);
	else if (!gh_id_same(&r.version, &b->version))
		gh_fsck_say(f, b->id.s, todo, "badge %s rests on the report of another version", b->id.s);
	else if (strcmp(r.verdict, "CLEAN") != 0 && strcmp(r.verdict, "REVIEW") != 0)
		gh_fsck_say(f, b->id.s, todo, "badge %s rests on a report that says %.20s", b->id.s, r.verdict);
	else if (!stages_ran(r.stages))
		gh_fsck_say(f, b->id.s, todo, "badge %s rests on a scan that was not finished (%.200s)", b->id.s,
			    r.stages);
	if (b->log_index < 0 || gh_id_none(&b->entry)) {
		gh_fsck_say(f, b->id.s, todo, "badge %s was issued without an entry in the audit log", b->id.s);
		return GH_OK;
	}
	first = (struct gh_err){ 0 };
	rc = gh_outbox_index(c->db, &b->entry, &index, &first);
	if (rc != GH_OK && rc != GH_E_ABSENT)
		return gh_fail(err, rc, "badge %s", b->id.s);
	if (rc == GH_E_ABSENT || index != b->log_index)
		gh_fsck_say(f, b->id.s, todo, "badge %s names entry %lld of the audit log, which is not its own",
			    b->id.s, (long long)b->log_index);
	return GH_OK;
}

enum gh_rc gh_fsck_badges(struct gh_catalog *c, struct gh_fsck *f, struct gh_err *err)
{
	gh_auto_arena a = { .max = GH_FSCK_ARENA };
	struct gh_badge_row *v;
	size_t n;
	f->cursor[0] = '\0';
	GH_TRY(gh_badge_list(c->db, &a, NULL, &v, &n, err), err, "badges");
	for (size_t i = 0; i < n; i++)
		GH_TRY(check_badge(c, f, &v[i], err), err, "badges");
	return GH_OK;
}
