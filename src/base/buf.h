/* buf.h - a text or byte buffer with a hard maximum. Appending past the maximum sets `full` and keeps what fits:
 * a sticky state to be asked once at the end. Used for reports, messages and reconstructed expressions. */
#ifndef GH_BASE_BUF_H
#define GH_BASE_BUF_H
#include "base/span.h"

struct gh_buf {
	uint8_t *p;
	size_t n, cap, max;
	bool full; /* something did not fit or memory ran out */
};

static inline struct gh_buf gh_buf(size_t max) { return (struct gh_buf){ .max = max }; }
void gh_buf_free(struct gh_buf *b);
#define gh_auto_buf __attribute__((cleanup(gh_buf_free))) struct gh_buf

void gh_buf_put(struct gh_buf *b, const void *p, size_t n);
void gh_buf_str(struct gh_buf *b, const char *s);
void gh_buf_ch(struct gh_buf *b, char c);
void gh_buf_fmt(struct gh_buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static inline void gh_buf_span(struct gh_buf *b, struct gh_span s) { gh_buf_put(b, s.p, s.n); }
static inline struct gh_span gh_buf_view(const struct gh_buf *b) { return (struct gh_span){ b->p, b->n }; }
/* NUL-terminated view; "" when empty. Valid until the next append. */
const char *gh_buf_cstr(struct gh_buf *b);

/* Append hostile bytes so that a person can read them and a terminal cannot be attacked by them: printable UTF-8
 * stays, everything else (controls, bidi and zero-width characters, broken UTF-8, backslash and quotes) becomes
 * \xNN, \uNNNN or \\. At most `max` output bytes, then "…". */
void gh_buf_safe(struct gh_buf *b, struct gh_span s, size_t max);

/* A JSON string with its quotes; bytes that are not UTF-8 become U+FFFD. */
void gh_buf_json(struct gh_buf *b, struct gh_span s);
#endif
