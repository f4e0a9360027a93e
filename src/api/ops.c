#include "api/op.h"

/* The whole list. */
extern const struct gh_op gh_op_status;
const struct gh_op *const gh_ops[] = {
	&gh_op_status,
};
const size_t gh_ops_n = sizeof gh_ops / sizeof *gh_ops;

const struct gh_op *gh_op_named(struct gh_span name)
{
	for (size_t i = 0; i < gh_ops_n; i++)
		if (gh_span_is(name, gh_ops[i]->name))
			return gh_ops[i];
	return NULL;
}
