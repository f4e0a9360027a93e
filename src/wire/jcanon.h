/* jcanon.h - JSON in one spelling: no white space, members sorted by the bytes of their keys, strings with as few escapes as
 * can be, numbers as they were spelt. Same content, same bytes: statements that are signed, entries of logs.
 *
 * For text, true, false, null, integers, arrays and objects this is RFC 8785 wherever keys are ASCII. */
#ifndef GH_WIRE_JCANON_H
#define GH_WIRE_JCANON_H
#include "base/buf.h"
#include "wire/jdom.h"

/* Append the value. The order of members is found with room from the arena. False: no memory. */
bool gh_jcanon_put(struct gh_buf *out, const struct gh_jval *v, struct gh_arena *a);
/* Parse and append. Errors as of gh_jdom_parse(). */
enum gh_rc gh_jcanon(struct gh_buf *out, struct gh_span json, struct gh_arena *a, struct gh_err *err);
#endif
