/* The local headers: compared with the directory entry that points to each, and walked where no entry points, as a
 * streaming reader would. */
#include "format/zip_int.h"

struct local {
	struct gh_zip_header h;
	struct gh_zip_extra x;
	struct zip_blocks blocks;
	struct gh_span name; /* valid until the next window */
	uint64_t at, data_off;
};

static bool read_local(struct zip *z, uint64_t at, struct local *l)
{
	struct gh_src *src = z->w->src;
	struct gh_span w = gh_src_window(src, at, GH_ZIP_LOCAL_SIZE);
	if (!gh_zip_local(w, &l->h))
		return false;
	size_t len = (size_t)GH_ZIP_LOCAL_SIZE + l->h.name_n + l->h.extra_n;
	w = gh_src_window(src, at, len);
	struct gh_rd r = gh_rd(w);
	(void)gh_rd_take(&r, GH_ZIP_LOCAL_SIZE);
	l->name = gh_rd_take(&r, l->h.name_n);
	struct gh_span extra = gh_rd_take(&r, l->h.extra_n);
	if (r.bad)
		return false;
	gh_zip_extra(extra, false, &l->h, &l->x);
	zip_blocks(extra, &l->blocks);
	l->at = at;
	l->data_off = at + len;
	return true;
}

static void claim_local(struct zip *z, const struct local *l)
{
	uint64_t extra = l->data_off - l->h.extra_n;
	zip_claim(z, &z->body, l->at, extra - l->at, GH_CLAIM_STRUCT);
	zip_claim_extra(z, &z->body, extra, l->h.extra_n, l->x.plain, &l->blocks);
}

static bool ascii(struct gh_span s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] >= 0x80)
			return false;
	return true;
}

static bool deferred(const struct local *l, uint64_t v)
{
	return v == 0 && (l->h.flags & GH_ZIP_F_DESCRIPTOR) != 0; /* the data descriptor has the value */
}

/* Report every difference. True when a streaming reader would get other content than the directory's readers. */
static bool differs(struct zip *z, const struct gh_zip_entry *e, const struct local *l)
{
	const struct gh_zip_header *h = &l->h;
	uint64_t len = l->data_off - l->at;
	unsigned diff = (unsigned)(h->flags ^ e->flags);
	bool content = false;
	struct gh_safe name = gh_safe(e->name);
	if (!gh_span_eq(l->name, e->name))
		zip_say(z, Z_NAME, l->at, len, "directory \"%s\", local \"%s\"", name.s, gh_safe(l->name).s);
	if (h->method != e->method) {
		content = true;
		zip_say(z, Z_METHOD, l->at, len, "\"%s\": directory %u, local %u", name.s, e->method, h->method);
	}
	if ((diff & (GH_ZIP_F_ENCRYPTED | GH_ZIP_F_STRONG | GH_ZIP_F_MASKED)) != 0) {
		content = true;
		zip_say(z, Z_ENCRYPTION, l->at, len, "\"%s\": flags in the directory %04x, local %04x", name.s,
			e->flags, h->flags);
	}
	if ((diff & GH_ZIP_F_DESCRIPTOR) != 0 || ((diff & GH_ZIP_F_UTF8) != 0 && !ascii(e->name)))
		zip_say(z, Z_FLAGS, l->at, len, "\"%s\": flags in the directory %04x, local %04x", name.s, e->flags,
			h->flags);
	if ((h->flags & GH_ZIP_F_MASKED) != 0)
		return content; /* the local values are blinded */
	if ((h->csize != e->csize && !deferred(l, h->csize)) || (h->usize != e->usize && !deferred(l, h->usize))) {
		content = true;
		zip_say(z, Z_SIZES, l->at, len, "\"%s\": directory %llu of %llu, local %llu of %llu", name.s,
			(unsigned long long)e->csize, (unsigned long long)e->usize, (unsigned long long)h->csize,
			(unsigned long long)h->usize);
	}
	if (h->crc != e->crc && !deferred(l, h->crc))
		zip_say(z, Z_CRC_VIEWS, l->at, len, "\"%s\": directory %08x, local %08x", name.s, e->crc, h->crc);
	return content;
}

/* What the local header says by itself. */
static void judge_local(struct zip *z, const struct local *l)
{
	uint64_t len = l->data_off - l->at;
	if (l->x.broken)
		zip_say(z, Z_EXTRA, l->at, len, "\"%s\", local header", gh_safe(l->name).s);
	if (l->x.conflict)
		zip_say(z, Z_EXTRA_CONFLICT, l->at, len, "\"%s\", local header", gh_safe(l->name).s);
	zip_judge_unicode(z, l->name, &l->x, l->at, len);
}

/* The entry as its local header has it; the name is kept. False: no room. */
static bool local_entry(struct zip *z, const struct local *l, struct gh_zip_entry *e)
{
	*e = (struct gh_zip_entry){
		.name = gh_keep(z->w->arena, l->name),
		.local_off = l->at,
		.data_off = l->data_off,
		.csize = l->h.csize,
		.usize = l->h.usize,
		.crc = l->h.crc,
		.method = l->h.method,
		.flags = l->h.flags,
		.hidden = true,
		.directory = l->name.n != 0 && l->name.p[l->name.n - 1] == '/',
	};
	return e->name.p != NULL;
}

/* The data descriptor behind a listed member, next: where something else is known to begin. */
static uint64_t descriptor(struct zip *z, const struct gh_zip_entry *e, const struct local *l, uint64_t at,
			   uint64_t next)
{
	size_t n;
	if (((e->flags | l->h.flags) & GH_ZIP_F_DESCRIPTOR) == 0)
		return at;
	if (gh_zip_descriptor(gh_src_window(z->w->src, at, 24), e->crc, e->csize, e->usize, next > at ? next - at : 0,
			      &n)) {
		zip_claim(z, &z->body, at, n, GH_CLAIM_STRUCT);
		return at + n;
	}
	bool complete = l->h.crc == e->crc && l->h.csize == e->csize && l->h.usize == e->usize;
	zip_say(z, complete ? Z_FLAGS : Z_DESCRIPTOR, at < z->w->src->size ? at : l->at, 0,
		"\"%s\": no data descriptor that fits", gh_safe(e->name).s);
	return at;
}

/* A stored member whose length only its descriptor knows: find the descriptor that says how far away it is.
 * Reads forward once. Returns the length of the data; `to` bounds it. */
static uint64_t stored_length(struct zip *z, uint64_t from, uint64_t to)
{
	enum { STEP = 128 << 10, DESCRIPTOR = 16 };
	for (uint64_t at = from; at < to && to - at >= DESCRIPTOR;) {
		struct gh_span w = gh_src_window(z->w->src, at, to - at < STEP ? (size_t)(to - at) : STEP);
		if (w.n < DESCRIPTOR)
			break;
		size_t end = w.n - DESCRIPTOR + 1;
		for (size_t i = 0; i < end; i++) {
			const uint8_t *p = memchr(w.p + i, 'P', end - i);
			if (p == NULL)
				break;
			i = (size_t)(p - w.p);
			if (gh_le32(p) == GH_ZIP_SIG_DESCRIPTOR && gh_le32(p + 8) == (uint32_t)(at + i - from))
				return at + i - from;
		}
		at += end;
	}
	return to - from;
}

/* Behind an unlisted member: a descriptor with signature that gives this size. Returns its length or 0. */
static uint64_t loose_descriptor(struct zip *z, uint64_t at, uint64_t used)
{
	struct gh_span w = gh_src_window(z->w->src, at, 28);
	if (w.n < 16 || gh_le32(w.p) != GH_ZIP_SIG_DESCRIPTOR || gh_le32(w.p + 8) != (uint32_t)used)
		return 0;
	bool wide = w.n >= 24 && gh_le64(w.p + 8) == used && (used >> 32 != 0 || w.n < 28 || w.p[16] != 'P');
	return wide ? 24 : 16;
}

/* A member at z->pos that no entry points to. *more: there was one. */
static enum gh_rc unlisted(struct zip *z, uint64_t to, bool *more)
{
	struct local l;
	struct gh_zip_entry e;
	*more = read_local(z, z->pos, &l) && l.data_off <= to;
	if (!*more)
		return GH_OK;
	if (!local_entry(z, &l, &e))
		return gh_fail(z->w->err, GH_E_LIMIT, "no room for a name");
	e.hidden = z->found; /* without any directory it is all there is */
	judge_local(z, &l);
	claim_local(z, &l);
	(void)gh_path_report(z->w, gh_zip_rules, Z_PATHS, z->seen, e.name, 0, l.at, l.data_off - l.at);
	if (z->found)
		zip_say(z, Z_LOCAL_ONLY, l.at, l.data_off - l.at, "\"%s\"", gh_safe(e.name).s);
	bool open_ended = (e.flags & GH_ZIP_F_DESCRIPTOR) != 0 && e.csize == 0;
	uint64_t used, limit = to - l.data_off;
	if (open_ended) {
		e.csize = e.method == GH_ZIP_STORE ? stored_length(z, l.data_off, to) : limit;
		e.usize = e.method == GH_ZIP_STORE ? e.csize : 0;
	}
	struct gh_zip_entry view = e;
	view.hidden = true; /* its sizes are a streaming reader's: not to be judged like an entry's */
	if (!z->found && !open_ended)
		view.hidden = false;
	GH_TRY(zip_data(z, &view, true, limit, &used), z->w->err, "unlisted member at %llu", (unsigned long long)l.at);
	z->pos = l.data_off + used;
	if ((e.flags & GH_ZIP_F_DESCRIPTOR) != 0) {
		uint64_t n = loose_descriptor(z, z->pos, used);
		zip_claim(z, &z->body, z->pos, n, GH_CLAIM_STRUCT);
		z->pos += n;
	}
	return GH_OK;
}

/* From z->pos to `to` no entry points anywhere. */
static enum gh_rc gap(struct zip *z, uint64_t to)
{
	uint64_t from = z->pos;
	bool more = true;
	if (from == 0 && to > 4) {
		uint32_t mark = zip_u32(z->w->src, 0);
		if ((mark == GH_ZIP_SIG_SPANNED || mark == GH_ZIP_SIG_DESCRIPTOR) &&
		    zip_u32(z->w->src, 4) == GH_ZIP_SIG_LOCAL) {
			zip_claim(z, &z->body, 0, 4, GH_CLAIM_STRUCT);
			z->pos = 4;
		}
	}
	if (from == 0 && z->prefix != 0 && z->prefix <= to)
		z->pos = from = z->prefix;
	while (more && z->pos < to)
		GH_TRY(unlisted(z, to, &more), z->w->err, "walking the local headers");
	if (z->pos < to && z->found)
		zip_say(z, from == 0 && z->pos == 0 ? Z_PREFIX : Z_GAP, z->pos, to - z->pos, "%llu bytes",
			(unsigned long long)(to - z->pos));
	z->pos = to > z->pos ? to : z->pos;
	return GH_OK;
}

static enum gh_rc overlap(struct zip *z, const struct gh_zip_entry *e, uint64_t off, uint64_t len)
{
	zip_say(z, Z_OVERLAP, off, len, "\"%s\"", gh_safe(e->name).s);
	if (++z->overlaps > Z_OVERLAPS)
		return gh_fail(z->w->err, GH_E_LIMIT, "more than %d members overlap", (int)Z_OVERLAPS);
	return GH_OK;
}

static void local_missing(struct zip *z, const struct gh_zip_entry *e)
{
	zip_say(z, Z_LOCAL_MISSING, e->local_off < z->w->src->size ? e->local_off : 0, 0, "\"%s\" at %llu",
		gh_safe(e->name).s, (unsigned long long)e->local_off);
	zip_note(z, GH_E_MALFORMED);
}

/* One listed member; next: where the one after it begins. */
static enum gh_rc member(struct zip *z, struct gh_zip_entry *e, uint64_t next)
{
	struct local l;
	struct gh_zip_entry view;
	uint64_t size = z->w->src->size, used;
	if (!read_local(z, e->local_off, &l)) {
		local_missing(z, e);
		return GH_OK;
	}
	e->data_off = l.data_off;
	uint64_t len = l.data_off - l.at, end = e->csize <= size - l.data_off ? l.data_off + e->csize : size;
	bool other = differs(z, e, &l);
	judge_local(z, &l);
	if (other && !local_entry(z, &l, &view))
		return gh_fail(z->w->err, GH_E_LIMIT, "no room for a name");
	claim_local(z, &l);
	if (l.at < z->pos || end > z->body_end)
		GH_TRY(overlap(z, e, l.at, len), z->w->err, "member \"%s\"", gh_safe(e->name).s);
	GH_TRY(zip_data(z, e, true, size - l.data_off, &used), z->w->err, "member \"%s\"", gh_safe(e->name).s);
	if (other) {
		if (deferred(&l, view.csize))
			view.csize = e->csize;
		if (deferred(&l, view.usize))
			view.usize = e->usize;
		view.crc = deferred(&l, view.crc) ? e->crc : view.crc;
		view.external = e->external;
		GH_TRY(zip_data(z, &view, false, size - l.data_off, &used), z->w->err, "local view of \"%s\"",
		       gh_safe(e->name).s);
	}
	end = descriptor(z, e, &l, end, next);
	z->pos = end > z->pos ? end : z->pos;
	return GH_OK;
}

/* The links that the directory lists; where they lead is known when their content was read. */
static enum gh_rc collect_links(struct zip *z)
{
	size_t n = 0;
	for (size_t i = 0; i < z->n; i++)
		n += zip_is_link(&z->entry[i]);
	z->link = GH_NEW(z->w->arena, struct gh_link, n == 0 ? 1 : n);
	if (z->link == NULL)
		return gh_fail(z->w->err, GH_E_LIMIT, "no room for %zu links", n);
	for (size_t i = 0; z->nlinks < n; i++)
		if (zip_is_link(&z->entry[i]))
			z->link[z->nlinks++] = (struct gh_link){ .name = z->entry[i].name };
	return GH_OK;
}

static struct gh_span name_at(const void *ctx, size_t i) { return ((const struct gh_zip_entry *)ctx)[i].name; }

static enum gh_rc judge_links(struct zip *z)
{
	struct gh_link_view v = { .link = z->link,
				  .nlinks = z->nlinks,
				  .name = name_at,
				  .ctx = z->entry,
				  .n = z->n,
				  .rules = gh_zip_rules,
				  .escapes = Z_LINK_ESCAPES,
				  .chained = Z_LINK_CHAIN,
				  .through = Z_LINK_THROUGH,
				  .seen = z->seen };
	return gh_links_report(z->w, &v);
}

enum gh_rc zip_members(struct zip *z)
{
	GH_TRY(collect_links(z), z->w->err, "links");
	for (size_t i = 0; i < z->n; i++) {
		struct gh_zip_entry *e = &z->entry[i];
		uint64_t next = i + 1 < z->n ? z->entry[i + 1].local_off : z->body_end;
		uint64_t to = e->local_off < z->body_end ? e->local_off : z->body_end;
		if (to > z->pos && zip_u32(z->w->src, e->local_off) != GH_ZIP_SIG_LOCAL) {
			local_missing(z, e); /* and what is there is still walked as a streaming reader would */
			continue;
		}
		if (to > z->pos)
			GH_TRY(gap(z, to), z->w->err, "before \"%s\"", gh_safe(e->name).s);
		GH_TRY(member(z, e, next < z->body_end ? next : z->body_end), z->w->err, "entry %zu", i);
		gh_src_advance(z->w->src, z->pos);
	}
	if (z->pos < z->body_end)
		GH_TRY(gap(z, z->body_end), z->w->err, "before the directory");
	zip_claim_end(z, &z->body);
	return judge_links(z);
}
