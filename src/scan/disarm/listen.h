/* listen.h - run a format's reader and hear all its events: for formats whose reader already says where every tensor is. */
#ifndef GH_SCAN_DISARM_LISTEN_H
#define GH_SCAN_DISARM_LISTEN_H
#include "scan/disarm/job.h"

/* Run the reader of `fmt` over src. on_event gets every event; its code, when it is not GH_OK, ends the walk and is returned.
 * The first anomaly with an effect of UNSAFE refuses the file (GH_E_MALFORMED with its title): what two readers
 * understand differently cannot be put together again. on_tile, for formats that keep data in tiles, gets those in the
 * place of tensor events; NULL: none are wanted. */
struct gh_tile;
enum gh_rc gh_dis_listen(struct gh_dis_job *j, struct gh_src *src, const struct gh_fmt *fmt,
			 enum gh_rc (*on_event)(void *ctx, const struct gh_event *e),
			 enum gh_rc (*on_tile)(void *ctx, const struct gh_tile *t), void *ctx);
/* A tensor event as a tensor of src (the one the reader was given), without strides. GH_E_NOTTHIS: of a type that is not in
 * the tables; GH_E_UNREAD: its bytes are no range of src. */
enum gh_rc gh_dis_from_event(struct gh_dis_job *j, struct gh_src *src, const struct gh_event *e,
			     struct gh_dis_tensor *t);
#endif
