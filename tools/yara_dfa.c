#include "yara_dfa.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { NODES = 6000, NONE = -1, WORDS = (NODES + 63) / 64, UNLIMITED = 1 << 20, SMALL_STATES = 400 };

/* A node of the expression's automaton: takes a byte of `set` and goes to a; without a set it goes on to a and b at once. */
struct node {
	bool takes, end;
	uint8_t set[32];
	int a, b;
};
struct build {
	struct node *v;
	int n;
	unsigned flags;
	unsigned counted; /* how often the same thing is counted */
	bool border;	  /* a match begins at the border of a word, with a byte of it */
	const char *p;
	bool bad;
};
struct part {
	int in, out; /* out: a node that goes nowhere yet */
};

static void put(uint8_t *set, unsigned c) { set[c / 8] |= (uint8_t)(1u << c % 8); }
static bool has(const uint8_t *set, unsigned c) { return (set[c / 8] >> c % 8 & 1) != 0; }

static int node(struct build *b)
{
	if (b->n == NODES) {
		b->bad = true;
		return 0;
	}
	b->v[b->n] = (struct node){ .a = NONE, .b = NONE };
	return b->n++;
}

static struct part empty(struct build *b)
{
	int n = node(b);
	return (struct part){ n, n };
}

static struct part then(struct build *b, struct part x, struct part y)
{
	b->v[x.out].a = y.in;
	return (struct part){ x.in, y.out };
}

static struct part either(struct build *b, struct part x, struct part y)
{
	int in = node(b), out = node(b);
	b->v[in].a = x.in;
	b->v[in].b = y.in;
	b->v[x.out].a = b->v[y.out].a = out;
	return (struct part){ in, out };
}

static struct part any_times(struct build *b, struct part x)
{
	int in = node(b), out = node(b);
	b->v[in].a = x.in;
	b->v[in].b = out;
	b->v[x.out].a = in;
	return (struct part){ in, out };
}

/* ---- reading ---------------------------------------------------------------------------------------------------------- */
static void put_kind(uint8_t *set, char kind)
{
	for (unsigned c = 0; c < 256; c++) {
		bool space = c == ' ' || (c >= '\t' && c <= '\r'), digit = c >= '0' && c <= '9';
		bool word = c < 128 && (isalnum((int)c) || c == '_');
		bool in = tolower(kind) == 's' ? space : tolower(kind) == 'd' ? digit : word;
		if (in == (islower((unsigned char)kind) != 0))
			put(set, c);
	}
}

/* Behind a backslash: one byte, or a kind of bytes (-1). */
static int escaped(struct build *b, uint8_t *set)
{
	static const char from[] = "nrtfav0", to[] = "\n\r\t\f\a\v";
	char c = *b->p++;
	if (c == 'x' && isxdigit((unsigned char)b->p[0]) && isxdigit((unsigned char)b->p[1])) {
		const char two[3] = { b->p[0], b->p[1], '\0' };
		b->p += 2;
		return (int)strtol(two, NULL, 16);
	}
	if (c != '\0' && strchr("sSdDwW", c) != NULL) {
		put_kind(set, c);
		return -1;
	}
	const char *at = c == '\0' ? NULL : strchr(from, c);
	b->bad = b->bad || c == '\0';
	return at != NULL ? to[at - from] : (unsigned char)c;
}

static void read_class(struct build *b, uint8_t *set)
{
	bool not = *b->p == '^';
	b->p += not;
	for (bool first = true; !b->bad && (*b->p != ']' || first); first = false) {
		b->bad = *b->p == '\0';
		int from = *b->p == '\\' ? (b->p++, escaped(b, set)) : (unsigned char)*b->p++, to = from;
		if (from >= 0 && b->p[0] == '-' && b->p[1] != ']') {
			b->p++;
			to = *b->p == '\\' ? (b->p++, escaped(b, set)) : (unsigned char)*b->p++;
		}
		for (int c = from; from >= 0 && c <= to; c++)
			put(set, (unsigned)c);
	}
	b->p++;
	for (unsigned i = 0; not&&i < 32; i++)
		set[i] = (uint8_t)~set[i];
}

static struct part read_branches(struct build *b);

/* One thing without its quantifier. */
static struct part read_one(struct build *b)
{
	uint8_t set[32] = { 0 };
	char c = *b->p++;
	if (c == '(') {
		struct part inner = read_branches(b);
		b->bad = b->bad || *b->p != ')' || *b->p == '?';
		b->p += *b->p == ')';
		return inner;
	}
	if (c == '^' || c == '$' || (c == '\\' && (*b->p == 'b' || *b->p == 'B'))) {
		b->p += c == '\\';
		return empty(b);
	}
	if (c == '[') {
		read_class(b, set);
	} else if (c == '.') {
		memset(set, 0xff, sizeof set);
		if ((b->flags & YARA_DOTALL) == 0)
			set['\n' / 8] &= (uint8_t)~(1u << '\n' % 8);
	} else {
		int byte = c == '\\' ? escaped(b, set) : (unsigned char)c;
		if (byte >= 0)
			put(set, (unsigned)byte);
	}
	for (unsigned k = 'a'; (b->flags & YARA_NOCASE) != 0 && k <= 'z'; k++)
		if (has(set, k) || has(set, k - 32)) {
			put(set, k);
			put(set, k - 32);
		}
	struct part x = { node(b), node(b) };
	b->v[x.in].takes = true;
	memcpy(b->v[x.in].set, set, sizeof set);
	b->v[x.in].a = x.out;
	return x;
}

/* {low,high} at p; false: there is none. */
static bool counts(struct build *b, unsigned *low, unsigned *high)
{
	char *end;
	const char *p = b->p;
	*low = *p == '+' ? 1 : 0;
	*high = *p == '?' ? 1 : UNLIMITED;
	if (*p == '*' || *p == '+' || *p == '?') {
		b->p++;
	} else if (*p == '{' && (isdigit((unsigned char)p[1]) || p[1] == ',')) {
		*low = (unsigned)strtoul(p + 1, &end, 10);
		*high = *end != ',' ? *low : end[1] == '}' ? UNLIMITED : (unsigned)strtoul(end + 1, &end, 10);
		p = strchr(end, '}');
		b->bad = b->bad || p == NULL;
		b->p = p == NULL ? b->p : p + 1;
	} else {
		return false;
	}
	b->p += *b->p == '?';
	return true;
}

/* The same text is read as often as it may stand there, a few times; then it may stand there any number of times. */
static struct part read_repeated(struct build *b)
{
	const char *at = b->p;
	unsigned low, high;
	struct part x = read_one(b);
	if (b->bad || !counts(b, &low, &high))
		return x;
	const char *behind = b->p;
	struct part all = empty(b);
	for (unsigned i = 0; !b->bad && i < low && i < b->counted; i++) {
		b->p = at;
		all = then(b, all, read_one(b));
	}
	if (high > low + 1 || low > b->counted) {
		b->p = at;
		all = then(b, all, any_times(b, read_one(b)));
	} else if (high > low) {
		b->p = at;
		all = then(b, all, either(b, read_one(b), empty(b)));
	}
	b->p = behind;
	return all;
}

static struct part read_branches(struct build *b)
{
	struct part all = { NONE, NONE };
	for (;;) {
		struct part x = empty(b);
		while (!b->bad && *b->p != '\0' && *b->p != '|' && *b->p != ')')
			x = then(b, x, read_repeated(b));
		all = all.in == NONE ? x : either(b, all, x);
		if (b->bad || *b->p != '|')
			return all;
		b->p++;
	}
}

/* ---- sets of nodes ---------------------------------------------------------------------------------------------------- */
struct sets {
	uint64_t (*v)[WORDS];
	unsigned n;
};

static void reach_from(const struct build *b, uint64_t *set, int from)
{
	int *stack = malloc(sizeof *stack * 2 * NODES);
	int n = 0;
	if (stack == NULL)
		abort();
	stack[n++] = from;
	while (n > 0) {
		int i = stack[--n];
		if (i == NONE || (set[i / 64] >> i % 64 & 1) != 0)
			continue;
		set[i / 64] |= UINT64_C(1) << i % 64;
		if (!b->v[i].takes) {
			stack[n++] = b->v[i].a;
			stack[n++] = b->v[i].b;
		}
	}
	free(stack);
}

static bool accepts(const struct build *b, const uint64_t *set)
{
	for (int i = 0; i < b->n; i++)
		if (b->v[i].end && (set[i / 64] >> i % 64 & 1) != 0)
			return true;
	return false;
}

static unsigned number_of(struct sets *s, const uint64_t *set)
{
	for (unsigned i = 0; i < s->n; i++)
		if (memcmp(s->v[i], set, sizeof s->v[i]) == 0)
			return i;
	if (s->n < YARA_STATES)
		memcpy(s->v[s->n], set, sizeof s->v[s->n]);
	return s->n++;
}

static bool word(unsigned c) { return c < 128 && (isalnum((int)c) || c == '_'); }

/* May a match begin behind this byte? */
static bool starts_behind(const struct build *b, unsigned c)
{
	if ((b->flags & YARA_FULLWORD) != 0 && c < 128 && isalnum((int)c))
		return false;
	return !b->border || !word(c);
}

/* Bytes that no node tells apart. */
static void kinds(const struct build *b, struct yara_dfa *out)
{
	out->kinds = 0;
	for (unsigned c = 0; c < 256; c++) {
		bool known = false;
		for (unsigned d = 0; d < c && !known; d++) {
			known = true;
			for (int i = 0; known && i < b->n; i++)
				known = !b->v[i].takes || has(b->v[i].set, c) == has(b->v[i].set, d);
			known = known && starts_behind(b, c) == starts_behind(b, d);
			out->kind[c] = known ? out->kind[d] : out->kind[c];
		}
		if (!known)
			out->kind[c] = (uint8_t)out->kinds++;
	}
}

static void step(const struct build *b, const uint64_t *from, unsigned c, int start, uint64_t *to)
{
	memset(to, 0, WORDS * sizeof *to);
	if (starts_behind(b, c))
		reach_from(b, to, start);
	for (int i = 0; i < b->n; i++)
		if ((from[i / 64] >> i % 64 & 1) != 0 && b->v[i].takes && has(b->v[i].set, c))
			reach_from(b, to, b->v[i].a);
}

/* One branch: what stands at its ends holds for all of it. */
static bool one_branch(const char *regex)
{
	int depth = 0;
	bool class = false;
	for (const char *p = regex; *p != '\0'; p++) {
		if (*p == '\\' && p[1] != '\0')
			p++;
		else if (class)
			class = *p != ']';
		else if (*p == '[')
			class = true;
		else if (*p == '|' && depth == 0)
			return false;
		else
			depth += (*p == '(') - (*p == ')');
	}
	return true;
}

static unsigned ends_of(const char *regex, unsigned flags)
{
	size_t n = strlen(regex), slashes = 0;
	while (n > 1 + slashes && regex[n - 2 - slashes] == '\\')
		slashes++;
	if (n > 1 && regex[n - 1] == 'b' && slashes % 2 == 1 && one_branch(regex))
		return YARA_ENDS_AT_BORDER;
	return (flags & YARA_FULLWORD) != 0 ? YARA_ENDS_WORD : YARA_ENDS_ANYWHERE;
}

/* Does every match begin with a byte of a word? */
static bool begins_word(const struct build *b, const uint64_t *set)
{
	for (int i = 0; i < b->n; i++)
		for (unsigned c = 0; (set[i / 64] >> i % 64 & 1) != 0 && b->v[i].takes && c < 256; c++)
			if (has(b->v[i].set, c) && !word(c))
				return false;
	return true;
}

static bool make(struct build *b, struct sets *s, const char *regex, unsigned most, struct yara_dfa *out)
{
	uint64_t set[WORDS] = { 0 };
	uint8_t of[256] = { 0 }; /* a byte of each kind */
	struct part all = read_branches(b);
	if (b->bad || *b->p != '\0')
		return false;
	b->v[all.out].end = true;
	reach_from(b, set, all.in);
	if (accepts(b, set))
		return false; /* nothing is a match: no use */
	b->border = strncmp(regex, "\\b", 2) == 0 && one_branch(regex) && begins_word(b, set);
	kinds(b, out);
	for (unsigned c = 0; c < 256; c++)
		of[out->kind[c]] = (uint8_t)c;
	(void)number_of(s, set);
	out->next = calloc((size_t)YARA_STATES * out->kinds, sizeof *out->next);
	if (out->next == NULL)
		abort();
	for (unsigned i = 0; i < s->n; i++)
		for (unsigned k = 0; k < out->kinds; k++) {
			step(b, s->v[i], of[k], all.in, set);
			unsigned to = number_of(s, set);
			if (s->n > most)
				return false;
			out->next[i * out->kinds + k] = (uint16_t)(to | (accepts(b, set) ? 0x8000u : 0));
		}
	out->states = s->n;
	return true;
}

_Bool yara_dfa(const char *regex, unsigned flags, struct yara_dfa *out)
{
	static const struct {
		unsigned counted, most;
	} tries[] = { { 48, SMALL_STATES }, { 12, SMALL_STATES }, { 3, YARA_STATES } };
	bool ok = false;
	for (unsigned i = 0; !ok && i < sizeof tries / sizeof tries[0]; i++) {
		struct build b = {
			.v = calloc(NODES, sizeof *b.v), .flags = flags, .counted = tries[i].counted, .p = regex
		};
		struct sets s = { calloc(YARA_STATES, sizeof *s.v), 0 };
		if (b.v == NULL || s.v == NULL)
			abort();
		*out = (struct yara_dfa){ .ends = (uint8_t)ends_of(regex, flags) };
		ok = make(&b, &s, regex, tries[i].most, out);
		free(b.v);
		free(s.v);
		if (!ok) {
			free(out->next);
			out->next = NULL;
		}
	}
	return ok;
}
