/* Reading a model, and what is to be known of it. */
#include "engine/llama_int.h"
#include "wire/sort.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { CONTEXT_DEFAULT = 4096 };

/* A stream over an open file, which stays the caller's. */
static FILE *stream(int fd)
{
	int own = fcntl(fd, F_DUPFD_CLOEXEC, 3);
	if (own < 0)
		return NULL;
	FILE *f = fdopen(own, "rb");
	if (f == NULL) {
		(void)close(own);
	} else if (fseek(f, 0, SEEK_SET) != 0) {
		(void)fclose(f);
		f = NULL;
	}
	return f;
}

static enum gh_rc read_model(struct gh_work *w, int fd, struct gh_err *err)
{
	FILE *f = stream(fd);
	if (f == NULL)
		return gh_fail_sys(err, errno, "model");
	struct llama_model_params p = gh_ll.llama_model_default_params();
	p.load_mode = LLAMA_LOAD_MODE_MMAP; /* of sealed memory nothing is copied */
	p.n_gpu_layers = 0;
	p.use_extra_bufts = false; /* weights packed anew would be a second copy of them */
	w->model = gh_ll.llama_model_load_from_file_ptr(f, p);
	(void)fclose(f);
	if (w->model == NULL)
		return gh_fail(err, GH_E_MALFORMED, "model: llama.cpp %s cannot load it", gh_ll.llama_version());
	w->vocab = gh_ll.llama_model_get_vocab(w->model);
	if (gh_ll.llama_model_has_encoder(w->model))
		return gh_fail(err, GH_E_UNREAD, "model: encoder-decoder models are not served");
	if (gh_ll.llama_model_is_diffusion(w->model))
		return gh_fail(err, GH_E_UNREAD, "model: diffusion models are not served");
	return GH_OK;
}

static enum gh_rc read_adapters(struct gh_work *w, const struct gh_engine_options *o, const int *fd, struct gh_err *err)
{
	for (size_t i = 0; i < o->nlora; i++) {
		FILE *f = stream(fd[i]);
		if (f == NULL)
			return gh_fail_sys(err, errno, "adapter %zu", i + 1);
		w->lora[i] = gh_ll.llama_adapter_lora_init_from_file_ptr(w->model, f);
		(void)fclose(f);
		if (w->lora[i] == NULL)
			return gh_fail(err, GH_E_MALFORMED, "adapter %zu: is no LoRA adapter for this model", i + 1);
	}
	return GH_OK;
}

static int by_bytes(const void *ctx, uint32_t a, uint32_t b)
{
	const struct gh_span *all = ctx, *x = &all[a], *y = &all[b];
	int c = memcmp(x->p, y->p, x->n < y->n ? x->n : y->n);
	return c != 0 ? c : (x->n > y->n) - (x->n < y->n);
}

static const char *text_of(struct gh_work *w, gh_token t)
{
	const char *s = t < 0 ? NULL : gh_ll.llama_vocab_get_text(w->vocab, t);
	return s == NULL ? "" : (const char *)gh_keep(&w->arena, gh_span_str(s)).p;
}

/* Does this token steer the model? Those that say so of themselves do. Of those that somebody added for his own use, which the tokenizer finds in
 * any text, those do that look like nothing else ("<|user|>"), and those that the template writes: some models have "<start_of_turn>" like that. */
static bool steers(unsigned attr, struct gh_span s, const char *tmpl)
{
	if (s.n == 0 || (attr & (LLAMA_TOKEN_ATTR_CONTROL | LLAMA_TOKEN_ATTR_UNKNOWN)))
		return s.n != 0;
	if ((attr & LLAMA_TOKEN_ATTR_USER_DEFINED) == 0 || s.n < 3 || (s.p[0] != '<' && s.p[0] != '['))
		return false;
	return (gh_span_starts(s, "<|") && gh_span_ends(s, "|>")) ||
	       (tmpl != NULL && strstr(tmpl, (const char *)s.p) != NULL); /* a C string of the library's */
}

/* Texts of the tokens that steer: chat.c keeps them out of what users write. */
static enum gh_rc read_vocabulary(struct gh_work *w, const char *tmpl, struct gh_err *err)
{
	int32_t n = gh_ll.llama_vocab_n_tokens(w->vocab);
	if (n <= 0)
		return gh_fail(err, GH_E_MALFORMED, "model: has no vocabulary");
	w->about.vocabulary = (uint32_t)n;
	w->candidates = calloc((size_t)n, sizeof *w->candidates);
	struct gh_span *found = GH_NEW(&w->arena, struct gh_span, (size_t)n),
		       *sorted = GH_NEW(&w->arena, struct gh_span, (size_t)n);
	uint32_t *idx = GH_NEW(&w->arena, uint32_t, (size_t)n), *tmp = GH_NEW(&w->arena, uint32_t, (size_t)n);
	if (w->candidates == NULL || found == NULL || sorted == NULL || idx == NULL || tmp == NULL)
		return gh_fail(err, GH_E_NOMEM, "no memory for the vocabulary");
	size_t k = 0;
	for (int32_t t = 0; t < n; t++) {
		struct gh_span s = gh_span_str(gh_ll.llama_vocab_get_text(w->vocab, t));
		if (s.n > w->longest)
			w->longest = s.n;
		if (!steers((unsigned)gh_ll.llama_vocab_get_attr(w->vocab, t), s, tmpl))
			continue;
		idx[k] = (uint32_t)k;
		found[k] = gh_keep(&w->arena, s);
		if (found[k++].p == NULL)
			return gh_fail(err, GH_E_LIMIT, "model: the texts of its tokens are too long");
	}
	gh_sort_idx(idx, tmp, k, by_bytes, found);
	for (size_t i = 0; i < k; i++)
		sorted[i] = found[idx[i]];
	w->about.steering = sorted;
	w->about.nsteering = k;
	w->about.bos = text_of(w, gh_ll.llama_vocab_bos(w->vocab));
	w->about.eos = text_of(w, gh_ll.llama_vocab_eos(w->vocab));
	return w->about.bos == NULL || w->about.eos == NULL ? gh_fail(err, GH_E_NOMEM, "no memory for the vocabulary")
							    : GH_OK;
}

static enum gh_rc open_context(struct gh_work *w, const struct gh_engine_options *o, uint32_t context,
			       struct gh_err *err)
{
	struct llama_context_params p = gh_ll.llama_context_default_params();
	w->nseq = o->sequences;
	w->tokens_a_step = o->batch > o->sequences ? o->batch : o->sequences;
	p.n_ctx = context * o->sequences; /* at most 2^26: see options.c */
	p.n_seq_max = o->sequences;
	p.n_batch = p.n_ubatch = w->tokens_a_step;
	p.n_outputs_max = o->sequences; /* a token of each sequence */
	p.n_threads = p.n_threads_batch = (int32_t)o->threads;
	p.kv_unified = false; /* a cache for each */
	p.no_perf = true;
	w->ctx = gh_ll.llama_init_from_model(w->model, p);
	if (w->ctx == NULL)
		return gh_fail(err, GH_E_NOMEM,
			       "no context of %u times %u tokens: less memory is needed with --context and --sequences",
			       o->sequences, context);
	w->about.context = gh_ll.llama_n_ctx_seq(w->ctx);
	if (w->about.context > context)
		w->about.context = context; /* rounded up by the library */
	float scale[GH_ENGINE_LORAS];
	memcpy(scale, o->scale, sizeof scale);
	if (o->nlora > 0 && gh_ll.llama_set_adapters_lora(w->ctx, w->lora, o->nlora, scale) != 0)
		return gh_fail(err, GH_E_UNREAD, "the adapters cannot be applied");
	w->batch = gh_ll.llama_batch_init((int32_t)w->tokens_a_step, 0, 1);
	w->about.generates = true;
	return GH_OK;
}

/* Does it see only what stands before a token? Others give no text, but vectors. */
static bool causal(const struct gh_work *w)
{
	char arch[64], key[96], value[16];
	if (gh_ll.llama_model_meta_val_str(w->model, "general.architecture", arch, sizeof arch) < 0)
		return true;
	(void)snprintf(key, sizeof key, "%s.attention.causal", arch);
	return gh_ll.llama_model_meta_val_str(w->model, key, value, sizeof value) < 0 || strcmp(value, "false") != 0;
}

static enum gh_rc open_all(struct gh_work *w, const struct gh_engine_options *o, int model, const int *lora,
			   const char *tmpl, struct gh_err *err)
{
	GH_TRY(read_model(w, model, err), err, "cannot be served");
	GH_TRY(read_adapters(w, o, lora, err), err, "cannot be served");
	w->about.tmpl = gh_ll.llama_model_chat_template(w->model, NULL);
	GH_TRY(read_vocabulary(w, tmpl != NULL ? tmpl : w->about.tmpl, err), err, "cannot be served");
	int32_t trained = gh_ll.llama_model_n_ctx_train(w->model);
	uint32_t context = o->context;
	if (context == 0) {
		context = trained > 0 && trained < CONTEXT_DEFAULT ? (uint32_t)trained : CONTEXT_DEFAULT;
		if (context < 16)
			context = 16;
	}
	if (causal(w))
		GH_TRY(open_context(w, o, context, err), err, "cannot be served");
	if (o->embeddings)
		GH_TRY(gh_embed_open(w, o, context, err), err, "cannot be served");
	if (w->ctx == NULL && w->embed == NULL)
		return gh_fail(err, GH_E_UNREAD, "this model gives vectors only, and --embeddings is off");
	return GH_OK;
}

enum gh_rc gh_work_open(const struct gh_engine_options *o, int model, const int *lora, const char *tmpl,
			struct gh_work **out, struct gh_err *err)
{
	struct gh_work *w = calloc(1, sizeof *w);
	if (w == NULL)
		return gh_fail(err, GH_E_NOMEM, "no memory");
	w->last = &w->first;
	w->arena.max = 256 << 20;
	enum gh_rc rc = open_all(w, o, model, lora, tmpl, err);
	if (rc != GH_OK) {
		gh_work_close(w);
		return rc;
	}
	*out = w;
	return GH_OK;
}

const struct gh_work_about *gh_work_about(const struct gh_work *w) { return &w->about; }

void gh_work_close(struct gh_work *w)
{
	if (w == NULL)
		return;
	if (w->ctx != NULL) {
		gh_ll.llama_batch_free(w->batch);
		gh_ll.llama_free(w->ctx);
	}
	if (w->embed != NULL) {
		gh_ll.llama_batch_free(w->embed_batch);
		gh_ll.llama_free(w->embed);
	}
	if (w->model != NULL)
		gh_ll.llama_model_free(w->model);
	free(w->candidates);
	gh_arena_free(&w->arena);
	free(w);
}

enum gh_rc gh_work_tokens(const struct gh_work *w, struct gh_span text, bool steer, bool whole, size_t max,
			  gh_token **token, size_t *n)
{
	/* Each token stands for `longest` bytes at most: what cannot fit is not looked at. */
	if (*n > max || text.n / (w->longest + 1) > max - *n || text.n > INT32_MAX / 2)
		return GH_E_LIMIT;
	size_t room = text.n + 8 < max - *n + 8 ? text.n + 8 : max - *n + 8;
	gh_token *p = reallocarray(*token, *n + room, sizeof *p);
	if (p == NULL)
		return GH_E_NOMEM;
	*token = p;
	int32_t k = gh_ll.llama_tokenize(w->vocab, text.n == 0 ? "" : (const char *)text.p, (int32_t)text.n, p + *n,
					 (int32_t)room, whole, steer);
	if (k < 0 || (size_t)k > max - *n)
		return GH_E_LIMIT;
	*n += (size_t)k;
	return GH_OK;
}

enum gh_rc gh_work_start(const struct gh_work *w, size_t max, gh_token **token, size_t *n)
{
	gh_token bos = gh_ll.llama_vocab_bos(w->vocab);
	if (bos < 0 || !gh_ll.llama_vocab_get_add_bos(w->vocab) || (*n > 0 && **token == bos))
		return GH_OK;
	if (*n >= max)
		return GH_E_LIMIT;
	gh_token *p = reallocarray(*token, *n + 1, sizeof *p);
	if (p == NULL)
		return GH_E_NOMEM;
	memmove(p + 1, p, *n * sizeof *p);
	p[0] = bos;
	*token = p;
	++*n;
	return GH_OK;
}
