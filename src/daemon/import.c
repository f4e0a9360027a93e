#include "daemon/import.h"

#include "crypto/digest.h"
#include "scan/report_cyclonedx.h"
#include "scan/report_licences.h"
#include "scan/verify/files.h"
#include "scan/vex.h"
#include "wire/b64.h"
#include "wire/datetime.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { FINDINGS = 5000, RULES = 1024 }; /* that facts hold; of which there is at least one finding each */

static void progress(void *arg, uint64_t files_done, uint64_t files, uint64_t done, uint64_t all)
{
	(void)files_done;
	(void)files;
	gh_service_progress(arg, done, all);
}

void gh_import_scan_open(struct gh_import_scan *s, struct gh_service *service, int64_t jobs)
{
	s->options = gh_scan_options_default;
	s->started = (int64_t)time(NULL);
	if (jobs > 0 && jobs <= 64)
		s->options.jobs = (unsigned)jobs;
	gh_scan_setup(&s->setup, &s->options);
	s->options.progress = progress;
	s->options.progress_arg = service;
}

enum gh_rc gh_import_scan_run(const struct gh_import_scan *s, const char *path, struct gh_scan **out,
			      const struct gh_scan_report **report, struct gh_err *err)
{
	enum gh_rc rc = gh_scan_run(&path, 1, &s->options, out, report, err);
	if (rc == GH_E_DENIED)
		err->rc = rc = GH_E_UNREAD;
	return rc;
}

void gh_import_scan_close(struct gh_import_scan *s) { gh_scan_setup_free(&s->setup); }

/* Share of the bytes that was understood, in ten-thousandths of a percent, rounded down: 100 % is all of them. */
static void coverage(const struct gh_scan_report *r, char out[32])
{
	uint64_t understood = 0;
	for (size_t i = 0; i < r->nfile; i++)
		understood += r->file[i].understood < r->file[i].size ? r->file[i].understood : r->file[i].size;
	unsigned long long share = r->bytes == 0
					   ? 1000000
					   : (unsigned long long)((unsigned __int128)understood * 1000000 / r->bytes);
	(void)snprintf(out, 32, "%llu.%04llu", share / 10000, share % 10000);
}

static size_t findings(const struct gh_scan_report *r, bool effective)
{
	size_t n = 0;
	for (size_t i = 0; i < r->nfile; i++)
		for (size_t k = 0; k < r->file[i].nfinding; k++)
			n += !effective || r->file[i].finding[k].rule->effect != GH_CLEAN;
	return n;
}

void gh_import_summary(const struct gh_scan_report *r, struct gh_jout *j)
{
	char share[32];
	coverage(r, share);
	gh_jout_str(j, "verdict", gh_verdict_name(r->verdict));
	gh_jout_str(j, "scanner", r->scanner);
	gh_jout_str(j, "rules", r->rules);
	const char *with = r->stage[GH_STAGE_VULNERABILITIES].with;
	gh_jout_str(j, "advisories", with == NULL ? "" : with);
	gh_jout_str(j, "coverage", share);
	gh_jout_number(j, "findings", findings(r, false));
	gh_jout_number(j, "files", r->nfile);
	gh_jout_number(j, "bytes", r->bytes);
	gh_jout_open(j, "stages", '{');
	for (unsigned i = 0; i < GH_STAGES; i++)
		gh_jout_str(j, gh_stage_rows[i].name, gh_stage_state_name(r->stage[i].state));
	gh_jout_close(j, '}');
}

void gh_import_lacking(const struct gh_import_scan *s, struct gh_jout *j)
{
	const struct {
		unsigned stage;
		const char *why;
	} rows[] = {
		{ GH_STAGE_MALWARE, s->setup.no_bad },
		{ GH_STAGE_VULNERABILITIES, s->setup.no_advisories },
	};
	gh_jout_open(j, "lacking", '[');
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		if (rows[i].why[0] == '\0')
			continue;
		gh_jout_open(j, NULL, '{');
		gh_jout_str(j, "stage", gh_stage_rows[rows[i].stage].name);
		gh_jout_str(j, "reason", rows[i].why);
		gh_jout_close(j, '}');
	}
	gh_jout_close(j, ']');
}

static void one_finding(struct gh_jout *j, const struct gh_file_report *f, const struct gh_finding *n)
{
	static const char *const effects[] = { "none", "REVIEW", "INCOMPLETE", "UNSAFE" };
	gh_jout_open(j, NULL, '{');
	gh_jout_str(j, "id", n->rule->id);
	gh_jout_str(j, "severity", gh_severity_name(n->rule->severity));
	gh_jout_str(j, "effect", effects[n->rule->effect]);
	gh_jout_str(j, "stage", gh_stage_rows[gh_rule_stage(n->rule)].name);
	gh_jout_str(j, "file", f->path);
	gh_jout_str(j, "title", n->rule->title);
	struct gh_span advisory, purl;
	gh_jout_span(j, "advisory", gh_vex_subject(n, &advisory, &purl) ? advisory : GH_SPAN(""));
	gh_jout_close(j, '}');
}

static bool format_seen(const struct gh_scan_report *r, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (strcmp(r->file[k].format, r->file[i].format) == 0)
			return true;
	return false;
}

/* "advisories of 2026-11-22: 1135 shipped": the date is of what ships; imported ones only add to it. */
static void advisories_date(const struct gh_scan_report *r, struct gh_jout *j)
{
	static const char of[] = "advisories of ";
	const char *with = r->stage[GH_STAGE_VULNERABILITIES].with;
	char at[32];
	if (with == NULL || strncmp(with, of, sizeof of - 1) != 0 || strlen(with) < sizeof of - 1 + 10)
		return;
	(void)snprintf(at, sizeof at, "%.10sT00:00:00Z", with + sizeof of - 1);
	gh_jout_open(j, "advisories", '{');
	gh_jout_str(j, "date", at);
	gh_jout_close(j, '}');
}

/* The first finding of every rule: many harmless ones must not push a bad one out of what the policy sees. */
struct firsts {
	const struct gh_finding *v[RULES];
	size_t n;
};

static void first_of_each(const struct gh_scan_report *r, struct firsts *out)
{
	for (size_t i = 0; i < r->nfile; i++)
		for (size_t k = 0; k < r->file[i].nfinding && out->n < RULES; k++) {
			const struct gh_finding *f = &r->file[i].finding[k];
			size_t m = 0;
			while (m < out->n && out->v[m]->rule != f->rule)
				m++;
			if (m == out->n)
				out->v[out->n++] = f;
		}
}

static bool is_first(const struct firsts *s, const struct gh_finding *f)
{
	for (size_t i = 0; i < s->n; i++)
		if (s->v[i] == f)
			return true;
	return false;
}

/* Those first, then the others, worst first. Returns how many there was no room for. */
static uint64_t all_findings(const struct gh_scan_report *r, struct gh_jout *j)
{
	struct firsts first = { .n = 0 };
	size_t kept = 0;
	uint64_t dropped = 0;
	first_of_each(r, &first);
	gh_jout_open(j, "findings", '[');
	for (int round = 0; round < 2; round++)
		for (int effect = GH_UNSAFE; effect >= GH_CLEAN; effect--)
			for (size_t i = 0; i < r->nfile; i++)
				for (size_t k = 0; k < r->file[i].nfinding; k++) {
					const struct gh_finding *f = &r->file[i].finding[k];
					if ((int)f->rule->effect != effect || is_first(&first, f) != (round == 0))
						continue;
					if (kept < FINDINGS) {
						one_finding(j, &r->file[i], f);
						kept++;
					} else {
						dropped++;
					}
				}
	gh_jout_close(j, ']');
	return dropped;
}

void gh_import_facts(const struct gh_scan_report *r, int64_t started, struct gh_jout *j)
{
	char share[32], began[GH_DATETIME_TEXT];
	uint64_t dropped;
	coverage(r, share);
	gh_jout_number(j, "size", r->bytes);
	gh_jout_number(j, "files", r->nfile);
	gh_jout_open(j, "formats", '[');
	for (size_t i = 0, n = 0; i < r->nfile && n < 1000; i++)
		if (!format_seen(r, i)) {
			gh_jout_str(j, NULL, r->file[i].format);
			n++;
		}
	gh_jout_close(j, ']');
	gh_report_licence_names(j, "licences", r->file, r->nfile);
	dropped = all_findings(r, j);
	for (size_t i = 0; i < r->nfile; i++)
		dropped += r->file[i].dropped;
	gh_jout_open(j, "stages", '[');
	for (unsigned i = 0; i < GH_STAGES; i++) {
		gh_jout_open(j, NULL, '{');
		gh_jout_str(j, "name", gh_stage_rows[i].name);
		gh_jout_str(j, "state", gh_stage_state_name(r->stage[i].state));
		gh_jout_str(j, "reason", r->stage[i].reason == NULL ? "" : r->stage[i].reason);
		gh_jout_close(j, '}');
	}
	gh_jout_close(j, ']');
	gh_jout_open(j, "scan", '{');
	gh_jout_str(j, "verdict", gh_verdict_name(r->verdict));
	gh_jout_raw(j, "coverage", share);
	gh_jout_number(j, "dropped", dropped);
	if (gh_datetime_write(started, began))
		gh_jout_str(j, "started", began);
	gh_jout_close(j, '}');
	gh_jout_open(j, "scanner", '{');
	gh_jout_str(j, "version", r->scanner);
	gh_jout_close(j, '}');
	gh_jout_open(j, "rules", '{');
	gh_jout_str(j, "version", r->rules);
	gh_jout_close(j, '}');
	advisories_date(r, j);
}

enum gh_rc gh_import_bom(struct gh_docs *docs, const struct gh_import_scan *s, const struct gh_scan_report *r,
			 struct gh_docs_made *out, struct gh_err *err)
{
	gh_auto_buf text = gh_buf(GH_DOCS_MAX);
	char at[GH_DATETIME_TEXT];
	const struct gh_advset *set = s->setup.advisories.set.n > 0 ? &s->setup.advisories.db : NULL;
	gh_report_cyclonedx(r, set, gh_datetime_write(s->started, at) ? at : NULL, &text);
	if (text.full)
		return gh_fail(err, GH_E_NOMEM, "no memory for the bill of materials");
	return gh_docs_put(docs, "sbom", gh_buf_view(&text), out, err);
}

/* ---- the root digest ------------------------------------------------------------------------------------------------------- */

struct gh_import_root {
	struct gh_sha256 *sha;
	bool bad;
};

struct gh_import_root *gh_import_root_new(void)
{
	struct gh_import_root *h = calloc(1, sizeof *h);
	if (h == NULL)
		return NULL;
	h->sha = gh_sha256_new();
	h->bad = h->sha == NULL || !gh_sha256_start(h->sha);
	return h;
}

void gh_import_root_add(struct gh_import_root *h, const char *name, const char *sha256)
{
	uint8_t raw[32];
	if (gh_mfiles_is_default(name))
		return;
	h->bad = h->bad || !gh_b16_take(gh_span_str(sha256), raw, sizeof raw) ||
		 !gh_sha256_add(h->sha, (struct gh_span){ raw, sizeof raw });
}

bool gh_import_root_end(struct gh_import_root *h, char root[65])
{
	bool ok = !h->bad && gh_sha256_hex(h->sha, root);
	gh_sha256_free(h->sha);
	free(h);
	return ok;
}

/* ---- the badge --------------------------------------------------------------------------------------------------------------- */

enum gh_rc gh_import_badge(struct gh_service *s, const char *key, const struct gh_docs_owner *owner,
			   struct gh_span facts, struct gh_arena *a, const struct gh_jval **out, struct gh_err *err)
{
	gh_auto_buf in = gh_buf(16 << 20);
	struct gh_jout j = gh_jout(&in);
	gh_jout_open(&j, NULL, '{');
	gh_jout_str(&j, "version", owner->version.s);
	if (facts.n > 0)
		gh_jout_span(&j, "known", facts);
	gh_jout_close(&j, '}');
	GH_TRY(gh_service_step(s, key, "badge.issue", gh_buf_view(&in), -1, a, out, NULL, err), err, "the badge");
	const struct gh_jval *file = gh_jget(*out, "file");
	const char *id = gh_jstr(*out, "badge");
	if (file == NULL || id == NULL)
		return GH_OK; /* there is none to be had: the answer says why */
	struct gh_docs docs = { 0 };
	struct gh_docs_made made;
	enum gh_rc rc = gh_docs_open(&docs, s, key, owner, GH_VAULT_DOCUMENT, err);
	if (rc == GH_OK)
		rc = gh_docs_put(&docs, "badge", file->text, &made, err);
	gh_docs_close(&docs);
	if (rc != GH_OK)
		return gh_fail(err, rc, "the badge");
	in.n = 0;
	j = gh_jout(&in);
	gh_jout_open(&j, NULL, '{');
	gh_jout_str(&j, "badge", id);
	gh_jout_str(&j, "blob", made.id.s);
	gh_jout_str(&j, "digest", made.sha256);
	gh_jout_close(&j, '}');
	const struct gh_jval *stored;
	return gh_service_step(s, key, "badge.stored", gh_buf_view(&in), -1, a, &stored, NULL, err);
}
