/* oms_list.h - what was signed, in the order of the files: which resources are a file's, and which nobody asked for. */
#ifndef GH_SCAN_VERIFY_OMS_LIST_H
#define GH_SCAN_VERIFY_OMS_LIST_H
#include "base/err.h"
#include "scan/verify/verify.h"

struct gh_omslist {
	const struct gh_oms *m;		       /* borrowed */
	const struct gh_oms_resource **sorted; /* m->n of them, by name, then start */
	bool *seen;			       /* by place in `sorted` */
	size_t first, n;		       /* the resources of the file that was last looked for */
};

/* m: outlives it. GH_E_NOMEM. */
enum gh_rc gh_omslist_open(struct gh_omslist *s, const struct gh_oms *m, struct gh_err *err);
/* Look for a file: s->first and s->n. False: there is none of that name. */
bool gh_omslist_find(struct gh_omslist *s, const char *name);
/* The file that was last looked for is there. */
void gh_omslist_see(struct gh_omslist *s);
void gh_omslist_free(struct gh_omslist *s);
#endif
