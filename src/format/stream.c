#include "format/stream.h"

#include <libdeflate.h>

#include "base/utf8.h"
#include "format/pickle/pickle.h"

enum {
	IN = 64 << 10, /* window fed to the codec */
	OUT = 64 << 10,
	UNIT_STEPS = 4096, /* a unit costs set-up time whatever its size: charged against the walk's steps */
	TRIAL_MIN = 256,   /* bytes a codec must make of noise before we believe a weak magic */
	SKIPS_MAX = 1 << 16,
};

struct job {
	struct gh_walk *w;
	const struct gh_stream *s;
	struct gh_spool *spool;
	uint8_t *out;
	uint64_t total; /* bytes put into the spool */
};

/* How the expansion of one unit ended. */
struct outcome {
	enum gh_rc rc; /* OK, MALFORMED, LIMIT, NOMEM, or the source's failure */
	bool budget;   /* LIMIT came from the spool: stop everything */
	bool end;      /* the stream came to its own end */
	uint64_t at;   /* first byte after what the codec took */
	struct gh_unit_sum sum;
};

static enum gh_rc put(struct job *j, struct gh_span made, struct outcome *o)
{
	if (j->s->trailer != NULL)
		o->sum.crc32 = libdeflate_crc32(o->sum.crc32, made.p, made.n);
	o->sum.size += made.n;
	enum gh_rc rc = j->w->sink->ops->spool_put(j->spool, made);
	if (rc == GH_OK)
		j->total += made.n;
	else
		o->budget = true;
	return rc;
}

static void feed(struct job *j, struct gh_expand *x, struct outcome *o)
{
	struct gh_src *src = j->w->src;
	while (o->rc == GH_OK && !o->end) {
		struct gh_span in = gh_src_window(src, o->at, IN);
		if (in.n == 0 && o->at < src->size) {
			o->rc = src->fail == GH_OK ? GH_E_IO : src->fail;
			return;
		}
		size_t given = in.n, made = 0;
		do {
			size_t before = in.n;
			o->rc = gh_expand_step(x, &in, j->out, OUT, &made, &o->end);
			if (made != 0) {
				enum gh_rc rc = put(j, (struct gh_span){ j->out, made }, o);
				o->rc = rc != GH_OK ? rc : o->rc;
			}
			if (made == 0 && in.n == before)
				break;
		} while (o->rc == GH_OK && !o->end);
		o->at += given - in.n;
		if (given == in.n && made == 0)
			return; /* no more input: truncated, unless it ended just now */
		gh_src_advance(src, o->at);
	}
}

static struct outcome expand(struct job *j, uint64_t off)
{
	struct outcome o = { .at = off };
	struct gh_expand *x = gh_expand_open(j->s->codec);
	if (x == NULL) {
		o.rc = GH_E_NOMEM;
		return o;
	}
	feed(j, x, &o);
	gh_expand_close(x);
	return o;
}

/* A text or table must not be taken for a stream because its first two letters look like a header: expand a little
 * from the front. Believed: a stream that comes to its end with its checksum or exactly at the end of the file, one
 * that makes real content from bytes that are not text, and anything that makes a pickle, whatever follows: that is
 * what joblib would load. */
static bool believable(struct gh_walk *w, const struct gh_stream *s, uint8_t *out)
{
	struct gh_expand *x = gh_expand_open(s->codec);
	struct gh_span in = gh_src_window(w->src, 0, GH_PROBE_BYTES);
	bool text = gh_utf8_valid(gh_span_cut(in, 0, in.n < 64 ? in.n : 64));
	size_t total = 0, made = 1;
	bool end = false;
	enum gh_rc rc = x == NULL ? GH_E_NOMEM : GH_OK;
	while (rc == GH_OK && !end && total < OUT && made != 0) {
		rc = gh_expand_step(x, &in, out + total, OUT - total, &made, &end);
		total += made;
	}
	gh_expand_close(x);
	bool seen[256] = { 0 };
	unsigned kinds = 0;
	for (size_t i = 0; i < total; i++) {
		kinds += !seen[out[i]];
		seen[out[i]] = true;
	}
	/* Runs of zeros decode to runs of one value for ever: content must have some variety. */
	bool whole = end && (s->checked || (in.n == 0 && kinds > 1));
	bool content = !text && total >= TRIAL_MIN && kinds >= 4 && (rc == GH_OK || s->checked);
	return whole || content ||
	       gh_pickle_probe((struct gh_span){ out, total }, end ? total : (uint64_t)total + 1) == GH_STRONG;
}

/* ---- the walk --------------------------------------------------------------------------------------------------- */
static uint64_t skip_zeros(struct gh_walk *w, uint64_t off)
{
	uint64_t from = off;
	for (;;) {
		struct gh_span in = gh_src_window(w->src, off, IN);
		size_t i = 0;
		while (i < in.n && in.p[i] == 0)
			i++;
		off += i;
		if (in.n == 0 || i < in.n)
			break;
		gh_src_advance(w->src, off);
	}
	gh_claim(w, from, off - from, GH_CLAIM_PAD);
	return off;
}

static void claim_unit(struct job *j, uint64_t off, const struct gh_unit *u, uint64_t end)
{
	if (!u->claimed)
		gh_claim(j->w, off, u->head, GH_CLAIM_STRUCT);
	gh_claim(j->w, off + u->head, end - off - u->head, GH_CLAIM_MEMBER);
}

/* One unit of data; *off moves behind what was understood. */
static enum gh_rc data_unit(struct job *j, const struct gh_unit *u, uint64_t *off, bool first, bool *more)
{
	struct gh_walk *w = j->w;
	const char *name = gh_codec_name(j->s->codec);
	uint64_t start = *off;
	struct outcome o = expand(j, start + u->head);
	*more = false;
	if (o.budget)
		return gh_fail(w->err, o.rc, "%s: expanded content", name);
	if (o.rc == GH_E_NOMEM || o.rc == GH_E_IO)
		return gh_fail(w->err, o.rc, "%s stream at %llu", name, (unsigned long long)start);
	if (!first && o.rc == GH_E_MALFORMED && o.sum.size == 0)
		return GH_OK; /* what follows the last unit only looked like one: stays unclaimed */
	claim_unit(j, start, u, o.at);
	*off = o.at;
	if (o.rc == GH_E_LIMIT) {
		gh_anomaly(w, &j->s->rules[GH_STREAM_HUGE], start, o.at - start, "more than %d MiB",
			   (int)(GH_EXPAND_MEMORY >> 20));
		return gh_fail(w->err, GH_E_LIMIT, "%s stream asks for too much memory", name);
	}
	if (o.rc != GH_OK) {
		gh_anomaly(w, &j->s->rules[GH_STREAM_BROKEN], start, o.at - start, "after %llu bytes of content",
			   (unsigned long long)o.sum.size);
		return gh_fail(w->err, GH_E_MALFORMED, "%s stream is damaged near %llu", name,
			       (unsigned long long)o.at);
	}
	uint64_t tail = 0;
	if (o.end && j->s->trailer != NULL)
		o.end = j->s->trailer(w, o.at, &o.sum, &tail);
	if (!o.end) {
		gh_anomaly(w, &j->s->rules[GH_STREAM_CUT], start, o.at - start, "after %llu bytes of content",
			   (unsigned long long)o.sum.size);
		return gh_fail(w->err, GH_E_MALFORMED, "%s stream is truncated", name);
	}
	*off += tail;
	*more = true;
	return GH_OK;
}

/* All units from the start of the source; *end is where understanding ended. */
static enum gh_rc units(struct job *j, uint64_t *end)
{
	struct gh_walk *w = j->w;
	uint64_t off = 0, steps = 0;
	enum gh_rc rc = GH_OK;
	bool more = true;
	for (bool first = true; rc == GH_OK && more && off < w->src->size; first = false) {
		steps += UNIT_STEPS;
		if (steps > w->lim->steps) {
			rc = gh_fail(w->err, GH_E_LIMIT, "too many streams in one file");
			break;
		}
		if (!first && j->s->padded)
			off = skip_zeros(w, off);
		struct gh_unit u = j->s->unit(w, off);
		if (u.kind == GH_UNIT_NONE)
			break;
		if (u.kind == GH_UNIT_SKIP) {
			gh_claim(w, off, u.head, GH_CLAIM_STRUCT);
			gh_claim(w, off + u.head, u.body, GH_CLAIM_FREE);
			off += u.head + u.body;
			gh_src_advance(w->src, off);
			continue;
		}
		rc = data_unit(j, &u, &off, first, &more);
	}
	*end = off;
	return rc;
}

/* "weights.csv.gz" holds "weights.csv". A name without one of the format's extensions says nothing. */
static struct gh_span inner_name(struct gh_walk *w, const char *exts)
{
	for (const char *e = exts; *e != '\0';) {
		size_t n = strcspn(e, " ");
		if (w->name.n > n + 1 && w->name.p[w->name.n - n - 1] == '.' &&
		    memcmp(w->name.p + w->name.n - n, e, n) == 0)
			return (struct gh_span){ w->name.p, w->name.n - n - 1 };
		e += n + (e[n] == ' ');
	}
	return (struct gh_span){ 0 };
}

enum gh_rc gh_stream_walk(struct gh_walk *w, const struct gh_stream *s)
{
	struct job j = { .w = w, .s = s, .out = gh_alloc(w->arena, 1, OUT) };
	if (j.out == NULL)
		return gh_fail(w->err, GH_E_LIMIT, "no room for a buffer");
	if (w->weak && s->weak_magic && !believable(w, s, j.out))
		return GH_E_NOTTHIS;
	j.spool = w->sink->ops->spool_open(w->sink, w->src->size);
	if (j.spool == NULL)
		return gh_fail(w->err, GH_E_NOMEM, "no room for expanded content");
	uint64_t end = 0;
	enum gh_rc rc = units(&j, &end);
	/* What there is goes out also when a unit broke or the budget ran out: a loader acts on it all the same. */
	if (j.total != 0 || rc == GH_OK) {
		struct gh_member m = { .how = GH_MEMBER_STREAM,
				       .name = inner_name(w, s->exts),
				       .src = w->sink->ops->spool_src(j.spool) };
		enum gh_rc said = m.src == NULL ? gh_fail(w->err, GH_E_IO, "expanded content is gone")
						: gh_emit(w, GH_EV_MEMBER, 0, end, &m);
		rc = rc != GH_OK ? rc : said;
	}
	w->sink->ops->spool_close(j.spool);
	return rc;
}

/* ---- zstd and lz4 ------------------------------------------------------------------------------------------------- */

static bool skipped(uint32_t magic) { return (magic & 0xfffffff0u) == 0x184d2a50u; }

static struct gh_unit skippable(struct gh_walk *w, uint64_t off)
{
	struct gh_span h = gh_src_window(w->src, off, 8);
	if (h.n < 8 || !skipped(gh_le32(h.p)) || gh_le32(h.p + 4) > w->src->size - off - 8)
		return (struct gh_unit){ .kind = GH_UNIT_NONE };
	return (struct gh_unit){ .kind = GH_UNIT_SKIP, .head = 8, .body = gh_le32(h.p + 4) };
}

struct gh_unit gh_frame_unit(struct gh_walk *w, uint64_t off, uint32_t magic)
{
	struct gh_span h = gh_src_window(w->src, off, 4);
	if (h.n == 4 && gh_le32(h.p) == magic)
		return (struct gh_unit){ .kind = GH_UNIT_DATA };
	return skippable(w, off);
}

enum gh_match gh_frame_probe(const struct gh_probe *p, uint32_t magic)
{
	if (p->head.n < 4)
		return GH_NO;
	uint32_t first = gh_le32(p->head.p);
	return first == magic ? GH_STRONG : skipped(first) ? GH_WEAK : GH_NO;
}

static bool first_is(struct gh_walk *w, uint32_t magic)
{
	uint64_t off = 0;
	for (unsigned i = 0; i < SKIPS_MAX; i++) {
		struct gh_unit u = skippable(w, off);
		if (u.kind == GH_UNIT_NONE)
			break;
		off += u.head + u.body;
	}
	struct gh_span h = gh_src_window(w->src, off, 4);
	return h.n == 4 && gh_le32(h.p) == magic;
}

enum gh_rc gh_frame_walk(struct gh_walk *w, const struct gh_stream *s, uint32_t magic)
{
	if (first_is(w, magic))
		return gh_stream_walk(w, s);
	if (w->weak)
		return GH_E_NOTTHIS;
	gh_anomaly(w, &s->rules[GH_STREAM_BROKEN], 0, w->src->size, "no frame");
	return gh_fail(w->err, GH_E_MALFORMED, "no %s frame", gh_codec_name(s->codec));
}
