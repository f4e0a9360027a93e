/* Steps of an import: reserve a name, take a scanned and stored model in as one transaction, or give up. */
#include "api/op_lease.h"
#include "api/intake.h"
#include "catalog/fsck.h"
#include "catalog/ledger.h"
#include "catalog/principals.h"
#include "catalog/shares.h"
#include "catalog/store.h"
#include "catalog/versions.h"
#include "catalog/version_says.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SWEEP_EVERY = 3600, STAGING_GRACE = 60 }; /* seconds */

static const char *text(const struct gh_op_run *r, const char *name) { return gh_in_text(r->in, name, ""); }
static struct gh_id id(const struct gh_op_run *r, const char *name) { return gh_id(gh_span_str(text(r, name))); }

/* ---- the lock of an import -------------------------------------------------------------------------------------------------- */

/* The name is held by a lease, which another machine can see, and by a lock on a file, which the kernel lets go when the importing
 * process dies: who comes next on this machine need not wait for the lease. The descriptor travels to main and is held there. */
static const char *lock_path(const struct gh_op_run *r, const struct gh_id *version, char *buf, size_t cap)
{
	char name[64];
	(void)snprintf(name, sizeof name, "run/import-%s.lock", version->s);
	return gh_home_path(&r->cat->home, name, buf, cap);
}

static int take_lock(const struct gh_op_run *r, const struct gh_id *version, int flags)
{
	char path[GH_HOME_PATH + 64];
	const char *p = lock_path(r, version, path, sizeof path);
	int fd = p == NULL ? -1 : open(p, O_RDWR | O_CLOEXEC | flags, 0600);
	if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) != 0) {
		(void)close(fd);
		return -1;
	}
	return fd;
}

static void drop_lock(const struct gh_op_run *r, const struct gh_id *version)
{
	char path[GH_HOME_PATH + 64];
	const char *p = lock_path(r, version, path, sizeof path);
	if (p != NULL)
		(void)unlink(p);
}

/* Did the import that holds the name die on this machine? Then its lease ends now. */
static bool owner_died(struct gh_op_run *r, const struct gh_name *name)
{
	struct gh_version v;
	struct gh_err err = { 0 };
	if (gh_version_find(r->cat->db, name, &v, &err) != GH_OK || v.state != GH_V_IMPORTING)
		return false;
	int fd = take_lock(r, &v.id, 0);
	if (fd < 0)
		return false; /* it lives, or is on another machine */
	bool ok = gh_db_exec(r->cat->db, NULL, &err,
			     "UPDATE versions SET lease_until = 0 WHERE id = ? AND state = 'importing'",
			     GH_DBV(gh_dbs(v.id.s))) == GH_OK;
	(void)close(fd);
	return ok;
}

/* ---- what others left ------------------------------------------------------------------------------------------------------------ */

static void silent(void *arg, const struct gh_fsck_problem *p)
{
	(void)arg;
	(void)p;
}

static bool swept_lately(const struct gh_op_run *r)
{
	char path[GH_HOME_PATH + 32];
	struct stat st;
	const char *p = gh_home_path(&r->cat->home, "run/swept", path, sizeof path);
	if (p == NULL || (stat(p, &st) == 0 && st.st_mtime <= r->now && r->now - st.st_mtime < SWEEP_EVERY))
		return true;
	int fd = open(p, O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	bool good = fd >= 0 && futimens(fd, NULL) == 0;
	if (fd >= 0)
		(void)close(fd);
	return !good; /* not at every import, come what may */
}

/* Imports that died leave staging files, a name and blobs. Those of live ones are locked, leased or young: the same rules as those
 * of `fsck --repair`, which finds what is not removed here. Blobs are kept for a while, for whoever repeats the import. */
static void sweep(struct gh_op_run *r)
{
	static const struct {
		const char *part;
		int64_t grace;
		bool often; /* at every import: it costs a look into a directory */
	} parts[] = { { "staging", STAGING_GRACE, true },
		      { "imports", GH_FSCK_GRACE, false },
		      { "unused", GH_FSCK_GRACE, false } };
	if (!gh_store_is_local(r->cat->store))
		return; /* a look costs requests: left to fsck */
	bool lately = swept_lately(r);
	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
		struct gh_err ignored = { 0 }; /* an import does not fail because of what others left */
		struct gh_fsck f = {
			.part = parts[i].part, .repair = true, .grace = parts[i].grace, .now = r->now, .say = silent
		};
		if (parts[i].often || !lately)
			(void)!gh_fsck_step(r->cat, &f, &ignored);
	}
}

/* ---- begin ------------------------------------------------------------------------------------------------------------------- */

/* The words of fact lineage.relation; "quantized" is spelt as model cards spell it. */
static bool lineage_known(const char *word)
{
	static const char *const words[] = { "adapter", "fine-tune", "quantized", "merge", "distilled" };
	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (strcmp(words[i], word) == 0)
			return true;
	return false;
}

static enum gh_rc begin(struct gh_op_run *r, struct gh_err *err)
{
	struct gh_name name, base_name;
	struct gh_version base = { 0 }, v;
	struct gh_version_begin b = { .name = &name, .by = r->who->id, .now = r->now, .lease = GH_IMPORT_LEASE };
	bool resumed;
	GH_TRY(gh_name_parse(gh_span_str(text(r, "as")), GH_NAME_VERSION, &name, err), err, "the model's name");
	if (gh_jget(r->in, "base") != NULL) {
		GH_TRY(gh_name_parse(gh_span_str(text(r, "base")), GH_NAME_VERSION, &base_name, err), err, "--base");
		GH_TRY(gh_version_find(r->cat->db, &base_name, &base, err), err, "--base");
		GH_TRY(gh_share_usable(r->cat->db, &base, name.tenant, err), err, "--base");
		b.base = base.id;
		b.lineage = gh_in_text(r->in, "lineage", "fine-tune");
		if (!lineage_known(b.lineage))
			return gh_fail(err, GH_E_MALFORMED,
				       "--lineage is adapter, fine-tune, quantized, merge or distilled, not '%.20s'",
				       b.lineage);
	}
	b.publisher = gh_in_text(r->in, "publisher", "");
	b.source = gh_in_text(r->in, "source", "");
	if (strlen(b.publisher) >= GH_V_SAID || strlen(b.source) >= GH_V_SAID)
		return gh_fail(err, GH_E_MALFORMED, "--publisher and --source have at most %d bytes", GH_V_SAID - 1);
	const char *tier = gh_in_text(r->in, "tier", "standard");
	if (strcmp(tier, "standard") != 0 && strcmp(tier, "high") != 0)
		return gh_fail(err, GH_E_MALFORMED, "the tier is standard or high, not '%.20s'", tier);
	b.tier = tier;
	GH_TRY(gh_id_new(&b.owner, err), err, "a lease");
	sweep(r);
	enum gh_rc rc = gh_version_begin(r->cat->db, &b, &v, &resumed, err);
	if (rc == GH_E_EXISTS && owner_died(r, &name)) {
		*err = (struct gh_err){ 0 };
		rc = gh_version_begin(r->cat->db, &b, &v, &resumed, err);
	}
	if (rc != GH_OK)
		return rc;
	r->fd_out = take_lock(r, &v.id, O_CREAT);
	gh_jout_str(r->out, "version", v.id.s);
	gh_jout_str(r->out, "tenant", v.tenant.s);
	gh_jout_str(r->out, "owner", b.owner.s);
	gh_jout_bool(r->out, "resumed", resumed);
	return GH_OK;
}

static const struct gh_op_field begin_in[] = {
	{ "as", GH_IN_VERSION, true, "the name it gets" },
	{ "base", GH_IN_VERSION, false, "the version it derives from" },
	{ "lineage", GH_IN_WORD, false, "how" },
	{ "tier", GH_IN_WORD, false, "risk tier" },
	{ "publisher", GH_IN_TEXT, false, "who publishes it" },
	{ "source", GH_IN_TEXT, false, "where it was taken from" },
	{ 0 },
};
const struct gh_op gh_op_import_begin = { .name = "import.begin",
					  .about = "Reserve the name of a model version.",
					  .in = begin_in,
					  .permission = "model.import",
					  .scope = GH_AT_FIELD,
					  .local = true,
					  .internal = true,
					  .run = begin };

/* ---- abandon ------------------------------------------------------------------------------------------------------------------- */

static enum gh_rc abandon(struct gh_op_run *r, struct gh_err *err)
{
	struct gh_id version = id(r, "version"), owner = id(r, "owner");
	enum gh_rc rc = gh_version_abandon(r->cat->db, &version, &owner, err);
	if (rc == GH_OK)
		drop_lock(r, &version);
	return rc;
}

static const struct gh_op_field abandon_in[] = {
	{ "version", GH_IN_ID, true, "the version" },
	{ "owner", GH_IN_ID, true, "of the lease" },
	{ 0 },
};
const struct gh_op gh_op_import_abandon = { .name = "import.abandon",
					    .about = "Free a name whose import failed.",
					    .in = abandon_in,
					    .permission = "model.import",
					    .scope = GH_AT_HANDLER,
					    .asks = true,
					    .local = true,
					    .internal = true,
					    .run = abandon };

/* ---- finish ---------------------------------------------------------------------------------------------------------------------- */

static enum gh_rc add_blobs(struct gh_intake *f, struct gh_err *err)
{
	int64_t seq = 0;
	for (const struct gh_jval *b = gh_jfirst(gh_jget(f->r->in, "blobs")); b != NULL; b = b->next) {
		struct gh_id blob = gh_id(b->text);
		GH_TRY(gh_version_blob_add(f->r->cat->db, &f->v.id, seq++, &blob, err), err, "file %lld",
		       (long long)seq);
	}
	return GH_OK;
}

static enum gh_rc log_import(struct gh_intake *f, struct gh_err *err)
{
	struct gh_op_run *r = f->r;
	char says[GH_DIGEST_HEX + 1];
	GH_TRY(gh_version_says(r->cat->db, &f->v.id, says, err), err, "what is known of it");
	struct gh_entry_value v[] = {
		{ .name = "tenant", .text = f->v.tenant.s },
		{ .name = "version", .text = f->v.id.s },
		{ .name = "root", .text = text(r, "root") },
		{ .name = "report", .text = text(r, "report_digest") },
		{ .name = "verdict", .text = text(r, "verdict") },
		{ .name = "state", .text = gh_vstate_name(f->state) },
		{ .name = "bytes", .number = (uint64_t)gh_in_number(r->in, "bytes", 0) },
		{ .name = "files", .number = (uint64_t)gh_in_number(r->in, "files", 0) },
		{ .name = "tier", .text = f->gate.high ? "high" : "standard" },
		{ .name = "says", .text = says },
		{ .name = "base", .text = f->v.base.s },
	};
	size_t n = sizeof v / sizeof *v - gh_id_none(&f->v.base);
	return gh_ledger_put(r->cat, "import", gh_principal_actor(r->who), v, n, NULL, err);
}

static enum gh_rc finish_tx(struct gh_db *db, void *arg, struct gh_err *err)
{
	struct gh_intake *f = arg;
	struct gh_op_run *r = f->r;
	struct gh_id owner = id(r, "owner");
	GH_TRY(add_blobs(f, err), err, "the files");
	GH_TRY(gh_intake_report(f, err), err, "the report");
	const struct gh_version_finish fin = { .state = f->state,
					       .reason = f->reason,
					       .verdict = text(r, "verdict"),
					       .tier = f->gate.high ? "high" : "standard",
					       .root = text(r, "root"),
					       .manifest = id(r, "manifest"),
					       .report = f->report,
					       .files = gh_in_number(r->in, "files", 0),
					       .bytes = gh_in_number(r->in, "bytes", 0),
					       .now = r->now,
					       .quarantine_until = f->quarantine_until };
	GH_TRY(gh_version_finish(db, &f->v.id, &owner, &fin, err), err, "the import");
	GH_TRY(log_import(f, err), err, "the audit entry");
	return f->state == GH_V_REVIEW ? gh_intake_review(f, err) : GH_OK;
}

static enum gh_rc finish(struct gh_op_run *r, struct gh_err *err)
{
	struct gh_intake f = { .r = r };
	struct gh_id version = id(r, "version");
	GH_TRY(gh_version_get(r->cat->db, &version, &f.v, err), err, "the import");
	(void)snprintf(f.v.root, sizeof f.v.root, "%s", text(r, "root"));
	GH_TRY(gh_intake_ask(&f, "import", err), err, "the import");
	GH_TRY(gh_db_tx(r->cat->db, finish_tx, &f, err), err, "the import");
	drop_lock(r, &version);
	gh_jout_str(r->out, "state", gh_vstate_name(f.state));
	gh_jout_str(r->out, "reason", f.reason);
	gh_jout_str(r->out, "policy", f.gate.from);
	gh_jout_str(r->out, "decision", gh_decision_name(f.gate.decision));
	return GH_OK;
}

static const struct gh_op_field finish_in[] = {
	{ "version", GH_IN_ID, true, "the version" },
	{ "owner", GH_IN_ID, true, "of the lease" },
	{ "root", GH_IN_DIGEST, true, "root digest of the files" },
	{ "manifest", GH_IN_ID, true, "blob" },
	{ "manifest_digest", GH_IN_DIGEST, true, "of the manifest" },
	GH_INTAKE_FIELDS,
	{ "blobs", GH_IN_LIST, true, "ids of the files' blobs, in the order of the manifest" },
	{ 0 },
};
const struct gh_op gh_op_import_finish = { .name = "import.finish",
					   .about = "Take a scanned and stored model in.",
					   .in = finish_in,
					   .permission = "model.import",
					   .scope = GH_AT_HANDLER,
					   .local = true,
					   .internal = true,
					   .run = finish };
