/* deploy_rules.h - what the operations about deployments share: finding one, writing its entry in the log, changing its state,
 * and whether what it rests on still stands. */
#ifndef GH_API_DEPLOY_RULES_H
#define GH_API_DEPLOY_RULES_H
#include "api/ops.h"
#include "catalog/deployments.h"
#include "catalog/gate.h"
#include "catalog/principals.h"
#include "catalog/versions.h"

/* TENANT/NAME or NAME. What the asker may not see is answered like what is not there. */
enum gh_rc gh_deploy_named(struct gh_op_run *r, const char *name, const char *permission, struct gh_deployment *out,
			   struct gh_err *err);
/* By the id in field `id`. For steps of tasks; permission: asked for in the deployment's tenant. */
enum gh_rc gh_deploy_by_id(struct gh_op_run *r, const char *permission, struct gh_deployment *out, struct gh_err *err);
/* The entry "deploy". word: why, one word, or NULL. */
enum gh_rc gh_deploy_log(struct gh_op_run *r, const struct gh_deployment *d, const char *state, const char *word,
			 struct gh_err *err);
/* Another state and its entry, in one transaction. *d is what it is afterwards. text: for people, cut to GH_D_REASON. */
enum gh_rc gh_deploy_move(struct gh_op_run *r, struct gh_deployment *d, enum gh_dstate to, const char *word,
			  const char *text, struct gh_err *err);
/* A version that may be run, as far as its state goes: ready, out of quarantine's time, its tenant active. */
enum gh_rc gh_deploy_fit(struct gh_op_run *r, const struct gh_version *v, struct gh_err *err);
/* Does what a running deployment rests on still stand: version, base, badge, tenant? Works while the keys are locked. "" or a word
 * ("badge", "version", "base", "tenant", "policy") with a line in text. policy: also whether its policies are those that were
 * asked. */
const char *gh_deploy_stands(struct gh_op_run *r, const struct gh_deployment *d, bool policy,
			     char text[GH_D_REASON + 1], struct gh_err *err);
/* A stored blob that is a file of the deployment's version, or of the base that its adapter runs on. */
struct gh_blob;
enum gh_rc gh_deploy_blob_of(struct gh_op_run *r, const struct gh_deployment *d, const struct gh_id *id,
			     struct gh_blob *out, struct gh_err *err);
#endif
