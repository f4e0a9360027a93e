/* Who may change what of whom. */
#include "api/people_rules.h"

static const char manage[] = "people.manage";

enum gh_rc gh_people_home(struct gh_db *db, const struct gh_principal *p, struct gh_name *out, struct gh_err *err)
{
	struct gh_tenant t;
	*out = (struct gh_name){ .tenant = "" };
	if (gh_id_none(&p->tenant))
		return GH_OK;
	enum gh_rc rc = gh_tenant_get(db, &p->tenant, &t, err);
	if (rc == GH_OK)
		memcpy(out->tenant, t.name, sizeof out->tenant);
	return rc;
}

bool gh_people_visible(const struct gh_principal *who, const struct gh_principal *p, const struct gh_name *home)
{
	bool visible = gh_may(who, "people.read", home) || gh_id_same(&who->id, &p->id);
	for (size_t i = 0; !visible && i < p->ngrants; i++)
		visible = gh_may(who, "people.read", &p->grants[i].scope);
	return visible;
}

enum gh_rc gh_people_find(struct gh_db *db, struct gh_arena *a, const struct gh_principal *who, const char *name,
			  struct gh_principal *out, struct gh_err *err)
{
	struct gh_principal p;
	struct gh_name home;
	enum gh_rc rc = gh_principal_find(db, name, &p, err);
	if (rc == GH_OK)
		rc = gh_principal_load(db, a, &p.id, out, err);
	if (rc == GH_OK)
		rc = gh_people_home(db, out, &home, err);
	if (rc != GH_OK || gh_people_visible(who, out, &home))
		return rc;
	*out = (struct gh_principal){ 0 };
	return gh_principal_unknown(name, err);
}

/* What a grant asks of whoever gives it, takes it back, or could act by it. */
static bool over(const struct gh_principal *who, const char *role, const struct gh_name *scope)
{
	const struct gh_people_role *r = gh_people_role_named(role);
	return gh_may(who, manage, r != NULL && r->by_platform ? NULL : scope);
}

enum gh_rc gh_people_may_manage(struct gh_db *db, const struct gh_principal *who, const struct gh_principal *p,
				struct gh_err *err)
{
	struct gh_name home;
	char text[GH_NAME_TEXT];
	if (p == NULL)
		return gh_may_somewhere(who, manage)
			       ? GH_OK
			       : gh_fail(err, GH_E_DENIED, "no role of %s grants %s", who->name, manage);
	enum gh_rc rc = gh_people_home(db, p, &home, err);
	if (rc != GH_OK)
		return rc;
	if (!gh_may(who, manage, &home))
		return gh_fail(err, GH_E_DENIED, "no role of %s grants %s in %.80s, where %s belongs", who->name,
			       manage, gh_name_text(&home, text), p->name);
	for (size_t i = 0; i < p->ngrants; i++)
		if (!over(who, p->grants[i].role, &p->grants[i].scope))
			return gh_fail(err, GH_E_DENIED, "%s is %s in %.60s: who may act for it there has to do this",
				       p->name, p->grants[i].role, gh_name_text(&p->grants[i].scope, text));
	return GH_OK;
}

/* Disabling gives nobody anything: whoever manages people where a principal belongs may always do it, whatever others granted to it
 * elsewhere. Only what it holds on the platform keeps a tenant's administrator away. */
enum gh_rc gh_people_may_disable(struct gh_db *db, const struct gh_principal *who, const struct gh_principal *p,
				 struct gh_err *err)
{
	struct gh_name home;
	char text[GH_NAME_TEXT];
	enum gh_rc rc = gh_people_home(db, p, &home, err);
	if (rc != GH_OK)
		return rc;
	if (!gh_may(who, manage, &home))
		return gh_fail(err, GH_E_DENIED, "no role of %s grants %s in %.80s, where %s belongs", who->name,
			       manage, gh_name_text(&home, text), p->name);
	for (size_t i = 0; i < p->ngrants; i++)
		if (p->grants[i].scope.tenant[0] == '\0' && !over(who, p->grants[i].role, &p->grants[i].scope))
			return gh_fail(err, GH_E_DENIED,
				       "%s is %s on the platform: who manages people there has to do this", p->name,
				       p->grants[i].role);
	return GH_OK;
}

enum gh_rc gh_people_may_grant(const struct gh_principal *who, const struct gh_principal *p, const char *role,
			       const struct gh_name *scope, bool add, struct gh_err *err)
{
	char text[GH_NAME_TEXT];
	if (add && gh_id_same(&who->id, &p->id))
		return gh_fail(err, GH_E_DENIED, "nobody grants a role to themselves: somebody else has to do it");
	if (!gh_may(who, manage, scope))
		return gh_fail(err, GH_E_DENIED, "no role of %s grants %s in %.80s", who->name, manage,
			       gh_name_text(scope, text));
	if (!over(who, role, scope))
		return gh_fail(err, GH_E_DENIED, "the role %s is granted by those who manage people on the platform",
			       role);
	return GH_OK;
}
