/* note_int.h - what the readers of notes, checkpoints, proof files and requests to witnesses share: lines, numbers, base64. */
#ifndef GH_CRYPTO_NOTE_INT_H
#define GH_CRYPTO_NOTE_INT_H
#include "crypto/note.h"

/* The next line of *rest without its newline; *rest moves behind it. False: none is left, or it has no newline. */
bool gh_line_next(struct gh_span *rest, struct gh_span *line);
/* Decimal digits without sign and leading zero, at most GH_MERKLE_SIZE_MAX. */
bool gh_line_number(struct gh_span s, uint64_t *out);
/* Standard base64 with padding and zero spare bits: one spelling per byte string. At most `cap` bytes go to out; *n is the whole
 * length. False: it is none. */
bool gh_line_b64(struct gh_span s, uint8_t *out, size_t cap, size_t *n);
/* A line that is one hash. */
bool gh_line_hash(struct gh_span s, struct gh_mhash *out);
/* Append base64 of a hash and a newline. */
void gh_line_put_hash(struct gh_buf *out, const struct gh_mhash *h);
/* Not empty, UTF-8, no Unicode white space, no control characters, no plus sign, at most GH_NOTE_NAME bytes. */
bool gh_note_name_ok(struct gh_span name);
#endif
