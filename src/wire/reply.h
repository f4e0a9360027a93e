/* reply.h - reading a streamed answer of an HTTP server that is not trusted: response head, chunks, server-sent events. A machine that is fed bytes as they
 * come and hands out the data of each event; pure, bounded, no recursion.
 *
 * RFC 9112 (sections 4, 6, 7.1), HTML Living Standard 9.2 (event streams): "data:" lines of one event are joined by line feeds;
 * comments and other fields are passed over. An answer that is no event stream is handed out whole. */
#ifndef GH_WIRE_REPLY_H
#define GH_WIRE_REPLY_H
#include "base/buf.h"

enum {
	GH_REPLY_HEAD = 16 << 10,   /* bytes of the head */
	GH_REPLY_EVENT = 256 << 10, /* of one event, or of a body that is none */
};
struct gh_reply {
	unsigned state; /* of the machine: head, size of a chunk, chunk, its end, trailer, body, done */
	unsigned status;
	bool chunked, events, length_known, bad;
	uint64_t left;		  /* of the chunk or the body */
	struct gh_buf head;	  /* or the line being read */
	struct gh_buf line, data; /* of the event */
	/* one event (or the whole body, when it ends): its bytes are valid during the call. False: no more is wanted */
	bool (*event)(void *arg, struct gh_span data);
	void *arg;
};
void gh_reply_begin(struct gh_reply *r, bool (*event)(void *arg, struct gh_span data), void *arg);
/* False: it is over, well or not (r->bad). */
bool gh_reply_feed(struct gh_reply *r, struct gh_span bytes);
/* The connection was closed. False: in the middle of something. */
bool gh_reply_end(struct gh_reply *r);
void gh_reply_free(struct gh_reply *r);
/* Text for a terminal: lines and tabs stay, and what is printable; whatever could steer a terminal or mislead a reader does not. */
void gh_reply_safe(struct gh_buf *out, struct gh_span text);
#endif
