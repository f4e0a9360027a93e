/* environ.h - variables of the environment that make programs load or run something when they start: of the loader of
 * programs (ld.so(8), dyld(1)), of shells, interpreters and tools. */
#ifndef GH_WIRE_ENVIRON_H
#define GH_WIRE_ENVIRON_H
#include "base/span.h"

enum gh_environ {
	GH_ENVIRON_PLAIN, /* nothing of that, or a value that is usual */
	GH_ENVIRON_LOADS, /* programs load or run something because of it */
	GH_ENVIRON_OWN,	  /* … that comes along with the files or lies where anybody may write: no reason for that */
};
enum gh_environ gh_environ_judge(struct gh_span name, struct gh_span value);
#endif
