/* tflite.h - what the parts of the TFLite reader share.
 *
 * A TFLite (LiteRT) model is a FlatBuffer with the identifier "TFL3" (tensorflow/compiler/mlir/lite/schema/schema.fbs,
 * version 3): operator codes, subgraphs of tensors and operators, buffers with the weights, metadata. Buffers and options
 * of models above 2 GiB stand behind the FlatBuffer at offsets of their own. The metadata tools append a zip archive with
 * labels and vocabularies. */
#ifndef GH_FORMAT_TFLITE_H
#define GH_FORMAT_TFLITE_H
#include "format/format.h"
#include "wire/flatbuf.h"

enum {
	TFL_A_RANGE,
	TFL_A_ALIGN,
	TFL_A_VTABLE,
	TFL_A_STRING,
	TFL_A_OVERLAP,
	TFL_A_LOOSE,
	TFL_A_NEW,
	TFL_A_VERSION,
	TFL_A_INDEX,
	TFL_A_SHORT,
	TFL_A_SIZE,
	TFL_A_TYPE,
	TFL_A_DIMS,
	TFL_A_STRINGS,
	TFL_A_OPTIONS,
	TFL_A_LARGE,
	TFL_A_CODE,
	TFL_RULES
};
extern const struct gh_rule tfl_rules[TFL_RULES + 1];

enum { TFL_SAY = 16 }; /* findings of one kind */

/* Fields of the tables, by id. */
enum { M_VERSION, M_CODES, M_SUBGRAPHS, M_DESCRIPTION, M_BUFFERS, M_META_BUFFERS, M_METADATA, M_SIGNATURES };
enum { C_OLD, C_CUSTOM, C_VERSION, C_BUILTIN };
enum { G_TENSORS, G_INPUTS, G_OUTPUTS, G_OPERATORS, G_NAME };
enum { T_SHAPE, T_TYPE, T_BUFFER, T_NAME, T_QUANT, T_VARIABLE, T_SPARSITY, T_SIGNATURE, T_RANK, T_VARIANTS };
enum {
	O_CODE,
	O_INPUTS,
	O_OUTPUTS,
	O_OPTIONS_TYPE,
	O_OPTIONS,
	O_CUSTOM,
	O_CUSTOM_FORMAT,
	O_MUTATING,
	O_INTERMEDIATES,
	O_LARGE_OFF,
	O_LARGE_SIZE,
	O_OPTIONS2_TYPE,
	O_OPTIONS2
};
enum { B_DATA, B_OFFSET, B_SIZE };
enum { D_NAME, D_BUFFER };

enum { TFL_CUSTOM = 32, TFL_NAMES = 210 };
extern const struct gh_fb_schema tfl_schema;
/* Names of the built-in operators by their number. */
extern const char *const tfl_operators[TFL_NAMES];

struct tfl_buffer {
	uint64_t off, len;
	bool used; /* by a tensor or by metadata */
};

struct tfl {
	struct gh_walk *w;
	struct gh_fb fb;
	struct gh_fb_tab model;
	struct tfl_buffer *buffer;
	uint64_t nbuffers, ncodes, nsubgraphs;
	struct gh_recs tensors; /* of constants: offset, length, (uintptr_t)struct tfl_tensor * */
	struct gh_recs outside; /* ranges behind the FlatBuffer: begin, end */
	unsigned members_left, texts_left;
	unsigned said[TFL_RULES];
};

struct tfl_tensor {
	struct gh_span name;
	const char *dtype;
	unsigned bits, ndim;
	uint64_t dim[8];
};

void tfl_say(struct tfl *t, unsigned a, uint64_t off, uint64_t len, const char *fmt, ...)
	__attribute__((format(printf, 5, 6)));
/* Bytes of the model that only an operator or an application reads: text is told as such, anything else is looked into. */
enum gh_rc tfl_blob(struct tfl *t, const char *role, struct gh_span name, uint64_t off, uint64_t len);
/* The operators' codes, told as calls. */
enum gh_rc tfl_codes(struct tfl *t);
/* Subgraphs: their tensors are checked and collected, operators' indices and options checked. */
enum gh_rc tfl_graphs(struct tfl *t);
#endif
