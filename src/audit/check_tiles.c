#include "audit/check_int.h"

#include "audit/logio.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

void gh_audit_check_tile(struct gh_audit_walk *w, unsigned level, unsigned width)
{
	struct gh_err err = { 0 };
	struct gh_audit_row *row = &w->row[level];
	const struct gh_mhash *h;
	unsigned n;
	char path[GH_TILE_PATH];
	w->r->tiles++;
	w->r->bytes += (uint64_t)width * GH_MERKLE_HASH;
	if (gh_tiles_hashes(&w->tiles, level, row->index, &h, &n, &err) != GH_OK) {
		gh_audit_problem_err(w->r, &err);
		return;
	}
	for (unsigned i = 0; i < width; i++) {
		if (gh_mhash_eq(&h[i], &row->h[i]))
			continue;
		gh_tile_path((int)level, row->index, width, path);
		if (level == 0)
			gh_audit_problem(w->r, "%s: entry %llu and its hash disagree: one of them was altered", path,
					 (unsigned long long)(row->index * GH_TILE + i));
		else
			gh_audit_problem(w->r, "%s: hash %u is not that of the tile below it", path, i);
		return;
	}
}

/* ---- names of files -------------------------------------------------------------------------------------------------------------- */

/* "x001/x234/067" and "x001/x234/067.p/12" as they stand under tile/LEVEL. */
static bool read_name(const char *s, uint64_t *index, unsigned *width)
{
	unsigned groups = 0;
	for (*index = 0, *width = GH_TILE;; s++) {
		bool more = *s == 'x';
		s += more;
		for (unsigned i = 0; i < 3; i++, s++) {
			if (*s < '0' || *s > '9')
				return false;
			*index = *index * 10 + (uint64_t)(*s - '0');
		}
		if (++groups > 6)
			return false;
		if (!more)
			break;
		if (*s != '/')
			return false;
	}
	if (*s == '\0')
		return true;
	char *end;
	if (strncmp(s, ".p/", 3) != 0 || s[3] < '1' || s[3] > '9')
		return false;
	unsigned long v = strtoul(s + 3, &end, 10);
	*width = (unsigned)v;
	return *end == '\0' && v < GH_TILE;
}

/* A partial tile of an earlier checkpoint holds the beginning of the tile as it is now. */
static void check_partial(struct gh_audit_walk *w, int level, uint64_t index, unsigned width, const char *path)
{
	gh_auto_buf old = gh_buf(GH_BUNDLE_MAX), now = gh_buf(GH_BUNDLE_MAX);
	const struct gh_mhash *h;
	unsigned n;
	bool same = false;
	if (gh_io_get(w->tiles.dir, path, GH_BUNDLE_MAX, &old, NULL) != GH_OK)
		return; /* a writer has removed it meanwhile */
	w->r->tiles++;
	w->r->bytes += old.n;
	if (level >= 0) {
		same = old.n == (size_t)width * GH_MERKLE_HASH &&
		       gh_tiles_hashes(&w->tiles, (unsigned)level, index, &h, &n, NULL) == GH_OK && n >= width &&
		       memcmp(h, old.p, old.n) == 0;
	} else if (gh_tiles_bundle(&w->tiles, index, &now, NULL) == GH_OK) {
		struct gh_span rest = gh_buf_view(&now), entry;
		for (unsigned i = 0; i < width && gh_bundle_next(&rest, &entry); i++)
			same = i + 1 == width && old.n == now.n - rest.n && memcmp(old.p, now.p, old.n) == 0;
	}
	if (!same)
		gh_audit_problem(w->r, "%s was altered: it is not the beginning of what follows", path);
}

static void check_file(struct gh_audit_walk *w, int level, const char *path, const char *name)
{
	uint64_t index;
	unsigned width;
	if (!read_name(name, &index, &width)) {
		gh_audit_problem(w->r, "%s does not belong into the log", path);
		return;
	}
	unsigned now = gh_tile_width(level, index, w->tiles.size);
	if (now < width)
		return; /* of an append that is under way, or was not finished */
	if (width < now)
		check_partial(w, level, index, width, path);
}

/* ---- walking ---------------------------------------------------------------------------------------------------------------------- */
enum { DEPTH = 12 };

/* One directory after the other, no deeper than tiles lie; links are not followed. */
struct place {
	DIR *dir;
	size_t len; /* of the path up to here */
};

static DIR *open_dir(int at, const char *path)
{
	int fd = openat(at, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	if (d == NULL && fd >= 0)
		close(fd);
	return d;
}

/* Level of "tile/3/…" or "tile/entries/…", and the rest of the name; false: neither. */
static bool level_of(const char *path, int *level, const char **name)
{
	const char *s = path + sizeof "tile/" - 1;
	const char *slash = strchr(s, '/');
	if (slash == NULL)
		return false;
	*name = slash + 1;
	if (strncmp(s, "entries/", 8) == 0) {
		*level = GH_TILE_ENTRIES;
		return true;
	}
	*level = s[0] - '0';
	return slash == s + 1 && *level >= 0 && *level < GH_TILE_LEVELS;
}

static void visit(struct gh_audit_walk *w, const char *path, mode_t mode)
{
	int level;
	const char *name;
	if (!S_ISREG(mode) || !level_of(path, &level, &name))
		gh_audit_problem(w->r, "%.200s does not belong into the log", path);
	else
		check_file(w, level, path, name);
}

void gh_audit_check_files(struct gh_audit_walk *w)
{
	char path[1024] = "tile";
	struct place stack[DEPTH] = { { open_dir(w->tiles.dir, path), 4 } };
	unsigned depth = stack[0].dir != NULL;
	while (depth > 0) {
		struct place *p = &stack[depth - 1];
		struct stat st;
		const struct dirent *e = readdir(p->dir);
		path[p->len] = '\0';
		if (e == NULL) {
			closedir(p->dir);
			depth--;
			continue;
		}
		if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
			continue;
		int n = snprintf(path + p->len, sizeof path - p->len, "/%s", e->d_name);
		if (n < 0 || (size_t)n >= sizeof path - p->len ||
		    fstatat(w->tiles.dir, path, &st, AT_SYMLINK_NOFOLLOW) != 0)
			continue; /* gone meanwhile */
		if (!S_ISDIR(st.st_mode)) {
			visit(w, path, st.st_mode);
			continue;
		}
		DIR *sub = depth < DEPTH ? open_dir(w->tiles.dir, path) : NULL;
		if (sub == NULL)
			gh_audit_problem(w->r, "%.200s does not belong into the log, or cannot be read", path);
		else
			stack[depth++] = (struct place){ sub, p->len + (size_t)n };
	}
}
