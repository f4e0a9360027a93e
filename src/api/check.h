/* check.h - is a JSON object what a row's fields say? Used for operations and tasks alike. */
#ifndef GH_API_CHECK_H
#define GH_API_CHECK_H
#include "api/op.h"

/* GH_E_MALFORMED names the member and says what is allowed there: unknown members, missing ones, wrong types and forms. */
enum gh_rc gh_op_check(const struct gh_op_field *fields, const struct gh_jval *in, struct gh_err *err);
/* Of a checked object: the member's text, number, time (seconds since 1970) or flag; `none` when it is not there. */
const char *gh_in_text(const struct gh_jval *in, const char *name, const char *none);
int64_t gh_in_number(const struct gh_jval *in, const char *name, int64_t none);
int64_t gh_in_time(const struct gh_jval *in, const char *name, int64_t none);
bool gh_in_flag(const struct gh_jval *in, const char *name);
#endif
