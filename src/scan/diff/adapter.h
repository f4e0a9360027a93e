/* adapter.h - does a low-rank adapter (LoRA) fit the model that it is for? Each pair of A (rank x in) and B (out x rank) must
 * name a weight (out x in) of BASE. Is what it adds made of numbers, and of a
 * size that an update has? Runs in the worker. */
#ifndef GH_SCAN_DIFF_ADAPTER_H
#define GH_SCAN_DIFF_ADAPTER_H
#include "scan/diff/collect.h"
#include "scan/diff/fields.h"
#include "scan/diff/measure.h"

/* Are all weights of this model halves of low-rank pairs (or settings beside them)? */
bool gh_diff_is_adapter(const struct gh_diff_model *m);
/* The model that the adapter's configuration says it is for; empty when it does not say. */
struct gh_span gh_diff_adapter_base(const struct gh_diff_fields *f);
/* What is known of one module that the adapter changes. */
struct gh_diff_module {
	enum gh_diff_fit fit;
	uint64_t rank, wanted; /* by its configuration; 0: not said */
	uint64_t odd;	       /* NaN and infinite values */
	double share; /* norm of the update over that of the weight, about (the weight is sampled); 0: not known */
	struct gh_span name;
	const char *why; /* empty when it fits */
};
/* One call for each module that the adapter changes. */
void gh_diff_adapter(struct gh_diff_bench *b, const struct gh_diff_model *base, const struct gh_diff_model *cand,
		     const struct gh_diff_fields *f, void (*on)(void *arg, const struct gh_diff_module *m), void *arg);
#endif
