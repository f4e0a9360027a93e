/* Messages without a schema: layers of networks, of which there are hundreds of kinds that differ in nothing that matters
 * here. What looks like a message is read as one, what reads as text is text, and the rest is data of known length. */
#include "format/pb_schema.h"

enum {
	DEPTH = 16,	    /* messages within; what is deeper counts as data */
	NUMBER_MAX = 8192,  /* field numbers of such schemas are small */
	LEAST_WEIGHTS = 64, /* bytes that are worth telling as a tensor */
	LONG_TEXT = 256,
};

/* Is all of it one message? */
static bool is_message(struct gh_ps *s, const struct gh_pb_field *f)
{
	struct gh_pb p = gh_pb_src(s->w->src, f->off, f->len);
	struct gh_pb_field in;
	enum gh_pb_got got;
	while ((got = gh_pb_next(&p, &in)) == GH_PB_FIELD)
		if (in.odd != 0 || in.number > NUMBER_MAX || in.wire == GH_PB_GROUP)
			return false;
	return got == GH_PB_END;
}

static enum gh_rc weights(struct gh_ps *s, struct gh_span name, const struct gh_pb_field *f)
{
	gh_ps_data(s, f->off, f->len, GH_CLAIM_DATA);
	if (f->len < LEAST_WEIGHTS)
		return GH_OK;
	/* In WeightParams of Core ML field 1 is packed floats and field 2 half floats; elsewhere a guess that only names
	 * the width of what the bytes may be. */
	unsigned width = f->number == 1 && f->len % 4 == 0 ? 4 : f->number == 2 && f->len % 2 == 0 ? 2 : 1;
	uint64_t n = f->len / width;
	struct gh_tensor ev = { .name = name,
				.dtype = width == 4   ? "F32"
					 : width == 2 ? "F16"
						      : "U8",
				.bits = 8 * width,
				.ndim = 1,
				.dim = &n,
				.src = s->w->src };
	enum gh_rc rc = gh_emit(s->w, GH_EV_TENSOR, f->off, f->len, &ev);
	gh_src_advance(s->w->src, f->end);
	return rc;
}

static enum gh_rc leaf(struct gh_ps *s, struct gh_span name, const struct gh_pb_field *f)
{
	if (!gh_ps_is_text(s, f))
		return weights(s, name, f);
	return f->len < LONG_TEXT ? GH_OK : gh_ps_describe(s, "metadata", name, f, GH_PS_ALL_SIGNS);
}

enum gh_rc gh_ps_any(struct gh_ps *s, struct gh_span name, const struct gh_pb_field *f)
{
	struct gh_pb p = gh_pb_src(s->w->src, f->off, f->len);
	struct gh_pb_field in;
	enum gh_pb_got got;
	if (!is_message(s, f))
		return leaf(s, name, f);
	while ((got = gh_pb_next(&p, &in)) != GH_PB_BAD) {
		if (++s->fields > s->w->lim->steps)
			return gh_fail(s->w->err, GH_E_LIMIT, "too many fields");
		if (got == GH_PB_END && p.depth == 0)
			return GH_OK;
		if (got == GH_PB_END) {
			gh_pb_leave(&p);
			continue;
		}
		if (in.wire != GH_PB_LEN || in.len == 0)
			continue;
		bool text = in.len < LONG_TEXT && gh_ps_is_text(s, &in);
		if (!text && p.depth < DEPTH && is_message(s, &in)) {
			(void)gh_pb_enter(&p, &in);
			continue;
		}
		enum gh_rc rc = leaf(s, name, &in);
		if (rc != GH_OK)
			return rc;
	}
	return gh_fail(s->w->err, GH_E_MALFORMED, "%s at byte %llu", p.why, (unsigned long long)p.off);
}
