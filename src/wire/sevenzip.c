#include "wire/sevenzip.h"

#include <libdeflate.h>

enum {
	K_END,
	K_HEADER,
	K_ARCHIVE_PROPS,
	K_ADDITIONAL,
	K_STREAMS,
	K_FILES,
	K_PACK,
	K_UNPACK,
	K_SUBSTREAMS,
	K_SIZE,
	K_CRC,
	K_FOLDER,
	K_UNPACK_SIZE,
	K_NUM_UNPACK,
	K_EMPTY_STREAM,
	K_EMPTY_FILE,
	K_ANTI,
	K_NAMES,
	K_CTIME,
	K_ATIME,
	K_MTIME,
	K_ATTR,
	K_COMMENT,
	K_ENCODED,
	K_START_POS,
	K_DUMMY
};
enum { PORTS = 32, AES = 0x06f10701 };

bool gh_7z_start(struct gh_span h, struct gh_7z_start *out)
{
	if (h.n < GH_7Z_HEAD || memcmp(h.p, "7z\xbc\xaf\x27\x1c", 6) != 0)
		return false;
	uint64_t off = gh_le64(h.p + 12);
	*out = (struct gh_7z_start){
		.off = off > UINT64_MAX - GH_7Z_HEAD ? UINT64_MAX : off + GH_7Z_HEAD,
		.size = gh_le64(h.p + 20),
		.crc = gh_le32(h.p + 28),
		.crc_ok = libdeflate_crc32(0, h.p + 12, 20) == gh_le32(h.p + 8),
	};
	return true;
}

struct parse {
	struct gh_rd r;
	struct gh_arena *a;
	struct gh_7z *z;
	struct gh_err *err;
	bool elsewhere; /* a part is stored outside of the header */
	bool memory;
};

/* As many leading one bits as further bytes, low bytes first; what is left of the first byte is the high part. */
static uint64_t number(struct parse *p)
{
	unsigned first = gh_rd_u8(&p->r), mask = 0x80;
	uint64_t v = 0;
	for (unsigned i = 0; i < 8; i++, mask >>= 1) {
		if ((first & mask) == 0)
			return v | (uint64_t)(first & (mask - 1)) << (8 * i);
		v |= (uint64_t)gh_rd_u8(&p->r) << (8 * i);
	}
	return v;
}

/* A count of things that take at least one byte each in what is left. */
static uint64_t count(struct parse *p)
{
	uint64_t n = number(p);
	if (n > gh_rd_left(&p->r))
		p->r.bad = true;
	return p->r.bad ? 0 : n;
}

static void *room(struct parse *p, uint64_t n, size_t each)
{
	void *m = p->r.bad ? NULL : gh_alloc(p->a, (size_t)n + 1, each);
	if (m == NULL) {
		p->memory = p->memory || !p->r.bad;
		p->r.bad = true;
	}
	return m;
}

/* Bits, highest first; with `optional`, a byte says first whether all are set. */
static struct gh_span bits(struct parse *p, uint64_t n, bool optional, bool *all)
{
	*all = optional && gh_rd_u8(&p->r) != 0;
	return *all ? (struct gh_span){ 0 } : gh_rd_take(&p->r, n / 8 + (n % 8 != 0));
}
static bool bit(struct gh_span b, bool all, uint64_t i)
{
	return all || (i / 8 < b.n && (b.p[i / 8] >> (7 - i % 8) & 1));
}

static bool is(struct parse *p, unsigned id)
{
	if (p->r.bad || gh_rd_left(&p->r) == 0 || p->r.s.p[p->r.off] != id)
		return false;
	p->r.off++;
	return true;
}
static void expect(struct parse *p, unsigned id)
{
	if (!is(p, id))
		p->r.bad = true;
}

/* ---- streams ---------------------------------------------------------------------------------------------------- */
static void pack_info(struct parse *p)
{
	struct gh_7z *z = p->z;
	z->pack_off = number(p);
	z->npack = count(p);
	z->pack = room(p, z->npack, sizeof *z->pack);
	if (is(p, K_SIZE))
		for (uint64_t i = 0; i < z->npack && !p->r.bad; i++)
			z->pack[i] = number(p);
	if (is(p, K_CRC)) {
		bool all;
		struct gh_span set = bits(p, z->npack, true, &all);
		for (uint64_t i = 0; i < z->npack && !p->r.bad; i++)
			if (bit(set, all, i))
				(void)gh_rd_u32le(&p->r);
	}
	expect(p, K_END);
}

struct wiring {
	unsigned nin, nout, nbind, coder_in[PORTS]; /* first input of each coder */
	unsigned from[PORTS], to[PORTS];	    /* bind pairs: output index → input index */
	bool simple;
	unsigned packed; /* the input that the (only) packed stream feeds */
};

static void coder(struct parse *p, struct gh_7z_coder *c, struct wiring *w, unsigned k)
{
	unsigned flags = gh_rd_u8(&p->r);
	c->id = gh_rd_be(&p->r, flags & 15 & 7);
	uint64_t in = 1, out = 1;
	if (flags & 0x10) {
		in = number(p);
		out = number(p);
	}
	if (flags & 0x20)
		c->props = gh_rd_take(&p->r, number(p));
	w->simple = w->simple && in == 1 && out == 1;
	w->coder_in[k] = w->nin;
	if (in > PORTS - w->nin || out > PORTS - w->nout || (flags & 0xc0) || (flags & 15) > 7)
		p->r.bad = true;
	else {
		w->nin += (unsigned)in;
		w->nout += (unsigned)out;
	}
}

/* From the coder that the packed stream feeds along the bind pairs to the one whose output is the content. */
static void straighten(struct gh_7z_folder *f, const struct gh_7z_coder *c, const struct wiring *w)
{
	unsigned at = w->packed, n = 0;
	f->linear = w->simple && f->npack == 1 && f->ncoder <= GH_7Z_CODERS;
	while (f->linear && n < f->ncoder) {
		f->coder[n++] = c[at];
		unsigned k = 0;
		while (k < w->nbind && w->from[k] != at)
			k++;
		if (k == w->nbind)
			break;
		at = w->to[k];
	}
	f->linear = f->linear && n == f->ncoder;
}

static unsigned port(struct parse *p, unsigned n)
{
	uint64_t v = number(p);
	if (v >= n)
		p->r.bad = true;
	return p->r.bad ? 0 : (unsigned)v;
}

/* The coders, and how they are wired; the sizes follow for all folders later and are filled in by position, so the
 * coders of a folder are kept in the order of the file until then. */
static void folder(struct parse *p, struct gh_7z_folder *f, struct gh_7z_coder c[PORTS], struct wiring *w)
{
	*w = (struct wiring){ .simple = true };
	uint64_t n = number(p);
	if (n == 0 || n > PORTS)
		p->r.bad = true;
	f->ncoder = p->r.bad ? 0 : (uint32_t)n;
	for (unsigned i = 0; i < f->ncoder; i++) {
		c[i] = (struct gh_7z_coder){ 0 };
		coder(p, &c[i], w, i);
		f->encrypted = f->encrypted || c[i].id == AES;
	}
	if (p->r.bad || w->nout == 0 || w->nin < w->nout - 1) {
		p->r.bad = true;
		return;
	}
	w->nbind = w->nout - 1;
	uint32_t taken = 0;
	for (unsigned i = 0; i < w->nbind; i++) {
		w->to[i] = port(p, w->nin);
		w->from[i] = port(p, w->nout);
		taken |= 1u << w->to[i];
	}
	f->npack = w->nin - w->nbind;
	for (unsigned i = 0; f->npack > 1 && i < f->npack; i++)
		(void)port(p, w->nin);
	while (w->packed < w->nin - 1 && (taken >> w->packed & 1))
		w->packed++;
}

/* One folder between its description and its sizes. */
struct draft {
	struct wiring w;
	struct gh_7z_coder c[PORTS];
};

static void folder_sizes(struct parse *p, struct gh_7z_folder *f, struct draft *d)
{
	uint32_t bound = 0;
	for (unsigned i = 0; i < d->w.nbind; i++)
		bound |= 1u << d->w.from[i];
	for (unsigned i = 0; i < d->w.nout; i++) {
		uint64_t size = number(p);
		if (d->w.simple)
			d->c[i].size = size;
		if (!(bound >> i & 1))
			f->size = size;
	}
	straighten(f, d->c, &d->w);
}

static void unpack_info(struct parse *p)
{
	struct gh_7z *z = p->z;
	expect(p, K_FOLDER);
	z->nfolder = count(p);
	if (gh_rd_u8(&p->r) != 0)
		p->elsewhere = p->r.bad = true;
	z->folder = room(p, z->nfolder, sizeof *z->folder);
	/* Sizes come after all folders: read the descriptions twice rather than keep a draft of each. */
	struct draft *d = room(p, 1, sizeof *d);
	struct gh_rd again = p->r;
	for (uint64_t i = 0; i < z->nfolder && !p->r.bad; i++)
		folder(p, &z->folder[i], d->c, &d->w);
	expect(p, K_UNPACK_SIZE);
	uint64_t pack = 0;
	for (uint64_t i = 0; i < z->nfolder && !p->r.bad; i++) {
		struct gh_rd sizes = p->r;
		struct gh_7z_folder *f = &z->folder[i];
		*f = (struct gh_7z_folder){ .first_pack = pack, .nsub = 1 };
		p->r = again;
		folder(p, f, d->c, &d->w);
		again = p->r;
		p->r = sizes;
		folder_sizes(p, f, d);
		pack += f->npack;
	}
	if (is(p, K_CRC)) {
		bool all;
		struct gh_span set = bits(p, z->nfolder, true, &all);
		for (uint64_t i = 0; i < z->nfolder && !p->r.bad; i++)
			if ((z->folder[i].has_crc = bit(set, all, i)))
				z->folder[i].crc = gh_rd_u32le(&p->r);
	}
	expect(p, K_END);
	if (pack > z->npack)
		p->r.bad = true;
}

static void sub_sizes(struct parse *p, bool given)
{
	struct gh_7z *z = p->z;
	for (uint64_t i = 0, at = 0; i < z->nfolder && !p->r.bad; i++) {
		struct gh_7z_folder *f = &z->folder[i];
		uint64_t left = f->size;
		f->first_sub = at;
		for (uint64_t k = 0; k < f->nsub && !p->r.bad; k++) {
			uint64_t size = k + 1 == f->nsub ? left : given ? number(p) : 0;
			if (size > left || (k + 1 < f->nsub && !given))
				p->r.bad = true;
			left -= size;
			z->sub[at++].size = size;
		}
		if (f->nsub == 1 && f->has_crc && !p->r.bad)
			z->sub[at - 1] = (struct gh_7z_sub){ f->size, true, f->crc };
	}
}

static void sub_crcs(struct parse *p)
{
	struct gh_7z *z = p->z;
	uint64_t unknown = 0, k = 0;
	for (uint64_t i = 0; i < z->nsub; i++)
		unknown += !z->sub[i].has_crc;
	bool all;
	struct gh_span set = bits(p, unknown, true, &all);
	for (uint64_t i = 0; i < z->nsub && !p->r.bad; i++)
		if (!z->sub[i].has_crc && bit(set, all, k++)) {
			z->sub[i].crc = gh_rd_u32le(&p->r);
			z->sub[i].has_crc = true;
		}
}

static void substreams(struct parse *p, bool present)
{
	struct gh_7z *z = p->z;
	uint64_t bound = gh_rd_left(&p->r) + z->nfolder;
	if (present && is(p, K_NUM_UNPACK))
		for (uint64_t i = 0; i < z->nfolder && !p->r.bad; i++)
			z->folder[i].nsub = number(p);
	z->nsub = 0;
	for (uint64_t i = 0; i < z->nfolder && !p->r.bad; i++) {
		if (z->folder[i].nsub > bound - z->nsub) /* each but the last of a folder takes a byte of size */
			p->r.bad = true;
		else
			z->nsub += z->folder[i].nsub;
	}
	z->sub = room(p, z->nsub, sizeof *z->sub);
	sub_sizes(p, present && is(p, K_SIZE));
	if (present && !p->r.bad) {
		if (is(p, K_CRC))
			sub_crcs(p);
		expect(p, K_END);
	}
}

static void streams(struct parse *p)
{
	if (is(p, K_PACK))
		pack_info(p);
	if (is(p, K_UNPACK))
		unpack_info(p);
	substreams(p, is(p, K_SUBSTREAMS));
	expect(p, K_END);
}

/* ---- files ------------------------------------------------------------------------------------------------------ */
static void names(struct parse *p, struct gh_rd *r)
{
	if (gh_rd_u8(r) != 0)
		p->elsewhere = p->r.bad = true;
	for (uint64_t i = 0; i < p->z->nfile && !p->r.bad && !r->bad; i++) {
		size_t from = r->off;
		while (!r->bad && gh_rd_u16le(r) != 0)
			;
		if (!r->bad)
			p->z->file[i].name = (struct gh_span){ r->s.p + from, r->off - from - 2 };
	}
}

static void attributes(struct parse *p, struct gh_rd *r)
{
	struct parse q = *p;
	q.r = *r;
	bool all;
	struct gh_span set = bits(&q, p->z->nfile, true, &all);
	if (gh_rd_u8(&q.r) != 0)
		p->elsewhere = p->r.bad = true;
	for (uint64_t i = 0; i < p->z->nfile && !q.r.bad; i++)
		if ((p->z->file[i].has_attr = bit(set, all, i)))
			p->z->file[i].attr = gh_rd_u32le(&q.r);
	*r = q.r;
}

static void files(struct parse *p)
{
	struct gh_7z *z = p->z;
	struct gh_span empty = { 0 }, plain = { 0 };
	z->nfile = count(p);
	z->file = room(p, z->nfile, sizeof *z->file);
	while (!p->r.bad && !is(p, K_END)) {
		uint64_t id = number(p);
		struct gh_rd r = gh_rd(gh_rd_take(&p->r, number(p)));
		if (p->r.bad)
			break;
		if (id == K_NAMES)
			names(p, &r);
		else if (id == K_ATTR)
			attributes(p, &r);
		else if (id == K_EMPTY_STREAM)
			empty = gh_rd_take(&r, r.s.n);
		else if (id == K_EMPTY_FILE)
			plain = gh_rd_take(&r, r.s.n);
		else if (id <= K_DUMMY) /* times, anti-items, padding: nothing depends on them */
			(void)gh_rd_take(&r, r.s.n);
		else
			r.bad = true;
		if (!gh_rd_done(&r))
			p->r.bad = true;
	}
	uint64_t k = 0, with = 0;
	for (uint64_t i = 0; i < z->nfile && !p->r.bad; i++) {
		z->file[i].has_stream = !bit(empty, false, i);
		with += z->file[i].has_stream;
		if (!z->file[i].has_stream)
			z->file[i].dir = !bit(plain, false, k++);
	}
	if (with != z->nsub)
		p->r.bad = true;
}

enum gh_rc gh_7z_parse(struct gh_span in, struct gh_arena *a, struct gh_7z *out, struct gh_err *err)
{
	*out = (struct gh_7z){ 0 };
	struct parse p = { .r = gh_rd(in), .a = a, .z = out, .err = err };
	uint64_t id = number(&p);
	out->encoded = id == K_ENCODED;
	if (out->encoded) {
		streams(&p);
	} else if (id == K_HEADER) {
		if (is(&p, K_ARCHIVE_PROPS))
			for (uint64_t t = number(&p); t != K_END && !p.r.bad; t = number(&p))
				(void)gh_rd_take(&p.r, number(&p));
		if (is(&p, K_ADDITIONAL))
			p.elsewhere = p.r.bad = true;
		if (is(&p, K_STREAMS))
			streams(&p);
		if (is(&p, K_FILES))
			files(&p);
		expect(&p, K_END);
	} else {
		p.r.bad = true;
	}
	if (p.memory)
		return gh_fail(err, GH_E_LIMIT, "7z header needs too much memory");
	if (p.elsewhere)
		return gh_fail(err, GH_E_UNREAD, "7z header keeps a part elsewhere");
	if (!gh_rd_done(&p.r))
		return gh_fail(err, GH_E_MALFORMED, "7z header is malformed near %zu", p.r.off);
	return GH_OK;
}
