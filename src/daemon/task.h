/* task.h - work that main does itself, because it reads sources or starts workers and blob processes. A task has a row like an
 * operation and is asked for in the same way; what it needs of the catalog it asks by internal operations, which check the
 * permission of whoever asked for the task.
 *
 * Adding one: a file task_<noun>.c, its declaration and a line in tasks.c. */
#ifndef GH_DAEMON_TASK_H
#define GH_DAEMON_TASK_H
#include "api/check.h"
#include "api/op.h"
#include "daemon/service.h"

struct gh_task_run {
	struct gh_service *service;
	const struct gh_jval *in; /* object, checked against the row */
	const char *key;	  /* API key of who asks; NULL: `local` */
	int fd;			  /* a descriptor that came along, or -1; not closed by the task */
	int fd_out;		  /* set it: goes along with the answer and is closed */
	struct gh_arena *arena;
	struct gh_jout *out; /* the object is open: add members */
};

struct gh_task {
	const char *name, *about;
	const struct gh_op_field *in;
	enum gh_rc (*run)(struct gh_task_run *r, struct gh_err *err);
};
extern const struct gh_task gh_task_card, gh_task_rescan, gh_task_import, gh_task_badge_export, gh_task_export,
	gh_task_policy_explain;
extern const struct gh_task gh_task_evidence_add, gh_task_evidence_show, gh_task_share_publish;
extern const struct gh_task gh_task_review_show, gh_task_review_approve, gh_task_review_reject, gh_task_review_comment;
extern const struct gh_task gh_task_deploy, gh_task_deployment_list, gh_task_deployment_show, gh_task_deployment_log,
	gh_task_deployment_use, gh_task_deployment_stop, gh_task_deployment_recheck;
extern const struct gh_task *const gh_tasks[];
extern const size_t gh_tasks_n;
const struct gh_task *gh_task_named(struct gh_span name);
#endif
