/* zipmake.h - for tests: a plain zip archive of the members given. */
#ifndef GH_TEST_ZIPMAKE_H
#define GH_TEST_ZIPMAKE_H
#include "support/pack.h"

struct gh_test_member {
	const char *name;
	struct gh_span data;
	bool deflate;
};

/* Append an archive of n members, each as its writer would have put it. */
void gh_test_zip(struct gh_test_bytes *out, const struct gh_test_member *file, size_t n);
#endif
