#include "audit/check.h"

#include "audit/check_int.h"
#include "audit/entry.h"
#include "audit/journal.h"
#include "audit/logio.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

void gh_audit_problem(struct gh_audit_report *r, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	if (r->problems < GH_AUDIT_PROBLEMS)
		(void)vsnprintf(r->problem[r->problems], GH_AUDIT_TEXT, fmt, ap);
	va_end(ap);
	r->problems++;
}

void gh_audit_remark(struct gh_audit_report *r, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	if (r->notes < GH_AUDIT_PROBLEMS)
		(void)vsnprintf(r->remark[r->notes], GH_AUDIT_TEXT, fmt, ap);
	va_end(ap);
	r->notes++;
}

void gh_audit_report_free(struct gh_audit_report *r) { gh_buf_free(&r->checkpoint); }

void gh_audit_problem_err(struct gh_audit_report *r, const struct gh_err *err)
{
	char why[GH_AUDIT_TEXT];
	gh_audit_problem(r, "%s", gh_err_line(err, why, sizeof why));
}

/* ---- ids ------------------------------------------------------------------------------------------------------------------ */

/* A set of the first 8 bytes of ids, which are random: two that are equal belong to one id. */
static void note_id(struct gh_audit_walk *w, struct gh_span id, uint64_t index)
{
	uint64_t v = 0;
	if (w->ids == NULL)
		return;
	/* All 16 bytes, folded: a log of tests numbers its entries. */
	for (size_t i = 0; i < id.n; i++)
		v = (v ^ id.p[i]) * 0x100000001b3u;
	v += v == 0;
	for (uint64_t at = v * 0x9e3779b97f4a7c15u >> w->ids_shift;; at = (at + 1) & w->ids_mask) {
		if (w->ids[at] == 0) {
			w->ids[at] = v;
			return;
		}
		if (w->ids[at] == v) {
			gh_audit_problem(w->r, "entry %llu has an id that an earlier entry has: %.*s",
					 (unsigned long long)index, (int)id.n, (const char *)id.p);
			return;
		}
	}
}

static void ids_begin(struct gh_audit_walk *w, uint64_t size)
{
	unsigned bits = 10;
	while (bits < 40 && (uint64_t)1 << bits < size + size / 2)
		bits++;
	w->ids = size > GH_AUDIT_IDS ? NULL : calloc((size_t)1 << bits, sizeof *w->ids);
	w->ids_mask = ((uint64_t)1 << bits) - 1;
	w->ids_shift = 64 - bits;
	w->r->ids_checked = w->ids != NULL;
	if (!w->r->ids_checked)
		gh_audit_remark(w->r, "the log is too long to look for ids that occur twice");
}

/* ---- entries ------------------------------------------------------------------------------------------------------------------ */
static void check_entry(struct gh_audit_walk *w, uint64_t index, struct gh_span bytes)
{
	struct gh_entry e;
	struct gh_err err = { 0 };
	struct gh_audit_report *r = w->r;
	if (gh_entry_read(bytes, &e, &err) != GH_OK) {
		gh_audit_problem(r, "entry %llu: %s", (unsigned long long)index, err.text[0]);
		return;
	}
	if (e.kind == NULL)
		r->unknown_kind++;
	else
		r->kind[e.kind - gh_entry_kinds]++;
	if (r->entries == 0)
		(void)snprintf(r->first_time, sizeof r->first_time, "%.20s", (const char *)e.time.p);
	(void)snprintf(r->last_time, sizeof r->last_time, "%.20s", (const char *)e.time.p);
	if (e.seconds < w->seconds && r->time_back++ == 0)
		r->time_back_first = index;
	w->seconds = e.seconds;
	note_id(w, e.id, index);
}

/* What was seen before must be the beginning: a size and the root it had. */
static void check_expected(struct gh_audit_walk *w)
{
	for (unsigned i = 0; i < w->nexpect; i++) {
		const struct gh_audit_expect *x = &w->expect[i];
		if (x->size != w->edge.size)
			continue;
		struct gh_mhash root = gh_merkle_edge_root(&w->edge);
		if (!gh_mhash_eq(&root, &x->root))
			gh_audit_problem(w->r, "history was rewritten: the first %llu entries are not those of %s",
					 (unsigned long long)x->size, x->what);
	}
}

/* A hash that a tile holds has become known. */
static void known_hash(void *arg, unsigned level, uint64_t index, const struct gh_mhash *h)
{
	struct gh_audit_walk *w = arg;
	if (level % 8 != 0 || level / 8 >= GH_TILE_LEVELS)
		return;
	struct gh_audit_row *row = &w->row[level / 8];
	row->h[index % GH_TILE] = *h;
	row->n = index % GH_TILE + 1;
	row->index = index / GH_TILE;
	if (row->n == GH_TILE)
		gh_audit_check_tile(w, level / 8, GH_TILE);
}

static void push(struct gh_audit_walk *w, const struct gh_mhash *leaf)
{
	known_hash(w, 0, w->edge.size, leaf);
	gh_merkle_push(&w->edge, leaf, known_hash, w);
	check_expected(w);
}

/* The entries of one bundle. Those that cannot be read are replaced by their hashes in the tile, so that the rest can be checked. */
static enum gh_rc check_bundle(struct gh_audit_walk *w, uint64_t index, struct gh_err *err)
{
	struct gh_err lost = { 0 };
	struct gh_span rest, entry;
	unsigned width = gh_tile_width(GH_TILE_ENTRIES, index, w->tiles.size), n;
	const struct gh_mhash *h;
	w->bundle.n = 0;
	enum gh_rc rc = gh_tiles_bundle(&w->tiles, index, &w->bundle, &lost);
	if (rc == GH_E_NOMEM)
		return gh_fail(err, rc, "no memory for entries");
	w->r->tiles++;
	w->r->bytes += w->bundle.n;
	if (rc == GH_OK) {
		rest = gh_buf_view(&w->bundle);
		while (gh_bundle_next(&rest, &entry)) {
			struct gh_mhash leaf = gh_merkle_leaf(entry);
			check_entry(w, w->edge.size, entry);
			push(w, &leaf);
			w->r->entries++;
		}
		return GH_OK;
	}
	gh_audit_problem_err(w->r, &lost);
	if (gh_tiles_hashes(&w->tiles, 0, index, &h, &n, NULL) != GH_OK)
		return gh_fail(err, GH_E_ABSENT, "neither entries nor hashes from entry %llu on can be read",
			       (unsigned long long)(index * GH_TILE));
	struct gh_mhash copy[GH_TILE];
	memcpy(copy, h, width * sizeof *h);
	for (unsigned i = 0; i < width; i++)
		push(w, &copy[i]);
	return GH_OK;
}

static enum gh_rc check_tree(struct gh_audit_walk *w, struct gh_err *err)
{
	uint64_t size = w->tiles.size;
	check_expected(w);
	for (uint64_t i = 0; i * GH_TILE < size; i++) {
		struct gh_err lost = { 0 };
		enum gh_rc rc = check_bundle(w, i, &lost);
		if (rc == GH_E_NOMEM)
			return gh_fail(err, rc, "no memory for entries");
		if (rc != GH_OK) { /* the rest hangs in the air: nothing more can be said */
			gh_audit_problem_err(w->r, &lost);
			return GH_OK;
		}
	}
	for (unsigned l = 0; l < GH_TILE_LEVELS; l++) {
		uint64_t n = size >> (8 * l);
		if (n % GH_TILE != 0) {
			w->row[l].index = n / GH_TILE;
			gh_audit_check_tile(w, l, (unsigned)(n % GH_TILE));
		}
	}
	struct gh_mhash root = gh_merkle_edge_root(&w->edge);
	w->r->root_good = gh_mhash_eq(&root, &w->r->head.root);
	if (!w->r->root_good)
		gh_audit_problem(w->r, "the entries do not give the root that was signed for %llu entries",
				 (unsigned long long)size);
	return GH_OK;
}

/* ---- checkpoint and journal ------------------------------------------------------------------------------------------------------ */
static void check_since(struct gh_audit_walk *w, struct gh_span since, const struct gh_note_key *key)
{
	static struct gh_note const none;
	struct gh_note note = none;
	struct gh_checkpoint old;
	struct gh_err err = { 0 };
	if (since.n == 0)
		return;
	if (gh_checkpoint_open(since, key, &note, &old, &err) != GH_OK)
		gh_audit_problem(w->r, "the remembered checkpoint: %s", err.text[0]);
	else if (old.size > w->tiles.size)
		gh_audit_problem(w->r,
				 "history was cut: the remembered checkpoint is one of %llu entries, the log has %llu",
				 (unsigned long long)old.size, (unsigned long long)w->tiles.size);
	else
		w->expect[w->nexpect++] = (struct gh_audit_expect){ old.size, old.root, "the remembered checkpoint" };
}

/* The journal is the writer's own business, but it must not contradict the checkpoint. */
static void check_journal(struct gh_audit_walk *w)
{
	enum { MAX = 256 << 20 };
	uint64_t base, end;
	struct gh_mhash root;
	struct gh_journal_rec rec;
	gh_auto_buf b = gh_buf(MAX);
	enum gh_rc rc = gh_io_get(w->tiles.dir, "journal", MAX, &b, NULL);
	struct gh_span rest = gh_buf_view(&b);
	if (rc == GH_E_ABSENT)
		gh_audit_remark(w->r, "there is no journal: the next append makes one");
	else if (rc != GH_OK || !gh_journal_head_read(&rest, &base, &root))
		gh_audit_problem(w->r, "the journal cannot be read, or was altered");
	else if (base > w->tiles.size)
		gh_audit_problem(
			w->r, "an old checkpoint was put back: it is one of %llu entries, but %llu were signed before",
			(unsigned long long)w->tiles.size, (unsigned long long)base);
	else {
		w->expect[w->nexpect++] = (struct gh_audit_expect){ base, root, "the journal" };
		for (end = base; gh_journal_next(&rest, &rec);)
			end = rec.first + rec.count;
		if (end < w->tiles.size)
			gh_audit_problem(w->r, "the journal was altered: it ends at entry %llu of %llu",
					 (unsigned long long)end, (unsigned long long)w->tiles.size);
		if (rest.n != 0 || end > w->tiles.size)
			gh_audit_remark(w->r, "an append was not finished: the next one %s",
					end > w->tiles.size ? "publishes it" : "drops what is torn");
	}
}

/* A checkpoint, and a journal that does not belong to a later one: a writer may put both in place between our readings. */
static enum gh_rc read_head(struct gh_audit_walk *w, const struct gh_note_key *key, struct gh_err *err)
{
	struct gh_audit_report *r = w->r;
	struct gh_err why = { 0 };
	r->checkpoint.n = 0;
	GH_TRY(gh_io_get(w->tiles.dir, "checkpoint", GH_NOTE_MAX, &r->checkpoint, err), err,
	       "there is no log to be checked");
	r->head_good = gh_checkpoint_open(gh_buf_view(&r->checkpoint), key, &r->note, &r->head, &why) == GH_OK;
	if (!r->head_good)
		gh_audit_problem_err(r, &why);
	w->tiles.size = r->head_good ? r->head.size : 0;
	return GH_OK;
}

static enum gh_rc check(struct gh_audit_walk *w, const struct gh_note_key *key, struct gh_span since,
			struct gh_err *err)
{
	gh_auto_buf before = gh_buf(GH_NOTE_MAX);
	struct gh_audit_report *r = w->r;
	do { /* until the checkpoint is the same before and behind the reading of the journal */
		before.n = 0;
		w->nexpect = 0;
		r->problems = r->notes = 0;
		GH_TRY(read_head(w, key, err), err, "audit log");
		if (!r->head_good)
			return GH_OK;
		check_journal(w);
		if (gh_io_get(w->tiles.dir, "checkpoint", GH_NOTE_MAX, &before, NULL) != GH_OK)
			break;
	} while (!gh_span_eq(gh_buf_view(&before), gh_buf_view(&r->checkpoint)) && ++w->again < 100);
	check_since(w, since, key);
	ids_begin(w, w->tiles.size);
	GH_TRY(check_tree(w, err), err, "audit log");
	gh_audit_check_files(w);
	if (r->time_back > 0)
		gh_audit_remark(r, "the clock went back %llu time%s, first at entry %llu",
				(unsigned long long)r->time_back, r->time_back == 1 ? "" : "s",
				(unsigned long long)r->time_back_first);
	if (r->unknown_kind > 0)
		gh_audit_remark(r, "%llu entries are of kinds that this version does not know",
				(unsigned long long)r->unknown_kind);
	return GH_OK;
}

enum gh_rc gh_audit_check(int dir, const struct gh_note_key *key, struct gh_span since, struct gh_audit_report *out,
			  struct gh_err *err)
{
	memset(out, 0, sizeof *out);
	out->checkpoint = gh_buf(GH_NOTE_MAX);
	struct gh_audit_walk *w = calloc(1, sizeof *w);
	if (w == NULL)
		return gh_fail(err, GH_E_NOMEM, "no memory");
	w->r = out;
	w->tiles.dir = dir;
	w->bundle = gh_buf(GH_BUNDLE_MAX);
	enum gh_rc rc = check(w, key, since, err);
	gh_buf_free(&w->bundle);
	free(w->ids);
	free(w);
	return rc;
}
