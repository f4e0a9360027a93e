#include "cli/attest_enrol.h"

#include "attest/tpm_enrol.h"
#include "cli/attest_token.h"
#include "cli/output.h"
#include "format/format.h"
#include "os/file.h"
#include "runtime/tpm_host.h"
#include "scan/attest/enrol.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { ARENA = 4 << 20, STATE = 8 + 32 + 32 + 32 };
#define STATE_MAGIC "GHENROL1"

/* What the enroller keeps between the challenge and the answer: the secret, and what it was made for. */
struct state {
	uint8_t magic[8], secret[32], ek[32], ak[32];
};
_Static_assert(sizeof(struct state) == STATE, "as it is written");

static int failed(struct gh_cli *cli, const struct gh_err *err, enum gh_rc rc)
{
	char why[GH_ERR_LINKS * GH_ERR_TEXT];
	gh_cli_error(cli, "%s", gh_err_line(err, why, sizeof why));
	return rc == GH_E_DENIED || rc == GH_E_MALFORMED ? GH_EXIT_FOUND : GH_EXIT_UNFINISHED;
}

static enum gh_rc read_file(const char *path, struct gh_arena *a, struct gh_span *out, struct gh_err *err)
{
	struct stat st;
	int fd = gh_os_open_regular(path, &st);
	if (fd < 0)
		return errno == EINVAL ? gh_fail(err, GH_E_IO, "'%.100s' is no regular file", path)
				       : gh_fail_sys(err, errno, "'%.100s'", path);
	size_t n = st.st_size > 0 && st.st_size <= GH_ENROL_FILE ? (size_t)st.st_size : 0;
	uint8_t *p = n == 0 ? NULL : gh_alloc(a, n, 1);
	bool ok = p != NULL && gh_os_read_at(fd, p, n, 0);
	close(fd);
	*out = (struct gh_span){ p, n };
	return ok ? GH_OK
		  : gh_fail(err, GH_E_IO, "'%.100s' is empty, larger than %d KiB, or cannot be read", path,
			    GH_ENROL_FILE >> 10);
}

static enum gh_rc digest(struct gh_span s, uint8_t out[32], struct gh_err *err)
{
	uint8_t md[GH_MD_MAX];
	if (!gh_md(GH_MD_SHA256, s, md))
		return gh_fail(err, GH_E_BUG, "no digest can be made");
	memcpy(out, md, 32);
	return GH_OK;
}

/* ---- on the machine with the TPM -------------------------------------------------------------------------------------------- */
static enum gh_rc put(const char *dir, const char *name, struct gh_span bytes, struct gh_err *err)
{
	char path[4096];
	int n = snprintf(path, sizeof path, "%s/%s", dir, name);
	if (n < 0 || (size_t)n >= sizeof path)
		return gh_fail(err, GH_E_IO, "the name of the directory is too long");
	return gh_output_write(path, bytes, err);
}

static enum gh_rc write_identity(const char *dir, const struct gh_tpm_identity *id, struct gh_err *err)
{
	if (mkdir(dir, 0777) != 0 && errno != EEXIST)
		return gh_fail_sys(err, errno, "'%.100s' cannot be made", dir);
	GH_TRY(put(dir, "ek.crt", id->ek_certificate, err), err, "identity");
	GH_TRY(put(dir, "ek.pub", id->ek, err), err, "identity");
	return put(dir, "ak.pub", id->ak, err);
}

static int identity(struct gh_cli *cli, const struct gh_attest_enrol *o)
{
	gh_auto_arena a = { .max = ARENA };
	struct gh_tpm_identity id;
	struct gh_err err = { 0 };
	if (o->output == NULL)
		return gh_cli_wrong(cli, "identity: say where to: --output DIR");
	enum gh_rc rc = gh_tpm_identity(o->tcti, &a, &id, &err);
	if (rc == GH_OK && id.ek_certificate.n == 0)
		rc = gh_fail(&err, GH_E_ABSENT,
			     "the TPM holds no certificate of its endorsement key: ask its maker for it");
	rc = rc == GH_OK ? write_identity(o->output, &id, &err) : rc;
	return rc == GH_OK ? GH_EXIT_OK : failed(cli, &err, rc);
}

static int activate(struct gh_cli *cli, const struct gh_attest_enrol *o, const char *path)
{
	gh_auto_arena a = { .max = ARENA };
	struct gh_span challenge;
	uint8_t secret[32];
	struct gh_err err = { 0 };
	if (o->output == NULL)
		return gh_cli_wrong(cli, "activate: say where the answer goes: --output FILE");
	enum gh_rc rc = read_file(path, &a, &challenge, &err);
	rc = rc == GH_OK ? gh_tpm_activate(o->tcti, challenge, secret, &err) : rc;
	rc = rc == GH_OK ? gh_output_write(o->output, (struct gh_span){ secret, 32 }, &err) : rc;
	explicit_bzero(secret, sizeof secret);
	return rc == GH_OK ? GH_EXIT_OK : failed(cli, &err, rc);
}

/* ---- on the enroller's ------------------------------------------------------------------------------------------------------ */
static enum gh_rc write_secret(const char *path, const struct state *s, struct gh_err *err)
{
	mode_t before = umask(077);
	enum gh_rc rc = gh_output_write(path, (struct gh_span){ (const uint8_t *)s, sizeof *s }, err);
	(void)umask(before);
	return rc;
}

static int challenge(struct gh_cli *cli, const struct gh_attest_enrol *o, char **argv)
{
	gh_auto_arena a = { .max = ARENA };
	gh_auto_buf doc = gh_buf(4096);
	struct gh_enrol_challenge c;
	struct gh_span ek, ak;
	struct gh_err err = { 0 };
	struct state s;
	if (o->output == NULL || o->secret == NULL)
		return gh_cli_wrong(cli,
				    "challenge: say where to: --output FILE for the TPM, --secret FILE to be kept");
	memcpy(s.magic, STATE_MAGIC, sizeof s.magic);
	enum gh_rc rc = getrandom(s.secret, sizeof s.secret, 0) == (ssize_t)sizeof s.secret
				? GH_OK
				: gh_fail(&err, GH_E_IO, "no random numbers");
	rc = rc == GH_OK ? read_file(argv[0], &a, &ek, &err) : rc;
	rc = rc == GH_OK ? read_file(argv[1], &a, &ak, &err) : rc;
	rc = rc == GH_OK ? digest(ek, s.ek, &err) : rc;
	rc = rc == GH_OK ? digest(ak, s.ak, &err) : rc;
	rc = rc == GH_OK ? gh_enrol_challenge(argv[0], argv[1], s.secret, &a, &c, &err) : rc;
	rc = rc == GH_OK ? write_secret(o->secret, &s, &err) : rc;
	rc = rc == GH_OK ? gh_output_write(o->output, c.bytes, &err) : rc;
	explicit_bzero(&s, sizeof s);
	if (rc != GH_OK)
		return failed(cli, &err, rc);
	gh_buf_fmt(&doc, "endorsement key  %s\nattestation key  %s\n", c.about, c.ak_name);
	return gh_cli_print(cli, &doc);
}

/* The answer is the secret, and the secret was for these two files. */
static enum gh_rc answered(const struct gh_attest_enrol *o, struct gh_arena *a, struct gh_span ek, struct gh_span ak,
			   struct gh_err *err)
{
	struct gh_span kept, answer;
	uint8_t md[2][32];
	GH_TRY(read_file(o->secret, a, &kept, err), err, "--secret");
	GH_TRY(read_file(o->answer, a, &answer, err), err, "--answer");
	GH_TRY(digest(ek, md[0], err), err, "enrol");
	GH_TRY(digest(ak, md[1], err), err, "enrol");
	if (kept.n != sizeof(struct state) || memcmp(kept.p, STATE_MAGIC, 8) != 0)
		return gh_fail(err, GH_E_IO, "--secret: it is not what 'attest challenge' wrote");
	if (!gh_attest_bound(gh_span_cut(kept, 40, 32), (struct gh_span){ md[0], 32 }) ||
	    !gh_attest_bound(gh_span_cut(kept, 72, 32), (struct gh_span){ md[1], 32 }))
		return gh_fail(err, GH_E_DENIED, "the challenge was made for another certificate or another key");
	if (answer.n != 32 || !gh_attest_bound(answer, gh_span_cut(kept, 8, 32)))
		return gh_fail(err, GH_E_DENIED,
			       "the answer is wrong: the attestation key does not live in the TPM of that certificate");
	return GH_OK;
}

static int enrol(struct gh_cli *cli, const struct gh_attest_enrol *o, size_t n, char **argv)
{
	gh_auto_arena a = { .max = ARENA };
	gh_auto_buf doc = gh_buf(GH_TPM_ENROL_MAX), said = gh_buf(256);
	gh_auto_key *key = NULL;
	struct gh_span file[2 + GH_TPM_EK_CHAIN];
	struct gh_err err = { 0 };
	uint8_t id[32];
	if (o->secret == NULL || o->answer == NULL || o->key == NULL || o->output == NULL)
		return gh_cli_wrong(cli, "enrol: --secret, --answer, --key and --output are needed");
	if (n > 2 + GH_TPM_EK_CHAIN)
		return gh_cli_wrong(cli, "enrol: at most %d certificates above the endorsement key's", GH_TPM_EK_CHAIN);
	int go = gh_attest_token_key(cli, o->key, &key);
	if (go != GH_CLI_GO)
		return go;
	enum gh_rc rc = GH_OK;
	for (size_t i = 0; i < n && rc == GH_OK; i++) {
		rc = read_file(argv[i], &a, &file[i], &err);
		if (rc == GH_OK && i != 1 && file[i].p[0] != 0x30)
			rc = gh_fail(&err, GH_E_IO, "'%.100s' is not DER: openssl x509 -outform DER", argv[i]);
	}
	rc = rc == GH_OK ? answered(o, &a, file[0], file[1], &err) : rc;
	rc = rc == GH_OK
		     ? gh_tpm_enrolment_write(&doc, key, file[1], file[0], file + 2, n - 2, (int64_t)time(NULL), &err)
		     : rc;
	rc = rc == GH_OK ? gh_output_write(o->output, gh_buf_view(&doc), &err) : rc;
	if (rc != GH_OK)
		return failed(cli, &err, rc);
	if (gh_key_id(key, id)) {
		gh_buf_str(&said, "enrolled; policies that trust this enroller say: enrolled_by: [\"");
		for (size_t i = 0; i < sizeof id; i++)
			gh_buf_fmt(&said, "%02x", id[i]);
		gh_buf_str(&said, "\"]\n");
	}
	return gh_cli_print(cli, &said);
}

bool gh_attest_enrol_is(const char *word)
{
	static const char *const words[] = { "identity", "challenge", "activate", "enrol" };
	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
		if (strcmp(word, words[i]) == 0)
			return true;
	return false;
}

int gh_attest_enrol(struct gh_cli *cli, const char *word, const struct gh_attest_enrol *o, size_t n, char **argv)
{
	if (strcmp(word, "identity") == 0)
		return n == 0 ? identity(cli, o) : gh_cli_wrong(cli, "identity takes no argument");
	if (strcmp(word, "activate") == 0)
		return n == 1 ? activate(cli, o, argv[0]) : gh_cli_wrong(cli, "activate: one challenge is expected");
	if (n < 2 || (n > 2 && strcmp(word, "challenge") == 0))
		return gh_cli_wrong(cli, "%s: the endorsement key's certificate and the attestation key are expected",
				    word);
	return strcmp(word, "challenge") == 0 ? challenge(cli, o, argv) : enrol(cli, o, n, argv);
}
