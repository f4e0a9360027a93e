/* docs/schema/diff-report.schema.json describes the document. */
#include "scan/diff/diff.h"
#include "wire/jout.h"

static void side(struct gh_jout *j, const struct gh_diff_report *r, unsigned i)
{
	gh_jout_open(j, i == 0 ? "base" : "candidate", '{');
	gh_jout_str(j, "path", r->path[i]);
	gh_jout_str(j, "format", r->format[i]);
	gh_jout_number(j, "files", r->files[i]);
	gh_jout_number(j, "bytes", r->bytes[i]);
	gh_jout_number(j, "tensors", r->tensors[i]);
	gh_jout_number(j, "elements", r->elements[i]);
	gh_jout_close(j, '}');
}

static void marks(struct gh_jout *j, const struct gh_diff_report *r)
{
	gh_jout_open(j, "marks", '[');
	for (size_t i = 0; i < GH_DIFF_MARKS; i++) {
		if (!r->mark[i])
			continue;
		gh_jout_open(j, NULL, '{');
		gh_jout_str(j, "name", gh_diff_marks[i].name);
		gh_jout_bool(j, "alarm", gh_diff_marks[i].alarm);
		gh_jout_str(j, "title", gh_diff_marks[i].title);
		gh_jout_str(j, "detail", r->why[i]);
		gh_jout_str(j, "gain", gh_diff_marks[i].gain);
		gh_jout_str(j, "fix", gh_diff_marks[i].fix);
		gh_jout_close(j, '}');
	}
	gh_jout_close(j, ']');
}

static void text_or_null(struct gh_jout *j, const char *key, const char *s)
{
	gh_jout_str(j, key, s[0] == '\0' ? NULL : s);
}

static void row(struct gh_jout *j, const struct gh_diff_row *w)
{
	static const char *const matches[GH_DIFF_MATCHES] = { "name", "rule", "content", "copy", "none", "none" };
	static const char *const flags[] = { "permuted", "transposed", "reshaped", "resized", "shape",	  "unread",
					     "odd",	 "buffer",     "coarse",   "renamed", "reordered" };
	gh_jout_open(j, NULL, '{');
	gh_jout_str(j, "name", w->text[GH_DIFF_T_NAME]);
	text_or_null(j, "base_name", w->text[GH_DIFF_T_BASE_NAME]);
	gh_jout_str(j, "class", gh_diff_class_name(w->cls));
	gh_jout_str(j, "match", matches[w->match]);
	text_or_null(j, "file", w->text[GH_DIFF_T_FILE]);
	text_or_null(j, "base_file", w->text[GH_DIFF_T_BASE_FILE]);
	text_or_null(j, "dtype", w->text[GH_DIFF_T_DTYPE]);
	text_or_null(j, "base_dtype", w->text[GH_DIFF_T_BASE_DTYPE]);
	text_or_null(j, "shape", w->text[GH_DIFF_T_SHAPE]);
	text_or_null(j, "base_shape", w->text[GH_DIFF_T_BASE_SHAPE]);
	if (w->layer != 0)
		gh_jout_number(j, "layer", w->layer - 1);
	else
		gh_jout_null(j, "layer");
	gh_jout_str(j, "part", gh_diff_part_name(w->part));
	gh_jout_number(j, "compared", w->compared);
	gh_jout_number(j, "equal", w->same);
	gh_jout_number(j, "outside", w->outside);
	if (w->relative >= 0)
		gh_jout_real(j, "relative_norm", w->relative);
	else
		gh_jout_null(j, "relative_norm");
	gh_jout_real(j, "cosine", w->cosine);
	gh_jout_real(j, "max", w->max);
	if (w->rank != 0) {
		gh_jout_number(j, "rank", w->rank);
		gh_jout_number(j, "rank_limit", w->width);
		gh_jout_real(j, "first_direction", w->top);
	} else
		gh_jout_null(j, "rank");
	gh_jout_open(j, "notes", '[');
	for (size_t i = 0; i < sizeof flags / sizeof flags[0]; i++)
		if ((w->flags & 1u << i) != 0)
			gh_jout_str(j, NULL, flags[i]);
	gh_jout_close(j, ']');
	gh_jout_close(j, '}');
}

static void settings(struct gh_jout *j, const struct gh_diff_report *r)
{
	static const char *const changes[GH_DIFF_CHANGES] = { "changed", "added", "removed" };
	gh_jout_open(j, "settings", '[');
	for (size_t i = 0; i < r->nchange; i++) {
		const struct gh_diff_change_row *c = &r->change[i];
		gh_jout_open(j, NULL, '{');
		gh_jout_str(j, "section", gh_diff_section_name(c->section));
		gh_jout_str(j, "key", c->key);
		gh_jout_str(j, "change", changes[c->change]);
		gh_jout_str(j, "before", c->change == GH_DIFF_NEW ? NULL : c->before);
		gh_jout_str(j, "after", c->change == GH_DIFF_GONE ? NULL : c->after);
		gh_jout_close(j, '}');
	}
	gh_jout_close(j, ']');
	gh_jout_open(j, "vocabulary", '[');
	for (size_t i = 0; i < r->ncount; i++) {
		const struct gh_diff_count_row *c = &r->count[i];
		gh_jout_open(j, NULL, '{');
		gh_jout_str(j, "of", c->what);
		gh_jout_number(j, "before", c->before);
		gh_jout_number(j, "after", c->after);
		gh_jout_number(j, "changed", c->changed);
		gh_jout_number(j, "added", c->added);
		gh_jout_number(j, "removed", c->removed);
		gh_jout_close(j, '}');
	}
	gh_jout_close(j, ']');
}

static void adapter(struct gh_jout *j, const struct gh_diff_report *r)
{
	static const char *const fits[GH_DIFF_FIT_KINDS] = { "fits", "misfit", "half", "no-place" };
	if (!r->adapter) {
		gh_jout_null(j, "adapter");
		return;
	}
	gh_jout_open(j, "adapter", '{');
	text_or_null(j, "base", r->adapter_base);
	gh_jout_open(j, "modules", '[');
	for (size_t i = 0; i < r->nfit; i++) {
		gh_jout_open(j, NULL, '{');
		gh_jout_str(j, "name", r->fit[i].module);
		gh_jout_str(j, "fit", fits[r->fit[i].fit]);
		gh_jout_number(j, "rank", r->fit[i].rank);
		text_or_null(j, "why", r->fit[i].why);
		gh_jout_number(j, "odd", r->fit[i].odd);
		if (r->fit[i].share > 0)
			gh_jout_real(j, "update", r->fit[i].share);
		else
			gh_jout_null(j, "update");
		gh_jout_close(j, '}');
	}
	gh_jout_close(j, ']');
	gh_jout_close(j, '}');
}

void gh_diff_json(const struct gh_diff_report *r, struct gh_buf *out)
{
	struct gh_jout j = gh_jout(out);
	gh_jout_open(&j, NULL, '{');
	gh_jout_str(&j, "schema", "gatehouse-diff-report-1");
	gh_jout_str(&j, "scanner", GH_VERSION);
	gh_jout_str(&j, "verdict", gh_diff_verdict_name(r->verdict));
	gh_jout_str(&j, "sentence", r->sentence);
	gh_jout_number(&j, "exit", (uint64_t)gh_diff_exit(r));
	side(&j, r, 0);
	side(&j, r, 1);
	gh_jout_open(&j, "counts", '{');
	for (size_t i = 0; i < GH_DIFF_CLASSES; i++)
		gh_jout_number(&j, gh_diff_class_name((enum gh_diff_class)i), r->classes[i]);
	gh_jout_close(&j, '}');
	marks(&j, r);
	gh_jout_open(&j, "trouble", '[');
	for (size_t i = 0; i < r->ntrouble; i++) {
		gh_jout_open(&j, NULL, '{');
		gh_jout_str(&j, "side", r->trouble[i].side == GH_DIFF_BASE ? "base" : "candidate");
		gh_jout_str(&j, "file", r->trouble[i].file);
		gh_jout_str(&j, "why", r->trouble[i].why);
		gh_jout_close(&j, '}');
	}
	gh_jout_close(&j, ']');
	adapter(&j, r);
	settings(&j, r);
	gh_jout_open(&j, "tensors", '[');
	for (size_t i = 0; i < r->nrow; i++)
		row(&j, &r->row[i]);
	gh_jout_close(&j, ']');
	gh_jout_close(&j, '}');
}
