/* yaml_doc.h - what a YAML document says to whoever loads it: which callables it names, which tags make objects, which
 * texts are programs or templates. Shared by the parts of the row "yaml". */
#ifndef GH_FORMAT_YAML_YAML_DOC_H
#define GH_FORMAT_YAML_YAML_DOC_H
#include "format/json_keys.h"
#include "format/json_text.h"
#include "format/settings.h"
#include "format/signs.h"
#include "wire/yaml.h"

enum {
	YAML_BROKEN,
	YAML_DUPLICATE,
	YAML_BREAK,
	YAML_BOMB,
	YAML_MANY,
	YAML_REMOTE,
	YAML_LOCAL,
	YAML_TRUST,
	YAML_ESCAPE,
	YAML_SIGN,
	YAML_RULES = YAML_SIGN + GH_SIGNS,
};
extern const struct gh_rule yaml_rules[];

enum { YAML_ANCHORS = 1 << 12, YAML_SAY = 16 };

struct yaml_frame { /* one open collection */
	bool map;
	bool value;		  /* the next node is a value */
	enum gh_json_zone zone;	  /* of the whole collection */
	struct gh_json_key key;	  /* of the value that comes next */
	unsigned marks;		  /* of all keys so far */
	struct gh_json_name name; /* the last key; in a list: the key that holds the list */
	struct gh_json_name class_name, module, registered, target;
	struct gh_span run; /* the script of a workflow's step, in the arena */
	uint64_t run_off, run_len;
	bool python; /* it is Python */
	uint64_t off;
	uint64_t nodes;	 /* with aliases expanded, so far */
	uint64_t anchor; /* hash of its own anchor, 0: none */
};

/* Lock files: lists of exactly what was installed. See yaml_locks.c. */
enum yaml_lock_kind { YAML_NO_LOCK, YAML_CONDA_LOCK, YAML_PNPM_LOCK, YAML_YARN_LOCK };
struct yaml_lock {
	enum yaml_lock_kind kind;
	struct gh_json_name name, version, manager, resolution; /* of the entry at hand */
};

struct yaml_doc {
	struct gh_walk *w;
	struct gh_yaml y;
	struct yaml_frame *frame; /* [0]: outside of everything */
	size_t cap;
	unsigned depth; /* index of the innermost open one */
	unsigned said[YAML_RULES];
	unsigned members_left, texts_left, signs_left;
	struct gh_settings settings;
	bool conda; /* a list of dependencies stands at the top */
	struct yaml_lock lock;
	struct {
		uint64_t name, nodes;
		struct gh_span text; /* of a short scalar, in the arena */
	} anchor[YAML_ANCHORS];
};

void yaml_say(struct yaml_doc *d, unsigned a, uint64_t off, uint64_t len, const char *what);

/* ---- yaml_values.c ---------------------------------------------------------------------------------------------- */
/* The scalar that d->y stands at is the value of f->name. GH_E_LIMIT: a budget ran out. */
enum gh_rc yaml_value(struct yaml_doc *d, struct yaml_frame *f);
/* A mapping ends: what its keys add up to. */
enum gh_rc yaml_map_end(struct yaml_doc *d, struct yaml_frame *f);
/* The tag of the node that d->y stands at. */
enum gh_rc yaml_tag_event(struct yaml_doc *d);
/* ---- yaml_locks.c ------------------------------------------------------------------------------------------------ */
/* Which lock file has this key at the top? */
enum yaml_lock_kind yaml_lock_key(const struct gh_yaml *y);
/* A value of the mapping f at depth d->depth; the end of that mapping, which may emit a package. */
void yaml_lock_value(struct yaml_doc *d, const struct yaml_frame *f);
enum gh_rc yaml_lock_end(struct yaml_doc *d, const struct yaml_frame *f);
/* Does this tag or this key make a loader import or call something? */
bool yaml_acts(const struct gh_yaml *y);
#endif
