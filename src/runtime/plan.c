#include "runtime/plan.h"

#include "base/buf.h"
#include "runtime/command.h"
#include "runtime/home.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void show(struct gh_plan *p, const char *host, const char *inside, bool run, bool optional)
{
	if (p->nbind < GH_JAIL_BINDS)
		p->bind[p->nbind++] =
			(struct gh_jail_bind){ .host = host, .inside = inside, .run = run, .optional = optional };
}

/* The programs and libraries of the host: directories are shown, links are made again. */
static void show_system(struct gh_plan *p, struct gh_arena *a)
{
	static const char *const top[] = { "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32" };
	static const char *const etc[] = { "/etc/ld.so.cache",	"/etc/ld.so.conf", "/etc/ld.so.conf.d",
					   "/etc/alternatives", "/etc/R",	   "/etc/localtime" };
	show(p, "/usr", "/usr", true, false);
	for (size_t i = 0; i < sizeof top / sizeof *top; i++) {
		char to[300];
		ssize_t n = readlink(top[i], to, sizeof to - 1);
		if (n > 0) {
			to[n] = '\0';
			struct gh_span kept = gh_keep(a, gh_span_str(to));
			if (kept.p != NULL)
				p->link[p->nlink++] = (struct gh_jail_link){ top[i], (const char *)kept.p };
		} else
			show(p, top[i], top[i], true, true);
	}
	for (size_t i = 0; i < sizeof etc / sizeof *etc; i++)
		show(p, etc[i], etc[i], false, true);
	for (size_t i = 0; i < gh_home_ntext; i++)
		p->text[p->ntext++] = gh_home_text[i];
	size_t n = 0;
	for (; gh_home_env[n] != NULL; n++)
		p->env[n] = gh_home_env[n];
	p->env[n] = NULL;
}

static void add_env(struct gh_plan *p, const char *s)
{
	size_t n = 0;
	while (p->env[n] != NULL)
		n++;
	if (n + 1 < sizeof p->env / sizeof *p->env)
		p->env[n] = s;
}

static bool in_usr(const char *path) { return strncmp(path, "/usr/", 5) == 0 || strcmp(path, "/usr") == 0; }

/* A place of the host that holds an interpreter: not so wide that it shows what is nobody's business. */
static const char *show_prefix(struct gh_plan *p, struct gh_arena *a, const char *dir)
{
	unsigned depth = 0;
	for (const char *c = dir; *c != '\0'; c++)
		depth += *c == '/' && c[1] != '\0';
	if (in_usr(dir))
		return NULL;
	if (depth < 2 && strncmp(dir, "/opt", 4) != 0)
		return "its interpreter lies in a directory that is too wide to be shown inside";
	show(p, dir, dir, true, false);
	gh_auto_buf b = gh_buf(500);
	gh_buf_fmt(&b, "%s/", dir);
	struct gh_span kept = gh_keep(a, gh_buf_view(&b));
	if (kept.p != NULL && p->nordinary < sizeof p->ordinary / sizeof *p->ordinary)
		p->ordinary[p->nordinary++] = (const char *)kept.p;
	return NULL;
}

static void add_script(struct gh_plan *p, const char *path, const char *text, const char *end)
{
	p->text[p->ntext++] = (struct gh_jail_text){ path, text, (size_t)(end - text), false };
}

static const char *plan_python(const struct gh_plan_with *with, const struct gh_loader *l, struct gh_plan *p,
			       struct gh_arena *a, const char *modules)
{
	const struct gh_python *py = with->python;
	const char *why;
	if (py == NULL || (why = show_prefix(p, a, py->prefix)) != NULL ||
	    (strcmp(py->base, py->prefix) != 0 && (why = show_prefix(p, a, py->base)) != NULL))
		return py == NULL ? "no loader" : why;
	add_script(p, "/loader/load.py", gh_load_py, gh_load_py_end);
	if (modules != NULL)
		add_script(p, "/loader/modules", modules, modules + strlen(modules));
	if (l->engine)
		show(p, with->engine, "/engine", true, false);
	if (l->engine)
		p->ordinary[p->nordinary++] = "/engine/";
	size_t n = 0;
	p->argv[n++] = py->path;
	p->argv[n++] = "-I";
	p->argv[n++] = "-B";
	p->argv[n++] = "/loader/load.py";
	p->argv[n++] = l->kind;
	p->argv[n] = modules != NULL ? NULL : p->inside;
	return NULL;
}

static void plan_r(const struct gh_plan_with *with, struct gh_plan *p, struct gh_arena *a, bool bare)
{
	static const char *const args[] = { "--vanilla", "--no-echo", "--file=/loader/load.R", "--args" };
	gh_auto_buf b = gh_buf(500);
	gh_buf_fmt(&b, "%s/bin/exec/R", with->r);
	size_t n = 0;
	p->argv[n++] = (const char *)gh_keep(a, gh_buf_view(&b)).p;
	for (size_t i = 0; i < sizeof args / sizeof *args; i++)
		p->argv[n++] = args[i];
	p->argv[n] = bare ? NULL : p->inside;
	(void)snprintf(p->r_home, sizeof p->r_home, "R_HOME=%s", with->r);
	(void)snprintf(p->r_libs, sizeof p->r_libs, "R_SHARE_DIR=/usr/share/R/share");
	(void)snprintf(p->lib_path, sizeof p->lib_path, "LD_LIBRARY_PATH=%s/lib", with->r);
	add_env(p, p->r_home);
	add_env(p, p->r_libs);
	add_env(p, p->lib_path);
	add_script(p, "/loader/load.R", gh_load_r, gh_load_r_end);
}

/* The own command: its program, and files of the host that its words name, are shown. */
static void plan_command(const struct gh_plan_with *with, struct gh_plan *p, struct gh_arena *a)
{
	for (size_t i = 0; i < with->ncommand; i++) {
		struct stat st;
		const char *w = with->command[i];
		if (w[0] == '/' && !in_usr(w) && stat(w, &st) == 0 && S_ISREG(st.st_mode)) {
			show(p, w, w, i == 0, false);
			if (p->nordinary < sizeof p->ordinary / sizeof *p->ordinary)
				p->ordinary[p->nordinary++] = w;
		}
		p->argv[i] = gh_command_fill(a, w, p->inside);
	}
	p->argv[with->ncommand] = NULL;
}

const char *gh_plan_model(struct gh_plan *p, const char *path, const char *dir, const char *name, const struct stat *st,
			  struct gh_arena *a)
{
	gh_auto_buf b = gh_buf(4096);
	const char *base = strrchr(path, '/');
	base = base == NULL ? path : base + 1;
	gh_buf_fmt(&b, "/model/%s", dir != NULL ? name : base);
	p->inside = (const char *)gh_keep(a, gh_buf_view(&b)).p;
	if (p->inside == NULL || b.full)
		return "its path is too long";
	if (dir != NULL)
		show(p, dir, "/model", false, false);
	else {
		show(p, path, p->inside, false, false);
		p->bind[p->nbind - 1].dev = (uint64_t)st->st_dev;
		p->bind[p->nbind - 1].ino = (uint64_t)st->st_ino;
	}
	return NULL;
}

const char *gh_plan_bytes(struct gh_plan *p, struct gh_span bytes, const char *name, struct gh_arena *a)
{
	gh_auto_buf b = gh_buf(200);
	gh_buf_fmt(&b, "/model/%s", name);
	p->inside = (const char *)gh_keep(a, gh_buf_view(&b)).p;
	if (p->inside == NULL || b.full)
		return "its path is too long";
	p->text[p->ntext++] = (struct gh_jail_text){ .path = p->inside, .text = bytes.p, .n = bytes.n };
	return NULL;
}

const char *gh_plan_run(struct gh_plan *p, const struct gh_plan_with *with, const struct gh_loader *l,
			const char *modules, struct gh_arena *a)
{
	show_system(p, a);
	if (modules != NULL) /* an empty file takes the model's place */
		p->text[p->ntext++] = (struct gh_jail_text){ p->inside, "", 0, false };
	if (with->command != NULL)
		plan_command(with, p, a);
	else if (l->host == GH_LOADER_R)
		plan_r(with, p, a, modules != NULL);
	else
		return plan_python(with, l, p, a, modules);
	return NULL;
}
