#include "catalog/anchor.h"
#include "catalog/ledger.h"

#include "audit/log.h"
#include "catalog/outbox.h"

#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

enum { GROUP = 1024, ARENA = 96 << 20 };

enum gh_rc gh_ledger_put(struct gh_catalog *c, const char *kind, const char *actor, const struct gh_entry_value *v,
			 size_t n, struct gh_id *id, struct gh_err *err)
{
	struct gh_id own;
	gh_auto_buf entry = gh_buf(GH_ENTRY_MAX);
	int64_t now = c->now();
	GH_TRY(gh_id_new(&own, err), err, "an entry for the audit log");
	const struct gh_entry_head head = { .id = own.s, .time = now, .kind = kind, .actor = actor };
	GH_TRY(gh_entry_write(&head, v, n, &entry, err), err, "an entry for the audit log");
	if (id != NULL)
		*id = own;
	return gh_outbox_put(c->db, &own, now, kind, gh_buf_view(&entry), err);
}

/* Nothing that is pending can stand before this index: those that are marked were appended earlier. */
static enum gh_rc earliest(struct gh_catalog *c, uint64_t *from, struct gh_err *err)
{
	gh_auto_arena a = { .max = 1 << 20 };
	struct gh_db_rows r;
	enum gh_rc rc = gh_db_query(c->db, &a, &r, err, "SELECT COALESCE(MAX(log_index) + 1, 0) FROM outbox",
				    GH_DBV_NONE);
	*from = rc == GH_OK && r.n == 1 && gh_db_int(&r, 0, 0) > 0 ? (uint64_t)gh_db_int(&r, 0, 0) : 0;
	return rc;
}

static enum gh_rc mark(struct gh_catalog *c, const struct gh_outbox_entry *v, const uint64_t *index, size_t n,
		       struct gh_err *err)
{
	for (size_t i = 0; i < n;) { /* runs of neighbours: mostly all of them are one */
		size_t k = 1;
		while (i + k < n && index[i + k] == index[i] + k)
			k++;
		GH_TRY(gh_outbox_mark(c->db, v + i, k, (int64_t)index[i], err), err, "marking what was logged");
		i += k;
	}
	return GH_OK;
}

static enum gh_rc group(struct gh_catalog *c, const struct gh_outbox_entry *v, size_t n, uint64_t from,
			struct gh_err *err)
{
	struct gh_span entry[GROUP] = { 0 }; /* gcc does not see that n > 0 */
	uint64_t index[GROUP] = { 0 };
	for (size_t i = 0; i < n; i++)
		entry[i] = v[i].entry;
	GH_TRY(gh_log_append_new(c->log, entry, n, from, index, err), err, "the audit log");
	return mark(c, v, index, n, err);
}

enum gh_rc gh_ledger_flush(struct gh_catalog *c, struct gh_err *err)
{
	uint64_t from = 0;
	bool known = false, logged = false;
	for (;;) {
		gh_auto_arena a = { .max = ARENA };
		struct gh_outbox_entry *v;
		size_t n;
		GH_TRY(gh_outbox_pending(c->db, &a, GROUP, &v, &n, err), err, "what is to be logged");
		if (n == 0)
			return logged ? gh_anchor_advance(c, err) : GH_OK;
		logged = true;
		if (c->log == NULL)
			return gh_fail(err, GH_E_DENIED, "the audit log needs the keys, which are locked");
		if (!known)
			GH_TRY(earliest(c, &from, err), err, "what was logged");
		known = true;
		GH_TRY(group(c, v, n, from, err), err,
		       "the change stands, and will be logged as soon as this is mended");
	}
}

bool gh_ledger_log_size(const struct gh_catalog *c, uint64_t *size)
{
	char path[GH_HOME_PATH + 32], text[512];
	const char *p = gh_home_path(&c->home, "log/checkpoint", path, sizeof path);
	int fd = p == NULL ? -1 : open(p, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof text - 1);
	if (fd >= 0)
		(void)close(fd);
	if (n <= 0)
		return false;
	text[n] = '\0';
	const char *line = strchr(text, '\n');
	char *end = NULL;
	if (line == NULL || line[1] < '0' || line[1] > '9')
		return false;
	*size = strtoull(line + 1, &end, 10);
	return *end == '\n';
}

static enum gh_rc known(struct gh_catalog *c, uint64_t *marked, uint64_t *pending, struct gh_err *err)
{
	gh_auto_arena a = { .max = 1 << 20 };
	struct gh_db_rows r;
	GH_TRY(gh_db_query(c->db, &a, &r, err,
			   "SELECT COALESCE(MAX(log_index) + 1, 0), COUNT(*) - COUNT(log_index) FROM outbox",
			   GH_DBV_NONE),
	       err, "what was logged");
	*marked = r.n == 1 ? (uint64_t)gh_db_int(&r, 0, 0) : 0;
	*pending = r.n == 1 ? (uint64_t)gh_db_int(&r, 0, 1) : 0;
	return GH_OK;
}

enum gh_rc gh_ledger_agrees(struct gh_catalog *c, struct gh_err *err)
{
	enum { TRIES = 60, PAUSE_MS = 50 };
	uint64_t size = 0, marked = 0, pending = 0;
	for (unsigned i = 0; i < TRIES; i++) {
		GH_TRY(known(c, &marked, &pending, err), err, "the database");
		if (!gh_ledger_log_size(c, &size))
			return GH_OK; /* there is no log yet: opening it says what is wrong with it */
		if (size <= marked + pending && marked <= size)
			return GH_OK;
		(void)poll(NULL, 0, PAUSE_MS);
	}
	return size > marked + pending ? gh_fail(err, GH_E_MALFORMED,
						 "the database knows %llu entries of the audit log, which has %llu: it "
						 "was lost, put back from an older "
						 "copy, or is another home's; restore database and log from one backup",
						 (unsigned long long)marked, (unsigned long long)size)
				       : gh_fail(err, GH_E_MALFORMED,
						 "the audit log has %llu entries, the database knows %llu: the log was "
						 "put back from an older copy; "
						 "restore database and log from one backup",
						 (unsigned long long)size, (unsigned long long)marked);
}

enum gh_rc gh_ledger_index(struct gh_catalog *c, const struct gh_id *id, uint64_t *index, struct gh_err *err)
{
	int64_t at;
	GH_TRY(gh_outbox_index(c->db, id, &at, err), err, "an entry of the audit log");
	if (at < 0)
		return gh_fail(err, GH_E_ABSENT, "the entry %s is not in the log yet", id->s);
	*index = (uint64_t)at;
	return GH_OK;
}
