#include "check/tensor_stat.h"

#include "format/format.h"

#include <math.h>
#include <stdio.h>

enum {
	UNIFORM_MIN = 1024, /* numbers that a statement about exponents needs */
	TEXT_KINDS = 20,    /* different bytes that text has at least */
	ALIKE_MIN = 4096,
	FLAT_MIN = 8192,
	SWITCH_MIN = 256,
	SAMPLE = 4096,
	SEQUENCE = 64,
};

#define UNIFORM_SAYS "every exponent is as frequent as any other, as in random bytes"

bool gh_tstat_start(struct gh_tstat *ts, const struct gh_tensor *t)
{
	const struct gh_fkind *kind = gh_fkind_named(t->dtype);
	if (kind == NULL)
		return false;
	memset(ts, 0, offsetof(struct gh_tstat, room));
	ts->kind = kind;
	ts->t = t;
	ts->row = t->ndim > 1 && t->dim[t->ndim - 1] != 0 ? t->dim[t->ndim - 1] : 1;
	return true;
}

/* ---- one block ------------------------------------------------------------------------------------------------------- */
/* Sign and exponent, the four highest bits of it: sixteen groups that random bits fill alike. */
static bool is_uniform(const struct gh_fkind *k, const struct gh_fblock *b)
{
	uint64_t group[16] = { 0 }, negative = 0, odd = 0, n = b->keyed;
	if (n < UNIFORM_MIN)
		return false;
	/* Runs of keys that belong to one group, in parts whose first bit of the mantissa is the same. */
	unsigned run = 1u << (k->kmbits + k->kebits - 4), half = 1u << (k->kmbits - 1);
	const uint32_t *key = b->key;
	for (unsigned g = 0; g < 32; g++)
		for (unsigned part = 0; part < run / half; part++, key += half) {
			uint32_t sum = 0;
			for (unsigned i = 0; i < half; i++)
				sum += key[i];
			group[g & 15] += sum;
			negative += g >= 16 ? sum : 0;
			odd += (part & 1) != 0 ? sum : 0;
		}
	if (negative * 5 < n * 2 || negative * 5 > n * 3)
		return false;
	if (k->width == 8) /* 11 bits, of which the middle eighth is kept apart */
	{
		uint64_t most = 0;
		for (size_t i = 0; i < 256; i++)
			most = b->low[i] > most ? b->low[i] : most;
		return group[0] * 10 >= n * 4 && group[15] * 10 >= n * 4 && most * 20 < b->lowed;
	}
	if (odd * 20 < n * 9 || odd * 20 > n * 11)
		return false;
	for (size_t i = 0; i < 16; i++)
		if (group[i] * 32 < n || group[i] * 32 > n * 3)
			return false;
	return true;
}

/* Printable low bytes, of many kinds, none of them too frequent: numbers with few digits have few kinds. */
static bool is_text(const struct gh_tstat *ts, const struct gh_fblock *b, const uint8_t *p)
{
	unsigned kinds = 0, most = 0;
	uint16_t count[256] = { 0 };
	if (b->text * 20 < GH_FSTAT_PART * 19)
		return false;
	for (size_t i = 0; i < GH_FSTAT_PART; i++)
		count[p[(b->text_at + i) * ts->kind->width]]++;
	for (size_t i = 0; i < 256; i++) {
		kinds += count[i] != 0;
		most = count[i] > most ? count[i] : most;
	}
	return kinds >= TEXT_KINDS && most * 10 < GH_FSTAT_PART * 4;
}

/* How many of the first numbers of a block are different; zeros do not count. */
static unsigned distinct(const struct gh_fkind *k, const uint8_t *p, size_t n, unsigned *of)
{
	uint64_t table[2 * SAMPLE] = { 0 };
	unsigned got = 0, all = 0;
	for (size_t i = 0; i < n && all < SAMPLE; i++) {
		uint64_t v = gh_word(&(struct gh_words){ { p, n * k->width }, k->width, false }, i);
		if (v << (65 - 8 * k->width) == 0)
			continue;
		all++;
		size_t at = (v * UINT64_C(0x9e3779b97f4a7c15)) >> 51;
		while (table[at] != 0 && table[at] != v)
			at = (at + 1) % (2 * SAMPLE);
		got += table[at] == 0;
		table[at] = v;
	}
	*of = all;
	return got;
}

/* How much more often than by chance two odd low bytes of the same high bit are the same. Bits that were rounded away leave
 * zeros at the end: only odd bytes count. The high bit belongs to the exponent of BF16. */
static double likeness(const uint32_t *low, unsigned from, unsigned to)
{
	double n = 0, twice = 0;
	for (unsigned i = from | 1; i < to; i += 2) {
		n += low[i];
		twice += (double)low[i] * ((double)low[i] - 1);
	}
	return n < 400 ? 0 : twice * ((double)(to - from) / 2) / (n * (n - 1));
}

/* Low bytes of full precision that are more alike than chance gives, among numbers that are all different. */
static bool is_alike(const struct gh_tstat *ts, const struct gh_fblock *b, const uint8_t *p)
{
	const struct gh_fkind *k = ts->kind;
	unsigned of, part = k->width == 2 && k->mbits > 7 ? 20 : k->width == 2 ? 8 : 1;
	if (k->width < 2 || b->n < ALIKE_MIN)
		return false;
	if (k->width >= 4) {
		double same = (double)b->same - b->equal, pairs = (double)b->pairs - b->equal;
		if (same * 256 < pairs * 1.5 || pairs * 4 < b->pairs || likeness(b->low, 0, 256) < 1.4)
			return false;
	} else if (k->mbits > 7) { /* small numbers have few bits: the first of these are zero */
		uint64_t small = 0;
		for (unsigned i = 0; i < 2u << k->kmbits; i++)
			small += b->key[i] + b->key[GH_FSTAT_KEYS / 2 + i];
		if (small * 20 > b->keyed || likeness(b->low, 0, 256) < 2)
			return false;
	} else if (likeness(b->low, 0, 128) < 2.2 || likeness(b->low, 128, 256) < 2.2) {
		return false;
	}
	/* A sample may beat in time with a sequence that counts: all of them, then. */
	uint32_t low[256] = { 0 };
	for (size_t i = 0; i < b->n; i++)
		low[p[i * k->width]]++;
	if (likeness(low, 0, 128) < 1.3 && likeness(low, 128, 256) < 1.3)
		return false;
	unsigned got = distinct(k, p, b->n, &of);
	return of >= SAMPLE / 4 && (k->width >= 4 ? got * 4 >= of * 3 : got * part >= of * (part == 20 ? 5 : 1));
}

/* The low byte of BF16 is the last bit of the exponent and all of the mantissa: no distribution of numbers makes all of its
 * values equally frequent, but bits that replaced it do. */
static bool is_flat_byte(const struct gh_fkind *k, const uint32_t *low, uint64_t n)
{
	double even = (double)n / 256, chi = 0;
	if (k->width != 2 || k->mbits != 7 || n < FLAT_MIN)
		return false;
	for (size_t i = 0; i < 256; i++)
		chi += (low[i] - even) * (low[i] - even) / even;
	return chi < 330;
}

static bool is_flat(const struct gh_fkind *k, const uint64_t *key, uint64_t n)
{
	if (n < FLAT_MIN || k->mbits < 7)
		return false;
	struct gh_flatness f = gh_flatness(k, key, 1);
	return f.octaves >= 2 && f.expected <= -8 && f.worst <= 3.5 && f.seen >= -3;
}

/* Mantissas replaced but for their first or first two bits. */
static unsigned flat_from(const struct gh_fkind *k, const uint64_t *key, uint64_t n)
{
	for (unsigned bit = 2; bit <= 4 && n >= FLAT_MIN && k->mbits > 7; bit++) {
		struct gh_flatness f = gh_flatness(k, key, bit);
		if (f.expected <= -8 && f.seen >= -2.5 && f.seen <= 4)
			return bit;
	}
	return 0;
}

static void mark(struct gh_stretch *s, uint64_t from, uint64_t n)
{
	if (s->n == 0)
		s->from = from;
	s->to = from + n;
	s->n += n;
}

/* Where low bytes that are not zero end. */
static void follow_zeros(struct gh_tstat *ts, const uint8_t *p, const struct gh_fblock *b)
{
	size_t w = ts->kind->width, last = b->n;
	ts->low_zero += b->zero;
	ts->full += b->zero * 16 < b->n;
	if (b->zero == b->n)
		return;
	while (last > 0 && p[(last - 1) * w] == 0)
		last--;
	ts->mixed = ts->mixed || ts->used + 64 < ts->n;
	ts->used = ts->n + last;
}

/* Rows that are the same as the one before. */
static void compare_rows(struct gh_tstat *ts, const uint8_t *p, size_t n)
{
	uint64_t w = ts->kind->width, first = (ts->row - ts->n % ts->row) % ts->row;
	if (ts->row < 16)
		return;
	for (uint64_t at = first; at + 2 * ts->row <= n; at += ts->row) {
		ts->rows++;
		ts->same_rows += memcmp(p + at * w, p + (at + ts->row) * w, (size_t)(ts->row * w)) == 0;
	}
}

/* Numbers that take few values (a codebook, codes times a scale) have mantissas of any kind. */
static void see_variety(struct gh_tstat *ts, const uint8_t *p, size_t n)
{
	unsigned of = 0, got = n < SAMPLE ? 0 : distinct(ts->kind, p, n, &of);
	if (of < SAMPLE / 2)
		return;
	size_t rising = 1, w = ts->kind->width;
	const struct gh_words in = { { p, n * w }, ts->kind->width, false };
	while (rising < n && gh_word(&in, rising) > gh_word(&in, rising - 1))
		rising++;
	ts->known = true;
	if (rising < SEQUENCE) /* a table that counts has bits in order */
		ts->varied = ts->kind->width >= 4 ? got * 10 >= of * 9 : got * 8 >= of;
}

/* After the first block: which octave to look at closely. The block is counted again for it. */
static void choose_octave(struct gh_tstat *ts, const uint64_t *key, const uint8_t *p, size_t n)
{
	ts->octave = gh_octave(ts->kind, key);
	if (ts->octave == 0)
		return;
	gh_fstat_block(ts->kind, p, n, ts->octave, &ts->room, &ts->block);
	for (size_t i = 0; i < 256; i++)
		ts->mid[i] += ts->block.mid[i];
}

static void one_block(struct gh_tstat *ts, const uint8_t *p, size_t n)
{
	struct gh_fblock *b = &ts->block;
	gh_fstat_block(ts->kind, p, n, ts->octave, &ts->room, b);
	if (!ts->known)
		see_variety(ts, p, n);
	uint64_t key[GH_FSTAT_KEYS] __attribute__((uninitialized));
	gh_fstat_add(ts->key, key, b->key, GH_FSTAT_KEYS);
	for (size_t i = 0; i < 256; i++)
		ts->low[i] += b->low[i];
	if (is_uniform(ts->kind, b))
		mark(&ts->uniform, ts->n, n);
	else if (is_text(ts, b, p))
		mark(&ts->text, ts->n + b->text_at, GH_FSTAT_PART);
	else if (is_alike(ts, b, p))
		mark(&ts->alike, ts->n, n);
	else if (ts->varied && (is_flat_byte(ts->kind, b->low, b->lowed) || is_flat(ts->kind, key, b->keyed)))
		mark(&ts->flat, ts->n, n);
	if (ts->kind->width >= 4)
		follow_zeros(ts, p, b);
	compare_rows(ts, p, n);
	for (size_t i = 0; i < 256 && ts->octave != 0; i++)
		ts->mid[i] += b->mid[i];
	if (ts->octave == 0 && ts->kind->width == 4)
		choose_octave(ts, key, p, n);
	ts->n += n;
}

void gh_tstat_add(struct gh_tstat *ts, const struct gh_words *w)
{
	size_t n = gh_words_n(w), width = w->width, most = GH_FSTAT_BLOCK;
	if (w->big && width > 1)
		most = sizeof ts->turned / width;
	if (n == 0)
		return;
	size_t pieces = (n + most - 1) / most, each = (n + pieces - 1) / pieces;
	each = (each + 15) / 16 * 16;
	for (size_t at = 0; at < n; at += each) {
		size_t some = n - at < each ? n - at : each;
		const uint8_t *p = w->bytes.p + at * width;
		if (w->big && width > 1) {
			for (size_t i = 0; i < some; i++)
				for (size_t k = 0; k < width; k++)
					ts->turned[i * width + k] = p[i * width + width - 1 - k];
			p = ts->turned;
		}
		one_block(ts, p, some);
	}
}

/* ---- all of it ------------------------------------------------------------------------------------------------------- */
static void say(struct gh_scene *s, const struct gh_tstat *ts, struct gh_range at, enum gh_tensor_rule rule,
		const struct gh_stretch *where, const char *what)
{
	struct gh_safe name = gh_safe(ts->t->name);
	if (where->n == ts->n || where->n == 0)
		gh_find(s, &gh_tensor_rules[rule], at, "tensor \"%s\" (%s): %s, in all %llu numbers", name.s,
			ts->t->dtype, what, (unsigned long long)ts->n);
	else
		gh_find(s, &gh_tensor_rules[rule], at, "tensor \"%s\" (%s): %s, in numbers %llu to %llu of %llu",
			name.s, ts->t->dtype, what, (unsigned long long)where->from, (unsigned long long)where->to - 1,
			(unsigned long long)ts->n);
}

/* Low bytes in use from the first number to one in the middle of a row, all zero behind it. */
static bool switches(const struct gh_tstat *ts, uint64_t keyed)
{
	uint64_t zeros = ts->key[0] + ts->key[GH_FSTAT_KEYS / 2];
	double none = (double)zeros / (double)keyed * (double)ts->n;
	uint64_t left = ts->n - ts->used, in_head = ts->used - (ts->low_zero - left);
	return ts->kind->width >= 4 && !ts->mixed && ts->used >= SWITCH_MIN && left >= SWITCH_MIN &&
	       left * 8 >= ts->n && in_head * 4 >= ts->used * 3 && ts->row > 1 && ts->used % ts->row != 0 &&
	       none * 4 < (double)left;
}

/* The largest number against the one in the middle: further from it, and larger, than sums and running means of any training
 * come. Of a tensor whose numbers are mostly zero, or are large themselves (masks), nothing is said. */
static void judge_most(struct gh_scene *s, const struct gh_tstat *ts, struct gh_range at, uint64_t keyed)
{
	enum { FAR = 60, LARGE = 40 };
	const struct gh_fkind *k = ts->kind;
	unsigned es = 1u << k->kebits, ms = 1u << k->kmbits, middle = 0;
	uint64_t below = 0;
	if (k->ebits < 8 || ts->most == 0)
		return;
	for (; middle < es && below * 2 <= keyed; middle++)
		for (unsigned i = 0; i < 2 * ms; i++)
			below += ts->key[(i / ms * es + middle) * ms + i % ms];
	int mid = (int)middle - 1 - 127, top = (int)(ts->most >> k->mbits) - k->bias;
	if (middle <= 1 || top < LARGE || top - mid < FAR)
		return;
	gh_find(s, &gh_tensor_rules[GH_T_ABSURD], at,
		"tensor \"%s\" (%s): the largest number is about 2^%d, the one in the middle about 2^%d",
		gh_safe(ts->t->name).s, ts->t->dtype, top, mid);
}

bool gh_tstat_judge(struct gh_scene *s, const struct gh_tstat *ts, struct gh_range at, struct gh_deep *all_of_them)
{
	struct gh_stretch all = { 0, ts->n, ts->n };
	uint64_t keyed = 0;
	char text[120];
	for (size_t i = 0; i < GH_FSTAT_KEYS; i++)
		keyed += ts->key[i];
	if (keyed == 0)
		return false;
	if (ts->uniform.n == 0)
		judge_most(s, ts, at, keyed);
	if (ts->uniform.n != 0) {
		say(s, ts, at, GH_T_UNIFORM, &ts->uniform, UNIFORM_SAYS);
		return true;
	}
	if (ts->text.n != 0)
		say(s, ts, at, GH_T_LOW, &ts->text, "the low bytes are printable text");
	else if (ts->alike.n != 0)
		say(s, ts, at, GH_T_LOW, &ts->alike, "the low bytes of different numbers are too much alike");
	if (ts->text.n + ts->alike.n != 0)
		return true;
	struct gh_deep deep = { 0 };
	gh_deep_add(&deep, ts->kind, ts->key, ts->mid, ts->octave);
	unsigned bit = ts->varied ? flat_from(ts->kind, ts->key, keyed) : 0;
	bit = bit == 0 && ts->varied ? gh_deep_flat(&deep) : bit;
	if (ts->flat.n != 0) {
		say(s, ts, at, GH_T_FLAT, &ts->flat, "mantissas are spread evenly where exponents are not");
	} else if (bit != 0) {
		(void)snprintf(text, sizeof text, "mantissas are spread evenly from bit %u on, the first bits are not",
			       bit);
		say(s, ts, at, GH_T_FLAT, &all, text);
	} else if (switches(ts, keyed)) {
		struct gh_stretch head = { 0, ts->used, ts->used };
		say(s, ts, at, GH_T_SWITCH, &head, "low bits are used, and zero behind that");
	} else {
		if (ts->varied)
			gh_deep_add(all_of_them, ts->kind, ts->key, ts->mid, ts->octave);
		return false;
	}
	return true;
}

void gh_tstat_judge_data(struct gh_scene *s, const struct gh_tstat *ts, struct gh_range at)
{
	if (ts->n >= UNIFORM_MIN && ts->uniform.n == ts->n && ts->kind->width >= 2)
		say(s, ts, at, GH_T_UNIFORM, &ts->uniform, UNIFORM_SAYS);
}

void gh_tstat_judge_all(struct gh_scene *s, const struct gh_deep *all)
{
	unsigned bit = gh_deep_flat(all);
	if (bit != 0)
		gh_find(s, &gh_tensor_rules[GH_T_FLAT], (struct gh_range){ 0 },
			"the 32-bit tensors together: mantissas are spread evenly from bit %u on, the first bits are "
			"not",
			bit);
}
