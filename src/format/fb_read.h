/* fb_read.h - what readers of formats made of one FlatBuffer share (wire/flatbuf.h verifies, this tells): the findings for what
 * is wrong with it, the claims, names that live on. Every row that uses it has `.rules = gh_fbr_rules`. */
#ifndef GH_FORMAT_FB_READ_H
#define GH_FORMAT_FB_READ_H
#include "format/dtype.h"
#include "format/format.h"
#include "wire/flatbuf.h"

enum gh_fbr_rule {
	GH_FBR_BROKEN, /* an offset, table, text or alignment that cannot be */
	GH_FBR_LOOSE,  /* bytes of a table that belong to no field */
	GH_FBR_NEW,    /* a field or a member of a union that is not known */
	GH_FBR_INDEX,  /* a number that leads to nothing */
	GH_FBR_SIZE,   /* data that do not fit their shape, or the file */
	GH_FBR_OPAQUE, /* a part that only its own backend can read */
	GH_FBR_AWAY,   /* data that lie in another file whose name is not here */
	GH_FBR_RULES
};
extern const struct gh_rule gh_fbr_rules[];

enum { GH_FBR_NAME_MAX = 200, GH_FBR_TEXT_MAX = 64 << 10 };
struct gh_fbr_name {
	uint8_t p[GH_FBR_NAME_MAX];
	size_t n;
};
static inline struct gh_span gh_fbr_name(const struct gh_fbr_name *n) { return (struct gh_span){ n->p, n->n }; }

struct gh_fbr {
	struct gh_walk *w;
	struct gh_fb fb;
	struct gh_recs tensors; /* ranges of weights: a, b; ref: struct gh_fbr_tensor in the arena */
	struct gh_recs data;	/* ranges behind the FlatBuffer: a, b */
	unsigned said[GH_FBR_RULES], texts_left;
};

/* Verify the first `size` bytes of the source as such a buffer. GH_E_MALFORMED, GH_E_LIMIT. */
enum gh_rc gh_fbr_open(struct gh_fbr *r, struct gh_walk *w, const struct gh_fb_schema *schema, uint64_t size);
void gh_fbr_say(struct gh_fbr *r, enum gh_fbr_rule rule, uint64_t off, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
/* A string field, copied; longer ones are cut. */
struct gh_fbr_name gh_fbr_text(struct gh_fbr *r, const struct gh_fb_tab *t, unsigned field);
struct gh_fbr_name gh_fbr_item(struct gh_fbr *r, struct gh_fb_vec v, uint64_t i);
/* A string field as an event, when it is there. */
enum gh_rc gh_fbr_tell(struct gh_fbr *r, const char *role, struct gh_span key, struct gh_fb_vec text);
/* Remember weights, to be told in the order of the file. t may be NULL: bytes. False: too many. */
bool gh_fbr_weights(struct gh_fbr *r, struct gh_span name, const struct gh_dtype *t, unsigned ndim, const uint64_t *dim,
		    uint64_t off, uint64_t len);
/* Claim everything that was verified, and data behind it; then tell the weights. */
enum gh_rc gh_fbr_finish(struct gh_fbr *r);
#endif
