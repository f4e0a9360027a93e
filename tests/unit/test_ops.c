/* The rows of operations: each can be asked, says what it needs, and nothing that needs a person can be had without one. */
#include "support/cm.h"

#include "api/op.h"
#include "catalog/people_roles.h"

#include <string.h>

static bool word(const char *s, const char *letters) { return s[0] != '\0' && strspn(s, letters) == strlen(s); }

static bool names_scope(const struct gh_op_field *f)
{
	return f->kind == GH_IN_TENANT || f->kind == GH_IN_SCOPE || f->kind == GH_IN_VERSION || f->kind == GH_IN_MODEL;
}

static void rows(void **state)
{
	(void)state;
	assert_true(gh_ops_n > 20);
	for (size_t i = 0; i < gh_ops_n; i++) {
		const struct gh_op *op = gh_ops[i];
		if (!word(op->name, "abcdefghijklmnopqrstuvwxyz.-") || strchr(op->name, '.') == NULL)
			fail_msg("%s: a name is NOUN.VERB", op->name);
		assert_ptr_equal(gh_op_named(gh_span_str(op->name)), op); /* and only one has it */
		if (op->run == NULL || op->about == NULL || op->about[0] < 'A' || op->about[0] > 'Z')
			fail_msg("%s: a handler, and a sentence about it", op->name);
		bool scoped = false;
		for (const struct gh_op_field *f = op->in; f != NULL && f->name != NULL; f++) {
			if (!word(f->name, "abcdefghijklmnopqrstuvwxyz_0123456789") || f->about == NULL ||
			    f->about[0] == '\0')
				fail_msg("%s: field '%s'", op->name, f->name);
			for (const struct gh_op_field *g = op->in; g != f; g++)
				assert_string_not_equal(f->name, g->name);
			scoped |= names_scope(f);
		}
		if (op->scope == GH_AT_FIELD && !scoped)
			fail_msg("%s: asks for a permission where a field says, and has none that does", op->name);
	}
}

static void permissions(void **state)
{
	(void)state;
	const struct gh_people_role *local = gh_people_role_named("local");
	assert_non_null(local);
	for (size_t i = 0; i < gh_ops_n; i++) {
		const struct gh_op *op = gh_ops[i];
		if (op->permission == NULL || gh_permission_named(op->permission) == NULL)
			fail_msg("%s: there is no permission '%s'", op->name,
				 op->permission == NULL ? "" : op->permission);
		/* What `local` may run it must be permitted; otherwise the row says two things. */
		if (op->local && op->scope != GH_AT_HANDLER && !gh_people_role_permits(local, op->permission))
			fail_msg("%s: `local` may run it, and has no %s", op->name, op->permission);
	}
}

/* These identify somebody: the holder of the home is nobody. */
static void persons(void **state)
{
	(void)state;
	static const char *const only[] = { "principal.add", "principal.disable", "grant.add",
					    "grant.remove",  "apikey.create",	  "apikey.revoke",
					    "signkey.add",   "signkey.revoke",	  "review.decide" };
	for (size_t i = 0; i < GH_ROWS(only); i++) {
		const struct gh_op *op = gh_op_named(gh_span_str(only[i]));
		if (op == NULL || op->local || op->asks)
			fail_msg("%s: needs a person, and is logged", only[i]);
	}
}

static void codes(void **state)
{
	(void)state;
	for (unsigned rc = GH_OK; rc <= GH_E_EXISTS; rc++)
		assert_int_equal(gh_op_code_named(gh_op_code((enum gh_rc)rc)), rc);
	assert_int_equal(gh_op_code_named("no such code"), GH_E_BUG);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(rows),
		cmocka_unit_test(permissions),
		cmocka_unit_test(persons),
		cmocka_unit_test(codes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
