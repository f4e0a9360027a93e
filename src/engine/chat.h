/* chat.h - a conversation as the text that a model was trained to go on with: its chat template, rendered by the bounded evaluator of
 * wire/jinja. Pure.
 *
 * What users write is text, whatever it says. A vocabulary has tokens that steer the model ("<|end|>", "<|assistant|>"); whoever could
 * put them into a message could speak in another role. So a message that spells one is rendered with a stand-in, and the text itself
 * takes its place in a piece that is to be tokenised as plain text. Only the template's own words become steering tokens. */
#ifndef GH_ENGINE_CHAT_H
#define GH_ENGINE_CHAT_H
#include "base/arena.h"
#include "base/err.h"
#include "wire/jdom.h"
#include "wire/jinja/jinja_run.h"

struct gh_chat_template {
	struct gh_jj_tree tree; /* in the arena given */
	bool plain;		/* the model has none: the default below */
	const char *bos, *eos;
	const struct gh_span *steering; /* sorted by bytes; see work.h */
	size_t nsteering;
};

/* For models without a template: "### role:\n", the text, an empty line; then "### assistant:\n". GH_CHAT_PLAIN_STOP ends the answer. */
#define GH_CHAT_PLAIN_STOP "\n### "

/* text: NULL: the default. GH_E_MALFORMED: it cannot be parsed, GH_E_LIMIT: it is too large. */
enum gh_rc gh_chat_parse(struct gh_arena *a, const char *text, struct gh_chat_template *t, struct gh_err *err);

struct gh_chat_piece {
	struct gh_span text;
	bool plain; /* no steering tokens in it */
};
struct gh_chat_prompt {
	struct gh_chat_piece *piece; /* in the arena */
	size_t n;
};

/* messages: an array of objects with role and content, checked by ask.h. extra: an object with more variables for the template, or NULL. now:
 * what strftime_now gives. GH_E_MALFORMED: the template refuses this conversation (its own words are in err), GH_E_LIMIT. */
enum gh_rc gh_chat_render(struct gh_arena *a, const struct gh_chat_template *t, const struct gh_jval *messages,
			  const struct gh_jval *extra, struct gh_span now, struct gh_chat_prompt *out,
			  struct gh_err *err);
#endif
