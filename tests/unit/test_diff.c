/* gatehouse diff, piece by piece: names, decoders, the sketch, classes and verdicts. */
#include "support/cm.h"

#include "scan/diff/decode.h"
#include "scan/diff/measure.h"
#include "wire/quant.h"
#include "scan/diff/diff.h"
#include "scan/diff/names.h"
#include "scan/diff/renames.h"
#include "scan/diff/sketch.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* ---- names ---------------------------------------------------------------------------------------------------- */

static const struct {
	const char *name, *key;
	uint32_t layer;
	enum gh_diff_part part;
	int lora;
	bool buffer;
} name_rows[] = {
	{ "model.layers.12.self_attn.q_proj.weight", "12.attn_q.weight", 13, GH_DIFF_P_ATTENTION, 0, false },
	{ "blk.12.attn_q.weight", "12.attn_q.weight", 13, GH_DIFF_P_ATTENTION, 0, false },
	{ "module.model.layers.0.mlp.down_proj.weight", "0.ffn_down.weight", 1, GH_DIFF_P_MLP_OUT, 0, false },
	{ "transformer.h.3.mlp.c_proj.bias", "3.ffn_down.bias", 4, GH_DIFF_P_MLP_OUT, 0, false },
	{ "transformer.h.3.attn.c_proj.weight", "3.attn_output.weight", 4, GH_DIFF_P_ATTENTION, 0, false },
	{ "bert.encoder.layer.1.attention.self.key.weight", "1.attn_k.weight", 2, GH_DIFF_P_ATTENTION, 0, false },
	{ "model.embed_tokens.weight", "token_embd.weight", 0, GH_DIFF_P_EMBED, 0, false },
	{ "token_embd.weight", "token_embd.weight", 0, GH_DIFF_P_EMBED, 0, false },
	{ "lm_head.weight", "output.weight", 0, GH_DIFF_P_EMBED, 0, false },
	{ "model.norm.weight", "output_norm.weight", 0, GH_DIFF_P_NORM, 0, false },
	{ "base_model.model.model.layers.1.self_attn.v_proj.lora_A.weight", "1.attn_v.weight", 2, GH_DIFF_P_ATTENTION,
	  'a', false },
	{ "base_model.model.model.layers.1.self_attn.v_proj.lora_B.default.weight", "1.attn_v.weight", 2,
	  GH_DIFF_P_ATTENTION, 'b', false },
	{ "blk.1.attn_v.weight.lora_b", "1.attn_v.weight", 2, GH_DIFF_P_ATTENTION, 'b', false },
	{ "model.layers.4.self_attn.rotary_emb.inv_freq", "4.self_attn.rotary_emb.inv_freq", 5, GH_DIFF_P_OTHER, 0,
	  true },
	{ "conv1.weight", "conv1.weight", 0, GH_DIFF_P_OTHER, 0, false },
	{ "layers.99999999.x", "layers.99999999.x", 0, GH_DIFF_P_OTHER, 0, false }, /* no such layer */
	{ "", "", 0, GH_DIFF_P_OTHER, 0, false },
	{ "model.", "model.", 0, GH_DIFF_P_OTHER, 0, false },
};

static void one_spelling_for_all_libraries(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof name_rows / sizeof name_rows[0]; i++) {
		struct gh_diff_name n;
		gh_diff_name(gh_span_str(name_rows[i].name), &n);
		assert_string_equal(n.key, name_rows[i].key);
		assert_int_equal(n.layer, name_rows[i].layer);
		assert_int_equal(n.part, name_rows[i].part);
		assert_int_equal(n.lora, name_rows[i].lora);
		assert_int_equal(n.buffer, name_rows[i].buffer);
		assert_false(n.truncated);
	}
	static uint8_t longer[4000];
	memset(longer, 'a', sizeof longer);
	struct gh_diff_name n;
	gh_diff_name((struct gh_span){ longer, sizeof longer }, &n);
	assert_true(n.truncated);
	gh_diff_name((struct gh_span){ (const uint8_t *)"a\0b", 3 }, &n);
	assert_true(n.truncated);
}

/* ---- decoders ------------------------------------------------------------------------------------------------- */

static double of(const char *type, const uint8_t *p, size_t at)
{
	float v[256];
	const struct gh_diff_dtype *d = gh_diff_dtype(type);
	assert_non_null(d);
	d->to(p, 1, v);
	return (double)v[at];
}

/* Every half-precision number there is, against ldexp(). */
static void halves_are_exact(void **state)
{
	(void)state;
	const struct gh_diff_dtype *d = gh_diff_dtype("F16");
	for (uint32_t first = 0; first < 65536; first += 256) {
		uint8_t raw[512];
		float v[256];
		for (uint32_t i = 0; i < 256; i++) {
			raw[2 * i] = (uint8_t)(first + i);
			raw[2 * i + 1] = (uint8_t)((first + i) >> 8);
		}
		d->to(raw, 255, v); /* an odd number: the rest that fills no vector too */
		d->to(raw + 510, 1, v + 255);
		for (uint32_t i = 0; i < 256; i++) {
			uint32_t h = first + i, e = h >> 10 & 31, m = h & 1023;
			double want = e == 31  ? (m != 0 ? (double)NAN : (double)INFINITY)
				      : e == 0 ? ldexp(m, -24)
					       : ldexp(1024 + m, (int)e - 25);
			want = h >> 15 ? -want : want;
			if (isnan(want))
				assert_true(isnan(v[i]));
			else
				assert_true((double)v[i] == want);
		}
	}
}

static void numbers_of_every_width(void **state)
{
	(void)state;
	assert_true(of("BF16", (const uint8_t *)"\x80\x3f", 0) == 1);
	assert_true(of("F64", (const uint8_t *)"\0\0\0\0\0\0\xf8\xbf", 0) == -1.5);
	assert_true(of("I8", (const uint8_t *)"\x80", 0) == -128);
	assert_true(of("I16", (const uint8_t *)"\xfe\xff", 0) == -2);
	assert_true(of("U16", (const uint8_t *)"\xfe\xff", 0) == 65534);
	assert_true(of("F8_E4M3", (const uint8_t *)"\x38", 0) == 1);
	assert_true(of("F8_E4M3", (const uint8_t *)"\x01", 0) == 0x1p-9);
	assert_true(of("F8_E5M2", (const uint8_t *)"\xbc", 0) == -1);
	assert_true(isinf(of("F8_E5M2", (const uint8_t *)"\x7c", 0)));
	assert_null(gh_diff_dtype("Q4_2")); /* retired */
	uint8_t swap[4] = { 1, 2, 3, 4 };
	gh_diff_swap(swap, 2, 2);
	assert_memory_equal(swap, "\2\1\4\3", 4);
}

/* The sizes of blocks are known in two places: they agree. */
static void blocks_have_one_size(void **state)
{
	(void)state;
	static const char *const names[] = { "Q4_0",  "Q4_1",	 "Q5_0",   "Q5_1",  "Q8_0",    "Q8_1",	 "Q2_K",
					     "Q3_K",  "Q4_K",	 "Q5_K",   "Q6_K",  "Q8_K",    "IQ4_NL", "IQ4_XS",
					     "TQ1_0", "TQ2_0",	 "MXFP4",  "NVFP4", "Q1_0",    "Q2_0",	 "IQ1_S",
					     "IQ1_M", "IQ2_XXS", "IQ2_XS", "IQ2_S", "IQ3_XXS", "IQ3_S" };
	for (size_t i = 0; i < GH_ROWS(names); i++) {
		const struct gh_diff_dtype *d = gh_diff_dtype(names[i]);
		const struct gh_quant *q = gh_quant_named(names[i]);
		assert_non_null(d);
		assert_non_null(q);
		if (d->bytes != q->block || d->block > GH_DIFF_PIECE)
			fail_msg("%s: %u and %u bytes", names[i], (unsigned)d->bytes, (unsigned)q->block);
	}
}

static void blocks_by_table(void **state)
{
	(void)state;
	uint8_t b[292] = { 0, 0x3c }; /* scale 1 */
	memset(b + 2, 0xf0, 16);
	assert_true(of("IQ4_NL", b, 0) == -127 && of("IQ4_NL", b, 16) == 113);
	b[2 + 15] = 0x87;
	assert_true(of("IQ4_NL", b, 15) == -10 && of("IQ4_NL", b, 31) == 1);
	memset(b, 0, sizeof b);
	b[1] = 0x3c;
	b[2] = 0x02; /* group 0: high bits 2, group 4 in the next byte: 0 */
	b[4] = 0x31; /* groups 0 and 1: 1 and 3 */
	memset(b + 8, 0x08, 128);
	assert_true(of("IQ4_XS", b, 0) == 1.0 * (33 - 32) && of("IQ4_XS", b, 32) == 1.0 * (3 - 32));
	assert_true(of("IQ4_XS", b, 16) == -127.0 && of("IQ4_XS", b, 255) == -127.0 * -32);
	memset(b, 0, sizeof b);
	b[0] = 127; /* 2^0 */
	b[1] = 0xf7;
	assert_true(of("MXFP4", b, 0) == 6 && of("MXFP4", b, 16) == -6 && of("MXFP4", b, 1) == 0);
	b[0] = 0;
	assert_true(of("MXFP4", b, 0) == ldexp(6, -127));
	memset(b, 0, sizeof b);
	b[65] = 0x3c;
	b[0] = 0xe4; /* 0, 1, 2, 3 */
	assert_true(of("TQ2_0", b, 0) == -1 && of("TQ2_0", b, 32) == 0 && of("TQ2_0", b, 64) == 1 &&
		    of("TQ2_0", b, 96) == 2);
	memset(b, 0, sizeof b);
	b[53] = 0x3c;
	b[0] = 128; /* (0.5 in base 3: 1, 1, 1, 1, 1) */
	b[51] = 255;
	assert_true(of("TQ1_0", b, 0) == 0 && of("TQ1_0", b, 32) == 0 && of("TQ1_0", b, 1) == -1);
	assert_true(of("TQ1_0", b, 243) == 1 && of("TQ1_0", b, 255) == 1);
}

/* Blocks made by hand: a scale of 1 (0x3c00) and quants that are easy to name. */
static void blocks_of_quantised_numbers(void **state)
{
	(void)state;
	uint8_t b[292] = { 0, 0x3c };
	b[2 + 31] = 0xff;
	assert_true(of("Q8_0", b, 31) == -1 && of("Q8_0", b, 0) == 0);
	memset(b + 2, 0x9f, 16); /* low nibbles 15, high ones 9 */
	assert_true(of("Q4_0", b, 0) == 7 && of("Q4_0", b, 16) == 1);
	memset(b, 0, sizeof b);
	b[1] = b[3] = 0x3c; /* scale 1, minimum 1 */
	memset(b + 4, 0x21, 16);
	assert_true(of("Q4_1", b, 3) == 2 && of("Q4_1", b, 19) == 3);
	memset(b, 0, sizeof b);
	b[1] = 0x3c;
	b[2] = 1; /* fifth bit of the first */
	assert_true(of("Q5_0", b, 0) == 0 && of("Q5_0", b, 1) == -16);
	memset(b, 0, sizeof b);
	b[1] = 0x3c;
	b[4] = 2; /* scale of the first 32 */
	b[16] = 0x53;
	assert_true(of("Q4_K", b, 0) == 6 && of("Q4_K", b, 32) == 0);
	b[16] = 1; /* Q5_K keeps the fifth bits here */
	b[48] = 3;
	assert_true(of("Q5_K", b, 0) == 2 * (16 + 3));
	memset(b, 0, sizeof b);
	b[209] = 0x3c;
	b[192] = 2;
	b[0] = 0x05;
	b[128] = 3;
	assert_true(of("Q6_K", b, 0) == 2 * (0x35 - 32));
	memset(b, 0, sizeof b);
	b[81] = 0x3c;
	b[0] = 3;
	b[16] = 2;
	assert_true(of("Q2_K", b, 0) == 6);
	memset(b, 0, sizeof b);
	b[109] = 0x3c;
	b[96] = 1;  /* low bits of the first scale */
	b[104] = 2; /* high bits: 1 | 2 << 4 = 33, less 32 */
	b[32] = 3;
	assert_true(of("Q3_K", b, 0) == 3 - 4);
	b[0] = 1;
	assert_true(of("Q3_K", b, 0) == 3);
	memset(b, 0, sizeof b);
	b[2] = 0x80, b[3] = 0x3f;
	b[4] = 0xfe;
	assert_true(of("Q8_K", b, 0) == -2);
}

/* ---- the sketch ----------------------------------------------------------------------------------------------- */

static uint64_t seed;
static float noise(void) /* triangular, mean 0 */
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (float)((int32_t)(seed >> 40) - (1 << 23)) / (1 << 23);
}

enum { R = 128, C = 256 };

/* The difference is a sum of `rank` outer products plus noise: what the sketch says about it. */
static unsigned sketched(unsigned rank, double dust, double *top, struct gh_diff_sums *s)
{
	static float u[64][R], v[64][C], base[C], cand[C];
	struct gh_diff_sketch sk = { 0 };
	double value[GH_DIFF_SKETCH];
	*s = (struct gh_diff_sums){ 0 };
	seed = rank + 1;
	for (unsigned k = 0; k < rank; k++) {
		for (size_t i = 0; i < R; i++)
			u[k][i] = noise();
		for (size_t i = 0; i < C; i++)
			v[k][i] = noise();
	}
	for (size_t r = 0; r < R; r++) {
		for (size_t c = 0; c < C; c++) {
			base[c] = noise();
			cand[c] = base[c] + (float)dust * noise();
			for (unsigned k = 0; k < rank; k++)
				cand[c] += u[k][r] * v[k][c];
		}
		gh_diff_piece(base, cand, C, 0, s, &sk);
		gh_diff_row(&sk);
	}
	gh_diff_eigen(&sk, value);
	return gh_diff_rank(value, 0.95, top);
}

static void rank_of_a_difference(void **state)
{
	(void)state;
	double top;
	struct gh_diff_sums s;
	assert_int_equal(sketched(1, 0.01, &top, &s), 1);
	assert_true(top > 0.98);
	unsigned r = sketched(4, 0.01, &top, &s);
	assert_true(r >= 3 && r <= 4);
	r = sketched(16, 0, &top, &s);
	assert_true(r >= 10 && r <= 16);
	assert_true(sketched(0, 1, &top, &s) > 24);
	assert_true(top < 0.2);
	assert_int_equal(sketched(0, 0, &top, &s), 0); /* no difference, no rank */
	assert_int_equal(s.same, R * C);
	assert_true(s.dd == 0 && s.max == 0 && s.bb == s.cc && s.bc == s.bb);
}

static void every_machine_gives_the_same_sums(void **state)
{
	(void)state;
	static float b[4096], c[4096];
	for (unsigned round = 0; round < 50; round++) {
		struct gh_diff_sums s[2] = { 0 };
		static struct gh_diff_sketch sk[2];
		memset(sk, 0, sizeof sk);
		seed = round;
		for (size_t i = 0; i < 4096; i++) {
			b[i] = noise() * ldexpf(1, (int)(i % 60) - 40);
			c[i] = i % 5 == 0 ? b[i] : b[i] + noise() * 1e-3f;
		}
		size_t n = GH_DIFF_SKETCH * (1 + round * 2);
		gh_diff_piece(b, c, n, round * 64, &s[0], &sk[0]);
		gh_diff_piece_plain(b, c, n, round * 64, &s[1], &sk[1]);
		assert_memory_equal(&s[0], &s[1], sizeof s[0]);
		assert_memory_equal(&sk[0], &sk[1], sizeof sk[0]);
	}
}

static void sums_leave_out_what_is_no_number(void **state)
{
	(void)state;
	float b[4] = { 1, NAN, INFINITY, 2 }, c[4] = { 1, NAN, 3, 4 };
	struct gh_diff_sums s = { 0 };
	uint64_t odd = 0;
	gh_diff_careful(b, c, 4, &s, &odd);
	assert_int_equal(odd, 1);
	assert_int_equal(s.same, 2);
	assert_true(s.dd == 4 && s.max == 2 && s.bb == 5);
	double zero[GH_DIFF_SKETCH] = { 0 }, top;
	struct gh_diff_sketch sk = { 0 };
	sk.gram[0][0] = NAN;
	gh_diff_eigen(&sk, zero);
	assert_int_equal(gh_diff_rank(zero, 0.95, &top), 0);
}

/* ---- judging -------------------------------------------------------------------------------------------------- */

static struct gh_diff_row row(const char *name, enum gh_diff_part part, uint32_t layer, double relative, double cosine,
			      unsigned rank, double top)
{
	struct gh_diff_row r = { .text = { name, name, "c", "b", "F16", "F16", "64x64", "64x64" },
				 .part = part,
				 .layer = layer,
				 .base = 4096,
				 .cand = 4096,
				 .compared = 4096,
				 .rows = 64,
				 .cols = 64,
				 .relative = relative,
				 .cosine = cosine,
				 .rank = rank,
				 .width = 32,
				 .top = top,
				 .scale = 1 };
	r.same = relative == 0 ? 4096 : 7;
	return r;
}

static void class_of_a_tensor(void **state)
{
	(void)state;
	struct gh_diff_row r = row("w", GH_DIFF_P_OTHER, 0, 0, 1, 0, 0);
	assert_int_equal(gh_diff_class_of(&r), GH_DIFF_IDENTICAL);
	r.text[GH_DIFF_T_DTYPE] = "BF16";
	assert_int_equal(gh_diff_class_of(&r), GH_DIFF_CONVERTED);
	r.same = 3;
	r.relative = 0.002;
	assert_int_equal(gh_diff_class_of(&r), GH_DIFF_CONVERTED);
	r.outside = 400; /* more than rounding explains */
	assert_int_equal(gh_diff_class_of(&r), GH_DIFF_TUNED);
	r.outside = 0;
	r.text[GH_DIFF_T_DTYPE] = "Q4_0";
	r.flags = GH_DIFF_F_COARSE;
	assert_int_equal(gh_diff_class_of(&r), GH_DIFF_QUANTISED);
	r.relative = 0.3; /* no number alone, but all of them together are further off than the type puts them */
	assert_int_equal(gh_diff_class_of(&r), GH_DIFF_TUNED);
	r.relative = 0.1;
	assert_int_equal(gh_diff_class_of(&r), GH_DIFF_QUANTISED);
	r.top = 0.8; /* the noise of quantisation has no direction */
	assert_int_equal(gh_diff_class_of(&r), GH_DIFF_TUNED);
	r = row("w", GH_DIFF_P_OTHER, 0, 0.1, 0.99, 30, 0.1);
	assert_int_equal(gh_diff_class_of(&r), GH_DIFF_TUNED);
	r.cosine = 0.01;
	assert_int_equal(gh_diff_class_of(&r), GH_DIFF_REPLACED);
	r.flags = GH_DIFF_F_REORDERED;
	assert_int_equal(gh_diff_class_of(&r), GH_DIFF_REORDERED);
	r.flags = 0;
	r.rows = 1; /* a long vector of unrelated numbers, and a short one */
	r.relative = 1.4;
	assert_int_equal(gh_diff_class_of(&r), GH_DIFF_REPLACED);
	r.compared = 64;
	assert_int_equal(gh_diff_class_of(&r), GH_DIFF_TUNED);
	r.flags = GH_DIFF_F_SHAPE;
	assert_int_equal(gh_diff_class_of(&r), GH_DIFF_RESHAPED);
	r.flags = GH_DIFF_F_UNREAD;
	assert_int_equal(gh_diff_class_of(&r), GH_DIFF_UNREAD);
	r = row("n", GH_DIFF_P_NORM, 1, 1, 0, 0, 0);
	r.compared = r.base = r.cand = r.cols = 64;
	r.rows = 1;
	r.scale = 0; /* a short vector of which nothing is left */
	assert_int_equal(gh_diff_class_of(&r), GH_DIFF_REPLACED);
	r.match = GH_DIFF_ADDED;
	assert_int_equal(gh_diff_class_of(&r), GH_DIFF_C_ADDED);
	r.match = GH_DIFF_REMOVED;
	assert_int_equal(gh_diff_class_of(&r), GH_DIFF_C_REMOVED);
}

static struct gh_diff_report judged(struct gh_diff_row *v, size_t n)
{
	struct gh_diff_report r = { .row = v, .nrow = n, .adapter_base = "" };
	gh_diff_judge(&r);
	return r;
}

static void verdict_of_a_model(void **state)
{
	(void)state;
	struct gh_diff_row v[12];
	for (unsigned i = 0; i < 12; i++)
		v[i] = row("a", i % 2 ? GH_DIFF_P_ATTENTION : GH_DIFF_P_MLP_OUT, 1 + i / 2, 0, 1, 0, 0);
	struct gh_diff_report r = judged(v, 12);
	assert_int_equal(r.verdict, GH_DIFF_V_IDENTICAL);
	assert_int_equal(gh_diff_exit(&r), 0);

	v[4] = row("edited", GH_DIFF_P_MLP_OUT, 3, 0.1, 0.99, 1, 0.99);
	r = judged(v, 12);
	assert_int_equal(r.verdict, GH_DIFF_V_EDITED);
	assert_true(r.mark[GH_DIFF_M_KNOWLEDGE]);
	assert_non_null(strstr(r.sentence, "rank-one change of edited"));
	assert_string_equal(r.row[0].text[GH_DIFF_T_NAME], "edited"); /* worst first */
	assert_int_equal(gh_diff_exit(&r), 1);

	for (unsigned i = 0; i < 12; i++)
		v[i] = row("l", i % 2 ? GH_DIFF_P_ATTENTION : GH_DIFF_P_MLP_OUT, 1 + i / 2, 0.05, 0.99, 7, 0.3);
	r = judged(v, 12);
	assert_int_equal(r.verdict, GH_DIFF_V_TUNED);
	assert_true(r.mark[GH_DIFF_M_LORA]);
	assert_int_equal(gh_diff_exit(&r), 0);

	for (unsigned i = 0; i < 12; i++)
		v[i] = row("d", i % 2 ? GH_DIFF_P_ATTENTION : GH_DIFF_P_MLP_OUT, 1 + i / 2, 0.05, 0.99, 1, 0.99);
	r = judged(v, 12);
	assert_true(r.mark[GH_DIFF_M_DIRECTION]);
	assert_int_equal(gh_diff_exit(&r), 1);

	for (unsigned i = 0; i < 12; i++)
		v[i] = row("x", GH_DIFF_P_MLP, 1 + i / 2, 1.4, i < 8 ? 0 : 0.99, 31, 0.1);
	r = judged(v, 12);
	assert_int_equal(r.verdict, GH_DIFF_V_NOT_DERIVED);
	v[0].flags = GH_DIFF_F_UNREAD; /* whatever else: something was not compared */
	r = judged(v, 12);
	assert_int_equal(r.verdict, GH_DIFF_V_UNFINISHED);
	assert_int_equal(gh_diff_exit(&r), 2);
	r = judged(v, 0);
	assert_int_equal(gh_diff_exit(&r), 1); /* nothing in common */
}

/* Which side is the quantised one: block types begin with all kinds of letters, and so do plain ones. */
static void direction_of_quantisation(void **state)
{
	(void)state;
	static const char *const blocks[] = { "Q4_K", "IQ2_XXS", "IQ4_NL", "MXFP4", "NVFP4", "TQ1_0" };
	static const char *const plain[] = { "BF16", "F32" };
	for (size_t i = 0; i < GH_ROWS(blocks) * 2; i++) {
		const char *b = blocks[i / 2], *p = plain[i % 2];
		for (unsigned back = 0; back < 2; back++) {
			struct gh_diff_row v = row("w", GH_DIFF_P_MLP, 1, 0.05, 0.99, 31, 0.1);
			v.text[GH_DIFF_T_DTYPE] = back ? p : b;
			v.text[GH_DIFF_T_BASE_DTYPE] = back ? b : p;
			v.flags = GH_DIFF_F_COARSE;
			struct gh_diff_report r = judged(&v, 1);
			assert_int_equal(r.verdict, GH_DIFF_V_QUANTISED);
			assert_non_null(strstr(r.sentence, back ? "restored from quantised" : "quantised from"));
			assert_non_null(strstr(r.sentence, b));
		}
	}
}

/* Five kinds of matrix in six layers, all changed by training: what stands out of them. */
enum { KINDS = 5, MANY = 30 };
static struct gh_diff_row field_of(size_t i, double relative, double top, unsigned rank)
{
	static const char *const kinds[KINDS] = { "q", "k", "o", "up", "down" };
	static const enum gh_diff_part parts[KINDS] = { GH_DIFF_P_ATTENTION, GH_DIFF_P_ATTENTION, GH_DIFF_P_ATTENTION,
							GH_DIFF_P_MLP, GH_DIFF_P_MLP_OUT };
	static char names[MANY][48];
	(void)snprintf(names[i], sizeof names[i], "layers.%zu.%s", i / KINDS, kinds[i % KINDS]);
	return row(names[i], parts[i % KINDS], (uint32_t)(1 + i / KINDS), relative, 0.99, rank, top);
}

static void what_stands_out(void **state)
{
	(void)state;
	struct gh_diff_row v[MANY];
	for (size_t i = 0; i < MANY; i++) /* a LoRA, and a fact rewritten under it */
		v[i] = field_of(i, i == 14 ? 0.3 : 0.05, i == 14 ? 0.97 : 0.3, i == 14 ? 1 : 8);
	struct gh_diff_report r = judged(v, MANY);
	assert_int_equal(r.verdict, GH_DIFF_V_EDITED);
	assert_non_null(strstr(r.why[GH_DIFF_M_KNOWLEDGE], "layers.2.down"));
	assert_true(r.mark[GH_DIFF_M_LORA]);
	for (size_t i = 0; i < MANY; i++) /* training that gave one matrix more than others, in all directions */
		v[i] = field_of(i, i == 14 ? 0.3 : 0.05, 0.1, 31);
	r = judged(v, MANY);
	assert_int_equal(r.verdict, GH_DIFF_V_TUNED);
	for (size_t i = 0; i < MANY; i++) /* a direction taken out of two kinds, and noise */
		v[i] = i % KINDS == 2 || i % KINDS == 4 ? field_of(i, 0.08, 0.8, 12) : field_of(i, 0.02, 0.06, 31);
	r = judged(v, MANY);
	assert_int_equal(r.verdict, GH_DIFF_V_EDITED);
	assert_true(r.mark[GH_DIFF_M_DIRECTION]);
	for (size_t i = 0; i < MANY; i++) /* one matrix, by hand */
		v[i] = i == 14 ? field_of(i, 0.1, 0.08, 31) : field_of(i, 0, 0, 0);
	r = judged(v, MANY);
	assert_int_equal(gh_diff_exit(&r), 1);
	assert_true(r.mark[GH_DIFF_M_LOCAL]);
	for (size_t i = 0; i < MANY; i++) /* one element of it: no fact was rewritten */
		v[i] = i == 14 ? field_of(i, 1e-8, 1, 1) : field_of(i, 0, 0, 0);
	v[14].same = v[14].compared - 1;
	r = judged(v, MANY);
	assert_true(r.mark[GH_DIFF_M_LOCAL] && !r.mark[GH_DIFF_M_KNOWLEDGE]);
	assert_non_null(strstr(r.why[GH_DIFF_M_LOCAL], "1 of 4096 elements"));
	for (size_t i = 0; i < MANY; i++) { /* one kind made louder */
		v[i] = field_of(i, i % KINDS == 2 ? 2 : 0, 0.3, 20);
		v[i].scale = i % KINDS == 2 ? 3 : 1;
	}
	r = judged(v, MANY);
	assert_true(r.mark[GH_DIFF_M_SCALED]);
	assert_non_null(strstr(r.sentence, "3 times as large"));
	for (size_t i = 0; i < MANY; i++)
		v[i] = field_of(i, 0, 0, 0);
	v[3].flags = GH_DIFF_F_RENAMED;
	v[3].text[GH_DIFF_T_BASE_NAME] = "layers.4.up";
	r = judged(v, MANY);
	assert_int_equal(r.verdict, GH_DIFF_V_CHANGED);
	assert_non_null(strstr(r.sentence, "layers.0.up holds layers.4.up"));
}

/* ---- settings ------------------------------------------------------------------------------------------------- */

static const struct {
	enum gh_diff_section section;
	enum gh_diff_change change;
	const char *key, *before, *after;
	enum gh_diff_mark mark;
} setting_rows[] = {
	{ GH_DIFF_S_CONFIG, GH_DIFF_CHANGED, "num_hidden_layers", "6", "5", GH_DIFF_M_COMPUTE },
	{ GH_DIFF_S_CONFIG, GH_DIFF_CHANGED, "config.json: text_config.rms_norm_eps", "1e-5", "1e-2",
	  GH_DIFF_M_COMPUTE },
	{ GH_DIFF_S_CONFIG, GH_DIFF_NEW, "config.json: rope_scaling.factor", "", "8.0", GH_DIFF_M_COMPUTE },
	{ GH_DIFF_S_CONFIG, GH_DIFF_NEW, "config.json: rope_scaling", "", "null", GH_DIFF_M_CONFIG },
	{ GH_DIFF_S_CONFIG, GH_DIFF_NEW, "head_dim", "", "64", GH_DIFF_M_CONFIG },
	{ GH_DIFF_S_CONFIG, GH_DIFF_CHANGED, "config.json: hidden_act", "silu", "gelu", GH_DIFF_M_COMPUTE },
	{ GH_DIFF_S_GENERATION, GH_DIFF_NEW, "generation_config.json: forced_bos_token_id", "", "9",
	  GH_DIFF_M_COMPUTE },
	{ GH_DIFF_S_GENERATION, GH_DIFF_CHANGED, "generation_config.json: eos_token_id.1", "2", "9",
	  GH_DIFF_M_COMPUTE },
	{ GH_DIFF_S_CONFIG, GH_DIFF_CHANGED, "config.json: torch_dtype", "float16", "bfloat16", GH_DIFF_M_CONFIG },
	{ GH_DIFF_S_CONFIG, GH_DIFF_NEW, "config.json: auto_map.AutoModel", "", "x.Y", GH_DIFF_M_CODE },
	{ GH_DIFF_S_ADAPTER, GH_DIFF_NEW, "adapter_config.json: peft_type", "", "LORA", GH_DIFF_M_INSIDE },
	{ GH_DIFF_S_TOKENIZER, GH_DIFF_CHANGED, "tokenizer.json: model.type", "BPE", "Unigram", GH_DIFF_M_TOKENIZER },
	{ GH_DIFF_S_TEMPLATE, GH_DIFF_CHANGED, "chat_template", "a", "b", GH_DIFF_M_TEMPLATE },
};

static void settings_that_matter(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof setting_rows / sizeof setting_rows[0]; i++) {
		struct gh_diff_row v[2] = { row("a", GH_DIFF_P_MLP, 1, 0, 1, 0, 0),
					    row("b", GH_DIFF_P_MLP, 1, 0, 1, 0, 0) };
		struct gh_diff_change_row c = { setting_rows[i].section, setting_rows[i].change, setting_rows[i].key,
						setting_rows[i].before, setting_rows[i].after };
		struct gh_diff_report r = { .row = v, .nrow = 2, .adapter_base = "", .change = &c, .nchange = 1 };
		gh_diff_judge(&r);
		for (unsigned m = 0; m < GH_DIFF_MARKS; m++)
			if (r.mark[m] != (m == (unsigned)setting_rows[i].mark))
				fail_msg("%s: mark %s", c.key, gh_diff_marks[m].name);
		assert_int_equal(gh_diff_exit(&r), gh_diff_marks[setting_rows[i].mark].alarm ? 1 : 0);
		if (setting_rows[i].mark == GH_DIFF_M_COMPUTE)
			assert_non_null(strstr(r.sentence, c.key)); /* the verdict says it */
	}
}

/* ---- names that lead elsewhere -------------------------------------------------------------------------------- */

/* "cand=base" pairs; an asterisk after those that no rule explains. */
static const char *const rename_rows[] = {
	"a.layers.0.q=a.layers.0.q a.layers.1.q=a.layers.1.q",
	/* one prefix for all, known or not */
	"module.a.0.q=a.0.q module.a.1.q=a.1.q module.b=b",
	"zz.a.0.q=a.0.q zz.a.1.q=a.1.q zz.b.w=b.w",
	/* the head keeps its name when the prefix of the body goes */
	"layers.0.q=model.layers.0.q layers.1.q=model.layers.1.q lm_head.weight=lm_head.weight",
	/* one that has a prefix while the others have none */
	"module.a.0.q=a.0.q* a.1.q=a.1.q a.2.q=a.2.q b.w=b.w",
	/* layers exchanged */
	"m.layers.1.q.w=layers.0.q.w* m.layers.0.q.w=layers.1.q.w* m.layers.2.q.w=layers.2.q.w* "
	"m.layers.3.q.w=layers.3.q.w*",
	/* roles exchanged under a prefix that is fine for the others */
	"m.0.q.w=0.k.w* m.0.k.w=0.q.w* m.0.v.w=0.v.w m.0.o.w=0.o.w m.0.up.w=0.up.w",
	/* another name altogether */
	"a.0.q.old=a.0.q* a.1.q=a.1.q a.2.q=a.2.q",
	/* another library */
	"blk.0.attn_q.weight=model.layers.0.self_attn.q_proj.weight "
	"blk.1.attn_q.weight=model.layers.1.self_attn.q_proj.weight "
	"output.weight=lm_head.weight",
	/* the spelling of another library for one of them */
	"blk.0.attn_q.weight=model.layers.0.self_attn.q_proj.weight* model.layers.1.mlp.w=model.layers.1.mlp.w "
	"model.x=model.x",
};

static void names_that_lead_elsewhere(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof rename_rows / sizeof rename_rows[0]; i++) {
		gh_auto_arena arena = { .max = 1 << 20 };
		struct gh_diff_tensor c[8] = { 0 }, b[8] = { 0 };
		bool want[8] = { false };
		char text[400], *save = NULL;
		struct gh_err err = { 0 };
		struct gh_diff_model m = { .arena = &arena, .v = c };
		(void)snprintf(text, sizeof text, "%s", rename_rows[i]);
		for (char *p = strtok_r(text, " ", &save); p != NULL; p = strtok_r(NULL, " ", &save), m.n++) {
			char *eq = strchr(p, '=');
			*eq = '\0';
			want[m.n] = eq[strlen(eq + 1)] == '*';
			if (want[m.n])
				eq[strlen(eq + 1)] = '\0';
			c[m.n].name = gh_span_str(p);
			b[m.n].name = gh_span_str(eq + 1);
			gh_diff_name(c[m.n].name, &c[m.n].is);
			gh_diff_name(b[m.n].name, &b[m.n].is);
			c[m.n].partner = &b[m.n];
			c[m.n].how = strcmp(p, eq + 1) == 0			 ? GH_DIFF_BY_NAME
				     : strcmp(c[m.n].is.key, b[m.n].is.key) == 0 ? GH_DIFF_BY_RULE
										 : GH_DIFF_BY_CONTENT;
		}
		assert_int_equal(gh_diff_renames(&m, &err), GH_OK);
		for (size_t k = 0; k < m.n; k++)
			if (c[k].renamed != want[k])
				fail_msg("row %zu, tensor %zu", i, k);
	}
	/* Names of GGUF that are in no table, found by content: in the same layer, and in another. */
	for (uint32_t layer = 1; layer < 3; layer++) {
		gh_auto_arena arena = { .max = 1 << 20 };
		struct gh_diff_tensor b = { .name = GH_SPAN("model.layers.1.post_norm.w") };
		struct gh_diff_tensor c = { .partner = &b, .how = GH_DIFF_BY_CONTENT, .gguf = true };
		struct gh_diff_model m = { .arena = &arena, .v = &c, .n = 1 };
		struct gh_err err = { 0 };
		c.name = layer == 1 ? GH_SPAN("blk.1.post_ffw_norm") : GH_SPAN("blk.2.post_ffw_norm");
		gh_diff_name(b.name, &b.is);
		gh_diff_name(c.name, &c.is);
		assert_int_equal(gh_diff_renames(&m, &err), GH_OK);
		assert_int_equal(c.renamed, layer != 1);
	}
	/* A layer that is only a copy of another one. */
	gh_auto_arena arena = { .max = 1 << 20 };
	struct gh_diff_tensor b = { .name = GH_SPAN("layers.1.x") },
			      c = { .name = GH_SPAN("layers.2.x"), .partner = &b, .how = GH_DIFF_COPY };
	struct gh_diff_model m = { .arena = &arena, .v = &c, .n = 1 };
	struct gh_err err = { 0 };
	gh_diff_name(b.name, &b.is);
	gh_diff_name(c.name, &c.is);
	assert_int_equal(gh_diff_renames(&m, &err), GH_OK);
	assert_true(c.renamed);
}

static void every_mark_explains_itself(void **state)
{
	(void)state;
	for (size_t i = 0; i < GH_DIFF_MARKS; i++) {
		assert_non_null(gh_diff_marks[i].name);
		assert_true(strlen(gh_diff_marks[i].title) > 8 && strlen(gh_diff_marks[i].gain) > 8 &&
			    strlen(gh_diff_marks[i].fix) > 8);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_spelling_for_all_libraries),
		cmocka_unit_test(halves_are_exact),
		cmocka_unit_test(numbers_of_every_width),
		cmocka_unit_test(blocks_have_one_size),
		cmocka_unit_test(blocks_by_table),
		cmocka_unit_test(blocks_of_quantised_numbers),
		cmocka_unit_test(rank_of_a_difference),
		cmocka_unit_test(every_machine_gives_the_same_sums),
		cmocka_unit_test(sums_leave_out_what_is_no_number),
		cmocka_unit_test(class_of_a_tensor),
		cmocka_unit_test(verdict_of_a_model),
		cmocka_unit_test(direction_of_quantisation),
		cmocka_unit_test(what_stands_out),
		cmocka_unit_test(settings_that_matter),
		cmocka_unit_test(names_that_lead_elsewhere),
		cmocka_unit_test(every_mark_explains_itself),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
