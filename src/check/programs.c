/* A model needs no program. Bytes that an operating system or an interpreter would run are judged by their place: in
 * a tensor, a storage or any other member of a model file they were put there to be taken out and run; as a file of
 * an archive or a repository they are at least a matter for a person. Also looks at scripts for the one thing that
 * needs no understanding of the rest: fetching something and running it. */
#include "check/programs.h"
#include "base/utf8.h"
#include "format/format.h"
#include "wire/language.h"
#include "wire/program.h"

enum { LOOK = 4096, SOURCE_MIN = 24, SCRIPT_WINDOW = 64 << 10, SCRIPT_MAX = 16 << 20, PIPES_MAX = 64 };

enum { R_IN_DATA, R_AS_FILE, R_SOURCE_IN_DATA, R_SOURCE_BESIDE, R_FETCH };
static const struct gh_rule rules[] = {
	[R_IN_DATA] = { "GH-EXE-0001", GH_CRITICAL, GH_UNSAFE, "a program inside a model's data",
			"a loader, a plug-in or a second stage takes it out and runs it; scanners of programs never "
			"see it",
			"do not use this model", "CWE-506 AML.T0018 AML.T0011.001" },
	[R_AS_FILE] = { "GH-EXE-0002", GH_HIGH, GH_REVIEW, "a program beside a model",
			"whoever starts it, or a loader that looks for libraries here, runs the author's code",
			"remove it; if the model needs it, build it from source yourself", "CWE-829 AML.T0011.001" },
	[R_SOURCE_IN_DATA] = { "GH-EXE-0003", GH_HIGH, GH_UNSAFE, "source code inside a model's data",
			       "code that does not belong there is there to be taken out and run",
			       "do not use this model", "CWE-506 AML.T0018" },
	[R_SOURCE_BESIDE] = { "GH-EXE-0004", GH_MEDIUM, GH_REVIEW, "source code added to a model file",
			      "a program that looks for it there runs the author's code",
			      "read the code before using the model", "CWE-829 AML.T0011" },
	[R_FETCH] = { "GH-EXE-0005", GH_CRITICAL, GH_UNSAFE, "a script that fetches something and runs it",
		      "whoever controls the address runs any code, and may change it at any time", "do not run it",
		      "CWE-494 CWE-829 AML.T0011.001" },
	GH_RULES_END
};

/* Readers of archives and streams that say nothing of what is inside; any other reader's members are a model's. */
static bool general(const char *format)
{
	static const char *const names[] = { "zip",  "tar",  "7z",   "gzip", "bzip2", "xz",
					     "lzma", "zlib", "zstd", "lz4",  "text",  "script" };
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (strcmp(format, names[i]) == 0)
			return true;
	return false;
}

static struct gh_range whole(const struct gh_event *ev) { return ev->at; }

/* Python or shell, seen in content alone and in text of some length: a few bytes may look like anything. */
static const char *source_in(struct gh_span head)
{
	size_t n = head.n;
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
	const char *language = t->bits == 8 ? source_in(head) : NULL;
	if (language != NULL)
		gh_find(s, &rules[R_SOURCE_IN_DATA], whole(ev), "tensor \"%s\" holds %s", gh_safe(t->name).s, language);
}

static void on_member(struct gh_scene *s, const struct gh_event *ev)
{
	const struct gh_member *m = ev->u.member;
	struct gh_program p;
	struct gh_span head = gh_src_window(m->src, 0, LOOK);
	bool data = m->raw || m->how == GH_MEMBER_HIDDEN || m->how == GH_MEMBER_NESTED || !general(s->format);
	if (gh_program_at(head, &p)) {
		/* A script may be a member by right (an archive of a repository): its format says that it is not read. */
		const struct gh_rule *r = &rules[data ? R_IN_DATA : R_AS_FILE];
		gh_find(s, r, whole(ev), "%s%s%s%s%s", p.name, p.machine[0] != '\0' ? " for " : "", p.machine,
			m->role != NULL ? " in the place of: " : "", m->role != NULL ? m->role : "");
		return;
	}
	const char *language = data ? source_in(head) : NULL;
	if (language == NULL || (m->expect != NULL && strcmp(m->expect, "torchscript") == 0))
		return;
	bool added = m->role != NULL && strcmp(m->role, "extra file") == 0;
	gh_find(s, &rules[added || m->how == GH_MEMBER_NESTED ? R_SOURCE_BESIDE : R_SOURCE_IN_DATA], whole(ev),
		"%s%s%s", language, m->role != NULL ? " in the place of: " : "", m->role != NULL ? m->role : "");
}

/* ---- scripts ------------------------------------------------------------------------------------------------------ */
static bool has(struct gh_span s, const char *what) { return s.n != 0 && memmem(s.p, s.n, what, strlen(what)) != NULL; }

/* A word at its own: "sh" but not "show". */
static bool has_word(struct gh_span s, const char *word)
{
	size_t n = strlen(word);
	for (size_t i = 0; i + n <= s.n; i++) {
		if (memcmp(s.p + i, word, n) != 0)
			continue;
		uint8_t before = i == 0 ? ' ' : s.p[i - 1], after = i + n == s.n ? ' ' : s.p[i + n];
		bool left = !((before | 0x20) >= 'a' && (before | 0x20) <= 'z') && before != '-' && before != '.' &&
			    before != '_';
		bool right = !((after | 0x20) >= 'a' && (after | 0x20) <= 'z') && after != '-' && after != '_' &&
			     after != '=';
		if (left && right)
			return true;
	}
	return false;
}

static bool any_word(struct gh_span s, const char *const *words)
{
	for (; *words != NULL; words++)
		if (has_word(s, *words))
			return true;
	return false;
}

static const char *const fetchers[] = { "curl", "wget", "fetch",	  "aria2c", "Invoke-WebRequest",
					"iwr",	"irm",	"DownloadString", NULL };
static const char *const runners[] = { "sh",   "bash", "dash", "zsh", "ksh",  "python", "python2", "python3",
				       "perl", "ruby", "node", "php", "eval", "iex",	"source",  NULL };

/* One logical line: a fetcher whose output goes to an interpreter by a pipe or a substitution, decoded text run, or a
 * connection with a shell behind it. */
static bool fetches_and_runs(struct gh_span line)
{
	if (has(line, "/dev/tcp/") || has(line, "/dev/udp/"))
		return true;
	size_t cut = 0;
	for (unsigned pipes = 0; pipes < PIPES_MAX && cut < line.n; pipes++, cut++) {
		const uint8_t *pipe = memchr(line.p + cut, '|', line.n - cut);
		if (pipe == NULL)
			break;
		cut = (size_t)(pipe - line.p);
		struct gh_span before = { line.p, cut };
		bool decoded = has(before, "base64") || has(before, "xxd") || has(before, "openssl");
		if ((decoded || any_word(before, fetchers)) && any_word(gh_span_cut(line, cut, line.n), runners))
			return true;
	}
	bool inner = has(line, "$(") || has(line, "`") || has(line, "<(");
	return inner && any_word(line, fetchers) && any_word(line, runners);
}

static bool comment(struct gh_span line)
{
	size_t i = 0;
	while (i < line.n && (line.p[i] == ' ' || line.p[i] == '\t'))
		i++;
	return i < line.n && line.p[i] == '#';
}

static void on_code(struct gh_scene *s, const struct gh_event *ev)
{
	const struct gh_code *c = ev->u.code;
	uint64_t end = c->src->size < SCRIPT_MAX ? c->src->size : SCRIPT_MAX;
	if (strcmp(c->language, "shell") != 0 && strstr(c->language, "script") == NULL &&
	    strcmp(c->language, "Dockerfile") != 0)
		return;
	for (uint64_t off = 0; off < end;) {
		struct gh_span in = gh_src_window(c->src, off, SCRIPT_WINDOW);
		if (in.n == 0)
			return;
		size_t n = 0; /* to the end of the logical line: a backslash before the newline goes on */
		for (;;) {
			const uint8_t *nl = memchr(in.p + n, '\n', in.n - n);
			size_t at = nl == NULL ? in.n : (size_t)(nl - in.p);
			n = nl == NULL ? in.n : at + 1;
			if (nl == NULL || n == in.n || at == 0 || in.p[at - 1] != '\\')
				break;
		}
		struct gh_span line = gh_span_cut(in, 0, n);
		if (!comment(line) && fetches_and_runs(line)) {
			gh_find(s, &rules[R_FETCH], (struct gh_range){ ev->at.off + off, n }, "%s", gh_safe(line).s);
			return;
		}
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
	.events = 1u << GH_EV_TENSOR | 1u << GH_EV_MEMBER | 1u << GH_EV_CODE,
	.on = on,
	.rules = rules,
};
