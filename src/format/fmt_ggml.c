/* fmt_ggml.c - model files of ggml's programs before GGUF: a magic, for some a version, a few numbers that differ from program to
 * program, a vocabulary, then tensors one behind the other to the end of the file.
 *
 * Nothing in such a file says which program it is for: each expects its own numbers. So every known layout is tried to the
 * end of the file, headers only, and the one that fits is read. None fits: not understood.
 * Sources: the loaders and converters of llama.cpp before August 2023 (llama.cpp's llama_file_loader, convert.py), of ggml's
 * examples (gpt-2, gpt-j, gpt-neox, dolly-v2, mpt, replit, starcoder, sam), whisper.cpp, bert.cpp, bloomz.cpp, rwkv.cpp. */
#include <stdio.h>

#include "base/utf8.h"
#include "format/dtype.h"
#include "format/formats.h"
#include "format/held.h"
#include "wire/recs.h"

#define MAGIC_GGML 0x67676d6cu /* as a number, least significant byte first in the file */
#define MAGIC_GGMF 0x67676d66u
#define MAGIC_GGJT 0x67676a74u
#define MAGIC_GGLA 0x67676c61u

enum { NAME_MAX_BYTES = 255, DIMS_MAX = 4, SAY = 16, WORD_LONG = 4096, WORDS_MAX = 1 << 24 };

enum {
	A_VERSION,
	A_LAYOUT,
	A_WORD,
	A_DIMS,
	A_TYPE,
	A_RANGE,
	A_NAME,
	A_TWICE,
	A_OLD,
	A_PAD,
	A_SIGN,
	RULES = A_SIGN + GH_SIGNS
};

#define NATIVE "Native readers compute with this number: memory outside their buffers is read or written"
#define AGAIN "Do not load; convert the model to GGUF from its source"
static const struct gh_rule rules[RULES + 1] = {
	[A_VERSION] = { "GH-GGML-0001", GH_MEDIUM, GH_INCOMPLETE, "Version of a ggml file that is not known",
			"Nothing in the file can be checked.", AGAIN, "CWE-20" },
	[A_LAYOUT] = { "GH-GGML-0002", GH_MEDIUM, GH_INCOMPLETE, "No known program's layout fits the ggml file",
		       "The content could not be checked; a program that accepts it reads it in its own way.", AGAIN,
		       "CWE-20" },
	[A_WORD] = { "GH-GGML-0003", GH_HIGH, GH_UNSAFE, "A word of the vocabulary does not fit the file", NATIVE,
		     AGAIN, "CWE-190 CWE-122" },
	[A_DIMS] = { "GH-GGML-0004", GH_HIGH, GH_UNSAFE, "A tensor has impossible dimensions", NATIVE, AGAIN,
		     "CWE-190 CWE-787" },
	[A_TYPE] = { "GH-GGML-0005", GH_HIGH, GH_UNSAFE, "A tensor has a type that does not exist",
		     "Used as an index into a table of types: memory outside the table.", AGAIN, "CWE-129" },
	[A_RANGE] = { "GH-GGML-0006", GH_HIGH, GH_UNSAFE, "A tensor reaches beyond the end of the file",
		      "Reads beyond the file's memory.", "Do not load; the file may also just be cut short.",
		      "CWE-125" },
	[A_NAME] = { "GH-GGML-0007", GH_MEDIUM, GH_REVIEW, "A tensor has a name that is empty, too long or no text",
		     "Fixed buffers for names overflow in readers that do not check.", AGAIN, "CWE-121 CWE-451" },
	[A_TWICE] = { "GH-GGML-0008", GH_HIGH, GH_UNSAFE, "Two tensors have the same name",
		      "The later one overwrites the first: what was checked is not what runs.", AGAIN, "CWE-694" },
	[A_OLD] = { "GH-GGML-0009", GH_INFO, GH_CLEAN, "A ggml file from before GGUF",
		    "None by itself: its readers are no longer maintained.", "Convert the model to GGUF.", "" },
	[A_PAD] = { "GH-GGML-0010", GH_LOW, GH_REVIEW, "Bytes between a tensor's header and its data are not zero",
		    "Room for content that no reader of tensors looks at.", AGAIN, "CWE-506" },
	GH_SIGN_RULES("GH-GGML", A_SIGN),
	[RULES] = GH_RULES_END,
};

/* What stands before the tensors. */
struct layout {
	const char *program;
	uint32_t magic;
	uint8_t words;	   /* 32-bit numbers behind the magic and the version */
	int8_t vocab;	   /* which of them is the size of the vocabulary; -1: there is none */
	uint8_t align;	   /* of tensor data */
	bool again;	   /* the size stands before the vocabulary once more, and that one counts */
	bool scores;	   /* a float behind each word */
	bool filters;	   /* whisper: a matrix of floats before the vocabulary */
	uint8_t low, high; /* versions; 0: none is stored */
};

static const struct layout layouts[] = {
	{ "llama.cpp", MAGIC_GGJT, 7, 0, 32, false, true, false, 1, 3 },
	{ "llama.cpp", MAGIC_GGMF, 7, 0, 1, false, true, false, 1, 1 },
	{ "rwkv.cpp", MAGIC_GGMF, 4, -1, 1, false, false, false, 100, 101 },
	{ "llama.cpp, LoRA", MAGIC_GGLA, 2, -1, 32, false, false, false, 1, 1 },
	{ "whisper.cpp", MAGIC_GGML, 11, 0, 1, true, false, true, 0, 0 },
	{ "gpt-2, starcoder", MAGIC_GGML, 6, 0, 1, true, false, false, 0, 0 },
	{ "llama.cpp or bert.cpp", MAGIC_GGML, 7, 0, 1, false, false, false, 0, 0 },
	{ "gpt-j", MAGIC_GGML, 7, 0, 1, true, false, false, 0, 0 },
	{ "gpt-neox, dolly-v2", MAGIC_GGML, 8, 0, 1, false, false, false, 0, 0 },
	{ "mpt", MAGIC_GGML, 8, 4, 1, false, false, false, 0, 0 },
	{ "replit", MAGIC_GGML, 6, 4, 1, false, true, false, 0, 0 },
	{ "bloom", MAGIC_GGML, 6, 0, 1, false, false, false, 0, 0 },
	{ "sam", MAGIC_GGML, 6, -1, 1, false, false, false, 0, 0 },
};

/* Blocks before their scales became 16-bit floats (ggjt 3, quantisation version 2), and types that are gone. */
static const struct gh_dtype former[] = {
	[2] = { "Q4_0", GH_DT_QUANT, 0, 32, 20 }, [3] = { "Q4_1", GH_DT_QUANT, 0, 32, 24 },
	[4] = { "Q4_2", GH_DT_QUANT, 0, 16, 10 }, [5] = { "Q4_3", GH_DT_QUANT, 0, 16, 12 },
	[8] = { "Q8_0", GH_DT_QUANT, 0, 32, 36 },
};

struct ggml {
	struct gh_walk *w;
	struct gh_cur c;
	struct gh_held held;
	const struct layout *l;
	bool old_blocks;
	bool dry;     /* only trying: no events */
	unsigned why; /* of a failure: the rule */
	char text[160];
	uint64_t at; /* where it failed, or how far it got */
	uint64_t tensors;
	struct gh_recs names;
	unsigned said[RULES];
};

static void say(struct ggml *g, unsigned a, uint64_t off, uint64_t len, const char *text)
{
	if (!g->dry && g->said[a]++ < SAY)
		gh_anomaly(g->w, &rules[a], off, len, "%s", text);
}

/* The layout does not fit, or the file is broken: which, is known when all were tried. */
static bool wrong(struct ggml *g, unsigned a, const char *text, struct gh_span name)
{
	g->why = a;
	g->at = g->c.bad ? g->w->src->size : gh_cur_off(&g->c);
	(void)snprintf(g->text, sizeof g->text, "%s%s%s%s", text, name.n != 0 ? " \"" : "", gh_safe(name).s,
		       name.n != 0 ? "\"" : "");
	return false;
}

static bool read_words(struct ggml *g, uint32_t n)
{
	if (n > WORDS_MAX || n > gh_cur_left(&g->c) / (g->l->scores ? 8 : 4))
		return wrong(g, A_WORD, "more words than bytes", (struct gh_span){ 0 });
	for (uint32_t i = 0; i < n; i++) {
		uint32_t len = gh_cur_u32le(&g->c);
		uint64_t off = gh_cur_off(&g->c);
		if (g->c.bad || len > gh_cur_left(&g->c))
			return wrong(g, A_WORD, "a word longer than the file", (struct gh_span){ 0 });
		if (!g->dry && len >= WORD_LONG && gh_held_text(&g->held, GH_SPAN("vocabulary"), off, len) != GH_OK)
			return wrong(g, A_WORD, "a long word", (struct gh_span){ 0 });
		gh_cur_seek(&g->c, off + len);
		if (g->l->scores)
			gh_cur_skip(&g->c, 4);
	}
	return true;
}

static bool read_head(struct ggml *g)
{
	uint32_t word[12] = { 0 };
	gh_cur_skip(&g->c, g->l->low != 0 ? 8 : 4);
	for (unsigned i = 0; i < g->l->words; i++)
		word[i] = gh_cur_u32le(&g->c);
	if (g->l->filters) {
		uint64_t n = gh_cur_u32le(&g->c);
		n *= gh_cur_u32le(&g->c);
		if (g->c.bad || n > gh_cur_left(&g->c) / 4)
			return wrong(g, A_WORD, "the filters are longer than the file", (struct gh_span){ 0 });
		gh_cur_skip(&g->c, 4 * n);
	}
	if (g->c.bad)
		return wrong(g, A_RANGE, "the file ends within its header", (struct gh_span){ 0 });
	if (g->l->vocab < 0)
		return true;
	uint32_t n = word[g->l->vocab];
	if (g->l->again) {
		uint32_t again = gh_cur_u32le(&g->c);
		/* whisper adds the words of its own beyond those of the file */
		if (!g->l->filters && again != n)
			return wrong(g, A_WORD, "two sizes of the vocabulary", (struct gh_span){ 0 });
		n = again;
	}
	return !g->c.bad ? read_words(g, n)
			 : wrong(g, A_RANGE, "the file ends within its header", (struct gh_span){ 0 });
}

static const struct gh_dtype *type_of(const struct ggml *g, uint32_t type)
{
	if (g->old_blocks && type < sizeof former / sizeof former[0] && former[type].name != NULL)
		return &former[type];
	/* Plain integers had other numbers then. */
	if (type == 16 || type == 17 || type == 18)
		return gh_dtype_ggml(type + 8, NULL);
	return gh_dtype_ggml(type, NULL);
}

static bool is_text(struct gh_span s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] <= ' ' || s.p[i] >= 0x7f)
			return false;
	return s.n != 0;
}

static bool padding(struct ggml *g, uint64_t n)
{
	uint64_t off = gh_cur_off(&g->c);
	const uint8_t *p = gh_cur_take(&g->c, (size_t)n);
	for (size_t i = 0; p != NULL && i < n; i++)
		if (p[i] != 0) {
			say(g, A_PAD, off, n, "padding");
			break;
		}
	return p != NULL;
}

static bool read_tensor(struct ggml *g)
{
	uint64_t start = gh_cur_off(&g->c), dim[DIMS_MAX], elements = 0, bytes = 0;
	uint32_t ndim = gh_cur_u32le(&g->c), len = gh_cur_u32le(&g->c), type = gh_cur_u32le(&g->c);
	if (g->c.bad || ndim == 0 || ndim > DIMS_MAX)
		return wrong(g, A_DIMS, "a tensor without dimensions or with more than 4", (struct gh_span){ 0 });
	for (uint32_t i = 0; i < ndim; i++)
		dim[i] = gh_cur_u32le(&g->c);
	const uint8_t *p = len == 0 || len > NAME_MAX_BYTES ? NULL : gh_cur_take(&g->c, len);
	if (p == NULL)
		return wrong(g, A_NAME, "a name that is empty, too long or cut off", (struct gh_span){ 0 });
	uint8_t copy[NAME_MAX_BYTES];
	memcpy(copy, p, len);
	struct gh_span name = { copy, len };
	if (!is_text(name))
		return wrong(g, A_NAME, "the name", name);
	const struct gh_dtype *t = type_of(g, type);
	if (t == NULL)
		return wrong(g, A_TYPE, "tensor", name);
	for (uint32_t i = 0; i < ndim; i++)
		if (dim[i] == 0 || dim[i] > INT32_MAX)
			return wrong(g, A_DIMS, "tensor", name);
	if (!gh_dtype_size(t, ndim, dim, dim[0], &elements, &bytes))
		return wrong(g, A_DIMS, "tensor", name);
	uint64_t off = gh_cur_off(&g->c), pad = (g->l->align - off % g->l->align) % g->l->align;
	if (pad > gh_cur_left(&g->c) || bytes > gh_cur_left(&g->c) - pad)
		return wrong(g, A_RANGE, "tensor", name);
	if (pad > 0 && !padding(g, pad))
		return wrong(g, A_RANGE, "tensor", name);
	off += pad;
	g->tensors++;
	if (!g->dry) {
		struct gh_tensor ev = {
			.name = name, .dtype = t->name, .bits = t->bits, .ndim = ndim, .dim = dim, .src = g->w->src
		};
		if (gh_held_tensor(&g->held, &ev, off, bytes) != GH_OK)
			return wrong(g, A_RANGE, "tensor", name);
		if (!gh_recs_add(&g->names, (struct gh_rec){ gh_hash_end(gh_hash(GH_HASH_START, name)), start, 0 }))
			return wrong(g, A_LAYOUT, "too many tensors", (struct gh_span){ 0 });
	}
	gh_cur_seek(&g->c, off + bytes);
	return true;
}

static bool read_all(struct ggml *g, const struct layout *l, bool old_blocks, bool dry)
{
	g->l = l;
	g->old_blocks = old_blocks;
	g->dry = dry;
	g->tensors = 0;
	g->c = gh_cur(g->w->src, 0);
	if (!read_head(g))
		return false;
	while (!g->c.bad && gh_cur_left(&g->c) > 0)
		if (!read_tensor(g))
			return false;
	g->at = gh_cur_off(&g->c);
	return !g->c.bad && g->tensors > 0
		       ? true
		       : wrong(g, A_RANGE, "the file ends before its tensors", (struct gh_span){ 0 });
}

/* ---- which one ------------------------------------------------------------------------------------------------------ */

static bool fits_head(const struct layout *l, uint32_t magic, uint32_t version)
{
	return l->magic == magic && (l->low == 0 || (version >= l->low && version <= l->high));
}

static enum gh_match probe(const struct gh_probe *p)
{
	if (p->head.n < 32)
		return GH_NO;
	uint32_t magic = gh_le32(p->head.p), word = gh_le32(p->head.p + 4);
	bool known = magic == MAGIC_GGML || magic == MAGIC_GGMF || magic == MAGIC_GGJT || magic == MAGIC_GGLA;
	return known && word != 0 && word < 1u << 24 ? GH_STRONG : GH_NO; /* a version, or a first size */
}

static void twice(struct ggml *g)
{
	gh_recs_sort(&g->names, 0);
	for (size_t i = 1; i < g->names.n; i++)
		if (gh_recs_at(&g->names, i)->a == gh_recs_at(&g->names, i - 1)->a)
			say(g, A_TWICE, gh_recs_at(&g->names, i)->b, 0, "a tensor of this name came before");
}

/* No layout fits to the end: read as the one that came furthest, and say what stopped it. */
static enum gh_rc read_broken(struct ggml *g, const struct layout *best, bool old_blocks, unsigned fitting)
{
	if (fitting == 0) {
		say(g, A_VERSION, 4, 4, "unknown version");
		return gh_fail(g->w->err, GH_E_UNREAD, "ggml file of an unknown version");
	}
	(void)read_all(g, best, old_blocks, false);
	if (g->w->src->fail != GH_OK)
		return gh_fail(g->w->err, g->w->src->fail, "the bytes could not be read");
	if (g->tensors == 0 && fitting > 1) {
		say(g, A_LAYOUT, 0, g->w->src->size, "of none can even one tensor be read");
		return gh_fail(g->w->err, GH_E_UNREAD, "no known layout");
	}
	say(g, g->why, g->at, 0, g->text);
	gh_held_claim(&g->held, g->at < g->w->src->size ? g->at : g->w->src->size);
	twice(g);
	return gh_fail(g->w->err, GH_E_MALFORMED, "%s", g->text);
}

static enum gh_rc walk(struct gh_walk *w)
{
	struct ggml *g = GH_NEW(w->arena, struct ggml, 1);
	if (g == NULL)
		return gh_fail(w->err, GH_E_LIMIT, "no memory");
	g->w = w;
	g->held = gh_held(w, rules, A_SIGN);
	g->names = gh_recs(w->arena, GH_RECS_MAX);
	struct gh_span head = gh_src_window(w->src, 0, 8);
	if (head.n < 8)
		return gh_fail(w->err, GH_E_MALFORMED, "ggml: no version");
	uint32_t magic = gh_le32(head.p), version = gh_le32(head.p + 4);
	const struct layout *best = NULL;
	bool best_old = false, done = false;
	unsigned fitting = 0; /* layouts of this magic and version */
	uint64_t reached = 0;
	for (size_t i = 0; i < 2 * sizeof layouts / sizeof layouts[0] && !done; i++) {
		const struct layout *l = &layouts[i / 2];
		bool old = i % 2 != 0;
		if (!fits_head(l, magic, version))
			continue;
		done = read_all(g, l, old, true);
		uint64_t score = g->tensors != 0 ? g->at : 0;
		if (fitting == 0 || done || score > reached)
			best = l, best_old = old, reached = score;
		fitting += !old;
	}
	g->dry = false;
	if (!done)
		return read_broken(g, best, best_old, fitting);
	say(g, A_OLD, 0, 8, best->program);
	if (!read_all(g, best, best_old, false))
		return gh_fail(w->err, w->src->fail != GH_OK ? w->src->fail : GH_E_LIMIT, "%s", g->text);
	gh_held_claim(&g->held, g->at);
	twice(g);
	return GH_OK;
}

const struct gh_fmt gh_fmt_ggml = {
	.name = "ggml",
	.about = "Model file of ggml's programs before GGUF: ggml, ggmf, ggjt, LoRA, whisper.cpp, rwkv.cpp",
	.exts = "ggml ggmlv3 bin",
	.probe = probe,
	.walk = walk,
	.rules = rules,
};
