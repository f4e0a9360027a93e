/* attested.h - appraisals of the shared vectors, for table tests of kinds of evidence. */
#ifndef GH_TESTS_ATTESTED_H
#define GH_TESTS_ATTESTED_H
#include "attest/attest.h"
#include "wire/datetime.h"

#include <stdio.h>
#include <stdlib.h>

#define VECTORS "../shared/vectors/attestation/"

struct attested_file {
	uint8_t *p;
	size_t n;
};

/* The bytes of a vector; p == NULL: it is not there, and the test says so. */
static inline struct attested_file attested_load(const char *name)
{
	char path[400];
	struct attested_file f = { 0 };
	(void)snprintf(path, sizeof path, VECTORS "%s", name);
	FILE *in = fopen(path, "rb");
	if (in == NULL) {
		printf("skipped: %s is not there\n", path);
		return f;
	}
	f.p = malloc((size_t)4 << 20);
	f.n = f.p == NULL ? 0 : fread(f.p, 1, (size_t)4 << 20, in);
	fclose(in);
	return f;
}

static inline int64_t attested_time(const char *text)
{
	int64_t t = -1;
	(void)gh_datetime_read(gh_span_str(text), &t);
	return t;
}

/* The verdict; the checks that failed or are unknown go to `bad`, as words. */
static inline enum gh_attest_verdict attested(const char *kind, const struct gh_attest_question *q, char *bad,
					      size_t cap)
{
	gh_auto_arena a = { .max = (size_t)64 << 20 };
	static struct gh_attest_result r;
	enum gh_attest_verdict v = gh_attest_appraise(gh_attest_kind(kind), q, &a, &r);
	size_t n = 0;
	if (cap != 0)
		bad[0] = '\0';
	for (size_t i = 0; i < r.nchecks; i++)
		if ((r.check[i].outcome == GH_AT_FAIL || r.check[i].outcome == GH_AT_UNKNOWN) && n + 70 < cap)
			n += (size_t)snprintf(bad + n, cap - n, "%s%s", n == 0 ? "" : " ", r.check[i].name);
	return v;
}
#endif
