/* zip.c - a zip archive written again: its members as the directory names them, stored, sorted by name, with one date and
 * without comments, extra fields (but those that large archives need) and what lies between them. Members that are code
 * are left out; the others are not looked into: the scan of the result does that. */
#include "format/zip_walk.h"
#include "scan/disarm/job.h"
#include "wire/path.h"
#include "wire/sort.h"

#include <libdeflate.h>
#include <stdio.h>

enum {
	LOCAL = 30,
	CENTRAL = 46,
	END = 22,
	END_64 = 56,
	LOCATOR = 20,
	EXTRA = 28,
	DATE = 0x21, /* 1980-01-01 */
	UTF8 = 1 << 11,
	VERSION = 20,
	VERSION_64 = 45,
	DIRECTORY_MAX = 64 << 20,
};
#define FOUR_GIB ((uint64_t)UINT32_MAX)

struct archive {
	struct gh_dis_job *j;
	const struct gh_zip_entry *e;
	size_t n;
};

static enum gh_rc on_directory(void *ctx, struct gh_walk *w, const struct gh_zip_entry *e, size_t n)
{
	struct archive *a = ctx;
	(void)w;
	a->e = e;
	a->n = n;
	return GH_E_DENIED; /* the rest of the archive is nobody's business here */
}

static int by_name(const void *ctx, uint32_t a, uint32_t b)
{
	const struct gh_zip_entry *x = &((const struct gh_zip_entry *)ctx)[a],
				  *y = &((const struct gh_zip_entry *)ctx)[b];
	size_t n = x->name.n < y->name.n ? x->name.n : y->name.n;
	int c = n == 0 ? 0 : memcmp(x->name.p, y->name.p, n);
	return c != 0 ? c : x->name.n < y->name.n ? -1 : x->name.n > y->name.n;
}

static void le(uint8_t *p, uint64_t v, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		p[i] = (uint8_t)(v >> 8 * i);
}

/* Numbers that do not fit their field stand in an extra field, in this order, and only those (APPNOTE 4.5.3). at: of the
 * member, for its entry in the directory; 0 for a local header. Returns bytes of x[EXTRA] used. */
static size_t extra(uint8_t *x, uint64_t size, uint64_t at)
{
	size_t n = 4;
	for (unsigned i = 0; size >= FOUR_GIB && i < 2; i++, n += 8)
		le(x + n, size, 8);
	if (at >= FOUR_GIB) {
		le(x + n, at, 8);
		n += 8;
	}
	le(x, 1, 2);
	le(x + 2, n - 4, 2);
	return n == 4 ? 0 : n;
}

static uint64_t low32(uint64_t v) { return v < FOUR_GIB ? v : UINT32_MAX; }

/* What a local header and a directory entry have in common, from the version on. */
static void common(uint8_t *p, const struct gh_dis_store *s, size_t extras)
{
	le(p, extras == 0 ? VERSION : VERSION_64, 2);
	le(p + 2, UTF8, 2);
	le(p + 4, 0, 2); /* stored */
	le(p + 6, 0, 2);
	le(p + 8, DATE, 2);
	le(p + 10, s->crc, 4);
	le(p + 14, low32(s->size), 4);
	le(p + 18, low32(s->size), 4);
	le(p + 22, s->name.n, 2);
	le(p + 24, extras, 2);
}

static enum gh_rc store_of(struct archive *a, size_t i, struct gh_dis_store *s)
{
	const struct gh_zip_entry *e = &a->e[i];
	struct gh_src *src = a->j->src;
	struct gh_span h = gh_src_window(src, e->local_off, LOCAL);
	uint64_t left = e->local_off > src->size ? 0 : src->size - e->local_off;
	uint64_t skip = h.n < LOCAL ? UINT64_MAX : (uint64_t)LOCAL + gh_le16(h.p + 26) + gh_le16(h.p + 28);
	if (h.n < LOCAL || gh_le32(h.p) != 0x04034b50 || skip > left || e->csize > left - skip)
		return gh_fail(a->j->err, GH_E_MALFORMED, "'%s' reaches beyond the file", gh_safe(e->name).s);
	if ((e->flags & 1) != 0 || (e->method != GH_ZIP_STORE && e->method != GH_ZIP_DEFLATE))
		return gh_fail(a->j->err, GH_E_UNREAD, "'%s' is encrypted, or compressed in an unusual way",
			       gh_safe(e->name).s);
	*s = (struct gh_dis_store){ .src = src,
				    .off = e->local_off + skip,
				    .len = e->csize,
				    .name = e->name,
				    .packed = e->method == GH_ZIP_DEFLATE,
				    .has_crc = true,
				    .crc = e->crc };
	s->size = s->packed ? e->usize : e->csize;
	return GH_OK;
}

static enum gh_rc write_member(struct archive *a, struct gh_dis_store *s)
{
	uint8_t h[LOCAL] = { 'P', 'K', 3, 4 }, more[EXTRA];
	struct gh_src *src;
	uint64_t base = 0;
	uint32_t crc = 0;
	enum gh_rc rc = gh_dis_open(a->j, s, &src, &base);
	size_t extras = extra(more, s->size, 0);
	common(h + 4, s, extras);
	if (rc == GH_OK)
		rc = gh_dis_write(a->j, h, sizeof h);
	if (rc == GH_OK)
		rc = gh_dis_write(a->j, s->name.p, s->name.n);
	if (rc == GH_OK)
		rc = gh_dis_write(a->j, more, extras);
	for (uint64_t at = 0; rc == GH_OK && at < s->size;) {
		uint64_t left = s->size - at;
		struct gh_span w = gh_src_window(src, base + at, left < GH_WINDOW_MAX ? (size_t)left : GH_WINDOW_MAX);
		if (w.n == 0)
			return gh_fail(a->j->err, GH_E_IO, "the file could not be read to its end");
		crc = libdeflate_crc32(crc, w.p, w.n);
		rc = gh_dis_write(a->j, w.p, w.n);
		at += w.n;
	}
	if (rc == GH_OK && crc != s->crc)
		return gh_fail(a->j->err, GH_E_MALFORMED, "'%s': its bytes do not match their check sum",
			       gh_safe(s->name).s);
	return rc;
}

static enum gh_rc judge_names(struct archive *a, const uint32_t *idx)
{
	for (size_t i = 0; i < a->n; i++) {
		const struct gh_zip_entry *e = &a->e[idx[i]];
		if (e->name.n == 0 ||
		    (gh_path_flags(e->name) & (GH_PATH_ESCAPES | GH_PATH_ABSOLUTE | GH_PATH_DRIVE)) != 0)
			return gh_fail(a->j->err, GH_E_MALFORMED, "'%s' is a path that leads out of the archive",
				       gh_safe(e->name).s);
		if (i != 0 && gh_span_eq(e->name, a->e[idx[i - 1]].name))
			return gh_fail(a->j->err, GH_E_MALFORMED,
				       "'%s' is there twice: readers differ in which one they take",
				       gh_safe(e->name).s);
	}
	return GH_OK;
}

/* A member that is code is left out, as a file of its own would be. */
static enum gh_rc left_out(struct archive *a, struct gh_dis_store *s, bool *code)
{
	struct gh_src *src;
	struct gh_src_sub sub;
	uint64_t base = 0;
	const char *why = NULL;
	enum gh_rc rc = gh_dis_open(a->j, s, &src, &base);
	if (rc == GH_OK)
		rc = gh_dis_code(a->j, gh_src_sub(&sub, src, base, s->size), s->name, &why);
	*code = why != NULL;
	if (*code)
		gh_dis_say(a->j, GH_DIS_ACT_DROPPED, s->name, "member", s->size, "%s", why);
	return rc;
}

/* The directory and what points to it: with the record of 64 bits and its locator where a number needs them. */
static enum gh_rc write_end(struct gh_dis_job *j, const struct gh_buf *dir, uint64_t members)
{
	uint8_t end64[END_64] = { 'P', 'K', 6, 6 }, locator[LOCATOR] = { 'P', 'K', 6, 7 },
		end[END] = { 'P', 'K', 5, 6 };
	uint64_t at = j->out->bytes, at64 = at + dir->n;
	bool large = members >= UINT16_MAX || at >= FOUR_GIB || dir->n >= FOUR_GIB;
	le(end64 + 4, END_64 - 12, 8);
	le(end64 + 12, VERSION_64, 2);
	le(end64 + 14, VERSION_64, 2);
	le(end64 + 24, members, 8);
	le(end64 + 32, members, 8);
	le(end64 + 40, dir->n, 8);
	le(end64 + 48, at, 8);
	le(locator + 8, at64, 8);
	le(locator + 16, 1, 4); /* files that the archive consists of */
	le(end + 8, members < UINT16_MAX ? members : UINT16_MAX, 2);
	le(end + 10, members < UINT16_MAX ? members : UINT16_MAX, 2);
	le(end + 12, low32(dir->n), 4);
	le(end + 16, low32(at), 4);
	enum gh_rc rc = gh_dis_write(j, dir->p, dir->n);
	if (rc == GH_OK && large)
		rc = gh_dis_write(j, end64, sizeof end64);
	if (rc == GH_OK && large)
		rc = gh_dis_write(j, locator, sizeof locator);
	return rc == GH_OK ? gh_dis_write(j, end, sizeof end) : rc;
}

static enum gh_rc write_archive(struct archive *a, const uint32_t *idx, struct gh_buf *dir)
{
	uint64_t members = 0;
	for (size_t i = 0; i < a->n; i++) {
		struct gh_dis_store s;
		uint8_t c[CENTRAL] = { 'P', 'K', 1, 2 }, more[EXTRA];
		uint64_t at = a->j->out->bytes;
		if (a->e[idx[i]].directory)
			continue;
		a->j->open = NULL; /* the store lives on this stack */
		enum gh_rc rc = store_of(a, idx[i], &s);
		if (rc != GH_OK)
			return rc;
		bool code = false;
		rc = left_out(a, &s, &code);
		if (rc != GH_OK)
			return rc;
		if (code)
			continue;
		rc = write_member(a, &s);
		a->j->open = NULL;
		if (rc != GH_OK)
			return rc;
		size_t extras = extra(more, s.size, at);
		le(c + 4, extras == 0 ? VERSION : VERSION_64, 2); /* made by */
		common(c + 6, &s, extras);
		le(c + 42, low32(at), 4);
		gh_buf_put(dir, c, sizeof c);
		gh_buf_span(dir, s.name);
		gh_buf_put(dir, more, extras);
		members++;
	}
	a->j->open = NULL;
	if (members == 0)
		return gh_fail(a->j->err, GH_E_MALFORMED, "the archive is cut off, or holds nothing that can be kept");
	if (dir->full)
		return gh_fail(a->j->err, GH_E_LIMIT, "the names of its members take more than %d MiB",
			       DIRECTORY_MAX >> 20);
	return write_end(a->j, dir, members);
}

enum gh_rc gh_dis_zip(struct gh_dis_job *j)
{
	struct archive a = { .j = j };
	struct gh_walk w = {
		.src = j->src, .arena = j->arena, .sink = j->sink, .lim = j->lim, .name = j->name, .err = j->err
	};
	const struct gh_zip_hooks hooks = { .ctx = &a, .directory = on_directory };
	enum gh_rc rc = gh_zip_walk(&w, &hooks);
	if (rc != GH_E_DENIED)
		return rc == GH_OK ? gh_fail(j->err, GH_E_MALFORMED, "the archive has no directory") : rc;
	*j->err = (struct gh_err){ 0 };
	uint32_t *idx = GH_NEW(j->arena, uint32_t, a.n + 1), *tmp = GH_NEW(j->arena, uint32_t, a.n + 1);
	if (idx == NULL || tmp == NULL)
		return gh_fail(j->err, GH_E_LIMIT, "memory (--limit-memory)");
	for (size_t i = 0; i < a.n; i++)
		idx[i] = (uint32_t)i;
	gh_sort_idx(idx, tmp, a.n, by_name, a.e);
	rc = judge_names(&a, idx);
	gh_auto_buf dir = gh_buf(DIRECTORY_MAX);
	j->out->bytes = 0;
	return rc == GH_OK ? write_archive(&a, idx, &dir) : rc;
}
