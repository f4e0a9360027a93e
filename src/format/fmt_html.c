/* HTML: pages and fragments, read as browsers do: whatever is not a tag is text, nothing is an error. Only what acts when
 * the page is opened is of interest: scripts, event handlers, addresses that are scripts, frames, forms, redirections. */
#include "format/formats.h"

#include <stdarg.h>
#include <stdio.h>

enum { SAY = 16, STEP = 64 << 10, TAG_MAX = 32 << 10, ATTR_NAME = 40, VALUE = 128 };

enum { A_SCRIPT, A_LOADED, A_HANDLER, A_ADDRESS, A_FRAME, A_REDIRECT, A_LONG, A_ENTITY, RULES };
static const struct gh_rule rules[] = {
	[A_SCRIPT] = { "GH-HTML-0001", GH_MEDIUM, GH_REVIEW, "Page with a script",
		       "Whoever opens it in a browser runs the author's code.",
		       "Read the script; show the page only where it can reach nothing.", "CWE-79" },
	[A_LOADED] = { "GH-HTML-0002", GH_MEDIUM, GH_REVIEW, "Page that loads a script or an object from elsewhere",
		       "Whoever owns the address runs code in the reader's browser, and may change it at any time.",
		       "Check who owns the address; open the page offline.", "CWE-829 CWE-79" },
	[A_HANDLER] = { "GH-HTML-0003", GH_MEDIUM, GH_REVIEW, "Page with code in an event handler",
			"Opening the page, or moving over it, runs the author's code.", "Read the handler.", "CWE-79" },
	[A_ADDRESS] = { "GH-HTML-0004", GH_HIGH, GH_REVIEW, "Address that is a script",
			"Following the link runs the author's code in the reader's session.", "Do not follow it.",
			"CWE-79 CWE-83" },
	[A_FRAME] = { "GH-HTML-0005", GH_MEDIUM, GH_REVIEW, "Page that shows another one, or sends a form elsewhere",
		      "The reader is shown a page of the author's choice, or asked for what should stay here.",
		      "Check who owns the address.", "CWE-1021 CWE-829" },
	[A_REDIRECT] = { "GH-HTML-0006", GH_MEDIUM, GH_REVIEW, "Page that leads elsewhere by itself",
			 "Opening it opens the author's address.", "Check who owns the address.", "CWE-601" },
	[A_LONG] = { "GH-HTML-0007", GH_LOW, GH_INCOMPLETE, "A tag that is too long to be read",
		     "What stands in it was not seen.", "Read the page in an editor.", "CWE-770" },
	[A_ENTITY] = { "GH-HTML-0008", GH_HIGH, GH_REVIEW, "Page that declares entities",
		       "Browsers pass over them; an XML parser that is given the page opens the files and addresses "
		       "they "
		       "name.",
		       "Do not hand the page to an XML parser.", "CWE-611 CWE-776" },
	[RULES] = GH_RULES_END,
};

struct page {
	struct gh_walk *w;
	unsigned said[RULES];
	uint64_t off;	/* of the tag in hand */
	char name[16];	/* its name, small letters */
	bool raw;	/* inside of <script> or <style>: text until its end tag */
	char until[16]; /* "script" */
};

static void say(struct page *p, unsigned a, uint64_t len, const char *fmt, ...) __attribute__((format(printf, 4, 5)));
static void say(struct page *p, unsigned a, uint64_t len, const char *fmt, ...)
{
	char text[300];
	va_list ap;
	if (p->said[a]++ >= SAY)
		return;
	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	gh_anomaly(p->w, &rules[a], p->off, len, "%s", text);
}

static uint8_t lower(uint8_t c) { return c >= 'A' && c <= 'Z' ? c | 0x20 : c; }
static bool blank(uint8_t c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f'; }

static bool folds(struct gh_span s, const char *what)
{
	size_t n = strlen(what);
	for (size_t i = 0; i < n; i++)
		if (i >= s.n || lower(s.p[i]) != (uint8_t)what[i])
			return false;
	return true;
}

static bool any(const char *s, const char *const *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(s, list[i]) == 0)
			return true;
	return false;
}

/* An address without what browsers drop from it: blanks and controls; character references of letters are decoded. */
static size_t address(struct gh_span v, char *out, size_t cap)
{
	size_t n = 0;
	for (size_t i = 0; i < v.n && n + 1 < cap;) {
		uint32_t c = v.p[i];
		size_t len = 1;
		if (c == '&' && i + 2 < v.n && v.p[i + 1] == '#') {
			bool hex = lower(v.p[i + 2]) == 'x';
			uint32_t cp = 0;
			for (len = hex ? 3 : 2; i + len < v.n && len < 12; len++) {
				uint8_t d = lower(v.p[i + len]);
				if (!((d >= '0' && d <= '9') || (hex && d >= 'a' && d <= 'f')))
					break;
				cp = cp * (hex ? 16 : 10) + (d <= '9' ? d - (uint32_t)'0' : d - 'a' + 10u);
			}
			len += i + len < v.n && v.p[i + len] == ';';
			c = cp;
		} else if (folds(gh_span_cut(v, i, 16), "&colon;")) {
			len = 7;
			c = ':';
		} else if (folds(gh_span_cut(v, i, 16), "&tab;") || folds(gh_span_cut(v, i, 16), "&newline;")) {
			len = v.p[i + 1] == 't' || v.p[i + 1] == 'T' ? 5 : 9;
			c = ' ';
		}
		i += len;
		if (c > 0x20 && c < 0x7f)
			out[n++] = (char)lower((uint8_t)c);
	}
	out[n] = '\0';
	return n;
}

static void on_attr(struct page *p, const char *name, struct gh_span value, uint64_t len)
{
	static const char *const loading[] = { "script", "embed", "object", "applet" };
	static const char *const framing[] = { "iframe", "frame", "form", "button", "input", "base" };
	char to[VALUE];
	(void)address(value, to, sizeof to);
	bool script = strncmp(to, "javascript:", 11) == 0 || strncmp(to, "vbscript:", 9) == 0 ||
		      strncmp(to, "data:text/html", 14) == 0;
	bool away = strncmp(to, "http", 4) == 0 || strncmp(to, "//", 2) == 0;
	bool link = strcmp(name, "href") == 0 || strcmp(name, "src") == 0 || strcmp(name, "data") == 0 ||
		    strcmp(name, "action") == 0 || strcmp(name, "formaction") == 0 || strcmp(name, "xlink:href") == 0 ||
		    strcmp(name, "srcdoc") == 0;
	if (name[0] == 'o' && name[1] == 'n' && strlen(name) > 4)
		say(p, A_HANDLER, len, "%s of <%s>: %s", name, p->name, gh_safe(value).s);
	else if (link && script)
		say(p, A_ADDRESS, len, "%s of <%s>: %s", name, p->name, gh_safe(value).s);
	else if (link && away && any(p->name, loading, sizeof loading / sizeof loading[0]))
		say(p, A_LOADED, len, "<%s> from %s", p->name, gh_safe(value).s);
	else if ((link && away && any(p->name, framing, sizeof framing / sizeof framing[0])) ||
		 strcmp(name, "srcdoc") == 0)
		say(p, A_FRAME, len, "<%s> to %s", p->name, gh_safe(value).s);
	else if (strcmp(p->name, "meta") == 0 && strcmp(name, "content") == 0 && strstr(to, "url=") != NULL)
		say(p, A_REDIRECT, len, "%s", gh_safe(value).s);
}

/* The attributes of the tag t, which starts with `<name`; at stands behind the name. */
static void attributes(struct page *p, struct gh_span t, size_t at)
{
	while (at < t.n) {
		char name[ATTR_NAME];
		size_t n = 0;
		while (at < t.n && (blank(t.p[at]) || t.p[at] == '/'))
			at++;
		while (at < t.n && !blank(t.p[at]) && t.p[at] != '=' && t.p[at] != '>' && t.p[at] != '/') {
			if (n + 1 < sizeof name)
				name[n++] = (char)(lower(t.p[at]) < 0x7f && t.p[at] > 0x20 ? lower(t.p[at]) : '?');
			at++;
		}
		name[n] = '\0';
		while (at < t.n && blank(t.p[at]))
			at++;
		struct gh_span value = { 0 };
		if (at < t.n && t.p[at] == '=') {
			for (at++; at < t.n && blank(t.p[at]); at++)
				;
			uint8_t q = at < t.n ? t.p[at] : 0;
			size_t from = at;
			if (q == '"' || q == '\'')
				for (from = ++at; at < t.n && t.p[at] != q; at++)
					;
			else
				for (; at < t.n && !blank(t.p[at]) && t.p[at] != '>'; at++)
					;
			value = gh_span_cut(t, from, at - from);
			at += q == '"' || q == '\'';
		} else if (n == 0)
			at++;
		if (n != 0)
			on_attr(p, name, value, t.n);
	}
}

/* On the way to the end of a tag, quotes seen to. */
struct in_tag {
	size_t at;
	uint8_t quote, last;
	bool known;
};

/* Take the next byte; true: it ends the tag. */
static bool tag_byte(struct in_tag *t, uint8_t c)
{
	t->at++;
	if (t->quote != 0)
		t->quote = c == t->quote ? 0 : t->quote;
	else if ((c == '"' || c == '\'') && t->last == '=')
		t->quote = c;
	else if (c == '>')
		return true;
	t->last = blank(c) ? t->last : c;
	return false;
}

/* The end of the tag at s; 0: not within s. */
static size_t tag_end(struct gh_span s)
{
	struct in_tag t = { .at = 1 };
	while (t.at < s.n)
		if (tag_byte(&t, s.p[t.at]))
			return t.at;
	return 0;
}

/* `before` is on the way through a tag of s that does not end within s. Is `at` a place in it that is not between quotes? Then a tag that
 * begins there does not end either: it goes the same way. */
static bool goes_on(struct in_tag *before, struct gh_span s, size_t at)
{
	while (before->known && before->at < at)
		(void)tag_byte(before, s.p[before->at]);
	return before->known && before->quote == 0;
}

/* One tag at the start of s; returns its length, 0 when s ends inside it. */
static size_t one_tag(struct page *p, struct gh_span s)
{
	size_t end = tag_end(s), at = 1, n = 0;
	if (end == 0)
		return 0;
	bool closing = s.p[1] == '/';
	for (at += closing; at < end - 1 && !blank(s.p[at]) && s.p[at] != '/'; at++)
		if (n + 1 < sizeof p->name)
			p->name[n++] = (char)(lower(s.p[at]) < 0x7f && s.p[at] > 0x20 ? lower(s.p[at]) : '?');
	p->name[n] = '\0';
	if (closing)
		return end;
	if (strcmp(p->name, "script") == 0)
		say(p, A_SCRIPT, end, "%s", gh_safe(gh_span_cut(s, 0, end + 60)).s);
	attributes(p, gh_span_cut(s, 0, end - 1), at);
	if (strcmp(p->name, "script") == 0 || strcmp(p->name, "style") == 0 || strcmp(p->name, "textarea") == 0 ||
	    strcmp(p->name, "title") == 0) {
		p->raw = true;
		memcpy(p->until, p->name, sizeof p->until);
	}
	return end;
}

/* How much of s was dealt with; the rest comes again with more behind it. */
static size_t pass(struct page *p, struct gh_span s, uint64_t base, bool last)
{
	size_t at = 0;
	struct in_tag open = { .known = false }; /* the last tag that does not end */
	bool endless = false;			 /* nor does any comment from here on */
	while (at < s.n) {
		const uint8_t *lt = memchr(s.p + at, '<', s.n - at);
		if (lt == NULL)
			return s.n;
		at = (size_t)(lt - s.p);
		struct gh_span rest = gh_span_cut(s, at, s.n);
		p->off = base + at;
		if (rest.n < 32 && !last)
			return at;
		bool close = rest.n > 1 && rest.p[1] == '/';
		uint8_t c = rest.n < 2u + close ? 0 : lower(rest.p[1 + close]);
		if (p->raw) {
			size_t n = strlen(p->until);
			p->raw = !(close && rest.n > n + 2 && folds(gh_span_cut(rest, 2, rest.n), p->until));
			at += p->raw;
		} else if (gh_span_starts(rest, "<!--")) {
			const uint8_t *end = endless ? NULL : memmem(rest.p, rest.n, "-->", 3);
			endless = end == NULL;
			if (end == NULL && !last && rest.n < TAG_MAX)
				return at;
			at = end == NULL ? at + 4 : (size_t)(end - s.p) + 3;
		} else if (c >= 'a' && c <= 'z') {
			bool same = goes_on(&open, s, at);
			size_t n = same ? 0 : one_tag(p, rest);
			if (n == 0 && !same)
				open = (struct in_tag){ .at = at + 1, .known = true };
			if (n == 0 && !last && rest.n < TAG_MAX)
				return at;
			if (n == 0 && rest.n >= TAG_MAX)
				say(p, A_LONG, rest.n, "<%s", gh_safe(gh_span_cut(rest, 1, 20)).s);
			at += n == 0 ? 1 : n;
		} else
			at++;
	}
	return s.n;
}

static enum gh_rc walk(struct gh_walk *w)
{
	struct page p = { .w = w };
	uint64_t off = 0;
	while (off < w->src->size) {
		struct gh_span s = gh_src_window(w->src, off, STEP);
		bool last = off + s.n >= w->src->size;
		if (s.n == 0)
			break;
		p.off = off;
		if (memmem(s.p, s.n, "<!ENTITY", 8) != NULL)
			say(&p, A_ENTITY, s.n, "in its document type");
		struct gh_text t = { .role = "metadata", .text = s };
		if (memmem(s.p, s.n, "{{", 2) != NULL ||
		    memmem(s.p, s.n, "{%", 2) != NULL) { /* rendered before it is shown */
			enum gh_rc rc = gh_emit(w, GH_EV_TEXT, off, s.n, &t);
			if (rc != GH_OK)
				return rc;
			s = gh_src_window(w->src, off, STEP);
		}
		size_t n = pass(&p, s, off, last);
		off += n == 0 ? s.n : n;
		gh_src_advance(w->src, off);
	}
	if (w->src->fail != GH_OK)
		return gh_fail(w->err, w->src->fail, "HTML");
	gh_claim(w, 0, w->src->size, GH_CLAIM_DATA);
	struct gh_text t = { .role = "documentation", .text = gh_src_window(w->src, 0, STEP) };
	return gh_emit(w, GH_EV_TEXT, 0, t.text.n, &t);
}

/* The text reader hands over what is HTML: it has seen that all of it is text. */
static enum gh_match probe(const struct gh_probe *p)
{
	(void)p;
	return GH_NO;
}

const struct gh_fmt gh_fmt_html = {
	.name = "html",
	.about = "HTML pages: scripts, handlers, frames and what else acts when they are opened",
	.exts = "html htm xhtml shtml vue svelte",
	.over = "text",
	.probe = probe,
	.walk = walk,
	.rules = rules,
};
