/* `gatehouse import PATH --as TENANT/NAME:VERSION`: scan, digest, encrypt and sign, in one read of the bytes. */
#include "cli/client.h"
#include "cli/cmds.h"
#include "cli/progress.h"
#include "format/format.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct args {
	struct gh_client_args client;
	unsigned format;
	const char *as, *base, *lineage, *tier, *publisher, *source;
	uint64_t jobs;
	bool no_progress;
};
#define AT(field) .at = offsetof(struct args, field)

static const struct gh_opt opts[] = {
	{ .name = "as",
	  .kind = GH_OPT_FILE,
	  .value = "TENANT/[PROJECT/]NAME:VERSION",
	  AT(as),
	  .about = "Call it so in the catalog (must be given)." },
	{ .name = "base",
	  .kind = GH_OPT_FILE,
	  .value = "MODEL",
	  AT(base),
	  .about = "Record that it derives from this version." },
	{ .name = "lineage",
	  .kind = GH_OPT_FILE,
	  .value = "HOW",
	  AT(lineage),
	  .about = "Record how: adapter, fine-tune, quantized, merge or distilled (fine-tune)." },
	{ .name = "tier",
	  .kind = GH_OPT_FILE,
	  .value = "TIER",
	  AT(tier),
	  .about = "Declare the tier of risk: standard or high (standard)." },
	{ .name = "publisher",
	  .kind = GH_OPT_FILE,
	  .value = "NAME",
	  AT(publisher),
	  .about = "Record who publishes it, for the policy: your word, not the model's." },
	{ .name = "source",
	  .kind = GH_OPT_FILE,
	  .value = "WHERE",
	  AT(source),
	  .about = "Record where it was taken from, such as a URL." },
	{ .name = "jobs",
	  .letter = 'j',
	  .kind = GH_OPT_NUMBER,
	  .value = "N",
	  .min = 1,
	  .max = 64,
	  AT(jobs),
	  .about = "Scan and encrypt this many files at a time (2)." },
	GH_OPT_FORMAT(struct args),
	{ .name = "no-progress", .kind = GH_OPT_FLAG, AT(no_progress), .about = "Show no progress line." },
	GH_CLIENT_OPTS(struct args),
	{ 0 },
};

static const char *last_part(const char *path)
{
	size_t n = strlen(path);
	while (n > 1 && path[n - 1] == '/')
		n--;
	const char *p = path + n;
	while (p > path && p[-1] != '/')
		p--;
	return p;
}

static void request(const struct args *a, const char *path, struct gh_buf *in)
{
	struct gh_jout j = gh_jout(in);
	gh_jout_open(&j, NULL, '{');
	gh_jout_str(&j, "as", a->as);
	gh_jout_str(&j, "file", last_part(path));
	if (a->base != NULL)
		gh_jout_str(&j, "base", a->base);
	if (a->lineage != NULL)
		gh_jout_str(&j, "lineage", a->lineage);
	if (a->tier != NULL)
		gh_jout_str(&j, "tier", a->tier);
	if (a->publisher != NULL)
		gh_jout_str(&j, "publisher", a->publisher);
	if (a->source != NULL)
		gh_jout_str(&j, "source", a->source);
	if (a->jobs != 0)
		gh_jout_number(&j, "jobs", a->jobs);
	gh_jout_close(&j, '}');
}

static void text(const struct gh_jval *v, struct gh_buf *doc)
{
	uint64_t files = 0, bytes = 0, findings = 0;
	char size[24];
	const struct gh_jval *badge = gh_jget(v, "badge");
	(void)gh_ju64(gh_jget(v, "files"), &files);
	(void)gh_ju64(gh_jget(v, "bytes"), &bytes);
	(void)gh_ju64(gh_jget(v, "findings"), &findings);
	gh_buf_fmt(doc, "%s  %s · %llu file%s · %s · %llu finding%s\n", gh_jstr(v, "verdict"), gh_jstr(v, "model"),
		   (unsigned long long)files, files == 1 ? "" : "s", gh_client_size(bytes, size),
		   (unsigned long long)findings, findings == 1 ? "" : "s");
	for (const struct gh_jval *f = gh_jfirst(gh_jget(v, "worst")); f != NULL; f = f->next) {
		gh_buf_fmt(doc, "  %-10s %s  %s: %s\n", gh_jstr(f, "effect"), gh_jstr(f, "id"), gh_jstr(f, "file"),
			   gh_jstr(f, "title"));
		uint64_t times = 1;
		(void)gh_ju64(gh_jget(f, "times"), &times);
		if (gh_jstr(f, "detail") != NULL && gh_jstr(f, "detail")[0] != '\0')
			gh_buf_fmt(doc, "             %s\n", gh_jstr(f, "detail"));
		if (times > 1)
			gh_buf_fmt(doc, "             and %llu more of this\n", (unsigned long long)times - 1);
	}
	gh_buf_fmt(doc, "       root   sha256:%s\n       state  %s", gh_jstr(v, "root"), gh_jstr(v, "state"));
	if (gh_jstr(v, "reason") != NULL && gh_jstr(v, "reason")[0] != '\0')
		gh_buf_fmt(doc, " (%s)", gh_jstr(v, "reason"));
	gh_buf_fmt(doc, "\n       badge  %s", badge == NULL ? "none" : gh_jstr(badge, "state"));
	if (badge != NULL && gh_jstr(badge, "reason") != NULL && gh_jstr(badge, "reason")[0] != '\0')
		gh_buf_fmt(doc, " (%s)", gh_jstr(badge, "reason"));
	gh_buf_ch(doc, '\n');
}

/* The verdict decides, as for a scan: what was stored is stored, whatever it is. */
static int status(const struct gh_jval *v)
{
	const char *verdict = gh_jstr(v, "verdict"), *state = gh_jstr(v, "state");
	if (verdict != NULL && strcmp(verdict, "UNSAFE") == 0)
		return GH_EXIT_FOUND;
	if (verdict == NULL || strcmp(verdict, "INCOMPLETE") == 0)
		return GH_EXIT_UNFINISHED;
	if (state != NULL && strcmp(state, "quarantined") == 0)
		return GH_EXIT_FOUND;
	return gh_jtrue(gh_jget(gh_jget(v, "badge"), "failed")) ? GH_EXIT_UNFINISHED : GH_EXIT_OK;
}

static int import(struct gh_cli *cli, const struct args *a, const char *path, int fd, struct gh_client *c)
{
	gh_auto_buf in = gh_buf(64 << 10), doc = gh_buf(1 << 20);
	const struct gh_jval *v;
	struct gh_progress line = gh_progress(cli->err_tty && !a->no_progress ? cli->err : NULL);
	c->progress = &line;
	request(a, path, &in);
	int rc = gh_client_ask(c, "import", &in, fd, &v, NULL);
	gh_progress_end(&line);
	c->progress = NULL;
	if (rc != GH_CLI_GO)
		return rc;
	gh_client_lacking(cli, v);
	if (a->format == GH_FORMAT_JSON)
		rc = gh_client_json(cli, v);
	else {
		text(gh_client_safe(c, v), &doc);
		rc = gh_cli_print(cli, &doc);
	}
	int judged = status(v);
	return judged == GH_EXIT_OK ? rc : judged;
}

static int run(struct gh_cli *cli, const struct gh_cmd *cmd, int argc, char **argv)
{
	struct args a = { 0 };
	struct gh_client c;
	struct stat st;
	size_t n = 0;
	int rc = gh_cli_options(cli, cmd, argc, argv, &a, &n);
	if (rc != GH_CLI_GO)
		return rc;
	if (a.as == NULL)
		return gh_cli_wrong(cli, "--as is missing: under which name is it to be kept?");
	if (a.lineage != NULL && a.base == NULL)
		return gh_cli_wrong(cli, "--lineage says how it derives from --base, which is missing");
	int fd = open(argv[0], O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0 || fstat(fd, &st) != 0 || (!S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode))) {
		gh_cli_error(cli, "'%s': %s", gh_safe(gh_span_str(argv[0])).s,
			     fd < 0 ? strerror(errno) : "is neither a file nor a directory");
		if (fd >= 0)
			(void)close(fd);
		return GH_EXIT_UNFINISHED;
	}
	rc = gh_client_open(cli, &a.client, true, &c);
	if (rc == GH_CLI_GO) {
		rc = import(cli, &a, argv[0], fd, &c);
		gh_client_close(&c);
	}
	(void)close(fd);
	return rc;
}

const struct gh_cmd gh_cmd_import = {
	.name = "import",
	.about = "Scan, digest and encrypt a model in one read, and take it into the catalog.",
	.usage = "PATH --as TENANT/[PROJECT/]NAME:VERSION [OPTION]...",
	.opts = opts,
	.min_args = 1,
	.max_args = 1,
	.words = "files",
	.notes = "Every file below PATH is stored, encrypted under the tenant's key. A model that\n"
		 "is UNSAFE or INCOMPLETE is stored too, in quarantine: nobody gets it, and it has\n"
		 "no badge. A clean one gets its scan-complete badge when the policy allows it.\n"
		 "\n"
		 "Exit status:\n"
		 "  0   imported: CLEAN, or REVIEW and waiting for people\n"
		 "  1   UNSAFE, or refused by the policy: stored in quarantine; or not permitted\n"
		 "  2   INCOMPLETE: stored in quarantine; or nothing could be imported; or\n"
		 "      imported, and its badge could not be made (badge export tries again)\n"
		 "  64  wrong usage",
	.run = run,
};
