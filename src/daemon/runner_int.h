/* runner_int.h - what the files of the runner share. */
#ifndef GH_DAEMON_RUNNER_INT_H
#define GH_DAEMON_RUNNER_INT_H
#include "catalog/home.h"
#include "catalog/id.h"
#include "daemon/rundir.h"
#include "daemon/runner.h"
#include "runtime/launch.h"
#include "runtime/vm/machine.h"
#include "wire/jdom.h"

#include <stdint.h>

struct gh_runner {
	char home[GH_HOME_PATH];
	int task; /* socket to the task; -1: it has said GO */
	struct gh_engine_profile profile;
	struct gh_engine_image *image;
	struct gh_vm_image *vm; /* it runs in a machine; NULL: in a sandbox */
	struct gh_launch *launch;
	struct gh_arena arena; /* what START said */
	struct gh_id id;
	struct gh_launch_file *file;
	size_t nfile;
	const char *tcti;		     /* the TPM that vouches for the launch; NULL: none */
	uint64_t tolerated, attempts, shown; /* shown: lines written into `attempts` */
	int dir, lock, ctl;
	char socket[GH_RUN_PATH];
	int64_t started;      /* seconds since 1970 */
	uint64_t next_verify; /* by the monotonic clock, milliseconds */
	uint64_t next_poll, blind_since;
	/* how it ended */
	const char *state, *word; /* "failed", "engine"; NULL: it has not */
	char why[240];
};

uint64_t gh_runner_ms(void); /* monotonic */
/* End with a state, a word for the log and a line, once: what comes later does not change it. */
void gh_runner_end(struct gh_runner *r, const char *state, const char *word, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
/* One thing that the launch said. False: nothing more. */
bool gh_runner_event(struct gh_runner *r, const struct gh_launch_event *e);

/* runner_watch.c */
/* Supervise until something ends it; then everything is killed, and recorded. */
void gh_runner_watch(struct gh_runner *r);
bool gh_runner_listen(struct gh_runner *r);
void gh_runner_state(struct gh_runner *r, struct gh_buf *out);
/* Write down in the catalog how it ended. */
void gh_runner_record(struct gh_runner *r);
#endif
