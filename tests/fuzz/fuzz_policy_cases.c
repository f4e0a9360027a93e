/* Tables of cases, and exceptions, of any bytes: an error with a place, or results. */
#include "policy/policy.h"

int LLVMFuzzerTestOneInput(const uint8_t *d, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *d, size_t n)
{
	gh_auto_arena arena = { .max = 64 << 20 };
	struct gh_policy_cases cases;
	struct gh_policy_err err;
	const struct gh_exception *v;
	size_t count;
	enum gh_rc rc = gh_policy_test(&arena, (struct gh_span){ d, n }, gh_policy_profile, NULL, &cases, &err);
	if (rc == GH_E_MALFORMED && (err.what[0] == '\0' || err.line == 0))
		__builtin_trap();
	for (size_t i = 0, failed = 0; rc == GH_OK && i < cases.n; i++) {
		failed += !cases.v[i].ok;
		if (cases.v[i].ok != (cases.v[i].differs.n == 0) || (i + 1 == cases.n && failed != cases.failed))
			__builtin_trap();
	}
	rc = gh_exceptions_read(&arena, (struct gh_span){ d, n }, &v, &count, &err);
	for (size_t i = 0; rc == GH_OK && i < count; i++)
		if (v[i].owner.n == 0 || v[i].reason.n == 0 || (v[i].model.n == 0 && v[i].digest.n == 0))
			__builtin_trap();
	return 0;
}
