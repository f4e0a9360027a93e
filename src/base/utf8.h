/* utf8.h - strict UTF-8 (RFC 3629): no overlong forms, no surrogates, nothing above U+10FFFF. */
#ifndef GH_BASE_UTF8_H
#define GH_BASE_UTF8_H
#include "base/span.h"

/* Decode one character at the start of s. Returns its length 1..4 and *cp, or 0 when the bytes are no valid UTF-8. */
unsigned gh_utf8_next(struct gh_span s, uint32_t *cp);
bool gh_utf8_valid(struct gh_span s);
/* Encode cp (must be a scalar value) into out[4]; returns the length. */
unsigned gh_utf8_put(uint32_t cp, uint8_t out[4]);
/* Characters that a terminal or a reader's eye can be misled with: controls, bidi overrides, zero-width, BOM, tags. */
bool gh_utf8_deceptive(uint32_t cp);
#endif
