/* Facts about what a version was made from: the chain of its bases, nearest first, each as it stands now. A base that was taken back
 * is news for everything that rests on it, however far away. */
#include "catalog/gate_int.h"

#include "catalog/badges.h"
#include "catalog/shares.h"

#include <string.h>

/* As a reader sees it: what has run out is expired, whether somebody wrote that down or not. */
static const char *badge_state(struct gh_catalog *c, const struct gh_version *v)
{
	struct gh_badge_row b;
	struct gh_err err = { 0 };
	if (gh_id_none(&v->badge))
		return "none";
	if (gh_badge_get(c->db, &v->badge, &b, &err) != GH_OK)
		return NULL; /* not known */
	if (b.state != GH_BADGE_ISSUED)
		return gh_badge_state_name(b.state);
	return b.expires <= c->now() ? "expired" : "scan-complete";
}

static void put(struct gh_catalog *c, const struct gh_version *v, const char *relation, const struct gh_version *base,
		struct gh_facts *f)
{
	char name[GH_NAME_TEXT];
	bool named = gh_share_names(c->db, v, base);
	size_t k = gh_facts_add(f, "lineage");
	gh_facts_field_str(f, "lineage.relation", k, strcmp(relation, "quantized") == 0 ? "quantised" : relation);
	gh_facts_field_str(f, "lineage.model", k, named ? gh_name_text(&base->name, name) : "");
	gh_facts_field_str(f, "lineage.digest", k, named ? base->root : "");
	gh_facts_field_str(f, "lineage.state", k, gh_vstate_name(base->state));
	gh_facts_field_str(f, "lineage.tenant", k, named ? base->name.tenant : NULL);
	gh_facts_field_str(f, "lineage.badge", k, badge_state(c, base));
	gh_facts_field_bool(f, "lineage.shared", k, !gh_id_same(&base->tenant, &v->tenant));
}

void gate_put_lineage(struct gh_catalog *c, const struct gh_version *v, struct gh_facts *f, struct gh_arena *a)
{
	struct gh_version *base;
	struct gh_err err = { 0 };
	size_t n;
	unsigned row = gh_fact_named(GH_SPAN("lineage"));
	if (gh_version_bases(c->db, a, v, &base, &n, &err) != GH_OK) {
		f->v[row] = (struct gh_fval){ 0 }; /* not known in full: not known */
		f->list[row] = (struct gh_flist){ 0 };
		return;
	}
	gh_facts_put_none(f, "lineage");
	for (size_t i = 0; i < n; i++)
		put(c, v, i == 0 ? v->lineage : base[i - 1].lineage, &base[i], f);
}
