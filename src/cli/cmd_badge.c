/* `gatehouse badge verify|export|show|revoke|status`: the scan-complete badge. `verify` needs nothing but the file and a key. */
#include "cli/card.h"
#include "cli/client.h"
#include "cli/cmds.h"
#include "cli/output.h"
#include "cli/verbs.h"
#include "format/format.h"
#include "os/file.h"
#include "catalog/id.h"
#include "scan/badge_tool.h"
#include "wire/datetime.h"

#include <errno.h>
#include <string.h>
#include <time.h>
#include <sys/stat.h>
#include <unistd.h>

struct args {
	struct gh_client_args client;
	unsigned format;
	const char *key, *status, *at, *root, *output, *reason, *statement;
	uint64_t status_min;
};
#define AT(field) .at = offsetof(struct args, field)

static const struct gh_opt opts[] = {
	{ .name = "key",
	  .letter = 'k',
	  .kind = GH_OPT_FILE,
	  .value = "PUB.pem",
	  AT(key),
	  .about = "Trust this public key, of `gatehouse key export` (verify)." },
	{ .name = "status",
	  .kind = GH_OPT_FILE,
	  .value = "FILE",
	  AT(status),
	  .about = "Look the badge up in this list of revoked ones (verify)." },
	{ .name = "status-min",
	  .kind = GH_OPT_NUMBER,
	  .value = "N",
	  AT(status_min),
	  .min = 1,
	  .max = UINT32_MAX,
	  .about = "Believe only list number N or a newer one: the number that was seen last (verify)." },
	{ .name = "at",
	  .kind = GH_OPT_FILE,
	  .value = "TIME",
	  AT(at),
	  .about = "Judge as of this moment, such as 2026-11-22T10:00:00Z (verify; now)." },
	{ .name = "root",
	  .kind = GH_OPT_FILE,
	  .value = "SHA256",
	  AT(root),
	  .about = "Demand that it is about the model with this root digest (verify)." },
	{ .name = "reason",
	  .kind = GH_OPT_FILE,
	  .value = "WORD",
	  AT(reason),
	  .about = "Say why: finding, key-compromise, superseded … (revoke)." },
	{ .name = "statement",
	  .kind = GH_OPT_FILE,
	  .value = "svr|vsa|vulns|test-result",
	  AT(statement),
	  .about = "Write a statement in this form of in-toto or SLSA instead of the badge (export)." },
	{ .name = "output",
	  .letter = 'o',
	  .kind = GH_OPT_FILE,
	  .value = "FILE",
	  AT(output),
	  .about = "Write the badge or list to FILE instead of standard output (export, status, svg)." },
	GH_OPT_FORMAT(struct args),
	GH_CLIENT_OPTS(struct args),
	{ 0 },
};

/* ---- verify -------------------------------------------------------------------------------------------------------------------- */

static int open_input(struct gh_cli *cli, const char *path, int *fd)
{
	struct stat st;
	*fd = gh_os_open_regular(path, &st);
	if (*fd >= 0)
		return GH_CLI_GO;
	gh_cli_error(cli, "'%s': %s", gh_safe(gh_span_str(path)).s,
		     errno == EINVAL ? "is no regular file" : strerror(errno));
	return GH_EXIT_UNFINISHED;
}

static const char *word(int verdict)
{
	static const char *const words[] = { "VALID", "NOT VALID", "COULD NOT TELL" };
	return words[verdict];
}

static const char *claim(const struct gh_badge_seen *s, const char *name)
{
	for (size_t i = 0; i < s->nclaim; i++)
		if (strcmp(s->claim[i].name, name) == 0)
			return s->claim[i].value;
	return NULL;
}

static void verify_text(const struct gh_badge_seen *s, struct gh_buf *doc)
{
	const char *model = claim(s, "model"), *root = claim(s, "root");
	gh_buf_fmt(doc, "%s%s%s\n", word(s->verdict), model != NULL ? "  " : "", model != NULL ? model : "");
	if (root != NULL)
		gh_buf_fmt(doc, "  root digest   sha256:%s\n", root);
	for (size_t i = 0; i < s->nclaim; i++)
		if (strncmp(s->claim[i].name, GH_BADGE_PREFIX, strlen(GH_BADGE_PREFIX)) == 0)
			gh_buf_fmt(doc, "  %-26s %s\n", s->claim[i].name + strlen(GH_BADGE_PREFIX), s->claim[i].value);
	for (unsigned i = 0; i < GH_BC_CHECKS; i++)
		gh_buf_fmt(doc, "  %-11s  %-11s %s\n", gh_badge_outcome_name(s->check[i].outcome),
			   gh_badge_check_name((enum gh_badge_check)i), s->check[i].detail);
}

static void verify_json(const struct gh_badge_seen *s, struct gh_buf *doc)
{
	struct gh_jout j = gh_jout(doc);
	gh_jout_open(&j, NULL, '{');
	gh_jout_str(&j, "verdict", s->verdict == 0 ? "valid" : s->verdict == 1 ? "not-valid" : "unknown");
	gh_jout_open(&j, "checks", '[');
	for (unsigned i = 0; i < GH_BC_CHECKS; i++) {
		gh_jout_open(&j, NULL, '{');
		gh_jout_str(&j, "name", gh_badge_check_name((enum gh_badge_check)i));
		gh_jout_str(&j, "outcome", gh_badge_outcome_name(s->check[i].outcome));
		gh_jout_str(&j, "about", gh_badge_check_about((enum gh_badge_check)i));
		gh_jout_str(&j, "detail", s->check[i].detail);
		gh_jout_close(&j, '}');
	}
	gh_jout_close(&j, ']');
	gh_jout_open(&j, "claims", '{');
	for (size_t i = 0; i < s->nclaim; i++)
		gh_jout_str(&j, s->claim[i].name, s->claim[i].value);
	gh_jout_close(&j, '}');
	gh_jout_str(&j, "revocation", gh_badge_outcome_name(s->check[GH_BC_STATUS].outcome));
	gh_jout_number(&j, "log_index", s->log_index);
	gh_jout_number(&j, "log_size", s->log_size);
	gh_jout_close(&j, '}');
}

static int look(struct gh_cli *cli, const struct args *a, const struct gh_badge_files *f)
{
	gh_auto_arena arena = { .max = 4 << 20 };
	gh_auto_buf doc = gh_buf(4 << 20);
	struct gh_badge_seen seen;
	struct gh_err err = { 0 };
	char why[GH_ERR_LINKS * GH_ERR_TEXT];
	if (gh_badge_see(f, &arena, &seen, &err) != GH_OK) {
		gh_cli_error(cli, "%s", gh_err_line(&err, why, sizeof why));
		return GH_EXIT_UNFINISHED;
	}
	if (a->format == GH_FORMAT_JSON)
		verify_json(&seen, &doc);
	else
		verify_text(&seen, &doc);
	int rc = gh_cli_print(cli, &doc);
	return seen.verdict != 0 ? seen.verdict : rc;
}

static int verify(struct gh_cli *cli, const struct args *a, const char *path)
{
	struct gh_badge_files f = { .badge = -1,
				    .keys = -1,
				    .status = -1,
				    .root = a->root,
				    .at = (int64_t)time(NULL),
				    .status_min = a->status_min };
	if (a->key == NULL)
		return gh_cli_wrong(
			cli, "verify: --key is missing: the public key that is trusted (`gatehouse key export`)");
	if (a->status_min > 0 && a->status == NULL)
		return gh_cli_wrong(cli, "--status-min says which --status FILE is new enough: give that too");
	if (a->at != NULL && !gh_datetime_read(gh_span_str(a->at), &f.at))
		return gh_cli_wrong(cli, "--at: '%s' is no time like 2026-11-22T10:00:00Z",
				    gh_safe(gh_span_str(a->at)).s);
	if (a->root != NULL && !gh_digest_ok(gh_span_str(a->root)))
		return gh_cli_wrong(cli, "--root: a SHA-256 has 64 hexadecimal digits");
	int rc = open_input(cli, path, &f.badge);
	if (rc == GH_CLI_GO)
		rc = open_input(cli, a->key, &f.keys);
	if (rc == GH_CLI_GO && a->status != NULL)
		rc = open_input(cli, a->status, &f.status);
	if (rc == GH_CLI_GO)
		rc = look(cli, a, &f);
	const int fds[] = { f.badge, f.keys, f.status };
	for (size_t i = 0; i < 3; i++)
		if (fds[i] >= 0)
			(void)close(fds[i]);
	return rc;
}

/* ---- with the catalog ------------------------------------------------------------------------------------------------------------ */

static int deliver(struct gh_cli *cli, const struct args *a, struct gh_span doc)
{
	struct gh_err err = { 0 };
	char why[400];
	if (a->output == NULL || strcmp(a->output, "-") == 0) {
		gh_auto_buf out = gh_buf(doc.n + 1);
		gh_buf_span(&out, doc);
		return gh_cli_print(cli, &out);
	}
	if (gh_output_write(a->output, doc, &err) == GH_OK)
		return GH_EXIT_OK;
	gh_cli_error(cli, "--output: '%s': %s", gh_safe(gh_span_str(a->output)).s, gh_err_line(&err, why, sizeof why));
	return GH_EXIT_UNFINISHED;
}

static int export(struct gh_client *c, const struct args *a, const char *model)
{
	const struct gh_jval *v;
	int rc = gh_verbs_ask(c, "badge.export", &v, "model", model, "statement", a->statement, NULL);
	if (rc != GH_CLI_GO)
		return rc;
	return deliver(c->cli, a, gh_jget(v, "file") == NULL ? (struct gh_span){ 0 } : gh_jget(v, "file")->text);
}

static int status(struct gh_client *c, const struct args *a, const char *none)
{
	const struct gh_jval *v;
	(void)none;
	int rc = gh_client_ask1(c, "badge.status", NULL, NULL, &v);
	if (rc != GH_CLI_GO)
		return rc;
	return deliver(c->cli, a, gh_jget(v, "file") == NULL ? (struct gh_span){ 0 } : gh_jget(v, "file")->text);
}

static int say(struct gh_client *c, const struct args *a, const struct gh_jval *v, const char *model)
{
	gh_auto_buf doc = gh_buf(4096);
	if (a->format == GH_FORMAT_JSON)
		return gh_client_json(c->cli, v);
	const char *reason = gh_jstr(v, "reason"), *expires = gh_jstr(v, "expires");
	gh_buf_fmt(&doc, "%s  %s%s%s%s%s%s\n", gh_jstr(v, "state"), model,
		   reason != NULL && reason[0] != '\0' ? " (" : "", reason != NULL ? reason : "",
		   reason != NULL && reason[0] != '\0' ? ")" : "", expires != NULL ? ", until " : "",
		   expires != NULL ? expires : "");
	return gh_cli_print(c->cli, &doc);
}

/* As `verify` would answer with a status list of this moment: 0 only for a badge that holds, so that a script may ask. */
static int show(struct gh_client *c, const struct args *a, const char *model)
{
	const struct gh_jval *v;
	int rc = gh_client_ask1(c, "badge.show", "model", model, &v);
	if (rc != GH_CLI_GO)
		return rc;
	rc = say(c, a, v, model);
	return rc == GH_EXIT_OK && strcmp(gh_verbs_cell(v, "state"), "scan-complete") != 0 ? GH_EXIT_FOUND : rc;
}

static int picture(struct gh_client *c, const struct args *a, const char *model)
{
	const struct gh_jval *v;
	gh_auto_buf svg = gh_buf(64 << 10);
	int rc = gh_client_ask1(c, "badge.show", "model", model, &v);
	if (rc != GH_CLI_GO)
		return rc;
	gh_badge_svg(gh_jstr(v, "state") == NULL ? "none" : gh_jstr(v, "state"), model, &svg);
	return deliver(c->cli, a, gh_buf_view(&svg));
}

static int take_back(struct gh_client *c, const struct args *a, const char *model)
{
	gh_auto_buf in = gh_buf(4096);
	const struct gh_jval *v;
	if (a->reason == NULL)
		return gh_cli_wrong(c->cli, "revoke: --reason is missing: one word, such as finding or superseded");
	struct gh_jout j = gh_jout(&in);
	gh_jout_open(&j, NULL, '{');
	gh_jout_str(&j, "model", model);
	gh_jout_str(&j, "reason", a->reason);
	gh_jout_close(&j, '}');
	int rc = gh_client_ask(c, "badge.revoke", &in, -1, &v, NULL);
	return rc != GH_CLI_GO ? rc : say(c, a, v, model);
}

static const struct {
	const char *name;
	bool keys, model;
	int (*run)(struct gh_client *c, const struct args *a, const char *model);
} verbs[] = {
	{ "export", true, true, export },  { "show", false, true, show },   { "revoke", true, true, take_back },
	{ "status", true, false, status }, { "svg", false, true, picture },
};

static int run(struct gh_cli *cli, const struct gh_cmd *cmd, int argc, char **argv)
{
	struct args a = { 0 };
	struct gh_client c;
	size_t n = 0;
	int rc = gh_cli_options(cli, cmd, argc, argv, &a, &n);
	if (rc != GH_CLI_GO)
		return rc;
	if (strcmp(argv[0], "verify") == 0)
		return n == 2 ? verify(cli, &a, argv[1]) : gh_cli_wrong(cli, "verify: which badge? give its file");
	for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++) {
		if (strcmp(argv[0], verbs[i].name) != 0)
			continue;
		if ((n == 2) != verbs[i].model)
			return gh_cli_wrong(cli,
					    verbs[i].model ? "%s: which model? give TENANT/NAME:VERSION"
							   : "%s takes no argument",
					    verbs[i].name);
		rc = gh_client_open(cli, &a.client, verbs[i].keys, &c);
		if (rc != GH_CLI_GO)
			return rc;
		rc = verbs[i].run(&c, &a, n == 2 ? argv[1] : "");
		gh_client_close(&c);
		return rc;
	}
	return gh_cli_wrong(cli, "there is no 'badge %s': verify, export, show, revoke, status or svg",
			    gh_safe(gh_span_str(argv[0])).s);
}

const struct gh_cmd gh_cmd_badge = {
	.name = "badge",
	.about = "Verify, export, show and revoke scan-complete badges.",
	.usage = "verify FILE --key PUB.pem | export|show|revoke|svg MODEL | status [OPTION]...",
	.opts = opts,
	.min_args = 1,
	.max_args = 2,
	.words = "verify export show revoke status svg",
	.notes = "`verify` works anywhere and offline: the badge, one public key, nothing else. It\n"
		 "checks the signature, the statement, the key of the audit log, the proof that\n"
		 "the badge was logged, and its dates. Without --status it says that revocation\n"
		 "was not checked.\n"
		 "\n"
		 "`export --statement` writes what others read, signed with the same key: svr, the\n"
		 "badge without its log; vsa, whether the policy lets the model be deployed;\n"
		 "vulns, known vulnerabilities; test-result, how reviews and tests ended. See\n"
		 "docs/evidence.md.\n"
		 "\n"
		 "Exit status of verify:\n"
		 "  0   valid\n"
		 "  1   not valid: altered, expired, revoked, of another key or model\n"
		 "  2   could not tell\n"
		 "  64  wrong usage\n"
		 "show: 0 the badge holds; 1 it does not, whatever its state: none,\n"
		 "review-pending, rejected, expired, revoked. The others: 0 done; 1 there is no\n"
		 "badge, or it is not permitted; 2 could not.",
	.run = run,
};
