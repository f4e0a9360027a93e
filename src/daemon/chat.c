#include "daemon/chat.h"

#include "base/arena.h"
#include "wire/reply.h"
#include "daemon/roles.h"
#include "os/call.h"
#include "os/role.h"
#include "wire/jdom.h"
#include "wire/jout.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum { ENGINE = 4, OUT = 5, SILENCE_MS = 600000, EVENT_ARENA = 4 << 20, MEMORY = 256 << 20, WORDS = 300 };

static uint64_t now_us(void)
{
	struct timespec t;
	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

/* ---- inside ----------------------------------------------------------------------------------------------------------------------- */
struct talk {
	struct gh_reply read;
	struct gh_buf text;
	bool write, over, wrong; /* over: [DONE]; wrong: an event that is none */
	char finish[32], error[2 * WORDS];
	uint64_t prompt, tokens, from, first;
};

static bool put(int fd, struct gh_span s)
{
	while (s.n > 0) {
		ssize_t n = write(fd, s.p, s.n);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		s = gh_span_cut(s, (size_t)n, s.n);
	}
	return true;
}

static void note(char *out, size_t cap, const struct gh_jval *v, size_t most)
{
	gh_auto_buf b = gh_buf(cap);
	if (v == NULL || v->kind != GH_J_STRING)
		return;
	gh_buf_safe(&b, v->text, most);
	(void)snprintf(out, cap, "%s", gh_buf_cstr(&b));
}

static bool on_event(void *arg, struct gh_span data)
{
	struct talk *t = arg;
	gh_auto_arena a = { .max = EVENT_ARENA };
	const struct gh_jval *v;
	struct gh_err none = { 0 };
	if (gh_span_is(data, "[DONE]")) {
		t->over = true;
		return false;
	}
	if (gh_jdom_parse(&a, data, &v, &none) != GH_OK) {
		t->wrong = true;
		return false;
	}
	note(t->error, sizeof t->error, gh_jget(gh_jget(v, "error"), "message"), WORDS);
	const struct gh_jval *usage = gh_jget(v, "usage"), *choice = gh_jfirst(gh_jget(v, "choices"));
	(void)gh_ju64(gh_jget(usage, "prompt_tokens"), &t->prompt);
	(void)gh_ju64(gh_jget(usage, "completion_tokens"), &t->tokens);
	note(t->finish, sizeof t->finish, gh_jget(choice, "finish_reason"), 20);
	const struct gh_jval *part = gh_jget(gh_jget(choice, "delta"), "content");
	if (part == NULL || part->kind != GH_J_STRING || part->text.n == 0)
		return t->error[0] == '\0';
	if (t->first == 0)
		t->first = now_us() - t->from;
	gh_buf_span(&t->text, part->text);
	gh_auto_buf safe = gh_buf(8 * (size_t)GH_REPLY_EVENT);
	gh_reply_safe(&safe, part->text);
	return !t->write || put(OUT, gh_buf_view(&safe));
}

static bool send_request(struct gh_span body)
{
	char head[200];
	int n = snprintf(head, sizeof head,
			 "POST /v1/chat/completions HTTP/1.1\r\nHost: engine\r\nContent-Type: application/json\r\n"
			 "Connection: close\r\nContent-Length: %zu\r\n\r\n",
			 body.n);
	return put(ENGINE, (struct gh_span){ (const uint8_t *)head, (size_t)n }) && put(ENGINE, body);
}

/* NULL: an answer came, whole. */
static const char *listen_to(struct talk *t)
{
	uint8_t block[16384];
	for (;;) {
		struct pollfd p = { .fd = ENGINE, .events = POLLIN };
		int ready = poll(&p, 1, SILENCE_MS);
		if (ready == 0)
			return "the engine says nothing any more";
		ssize_t n = ready < 0 ? -1 : recv(ENGINE, block, sizeof block, 0);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return gh_reply_end(&t->read) || t->over ? NULL
								 : "the engine ended in the middle of its answer";
		if (!gh_reply_feed(&t->read, (struct gh_span){ block, (size_t)n }))
			return t->read.bad || t->wrong ? "the engine's answer is not well formed" : NULL;
	}
}

static void report(struct talk *t, const char *wrong)
{
	gh_auto_buf b = gh_buf(2 * (size_t)GH_CHAT_TEXT);
	struct gh_jout j = gh_jout(&b);
	gh_jout_open(&j, NULL, '{');
	gh_jout_str(&j, "wrong", wrong);
	gh_jout_str(&j, "error", t->error[0] != '\0' ? t->error : NULL);
	gh_jout_number(&j, "status", t->read.status);
	gh_jout_str(&j, "finish", t->finish);
	gh_jout_number(&j, "prompt", t->prompt);
	gh_jout_number(&j, "tokens", t->tokens);
	gh_jout_number(&j, "first", t->first);
	gh_jout_number(&j, "all", now_us() - t->from);
	gh_jout_bool(&j, "cut", t->text.full);
	gh_jout_span(&j, "text", gh_buf_view(&t->text));
	gh_jout_close(&j, '}');
	const struct gh_call_head h = { .kind = 1 };
	(void)gh_call_send(GH_ROLE_SOCK, &h, gh_buf_view(&b), -1);
}

int gh_role_chat(int argc, char **argv)
{
	/* GH_MAY_FILES with no path: descriptors of memory may be made for a long answer, and nothing can be opened. */
	const struct gh_role_lock lock = { .may = GH_MAY_FILES, .memory = MEMORY };
	struct gh_call_head h;
	struct gh_err err = { 0 };
	gh_auto_buf body = gh_buf(GH_CALL_TEXT);
	struct talk t = { .text = gh_buf(GH_CHAT_TEXT), .write = fcntl(OUT, F_GETFD) >= 0 };
	(void)argv;
	(void)signal(SIGPIPE, SIG_IGN);
	if (argc != 0)
		return 64;
	if (gh_role_lock(&lock) != NULL)
		return 2;
	if (gh_call_recv(GH_ROLE_SOCK, &h, &body, NULL, -1, &err) != GH_OK)
		return 2;
	gh_reply_begin(&t.read, on_event, &t);
	t.from = now_us();
	const char *wrong = send_request(gh_buf_view(&body)) ? listen_to(&t) : "the engine does not take the request";
	/* An error comes as a body of its own, with a status that says so. */
	report(&t, wrong);
	gh_reply_free(&t.read);
	gh_buf_free(&t.text);
	return 0;
}

/* ---- outside ---------------------------------------------------------------------------------------------------------------------- */
static int connected(const char *path)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int sock = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	(void)snprintf(a.sun_path, sizeof a.sun_path, "%s", path);
	if (sock >= 0 && connect(sock, (const struct sockaddr *)&a, sizeof a) != 0) {
		(void)close(sock);
		return -1;
	}
	return sock;
}

/* What it says is no more believed than the engine is: words are made safe again by whoever shows them. */
static enum gh_rc heard(const struct gh_jval *v, struct gh_chat_end *end, struct gh_err *err)
{
	const char *wrong = gh_jstr(v, "wrong"), *error = gh_jstr(v, "error"), *finish = gh_jstr(v, "finish");
	uint64_t status = 0;
	(void)gh_ju64(gh_jget(v, "status"), &status);
	(void)gh_ju64(gh_jget(v, "prompt"), &end->prompt_tokens);
	(void)gh_ju64(gh_jget(v, "tokens"), &end->tokens);
	(void)gh_ju64(gh_jget(v, "first"), &end->us_first);
	(void)gh_ju64(gh_jget(v, "all"), &end->us_all);
	end->status = (uint32_t)status;
	gh_auto_buf safe = gh_buf(4 * WORDS);
	if (finish != NULL) {
		gh_buf_safe(&safe, gh_span_str(finish), 20);
		(void)snprintf(end->finish, sizeof end->finish, "%s", gh_buf_cstr(&safe));
		safe.n = 0;
	}
	if (end->text != NULL && gh_jget(v, "text") != NULL)
		gh_buf_span(end->text, gh_jget(v, "text")->text);
	if (error != NULL) {
		gh_buf_safe(&safe, gh_span_str(error), WORDS);
		return gh_fail(err, status >= 400 && status < 500 ? GH_E_DENIED : GH_E_IO, "the engine answers: %s",
			       gh_buf_cstr(&safe));
	}
	if (wrong != NULL) {
		gh_buf_safe(&safe, gh_span_str(wrong), 100);
		return gh_fail(err, GH_E_IO, "%s", gh_buf_cstr(&safe));
	}
	return status == 200 ? GH_OK : gh_fail(err, GH_E_IO, "the engine answers with status %u", end->status);
}

enum gh_rc gh_chat(const char *socket, struct gh_span body, int out, struct gh_chat_end *end, struct gh_err *err)
{
	gh_auto_arena a = { .max = 8 << 20 };
	gh_auto_buf b = gh_buf(GH_CALL_TEXT);
	const struct gh_jval *v;
	struct gh_call_head h = { .kind = 1 };
	pid_t pid = 0;
	int role = -1, engine = connected(socket);
	if (engine < 0)
		return gh_fail_sys(err, errno, "the engine's socket");
	const struct gh_os_fd more[] = { { engine, ENGINE }, { out, OUT } };
	enum gh_rc rc = gh_role_spawn("chat", NULL, NULL, more, out >= 0 ? 2 : 1, false, &pid, &role, err);
	(void)close(engine);
	if (rc == GH_OK && !gh_call_send(role, &h, body, -1))
		rc = gh_fail(err, GH_E_IO, "the process that talks to the engine ended");
	if (rc == GH_OK) {
		rc = gh_call_recv(role, &h, &b, NULL, -1, err);
		if (rc != GH_OK)
			rc = gh_fail(err, rc == GH_E_ABSENT ? GH_E_IO : rc,
				     "the process that talks to the engine ended");
	}
	if (rc == GH_OK) {
		rc = gh_jdom_parse(&a, gh_buf_view(&b), &v, err);
		if (rc == GH_OK)
			rc = heard(v, end, err);
	}
	(void)gh_role_end(&pid, &role, 2000);
	return rc;
}
