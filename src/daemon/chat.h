/* chat.h - one question to an engine, for a person at a terminal: what a model says is a stranger's bytes, so it is read in a
 * process that holds nothing (role `chat`): the connected socket, the place to write to, no files, no network, no exec. */
#ifndef GH_DAEMON_CHAT_H
#define GH_DAEMON_CHAT_H
#include "base/buf.h"
#include "base/err.h"

#include <stdint.h>

enum { GH_CHAT_TEXT = 1 << 20 /* bytes of an answer that are kept */ };

struct gh_chat_end {
	uint32_t status;		/* of HTTP */
	char finish[32];		/* "stop", "length"; "" */
	uint64_t prompt_tokens, tokens; /* as the engine says; 0: it did not */
	uint64_t us_first, us_all;	/* until the first piece of text, until the end */
	struct gh_buf *text;		/* of the caller: the answer, as it was; may be NULL */
};
/* socket: path of the engine's socket. body: JSON of POST /v1/chat/completions, with "stream": true. out: the answer is written
 * there while it comes, made safe for a terminal; -1: nowhere. GH_E_DENIED: the engine refused the request (its own words, made
 * safe); GH_E_IO: it is not there, or ended; GH_E_MALFORMED: it does not speak the protocol; GH_E_LIMIT. */
enum gh_rc gh_chat(const char *socket, struct gh_span body, int out, struct gh_chat_end *end, struct gh_err *err);
#endif
