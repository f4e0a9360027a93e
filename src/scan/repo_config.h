/* repo_config.h - a Transformers configuration against the weights beside it. Said is only what makes loading fail, or load
 * something else than the configuration describes; quantised packs, adapters and types of models that are not known by name
 * are passed over. Pure. */
#ifndef GH_SCAN_REPO_CONFIG_H
#define GH_SCAN_REPO_CONFIG_H
#include "scan/repo.h"

enum gh_config_matter {
	GH_CONFIG_DIFFERS, /* sizes do not belong together */
	GH_CONFIG_STORED,  /* another type of numbers: information */
};

/* Compare file i, a config.json, with the weights in its directory; say(arg, i, what, text) for each disagreement, in an
 * order that is fixed by the input. */
void gh_repo_config(const struct gh_repo_file *file, size_t n, size_t i,
		    void (*say)(void *arg, size_t i, enum gh_config_matter what, const char *text), void *arg);
#endif
