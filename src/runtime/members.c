/* Models inside archives. A tool worker writes the members that a loader would open to an unlinked file (scan/extract.h); each is loaded from
 * there in a jail of its own, where it is the only file. */
#include "base/buf.h"
#include "os/file.h"
#include "runtime/detonate_int.h"
#include "scan/extract.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { NAMED = 4 }; /* members that a sentence names */

static unsigned use_of(const struct gh_loader *l)
{
	if (l->archive || l->perhaps)
		return GH_EXTRACT_OPEN;
	if (l->host == GH_LOADER_NONE)
		return GH_EXTRACT_MISSED | (l->open ? GH_EXTRACT_OPEN : 0u);
	return l->inert ? GH_EXTRACT_INERT : GH_EXTRACT_WRITE;
}

/* The loader for the first format of the set: they stand in the order of preference. */
static const struct gh_loader *loader_of(uint64_t formats, unsigned use)
{
	for (size_t i = 0; i < gh_nloaders; i++)
		if ((formats >> i & 1) != 0 && (use_of(&gh_loaders[i]) & use) != 0)
			return &gh_loaders[i];
	return NULL;
}

static const char *kept(struct gh_arena *a, struct gh_buf *b)
{
	struct gh_span s = gh_keep(a, gh_buf_view(b));
	return s.p == NULL ? "no memory" : (const char *)s.p;
}

/* ---- what was not loaded ------------------------------------------------------------------------------------------ */

static void say_left(struct gh_buf *b, const struct gh_extract_left *l)
{
	const struct gh_loader *missed = loader_of(l->formats, GH_EXTRACT_MISSED);
	gh_buf_fmt(b, "%s (", l->path[0] == '\0' ? "the archive" : l->path);
	switch (l->why) {
	case GH_EXTRACT_TOO_MANY: gh_buf_fmt(b, "more than %d members", GH_MEMBERS_COUNT); break;
	case GH_EXTRACT_TOO_LARGE:
		gh_buf_fmt(b, "larger than %d MiB, or %d MiB with those before it", GH_MEMBERS_EACH, GH_MEMBERS_ALL);
		break;
	case GH_EXTRACT_NO_LOADER:
		gh_buf_fmt(b, "no loader here for %s, which needs %s", missed == NULL ? "it" : missed->format,
			   missed == NULL ? "one" : missed->needs);
		break;
	case GH_EXTRACT_UNREAD:
	case GH_EXTRACT_WHYS: gh_buf_fmt(b, "not read to its end: %s", l->text); break;
	}
	gh_buf_ch(b, ')');
}

/* The archive's own entry: what of it was not exercised, or why nothing had to be. */
static void conclude(const struct gh_extracted *x, size_t late, struct gh_arena *a, struct gh_detonation *out)
{
	gh_auto_buf b = gh_buf(2000);
	uint64_t left = x->nleft + x->more + late;
	if (left == 0) {
		gh_buf_str(&b, out->npart != 0 ? "it is an archive: its members were loaded, each by itself"
			       : x->inert != 0 ? "nothing in its members runs when they are loaded"
					       : "no member is of a format that a loader reads");
		if (out->why == NULL && !out->ran)
			out->spared = kept(a, &b);
		return;
	}
	if (out->why != NULL)
		gh_buf_fmt(&b, "%s; ", out->why);
	gh_buf_str(&b, "of its members were not loaded: ");
	for (size_t i = 0; i < x->nleft && i < NAMED; i++) {
		gh_buf_str(&b, i == 0 ? "" : ", ");
		say_left(&b, &x->left[i]);
	}
	uint64_t unnamed = x->nleft > NAMED ? x->nleft - NAMED + x->more : x->more;
	if (unnamed != 0)
		gh_buf_fmt(&b, " and %llu more", (unsigned long long)unnamed);
	if (late != 0)
		gh_buf_fmt(&b, "%s%zu for which there was no time (%d times --detonate-time)",
			   x->nleft == 0 ? "" : "; ", late, GH_MEMBERS_TIMES);
	out->why = kept(a, &b);
}

/* ---- loading ------------------------------------------------------------------------------------------------------ */

static size_t load_all(struct gh_detonator *d, const struct gh_extracted *x, const uint8_t *bytes, unsigned seconds,
		       struct gh_arena *a, struct gh_detonation *out)
{
	uint64_t ms = 0;
	struct gh_detonation *v = GH_NEW(a, struct gh_detonation, x->n + 1);
	if (v == NULL)
		return x->n;
	out->part = v;
	for (size_t i = 0; i < x->n; i++) {
		const struct gh_extract_member *m = &x->v[i];
		const struct gh_loader *l = loader_of(m->formats, GH_EXTRACT_WRITE);
		if (ms > (uint64_t)seconds * 1000 * GH_MEMBERS_TIMES)
			return x->n - i;
		struct gh_detonation *p = &v[out->npart];
		*p = (struct gh_detonation){
			.path = out->path, .member = m->path, .loader = "", .layers = "", .bytes = m->len
		};
		gh_detonate_bytes(d, l, (struct gh_span){ bytes + m->off, (size_t)m->len }, a, p);
		ms += p->ms;
		out->npart++;
	}
	return 0;
}

/* The output is our own, unlinked and held by nobody else any more: the worker that wrote it has ended. */
static void load_from(struct gh_detonator *d, int file, const struct gh_extracted *x, unsigned seconds,
		      struct gh_arena *a, struct gh_detonation *out)
{
	uint64_t end = x->n == 0 ? 0 : x->v[x->n - 1].off + x->v[x->n - 1].len;
	void *bytes = end == 0 ? NULL : mmap(NULL, (size_t)end, PROT_READ, MAP_PRIVATE, file, 0);
	size_t late = x->n;
	if (end == 0 && x->n != 0)
		out->why = "its members are empty";
	else if (bytes == MAP_FAILED)
		out->why = "its members could not be brought into memory";
	else
		late = x->n == 0 ? 0 : load_all(d, x, bytes, seconds, a, out);
	if (bytes != NULL && bytes != MAP_FAILED)
		(void)munmap(bytes, (size_t)end);
	conclude(x, late, a, out);
}

void gh_detonate_members(struct gh_detonator *d, int fd, const char *name, unsigned seconds, struct gh_arena *a,
			 struct gh_detonation *out)
{
	struct gh_extract_name names[GH_EXTRACT_NAMES];
	struct gh_err err = { 0 };
	char line[400];
	gh_auto_buf why = gh_buf(600);
	int file = gh_os_unlinked_file();
	struct gh_extracted *x = GH_NEW(a, struct gh_extracted, 1);
	_Static_assert((int)GH_EXTRACT_COUNT >= (int)GH_MEMBERS_COUNT, "a job holds all members");
	if (file < 0 || x == NULL || gh_nloaders > GH_EXTRACT_NAMES) {
		gh_buf_fmt(&why, "its members could not be taken out: no temporary file ($TMPDIR): %s",
			   strerror(errno));
		out->why = kept(a, &why);
		if (file >= 0)
			(void)close(file);
		return;
	}
	for (size_t i = 0; i < gh_nloaders; i++)
		names[i] = (struct gh_extract_name){ gh_loaders[i].format, use_of(&gh_loaders[i]) };
	const struct gh_extract_job job = { .name = names,
					    .nname = gh_nloaders,
					    .count = GH_MEMBERS_COUNT,
					    .each = (uint64_t)GH_MEMBERS_EACH << 20,
					    .bytes = (uint64_t)GH_MEMBERS_ALL << 20,
					    .seconds = seconds * GH_MEMBERS_TIMES };
	if (gh_extract(fd, name, &job, file, a, x, &err) == GH_OK)
		load_from(d, file, x, seconds, a, out);
	else {
		gh_buf_fmt(&why, "its members could not be taken out: %s", gh_err_line(&err, line, sizeof line));
		out->why = kept(a, &why);
	}
	(void)close(file);
}
