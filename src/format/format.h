/* format.h - the contract of a format: one row, a probe and a walk. See docs/howto/new-format.md.
 *
 * A reader is pure: bytes in, events out. It has no files, no clock, no globals, no logging. It may allocate only
 * from its arena, must check every count against the bytes left before it allocates, must not recurse over input,
 * and must claim every byte it understands: what stays unclaimed becomes a finding by itself. */
#ifndef GH_FORMAT_FORMAT_H
#define GH_FORMAT_FORMAT_H
#include "base/arena.h"
#include "base/err.h"
#include "format/event.h"

/* Budgets count work, so that the same bytes give the same answer on every machine. */
struct gh_limits {
	uint64_t expanded; /* bytes that all expanded members of one file may have together */
	uint64_t members;  /* members of one file, nested ones included */
	uint64_t steps;	   /* opcodes, tokens, entries a single reader may take */
	unsigned depth;	   /* containers within containers */
	unsigned ratio;	   /* expanded : packed of one member, once it is larger than 1 MiB */
	size_t arena;	   /* bytes of memory for one reader */
};
extern const struct gh_limits gh_limits_default;

struct gh_sink;
struct gh_tile;
struct gh_spool; /* an expanded member in the making: memory first, then an unlinked file */

struct gh_sink_ops {
	/* GH_OK, or GH_E_LIMIT when a budget of the file ran out: the reader should stop and return that code. */
	enum gh_rc (*event)(struct gh_sink *, const struct gh_event *);
	struct gh_spool *(*spool_open)(struct gh_sink *, uint64_t packed); /* packed size in bytes; NULL: no memory */
	enum gh_rc (*spool_put)(struct gh_spool *, struct gh_span);	   /* GH_E_LIMIT: budget or ratio */
	struct gh_src *(*spool_src)(struct gh_spool *);			   /* what was put so far, for reading */
	void (*spool_close)(struct gh_spool *);
	/* See gh_walk_as(): the reading goes on as this format. Returns the one it was. May be NULL. */
	const struct gh_fmt *(*handed)(struct gh_sink *, const struct gh_fmt *);
	/* Data in tiles (format/tile.h), instead of tensor events that give them in the order of the file. GH_OK, or a code
	 * that ends the walk. NULL: not wanted. */
	enum gh_rc (*tile)(struct gh_sink *, const struct gh_tile *);
};
struct gh_sink {
	const struct gh_sink_ops *ops;
};

/* What a reader is handed for one source. */
struct gh_walk {
	struct gh_src *src;
	struct gh_arena *arena; /* dies with this walk */
	struct gh_sink *sink;
	const struct gh_limits *lim;
	struct gh_span name; /* of the file or member: may raise a suspicion, never lowers one, never identifies */
	const char *role;    /* what the container uses it for, or NULL */
	bool weak;	     /* the probe was not sure: return GH_E_NOTTHIS, without events, if it is something else */
	struct gh_err *err;
};

/* What a probe sees. head and tail are both the whole source when it is small; they may overlap. */
enum { GH_PROBE_BYTES = 66 << 10 }; /* 64 KiB, and room for what may stand before a zip comment of that length */
struct gh_probe {
	struct gh_span head, tail;
	uint64_t size;
};

enum gh_match {
	GH_NO = 0,
	GH_WEAK = 1,   /* could be: walk it, it may answer GH_E_NOTTHIS */
	GH_TEXT = 2,   /* readable text of some kind: used only when no stronger format matches */
	GH_STRONG = 3, /* a loader of this format would accept these first bytes */
};

struct gh_fmt {
	const char *name;  /* "gguf": stable, used in reports */
	const char *about; /* one line for `gatehouse formats` and the docs */
	const char
		*exts; /* space separated extensions such files usually have ("pt pth bin"), "" if any: a strong match
			    * under an extension that belongs to other formats only is a finding */
	/* Name of the more general format that this one refines ("zip" for a PyTorch archive), or NULL. When this one
	 * matches and does not answer GH_E_NOTTHIS, it alone reads the bytes and the general one is not walked. */
	const char *over;
	enum gh_match (*probe)(const struct gh_probe *p);
	/* GH_OK: read to the end of what the format describes. GH_E_MALFORMED, GH_E_LIMIT, GH_E_UNREAD: events so far
	 * stand, w->err says why. NULL: identified, not read; the verdict is INCOMPLETE. */
	enum gh_rc (*walk)(struct gh_walk *w);
	const struct gh_rule *rules; /* anomalies this reader may emit; ends with GH_RULES_END; may be NULL */
};

/* The list: formats.c. */
extern const struct gh_fmt *const gh_fmts[];
extern const size_t gh_fmts_n;
const struct gh_fmt *gh_fmt_named(const char *name);

/* ---- emitting ------------------------------------------------------------------------------------------------ */
void gh_claim(struct gh_walk *w, uint64_t off, uint64_t len, enum gh_claim kind);
/* fmt describes what exactly; hostile text in it must have gone through gh_buf_safe() or %u-like conversions. */
void gh_anomaly(struct gh_walk *w, const struct gh_rule *rule, uint64_t off, uint64_t len, const char *fmt, ...)
	__attribute__((format(printf, 5, 6)));
enum gh_rc gh_emit(struct gh_walk *w, enum gh_event_kind kind, uint64_t off, uint64_t len, const void *payload);
/* The reader found out, by looking at all of the content, that another row of the list reads these bytes (plain text that
 * is Python source): hand them over, before anything was claimed. From here on the bytes are of that format, in events and
 * in the report. GH_E_NOTTHIS: that reader emitted nothing and they are what they were before. */
enum gh_rc gh_walk_as(struct gh_walk *w, const struct gh_fmt *fmt);
/* A member that is a plain range of this source: claims it as GH_CLAIM_MEMBER and emits it. */
enum gh_rc gh_member_range(struct gh_walk *w, struct gh_member m, uint64_t off, uint64_t len);

/* Hostile text for use in %s: cleaned, at most 80 bytes, returned by value. */
struct gh_safe {
	char s[104];
};
struct gh_safe gh_safe(struct gh_span text);
#endif
