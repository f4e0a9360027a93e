/* `gatehouse logs`: what a deployment's engine printed. */
#include "cli/client.h"
#include "cli/cmds.h"
#include "cli/verbs.h"
#include "wire/reply.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

struct args {
	struct gh_client_args client;
	bool raw;
};
static const struct gh_opt opts[] = {
	{ .name = "raw",
	  .kind = GH_OPT_FLAG,
	  .at = offsetof(struct args, raw),
	  .about = "Write the bytes as they are; not for a terminal." },
	GH_CLIENT_OPTS(struct args),
	{ 0 },
};

/* A model's engine may print whatever a stranger wrote: what could steer a terminal is shown as what it is. */
static int copy(struct gh_cli *cli, int fd, bool raw)
{
	char block[16384];
	ssize_t n;
	while ((n = read(fd, block, sizeof block)) > 0 || (n < 0 && errno == EINTR)) {
		gh_auto_buf out = gh_buf(20 * sizeof block);
		if (n < 0)
			continue;
		struct gh_span s = { (const uint8_t *)block, (size_t)n };
		if (raw)
			gh_buf_span(&out, s);
		else
			gh_reply_safe(&out, s);
		int rc = gh_cli_print(cli, &out);
		if (rc != GH_EXIT_OK)
			return rc;
	}
	if (n == 0)
		return GH_EXIT_OK;
	gh_cli_error(cli, "the log: %s", strerror(errno));
	return GH_EXIT_UNFINISHED;
}

static int run(struct gh_cli *cli, const struct gh_cmd *cmd, int argc, char **argv)
{
	struct args a = { 0 };
	struct gh_client c;
	gh_auto_buf in = gh_buf(1024);
	const struct gh_jval *v;
	size_t n = 0;
	int fd = -1;
	int rc = gh_cli_options(cli, cmd, argc, argv, &a, &n);
	if (rc != GH_CLI_GO)
		return rc;
	if (a.raw && cli->out_tty)
		return gh_cli_wrong(cli, "--raw does not write to a terminal: what an engine prints could steer it");
	rc = gh_client_open(cli, &a.client, false, &c);
	if (rc != GH_CLI_GO)
		return rc;
	struct gh_jout j = gh_jout(&in);
	gh_jout_open(&j, NULL, '{');
	gh_jout_str(&j, "name", argv[0]);
	gh_jout_close(&j, '}');
	rc = gh_client_ask(&c, "deployment.log", &in, -1, &v, &fd);
	if (rc == GH_CLI_GO)
		rc = fd >= 0 ? copy(cli, fd, a.raw) : GH_EXIT_OK;
	if (fd >= 0)
		(void)close(fd);
	gh_client_close(&c);
	return rc;
}

const struct gh_cmd gh_cmd_logs = {
	.name = "logs",
	.about = "Show what a deployment's engine printed.",
	.usage = "[OPTION]... DEPLOYMENT",
	.opts = opts,
	.min_args = 1,
	.max_args = 1,
	.notes = "The newest part, half a MiB to one. It is kept for a week after the end.\n"
		 "\n"
		 "Exit status: 0 shown, also when it printed nothing; 2 there is no such\n"
		 "deployment, or it could not be done.",
	.run = run,
};
