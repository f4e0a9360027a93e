/* fsck on both databases, with a store of files: every kind of problem is found once, told in words, and only leftovers are removed. */
#include "support/cat.h"

#include "audit/entry.h"
#include "audit/log.h"
#include "catalog/apikeys.h"
#include "catalog/badges.h"
#include "catalog/blobfmt.h"
#include "catalog/blobs.h"
#include "catalog/evidence.h"
#include "catalog/fsck.h"
#include "catalog/ledger.h"
#include "catalog/reviews.h"
#include "catalog/version_says.h"
#include "catalog/store.h"
#include "check/stage.h"
#include "crypto/note.h"
#include "crypto/pubkey.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LATER = 2000000000 };

struct seen {
	unsigned n, repaired;
	char all[8192];
};

static void say(void *arg, const struct gh_fsck_problem *p)
{
	struct seen *s = arg;
	size_t at = strlen(s->all);
	s->n++;
	s->repaired += p->repaired;
	assert_non_null(p->todo);
	assert_true(p->todo[0] != '\0' && p->what[0] != '\0');
	(void)snprintf(s->all + at, sizeof s->all - at, "%s\n", p->what);
}

static struct seen check(struct gh_catalog *c, const char *part, bool deep, bool repair, int64_t grace)
{
	struct seen s = { 0 };
	struct gh_fsck f = {
		.part = part, .deep = deep, .repair = repair, .grace = grace, .now = LATER, .say = say, .arg = &s
	};
	unsigned steps = 0;
	do {
		CAT_OK(gh_fsck_step(c, &f, err));
		assert_true(++steps < 100);
	} while (f.cursor[0] != '\0');
	return s;
}

static void expect(const struct seen *s, unsigned n, const char *says)
{
	if (s->n != n || strstr(s->all, says) == NULL)
		fail_msg("%u problems instead of %u, or not \"%s\":\n%s", s->n, n, says, s->all);
}

static void begin(struct gh_catalog *c, char dir[64])
{
	*c = (struct gh_catalog){ .db = dbs_open() };
	(void)snprintf(dir, 64, "/tmp/gh-test-fsck-XXXXXX");
	assert_non_null(mkdtemp(dir));
	(void)snprintf(c->home.dir, sizeof c->home.dir, "%s", dir);
	CAT_OK(gh_store_open(NULL, dir, &c->store, err));
}

static void end(struct gh_catalog *c, const char *dir)
{
	char cmd[128];
	gh_store_close(c->store);
	gh_db_close(c->db);
	(void)snprintf(cmd, sizeof cmd, "rm -rf '%s'", dir);
	assert_int_equal(system(cmd), 0);
}

/* A blob that is known, and its object, with a true head. */
static struct gh_blob stored(struct gh_catalog *c, const struct gh_id *tenant, size_t size)
{
	static const char sha_zero[] = "4bf5122f344554c53bde2ebb8cd2b7e3d1600ad631c385a5d7cce23c7785459a";
	struct gh_blob b = { .id = cat_id(),
			     .tenant = *tenant,
			     .kind = "file",
			     .size = (int64_t)size,
			     .wrapped = { 1 },
			     .wrapped_n = 1,
			     .generation = 1,
			     .place = "file",
			     .created = 1000 };
	struct gh_blobfmt head = { .size = size, .generation = 1 };
	struct gh_store_info want = { .size = gh_blobfmt_stored(size) };
	struct gh_store_key key;
	uint8_t *p = calloc(1, (size_t)want.size);
	char digest[65];
	int fd;
	assert_true(gh_hex_get(gh_span_str(b.id.s), head.id, sizeof head.id));
	assert_true(gh_hex_get(gh_span_str(tenant->s), head.tenant, sizeof head.tenant));
	gh_blobfmt_write(&head, p);
	assert_true(gh_store_key_set(&key, tenant->s, b.id.s));
	CAT_OK(gh_store_stage(c->store, &key, &fd, err));
	assert_int_equal(write(fd, p, (size_t)want.size), (ssize_t)want.size);
	CAT_OK(gh_store_commit(c->store, &key, fd, &want, err));
	(void)close(fd);
	free(p);
	b.stored = (int64_t)want.size;
	/* The plaintext's digest only has to differ from blob to blob. */
	(void)snprintf(digest, sizeof digest, "%s%s", b.id.s, b.id.s);
	CAT_OK(gh_blob_add(c->db, &b, err));
	CAT_OK(gh_blob_stored(c->db, &b.id, digest, sha_zero, b.size, b.stored, NULL, err));
	return b;
}

static void path_of(const char *dir, const struct gh_blob *b, char out[200])
{
	(void)snprintf(out, 200, "%s/%s/%.2s/%s", dir, b->tenant.s, b->id.s, b->id.s);
}

static void blobs(void **state)
{
	(void)state;
	struct gh_catalog c;
	char dir[64], path[200];
	begin(&c, dir);
	struct gh_id t = cat_tenant(c.db, "acme");
	struct gh_blob v[4];
	for (size_t i = 0; i < 4; i++)
		v[i] = stored(&c, &t, 1000 + i);
	struct seen s = check(&c, "blobs", false, false, 0);
	expect(&s, 0, "");
	/* The digest of the object is not what the row says: only a deep look sees it. */
	s = check(&c, "blobs", true, false, 0);
	expect(&s, 4, "was altered: its digest is");
	path_of(dir, &v[0], path);
	assert_int_equal(unlink(path), 0);
	path_of(dir, &v[1], path);
	assert_int_equal(truncate(path, 100), 0);
	path_of(dir, &v[2], path);
	FILE *f = fopen(path, "r+");
	assert_non_null(f);
	assert_int_equal(fseek(f, 20, SEEK_SET), 0);
	assert_int_not_equal(fputc('x', f), EOF);
	assert_int_equal(fclose(f), 0);
	s = check(&c, "blobs", false, true, 0);
	expect(&s, 3, "is missing from the store");
	expect(&s, 3, "has 100 bytes in the store where");
	expect(&s, 3, "its head is that of another blob");
	assert_int_equal(s.repaired, 0); /* nothing that is known is ever touched */
	assert_int_equal(cat_count(c.db, "SELECT count(*) FROM blobs"), 4);
	end(&c, dir);
}

static void leftovers(void **state)
{
	(void)state;
	struct gh_catalog c;
	char dir[64], path[200];
	struct gh_store_key key;
	int fd;
	begin(&c, dir);
	struct gh_id t = cat_tenant(c.db, "acme");
	struct gh_blob b = stored(&c, &t, 10);
	path_of(dir, &b, path);
	/* Known, but used by nothing. */
	struct seen s = check(&c, "objects", false, true, 0);
	expect(&s, 0, "");
	s = check(&c, "unused", false, false, LATER);
	expect(&s, 0, ""); /* too young */
	s = check(&c, "unused", false, false, 10);
	expect(&s, 1, "is used by nothing");
	assert_int_equal(access(path, F_OK), 0);
	s = check(&c, "unused", false, true, 10);
	expect(&s, 1, "is used by nothing");
	assert_int_equal(s.repaired, 1);
	assert_int_equal(access(path, F_OK), -1);
	assert_int_equal(cat_count(c.db, "SELECT count(*) FROM blobs"), 0);
	/* Not known at all. */
	b = stored(&c, &t, 10);
	CAT_OK(gh_db_exec(c.db, NULL, err, "DELETE FROM blobs", GH_DBV_NONE));
	s = check(&c, "objects", false, false, 0);
	expect(&s, 1, "is known to nobody");
	s = check(&c, "objects", false, true, LATER);
	expect(&s, 0, "");
	s = check(&c, "objects", false, true, 0);
	assert_int_equal(s.repaired, 1);
	path_of(dir, &b, path);
	assert_int_equal(access(path, F_OK), -1);
	/* A staging file that is being written, and one that is not. */
	assert_true(gh_store_key_set(&key, t.s, b.id.s));
	CAT_OK(gh_store_stage(c.store, &key, &fd, err));
	s = check(&c, "staging", false, true, 0);
	expect(&s, 0, "");
	(void)close(fd);
	s = check(&c, "staging", false, true, LATER);
	expect(&s, 0, "");
	s = check(&c, "staging", false, true, 0);
	expect(&s, 1, "left of an import that died");
	assert_int_equal(s.repaired, 1);
	/* What is no object is told, and left alone. */
	(void)snprintf(path, sizeof path, "%s/notes.txt", dir);
	FILE *f = fopen(path, "w");
	(void)fclose(f);
	s = check(&c, "objects", false, true, 0);
	expect(&s, 1, "notes.txt");
	assert_int_equal(access(path, F_OK), 0);
	end(&c, dir);
}

static void dead_imports(void **state)
{
	(void)state;
	struct gh_catalog c;
	char dir[64];
	struct gh_name name;
	struct gh_version v;
	bool resumed;
	begin(&c, dir);
	cat_tenant(c.db, "acme");
	CAT_OK(gh_name_parse(GH_SPAN("acme/llama:1.0"), GH_NAME_VERSION, &name, err));
	const struct gh_version_begin b = { .name = &name, .owner = cat_id(), .now = LATER - 100, .lease = 60 };
	CAT_OK(gh_version_begin(c.db, &b, &v, &resumed, err));
	struct seen s = check(&c, "imports", false, true, 1000); /* its lease has passed, but not long ago */
	expect(&s, 0, "");
	s = check(&c, "imports", false, false, 0);
	expect(&s, 1, "the import of acme/llama:1.0 died and holds its name");
	s = check(&c, "imports", false, true, 0);
	assert_int_equal(s.repaired, 1);
	CAT_FAILS(GH_E_ABSENT, "there is no", gh_version_find(c.db, &name, &v, err));
	end(&c, dir);
}

/* "integrity=run malware=run …" with one of them in another state. */
static void stages(char out[512], const char *but, const char *how)
{
	out[0] = '\0';
	for (unsigned i = 0; i < GH_STAGES; i++) {
		size_t at = strlen(out);
		const char *name = gh_stage_rows[i].name;
		(void)snprintf(out + at, 512 - at, "%s%s=%s", i == 0 ? "" : " ", name,
			       strcmp(name, but) == 0	  ? how
			       : i == GH_STAGE_DETONATION ? "not-run"
							  : "run");
	}
}

static void badges(void **state)
{
	(void)state;
	struct gh_catalog c;
	char dir[64], text[512];
	begin(&c, dir);
	cat_tenant(c.db, "acme");
	struct gh_version v = cat_version(c.db, "acme/llama:1.0", NULL, "CLEAN", GH_V_READY, "standard");
	struct gh_badge_row b = { .id = cat_id(),
				  .version = v.id,
				  .report = v.report,
				  .state = GH_BADGE_PENDING,
				  .changed = 1000,
				  .log_index = -1 };
	CAT_OK(gh_badge_add(c.db, &b, err));
	struct seen s = check(&c, "badges", false, false, 0);
	expect(&s, 0, ""); /* only issued ones say something */
	CAT_OK(gh_db_exec(c.db, NULL, err, "UPDATE badges SET state = 'issued', issued = 1000", GH_DBV_NONE));
	CAT_OK(gh_db_exec(c.db, NULL, err,
			  "INSERT INTO outbox (id, at, kind, entry, log_index) VALUES (?, 1000, 'badge-issued', ?, 7)",
			  GH_DBV(gh_dbs(b.id.s), gh_dbb(GH_SPAN("{}")))));
	stages(text, "", "");
	CAT_OK(gh_db_exec(c.db, NULL, err, "UPDATE reports SET stages = ?", GH_DBV(gh_dbs(text))));
	s = check(&c, "badges", false, false, 0);
	expect(&s, 1, "without an entry in the audit log");
	CAT_OK(gh_db_exec(c.db, NULL, err, "UPDATE badges SET entry = ?, log_index = 8", GH_DBV(gh_dbs(b.id.s))));
	s = check(&c, "badges", false, false, 0);
	expect(&s, 1, "names entry 8 of the audit log, which is not its own");
	CAT_OK(gh_db_exec(c.db, NULL, err, "UPDATE badges SET log_index = 7", GH_DBV_NONE));
	s = check(&c, "badges", false, false, 0);
	expect(&s, 0, "");
	static const char *const wrong[] = { "incomplete", "not-run", "runx", "" };
	for (size_t i = 0; i < GH_ROWS(wrong); i++) {
		stages(text, "malware", wrong[i]);
		CAT_OK(gh_db_exec(c.db, NULL, err, "UPDATE reports SET stages = ?", GH_DBV(gh_dbs(text))));
		s = check(&c, "badges", false, false, 0);
		expect(&s, 1, "a scan that was not finished");
	}
	CAT_OK(gh_db_exec(c.db, NULL, err, "UPDATE reports SET verdict = 'UNSAFE'", GH_DBV_NONE));
	s = check(&c, "badges", false, false, 0);
	expect(&s, 1, "a report that says UNSAFE");
	end(&c, dir);
}

static void reviews(void **state)
{
	(void)state;
	struct gh_catalog c;
	char dir[64];
	gh_auto_arena a = { .max = 1 << 20 };
	struct gh_review r;
	begin(&c, dir);
	cat_tenant(c.db, "acme");
	struct gh_principal who = cat_person(c.db, &a, "jane", "security-reviewer@platform");
	struct gh_version v = cat_version(c.db, "acme/llama:1.0", NULL, "REVIEW", GH_V_REVIEW, "standard");
	CAT_OK(gh_review_open(c.db, &v.id, 0, 1000, &r, err));
	struct gh_review_event e = { .id = cat_id(),
				     .review = r.id,
				     .principal = who.id,
				     .at = 1000,
				     .act = GH_REVIEW_APPROVE,
				     .receipt_n = 8,
				     .receipt = { 1 } };
	memcpy(e.root, r.root, sizeof e.root);
	memcpy(e.report_digest, r.report_digest, sizeof e.report_digest);
	(void)snprintf(e.receipt_key, sizeof e.receipt_key, "%s", cat_digest('a'));
	CAT_OK(gh_review_record(c.db, &who, &v.name, &e, &r, err));
	assert_int_equal(r.state, GH_REVIEW_APPROVED);
	struct seen s = check(&c, "reviews", false, false, 0);
	expect(&s, 0, ""); /* receipts are checked with the vault only */
	CAT_OK(gh_db_exec(c.db, NULL, err, "UPDATE reviews SET author = ?", GH_DBV(gh_dbs(who.id.s))));
	s = check(&c, "reviews", false, false, 0);
	expect(&s, 2, "is by the author"); /* and it does not count */
	CAT_OK(gh_db_exec(c.db, NULL, err, "UPDATE reviews SET author = '', needed = 2", GH_DBV_NONE));
	s = check(&c, "reviews", false, false, 0);
	expect(&s, 1, "counts as approved with 1 of 2 approvals");
	CAT_OK(gh_db_exec(c.db, NULL, err, "UPDATE reviews SET needed = 1, root = ?", GH_DBV(gh_dbs(cat_digest('f')))));
	s = check(&c, "reviews", false, false, 0);
	expect(&s, 2, "is about other digests than the review");
	CAT_OK(gh_db_exec(c.db, NULL, err, "UPDATE reviews SET root = ?", GH_DBV(gh_dbs(e.root))));
	CAT_OK(gh_db_exec(c.db, NULL, err, "UPDATE review_events SET receipt = NULL", GH_DBV_NONE));
	s = check(&c, "reviews", false, false, 0);
	expect(&s, 2, "is signed by nobody");
	end(&c, dir);
}

static void what_cannot_be(void **state)
{
	(void)state;
	struct gh_catalog c;
	char dir[64];
	begin(&c, dir);
	struct seen s = { 0 };
	struct gh_fsck f = { .part = "nonsense", .say = say, .arg = &s };
	CAT_FAILS(GH_E_MALFORMED, "no part 'nonsense'", gh_fsck_step(&c, &f, err));
	f.part = "objects";
	(void)snprintf(f.cursor, sizeof f.cursor, "../../etc");
	CAT_FAILS(GH_E_MALFORMED, "no such cursor", gh_fsck_step(&c, &f, err));
	f.part = "log"; /* no log at all */
	CAT_FAILS(GH_E_IO, "log", gh_fsck_step(&c, &f, err));
	s = check(&c, "database", false, false, 0);
	expect(&s, 0, "");
	for (size_t i = 0; gh_fsck_part_at(i) != NULL; i++)
		assert_true(gh_fsck_part_at(i)->about[0] != '\0');
	end(&c, dir);
}

/* ---- rows against the log ---- */
static const uint8_t log_seed[32] = { 7 };

static enum gh_rc sign(void *arg, const struct gh_log_ask *ask, uint8_t sig[GH_ED25519_SIG], struct gh_err *err)
{
	(void)arg;
	return gh_ed25519_sign(log_seed, ask->text, sig) ? GH_OK : gh_fail(err, GH_E_BUG, "no signature");
}

static int64_t at_1000(void) { return 1000; }

static void put(struct gh_catalog *c, const char *kind, const struct gh_entry_value *v, size_t n)
{
	CAT_OK(gh_ledger_put(c, kind, "local", v, n, NULL, err));
}
#define PUT(c, kind, ...) \
	put((c), (kind), (const struct gh_entry_value[]){ __VA_ARGS__ }, \
	    sizeof((const struct gh_entry_value[]){ __VA_ARGS__ }) / sizeof(struct gh_entry_value))

static void open_ledger(struct gh_catalog *c, const char *dir, struct gh_note_key *note, char path[100])
{
	gh_auto_key *k = gh_key_ed25519(log_seed);
	uint8_t raw[GH_KEY_RAW];
	c->now = at_1000;
	assert_non_null(k);
	assert_true(gh_key_raw(k, raw));
	CAT_OK(gh_note_key("test/log", GH_NOTE_ED25519, (struct gh_span){ raw, sizeof raw }, note, err));
	(void)snprintf(path, 100, "%s/log", dir);
	const struct gh_log_setup setup = { .dir = path, .key = note, .sign = sign };
	CAT_OK(gh_log_create(&setup, err));
	CAT_OK(gh_log_open(&setup, &c->log, err));
}

struct alteration {
	const char *alter, *says, *undo;
};

static void alter(struct gh_catalog *c, const struct alteration *row)
{
	struct seen before = check(c, "ledger", false, false, 0);
	CAT_OK(gh_db_exec(c->db, NULL, err, row->alter, GH_DBV_NONE));
	struct seen s = check(c, "ledger", false, false, 0);
	if (s.n <= before.n || strstr(s.all, row->says) == NULL)
		fail_msg("%s: not \"%s\":\n%s", row->alter, row->says, s.all);
	if (row->undo == NULL)
		return;
	CAT_OK(gh_db_exec(c->db, NULL, err, row->undo, GH_DBV_NONE));
	s = check(c, "ledger", false, false, 0);
	if (s.n != before.n)
		fail_msg("%s, undone: %u problems instead of %u:\n%s", row->alter, s.n, before.n, s.all);
}

/* A version is used only as its entry says: rows, and the copy of the entry that lies beside them. */
static void used(struct gh_catalog *c, const struct gh_id *version)
{
	static const struct alteration rows[] = {
		{ "UPDATE versions SET verdict = 'CLEAN'", "its verdict is not what the audit log says",
		  "UPDATE versions SET verdict = 'UNSAFE'" },
		{ "UPDATE versions SET root = 'ab' || root", "its root digest is not",
		  "UPDATE versions SET root = substr(root, 3)" },
		{ "UPDATE reports SET digest = 'ab' || digest", "its report is not",
		  "UPDATE reports SET digest = substr(digest, 3)" },
		{ "UPDATE reports SET verdict = 'CLEAN'", "its report's verdict is not",
		  "UPDATE reports SET verdict = 'UNSAFE'" },
		{ "UPDATE reports SET stages = 'x' || stages", "what the catalog holds of its last scan",
		  "UPDATE reports SET stages = substr(stages, 2)" },
		{ "UPDATE outbox SET log_index = 70 WHERE log_index = 0", "the audit log, entry 70",
		  "UPDATE outbox SET log_index = 0 WHERE log_index = 70" },
	};
	CAT_OK(gh_version_logged(c, version, err));
	for (size_t i = 0; i < GH_ROWS(rows); i++) {
		CAT_OK(gh_db_exec(c->db, NULL, err, rows[i].alter, GH_DBV_NONE));
		CAT_FAILS(GH_E_UNREAD, rows[i].says, gh_version_logged(c, version, err));
		CAT_OK(gh_db_exec(c->db, NULL, err, rows[i].undo, GH_DBV_NONE));
		CAT_OK(gh_version_logged(c, version, err));
	}
	/* The copy of the entry beside the rows. */
	gh_auto_arena a = { .max = 1 << 16 };
	gh_auto_buf other = gh_buf(1 << 16);
	struct gh_db_rows r;
	CAT_OK(gh_db_query(c->db, &a, &r, err, "SELECT entry FROM outbox WHERE log_index = 0", GH_DBV_NONE));
	struct gh_span entry = gh_db_span(&r, 0, 0), time = GH_SPAN("\"time\":\"1970");
	const uint8_t *at = memmem(entry.p, entry.n, time.p, time.n);
	assert_non_null(at);
	gh_buf_span(&other, entry);
	other.p[(size_t)(at - entry.p) + time.n - 1] = '9';
	for (int i = 0; i < 2; i++) {
		CAT_OK(gh_db_exec(c->db, NULL, err, "UPDATE outbox SET entry = ? WHERE log_index = 0",
				  GH_DBV(gh_dbb(i == 0 ? gh_buf_view(&other) : entry))));
		if (i == 0)
			CAT_FAILS(GH_E_UNREAD, "entry 0 of the audit log is not what the database says of it",
				  gh_version_logged(c, version, err));
		else
			CAT_OK(gh_version_logged(c, version, err));
	}
}

/* Signing keys, shares, policies and evidence: what is in the log and in the rows alike is fine, and each alteration is told. */
static void others(struct gh_catalog *c, const struct gh_id *tenant, const struct gh_version *v,
		   const struct gh_principal *who)
{
	struct gh_id other = cat_tenant(c->db, "other");
	struct gh_evidence e = {
		.id = cat_id(), .version = v->id, .kind = "sarif", .signer = "jane@acme", .created = 1000
	};
	char says[GH_DIGEST_HEX + 1], key[GH_DIGEST_HEX + 1], policy[2][GH_DIGEST_HEX + 1];
	struct seen before = check(c, "ledger", false, false, 0);
	(void)snprintf(key, sizeof key, "%s", cat_digest('a'));
	(void)snprintf(policy[0], sizeof policy[0], "%s", cat_digest('b'));
	(void)snprintf(policy[1], sizeof policy[1], "%s", cat_digest('d'));
	(void)snprintf(e.digest, sizeof e.digest, "%s", cat_digest('c'));
	assert_true(gh_evidence_says(&e, says));
	PUT(c, "signkey", { .name = "principal", .text = who->id.s }, { .name = "public", .text = key },
	    { .name = "action", .text = "add" });
	PUT(c, "share", { .name = "tenant", .text = tenant->s }, { .name = "version", .text = v->id.s },
	    { .name = "to", .text = other.s }, { .name = "action", .text = "add" });
	PUT(c, "policy-set", { .name = "tenant", .text = tenant->s }, { .name = "policy", .text = policy[0] });
	PUT(c, "policy-set", { .name = "policy", .text = policy[1] });
	PUT(c, "evidence", { .name = "tenant", .text = tenant->s }, { .name = "version", .text = v->id.s },
	    { .name = "statement", .text = e.digest }, { .name = "form", .text = "sarif" },
	    { .name = "says", .text = says });
	struct seen s = check(c, "ledger", false, false, 0);
	assert_int_equal(s.n, before.n + 5);
	assert_non_null(strstr(s.all, "signing key"));
	assert_non_null(strstr(s.all, "share "));
	assert_non_null(strstr(s.all, "policy platform stands in the audit log"));
	assert_non_null(strstr(s.all, "evidence "));
	CAT_OK(gh_db_exec(
		c->db, NULL, err,
		"INSERT INTO principal_keys (id, principal, alg, spki, fingerprint, created) VALUES (?, ?, 'ed25519', "
		"?, ?, 1000)",
		GH_DBV(gh_dbs(cat_id().s), gh_dbs(who->id.s), gh_dbb(GH_SPAN("x")), gh_dbs(key))));
	CAT_OK(gh_db_exec(c->db, NULL, err,
			  "INSERT INTO shares (version, tenant, created, created_by) VALUES (?, ?, 1000, 'local')",
			  GH_DBV(gh_dbs(v->id.s), gh_dbs(other.s))));
	for (int i = 0; i < 2; i++)
		CAT_OK(gh_db_exec(
			c->db, NULL, err,
			"INSERT INTO policies (id, tenant, name, number, digest, state, created, created_by) VALUES "
			"(?, "
			"?, 'p', 1, ?, 'current', 1000, 'local')",
			GH_DBV(gh_dbs(cat_id().s), i == 0 ? gh_dbs(tenant->s) : gh_dbnull(), gh_dbs(policy[i]))));
	CAT_OK(gh_evidence_add(c->db, &e, err));
	struct gh_id review = cat_id();
	CAT_OK(gh_db_exec(
		c->db, NULL, err,
		"INSERT INTO reviews (id, version, root, report, report_digest, author, tier, needed, state, reason,"
		" opened) VALUES (?, ?, ?, ?, ?, '', 'high', 2, 'open', '', 1000)",
		GH_DBV(gh_dbs(review.s), gh_dbs(v->id.s), gh_dbs(v->root), gh_dbs(v->report.s), gh_dbs(policy[0]))));
	s = check(c, "ledger", false, false, 0);
	assert_non_null(strstr(s.all, "(a review of acme/llama:1.0) stands in the database"));
	PUT(c, "review-opened", { .name = "tenant", .text = tenant->s }, { .name = "version", .text = v->id.s },
	    { .name = "root", .text = v->root }, { .name = "report", .text = policy[0] },
	    { .name = "review", .text = review.s }, { .name = "needed", .number = 2 },
	    { .name = "tier", .text = "high" });
	s = check(c, "ledger", false, false, 0);
	if (s.n != before.n)
		fail_msg("%u problems instead of %u:\n%s", s.n, before.n, s.all);
	static const struct alteration rows[] = {
		{ "UPDATE reviews SET needed = 1", "needs 2 approvals by the audit log (entry ",
		  "UPDATE reviews SET needed = 2" },
		{ "UPDATE reviews SET tier = 'standard'", "its tier is high by the audit log",
		  "UPDATE reviews SET tier = 'high'" },
		{ "UPDATE reviews SET author = version", "has another author than the version",
		  "UPDATE reviews SET author = ''" },
		{ "UPDATE reviews SET report_digest = 'ff' || report_digest",
		  "the review of acme/llama:1.0: its report is",
		  "UPDATE reviews SET report_digest = substr(report_digest, 3)" },
		{ "DELETE FROM reviews", "review ", NULL },
		{ "UPDATE principal_keys SET revoked = 5", "is valid by the audit log (entry",
		  "UPDATE principal_keys SET revoked = NULL" },
		{ "UPDATE principal_keys SET fingerprint = 'ff' || fingerprint",
		  "(a signing key of jane) stands in the database",
		  "UPDATE principal_keys SET fingerprint = substr(fingerprint, 3)" },
		{ "UPDATE policies SET digest = 'ff' || digest WHERE tenant IS NULL", "the policy of the platform is",
		  "UPDATE policies SET digest = substr(digest, 3) WHERE tenant IS NULL" },
		{ "UPDATE policies SET state = 'past' WHERE tenant IS NOT NULL", "policy ",
		  "UPDATE policies SET state = 'current' WHERE tenant IS NOT NULL" },
		{ "UPDATE evidence SET trusted = 1", "verified as signed by jane@acme, and no entry",
		  "UPDATE evidence SET trusted = 0" },
		{ "UPDATE evidence SET signer = 'vendor'", "said to be signed by vendor",
		  "UPDATE evidence SET signer = 'jane@acme'" },
		{ "UPDATE evidence SET kind = 'sbom'", "has sbom", "UPDATE evidence SET kind = 'sarif'" },
		{ "DELETE FROM evidence", "evidence ", NULL },
		{ "DELETE FROM shares", "share ", NULL },
	};
	for (size_t i = 0; i < GH_ROWS(rows); i++)
		alter(c, &rows[i]);
	PUT(c, "share", { .name = "tenant", .text = tenant->s }, { .name = "version", .text = v->id.s },
	    { .name = "to", .text = other.s }, { .name = "action", .text = "remove" });
	CAT_OK(gh_db_exec(c->db, NULL, err,
			  "INSERT INTO shares (version, tenant, created, created_by) VALUES (?, ?, 1000, 'local')",
			  GH_DBV(gh_dbs(v->id.s), gh_dbs(other.s))));
	s = check(c, "ledger", false, false, 0);
	assert_non_null(strstr(s.all, "is shared with other in the database, and the audit log withdrew that"));
}

/* Each alteration of a row that the log speaks of is one line, and undone it is none. */
static void altered_rows(void **state)
{
	(void)state;
	struct gh_catalog c;
	struct gh_note_key note;
	char dir[64], path[100], key_text[GH_APIKEY_TEXT + 1];
	gh_auto_arena a = { .max = 1 << 20 };
	struct gh_apikey key;
	begin(&c, dir);
	open_ledger(&c, dir, &note, path);
	struct gh_id tenant = cat_tenant(c.db, "acme");
	struct gh_version v = cat_version(c.db, "acme/llama:1.0", NULL, "UNSAFE", GH_V_QUARANTINED, "standard");
	struct gh_principal who = cat_person(c.db, &a, "jane", "security-reviewer@acme");
	CAT_OK(gh_apikey_create(c.db, &who.id, NULL, 1000, 9000, key_text, &key, err));
	gh_auto_arena ra = { .max = 1 << 16 };
	struct gh_db_rows r;
	CAT_OK(gh_db_query(c.db, &ra, &r, err, "SELECT digest FROM reports", GH_DBV_NONE));
	struct gh_badge_row b = { .id = cat_id(),
				  .version = v.id,
				  .report = v.report,
				  .state = GH_BADGE_PENDING,
				  .changed = 1000,
				  .log_index = -1 };
	CAT_OK(gh_badge_add(c.db, &b, err));
	char says[GH_DIGEST_HEX + 1];
	CAT_OK(gh_version_says(c.db, &v.id, says, err));
	CAT_FAILS(GH_E_UNREAD, "no entry of the audit log made this version", gh_version_logged(&c, &v.id, err));
	PUT(&c, "import", { .name = "tenant", .text = tenant.s }, { .name = "version", .text = v.id.s },
	    { .name = "root", .text = v.root }, { .name = "report", .text = gh_db_text(&r, 0, 0) },
	    { .name = "verdict", .text = "UNSAFE" }, { .name = "state", .text = "quarantined" }, { .name = "bytes" },
	    { .name = "files" }, { .name = "tier", .text = "standard" }, { .name = "says", .text = says });
	CAT_OK(gh_version_logged(&c, &v.id, err)); /* waits in the outbox */
	PUT(&c, "principal-add", { .name = "principal", .text = who.id.s }, { .name = "form", .text = "person" });
	PUT(&c, "grant", { .name = "principal", .text = who.id.s }, { .name = "role", .text = "security-reviewer" },
	    { .name = "scope", .text = "tenant" }, { .name = "of", .text = tenant.s });
	PUT(&c, "apikey-issued", { .name = "principal", .text = who.id.s }, { .name = "key", .text = key.id.s },
	    { .name = "says", .text = key.says });
	PUT(&c, "apikey-revoked", { .name = "principal", .text = who.id.s }, { .name = "key", .text = key.id.s });
	CAT_OK(gh_db_exec(c.db, NULL, err, "UPDATE api_keys SET revoked = 1000", GH_DBV_NONE));
	PUT(&c, "badge-issued", { .name = "tenant", .text = tenant.s }, { .name = "version", .text = v.id.s },
	    { .name = "root", .text = v.root }, { .name = "report", .text = gh_db_text(&r, 0, 0) },
	    { .name = "badge", .text = b.id.s }, { .name = "statement", .text = cat_digest('5') });
	PUT(&c, "badge-revoked", { .name = "tenant", .text = tenant.s }, { .name = "version", .text = v.id.s },
	    { .name = "badge", .text = b.id.s }, { .name = "reason", .text = "test" });
	CAT_OK(gh_db_exec(c.db, NULL, err, "UPDATE badges SET state = 'revoked'", GH_DBV_NONE));
	struct seen s = check(&c, "ledger", false, false, 0); /* what waits in the outbox counts as said */
	expect(&s, 0, "");
	CAT_OK(gh_ledger_flush(&c, err));
	s = check(&c, "ledger", false, false, 0);
	expect(&s, 0, "");
	used(&c, &v.id);
	static const struct {
		const char *alter, *says, *undo;
	} rows[] = {
		{ "UPDATE versions SET state = 'ready'",
		  "its state is quarantined by the audit log (entry 0), and ready",
		  "UPDATE versions SET state = 'quarantined'" },
		{ "UPDATE versions SET verdict = 'CLEAN'", "its verdict is UNSAFE by",
		  "UPDATE versions SET verdict = 'UNSAFE'" },
		{ "UPDATE reports SET verdict = 'CLEAN'", "its report's verdict is UNSAFE by",
		  "UPDATE reports SET verdict = 'UNSAFE'" },
		{ "UPDATE reports SET stages = 'x' || stages", "its scan (report, stages",
		  "UPDATE reports SET stages = substr(stages, 2)" },
		{ "UPDATE reports SET rules = 'x' || rules", "its scan (report, stages",
		  "UPDATE reports SET rules = substr(rules, 2)" },
		{ "UPDATE reports SET advisories = 'x' || advisories", "its scan (report, stages",
		  "UPDATE reports SET advisories = substr(advisories, 2)" },
		{ "UPDATE reports SET coverage = 'x' || coverage", "its scan (report, stages",
		  "UPDATE reports SET coverage = substr(coverage, 2)" },
		{ "UPDATE blobs SET digest = 'x' || digest WHERE id = (SELECT manifest FROM versions)",
		  "its scan (report, stages",
		  "UPDATE blobs SET digest = substr(digest, 2) WHERE id = (SELECT manifest FROM versions)" },
		{ "UPDATE versions SET root = 'ab' || root", "its root digest is 7777777777777777 by",
		  "UPDATE versions SET root = substr(root, 3)" },
		{ "UPDATE badges SET state = 'issued', digest = '5'",
		  "is revoked by the audit log (entry 6), and issued", NULL },
		{ "UPDATE badges SET state = 'revoked', digest = NULL", "", NULL },
		{ "UPDATE api_keys SET revoked = NULL", "is revoked by the audit log (entry 4), and valid",
		  "UPDATE api_keys SET revoked = 1000" },
		{ "UPDATE versions SET tier = 'high'", "its tier is standard by the audit log (entry 0), and high",
		  "UPDATE versions SET tier = 'standard'" },
		{ "UPDATE versions SET created_by = model", "its author is local by the audit log (entry 0), and ",
		  "UPDATE versions SET created_by = ''" },
		{ "UPDATE api_keys SET hash = 'ab' || hash", "has another secret or expiry in the database",
		  "UPDATE api_keys SET hash = substr(hash, 3)" },
		{ "UPDATE api_keys SET expires = expires + 1", "has another secret or expiry in the database",
		  "UPDATE api_keys SET expires = expires - 1" },
		{ "UPDATE api_keys SET created_by = principal", "was issued by no principal by the audit log, and by",
		  "UPDATE api_keys SET created_by = NULL" },
		{ "UPDATE grants SET created_by = principal",
		  "of jane was granted by no principal by the audit log, and by",
		  "UPDATE grants SET created_by = NULL" },
		{ "UPDATE principals SET state = 'disabled'", "jane is active by the audit log (entry 1), and disabled",
		  "UPDATE principals SET state = 'active'" },
		{ "UPDATE grants SET project = 'x'", "(project", "UPDATE grants SET project = ''" },
		{ "UPDATE outbox SET log_index = 99 WHERE log_index = 3", "entries 3 to 3 stand in the audit log",
		  "UPDATE outbox SET log_index = 3 WHERE log_index = 99" },
		{ "DELETE FROM grants", "stands in the audit log (entry 2), and not in the database", NULL },
		{ "DELETE FROM api_keys", "stands in the audit log (entry 4), and not in the database", NULL },
	};
	for (size_t i = 0; i < GH_ROWS(rows); i++) {
		CAT_OK(gh_db_exec(c.db, NULL, err, rows[i].alter, GH_DBV_NONE));
		s = check(&c, "ledger", false, false, 0);
		if ((s.n == 0) != (rows[i].says[0] == '\0') || strstr(s.all, rows[i].says) == NULL)
			fail_msg("%s: not \"%s\":\n%s", rows[i].alter, rows[i].says, s.all);
		if (rows[i].undo == NULL)
			continue;
		CAT_OK(gh_db_exec(c.db, NULL, err, rows[i].undo, GH_DBV_NONE));
		s = check(&c, "ledger", false, false, 0);
		expect(&s, 0, "");
	}
	/* What people registered, shared and said. */
	others(&c, &tenant, &v, &who);
	/* Somebody who was never made. */
	cat_person(c.db, &a, "mallory", NULL);
	s = check(&c, "ledger", false, false, 0);
	assert_non_null(
		strstr(s.all, "mallory (a principal) stands in the database, and no entry of the audit log made it"));
	gh_log_close(c.log);
	end(&c, dir);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(blobs),	cmocka_unit_test(leftovers), cmocka_unit_test(dead_imports),
	cmocka_unit_test(badges),	cmocka_unit_test(reviews),   cmocka_unit_test(what_cannot_be),
	cmocka_unit_test(altered_rows),
};

int main(void) { return dbs_run(tests); }
