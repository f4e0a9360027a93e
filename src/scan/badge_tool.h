/* badge_tool.h - verifying a badge in a worker (mode "badge" of tool.h): its bytes, the keys and the status list may all be a
 * stranger's, and are parsed where nothing can be done with them. */
#ifndef GH_SCAN_BADGE_TOOL_H
#define GH_SCAN_BADGE_TOOL_H
#include "base/arena.h"
#include "crypto/badge.h"

enum { GH_BADGE_TEXT = 400, GH_BADGE_CLAIMS = 96 };

/* What a person or program is shown: texts are safe to print. */
struct gh_badge_seen {
	struct {
		enum gh_badge_outcome outcome;
		const char *detail;
	} check[GH_BC_CHECKS];
	struct {
		const char *name, *value;
	} claim[GH_BADGE_CLAIMS]; /* "model", "root", "property" … in the order of the badge; empty unless the signature is good */
	size_t nclaim;
	uint64_t log_index, log_size;
	int verdict; /* 0 valid, 1 not, 2 could not tell */
};
struct gh_badge_files {
	int badge, keys, status; /* open for reading; status: -1: none */
	const char *root;	 /* NULL: not asked */
	int64_t at;
	uint64_t status_min; /* number of the newest status list that is known; 0: any will do */
	const char *worker;  /* path of gatehouse-worker; NULL: the usual place */
};
/* GH_OK: *out says what came of it. Else the worker could not do its work: err says why. Texts lie in the arena. */
enum gh_rc gh_badge_see(const struct gh_badge_files *f, struct gh_arena *a, struct gh_badge_seen *out,
			struct gh_err *err);
#endif
