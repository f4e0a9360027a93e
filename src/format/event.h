/* event.h - what a format reader says about the bytes it reads. A format knows nothing of danger; a check consumes
 * events and knows nothing of containers. All spans in an event are valid only during the call. */
#ifndef GH_FORMAT_EVENT_H
#define GH_FORMAT_EVENT_H
#include "format/rule.h"
#include "format/src.h"
#include "format/value.h"

enum gh_event_kind {
	GH_EV_CLAIM,	 /* a range the reader understands */
	GH_EV_MEMBER,	 /* a file inside a container, a nested stream: the pipeline identifies it and recurses */
	GH_EV_CALL,	 /* code that loading would import or execute */
	GH_EV_CODE,	 /* source or bytecode shipped along */
	GH_EV_TEXT,	 /* templates, metadata, configuration, documentation */
	GH_EV_TENSOR,	 /* weights */
	GH_EV_REFERENCE, /* a path or URL outside the file */
	GH_EV_PACKAGE,	 /* a dependency or the producer's version */
	GH_EV_ANOMALY,	 /* a malformed or contradictory structure */
	GH_EV_KINDS
};

/* A byte range in the source that the reader was given. */
struct gh_range {
	uint64_t off, len;
};

enum gh_claim {
	GH_CLAIM_STRUCT, /* parsed: every bit of it was understood */
	GH_CLAIM_DATA,	 /* opaque payload whose exact length a structure gives (a tensor, a string) */
	GH_CLAIM_PAD,	 /* padding: the pipeline checks that it is all zero */
	GH_CLAIM_FREE,	 /* bounded by the structure, content at the author's will and read by no loader (comments,
			  * extra fields, preambles): the pipeline looks for hidden formats in it */
	GH_CLAIM_MEMBER, /* handed on as a member, which accounts for its own bytes */
};

enum gh_member_how {
	GH_MEMBER_FILE,	  /* a named file of a container */
	GH_MEMBER_STREAM, /* the one content of a compressed stream */
	GH_MEMBER_NESTED, /* bytes found inside a value: a pickle in a string */
	GH_MEMBER_HIDDEN, /* bytes no structure accounts for, or a view of them that only some readers have */
};

struct gh_member {
	enum gh_member_how how;
	struct gh_span name; /* as stored; empty: the pipeline makes one up */
	struct gh_src *src;  /* its bytes, for the duration of the call */
	const char *role;    /* what the container uses it for ("tensor storage", "object"), or NULL */
	bool raw;	     /* weights or other data with no structure of its own: any bytes are fine, but a program,
			      * an archive or a pickle in it is not */
	const char *expect;  /* name of the format the container's loader will use whatever the bytes say, or NULL */
};

enum gh_call_how {
	GH_CALL_IMPORT,	   /* named and imported, not (yet) called */
	GH_CALL_REDUCE,	   /* callable(*args) */
	GH_CALL_NEW,	   /* cls.__new__(cls, *args[, **kwargs]) */
	GH_CALL_INST,	   /* class(*args), also without arguments: instantiated */
	GH_CALL_BUILD,	   /* obj.__setstate__(state) or obj.__dict__.update(state) */
	GH_CALL_SETITEM,   /* obj[key] = value */
	GH_CALL_APPEND,	   /* obj.extend(...) or obj.append(...) */
	GH_CALL_ADD,	   /* obj.add(...) or obj.update(...) */
	GH_CALL_PERSID,	   /* persistent_load(id) */
	GH_CALL_EXT,	   /* copyreg extension code: resolved through a table outside the file */
	GH_CALL_OPERATION, /* a node of a graph, a layer of a configuration */
	GH_CALL_HASH,	   /* a plain dict or set hashes and compares these keys, which calls made */
	GH_CALL_LATE,	   /* a plain container changes that a call was given before: what was said about that call may
			   * no longer be true */
};

struct gh_call {
	enum gh_call_how how;
	const char *system;	  /* name space of the callable: "python", "keras", "tensorflow" */
	struct gh_span module;	  /* after the loader's own name mapping, when `mapped` */
	struct gh_span name;	  /* may be dotted */
	struct gh_span as_module; /* as spelled in the stream */
	struct gh_span as_name;
	bool resolved;	      /* false: what is called cannot be known without running it */
	bool fresh;	      /* BUILD, SETITEM, APPEND, ADD: the target was created in this stream by a call to
				   * module.name; false: an imported object or something unknown is modified */
	bool late;	      /* BUILD, SETITEM, APPEND, ADD: the target was handed to another call before */
	struct gh_heap *heap; /* owner of the values below; NULL when there are none */
	gh_val callee;
	gh_val args;   /* REDUCE, NEW, INST: the argument tuple; BUILD: the state; SETITEM, APPEND, ADD: a tuple of
				   * key, value, … or items; PERSID: the id; HASH: a tuple of keys; LATE: a tuple of
				   * what is added */
	gh_val kwargs; /* NEW with keyword arguments, else NONE */
	const char *reading; /* "C" or "pure Python" when only that unpickler does this, else NULL */
};

struct gh_code {
	const char *language; /* "python", "python-bytecode", "shell", "torchscript" */
	struct gh_span name;
	struct gh_src *src;
};

struct gh_text {
	const char
		*role; /* "metadata", "chat-template", "configuration", "documentation", "comment", "name"; "setting": a
			   * number or a word of a model's configuration (hidden_size, model_type); "object" where one stands */
	struct gh_span key;
	struct gh_span text; /* at most GH_WINDOW_MAX bytes; longer texts come as members */
};

enum { GH_DIMS_MAX = 64 };
struct gh_tensor {
	struct gh_span name;
	const char *dtype;   /* "F32", "BF16", "I8", "Q4_0" … */
	unsigned bits;	     /* per element; 0 for block-quantised types */
	unsigned ndim;	     /* <= GH_DIMS_MAX */
	const uint64_t *dim; /* ndim of them; the product fits 64 bits */
	struct gh_src *src;  /* the source `at` refers to: usually the reader's own, a member's when stored there */
	bool big_endian;
};

enum gh_ref_kind {
	GH_REF_PATH, /* a file beside this one that its loader opens */
	GH_REF_SYMLINK,
	GH_REF_HARDLINK,
	GH_REF_URL,
	GH_REF_DEVICE,
	GH_REF_DATA,  /* weights that lie in a file beside this one, without a structure of their own: see `data` */
	GH_REF_CODE,  /* a source file beside this one that its loader would run ("modeling_x.py") */
	GH_REF_SHARD, /* an index places a tensor (`from`) in the file `target` */
	GH_REF_MODULE, /* Python source that imports this module (`from` empty), or a command that has Python run it (`from`: "-m");
			  * as Python spells it: ".helper" lies beside the source */
	GH_REF_SCRIPT, /* a command has an interpreter (`from`) run this file */
	GH_REF_BLOB,   /* a file of a content-addressed store, by its digest: "sha256:…" */
};
struct gh_reference {
	enum gh_ref_kind kind;
	const char *system; /* whose object opens it when it is made: "keras"; NULL: the loader itself */
	struct gh_span target;
	struct gh_span from;  /* the member or key that holds it */
	struct gh_range data; /* GH_REF_DATA: where in the target; len UINT64_MAX: to its end */
};

struct gh_package {
	const char *ecosystem; /* "PyPI", "npm", "conda" */
	struct gh_span name, version;
	bool producer; /* the program that wrote this file, not a dependency */
};

struct gh_event {
	enum gh_event_kind kind;
	struct gh_range at;
	union {
		enum gh_claim claim;
		const struct gh_member *member;
		const struct gh_call *call;
		const struct gh_code *code;
		const struct gh_text *text;
		const struct gh_tensor *tensor;
		const struct gh_reference *reference;
		const struct gh_package *package;
		struct {
			const struct gh_rule *rule;
			const char *text; /* what exactly, one line; already safe to print */
		} anomaly;
	} u;
};
#endif
