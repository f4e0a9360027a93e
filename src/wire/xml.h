/* xml.h - a pull reader for XML 1.0 (fifth edition) of any size in bounded memory: markup, not meaning. Nothing is
 * expanded, fetched or built; entity declarations and references are handed out as they stand.
 *
 * Well-formedness is checked as far as programs rely on it: tags nest and match, attributes are quoted and occur once,
 * one root element, nothing but white space around it. What is not is GH_XML_BAD, at an offset and with a reason. Long
 * text, comments and CDATA sections come in pieces. Names and values are bytes of UTF-8 as they stand; whether the
 * document is valid UTF-8 is the caller's to check. */
#ifndef GH_WIRE_XML_H
#define GH_WIRE_XML_H
#include "base/span.h"

enum gh_xml_tok {
	GH_XML_BAD,	    /* sticky: off and why */
	GH_XML_END,	    /* the document is complete */
	GH_XML_DECL,	    /* <?xml version="1.0" encoding="…"?>; value: what stands between */
	GH_XML_PI,	    /* name: target; value: the rest (a piece) */
	GH_XML_COMMENT,	    /* value: a piece */
	GH_XML_DOCTYPE,	    /* name: of the root element; external, value: system identifier */
	GH_XML_ENTITY,	    /* name; parameter; external: value is the system identifier; else value is the text */
	GH_XML_DECLARATION, /* ELEMENT, ATTLIST, NOTATION in the internal subset; external: it holds SYSTEM or PUBLIC */
	GH_XML_PE_REFERENCE, /* %name; in the internal subset */
	GH_XML_START,	/* name; attributes by gh_xml_attr(); empty: <name/>: an END_TAG token follows all the same */
	GH_XML_END_TAG, /* name (empty for <name/>) */
	GH_XML_TEXT,	/* value: a piece, references as they stand; never cut inside a reference of up to 64 bytes */
	GH_XML_CDATA,	/* value: a piece */
};

enum {
	GH_XML_DEPTH = 4096,
	GH_XML_TAG = 1 << 20, /* bytes of a tag or a declaration */
	GH_XML_PIECE = 64 << 10,
	GH_XML_ATTRS = 256, /* attributes of one element */
};

struct gh_xml {
	/* ---- the last token ---- */
	enum gh_xml_tok tok;
	uint64_t off, len;
	struct gh_span name, value; /* valid until the next call */
	bool external, parameter, empty;
	unsigned depth; /* open elements, this one not counted */
	const char *why;
	bool limit; /* BAD: a cap was reached */

	/* ---- inside ---- */
	struct gh_span (*more)(void *ctx, uint64_t off, size_t want);
	void *ctx;
	uint64_t pos; /* of the next token */
	struct gh_span attrs;
	uint64_t open[GH_XML_DEPTH]; /* hashes of the names of open elements */
	bool subset, rooted, piece_comment, piece_cdata, piece_pi, opens, closes;
};

/* more(ctx, off, want): the bytes from off on, `want` of them unless the end is nearer (want <= GH_XML_TAG); valid until
 * the next call. */
void gh_xml_open(struct gh_xml *x, struct gh_span (*more)(void *ctx, uint64_t off, size_t want), void *ctx);
enum gh_xml_tok gh_xml_next(struct gh_xml *x);

/* After START: the attributes in order; at starts at 0. False: no more. Their well-formedness was checked before. */
bool gh_xml_attr(const struct gh_xml *x, size_t *at, struct gh_span *name, struct gh_span *value);

/* Text or an attribute's value with character references and the five predefined entities decoded, cut to cap bytes.
 * Other references stay as they are. Returns the length. */
size_t gh_xml_decode(struct gh_span s, uint8_t *out, size_t cap);
/* The next general entity reference in s that is not predefined and no character reference; *at moves behind it. */
bool gh_xml_reference(struct gh_span s, size_t *at, struct gh_span *name);
/* "svg" of "svg:rect" → "rect": the name without its prefix. */
struct gh_span gh_xml_local(struct gh_span name);
#endif
