/* ops.h - for files that hold operations: the rows of ops.c and what their handlers share. */
#ifndef GH_API_OPS_H
#define GH_API_OPS_H
#include "api/check.h"
#include "api/op.h"

/* Those that users may ask. */
extern const struct gh_op gh_op_badge_show, gh_op_badge_revoke, gh_op_badge_status;
extern const struct gh_op gh_op_model_list, gh_op_model_show;
extern const struct gh_op gh_op_backup_database, gh_op_backup_seal, gh_op_restore_done;
extern const struct gh_op gh_op_fsck_parts, gh_op_fsck_step, gh_op_fsck_repair, gh_op_fsck_done, gh_op_fsck_list,
	gh_op_fsck_tally;
extern const struct gh_op gh_op_tenant_add, gh_op_tenant_list, gh_op_tenant_remove;
extern const struct gh_op gh_op_principal_add, gh_op_principal_list, gh_op_principal_disable, gh_op_role_list;
extern const struct gh_op gh_op_grant_add, gh_op_grant_list, gh_op_grant_remove;
extern const struct gh_op gh_op_apikey_create, gh_op_apikey_list, gh_op_apikey_revoke;
extern const struct gh_op gh_op_signkey_add, gh_op_signkey_list, gh_op_signkey_revoke;
extern const struct gh_op gh_op_share_add, gh_op_share_list, gh_op_share_remove;
extern const struct gh_op gh_op_review_list, gh_op_review_open;
extern const struct gh_op gh_op_key_status, gh_op_key_public, gh_op_key_rotate;
extern const struct gh_op gh_op_evidence_list;
extern const struct gh_op gh_op_model_disable, gh_op_model_enable, gh_op_model_delete;
extern const struct gh_op gh_op_deploy_list, gh_op_deploy_show, gh_op_deploy_decide;
/* Steps of tasks. */
extern const struct gh_op gh_op_deploy_begin, gh_op_deploy_blob, gh_op_deploy_node, gh_op_deploy_sign;
extern const struct gh_op gh_op_deploy_refused, gh_op_deploy_release, gh_op_deploy_running, gh_op_deploy_ended;
extern const struct gh_op gh_op_deploy_stop, gh_op_deploy_check, gh_op_deploy_again, gh_op_deploy_engine;
extern const struct gh_op gh_op_evidence_begin, gh_op_evidence_store;
extern const struct gh_op gh_op_key_slot;
extern const struct gh_op gh_op_review_look, gh_op_review_decide;
extern const struct gh_op gh_op_blob_keys, gh_op_blob_stage, gh_op_blob_commit, gh_op_blob_drop, gh_op_blob_open;
extern const struct gh_op gh_op_import_begin, gh_op_import_renew, gh_op_import_finish, gh_op_import_abandon;
extern const struct gh_op gh_op_badge_issue, gh_op_badge_stored, gh_op_badge_statement;
extern const struct gh_op gh_op_version_files;
extern const struct gh_op gh_op_init_admin;
extern const struct gh_op gh_op_rescan_finish, gh_op_rescan_outdated;
extern const struct gh_op gh_op_policy_set, gh_op_policy_list, gh_op_policy_decide, gh_op_export_allow;
#endif
