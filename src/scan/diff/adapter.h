/* adapter.h - does a low-rank adapter (LoRA) fit the model that it is for? Each pair of A (rank x in) and B (out x rank) must
 * name a weight (out x in) of BASE. Names and shapes only; runs in the worker. */
#ifndef GH_SCAN_DIFF_ADAPTER_H
#define GH_SCAN_DIFF_ADAPTER_H
#include "scan/diff/collect.h"
#include "scan/diff/fields.h"

/* Are all weights of this model halves of low-rank pairs (or settings beside them)? */
bool gh_diff_is_adapter(const struct gh_diff_model *m);
/* The model that the adapter's configuration says it is for; empty when it does not say. */
struct gh_span gh_diff_adapter_base(const struct gh_diff_fields *f);
/* One call for each module that the adapter changes. why: empty when it fits. */
void gh_diff_adapter(const struct gh_diff_model *base, const struct gh_diff_model *cand, const struct gh_diff_fields *f,
		     void (*on)(void *arg, enum gh_diff_fit fit, uint64_t rank, uint64_t wanted, struct gh_span module,
				const char *why),
		     void *arg);
#endif
