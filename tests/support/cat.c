#include "support/cat.h"
#include "catalog/blobs.h"
#include "catalog/reports.h"
#include "catalog/tenants.h"

#include <stdio.h>
#include <string.h>

enum { NOW = 1000 };

void cat_ok(enum gh_rc rc, const struct gh_err *err)
{
	char line[1024];
	if (rc != GH_OK)
		fail_msg("%s", gh_err_line(err, line, sizeof line));
}

void cat_fails(enum gh_rc rc, enum gh_rc want, const char *says, const struct gh_err *err)
{
	char line[1024];
	gh_err_line(err, line, sizeof line);
	if (rc != want || strstr(line, says) == NULL)
		fail_msg("code %d instead of %d, or not \"%s\": %s", rc, want, says, line);
}

struct gh_id cat_id(void)
{
	struct gh_id id;
	CAT_OK(gh_id_new(&id, err));
	return id;
}

const char *cat_digest(char digit)
{
	static char text[256][GH_DIGEST_HEX + 1];
	char *t = text[(unsigned char)digit];
	memset(t, digit, GH_DIGEST_HEX);
	return t;
}

int64_t cat_count(struct gh_db *db, const char *sql)
{
	gh_auto_arena a = { .max = 1 << 16 };
	struct gh_db_rows r;
	CAT_OK(gh_db_query(db, &a, &r, err, sql, GH_DBV_NONE));
	return gh_db_int(&r, 0, 0);
}

struct gh_id cat_tenant(struct gh_db *db, const char *name)
{
	struct gh_id id = cat_id();
	CAT_OK(gh_tenant_add(db, &id, name, NULL, NOW, err));
	return id;
}

struct gh_principal cat_person(struct gh_db *db, struct gh_arena *a, const char *name, const char *grant)
{
	struct gh_principal p;
	struct gh_grant g;
	struct gh_name scope;
	char role[64];
	CAT_OK(gh_principal_add(db, GH_PRINCIPAL_PERSON, name, NULL, NULL, NOW, &p, err));
	if (grant != NULL) {
		size_t n = strcspn(grant, "@");
		memcpy(role, grant, n);
		role[n] = '\0';
		CAT_OK(gh_scope_parse(gh_span_str(grant + n + 1), &scope, err));
		CAT_OK(gh_grant_add(db, &p.id, role, &scope, NULL, NOW, &g, err));
	}
	CAT_OK(gh_principal_load(db, a, &p.id, &p, err));
	return p;
}

struct gh_id cat_blob(struct gh_db *db, const struct gh_id *tenant, const char *kind, char digit)
{
	struct gh_blob b = { .id = cat_id(),
			     .tenant = *tenant,
			     .wrapped = { 1, 2, 3 },
			     .wrapped_n = 3,
			     .generation = 1,
			     .created = NOW };
	(void)snprintf(b.kind, sizeof b.kind, "%s", kind);
	(void)snprintf(b.place, sizeof b.place, "file");
	CAT_OK(gh_blob_add(db, &b, err));
	CAT_OK(gh_blob_stored(db, &b.id, cat_digest(digit), "", 10, 138, NULL, err));
	return b.id;
}

struct gh_id cat_report(struct gh_db *db, const struct gh_version *v, const char *verdict, char digit)
{
	struct gh_report_row r = { .id = cat_id(), .version = v->id, .findings = 0, .created = NOW };
	r.blob = cat_blob(db, &v->tenant, "report", digit);
	memcpy(r.digest, cat_digest(digit), sizeof r.digest);
	(void)snprintf(r.scanner, sizeof r.scanner, "1");
	(void)snprintf(r.rules, sizeof r.rules, "1");
	(void)snprintf(r.advisories, sizeof r.advisories, "1");
	(void)snprintf(r.verdict, sizeof r.verdict, "%s", verdict);
	(void)snprintf(r.coverage, sizeof r.coverage, "100");
	CAT_OK(gh_report_add(db, &r, err));
	return r.id;
}

struct gh_version cat_version(struct gh_db *db, const char *name, const struct gh_id *by, const char *verdict,
			      enum gh_vstate state, const char *tier)
{
	static char digit = 'a';
	struct gh_name n;
	struct gh_version v;
	bool resumed;
	CAT_OK(gh_name_parse(gh_span_str(name), GH_NAME_VERSION, &n, err));
	struct gh_version_begin b = { .name = &n, .owner = cat_id(), .now = NOW, .lease = 60, .tier = tier };
	if (by != NULL)
		b.by = *by;
	CAT_OK(gh_version_begin(db, &b, &v, &resumed, err));
	digit = digit == 'f' ? 'a' : (char)(digit + 1);
	struct gh_blob same;
	struct gh_version_finish f = {
		.state = state, .verdict = verdict, .tier = tier, .root = cat_digest('7'), .now = NOW + 1
	};
	f.manifest = gh_blob_find(db, &v.tenant, "manifest", cat_digest(digit), &same, NULL) == GH_OK
			     ? same.id
			     : cat_blob(db, &v.tenant, "manifest", digit);
	if (gh_blob_find(db, &v.tenant, "report", cat_digest(digit), &same, NULL) == GH_OK)
		fail_msg("more versions than digests");
	f.report = cat_report(db, &v, verdict, digit);
	CAT_OK(gh_version_finish(db, &v.id, &b.owner, &f, err));
	CAT_OK(gh_version_get(db, &v.id, &v, err));
	return v;
}
