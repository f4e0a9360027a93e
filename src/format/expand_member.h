/* expand_member.h - the one way a compressed member of any container becomes a source that can be read. */
#ifndef GH_FORMAT_EXPAND_MEMBER_H
#define GH_FORMAT_EXPAND_MEMBER_H
#include "format/format.h"
#include "wire/expand.h"

struct gh_expanded {
	uint64_t packed; /* compressed bytes consumed, from the start of the range */
	uint64_t size;	 /* bytes produced */
	uint32_t crc32;	 /* of the bytes produced (IEEE 802.3, as zip and gzip use it) */
	bool ended;	 /* the stream came to its own end within the range */
	enum gh_rc rc;	 /* how expansion ended: GH_OK, GH_E_MALFORMED, GH_E_LIMIT */
};

/* Expand src[off, off+len) with codec and emit the result as member m (m.src is set here), also when the stream
 * breaks midway: what a loader could have read is inspected. Claims nothing. Returns GH_E_LIMIT when a budget ran
 * out: of this expansion when out->rc says so too (other members may still fit), else of the whole file (stop);
 * GH_E_NOMEM; the source's failure; else GH_OK with out->rc. */
enum gh_rc gh_member_expand(struct gh_walk *w, struct gh_member m, enum gh_codec codec, uint64_t off, uint64_t len,
			    struct gh_expanded *out);
/* The same, and hand the expanded bytes (out is filled already) to `with` after the member event; with may be NULL.
 * Its code is returned when it is not GH_OK. */
enum gh_rc gh_member_expand_with(struct gh_walk *w, struct gh_member m, enum gh_codec codec, uint64_t off, uint64_t len,
				 struct gh_expanded *out, enum gh_rc (*with)(void *ctx, struct gh_src *src), void *ctx);
/* Expand without keeping or emitting anything: sizes and CRC only; stops with out->rc == GH_E_LIMIT beyond max bytes. */
enum gh_rc gh_range_measure(struct gh_src *src, enum gh_codec codec, uint64_t off, uint64_t len, uint64_t max,
			    struct gh_expanded *out);
/* CRC-32 of a range of the source, read in one forward pass. */
enum gh_rc gh_range_crc32(struct gh_src *src, uint64_t off, uint64_t len, uint32_t *crc);
#endif
