/* extracted.h - gh_extract_walk() over memory: what was written, and every word that was said. For tests and fuzzing. */
#ifndef GH_TEST_EXTRACTED_H
#define GH_TEST_EXTRACTED_H
#include "base/buf.h"
#include "scan/extract_walk.h"

struct gh_extracted_mem {
	struct gh_buf out;
	struct {
		uint64_t off, len, formats;
		char path[200];
	} member[GH_EXTRACT_COUNT];
	size_t n;
	struct gh_buf left; /* "WHY path: text" lines */
	size_t nleft;
	unsigned inert;
	enum gh_rc rc;
	char why[400];
};

/* Formats of every kind of use: pickle, npy, npz, pytorch-zip (written), safetensors (inert), zip, tar, gzip (opened), torch7 (missed). */
extern const struct gh_extract_name gh_extracted_names[];
extern const size_t gh_extracted_nnames;
/* Traps when something is said that the contract excludes. */
void gh_extracted_run(struct gh_extracted_mem *x, struct gh_span archive, unsigned count, uint64_t each,
		      uint64_t bytes);
void gh_extracted_free(struct gh_extracted_mem *x);
#endif
