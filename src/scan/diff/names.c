#include "scan/diff/names.h"

#include <stdio.h>

/* What wrappers put before the names of the model they wrap; any number of them, in any order. */
static const char *const prefixes[] = {
	"module.",	   "_orig_mod.", "base_model.model.", "base_model.", "model.",	    "transformer.",
	"language_model.", "gpt_neox.",	 "roberta.",	      "bert.",	     "state_dict.",
};

/* Names of a module inside a layer, in the libraries that have layers, and what GGUF calls it. The longest ending wins. */
static const struct role {
	const char *ending;
	const char *role;
	enum gh_diff_part part;
} roles[] = {
	{ "self_attn.q_proj", "attn_q", GH_DIFF_P_ATTENTION },
	{ "self_attn.k_proj", "attn_k", GH_DIFF_P_ATTENTION },
	{ "self_attn.v_proj", "attn_v", GH_DIFF_P_ATTENTION },
	{ "self_attn.o_proj", "attn_output", GH_DIFF_P_ATTENTION },
	{ "self_attn.out_proj", "attn_output", GH_DIFF_P_ATTENTION },
	{ "self_attn.dense", "attn_output", GH_DIFF_P_ATTENTION },
	{ "self_attn.qkv_proj", "attn_qkv", GH_DIFF_P_ATTENTION },
	{ "self_attn.q_norm", "attn_q_norm", GH_DIFF_P_NORM },
	{ "self_attn.k_norm", "attn_k_norm", GH_DIFF_P_NORM },
	{ "attn.c_attn", "attn_qkv", GH_DIFF_P_ATTENTION },
	{ "attn.c_proj", "attn_output", GH_DIFF_P_ATTENTION },
	{ "attn.q_proj", "attn_q", GH_DIFF_P_ATTENTION },
	{ "attn.k_proj", "attn_k", GH_DIFF_P_ATTENTION },
	{ "attn.v_proj", "attn_v", GH_DIFF_P_ATTENTION },
	{ "attn.out_proj", "attn_output", GH_DIFF_P_ATTENTION },
	{ "attention.query_key_value", "attn_qkv", GH_DIFF_P_ATTENTION },
	{ "self_attention.query_key_value", "attn_qkv", GH_DIFF_P_ATTENTION },
	{ "self_attention.dense", "attn_output", GH_DIFF_P_ATTENTION },
	{ "attention.dense", "attn_output", GH_DIFF_P_ATTENTION },
	{ "attention.self.query", "attn_q", GH_DIFF_P_ATTENTION },
	{ "attention.self.key", "attn_k", GH_DIFF_P_ATTENTION },
	{ "attention.self.value", "attn_v", GH_DIFF_P_ATTENTION },
	{ "attention.output.dense", "attn_output", GH_DIFF_P_ATTENTION },
	{ "attention.wq", "attn_q", GH_DIFF_P_ATTENTION },
	{ "attention.wk", "attn_k", GH_DIFF_P_ATTENTION },
	{ "attention.wv", "attn_v", GH_DIFF_P_ATTENTION },
	{ "attention.wo", "attn_output", GH_DIFF_P_ATTENTION },
	{ "attn_q", "attn_q", GH_DIFF_P_ATTENTION },
	{ "attn_k", "attn_k", GH_DIFF_P_ATTENTION },
	{ "attn_v", "attn_v", GH_DIFF_P_ATTENTION },
	{ "attn_qkv", "attn_qkv", GH_DIFF_P_ATTENTION },
	{ "attn_output", "attn_output", GH_DIFF_P_ATTENTION },
	{ "mlp.gate_proj", "ffn_gate", GH_DIFF_P_MLP },
	{ "mlp.up_proj", "ffn_up", GH_DIFF_P_MLP },
	{ "mlp.gate_up_proj", "ffn_up", GH_DIFF_P_MLP },
	{ "mlp.down_proj", "ffn_down", GH_DIFF_P_MLP_OUT },
	{ "mlp.c_fc", "ffn_up", GH_DIFF_P_MLP },
	{ "mlp.c_proj", "ffn_down", GH_DIFF_P_MLP_OUT },
	{ "mlp.fc1", "ffn_up", GH_DIFF_P_MLP },
	{ "mlp.fc2", "ffn_down", GH_DIFF_P_MLP_OUT },
	{ "mlp.fc_in", "ffn_up", GH_DIFF_P_MLP },
	{ "mlp.fc_out", "ffn_down", GH_DIFF_P_MLP_OUT },
	{ "mlp.dense_h_to_4h", "ffn_up", GH_DIFF_P_MLP },
	{ "mlp.dense_4h_to_h", "ffn_down", GH_DIFF_P_MLP_OUT },
	{ "feed_forward.w1", "ffn_gate", GH_DIFF_P_MLP },
	{ "feed_forward.w2", "ffn_down", GH_DIFF_P_MLP_OUT },
	{ "feed_forward.w3", "ffn_up", GH_DIFF_P_MLP },
	{ "intermediate.dense", "ffn_up", GH_DIFF_P_MLP },
	{ "output.dense", "ffn_down", GH_DIFF_P_MLP_OUT },
	{ "fc1", "ffn_up", GH_DIFF_P_MLP },
	{ "fc2", "ffn_down", GH_DIFF_P_MLP_OUT },
	{ "ffn_gate", "ffn_gate", GH_DIFF_P_MLP },
	{ "ffn_up", "ffn_up", GH_DIFF_P_MLP },
	{ "ffn_down", "ffn_down", GH_DIFF_P_MLP_OUT },
	{ "input_layernorm", "attn_norm", GH_DIFF_P_NORM },
	{ "attention_norm", "attn_norm", GH_DIFF_P_NORM },
	{ "ln_1", "attn_norm", GH_DIFF_P_NORM },
	{ "attn_norm", "attn_norm", GH_DIFF_P_NORM },
	{ "post_attention_layernorm", "ffn_norm", GH_DIFF_P_NORM },
	{ "ln_2", "ffn_norm", GH_DIFF_P_NORM },
	{ "ffn_norm", "ffn_norm", GH_DIFF_P_NORM },
};

/* Outside of layers. */
static const struct role outside[] = {
	{ "embed_tokens", "token_embd", GH_DIFF_P_EMBED },
	{ "tok_embeddings", "token_embd", GH_DIFF_P_EMBED },
	{ "word_embeddings", "token_embd", GH_DIFF_P_EMBED },
	{ "embeddings.word_embeddings", "token_embd", GH_DIFF_P_EMBED },
	{ "embed_in", "token_embd", GH_DIFF_P_EMBED },
	{ "wte", "token_embd", GH_DIFF_P_EMBED },
	{ "token_embd", "token_embd", GH_DIFF_P_EMBED },
	{ "wpe", "position_embd", GH_DIFF_P_EMBED },
	{ "position_embd", "position_embd", GH_DIFF_P_EMBED },
	{ "lm_head", "output", GH_DIFF_P_EMBED },
	{ "embed_out", "output", GH_DIFF_P_EMBED },
	{ "output", "output", GH_DIFF_P_EMBED },
	{ "norm", "output_norm", GH_DIFF_P_NORM },
	{ "ln_f", "output_norm", GH_DIFF_P_NORM },
	{ "final_layer_norm", "output_norm", GH_DIFF_P_NORM },
	{ "output_norm", "output_norm", GH_DIFF_P_NORM },
};

static const char *const layer_words[] = { "encoder.layer.", "decoder.layers.", "layers.", "layer.", "h.",
					   "blk.",	     "blocks.",		"block." };

static const char *const buffers[] = { "inv_freq",	 "position_ids", "rope_freqs.weight",
				       "masked_bias",	 "attn.bias",	 "num_batches_tracked",
				       "attention.bias", "cos_cached",	 "sin_cached" };

static struct gh_span strip(struct gh_span s)
{
	for (bool more = true; more;) {
		more = false;
		for (size_t i = 0; i < sizeof prefixes / sizeof prefixes[0]; i++) {
			size_t n = strlen(prefixes[i]);
			if (s.n > n && gh_span_starts(s, prefixes[i])) {
				s = gh_span_cut(s, n, s.n);
				more = true;
			}
		}
	}
	return s;
}

bool gh_diff_prefix(struct gh_span s)
{
	for (size_t i = 0; s.n != 0 && i < sizeof prefixes / sizeof prefixes[0];) {
		bool here = gh_span_starts(s, prefixes[i]);
		s = gh_span_cut(s, here ? strlen(prefixes[i]) : 0, s.n);
		i = here ? 0 : i + 1;
	}
	return s.n == 0;
}

/* "layers.12." at the start: the number, and what follows. */
static bool layer_of(struct gh_span *s, uint32_t *layer)
{
	for (size_t i = 0; i < sizeof layer_words / sizeof layer_words[0]; i++) {
		size_t at = strlen(layer_words[i]), first = at;
		uint32_t v = 0;
		if (!gh_span_starts(*s, layer_words[i]))
			continue;
		while (at < s->n && at < first + 6 && s->p[at] >= '0' && s->p[at] <= '9')
			v = v * 10 + (uint32_t)(s->p[at++] - '0');
		if (at == first || at >= s->n || s->p[at] != '.')
			continue;
		*layer = v;
		*s = gh_span_cut(*s, at + 1, s->n);
		return true;
	}
	return false;
}

/* Cut ".lora_A.weight", ".lora_A.default.weight", ".weight.lora_a" from the end. */
static int lora_of(struct gh_span *s)
{
	static const char *const marks[] = { ".lora_A", ".lora_B", ".lora_a", ".lora_b" };
	for (size_t i = 0; i < 4; i++) {
		const uint8_t *at = s->n == 0 ? NULL : memmem(s->p, s->n, marks[i], strlen(marks[i]));
		if (at == NULL)
			continue;
		s->n = (size_t)(at - s->p);
		if (gh_span_ends(*s, ".weight"))
			s->n -= strlen(".weight");
		return i % 2 == 0 ? 'a' : 'b';
	}
	return 0;
}

static const struct role *role_of(const struct role *v, size_t n, struct gh_span s)
{
	for (size_t i = 0; i < n; i++)
		if (gh_span_is(s, v[i].ending))
			return &v[i];
	return NULL;
}

void gh_diff_name(struct gh_span name, struct gh_diff_name *out)
{
	*out = (struct gh_diff_name){ .lora = lora_of(&name) };
	for (size_t i = 0; i < sizeof buffers / sizeof buffers[0]; i++)
		out->buffer = out->buffer || gh_span_ends(name, buffers[i]);
	struct gh_span s = strip(name), module;
	const char *end = out->lora != 0 ? "weight" : "";
	uint32_t layer = 0;
	bool in_layer = layer_of(&s, &layer);
	module = s;
	if (out->lora == 0) {
		static const char *const ends[] = { "weight", "bias" };
		for (size_t i = 0; i < 2; i++)
			if (s.n > strlen(ends[i]) + 1 && gh_span_ends(s, ends[i]) &&
			    s.p[s.n - strlen(ends[i]) - 1] == '.') {
				end = ends[i];
				module.n = s.n - strlen(ends[i]) - 1;
			}
	}
	const struct role *r = in_layer ? role_of(roles, sizeof roles / sizeof roles[0], module)
					: role_of(outside, sizeof outside / sizeof outside[0], module);
	char number[16] = "";
	if (in_layer) {
		(void)snprintf(number, sizeof number, "%u.", layer);
		out->layer = layer + 1;
	}
	int n;
	if (r != NULL)
		n = snprintf(out->key, sizeof out->key, "%s%s.%s", number, r->role, end);
	else
		n = snprintf(out->key, sizeof out->key, "%s%.*s%s%s", number, (int)(module.n < 4096 ? module.n : 4096),
			     (const char *)module.p, *end != '\0' ? "." : "", end);
	out->truncated = n < 0 || (size_t)n >= sizeof out->key || memchr(name.p, '\0', name.n) != NULL;
	out->part = r != NULL ? r->part : GH_DIFF_P_OTHER;
}
