/* `gatehouse advisories import|list|status`: the known vulnerabilities that scans match packages against. */
#include "cli/cmds.h"
#include "format/format.h"
#include "os/tree.h"
#include "scan/advisories.h"
#include "scan/advisories_read.h"
#include "wire/jout.h"
#include "wire/dep.h"

#include <inttypes.h>
#include <string.h>
#include <time.h>

struct args {
	unsigned format;
};
static const struct gh_opt options[] = { GH_OPT_FORMAT(struct args), { .name = NULL } };

enum { FILE_MAX = 1 << 30 };
#define MAKE_MAX ((size_t)4 << 30)

static int complain(struct gh_cli *cli, const struct gh_err *err)
{
	char why[900];
	gh_cli_error(cli, "%s", gh_err_line(err, why, sizeof why));
	return GH_EXIT_UNFINISHED;
}

/* ---- import ---------------------------------------------------------------------------------------------------------------- */
static bool hidden(const char *name) { return name[0] == '.' || strstr(name, "/.") != NULL; }

static bool wanted(const char *name)
{
	struct gh_span s = gh_span_str(name);
	return !hidden(name) && (gh_span_ends(s, ".json") || gh_span_ends(s, ".jsonl") || gh_span_ends(s, ".zip"));
}

static enum gh_rc import_file(struct gh_advdb_make *m, const char *path, struct gh_advisories_count *count,
			      struct gh_err *err)
{
	gh_auto_buf text = gh_buf((size_t)FILE_MAX + (64 << 10));
	GH_TRY(gh_read_whole(path, FILE_MAX, &text, err), err, "%s", gh_safe(gh_span_str(path)).s);
	if (gh_advisories_is_zip(gh_buf_view(&text)))
		return gh_advisories_zip(m, gh_buf_view(&text), path, count, err);
	return gh_advisories_json(m, gh_buf_view(&text), path, count, err);
}

static enum gh_rc import_path(struct gh_advdb_make *m, const char *path, struct gh_advisories_count *count,
			      struct gh_err *err)
{
	struct gh_os_tree tree = { 0 };
	const char *shown = path;
	struct gh_safe safe = gh_safe(gh_span_str(shown));
	if (!gh_os_tree(path, &tree))
		return gh_fail(err, GH_E_IO, "%s: there is no such file or directory", safe.s);
	uint64_t before = count->read, files = 0;
	enum gh_rc rc = GH_OK;
	for (size_t i = 0; i < tree.n && rc == GH_OK; i++) {
		const struct gh_os_entry *e = &tree.v[i];
		if (!tree.alone && (e->kind != GH_OS_FILE || !wanted(e->name))) {
			if (e->kind == GH_OS_UNREADABLE)
				rc = gh_fail(err, GH_E_IO, "%s cannot be read", gh_safe(gh_span_str(e->path)).s);
			continue;
		}
		files++;
		rc = import_file(m, e->path, count, err);
	}
	gh_os_tree_free(&tree);
	if (rc == GH_OK && count->read == before)
		rc = gh_fail(err, GH_E_MALFORMED, "%s: no advisories in %" PRIu64 " file%s", safe.s, files,
			     files == 1 ? "" : "s");
	return rc;
}

/* What the user has imported before stays; of two records with one id the newer one stands. */
static enum gh_rc make(struct gh_advisories *a, size_t n, char **path, struct gh_advisories_count *count,
		       struct gh_buf *db, size_t *records, struct gh_err *err)
{
	struct gh_advdb_make *m = gh_advdb_make(MAKE_MAX);
	enum gh_rc rc = m == NULL ? gh_fail(err, GH_E_NOMEM, "no memory") : GH_OK;
	for (size_t i = 0; i < n && rc == GH_OK; i++)
		rc = import_path(m, path[i], count, err);
	if (rc == GH_OK && a->imported)
		rc = gh_advdb_add_all(m, &a->db.db[1], err);
	if (rc == GH_OK)
		rc = gh_advdb_write(m, db, records, err);
	gh_advdb_make_free(m);
	return rc;
}

static int import(struct gh_cli *cli, const struct args *a, struct gh_advisories *now, size_t n, char **path)
{
	struct gh_advisories_count count = { 0 };
	struct gh_err err = { 0 };
	struct gh_advdb db;
	size_t records = 0;
	gh_auto_buf out = gh_buf(GH_ADVDB_MAX);
	enum gh_rc rc = make(now, n, path, &count, &out, &records, &err);
	if (rc == GH_OK)
		rc = gh_advdb(gh_buf_view(&out), &db, &err);
	if (rc == GH_OK)
		rc = gh_advisories_keep(gh_buf_view(&out), &err);
	if (rc != GH_OK) {
		char why[900];
		gh_cli_error(cli, "nothing was imported: %s", gh_err_line(&err, why, sizeof why));
		return GH_EXIT_UNFINISHED;
	}
	gh_auto_buf doc = gh_buf(4096);
	if (a->format == GH_FORMAT_JSON) {
		struct gh_jout j = gh_jout(&doc);
		gh_jout_open(&j, NULL, '{');
		gh_jout_number(&j, "read", count.read);
		gh_jout_number(&j, "without_package", count.bare);
		gh_jout_number(&j, "kept", records);
		gh_jout_str(&j, "date", db.date);
		gh_jout_str(&j, "file", now->imported_path);
		gh_jout_close(&j, '}');
	} else {
		gh_buf_fmt(&doc,
			   "read %" PRIu64 " advisories (%" PRIu64
			   " without a package left out); imported are now %zu, the newest of %.10s\n",
			   count.read, count.bare, records, db.date);
	}
	return gh_cli_print(cli, &doc);
}

/* ---- list ------------------------------------------------------------------------------------------------------------------- */
static const char *severity(enum gh_osv_severity s)
{
	static const char *const names[] = { "unknown", "low", "medium", "high", "critical" };
	return names[s];
}

static void interval_text(struct gh_buf *b, const struct gh_advdb *db, const struct gh_adv_product *p)
{
	struct gh_adv_interval i;
	for (unsigned k = 0; gh_advdb_interval(db, p, k, &i); k++) {
		gh_buf_fmt(b, "%s>=%s", k == 0 ? "" : " || ", i.from.n == 0 ? "0" : gh_safe(i.from).s);
		if ((i.flags & GH_ADV_TO_NONE) == 0)
			gh_buf_fmt(b, ",%s%s", (i.flags & GH_ADV_TO_INCLUDED) != 0 ? "<=" : "<", gh_safe(i.to).s);
	}
	if (b->n == 0)
		gh_buf_str(b, "listed versions");
}

static void put_row(struct gh_buf *doc, struct gh_jout *j, const struct gh_advdb *db, const struct gh_adv_product *p,
		    bool imported)
{
	struct gh_adv_record r = gh_advdb_record(db, p->record);
	gh_auto_buf range = gh_buf(4096);
	interval_text(&range, db, p);
	if (j == NULL) {
		gh_buf_fmt(doc, "%-22s %-9s %-28s %s%s\n", gh_safe(r.id).s, severity(r.severity), gh_safe(p->name).s,
			   gh_buf_cstr(&range), imported ? "  (imported)" : "");
		return;
	}
	gh_jout_open(j, NULL, '{');
	gh_jout_span(j, "id", r.id);
	gh_auto_buf aliases = gh_buf(8192);
	gh_buf_span(&aliases, r.aliases);
	gh_jout_words(j, "aliases", gh_buf_cstr(&aliases));
	gh_jout_span(j, "ecosystem", p->ecosystem);
	gh_jout_span(j, "package", p->name);
	gh_jout_str(j, "affected", gh_buf_cstr(&range));
	gh_jout_str(j, "severity", severity(r.severity));
	char score[16] = "";
	if (r.score >= 0)
		(void)snprintf(score, sizeof score, "%d.%d", r.score / 10, r.score % 10);
	gh_jout_str(j, "cvss", score[0] == '\0' ? NULL : score);
	if (r.vector.n == 0)
		gh_jout_null(j, "vector");
	else
		gh_jout_span(j, "vector", r.vector);
	gh_jout_span(j, "summary", r.summary);
	gh_jout_span(j, "modified", r.modified);
	gh_jout_bool(j, "confirmed", (r.flags & GH_ADV_UNVERIFIED) == 0);
	gh_jout_bool(j, "imported", imported);
	gh_jout_close(j, '}');
}

static int list(struct gh_cli *cli, const struct args *a, const struct gh_advisories *now, const char *package)
{
	char normal[80];
	gh_auto_buf doc = gh_buf((size_t)1 << 30);
	struct gh_jout j = gh_jout(&doc);
	bool json = a->format == GH_FORMAT_JSON;
	uint64_t n = 0;
	gh_dep_normalise(gh_span_str(package == NULL ? "" : package), normal);
	if (json) {
		gh_jout_open(&j, NULL, '{');
		gh_jout_open(&j, "advisories", '[');
	}
	for (unsigned d = 0; d < now->db.n; d++)
		for (uint32_t i = 0; i < now->db.db[d].nproduct; i++) {
			struct gh_adv_product p = gh_advdb_product(&now->db.db[d], i);
			struct gh_adv_record r = gh_advdb_record(&now->db.db[d], p.record);
			if ((package != NULL && !gh_span_is(p.name, package) && !gh_span_is(p.name, normal)) ||
			    gh_advset_replaced(&now->db, d, &r))
				continue;
			put_row(&doc, json ? &j : NULL, &now->db.db[d], &p, d != 0);
			n++;
		}
	if (json) {
		gh_jout_close(&j, ']');
		gh_jout_str(&j, "date", now->db.db[now->db.n - 1].date);
		gh_jout_close(&j, '}');
	} else if (n == 0) {
		gh_buf_fmt(&doc, "no advisory about %s; %s\n",
			   package == NULL ? "anything" : gh_safe(gh_span_str(package)).s, now->with);
	}
	return gh_cli_print(cli, &doc);
}

/* ---- status ----------------------------------------------------------------------------------------------------------------- */
static void when(uint64_t seconds, char out[24])
{
	time_t t = (time_t)seconds;
	struct tm tm;
	if (gmtime_r(&t, &tm) == NULL || strftime(out, 24, "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
		out[0] = '\0';
}

/* Whole days between a date ("2026-11-22T…") and now; for people only: nothing is decided by it. */
static long long days_since(const char *date)
{
	struct tm tm = { 0 };
	if (strptime(date, "%Y-%m-%dT%H:%M:%SZ", &tm) == NULL)
		return 0;
	time_t then = timegm(&tm), now = time(NULL);
	return now < then ? 0 : (long long)(now - then) / 86400;
}

static int status(struct gh_cli *cli, const struct args *a, const struct gh_advisories *now)
{
	gh_auto_buf doc = gh_buf(16 << 10);
	char imported[24] = "";
	if (now->imported)
		when(now->imported_time, imported);
	if (a->format == GH_FORMAT_TEXT) {
		const struct gh_advdb *s = &now->db.db[0];
		gh_buf_fmt(&doc,
			   "shipped   %u advisories, the newest of %.10s (%lld days old)\n          sealed with key "
			   "%s\n          %s\n",
			   s->nrecord, s->date, days_since(s->date), now->key, now->shipped_path);
		if (now->imported)
			gh_buf_fmt(&doc,
				   "imported  %u advisories, the newest of %.10s (%lld days old)\n          imported "
				   "%s, not signed\n          %s\n",
				   now->db.db[1].nrecord, now->db.db[1].date, days_since(now->db.db[1].date), imported,
				   now->imported_path);
		else
			gh_buf_str(&doc, "imported  none: 'gatehouse advisories import FILE'\n");
		return gh_cli_print(cli, &doc);
	}
	struct gh_jout j = gh_jout(&doc);
	gh_jout_open(&j, NULL, '{');
	for (unsigned d = 0; d < 2; d++) {
		const char *key = d == 0 ? "shipped" : "imported";
		if (d >= now->db.n) {
			gh_jout_null(&j, key);
			continue;
		}
		gh_jout_open(&j, key, '{');
		gh_jout_number(&j, "advisories", now->db.db[d].nrecord);
		gh_jout_number(&j, "products", now->db.db[d].nproduct);
		gh_jout_str(&j, "date", now->db.db[d].date);
		gh_jout_str(&j, "file", d == 0 ? now->shipped_path : now->imported_path);
		gh_jout_str(&j, "key", d == 0 ? now->key : NULL);
		gh_jout_str(&j, "imported", d == 0 ? NULL : imported);
		gh_jout_close(&j, '}');
	}
	gh_jout_str(&j, "with", now->with);
	gh_jout_close(&j, '}');
	return gh_cli_print(cli, &doc);
}

static int run(struct gh_cli *cli, const struct gh_cmd *cmd, int argc, char **argv)
{
	struct args a = { 0 };
	size_t n;
	int rc = gh_cli_options(cli, cmd, argc, argv, &a, &n);
	if (rc != GH_CLI_GO)
		return rc;
	bool do_import = strcmp(argv[0], "import") == 0, do_list = strcmp(argv[0], "list") == 0;
	if (!do_import && !do_list && strcmp(argv[0], "status") != 0)
		return gh_cli_wrong(cli, "'%s' is not one of import, list, status", gh_safe(gh_span_str(argv[0])).s);
	if (do_import && n < 2)
		return gh_cli_wrong(cli, "import needs a file, directory or zip archive of advisories");
	if (!do_import && n > (do_list ? 2u : 1u))
		return gh_cli_wrong(cli, "'%s': one argument too many", gh_safe(gh_span_str(argv[do_list ? 2 : 1])).s);
	struct gh_advisories now;
	struct gh_err err = { 0 };
	if (gh_advisories_load(&now, &err) != GH_OK)
		rc = complain(cli, &err);
	else if (now.lost[0] != '\0' && !do_import) { /* an import replaces it */
		gh_cli_error(cli, "%s", now.lost);
		rc = GH_EXIT_UNFINISHED;
	} else
		rc = do_import ? import(cli, &a, &now, n - 1, argv + 1)
		     : do_list ? list(cli, &a, &now, n > 1 ? argv[1] : NULL)
			       : status(cli, &a, &now);
	gh_advisories_free(&now);
	return rc;
}

const struct gh_cmd gh_cmd_advisories = {
	.name = "advisories",
	.about = "Show and update the known vulnerabilities that scans match packages against.",
	.usage = "[OPTION]... import PATH... | list [PACKAGE] | status",
	.opts = options,
	.min_args = 1,
	.max_args = SIZE_MAX,
	.words = "import list status",
	.notes = "import PATH...   take advisories in OSV form: a JSON file, JSON lines, a\n"
		 "                 directory of them (a clone of the GitHub advisory database), or\n"
		 "                 a zip archive as osv.dev offers per ecosystem. All of them or\n"
		 "                 none: a broken record is named, and nothing changes.\n"
		 "list [PACKAGE]   what is known, or what is known about one package\n"
		 "status           dates, counts and origin of the databases\n"
		 "\n"
		 "Imported advisories are kept in $GATEHOUSE_HOME (default /var/lib/gatehouse for\n"
		 "root, else ~/.local/share/gatehouse). They add to those that ship with the\n"
		 "program.",
	.run = run,
};
