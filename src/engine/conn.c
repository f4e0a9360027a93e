/* Heads, bodies and chunks of answers. */
#include "engine/server_int.h"

#include <stdlib.h>

static const struct {
	int status;
	const char *words;
} phrases[] = {
	{ 200, "OK" },
	{ 400, "Bad Request" },
	{ 404, "Not Found" },
	{ 405, "Method Not Allowed" },
	{ 408, "Request Timeout" },
	{ 413, "Content Too Large" },
	{ 414, "URI Too Long" },
	{ 417, "Expectation Failed" },
	{ 429, "Too Many Requests" },
	{ 431, "Request Header Fields Too Large" },
	{ 500, "Internal Server Error" },
	{ 501, "Not Implemented" },
	{ 503, "Service Unavailable" },
	{ 505, "HTTP Version Not Supported" },
};

static const char *phrase(int status)
{
	for (size_t i = 0; i < sizeof phrases / sizeof *phrases; i++)
		if (phrases[i].status == status)
			return phrases[i].words;
	return "Error";
}

void gh_conn_reset(struct gh_conn *c)
{
	if (c->state == GH_CONN_JOB)
		gh_work_cancel(c->server->work, &c->job);
	gh_work_forget(&c->job);
	free(c->stops);
	c->stops = NULL;
	gh_buf_free(&c->content);
	gh_buf_free(&c->piece);
	gh_buf_free(&c->answer);
	gh_said_logprobs_free(&c->logprobs);
	c->job = (struct gh_job){ .seq = -1 };
	c->text = (struct gh_text){ 0 };
	c->route = NULL;
	c->begun = c->waits = false;
	c->seen = 0;
	c->state = GH_CONN_HEAD;
	c->deadline = gh_server_now() + 1000ull * c->server->o->stall;
}

void gh_conn_head(struct gh_conn *c, int status, const char *type, int64_t length, const char *more)
{
	gh_buf_fmt(&c->out, "HTTP/1.1 %d %s\r\nContent-Type: %s\r\nServer: gatehouse-engine\r\n", status,
		   phrase(status), type);
	if (length >= 0)
		gh_buf_fmt(&c->out, "Content-Length: %lld\r\n", (long long)length);
	else if (!c->http10)
		gh_buf_str(&c->out, "Transfer-Encoding: chunked\r\n");
	else
		c->keep = false; /* the end of the connection is the end of the stream */
	if (length < 0)
		gh_buf_str(&c->out, "Cache-Control: no-cache\r\n");
	gh_buf_str(&c->out, more);
	gh_buf_str(&c->out, !c->keep	? "Connection: close\r\n\r\n"
			    : c->http10 ? "Connection: keep-alive\r\n\r\n"
					: "\r\n");
}

static void over(struct gh_conn *c)
{
	c->state = GH_CONN_FLUSH;
	c->deadline = gh_server_now() + 1000ull * c->server->o->stall;
}

void gh_conn_answer(struct gh_conn *c, int status, const char *more, struct gh_span body)
{
	gh_conn_head(c, status, "application/json", (int64_t)body.n, more);
	gh_buf_span(&c->out, body);
	over(c);
}

void gh_conn_refuse(struct gh_conn *c, const struct gh_refusal *r)
{
	gh_auto_buf b = gh_buf(4096);
	gh_say_refusal(&b, r);
	gh_conn_answer(c, r->status, r->status == 429 || r->status == 503 ? "Retry-After: 1\r\n" : "", gh_buf_view(&b));
}

void gh_conn_last(struct gh_conn *c) { c->keep = false; }

void gh_conn_chunk(struct gh_conn *c, struct gh_span part)
{
	if (part.n == 0)
		return;
	if (!c->http10)
		gh_buf_fmt(&c->out, "%zx\r\n", part.n);
	gh_buf_span(&c->out, part);
	if (!c->http10)
		gh_buf_str(&c->out, "\r\n");
}

void gh_conn_chunks_end(struct gh_conn *c)
{
	if (!c->http10)
		gh_buf_str(&c->out, "0\r\n\r\n");
	over(c);
}
