/* OpenVEX: any text is a document or an error; what is applied silences known vulnerabilities only. */
#include "scan/vex.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *d, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *d, size_t n)
{
	static const struct gh_rule vul = { "GH-VUL-0001", GH_CRITICAL, GH_REVIEW, "t", "g", "f", "" };
	static const struct gh_rule other = { "GH-PKL-0001", GH_CRITICAL, GH_UNSAFE, "t", "g", "f", "" };
	struct gh_finding f[] = {
		{ .rule = &vul, .detail = "CVE-2025-32434 pkg:pypi/torch@2.5.1: x", .member = "", .times = 1 },
		{ .rule = &other, .detail = "CVE-2025-32434 pkg:pypi/torch@2.5.1: x", .member = "", .times = 1 }
	};
	struct gh_file_report r = { .path = "x", .finding = f, .nfinding = 2, .verdict = GH_UNSAFE };
	struct gh_vex *vex = NULL;
	struct gh_err err = { 0 };
	struct gh_arena a = { .max = 1 << 20 };
	enum gh_rc rc = gh_vex_read(&vex, (struct gh_span){ d, n }, "2026-11-22", &err);
	if ((rc == GH_OK) != (vex != NULL) || (rc != GH_OK && err.n == 0))
		abort();
	if (rc == GH_OK && (gh_vex_apply(vex, NULL, &r, 1, &a) > 1 || r.verdict != GH_UNSAFE))
		abort();
	gh_vex_free(vex);
	gh_arena_free(&a);
	return 0;
}
