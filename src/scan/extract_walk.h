/* extract_walk.h - an archive, its members handed on: the side of mode "extract" that reads hostile bytes. See extract.h. */
#ifndef GH_SCAN_EXTRACT_WALK_H
#define GH_SCAN_EXTRACT_WALK_H
#include "format/format.h"
#include "scan/extract.h"

struct gh_extract_walk {
	const struct gh_limits *lim;
	const struct gh_extract_name
		*name; /* of formats, and what is to be done with them; nname <= GH_EXTRACT_NAMES */
	size_t nname;
	uint64_t each, bytes; /* as in struct gh_extract_job */
	unsigned count;
};

/* Where it goes. Paths and texts may be any bytes, and are valid during the call. */
struct gh_extract_host {
	void *arg;
	/* Bytes of a member, for this place of the output. GH_OK, or a code that ends everything, with its reason. */
	enum gh_rc (*write)(void *arg, uint64_t off, struct gh_span bytes, struct gh_err *err);
	int (*spill)(void *arg); /* a descriptor of an unlinked file for an expanded member, or -1 */
	/* A member was written as a whole: [off, off + len) of the output; off is a multiple of 4096 and not below what came before. */
	void (*member)(void *arg, uint64_t off, uint64_t len, uint64_t formats, struct gh_span path);
	void (*left)(void *arg, enum gh_extract_why why, uint64_t formats, struct gh_span path, const char *text);
	void (*inert)(void *arg);
};

/* Read the archive in src. GH_OK: it was walked, and what could not be read of it was said by left(). Other codes: nothing may be
 * made of what came before; err says why. */
enum gh_rc gh_extract_walk(struct gh_src *src, const struct gh_extract_walk *w, const struct gh_extract_host *host,
			   struct gh_err *err);
#endif
