/* stream.h - what the readers of compressed streams share. Such a file is a row of units (gzip members, xz streams,
 * zstd and lz4 frames): loaders expand them one after the other and see one content, so the content of all units goes
 * out as one member (how = STREAM) and is identified and inspected by the pipeline.
 *
 * A unit that breaks midway still counts: what a loader could have read before the break is part of the member.
 * Bytes after the last unit are left unclaimed. */
#ifndef GH_FORMAT_STREAM_H
#define GH_FORMAT_STREAM_H
#include "format/format.h"
#include "wire/expand.h"

enum gh_unit_kind {
	GH_UNIT_NONE, /* no unit starts here */
	GH_UNIT_DATA,
	GH_UNIT_SKIP, /* a frame that decoders pass over: `head` bytes of structure, `body` bytes of free content */
};

struct gh_unit {
	enum gh_unit_kind kind;
	uint64_t head; /* bytes before the first byte for the codec; claimed by `unit` itself when `claimed` */
	uint64_t body; /* SKIP only */
	bool claimed;
};

/* What came out of one unit, for its trailer. */
struct gh_unit_sum {
	uint32_t crc32;
	uint64_t size;
};

struct gh_stream {
	enum gh_codec codec;
	const char *exts;	     /* as in the format's row: cut off the file's name to get the member's */
	const struct gh_rule *rules; /* at least the rows of GH_STREAM_RULES, in their places */
	/* What starts at off? May raise anomalies and claim, but only for DATA that it is sure of. */
	struct gh_unit (*unit)(struct gh_walk *w, uint64_t off);
	/* Compare and claim what follows the codec's data at off: *len bytes. False: they are not all there. NULL when
	 * nothing follows and nothing is to be compared. */
	bool (*trailer)(struct gh_walk *w, uint64_t off, const struct gh_unit_sum *sum, uint64_t *len);
	bool padded;	 /* zero bytes may stand between and after units */
	bool weak_magic; /* a match is weak: decode a little before believing it */
	bool checked;	 /* the stream ends with a checksum: a whole one cannot be a coincidence */
};

/* Places of the rows that every format has. */
enum { GH_STREAM_BROKEN, GH_STREAM_CUT, GH_STREAM_HUGE, GH_STREAM_OWN };
#define GH_STREAM_RULES(tag, what) \
	[GH_STREAM_BROKEN] = { "GH-" tag "-0001", \
			       GH_MEDIUM, \
			       GH_INCOMPLETE, \
			       "damaged " what " stream", \
			       "loaders act on what comes before the damage; what comes after is not inspected", \
			       "get an undamaged copy and compare its digest", \
			       "CWE-354" }, \
	[GH_STREAM_CUT] = { "GH-" tag "-0002", \
			    GH_MEDIUM, \
			    GH_INCOMPLETE, \
			    what " stream ends too early", \
			    "loaders act on what is there; the missing part is not inspected", \
			    "get a complete copy and compare its digest", \
			    "CWE-354" }, \
	[GH_STREAM_HUGE] = { "GH-" tag "-0003", \
			     GH_MEDIUM, \
			     GH_INCOMPLETE, \
			     what " stream needs more memory than the scanner allows", \
			     "content that only a reader with more memory sees", \
			     "compress the model again with a window of 64 MiB or less", \
			     "CWE-409" }

/* The whole walk of such a format. */
enum gh_rc gh_stream_walk(struct gh_walk *w, const struct gh_stream *s);

/* zstd and lz4 are both rows of frames with a magic of their own, between which frames that decoders skip may stand (RFC 8878
 * 3.1.2); both know the same skippable frame, so the first real one decides whose the file is. The parts of such a format: */
struct gh_unit gh_frame_unit(struct gh_walk *w, uint64_t off, uint32_t magic);
enum gh_match gh_frame_probe(const struct gh_probe *p, uint32_t magic);
enum gh_rc gh_frame_walk(struct gh_walk *w, const struct gh_stream *s, uint32_t magic);
#endif
