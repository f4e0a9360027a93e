/* Are numbers spread evenly where their own sizes say that they cannot be? */
#include "check/tensor_stat.h"

#include <math.h>

enum { MASS = 200 };

/* Numbers of either sign in octave e whose first `bits` bits of the mantissa are m. */
static uint64_t mass(const struct gh_fkind *k, const uint64_t *key, unsigned e, unsigned bits, unsigned m)
{
	unsigned per = 1u << (k->kmbits - bits), es = 1u << k->kebits;
	uint64_t all = 0;
	for (unsigned sign = 0; sign < 2; sign++)
		for (unsigned i = 0; i < per; i++)
			all += key[((sign * es + e) << k->kmbits) + m * per + i];
	return all;
}

struct sums {
	double above, even, left, spread;
};

/* One cell: n numbers, of which `upper` are in its upper half; f is predicted. */
static void add(struct sums *s, struct gh_flatness *out, uint64_t n, uint64_t upper, double f)
{
	double c = (double)n, even = ((double)upper - c / 2) / sqrt(c / 4);
	s->above += (double)upper - c / 2;
	s->left += c * (f - 0.5);
	s->spread += c / 4;
	out->octaves++;
	out->worst = fabs(even) > out->worst ? fabs(even) : out->worst;
}

/* Octaves that hold fewer numbers than the one below: the density falls at least by half from one to the next. */
static void octaves(const struct gh_fkind *k, const uint64_t *key, struct sums *s, struct gh_flatness *out)
{
	uint64_t below, here = mass(k, key, 0, 0, 0), next = mass(k, key, 1, 0, 0);
	for (unsigned e = 1; e + 2 < 1u << k->kebits; e++) {
		below = here;
		here = next;
		next = mass(k, key, e + 1, 0, 0);
		if (here < MASS || next >= here || (e > 1 && below < here / 64))
			continue;
		double r = (double)next / (2.0 * (double)here);
		double f = 1 / (1 + cbrt(1 / (r < 0.02 ? 0.02 : r)));
		add(s, out, here, mass(k, key, e, 1, 1), f);
	}
}

unsigned gh_octave(const struct gh_fkind *k, const uint64_t *key)
{
	for (unsigned e = (1u << k->kebits) - 3; e > 0; e--) {
		uint64_t here = mass(k, key, e, 0, 0), next = mass(k, key, e + 1, 0, 0);
		if (here >= MASS && next * 20 >= here)
			return e;
	}
	return 0;
}

/* Neighbours within an octave: halves for the second bit, quarters for the third. */
static void cells(const struct gh_fkind *k, const uint64_t *key, unsigned bit, struct sums *s, struct gh_flatness *out)
{
	unsigned bits = bit - 1, n = 1u << bits;
	unsigned last = gh_octave(k, key); /* where the density may end, it may end anywhere in an octave */
	for (unsigned e = 1; e <= last; e++)
		for (unsigned m = 0; m + 1 < n; m++) {
			uint64_t here = mass(k, key, e, bits, m), next = mass(k, key, e, bits, m + 1);
			if (here < MASS || next * 2 < here || next > here * 2)
				continue;
			double f = 1 / (1 + sqrt((double)here / (double)next));
			add(s, out, here, mass(k, key, e, bits + 1, 2 * m + 1), f);
		}
}

void gh_deep_add(struct gh_deep *d, const struct gh_fkind *k, const uint64_t *key, const uint64_t *mid, unsigned octave)
{
	uint64_t n = 0, ones[GH_DEEP_BITS] = { 0 };
	for (unsigned i = 0; i < 256; i++) {
		n += mid[i];
		for (unsigned b = 0; b < GH_DEEP_BITS; b++)
			ones[b] += (i >> (7 - b) & 1) != 0 ? mid[i] : 0;
	}
	uint64_t odd = 0, in = mass(k, key, octave, 0, 0);
	for (unsigned m = 1; m < 8; m += 2)
		odd += mass(k, key, octave, 3, m);
	if (octave == 0 || in == 0 || n == 0)
		return;
	/* What the third bit lacks, the fourth lacks half of, and so on: a density is straight where one looks closely. */
	double lack = (double)odd / (double)in - 0.5;
	d->spread += (double)n / 4;
	for (unsigned b = 0; b < GH_DEEP_BITS; b++) {
		lack /= 2;
		d->expected[b] += (double)n * lack;
		d->seen[b] += (double)ones[b] - (double)n / 2;
	}
}

unsigned gh_deep_flat(const struct gh_deep *d)
{
	for (unsigned b = 0; b < GH_DEEP_BITS && d->spread > 0; b++) {
		double deviation = sqrt(d->spread), expected = d->expected[b] / deviation,
		       seen = d->seen[b] / deviation;
		if (expected <= -8.5 && fabs(seen) <= 2.5)
			return b + 4;
	}
	return 0;
}

struct gh_flatness gh_flatness(const struct gh_fkind *k, const uint64_t *key, unsigned bit)
{
	struct gh_flatness out = { 0 };
	struct sums s = { 0 };
	if (bit < 1 || bit > k->kmbits)
		return out;
	if (bit == 1)
		octaves(k, key, &s, &out);
	else
		cells(k, key, bit, &s, &out);
	if (s.spread > 0) {
		out.expected = s.left / sqrt(s.spread);
		out.seen = s.above / sqrt(s.spread);
	}
	return out;
}
