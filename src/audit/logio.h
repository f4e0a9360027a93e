/* logio.h - the calls by which the log writes, so that a test can let each of them fail, and the whole-file writes made of them.
 *
 * All names are relative to the open directory of the log. */
#ifndef GH_AUDIT_LOGIO_H
#define GH_AUDIT_LOGIO_H
#include <sys/types.h>

#include "base/buf.h"
#include "base/err.h"

/* As the calls of the system: -1 with errno. `arg` is the one of the structure. */
struct gh_log_io {
	void *arg;
	int (*open)(void *arg, int dir, const char *name, int flags, mode_t mode);
	ssize_t (*write)(void *arg, int fd, const void *p, size_t n);
	int (*sync)(void *arg, int fd); /* fsync(2) */
	int (*rename)(void *arg, int dir, const char *from, const char *to);
	int (*mkdir)(void *arg, int dir, const char *name, mode_t mode);
	int (*unlink)(void *arg, int dir, const char *name, int flags);
};
extern const struct gh_log_io gh_log_io_system;

/* All of it, or GH_E_IO. */
enum gh_rc gh_io_write_all(const struct gh_log_io *io, int fd, struct gh_span bytes, const char *what,
			   struct gh_err *err);
/* Temporary file, rename over `name`; with `durable` also fsync before and fsync of the log's directory after it (so `name` must
 * then lie in that directory itself). Directories on the way are made. Nothing is left behind on failure. */
enum gh_rc gh_io_put(const struct gh_log_io *io, int dir, const char *name, struct gh_span bytes, bool durable,
		     struct gh_err *err);
/* fsync a file or directory by its name. */
enum gh_rc gh_io_sync(const struct gh_log_io *io, int dir, const char *name, struct gh_err *err);
/* A whole file of at most `max` bytes. GH_E_ABSENT: it is not there. GH_E_LIMIT: longer. */
enum gh_rc gh_io_get(int dir, const char *name, size_t max, struct gh_buf *out, struct gh_err *err);
#endif
