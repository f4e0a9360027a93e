/* Embeddings: a context of their own, since its results are vectors of whole inputs and not the next token. */
#include "engine/llama_int.h"

#include <math.h>

enum { VECTOR_CONTEXT = 2048 };

enum gh_rc gh_embed_open(struct gh_work *w, const struct gh_engine_options *o, uint32_t context, struct gh_err *err)
{
	struct llama_context_params p = gh_ll.llama_context_default_params();
	uint32_t n = context < VECTOR_CONTEXT ? context : VECTOR_CONTEXT;
	p.n_ctx = p.n_batch = p.n_ubatch = n; /* an input is one batch: its tokens may have to see each other */
	p.n_seq_max = 1;
	p.n_threads = p.n_threads_batch = (int32_t)o->threads;
	p.embeddings = true;
	p.no_perf = true;
	w->embed = gh_ll.llama_init_from_model(w->model, p);
	if (w->embed != NULL && gh_ll.llama_pooling_type(w->embed) ==
					LLAMA_POOLING_TYPE_NONE) { /* the mean is what a model for text can give */
		gh_ll.llama_free(w->embed);
		p.pooling_type = LLAMA_POOLING_TYPE_MEAN;
		w->embed = gh_ll.llama_init_from_model(w->model, p);
	}
	if (w->embed == NULL)
		return gh_fail(err, GH_E_NOMEM, "no context for embeddings: --embeddings off does without");
	float scale[GH_ENGINE_LORAS];
	memcpy(scale, o->scale, sizeof scale);
	if (o->nlora > 0 && gh_ll.llama_set_adapters_lora(w->embed, w->lora, o->nlora, scale) != 0)
		return gh_fail(err, GH_E_UNREAD, "the adapters cannot be applied");
	w->embed_batch = gh_ll.llama_batch_init((int32_t)n, 0, 1);
	w->about.vector_context = n;
	int32_t size = gh_ll.llama_model_n_embd_out(w->model);
	if (gh_ll.llama_pooling_type(w->embed) == LLAMA_POOLING_TYPE_RANK || size <= 0 || size > 1 << 16)
		w->about.vector = 0; /* a judge of pairs, or nothing that fits */
	else
		w->about.vector = (uint32_t)size;
	if (w->nseq == 0)
		w->nseq = 1;
	return GH_OK;
}

bool gh_embed_step(struct gh_work *w, struct gh_job *j)
{
	size_t from = j->fed == 0 ? 0 : j->end[j->fed - 1], n = j->end[j->fed] - from;
	struct llama_batch *b = &w->embed_batch;
	static float v[1 << 16];
	if (n == 0 || n > w->about.vector_context)
		return false;
	b->n_tokens = (int32_t)n;
	for (size_t i = 0; i < n; i++) {
		b->token[i] = j->token[from + i];
		b->pos[i] = (llama_pos)i;
		b->n_seq_id[i] = 1;
		b->seq_id[i][0] = 0;
		b->logits[i] = 1;
	}
	llama_memory_t memory = gh_ll.llama_get_memory(w->embed);
	if (memory != NULL)
		gh_ll.llama_memory_clear(memory, false);
	if (gh_ll.llama_decode(w->embed, *b) != 0)
		return false;
	const float *e = gh_ll.llama_get_embeddings_seq(w->embed, 0);
	if (e == NULL)
		return false;
	double sum = 0;
	for (uint32_t i = 0; i < w->about.vector; i++)
		sum += (double)e[i] * e[i];
	if (!isfinite(sum))
		return false;
	double by = sum > 0 ? 1 / sqrt(sum) : 0;
	for (uint32_t i = 0; i < w->about.vector; i++)
		v[i] = (float)(e[i] * by);
	j->on->vector(j, j->fed++, v, w->about.vector);
	return true;
}
