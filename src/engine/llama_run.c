/* Decoding all jobs together: each step gives one batch to the library, with the next token of every sequence that generates and, in
 * what room is left, the prompts of those that begin. */
#include "engine/llama_int.h"

#include <stdlib.h>

void gh_work_add(struct gh_work *w, struct gh_job *j)
{
	j->next = NULL;
	j->seq = -1;
	j->at = -1;
	j->fed = 0;
	j->made = 0;
	j->sampler = NULL;
	*w->last = j;
	w->last = &j->next;
	w->waiting++;
}

static void drop_sampler(struct gh_job *j)
{
	if (j->sampler != NULL)
		gh_ll.llama_sampler_free(j->sampler);
	j->sampler = NULL;
}

static void leave(struct gh_work *w, struct gh_job *j)
{
	if (j->seq < 0)
		return;
	if (j->end == NULL)
		(void)gh_ll.llama_memory_seq_rm(gh_ll.llama_get_memory(w->ctx), j->seq, -1, -1);
	w->on[j->seq] = NULL;
	w->running--;
	j->seq = -1;
	drop_sampler(j);
}

void gh_work_cancel(struct gh_work *w, struct gh_job *j)
{
	for (struct gh_job **p = &w->first; *p != NULL; p = &(*p)->next)
		if (*p == j) {
			*p = j->next;
			if (w->last == &j->next)
				w->last = p;
			w->waiting--;
			return;
		}
	leave(w, j);
}

void gh_work_forget(struct gh_job *j)
{
	drop_sampler(j);
	free(j->token);
	free(j->end);
	j->token = NULL;
	j->end = NULL;
}

size_t gh_work_waiting(const struct gh_work *w) { return w->waiting; }
size_t gh_work_running(const struct gh_work *w) { return w->running; }

static void finish(struct gh_work *w, struct gh_job *j, enum gh_finish why)
{
	leave(w, j);
	j->on->done(j, why);
}

/* Give free sequences to those that wait. */
static void seat(struct gh_work *w)
{
	for (uint32_t s = 0; s < w->nseq && w->first != NULL; s++) {
		if (w->on[s] != NULL)
			continue;
		struct gh_job *j = w->first;
		w->first = j->next;
		if (w->first == NULL)
			w->last = &w->first;
		w->waiting--;
		w->on[s] = j;
		w->running++;
		j->seq = (int)s;
		if (j->end == NULL && !gh_sampler_open(w, j))
			finish(w, j, GH_FINISH_FAILED);
	}
}

static void put(struct gh_work *w, struct gh_job *j, gh_token t, size_t pos, bool logits)
{
	struct llama_batch *b = &w->batch;
	int32_t i = b->n_tokens++;
	b->token[i] = t;
	b->pos[i] = (llama_pos)pos;
	b->n_seq_id[i] = 1;
	b->seq_id[i][0] = j->seq;
	b->logits[i] = logits;
	if (logits)
		j->at = i;
}

static void fill(struct gh_work *w)
{
	w->batch.n_tokens = 0;
	for (uint32_t s = 0; s < w->nseq; s++) {
		struct gh_job *j = w->on[s];
		if (j != NULL && j->end == NULL && !j->paused && j->fed == j->ntoken)
			put(w, j, j->last, j->ntoken + j->made - 1, true);
	}
	for (uint32_t k = 0; k < w->nseq;
	     k++) { /* a long prompt does not keep the next one waiting: they begin in turns */
		struct gh_job *j = w->on[(w->turn + k) % w->nseq];
		if (j == NULL || j->end != NULL || j->paused || j->fed == j->ntoken)
			continue;
		size_t room = w->tokens_a_step - (uint32_t)w->batch.n_tokens, n = j->ntoken - j->fed;
		n = n < room ? n : room;
		for (size_t i = 0; i < n; i++, j->fed++)
			put(w, j, j->token[j->fed], j->fed, j->fed + 1 == j->ntoken);
	}
	w->turn = (w->turn + 1) % w->nseq;
}

/* The token that follows, told to the owner. */
static void advance(struct gh_work *w, struct gh_job *j)
{
	char text[1024];
	struct gh_decoded d = { 0 };
	const float *logits = gh_ll.llama_get_logits_ith(w->ctx, j->at);
	j->at = -1;
	gh_token t = logits == NULL ? -1 : gh_sampler_take(w, j, logits, &d);
	if (t < 0) {
		finish(w, j, GH_FINISH_FAILED);
		return;
	}
	if (gh_ll.llama_vocab_is_eog(w->vocab, t) && !j->sampling.go_on) {
		finish(w, j, GH_FINISH_STOP);
		return;
	}
	j->made++;
	j->last = t;
	d.text = gh_token_text(w, t, text, sizeof text);
	if (!j->on->token(j, &d))
		finish(w, j, GH_FINISH_STOP);
	else if (j->made >= j->max_new || j->ntoken + j->made >= w->about.context)
		finish(w, j, GH_FINISH_LENGTH);
}

static bool text_step(struct gh_work *w)
{
	if (w->ctx == NULL)
		return false;
	fill(w);
	if (w->batch.n_tokens == 0)
		return false;
	bool ok = gh_ll.llama_decode(w->ctx, w->batch) == 0;
	for (uint32_t s = 0; s < w->nseq; s++) {
		struct gh_job *j = w->on[s];
		if (j == NULL || j->end != NULL || j->paused)
			continue;
		if (!ok)
			finish(w, j, GH_FINISH_FAILED);
		else if (j->at >= 0)
			advance(w, j);
	}
	return true;
}

static bool vector_step(struct gh_work *w)
{
	bool did = false;
	for (uint32_t s = 0; s < w->nseq && !did; s++) {
		struct gh_job *j = w->on[(w->turn + s) % w->nseq];
		if (j == NULL || j->end == NULL || j->paused)
			continue;
		did = true;
		if (!gh_embed_step(w, j))
			finish(w, j, GH_FINISH_FAILED);
		else if (j->fed == j->ninput)
			finish(w, j, GH_FINISH_STOP);
	}
	return did;
}

bool gh_work_step(struct gh_work *w)
{
	seat(w);
	bool text = text_step(w), vector = vector_step(w);
	return text || vector;
}
