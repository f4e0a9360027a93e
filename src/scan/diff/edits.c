/* What changed tensors have in common: the marks of edits, and of a merged LoRA. */
#include "scan/diff/judge_int.h"

#include <math.h>
#include <string.h>

static const double one_direction = 0.9; /* share of the first direction in an edit of rank one */
static const double towards = 0.5;	 /* the same under the noise of other changes */
static const double louder = 2.5;	 /* change over that of siblings that training does not give */
enum {
	FEW_RANKS = 24, /* of 32: the difference lies in few directions */
	EDITED = 8,	/* matrices that a knowledge edit changes: ROME one, MEMIT five or so */
	SPARSE = 64,	/* elements: fewer are no direction */
	LOCAL = 2,	/* matrices: a change in so few is local */
	WHOLE = 8,	/* tensors that make up a model of which that can be said */
};

/* ---- order ---------------------------------------------------------------------------------------------------- */

typedef bool before_fn(const struct gh_diff_row *a, const struct gh_diff_row *b);

static bool worse(const struct gh_diff_row *a, const struct gh_diff_row *b)
{
	if (a->cls != b->cls)
		return a->cls > b->cls;
	if (a->relative < b->relative || a->relative > b->relative)
		return a->relative > b->relative;
	int c = strcmp(gh_diff_row_name(a), gh_diff_row_name(b));
	return c != 0 ? c < 0 : strcmp(a->text[GH_DIFF_T_FILE], b->text[GH_DIFF_T_FILE]) < 0;
}
static bool by_relative(const struct gh_diff_row *a, const struct gh_diff_row *b)
{
	return a->family != b->family ? a->family < b->family : a->relative < b->relative;
}
static bool by_top(const struct gh_diff_row *a, const struct gh_diff_row *b)
{
	return a->family != b->family ? a->family < b->family : a->top < b->top;
}

/* Heap sort: in place, and never slower than it should be. */
static void sift(struct gh_diff_row *v, size_t at, size_t n, before_fn *before)
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
static void sort_rows(struct gh_diff_row *v, size_t n, before_fn *before)
{
	for (size_t i = n / 2; i > 0; i--)
		sift(v, i - 1, n, before);
	for (size_t end = n; end > 1; end--) {
		struct gh_diff_row x = v[0];
		v[0] = v[end - 1];
		v[end - 1] = x;
		sift(v, 0, end - 1, before);
	}
}

void gh_diff_sort(struct gh_diff_report *r) { sort_rows(r->row, r->nrow, worse); }

/* ---- siblings ------------------------------------------------------------------------------------------------- */

static bool changed_matrix(const struct gh_diff_row *r)
{
	return r->cls == GH_DIFF_TUNED && gh_diff_matrix(r) && r->rank != 0 && (r->flags & GH_DIFF_F_BUFFER) == 0;
}

static uint64_t family(const char *name)
{
	uint64_t h = 0xcbf29ce484222325u;
	for (; *name != '\0'; name++)
		if (*name < '0' || *name > '9')
			h = (h ^ (uint8_t)*name) * 0x100000001b3u;
	return h | 1;
}

void gh_diff_siblings(struct gh_diff_report *r)
{
	for (size_t i = 0; i < r->nrow; i++)
		r->row[i].family = changed_matrix(&r->row[i]) ? family(gh_diff_row_name(&r->row[i])) : 0;
	for (unsigned pass = 0; pass < 2; pass++) {
		sort_rows(r->row, r->nrow, pass == 0 ? by_relative : by_top);
		for (size_t i = 0, end; i < r->nrow; i = end) {
			for (end = i + 1; end < r->nrow && r->row[end].family == r->row[i].family;)
				end++;
			const struct gh_diff_row *mid = &r->row[i + (end - i - 1) / 2];
			double relative = mid->relative, top = mid->top;
			for (size_t k = i; k < end; k++) {
				r->row[k].siblings = end - i;
				if (pass == 0)
					r->row[k].usual_relative = relative;
				else
					r->row[k].usual_top = top;
			}
		}
	}
}

/* ---- adding up ------------------------------------------------------------------------------------------------ */

static bool low_rank(const struct gh_diff_row *r)
{
	uint64_t least = r->rows < r->cols ? r->rows : r->cols;
	return r->rank != 0 && r->rank <= FEW_RANKS && (uint64_t)r->rank * 2 <= least;
}

static bool sparse(const struct gh_diff_row *r) { return r->compared - r->same <= SPARSE; }

void gh_diff_tally_changed(struct gh_diff_tally *t, const struct gh_diff_row *r)
{
	t->tensors_changed++;
	if (r->layer != 0 && (t->first_layer == 0 || r->layer < t->first_layer))
		t->first_layer = r->layer;
	t->last_layer = r->layer > t->last_layer ? r->layer : t->last_layer;
	if (!changed_matrix(r))
		return;
	bool mlp = r->part == GH_DIFF_P_MLP || r->part == GH_DIFF_P_MLP_OUT;
	t->changed++;
	t->last = r;
	t->in_layers += r->layer != 0;
	t->mlp += mlp;
	t->attention += r->part == GH_DIFF_P_ATTENTION;
	if (!low_rank(r) || sparse(r))
		return;
	t->low++;
	t->rank = r->rank > t->rank ? r->rank : t->rank;
	if (r->top >= one_direction) {
		t->one++;
		t->one_mlp_out += r->part == GH_DIFF_P_MLP_OUT;
		if (t->edit == NULL || r->relative > t->edit->relative)
			t->edit = r;
	}
}

/* ---- marks ---------------------------------------------------------------------------------------------------- */

/* An edit among other changes: one matrix of an MLP changed by more than its siblings, and in one direction. */
static const struct gh_diff_row *standing_out(const struct gh_diff_report *r)
{
	const struct gh_diff_row *best = NULL;
	for (size_t i = 0; i < r->nrow; i++) {
		const struct gh_diff_row *w = &r->row[i];
		bool mlp = w->part == GH_DIFF_P_MLP || w->part == GH_DIFF_P_MLP_OUT;
		if (w->family == 0 || w->siblings < 3 || !mlp || sparse(w))
			continue;
		bool far = w->relative >= louder * w->usual_relative && w->top >= towards &&
			   w->top >= 1.5 * w->usual_top;
		bool alone = w->top >= one_direction && w->usual_top < towards &&
			     w->relative >= 1.5 * w->usual_relative;
		if ((far || alone) && (best == NULL || w->relative > best->relative))
			best = w;
	}
	return best;
}

/* A direction taken out of all matrices of one kind, while the others only have noise. */
static const struct gh_diff_row *one_way(const struct gh_diff_report *r, size_t *n)
{
	const struct gh_diff_row *best = NULL;
	double others = 0;
	size_t many = 0;
	*n = 0;
	for (size_t i = 0; i < r->nrow; i++) {
		const struct gh_diff_row *w = &r->row[i];
		if (w->family == 0)
			continue;
		if (w->siblings >= 3 && w->usual_top >= towards) {
			*n += 1;
			best = best == NULL || w->relative > best->relative ? w : best;
		} else if (low_rank(w))
			return NULL; /* a merged LoRA has few directions everywhere */
		else {
			others += w->top;
			many++;
		}
	}
	return best != NULL && many != 0 && best->usual_top >= 3 * others / (double)many ? best : NULL;
}

static void mark_edit(struct gh_diff_report *r, const struct gh_diff_tally *t)
{
	bool few = t->changed <= EDITED, all_mlp = t->changed != 0 && t->mlp == t->changed;
	const struct gh_diff_row *w;
	size_t n = 0;
	if (t->one != 0 && (t->one_mlp_out != 0 || all_mlp) && (few || (t->one <= EDITED && t->low < t->changed)))
		gh_diff_mark(r, GH_DIFF_M_KNOWLEDGE,
			     "rank-one change of %s (%.2g %% of it, %.0f %% in one direction)%s",
			     gh_diff_row_name(t->edit), 100 * t->edit->relative, 100 * t->edit->top,
			     t->one > 1 ? ", and of others like it" : "");
	else if (few && all_mlp && t->low == t->changed)
		gh_diff_mark(r, GH_DIFF_M_KNOWLEDGE, "change of rank %u in %zu matri%s of MLP layers, and nowhere else",
			     t->rank, t->changed, t->changed == 1 ? "x" : "ces");
	else if (t->one != 0 && t->one * 5 >= t->changed * 4)
		gh_diff_mark(r, GH_DIFF_M_DIRECTION, "rank-one change of %zu of %zu changed matrices, strongest in %s",
			     t->one, t->changed, gh_diff_row_name(t->edit));
	else if ((w = one_way(r, &n)) != NULL)
		gh_diff_mark(r, GH_DIFF_M_DIRECTION,
			     "%zu of %zu changed matrices differ mainly in one direction, the others do not; strongest "
			     "in %s",
			     n, t->changed, gh_diff_row_name(w));
	else if ((w = standing_out(r)) != NULL)
		gh_diff_mark(
			r, GH_DIFF_M_KNOWLEDGE,
			"rank-one change of %.100s (%.2g %% of it, its siblings %.2g %%; %.0f %% in one direction)",
			gh_diff_row_name(w), 100 * w->relative, 100 * w->usual_relative, 100 * w->top);
	if (t->low != 0 && t->low * 5 >= t->changed * 4 && t->changed > LOCAL && !r->mark[GH_DIFF_M_DIRECTION] &&
	    (!r->mark[GH_DIFF_M_KNOWLEDGE] || !few))
		gh_diff_mark(r, GH_DIFF_M_LORA, "%zu of %zu changed matrices differ by a rank of at most %u", t->low,
			     t->changed, t->rank);
}

static void mark_local(struct gh_diff_report *r, const struct gh_diff_tally *t)
{
	const struct gh_diff_row *w = t->last;
	if (w == NULL || t->changed > LOCAL || t->in_layers != t->changed || t->tensors_changed > t->changed + LOCAL ||
	    t->pairs < WHOLE || r->mark[GH_DIFF_M_KNOWLEDGE] || r->mark[GH_DIFF_M_DIRECTION])
		return;
	unsigned long long n = w->compared - w->same, all = w->compared;
	gh_diff_mark(r, GH_DIFF_M_LOCAL, "%s%.120s: %llu of %llu elements (%.2g %% of it)",
		     t->changed > 1 ? "two matrices, one is " : "", gh_diff_row_name(w), n, all, 100 * w->relative);
}

/* The same direction, another length: not by training, which does not keep the one when it changes the other. */
static void mark_scaled(struct gh_diff_report *r)
{
	const struct gh_diff_row *first = NULL;
	size_t n = 0;
	for (size_t i = 0; i < r->nrow; i++) {
		const struct gh_diff_row *w = &r->row[i];
		if (w->cls != GH_DIFF_TUNED || w->compared < 16 || w->scale <= 0 || w->cosine < 0.98 ||
		    (w->scale > 0.75 && w->scale < 1.33) || (w->flags & GH_DIFF_F_BUFFER) != 0)
			continue;
		first = first == NULL ? w : first;
		n++;
	}
	if (first != NULL)
		gh_diff_mark(r, GH_DIFF_M_SCALED, "%zu tensor%s, the first is %.120s: %.3g times as large", n,
			     n == 1 ? "" : "s", gh_diff_row_name(first), first->scale);
}

void gh_diff_mark_edits(struct gh_diff_report *r, const struct gh_diff_tally *t)
{
	mark_scaled(r);
	if (!r->mark[GH_DIFF_M_SCALED]) /* a multiple has the rank of the matrix itself: that is no edit */
		mark_edit(r, t);
	mark_local(r, t);
}
