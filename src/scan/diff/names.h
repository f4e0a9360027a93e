/* names.h - what tensors are called in different libraries: one spelling for all of them, the layer they are in, and the
 * part of the model they are. A function of the name alone. */
#ifndef GH_SCAN_DIFF_NAMES_H
#define GH_SCAN_DIFF_NAMES_H
#include "base/span.h"
#include "scan/diff/proto.h"

enum { GH_DIFF_NAME = 256 };

struct gh_diff_name {
	char key[GH_DIFF_NAME]; /* "12.attn_q.weight", "token_embd.weight"; of names no rule knows: without prefixes */
	uint32_t layer;		/* number + 1, 0: in none */
	enum gh_diff_part part;
	bool buffer;	/* holds no trained weights: rotary tables, position ids, masks, counters */
	int lora;	/* 'a' or 'b': half of a low-rank adapter, whose module `key` names; else 0 */
	bool truncated; /* too long for key: equal keys mean nothing */
};
void gh_diff_name(struct gh_span name, struct gh_diff_name *out);
/* Is s made of nothing but prefixes that wrappers put before names ("module.model.")? So is the empty text. */
bool gh_diff_prefix(struct gh_span s);
#endif
