/* host.h - what this host can give to isolation and evidence: a table of probes for `gatehouse doctor`. Each looks, and changes
 * nothing that lasts. */
#ifndef GH_RUNTIME_HOST_H
#define GH_RUNTIME_HOST_H
#include "base/buf.h"

enum gh_host_has { GH_HOST_NO, GH_HOST_PARTLY, GH_HOST_YES };
const char *gh_host_word(enum gh_host_has h); /* "no", "partly", "yes" */

struct gh_host_probe {
	const char *name;
	const char *for_what; /* what it is used for, one line */
	const char *get;      /* how to get it, one line */
	bool needed;	      /* without it nothing is deployed */
	/* *found: what there is, one line, at most its maximum. */
	enum gh_host_has (*look)(struct gh_buf *found);
};
extern const struct gh_host_probe gh_host_probes[];
extern const size_t gh_host_probes_n;
#endif
