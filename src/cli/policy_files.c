#include "cli/policy_files.h"

#include "format/format.h"
#include "scan/advisories.h"

#include <stdio.h>
#include <string.h>

void gh_policy_files_open(struct gh_policy_files *f, const char *path)
{
	*f = (struct gh_policy_files){ 0 };
	const char *slash = strrchr(path, '/');
	size_t n = slash == NULL ? 0 : (size_t)(slash - path) + 1;
	if (n < sizeof f->dir)
		memcpy(f->dir, path, n);
}

void gh_policy_files_free(struct gh_policy_files *f)
{
	for (size_t i = 0; i < f->n; i++)
		gh_buf_free(&f->text[i]);
	f->n = 0;
}

static bool take(struct gh_policy_files *f, const char *path, struct gh_span *text, struct gh_err *err)
{
	if (f->n == sizeof f->text / sizeof f->text[0])
		return gh_fail(err, GH_E_LIMIT, "too many files") == GH_OK;
	struct gh_buf *b = &f->text[f->n++];
	*b = gh_buf(GH_POLICY_TEXT + 1);
	if (gh_read_whole(path, GH_POLICY_TEXT, b, err) != GH_OK)
		return false;
	*text = gh_buf_view(b);
	return true;
}

bool gh_policy_files_find(void *ctx, struct gh_span name, struct gh_span *text)
{
	struct gh_policy_files *f = ctx;
	char path[sizeof f->dir + 256];
	if (gh_policy_profile(NULL, name, text))
		return true;
	if ((!gh_span_ends(name, ".yaml") && !gh_span_ends(name, ".yml")) || memchr(name.p, '/', name.n) != NULL ||
	    memchr(name.p, '\0', name.n) != NULL || name.n > 255)
		return false;
	int n = snprintf(path, sizeof path, "%s%.*s", f->dir, (int)name.n, (const char *)name.p);
	return n > 0 && (size_t)n < sizeof path && take(f, path, text, NULL);
}

int gh_policy_unread(const struct gh_cli *cli, const char *name, const struct gh_err *err)
{
	char why[900];
	gh_cli_error(cli, "%s: %s", gh_safe(gh_span_str(name)).s, gh_err_line(err, why, sizeof why));
	return GH_EXIT_UNFINISHED;
}

int gh_policy_refused(const struct gh_cli *cli, const char *name, enum gh_rc rc, const struct gh_policy_err *where)
{
	if (rc == GH_E_NOMEM) {
		gh_cli_error(cli, "%s: there is not enough memory to read it", gh_safe(gh_span_str(name)).s);
		return GH_EXIT_UNFINISHED;
	}
	char at[64] = "";
	if (where->line != 0)
		(void)snprintf(at, sizeof at, ":%llu:%llu", (unsigned long long)where->line,
			       (unsigned long long)where->column);
	gh_cli_error(cli, "%s%s: %s%s%s", gh_safe(gh_span_str(name)).s, at, where->path,
		     where->path[0] == '\0' ? "" : ": ", where->what);
	return GH_EXIT_FOUND;
}

int gh_policy_load(struct gh_cli *cli, const char *name, struct gh_policy_files *files, struct gh_arena *arena,
		   const struct gh_policy **out, struct gh_policy_err *where)
{
	struct gh_err err = { 0 };
	gh_policy_files_open(files, name);
	if (!gh_policy_profile(NULL, gh_span_str(name), &files->top) && !take(files, name, &files->top, &err))
		return gh_policy_unread(cli, name, &err);
	enum gh_rc rc = gh_policy_read(arena, files->top, gh_policy_files_find, files, out, where);
	return rc == GH_OK ? GH_EXIT_OK : gh_policy_refused(cli, name, rc, where);
}

void gh_policy_err_json(struct gh_jout *j, const struct gh_policy_err *where)
{
	if (where == NULL) {
		gh_jout_null(j, "error");
		return;
	}
	gh_jout_open(j, "error", '{');
	gh_jout_number(j, "line", where->line);
	gh_jout_number(j, "column", where->column);
	gh_jout_str(j, "path", where->path);
	gh_jout_str(j, "what", where->what);
	gh_jout_close(j, '}');
}
