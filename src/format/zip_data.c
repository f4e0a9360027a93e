/* The data of one member in one view: expand, check against what the headers claim, emit. */
#include "format/expand_member.h"
#include "format/zip_int.h"

#include <libdeflate.h>

enum { LINK_TARGET = 4096, CRC_STEP = 256 << 10 };

static const struct {
	uint16_t method;
	enum gh_codec codec;
} methods[] = {
	{ 0, GH_CODEC_STORE },	   { 8, GH_CODEC_DEFLATE }, { 12, GH_CODEC_BZIP2 },
	{ 14, GH_CODEC_LZMA_ZIP }, { 20, GH_CODEC_ZSTD }, /* as first assigned */
	{ 93, GH_CODEC_ZSTD },	   { 95, GH_CODEC_XZ },
};

static bool codec_of(uint16_t method, enum gh_codec *codec)
{
	for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++)
		if (methods[i].method == method) {
			*codec = methods[i].codec;
			return true;
		}
	return false;
}

bool zip_is_link(const struct gh_zip_entry *e) { return (e->external >> 16 & 0170000) == 0120000; }

/* A range of the archive that is check-summed on the way: whoever reads it forward (the pipeline, a tensor check) does
 * the checksum's reading, and a large file flows by once. Everything in front of a window is summed before the
 * window is handed out. */
struct summed {
	struct gh_src src;
	struct gh_src *parent;
	uint64_t base, done;
	uint32_t crc;
};

static void sum_to(struct summed *s, uint64_t off)
{
	while (s->done < off) {
		uint64_t left = off - s->done;
		struct gh_span w = gh_src_window(s->parent, s->base + s->done,
						 left < CRC_STEP ? (size_t)left : CRC_STEP);
		if (w.n == 0) {
			s->src.fail = s->parent->fail != GH_OK ? s->parent->fail : GH_E_MALFORMED;
			return;
		}
		s->crc = libdeflate_crc32(s->crc, w.p, w.n);
		s->done += w.n;
	}
}

static struct gh_span summed_window(struct gh_src *src, uint64_t off, size_t len)
{
	struct summed *s = (struct summed *)src;
	sum_to(s, off);
	if (s->src.fail != GH_OK)
		return (struct gh_span){ 0 };
	struct gh_span w = gh_src_window(s->parent, s->base + off, len);
	s->src.fail = s->parent->fail;
	if (off <= s->done && s->done - off < w.n) {
		size_t skip = (size_t)(s->done - off);
		s->crc = libdeflate_crc32(s->crc, w.p + skip, w.n - skip);
		s->done += w.n - skip;
	}
	return w;
}

static void summed_advance(struct gh_src *src, uint64_t off)
{
	struct summed *s = (struct summed *)src;
	sum_to(s, off);
	gh_src_advance(s->parent, s->base + off);
}

static struct gh_src *summed(struct summed *s, struct gh_src *parent, uint64_t off, uint64_t len)
{
	*s = (struct summed){
		.src = { .size = len,
			 .window = summed_window,
			 .advance = summed_advance,
			 .epoch = parent->epoch,
			 .stable = parent->stable,
			 .fail = parent->fail },
		.parent = parent,
		.base = off,
		.crc = libdeflate_crc32(0, NULL, 0),
	};
	return &s->src;
}

struct content {
	struct zip *z;
	const struct gh_zip_entry *e;
};

static void link_target(struct zip *z, const struct gh_zip_entry *e, struct gh_src *src)
{
	struct gh_span w = gh_src_window(src, 0, LINK_TARGET);
	struct gh_span target = gh_keep(z->w->arena, w);
	if (target.p == NULL) {
		zip_note(z, GH_E_LIMIT);
		return;
	}
	struct gh_reference ref = { .kind = GH_REF_SYMLINK, .target = target, .from = e->name };
	zip_note(z, gh_emit(z->w, GH_EV_REFERENCE, e->data_off, zip_clip(z, e->data_off, e->csize), &ref));
	/* A hidden view is no part of the set: by itself it may only be judged by its letters. */
	bool out = src->size > LINK_TARGET || (e->hidden && gh_path_link_escapes(e->name, target));
	zip_say(z, out ? Z_LINK_ESCAPES : Z_LINK, e->data_off, e->csize, "\"%s\" to \"%s\"", gh_safe(e->name).s,
		gh_safe(target).s);
	while (!e->hidden && z->next_link < z->nlinks) {
		struct gh_link *k = &z->link[z->next_link++];
		if (k->name.p != e->name.p)
			continue;
		k->target = target;
		k->at = e->data_off;
		k->len = zip_clip(z, e->data_off, e->csize);
		break;
	}
}

/* After the member event: what the walk itself and the refinement want from the bytes. */
static enum gh_rc with_content(void *ctx, struct gh_src *src)
{
	struct content *c = ctx;
	const struct gh_zip_hooks *h = c->z->h;
	if (zip_is_link(c->e))
		link_target(c->z, c->e, src);
	if (h == NULL || h->content == NULL)
		return GH_OK;
	enum gh_rc rc = h->content(h->ctx, c->z->w, c->e, src);
	return rc == GH_E_LIMIT || rc == GH_E_NOMEM ? rc : GH_OK;
}

static void check_sums(struct zip *z, const struct gh_zip_entry *e, uint64_t size, uint32_t crc)
{
	if (e->hidden && (e->flags & GH_ZIP_F_DESCRIPTOR) != 0)
		return; /* its local header knows neither */
	if (size != e->usize)
		zip_say(z, e->method == GH_ZIP_STORE ? Z_STORED_SIZE : Z_USIZE, e->data_off, e->csize,
			"\"%s\" claims %llu bytes, has %llu", gh_safe(e->name).s, (unsigned long long)e->usize,
			(unsigned long long)size);
	if (crc != e->crc)
		zip_say(z, Z_CRC, e->data_off, e->csize, "\"%s\" claims %08x, has %08x", gh_safe(e->name).s, e->crc,
			crc);
}

static enum gh_rc stored(struct zip *z, const struct gh_zip_entry *e, struct gh_member *m, bool claim, uint64_t len)
{
	struct summed s;
	struct content c = { z, e };
	m->src = summed(&s, z->w->src, e->data_off, len);
	if (claim)
		zip_claim(z, &z->body, e->data_off, len, GH_CLAIM_MEMBER);
	GH_TRY(gh_emit(z->w, GH_EV_MEMBER, e->data_off, len, m), z->w->err, "member \"%s\"", gh_safe(e->name).s);
	GH_TRY(with_content(&c, m->src), z->w->err, "member \"%s\"", gh_safe(e->name).s);
	sum_to(&s, len);
	if (s.src.fail != GH_OK)
		return gh_fail(z->w->err, s.src.fail, "reading \"%s\"", gh_safe(e->name).s);
	if (len == e->csize)
		check_sums(z, e, len, s.crc);
	/* Readers that go by the other size see more than what was emitted. */
	uint64_t more = z->w->src->size - e->data_off;
	if (e->usize <= e->csize || e->hidden || len != e->csize)
		return GH_OK;
	m->how = GH_MEMBER_HIDDEN;
	m->src = summed(&s, z->w->src, e->data_off, e->usize < more ? e->usize : more);
	return gh_emit(z->w, GH_EV_MEMBER, e->data_off, m->src->size, m);
}

static enum gh_rc packed(struct zip *z, const struct gh_zip_entry *e, struct gh_member *m, enum gh_codec codec,
			 bool claim, uint64_t len, uint64_t *used)
{
	struct content c = { z, e };
	struct gh_expanded x;
	enum gh_rc rc = gh_member_expand_with(z->w, *m, codec, e->data_off, len, &x, with_content, &c);
	if (rc != GH_OK && (rc != GH_E_LIMIT || x.rc != GH_E_LIMIT))
		return rc;
	uint64_t took = x.packed < len ? x.packed : len;
	if (claim)
		zip_claim(z, &z->body, e->data_off, x.ended ? took : len, GH_CLAIM_MEMBER);
	if (x.rc == GH_E_LIMIT) {
		zip_say(z, Z_BOMB, e->data_off, e->csize, "\"%s\": stopped after %llu bytes, %llu claimed",
			gh_safe(e->name).s, (unsigned long long)x.size, (unsigned long long)e->usize);
		zip_note(z, GH_E_LIMIT);
		return GH_OK;
	}
	if (x.rc != GH_OK || !x.ended) {
		zip_say(z, Z_STREAM, e->data_off, e->csize, "\"%s\": %s after %llu bytes", gh_safe(e->name).s,
			x.rc == GH_OK ? "ends early" : "breaks", (unsigned long long)x.size);
		zip_note(z, GH_E_MALFORMED);
		return GH_OK;
	}
	*used = took;
	if (!e->hidden && took < e->csize)
		zip_say(z, Z_LEFTOVER, e->data_off + took, e->csize - took, "\"%s\": %llu bytes", gh_safe(e->name).s,
			(unsigned long long)(e->csize - took));
	check_sums(z, e, x.size, x.crc32);
	return GH_OK;
}

/* Marked as encrypted. Readers that ignore the mark would read it as it stands: does it make sense that way? */
static bool plain_after_all(struct zip *z, const struct gh_zip_entry *e, enum gh_codec codec, uint64_t len)
{
	struct gh_expanded x;
	if (len == 0)
		return false;
	if (codec == GH_CODEC_STORE)
		return gh_range_crc32(z->w->src, e->data_off, len, &x.crc32) == GH_OK && x.crc32 == e->crc;
	return gh_range_measure(z->w->src, codec, e->data_off, len, e->usize, &x) == GH_OK && x.rc == GH_OK &&
	       x.ended && x.crc32 == e->crc;
}

/* A directory that was put through the compressor, as older jar programs do: a stream that holds nothing. */
static bool packed_nothing(struct zip *z, const struct gh_zip_entry *e, enum gh_codec codec, uint64_t len)
{
	struct gh_expanded x;
	return codec != GH_CODEC_STORE && len == e->csize && e->crc == 0 && (e->flags & GH_ZIP_F_ENCRYPTED) == 0 &&
	       gh_range_measure(z->w->src, codec, e->data_off, len, 0, &x) == GH_OK && x.rc == GH_OK && x.ended &&
	       x.size == 0 && x.packed == len;
}

enum gh_rc zip_data(struct zip *z, const struct gh_zip_entry *e, bool claim, uint64_t limit, uint64_t *used)
{
	enum gh_codec codec = GH_CODEC_STORE;
	uint64_t len = e->csize < limit ? e->csize : limit;
	struct gh_member m = { .how = e->hidden ? GH_MEMBER_HIDDEN : GH_MEMBER_FILE, .name = e->name };
	bool known = codec_of(e->method, &codec);
	*used = len;
	if (len < e->csize && !e->hidden) {
		zip_say(z, Z_RANGE, e->data_off, len, "\"%s\" claims %llu bytes, %llu are there", gh_safe(e->name).s,
			(unsigned long long)e->csize, (unsigned long long)len);
		zip_note(z, GH_E_MALFORMED);
	}
	if (e->directory && e->usize == 0 && (e->csize == 0 || (known && packed_nothing(z, e, codec, len)))) {
		if (claim)
			zip_claim(z, &z->body, e->data_off, len, GH_CLAIM_STRUCT);
		return GH_OK;
	}
	if ((e->flags & (GH_ZIP_F_ENCRYPTED | GH_ZIP_F_STRONG | GH_ZIP_F_MASKED)) != 0 || e->method == 99) {
		bool fake = known && plain_after_all(z, e, codec, len);
		zip_say(z, fake ? Z_FAKE_ENCRYPTED : Z_ENCRYPTED, e->data_off, len, "\"%s\"", gh_safe(e->name).s);
		if (!fake) {
			zip_note(z, GH_E_UNREAD);
			if (claim)
				zip_claim(z, &z->body, e->data_off, len, GH_CLAIM_DATA);
			return GH_OK;
		}
		m.how = GH_MEMBER_HIDDEN;
	} else if (!known) {
		zip_say(z, Z_UNSUPPORTED, e->data_off, len, "\"%s\": method %u", gh_safe(e->name).s, e->method);
		zip_note(z, GH_E_UNREAD);
		if (claim)
			zip_claim(z, &z->body, e->data_off, len, GH_CLAIM_DATA);
		return GH_OK;
	}
	if (z->h != NULL && z->h->member != NULL)
		z->h->member(z->h->ctx, z->w, e, &m);
	if (zip_is_link(e) && m.role == NULL)
		m.role = "symbolic link";
	return codec == GH_CODEC_STORE ? stored(z, e, &m, claim, len) : packed(z, e, &m, codec, claim, len, used);
}
