#include "wire/links.h"

enum { DEPTH = GH_LINKS_PATH / 2 + 1, ALIAS_ROUNDS = 8 };

struct slot {
	uint64_t hash; /* of the folded name; 0: free */
	struct gh_span target;
	bool torn; /* two links of this name with different targets */
};

struct gh_links {
	const struct gh_link *link;
	struct slot *slot;
	size_t mask; /* slots - 1, a power of two at least twice the number of links */
	bool both;
	uint64_t steps;
	/* The walk: hash of every prefix of the place it is at, and what is still to be walked. */
	uint64_t at[DEPTH];
	size_t depth;
	struct gh_span todo[GH_LINKS_HOPS + 2];
	size_t ntodo;
	unsigned hops;
	bool through;
};

static const uint64_t root = 0x9e3779b97f4a7c15u;

static bool is_sep(const struct gh_links *l, uint8_t c) { return c == '/' || (c == '\\' && l->both); }

/* The next component of *s, without `.` and empty ones; p == NULL at the end. Every byte looked at is a step: names may
 * be made of a thousand separators. */
static struct gh_span next_part(struct gh_links *l, struct gh_span *s)
{
	while (s->n != 0) {
		size_t n = 0;
		while (n < s->n && !is_sep(l, s->p[n]))
			n++;
		struct gh_span part = { s->p, n };
		l->steps -= n < l->steps ? n + 1 : l->steps;
		*s = gh_span_cut(*s, n < s->n ? n + 1 : n, s->n);
		if (n != 0 && !(n == 1 && part.p[0] == '.'))
			return part;
	}
	return (struct gh_span){ 0 };
}

static bool is_up(struct gh_span part) { return part.n == 2 && part.p[0] == '.' && part.p[1] == '.'; }

/* Letters are folded: where a file system does not tell them apart the two names are one, and a link that is taken for
 * another one only adds suspicion. Equal hashes count as equal names for the same reason. */
static uint64_t below(uint64_t dir, struct gh_span part)
{
	uint64_t h = dir ^ 0xff;
	for (size_t i = 0; i < part.n; i++) {
		uint8_t c = part.p[i];
		h = (h ^ (c >= 'A' && c <= 'Z' ? c + 32u : c)) * 0x100000001b3u;
		h ^= h >> 29;
	}
	h = (h ^ 0x2f) * 0xbf58476d1ce4e5b9u;
	return (h ^ h >> 31) | 1;
}

static bool rooted(const struct gh_links *l, struct gh_span s)
{
	bool drive = s.n >= 2 && s.p[1] == ':' && ((s.p[0] | 0x20) >= 'a' && (s.p[0] | 0x20) <= 'z');
	return s.n != 0 && (is_sep(l, s.p[0]) || drive || memchr(s.p, 0, s.n) != NULL);
}

static struct slot *find(struct gh_links *l, uint64_t hash)
{
	size_t i = (size_t)hash & l->mask;
	while (l->slot[i].hash != 0 && l->slot[i].hash != hash && l->steps != 0) {
		l->steps--;
		i = (i + 1) & l->mask;
	}
	return &l->slot[i];
}

/* ---- the walk ---------------------------------------------------------------------------------------------------- */
static enum gh_links_way follow(struct gh_links *l, const struct slot *s, bool last)
{
	l->through = l->through || !last;
	if (s->torn || ++l->hops > GH_LINKS_HOPS)
		return GH_LINKS_LOST;
	if (rooted(l, s->target))
		return GH_LINKS_OUT;
	l->todo[l->ntodo++] = s->target;
	return GH_LINKS_PLAIN;
}

static bool nothing_left(struct gh_links *l)
{
	for (size_t i = 0; i < l->ntodo; i++) {
		struct gh_span rest = l->todo[i];
		if (next_part(l, &rest).p != NULL)
			return false;
	}
	return true;
}

/* Walk what is in todo from the place the walk is at. into: follow a link at the very end as well. */
static enum gh_links_way walk(struct gh_links *l, bool into)
{
	while (l->ntodo != 0) {
		struct gh_span part = next_part(l, &l->todo[l->ntodo - 1]);
		if (part.p == NULL) {
			l->ntodo--;
			continue;
		}
		if (l->steps == 0 || l->depth + 1 >= DEPTH)
			return GH_LINKS_LOST;
		if (is_up(part)) {
			if (l->depth == 0)
				return GH_LINKS_OUT;
			l->depth--;
			continue;
		}
		uint64_t here = below(l->depth == 0 ? root : l->at[l->depth - 1], part);
		const struct slot *s = find(l, here);
		if (l->steps == 0)
			return GH_LINKS_LOST;
		bool last = s->hash == here && nothing_left(l);
		if (s->hash != here || (last && !into)) {
			l->at[l->depth++] = here;
			continue;
		}
		enum gh_links_way way = follow(l, s, last);
		if (way != GH_LINKS_PLAIN)
			return way;
	}
	return l->through ? GH_LINKS_THROUGH : GH_LINKS_PLAIN;
}

static void start(struct gh_links *l, struct gh_span path)
{
	l->depth = 0;
	l->hops = 0;
	l->through = false;
	l->todo[0] = path;
	l->ntodo = 1;
}

/* Start in the directory of a member: its name without the last component. */
static enum gh_links_way start_beside(struct gh_links *l, struct gh_span name)
{
	struct gh_span last = { 0 }, rest = name;
	for (struct gh_span part; (part = next_part(l, &rest)).p != NULL;)
		last = part;
	if (last.p == NULL || is_up(last))
		return GH_LINKS_LOST;
	start(l, gh_span_cut(name, 0, (uint64_t)(last.p - name.p)));
	return walk(l, true);
}

enum gh_links_way gh_links_member(struct gh_links *l, struct gh_span name)
{
	if (name.n > GH_LINKS_PATH)
		return GH_LINKS_LOST;
	start(l, name);
	return walk(l, false);
}

/* The set knows links by the names they are stored under: a name with `..` is not the place the link will be at. */
static bool goes_up(struct gh_links *l, struct gh_span name)
{
	for (struct gh_span part; (part = next_part(l, &name)).p != NULL;)
		if (is_up(part))
			return true;
	return false;
}

/* A symbolic link at `name`: from the directory it will lie in, on to the target. */
static enum gh_links_way symbolic(struct gh_links *l, struct gh_span name, struct gh_span target)
{
	if (name.n > GH_LINKS_PATH || target.n > GH_LINKS_PATH || goes_up(l, name))
		return GH_LINKS_LOST;
	if (rooted(l, target))
		return GH_LINKS_OUT;
	enum gh_links_way way = start_beside(l, name);
	if (way > GH_LINKS_THROUGH)
		return way;
	l->through = false; /* that the link itself lies below one is said of the member */
	l->todo[0] = target;
	l->ntodo = 1;
	return walk(l, true);
}

enum gh_links_way gh_links_target(struct gh_links *l, const struct gh_link *k)
{
	if (!k->hard)
		return symbolic(l, k->name, k->target);
	if (k->target.n > GH_LINKS_PATH)
		return GH_LINKS_LOST;
	if (rooted(l, k->target))
		return GH_LINKS_OUT;
	start(l, k->target);
	enum gh_links_way way = walk(l, false);
	if (way > GH_LINKS_THROUGH)
		return way;
	/* A hard link to a symbolic one is that link in another place, where its target may mean something else. */
	const struct slot *s = l->depth == 0 ? NULL : find(l, l->at[l->depth - 1]);
	if (s == NULL || s->hash != l->at[l->depth - 1])
		return way;
	if (s->torn)
		return GH_LINKS_LOST;
	enum gh_links_way moved = symbolic(l, k->name, s->target);
	return moved > GH_LINKS_THROUGH ? moved : GH_LINKS_THROUGH;
}

/* ---- the set ----------------------------------------------------------------------------------------------------- */
static uint64_t name_hash(struct gh_links *l, struct gh_span name)
{
	uint64_t h = root;
	for (struct gh_span part; (part = next_part(l, &name)).p != NULL;)
		h = below(h, part);
	return h;
}

/* True when the set is now another one. */
static bool put(struct gh_links *l, struct gh_span name, struct gh_span target)
{
	uint64_t h = name_hash(l, name);
	struct slot *s = h == root ? NULL : find(l, h);
	if (s == NULL || (s->hash != 0 && s->hash != h))
		return false;
	if (s->hash == h) {
		bool news = !s->torn && !gh_span_eq(s->target, target);
		s->torn = s->torn || news;
		return news;
	}
	*s = (struct slot){ .hash = h, .target = target };
	return true;
}

/* Hard links to symbolic links join the set as what they are. They may be chained in any order. */
static void put_aliases(struct gh_links *l, size_t n)
{
	bool news = true;
	for (unsigned round = 0; news && round < ALIAS_ROUNDS; round++) {
		news = false;
		for (size_t i = 0; i < n; i++) {
			if (!l->link[i].hard || l->link[i].target.n > GH_LINKS_PATH)
				continue;
			start(l, l->link[i].target);
			if (walk(l, false) > GH_LINKS_THROUGH || l->depth == 0)
				continue;
			const struct slot *s = find(l, l->at[l->depth - 1]);
			if (s->hash == l->at[l->depth - 1])
				news = put(l, l->link[i].name, s->target) || news;
		}
	}
	if (news)
		l->steps = 0; /* a chain made to exhaust: nothing can be said any more */
}

struct gh_links *gh_links(struct gh_arena *a, const struct gh_link *link, size_t n, bool both, uint64_t steps)
{
	size_t slots = 16;
	while (slots / 2 < n && slots <= SIZE_MAX / 4)
		slots *= 2;
	struct gh_links *l = GH_NEW(a, struct gh_links, 1);
	if (l == NULL || (l->slot = GH_NEW(a, struct slot, slots)) == NULL)
		return NULL;
	l->link = link;
	l->mask = slots - 1;
	l->both = both;
	l->steps = steps;
	bool hard = false;
	for (size_t i = 0; i < n; i++) {
		hard = hard || link[i].hard;
		if (!link[i].hard)
			(void)put(l, link[i].name, link[i].target);
	}
	if (hard)
		put_aliases(l, n);
	return l;
}
