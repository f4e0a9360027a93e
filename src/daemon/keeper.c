#include "daemon/keeper.h"

#include "api/check.h"
#include "daemon/service_int.h"
#include "daemon/task.h"
#include "os/call.h"

#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

struct gh_keeper {
	struct gh_service *service;
	void (*say)(void *arg, const char *line);
	void *arg;
	pthread_t thread;
	int stop; /* eventfd */
};

enum { ARENA = 8 << 20 };

static uint64_t number(const struct gh_jval *d, const char *name)
{
	uint64_t n = 0;
	(void)gh_ju64(gh_jget(d, name), &n);
	return n;
}

/* Is it its turn? */
static bool due(const struct gh_jval *d)
{
	uint64_t restarts = number(d, "restarts");
	if (strcmp(gh_in_text(d, "restart", ""), "on-failure") != 0 ||
	    strcmp(gh_in_text(d, "state", ""), "failed") != 0 || restarts >= GH_KEEPER_RESTARTS)
		return false;
	return gh_in_time(d, "changed", 0) + (int64_t)(1u << restarts) <= (int64_t)time(NULL);
}

static void start_again(struct gh_keeper *k, const struct gh_jval *d)
{
	gh_auto_buf in = gh_buf(8192), answer = gh_buf(GH_CALL_TEXT);
	struct gh_err err = { 0 };
	char line[400], why[GH_ERR_LINKS * GH_ERR_TEXT];
	struct gh_jout j = gh_jout(&in);
	gh_jout_open(&j, NULL, '{');
	gh_jout_str(&j, "model", gh_in_text(d, "model", ""));
	gh_jout_str(&j, "name", gh_in_text(d, "name", ""));
	gh_jout_str(&j, "engine", gh_in_text(d, "engine", ""));
	if (gh_in_text(d, "engine_dir", NULL) != NULL)
		gh_jout_str(&j, "engine_dir", gh_in_text(d, "engine_dir", ""));
	gh_jout_str(&j, "isolation", gh_in_text(d, "isolation", ""));
	gh_jout_str(&j, "least", gh_in_text(gh_jget(d, "evidence"), "asked", "software"));
	if (strcmp(gh_in_text(gh_jget(d, "evidence"), "kind", ""), "tpm") == 0)
		gh_jout_str(&j, "evidence", "tpm");
	gh_jout_str(&j, "restart", "on-failure");
	gh_jout_number(&j, "tolerated", number(d, "tolerated"));
	gh_jout_str(&j, "again", gh_in_text(d, "id", ""));
	gh_jout_close(&j, '}');
	enum gh_rc rc = gh_task_serve(k->service, &gh_task_deploy, NULL, gh_buf_view(&in), -1, &answer, NULL, &err);
	(void)snprintf(line, sizeof line, "deployment %.60s failed and was started again%s%.200s",
		       gh_in_text(d, "name", ""),
		       rc == GH_OK ? "" : ", in vain: ", rc == GH_OK ? "" : gh_err_line(&err, why, sizeof why));
	if (k->say != NULL)
		k->say(k->arg, line);
}

static void look(struct gh_keeper *k)
{
	gh_auto_buf answer = gh_buf(GH_CALL_TEXT);
	gh_auto_arena a = { .max = ARENA };
	const struct gh_jval *v;
	struct gh_err none = { 0 };
	if (gh_task_serve(k->service, &gh_task_deployment_list, NULL, (struct gh_span){ 0 }, -1, &answer, NULL,
			  &none) != GH_OK ||
	    gh_jdom_parse(&a, gh_buf_view(&answer), &v, &none) != GH_OK)
		return;
	for (const struct gh_jval *d = gh_jfirst(gh_jget(v, "deployments")); d != NULL; d = d->next)
		if (due(d))
			start_again(k, d);
}

static void *run(void *arg)
{
	struct gh_keeper *k = arg;
	struct pollfd p = { .fd = k->stop, .events = POLLIN };
	while (poll(&p, 1, GH_KEEPER_TICK_MS) == 0)
		look(k);
	return NULL;
}

struct gh_keeper *gh_keeper_start(struct gh_service *s, void (*say)(void *arg, const char *line), void *arg)
{
	struct gh_keeper *k = calloc(1, sizeof *k);
	if (k == NULL)
		return NULL;
	*k = (struct gh_keeper){ .service = s, .say = say, .arg = arg, .stop = eventfd(0, EFD_CLOEXEC) };
	if (k->stop >= 0 && pthread_create(&k->thread, NULL, run, k) == 0)
		return k;
	if (k->stop >= 0)
		(void)close(k->stop);
	free(k);
	return NULL;
}

void gh_keeper_stop(struct gh_keeper *k)
{
	const uint64_t one = 1;
	if (k == NULL)
		return;
	if (write(k->stop, &one, sizeof one) == (ssize_t)sizeof one)
		(void)pthread_join(k->thread, NULL);
	(void)close(k->stop);
	free(k);
}
