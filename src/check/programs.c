/* A model needs no program. Bytes that an operating system or an interpreter would run are judged by their place: in
 * a tensor, a storage or any other member of a model file they were put there to be taken out and run; as a file of
 * an archive or a repository they are at least a matter for a person. Also looks at scripts for the one thing that
 * needs no understanding of the rest: fetching something and running it. */
#include "check/programs.h"
#include "base/utf8.h"
#include "check/source.h"
#include "check/srccode.h"
#include "format/format.h"
#include "wire/language.h"
#include "wire/program.h"

enum { LOOK = 4096, SOURCE_MIN = 24, SOURCE_WINDOW = 64 << 10, SOURCE_MAX = 16 << 20 };

enum { R_IN_DATA, R_AS_FILE, R_SOURCE_IN_DATA, R_SOURCE_BESIDE, R_FETCH, R_TARGET };
static const struct gh_rule rules[] = {
	[R_IN_DATA] = { "GH-EXE-0001", GH_CRITICAL, GH_UNSAFE, "A program inside a model's data",
			"A loader, a plug-in or a second stage takes it out and runs it; scanners of programs never "
			"see it.",
			"Do not use this model.", "CWE-506 AML.T0018 AML.T0011.001" },
	[R_AS_FILE] = { "GH-EXE-0002", GH_HIGH, GH_REVIEW, "A program beside a model",
			"Whoever starts it, or a loader that looks for libraries here, runs the author's code.",
			"Remove it; if the model needs it, build it from source yourself.", "CWE-829 AML.T0011.001" },
	[R_SOURCE_IN_DATA] = { "GH-EXE-0003", GH_HIGH, GH_UNSAFE, "Source code inside a model's data",
			       "Code that does not belong there is there to be taken out and run.",
			       "Do not use this model.", "CWE-506 AML.T0018" },
	[R_SOURCE_BESIDE] = { "GH-EXE-0004", GH_MEDIUM, GH_REVIEW, "Source code added to a model file",
			      "A program that looks for it there runs the author's code.",
			      "Read the code before using the model.", "CWE-829 AML.T0011" },
	[R_FETCH] = { "GH-EXE-0005", GH_CRITICAL, GH_UNSAFE,
		      "Source code that fetches or decodes something and runs it",
		      "Whoever controls the address runs any code, and may change it at any time.", "Do not run it.",
		      "CWE-494 CWE-829 AML.T0011.001" },
	[R_TARGET] = { "GH-EXE-0006", GH_CRITICAL, GH_UNSAFE,
		       "A configuration that makes its loader call into the system",
		       "Whoever loads the configuration runs the author's command.", "Do not load this model.",
		       "CWE-502 CWE-94 CVE-2025-23304 AML.T0011" },
	GH_RULES_END
};

/* Readers of archives and streams that say nothing of what is inside, and of one that has sources by right (handlers); any other
 * reader's members are a model's. */
static bool general(const char *format)
{
	static const char *const names[] = { "zip",    "tar",	     "7z",	 "gzip",      "bzip2", "xz",
					     "lzma",   "llamafile",  "zlib",	 "zstd",      "lz4",   "text",
					     "script", "git-object", "git-pack", "torchserve" };
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (strcmp(format, names[i]) == 0)
			return true;
	return false;
}

static struct gh_range whole(const struct gh_event *ev) { return ev->at; }

/* Python or shell, seen in content alone and in text of some length: a few bytes may look like anything. padded: zeros may
 * follow the text. */
static const char *source_in(struct gh_span head, bool padded)
{
	size_t n = head.n;
	const uint8_t *zero = padded && n != 0 ? memchr(head.p, 0, n) : NULL;
	n = zero == NULL ? n : (size_t)(zero - head.p);
	for (unsigned cut = 0; cut < 4 && n > 0 && !gh_utf8_valid(gh_span_cut(head, 0, n)); cut++)
		n--; /* the window may cut a character */
	if (n < SOURCE_MIN || !gh_utf8_valid(gh_span_cut(head, 0, n)))
		return NULL;
	for (size_t i = 0; i < n; i++)
		if (head.p[i] < 0x20 && head.p[i] != '\n' && head.p[i] != '\r' && head.p[i] != '\t')
			return NULL;
	const char *language = gh_lang_of(gh_span_cut(head, 0, n), (struct gh_span){ 0 });
	bool code = language != NULL && (strstr(language, "source") != NULL || strstr(language, "script") != NULL ||
					 strstr(language, "batch") != NULL);
	return code && strcmp(language, "HTML with scripts") != 0 ? language : NULL;
}

static void on_tensor(struct gh_scene *s, const struct gh_event *ev)
{
	const struct gh_tensor *t = ev->u.tensor;
	struct gh_program p;
	if (t->src == NULL)
		return;
	struct gh_span head = gh_src_window(t->src, ev->at.off, ev->at.len < LOOK ? (size_t)ev->at.len : LOOK);
	if (gh_program_at(head, &p) && (p.kind != GH_PROGRAM_SCRIPT || p.interpreter.n >= 6)) {
		gh_find(s, &rules[R_IN_DATA], whole(ev), "tensor \"%s\" is a program: %s%s%s", gh_safe(t->name).s,
			p.name, p.machine[0] != '\0' ? " for " : "", p.machine);
		return;
	}
	const char *language = t->bits == 8 ? source_in(head, false) : NULL;
	if (language != NULL)
		gh_find(s, &rules[R_SOURCE_IN_DATA], whole(ev), "tensor \"%s\" holds %s", gh_safe(t->name).s, language);
}

static void on_member(struct gh_scene *s, const struct gh_event *ev)
{
	const struct gh_member *m = ev->u.member;
	struct gh_program p;
	struct gh_span head = gh_src_window(m->src, 0, LOOK);
	bool data = m->raw || m->how == GH_MEMBER_HIDDEN || m->how == GH_MEMBER_NESTED || !general(s->format);
	/* A script may be a member by right (an archive of a repository): what it does is judged when it is read. */
	if (gh_program_at(head, &p) && (data || p.kind != GH_PROGRAM_SCRIPT)) {
		/* An archive with a line before it for the interpreter is a program, and meant to be one. */
		bool prefix = p.kind == GH_PROGRAM_SCRIPT && m->how == GH_MEMBER_HIDDEN && general(s->format);
		const struct gh_rule *r = &rules[data && !prefix ? R_IN_DATA : R_AS_FILE];
		gh_find(s, r, whole(ev), "%s%s%s%s%s", p.name, p.machine[0] != '\0' ? " for " : "", p.machine,
			m->role != NULL ? " in the place of: " : "", m->role != NULL ? m->role : "");
		return;
	}
	bool drawn = strcmp(s->format, "pdf") == 0; /* its streams are programs in PostScript's manner by right */
	/* Of a notebook: judged by its name and content when it is read. */
	bool written = m->role != NULL && strcmp(m->role, "file that a cell writes") == 0;
	bool hidden = m->how == GH_MEMBER_HIDDEN;
	const char *language = data && !drawn && !written ? source_in(head, hidden) : NULL;
	if (language == NULL || (m->expect != NULL && strcmp(m->expect, "torchscript") == 0))
		return;
	bool added = m->role != NULL && strcmp(m->role, "extra file") == 0;
	gh_find(s, &rules[added || hidden || m->how == GH_MEMBER_NESTED ? R_SOURCE_BESIDE : R_SOURCE_IN_DATA],
		whole(ev), "%s%s%s", language, m->role != NULL ? " in the place of: " : "",
		m->role != NULL ? m->role : "");
}

/* ---- source ------------------------------------------------------------------------------------------------------ */
/* The end of the logical line at the start of in: a backslash before the newline goes on. */
static size_t logical_line(struct gh_span in)
{
	for (size_t n = 0;;) {
		const uint8_t *nl = memchr(in.p + n, '\n', in.n - n);
		if (nl == NULL)
			return in.n;
		n = (size_t)(nl - in.p) + 1;
		if (n == in.n || n < 2 || in.p[n - 2] != '\\')
			return n;
	}
}

/* Judge the lines of one window; returns how many bytes were dealt with, 0 when something was found. A line that the
 * window cuts is left for the next one, unless it fills the whole window. */
static size_t look_at(struct gh_scene *s, struct gh_source *state, struct gh_span in, bool last, uint64_t place)
{
	size_t at = 0;
	while (at < in.n) {
		struct gh_span rest = gh_span_cut(in, at, in.n);
		size_t n = logical_line(rest);
		if (n == rest.n && !last && at != 0)
			break;
		struct gh_span line = gh_span_cut(rest, 0, n);
		bool foreign = gh_source_runs_foreign(state, line);
		if (foreign || gh_source_calls_system(rest, n)) {
			gh_find(s, &rules[foreign ? R_FETCH : R_TARGET], (struct gh_range){ place + at, n }, "%s",
				gh_safe(line).s);
			return 0;
		}
		at += n;
	}
	return at;
}

/* Text that was taken for this language by some of its lines may be a document: release notes with a line of JavaScript,
 * a page with a template's braces, an introduction with an `import`. */
static bool may_be_document(const struct gh_code *c)
{
	static const char *const by_lines[] = {
		"python", "template", "HTML with scripts", "XML", "Python requirements", "YAML that makes objects"
	};
	struct gh_span head = gh_src_window(c->src, 0, 2);
	size_t n = strlen(c->language);
	bool some = n > 7 && strcmp(c->language + n - 7, " source") == 0;
	for (size_t i = 0; i < sizeof by_lines / sizeof by_lines[0]; i++)
		some = some || strcmp(c->language, by_lines[i]) == 0;
	return some && !gh_span_starts(head, "#!") && gh_lang_by_name(c->name) == NULL;
}

static void on_code(struct gh_scene *s, const struct gh_event *ev)
{
	const struct gh_code *c = ev->u.code;
	if (strcmp(c->language, "shell") == 0 || gh_src_reads(c->language))
		return; /* have checks of their own */
	/* Languages that have a check of their own. */
	if (strcmp(c->language, "python") == 0 || strcmp(c->language, "ipython") == 0 ||
	    strcmp(c->language, "python-bytecode") == 0)
		return;
	uint64_t end = c->src->size < SOURCE_MAX ? c->src->size : SOURCE_MAX;
	struct gh_source state = { .python = strcmp(c->language, "python") == 0 ||
					     strcmp(c->language, "Python source") == 0,
				   .quoting = may_be_document(c) };
	for (uint64_t off = 0; off < end;) {
		struct gh_span in = gh_src_window(c->src, off, SOURCE_WINDOW);
		size_t n = in.n == 0 ? 0 : look_at(s, &state, in, off + in.n >= c->src->size, ev->at.off + off);
		if (n == 0)
			return;
		off += n;
	}
}

static void on(struct gh_scene *s, const struct gh_event *ev)
{
	switch (ev->kind) {
	case GH_EV_TENSOR: on_tensor(s, ev); break;
	case GH_EV_MEMBER: on_member(s, ev); break;
	case GH_EV_CODE: on_code(s, ev); break;
	default: break;
	}
}

const struct gh_check gh_check_programs = {
	.name = "programs",
	.about = "programs and source code inside model files and beside them",
	.stage = GH_STAGE_MALWARE,
	.events = 1u << GH_EV_TENSOR | 1u << GH_EV_MEMBER | 1u << GH_EV_CODE,
	.on = on,
	.rules = rules,
};
