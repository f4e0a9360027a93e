/* service.h - the other processes, as `main` sees them: it starts the vault and the catalog of a home, or talks to a daemon that
 * has them. Every command that works with the catalog goes through gh_service_ask().
 *
 * Two kinds of work have a name. Operations (api/op.h) run in the catalog process. Tasks (daemon/task.h) run in main, since they
 * read sources, start workers and blob processes: import, export, rescan. Who asks does not need to know which is which.
 *
 * A service may be used by several threads: questions to the catalog and the vault take turns. */
#ifndef GH_DAEMON_SERVICE_H
#define GH_DAEMON_SERVICE_H
#include "base/arena.h"
#include "catalog/home.h"
#include "catalog/id.h"
#include "catalog/vault.h"
#include "wire/jdom.h"

#include <sys/types.h>

struct gh_service;
struct gh_blobrun;

struct gh_service_how {
	const char *home;	     /* directory; NULL: see gh_home_find() */
	const char *api_key;	     /* of the person who asks; NULL: the principal `local` */
	const char *passphrase_file; /* NULL: $GATEHOUSE_PASSPHRASE_FILE, else ask on the terminal */
	bool keys;		     /* keys will be needed: open them now, and not later */
	bool alone;		     /* never use a daemon, even if one runs */
	/* Asks for a passphrase; the descriptor of a memory that holds it, or -1 with a reason in err. NULL: there is nobody to be
	 * asked. */
	int (*ask)(void *arg, const char *prompt, struct gh_err *err);
	void *arg;
	/* When method is set: opens the keys, instead of what the settings say (init, which has just made them). */
	struct gh_vault_secret secret;
	const char *tpm; /* TCTI: how the TPM is reached, when one is to be used; NULL: as the settings say */
	void (*progress)(void *arg, uint64_t done, uint64_t all); /* of tasks that run here; may be NULL */
	void *progress_arg;
};

/* Failures say what to do: no home, wrong passphrase, a daemon that does not answer, a database that cannot be opened. */
enum gh_rc gh_service_open(const struct gh_service_how *how, struct gh_service **out, struct gh_err *err);
void gh_service_close(struct gh_service *s); /* NULL: nothing. Waits for the processes to end */
const struct gh_home *gh_service_home(const struct gh_service *s);

/* Ask for an operation or a task. in: a JSON object ("" : none); fd: goes along, or -1; stays the caller's. *out is the object
 * that answers, in the arena; also on failure, when there is something to show. *fd_out (may be NULL): a descriptor that came
 * with the answer, or -1. The code and the line in err are those of the operation. */
enum gh_rc gh_service_ask(struct gh_service *s, const char *op, struct gh_span in, int fd, struct gh_arena *a,
			  const struct gh_jval **out, int *fd_out, struct gh_err *err);

/* ---- for tasks: only where the processes are ours ------------------------------------------------------------------------- */
/* As gh_service_ask(), for internal operations too, in the name of `key` (NULL: `local`). */
enum gh_rc gh_service_step(struct gh_service *s, const char *key, const char *op, struct gh_span in, int fd,
			   struct gh_arena *a, const struct gh_jval **out, int *fd_out, struct gh_err *err);
/* A fresh blob process, known to the vault under *session. gh_service_blob_end() ends it. */
struct gh_service_blob {
	struct gh_blobrun *blob;
	struct gh_id session;
	pid_t pid;
};
enum gh_rc gh_service_blob(struct gh_service *s, struct gh_service_blob *out, struct gh_err *err);
void gh_service_blob_end(struct gh_service_blob *b);
/* Progress of a task, to whoever asked. */
void gh_service_progress(struct gh_service *s, uint64_t done, uint64_t all);

/* ---- init, key slots: the vault itself ------------------------------------------------------------------------------------ */
/* The vault's channel of main, after `unlock` (false: as it starts, locked). For `init` and `key`, which hold no other lock.
 * GH_E_DENIED: a daemon has the keys; stop it first. */
enum gh_rc gh_service_vault(struct gh_service *s, struct gh_vault **out, struct gh_err *err);
/* Only the vault of a home that has no keys yet: for `init`. */
enum gh_rc gh_service_open_vault(const struct gh_service_how *how, struct gh_service **out, struct gh_err *err);
/* A secret for gh_vault_unlock() or a new slot, by the home's setting or `how`: the caller closes out->fd. */
enum gh_rc gh_service_secret(const struct gh_home *home, const struct gh_service_how *how, bool fresh,
			     struct gh_vault_secret *out, struct gh_err *err);
#endif
