/* tar_int.h - what the files of the tar walk share. Not for others: tar_walk.h is the way in. */
#ifndef GH_FORMAT_TAR_INT_H
#define GH_FORMAT_TAR_INT_H
#include "format/links.h"
#include "format/path_rules.h"
#include "format/tar_walk.h"
#include "wire/tar.h"

enum tar_rule {
	T_AFTER_END,
	T_LONE_ZERO,
	T_DAMAGED,
	T_TRAILING,
	T_RANGE,
	T_NO_END,
	T_SIZE_FIELD,
	T_LINK_SIZE,
	T_TWO_SIZES,
	T_TWO_NAMES,
	T_PAX,
	T_PAX_TWICE,
	T_PAX_GLOBAL,
	T_META,
	T_GARBAGE,
	T_TYPE,
	T_UNREAD,
	T_LINK_ESCAPES,
	T_LINK_THROUGH,
	T_DEVICE,
	T_FIFO,
	T_DUPLICATE,
	T_CASE,
	T_LINK_CHAIN,
	T_MODE,
	T_PATHS,
	T_RULES = T_PATHS + GH_PATH_FLAGS
};

/* What pax records and GNU long names say about the next member. p == NULL: nothing. In the arena. */
struct tar_meta {
	struct gh_span path, link; /* pax */
	struct gh_span gnu_path, gnu_link;
	bool has_size, sparse;
	uint64_t size;
	uint64_t at; /* of the first such record */
	bool any;
};

struct tar_name {
	struct gh_span name;
	bool link, hard, dir;
};

struct tar {
	struct gh_walk *w;
	const struct gh_tar_hooks *h;
	uint64_t pos;
	struct tar_meta next, global;
	struct tar_name *name; /* of every member, for the comparison at the end */
	size_t n, cap;
	struct gh_link *link;
	size_t nlinks, link_cap;
	bool hidden; /* behind the end or behind damage */
	enum gh_rc rc;
	uint32_t seen[T_RULES];
};

#define tar_say(t, rule, off, len, ...) \
	do { \
		if ((t)->seen[(rule)]++ < GH_PATH_SAME) \
			gh_anomaly((t)->w, &gh_tar_rules[(rule)], (off), tar_clip((t), (off), (len)), __VA_ARGS__); \
	} while (0)

/* A length, as far as the source goes; off <= size. */
static inline uint64_t tar_clip(const struct tar *t, uint64_t off, uint64_t len)
{
	uint64_t left = t->w->src->size - off;
	return len < left ? len : left;
}

void tar_note(struct tar *t, enum gh_rc rc);

/* A header of type x, g, L or K at `off`, whose data are [data, data + size): read it into t->next or t->global. */
enum gh_rc tar_read_meta(struct tar *t, const struct gh_tar_header *h, uint64_t off, uint64_t data, uint64_t size);
/* Names against each other, when all are known. */
enum gh_rc tar_judge_names(struct tar *t);
#endif
