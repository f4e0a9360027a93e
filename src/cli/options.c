#include "cli/cli.h"
#include "format/format.h"

#include <inttypes.h>
#include <string.h>

/* The argument list while it is read: arguments that are no options are moved to its front. */
struct reader {
	struct gh_cli *cli;
	const struct gh_cmd *cmd;
	char **argv;
	int argc, next;
	void *into;
};

static void *field(const struct reader *r, const struct gh_opt *o) { return (char *)r->into + o->at; }

static bool named(const struct gh_opt *o, const char *name, size_t n)
{
	return (strlen(o->name) == n && memcmp(o->name, name, n) == 0) ||
	       (o->alias != NULL && strlen(o->alias) == n && memcmp(o->alias, name, n) == 0);
}

static const struct gh_opt *by_name(const struct gh_opt *opts, const char *name, size_t n)
{
	for (const struct gh_opt *o = opts; o != NULL && o->name != NULL; o++)
		if (named(o, name, n))
			return o;
	return NULL;
}

static const struct gh_opt *by_letter(const struct gh_opt *opts, char letter)
{
	for (const struct gh_opt *o = opts; o != NULL && o->name != NULL; o++)
		if (o->letter == letter)
			return o;
	return NULL;
}

/* ---- values --------------------------------------------------------------------------------------------------- */

static int set_choice(struct reader *r, const struct gh_opt *o, const char *text)
{
	unsigned index = 0;
	for (const char *word = o->value;; index++) {
		size_t n = strcspn(word, "|");
		if (strlen(text) == n && memcmp(word, text, n) == 0) {
			*(unsigned *)field(r, o) = index;
			return GH_CLI_GO;
		}
		if (word[n] == '\0')
			break;
		word += n + 1;
	}
	return gh_cli_wrong(r->cli, "--%s: '%s' is not one of %s", o->name, gh_safe(gh_span_str(text)).s, o->value);
}

/* Digits only: no sign, no blanks, no other base. Returns the rest, or NULL when there are none or too many. */
static const char *digits(const char *text, uint64_t *v)
{
	const char *p = text;
	for (*v = 0; *p >= '0' && *p <= '9'; p++)
		if (__builtin_mul_overflow(*v, 10u, v) || __builtin_add_overflow(*v, (uint64_t)(*p - '0'), v))
			return NULL;
	return p == text ? NULL : p;
}

static int set_number(struct reader *r, const struct gh_opt *o, const char *text)
{
	uint64_t v;
	const char *rest = digits(text, &v);
	if (rest == NULL || *rest != '\0' || v < o->min || v > o->max)
		return gh_cli_wrong(r->cli, "--%s: '%s' is not a number from %" PRIu64 " to %" PRIu64, o->name,
				    gh_safe(gh_span_str(text)).s, o->min, o->max);
	*(uint64_t *)field(r, o) = v;
	return GH_CLI_GO;
}

/* "64", "64K", "64KiB": a power of 1024, or nothing. Sets *shift. */
static bool unit(const char *rest, unsigned *shift)
{
	static const char letters[] = "KMGT";
	*shift = 0;
	if (*rest == '\0')
		return true;
	const char *at = strchr(letters, *rest >= 'a' && *rest <= 'z' ? *rest - 'a' + 'A' : *rest);
	if (at == NULL || (rest[1] != '\0' && strcmp(rest + 1, "iB") != 0))
		return false;
	*shift = 10 * (unsigned)(at - letters + 1);
	return true;
}

static int set_size(struct reader *r, const struct gh_opt *o, const char *text)
{
	uint64_t v = 0;
	unsigned shift = 0;
	const char *rest = digits(text, &v);
	bool read = rest != NULL && unit(rest, &shift);
	if (read && *rest == '\0' && o->kind == GH_OPT_MIB)
		shift = 20;
	if (read && v <= UINT64_MAX >> shift && v << shift >= o->min && v << shift <= o->max) {
		*(uint64_t *)field(r, o) = v << shift;
		return GH_CLI_GO;
	}
	return gh_cli_wrong(r->cli, "--%s: '%s' is not a size from %" PRIu64 "%s to %" PRIu64 "%s, such as 512M or 16G",
			    o->name, gh_safe(gh_span_str(text)).s, o->min >> 20 > 0 ? o->min >> 20 : o->min,
			    o->min >> 20 > 0 ? "M" : "", o->max >> 30, "G");
}

static int add_file(struct reader *r, const struct gh_opt *o, const char *text)
{
	struct gh_opt_files *f = field(r, o);
	if (f->n == GH_OPT_FILES_MAX)
		return gh_cli_wrong(r->cli, "--%s: given more than %d times", o->name, GH_OPT_FILES_MAX);
	f->v[f->n++] = text;
	return GH_CLI_GO;
}

static int set_value(struct reader *r, const struct gh_opt *o, const char *text)
{
	switch (o->kind) {
	case GH_OPT_FLAG: *(bool *)field(r, o) = true; return GH_CLI_GO;
	case GH_OPT_CHOICE: return set_choice(r, o, text);
	case GH_OPT_NUMBER: return set_number(r, o, text);
	case GH_OPT_SIZE:
	case GH_OPT_MIB: return set_size(r, o, text);
	case GH_OPT_FILE:
	case GH_OPT_FILES: break;
	}
	if (text[0] == '\0')
		return gh_cli_wrong(r->cli, "--%s: the name of the file is empty", o->name);
	if (o->kind == GH_OPT_FILES)
		return add_file(r, o, text);
	*(const char **)field(r, o) = text;
	return GH_CLI_GO;
}

/* The value of `o`: what stands right behind it (given != NULL), or the next argument. */
static int take_value(struct reader *r, const struct gh_opt *o, const char *given)
{
	if (given == NULL && r->next == r->argc)
		return gh_cli_wrong(r->cli, "--%s needs a value: %s", o->name, o->value);
	return set_value(r, o, given != NULL ? given : r->argv[r->next++]);
}

/* ---- options -------------------------------------------------------------------------------------------------- */

static const char *option_at(size_t i, const void *arg) { return ((const struct gh_opt *)arg)[i].name; }

static int unknown(struct reader *r, const char *arg, size_t n)
{
	size_t count = 0;
	while (r->cmd->opts != NULL && r->cmd->opts[count].name != NULL)
		count++;
	char name[64] = { 0 };
	memcpy(name, arg + 2, n < sizeof name ? n : sizeof name - 1);
	size_t near = gh_nearest(name, count, option_at, r->cmd->opts);
	if (near != SIZE_MAX)
		return gh_cli_wrong(r->cli, "there is no option --%s (did you mean --%s?)",
				    gh_safe(gh_span_str(name)).s, r->cmd->opts[near].name);
	return gh_cli_wrong(r->cli, "there is no option --%s", gh_safe(gh_span_str(name)).s);
}

static int help(struct reader *r)
{
	gh_cmd_help(r->cmd, r->cli->out);
	return GH_EXIT_OK;
}

static int long_option(struct reader *r, const char *arg)
{
	size_t n = strcspn(arg + 2, "=");
	const char *given = arg[2 + n] == '=' ? arg + 2 + n + 1 : NULL;
	if (n == 4 && memcmp(arg + 2, "help", 4) == 0 && given == NULL)
		return help(r);
	const struct gh_opt *o = by_name(r->cmd->opts, arg + 2, n);
	if (o == NULL)
		return unknown(r, arg, n);
	if (o->kind != GH_OPT_FLAG)
		return take_value(r, o, given);
	if (given != NULL)
		return gh_cli_wrong(r->cli, "--%s takes no value", o->name);
	return set_value(r, o, "");
}

/* "-qv", "-f json", "-fjson" */
static int short_options(struct reader *r, const char *arg)
{
	for (const char *p = arg + 1; *p != '\0'; p++) {
		if (*p == 'h')
			return help(r);
		const struct gh_opt *o = by_letter(r->cmd->opts, *p);
		if (o == NULL)
			return gh_cli_wrong(r->cli, "there is no option -%s",
					    gh_safe((struct gh_span){ (const uint8_t *)p, 1 }).s);
		if (o->kind != GH_OPT_FLAG)
			return take_value(r, o, p[1] != '\0' ? p + 1 : NULL);
		(void)set_value(r, o, "");
	}
	return GH_CLI_GO;
}

static int count_args(struct reader *r, size_t n)
{
	const struct gh_cmd *c = r->cmd;
	if (n < c->min_args)
		return gh_cli_wrong(r->cli, "nothing to work on: usage is 'gatehouse %s %s'", c->name, c->usage);
	if (n > c->max_args && c->max_args == 0)
		return gh_cli_wrong(r->cli, "'%s': no argument is expected", gh_safe(gh_span_str(r->argv[0])).s);
	if (n > c->max_args)
		return gh_cli_wrong(r->cli, "'%s': one argument too many",
				    gh_safe(gh_span_str(r->argv[c->max_args])).s);
	return GH_CLI_GO;
}

int gh_cli_options(struct gh_cli *cli, const struct gh_cmd *cmd, int argc, char **argv, void *into, size_t *nargs)
{
	struct reader r = { .cli = cli, .cmd = cmd, .argv = argv, .argc = argc, .into = into };
	size_t n = 0;
	bool open = true; /* no "--" seen */
	while (r.next < argc) {
		char *arg = argv[r.next++];
		int rc = GH_CLI_GO;
		if (!open || arg[0] != '-' || arg[1] == '\0')
			argv[n++] = arg; /* "-" is an argument: standard input */
		else if (strcmp(arg, "--") == 0)
			open = false;
		else
			rc = arg[1] == '-' ? long_option(&r, arg) : short_options(&r, arg);
		if (rc != GH_CLI_GO)
			return rc;
	}
	*nargs = n;
	return count_args(&r, n);
}
