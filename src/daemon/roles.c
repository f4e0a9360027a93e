#include "daemon/roles.h"

#include "os/role.h"

#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

const struct gh_role_row gh_roles[] = {
	{ "catalog", "owns database, ciphertext and audit log; holds no keys", gh_role_catalog },
	{ "vault", "holds the keys; parses nothing but its own messages", gh_role_vault },
	{ "blob", "encrypts and decrypts between descriptors with one model's keys", gh_role_blob },
	{ "runner", "supervises one running model: its isolation, its log; holds no keys", gh_role_runner },
	{ "chat", "talks to an engine for a person: parses what a model says", gh_role_chat },
	{ "restore", "reads a backup into one new directory; holds nothing", gh_role_restore },
};
const size_t gh_roles_n = sizeof gh_roles / sizeof *gh_roles;

/* Who calls a role by hand has no socket for it: nothing happens. */
int gh_role_run(int argc, char **argv)
{
	struct stat st;
	if (argc < 1 || fstat(GH_ROLE_SOCK, &st) != 0 || !S_ISSOCK(st.st_mode))
		return 64;
	for (size_t i = 0; i < gh_roles_n; i++)
		if (strcmp(gh_roles[i].name, argv[0]) == 0)
			return gh_roles[i].main(argc - 1, argv + 1);
	return 64;
}
