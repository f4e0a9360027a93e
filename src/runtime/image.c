/* An engine's image: all that will be executed for it, read once, digested, ready to be started any number of times. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "attest/software.h"
#include "crypto/pubkey.h"
#include "os/jail_serve.h"
#include "os/proc.h"
#include "os/tree.h"
#include "runtime/image_int.h"

enum { ARENA = 4 << 20, PATH = 512 };
#ifndef MFD_EXEC
#define MFD_EXEC 0x10u
#endif

int gh_image_sealed(const char *name, const uint8_t *bytes, size_t n)
{
	int fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_EXEC);
	if (fd < 0 && errno == EINVAL) /* kernels before 6.3: executable without being asked */
		fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
	size_t off = 0;
	while (fd >= 0 && off < n) {
		ssize_t w = write(fd, bytes + off, n - off);
		if (w <= 0 && errno != EINTR)
			break;
		off += w > 0 ? (size_t)w : 0;
	}
	if (fd >= 0 && off == n &&
	    fcntl(fd, F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE) == 0)
		return fd;
	int e = errno;
	if (fd >= 0)
		(void)close(fd);
	errno = e;
	return -1;
}

/* "{engine}/x" → "DIR/x" */
static bool host_path(const char *dir, const char *path, char out[PATH])
{
	int n = strncmp(path, "{engine}/", 9) == 0 ? snprintf(out, PATH, "%s/%s", dir, path + 9)
						   : snprintf(out, PATH, "%s", path);
	return n > 0 && n < PATH;
}

/* All files of a directory, links followed, nothing below. */
static enum gh_rc add_all(struct gh_engine_image *i, const char *dir, const char *inside, struct gh_err *err)
{
	struct gh_os_tree t = { 0 };
	char in[PATH];
	enum gh_rc rc = gh_os_tree(dir, &t) && !t.alone ? GH_OK : gh_fail(err, GH_E_ABSENT, "%s is not there", dir);
	for (size_t k = 0; rc == GH_OK && k < t.n; k++) {
		const struct gh_os_entry *e = &t.v[k];
		if (strchr(e->name, '/') != NULL || (e->kind != GH_OS_FILE && e->kind != GH_OS_LINK_FILE))
			continue;
		if ((size_t)snprintf(in, sizeof in, "%s/%s", inside, e->name) >= sizeof in)
			rc = gh_fail(err, GH_E_LIMIT, "%s: the path is too long", e->path);
		else if (!gh_image_has(i, in))
			rc = gh_image_add(i, GH_PART_LIBRARY, e->path, in, err);
	}
	gh_os_tree_free(&t);
	return rc;
}

static enum gh_rc add(struct gh_engine_image *i, const struct gh_engine_bind *b, const char *dir, struct gh_err *err)
{
	char host[PATH];
	struct gh_err lost = { 0 };
	if (!host_path(dir, b->host, host))
		return gh_fail(err, GH_E_LIMIT, "%.60s…: the path is too long", b->host);
	const size_t n = strlen(host);
	struct gh_err *e = b->optional ? &lost : err;
	enum gh_rc rc;
	if (b->optional && access(host, F_OK) != 0)
		return GH_OK;
	if (!b->tree && n > 2 && strcmp(host + n - 2, "/*") == 0) {
		host[n - 2] = '\0';
		rc = add_all(i, host, b->inside, e);
	} else if (gh_image_has(i, b->inside))
		return GH_OK;
	else
		rc = gh_image_add(i, b->tree ? GH_PART_TREE : GH_PART_LIBRARY, host, b->inside, e);
	return b->optional && rc == GH_E_ABSENT ? GH_OK : rc;
}

static enum gh_rc filter(struct gh_engine_image *i, struct gh_err *err)
{
	const struct gh_serve_filter f = { .row = i->profile->syscalls,
					   .unix_socket = i->profile->socket == GH_ENGINE_BIND };
	return gh_serve_filter(&f, i->ins, &i->filter) ? GH_OK
						       : gh_fail(err, GH_E_BUG, "the seccomp filter does not fit");
}

static enum gh_rc measure(struct gh_engine_image *i, struct gh_err *err)
{
	struct gh_part *p = GH_NEW(&i->arena, struct gh_part, i->nfile + 3);
	uint8_t md[GH_MD_MAX];
	size_t n = 0;
	if (p == NULL)
		return gh_fail(err, GH_E_NOMEM, "no memory to measure in");
	p[n] = (struct gh_part){ .kind = GH_PART_STUB, .name = "gatehouse-stub", .size = i->stub_size };
	memcpy(p[n++].sha256, i->stub_sha256, 32);
	for (size_t k = 0; k < i->nfile; k++) {
		p[n] = (struct gh_part){ .kind = i->file[k].kind, .name = i->file[k].inside, .size = i->file[k].size };
		memcpy(p[n++].sha256, i->file[k].sha256, 32);
	}
	const struct {
		enum gh_part_kind kind;
		const char *name;
		struct gh_span bytes;
	} more[] = {
		{ GH_PART_SECCOMP, i->profile->syscalls, { (const uint8_t *)i->ins, i->filter.len * sizeof *i->ins } },
		{ GH_PART_CONFIG, i->profile->name, i->profile->text },
	};
	for (size_t k = 0; k < sizeof more / sizeof *more; k++) {
		p[n] = (struct gh_part){ .kind = more[k].kind, .name = more[k].name, .size = more[k].bytes.n };
		if (!gh_md(GH_MD_SHA256, more[k].bytes, md))
			return gh_fail(err, GH_E_BUG, "a part could not be digested");
		memcpy(p[n++].sha256, md, 32);
	}
	return gh_measure(&i->arena, p, n, &i->measured, err);
}

static enum gh_rc load_stub(struct gh_engine_image *i, uint8_t **bytes, struct gh_err *err)
{
	uint8_t md[GH_MD_MAX];
	size_t n;
	if (!gh_os_sibling("gatehouse-stub", i->stub_path, sizeof i->stub_path))
		return gh_fail(err, GH_E_ABSENT,
			       "gatehouse-stub is neither beside this program nor in ../libexec/gatehouse; "
			       "install it again");
	enum gh_rc rc = gh_image_read(i->stub_path, bytes, &n, err);
	if (rc != GH_OK)
		return rc;
	i->stub_size = n;
	if (!gh_md(GH_MD_SHA256, (struct gh_span){ *bytes, n }, md))
		return gh_fail(err, GH_E_BUG, "the stub could not be digested");
	memcpy(i->stub_sha256, md, 32);
	i->stub = gh_image_sealed("gatehouse-stub", *bytes, n);
	return i->stub >= 0 ? GH_OK : gh_fail_sys(err, errno, "sealed memory for the stub");
}

/* Where {engine} is: where it was said to be, where the profile says, beside the embedded engine, else beside the stub. */
static const char *engine_dir(const struct gh_engine_image *i, const char *where, char buf[PATH])
{
	if (where != NULL || i->profile->directory != NULL)
		return where != NULL ? where : i->profile->directory;
	if (!gh_os_sibling("gatehouse-engine", buf, PATH))
		(void)snprintf(buf, PATH, "%s", i->stub_path);
	*strrchr(buf, '/') = '\0';
	return buf;
}

static enum gh_rc fill(struct gh_engine_image *i, const char *where, uint8_t **stub, struct gh_err *err)
{
	const struct gh_engine_profile *p = i->profile;
	char dir[PATH], program[PATH];
	enum gh_rc rc = load_stub(i, stub, err);
	if (rc != GH_OK)
		return rc;
	const char *engine = engine_dir(i, where, dir);
	if (!host_path(engine, p->program, program))
		return gh_fail(err, GH_E_LIMIT, "%.60s…: the path is too long", p->program);
	rc = gh_image_add(i, GH_PART_ENGINE, program, p->argv[0], err);
	if (rc == GH_E_ABSENT)
		return gh_fail(err, rc, "engine %s: its program is missing", p->name);
	for (size_t k = 0; rc == GH_OK && k < p->nbind; k++)
		rc = add(i, &p->bind[k], engine, err);
	struct gh_span own = { *stub, i->stub_size };
	if (rc == GH_OK && p->libraries)
		rc = gh_image_needs(i, own, err);
	if (rc == GH_OK)
		rc = filter(i, err);
	return rc == GH_OK ? measure(i, err) : gh_fail(err, rc, "engine %s", p->name);
}

enum gh_rc gh_engine_load(const struct gh_engine_profile *p, const char *where, struct gh_engine_image **out,
			  struct gh_err *err)
{
	uint8_t *stub = NULL;
	struct gh_engine_image *i = calloc(1, sizeof *i);
	*out = NULL;
	if (i == NULL)
		return gh_fail(err, GH_E_NOMEM, "no memory for an engine");
	i->profile = p;
	i->stub = -1;
	i->arena.max = ARENA;
	i->file = GH_NEW(&i->arena, struct gh_image_file, GH_ENGINE_FILES);
	enum gh_rc rc = i->file == NULL ? gh_fail(err, GH_E_NOMEM, "no memory for an engine")
					: fill(i, where, &stub, err);
	free(stub);
	if (rc != GH_OK) {
		gh_engine_free(i);
		return rc;
	}
	*out = i;
	return GH_OK;
}

void gh_engine_free(struct gh_engine_image *i)
{
	if (i == NULL)
		return;
	for (size_t k = 0; k < i->nfile; k++)
		free(i->file[k].bytes);
	if (i->stub >= 0)
		(void)close(i->stub);
	gh_arena_free(&i->arena);
	free(i);
}

const struct gh_measurement *gh_engine_measurement(const struct gh_engine_image *i) { return &i->measured; }
const struct gh_engine_profile *gh_engine_of(const struct gh_engine_image *i) { return i->profile; }

enum gh_rc gh_engine_check(const struct gh_engine_image *i, struct gh_err *err)
{
	for (size_t k = 0; k < i->nfile; k++) {
		const struct gh_image_file *f = &i->file[k];
		uint8_t md[GH_MD_MAX], *bytes = NULL;
		size_t n = 0;
		uint64_t size = 0;
		enum gh_rc rc = f->kind == GH_PART_TREE ? gh_image_tree(f->host, md, &size, err)
							: gh_image_read(f->host, &bytes, &n, err);
		bool same = rc == GH_OK &&
			    (f->kind == GH_PART_TREE || gh_md(GH_MD_SHA256, (struct gh_span){ bytes, n }, md)) &&
			    memcmp(md, f->sha256, 32) == 0;
		free(bytes);
		if (!same)
			return gh_fail(err, GH_E_DENIED, "%s %s is not what was measured when it was started (%s)",
				       gh_part_word(f->kind), f->inside, f->host);
	}
	uint8_t *bytes = NULL, md[GH_MD_MAX];
	size_t n = 0;
	enum gh_rc rc = gh_image_read(i->stub_path, &bytes, &n, err);
	bool same = rc == GH_OK && gh_md(GH_MD_SHA256, (struct gh_span){ bytes, n }, md) &&
		    memcmp(md, i->stub_sha256, 32) == 0;
	free(bytes);
	return same ? GH_OK
		    : gh_fail(err, GH_E_DENIED, "gatehouse-stub is not what was measured when it was started (%s)",
			      i->stub_path);
}

enum gh_rc gh_engine_named(struct gh_arena *a, const char *name, struct gh_engine_profile *out, struct gh_err *err)
{
	const char *base = strrchr(name, '/');
	uint8_t *bytes = NULL;
	size_t n = 0;
	if (base++ == NULL)
		return gh_engine_profile(a, name, out, err);
	const size_t len = strlen(base), end = len > 5 && strcmp(base + len - 5, ".yaml") == 0 ? len - 5 : len;
	const struct gh_span kept = gh_keep(a, (struct gh_span){ (const uint8_t *)base, end });
	if (kept.p == NULL)
		return gh_fail(err, GH_E_NOMEM, "no memory for an engine profile");
	for (size_t i = 0; i < kept.n; i++)
		if (kept.p[i] <= 0x20 || kept.p[i] >= 0x7f || kept.n >= GH_SOFTWARE_PROFILE)
			return gh_fail(err, GH_E_MALFORMED,
				       "an engine profile needs a plain name of at most %d characters",
				       GH_SOFTWARE_PROFILE - 1);
	enum gh_rc rc = gh_image_read(name, &bytes, &n, err);
	if (rc == GH_OK)
		rc = gh_engine_read(a, (const char *)kept.p, (struct gh_span){ bytes, n }, out, err);
	free(bytes);
	return rc == GH_OK ? rc : gh_fail(err, rc, "engine profile %s", name);
}
