/* Tenants, versions, blobs and the outbox, on both databases: two imports of one name, dead imports, what a removal takes along. */
#include "support/cat.h"

#include "catalog/blobs.h"
#include "catalog/outbox.h"
#include "catalog/reports.h"
#include "catalog/shares.h"
#include "catalog/tenants.h"

#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static struct gh_name name_of(const char *text)
{
	struct gh_name n;
	CAT_OK(gh_name_parse(gh_span_str(text), GH_NAME_VERSION, &n, err));
	return n;
}

static enum gh_rc begin(struct gh_db *db, const char *name, int64_t now, struct gh_version *v, struct gh_id *owner,
			bool *resumed, struct gh_err *err)
{
	struct gh_name n = name_of(name);
	*owner = cat_id();
	return gh_version_begin(db, &(struct gh_version_begin){ .name = &n, .owner = *owner, .now = now, .lease = 60 },
				v, resumed, err);
}

static void tenants(void **state)
{
	(void)state;
	struct gh_db *db = dbs_open();
	gh_auto_arena a = { .max = 1 << 20 };
	struct gh_tenant t, *all;
	size_t n;
	struct gh_id id = cat_tenant(db, "acme"), other = cat_id();
	CAT_FAILS(GH_E_EXISTS, "there is a tenant acme already", gh_tenant_add(db, &other, "acme", NULL, 5, err));
	CAT_FAILS(GH_E_MALFORMED, "no name of a tenant", gh_tenant_add(db, &other, "Acme", NULL, 5, err));
	CAT_FAILS(GH_E_ABSENT, "there is no tenant ghost", gh_tenant_active(db, "ghost", &t, err));
	CAT_OK(gh_tenant_remove(db, &id, 9, NULL, err));
	CAT_OK(gh_tenant_remove(db, &id, 10, NULL, err)); /* again: nothing */
	CAT_FAILS(GH_E_DENIED, "its keys are destroyed", gh_tenant_active(db, "acme", &t, err));
	CAT_OK(gh_tenant_get(db, &id, &t, err));
	assert_int_equal(t.removed, 9);
	CAT_FAILS(GH_E_EXISTS, "not used again", gh_tenant_add(db, &other, "acme", NULL, 5, err));
	cat_tenant(db, "beta");
	CAT_OK(gh_tenant_list(db, &a, false, &all, &n, err));
	assert_int_equal(n, 1);
	CAT_OK(gh_tenant_list(db, &a, true, &all, &n, err));
	assert_int_equal(n, 2);
	gh_db_close(db);
}

static void states(void **state)
{
	(void)state;
	for (unsigned from = 0; from < GH_V_STATES; from++) {
		assert_int_equal(gh_vstate_named(gh_vstate_name((enum gh_vstate)from)), from);
		assert_false(gh_vstate_may((enum gh_vstate)from, GH_V_IMPORTING));
		assert_false(gh_vstate_may(GH_V_DELETED, (enum gh_vstate)from));
	}
	assert_int_equal(gh_vstate_named("x"), GH_V_STATES);
	assert_false(gh_vstate_may(GH_V_IMPORTING, GH_V_DELETED));
	assert_false(gh_vstate_may(GH_V_REJECTED, GH_V_READY));
	assert_false(gh_vstate_may(GH_V_STATES, GH_V_READY));
}

static void importing(void **state)
{
	(void)state;
	struct gh_db *db = dbs_open();
	gh_auto_arena a = { .max = 1 << 20 };
	struct gh_version v, w, *dead;
	struct gh_id owner, second;
	bool resumed;
	size_t n;
	CAT_FAILS(GH_E_ABSENT, "there is no tenant acme", begin(db, "acme/llama:1.0", 1000, &v, &owner, &resumed, err));
	struct gh_id tenant = cat_tenant(db, "acme");
	CAT_OK(begin(db, "acme/llama:1.0", 1000, &v, &owner, &resumed, err));
	assert_false(resumed);
	assert_int_equal(v.state, GH_V_IMPORTING);
	CAT_FAILS(GH_E_EXISTS, "acme/llama:1.0 is being imported by another process since 1970-01-01 00:16:40 UTC",
		  begin(db, "acme/llama:1.0", 1001, &w, &second, &resumed, err));
	CAT_OK(gh_version_renew(db, &v.id, &owner, 1200, err));
	CAT_FAILS(GH_E_EXISTS, "being imported", begin(db, "acme/llama:1.0", 1100, &w, &second, &resumed, err));
	CAT_OK(gh_version_dead(db, &a, 1200, &dead, &n, err));
	assert_int_equal(n, 0);
	CAT_OK(gh_version_dead(db, &a, 1201, &dead, &n, err));
	assert_int_equal(n, 1);
	/* Its process is dead: the next one takes the row over, and the first one, should it live, is told. */
	CAT_OK(begin(db, "acme/llama:1.0", 1201, &w, &second, &resumed, err));
	assert_true(resumed);
	assert_true(gh_id_same(&v.id, &w.id));
	CAT_FAILS(GH_E_EXISTS, "another process has taken this import over",
		  gh_version_renew(db, &v.id, &owner, 9999, err));
	struct gh_version_finish f = {
		.state = GH_V_READY, .verdict = "CLEAN", .root = cat_digest('1'), .now = 1300, .files = 2, .bytes = 20
	};
	f.manifest = cat_blob(db, &tenant, "manifest", '2');
	CAT_FAILS(GH_E_EXISTS, "taken this import over", gh_version_finish(db, &v.id, &owner, &f, err));
	CAT_FAILS(GH_E_EXISTS, "taken this import over", gh_version_abandon(db, &v.id, &owner, err));
	CAT_FAILS(GH_E_DENIED, "cannot become", gh_version_move(db, &v.id, GH_V_IMPORTING, GH_V_READY, "", err));
	CAT_OK(gh_version_finish(db, &v.id, &second, &f, err));
	CAT_FAILS(GH_E_EXISTS, "the version is ready by now", gh_version_finish(db, &v.id, &second, &f, err));
	CAT_FAILS(GH_E_EXISTS, "exists already (ready, imported 1970-01-01 00:21:40 UTC)",
		  begin(db, "acme/llama:1.0", 9000, &w, &second, &resumed, err));
	CAT_OK(gh_version_get(db, &v.id, &v, err));
	assert_int_equal(v.files, 2);
	assert_int_equal(v.imported, 1300);
	assert_true(gh_id_none(&v.lease_owner));
	gh_db_close(db);
}

static void given_up(void **state)
{
	(void)state;
	struct gh_db *db = dbs_open();
	struct gh_version v;
	struct gh_id owner, blob, tenant = cat_tenant(db, "acme");
	bool resumed;
	CAT_OK(begin(db, "acme/llama:1.0", 1000, &v, &owner, &resumed, err));
	blob = cat_blob(db, &tenant, "file", '3');
	CAT_OK(gh_version_blob_add(db, &v.id, 0, &blob, err));
	cat_report(db, &v, "CLEAN", '4');
	CAT_OK(gh_version_abandon(db, &v.id, &owner, err));
	assert_int_equal(cat_count(db, "SELECT count(*) FROM versions"), 0);
	assert_int_equal(cat_count(db, "SELECT count(*) FROM models"), 0); /* made for it alone */
	CAT_FAILS(GH_E_ABSENT, "there is no version", gh_version_abandon(db, &v.id, &owner, err));
	CAT_OK(begin(db, "acme/llama:1.0", 1000, &v, &owner, &resumed, err)); /* the name is free */
	assert_false(resumed);
	gh_db_close(db);
}

/* Many processes want one name at the same time: one gets it, and each other one is told so. */
static void one_wins(void **state)
{
	(void)state;
	enum { CHILDREN = 6 };
	struct gh_db *db = dbs_open();
	cat_tenant(db, "acme");
	pid_t pid[CHILDREN];
	for (int i = 0; i < CHILDREN; i++)
		if ((pid[i] = fork()) == 0) {
			struct gh_db *mine = NULL;
			struct gh_version v;
			struct gh_id owner = { .s = "" };
			struct gh_name n;
			bool resumed;
			struct gh_err err = { 0 };
			char line[512];
			if (gh_id_new(&owner, NULL) != GH_OK ||
			    gh_name_parse(GH_SPAN("acme/llama:1.0"), GH_NAME_VERSION, &n, NULL) != GH_OK ||
			    gh_db_open(dbs_url(), NULL, &mine, NULL) != GH_OK)
				_exit(9);
			enum gh_rc rc = gh_version_begin(
				mine,
				&(struct gh_version_begin){ .name = &n, .owner = owner, .now = 1000, .lease = 60 }, &v,
				&resumed, &err);
			gh_err_line(&err, line, sizeof line);
			_exit(rc == GH_OK									  ? 0
			      : rc == GH_E_EXISTS && strstr(line, "is being imported by another process") != NULL ? 1
														  : 2);
		}
	int won = 0, lost = 0;
	for (int i = 0; i < CHILDREN; i++) {
		int status;
		assert_int_equal(waitpid(pid[i], &status, 0), pid[i]);
		assert_true(WIFEXITED(status));
		won += WEXITSTATUS(status) == 0;
		lost += WEXITSTATUS(status) == 1;
	}
	assert_int_equal(won, 1);
	assert_int_equal(lost, CHILDREN - 1);
	gh_db_close(db);
}

/* The first lines of a list; what they point to is gone, so only what is in them. */
enum { LISTED = 8 };
struct listed {
	struct gh_version_line line[LISTED];
	size_t n;
	char said[LISTED][128]; /* "ID STATE VERDICT TIER BADGE" */
};

static enum gh_rc list_line(void *arg, const struct gh_version_line *l, struct gh_err *err)
{
	struct listed *to = arg;
	if (to->n == LISTED)
		return gh_fail(err, GH_E_LIMIT, "more than %d lines", LISTED);
	(void)snprintf(to->said[to->n], sizeof *to->said, "%.*s %s %s %s %s", (int)l->id.n, (const char *)l->id.p,
		       gh_vstate_name(l->state), (const char *)l->verdict.p, (const char *)l->tier.p,
		       l->badge.n == 0 ? "none" : (const char *)l->badge.p);
	to->line[to->n++] = *l;
	return GH_OK;
}

static enum gh_rc listed(struct gh_db *db, const struct gh_version_filter *f, struct listed *to, struct gh_err *err)
{
	to->n = 0;
	return gh_version_each(db, f, list_line, to, err);
}

static enum gh_rc stop(void *arg, const struct gh_version_line *l, struct gh_err *err)
{
	(void)l;
	return ++*(size_t *)arg == 2 ? gh_fail(err, GH_E_LIMIT, "enough") : GH_OK;
}

static void found(void **state)
{
	(void)state;
	struct gh_db *db = dbs_open();
	gh_auto_arena a = { .max = 4 << 20 };
	struct gh_version v;
	struct listed all;
	size_t n = 0;
	char said[128];
	struct gh_id tenant = cat_tenant(db, "acme");
	cat_tenant(db, "beta");
	cat_version(db, "acme/llama:1.0", NULL, "CLEAN", GH_V_READY, "standard");
	cat_version(db, "acme/nlp/llama:1.0", NULL, "REVIEW", GH_V_REVIEW, "high");
	struct gh_version two = cat_version(db, "acme/llama:2.0", NULL, "UNSAFE", GH_V_QUARANTINED, "standard");
	cat_version(db, "beta/llama:1.0", NULL, "CLEAN", GH_V_READY, "standard");
	struct gh_name name = name_of("acme/llama:2.0");
	CAT_OK(gh_version_find(db, &name, &v, err));
	assert_true(gh_id_same(&v.id, &two.id));
	assert_string_equal(v.verdict, "UNSAFE");
	name = name_of("acme/llama:3.0");
	CAT_FAILS(GH_E_ABSENT, "there is no acme/llama:3.0; of this model there is 1.0, 2.0",
		  gh_version_find(db, &name, &v, err));
	name = name_of("acme/lama:1.0");
	CAT_FAILS(GH_E_ABSENT, "there is no acme/lama:1.0", gh_version_find(db, &name, &v, err));
	struct gh_version_filter f = { .state = GH_V_STATES };
	CAT_OK(listed(db, &f, &all, err));
	assert_int_equal(all.n, 4);
	assert_string_equal(all.line[0].name.version, "1.0");
	assert_string_equal(all.line[2].name.project, "nlp");
	assert_string_equal(all.line[3].name.tenant, "beta");
	(void)snprintf(said, sizeof said, "%s quarantined UNSAFE standard none", two.id.s);
	assert_string_equal(all.said[1], said);
	assert_int_equal(all.line[1].files, two.files);
	assert_int_equal(all.line[1].bytes, two.bytes);
	assert_int_equal(all.line[1].imported, two.imported);
	CAT_FAILS(GH_E_LIMIT, "enough", gh_version_each(db, &f, stop, &n, err));
	assert_int_equal(n, 2);
	f.after = all.line[1].name; /* page by page */
	CAT_OK(listed(db, &f, &all, err));
	assert_int_equal(all.n, 2);
	f = (struct gh_version_filter){ .state = GH_V_STATES, .tenant = tenant, .project = "" };
	CAT_OK(listed(db, &f, &all, err));
	assert_int_equal(all.n, 2);
	f = (struct gh_version_filter){ .state = GH_V_READY, .limit = 1 };
	CAT_OK(listed(db, &f, &all, err));
	assert_int_equal(all.n, 1);
	CAT_OK(gh_version_move(db, &two.id, GH_V_QUARANTINED, GH_V_DELETED, "by hand", err));
	CAT_FAILS(GH_E_EXISTS, "deleted by now", gh_version_move(db, &two.id, GH_V_QUARANTINED, GH_V_REVIEW, "", err));
	f = (struct gh_version_filter){ .state = GH_V_STATES };
	CAT_OK(listed(db, &f, &all, err));
	assert_int_equal(all.n, 3);
	f.deleted = true;
	CAT_OK(listed(db, &f, &all, err));
	assert_int_equal(all.n, 4);
	struct gh_report_row *old;
	CAT_OK(gh_report_outdated(db, &a, "1", "1", "1", 100, &old, &n, err));
	assert_int_equal(n, 0);
	CAT_OK(gh_report_outdated(db, &a, "1", "2", "1", 100, &old, &n, err));
	assert_int_equal(n, 3); /* not that of the deleted one */
	gh_db_close(db);
}

static void blobs(void **state)
{
	(void)state;
	struct gh_db *db = dbs_open();
	gh_auto_arena a = { .max = 1 << 20 };
	struct gh_blob b = { .id = cat_id(),
			     .kind = "file",
			     .wrapped = { 1 },
			     .wrapped_n = 1,
			     .generation = 1,
			     .place = "file",
			     .created = 5 };
	struct gh_blob got, *all;
	struct gh_id have = { .s = "" };
	size_t n;
	b.tenant = cat_id();
	CAT_FAILS(GH_E_ABSENT, "there is no tenant", gh_blob_add(db, &b, err));
	struct gh_id tenant = cat_tenant(db, "acme"), other = cat_tenant(db, "other");
	b.tenant = tenant;
	CAT_OK(gh_blob_add(db, &b, err));
	CAT_FAILS(GH_E_ABSENT, "no blob of kind file",
		  gh_blob_find(db, &tenant, "file", cat_digest('5'), &got, err)); /* staged */
	CAT_OK(gh_blob_stored(db, &b.id, cat_digest('5'), cat_digest('6'), 10, 138, NULL, err));
	CAT_OK(gh_blob_stored(db, &b.id, cat_digest('5'), cat_digest('6'), 10, 138, NULL, err)); /* said twice */
	CAT_FAILS(GH_E_DENIED, "with other content",
		  gh_blob_stored(db, &b.id, cat_digest('4'), cat_digest('6'), 10, 138, NULL, err));
	CAT_OK(gh_blob_find(db, &tenant, "file", cat_digest('5'), &got, err));
	assert_int_equal(got.size, 10);
	assert_int_equal(got.wrapped_n, 1);
	CAT_FAILS(GH_E_ABSENT, "no blob",
		  gh_blob_find(db, &other, "file", cat_digest('5'), &got, err)); /* nobody else's */
	struct gh_blob same = b;
	same.id = cat_id();
	CAT_OK(gh_blob_add(db, &same, err));
	CAT_FAILS(GH_E_EXISTS, "is stored as blob",
		  gh_blob_stored(db, &same.id, cat_digest('5'), "", 10, 138, &have, err));
	assert_true(gh_id_same(&have, &b.id));
	same.id = cat_id();
	same.tenant = other;
	CAT_OK(gh_blob_add(db, &same, err));
	CAT_OK(gh_blob_stored(db, &same.id, cat_digest('5'), "", 10, 138, &have,
			      err)); /* another tenant's copy is its own */
	CAT_OK(gh_blob_behind(db, &a, &tenant, 2, 10, &all, &n, err));
	assert_int_equal(n, 2);
	CAT_OK(gh_blob_rewrap(db, &b.id, 1, 2, GH_SPAN("new"), err));
	CAT_FAILS(GH_E_EXISTS, "not of generation 1", gh_blob_rewrap(db, &b.id, 1, 2, GH_SPAN("new"), err));
	/* What nothing names may go; what something names may not. */
	struct gh_version v = cat_version(db, "acme/llama:1.0", NULL, "CLEAN", GH_V_READY, "standard");
	CAT_OK(gh_version_blob_add(db, &v.id, 0, &b.id, err));
	CAT_OK(gh_version_blob_add(db, &v.id, 0, &b.id, err));
	CAT_FAILS(GH_E_EXISTS, "another blob already", gh_version_blob_add(db, &v.id, 0, &v.manifest, err));
	CAT_FAILS(GH_E_EXISTS, "is in use", gh_blob_forget(db, &b.id, err));
	CAT_FAILS(GH_E_EXISTS, "is in use", gh_blob_forget(db, &v.manifest, err));
	CAT_OK(gh_blob_unused(db, &a, 6, 10, &all, &n, err));
	assert_int_equal(n, 2); /* the staged one and the other tenant's */
	CAT_OK(gh_blob_forget(db, &same.id, err));
	CAT_FAILS(GH_E_ABSENT, "there is no blob", gh_blob_forget(db, &same.id, err));
	gh_db_close(db);
}

/* Removing a tenant takes along what is its, leaves the record, and touches nobody else. */
static void removal(void **state)
{
	(void)state;
	struct gh_db *db = dbs_open();
	gh_auto_arena a = { .max = 1 << 20 };
	struct gh_tenant_left left;
	struct gh_version v, busy;
	struct gh_id owner, tenant = cat_tenant(db, "acme");
	struct gh_blob *all;
	bool resumed;
	size_t n;
	cat_tenant(db, "beta");
	struct gh_principal jane = cat_person(db, &a, "jane", "publisher@acme");
	cat_person(db, &a, "joe", "publisher@beta");
	v = cat_version(db, "acme/llama:1.0", &jane.id, "CLEAN", GH_V_READY, "standard");
	struct gh_version b = cat_version(db, "beta/llama:1.0", NULL, "CLEAN", GH_V_READY, "standard");
	CAT_OK(begin(db, "acme/llama:2.0", 5000, &busy, &owner, &resumed, err));
	CAT_FAILS(GH_E_EXISTS, "is being imported", gh_tenant_remove(db, &tenant, 5001, &left, err));
	CAT_OK(gh_tenant_remove(db, &tenant, 6000, &left, err)); /* that import is dead by now */
	assert_int_equal(left.versions, 2);
	assert_int_equal(left.grants, 1);
	assert_int_equal(left.blobs, 2);
	CAT_OK(gh_version_get(db, &v.id, &v, err));
	assert_int_equal(v.state, GH_V_DELETED);
	assert_string_equal(v.root, cat_digest('7')); /* what it was stays known */
	CAT_OK(gh_version_get(db, &b.id, &b, err));
	assert_int_equal(b.state, GH_V_READY);
	CAT_OK(gh_blob_unused(db, &a, 99999, 10, &all, &n, err));
	assert_int_equal(n, 2);
	assert_true(gh_id_same(&all[0].tenant, &tenant) && gh_id_same(&all[1].tenant, &tenant));
	CAT_FAILS(GH_E_DENIED, "its keys are destroyed",
		  begin(db, "acme/llama:3.0", 7000, &busy, &owner, &resumed, err));
	gh_db_close(db);
}

/* A base model of another tenant may be used when it is shared, and while it is ready. */
static void shares(void **state)
{
	(void)state;
	struct gh_db *db = dbs_open();
	gh_auto_arena a = { .max = 1 << 20 };
	struct gh_share s, *all;
	size_t n;
	cat_tenant(db, "acme");
	cat_tenant(db, "beta");
	struct gh_id gone = cat_tenant(db, "gone");
	CAT_OK(gh_tenant_remove(db, &gone, 9, NULL, err));
	struct gh_version v = cat_version(db, "acme/base:1", NULL, "CLEAN", GH_V_READY, "standard");
	struct gh_version bad = cat_version(db, "acme/bad:1", NULL, "UNSAFE", GH_V_QUARANTINED, "standard");
	CAT_OK(gh_share_usable(db, &v, "acme", err));
	CAT_FAILS(GH_E_ABSENT, "there is no acme/base:1", gh_share_usable(db, &v, "beta", err));
	CAT_FAILS(GH_E_EXISTS, "acme's own", gh_share_add(db, &v, "acme", NULL, 5, &s, err));
	CAT_FAILS(GH_E_ABSENT, "no tenant ghost", gh_share_add(db, &v, "ghost", NULL, 5, &s, err));
	CAT_FAILS(GH_E_DENIED, "removed", gh_share_add(db, &v, "gone", NULL, 5, &s, err));
	CAT_FAILS(GH_E_DENIED, "quarantined is not shared", gh_share_add(db, &bad, "beta", NULL, 5, &s, err));
	CAT_OK(gh_share_add(db, &v, "beta", NULL, 5, &s, err));
	CAT_FAILS(GH_E_EXISTS, "shared with beta already", gh_share_add(db, &v, "beta", NULL, 5, &s, err));
	CAT_OK(gh_share_usable(db, &v, "beta", err));
	CAT_OK(gh_share_list(db, &a, &all, &n, err));
	assert_int_equal(n, 1);
	assert_string_equal(all[0].with, "beta");
	assert_string_equal(all[0].model.name, "base");
	CAT_OK(gh_version_move(db, &v.id, GH_V_READY, GH_V_DISABLED, "altered", err));
	CAT_FAILS(GH_E_ABSENT, "there is no acme/base:1",
		  gh_share_usable(db, &v, "beta", err)); /* not while it is disabled */
	CAT_OK(gh_share_remove(db, &v, "beta", &s, err));
	CAT_FAILS(GH_E_ABSENT, "not shared with beta", gh_share_remove(db, &v, "beta", &s, err));
	gh_db_close(db);
}

static void outbox(void **state)
{
	(void)state;
	struct gh_db *db = dbs_open();
	gh_auto_arena a = { .max = 1 << 20 };
	struct gh_outbox_entry *e;
	struct gh_id id[5];
	size_t n;
	int64_t index;
	for (int i = 0; i < 5; i++) {
		id[i] = cat_id();
		CAT_OK(gh_outbox_put(db, &id[i], 100 + i, "import", GH_SPAN("{\"x\":1}"), err));
	}
	CAT_FAILS(GH_E_EXISTS, "", gh_outbox_put(db, &id[0], 100, "import", GH_SPAN("{}"), err));
	CAT_OK(gh_outbox_pending(db, &a, 3, &e, &n, err));
	assert_int_equal(n, 3);
	assert_true(gh_id_same(&e[0].id, &id[0]) && gh_id_same(&e[2].id, &id[2])); /* in the order of writing */
	assert_true(gh_span_is(e[0].entry, "{\"x\":1}"));
	assert_int_equal(e[0].log_index, -1);
	CAT_OK(gh_outbox_index(db, &id[0], &index, err));
	assert_int_equal(index, -1);
	CAT_OK(gh_outbox_mark(db, e, 3, 40, err));
	CAT_OK(gh_outbox_mark(db, e, 3, 40, err)); /* the same again */
	CAT_FAILS(GH_E_EXISTS, "not at", gh_outbox_mark(db, e, 3, 41, err));
	CAT_OK(gh_outbox_index(db, &id[2], &index, err));
	assert_int_equal(index, 42);
	CAT_OK(gh_outbox_pending(db, &a, 10, &e, &n, err));
	assert_int_equal(n, 2);
	CAT_OK(gh_outbox_list(db, &a, 0, 10, &e, &n, err));
	assert_int_equal(n, 5);
	CAT_FAILS(GH_E_ABSENT, "no entry", gh_outbox_index(db, &(struct gh_id){ .s = "x" }, &index, err));
	gh_db_close(db);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(tenants),  cmocka_unit_test(states),	cmocka_unit_test(importing),
		cmocka_unit_test(given_up), cmocka_unit_test(one_wins), cmocka_unit_test(found),
		cmocka_unit_test(blobs),    cmocka_unit_test(removal),	cmocka_unit_test(outbox),
		cmocka_unit_test(shares),
	};
	return dbs_run(tests);
}
