#include "os/tree.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static struct gh_os_entry *add(struct gh_os_tree *t, char *path, size_t skip)
{
	if (t->n == t->cap) {
		size_t cap = t->cap == 0 ? 64 : t->cap * 2;
		struct gh_os_entry *v = realloc(t->v, cap * sizeof *v);
		if (v == NULL) {
			free(path);
			return NULL;
		}
		t->v = v;
		t->cap = cap;
	}
	struct gh_os_entry *e = &t->v[t->n++];
	*e = (struct gh_os_entry){ .path = path, .name = path + skip };
	return e;
}

static bool add_failed(struct gh_os_tree *t, const char *path, size_t skip, int sys)
{
	char *copy = strdup(path);
	struct gh_os_entry *e = copy == NULL ? NULL : add(t, copy, skip);
	if (e == NULL)
		return false;
	e->kind = GH_OS_UNREADABLE;
	e->sys = sys;
	return true;
}

/* Is `to` a file models--X/blobs/DIGEST, and root below models--X? */
static bool is_cached(const char *to, const char *root)
{
	const char *name = strrchr(to, '/');
	size_t n = name == NULL ? 0 : (size_t)(name - to);
	if (n < 6 || memcmp(to + n - 6, "/blobs", 6) != 0)
		return false;
	size_t hex = strspn(++name, "0123456789abcdef"), home = n - 6;
	return name[hex] == '\0' && (hex == 40 || hex == 64) && strncmp(to, root, home) == 0 &&
	       strncmp(root + home, "/snapshots/", 11) == 0;
}

static void resolve_link(struct gh_os_entry *e, const char *root)
{
	struct stat st;
	e->kind = GH_OS_LINK_OTHER;
	if (stat(e->path, &st) != 0 || !S_ISREG(st.st_mode))
		return;
	e->kind = GH_OS_LINK_FILE;
	e->size = (uint64_t)st.st_size;
	char *to = realpath(e->path, NULL);
	size_t n = strlen(root);
	e->outside = to == NULL || strncmp(to, root, n) != 0 || (to[n] != '/' && to[n] != '\0');
	e->cached = e->outside && to != NULL && is_cached(to, root);
	free(to);
}

struct pending { /* directories still to be read: a list of our own, the tree may be deep */
	char **v;
	size_t n, cap;
};

static bool push(struct pending *p, char *dir)
{
	if (p->n == p->cap) {
		size_t cap = p->cap == 0 ? 16 : p->cap * 2;
		char **v = realloc(p->v, cap * sizeof *v);
		if (v == NULL) {
			free(dir);
			return false;
		}
		p->v = v;
		p->cap = cap;
	}
	p->v[p->n++] = dir;
	return true;
}

static bool one_entry(struct gh_os_tree *t, struct pending *todo, char *path, size_t skip, const char *root)
{
	struct stat st;
	if (lstat(path, &st) != 0) {
		bool ok = add_failed(t, path, skip, errno);
		free(path);
		return ok;
	}
	if (S_ISDIR(st.st_mode))
		return push(todo, path);
	struct gh_os_entry *e = add(t, path, skip);
	if (e == NULL)
		return false;
	e->kind = S_ISREG(st.st_mode) ? GH_OS_FILE : GH_OS_SPECIAL;
	e->size = S_ISREG(st.st_mode) ? (uint64_t)st.st_size : 0;
	if (S_ISLNK(st.st_mode))
		resolve_link(e, root);
	return true;
}

static bool read_dir(struct gh_os_tree *t, struct pending *todo, const char *dir, size_t skip, const char *root)
{
	DIR *d = opendir(dir);
	if (d == NULL)
		return add_failed(t, dir, skip <= strlen(dir) ? skip : 0, errno);
	bool ok = true;
	for (struct dirent *e; ok && (errno = 0, e = readdir(d)) != NULL;) {
		if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
			continue;
		char *path;
		size_t n = strlen(dir);
		ok = asprintf(&path, "%s%s%s", dir, n != 0 && dir[n - 1] == '/' ? "" : "/", e->d_name) >= 0 &&
		     one_entry(t, todo, path, skip, root);
	}
	if (ok && errno != 0)
		ok = add_failed(t, dir, skip <= strlen(dir) ? skip : 0, errno);
	(void)closedir(d);
	return ok;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct gh_os_entry *)a)->name, ((const struct gh_os_entry *)b)->name);
}

bool gh_os_tree(const char *path, struct gh_os_tree *t)
{
	struct stat st;
	*t = (struct gh_os_tree){ 0 };
	if (stat(path, &st) != 0)
		return false;
	if (!S_ISDIR(st.st_mode)) {
		t->alone = true;
		char *copy = strdup(path);
		const char *slash = strrchr(path, '/');
		struct gh_os_entry *e = copy == NULL ? NULL
						     : add(t, copy, slash == NULL ? 0 : (size_t)(slash + 1 - path));
		if (e == NULL)
			return false;
		e->kind = S_ISREG(st.st_mode) ? GH_OS_FILE : GH_OS_SPECIAL;
		e->size = S_ISREG(st.st_mode) ? (uint64_t)st.st_size : 0;
		return true;
	}
	char *root = realpath(path, NULL), *first = strdup(path);
	struct pending todo = { 0 };
	bool ok = root != NULL && first != NULL && push(&todo, first);
	size_t skip = strlen(path) + (path[strlen(path) - 1] == '/' ? 0 : 1);
	while (ok && todo.n != 0) {
		char *dir = todo.v[--todo.n];
		ok = read_dir(t, &todo, dir, skip, root);
		free(dir);
	}
	while (todo.n != 0)
		free(todo.v[--todo.n]);
	free(todo.v);
	free(root);
	if (!ok) {
		gh_os_tree_free(t);
		errno = ENOMEM;
		return false;
	}
	if (t->n > 1) /* of no entry there is no array */
		qsort(t->v, t->n, sizeof *t->v, by_name);
	return true;
}

void gh_os_tree_free(struct gh_os_tree *t)
{
	for (size_t i = 0; i < t->n; i++)
		free(t->v[i].path);
	free(t->v);
	*t = (struct gh_os_tree){ 0 };
}
