/* yaml.h - a pull reader for YAML 1.1 and 1.2 text in memory: block and flow collections, anchors and aliases (counted, not
 * expanded), tags resolved through %TAG, several documents, all five styles of scalars. Events come with their place;
 * nothing is built. Bounded: GH_YAML_DEPTH levels, no recursion, time proportional to the text.
 *
 *	struct gh_yaml y;
 *	gh_yaml_open(&y, text, arena);
 *	while (gh_yaml_next(&y) > GH_YAML_END)
 *		…;
 *	if (y.ev == GH_YAML_BAD) … y.why, y.off …
 *
 * What PyYAML and libyaml accept is accepted with the same meaning; where they are stricter than YAML 1.2 (tabs, names of
 * anchors), the wider reading is taken. As for them, U+0085, U+2028 and U+2029 break lines (`odd_breaks` counts them: a
 * YAML 1.2 reader sees a different document). Bytes are taken as UTF-8 and not validated.
 *
 * Source: YAML 1.2.2, https://yaml.org/spec/1.2.2/; YAML 1.1 chapter 5 and 9 where they differ. */
#ifndef GH_WIRE_YAML_H
#define GH_WIRE_YAML_H
#include "wire/recs.h"

enum gh_yaml_ev {
	GH_YAML_BAD, /* sticky: off and why say where and what */
	GH_YAML_END, /* of the stream */
	GH_YAML_DOC,
	GH_YAML_DOC_END,
	GH_YAML_MAP,
	GH_YAML_MAP_END,
	GH_YAML_SEQ,
	GH_YAML_SEQ_END,
	GH_YAML_SCALAR,
	GH_YAML_ALIAS, /* text: the name */
};

enum gh_yaml_style { GH_YAML_PLAIN, GH_YAML_SINGLE, GH_YAML_DOUBLE, GH_YAML_LITERAL, GH_YAML_FOLDED };

enum {
	GH_YAML_DEPTH = 512,
	GH_YAML_KEY_SPAN = 1024, /* characters within which the `:` of a key on the same line must stand */
	GH_YAML_KEEP = 1 << 20,	 /* bytes of a scalar that are handed out */
	GH_YAML_TAG = 512,	 /* bytes of a tag, resolved */
	GH_YAML_HANDLES = 16,
};

struct gh_yaml_frame;
struct gh_yaml {
	/* ---- the last event ---- */
	enum gh_yaml_ev ev;
	uint64_t off, len;     /* its bytes as spelt: for collections where they begin or end */
	struct gh_span text;   /* SCALAR, ALIAS: decoded; valid until the next call. At most GH_YAML_KEEP bytes of */
	uint64_t full;	       /* … this many */
	struct gh_span tag;    /* resolved: "tag:yaml.org,2002:python/name:os.system", "!Ref"; empty: none */
	struct gh_span anchor; /* empty: none */
	enum gh_yaml_style style;
	bool key;	/* the node is the key of a mapping */
	unsigned depth; /* collections around the node; an END has the depth of its start */
	bool duplicate; /* MAP_END: a scalar key occurred twice; dup_off is where */
	uint64_t dup_off;
	const char *why; /* BAD: a short reason, static */
	bool limit;	 /* BAD: not malformed as far as seen, but a cap was reached */

	/* ---- since the start ---- */
	uint64_t documents, aliases, odd_breaks;
	uint64_t unwatched; /* keys not compared with others for want of memory */

	/* ---- inside ---- */
	struct gh_arena *arena;
	struct gh_span s;
	size_t at, bol; /* position; start of its line */
	struct gh_yaml_frame *frame;
	size_t cap;
	unsigned nframe;
	struct gh_recs keys;
	uint8_t *room; /* for scalars that are not one piece of the text */
	size_t room_cap;
	uint64_t looked; /* bytes read ahead in search of `:` */
	struct gh_span handle[GH_YAML_HANDLES], prefix[GH_YAML_HANDLES];
	unsigned nhandle;
	uint8_t tag_room[GH_YAML_TAG];
};

/* text must outlive the reader, arena must not be NULL. */
void gh_yaml_open(struct gh_yaml *y, struct gh_span text, struct gh_arena *arena);
enum gh_yaml_ev gh_yaml_next(struct gh_yaml *y);

/* SCALAR, complete, equal to s? */
static inline bool gh_yaml_is(const struct gh_yaml *y, const char *s)
{
	return y->text.n == y->full && gh_span_is(y->text, s);
}
#endif
