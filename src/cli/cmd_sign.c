/* `gatehouse sign PATH --key KEY -o model.sig`: an OpenSSF Model Signing bundle for a model. */
#include "cli/cmds.h"
#include "cli/output.h"
#include "cli/progress.h"
#include "format/format.h"
#include "os/file.h"
#include "scan/verify/sign.h"
#include "wire/jout.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BUNDLE_MAX ((size_t)128 << 20)
enum { SMALL_FILE = 4 << 20 };

struct args {
	unsigned format, method;
	const char *key, *cert, *output;
	uint64_t shard_size;
	struct gh_opt_files ignore;
	bool allow_links, no_progress;
};

#define AT(field) .at = offsetof(struct args, field)
static const struct gh_opt opts[] = {
	{ .name = "key",
	  .letter = 'k',
	  .kind = GH_OPT_FILE,
	  .value = "KEY",
	  AT(key),
	  .about = "Sign with this private key: P-256, P-384, P-521 or Ed25519, PEM or DER, no passphrase." },
	{ .name = "cert",
	  .kind = GH_OPT_FILE,
	  .value = "CHAIN",
	  AT(cert),
	  .about = "Put the key's certificates into the signature: the signer's first (PEM)." },
	{ .name = "output",
	  .letter = 'o',
	  .kind = GH_OPT_FILE,
	  .value = "FILE",
	  AT(output),
	  .about = "Write the signature to FILE (model.sig); - is standard output." },
	{ .name = "method",
	  .kind = GH_OPT_CHOICE,
	  .value = "files|shards",
	  AT(method),
	  .about = "Digest whole files, or pieces of them (files)." },
	{ .name = "shard-size",
	  .kind = GH_OPT_NUMBER,
	  .value = "BYTES",
	  .min = 1,
	  .max = (uint64_t)1 << 50,
	  AT(shard_size),
	  .about = "Make pieces of this many bytes (1000000000)." },
	{ .name = "ignore",
	  .kind = GH_OPT_FILES,
	  .value = "NAME",
	  AT(ignore),
	  .about = "Leave out this file or directory, as it is called below PATH." },
	{ .name = "allow-symlinks",
	  .kind = GH_OPT_FLAG,
	  AT(allow_links),
	  .about = "Sign what links inside the model lead to, instead of refusing them." },
	GH_OPT_FORMAT(struct args),
	{ .name = "no-progress", .kind = GH_OPT_FLAG, AT(no_progress), .about = "Show no progress line." },
	{ 0 },
};

static void progress(void *arg, uint64_t done, uint64_t all)
{
	gh_progress_show(arg, 0, 0, done < all ? done : all, all);
}

/* A small file of the caller's. The caller wipes and frees out->p. */
static enum gh_rc read_small(const char *path, struct gh_buf *out, struct gh_err *err)
{
	struct stat st;
	int fd = gh_os_open_regular(path, &st);
	if (fd < 0)
		return errno == EINVAL ? gh_fail(err, GH_E_IO, "it is no regular file")
				       : gh_fail_sys(err, errno, "it cannot be read");
	enum gh_rc rc = GH_OK;
	if (st.st_size > SMALL_FILE)
		rc = gh_fail(err, GH_E_LIMIT, "it is larger than any key or certificate");
	uint8_t *p = rc == GH_OK ? malloc((size_t)st.st_size + 1) : NULL;
	if (rc == GH_OK && p == NULL)
		rc = gh_fail(err, GH_E_NOMEM, "no memory to read it");
	if (rc == GH_OK && !gh_os_read_at(fd, p, (size_t)st.st_size, 0))
		rc = gh_fail_sys(err, errno, "it cannot be read");
	(void)close(fd);
	if (rc == GH_OK)
		*out = (struct gh_buf){
			.p = p, .n = (size_t)st.st_size, .cap = (size_t)st.st_size + 1, .max = SMALL_FILE
		};
	else
		free(p);
	return rc;
}

static int wrong_file(const struct gh_cli *cli, const char *option, const char *path, const struct gh_err *err)
{
	char why[GH_ERR_LINKS * GH_ERR_TEXT];
	gh_cli_error(cli, "%s: '%s': %s", option, gh_safe(gh_span_str(path)).s, gh_err_line(err, why, sizeof why));
	return GH_EXIT_UNFINISHED;
}

static int read_key(const struct gh_cli *cli, const char *path, struct gh_key **out)
{
	struct gh_buf text = { 0 };
	struct gh_err err = { 0 };
	enum gh_rc rc = read_small(path, &text, &err);
	rc = rc == GH_OK ? gh_key_private(gh_buf_view(&text), out, &err) : rc;
	if (text.p != NULL)
		explicit_bzero(text.p, text.cap);
	gh_buf_free(&text);
	return rc == GH_OK ? GH_CLI_GO : wrong_file(cli, "--key", path, &err);
}

static int read_cert(const struct gh_cli *cli, const struct args *a, const struct gh_key *key, struct gh_certs *out)
{
	struct gh_buf text = { 0 };
	struct gh_err err = { 0 };
	size_t n;
	if (a->cert == NULL)
		return GH_CLI_GO;
	enum gh_rc rc = read_small(a->cert, &text, &err);
	rc = rc == GH_OK ? gh_certs_read(out, gh_buf_view(&text), &err) : rc;
	rc = rc == GH_OK ? gh_sign_chain(key, out, &n, &err) : rc;
	gh_buf_free(&text);
	return rc == GH_OK ? GH_CLI_GO : wrong_file(cli, "--cert", a->cert, &err);
}

static bool to_file(const struct args *a) { return strcmp(a->output, "-") != 0; }

/* All that can be known to be wrong before the model is read. */
static int check(const struct gh_cli *cli, struct args *a, const char *path)
{
	struct gh_err err = { 0 };
	if (a->key == NULL)
		return gh_cli_wrong(cli, "say what to sign with: --key KEY");
	if (a->shard_size != 0 && a->method != GH_OMS_SHARDS)
		return gh_cli_wrong(cli, "--shard-size goes with --method shards");
	a->shard_size = a->method != GH_OMS_SHARDS ? 0 : a->shard_size == 0 ? GH_OMS_SHARD_SIZE : a->shard_size;
	if (strcmp(path, "-") == 0)
		return gh_cli_wrong(cli, "standard input cannot be signed: give a file or a directory");
	a->output = a->output == NULL ? "model.sig" : a->output;
	if (to_file(a) && gh_output_same(a->output, path))
		return gh_cli_wrong(cli, "--output: it would overwrite what is to be signed");
	if (a->format == GH_FORMAT_JSON && !to_file(a))
		return gh_cli_wrong(cli, "with -o -, standard output is the signature: --format json has no place");
	return !to_file(a) || gh_output_check(a->output, &err) == GH_OK ? GH_CLI_GO
									: wrong_file(cli, "--output", a->output, &err);
}

static int answer(struct gh_cli *cli, const struct args *a, const struct gh_key *key, const struct gh_sign_result *res)
{
	gh_auto_buf doc = gh_buf(64 << 10);
	uint8_t id[32] = { 0 };
	gh_auto_buf hex = gh_buf(128);
	(void)gh_key_id(key, id);
	for (size_t i = 0; i < sizeof id; i++)
		gh_buf_fmt(&hex, "%02x", id[i]);
	if (a->format == GH_FORMAT_JSON) {
		struct gh_jout j = gh_jout(&doc);
		gh_jout_open(&j, NULL, '{');
		gh_jout_str(&j, "signature", a->output);
		gh_jout_str(&j, "sha256", res->root);
		gh_jout_number(&j, "files", res->files);
		gh_jout_number(&j, "bytes", res->bytes);
		gh_jout_str(&j, "key_kind", gh_key_name(key));
		gh_jout_str(&j, "key_sha256", gh_buf_cstr(&hex));
		gh_jout_close(&j, '}');
	} else {
		gh_buf_fmt(
			&doc,
			"signed %llu files, %llu bytes\n  root digest  %s\n  key          %s %s\n  signature    %s\n",
			(unsigned long long)res->files, (unsigned long long)res->bytes, res->root, gh_key_name(key),
			gh_buf_cstr(&hex), gh_safe(gh_span_str(a->output)).s);
	}
	return gh_cli_print(cli, &doc);
}

static int sign(struct gh_cli *cli, const struct args *a, const char *path, const struct gh_key *key,
		const struct gh_certs *cert)
{
	struct gh_progress line = gh_progress(cli->err_tty && !a->no_progress ? cli->err : NULL);
	gh_auto_buf bundle = gh_buf(BUNDLE_MAX);
	const struct gh_sign_options opt = { .model = path,
					     .key = key,
					     .cert = cert->n != 0 ? cert : NULL,
					     .method = (enum gh_oms_method)a->method,
					     .shard_size = a->shard_size,
					     .allow_links = a->allow_links,
					     .ignore = a->ignore.v,
					     .nignore = a->ignore.n,
					     .output = to_file(a) ? a->output : NULL,
					     .progress = progress,
					     .arg = &line };
	struct gh_sign_result res;
	struct gh_err err = { 0 };
	char why[GH_ERR_LINKS * GH_ERR_TEXT];
	enum gh_rc rc = gh_sign_model(&opt, &res, &bundle, &err);
	gh_progress_end(&line);
	if (rc != GH_OK) {
		gh_cli_error(cli, "'%s': %s", gh_safe(gh_span_str(path)).s, gh_err_line(&err, why, sizeof why));
		return rc == GH_E_DENIED ? GH_EXIT_FOUND : GH_EXIT_UNFINISHED;
	}
	if (!to_file(a))
		return gh_cli_print(cli, &bundle);
	if (gh_output_write(a->output, gh_buf_view(&bundle), &err) != GH_OK)
		return wrong_file(cli, "--output", a->output, &err);
	return answer(cli, a, key, &res);
}

static int run(struct gh_cli *cli, const struct gh_cmd *cmd, int argc, char **argv)
{
	struct args a = { 0 };
	size_t n = 0;
	gh_auto_key *key = NULL;
	gh_auto_certs cert = { .n = 0 };
	int rc = gh_cli_options(cli, cmd, argc, argv, &a, &n);
	rc = rc == GH_CLI_GO ? check(cli, &a, argv[0]) : rc;
	rc = rc == GH_CLI_GO ? read_key(cli, a.key, &key) : rc;
	rc = rc == GH_CLI_GO ? read_cert(cli, &a, key, &cert) : rc;
	return rc == GH_CLI_GO ? sign(cli, &a, argv[0], key, &cert) : rc;
}

const struct gh_cmd gh_cmd_sign = {
	.name = "sign",
	.about = "Sign a model, so that others can see that it is unchanged and yours.",
	.usage = "[OPTION]... PATH --key KEY",
	.opts = opts,
	.min_args = 1,
	.max_args = 1,
	.words = "files",
	.notes = "PATH is a file or a directory. The signature has the form of OpenSSF Model\n"
		 "Signing 1.0, a Sigstore bundle: `gatehouse verify`, model_signing and, for keys\n"
		 "on P-256, Sigstore's clients verify it.\n"
		 "\n"
		 "Every file below PATH is signed but .git, .github, .gitignore and .gitattributes\n"
		 "at its top, the signature itself, and what --ignore names. Links, devices and\n"
		 "names that are not UTF-8 are refused.\n"
		 "\n"
		 "Make a key with: openssl genpkey -algorithm EC -pkeyopt\n"
		 "ec_paramgen_curve:P-256 -out key.pem; its public half: openssl pkey -in key.pem\n"
		 "-pubout -out pub.pem\n"
		 "\n"
		 "Exit status:\n"
		 "  0   signed\n"
		 "  1   refused: PATH holds what cannot be signed, or changed meanwhile\n"
		 "  2   could not be finished\n"
		 "  64  wrong usage; nothing was signed",
	.run = run,
};
