/* `deploy`: policy gate → isolation → evidence → key → engine. Main's part: it asks the catalog for each decision and carries bytes
 * between processes that do not trust one another. It sees ciphertext, evidence and sealed keys.
 *
 * The runner starts first: while it reads and measures what would run, the model is looked up. Nothing of a model is touched before
 * the policy has said yes; when anything fails, the runner's socket closes and everything it began ends. */
#include "daemon/deploy.h"

#include "api/check.h"
#include "catalog/name.h"
#include "daemon/rundir.h"
#include "daemon/runner.h"
#include "daemon/service_int.h"
#include "os/call.h"
#include "os/role.h"
#include "runtime/engines.h"
#include "wire/b64.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { IN = 16 << 20 };

uint64_t gh_deploy_us(void)
{
	struct timespec t;
	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

enum gh_rc gh_deploy_step(struct gh_deploy *d, const char *op, struct gh_buf *in, const struct gh_jval **out,
			  int *fd_out, struct gh_err *err)
{
	return gh_service_step(d->run->service, d->run->key, op, gh_buf_view(in), -1, d->run->arena, out, fd_out, err);
}

static const char *text(const struct gh_deploy *d, const char *name) { return gh_in_text(d->run->in, name, NULL); }

/* ---- the runner --------------------------------------------------------------------------------------------------------------- */
static enum gh_rc spawn(struct gh_deploy *d, struct gh_err *err)
{
	const char *argv[] = { gh_service_home(d->run->service)->dir, d->engine, d->isolation, d->engine_dir, NULL };
	const char *env[16];
	char room[8192];
	/* It starts catalog processes of its own to ask whether it may go on; the jail gets nothing of this. */
	(void)gh_service_environment(env, 16, room, sizeof room);
	GH_TRY(gh_role_spawn("runner", argv, env, NULL, 0, false, &d->pid, &d->sock, err), err, "the supervisor");
	/* It goes on in a child of its own, so that it is nobody's to wait for but init's. */
	while (waitpid(d->pid, NULL, 0) < 0 && errno == EINTR)
		;
	return GH_OK;
}

/* What it says instead of what was expected. */
static enum gh_rc runner_failed(struct gh_deploy *d, struct gh_span said, struct gh_err *err)
{
	const struct gh_jval *v;
	if (gh_jdom_parse(d->run->arena, gh_keep(d->run->arena, said), &v, err) != GH_OK)
		return gh_fail(err, GH_E_BUG, "the supervisor");
	const char *check = gh_in_text(v, "check", "launch"), *why = gh_in_text(v, "why", "it ended");
	d->why = check;
	return gh_fail(err, gh_jtrue(gh_jget(v, "denied")) ? GH_E_DENIED : GH_E_UNREAD, "%s: %s", check, why);
}

static enum gh_rc hear(struct gh_deploy *d, struct gh_call_head *h, struct gh_buf *b, struct gh_err *err)
{
	enum gh_rc rc = gh_call_recv(d->sock, h, b, NULL, GH_RUNNER_START_MS, err);
	if (rc != GH_OK)
		return gh_fail(err, rc == GH_E_ABSENT ? GH_E_UNREAD : rc, "the supervisor of the deployment ended");
	return h->kind == GH_RUNNER_FAILED ? runner_failed(d, gh_buf_view(b), err) : GH_OK;
}

static enum gh_rc say(struct gh_deploy *d, enum gh_runner_say kind, struct gh_span s, int fd, struct gh_err *err)
{
	const struct gh_call_head h = { .kind = kind };
	return gh_call_send(d->sock, &h, s, fd) ? GH_OK
						: gh_fail(err, GH_E_UNREAD, "the supervisor of the deployment ended");
}

static enum gh_rc measured(struct gh_deploy *d, struct gh_err *err)
{
	gh_auto_buf b = gh_buf(GH_CALL_TEXT);
	struct gh_call_head h;
	const struct gh_jval *v;
	enum gh_rc rc = hear(d, &h, &b, err);
	if (rc != GH_OK)
		return rc;
	if (h.kind != GH_RUNNER_MEASURED)
		return gh_fail(err, GH_E_BUG, "the supervisor said what it may not say");
	GH_TRY(gh_jdom_parse(d->run->arena, gh_keep(d->run->arena, gh_buf_view(&b)), &v, err), err, "the supervisor");
	if (!gh_digest_ok(gh_span_str(gh_in_text(v, "digest", ""))))
		return gh_fail(err, GH_E_BUG, "the supervisor measured nothing");
	memcpy(d->measurement, gh_in_text(v, "digest", ""), sizeof d->measurement);
	d->list = gh_in_text(v, "list", "");
	d->directory = strcmp(gh_in_text(v, "model", ""), "directory") == 0;
	return GH_OK;
}

/* ---- decisions of the catalog --------------------------------------------------------------------------------------------------- */
static void copy_text(struct gh_jout *j, const struct gh_deploy *d, const char *name)
{
	if (text(d, name) != NULL)
		gh_jout_str(j, name, text(d, name));
}

static enum gh_rc begin(struct gh_deploy *d, struct gh_err *err)
{
	gh_auto_buf in = gh_buf(IN);
	const struct gh_jval *v;
	struct gh_jout j = gh_jout(&in);
	gh_jout_open(&j, NULL, '{');
	gh_jout_str(&j, "model", d->model);
	gh_jout_str(&j, "name", d->name);
	gh_jout_str(&j, "engine", d->engine);
	if (d->engine_dir != NULL)
		gh_jout_str(&j, "engine_dir", d->engine_dir);
	gh_jout_str(&j, "isolation", d->isolation);
	/* At best; what it amounts to is known when it was judged. */
	gh_jout_str(&j, "class", d->tcti != NULL ? "tpm" : "software");
	gh_jout_str(&j, "kind", d->tcti != NULL ? "tpm" : "software");
	gh_jout_str(&j, "measurement", d->measurement);
	copy_text(&j, d, "least");
	copy_text(&j, d, "restart");
	copy_text(&j, d, "accept");
	copy_text(&j, d, "again");
	if (gh_jget(d->run->in, "tolerated") != NULL)
		gh_jout_number(&j, "tolerated", (uint64_t)gh_in_number(d->run->in, "tolerated", 0));
	if (d->own.known.n > 0)
		gh_jout_span(&j, "known", d->own.known);
	if (d->base.known.n > 0)
		gh_jout_span(&j, "known_base", d->base.known);
	gh_jout_close(&j, '}');
	enum gh_rc rc = gh_deploy_step(d, "deploy.begin", &in, &v, NULL, err);
	if (rc != GH_OK)
		return rc;
	d->id = gh_id(gh_span_str(gh_in_text(v, "id", "")));
	d->nonce = gh_in_text(v, "nonce", "");
	d->digest = gh_in_text(v, "model", "");
	d->policies = gh_in_text(v, "policies", "");
	d->allowed = gh_jget(v, "measurements");
	d->tolerated = (uint64_t)gh_in_number(v, "tolerated", 0);
	gh_auto_buf none = gh_buf(16);
	GH_TRY(gh_deploy_step(d, "deploy.node", &none, &v, NULL, err), err, "the node's key");
	const char *spki = gh_in_text(v, "spki", "");
	uint8_t *der = gh_alloc(d->run->arena, strlen(spki) / 2 + 1, 1);
	if (der == NULL || strlen(gh_in_text(v, "node", "")) != 64 || strlen(spki) % 2 != 0 ||
	    !gh_b16_take(gh_span_str(spki), der, strlen(spki) / 2))
		return gh_fail(err, GH_E_BUG, "the node's key is none");
	memcpy(d->node, gh_in_text(v, "node", ""), sizeof d->node);
	d->spki = (struct gh_span){ der, strlen(spki) / 2 };
	return GH_OK;
}

static void put_file(struct gh_jout *j, const struct gh_deploy_file *f)
{
	char hex[65];
	gh_jout_open(j, NULL, '{');
	gh_jout_str(j, "blob", f->blob.s);
	gh_jout_str(j, "tenant", f->tenant.s);
	gh_jout_number(j, "size", f->file.size);
	gh_hex_put(hex, f->file.sha256, sizeof f->file.sha256);
	gh_jout_str(j, "sha256", hex);
	gh_jout_str(j, "name", f->file.name);
	gh_jout_close(j, '}');
}

static enum gh_rc start(struct gh_deploy *d, struct gh_err *err)
{
	static const char *const numbers[] = { "memory", "disk", "cpu", "threads", "context", "parallel" };
	gh_auto_buf b = gh_buf(1 << 20);
	struct gh_jout j = gh_jout(&b);
	gh_jout_open(&j, NULL, '{');
	gh_jout_str(&j, "id", d->id.s);
	gh_jout_str(&j, "nonce", d->nonce);
	gh_jout_str(&j, "model", d->digest);
	gh_jout_str(&j, "policies", d->policies);
	gh_jout_str(&j, "node", d->node);
	gh_jout_str(&j, "alias", d->model);
	if (d->tcti != NULL)
		gh_jout_str(&j, "tcti", d->tcti);
	gh_jout_number(&j, "tolerated", d->tolerated);
	gh_jout_number(&j, "adapters", d->base.shown != NULL ? 1 : 0);
	for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
		if (gh_jget(d->run->in, numbers[i]) != NULL)
			gh_jout_number(&j, numbers[i], (uint64_t)gh_in_number(d->run->in, numbers[i], 0));
	gh_jout_open(&j, "files", '[');
	for (size_t i = 0; i < d->nfile; i++)
		put_file(&j, &d->files[i]);
	gh_jout_close(&j, ']');
	gh_jout_close(&j, '}');
	return say(d, GH_RUNNER_START, gh_buf_view(&b), -1, err);
}

static enum gh_rc hand_over(struct gh_deploy *d, struct gh_err *err)
{
	for (size_t i = 0; i < d->nfile; i++) {
		gh_auto_buf in = gh_buf(256);
		const struct gh_jval *v;
		int fd = -1;
		gh_buf_fmt(&in, "{\"id\":\"%s\",\"blob\":\"%s\"}", d->id.s, d->files[i].blob.s);
		enum gh_rc rc = gh_deploy_step(d, "deploy.blob", &in, &v, &fd, err);
		if (rc == GH_OK && fd < 0)
			rc = gh_fail(err, GH_E_BUG, "the catalog gave no descriptor");
		if (rc == GH_OK)
			rc = say(d, GH_RUNNER_FILE, (struct gh_span){ 0 }, fd, err);
		if (fd >= 0)
			(void)close(fd);
		if (rc != GH_OK)
			return gh_fail(err, rc, "file %zu of the model", i);
	}
	return GH_OK;
}

/* ---- what the runner asks for ----------------------------------------------------------------------------------------------------- */
static enum gh_rc sign(struct gh_deploy *d, struct gh_span tbs, struct gh_err *err)
{
	gh_auto_buf in = gh_buf(4096);
	const struct gh_jval *v;
	uint8_t sig[64];
	char hex[2 * 1024 + 1];
	if (tbs.n > 1024)
		return gh_fail(err, GH_E_BUG, "the supervisor wants something else signed");
	gh_b16(hex, tbs);
	gh_buf_fmt(&in, "{\"id\":\"%s\",\"tbs\":\"%s\"}", d->id.s, hex);
	uint64_t from = gh_deploy_us();
	enum gh_rc rc = gh_deploy_step(d, "deploy.sign", &in, &v, NULL, err);
	bool ok = rc == GH_OK && gh_b16_take(gh_span_str(gh_in_text(v, "sig", "")), sig, sizeof sig);
	d->ms_attest += gh_deploy_us() - from;
	GH_TRY(say(d, GH_RUNNER_SIGNED, (struct gh_span){ sig, ok ? sizeof sig : 0 }, -1, err), err, "evidence");
	return ok ? GH_OK : gh_fail(err, rc != GH_OK ? rc : GH_E_BUG, "the evidence could not be signed");
}

static enum gh_rc evidence(struct gh_deploy *d, struct gh_span said, struct gh_err *err)
{
	gh_auto_buf keys = gh_buf(GH_STUB_PACKET);
	uint8_t key[GH_STUB_KEY];
	if (d->tcti != NULL && d->quote.quote.n == 0)
		return gh_fail(err, GH_E_BUG, "the supervisor has no quote of the TPM");
	if (said.n <= 64 || !gh_b16_take(gh_span_cut(said, 0, 64), key, sizeof key))
		return gh_fail(err, GH_E_BUG, "the supervisor's evidence is none");
	enum gh_rc rc = gh_deploy_prove(d, key, gh_span_cut(said, 64, said.n), &keys, err);
	return rc == GH_OK ? say(d, GH_RUNNER_KEYS, gh_buf_view(&keys), -1, err) : rc;
}

/* Until READY: what the runner says, in the order in which it may say it. */
static enum gh_rc follow(struct gh_deploy *d, struct gh_buf *ready, struct gh_err *err)
{
	uint64_t loaded = gh_deploy_us();
	unsigned signs = 0, quotes = 0, proofs = 0;
	for (;;) {
		gh_auto_buf b = gh_buf(GH_CALL_TEXT);
		struct gh_call_head h;
		enum gh_rc rc = hear(d, &h, &b, err);
		if (rc == GH_OK && h.kind == GH_RUNNER_SIGN && signs++ == 0)
			rc = sign(d, gh_buf_view(&b), err);
		else if (rc == GH_OK && h.kind == GH_RUNNER_QUOTE && d->tcti != NULL && proofs == 0 && quotes++ == 0)
			rc = gh_deploy_tpm_quoted(d, gh_buf_view(&b), err);
		else if (rc == GH_OK && h.kind == GH_RUNNER_EVIDENCE && proofs++ == 0) {
			d->us_launch = h.a[0];
			d->us_evidence = h.a[1];
			rc = evidence(d, gh_buf_view(&b), err);
		} else if (rc == GH_OK && h.kind == GH_RUNNER_LOADED) {
			d->us_decrypt = h.a[1];
			loaded = gh_deploy_us();
		} else if (rc == GH_OK && h.kind == GH_RUNNER_READY) {
			d->ms_ready = gh_deploy_us() - loaded;
			gh_buf_span(ready, gh_buf_view(&b));
			return GH_OK;
		} else if (rc == GH_OK) {
			rc = gh_fail(err, GH_E_BUG, "the supervisor said what it may not say");
		}
		if (rc != GH_OK)
			return rc;
	}
}

/* ---- the end -------------------------------------------------------------------------------------------------------------------- */
/* Nothing runs: the row says so, and why. What was refused by name stands there already. */
static void abandon(struct gh_deploy *d, const struct gh_err *err)
{
	gh_auto_buf in = gh_buf(8192), safe = gh_buf(1024);
	const struct gh_jval *v;
	char line[GH_ERR_LINKS * GH_ERR_TEXT];
	struct gh_err none = { 0 };
	if (gh_id_none(&d->id) || d->refused)
		return;
	gh_buf_safe(&safe, gh_span_str(gh_err_line(err, line, sizeof line)), 500);
	struct gh_jout j = gh_jout(&in);
	gh_jout_open(&j, NULL, '{');
	gh_jout_str(&j, "id", d->id.s);
	gh_jout_str(&j, "state", "stopped");
	gh_jout_str(&j, "word", "start");
	gh_jout_str(&j, "why", gh_buf_cstr(&safe));
	gh_jout_close(&j, '}');
	(void)gh_deploy_step(d, "deploy.ended", &in, &v, NULL, &none);
}

static void put_ms(struct gh_jout *j, const char *name, uint64_t us) { gh_jout_real(j, name, (double)us / 1000.0); }

static void answer(struct gh_deploy *d, uint64_t total)
{
	struct gh_jout *o = d->run->out;
	char socket[GH_RUN_PATH];
	gh_jout_str(o, "id", d->id.s);
	gh_jout_str(o, "name", d->name);
	gh_jout_str(o, "model", d->model);
	gh_jout_str(o, "state", "running");
	gh_jout_str(o, "engine", d->engine);
	gh_jout_str(o, "socket",
		    gh_rundir_socket(gh_service_home(d->run->service)->dir, &d->id, socket) ? socket : NULL);
	gh_jout_str(o, "isolation", d->isolation);
	gh_jout_open(o, "evidence", '{');
	gh_jout_str(o, "class", d->cls);
	gh_jout_str(o, "kind", d->kind);
	gh_jout_close(o, '}');
	gh_jout_open(o, "measurements", '{');
	gh_jout_str(o, "digest", d->measurement);
	gh_jout_str(o, "list", d->list);
	gh_jout_close(o, '}');
	gh_jout_open(o, "timings_ms", '{');
	put_ms(o, "policy", d->ms_policy);
	put_ms(o, "launch", d->us_launch);
	put_ms(o, "attest", d->ms_attest);
	put_ms(o, "key", d->ms_key);
	put_ms(o, "decrypt", d->us_decrypt);
	put_ms(o, "ready", d->ms_ready);
	put_ms(o, "total", total);
	gh_jout_close(o, '}');
}

static enum gh_rc running(struct gh_deploy *d, struct gh_err *err)
{
	gh_auto_buf in = gh_buf(256);
	const struct gh_jval *v;
	gh_buf_fmt(&in, "{\"id\":\"%s\"}", d->id.s);
	enum gh_rc rc = gh_deploy_step(d, "deploy.running", &in, &v, NULL, err);
	return rc == GH_OK ? say(d, GH_RUNNER_GO, (struct gh_span){ 0 }, -1, err) : rc;
}

static enum gh_rc deploy(struct gh_deploy *d, struct gh_err *err)
{
	gh_auto_buf ready = gh_buf(64 << 10);
	uint64_t from = gh_deploy_us();
	enum gh_rc rc = spawn(d, err);
	if (rc == GH_OK)
		rc = gh_deploy_look(d, err);
	if (rc == GH_OK)
		rc = measured(d, err);
	if (rc == GH_OK)
		rc = gh_deploy_choose(d, err);
	if (rc == GH_OK)
		rc = begin(d, err);
	d->ms_policy = gh_deploy_us() - from;
	if (rc == GH_OK)
		rc = start(d, err);
	if (rc == GH_OK)
		rc = hand_over(d, err);
	if (rc == GH_OK)
		rc = follow(d, &ready, err);
	if (rc == GH_OK)
		rc = running(d, err);
	if (rc == GH_OK)
		answer(d, gh_deploy_us() - from);
	else
		abandon(d, err);
	return rc;
}

/* The model's own name, where none was chosen. */
static enum gh_rc own_name(const char *model, char out[GH_NAME_PART + 1], struct gh_err *err)
{
	struct gh_name n;
	GH_TRY(gh_name_parse(gh_span_str(model), GH_NAME_VERSION, &n, err), err, "the model");
	memcpy(out, n.name, sizeof n.name);
	return GH_OK;
}

/* A profile of one's own says which files of this host are executed and shown inside, and a directory says where they lie: for those
 * who may decide for the whole installation. Asked before anything of it is opened. */
static enum gh_rc own_engine(struct gh_deploy *d, struct gh_err *err)
{
	gh_auto_buf none = gh_buf(16);
	const struct gh_jval *v;
	const bool path = strchr(d->engine, '/') != NULL;
	if ((path && d->engine[0] != '/') || (d->engine_dir != NULL && d->engine_dir[0] != '/'))
		return gh_fail(err, GH_E_MALFORMED,
			       "the path of an engine profile, and of an engine's directory, is absolute");
	if (!path && d->engine_dir == NULL)
		return GH_OK;
	enum gh_rc rc = gh_deploy_step(d, "deploy.engine", &none, &v, NULL, err);
	return rc == GH_OK
		       ? rc
		       : gh_fail(err, rc, "%s of one's own", path ? "an engine profile" : "the directory of an engine");
}

static enum gh_rc run(struct gh_task_run *r, struct gh_err *err)
{
	char name[GH_NAME_PART + 1];
	struct gh_deploy d = { .run = r, .sock = -1 };
	d.model = gh_in_text(r->in, "model", "");
	GH_TRY(own_name(d.model, name, err), err, "deploy");
	d.name = gh_in_text(r->in, "name", name);
	d.engine = gh_in_text(r->in, "engine", gh_engine_name_at(0));
	d.engine_dir = gh_in_text(r->in, "engine_dir", NULL);
	d.isolation = gh_in_text(r->in, "isolation", "sandbox");
	d.file = gh_in_text(r->in, "file", NULL);
	if (strcmp(d.isolation, "sandbox") != 0 && strcmp(d.isolation, "microvm") != 0)
		return gh_fail(err, GH_E_MALFORMED, "'%.20s' is no isolation: sandbox or microvm", d.isolation);
	enum gh_rc rc = own_engine(&d, err);
	if (rc != GH_OK)
		return rc;
	GH_TRY(gh_deploy_tpm_ready(&d, err), err, "evidence");
	gh_deploy_settle(r, d.name);
	rc = deploy(&d, err);
	if (d.sock >= 0)
		(void)close(d.sock);
	return rc;
}

static const struct gh_op_field in[] = {
	{ "model", GH_IN_VERSION, true, "what is to run" },
	{ "name", GH_IN_WORD, false, "of the deployment (the model's)" },
	{ "engine", GH_IN_WORD, false, "profile of the engine: a shipped one, or an absolute path" },
	{ "engine_dir", GH_IN_WORD, false, "absolute path of the engine's own directory" },
	{ "isolation", GH_IN_WORD, false, "sandbox (default) or microvm" },
	{ "file", GH_IN_TEXT, false, "which of several GGUF files" },
	{ "least", GH_IN_WORD, false, "class of evidence that is asked for" },
	{ "evidence", GH_IN_WORD, false, "software (default), or tpm: the host's TPM vouches for the launch too" },
	{ "restart", GH_IN_WORD, false, "none (default) or on-failure" },
	{ "tolerated", GH_IN_NUMBER, false, "refused attempts until quarantine" },
	{ "accept", GH_IN_DIGEST, false, "a new measurement that the asker trusts" },
	{ "again", GH_IN_ID, false, "the deployment that failed and is started again" },
	{ "memory", GH_IN_NUMBER, false, "bytes beside the model" },
	{ "disk", GH_IN_NUMBER, false, "bytes" },
	{ "cpu", GH_IN_NUMBER, false, "hundredths of a processor" },
	{ "threads", GH_IN_NUMBER, false, "of the engine" },
	{ "context", GH_IN_NUMBER, false, "tokens" },
	{ "parallel", GH_IN_NUMBER, false, "sequences at a time" },
	{ 0 },
};
const struct gh_task gh_task_deploy = {
	.name = "deploy",
	.about = "Start a model in isolation; its key is released when that has proved what it is.",
	.in = in,
	.run = run,
};
