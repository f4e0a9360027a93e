/* fsck_keys.c - the keys, before all that rests on them: a key that is gone would otherwise be told as a hundred blobs or reviews
 * that are wrong. */
#include "catalog/fsck_int.h"
#include "catalog/vault.h"
#include "crypto/note.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define RESTORE \
	"restore keys/ from a backup with `gatehouse restore`; rotating or making keys anew does not bring them back"
enum { PUBLIC_KEYS = GH_VP_PACKET / sizeof(struct gh_vp_public) };

/* ---- keys that sign ---- */

static enum gh_rc one_kind(struct gh_catalog *c, struct gh_fsck *f, enum gh_vault_key k, struct gh_vp_public *p,
			   struct gh_err *err)
{
	struct gh_err first = { 0 };
	char line[300];
	size_t n = 0;
	uint32_t last = 0;
	bool current = false;
	f->looked++;
	enum gh_rc rc = gh_vault_public_kind(c->vault, k, p, PUBLIC_KEYS, &n, &first);
	if (gh_fsck_key_bad(rc)) {
		char *advice = strstr(gh_err_line(&first, line, sizeof line), "; restore"); /* RESTORE says more */
		if (advice != NULL)
			*advice = '\0';
		gh_fsck_say(f, "", RESTORE, "the %s key: %s", gh_vault_key_name(k), line);
		return GH_OK;
	}
	if (rc != GH_OK) {
		if (err != NULL)
			*err = first;
		return rc;
	}
	for (size_t i = 0; i < n; i++) {
		last = p[i].generation > last ? p[i].generation : last;
		current = current || p[i].current == 1;
	}
	if (!current)
		gh_fsck_say(
			f, "", RESTORE,
			"keys/signing/%s-%u, the %s key of this installation, is missing: nothing that it signs can be "
			"made or verified",
			gh_vault_key_name(k), last + 1, gh_vault_key_name(k));
	return GH_OK;
}

/* Kind by kind: a file that was altered is told, and the others are looked at all the same. */
static enum gh_rc signing(struct gh_catalog *c, struct gh_fsck *f, struct gh_err *err)
{
	gh_auto_arena a = { .max = 4 << 20 };
	struct gh_vp_public *p = GH_NEW(&a, struct gh_vp_public, PUBLIC_KEYS);
	if (p == NULL)
		return gh_fail(err, GH_E_NOMEM, "no memory");
	for (int k = GH_VAULT_BADGE; k < GH_VAULT_KEYS_END; k++)
		GH_TRY(one_kind(c, f, (enum gh_vault_key)k, p, err), err, "keys that sign");
	return GH_OK;
}

/* ---- what the vault signed of the log ---- */

static enum gh_rc signed_log(struct gh_catalog *c, struct gh_fsck *f, struct gh_err *err)
{
	struct gh_vp_last last = { 0 };
	struct gh_checkpoint head;
	struct gh_err first = { 0 };
	f->looked++;
	enum gh_rc rc = gh_vault_last_checkpoint(c->vault, &last, &first);
	if (rc == GH_E_ABSENT)
		return GH_OK; /* none was signed yet */
	if (gh_fsck_key_bad(rc)) {
		gh_fsck_say(
			f, "", RESTORE,
			"keys/log, where the vault remembers what it signed of the audit log, is missing or altered: "
			"nothing can be logged, and so nothing be changed");
		return GH_OK;
	}
	if (rc != GH_OK) {
		if (err != NULL)
			*err = first;
		return rc;
	}
	if (last.note_n == 0 || last.note_n > sizeof last.note ||
	    gh_checkpoint_read((struct gh_span){ last.note, last.note_n }, &head, NULL) != GH_OK)
		return GH_OK;
	struct gh_tiles *t = calloc(1, sizeof *t);
	if (t == NULL)
		return gh_fail(err, GH_E_NOMEM, "no memory");
	rc = gh_fsck_tiles(c, t, &first);
	if (rc == GH_OK)
		(void)close(t->dir);
	if (rc == GH_OK && t->size < head.size)
		gh_fsck_say(f, "", "restore log/ from a backup that is not older, and find out who shortened it",
			    "keys/log: the vault signed an audit log of %llu entries, and log/ has %llu",
			    (unsigned long long)head.size, (unsigned long long)t->size);
	free(t);
	return GH_OK; /* what is wrong with log/ itself is told by "log" */
}

/* ---- tenants ---- */

static enum gh_rc tenant(struct gh_catalog *c, struct gh_fsck *f, const char *name, const struct gh_id *id,
			 uint32_t newest, struct gh_err *err)
{
	struct gh_vp_tenant_status s = { 0 };
	struct gh_err first = { 0 };
	char line[300];
	f->looked++;
	enum gh_rc rc = gh_vault_tenant_status(c->vault, id, &s, &first);
	if (rc == GH_E_ABSENT || (rc == GH_OK && s.state == 0))
		gh_fsck_say(f, id->s, RESTORE,
			    "keys/tenants/%s, the keys of tenant %s, are missing: nothing of it can be opened", id->s,
			    name);
	else if (gh_fsck_key_bad(rc))
		gh_fsck_say(f, id->s, RESTORE, "keys/tenants/%s, the keys of tenant %s: %s", id->s, name,
			    gh_err_line(&first, line, sizeof line));
	else if (rc != GH_OK)
		return gh_fail(err, rc, "tenant %s: %s", name, gh_err_line(&first, line, sizeof line));
	else if (s.state == 2)
		gh_fsck_say(f, id->s, "nothing of it can be opened any more: end it with `gatehouse tenant remove`",
			    "keys/tenants/%s: the keys of tenant %s were destroyed, and the database says it is active",
			    id->s, name);
	else if (s.current < newest)
		gh_fsck_say(
			f, id->s, RESTORE,
			"keys/tenants/%s: the keys of tenant %s go to generation %u, and it has blobs of generation "
			"%u: keys/ is older than the database",
			id->s, name, s.current, newest);
	return GH_OK;
}

static enum gh_rc tenants(struct gh_catalog *c, struct gh_fsck *f, struct gh_err *err)
{
	gh_auto_arena a = { .max = GH_FSCK_ARENA };
	struct gh_db_rows r;
	GH_TRY(gh_db_query(c->db, &a, &r, err,
			   "SELECT t.id, t.name, COALESCE((SELECT max(generation) FROM blobs WHERE tenant = t.id), 0)"
			   " FROM tenants t WHERE t.state = 'active' ORDER BY t.name",
			   GH_DBV_NONE),
	       err, "tenants");
	for (size_t i = 0; i < r.n; i++) {
		struct gh_id id = gh_id(gh_db_span(&r, i, 0));
		int64_t newest = gh_db_int(&r, i, 2);
		GH_TRY(tenant(c, f, gh_db_text(&r, i, 1), &id,
			      newest > 0 && newest <= UINT32_MAX ? (uint32_t)newest : 0, err),
		       err, "the keys");
	}
	return GH_OK;
}

enum gh_rc gh_fsck_keys(struct gh_catalog *c, struct gh_fsck *f, struct gh_err *err)
{
	f->cursor[0] = '\0';
	if (c->vault == NULL)
		return GH_OK; /* only looking, without the keys */
	GH_TRY(signing(c, f, err), err, "the keys");
	GH_TRY(signed_log(c, f, err), err, "the keys");
	return tenants(c, f, err);
}
