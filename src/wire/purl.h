/* purl.h - package URLs: https://github.com/package-url/purl-spec. */
#ifndef GH_WIRE_PURL_H
#define GH_WIRE_PURL_H
#include "base/span.h"

enum { GH_PURL = 300 };
/* "pkg:pypi/torch@2.6.0" with its NUL into out; cut at GH_PURL - 1. Ecosystems that have no type of their own become
 * "generic"; names of Python packages are normalised. version may be empty. Returns the length. */
size_t gh_purl(struct gh_span ecosystem, struct gh_span name, struct gh_span version, char out[GH_PURL]);
/* Does it look like one: type, name, only characters that such a URL may have? */
bool gh_purl_valid(struct gh_span s);
/* Name and version as spelt in the URL; version empty: none. */
void gh_purl_split(struct gh_span s, struct gh_span *name, struct gh_span *version);
#endif
