/* Where a zip archive ends and where its directory stands. Readers differ in both: they search from the end (Python,
 * Info-ZIP, miniz), insist on a comment that reaches the end of the file (Java), compute the directory's place
 * from the end or trust the record. Whatever one of them would accept is looked at here. */
#include "format/zip_int.h"

enum { LOCATED = GH_ZIP_LOCATOR_SIZE };

uint32_t zip_u32(struct gh_src *src, uint64_t off)
{
	struct gh_span w = gh_src_window(src, off, 4);
	return w.n == 4 ? gh_le32(w.p) : 0;
}

/* One possible end of the archive, and the directory it leads to. */
struct ending {
	uint64_t at;
	struct gh_zip_end end; /* as the 32-bit record has it */
	struct gh_zip_end val; /* with zip64 values */
	uint64_t rec64_at, rec64;
	bool saturated; /* the 32-bit record refers to a zip64 record */
	bool located;	/* a zip64 locator is there */
	bool conflict;	/* zip64 and 32-bit values differ */
	bool two64;	/* zip64 records both where the locator says and right in front of it */
	uint64_t cd_at, cd_stop, cd_limit;
	uint64_t base;
	bool resolved, two_cd, moved;
};

static void take64(uint64_t *v, uint64_t v64, uint64_t full, bool *conflict)
{
	if (*v != full && *v != v64)
		*conflict = true;
	*v = v64;
}

static void read_zip64(struct gh_src *src, struct ending *e)
{
	struct gh_zip_locator loc;
	if (e->at < LOCATED || !gh_zip_locator(gh_src_window(src, e->at - LOCATED, LOCATED), &loc))
		return;
	e->located = true;
	uint64_t stop = e->at - LOCATED;
	struct gh_zip_end stated, near, *use = NULL;
	bool has_stated = loc.off < stop && gh_zip_end64(gh_src_window(src, loc.off, GH_ZIP_END64_SIZE), &stated) &&
			  stated.record <= stop - loc.off;
	bool has_near = stop >= GH_ZIP_END64_SIZE && loc.off != stop - GH_ZIP_END64_SIZE &&
			gh_zip_end64(gh_src_window(src, stop - GH_ZIP_END64_SIZE, GH_ZIP_END64_SIZE), &near) &&
			near.record == GH_ZIP_END64_SIZE;
	if (has_stated) {
		use = &stated;
		e->rec64_at = loc.off;
		e->two64 = has_near;
	} else if (has_near) { /* bytes were put in front of the archive */
		use = &near;
		e->rec64_at = stop - GH_ZIP_END64_SIZE;
	}
	if (use == NULL)
		return;
	e->rec64 = use->record;
	take64(&e->val.disk, use->disk, UINT16_MAX, &e->conflict);
	take64(&e->val.cd_disk, use->cd_disk, UINT16_MAX, &e->conflict);
	take64(&e->val.here, use->here, UINT16_MAX, &e->conflict);
	take64(&e->val.total, use->total, UINT16_MAX, &e->conflict);
	take64(&e->val.cd_size, use->cd_size, UINT32_MAX, &e->conflict);
	take64(&e->val.cd_off, use->cd_off, UINT32_MAX, &e->conflict);
}

/* Is there a directory of this ending at off? An empty one is anywhere. */
static bool directory_at(struct gh_src *src, const struct ending *e, uint64_t off)
{
	if (off > e->cd_limit)
		return false;
	if (e->val.total == 0 && e->val.cd_size == 0)
		return true;
	return off < e->cd_limit && zip_u32(src, off) == GH_ZIP_SIG_CENTRAL;
}

static void resolve(struct gh_src *src, struct ending *e)
{
	e->val = e->end;
	e->cd_limit = e->at;
	/* 65535 entries can be meant literally; a wrong count shows when they are counted. */
	e->saturated = e->end.cd_size == UINT32_MAX || e->end.cd_off == UINT32_MAX;
	read_zip64(src, e);
	if (e->rec64 != 0)
		e->cd_limit = e->rec64_at;
	uint64_t stated = e->val.cd_off, size = e->val.cd_size;
	bool has_stated = directory_at(src, e, stated);
	bool fits = size <= e->cd_limit;
	uint64_t computed = fits ? e->cd_limit - size : 0;
	bool has_computed = fits && directory_at(src, e, computed);
	e->moved = !has_stated || !has_computed || stated != computed;
	e->two_cd = has_stated && has_computed && stated != computed && e->val.total != 0;
	e->resolved = has_stated || has_computed;
	e->cd_at = has_computed ? computed : stated;
	/* Less than stated: bytes are missing in front, or the record lies. Readers fail or take offsets as they are. */
	e->base = has_computed && computed > stated ? computed - stated : 0;
	e->cd_stop = e->cd_at <= e->cd_limit && size <= e->cd_limit - e->cd_at ? e->cd_at + size : e->cd_limit;
}

static bool ending_at(struct gh_src *src, uint64_t at, struct ending *e)
{
	*e = (struct ending){ .at = at };
	if (!gh_zip_end(gh_src_window(src, at, GH_ZIP_END_SIZE), &e->end))
		return false;
	resolve(src, e);
	return true;
}

static bool exact(const struct gh_src *src, const struct ending *e)
{
	return src->size - e->at - GH_ZIP_END_SIZE == e->end.comment;
}

/* The signatures in the tail, last first. Collected beforehand: looking at one makes the window invalid. Decoys must not
 * crowd out the real one: the second half of the places is for those whose comment reaches the end of the file. */
static size_t find_signatures(struct gh_src *src, uint64_t *at, size_t cap)
{
	size_t want = src->size < GH_ZIP_TAIL ? (size_t)src->size : GH_ZIP_TAIL, n = 0;
	uint64_t from = src->size - want;
	struct gh_span tail = gh_src_window(src, from, want);
	for (size_t i = SIZE_MAX; n < cap && (i = gh_zip_rfind_end(tail, i)) != SIZE_MAX;)
		if (n < cap / 2 || gh_le16(tail.p + i + GH_ZIP_END_SIZE - 2) == want - i - GH_ZIP_END_SIZE)
			at[n++] = from + i;
	return n;
}

enum gh_rc zip_find_end(struct zip *z)
{
	struct gh_src *src = z->w->src;
	uint64_t at[Z_ENDS];
	size_t n = find_signatures(src, at, Z_ENDS);
	struct ending e = { 0 }, other;
	for (size_t i = 0; i < n; i++) {
		if (!ending_at(src, at[i], &other))
			continue;
		if (!z->found && other.resolved) {
			e = other;
			z->found = true;
		} else if (!z->found) {
			z->decoys++;
			z->decoy_at = other.at;
		} else if (other.resolved && exact(src, &other)) {
			z->second_at = other.at; /* readers that want the comment to reach the end take this one */
			z->second = true;
		}
	}
	if (src->fail != GH_OK)
		return gh_fail(z->w->err, src->fail, "reading the end of the archive");
	if (n == Z_ENDS)
		z->decoys++; /* nobody writes that many: not all were looked at */
	z->end_at = e.at;
	z->end = e.val;
	z->end.comment = e.end.comment;
	z->rec64_at = e.rec64_at;
	z->rec64 = e.rec64;
	z->cd_at = e.cd_at;
	z->cd_stop = e.cd_stop;
	z->cd_limit = e.cd_limit;
	z->base = e.base;
	z->odd_64 = e.conflict;
	z->odd_64_place = e.two64 || (e.located && e.rec64 == 0) || (e.saturated && !e.located);
	z->odd_moved = e.moved;
	z->odd_two = e.two_cd;
	z->body_end = z->found ? z->cd_at : src->size;
	return GH_OK;
}

static void claim_end(struct zip *z)
{
	uint64_t size = z->w->src->size;
	if (z->rec64 != 0) {
		zip_claim(z, &z->dir, z->rec64_at, GH_ZIP_END64_SIZE, GH_CLAIM_STRUCT);
		zip_claim(z, &z->dir, z->rec64_at + GH_ZIP_END64_SIZE, z->rec64 - GH_ZIP_END64_SIZE, GH_CLAIM_FREE);
		zip_claim(z, &z->dir, z->end_at - LOCATED, LOCATED, GH_CLAIM_STRUCT);
		if (z->rec64 > GH_ZIP_END64_SIZE)
			zip_say(z, Z_ZIP64_EXTENDED, z->rec64_at, z->rec64, "%llu bytes beyond the fixed fields",
				(unsigned long long)(z->rec64 - GH_ZIP_END64_SIZE));
	}
	zip_claim(z, &z->dir, z->end_at, GH_ZIP_END_SIZE, GH_CLAIM_STRUCT);
	uint64_t from = z->end_at + GH_ZIP_END_SIZE, left = size - from;
	uint64_t comment = z->end.comment < left ? z->end.comment : left;
	zip_claim(z, &z->dir, from, comment, GH_CLAIM_FREE);
	zip_claim_end(z, &z->dir);
	if (comment != 0) {
		struct gh_text text = { .role = "comment",
					.key = GH_SPAN("archive comment"),
					.text = gh_src_window(z->w->src, from, (size_t)comment) };
		zip_note(z, gh_emit(z->w, GH_EV_TEXT, from, comment, &text));
	}
	if (z->end.comment > left)
		zip_say(z, Z_COMMENT_CUT, z->end_at, size - z->end_at, "%u bytes claimed, %llu left",
			(unsigned)z->end.comment, (unsigned long long)left);
	if (left > comment)
		zip_say(z, Z_TRAILING, from + comment, left - comment, "%llu bytes",
			(unsigned long long)(left - comment));
}

void zip_judge_end(struct zip *z)
{
	uint64_t rec = GH_ZIP_END_SIZE;
	if (!z->found) {
		zip_say(z, Z_NO_DIRECTORY, 0, z->w->src->size, "%s",
			z->decoys != 0 ? "end record found, but no directory where it points" : "no end record found");
		return;
	}
	if (z->second)
		zip_say(z, Z_TWO_ENDS, z->second_at, rec, "the other one is at %llu", (unsigned long long)z->end_at);
	if (z->decoys != 0)
		zip_say(z, Z_END_DECOY, z->decoy_at, z->decoy_at != 0 ? rec : 0, "%u such signatures", z->decoys);
	if (z->odd_64)
		zip_say(z, Z_ZIP64, z->rec64_at, z->rec64, "values that are not 0xffff… differ from the zip64 record");
	if (z->odd_64_place)
		zip_say(z, Z_ZIP64_BROKEN, z->end_at, rec, "%s",
			z->rec64 != 0 ? "one where the locator says, one in front of the locator"
				      : "the end record refers to one that is not there");
	if (z->odd_two)
		zip_say(z, Z_TWO_DIRECTORIES, z->cd_at, z->cd_stop - z->cd_at, "and at %llu",
			(unsigned long long)z->end.cd_off);
	else if (z->odd_moved && z->base == 0) /* moved by a prefix: reported as such */
		zip_say(z, Z_DIRECTORY_MOVED, z->cd_at, z->cd_stop - z->cd_at, "recorded at %llu, %llu bytes",
			(unsigned long long)z->end.cd_off, (unsigned long long)z->end.cd_size);
	if (z->end.disk != 0 || z->end.cd_disk != 0 || z->end.here != z->end.total)
		zip_say(z, Z_DISKS, z->end_at, rec, "disk %llu, directory on disk %llu, %llu of %llu entries here",
			(unsigned long long)z->end.disk, (unsigned long long)z->end.cd_disk,
			(unsigned long long)z->end.here, (unsigned long long)z->end.total);
	claim_end(z);
}
