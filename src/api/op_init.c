/* The first administrator of a new home: the one person that is made without another one. */
#include "api/ops.h"
#include "catalog/apikeys.h"
#include "catalog/ledger.h"
#include "catalog/principals.h"

#include <string.h>

enum { DAYS = 365 };

struct admin {
	struct gh_op_run *r;
	struct gh_principal who;
	struct gh_apikey key;
	char text[GH_APIKEY_TEXT + 1];
};

static enum gh_rc grant(struct gh_db *db, struct admin *a, const char *role, struct gh_err *err)
{
	static const struct gh_name platform;
	struct gh_grant g;
	GH_TRY(gh_grant_add(db, &a->who.id, role, &platform, NULL, a->r->now, &g, err), err, "the first administrator");
	const struct gh_entry_value v[] = { { .name = "principal", .text = a->who.id.s },
					    { .name = "role", .text = role },
					    { .name = "scope", .text = "platform" } };
	return gh_ledger_put(a->r->cat, "grant", "local", v, sizeof v / sizeof *v, NULL, err);
}

static enum gh_rc make(struct gh_db *db, void *arg, struct gh_err *err)
{
	struct admin *a = arg;
	struct gh_principal *all;
	size_t n;
	GH_TRY(gh_principal_list(db, a->r->arena, &all, &n, err), err, "people");
	if (n > 0)
		return gh_fail(err, GH_E_DENIED,
			       "there are people in this home already: an administrator makes others");
	GH_TRY(gh_principal_add(db, GH_PRINCIPAL_PERSON, gh_in_text(a->r->in, "name", "admin"), NULL, NULL, a->r->now,
				&a->who, err),
	       err, "the first administrator");
	const struct gh_entry_value added[] = { { .name = "principal", .text = a->who.id.s },
						{ .name = "form", .text = "person" } };
	GH_TRY(gh_ledger_put(a->r->cat, "principal-add", "local", added, 2, NULL, err), err, "the first administrator");
	GH_TRY(grant(db, a, "platform-admin", err), err, "the first administrator");
	GH_TRY(gh_apikey_create(db, &a->who.id, NULL, a->r->now, a->r->now + (int64_t)DAYS * 86400, a->text, &a->key,
				err),
	       err, "an API key");
	const struct gh_entry_value issued[] = { { .name = "principal", .text = a->who.id.s },
						 { .name = "key", .text = a->key.id.s },
						 { .name = "says", .text = a->key.says } };
	return gh_ledger_put(a->r->cat, "apikey-issued", "local", issued, sizeof issued / sizeof *issued, NULL, err);
}

static enum gh_rc run(struct gh_op_run *r, struct gh_err *err)
{
	struct admin a = { .r = r };
	enum gh_rc rc = gh_db_tx(r->cat->db, make, &a, err);
	if (rc == GH_OK) {
		gh_jout_str(r->out, "name", a.who.name);
		gh_jout_str(r->out, "id", a.who.id.s);
		gh_jout_str(r->out, "api_key", a.text);
	}
	explicit_bzero(a.text, sizeof a.text);
	return rc;
}

static const struct gh_op_field in[] = { { "name", GH_IN_TENANT, true, "what the person is called" }, { 0 } };
const struct gh_op gh_op_init_admin = { .name = "init.admin",
					.about = "Make the first administrator of a new home.",
					.in = in,
					.permission = "people.manage",
					.scope = GH_AT_HANDLER,
					.local = true,
					.internal = true,
					.run = run };
