#include "api/ops.h"

/* The whole list. */
const struct gh_op *const gh_ops[] = {
	&gh_op_share_add,	  &gh_op_share_list,	 &gh_op_share_remove,	 &gh_op_tenant_add,
	&gh_op_tenant_list,	  &gh_op_tenant_remove,	 &gh_op_principal_add,	 &gh_op_principal_list,
	&gh_op_principal_disable, &gh_op_role_list,	 &gh_op_grant_add,	 &gh_op_grant_list,
	&gh_op_grant_remove,	  &gh_op_apikey_create,	 &gh_op_apikey_list,	 &gh_op_apikey_revoke,
	&gh_op_signkey_add,	  &gh_op_signkey_list,	 &gh_op_signkey_revoke,	 &gh_op_review_list,
	&gh_op_review_open,	  &gh_op_review_look,	 &gh_op_review_decide,	 &gh_op_badge_revoke,
	&gh_op_badge_show,	  &gh_op_badge_status,	 &gh_op_model_list,	 &gh_op_model_show,
	&gh_op_badge_issue,	  &gh_op_badge_stored,	 &gh_op_badge_statement, &gh_op_blob_commit,
	&gh_op_blob_drop,	  &gh_op_blob_keys,	 &gh_op_blob_open,	 &gh_op_blob_stage,
	&gh_op_import_begin,	  &gh_op_import_renew,	 &gh_op_import_abandon,	 &gh_op_import_finish,
	&gh_op_version_files,	  &gh_op_init_admin,	 &gh_op_rescan_finish,	 &gh_op_rescan_outdated,
	&gh_op_policy_set,	  &gh_op_policy_list,	 &gh_op_policy_decide,	 &gh_op_export_allow,
	&gh_op_fsck_parts,	  &gh_op_fsck_step,	 &gh_op_fsck_repair,	 &gh_op_fsck_done,
	&gh_op_backup_database,	  &gh_op_backup_seal,	 &gh_op_restore_done,	 &gh_op_key_status,
	&gh_op_key_public,	  &gh_op_key_rotate,	 &gh_op_key_slot,	 &gh_op_fsck_list,
	&gh_op_fsck_tally,	  &gh_op_model_disable,	 &gh_op_model_enable,	 &gh_op_model_delete,
	&gh_op_evidence_list,	  &gh_op_evidence_begin, &gh_op_evidence_store,	 &gh_op_deploy_begin,
	&gh_op_deploy_blob,	  &gh_op_deploy_node,	 &gh_op_deploy_sign,	 &gh_op_deploy_refused,
	&gh_op_deploy_release,	  &gh_op_deploy_running, &gh_op_deploy_ended,	 &gh_op_deploy_list,
	&gh_op_deploy_show,	  &gh_op_deploy_stop,	 &gh_op_deploy_decide,	 &gh_op_deploy_check,
	&gh_op_deploy_again,	  &gh_op_deploy_engine,
};
const size_t gh_ops_n = sizeof gh_ops / sizeof *gh_ops;

const struct gh_op *gh_op_named(struct gh_span name)
{
	for (size_t i = 0; i < gh_ops_n; i++)
		if (gh_span_is(name, gh_ops[i]->name))
			return gh_ops[i];
	return NULL;
}
