/* The objects of a file: each is its object header's messages. Visited once, whatever links lead to it. */
#include "format/hdf5/h5.h"

/* Message types (IV.A.2). */
enum {
	MSG_SPACE = 1,
	MSG_LINK_INFO = 2,
	MSG_TYPE = 3,
	MSG_OLD_FILL = 4,
	MSG_FILL = 5,
	MSG_LINK = 6,
	MSG_FILES = 7,
	MSG_LAYOUT = 8,
	MSG_GROUP_INFO = 0xa,
	MSG_FILTERS = 0xb,
	MSG_ATTRIBUTE = 0xc,
	MSG_COMMENT = 0xd,
	MSG_OLD_TIME = 0xe,
	MSG_SYMBOLS = 0x11,
	MSG_TIME = 0x12,
	MSG_ATTR_INFO = 0x15,
	MSG_REFCOUNT = 0x16,
	MSG_TYPES = 0x19
};

struct object {
	struct h5 *h;
	struct h5_work work;
	uint32_t have; /* bits of message types that came */
	struct h5_msg layout;
	struct h5_dataset *set;
	bool filled;				    /* see struct h5_dataset */
	uint64_t btree, heap;			    /* old group */
	uint64_t link_heap, link_names, link_order; /* new group */
	uint64_t attr_heap, attr_names, attr_order;
	struct gh_span files; /* external storage */
	uint64_t files_addr;
	struct gh_recs names; /* of links in the header */
};

/* ---- the messages: each says how many bytes of its body it understood -------------------------------------------------- */

static struct h5_dataset *dataset(struct object *o)
{
	if (o->set == NULL && (o->set = GH_NEW(o->h->w->arena, struct h5_dataset, 1)) != NULL)
		o->set->path = o->work.path;
	return o->set;
}

static enum gh_rc cut(struct object *o, const struct h5_msg *m)
{
	return h5_bad(o->h, H5_A_STRUCT, m->addr, "message of type %u in \"%s\" is malformed", m->type,
		      gh_safe(o->work.path).s);
}

static enum gh_rc on_space(struct object *o, struct h5_msg *m)
{
	struct h5_dataset *d = dataset(o);
	if (d == NULL)
		return h5_bad(o->h, H5_A_MANY, m->addr, "too many datasets");
	m->used = gh_hdf5_space(m->body, o->h->sl, &d->space);
	return m->used == 0
		       ? h5_bad(o->h, H5_A_COUNT, m->addr, "shape of \"%s\": the product overflows, or it is malformed",
				gh_safe(o->work.path).s)
		       : GH_OK;
}

static enum gh_rc on_type(struct object *o, struct h5_msg *m)
{
	struct h5_dataset *d = dataset(o);
	enum gh_rc rc;
	if (d == NULL)
		return h5_bad(o->h, H5_A_MANY, m->addr, "too many datasets");
	struct gh_arena *keep = o->h->w->arena;
	m->used = gh_hdf5_type(m->body, o->h->so, &o->h->tmp, &d->type, &rc);
	if (m->used == 0)
		return h5_bad(o->h,
			      rc == GH_E_UNREAD	 ? H5_A_UNKNOWN
			      : rc == GH_E_LIMIT ? H5_A_MANY
						 : H5_A_TYPE,
			      m->addr, "type of \"%s\"", gh_safe(o->work.path).s);
	if (d->type.nspot != 0) { /* the rest of what was made there may go */
		struct gh_hdf5_spot *v = GH_NEW(keep, struct gh_hdf5_spot, d->type.nspot);
		if (v == NULL)
			return h5_bad(o->h, H5_A_MANY, m->addr, "too many datasets");
		memcpy(v, d->type.spot, d->type.nspot * sizeof *v);
		d->type.spot = v;
	}
	return GH_OK;
}

/* A fill value: is it anything but zero? */
static void fill(struct object *o, struct gh_span value)
{
	for (size_t i = 0; i < value.n; i++)
		o->filled = o->filled || value.p[i] != 0;
}

static enum gh_rc on_old_fill(struct object *o, struct h5_msg *m)
{
	struct gh_rd r = gh_rd(m->body);
	fill(o, gh_rd_take(&r, gh_rd_u32le(&r)));
	m->used = r.off;
	return r.bad ? cut(o, m) : GH_OK;
}

static enum gh_rc on_fill(struct object *o, struct h5_msg *m)
{
	struct gh_rd r = gh_rd(m->body);
	unsigned version = gh_rd_u8(&r), defined;
	if (version == 1 || version == 2) {
		(void)gh_rd_take(&r, 2);
		defined = gh_rd_u8(&r);
		if (version == 1 || defined != 0)
			fill(o, gh_rd_take(&r, gh_rd_u32le(&r)));
	} else if (version == 3) {
		if ((gh_rd_u8(&r) & 0x20) != 0)
			fill(o, gh_rd_take(&r, gh_rd_u32le(&r)));
	} else
		return h5_bad(o->h, H5_A_UNKNOWN, m->addr, "fill value of version %u", version);
	m->used = r.off;
	return r.bad ? cut(o, m) : GH_OK;
}

static enum gh_rc on_link_info(struct object *o, struct h5_msg *m)
{
	struct gh_rd r = gh_rd(m->body);
	unsigned version = gh_rd_u8(&r), flags = gh_rd_u8(&r);
	if ((flags & 1) != 0)
		(void)gh_rd_u64le(&r);
	o->link_heap = h5_rd_addr(o->h, &r);
	o->link_names = h5_rd_addr(o->h, &r);
	o->link_order = (flags & 2) != 0 ? h5_rd_addr(o->h, &r) : H5_UNDEF;
	m->used = r.off;
	return r.bad || version != 0 ? cut(o, m) : GH_OK;
}

static enum gh_rc on_attr_info(struct object *o, struct h5_msg *m)
{
	struct gh_rd r = gh_rd(m->body);
	unsigned version = gh_rd_u8(&r), flags = gh_rd_u8(&r);
	if ((flags & 1) != 0)
		(void)gh_rd_u16le(&r);
	o->attr_heap = h5_rd_addr(o->h, &r);
	o->attr_names = h5_rd_addr(o->h, &r);
	o->attr_order = (flags & 2) != 0 ? h5_rd_addr(o->h, &r) : H5_UNDEF;
	m->used = r.off;
	return r.bad || version != 0 ? cut(o, m) : GH_OK;
}

static enum gh_rc on_symbols(struct object *o, struct h5_msg *m)
{
	struct gh_rd r = gh_rd(m->body);
	o->btree = h5_rd_addr(o->h, &r);
	o->heap = h5_rd_addr(o->h, &r);
	m->used = r.off;
	return r.bad ? cut(o, m) : GH_OK;
}

static enum gh_rc on_link(struct object *o, struct h5_msg *m)
{
	return h5_link(o->h, o->work.path, &o->names, m->body, m->addr, &m->used);
}

static enum gh_rc on_attribute(struct object *o, struct h5_msg *m)
{
	return h5_attribute(o->h, o->work.path, m->body, m->addr, &m->used);
}

static enum gh_rc on_files(struct object *o, struct h5_msg *m)
{
	return h5_external_files(o->h, o->work.path, m->body, m->addr, &m->used);
}

/* Read when the type and the shape are known. */
static enum gh_rc on_layout(struct object *o, struct h5_msg *m)
{
	o->layout = *m;
	o->layout.body = gh_keep(&o->h->obj, m->body);
	struct h5_layout l;
	enum gh_rc rc = o->layout.body.p == NULL ? h5_bad(o->h, H5_A_MANY, m->addr, "too many datasets")
						 : h5_layout(o->h, &o->layout, &l);
	m->used = o->layout.used;
	return rc;
}

static enum gh_rc on_filters(struct object *o, struct h5_msg *m)
{
	struct h5_dataset *d = dataset(o);
	if (d == NULL)
		return h5_bad(o->h, H5_A_MANY, m->addr, "too many datasets");
	m->used = gh_hdf5_pipeline(m->body, &d->filters);
	return m->used == 0 ? h5_bad(o->h, H5_A_FILTER, m->addr, "filters of \"%s\"", gh_safe(o->work.path).s) : GH_OK;
}

static enum gh_rc on_comment(struct object *o, struct h5_msg *m)
{
	const uint8_t *nul = m->body.n == 0 ? NULL : memchr(m->body.p, 0, m->body.n);
	if (nul == NULL)
		return cut(o, m);
	struct gh_text t = { .role = "comment", .key = o->work.path, .text = { m->body.p, (size_t)(nul - m->body.p) } };
	m->used = t.text.n + 1;
	return gh_emit(o->h->w, GH_EV_TEXT, o->h->base + m->addr, m->used, &t);
}

static enum gh_rc on_fixed(struct object *o, struct h5_msg *m, size_t n)
{
	m->used = n;
	return m->body.n < n ? cut(o, m) : GH_OK;
}
static enum gh_rc on_old_time(struct object *o, struct h5_msg *m) { return on_fixed(o, m, 14); }
static enum gh_rc on_time(struct object *o, struct h5_msg *m) { return on_fixed(o, m, 8); }
static enum gh_rc on_refcount(struct object *o, struct h5_msg *m) { return on_fixed(o, m, 5); }
static enum gh_rc on_group_info(struct object *o, struct h5_msg *m)
{
	unsigned flags = m->body.n < 2 ? 0 : m->body.p[1];
	return on_fixed(o, m, 2 + ((flags & 1) != 0 ? 4u : 0) + ((flags & 2) != 0 ? 4u : 0));
}

static const struct {
	enum gh_rc (*on)(struct object *o, struct h5_msg *m);
	bool many; /* may come more than once */
} messages[MSG_TYPES] = {
	[MSG_SPACE] = { on_space, false },
	[MSG_LINK_INFO] = { on_link_info, false },
	[MSG_TYPE] = { on_type, false },
	[MSG_OLD_FILL] = { on_old_fill, false },
	[MSG_FILL] = { on_fill, false },
	[MSG_LINK] = { on_link, true },
	[MSG_FILES] = { on_files, false },
	[MSG_LAYOUT] = { on_layout, false },
	[MSG_GROUP_INFO] = { on_group_info, false },
	[MSG_FILTERS] = { on_filters, false },
	[MSG_ATTRIBUTE] = { on_attribute, true },
	[MSG_COMMENT] = { on_comment, false },
	[MSG_OLD_TIME] = { on_old_time, false },
	[MSG_SYMBOLS] = { on_symbols, false },
	[MSG_TIME] = { on_time, false },
	[MSG_ATTR_INFO] = { on_attr_info, false },
	[MSG_REFCOUNT] = { on_refcount, false },
};

static enum gh_rc each(void *ctx, struct h5_msg *m)
{
	struct object *o = ctx;
	if (m->type >= MSG_TYPES || messages[m->type].on == NULL)
		return h5_bad(o->h, H5_A_UNKNOWN, m->addr, "message of type %u in \"%s\"", m->type,
			      gh_safe(o->work.path).s);
	if (!messages[m->type].many && (o->have & 1u << m->type) != 0)
		return h5_bad(o->h, H5_A_DUPLICATE, m->addr, "\"%s\" has two messages of type %u",
			      gh_safe(o->work.path).s, m->type);
	o->have |= 1u << m->type;
	return messages[m->type].on(o, m);
}

/* ---- what the messages make ------------------------------------------------------------------------------------------- */

static enum gh_rc make_dataset(struct object *o)
{
	struct h5 *h = o->h;
	struct h5_dataset *d = o->set;
	if ((o->have & 1u << MSG_LAYOUT) == 0)
		return GH_OK; /* a type of its own, or nothing */
	if (d == NULL || (o->have & 1u << MSG_SPACE) == 0 || (o->have & 1u << MSG_TYPE) == 0)
		return h5_bad(h, H5_A_STRUCT, o->work.addr, "\"%s\" has data without a shape or a type",
			      gh_safe(o->work.path).s);
	if (d->type.size == 0 || (d->space.count == 0 && d->space.ndim == 0 && !d->space.null))
		return GH_OK; /* said before */
	GH_TRY(h5_layout(h, &o->layout, &d->layout), h->w->err, "layout");
	if ((o->have & 1u << MSG_FILES) != 0 && d->layout.kind == H5_CONTIGUOUS)
		d->layout.kind = H5_NOWHERE; /* its data lie in other files */
	h5_shape(h, d, o->work.addr);
	d->filled = o->filled;
	d->next = h->sets;
	h->sets = d;
	h->nsets++;
	if (d->layout.kind == H5_CHUNKED) {
		d->chunk_from = h->chunks.n;
		enum gh_rc rc = h5_index(h, d);
		d->chunk_to = h->chunks.n;
		h5_stored(h, d, o->work.addr);
		return rc;
	}
	return d->layout.kind == H5_VIRTUAL ? h5_virtual(h, d) : GH_OK;
}

/* A part that is malformed does not keep the others from being read. */
static enum gh_rc settle(struct h5 *h, enum gh_rc rc)
{
	h->broken = h->broken || rc == GH_E_MALFORMED;
	h->unread = h->unread || rc == GH_E_UNREAD;
	h5_drop(h);
	return rc == GH_E_MALFORMED || rc == GH_E_UNREAD ? GH_OK : rc;
}

static enum gh_rc make_group(struct object *o)
{
	struct h5 *h = o->h;
	const struct h5_work *k = &o->work;
	enum gh_rc rc = GH_OK;
	bool old = (o->have & 1u << MSG_SYMBOLS) != 0, new = (o->have & 1u << MSG_LINK_INFO) != 0;
	if ((old || new) && (o->have & 1u << MSG_LAYOUT) != 0)
		rc = h5_bad(h, H5_A_STRUCT, k->addr, "\"%s\" is a group and a dataset at once", gh_safe(k->path).s);
	/* A group that was turned into one of the new kind leaves the entry as it was; no reader goes by it then. */
	bool differs = k->cached && old && (k->btree != o->btree || k->heap != o->heap);
	if (rc == GH_OK && differs)
		rc = h5_bad(h, H5_A_CACHE, k->addr, "\"%s\": the entry that leads to it names another table of names",
			    gh_safe(k->path).s);
	rc = settle(h, rc);
	if (rc == GH_OK && differs)
		rc = settle(h, h5_group_old(h, k->path, k->btree, k->heap));
	if (rc == GH_OK && old)
		rc = settle(h, h5_group_old(h, k->path, o->btree, o->heap));
	if (rc == GH_OK && new && o->link_heap != H5_UNDEF)
		rc = settle(h, h5_links_dense(h, k->path, &o->names, o->link_heap, o->link_names, o->link_order));
	if (rc == GH_OK)
		h5_names_twice(h, k->path, &o->names);
	return rc;
}

static enum gh_rc object(struct h5 *h, const struct h5_work *work)
{
	struct object o = { .h = h, .work = *work };
	o.names = gh_recs(&h->obj, GH_RECS_MAX);
	enum gh_rc rc = settle(h, h5_header(h, work->addr, false, each, &o));
	if (rc == GH_OK)
		rc = settle(h, make_dataset(&o));
	if (rc == GH_OK)
		rc = make_group(&o);
	if (rc == GH_OK && (o.have & 1u << MSG_ATTR_INFO) != 0 && o.attr_heap != H5_UNDEF)
		rc = settle(h, h5_attrs_dense(h, work->path, o.attr_heap, o.attr_names, o.attr_order));
	gh_arena_free(&h->obj);
	gh_arena_free(&h->tmp);
	return rc;
}

/* ---- the queue: a binary heap, so that a file is read forward as far as it can be -------------------------------------- */

enum gh_rc h5_queue(struct h5 *h, struct h5_work work)
{
	struct h5_work *v = gh_grow(h->w->arena, h->queue, &h->queue_cap, h->nqueue + 1, sizeof *v);
	if (v == NULL)
		return h5_bad(h, H5_A_MANY, work.addr, "more objects than can be kept");
	h->queue = v;
	size_t i = h->nqueue++;
	for (; i > 0 && v[(i - 1) / 2].addr > work.addr; i = (i - 1) / 2)
		v[i] = v[(i - 1) / 2];
	v[i] = work;
	return GH_OK;
}

static struct h5_work next(struct h5 *h)
{
	struct h5_work *v = h->queue, top = v[0], last = v[--h->nqueue];
	size_t i = 0;
	for (size_t k; (k = 2 * i + 1) < h->nqueue; i = k) {
		if (k + 1 < h->nqueue && v[k + 1].addr < v[k].addr)
			k++;
		if (v[k].addr >= last.addr)
			break;
		v[i] = v[k];
	}
	v[i] = last;
	return top;
}

enum gh_rc h5_objects(struct h5 *h, const struct h5_root *root)
{
	GH_TRY(h5_queue(h, root->work), h->w->err, "hdf5");
	while (h->nqueue != 0) {
		struct h5_work work = next(h);
		bool fresh;
		GH_TRY(h5_visit(h, work.addr, &fresh), h->w->err, "hdf5");
		if (!fresh)
			continue;
		enum gh_rc rc = object(h, &work);
		if (rc != GH_OK)
			return rc;
	}
	return GH_OK;
}
