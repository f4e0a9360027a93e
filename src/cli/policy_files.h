/* policy_files.h - policies from files: what `extends` names is looked for among the shipped profiles, then beside the file. */
#ifndef GH_CLI_POLICY_FILES_H
#define GH_CLI_POLICY_FILES_H
#include "cli/cli.h"
#include "policy/policy.h"
#include "wire/jout.h"

struct gh_policy_files {
	char dir[4096];	    /* of the first file, with its '/'; empty: here */
	struct gh_span top; /* the text itself */
	struct gh_buf text[2 + GH_POLICY_BASES];
	size_t n;
};
void gh_policy_files_open(struct gh_policy_files *f, const char *path);
void gh_policy_files_free(struct gh_policy_files *f);
/* ctx: struct gh_policy_files. A name without '/' that ends in .yaml or .yml is a file in the same directory: a policy that
 * somebody sent cannot make other files be read. */
gh_policy_bases gh_policy_files_find;

/* Read a policy: a shipped profile by its name, else a file. GH_EXIT_OK; GH_EXIT_FOUND: it is not valid (said, and in *where);
 * GH_EXIT_UNFINISHED: it cannot be read (said). *files is to be freed in any case, after the policy was used. */
int gh_policy_load(struct gh_cli *cli, const char *name, struct gh_policy_files *files, struct gh_arena *arena,
		   const struct gh_policy **out, struct gh_policy_err *where);
/* Say why, and return the exit status. */
int gh_policy_refused(const struct gh_cli *cli, const char *name, enum gh_rc rc, const struct gh_policy_err *where);
int gh_policy_unread(const struct gh_cli *cli, const char *name, const struct gh_err *err);
/* "error": {…}, or null */
void gh_policy_err_json(struct gh_jout *j, const struct gh_policy_err *where);
#endif
