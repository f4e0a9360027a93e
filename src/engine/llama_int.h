/* llama_int.h - the inside of work.h, shared by the files that know llama.cpp. */
#ifndef GH_ENGINE_LLAMA_INT_H
#define GH_ENGINE_LLAMA_INT_H
#include "base/arena.h"
#include "engine/llama_libs.h"
#include "engine/work.h"

enum { GH_SEQUENCES = 64 };

struct gh_work {
	struct llama_model *model;
	const struct llama_vocab *vocab;
	struct llama_adapter_lora *lora[GH_ENGINE_LORAS]; /* freed with the model */
	struct llama_context *ctx, *embed;		  /* NULL: not wanted, or the model cannot */
	struct llama_batch batch, embed_batch;
	struct llama_token_data *candidates; /* of one token: as many as the vocabulary has */
	struct gh_work_about about;
	struct gh_arena arena;	/* texts of about */
	size_t longest;		/* bytes of the longest token */
	uint32_t tokens_a_step; /* room of batch */
	uint32_t nseq;
	struct gh_job *on[GH_SEQUENCES]; /* by sequence */
	struct gh_job *first, **last;	 /* waiting */
	size_t waiting, running;
	unsigned turn; /* which prompt is fed first */
};

/* ---- llama_sample.c ---- */
/* False: no memory, or the grammar is refused by the library. */
bool gh_sampler_open(const struct gh_work *w, struct gh_job *j);
/* The next token after logits (one number per token of the vocabulary); -1: there is none that may follow. *d: logprobs if wanted. */
gh_token gh_sampler_take(struct gh_work *w, struct gh_job *j, const float *logits, struct gh_decoded *d);
/* Bytes of a token, into buf; what steers has none. */
struct gh_span gh_token_text(const struct gh_work *w, gh_token t, char *buf, size_t cap);

/* ---- llama_embed.c ---- */
enum gh_rc gh_embed_open(struct gh_work *w, const struct gh_engine_options *o, uint32_t context, struct gh_err *err);
/* One input of an embedding. False: the library failed. */
bool gh_embed_step(struct gh_work *w, struct gh_job *j);
#endif
