#include "wire/advdb.h"

static const uint8_t magic[8] = { 'G', 'H', 'A', 'D', 'V', 'D', 'B', '1' };

enum gh_rc gh_advdb(struct gh_span s, struct gh_advdb *out, struct gh_err *err)
{
	*out = (struct gh_advdb){ 0 };
	if (s.n < GH_ADVDB_HEAD || memcmp(s.p, magic, sizeof magic) != 0)
		return gh_fail(err, GH_E_MALFORMED, "not a database of advisories");
	uint64_t r = gh_le32(s.p + 8), a = gh_le32(s.p + 12);
	if (s.n > UINT32_MAX || r * GH_ADVDB_RECORD + a * GH_ADVDB_PRODUCT > s.n - GH_ADVDB_HEAD)
		return gh_fail(err, GH_E_MALFORMED, "the database of advisories is cut off");
	out->s = s;
	out->nrecord = (uint32_t)r;
	out->nproduct = (uint32_t)a;
	memcpy(out->date, s.p + 16, 24);
	for (size_t i = 0; out->date[i] != '\0'; i++)
		if (!((out->date[i] >= '0' && out->date[i] <= '9') || memchr("-:TZ.", out->date[i], 5) != NULL))
			return gh_fail(err, GH_E_MALFORMED, "the database of advisories has no date");
	return GH_OK;
}

static struct gh_span str(const struct gh_advdb *db, uint32_t off)
{
	if (off < GH_ADVDB_HEAD || off > db->s.n - 2)
		return (struct gh_span){ 0 };
	uint16_t n = gh_le16(db->s.p + off);
	return n > db->s.n - off - 2 ? (struct gh_span){ 0 } : (struct gh_span){ db->s.p + off + 2, n };
}

struct gh_adv_record gh_advdb_record(const struct gh_advdb *db, uint32_t i)
{
	if (i >= db->nrecord)
		return (struct gh_adv_record){ .score = -1 };
	const uint8_t *p = db->s.p + GH_ADVDB_HEAD + (size_t)i * GH_ADVDB_RECORD;
	uint16_t score = gh_le16(p + 32);
	return (struct gh_adv_record){
		.id = str(db, gh_le32(p)),
		.modified = str(db, gh_le32(p + 4)),
		.aliases = str(db, gh_le32(p + 8)),
		.summary = str(db, gh_le32(p + 12)),
		.vector = str(db, gh_le32(p + 16)),
		.url = str(db, gh_le32(p + 20)),
		.formats = str(db, gh_le32(p + 24)),
		.trigger = str(db, gh_le32(p + 28)),
		.score = score > 100 ? -1 : score,
		.severity = p[34] > GH_OSV_CRITICAL ? GH_OSV_UNKNOWN : (enum gh_osv_severity)p[34],
		.flags = p[35],
	};
}

struct gh_adv_product gh_advdb_product(const struct gh_advdb *db, uint32_t i)
{
	if (i >= db->nproduct)
		return (struct gh_adv_product){ .record = UINT32_MAX };
	const uint8_t *p = db->s.p + GH_ADVDB_HEAD + (size_t)db->nrecord * GH_ADVDB_RECORD +
			   (size_t)i * GH_ADVDB_PRODUCT;
	return (struct gh_adv_product){
		.ecosystem = str(db, gh_le32(p)),
		.name = str(db, gh_le32(p + 4)),
		.versions = gh_le32(p + 8),
		.record = gh_le32(p + 12),
	};
}

static int bytes_cmp(struct gh_span a, struct gh_span b)
{
	size_t n = a.n < b.n ? a.n : b.n;
	int c = n == 0 ? 0 : memcmp(a.p, b.p, n);
	return c != 0 ? c : (a.n > b.n) - (a.n < b.n);
}

static int product_cmp(const struct gh_adv_product *p, struct gh_span ecosystem, struct gh_span name)
{
	int c = bytes_cmp(p->ecosystem, ecosystem);
	return c != 0 ? c : bytes_cmp(p->name, name);
}

uint32_t gh_advdb_find(const struct gh_advdb *db, struct gh_span ecosystem, struct gh_span name, uint32_t *n)
{
	uint32_t lo = 0, hi = db->nproduct;
	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;
		struct gh_adv_product p = gh_advdb_product(db, mid);
		if (product_cmp(&p, ecosystem, name) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	uint32_t end = lo;
	for (; end < db->nproduct; end++) {
		struct gh_adv_product p = gh_advdb_product(db, end);
		if (product_cmp(&p, ecosystem, name) != 0)
			break;
	}
	*n = end - lo;
	return lo;
}

uint32_t gh_advdb_by_id(const struct gh_advdb *db, struct gh_span id)
{
	uint32_t lo = 0, hi = db->nrecord;
	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;
		if (bytes_cmp(gh_advdb_record(db, mid).id, id) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < db->nrecord && gh_span_eq(gh_advdb_record(db, lo).id, id) ? lo : UINT32_MAX;
}

/* ---- versions --------------------------------------------------------------------------------------------------------------- */
static struct gh_rd versions_at(const struct gh_advdb *db, const struct gh_adv_product *p)
{
	if (p->versions < GH_ADVDB_HEAD) /* there is none */
		return gh_rd((struct gh_span){ 0 });
	return gh_rd(gh_span_cut(db->s, p->versions, db->s.n));
}

static bool read_interval(struct gh_rd *r, struct gh_adv_interval *out)
{
	out->flags = gh_rd_u8(r);
	out->from = gh_rd_take(r, gh_rd_u8(r));
	out->to = gh_rd_take(r, gh_rd_u8(r));
	return !r->bad;
}

bool gh_advdb_interval(const struct gh_advdb *db, const struct gh_adv_product *p, unsigned k,
		       struct gh_adv_interval *out)
{
	struct gh_rd r = versions_at(db, p);
	unsigned n = gh_rd_u16le(&r);
	*out = (struct gh_adv_interval){ 0 };
	if (k >= n)
		return false;
	for (unsigned i = 0; i <= k; i++)
		if (!read_interval(&r, out))
			return false;
	return true;
}

/* A local build of the last affected version ("2.5.1+cu121") is that version. */
static struct gh_span without_local(enum gh_version_rule rule, struct gh_span v)
{
	const uint8_t *plus = rule == GH_VERSION_PEP440 && v.n != 0 ? memchr(v.p, '+', v.n) : NULL;
	return plus == NULL ? v : gh_span_cut(v, 0, (uint64_t)(plus - v.p));
}

static bool inside(enum gh_version_rule rule, const struct gh_adv_interval *i, struct gh_span v)
{
	if ((i->flags & GH_ADV_BUILD) != 0)
		return false;
	if (i->from.n != 0) {
		int c = gh_version_cmp(rule, v, i->from);
		if (c < 0 || c == GH_VERSION_APART)
			return false;
	}
	if ((i->flags & GH_ADV_TO_NONE) != 0)
		return gh_version_valid(rule, v);
	bool last = (i->flags & GH_ADV_TO_INCLUDED) != 0;
	int c = gh_version_cmp(rule, last && without_local(rule, i->to).n == i->to.n ? without_local(rule, v) : v,
			       i->to);
	return c != GH_VERSION_APART && (last ? c <= 0 : c < 0);
}

enum gh_adv_answer gh_advdb_affects(const struct gh_advdb *db, const struct gh_adv_product *p,
				    enum gh_version_rule rule, struct gh_span version, struct gh_adv_interval *where)
{
	struct gh_rd r = versions_at(db, p);
	struct gh_adv_interval i;
	for (unsigned n = gh_rd_u16le(&r); n != 0 && read_interval(&r, &i); n--)
		if (inside(rule, &i, version)) {
			if (where != NULL)
				*where = i;
			return GH_ADV_YES;
		}
	if (r.bad)
		return GH_ADV_NO;
	for (unsigned n = gh_rd_u16le(&r); n != 0 && !r.bad; n--) {
		struct gh_span v = gh_rd_take(&r, gh_rd_u8(&r));
		if (r.bad || gh_version_cmp(rule, v, version) != 0)
			continue;
		if (where != NULL)
			*where = (struct gh_adv_interval){ GH_ADV_TO_INCLUDED, v, v };
		return GH_ADV_YES;
	}
	return GH_ADV_NO;
}

/* Where two intervals stand to each other: NO: apart, YES: the set's lies inside the advisory's, SOME: they overlap. */
static enum gh_adv_answer overlap(enum gh_version_rule rule, const struct gh_adv_interval *a,
				  const struct gh_interval *s)
{
	if ((a->flags & GH_ADV_BUILD) != 0)
		return GH_ADV_NO;
	bool last = (a->flags & GH_ADV_TO_INCLUDED) != 0, open_end = (a->flags & GH_ADV_TO_NONE) != 0;
	bool all = true;
	if (!open_end) {
		int lo = s->lo.n == 0 ? -1 : gh_version_cmp(rule, gh_bound(&s->lo), a->to);
		if (lo > 0 || (lo == 0 && (!last || s->lo.open))) /* GH_VERSION_APART too */
			return GH_ADV_NO;
		int hi = s->hi.n == 0 ? 1 : gh_version_cmp(rule, gh_bound(&s->hi), a->to);
		all = hi < 0 || (hi == 0 && (last || s->hi.open));
	}
	if (a->from.n != 0) {
		int hi = s->hi.n == 0 ? 1 : gh_version_cmp(rule, gh_bound(&s->hi), a->from);
		if (hi == GH_VERSION_APART || hi < 0 || (hi == 0 && s->hi.open))
			return GH_ADV_NO;
		int lo = s->lo.n == 0 ? -1 : gh_version_cmp(rule, gh_bound(&s->lo), a->from);
		all = all && lo != GH_VERSION_APART && lo >= 0;
	}
	return all ? GH_ADV_YES : GH_ADV_SOME;
}

static bool in_set(enum gh_version_rule rule, const struct gh_version_set *set, struct gh_span v)
{
	for (size_t k = 0; k < set->n; k++) {
		const struct gh_interval *s = &set->v[k];
		int lo = s->lo.n == 0 ? 1 : gh_version_cmp(rule, v, gh_bound(&s->lo));
		int hi = s->hi.n == 0 ? -1 : gh_version_cmp(rule, v, gh_bound(&s->hi));
		if (lo != GH_VERSION_APART && hi != GH_VERSION_APART && (lo > 0 || (lo == 0 && !s->lo.open)) &&
		    (hi < 0 || (hi == 0 && !s->hi.open)))
			return true;
	}
	return false;
}

enum gh_adv_answer gh_advdb_allows(const struct gh_advdb *db, const struct gh_adv_product *p, enum gh_version_rule rule,
				   const struct gh_version_set *set, struct gh_adv_interval *where)
{
	size_t whole = 0;
	bool some = false;
	for (size_t k = 0; k < set->n; k++) {
		struct gh_rd r = versions_at(db, p);
		struct gh_adv_interval i;
		enum gh_adv_answer best = GH_ADV_NO;
		for (unsigned n = gh_rd_u16le(&r); n != 0 && read_interval(&r, &i); n--) {
			enum gh_adv_answer a = overlap(rule, &i, &set->v[k]);
			if (a > best && where != NULL)
				*where = i;
			best = a > best ? a : best;
		}
		whole += best == GH_ADV_YES;
		some = some || best != GH_ADV_NO;
		for (unsigned n = r.bad ? 0 : gh_rd_u16le(&r); n != 0 && !r.bad && !some; n--) {
			struct gh_span v = gh_rd_take(&r, gh_rd_u8(&r));
			some = !r.bad && in_set(rule, set, v);
			if (some && where != NULL)
				*where = (struct gh_adv_interval){ GH_ADV_TO_INCLUDED, v, v };
		}
	}
	return whole == set->n && set->n != 0 ? GH_ADV_YES : some ? GH_ADV_SOME : GH_ADV_NO;
}

/* ---- is it in order? ------------------------------------------------------------------------------------------------------ */
static bool versions_sound(const struct gh_advdb *db, const struct gh_adv_product *p)
{
	struct gh_rd r = versions_at(db, p);
	struct gh_adv_interval i;
	unsigned n = gh_rd_u16le(&r);
	for (; n != 0; n--)
		if (!read_interval(&r, &i))
			return false;
	for (n = gh_rd_u16le(&r); n != 0 && !r.bad; n--)
		(void)gh_rd_take(&r, gh_rd_u8(&r));
	return !r.bad;
}

bool gh_advdb_sound(const struct gh_advdb *db)
{
	struct gh_span before = { 0 };
	for (uint32_t i = 0; i < db->nrecord; i++) {
		struct gh_adv_record r = gh_advdb_record(db, i);
		if (r.id.n == 0 || (i != 0 && bytes_cmp(before, r.id) >= 0) || !gh_osv_date(r.modified))
			return false;
		before = r.id;
	}
	struct gh_adv_product last = { 0 };
	for (uint32_t i = 0; i < db->nproduct; i++) {
		struct gh_adv_product p = gh_advdb_product(db, i);
		if (p.record >= db->nrecord || p.ecosystem.n == 0 || p.name.n == 0 || !versions_sound(db, &p))
			return false;
		int c = i == 0 ? -1 : product_cmp(&last, p.ecosystem, p.name);
		if (c > 0 || (c == 0 && last.record > p.record))
			return false;
		last = p;
	}
	return true;
}
