/* shell_code.h - what every reader does with shell code that it meets: a script, a RUN line, a recipe, a cell. */
#ifndef GH_FORMAT_SHELL_CODE_H
#define GH_FORMAT_SHELL_CODE_H
#include "format/format.h"

/* Emits the script as GH_EV_CODE "shell" at [off, off+len), and the Python code that it gives to an interpreter (python -c,
 * here-documents) as GH_EV_CODE "python" at the same place. script: stays valid during the call. *broken (may be NULL): a
 * shell would refuse some of it. When the script is the bytes at off themselves, len is its length. */
enum gh_rc gh_shell_code(struct gh_walk *w, struct gh_span script, uint64_t off, uint64_t len, bool *broken);

/* The whole source, at most `max` bytes of it, copied into the arena; p == NULL: no memory, or it could not be read. */
struct gh_span gh_text_whole(struct gh_walk *w, size_t max);
#endif
