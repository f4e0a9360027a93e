/* encoded.h - files hidden in text: runs of base64 or hex whose decoded bytes start like something a loader or a system
 * would run (a pickle, an archive, an executable, bytecode) become members of their own, for the pipeline to identify.
 * Fed piecewise, so that a string of any length is searched in bounded memory. */
#ifndef GH_FORMAT_ENCODED_H
#define GH_FORMAT_ENCODED_H
#include "format/format.h"

enum {
	GH_ENCODED_HEAD = 1024, /* characters of a run that are looked at before it is decided what it is */
	GH_ENCODED_LEAST = 20,	/* shorter runs are names and words */
};

struct gh_encoded {
	struct gh_walk *w;
	struct gh_span key; /* what the text belongs to: the member's name */
	uint64_t off, len;  /* the text's range in the source */
	unsigned *left;	    /* how many members may still be emitted; shared by the texts of a walk */
	bool code;	    /* a run decoded to readable program text */
	enum gh_rc rc;	    /* GH_E_LIMIT once a budget of the file ran out */
	/* inside */
	struct gh_spool *spool;
	bool hex;
	bool passing; /* a run that is nothing, on to its end */
	size_t n;
	uint32_t bits;
	unsigned nbits;
	uint8_t head[GH_ENCODED_HEAD];
};

void gh_encoded_open(struct gh_encoded *x, struct gh_walk *w, struct gh_span key, uint64_t off, uint64_t len,
		     unsigned *left);
void gh_encoded_put(struct gh_encoded *x, struct gh_span text);
/* The end of the text; releases everything. Returns x->rc. */
enum gh_rc gh_encoded_close(struct gh_encoded *x);
#endif
