#include "cli/cli.h"

#include <stdarg.h>
#include <string.h>

enum { OPTION_COLUMN = 32, COMMAND_COLUMN = 14, USAGE_INDENT = 6, WIDTH = 80 };

/* Words of one line of text, the cursor being at column `at`; lines that follow are indented. Ends the line. */
static void wrapped(const char *text, size_t at, int indent, FILE *to)
{
	for (bool first = true; *text != '\0'; first = false) {
		size_t n = strcspn(text, " ");
		if (!first && at + 1 + n > WIDTH) {
			(void)fprintf(to, "\n%*s", indent, "");
			at = (size_t)indent;
		} else if (!first) {
			(void)fputc(' ', to);
			at++;
		}
		(void)fprintf(to, "%.*s", (int)n, text);
		at += n;
		text += n + (text[n] == ' ');
	}
	(void)fputc('\n', to);
}

static void option_help(const struct gh_opt *o, FILE *to)
{
	char left[128];
	char letter[8] = "    ";
	if (o->letter != 0)
		(void)snprintf(letter, sizeof letter, "-%c, ", o->letter);
	int n = snprintf(left, sizeof left, "  %s--%s%s%s", letter, o->name, o->value != NULL ? " " : "",
			 o->value != NULL ? o->value : "");
	if (n > OPTION_COLUMN - 2)
		(void)fprintf(to, "%s\n%*s", left, OPTION_COLUMN, "");
	else
		(void)fprintf(to, "%-*s", OPTION_COLUMN, left);
	wrapped(o->about, OPTION_COLUMN, OPTION_COLUMN, to);
}

void gh_cmd_help(const struct gh_cmd *cmd, FILE *to)
{
	int n = fprintf(to, "Usage: gatehouse %s%s", cmd->name, cmd->usage[0] == '\0' ? "" : " ");
	wrapped(cmd->usage, n > 0 ? (size_t)n : 0, USAGE_INDENT, to);
	(void)fputc('\n', to);
	wrapped(cmd->about, 0, 0, to);
	(void)fputs("\nOptions:\n", to);
	for (const struct gh_opt *o = cmd->opts; o != NULL && o->name != NULL; o++)
		option_help(o, to);
	option_help(&(struct gh_opt){ .name = "help", .letter = 'h', .about = "Show this help." }, to);
	if (cmd->notes != NULL)
		(void)fprintf(to, "\n%s\n", cmd->notes);
}

void gh_cli_usage(FILE *to)
{
	(void)fputs("Usage: gatehouse COMMAND [OPTION]... [ARGUMENT]...\n\n", to);
	wrapped("Gatehouse inspects third-party AI models without loading them and says whether they are safe to load.",
		0, 0, to);
	(void)fputs("\nCommands:\n", to);
	for (size_t i = 0; i < gh_cmds_n; i++) {
		(void)fprintf(to, "  %-12s", gh_cmds[i]->name);
		wrapped(gh_cmds[i]->about, COMMAND_COLUMN, COMMAND_COLUMN, to);
	}
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
