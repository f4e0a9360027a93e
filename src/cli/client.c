#include "cli/client.h"

#include "base/utf8.h"
#include "cli/progress.h"
#include "format/format.h"
#include "os/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <termios.h>
#include <unistd.h>

enum { ARENA = 256 << 20, PASSPHRASE = 4096 };

/* ---- the passphrase, from the terminal --------------------------------------------------------------------------------------- */

static ssize_t read_line(int tty, char *line, size_t cap)
{
	size_t n = 0;
	while (n < cap) {
		ssize_t r = read(tty, line + n, 1);
		if (r < 0 && errno == EINTR)
			continue;
		if (r <= 0)
			return -1;
		if (line[n] == '\n')
			return (ssize_t)n;
		n++;
	}
	return -1;
}

static ssize_t prompt(int tty, const char *text, char *line, size_t cap)
{
	struct termios was, quiet;
	bool echo = tcgetattr(tty, &was) == 0;
	quiet = was;
	quiet.c_lflag &= ~(tcflag_t)ECHO;
	(void)!write(tty, text, strlen(text));
	(void)!write(tty, ": ", 2);
	if (echo)
		(void)tcsetattr(tty, TCSAFLUSH, &quiet);
	ssize_t n = read_line(tty, line, cap);
	if (echo)
		(void)tcsetattr(tty, TCSAFLUSH, &was);
	(void)!write(tty, "\n", 1);
	return n;
}

/* A memory that holds it; the vault reads it from there. A fresh one is asked for twice. */
static int ask_passphrase(void *arg, const char *what, struct gh_err *err)
{
	char line[PASSPHRASE], again[PASSPHRASE];
	(void)arg;
	int tty = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY), fd = -1;
	if (tty < 0) {
		(void)!gh_fail(err, GH_E_DENIED,
			       "a passphrase is needed and there is no terminal: set GATEHOUSE_PASSPHRASE_FILE to a "
			       "file that holds it");
		return -1;
	}
	ssize_t n = prompt(tty, what, line, sizeof line);
	bool fresh = strncmp(what, "New", 3) == 0;
	if (n < 0 || (fresh && (prompt(tty, "Again", again, sizeof again) != n || memcmp(line, again, (size_t)n) != 0)))
		(void)!gh_fail(err, GH_E_DENIED, "%s",
			       n < 0 ? "no passphrase was given" : "the two passphrases differ");
	else
		fd = memfd_create("passphrase", MFD_CLOEXEC);
	if (fd >= 0 && (write(fd, line, (size_t)n) != n || lseek(fd, 0, SEEK_SET) != 0)) {
		(void)close(fd);
		fd = -1;
	}
	if (fd < 0 && err->rc == GH_OK)
		(void)!gh_fail_sys(err, errno, "memory for a passphrase");
	explicit_bzero(line, sizeof line);
	explicit_bzero(again, sizeof again);
	(void)close(tty);
	return fd;
}

/* ---- opening ------------------------------------------------------------------------------------------------------------------- */

static void on_progress(void *arg, uint64_t done, uint64_t all)
{
	struct gh_client *c = arg;
	if (c->progress != NULL)
		gh_progress_show(c->progress, 0, 0, done, all);
}

/* Whoever gives a key wants to be that person: a key that is missing or open to others is an error, never "nobody". */
static int api_key(struct gh_cli *cli, const struct gh_client_args *a, struct gh_client *c)
{
	const char *env = getenv("GATEHOUSE_API_KEY");
	if (a->api_key_file == NULL) {
		if (env == NULL)
			return GH_CLI_GO;
		if (env[0] == '\0') {
			gh_cli_error(cli, "GATEHOUSE_API_KEY is set, but empty: set it to your API key, or unset it");
			return GH_EXIT_UNFINISHED;
		}
		if (strlen(env) >= sizeof c->api_key)
			return gh_cli_wrong(cli, "GATEHOUSE_API_KEY is no API key");
		memcpy(c->api_key, env, strlen(env) + 1);
		return GH_CLI_GO;
	}
	struct stat st;
	int fd = gh_os_open_regular(a->api_key_file, &st);
	ssize_t n = fd < 0 ? -1 : read(fd, c->api_key, sizeof c->api_key - 1);
	if (n < 0) {
		gh_cli_error(cli, "--api-key-file: '%s': %s", gh_safe(gh_span_str(a->api_key_file)).s, strerror(errno));
		if (fd >= 0)
			(void)close(fd);
		return GH_EXIT_UNFINISHED;
	}
	(void)close(fd);
	c->api_key[n] = '\0';
	c->api_key[strcspn(c->api_key, "\r\n")] = '\0';
	const char *why = (st.st_mode & (S_IRGRP | S_IROTH | S_IWGRP | S_IWOTH)) != 0
				  ? "can be read by others: chmod 600 it"
			  : c->api_key[0] == '\0' ? "holds no API key in its first line: put yours there, or leave the "
						    "option out"
						  : NULL;
	if (why == NULL)
		return GH_CLI_GO;
	gh_cli_error(cli, "--api-key-file: '%s' %s", gh_safe(gh_span_str(a->api_key_file)).s, why);
	return GH_EXIT_UNFINISHED;
}

int gh_client_how(struct gh_cli *cli, const struct gh_client_args *a, struct gh_client *c)
{
	*c = (struct gh_client){ .cli = cli, .arena = { .max = ARENA } };
	int rc = api_key(cli, a, c);
	c->how = (struct gh_service_how){ .home = a->home,
					  .passphrase_file = a->passphrase_file,
					  .api_key = c->api_key[0] != '\0' ? c->api_key : NULL,
					  .ask = ask_passphrase,
					  .progress = on_progress,
					  .progress_arg = c };
	return rc;
}

int gh_client_open(struct gh_cli *cli, const struct gh_client_args *a, bool keys, struct gh_client *c)
{
	struct gh_err err = { 0 };
	char why[GH_ERR_LINKS * GH_ERR_TEXT];
	int rc = gh_client_how(cli, a, c);
	if (rc != GH_CLI_GO)
		return rc;
	c->how.keys = keys;
	if (gh_service_open(&c->how, &c->service, &err) == GH_OK)
		return GH_CLI_GO;
	gh_cli_error(cli, "%s", gh_err_line(&err, why, sizeof why));
	gh_client_close(c);
	return GH_EXIT_UNFINISHED;
}

void gh_client_close(struct gh_client *c)
{
	gh_service_close(c->service);
	c->service = NULL;
	gh_arena_free(&c->arena);
	explicit_bzero(c->api_key, sizeof c->api_key);
}

/* ---- asking -------------------------------------------------------------------------------------------------------------------- */

int gh_client_failed(const struct gh_cli *cli, enum gh_rc rc, const struct gh_err *err)
{
	char why[GH_ERR_LINKS * GH_ERR_TEXT];
	gh_cli_error(cli, "%s", gh_err_line(err, why, sizeof why));
	return rc == GH_E_DENIED ? GH_EXIT_FOUND : rc == GH_E_MALFORMED ? GH_EXIT_USAGE : GH_EXIT_UNFINISHED;
}

int gh_client_ask(struct gh_client *c, const char *op, const struct gh_buf *in, int fd, const struct gh_jval **out,
		  int *fd_out)
{
	struct gh_err err = { 0 };
	enum gh_rc rc = gh_service_ask(c->service, op, in == NULL ? (struct gh_span){ 0 } : gh_buf_view(in), fd,
				       &c->arena, out, fd_out, &err);
	return rc == GH_OK ? GH_CLI_GO : gh_client_failed(c->cli, rc, &err);
}

int gh_client_ask1(struct gh_client *c, const char *op, const char *name, const char *value, const struct gh_jval **out)
{
	gh_auto_buf in = gh_buf(128 << 10);
	struct gh_jout j = gh_jout(&in);
	gh_jout_open(&j, NULL, '{');
	if (name != NULL)
		gh_jout_str(&j, name, value);
	gh_jout_close(&j, '}');
	return gh_client_ask(c, op, &in, -1, out, NULL);
}

/* ---- answers -------------------------------------------------------------------------------------------------------------------- */

static void scalar(struct gh_jout *j, const char *key, const struct gh_jval *v)
{
	switch (v->kind) {
	case GH_J_NULL: gh_jout_null(j, key); break;
	case GH_J_TRUE: gh_jout_bool(j, key, true); break;
	case GH_J_FALSE: gh_jout_bool(j, key, false); break;
	case GH_J_NUMBER: gh_jout_raw(j, key, (const char *)v->text.p); break;
	default: gh_jout_span(j, key, v->text); break;
	}
}

/* Depth is bounded: the tree came from gh_jdom_parse(). */
static void tree(struct gh_jout *j, const struct gh_jval *v)
{
	const struct gh_jval *stack[GH_JDOM_DEPTH + 2], *up[GH_JDOM_DEPTH + 2];
	size_t depth = 0;
	const struct gh_jval *at = v;
	for (;;) {
		while (at == NULL) {
			if (depth == 0)
				return;
			depth--;
			gh_jout_close(j, up[depth]->kind == GH_J_ARRAY ? ']' : '}');
			at = depth == 0 ? NULL : stack[depth];
			if (depth == 0)
				return;
		}
		/* The outermost value may be a member of what was taken apart: it has no key of its own here. */
		const char *key = at != v && at->key.n > 0 ? (const char *)at->key.p : NULL;
		if (at->kind == GH_J_ARRAY || at->kind == GH_J_OBJECT) {
			gh_jout_open(j, key, at->kind == GH_J_ARRAY ? '[' : '{');
			up[depth] = at;
			stack[depth] = at == v ? NULL : at->next;
			depth++;
			at = at->first;
			continue;
		}
		scalar(j, key, at);
		at = at == v ? NULL : at->next;
	}
}

void gh_client_lacking(const struct gh_cli *cli, const struct gh_jval *v)
{
	for (const struct gh_jval *l = gh_jfirst(gh_jget(v, "lacking")); l != NULL; l = l->next) {
		const char *stage = gh_jstr(l, "stage"), *why = gh_jstr(l, "reason");
		if (stage != NULL && why != NULL)
			gh_cli_error(cli,
				     "warning: the stage %s did not run: %s; put back the files that ship with the "
				     "program, then run "
				     "`gatehouse rescan`",
				     gh_safe(gh_span_str(stage)).s, gh_safe(gh_span_str(why)).s);
	}
}

int gh_client_json(struct gh_cli *cli, const struct gh_jval *v)
{
	gh_auto_buf doc = gh_buf((size_t)256 << 20);
	gh_client_json_put(v, &doc);
	return gh_cli_print(cli, &doc);
}

void gh_client_json_put(const struct gh_jval *v, struct gh_buf *out)
{
	struct gh_jout j = gh_jout(out);
	tree(&j, v);
}

/* ---- for people ----------------------------------------------------------------------------------------------------------------- */

static bool harmless(struct gh_span s)
{
	uint32_t cp;
	for (size_t i = 0; i < s.n;) {
		unsigned n = gh_utf8_next(gh_span_cut(s, i, s.n), &cp);
		if (n == 0 || gh_utf8_deceptive(cp))
			return false;
		i += n;
	}
	return true;
}

/* Texts that are safe already stay as they are, so that what was escaped once is not escaped twice. */
static bool safe_value(struct gh_arena *a, struct gh_jval *v)
{
	if (v->kind != GH_J_STRING || gh_span_is(v->key, "text") || harmless(v->text))
		return true;
	gh_auto_buf b = gh_buf(64 << 20);
	gh_buf_safe(&b, v->text, 64 << 20);
	struct gh_span kept = gh_keep(a, gh_buf_view(&b));
	if (kept.p == NULL)
		return false;
	v->text = kept;
	return true;
}

static struct gh_jval *copy_of(struct gh_arena *a, const struct gh_jval *v)
{
	struct gh_jval *to = GH_NEW(a, struct gh_jval, 1);
	if (to == NULL)
		return NULL;
	*to = *v;
	to->next = NULL;
	return safe_value(a, to) ? to : NULL;
}

const struct gh_jval *gh_client_safe(struct gh_client *c, const struct gh_jval *v)
{
	static const struct gh_jval nothing = { .kind = GH_J_OBJECT };
	struct {
		const struct gh_jval *from; /* the next one to copy */
		const struct gh_jval **to;  /* where it hangs */
	} stack[GH_JDOM_DEPTH + 2];
	struct gh_jval *top = copy_of(&c->arena, v);
	size_t depth = 0;
	if (top == NULL)
		return &nothing;
	stack[depth].from = gh_jfirst(v);
	stack[depth++].to = &top->first;
	while (depth > 0) {
		const struct gh_jval *from = stack[depth - 1].from;
		if (from == NULL) {
			depth--;
			continue;
		}
		struct gh_jval *to = copy_of(&c->arena, from);
		if (to == NULL || depth == sizeof stack / sizeof *stack)
			return &nothing;
		*stack[depth - 1].to = to;
		stack[depth - 1].to = &to->next;
		stack[depth - 1].from = from->next;
		if (gh_jfirst(from) != NULL) {
			stack[depth].from = from->first;
			stack[depth++].to = &to->first;
		}
	}
	return top;
}

void gh_client_lines(struct gh_buf *out, const char *text)
{
	struct gh_span s = gh_span_str(text);
	uint32_t cp;
	for (size_t i = 0; i < s.n;) {
		unsigned n = gh_utf8_next(gh_span_cut(s, i, s.n), &cp);
		struct gh_span one = gh_span_cut(s, i, i + (n == 0 ? 1 : n));
		if (n != 0 && (cp == '\n' || cp == '\t' || !gh_utf8_deceptive(cp)))
			gh_buf_span(out, one);
		else
			gh_buf_safe(out, one, 16);
		i += one.n;
	}
}

const char *gh_client_size(uint64_t n, char out[24])
{
	static const char *const units[] = { "B", "KiB", "MiB", "GiB", "TiB" };
	unsigned u = 0;
	double x = (double)n;
	for (; x >= 1024 && u < 4; u++)
		x /= 1024;
	(void)snprintf(out, 24, u == 0 ? "%.0f %s" : "%.1f %s", x, units[u]);
	return out;
}
