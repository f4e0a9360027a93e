/* roles.h - the processes that this program can be: `gatehouse --role NAME ARG...`, started by os/role.h and by nobody else.
 * Adding one: a file <name>.c with its main function, its declaration here and a row in roles.c. */
#ifndef GH_DAEMON_ROLES_H
#define GH_DAEMON_ROLES_H
#include <stddef.h>

struct gh_role_row {
	const char *name;
	const char *about; /* what it may do and what it holds */
	/* argv[0] is the first word behind the role's name. Returns the exit status. */
	int (*main)(int argc, char **argv);
};
extern const struct gh_role_row gh_roles[];
extern const size_t gh_roles_n;

/* Run a role in this process, which was started for it: the exit status. */
int gh_role_run(int argc, char **argv);

int gh_role_catalog(int argc, char **argv);
int gh_role_vault(int argc, char **argv);
int gh_role_blob(int argc, char **argv);
int gh_role_runner(int argc, char **argv);
int gh_role_chat(int argc, char **argv);
int gh_role_restore(int argc, char **argv);
#endif
