#include "scan/yara_narrow.h"

#include "check/yarapack.h"

#include <stdlib.h>
#include <yara.h>

enum {
	ACCEPTS = 0x8000,
	BEHIND = 2,	/* bytes behind a match that say where a word ends */
	TOGETHER = 64,	/* ends of matches so near each other are one place */
	MOST = 2 << 10, /* … which is no longer than this: one that matches ends the search */
	ROOM = YR_RE_SCAN_LIMIT + 64,
};

struct gh_narrow {
	const YR_RULES *rules;
	const struct gh_first_known *known;
	size_t words;	    /* of a mask */
	YR_BITMASK *off;    /* strings with an automaton */
	YR_BITMASK *before; /* what the scanner had switched off when a place is shown */
};

struct gh_narrow *gh_narrow_new(const struct YR_RULES *rules, const struct gh_first_known *known)
{
	struct gh_narrow *n = calloc(1, sizeof *n);
	if (n == NULL)
		return NULL;
	n->rules = rules;
	n->known = known;
	n->words = YR_BITMASK_SIZE(rules->num_strings);
	n->off = calloc(n->words, sizeof *n->off);
	n->before = calloc(n->words, sizeof *n->before);
	if (known->strings != rules->num_strings || n->off == NULL || n->before == NULL) {
		gh_narrow_free(n);
		return NULL;
	}
	for (uint32_t i = 0; i < rules->num_strings; i++)
		if (known->of[i] != 0)
			yr_bitmask_set(n->off, i);
	return n;
}

void gh_narrow_free(struct gh_narrow *n)
{
	if (n == NULL)
		return;
	free(n->off);
	free(n->before);
	free(n);
}

void gh_narrow_off(const struct gh_narrow *n, struct YR_SCAN_CONTEXT *scanner)
{
	for (size_t i = 0; i < n->words; i++)
		scanner->strings_temp_disabled[i] |= n->off[i];
}

/* Only the strings of this automaton. */
static void switch_on(const struct gh_narrow *n, YR_SCAN_CONTEXT *c, unsigned number)
{
	memset(c->strings_temp_disabled, 0xff, n->words * sizeof *c->strings_temp_disabled);
	for (uint32_t i = 0; i < n->rules->num_strings; i++)
		if (n->known->of[i] == number)
			yr_bitmask_clear(c->strings_temp_disabled, i);
}

static bool matched(const struct gh_narrow *n, const YR_SCAN_CONTEXT *c, unsigned number)
{
	for (uint32_t i = 0; i < n->rules->num_strings; i++)
		if (n->known->of[i] == number && c->matches[i].head != NULL)
			return true;
	return false;
}

/* The number of the next automaton of those that are left; 0: none. */
static unsigned next_of(struct gh_narrowing *s)
{
	for (unsigned i = 0; i < GH_FIRST_SETS; i++)
		if (s->of[i] != 0) {
			unsigned bit = (unsigned)__builtin_ctzll(s->of[i]);
			s->of[i] &= s->of[i] - 1;
			return i * 64 + bit + 1;
		}
	return 0;
}

static bool letter(uint8_t c) { return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z'); }
static bool word(uint8_t c) { return letter(c) || c == '_'; }

/* Does what must hold behind a match hold, if one ends with byte i? What is not at hand may. */
static bool may_end(const struct gh_yarapack_automaton *a, struct gh_span part, size_t i)
{
	enum { BORDER = 1, WORD };
	if (a->ends == 0 || i + 1 >= part.n)
		return true;
	return a->ends == BORDER ? word(part.p[i]) != word(part.p[i + 1]) : a->ends != WORD || !letter(part.p[i + 1]);
}

/* Run on to the next byte that ends a match, or may; the index behind it. 0: there is none. */
static size_t run(const struct gh_yarapack_automaton *a, struct gh_narrowing *s, size_t end)
{
	unsigned state = s->state;
	for (size_t i = s->at; i < end; i++) {
		unsigned to = a->next[state * a->kinds + a->kind[s->part.p[i]]];
		state = to & ~(unsigned)ACCEPTS;
		if ((to & ACCEPTS) == 0 || !may_end(a, s->part, i))
			continue;
		s->state = state;
		return s->at = i + 1;
	}
	s->state = state;
	s->at = end;
	return 0;
}

static uint32_t reach_of(const struct gh_narrow *n, unsigned number)
{
	for (size_t i = 0; i < n->known->strings; i++)
		if (n->known->of[i] == number)
			return n->known->reach[i];
	return 0;
}

struct gh_span gh_narrow_next(struct gh_narrow *n, struct YR_SCAN_CONTEXT *scanner, struct gh_narrowing *s)
{
	const size_t bytes = n->words * sizeof *n->before;
	if (s->shown)
		memcpy(scanner->strings_temp_disabled, n->before, bytes);
	s->shown = false;
	for (;;) {
		if (s->now == 0 || s->at == s->part.n || matched(n, scanner, s->now)) {
			s->now = next_of(s);
			s->at = s->state = 0;
			if (s->now == 0 || s->now > gh_yarapack_nautomata)
				return (struct gh_span){ 0 };
			continue;
		}
		const struct gh_yarapack_automaton *a = &gh_yarapack_automata[s->now - 1];
		size_t first = run(a, s, s->part.n), last = first;
		if (first == 0)
			continue;
		for (size_t more = first; more != 0 && last - first < MOST;) {
			size_t end = s->part.n - last > TOGETHER ? last + TOGETHER : s->part.n;
			last = more;
			more = run(a, s, end);
		}
		uint32_t reach = reach_of(n, s->now);
		size_t from = gh_first_back(s->part, first, 0, reach == 0 ? ROOM : 0, reach);
		memcpy(n->before, scanner->strings_temp_disabled, bytes);
		switch_on(n, scanner, s->now);
		s->shown = true;
		return gh_span_cut(s->part, from, last - from + BEHIND);
	}
}
