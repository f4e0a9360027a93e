/* Dockerfiles: https://docs.docker.com/reference/dockerfile/. Commands of all RUN, CMD and ENTRYPOINT instructions are one
 * script for the checks: what one of them fetches another may run. */
#include "format/formats.h"
#include "format/packages.h"
#include "format/shell_code.h"

enum { FILE_MAX = 2 << 20 };
enum { A_ADD, A_INSTRUCTION, A_FRONTEND };
static const struct gh_rule rules[] = {
	[A_ADD] = { "GH-DKR-0001", GH_MEDIUM, GH_REVIEW, "An image takes a file from an address",
		    "Whoever controls the address decides what is in the image.",
		    "Fetch it yourself and check its digest.", "CWE-494 CWE-829 AML.T0010" },
	[A_INSTRUCTION] = { "GH-DKR-0002", GH_LOW, GH_REVIEW, "A line of a Dockerfile that is not understood",
			    "Builders differ in what they make of it.", "Correct or remove the line.", "CWE-20" },
	[A_FRONTEND] = { "GH-DKR-0003", GH_MEDIUM, GH_REVIEW, "A Dockerfile names the program that builds it",
			 "The builder fetches this image and runs it: it decides what the file means, and sees the "
			 "whole "
			 "folder.",
			 "Remove the line, or use docker/dockerfile.", "CWE-829 CWE-494 AML.T0010" },
	GH_RULES_END
};

static enum gh_match probe(const struct gh_probe *p)
{
	(void)p; /* the text reader decides */
	return GH_NO;
}

struct docker {
	struct gh_walk *w;
	struct gh_span text;
	uint8_t *script, *line;
	size_t n;
	unsigned known, odd;
	uint8_t escape; /* what joins lines */
};

static bool blank(uint8_t c) { return c == ' ' || c == '\t' || c == '\r'; }

static void put(struct docker *d, struct gh_span s)
{
	if (s.n != 0)
		memcpy(d->script + d->n, s.p, s.n);
	d->n += s.n;
}

static struct gh_span skip_blanks(struct gh_span s)
{
	while (s.n != 0 && blank(s.p[0]))
		s = gh_span_cut(s, 1, s.n);
	return s;
}

/* ["a", "b"] is a command without a shell: its words, quoted. */
static void exec_form(struct docker *d, struct gh_span s)
{
	bool in = false;
	for (size_t i = 1; i < s.n; i++) {
		uint8_t c = s.p[i];
		if (in && c == '\\' && i + 1 < s.n) {
			i++;
			put(d, gh_span_cut(s, i, 1));
		} else if (c == '"') {
			in = !in;
			put(d, GH_SPAN("'"));
		} else if (in && c != '\'') {
			put(d, gh_span_cut(s, i, 1));
		} else if (c == ',') {
			put(d, GH_SPAN(" "));
		}
	}
	put(d, in ? GH_SPAN("'\n") : GH_SPAN("\n"));
}

static bool word_is(struct gh_span w, const char *s)
{
	size_t n = strlen(s);
	if (w.n != n)
		return false;
	for (size_t i = 0; i < n; i++)
		if ((w.p[i] & 0xdf) != (uint8_t)s[i])
			return false;
	return true;
}

static void command(struct docker *d, struct gh_span rest)
{
	for (;;) { /* --mount=…, --network=… */
		rest = skip_blanks(rest);
		if (!gh_span_starts(rest, "--"))
			break;
		while (rest.n != 0 && !blank(rest.p[0]))
			rest = gh_span_cut(rest, 1, rest.n);
	}
	if (rest.n != 0 && rest.p[0] == '[') {
		exec_form(d, rest);
		return;
	}
	if (gh_span_starts(rest, "<<")) /* RUN <<EOF: the document is the script */
		put(d, GH_SPAN("sh "));
	put(d, rest);
	put(d, GH_SPAN("\n"));
}

static enum gh_rc from(struct docker *d, struct gh_span rest, uint64_t off, uint64_t len)
{
	rest = skip_blanks(rest);
	while (gh_span_starts(rest, "--")) {
		while (rest.n != 0 && !blank(rest.p[0]))
			rest = gh_span_cut(rest, 1, rest.n);
		rest = skip_blanks(rest);
	}
	size_t n = 0, colon = 0;
	for (; n < rest.n && !blank(rest.p[n]); n++)
		colon = rest.p[n] == ':' || rest.p[n] == '@' ? (colon == 0 ? n : colon) : rest.p[n] == '/' ? 0 : colon;
	struct gh_span name = gh_span_cut(rest, 0, colon != 0 ? colon : n);
	struct gh_package p = { .ecosystem = "docker",
				.name = name,
				.version = gh_span_cut(rest, colon + 1, n - colon - 1) };
	if (colon == 0)
		p.version = (struct gh_span){ 0 };
	return gh_emit(d->w, GH_EV_PACKAGE, off, len, &p);
}

static enum gh_rc add(struct docker *d, struct gh_span rest, uint64_t off, uint64_t len)
{
	while ((rest = skip_blanks(rest)).n != 0) {
		size_t n = 0;
		while (n < rest.n && !blank(rest.p[n]))
			n++;
		struct gh_span w = gh_span_cut(rest, 0, n);
		rest = gh_span_cut(rest, n, rest.n);
		if (memmem(w.p, w.n, "://", 3) == NULL && !gh_span_starts(w, "git@"))
			continue;
		struct gh_reference r = { .kind = GH_REF_URL, .target = w, .from = GH_SPAN("ADD") };
		gh_anomaly(d->w, &rules[A_ADD], off, len, "%s", gh_safe(w).s);
		enum gh_rc rc = gh_emit(d->w, GH_EV_REFERENCE, off, len, &r);
		if (rc != GH_OK)
			return rc;
	}
	return GH_OK;
}

static enum gh_rc instruction(struct docker *d, struct gh_span line, uint64_t off, uint64_t len, bool emit)
{
	static const char *const plain[] = { "LABEL",	   "WORKDIR", "EXPOSE", "USER",	   "VOLUME",	  "STOPSIGNAL",
					     "MAINTAINER", "COPY",    "SHELL",	"ONBUILD", "HEALTHCHECK", "ARG",
					     "ENV",	   "FROM",    "RUN",	"CMD",	   "ENTRYPOINT",  "ADD" };
	struct gh_span word, rest;
	do { /* ONBUILD: the instruction behind it, later */
		size_t n = 0;
		line = skip_blanks(line);
		while (n < line.n && !blank(line.p[n]))
			n++;
		word = gh_span_cut(line, 0, n);
		rest = skip_blanks(gh_span_cut(line, n, line.n));
		line = word_is(word, "ONBUILD") ? rest : line;
	} while (word_is(word, "ONBUILD"));
	if (word.n == 0 || word.p[0] == '#')
		return GH_OK;
	if (word_is(word, "HEALTHCHECK")) {
		const uint8_t *cmd = rest.n == 0 ? NULL : memmem(rest.p, rest.n, "CMD", 3);
		rest = cmd == NULL ? (struct gh_span){ 0 } : gh_span_cut(rest, (uint64_t)(cmd - rest.p) + 3, rest.n);
	}
	bool known = false;
	for (size_t i = 0; i < sizeof plain / sizeof plain[0]; i++)
		known = known || word_is(word, plain[i]);
	d->known += known;
	d->odd += !known;
	if (!emit)
		return GH_OK;
	if (!known)
		gh_anomaly(d->w, &rules[A_INSTRUCTION], off, len, "%s", gh_safe(line).s);
	else if (word_is(word, "FROM"))
		return from(d, rest, off, len);
	else if (word_is(word, "ADD"))
		return add(d, rest, off, len);
	else if (word_is(word, "RUN") || word_is(word, "CMD") || word_is(word, "ENTRYPOINT") ||
		 word_is(word, "HEALTHCHECK")) {
		command(d, rest);
		return word_is(word, "RUN") ? gh_package_command(d->w, rest, off, len) : GH_OK;
	} else if ((word_is(word, "ENV") || word_is(word, "ARG")) &&
		   memchr(rest.p == NULL ? (const uint8_t *)"" : rest.p, '=', rest.n)) {
		put(d, GH_SPAN("export "));
		put(d, rest);
		put(d, GH_SPAN("\n"));
	}
	return GH_OK;
}

/* The end of the here-document that a RUN or COPY line opens; `at` when there is none. */
static size_t document(struct gh_span text, struct gh_span line, size_t at)
{
	const uint8_t *p = line.n == 0 ? NULL : memmem(line.p, line.n, "<<", 2);
	if (p == NULL)
		return at;
	struct gh_span w = gh_span_cut(line, (uint64_t)(p - line.p) + 2, line.n);
	while (w.n != 0 && memchr("-'\"", w.p[0], 3) != NULL)
		w = gh_span_cut(w, 1, w.n);
	size_t n = 0;
	while (n < w.n && ((w.p[n] | 0x20) >= 'a' || (w.p[n] >= '0' && w.p[n] <= '9')) && w.p[n] < 0x7f)
		n++;
	w = gh_span_cut(w, 0, n);
	for (size_t i = at; w.n != 0 && i < text.n;) {
		const uint8_t *nl = memchr(text.p + i, '\n', text.n - i);
		size_t len = nl == NULL ? text.n - i : (size_t)(nl - (text.p + i));
		struct gh_span l = skip_blanks(gh_span_cut(text, i, len));
		i += len + (nl != NULL);
		if (gh_span_eq(l, w))
			return i;
	}
	return at;
}

static enum gh_rc read_all(struct docker *d, bool emit)
{
	struct gh_span text = d->text;
	for (size_t at = 0; at < text.n;) {
		size_t from_off = at, n = 0;
		bool more = true;
		while (more && at < text.n) {
			const uint8_t *nl = memchr(text.p + at, '\n', text.n - at);
			size_t len = nl == NULL ? text.n - at : (size_t)(nl - (text.p + at)), keep = len;
			struct gh_span l = skip_blanks(gh_span_cut(text, at, len));
			while (keep != 0 && blank(text.p[at + keep - 1]))
				keep--;
			bool note = n != 0 && (l.n == 0 || l.p[0] == '#');  /* comments inside of a command */
			bool comment = n == 0 && l.n != 0 && l.p[0] == '#'; /* never goes on in the next line */
			more = note || (!comment && keep != 0 && text.p[at + keep - 1] == d->escape);
			if (!note) {
				memcpy(d->line + n, text.p + at, keep - more);
				n += keep - more;
			}
			at += len + (nl != NULL);
			if (more)
				d->line[n++] = ' ';
		}
		struct gh_span line = { d->line, n };
		size_t end = document(text, line, at);
		enum gh_rc rc = instruction(d, line, from_off, end - from_off, emit);
		if (rc != GH_OK)
			return rc;
		struct gh_span l = skip_blanks(line);
		if (emit && end != at && l.n > 3 && word_is(gh_span_cut(l, 0, 3), "RUN"))
			put(d, gh_span_cut(text, at, end - at));
		at = end;
	}
	return GH_OK;
}

/* The directives in front of the first instruction, of which BuildKit acts on `syntax` (docs.docker.com, Dockerfile reference,
 * "Parser directives"). The first line of another form ends them. */
static void frontend(struct docker *d)
{
	static const char *const own[] = { "docker/dockerfile", "docker.io/docker/dockerfile",
					   "docker/dockerfile-upstream", "docker.io/docker/dockerfile-upstream" };
	for (size_t at = 0; at < d->text.n;) {
		const uint8_t *nl = memchr(d->text.p + at, '\n', d->text.n - at);
		size_t len = nl == NULL ? d->text.n - at : (size_t)(nl - (d->text.p + at)), from = at;
		struct gh_span l = skip_blanks(gh_span_cut(d->text, at, len));
		const uint8_t *eq = l.n == 0 ? NULL : memchr(l.p, '=', l.n);
		bool shebang = at == 0 && gh_span_starts(l, "#!");
		at += len + (nl != NULL);
		if (shebang)
			continue;
		if (l.n == 0 || l.p[0] != '#' || eq == NULL)
			return;
		struct gh_span key = skip_blanks(gh_span_cut(l, 1, (uint64_t)(eq - l.p) - 1));
		struct gh_span v = skip_blanks(gh_span_cut(l, (uint64_t)(eq - l.p) + 1, l.n));
		size_t n = 0;
		while (key.n != 0 && blank(key.p[key.n - 1]))
			key.n--;
		while (n < v.n && !blank(v.p[n]) && v.p[n] != ':' && v.p[n] != '@')
			n++;
		bool known = !word_is(key, "SYNTAX");
		for (size_t i = 0; i < sizeof own / sizeof own[0]; i++)
			known = known || gh_span_is(gh_span_cut(v, 0, n), own[i]);
		if (!known)
			gh_anomaly(d->w, &rules[A_FRONTEND], from, len, "%s", gh_safe(v).s);
	}
}

static enum gh_rc walk(struct gh_walk *w)
{
	if (w->src->size > FILE_MAX)
		return gh_fail(w->err, GH_E_LIMIT, "a Dockerfile of more than %u MiB", (unsigned)FILE_MAX >> 20);
	struct docker d = { .w = w, .text = gh_text_whole(w, FILE_MAX) };
	d.line = gh_alloc(w->arena, d.text.n + 2, 2);
	d.script = gh_alloc(w->arena, d.text.n + 16, 5); /* `export ` and quotes make lines longer */
	if (d.text.p == NULL || d.line == NULL || d.script == NULL)
		return gh_fail(w->err, w->src->fail != GH_OK ? w->src->fail : GH_E_LIMIT, "no room for the Dockerfile");
	struct gh_span head = gh_span_cut(d.text, 0, 256);
	d.escape = head.n != 0 && memmem(head.p, head.n, "escape=`", 8) != NULL && head.p[0] == '#' ? '`' : '\\';
	(void)read_all(&d, false);
	if (d.odd > d.known || d.known == 0)
		return GH_E_NOTTHIS;
	frontend(&d);
	GH_TRY(read_all(&d, true), w->err, "Dockerfile");
	if (d.n != 0)
		GH_TRY(gh_shell_code(w, (struct gh_span){ d.script, d.n }, 0, d.text.n, NULL), w->err, "commands");
	gh_claim(w, 0, d.text.n, GH_CLAIM_STRUCT);
	return GH_OK;
}

const struct gh_fmt gh_fmt_dockerfile = {
	.name = "dockerfile",
	.about = "Dockerfiles and Containerfiles",
	.exts = "dockerfile containerfile docker txt",
	.probe = probe,
	.walk = walk,
	.rules = rules,
};
