/* What is asked: routes, from a request to a job, from a job's tokens to an answer. */
#include "base/utf8.h"
#include "engine/server_int.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <time.h>

enum { ARENA = 64 << 20 }; /* of one request, while it is read: JSON, template, prompt */

static struct gh_conn *conn_of(struct gh_job *j)
{
	return (struct gh_conn *)((char *)j - offsetof(struct gh_conn, job));
}

/* ---- streams and answers ----------------------------------------------------------------------------------------- */

static void event(struct gh_conn *c, enum gh_say_part part, struct gh_span text, enum gh_finish why)
{
	gh_auto_buf b = gh_buf(GH_CONN_OUT);
	struct gh_usage u = { c->job.ntoken, c->job.made };
	bool logprobs = c->ask.sampling.logprobs >= 0 && part == GH_SAY_TEXT;
	if (!c->begun) {
		c->begun = true;
		gh_conn_head(c, 200, "text/event-stream; charset=utf-8", -1, "");
		if (c->say.chat)
			event(c, GH_SAY_FIRST, GH_SPAN(""), why);
	}
	gh_say_event(&b, &c->say, part, text, logprobs ? &c->logprobs : NULL, why, &u);
	if (logprobs)
		gh_said_logprobs_clear(&c->logprobs);
	gh_conn_chunk(c, gh_buf_view(&b));
}

static bool on_token(struct gh_job *j, const struct gh_decoded *d)
{
	struct gh_conn *c = conn_of(j);
	if (d->logprobs)
		gh_say_logprob(&c->logprobs, d, c->say.chat);
	c->piece.n = 0;
	gh_text_put(&c->text, d->text, &c->piece);
	if (!c->ask.stream)
		gh_buf_span(&c->answer, gh_buf_view(&c->piece));
	else if (c->piece.n > 0)
		event(c, GH_SAY_TEXT, gh_buf_view(&c->piece), GH_FINISH_STOP);
	if (c->ask.stream && c->out.n - c->sent > GH_CONN_OUT) { /* it goes on when the client has taken some of it */
		j->paused = true;
		c->deadline = gh_server_now() + 1000ull * c->server->o->stall;
	}
	return !c->text.stopped && !c->answer.full;
}

static void on_vector(struct gh_job *j, size_t i, const float *v, size_t n)
{
	gh_say_vector(&conn_of(j)->answer, i, v, n, conn_of(j)->ask.base64);
}

static void failed(struct gh_conn *c)
{
	struct gh_refusal r;
	(void)gh_refuse(&r, 500, "engine_failed", NULL, "the model gave no answer that could be used");
	if (!c->begun) {
		gh_conn_refuse(c, &r);
		return;
	}
	gh_auto_buf b = gh_buf(4096); /* too late for a status: an event says it, and no [DONE] follows */
	gh_buf_str(&b, "data: ");
	gh_say_refusal(&b, &r);
	gh_buf_ch(&b, '\n');
	gh_conn_chunk(c, gh_buf_view(&b));
	gh_conn_last(c);
	gh_conn_chunks_end(c);
}

static void on_done(struct gh_job *j, enum gh_finish why)
{
	struct gh_conn *c = conn_of(j);
	struct gh_usage u = { j->ntoken, j->made };
	if (why == GH_FINISH_FAILED || c->answer.full) {
		failed(c);
		return;
	}
	if (c->ask.kind == GH_ASK_EMBED) {
		gh_say_vectors_end(&c->answer, c->say.model, &u);
		gh_conn_answer(c, 200, "", gh_buf_view(&c->answer));
		return;
	}
	c->piece.n = 0;
	if (!c->text.stopped)
		gh_text_end(&c->text, &c->piece);
	if (c->ask.stream) {
		if (c->piece.n > 0 || c->logprobs.chat.n > 0 || c->logprobs.tokens.n > 0)
			event(c, GH_SAY_TEXT, gh_buf_view(&c->piece), why);
		event(c, GH_SAY_LAST, GH_SPAN(""), why);
		if (c->ask.usage)
			event(c, GH_SAY_USAGE, GH_SPAN(""), why);
		gh_conn_chunk(c, GH_SPAN("data: [DONE]\n\n"));
		gh_conn_chunks_end(c);
		return;
	}
	gh_buf_span(&c->answer, gh_buf_view(&c->piece));
	gh_auto_buf b = gh_buf(GH_CONN_ANSWER);
	gh_say_answer(&b, &c->say, gh_buf_view(&c->answer), c->ask.sampling.logprobs >= 0 ? &c->logprobs : NULL, why,
		      &u);
	if (b.full)
		failed(c);
	else
		gh_conn_answer(c, 200, "", gh_buf_view(&b));
}

static const struct gh_job_events events = { on_token, on_vector, on_done };

/* ---- from a request to a job ------------------------------------------------------------------------------------- */

/* Stop sequences outlive the request's memory. */
static bool keep_stops(struct gh_conn *c, bool plain)
{
	struct gh_ask *q = &c->ask;
	size_t n = 0, at = 0;
	if (plain)
		q->stop[q->nstop++] = GH_SPAN(GH_CHAT_PLAIN_STOP);
	for (size_t i = 0; i < q->nstop; i++)
		n += q->stop[i].n;
	c->stops = malloc(n + 1);
	if (c->stops == NULL)
		return false;
	for (size_t i = 0; i < q->nstop; at += q->stop[i++].n) {
		memcpy(c->stops + at, q->stop[i].p, q->stop[i].n);
		c->text.stop[i] = (struct gh_span){ c->stops + at, q->stop[i].n };
	}
	c->text.nstop = q->nstop;
	return true;
}

static bool too_long(struct gh_refusal *r, const char *what, uint32_t max)
{
	return gh_refuse(r, 400, "context_length_exceeded", what, "'%s' is longer than the %u tokens that fit here",
			 what, max);
}

static bool chat_tokens(struct gh_conn *c, struct gh_arena *a, struct gh_refusal *r)
{
	const struct gh_chat_template *t = c->server->tmpl;
	const struct gh_work_about *about = gh_work_about(c->server->work);
	struct gh_chat_prompt p;
	struct gh_err err = { 0 };
	char line[200], date[32] = "";
	time_t now = time(NULL);
	struct tm tm;
	if (gmtime_r(&now, &tm) != NULL)
		(void)strftime(date, sizeof date, "%d %b %Y", &tm);
	enum gh_rc rc = gh_chat_render(a, t, c->ask.messages, c->ask.extra, gh_span_str(date), &p, &err);
	if (rc != GH_OK)
		return gh_refuse(r, 400, rc == GH_E_LIMIT ? "context_length_exceeded" : "chat_template", "messages",
				 "%s", gh_err_line(&err, line, sizeof line));
	for (size_t i = 0; i < p.n && rc == GH_OK; i++) {
		/* What must stay text is cut behind its first character: the tokenizer looks for some tokens in any text. */
		struct gh_span rest = p.piece[i].text;
		uint32_t cp;
		size_t first = p.piece[i].plain ? gh_utf8_next(rest, &cp) : 0;
		if (first > 0)
			rc = gh_work_tokens(c->server->work, gh_span_cut(rest, 0, first), false, false,
					    about->context - 1, &c->job.token, &c->job.ntoken);
		rest = gh_span_cut(rest, first, rest.n);
		if (rc == GH_OK)
			rc = gh_work_tokens(c->server->work, rest, !p.piece[i].plain, false, about->context - 1,
					    &c->job.token, &c->job.ntoken);
	}
	if (rc == GH_OK)
		rc = gh_work_start(c->server->work, about->context - 1, &c->job.token, &c->job.ntoken);
	return rc == GH_OK || too_long(r, "messages", about->context - 1);
}

static bool text_tokens(struct gh_conn *c, struct gh_refusal *r)
{
	const struct gh_work_about *about = gh_work_about(c->server->work);
	enum gh_rc rc = gh_work_tokens(c->server->work, c->ask.input[0], true, false, about->context - 1, &c->job.token,
				       &c->job.ntoken);
	if (rc == GH_OK)
		rc = gh_work_start(c->server->work, about->context - 1, &c->job.token, &c->job.ntoken);
	return rc == GH_OK || too_long(r, "prompt", about->context - 1);
}

static bool embed_tokens(struct gh_conn *c, struct gh_refusal *r)
{
	const struct gh_work_about *about = gh_work_about(c->server->work);
	struct gh_job *j = &c->job;
	j->end = calloc(c->ask.ninput, sizeof *j->end);
	if (j->end == NULL)
		return gh_refuse(r, 500, NULL, NULL, "out of memory");
	for (size_t i = 0; i < c->ask.ninput; i++) {
		size_t before = j->ntoken;
		if (gh_work_tokens(c->server->work, c->ask.input[i], false, true, before + about->vector_context,
				   &j->token, &j->ntoken) != GH_OK)
			return too_long(r, "input", about->vector_context);
		if (j->ntoken == before)
			return gh_refuse(r, 400, NULL, "input", "'input' holds an empty text");
		j->end[i] = j->ntoken;
	}
	j->ninput = c->ask.ninput;
	gh_say_vectors_begin(&c->answer);
	return true;
}

static bool tokens(struct gh_conn *c, struct gh_arena *a, struct gh_refusal *r)
{
	const struct gh_work_about *about = gh_work_about(c->server->work);
	switch (c->ask.kind) {
	case GH_ASK_CHAT:
		if (!chat_tokens(c, a, r))
			return false;
		break;
	case GH_ASK_TEXT:
		if (!text_tokens(c, r))
			return false;
		break;
	default: return embed_tokens(c, r);
	}
	if (c->job.ntoken == 0)
		return gh_refuse(r, 400, NULL, c->ask.kind == GH_ASK_CHAT ? "messages" : "prompt",
				 "the prompt is empty");
	uint32_t max = about->context - (uint32_t)c->job.ntoken, limit = c->server->o->max_tokens;
	if (limit > 0 && limit < max)
		max = limit;
	c->job.max_new = c->ask.max_tokens > 0 && c->ask.max_tokens < max ? c->ask.max_tokens : max;
	return true;
}

static void name_it(struct gh_conn *c)
{
	uint64_t salt = 0;
	(void)!getrandom(&salt, sizeof salt, 0);
	c->say = (struct gh_say){ .chat = c->ask.kind == GH_ASK_CHAT,
				  .model = c->server->o->name,
				  .created = (uint64_t)time(NULL) };
	(void)snprintf(c->say.id, sizeof c->say.id, "%s-%016llx%llx", c->say.chat ? "chatcmpl" : "cmpl",
		       (unsigned long long)salt, (unsigned long long)++c->server->requests);
	if (!c->ask.has_seed)
		c->ask.sampling.seed = (uint32_t)(salt >> 16);
	if (c->ask.sampling.seed == UINT32_MAX) /* the library would draw one */
		c->ask.sampling.seed = 0;
}

static bool begin(struct gh_conn *c, struct gh_refusal *r)
{
	struct gh_server *s = c->server;
	const struct gh_work_about *about = gh_work_about(s->work);
	enum gh_ask_kind kind = (enum gh_ask_kind)c->route->ask;
	if (kind == GH_ASK_EMBED ? about->vector == 0 : !about->generates)
		return gh_refuse(r, 400, "unsupported_model", NULL,
				 kind == GH_ASK_EMBED ? "no embeddings are made here"
						      : "this model makes embeddings and no text");
	if (gh_work_waiting(s->work) + gh_work_running(s->work) >= (size_t)s->o->sequences + s->o->queue)
		return gh_refuse(r, 429, "queue_full", NULL,
				 "%u requests are being answered and %u wait already: try again later", s->o->sequences,
				 s->o->queue);
	gh_auto_arena a = { .max = ARENA };
	c->answer = gh_buf(GH_CONN_ANSWER);
	c->piece = gh_buf(1 << 20);
	c->logprobs = (struct gh_said_logprobs){ gh_buf(GH_CONN_ANSWER), gh_buf(GH_CONN_ANSWER), gh_buf(GH_CONN_ANSWER),
						 gh_buf(GH_CONN_ANSWER), gh_buf(GH_CONN_ANSWER), 0 };
	if (!gh_ask_read(&a, kind, gh_buf_view(&c->content), s->o->name, &c->ask, r))
		return false;
	name_it(c);
	c->job.on = &events;
	if (!tokens(c, &a, r))
		return false;
	c->job.sampling = c->ask.sampling;
	if (!keep_stops(c, kind == GH_ASK_CHAT && s->tmpl->plain))
		return gh_refuse(r, 500, NULL, NULL, "out of memory");
	return true;
}

static void ask(struct gh_conn *c)
{
	struct gh_refusal r;
	bool ok = begin(c, &r);
	/* What was read lives in memory that is gone now. */
	c->ask.messages = c->ask.extra = NULL;
	c->ask.input = NULL;
	gh_buf_free(&c->content);
	if (!ok) {
		gh_conn_refuse(c, &r);
		return;
	}
	c->state = GH_CONN_JOB;
	c->deadline = UINT64_MAX;
	gh_work_add(c->server->work, &c->job);
}

/* ---- routes ------------------------------------------------------------------------------------------------------ */

static void health(struct gh_conn *c)
{
	gh_auto_buf b = gh_buf(512);
	gh_buf_fmt(&b, "{\"status\":\"ok\",\"running\":%zu,\"waiting\":%zu,\"connections\":%zu}\n",
		   gh_work_running(c->server->work), gh_work_waiting(c->server->work), c->server->nconn);
	gh_conn_answer(c, 200, "", gh_buf_view(&b));
}

static void models(struct gh_conn *c)
{
	gh_auto_buf b = gh_buf(4096);
	const struct gh_work_about *about = gh_work_about(c->server->work);
	gh_say_models(&b, c->server->o->name, c->server->started,
		      about->generates ? about->context : about->vector_context);
	gh_conn_answer(c, 200, "", gh_buf_view(&b));
}

static const struct gh_route routes[] = {
	{ "GET", "/health", 0, health },
	{ "GET", "/v1/models", 0, models },
	{ "POST", "/v1/chat/completions", GH_ASK_CHAT, ask },
	{ "POST", "/v1/completions", GH_ASK_TEXT, ask },
	{ "POST", "/v1/embeddings", GH_ASK_EMBED, ask },
};

const struct gh_route *gh_route_find(struct gh_conn *c, const struct gh_h1_request *r)
{
	struct gh_refusal why;
	for (size_t i = 0; i < sizeof routes / sizeof *routes; i++) {
		if (!gh_span_is(r->path, routes[i].path))
			continue;
		if (gh_span_is(r->method, routes[i].method))
			return &routes[i];
		(void)gh_refuse(&why, 405, NULL, NULL, "%s takes %s only", routes[i].path, routes[i].method);
		gh_auto_buf b = gh_buf(4096);
		gh_say_refusal(&b, &why);
		gh_conn_answer(c, 405, *routes[i].method == 'G' ? "Allow: GET\r\n" : "Allow: POST\r\n",
			       gh_buf_view(&b));
		return NULL;
	}
	(void)gh_refuse(
		&why, 404, NULL, NULL,
		"there is nothing of this name; see /v1/models, /v1/chat/completions, /v1/completions, /v1/embeddings");
	gh_conn_refuse(c, &why);
	return NULL;
}

void gh_request_begin(struct gh_conn *c) { c->route->answer(c); }
