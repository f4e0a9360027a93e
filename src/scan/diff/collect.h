/* collect.h - the tensors of one side: every file is read by the reader of its format, and what it says about weights is
 * kept: name, type, shape, place. Runs in the worker (tests run it on memory).
 *
 * A place is a range of an input file; tensors that lie in compressed members are copied to a temporary file once, and the
 * place is a range of that. */
#ifndef GH_SCAN_DIFF_COLLECT_H
#define GH_SCAN_DIFF_COLLECT_H
#include "format/dtype.h"
#include "format/format.h"
#include "scan/diff/names.h"

enum {
	GH_DIFF_TENSORS = 1 << 19, /* of one side */
	GH_DIFF_DIMS = 8,	   /* more are folded into the first */
	GH_DIFF_DEPTH = 6,	   /* containers within containers */
	GH_DIFF_SPOOLED = 1 << 24, /* file number of the side's temporary file */
};

struct gh_diff_tensor {
	struct gh_span name;
	struct gh_diff_name is;
	const char *dtype; /* lives as long as the program */
	unsigned ndim;
	uint64_t dim[GH_DIFF_DIMS]; /* slowest first, whatever the format's order */
	uint64_t elements;
	uint32_t file; /* number of the input, or GH_DIFF_SPOOLED */
	uint64_t off, len;
	bool big_endian;
	bool gguf; /* llama.cpp's order of query and key rows */
	struct gh_diff_tensor *partner;
	enum gh_diff_match how;
	bool taken;    /* has a partner, or was reported */
	bool renamed;  /* see renames.h */
	float *sample; /* see match.c */
};

struct gh_diff_model {
	struct gh_arena *arena;
	const struct gh_limits *lim;
	struct gh_diff_tensor *v;
	size_t n, cap;
	int (*spill)(void *arg); /* a descriptor of an unlinked file, or -1 */
	void *arg;
	int spool;	   /* of the side's temporary file, -1: none yet */
	uint64_t spooled;  /* bytes in it */
	uint64_t expanded; /* bytes of members so far */
	uint64_t members;
	char formats[96]; /* names of formats that gave tensors */
	/* Something could not be read to its end: what the file holds is not all known. */
	void (*trouble)(void *arg, uint32_t file, const char *why);
	/* An index says that weights lie in the file of this name. */
	void (*shard)(void *arg, uint32_t file, struct gh_span target);
};

/* Read one file: its format is told from its bytes. Files that hold no weights cost little and give nothing.
 * GH_E_LIMIT, GH_E_NOMEM: the side as a whole is too large; err says what. */
enum gh_rc gh_diff_collect(struct gh_diff_model *m, uint32_t file, struct gh_src *src, struct gh_span name,
			   struct gh_err *err);
#endif
