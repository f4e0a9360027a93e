/* deploy.h - the parts of the task `deploy`: task_deploy.c (its steps), deploy_files.c (what is to run), deploy_prove.c (evidence
 * and key), deploy_tpm.c (what the host's TPM says besides). */
#ifndef GH_DAEMON_DEPLOY_H
#define GH_DAEMON_DEPLOY_H
#include "attest/attest.h"
#include "daemon/docs.h"
#include "daemon/task.h"
#include "runtime/launch_tpm.h"
#include "runtime/stub_proto.h"

enum { GH_DEPLOY_PATH = 32 };
enum { GH_DEPLOY_FILES = 512 }; /* of model and adapter together: as many keys as the vault seals at once */

struct gh_deploy_file {
	struct gh_stub_file file;
	struct gh_id blob, tenant;
};

/* A version that takes part: the model, or the base that its adapter runs on. */
struct gh_deploy_part {
	const struct gh_jval *shown; /* what model.show answers */
	struct gh_docs_owner owner;
	struct gh_span known;	 /* facts of its last scan */
	struct gh_span manifest; /* JSON */
};

struct gh_deploy {
	struct gh_task_run *run;
	const char *model, *name, *engine, *isolation, *file; /* file: which one of several, or NULL */
	const char *engine_dir;				      /* NULL: where the profile says */
	struct gh_deploy_part own, base;		      /* base.shown NULL: there is none */
	struct gh_deploy_file *files;			      /* the model first, its adapter after it */
	size_t nfile;
	bool directory; /* the engine gets all files, not one */
	int sock;	/* to the runner */
	pid_t pid;
	/* what the runner measured, what the catalog answered */
	char measurement[65];
	const char *list;
	struct gh_id id;
	const char *nonce, *digest, *policies; /* hexadecimal, in the arena */
	char node[65];
	struct gh_span spki;	       /* DER */
	const struct gh_jval *allowed; /* measurements, 64 digits each */
	const char *cls, *kind;	       /* of the evidence, as appraised */
	const char *tcti;	       /* the TPM that vouches for the launch; NULL: software evidence alone */
	char enrolment[GH_HOME_PATH + GH_HOME_VALUE]; /* path of its record */
	struct gh_launch_tpm quote;		      /* what it said; in the task's arena */
	uint64_t us_launch, us_evidence, us_decrypt;
	uint64_t ms_policy, ms_attest, ms_key, ms_ready; /* microseconds, all of them */
	uint64_t tolerated;
	const char *why; /* the check that the runner named; NULL */
	bool refused;	 /* the catalog has written it down already */
};

uint64_t gh_deploy_us(void);
/* Write off what the catalog believes to run and nobody supervises: deployments of this name, NULL: all. task_deployment.c */
void gh_deploy_settle(struct gh_task_run *r, const char *name);
/* Ask an internal operation in the name of who asked for the task. */
enum gh_rc gh_deploy_step(struct gh_deploy *d, const char *op, struct gh_buf *in, const struct gh_jval **out,
			  int *fd_out, struct gh_err *err);
/* Look the model up: what its scan found, which base it has. */
enum gh_rc gh_deploy_look(struct gh_deploy *d, struct gh_err *err);
/* Which of its files the engine gets. After MEASURED, which says whether it wants one or all. */
enum gh_rc gh_deploy_choose(struct gh_deploy *d, struct gh_err *err);
/* A memory file for the appraiser, which takes paths. -1 with errno. */
int gh_deploy_memory(struct gh_span s, char path[GH_DEPLOY_PATH]);
/* With "evidence": "tpm", set d->tcti and d->enrolment from the home's settings: GH_E_ABSENT, GH_E_UNREAD say what to set. */
enum gh_rc gh_deploy_tpm_ready(struct gh_deploy *d, struct gh_err *err);
/* Take what the runner says of the TPM. */
enum gh_rc gh_deploy_tpm_quoted(struct gh_deploy *d, struct gh_span said, struct gh_err *err);
/* Appraise the quote in a worker: by the home's enrolment, over a nonce that holds report data and software evidence, and with the
 * measurement in the log that the register proves. *r is overwritten; ask gh_attest_verdict(). */
enum gh_rc gh_deploy_tpm_prove(struct gh_deploy *d, const uint8_t report[GH_STUB_REPORT_DATA], struct gh_span software,
			       const uint8_t measurement[GH_LAUNCHLOG_DIGEST], struct gh_arena *a,
			       struct gh_attest_result *r, struct gh_err *err);
/* Appraise the evidence in a worker, have the key released: enc and sealed keys go into out. */
enum gh_rc gh_deploy_prove(struct gh_deploy *d, const uint8_t key[GH_STUB_KEY], struct gh_span evidence,
			   struct gh_buf *out, struct gh_err *err);
#endif
