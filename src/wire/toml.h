/* toml.h - a pull reader for TOML 1.0 (toml.io) in memory: one value after the other with its dotted path. Tables, inline
 * tables and arrays are told by the paths of what is in them; nothing is built, nothing recurses.
 *
 *	struct gh_toml t = gh_toml(text, room, sizeof room);
 *	while (gh_toml_next(&t))
 *		… t.path, t.kind, t.text …
 *	if (t.bad) … t.why, t.off …
 *
 * What TOML forbids about defining a key twice is not watched here. */
#ifndef GH_WIRE_TOML_H
#define GH_WIRE_TOML_H
#include "base/span.h"

enum gh_toml_kind { GH_TOML_STRING, GH_TOML_OTHER /* number, boolean, date */, GH_TOML_TABLE /* [header] */ };
enum { GH_TOML_DEPTH = 64, GH_TOML_PATH = 512 };

struct gh_toml {
	/* ---- the last value ---- */
	enum gh_toml_kind kind;
	struct gh_span
		path; /* "project.dependencies"; of an element of an array: the array's. At most GH_TOML_PATH bytes */
	struct gh_span key;  /* the last part of the path */
	bool element;	     /* stands in an array */
	struct gh_span text; /* STRING: decoded, valid until the next call; OTHER: as spelt */
	size_t off, len;     /* of the value */
	bool bad;
	const char *why;
	/* ---- inside ---- */
	struct gh_span in;
	size_t at;
	uint8_t *room; /* for decoded strings: as long as the text */
	size_t cap;
	unsigned depth;
	struct {
		bool array;
		uint16_t path; /* length of the path of what is inside */
	} stack[GH_TOML_DEPTH];
	uint16_t table; /* length of the path of the last header */
	uint16_t npath, nkey;
	bool in_value;
	char buf[GH_TOML_PATH];
};

/* room: as many bytes as text has, at least. */
void gh_toml(struct gh_toml *t, struct gh_span text, uint8_t *room, size_t cap);
bool gh_toml_next(struct gh_toml *t);
#endif
