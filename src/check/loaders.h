/* loaders.h - which known vulnerabilities of loaders a file of this format could meet. By the format alone, whatever the file
 * holds: which version of a loader is needed is a question of the format. What a file really does is judged elsewhere.
 * Scanners are no loaders. Of several files of an artifact to which the same applies, the report names one (scan/whole.c). */
#ifndef GH_CHECK_LOADERS_H
#define GH_CHECK_LOADERS_H
#include "check/check.h"
#include "wire/advset.h"

/* One finding of `rule` per loader with advisories about this scene's format. */
void gh_loaders_tell(struct gh_scene *s, struct gh_range at, const struct gh_advset *set, const struct gh_rule *rule);
#endif
