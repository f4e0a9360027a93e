#include "scan/shapes.h"

#define ROWS(a) (sizeof(a) / sizeof((a)[0]))

/* Sizes that dimensions are made of. */
enum size { NONE, HIDDEN, HIDDEN3, FFN, FFN2, Q, K, QKV };

/* Where the layers of a scheme stand: "model.layers.7.", also without the first part (a model without its head). */
static const struct scheme {
	const char *name, *first, *layers;
} schemes[] = {
	{ "llama", "model.", "layers." },	  { "gpt2", "transformer.", "h." },
	{ "gpt_neox", "gpt_neox.", "layers." },	  { "bert", "bert.", "encoder.layer." },
	{ "bert", "roberta.", "encoder.layer." }, { "distilbert", "distilbert.", "transformer.layer." },
	{ "t5", "", "encoder.block." },		  { "t5", "", "decoder.block." },
};

/* place: the scheme, a blank, the name behind the number of the layer. Linear layers store outputs × inputs, GPT-2's
 * Conv1D inputs × outputs. */
static const struct place {
	const char *place;
	enum size rows, cols;
} places[] = {
	{ "llama self_attn.q_proj.weight", Q, HIDDEN },
	{ "llama self_attn.k_proj.weight", K, HIDDEN },
	{ "llama self_attn.v_proj.weight", K, HIDDEN },
	{ "llama self_attn.o_proj.weight", HIDDEN, Q },
	{ "llama mlp.gate_proj.weight", FFN, HIDDEN },
	{ "llama mlp.up_proj.weight", FFN, HIDDEN },
	{ "llama mlp.down_proj.weight", HIDDEN, FFN },
	{ "llama self_attn.qkv_proj.weight", QKV, HIDDEN },
	{ "llama mlp.gate_up_proj.weight", FFN2, HIDDEN },
	{ "gpt2 attn.c_attn.weight", HIDDEN, HIDDEN3 },
	{ "gpt2 attn.c_proj.weight", HIDDEN, HIDDEN },
	{ "gpt2 mlp.c_fc.weight", HIDDEN, FFN },
	{ "gpt2 mlp.c_proj.weight", FFN, HIDDEN },
	{ "gpt_neox attention.query_key_value.weight", HIDDEN3, HIDDEN },
	{ "gpt_neox attention.dense.weight", HIDDEN, HIDDEN },
	{ "gpt_neox mlp.dense_h_to_4h.weight", FFN, HIDDEN },
	{ "gpt_neox mlp.dense_4h_to_h.weight", HIDDEN, FFN },
	{ "bert attention.self.query.weight", HIDDEN, HIDDEN },
	{ "bert attention.self.key.weight", HIDDEN, HIDDEN },
	{ "bert attention.self.value.weight", HIDDEN, HIDDEN },
	{ "bert attention.output.dense.weight", HIDDEN, HIDDEN },
	{ "bert intermediate.dense.weight", FFN, HIDDEN },
	{ "bert output.dense.weight", HIDDEN, FFN },
	{ "distilbert attention.q_lin.weight", HIDDEN, HIDDEN },
	{ "distilbert attention.k_lin.weight", HIDDEN, HIDDEN },
	{ "distilbert attention.v_lin.weight", HIDDEN, HIDDEN },
	{ "distilbert attention.out_lin.weight", HIDDEN, HIDDEN },
	{ "distilbert ffn.lin1.weight", FFN, HIDDEN },
	{ "distilbert ffn.lin2.weight", HIDDEN, FFN },
	{ "t5 layer.0.SelfAttention.q.weight", Q, HIDDEN },
	{ "t5 layer.0.SelfAttention.k.weight", Q, HIDDEN },
	{ "t5 layer.0.SelfAttention.v.weight", Q, HIDDEN },
	{ "t5 layer.0.SelfAttention.o.weight", HIDDEN, Q },
	{ "t5 layer.1.EncDecAttention.q.weight", Q, HIDDEN },
	{ "t5 layer.1.EncDecAttention.k.weight", Q, HIDDEN },
	{ "t5 layer.1.EncDecAttention.v.weight", Q, HIDDEN },
	{ "t5 layer.1.EncDecAttention.o.weight", HIDDEN, Q },
	{ "t5 layer.1.DenseReluDense.wi.weight", FFN, HIDDEN },
	{ "t5 layer.1.DenseReluDense.wi_0.weight", FFN, HIDDEN },
	{ "t5 layer.1.DenseReluDense.wi_1.weight", FFN, HIDDEN },
	{ "t5 layer.1.DenseReluDense.wo.weight", HIDDEN, FFN },
	{ "t5 layer.2.DenseReluDense.wi.weight", FFN, HIDDEN },
	{ "t5 layer.2.DenseReluDense.wi_0.weight", FFN, HIDDEN },
	{ "t5 layer.2.DenseReluDense.wi_1.weight", FFN, HIDDEN },
	{ "t5 layer.2.DenseReluDense.wo.weight", HIDDEN, FFN },
};

/* What a configuration that does not say it means. */
enum other {
	UNSAID,	 /* some number of the program's; not compared */
	HEADS,	 /* as many keys as queries */
	DIVIDED, /* a head is the hidden size divided by the heads */
	TIMES4,	 /* the inner size is four times the hidden one */
};

static const struct names {
	const char *scheme, *hidden, *ffn, *layers, *heads, *head;
} named[] = {
	{ "llama", "hidden_size", "intermediate_size", "num_hidden_layers", "num_attention_heads", "head_dim" },
	{ "gpt2", "n_embd", "n_inner", "n_layer", "n_head", "" },
	{ "gpt_neox", "hidden_size", "intermediate_size", "num_hidden_layers", "num_attention_heads", "" },
	{ "bert", "hidden_size", "intermediate_size", "num_hidden_layers", "num_attention_heads", "" },
	{ "distilbert", "dim", "hidden_dim", "n_layers", "n_heads", "" },
	{ "t5", "d_model", "d_ff", "", "num_heads", "d_kv" },
};

static const struct type {
	const char *type, *scheme;
	enum other keys, head, ffn; /* num_key_value_heads, head_dim, the inner size */
	bool ties;
} types[] = {
	{ "llama", "llama", HEADS, DIVIDED, UNSAID, true },
	{ "mistral", "llama", UNSAID, DIVIDED, UNSAID, true },
	{ "qwen2", "llama", UNSAID, DIVIDED, UNSAID, true },
	{ "qwen3", "llama", UNSAID, UNSAID, UNSAID, true },
	{ "gemma", "llama", UNSAID, UNSAID, UNSAID, false },
	{ "gemma2", "llama", UNSAID, UNSAID, UNSAID, false },
	{ "gemma3_text", "llama", UNSAID, UNSAID, UNSAID, false },
	{ "granite", "llama", HEADS, DIVIDED, UNSAID, false },
	{ "cohere", "llama", HEADS, DIVIDED, UNSAID, false },
	{ "olmo", "llama", HEADS, DIVIDED, UNSAID, false },
	{ "olmo2", "llama", HEADS, DIVIDED, UNSAID, false },
	{ "stablelm", "llama", UNSAID, DIVIDED, UNSAID, false },
	{ "phi3", "llama", HEADS, DIVIDED, UNSAID, true },
	{ "gpt2", "gpt2", HEADS, DIVIDED, TIMES4, false },
	{ "gpt_neox", "gpt_neox", HEADS, DIVIDED, UNSAID, false },
	{ "bert", "bert", HEADS, DIVIDED, UNSAID, false },
	{ "roberta", "bert", HEADS, DIVIDED, UNSAID, false },
	{ "xlm-roberta", "bert", HEADS, DIVIDED, UNSAID, false },
	{ "camembert", "bert", HEADS, DIVIDED, UNSAID, false },
	{ "distilbert", "distilbert", HEADS, DIVIDED, UNSAID, false },
	{ "t5", "t5", HEADS, UNSAID, UNSAID, false },
	{ "mt5", "t5", HEADS, UNSAID, UNSAID, false },
};

bool gh_shape_numbers(const char *dtype)
{
	static const char *const names[] = { "F32", "BF16", "F16", "F64", "F8_E4M3", "F8_E5M2" };
	for (size_t i = 0; dtype != NULL && i < ROWS(names); i++)
		if (strcmp(dtype, names[i]) == 0)
			return true;
	return false;
}

/* What stands behind "<layers><number>."; an empty span when the name does not begin like that. */
static struct gh_span behind_layer(struct gh_span name, const struct scheme *s)
{
	if (s->first[0] != '\0' && gh_span_starts(name, s->first))
		name = gh_span_cut(name, strlen(s->first), name.n);
	if (!gh_span_starts(name, s->layers))
		return (struct gh_span){ 0 };
	size_t from = strlen(s->layers), at = from;
	while (at < name.n && name.p[at] >= '0' && name.p[at] <= '9')
		at++;
	if (at == from || at >= name.n || name.p[at] != '.')
		return (struct gh_span){ 0 };
	return gh_span_cut(name, at + 1, name.n);
}

const char *gh_shape_place(struct gh_span name)
{
	for (size_t i = 0; i < ROWS(schemes); i++) {
		struct gh_span tail = behind_layer(name, &schemes[i]);
		size_t n = strlen(schemes[i].name);
		for (size_t k = 0; tail.n != 0 && k < ROWS(places); k++)
			if (strncmp(places[k].place, schemes[i].name, n) == 0 && places[k].place[n] == ' ' &&
			    gh_span_is(tail, places[k].place + n + 1))
				return places[k].place;
	}
	return NULL;
}

bool gh_shape_is_head(struct gh_span name)
{
	static const char *const parts[] = { "lm_head.", "embed_out.", "output_projection." };
	for (size_t i = 0; i < ROWS(parts); i++)
		if (name.n != 0 && memmem(name.p, name.n, parts[i], strlen(parts[i])) != NULL)
			return true;
	return gh_span_is(name, "output.weight");
}

/* Products of numbers that a file gives: too large is not known. */
static uint64_t times(uint64_t a, uint64_t b)
{
	uint64_t v;
	return __builtin_mul_overflow(a, b, &v) ? 0 : v;
}

struct gh_shape_sizes gh_shape_sizes(const char *model_type, uint64_t (*setting)(void *arg, const char *name),
				     void *arg)
{
	struct gh_shape_sizes s = { .scheme = NULL };
	const struct type *t = NULL;
	const struct names *n = NULL;
	for (size_t i = 0; i < ROWS(types); i++)
		t = strcmp(types[i].type, model_type) == 0 ? &types[i] : t;
	for (size_t i = 0; t != NULL && i < ROWS(named); i++)
		n = strcmp(named[i].scheme, t->scheme) == 0 ? &named[i] : n;
	if (n == NULL)
		return s;
	uint64_t heads = setting(arg, n->heads), keys = setting(arg, "num_key_value_heads"),
		 head = setting(arg, n->head);
	s = (struct gh_shape_sizes){ .scheme = t->scheme,
				     .hidden = setting(arg, n->hidden),
				     .ffn = setting(arg, n->ffn),
				     .layers = setting(arg, n->layers),
				     .vocab = setting(arg, "vocab_size"),
				     .ties = t->ties };
	if (s.ffn == 0 && t->ffn == TIMES4)
		s.ffn = times(s.hidden, 4);
	if (head == 0 && t->head == DIVIDED && heads != 0 && s.hidden % heads == 0)
		head = s.hidden / heads;
	if (keys == 0 && t->keys == HEADS)
		keys = heads;
	s.q = times(heads, head);
	s.k = times(keys, head);
	return s;
}

static uint64_t value(const struct gh_shape_sizes *s, enum size z)
{
	uint64_t sum;
	switch (z) {
	case NONE: return 0;
	case HIDDEN: return s->hidden;
	case HIDDEN3: return times(s->hidden, 3);
	case FFN: return s->ffn;
	case FFN2: return times(s->ffn, 2);
	case Q: return s->q;
	case K: return s->k;
	case QKV: return s->q == 0 || s->k == 0 || __builtin_add_overflow(s->q, times(s->k, 2), &sum) ? 0 : sum;
	}
	return 0;
}

bool gh_shape_expected(const struct gh_shape_sizes *s, const char *place, uint64_t *rows, uint64_t *cols)
{
	size_t n = s->scheme == NULL ? 0 : strlen(s->scheme);
	for (size_t i = 0; n != 0 && i < ROWS(places); i++) {
		if (strcmp(places[i].place, place) != 0 || strncmp(place, s->scheme, n) != 0 || place[n] != ' ')
			continue;
		*rows = value(s, places[i].rows);
		*cols = value(s, places[i].cols);
		return *rows != 0 && *cols != 0;
	}
	return false;
}
