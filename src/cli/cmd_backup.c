/* `gatehouse backup`: the home in one file, while everything runs. */
#include "cli/client.h"
#include "cli/cmds.h"
#include "format/format.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

struct args {
	struct gh_client_args client;
	unsigned format;
	const char *out;
	bool blobs;
};
static const struct gh_opt opts[] = {
	{ .name = "output",
	  .letter = 'o',
	  .kind = GH_OPT_FILE,
	  .value = "FILE|DIR",
	  .at = offsetof(struct args, out),
	  .about = "Write the backup to this new file, or under a name of its own into this directory." },
	{ .name = "blobs",
	  .kind = GH_OPT_FLAG,
	  .at = offsetof(struct args, blobs),
	  .about = "Put the encrypted models into it too. Without, they must be saved by other means." },
	GH_OPT_FORMAT(struct args),
	GH_CLIENT_OPTS(struct args),
	{ 0 },
};

struct target { /* a file that appears when it is whole */
	char path[4096], part[4200];
	int fd;
};

static bool choose(const char *out, struct target *t)
{
	struct stat st;
	char name[64];
	time_t now = time(NULL);
	struct tm tm;
	bool dir = stat(out, &st) == 0 && S_ISDIR(st.st_mode);
	if (gmtime_r(&now, &tm) == NULL || strftime(name, sizeof name, "/gatehouse-%Y%m%dT%H%M%SZ.tar", &tm) == 0)
		return false;
	return (size_t)snprintf(t->path, sizeof t->path, "%s%s", out, dir ? name : "") < sizeof t->path &&
	       (size_t)snprintf(t->part, sizeof t->part, "%s.part-%ld", t->path, (long)getpid()) < sizeof t->part;
}

static int begin(struct gh_cli *cli, const char *out, struct target *t)
{
	struct stat st;
	t->fd = -1;
	if (!choose(out, t)) {
		gh_cli_error(cli, "%s: the name is too long", out);
		return GH_EXIT_USAGE;
	}
	if (lstat(t->path, &st) == 0) {
		gh_cli_error(cli, "%s is there already: a backup is never written over", t->path);
		return GH_EXIT_UNFINISHED;
	}
	t->fd = open(t->part, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (t->fd < 0) {
		gh_cli_error(cli, "%s cannot be written: %s", t->path, strerror(errno));
		return GH_EXIT_UNFINISHED;
	}
	return GH_CLI_GO;
}

static int finish(struct gh_cli *cli, struct target *t)
{
	char dir[sizeof t->path];
	(void)snprintf(dir, sizeof dir, "%s", t->path);
	char *slash = strrchr(dir, '/');
	if (slash == dir)
		slash++;
	if (slash != NULL)
		*slash = '\0';
	bool good = fsync(t->fd) == 0 && renameat2(AT_FDCWD, t->part, AT_FDCWD, t->path, RENAME_NOREPLACE) == 0;
	int sys = errno;
	int fd = good ? open(slash == NULL ? "." : dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
	if (good && (fd < 0 || fsync(fd) != 0)) {
		sys = errno;
		good = false;
	}
	if (fd >= 0)
		(void)close(fd);
	if (!good)
		gh_cli_error(cli, "%s cannot be written: %s", t->path, strerror(sys));
	return good ? GH_CLI_GO : GH_EXIT_UNFINISHED;
}

static int answer(struct gh_cli *cli, const struct args *a, const struct target *t, const struct gh_jval *v)
{
	gh_auto_buf doc = gh_buf(64 << 10);
	uint64_t bytes = 0, files = 0;
	char size[24];
	(void)gh_ju64(gh_jget(v, "bytes"), &bytes);
	(void)gh_ju64(gh_jget(v, "files"), &files);
	const char *manifest = gh_jstr(v, "manifest"), *store = gh_jstr(v, "store");
	if (a->format == GH_FORMAT_JSON) {
		struct gh_jout j = gh_jout(&doc);
		gh_jout_open(&j, NULL, '{');
		gh_jout_str(&j, "file", t->path);
		gh_jout_str(&j, "manifest", manifest);
		gh_jout_number(&j, "files", files);
		gh_jout_number(&j, "bytes", bytes);
		gh_jout_bool(&j, "blobs", a->blobs);
		gh_jout_str(&j, "store", store);
		gh_jout_close(&j, '}');
	} else {
		gh_buf_fmt(&doc, "%s: %llu files, %s; manifest %s\n", t->path, (unsigned long long)files,
			   gh_client_size(bytes, size), manifest == NULL ? "" : manifest);
		if (store != NULL)
			gh_buf_fmt(&doc,
				   "The encrypted models are not in it: they lie in %s; keep them with the store's own "
				   "means "
				   "(versions, replication, a copy of the bucket).\n",
				   gh_safe(gh_span_str(store)).s);
		else if (!a->blobs)
			gh_buf_str(&doc,
				   "The encrypted models are not in it: save the blob store too, or use --blobs.\n");
		gh_buf_str(&doc, "It holds no key in the open and no password of gatehouse.yaml: restoring needs the "
				 "passphrase or the recovery key.\n");
	}
	return gh_cli_print(cli, &doc);
}

static int run(struct gh_cli *cli, const struct gh_cmd *cmd, int argc, char **argv)
{
	struct args a = { 0 };
	struct gh_client c;
	struct target t;
	const struct gh_jval *v = NULL;
	size_t n = 0;
	int rc = gh_cli_options(cli, cmd, argc, argv, &a, &n);
	if (rc != GH_CLI_GO)
		return rc;
	if (a.out == NULL)
		return gh_cli_wrong(cli, "-o FILE is missing: where shall the backup go?");
	rc = begin(cli, a.out, &t);
	if (rc == GH_CLI_GO)
		rc = gh_client_open(cli, &a.client, true, &c);
	if (rc == GH_CLI_GO) {
		gh_auto_buf in = gh_buf(256);
		gh_buf_fmt(&in, "{\"blobs\":%s}", a.blobs ? "true" : "false");
		rc = gh_client_ask(&c, "backup", &in, t.fd, &v, NULL);
		if (rc == GH_CLI_GO)
			rc = finish(cli, &t);
		if (rc == GH_CLI_GO)
			rc = answer(cli, &a, &t, v);
		gh_client_close(&c);
	}
	if (t.fd >= 0) {
		(void)close(t.fd);
		(void)unlink(t.part); /* it has its name by now, or is worth nothing */
	}
	return rc;
}

const struct gh_cmd gh_cmd_backup = {
	.name = "backup",
	.about = "Write settings, database, wrapped keys and audit log to a file.",
	.usage = "-o FILE|DIR [--blobs] [OPTION]...",
	.opts = opts,
	.notes = "Runs beside everything else and stops nobody. The file is signed with the\n"
		 "badge key and holds no key in the open. 'gatehouse restore' makes a home of\n"
		 "it. See docs/backup.md.\n"
		 "\n"
		 "Exit status:\n"
		 "  0   written, and on the disk\n"
		 "  1   not permitted\n"
		 "  2   could not be written; nothing is left behind\n"
		 "  64  wrong usage\n",
	.run = run,
};
