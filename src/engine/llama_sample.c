/* Choosing the next token. */
#include "engine/llama_int.h"

#include <math.h>
#include <stdlib.h>

/* A JSON object (RFC 8259) in llama.cpp's notation of grammars. White space is bounded, or a model could fill its answer with it. */
static const char json_grammar[] =
	"root ::= object\n"
	"value ::= object | array | string | number | \"true\" | \"false\" | \"null\"\n"
	"object ::= \"{\" ws ( pair ( \",\" ws pair )* )? \"}\"\n"
	"pair ::= string ws \":\" ws value ws\n"
	"array ::= \"[\" ws ( value ws ( \",\" ws value ws )* )? \"]\"\n"
	"string ::= \"\\\"\" char* \"\\\"\"\n"
	"char ::= [^\"\\\\\\x00-\\x1F\\x7F] | \"\\\\\" ( [\"\\\\/bfnrt] | \"u\" hex hex hex hex )\n"
	"hex ::= [0-9a-fA-F]\n"
	"number ::= \"-\"? ( \"0\" | [1-9] [0-9]{0,15} ) ( \".\" [0-9]{1,15} )? ( [eE] [-+]? [0-9]{1,3} )?\n"
	"ws ::= ( \" \" | \"\\n\" [ \\t]{0,16} )?\n";

static bool add(struct llama_sampler *chain, struct llama_sampler *s)
{
	if (s != NULL)
		gh_ll.llama_sampler_chain_add(chain, s);
	return s != NULL;
}

bool gh_sampler_open(const struct gh_work *w, struct gh_job *j)
{
	const struct gh_sampling *s = &j->sampling;
	struct llama_sampler_chain_params p = gh_ll.llama_sampler_chain_default_params();
	p.no_perf = true;
	struct llama_sampler *c = gh_ll.llama_sampler_chain_init(p);
	if (c == NULL)
		return false;
	bool ok = true;
	if (s->json)
		ok = add(c, gh_ll.llama_sampler_init_grammar(w->vocab, json_grammar, "root"));
	if (ok && (s->repetition != 1 || s->frequency != 0 || s->presence != 0))
		ok = add(c, gh_ll.llama_sampler_init_penalties((int32_t)w->about.vocabulary, (int32_t)j->max_new,
							       s->repetition, s->frequency, s->presence));
	if (s->temperature <= 0) {
		ok = ok && add(c, gh_ll.llama_sampler_init_greedy());
	} else {
		if (ok && s->top_k > 0)
			ok = add(c, gh_ll.llama_sampler_init_top_k(s->top_k));
		if (ok && s->top_p < 1)
			ok = add(c, gh_ll.llama_sampler_init_top_p(s->top_p, 1));
		if (ok && s->min_p > 0)
			ok = add(c, gh_ll.llama_sampler_init_min_p(s->min_p, 1));
		ok = ok && (s->temperature == 1 || add(c, gh_ll.llama_sampler_init_temp(s->temperature)));
		ok = ok && add(c, gh_ll.llama_sampler_init_dist(s->seed));
	}
	if (!ok)
		gh_ll.llama_sampler_free(c);
	else
		j->sampler = c;
	return ok;
}

struct gh_span gh_token_text(const struct gh_work *w, gh_token t, char *buf, size_t cap)
{
	int32_t n = gh_ll.llama_token_to_piece(w->vocab, t, buf, (int32_t)cap, 0, false);
	return (struct gh_span){ (const uint8_t *)buf, n > 0 ? (size_t)n : 0 };
}

/* The likeliest tokens by the model's own numbers, before anything that was asked for changes them. */
static void logprobs(struct gh_work *w, const struct gh_job *j, const float *logits, gh_token chosen,
		     struct gh_decoded *d)
{
	static char text[GH_TOP_LOGPROBS + 1][256];
	uint32_t n = w->about.vocabulary;
	size_t want = (size_t)j->sampling.logprobs, have = 0;
	gh_token top[GH_TOP_LOGPROBS];
	double max = -INFINITY, sum = 0;
	for (uint32_t i = 0; i < n; i++) {
		if (logits[i] > max)
			max = logits[i];
		size_t at = have;
		while (at > 0 && logits[i] > logits[top[at - 1]])
			at--;
		if (at == want)
			continue;
		have += have < want;
		memmove(top + at + 1, top + at, (have - at - 1) * sizeof *top);
		top[at] = (gh_token)i;
	}
	for (uint32_t i = 0; i < n; i++)
		sum += exp(logits[i] - max);
	double log_sum = max + log(sum);
	d->logprobs = true;
	d->self = (struct gh_logprob){ gh_token_text(w, chosen, text[GH_TOP_LOGPROBS], sizeof *text),
				       (float)(logits[chosen] - log_sum) };
	d->ntop = have;
	for (size_t i = 0; i < have; i++)
		d->top[i] = (struct gh_logprob){ gh_token_text(w, top[i], text[i], sizeof *text),
						 (float)(logits[top[i]] - log_sum) };
}

gh_token gh_sampler_take(struct gh_work *w, struct gh_job *j, const float *logits, struct gh_decoded *d)
{
	for (uint32_t i = 0; i < w->about.vocabulary; i++)
		w->candidates[i] = (struct llama_token_data){ (gh_token)i, logits[i], 0 };
	struct llama_token_data_array a = { w->candidates, w->about.vocabulary, -1, false };
	gh_ll.llama_sampler_apply(j->sampler, &a);
	/* Weights that give no numbers, or a grammar that nothing of the vocabulary fits: the library would go on with any token. */
	if (a.selected < 0 || (size_t)a.selected >= a.size || !isfinite(a.data[a.selected].logit))
		return -1;
	gh_token t = a.data[a.selected].id;
	gh_ll.llama_sampler_accept(j->sampler, t);
	if (j->sampling.logprobs >= 0)
		logprobs(w, j, logits, t, d);
	return t;
}
