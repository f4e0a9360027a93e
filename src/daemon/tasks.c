#include "daemon/task.h"

#include "api/check.h"
#include "daemon/service_int.h"

/* The whole list. */
extern const struct gh_task gh_task_backup, gh_task_fsck_tags;
const struct gh_task *const gh_tasks[] = {
	&gh_task_backup,
	&gh_task_fsck_tags,
	&gh_task_review_show,
	&gh_task_review_approve,
	&gh_task_review_reject,
	&gh_task_review_comment,
	&gh_task_import,
	&gh_task_card,
	&gh_task_rescan,
	&gh_task_badge_export,
	&gh_task_export,
	&gh_task_policy_explain,
	&gh_task_deploy,
	&gh_task_deployment_list,
	&gh_task_deployment_show,
	&gh_task_deployment_log,
	&gh_task_deployment_use,
	&gh_task_deployment_stop,
	&gh_task_deployment_recheck,
	&gh_task_evidence_add,
	&gh_task_evidence_show,
	&gh_task_share_publish,
};
const size_t gh_tasks_n = sizeof gh_tasks / sizeof *gh_tasks;

const struct gh_task *gh_task_named(struct gh_span name)
{
	for (size_t i = 0; i < gh_tasks_n; i++)
		if (gh_span_is(name, gh_tasks[i]->name))
			return gh_tasks[i];
	return NULL;
}

enum { TASK_ARENA = 64 << 20 };

enum gh_rc gh_task_serve(struct gh_service *s, const struct gh_task *t, const char *key, struct gh_span in, int fd,
			 struct gh_buf *answer, int *fd_out, struct gh_err *err)
{
	gh_auto_arena a = { .max = TASK_ARENA };
	const struct gh_jval *v;
	struct gh_jout out = gh_jout(answer);
	if (in.n == 0)
		in = GH_SPAN("{}");
	GH_TRY(gh_jdom_parse(&a, in, &v, err), err, "%s", t->name);
	GH_TRY(gh_op_check(t->in, v, err), err, "%s", t->name);
	gh_jout_open(&out, NULL, '{');
	struct gh_task_run r = { .service = s, .in = v, .key = key, .fd = fd, .fd_out = -1, .arena = &a, .out = &out };
	enum gh_rc rc = t->run(&r, err);
	gh_jout_close(&out, '}');
	if (fd_out != NULL)
		*fd_out = r.fd_out;
	if (answer->full && rc == GH_OK)
		rc = gh_fail(err, GH_E_LIMIT, "the answer is too large");
	return rc;
}
