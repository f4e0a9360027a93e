/* Links of groups of the new kind (IV.A.2.g): in messages, or in a fractal heap with an index of names. */
#include "format/hdf5/h5.h"

#include "base/utf8.h"

struct gh_span h5_join(struct h5 *h, struct gh_span path, struct gh_span name)
{
	uint8_t text[2 * H5_NAME_MAX + 8];
	size_t n = 0, cut = path.n > H5_NAME_MAX ? path.n - H5_NAME_MAX : 0;
	if (cut != 0)
		memcpy(text, "...", n = 3);
	if (path.n > cut)
		memcpy(text + n, path.p + cut, path.n - cut);
	n += path.n - cut;
	if (n == 0 || text[n - 1] != '/')
		text[n++] = '/';
	name = gh_span_cut(name, 0, H5_NAME_MAX);
	if (name.n != 0)
		memcpy(text + n, name.p, name.n);
	struct gh_span kept = gh_keep(h->w->arena, (struct gh_span){ text, n + name.n });
	return kept.p != NULL ? kept : GH_SPAN("(?)");
}

static bool deceptive(struct gh_span s)
{
	for (size_t i = 0; i < s.n;) {
		uint32_t cp = 0;
		unsigned n = gh_utf8_next(gh_span_cut(s, i, 4), &cp);
		if (n != 0 && gh_utf8_deceptive(cp))
			return true;
		i += n == 0 ? 1 : n; /* other character sets are allowed */
	}
	return false;
}

enum gh_rc h5_link_name(struct h5 *h, struct gh_span path, struct gh_recs *names, struct gh_span name, uint64_t addr)
{
	if (name.n == 0 || memchr(name.p, '/', name.n) != NULL || memchr(name.p, 0, name.n) != NULL || deceptive(name))
		h5_say(h, H5_A_NAME, addr, 1, "\"%s\" in \"%s\"", gh_safe(name).s, gh_safe(path).s);
	if (!gh_recs_add(names, (struct gh_rec){ gh_hash_end(gh_hash(GH_HASH_START, name)), addr, 0 }))
		return h5_bad(h, H5_A_MANY, addr, "a group of very many links");
	return GH_OK;
}

void h5_names_twice(struct h5 *h, struct gh_span path, struct gh_recs *names)
{
	gh_recs_sort(names, 0);
	for (size_t i = 1; i < names->n; i++)
		if (gh_recs_at(names, i)->a == gh_recs_at(names, i - 1)->a)
			h5_say(h, H5_A_DUPLICATE, gh_recs_at(names, i)->b, 1, "two links of \"%s\" have one name",
			       gh_safe(path).s);
}

enum { HARD = 0, SOFT = 1, EXTERNAL = 64 };

enum gh_rc h5_link(struct h5 *h, struct gh_span path, struct gh_recs *names, struct gh_span body, uint64_t addr,
		   size_t *used)
{
	struct gh_rd r = gh_rd(body);
	unsigned version = gh_rd_u8(&r), flags = gh_rd_u8(&r), type = HARD;
	if (version != 1)
		return h5_bad(h, H5_A_UNKNOWN, addr, "a link of version %u", version);
	if ((flags & 8) != 0)
		type = gh_rd_u8(&r);
	if ((flags & 4) != 0)
		(void)gh_rd_u64le(&r);
	if ((flags & 16) != 0)
		(void)gh_rd_u8(&r);
	struct gh_span name = gh_rd_take(&r, gh_rd_le(&r, 1u << (flags & 3)));
	uint64_t at = type == HARD ? h5_rd_addr(h, &r) : 0;
	struct gh_span value = type != HARD ? gh_rd_take(&r, gh_rd_u16le(&r)) : (struct gh_span){ 0 };
	*used = r.off;
	if (r.bad)
		return h5_bad(h, H5_A_COUNT, addr, "a link in \"%s\" is cut short", gh_safe(path).s);
	GH_TRY(h5_link_name(h, path, names, name, addr), h->w->err, "link");
	struct gh_span full = h5_join(h, path, name);
	if (type == HARD)
		return h5_queue(h, (struct h5_work){ .addr = at, .path = full, .btree = H5_UNDEF, .heap = H5_UNDEF });
	if (type == EXTERNAL)
		return h5_external_link(h, full, value, addr);
	if (type != SOFT)
		h5_say(h, H5_A_USERLINK, addr, body.n, "\"%s\" is a link of class %u", gh_safe(full).s, type);
	return GH_OK;
}

/* ---- dense storage ----------------------------------------------------------------------------------------------------- */

struct dense {
	struct h5 *h;
	struct gh_span path;
	struct gh_recs *names;
	struct h5_heap heap;
	uint64_t n;
};

static enum gh_rc by_name(void *ctx, unsigned type, struct gh_span record)
{
	struct dense *d = ctx;
	struct gh_span id = gh_span_cut(record, 4, record.n), body;
	uint64_t addr = 0;
	size_t used = 0;
	(void)type;
	d->n++;
	enum gh_rc rc = h5_heap_object(d->h, &d->heap, id, &body, &addr);
	if (rc == GH_OK)
		rc = h5_link(d->h, d->path, d->names, body, addr, &used);
	return rc;
}

struct count {
	uint64_t n;
};
static enum gh_rc by_order(void *ctx, unsigned type, struct gh_span record)
{
	(void)type, (void)record;
	((struct count *)ctx)->n++;
	return GH_OK;
}

enum gh_rc h5_links_dense(struct h5 *h, struct gh_span path, struct gh_recs *names, uint64_t heap, uint64_t tree,
			  uint64_t order)
{
	struct dense *d = GH_NEW(&h->obj, struct dense, 1);
	struct count c = { 0 };
	if (d == NULL)
		return h5_bad(h, H5_A_MANY, heap, "a group of very many links");
	d->h = h;
	d->path = path;
	d->names = names;
	GH_TRY(h5_heap_open(h, heap, &d->heap), h->w->err, "links of \"%s\"", gh_safe(path).s);
	GH_TRY(h5_tree2(h, tree, 5, -1, by_name, d), h->w->err, "links of \"%s\"", gh_safe(path).s);
	if (order == H5_UNDEF)
		return GH_OK;
	GH_TRY(h5_tree2(h, order, 6, -1, by_order, &c), h->w->err, "links of \"%s\"", gh_safe(path).s);
	if (c.n != d->n)
		return h5_bad(h, H5_A_CACHE, order, "\"%s\" has %llu links by name and %llu by age", gh_safe(path).s,
			      (unsigned long long)d->n, (unsigned long long)c.n);
	return GH_OK;
}
