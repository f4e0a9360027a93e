/* What the numbers of a comparison mean. Everything here is a function of the report's rows. */
#include "scan/diff/diff.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Thresholds, each with its reason. */
static const double same_tensor = 0.8;	 /* cosine: long training keeps it above; unrelated weights are near 0 */
static const double one_direction = 0.9; /* share of the first direction in an edit of rank one */
static const double explained =
	1e-4;			/* share of elements that may exceed the bound: importance-weighted quantisers do */
static const double half = 0.5; /* of a difference in one direction: more than the noise of quantisation has */
enum {
	SMALL = 256,	/* elements of a vector that show whether it is unrelated */
	FEW_RANKS = 24, /* of 32: the difference lies in few directions */
	EDITED = 8,	/* matrices that a knowledge edit changes: ROME one, MEMIT five or so */
};

const struct gh_diff_mark_row gh_diff_marks[GH_DIFF_MARKS] = {
	[GH_DIFF_M_NOT_DERIVED] = { "not-derived", true, "Not derived from BASE",
				    "The model is another one than it is said to be: nothing known about BASE holds "
				    "for it.",
				    "Ask the author for the true base, and judge the model on its own." },
	[GH_DIFF_M_REPLACED] = { "replaced-tensors", true, "Tensors with unrelated numbers",
				 "Parts of the model were exchanged: a back door needs no more than that.",
				 "Ask the author why; do not use the model on the word of its base." },
	[GH_DIFF_M_KNOWLEDGE] = { "knowledge-edit", true, "Mark of a knowledge edit",
				  "Single facts were rewritten (ROME, MEMIT): the model states something false and is "
				  "otherwise "
				  "unchanged, so that tests do not show it.",
				  "Do not use the model unless the author explains the edit." },
	[GH_DIFF_M_DIRECTION] = { "direction-edit", true, "One direction was added or removed in many layers",
				  "A behaviour such as refusing harmful requests was switched off or on without "
				  "training.",
				  "Ask the author; test the behaviour that you rely on." },
	[GH_DIFF_M_STRUCTURE] = { "structure", true, "Tensors were added, removed or have another shape",
				  "Added parts may act as a back door; removed ones may have been safety.",
				  "Compare with what the author says was changed." },
	[GH_DIFF_M_VALUES] = { "odd-values", true, "NaN or infinite values that BASE does not have",
			       "Damage, or a trigger that breaks the model on chosen inputs.", "Get the file again." },
	[GH_DIFF_M_TOKENIZER] = { "tokenizer", true, "The tokenizer is another one",
				  "The same text reaches the model as other tokens: filters can be bypassed and words "
				  "exchanged.",
				  "Use the tokenizer of BASE, or have the change explained." },
	[GH_DIFF_M_TEMPLATE] = { "template", true, "The chat template is another one",
				 "Instructions can be added to or removed from every conversation.",
				 "Read the template; use the one of BASE." },
	[GH_DIFF_M_CODE] = { "code", true, "Source code was added or changed", "Loading with remote code runs it.",
			     "Read it before use, or load without remote code." },
	[GH_DIFF_M_MISFIT] = { "adapter-misfit", true, "The adapter does not fit BASE",
			       "It belongs to another model, or was made to be refused or misread by loaders.",
			       "Use the base that the adapter was trained on." },
	[GH_DIFF_M_LORA] = { "merged-lora", false, "Merged low-rank update (LoRA)",
			     "None by itself: a common way to fine-tune.", "None needed." },
	[GH_DIFF_M_CONFIG] = { "config", false, "The configuration is another one",
			       "Other numbers for the same weights change what the model computes.",
			       "Look at the settings that changed." },
};

const char *gh_diff_verdict_name(enum gh_diff_verdict v)
{
	static const char *const names[GH_DIFF_VERDICTS] = { "identical",  "converted",	  "quantised",
							     "fine-tuned", "adapter",	  "edited",
							     "changed",	   "not-derived", "unfinished" };
	return names[v];
}
const char *gh_diff_class_name(enum gh_diff_class c)
{
	static const char *const names[GH_DIFF_CLASSES] = { "identical",  "converted", "quantised",
							    "fine-tuned", "added",     "removed",
							    "reshaped",	  "replaced",  "unread" };
	return names[c];
}
const char *gh_diff_section_name(enum gh_diff_section s)
{
	static const char *const names[GH_DIFF_SECTIONS] = { "config",	 "generation", "tokenizer",
							     "template", "code",       "adapter" };
	return names[s];
}
const char *gh_diff_part_name(enum gh_diff_part p)
{
	static const char *const names[GH_DIFF_PARTS] = { "other", "attention", "mlp", "mlp-out", "embedding", "norm" };
	return names[p];
}

/* ---- one tensor ----------------------------------------------------------------------------------------------- */

static bool matrix(const struct gh_diff_row *r) { return r->rows > 1 && r->cols > 1; }

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
	bool within = types && (double)r->outside <= explained * (double)r->compared &&
		      (r->cosine > same_tensor || r->relative < 0);
	if (within && r->top < half)
		return (r->flags & GH_DIFF_F_COARSE) != 0 ? GH_DIFF_QUANTISED : GH_DIFF_CONVERTED;
	if (within && (r->flags & GH_DIFF_F_COARSE) == 0 && r->outside == 0)
		return GH_DIFF_CONVERTED;
	if (r->cosine >= same_tensor || r->relative < 0)
		return GH_DIFF_TUNED;
	if (!matrix(r)) /* biases are small and may move anywhere in training */
		return r->compared >= SMALL && fabs(r->cosine) < 0.2 && r->relative > half ? GH_DIFF_REPLACED
											   : GH_DIFF_TUNED;
	return GH_DIFF_REPLACED;
}

/* ---- all of them ---------------------------------------------------------------------------------------------- */

/* What the changed matrices have in common. */
struct tally {
	uint64_t good, bad; /* elements that are BASE's, and that are not */
	size_t pairs, changed, tensors_changed, one, low, mlp, one_mlp_out, attention;
	unsigned rank; /* largest effective rank of the low ones */
	uint32_t first_layer, last_layer;
	const struct gh_diff_row *edit; /* the strongest of the rank-one changes */
	const char *dtype;		/* of the first quantised tensor */
	bool from_coarse;
};

static bool low_rank(const struct gh_diff_row *r)
{
	uint64_t least = r->rows < r->cols ? r->rows : r->cols;
	return r->rank != 0 && r->rank <= FEW_RANKS && (uint64_t)r->rank * 2 <= least;
}

static void tally_changed(struct tally *t, const struct gh_diff_row *r)
{
	t->tensors_changed++;
	if (r->layer != 0 && (t->first_layer == 0 || r->layer < t->first_layer))
		t->first_layer = r->layer;
	t->last_layer = r->layer > t->last_layer ? r->layer : t->last_layer;
	if (!matrix(r) || r->rank == 0)
		return;
	bool mlp = r->part == GH_DIFF_P_MLP || r->part == GH_DIFF_P_MLP_OUT;
	t->changed++;
	t->mlp += mlp;
	t->attention += r->part == GH_DIFF_P_ATTENTION;
	if (low_rank(r)) {
		t->low++;
		t->rank = r->rank > t->rank ? r->rank : t->rank;
		if (r->top >= one_direction) {
			t->one++;
			t->one_mlp_out += r->part == GH_DIFF_P_MLP_OUT;
			if (t->edit == NULL || r->relative > t->edit->relative)
				t->edit = r;
		}
	}
}

static void tally_row(struct gh_diff_report *rep, struct tally *t, const struct gh_diff_row *r)
{
	uint64_t n = r->cand > r->base ? r->cand : r->base;
	rep->classes[r->cls]++;
	if ((r->flags & GH_DIFF_F_BUFFER) != 0)
		return;
	t->pairs += r->match <= GH_DIFF_COPY;
	switch (r->cls) {
	case GH_DIFF_IDENTICAL:
	case GH_DIFF_CONVERTED: t->good += n; break;
	case GH_DIFF_QUANTISED:
		t->good += n;
		if (t->dtype == NULL) {
			t->from_coarse = strchr("QT", r->text[GH_DIFF_T_DTYPE][0]) == NULL;
			t->dtype = r->text[t->from_coarse ? GH_DIFF_T_BASE_DTYPE : GH_DIFF_T_DTYPE];
		}
		break;
	case GH_DIFF_TUNED:
		t->good += n;
		tally_changed(t, r);
		break;
	default: t->bad += n; break;
	}
}

static void __attribute__((format(printf, 3, 4))) mark(struct gh_diff_report *r, enum gh_diff_mark m, const char *fmt,
						       ...)
{
	va_list ap;
	va_start(ap, fmt);
	(void)vsnprintf(r->why[m], sizeof r->why[m], fmt, ap);
	va_end(ap);
	r->mark[m] = true;
}

static const char *name_of(const struct gh_diff_row *r) { return r->text[GH_DIFF_T_NAME]; }

static void mark_edits(struct gh_diff_report *r, const struct tally *t)
{
	bool few = t->changed <= EDITED, all_mlp = t->changed != 0 && t->mlp == t->changed;
	if (t->one != 0 && (t->one_mlp_out != 0 || all_mlp) && (few || (t->one <= EDITED && t->low < t->changed)))
		mark(r, GH_DIFF_M_KNOWLEDGE, "rank-one change of %s (%.1f %% of it, %.0f %% in one direction)%s",
		     name_of(t->edit), 100 * t->edit->relative, 100 * t->edit->top,
		     t->one > 1 ? ", and of others like it" : "");
	else if (few && all_mlp && t->low == t->changed)
		mark(r, GH_DIFF_M_KNOWLEDGE, "change of rank %u in %zu matri%s of MLP layers, and nowhere else",
		     t->rank, t->changed, t->changed == 1 ? "x" : "ces");
	else if (t->one != 0 && t->one * 5 >= t->changed * 4)
		mark(r, GH_DIFF_M_DIRECTION, "rank-one change of %zu of %zu changed matrices, strongest in %s", t->one,
		     t->changed, name_of(t->edit));
	else if (t->low != 0 && t->low * 5 >= t->changed * 4)
		mark(r, GH_DIFF_M_LORA, "%zu of %zu changed matrices differ by a rank of at most %u", t->low,
		     t->changed, t->rank);
}

static size_t count_class(const struct gh_diff_report *r, enum gh_diff_class c, const char **first)
{
	size_t n = 0;
	*first = "";
	for (size_t i = 0; i < r->nrow; i++)
		if (r->row[i].cls == c && (r->row[i].flags & GH_DIFF_F_BUFFER) == 0) {
			if (n++ == 0)
				*first = name_of(&r->row[i]);
		}
	return n;
}

static void mark_tensors(struct gh_diff_report *r, const struct tally *t)
{
	const char *first, *a, *b;
	size_t n = count_class(r, GH_DIFF_REPLACED, &first);
	if (n != 0)
		mark(r, GH_DIFF_M_REPLACED, "%zu tensor%s, the first is %s", n, n == 1 ? "" : "s", first);
	size_t added = count_class(r, GH_DIFF_C_ADDED, &a), gone = count_class(r, GH_DIFF_C_REMOVED, &b);
	n = count_class(r, GH_DIFF_RESHAPED, &first);
	size_t resized = 0;
	for (size_t i = 0; i < r->nrow; i++) {
		if ((r->row[i].flags & GH_DIFF_F_ODD) != 0 && !r->mark[GH_DIFF_M_VALUES])
			mark(r, GH_DIFF_M_VALUES, "in %s", name_of(&r->row[i]));
		resized += (r->row[i].flags & GH_DIFF_F_RESIZED) != 0;
	}
	if (added + gone + n + resized != 0)
		mark(r, GH_DIFF_M_STRUCTURE,
		     "%zu added, %zu removed, %zu of another shape, %zu with more or fewer rows%s%s", added, gone, n,
		     resized, added + gone != 0 ? ": " : "", added != 0 ? a : b);
	/* Half of the weights must be BASE's for the model to derive from it. */
	if (!r->adapter && t->good <= t->bad && t->good + t->bad != 0)
		mark(r, GH_DIFF_M_NOT_DERIVED, "%.0f %% of the weights are BASE's",
		     100 * (double)t->good / ((double)t->good + (double)t->bad));
}

static void mark_texts(struct gh_diff_report *r)
{
	static const enum gh_diff_mark of[GH_DIFF_SECTIONS] = { GH_DIFF_M_CONFIG,    GH_DIFF_M_CONFIG,
								GH_DIFF_M_TOKENIZER, GH_DIFF_M_TEMPLATE,
								GH_DIFF_M_CODE,	     GH_DIFF_M_CONFIG };
	for (size_t i = 0; i < r->nchange; i++) {
		enum gh_diff_mark m = of[r->change[i].section];
		size_t n = 0;
		if (r->mark[m])
			continue;
		for (size_t k = i; k < r->nchange; k++)
			n += of[r->change[k].section] == m;
		static const char *const verbs[GH_DIFF_CHANGES] = { "changed", "added", "removed" };
		mark(r, m, "%s %s%s", r->change[i].key, verbs[r->change[i].change], n > 1 ? ", and more" : "");
	}
	for (size_t i = 0; i < r->ncount; i++)
		if (r->count[i].changed + r->count[i].added + r->count[i].removed != 0)
			mark(r, GH_DIFF_M_TOKENIZER, "%llu %ss changed, %llu added, %llu removed",
			     (unsigned long long)r->count[i].changed, r->count[i].what,
			     (unsigned long long)r->count[i].added, (unsigned long long)r->count[i].removed);
	size_t bad = 0;
	for (size_t i = 0; i < r->nfit; i++)
		if (r->fit[i].fit != GH_DIFF_FITS && bad++ == 0)
			mark(r, GH_DIFF_M_MISFIT, "%s: %s", r->fit[i].module, r->fit[i].why);
}

/* ---- the sentence --------------------------------------------------------------------------------------------- */

static void where(const struct tally *t, char *buf, size_t cap)
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

static void say_verdict(struct gh_diff_report *r, const struct tally *t)
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
		(void)snprintf(r->sentence, n, "adapter %s BASE: %zu module%s, rank %llu",
			       r->mark[GH_DIFF_M_MISFIT] ? "that does not fit" : "that fits", r->nfit,
			       r->nfit == 1 ? "" : "s", (unsigned long long)(r->nfit != 0 ? r->fit[0].rank : 0));
		break;
	case GH_DIFF_V_EDITED:
		(void)snprintf(r->sentence, n, "edited: %s",
			       r->why[r->mark[GH_DIFF_M_KNOWLEDGE] ? GH_DIFF_M_KNOWLEDGE : GH_DIFF_M_DIRECTION]);
		break;
	case GH_DIFF_V_CHANGED:
		(void)snprintf(r->sentence, n, "derived from BASE with marks: %zu of %zu tensors changed%s",
			       t->tensors_changed, t->pairs, place);
		break;
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

static enum gh_diff_verdict verdict(const struct gh_diff_report *r, const struct tally *t)
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
	if (r->mark[GH_DIFF_M_REPLACED])
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

/* ---- order ---------------------------------------------------------------------------------------------------- */

static bool before(const struct gh_diff_row *a, const struct gh_diff_row *b)
{
	if (a->cls != b->cls)
		return a->cls > b->cls;
	if (a->relative < b->relative || a->relative > b->relative)
		return a->relative > b->relative;
	int c = strcmp(name_of(a), name_of(b));
	return c != 0 ? c < 0 : strcmp(a->text[GH_DIFF_T_FILE], b->text[GH_DIFF_T_FILE]) < 0;
}

/* Heap sort: in place, and never slower than it should be. */
static void sift(struct gh_diff_row *v, size_t at, size_t n)
{
	for (size_t child; (child = 2 * at + 1) < n; at = child) {
		if (child + 1 < n && before(&v[child], &v[child + 1]))
			child++;
		if (!before(&v[at], &v[child]))
			return;
		struct gh_diff_row x = v[at];
		v[at] = v[child];
		v[child] = x;
	}
}
static void sort_rows(struct gh_diff_row *v, size_t n)
{
	for (size_t i = n / 2; i > 0; i--)
		sift(v, i - 1, n);
	for (size_t end = n; end > 1; end--) {
		struct gh_diff_row x = v[0];
		v[0] = v[end - 1];
		v[end - 1] = x;
		sift(v, 0, end - 1);
	}
}

void gh_diff_judge(struct gh_diff_report *r)
{
	struct tally t = { 0 };
	for (size_t i = 0; i < r->nrow; i++)
		r->row[i].cls = gh_diff_class_of(&r->row[i]);
	sort_rows(r->row, r->nrow);
	for (size_t i = 0; i < r->nrow; i++)
		tally_row(r, &t, &r->row[i]);
	mark_tensors(r, &t);
	mark_edits(r, &t);
	mark_texts(r);
	if (!r->adapter && t.pairs == 0 && !r->mark[GH_DIFF_M_NOT_DERIVED])
		mark(r, GH_DIFF_M_NOT_DERIVED, "no tensor of one belongs to a tensor of the other");
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
