/* tensor_family.h - the same tensor in every layer of a model ("model.layers.N.mlp.up_proj.weight"): members of a family look
 * alike. One that does not is named. First and last layers, layers that were pruned, merged or trained further differ too, so a
 * difference is an information; only one of magnitude that no training gives (FAR) asks for a person.
 *
 * Compared are the logarithm of the spread and the kurtosis: distance from the median, in median absolute deviations with a
 * floor, in families of at least six that have the same shape and type. Pure; memory from the arena, bounded. */
#ifndef GH_CHECK_TENSOR_FAMILY_H
#define GH_CHECK_TENSOR_FAMILY_H
#include "check/tensor_stat.h"

enum { GH_FAMILY_MAX = 32768, GH_FAMILY_LEAST = 6 };

struct gh_member_stat {
	uint64_t family; /* of the name without its numbers, the shape and the type */
	struct gh_range at;
	char *name;
	float spread;	/* log2 of the deviation */
	float kurtosis; /* log2 of it */
	bool flat;	/* one value, or rows that repeat */
	bool matrix;	/* two sides of 32 and more */
};

struct gh_family { /* zeroed is the start */
	struct gh_member_stat *v;
	size_t n, room;
};

/* Remember what was counted of a tensor. */
void gh_family_add(struct gh_family *f, struct gh_arena *arena, const struct gh_tstat *ts, struct gh_range at);
/* Compare, and say which do not belong. */
void gh_family_judge(struct gh_scene *s, struct gh_family *f);
#endif
