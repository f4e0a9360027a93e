/* What the numbers of a comparison mean. Everything here is a function of the report's rows. */
#include "scan/diff/judge_int.h"

#include "scan/diff/decode.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Thresholds, each with its reason. */
static const double same_tensor = 0.8; /* cosine: long training keeps it above; unrelated weights are near 0 */
static const double explained =
	1e-4;			/* share of elements that may exceed the bound: importance-weighted quantisers do */
static const double half = 0.5; /* of a difference in one direction: more than the noise of quantisation has */
enum {
	SMALL = 256, /* elements of a vector that show whether it is unrelated */
};

/* ---- one tensor ----------------------------------------------------------------------------------------------- */

/* Is the whole difference no more than what the types of both sides lose? */
static bool no_more_than_types(const struct gh_diff_row *r)
{
	const struct gh_diff_dtype *b = gh_diff_dtype(r->text[GH_DIFF_T_BASE_DTYPE]),
				   *c = gh_diff_dtype(r->text[GH_DIFF_T_DTYPE]);
	if ((r->flags & GH_DIFF_F_COARSE) == 0)
		return true; /* each number has its own, narrow bound */
	return b != NULL && c != NULL && r->relative <= (double)b->coarse + (double)c->coarse;
}

enum gh_diff_class gh_diff_class_of(const struct gh_diff_row *r)
{
	bool types = strcmp(r->text[GH_DIFF_T_DTYPE], r->text[GH_DIFF_T_BASE_DTYPE]) != 0;
	if (r->match == GH_DIFF_ADDED)
		return GH_DIFF_C_ADDED;
	if (r->match == GH_DIFF_REMOVED)
		return GH_DIFF_C_REMOVED;
	if ((r->flags & GH_DIFF_F_UNREAD) != 0)
		return GH_DIFF_UNREAD;
	if ((r->flags & GH_DIFF_F_SHAPE) != 0)
		return GH_DIFF_RESHAPED;
	if (r->same == r->compared)
		return types ? GH_DIFF_CONVERTED : GH_DIFF_IDENTICAL;
	if ((r->flags & GH_DIFF_F_REORDERED) != 0)
		return GH_DIFF_REORDERED;
	if (r->scale <= 0 && r->relative > 0 && r->compared > 1) /* nothing is left of it */
		return GH_DIFF_REPLACED;
	bool within = types && (double)r->outside <= explained * (double)r->compared &&
		      (r->cosine > same_tensor || r->relative < 0) && no_more_than_types(r);
	if (within && r->top < half)
		return (r->flags & GH_DIFF_F_COARSE) != 0 ? GH_DIFF_QUANTISED : GH_DIFF_CONVERTED;
	if (within && (r->flags & GH_DIFF_F_COARSE) == 0 && r->outside == 0)
		return GH_DIFF_CONVERTED;
	if (r->cosine >= same_tensor || r->relative < 0)
		return GH_DIFF_TUNED;
	if (!gh_diff_matrix(r)) /* biases are small and may move anywhere in training */
		return r->compared >= SMALL && fabs(r->cosine) < 0.2 && r->relative > half ? GH_DIFF_REPLACED
											   : GH_DIFF_TUNED;
	return GH_DIFF_REPLACED;
}

/* ---- all of them ---------------------------------------------------------------------------------------------- */

static void tally_row(struct gh_diff_report *rep, struct gh_diff_tally *t, const struct gh_diff_row *r)
{
	uint64_t n = r->cand > r->base ? r->cand : r->base;
	rep->classes[r->cls]++;
	if ((r->flags & GH_DIFF_F_BUFFER) != 0)
		return;
	t->pairs += r->match <= GH_DIFF_COPY;
	switch (r->cls) {
	case GH_DIFF_IDENTICAL:
	case GH_DIFF_CONVERTED:
	case GH_DIFF_REORDERED: t->good += n; break;
	case GH_DIFF_QUANTISED:
		t->good += n;
		if (t->dtype == NULL) {
			const struct gh_diff_dtype *now = gh_diff_dtype(r->text[GH_DIFF_T_DTYPE]);
			t->from_coarse = now == NULL || now->group == 0;
			t->dtype = r->text[t->from_coarse ? GH_DIFF_T_BASE_DTYPE : GH_DIFF_T_DTYPE];
		}
		break;
	case GH_DIFF_TUNED:
		t->good += n;
		gh_diff_tally_changed(t, r);
		break;
	default: t->bad += n; break;
	}
}

void gh_diff_mark(struct gh_diff_report *r, enum gh_diff_mark m, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	(void)vsnprintf(r->why[m], sizeof r->why[m], fmt, ap);
	va_end(ap);
	r->mark[m] = true;
}

static size_t count_class(const struct gh_diff_report *r, enum gh_diff_class c, const char **first)
{
	size_t n = 0;
	*first = "";
	for (size_t i = 0; i < r->nrow; i++)
		if (r->row[i].cls == c && (r->row[i].flags & GH_DIFF_F_BUFFER) == 0) {
			if (n++ == 0)
				*first = gh_diff_row_name(&r->row[i]);
		}
	return n;
}

static void mark_names(struct gh_diff_report *r)
{
	size_t n = 0;
	char first[2][130] = { "", "" };
	for (size_t i = 0; i < r->nrow; i++) {
		const struct gh_diff_row *w = &r->row[i];
		if ((w->flags & GH_DIFF_F_RENAMED) != 0 && n++ < 2)
			(void)snprintf(first[n - 1], sizeof first[0], "%.60s holds %.60s", gh_diff_row_name(w),
				       w->text[GH_DIFF_T_BASE_NAME]);
	}
	if (n != 0)
		gh_diff_mark(r, GH_DIFF_M_NAMES, "%zu tensor%s: %s%s%s%s", n, n == 1 ? "" : "s", first[0],
			     n > 1 ? ", " : "", first[1], n > 2 ? ", and more" : "");
}

static void mark_tensors(struct gh_diff_report *r, const struct gh_diff_tally *t)
{
	const char *first, *a, *b;
	size_t n = count_class(r, GH_DIFF_REPLACED, &first);
	if (n != 0)
		gh_diff_mark(r, GH_DIFF_M_REPLACED, "%zu tensor%s, the first is %s", n, n == 1 ? "" : "s", first);
	n = count_class(r, GH_DIFF_REORDERED, &first);
	if (n != 0)
		gh_diff_mark(r, GH_DIFF_M_REORDERED, "the rows or columns of %zu tensor%s, the first is %s", n,
			     n == 1 ? "" : "s", first);
	size_t added = count_class(r, GH_DIFF_C_ADDED, &a), gone = count_class(r, GH_DIFF_C_REMOVED, &b);
	n = count_class(r, GH_DIFF_RESHAPED, &first);
	size_t resized = 0;
	for (size_t i = 0; i < r->nrow; i++) {
		if ((r->row[i].flags & GH_DIFF_F_ODD) != 0 && !r->mark[GH_DIFF_M_VALUES])
			gh_diff_mark(r, GH_DIFF_M_VALUES, "in %s", gh_diff_row_name(&r->row[i]));
		resized += (r->row[i].flags & GH_DIFF_F_RESIZED) != 0;
	}
	mark_names(r);
	if (added + gone + n + resized != 0)
		gh_diff_mark(r, GH_DIFF_M_STRUCTURE,
			     "%zu added, %zu removed, %zu of another shape, %zu with more or fewer rows%s%s", added,
			     gone, n, resized, added + gone != 0 ? ": " : "", added != 0 ? a : b);
	/* Half of the weights must be BASE's for the model to derive from it. */
	if (!r->adapter && t->good <= t->bad && t->good + t->bad != 0)
		gh_diff_mark(r, GH_DIFF_M_NOT_DERIVED, "%.0f %% of the weights are BASE's",
			     100 * (double)t->good / ((double)t->good + (double)t->bad));
}

/* ---- the sentence --------------------------------------------------------------------------------------------- */

static void where(const struct gh_diff_tally *t, char *buf, size_t cap)
{
	buf[0] = '\0';
	const char *part = t->changed == 0 || t->mlp + t->attention != t->changed ? ""
			   : t->attention == 0					  ? " of the MLP"
			   : t->mlp == 0					  ? " of the attention"
										  : "";
	if (t->first_layer != 0 && t->first_layer == t->last_layer)
		(void)snprintf(buf, cap, ", in layer %u%s", t->first_layer - 1, part);
	else if (t->first_layer != 0)
		(void)snprintf(buf, cap, ", in layers %u to %u%s", t->first_layer - 1, t->last_layer - 1, part);
}

static void say_changed(struct gh_diff_report *r, const struct gh_diff_tally *t, const char *place)
{
	gh_auto_buf b = gh_buf(sizeof r->sentence - 1);
	uint64_t replaced = r->classes[GH_DIFF_REPLACED];
	if (t->tensors_changed + replaced == 0)
		gh_buf_fmt(&b, "the tensors of BASE, with marks");
	else if (t->tensors_changed == 0)
		gh_buf_fmt(&b, "derived from BASE with marks: %llu of %zu tensors replaced",
			   (unsigned long long)replaced, t->pairs);
	else
		gh_buf_fmt(&b, "derived from BASE with marks: %zu of %zu tensors changed%s", t->tensors_changed,
			   t->pairs, place);
	if (replaced != 0 && t->tensors_changed != 0)
		gh_buf_fmt(&b, ", %llu replaced", (unsigned long long)replaced);
	/* What cannot be seen in the count of tensors. */
	static const enum gh_diff_mark told[] = { GH_DIFF_M_REORDERED, GH_DIFF_M_NAMES,	  GH_DIFF_M_COMPUTE,
						  GH_DIFF_M_INSIDE,    GH_DIFF_M_LOCAL,	  GH_DIFF_M_SCALED,
						  GH_DIFF_M_VALUES,    GH_DIFF_M_CODE,	  GH_DIFF_M_STRUCTURE,
						  GH_DIFF_M_TOKENIZER, GH_DIFF_M_TEMPLATE };
	bool first = true;
	for (size_t i = 0; i < sizeof told / sizeof told[0]; i++) {
		if (!r->mark[told[i]])
			continue;
		const char *title = gh_diff_marks[told[i]].title;
		gh_buf_fmt(&b, "%s%c%s", first ? ": " : "; ", title[0] | 0x20, title + 1);
		if (first || told[i] == GH_DIFF_M_COMPUTE)
			gh_buf_fmt(&b, " (%.150s)", r->why[told[i]]);
		first = false;
	}
	(void)snprintf(r->sentence, sizeof r->sentence, "%s", gh_buf_cstr(&b));
}

static void say_verdict(struct gh_diff_report *r, const struct gh_diff_tally *t)
{
	char place[80];
	size_t n = sizeof r->sentence;
	where(t, place, sizeof place);
	switch (r->verdict) {
	case GH_DIFF_V_IDENTICAL:
		(void)snprintf(r->sentence, n, "identical to BASE: all %zu tensors are equal", t->pairs);
		break;
	case GH_DIFF_V_CONVERTED:
		(void)snprintf(r->sentence, n,
			       "the weights of BASE in another type or layout: %zu tensors, none changed", t->pairs);
		break;
	case GH_DIFF_V_QUANTISED:
		(void)snprintf(r->sentence, n, "%s BASE (%s): %llu of %zu tensors, the others are equal",
			       t->from_coarse ? "restored from quantised" : "quantised from",
			       t->dtype != NULL ? t->dtype : "", (unsigned long long)r->classes[GH_DIFF_QUANTISED],
			       t->pairs);
		break;
	case GH_DIFF_V_TUNED:
		(void)snprintf(r->sentence, n, "fine-tuned from BASE%s: %zu of %zu tensors changed%s",
			       r->mark[GH_DIFF_M_LORA] ? " by a merged low-rank update" : "", t->tensors_changed,
			       t->pairs, place);
		break;
	case GH_DIFF_V_ADAPTER:
		(void)snprintf(r->sentence, n, "adapter %s BASE%s: %zu module%s, rank %llu",
			       r->mark[GH_DIFF_M_MISFIT] ? "that does not fit" : "that fits",
			       r->mark[GH_DIFF_M_VALUES] ? ", but has odd values" : "", r->nfit,
			       r->nfit == 1 ? "" : "s", (unsigned long long)(r->nfit != 0 ? r->fit[0].rank : 0));
		break;
	case GH_DIFF_V_EDITED:
		(void)snprintf(r->sentence, n, "edited: %s",
			       r->why[r->mark[GH_DIFF_M_KNOWLEDGE] ? GH_DIFF_M_KNOWLEDGE : GH_DIFF_M_DIRECTION]);
		break;
	case GH_DIFF_V_CHANGED: say_changed(r, t, place); break;
	case GH_DIFF_V_NOT_DERIVED:
		(void)snprintf(r->sentence, n, "not derived from BASE: %s", r->why[GH_DIFF_M_NOT_DERIVED]);
		break;
	default:
		if (r->ntrouble != 0)
			(void)snprintf(r->sentence, n, "could not be finished: %.120s: %.200s", r->trouble[0].file,
				       r->trouble[0].why);
		else
			(void)snprintf(r->sentence, n, "could not be finished: %llu tensors could not be compared",
				       (unsigned long long)r->classes[GH_DIFF_UNREAD]);
	}
}

static enum gh_diff_verdict verdict(const struct gh_diff_report *r, const struct gh_diff_tally *t)
{
	bool alarm = false;
	for (size_t i = 0; i < GH_DIFF_MARKS; i++)
		alarm = alarm || (r->mark[i] && gh_diff_marks[i].alarm);
	if (r->ntrouble != 0 || r->classes[GH_DIFF_UNREAD] != 0)
		return GH_DIFF_V_UNFINISHED;
	if (r->adapter)
		return GH_DIFF_V_ADAPTER;
	if (r->mark[GH_DIFF_M_NOT_DERIVED])
		return GH_DIFF_V_NOT_DERIVED;
	if (r->mark[GH_DIFF_M_REPLACED] || r->mark[GH_DIFF_M_NAMES] || r->mark[GH_DIFF_M_COMPUTE] ||
	    r->mark[GH_DIFF_M_INSIDE])
		return GH_DIFF_V_CHANGED;
	if (r->mark[GH_DIFF_M_KNOWLEDGE] || r->mark[GH_DIFF_M_DIRECTION])
		return GH_DIFF_V_EDITED;
	if (alarm)
		return GH_DIFF_V_CHANGED;
	if (t->tensors_changed != 0)
		return GH_DIFF_V_TUNED;
	if (r->classes[GH_DIFF_QUANTISED] != 0)
		return GH_DIFF_V_QUANTISED;
	bool renamed = false;
	for (size_t i = 0; i < r->nrow; i++)
		renamed = renamed ||
			  (r->row[i].flags & (GH_DIFF_F_TRANSPOSED | GH_DIFF_F_RESHAPED | GH_DIFF_F_PERMUTED)) != 0;
	return renamed || r->classes[GH_DIFF_CONVERTED] != 0 ? GH_DIFF_V_CONVERTED : GH_DIFF_V_IDENTICAL;
}

/* Scales near 1 resemble each other in all models: in one that is another, they were not tuned. */
static void relabel(struct gh_diff_report *r)
{
	for (size_t i = 0; i < r->nrow; i++) {
		struct gh_diff_row *w = &r->row[i];
		if (w->cls != GH_DIFF_TUNED || gh_diff_matrix(w) || w->same * 2 > w->compared)
			continue;
		r->classes[GH_DIFF_TUNED]--;
		r->classes[GH_DIFF_REPLACED]++;
		w->cls = GH_DIFF_REPLACED;
	}
	gh_diff_sort(r);
}

void gh_diff_judge(struct gh_diff_report *r)
{
	struct gh_diff_tally t = { 0 };
	for (size_t i = 0; i < r->nrow; i++)
		r->row[i].cls = gh_diff_class_of(&r->row[i]);
	gh_diff_siblings(r);
	gh_diff_sort(r);
	for (size_t i = 0; i < r->nrow; i++)
		tally_row(r, &t, &r->row[i]);
	mark_tensors(r, &t);
	if (r->mark[GH_DIFF_M_NOT_DERIVED])
		relabel(r);
	gh_diff_mark_edits(r, &t);
	gh_diff_mark_texts(r);
	if (!r->adapter && t.pairs == 0 && r->ntrouble == 0 && !r->mark[GH_DIFF_M_NOT_DERIVED])
		gh_diff_mark(r, GH_DIFF_M_NOT_DERIVED, "no tensor of one belongs to a tensor of the other");
	r->verdict = verdict(r, &t);
	say_verdict(r, &t);
}

int gh_diff_exit(const struct gh_diff_report *r)
{
	if (r->verdict == GH_DIFF_V_UNFINISHED)
		return 2;
	for (size_t i = 0; i < GH_DIFF_MARKS; i++)
		if (r->mark[i] && gh_diff_marks[i].alarm)
			return 1;
	return 0;
}
