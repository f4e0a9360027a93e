/* fmt_pickle.c - files of pickle streams, one after the other: what pickle.load, joblib.load and everything built on
 * them read. */
#include "base/utf8.h"
#include "format/formats.h"
#include "format/pickle/machine.h"

extern const struct gh_fmt gh_fmt_pickle;

enum { STREAMS_MAX = 1 << 20, PEEK_MEMORY = 8 << 20 };

static enum gh_match probe(const struct gh_probe *p) { return gh_pickle_probe(p->head, p->size); }

/* Offset of the first byte that is not zero, or the size. */
static uint64_t after_zeros(struct gh_src *src, uint64_t off)
{
	while (off < src->size) {
		struct gh_span s = gh_src_window(src, off, GH_CUR_WINDOW);
		if (s.n == 0)
			return src->size;
		for (size_t i = 0; i < s.n; i++)
			if (s.p[i] != 0)
				return off + i;
		off += s.n;
	}
	return off;
}

/* What stands behind a stream: another one, if it announces itself or does something. */
static bool another(struct gh_walk *w, uint64_t off)
{
	struct gh_span s = gh_src_window(w->src, off, 2);
	if (s.n == 2 && s.p[0] == 0x80)
		return s.p[1] <= 5;
	if (s.n == 0 || pkl_ops[s.p[0]].run == NULL)
		return false;
	struct pkl_peek p = pkl_peek(w->src, off, w->lim->steps, PEEK_MEMORY);
	return p.calls != 0 || (p.stop && p.opcodes > 1);
}

/* Bytes that no text file holds. */
static bool binary(struct gh_walk *w)
{
	struct gh_span s = gh_src_window(w->src, 0, 4096);
	size_t n = s.n;
	while (n != 0 && n + 4 > s.n && s.p[n - 1] >= 0x80 && s.n == 4096) /* a character may be cut off here */
		n--;
	return memchr(s.p, 0, n) != NULL || !gh_utf8_valid((struct gh_span){ s.p, n });
}

/* A file without PROTO is taken for a pickle when some stream of it calls something or its end is a stream's end. */
static bool convincing(struct gh_walk *w)
{
	uint64_t off = 0;
	for (unsigned n = 0; n < 64; n++) {
		struct pkl_peek p = pkl_peek(w->src, off, w->lim->steps, PEEK_MEMORY);
		if (p.calls != 0)
			return true;
		if (!p.stop) /* an import alone has effects; many opcodes: the memory for the look was used up */
			return (p.imports != 0 && (p.stdlib || binary(w))) || (p.truncated && p.opcodes > 1000);
		off = after_zeros(w->src, p.off);
		if (off == w->src->size)
			return true;
	}
	return true;
}

static enum gh_rc walk(struct gh_walk *w)
{
	uint64_t off = 0, steps = w->lim->steps;
	if (w->weak && !convincing(w))
		return gh_fail(w->err, GH_E_NOTTHIS, "text that only begins like a pickle");
	for (unsigned n = 0;; n++) {
		gh_auto_arena arena = { .max = w->lim->arena };
		struct gh_limits lim = *w->lim;
		struct gh_walk one = *w;
		struct gh_heap heap;
		struct gh_pickle_result r;
		lim.steps = steps;
		one.lim = &lim;
		one.arena = &arena;
		enum gh_rc rc = pkl_run(&one, off, NULL, &arena, &heap, PKL_ARRAYS, &r);
		if (rc != GH_OK)
			return gh_fail(w->err, rc, "stream %u at %llu", n, (unsigned long long)off);
		if (r.end == GH_PICKLE_LIMIT)
			return gh_fail(w->err, GH_E_LIMIT, "stream %u: %s", n, r.why);
		if (r.end == GH_PICKLE_BROKEN)
			return gh_fail(w->err, GH_E_MALFORMED, "stream %u: %s", n, r.why);
		steps -= r.opcodes < steps ? r.opcodes : steps;
		uint64_t next = after_zeros(w->src, r.off);
		if (next >= w->src->size || !another(w, next))
			return GH_OK; /* anything behind stays unclaimed */
		if (n == 0)
			gh_anomaly(w, &pkl_rules[PKL_STREAMS], next, 1, "the second stream begins here");
		if (n == STREAMS_MAX) {
			gh_anomaly(w, &pkl_rules[PKL_LIMIT], next, 1, "more than %u streams", (unsigned)STREAMS_MAX);
			return gh_fail(w->err, GH_E_LIMIT, "more than %u streams", (unsigned)STREAMS_MAX);
		}
		off = next;
	}
}

const struct gh_fmt gh_fmt_pickle = {
	.name = "pickle",
	.about = "Python pickle streams, protocols 0 to 5, with joblib's inline arrays",
	.exts = "pkl pickle p pt pth bin ckpt joblib model data sav dat",
	.probe = probe,
	.walk = walk,
	.rules = pkl_rules,
};
