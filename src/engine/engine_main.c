/* gatehouse-engine: serves one model by OpenAI's interface on one Unix socket. docs/engine.md.
 *
 * The order matters: libraries are loaded and everything is opened first, then the process gives up what it does not need, and only then the first
 * byte of a model is read. */
#include "engine/chat.h"
#include "engine/llama_libs.h"
#include "engine/server.h"
#include "os/engine_lock.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum { FINE = 0, UNFINISHED = 2, USAGE = 64, TEMPLATE = 1 << 20 };

static volatile sig_atomic_t stop;
static void on_signal(int sig) { stop = sig; }

static void say(const char *text) { (void)fprintf(stderr, "gatehouse-engine: %s\n", text); }

static int failed(const struct gh_err *err)
{
	char line[600];
	say(gh_err_line(err, line, sizeof line));
	return UNFINISHED;
}

/* Where the libraries are when nobody says: "engine-lib" beside the program. */
static enum gh_rc beside(char *out, size_t cap, struct gh_err *err)
{
	ssize_t n = readlink("/proc/self/exe", out, cap - 1);
	char *slash;
	if (n <= 0)
		return gh_fail(err, GH_E_ABSENT,
			       "there is no /proc to find the libraries with: name their directory with --libs");
	out[n] = 0;
	slash = strrchr(out, '/');
	if (slash == NULL || (size_t)(slash - out) + sizeof "/engine-lib" > cap)
		return gh_fail(err, GH_E_ABSENT, "the libraries cannot be found: name their directory with --libs");
	memcpy(slash, "/engine-lib", sizeof "/engine-lib");
	return GH_OK;
}

/* A descriptor of our own: with its own offset where it can be opened again, so that nobody else's reading disturbs. */
static enum gh_rc open_file(const struct gh_engine_file *f, const char *what, int *fd, struct gh_err *err)
{
	char name[32];
	struct stat st;
	if (f->path != NULL) {
		*fd = open(f->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	} else {
		(void)snprintf(name, sizeof name, "/proc/self/fd/%d", f->fd);
		*fd = open(name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
		if (*fd < 0)
			*fd = fcntl(f->fd, F_DUPFD_CLOEXEC, 3);
	}
	if (*fd < 0)
		return f->path != NULL ? gh_fail_sys(err, errno, "%s %.100s", what, f->path)
				       : gh_fail_sys(err, errno, "%s: descriptor %d", what, f->fd);
	if (fstat(*fd, &st) != 0 || !S_ISREG(st.st_mode))
		return gh_fail(err, GH_E_ABSENT, "%s: is no regular file", what);
	return GH_OK;
}

static enum gh_rc bind_at(const char *path, int *fd, struct gh_err *err)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	if (strlen(path) >= sizeof a.sun_path)
		return gh_fail(err, GH_E_LIMIT,
			       "--socket: a path of a socket has at most %zu bytes: choose a shorter one",
			       sizeof a.sun_path - 1);
	memcpy(a.sun_path, path, strlen(path));
	*fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (*fd < 0)
		return gh_fail_sys(err, errno, "socket");
	mode_t old = umask(0177);
	int r = bind(*fd, (const struct sockaddr *)&a, sizeof a);
	(void)umask(old);
	if (r != 0)
		return gh_fail_sys(err, errno, "--socket %.80s%s", path,
				   errno == EADDRINUSE ? " is there already: remove it" : "");
	return listen(*fd, 128) == 0 ? GH_OK : gh_fail_sys(err, errno, "--socket %.80s", path);
}

static enum gh_rc open_socket(const struct gh_engine_options *o, int *fd, struct gh_err *err)
{
	int domain = 0, listening = 0;
	socklen_t n = sizeof(int);
	*fd = o->listen;
	if (o->socket != NULL)
		GH_TRY(bind_at(o->socket, fd, err), err, "cannot listen");
	if (getsockopt(*fd, SOL_SOCKET, SO_DOMAIN, &domain, &n) != 0 || domain != AF_UNIX ||
	    getsockopt(*fd, SOL_SOCKET, SO_ACCEPTCONN, &listening, &n) != 0 || listening == 0)
		return gh_fail(err, GH_E_ABSENT, "--listen fd:%d is no listening Unix socket", *fd);
	int flags = fcntl(*fd, F_GETFL);
	if (flags < 0 || fcntl(*fd, F_SETFL, flags | O_NONBLOCK) != 0 || fcntl(*fd, F_SETFD, FD_CLOEXEC) != 0)
		return gh_fail_sys(err, errno, "listening socket");
	return GH_OK;
}

struct inputs {
	int model, lora[GH_ENGINE_LORAS], tmpl, listen;
};

static enum gh_rc open_inputs(const struct gh_engine_options *o, struct inputs *in, struct gh_err *err)
{
	in->tmpl = -1;
	GH_TRY(open_file(&o->model, "--model", &in->model, err), err, "cannot be opened");
	for (size_t i = 0; i < o->nlora; i++)
		GH_TRY(open_file(&o->lora[i], "--lora", &in->lora[i], err), err, "cannot be opened");
	if (o->tmpl.fd >= 0 || o->tmpl.path != NULL)
		GH_TRY(open_file(&o->tmpl, "--template", &in->tmpl, err), err, "cannot be opened");
	return open_socket(o, &in->listen, err);
}

/* The template that was given, as text in the arena. */
static enum gh_rc read_template(int fd, struct gh_arena *a, const char **out, struct gh_err *err)
{
	char *text = gh_alloc(a, TEMPLATE + 1, 1);
	size_t n = 0;
	if (text == NULL)
		return gh_fail(err, GH_E_NOMEM, "no memory");
	for (ssize_t k = 1; k > 0 && n <= TEMPLATE; n += k > 0 ? (size_t)k : 0) {
		k = pread(fd, text + n, TEMPLATE + 1 - n, (off_t)n);
		if (k < 0)
			return gh_fail_sys(err, errno, "--template");
	}
	if (n > TEMPLATE || memchr(text, 0, n) != NULL)
		return gh_fail(err, GH_E_MALFORMED, "--template: is no text of at most %d bytes", TEMPLATE);
	text[n] = 0;
	*out = text;
	return GH_OK;
}

static enum gh_rc ready(int fd, struct gh_err *err)
{
	if (fd < 0)
		return GH_OK;
	if (write(fd, "ready\n", 6) != 6)
		return gh_fail_sys(err, errno, "--ready: nobody is there to be told");
	(void)close(fd);
	return GH_OK;
}

static enum gh_rc serve(const struct gh_engine_options *o, const struct inputs *in, struct gh_err *err)
{
	gh_auto_arena a = { .max = 64 << 20 };
	struct gh_work *w = NULL;
	struct gh_server *s = NULL;
	struct gh_chat_template t = { 0 };
	const char *text = NULL;
	enum gh_rc rc = in->tmpl >= 0 ? read_template(in->tmpl, &a, &text, err) : GH_OK;
	if (rc == GH_OK)
		rc = gh_work_open(o, in->model, in->lora, text, &w, err);
	if (rc == GH_OK) {
		const struct gh_work_about *about = gh_work_about(w);
		t = (struct gh_chat_template){
			.bos = about->bos, .eos = about->eos, .steering = about->steering, .nsteering = about->nsteering
		};
		if (text == NULL)
			text = about->tmpl;
	}
	if (rc == GH_OK && gh_chat_parse(&a, text, &t, err) != GH_OK)
		rc = gh_fail(err, GH_E_MALFORMED, "give another one with --template");
	if (rc == GH_OK)
		rc = gh_server_open(o, in->listen, w, &t, &s, err);
	if (rc == GH_OK)
		rc = ready(o->ready, err);
	if (rc == GH_OK)
		rc = gh_server_run(s, &stop, err);
	gh_server_close(s);
	gh_work_close(w);
	return rc;
}

static int check(const struct gh_llama_files *f)
{
	printf("{\"llama\":\"%s\",\"files\":[", gh_ll.llama_version());
	for (size_t i = 0; i < f->n; i++)
		printf("%s{\"name\":\"%s\",\"sha256\":\"%s\"}", i > 0 ? "," : "", f->file[i].name, f->file[i].sha256);
	printf("]}\n");
	return fflush(stdout) == 0 ? FINE : UNFINISHED;
}

static void usage_line(const char *option, const char *about) { printf("  %s %s\n", option, about); }

/* llama.cpp's libraries name the current directory among the places where others are looked for. A jail may allow no chdir(). */
static enum gh_rc leave_directory(struct gh_err *err)
{
	char here[8];
	if (getcwd(here, sizeof here) != NULL && strcmp(here, "/") == 0)
		return GH_OK;
	return chdir("/") == 0 ? GH_OK : gh_fail_sys(err, errno, "/");
}

static int run(const struct gh_engine_options *o)
{
	struct gh_err err = { 0 };
	struct gh_llama_files files;
	struct inputs in;
	char dir[4096];
	if (o->libs != NULL ? realpath(o->libs, dir) == NULL : beside(dir, sizeof dir, &err) != GH_OK) {
		if (o->libs != NULL)
			(void)!gh_fail_sys(&err, errno, "--libs %.120s", o->libs);
		return failed(&err);
	}
	if (!o->check && open_inputs(o, &in, &err) != GH_OK)
		return failed(&err);
	if (leave_directory(&err) != GH_OK || gh_llama_load(dir, o->cpu, &files, &err) != GH_OK)
		return failed(&err);
	if (o->check)
		return check(&files);
	tzset(); /* reads a file, once */
	struct gh_engine_walls walls = { .threads = o->threads, .watched = o->lock == GH_LOCK_WATCHED };
	const char *layer = o->lock == GH_LOCK_OFF ? NULL : gh_engine_lock_down(&walls);
	if (layer != NULL) {
		char text[200];
		(void)snprintf(text, sizeof text, "cannot be locked down: %s cannot be had here; no model was read",
			       layer);
		say(text);
		return UNFINISHED;
	}
	return serve(o, &in, &err) == GH_OK ? FINE : failed(&err);
}

int main(int argc, char **argv)
{
	struct gh_engine_options o;
	struct sigaction a = { .sa_handler = on_signal };
	char why[300];
	if (!gh_engine_options(argc, argv, &o, why, sizeof why)) {
		say(why);
		return USAGE;
	}
	if (o.help) {
		printf("gatehouse-engine serves one model by OpenAI's interface on one Unix socket.\n\n");
		gh_engine_usage(usage_line);
		return FINE;
	}
	if (o.version) {
		printf("gatehouse-engine %s\n", GH_VERSION);
		return FINE;
	}
	(void)clearenv(); /* llama.cpp and the C library look at some variables */
	/* Where it cannot go on, it would start a debugger on itself: a try that is refused, and that a listener would report. */
	(void)setenv("GGML_NO_BACKTRACE", "1", 1);
	(void)sigaction(SIGTERM, &a, NULL);
	(void)sigaction(SIGINT, &a, NULL);
	(void)signal(SIGPIPE, SIG_IGN);
	return run(&o);
}
