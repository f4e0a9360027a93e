/* Plain text: the format of last resort, used when no other one matches. Every byte is looked at: valid UTF-8, UTF-16
 * with a byte order mark, or a Latin alphabet in a single-byte encoding; no control characters. A byte that is not text
 * ends what is claimed. Source code, templates and configuration that some program would execute or obey are text as
 * well, but saying so would vouch for them: they are identified and left as not read. */
#include "base/utf8.h"
#include "format/formats.h"
#include "format/git/git.h"
#include "format/packages.h"
#include "wire/language.h"

enum { SGR_MAX = 32, POINTER_MAX = 1024, DOCUMENT = 1 << 20 /* of plain text is shown to checks */ };
enum { STEP = 32 << 10, WIDE = STEP * 3 / 2 + 16, LATIN_RUN = 4 };

enum { A_CODE, A_DECEPTIVE, A_POINTER };
static const struct gh_rule rules[] = {
	[A_CODE] = { "GH-TXT-0001", GH_MEDIUM, GH_INCOMPLETE,
		     "Source code or configuration that no reader here understands",
		     "Whatever the code does when a program runs or obeys it.",
		     "Read it yourself, or leave it out and use the model without it.", "CWE-829 AML.T0010" },
	[A_DECEPTIVE] = { "GH-TXT-0002", GH_MEDIUM, GH_REVIEW,
			  "Characters that make text look different from what it is",
			  "A reviewer sees harmless text where a program or a language model reads something else.",
			  "Look at the text in an editor that shows invisible characters.", "CWE-1007 CVE-2021-42574" },
	[A_POINTER] = { "GH-TXT-0004", GH_MEDIUM, GH_INCOMPLETE, "The content is not here: a Git LFS pointer",
			"None by itself: what the pointer stands for was not inspected.",
			"Run git lfs pull and scan what it fetches.", "CWE-1104" },
	GH_RULES_END
};

enum coding { UTF8, LATIN, UTF16LE, UTF16BE };

struct text {
	struct gh_walk *w;
	enum coding coding;
	bool wide_seen; /* a valid sequence of several bytes: this is UTF-8 for good */
	bool line_open; /* the next piece continues a line */
	unsigned told;	/* bit per rule raised */
	struct gh_lang lang;
	uint8_t *buf; /* UTF-16 turned into UTF-8 */
};

static bool plain(uint32_t c) { return c >= 0x20 ? c != 0x7f : c == '\t' || c == '\n' || c == '\r' || c == '\f'; }

static enum coding mark(struct gh_span h, unsigned *len)
{
	bool le = h.n >= 2 && h.p[0] == 0xff && h.p[1] == 0xfe, be = h.n >= 2 && h.p[0] == 0xfe && h.p[1] == 0xff;
	*len = le || be ? 2 : gh_span_starts(h, "\xef\xbb\xbf") ? 3 : 0;
	return le ? UTF16LE : be ? UTF16BE : UTF8;
}

/* A run of a few high bytes among ASCII, none of them a C1 control of Latin-1 that code page 1252 leaves out too. */
static size_t latin_run(struct gh_span s, size_t i)
{
	size_t n = 0;
	while (i + n < s.n && s.p[i + n] >= 0x80) {
		if (memchr("\x81\x8d\x8f\x90\x9d", s.p[i + n], 5) != NULL || ++n > LATIN_RUN)
			return 0;
	}
	return n;
}

/* ESC [ numbers m: colours, as programs write them into their logs. Other sequences move the cursor, name windows or send
 * answers, and are no text. Its length, 0 if it is none; *cut: it may go on behind the end. */
static size_t colour(struct gh_span s, bool *cut)
{
	size_t n = 2;
	while (n < s.n && n < SGR_MAX && ((s.p[n] >= '0' && s.p[n] <= '9') || s.p[n] == ';' || s.p[n] == ':'))
		n++;
	bool begun = s.n < 2 || s.p[1] == '[';
	*cut = begun && (s.n < 2 || (n == s.n && n < SGR_MAX));
	return begun && n < s.n && s.p[n] == 'm' ? n + 1 : 0;
}

/* How many bytes from the start are text. Less than all: something that is none, or, when *more, a character that the
 * end cuts. May settle *coding on LATIN. */
static size_t valid(struct gh_span s, enum coding *coding, bool *wide_seen, bool *more)
{
	size_t i = 0;
	*more = false;
	while (i < s.n) {
		uint32_t cp;
		if (s.p[i] < 0x80) {
			size_t one = plain(s.p[i]) ? 1 : s.p[i] == 0x1b ? colour(gh_span_cut(s, i, s.n), more) : 0;
			if (one == 0)
				break;
			i += one;
			continue;
		}
		unsigned n = *coding == LATIN ? 0 : gh_utf8_next(gh_span_cut(s, i, 4), &cp);
		if (n == 0 && *coding == UTF8) {
			*more = s.n - i < 4;
			if (*wide_seen || *more)
				break;
			*coding = LATIN;
		}
		*wide_seen = *wide_seen || n != 0;
		size_t run = n != 0 ? n : latin_run(s, i);
		if (run == 0)
			break;
		i += run;
	}
	return i;
}

/* UTF-16 as UTF-8 into out, which has room for 3 bytes per unit. Stops at what is no text. */
static size_t widen(struct gh_span s, bool big, uint8_t *out, size_t *used)
{
	size_t i = 0, n = 0;
	while (s.n - i >= 2) {
		uint32_t c = big ? (uint32_t)s.p[i] << 8 | s.p[i + 1] : gh_le16(s.p + i);
		unsigned take = 2;
		if (c >= 0xd800 && c < 0xdc00 && s.n - i >= 4) {
			uint32_t d = big ? (uint32_t)s.p[i + 2] << 8 | s.p[i + 3] : gh_le16(s.p + i + 2);
			if (d < 0xdc00 || d > 0xdfff)
				break;
			c = 0x10000 + ((c - 0xd800) << 10) + (d - 0xdc00);
			take = 4;
		}
		if ((c >= 0xd800 && c <= 0xdfff) || !plain(c) || c == 0xfffe || c == 0xffff)
			break;
		n += gh_utf8_put(c, out + n);
		i += take;
	}
	*used = i;
	return n;
}

/* ---- what lines say ---------------------------------------------------------------------------------------------- */
/* Bidirectional overrides among letters, embeddings that are not closed within the line ("Trojan Source"), and the two
 * ranges in which whole messages hide: tag characters (but for flags, where U+1F3F4 comes first) and rows of
 * supplementary variation selectors. A token list names such characters one by one: those are no deception. */
static bool deceptive(struct gh_span line)
{
	int open = 0;
	unsigned letters = 0, selectors = 0;
	bool override = false, flag = false;
	for (size_t i = 0; i < line.n;) {
		uint32_t cp = 0;
		unsigned n = gh_utf8_next(gh_span_cut(line, i, 4), &cp);
		if (n == 0)
			return false;
		bool opens = i == 0 || memchr("\"'\t", line.p[i - 1], 3) != NULL;
		i += n;
		bool alone = opens && (i == line.n || memchr("\"'\t \r", line.p[i], 5) != NULL);
		letters += (cp | 0x20) >= 'a' && (cp | 0x20) <= 'z';
		selectors = cp >= 0xe0100 && cp <= 0xe01ef ? selectors + 1 : 0;
		override = override || ((cp == 0x202d || cp == 0x202e) && !alone);
		open += (cp == 0x202a || cp == 0x202b || (cp >= 0x2066 && cp <= 0x2068)) && !alone;
		open -= (cp == 0x202c || cp == 0x2069) && open > 0;
		bool tag = cp >= 0xe0020 && cp <= 0xe007f;
		if ((tag && !flag && !alone) || selectors >= 4)
			return true;
		flag = cp == 0x1f3f4 || (flag && tag);
	}
	return letters >= 4 && (override || open > 0);
}

static void raise(struct text *t, unsigned rule, uint64_t off, uint64_t len, const char *what)
{
	if (t->told & 1u << rule)
		return;
	t->told |= 1u << rule;
	gh_anomaly(t->w, &rules[rule], off, len, "%s", what);
}

/* utf8: text that stands at [off, off+len) of the source; pieces come in order and break lines anywhere. */
static void take_lines(struct text *t, struct gh_span utf8, uint64_t off, uint64_t len)
{
	for (size_t i = 0; i < utf8.n;) {
		const uint8_t *nl = memchr(utf8.p + i, '\n', utf8.n - i);
		size_t n = nl == NULL ? utf8.n - i : (size_t)(nl - (utf8.p + i));
		struct gh_span line = { utf8.p + i, n };
		gh_lang_line(&t->lang, line, !t->line_open);
		if (t->coding != LATIN && n > 3 &&
		    (memchr(line.p, 0xe2, n) != NULL || memchr(line.p, 0xf3, n) != NULL) && deceptive(line))
			raise(t, A_DECEPTIVE, off, len, "text direction overrides or hidden characters");
		t->line_open = nl == NULL;
		i += n + (nl != NULL);
	}
}

/* ---- the walk ---------------------------------------------------------------------------------------------------- */
/* One step of the source; false when it held something that is no text. *off moves on. */
static bool step(struct text *t, uint64_t *off)
{
	struct gh_walk *w = t->w;
	struct gh_span in = gh_src_window(w->src, *off, STEP);
	bool last = *off + in.n >= w->src->size, more = false;
	size_t used;
	struct gh_span out = { t->buf, 0 };
	if (t->coding == UTF16LE || t->coding == UTF16BE) {
		out.n = widen(in, t->coding == UTF16BE, t->buf, &used);
		more = in.n - used < 4;
		struct gh_text text = { .role = "documentation", .text = out };
		if (out.n != 0) /* as it stands in the file, no check could search it */
			(void)gh_emit(w, GH_EV_TEXT, *off, used, &text);
	} else {
		used = valid(in, &t->coding, &t->wide_seen, &more);
		/* Of a long piece, break behind a line rather than inside it. */
		const uint8_t *nl = last || (used < in.n - 3 && !more) ? NULL : memrchr(in.p, '\n', used);
		if (nl != NULL) {
			used = (size_t)(nl - in.p) + 1;
			more = true;
		}
		out = (struct gh_span){ in.p, used };
	}
	take_lines(t, out, *off, used);
	*off += used;
	gh_src_advance(w->src, *off);
	return used == in.n || (more && !last && used != 0);
}

/* Languages that have a reader of their own, by what gh_lang_result() calls them. */
static const struct gh_fmt *reader_of(const char *language)
{
	static const struct {
		const char *language, *format;
	} readers[] = {
		{ "Python source", "python" },
		{ "shell script", "shell" },
		{ "YAML", "yaml" },
		{ "YAML that makes objects", "yaml" },
		{ "template", "jinja" },
		{ "Dockerfile", "dockerfile" },
		{ "Python requirements", "pip-requirements" },
		{ "TOML", "toml" },
		{ "configuration", "ini" },
		{ "XML", "xml" },
		{ "HTML", "html" },
		{ "HTML with scripts", "html" },
		{ "makefile", "makefile" },
		{ "JavaScript source", "source-code" },
		{ "batch file", "source-code" },
		{ "PowerShell script", "source-code" },
		{ "Ruby source", "source-code" },
		{ "Perl source", "source-code" },
		{ "PHP source", "source-code" },
		{ "Lua source", "source-code" },
		{ "R source", "source-code" },
		{ "C source", "source-code" },
		{ "Java source", "source-code" },
		{ "Go or Rust source", "source-code" },
		{ "script", "source-code" },
		{ "source code", "source-code" },
		{ "build description", "source-code" },
	};
	for (size_t i = 0; i < sizeof readers / sizeof readers[0]; i++)
		if (strcmp(readers[i].language, language) == 0)
			return gh_fmt_named(readers[i].format);
	return NULL;
}

/* Git LFS specification v1: "version URL\n", then keys in order, among them oid and size. */
static bool is_pointer(struct gh_span s)
{
	return (gh_span_starts(s, "version https://git-lfs.github.com/spec/v1\n") ||
		gh_span_starts(s, "version https://hawser.github.com/spec/v1\n")) &&
	       memmem(s.p, s.n, "\noid sha256:", 12) != NULL && memmem(s.p, s.n, "\nsize ", 6) != NULL;
}

/* Behind "---", a first line "key:" or "key: value": what model cards begin with, and what their readers parse as YAML. */
static bool begins_yaml(struct gh_span s)
{
	size_t i = 0;
	while (i < s.n &&
	       ((s.p[i] | 0x20) >= 'a' ? (s.p[i] | 0x20) <= 'z' : memchr("_-0123456789", s.p[i], 12) != NULL))
		i++;
	return i > 0 && i + 1 < s.n && s.p[i] == ':' && memchr(" \r\n", s.p[i + 1], 3) != NULL;
}

/* Where the front matter of a document begins and ends: between a first line "---" and the next one. *stop: 0 when there is
 * none. */
static void front_matter(struct gh_walk *w, uint64_t end, uint64_t *start, uint64_t *stop)
{
	struct gh_span s = gh_span_cut(gh_src_window(w->src, 0, GH_WINDOW_MAX), 0, end);
	size_t mark = gh_span_starts(s, "\xef\xbb\xbf") ? 3 : 0, line;
	struct gh_span first = gh_span_cut(s, mark, 5);
	*start = mark + (gh_span_starts(first, "---\r\n") ? 5 : 4);
	*stop = 0;
	if ((!gh_span_starts(first, "---\n") && !gh_span_starts(first, "---\r\n")) ||
	    !begins_yaml(gh_span_cut(s, *start, s.n)))
		return;
	for (line = (size_t)*start; line < s.n;) {
		const uint8_t *nl = memchr(s.p + line, '\n', s.n - line);
		size_t n = nl == NULL ? s.n - line : (size_t)(nl - (s.p + line));
		n -= n > 0 && s.p[line + n - 1] == '\r';
		if (n == 3 && memcmp(s.p + line, "---", 3) == 0) {
			*stop = line;
			return;
		}
		if (nl == NULL)
			return;
		line = (size_t)(nl - s.p) + 1;
	}
}

/* Claims the document; what its readers parse as YAML goes to the reader of YAML. */
static enum gh_rc claim_document(struct gh_walk *w, uint64_t end, bool wide)
{
	uint64_t start = 0, stop = 0;
	if (!wide)
		front_matter(w, end, &start, &stop);
	if (stop <= start) {
		gh_claim(w, 0, end, GH_CLAIM_DATA);
		return GH_OK;
	}
	struct gh_member m = {
		.how = GH_MEMBER_FILE, .name = GH_SPAN("front matter"), .role = "front matter", .expect = "yaml"
	};
	gh_claim(w, 0, start, GH_CLAIM_DATA);
	gh_claim(w, stop, end - stop, GH_CLAIM_DATA);
	return gh_member_range(w, m, start, stop - start);
}

static enum gh_rc say(struct text *t, uint64_t end)
{
	struct gh_walk *w = t->w;
	if (w->src->size < POINTER_MAX && is_pointer(gh_src_window(w->src, 0, POINTER_MAX)))
		gh_anomaly(w, &rules[A_POINTER], 0, end, "the file itself lies in the storage of Git LFS");
	const char *language = gh_lang_result(&t->lang, w->name);
	/* Commands that a document may just show are no script: it stays a document, and is searched as one. */
	if (language != NULL && strcmp(language, "shell script") == 0 && gh_lang_doubtful(&t->lang) &&
	    gh_lang_by_name(w->name) == NULL)
		language = NULL;
	bool wide = t->coding == UTF16LE || t->coding == UTF16BE;
	const struct gh_fmt *reader = language == NULL || wide || end != w->src->size ? NULL : reader_of(language);
	/* Workflows and charts are YAML although they hold commands and templates; source code does not become a template by
	 * a pair of braces in a comment. */
	const char *by_name = gh_lang_by_name(w->name);
	bool braces = language != NULL && by_name != NULL && strcmp(language, "template") == 0 && language != by_name;
	/* What Python imports by its name is Python, whatever its first lines look like. */
	bool imported = by_name != NULL && strcmp(by_name, "Python source") == 0;
	/* What an XML parser is given by its name is XML, whatever page it resembles. */
	imported = imported || (by_name != NULL && strcmp(by_name, "XML") == 0);
	const struct gh_fmt *ollama = wide || end != w->src->size ? NULL : gh_modelfile_text(w->name);
	if (ollama != NULL) {
		enum gh_rc rc = gh_walk_as(w, ollama);
		if (rc != GH_E_NOTTHIS)
			return rc;
	}
	/* Rules hold what they look for: no other reader is asked. */
	const struct gh_fmt *yara = wide || end != w->src->size ? NULL : gh_yara_text(w->name);
	if (yara != NULL) {
		enum gh_rc rc = gh_walk_as(w, yara);
		if (rc != GH_E_NOTTHIS)
			return rc;
	}
	if (by_name != NULL && (strcmp(by_name, "YAML") == 0 || braces || imported) && !wide && end == w->src->size) {
		const struct gh_fmt *other = reader_of(by_name);
		enum gh_rc rc = other == NULL ? GH_E_NOTTHIS : gh_walk_as(w, other);
		if (rc != GH_E_NOTTHIS)
			return rc;
	}
	if (!wide && end == w->src->size) { /* what git obeys by its name, whatever else it looks like */
		enum gh_rc rc = gh_walk_as(w, gh_git_text(w->name));
		for (unsigned k = 0; k < 2 && rc == GH_E_NOTTHIS && language == NULL;
		     k++) { /* so do package managers */
			const struct gh_fmt *lock = gh_lock_text(w->name, k != 0);
			rc = lock == NULL ? GH_E_NOTTHIS : gh_walk_as(w, lock);
		}
		if (rc != GH_E_NOTTHIS)
			return rc;
	}
	if (reader != NULL) {
		enum gh_rc rc = gh_walk_as(w, reader);
		if (rc != GH_E_NOTTHIS)
			return rc;
		/* It only looked like it. What a program reads by its name stays suspect, though. */
		language = by_name;
		const struct gh_fmt *other = by_name == NULL ? NULL : reader_of(by_name);
		rc = other == NULL || other == reader ? GH_E_NOTTHIS : gh_walk_as(w, other);
		if (rc != GH_E_NOTTHIS)
			return rc;
	}
	if (language != NULL) {
		gh_anomaly(w, &rules[A_CODE], 0, end, "identified, not read: %s", language);
		struct gh_src_sub sub;
		struct gh_code code = { .language = gh_lang_code(language),
					.name = w->name,
					.src = gh_src_sub(&sub, w->src, 0, end) };
		enum gh_rc rc = gh_emit(w, GH_EV_CODE, 0, end, &code);
		/* Nothing is claimed: every byte is text, but what it makes a program do was not understood. */
		return rc != GH_OK ? rc : gh_fail(w->err, GH_E_UNREAD, "identified, not read: %s", language);
	}
	enum gh_rc rc = claim_document(w, end, wide);
	if (wide)
		return rc;
	for (uint64_t off = 0, stop = end < DOCUMENT ? end : DOCUMENT; off < stop && rc == GH_OK;) {
		struct gh_span s = gh_span_cut(gh_src_window(w->src, off, GH_PROBE_BYTES), 0, stop - off);
		const uint8_t *nl = s.n == 0 || off + s.n == stop ? NULL : memrchr(s.p, '\n', s.n);
		s.n = nl == NULL ? s.n : (size_t)(nl - s.p) + 1; /* whole lines */
		struct gh_text text = { .role = "documentation", .text = s };
		if (s.n == 0)
			break;
		rc = gh_emit(w, GH_EV_TEXT, off, s.n, &text);
		off += s.n;
	}
	return rc;
}

static enum gh_rc walk(struct gh_walk *w)
{
	struct text *t = GH_NEW(w->arena, struct text, 1);
	uint8_t *buf = gh_alloc(w->arena, 1, WIDE);
	if (t == NULL || buf == NULL)
		return gh_fail(w->err, GH_E_LIMIT, "no room for a buffer");
	unsigned bom = 0;
	*t = (struct text){ .w = w, .buf = buf };
	t->coding = mark(gh_src_window(w->src, 0, 3), &bom);
	uint64_t off = bom;
	while (off < w->src->size && step(t, &off))
		;
	if (w->src->fail != GH_OK)
		return gh_fail(w->err, w->src->fail, "text");
	return say(t, off);
}

static enum gh_match probe(const struct gh_probe *p)
{
	unsigned bom;
	enum coding coding = mark(p->head, &bom);
	struct gh_span s = gh_span_cut(p->head, bom, p->head.n);
	bool more = false, wide = false;
	size_t used = 0;
	if (coding == UTF16LE || coding == UTF16BE) {
		uint8_t out[4096 / 2 * 3];
		s = gh_span_cut(s, 0, 4096);
		(void)widen(s, coding == UTF16BE, out, &used);
		return s.n >= 2 && s.n - used < 2 + 2 * (s.n == 4096) ? GH_TEXT : GH_NO;
	}
	used = valid(s, &coding, &wide, &more);
	return s.n != 0 && (used == s.n || (more && p->size > p->head.n)) ? GH_TEXT : GH_NO;
}

const struct gh_fmt gh_fmt_text = {
	.name = "text",
	.about = "plain text: documentation, tables, word lists, JSON without active content",
	.exts = "txt md csv tsv json jsonl arff log vocab merges rst tex bib svm libsvm "
		/* text by right as well, though code or configuration: saying so is this reader's own business */
		"py sh bash zsh pl rb js lua awk tcl php r command run bat cmd ps1 c h cc cpp cu java go rs sql css "
		"yaml yml toml lock ini cfg conf xml pmml html htm svg j2 jinja jinja2 template ipynb",
	.probe = probe,
	.walk = walk,
	.rules = rules,
};
