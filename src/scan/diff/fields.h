/* fields.h - what is not weights: configuration, tokenizer, chat template, code. Kept as keys and values of one side, then
 * compared with the other side's. GGUF metadata and the JSON files of transformers use one set of keys where both say the
 * same thing. Runs in the worker. */
#ifndef GH_SCAN_DIFF_FIELDS_H
#define GH_SCAN_DIFF_FIELDS_H
#include "format/format.h"
#include "scan/diff/proto.h"

enum {
	GH_DIFF_FIELDS = 1 << 14,    /* of one side */
	GH_DIFF_VOCAB = 1 << 21,     /* tokens, merges */
	GH_DIFF_LISTS = 24,	     /* of one side */
	GH_DIFF_SHOWN = 400,	     /* bytes of a value that are shown */
	GH_DIFF_FILE_MAX = 64 << 20, /* a text file larger than this is not read: trouble */
};

struct gh_diff_field {
	enum gh_diff_section section;
	struct gh_span key, value; /* value: at most GH_DIFF_SHOWN bytes of it */
	uint64_t full;		   /* bytes it has */
	uint8_t digest[20];	   /* of all of it */
	bool gguf;		   /* from GGUF metadata */
	bool shared;		   /* key is the same in both worlds */
	uint64_t number;	   /* when it is one, else 0 */
};

/* An ordered list of texts: a vocabulary by id, merges by rank, kinds of tokens by id. Every file that has one gives one: of
 * two that should say the same, nobody knows which a loader takes. */
enum gh_diff_list_kind { GH_DIFF_L_TOKENS, GH_DIFF_L_MERGES, GH_DIFF_L_SPECIAL };
struct gh_diff_list {
	enum gh_diff_list_kind kind;
	struct gh_span file; /* path in the side; "" of GGUF */
	bool gguf;
	struct gh_span *v; /* p == NULL: no such id */
	size_t n, cap;
	bool full;
};

struct gh_diff_fields {
	struct gh_arena *arena;
	struct gh_diff_field *v;
	size_t n, cap;
	struct gh_diff_list list[GH_DIFF_LISTS];
	size_t nlist;
	bool full; /* there is more than was kept */
};

/* Read a file for its fields, when its name or content says that it has some; others are left alone. GH_E_MALFORMED,
 * GH_E_LIMIT: it does, but cannot be read; err says why. */
enum gh_rc gh_diff_fields(struct gh_diff_fields *f, struct gh_src *src, struct gh_span name, struct gh_err *err);
/* The number that a shared key has on this side; 0: none. */
uint64_t gh_diff_number(const struct gh_diff_fields *f, const char *key);

/* Called for each difference; key and values are hostile. */
struct gh_diff_fields_out {
	void *arg;
	void (*field)(void *arg, enum gh_diff_section s, enum gh_diff_change c, struct gh_span key,
		      struct gh_span before, struct gh_span after);
	void (*counts)(void *arg, const char *what, const uint64_t n[5]); /* before, after, changed, added, removed */
};
void gh_diff_fields_compare(const struct gh_diff_fields *base, const struct gh_diff_fields *cand, bool adapter,
			    const struct gh_diff_fields_out *out);

/* Between fields.c, fields_json.c and fields_gguf.c. */
void gh_diff_field_add(struct gh_diff_fields *f, enum gh_diff_section s, struct gh_span key, struct gh_span value,
		       bool gguf, bool shared);
/* The list of this kind and file, made when there is none yet. NULL: too many; f->full. */
struct gh_diff_list *gh_diff_list(struct gh_diff_fields *f, enum gh_diff_list_kind kind, struct gh_span file,
				  bool gguf);
void gh_diff_list_put(struct gh_diff_fields *f, struct gh_diff_list *l, uint64_t at, struct gh_span text);
enum gh_rc gh_diff_fields_json(struct gh_diff_fields *f, struct gh_src *src, struct gh_span path, struct gh_span file,
			       struct gh_err *err);
enum gh_rc gh_diff_fields_gguf(struct gh_diff_fields *f, struct gh_src *src, struct gh_err *err);
#endif
