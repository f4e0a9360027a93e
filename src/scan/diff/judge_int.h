/* judge_int.h - between judge.c (classes, verdict, sentence), edits.c (marks of changed tensors), settings.c (marks of
 * texts) and words.c. */
#ifndef GH_SCAN_DIFF_JUDGE_INT_H
#define GH_SCAN_DIFF_JUDGE_INT_H
#include "scan/diff/diff.h"

/* What the changed matrices have in common. */
struct gh_diff_tally {
	uint64_t good, bad; /* elements that are BASE's, and that are not */
	size_t pairs, changed, tensors_changed, one, low, mlp, one_mlp_out, attention, in_layers;
	unsigned rank; /* largest effective rank of the low ones */
	uint32_t first_layer, last_layer;
	const struct gh_diff_row *edit; /* the strongest of the rank-one changes */
	const struct gh_diff_row *last; /* of the changed matrices */
	const char *dtype;		/* of the first quantised tensor */
	bool from_coarse;
};

void __attribute__((format(printf, 3, 4))) gh_diff_mark(struct gh_diff_report *r, enum gh_diff_mark m, const char *fmt,
							...);
static inline bool gh_diff_matrix(const struct gh_diff_row *r) { return r->rows > 1 && r->cols > 1; }
static inline const char *gh_diff_row_name(const struct gh_diff_row *r) { return r->text[GH_DIFF_T_NAME]; }

/* For each changed matrix: what is usual among those whose names differ from its own by numbers alone. Changes the order of
 * rows. */
void gh_diff_siblings(struct gh_diff_report *r);
/* Worst first. */
void gh_diff_sort(struct gh_diff_report *r);
void gh_diff_tally_changed(struct gh_diff_tally *t, const struct gh_diff_row *r);
void gh_diff_mark_edits(struct gh_diff_report *r, const struct gh_diff_tally *t);
void gh_diff_mark_texts(struct gh_diff_report *r);
#endif
