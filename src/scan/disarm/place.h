/* place.h - where the result is built: a hidden directory beside OUT, removed again unless it becomes OUT. */
#ifndef GH_SCAN_DISARM_PLACE_H
#define GH_SCAN_DISARM_PLACE_H
#include "base/err.h"

#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

enum { GH_PLACE_MAX = 4096 };
struct gh_place {
	char dir[GH_PLACE_MAX];	 /* the hidden directory */
	char root[GH_PLACE_MAX]; /* OUT's own name below it */
	char out[GH_PLACE_MAX];
	bool made;
	pthread_t watcher; /* removes the directory when a signal ends the program */
	sigset_t was;
	bool watching;
};

/* Make the directory. GH_E_DENIED: OUT exists and force is false, or is no name that can be given. */
enum gh_rc gh_place_open(struct gh_place *p, const char *out, bool force, struct gh_err *err);
/* Create root/rel with its folders for writing (O_EXCL). -1 with errno. rel must be a plain relative path. */
int gh_place_create(const struct gh_place *p, const char *rel, char *path, size_t cap);
/* What --force may replace: a file, or a link, by a file or a directory; a directory by a directory only. GH_E_DENIED: OUT is
 * something else. `file`: the result is a file. */
enum gh_rc gh_place_check(const struct gh_place *p, bool file, struct gh_err *err);
/* Give the result its name. The old OUT, if there is one, is moved aside first and removed afterwards; a directory only when
 * the result has a file for each of its files (GH_E_DENIED: it holds others, nothing was changed). */
enum gh_rc gh_place_commit(struct gh_place *p, struct gh_err *err);
/* Remove what is left. */
void gh_place_close(struct gh_place *p);

/* Copy all of `from` to `to`, in the kernel where it can. False with errno. */
bool gh_place_copy(int from, int to, uint64_t size);
/* SHA-256 of an open file, read beside the worker. Wait for it with gh_digest_end(). */
struct gh_digest {
	pthread_t thread;
	int fd;
	bool running, ok;
	char hex[65];
};
void gh_digest_begin(struct gh_digest *d, int fd);
bool gh_digest_end(struct gh_digest *d);
#endif
