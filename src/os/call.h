/* call.h - a question and its answer between two of our processes, over a SOCK_SEQPACKET socket: a small head and a text of
 * up to some megabytes. What does not fit into a packet travels in a sealed memory whose descriptor goes along.
 *
 * Nothing that arrives is believed: lengths are checked, a memory that is not sealed (its sender could change it while it is
 * read) is refused, and whoever breaks these rules is not talked to any more (GH_E_BUG). */
#ifndef GH_OS_CALL_H
#define GH_OS_CALL_H
#include "base/buf.h"
#include "base/err.h"

enum { GH_CALL_TEXT = 16 << 20 }; /* longest text, bytes */

struct gh_call_head {
	uint32_t kind;
	uint32_t code;	 /* of an answer: enum gh_rc */
	uint64_t number; /* of the question; the answer repeats it */
	uint64_t a[4];	 /* whatever the kind means by them */
};

/* Send; fd (or -1) goes along, for texts of at most 48 KiB only. False: the peer is gone, or does not read in time. */
bool gh_call_send(int sock, const struct gh_call_head *h, struct gh_span text, int fd);
/* Receive: wait at most wait_ms (-1: for ever). text is emptied first. *fd (may be NULL) gets a descriptor that came along,
 * or -1. GH_OK; GH_E_ABSENT: the peer has closed; GH_E_LIMIT: nothing came in time; GH_E_BUG: it broke the rules;
 * GH_E_IO, GH_E_NOMEM. */
enum gh_rc gh_call_recv(int sock, struct gh_call_head *h, struct gh_buf *text, int *fd, int wait_ms,
			struct gh_err *err);
#endif
