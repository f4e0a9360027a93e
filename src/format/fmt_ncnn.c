/* fmt_ncnn.c - graphs of ncnn as text (.param): a magic number, the numbers of layers and blobs, one line for each layer:
 * "Type name inputs outputs names… key=value…". The weights lie in a file of their own (.bin) without a structure that can be
 * read without the graph. Source: ncnn's src/net.cpp (Net::load_param) and docs/developer-guide/param-and-model-file-structure.md. */
#include "format/formats.h"
#include "format/seq.h"

enum { LINE_MAX_BYTES = 64 << 10, BLOBS_MAX = 4096, MAGIC_LEN = 7 };

static enum gh_match probe(const struct gh_probe *p)
{
	if (!gh_span_starts(p->head, "7767517\n") && !gh_span_starts(p->head, "7767517\r\n"))
		return GH_NO;
	return p->size > 12 && memchr(p->head.p, 0, p->head.n < 64 ? p->head.n : 64) == NULL ? GH_STRONG : GH_NO;
}

static bool blank(uint8_t c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

static struct gh_span next(struct gh_span *line)
{
	size_t i = 0, from;
	while (i < line->n && blank(line->p[i]))
		i++;
	for (from = i; i < line->n && !blank(line->p[i]);)
		i++;
	struct gh_span w = { line->p + from, i - from };
	*line = (struct gh_span){ line->p + i, line->n - i };
	return w;
}

static bool number(struct gh_span w, uint64_t max, uint64_t *out)
{
	*out = 0;
	for (size_t i = 0; i < w.n; i++) {
		if (w.p[i] < '0' || w.p[i] > '9' || *out > max)
			return false;
		*out = *out * 10 + (uint64_t)(w.p[i] - '0');
	}
	return w.n != 0 && *out <= max;
}

static bool printable(struct gh_span s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((s.p[i] < ' ' && !blank(s.p[i])) || s.p[i] == 0x7f)
			return false;
	return true;
}

/* A line with its break; the last one may lack it. */
static enum gh_rc take_line(struct gh_seq *s, struct gh_span *out)
{
	*out = gh_cur_line(&s->c, LINE_MAX_BYTES);
	if (out->p != NULL)
		return GH_OK;
	uint64_t left = gh_cur_left(&s->c);
	if (left == 0 || left > LINE_MAX_BYTES)
		return gh_seq_fail(s, left == 0 ? GH_SEQ_CUT : GH_SEQ_COUNT,
				   "fewer layers than declared, or a line too long");
	const uint8_t *p = gh_cur_take(&s->c, (size_t)left);
	*out = (struct gh_span){ p, p == NULL ? 0 : (size_t)left };
	return GH_OK;
}

static enum gh_rc layer(struct gh_seq *s, struct gh_span line, uint64_t *blobs)
{
	uint64_t in = 0, out = 0;
	struct gh_span all = line, type = next(&line), name = next(&line);
	if (!printable(all))
		return gh_seq_fail(s, GH_SEQ_NAME, "a layer with control characters");
	if (type.n == 0 || name.n == 0 || !number(next(&line), BLOBS_MAX, &in) || !number(next(&line), BLOBS_MAX, &out))
		return gh_seq_fail(s, GH_SEQ_VALUE, "a line that is no layer");
	for (uint64_t i = 0; i < in + out; i++)
		if (next(&line).n == 0)
			return gh_seq_fail(s, GH_SEQ_VALUE, "a layer with fewer inputs and outputs than it declares");
	*blobs += out;
	for (struct gh_span w = next(&line); w.n != 0; w = next(&line)) {
		const uint8_t *eq = memchr(w.p, '=', w.n);
		uint64_t key;
		struct gh_span k = { w.p, eq == NULL ? 0 : (size_t)(eq - w.p) };
		if (k.n != 0 && k.p[0] == '-')
			k.p++, k.n--;
		if (!number(k, UINT32_MAX, &key))
			return gh_seq_fail(s, GH_SEQ_VALUE, "a parameter that is no key=value");
	}
	return GH_OK;
}

/* "model.param" goes with "model.bin": all of it is weights. */
static enum gh_rc weights(struct gh_seq *s)
{
	struct gh_span name = s->w->name;
	uint8_t target[GH_SEQ_NAME_MAX];
	size_t from = name.n;
	while (from > 0 && name.p[from - 1] != '/')
		from--;
	name = gh_span_cut(name, from, name.n);
	if (!gh_span_ends(name, ".param") || name.n > sizeof target)
		return GH_OK;
	memcpy(target, name.p, name.n - 5);
	memcpy(target + name.n - 5, "bin", 3);
	struct gh_reference ref = { .kind = GH_REF_DATA,
				    .target = { target, name.n - 2 },
				    .from = GH_SPAN("weights"),
				    .data = { 0, UINT64_MAX } };
	return gh_emit(s->w, GH_EV_REFERENCE, 0, 0, &ref);
}

static enum gh_rc read_all(struct gh_seq *s)
{
	struct gh_span line;
	uint64_t layers = 0, blobs = 0, seen = 0;
	GH_TRY(take_line(s, &line), s->w->err, "magic");
	GH_TRY(take_line(s, &line), s->w->err, "counts");
	if (!number(next(&line), UINT32_MAX, &layers) || !number(next(&line), UINT32_MAX, &blobs) || next(&line).n != 0)
		return gh_seq_fail(s, GH_SEQ_VALUE, "no numbers of layers and blobs");
	if (layers == 0 || !gh_seq_fits(s, layers, 8))
		return gh_seq_fail(s, GH_SEQ_COUNT, "more layers than the file holds");
	for (uint64_t i = 0; i < layers; i++) {
		if (!gh_seq_step(s))
			return gh_seq_fail(s, GH_SEQ_COUNT, "layers");
		GH_TRY(take_line(s, &line), s->w->err, "layer %llu", (unsigned long long)i);
		GH_TRY(layer(s, line, &seen), s->w->err, "layer %llu", (unsigned long long)i);
	}
	/* The loader makes room for as many blobs as are declared, and numbers them as they come. */
	if (seen > blobs)
		return gh_seq_fail(s, GH_SEQ_VALUE, "more outputs of layers than blobs are declared");
	const uint8_t *p;
	while (gh_cur_left(&s->c) > 0 && (p = gh_cur_peek(&s->c, 1)) != NULL && blank(*p))
		s->c.at++;
	return weights(s);
}

static enum gh_rc walk(struct gh_walk *w)
{
	struct gh_seq *s = GH_NEW(w->arena, struct gh_seq, 1);
	if (s == NULL)
		return gh_fail(w->err, GH_E_LIMIT, "no memory");
	gh_seq_open(s, w);
	return gh_seq_end(s, read_all(s));
}

const struct gh_fmt gh_fmt_ncnn = {
	.name = "ncnn",
	.about = "Graph of ncnn as text",
	.exts = "param txt",
	.over = "text",
	.probe = probe,
	.walk = walk,
	.rules = gh_seq_rules,
};
