#include "cli/cmds.h"

#include <string.h>

/* The whole list, in the order of the overview. Adding a subcommand: one file cmd_<name>.c, its declaration in cmds.h,
 * one line here, and its section in docs/man/gatehouse.1.scd (a test compares). */
const struct gh_cmd *const gh_cmds[] = {
	&gh_cmd_scan,	  &gh_cmd_diff,	    &gh_cmd_disarm,	&gh_cmd_sign,	 &gh_cmd_verify,     &gh_cmd_formats,
	&gh_cmd_checks,	  &gh_cmd_explain,  &gh_cmd_advisories, &gh_cmd_audit,	 &gh_cmd_policy,     &gh_cmd_init,
	&gh_cmd_import,	  &gh_cmd_models,   &gh_cmd_badge,	&gh_cmd_export,	 &gh_cmd_card,	     &gh_cmd_rescan,
	&gh_cmd_share,	  &gh_cmd_evidence, &gh_cmd_disable,	&gh_cmd_enable,	 &gh_cmd_delete,     &gh_cmd_serve,
	&gh_cmd_deploy,	  &gh_cmd_ps,	    &gh_cmd_inspect,	&gh_cmd_logs,	 &gh_cmd_stop,	     &gh_cmd_chat,
	&gh_cmd_doctor,	  &gh_cmd_tenant,   &gh_cmd_key,	&gh_cmd_people,	 &gh_cmd_review,     &gh_cmd_fsck,
	&gh_cmd_backup,	  &gh_cmd_restore,  &gh_cmd_attest,	&gh_cmd_measure, &gh_cmd_completion, &gh_cmd_version,
	&gh_cmd_help_row,
};
const size_t gh_cmds_n = sizeof gh_cmds / sizeof gh_cmds[0];

const struct gh_cmd *gh_cmd_named(const char *name)
{
	for (size_t i = 0; i < gh_cmds_n; i++)
		if (strcmp(gh_cmds[i]->name, name) == 0)
			return gh_cmds[i];
	return NULL;
}
