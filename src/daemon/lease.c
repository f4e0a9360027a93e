#include "daemon/lease.h"

#include "api/op_lease.h"
#include "wire/jout.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>

enum { ANSWER = 1 << 20 };

struct gh_lease {
	struct gh_service *service;
	const char *key;
	struct gh_id version, owner;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t wake;
	bool stop;
};

static void renew(const struct gh_lease *l)
{
	gh_auto_arena a = { .max = ANSWER };
	gh_auto_buf in = gh_buf(4096);
	const struct gh_jval *out;
	struct gh_jout j = gh_jout(&in);
	gh_jout_open(&j, NULL, '{');
	gh_jout_str(&j, "version", l->version.s);
	gh_jout_str(&j, "owner", l->owner.s);
	gh_jout_close(&j, '}');
	/* Whatever comes of it: when the name is lost, the import is told at its end. */
	(void)gh_service_step(l->service, l->key, "import.renew", gh_buf_view(&in), -1, &a, &out, NULL,
			      &(struct gh_err){ 0 });
}

static void *beat(void *arg)
{
	struct gh_lease *l = arg;
	struct timespec until;
	(void)clock_gettime(CLOCK_MONOTONIC, &until);
	(void)pthread_mutex_lock(&l->lock);
	while (!l->stop) {
		until.tv_sec += GH_IMPORT_RENEW_EACH;
		while (!l->stop && pthread_cond_timedwait(&l->wake, &l->lock, &until) != ETIMEDOUT)
			;
		if (l->stop)
			break;
		(void)pthread_mutex_unlock(&l->lock);
		renew(l);
		(void)clock_gettime(CLOCK_MONOTONIC, &until);
		(void)pthread_mutex_lock(&l->lock);
	}
	(void)pthread_mutex_unlock(&l->lock);
	return NULL;
}

/* Signals are for the thread that knows what to do with them. */
static bool start(struct gh_lease *l)
{
	sigset_t all, was;
	(void)sigfillset(&all);
	if (pthread_sigmask(SIG_SETMASK, &all, &was) != 0)
		return false;
	bool ok = pthread_create(&l->thread, NULL, beat, l) == 0;
	(void)pthread_sigmask(SIG_SETMASK, &was, NULL);
	return ok;
}

struct gh_lease *gh_lease_hold(struct gh_service *s, const char *key, const struct gh_id *version,
			       const struct gh_id *owner)
{
	pthread_condattr_t attr;
	struct gh_lease *l = calloc(1, sizeof *l);
	if (l == NULL)
		return NULL;
	*l = (struct gh_lease){ .service = s, .key = key, .version = *version, .owner = *owner };
	(void)pthread_mutex_init(&l->lock, NULL);
	/* A clock that is set must not stop it. */
	bool clock = pthread_condattr_init(&attr) == 0 && pthread_condattr_setclock(&attr, CLOCK_MONOTONIC) == 0;
	if (clock && pthread_cond_init(&l->wake, &attr) == 0 && start(l))
		return l;
	free(l);
	return NULL;
}

void gh_lease_let_go(struct gh_lease *l)
{
	if (l == NULL)
		return;
	(void)pthread_mutex_lock(&l->lock);
	l->stop = true;
	(void)pthread_cond_signal(&l->wake);
	(void)pthread_mutex_unlock(&l->lock);
	(void)pthread_join(l->thread, NULL);
	(void)pthread_cond_destroy(&l->wake);
	(void)pthread_mutex_destroy(&l->lock);
	free(l);
}
