/* `gatehouse audit export` writes an evidence pack; `gatehouse audit check` verifies one, or a single proof. */
#include "audit/entry.h"
#include "audit/logio.h"
#include "audit/pack.h"
#include "cli/audit_int.h"
#include "format/format.h"
#include "wire/jout.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FLUSH = 1 << 20, LINE_MAX_BYTES = 1 << 17 };
static const char entries_name[] = "entries.jsonl";

/* ---- export -------------------------------------------------------------------------------------------------------------------------- */
struct packing {
	struct gh_audit_place *place;
	int dir, fd; /* of the unfinished directory, of entries.jsonl */
	bool proofs;
	struct gh_buf lines;
	struct gh_pack_counts count;
	enum gh_rc rc;
	struct gh_err *err;
};

static bool flush_lines(struct packing *k)
{
	if (k->rc == GH_OK && k->lines.full)
		k->rc = gh_fail(k->err, GH_E_NOMEM, "no memory for entries");
	if (k->rc == GH_OK)
		k->rc = gh_io_write_all(&gh_log_io_system, k->fd, gh_buf_view(&k->lines), entries_name, k->err);
	k->lines.n = 0;
	return k->rc == GH_OK;
}

static enum gh_rc put_proof(struct packing *k, uint64_t index)
{
	char name[64];
	gh_auto_buf proof = gh_buf(GH_NOTE_MAX * 2);
	enum gh_rc rc = gh_audit_prove(k->place, index, &proof, k->err);
	(void)snprintf(name, sizeof name, "proofs/%" PRIu64 ".tlog-proof", index);
	return rc != GH_OK ? rc : gh_io_put(&gh_log_io_system, k->dir, name, gh_buf_view(&proof), false, k->err);
}

static bool pack_one(void *arg, uint64_t index, struct gh_span entry)
{
	struct packing *k = arg;
	gh_pack_line(index, entry, &k->lines);
	gh_pack_count(&k->count, index, entry);
	if (k->proofs)
		k->rc = put_proof(k, index);
	return k->rc == GH_OK && (k->lines.n < FLUSH || flush_lines(k));
}

/* All files of a pack into an empty directory. */
static enum gh_rc pack(struct packing *k, const struct gh_audit_filter *f, bool all)
{
	struct gh_err *err = k->err;
	const struct gh_log_io *io = &gh_log_io_system;
	gh_auto_buf doc = gh_buf(4 << 20), vkey = gh_buf(GH_NOTE_VKEY);
	k->fd = openat(k->dir, entries_name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	if (k->fd < 0)
		return gh_fail_sys(err, errno, "%s", entries_name);
	enum gh_rc rc = gh_audit_each(k->place, f, pack_one, k, err);
	if (rc == GH_OK)
		rc = k->rc;
	if (rc == GH_OK && !flush_lines(k))
		rc = k->rc;
	if (rc == GH_OK && fsync(k->fd) != 0)
		rc = gh_fail_sys(err, errno, "%s", entries_name);
	close(k->fd);
	if (rc != GH_OK)
		return rc;
	gh_note_vkey_write(&k->place->key, &vkey);
	gh_buf_ch(&vkey, '\n');
	GH_TRY(gh_io_put(io, k->dir, "key.pub", gh_buf_view(&vkey), true, err), err, "pack");
	GH_TRY(gh_io_put(io, k->dir, "checkpoint", gh_buf_view(&k->place->checkpoint), true, err), err, "pack");
	gh_pack_controls(&k->count, &doc);
	GH_TRY(gh_io_put(io, k->dir, "controls.json", gh_buf_view(&doc), true, err), err, "pack");
	doc.n = 0;
	gh_pack_readme(&k->place->head, &k->place->key, &k->count, all, k->proofs, &doc);
	return gh_io_put(io, k->dir, "README.md", gh_buf_view(&doc), true, err);
}

static int remove_one(const char *path, const struct stat *st, int flag, struct FTW *at)
{
	(void)st;
	(void)flag;
	(void)at;
	return remove(path);
}

static enum gh_rc export(const struct gh_audit_args *a, struct gh_audit_place *p, struct packing *k,
			 struct gh_err *err) {
	struct gh_audit_filter f; struct stat st; char unfinished[4096];
	GH_TRY(gh_audit_filter(a, &f, err), err, "export");
	GH_TRY(gh_audit_place(a, p, err), err, "export");
	GH_TRY(gh_audit_place_head(p, err), err, "export");
	bool all = f.kind == NULL && f.seconds == 0 && f.from == 0;
	k->place = p;
	k->err = err;
	k->proofs = !all || p->head.size <= GH_PACK_PROOFS;
	k->lines = gh_buf((size_t)FLUSH * 2);
	if (lstat(a->out, &st) ==
	    0) return gh_fail(err, GH_E_EXISTS, "%.100s is there already: give the name of a new directory", a->out);
	int n = snprintf(unfinished, sizeof unfinished, "%s.XXXXXX", a->out);
	if (n < 0 || (size_t)n >= sizeof unfinished || mkdtemp(unfinished) == NULL) return gh_fail_sys(
		err, n < 0 || (size_t)n >= sizeof unfinished ? ENAMETOOLONG : errno, "%.100s", a->out);
	k->dir = open(unfinished, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	enum gh_rc rc = k->dir < 0 || fchmod(k->dir, 0755) != 0 ? gh_fail_sys(err, errno, "%.100s", unfinished)
								: pack(k, &f, all);
	if (rc == GH_OK && rename(unfinished, a->out) != 0) rc = gh_fail_sys(err, errno, "%.100s", a->out);
	if (k->dir >= 0) close(k->dir);
	if (rc != GH_OK)(void) nftw(unfinished, remove_one, 8, FTW_DEPTH | FTW_PHYS);
	return rc;
}

int gh_audit_export(struct gh_cli *cli, const struct gh_audit_args *a, size_t n, char **argv)
{
	struct gh_audit_place p = { .dir = -1 };
	struct packing k = { .rc = GH_OK };
	struct gh_err err = { 0 };
	gh_auto_buf doc = gh_buf(4096);
	(void)n;
	(void)argv;
	if (a->out == NULL)
		return gh_cli_wrong(cli, "export needs -o DIR, the name of a new directory");
	enum gh_rc rc = export(a, &p, &k, &err);
	gh_buf_free(&k.lines);
	gh_audit_place_free(&p);
	if (rc != GH_OK)
		return gh_audit_complain(cli, &err);
	if (a->format == GH_FORMAT_JSON) {
		struct gh_jout j = gh_jout(&doc);
		gh_jout_open(&j, NULL, '{');
		gh_jout_str(&j, "directory", a->out);
		gh_jout_number(&j, "entries", k.count.entries);
		gh_jout_number(&j, "size", p.head.size);
		gh_jout_bool(&j, "proofs", k.proofs);
		gh_jout_close(&j, '}');
	} else {
		gh_buf_fmt(&doc,
			   "%" PRIu64 " of %" PRIu64
			   " entries written to %s; verify with 'gatehouse audit check %s --key KEY'\n",
			   k.count.entries, p.head.size, a->out, a->out);
	}
	return gh_cli_print(cli, &doc);
}

/* ---- check ----------------------------------------------------------------------------------------------------------------------------- */
struct checking {
	struct gh_note_key key;
	struct gh_note note; /* the checkpoint of what was checked last */
	struct gh_checkpoint head;
	struct gh_buf checkpoint;
	struct gh_merkle_edge edge; /* of the entries, as long as none is missing */
	uint64_t entries;
};

static enum gh_rc check_line(struct checking *c, int dir, struct gh_span line, struct gh_err *err)
{
	uint64_t index;
	struct gh_span entry;
	struct gh_entry e;
	struct gh_checkpoint head;
	char name[64];
	gh_auto_buf proof = gh_buf(GH_NOTE_MAX);
	if (!gh_pack_line_read(line, &index, &entry))
		return gh_fail(err, GH_E_DENIED, "%s: line %" PRIu64 " was altered", entries_name, c->entries + 1);
	c->entries++;
	GH_TRY(gh_entry_read(entry, &e, err), err, "%s: line %" PRIu64, entries_name, c->entries);
	struct gh_mhash leaf = gh_merkle_leaf(entry);
	if (index == c->edge.size)
		gh_merkle_push(&c->edge, &leaf, NULL, NULL);
	(void)snprintf(name, sizeof name, "proofs/%" PRIu64 ".tlog-proof", index);
	enum gh_rc rc = gh_io_get(dir, name, GH_NOTE_MAX, &proof, err);
	if (rc == GH_E_ABSENT) {
		err->n = 0;
		return index + 1 == c->edge.size
			       ? GH_OK
			       : gh_fail(err, GH_E_DENIED,
					 "entry %" PRIu64 " has no proof, and others before it are missing", index);
	}
	if (rc != GH_OK)
		return rc;
	struct gh_tlog_proof p;
	GH_TRY(gh_tlog_proof_check(gh_buf_view(&proof), entry, &c->key, NULL, &head, err), err, "%s", name);
	GH_TRY(gh_tlog_proof_read(gh_buf_view(&proof), &p, err), err, "%s", name);
	if (p.index != index)
		return gh_fail(err, GH_E_DENIED, "%s is the proof of entry %" PRIu64, name, p.index);
	if (head.size != c->head.size || !gh_mhash_eq(&head.root, &c->head.root))
		return gh_fail(err, GH_E_DENIED, "%s belongs to another checkpoint than the pack's", name);
	return GH_OK;
}

/* entries.jsonl, line by line. */
static enum gh_rc check_lines(struct checking *c, int dir, struct gh_err *err)
{
	enum gh_rc rc = GH_OK;
	char *line = NULL;
	size_t cap = 0;
	ssize_t n;
	bool proofs = faccessat(dir, "proofs", F_OK, AT_SYMLINK_NOFOLLOW) == 0;
	int fd = openat(dir, entries_name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	FILE *f = fd < 0 ? NULL : fdopen(fd, "r");
	if (f == NULL)
		return gh_fail_sys(err, errno, "%s", entries_name);
	while (rc == GH_OK && (n = getline(&line, &cap, f)) > 0) {
		if (n > LINE_MAX_BYTES || line[n - 1] != '\n')
			rc = gh_fail(err, GH_E_DENIED, "%s: line %" PRIu64 " was altered", entries_name,
				     c->entries + 1);
		else
			rc = check_line(c, dir, (struct gh_span){ (const uint8_t *)line, (size_t)n - 1 }, err);
	}
	if (rc == GH_OK && ferror(f) != 0)
		rc = gh_fail_sys(err, EIO, "%s", entries_name);
	free(line);
	(void)fclose(f);
	/* Without proofs it is the root of all entries that vouches for them. */
	struct gh_mhash root = gh_merkle_edge_root(&c->edge);
	if (rc == GH_OK && !proofs && (c->edge.size != c->head.size || !gh_mhash_eq(&root, &c->head.root)))
		rc = gh_fail(err, GH_E_DENIED, "%s: the entries do not give the root of the checkpoint", entries_name);
	return rc;
}

/* controls.json is made from the entries and the program's table: another count is an alteration. */
static enum gh_rc check_pack(struct checking *c, const char *path, struct gh_err *err)
{
	int dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return gh_fail_sys(err, errno, "%.100s", path);
	enum gh_rc rc = gh_io_get(dir, "checkpoint", GH_NOTE_MAX, &c->checkpoint, err);
	if (rc == GH_OK)
		rc = gh_checkpoint_open(gh_buf_view(&c->checkpoint), &c->key, &c->note, &c->head, err);
	if (rc == GH_OK)
		rc = check_lines(c, dir, err);
	close(dir);
	return rc;
}

static enum gh_rc check_one(struct checking *c, const char *path, const char *entry_path, struct gh_err *err)
{
	gh_auto_buf entry = gh_buf(GH_ENTRY_MAX + 1);
	GH_TRY(gh_audit_file(path, GH_NOTE_MAX, &c->checkpoint, err), err, "check");
	GH_TRY(gh_audit_file(entry_path, GH_ENTRY_MAX, &entry, err), err, "check");
	c->entries = 1;
	return gh_tlog_proof_check(gh_buf_view(&c->checkpoint), gh_buf_view(&entry), &c->key, &c->note, &c->head, err);
}

static enum gh_rc check_witnesses(struct checking *c, const char *path, struct gh_err *err)
{
	gh_auto_buf text = gh_buf(GH_QUORUM_MAX);
	GH_TRY(gh_audit_file(path, GH_QUORUM_MAX, &text, err), err, "witness policy");
	struct gh_quorum *q = calloc(1, sizeof *q);
	struct gh_quorum_answer *answer = calloc(1, sizeof *answer);
	enum gh_rc rc = q == NULL || answer == NULL ? gh_fail(err, GH_E_NOMEM, "no memory") : GH_OK;
	if (rc == GH_OK && gh_quorum_read(gh_buf_view(&text), q, err) != GH_OK)
		rc = gh_fail(err, GH_E_IO, "witness policy %.100s", path);
	if (rc == GH_OK)
		rc = gh_quorum_apply(q, &c->note, answer, err);
	if (rc == GH_OK && !answer->met)
		rc = gh_fail(err, GH_E_DENIED, "the quorum of the witness policy is not met");
	free(q);
	free(answer);
	return rc;
}

static enum gh_rc check(const struct gh_audit_args *a, const char *path, struct checking *c, struct gh_err *err)
{
	struct stat st;
	if (stat(path, &st) != 0)
		return gh_fail_sys(err, errno, "%.100s", path);
	GH_TRY(gh_audit_key_file(a->key, &c->key, err), err, "check");
	enum gh_rc rc = S_ISDIR(st.st_mode) ? check_pack(c, path, err) : check_one(c, path, a->entry, err);
	return rc != GH_OK || a->policy == NULL ? rc : check_witnesses(c, a->policy, err);
}

int gh_audit_check_proof(struct gh_cli *cli, const struct gh_audit_args *a, size_t n, char **argv)
{
	struct gh_err err = { 0 };
	struct stat st;
	gh_auto_buf doc = gh_buf(4096);
	(void)n;
	if (a->key == NULL)
		return gh_cli_wrong(cli, "check needs --key FILE, the log's verifier key, from somebody you trust");
	if (a->entry == NULL && (stat(argv[0], &st) != 0 || !S_ISDIR(st.st_mode)))
		return gh_cli_wrong(cli, "check needs --entry FILE: the bytes that the proof is about");
	struct checking *c = calloc(1, sizeof *c);
	if (c == NULL) {
		gh_cli_error(cli, "no memory");
		return GH_EXIT_UNFINISHED;
	}
	c->checkpoint = gh_buf(GH_NOTE_MAX);
	enum gh_rc rc = check(a, argv[0], c, &err);
	char why[1200] = "";
	bool answered = rc == GH_OK || rc == GH_E_DENIED || rc == GH_E_MALFORMED || rc == GH_E_LIMIT;
	if (a->format == GH_FORMAT_JSON && answered) {
		struct gh_jout j = gh_jout(&doc);
		gh_jout_open(&j, NULL, '{');
		gh_jout_bool(&j, "valid", rc == GH_OK);
		gh_jout_str(&j, "reason", rc == GH_OK ? NULL : gh_err_line(&err, why, sizeof why));
		gh_jout_str(&j, "origin", c->key.name);
		gh_jout_number(&j, "entries", rc == GH_OK ? c->entries : 0);
		gh_jout_number(&j, "size", rc == GH_OK ? c->head.size : 0);
		gh_jout_close(&j, '}');
	} else if (rc == GH_OK) {
		gh_buf_fmt(&doc,
			   "valid: %" PRIu64 " entr%s of the log %s, whose checkpoint of %" PRIu64
			   " entries is signed\n",
			   c->entries, c->entries == 1 ? "y" : "ies", c->key.name, c->head.size);
	}
	int status = doc.n > 0 ? gh_cli_print(cli, &doc) : GH_EXIT_OK;
	if (rc != GH_OK)
		status = a->format == GH_FORMAT_JSON && answered ? GH_EXIT_FOUND : gh_audit_complain(cli, &err);
	gh_buf_free(&c->checkpoint);
	free(c);
	return status;
}
