#include "scan/report_parts.h"

#include "base/utf8.h"

#include <inttypes.h>

static uint64_t plus(uint64_t a, uint64_t b)
{
	uint64_t sum;
	return __builtin_add_overflow(a, b, &sum) ? UINT64_MAX : sum;
}

struct gh_totals gh_report_totals(const struct gh_scan_report *r)
{
	struct gh_totals t = { 0 };
	for (size_t i = 0; i < r->nfile; i++) {
		const struct gh_file_report *f = &r->file[i];
		t.files[f->verdict]++;
		t.dropped = plus(t.dropped, f->dropped);
		t.members = plus(t.members, f->members);
		t.expanded = plus(t.expanded, f->expanded);
		for (size_t k = 0; k < f->nfinding; k++)
			t.findings[f->finding[k].rule->effect]++;
	}
	return t;
}

static const char *html_entity(uint32_t cp)
{
	switch (cp) {
	case '&': return "&amp;";
	case '<': return "&lt;";
	case '>': return "&gt;";
	case '"': return "&quot;";
	case '\'': return "&#39;";
	default: return NULL;
	}
}

/* `raw` text still has to be told from the escapes made here, so its backslashes are doubled. */
static void show(struct gh_buf *b, const char *text, bool raw, bool html)
{
	struct gh_span s = gh_span_str(text);
	while (s.n > 0 && !b->full) {
		uint32_t cp = 0;
		unsigned n = gh_utf8_next(s, &cp);
		const char *entity = html && n > 0 ? html_entity(cp) : NULL;
		if (n == 0)
			gh_buf_fmt(b, "\\x%02x", s.p[0]);
		else if (raw && cp == '\\')
			gh_buf_str(b, "\\\\");
		else if (gh_utf8_deceptive(cp))
			gh_buf_fmt(b, cp > 0xffff ? "\\U%08x" : cp > 0xff ? "\\u%04x" : "\\x%02x", cp);
		else if (entity != NULL)
			gh_buf_str(b, entity);
		else
			gh_buf_put(b, s.p, n);
		s = gh_span_cut(s, n == 0 ? 1 : n, s.n);
	}
}

void gh_plain(struct gh_buf *b, const char *s) { show(b, s, false, false); }
void gh_plain_path(struct gh_buf *b, const char *path) { show(b, path, true, false); }
void gh_plain_html(struct gh_buf *b, const char *s) { show(b, s, false, true); }
void gh_path_html(struct gh_buf *b, const char *path) { show(b, path, true, true); }

void gh_percent(struct gh_buf *b, const char *bytes)
{
	for (const unsigned char *p = (const unsigned char *)bytes; *p != '\0'; p++) {
		unsigned char c = *p;
		bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
			     strchr("-._~/", c) != NULL;
		if (plain)
			gh_buf_ch(b, (char)c);
		else
			gh_buf_fmt(b, "%%%02X", c);
	}
}

void gh_size_text(struct gh_buf *b, uint64_t bytes)
{
	static const char *const unit[] = { "kB", "MB", "GB", "TB", "PB", "EB" };
	if (bytes < 1000) {
		gh_buf_fmt(b, "%" PRIu64 " byte%s", bytes, bytes == 1 ? "" : "s");
		return;
	}
	uint64_t tenths = bytes / 100;
	size_t u = 0;
	for (; tenths >= 10000 && u + 1 < sizeof unit / sizeof unit[0]; u++)
		tenths /= 1000;
	gh_buf_fmt(b, "%" PRIu64 ".%" PRIu64 " %s", tenths / 10, tenths % 10, unit[u]);
}

struct gh_span gh_next_ref(const char **refs)
{
	const char *p = *refs == NULL ? "" : *refs;
	p += strspn(p, " ");
	size_t n = strcspn(p, " ");
	*refs = p + n;
	return (struct gh_span){ (const uint8_t *)p, n };
}
