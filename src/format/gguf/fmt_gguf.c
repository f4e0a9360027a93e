#include <stdarg.h>
#include <stdio.h>

#include "format/formats.h"
#include "format/gguf/gguf.h"

#define MALFORMED "Native readers compute with this number: memory outside their buffers is read or written"
#define AGAIN "Do not load; get the file again from its author"
const struct gh_rule gguf_rules[GGUF_RULES + 1] = {
	[GGUF_A_VERSION] = { "GH-GGUF-0001", GH_MEDIUM, GH_INCOMPLETE, "Version of GGUF that is not known",
			     "Nothing in the file can be checked.", "Convert the model to version 3.", "CWE-20" },
	[GGUF_A_COUNT] = { "GH-GGUF-0002", GH_HIGH, GH_UNSAFE, "Count of tensors or keys does not fit the file",
			   MALFORMED, AGAIN, "CWE-190 CWE-789 CVE-2024-23496 CVE-2024-25664" },
	[GGUF_A_LENGTH] = { "GH-GGUF-0003", GH_HIGH, GH_UNSAFE, "Length of a string or array does not fit the file",
			    MALFORMED, AGAIN, "CWE-190 CWE-122 CVE-2024-25665 CVE-2024-25666" },
	[GGUF_A_TYPE] = { "GH-GGUF-0004", GH_HIGH, GH_UNSAFE, "Value type that does not exist", MALFORMED, AGAIN,
			  "CWE-129 CWE-843" },
	[GGUF_A_NESTED] = { "GH-GGUF-0005", GH_MEDIUM, GH_REVIEW, "Array of arrays",
			    "The reference reader refuses it, others recurse over it.", "Have the file written again.",
			    "CWE-674" },
	[GGUF_A_KEY] = { "GH-GGUF-0006", GH_MEDIUM, GH_REVIEW, "Key that is empty, too long or not plain ASCII",
			 "Keys that read differently from what they are.", "Look at the key byte by byte.",
			 "CWE-451 CWE-20" },
	[GGUF_A_DUPLICATE] = { "GH-GGUF-0007", GH_HIGH, GH_UNSAFE, "A name occurs twice",
			       "Readers that keep the first and readers that keep the last load different values: what "
			       "was "
			       "checked is not what runs.",
			       AGAIN, "CWE-694 CWE-436" },
	[GGUF_A_ALIGN] = { "GH-GGUF-0008", GH_HIGH, GH_UNSAFE,
			   "Alignment is zero, no power of two or of the wrong type",
			   "Readers divide by it or place tensors with it: crash, or memory outside the file.", AGAIN,
			   "CWE-369 CWE-190" },
	[GGUF_A_VALUE] = { "GH-GGUF-0009", GH_LOW, GH_REVIEW, "Value outside what its type or key allows",
			   "Readers disagree about its meaning.", "Have the file written again.", "CWE-20" },
	[GGUF_A_UTF8] = { "GH-GGUF-0010", GH_INFO, GH_CLEAN, "Text is not UTF-8", "None by itself; inspected as data.",
			  "None needed.", "CWE-176" },
	[GGUF_A_TEMPLATE] = { "GH-GGUF-0011", GH_MEDIUM, GH_INCOMPLETE, "Chat template too long to be analysed",
			      "A template is a program that runs for every request: it can change what the model is "
			      "told.",
			      "Read the template before deploying, or use one of your own.",
			      "CVE-2024-34359 CWE-1336 AML.T0051" },
	[GGUF_A_NAME] = { "GH-GGUF-0013", GH_MEDIUM, GH_REVIEW,
			  "Tensor name is empty, deceptive or longer than any loader allows",
			  "Fixed buffers for names overflow in readers that do not check.", AGAIN, "CWE-121 CWE-451" },
	[GGUF_A_LONG] = { "GH-GGUF-0014", GH_INFO, GH_CLEAN, "Tensor name longer than 63 bytes",
			  "None: llama.cpp refuses it, builds for image models accept it.", "None needed.", "" },
	[GGUF_A_DIMS] = { "GH-GGUF-0015", GH_HIGH, GH_UNSAFE, "Tensor with more than 4 dimensions or an empty one",
			  MALFORMED, AGAIN, "CWE-787 CWE-369 CVE-2024-21836" },
	[GGUF_A_OVERFLOW] = { "GH-GGUF-0016", GH_HIGH, GH_UNSAFE, "Product of dimensions overflows",
			      "A reader that wraps around allocates too little and writes beyond it.", AGAIN,
			      "CWE-190 CWE-787 CVE-2025-53630" },
	[GGUF_A_DTYPE] = { "GH-GGUF-0017", GH_HIGH, GH_UNSAFE, "Tensor type that does not exist",
			   "Used as an index into a table of types: memory outside the table.", AGAIN,
			   "CWE-129 CVE-2024-25664" },
	[GGUF_A_REMOVED] = { "GH-GGUF-0018", GH_LOW, GH_INCOMPLETE, "Tensor type that ggml has retired",
			     "The extent of the tensor cannot be checked.", "Quantise the model again.", "CWE-20" },
	[GGUF_A_ROW] = { "GH-GGUF-0019", GH_HIGH, GH_UNSAFE, "Rows are not a multiple of the quantisation block",
			 "Readers compute a size smaller than what they use.", AGAIN, "CWE-131" },
	[GGUF_A_RANGE] = { "GH-GGUF-0020", GH_HIGH, GH_UNSAFE, "Tensor outside the file",
			   "Reads beyond the file's memory.", "Do not load; the file may also just be cut short.",
			   "CWE-125" },
	[GGUF_A_OVERLAP] = { "GH-GGUF-0021", GH_HIGH, GH_UNSAFE, "Tensors overlap",
			     "Bytes mean two things at once: what one check sees, another reader uses differently.",
			     AGAIN, "CWE-436" },
	[GGUF_A_ORDER] = { "GH-GGUF-0022", GH_MEDIUM, GH_REVIEW,
			   "Tensors are not where the reference reader expects them",
			   "Room between tensors for hidden content; some readers refuse, some do not.",
			   "Have the file written again.", "CWE-436 CWE-506" },
	[GGUF_A_TRAILING] = { "GH-GGUF-0023", GH_MEDIUM, GH_REVIEW, "Bytes after the last tensor",
			      "Room for hidden content: a second file that other programs see.",
			      "Have the file written again.", "CWE-506 AML.T0018" },
	[GGUF_A_MANY] = { "GH-GGUF-0024", GH_LOW, GH_INCOMPLETE,
			  "More keys or tensors than can be checked in bounded memory",
			  "A part of the file passes unseen.", "Split the file.", "CWE-770" },
	[GGUF_A_OLD] = { "GH-GGUF-0025", GH_INFO, GH_CLEAN, "Version 1, which current loaders refuse", "None.",
			 "Convert the model to version 3.", "" },
	[GGUF_A_CUT] = { "GH-GGUF-0026", GH_MEDIUM, GH_UNSAFE, "File ends within its structure",
			 "Reads beyond the file's memory.", "Do not load; get the file again.", "CWE-125" },
	[GGUF_A_SIZES] = { "GH-GGUF-0027", GH_MEDIUM, GH_REVIEW, "Metadata and tensors do not belong together",
			   "Loaders that check refuse the file; others compute with numbers that are not there, or "
			   "with "
			   "fewer blocks than the model has.",
			   "Convert the model again; compare with the publisher's.", "CWE-345 CWE-125 AML.T0018" },
	[GGUF_A_FTYPE] = { "GH-GGUF-0028", GH_INFO, GH_CLEAN, "Tensors are of another type than the file says",
			   "None by itself: loaders go by the tensors.", "None needed.", "" },
	GH_SIGN_RULES("GH-GGUF", GGUF_A_SIGN),
	[GGUF_RULES] = GH_RULES_END,
};

void gguf_say(struct gguf *g, unsigned a, uint64_t off, uint64_t len, const char *fmt, ...)
{
	char text[400];
	if (g->said[a]++ >= GGUF_SAY)
		return;
	va_list ap;
	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	gh_anomaly(g->w, &gguf_rules[a], off, len, "%s", text);
}

void gguf_claim(struct gguf *g, uint64_t off)
{
	if (off > g->claimed) {
		gh_claim(g->w, g->claimed, off - g->claimed, GH_CLAIM_STRUCT);
		g->claimed = off;
	}
}

void gguf_duplicates(struct gguf *g, const char *what)
{
	gh_recs_sort(&g->names, 0);
	for (size_t i = 1; i < g->names.n; i++)
		if (gh_recs_at(&g->names, i)->a == gh_recs_at(&g->names, i - 1)->a)
			gguf_say(g, GGUF_A_DUPLICATE, gh_recs_at(&g->names, i)->b, 0, "a %s, first at byte %llu", what,
				 (unsigned long long)gh_recs_at(&g->names, i - 1)->b);
	gh_recs_cut(&g->names, 0);
}

static enum gh_match probe(const struct gh_probe *p)
{
	return p->size >= 8 && gh_span_starts(p->head, "GGUF") ? GH_STRONG : GH_NO;
}

/* The version tells the byte order: it is small, so its low half is empty when read the wrong way round. */
static enum gh_rc read_version(struct gguf *g)
{
	gh_cur_skip(&g->c, 4);
	const uint8_t *p = gh_cur_take(&g->c, 4);
	if (p == NULL)
		return gh_fail(g->w->err, GH_E_MALFORMED, "gguf: no version");
	g->version = gh_le32(p);
	g->big = (g->version & 0xffff) == 0 && g->version != 0;
	if (g->big)
		g->version = __builtin_bswap32(g->version);
	if (g->version == 0 || g->version > 3) {
		gguf_say(g, GGUF_A_VERSION, 4, 4, "version %u", g->version);
		return gh_fail(g->w->err, GH_E_UNREAD, "gguf: version %u", g->version);
	}
	if (g->version == 1)
		gguf_say(g, GGUF_A_OLD, 4, 4, "version 1");
	return GH_OK;
}

static enum gh_rc read_all(struct gguf *g)
{
	enum gh_rc rc = read_version(g);
	if (rc != GH_OK)
		return rc;
	uint64_t tensors = gguf_len(g), pairs = gguf_len(g), left = gh_cur_left(&g->c);
	/* The smallest pair: an empty key, its type and one byte; the smallest tensor info: no name, no dimensions. */
	uint64_t pair = gguf_len_width(g) + 4 + 1, info = gguf_len_width(g) + 4 + 4 + 8;
	if (g->c.bad) {
		gguf_say(g, GGUF_A_CUT, 0, g->w->src->size, "the header");
		return gh_fail(g->w->err, GH_E_MALFORMED, "gguf: the header is cut short");
	}
	if (tensors > left / info || pairs > left / pair || tensors * info + pairs * pair > left) {
		gguf_say(g, GGUF_A_COUNT, 8, 2 * gguf_len_width(g), "%llu tensors and %llu keys in %llu bytes",
			 (unsigned long long)tensors, (unsigned long long)pairs, (unsigned long long)left);
		return gh_fail(g->w->err, GH_E_MALFORMED, "gguf: %llu tensors and %llu keys in %llu bytes",
			       (unsigned long long)tensors, (unsigned long long)pairs, (unsigned long long)left);
	}
	GH_TRY(gguf_metadata(g, pairs), g->w->err, "gguf metadata");
	return gguf_tensors(g, tensors);
}

static enum gh_rc walk(struct gh_walk *w)
{
	struct gguf *g = GH_NEW(w->arena, struct gguf, 1);
	if (g == NULL)
		return gh_fail(w->err, GH_E_LIMIT, "no memory");
	g->w = w;
	g->c = gh_cur(w->src, 0);
	g->align = 32;
	g->texts_left = 4096;
	g->members_left = 32;
	g->signs_left = GGUF_SAY;
	g->blobs_left = 64;
	g->names = gh_recs(w->arena, GH_RECS_MAX);
	enum gh_rc rc = read_all(g);
	if (rc == GH_E_LIMIT && w->src->fail == GH_OK)
		gguf_say(g, GGUF_A_MANY, 0, 0, "stopped at byte %llu", (unsigned long long)gh_cur_off(&g->c));
	return rc;
}

const struct gh_fmt gh_fmt_gguf = {
	.name = "gguf",
	.about = "Model file of llama.cpp and ggml, versions 1 to 3",
	.exts = "gguf",
	.probe = probe,
	.walk = walk,
	.rules = gguf_rules,
};
