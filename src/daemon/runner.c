/* The role `runner`: from its start to GO. What follows is runner_watch.c. */
#include "daemon/runner_int.h"

#include "daemon/roles.h"
#include "os/call.h"
#include "os/role.h"
#include "runtime/launch_tpm.h"
#include "wire/b64.h"
#include "wire/jout.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { ARENA = 8 << 20, TEXT = 1 << 20 };

uint64_t gh_runner_ms(void)
{
	struct timespec t;
	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

void gh_runner_end(struct gh_runner *r, const char *state, const char *word, const char *fmt, ...)
{
	va_list ap;
	if (r->state != NULL)
		return;
	r->state = state;
	r->word = word;
	va_start(ap, fmt);
	(void)vsnprintf(r->why, sizeof r->why, fmt, ap);
	va_end(ap);
}

static bool say(struct gh_runner *r, enum gh_runner_say kind, struct gh_span text, uint64_t a, uint64_t b)
{
	const struct gh_call_head h = { .kind = kind, .a = { a, b } };
	return r->task >= 0 && gh_call_send(r->task, &h, text, -1);
}

/* The task hears why; it tells the user, and the catalog. */
static void failed(struct gh_runner *r, const char *check, const char *why, bool denied)
{
	gh_auto_buf b = gh_buf(4096);
	struct gh_jout j = gh_jout(&b);
	gh_jout_open(&j, NULL, '{');
	gh_jout_str(&j, "check", check);
	gh_jout_str(&j, "why", why);
	gh_jout_bool(&j, "denied", denied);
	gh_jout_close(&j, '}');
	(void)say(r, GH_RUNNER_FAILED, gh_buf_view(&b), 0, 0);
}

static bool hear(struct gh_runner *r, enum gh_runner_say kind, struct gh_buf *text, int *fd)
{
	struct gh_call_head h;
	struct gh_err err = { 0 };
	return gh_call_recv(r->task, &h, text, fd, GH_RUNNER_START_MS, &err) == GH_OK && h.kind == kind;
}

/* ---- what would run ---------------------------------------------------------------------------------------------------------- */
/* dir: where the engine lies; NULL: where its profile says. */
static bool measured(struct gh_runner *r, const char *engine, const char *dir, bool vm)
{
	struct gh_err err = { 0 };
	char line[GH_ERR_LINKS * GH_ERR_TEXT], digest[65];
	gh_auto_buf list = gh_buf(TEXT), b = gh_buf(2 * (size_t)TEXT);
	if (gh_engine_named(&r->arena, engine, &r->profile, &err) != GH_OK ||
	    gh_engine_load(&r->profile, dir, &r->image, &err) != GH_OK) {
		failed(r, "engine", gh_err_line(&err, line, sizeof line), false);
		return false;
	}
	if (vm && gh_vm_load(r->image, GH_VM_Q35, gh_vm_accel_here(), &r->vm, &err) != GH_OK) {
		failed(r, "microvm", gh_err_line(&err, line, sizeof line), false);
		return false;
	}
	const struct gh_measurement *m = vm ? &r->vm->measured : gh_engine_measurement(r->image);
	struct gh_jout j = gh_jout(&b);
	gh_b16(digest, (struct gh_span){ m->digest, sizeof m->digest });
	gh_measure_text(m, &list);
	gh_jout_open(&j, NULL, '{');
	gh_jout_str(&j, "digest", digest);
	gh_jout_span(&j, "list", gh_buf_view(&list));
	gh_jout_str(&j, "profile", r->profile.name);
	gh_jout_str(&j, "model", r->profile.model == GH_STUB_DIRECTORY ? "directory" : "file");
	gh_jout_close(&j, '}');
	return say(r, GH_RUNNER_MEASURED, gh_buf_view(&b), 0, 0);
}

/* ---- what was decided ---------------------------------------------------------------------------------------------------------- */
static bool hex(const struct gh_jval *v, const char *name, uint8_t *out, size_t n)
{
	const struct gh_jval *m = gh_jget(v, name);
	return m != NULL && m->kind == GH_J_STRING && gh_b16_take(m->text, out, n);
}

static uint64_t number(const struct gh_jval *v, const char *name)
{
	uint64_t n = 0;
	(void)gh_ju64(gh_jget(v, name), &n);
	return n;
}

static bool one_file(struct gh_runner *r, const struct gh_jval *v, size_t i)
{
	struct gh_stub_file *f = &r->file[i].file;
	const char *name = gh_jstr(v, "name");
	gh_auto_buf none = gh_buf(64);
	r->file[i].fd = -1;
	if (name == NULL || strlen(name) >= sizeof f->name || !hex(v, "blob", f->blob, sizeof f->blob) ||
	    !hex(v, "tenant", f->tenant, sizeof f->tenant) || !hex(v, "sha256", f->sha256, sizeof f->sha256))
		return false;
	memcpy(f->name, name, strlen(name));
	f->size = number(v, "size");
	return hear(r, GH_RUNNER_FILE, &none, &r->file[i].fd) && r->file[i].fd >= 0;
}

/* Fills spec from what the task said. */
static bool told(struct gh_runner *r, struct gh_launch_spec *s)
{
	gh_auto_buf text = gh_buf(GH_CALL_TEXT);
	const struct gh_jval *v, *files;
	struct gh_err err = { 0 };
	if (!hear(r, GH_RUNNER_START, &text, NULL) ||
	    gh_jdom_parse(&r->arena, gh_keep(&r->arena, gh_buf_view(&text)), &v, &err) != GH_OK)
		return false;
	files = gh_jget(v, "files");
	r->id = gh_id(gh_span_str(gh_jstr(v, "id") != NULL ? gh_jstr(v, "id") : ""));
	s->alias = gh_jstr(v, "alias");
	if (gh_id_none(&r->id) || s->alias == NULL || files == NULL || files->n == 0 || files->n > GH_STUB_FILES ||
	    !hex(v, "nonce", s->nonce, sizeof s->nonce) || !hex(v, "model", s->model, sizeof s->model) ||
	    !hex(v, "policies", s->policy, sizeof s->policy) || !hex(v, "id", s->deployment, sizeof s->deployment) ||
	    !hex(v, "node", s->node, sizeof s->node))
		return false;
	r->tcti = gh_jstr(v, "tcti");
	r->tolerated = number(v, "tolerated");
	s->nadapter = number(v, "adapters");
	s->memory = number(v, "memory");
	s->disk = number(v, "disk");
	s->cpu = (unsigned)number(v, "cpu");
	s->threads = (unsigned)number(v, "threads");
	s->context = (unsigned)number(v, "context");
	s->parallel = (unsigned)number(v, "parallel");
	r->file = GH_NEW(&r->arena, struct gh_launch_file, files->n);
	if (r->file == NULL)
		return false;
	r->nfile = files->n;
	for (size_t i = 0; i < r->nfile; i++)
		r->file[i].fd = -1;
	size_t i = 0;
	for (const struct gh_jval *f = gh_jfirst(files); f != NULL; f = f->next, i++)
		if (!one_file(r, f, i))
			return false;
	s->file = r->file;
	s->nfile = r->nfile;
	return true;
}

/* ---- the launch ------------------------------------------------------------------------------------------------------------------ */
static bool sign(void *ctx, struct gh_span tbs, uint8_t sig[GH_SOFTWARE_SIG])
{
	struct gh_runner *r = ctx;
	gh_auto_buf b = gh_buf(4096);
	if (!say(r, GH_RUNNER_SIGN, tbs, 0, 0) || !hear(r, GH_RUNNER_SIGNED, &b, NULL) || b.n != GH_SOFTWARE_SIG)
		return false;
	memcpy(sig, b.p, GH_SOFTWARE_SIG);
	return true;
}

/* The log of this home's launches, beside its other live files. */
static bool tpm_where(const struct gh_runner *r, char path[GH_HOME_PATH + 32], struct gh_launch_tpm_where *w)
{
	*w = (struct gh_launch_tpm_where){ .tcti = r->tcti, .log = path };
	return snprintf(path, GH_HOME_PATH + 32, "%s/run/tpm-log", r->home) > 0;
}

static const uint8_t *measurement(const struct gh_runner *r)
{
	return r->vm != NULL ? r->vm->measured.digest : gh_engine_measurement(r->image)->digest;
}

/* Before anything of it runs: from then on no quote of this TPM is without it. */
static enum gh_rc tpm_measure(const struct gh_runner *r, struct gh_err *err)
{
	char path[GH_HOME_PATH + 32];
	struct gh_launch_tpm_where w;
	if (r->tcti == NULL || !tpm_where(r, path, &w))
		return GH_OK;
	return gh_launch_tpm_measure(&w, measurement(r), err);
}

static void put_part(struct gh_jout *j, const char *name, struct gh_span s)
{
	gh_auto_buf hex = gh_buf(TEXT);
	gh_b16_put(&hex, s);
	gh_jout_span(j, name, gh_buf_view(&hex));
}

/* True: it was said, or none is asked for. */
static bool tpm_quote(struct gh_runner *r, const struct gh_launch_event *e)
{
	gh_auto_arena a = { .max = GH_LAUNCH_TPM_ARENA };
	gh_auto_buf b = gh_buf(TEXT);
	char path[GH_HOME_PATH + 32], line[GH_ERR_LINKS * GH_ERR_TEXT];
	struct gh_launch_tpm_where w;
	struct gh_launch_tpm q;
	struct gh_err err = { 0 };
	if (r->tcti == NULL || !tpm_where(r, path, &w))
		return true;
	enum gh_rc rc = gh_launch_tpm_quote(&w, measurement(r), e->report_data, e->evidence, &a, &q, &err);
	if (rc != GH_OK) {
		const char *why = gh_err_line(&err, line, sizeof line);
		failed(r, "tpm", why, rc == GH_E_DENIED);
		gh_runner_end(r, "failed", "tpm", "%s", why);
		return false;
	}
	struct gh_jout j = gh_jout(&b);
	gh_jout_open(&j, NULL, '{');
	put_part(&j, "quote", q.quote);
	put_part(&j, "signature", q.signature);
	put_part(&j, "registers", q.registers);
	put_part(&j, "log", q.log);
	gh_jout_close(&j, '}');
	return say(r, GH_RUNNER_QUOTE, gh_buf_view(&b), 0, 0);
}

static void evidence(struct gh_runner *r, const struct gh_launch_event *e)
{
	gh_auto_buf out = gh_buf(GH_CALL_TEXT), keys = gh_buf(GH_STUB_PACKET);
	struct gh_launch_state st;
	gh_launch_state(r->launch, &st);
	gh_b16_put(&out, (struct gh_span){ e->bind.key, sizeof e->bind.key });
	gh_buf_span(&out, e->evidence);
	if (!tpm_quote(r, e))
		return;
	if (!say(r, GH_RUNNER_EVIDENCE, gh_buf_view(&out), st.us_launch, st.us_evidence) ||
	    !hear(r, GH_RUNNER_KEYS, &keys, NULL) || keys.n < GH_STUB_KEY) {
		gh_runner_end(r, "failed", "refused", "no key was released");
		return;
	}
	struct gh_span sealed = gh_span_cut(gh_buf_view(&keys), GH_STUB_KEY, keys.n);
	if (!gh_launch_keys(r->launch, keys.p, sealed, r->nfile))
		gh_runner_end(r, "failed", "stub", "the stub ended before its keys arrived");
}

static void attempt(struct gh_runner *r, const struct gh_launch_event *e)
{
	enum { LINES = 100000 }; /* the file is bounded too; so is the work that an engine can cause here */
	r->attempts++;
	if (r->shown++ < LINES) {
		gh_auto_buf b = gh_buf(8192);
		struct gh_jout j = { .out = &b, .compact = true };
		gh_jout_open(&j, NULL, '{');
		gh_jout_number(&j, "at", (uint64_t)time(NULL));
		gh_jout_str(&j, "call", e->call);
		gh_jout_str(&j, "arguments", e->text);
		gh_jout_number(&j, "pid", e->pid > 0 ? (uint64_t)e->pid : 0);
		gh_jout_close(&j, '}');
		gh_buf_ch(&b, '\n');
		gh_rundir_append(r->dir, "attempts", gh_buf_view(&b));
	}
	if (r->attempts > r->tolerated)
		gh_runner_end(r, "quarantined", "attempts",
			      "the engine tried %llu times what it may not (%llu are tolerated), last %s(%.100s)",
			      (unsigned long long)r->attempts, (unsigned long long)r->tolerated, e->call, e->text);
}

static void ended(struct gh_runner *r, const struct gh_launch_event *e)
{
	char line[200];
	/* What is stored or what was released is not what was approved: no restart mends that. */
	bool mismatch = e->end == GH_END_FAILED && gh_stub_why_rc(e->why) != GH_E_NOMEM &&
			gh_stub_why_rc(e->why) != GH_E_IO;
	gh_runner_end(r, "failed", mismatch ? gh_stub_why_check(e->why) : "engine", "%s",
		      gh_launch_end_line(e, line, sizeof line));
}

bool gh_runner_event(struct gh_runner *r, const struct gh_launch_event *e)
{
	gh_auto_buf b = gh_buf(64 << 10);
	switch (e->what) {
	case GH_LAUNCH_NOTHING: return false;
	case GH_LAUNCH_EVIDENCE: evidence(r, e); break;
	case GH_LAUNCH_LOADED: (void)say(r, GH_RUNNER_LOADED, (struct gh_span){ 0 }, e->bytes, e->us); break;
	case GH_LAUNCH_STARTED: break;
	case GH_LAUNCH_READY:
		gh_runner_state(r, &b);
		(void)say(r, GH_RUNNER_READY, gh_buf_view(&b), 0, 0);
		break;
	case GH_LAUNCH_ATTEMPT: attempt(r, e); break;
	case GH_LAUNCH_LOG: gh_rundir_append(r->dir, "log", e->log); break;
	case GH_LAUNCH_ENDED: ended(r, e); break;
	default: break;
	}
	return true;
}

/* Step by step until READY; the task is heard only when it has something to say. */
static bool until_ready(struct gh_runner *r)
{
	uint64_t until = gh_runner_ms() + GH_RUNNER_START_MS;
	while (r->state == NULL && gh_runner_ms() < until) {
		struct gh_launch_event e;
		gh_launch_wait(r->launch, 200, &e);
		(void)gh_runner_event(r, &e);
		if (e.what == GH_LAUNCH_READY)
			return r->state == NULL;
		struct pollfd p = { .fd = r->task, .events = POLLIN };
		if (poll(&p, 1, 0) > 0) { /* it may say nothing now: it has gone */
			gh_runner_end(r, "failed", "abandoned", "the command that started it ended");
			return false;
		}
	}
	gh_runner_end(r, "failed", "time", "it was not ready in time");
	return false;
}

static bool start(struct gh_runner *r)
{
	struct gh_launch_spec s = { .image = r->image, .vm = r->vm, .sign = sign, .ctx = r };
	struct gh_err err = { 0 };
	char line[GH_ERR_LINKS * GH_ERR_TEXT];
	if (!told(r, &s))
		return false;
	enum gh_rc rc = gh_rundir_make(r->home, &r->id, &r->dir, &r->lock, r->socket, &err);
	s.socket_dir = r->socket;
	if (rc == GH_OK && !gh_runner_listen(r))
		rc = gh_fail_sys(&err, errno, "the control socket");
	if (rc == GH_OK)
		rc = tpm_measure(r, &err);
	const char *check = rc == GH_OK ? "launch" : "tpm";
	if (rc == GH_OK)
		rc = gh_launch_open(&s, &r->launch, &err);
	if (rc != GH_OK) {
		failed(r, check, gh_err_line(&err, line, sizeof line), rc == GH_E_DENIED);
		return false;
	}
	gh_auto_buf none = gh_buf(64);
	if (until_ready(r) && hear(r, GH_RUNNER_GO, &none, NULL))
		return true;
	gh_runner_end(r, "failed", "abandoned", "the command that started it ended");
	failed(r, r->word, r->why, true);
	return false;
}

static void close_files(struct gh_runner *r)
{
	for (size_t i = 0; i < r->nfile; i++)
		if (r->file[i].fd >= 0)
			(void)close(r->file[i].fd);
	r->nfile = 0;
}

/* Nobody waits for us, and no terminal's signals reach us: a session of our own, a parent that has gone. */
static bool detach(void)
{
	pid_t pid = fork();
	if (pid > 0)
		_exit(0);
	return pid == 0 && setsid() >= 0 && chdir("/") == 0;
}

int gh_role_runner(int argc, char **argv)
{
	struct gh_runner r = { .task = GH_ROLE_SOCK, .dir = -1, .lock = -1, .ctl = -1, .arena = { .max = ARENA } };
	if (argc < 3 || argc > 4 || strlen(argv[0]) >= sizeof r.home)
		return 64;
	(void)signal(SIGPIPE, SIG_IGN);
	(void)signal(SIGHUP, SIG_IGN);
	(void)umask(077);
	if (!detach() || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		return 2;
	memcpy(r.home, argv[0], strlen(argv[0]) + 1);
	r.started = (int64_t)time(NULL);
	bool go = measured(&r, argv[1], argc > 3 ? argv[3] : NULL, strcmp(argv[2], "microvm") == 0) && start(&r);
	close_files(&r);
	(void)close(r.task);
	r.task = -1;
	if (go)
		gh_runner_watch(&r);
	gh_launch_close(r.launch);
	if (go)
		gh_runner_record(&r);
	if (r.dir >= 0)
		gh_rundir_leave(r.dir);
	gh_vm_free(r.vm);
	gh_engine_free(r.image);
	gh_arena_free(&r.arena);
	return go ? 0 : 2;
}
