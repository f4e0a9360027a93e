/* `gatehouse completion SHELL`: completion written from the tables of subcommands and options, so that it can't fall
 * behind them. Values are completed where they are known: choices, files, rule ids, subcommands. */
#include "cli/cmds.h"
#include "scan/report.h"

#include <string.h>

static const char shells[] = "bash zsh fish";

/* ---- bash ----------------------------------------------------------------------------------------------------- */

static void words_of(struct gh_buf *b, const char *alternatives)
{
	for (const char *p = alternatives; *p != '\0'; p++)
		gh_buf_ch(b, *p == '|' ? ' ' : *p);
}

static void command_names(struct gh_buf *b)
{
	for (size_t i = 0; i < gh_cmds_n; i++)
		gh_buf_fmt(b, "%s%s", i > 0 ? " " : "", gh_cmds[i]->name);
}

/* Ids contain nothing that a shell would read as more than a word. */
static void rule_ids(struct gh_buf *b)
{
	const struct gh_rule *r;
	for (size_t i = 0; (r = gh_rule_at(i)) != NULL; i++)
		gh_buf_fmt(b, "%s%s", i > 0 ? " " : "", r->id);
}

static bool known_words(const struct gh_cmd *c, struct gh_buf *b)
{
	const char *words = c->words == NULL ? "" : c->words;
	if (strcmp(words, "files") == 0)
		return false;
	if (strcmp(words, "rules") == 0)
		rule_ids(b);
	else if (strcmp(words, "commands") == 0)
		command_names(b);
	else
		gh_buf_str(b, words);
	return true;
}

static bool is_file(const struct gh_opt *o) { return o->kind == GH_OPT_FILE || o->kind == GH_OPT_FILES; }
static bool takes_files(const struct gh_cmd *c) { return c->words != NULL && strcmp(c->words, "files") == 0; }

static void bash_command(struct gh_buf *b, const struct gh_cmd *c)
{
	gh_buf_fmt(b, "\t%s)\n\t\tcase \"$prev\" in\n", c->name);
	for (const struct gh_opt *o = c->opts; o != NULL && o->name != NULL; o++) {
		if (o->kind == GH_OPT_FLAG)
			continue;
		gh_buf_fmt(b, "\t\t--%s", o->name);
		if (o->letter != 0)
			gh_buf_fmt(b, "|-%c", o->letter);
		gh_buf_str(b, ") ");
		if (o->kind == GH_OPT_CHOICE) {
			gh_buf_str(b, "mapfile -t COMPREPLY < <(compgen -W '");
			words_of(b, o->value);
			gh_buf_str(b, "' -- \"$cur\"); ");
		} else if (is_file(o))
			gh_buf_str(b, "compopt -o default; ");
		gh_buf_str(b, "return ;;\n");
	}
	gh_buf_str(b, "\t\tesac\n\t\toptions='");
	for (const struct gh_opt *o = c->opts; o != NULL && o->name != NULL; o++)
		gh_buf_fmt(b, "--%s ", o->name);
	gh_buf_str(b, "--help'\n\t\twords='");
	(void)known_words(c, b);
	gh_buf_fmt(b, "'\n\t\tfiles=%d ;;\n", takes_files(c));
}

static void bash(struct gh_buf *b)
{
	gh_buf_str(
		b,
		"# bash completion for gatehouse, written by 'gatehouse completion bash'\n"
		"_gatehouse()\n{\n"
		"\tlocal cur prev cmd='' i options='' words='' files=0\n"
		"\tCOMPREPLY=()\n"
		"\tcur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]}\n"
		"\t# readline splits --format=json into three words\n"
		"\tif [[ $cur == = ]]; then cur=''; elif [[ $prev == = ]]; then prev=${COMP_WORDS[COMP_CWORD-2]}; fi\n"
		"\tfor ((i = 1; i < COMP_CWORD; i++)); do\n"
		"\t\tcase ${COMP_WORDS[i]} in -*) ;; *) cmd=${COMP_WORDS[i]}; break ;; esac\n"
		"\tdone\n"
		"\tcase \"$cmd\" in\n"
		"\t'')\n\t\toptions='--help --version'\n\t\twords='");
	command_names(b);
	gh_buf_str(b, "' ;;\n");
	for (size_t i = 0; i < gh_cmds_n; i++)
		bash_command(b, gh_cmds[i]);
	gh_buf_str(b, "\tesac\n"
		      "\tif [[ $cur == -* ]]; then\n"
		      "\t\tmapfile -t COMPREPLY < <(compgen -W \"$options\" -- \"$cur\")\n"
		      "\telif ((files)); then\n"
		      "\t\tcompopt -o default\n"
		      "\telse\n"
		      "\t\tmapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$cur\")\n"
		      "\tfi\n"
		      "}\n"
		      "complete -F _gatehouse gatehouse\n");
}

/* ---- zsh ------------------------------------------------------------------------------------------------------ */

/* Text inside '…' and inside the [..] of _arguments. */
static void zsh_text(struct gh_buf *b, const char *s)
{
	for (; *s != '\0'; s++) {
		if (*s == '\'')
			gh_buf_str(b, "'\\''");
		else if (*s == '[' || *s == ']' || *s == ':' || *s == '\\')
			gh_buf_fmt(b, "\\%c", *s);
		else
			gh_buf_ch(b, *s);
	}
}

static void zsh_option(struct gh_buf *b, const struct gh_opt *o, const char *name)
{
	gh_buf_fmt(b, "\t\t\t'%s[", name);
	zsh_text(b, o->about);
	gh_buf_ch(b, ']');
	if (o->kind == GH_OPT_CHOICE) {
		gh_buf_fmt(b, ":%s:(", o->name);
		words_of(b, o->value);
		gh_buf_ch(b, ')');
	} else if (is_file(o))
		gh_buf_fmt(b, ":%s:_files", o->value);
	else if (o->kind != GH_OPT_FLAG)
		gh_buf_fmt(b, ":%s:", o->value);
	gh_buf_str(b, "' \\\n");
}

static void zsh(struct gh_buf *b)
{
	gh_buf_str(b, "#compdef gatehouse\n# zsh completion for gatehouse, written by 'gatehouse completion zsh'\n"
		      "_gatehouse()\n{\n\tlocal -a commands\n\tcommands=(\n");
	for (size_t i = 0; i < gh_cmds_n; i++) {
		gh_buf_fmt(b, "\t\t'%s:", gh_cmds[i]->name);
		zsh_text(b, gh_cmds[i]->about);
		gh_buf_str(b, "'\n");
	}
	gh_buf_str(b, "\t)\n\tif ((CURRENT == 2)); then\n\t\t_describe command commands\n\t\treturn\n\tfi\n"
		      "\tlocal cmd=${words[2]}\n\tshift words\n\t((CURRENT--))\n\tcase $cmd in\n");
	for (size_t i = 0; i < gh_cmds_n; i++) {
		const struct gh_cmd *c = gh_cmds[i];
		gh_buf_fmt(b, "\t%s)\n\t\t_arguments -s \\\n", c->name);
		for (const struct gh_opt *o = c->opts; o != NULL && o->name != NULL; o++) {
			char name[64];
			(void)snprintf(name, sizeof name, "--%s%s", o->name, o->kind == GH_OPT_FLAG ? "" : "=");
			zsh_option(b, o, name);
			(void)snprintf(name, sizeof name, "-%c", o->letter);
			if (o->letter != 0)
				zsh_option(b, o, name);
		}
		gh_buf_str(b, "\t\t\t'(-h --help)'{-h,--help}'[Show help.]'");
		if (takes_files(c))
			gh_buf_str(b, " \\\n\t\t\t'*:file:_files'");
		else if (c->max_args > 0) {
			gh_buf_str(b, " \\\n\t\t\t'*:argument:(");
			(void)known_words(c, b);
			gh_buf_str(b, ")'");
		}
		gh_buf_str(b, " ;;\n");
	}
	gh_buf_str(b, "\tesac\n}\n"
		      "if [[ $funcstack[1] == _gatehouse ]]; then _gatehouse \"$@\"; "
		      "else compdef _gatehouse gatehouse; fi\n");
}

/* ---- fish ----------------------------------------------------------------------------------------------------- */

static void fish_text(struct gh_buf *b, const char *s)
{
	gh_buf_ch(b, '\'');
	for (; *s != '\0'; s++)
		gh_buf_fmt(b, *s == '\'' || *s == '\\' ? "\\%c" : "%c", *s);
	gh_buf_ch(b, '\'');
}

static void fish_command(struct gh_buf *b, const struct gh_cmd *c)
{
	gh_buf_fmt(b, "complete -c gatehouse -n __fish_use_subcommand -a %s -d ", c->name);
	fish_text(b, c->about);
	gh_buf_ch(b, '\n');
	for (const struct gh_opt *o = c->opts; o != NULL && o->name != NULL; o++) {
		gh_buf_fmt(b, "complete -c gatehouse -n '__fish_seen_subcommand_from %s' -l %s", c->name, o->name);
		if (o->letter != 0)
			gh_buf_fmt(b, " -s %c", o->letter);
		if (o->kind == GH_OPT_CHOICE) {
			gh_buf_str(b, " -x -a '");
			words_of(b, o->value);
			gh_buf_ch(b, '\'');
		} else if (o->kind != GH_OPT_FLAG)
			gh_buf_str(b, is_file(o) ? " -r -F" : " -x");
		gh_buf_str(b, " -d ");
		fish_text(b, o->about);
		gh_buf_ch(b, '\n');
	}
	gh_buf_fmt(b, "complete -c gatehouse -n '__fish_seen_subcommand_from %s' ", c->name);
	if (takes_files(c)) {
		gh_buf_str(b, "-F\n");
		return;
	}
	gh_buf_str(b, "-a '");
	(void)known_words(c, b);
	gh_buf_str(b, "'\n");
}

static void fish(struct gh_buf *b)
{
	gh_buf_str(b, "# fish completion for gatehouse, written by 'gatehouse completion fish'\n"
		      "complete -c gatehouse -f\n"
		      "complete -c gatehouse -s h -l help -d 'Show help.'\n");
	for (size_t i = 0; i < gh_cmds_n; i++)
		fish_command(b, gh_cmds[i]);
}

static int run(struct gh_cli *cli, const struct gh_cmd *cmd, int argc, char **argv)
{
	static const struct {
		const char *name;
		void (*write)(struct gh_buf *);
	} shell[] = { { "bash", bash }, { "zsh", zsh }, { "fish", fish } };
	size_t n;
	int rc = gh_cli_options(cli, cmd, argc, argv, NULL, &n);
	if (rc != GH_CLI_GO)
		return rc;
	for (size_t i = 0; i < sizeof shell / sizeof shell[0]; i++) {
		if (strcmp(shell[i].name, argv[0]) != 0)
			continue;
		gh_auto_buf out = gh_buf(4 << 20);
		shell[i].write(&out);
		return gh_cli_print(cli, &out);
	}
	gh_cli_error(cli, "there is no completion for that shell; it is written for: %s", shells);
	return GH_EXIT_USAGE;
}

const struct gh_cmd gh_cmd_completion = {
	.name = "completion",
	.about = "Write completion for a shell: bash, zsh or fish.",
	.usage = "SHELL",
	.min_args = 1,
	.max_args = 1,
	.words = shells,
	.notes = "bash:  gatehouse completion bash \\\n"
		 "         > ~/.local/share/bash-completion/completions/gatehouse\n"
		 "zsh:   gatehouse completion zsh > DIR/_gatehouse, where DIR is listed in $fpath\n"
		 "fish:  gatehouse completion fish > ~/.config/fish/completions/gatehouse.fish",
	.run = run,
};
