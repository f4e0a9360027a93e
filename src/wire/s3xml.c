#include "wire/s3xml.h"

#include "base/utf8.h"
#include "wire/xml.h"

struct walk {
	char path[GH_S3XML_PATH];
	size_t len[GH_S3XML_DEPTH + 1]; /* of the path, before the element of that depth */
	unsigned depth;
	bool parent; /* the element that ends next holds others */
	uint8_t text[GH_S3XML_TEXT];
	size_t n;
};

static struct gh_span more(void *ctx, uint64_t off, size_t want)
{
	return gh_span_cut(*(const struct gh_span *)ctx, off, want);
}

static bool enter(struct walk *w, struct gh_span name)
{
	if (name.n == 0)
		name = GH_SPAN("?");
	size_t at = w->depth == 0 ? 0 : strlen(w->path), slash = w->depth == 0 ? 0 : 1;
	if (w->depth == GH_S3XML_DEPTH || name.n >= sizeof w->path - at - slash)
		return false;
	w->len[w->depth++] = at;
	if (slash != 0)
		w->path[at++] = '/';
	for (size_t i = 0; i < name.n; i++) /* what is no plain name is shown as one that nobody asks for */
		w->path[at + i] = name.p[i] > ' ' && name.p[i] < 0x7f && name.p[i] != '/' ? (char)name.p[i] : '?';
	w->path[at + name.n] = '\0';
	w->n = 0;
	w->parent = false;
	return true;
}

static bool leave(struct walk *w, bool (*fn)(void *arg, const char *path, struct gh_span text), void *arg)
{
	struct gh_span text = w->parent ? (struct gh_span){ 0 } : (struct gh_span){ w->text, w->n };
	if (!fn(arg, w->path, text))
		return false;
	w->path[w->len[--w->depth]] = '\0';
	w->parent = true;
	w->n = 0;
	return true;
}

static bool add(struct walk *w, struct gh_span piece, bool plain)
{
	if (piece.n > sizeof w->text - w->n) /* decoded it is never longer */
		return false;
	if (plain)
		memcpy(w->text + w->n, piece.p, piece.n);
	w->n += plain ? piece.n : gh_xml_decode(piece, w->text + w->n, piece.n);
	return true;
}

enum gh_rc gh_s3xml_read(struct gh_span xml, bool (*fn)(void *arg, const char *path, struct gh_span text), void *arg)
{
	struct gh_xml x;
	struct walk w = { 0 };
	if (!gh_utf8_valid(xml))
		return GH_E_MALFORMED;
	gh_xml_open(&x, more, &xml);
	for (;;) {
		switch (gh_xml_next(&x)) {
		case GH_XML_END: return GH_OK;
		case GH_XML_START:
			if (!enter(&w, gh_xml_local(x.name)))
				return GH_E_LIMIT;
			break;
		case GH_XML_END_TAG:
			if (w.depth == 0)
				return GH_E_MALFORMED;
			if (!leave(&w, fn, arg))
				return GH_E_LIMIT;
			break;
		case GH_XML_TEXT:
		case GH_XML_CDATA:
			if (!w.parent && w.depth > 0 && !add(&w, x.value, x.tok == GH_XML_CDATA))
				return GH_E_LIMIT;
			break;
		case GH_XML_DECL:
		case GH_XML_PI:
		case GH_XML_COMMENT: break;
		case GH_XML_BAD: return x.limit ? GH_E_LIMIT : GH_E_MALFORMED;
		default: /* document types and entities have no place in such an answer */ return GH_E_MALFORMED;
		}
	}
}

static void printable(struct gh_span s, char *out, size_t cap)
{
	size_t n = s.n < cap - 1 ? s.n : cap - 1;
	for (size_t i = 0; i < n; i++)
		out[i] = s.p[i] >= ' ' && s.p[i] < 0x7f ? (char)s.p[i] : '?';
	out[n] = '\0';
}

static bool error_leaf(void *arg, const char *path, struct gh_span text)
{
	struct gh_s3xml_error *e = arg;
	if (text.p == NULL)
		return true;
	if (strcmp(path, "Error/Code") == 0)
		printable(text, e->code, sizeof e->code);
	else if (strcmp(path, "Error/Message") == 0)
		printable(text, e->message, sizeof e->message);
	return true;
}

bool gh_s3xml_error(struct gh_span xml, struct gh_s3xml_error *out)
{
	*out = (struct gh_s3xml_error){ 0 };
	enum gh_rc rc = gh_s3xml_read(xml, error_leaf, out);
	bool good = rc == GH_OK && out->code[0] != '\0';
	for (const char *p = out->code; good && *p != '\0'; p++)
		good = (*p >= 'A' && *p <= 'Z') || (*p >= 'a' && *p <= 'z') || (*p >= '0' && *p <= '9') || *p == '.' ||
		       *p == '_';
	if (!good)
		*out = (struct gh_s3xml_error){ 0 };
	return good;
}
