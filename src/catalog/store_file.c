/* store_file.c - objects as local files: ROOT/<tenant>/<aa>/<id>. */
#include "base/buf.h"
#include "catalog/id.h"
#include "catalog/store_int.h"
#include "os/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static int hex_of(char c) { return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1; }

/* The part of a tenant's objects an id lies in: 0 to 255. */
static unsigned part_of(const char *id) { return (unsigned)(hex_of(id[0]) << 4 | hex_of(id[1])); }

static void part_name(unsigned part, char out[3]) { (void)snprintf(out, 3, "%02x", part & 0xff); }

/* ---- writing ---- */

/* The directory an object belongs in; made, and its way from the root made durable, when `make` is set. */
static int part_dir(struct gh_store *s, const struct gh_store_key *key, bool make)
{
	char name[3];
	unsigned part = part_of(key->id);
	part_name(part, name);
	int tenant = gh_store_dir(s->root, key->tenant, make);
	if (tenant < 0)
		return -1;
	int dir = gh_store_dir(tenant, name, make);
	bool known = s->known[part] && strcmp(s->known_tenant, key->tenant) == 0;
	/* Also when both were there: whoever made them may have died, or still be, before the fsync. */
	bool good = dir >= 0 && (!make || known || (fsync(tenant) == 0 && fsync(s->root) == 0));
	int sys = errno;
	if (good && make && !known) {
		if (strcmp(s->known_tenant, key->tenant) != 0) {
			memcpy(s->known_tenant, key->tenant, sizeof s->known_tenant);
			memset(s->known, 0, sizeof s->known);
		}
		s->known[part] = true;
	}
	(void)close(tenant);
	if (!good && dir >= 0) {
		(void)close(dir);
		dir = -1;
	}
	errno = sys;
	return dir;
}

static int open_object(int dir, const char *name, struct stat *st)
{
	int fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return -1;
	if (fstat(fd, st) != 0 || !S_ISREG(st->st_mode)) {
		(void)close(fd);
		errno = EIO;
		return -1;
	}
	return fd;
}

/* Something of that name is there: is it what we want to store? Then make sure that it is durable. */
static enum gh_rc same(struct gh_store *s, const struct gh_store_key *key, int dir, int fd,
		       const struct gh_store_info *want, struct gh_err *err)
{
	struct stat st;
	char ours[65] = "", theirs[65];
	int have = open_object(dir, key->id, &st);
	if (have < 0)
		return gh_store_fail(err, s, key, errno == ENOENT ? EIO : errno,
				     "cannot read what stands in its place");
	bool equal = (uint64_t)st.st_size == want->size;
	bool good = !equal ||
		    (gh_store_sha256_fd(have, 0, want->size, theirs) &&
		     (want->sha256[0] != '\0' || gh_store_sha256_fd(fd, 0, want->size, ours)) && fsync(have) == 0);
	int sys = errno;
	(void)close(have);
	if (!good)
		return gh_store_fail(err, s, key, sys, "cannot compare it with what stands in its place");
	if (!equal || strcmp(theirs, want->sha256[0] != '\0' ? want->sha256 : ours) != 0)
		return gh_store_say(err, s, key, GH_E_EXISTS, "another object of that name is stored already");
	return GH_OK;
}

/* Move the staging file to its place unless something stands there. 0, or an errno. */
static int place(struct gh_store *s, int dir, const char *staged, const char *id)
{
	if (renameat2(s->staging, staged, dir, id, RENAME_NOREPLACE) == 0)
		return 0;
	if (errno != EINVAL && errno != ENOSYS)
		return errno;
	/* A file system that cannot do that: two steps; what is left after a crash between them is a leftover for fsck. */
	if (linkat(s->staging, staged, dir, id, 0) != 0)
		return errno;
	return unlinkat(s->staging, staged, 0) == 0 ? 0 : errno;
}

static enum gh_rc file_commit(struct gh_store *s, const struct gh_store_key *key, int fd,
			      const struct gh_store_info *want, struct gh_err *err)
{
	char staged[GH_STORE_STAGED];
	gh_store_staged_name(key, staged);
	if (fsync(fd) != 0) {
		/* Pages that could not be written may count as clean now: a second fsync would say yes to bytes that are lost. */
		enum gh_rc rc = gh_store_fail(err, s, key, errno, "cannot make it durable; it must be written anew");
		(void)unlinkat(s->staging, staged, 0);
		return rc;
	}
	int dir = part_dir(s, key, true);
	if (dir < 0)
		return gh_store_fail(err, s, key, errno == ENOENT ? EIO : errno, "cannot make its directory");
	int sys = place(s, dir, staged, key->id);
	enum gh_rc rc = GH_OK;
	if (sys == EEXIST) {
		rc = same(s, key, dir, fd, want, err);
		if (rc == GH_OK)
			rc = gh_store_unstage(s, key, err);
	} else if (sys != 0) {
		rc = gh_store_fail(err, s, key, sys == ENOENT ? EIO : sys, "cannot move it to its place");
	}
	if (rc == GH_OK && (fsync(dir) != 0 || fsync(s->staging) != 0))
		rc = gh_store_fail(err, s, key, errno, "cannot make its name durable");
	(void)close(dir);
	return rc;
}

static enum gh_rc file_remove(struct gh_store *s, const struct gh_store_key *key, struct gh_err *err)
{
	int dir = part_dir(s, key, false);
	if (dir < 0)
		return gh_store_fail(err, s, key, errno, "cannot be removed");
	int sys = unlinkat(dir, key->id, 0) == 0 && fsync(dir) == 0 ? 0 : errno;
	(void)close(dir);
	return sys == 0 ? GH_OK : gh_store_fail(err, s, key, sys, "cannot be removed");
}

/* ---- reading ---- */

static enum gh_rc file_get(struct gh_store *s, const struct gh_store_key *key, struct gh_store_object *o,
			   struct gh_store_info *info, struct gh_err *err)
{
	struct stat st;
	int dir = part_dir(s, key, false);
	o->fd = dir < 0 ? -1 : open_object(dir, key->id, &st);
	int sys = errno;
	if (dir >= 0)
		(void)close(dir);
	if (o->fd < 0)
		return gh_store_fail(err, s, key, sys, "cannot be opened");
	o->size = (uint64_t)st.st_size;
	*info = (struct gh_store_info){ .size = o->size, .at = (int64_t)st.st_mtime };
	return GH_OK;
}

static enum gh_rc file_read(struct gh_store_object *o, void *p, size_t n, uint64_t off, struct gh_err *err)
{
	if (gh_os_read_at(o->fd, p, n, off))
		return GH_OK;
	return gh_store_fail(err, o->store, &o->key, errno == ENODATA ? EILSEQ : errno,
			     errno == ENODATA ? "became shorter while it was read" : "cannot be read at byte %llu",
			     (unsigned long long)off);
}

static enum gh_rc file_object_fd(struct gh_store_object *o, uint64_t off, uint64_t n, int *fd, struct gh_err *err)
{
	(void)off;
	(void)n;
	*fd = fcntl(o->fd, F_DUPFD_CLOEXEC, 3);
	return *fd >= 0 ? GH_OK : gh_store_fail(err, o->store, &o->key, errno, "cannot be handed on");
}

static enum gh_rc file_stat(struct gh_store *s, const struct gh_store_key *key, struct gh_store_info *info,
			    struct gh_err *err)
{
	struct stat st;
	int dir = part_dir(s, key, false);
	int sys = dir >= 0 && fstatat(dir, key->id, &st, AT_SYMLINK_NOFOLLOW) == 0 ? 0 : errno;
	if (dir >= 0)
		(void)close(dir);
	if (sys != 0)
		return gh_store_fail(err, s, key, sys, "cannot be looked at");
	if (!S_ISREG(st.st_mode))
		return gh_store_fail(err, s, key, EILSEQ, "is no regular file");
	*info = (struct gh_store_info){ .size = (uint64_t)st.st_size, .at = (int64_t)st.st_mtime };
	return GH_OK;
}

static enum gh_rc file_check(struct gh_store *s, struct gh_err *err)
{
	if (faccessat(s->root, ".", R_OK | W_OK | X_OK, 0) != 0)
		return gh_store_fail(err, s, NULL, errno, "directory of objects");
	return GH_OK;
}

/* ---- listing ---- */

static void stray(struct gh_store_page *page, const char *dir, const char *name)
{
	if (page->strays++ > 0)
		return;
	struct gh_buf b = gh_buf(GH_STORE_NAME - 1);
	gh_buf_str(&b, dir);
	gh_buf_safe(&b, gh_span_str(name), GH_STORE_NAME - 1 - b.n - 4);
	(void)snprintf(page->stray, sizeof page->stray, "%s", gh_buf_cstr(&b));
	gh_buf_free(&b);
}

/* The names of a directory, one after the other; fn returns false to end. 0, or an errno. */
static int each_name(int dir, bool (*fn)(void *arg, const char *name), void *arg)
{
	int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	if (d == NULL) {
		int sys = errno;
		if (fd >= 0)
			(void)close(fd);
		return sys;
	}
	int sys = 0;
	for (;;) {
		errno = 0;
		const struct dirent *e = readdir(d);
		if (e == NULL) {
			sys = errno;
			break;
		}
		if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0 && !fn(arg, e->d_name))
			break;
	}
	(void)closedir(d);
	return sys;
}

struct tenant_look { /* the first tenant from `from` on */
	const char *from;
	bool beyond; /* `from` itself does not count */
	bool count;  /* strays, once */
	char best[GH_STORE_ID + 1];
	struct gh_store_page *page;
};

static bool tenant_name(void *arg, const char *name)
{
	struct tenant_look *l = arg;
	if (!gh_id_ok(gh_span_str(name))) {
		if (l->count && strcmp(name, "staging") != 0 && strcmp(name, "lost+found") != 0)
			stray(l->page, "", name);
		return true;
	}
	int c = l->from == NULL ? 1 : strcmp(name, l->from);
	if ((c > 0 || (c == 0 && !l->beyond)) && (l->best[0] == '\0' || strcmp(name, l->best) < 0))
		memcpy(l->best, name, sizeof l->best);
	return true;
}

struct parts_look {
	const char *tenant;
	bool there[256], count;
	struct gh_store_page *page;
};

static bool part_seen(void *arg, const char *name)
{
	struct parts_look *l = arg;
	if (strlen(name) == 2 && hex_of(name[0]) >= 0 && hex_of(name[1]) >= 0) {
		l->there[part_of(name)] = true;
	} else if (l->count) {
		char dir[GH_STORE_ID + 2];
		(void)snprintf(dir, sizeof dir, "%s/", l->tenant);
		stray(l->page, dir, name);
	}
	return true;
}

struct object_look {
	struct gh_store_page *page;
	const char *tenant, *after; /* after: NULL or an id */
	size_t first;		    /* row where this directory begins */
	unsigned part;
	int dir;
	bool cut; /* some did not fit */
};

/* Keep the smallest ids that fit: memory is bounded whatever lies in the directory. */
static bool object_name(void *arg, const char *name)
{
	struct object_look *l = arg;
	struct gh_store_page *p = l->page;
	struct stat st;
	if (!gh_id_ok(gh_span_str(name)) || part_of(name) != l->part ||
	    fstatat(l->dir, name, &st, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISREG(st.st_mode)) {
		if (l->after == NULL) {
			char dir[GH_STORE_ID + 8];
			(void)snprintf(dir, sizeof dir, "%s/%02x/", l->tenant, l->part);
			stray(p, dir, name);
		}
		return true;
	}
	if (l->after != NULL && strcmp(name, l->after) <= 0)
		return true;
	size_t at = p->n;
	while (at > l->first && strcmp(p->row[at - 1].key.id, name) > 0)
		at--;
	if (at == GH_STORE_PAGE) {
		l->cut = true;
		return true;
	}
	size_t end = p->n;
	if (p->n == GH_STORE_PAGE) {
		l->cut = true;
		end--;
	} else {
		p->n++;
	}
	memmove(&p->row[at + 1], &p->row[at], (end - at) * sizeof p->row[0]);
	p->row[at] = (struct gh_store_row){ .size = (uint64_t)st.st_size, .at = (int64_t)st.st_mtime };
	(void)gh_store_key_set(&p->row[at].key, l->tenant, name);
	return true;
}

/* A directory that cannot be opened: gone meanwhile, or something else stands in its place. */
static int no_directory(int sys, struct gh_store_page *page, const char *tenant, const char *name)
{
	if (sys == ENOTDIR || sys == ELOOP) {
		char dir[GH_STORE_ID + 2];
		(void)snprintf(dir, sizeof dir, "%s%s", tenant, tenant[0] == '\0' ? "" : "/");
		stray(page, dir, name);
		return 0;
	}
	return sys == ENOENT ? 0 : sys;
}

/* The objects of a tenant behind the id `after` (NULL: all), until the page is full. 0, or an errno. */
static int list_tenant(struct gh_store *s, const char *tenant, const char *after, struct gh_store_page *page)
{
	struct parts_look parts = { .tenant = tenant, .count = after == NULL, .page = page };
	int dir = gh_store_dir(s->root, tenant, false);
	if (dir < 0)
		return no_directory(errno, page, "", tenant);
	int sys = each_name(dir, part_seen, &parts);
	unsigned from = after == NULL ? 0 : part_of(after);
	for (unsigned i = from; sys == 0 && i < 256 && !page->more; i++) {
		char name[3];
		if (!parts.there[i])
			continue;
		part_name(i, name);
		struct object_look look = {
			.page = page, .tenant = tenant, .after = i == from ? after : NULL, .part = i, .first = page->n
		};
		look.dir = gh_store_dir(dir, name, false);
		if (look.dir < 0) {
			sys = no_directory(errno, page, tenant, name);
			continue;
		}
		sys = each_name(look.dir, object_name, &look);
		(void)close(look.dir);
		page->more = look.cut || page->n == GH_STORE_PAGE;
	}
	(void)close(dir);
	return sys;
}

static enum gh_rc file_list(struct gh_store *s, const char *tenant, const struct gh_store_key *after,
			    struct gh_store_page *page, struct gh_err *err)
{
	int sys = 0;
	if (tenant != NULL) {
		int c = after == NULL ? -1 : strcmp(after->tenant, tenant);
		if (c <= 0)
			sys = list_tenant(s, tenant, c == 0 ? after->id : NULL, page);
		return sys == 0 ? GH_OK
				: gh_store_fail(err, s, NULL, sys, "objects of tenant %s cannot be listed", tenant);
	}
	struct tenant_look look = { .from = after == NULL ? NULL : after->tenant,
				    .count = after == NULL,
				    .page = page };
	char now[GH_STORE_ID + 1];
	for (; !page->more; look.from = now, look.beyond = true, look.count = false) {
		look.best[0] = '\0';
		sys = each_name(s->root, tenant_name, &look);
		if (sys != 0 || look.best[0] == '\0')
			break;
		memcpy(now, look.best, sizeof now);
		sys = list_tenant(s, now, after != NULL && strcmp(now, after->tenant) == 0 ? after->id : NULL, page);
		if (sys != 0)
			break;
	}
	return sys == 0 ? GH_OK : gh_store_fail(err, s, NULL, sys == ENOENT ? EIO : sys, "objects cannot be listed");
}

const struct gh_store_ops gh_store_file_ops = {
	.check = file_check,
	.commit = file_commit,
	.get = file_get,
	.read = file_read,
	.object_fd = file_object_fd,
	.stat = file_stat,
	.remove = file_remove,
	.list = file_list,
};
