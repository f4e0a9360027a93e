#include "daemon/inform.h"

#include "daemon/service_int.h"
#include "daemon/task.h"
#include "os/call.h"

static const char *const names[] = {
	"badge.revoke", "model.disable", "model.delete", "tenant.remove", "policy.set",
	"share.remove", "review.reject", "rescan",	 "evidence.add",
};

bool gh_inform_wanted(struct gh_span name)
{
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (gh_span_is(name, names[i]))
			return true;
	return false;
}

void gh_inform(struct gh_service *s)
{
	gh_auto_buf answer = gh_buf(GH_CALL_TEXT);
	struct gh_err none = { 0 };
	(void)gh_task_serve(s, &gh_task_deployment_recheck, NULL, (struct gh_span){ 0 }, -1, &answer, NULL, &none);
}
