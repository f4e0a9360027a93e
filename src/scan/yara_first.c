#include "scan/yara_first.h"

#include <stdlib.h>
#include <yara.h>
#include <yara/ahocorasick.h>

enum {
	MEMORY = 8 << 20,
	ROOM = YR_RE_SCAN_LIMIT + 64, /* around an atom of a regular expression; 64: the atom, a border of a word */
	SLACK = 16,		      /* … of a plain string, besides its length */
	LONG = 1 << 16,		      /* the longest plain string; … of bytes with gaps, which libyara does not limit */
	NEAR = 64,		      /* bytes between two parts that are cheaper to show than to leave out */
};
_Static_assert((int)GH_FIRST_SETS == (int)GH_ATOM_SETS, "what atoms are marked with");
_Static_assert(YR_MAX_ATOM_LENGTH == GH_ATOM_MAX, "the automaton is as deep as atoms are long");

struct gh_first {
	struct gh_arena arena;
	struct gh_atoms *atoms;
	size_t head; /* bytes at the start of a source that have to be shown: strings that may only match at some place */
};

struct reading {
	const YR_RULES *rules;
	size_t states; /* entries of the transition table */
	const struct gh_first_known *known;
	struct gh_arena *arena;
	struct gh_atom *atom;
	size_t n, cap;
	bool bad;
};

/* How far a match of this string may reach from one of its atoms; 0: nobody knows. *words: white space is not counted. */
static uint32_t reach(const struct reading *r, const YR_STRING *s, bool *words)
{
	*words = false;
	if (STRING_IS_LITERAL(s))
		return s->length > 0 && s->length < LONG ? 2 * (uint32_t)s->length + SLACK : 0;
	*words = r->known != NULL && r->known->reach[s->idx] != 0 && r->known->reach[s->idx] < ROOM - SLACK;
	if (*words)
		return r->known->reach[s->idx] + SLACK;
	return STRING_IS_FAST_REGEXP(s) ? LONG : ROOM;
}

/* Matches of a state are its own, then those of the state that it falls back to: atoms within this one, with states of their own. */
static void take(struct reading *r, uint32_t state, const uint8_t *path, unsigned depth)
{
	const uint32_t *table = r->rules->ac_match_table;
	uint32_t back = YR_AC_NEXT_STATE(r->rules->ac_transition_table[state]);
	const YR_AC_MATCH *pool = r->rules->ac_match_pool;
	const YR_AC_MATCH *m = table[state] == 0 ? NULL : &pool[table[state] - 1];
	const YR_AC_MATCH *others = depth == 0 || table[back] == 0 ? NULL : &pool[table[back] - 1];
	struct gh_atom a = { .n = (uint8_t)depth };
	for (; m != NULL && m != others; m = m->next) {
		bool words;
		uint32_t far = reach(r, m->string, &words), *to = words ? &a.words : &a.reach;
		if (STRING_IS_FIXED_OFFSET(m->string))
			continue;
		r->bad = r->bad || far == 0;
		unsigned of = r->known == NULL ? 0 : r->known->of[m->string->idx];
		if (of != 0 && of <= GH_FIRST_SETS * 64)
			a.of[(of - 1) / 64] |= UINT64_C(1) << (of - 1) % 64;
		*to = far > *to ? far : *to;
	}
	if ((a.reach == 0 && a.words == 0) || r->bad)
		return;
	struct gh_atom *v = gh_grow(r->arena, r->atom, &r->cap, r->n + 1, sizeof *v);
	if (v == NULL || depth < GH_ATOM_MIN) {
		r->bad = true;
		return;
	}
	r->atom = v;
	memcpy(a.b, path, depth);
	r->atom[r->n++] = a;
}

/* The automaton, state by state; as deep as atoms are long. */
static void read_states(struct reading *r)
{
	const YR_AC_TRANSITION *t = r->rules->ac_transition_table;
	uint32_t state[GH_ATOM_MAX + 1] = { YR_AC_ROOT_STATE };
	unsigned next[GH_ATOM_MAX + 1] = { 0 }, depth = 0;
	uint8_t path[GH_ATOM_MAX] = { 0 };
	take(r, YR_AC_ROOT_STATE, path, 0);
	while (!r->bad) {
		unsigned c = next[depth]++;
		if (c == 256 || depth == GH_ATOM_MAX) {
			if (depth-- == 0)
				break;
			continue;
		}
		size_t slot = (size_t)state[depth] + c + 1;
		if (slot >= r->states || YR_AC_INVALID_TRANSITION(t[slot], c + 1))
			continue;
		uint32_t to = YR_AC_NEXT_STATE(t[slot]);
		r->bad = r->bad || to >= r->states;
		if (r->bad || to == YR_AC_ROOT_STATE)
			continue;
		path[depth++] = (uint8_t)c;
		state[depth] = to;
		next[depth] = 0;
		take(r, to, path, depth);
	}
}

/* Pieces of one string are found each for itself: they must lie in one part. Strings for one place only: at the head, or nowhere. */
static bool fits(const YR_RULES *rules, size_t *head)
{
	for (uint32_t i = 0; i < rules->num_strings; i++) {
		const YR_STRING *s = &rules->strings_table[i];
		if (s->chained_to != NULL && (s->chain_gap_max < 0 || s->chain_gap_max > YR_RE_SCAN_LIMIT))
			return false;
		if (!STRING_IS_FIXED_OFFSET(s))
			continue;
		if (s->fixed_offset < 0 || s->fixed_offset > LONG || s->length > LONG)
			return false;
		size_t end = (size_t)s->fixed_offset + 2 * (size_t)s->length + SLACK;
		end = STRING_IS_LITERAL(s) ? end : (size_t)s->fixed_offset + ROOM;
		*head = end > *head ? end : *head;
	}
	return true;
}

bool gh_first_read(const struct YR_RULES *rules, const struct gh_first_known *known, struct gh_arena *a,
		   const struct gh_atom **atoms, size_t *n, size_t *head)
{
	struct reading r = { .rules = rules,
			     .known = known != NULL && known->strings == rules->num_strings ? known : NULL,
			     .states = yr_arena_get_current_offset(rules->arena, YR_AC_TRANSITION_TABLE) /
				       sizeof(YR_AC_TRANSITION),
			     .arena = a };
	*head = SLACK;
	r.bad = !fits(rules, head);
	if (!r.bad)
		read_states(&r);
	*atoms = r.atom;
	*n = r.n;
	return !r.bad;
}

struct gh_first *gh_first_new(const struct YR_RULES *rules, const struct gh_first_known *known)
{
	struct gh_arena room = { .max = MEMORY };
	struct gh_first *f = calloc(1, sizeof *f);
	const struct gh_atom *atoms = NULL;
	size_t n = 0;
	if (f == NULL)
		return NULL;
	f->arena.max = MEMORY;
	bool have = known != NULL && known->atoms != NULL && known->strings == rules->num_strings;
	if (have) {
		atoms = known->atoms;
		n = known->natoms;
		f->head = known->head;
	}
	if (have || gh_first_read(rules, known, &room, &atoms, &n, &f->head))
		f->atoms = gh_atoms_new(&f->arena, atoms, n);
	gh_arena_free(&room);
	if (f->atoms == NULL) {
		gh_first_free(f);
		return NULL;
	}
	return f;
}

void gh_first_free(struct gh_first *f)
{
	if (f == NULL)
		return;
	gh_arena_free(&f->arena);
	free(f);
}

size_t gh_first_head(const struct gh_first *f) { return f->head; }

static bool blank(uint8_t c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

size_t gh_first_back(struct gh_span s, size_t at, size_t least, uint32_t reach, uint32_t words)
{
	size_t far = at - least > reach ? at - reach : least, i = at;
	least = at - least > ROOM ? at - ROOM : least;
	for (uint32_t left = words; left > 0 && i > least; i--)
		left -= !blank(s.p[i - 1]);
	return i < far ? i : far;
}

/* Where a part begins, not before `least`, and where it ends: so many bytes from the hit, or so many that are no white space. */
static size_t back(struct gh_span s, const struct gh_atom_hit *h, size_t least)
{
	return gh_first_back(s, h->at, least, h->reach, h->words);
}

static size_t ahead(struct gh_span s, const struct gh_atom_hit *h)
{
	size_t at = s.n - h->at > h->reach ? h->at + h->reach : s.n, i = h->at, most;
	most = s.n - h->at > ROOM ? h->at + ROOM : s.n;
	for (uint32_t left = h->words; left > 0 && i < most; i++)
		left -= !blank(s.p[i]);
	return i > at ? i : at;
}

static void add(uint64_t *of, const struct gh_atom_hit *h)
{
	for (unsigned i = 0; i < GH_FIRST_SETS; i++)
		of[i] |= h->of[i];
}

struct gh_span gh_first_next(const struct gh_first *f, struct gh_span block, size_t head, size_t *from,
			     uint64_t of[GH_FIRST_SETS])
{
	struct gh_atom_hit h, last = { 0 };
	size_t start = *from, end = 0, at = *from;
	bool open = false; /* a part has begun; it reaches to `end`, and as far as `last` says */
	memset(of, 0, GH_FIRST_SETS * sizeof of[0]);
	if (at == 0 && head != 0) {
		end = head < block.n ? head : block.n;
		open = true;
	}
	while (at < block.n && gh_atoms_next(f->atoms, block, at, &h)) {
		at = h.at + 1;
		if (open && h.at - last.at > NEAR) {
			size_t reached = ahead(block, &last);
			end = reached > end ? reached : end;
		}
		if (open && h.at - last.at > NEAR && h.at > end) {
			if (back(block, &h, end) > end + NEAR)
				break;
			last = h;
			add(of, &h);
			continue;
		}
		if (!open)
			start = back(block, &h, *from);
		/* The farthest of those that have come by, from here on: more than each needs. */
		uint32_t reach = open && last.reach > h.reach ? last.reach : h.reach;
		uint32_t words = open && last.words > h.words ? last.words : h.words;
		last = (struct gh_atom_hit){ .at = h.at, .reach = reach, .words = words };
		add(of, &h);
		open = true;
	}
	if (open) {
		size_t reached = ahead(block, &last);
		end = reached > end ? reached : end;
	}
	*from = open ? end : block.n;
	return open ? gh_span_cut(block, start, end - start) : (struct gh_span){ 0 };
}
