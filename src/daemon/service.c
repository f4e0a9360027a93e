#include "daemon/service.h"

#include "catalog/blobrun.h"
#include "daemon/inform.h"
#include "daemon/service_int.h"
#include "daemon/task.h"
#include "os/call.h"
#include "os/role.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { END_MS = 15000, CATALOG_VAULT = 4, BLOB_VAULT = 4, WAIT_MS = 600000 };

const struct gh_home *gh_service_home(const struct gh_service *s) { return &s->home; }

void gh_service_progress(struct gh_service *s, uint64_t done, uint64_t all)
{
	if (s->how.progress != NULL)
		s->how.progress(s->how.progress_arg, done, all);
}

/* ---- starting ---------------------------------------------------------------------------------------------------------- */

enum gh_rc gh_service_start_vault(struct gh_service *s, struct gh_err *err)
{
	char keys[GH_HOME_PATH + 8];
	int sock;
	const char *u = s->home.unlock, *tpm = s->how.tpm;
	if (tpm == NULL && strncmp(u, "tpm", 3) == 0) /* "tpm" or "tpm:TCTI" */
		tpm = u[3] == ':' ? u + 4 : "device:/dev/tpmrm0";
	const char *argv[] = { gh_home_path(&s->home, "keys", keys, sizeof keys), tpm, NULL };
	if (argv[0] == NULL)
		return gh_fail(err, GH_E_LIMIT, "the path of the home directory is too long");
	GH_TRY(gh_role_spawn("vault", argv, NULL, NULL, 0, false, &s->vault_pid, &sock, err), err, "the vault");
	s->vault = gh_vault_new(sock, NULL, NULL);
	return s->vault != NULL ? GH_OK : gh_fail(err, GH_E_NOMEM, "no memory");
}

static enum gh_rc unlock(struct gh_service *s, struct gh_err *err)
{
	struct gh_vault_secret secret;
	if (s->how.secret.method != 0)
		return gh_vault_unlock(s->vault, &s->how.secret, err);
	GH_TRY(gh_service_secret(&s->home, &s->how, false, &secret, err), err, "the keys stay locked");
	enum gh_rc rc = gh_vault_unlock(s->vault, &secret, err);
	if (secret.fd >= 0)
		(void)close(secret.fd);
	return rc;
}

size_t gh_service_environment(const char **env, size_t cap, char *room, size_t room_n)
{
	static const char *const names[] = {
		"PGPASSFILE",	     "PGPASSWORD",	  "PGSSLMODE",
		"PGSSLROOTCERT",     "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY",
		"AWS_SESSION_TOKEN", "GATEHOUSE_ANCHOR",  "AWS_SHARED_CREDENTIALS_FILE",
#ifdef GH_TEST_HOOKS
		"LD_PRELOAD", /* faults of the disk, put in between by script/test-faults */
#endif
	};
	size_t n = 0, at = 0;
	for (size_t i = 0; i < sizeof names / sizeof *names && n + 1 < cap; i++) {
		const char *v = getenv(names[i]);
		int k = v == NULL ? 0 : snprintf(room + at, room_n - at, "%s=%s", names[i], v);
		if (k <= 0 || (size_t)k >= room_n - at)
			continue;
		env[n++] = room + at;
		at += (size_t)k + 1;
	}
	env[n] = NULL;
	return n;
}

static enum gh_rc start_catalog(struct gh_service *s, struct gh_err *err)
{
	int pair[2] = { -1, -1 };
	char room[8192];
	const char *env[16];
	const char *argv[] = { s->home.dir, NULL };
	struct gh_os_fd more = { -1, CATALOG_VAULT };
	(void)gh_service_environment(env, 16, room, sizeof room);
	if (s->vault != NULL) {
		if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0)
			return gh_fail_sys(err, errno, "a channel between catalog and vault");
		more.from = pair[1];
	}
	enum gh_rc rc = s->vault != NULL ? gh_vault_attach_catalog(s->vault, pair[0], err) : GH_OK;
	if (rc == GH_OK)
		rc = gh_role_spawn("catalog", argv, env, &more, s->vault != NULL, true, &s->catalog_pid, &s->catalog,
				   err);
	for (int i = 0; i < 2; i++)
		if (pair[i] >= 0)
			(void)close(pair[i]);
	if (rc != GH_OK)
		return rc;
	struct gh_call_head h; /* it says when it is ready, or why it cannot be */
	gh_auto_buf text = gh_buf(4096);
	rc = gh_call_recv(s->catalog, &h, &text, NULL, WAIT_MS, err);
	if (rc == GH_E_ABSENT)
		return gh_fail(err, GH_E_BUG, "the catalog process ended before it was ready");
	if (rc == GH_OK && h.code != GH_OK)
		rc = gh_fail_line(err, h.code <= GH_E_EXISTS ? (enum gh_rc)h.code : GH_E_BUG, gh_buf_cstr(&text));
	return rc;
}

/* Both ways to open begin alike: find the home, and whether a daemon has it. */
static struct gh_service *begin(const struct gh_service_how *how, enum gh_rc *rc, struct gh_err *err)
{
	struct gh_service *s = calloc(1, sizeof *s);
	if (s == NULL || pthread_mutex_init(&s->lock, NULL) != 0) {
		free(s);
		*rc = gh_fail(err, GH_E_NOMEM, "no memory");
		return NULL;
	}
	s->how = *how;
	s->catalog = s->remote = -1;
	char dir[GH_HOME_PATH];
	*rc = gh_home_find(how->home, dir, err);
	if (*rc == GH_OK)
		*rc = gh_home_load(dir, &s->home, err);
	if (*rc == GH_OK && !how->alone)
		*rc = gh_service_remote(s, err);
	return s;
}

static enum gh_rc begun(struct gh_service *s, enum gh_rc rc, struct gh_service **out)
{
	if (rc != GH_OK)
		gh_service_close(s);
	*out = rc == GH_OK ? s : NULL;
	return rc;
}

enum gh_rc gh_service_open(const struct gh_service_how *how, struct gh_service **out, struct gh_err *err)
{
	enum gh_rc rc;
	struct gh_service *s = begin(how, &rc, err);
	if (rc == GH_OK && s->remote < 0) {
		if (how->keys) {
			rc = gh_service_start_vault(s, err);
			if (rc == GH_OK)
				rc = unlock(s, err);
		}
		if (rc == GH_OK)
			rc = start_catalog(s, err);
	}
	return begun(s, rc, out);
}

enum gh_rc gh_service_open_vault(const struct gh_service_how *how, struct gh_service **out, struct gh_err *err)
{
	enum gh_rc rc;
	struct gh_service *s = begin(how, &rc, err);
	if (rc == GH_OK && s->remote >= 0)
		rc = gh_fail(err, GH_E_DENIED, "a gatehouse process serves this home and has its keys: stop it first");
	if (rc == GH_OK)
		rc = gh_service_start_vault(s, err);
	return begun(s, rc, out);
}

enum gh_rc gh_service_vault(struct gh_service *s, struct gh_vault **out, struct gh_err *err)
{
	if (s->vault == NULL)
		return gh_fail(err, GH_E_DENIED, "the keys are with another process");
	*out = s->vault;
	return GH_OK;
}

void gh_service_close(struct gh_service *s)
{
	if (s == NULL)
		return;
	if (s->remote >= 0)
		(void)close(s->remote);
	/* The catalog first: it makes the log durable, for which it needs the vault. */
	(void)gh_role_end(&s->catalog_pid, &s->catalog, END_MS);
	gh_vault_free(s->vault);
	int none = -1;
	(void)gh_role_end(&s->vault_pid, &none, END_MS);
	(void)pthread_mutex_destroy(&s->lock);
	free(s);
}

/* ---- asking ------------------------------------------------------------------------------------------------------------ */

static void request(struct gh_buf *b, const char *op, const char *key, struct gh_span in)
{
	gh_buf_str(b, "{\"op\":");
	gh_buf_json(b, gh_span_str(op));
	if (key != NULL) {
		gh_buf_str(b, ",\"key\":");
		gh_buf_json(b, gh_span_str(key));
	}
	gh_buf_str(b, ",\"in\":");
	if (in.n == 0)
		gh_buf_str(b, "{}");
	else
		gh_buf_span(b, in);
	gh_buf_ch(b, '}');
}

/* {"ok": …}: the code and line of a failure, the object of an answer. */
static enum gh_rc unpack(struct gh_span text, struct gh_arena *a, const struct gh_jval **out, struct gh_err *err)
{
	const struct gh_jval *v;
	*out = NULL;
	GH_TRY(gh_jdom_parse(a, text, &v, err), err, "the answer of the catalog");
	*out = gh_jget(v, "out");
	if (gh_jtrue(gh_jget(v, "ok")))
		return *out != NULL ? GH_OK : gh_fail(err, GH_E_BUG, "an answer without content");
	const char *code = gh_jstr(v, "code"), *line = gh_jstr(v, "error");
	enum gh_rc rc = code == NULL ? GH_E_BUG : gh_op_code_named(code);
	return gh_fail_line(err, rc == GH_OK ? GH_E_BUG : rc, line == NULL ? "the catalog gave no reason" : line);
}

static enum gh_rc talk(struct gh_service *s, int sock, bool internal, const char *key, const char *op,
		       struct gh_span in, int fd, struct gh_arena *a, const struct gh_jval **out, int *fd_out,
		       struct gh_err *err)
{
	gh_auto_buf text = gh_buf(GH_CALL_TEXT);
	struct gh_call_head h = { .kind = internal ? GH_SERVICE_STEP : GH_SERVICE_ASK };
	*out = NULL;
	request(&text, op, key, in);
	if (text.full)
		return gh_fail(err, GH_E_LIMIT, "the request is too large");
	(void)pthread_mutex_lock(&s->lock);
	h.number = ++s->number;
	enum gh_rc rc = GH_OK;
	if (!gh_call_send(sock, &h, gh_buf_view(&text), fd))
		rc = gh_fail(err, GH_E_IO, "the catalog process has ended");
	if (rc == GH_OK)
		rc = gh_call_recv(sock, &h, &text, fd_out, WAIT_MS, err);
	if (rc == GH_E_ABSENT)
		rc = gh_fail(err, GH_E_IO, "the catalog process has ended");
	if (rc == GH_OK && h.number != s->number)
		rc = gh_fail(err, GH_E_BUG, "an answer to another question");
	(void)pthread_mutex_unlock(&s->lock);
	if (rc != GH_OK)
		return rc;
	rc = unpack(gh_buf_view(&text), a, out, err);
	if (rc != GH_OK && fd_out != NULL && *fd_out >= 0) {
		(void)close(*fd_out);
		*fd_out = -1;
	}
	return rc;
}

enum gh_rc gh_service_step(struct gh_service *s, const char *key, const char *op, struct gh_span in, int fd,
			   struct gh_arena *a, const struct gh_jval **out, int *fd_out, struct gh_err *err)
{
	if (fd_out != NULL)
		*fd_out = -1;
	return talk(s, s->catalog, true, key, op, in, fd, a, out, fd_out, err);
}

enum gh_rc gh_service_ask(struct gh_service *s, const char *op, struct gh_span in, int fd, struct gh_arena *a,
			  const struct gh_jval **out, int *fd_out, struct gh_err *err)
{
	if (fd_out != NULL)
		*fd_out = -1;
	*out = NULL;
	if (s->remote >= 0)
		return talk(s, s->remote, false, s->how.api_key, op, in, fd, a, out, fd_out, err);
	const struct gh_task *t = gh_task_named(gh_span_str(op));
	if (t == NULL) {
		enum gh_rc asked = talk(s, s->catalog, false, s->how.api_key, op, in, fd, a, out, fd_out, err);
		if (asked == GH_OK && gh_inform_wanted(gh_span_str(op)))
			gh_inform(s);
		return asked;
	}
	gh_auto_buf answer = gh_buf(GH_CALL_TEXT);
	enum gh_rc rc = gh_task_serve(s, t, s->how.api_key, in, fd, &answer, fd_out, err);
	if (rc == GH_OK && gh_inform_wanted(gh_span_str(op)))
		gh_inform(s);
	if (answer.n == 0)
		return rc;
	const struct gh_jval *v;
	struct gh_err broken = { 0 };
	if (gh_jdom_parse(a, gh_buf_view(&answer), &v, &broken) != GH_OK)
		return rc != GH_OK ? rc : gh_fail(err, GH_E_BUG, "the answer of %s is no JSON", op);
	*out = v;
	return rc;
}

enum gh_rc gh_service_forward(struct gh_service *s, struct gh_span request, bool local, int fd, struct gh_buf *answer,
			      int *fd_out, struct gh_err *err)
{
	struct gh_call_head h = { .kind = GH_SERVICE_ASK, .a = { local ? 0 : 1 } };
	(void)pthread_mutex_lock(&s->lock);
	h.number = ++s->number;
	enum gh_rc rc = gh_call_send(s->catalog, &h, request, fd)
				? gh_call_recv(s->catalog, &h, answer, fd_out, WAIT_MS, err)
				: gh_fail(err, GH_E_IO, "the catalog process has ended");
	(void)pthread_mutex_unlock(&s->lock);
	return rc;
}

/* ---- blob processes ------------------------------------------------------------------------------------------------------ */

enum gh_rc gh_service_blob(struct gh_service *s, struct gh_service_blob *out, struct gh_err *err)
{
	int pair[2], sock = -1;
	*out = (struct gh_service_blob){ 0 };
	if (s->vault == NULL)
		return gh_fail(err, GH_E_DENIED, "the keys are locked");
	GH_TRY(gh_id_new(&out->session, err), err, "a session");
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0)
		return gh_fail_sys(err, errno, "a channel to the vault");
	const struct gh_os_fd more = { pair[1], BLOB_VAULT };
	enum gh_rc rc = gh_role_spawn("blob", NULL, NULL, &more, 1, false, &out->pid, &sock, err);
	if (rc == GH_OK) {
		(void)pthread_mutex_lock(&s->lock);
		rc = gh_vault_attach_blob(s->vault, pair[0], &out->session, err);
		(void)pthread_mutex_unlock(&s->lock);
		out->blob = rc == GH_OK ? gh_blobrun_new(sock, err) : NULL;
		if (rc != GH_OK)
			(void)close(sock);
		else if (out->blob == NULL)
			rc = err != NULL && err->rc != GH_OK ? err->rc : GH_E_BUG;
	}
	(void)close(pair[0]);
	(void)close(pair[1]);
	if (rc != GH_OK)
		gh_service_blob_end(out);
	return rc;
}

void gh_service_blob_end(struct gh_service_blob *b)
{
	int none = -1;
	gh_blobrun_free(b->blob);
	b->blob = NULL;
	(void)gh_role_end(&b->pid, &none, 2000);
}
