#include "cli/people_key.h"

#include "catalog/spki.h"
#include "crypto/pubkey.h"
#include "format/format.h"
#include "os/file.h"
#include "wire/sha256.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

enum { KEY_MAX = 16 << 10 };

static int failed(const struct gh_cli *cli, const char *path, const struct gh_err *err)
{
	char line[GH_ERR_LINKS * GH_ERR_TEXT];
	gh_cli_error(cli, "'%s': %s", gh_safe(gh_span_str(path)).s, gh_err_line(err, line, sizeof line));
	return GH_EXIT_UNFINISHED;
}

static int read_key(const struct gh_cli *cli, const char *path, bool private, struct gh_key **out)
{
	uint8_t text[KEY_MAX];
	struct stat st;
	struct gh_err err = { 0 };
	int fd = gh_os_open_regular(path, &st);
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof text);
	if (n < 0)
		(void)!gh_fail_sys(&err, errno, "cannot be read");
	if (fd >= 0)
		(void)close(fd);
	if (n < 0)
		return failed(cli, path, &err);
	struct gh_span s = { text, (size_t)n };
	struct gh_err other = { 0 };
	enum gh_rc rc = gh_key_private(s, out, &err);
	/* A public half is enough to register. When neither is read, what was said of the private one tells more: of a kind that
	 * does not sign, protected by a passphrase. */
	if (rc == GH_E_MALFORMED && !private && gh_key_public(s, out, &other) == GH_OK)
		rc = GH_OK;
	explicit_bzero(text, sizeof text);
	return rc == GH_OK ? GH_CLI_GO : failed(cli, path, &err);
}

static int spki_of(const struct gh_cli *cli, const char *path, const struct gh_key *k, struct gh_buf *der)
{
	if (gh_key_spki(k, der) && gh_spki_alg(gh_buf_view(der)) != NULL)
		return GH_CLI_GO;
	gh_cli_error(cli, "'%s': the key is %s; a signing key is Ed25519 or P-256", gh_safe(gh_span_str(path)).s,
		     gh_key_name(k));
	return GH_EXIT_UNFINISHED;
}

int gh_people_key_public(const struct gh_cli *cli, const char *path, char spki_hex[GH_PEOPLE_KEY_HEX])
{
	gh_auto_key *k = NULL;
	gh_auto_buf der = gh_buf(GH_SPKI_MAX * 8);
	int rc = read_key(cli, path, false, &k);
	if (rc == GH_CLI_GO)
		rc = spki_of(cli, path, k, &der);
	if (rc == GH_CLI_GO)
		gh_hex_put(spki_hex, der.p, der.n);
	return rc;
}

int gh_people_key_sign(const struct gh_cli *cli, const char *path, const struct gh_review_event *e,
		       char fingerprint[GH_DIGEST_HEX + 1], char signature_hex[GH_PEOPLE_KEY_HEX])
{
	gh_auto_key *k = NULL;
	gh_auto_buf der = gh_buf(GH_SPKI_MAX * 8), sig = gh_buf(GH_SIG_MAX);
	struct gh_err err = { 0 };
	char statement[GH_REVIEW_STATEMENT];
	uint8_t digest[GH_SHA256_BYTES];
	size_t n;
	int rc = read_key(cli, path, true, &k);
	if (rc == GH_CLI_GO)
		rc = spki_of(cli, path, k, &der);
	if (rc != GH_CLI_GO)
		return rc;
	if (gh_review_statement(e, statement, &n, &err) != GH_OK ||
	    gh_key_sign(k, (struct gh_span){ (const uint8_t *)statement, n }, &sig, &err) != GH_OK)
		return failed(cli, path, &err);
	if (sig.full || 2 * sig.n >= GH_PEOPLE_KEY_HEX) {
		(void)!gh_fail(&err, GH_E_BUG, "the signature is too long");
		return failed(cli, path, &err);
	}
	struct gh_sha256_state h = gh_sha256_begin();
	gh_sha256_put(&h, gh_buf_view(&der));
	gh_sha256_end(&h, digest);
	gh_hex_put(fingerprint, digest, sizeof digest);
	gh_hex_put(signature_hex, sig.p, sig.n);
	return GH_CLI_GO;
}
