/* policy_catalog.h - `gatehouse policy set|explain|list`: policies in force, and what they say of a model. */
#ifndef GH_CLI_POLICY_CATALOG_H
#define GH_CLI_POLICY_CATALOG_H
#include "cli/client.h"

/* Each returns an exit status; failures were said. tenant NULL: the platform. */
int gh_policy_put(struct gh_cli *cli, const struct gh_client_args *how, bool json, const char *tenant, const char *name,
		  struct gh_span text);
/* 0 allowed, perhaps with warnings; 1 denied or pending; 2 could not tell. */
int gh_policy_why(struct gh_cli *cli, const struct gh_client_args *how, bool json, const char *action, bool all,
		  const char *model);
int gh_policy_in_force(struct gh_cli *cli, const struct gh_client_args *how, bool json, const char *tenant);
#endif
