/* GGUF metadata (ggml/docs/gguf.md) as keys and values. The scanner's reader checks the file; this one only takes what it
 * understands, and stops at the first thing that does not fit. */
#include "scan/diff/fields.h"

#include <inttypes.h>
#include <stdio.h>

enum { U8, I8, U16, I16, U32, I32, F32, BOOL, STRING, ARRAY, U64, I64, F64, TYPES };
static const uint8_t width[TYPES] = { 1, 1, 2, 2, 4, 4, 4, 1, 0, 0, 8, 8, 8 };

/* What transformers calls it. */
static const struct {
	const char *gguf, *name;
} shared[] = {
	{ ".embedding_length", "hidden_size" },
	{ ".block_count", "num_hidden_layers" },
	{ ".attention.head_count", "num_attention_heads" },
	{ ".attention.head_count_kv", "num_key_value_heads" },
	{ ".feed_forward_length", "intermediate_size" },
	{ ".context_length", "max_position_embeddings" },
	{ ".vocab_size", "vocab_size" },
	{ ".rope.freq_base", "rope_theta" },
	{ ".rope.scaling.factor", "rope_scaling.factor" },
	{ ".attention.layer_norm_rms_epsilon", "rms_norm_eps" },
	{ ".attention.layer_norm_epsilon", "layer_norm_eps" },
	{ ".attention.key_length", "head_dim" },
	{ ".attention.sliding_window", "sliding_window" },
	{ ".expert_count", "num_local_experts" },
	{ ".expert_used_count", "num_experts_per_tok" },
	{ ".ggml.bos_token_id", "bos_token_id" },
	{ ".ggml.eos_token_id", "eos_token_id" },
	{ ".ggml.padding_token_id", "pad_token_id" },
};

struct kv {
	struct gh_diff_fields *f;
	struct gh_cur c;
	struct gh_arena arena; /* of one value */
	uint32_t version;
	bool big;
	enum gh_diff_section section;
	struct gh_span key;
	bool both;
};

static uint64_t number(struct kv *k, unsigned n)
{
	const uint8_t *p = gh_cur_take(&k->c, n);
	uint64_t v = 0;
	for (unsigned i = 0; p != NULL && i < n; i++)
		v |= (uint64_t)p[k->big ? n - 1 - i : i] << (8 * i);
	return v;
}

static struct gh_span string(struct kv *k)
{
	uint64_t n = number(k, k->version == 1 ? 4 : 8);
	if (n > GH_WINDOW_MAX || n > gh_cur_left(&k->c)) {
		if (n > gh_cur_left(&k->c))
			k->c.bad = true;
		else {
			gh_cur_skip(&k->c, n);
			k->f->full = true;
		}
		return (struct gh_span){ 0 };
	}
	const uint8_t *p = gh_cur_take(&k->c, (size_t)n);
	return gh_keep(&k->arena, (struct gh_span){ p, p == NULL ? 0 : (size_t)n });
}

static void classify(struct kv *k)
{
	k->section = GH_DIFF_S_CONFIG;
	k->both = false;
	if (gh_span_starts(k->key, "tokenizer.chat_template")) {
		k->section = GH_DIFF_S_TEMPLATE;
		k->both = gh_span_is(k->key, "tokenizer.chat_template");
		if (k->both)
			k->key = GH_SPAN("chat_template");
	} else if (gh_span_starts(k->key, "tokenizer."))
		k->section = GH_DIFF_S_TOKENIZER;
	else if (gh_span_starts(k->key, "adapter."))
		k->section = GH_DIFF_S_ADAPTER;
	for (size_t i = 0; i < sizeof shared / sizeof shared[0] && !k->both; i++) {
		size_t n = strlen(shared[i].gguf);
		const uint8_t *dot = k->key.n == 0 ? NULL : memchr(k->key.p, '.', k->key.n);
		if (dot != NULL && k->key.n - (size_t)(dot - k->key.p) == n && gh_span_ends(k->key, shared[i].gguf)) {
			k->key = gh_span_str(shared[i].name);
			k->section = GH_DIFF_S_CONFIG;
			k->both = true;
		}
	}
}

static void plain(struct kv *k, uint32_t type)
{
	char text[48];
	uint64_t v = number(k, width[type]);
	if (type == F32 || type == F64) {
		double d;
		float f;
		uint32_t u = (uint32_t)v;
		memcpy(&f, &u, sizeof f);
		memcpy(&d, &v, sizeof d);
		(void)snprintf(text, sizeof text, "%.9g", type == F32 ? (double)f : d);
	} else if (type == BOOL)
		(void)snprintf(text, sizeof text, "%s", v != 0 ? "true" : "false");
	else if (type == I8 || type == I16 || type == I32 || type == I64) {
		unsigned up = 64 - 8u * width[type];
		(void)snprintf(text, sizeof text, "%" PRId64, (int64_t)(v << up) >> up);
	} else
		(void)snprintf(text, sizeof text, "%" PRIu64, v);
	if (!k->c.bad)
		gh_diff_field_add(k->f, k->section, k->key, gh_span_str(text), true, k->both);
}

/* Which tokens are control tokens: what a text cannot spell, and what ends it. */
static void kinds(struct kv *k, const uint8_t *p, uint64_t n)
{
	enum { UNKNOWN = 2, CONTROL = 3 };
	struct gh_diff_list *l = gh_diff_list(k->f, GH_DIFF_L_SPECIAL, GH_SPAN(""), true);
	for (uint64_t i = 0; i < n && l != NULL; i++) {
		uint8_t kind = p[4 * i + (k->big ? 3 : 0)];
		gh_diff_list_put(k->f, l, i,
				 kind == CONTROL   ? GH_SPAN("control")
				 : kind == UNKNOWN ? GH_SPAN("unknown")
						   : GH_SPAN("normal"));
	}
}

static void array(struct kv *k)
{
	uint32_t type = (uint32_t)number(k, 4);
	uint64_t n = number(k, k->version == 1 ? 4 : 8);
	bool tokens = gh_span_is(k->key, "tokenizer.ggml.tokens"), merges = gh_span_is(k->key, "tokenizer.ggml.merges");
	if (type >= TYPES || type == ARRAY || n > gh_cur_left(&k->c)) {
		k->c.bad = true;
		return;
	}
	if (type != STRING) {
		/* Scores, types of tokens: one value, told apart by its digest. */
		uint64_t bytes = n * width[type];
		if (bytes > GH_WINDOW_MAX)
			k->f->full = true;
		const uint8_t *p = bytes <= GH_WINDOW_MAX ? gh_cur_take(&k->c, (size_t)bytes) : NULL;
		if (p == NULL)
			gh_cur_skip(&k->c, bytes);
		else
			gh_diff_field_add(k->f, k->section, k->key, (struct gh_span){ p, (size_t)bytes }, true, false);
		if (p != NULL && width[type] == 4 && gh_span_is(k->key, "tokenizer.ggml.token_type"))
			kinds(k, p, n);
		return;
	}
	struct gh_diff_list *l = NULL;
	if (tokens || merges)
		l = gh_diff_list(k->f, tokens ? GH_DIFF_L_TOKENS : GH_DIFF_L_MERGES, GH_SPAN(""), true);
	for (uint64_t i = 0; i < n && !k->c.bad; i++) {
		gh_arena_free(&k->arena);
		struct gh_span s = string(k);
		char index[64];
		if (k->c.bad)
			break;
		if (l != NULL)
			gh_diff_list_put(k->f, l, i, s);
		else if (i < 64 && !tokens && !merges) {
			(void)snprintf(index, sizeof index, "%.40s[%" PRIu64 "]", (const char *)k->key.p, i);
			gh_diff_field_add(k->f, k->section, gh_span_str(index), s, true, false);
		}
	}
}

enum gh_rc gh_diff_fields_gguf(struct gh_diff_fields *f, struct gh_src *src, struct gh_err *err)
{
	struct kv k = { .f = f, .c = gh_cur(src, 4), .arena = { .max = 4 * (size_t)GH_WINDOW_MAX } };
	uint8_t key[208];
	k.version = (uint32_t)number(&k, 4);
	k.big = (k.version & 0xffff) == 0 && k.version != 0;
	if (k.big)
		k.version = __builtin_bswap32(k.version);
	(void)number(&k, k.version == 1 ? 4 : 8);
	uint64_t n = number(&k, k.version == 1 ? 4 : 8);
	for (uint64_t i = 0; i < n && !k.c.bad; i++) {
		struct gh_span s = gh_span_cut(string(&k), 0, sizeof key - 1);
		memset(key, 0, sizeof key);
		if (s.n != 0)
			memcpy(key, s.p, s.n);
		k.key = (struct gh_span){ key, s.n };
		uint32_t type = (uint32_t)number(&k, 4);
		classify(&k);
		if (type >= TYPES)
			k.c.bad = true;
		else if (type == STRING) {
			s = string(&k);
			if (!k.c.bad)
				gh_diff_field_add(f, k.section, k.key, s, true, k.both);
		} else if (type == ARRAY)
			array(&k);
		else
			plain(&k, type);
		gh_arena_free(&k.arena);
	}
	gh_arena_free(&k.arena);
	return k.c.bad ? gh_fail(err, GH_E_MALFORMED, "GGUF metadata does not fit the file") : GH_OK;
}
