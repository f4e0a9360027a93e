/* held.h - what readers of plain values (msgpack, UBJSON, Torch7 …) do with a text or a run of bytes that such a file
 * holds: signs of active content, files hidden in base64 or hex, an event for the checks, a member for what may be a file. */
#ifndef GH_FORMAT_HELD_H
#define GH_FORMAT_HELD_H
#include "format/signs.h"

struct gh_held {
	struct gh_walk *w;
	const struct gh_rule *rules; /* of the reader, with GH_SIGN_RULES from first_sign on */
	size_t first_sign;
	const char *role;    /* of members: "value" */
	uint64_t claimed;    /* everything below is claimed */
	unsigned texts_left; /* GH_EV_TEXT events */
	unsigned signs_left; /* texts with signs that are still reported */
	unsigned found_left; /* members found in base64 or hex */
	unsigned blobs_left; /* members; beyond that, bytes are searched as they are */
};

struct gh_held gh_held(struct gh_walk *w, const struct gh_rule *rules, size_t first_sign);
/* Claim as structure what lies between what was claimed before and off. */
void gh_held_claim(struct gh_held *h, uint64_t off);
/* The text [off, off+len) of w->src, the value of key: at most GH_WINDOW_MAX bytes become an event, more a member. */
enum gh_rc gh_held_text(struct gh_held *h, struct gh_span key, uint64_t off, uint64_t len);
/* Bytes that are no text: a member of its own, `raw` (any bytes are fine, a program or a pickle is not). */
enum gh_rc gh_held_bytes(struct gh_held *h, struct gh_span key, uint64_t off, uint64_t len);
/* Numbers of n elements of the type `dtype` (see dtype.h): claims them as data and emits the tensor. */
enum gh_rc gh_held_tensor(struct gh_held *h, const struct gh_tensor *t, uint64_t off, uint64_t len);
#endif
