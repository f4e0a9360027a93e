#include "engine/say.h"

#include "wire/b64.h"
#include "wire/jout.h"

#include <stdio.h>

static struct gh_jout object(struct gh_buf *out)
{
	struct gh_jout j = gh_jout(out);
	j.compact = true;
	gh_jout_open(&j, NULL, '{');
	return j;
}

void gh_say_refusal(struct gh_buf *out, const struct gh_refusal *r)
{
	struct gh_jout j = object(out);
	gh_jout_open(&j, "error", '{');
	gh_jout_str(&j, "message", r->text);
	gh_jout_str(&j, "type", r->type);
	gh_jout_str(&j, "param", r->param);
	gh_jout_str(&j, "code", r->code);
	gh_jout_close(&j, '}');
	gh_jout_close(&j, '}');
}

const char *gh_finish_word(enum gh_finish why) { return why == GH_FINISH_LENGTH ? "length" : "stop"; }

/* ---- logprobs ---------------------------------------------------------------------------------------------------- */

/* Text of a token, and its bytes as numbers: it may be a part of a character. */
static void chat_token(struct gh_jout *j, const struct gh_logprob *p)
{
	gh_jout_span(j, "token", p->text);
	gh_jout_real(j, "logprob", p->logprob);
	gh_jout_open(j, "bytes", '[');
	for (size_t i = 0; i < p->text.n; i++)
		gh_jout_number(j, NULL, p->text.p[i]);
	gh_jout_close(j, ']');
}

/* Fragments are joined to a list: no line break behind them, a comma between. */
static void comma(struct gh_buf *b)
{
	if (b->n > 0)
		gh_buf_ch(b, ',');
}

static void chat_logprob(struct gh_buf *b, const struct gh_decoded *d)
{
	comma(b);
	struct gh_jout j = object(b);
	chat_token(&j, &d->self);
	gh_jout_open(&j, "top_logprobs", '[');
	for (size_t i = 0; i < d->ntop; i++) {
		gh_jout_open(&j, NULL, '{');
		chat_token(&j, &d->top[i]);
		gh_jout_close(&j, '}');
	}
	gh_jout_close(&j, ']');
	gh_jout_close(&j, '}');
	b->n -= b->n > 0; /* the line break */
}

static void text_logprob(struct gh_said_logprobs *l, const struct gh_decoded *d)
{
	comma(&l->tokens);
	gh_buf_json(&l->tokens, d->self.text);
	comma(&l->values);
	gh_buf_fmt(&l->values, "%.6g", (double)d->self.logprob);
	comma(&l->tops);
	gh_buf_ch(&l->tops, '{');
	for (size_t i = 0; i < d->ntop; i++) {
		if (i > 0)
			gh_buf_ch(&l->tops, ',');
		gh_buf_json(&l->tops, d->top[i].text);
		gh_buf_fmt(&l->tops, ":%.6g", (double)d->top[i].logprob);
	}
	gh_buf_ch(&l->tops, '}');
	comma(&l->offsets);
	gh_buf_fmt(&l->offsets, "%llu", (unsigned long long)l->offset);
	l->offset += d->self.text.n;
}

void gh_say_logprob(struct gh_said_logprobs *l, const struct gh_decoded *d, bool chat)
{
	if (chat)
		chat_logprob(&l->chat, d);
	else
		text_logprob(l, d);
}

void gh_said_logprobs_clear(struct gh_said_logprobs *l)
{
	l->chat.n = l->tokens.n = l->values.n = l->tops.n = l->offsets.n = 0;
}

void gh_said_logprobs_free(struct gh_said_logprobs *l)
{
	gh_buf_free(&l->chat);
	gh_buf_free(&l->tokens);
	gh_buf_free(&l->values);
	gh_buf_free(&l->tops);
	gh_buf_free(&l->offsets);
}

/* A member that is a list of fragments. */
static void list(struct gh_jout *j, const char *key, const struct gh_buf *b)
{
	gh_jout_raw(j, key, "[");
	gh_buf_span(j->out, gh_buf_view(b));
	gh_buf_ch(j->out, ']');
}

static void said_logprobs(struct gh_jout *j, bool chat, const struct gh_said_logprobs *l)
{
	if (l == NULL) {
		gh_jout_null(j, "logprobs");
		return;
	}
	gh_jout_open(j, "logprobs", '{');
	if (chat) {
		list(j, "content", &l->chat);
	} else {
		list(j, "tokens", &l->tokens);
		list(j, "token_logprobs", &l->values);
		list(j, "top_logprobs", &l->tops);
		list(j, "text_offset", &l->offsets);
	}
	gh_jout_close(j, '}');
}

/* ---- answers ----------------------------------------------------------------------------------------------------- */

static void head(struct gh_jout *j, const struct gh_say *s, const char *kind)
{
	gh_jout_str(j, "id", s->id);
	gh_jout_str(j, "object", kind);
	gh_jout_number(j, "created", s->created);
	gh_jout_str(j, "model", s->model);
}

static void usage(struct gh_jout *j, const struct gh_usage *u, bool completion)
{
	gh_jout_open(j, "usage", '{');
	gh_jout_number(j, "prompt_tokens", u->prompt);
	if (completion)
		gh_jout_number(j, "completion_tokens", u->completion);
	gh_jout_number(j, "total_tokens", u->prompt + u->completion);
	gh_jout_close(j, '}');
}

static void delta(struct gh_jout *j, enum gh_say_part part, struct gh_span text)
{
	gh_jout_open(j, "delta", '{');
	if (part == GH_SAY_FIRST) {
		gh_jout_str(j, "role", "assistant");
		gh_jout_str(j, "content", "");
	}
	if (part == GH_SAY_TEXT)
		gh_jout_span(j, "content", text);
	gh_jout_close(j, '}');
}

void gh_say_event(struct gh_buf *out, const struct gh_say *s, enum gh_say_part part, struct gh_span text,
		  struct gh_said_logprobs *l, enum gh_finish why, const struct gh_usage *u)
{
	gh_buf_str(out, "data: ");
	struct gh_jout j = object(out);
	head(&j, s, s->chat ? "chat.completion.chunk" : "text_completion");
	gh_jout_open(&j, "choices", '[');
	if (part != GH_SAY_USAGE) {
		gh_jout_open(&j, NULL, '{');
		gh_jout_number(&j, "index", 0);
		if (s->chat)
			delta(&j, part, text);
		else
			gh_jout_span(&j, "text", part == GH_SAY_TEXT ? text : GH_SPAN(""));
		said_logprobs(&j, s->chat, l);
		gh_jout_str(&j, "finish_reason", part == GH_SAY_LAST ? gh_finish_word(why) : NULL);
		gh_jout_close(&j, '}');
	}
	gh_jout_close(&j, ']');
	if (part == GH_SAY_USAGE)
		usage(&j, u, true);
	gh_jout_close(&j, '}');
	gh_buf_ch(out, '\n'); /* the empty line that ends an event */
}

void gh_say_answer(struct gh_buf *out, const struct gh_say *s, struct gh_span text, struct gh_said_logprobs *l,
		   enum gh_finish why, const struct gh_usage *u)
{
	struct gh_jout j = object(out);
	head(&j, s, s->chat ? "chat.completion" : "text_completion");
	gh_jout_open(&j, "choices", '[');
	gh_jout_open(&j, NULL, '{');
	gh_jout_number(&j, "index", 0);
	if (s->chat) {
		gh_jout_open(&j, "message", '{');
		gh_jout_str(&j, "role", "assistant");
		gh_jout_span(&j, "content", text);
		gh_jout_null(&j, "refusal");
		gh_jout_close(&j, '}');
	} else {
		gh_jout_span(&j, "text", text);
	}
	said_logprobs(&j, s->chat, l);
	gh_jout_str(&j, "finish_reason", gh_finish_word(why));
	gh_jout_close(&j, '}');
	gh_jout_close(&j, ']');
	usage(&j, u, true);
	gh_jout_close(&j, '}');
}

/* ---- vectors and models ------------------------------------------------------------------------------------------ */

void gh_say_vectors_begin(struct gh_buf *out) { gh_buf_str(out, "{\"object\":\"list\",\"data\":["); }

void gh_say_vector(struct gh_buf *out, size_t i, const float *v, size_t n, bool base64)
{
	gh_buf_fmt(out, "%s{\"object\":\"embedding\",\"index\":%zu,\"embedding\":", i > 0 ? "," : "", i);
	if (base64) { /* float32, little-endian, as this machine has them */
		gh_buf_ch(out, '"');
		gh_b64_put(out, (struct gh_span){ (const uint8_t *)v, n * sizeof *v });
		gh_buf_ch(out, '"');
	} else {
		for (size_t k = 0; k < n; k++)
			gh_buf_fmt(out, "%c%.8g", k > 0 ? ',' : '[', (double)v[k]);
		gh_buf_ch(out, ']');
	}
	gh_buf_ch(out, '}');
}

void gh_say_vectors_end(struct gh_buf *out, const char *model, const struct gh_usage *u)
{
	gh_buf_str(out, "],\"model\":");
	gh_buf_json(out, gh_span_str(model));
	gh_buf_fmt(out, ",\"usage\":{\"prompt_tokens\":%llu,\"total_tokens\":%llu}}\n", (unsigned long long)u->prompt,
		   (unsigned long long)u->prompt);
}

void gh_say_models(struct gh_buf *out, const char *model, uint64_t created, uint32_t context)
{
	struct gh_jout j = object(out);
	gh_jout_str(&j, "object", "list");
	gh_jout_open(&j, "data", '[');
	gh_jout_open(&j, NULL, '{');
	gh_jout_str(&j, "id", model);
	gh_jout_str(&j, "object", "model");
	gh_jout_number(&j, "created", created);
	gh_jout_str(&j, "owned_by", "gatehouse");
	gh_jout_number(&j, "max_model_len", context);
	gh_jout_close(&j, '}');
	gh_jout_close(&j, ']');
	gh_jout_close(&j, '}');
}
