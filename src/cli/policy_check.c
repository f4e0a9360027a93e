#include "cli/policy_check.h"

#include "cli/policy_files.h"
#include "format/format.h"
#include "scan/advisories.h"
#include "scan/report.h"

/* ---- check ------------------------------------------------------------------------------------------------------------------- */
static void exception_notes(const struct gh_policy *p, int64_t at, struct gh_buf *out)
{
	enum { SOON = 30 * 86400 };
	const struct gh_exception *v;
	size_t n = gh_policy_exceptions(p, &v);
	for (size_t i = 0; i < n; i++) {
		if (v[i].expires > at + SOON)
			continue;
		gh_buf_str(out, "  the exception ");
		gh_buf_safe(out, v[i].id, 80);
		gh_buf_str(out, v[i].expires <= at ? " has ended: " : " ends within 30 days: ");
		gh_policy_put_time(out, v[i].expires);
		gh_buf_ch(out, '\n');
	}
}

/* A finding that no rule of this version raises: misspelt, or of another version. */
static void unknown_ids(const struct gh_policy *p, struct gh_arena *arena, struct gh_buf *out)
{
	const struct gh_span *v;
	size_t n = gh_policy_finding_ids(p, arena, &v);
	for (size_t i = 0; n != SIZE_MAX && i < n; i++) {
		const struct gh_rule *r;
		size_t k = 0;
		while ((r = gh_rule_at(k)) != NULL && !gh_span_is(v[i], r->id))
			k++;
		if (r != NULL)
			continue;
		gh_buf_str(out, "  no rule of this version raises a finding '");
		gh_buf_safe(out, v[i], 80);
		gh_buf_str(out, "': is it spelt right? ('gatehouse checks' lists them)\n");
	}
}

static int check_one(struct gh_cli *cli, bool json, const char *name, int64_t at, struct gh_jout *j, struct gh_buf *out)
{
	gh_auto_arena arena = { .max = GH_POLICY_ARENA };
	struct gh_policy_err where;
	struct gh_policy_files files;
	const struct gh_policy *p = NULL;
	int rc = gh_policy_load(cli, name, &files, &arena, &p, &where);
	if (rc == GH_EXIT_UNFINISHED || (rc != GH_EXIT_OK && !json)) {
		gh_policy_files_free(&files);
		return rc;
	}
	if (json) {
		gh_jout_open(j, NULL, '{');
		gh_jout_str(j, "file", name);
		gh_jout_bool(j, "valid", p != NULL);
		gh_policy_err_json(j, p == NULL ? &where : NULL);
		gh_jout_span(j, "name", p == NULL ? (struct gh_span){ 0 } : gh_policy_name(p));
		gh_jout_span(j, "version", p == NULL ? (struct gh_span){ 0 } : gh_policy_version(p));
		gh_jout_number(j, "rules", p == NULL ? 0 : gh_policy_nrules(p));
		gh_jout_str(j, "digest", p == NULL ? NULL : gh_policy_digest(p));
		gh_jout_close(j, '}');
	} else {
		gh_buf_safe(out, gh_span_str(name), 300);
		gh_buf_str(out, ": policy ");
		gh_buf_safe(out, gh_policy_name(p), 80);
		gh_buf_str(out, gh_policy_version(p).n != 0 ? " " : "");
		gh_buf_safe(out, gh_policy_version(p), 80);
		gh_buf_fmt(out, " can be used: %zu rules, sha256 %s\n", gh_policy_nrules(p), gh_policy_digest(p));
		exception_notes(p, at, out);
		unknown_ids(p, &arena, out);
	}
	gh_policy_files_free(&files);
	return rc;
}

int gh_policy_check(struct gh_cli *cli, bool json, int64_t at, int n, char **v)
{
	gh_auto_buf out = gh_buf(16 << 20);
	struct gh_jout j = gh_jout(&out);
	int worst = GH_EXIT_OK;
	if (json) {
		gh_jout_open(&j, NULL, '{');
		gh_jout_open(&j, "policies", '[');
	}
	for (int i = 0; i < n; i++) {
		int rc = check_one(cli, json, v[i], at, &j, &out);
		worst = rc == GH_EXIT_FOUND || worst == GH_EXIT_OK ? rc == GH_EXIT_OK ? worst : rc : worst;
	}
	if (json) {
		gh_jout_close(&j, ']');
		gh_jout_close(&j, '}');
	}
	int printed = out.n == 0 ? GH_EXIT_OK : gh_cli_print(cli, &out);
	return printed != GH_EXIT_OK ? printed : worst;
}

/* ---- test -------------------------------------------------------------------------------------------------------------------- */
static void cases_json(const char *name, const struct gh_policy_cases *c, struct gh_jout *j)
{
	gh_jout_open(j, NULL, '{');
	gh_jout_str(j, "file", name);
	gh_jout_span(j, "policy", gh_policy_name(c->policy));
	gh_jout_str(j, "digest", gh_policy_digest(c->policy));
	gh_jout_number(j, "cases", c->n);
	gh_jout_number(j, "failed", c->failed);
	gh_jout_open(j, "results", '[');
	for (size_t i = 0; i < c->n; i++) {
		const struct gh_policy_case *k = &c->v[i];
		gh_jout_open(j, NULL, '{');
		gh_jout_span(j, "name", k->name);
		gh_jout_number(j, "line", k->line);
		gh_jout_bool(j, "ok", k->ok);
		gh_jout_str(j, "expected", gh_decision_name(k->expected));
		gh_jout_str(j, "got", gh_decision_name(k->got));
		gh_jout_span(j, "differs", k->differs);
		gh_jout_close(j, '}');
	}
	gh_jout_close(j, ']');
	gh_jout_close(j, '}');
}

static void cases_text(const char *name, const struct gh_policy_cases *c, struct gh_buf *out)
{
	for (size_t i = 0; i < c->n; i++) {
		const struct gh_policy_case *k = &c->v[i];
		gh_buf_fmt(out, "%s  %-7s  ", k->ok ? "ok    " : "FAILED", gh_decision_name(k->got));
		gh_buf_safe(out, k->name, 200);
		gh_buf_ch(out, '\n');
		if (k->ok)
			continue;
		gh_buf_str(out, "                 ");
		gh_buf_safe(out, gh_span_str(name), 300);
		gh_buf_fmt(out, ":%llu: ", (unsigned long long)k->line);
		gh_buf_safe(out, k->differs, 1000);
		gh_buf_ch(out, '\n');
	}
	gh_buf_safe(out, gh_span_str(name), 300);
	gh_buf_fmt(out, ": %zu case%s, %zu failed\n", c->n, c->n == 1 ? "" : "s", c->failed);
}

static int test_one(struct gh_cli *cli, bool json, const char *name, struct gh_jout *j, struct gh_buf *out)
{
	gh_auto_arena arena = { .max = (size_t)1 << 30 };
	gh_auto_buf text = gh_buf(GH_POLICY_TEXT + 1);
	struct gh_policy_files files;
	struct gh_policy_cases cases;
	struct gh_policy_err where;
	struct gh_err err = { 0 };
	gh_policy_files_open(&files, name);
	if (gh_read_whole(name, GH_POLICY_TEXT, &text, &err) != GH_OK)
		return gh_policy_unread(cli, name, &err);
	enum gh_rc rc = gh_policy_test(&arena, gh_buf_view(&text), gh_policy_files_find, &files, &cases, &where);
	int status = GH_EXIT_OK;
	if (rc != GH_OK)
		status = gh_policy_refused(cli, name, rc, &where);
	else if (json)
		cases_json(name, &cases, j);
	else
		cases_text(name, &cases, out);
	gh_policy_files_free(&files);
	return status != GH_EXIT_OK ? status : cases.failed != 0 ? GH_EXIT_FOUND : GH_EXIT_OK;
}

int gh_policy_tables(struct gh_cli *cli, bool json, int n, char **v)
{
	gh_auto_buf out = gh_buf(64 << 20);
	struct gh_jout j = gh_jout(&out);
	int worst = GH_EXIT_OK;
	if (json) {
		gh_jout_open(&j, NULL, '{');
		gh_jout_open(&j, "tables", '[');
	}
	for (int i = 0; i < n; i++) {
		int rc = test_one(cli, json, v[i], &j, &out);
		worst = rc == GH_EXIT_FOUND || worst == GH_EXIT_OK ? rc == GH_EXIT_OK ? worst : rc : worst;
	}
	if (json) {
		gh_jout_close(&j, ']');
		gh_jout_close(&j, '}');
	}
	int printed = out.n == 0 ? GH_EXIT_OK : gh_cli_print(cli, &out);
	return printed != GH_EXIT_OK ? printed : worst;
}
