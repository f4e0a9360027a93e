/* server_int.h - the inside of server.h: connections (server.c, conn.c) and what is asked on them (requests.c). */
#ifndef GH_ENGINE_SERVER_INT_H
#define GH_ENGINE_SERVER_INT_H
#include "engine/ask.h"
#include "engine/say.h"
#include "engine/server.h"
#include "engine/text.h"
#include "wire/http1.h"

enum {
	GH_CONN_IN = GH_H1_HEAD + (64 << 10), /* bytes that may lie unread */
	GH_CONN_OUT = 4 << 20,		      /* bytes of a stream that wait for the client, before its job pauses */
	GH_CONN_ANSWER = 64 << 20,	      /* bytes of an answer that is given as a whole */
	GH_CONN_LINGER_MS = 1000,	      /* after a refusal: for what the client is still sending */
};

enum gh_conn_state {
	GH_CONN_HEAD,	/* waiting for a request, or in its head */
	GH_CONN_BODY,	/* in its body */
	GH_CONN_JOB,	/* it is being computed */
	GH_CONN_FLUSH,	/* answered: the rest goes out */
	GH_CONN_LINGER, /* answered, no more is read: what still comes is dropped until the other side ends */
	GH_CONN_CLOSED,
};

struct gh_conn {
	struct gh_server *server;
	struct gh_conn *next;
	int fd;
	enum gh_conn_state state;
	uint32_t events;   /* registered with epoll */
	uint64_t deadline; /* ms, monotonic */
	struct gh_buf in, out;
	size_t seen; /* of `in`, by the reader of heads */
	size_t sent; /* of `out` */
	/* ---- the request in hand ---- */
	const struct gh_route *route;
	struct gh_h1_body body;
	struct gh_buf content;
	bool keep, http10, waits; /* waits: for "100 Continue" */
	struct gh_ask ask;
	struct gh_job job;
	struct gh_say say;
	struct gh_text text;
	uint8_t *stops; /* what text.stop points into */
	struct gh_buf piece, answer;
	struct gh_said_logprobs logprobs;
	bool begun; /* the head of the stream is out */
};

struct gh_server {
	const struct gh_engine_options *o;
	struct gh_work *work;
	const struct gh_chat_template *tmpl;
	int listen, epoll;
	struct gh_conn *conns;
	size_t nconn;
	uint64_t started;  /* seconds since 1970 */
	uint64_t requests; /* so far: part of their names */
};

uint64_t gh_server_now(void); /* ms, monotonic */

/* ---- conn.c ---- */
void gh_conn_reset(struct gh_conn *c); /* ready for the next request on it; a job that runs is cancelled */
/* Append the head of an answer. length: of the body, or -1: it is a stream. */
void gh_conn_head(struct gh_conn *c, int status, const char *type, int64_t length, const char *more);
/* A whole answer; the request is over. */
void gh_conn_answer(struct gh_conn *c, int status, const char *more, struct gh_span body);
void gh_conn_refuse(struct gh_conn *c, const struct gh_refusal *r);
/* A part of a stream. */
void gh_conn_chunk(struct gh_conn *c, struct gh_span part);
/* The stream is over. */
void gh_conn_chunks_end(struct gh_conn *c);
/* Answered without reading the rest of the request: the connection ends afterwards. */
void gh_conn_last(struct gh_conn *c);

/* ---- requests.c ---- */
struct gh_route {
	const char *method, *path;
	unsigned ask; /* enum gh_ask_kind; 0: no body */
	void (*answer)(struct gh_conn *c);
};
/* NULL: answered already (404, 405). */
const struct gh_route *gh_route_find(struct gh_conn *c, const struct gh_h1_request *r);
/* The whole request is there: c->content. */
void gh_request_begin(struct gh_conn *c);
#endif
