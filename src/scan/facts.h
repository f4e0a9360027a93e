/* facts.h - what the reading of one file says about others: which files it would make a loader open, which raw bytes it
 * explains, what it holds. A worker sees one file at a time and collects them from the events of the file itself (not
 * of members inside it: their neighbours are members too); the trusted process compares them in repo.c.
 *
 * A fact is as hostile as a finding's text: the trusted process copies, bounds and compares it, and does nothing else. */
#ifndef GH_SCAN_FACTS_H
#define GH_SCAN_FACTS_H
#include "base/arena.h"
#include "format/event.h"

enum gh_fact_kind {
	GH_FACT_DATA =
		1, /* target; a, b: offset and length there of weights that lie in it raw; b UINT64_MAX: to the end */
	GH_FACT_CODE,	 /* target: a source file that the loader of this one runs */
	GH_FACT_SHARD,	 /* target; a, b: tensors that an index places there: how many, sum of hashes of their names */
	GH_FACT_TENSORS, /* a, b: tensors stored here: how many, sum of hashes of their names; c: elements */
	GH_FACT_LAYERS,	 /* a: 1 + the highest number of a layer in the names of tensors stored here */
	GH_FACT_EMBED,	 /* a, b: rows and columns of the table of token embeddings stored here */
	GH_FACT_SETTING, /* target: name of a size in a configuration; a: the size, or 1 for true; "name=word": a word */
	GH_FACT_SHAPE, /* target: a place (scan/shapes.h); a, b: rows and columns of tensors of numbers stored there. "head"
			  * without sizes: there is an output layer */
	GH_FACT_DTYPE,	 /* target: a type of numbers that tensors are stored as */
	GH_FACT_PACKAGE, /* target: package URL; a: 1 the file says that this program wrote it, 0 it asks for it */
	GH_FACT_LOST,	 /* there were more facts than a reading may have */
	GH_FACT_STAGE,	 /* a: enum gh_stage; b, c: units and bytes looked at; target: why not all of it, or "" */
	GH_FACT_MODULE,	 /* target: a module of Python as it is spelled; a: 1 a command runs it, 0 it is imported */
	GH_FACT_SCRIPT,	 /* target: a file that a command has an interpreter run */
	GH_FACT_BLOB,	 /* target: "sha256:" and the digest of a file that a store of images or models holds */
	GH_FACT_KINDS
};

enum {
	GH_FACTS_MAX = 1 << 17, /* collected of one file */
	GH_FACTS_SENT = 8192,	/* of one file, once summed up */
	GH_FACT_TARGET = 1024,	/* bytes of a target */
};

struct gh_fact {
	enum gh_fact_kind kind;
	const char *target; /* "" where there is none */
	uint64_t a, b, c;
};

struct gh_facts { /* zeroed is the start; max of the arena set by the owner */
	struct gh_arena arena;
	struct gh_fact *v;
	size_t n, cap;
	bool lost;
};

/* Take what an event of the file itself says. */
void gh_facts_on(struct gh_facts *f, const struct gh_event *ev);
/* Forget everything after the first n: the attempt to read the bytes as some format failed. */
void gh_facts_rewind(struct gh_facts *f, size_t n);
/* Sum up, and hand each fact to put(). */
void gh_facts_close(struct gh_facts *f, void (*put)(void *arg, const struct gh_fact *), void *arg);
void gh_facts_free(struct gh_facts *f);
#endif
