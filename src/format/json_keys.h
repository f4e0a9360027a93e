/* json_keys.h - the field names of JSON documents that loaders act on, and what the value of each one is. One table for
 * the document reader; a name that is not here is data. */
#ifndef GH_FORMAT_JSON_KEYS_H
#define GH_FORMAT_JSON_KEYS_H
#include "base/span.h"

/* What a value is for whoever loads the document; inherited by everything inside the value. */
enum gh_json_zone {
	GH_JZ_PLAIN,
	GH_JZ_TEMPLATE, /* rendered for every request: chat_template */
	GH_JZ_REMOTE,	/* names of classes in Python files beside the model or in another repository: auto_map */
	GH_JZ_TARGET,	/* a callable that is imported and called: Hydra */
	GH_JZ_SHARDS,	/* tensor name -> file name: weight_map */
	GH_JZ_VOCAB,	/* tokens: any text means nothing here */
	GH_JZ_CELLS,	/* cells of a notebook */
	GH_JZ_SERVERS,	/* programs that a client starts: mcpServers */
	GH_JZ_SCRIPTS,	/* scripts of an npm package */
};

/* Marks that the keys of one object add up to. */
enum {
	GH_JM_CLASS_NAME = 1 << 0,
	GH_JM_CONFIG = 1 << 1, /* Keras */
	GH_JM_NBFORMAT = 1 << 2,
	GH_JM_CELLS = 1 << 3, /* Jupyter */
	GH_JM_TRUST = 1 << 4, /* a true value allows remote code */
	GH_JM_PY = 1 << 5,
	GH_JM_PY_CALL = 1 << 6, /* jsonpickle */
	GH_JM_LC = 1 << 7,
	GH_JM_TYPE = 1 << 8, /* LangChain */
	GH_JM_LOADER = 1 << 9,
	GH_JM_CLASS = 1 << 10,
	GH_JM_MODULE = 1 << 11, /* skops and its kind */
	GH_JM_CONSTRUCTOR = 1 << 12,
	GH_JM_HOOK = 1 << 13, /* npm, or Composer, runs it at installation */
	GH_JM_ACTS = 1 << 14, /* some library imports and calls what a value of this name names */
	GH_JM_TARGET = 1 << 15,
	GH_JM_PARAMS = 1 << 16, /* CompVis: instantiate_from_config() */
	GH_JM_IDX = 1 << 17,
	GH_JM_PATH = 1 << 18,	    /* sentence-transformers' modules.json, with `type` */
	GH_JM_PIPELINE = 1 << 19,   /* diffusers' model_index.json */
	GH_JM_LOADER_MOD = 1 << 20, /* MLflow: module with _load_pyfunc() */
	GH_JM_SIZE = 1 << 21,	    /* of a Transformers model: its type, a size, how it is stored */
	GH_JM_REDUCE = 1 << 22,	    /* jsonpickle's, unless it is a node of skops, which keeps plain arguments there */
};

struct gh_json_key {
	enum gh_json_zone zone;
	unsigned mark;
};

/* A name that is not in the table is PLAIN without a mark. */
struct gh_json_key gh_json_key(struct gh_span name);

/* Does the name promise a text that checks want to see: an address, a credential, a command, a description? */
bool gh_json_shown(struct gh_span name);

/* Is the whole text a dotted Python name (`os.system`, also `os:system`) of a module that reaches the system, runs or loads
 * code? Narrower than the next one: it is asked of any value, and must not be true for host names, file names and
 * settings that look alike (socket.io, code.py, os.version). */
bool gh_json_names_system(struct gh_span text);

/* Is this what diffusers has in the first place of a pair [library, Class] without importing anything new? */
bool gh_json_pipeline_library(struct gh_span name);

/* A callable of a `_target_` or the like that gives the system away: os.system, builtins.eval … */
bool gh_json_target_dangerous(struct gh_span dotted);
#endif
