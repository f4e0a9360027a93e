/* pipe_prose.h - does something run these bytes, or do people read them? A rule about scripts that matches in a README says what
 * the README is about, not what the model does.
 *
 * A text for people is plain text by its format, and documentation by its name (README, *.md, *.rst, *.txt …); HTML outside of
 * its scripts; a notebook, whose cells of code are looked at apart from it (pipe_decoded.h); a description within metadata. What
 * a reader took for a script or for source code is none, whatever its name. */
#ifndef GH_SCAN_PIPE_PROSE_H
#define GH_SCAN_PIPE_PROSE_H
#include "base/span.h"

#include <stdbool.h>

enum gh_prose {
	GH_PROSE_NO,	 /* it may be run */
	GH_PROSE_SAID,	 /* a text for people */
	GH_PROSE_QUOTED, /* … which marks it as code: between backticks, in a fence, indented; <code> and <pre> */
};

/* format, name: of the source. kind: of the rule ("script", "web", "file", or NULL). text: the source from its start, or what
 * is at hand of it, beyond the match at `off`; empty: nothing is. */
enum gh_prose gh_prose_at(const char *format, struct gh_span name, const char *kind, struct gh_span text, size_t off);
/* Of a text that is documentation by its role, whatever holds it. */
enum gh_prose gh_prose_quoted(const char *kind, struct gh_span text, size_t off);
#endif
