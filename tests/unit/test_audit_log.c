/* The audit log on the disk: appending, what a crash or an attacker leaves, failing system calls, several writers. */
#include "support/auditmake.h"
#include "support/cm.h"

#include "audit/check.h"
#include "audit/tiles.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char top[64], dir[96];
static struct audit_signer signer;
static struct gh_note_key key;
static struct gh_log_setup setup;

static int remove_one(const char *path, const struct stat *st, int flag, struct FTW *at)
{
	(void)st;
	(void)flag;
	(void)at;
	return remove(path);
}

static int begin(void **st)
{
	(void)st;
	/* In memory where there is such a place: nothing here depends on the disk, and a busy one makes fsync slow. */
	(void)snprintf(top, sizeof top, "%s/gh-audit-XXXXXX", access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
	if (mkdtemp(top) == NULL)
		return -1;
	(void)snprintf(dir, sizeof dir, "%s/log", top);
	setup = audit_setup(dir, &signer, &key);
	return gh_log_create(&setup, NULL) == GH_OK ? 0 : -1;
}
static int finish(void **st)
{
	(void)st;
	return nftw(top, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static const char *line_of(const struct gh_err *err)
{
	static char line[1000];
	return gh_err_line(err, line, sizeof line);
}

static struct gh_log *open_log(void)
{
	struct gh_log *log;
	struct gh_err err = { 0 };
	if (gh_log_open(&setup, &log, &err) != GH_OK)
		fail_msg("%s", line_of(&err));
	return log;
}

/* Append entries number … number + n - 1. */
static enum gh_rc append(struct gh_log *log, uint64_t number, size_t n, uint64_t *first, struct gh_err *err)
{
	struct gh_buf *b = calloc(n, sizeof *b);
	struct gh_span *e = calloc(n, sizeof *e);
	for (size_t i = 0; i < n; i++) {
		b[i] = gh_buf(4096);
		audit_entry(number + i, &b[i]);
		e[i] = gh_buf_view(&b[i]);
	}
	enum gh_rc rc = gh_log_append(log, e, n, first, err);
	for (size_t i = 0; i < n; i++)
		gh_buf_free(&b[i]);
	free(b);
	free(e);
	return rc;
}

static void must_append(struct gh_log *log, uint64_t number, size_t n)
{
	uint64_t first;
	struct gh_err err = { 0 };
	if (append(log, number, n, &first, &err) != GH_OK)
		fail_msg("%s", line_of(&err));
}

/* Problems that a full check finds; the first of them is kept. */
static char found[GH_AUDIT_TEXT];
static uint64_t problems(uint64_t size)
{
	struct gh_audit_report *r = calloc(1, sizeof *r);
	struct gh_err err = { 0 };
	int fd = open(dir, O_RDONLY | O_DIRECTORY);
	enum gh_rc rc = gh_audit_check(fd, &key, (struct gh_span){ 0 }, r, &err);
	close(fd);
	uint64_t n = r->problems;
	(void)snprintf(found, sizeof found, "%s", n > 0 ? r->problem[0] : "");
	bool right = rc == GH_OK && (n > 0 || r->head.size == size);
	if (!right)
		(void)fprintf(stderr, "size %llu: %s\n", (unsigned long long)r->head.size, line_of(&err));
	gh_audit_report_free(r);
	free(r);
	assert_true(right);
	return n;
}
static void sound(uint64_t size)
{
	if (problems(size) != 0)
		fail_msg("%s", found);
}

/* ---- files ---------------------------------------------------------------------------------------------------------------- */
static struct gh_buf slurp(const char *name)
{
	char path[256];
	struct gh_buf b = gh_buf(64 << 20);
	(void)snprintf(path, sizeof path, "%s/%s", dir, name);
	int fd = open(path, O_RDONLY);
	uint8_t piece[4096];
	ssize_t n;
	assert_true(fd >= 0);
	while ((n = read(fd, piece, sizeof piece)) > 0)
		gh_buf_put(&b, piece, (size_t)n);
	close(fd);
	return b;
}
static void spill(const char *name, struct gh_span bytes)
{
	char path[256];
	(void)snprintf(path, sizeof path, "%s/%s", dir, name);
	int fd = open(path, O_WRONLY | O_TRUNC | O_CREAT, 0600);
	assert_true(fd >= 0 && write(fd, bytes.p, bytes.n) == (ssize_t)bytes.n);
	close(fd);
}
static void lose(const char *name)
{
	char path[256];
	(void)snprintf(path, sizeof path, "%s/%s", dir, name);
	assert_int_equal(unlink(path), 0);
}

/* ---- tests ------------------------------------------------------------------------------------------------------------------ */
static void tiles_are_named_as_the_specification_says(void **st)
{
	(void)st;
	static const struct {
		int level;
		uint64_t index;
		unsigned width;
		const char *path;
	} rows[] = {
		{ 0, 1234067, 256, "tile/0/x001/x234/067" },
		{ 0, 0, 256, "tile/0/000" },
		{ 1, 999, 17, "tile/1/999.p/17" },
		{ 2, 1000, 1, "tile/2/x001/000.p/1" },
		{ GH_TILE_ENTRIES, 273, 112, "tile/entries/273.p/112" },
		{ 0, GH_MERKLE_SIZE_MAX / 256, 255, "tile/0/x018/x014/x398/x509/x481/983.p/255" },
	};
	char path[GH_TILE_PATH];
	for (size_t i = 0; i < GH_ROWS(rows); i++) {
		gh_tile_path(rows[i].level, rows[i].index, rows[i].width, path);
		assert_string_equal(path, rows[i].path);
	}
	/* A log of 70,000. */
	assert_int_equal(gh_tile_width(0, 272, 70000), 256);
	assert_int_equal(gh_tile_width(0, 273, 70000), 112);
	assert_int_equal(gh_tile_width(0, 274, 70000), 0);
	assert_int_equal(gh_tile_width(1, 0, 70000), 256);
	assert_int_equal(gh_tile_width(1, 1, 70000), 17);
	assert_int_equal(gh_tile_width(2, 0, 70000), 1);
	assert_int_equal(gh_tile_width(3, 0, 70000), 0);
	assert_int_equal(gh_tile_width(1, 0, 256), 1);
}

static void groups_of_any_size_make_one_log(void **st)
{
	(void)st;
	static const size_t groups[] = { 1, 1, 3, 250, 1, 1, 255, 256, 257, 513, 1000, 2 };
	uint64_t size = 0, first;
	struct gh_log *log = open_log();
	sound(0);
	for (size_t i = 0; i < GH_ROWS(groups); i++) {
		struct gh_err err = { 0 };
		assert_int_equal(append(log, size, groups[i], &first, &err), GH_OK);
		assert_int_equal(first, size);
		size += groups[i];
		sound(size);
	}
	assert_int_equal(gh_log_size(log), size);
	for (uint64_t i = 0; i < size; i += 37) {
		gh_auto_buf proof = gh_buf(65536), entry = gh_buf(4096);
		audit_entry(i, &entry);
		assert_int_equal(gh_log_prove(log, i, &proof, NULL), GH_OK);
		assert_int_equal(gh_tlog_proof_check(gh_buf_view(&proof), gh_buf_view(&entry), &key, NULL, NULL, NULL),
				 GH_OK);
	}
	gh_auto_buf none = gh_buf(65536);
	assert_int_equal(gh_log_prove(log, size, &none, NULL), GH_E_ABSENT);
	gh_log_close(log);
	sound(size);
}

static void what_is_no_entry_is_refused_before_anything_is_written(void **st)
{
	(void)st;
	struct gh_log *log = open_log();
	struct gh_err err = { 0 };
	uint64_t first;
	gh_auto_buf good = gh_buf(4096);
	audit_entry(5, &good);
	struct gh_span e[2] = { gh_buf_view(&good), GH_SPAN("{\"prompt\":\"tell me\"}") };
	assert_int_equal(gh_log_append(log, e, 2, &first, &err), GH_E_MALFORMED);
	assert_non_null(strstr(line_of(&err), "entry 2 of 2"));
	assert_int_equal(gh_log_append(log, e, 0, &first, &err), GH_OK);
	assert_int_equal(gh_log_size(log), 0);
	assert_int_equal(signer.asked, 1);
	must_append(log, 0, 3);
	gh_log_close(log);
	sound(3);
}

static void an_entry_is_appended_once(void **st)
{
	(void)st;
	struct gh_log *log = open_log();
	uint64_t index[4];
	struct gh_buf b[4] = { gh_buf(4096), gh_buf(4096), gh_buf(4096), gh_buf(4096) };
	struct gh_span e[4];
	must_append(log, 0, 600);
	static const unsigned number[4] = { 700, 3, 701, 599 };
	for (unsigned i = 0; i < 4; i++) {
		audit_entry(number[i], &b[i]);
		e[i] = gh_buf_view(&b[i]);
	}
	assert_int_equal(gh_log_append_new(log, e, 4, 0, index, NULL), GH_OK);
	assert_true(index[0] == 600 && index[1] == 3 && index[2] == 601 && index[3] == 599);
	assert_int_equal(gh_log_append_new(log, e, 4, 0, index, NULL), GH_OK);
	assert_true(index[0] == 600 && index[1] == 3 && index[2] == 601 && index[3] == 599 && gh_log_size(log) == 602);
	assert_int_equal(gh_log_append_new(log, e, 1, 601, index, NULL),
			 GH_OK); /* the caller knows that it is no older */
	assert_int_equal(index[0], 602);
	for (unsigned i = 0; i < 4; i++)
		gh_buf_free(&b[i]);
	gh_log_close(log);
	assert_int_equal(problems(603), 1); /* and the check finds the id that occurs twice */
	assert_non_null(strstr(found, "entry 602 has an id that an earlier entry has"));
}

static void writers_see_what_others_appended(void **st)
{
	(void)st;
	struct gh_log *a = open_log(), *b = open_log();
	for (uint64_t i = 0; i < 40; i++)
		must_append(i % 3 == 0 ? a : b, i * 20, 20);
	assert_int_equal(gh_log_settle(b, NULL), GH_OK);
	must_append(a, 800, 1);
	must_append(b, 801, 1);
	gh_log_close(a);
	must_append(b, 802, 1);
	gh_log_close(b);
	sound(803);
}

static void a_log_is_not_made_twice(void **st)
{
	(void)st;
	struct gh_log *log = open_log();
	must_append(log, 0, 5);
	assert_int_equal(gh_log_create(&setup, NULL), GH_E_EXISTS);
	gh_log_close(log);
	struct gh_log_setup other = setup;
	struct gh_note_key k;
	uint8_t seed[32];
	struct gh_err err = { 0 };
	audit_key(9, "example.com/log", GH_NOTE_ED25519, seed, &k);
	other.key = &k;
	assert_int_equal(gh_log_open(&other, &log, &err), GH_E_DENIED);
	other.dir = "/nonexistent";
	assert_int_equal(gh_log_open(&other, &log, NULL), GH_E_ABSENT);
	sound(5);
}

static void a_signer_that_refuses_loses_nothing(void **st)
{
	(void)st;
	struct gh_log *log = open_log();
	struct gh_err err = { 0 };
	uint64_t first;
	must_append(log, 0, 300);
	signer.refuse = true;
	assert_int_equal(append(log, 300, 10, &first, &err), GH_E_DENIED);
	assert_non_null(strstr(line_of(&err), "the vault is locked"));
	sound(300);
	gh_log_close(log);
	signer.refuse = false;
	log = open_log(); /* publishes what was durable */
	assert_int_equal(gh_log_size(log), 310);
	gh_log_close(log);
	sound(310);
}

/* A log that was killed at any byte of its last writes: the journal cut anywhere, with the tiles there or not. */
static void a_torn_journal_is_dropped_or_kept_as_a_whole(void **st)
{
	(void)st;
	struct gh_log *log = open_log();
	must_append(log, 0, 254);
	struct gh_buf head = slurp("checkpoint"), before = slurp("journal");
	struct audit_signer earlier = signer;
	must_append(log, 254, 3);
	struct gh_buf journal = slurp("journal");
	struct audit_signer now = signer;
	for (size_t cut = before.n; cut <= journal.n; cut += cut < before.n + 64 || cut + 8 > journal.n ? 1 : 7) {
		struct gh_log *again;
		struct gh_err err = { 0 };
		spill("checkpoint", gh_buf_view(&head)); /* the one before */
		spill("journal", gh_span_cut(gh_buf_view(&journal), 0, cut));
		/* A record that is torn was not durable: the signer was not asked. */
		signer = cut < journal.n ? earlier : now;
		enum gh_rc rc = gh_log_open(&setup, &again, &err);
		if (rc != GH_OK)
			fail_msg("cut at %zu: %s", cut, line_of(&err));
		uint64_t kept = cut < journal.n ? 254 : 257;
		assert_int_equal(gh_log_size(again), kept);
		must_append(again, kept, 1 + cut % 3);
		sound(kept + 1 + cut % 3);
		gh_log_close(again);
		/* Back to where it was. */
		spill("journal", gh_buf_view(&before));
		spill("checkpoint", gh_buf_view(&head));
	}
	gh_buf_free(&head);
	gh_buf_free(&before);
	gh_buf_free(&journal);
	gh_log_close(log);
}

static bool is_there(const char *name)
{
	char path[256];
	(void)snprintf(path, sizeof path, "%s/%s", dir, name);
	return access(path, F_OK) == 0;
}

/* A long journal is started anew by an append, which leaves partial tiles lying; they go when it is quiet. Power that is lost takes full
 * tiles along whose directory was not synced: the journal has them. */
static void a_long_journal_is_started_anew(void **st)
{
	(void)st;
	struct gh_log *log = open_log();
	struct gh_buf journal = gh_buf(1);
	uint64_t size = 300;
	must_append(log, 0, size);
	size_t before = 0;
	for (unsigned i = 0; i < 100 && before <= journal.n; i++) {
		before = journal.n;
		gh_buf_free(&journal);
		must_append(log, size, 2100);
		size += 2100;
		journal = slurp("journal");
	}
	assert_true(journal.n < before && before > GH_LOG_JOURNAL / 2);
	gh_buf_free(&journal);
	assert_true(is_there("tile/entries/001.p/44"));
	assert_true(is_there("tile/0/009.p/96"));
	sound(size);
	must_append(log, size, 1000);
	size += 1000;
	char full[64];
	(void)snprintf(full, sizeof full, "tile/entries/%03llu", (unsigned long long)(size / 256 - 1));
	lose(full);
	struct gh_log *again = open_log();
	must_append(again, size, 1);
	sound(size + 1);
	gh_log_close(again);
	assert_int_equal(gh_log_settle(log, NULL), GH_OK);
	assert_false(is_there("tile/entries/001.p"));
	assert_false(is_there("tile/0/009.p"));
	sound(size + 1);
	gh_log_close(log);
}

/* Tiles that are torn or gone are made again from the entries; altered entries are an error that names them. */
static void tiles_are_repaired_from_entries(void **st)
{
	(void)st;
	static const char *const torn[] = { "tile/0/001.p/4", "tile/1/000.p/1" };
	struct gh_log *log = open_log();
	must_append(log, 0, 260);
	gh_log_close(log);
	for (size_t i = 0; i < GH_ROWS(torn); i++) {
		struct gh_buf whole = slurp(torn[i]);
		for (size_t cut = 0; cut <= whole.n; cut++) { /* truncated at every byte, and gone */
			if (cut == whole.n)
				lose(torn[i]);
			else
				spill(torn[i], gh_span_cut(gh_buf_view(&whole), 0, cut));
			if (problems(260) == 0)
				fail_msg("%s cut at %zu is not noticed", torn[i], cut);
			gh_log_close(open_log());
			if (cut % 16 == 0)
				sound(260);
		}
		for (size_t at = 0; at < whole.n; at++) { /* a bit in every byte */
			whole.p[at] ^= (uint8_t)(1 << at % 8);
			spill(torn[i], gh_buf_view(&whole));
			if (problems(260) == 0 || strstr(found, torn[i]) == NULL)
				fail_msg("%s: byte %zu is not noticed: %s", torn[i], at, found);
			whole.p[at] ^= (uint8_t)(1 << at % 8);
		}
		gh_log_close(open_log());
		sound(260);
		gh_buf_free(&whole);
	}
}

static void altered_entries_and_full_tiles_are_named(void **st)
{
	(void)st;
	static const struct {
		const char *file;
		bool edge; /* of the last tiles: opening refuses it too */
	} rows[] = { { "tile/entries/001.p/4", true }, { "tile/entries/000", false }, { "tile/0/000", false } };
	struct gh_log *log = open_log(), *none;
	must_append(log, 0, 260);
	gh_log_close(log);
	for (size_t i = 0; i < GH_ROWS(rows); i++) {
		struct gh_buf whole = slurp(rows[i].file);
		size_t step = whole.n / 150 + 1;
		for (size_t at = 0; at < whole.n; at += step) {
			whole.p[at] ^= (uint8_t)(1 << at % 8);
			spill(rows[i].file, gh_buf_view(&whole));
			if (problems(260) == 0)
				fail_msg("%s: byte %zu is not noticed", rows[i].file, at);
			if (rows[i].edge && at % 50 == 0) {
				struct gh_err err = { 0 };
				enum gh_rc rc = gh_log_open(&setup, &none, &err);
				if (rc == GH_OK || strstr(line_of(&err), "tile/entries/001.p/4") == NULL)
					fail_msg("byte %zu: %s", at, line_of(&err));
			}
			whole.p[at] ^= (uint8_t)(1 << at % 8);
		}
		spill(rows[i].file, gh_buf_view(&whole));
		for (size_t cut = 0; cut < whole.n; cut += step) { /* truncated */
			spill(rows[i].file, gh_span_cut(gh_buf_view(&whole), 0, cut));
			if (problems(260) == 0)
				fail_msg("%s cut at %zu is not noticed", rows[i].file, cut);
		}
		spill(rows[i].file, gh_buf_view(&whole));
		gh_buf_free(&whole);
		sound(260);
	}
}

static void a_flipped_bit_of_the_checkpoint_is_refused(void **st)
{
	(void)st;
	struct gh_log *log = open_log(), *none;
	must_append(log, 0, 20);
	gh_log_close(log);
	struct gh_buf whole = slurp("checkpoint"), journal = slurp("journal");
	for (size_t at = 0; at < whole.n; at++) {
		for (unsigned bit = at % 2; bit < 8; bit += 2) {
			whole.p[at] ^= (uint8_t)(1 << bit);
			spill("checkpoint", gh_buf_view(&whole));
			if (gh_log_open(&setup, &none, NULL) == GH_OK || problems(20) == 0)
				fail_msg("byte %zu bit %u", at, bit);
			whole.p[at] ^= (uint8_t)(1 << bit);
		}
		spill("checkpoint", gh_span_cut(gh_buf_view(&whole), 0, at));
		if (gh_log_open(&setup, &none, NULL) == GH_OK || problems(20) == 0)
			fail_msg("cut at %zu", at);
	}
	spill("checkpoint", gh_buf_view(&whole));
	for (size_t at = 0; at < journal.n; at++) {
		journal.p[at] ^= 4;
		spill("journal", gh_buf_view(&journal));
		if (problems(20) == 0)
			fail_msg("journal: byte %zu", at);
		journal.p[at] ^= 4;
	}
	lose("checkpoint"); /* this is no place for a new log */
	struct gh_err err = { 0 };
	assert_int_equal(gh_log_open(&setup, &none, &err), GH_E_DENIED);
	assert_non_null(strstr(line_of(&err), "its checkpoint is gone"));
	assert_int_equal(gh_log_create(&setup, NULL), GH_E_DENIED);
	spill("checkpoint", gh_buf_view(&whole));
	lose("journal"); /* nothing is lost with it: the tiles were durable when it was empty */
	gh_log_close(open_log());
	sound(20);
	gh_buf_free(&whole);
	gh_buf_free(&journal);
}

/* Somebody puts an older state of files back. */
static void an_old_checkpoint_is_not_built_upon(void **st)
{
	(void)st;
	struct gh_log *log = open_log(), *none;
	struct gh_err err = { 0 };
	uint64_t first;
	must_append(log, 0, 20);
	struct gh_buf old = slurp("checkpoint"), old_journal = slurp("journal");
	must_append(log, 20, 20);
	/* Under an open log that knows better. */
	spill("checkpoint", gh_buf_view(&old));
	spill("journal", gh_buf_view(&old_journal));
	assert_int_equal(append(log, 40, 1, &first, &err), GH_E_DENIED);
	assert_non_null(strstr(line_of(&err), "replaced while it was open"));
	gh_log_close(log);
	/* A new process cannot know; the signer does. */
	log = open_log();
	assert_int_equal(gh_log_size(log), 20);
	err = (struct gh_err){ 0 };
	assert_int_equal(append(log, 40, 1, &first, &err), GH_E_DENIED);
	assert_non_null(strstr(line_of(&err), "the signer refuses"));
	gh_log_close(log);
	gh_buf_free(&old_journal);
	gh_buf_free(&old);
	(void)none;
}

static void an_old_checkpoint_beside_a_newer_journal_is_noticed(void **st)
{
	(void)st;
	struct gh_log *log = open_log(), *none;
	struct gh_err err = { 0 };
	must_append(log, 0, 20);
	struct gh_buf old = slurp("checkpoint");
	must_append(log, 20, 20);
	gh_log_close(log);
	spill("checkpoint", gh_buf_view(&old));
	assert_int_equal(gh_log_open(&setup, &none, &err), GH_E_DENIED);
	assert_non_null(strstr(line_of(&err), "an old one was put back"));
	assert_true(problems(20) > 0);
	gh_buf_free(&old);
}

/* ---- failing calls ------------------------------------------------------------------------------------------------------------ */
static unsigned calls, fail_at;
static int fail_with;
static bool failing(void)
{
	if (++calls != fail_at)
		return false;
	errno = fail_with;
	return true;
}
static int f_open(void *arg, int d, const char *name, int flags, mode_t mode)
{
	return failing() ? -1 : gh_log_io_system.open(arg, d, name, flags, mode);
}
static ssize_t f_write(void *arg, int fd, const void *p, size_t n)
{
	if (failing()) /* half of it reaches the file, as on a full disk */
		return n > 1 && fail_with == ENOSPC ? (fail_at++, gh_log_io_system.write(arg, fd, p, n / 2)) : -1;
	return gh_log_io_system.write(arg, fd, p, n);
}
static int f_sync(void *arg, int fd) { return failing() ? -1 : gh_log_io_system.sync(arg, fd); }
static int f_rename(void *arg, int d, const char *from, const char *to)
{
	return failing() ? -1 : gh_log_io_system.rename(arg, d, from, to);
}
static int f_mkdir(void *arg, int d, const char *name, mode_t mode)
{
	return failing() ? -1 : gh_log_io_system.mkdir(arg, d, name, mode);
}
static int f_unlink(void *arg, int d, const char *name, int flags)
{
	return failing() ? -1 : gh_log_io_system.unlink(arg, d, name, flags);
}
static const struct gh_log_io faulty = { NULL, f_open, f_write, f_sync, f_rename, f_mkdir, f_unlink };

/* Every call of an append, of a recovery and of a settlement fails once: what was acknowledged stays, the next append works. */
static void every_call_may_fail_once(void **st)
{
	(void)st;
	static const int errors[] = { EIO, ENOSPC };
	uint64_t acknowledged = 0, number = 0;
	setup.io = &faulty;
	for (unsigned e = 0; e < 2; e++) {
		const size_t group = 90;
		bool reached = true;
		for (unsigned at = 1; reached; at++) {
			struct gh_log *log;
			uint64_t first;
			calls = 0;
			fail_at = at;
			fail_with = errors[e];
			if (gh_log_open(&setup, &log, NULL) == GH_OK) {
				if (append(log, number, group, &first, NULL) == GH_OK)
					acknowledged = first + group;
				number += group;
				(void)gh_log_settle(log, NULL);
				gh_log_close(log);
			}
			reached = calls >= at;
			fail_at = 0;
			log = open_log();
			assert_true(gh_log_size(log) >= acknowledged);
			must_append(log, number++, 1);
			acknowledged = gh_log_size(log);
			gh_log_close(log);
			if (problems(acknowledged) != 0)
				fail_msg("error %d at call %u: %s", errors[e], at, found);
		}
	}
	assert_true(acknowledged > 1000);
	setup.io = NULL;
}

static void cosignatures_are_kept_until_the_log_grows(void **st)
{
	(void)st;
	struct gh_log *log = open_log();
	struct gh_note_key w[2], foreign;
	uint8_t seed[2][32], fseed[32];
	size_t added;
	must_append(log, 0, 3);
	audit_key(20, "witness.example/a", GH_NOTE_COSIG, seed[0], &w[0]);
	audit_key(21, "witness.example/b", GH_NOTE_COSIG, seed[1], &w[1]);
	audit_key(22, "witness.example/c", GH_NOTE_COSIG, fseed, &foreign);
	struct gh_note n;
	gh_auto_buf copy = gh_buf(65536), lines = gh_buf(65536), msg = gh_buf(65536);
	gh_buf_span(&copy, gh_log_checkpoint(log));
	assert_int_equal(gh_note_read(gh_buf_view(&copy), &n, NULL), GH_OK);
	const struct gh_note_key *who[] = { &w[0], &foreign, &w[1], &w[0] };
	const uint8_t *with[] = { seed[0], fseed, fseed, seed[0] }; /* the third is signed with another key */
	for (unsigned i = 0; i < 4; i++) {
		uint8_t sig[GH_COSIG] = { 0 };
		msg.n = 0;
		gh_note_cosig_message(0, n.text, &msg);
		assert_true(gh_ed25519_sign(with[i], gh_buf_view(&msg), sig + 8));
		gh_note_sig_write(who[i], (struct gh_span){ sig, sizeof sig }, &lines);
	}
	gh_buf_str(&lines, "garbage\n\xff\n");
	assert_int_equal(gh_log_cosign(log, n.text, gh_buf_view(&lines), w, 2, &added, NULL), GH_OK);
	assert_int_equal(added, 1);
	struct gh_note now;
	assert_int_equal(gh_note_read(gh_log_checkpoint(log), &now, NULL), GH_OK);
	assert_int_equal(now.nsig, 2);
	assert_int_equal(gh_note_check(&now, &w[0], NULL), GH_NOTE_GOOD);
	sound(3);
	must_append(log, 3, 1);
	assert_int_equal(gh_log_cosign(log, n.text, gh_buf_view(&lines), w, 2, &added, NULL), GH_E_EXISTS);
	gh_log_close(log);
	sound(4);
}

static void a_new_key_takes_over(void **st)
{
	(void)st;
	struct gh_log *log = open_log();
	struct gh_note_key old = key;
	struct gh_err err = { 0 };
	must_append(log, 0, 300);
	gh_log_close(log);
	audit_key(7, "example.com/log", GH_NOTE_ED25519, signer.seed, &key);
	assert_int_equal(gh_log_open(&setup, &log, &err), GH_E_DENIED); /* nobody said that the old one counts */
	setup.older = &old;
	setup.nolder = 1;
	log = open_log();
	assert_int_equal(gh_log_size(log), 300);
	sound(300); /* under the new key, which key.pub holds */
	struct gh_buf pub = slurp("key.pub");
	struct gh_note_key now;
	assert_int_equal(gh_note_vkey_read(gh_buf_view(&pub), &now, NULL), GH_OK);
	assert_int_equal(now.id, key.id);
	gh_buf_free(&pub);
	must_append(log, 300, 2);
	gh_log_close(log);
	sound(302);
	/* The old key signs no more. */
	setup.nolder = 0;
	gh_log_close(open_log());
	struct gh_note_key fresh = key;
	key = old;
	assert_true(problems(302) > 0);
	key = fresh;
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, begin, finish)
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tiles_are_named_as_the_specification_says),
		T(groups_of_any_size_make_one_log),
		T(what_is_no_entry_is_refused_before_anything_is_written),
		T(an_entry_is_appended_once),
		T(writers_see_what_others_appended),
		T(a_log_is_not_made_twice),
		T(a_signer_that_refuses_loses_nothing),
		T(a_torn_journal_is_dropped_or_kept_as_a_whole),
		T(a_long_journal_is_started_anew),
		T(tiles_are_repaired_from_entries),
		T(altered_entries_and_full_tiles_are_named),
		T(a_flipped_bit_of_the_checkpoint_is_refused),
		T(an_old_checkpoint_is_not_built_upon),
		T(an_old_checkpoint_beside_a_newer_journal_is_noticed),
		T(every_call_may_fail_once),
		T(cosignatures_are_kept_until_the_log_grows),
		T(a_new_key_takes_over),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
