/* escapes.h - texts that are written with escapes, as programs read them. What hides from a search of bytes behind an escape is
 * found in what it stands for. Pure.
 *
 *	\uXXXX \uXXXX	UTF-16, pairs of surrogates joined	JSON, JavaScript, Java, YAML
 *	\UXXXXXXXX	a code point				Python, YAML
 *	\u{X}		a code point				JavaScript, Rust
 *	\xXX		U+0000 to U+00FF			Python, YAML
 *	\n \t \r \" \' \/ \\					all of them
 *	&#N; &#xN; &lt; &gt; &amp; &quot; &apos; &nbsp;		HTML, XML
 *
 * Which language a text is in is not asked: an escape of another one is rare, and changes what is found only a little. */
#ifndef GH_WIRE_ESCAPES_H
#define GH_WIRE_ESCAPES_H
#include "base/span.h"

enum { GH_ESCAPE_MAX = 12 }; /* bytes of the longest one, a pair of surrogates */

/* The place of the next escape by number in [from, to) of s, the only ones that can hide something; SIZE_MAX: none. */
size_t gh_escape_find(struct gh_span s, size_t from, size_t to);
/* s without escapes, as UTF-8. out: room for s.n bytes, which is always enough. An escape that the end cuts stays as it is. */
size_t gh_unescape(struct gh_span s, uint8_t *out);
/* The last place at or before `at` where s may be cut without dividing an escape. */
size_t gh_escape_cut(struct gh_span s, size_t at);
#endif
