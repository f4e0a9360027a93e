/* gguf_keys.h - the keys of GGUF metadata that a rebuilt file keeps, each with its documented type: what llama.cpp and
 * ggml read (ggml/docs/gguf.md, gguf-py/gguf/constants.py). */
#ifndef GH_SCAN_DISARM_GGUF_KEYS_H
#define GH_SCAN_DISARM_GGUF_KEYS_H
#include "base/span.h"

enum gh_gguf_want {
	GH_GGUF_DROP, /* not known: dropped */
	GH_GGUF_INT,  /* any whole number */
	GH_GGUF_FLOAT,
	GH_GGUF_BOOL,
	GH_GGUF_WORD, /* a string of letters, digits and -_.:/+ and blanks, at most 96 */
	GH_GGUF_INTS, /* one whole number or an array of them (bool arrays too) */
	GH_GGUF_FLOATS,
	GH_GGUF_STRS, /* an array of strings */
	GH_GGUF_TEMPLATE,
};
/* architecture: value of general.architecture; empty: then no key of it is known. */
enum gh_gguf_want gh_gguf_want(struct gh_span key, struct gh_span architecture);
#endif
