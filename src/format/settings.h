/* settings.h - values of configuration documents, in whatever language they are written, that some loader opens, imports,
 * evaluates or runs because of the name they stand under. One table for JSON, YAML, TOML and the text format of protobuf;
 * the check "settings" (and "targets", for names) judges what is emitted here:
 *
 *	reference path or url, system "file": a file that the loader opens; from = the key
 *	reference path or url, system "library": a native library that it loads
 *	call import, system "hydra": a dotted name that it imports; "setting": what else makes it run somebody's code, and as_name
 *		says what: "kernel", "codec", "start"
 *	call operation, system "torch-export": the target of a node in a graph
 *	text, role "evaluated", "sympy" or "guard": an expression that it evaluates
 *	code, "shell": a command that it runs
 *
 * A name alone proves nothing, so values are looked at as well: a library has the ending of one, an import has a dot. */
#ifndef GH_FORMAT_SETTINGS_H
#define GH_FORMAT_SETTINGS_H
#include "format/format.h"

struct gh_setting {
	struct gh_span key;    /* the name of the value; of an item of a list: the name of the list */
	struct gh_span holder; /* under which the object stands that has the key; empty at the top */
	struct gh_span top;    /* the key at the top of the document under which all of it stands; empty at the top */
	struct gh_span text;   /* the value, decoded; all of it */
	bool item;	       /* of a list */
	uint64_t off, len;     /* as spelt */
};

enum { GH_COMMAND_MAX = 4096 };
struct gh_settings {
	struct gh_walk *w;
	/* inside: the words of a command that is given as a list */
	uint8_t command[GH_COMMAND_MAX];
	size_t n;
	uint64_t off;
};

/* One value. Nothing is read from the source, so its windows live on. GH_E_LIMIT: a budget ran out. */
enum gh_rc gh_setting(struct gh_settings *s, const struct gh_setting *v);
/* A list ended at this offset. */
enum gh_rc gh_setting_list_end(struct gh_settings *s, uint64_t off);

/* Does the text name a native library: lib.so, x.so.1.2, x.dll, x.dylib, x.pyd? */
bool gh_names_library(struct gh_span text);
/* Does the path lead out of the directory of the model: `..`, absolute, a drive, a share, a home, an address? */
bool gh_leads_outside(struct gh_span path);
#endif
