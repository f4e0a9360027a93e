/* coverage.h - every byte is accounted for: the ranges that a reader claims of one source, and what they leave out. */
#ifndef GH_SCAN_COVERAGE_H
#define GH_SCAN_COVERAGE_H
#include "format/event.h"

struct gh_claimed {
	uint64_t off, end;
	enum gh_claim kind;
};

struct gh_cover {
	struct gh_claimed *v; /* malloced */
	size_t n, cap;
	uint64_t size; /* of the source */
	bool full;     /* claims were lost: memory, or too many; what they covered shows as a gap */
	bool wild;     /* a claim reached outside the source (and was clipped): a defect of the reader */
};

void gh_cover_add(struct gh_cover *c, uint64_t off, uint64_t len, enum gh_claim kind);

/* Sort the claims; call found(arg, overlap, off, len) for every gap (overlap false) and every overlap, in order of
 * their place. Returns how many bytes no claim covers. */
uint64_t gh_cover_finish(struct gh_cover *c, void (*found)(void *arg, bool overlap, uint64_t off, uint64_t len),
			 void *arg);
void gh_cover_free(struct gh_cover *c);
#endif
