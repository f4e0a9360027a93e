/* ydoc.h - a YAML text as a tree whose nodes know where they stand: policies, exceptions, tables of cases. A plain subset, so
 * that everybody reads the same: one document; no tags, anchors and aliases; keys are plain words, each once. Bounded. */
#ifndef GH_POLICY_YDOC_H
#define GH_POLICY_YDOC_H
#include "policy/policy.h"
#include "wire/jdom.h"

enum { YDOC_DEPTH = 12, YDOC_NODES = 65536 };
enum ykind { Y_NULL, Y_TEXT, Y_MAP, Y_LIST };

struct ynode {
	enum ykind kind;
	bool quoted;
	struct gh_span key;  /* of a member of a map */
	struct gh_span text; /* TEXT: decoded */
	uint64_t key_off, off, len;
	const struct ynode *up, *first, *next;
	size_t n;
};

/* A text being read: what errors need. */
struct ydoc {
	struct gh_span text;
	struct gh_arena *arena;
	const struct ynode *top;
	const char *name; /* of the base it stems from, for errors; "" for the text itself */
	struct gh_policy_err *err;
};

enum gh_rc ydoc_read(struct ydoc *d);

/* GH_E_MALFORMED, with the place of the node. key: point at its key. */
enum gh_rc ydoc_bad(const struct ydoc *d, const struct ynode *n, bool key, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
/* The same, inside of a text: at byte `at` of the decoded text. */
enum gh_rc ydoc_bad_in(const struct ydoc *d, const struct ynode *n, size_t at, const char *what);
void ydoc_place(const struct ydoc *d, uint64_t off, uint64_t *line, uint64_t *column);

/* ---- maps by table ------------------------------------------------------------------------------------------------------- */
struct ykey {
	const char *name;
	bool needed;
	enum ykind kind; /* Y_NULL: any */
	enum gh_rc (*read)(struct ydoc *d, const struct ynode *n, void *into);
};
/* Every member of the map is read by its row. Unknown keys, missing ones and wrong kinds are errors. */
enum gh_rc ydoc_map(struct ydoc *d, const struct ynode *map, const struct ykey *keys, size_t n, void *into);
const struct ynode *ydoc_get(const struct ynode *map, const char *key);
static inline bool ydoc_is(const struct ynode *n, const char *s) { return n->kind == Y_TEXT && gh_span_is(n->text, s); }

/* The tree as one of JSON whose scalars are texts. NULL: out of memory. */
const struct gh_jval *ydoc_json(struct gh_arena *arena, const struct ynode *n);
#endif
