#include "scan/tool_side.h"

#include "crypto/alone.h"
#include "os/ipc.h"
#include "os/sandbox.h"
#include "scan/proto.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

/* Adding a tool: its main function's declaration (here or in a header of its own) and one line. */
static const struct gh_tool_mode modes[] = {
	{ "diff", gh_diff_main, false },	 { "disarm", gh_disarm_main, false },
	{ "verify", gh_verify_main, true },	 { "badge", gh_badge_main, true },
	{ "card", gh_card_main, false },	 { "attest", gh_attest_main, true },
	{ "evidence", gh_evidence_main, false }, { "extract", gh_extract_main, false },
	{ "enrol", gh_enrol_main, true },
};

const struct gh_tool_mode *gh_tool_mode(const char *name)
{
	for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++)
		if (strcmp(modes[i].name, name) == 0)
			return &modes[i];
	return NULL;
}

/* ---- talking -------------------------------------------------------------------------------------------------- */

static void send_all(struct gh_tool *t, struct gh_tool_packet *p, struct gh_span text)
{
	p->m.len = (uint32_t)(text.n < sizeof p->text ? text.n : sizeof p->text);
	if (p->m.len != 0)
		memcpy(p->text, text.p, p->m.len);
	if (!gh_ipc_send(t->sock, p, sizeof p->m + p->m.len, -1, 0))
		_exit(1); /* nobody is listening */
}

void gh_tool_say(struct gh_tool *t, uint32_t kind, const uint64_t *a, size_t n, struct gh_span text)
{
	struct gh_tool_packet p = { .m = { .kind = GH_TOOL_FROM_RECORD, .record = kind } };
	if (n != 0)
		memcpy(p.m.a, a, (n < GH_TOOL_NUMBERS ? n : GH_TOOL_NUMBERS) * sizeof p.m.a[0]);
	send_all(t, &p, text);
}

void gh_tool_tick(struct gh_tool *t, uint64_t bytes_done)
{
	struct gh_tool_packet p = { .m = { .kind = GH_TOOL_FROM_TICK, .a = { bytes_done } } };
	send_all(t, &p, (struct gh_span){ 0 });
}

/* One packet from the trusted process, which is believed. */
static void take(struct gh_tool *t, struct gh_tool_packet *p, int *fd)
{
	ssize_t n = gh_ipc_recv(t->sock, p, sizeof *p, fd, 0);
	if (n < (ssize_t)sizeof p->m || p->m.len != (size_t)n - sizeof p->m)
		_exit(0); /* it has closed: we are not needed any more */
}

/* A descriptor, or -1 with errno. */
static int ask(struct gh_tool *t, uint32_t kind, uint64_t number)
{
	struct gh_tool_packet p = { .m = { .kind = kind, .a = { number } } };
	int fd = -1;
	send_all(t, &p, (struct gh_span){ 0 });
	take(t, &p, &fd);
	if (fd < 0) /* a descriptor that could not be received, for example because too many are open, is missing too */
		errno = p.m.a[0] != 0 ? (int)p.m.a[0] : EMFILE;
	return fd;
}

int gh_tool_spill(void *tool) { return ask(tool, GH_TOOL_FROM_SPILL, 0); }

int gh_tool_output(struct gh_tool *t) { return t->output ? ask(t, GH_TOOL_FROM_OPEN, GH_TOOL_OUTPUT) : -1; }

/* ---- reading -------------------------------------------------------------------------------------------------- */

enum gh_rc gh_tool_open(struct gh_tool *t, size_t i, struct gh_src_fd *s, struct gh_err *err)
{
	int fd = ask(t, GH_TOOL_FROM_OPEN, i);
	if (fd < 0)
		return gh_fail_sys(err, errno, "no descriptor for an input");
	if (gh_src_fd(s, fd, t->file[i].size) == NULL)
		return gh_fail(err, GH_E_NOMEM, "memory (--limit-memory)");
	return GH_OK;
}

/* ---- one job -------------------------------------------------------------------------------------------------- */

static uint64_t number(const char *s) { return strtoull(s, NULL, 10); }

/* Files and arguments, up to GO. False: no memory. */
static bool introduce(struct gh_tool *t)
{
	struct gh_tool_packet p;
	uint8_t *args = GH_NEW(&t->arena, uint8_t, GH_TOOL_ARGS);
	size_t cap = 0;
	t->args.p = args;
	if (args == NULL)
		return false;
	for (;;) {
		take(t, &p, NULL);
		if (p.m.kind == GH_TOOL_TO_FILE) {
			struct gh_tool_file *v = gh_grow(&t->arena, t->file, &cap, t->nfile + 1, sizeof *v);
			struct gh_span name = gh_keep(&t->arena, (struct gh_span){ (uint8_t *)p.text, p.m.len });
			if (v == NULL || name.p == NULL)
				return false;
			t->file = v;
			v[t->nfile++] = (struct gh_tool_file){ (const char *)name.p, p.m.a[1], p.m.a[2] };
		} else if (p.m.kind == GH_TOOL_TO_ARGS && p.m.len <= GH_TOOL_ARGS - t->args.n) {
			memcpy(args + t->args.n, p.text, p.m.len);
			t->args.n += p.m.len;
		} else if (p.m.kind == GH_TOOL_TO_GO) {
			t->output = p.m.a[0] != 0;
			return true;
		}
	}
}

/* False: it failed, and this worker is not to be trusted with another one. It ends here when there is none. */
static bool one_job(const struct gh_tool_mode *mode, struct gh_tool *t)
{
	struct gh_err err = { 0 };
	enum gh_rc rc = introduce(t) ? mode->main(t, &err) : gh_fail(&err, GH_E_NOMEM, "memory (--limit-memory)");
	char why[GH_ERR_LINKS * GH_ERR_TEXT];
	struct gh_tool_packet last = { .m = { .kind = rc == GH_OK ? GH_TOOL_FROM_DONE : GH_TOOL_FROM_FAIL } };
	last.m.a[0] = rc;
	send_all(t, &last, rc == GH_OK ? (struct gh_span){ 0 } : gh_span_str(gh_err_line(&err, why, sizeof why)));
	gh_arena_free(&t->arena);
	return rc == GH_OK;
}

int gh_tool_worker(const struct gh_tool_mode *mode, int argc, char **argv)
{
	if (argc != 5)
		return 64;
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	struct gh_tool t = { .memory = (size_t)number(argv[2]), .sock = GH_WORKER_SOCK };
	t.arena.max = t.memory / 2;
	free(malloc(1)); /* malloc sets itself up with calls that are refused later */
	const struct gh_lockdown lock = { .memory = t.memory,
					  .file_bytes = number(argv[3]),
					  .cpu_seconds = (unsigned)number(argv[4]) + 1,
					  .crypto = mode->crypto };
	(void)signal(SIGXFSZ, SIG_IGN); /* an output that grows too large is an error, not the end */
	const char *layer = mode->crypto && !gh_crypto_alone() ? "OpenSSL" : gh_lock_down(&lock);
	struct gh_packet ready = { .m = { .kind = GH_FROM_READY } };
	if (layer != NULL) {
		ready.m.len = (uint32_t)strnlen(layer, sizeof ready.text);
		memcpy(ready.text, layer, ready.m.len);
	}
	if (!gh_ipc_send(t.sock, &ready, sizeof ready.m + ready.m.len, -1, 0) || layer != NULL)
		return 1;
	while (one_job(mode, &t))
		t = (struct gh_tool){ .memory = t.memory, .sock = t.sock, .arena.max = t.memory / 2 };
	return 0;
}
