#include "cli/cli.h"

#include <stdarg.h>
#include <string.h>

enum { OPTION_COLUMN = 32 };

static void option_help(const struct gh_opt *o, FILE *to)
{
	char left[128];
	char letter[8] = "    ";
	if (o->letter != 0)
		(void)snprintf(letter, sizeof letter, "-%c, ", o->letter);
	int n = snprintf(left, sizeof left, "  %s--%s%s%s", letter, o->name, o->value != NULL ? " " : "",
			 o->value != NULL ? o->value : "");
	if (n > OPTION_COLUMN - 2)
		(void)fprintf(to, "%s\n%*s%s\n", left, OPTION_COLUMN, "", o->about);
	else
		(void)fprintf(to, "%-*s%s\n", OPTION_COLUMN, left, o->about);
}

void gh_cmd_help(const struct gh_cmd *cmd, FILE *to)
{
	(void)fprintf(to, "Usage: gatehouse %s%s%s\n\n%s\n\nOptions:\n", cmd->name, cmd->usage[0] == '\0' ? "" : " ",
		      cmd->usage, cmd->about);
	for (const struct gh_opt *o = cmd->opts; o != NULL && o->name != NULL; o++)
		option_help(o, to);
	option_help(&(struct gh_opt){ .name = "help", .letter = 'h', .about = "Show this help." }, to);
	if (cmd->notes != NULL)
		(void)fprintf(to, "\n%s\n", cmd->notes);
}

void gh_cli_usage(FILE *to)
{
	(void)fputs("Usage: gatehouse COMMAND [OPTION]... [ARGUMENT]...\n\n"
		    "Gatehouse inspects third-party AI models without loading them and says "
		    "whether they are safe to load.\n\n"
		    "Commands:\n",
		    to);
	for (size_t i = 0; i < gh_cmds_n; i++)
		(void)fprintf(to, "  %-12s%s\n", gh_cmds[i]->name, gh_cmds[i]->about);
	(void)fputs("\nTo begin: gatehouse scan PATH\n"
		    "Help on a command: gatehouse help COMMAND\n\n"
		    "Exit status: 0 clean, 1 findings, 2 could not finish, 64 wrong usage.\n",
		    to);
}

static void say(const struct gh_cli *cli, const char *fmt, va_list ap)
{
	(void)fprintf(cli->err, "gatehouse: %s%s", cli->cmd != NULL ? cli->cmd->name : "",
		      cli->cmd != NULL ? ": " : "");
	(void)vfprintf(cli->err, fmt, ap);
}

void gh_cli_error(const struct gh_cli *cli, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	say(cli, fmt, ap);
	va_end(ap);
	(void)fputc('\n', cli->err);
}

int gh_cli_wrong(const struct gh_cli *cli, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	say(cli, fmt, ap);
	va_end(ap);
	(void)fprintf(cli->err, "; see 'gatehouse %s%s--help'\n", cli->cmd != NULL ? cli->cmd->name : "",
		      cli->cmd != NULL ? " " : "");
	return GH_EXIT_USAGE;
}
