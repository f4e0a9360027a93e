/* The machine-readable report. Its shape is a contract: docs/schema/scan-report.schema.json. Keys are always present
 * (null where there is nothing to say), except path_bytes and target_bytes: only for names that are not UTF-8. */
#include "base/utf8.h"
#include "scan/detonation.h"
#include "wire/jout.h"
#include "scan/report_parts.h"

/* A name from the file system; when it is not UTF-8 the exact bytes stand beside it. */
static void put_path(struct gh_jout *j, const char *key, const char *bytes_key, const char *path)
{
	gh_jout_str(j, key, path);
	if (path == NULL || gh_utf8_valid(gh_span_str(path)))
		return;
	gh_auto_buf exact = gh_buf(1 << 20);
	gh_percent(&exact, path);
	gh_jout_span(j, bytes_key, gh_buf_view(&exact));
}

static void put_finding(struct gh_jout *j, const struct gh_finding *f)
{
	gh_jout_open(j, NULL, '{');
	gh_jout_str(j, "id", f->rule->id);
	gh_jout_str(j, "severity", gh_severity_name(f->rule->severity));
	gh_jout_str(j, "effect", f->rule->effect == GH_CLEAN ? "none" : gh_verdict_name(f->rule->effect));
	gh_jout_str(j, "title", f->rule->title);
	gh_jout_str(j, "detail", f->detail == NULL ? "" : f->detail);
	gh_jout_open(j, "location", '{');
	gh_jout_str(j, "member", f->member == NULL ? "" : f->member);
	if (f->ranged) {
		gh_jout_number(j, "offset", f->off);
		gh_jout_number(j, "length", f->len);
	} else {
		gh_jout_null(j, "offset");
		gh_jout_null(j, "length");
	}
	gh_jout_close(j, '}');
	gh_jout_number(j, "times", f->times);
	gh_jout_str(j, "gain", f->rule->gain);
	gh_jout_str(j, "remediation", f->rule->fix);
	gh_jout_words(j, "references", f->rule->refs);
	gh_jout_close(j, '}');
}

static void put_file(struct gh_jout *j, const struct gh_file_report *f)
{
	gh_jout_open(j, NULL, '{');
	put_path(j, "path", "path_bytes", f->path);
	gh_jout_str(j, "verdict", gh_verdict_name(f->verdict));
	gh_jout_str(j, "format", f->format);
	gh_jout_str(j, "sha256", f->sha256[0] == '\0' ? NULL : f->sha256);
	gh_jout_number(j, "size", f->size);
	gh_jout_open(j, "coverage", '{');
	gh_jout_number(j, "bytes", f->size);
	gh_jout_number(j, "understood", f->understood);
	gh_jout_bool(j, "complete", gh_covered(f));
	gh_jout_number(j, "members", f->members);
	gh_jout_number(j, "expanded", f->expanded);
	gh_jout_close(j, '}');
	gh_jout_open(j, "findings", '[');
	for (size_t i = 0; i < f->nfinding; i++)
		put_finding(j, &f->finding[i]);
	gh_jout_close(j, ']');
	gh_jout_number(j, "findings_dropped", f->dropped);
	gh_jout_close(j, '}');
}

static void put_totals(struct gh_jout *j, const struct gh_scan_report *r)
{
	struct gh_totals t = gh_report_totals(r);
	gh_jout_open(j, "totals", '{');
	gh_jout_number(j, "files", r->nfile);
	gh_jout_number(j, "bytes", r->bytes);
	gh_jout_open(j, "verdicts", '{');
	for (int v = GH_UNSAFE; v >= GH_CLEAN; v--)
		gh_jout_number(j, gh_verdict_name((enum gh_verdict)v), t.files[v]);
	gh_jout_close(j, '}');
	gh_jout_number(j, "findings",
		       t.findings[GH_CLEAN] + t.findings[GH_REVIEW] + t.findings[GH_INCOMPLETE] +
			       t.findings[GH_UNSAFE]);
	gh_jout_close(j, '}');
}

static void put_stages(struct gh_jout *j, const struct gh_scan_report *r)
{
	gh_jout_open(j, "stages", '{');
	for (unsigned i = 0; i < GH_STAGES; i++) {
		const struct gh_stage_report *s = &r->stage[i];
		gh_jout_open(j, gh_stage_rows[i].name, '{');
		gh_jout_str(j, "state", gh_stage_state_name(s->state));
		gh_jout_str(j, "reason", s->reason);
		gh_jout_number(j, "units", s->units);
		gh_jout_str(j, "unit", gh_stage_rows[i].unit);
		gh_jout_number(j, "bytes", s->bytes);
		gh_jout_str(j, "with", s->with);
		gh_jout_close(j, '}');
	}
	gh_jout_close(j, '}');
}

void gh_report_json(const struct gh_scan_report *r, struct gh_buf *out)
{
	struct gh_jout j = gh_jout(out);
	gh_jout_open(&j, NULL, '{');
	gh_jout_open(&j, "schema", '{');
	gh_jout_str(&j, "id", "urn:gatehouse:schema:scan-report");
	gh_jout_str(&j, "version", "1.0");
	gh_jout_close(&j, '}');
	gh_jout_str(&j, "verdict", gh_verdict_name(r->verdict));
	put_path(&j, "target", "target_bytes", r->target);
	gh_jout_open(&j, "scanner", '{');
	gh_jout_str(&j, "name", "gatehouse");
	gh_jout_str(&j, "version", r->scanner);
	gh_jout_close(&j, '}');
	gh_jout_open(&j, "rules", '{');
	gh_jout_str(&j, "version", r->rules);
	gh_jout_close(&j, '}');
	put_totals(&j, r);
	put_stages(&j, r);
	if (r->detonated)
		gh_detonation_json(&j, r->detonation, r->ndetonation);
	gh_jout_open(&j, "files", '[');
	for (size_t i = 0; i < r->nfile; i++)
		put_file(&j, &r->file[i]);
	gh_jout_close(&j, ']');
	gh_jout_close(&j, '}');
}
