/* keymake - the key that the program's own data is sealed with (docs/decisions/0010-signed-data.md).
 *
 * usage: keymake PRIVATE.pem OUT.c [make]
 *
 * Reads the Ed25519 private key PRIVATE.pem (PKCS #8) and writes its public half as a C table to OUT.c. With "make", a key
 * that is not there yet is made, readable for its owner only. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <openssl/evp.h>
#include <openssl/pem.h>

enum { KEY = 32 };

static int fail(const char *what, const char *why)
{
	fprintf(stderr, "keymake: %s: %s\n", what, why);
	return 1;
}

static int make(const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return errno == EEXIST ? 0 : fail(path, strerror(errno));
	FILE *f = fdopen(fd, "w");
	EVP_PKEY *k = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	int ok = f != NULL && k != NULL && PEM_write_PKCS8PrivateKey(f, k, NULL, NULL, 0, NULL, NULL) == 1;
	EVP_PKEY_free(k);
	if (f == NULL || fclose(f) != 0 || !ok) {
		(void)unlink(path);
		return fail(path, "no key could be made");
	}
	return 0;
}

int main(int argc, char **argv)
{
	unsigned char pub[KEY];
	size_t n = sizeof pub;
	if (argc < 3 || argc > 4 || (argc == 4 && strcmp(argv[3], "make") != 0))
		return fail("usage", "keymake PRIVATE.pem OUT.c [make]");
	if (argc == 4 && make(argv[1]) != 0)
		return 1;
	FILE *in = fopen(argv[1], "re");
	if (in == NULL)
		return fail(argv[1], strerror(errno));
	EVP_PKEY *k = PEM_read_PrivateKey(in, NULL, NULL, NULL);
	(void)fclose(in);
	int ok = k != NULL && EVP_PKEY_is_a(k, "ED25519") == 1 && EVP_PKEY_get_raw_public_key(k, pub, &n) == 1 &&
		 n == KEY;
	EVP_PKEY_free(k);
	if (!ok)
		return fail(argv[1], "not a private Ed25519 key in PEM form (openssl genpkey -algorithm ed25519)");
	FILE *out = fopen(argv[2], "we");
	if (out == NULL)
		return fail(argv[2], strerror(errno));
	(void)fprintf(out, "/* made by tools/keymake */\n#include \"crypto/signed.h\"\n\n"
			   "const uint8_t gh_release_key[GH_SIGNED_KEY] = {");
	for (size_t i = 0; i < KEY; i++)
		(void)fprintf(out, "%s0x%02x,", i % 8 == 0 ? "\n\t" : " ", pub[i]);
	(void)fprintf(out, "\n};\n");
	return fclose(out) == 0 ? 0 : fail(argv[2], strerror(errno));
}
