/* `gatehouse verify PATH --signature FILE`, `gatehouse verify --bundle FILE --artifact FILE`: is it signed, and by whom? */
#include "cli/cmds.h"
#include "cli/limits.h"
#include "cli/progress.h"
#include "format/format.h"
#include "scan/verify/verify.h"
#include "wire/datetime.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#define REPORT_MAX ((size_t)16 << 20)

struct args {
	unsigned format;
	const char *signature, *bundle, *artifact, *key, *ca, *root, *identity, *issuer, *at;
	struct gh_opt_files ignore;
	bool allow_unsigned, verbose, no_progress;
	uint64_t memory, seconds;
};

#define AT(field) .at = offsetof(struct args, field)
static const struct gh_opt opts[] = {
	{ .name = "signature",
	  .letter = 's',
	  .kind = GH_OPT_FILE,
	  .value = "FILE",
	  AT(signature),
	  .about = "Take the signature of the model PATH from FILE." },
	{ .name = "bundle",
	  .kind = GH_OPT_FILE,
	  .value = "FILE",
	  AT(bundle),
	  .about = "Verify a Sigstore bundle of any kind, without a model." },
	{ .name = "artifact",
	  .kind = GH_OPT_FILE,
	  .value = "FILE",
	  AT(artifact),
	  .about = "With --bundle: the file that was signed, or that the statement is about." },
	{ .name = "key",
	  .letter = 'k',
	  .kind = GH_OPT_FILE,
	  .value = "PUB",
	  AT(key),
	  .about = "Trust this public key (PEM or DER)." },
	{ .name = "ca",
	  .kind = GH_OPT_FILE,
	  .value = "ROOTS",
	  AT(ca),
	  .about = "Trust certificates that lead to one of these (PEM)." },
	{ .name = "trusted-root",
	  .kind = GH_OPT_FILE,
	  .value = "FILE",
	  AT(root),
	  .about = "Trust the authorities and logs of this Sigstore trusted root." },
	{ .name = "identity",
	  .kind = GH_OPT_FILE,
	  .value = "NAME",
	  AT(identity),
	  .about = "Demand that the signer is NAME: an e-mail address or URI." },
	{ .name = "issuer",
	  .kind = GH_OPT_FILE,
	  .value = "URL",
	  AT(issuer),
	  .about = "Demand that this provider vouched for the signer." },
	{ .name = "ignore",
	  .kind = GH_OPT_FILES,
	  .value = "NAME",
	  AT(ignore),
	  .about = "Leave out this file or directory of the model, as it is called below PATH." },
	{ .name = "allow-unsigned-files",
	  .kind = GH_OPT_FLAG,
	  AT(allow_unsigned),
	  .about = "Accept files that the signature does not list." },
	{ .name = "at",
	  .kind = GH_OPT_FILE,
	  .value = "TIME",
	  AT(at),
	  .about = "Judge as of this time, 2026-11-22T10:00:00Z (now)." },
	GH_OPT_FORMAT(struct args),
	{ .name = "verbose",
	  .letter = 'v',
	  .kind = GH_OPT_FLAG,
	  AT(verbose),
	  .about = "List checks that were not reached, too (text)." },
	{ .name = "no-progress", .kind = GH_OPT_FLAG, AT(no_progress), .about = "Show no progress line." },
	GH_OPT_LIMIT_TIME(struct args, seconds, "Stop reading the signature after this time (60)."),
	GH_OPT_LIMIT_MEMORY(struct args, memory, 64, "Give the worker this much memory (768)."),
	{ 0 },
};

static void progress(void *arg, uint64_t done, uint64_t all)
{
	gh_progress_show(arg, 0, 0, done < all ? done : all, all);
}

/* Which kind of question it is. */
static int check_use(const struct gh_cli *cli, const struct args *a, size_t n)
{
	if (n == 1 && a->bundle != NULL)
		return gh_cli_wrong(cli, "--bundle is for bundles without a model: PATH goes with --signature");
	if (n == 1 && a->signature == NULL)
		return gh_cli_wrong(cli, "say where the signature of PATH is: --signature FILE");
	if (n == 0 && (a->bundle == NULL || a->signature != NULL))
		return gh_cli_wrong(cli, a->signature != NULL
						 ? "say which model the signature is for: verify PATH --signature FILE"
						 : "give PATH and --signature FILE, or --bundle FILE");
	if (a->artifact != NULL && a->bundle == NULL)
		return gh_cli_wrong(cli, "--artifact goes with --bundle");
	if (a->bundle != NULL && a->artifact == NULL)
		return gh_cli_wrong(cli, "say what the bundle is about: --artifact FILE");
	return GH_CLI_GO;
}

/* No verdict without somebody to trust. */
static int check_trust(const struct gh_cli *cli, const struct args *a)
{
	if (a->key == NULL && a->ca == NULL && a->root == NULL)
		return gh_cli_wrong(cli, "say whom to trust: --key PUB, --ca ROOTS, or --trusted-root FILE");
	if (a->ca != NULL && (a->key != NULL || a->root != NULL))
		return gh_cli_wrong(cli, "--ca stands alone: it is another way to trust than --key and --trusted-root");
	if (a->key != NULL && (a->identity != NULL || a->issuer != NULL))
		return gh_cli_wrong(cli, "a key has no identity: --identity and --issuer go with certificates");
	if (a->root != NULL && a->key == NULL && (a->identity == NULL || a->issuer == NULL))
		return gh_cli_wrong(cli,
				    "--trusted-root vouches for whoever has an account somewhere: say who must have "
				    "signed, with --identity and --issuer");
	if (a->ca != NULL && a->issuer != NULL)
		return gh_cli_wrong(cli, "--issuer goes with --trusted-root");
	return GH_CLI_GO;
}

static int exit_of(enum gh_verify_verdict v)
{
	return v == GH_VERIFY_VALID ? GH_EXIT_OK : v == GH_VERIFY_INVALID ? GH_EXIT_FOUND : GH_EXIT_UNFINISHED;
}

static int answer(struct gh_cli *cli, const struct args *a, const struct gh_verify_report *r)
{
	gh_auto_buf doc = gh_buf(REPORT_MAX);
	if (a->format == GH_FORMAT_JSON)
		gh_verify_json(r, &doc);
	else
		gh_verify_text(r, cli->out_tty && !cli->plain, a->verbose, &doc);
	int said = gh_cli_print(cli, &doc);
	return r->verdict == GH_VERIFY_VALID ? said : exit_of(r->verdict);
}

static int run(struct gh_cli *cli, const struct gh_cmd *cmd, int argc, char **argv)
{
	struct args a = { 0 };
	size_t n = 0;
	int64_t now = (int64_t)time(NULL);
	int rc = gh_cli_options(cli, cmd, argc, argv, &a, &n);
	rc = rc == GH_CLI_GO ? check_use(cli, &a, n) : rc;
	rc = rc == GH_CLI_GO ? check_trust(cli, &a) : rc;
	if (rc == GH_CLI_GO && a.at != NULL && !gh_datetime_read(gh_span_str(a.at), &now))
		rc = gh_cli_wrong(cli, "--at: '%s' is no time such as 2026-11-22T10:00:00Z",
				  gh_safe(gh_span_str(a.at)).s);
	if (rc != GH_CLI_GO)
		return rc;
	struct gh_progress line = gh_progress(cli->err_tty && !a.no_progress ? cli->err : NULL);
	const struct gh_verify_options opt = { .bundle = n == 1 ? a.signature : a.bundle,
					       .key = a.key,
					       .ca = a.ca,
					       .root = a.root,
					       .identity = a.identity,
					       .issuer = a.issuer,
					       .model = n == 1 ? argv[0] : NULL,
					       .artifact = a.artifact,
					       .ignore = a.ignore.v,
					       .nignore = a.ignore.n,
					       .allow_unsigned = a.allow_unsigned,
					       .now = now,
					       .memory = (size_t)a.memory,
					       .seconds = (unsigned)a.seconds,
					       .progress = progress,
					       .arg = &line };
	struct gh_verify_report report;
	struct gh_err err = { 0 };
	enum gh_rc failed = gh_verify_run(&opt, &report, &err);
	gh_progress_end(&line);
	rc = GH_EXIT_UNFINISHED;
	if (failed == GH_OK) {
		rc = answer(cli, &a, &report);
	} else {
		char why[GH_ERR_LINKS * GH_ERR_TEXT];
		gh_cli_error(cli, "%s", gh_err_line(&err, why, sizeof why));
		report.why = why; /* programs get a document, whatever happened */
		report.verdict = GH_VERIFY_UNKNOWN;
		if (a.format == GH_FORMAT_JSON)
			(void)answer(cli, &a, &report);
	}
	gh_verify_free(&report);
	return rc;
}

const struct gh_cmd gh_cmd_verify = {
	.name = "verify",
	.about = "Say whether a model or artifact is signed, and by whom.",
	.usage = "[OPTION]... PATH --signature FILE | --bundle FILE --artifact FILE",
	.opts = opts,
	.min_args = 0,
	.max_args = 1,
	.words = "files",
	.notes = "PATH is a model, a file or a directory, signed as OpenSSF Model Signing 1.0 has\n"
		 "it; --bundle verifies Sigstore bundles (0.1 to 0.3) of other things. Nothing is\n"
		 "asked of the network, and no certificate of this machine is trusted.\n"
		 "\n"
		 "Whom to trust is said by one of\n"
		 "  --key PUB                        a public key\n"
		 "  --ca ROOTS                       certificates of an authority of your own\n"
		 "  --trusted-root FILE --identity NAME --issuer URL\n"
		 "                                   Sigstore; with --key, its log for that key\n"
		 "\n"
		 "Every check is listed with its outcome. Files that are not signed, links where\n"
		 "none are allowed, and what the signer left out although it holds something make\n"
		 "a signature invalid. A valid one says who vouches for a model, not that it is\n"
		 "harmless: scan it.\n"
		 "\n"
		 "Exit status:\n"
		 "  0   valid\n"
		 "  1   not valid\n"
		 "  2   could not be told\n"
		 "  64  wrong usage; nothing was verified",
	.run = run,
};
