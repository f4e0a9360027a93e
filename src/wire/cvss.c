#include "wire/cvss.h"

#include <math.h>

/* Weights of section 7.4; PR counts more when the scope changes. */
static double weight(char metric, char second, char v, bool changed)
{
	static const struct {
		char metric[3], value;
		double w, w_changed;
	} table[] = {
		{ "AV", 'N', 0.85, 0.85 }, { "AV", 'A', 0.62, 0.62 }, { "AV", 'L', 0.55, 0.55 },
		{ "AV", 'P', 0.2, 0.2 },   { "AC", 'L', 0.77, 0.77 }, { "AC", 'H', 0.44, 0.44 },
		{ "PR", 'N', 0.85, 0.85 }, { "PR", 'L', 0.62, 0.68 }, { "PR", 'H', 0.27, 0.5 },
		{ "UI", 'N', 0.85, 0.85 }, { "UI", 'R', 0.62, 0.62 }, { "C", 'H', 0.56, 0.56 },
		{ "C", 'L', 0.22, 0.22 },  { "C", 'N', 0, 0 },	      { "I", 'H', 0.56, 0.56 },
		{ "I", 'L', 0.22, 0.22 },  { "I", 'N', 0, 0 },	      { "A", 'H', 0.56, 0.56 },
		{ "A", 'L', 0.22, 0.22 },  { "A", 'N', 0, 0 },	      { "S", 'U', 0, 0 },
		{ "S", 'C', 1, 1 },
	};
	for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
		if (table[i].metric[0] == metric && table[i].metric[1] == second && table[i].value == v)
			return changed ? table[i].w_changed : table[i].w;
	return -1;
}

/* Appendix A of the specification: integers, so that every machine rounds alike. */
static int roundup(double x)
{
	long v = lround(x * 100000);
	return (int)(v % 10000 == 0 ? v / 10000 : v / 10000 + 1);
}

int gh_cvss3(struct gh_span s)
{
	static const char *const names[] = { "AV", "AC", "PR", "UI", "S", "C", "I", "A" };
	enum { AV, AC, PR, UI, S, C, I, A, METRICS };
	char value[METRICS] = { 0 };
	if (!gh_span_starts(s, "CVSS:3.0/") && !gh_span_starts(s, "CVSS:3.1/"))
		return -1;
	s = gh_span_cut(s, 9, s.n);
	while (s.n != 0) {
		const uint8_t *slash = memchr(s.p, '/', s.n);
		struct gh_span part = slash == NULL ? s : gh_span_cut(s, 0, (uint64_t)(slash - s.p));
		s = slash == NULL ? (struct gh_span){ 0 } : gh_span_cut(s, part.n + 1, s.n);
		const uint8_t *colon = part.n == 0 ? NULL : memchr(part.p, ':', part.n);
		if (colon == NULL || part.n != (size_t)(colon - part.p) + 2)
			return -1;
		struct gh_span name = gh_span_cut(part, 0, (uint64_t)(colon - part.p));
		for (size_t i = 0; i < METRICS; i++)
			if (gh_span_is(name, names[i])) {
				if (value[i] != 0)
					return -1;
				value[i] = (char)colon[1];
			}
	}
	double w[METRICS];
	for (size_t i = 0; i < METRICS; i++) {
		w[i] = weight(names[i][0], names[i][1], value[i], value[S] == 'C');
		if (w[i] < 0)
			return -1;
	}
	bool changed = value[S] == 'C';
	double iss = 1 - (1 - w[C]) * (1 - w[I]) * (1 - w[A]);
	double impact = changed ? 7.52 * (iss - 0.029) - 3.25 * pow(iss - 0.02, 15) : 6.42 * iss;
	double exploit = 8.22 * w[AV] * w[AC] * w[PR] * w[UI];
	if (impact <= 0)
		return 0;
	double score = changed ? 1.08 * (impact + exploit) : impact + exploit;
	return roundup(score < 10 ? score : 10);
}
