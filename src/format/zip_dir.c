/* The central directory. It is read twice: silently, because a refinement may still say that this is not its kind
 * of archive, and then aloud, header by header. */
#include "format/zip_int.h"
#include "wire/sort.h"

#include <libdeflate.h>

enum { SIG_SIGNATURE = 0x05054b50 }; /* digital signature, 4.3.13 */

/* One directory header with its variable parts, valid until the next call. False at the end of the directory. */
struct dir_header {
	uint64_t at, len;
	struct gh_zip_header h;
	struct gh_zip_extra x;
	struct gh_span name, extra, comment;
};

static bool next_header(struct zip *z, struct gh_cur *c, struct dir_header *d)
{
	uint64_t at = gh_cur_off(c);
	if (at > z->cd_limit || z->cd_limit - at < GH_ZIP_CENTRAL_SIZE)
		return false;
	const uint8_t *p = gh_cur_peek(c, GH_ZIP_CENTRAL_SIZE);
	if (p == NULL || !gh_zip_central((struct gh_span){ p, GH_ZIP_CENTRAL_SIZE }, &d->h))
		return false;
	size_t len = (size_t)GH_ZIP_CENTRAL_SIZE + d->h.name_n + d->h.extra_n + d->h.comment_n;
	if (len > z->cd_limit - at || (p = gh_cur_take(c, len)) == NULL)
		return false;
	d->at = at;
	d->len = len;
	struct gh_rd r = gh_rd((struct gh_span){ p + GH_ZIP_CENTRAL_SIZE, len - GH_ZIP_CENTRAL_SIZE });
	d->name = gh_rd_take(&r, d->h.name_n);
	d->extra = gh_rd_take(&r, d->h.extra_n);
	d->comment = gh_rd_take(&r, d->h.comment_n);
	gh_zip_extra(d->extra, true, &d->h, &d->x);
	return true;
}

/* Where a local header is in the source; UINT64_MAX when the sum leaves the numbers. */
static uint64_t place(const struct zip *z, uint64_t off)
{
	return off <= UINT64_MAX - z->base ? off + z->base : UINT64_MAX;
}

static bool fill_entry(struct zip *z, const struct dir_header *d, struct gh_zip_entry *e)
{
	*e = (struct gh_zip_entry){
		.name = gh_keep(z->w->arena, d->name),
		.local_off = place(z, d->h.off),
		.csize = d->h.csize,
		.usize = d->h.usize,
		.crc = d->h.crc,
		.external = d->h.external,
		.method = d->h.method,
		.flags = d->h.flags,
		.made_by = d->h.made_by,
		.directory = d->name.n != 0 && d->name.p[d->name.n - 1] == '/',
	};
	return e->name.p != NULL;
}

static int by_place(const void *ctx, uint32_t a, uint32_t b)
{
	const struct gh_zip_entry *e = ctx;
	return (e[a].local_off > e[b].local_off) - (e[a].local_off < e[b].local_off);
}

/* Two arrays of n indices in one, the first filled 0, 1, 2 … */
static uint32_t *indices(struct zip *z)
{
	uint32_t *idx = z->n > UINT32_MAX / 2 ? NULL : GH_NEW(z->w->arena, uint32_t, z->n * 2);
	for (size_t i = 0; idx != NULL && i < z->n; i++)
		idx[i] = (uint32_t)i;
	return idx;
}

static enum gh_rc sort_entries(struct zip *z)
{
	size_t i = 1;
	while (i < z->n && z->entry[i - 1].local_off <= z->entry[i].local_off)
		i++;
	if (i >= z->n)
		return GH_OK; /* as nearly every writer does */
	uint32_t *idx = indices(z);
	struct gh_zip_entry *to = GH_NEW(z->w->arena, struct gh_zip_entry, z->n);
	if (idx == NULL || to == NULL)
		return gh_fail(z->w->err, GH_E_LIMIT, "no room to sort %zu entries", z->n);
	gh_sort_idx(idx, idx + z->n, z->n, by_place, z->entry);
	for (i = 0; i < z->n; i++)
		to[i] = z->entry[idx[i]];
	z->entry = to;
	return GH_OK;
}

enum gh_rc zip_collect(struct zip *z)
{
	struct dir_header d;
	size_t n = 0;
	if (!z->found)
		return GH_OK;
	struct gh_cur c = gh_cur(z->w->src, z->cd_at);
	for (z->cd_read = z->cd_at; next_header(z, &c, &d); z->cd_read = d.at + d.len)
		if (++n > z->w->lim->members)
			return gh_fail(z->w->err, GH_E_LIMIT, "more than %zu entries", n - 1);
	z->entry = GH_NEW(z->w->arena, struct gh_zip_entry, n == 0 ? 1 : n);
	if (z->entry == NULL)
		return gh_fail(z->w->err, GH_E_LIMIT, "no room for %zu entries", n);
	c = gh_cur(z->w->src, z->cd_at);
	while (z->n < n && next_header(z, &c, &d))
		if (!fill_entry(z, &d, &z->entry[z->n++]))
			return gh_fail(z->w->err, GH_E_LIMIT, "no room for the names of %zu entries", n);
	if (z->w->src->fail != GH_OK)
		return gh_fail(z->w->err, z->w->src->fail, "reading the directory");
	return sort_entries(z);
}

/* Letters and digits that both a legacy code page and UTF-8 spell alike, one at a time; 0 at the end. '?' and '_' are
 * what converters put for letters they cannot spell. */
static uint8_t next_ascii(struct gh_span *s)
{
	while (s->n != 0) {
		uint8_t c = *s->p++;
		s->n--;
		if (c != 0 && c < 0x80 && c != '?' && c != '_')
			return c;
	}
	return 0;
}

/* Info-ZIP's Unicode path counts only while its CRC fits the plain name (4.6.9): then both must be one name. */
void zip_judge_unicode(struct zip *z, struct gh_span name, const struct gh_zip_extra *x, uint64_t off, uint64_t len)
{
	if (!x->utf8 || libdeflate_crc32(0, name.p, name.n) != x->utf8_crc)
		return;
	struct gh_span a = name, b = x->utf8_name;
	uint8_t p, q;
	do {
		p = next_ascii(&a);
		q = next_ascii(&b);
	} while (p == q && p != 0);
	if (p != q)
		zip_say(z, Z_UNICODE, off, len, "\"%s\" is also named \"%s\"", gh_safe(name).s,
			gh_safe(x->utf8_name).s);
	(void)gh_path_report(z->w, gh_zip_rules, Z_PATHS, z->seen, x->utf8_name, 0, off, len);
}

static void judge_mode(struct zip *z, const struct dir_header *d)
{
	unsigned type = d->h.external >> 16 & 0170000;
	/* `zip - ` gives what it read from a pipe the mode of the pipe: with content it is an ordinary file. */
	bool pipe = (type == 0010000 || type == 0140000) && d->h.usize == 0;
	if (type == 0020000 || type == 0060000 || pipe)
		zip_say(z, Z_SPECIAL, d->at, d->len, "\"%s\", mode %o", gh_safe(d->name).s, d->h.external >> 16);
	if ((d->h.external >> 16 & (type == 0040000 ? 04000 : 06000)) != 0 && type != 0120000)
		zip_say(z, Z_MODE, d->at, d->len, "\"%s\", mode %o", gh_safe(d->name).s, d->h.external >> 16 & 07777);
	if (d->h.disk != 0)
		zip_say(z, Z_DISKS, d->at, d->len, "\"%s\" begins on disk %llu", gh_safe(d->name).s,
			(unsigned long long)d->h.disk);
	if (d->h.usize != 0 && d->name.n != 0 && d->name.p[d->name.n - 1] == '/')
		zip_say(z, Z_DIR_DATA, d->at, d->len, "\"%s\" has %llu bytes", gh_safe(d->name).s,
			(unsigned long long)d->h.usize);
}

static void judge_header(struct zip *z, const struct dir_header *d)
{
	uint64_t extra = d->at + GH_ZIP_CENTRAL_SIZE + d->h.name_n;
	struct zip_blocks blocks;
	zip_blocks(d->extra, &blocks);
	zip_claim(z, &z->dir, d->at, extra - d->at, GH_CLAIM_STRUCT);
	zip_claim_extra(z, &z->dir, extra, d->h.extra_n, d->x.plain, &blocks);
	zip_claim(z, &z->dir, extra + d->h.extra_n, d->h.comment_n, GH_CLAIM_FREE);
	if (d->x.broken)
		zip_say(z, Z_EXTRA, extra, d->h.extra_n, "\"%s\", directory", gh_safe(d->name).s);
	if (d->x.conflict)
		zip_say(z, Z_EXTRA_CONFLICT, extra, d->h.extra_n, "\"%s\", directory", gh_safe(d->name).s);
	(void)gh_path_report(z->w, gh_zip_rules, Z_PATHS, z->seen, d->name, 0, d->at, d->len);
	judge_mode(z, d);
	zip_judge_unicode(z, d->name, &d->x, d->at, d->len);
	if (d->h.comment_n != 0) {
		struct gh_text text = { .role = "comment", .key = d->name, .text = d->comment };
		zip_note(z, gh_emit(z->w, GH_EV_TEXT, extra + d->h.extra_n, d->h.comment_n, &text));
	}
}

static void judge_count(struct zip *z)
{
	struct gh_src *src = z->w->src;
	uint64_t at = z->cd_read;
	struct gh_span sig = gh_src_window(src, at, 6);
	if (sig.n == 6 && gh_le32(sig.p) == SIG_SIGNATURE) {
		uint64_t len = 6 + (uint64_t)gh_le16(sig.p + 4);
		if (len <= z->cd_limit - at) {
			zip_claim(z, &z->dir, at, 6, GH_CLAIM_STRUCT);
			zip_claim(z, &z->dir, at + 6, len - 6, GH_CLAIM_FREE);
			at += len;
		}
	}
	if (at < z->cd_stop)
		zip_say(z, Z_DIRECTORY_BROKEN, at, z->cd_stop - at, "after %zu entries", z->n);
	if (z->n != z->end.total || at != z->cd_stop)
		zip_say(z, Z_COUNT, z->cd_at, at - z->cd_at, "%llu entries in %llu bytes claimed, %zu in %llu found",
			(unsigned long long)z->end.total, (unsigned long long)z->end.cd_size, z->n,
			(unsigned long long)(at - z->cd_at));
	if (at < z->cd_limit)
		zip_say(z, Z_GAP, at, z->cd_limit - at, "between directory and end record");
	if (at < z->cd_stop)
		zip_note(z, GH_E_MALFORMED);
}

static int by_name(const void *ctx, uint32_t a, uint32_t b)
{
	const struct gh_zip_entry *e = ctx;
	int c = gh_path_cmp(e[a].name, e[b].name, true);
	return c != 0 ? c : gh_path_cmp(e[a].name, e[b].name, false);
}

/* Names against each other: sorted, equal ones and those below a link are neighbours. */
static enum gh_rc judge_names(struct zip *z)
{
	const struct gh_zip_entry *e = z->entry;
	uint32_t *idx = indices(z);
	if (idx == NULL)
		return gh_fail(z->w->err, GH_E_LIMIT, "no room to compare %zu names", z->n);
	gh_sort_idx(idx, idx + z->n, z->n, by_name, e);
	for (size_t i = 0; i + 1 < z->n; i++) {
		const struct gh_zip_entry *a = &e[idx[i]], *b = &e[idx[i + 1]];
		/* Two entries of one name, one of them a link: the other one is written through it. */
		if (zip_is_link(a) != zip_is_link(b) && gh_path_cmp(a->name, b->name, true) == 0)
			zip_say(z, Z_LINK_THROUGH, 0, 0, "\"%s\"", gh_safe(b->name).s);
		if (gh_path_cmp(a->name, b->name, true) != 0 || (a->directory && b->directory))
			continue;
		bool same = gh_path_cmp(a->name, b->name, false) == 0;
		zip_say(z, same ? Z_DUPLICATE : Z_CASE, 0, 0, "\"%s\" and \"%s\"", gh_safe(a->name).s,
			gh_safe(b->name).s);
	}
	return GH_OK;
}

enum gh_rc zip_judge_directory(struct zip *z)
{
	struct dir_header d;
	if (!z->found)
		return GH_OK;
	struct gh_cur c = gh_cur(z->w->src, z->cd_at);
	while (next_header(z, &c, &d))
		judge_header(z, &d);
	judge_count(z);
	return judge_names(z);
}
