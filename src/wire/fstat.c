#include "wire/fstat.h"
#include "wire/fstat_int.h"

#include <math.h>

#define LIKE(n, w, e, m, b, s, ke, km) { n, w, e, m, b, s, ke, km }
static const struct gh_fkind kinds[] = {
	LIKE("F32", 4, 8, 23, 127, true, 8, 3),	       LIKE("BF16", 2, 8, 7, 127, true, 8, 3),
	LIKE("F16", 2, 5, 10, 15, true, 5, 6),	       LIKE("F64", 8, 11, 52, 1023, true, 8, 3),
	LIKE("C64", 4, 8, 23, 127, true, 8, 3),	       LIKE("C128", 8, 11, 52, 1023, true, 8, 3),
	LIKE("C32", 2, 5, 10, 15, true, 5, 6),	       LIKE("F8_E4M3", 1, 4, 3, 7, false, 4, 3),
	LIKE("F8_E5M2", 1, 5, 2, 15, true, 5, 2),      LIKE("F8_E4M3FNUZ", 1, 4, 3, 8, false, 4, 3),
	LIKE("F8_E5M2FNUZ", 1, 5, 2, 16, false, 5, 2),
};

const struct gh_fkind *gh_fkind_named(const char *dtype)
{
	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
		if (strcmp(kinds[i].name, dtype) == 0)
			return &kinds[i];
	return NULL;
}

/* ---- keys ------------------------------------------------------------------------------------------------------------ */
static uint64_t load64(const uint8_t *p)
{
	uint64_t v;
	memcpy(&v, p, sizeof v);
	return v;
}

/* Exponents of 11 bits, moved into the range of 8: what is smaller or larger counts as zero or infinite. */
static unsigned key64(uint64_t x)
{
	unsigned e = (unsigned)(x >> 52) & 0x7ff, m = (unsigned)(x >> 49) & 7, sign = (unsigned)(x >> 63) << 11;
	if (e >= 1023 + 128)
		return sign | 0xff << 3 | (e == 0x7ff ? m : 0);
	return e <= 1023 - 127 ? sign : sign | (e - 896) << 3 | m;
}

static uint32_t keys64(struct gh_fscratch *r, const uint8_t *p, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		r->key[i & 3][key64(load64(p + 8 * i))]++;
		if ((i & 3) == 0)
			r->low[0][p[8 * i]]++;
	}
	return (uint32_t)n;
}

/* Four numbers at a time; of many, every other four. */
static uint32_t keys32(struct gh_fscratch *r, const uint8_t *p, size_t n, unsigned octave)
{
	size_t i = 0, step = n > GH_FSTAT_EVERY ? 8 : 4, got = 0;
	for (; i + step <= n; i += step, got += 4) {
		const uint8_t *at = p + 4 * (step == 8 ? i + (i >> 3 & 4) : i);
		uint64_t a = load64(at), b = load64(at + 8);
		r->key[0][a >> 20 & 0xfff]++;
		r->key[1][a >> 52]++;
		r->key[2][b >> 20 & 0xfff]++;
		r->key[3][b >> 52]++;
		r->low[0][a & 0xff]++;
		r->low[1][b & 0xff]++;
		r->mid[0][(a >> 12 & 0xff) | (uint64_t)((a >> 23 & 0xff) != octave) << 8]++;
		r->mid[1][(b >> 12 & 0xff) | (uint64_t)((b >> 23 & 0xff) != octave) << 8]++;
	}
	for (; step == 4 && i < n; i++, got++) {
		uint32_t x = gh_le32(p + 4 * i);
		r->key[0][x >> 20]++;
		r->low[0][x & 0xff]++;
		r->mid[0][(x >> 12 & 0xff) | (uint32_t)((x >> 23 & 0xff) != octave) << 8]++;
	}
	return (uint32_t)got;
}

/* Four numbers at a time; of many, one group of four in four, each time another one. */
static uint32_t keys16(struct gh_fscratch *r, const uint8_t *p, size_t n)
{
	size_t i = 0, step = n > GH_FSTAT_EVERY ? 16 : 4, got = 0;
	for (; i + step <= n; i += step) {
		uint64_t a = load64(p + 2 * (step == 16 ? i + (i >> 2 & 12) : i));
		r->key[0][a >> 4 & 0xfff]++;
		r->key[1][a >> 20 & 0xfff]++;
		r->key[2][a >> 36 & 0xfff]++;
		r->key[3][a >> 52]++;
		r->low[0][a & 0xff]++;
		r->low[1][a >> 16 & 0xff]++;
		r->low[2][a >> 32 & 0xff]++;
		r->low[3][a >> 48 & 0xff]++;
		got += 4;
	}
	for (; step == 4 && i < n; i++, got++) {
		r->key[0][gh_le16(p + 2 * i) >> 4]++;
		r->low[0][p[2 * i]]++;
	}
	return (uint32_t)got;
}

/* Eight at a time; of many, one group of eight in four. */
static uint32_t keys8(struct gh_fscratch *r, const uint8_t *p, size_t n)
{
	size_t i = 0, step = n > GH_FSTAT_EVERY ? 32 : 8, got = 0;
	for (; i + step <= n; i += step, got += 8) {
		uint64_t a = load64(p + (step == 32 ? i + (i >> 2 & 24) : i));
		for (unsigned b = 0; b < 8; b++)
			r->key[b & 3][a >> 8 * b & 0xff]++;
	}
	for (; step == 8 && i < n; i++, got++)
		r->key[0][p[i]]++;
	return (uint32_t)got;
}

/* ---- one block ------------------------------------------------------------------------------------------------------- */
void gh_fstat_merge_plain(const struct gh_fscratch *restrict r, struct gh_fblock *restrict out)
{
	for (size_t i = 0; i < GH_FSTAT_KEYS; i++)
		out->key[i] = (uint32_t)(r->key[0][i] + r->key[1][i] + r->key[2][i] + r->key[3][i]);
	for (size_t i = 0; i < 512; i++)
		out->mid[i] = (uint32_t)(r->mid[0][i] + r->mid[1][i]);
	for (size_t i = 0; i < 256; i++)
		out->low[i] = (uint32_t)(r->low[0][i] + r->low[1][i] + r->low[2][i] + r->low[3][i]);
}

static void count(const struct gh_fkind *k, const uint8_t *p, size_t n, unsigned octave, struct gh_fscratch *r,
		  struct gh_fblock *out, const struct gh_fstat_way *way)
{
	memset(r->key, 0, sizeof r->key);
	memset(r->low, 0, sizeof r->low);
	memset(r->mid, 0, sizeof r->mid);
	n = n < GH_FSTAT_BLOCK ? n : GH_FSTAT_BLOCK;
	out->n = (uint32_t)n;
	out->keyed = k->width == 4   ? keys32(r, p, n, octave)
		     : k->width == 2 ? keys16(r, p, n)
		     : k->width == 8 ? keys64(r, p, n)
				     : keys8(r, p, n);
	way->merge(r, out);
	out->lowed = out->text_at = 0;
	for (size_t i = 0; i < 256; i++) {
		out->low[i] = k->width == 1 ? out->key[i] : out->low[i];
		out->lowed += out->low[i];
	}
	const uint8_t *plane = way->plane(p, n, k->width, r->plane);
	out->zero = out->print = out->text = 0;
	for (size_t at = 0; at < n; at += GH_FSTAT_PART) {
		uint32_t print = 0, zero = 0;
		size_t part = n - at < GH_FSTAT_PART ? n - at : (size_t)GH_FSTAT_PART;
		way->kinds(plane + at, part, &print, &zero);
		out->zero += zero;
		out->print += print;
		if (print > out->text && part == GH_FSTAT_PART) {
			out->text = print;
			out->text_at = (uint32_t)at;
		}
	}
	out->pairs = out->same = out->equal = 0;
	static const uint8_t lags[GH_FSTAT_LAGS] = { 1, 2, 8 };
	for (size_t i = 0; k->width >= 4 && i < GH_FSTAT_LAGS; i++) {
		if (n <= lags[i])
			continue;
		out->pairs += (uint32_t)(n - lags[i]);
		out->same += way->same(plane, n - lags[i], lags[i]);
		out->equal += way->equal(p, n - lags[i], k->width, lags[i]);
	}
}

/* ---- the plain way --------------------------------------------------------------------------------------------------- */
static const uint8_t *plane_plain(const uint8_t *p, size_t n, unsigned width, uint8_t *room)
{
	if (width == 1)
		return p;
	for (size_t i = 0; i < n; i++)
		room[i] = p[i * width];
	return room;
}

void gh_fstat_kinds_plain(const uint8_t *p, size_t n, uint32_t *print, uint32_t *zero)
{
	uint32_t a = 0, b = 0;
	for (size_t i = 0; i < n; i++) {
		a += (uint8_t)(p[i] - 0x20) <= 0x5e || p[i] == '\t' || p[i] == '\n' || p[i] == '\r';
		b += p[i] == 0;
	}
	*print = a;
	*zero = b;
}

uint32_t gh_fstat_same_plain(const uint8_t *p, size_t n, size_t lag)
{
	uint32_t all = 0;
	for (size_t i = 0; i < n; i++)
		all += p[i] == p[i + lag];
	return all;
}

uint32_t gh_fstat_equal_plain(const uint8_t *p, size_t n, unsigned width, size_t lag)
{
	uint32_t all = 0;
	for (size_t i = 0; i < n; i++)
		all += gh_le16(p + i * width) == gh_le16(p + (i + lag) * width);
	return all;
}

void gh_fstat_add_plain(uint64_t *restrict sum, uint64_t *restrict one, const uint32_t *restrict counts, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		one[i] = counts[i];
		sum[i] += counts[i];
	}
}

static const struct gh_fstat_way plain = { plane_plain,		 gh_fstat_kinds_plain, gh_fstat_same_plain,
					   gh_fstat_equal_plain, gh_fstat_merge_plain, gh_fstat_add_plain };

void gh_fstat_block_plain(const struct gh_fkind *k, const uint8_t *p, size_t n, unsigned octave,
			  struct gh_fscratch *room, struct gh_fblock *out)
{
	count(k, p, n, octave, room, out, &plain);
}

void gh_fstat_block(const struct gh_fkind *k, const uint8_t *p, size_t n, unsigned octave, struct gh_fscratch *room,
		    struct gh_fblock *out)
{
	const struct gh_fstat_way *way = gh_fstat_fast();
	count(k, p, n, octave, room, out, way == NULL ? &plain : way);
}

void gh_fstat_add(uint64_t *sum, uint64_t *one, const uint32_t *counts, size_t n)
{
	const struct gh_fstat_way *way = gh_fstat_fast();
	(way == NULL ? &plain : way)->add(sum, one, counts, n);
}

double gh_log2(double x)
{
	int e;
	double m = frexp(x, &e), z = (m - 0.70710678118654752) / (m + 0.70710678118654752), z2 = z * z, term = z,
	       sum = 0;
	for (int i = 1; i < 24; i += 2) {
		sum += term / i;
		term *= z2;
	}
	return e - 0.5 + 2 * sum * 1.4426950408889634;
}

/* ---- sums ------------------------------------------------------------------------------------------------------------ */
static double entropy(const uint64_t *v, size_t n, uint64_t all)
{
	double h = 0;
	for (size_t i = 0; all != 0 && i < n; i++)
		if (v[i] != 0)
			h -= (double)v[i] / (double)all * gh_log2((double)v[i] / (double)all);
	return h;
}

struct gh_fsum gh_fstat_sum(const struct gh_fkind *k, const uint64_t *key, const uint64_t *low)
{
	struct gh_fsum s = { .low = 0, .high = 0 };
	unsigned ms = 1u << k->kmbits, es = 1u << k->kebits;
	int bias = k->width == 8 ? 127 : k->bias;
	uint64_t exps[256] = { 0 }, all = 0;
	double m1 = 0, m2 = 0, m3 = 0, m4 = 0, least = 0, most = 0;
	for (unsigned e = 0; e < es; e++) {
		double octave = ldexp(1, (int)e - bias);
		for (unsigned i = 0; i < 2 * ms; i++) {
			unsigned sign = i / ms, m = i % ms;
			uint64_t c = key[(sign * es + e) * ms + m];
			exps[e] += c;
			s.n += c;
			if (e == es - 1 && k->special) {
				s.nan += c;
				continue;
			}
			all += c;
			if (e == 0) {
				s.zero += c;
				continue;
			}
			if (c == 0)
				continue;
			double x = (1.0 + (m + 0.5) / ms) * octave * (sign != 0 ? -1 : 1), w = (double)c;
			m1 += w * x;
			m2 += w * x * x;
			m3 += w * x * x * x;
			m4 += w * x * x * x * x;
			least = most == 0 ? fabs(x) : least;
			most = fabs(x);
		}
	}
	s.low = most == 0 ? 0 : gh_log2(least);
	s.high = most == 0 ? 0 : gh_log2(most);
	s.exponents = entropy(exps, es, s.n);
	uint64_t lows = 0;
	for (size_t i = 0; i < 256; i++)
		lows += low[i];
	s.bytes = entropy(low, 256, lows);
	if (all == 0)
		return s;
	double n = (double)all, mean = m1 / n, var = m2 / n - mean * mean;
	s.mean = mean;
	s.dev = var > 0 ? sqrt(var) : 0;
	double four = m4 / n - 4 * mean * m3 / n + 6 * mean * mean * m2 / n - 3 * mean * mean * mean * mean;
	s.kurtosis = var > 0 ? four / (var * var) : 0;
	return s;
}
