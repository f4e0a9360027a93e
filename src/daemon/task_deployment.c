/* Deployments as they are now: what the catalog says of them, and what their supervisors say. list, show, stop, log; and what
 * follows from changes that running models rest on. */
#include "api/check.h"
#include "daemon/deploy.h"
#include "daemon/known.h"
#include "daemon/rundir.h"
#include "wire/datetime.h"
#include "wire/jcanon.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { FRESH_S = 180 /* so long may a start take before its supervisor holds the lock */, STOP_MS = 8000 };

static enum gh_rc step(struct gh_task_run *r, const char *key, const char *op, const struct gh_buf *in,
		       const struct gh_jval **out, struct gh_err *err)
{
	return gh_service_step(r->service, key, op, gh_buf_view(in), -1, r->arena, out, NULL, err);
}

static const char *home(const struct gh_task_run *r) { return gh_service_home(r->service)->dir; }
static bool is(const struct gh_jval *v, const char *name, const char *value)
{
	return strcmp(gh_in_text(v, name, ""), value) == 0;
}

/* ---- settling: what the catalog believes to run, and nobody supervises ------------------------------------------------------------ */
static bool lost(const struct gh_task_run *r, const struct gh_jval *d)
{
	struct gh_id id = gh_id(gh_span_str(gh_in_text(d, "id", "")));
	if (gh_id_none(&id) || (!is(d, "state", "running") && !is(d, "state", "starting")))
		return false;
	int64_t since = gh_in_time(d, "changed", 0);
	if (is(d, "state", "starting") && since > (int64_t)time(NULL) - FRESH_S)
		return false;
	return !gh_rundir_alive(home(r), &id);
}

static void write_off(struct gh_task_run *r, const struct gh_jval *d)
{
	gh_auto_buf in = gh_buf(1024);
	const struct gh_jval *out;
	struct gh_err none = { 0 };
	struct gh_jout j = gh_jout(&in);
	gh_jout_open(&j, NULL, '{');
	gh_jout_str(&j, "id", gh_in_text(d, "id", ""));
	gh_jout_str(&j, "state", "failed");
	gh_jout_str(&j, "word", "supervisor");
	gh_jout_str(&j, "why", "its supervisor ended (it was killed, or the machine was started anew)");
	gh_jout_close(&j, '}');
	(void)step(r, NULL, "deploy.ended", &in, &out, &none);
}

static bool settle(struct gh_task_run *r, const char *name)
{
	gh_auto_buf none = gh_buf(16);
	const struct gh_jval *v;
	struct gh_err err = { 0 };
	bool any = false;
	if (step(r, NULL, "deploy.list", &none, &v, &err) != GH_OK)
		return false;
	for (const struct gh_jval *d = gh_jfirst(gh_jget(v, "deployments")); d != NULL; d = d->next)
		if ((name == NULL || is(d, "name", name)) && lost(r, d)) {
			write_off(r, d);
			any = true;
		}
	return any;
}

void gh_deploy_settle(struct gh_task_run *r, const char *name)
{
	(void)settle(r, name);
	gh_rundir_sweep(home(r), (int64_t)time(NULL));
}

/* ---- showing ------------------------------------------------------------------------------------------------------------------------ */
static void put_value(struct gh_jout *j, const struct gh_jval *v)
{
	const char *key = v->key.p != NULL && v->key.n > 0 ? (const char *)v->key.p : NULL;
	switch (v->kind) {
	case GH_J_NULL: gh_jout_null(j, key); break;
	case GH_J_FALSE:
	case GH_J_TRUE: gh_jout_bool(j, key, v->kind == GH_J_TRUE); break;
	case GH_J_NUMBER: gh_jout_raw(j, key, (const char *)v->text.p); break;
	case GH_J_STRING: gh_jout_span(j, key, v->text); break;
	default: break;
	}
}

/* What the supervisor counts is newer than what the catalog knows. */
static const struct gh_jval *ask_live(struct gh_task_run *r, const struct gh_jval *d)
{
	gh_auto_buf b = gh_buf(64 << 10);
	struct gh_id id = gh_id(gh_span_str(gh_in_text(d, "id", "")));
	const struct gh_jval *v;
	struct gh_err none = { 0 };
	if (!is(d, "state", "running") || gh_id_none(&id) ||
	    gh_rundir_ask(home(r), &id, GH_RUN_STATE, &b, &none) != GH_OK || b.n == 0 ||
	    gh_jdom_parse(r->arena, gh_keep(r->arena, gh_buf_view(&b)), &v, &none) != GH_OK)
		return NULL;
	return v;
}

/* Members of a document of ours, without one of them: flat, or with one level of objects and lists in it. */
static void put_members(struct gh_jout *j, const struct gh_jval *v, const char *but)
{
	for (const struct gh_jval *m = gh_jfirst(v); m != NULL; m = m->next) {
		if (but != NULL && gh_span_is(m->key, but))
			continue;
		if (m->kind != GH_J_OBJECT && m->kind != GH_J_ARRAY) {
			put_value(j, m);
			continue;
		}
		char bracket = m->kind == GH_J_OBJECT ? '{' : '[';
		gh_jout_open(j, (const char *)m->key.p, bracket);
		for (const struct gh_jval *n = gh_jfirst(m); n != NULL; n = n->next)
			put_value(j, n);
		gh_jout_close(j, bracket == '{' ? '}' : ']');
	}
}

static void put_deployment(struct gh_task_run *r, const struct gh_jval *d)
{
	struct gh_id id = gh_id(gh_span_str(gh_in_text(d, "id", "")));
	const struct gh_jval *now = ask_live(r, d), *tried = gh_jget(now, "attempts");
	char socket[GH_RUN_PATH];
	put_members(r->out, d, tried != NULL ? "attempts" : NULL);
	if (tried != NULL)
		put_value(r->out, tried);
	if (now == NULL)
		return;
	if (gh_rundir_socket(home(r), &id, socket))
		gh_jout_str(r->out, "socket", socket);
	gh_jout_open(r->out, "now", '{');
	put_members(r->out, now, NULL);
	gh_jout_close(r->out, '}');
}

static enum gh_rc list(struct gh_task_run *r, struct gh_err *err)
{
	gh_auto_buf in = gh_buf(64);
	const struct gh_jval *v;
	(void)settle(r, NULL);
	gh_buf_str(&in, gh_in_flag(r->in, "all") ? "{\"all\":true}" : "{}");
	enum gh_rc rc = step(r, r->key, "deploy.list", &in, &v, err);
	if (rc != GH_OK)
		return rc;
	gh_jout_open(r->out, "deployments", '[');
	for (const struct gh_jval *d = gh_jfirst(gh_jget(v, "deployments")); d != NULL; d = d->next) {
		gh_jout_open(r->out, NULL, '{');
		put_deployment(r, d);
		gh_jout_close(r->out, '}');
	}
	gh_jout_close(r->out, ']');
	return GH_OK;
}

static const struct gh_op_field list_in[] = { { "all", GH_IN_BOOL, false, "those that are over, too" }, { 0 } };
const struct gh_task gh_task_deployment_list = {
	.name = "deployment.list",
	.about = "List deployments, with what their supervisors say.",
	.in = list_in,
	.run = list,
};

static enum gh_rc named(struct gh_task_run *r, const char *permission, const struct gh_jval **out, struct gh_err *err)
{
	gh_auto_buf in = gh_buf(1024);
	struct gh_jout j = gh_jout(&in);
	gh_jout_open(&j, NULL, '{');
	gh_jout_str(&j, "name", gh_in_text(r->in, "name", ""));
	gh_jout_str(&j, "for", permission);
	gh_jout_close(&j, '}');
	return step(r, r->key, "deploy.show", &in, out, err);
}

/* The newest attempts, as the supervisor wrote them: lines of JSON of ours, with words that were made safe. */
static void attempts(struct gh_task_run *r, const struct gh_id *id)
{
	enum { SHOWN = 50, TAIL = 32 << 10 };
	char *text = gh_alloc(r->arena, TAIL + 1, 1);
	int dir = gh_rundir_open(home(r), id);
	int fd = dir < 0 ? -1 : openat(dir, "attempts", O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	off_t end = fd < 0 || text == NULL ? -1 : lseek(fd, 0, SEEK_END);
	ssize_t n = end < 0 ? -1 : pread(fd, text, TAIL, end > TAIL ? end - TAIL : 0);
	if (fd >= 0)
		(void)close(fd);
	if (dir >= 0)
		(void)close(dir);
	if (text == NULL)
		return;
	gh_jout_open(r->out, "tried", '[');
	text[n > 0 ? n : 0] = '\0';
	char *line = text;
	if (end > TAIL) /* the first one is cut */
		line = strchr(text, '\n') != NULL ? strchr(text, '\n') + 1 : text + (n > 0 ? n : 0);
	unsigned lines = 0, skip = 0;
	for (const char *p = line; (p = strchr(p, '\n')) != NULL; p++)
		lines++;
	skip = lines > SHOWN ? lines - SHOWN : 0;
	for (char *e; (e = strchr(line, '\n')) != NULL; line = e + 1) {
		const struct gh_jval *v;
		struct gh_err none = { 0 };
		struct gh_span s = { (const uint8_t *)line, (size_t)(e - line) };
		if (skip > 0) {
			skip--;
			continue;
		}
		if (gh_jdom_parse(r->arena, gh_keep(r->arena, s), &v, &none) != GH_OK)
			continue;
		gh_jout_open(r->out, NULL, '{');
		put_members(r->out, v, NULL);
		gh_jout_close(r->out, '}');
	}
	gh_jout_close(r->out, ']');
}

static enum gh_rc show(struct gh_task_run *r, struct gh_err *err)
{
	const struct gh_jval *d;
	enum gh_rc rc = named(r, "deploy.read", &d, err);
	if (rc == GH_OK && lost(r, d)) {
		write_off(r, d);
		rc = named(r, "deploy.read", &d, err);
	}
	if (rc != GH_OK)
		return rc;
	struct gh_id id = gh_id(gh_span_str(gh_in_text(d, "id", "")));
	put_deployment(r, d);
	attempts(r, &id);
	return GH_OK;
}

static const struct gh_op_field name_in[] = {
	{ "name", GH_IN_WORD, true, "TENANT/NAME, or NAME where no other tenant has one" },
	{ 0 },
};
const struct gh_task gh_task_deployment_show = {
	.name = "deployment.show",
	.about = "Show one deployment: isolation, evidence, measurement, resources, what its engine tried.",
	.in = name_in,
	.run = show,
};

/* ---- its socket, its log: as descriptors ----------------------------------------------------------------------------------------------- */
static enum gh_rc log_of(struct gh_task_run *r, struct gh_err *err)
{
	const struct gh_jval *d;
	enum gh_rc rc = named(r, "deploy.read", &d, err);
	if (rc != GH_OK)
		return rc;
	struct gh_id id = gh_id(gh_span_str(gh_in_text(d, "id", "")));
	int dir = gh_rundir_open(home(r), &id);
	r->fd_out = dir < 0 ? -1 : openat(dir, "log", O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (dir >= 0)
		(void)close(dir);
	gh_jout_str(r->out, "name", gh_in_text(d, "name", ""));
	gh_jout_str(r->out, "state", gh_in_text(d, "state", ""));
	gh_jout_bool(r->out, "there", r->fd_out >= 0);
	return GH_OK;
}

const struct gh_task gh_task_deployment_log = {
	.name = "deployment.log",
	.about = "Open what a deployment's engine printed.",
	.in = name_in,
	.run = log_of,
};

static enum gh_rc use(struct gh_task_run *r, struct gh_err *err)
{
	const struct gh_jval *d;
	char socket[GH_RUN_PATH];
	enum gh_rc rc = named(r, "deploy.use", &d, err);
	if (rc != GH_OK)
		return rc;
	struct gh_id id = gh_id(gh_span_str(gh_in_text(d, "id", "")));
	if (!is(d, "state", "running") || !gh_rundir_alive(home(r), &id) || !gh_rundir_socket(home(r), &id, socket))
		return gh_fail(err, GH_E_ABSENT, "the deployment %s does not run: it is %s%s%s",
			       gh_in_text(d, "name", ""), gh_in_text(d, "state", ""),
			       gh_in_text(d, "reason", "")[0] != '\0' ? ": " : "", gh_in_text(d, "reason", ""));
	gh_jout_str(r->out, "name", gh_in_text(d, "name", ""));
	gh_jout_str(r->out, "model", gh_in_text(d, "model", ""));
	gh_jout_str(r->out, "socket", socket);
	return GH_OK;
}

const struct gh_task gh_task_deployment_use = {
	.name = "deployment.use",
	.about = "Where a running deployment is spoken to.",
	.in = name_in,
	.run = use,
};

/* ---- stopping ---------------------------------------------------------------------------------------------------------------------------- */
static enum gh_rc stop(struct gh_task_run *r, struct gh_err *err)
{
	gh_auto_buf in = gh_buf(1024);
	const struct gh_jval *d;
	struct gh_err none = { 0 };
	struct gh_jout j = gh_jout(&in);
	gh_jout_open(&j, NULL, '{');
	gh_jout_str(&j, "name", gh_in_text(r->in, "name", ""));
	gh_jout_close(&j, '}');
	enum gh_rc rc = step(r, r->key, "deploy.stop", &in, &d, err);
	if (rc != GH_OK)
		return rc;
	struct gh_id id = gh_id(gh_span_str(gh_in_text(d, "id", "")));
	(void)gh_rundir_ask(home(r), &id, GH_RUN_CHECK, NULL, &none);
	if (!gh_rundir_wait_end(home(r), &id, STOP_MS))
		return gh_fail(err, GH_E_IO,
			       "%s is recorded as stopped, and its supervisor does not end: see `gatehouse inspect`",
			       gh_in_text(d, "name", ""));
	put_members(r->out, d, NULL);
	return GH_OK;
}

const struct gh_task gh_task_deployment_stop = {
	.name = "deployment.stop",
	.about = "Stop a deployment.",
	.in = name_in,
	.run = stop,
};

/* ---- what a change means for what runs ------------------------------------------------------------------------------------------------ */
static struct gh_span known_of(struct gh_task_run *r, const char *model)
{
	const struct gh_jval *shown;
	struct gh_docs_owner owner;
	struct gh_docs docs = { 0 };
	struct gh_span facts = { 0 };
	struct gh_err none = { 0 };
	if (gh_known_version(r, model, &shown, &owner, &none) == GH_OK &&
	    gh_docs_open(&docs, r->service, NULL, &owner, GH_VAULT_DOCUMENT, &none) == GH_OK)
		(void)gh_known_facts(&docs, shown, r->arena, &facts, &none);
	gh_docs_close(&docs);
	return facts;
}

static void again(struct gh_task_run *r, const struct gh_jval *d, bool quiet)
{
	gh_auto_buf in = gh_buf(16 << 20);
	const struct gh_jval *out;
	struct gh_err none = { 0 };
	struct gh_id id = gh_id(gh_span_str(gh_in_text(d, "id", "")));
	struct gh_span known = known_of(r, gh_in_text(d, "model", ""));
	struct gh_jout j = gh_jout(&in);
	gh_jout_open(&j, NULL, '{');
	gh_jout_str(&j, "id", id.s);
	if (known.n > 0)
		gh_jout_span(&j, "known", known);
	gh_jout_close(&j, '}');
	enum gh_rc rc = step(r, NULL, "deploy.again", &in, &out, &none);
	/* Told in every case: who could not be judged looks for itself. */
	(void)gh_rundir_ask(home(r), &id, GH_RUN_CHECK, NULL, &none);
	bool ends = rc == GH_OK && !is(out, "state", "running");
	if (ends)
		(void)gh_rundir_wait_end(home(r), &id, STOP_MS);
	if (quiet)
		return;
	gh_jout_open(r->out, NULL, '{');
	gh_jout_str(r->out, "name", gh_in_text(d, "name", ""));
	gh_jout_str(r->out, "tenant", gh_in_text(d, "tenant", ""));
	gh_jout_str(r->out, "state", rc == GH_OK ? gh_in_text(out, "state", "") : "running");
	gh_jout_str(r->out, "reason", rc == GH_OK ? gh_in_text(out, "reason", "") : "");
	gh_jout_close(r->out, '}');
}

static enum gh_rc inform(struct gh_task_run *r, struct gh_err *err)
{
	gh_auto_buf in = gh_buf(64);
	const struct gh_jval *v;
	struct gh_task_run local = *r;
	const char *model = gh_in_text(r->in, "model", NULL);
	/* Whoever asks from outside must be somebody, who may see deployments; and is told of none. */
	enum gh_rc rc = r->key != NULL ? step(r, r->key, "deploy.list", &in, &v, err) : GH_OK;
	if (rc != GH_OK)
		return rc;
	local.key = NULL; /* whoever made the change may know nothing of what runs on it */
	gh_buf_str(&in, "{\"state\":\"running\"}");
	rc = step(&local, NULL, "deploy.list", &in, &v, err);
	if (rc != GH_OK)
		return rc;
	gh_jout_open(r->out, "informed", '[');
	for (const struct gh_jval *d = gh_jfirst(gh_jget(v, "deployments")); d != NULL; d = d->next)
		if (model == NULL || is(d, "model", model))
			again(&local, d, r->key != NULL);
	gh_jout_close(r->out, ']');
	return GH_OK;
}

static const struct gh_op_field inform_in[] = { { "model", GH_IN_VERSION, false, "only those of this version" },
						{ 0 } };
/* Harmless to ask for: it can only find that something may not run any more. */
const struct gh_task gh_task_deployment_recheck = {
	.name = "deployment.recheck",
	.about = "Ask the policy again about everything that runs, and end what may not any more.",
	.in = inform_in,
	.run = inform,
};
