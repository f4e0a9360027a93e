/* SentencePiece: the model of a tokenizer, one protobuf message of sentencepiece_model.proto: pieces with their scores,
 * what the trainer was told, how text is normalised (with a table of rules as a blob), samples for a self test. Loaders:
 * the library itself, and many readers of the same message in other languages. */
#include "format/formats.h"
#include "format/pb_schema.h"

enum { A_CHARSMAP = GH_PS_OWN, A_VOCAB, RULES };

static const struct gh_rule rules[RULES + 1] = {
	GH_PS_RULES("GH-SPM"),
	[A_CHARSMAP] = { "GH-SPM-0001", GH_HIGH, GH_UNSAFE, "Table of normalisation rules has a size that does not fit",
			 "The library takes the table's parts by this number: memory outside of it is read.",
			 "Do not load.", "CWE-125 CWE-20" },
	[A_VOCAB] = { "GH-SPM-0002", GH_MEDIUM, GH_REVIEW, "Tokenizer without pieces, or a piece without text",
		      "Readers index tables by pieces that are not there.", GH_PS_AGAIN, "CWE-20" },
	[RULES] = GH_RULES_END,
};

enum { ID_NONE, ID_PIECE, ID_PIECE_TEXT, ID_CHARSMAP, ID_TEXT, ID_RULES };

#define INT(n) { n, GH_PS_INT, 0, ID_NONE, NULL }
#define FLOAT(n) { n, GH_PS_F32, 0, ID_NONE, NULL }
#define NAME(n) { n, GH_PS_NAME, 0, ID_NONE, NULL }
#define NAMES(n) { n, GH_PS_NAME, GH_PS_REPEATED, ID_NONE, NULL }
#define END { 0 }

static const struct gh_ps_field f_piece[] = { { 1, GH_PS_BYTES, 0, ID_PIECE_TEXT, NULL }, FLOAT(2), INT(3), END };
static const struct gh_ps_msg piece = { "SentencePiece", f_piece };

/* Symbols are what the tokenizer has to know, control characters too. */
#define SYMBOLS(n) { n, GH_PS_BYTES, GH_PS_REPEATED, ID_NONE, NULL }
#define SYMBOL(n) { n, GH_PS_BYTES, 0, ID_NONE, NULL }
static const struct
	gh_ps_field
		f_trainer
			[] = {
				NAMES(1),    NAME(2),	 INT(3),     INT(4),  NAMES(5),	  INT(6),
				NAME(7), /* input, model_prefix … input_format */
				FLOAT(10),   INT(11),	 INT(12),    INT(13), INT(14),	  FLOAT(15),
				INT(16),     INT(17),	 INT(18),    INT(19), INT(20),	  INT(21),
				INT(22),     INT(23),	 INT(24),    INT(25), INT(26),	  SYMBOLS(30),
				SYMBOLS(31), INT(32),	 INT(33),    INT(34), INT(35),	  SYMBOL(36),
				INT(40),     INT(41),	 INT(42),    INT(43), SYMBOL(44), SYMBOL(45),
				SYMBOL(46),  SYMBOL(47), SYMBOL(48), INT(49), INT(50),	  FLOAT(51),
				INT(52),     SYMBOL(53), NAME(54),   END,
			};
static const struct gh_ps_msg trainer = { "TrainerSpec", f_trainer };

static const struct gh_ps_field f_normalizer[] = {
	NAME(1), { 2, GH_PS_BYTES, 0, ID_CHARSMAP, NULL }, INT(3), INT(4),
	INT(5),	 { 6, GH_PS_TEXT, 0, ID_RULES, NULL },	   END,
};
static const struct gh_ps_msg normalizer = { "NormalizerSpec", f_normalizer };

static const struct gh_ps_field f_sample[] = {
	{ 1, GH_PS_TEXT, 0, ID_TEXT, NULL },
	{ 2, GH_PS_TEXT, 0, ID_TEXT, NULL },
	END,
};
static const struct gh_ps_msg sample = { "SelfTestData.Sample", f_sample };
static const struct gh_ps_field f_self_test[] = { { 1, GH_PS_MSG, GH_PS_REPEATED, ID_NONE, &sample }, END };
static const struct gh_ps_msg self_test = { "SelfTestData", f_self_test };

static const struct gh_ps_field f_model[] = {
	{ 1, GH_PS_MSG, GH_PS_REPEATED, ID_PIECE, &piece },
	{ 2, GH_PS_MSG, 0, ID_NONE, &trainer },
	{ 3, GH_PS_MSG, 0, ID_NONE, &normalizer },
	{ 4, GH_PS_MSG, 0, ID_NONE, &self_test },
	{ 5, GH_PS_MSG, 0, ID_NONE, &normalizer }, /* denormalizer_spec */
	END,
};
static const struct gh_ps_msg model = { "ModelProto", f_model };

enum { LONG_PIECE = 1024 };

struct spm {
	struct gh_ps s;
	uint64_t pieces;
	bool text; /* the open piece has one */
};

/* Four bytes with the size of the trie, the trie in units of four bytes, then replacements that end with NULs
 * (sentencepiece/src/normalizer.cc, DecodePrecompiledCharsMap). */
static void charsmap(struct spm *m, const struct gh_pb_field *f)
{
	struct gh_span head = gh_ps_bytes(&m->s, f, 4);
	uint32_t trie = head.n == 4 ? gh_le32(head.p) : 0;
	if (f->len != 0 && (head.n < 4 || trie > f->len - 4 || trie % 4 != 0))
		gh_ps_say(&m->s, A_CHARSMAP, f->tag, f->end - f->tag, "%u bytes of a trie in a table of %llu", trie,
			  (unsigned long long)f->len);
	gh_ps_data(&m->s, f->off, f->len, GH_CLAIM_DATA);
}

static enum gh_rc on_field(struct gh_ps *s, const struct gh_ps_field *row, const struct gh_pb_field *f)
{
	struct spm *m = s->ctx;
	switch (row->id) {
	case ID_PIECE_TEXT:
		m->text = f->len != 0;
		if (f->len >= LONG_PIECE)
			return gh_ps_blob(s, "piece", GH_SPAN("piece"), f, NULL);
		break;
	case ID_CHARSMAP: charsmap(m, f); break;
	case ID_TEXT: return gh_ps_describe(s, "metadata", GH_SPAN("self_test_data"), f, GH_PS_ALL_SIGNS);
	case ID_RULES: return gh_ps_describe(s, "metadata", GH_SPAN("normalization_rule_tsv"), f, GH_PS_ALL_SIGNS);
	default: break;
	}
	return GH_OK;
}

static enum gh_rc on_enter(struct gh_ps *s, const struct gh_ps_field *row, const struct gh_pb_field *f)
{
	struct spm *m = s->ctx;
	(void)f;
	if (row->id == ID_PIECE) {
		m->pieces++;
		m->text = false;
	}
	return GH_OK;
}

static enum gh_rc on_leave(struct gh_ps *s, const struct gh_ps_field *row)
{
	struct spm *m = s->ctx;
	if (row != NULL && row->id == ID_PIECE && !m->text)
		gh_ps_say(s, A_VOCAB, s->frame[s->p.depth].off, 0, "piece %llu has no text",
			  (unsigned long long)m->pieces - 1);
	return GH_OK;
}

static const struct gh_ps_ops ops = { on_enter, on_leave, on_field };

#define V (1u << GH_PB_VARINT)
#define L (1u << GH_PB_LEN)
static const struct gh_pb_shape o_piece[] = {
	{ 1, L, GH_PB_NAME, NULL, 0 },
	{ 2, 1u << GH_PB_I32, 0, NULL, 0 },
	{ 3, V, 0, NULL, 6 },
	{ 0 },
};
static const struct gh_pb_shape o_model[] = {
	{ 1, L, GH_PB_MSG, o_piece, 0 },
	{ 2, L, 0, NULL, 0 },
	{ 3, L, 0, NULL, 0 },
	{ 4, L, 0, NULL, 0 },
	{ 5, L, 0, NULL, 0 },
	{ 0 },
};

/* Pieces come first and go on beyond what is in sight; three of them say that they are no accident, and a piece has a text
 * and a score or a type. */
static enum gh_match probe(const struct gh_probe *p)
{
	if (p->size < 8 || p->head.n == 0 || p->head.p[0] != 0x0a)
		return GH_NO;
	struct gh_pb_fit fit = gh_pb_fit(p->head, p->size, o_model, true);
	if (!fit.fits || (fit.nested & 1) == 0 || fit.strange != 0)
		return GH_NO;
	struct gh_pb_mem m;
	struct gh_pb_field f, in;
	struct gh_pb *r = gh_pb_mem(&m, p->head, p->size);
	unsigned scored = 0, pieces = 0;
	while (pieces < 8 && gh_pb_next(r, &f) == GH_PB_FIELD && f.number == 1 && f.end <= p->head.n) {
		struct gh_pb_mem inner;
		struct gh_pb *q = gh_pb_mem(&inner, gh_span_cut(p->head, f.off, f.len), f.len);
		bool score = false;
		while (gh_pb_next(q, &in) == GH_PB_FIELD)
			score = score || in.number != 1;
		pieces++;
		scored += score;
	}
	return scored >= 3 || (scored == pieces && pieces > 0 && (fit.seen & 6) != 0) ? GH_STRONG : GH_NO;
}

static enum gh_rc walk(struct gh_walk *w)
{
	struct spm *m = GH_NEW(w->arena, struct spm, 1);
	if (m == NULL)
		return gh_fail(w->err, GH_E_LIMIT, "no memory");
	m->s.w = w;
	m->s.ops = &ops;
	m->s.rules = rules;
	m->s.ctx = m;
	GH_TRY(gh_ps_walk(&m->s, &model), w->err, "sentencepiece");
	if (m->pieces == 0)
		gh_ps_say(&m->s, A_VOCAB, 0, 0, "no pieces");
	return GH_OK;
}

const struct gh_fmt gh_fmt_sentencepiece = {
	.name = "sentencepiece",
	.about = "Tokenizer model of SentencePiece",
	.exts = "model spm",
	.probe = probe,
	.walk = walk,
	.rules = rules,
};
