/* A launch that the host's TPM vouches for: the register, the log that explains it, the quote. */
#include "runtime/launch_tpm.h"

#include "crypto/pubkey.h"
#include "os/file.h"
#include "runtime/makers.h"
#include "runtime/tss.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PATH = 4096 };
static const uint8_t zeros[GH_LAUNCHLOG_DIGEST];

/* ---- the file -------------------------------------------------------------------------------------------------------------- */
/* One launch at a time reads and changes log and register. -1: *err. */
static int lock(const char *log, struct gh_err *err)
{
	char path[PATH];
	int n = snprintf(path, sizeof path, "%s.lock", log), fd = -1;
	if (n > 0 && (size_t)n < sizeof path)
		fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	int rc = -1;
	while (fd >= 0 && (rc = flock(fd, LOCK_EX)) != 0 && errno == EINTR)
		;
	if (rc == 0)
		return fd;
	(void)!gh_fail_sys(err, errno, "launch_log: '%s.lock'", log);
	if (fd >= 0)
		(void)close(fd);
	return -1;
}

static enum gh_rc read_log(const char *path, struct gh_launchlog *l, struct gh_err *err)
{
	uint8_t room[GH_LAUNCHLOG_SIZE];
	struct stat st;
	l->n = 0;
	int fd = gh_os_open_regular(path, &st);
	if (fd < 0)
		return errno == ENOENT ? GH_OK : gh_fail_sys(err, errno, "launch_log: '%s'", path);
	size_t n = st.st_size < 0 || (uint64_t)st.st_size > sizeof room ? 0 : (size_t)st.st_size;
	bool ok = n == 0 || gh_os_read_at(fd, room, n, 0);
	int e = errno;
	(void)close(fd);
	if (!ok)
		return gh_fail_sys(err, e, "launch_log: '%s'", path);
	const char *wrong = gh_launchlog_read((struct gh_span){ room, n }, l);
	return wrong == NULL
		       ? GH_OK
		       : gh_fail(err, GH_E_DENIED,
				 "launch_log: '%s' was altered: %s; remove it and start the machine anew", path, wrong);
}

/* Temporary file, flush, rename, flush of the directory. */
static enum gh_rc write_log(const char *path, const struct gh_launchlog *l, struct gh_err *err)
{
	uint8_t room[GH_LAUNCHLOG_SIZE];
	char part[PATH], dir[PATH];
	size_t n = gh_launchlog_write(l, room);
	const char *slash = strrchr(path, '/');
	int k = snprintf(part, sizeof part, "%s.new", path);
	if (slash == NULL || k < 0 || (size_t)k >= sizeof part)
		return gh_fail(err, GH_E_LIMIT, "launch_log: its path is too long, or none");
	(void)snprintf(dir, sizeof dir, "%.*s", (int)(slash - path), path);
	int fd = open(part, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	bool ok = fd >= 0 && write(fd, room, n) == (ssize_t)n && fsync(fd) == 0;
	if (fd >= 0)
		ok = close(fd) == 0 && ok;
	ok = ok && rename(part, path) == 0;
	int at = ok ? open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
	ok = at >= 0 && fsync(at) == 0;
	int e = errno;
	if (at >= 0)
		(void)close(at);
	if (!ok)
		(void)unlink(part);
	return ok ? GH_OK : gh_fail_sys(err, e, "launch_log: '%s' cannot be written", path);
}

/* ---- the register ----------------------------------------------------------------------------------------------------------- */
static enum gh_rc read_register(struct gh_tss *t, uint8_t out[GH_LAUNCHLOG_DIGEST], struct gh_err *err)
{
	TPML_PCR_SELECTION want = { .count = 1 }, *got = NULL;
	TPML_DIGEST *list = NULL;
	uint32_t counter = 0;
	want.pcrSelections[0] = (TPMS_PCR_SELECTION){ .hash = TPM2_ALG_SHA256, .sizeofSelect = 3 };
	want.pcrSelections[0].pcrSelect[GH_LAUNCHLOG_PCR / 8] = 1u << GH_LAUNCHLOG_PCR % 8;
	TSS2_RC rc = t->Esys_PCR_Read(t->ctx, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, &want, &counter, &got, &list);
	if (rc != TSS2_RC_SUCCESS)
		return gh_tss_said(rc, "reading PCR 13", err);
	bool ok = list->count == 1 && list->digests[0].size == GH_LAUNCHLOG_DIGEST;
	if (ok)
		memcpy(out, list->digests[0].buffer, GH_LAUNCHLOG_DIGEST);
	t->Esys_Free(got);
	t->Esys_Free(list);
	return ok ? GH_OK : gh_fail(err, GH_E_IO, "TPM: it has no SHA-256 bank with PCR 13");
}

static enum gh_rc extend(struct gh_tss *t, const uint8_t digest[GH_LAUNCHLOG_DIGEST], struct gh_err *err)
{
	TPML_DIGEST_VALUES v = { .count = 1, .digests[0].hashAlg = TPM2_ALG_SHA256 };
	memcpy(v.digests[0].digest.sha256, digest, GH_LAUNCHLOG_DIGEST);
	return gh_tss_said(t->Esys_PCR_Extend(t->ctx, ESYS_TR_PCR0 + GH_LAUNCHLOG_PCR, ESYS_TR_PASSWORD, ESYS_TR_NONE,
					      ESYS_TR_NONE, &v),
			   "extending PCR 13", err);
}

/* Does the log lead to the register? What a restart of the machine or a crash left is put right. */
static enum gh_rc settle(struct gh_tss *t, const char *path, struct gh_launchlog *l, struct gh_err *err)
{
	uint8_t have[GH_LAUNCHLOG_DIGEST], all[GH_LAUNCHLOG_DIGEST], but_one[GH_LAUNCHLOG_DIGEST];
	GH_TRY(read_register(t, have, err), err, "launch_log");
	if (memcmp(have, zeros, sizeof have) == 0) {
		l->n = 0;
		return GH_OK;
	}
	if (!gh_launchlog_replay(l, l->n, all) || !gh_launchlog_replay(l, l->n == 0 ? 0 : l->n - 1, but_one))
		return gh_fail(err, GH_E_BUG, "launch_log: no digest can be made");
	if (memcmp(have, all, sizeof have) == 0)
		return GH_OK;
	if (l->n > 1 && memcmp(have, but_one, sizeof have) == 0)
		return extend(t, l->digest[l->n - 1], err);
	return gh_fail(err, GH_E_DENIED,
		       "launch_log: PCR 13 of the TPM does not hold what '%s' says: another program or home extended "
		       "it, or the log was lost or altered; the machine has to be started anew",
		       path);
}

/* ---- both together ---------------------------------------------------------------------------------------------------------- */
static enum gh_rc measure(const struct gh_launch_tpm_where *w, const uint8_t measurement[GH_LAUNCHLOG_DIGEST],
			  struct gh_err *err)
{
	gh_auto_tss t = { 0 };
	struct gh_launchlog l;
	enum gh_rc rc = gh_tss_open(&t, w->tcti, err);
	if (rc == GH_OK)
		rc = read_log(w->log, &l, err);
	if (rc == GH_OK)
		rc = settle(&t, w->log, &l, err);
	if (rc != GH_OK || gh_launchlog_has(&l, measurement))
		return rc;
	if (l.n == GH_LAUNCHLOG_MAX)
		return gh_fail(
			err, GH_E_LIMIT,
			"launch_log: %d different measurements were launched since the machine was started; more "
			"only after it is started anew",
			GH_LAUNCHLOG_MAX);
	memcpy(l.digest[l.n++], measurement, GH_LAUNCHLOG_DIGEST);
	rc = write_log(w->log, &l, err);
	return rc == GH_OK ? extend(&t, measurement, err) : rc;
}

enum gh_rc gh_launch_tpm_measure(const struct gh_launch_tpm_where *w, const uint8_t measurement[GH_LAUNCHLOG_DIGEST],
				 struct gh_err *err)
{
	int held = lock(w->log, err);
	if (held < 0)
		return err->rc;
	enum gh_rc rc = measure(w, measurement, err);
	(void)close(held);
	return rc;
}

/* The 64 bytes that the maker of quotes binds by SHA-256. */
static bool data_of(const uint8_t report_data[64], struct gh_span software, uint8_t out[GH_MAKE_DATA])
{
	uint8_t md[GH_MD_MAX];
	if (!gh_md(GH_MD_SHA256, (struct gh_span){ report_data, 64 }, md))
		return false;
	memcpy(out, md, 32);
	if (!gh_md(GH_MD_SHA256, software, md))
		return false;
	memcpy(out + 32, md, 32);
	return true;
}

bool gh_launch_tpm_nonce(const uint8_t report_data[64], struct gh_span software, uint8_t nonce[GH_LAUNCH_TPM_NONCE])
{
	uint8_t data[GH_MAKE_DATA], md[GH_MD_MAX];
	if (!data_of(report_data, software, data) || !gh_md(GH_MD_SHA256, (struct gh_span){ data, sizeof data }, md))
		return false;
	memcpy(nonce, md, GH_LAUNCH_TPM_NONCE);
	return true;
}

/* As it is now, under the lock: what is launched at the same time is in both or in neither. */
static enum gh_rc log_now(const struct gh_launch_tpm_where *w, const uint8_t measurement[GH_LAUNCHLOG_DIGEST],
			  struct gh_arena *a, struct gh_span *out, struct gh_err *err)
{
	gh_auto_tss t = { 0 };
	struct gh_launchlog l;
	uint8_t *room = gh_alloc(a, GH_LAUNCHLOG_SIZE, 1);
	enum gh_rc rc = room == NULL ? gh_fail(err, GH_E_NOMEM, "no memory for a log") : gh_tss_open(&t, w->tcti, err);
	if (rc == GH_OK)
		rc = read_log(w->log, &l, err);
	if (rc == GH_OK)
		rc = settle(&t, w->log, &l, err);
	if (rc == GH_OK && !gh_launchlog_has(&l, measurement))
		rc = gh_fail(err, GH_E_DENIED,
			     "launch_log: the TPM was not told of this launch, or was reset meanwhile");
	if (rc == GH_OK)
		*out = (struct gh_span){ room, gh_launchlog_write(&l, room) };
	return rc;
}

static struct gh_span named(const struct gh_make_result *r, const char *name)
{
	for (size_t i = 0; i < r->nendorsement; i++)
		if (gh_span_is(r->endorsement[i].name, name))
			return r->endorsement[i].bytes;
	return (struct gh_span){ 0 };
}

enum gh_rc gh_launch_tpm_quote(const struct gh_launch_tpm_where *w, const uint8_t measurement[GH_LAUNCHLOG_DIGEST],
			       const uint8_t report_data[64], struct gh_span software, struct gh_arena *a,
			       struct gh_launch_tpm *out, struct gh_err *err)
{
	const struct gh_make_where where = { .tcti = w->tcti, .pcrs = 1u << GH_LAUNCHLOG_PCR, .log = "" };
	uint8_t data[GH_MAKE_DATA];
	struct gh_make_result made;
	*out = (struct gh_launch_tpm){ 0 };
	if (!data_of(report_data, software, data))
		return gh_fail(err, GH_E_BUG, "no digest can be made");
	int held = lock(w->log, err);
	if (held < 0)
		return err->rc;
	enum gh_rc rc = log_now(w, measurement, a, &out->log, err);
	if (rc == GH_OK)
		rc = gh_make_tpm.make(&where, data, a, &made, err);
	(void)close(held);
	if (rc != GH_OK)
		return rc;
	out->quote = made.evidence;
	out->signature = named(&made, "quote.sig");
	out->registers = named(&made, "pcrs.bin");
	return GH_OK;
}
