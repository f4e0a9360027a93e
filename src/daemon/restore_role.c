/* The role `restore`: reads a backup. It has the archive, one directory, and nothing else: see restore.h.
 *
 *	restore STEP DIRECTORY	descriptor 3: main, descriptor 4: the archive (for `read`) */
#include "daemon/restore_int.h"
#include "daemon/roles.h"
#include "os/call.h"
#include "os/role.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MAIN = GH_ROLE_SOCK, FIRST_MS = 30000 };
#define MEMORY (UINT64_C(12) << 30) /* the list of files of the largest backup, its manifest and SQLite beside it */

static void progress(void *arg, uint64_t bytes)
{
	(void)arg;
	const struct gh_call_head h = { .kind = GH_RESTORE_PROGRESS, .number = bytes };
	(void)gh_call_send(MAIN, &h, (struct gh_span){ 0 }, -1);
}

struct running {
	const char *step, *dir;
	struct gh_restore_ask ask;
	int fd; /* of dir */
	char url[GH_HOME_VALUE];
	struct gh_db *to; /* for `move` */
};

/* One directory, and what SQLite wants of the machine. No network: `move` has connected before. */
static const char *lock_down(const struct running *r)
{
	const struct gh_role_path allowed[] = {
		{ r->dir, GH_ROLE_WRITE },
		{ "/dev/urandom", GH_ROLE_READ },
		{ "/etc/localtime", GH_ROLE_READ },
	};
	const struct gh_role_lock lock = {
		.may = GH_MAY_FILES, .path = allowed, .npath = sizeof allowed / sizeof *allowed, .memory = MEMORY
	};
	return gh_role_lock(&lock);
}

static enum gh_rc work(struct running *r, struct gh_err *err)
{
	struct gh_restore_done *done = &r->ask.done;
	const char *text = r->ask.text;
	if (strcmp(r->step, "move") == 0)
		GH_TRY(gh_db_open(text, &(struct gh_db_how){ .create = true }, &r->to, err), err, "the new database");
	const char *layer = lock_down(r);
	if (layer != NULL)
		return gh_fail(err, GH_E_IO, "the process that reads the backup could not be locked down: %s", layer);
	if (strcmp(r->step, "read") == 0) {
		const struct gh_restore_how how = { .key = gh_span_str(text), .progress = progress };
		return gh_restore_read(&how, r->fd, GH_RESTORE_ARCHIVE, done, err);
	}
	if (strcmp(r->step, "look") == 0)
		return gh_restore_look(r->dir, r->fd, text[0] == '\0' ? NULL : text, done, r->url, err);
	return gh_restore_move(r->dir, r->fd, r->to, err);
}

int gh_role_restore(int argc, char **argv)
{
	static struct running r; /* large */
	struct gh_err err = { 0 };
	struct gh_call_head h;
	char line[GH_ERR_LINKS * GH_ERR_TEXT];
	gh_auto_buf in = gh_buf(sizeof(struct gh_restore_ask)), out = gh_buf(GH_CALL_TEXT);
	(void)signal(SIGPIPE, SIG_IGN);
	(void)signal(SIGXFSZ, SIG_IGN);
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL); /* an interrupted restore reads on for nobody */
	(void)umask(077);
	if (argc != 2 || gh_call_recv(MAIN, &h, &in, NULL, FIRST_MS, &err) != GH_OK || in.n != sizeof r.ask)
		return 64;
	r = (struct running){ .step = argv[0], .dir = argv[1] };
	memcpy(&r.ask, in.p, sizeof r.ask);
	r.ask.text[sizeof r.ask.text - 1] = '\0';
	r.fd = open(r.dir, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	enum gh_rc rc = r.fd < 0 ? gh_fail(&err, GH_E_IO, "the new directory cannot be opened") : work(&r, &err);
	gh_db_close(r.to);
	h = (struct gh_call_head){ .kind = GH_RESTORE_ANSWER, .code = rc };
	if (rc == GH_OK) {
		memcpy(r.ask.text, r.url, sizeof r.url);
		gh_buf_put(&out, &r.ask, sizeof r.ask);
	} else {
		gh_buf_str(&out, gh_err_line(&err, line, sizeof line));
	}
	return gh_call_send(MAIN, &h, gh_buf_view(&out), -1) && rc == GH_OK ? 0 : 2;
}
