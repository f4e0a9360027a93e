/* git.h - what the readers of git's own files share. A clone of a model's repository keeps every version of every file in
 * .git: this folder reads the objects (loose and packed), the index, the tables beside packs, and the configuration.
 *
 * Specifications: git's own documentation, gitformat-pack(5), gitformat-index(5), gitformat-chunk(5),
 * gitformat-commit-graph(5), git-config(1).
 *
 * What is not done: the checksums at the end of files and the names of objects (SHA-1, SHA-256 of their content) are not
 * compared, but for the bases that deltas name. They protect from damage, not from an author, who computes them anew. */
#ifndef GH_FORMAT_GIT_H
#define GH_FORMAT_GIT_H
#include "format/format.h"

enum {
	GIT_A_BROKEN,
	GIT_A_OBJECT,
	GIT_A_NAME,
	GIT_A_LINK,
	GIT_A_BASE,
	GIT_A_DELTA,
	GIT_A_TABLE,
	GIT_A_HIDDEN,
	GIT_A_COUNT
};
extern const struct gh_rule gh_git_rules[];

enum git_kind { GIT_NONE, GIT_COMMIT, GIT_TREE, GIT_BLOB, GIT_TAG, GIT_RESERVED, GIT_OFS_DELTA, GIT_REF_DELTA };

enum { GIT_SHA1 = 20, GIT_SHA256 = 32, GIT_OUT = 64 << 10 };

struct git {
	struct gh_walk *w;
	uint8_t *out;		    /* GIT_OUT bytes for the decompressor */
	unsigned hash;		    /* bytes of an object's name: GIT_SHA1 or GIT_SHA256; 0: not known */
	unsigned told[GIT_A_COUNT]; /* anomalies of each kind: more than a few say nothing new */
};

/* False: no memory. */
bool gh_git_open(struct git *g, struct gh_walk *w, unsigned hash);
void gh_git_say(struct git *g, unsigned rule, uint64_t off, uint64_t len, const char *fmt, ...)
	__attribute__((format(printf, 5, 6)));

/* ---- content.c: objects */
/* What an object says. content: its bytes without a header; [off, off+len): the packed object in w->src. A blob becomes a
 * member (role "history"), but for a Git LFS pointer, of which every word is understood. GH_OK, or GH_E_LIMIT. */
enum gh_rc gh_git_object(struct git *g, enum git_kind kind, struct gh_src *content, uint64_t off, uint64_t len);
const char *gh_git_kind_name(enum git_kind kind);
enum git_kind gh_git_kind_of(struct gh_span word);

/* ---- names.c: paths that git writes to */
/* One component of a path (tree), or a whole path with slashes (index). mode: as in trees, 0100644. */
void gh_git_check_path(struct git *g, struct gh_span path, unsigned mode, uint64_t off, uint64_t len);
bool gh_git_mode_ok(unsigned mode);

/* ---- inflate.c */
struct git_inflated {
	uint64_t packed, size; /* bytes taken and made */
	bool ended;	       /* the stream came to its end */
	enum gh_rc rc;	       /* GH_OK, GH_E_MALFORMED, or what `put` returned */
};
/* Expand the zlib stream at off of w->src, at most max bytes of content, and hand them to put. Returns what is not the
 * stream's fault (GH_E_NOMEM, GH_E_IO …), else GH_OK and out->rc. */
enum gh_rc gh_git_inflate(struct git *g, uint64_t off, uint64_t max, enum gh_rc (*put)(void *ctx, struct gh_span made),
			  void *ctx, struct git_inflated *out);
/* A `put` for a spool. */
struct git_to_spool {
	const struct gh_sink_ops *ops;
	struct gh_spool *spool;
};
enum gh_rc gh_git_to_spool(void *ctx, struct gh_span made);

/* ---- delta.c */
struct git_packed {
	uint64_t off, size;   /* of the entry in the pack; bytes of its content, or of its delta */
	uint64_t base;	      /* OFS_DELTA: the base's offset, later its index */
	uint64_t end;	      /* behind the entry */
	uint32_t kids, first; /* number of OFS_DELTAs on it; where they start in a list */
	uint32_t weight;      /* of the tree of deltas on it */
	uint16_t head;	      /* bytes before the zlib stream */
	uint8_t kind;
	bool done;
};
/* Resolve the deltas among n entries, which stand in the order of their offsets. */
enum gh_rc gh_git_deltas(struct git *g, struct git_packed *v, uint32_t n);

/* ---- config.c */
/* Which of git's text files this may be: the row whose walk decides. Asked by the text reader. */
const struct gh_fmt *gh_git_text(struct gh_span name);

/* ---- tables.c: what tables of object names have in common */
/* 256 running totals; the last is returned in *n. False: they fall. */
bool gh_git_fanout(struct git *g, uint64_t off, uint32_t fan[256]);
/* n names in strictly ascending order, as the fan-out says. `what` is for people. */
bool gh_git_names(struct git *g, uint64_t off, uint32_t n, const uint32_t fan[256], const char *what);
/* n numbers below n, each once. GH_E_MALFORMED after an anomaly. */
enum gh_rc gh_git_order(struct git *g, uint64_t off, uint32_t n, const char *what);
#endif
