/* tree.h - what lies below a path: files, links and whatever else, in a fixed order, without following links. */
#ifndef GH_OS_TREE_H
#define GH_OS_TREE_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum gh_os_kind { GH_OS_FILE, GH_OS_LINK_FILE, GH_OS_LINK_OTHER, GH_OS_SPECIAL, GH_OS_UNREADABLE };

struct gh_os_entry {
	char *path;	  /* openable; malloced */
	const char *name; /* the part of path below the starting directory; of a single file its last part */
	enum gh_os_kind kind;
	uint64_t size;
	int sys;      /* errno of UNREADABLE */
	bool outside; /* LINK_FILE: leads outside the starting directory */
	bool cached; /* outside, to where the Hugging Face cache keeps the files of this snapshot (../../blobs/DIGEST) */
};

struct gh_os_tree {
	struct gh_os_entry *v;
	size_t n, cap;
	bool alone; /* path was no directory */
};

/* Collect everything at or below path, sorted by name bytewise. A path that is a link itself is followed. Unreadable
 * directories are entries of their own. False: no memory, or path does not exist (errno). */
bool gh_os_tree(const char *path, struct gh_os_tree *t);
void gh_os_tree_free(struct gh_os_tree *t);
#endif
