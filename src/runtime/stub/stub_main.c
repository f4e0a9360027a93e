/* gatehouse-stub: inside the isolation it makes a key, says what has to be proved, opens the released keys, decrypts and verifies the
 * model, starts the engine and waits for its end. docs/isolation.md; the launcher's side is runtime/launch.h. */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "crypto/alone.h"
#include "crypto/hpke.h"
#include "crypto/secret.h"
#include "os/ipc.h"
#include "runtime/stub/stub.h"
#include "runtime/vm/guest.h"

enum { SOCK = 3 };

struct secrets { /* one mapping that is never swapped, dumped or inherited */
	uint8_t private_key[GH_STUB_KEY];
	struct gh_stub_blob_key sealed[GH_STUB_FILES];
	uint8_t key[GH_STUB_FILES][GH_STUB_KEY];
};

static struct gh_stub_told told;
static struct gh_stub_input input[GH_STUB_FILES];

static void say(struct gh_stub_word w)
{
	w.head.size = sizeof w;
	(void)gh_ipc_send(SOCK, &w, sizeof w, -1, 0); /* a launcher that is gone takes the isolation along */
}

static int fail(enum gh_stub_why why, const struct gh_stub_at *at)
{
	say((struct gh_stub_word){
		.head.kind = GH_SP_FAILED, .why = why, .sys = (uint32_t)at->sys, .file = at->file, .at = at->segment });
	return 1;
}

static uint64_t now_us(void)
{
	struct timespec t = { 0, 0 };
	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

/* The key pair's public half and what it is bound to go out; what the vault sealed for it comes back. */
static enum gh_stub_why prove(struct secrets *s, struct gh_stub_bind *b, struct gh_stub_at *at)
{
	struct gh_stub_prove p = { .head = { .kind = GH_SP_PROVE, .size = sizeof p } };
	static struct gh_stub_file list[GH_STUB_FILES];
	for (uint32_t i = 0; i < told.ninput; i++)
		list[i] = told.input[i].file;
	memcpy(b->nonce, told.start.nonce, sizeof b->nonce);
	memcpy(b->model, told.start.model_digest, sizeof b->model);
	memcpy(b->policy, told.start.policy, sizeof b->policy);
	memcpy(b->deployment, told.start.deployment, sizeof b->deployment);
	if (!gh_stub_files(list, told.ninput, b->files) || !gh_stub_report_data(b, p.report_data))
		return GH_STUB_WHY_CRYPTO;
	memcpy(p.key, b->key, sizeof p.key);
	if (!gh_ipc_send(SOCK, &p, sizeof p, -1, 0))
		return GH_STUB_WHY_PROTOCOL;
	return gh_stub_hear_keys(SOCK, &told, s->private_key, b, s->sealed, s->key, at);
}

static enum gh_stub_why load(struct secrets *s, struct gh_stub_at *at)
{
	struct gh_stub_word w = { .head.kind = GH_SP_LOADED };
	const uint64_t start = now_us();
	enum gh_stub_why why = GH_STUB_WHY_FINE;
	for (uint32_t i = 0; why == GH_STUB_WHY_FINE && i < told.ninput; i++) {
		at->file = i;
		why = gh_stub_load(&told.input[i], (enum gh_stub_model)told.start.model, s->key[i], &w.locked, at);
		w.at += told.input[i].file.size;
	}
	if (why == GH_STUB_WHY_FINE)
		why = gh_stub_close_directory(&told, at);
	w.us = now_us() - start;
	if (why == GH_STUB_WHY_FINE)
		say(w);
	return why;
}

/* Until the engine ends. Nobody has anything to say to us any more: who speaks, or is gone, ends everything. */
static int attend(pid_t pid, int pidfd)
{
	struct pollfd p[] = { { .fd = pidfd, .events = POLLIN }, { .fd = SOCK, .events = POLLIN } };
	int status = 0;
	while (poll(p, 2, -1) < 0 && errno == EINTR)
		;
	if (p[0].revents == 0)
		return 1; /* the jail's first process ends all others with us */
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	say((struct gh_stub_word){ .head.kind = GH_SP_ENDED, .sys = (uint32_t)status });
	return 0;
}

int main(void)
{
	if (getpid() == 1) /* we are a machine's first process: prepare it, and start ourselves again as the second */
		gh_guest_main();
	struct gh_stub_at at = { 0 };
	struct gh_stub_bind bind = { .nonce = { 0 } };
	pid_t pid = 0;
	int pidfd = -1;
	told.input = input;
	told.socket = -1;
	struct secrets *s = NULL;
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0 || !gh_crypto_alone())
		return fail(GH_STUB_WHY_LOCKDOWN, &at);
	s = gh_secret_new(sizeof *s);
	if (s == NULL) {
		at.sys = errno;
		return fail(GH_STUB_WHY_LOCKDOWN, &at);
	}
	if (!gh_hpke_pair(s->private_key, bind.key))
		return fail(GH_STUB_WHY_CRYPTO, &at);
	say((struct gh_stub_word){ .head.kind = GH_SP_HELLO });
	enum gh_stub_why why = gh_stub_hear(SOCK, &told, &at);
	if (why == GH_STUB_WHY_FINE)
		why = prove(s, &bind, &at);
	if (why == GH_STUB_WHY_FINE)
		why = load(s, &at);
	gh_secret_free(s); /* wiped: from here on there is no key in here */
	if (why == GH_STUB_WHY_FINE)
		why = gh_stub_start_engine(&told, &pid, &pidfd, &at);
	if (why != GH_STUB_WHY_FINE)
		return fail(why, &at);
	say((struct gh_stub_word){ .head.kind = GH_SP_STARTED, .pid = (uint32_t)pid });
	return attend(pid, pidfd);
}
