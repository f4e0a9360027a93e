/* Object headers (IV.A): both versions, their continuations, messages that stand elsewhere. */
#include "format/hdf5/h5.h"

enum { CHUNKS_MAX = 4096, MSG_NIL = 0, MSG_CONTINUATION = 0x10, SHARED = 2 };

struct part {
	uint64_t addr, len; /* of the messages, without signature and checksum */
};

struct reading {
	struct h5 *h;
	uint64_t addr;
	bool again, v2;
	unsigned flags;
	struct part *part;
	size_t n, cap, next;
	uint32_t messages, expected;
	enum gh_rc (*each)(void *ctx, struct h5_msg *m);
	void *ctx;
};

static enum gh_rc note(struct reading *o, uint64_t addr, uint64_t len, enum gh_claim kind)
{
	return o->again ? GH_OK : h5_extent(o->h, addr, len, kind);
}

static enum gh_rc add_part(struct reading *o, uint64_t addr, uint64_t len)
{
	struct h5 *h = o->h;
	if (o->n >= CHUNKS_MAX)
		return h5_bad(h, H5_A_MANY, addr, "an object header of more than %d parts", (int)CHUNKS_MAX);
	struct part *v = gh_grow(&h->obj, o->part, &o->cap, o->n + 1, sizeof *v);
	if (v == NULL)
		return h5_bad(h, H5_A_MANY, addr, "an object header of very many parts");
	o->part = v;
	v[o->n++] = (struct part){ addr, len };
	return GH_OK;
}

static enum gh_rc continuation(struct reading *o, const struct h5_msg *m)
{
	struct h5 *h = o->h;
	struct gh_rd r = gh_rd(m->body);
	uint64_t addr = h5_rd_addr(h, &r), len = h5_rd_len(h, &r);
	bool fresh = true;
	if (r.bad)
		return h5_bad(h, H5_A_STRUCT, m->addr, "a continuation is cut short");
	if (!h5_room(h, addr, len, "continuation of an object header"))
		return h5_why(h);
	for (size_t i = 0; i < o->n; i++)
		fresh = fresh && o->part[i].addr != addr;
	if (fresh && !o->again)
		GH_TRY(h5_visit(h, addr, &fresh), h->w->err, "continuation");
	if (!fresh)
		return h5_bad(h, H5_A_TWICE, m->addr, "the continuation at %llu was read before",
			      (unsigned long long)addr);
	if (!o->v2)
		return add_part(o, addr, len);
	const uint8_t *p = h5_at(h, addr, 4, "continuation of an object header");
	if (p == NULL || len < 8)
		return h5_bad(h, H5_A_STRUCT, addr, "a continuation of %llu bytes", (unsigned long long)len);
	if (memcmp(p, "OCHK", 4) != 0)
		return h5_bad(h, H5_A_STRUCT, addr, "no continuation stands where it should");
	h5_check_sum(h, addr, len, "continuation of an object header");
	GH_TRY(note(o, addr, 4, GH_CLAIM_STRUCT), h->w->err, "continuation");
	GH_TRY(note(o, addr + len - 4, 4, GH_CLAIM_STRUCT), h->w->err, "continuation");
	return add_part(o, addr + 4, len - 8);
}

/* The message itself, its body in tmp; *used: what is understood of it. */
static enum gh_rc message(struct reading *o, struct h5_msg *m, unsigned flags)
{
	struct h5 *h = o->h;
	if (m->type == MSG_CONTINUATION) {
		m->used = h->so + h->sl;
		return continuation(o, m);
	}
	if ((flags & SHARED) == 0)
		return o->each(o->ctx, m);
	struct h5_msg there = *m;
	struct gh_rd r = gh_rd(m->body);
	enum gh_rc rc = h5_shared(h, m->type, &r, &there.body, &there.addr);
	m->used = r.off;
	if (rc != GH_OK)
		return rc;
	there.shared = true;
	return o->each(o->ctx, &there);
}

/* One message at `at`; head bytes were read. Returns its whole length in *len. */
static enum gh_rc one(struct reading *o, uint64_t at, uint64_t left, uint64_t *len)
{
	struct h5 *h = o->h;
	size_t head = !o->v2 ? 8 : (o->flags & 4) != 0 ? 6 : 4;
	const uint8_t *p = h5_at(h, at, head, "message");
	if (p == NULL)
		return h5_why(h);
	unsigned type = o->v2 ? p[0] : gh_le16(p), flags = o->v2 ? p[3] : p[4];
	size_t size = o->v2 ? gh_le16(p + 1) : gh_le16(p + 2);
	*len = head + size;
	if (size > left - head)
		return h5_bad(h, H5_A_COUNT, at, "a message of %zu bytes where %llu are left", size,
			      (unsigned long long)(left - head));
	GH_TRY(h5_step(h), h->w->err, "message");
	GH_TRY(note(o, at, head, GH_CLAIM_STRUCT), h->w->err, "message");
	if (type == MSG_NIL)
		return note(o, at + head, size, GH_CLAIM_FREE);
	struct h5_msg m = { .type = type, .addr = at + head, .body = h5_copy(h, at + head, size, "message") };
	if (m.body.p == NULL)
		return h5_why(h);
	enum gh_rc rc = message(o, &m, flags);
	h5_drop(h);
	if (rc == GH_E_MALFORMED || rc == GH_E_UNREAD) { /* the others may still be read */
		h->broken = h->broken || rc == GH_E_MALFORMED;
		h->unread = h->unread || rc == GH_E_UNREAD;
		rc = GH_OK;
		m.used = size;
	}
	if (rc != GH_OK)
		return rc;
	if (m.used > size)
		m.used = size;
	GH_TRY(note(o, at + head, m.used, GH_CLAIM_STRUCT), h->w->err, "message");
	return note(o, at + head + m.used, size - m.used, GH_CLAIM_FREE);
}

static enum gh_rc parts(struct reading *o)
{
	size_t head = !o->v2 ? 8 : (o->flags & 4) != 0 ? 6 : 4;
	for (; o->next < o->n; o->next++) {
		struct part c = o->part[o->next];
		while (c.len >= head) {
			uint64_t len = 0;
			enum gh_rc rc = one(o, c.addr, c.len, &len);
			if (rc != GH_OK)
				return rc;
			o->messages++;
			c.addr += len;
			c.len -= len;
		}
		GH_TRY(note(o, c.addr, c.len, GH_CLAIM_FREE), o->h->w->err, "object header");
	}
	if (!o->v2 && o->messages != o->expected)
		h5_say(o->h, H5_A_STRUCT, o->addr, 16, "%u messages are announced, %u are there", o->expected,
		       o->messages);
	return GH_OK;
}

static enum gh_rc begin_v1(struct reading *o)
{
	struct h5 *h = o->h;
	const uint8_t *p = h5_at(h, o->addr, 16, "object header");
	if (p == NULL)
		return h5_why(h);
	uint32_t len = gh_le32(p + 8);
	o->expected = gh_le16(p + 2);
	if (!h5_room(h, o->addr + 16, len, "object header"))
		return h5_why(h);
	GH_TRY(note(o, o->addr, 16, GH_CLAIM_STRUCT), h->w->err, "object header");
	return add_part(o, o->addr + 16, len);
}

static enum gh_rc begin_v2(struct reading *o)
{
	struct h5 *h = o->h;
	const uint8_t *p = h5_at(h, o->addr, 6, "object header");
	if (p == NULL)
		return h5_why(h);
	if (p[4] != 2)
		return h5_bad(h, H5_A_UNKNOWN, o->addr, "object header of version %u", p[4]);
	o->flags = p[5];
	unsigned width = 1u << (o->flags & 3);
	uint64_t at = 6 + ((o->flags & 0x20) != 0 ? 16u : 0) + ((o->flags & 0x10) != 0 ? 4u : 0);
	p = h5_at(h, o->addr + at, width, "object header");
	if (p == NULL)
		return h5_why(h);
	struct gh_rd r = gh_rd((struct gh_span){ p, width });
	uint64_t len = gh_rd_le(&r, width);
	at += width;
	if (len > UINT64_MAX / 2 || !h5_room(h, o->addr, at + len + 4, "object header"))
		return h5_bad(h, H5_A_STRUCT, o->addr, "an object header of %llu bytes", (unsigned long long)len);
	h5_check_sum(h, o->addr, at + len + 4, "object header");
	GH_TRY(note(o, o->addr, at, GH_CLAIM_STRUCT), h->w->err, "object header");
	GH_TRY(note(o, o->addr + at + len, 4, GH_CLAIM_STRUCT), h->w->err, "object header");
	return add_part(o, o->addr + at, len);
}

enum gh_rc h5_header(struct h5 *h, uint64_t addr, bool again, enum gh_rc (*each)(void *ctx, struct h5_msg *m),
		     void *ctx)
{
	struct reading o = { .h = h, .addr = addr, .again = again, .each = each, .ctx = ctx };
	const uint8_t *p = h5_at(h, addr, 4, "object header");
	if (p == NULL)
		return h5_why(h);
	o.v2 = memcmp(p, "OHDR", 4) == 0;
	if (!o.v2 && p[0] != 1)
		return h5_bad(h, H5_A_STRUCT, addr, "no object header stands at %llu", (unsigned long long)addr);
	enum gh_rc rc = o.v2 ? begin_v2(&o) : begin_v1(&o);
	return rc != GH_OK ? rc : parts(&o);
}

/* ---- messages that stand elsewhere (IV.A.2, shared messages) ------------------------------------------------------- */

struct wanted {
	unsigned type;
	struct gh_span body;
	uint64_t addr;
	bool found;
	struct h5 *h;
};

static enum gh_rc find(void *ctx, struct h5_msg *m)
{
	struct wanted *x = ctx;
	m->used = m->body.n;
	if (m->type == x->type && !x->found && !m->shared) {
		x->body = gh_keep(&x->h->tmp, m->body);
		x->addr = m->addr;
		x->found = x->body.p != NULL;
	}
	return GH_OK;
}

static enum gh_rc in_object(struct h5 *h, unsigned type, uint64_t at, struct gh_span *body, uint64_t *addr)
{
	struct wanted x = { .type = type, .h = h };
	if (h->within > 1)
		return h5_bad(h, H5_A_TWICE, at, "a shared message refers to another shared message");
	h->hold++;
	h->within++;
	enum gh_rc rc = h5_header(h, at, true, find, &x);
	h->within--;
	h->hold--;
	if (rc == GH_OK && !x.found)
		rc = h5_bad(h, H5_A_STRUCT, at, "no message of type %u stands where a shared one should", type);
	*body = x.body;
	*addr = x.addr;
	if (rc == GH_OK)
		rc = h5_queue(h, (struct h5_work){ .addr = at, .path = GH_SPAN("(type)"), .btree = H5_UNDEF });
	return rc;
}

enum gh_rc h5_shared(struct h5 *h, unsigned type, struct gh_rd *r, struct gh_span *body, uint64_t *addr)
{
	unsigned version = gh_rd_u8(r), where = gh_rd_u8(r);
	if (version == 1)
		(void)gh_rd_take(r, 6);
	if (r->bad || version == 0 || version > 3)
		return h5_bad(h, H5_A_UNKNOWN, 0, "a shared message of version %u", version);
	if (version == 3 && where == 1) {
		struct gh_span id = gh_rd_take(r, 8);
		return r->bad ? h5_bad(h, H5_A_STRUCT, 0, "a shared message is cut short")
			      : h5_shared_heap(h, type, id, body, addr);
	}
	uint64_t at = h5_rd_addr(h, r);
	if (r->bad || at == H5_UNDEF)
		return h5_bad(h, H5_A_STRUCT, 0, "a shared message is nowhere");
	return in_object(h, type, at, body, addr);
}
