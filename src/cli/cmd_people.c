/* `gatehouse people`: principals, roles, API keys, signing keys. */
#include "cli/cmds.h"
#include "cli/people_key.h"
#include "cli/verbs.h"
#include "format/format.h"

#include <string.h>

struct args {
	struct gh_client_args client;
	unsigned format;
	bool robot;
	const char *in;
	uint64_t days;
};
static const struct gh_opt options[] = {
	GH_OPT_FORMAT(struct args),
	{ .name = "robot",
	  .kind = GH_OPT_FLAG,
	  .at = offsetof(struct args, robot),
	  .about = "Make a robot, which may never decide a review (add; else a person)." },
	{ .name = "in",
	  .kind = GH_OPT_FILE,
	  .value = "TENANT",
	  .at = offsetof(struct args, in),
	  .about = "Let the principal belong to a tenant (add; else to the platform)." },
	{ .name = "days",
	  .kind = GH_OPT_NUMBER,
	  .value = "N",
	  .min = 1,
	  .max = 730,
	  .at = offsetof(struct args, days),
	  .about = "Let the API key be valid for N days (key; 90)." },
	GH_CLIENT_OPTS(struct args),
	{ 0 },
};

/* ---- principals and roles ------------------------------------------------------------------------------------------------ */
static void added(const struct gh_jval *out, struct gh_buf *doc)
{
	const char *name = gh_verbs_cell(out, "name");
	gh_buf_fmt(doc,
		   "%s is known, and may nothing yet: gatehouse people grant %s ROLE SCOPE; gatehouse people key %s\n",
		   name, name, name);
}

static int add(struct gh_client *c, const void *args, char **argv, size_t n)
{
	const struct args *a = args;
	const struct gh_jval *out;
	(void)n;
	int rc = gh_verbs_ask(c, "principal.add", &out, "scope", a->in, "name", argv[0], "kind",
			      a->robot ? "robot" : "person", (const char *)NULL);
	return rc == GH_CLI_GO ? gh_verbs_print(c, out, a->format, added) : rc;
}

static void listed(const struct gh_jval *out, struct gh_buf *doc)
{
	for (const struct gh_jval *p = gh_jfirst(gh_jget(out, "principals")); p != NULL; p = p->next) {
		gh_buf_fmt(doc, "%s  %s of %s%s\n", gh_verbs_cell(p, "name"), gh_verbs_cell(p, "kind"),
			   gh_verbs_cell(p, "belongs_to"),
			   strcmp(gh_verbs_cell(p, "state"), "disabled") == 0 ? ", disabled" : "");
		for (const struct gh_jval *g = gh_jfirst(gh_jget(p, "grants")); g != NULL; g = g->next)
			gh_buf_fmt(doc, "    %s in %s\n", gh_verbs_cell(g, "role"), gh_verbs_cell(g, "scope"));
	}
	if (doc->n == 0)
		gh_buf_str(doc, "nobody is known\n");
}

static int list(struct gh_client *c, const void *args, char **argv, size_t n)
{
	const struct args *a = args;
	const struct gh_jval *out;
	(void)argv;
	(void)n;
	int rc = gh_verbs_ask(c, "principal.list", &out, (const char *)NULL);
	return rc == GH_CLI_GO ? gh_verbs_print(c, out, a->format, listed) : rc;
}

static void roles_text(const struct gh_jval *out, struct gh_buf *doc)
{
	for (const struct gh_jval *r = gh_jfirst(gh_jget(out, "roles")); r != NULL; r = r->next) {
		gh_buf_fmt(doc, "%s%s\n    %s\n    ", gh_verbs_cell(r, "name"),
			   !gh_jtrue(gh_jget(r, "grantable"))		 ? " (nobody's: the holder of the home)"
			   : gh_jtrue(gh_jget(r, "platform_only"))	 ? " (for the platform only)"
			   : gh_jtrue(gh_jget(r, "granted_by_platform")) ? " (granted by platform-admins)"
									 : "",
			   gh_verbs_cell(r, "about"));
		for (const struct gh_jval *p = gh_jfirst(gh_jget(r, "permissions")); p != NULL; p = p->next)
			gh_buf_fmt(doc, "%s%s", (const char *)p->text.p, p->next != NULL ? " " : "\n");
	}
}

static int roles(struct gh_client *c, const void *args, char **argv, size_t n)
{
	const struct args *a = args;
	const struct gh_jval *out;
	(void)argv;
	(void)n;
	int rc = gh_verbs_ask(c, "role.list", &out, (const char *)NULL);
	return rc == GH_CLI_GO ? gh_verbs_print(c, out, a->format, roles_text) : rc;
}

static void disabled(const struct gh_jval *out, struct gh_buf *doc)
{
	(void)out;
	gh_buf_str(doc, "disabled: it may nothing any more, its keys are revoked\n");
}

static int disable(struct gh_client *c, const void *args, char **argv, size_t n)
{
	const struct args *a = args;
	const struct gh_jval *out;
	(void)n;
	int rc = gh_verbs_ask(c, "principal.disable", &out, "principal", argv[0], (const char *)NULL);
	return rc == GH_CLI_GO ? gh_verbs_print(c, out, a->format, disabled) : rc;
}

static void granted(const struct gh_jval *out, struct gh_buf *doc)
{
	gh_buf_fmt(doc, "%s is %s in %s\n", gh_verbs_cell(out, "principal"), gh_verbs_cell(out, "role"),
		   gh_verbs_cell(out, "scope"));
}
static void taken(const struct gh_jval *out, struct gh_buf *doc)
{
	gh_buf_fmt(doc, "%s is no %s in %s any more\n", gh_verbs_cell(out, "principal"), gh_verbs_cell(out, "role"),
		   gh_verbs_cell(out, "scope"));
}

static int grant(struct gh_client *c, const void *args, char **argv, size_t n)
{
	const struct args *a = args;
	const struct gh_jval *out;
	(void)n;
	int rc = gh_verbs_ask(c, "grant.add", &out, "scope", argv[2], "principal", argv[0], "role", argv[1],
			      (const char *)NULL);
	return rc == GH_CLI_GO ? gh_verbs_print(c, out, a->format, granted) : rc;
}
static int revoke(struct gh_client *c, const void *args, char **argv, size_t n)
{
	const struct args *a = args;
	const struct gh_jval *out;
	(void)n;
	int rc = gh_verbs_ask(c, "grant.remove", &out, "scope", argv[2], "principal", argv[0], "role", argv[1],
			      (const char *)NULL);
	return rc == GH_CLI_GO ? gh_verbs_print(c, out, a->format, taken) : rc;
}

static void grants_text(const struct gh_jval *out, struct gh_buf *doc)
{
	static const char *const columns[] = { "PRINCIPAL", "principal", "ROLE",  "role", "SCOPE",
					       "scope",	    "SINCE",	 "since", NULL };
	gh_verbs_table(doc, gh_jget(out, "grants"), "no grants", columns);
}
static int grants(struct gh_client *c, const void *args, char **argv, size_t n)
{
	const struct args *a = args;
	const struct gh_jval *out;
	int rc = gh_verbs_ask(c, "grant.list", &out, "principal", n == 1 ? argv[0] : NULL, (const char *)NULL);
	return rc == GH_CLI_GO ? gh_verbs_print(c, out, a->format, grants_text) : rc;
}

/* ---- API keys -------------------------------------------------------------------------------------------------------------- */
static void key_text(const struct gh_jval *out, struct gh_buf *doc)
{
	gh_buf_fmt(doc, "API key of %s, valid until %s; it is shown once:\n%s\n", gh_verbs_cell(out, "principal"),
		   gh_verbs_cell(out, "expires"), gh_verbs_cell(out, "key"));
}

static int key(struct gh_client *c, const void *args, char **argv, size_t n)
{
	const struct args *a = args;
	const struct gh_jval *out;
	gh_auto_buf in = gh_buf(4096);
	struct gh_jout j = gh_jout(&in);
	(void)n;
	gh_jout_open(&j, NULL, '{');
	gh_jout_str(&j, "principal", argv[0]);
	if (a->days != 0)
		gh_jout_number(&j, "days", a->days);
	gh_jout_close(&j, '}');
	int rc = gh_client_ask(c, "apikey.create", &in, -1, &out, NULL);
	return rc == GH_CLI_GO ? gh_verbs_print(c, out, a->format, key_text) : rc;
}

static void keys_text(const struct gh_jval *out, struct gh_buf *doc)
{
	static const char *const columns[] = { "PRINCIPAL", "principal", "PREFIX",  "prefix",  "STATE",
					       "state",	    "CREATED",	 "created", "EXPIRES", "expires",
					       "LAST USED", "last_used", NULL };
	gh_verbs_table(doc, gh_jget(out, "keys"), "no API keys", columns);
}
static int keys(struct gh_client *c, const void *args, char **argv, size_t n)
{
	const struct args *a = args;
	const struct gh_jval *out;
	int rc = gh_verbs_ask(c, "apikey.list", &out, "principal", n == 1 ? argv[0] : NULL, (const char *)NULL);
	return rc == GH_CLI_GO ? gh_verbs_print(c, out, a->format, keys_text) : rc;
}

static void revoked(const struct gh_jval *out, struct gh_buf *doc)
{
	(void)out;
	gh_buf_str(doc, "revoked\n");
}
static int revoke_key(struct gh_client *c, const void *args, char **argv, size_t n)
{
	const struct args *a = args;
	const struct gh_jval *out;
	(void)n;
	int rc = gh_verbs_ask(c, "apikey.revoke", &out, "prefix", argv[0], (const char *)NULL);
	return rc == GH_CLI_GO ? gh_verbs_print(c, out, a->format, revoked) : rc;
}

/* ---- signing keys ---------------------------------------------------------------------------------------------------------- */
static void registered(const struct gh_jval *out, struct gh_buf *doc)
{
	gh_buf_fmt(doc, "registered: %s\n", gh_verbs_cell(out, "fingerprint"));
}
static int sign_key(struct gh_client *c, const void *args, char **argv, size_t n)
{
	const struct args *a = args;
	const struct gh_jval *out;
	char hex[GH_PEOPLE_KEY_HEX];
	(void)n;
	int rc = gh_people_key_public(c->cli, argv[0], hex);
	if (rc == GH_CLI_GO)
		rc = gh_verbs_ask(c, "signkey.add", &out, "spki", hex, (const char *)NULL);
	return rc == GH_CLI_GO ? gh_verbs_print(c, out, a->format, registered) : rc;
}

static void sign_keys_text(const struct gh_jval *out, struct gh_buf *doc)
{
	static const char *const columns[] = { "FINGERPRINT", "fingerprint", "ALGORITHM", "algorithm", "CREATED",
					       "created",     "REVOKED",     "revoked",	  NULL };
	gh_verbs_table(doc, gh_jget(out, "keys"), "no signing keys", columns);
}
static int sign_keys(struct gh_client *c, const void *args, char **argv, size_t n)
{
	const struct args *a = args;
	const struct gh_jval *out;
	int rc = gh_verbs_ask(c, "signkey.list", &out, "principal", n == 1 ? argv[0] : NULL, (const char *)NULL);
	return rc == GH_CLI_GO ? gh_verbs_print(c, out, a->format, sign_keys_text) : rc;
}
static int revoke_sign_key(struct gh_client *c, const void *args, char **argv, size_t n)
{
	const struct args *a = args;
	const struct gh_jval *out;
	(void)n;
	int rc = gh_verbs_ask(c, "signkey.revoke", &out, "fingerprint", argv[0], (const char *)NULL);
	return rc == GH_CLI_GO ? gh_verbs_print(c, out, a->format, revoked) : rc;
}

static const struct gh_verb verbs[] = {
	{ "list", "", 0, 0, false, list },
	{ "roles", "", 0, 0, false, roles },
	{ "add", "NAME", 1, 1, true, add },
	{ "disable", "NAME", 1, 1, true, disable },
	{ "grant", "NAME ROLE SCOPE", 3, 3, true, grant },
	{ "revoke", "NAME ROLE SCOPE", 3, 3, true, revoke },
	{ "grants", "[NAME]", 0, 1, false, grants },
	{ "key", "NAME", 1, 1, true, key },
	{ "keys", "[NAME]", 0, 1, false, keys },
	{ "revoke-key", "PREFIX", 1, 1, true, revoke_key },
	{ "sign-key", "FILE", 1, 1, true, sign_key },
	{ "sign-keys", "[NAME]", 0, 1, false, sign_keys },
	{ "revoke-sign-key", "FINGERPRINT", 1, 1, true, revoke_sign_key },
};

static int run(struct gh_cli *cli, const struct gh_cmd *cmd, int argc, char **argv)
{
	struct args a = { 0 };
	size_t n;
	int rc = gh_cli_options(cli, cmd, argc, argv, &a, &n);
	return rc != GH_CLI_GO ? rc : gh_verbs_run(cli, verbs, sizeof verbs / sizeof *verbs, &a.client, &a, argv, n);
}

const struct gh_cmd gh_cmd_people = {
	.name = "people",
	.about = "Make people and robots known, grant roles, issue API keys, register signing keys.",
	.usage = "[OPTION]... VERB [ARGUMENT]...",
	.opts = options,
	.min_args = 1,
	.max_args = 4,
	.words = "list roles add disable grant revoke grants key keys revoke-key sign-key sign-keys revoke-sign-key",
	.notes = "list                     Who is known, and what they may.\n"
		 "roles                    The roles, and what each permits.\n"
		 "add NAME                 Make a person (or --robot) known.\n"
		 "disable NAME             Take every right away; revoke all its keys.\n"
		 "grant NAME ROLE SCOPE    Grant a role in 'platform', TENANT or TENANT/PROJECT.\n"
		 "revoke NAME ROLE SCOPE   Take it back.\n"
		 "grants [NAME]            List grants.\n"
		 "key NAME                 Issue an API key; it is shown once.\n"
		 "keys [NAME]              List API keys by prefix, with their last use.\n"
		 "revoke-key PREFIX        Revoke one.\n"
		 "sign-key FILE            Register your own public key (PEM), to sign\n"
		 "                         decisions with.\n"
		 "sign-keys [NAME]         List these keys.\n"
		 "revoke-sign-key FINGERPRINT\n"
		 "                         Stop using one.\n"
		 "\n"
		 "Making people and granting roles needs an API key of a person who may:\n"
		 "export GATEHOUSE_API_KEY. The passphrase of the home identifies no one.\n"
		 "\n"
		 "Exit status: 0 done; 1 denied; 2 could not be done.",
	.run = run,
};
