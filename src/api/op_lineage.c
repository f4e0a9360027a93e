/* What a version was made from, and what was made from it. */
#include "api/op_lineage.h"

#include "catalog/principals.h"
#include "catalog/shares.h"

#include <string.h>

/* ---- what it was made from ------------------------------------------------------------------------------------------------- */

/* What a person should know of a base, in a line; NULL: nothing. A model is as good as what it was made from. near: its own base,
 * which has to be shared with its tenant when it is of another. */
static const char *warning(struct gh_op_run *r, const struct gh_version *v, const struct gh_version *base, bool near)
{
	struct gh_badge_row b;
	struct gh_err err = { 0 };
	switch (base->state) {
	case GH_V_DELETED: return "was deleted";
	case GH_V_QUARANTINED: return "is in quarantine by now";
	case GH_V_REJECTED: return "was rejected";
	case GH_V_DISABLED: return "was taken out of use";
	default: break;
	}
	if (gh_id_none(&base->badge) || gh_badge_get(r->cat->db, &base->badge, &b, &err) != GH_OK)
		return "has no badge";
	if (b.state == GH_BADGE_REVOKED)
		return "had its badge revoked";
	if (b.state != GH_BADGE_ISSUED || b.expires <= r->now)
		return "has a badge that has expired";
	return !near || gh_share_usable(r->cat->db, base, v->name.tenant, &err) == GH_OK ? NULL
											 : "is not shared any more";
}

static const char *badge_of(const struct gh_op_run *r, const struct gh_version *v)
{
	struct gh_badge_row b;
	struct gh_err err = { 0 };
	if (gh_id_none(&v->badge) || gh_badge_get(r->cat->db, &v->badge, &b, &err) != GH_OK)
		return op_badge_word(r->now, v->state, GH_BADGE_STATES, 0);
	return op_badge_word(r->now, v->state, b.state, b.expires);
}

static void put_base(struct gh_op_run *r, const struct gh_version *v, const struct gh_version *base)
{
	char name[GH_NAME_TEXT];
	bool named = gh_share_names(r->cat->db, v, base);
	gh_jout_str(r->out, "base", named ? gh_name_text(&base->name, name) : "");
	gh_jout_str(r->out, "root", named ? base->root : "");
	gh_jout_str(r->out, "state", gh_vstate_name(base->state));
	gh_jout_str(r->out, "badge", badge_of(r, base));
	gh_jout_bool(r->out, "shared", !gh_id_same(&base->tenant, &v->tenant));
}

/* One line about all of them: the nearest one that something is to be said of. */
static const char *warn_of(struct gh_op_run *r, const struct gh_version *v, const struct gh_version *base, size_t n,
			   struct gh_buf *line)
{
	for (size_t i = 0; i < n; i++) {
		char name[GH_NAME_TEXT];
		const char *what = warning(r, v, &base[i], i == 0);
		if (what == NULL)
			continue;
		if (i == 0)
			gh_buf_fmt(line, "the base %s", what);
		else
			gh_buf_fmt(line, "%s, which the base was made from, %s",
				   gh_share_names(r->cat->db, v, &base[i]) ? gh_name_text(&base[i].name, name)
									   : "a version",
				   what);
		return gh_buf_cstr(line);
	}
	return NULL;
}

static void put_lineage(struct gh_op_run *r, const struct gh_version *v)
{
	struct gh_version *base;
	struct gh_err err = { 0 };
	gh_auto_buf line = gh_buf(1024);
	size_t n;
	if (gh_id_none(&v->base))
		return;
	gh_jout_open(r->out, "lineage", '{');
	gh_jout_str(r->out, "relation", v->lineage);
	if (gh_version_bases(r->cat->db, r->arena, v, &base, &n, &err) != GH_OK) {
		gh_jout_str(r->out, "base", "");
		gh_jout_str(r->out, "warning", "its lineage cannot be read in full: run `gatehouse fsck`");
		gh_jout_close(r->out, '}');
		return;
	}
	put_base(r, v, &base[0]);
	const char *warn = warn_of(r, v, base, n, &line);
	if (warn != NULL)
		gh_jout_str(r->out, "warning", warn);
	gh_jout_close(r->out, '}');
	gh_jout_open(r->out, "ancestors", '[');
	for (size_t i = 1; i < n; i++) {
		gh_jout_open(r->out, NULL, '{');
		gh_jout_str(r->out, "relation", base[i - 1].lineage);
		put_base(r, v, &base[i]);
		gh_jout_close(r->out, '}');
	}
	gh_jout_close(r->out, ']');
}

/* ---- what was made from it -------------------------------------------------------------------------------------------------- */

/* Neither names nor the number of those of others: that there are some is their business. */
static void put_derived(struct gh_op_run *r, const struct gh_version *v)
{
	struct gh_version *d;
	struct gh_err err = { 0 };
	char name[GH_NAME_TEXT];
	size_t n;
	gh_jout_open(r->out, "derived", '[');
	if (gh_version_derived(r->cat->db, r->arena, &v->id, &d, &n, &err) != GH_OK)
		n = 0;
	for (size_t i = 0; i < n; i++) {
		if (!gh_may(r->who, "model.read", &d[i].name) &&
		    !gh_share_lets(r->cat->db, r->who, "model.read", &d[i].name, NULL))
			continue;
		gh_jout_open(r->out, NULL, '{');
		gh_jout_str(r->out, "model", gh_name_text(&d[i].name, name));
		gh_jout_str(r->out, "relation", d[i].lineage);
		gh_jout_str(r->out, "state", gh_vstate_name(d[i].state));
		gh_jout_str(r->out, "badge", badge_of(r, &d[i]));
		gh_jout_close(r->out, '}');
	}
	gh_jout_close(r->out, ']');
}

void op_lineage_put(struct gh_op_run *r, const struct gh_version *v)
{
	put_lineage(r, v);
	put_derived(r, v);
}
