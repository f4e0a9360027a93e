/* `gatehouse init`: a new home, its keys, the first administrator. All of it, or nothing. */
#include "cli/client.h"
#include "cli/cmds.h"
#include "format/format.h"
#include "policy/policy.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct args {
	struct gh_client_args client;
	unsigned format;
	const char *admin, *database, *blobs, *policy, *unlock, *origin;
};
#define AT(field) .at = offsetof(struct args, field)

static const struct gh_opt opts[] = {
	GH_OPT_FORMAT(struct args),
	{ .name = "home",
	  .kind = GH_OPT_FILE,
	  .value = "DIR",
	  AT(client.home),
	  .about = "Make the home here ($GATEHOUSE_HOME, else the usual place)." },
	{ .name = "passphrase-file",
	  .kind = GH_OPT_FILE,
	  .value = "FILE",
	  AT(client.passphrase_file),
	  .about = "Read the passphrase from FILE ($GATEHOUSE_PASSPHRASE_FILE; else it is asked)." },
	{ .name = "admin",
	  .kind = GH_OPT_FILE,
	  .value = "NAME",
	  AT(admin),
	  .about = "Call the first administrator so (admin)." },
	{ .name = "database",
	  .kind = GH_OPT_FILE,
	  .value = "URL",
	  AT(database),
	  .about = "Keep the catalog there (sqlite:db/catalog.db); postgresql://… works too." },
	{ .name = "blobs",
	  .kind = GH_OPT_FILE,
	  .value = "URL",
	  AT(blobs),
	  .about = "Keep ciphertext there (files in the home); s3://BUCKET/PREFIX?… works too." },
	{ .name = "policy",
	  .kind = GH_OPT_FILE,
	  .value = "PROFILE",
	  AT(policy),
	  .about = "Judge tenants without a policy by lenient, enterprise or high-risk (enterprise)." },
	{ .name = "unlock",
	  .kind = GH_OPT_FILE,
	  .value = "HOW",
	  AT(unlock),
	  .about = "Open the root key by passphrase, file:PATH, credential:NAME or tpm (passphrase)." },
	{ .name = "origin",
	  .kind = GH_OPT_FILE,
	  .value = "NAME",
	  AT(origin),
	  .about = "Name the audit log; it stands in every badge (gatehouse)." },
	{ 0 },
};

static bool copy(char *to, size_t cap, const char *from)
{
	if (from == NULL)
		return true;
	size_t n = strlen(from);
	if (n == 0 || n >= cap || strpbrk(from, "\n\r") != NULL)
		return false;
	memcpy(to, from, n + 1);
	return true;
}

static int settings(struct gh_cli *cli, const struct args *a, struct gh_home *h)
{
	struct gh_err err = { 0 };
	char dir[GH_HOME_PATH];
	enum gh_rc rc = gh_home_find(a->client.home, dir, &err);
	if (rc != GH_OK)
		return gh_client_failed(cli, rc, &err);
	gh_home_defaults(dir, h);
	if (!copy(h->database, sizeof h->database, a->database) || !copy(h->blobs, sizeof h->blobs, a->blobs) ||
	    !copy(h->policy, sizeof h->policy, a->policy) || !copy(h->unlock, sizeof h->unlock, a->unlock) ||
	    !copy(h->origin, sizeof h->origin, a->origin))
		return gh_cli_wrong(cli, "an option is empty or too long");
	struct gh_span text;
	if (!gh_policy_profile(NULL, gh_span_str(h->policy), &text))
		return gh_cli_wrong(cli, "--policy: there is no profile '%s' (lenient, enterprise, high-risk)",
				    gh_safe(gh_span_str(h->policy)).s);
	return GH_CLI_GO;
}

/* Root key and all others. */
static enum gh_rc make_keys(struct gh_client *c, char recovery[GH_VP_RECOVERY], struct gh_err *err)
{
	struct gh_service *s;
	struct gh_vault *v;
	struct gh_vault_secret secret;
	GH_TRY(gh_service_open_vault(&c->how, &s, err), err, "the keys");
	enum gh_rc rc = gh_service_vault(s, &v, err);
	if (rc == GH_OK)
		rc = gh_service_secret(gh_service_home(s), &c->how, true, &secret, err);
	if (rc == GH_OK) {
		rc = gh_vault_init(v, &secret, recovery, err);
		/* The same descriptor opens the keys in a moment: nobody is asked twice. */
		if (secret.fd >= 0 && lseek(secret.fd, 0, SEEK_SET) == 0)
			c->how.secret = secret;
	}
	gh_service_close(s);
	return rc;
}

static int answer(struct gh_cli *cli, const struct args *a, const struct gh_home *h, const char *recovery,
		  const struct gh_jval *admin)
{
	const char *name = gh_jstr(admin, "name"), *key = gh_jstr(admin, "api_key");
	gh_auto_buf doc = gh_buf(64 << 10);
	if (a->format == GH_FORMAT_JSON) {
		struct gh_jout j = gh_jout(&doc);
		gh_jout_open(&j, NULL, '{');
		gh_jout_str(&j, "home", h->dir);
		gh_jout_str(&j, "recovery_key", recovery);
		gh_jout_open(&j, "admin", '{');
		gh_jout_str(&j, "name", name);
		gh_jout_str(&j, "api_key", key);
		gh_jout_close(&j, '}');
		gh_jout_close(&j, '}');
		return gh_cli_print(cli, &doc);
	}
	gh_buf_fmt(
		&doc,
		"A home was made in %s\n\n"
		"  Recovery key    %s\n"
		"                  It opens the keys when the passphrase is lost. It is shown once: write it down.\n\n"
		"  Administrator   %s\n"
		"  API key         %s\n"
		"                  It is shown once. To act as %s: export GATEHOUSE_API_KEY=…\n\n"
		"Next: gatehouse tenant add NAME; gatehouse import PATH --as NAME/MODEL:VERSION\n",
		h->dir, recovery, name, key, name);
	int rc = gh_cli_print(cli, &doc);
	explicit_bzero(doc.p, doc.n);
	return rc;
}

static int build(struct gh_cli *cli, const struct args *a, const struct gh_home *h, struct gh_client *c)
{
	struct gh_err err = { 0 };
	char recovery[GH_VP_RECOVERY] = "";
	const struct gh_jval *admin = NULL;
	enum gh_rc rc = make_keys(c, recovery, &err);
	if (rc == GH_OK) {
		c->how.keys = true;
		rc = gh_service_open(&c->how, &c->service, &err);
	}
	if (rc == GH_OK) {
		gh_auto_buf in = gh_buf(4096);
		struct gh_jout j = gh_jout(&in);
		gh_jout_open(&j, NULL, '{');
		gh_jout_str(&j, "name", a->admin != NULL ? a->admin : "admin");
		gh_jout_close(&j, '}');
		rc = gh_service_step(c->service, NULL, "init.admin", gh_buf_view(&in), -1, &c->arena, &admin, NULL,
				     &err);
	}
	int exit = rc == GH_OK ? answer(cli, a, h, recovery, admin) : gh_client_failed(cli, rc, &err);
	explicit_bzero(recovery, sizeof recovery);
	return rc == GH_OK ? exit : exit == GH_EXIT_FOUND ? GH_EXIT_UNFINISHED : exit;
}

static int run(struct gh_cli *cli, const struct gh_cmd *cmd, int argc, char **argv)
{
	struct args a = { 0 };
	struct gh_client c;
	struct gh_home h;
	struct gh_err err = { 0 };
	size_t n = 0;
	int rc = gh_cli_options(cli, cmd, argc, argv, &a, &n);
	if (rc == GH_CLI_GO)
		rc = settings(cli, &a, &h);
	if (rc == GH_CLI_GO)
		rc = gh_client_how(cli, &a.client, &c);
	if (rc != GH_CLI_GO)
		return rc;
	c.how.home = h.dir;
	c.how.alone = true;
	c.how.api_key = NULL;
	enum gh_rc made = gh_home_make(&h, &err);
	if (made != GH_OK) {
		gh_client_close(&c);
		(void)gh_client_failed(cli, made, &err);
		return GH_EXIT_UNFINISHED;
	}
	rc = build(cli, &a, &h, &c);
	gh_client_close(&c);
	if (c.how.secret.fd > 0)
		(void)close(c.how.secret.fd);
	if (rc != GH_EXIT_OK)
		gh_home_unmake(&h);
	return rc;
}

const struct gh_cmd gh_cmd_init = {
	.name = "init",
	.about = "Make a home: keys, catalog, audit log, the first administrator.",
	.usage = "[OPTION]...",
	.opts = opts,
	.notes = "The passphrase protects the root key of everything that will be stored. The\n"
		 "recovery key and the administrator's API key are shown once and kept nowhere.\n"
		 "\n"
		 "Exit status:\n"
		 "  0   made\n"
		 "  2   could not be made; nothing is left behind\n"
		 "  64  wrong usage",
	.run = run,
};
