/* make_tsm.h - configfs-tsm with another tree behind it than the kernel's: what a test of the maker needs, and nobody else.
 *
 * The kernel makes a report instance out of a mkdir(), and reports out of a write to one of its files; no ordinary directory does
 * either. So the four things that are asked of the tree are functions here; those of gh_make_tsm go to the kernel. */
#ifndef GH_RUNTIME_MAKE_TSM_H
#define GH_RUNTIME_MAKE_TSM_H
#include "runtime/makers.h"

#include <sys/types.h>

struct gh_tsm_tree {
	/* Each returns 0 (get: the bytes read), or -1 with errno. dir: a descriptor of the tree's directory. */
	int (*create)(int dir, const char *entry);
	int (*drop)(int dir, const char *entry);
	int (*put)(int dir, const char *entry, const char *attribute, const void *p, size_t n);
	ssize_t (*get)(int dir, const char *entry, const char *attribute, void *p,
		       size_t cap); /* cap: more is an error */
};
enum gh_rc gh_make_tsm_from(const struct gh_tsm_tree *tree, const struct gh_make_where *w,
			    const uint8_t data[GH_MAKE_DATA], struct gh_arena *a, struct gh_make_result *out,
			    struct gh_err *err);
#endif
