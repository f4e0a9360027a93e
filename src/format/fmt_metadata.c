/* What an installed or packed Python distribution says about itself: PKG-INFO of *.egg-info and source archives, METADATA of
 * *.dist-info. Header lines as in mail, then a description for people. "Core metadata specifications" (packaging.python.org),
 * versions 1.0 to 2.4. */
#include "format/formats.h"
#include "format/packages.h"
#include "format/shell_code.h"

enum { TEXT_MAX = 4 << 20, FIELDS = 4096 };

static enum gh_match probe(const struct gh_probe *p)
{
	(void)p; /* known by its name: see gh_lock_text() */
	return GH_NO;
}

static bool name_byte(uint8_t c)
{
	return (c | 0x20) >= 'a' ? (c | 0x20) <= 'z' : c == '-' || c == '_' || (c >= '0' && c <= '9');
}

/* The length of the line at `at`, its end not counted; *next: the place behind it. */
static size_t line_at(struct gh_span s, size_t at, size_t *next)
{
	const uint8_t *nl = memchr(s.p + at, '\n', s.n - at);
	size_t n = nl == NULL ? s.n - at : (size_t)(nl - (s.p + at));
	*next = at + n + (nl != NULL);
	return n != 0 && s.p[at + n - 1] == '\r' ? n - 1 : n;
}

static enum gh_rc field(struct gh_walk *w, struct gh_span key, struct gh_span value, uint64_t off, uint64_t len)
{
	static const char *const lists[] = { "Requires-Dist", "Requires", "Setup-Requires-Dist" };
	for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++)
		if (gh_span_is(key, lists[i]) && gh_dep_line(value).kind != GH_DEP_UNKNOWN)
			return gh_package_line(w, value, off, len);
	return GH_OK;
}

/* *body: where the description begins. GH_E_NOTTHIS: it is something else. */
static enum gh_rc headers(struct gh_walk *w, struct gh_span s, size_t *body)
{
	size_t next, fields = 0;
	for (size_t at = 0; at < s.n; at = next) {
		size_t n = line_at(s, at, &next), key = 0;
		struct gh_span line = gh_span_cut(s, at, n);
		*body = next;
		if (n == 0)
			return fields != 0 ? GH_OK : GH_E_NOTTHIS;
		if (line.p[0] == ' ' || line.p[0] == '\t' || line.p[0] == '|') /* goes on */
			continue;
		while (key < n && name_byte(line.p[key]))
			key++;
		if (key == 0 || key == n || line.p[key] != ':' || fields == FIELDS ||
		    (fields == 0 && !gh_span_is(gh_span_cut(line, 0, key), "Metadata-Version")))
			return GH_E_NOTTHIS;
		fields++;
		struct gh_span value = gh_span_cut(line, key + 1, n);
		while (value.n != 0 && (value.p[0] == ' ' || value.p[0] == '\t'))
			value = gh_span_cut(value, 1, value.n);
		GH_TRY(field(w, gh_span_cut(line, 0, key), value, at, n), w->err, "at byte %zu", at);
	}
	return fields != 0 ? GH_OK : GH_E_NOTTHIS;
}

static enum gh_rc walk(struct gh_walk *w)
{
	if (w->src->size > TEXT_MAX)
		return GH_E_NOTTHIS;
	struct gh_span s = gh_text_whole(w, TEXT_MAX);
	size_t body = 0, next = 0;
	if (s.p == NULL)
		return gh_fail(w->err, w->src->fail != GH_OK ? w->src->fail : GH_E_LIMIT, "no room for the metadata");
	if (s.n == 0 || !gh_span_starts(s, "Metadata-Version:"))
		return GH_E_NOTTHIS;
	GH_TRY(headers(w, s, &body), w->err, "metadata");
	for (size_t at = 0; at < s.n; at = next) { /* whole lines, as documents are shown */
		next = s.n - at > GH_PROBE_BYTES ? at + GH_PROBE_BYTES : s.n;
		const uint8_t *nl = next == s.n ? NULL : memrchr(s.p + at, '\n', next - at);
		next = nl == NULL ? next : (size_t)(nl - s.p) + 1;
		struct gh_text t = { .role = "documentation", .text = gh_span_cut(s, at, next - at) };
		GH_TRY(gh_emit(w, GH_EV_TEXT, at, next - at, &t), w->err, "at byte %zu", at);
	}
	gh_claim(w, 0, body, GH_CLAIM_STRUCT);
	if (body < s.n)
		gh_claim(w, body, s.n - body, GH_CLAIM_DATA);
	return GH_OK;
}

const struct gh_fmt gh_fmt_metadata = {
	.name = "python-metadata",
	.about = "what a Python distribution says about itself (PKG-INFO, METADATA)",
	.exts = "txt",
	.probe = probe,
	.walk = walk,
	.rules = NULL,
};
