/* notebook.h - Jupyter notebooks (nbformat 3 and 4) while their JSON is read: cells as code of their kernel's language, magic
 * commands as IPython reads them, what outputs do in a viewer. */
#ifndef GH_FORMAT_NOTEBOOK_H
#define GH_FORMAT_NOTEBOOK_H
#include "format/format.h"

/* Rows that the table of the reader holds, one behind the other. */
enum gh_nb_rule {
	GH_NB_ACTIVE, /* scripts in outputs and in cells that are shown */
	GH_NB_LONG,   /* more code than is read */
	GH_NB_KERNEL, /* a kernel of another language */
	GH_NB_MAGIC,  /* a magic command that runs or loads what is not known */
	GH_NB_RULES
};

struct gh_notebook;
/* NULL: no memory. Lives in w's arena. rules: GH_NB_RULES rows. */
struct gh_notebook *gh_notebook(struct gh_walk *w, const struct gh_rule *rules);
/* A string inside of `cells` or `worksheets` at [off, off+len): the value of key, or an item of its array. depth: of the
 * value of the key. cut: not all of it is in `text`. */
void gh_notebook_string(struct gh_notebook *nb, struct gh_span key, struct gh_span text, bool cut, unsigned depth,
			uint64_t off, uint64_t len);
/* Outside of the cells: a key of an object at that depth (1: the document's own), and a string that is the value of one. */
void gh_notebook_key(struct gh_notebook *nb, struct gh_span key, unsigned depth);
void gh_notebook_kernel(struct gh_notebook *nb, struct gh_span key, struct gh_span text, unsigned depth);
/* An object at that depth ends. */
void gh_notebook_end(struct gh_notebook *nb, unsigned depth);
/* The document ends: emits the code of all cells (GH_EV_CODE "ipython", "shell" or another language), the files that cells
 * write (GH_EV_MEMBER) and the packages that they install. */
enum gh_rc gh_notebook_done(struct gh_notebook *nb, uint64_t size);
#endif
