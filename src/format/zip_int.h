/* zip_int.h - what the files of the zip walk share. Not for others: zip_walk.h is the way in.
 *
 *	zip_end.c	where the archive ends and where its directory stands
 *	zip_dir.c	the central directory: read twice, first silently, then aloud
 *	zip_local.c	the local headers, members in file order, what lies between them
 *	zip_data.c	the data of one member: expand, check, emit
 *	zip_rules.c	the findings */
#ifndef GH_FORMAT_ZIP_INT_H
#define GH_FORMAT_ZIP_INT_H
#include "format/links.h"
#include "format/path_rules.h"
#include "format/zip_walk.h"
#include "wire/zip.h"

enum zip_rule {
	Z_NO_DIRECTORY,
	Z_TWO_ENDS,
	Z_END_DECOY,
	Z_TWO_DIRECTORIES,
	Z_DIRECTORY_MOVED,
	Z_PREFIX,
	Z_TRAILING,
	Z_COMMENT_CUT,
	Z_ZIP64,
	Z_ZIP64_BROKEN,
	Z_COUNT,
	Z_DIRECTORY_BROKEN,
	Z_DISKS,
	Z_LOCAL_MISSING,
	Z_NAME,
	Z_METHOD,
	Z_ENCRYPTION,
	Z_FLAGS,
	Z_SIZES,
	Z_CRC_VIEWS,
	Z_DESCRIPTOR,
	Z_LOCAL_ONLY,
	Z_OVERLAP,
	Z_GAP,
	Z_DUPLICATE,
	Z_CASE,
	Z_EXTRA,
	Z_EXTRA_CONFLICT,
	Z_UNICODE,
	Z_DIR_DATA,
	Z_LINK_ESCAPES,
	Z_LINK,
	Z_LINK_THROUGH,
	Z_SPECIAL,
	Z_ENCRYPTED,
	Z_FAKE_ENCRYPTED,
	Z_UNSUPPORTED,
	Z_CRC,
	Z_USIZE,
	Z_STREAM,
	Z_LEFTOVER,
	Z_RANGE,
	Z_BOMB,
	Z_STORED_SIZE,
	Z_ZIP64_EXTENDED,
	Z_LINK_CHAIN,
	Z_MODE,
	Z_PATHS, /* GH_PATH_FLAGS rows */
	Z_RULES = Z_PATHS + GH_PATH_FLAGS
};

enum {
	Z_SAME_RULE = GH_PATH_SAME,
	Z_OVERLAPS = 64, /* overlapping members that are still read: more is a bomb */
	Z_ENDS = 64,	 /* end-record signatures that are looked at */
};

/* Claims come in ascending order and never overlap: what two structures share is reported as such, once. Neighbours
 * of one kind are joined. */
struct zip_claims {
	uint64_t from, len, done;
	enum gh_claim kind;
};

struct zip {
	struct gh_walk *w;
	const struct gh_zip_hooks *h;
	uint64_t prefix; /* see gh_zip_walk_after() */

	/* zip_end.c */
	bool found;		  /* an end record whose directory is there */
	uint64_t end_at;	  /* of the end record */
	struct gh_zip_end end;	  /* with the zip64 values applied */
	uint64_t rec64_at, rec64; /* zip64 record: place and length; 0: none */
	uint64_t cd_at, cd_stop;  /* directory, as the end record gives it */
	uint64_t cd_limit;	  /* first byte that cannot be directory: zip64 record or end record */
	uint64_t base;		  /* added to every local offset: bytes in front of the archive */
	unsigned decoys;	  /* end signatures behind the end record that lead nowhere, the first of them at: */
	uint64_t decoy_at;
	bool second; /* another end record that some readers take, at: */
	uint64_t second_at;
	bool odd_64, odd_64_place, odd_moved, odd_two; /* see zip_judge_end() */

	/* zip_dir.c */
	struct gh_zip_entry *entry;
	size_t n;
	uint64_t cd_read; /* where the last directory header ended */

	/* zip_local.c */
	struct zip_claims body, dir;
	uint64_t body_end; /* first byte after the members: start of the directory */
	uint64_t pos;	   /* everything below was walked */
	unsigned overlaps;
	struct gh_link *link; /* of the directory's links, in file order; targets as they become known */
	size_t nlinks, next_link;
	enum gh_rc rc; /* worst that did not end the walk */
	uint32_t seen[Z_RULES];
};

/* A claimed length, as far as the source goes; off <= size. */
static inline uint64_t zip_clip(const struct zip *z, uint64_t off, uint64_t len)
{
	uint64_t left = z->w->src->size - off;
	return len < left ? len : left;
}

#define zip_say(z, rule, off, len, ...) \
	do { \
		if ((z)->seen[(rule)]++ < Z_SAME_RULE) \
			gh_anomaly((z)->w, &gh_zip_rules[(rule)], (off), zip_clip((z), (off), (len)), __VA_ARGS__); \
	} while (0)

void zip_claim(struct zip *z, struct zip_claims *c, uint64_t off, uint64_t len, enum gh_claim kind);

/* The blocks of an extra field, noted while its bytes are at hand. */
struct zip_blocks {
	unsigned n;
	uint16_t len[64]; /* of the data of each; blocks past these are one free range with their headers */
};
void zip_blocks(struct gh_span extra, struct zip_blocks *b);
/* Claim the extra field at off: its structure, and apart from it what the author may have put in, so that each piece is
 * looked at from its own first byte. */
void zip_claim_extra(struct zip *z, struct zip_claims *c, uint64_t off, uint64_t len, bool plain,
		     const struct zip_blocks *b);
void zip_claim_end(struct zip *z, struct zip_claims *c);
/* MALFORMED beats UNREAD; LIMIT beats both. */
void zip_note(struct zip *z, enum gh_rc rc);
uint32_t zip_u32(struct gh_src *src, uint64_t off); /* 0 when out of range */

/* Find the end record; silent. */
enum gh_rc zip_find_end(struct zip *z);
/* Say what was odd about the end, claim its records. */
void zip_judge_end(struct zip *z);

/* Read the directory into z->entry, sorted by local offset; silent. */
enum gh_rc zip_collect(struct zip *z);
/* Read it again: claims and what each header says by itself. Then names against each other. */
enum gh_rc zip_judge_directory(struct zip *z);

/* Info-ZIP's Unicode path counts only while its CRC fits the plain name: then both must be one name. */
void zip_judge_unicode(struct zip *z, struct gh_span name, const struct gh_zip_extra *x, uint64_t off, uint64_t len);

/* Every member of both views, in file order. */
enum gh_rc zip_members(struct zip *z);

/* One view of one member: emit its content and check it. e->data_off and everything else is set. claim: its bytes
 * were not claimed yet. *used: bytes of data that the member really has (compressed streams know their end);
 * limit: bytes from data_off that may belong to it. */
enum gh_rc zip_data(struct zip *z, const struct gh_zip_entry *e, bool claim, uint64_t limit, uint64_t *used);
bool zip_is_link(const struct gh_zip_entry *e);
#endif
