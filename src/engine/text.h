/* text.h - what a model says, on its way to the client: cut at stop sequences, never in the middle of a character. Pure.
 *
 * Bytes are held back while they may turn out to begin a stop sequence, or are a character that is not complete. What is
 * handed out is the same however the bytes were divided into pieces. */
#ifndef GH_ENGINE_TEXT_H
#define GH_ENGINE_TEXT_H
#include "base/buf.h"

enum { GH_TEXT_STOPS = 16, GH_TEXT_STOP = 512 }; /* stop sequences, and bytes of one */

struct gh_text {
	struct gh_span stop[GH_TEXT_STOPS]; /* not empty, at most GH_TEXT_STOP bytes; outlive it */
	size_t nstop;
	uint8_t held[GH_TEXT_STOP + 8];
	size_t nheld;
	bool stopped; /* a stop sequence was met: nothing comes out any more */
};

/* Append to out what may be handed out now that these bytes have come. */
void gh_text_put(struct gh_text *t, struct gh_span bytes, struct gh_buf *out);
/* No more bytes come: append what was held back; a character that was never completed becomes U+FFFD. */
void gh_text_end(struct gh_text *t, struct gh_buf *out);
#endif
