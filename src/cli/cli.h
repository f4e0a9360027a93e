/* cli.h - the command line: a table of subcommands, each with a table of options.
 *
 * What a subcommand is called, what it takes and what its options mean is said once, in its row. Parsing, --help, shell
 * completion and the tests all read that row. Adding a subcommand: one file cmd_<name>.c and one line in cmds.c.
 *
 * Everything a subcommand touches of the outside comes in through struct gh_cli, so that tests can run it in memory. */
#ifndef GH_CLI_CLI_H
#define GH_CLI_CLI_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/buf.h"

/* Exit statuses. FOUND wins over UNFINISHED; nothing hides UNFINISHED. */
enum gh_exit {
	GH_EXIT_OK = 0,		/* clean, or the question was answered */
	GH_EXIT_FOUND = 1,	/* findings at or above --fail-on */
	GH_EXIT_UNFINISHED = 2, /* something could not be read to its end, or the work could not be done */
	GH_EXIT_USAGE = 64,	/* wrong usage; nothing was done */
};

struct gh_cli {
	FILE *out, *err;
	bool out_tty, err_tty;
	bool plain;		  /* NO_COLOR is set and not empty, or the terminal is dumb */
	unsigned columns;	  /* of the terminal; 0: unknown or not one */
	const struct gh_cmd *cmd; /* the one that runs, for messages; NULL before it is known */
};

enum gh_opt_kind {
	GH_OPT_FLAG,   /* bool: true when given */
	GH_OPT_CHOICE, /* unsigned: index into the words of `value`, separated by '|' */
	GH_OPT_NUMBER, /* uint64_t from min to max */
	GH_OPT_SIZE,   /* uint64_t from min to max, in bytes; takes K, M, G, T (powers of 1024) */
	GH_OPT_MIB,    /* the same, but a bare number counts MiB */
	GH_OPT_FILE,   /* const char *: the name of a file, not empty */
	GH_OPT_FILES,  /* struct gh_opt_files: the same, and it may be given several times */
};

enum { GH_OPT_FILES_MAX = 64 };
struct gh_opt_files {
	const char *v[GH_OPT_FILES_MAX];
	size_t n;
};

/* One option. A table of them ends with name == NULL. --help (-h) is every subcommand's and stands in no table. */
struct gh_opt {
	const char *name;  /* without the dashes */
	const char *alias; /* another spelling, not shown; or NULL */
	char letter;	   /* short form, or 0 */
	enum gh_opt_kind kind;
	const char *value; /* what the help calls the value; for GH_OPT_CHOICE the words themselves */
	const char *about; /* starts with a verb; the default is stated in parentheses */
	size_t at;	   /* offset of the field in the subcommand's own structure */
	uint64_t min, max;
};

struct gh_cmd {
	const char *name;
	const char *about;	   /* one line */
	const char *usage;	   /* "[OPTION]... PATH..." */
	const struct gh_opt *opts; /* NULL: none */
	size_t min_args, max_args;
	/* What the arguments are, for completion: "files", "rules", "commands", or words separated by ' '. */
	const char *words;
	const char *notes; /* more for --help, ready wrapped; or NULL */
	/* argv[0] is the first argument. Returns an enum gh_exit. */
	int (*run)(struct gh_cli *cli, const struct gh_cmd *cmd, int argc, char **argv);
};

/* The list: cmds.c. */
extern const struct gh_cmd *const gh_cmds[];
extern const size_t gh_cmds_n;
const struct gh_cmd *gh_cmd_named(const char *name);

/* The whole program, without process globals. argv[0] is the program. Returns the exit status. */
int gh_cli_main(struct gh_cli *cli, int argc, char **argv);
void gh_cli_usage(FILE *to); /* the overview */

/* Read argv by the row's table into `into`. Returns GH_CLI_GO and the arguments that are no options (the array is argv,
 * reordered), or an exit status when --help was answered or something was wrong (and said so). */
enum { GH_CLI_GO = -1 };
int gh_cli_options(struct gh_cli *cli, const struct gh_cmd *cmd, int argc, char **argv, void *into, size_t *nargs);
void gh_cmd_help(const struct gh_cmd *cmd, FILE *to);

/* One line on the error stream: "gatehouse: scan: …". Hostile text goes through gh_safe(). */
void gh_cli_error(const struct gh_cli *cli, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* The same, followed by a pointer to the subcommand's --help; returns GH_EXIT_USAGE. */
int gh_cli_wrong(const struct gh_cli *cli, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Write a finished document to the output. GH_EXIT_OK, or GH_EXIT_UNFINISHED with a message when it was cut or the
 * output did not take it. */
int gh_cli_print(struct gh_cli *cli, const struct gh_buf *doc);

/* Of `n` words given by `at`, the index of the one nearest to `typed`, or SIZE_MAX when none is near. */
size_t gh_nearest(const char *typed, size_t n, const char *(*at)(size_t i, const void *arg), const void *arg);
/* How many single-character edits (insert, delete, replace, swap neighbours) lead from a to b; case does not count.
 * Only the first 63 characters are compared. */
unsigned gh_edits(const char *a, const char *b);

enum { GH_FORMAT_TEXT, GH_FORMAT_JSON }; /* of the subcommands that answer questions */
#define GH_OPT_FORMAT(type) \
	{ .name = "format", \
	  .letter = 'f', \
	  .kind = GH_OPT_CHOICE, \
	  .value = "text|json", \
	  .about = "Choose the form of the answer (text).", \
	  .at = offsetof(type, format) }
#endif
