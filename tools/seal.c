/* seal - sign a data file that ships with the program (src/crypto/signed.h).
 *
 * usage: seal PRIVATE.pem KIND DATE PAYLOAD OUT
 *
 * DATE is that of the content, "2026-11-22T00:00:00Z", or "@FILE": the first line of that file. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>
#include <openssl/pem.h>

#include "crypto/signed.h"

enum { FILE_MAX = 256 << 20 };

static int fail(const char *what, const char *why)
{
	fprintf(stderr, "seal: %s: %s\n", what, why);
	return 1;
}

static int read_key(const char *path, uint8_t out[GH_SIGNED_KEY])
{
	size_t n = GH_SIGNED_KEY;
	FILE *in = fopen(path, "re");
	if (in == NULL)
		return fail(path, strerror(errno));
	EVP_PKEY *k = PEM_read_PrivateKey(in, NULL, NULL, NULL);
	(void)fclose(in);
	int ok = k != NULL && EVP_PKEY_is_a(k, "ED25519") == 1 && EVP_PKEY_get_raw_private_key(k, out, &n) == 1 &&
		 n == GH_SIGNED_KEY;
	EVP_PKEY_free(k);
	return ok ? 0 : fail(path, "not a private Ed25519 key in PEM form");
}

static int read_file(const char *path, struct gh_buf *out)
{
	uint8_t chunk[64 << 10];
	size_t n;
	FILE *in = fopen(path, "re");
	if (in == NULL)
		return fail(path, strerror(errno));
	while ((n = fread(chunk, 1, sizeof chunk, in)) != 0)
		gh_buf_put(out, chunk, n);
	int bad = ferror(in) != 0 || out->full;
	(void)fclose(in);
	return bad ? fail(path, "cannot be read, or is larger than 256 MiB") : 0;
}

int main(int argc, char **argv)
{
	uint8_t key[GH_SIGNED_KEY];
	char date[64];
	struct gh_err err = { 0 };
	gh_auto_buf payload = gh_buf(FILE_MAX);
	gh_auto_buf line = gh_buf(FILE_MAX);
	gh_auto_buf out = gh_buf((size_t)FILE_MAX + 4096);
	if (argc != 6)
		return fail("usage", "seal PRIVATE.pem KIND DATE|@FILE PAYLOAD OUT");
	if (read_key(argv[1], key) != 0 || read_file(argv[4], &payload) != 0)
		return 1;
	if (argv[3][0] == '@' && read_file(argv[3] + 1, &line) != 0)
		return 1;
	(void)snprintf(date, sizeof date, "%s", argv[3][0] == '@' ? gh_buf_cstr(&line) : argv[3]);
	date[strcspn(date, "\r\n")] = '\0';
	if (gh_signed_seal(argv[2], date, gh_buf_view(&payload), key, &out, &err) != GH_OK) {
		char why[300];
		return fail(argv[5], gh_err_line(&err, why, sizeof why));
	}
	FILE *f = fopen(argv[5], "we");
	if (f == NULL)
		return fail(argv[5], strerror(errno));
	size_t wrote = fwrite(out.p, 1, out.n, f);
	return fclose(f) == 0 && wrote == out.n ? 0 : fail(argv[5], "cannot be written");
}
