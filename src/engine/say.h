/* say.h - answers as OpenAI's interface has them: JSON objects, and events of a stream (each "data: {…}\n\n"). Pure: appends to a buffer. */
#ifndef GH_ENGINE_SAY_H
#define GH_ENGINE_SAY_H
#include "base/buf.h"
#include "engine/ask.h"
#include "engine/work.h"

struct gh_say { /* what is the same in all that is said about one request */
	bool chat;
	char id[48];
	const char *model;
	uint64_t created; /* seconds since 1970 */
};

struct gh_usage {
	uint64_t prompt, completion;
};

/* The "error" object, as a body. */
void gh_say_refusal(struct gh_buf *out, const struct gh_refusal *r);
/* GH_FINISH_STOP: "stop" … */
const char *gh_finish_word(enum gh_finish why);

/* One token for logprobs: appends an element, and a comma before it when something stands there already. Text completions keep four lists. */
struct gh_said_logprobs {
	struct gh_buf chat;			     /* elements of choices[].logprobs.content */
	struct gh_buf tokens, values, tops, offsets; /* of choices[].logprobs of text completions */
	uint64_t offset;			     /* bytes of the text so far */
};
void gh_say_logprob(struct gh_said_logprobs *l, const struct gh_decoded *d, bool chat);
void gh_said_logprobs_clear(struct gh_said_logprobs *l);
void gh_said_logprobs_free(struct gh_said_logprobs *l);

/* ---- streams ---- */
enum gh_say_part { GH_SAY_FIRST, GH_SAY_TEXT, GH_SAY_LAST, GH_SAY_USAGE };
/* FIRST: the role (chat). TEXT: text, with l unless NULL. LAST: why. USAGE: an event without choices. */
void gh_say_event(struct gh_buf *out, const struct gh_say *s, enum gh_say_part part, struct gh_span text,
		  struct gh_said_logprobs *l, enum gh_finish why, const struct gh_usage *u);

/* ---- whole answers ---- */
void gh_say_answer(struct gh_buf *out, const struct gh_say *s, struct gh_span text, struct gh_said_logprobs *l,
		   enum gh_finish why, const struct gh_usage *u);
/* An answer about vectors: begin, each one, end. */
void gh_say_vectors_begin(struct gh_buf *out);
void gh_say_vector(struct gh_buf *out, size_t i, const float *v, size_t n, bool base64);
void gh_say_vectors_end(struct gh_buf *out, const char *model, const struct gh_usage *u);
/* /v1/models */
void gh_say_models(struct gh_buf *out, const char *model, uint64_t created, uint32_t context);
#endif
