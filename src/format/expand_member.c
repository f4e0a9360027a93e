#include "format/expand_member.h"

#include <libdeflate.h>

enum { IN_STEP = 256 << 10, OUT_STEP = 64 << 10 };

enum gh_rc gh_range_crc32(struct gh_src *src, uint64_t off, uint64_t len, uint32_t *crc)
{
	uint32_t c = libdeflate_crc32(0, NULL, 0);
	while (len != 0) {
		struct gh_span w = gh_src_window(src, off, len < IN_STEP ? (size_t)len : IN_STEP);
		if (w.n == 0)
			return src->fail != GH_OK ? src->fail : GH_E_MALFORMED;
		c = libdeflate_crc32(c, w.p, w.n);
		off += w.n;
		len -= w.n;
	}
	*crc = c;
	return GH_OK;
}

struct pump {
	struct gh_src *src;
	uint64_t off, left; /* of the packed bytes */
	const struct gh_sink_ops *ops;
	struct gh_spool *spool; /* NULL: only measure */
	uint64_t max;		/* stop beyond that many bytes produced */
};

/* A function of its own, so that its buffer is off the stack again when the member is inspected. Returns what kept
 * it from going on that is not the stream's fault (GH_E_NOMEM, GH_E_IO), else GH_OK and out->rc. */
static __attribute__((noinline)) enum gh_rc pump_run(struct pump *p, struct gh_expand *x, struct gh_expanded *out)
{
	uint8_t buf[OUT_STEP];
	struct gh_span in = { 0 };
	bool dry = false; /* no input is left to give */
	while (!out->ended && out->rc == GH_OK) {
		size_t made = 0, had;
		if (in.n == 0 && !dry) {
			in = gh_src_window(p->src, p->off, p->left < IN_STEP ? (size_t)p->left : IN_STEP);
			if (in.n == 0 && p->left != 0 && p->src->fail != GH_OK)
				return p->src->fail;
			p->off += in.n;
			p->left -= in.n < p->left ? in.n : p->left;
			dry = in.n == 0;
		}
		had = in.n;
		out->rc = gh_expand_step(x, &in, buf, sizeof buf, &made, &out->ended);
		out->packed += had - in.n;
		out->size += made;
		out->crc32 = libdeflate_crc32(out->crc32, buf, made);
		if (made != 0 && p->spool != NULL) {
			enum gh_rc rc = p->ops->spool_put(p->spool, (struct gh_span){ buf, made });
			if (rc == GH_E_LIMIT)
				out->rc = GH_E_LIMIT;
			else if (rc != GH_OK)
				return rc;
		}
		if (out->size > p->max)
			out->rc = GH_E_LIMIT;
		/* Nothing taken, nothing made: the decoder wants more than there is (or will never move again). */
		if (made == 0 && had == in.n && !out->ended && out->rc == GH_OK && (dry || had != 0))
			out->rc = GH_E_MALFORMED;
	}
	return GH_OK;
}

static enum gh_rc expand_into(struct gh_src *src, enum gh_codec codec, uint64_t off, uint64_t len, uint64_t max,
			      const struct gh_sink_ops *ops, struct gh_spool *spool, struct gh_expanded *out)
{
	*out = (struct gh_expanded){ .crc32 = libdeflate_crc32(0, NULL, 0) };
	struct pump p = { .src = src, .off = off, .left = len, .ops = ops, .spool = spool, .max = max };
	struct gh_expand *x = gh_expand_open(codec);
	if (x == NULL)
		return GH_E_NOMEM;
	enum gh_rc rc = pump_run(&p, x, out);
	gh_expand_close(x);
	return rc;
}

enum gh_rc gh_range_measure(struct gh_src *src, enum gh_codec codec, uint64_t off, uint64_t len, uint64_t max,
			    struct gh_expanded *out)
{
	return expand_into(src, codec, off, len, max, NULL, NULL, out);
}

enum gh_rc gh_member_expand_with(struct gh_walk *w, struct gh_member m, enum gh_codec codec, uint64_t off, uint64_t len,
				 struct gh_expanded *out, enum gh_rc (*with)(void *ctx, struct gh_src *src), void *ctx)
{
	const struct gh_sink_ops *ops = w->sink->ops;
	*out = (struct gh_expanded){ 0 };
	if (off > w->src->size)
		off = w->src->size;
	if (len > w->src->size - off)
		len = w->src->size - off;
	struct gh_spool *spool = ops->spool_open(w->sink, len);
	if (spool == NULL)
		return gh_fail(w->err, GH_E_NOMEM, "no memory to expand a member");
	enum gh_rc rc = expand_into(w->src, codec, off, len, UINT64_MAX, ops, spool, out);
	if (rc == GH_OK) {
		m.src = ops->spool_src(spool);
		if (m.src == NULL)
			rc = GH_E_NOMEM;
	}
	if (rc == GH_OK)
		rc = gh_emit(w, GH_EV_MEMBER, off, out->packed < len ? out->packed : len, &m);
	if (rc == GH_OK && with != NULL)
		rc = with(ctx, m.src);
	if (rc == GH_OK && out->rc == GH_E_LIMIT)
		rc = GH_E_LIMIT;
	ops->spool_close(spool);
	if (rc != GH_OK)
		return gh_fail(w->err, rc, "expanding a member (%s)", gh_codec_name(codec));
	return GH_OK;
}

enum gh_rc gh_member_expand(struct gh_walk *w, struct gh_member m, enum gh_codec codec, uint64_t off, uint64_t len,
			    struct gh_expanded *out)
{
	return gh_member_expand_with(w, m, codec, off, len, out, NULL, NULL);
}
