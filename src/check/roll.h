/* roll.h - a source that comes in blocks, shown as windows that overlap: what starts in one block and ends in the next is
 * seen whole. For checks that search texts of any length. */
#ifndef GH_CHECK_ROLL_H
#define GH_CHECK_ROLL_H
#include "check/check.h"
#include "wire/keywords.h"

enum {
	GH_ROLL_BEHIND = 512, /* bytes before a place that a look may need */
	GH_ROLL_AHEAD = 9216, /* bytes behind it */
	GH_ROLL_JOIN = GH_ROLL_BEHIND + 2 * GH_ROLL_AHEAD,
};

/* s: the window; what starts in [from, to) is to be looked at now, and in no other call; base: where s.p[0] is in the
 * source. */
typedef void gh_roll_look(void *arg, struct gh_span s, size_t from, size_t to, uint64_t base);

struct gh_roll {
	uint8_t *join;	 /* the end of the last block, and the start of the next: GH_ROLL_JOIN bytes */
	size_t n, fresh; /* bytes kept; the first of them that was not looked at */
	uint64_t base;	 /* place of join[0] in the source */
};

/* The keywords of a check and room for rolls, shared by all sources of a file. */
enum { GH_ROLL_TOLD = 512 };
struct gh_roll_common {
	struct gh_kw kw;
	uint8_t *join[2];	     /* not in use at the moment */
	uint64_t told[GH_ROLL_TOLD]; /* see gh_roll_told() */
	uint8_t how[GH_ROLL_TOLD];
	uint8_t *plain; /* see gh_roll_escapes() */
};
/* Texts of JSON and the like are looked at twice, as bytes and as what they decode to, in either order. Was the thing with this
 * hash told in the other form? Then once is enough. In the same form it stands in another place, and counts. What is asked is
 * remembered, as long as there is room. */
bool gh_roll_told(struct gh_roll_common *c, uint64_t hash, bool decoded);
/* The check's common memory, with these words; NULL: no memory. */
struct gh_roll_common *gh_roll_common(struct gh_scene *s, const char *const *words, unsigned n);
/* What a block brings, and the end of the source with it when it is the last. False: no memory, nothing was looked at. */
bool gh_roll_bytes(struct gh_roll *r, struct gh_roll_common *c, struct gh_scene *s, struct gh_span block, uint64_t off,
		   bool last, gh_roll_look *look, void *arg);

/* What a window says once its escapes are undone (wire/escapes.h), in pieces around the places that have some: of text, what
 * starts in [from, to) is to be looked at, all of which stands at `at` of the source. s, from, to, base: as they came to a
 * gh_roll_look. False: no memory, nothing was looked at. */
typedef void gh_roll_plain(void *arg, struct gh_span text, size_t from, size_t to, struct gh_range at);
bool gh_roll_escapes(struct gh_roll_common *c, struct gh_arena *a, struct gh_span s, size_t from, size_t to,
		     uint64_t base, gh_roll_plain *look, void *arg);

/* The next block of a source; off is its place, and that of the block before plus its length, or a new start. False: no
 * memory, nothing was looked at. */
bool gh_roll_put(struct gh_roll *r, struct gh_arena *a, struct gh_span block, uint64_t off, gh_roll_look *look,
		 void *arg);
/* There is no more: what was kept is looked at. Also before a new start. */
void gh_roll_end(struct gh_roll *r, gh_roll_look *look, void *arg);
#endif
