/* notebook_int.h - the parts of the reader of notebooks among themselves. See notebook.h. */
#ifndef GH_FORMAT_NOTEBOOK_INT_H
#define GH_FORMAT_NOTEBOOK_INT_H
#include "format/notebook.h"

enum { NB_SAY = 8 };

struct nb_text {
	uint8_t *p;
	size_t n, cap;
};

struct gh_notebook {
	struct gh_walk *w;
	const struct gh_rule *rules;
	struct nb_text cell; /* the sources of all cells of code, one behind the other */
	size_t *ends, ncells, ccells, begin;
	struct nb_text code, shell; /* what they come to: Python, commands */
	bool open, prose, full;
	bool stated, odd_name; /* a language was stated; the kernel has a name that says nothing */
	unsigned kinds;	       /* a bit per kind of kernel */
	unsigned about;	       /* inside of kernelspec (1) or language_info (2) */
	unsigned depth, said, odd;
	const char *other[4]; /* languages */
	struct gh_safe unknown;
	uint64_t size;
	enum gh_rc rc;
};

void nb_put(struct gh_notebook *nb, struct nb_text *t, struct gh_span s);
bool nb_has(struct gh_span s, const char *w); /* letters of either case */
void nb_python(struct gh_notebook *nb, struct gh_span code);
/* One cell of code for IPython, as it stands in the file. */
void nb_cell(struct gh_notebook *nb, struct gh_span cell);
/* A magic command, without its mark. python: what goes on as Python, else nothing. */
struct nb_magic {
	bool known;
	struct gh_span python;
};
struct nb_magic nb_line_magic(struct gh_notebook *nb, struct gh_span name, struct gh_span rest);
/* The magic of a whole cell. True: dealt with; false: *cell is what remains to be read as a cell. */
bool nb_cell_magic(struct gh_notebook *nb, struct gh_span *cell);
void nb_shell_line(struct gh_notebook *nb, struct gh_span s);
struct gh_span nb_trim(struct gh_span s);
struct gh_span nb_word(struct gh_span *s);
bool nb_is_magic(struct gh_span name);
#endif
