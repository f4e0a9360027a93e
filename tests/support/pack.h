/* pack.h - for tests: growing bytes, and compressed streams made by the libraries' own encoders. */
#ifndef GH_TEST_PACK_H
#define GH_TEST_PACK_H
#include "wire/expand.h"

struct gh_test_bytes { /* zero-initialised is empty */
	uint8_t *p;
	size_t n, cap;
};

void gh_test_put(struct gh_test_bytes *b, struct gh_span s);
void gh_test_le(struct gh_test_bytes *b, uint64_t v, unsigned width);
static inline struct gh_span gh_test_view(const struct gh_test_bytes *b) { return (struct gh_span){ b->p, b->n }; }
void gh_test_free(struct gh_test_bytes *b);

/* Append `content` packed as one stream of the codec. Aborts when the library refuses. */
void gh_test_pack(struct gh_test_bytes *b, enum gh_codec codec, struct gh_span content);
#endif
