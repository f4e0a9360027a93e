/* work.h - what the engine computes: jobs that were asked for, decoded several at a time. The library behind it (llama.cpp) shows
 * nowhere in this header.
 *
 * One thread: nothing happens but inside gh_work_step(), which decodes one batch of tokens of all jobs that have a sequence, and tells the owners
 * through their events. Each job has a sequence of its own, with a cache of its own, cleared when the job begins: no job sees what another
 * one left. Jobs without a sequence wait in the order in which they came. */
#ifndef GH_ENGINE_WORK_H
#define GH_ENGINE_WORK_H
#include "base/err.h"
#include "base/span.h"
#include "engine/options.h"

typedef int32_t gh_token;

enum { GH_TOP_LOGPROBS = 20 };

struct gh_sampling {
	float temperature; /* 0: the likeliest token each time */
	float top_p, min_p;
	int32_t top_k; /* 0: all */
	float repetition, presence, frequency;
	uint32_t seed;
	bool json;    /* nothing but a JSON object */
	bool go_on;   /* also after a token that ends an answer */
	int logprobs; /* -1: none; else how many others are named beside each token */
};

struct gh_logprob {
	struct gh_span text; /* bytes of the token */
	float logprob;
};

/* What was decoded. Valid during the event only. */
struct gh_decoded {
	struct gh_span text; /* bytes; may end within a character; empty for tokens that have no text */
	struct gh_logprob self, top[GH_TOP_LOGPROBS];
	size_t ntop;
	bool logprobs;
};

enum gh_finish {
	GH_FINISH_STOP,	  /* the model, or the owner, said so */
	GH_FINISH_LENGTH, /* as many tokens as were wanted, or as fit */
	GH_FINISH_FAILED, /* the library could not: the job's text is void */
};

struct gh_job;
struct gh_job_events {
	/* False: this was enough. */
	bool (*token)(struct gh_job *j, const struct gh_decoded *d);
	void (*vector)(struct gh_job *j, size_t input, const float *v, size_t n);
	/* The job is over and belongs to its owner again. */
	void (*done)(struct gh_job *j, enum gh_finish why);
};

struct gh_job {
	/* ---- set by the owner ---- */
	const struct gh_job_events *on;
	gh_token *token; /* the prompt; malloced; freed by gh_work_forget() */
	size_t ntoken;
	size_t *end; /* embeddings: token[end[i - 1]] to token[end[i]] are input i; malloced as well; NULL: text is wanted */
	size_t ninput;
	uint32_t max_new;
	struct gh_sampling sampling;
	bool paused; /* the owner takes nothing at the moment: do not decode for it */
	/* ---- for the owner to read ---- */
	uint32_t made; /* tokens */
	/* ---- inside ---- */
	struct gh_job *next;
	int seq;    /* -1: none */
	size_t fed; /* tokens of the prompt decoded, or inputs embedded */
	int at;	    /* where in the batch its logits will be; -1: none */
	gh_token last;
	void *sampler;
};

struct gh_work_about {
	uint32_t context;	 /* tokens of one sequence */
	uint32_t vocabulary;	 /* size */
	uint32_t vector;	 /* numbers of an embedding; 0: none are made */
	uint32_t vector_context; /* tokens of one input of an embedding */
	bool generates;
	const char *tmpl;		/* chat template of the model; NULL: it has none */
	const char *bos, *eos;		/* text of these tokens; "" */
	const struct gh_span *steering; /* texts of tokens that steer a model, as "<|end|>", sorted by bytes */
	size_t nsteering;
};

struct gh_work;
/* Reads the model and the adapters: hostile bytes, parsed by the library. model, lora: open descriptors, stay the caller's. tmpl: the chat
 * template that will be used; NULL: the model's. */
enum gh_rc gh_work_open(const struct gh_engine_options *o, int model, const int *lora, const char *tmpl,
			struct gh_work **out, struct gh_err *err);
const struct gh_work_about *gh_work_about(const struct gh_work *w);

/* Text as tokens, appended to *token (malloced, *n of them). steer: texts as "<|end|>" become the token of that name. whole: with the tokens that
 * the model wants around a text of its own, for embeddings. At most max in all: GH_E_LIMIT. */
enum gh_rc gh_work_tokens(const struct gh_work *w, struct gh_span text, bool steer, bool whole, size_t max,
			  gh_token **token, size_t *n);
/* A prompt is complete: models that begin with a token of their own get it, if it is not there already. */
enum gh_rc gh_work_start(const struct gh_work *w, size_t max, gh_token **token, size_t *n);

/* Queue a job. The prompt must fit: ntoken < context, or for embeddings each input <= vector_context. */
void gh_work_add(struct gh_work *w, struct gh_job *j);
/* Take a job back, whatever state it is in; no event follows. */
void gh_work_cancel(struct gh_work *w, struct gh_job *j);
/* Free what belongs to a job that is over. */
void gh_work_forget(struct gh_job *j);
/* Jobs that wait for a sequence. */
size_t gh_work_waiting(const struct gh_work *w);
/* Jobs that have one. */
size_t gh_work_running(const struct gh_work *w);
/* Decode one batch. False: there was nothing to do. */
bool gh_work_step(struct gh_work *w);
void gh_work_close(struct gh_work *w);
#endif
