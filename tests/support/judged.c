#include "support/judged.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "scan/pipeline.h"

static void finding(void *arg, const struct gh_rule *r, struct gh_range at, bool ranged, const char *member,
		    const char *detail)
{
	struct gh_test_judged *j = arg;
	size_t n = strlen(j->all), k = strlen(j->ids);
	(void)at;
	(void)ranged;
	(void)snprintf(j->all + n, sizeof j->all - n, "%s %d %s %s\n", r->id, (int)r->effect, member, detail);
	if (r->effect > j->verdict)
		j->verdict = r->effect;
	if (r->effect != GH_CLEAN && strstr(j->ids, r->id) == NULL)
		(void)snprintf(j->ids + k, sizeof j->ids - k, "%s%s", k == 0 ? "" : " ", r->id);
}

static void times(void *arg, size_t i, uint64_t n)
{
	(void)arg;
	(void)i;
	(void)n;
}

static int spill(void *arg)
{
	char name[] = "/tmp/gatehouse-test-XXXXXX";
	(void)arg;
	int fd = mkstemp(name);
	if (fd >= 0)
		(void)unlink(name);
	return fd;
}

void gh_test_judge(struct gh_test_judged *j, struct gh_span in, const char *name)
{
	struct gh_src_mem mem;
	struct gh_pipe_result result = { 0 };
	struct gh_pipe_host host = { .arg = j, .finding = finding, .times = times, .spill = spill };
	*j = (struct gh_test_judged){ 0 };
	struct gh_pipe *p = gh_pipe_new(&gh_limits_default, &host);
	if (p == NULL)
		return;
	gh_pipe_run(p, gh_src_mem(&mem, in), gh_span_str(name), &result);
	gh_pipe_free(p);
	if (result.understood != in.n && j->verdict < GH_INCOMPLETE)
		j->verdict = GH_INCOMPLETE;
}
