/* fmt_word2vec.c - word vectors in the binary form of word2vec (.bin): "WORDS DIMENSIONS\n", then for each word its letters, a
 * space, and so many floats; some writers put a line break behind each. Source: word2vec's distance.c and word2vec.c, gensim's
 * models/keyedvectors.py. */
#include "format/formats.h"
#include "format/seq.h"

enum { HEAD_MAX = 32, WORD_MAX = 512, DIM_MAX = 16384, LONG_WORD = 48, TRIED = 3, SAY = 16 };

struct header {
	uint64_t words, dim;
	size_t n; /* bytes, the line break included */
};

static bool number(struct gh_span s, size_t *at, uint64_t max, uint64_t *out)
{
	size_t from = *at;
	*out = 0;
	while (*at < s.n && s.p[*at] >= '0' && s.p[*at] <= '9' && *out <= max)
		*out = *out * 10 + (uint64_t)(s.p[(*at)++] - '0');
	return *at > from && *out > 0 && *out <= max && s.p[from] != '0';
}

static bool read_header(struct gh_span s, struct header *h)
{
	size_t at = 0;
	s.n = s.n < HEAD_MAX ? s.n : HEAD_MAX;
	if (!number(s, &at, UINT32_MAX, &h->words) || at >= s.n || s.p[at++] != ' ' ||
	    !number(s, &at, DIM_MAX, &h->dim) || at >= s.n)
		return false;
	while (at < s.n && s.p[at] == ' ')
		at++;
	h->n = at + 1;
	return at < s.n && s.p[at] == '\n';
}

/* The length of a word with the space behind it; 0: there is none. */
static size_t word_at(struct gh_span s)
{
	size_t i = s.n != 0 && s.p[0] == '\n' ? 1 : 0, from = i;
	while (i < s.n && i < WORD_MAX && s.p[i] > ' ' && s.p[i] != 0x7f)
		i++;
	return i > from && i < s.n && s.p[i] == ' ' ? i + 1 : 0;
}

static enum gh_match probe(const struct gh_probe *p)
{
	struct header h;
	if (!read_header(p->head, &h))
		return GH_NO;
	uint64_t each = 4 * h.dim, room = p->size - h.n;
	if (h.words > room / (each + 2) || room / h.words > each + WORD_MAX + 2)
		return GH_NO;
	struct gh_span s = gh_span_cut(p->head, h.n, p->head.n);
	for (unsigned i = 0; i < TRIED && i < h.words; i++) {
		size_t n = word_at(s);
		if (n == 0)
			return i > 0 && s.n < WORD_MAX ? GH_STRONG : GH_NO;
		s = gh_span_cut(s, n + each, s.n);
		if (s.n == 0)
			break;
	}
	return GH_STRONG;
}

static enum gh_rc read_words(struct gh_seq *s, const struct header *h)
{
	uint64_t each = 4 * h->dim;
	for (uint64_t i = 0; i < h->words; i++) {
		uint64_t off = gh_cur_off(&s->c), left = gh_cur_left(&s->c);
		size_t n = left < WORD_MAX + 2 ? (size_t)left : WORD_MAX + 2;
		const uint8_t *p = n == 0 ? NULL : gh_cur_peek(&s->c, n);
		size_t len = p == NULL ? 0 : word_at((struct gh_span){ p, n });
		if (!gh_seq_step(s) || len == 0)
			return gh_seq_fail(s, left == 0 ? GH_SEQ_CUT : GH_SEQ_NAME, "a word without its end");
		if (len > LONG_WORD && s->held.signs_left > 0 &&
		    gh_signs_report(s->w, gh_seq_rules, GH_SEQ_SIGN, GH_SPAN("word"), (struct gh_span){ p, len - 1 },
				    off, len - 1) != 0)
			s->held.signs_left--;
		gh_cur_seek(&s->c, off + len);
		if (!gh_seq_fits(s, each, 1))
			return gh_seq_fail(s, GH_SEQ_COUNT, "more vectors than the file holds");
		gh_cur_skip(&s->c, each);
	}
	const uint8_t *p = gh_cur_left(&s->c) == 0 ? NULL : gh_cur_peek(&s->c, 1);
	gh_cur_skip(&s->c, p != NULL && *p == '\n');
	return GH_OK;
}

static enum gh_rc walk(struct gh_walk *w)
{
	struct gh_seq *s = GH_NEW(w->arena, struct gh_seq, 1);
	struct header h;
	if (s == NULL)
		return gh_fail(w->err, GH_E_LIMIT, "no memory");
	gh_seq_open(s, w);
	if (!read_header(gh_src_window(w->src, 0, HEAD_MAX), &h))
		return gh_seq_fail(s, GH_SEQ_VALUE, "no number of words and dimensions");
	gh_cur_skip(&s->c, h.n);
	enum gh_rc rc = read_words(s, &h);
	/* Words stand between the vectors: one claim for all, of what was measured word by word. */
	uint64_t end = gh_cur_off(&s->c) < w->src->size ? gh_cur_off(&s->c) : w->src->size, n = end - h.n;
	struct gh_tensor t = {
		.name = GH_SPAN("words and vectors"), .dtype = "U8", .bits = 8, .ndim = 1, .dim = &n, .src = w->src
	};
	enum gh_rc told = gh_held_tensor(&s->held, &t, h.n, n);
	return gh_seq_end(s, rc != GH_OK ? rc : told);
}

const struct gh_fmt gh_fmt_word2vec = {
	.name = "word2vec",
	.about = "Word vectors in the binary form of word2vec",
	.exts = "bin vec w2v",
	.probe = probe,
	.walk = walk,
	.rules = gh_seq_rules,
};
