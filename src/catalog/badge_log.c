/* What the audit log says of revoked badges: its entries walked from the first one on, since where the database says an entry stands is
 * what is not believed here. */
#include "catalog/badge_log.h"
#include "audit/entry.h"
#include "catalog/fsck_int.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct walk {
	struct gh_arena *a;
	const struct gh_id *badge;
	struct gh_badge_logged **last, *first;
};

static enum gh_rc take(struct walk *w, uint64_t index, struct gh_span bytes, struct gh_err *err)
{
	static const char kind[] = "\"kind\":\"badge-revoked\"";
	struct gh_entry e;
	/* Most entries are others: they need not be taken apart. */
	if (memmem(bytes.p, bytes.n, kind, sizeof kind - 1) == NULL || gh_entry_read(bytes, &e, NULL) != GH_OK ||
	    !gh_span_is(e.kind_name, "badge-revoked"))
		return GH_OK;
	struct gh_id badge = gh_id(gh_entry_get(&e, "badge"));
	if (w->badge != NULL && !gh_id_same(w->badge, &badge))
		return GH_OK;
	struct gh_badge_logged *x = GH_NEW(w->a, struct gh_badge_logged, 1);
	if (x == NULL)
		return gh_fail(err, GH_E_NOMEM, "no memory for revoked badges");
	struct gh_span reason = gh_entry_get(&e, "reason");
	memcpy(x->reason, reason.p, reason.n < GH_BADGE_REASON ? reason.n : GH_BADGE_REASON);
	x->badge = badge;
	x->at = e.seconds;
	x->index = index;
	*w->last = x;
	w->last = &x->next;
	return GH_OK;
}

static enum gh_rc all(const struct gh_tiles *t, struct walk *w, struct gh_err *err)
{
	gh_auto_buf b = gh_buf(GH_BUNDLE_MAX);
	struct gh_span e;
	for (uint64_t i = 0; i < t->size;) {
		b.n = 0;
		GH_TRY(gh_tiles_bundle(t, i / GH_TILE, &b, err), err, "the audit log");
		for (struct gh_span rest = gh_buf_view(&b); gh_bundle_next(&rest, &e); i++)
			GH_TRY(take(w, i, e, err), err, "the audit log");
		if (i % GH_TILE != 0 && i != t->size)
			return gh_fail(err, GH_E_MALFORMED, "the audit log: entries from %llu on are torn",
				       (unsigned long long)i);
	}
	return GH_OK;
}

enum gh_rc gh_badge_logged(struct gh_catalog *c, struct gh_arena *a, const struct gh_id *badge,
			   struct gh_badge_logged **out, struct gh_err *err)
{
	struct walk w = { .a = a, .badge = badge };
	struct gh_tiles *t = calloc(1, sizeof *t);
	w.last = &w.first;
	*out = NULL;
	if (t == NULL)
		return gh_fail(err, GH_E_NOMEM, "no memory");
	enum gh_rc rc = gh_fsck_tiles(c, t, err);
	if (rc == GH_OK) {
		rc = all(t, &w, err);
		(void)close(t->dir);
	}
	free(t);
	*out = w.first;
	return rc;
}
