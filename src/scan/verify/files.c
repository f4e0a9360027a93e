#include "scan/verify/files.h"

#include "crypto/mdstream.h"
#include "os/file.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { BLOCK = 1 << 20 };

const char *const gh_mfiles_default[] = { ".git", ".gitattributes", ".github", ".gitignore", NULL };

bool gh_mfiles_below(const char *name, struct gh_span of)
{
	while (of.n != 0 && of.p[of.n - 1] == '/')
		of.n--;
	size_t n = strlen(name);
	return of.n != 0 && n >= of.n && memcmp(name, of.p, of.n) == 0 && (n == of.n || name[of.n] == '/');
}

bool gh_mfiles_is_default(const char *name)
{
	for (const char *const *d = gh_mfiles_default; *d != NULL; d++)
		if (gh_mfiles_below(name, gh_span_str(*d)))
			return true;
	return false;
}

static bool is_signature(const char *path, const struct stat *sig)
{
	struct stat st;
	return sig != NULL && stat(path, &st) == 0 && st.st_dev == sig->st_dev && st.st_ino == sig->st_ino;
}

static bool left_out(const char *name, const char *const *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (gh_mfiles_below(name, gh_span_str(list[i])))
			return true;
	return false;
}

static void judge(const struct gh_mfiles *f, const struct gh_mopt *opt, const struct stat *sig,
		  const struct gh_os_entry *e, struct gh_mfile *m)
{
	*m = (struct gh_mfile){ .path = e->path,
				.name = f->alone ? "." : e->name,
				.size = e->size,
				.sys = e->sys,
				.link = e->kind == GH_OS_LINK_FILE || e->kind == GH_OS_LINK_OTHER };
	const char *wrong = f->alone ? NULL : gh_oms_name_wrong(gh_span_str(m->name));
	if (!f->alone && left_out(m->name, opt->ignore, opt->nignore))
		m->state = GH_M_CHOSEN;
	else if (!f->alone && (is_signature(e->path, sig) || gh_mfiles_is_default(m->name)))
		m->state = GH_M_DEFAULT;
	else if (wrong != NULL) {
		m->state = GH_M_BAD_NAME;
		m->why = wrong;
	} else if (e->kind == GH_OS_UNREADABLE)
		m->state = GH_M_UNREADABLE;
	else if (e->kind == GH_OS_SPECIAL)
		m->state = GH_M_SPECIAL;
	else if (m->link && (!opt->allow_links || e->kind == GH_OS_LINK_OTHER || (e->outside && !e->cached))) {
		m->state = GH_M_LINK;
		m->why = !opt->allow_links ? "a link" : "a link that leads out of the model, or to no file";
	} else
		m->state = GH_M_FILE;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct gh_mfile *)a)->name, ((const struct gh_mfile *)b)->name);
}

/* The last part of the path once links and dots are gone. */
static void name_model(const char *path, char *out, size_t cap)
{
	char *real = realpath(path, NULL);
	const char *slash = real == NULL ? NULL : strrchr(real, '/');
	(void)snprintf(out, cap, "%s", slash == NULL || slash[1] == '\0' ? "model" : slash + 1);
	free(real);
}

enum gh_rc gh_mfiles_list(const char *path, const struct gh_mopt *opt, struct gh_mfiles *out, struct gh_err *err)
{
	struct stat sig, *sig_p = opt->signature != NULL && stat(opt->signature, &sig) == 0 ? &sig : NULL;
	*out = (struct gh_mfiles){ .dir = -1 };
	if (!gh_os_tree(path, &out->tree))
		return gh_fail_sys(err, errno, "it cannot be read");
	out->alone = out->tree.alone;
	name_model(path, out->base, sizeof out->base);
	out->v = calloc(out->tree.n + 1, sizeof *out->v);
	if (out->v == NULL)
		return gh_fail(err, GH_E_NOMEM, "no memory for a list of %zu files", out->tree.n);
	if (!out->alone) {
		out->dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (out->dir < 0)
			return gh_fail_sys(err, errno, "it cannot be read");
	}
	for (size_t i = 0; i < out->tree.n; i++)
		judge(out, opt, sig_p, &out->tree.v[i], &out->v[out->n++]);
	qsort(out->v, out->n, sizeof *out->v, by_name);
	return GH_OK;
}

void gh_mfiles_free(struct gh_mfiles *f)
{
	if (f->dir >= 0)
		(void)close(f->dir);
	free(f->v);
	gh_os_tree_free(&f->tree);
	*f = (struct gh_mfiles){ .dir = -1 };
}

/* ---- digests ------------------------------------------------------------------------------------------------------- */

/* Below the model's directory; a link that was put in the way since the listing is not followed. */
static int open_below(const struct gh_mfiles *f, const struct gh_mfile *m, struct stat *st)
{
	if (f->dir < 0 || m->link)
		return gh_os_open_regular(m->path, st);
	struct open_how how = { .flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY,
				.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS };
	int fd = (int)syscall(SYS_openat2, f->dir, m->name, &how, sizeof how);
	if (fd < 0 && errno == ENOSYS)
		return gh_os_open_regular(m->path, st);
	if (fd < 0 || fstat(fd, st) != 0)
		return -1;
	if (!S_ISREG(st->st_mode)) {
		(void)close(fd);
		errno = EINVAL;
		return -1;
	}
	return fd;
}

struct reader {
	int fd;
	uint8_t *block;
	uint64_t at, size;
	void (*tick)(void *arg, uint64_t bytes);
	void *arg;
};

/* The next bytes, at most `most`; an empty span: the end, or err is set. */
static struct gh_span next(struct reader *r, uint64_t most, struct gh_err *err)
{
	uint64_t left = r->size - r->at;
	size_t n = (size_t)(left < BLOCK ? left : BLOCK);
	n = most < n ? (size_t)most : n;
	if (n == 0)
		return (struct gh_span){ 0 };
	if (!gh_os_read_at(r->fd, r->block, n, r->at)) {
		enum gh_rc rc = errno == ENODATA ? gh_fail(err, GH_E_DENIED, "it changed while it was read")
						 : gh_fail_sys(err, errno, "it cannot be read");
		(void)rc;
		return (struct gh_span){ 0 };
	}
	r->at += n;
	if (r->tick != NULL)
		r->tick(r->arg, r->at);
	return (struct gh_span){ r->block, n };
}

static enum gh_rc one_part(struct reader *r, struct gh_mdstream *md, uint64_t n, struct gh_mpart *p, struct gh_err *err)
{
	struct gh_err now = { 0 };
	p->start = r->at;
	p->end = r->at + n;
	bool ok = gh_mdstream_start(md);
	while (ok && r->at < p->end) {
		struct gh_span s = next(r, p->end - r->at, &now);
		if (s.n == 0) {
			if (err != NULL)
				*err = now;
			return now.rc;
		}
		ok = gh_mdstream_add(md, s);
	}
	return ok && gh_mdstream_end(md, p->digest) ? GH_OK : gh_fail(err, GH_E_BUG, "its digest could not be made");
}

enum gh_rc gh_mfile_digest(const struct gh_mfiles *f, const struct gh_mfile *m, enum gh_md md, uint64_t piece,
			   enum gh_rc (*on)(void *arg, const struct gh_mpart *p),
			   void (*tick)(void *arg, uint64_t bytes), void *arg, struct gh_err *err)
{
	struct stat was, now;
	struct reader r = { .fd = open_below(f, m, &was), .tick = tick, .arg = arg };
	if (r.fd < 0)
		return errno == ELOOP || errno == EXDEV ? gh_fail(err, GH_E_DENIED, "a link was put in its way")
							: gh_fail_sys(err, errno, "it cannot be opened");
	r.size = (uint64_t)was.st_size;
	r.block = malloc(BLOCK);
	struct gh_mdstream *s = gh_mdstream_new(md);
	enum gh_rc rc = r.block == NULL || s == NULL ? gh_fail(err, GH_E_NOMEM, "no memory to read it") : GH_OK;
	(void)posix_fadvise(r.fd, 0, 0, POSIX_FADV_SEQUENTIAL);
	for (bool first = true; rc == GH_OK && (r.at < r.size || (first && piece == 0)); first = false) {
		struct gh_mpart p;
		uint64_t left = r.size - r.at;
		rc = one_part(&r, s, piece == 0 || left < piece ? left : piece, &p, err);
		rc = rc == GH_OK ? on(arg, &p) : rc;
	}
	if (rc == GH_OK && (fstat(r.fd, &now) != 0 || !gh_os_same_file(&was, &now)))
		rc = gh_fail(err, GH_E_DENIED, "it changed while it was read");
	gh_mdstream_free(s);
	free(r.block);
	(void)close(r.fd);
	return rc;
}

enum gh_rc gh_mfile_all(const char *path, uint8_t out[4][GH_MD_MAX], uint64_t *size, struct gh_err *err)
{
	struct stat was, now;
	struct reader r = { .fd = gh_os_open_regular(path, &was) };
	struct gh_mdstream *md[4] = { NULL };
	struct gh_err why = { 0 };
	if (r.fd < 0)
		return errno == EINVAL ? gh_fail(err, GH_E_IO, "it is no regular file")
				       : gh_fail_sys(err, errno, "it cannot be opened");
	*size = r.size = (uint64_t)was.st_size;
	r.block = malloc(BLOCK);
	bool ok = r.block != NULL;
	for (unsigned i = 0; i < 4; i++)
		ok = (md[i] = gh_mdstream_new((enum gh_md)i)) != NULL && ok;
	for (struct gh_span s; ok && (s = next(&r, BLOCK, &why)).n != 0;)
		for (unsigned i = 0; i < 4; i++)
			ok = gh_mdstream_add(md[i], s) && ok;
	for (unsigned i = 0; i < 4; i++) {
		ok = ok && gh_mdstream_end(md[i], out[i]);
		gh_mdstream_free(md[i]);
	}
	bool same = fstat(r.fd, &now) == 0 && gh_os_same_file(&was, &now);
	free(r.block);
	(void)close(r.fd);
	if (why.rc != GH_OK || (ok && !same))
		return gh_fail(err, GH_E_IO, "%s",
			       why.rc == GH_E_IO ? "it cannot be read" : "it changed while it was read");
	return ok ? GH_OK : gh_fail(err, GH_E_NOMEM, "its digests could not be made");
}
