#include "runtime/detonate.h"

#include "crypto/digest.h"
#include "os/file.h"
#include "os/jail_filter.h"
#include "runtime/command.h"
#include "runtime/detonate_int.h"
#include "runtime/home.h"
#include "runtime/loaders.h"
#include "runtime/plan.h"
#include "runtime/say.h"
#include "runtime/watch.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

enum { WORD = 33, PYTHONS = 4, ARENA = 16 << 20, PROCESSES = 320, CPU_MORE = 5 };

const struct gh_detonate_options gh_detonate_options_default = {
	.seconds = 60,
	.memory = (uint64_t)4 << 30,
	.disk = (uint64_t)256 << 20,
};

struct gh_detonator {
	const struct gh_detonate_options *opt;
	struct gh_arena arena;
	struct gh_python python[PYTHONS];
	size_t npython;
	char engine[400], r[400], program[400];
	bool has_engine, has_r, asked;
	const char **command; /* the own loader's words, with the path of its program filled in */
	size_t ncommand;
	struct gh_arena bare_arena; /* what a loader does by itself: the last answer */
	struct gh_events bare;
	const struct gh_loader *bare_of;
	const char *bare_modules;
	char word[WORD]; /* of the run; "": an own command, which has none */
	struct sock_filter ins[GH_JAIL_FILTER_MAX];
	struct sock_fprog filter;
};

/* ---- finding programs ------------------------------------------------------------------------------------------------ */

static bool find_program(const char *name, char out[400])
{
	if (strchr(name, '/') != NULL) {
		char *real = realpath(name, NULL);
		bool ok = real != NULL && snprintf(out, 400, "%s", real) < 400;
		free(real);
		return ok && access(out, X_OK) == 0;
	}
	const char *path = getenv("PATH");
	for (const char *p = path == NULL ? "/usr/bin:/bin" : path; *p != '\0';) {
		size_t len = strcspn(p, ":");
		if (p[0] == '/' && snprintf(out, 400, "%.*s/%s", (int)len, p, name) < 400 && access(out, X_OK) == 0)
			return true;
		p += len + (p[len] == ':');
	}
	return false;
}

static enum gh_rc own_command(struct gh_detonator *d, struct gh_err *err)
{
	d->command = gh_command_split(&d->arena, d->opt->command, GH_PLAN_WORDS, &d->ncommand);
	if (d->command == NULL)
		return gh_fail(err, GH_E_MALFORMED, "'%s': a quote is open, or there is no command", d->opt->command);
	if (strstr(d->opt->command, "{path}") == NULL)
		return gh_fail(err, GH_E_MALFORMED, "'%s': write {path} where the file's path belongs",
			       d->opt->command);
	if (!find_program(d->command[0], d->program))
		return gh_fail(err, GH_E_MALFORMED, "'%s': there is no such program", d->command[0]);
	d->command[0] = d->program;
	return GH_OK;
}

enum gh_rc gh_detonator_new(const struct gh_detonate_options *opt, struct gh_detonator **out, struct gh_err *err)
{
	struct gh_detonator *d = calloc(1, sizeof *d);
	enum gh_rc rc = GH_OK;
	if (d == NULL)
		return gh_fail(err, GH_E_NOMEM, "no memory");
	d->opt = opt;
	d->arena.max = ARENA;
	d->bare_arena.max = ARENA;
	if (!gh_jail_filter(d->ins, true, &d->filter))
		rc = gh_fail(err, GH_E_BUG, "the seccomp filter does not fit");
	if (rc == GH_OK && opt->command != NULL)
		rc = own_command(d, err);
	if (rc == GH_OK && opt->python != NULL) {
		char path[400];
		if (!find_program(opt->python, path) || !gh_python_ask(path, &d->python[0]))
			rc = gh_fail(err, GH_E_MALFORMED, "'%s' is no Python 3 that answers", opt->python);
		d->npython = 1;
	}
	d->has_engine = gh_engine_find(opt->engine, d->engine);
	if (rc == GH_OK && opt->engine != NULL && !d->has_engine)
		rc = gh_fail(err, GH_E_MALFORMED, "'%s' is no folder with the libraries of llama.cpp", opt->engine);
	d->has_r = gh_r_home(d->r);
	if (rc != GH_OK) {
		gh_detonator_free(d);
		return rc;
	}
	*out = d;
	return GH_OK;
}

void gh_detonator_free(struct gh_detonator *d)
{
	if (d == NULL)
		return;
	gh_arena_free(&d->arena);
	gh_arena_free(&d->bare_arena);
	free(d);
}

static const struct gh_python *python_for(struct gh_detonator *d, const struct gh_loader *l)
{
	if (d->npython == 0 && !d->asked)
		d->npython = gh_python_all(d->python, PYTHONS);
	d->asked = true;
	/* A model may need more than its loader: of those that will do, the best equipped. */
	const struct gh_python *best = NULL;
	for (size_t i = 0; i < d->npython; i++)
		if (gh_python_has(&d->python[i], l->modules) &&
		    (best == NULL || strlen(d->python[i].found) > strlen(best->found)))
			best = &d->python[i];
	return best;
}

/* ---- running ---------------------------------------------------------------------------------------------------------- */

/* The word that the loader's lines begin with: made up for each run. */
static bool make_word(char out[WORD])
{
	uint8_t r[(WORD - 1) / 2];
	if (getrandom(r, sizeof r, 0) != (ssize_t)sizeof r)
		return false;
	for (size_t i = 0; i < sizeof r; i++)
		(void)snprintf(out + 2 * i, 3, "%02x", r[i]);
	return true;
}

static enum gh_rc run(struct gh_detonator *d, struct gh_plan *p, struct gh_arena *a, struct gh_watched *w,
		      struct gh_err *err)
{
	char line[WORD + 1] = "";
	d->word[0] = '\0';
	if (d->command == NULL) {
		if (!make_word(d->word))
			return gh_fail_sys(err, errno, "random bytes");
		(void)snprintf(line, sizeof line, "%s\n", d->word);
	}
	struct gh_jail j = { .bind = p->bind,
			     .nbind = p->nbind,
			     .text = p->text,
			     .ntext = p->ntext,
			     .link = p->link,
			     .nlink = p->nlink,
			     .argv = p->argv,
			     .envp = p->env,
			     .cwd = d->command != NULL ? "/"
						       : "/model", /* where some interpreters look for modules first */
			     .input = d->command != NULL ? NULL : line,
			     .filter = d->filter,
			     .listen = true,
			     .memory = d->opt->memory,
			     .disk = d->opt->disk,
			     .cpu_seconds = d->opt->seconds + CPU_MORE,
			     .processes = PROCESSES };
	struct gh_watch_options o = { .seconds = d->opt->seconds,
				      .ordinary = p->ordinary,
				      .nordinary = p->nordinary,
				      .decoy = gh_home_decoy,
				      .ndecoy = gh_home_ndecoy };
	*w = (struct gh_watched){ .events = { .arena = a } };
	return gh_watch(&j, &o, w, err);
}

static const char *plan(struct gh_detonator *d, const struct gh_loader *l, struct gh_plan *p, struct gh_arena *a,
			const char *modules)
{
	struct gh_plan_with with = { .engine = d->engine, .r = d->r, .command = d->command, .ncommand = d->ncommand };
	if (d->command == NULL && l->host == GH_LOADER_PYTHON)
		with.python = python_for(d, l);
	return gh_plan_run(p, &with, l, modules, a);
}

/* What the loader does by itself on this machine, with the modules it said it had imported but without the model. It is asked
 * once for the same loader and modules. */
static void take_away_ordinary(struct gh_detonator *d, const struct gh_loader *l, struct gh_watched *w,
			       const char *inside, const char *modules)
{
	struct gh_plan p = { .inside = inside };
	struct gh_watched bare = { 0 };
	struct gh_err err = { 0 };
	bool known = d->bare_of == l && d->command == NULL && d->bare_modules != NULL &&
		     strcmp(d->bare_modules, modules) == 0;
	if (!known) {
		d->bare = (struct gh_events){ 0 };
		d->bare_of = l;
		gh_arena_free(&d->bare_arena);
		d->bare_modules = (const char *)gh_keep(&d->bare_arena, gh_span_str(modules)).p;
		if (plan(d, l, &p, &d->bare_arena, modules) == NULL && run(d, &p, &d->bare_arena, &bare, &err) == GH_OK)
			d->bare = bare.events;
		gh_watched_free(&bare);
	}
	gh_events_subtract(&w->events, &d->bare);
}

/* The same bytes that were scanned? NULL, or why not. */
static const char *same_bytes(int fd, const char *sha256)
{
	if (sha256[0] == '\0')
		return "the scan could not read it to its end";
	struct gh_sha256 *h = gh_sha256_new();
	char hex[65] = "";
	uint8_t *buf = malloc(1 << 20);
	bool ok = h != NULL && buf != NULL && gh_sha256_start(h);
	ssize_t n = 0;
	while (ok && (n = read(fd, buf, 1 << 20)) > 0)
		ok = gh_sha256_add(h, (struct gh_span){ buf, (size_t)n });
	ok = ok && n == 0 && gh_sha256_hex(h, hex);
	gh_sha256_free(h);
	free(buf);
	return !ok			  ? "it could not be read once more"
	       : strcmp(hex, sha256) != 0 ? "it changed after it was scanned"
					  : NULL;
}

static const char *kept(struct gh_arena *a, struct gh_buf *b)
{
	struct gh_span s = gh_keep(a, gh_buf_view(b));
	return s.p == NULL ? "" : (const char *)s.p;
}

static const char *layers(struct gh_arena *a, const struct gh_watched *w)
{
	gh_auto_buf b = gh_buf(300);
	gh_buf_str(&b, "name spaces, mounts, no rights, limits, seccomp");
	if (w->landlock > 0)
		gh_buf_fmt(&b, ", Landlock %d", w->landlock);
	if (w->cgroup_memory || w->cgroup_pids)
		gh_buf_fmt(&b, ", cgroup (%s%s%s)", w->cgroup_memory ? "memory" : "",
			   w->cgroup_memory && w->cgroup_pids ? ", " : "", w->cgroup_pids ? "processes" : "");
	return kept(a, &b);
}

/* Why the model was not loaded to the end; NULL: it was. */
static const char *failure(struct gh_detonator *d, struct gh_arena *a, const struct gh_watched *w,
			   const struct gh_said *s)
{
	gh_auto_buf b = gh_buf(1200);
	switch (w->end) {
	case GH_WATCH_TIME: gh_buf_fmt(&b, "it took longer than %u seconds", d->opt->seconds); break;
	case GH_WATCH_MEMORY:
		gh_buf_fmt(&b, "it needed more than %llu MiB of memory", (unsigned long long)(d->opt->memory >> 20));
		break;
	case GH_WATCH_FLOOD:
		gh_buf_fmt(&b, "it made %llu calls that have to be watched; %llu were refused",
			   (unsigned long long)w->calls, (unsigned long long)w->refused);
		break;
	case GH_WATCH_SIGNAL: gh_buf_fmt(&b, "the loader died of signal %d", w->code); break;
	case GH_WATCH_EXIT:
		if (d->command != NULL ? w->code == 0 : s->done && s->nexercised != 0)
			return NULL;
		if (s->done)
			gh_buf_str(&b, "the loader used nothing of it");
		else if (s->failed != NULL)
			gh_buf_fmt(&b, "the loader says %s", s->failed);
		else
			gh_buf_fmt(&b, "the loader ended early with status %d", w->code);
		break;
	}
	gh_auto_buf tail = gh_buf(400);
	gh_said_tail(&tail, gh_buf_view(&w->out));
	if (tail.n != 0 && s->failed == NULL)
		gh_buf_fmt(&b, "; its last words: %s", gh_buf_cstr(&tail));
	return kept(a, &b);
}

/* A copy that lives as long as the report. */
static const char *const *list(struct gh_arena *a, const char *const *v, size_t *n)
{
	const char **out = GH_NEW(a, const char *, *n + 1);
	if (out == NULL)
		*n = 0;
	for (size_t i = 0; i < *n; i++)
		out[i] = v[i];
	return out;
}

/* False: it is for R. */
static bool conclude(struct gh_detonator *d, const struct gh_loader *l, struct gh_arena *a, struct gh_watched *w,
		     const char *inside, struct gh_detonation *out)
{
	struct gh_said s;
	gh_said_read(&s, gh_buf_view(&w->say), d->word, a);
	if (s.forged != 0)
		gh_event_add(&w->events, GH_DET_ODD, "wrote messages of its own to where the loader's are awaited");
	if (s.r && s.done && l != NULL && l->perhaps && w->events.n == 0 && d->command == NULL)
		return false;
	out->ran = true;
	out->ms = w->ms;
	out->refused = w->refused;
	out->layers = layers(a, w);
	out->why = failure(d, a, w, &s);
	out->flooded = w->end == GH_WATCH_FLOOD || w->events.dropped != 0;
	if (out->flooded && out->why == NULL)
		out->why = "it did more different things than are listed";
	if (w->events.n != 0)
		take_away_ordinary(d, l, w, inside, s.modules);
	out->event = w->events.v;
	out->nevent = w->events.n;
	if (d->command != NULL)
		out->loader = "own command";
	else if (s.version[0] != '\0')
		out->loader = s.version;
	if (out->why != NULL && s.failed != NULL && l != NULL && l->perhaps && out->nevent == 0 && !out->flooded &&
	    w->end == GH_WATCH_EXIT) {
		gh_said_not(&s, a, "joblib.load: this stream holds no pickle");
		out->why = NULL;
	}
	out->exercised = list(a, s.exercised, &s.nexercised);
	out->nexercised = s.nexercised;
	out->not_exercised = list(a, s.not_exercised, &s.nnot_exercised);
	out->nnot_exercised = s.nnot_exercised;
	return true;
}

static const char *no_loader(struct gh_detonator *d, const struct gh_loader *l, struct gh_arena *a)
{
	gh_auto_buf b = gh_buf(300);
	if (d->command != NULL)
		return NULL;
	if (l->host == GH_LOADER_NONE) {
		gh_buf_fmt(&b, "no loader here for %s, which needs %s: see --detonate-with", l->format, l->needs);
		return kept(a, &b);
	}
	if (l->host == GH_LOADER_R ? d->has_r
	    : l->engine		   ? d->has_engine && python_for(d, l) != NULL
				   : python_for(d, l) != NULL)
		return NULL;
	gh_buf_fmt(&b, "no %s here for %s: install %s", l->engine && !d->has_engine ? "engine" : "loader", l->format,
		   l->needs);
	return kept(a, &b);
}

/* Run the loader on what the plan shows. NULL: something came of it, which *out says; *for_r: it is nothing for this loader, but for R. */
static const char *load_shown(struct gh_detonator *d, const struct gh_loader *l, struct gh_plan *p, struct gh_arena *a,
			      struct gh_detonation *out, bool *for_r)
{
	struct gh_watched w = { 0 };
	struct gh_err err = { 0 };
	const char *why = plan(d, l, p, a, NULL);
	if (why != NULL)
		return why;
	if (run(d, p, a, &w, &err) != GH_OK) {
		char line[400];
		gh_auto_buf b = gh_buf(600);
		gh_buf_fmt(&b, "%s; nothing was run", gh_err_line(&err, line, sizeof line));
		gh_watched_free(&w);
		return kept(a, &b);
	}
	*for_r = !conclude(d, l, a, &w, p->inside, out);
	gh_watched_free(&w);
	return NULL;
}

static const char *load(struct gh_detonator *d, const struct gh_loader *l, const struct gh_detonate_file *f,
			struct gh_arena *a, struct gh_detonation *out)
{
	struct stat before, after;
	struct gh_plan p = { 0 };
	bool for_r = false;
	int fd = gh_os_open_regular(f->path, &before);
	if (fd < 0)
		return "it could not be opened once more";
	const char *why = same_bytes(fd, f->report->sha256);
	(void)close(fd);
	if (why == NULL)
		why = gh_plan_model(&p, f->path, f->dir, f->name, &before, a);
	if (why == NULL)
		why = load_shown(d, l, &p, a, out, &for_r);
	if (why != NULL)
		return why;
	if (for_r) {
		const struct gh_loader *r = gh_loader_named("r-data");
		why = no_loader(d, r, a);
		return why != NULL ? why : load(d, r, f, a, out); /* once: that loader never says so */
	}
	if (stat(f->path, &after) != 0 || !gh_os_same_file(&before, &after))
		return "it changed while it was loaded";
	return out->why;
}

void gh_detonate_bytes(struct gh_detonator *d, const struct gh_loader *l, struct gh_span bytes, struct gh_arena *a,
		       struct gh_detonation *out)
{
	struct gh_plan p = { 0 };
	bool for_r = false;
	const char *why = no_loader(d, l, a);
	if (why == NULL)
		why = gh_plan_bytes(&p, bytes, l->as, a);
	if (why == NULL)
		why = load_shown(d, l, &p, a, out, &for_r);
	if (why != NULL)
		out->why = why;
}

/* What an archive, or a compressed stream that is no pickle, holds. */
static void load_members(struct gh_detonator *d, const struct gh_detonate_file *f, struct gh_arena *a,
			 struct gh_detonation *out)
{
	struct stat st;
	int fd = gh_os_open_regular(f->path, &st);
	if (fd < 0) {
		out->why = "it could not be opened once more";
		return;
	}
	const char *why = same_bytes(fd, f->report->sha256);
	if (why != NULL)
		out->why = why;
	else
		gh_detonate_members(d, fd, f->name, d->opt->seconds, a, out);
	(void)close(fd);
}

/* Only when it is that and nothing else besides. */
static bool runs_nothing(const struct gh_loader *l, const char *format)
{
	return l != NULL && l->inert && strcmp(format, l->format) == 0;
}

bool gh_detonate(struct gh_detonator *d, const struct gh_detonate_file *f, struct gh_arena *a,
		 struct gh_detonation *out)
{
	const struct gh_loader *l = gh_loader_for(f->report->format);
	bool own = d->command != NULL;
	if (l == NULL && !own)
		return false;
	*out = (struct gh_detonation){
		.path = f->report->path, .member = "", .loader = "", .layers = "", .bytes = f->report->size
	};
	if (!own && l->archive) {
		load_members(d, f, a, out);
		return true;
	}
	out->why = no_loader(d, l, a);
	if (out->why != NULL && runs_nothing(l, f->report->format)) {
		out->spared = "nothing in it runs when it is loaded";
		out->why = NULL;
		return true;
	}
	if (out->why == NULL)
		out->why = load(d, l, f, a, out);
	bool unused = out->why == NULL && out->nexercised == 0;
	if (!own && (l->open || (l->perhaps && unused)))
		load_members(d, f, a, out);
	return true;
}

bool gh_detonate_entry(void *detonator, const struct gh_os_entry *e, const char *dir, const struct gh_file_report *r,
		       struct gh_arena *a, struct gh_detonation *out)
{
	/* What a link brings in from elsewhere is shown alone: the link would lead nowhere inside. */
	const char *root = e->kind == GH_OS_LINK_FILE ? NULL : dir;
	struct gh_detonate_file f = { .path = e->path, .dir = root, .name = e->name, .report = r };
	return gh_detonate(detonator, &f, a, out);
}
