/* shcode.h - judges shell code: what its commands, however they are spelt, do to the machine of whoever runs it.
 *
 * UNSAFE is what no script of a model has a reason for: running what was fetched or decoded, handing a shell to somebody
 * else, destroying, hiding, staying, sending secrets away. REVIEW is what a person has to know beforehand: packages,
 * downloads, other machines, programs that are not on the list of harmless ones. A script of harmless commands has no
 * finding: what it starts (python train.py) is judged by itself. */
#ifndef GH_CHECK_SHCODE_H
#define GH_CHECK_SHCODE_H
#include "check/check.h"

extern const struct gh_check gh_check_shell;

/* Judge a script that stands at `at` of the source. mapped: byte for byte, so that findings can say where. */
void gh_shell_judge(struct gh_scene *s, struct gh_span script, struct gh_range at, bool mapped);
/* For commands in strings of other languages: the worst effect they would have, nothing is reported. */
enum gh_verdict gh_shell_verdict(struct gh_span script);
/* Text of a document: lines that are commands outside of code blocks, and inside of them. */
void gh_shell_document(struct gh_scene *s, struct gh_span text, struct gh_range at);
#endif
