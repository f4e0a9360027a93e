/* Principals, roles, grants and API keys, on both databases. */
#include "support/cat.h"

#include "catalog/apikeys.h"
#include "catalog/spki.h"

#include <stdio.h>
#include <string.h>

static const struct gh_name platform = { .tenant = "" };

static struct gh_name scope_of(const char *text)
{
	struct gh_name n;
	CAT_OK(gh_scope_parse(gh_span_str(text), &n, err));
	return n;
}

/* ---- the table ------------------------------------------------------------------------------------------------------------ */
static void table_is_whole(void **state)
{
	(void)state;
	const struct gh_people_role *r;
	const struct gh_permission *p;
	for (size_t i = 0; (r = gh_people_role_at(i)) != NULL; i++) {
		assert_ptr_equal(gh_people_role_named(r->name), r);
		assert_true(strlen(r->name) < GH_ROLE_WORD);
		for (const char *w = r->permissions; *w != '\0';) { /* each word is a permission, and stands once */
			char one[64];
			size_t n = strcspn(w, " ");
			assert_true(n > 0 && n < sizeof one);
			memcpy(one, w, n);
			one[n] = '\0';
			if (gh_permission_named(one) == NULL)
				fail_msg("role %s: no permission %s", r->name, one);
			w += n + (w[n] == ' ');
		}
	}
	for (size_t i = 0; (p = gh_permission_at(i)) != NULL; i++) {
		bool held = false;
		for (size_t k = 0; (r = gh_people_role_at(k)) != NULL; k++)
			held |= r->grantable && gh_people_role_permits(r, p->name);
		if (!held)
			fail_msg("no role grants %s", p->name);
	}
	assert_null(gh_people_role_named("root"));
	assert_false(gh_people_role_permits(gh_people_role_named("auditor"), ""));
	assert_false(gh_people_role_permits(gh_people_role_named("auditor"), "audit"));
	assert_false(gh_people_role_permits(gh_people_role_named("auditor"), "audit.read "));
	/* Who decides reviews does not run the installation, and the other way round; the holder of the home does neither. */
	assert_false(gh_people_role_permits(gh_people_role_named("platform-admin"), "review.decide"));
	assert_false(gh_people_role_permits(gh_people_role_named("tenant-admin"), "review.decide"));
	assert_false(gh_people_role_permits(gh_people_role_named("security-reviewer"), "people.manage"));
	static const char *const persons[] = { "review.decide", "review.comment", "people.manage" };
	for (size_t i = 0; i < GH_ROWS(persons); i++)
		assert_false(gh_people_role_permits(gh_people_role_named("local"), persons[i]));
}

/* ---- may they? ------------------------------------------------------------------------------------------------------------- */
static void scopes(void **state)
{
	(void)state;
	static const struct {
		const char *grant, *permission, *where;
		bool may;
	} rows[] = {
		{ NULL, "model.read", "acme", false },
		{ "publisher@platform", "model.import", "platform", true },
		{ "publisher@platform", "model.import", "acme", true },
		{ "publisher@platform", "model.import", "acme/nlp", true },
		{ "publisher@acme", "model.import", "platform", false },
		{ "publisher@acme", "model.import", "acme", true },
		{ "publisher@acme", "model.import", "acme/nlp", true },
		{ "publisher@acme", "model.import", "other", false },
		{ "publisher@acme", "model.import", "acme2", false },
		{ "publisher@acme", "model.import", "other/acme", false },
		{ "publisher@acme/nlp", "model.import", "acme/nlp", true },
		{ "publisher@acme/nlp", "model.import", "acme/nlp2", false },
		{ "publisher@acme/nlp", "model.import", "acme", false },
		{ "publisher@acme/nlp", "model.import", "other/nlp", false },
		{ "publisher@acme", "review.decide", "acme", false },
		{ "publisher@acme", "no.such", "acme", false },
		{ "publisher@acme", "", "acme", false },
		{ "security-reviewer@acme/nlp", "review.decide", "acme/nlp", true },
		{ "platform-admin@platform", "tenant.manage", "platform", true },
		{ "platform-admin@platform", "review.decide", "acme", false },
	};
	struct gh_db *db = dbs_open();
	gh_auto_arena a = { .max = 1 << 20 };
	cat_tenant(db, "acme");
	cat_tenant(db, "other");
	for (size_t i = 0; i < GH_ROWS(rows); i++) {
		char name[32];
		snprintf(name, sizeof name, "p%zu", i);
		struct gh_principal p = cat_person(db, &a, name, rows[i].grant);
		struct gh_name where = scope_of(rows[i].where);
		if (gh_may(&p, rows[i].permission, &where) != rows[i].may)
			fail_msg("%s: %s in %s", rows[i].grant, rows[i].permission, rows[i].where);
		memcpy(where.name, "llama", 6); /* of a model's name, tenant and project count */
		memcpy(where.version, "1", 2);
		assert_int_equal(gh_may(&p, rows[i].permission, &where), rows[i].may);
		p.active = false;
		assert_false(gh_may(&p, rows[i].permission, &where));
	}
	gh_db_close(db);
}

static void local(void **state)
{
	(void)state;
	struct gh_principal l = gh_principal_local();
	struct gh_name acme = scope_of("acme");
	assert_true(gh_may(&l, "model.import", &acme));
	assert_true(gh_may(&l, "tenant.manage", NULL));
	assert_false(gh_may(&l, "review.decide", &acme));
	assert_false(gh_may(&l, "people.manage", NULL));
	assert_true(gh_may_somewhere(&l, "model.read"));
	assert_string_equal(gh_principal_actor(&l), "local");
	/* Nobody becomes `local` by a grant of that name, wherever it came from. */
	struct gh_grant forged = { .role = "local" };
	struct gh_principal p = { .kind = GH_PRINCIPAL_PERSON, .active = true, .grants = &forged, .ngrants = 1 };
	assert_false(gh_may(&p, "model.import", &acme));
}

/* ---- principals and grants ------------------------------------------------------------------------------------------------ */
static void principals(void **state)
{
	(void)state;
	struct gh_db *db = dbs_open();
	gh_auto_arena a = { .max = 1 << 20 };
	struct gh_principal p, q, *all;
	size_t n;
	struct gh_id nowhere = cat_id();
	CAT_OK(gh_principal_add(db, GH_PRINCIPAL_ROBOT, "ci", NULL, NULL, 5, &p, err));
	assert_int_equal(p.kind, GH_PRINCIPAL_ROBOT);
	assert_true(p.active);
	CAT_FAILS(GH_E_EXISTS, "principal ci already",
		  gh_principal_add(db, GH_PRINCIPAL_PERSON, "ci", NULL, NULL, 5, &q, err));
	CAT_FAILS(GH_E_MALFORMED, "word of gatehouse's own",
		  gh_principal_add(db, GH_PRINCIPAL_PERSON, "local", NULL, NULL, 5, &q, err));
	CAT_FAILS(GH_E_MALFORMED, "no name of a principal",
		  gh_principal_add(db, GH_PRINCIPAL_PERSON, "A b", NULL, NULL, 5, &q, err));
	CAT_FAILS(GH_E_ABSENT, "no such tenant",
		  gh_principal_add(db, GH_PRINCIPAL_PERSON, "jo", &nowhere, NULL, 5, &q, err));
	CAT_FAILS(GH_E_ABSENT, "no principal nobody", gh_principal_find(db, "nobody", &q, err));
	cat_tenant(db, "acme");
	cat_person(db, &a, "alice", "platform-admin@platform");
	cat_person(db, &a, "zoe", "publisher@acme/nlp");
	CAT_OK(gh_principal_list(db, &a, &all, &n, err));
	assert_int_equal(n, 3);
	assert_string_equal(all[0].name, "alice");
	assert_string_equal(all[1].name, "ci");
	assert_string_equal(all[2].name, "zoe");
	assert_int_equal(all[1].ngrants, 0);
	assert_int_equal(all[2].ngrants, 1);
	assert_string_equal(all[2].grants[0].scope.project, "nlp");
	gh_db_close(db);
}

static void grants(void **state)
{
	(void)state;
	struct gh_db *db = dbs_open();
	gh_auto_arena a = { .max = 1 << 20 };
	struct gh_grant g;
	cat_tenant(db, "acme");
	struct gh_principal p = cat_person(db, &a, "jane", NULL);
	struct gh_name acme = scope_of("acme"), nlp = scope_of("acme/nlp"), ghost = scope_of("ghost");
	CAT_OK(gh_grant_add(db, &p.id, "publisher", &acme, NULL, 5, &g, err));
	CAT_FAILS(GH_E_EXISTS, "jane has the role publisher in acme already",
		  gh_grant_add(db, &p.id, "publisher", &acme, NULL, 5, &g, err));
	CAT_OK(gh_grant_add(db, &p.id, "publisher", &nlp, NULL, 5, &g, err)); /* another scope is another grant */
	CAT_OK(gh_grant_add(db, &p.id, "auditor", &platform, NULL, 5, &g, err));
	CAT_FAILS(GH_E_EXISTS, "in platform already", gh_grant_add(db, &p.id, "auditor", &platform, NULL, 5, &g, err));
	CAT_FAILS(GH_E_MALFORMED, "no role god", gh_grant_add(db, &p.id, "god", &acme, NULL, 5, &g, err));
	CAT_FAILS(GH_E_MALFORMED, "no role local", gh_grant_add(db, &p.id, "local", &acme, NULL, 5, &g, err));
	CAT_FAILS(GH_E_MALFORMED, "for the platform only",
		  gh_grant_add(db, &p.id, "platform-admin", &acme, NULL, 5, &g, err));
	CAT_FAILS(GH_E_ABSENT, "no tenant ghost", gh_grant_add(db, &p.id, "auditor", &ghost, NULL, 5, &g, err));
	CAT_OK(gh_grant_remove(db, &p.id, "publisher", &acme, &g, err));
	CAT_FAILS(GH_E_ABSENT, "jane has no role publisher in acme",
		  gh_grant_remove(db, &p.id, "publisher", &acme, &g, err));
	CAT_OK(gh_principal_load(db, &a, &p.id, &p, err));
	assert_int_equal(p.ngrants, 2);
	gh_db_close(db);
}

static void last_admin(void **state)
{
	(void)state;
	struct gh_db *db = dbs_open();
	gh_auto_arena a = { .max = 1 << 20 };
	struct gh_grant g;
	struct gh_principal first = cat_person(db, &a, "first", "platform-admin@platform");
	CAT_FAILS(GH_E_DENIED, "last platform-admin", gh_principal_disable(db, &first.id, 9, err));
	CAT_FAILS(GH_E_DENIED, "last platform-admin",
		  gh_grant_remove(db, &first.id, "platform-admin", &platform, &g, err));
	CAT_OK(gh_principal_load(db, &a, &first.id, &first, err));
	assert_true(first.active); /* and nothing of it happened */
	assert_int_equal(first.ngrants, 1);
	struct gh_principal second = cat_person(db, &a, "second", "platform-admin@platform");
	CAT_OK(gh_principal_disable(db, &first.id, 9, err));
	CAT_FAILS(GH_E_EXISTS, "disabled already", gh_principal_disable(db, &first.id, 9, err));
	CAT_FAILS(GH_E_DENIED, "last platform-admin",
		  gh_principal_disable(db, &second.id, 9, err)); /* the first one does not count */
	gh_db_close(db);
}

/* ---- API keys ---------------------------------------------------------------------------------------------------------------- */
static void apikeys(void **state)
{
	(void)state;
	struct gh_db *db = dbs_open();
	gh_auto_arena a = { .max = 1 << 20 };
	char text[GH_APIKEY_TEXT + 1], other[GH_APIKEY_TEXT + 1];
	struct gh_apikey k, k2, *all;
	struct gh_principal who;
	struct gh_id id;
	size_t n;
	cat_tenant(db, "acme");
	struct gh_principal p = cat_person(db, &a, "jane", "publisher@acme");
	CAT_OK(gh_apikey_create(db, &p.id, NULL, 1000, 1000 + 86400, text, &k, err));
	CAT_OK(gh_apikey_create(db, &p.id, NULL, 1001, 1001 + 86400, other, &k2, err));
	assert_int_equal(strlen(text), GH_APIKEY_TEXT);
	assert_memory_equal(text, "ghk_", 4);
	assert_memory_not_equal(text, other, sizeof text);
	CAT_OK(gh_apikey_check(db, &a, gh_span_str(text), 2000, &who, &id, err));
	assert_string_equal(who.name, "jane");
	assert_int_equal(who.ngrants, 1);
	assert_true(gh_id_same(&id, &k.id));
	/* Nothing of the key is in the database but its prefix. */
	char sql[256];
	snprintf(sql, sizeof sql,
		 "SELECT count(*) FROM api_keys WHERE hash LIKE '%%%.20s%%' OR prefix LIKE '%%%.20s%%'", text + 25,
		 text + 25);
	assert_int_equal(cat_count(db, sql), 0);
	assert_int_equal(cat_count(db, "SELECT last_used FROM api_keys ORDER BY created LIMIT 1"), 2000);
	CAT_OK(gh_apikey_check(db, &a, gh_span_str(text), 2030, &who, &id, err));
	assert_int_equal(cat_count(db, "SELECT last_used FROM api_keys ORDER BY created LIMIT 1"),
			 2000); /* within the minute */
	CAT_OK(gh_apikey_list(db, &a, &p.id, &all, &n, err));
	assert_int_equal(n, 2);
	CAT_OK(gh_apikey_revoke(db, k2.prefix, 3000, &k2, err));
	CAT_FAILS(GH_E_EXISTS, "revoked already", gh_apikey_revoke(db, k2.prefix, 3000, &k2, err));
	CAT_FAILS(GH_E_ABSENT, "no API key", gh_apikey_revoke(db, "0000000000000000", 3000, &k2, err));
	CAT_FAILS(GH_E_MALFORMED, "1 to 730 days", gh_apikey_create(db, &p.id, NULL, 1000, 1000, other, &k2, err));
	CAT_FAILS(GH_E_MALFORMED, "1 to 730 days",
		  gh_apikey_create(db, &p.id, NULL, 1000, 1000 + 731 * 86400, other, &k2, err));
	gh_db_close(db);
}

/* Whatever is wrong, the words are the same, and nobody is handed out. */
static void refused_alike(void **state)
{
	(void)state;
	struct gh_db *db = dbs_open();
	gh_auto_arena a = { .max = 1 << 20 };
	char good[GH_APIKEY_TEXT + 1], text[512], revoked[GH_APIKEY_TEXT + 1], gone[GH_APIKEY_TEXT + 1];
	struct gh_apikey k;
	struct gh_principal who;
	struct gh_id id;
	struct gh_principal p = cat_person(db, &a, "jane", NULL), q = cat_person(db, &a, "joe", NULL);
	CAT_OK(gh_apikey_create(db, &p.id, NULL, 1000, 5000, good, &k, err));
	CAT_OK(gh_apikey_create(db, &p.id, NULL, 1000, 5000, revoked, &k, err));
	CAT_OK(gh_apikey_revoke(db, k.prefix, 1001, &k, err));
	CAT_OK(gh_apikey_create(db, &q.id, NULL, 1000, 5000, gone, &k, err));
	CAT_OK(gh_principal_disable(db, &q.id, 1001, err));
	static const char *const garbage[] = { "",
					       "x",
					       "ghk_",
					       "ghk_0123456789abcdef_000000000000000000000000000000000000000000000000",
					       "GHK_0123456789abcdef_000000000000000000000000000000000000000000000000",
					       "' OR 1=1 --",
					       "ghk_' OR 1=1 --cdef_000000000000000000000000000000000000000000000000" };
	for (size_t i = 0; i < GH_ROWS(garbage); i++)
		CAT_FAILS(GH_E_DENIED, "the API key is not accepted",
			  gh_apikey_check(db, &a, gh_span_str(garbage[i]), 2000, &who, &id, err));
	for (size_t i = 0; i < GH_APIKEY_TEXT; i++) { /* one character anywhere */
		memcpy(text, good, sizeof good);
		text[i] = text[i] == '0' ? '1' : '0';
		CAT_FAILS(GH_E_DENIED, "the API key is not accepted",
			  gh_apikey_check(db, &a, gh_span_str(text), 2000, &who, &id, err));
		assert_false(who.active);
		assert_true(gh_id_none(&who.id));
	}
	snprintf(text, sizeof text, "%s0", good);
	CAT_FAILS(GH_E_DENIED, "the API key is not accepted",
		  gh_apikey_check(db, &a, gh_span_str(text), 2000, &who, &id, err));
	CAT_FAILS(GH_E_DENIED, "the API key is not accepted",
		  gh_apikey_check(db, &a, (struct gh_span){ (const uint8_t *)good, GH_APIKEY_TEXT - 1 }, 2000, &who,
				  &id, err));
	CAT_FAILS(GH_E_DENIED, "the API key is not accepted",
		  gh_apikey_check(db, &a, gh_span_str(revoked), 2000, &who, &id, err));
	CAT_FAILS(GH_E_DENIED, "the API key is not accepted",
		  gh_apikey_check(db, &a, gh_span_str(gone), 2000, &who, &id, err));
	CAT_FAILS(GH_E_DENIED, "the API key is not accepted",
		  gh_apikey_check(db, &a, gh_span_str(good), 5000, &who, &id, err));
	CAT_OK(gh_apikey_check(db, &a, gh_span_str(good), 4999, &who, &id, err));
	gh_db_close(db);
}

/* ---- signing keys ------------------------------------------------------------------------------------------------------------ */
static void signing_keys(void **state)
{
	(void)state;
	struct gh_db *db = dbs_open();
	gh_auto_arena a = { .max = 1 << 20 };
	uint8_t spki[44] = { 0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00, 7 };
	struct gh_span s = { spki, sizeof spki };
	struct gh_principal p = cat_person(db, &a, "jane", NULL), robot;
	struct gh_principal_key k = { .id = cat_id(), .principal = p.id, .alg = "ed25519", .spki = s, .created = 5 },
				*all;
	size_t n;
	assert_string_equal(gh_spki_alg(s), "ed25519");
	assert_null(gh_spki_alg((struct gh_span){ spki, 43 }));
	spki[4] ^= 1;
	assert_null(gh_spki_alg(s));
	spki[4] ^= 1;
	memcpy(k.fingerprint, cat_digest('3'), sizeof k.fingerprint);
	CAT_OK(gh_principal_key_add(db, &k, err));
	k.id = cat_id();
	CAT_FAILS(GH_E_EXISTS, "registered already", gh_principal_key_add(db, &k, err));
	CAT_OK(gh_principal_add(db, GH_PRINCIPAL_ROBOT, "ci", NULL, NULL, 5, &robot, err));
	k.principal = robot.id;
	CAT_FAILS(GH_E_DENIED, "no person", gh_principal_key_add(db, &k, err));
	CAT_OK(gh_principal_keys(db, &a, &p.id, &all, &n, err));
	assert_int_equal(n, 1);
	assert_true(gh_span_eq(all[0].spki, s));
	CAT_OK(gh_principal_key_revoke(db, &all[0].id, 9, err));
	CAT_FAILS(GH_E_ABSENT, "no signing key", gh_principal_key_revoke(db, &all[0].id, 9, err));
	CAT_OK(gh_principal_key_get(db, &a, &all[0].id, &k, err)); /* old decisions verify with it */
	assert_int_equal(k.revoked, 9);
	gh_db_close(db);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(table_is_whole), cmocka_unit_test(scopes),	   cmocka_unit_test(local),
		cmocka_unit_test(principals),	  cmocka_unit_test(grants),	   cmocka_unit_test(last_admin),
		cmocka_unit_test(apikeys),	  cmocka_unit_test(refused_alike), cmocka_unit_test(signing_keys),
	};
	return dbs_run(tests);
}
