/* tar_walk.h - reading a tar archive, for the tar format itself and for formats that are a tar with rules of their own
 * (PyTorch 0.1.1, NeMo, …). POSIX.1-2017 "pax Interchange Format", GNU tar manual "Basic Tar Format", v7.
 *
 * The walk emits every member in file order, parses the records that change the next member's name, link or size (pax
 * `x` and `g`, GNU `L` and `K`), and reports what readers disagree about or what extraction would do to the machine.
 * Members that only readers see who go on behind the end or behind damage come as GH_MEMBER_HIDDEN. */
#ifndef GH_FORMAT_TAR_WALK_H
#define GH_FORMAT_TAR_WALK_H
#include "format/format.h"

struct gh_tar_entry {
	struct gh_span name; /* with long-name records applied; lives in w->arena */
	struct gh_span link; /* target of a link, else empty; alive during the call */
	uint64_t header_off, data_off, size;
	uint8_t type; /* '0' file, '1' hard link, '2' symbolic link, '5' directory, … */
	bool hidden;
};

/* Every function may be NULL. */
struct gh_tar_hooks {
	void *ctx;
	/* Just before the member event of a file: set m->role, m->raw, m->expect. */
	void (*member)(void *ctx, struct gh_walk *w, const struct gh_tar_entry *e, struct gh_member *m);
	/* After the member event, its bytes: the range [e->data_off, e->data_off + e->size) of w->src. Events may be
	 * emitted; GH_E_LIMIT and GH_E_NOMEM end the walk, other codes are ignored. */
	enum gh_rc (*content)(void *ctx, struct gh_walk *w, const struct gh_tar_entry *e, struct gh_src *src);
	/* After everything was read. Its code becomes the walk's when that was GH_OK. */
	enum gh_rc (*done)(void *ctx, struct gh_walk *w);
};

/* hooks may be NULL. GH_OK: read to the end; GH_E_MALFORMED: broken off or damaged (events so far stand);
 * GH_E_UNREAD: a member of a kind that is not read (sparse, multi-volume); GH_E_LIMIT, GH_E_NOMEM. */
enum gh_rc gh_tar_walk(struct gh_walk *w, const struct gh_tar_hooks *hooks);
/* GH_STRONG when the source begins with a header whose checksum fits. */
enum gh_match gh_tar_walk_probe(const struct gh_probe *p);
extern const struct gh_rule gh_tar_rules[];
#endif
