/* pipe_decoded.h - what readers decode, shown to the patterns (YARA) besides the bytes as they stand: strings of JSON, YAML and
 * metadata whose escapes are resolved, the cells of a notebook put together, text in UTF-16 as UTF-8. What stands in the bytes
 * in just this way is not shown twice. Members are not its business: they are sources of their own.
 *
 * Texts of one source are collected, each ended by a line feed, and searched when the source ends or GH_DECODED_ROOM bytes are
 * there: a string that is longer than one text, or lies across that border, may be missed. */
#ifndef GH_SCAN_PIPE_DECODED_H
#define GH_SCAN_PIPE_DECODED_H
#include "format/event.h"

struct gh_frame;

enum {
	GH_DECODED_ROOM = 1 << 20,  /* bytes that are collected before they are searched */
	GH_DECODED_MAX = 256 << 20, /* bytes of one file; what is decoded beyond is not searched, and that is said */
};

/* Of one file, all its sources. */
struct gh_decoded {
	uint8_t *p;
	size_t n, cap;
	struct gh_decoded_piece {
		size_t at;	      /* in p */
		bool code, prose;     /* of a cell or a script; documentation by its role */
		struct gh_range from; /* in the source of the frame that decoded it */
	} *piece;
	size_t npiece, cpiece;
	uint64_t total;
	bool told; /* that there was more than GH_DECODED_MAX, or no memory */
};

/* GH_EV_TEXT or GH_EV_CODE of a reading. Does nothing when the host has no rules. */
void gh_decoded_take(struct gh_frame *f, const struct gh_event *ev);
/* A source begins: remember where its texts begin. */
void gh_decoded_open(struct gh_frame *sf);
/* It ends: search them. */
void gh_decoded_close(struct gh_frame *sf);
/* A reading was no more than a trial, and failed: forget what it decoded. */
void gh_decoded_forget(struct gh_frame *f, size_t pieces);
void gh_decoded_free(struct gh_decoded *d);
#endif
