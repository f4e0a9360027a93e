/* pb_src.h - the protobuf reader of wire/protobuf.h over a source. Windows that somebody else makes die are noticed by
 * the source's epoch: nothing needs to be told to the reader. */
#ifndef GH_FORMAT_PB_SRC_H
#define GH_FORMAT_PB_SRC_H
#include "format/src.h"
#include "wire/protobuf.h"

static inline struct gh_span gh_pb_src_more(void *ctx, uint64_t off)
{
	return gh_src_window((struct gh_src *)ctx, off, GH_CUR_WINDOW);
}

/* The message in [off, off+len) of src. A failing source shows as BAD with `cut`; src->fail says why. */
static inline struct gh_pb gh_pb_src(struct gh_src *src, uint64_t off, uint64_t len)
{
	return gh_pb(gh_pb_src_more, src, src->epoch, off, len);
}
#endif
