/* `gatehouse policy check|test|eval|facts|show`: writing policies, trying them, and asking them. What needs the catalog
 * (explain, set) adds rows to the table of verbs. */
#include "catalog/opa.h"
#include "cli/cmds.h"
#include "cli/policy_catalog.h"
#include "cli/policy_check.h"
#include "cli/policy_files.h"
#include "cli/policy_facts.h"
#include "format/format.h"
#include "policy/policy.h"
#include "scan/advisories.h"
#include "scan/report.h"
#include "wire/jout.h"

#include <string.h>
#include <time.h>

enum { TEXT, JSON, SCHEMA, MARKDOWN };
struct args {
	unsigned format;
	const char *policy, *facts, *at, *ca;
	struct gh_opt_files exceptions;
	bool all;
	struct gh_client_args client;
	const char *action, *tenant, *name;
};
#define AT(field) .at = offsetof(struct args, field)

static const struct gh_opt options[] = {
	{ .name = "format",
	  .letter = 'f',
	  .kind = GH_OPT_CHOICE,
	  .value = "text|json|schema|markdown",
	  AT(format),
	  .about = "Choose the form of the answer (text); the last two are forms of 'facts'." },
	{ .name = "policy",
	  .letter = 'p',
	  .kind = GH_OPT_FILE,
	  .value = "POLICY",
	  AT(policy),
	  .about = "Ask this policy: a file, or a shipped profile (eval)." },
	{ .name = "facts",
	  .kind = GH_OPT_FILE,
	  .value = "FILE",
	  AT(facts),
	  .about = "Take the facts from this JSON file (eval)." },
	{ .name = "exceptions",
	  .kind = GH_OPT_FILES,
	  .value = "FILE",
	  AT(exceptions),
	  .about = "Let the exceptions in this YAML file count, too (eval)." },
	{ .name = "at",
	  .kind = GH_OPT_FILE,
	  .value = "TIME",
	  AT(at),
	  .about = "Decide as of this moment, such as 2026-11-22T10:00:00Z (eval, check; now)." },
	{ .name = "opa-ca",
	  .kind = GH_OPT_FILE,
	  .value = "FILE",
	  AT(ca),
	  .about = "Trust these certificates (PEM) when an OPA server is asked (eval; those of the system)." },
	{ .name = "all",
	  .letter = 'a',
	  .kind = GH_OPT_FLAG,
	  AT(all),
	  .about = "Show rules that did not object, too (eval)." },
	{ .name = "action",
	  .kind = GH_OPT_FILE,
	  .value = "ACTION",
	  AT(action),
	  .about = "Ask about this: import, badge, export, share or deploy (explain; deploy)." },
	{ .name = "tenant",
	  .kind = GH_OPT_FILE,
	  .value = "TENANT",
	  AT(tenant),
	  .about = "Put the policy into force for this tenant, not for the whole platform (set, list)." },
	{ .name = "name",
	  .kind = GH_OPT_FILE,
	  .value = "NAME",
	  AT(name),
	  .about = "Call the policy so (set; its own name)." },
	GH_CLIENT_OPTS(struct args),
	{ .name = NULL }
};

static bool moment(struct gh_cli *cli, const struct args *a, int64_t *at)
{
	*at = (int64_t)time(NULL);
	if (a->at == NULL || gh_policy_time(gh_span_str(a->at), at))
		return true;
	(void)gh_cli_wrong(cli, "--at: '%s' is no time: write it as 2026-11-22T10:00:00Z",
			   gh_safe(gh_span_str(a->at)).s);
	return false;
}

static int check(struct gh_cli *cli, const struct args *a, int n, char **v)
{
	int64_t at;
	return moment(cli, a, &at) ? gh_policy_check(cli, a->format == JSON, at, n, v) : GH_EXIT_USAGE;
}

static int test(struct gh_cli *cli, const struct args *a, int n, char **v)
{
	return gh_policy_tables(cli, a->format == JSON, n, v);
}

/* ---- eval -------------------------------------------------------------------------------------------------------------------- */
static int read_exceptions(struct gh_cli *cli, const struct args *a, struct gh_arena *arena,
			   struct gh_policy_question *q)
{
	struct gh_exception *all = NULL;
	size_t cap = 0;
	for (size_t i = 0; i < a->exceptions.n; i++) {
		gh_auto_buf text = gh_buf(GH_POLICY_TEXT + 1);
		struct gh_err err = { 0 };
		struct gh_policy_err where;
		const struct gh_exception *v;
		size_t n;
		if (gh_read_whole(a->exceptions.v[i], GH_POLICY_TEXT, &text, &err) != GH_OK)
			return gh_policy_unread(cli, a->exceptions.v[i], &err);
		enum gh_rc rc = gh_exceptions_read(arena, gh_buf_view(&text), &v, &n, &where);
		if (rc != GH_OK) {
			(void)gh_policy_refused(cli, a->exceptions.v[i], rc, &where);
			return GH_EXIT_UNFINISHED;
		}
		all = gh_grow(arena, all, &cap, q->nexception + n, sizeof *all);
		if (all == NULL) {
			gh_cli_error(cli, "there is not enough memory for the exceptions");
			return GH_EXIT_UNFINISHED;
		}
		for (size_t k = 0; k < n; k++)
			all[q->nexception++] = v[k];
	}
	q->exception = all;
	return GH_EXIT_OK;
}

static int read_facts(struct gh_cli *cli, const struct args *a, struct gh_arena *arena, struct gh_policy_question *q)
{
	gh_auto_buf text = gh_buf((size_t)GH_FACTS_JSON + 1);
	struct gh_err err = { 0 };
	char why[900];
	struct gh_facts *f = gh_facts_new(arena);
	if (gh_read_whole(a->facts, GH_FACTS_JSON, &text, &err) != GH_OK)
		return gh_policy_unread(cli, a->facts, &err);
	if (f == NULL || gh_facts_read(f, gh_buf_view(&text), &err) != GH_OK) {
		gh_cli_error(cli, "%s: %s", gh_safe(gh_span_str(a->facts)).s,
			     f == NULL ? "no memory" : gh_err_line(&err, why, sizeof why));
		return GH_EXIT_UNFINISHED;
	}
	q->facts = f;
	return GH_EXIT_OK;
}

static int decide(struct gh_cli *cli, const struct args *a, const struct gh_policy_question *q, struct gh_arena *arena)
{
	gh_auto_buf out = gh_buf(256 << 20);
	const struct gh_policy_result *r = gh_policy_ask(q, arena);
	if (a->format == JSON)
		gh_policy_json(r, &out);
	else
		gh_policy_text(r, a->all, &out);
	int printed = gh_cli_print(cli, &out);
	if (printed != GH_EXIT_OK)
		return printed;
	return r->decision == GH_ALLOW || r->decision == GH_WARN ? GH_EXIT_OK : GH_EXIT_FOUND;
}

static int eval(struct gh_cli *cli, const struct args *a, int n, char **v)
{
	gh_auto_arena arena = { .max = (size_t)GH_FACTS_ARENA + GH_POLICY_ARENA };
	struct gh_policy_question q = { 0 };
	struct gh_policy_files files;
	struct gh_policy_err where;
	(void)v;
	if (n != 0 || a->policy == NULL || a->facts == NULL)
		return gh_cli_wrong(cli, "eval: say what is asked about what: --policy POLICY --facts FILE");
	if (!moment(cli, a, &q.at))
		return GH_EXIT_USAGE;
	int rc = gh_policy_load(cli, a->policy, &files, &arena, &q.policy, &where);
	if (rc == GH_EXIT_FOUND)
		rc = GH_EXIT_UNFINISHED; /* 1 would say that the policy denied */
	rc = rc == GH_EXIT_OK ? read_facts(cli, a, &arena, &q) : rc;
	rc = rc == GH_EXIT_OK ? read_exceptions(cli, a, &arena, &q) : rc;
	struct gh_opa_http opa = { .ca = a->ca };
	q.opa = gh_opa_http;
	q.opa_ctx = &opa;
	if (rc == GH_EXIT_OK)
		rc = decide(cli, a, &q, &arena);
	gh_policy_files_free(&files);
	return rc;
}

/* ---- facts and profiles ------------------------------------------------------------------------------------------------------ */
static int facts(struct gh_cli *cli, const struct args *a, int n, char **v)
{
	static void (*const forms[])(struct gh_buf *) = { gh_policy_facts_text, gh_policy_facts_json, gh_facts_schema,
							  gh_policy_facts_markdown };
	gh_auto_buf out = gh_buf(4 << 20);
	(void)v;
	if (n != 0)
		return gh_cli_wrong(cli, "facts: takes no arguments");
	forms[a->format](&out);
	return gh_cli_print(cli, &out);
}

static int profiles(struct gh_cli *cli, const struct args *a)
{
	gh_auto_buf out = gh_buf(1 << 20);
	struct gh_jout j = gh_jout(&out);
	if (a->format == JSON) {
		gh_jout_open(&j, NULL, '{');
		gh_jout_open(&j, "profiles", '[');
	}
	for (size_t i = 0; i < gh_policy_profiles(); i++) {
		struct gh_policy_profile_row p = gh_policy_profile_at(i);
		if (a->format != JSON) {
			gh_buf_fmt(&out, "%-12s %s\n", p.name, p.about);
			continue;
		}
		gh_jout_open(&j, NULL, '{');
		gh_jout_str(&j, "name", p.name);
		gh_jout_str(&j, "about", p.about);
		gh_jout_close(&j, '}');
	}
	if (a->format == JSON) {
		gh_jout_close(&j, ']');
		gh_jout_close(&j, '}');
	}
	return gh_cli_print(cli, &out);
}

/* The text as it is written; as JSON the canonical form, bases put in. */
static int show(struct gh_cli *cli, const struct args *a, int n, char **v)
{
	gh_auto_arena arena = { .max = GH_POLICY_ARENA };
	gh_auto_buf out = gh_buf(32 << 20);
	struct gh_policy_files files;
	struct gh_policy_err where;
	const struct gh_policy *p;
	if (n == 0)
		return profiles(cli, a);
	if (n != 1)
		return gh_cli_wrong(cli, "show: takes one profile or file");
	int rc = gh_policy_load(cli, v[0], &files, &arena, &p, &where);
	if (rc == GH_EXIT_OK && a->format == JSON)
		gh_policy_canonical(p, &out);
	else if (rc == GH_EXIT_OK)
		gh_buf_span(&out, files.top);
	gh_policy_files_free(&files);
	return rc == GH_EXIT_OK ? gh_cli_print(cli, &out) : rc;
}

/* ---- with the catalog ------------------------------------------------------------------------------------------------------ */
static int set(struct gh_cli *cli, const struct args *a, int n, char **v)
{
	gh_auto_arena arena = { .max = GH_POLICY_ARENA };
	struct gh_policy_files files;
	struct gh_policy_err where;
	const struct gh_policy *p;
	char own[80] = "policy";
	if (n != 1)
		return gh_cli_wrong(cli, "set: takes one policy: a file, or a shipped profile");
	int rc = gh_policy_load(cli, v[0], &files, &arena, &p, &where);
	if (rc == GH_EXIT_OK) {
		struct gh_span name = a->name != NULL ? gh_span_str(a->name) : gh_policy_name(p);
		if (name.n > 0 && name.n < sizeof own) {
			memcpy(own, name.p, name.n);
			own[name.n] = '\0';
		}
		rc = gh_policy_put(cli, &a->client, a->format == JSON, a->tenant, own, files.top);
	}
	gh_policy_files_free(&files);
	return rc;
}

static int explain(struct gh_cli *cli, const struct args *a, int n, char **v)
{
	if (n != 1)
		return gh_cli_wrong(cli, "explain: takes one model: TENANT/[PROJECT/]NAME:VERSION");
	static const char *const actions[] = { "import", "badge", "export", "share", "deploy" };
	size_t i = 0;
	while (a->action != NULL && i < sizeof actions / sizeof *actions && strcmp(a->action, actions[i]) != 0)
		i++;
	if (i == sizeof actions / sizeof *actions)
		return gh_cli_wrong(cli, "--action: '%s' is none: import, badge, export, share or deploy",
				    gh_safe(gh_span_str(a->action)).s);
	return gh_policy_why(cli, &a->client, a->format == JSON, a->action, a->all, v[0]);
}

static int list(struct gh_cli *cli, const struct args *a, int n, char **v)
{
	(void)v;
	if (n != 0)
		return gh_cli_wrong(cli, "list: takes no arguments");
	return gh_policy_in_force(cli, &a->client, a->format == JSON, a->tenant);
}

/* ---- verbs ------------------------------------------------------------------------------------------------------------------- */
static const struct {
	const char *name;
	int min;    /* arguments */
	bool facts; /* may be shown as schema and markdown */
	int (*run)(struct gh_cli *cli, const struct args *a, int n, char **v);
} verbs[] = {
	{ "check", 1, false, check },	  { "test", 1, false, test }, { "eval", 0, false, eval },
	{ "facts", 0, true, facts },	  { "show", 0, false, show }, { "set", 1, false, set },
	{ "explain", 1, false, explain }, { "list", 0, false, list },
};
enum { VERBS = sizeof verbs / sizeof verbs[0] };

static const char *verb_name(size_t i, const void *arg)
{
	(void)arg;
	return verbs[i].name;
}

static int run(struct gh_cli *cli, const struct gh_cmd *cmd, int argc, char **argv)
{
	struct args a = { 0 };
	size_t n;
	int rc = gh_cli_options(cli, cmd, argc, argv, &a, &n);
	if (rc != GH_CLI_GO)
		return rc;
	for (size_t i = 0; i < VERBS; i++) {
		if (strcmp(argv[0], verbs[i].name) != 0)
			continue;
		if ((int)n - 1 < verbs[i].min)
			return gh_cli_wrong(cli, "%s: name a %s", verbs[i].name,
					    verbs[i].run == explain ? "model" : "file");
		if (a.format > JSON && !verbs[i].facts)
			return gh_cli_wrong(cli, "--format: %s answers as text or json", verbs[i].name);
		return verbs[i].run(cli, &a, (int)n - 1, argv + 1);
	}
	size_t near = gh_nearest(argv[0], VERBS, verb_name, NULL);
	return gh_cli_wrong(cli, "'%s' is not known%s%s%s", gh_safe(gh_span_str(argv[0])).s,
			    near == SIZE_MAX ? "" : "; is '", near == SIZE_MAX ? "" : verbs[near].name,
			    near == SIZE_MAX ? "" : "' meant?");
}

const struct gh_cmd gh_cmd_policy = {
	.name = "policy",
	.about = "Write, check, test and ask policies: what may be done with which model.",
	.usage = "[OPTION]... check FILE... | test FILE... | eval | facts | show [PROFILE] | set POLICY |"
		 " explain MODEL | list",
	.opts = options,
	.min_args = 1,
	.max_args = SIZE_MAX,
	.words = "check test eval facts show set explain list",
	.notes = "check FILE...   Can these policies be used? Says where and why not.\n"
		 "test FILE...    Run tables of cases: facts, and what the policy should say.\n"
		 "eval            Ask a policy about facts: --policy POLICY --facts FILE.\n"
		 "facts           List the facts that policies can speak of (also as schema).\n"
		 "show [PROFILE]  List the shipped profiles, or show one; as JSON its\n"
		 "                canonical form.\n"
		 "set POLICY      Put a policy into force: for the platform, or for --tenant.\n"
		 "explain MODEL   Why a model of the catalog may or may not be used, and what\n"
		 "                to do.\n"
		 "list            The policies in force.\n"
		 "\n"
		 "Exit status: 0 allowed (perhaps with warnings), valid, all cases as expected;\n"
		 "1 denied or pending, not valid, a case differs; 2 could not be done.\n",
	.run = run,
};
