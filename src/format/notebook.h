/* notebook.h - Jupyter notebooks (nbformat 3 and 4) while their JSON is read: cells as code, what outputs do in a viewer. */
#ifndef GH_FORMAT_NOTEBOOK_H
#define GH_FORMAT_NOTEBOOK_H
#include "format/format.h"

struct gh_notebook;
/* NULL: no memory. Lives in w's arena. The rules are the reader's: scripts in outputs, more code than is read. */
struct gh_notebook *gh_notebook(struct gh_walk *w, const struct gh_rule *active, const struct gh_rule *too_long);
/* A string inside of `cells` or `worksheets` at [off, off+len): the value of key, or an item of its array. depth: of the
 * value of the key. cut: not all of it is in `text`. */
void gh_notebook_string(struct gh_notebook *nb, struct gh_span key, struct gh_span text, bool cut, unsigned depth,
			uint64_t off, uint64_t len);
/* An object at that depth ends. */
void gh_notebook_end(struct gh_notebook *nb, unsigned depth);
/* The document ends: emits the code of all cells (GH_EV_CODE "ipython" and "shell"). */
enum gh_rc gh_notebook_done(struct gh_notebook *nb, uint64_t size);
#endif
