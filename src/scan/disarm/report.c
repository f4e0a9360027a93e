/* report.c - what was done, as a table for people and as JSON for programs (docs/schema/disarm-report.schema.json). */
#include "scan/disarm/disarm.h"
#include "wire/jout.h"
#include "scan/report_parts.h"
#include "scan/text_out.h"

enum { SHOWN = 20 };

static const char *const ends[] = { "written", "refused", "unfinished" };

static enum gh_paint paint_of(enum gh_disarm_action a)
{
	static const enum gh_paint paint[GH_DISARM_ACTIONS] = {
		GH_GREEN, GH_GREEN, GH_PLAIN, GH_YELLOW, GH_RED, GH_RED
	};
	return paint[a];
}

static void sizes(struct gh_pen *p, const struct gh_disarm_file *f)
{
	gh_auto_buf b = gh_buf(200);
	gh_size_text(&b, f->size);
	if (f->out != NULL) {
		gh_buf_str(&b, " → ");
		gh_size_text(&b, f->new_size);
	}
	gh_pen_put(p, GH_DIM, gh_buf_cstr(&b), 12);
}

/* "name → new name" */
static void names(struct gh_pen *p, const struct gh_disarm_report *r, const struct gh_disarm_file *f)
{
	gh_pen_put(p, GH_BOLD, f->in, 12);
	if (f->out != NULL && f->out[0] != '\0' && strcmp(f->in, f->out) != 0) {
		gh_pen_put(p, GH_PLAIN, " → ", 12);
		gh_pen_put(p, GH_BOLD, f->out, 12);
	} else if (f->out != NULL && f->out[0] == '\0') {
		gh_pen_put(p, GH_PLAIN, " → ", 12);
		gh_pen_put(p, GH_BOLD, r->out, 12);
	}
	gh_pen_put(p, GH_PLAIN, "  ", 12);
}

static void note(struct gh_pen *p, const struct gh_disarm_note *n)
{
	gh_auto_buf b = gh_buf(2048);
	gh_buf_fmt(&b, "%s %s", gh_dis_acts[n->act], n->path[0] == '\0' ? "" : n->path);
	gh_buf_fmt(&b, "%s%s", n->path[0] == '\0' ? "" : ": ", n->what);
	if (n->size != 0)
		gh_buf_fmt(&b, ", size %llu", (unsigned long long)n->size);
	if (n->text[0] != '\0')
		gh_buf_fmt(&b, ": %s", n->text);
	gh_pen_line(p, n->act == GH_DIS_ACT_KEPT ? GH_DIM : GH_PLAIN, 12, gh_buf_cstr(&b));
}

static void notes(struct gh_pen *p, const struct gh_disarm_file *f, bool all)
{
	size_t shown = 0, want = 0;
	for (size_t i = 0; i < f->nnote; i++) {
		if (!all && f->note[i].act == GH_DIS_ACT_KEPT)
			continue;
		want++;
		if (!all && shown == SHOWN)
			continue;
		note(p, &f->note[i]);
		shown++;
	}
	uint64_t total = 0;
	for (int a = all ? 0 : 1; a < GH_DIS_ACTS; a++)
		total += f->count[a];
	if (total > shown) {
		gh_auto_buf b = gh_buf(120);
		gh_buf_fmt(&b, "… and %llu more%s", (unsigned long long)(total - shown),
			   all || want == shown ? "" : " (--all shows them)");
		gh_pen_line(p, GH_DIM, 12, gh_buf_cstr(&b));
	}
}

static void one(struct gh_pen *p, const struct gh_disarm_report *r, const struct gh_disarm_file *f, bool all)
{
	gh_auto_buf b = gh_buf(80);
	gh_buf_fmt(&b, "%-10s", gh_disarm_actions[f->action]);
	gh_pen_put(p, paint_of(f->action), gh_buf_cstr(&b), 12);
	gh_pen_put(p, GH_PLAIN, "  ", 12);
	names(p, r, f);
	sizes(p, f);
	if (f->tensors != 0) {
		gh_auto_buf t = gh_buf(80);
		gh_buf_fmt(&t, ", %llu tensor%s", (unsigned long long)f->tensors, f->tensors == 1 ? "" : "s");
		gh_pen_put(p, GH_DIM, gh_buf_cstr(&t), 12);
	}
	gh_pen_end(p);
	if (f->why[0] != '\0')
		gh_pen_line(p, GH_PLAIN, 12, f->why);
	notes(p, f, all);
}

void gh_disarm_text(const struct gh_disarm_report *r, const struct gh_report_style *style, bool all, struct gh_buf *out)
{
	struct gh_pen p = { .b = out, .colour = style->colour, .width = style->width };
	uint64_t count[GH_DISARM_ACTIONS] = { 0 };
	for (size_t i = 0; i < r->nfile; i++) {
		one(&p, r, &r->file[i], all);
		count[r->file[i].action]++;
	}
	gh_auto_buf b = gh_buf(1024);
	if (r->end == GH_DISARM_WRITTEN) {
		gh_buf_str(&b, "Written: ");
		gh_buf_str(&b, r->out);
		gh_buf_str(&b, ", scanned CLEAN. ");
	} else {
		gh_buf_fmt(&b, "%s: %s. Nothing was written. ",
			   r->end == GH_DISARM_NOTHING ? "Refused" : "Not finished", r->why);
	}
	for (int a = 0; a < GH_DISARM_ACTIONS; a++)
		if (count[a] != 0)
			gh_buf_fmt(&b, "%llu %s. ", (unsigned long long)count[a], gh_disarm_actions[a]);
	if (r->end == GH_DISARM_WRITTEN && r->low_bits != 0)
		gh_buf_fmt(&b, "Low mantissa bits: %u, seed %llu.", r->low_bits, (unsigned long long)r->seed);
	gh_pen_line(&p, r->end == GH_DISARM_WRITTEN ? GH_GREEN : GH_RED, 0, gh_buf_cstr(&b));
}

/* ---- JSON ---------------------------------------------------------------------------------------------------------- */

static void json_side(struct gh_jout *j, const char *key, const char *path, const char *format, uint64_t size,
		      const char *sha)
{
	gh_jout_open(j, key, '{');
	gh_jout_str(j, "path", path);
	gh_jout_str(j, "format", format[0] == '\0' ? NULL : format);
	gh_jout_number(j, "size", size);
	gh_jout_str(j, "sha256", sha[0] == '\0' ? NULL : sha);
	gh_jout_close(j, '}');
}

static void json_file(struct gh_jout *j, const struct gh_disarm_report *r, const struct gh_disarm_file *f)
{
	gh_jout_open(j, NULL, '{');
	gh_jout_str(j, "action", gh_disarm_actions[f->action]);
	gh_jout_str(j, "reason", f->why[0] == '\0' ? NULL : f->why);
	json_side(j, "before", f->in, f->format, f->size, f->sha256);
	if (f->out == NULL)
		gh_jout_null(j, "after");
	else
		json_side(j, "after", f->out[0] == '\0' ? r->out : f->out, f->written == NULL ? f->format : f->written,
			  f->new_size, f->new_sha256);
	gh_jout_number(j, "tensors", f->tensors);
	gh_jout_open(j, "counts", '{');
	for (int a = 0; a < GH_DIS_ACTS; a++)
		gh_jout_number(j, gh_dis_acts[a], f->count[a]);
	gh_jout_close(j, '}');
	gh_jout_open(j, "parts", '[');
	for (size_t i = 0; i < f->nnote; i++) {
		const struct gh_disarm_note *n = &f->note[i];
		gh_jout_open(j, NULL, '{');
		gh_jout_str(j, "action", gh_dis_acts[n->act]);
		gh_jout_str(j, "path", n->path);
		gh_jout_str(j, "type", n->what);
		gh_jout_number(j, "size", n->size);
		gh_jout_str(j, "note", n->text[0] == '\0' ? NULL : n->text);
		gh_jout_close(j, '}');
	}
	gh_jout_close(j, ']');
	gh_jout_close(j, '}');
}

void gh_disarm_json(const struct gh_disarm_report *r, struct gh_buf *out)
{
	struct gh_jout j = gh_jout(out);
	gh_jout_open(&j, NULL, '{');
	gh_jout_str(&j, "schema", "gatehouse-disarm-report/1");
	gh_jout_str(&j, "version", GH_VERSION);
	gh_jout_str(&j, "input", r->in);
	gh_jout_str(&j, "output", r->out);
	gh_jout_str(&j, "result", ends[r->end]);
	gh_jout_str(&j, "reason", r->why == NULL || r->why[0] == '\0' ? NULL : r->why);
	gh_jout_str(&j, "rescan", r->rescan == NULL ? NULL : gh_verdict_name(r->rescan->verdict));
	gh_jout_number(&j, "bytes_before", r->bytes);
	gh_jout_number(&j, "bytes_after", r->new_bytes);
	if (r->low_bits == 0) {
		gh_jout_null(&j, "low_bits");
	} else {
		gh_jout_open(&j, "low_bits", '{');
		gh_jout_number(&j, "bits", r->low_bits);
		gh_jout_number(&j, "seed", r->seed);
		gh_jout_close(&j, '}');
	}
	gh_jout_open(&j, "files", '[');
	for (size_t i = 0; i < r->nfile; i++)
		json_file(&j, r, &r->file[i]);
	gh_jout_close(&j, ']');
	gh_jout_close(&j, '}');
}
