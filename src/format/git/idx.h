/* idx.h - the parts of the row "git-pack-index". */
#ifndef GH_FORMAT_GIT_IDX_H
#define GH_FORMAT_GIT_IDX_H
#include "format/git/git.h"

/* Says that the file is damaged from off on; the code to return. */
enum gh_rc gh_git_broken(struct git *g, uint64_t off, const char *what);
/* chunks.c: gitformat-chunk(5) */
enum gh_rc gh_git_midx(struct git *g);
enum gh_rc gh_git_graph(struct git *g);
/* bitmap.c */
enum gh_rc gh_git_bitmap(struct git *g);
#endif
