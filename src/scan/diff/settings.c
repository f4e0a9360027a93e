/* Which differences of settings, tokenizer, template and code a person has to know of. */
#include "scan/diff/judge_int.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Settings by which the same weights compute something else, by the last parts of their keys. */
static const char *const computing[] = {
	"num_hidden_layers",
	"num_layers",
	"n_layer",
	"n_layers",
	"num_attention_heads",
	"n_head",
	"num_heads",
	"num_key_value_heads",
	"head_dim",
	"hidden_size",
	"intermediate_size",
	"hidden_act",
	"hidden_activation",
	"activation_function",
	"rms_norm_eps",
	"layer_norm_eps",
	"layer_norm_epsilon",
	"norm_eps",
	"rope_theta",
	"rope_type",
	"factor",
	"partial_rotary_factor",
	"rotary_pct",
	"sliding_window",
	"use_sliding_window",
	"max_window_layers",
	"attention_multiplier",
	"residual_multiplier",
	"embedding_multiplier",
	"logits_scaling",
	"logit_scale",
	"final_logit_softcapping",
	"attn_logit_softcapping",
	"query_pre_attn_scalar",
	"scale_attn_weights",
	"tie_word_embeddings",
	"bos_token_id",
	"eos_token_id",
	"pad_token_id",
	"decoder_start_token_id",
	"forced_bos_token_id",
	"forced_eos_token_id",
	"forced_decoder_ids",
	"suppress_tokens",
	"begin_suppress_tokens",
	"bad_words_ids",
	"sequence_bias",
	"architectures",
	"model_type",
	"num_local_experts",
	"num_experts",
	"num_experts_per_tok",
	"vocab_size",
	"lora_alpha",
	"r",
	"use_rslora",
	"use_dora",
	"layers_to_transform",
	"model_type",
	"quantization_config",
	"label2id",
	"id2label",
	"problem_type",
};

/* "config.json: rope_scaling.factor" → does it end with one of them, or stand below one? */
static bool computes(const char *key)
{
	const char *at = strstr(key, ": ");
	at = at == NULL ? key : at + 2;
	while (*at != '\0') {
		size_t n = strcspn(at, ".");
		for (size_t i = 0; i < sizeof computing / sizeof computing[0]; i++)
			if (strlen(computing[i]) == n && memcmp(at, computing[i], n) == 0)
				return true;
		at += n + (at[n] == '.');
	}
	return strstr(key, "rope") != NULL;
}

/* Newer libraries write down what older ones took for granted. */
static bool harmless(const struct gh_diff_change_row *c)
{
	static const char *const usual[] = { "",    "null", "false", "0",	"0.0",	 "1",
					     "1.0", "[]",   "{}",    "default", "10000", "10000.0" };
	const char *v = c->change == GH_DIFF_NEW ? c->after : c->before;
	if (c->change == GH_DIFF_CHANGED)
		return false;
	for (size_t i = 0; i < sizeof usual / sizeof usual[0]; i++)
		if (strcmp(v, usual[i]) == 0)
			return true;
	return strstr(c->key, "head_dim") != NULL || strstr(c->key, "vocab_size") != NULL;
}

static enum gh_diff_mark mark_of(const struct gh_diff_report *r, const struct gh_diff_change_row *c)
{
	switch (c->section) {
	case GH_DIFF_S_TOKENIZER: return GH_DIFF_M_TOKENIZER;
	case GH_DIFF_S_TEMPLATE: return GH_DIFF_M_TEMPLATE;
	case GH_DIFF_S_CODE: return GH_DIFF_M_CODE;
	case GH_DIFF_S_ADAPTER:
		if (c->change == GH_DIFF_NEW && !r->adapter && !r->adapters)
			return GH_DIFF_M_INSIDE;
		break;
	default: break;
	}
	if (strstr(c->key, "auto_map") != NULL && c->change != GH_DIFF_GONE)
		return GH_DIFF_M_CODE;
	return !r->adapter && computes(c->key) && !harmless(c) ? GH_DIFF_M_COMPUTE : GH_DIFF_M_CONFIG;
}

static void mark_changes(struct gh_diff_report *r)
{
	static const char *const verbs[GH_DIFF_CHANGES] = { "changed", "added", "removed" };
	size_t n[GH_DIFF_MARKS] = { 0 };
	for (size_t i = 0; i < r->nchange; i++)
		n[mark_of(r, &r->change[i])]++;
	for (size_t i = 0; i < r->nchange; i++) {
		const struct gh_diff_change_row *c = &r->change[i];
		enum gh_diff_mark m = mark_of(r, c);
		if (r->mark[m])
			continue;
		if (c->change == GH_DIFF_CHANGED && m == GH_DIFF_M_COMPUTE)
			gh_diff_mark(r, m, "%.90s from %.30s to %.30s%s", c->key, c->before, c->after,
				     n[m] > 1 ? ", and more" : "");
		else
			gh_diff_mark(r, m, "%.120s %s%s", c->key, verbs[c->change], n[m] > 1 ? ", and more" : "");
	}
}

void gh_diff_mark_texts(struct gh_diff_report *r)
{
	mark_changes(r);
	for (size_t i = 0; i < r->ncount; i++)
		if (r->count[i].changed + r->count[i].added + r->count[i].removed != 0)
			gh_diff_mark(r, GH_DIFF_M_TOKENIZER, "%s: %llu changed, %llu added, %llu removed",
				     r->count[i].what, (unsigned long long)r->count[i].changed,
				     (unsigned long long)r->count[i].added, (unsigned long long)r->count[i].removed);
	size_t bad = 0;
	for (size_t i = 0; i < r->nfit; i++) {
		const struct gh_diff_adapter_row *f = &r->fit[i];
		if (f->fit != GH_DIFF_FITS && bad++ == 0)
			gh_diff_mark(r, GH_DIFF_M_MISFIT, "%s: %s", f->module, f->why);
		if (f->odd != 0 && !r->mark[GH_DIFF_M_VALUES])
			gh_diff_mark(r, GH_DIFF_M_VALUES, "%llu in the adapter for %.120s", (unsigned long long)f->odd,
				     f->module);
		if (f->share > 2 && !r->mark[GH_DIFF_M_VALUES])
			gh_diff_mark(r, GH_DIFF_M_VALUES, "the adapter for %.100s is %.2g times as large as the weight",
				     f->module, f->share);
	}
}
