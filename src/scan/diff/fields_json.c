/* The JSON files of a transformers model, as keys ("config.json: rope_scaling.type") and values. */
#include "format/json_src.h"
#include "scan/diff/fields.h"

#include <stdio.h>

enum { PATH = 200, LEVELS = 32, STRING = 4 << 20 };

struct flat {
	struct gh_diff_fields *f;
	struct gh_json_src x;
	struct gh_span file;
	enum gh_diff_section section;
	bool tokenizer, vocab_file, root;
	struct gh_diff_list *vocab, *merges, *special; /* NULL: none in this file */
	uint64_t added;				       /* id of the added token in hand; UINT64_MAX: not said yet */
	char path[PATH + 1];
	size_t mark[LEVELS]; /* length of the path at each level */
	uint64_t index[LEVELS];
	bool array[LEVELS];
	unsigned level;
	struct gh_buf pair; /* a merge that is written as two strings */
};

static const struct {
	const char *file;
	enum gh_diff_section section;
} files[] = {
	{ "config.json", GH_DIFF_S_CONFIG },
	{ "generation_config.json", GH_DIFF_S_GENERATION },
	{ "tokenizer.json", GH_DIFF_S_TOKENIZER },
	{ "tokenizer_config.json", GH_DIFF_S_TOKENIZER },
	{ "special_tokens_map.json", GH_DIFF_S_TOKENIZER },
	{ "added_tokens.json", GH_DIFF_S_TOKENIZER },
	{ "vocab.json", GH_DIFF_S_TOKENIZER },
	{ "preprocessor_config.json", GH_DIFF_S_CONFIG },
	{ "processor_config.json", GH_DIFF_S_CONFIG },
	{ "adapter_config.json", GH_DIFF_S_ADAPTER },
	{ "chat_template.json", GH_DIFF_S_TEMPLATE },
};

/* Settings that GGUF has too: see fields_gguf.c. */
static const struct {
	const char *path, *key;
} shared[] = {
	{ "hidden_size", "hidden_size" },
	{ "num_hidden_layers", "num_hidden_layers" },
	{ "num_attention_heads", "num_attention_heads" },
	{ "num_key_value_heads", "num_key_value_heads" },
	{ "intermediate_size", "intermediate_size" },
	{ "max_position_embeddings", "max_position_embeddings" },
	{ "vocab_size", "vocab_size" },
	{ "rope_theta", "rope_theta" },
	{ "rope_parameters.rope_theta", "rope_theta" }, /* where newer libraries write it */
	{ "rope_scaling.factor", "rope_scaling.factor" },
	{ "rope_parameters.factor", "rope_scaling.factor" },
	{ "rms_norm_eps", "rms_norm_eps" },
	{ "layer_norm_eps", "layer_norm_eps" },
	{ "layer_norm_epsilon", "layer_norm_eps" },
	{ "head_dim", "head_dim" },
	{ "sliding_window", "sliding_window" },
	{ "num_local_experts", "num_local_experts" },
	{ "num_experts_per_tok", "num_experts_per_tok" },
	{ "bos_token_id", "bos_token_id" },
	{ "eos_token_id", "eos_token_id" },
	{ "pad_token_id", "pad_token_id" },
};

static void add_path(struct flat *s, struct gh_span key)
{
	size_t n = s->mark[s->level];
	if (key.n == 0)
		return;
	if (n != 0 && n < PATH)
		s->path[n++] = '.';
	if (key.n > PATH - n || memchr(key.p, '\0', key.n) != NULL)
		s->f->full = true; /* two keys might look like one */
	for (size_t i = 0; i < key.n && n < PATH; i++)
		s->path[n++] = (char)key.p[i];
	s->path[n] = '\0';
}

static void scalar(struct flat *s, struct gh_span value)
{
	gh_auto_buf key = gh_buf(512);
	const char *both = NULL;
	bool config = s->root && gh_span_is(s->file, "config.json") && s->x.j.tok != GH_JSON_NULL;
	for (size_t i = 0; i < sizeof shared / sizeof shared[0] && config; i++)
		if (strcmp(s->path, shared[i].path) == 0)
			both = shared[i].key;
	if (s->level == 1 && s->root && strcmp(s->path, "chat_template") == 0) {
		gh_diff_field_add(s->f, GH_DIFF_S_TEMPLATE, GH_SPAN("chat_template"), value, false, true);
		return;
	}
	if (both != NULL)
		gh_buf_str(&key, both);
	else {
		gh_buf_span(&key, s->file);
		gh_buf_fmt(&key, ": %s", s->path);
	}
	gh_diff_field_add(s->f, s->section, gh_buf_view(&key), value, false, both != NULL);
}

static void put(struct flat *s, struct gh_diff_list *l, uint64_t at, struct gh_span text)
{
	if (l != NULL)
		gh_diff_list_put(s->f, l, at, text);
}

/* Added tokens of tokenizer.json: part of the vocabulary for every other library. */
static void added_token(struct flat *s, struct gh_span value)
{
	uint64_t id;
	const char *name = strrchr(s->path, '.');
	if (!s->tokenizer || s->level != 3 || name == NULL || strncmp(s->path, "added_tokens.", 13) != 0)
		return;
	if (strcmp(name, ".id") == 0 && s->x.j.tok == GH_JSON_NUMBER && gh_json_u64(&s->x.j, &id))
		s->added = id;
	else if (strcmp(name, ".content") == 0 && s->added != UINT64_MAX)
		put(s, s->vocab, s->added, value);
	else if (strcmp(name, ".special") == 0 && s->added != UINT64_MAX)
		put(s, s->special, s->added, s->x.j.tok == GH_JSON_TRUE ? GH_SPAN("special") : GH_SPAN("normal"));
}

/* Members of the vocabulary and of the merges are lists, not settings. */
static bool listed(struct flat *s, struct gh_span value)
{
	uint64_t id = 0;
	bool number = s->x.j.tok == GH_JSON_NUMBER && gh_json_u64(&s->x.j, &id);
	bool vocab = s->vocab_file ? s->level == 1
				   : s->tokenizer && s->level == 3 && strncmp(s->path, "model.vocab.", 12) == 0;
	if (vocab && number) {
		const char *token = s->path + (s->vocab_file ? 0 : 12);
		if (s->vocab != NULL)
			gh_diff_list_put(s->f, s->vocab, id, gh_span_str(token));
		return true;
	}
	added_token(s, value);
	if (!s->tokenizer)
		return false;
	bool merge = s->level == 3 && strncmp(s->path, "model.merges", 12) == 0;
	if (merge && s->array[3]) {
		put(s, s->merges, s->index[3], value);
		return true;
	}
	if (s->level == 4 && s->array[4] && strncmp(s->path, "model.merges", 12) == 0) { /* ["a", "b"] */
		if (s->index[4] == 0)
			s->pair.n = 0;
		else
			gh_buf_ch(&s->pair, ' ');
		gh_buf_span(&s->pair, value);
		if (s->index[4] == 1)
			put(s, s->merges, s->index[3], gh_buf_view(&s->pair));
		return true;
	}
	if (s->level == 4 && s->array[4] && strncmp(s->path, "model.vocab", 11) == 0) { /* unigram: ["a", -1.5] */
		if (s->index[4] == 0)
			put(s, s->vocab, s->index[3], value);
		return true;
	}
	return false;
}

/* Items of an array count up; their number is part of the path. */
static void item(struct flat *s)
{
	char number[24];
	if (s->level == 0 || !s->array[s->level])
		return;
	int n = snprintf(number, sizeof number, "%llu", (unsigned long long)s->index[s->level]);
	add_path(s, (struct gh_span){ (uint8_t *)number, (size_t)n });
}

static void count(struct flat *s)
{
	if (s->level > 0 && s->array[s->level])
		s->index[s->level]++;
}

static bool enter(struct flat *s, bool array)
{
	item(s);
	if (s->level + 1 >= LEVELS)
		return false;
	s->level++;
	s->mark[s->level] = strlen(s->path);
	s->array[s->level] = array;
	s->index[s->level] = 0;
	return true;
}

static void leave(struct flat *s)
{
	s->path[s->mark[s->level]] = '\0';
	s->level--;
	s->path[s->mark[s->level]] = '\0';
	count(s);
}

static struct gh_span word(enum gh_json_tok t)
{
	return t == GH_JSON_TRUE ? GH_SPAN("true") : t == GH_JSON_FALSE ? GH_SPAN("false") : GH_SPAN("null");
}

/* GH_JSON_BAD when the text is none. */
static enum gh_json_tok flatten(struct flat *s)
{
	for (;;) {
		enum gh_json_tok t = gh_json_src_next(&s->x);
		switch (t) {
		case GH_JSON_BAD:
		case GH_JSON_END: return t;
		case GH_JSON_KEY: add_path(s, s->x.j.text); break;
		case GH_JSON_OBJECT:
		case GH_JSON_ARRAY:
			if (!enter(s, t == GH_JSON_ARRAY)) {
				if (gh_json_src_skip(&s->x) == GH_JSON_BAD)
					return GH_JSON_BAD;
				s->f->full = true;
				s->path[s->mark[s->level]] = '\0';
			}
			break;
		case GH_JSON_OBJECT_END:
		case GH_JSON_ARRAY_END: leave(s); break;
		default:
			item(s);
			struct gh_span v = t == GH_JSON_STRING || t == GH_JSON_NUMBER ? s->x.j.text : word(t);
			if (!listed(s, v) && s->level > 0)
				scalar(s, v);
			s->f->full = s->f->full || (t == GH_JSON_STRING && s->x.j.text.n < s->x.j.full);
			s->path[s->mark[s->level]] = '\0';
			count(s);
		}
	}
}

enum gh_rc gh_diff_fields_json(struct gh_diff_fields *f, struct gh_src *src, struct gh_span path, struct gh_span file,
			       struct gh_err *err)
{
	size_t i = 0;
	while (i < sizeof files / sizeof files[0] && !gh_span_is(file, files[i].file))
		i++;
	if (i == sizeof files / sizeof files[0])
		return GH_OK;
	gh_auto_arena arena = { .max = f->arena->max / 4 };
	struct flat *s = GH_NEW(&arena, struct flat, 1);
	if (s == NULL)
		return gh_fail(err, GH_E_NOMEM, "memory (--limit-memory)");
	s->f = f;
	s->file = path; /* one below does not stand for the one that is loaded */
	s->root = path.n == file.n;
	s->added = UINT64_MAX;
	s->section = files[i].section;
	s->tokenizer = gh_span_is(file, "tokenizer.json");
	s->vocab_file = gh_span_is(file, "vocab.json");
	if (s->tokenizer || s->vocab_file)
		s->vocab = gh_diff_list(f, GH_DIFF_L_TOKENS, path, false);
	if (s->tokenizer) {
		s->merges = gh_diff_list(f, GH_DIFF_L_MERGES, path, false);
		s->special = gh_diff_list(f, GH_DIFF_L_SPECIAL, path, false);
	}
	s->pair = gh_buf(64 << 10);
	gh_json_src(&s->x, src, 0, src->size, &arena);
	s->x.j.keep = STRING;
	enum gh_json_tok end = flatten(s);
	gh_buf_free(&s->pair);
	if (end == GH_JSON_BAD)
		return gh_fail(err, GH_E_MALFORMED, "%s: byte %llu: %s", gh_safe(path).s,
			       (unsigned long long)s->x.j.off, s->x.j.why);
	return GH_OK;
}
