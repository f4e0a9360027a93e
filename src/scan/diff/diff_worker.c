#include "scan/tool_side.h"

enum gh_rc gh_diff_main(struct gh_tool *t, struct gh_err *err)
{
	return t->nfile == 0 ? gh_fail(err, GH_E_MALFORMED, "no files") : GH_OK;
}
