/* cmds.h - the rows that cmds.c lists. */
#ifndef GH_CLI_CMDS_H
#define GH_CLI_CMDS_H
#include "cli/cli.h"

extern const struct gh_cmd gh_cmd_diff;
extern const struct gh_cmd gh_cmd_disarm;
extern const struct gh_cmd gh_cmd_sign, gh_cmd_verify;
extern const struct gh_cmd gh_cmd_advisories;
extern const struct gh_cmd gh_cmd_fsck, gh_cmd_backup, gh_cmd_restore;
extern const struct gh_cmd gh_cmd_audit;
extern const struct gh_cmd gh_cmd_attest, gh_cmd_measure;
extern const struct gh_cmd gh_cmd_policy;
extern const struct gh_cmd gh_cmd_key;
extern const struct gh_cmd gh_cmd_scan, gh_cmd_formats, gh_cmd_checks, gh_cmd_explain, gh_cmd_completion,
	gh_cmd_version, gh_cmd_help_row;
extern const struct gh_cmd gh_cmd_init, gh_cmd_import, gh_cmd_models, gh_cmd_badge, gh_cmd_export, gh_cmd_serve,
	gh_cmd_rescan, gh_cmd_card;
extern const struct gh_cmd gh_cmd_evidence, gh_cmd_disable, gh_cmd_enable, gh_cmd_delete, gh_cmd_share;
extern const struct gh_cmd gh_cmd_deploy, gh_cmd_ps, gh_cmd_inspect, gh_cmd_logs, gh_cmd_stop, gh_cmd_chat,
	gh_cmd_doctor;
extern const struct gh_cmd gh_cmd_tenant, gh_cmd_people, gh_cmd_review;
#endif
