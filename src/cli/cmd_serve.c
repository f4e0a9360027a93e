/* `gatehouse serve`: the daemon of a home. */
#include "cli/client.h"
#include "cli/cmds.h"
#include "daemon/serve.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

struct args {
	struct gh_client_args client;
	uint64_t connections;
};
static const struct gh_opt opts[] = {
	{ .name = "connections",
	  .kind = GH_OPT_NUMBER,
	  .value = "N",
	  .min = 1,
	  .max = 1024,
	  .at = offsetof(struct args, connections),
	  .about = "Serve this many peers at a time (64)." },
	GH_CLIENT_OPTS(struct args),
	{ 0 },
};

static void say(void *arg, const char *line)
{
	const struct gh_cli *cli = arg;
	(void)fprintf(cli->err, "gatehouse: serve: %s\n", line);
	(void)fflush(cli->err);
}

static int run(struct gh_cli *cli, const struct gh_cmd *cmd, int argc, char **argv)
{
	struct args a = { 0 };
	struct gh_client c;
	struct gh_err err = { 0 };
	sigset_t set;
	size_t n = 0;
	int rc = gh_cli_options(cli, cmd, argc, argv, &a, &n);
	if (rc != GH_CLI_GO)
		return rc;
	/* Before any thread is made: signals are read, not caught. */
	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGTERM);
	(void)sigaddset(&set, SIGINT);
	(void)sigaddset(&set, SIGHUP);
	(void)signal(SIGPIPE, SIG_IGN);
	int stop = sigprocmask(SIG_BLOCK, &set, NULL) == 0 ? signalfd(-1, &set, SFD_CLOEXEC) : -1;
	if (stop < 0) {
		gh_cli_error(cli, "signals: %s", strerror(errno));
		return GH_EXIT_UNFINISHED;
	}
	rc = gh_client_how(cli, &a.client, &c);
	if (rc == GH_CLI_GO) {
		const struct gh_serve_options opt = { a.connections != 0 ? (unsigned)a.connections : 64, say, cli };
		c.how.keys = c.how.alone = true;
		c.how.api_key = NULL;
		enum gh_rc got = gh_service_open(&c.how, &c.service, &err);
		if (got == GH_OK)
			got = gh_serve(c.service, stop, &opt, &err);
		rc = got == GH_OK ? GH_EXIT_OK : (gh_client_failed(cli, got, &err), GH_EXIT_UNFINISHED);
		gh_client_close(&c);
	}
	(void)close(stop);
	return rc;
}

const struct gh_cmd gh_cmd_serve = {
	.name = "serve",
	.about = "Keep the catalog running, and answer on its Unix socket.",
	.usage = "[OPTION]...",
	.opts = opts,
	.notes = "Runs in the foreground until SIGTERM. The keys are opened once; other gatehouse\n"
		 "commands of this home then talk to it, and need no passphrase. Whoever owns the\n"
		 "home may act as `local`; everybody else needs an API key.\n"
		 "\n"
		 "Exit status:\n"
		 "  0   stopped\n"
		 "  2   could not be started",
	.run = run,
};
