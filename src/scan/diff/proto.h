/* proto.h - the records that the diff worker sends: see scan/tool_proto.h for the packets around them.
 *
 * Doubles travel as their bit patterns. Texts of a record are separated by NUL bytes, in the order given here. */
#ifndef GH_SCAN_DIFF_PROTO_H
#define GH_SCAN_DIFF_PROTO_H
#include <stdint.h>
#include <string.h>

enum gh_diff_side { GH_DIFF_BASE, GH_DIFF_CANDIDATE };

/* Argument block of the job: one struct. */
struct gh_diff_args {
	uint64_t expanded; /* bytes that expanded members of one side may have together */
	uint64_t members;
	uint32_t ratio, zero;
};

enum gh_diff_record {
	GH_DIFF_R_SIDE =
		1, /* a: side, tensors, elements, 1: an adapter for BASE, 2: both are adapters; text: format of its weights */
	GH_DIFF_R_TENSOR, /* a: enum gh_diff_number; text: enum gh_diff_text */
	GH_DIFF_R_FIELD,  /* a: enum gh_diff_section, enum gh_diff_change; text: key, before, after */
	GH_DIFF_R_COUNTS, /* a: section, entries before, entries after, changed, added, removed; text: what is counted */
	GH_DIFF_R_TROUBLE, /* a: side; text: file, why: it could not be read to its end */
	GH_DIFF_R_ADAPTER, /* a: enum gh_diff_fit, rank, rank by its configuration (0: not said), values that are no
			    * numbers, double: norm of what it adds over the weight's; text: module, why */
};

enum gh_diff_number {
	GH_DIFF_N_MATCH, /* enum gh_diff_match */
	GH_DIFF_N_FLAGS, /* set of enum gh_diff_flag */
	GH_DIFF_N_ROWS,	 /* of what was compared */
	GH_DIFF_N_COLS,
	GH_DIFF_N_BASE, /* elements of each */
	GH_DIFF_N_CAND,
	GH_DIFF_N_SAME, /* elements compared that are equal in value */
	GH_DIFF_N_BB,	/* double: sum of squares of BASE, and so on */
	GH_DIFF_N_CC,
	GH_DIFF_N_BC,
	GH_DIFF_N_DD,
	GH_DIFF_N_MAX,	/* double: largest difference */
	GH_DIFF_N_RANK, /* directions that carry 95 % of the difference, | of the sketch's width << 32; 0: not known */
	GH_DIFF_N_TOP,	/* double: share of the first direction */
	GH_DIFF_N_OUTSIDE, /* elements beyond what conversion or quantisation explains */
	GH_DIFF_N_LAYER,   /* number of the layer + 1, 0: none; | enum gh_diff_part << 32 */
};
enum gh_diff_text {
	GH_DIFF_T_NAME,
	GH_DIFF_T_BASE_NAME,
	GH_DIFF_T_FILE,
	GH_DIFF_T_BASE_FILE,
	GH_DIFF_T_DTYPE,
	GH_DIFF_T_BASE_DTYPE,
	GH_DIFF_T_SHAPE,
	GH_DIFF_T_BASE_SHAPE,
	GH_DIFF_TEXTS
};

/* How two tensors were found to belong together. */
enum gh_diff_match {
	GH_DIFF_BY_NAME,
	GH_DIFF_BY_RULE,    /* other spelling of the same name: prefix, GGUF and transformers names */
	GH_DIFF_BY_CONTENT, /* another name, (nearly) the same numbers */
	GH_DIFF_COPY,	    /* only here, but equal to a tensor that has its own partner: tied weights */
	GH_DIFF_ADDED,
	GH_DIFF_REMOVED,
	GH_DIFF_MATCHES
};

enum gh_diff_flag {
	GH_DIFF_F_PERMUTED = 1, /* rows in the order that llama.cpp gives query and key weights */
	GH_DIFF_F_TRANSPOSED = 2,
	GH_DIFF_F_RESHAPED = 4,	    /* other dimensions, the same number of elements */
	GH_DIFF_F_RESIZED = 8,	    /* other number of rows: what both have was compared */
	GH_DIFF_F_SHAPE = 16,	    /* shapes that cannot be compared at all */
	GH_DIFF_F_UNREAD = 32,	    /* a type that cannot be read, or memory: not compared */
	GH_DIFF_F_ODD = 64,	    /* NaN or infinite values on one side only */
	GH_DIFF_F_BUFFER = 128,	    /* no weight: rotary tables, position ids, counters */
	GH_DIFF_F_COARSE = 256,	    /* one side is quantised in blocks */
	GH_DIFF_F_RENAMED = 512,    /* found under a name that no rule for all tensors explains */
	GH_DIFF_F_REORDERED = 1024, /* the same rows and columns, in another order */
	GH_DIFF_FLAGS = 2048
};

/* What a tensor is in its model, as far as its name tells. */
enum gh_diff_part {
	GH_DIFF_P_OTHER,
	GH_DIFF_P_ATTENTION,
	GH_DIFF_P_MLP,
	GH_DIFF_P_MLP_OUT,
	GH_DIFF_P_EMBED,
	GH_DIFF_P_NORM,
	GH_DIFF_PARTS
};

enum gh_diff_section {
	GH_DIFF_S_CONFIG,
	GH_DIFF_S_GENERATION,
	GH_DIFF_S_TOKENIZER,
	GH_DIFF_S_TEMPLATE,
	GH_DIFF_S_CODE,
	GH_DIFF_S_ADAPTER,
	GH_DIFF_SECTIONS
};
enum gh_diff_change { GH_DIFF_CHANGED, GH_DIFF_NEW, GH_DIFF_GONE, GH_DIFF_CHANGES };

enum gh_diff_fit { GH_DIFF_FITS, GH_DIFF_MISFIT, GH_DIFF_HALF, GH_DIFF_NO_PLACE, GH_DIFF_FIT_KINDS };

static inline uint64_t gh_diff_bits(double d)
{
	uint64_t u;
	memcpy(&u, &d, sizeof u);
	return u;
}
static inline double gh_diff_double(uint64_t u)
{
	double d;
	memcpy(&d, &u, sizeof d);
	return d;
}
#endif
