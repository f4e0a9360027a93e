/* s3xml.h - the XML that an S3 store answers with: errors, listings, ids of uploads. Small documents in bounded memory; what is
 * in them was written by whoever answers at the other end.
 *
 * A document is read as a sequence of leaves, each with its path: "ListBucketResult/Contents/Key" and its text. Names lose
 * their prefix; attributes, comments and processing instructions are skipped; a document type declaration is refused. */
#ifndef GH_WIRE_S3XML_H
#define GH_WIRE_S3XML_H
#include "base/err.h"
#include "base/span.h"

enum {
	GH_S3XML_DEPTH = 8,   /* elements within elements */
	GH_S3XML_PATH = 256,  /* bytes of a path */
	GH_S3XML_TEXT = 4096, /* bytes of a leaf's text, decoded */
};

/* Calls fn at the end of every element: text is that of a leaf (never NULL, perhaps empty); text.p == NULL: the element holds
 * others, all of which were told before. Both are valid until fn returns. fn returns false to end the reading (GH_E_LIMIT).
 * GH_E_MALFORMED: no well-formed XML, not UTF-8, or of none of these shapes. GH_E_LIMIT: a bound above. */
enum gh_rc gh_s3xml_read(struct gh_span xml, bool (*fn)(void *arg, const char *path, struct gh_span text), void *arg);

struct gh_s3xml_error {
	char code[64];	   /* "NoSuchBucket": letters and digits; "" when there is none */
	char message[128]; /* printable ASCII, the rest as '?'; perhaps cut */
};
/* An answer with a bad status. False: it holds no <Error> that can be read; *out is empty. */
bool gh_s3xml_error(struct gh_span xml, struct gh_s3xml_error *out);
#endif
