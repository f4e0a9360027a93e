/* `gatehouse evidence add|list|show`: statements of others about a model. */
#include "cli/cmds.h"
#include "cli/output.h"
#include "cli/verbs.h"
#include "format/format.h"
#include "os/file.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { TRUST_MAX = 64 << 10, SHOWN_MAX = 64 << 20 };

struct args {
	struct gh_client_args client;
	unsigned format;
	const char *kind, *key, *ca, *root, *identity, *issuer, *output;
};
#define AT(field) .at = offsetof(struct args, field)

static const struct gh_opt opts[] = {
	{ .name = "kind",
	  .kind = GH_OPT_FILE,
	  .value = "KIND",
	  AT(kind),
	  .about = "Say what it is, when it does not say so itself (add)." },
	{ .name = "key",
	  .letter = 'k',
	  .kind = GH_OPT_FILE,
	  .value = "PUB.pem",
	  AT(key),
	  .about = "Trust this public key (add)." },
	{ .name = "ca",
	  .kind = GH_OPT_FILE,
	  .value = "ROOTS.pem",
	  AT(ca),
	  .about = "Trust certificates of this authority (add)." },
	{ .name = "trusted-root",
	  .kind = GH_OPT_FILE,
	  .value = "FILE",
	  AT(root),
	  .about = "Trust this Sigstore root, with --identity and --issuer; or its log, with --key (add)." },
	{ .name = "identity",
	  .kind = GH_OPT_FILE,
	  .value = "NAME",
	  AT(identity),
	  .about = "Demand that the certificate names this signer (add)." },
	{ .name = "issuer",
	  .kind = GH_OPT_FILE,
	  .value = "URL",
	  AT(issuer),
	  .about = "Demand that this issuer vouched for the signer (add)." },
	{ .name = "output",
	  .letter = 'o',
	  .kind = GH_OPT_FILE,
	  .value = "FILE",
	  AT(output),
	  .about = "Write the document to FILE instead of standard output (show)." },
	GH_OPT_FORMAT(struct args),
	GH_CLIENT_OPTS(struct args),
	{ 0 },
};

/* ---- add ------------------------------------------------------------------------------------------------------------------- */

/* A file of text becomes a member of the question; the worker reads it, we only carry it. */
static int put_file(struct gh_cli *cli, const char *option, const char *path, const char *member, struct gh_jout *j)
{
	struct stat st;
	char *text;
	if (path == NULL)
		return GH_CLI_GO;
	const char *shown = gh_safe(gh_span_str(path)).s;
	int fd = gh_os_open_regular(path, &st);
	if (fd < 0 || st.st_size > TRUST_MAX) {
		gh_cli_error(cli, "%s: '%s': %s", option, shown,
			     fd >= 0	       ? "larger than 64 KiB"
			     : errno == EINVAL ? "is no regular file"
					       : strerror(errno));
		if (fd >= 0)
			(void)close(fd);
		return GH_EXIT_UNFINISHED;
	}
	gh_auto_buf room = gh_buf(TRUST_MAX + 1);
	for (off_t i = 0; i < st.st_size; i++)
		gh_buf_ch(&room, ' ');
	text = room.p == NULL ? NULL : (char *)room.p;
	bool ok = text != NULL && gh_os_read_at(fd, text, (size_t)st.st_size, 0);
	(void)close(fd);
	if (!ok || memchr(text, 0, (size_t)st.st_size) != NULL) {
		gh_cli_error(cli, "%s: '%s': %s", option, shown, ok ? "is no text" : "is empty or cannot be read");
		return GH_EXIT_UNFINISHED;
	}
	gh_auto_buf plain = gh_buf(TRUST_MAX + 1); /* lines may end as they like, where they come from */
	for (off_t i = 0; i < st.st_size; i++)
		if (text[i] != '\r')
			gh_buf_ch(&plain, text[i]);
	gh_jout_span(j, member, gh_buf_view(&plain));
	return GH_CLI_GO;
}

static int question(struct gh_cli *cli, const struct args *a, const char *model, struct gh_buf *in)
{
	struct gh_jout j = gh_jout(in);
	gh_jout_open(&j, NULL, '{');
	gh_jout_str(&j, "model", model);
	if (a->kind != NULL)
		gh_jout_str(&j, "kind", a->kind);
	if (a->identity != NULL)
		gh_jout_str(&j, "identity", a->identity);
	if (a->issuer != NULL)
		gh_jout_str(&j, "issuer", a->issuer);
	int rc = put_file(cli, "--key", a->key, "key", &j);
	rc = rc == GH_CLI_GO ? put_file(cli, "--ca", a->ca, "ca", &j) : rc;
	rc = rc == GH_CLI_GO ? put_file(cli, "--trusted-root", a->root, "trusted_root", &j) : rc;
	gh_jout_close(&j, '}');
	return rc;
}

static void added(const struct gh_jval *v, struct gh_buf *doc)
{
	bool good = gh_jtrue(gh_jget(v, "verified"));
	gh_buf_fmt(doc, "%s  %s, %s%s\n", good ? "VERIFIED" : "UNVERIFIED", gh_verbs_cell(v, "kind"),
		   good ? "signed by " : "nobody stands for it", good ? gh_verbs_cell(v, "signer") : "");
	if (gh_jstr(v, "why") != NULL && gh_jstr(v, "why")[0] != '\0')
		gh_buf_fmt(doc, "  why       %s\n", gh_jstr(v, "why"));
	if (strcmp(gh_verbs_cell(v, "kind"), "sarif") == 0)
		gh_buf_fmt(doc, "  findings  %s\n", gh_verbs_cell(v, "findings"));
	gh_buf_fmt(doc, "  id        %s\n", gh_verbs_cell(v, "id"));
}

static int add(struct gh_client *c, const void *args, char **argv, size_t n)
{
	const struct args *a = args;
	const struct gh_jval *v;
	gh_auto_buf in = gh_buf(1 << 20);
	struct stat st;
	(void)n;
	int rc = question(c->cli, a, argv[0], &in);
	if (rc != GH_CLI_GO)
		return rc;
	int fd = gh_os_open_regular(argv[1], &st);
	if (fd < 0) {
		gh_cli_error(c->cli, "'%s': %s", gh_safe(gh_span_str(argv[1])).s,
			     errno == EINVAL ? "is no regular file" : strerror(errno));
		return GH_EXIT_UNFINISHED;
	}
	rc = gh_client_ask(c, "evidence.add", &in, fd, &v, NULL);
	(void)close(fd);
	if (rc != GH_CLI_GO)
		return rc;
	rc = gh_verbs_print(c, v, a->format, added);
	const char *signature = gh_verbs_cell(v, "signature"); /* what was asked for decides */
	return strcmp(signature, "not-valid") == 0 ? GH_EXIT_FOUND
	       : strcmp(signature, "unknown") == 0 ? GH_EXIT_UNFINISHED
						   : rc;
}

/* ---- list, show ------------------------------------------------------------------------------------------------------------ */

static void listed(const struct gh_jval *v, struct gh_buf *doc)
{
	const struct gh_jval *e = gh_jfirst(gh_jget(v, "evidence"));
	if (e == NULL)
		gh_buf_str(doc, "no evidence yet: gatehouse evidence add MODEL FILE\n");
	else
		gh_buf_fmt(doc, "%-32s  %-11s  %-10s  %-20s  %s\n", "ID", "KIND", "VERIFIED", "ADDED", "SIGNER");
	for (; e != NULL; e = e->next)
		gh_buf_fmt(doc, "%-32s  %-11s  %-10s  %-20s  %s\n", gh_verbs_cell(e, "id"), gh_verbs_cell(e, "kind"),
			   gh_jtrue(gh_jget(e, "verified")) ? "yes" : "no", gh_verbs_cell(e, "added"),
			   gh_verbs_cell(e, "signer"));
}

static int list(struct gh_client *c, const void *args, char **argv, size_t n)
{
	const struct args *a = args;
	const struct gh_jval *v;
	(void)n;
	int rc = gh_client_ask1(c, "evidence.list", "model", argv[0], &v);
	return rc == GH_CLI_GO ? gh_verbs_print(c, v, a->format, listed) : rc;
}

/* A stranger's bytes: to a terminal only what is harmless there, to files and pipes as they are. */
static int deliver(struct gh_cli *cli, const struct args *a, int fd)
{
	gh_auto_buf doc = gh_buf(SHOWN_MAX), shown = gh_buf(4 * SHOWN_MAX);
	char block[16384], why[400];
	struct gh_err err = { 0 };
	ssize_t n;
	off_t at = 0;
	while ((n = pread(fd, block, sizeof block, at)) > 0) {
		gh_buf_put(&doc, block, (size_t)n);
		at += n;
	}
	if (n < 0 || doc.full) {
		gh_cli_error(cli, "the document cannot be read: %s", n < 0 ? strerror(errno) : "it is too large");
		return GH_EXIT_UNFINISHED;
	}
	if (a->output != NULL && strcmp(a->output, "-") != 0) {
		if (gh_output_write(a->output, gh_buf_view(&doc), &err) == GH_OK)
			return GH_EXIT_OK;
		gh_cli_error(cli, "--output: '%s': %s", gh_safe(gh_span_str(a->output)).s,
			     gh_err_line(&err, why, sizeof why));
		return GH_EXIT_UNFINISHED;
	}
	if (!cli->out_tty)
		return gh_cli_print(cli, &doc);
	gh_buf_safe(&shown, gh_buf_view(&doc), 4 * SHOWN_MAX);
	gh_buf_ch(&shown, '\n');
	return gh_cli_print(cli, &shown);
}

static int show(struct gh_client *c, const void *args, char **argv, size_t n)
{
	const struct args *a = args;
	const struct gh_jval *v;
	gh_auto_buf in = gh_buf(4096);
	int fd = -1;
	(void)n;
	struct gh_jout j = gh_jout(&in);
	gh_jout_open(&j, NULL, '{');
	gh_jout_str(&j, "model", argv[0]);
	gh_jout_str(&j, "id", argv[1]);
	gh_jout_close(&j, '}');
	int rc = gh_client_ask(c, "evidence.show", &in, -1, &v, &fd);
	if (rc == GH_CLI_GO && fd < 0) {
		gh_cli_error(c->cli, "the service gave no document");
		rc = GH_EXIT_UNFINISHED;
	}
	if (rc == GH_CLI_GO)
		rc = deliver(c->cli, a, fd);
	if (fd >= 0)
		(void)close(fd);
	return rc;
}

static const struct gh_verb verbs[] = {
	{ "add", "MODEL and FILE", 2, 2, true, add },
	{ "list", "MODEL", 1, 1, false, list },
	{ "show", "MODEL and ID", 2, 2, true, show },
};

static int run(struct gh_cli *cli, const struct gh_cmd *cmd, int argc, char **argv)
{
	struct args a = { 0 };
	size_t n = 0;
	int rc = gh_cli_options(cli, cmd, argc, argv, &a, &n);
	return rc != GH_CLI_GO ? rc : gh_verbs_run(cli, verbs, sizeof verbs / sizeof *verbs, &a.client, &a, argv, n);
}

const struct gh_cmd gh_cmd_evidence = {
	.name = "evidence",
	.about = "Keep statements of others about a model, verified, as facts for the policy.",
	.usage = "add MODEL FILE | list MODEL | show MODEL ID [OPTION]...",
	.opts = opts,
	.min_args = 1,
	.max_args = 3,
	.words = "add list show",
	.notes = "FILE is a signature of the model (OpenSSF Model Signing), an attestation or\n"
		 "provenance (Sigstore bundle or DSSE envelope), a bill of materials, VEX, or what\n"
		 "another scanner found (SARIF). What is verified counts with its signer; all else\n"
		 "is kept as unverified, and can only make a decision stricter. Nothing of it\n"
		 "lowers a finding of ours. See docs/evidence.md.\n"
		 "\n"
		 "Exit status of add:\n"
		 "  0   stored, and verified if that was asked for\n"
		 "  1   the signature is not valid or not about this model: stored as unverified;\n"
		 "      or not permitted: not stored\n"
		 "  2   it could not be told: stored as unverified; or could not be done\n"
		 "  64  wrong usage; nothing was stored",
	.run = run,
};
