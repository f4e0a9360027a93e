/* While a model runs: what its engine tries, whether what was measured is still what lies there, whether what it rests on still
 * stands, whether somebody asks. Whatever ends it kills first and writes down afterwards. */
#include "daemon/runner_int.h"

#include "daemon/service.h"
#include "os/call.h"
#include "os/role.h"
#include "wire/jout.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum { ARENA = 1 << 20, TRIES = 20, PAUSE_MS = 500, TICK_MS = 1000 };

/* ---- asking the catalog, without keys ------------------------------------------------------------------------------------------ */
/* A catalog process of our own for one question: a daemon would not let us ask for steps, and may be the one that died. */
static enum gh_rc ask(struct gh_runner *r, const char *op, struct gh_buf *in, struct gh_arena *a,
		      const struct gh_jval **out, struct gh_err *err)
{
	const struct gh_service_how how = { .home = r->home, .alone = true };
	struct gh_service *s;
	enum gh_rc rc = gh_service_open(&how, &s, err);
	if (rc != GH_OK)
		return rc;
	rc = gh_service_step(s, NULL, op, gh_buf_view(in), -1, a, out, NULL, err);
	gh_service_close(s);
	return rc;
}

static const char *word(const struct gh_jval *v, const char *name)
{
	const char *t = gh_jstr(v, name);
	return t != NULL ? t : "";
}

static void stands(struct gh_runner *r)
{
	gh_auto_arena a = { .max = ARENA };
	gh_auto_buf in = gh_buf(256);
	const struct gh_jval *v;
	struct gh_err err = { 0 };
	gh_buf_fmt(&in, "{\"id\":\"%s\"}", r->id.s);
	uint64_t now = gh_runner_ms();
	r->next_poll = now + GH_RUNNER_POLL_S * 1000;
	enum gh_rc rc = ask(r, "deploy.check", &in, &a, &v, &err);
	if (rc != GH_OK) {
		r->blind_since = r->blind_since != 0 ? r->blind_since : now;
		if (now - r->blind_since > GH_RUNNER_BLIND_S * 1000ull)
			gh_runner_end(r, "failed", "unchecked",
				      "for ten minutes the catalog could not be asked whether it may run");
		return;
	}
	r->blind_since = 0;
	/* Somebody decided already: it only has to be carried out. */
	if (strcmp(word(v, "state"), "running") != 0)
		gh_runner_end(r, "", "", "%.200s", word(v, "reason"));
	else if (word(v, "word")[0] != '\0') {
		static const char *const words[] = { "badge", "version", "base", "tenant", "policy" };
		const char *why = "revoked";
		for (size_t i = 0; i < sizeof words / sizeof *words; i++)
			if (strcmp(words[i], word(v, "word")) == 0)
				why = words[i];
		gh_runner_end(r, "quarantined", why, "%.200s", word(v, "why"));
	}
}

static void verify(struct gh_runner *r)
{
	struct gh_err err = { 0 };
	char line[GH_ERR_LINKS * GH_ERR_TEXT];
	r->next_verify = gh_runner_ms() + GH_RUNNER_VERIFY_S * 1000;
	if (gh_engine_check(r->image, &err) != GH_OK || (r->vm != NULL && gh_vm_check(r->vm, &err) != GH_OK))
		gh_runner_end(r, "quarantined", "measurement", "what was measured is not what lies there now: %.150s",
			      gh_err_line(&err, line, sizeof line));
}

/* ---- who asks us ------------------------------------------------------------------------------------------------------------------ */
bool gh_runner_listen(struct gh_runner *r)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	r->ctl = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	(void)snprintf(a.sun_path, sizeof a.sun_path, "/proc/self/fd/%d/ctl", r->dir);
	return r->ctl >= 0 && bind(r->ctl, (const struct sockaddr *)&a, sizeof a) == 0 && listen(r->ctl, 8) == 0;
}

static void put_us(struct gh_jout *j, const char *name, uint64_t us) { gh_jout_real(j, name, (double)us / 1000.0); }

void gh_runner_state(struct gh_runner *r, struct gh_buf *out)
{
	struct gh_launch_state s;
	struct gh_jout j = gh_jout(out);
	gh_launch_state(r->launch, &s);
	gh_jout_open(&j, NULL, '{');
	gh_jout_number(&j, "supervisor", (uint64_t)getpid());
	gh_jout_number(&j, "pid", (uint64_t)s.pid);
	gh_jout_number(&j, "stub", (uint64_t)s.stub);
	gh_jout_number(&j, "seconds", (uint64_t)(time(NULL) - r->started));
	gh_jout_number(&j, "attempts", r->attempts);
	gh_jout_number(&j, "memory", s.memory);
	gh_jout_number(&j, "cpu_us", s.cpu_us);
	if (r->vm != NULL)
		gh_jout_str(&j, "machine", r->vm->accel == GH_VM_KVM ? "q35, KVM" : "q35, emulated (no KVM here)");
	gh_jout_number(&j, "landlock", s.landlock > 0 ? (uint64_t)s.landlock : 0);
	gh_jout_open(&j, "layers", '[');
	for (uint32_t bit = 1; bit < GH_SL_ALL; bit <<= 1)
		if ((s.layers & bit) != 0 && gh_software_layer_word((enum gh_software_layer)bit) != NULL)
			gh_jout_str(&j, NULL, gh_software_layer_word((enum gh_software_layer)bit));
	gh_jout_close(&j, ']');
	gh_jout_open(&j, "limits", '{');
	gh_jout_bool(&j, "memory", s.cgroup_memory);
	gh_jout_bool(&j, "processes", s.cgroup_pids);
	gh_jout_bool(&j, "cpu", s.cgroup_cpu);
	gh_jout_close(&j, '}');
	gh_jout_open(&j, "ms", '{');
	put_us(&j, "launch", s.us_launch);
	put_us(&j, "evidence", s.us_evidence);
	put_us(&j, "decrypt", s.us_decrypt);
	put_us(&j, "ready", s.us_ready);
	gh_jout_close(&j, '}');
	gh_jout_close(&j, '}');
}

static void serve(struct gh_runner *r)
{
	enum { HEAR_MS = 1000 };
	struct gh_call_head h;
	struct gh_err err = { 0 };
	struct ucred who = { 0 };
	socklen_t n = sizeof who;
	gh_auto_buf in = gh_buf(1024), out = gh_buf(64 << 10);
	int sock = accept4(r->ctl, NULL, NULL, SOCK_CLOEXEC);
	if (sock < 0)
		return;
	if (getsockopt(sock, SOL_SOCKET, SO_PEERCRED, &who, &n) == 0 && (who.uid == geteuid() || who.uid == 0) &&
	    gh_call_recv(sock, &h, &in, NULL, HEAR_MS, &err) == GH_OK) {
		if (h.kind == GH_RUN_CHECK) {
			verify(r);
			stands(r);
		}
		if (r->state == NULL)
			gh_runner_state(r, &out);
		(void)gh_call_send(sock, &h, gh_buf_view(&out), -1);
	}
	(void)close(sock);
}

/* ---- the loop --------------------------------------------------------------------------------------------------------------------- */
static void wait_a_little(struct gh_runner *r)
{
	struct pollfd p[GH_LAUNCH_FDS + 1];
	int ms = TICK_MS, want = -1;
	size_t n = gh_launch_poll(r->launch, p, &want);
	if (want >= 0 && want < ms)
		ms = want;
	p[n] = (struct pollfd){ .fd = r->ctl, .events = POLLIN };
	if (poll(p, n + 1, ms) > 0 && p[n].revents != 0)
		serve(r);
}

void gh_runner_watch(struct gh_runner *r)
{
	enum { BURST = 256 }; /* an engine that never stops to talk does not keep us from looking */
	r->next_verify = gh_runner_ms() + GH_RUNNER_VERIFY_S * 1000;
	r->next_poll = gh_runner_ms() + GH_RUNNER_POLL_S * 1000;
	while (r->state == NULL) {
		struct gh_launch_event e;
		wait_a_little(r);
		for (unsigned i = 0; i < BURST && r->state == NULL; i++) {
			gh_launch_step(r->launch, &e);
			if (!gh_runner_event(r, &e))
				break;
		}
		if (r->state == NULL && gh_runner_ms() >= r->next_verify)
			verify(r);
		if (r->state == NULL && gh_runner_ms() >= r->next_poll)
			stands(r);
	}
	/* Asked for: it may finish what it says. Anything else: at once. */
	bool asked = r->state[0] == '\0';
	gh_launch_stop(r->launch, asked ? GH_RUNNER_STOP_MS : 0);
	uint64_t until = gh_runner_ms() + (asked ? 2 * GH_RUNNER_STOP_MS : 500);
	for (struct gh_launch_event e = { 0 }; e.what != GH_LAUNCH_ENDED && gh_runner_ms() < until;) {
		gh_launch_wait(r->launch, 100, &e);
		if (e.what == GH_LAUNCH_LOG)
			(void)gh_runner_event(r, &e);
	}
}

void gh_runner_record(struct gh_runner *r)
{
	gh_auto_buf in = gh_buf(8192);
	struct gh_jout j = gh_jout(&in);
	if (r->state == NULL || r->state[0] == '\0')
		return; /* it stands there already */
	gh_auto_buf safe = gh_buf(1024);
	gh_buf_safe(&safe, gh_span_str(r->why), 500);
	gh_jout_open(&j, NULL, '{');
	gh_jout_str(&j, "id", r->id.s);
	gh_jout_str(&j, "state", r->state);
	gh_jout_str(&j, "word", r->word);
	gh_jout_str(&j, "why", gh_buf_cstr(&safe));
	gh_jout_number(&j, "attempts", r->attempts);
	gh_jout_close(&j, '}');
	/* The database may be busy; when it stays so, `ps` finds that nobody holds the lock, and says that. */
	for (unsigned i = 0; i < TRIES; i++) {
		gh_auto_arena a = { .max = ARENA };
		const struct gh_jval *v;
		struct gh_err err = { 0 };
		if (ask(r, "deploy.ended", &in, &a, &v, &err) == GH_OK)
			return;
		(void)poll(NULL, 0, PAUSE_MS);
	}
}
