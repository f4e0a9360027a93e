/* jinja_filters.h - the rows of filters. Inside of src/wire/jinja only. */
#ifndef GH_WIRE_JINJA_JINJA_FILTERS_H
#define GH_WIRE_JINJA_JINJA_FILTERS_H
#include "wire/jinja/jinja_int.h"

#define FILTER_ARGS struct gh_jj_run *r, const struct gh_jj_node *at, struct gh_jv v, struct jj_args *a, int how

enum {
	JJF_ANY = 1,	/* deals with unknown values itself */
	JJF_NUMBER = 2, /* gives a number or a boolean */
	JJF_LIST = 4,	/* works on items: some of them may be unknown */
};
struct jj_filter_row {
	const char *name;
	struct gh_jv (*f)(FILTER_ARGS);
	int how;
	unsigned flags;
};
/* Of an unknown sequence, too, a filter like sort or groupby accesses the attribute that it is told. */
unsigned jj_attribute_argument(struct gh_jj_run *r, const struct gh_jj_node *at, const struct jj_filter_row *f,
			       struct gh_jv v, const struct jj_args *a);
/* Of jinja_sequences.c; NULL: none. */
const struct jj_filter_row *jj_sequence_filter(struct gh_span name);
#endif
