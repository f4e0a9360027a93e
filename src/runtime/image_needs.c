/* Which libraries a program wants, found as ld.so would find them: its run path, then the directories of the system. */
#include <stdio.h>
#include <unistd.h>

#include "runtime/image_int.h"
#include "wire/elfneed.h"

enum { PATH = 512 };

/* As ld.so of Debian and of others has them built in; those of the machine's architecture first. */
static const char *const system_dirs[] = {
#if defined(__x86_64__)
	"/lib/x86_64-linux-gnu",
	"/usr/lib/x86_64-linux-gnu",
#else
	"/lib/aarch64-linux-gnu",
	"/usr/lib/aarch64-linux-gnu",
#endif
	"/lib64",
	"/usr/lib64",
	"/lib",
	"/usr/lib",
};

/* Add a library that lies at this place on the host, under the same one inside. True: it was found. */
static bool found(struct gh_engine_image *i, const char *path, enum gh_rc *rc, struct gh_err *err)
{
	if (gh_image_has(i, path))
		return true;
	if (access(path, R_OK) != 0)
		return false;
	*rc = gh_image_add(i, GH_PART_LIBRARY, path, path, err);
	return true;
}

/* A file of the image itself: in the directory of who asks, inside. */
static bool beside(const struct gh_engine_image *i, const char *dir, const char *name)
{
	char path[PATH];
	return (size_t)snprintf(path, sizeof path, "%s/%s", dir, name) < sizeof path && gh_image_has(i, path);
}

/* Directories of a run path, "$ORIGIN" being where the file lies inside; other directories are those of the host. */
static bool in_runpath(struct gh_engine_image *i, struct gh_span runpath, const char *inside, const char *name,
		       enum gh_rc *rc, struct gh_err *err)
{
	char path[PATH];
	const char *slash = strrchr(inside, '/');
	for (size_t at = 0; at < runpath.n;) {
		const uint8_t *p = runpath.p + at, *colon = memchr(p, ':', runpath.n - at);
		const struct gh_span dir = { p, colon == NULL ? runpath.n - at : (size_t)(colon - p) };
		at += dir.n + 1;
		if (gh_span_starts(dir, "$ORIGIN")) {
			if ((size_t)snprintf(path, sizeof path, "%.*s%.*s", (int)(slash - inside), inside,
					     (int)dir.n - 7, (const char *)dir.p + 7) < sizeof path &&
			    beside(i, path, name))
				return true;
		} else if (dir.n != 0 && dir.p[0] == '/' &&
			   (size_t)snprintf(path, sizeof path, "%.*s/%s", (int)dir.n, (const char *)dir.p, name) <
				   sizeof path &&
			   found(i, path, rc, err))
			return true;
	}
	return false;
}

/* A name without directories goes into a path: none of ours may be left by it. */
static bool plain(const char *name) { return strchr(name, '/') == NULL && strcmp(name, "..") != 0; }

static enum gh_rc one(struct gh_engine_image *i, const char *inside, struct gh_span runpath, struct gh_span need,
		      struct gh_err *err)
{
	char name[GH_ELF_NAME], path[PATH];
	enum gh_rc rc = GH_OK;
	(void)snprintf(name, sizeof name, "%.*s", (int)need.n, (const char *)need.p);
	if (!plain(name))
		return gh_fail(err, GH_E_UNREAD, "%s wants a library by its path", inside);
	if (in_runpath(i, runpath, inside, name, &rc, err))
		return rc;
	for (size_t k = 0; k < sizeof system_dirs / sizeof *system_dirs; k++)
		if ((size_t)snprintf(path, sizeof path, "%s/%s", system_dirs[k], name) < sizeof path &&
		    found(i, path, &rc, err))
			return rc;
	for (size_t k = 0; k < i->nfile; k++) { /* loaded already, by whoever loads this: same name, any place */
		const char *base = strrchr(i->file[k].inside, '/');
		if (base != NULL && strcmp(base + 1, name) == 0)
			return GH_OK;
	}
	return gh_fail(err, GH_E_ABSENT, "%s needs the library %s, which is not there", inside, name);
}

static enum gh_rc of(struct gh_engine_image *i, const char *inside, struct gh_span bytes, struct gh_err *err)
{
	struct gh_elf_need need;
	char interpreter[GH_ELF_NAME];
	enum gh_rc rc = GH_OK;
	if (!gh_elf_need(bytes, &need)) /* a script, a table: whoever reads it has its own needs */
		return GH_OK;
	if (need.interpreter.n != 0) {
		(void)snprintf(interpreter, sizeof interpreter, "%.*s", (int)need.interpreter.n,
			       (const char *)need.interpreter.p);
		if (interpreter[0] != '/' || strstr(interpreter, "..") != NULL)
			return gh_fail(err, GH_E_UNREAD, "%s names no interpreter by its path", inside);
		if (!gh_image_has(i, interpreter))
			rc = gh_image_add(i, GH_PART_LIBRARY, interpreter, interpreter, err);
	}
	for (size_t k = 0; rc == GH_OK && k < need.nneeded; k++)
		rc = one(i, inside, need.runpath, need.needed[k], err);
	return rc;
}

enum gh_rc gh_image_needs(struct gh_engine_image *i, struct gh_span stub, struct gh_err *err)
{
	enum gh_rc rc = stub.n != 0 ? of(i, "/gatehouse-stub", stub, err) : GH_OK;
	/* The list grows while it is walked; it has an end, since nothing is added twice. */
	for (size_t k = 0; rc == GH_OK && k < i->nfile; k++)
		if (i->file[k].bytes != NULL)
			rc = of(i, i->file[k].inside, (struct gh_span){ i->file[k].bytes, i->file[k].n }, err);
	return rc;
}
