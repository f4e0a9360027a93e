/* fmt_llamafile.c - llamafiles: a native program (an "actually portable executable" for several systems at once, or a plain ELF)
 * with a zip archive at its end that holds the weights (GGUF) and the arguments of the program (.args).
 *
 * Both views are read: the archive as any other, the program as a member of its own. What a program does nobody here can say, so
 * no llamafile is ever CLEAN. Source: llamafile's README.md and llamafile/zip.c. */
#include <strings.h>

#include "format/formats.h"
#include "format/zip_walk.h"
#include "wire/program.h"

enum { A_PROGRAM, A_ARGS };
static const struct gh_rule rules[] = {
	[A_PROGRAM] = { "GH-LLF-0001", GH_MEDIUM, GH_REVIEW, "A model that is a program",
			"Running the model runs the program in front of the weights, with all rights of the user.",
			"Take the weights out (unzip) and run them with an engine you trust.", "CWE-829 AML.T0011" },
	[A_ARGS] = { "GH-LLF-0002", GH_LOW, GH_REVIEW, "The model brings arguments for its program",
		     "They decide what the program does when it is started: which files it opens, to whom it listens.",
		     "Read the member .args.", "CWE-88" },
	GH_RULES_END
};

bool gh_llamafile_probe(const struct gh_probe *p)
{
	struct gh_program prog;
	if (p->size < 4096 || !gh_program_at(p->head, &prog) || prog.kind == GH_PROGRAM_SCRIPT)
		return false;
	return memmem(p->tail.p, p->tail.n, "PK\1\2", 4) != NULL && memmem(p->tail.p, p->tail.n, ".gguf", 5) != NULL &&
	       gh_zip_probe(p) != GH_NO;
}

static enum gh_match probe(const struct gh_probe *p) { return gh_llamafile_probe(p) ? GH_STRONG : GH_NO; }

struct llamafile {
	uint64_t begin; /* of the first member */
	bool weights, args;
	enum gh_rc rc; /* what directory() answers */
};

static bool ends_with(struct gh_span s, const char *suffix)
{
	size_t n = strlen(suffix);
	return s.n >= n && strncasecmp((const char *)s.p + (s.n - n), suffix, n) == 0;
}

static enum gh_rc directory(void *ctx, struct gh_walk *w, const struct gh_zip_entry *e, size_t n)
{
	struct llamafile *l = ctx;
	(void)w;
	l->begin = UINT64_MAX;
	for (size_t i = 0; i < n; i++) {
		l->begin = e[i].local_off < l->begin ? e[i].local_off : l->begin;
		l->weights = l->weights || ends_with(e[i].name, ".gguf");
		l->args = l->args || gh_span_is(e[i].name, ".args");
	}
	return l->rc;
}

static enum gh_rc walk(struct gh_walk *w)
{
	struct llamafile l = { .rc = GH_E_NOTTHIS };
	struct gh_zip_hooks hooks = { .ctx = &l, .directory = directory };
	/* Once for the directory alone: where the archive begins is where the program ends. */
	enum gh_rc rc = gh_zip_walk_after(w, 0, &hooks);
	if (rc != GH_E_NOTTHIS || !l.weights || l.begin == 0 || l.begin > w->src->size)
		return rc != GH_OK ? rc : gh_fail(w->err, GH_E_MALFORMED, "no archive behind the program");
	w->err->n = 0;
	w->err->rc = GH_OK;
	l.rc = GH_OK;
	gh_anomaly(w, &rules[A_PROGRAM], 0, l.begin, "%llu bytes of program, then an archive",
		   (unsigned long long)l.begin);
	if (l.args)
		gh_anomaly(w, &rules[A_ARGS], l.begin, 0, "a member .args");
	struct gh_member m = { .how = GH_MEMBER_FILE, .name = GH_SPAN("program"), .role = "program" };
	GH_TRY(gh_member_range(w, m, 0, l.begin), w->err, "program");
	return gh_zip_walk_after(w, l.begin, &hooks);
}

const struct gh_fmt gh_fmt_llamafile = {
	.name = "llamafile",
	.about = "Program with a model at its end (llamafile): both are read",
	.exts = "llamafile exe com",
	.over = "zip",
	.probe = probe,
	.walk = walk,
	.rules = rules,
};
