/* The edge of the program: what the process has (streams, terminal, environment) becomes a struct gh_cli. */
#include "cli/cli.h"
#include "daemon/roles.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

static unsigned columns(bool tty)
{
	struct winsize size;
	if (tty && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
		return size.ws_col;
	return 0;
}

static bool plain(void)
{
	const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM");
	return (no_color != NULL && no_color[0] != '\0') || (term != NULL && strcmp(term, "dumb") == 0);
}

/* A descriptor opened later must never become a standard stream: messages would be written into it. What takes the place
 * of a closed one fails when it is used: nothing read from it is not an empty file, nothing written to it is not said. */
static bool streams_open(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY) != fd)
			return false;
	return true;
}

int main(int argc, char **argv)
{
	if (!streams_open())
		return GH_EXIT_UNFINISHED;
	(void)signal(SIGXFSZ, SIG_IGN); /* a limit on file sizes is an error to report, not a death */
	if (argc > 2 && strcmp(argv[1], "--role") == 0)
		return gh_role_run(argc - 2, argv + 2);
	bool tty = isatty(STDOUT_FILENO) == 1;
	struct gh_cli cli = {
		.out = stdout,
		.err = stderr,
		.out_tty = tty,
		.err_tty = isatty(STDERR_FILENO) == 1,
		.plain = plain(),
		.columns = columns(tty),
	};
	return gh_cli_main(&cli, argc, argv);
}
