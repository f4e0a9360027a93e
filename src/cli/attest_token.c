#include "cli/attest_token.h"

#include "attest/ear.h"
#include "cli/output.h"
#include "crypto/jws.h"
#include "format/format.h"
#include "os/file.h"

#include <errno.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { KEY_MAX = 64 << 10, TOKEN_MAX = 2 << 20 };

static enum gh_rc read_key(const char *path, struct gh_key **out, struct gh_err *err)
{
	uint8_t text[KEY_MAX];
	struct stat st;
	int fd = gh_os_open_regular(path, &st);
	if (fd < 0)
		return errno == EINVAL ? gh_fail(err, GH_E_IO, "it is no regular file")
				       : gh_fail_sys(err, errno, "cannot be opened");
	ssize_t n = read(fd, text, sizeof text);
	int sys = errno;
	(void)close(fd);
	enum gh_rc rc = n < 0 ? gh_fail_sys(err, sys, "cannot be read")
			      : gh_key_private((struct gh_span){ text, (size_t)n }, out, err);
	explicit_bzero(text, sizeof text);
	if (rc == GH_OK && gh_jws_alg(*out) == NULL)
		rc = gh_fail(err, GH_E_UNREAD, "tokens are signed with keys of P-256, P-384 or Ed25519");
	return rc;
}

int gh_attest_token_key(struct gh_cli *cli, const char *path, struct gh_key **out)
{
	struct gh_err err = { 0 };
	char why[GH_ERR_LINKS * GH_ERR_TEXT];
	if (read_key(path, out, &err) == GH_OK)
		return GH_CLI_GO;
	gh_cli_error(cli, "--key: '%s': %s", gh_safe(gh_span_str(path)).s, gh_err_line(&err, why, sizeof why));
	return GH_EXIT_UNFINISHED;
}

int gh_attest_token(struct gh_cli *cli, const struct gh_key *key, const char *output, const struct gh_attest_job *job,
		    const struct gh_attest_result *r)
{
	gh_auto_buf claims = gh_buf(GH_EAR_MAX), token = gh_buf(TOKEN_MAX);
	struct gh_err err = { 0 };
	char why[GH_ERR_LINKS * GH_ERR_TEXT];
	const struct gh_ear_context c = { .now = (int64_t)time(NULL),
					  .at = job->at,
					  .nonce = job->report_data.n != 0 ? job->report_data : job->nonce,
					  .build = "gatehouse " GH_VERSION };
	gh_ear_write(r, &c, &claims);
	enum gh_rc rc = claims.full ? gh_fail(&err, GH_E_LIMIT, "more claims than a token holds")
				    : gh_jws_sign(key, GH_EAR_TYPE, gh_buf_view(&claims), &token, &err);
	gh_buf_str(&token, "\n");
	if (rc == GH_OK && strcmp(output, "-") == 0)
		return gh_cli_print(cli, &token);
	rc = rc == GH_OK ? gh_output_write(output, gh_buf_view(&token), &err) : rc;
	if (rc == GH_OK)
		return GH_EXIT_OK;
	gh_cli_error(cli, "the token: %s", gh_err_line(&err, why, sizeof why));
	return GH_EXIT_UNFINISHED;
}
