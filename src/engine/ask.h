/* ask.h - what a request wants, read from the JSON of OpenAI's interface: /v1/chat/completions, /v1/completions, /v1/embeddings. Pure.
 *
 * Fields are rows of a table: name, type, range. What cannot be done is refused when it is asked for (tools, n > 1, images …), never
 * passed over in silence; fields that nobody here knows and that change nothing of the answer are passed over.
 *
 * Reference: https://platform.openai.com/docs/api-reference; top_k, min_p, repetition_penalty, ignore_eos, chat_template_kwargs as vLLM and
 * llama-server have them. */
#ifndef GH_ENGINE_ASK_H
#define GH_ENGINE_ASK_H
#include "base/arena.h"
#include "engine/text.h"
#include "engine/work.h"
#include "wire/jdom.h"

enum gh_ask_kind { GH_ASK_CHAT = 1, GH_ASK_TEXT = 2, GH_ASK_EMBED = 4 };
enum { GH_ASK_INPUTS = 256, GH_ASK_MESSAGES = 4096 };

struct gh_ask {
	enum gh_ask_kind kind;
	bool stream, usage, base64;
	const struct gh_jval *messages, *extra; /* chat */
	const struct gh_span *input;		/* text: one; embeddings: up to GH_ASK_INPUTS */
	size_t ninput;
	uint32_t max_tokens; /* 0: not said */
	bool has_seed;
	struct gh_sampling sampling;
	struct gh_span stop[GH_TEXT_STOPS];
	size_t nstop;
};

struct gh_refusal { /* of a request: an HTTP status and what OpenAI's error object holds */
	int status;
	const char *type, *code, *param; /* static; code, param may be NULL */
	char text[240];
};

/* body: JSON. model: the name that "model" must have, if it is there. Everything in *out points into the arena. False: *r says why. */
bool gh_ask_read(struct gh_arena *a, enum gh_ask_kind kind, struct gh_span body, const char *model, struct gh_ask *out,
		 struct gh_refusal *r);

/* Fill *r; false, so that it can be returned. */
bool gh_refuse(struct gh_refusal *r, int status, const char *code, const char *param, const char *fmt, ...)
	__attribute__((format(printf, 5, 6)));
#endif
