#include "scan/advisories_read.h"

#include "format/format.h"
#include "wire/expand.h"
#include "wire/json.h"
#include "wire/zip.h"

#include <stdlib.h>

enum { KEEP = 64 << 10, RECORD_ARENA = 64 << 20, MEMBER_MAX = 64 << 20, MEMBERS_MAX = 4 << 20 };
#define EXPANDED_MAX ((uint64_t)16 << 30)

static enum gh_rc at_place(struct gh_err *err, enum gh_rc rc, const char *name, struct gh_span doc, uint64_t off)
{
	uint64_t line = 1;
	for (uint64_t i = 0; i < off && i < doc.n; i++)
		line += doc.p[i] == '\n';
	return gh_fail(err, rc, "%s, line %llu, byte %llu", gh_safe(gh_span_str(name)).s, (unsigned long long)line,
		       (unsigned long long)off);
}

/* The record whose OBJECT token the reader stands at. */
static enum gh_rc one(struct gh_advdb_make *m, struct gh_json *j, struct gh_advisories_count *count, struct gh_err *err)
{
	gh_auto_arena a = { .max = RECORD_ARENA };
	struct gh_osv o;
	enum gh_rc rc = gh_osv_read(j, &a, &o, err);
	if (rc != GH_OK)
		return rc;
	bool matchable = o.withdrawn;
	for (size_t i = 0; i < o.naffected; i++)
		matchable = matchable || (o.affected[i].ecosystem.n != 0 && o.affected[i].name.n != 0) ||
			    o.affected[i].product.n != 0;
	count->read++;
	count->bare += !matchable;
	return matchable ? gh_advdb_add(m, &o, err) : GH_OK;
}

enum gh_rc gh_advisories_json(struct gh_advdb_make *m, struct gh_span doc, const char *name,
			      struct gh_advisories_count *count, struct gh_err *err)
{
	gh_auto_arena a = { .max = RECORD_ARENA };
	struct gh_json *j = GH_NEW(&a, struct gh_json, 1);
	if (j == NULL)
		return gh_fail(err, GH_E_NOMEM, "no memory");
	*j = gh_json_mem(doc, &a);
	j->keep = KEEP;
	for (;;) {
		enum gh_json_tok t = gh_json_next(j);
		enum gh_rc rc = GH_OK;
		if (t == GH_JSON_OBJECT) {
			rc = one(m, j, count, err);
		} else if (t == GH_JSON_ARRAY && j->depth == 0) {
			while (rc == GH_OK && gh_json_next(j) == GH_JSON_OBJECT)
				rc = one(m, j, count, err);
			t = j->tok;
			if (rc == GH_OK && t != GH_JSON_ARRAY_END)
				rc = t == GH_JSON_BAD
					     ? gh_fail(err, GH_E_MALFORMED, "not JSON: %s", j->why)
					     : gh_fail(err, GH_E_MALFORMED, "no advisory: an object is expected");
		} else if (t == GH_JSON_BAD) {
			rc = gh_fail(err, GH_E_MALFORMED, "not JSON: %s", j->why);
		} else {
			rc = gh_fail(err, GH_E_MALFORMED, "no advisory: an object is expected");
		}
		if (rc == GH_OK && gh_json_next(j) != GH_JSON_END)
			rc = gh_fail(err, GH_E_MALFORMED, "not JSON: %s",
				     j->tok == GH_JSON_BAD ? j->why : "more than one value");
		if (rc != GH_OK)
			return at_place(err, rc, name, doc, j->off);
		if (!gh_json_left(j))
			return GH_OK;
		gh_json_again(j);
	}
}

/* ---- archives ------------------------------------------------------------------------------------------------------------- */
bool gh_advisories_is_zip(struct gh_span doc)
{
	return doc.n >= 4 && (gh_le32(doc.p) == GH_ZIP_SIG_LOCAL || gh_le32(doc.p) == GH_ZIP_SIG_END);
}

static bool find_directory(struct gh_span zip, struct gh_zip_end *end)
{
	uint64_t from = zip.n > GH_ZIP_TAIL ? zip.n - GH_ZIP_TAIL : 0;
	struct gh_span tail = gh_span_cut(zip, from, zip.n);
	size_t at = gh_zip_rfind_end(tail, tail.n);
	if (at == SIZE_MAX || !gh_zip_end(gh_span_cut(tail, at, tail.n), end))
		return false;
	struct gh_zip_locator l;
	uint64_t where = from + at;
	if (where >= GH_ZIP_LOCATOR_SIZE &&
	    gh_zip_locator(gh_span_cut(zip, where - GH_ZIP_LOCATOR_SIZE, GH_ZIP_LOCATOR_SIZE), &l) && l.off < zip.n)
		(void)gh_zip_end64(gh_span_cut(zip, l.off, zip.n), end);
	return end->cd_off <= zip.n && end->cd_size <= zip.n - end->cd_off;
}

/* Expand one member into out[0..size). */
static enum gh_rc expand(struct gh_span in, uint16_t method, uint8_t *out, size_t size, struct gh_err *err)
{
	if (method != 0 && method != 8)
		return gh_fail(err, GH_E_UNREAD, "compressed by method %u, which is not read here", (unsigned)method);
	struct gh_expand *x = gh_expand_open(method == 0 ? GH_CODEC_STORE : GH_CODEC_DEFLATE);
	if (x == NULL)
		return gh_fail(err, GH_E_NOMEM, "no memory");
	size_t n = 0, made = 0;
	bool end = false;
	enum gh_rc rc = GH_OK;
	while (rc == GH_OK && !end && n <= size) {
		uint8_t beyond;
		bool full = n == size;
		size_t before = in.n;
		rc = gh_expand_step(x, &in, full ? &beyond : out + n, full ? 1 : size - n, &made, &end);
		n += made;
		if (rc == GH_OK && made == 0 && !end && in.n == before)
			break;
	}
	gh_expand_close(x);
	if (rc != GH_OK || n != size || (method == 8 && !end))
		return gh_fail(err, GH_E_MALFORMED, "it does not expand to the size that the archive says");
	return GH_OK;
}

static enum gh_rc member(struct gh_advdb_make *m, struct gh_span zip, const struct gh_zip_header *h, const char *name,
			 struct gh_advisories_count *count, uint64_t *expanded, struct gh_err *err)
{
	struct gh_zip_header local;
	struct gh_span at = gh_span_cut(zip, h->off, zip.n);
	if ((h->flags & (GH_ZIP_F_ENCRYPTED | GH_ZIP_F_STRONG)) != 0)
		return gh_fail(err, GH_E_UNREAD, "%s is encrypted", name);
	if (!gh_zip_local(at, &local))
		return gh_fail(err, GH_E_MALFORMED, "%s: there is no member where the directory says", name);
	struct gh_span data = gh_span_cut(at, (uint64_t)GH_ZIP_LOCAL_SIZE + local.name_n + local.extra_n, h->csize);
	*expanded += h->usize;
	if (h->usize > MEMBER_MAX || *expanded > EXPANDED_MAX)
		return gh_fail(err, GH_E_LIMIT, "%s: more than can be read (%u MiB a member, %u GiB in all)", name,
			       (unsigned)MEMBER_MAX >> 20, (unsigned)(EXPANDED_MAX >> 30));
	if (data.n != h->csize || h->csize > zip.n || h->usize / 1100 > h->csize)
		return gh_fail(err, GH_E_MALFORMED, "%s: cut off, or smaller than it could be", name);
	uint8_t *room = malloc(h->usize + 1);
	if (room == NULL)
		return gh_fail(err, GH_E_NOMEM, "no memory for %s", name);
	enum gh_rc rc = expand(data, h->method, room, (size_t)h->usize, err);
	if (rc == GH_OK)
		rc = gh_advisories_json(m, (struct gh_span){ room, (size_t)h->usize }, name, count, err);
	else
		rc = gh_fail(err, rc, "%s", name);
	free(room);
	return rc;
}

enum gh_rc gh_advisories_zip(struct gh_advdb_make *m, struct gh_span zip, const char *name,
			     struct gh_advisories_count *count, struct gh_err *err)
{
	struct gh_zip_end end;
	struct gh_safe safe_name = gh_safe(gh_span_str(name));
	const char *archive = safe_name.s;
	if (!find_directory(zip, &end))
		return gh_fail(err, GH_E_MALFORMED, "%s: a zip archive without a directory: cut off", archive);
	if (end.total > MEMBERS_MAX)
		return gh_fail(err, GH_E_LIMIT, "%s: more than %u members", archive, (unsigned)MEMBERS_MAX);
	struct gh_span dir = gh_span_cut(zip, end.cd_off, end.cd_size);
	uint64_t expanded = 0;
	for (uint64_t i = 0; i < end.total; i++) {
		struct gh_zip_header h;
		struct gh_zip_extra x;
		if (!gh_zip_central(dir, &h))
			return gh_fail(err, GH_E_MALFORMED, "%s: entry %llu of its directory is broken", archive,
				       (unsigned long long)i);
		struct gh_span nm = gh_span_cut(dir, GH_ZIP_CENTRAL_SIZE, h.name_n);
		gh_zip_extra(gh_span_cut(dir, (uint64_t)GH_ZIP_CENTRAL_SIZE + h.name_n, h.extra_n), true, &h, &x);
		dir = gh_span_cut(dir, (uint64_t)GH_ZIP_CENTRAL_SIZE + h.name_n + h.extra_n + h.comment_n, dir.n);
		count->members++;
		if (!gh_span_ends(nm, ".json"))
			continue;
		struct gh_safe safe = gh_safe(nm);
		enum gh_rc rc = member(m, zip, &h, safe.s, count, &expanded, err);
		if (rc != GH_OK)
			return gh_fail(err, rc, "%s", archive);
	}
	return GH_OK;
}
