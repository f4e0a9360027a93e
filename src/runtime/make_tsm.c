/* Evidence of a confidential guest through the kernel's configfs-tsm (Documentation/ABI/testing/configfs-tsm-report): one
 * directory per request, `inblob` takes the report data, `outblob` gives the report or quote, `auxblob` the host's certificates.
 * The same three files on every hardware; `provider` says which it is.
 *
 * The report of SEV-SNP comes from the chip; a quote of TDX is made by the host, which is not trusted: both are looked at here
 * only as far as the report data go. Whether they prove anything is the appraiser's business, on another machine. */
#include "format/format.h"
#include "runtime/make_tsm.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define TREE "/sys/kernel/config/tsm/report"
#define CCEL "/sys/firmware/acpi/tables/data/CCEL"
enum {
	BLOB = 64 << 10, /* the kernel's own limit is 32 KiB */
	NAME = 48,
	TRIES = 20,
	PAUSE_MS = 100,
	SNP_REPORT = 1184,
	SNP_DATA = 0x50,
	TD_DATA = 520, /* in the body of a quote */
};

/* ---- the kernel's tree ---------------------------------------------------------------------------------------------------- */
static int open_at(int dir, const char *entry, const char *attribute, int flags)
{
	char path[2 * NAME];
	int n = snprintf(path, sizeof path, "%s/%s", entry, attribute);
	if (n < 0 || (size_t)n >= sizeof path) {
		errno = ENAMETOOLONG;
		return -1;
	}
	return openat(dir, path, flags | O_CLOEXEC | O_NOFOLLOW);
}

/* Up to the end of the file: cap is room for the largest that is taken. */
static ssize_t read_all(int fd, void *p, size_t cap)
{
	size_t n = 0;
	for (;;) {
		uint8_t more;
		ssize_t k = n < cap ? read(fd, (uint8_t *)p + n, cap - n) : read(fd, &more, 1);
		if (k == 0)
			return (ssize_t)n;
		if (k < 0)
			return -1;
		if (n == cap) {
			errno = EFBIG;
			return -1;
		}
		n += (size_t)k;
	}
}

static int kernel_create(int dir, const char *entry) { return mkdirat(dir, entry, 0700); }
static int kernel_drop(int dir, const char *entry) { return unlinkat(dir, entry, AT_REMOVEDIR); }

/* configfs hands binary attributes over when the file is closed: they must come in one piece. */
static int kernel_put(int dir, const char *entry, const char *attribute, const void *p, size_t n)
{
	int fd = open_at(dir, entry, attribute, O_WRONLY);
	if (fd < 0)
		return -1;
	ssize_t k = write(fd, p, n);
	int saved = k < 0 ? errno : EIO, closed = close(fd);
	if (k == (ssize_t)n)
		return closed;
	errno = saved;
	return -1;
}

static ssize_t kernel_get(int dir, const char *entry, const char *attribute, void *p, size_t cap)
{
	int fd = open_at(dir, entry, attribute, O_RDONLY);
	if (fd < 0)
		return -1;
	ssize_t n = read_all(fd, p, cap);
	int saved = errno;
	close(fd);
	errno = saved;
	return n;
}

static const struct gh_tsm_tree kernel = { kernel_create, kernel_drop, kernel_put, kernel_get };

/* ---- one request ---------------------------------------------------------------------------------------------------------- */
struct request {
	const struct gh_tsm_tree *tree;
	int dir;
	char entry[NAME];
	struct gh_arena *a;
	struct gh_err *err;
};

static enum gh_rc failed(const struct request *q, const char *what)
{
	return gh_fail(q->err, GH_E_IO, "configfs-tsm: %s: %s", what, strerror(errno));
}

static enum gh_rc text(const struct request *q, const char *attribute, char out[NAME])
{
	ssize_t n = q->tree->get(q->dir, q->entry, attribute, out, NAME - 1);
	if (n < 0)
		return failed(q, attribute);
	while (n > 0 && (out[n - 1] == '\n' || out[n - 1] == '\0'))
		n--;
	out[n] = '\0';
	return GH_OK;
}

static enum gh_rc generation(const struct request *q, uint64_t *out)
{
	char t[NAME];
	GH_TRY(text(q, "generation", t), q->err, "generation");
	*out = 0;
	for (size_t i = 0; t[i] != '\0'; i++) {
		if (t[i] < '0' || t[i] > '9' || *out > UINT32_MAX)
			return gh_fail(q->err, GH_E_IO, "configfs-tsm: generation is no number");
		*out = *out * 10 + (uint64_t)(t[i] - '0');
	}
	return t[0] != '\0' ? GH_OK : gh_fail(q->err, GH_E_IO, "configfs-tsm: generation is empty");
}

/* A quote takes the host some time, and it makes one at a time: the kernel says so with these. */
static bool again(int e) { return e == EBUSY || e == EINTR || e == EAGAIN || e == ETIMEDOUT; }

static enum gh_rc blob(const struct request *q, const char *attribute, struct gh_span *out)
{
	uint8_t *room = gh_alloc(q->a, BLOB, 1);
	ssize_t n = -1;
	if (room == NULL)
		return gh_fail(q->err, GH_E_NOMEM, "no memory for %s", attribute);
	for (int i = 0; i < TRIES; i++) {
		const struct timespec pause = { .tv_nsec = PAUSE_MS * 1000000L };
		n = q->tree->get(q->dir, q->entry, attribute, room, BLOB);
		if (n >= 0 || !again(errno))
			break;
		(void)nanosleep(&pause, NULL);
	}
	if (n < 0)
		return failed(q, attribute);
	*out = (struct gh_span){ room, (size_t)n };
	return GH_OK;
}

/* Where the report data must stand; empty: the evidence is too short, or of another form. */
static struct gh_span data_of(bool snp, struct gh_span e)
{
	size_t body = 0;
	if (snp)
		return e.n < SNP_REPORT ? (struct gh_span){ 0 } : gh_span_cut(e, SNP_DATA, GH_MAKE_DATA);
	if (e.n < 64)
		return (struct gh_span){ 0 };
	body = gh_le16(e.p) == 4 ? 48 : gh_le16(e.p) == 5 ? 54 : 0;
	if (body == 0 || e.n < body + TD_DATA + GH_MAKE_DATA)
		return (struct gh_span){ 0 };
	return gh_span_cut(e, body + TD_DATA, GH_MAKE_DATA);
}

static enum gh_rc ask(struct request *q, const struct gh_make_where *w, const uint8_t *data, struct gh_make_result *out)
{
	char provider[NAME], level[4];
	uint64_t before = 0, after = 0, writes = 1;
	GH_TRY(text(q, "provider", provider), q->err, "provider");
	bool snp = strcmp(provider, "sev_guest") == 0, tdx = strcmp(provider, "tdx_guest") == 0;
	if (!snp && !tdx)
		return gh_fail(q->err, GH_E_ABSENT, "configfs-tsm: '%s' gives evidence of a kind that is not served",
			       gh_safe(gh_span_str(provider)).s);
	GH_TRY(generation(q, &before), q->err, "before");
	if (snp && w->level != 0) {
		int n = snprintf(level, sizeof level, "%u", (w->level - 1) % 10);
		if (w->level > 4 || n != 1)
			return gh_fail(q->err, GH_E_BUG, "there are privilege levels 0 to 3");
		if (q->tree->put(q->dir, q->entry, "privlevel", level, 1) != 0)
			return failed(q, "privlevel");
		writes++;
	}
	if (q->tree->put(q->dir, q->entry, "inblob", data, GH_MAKE_DATA) != 0)
		return failed(q, "inblob");
	GH_TRY(blob(q, "outblob", &out->evidence), q->err, "the report");
	GH_TRY(generation(q, &after), q->err, "after");
	if (after != before + writes)
		return gh_fail(q->err, GH_E_IO, "configfs-tsm: somebody else wrote into this request");
	struct gh_span bound = data_of(snp, out->evidence);
	if (bound.n != GH_MAKE_DATA || memcmp(bound.p, data, GH_MAKE_DATA) != 0)
		return gh_fail(q->err, GH_E_IO, "configfs-tsm: the %s does not hold the data that it was asked with",
			       snp ? "report" : "quote");
	out->kind = snp ? "snp" : "tdx";
	out->cls = GH_AC_VM_TEE;
	out->bound = bound;
	return GH_OK;
}

/* The host's certificates, when it has some: their absence is the appraiser's trouble, which may have them from elsewhere. */
static void certificates(const struct request *q, struct gh_make_result *out)
{
	struct gh_span aux = { 0 };
	struct gh_err ignored = { 0 };
	struct request mine = *q;
	mine.err = &ignored;
	if (blob(&mine, "auxblob", &aux) == GH_OK && aux.n != 0)
		out->endorsement[out->nendorsement++] = (struct gh_attest_file){ .name = GH_SPAN("certificates.bin"),
										 .bytes = aux };
}

static enum gh_rc event_log(const struct gh_make_where *w, struct gh_arena *a, struct gh_make_result *out,
			    struct gh_err *err)
{
	const char *path = w->ccel == NULL ? CCEL : w->ccel;
	int fd = path[0] == '\0' ? -1 : open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd < 0) /* firmware need not keep a log; a policy that wants one says that it is missing */
		return GH_OK;
	uint8_t *room = gh_alloc(a, GH_MAKE_FILE_MAX, 1);
	ssize_t n = room == NULL ? -1 : read_all(fd, room, GH_MAKE_FILE_MAX);
	int saved = errno;
	close(fd);
	if (room == NULL)
		return gh_fail(err, GH_E_NOMEM, "no memory for the event log");
	if (n < 0)
		return gh_fail(err, saved == EFBIG ? GH_E_LIMIT : GH_E_IO, "the event log %s: %s", path,
			       strerror(saved));
	if (n != 0)
		out->endorsement[out->nendorsement++] = (struct gh_attest_file){ .name = GH_SPAN("ccel.bin"),
										 .bytes = { room, (size_t)n } };
	return GH_OK;
}

/* A name that no other process asks under: two requests in one directory would mix. */
static bool name(char out[NAME])
{
	uint64_t x[2];
	if (getrandom(x, sizeof x, 0) != (ssize_t)sizeof x)
		return false;
	(void)snprintf(out, NAME, "gatehouse-%016llx", (unsigned long long)(x[0] ^ x[1]));
	return true;
}

enum gh_rc gh_make_tsm_from(const struct gh_tsm_tree *tree, const struct gh_make_where *w,
			    const uint8_t data[GH_MAKE_DATA], struct gh_arena *a, struct gh_make_result *out,
			    struct gh_err *err)
{
	struct request q = { .tree = tree, .a = a, .err = err };
	const char *path = w->tsm == NULL ? TREE : w->tsm;
	memset(out, 0, sizeof *out);
	q.dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (q.dir < 0)
		return gh_fail(err, GH_E_ABSENT, "configfs-tsm: %s: %s", path, strerror(errno));
	enum gh_rc rc = name(q.entry) ? GH_OK : gh_fail(err, GH_E_IO, "no random numbers");
	if (rc == GH_OK && tree->create(q.dir, q.entry) != 0) {
		rc = gh_fail(err, errno == ENXIO || errno == ENOENT ? GH_E_ABSENT : GH_E_IO,
			     "configfs-tsm: no request can be made: %s", strerror(errno));
	} else if (rc == GH_OK) {
		rc = ask(&q, w, data, out);
		if (rc == GH_OK && strcmp(out->kind, "snp") == 0)
			certificates(&q, out);
		(void)tree->drop(q.dir, q.entry);
	}
	close(q.dir);
	return rc == GH_OK && strcmp(out->kind, "tdx") == 0 ? event_log(w, a, out, err) : rc;
}

static enum gh_rc make(const struct gh_make_where *w, const uint8_t data[GH_MAKE_DATA], struct gh_arena *a,
		       struct gh_make_result *out, struct gh_err *err)
{
	return gh_make_tsm_from(&kernel, w, data, a, out, err);
}

/* Looking changes nothing: an instance is made only when evidence is wanted. */
static bool there(const struct gh_make_where *w, const char **why)
{
	const char *path = w->tsm == NULL ? TREE : w->tsm;
	if (access(path, F_OK) != 0)
		*why = errno == ENOENT ? "no configfs-tsm: not a confidential guest, or the kernel has no driver for it"
				       : "configfs-tsm cannot be looked at";
	else if (access(path, W_OK | X_OK) != 0)
		*why = "configfs-tsm is there, and this user may not use it";
	else {
		*why = "configfs-tsm is there";
		return true;
	}
	return false;
}

const struct gh_maker gh_make_tsm = {
	.name = "tsm",
	.about = "a report of SEV-SNP or a quote of TDX, through the kernel's configfs-tsm",
	.cls = GH_AC_VM_TEE,
	.there = there,
	.make = make,
};
