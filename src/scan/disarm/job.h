/* job.h - one file, taken apart and put together again: the side of `gatehouse disarm` that reads hostile bytes.
 *
 * Runs in the locked-down worker (tests and fuzzers run it on memory). It reads one file through a source, writes one
 * file in order from its first byte to its last, and says what it did as notes. It executes nothing, keeps nothing but
 * numbers, names and vetted texts, and decides nothing about safety: what it writes is as hostile as what it read until
 * the scanner has cleared it.
 *
 *	job.c         what a file is and who takes it apart
 *	tensors.c     the list of tensors to be written    pour.c          their bytes, in order, to the output
 *	stout.c       canonical safetensors                lowbits.c       mantissa bits filled anew
 *	values*.c     values of a pickle -> tensors        torch_*.c       PyTorch's containers
 *	pickle.c, packed.c, numpy.c, safetensors.c, gguf*.c, json.c, template.c, zip.c, keras.c: the other formats
 *	listen.c      readers that say where tensors are   side.c          the job in its process
 * The trusted side is disarm.c, take.c, hear.c, place.c and report.c. */
#ifndef GH_SCAN_DISARM_JOB_H
#define GH_SCAN_DISARM_JOB_H
#include "format/dtype.h"
#include "format/format.h"

/* What happened to the file as a whole. */
enum gh_dis_outcome {
	GH_DIS_CONVERTED, /* written in another format: .safetensors */
	GH_DIS_REWRITTEN, /* written in its own format, from its parts */
	GH_DIS_COPY,	/* nothing was written: the file holds nothing to take apart; what it is worth its scan says */
	GH_DIS_DROPPED, /* nothing was written: code */
	GH_DIS_REFUSED, /* nothing usable was written: the reason is in the error */
	GH_DIS_OUTCOMES
};

/* What happened to one part of it. */
enum gh_dis_act {
	GH_DIS_ACT_KEPT,     /* a tensor, a key: its bytes are what they were */
	GH_DIS_ACT_CHANGED,  /* written in another way; the text says how */
	GH_DIS_ACT_REPLACED, /* by vetted content */
	GH_DIS_ACT_DROPPED,
	GH_DIS_ACT_ALIAS, /* the same bytes under a second name; the text says whose */
	GH_DIS_ACTS
};
extern const char *const gh_dis_acts[GH_DIS_ACTS]; /* "kept" … */

enum { GH_DIS_PATH_MAX = 512, GH_DIS_TEXT_MAX = 512, GH_DIS_WHAT_MAX = 64 };

struct gh_dis_note {
	enum gh_dis_act act;
	struct gh_span path; /* of the part in the file: "state_dict.layer.weight"; any bytes */
	const char *what;    /* "tensor F32 [2, 3]", "int", "argparse.Namespace", "metadata" */
	uint64_t size;	     /* bytes, items or characters, as fits `what` */
	const char *text;    /* why or how; "" when there is nothing to say */
};

struct gh_dis_options {
	unsigned low_bits;   /* mantissa bits to be filled anew; 0: none */
	uint64_t seed;	     /* of those bits */
	bool keras_weights;  /* take the weights out of Keras files */
	char only[128];	     /* pickles: write only what lies below this path, without it; "": everything */
	uint64_t max_output; /* bytes that may be written */
};

struct gh_dis_host {
	void *arg;
	/* Append to the output. GH_OK, or GH_E_IO (disk full …), GH_E_LIMIT. */
	enum gh_rc (*write)(void *arg, struct gh_span s);
	int (*spill)(void *arg); /* a descriptor of an unlinked file for an expanded member, or -1 */
	void (*say)(void *arg, const struct gh_dis_note *n);
};

struct gh_dis_result {
	enum gh_dis_outcome outcome;
	const char *format;  /* as identified; "" when unknown */
	const char *written; /* "safetensors", "gguf", "json" …; NULL: the format it had */
	uint64_t tensors;    /* written */
	uint64_t bytes;	     /* written */
	bool has_low_bits;   /* some low bits were filled anew */
};

/* Take apart the file in src. name: of the file without folders; decides only which of several things a JSON file or a
 * template is for. On GH_DIS_REFUSED *err says why; the code is GH_OK (the answer is "refused"), or GH_E_IO, GH_E_LIMIT,
 * GH_E_NOMEM when it could not be finished. */
enum gh_rc gh_dis_run(struct gh_src *src, struct gh_span name, const struct gh_dis_options *opt,
		      const struct gh_limits *lim, const struct gh_dis_host *host, struct gh_dis_result *out,
		      struct gh_err *err);

/* The name that a file has after conversion: pytorch_model-00001-of-00002.bin -> model-00001-of-00002.safetensors,
 * diffusion_pytorch_model.bin -> diffusion_pytorch_model.safetensors, x.ckpt -> x.safetensors. False when it does not
 * fit out. */
bool gh_dis_converted_name(const char *name, char *out, size_t cap);

/* ---- inside ------------------------------------------------------------------------------------------------------ */

struct gh_spool;
struct gh_spool_budget;

/* Bytes that tensors lie in: a range of a source, as it is or compressed. */
struct gh_dis_store {
	struct gh_src *src;
	uint64_t off, len; /* in src; when packed: the compressed bytes */
	bool packed, deflate;
	uint64_t size; /* of the bytes themselves: len unless packed */
	bool has_crc;  /* CRC-32 of the bytes, to be compared when they are read */
	bool crc_seen; /* and it was right */
	uint32_t crc;
	struct gh_span name; /* for messages */
};

struct gh_dis_tensor {
	struct gh_span name;
	const struct gh_dtype *dtype;
	unsigned ndim;
	const uint64_t *dim;
	const uint64_t *stride;	    /* in elements, ndim of them; NULL: C order without gaps */
	struct gh_dis_store *store; /* NULL: no elements */
	uint64_t off;		    /* of the first element, bytes in the store */
	uint64_t count;		    /* elements */
	uint64_t bytes;		    /* written */
	bool big_endian;
	bool pairs;	/* complex, written as pairs of floats in a last dimension of 2 */
	const char *as; /* safetensors' name of the type as written */
	unsigned unit;	/* bytes of one number, for byte order */
};

struct gh_dis_job {
	struct gh_src *src;
	struct gh_span name;
	struct gh_arena *arena;
	const struct gh_limits *lim;
	const struct gh_dis_options *opt;
	const struct gh_dis_host *host;
	struct gh_dis_result *out;
	struct gh_err *err;
	struct gh_spool_budget *budget; /* of everything that is expanded */
	struct gh_sink *sink;		/* for readers that are run for their values: hears nothing, expands members */

	struct gh_dis_tensor *tensor;
	size_t n, cap;
	uint32_t *bucket; /* names that are taken */
	size_t nbucket;
	uint32_t *chain;
	size_t chain_cap;

	struct gh_dis_store *open; /* the packed store that is expanded now */
	struct gh_spool *spool;
	struct gh_spool *kept; /* expanded bytes that values point into */
	uint8_t *block;	       /* of pour.c */
	bool numbers;	       /* a pickle makes tensors or arrays, wherever it puts them */
	unsigned unchanged;    /* integer tensors that low_bits did not touch */
	unsigned empty_bits;   /* tensors whose low bits are all zero */
	char others[160];      /* keys that are not below opt->only, as many as fit */
};

/* A note about a part. */
void gh_dis_say(struct gh_dis_job *j, enum gh_dis_act act, struct gh_span path, const char *what, uint64_t size,
		const char *fmt, ...) __attribute__((format(printf, 6, 7)));

/* tensors.c: add a tensor under a name that is made unique; checks that it lies in its store and is of a type that
 * safetensors has, else it is dropped with a note. dim and stride are copied. t->as, unit, bytes, count and pairs are
 * filled here. GH_E_LIMIT without memory or beyond max_output. */
enum gh_rc gh_dis_add(struct gh_dis_job *j, const struct gh_dis_tensor *t);
/* "F32 [2, 3]" */
void gh_dis_shape(const struct gh_dis_tensor *t, char *out, size_t cap);

/* pour.c: the bytes of a tensor, little-endian, in C order, to the output. */
enum gh_rc gh_dis_pour(struct gh_dis_job *j, const struct gh_dis_tensor *t, uint64_t number);
/* A range of src to the output as it is. */
enum gh_rc gh_dis_pass(struct gh_dis_job *j, struct gh_src *src, uint64_t off, uint64_t len);
enum gh_rc gh_dis_write(struct gh_dis_job *j, const void *p, size_t n);
/* The bytes of a store as a source; the one of before is given back when it was expanded. */
enum gh_rc gh_dis_open(struct gh_dis_job *j, struct gh_dis_store *s, struct gh_src **src, uint64_t *base);

/* stout.c: all tensors as a canonical safetensors file. */
enum gh_rc gh_dis_write_safetensors(struct gh_dis_job *j);
/* The same for what was found in pickles. When nothing was: a pickle that makes no tensors and arrays at all is dropped, one
 * that keeps them in objects of other classes is refused. */
enum gh_rc gh_dis_write_pickled(struct gh_dis_job *j);
/* Of each call that a pickle makes: sets j->numbers. */
void gh_dis_hear_call(struct gh_dis_job *j, const struct gh_call *c);

/* Is it code, by its content or its name? *why says what, or is NULL. */
enum gh_rc gh_dis_code(struct gh_dis_job *j, struct gh_src *src, struct gh_span name, const char **why);

/* Readers, one per row of the table in job.c. Each adds tensors or writes the output itself. */
enum gh_rc gh_dis_torch_zip(struct gh_dis_job *j);
enum gh_rc gh_dis_torch_legacy(struct gh_dis_job *j);
enum gh_rc gh_dis_torch_tar(struct gh_dis_job *j);
enum gh_rc gh_dis_pickle(struct gh_dis_job *j);
enum gh_rc gh_dis_npy(struct gh_dis_job *j);
enum gh_rc gh_dis_npz(struct gh_dis_job *j);
enum gh_rc gh_dis_safetensors(struct gh_dis_job *j);
enum gh_rc gh_dis_packed(struct gh_dis_job *j);
enum gh_rc gh_dis_gguf(struct gh_dis_job *j);
enum gh_rc gh_dis_json(struct gh_dis_job *j);
enum gh_rc gh_dis_template_file(struct gh_dis_job *j);
enum gh_rc gh_dis_zip(struct gh_dis_job *j);
enum gh_rc gh_dis_keras(struct gh_dis_job *j);
enum gh_rc gh_dis_hdf5(struct gh_dis_job *j);
#endif
