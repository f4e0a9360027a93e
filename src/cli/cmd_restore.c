/* `gatehouse restore`: a home from a backup, whole or not at all. */
#include "cli/client.h"
#include "cli/cmds.h"
#include "daemon/restore.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { KEY_MAX = 16 << 10, SHOWN = 5 /* missing blobs that are named */ };

struct args {
	struct gh_client_args client;
	unsigned format;
	const char *database, *key;
};
static const struct gh_opt opts[] = {
	{ .name = "key",
	  .letter = 'k',
	  .kind = GH_OPT_FILE,
	  .value = "FILE",
	  .at = offsetof(struct args, key),
	  .about = "Accept only a backup that was signed with this badge key (`gatehouse key export`)." },
	{ .name = "database",
	  .kind = GH_OPT_FILE,
	  .value = "URL",
	  .at = offsetof(struct args, database),
	  .about = "Put the database there instead: sqlite:PATH within the home, or an empty PostgreSQL one." },
	GH_OPT_FORMAT(struct args),
	GH_CLIENT_OPTS(struct args),
	{ 0 },
};

static int read_key(struct gh_cli *cli, const char *path, uint8_t *p, size_t *n)
{
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	ssize_t got = fd < 0 ? -1 : read(fd, p, KEY_MAX);
	int sys = errno;
	if (fd >= 0)
		(void)close(fd);
	if (got <= 0) {
		gh_cli_error(cli, "%s cannot be read: %s", path, got == 0 ? "it is empty" : strerror(sys));
		return GH_EXIT_UNFINISHED;
	}
	*n = (size_t)got;
	return GH_CLI_GO;
}

/* The restored home says in its own log where it comes from, if its keys can be opened now. */
static bool log_it(struct gh_cli *cli, const struct args *a, const struct gh_restore_done *d)
{
	struct gh_client c;
	const struct gh_jval *v;
	gh_auto_buf in = gh_buf(256);
	if (a->client.passphrase_file == NULL && getenv("GATEHOUSE_PASSPHRASE_FILE") == NULL)
		return false;
	if (gh_client_how(cli, &a->client, &c) != GH_CLI_GO)
		return false;
	struct gh_err err = { 0 };
	c.how.keys = c.how.alone = true; /* nobody serves a home that was just made */
	c.how.api_key = NULL;
	if (gh_service_open(&c.how, &c.service, &err) != GH_OK) {
		(void)gh_client_failed(cli, err.rc, &err);
		gh_client_close(&c);
		return false;
	}
	gh_buf_fmt(&in, "{\"manifest\":\"%s\",\"size\":%llu}", d->manifest, (unsigned long long)d->log_size);
	bool good = gh_service_step(c.service, NULL, "restore.done", gh_buf_view(&in), -1, &c.arena, &v, NULL, &err) ==
		    GH_OK;
	if (!good)
		(void)gh_client_failed(cli, err.rc, &err);
	gh_client_close(&c);
	return good;
}

/* ---- are the models there? ---- */

struct blobs {
	bool looked;
	uint64_t missing; /* or not what they were */
	struct gh_buf first;
};

/* The database names blobs, and the store has them or not: asked of the restored home itself, by the part of fsck that needs no keys. */
static void look_for_blobs(const char *home, struct blobs *b)
{
	const struct gh_service_how how = { .home = home, .alone = true };
	struct gh_service *s = NULL;
	struct gh_err err = { 0 };
	char cursor[200] = "", before[200];
	b->first = gh_buf(8192);
	if (gh_service_open(&how, &s, &err) != GH_OK)
		return;
	enum gh_rc rc;
	do {
		gh_auto_arena arena = { .max = 64 << 20 };
		gh_auto_buf in = gh_buf(1024);
		const struct gh_jval *out = NULL;
		struct gh_jout j = gh_jout(&in);
		gh_jout_open(&j, NULL, '{');
		gh_jout_str(&j, "part", "blobs");
		if (cursor[0] != '\0')
			gh_jout_str(&j, "cursor", cursor);
		gh_jout_close(&j, '}');
		(void)snprintf(before, sizeof before, "%s", cursor);
		rc = gh_service_ask(s, "fsck.step", gh_buf_view(&in), -1, &arena, &out, NULL, &err);
		for (const struct gh_jval *p = gh_jfirst(gh_jget(out, "problems")); p != NULL; p = p->next) {
			const char *what = gh_jstr(p, "what");
			if (what == NULL || b->missing++ >= SHOWN)
				continue;
			gh_buf_str(&b->first, "  ");
			gh_buf_safe(&b->first, gh_span_str(what), 400);
			gh_buf_ch(&b->first, '\n');
		}
		const char *next = gh_jstr(out, "cursor");
		(void)snprintf(cursor, sizeof cursor, "%s", next == NULL ? "" : next);
	} while (rc == GH_OK && cursor[0] != '\0' && strcmp(cursor, before) != 0);
	b->looked = rc == GH_OK;
	gh_service_close(s);
}

static void say_blobs(struct gh_buf *doc, const struct gh_restore_done *d, const struct blobs *b)
{
	const char *where = d->elsewhere ? "the object store" : "blobs/";
	if (!b->looked)
		gh_buf_fmt(doc, "Whether %s holds the encrypted models was not looked at: run `gatehouse fsck`.\n",
			   where);
	else if (b->missing > 0) {
		gh_buf_fmt(doc, "%llu encrypted blobs that the database names are not in %s as they were:\n",
			   (unsigned long long)b->missing, where);
		gh_buf_span(doc, gh_buf_view(&b->first));
		if (b->missing > SHOWN)
			gh_buf_str(doc, "  … the others: `gatehouse fsck`\n");
	} else
		gh_buf_fmt(doc, "Every encrypted blob that the database names is in %s.\n", where);
}

static int answer(struct gh_cli *cli, const struct args *a, const char *home, const struct gh_restore_done *d,
		  bool logged, const struct blobs *b)
{
	gh_auto_buf doc = gh_buf(64 << 10);
	char size[24];
	if (a->format == GH_FORMAT_JSON) {
		struct gh_jout j = gh_jout(&doc);
		gh_jout_open(&j, NULL, '{');
		gh_jout_str(&j, "home", home);
		gh_jout_str(&j, "catalog", d->catalog);
		gh_jout_str(&j, "made", d->made);
		gh_jout_str(&j, "manifest", d->manifest);
		gh_jout_number(&j, "files", d->files);
		gh_jout_number(&j, "bytes", d->bytes);
		gh_jout_number(&j, "log_entries", d->log_size);
		gh_jout_bool(&j, "blobs", d->blobs);
		gh_jout_bool(&j, "blobs_elsewhere", d->elsewhere);
		gh_jout_bool(&j, "blobs_looked_at", b->looked);
		gh_jout_number(&j, "blobs_missing", b->missing);
		gh_jout_bool(&j, "signed", d->is_signed);
		gh_jout_bool(&j, "signature_checked", d->key_checked);
		gh_jout_bool(&j, "logged", logged);
		gh_jout_bool(&j, "passwords_left_out", d->left_out);
		gh_jout_close(&j, '}');
		return gh_cli_print(cli, &doc);
	}
	gh_buf_fmt(&doc, "%s: restored from the backup of %s: %llu files, %s; %llu entries of the audit log verified\n",
		   home, d->made, (unsigned long long)d->files, gh_client_size(d->bytes, size),
		   (unsigned long long)d->log_size);
	if (!d->key_checked)
		gh_buf_fmt(&doc, "%s; digests and log fit together, but that nobody made it up shows only --key.\n",
			   d->is_signed ? "Its signature was not checked" : "It is not signed");
	if (d->left_out)
		gh_buf_str(&doc, "Passwords are not in a backup: gatehouse.yaml says which one to put back.\n");
	if (!d->blobs && !d->elsewhere)
		gh_buf_str(&doc, "The encrypted models were not in it: put them back, then run `gatehouse fsck`.\n");
	say_blobs(&doc, d, b);
	if (!logged)
		gh_buf_str(&doc, "The keys were not opened, so that the restore is not in the audit log yet.\n");
	return gh_cli_print(cli, &doc);
}

static int run(struct gh_cli *cli, const struct gh_cmd *cmd, int argc, char **argv)
{
	struct args a = { 0 };
	struct gh_err err = { 0 };
	char home[GH_HOME_PATH], line[1200];
	uint8_t key[KEY_MAX];
	size_t n = 0;
	struct gh_restoration how = { .home = home };
	struct gh_restore_done done;
	int rc = gh_cli_options(cli, cmd, argc, argv, &a, &n);
	if (rc == GH_CLI_GO && a.key != NULL)
		rc = read_key(cli, a.key, key, &how.key.n);
	if (rc != GH_CLI_GO)
		return rc;
	how.key.p = key;
	how.database = a.database;
	if (gh_home_find(a.client.home, home, &err) != GH_OK) {
		gh_cli_error(cli, "%s", gh_err_line(&err, line, sizeof line));
		return GH_EXIT_UNFINISHED;
	}
	int fd = strcmp(argv[0], "-") == 0 ? dup(STDIN_FILENO) : open(argv[0], O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		gh_cli_error(cli, "%s cannot be read: %s", argv[0], strerror(errno));
		return GH_EXIT_UNFINISHED;
	}
	enum gh_rc got = gh_restore_run(&how, fd, &done, &err);
	(void)close(fd);
	if (got != GH_OK) {
		gh_cli_error(cli, "%s: %s; nothing was restored", argv[0], gh_err_line(&err, line, sizeof line));
		return got == GH_E_MALFORMED || got == GH_E_DENIED ? GH_EXIT_FOUND : GH_EXIT_UNFINISHED;
	}
	a.client.home = home;
	struct blobs blobs = { 0 };
	bool logged = log_it(cli, &a, &done);
	look_for_blobs(home, &blobs);
	int status = answer(cli, &a, home, &done, logged, &blobs);
	gh_buf_free(&blobs.first);
	return status;
}

const struct gh_cmd gh_cmd_restore = {
	.name = "restore",
	.about = "Make a home from a backup.",
	.usage = "FILE --home DIR [OPTION]...",
	.opts = opts,
	.min_args = 1,
	.max_args = 1,
	.words = "files",
	.notes = "DIR must not be there, or be empty. Every byte is compared with the manifest,\n"
		 "the database is checked and the audit log verified before the home gets its\n"
		 "name: it is there whole, or not at all. FILE '-' is standard input. Which\n"
		 "encrypted models are missing is said; put them back from where they were kept.\n"
		 "\n"
		 "Exit status:\n"
		 "  0   restored\n"
		 "  1   the backup is cut, altered, or not signed with the key\n"
		 "  2   it could not be done; nothing is left behind\n"
		 "  64  wrong usage\n",
	.run = run,
};
