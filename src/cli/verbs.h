/* verbs.h - subcommands with words of their own (`gatehouse people add jane`), which ask the catalog: a table of verbs. */
#ifndef GH_CLI_VERBS_H
#define GH_CLI_VERBS_H
#include "cli/client.h"

struct gh_verb {
	const char *name;
	const char *takes; /* its arguments, for messages: "NAME ROLE SCOPE" */
	size_t min, max;
	bool keys; /* changes something, or decrypts: the keys are opened */
	/* args: the structure that the options were read into. argv: the n arguments behind the verb. An exit status. */
	int (*run)(struct gh_client *c, const void *args, char **argv, size_t n);
};

/* Find the verb argv[0], check how many arguments it has, open the service, run it. An exit status. */
int gh_verbs_run(struct gh_cli *cli, const struct gh_verb *v, size_t nverbs, const struct gh_client_args *how,
		 const void *args, char **argv, size_t n);

/* Ask an operation with text members, "name", value, …, NULL (a NULL value: left out), and hand back its answer. */
int gh_verbs_ask(struct gh_client *c, const char *op, const struct gh_jval **out, ...) __attribute__((sentinel));
/* The same, and print the answer: as JSON, or as the line that `text` writes. */
typedef void gh_verb_text(const struct gh_jval *out, struct gh_buf *doc);
int gh_verbs_print(struct gh_client *c, const struct gh_jval *out, unsigned format, gh_verb_text *text);

/* A member as text; "-" when it is not there. Numbers as they are spelt. */
const char *gh_verbs_cell(const struct gh_jval *row, const char *name);
/* A table of rows (array) with these columns: "HEAD" and the member's name in turn, NULL ends. None: the line `none`. */
void gh_verbs_table(struct gh_buf *doc, const struct gh_jval *rows, const char *none, const char *const columns[]);
#endif
