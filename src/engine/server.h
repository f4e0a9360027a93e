/* server.h - the engine's face: OpenAI's interface by HTTP/1.1 on one listening Unix socket.
 *
 * One thread, one loop: answer what arrived, decode one batch, hand out what was decoded. Nobody waits for anybody else: answers that a client does
 * not take are kept, up to a bound, then its job pauses and in the end is cancelled; a client that is gone is cancelled at once; more requests
 * than may wait get 429, more connections than may be open 503. docs/engine.md is what clients are promised. */
#ifndef GH_ENGINE_SERVER_H
#define GH_ENGINE_SERVER_H
#include "base/err.h"
#include "engine/chat.h"
#include "engine/options.h"
#include "engine/work.h"

#include <signal.h>

struct gh_server;
/* listen: a listening Unix socket, ours from now on. tmpl and w must outlive the server. */
enum gh_rc gh_server_open(const struct gh_engine_options *o, int listen, struct gh_work *w,
			  const struct gh_chat_template *tmpl, struct gh_server **out, struct gh_err *err);
/* Serve until *stop is not 0 (set by a signal). */
enum gh_rc gh_server_run(struct gh_server *s, const volatile sig_atomic_t *stop, struct gh_err *err);
void gh_server_close(struct gh_server *s);
#endif
