/* client.h - what the commands that work with the catalog have in common: options, opening the service, asking, failing. */
#ifndef GH_CLI_CLIENT_H
#define GH_CLI_CLIENT_H
#include "cli/cli.h"
#include "daemon/service.h"
#include "wire/jout.h"

struct gh_client_args {
	const char *home, *api_key_file, *passphrase_file;
};
/* Rows for a table of options whose structure has a `struct gh_client_args client`. */
#define GH_CLIENT_OPTS(type) \
	{ .name = "home", \
	  .kind = GH_OPT_FILE, \
	  .value = "DIR", \
	  .about = "Work with this home ($GATEHOUSE_HOME, else the usual place).", \
	  .at = offsetof(type, client.home) }, \
		{ .name = "api-key-file", \
		  .kind = GH_OPT_FILE, \
		  .value = "FILE", \
		  .about = "Act as the person whose API key stands in FILE ($GATEHOUSE_API_KEY).", \
		  .at = offsetof(type, client.api_key_file) }, \
	{ \
		.name = "passphrase-file", .kind = GH_OPT_FILE, .value = "FILE", \
		.about = "Read the passphrase from FILE ($GATEHOUSE_PASSPHRASE_FILE; else it is asked).", \
		.at = offsetof(type, client.passphrase_file) \
	}

/* An open service and an arena for its answers. */
struct gh_client {
	struct gh_cli *cli;
	struct gh_service *service;
	struct gh_service_how how;
	struct gh_arena arena;
	char api_key[256];
	struct gh_progress *progress; /* of tasks; may be NULL */
};
/* keys: they will be needed. GH_CLI_GO, or an exit status: what is wrong was said. */
int gh_client_open(struct gh_cli *cli, const struct gh_client_args *a, bool keys, struct gh_client *out);
void gh_client_close(struct gh_client *c);
/* How to reach the service, without opening it: for init and key. */
int gh_client_how(struct gh_cli *cli, const struct gh_client_args *a, struct gh_client *out);

/* Ask; in: what a gh_jout wrote, or empty. GH_CLI_GO; or after a message: GH_EXIT_FOUND when it was denied, GH_EXIT_USAGE when what
 * was given is malformed, else GH_EXIT_UNFINISHED. *out may be set then too. */
int gh_client_ask(struct gh_client *c, const char *op, const struct gh_buf *in, int fd, const struct gh_jval **out,
		  int *fd_out);
/* The same with one text member, which is what most questions are. */
int gh_client_ask1(struct gh_client *c, const char *op, const char *name, const char *value,
		   const struct gh_jval **out);
/* Exit status of a failure, after saying it. */
int gh_client_failed(const struct gh_cli *cli, enum gh_rc rc, const struct gh_err *err);

/* Of the answer of an import or a rescan: a line on the error stream for each stage that did not run since what ships with the program
 * was not beside it. */
void gh_client_lacking(const struct gh_cli *cli, const struct gh_jval *v);

/* The answer as it is, in JSON with indentation: --format json. */
int gh_client_json(struct gh_cli *cli, const struct gh_jval *v);
void gh_client_json_put(const struct gh_jval *v, struct gh_buf *out);
/* "1.2 GiB" into out. */
/* An answer for the eyes of a person: a copy in the arena whose texts cannot attack a terminal or mislead a reader (gh_buf_safe()):
 * file names, reasons, titles and names in it may be a stranger's. Whatever prints an answer as text or HTML takes it from here. Only
 * members "text", which have lines, are left as they are: gh_client_lines() writes them. When memory is short an empty object. */
const struct gh_jval *gh_client_safe(struct gh_client *c, const struct gh_jval *v);
/* A text of several lines: everything but its line ends and tabs made safe. */
void gh_client_lines(struct gh_buf *out, const char *text);
const char *gh_client_size(uint64_t n, char out[24]);
#endif
