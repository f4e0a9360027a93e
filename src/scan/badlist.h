/* badlist.h - lists of digests of known bad files: reading them in the trusted process, and the form that workers get.
 *
 * A list is text, one file a line: SHA-256, size in bytes or '-', and a name for it up to the end of the line; or as sha256sum
 * writes it, digest and name; or the digest alone. '#' begins a comment line. A list that ships with the program, or that begins like a sealed file, is sealed (crypto/signed.h, kind
 * "known-bad") and is refused when it was altered; a plain text file counts because its user names it. */
#ifndef GH_SCAN_BADLIST_H
#define GH_SCAN_BADLIST_H
#include "base/buf.h"
#include "base/err.h"
#include "check/badhash.h"

enum { GH_BADLIST_MAX = 64 << 20, GH_BADLIST_NAME = 200 };

/* Append the rows of a text to list; what is wrong is said with `line N:`. */
struct gh_badlist_row {
	uint8_t digest[GH_SHA256_BYTES];
	uint64_t size; /* UINT64_MAX: not known */
	uint32_t name; /* offset in names */
};
struct gh_badlist_rows {
	struct gh_badlist_row *v;
	size_t n, cap;
	struct gh_buf names;
};
enum gh_rc gh_badlist_parse(struct gh_span text, struct gh_badlist_rows *list, struct gh_err *err);
/* Read a file, sealed or plain. GH_E_MALFORMED also when there is no digest in it: a user who names a list means one. */
enum gh_rc gh_badlist_read(const char *path, struct gh_badlist_rows *list, struct gh_err *err);
/* The list that ships with the program: known-bad.ghd beside it or in ../share/gatehouse. */
enum gh_rc gh_badlist_shipped(struct gh_badlist_rows *list, struct gh_err *err);
/* Sort the rows and write the form of check/badhash.h. Of two rows with one digest the first stands. */
enum gh_rc gh_badlist_write(struct gh_badlist_rows *list, struct gh_buf *out, struct gh_err *err);
void gh_badlist_free(struct gh_badlist_rows *list);
#endif
