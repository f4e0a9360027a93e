/* fsck_blobs.c - what the database knows of blobs against what lies in the store, in both directions. */
#include "catalog/blobfmt.h"
#include "catalog/blobs.h"
#include "catalog/fsck_int.h"
#include "catalog/row.h"
#include "catalog/store.h"
#include "catalog/tenants.h"
#include "catalog/versions.h"
#include "crypto/digest.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCK = 1 << 20, UNUSED_ROWS = 65536 };
#define LOST "restore it from a backup; until then what uses it cannot be exported or deployed"

/* ---- blobs → store ---- */

static enum gh_rc digest(struct gh_store_object *o, uint64_t size, char out[65], uint64_t *bytes, struct gh_err *err)
{
	struct gh_sha256 *h = gh_sha256_new();
	uint8_t *p = malloc(BLOCK);
	enum gh_rc rc = h != NULL && p != NULL && gh_sha256_start(h) ? GH_OK : gh_fail(err, GH_E_NOMEM, "no memory");
	for (uint64_t off = 0; rc == GH_OK && off < size; off += BLOCK) {
		size_t n = size - off < BLOCK ? (size_t)(size - off) : BLOCK;
		rc = gh_store_read(o, p, n, off, err);
		if (rc == GH_OK && !gh_sha256_add(h, (struct gh_span){ p, n }))
			rc = gh_fail(err, GH_E_BUG, "SHA-256");
		*bytes += n;
	}
	if (rc == GH_OK && !gh_sha256_hex(h, out))
		rc = gh_fail(err, GH_E_BUG, "SHA-256");
	free(p);
	gh_sha256_free(h);
	return rc;
}

/* The head of the object: is it this blob, of this tenant, of this size, in a format we know? */
static enum gh_rc check_head(const struct gh_blob *b, struct gh_store_object *o, char *why, size_t cap,
			     struct gh_err *err)
{
	uint8_t head[GH_BLOB_HEAD], id[GH_BLOB_ID], tenant[GH_BLOB_ID];
	struct gh_blobfmt h;
	struct gh_err bad = { 0 };
	char line[400];
	enum gh_rc rc = gh_store_read(o, head, sizeof head, 0, err);
	if (rc != GH_OK)
		return rc;
	if (gh_blobfmt_read((struct gh_span){ head, sizeof head }, &h, &bad) != GH_OK)
		(void)snprintf(why, cap, "%s", gh_err_line(&bad, line, sizeof line));
	else if (!gh_hex_get(gh_span_str(b->id.s), id, sizeof id) ||
		 !gh_hex_get(gh_span_str(b->tenant.s), tenant, sizeof tenant) || memcmp(h.id, id, sizeof id) != 0 ||
		 memcmp(h.tenant, tenant, sizeof tenant) != 0)
		(void)snprintf(why, cap, "its head is that of another blob");
	else if (h.size != (uint64_t)b->size)
		(void)snprintf(why, cap, "its head speaks of %llu bytes where %lld were stored",
			       (unsigned long long)h.size, (long long)b->size);
	return GH_OK;
}

/* *why: what is wrong with the object, "" when nothing is. Failures: it could not be looked at. */
static enum gh_rc check_object(struct gh_catalog *c, struct gh_fsck *f, const struct gh_blob *b, char *why, size_t cap,
			       struct gh_err *err)
{
	struct gh_store_key key;
	struct gh_store_object *o;
	struct gh_store_info info;
	struct gh_err first = { 0 };
	char line[800], got[65];
	why[0] = '\0';
	if (!gh_store_key_set(&key, b->tenant.s, b->id.s)) {
		(void)snprintf(why, cap, "its id is none");
		return GH_OK;
	}
	enum gh_rc rc = gh_store_get(c->store, &key, &o, &info, &first);
	if (rc == GH_E_ABSENT) {
		(void)snprintf(why, cap, "is missing from the store");
		return GH_OK;
	}
	if (rc == GH_OK && info.size != (uint64_t)b->stored)
		(void)snprintf(why, cap, "has %llu bytes in the store where %lld were stored",
			       (unsigned long long)info.size, (long long)b->stored);
	if (rc == GH_OK && why[0] == '\0')
		rc = check_head(b, o, why, cap, &first);
	if (rc == GH_OK && why[0] == '\0' && f->deep) {
		rc = digest(o, info.size, got, &f->bytes, &first);
		if (rc == GH_OK && b->cipher[0] != '\0' && strcmp(got, b->cipher) != 0)
			(void)snprintf(why, cap, "was altered: its digest is %.16s… where %.16s… was stored", got,
				       b->cipher);
	}
	gh_store_put_back(o);
	if (rc == GH_OK)
		return GH_OK;
	/* A single object that cannot be read is a problem of that object; a store that refuses us is not. */
	if (rc == GH_E_DENIED || rc == GH_E_UNREAD || rc == GH_E_NOMEM ||
	    (rc == GH_E_IO && !gh_store_is_local(c->store)))
		return gh_fail(err, rc, "%s", gh_err_line(&first, line, sizeof line));
	(void)snprintf(why, cap, "cannot be read: %.200s", gh_err_line(&first, line, sizeof line));
	return GH_OK;
}

enum gh_rc gh_fsck_blobs(struct gh_catalog *c, struct gh_fsck *f, struct gh_err *err)
{
	gh_auto_arena a = { .max = GH_FSCK_ARENA };
	struct gh_id after = gh_id(gh_span_str(f->cursor));
	struct gh_blob *v;
	size_t n, i;
	int64_t start = gh_fsck_ms();
	GH_TRY(gh_blob_list(c->db, &a, NULL, gh_id_none(&after) ? NULL : &after, GH_FSCK_ROWS, &v, &n, err), err,
	       "blobs");
	for (i = 0; i < n; i++) {
		char why[400];
		if (i > 0 && gh_fsck_enough(start))
			break;
		f->looked++;
		if (v[i].state == GH_B_STAGED)
			continue; /* "unused" looks after those */
		if (v[i].state == GH_B_LOST) {
			gh_fsck_say(f, v[i].id.s, LOST, "blob %s (%s) of tenant %s was found lost before", v[i].id.s,
				    v[i].kind, v[i].tenant.s);
			continue;
		}
		GH_TRY(check_object(c, f, &v[i], why, sizeof why, err), err, "blob %s", v[i].id.s);
		if (why[0] != '\0')
			gh_fsck_say(f, v[i].id.s, LOST, "blob %s (%s) of tenant %s %s", v[i].id.s, v[i].kind,
				    v[i].tenant.s, why);
	}
	f->cursor[0] = '\0';
	if (i < n || n == GH_FSCK_ROWS)
		(void)snprintf(f->cursor, sizeof f->cursor, "%s", v[i - 1].id.s);
	return GH_OK;
}

/* ---- blobs that nothing uses ---- */

static enum gh_rc forget(struct gh_catalog *c, const struct gh_blob *b, bool *gone, struct gh_err *err)
{
	struct gh_store_key key;
	struct gh_err first = { 0 };
	/* The row first: when this dies in between, the object is one that nobody knows, and the next run removes it. */
	enum gh_rc rc = gh_blob_forget(c->db, &b->id, &first);
	*gone = false;
	if (rc == GH_E_EXISTS || rc == GH_E_ABSENT)
		return GH_OK; /* somebody uses it again, or it went meanwhile */
	if (rc == GH_OK && gh_store_key_set(&key, b->tenant.s, b->id.s)) {
		rc = gh_store_delete(c->store, &key, &first);
		*gone = rc == GH_OK || rc == GH_E_ABSENT;
		rc = *gone ? GH_OK : rc;
	}
	if (rc != GH_OK && err != NULL)
		*err = first;
	return rc;
}

enum gh_rc gh_fsck_unused(struct gh_catalog *c, struct gh_fsck *f, struct gh_err *err)
{
	gh_auto_arena a = { .max = GH_FSCK_ARENA };
	struct gh_blob *v;
	size_t n;
	/* There is no way to go on behind a row: without repair as many as fit are looked at in one step. */
	size_t most = f->repair ? GH_FSCK_ROWS : UNUSED_ROWS;
	GH_TRY(gh_blob_unused(c->db, &a, f->now - f->grace, most, &v, &n, err), err, "blobs");
	bool moved = false;
	for (size_t i = 0; i < n; i++) {
		bool gone = false;
		f->looked++;
		if (f->repair)
			GH_TRY(forget(c, &v[i], &gone, err), err, "blob %s", v[i].id.s);
		moved = moved || gone;
		/* Imports take keys in stock; what was made and never used is no sign of anything,
		 * and so it is not told, neither here nor when it is removed. */
		if (v[i].state != GH_B_STAGED)
			gh_fsck_left(f, v[i].id.s, gone, "blob %s (%s) of tenant %s is used by nothing", v[i].id.s,
				     v[i].kind, v[i].tenant.s);
	}
	f->cursor[0] = '\0';
	if (f->repair && n == GH_FSCK_ROWS && moved)
		(void)snprintf(f->cursor, sizeof f->cursor, "more");
	return GH_OK;
}

/* ---- store → blobs ---- */

enum gh_rc gh_fsck_objects(struct gh_catalog *c, struct gh_fsck *f, struct gh_err *err)
{
	struct gh_store_key after;
	struct gh_store_page *page;
	bool from = f->cursor[0] != '\0';
	if (from && (strlen(f->cursor) != 2 * GH_STORE_ID + 1 || f->cursor[GH_STORE_ID] != '.'))
		return gh_fail(err, GH_E_MALFORMED, "no such cursor");
	if (from) {
		char tenant[GH_STORE_ID + 1];
		memcpy(tenant, f->cursor, GH_STORE_ID);
		tenant[GH_STORE_ID] = '\0';
		if (!gh_store_key_set(&after, tenant, f->cursor + GH_STORE_ID + 1))
			return gh_fail(err, GH_E_MALFORMED, "no such cursor");
	}
	page = malloc(sizeof *page);
	if (page == NULL)
		return gh_fail(err, GH_E_NOMEM, "no memory");
	enum gh_rc rc = gh_store_list(c->store, NULL, from ? &after : NULL, page, err);
	for (size_t i = 0; rc == GH_OK && i < page->n; i++) {
		const struct gh_store_row *r = &page->row[i];
		struct gh_id id = gh_id(gh_span_str(r->key.id));
		struct gh_blob b;
		struct gh_err first = { 0 };
		f->looked++;
		rc = gh_blob_get(c->db, &id, &b, &first);
		bool known = rc == GH_OK && strcmp(b.tenant.s, r->key.tenant) == 0;
		if (rc != GH_OK && rc != GH_E_ABSENT) {
			if (err != NULL)
				*err = first;
			break;
		}
		rc = GH_OK;
		/* A blob that is still on its way after so long: its import died between the store and the database. */
		bool died = known && b.state == GH_B_STAGED && gh_fsck_old(f, b.created);
		if ((known && !died) || !gh_fsck_old(f, r->at))
			continue;
		bool gone = f->repair;
		if (died && f->repair)
			rc = forget(c, &b, &gone, err);
		else if (f->repair)
			rc = gh_store_delete(c->store, &r->key, err);
		if (rc == GH_OK)
			gh_fsck_left(f, r->key.id, gone, "object %s/%s (%llu bytes) %s", r->key.tenant, r->key.id,
				     (unsigned long long)r->size,
				     died ? "is left of an import that died" : "is known to nobody");
	}
	if (rc == GH_OK && page->strays > 0)
		gh_fsck_say(f, "", "look at them and remove them yourself: they were not put there by this program",
			    "%llu names in the store are no objects, for example %s", (unsigned long long)page->strays,
			    page->stray);
	f->cursor[0] = '\0';
	if (rc == GH_OK && page->more && page->n > 0)
		(void)snprintf(f->cursor, sizeof f->cursor, "%s.%s", page->row[page->n - 1].key.tenant,
			       page->row[page->n - 1].key.id);
	free(page);
	return rc;
}

/* ---- what imports left ---- */

enum gh_rc gh_fsck_staging(struct gh_catalog *c, struct gh_fsck *f, struct gh_err *err)
{
	enum { MOST = 64 };
	struct gh_store_left *left = calloc(MOST, sizeof *left);
	size_t n = 0, gone = 0;
	bool more = false;
	if (left == NULL)
		return gh_fail(err, GH_E_NOMEM, "no memory");
	enum gh_rc rc = gh_store_left(c->store, left, MOST, &n, &more, err);
	for (size_t i = 0; rc == GH_OK && i < n; i++) {
		bool dropped = false;
		f->looked++;
		if (left[i].alive || !gh_fsck_old(f, left[i].at))
			continue;
		if (f->repair) {
			struct gh_err first = { 0 };
			enum gh_rc one = gh_store_drop(c->store, &left[i], &first);
			dropped = one == GH_OK || one == GH_E_ABSENT;
			if (!dropped && first.sys == EWOULDBLOCK)
				continue; /* it woke up */
			if (!dropped && err != NULL)
				*err = first;
			rc = dropped ? GH_OK : one;
		}
		gone += dropped;
		if (rc == GH_OK)
			gh_fsck_left(f, left[i].key.id, dropped, "%s %s/%s (%llu bytes) is left of an import that died",
				     left[i].upload ? "upload" : "staging file", left[i].key.tenant, left[i].key.id,
				     (unsigned long long)left[i].size);
	}
	free(left);
	f->cursor[0] = '\0';
	if (rc == GH_OK && more && gone > 0)
		(void)snprintf(f->cursor, sizeof f->cursor, "more");
	return rc;
}

enum gh_rc gh_fsck_imports(struct gh_catalog *c, struct gh_fsck *f, struct gh_err *err)
{
	gh_auto_arena a = { .max = GH_FSCK_ARENA };
	struct gh_version *v;
	size_t n;
	GH_TRY(gh_version_dead(c->db, &a, f->now - f->grace, &v, &n, err), err, "imports");
	for (size_t i = 0; i < n; i++) {
		bool gone = false;
		char name[GH_NAME_TEXT];
		f->looked++;
		(void)gh_name_text(&v[i].name, name);
		if (f->repair) {
			struct gh_err first = { 0 };
			enum gh_rc rc = gh_version_abandon(c->db, &v[i].id, &v[i].lease_owner, &first);
			if (rc == GH_E_EXISTS)
				continue; /* somebody took it over */
			if (rc != GH_OK && err != NULL)
				*err = first;
			if (rc != GH_OK)
				return rc;
			gone = true;
		}
		gh_fsck_left(f, v[i].id.s, gone, "the import of %s died and holds its name", name);
	}
	f->cursor[0] = '\0';
	return GH_OK;
}
