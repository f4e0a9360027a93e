/* Sizes that the metadata of a language model give, against its tensors. What llama.cpp computes when it loads a model of one of
 * these architectures (src/llama-model.cpp, load_hparams and load_tensors): a tensor of another shape ends the loading
 * there, and other loaders compute with numbers that are not there. Adapters, parts of a split model, files without
 * tensors and architectures that are not listed say nothing. */
#include "format/gguf/gguf.h"

#define ROWS(a) (sizeof(a) / sizeof((a)[0]))

/* As names of gguf_sizes.v; see gguf.h. */
static const char *const keys[GGUF_SIZES] = {
	[GGUF_BLOCKS] = "block_count",
	[GGUF_EMBED] = "embedding_length",
	[GGUF_FFN] = "feed_forward_length",
	[GGUF_HEADS] = "attention.head_count",
	[GGUF_HEADS_KV] = "attention.head_count_kv",
	[GGUF_KEY] = "attention.key_length",
	[GGUF_VALUE] = "attention.value_length",
};

static const char *const known[] = { "llama",	 "qwen2",   "qwen3",	 "gemma",  "gemma2", "gemma3",	  "phi3",
				     "stablelm", "gpt2",    "gptneox",	 "olmo",   "olmo2",  "granite",	  "command-r",
				     "baichuan", "smollm3", "internlm2", "xverse", "orion",  "starcoder2" };

enum size { EMBED, FFN, FFN_UP, Q, K, V, OUT };
static const struct {
	const char *name; /* behind "blk.7." */
	enum size first, second;
} places[] = {
	{ "attn_q.weight", EMBED, Q },	      { "attn_k.weight", EMBED, K },	 { "attn_v.weight", EMBED, V },
	{ "attn_output.weight", OUT, EMBED }, { "ffn_gate.weight", EMBED, FFN }, { "ffn_up.weight", EMBED, FFN_UP },
	{ "ffn_down.weight", FFN, EMBED },
};

/* general.file_type (llama.h: enum llama_ftype) and what most matrices of such a file are. */
static const struct {
	uint64_t file_type;
	const char *dtype;
} file_types[] = { { 0, "F32" },  { 1, "F16" },	 { 2, "Q4_0" }, { 3, "Q4_1" },
		   { 7, "Q8_0" }, { 8, "Q5_0" }, { 9, "Q5_1" }, { 32, "BF16" } };

/* The part before the first dot, cut to fit. */
static void prefix_of(struct gh_span key, char *out)
{
	size_t n = 0;
	while (n < key.n && n + 1 < GGUF_ARCH && key.p[n] != '.') {
		out[n] = (char)key.p[n];
		n++;
	}
	out[n] = '\0';
}

void gguf_sizes_number(struct gguf_sizes *s, struct gh_span key, uint64_t v)
{
	char prefix[GGUF_ARCH];
	if (gh_span_is(key, "split.count")) {
		s->split = v > 1;
	} else if (gh_span_is(key, "general.file_type")) {
		s->typed = true;
		s->file_type = v;
	}
	prefix_of(key, prefix);
	struct gh_span rest = gh_span_cut(key, strlen(prefix) + 1, key.n);
	for (size_t i = 0; i < GGUF_SIZES; i++) {
		/* Keys of another architecture do not take the place of those of this one. */
		bool mine = s->arch[0] == '\0' || strcmp(prefix, s->arch) == 0;
		if (gh_span_is(rest, keys[i]) && mine) {
			memcpy(s->of[i], prefix, sizeof prefix);
			s->v[i] = v;
		}
	}
}

void gguf_sizes_text(struct gguf_sizes *s, struct gh_span key, struct gh_span text)
{
	if (gh_span_is(key, "general.architecture") && text.n < GGUF_ARCH) {
		memset(s->arch, 0, sizeof s->arch);
		if (text.n != 0)
			memcpy(s->arch, text.p, text.n);
	} else if (gh_span_is(key, "general.type")) {
		s->other = !gh_span_is(text, "model");
	}
}

static uint64_t get(const struct gguf_sizes *s, enum gguf_size i)
{
	return strcmp(s->of[i], s->arch) == 0 ? s->v[i] : 0;
}

static uint64_t times(uint64_t a, uint64_t b)
{
	uint64_t v;
	return __builtin_mul_overflow(a, b, &v) ? 0 : v;
}

/* 0: not known. */
static uint64_t value(const struct gguf_sizes *s, enum size z)
{
	uint64_t embed = get(s, GGUF_EMBED), heads = get(s, GGUF_HEADS), kv = get(s, GGUF_HEADS_KV);
	uint64_t each = heads != 0 && embed % heads == 0 ? embed / heads : 0;
	uint64_t key = get(s, GGUF_KEY), val = get(s, GGUF_VALUE);
	key = key == 0 ? each : key;
	val = val == 0 ? each : val;
	kv = kv == 0 ? heads : kv;
	switch (z) {
	case EMBED: return embed;
	case FFN: return get(s, GGUF_FFN);
	case FFN_UP: return times(get(s, GGUF_FFN), strcmp(s->arch, "phi3") == 0 ? 2 : 1);
	case Q: return times(heads, key);
	case K: return times(kv, key);
	case V: return times(kv, val);
	case OUT: return key == val ? times(heads, val) : 0;
	}
	return 0;
}

static bool is_known(const struct gguf_sizes *s)
{
	for (size_t i = 0; i < ROWS(known); i++)
		if (strcmp(s->arch, known[i]) == 0)
			return !s->other;
	return false;
}

/* 1 + the number of the block, and what stands behind it; 0: the tensor is in none. */
static uint64_t block(struct gh_span name, struct gh_span *rest)
{
	uint64_t v = 0;
	size_t at = 4;
	if (!gh_span_starts(name, "blk."))
		return 0;
	while (at < name.n && at < 10 && name.p[at] >= '0' && name.p[at] <= '9')
		v = v * 10 + (uint64_t)(name.p[at++] - '0');
	if (at == 4 || at >= name.n || name.p[at] != '.')
		return 0;
	*rest = gh_span_cut(name, at + 1, name.n);
	return v + 1;
}

void gguf_sizes_tensor(struct gguf *g, struct gh_span name, const char *dtype, unsigned ndim, const uint64_t *dim)
{
	struct gguf_sizes *s = &g->sizes;
	struct gh_span rest = { 0 };
	uint64_t at = block(name, &rest);
	s->highest = at > s->highest ? at : s->highest;
	for (size_t i = 0; ndim == 2 && i < ROWS(file_types); i++)
		if (dtype != NULL && strcmp(dtype, file_types[i].dtype) == 0)
			s->types |= UINT64_C(1) << file_types[i].file_type;
	s->matrices += ndim == 2;
	if (ndim != 2 || !is_known(s))
		return;
	if (gh_span_is(name, "token_embd.weight")) {
		uint64_t embed = value(s, EMBED);
		s->embedded = true;
		if (embed != 0 && dim[0] != embed)
			gguf_say(g, GGUF_A_SIZES, 0, 0, "embeddings have %llu numbers, %s.embedding_length is %llu",
				 (unsigned long long)dim[0], s->arch, (unsigned long long)embed);
		if (s->tokens != 0 && dim[1] < s->tokens)
			gguf_say(g, GGUF_A_SIZES, 0, 0, "the vocabulary has %llu tokens, token_embd.weight has %llu",
				 (unsigned long long)s->tokens, (unsigned long long)dim[1]);
	}
	for (size_t i = 0; at != 0 && i < ROWS(places); i++) {
		uint64_t first = value(s, places[i].first), second = value(s, places[i].second);
		bool same = first == 0 || second == 0 || (dim[0] == first && dim[1] == second);
		if (same || (s->told & 1u << i) != 0 || !gh_span_is(rest, places[i].name))
			continue;
		s->told |= 1u << i;
		gguf_say(g, GGUF_A_SIZES, 0, 0, "tensor \"%s\" is %llu x %llu, the metadata make it %llu x %llu",
			 gh_safe(name).s, (unsigned long long)dim[0], (unsigned long long)dim[1],
			 (unsigned long long)first, (unsigned long long)second);
	}
}

void gguf_sizes_end(struct gguf *g)
{
	struct gguf_sizes *s = &g->sizes;
	uint64_t blocks = get(s, GGUF_BLOCKS);
	if (is_known(s) && !s->split && s->embedded && blocks != 0 && s->highest != 0 && s->highest != blocks)
		gguf_say(g, GGUF_A_SIZES, 0, 0, "%s.block_count is %llu, the tensors are of %llu blocks", s->arch,
			 (unsigned long long)blocks, (unsigned long long)s->highest);
	for (size_t i = 0; s->typed && !s->split && s->matrices != 0 && i < ROWS(file_types); i++)
		if (s->file_type == file_types[i].file_type && (s->types >> s->file_type & 1) == 0)
			gguf_say(g, GGUF_A_FTYPE, 0, 0, "general.file_type says %s, no matrix is stored like that",
				 file_types[i].dtype);
}
