/* advisories_read.h - advisories in OSV form out of the bytes of files and archives, into a database in the making. Pure: who
 * opens files is the caller. All of a document is taken, or the error says which record of it is wrong and where. */
#ifndef GH_SCAN_ADVISORIES_READ_H
#define GH_SCAN_ADVISORIES_READ_H
#include "wire/advdb.h"

struct gh_advisories_count {
	uint64_t read;	  /* records */
	uint64_t bare;	  /* of them without a package: nothing to match, left out */
	uint64_t members; /* of archives */
};

/* A JSON document: one record, an array of records, or one record after the other (JSON lines). name: for messages. */
enum gh_rc gh_advisories_json(struct gh_advdb_make *m, struct gh_span doc, const char *name,
			      struct gh_advisories_count *count, struct gh_err *err);
/* A zip archive of such documents, as osv.dev offers per ecosystem: members whose names end in .json. */
enum gh_rc gh_advisories_zip(struct gh_advdb_make *m, struct gh_span zip, const char *name,
			     struct gh_advisories_count *count, struct gh_err *err);
bool gh_advisories_is_zip(struct gh_span doc);
#endif
