#include "policy/units.h"

enum { DAY = 86400, TEN_THOUSAND = 10000 };

static bool digit(uint8_t c) { return c >= '0' && c <= '9'; }

/* Digits at *at, moved over. False: none, or they do not fit. */
static bool number(struct gh_span s, size_t *at, int64_t *out)
{
	int64_t v = 0;
	size_t from = *at;
	for (; *at < s.n && digit(s.p[*at]); ++*at)
		if (__builtin_mul_overflow(v, (int64_t)10, &v) ||
		    __builtin_add_overflow(v, (int64_t)(s.p[*at] - '0'), &v))
			return false;
	*out = v;
	return *at != from;
}

bool gh_unit_int(struct gh_span s, int64_t *out)
{
	size_t at = 0;
	return number(s, &at, out) && at == s.n;
}

/* ---- durations ------------------------------------------------------------------------------------------------------------ */
static const struct {
	char letter;
	int64_t seconds;
} spans[] = { { 'w', 7 * DAY }, { 'd', DAY }, { 'h', 3600 }, { 'm', 60 }, { 's', 1 } };
enum { SPANS = sizeof spans / sizeof spans[0] };

bool gh_unit_duration(struct gh_span s, int64_t *out)
{
	int64_t sum = 0, v;
	size_t at = 0, unit = 0;
	if (s.n == 0)
		return false;
	while (at < s.n) {
		if (!number(s, &at, &v) || at == s.n)
			return false;
		while (unit < SPANS && spans[unit].letter != (char)s.p[at])
			unit++;
		if (unit == SPANS || __builtin_mul_overflow(v, spans[unit].seconds, &v) ||
		    __builtin_add_overflow(sum, v, &sum))
			return false;
		unit++;
		at++;
	}
	*out = sum;
	return true;
}

void gh_unit_put_duration(struct gh_buf *b, int64_t v)
{
	if (v < 0) {
		gh_buf_ch(b, '-');
		v = v == INT64_MIN ? INT64_MAX : -v;
	}
	bool any = false;
	for (size_t i = 1; i < SPANS; i++) { /* days and smaller: what people compare with */
		int64_t n = v / spans[i].seconds;
		v %= spans[i].seconds;
		if (n != 0 || (i == SPANS - 1 && !any))
			gh_buf_fmt(b, "%lld%c", (long long)n, spans[i].letter);
		any |= n != 0;
	}
}

/* ---- sizes ---------------------------------------------------------------------------------------------------------------- */
static const struct {
	const char *name;
	int64_t bytes;
} sizes[] = {
	{ "PiB", (int64_t)1 << 50 },
	{ "TiB", (int64_t)1 << 40 },
	{ "GiB", 1 << 30 },
	{ "MiB", 1 << 20 },
	{ "KiB", 1 << 10 },
	{ "PB", 1000000000000000 },
	{ "TB", 1000000000000 },
	{ "GB", 1000000000 },
	{ "MB", 1000000 },
	{ "KB", 1000 },
	{ "kB", 1000 },
	{ "B", 1 },
};
enum { SIZES = sizeof sizes / sizeof sizes[0], BINARY = 5 };

bool gh_unit_size(struct gh_span s, int64_t *out)
{
	size_t at = 0;
	int64_t v;
	if (!number(s, &at, &v))
		return false;
	if (at < s.n && s.p[at] == ' ')
		at++;
	struct gh_span unit = gh_span_cut(s, at, s.n);
	for (size_t i = 0; i < SIZES; i++)
		if (gh_span_is(unit, sizes[i].name))
			return !__builtin_mul_overflow(v, sizes[i].bytes, out);
	return false;
}

void gh_unit_put_size(struct gh_buf *b, int64_t v)
{
	for (size_t i = 0; i < BINARY; i++)
		if (v >= sizes[i].bytes && v % sizes[i].bytes == 0) {
			gh_buf_fmt(b, "%lld %s", (long long)(v / sizes[i].bytes), sizes[i].name);
			return;
		}
	gh_buf_fmt(b, "%lld B", (long long)v);
}

/* ---- percentages ---------------------------------------------------------------------------------------------------------- */
bool gh_unit_percent(struct gh_span s, bool sign, int64_t *out)
{
	size_t at = 0;
	int64_t whole, part = 0;
	if (!number(s, &at, &whole) || whole > 100)
		return false;
	if (at < s.n && s.p[at] == '.') {
		int64_t scale = TEN_THOUSAND;
		size_t from = ++at;
		for (; at < s.n && digit(s.p[at]); at++) {
			if (scale == 1) {
				if (!sign) /* facts are rounded down: 99.99999 is not all of it */
					continue;
				return false;
			}
			scale /= 10;
			part += (s.p[at] - '0') * scale;
		}
		if (at == from)
			return false;
	}
	if (sign && (at == s.n || s.p[at++] != '%'))
		return false;
	*out = whole * TEN_THOUSAND + part;
	return at == s.n && *out <= 100 * TEN_THOUSAND;
}

void gh_unit_put_percent(struct gh_buf *b, int64_t v)
{
	int64_t part = v % TEN_THOUSAND;
	gh_buf_fmt(b, "%lld", (long long)(v / TEN_THOUSAND));
	if (part != 0) {
		int width = 4;
		for (; part % 10 == 0; part /= 10)
			width--;
		gh_buf_fmt(b, ".%0*lld", width, (long long)part);
	}
	gh_buf_ch(b, '%');
}

/* ---- times ---------------------------------------------------------------------------------------------------------------- */
/* Days since 1970-01-01 of a date in the Gregorian calendar; years are counted from March, so that a leap day comes last. */
static int64_t days_of(int64_t y, int64_t m, int64_t d)
{
	y -= m <= 2;
	int64_t shifted = m > 2 ? m - 3 : m + 9;
	int64_t era = y / 400, in_era = y % 400;
	int64_t in_year = (153 * shifted + 2) / 5 + d - 1;
	return era * 146097 + in_era * 365 + in_era / 4 - in_era / 100 + in_year - 719468;
}

static void date_of(int64_t days, int64_t *y, int64_t *m, int64_t *d)
{
	days += 719468;
	int64_t era = days / 146097, rest = days % 146097;
	int64_t in_era = (rest - rest / 1460 + rest / 36524 - rest / 146096) / 365;
	int64_t in_year = rest - (365 * in_era + in_era / 4 - in_era / 100);
	int64_t shifted = (5 * in_year + 2) / 153;
	*d = in_year - (153 * shifted + 2) / 5 + 1;
	*m = shifted < 10 ? shifted + 3 : shifted - 9;
	*y = era * 400 + in_era + (*m <= 2);
}

/* Exactly n digits, followed by `then` (0: anything). */
static bool field(struct gh_span s, size_t *at, size_t n, char then, int64_t *out)
{
	*out = 0;
	for (size_t i = 0; i < n; i++, ++*at) {
		if (*at >= s.n || !digit(s.p[*at]))
			return false;
		*out = *out * 10 + (s.p[*at] - '0');
	}
	if (then == 0)
		return true;
	return *at < s.n && s.p[(*at)++] == (uint8_t)then;
}

/* "Z", "+02:00" */
static bool zone(struct gh_span s, size_t *at, int64_t *seconds)
{
	if (*at >= s.n)
		return false;
	uint8_t c = s.p[(*at)++];
	*seconds = 0;
	if (c == 'Z' || c == 'z')
		return true;
	int64_t h, m;
	if ((c != '+' && c != '-') || !field(s, at, 2, ':', &h) || !field(s, at, 2, 0, &m) || h > 23 || m > 59)
		return false;
	*seconds = (h * 3600 + m * 60) * (c == '-' ? -1 : 1);
	return true;
}

bool gh_unit_time(struct gh_span s, int64_t *out)
{
	static const uint8_t lengths[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	int64_t y, mo, d, h, mi, sec, off;
	size_t at = 0;
	if (!field(s, &at, 4, '-', &y) || !field(s, &at, 2, '-', &mo) || !field(s, &at, 2, 0, &d) || y < 1 || mo < 1 ||
	    mo > 12)
		return false;
	bool leap = (y % 4 == 0 && y % 100 != 0) || y % 400 == 0;
	if (d < 1 || d > lengths[mo - 1] + (mo == 2 && leap))
		return false;
	*out = days_of(y, mo, d) * DAY;
	if (at == s.n)
		return true;
	if (s.p[at] != 'T' && s.p[at] != 't' && s.p[at] != ' ')
		return false;
	at++;
	if (!field(s, &at, 2, ':', &h) || !field(s, &at, 2, ':', &mi) || !field(s, &at, 2, 0, &sec) || h > 23 ||
	    mi > 59 || sec > 60)
		return false;
	if (at < s.n && s.p[at] == '.') {
		size_t from = ++at;
		while (at < s.n && digit(s.p[at]))
			at++;
		if (at == from)
			return false;
	}
	if (!zone(s, &at, &off) || at != s.n)
		return false;
	*out += h * 3600 + mi * 60 + sec - off;
	return true;
}

void gh_unit_put_time(struct gh_buf *b, int64_t v)
{
	enum { FIRST_YEAR = 1, LAST_YEAR = 9999 };
	int64_t first = days_of(FIRST_YEAR, 1, 1) * DAY, end = days_of(LAST_YEAR + 1, 1, 1) * DAY;
	v = v < first ? first : v >= end ? end - 1 : v;
	int64_t days = v / DAY, rest = v % DAY, y, m, d;
	if (rest < 0) {
		rest += DAY;
		days--;
	}
	date_of(days, &y, &m, &d);
	gh_buf_fmt(b, "%04lld-%02lld-%02lldT%02lld:%02lld:%02lldZ", (long long)y, (long long)m, (long long)d,
		   (long long)(rest / 3600), (long long)(rest / 60 % 60), (long long)(rest % 60));
}

/* ---- words ---------------------------------------------------------------------------------------------------------------- */
static bool mark(char c) { return c == '<' || c == '=' || c == ' '; }

int gh_word_index(const char *words, struct gh_span w)
{
	for (unsigned i = 0;; i++) {
		struct gh_span at = gh_word_at(words, i);
		if (at.n == 0)
			return -1;
		if (gh_span_eq(at, w))
			return (int)i;
	}
}

struct gh_span gh_word_at(const char *words, unsigned index)
{
	const char *p = words;
	while (*p != '\0') {
		size_t n = 0;
		while (p[n] != '\0' && !mark(p[n]))
			n++;
		if (index-- == 0)
			return (struct gh_span){ (const uint8_t *)p, n };
		p += n + (p[n] != '\0');
	}
	return (struct gh_span){ 0 };
}

unsigned gh_word_rank(const char *words, unsigned index)
{
	unsigned rank = 0;
	for (const char *p = words; *p != '\0' && index != 0; p++) {
		if (!mark(*p))
			continue;
		index--;
		rank += *p == '<';
	}
	return rank;
}

unsigned gh_word_count(const char *words)
{
	unsigned n = 0;
	while (gh_word_at(words, n).n != 0)
		n++;
	return n;
}

void gh_word_list(struct gh_buf *b, const char *words)
{
	unsigned n = gh_word_count(words);
	for (unsigned i = 0; i < n; i++) {
		gh_buf_str(b, i == 0 ? "" : i + 1 == n ? " or " : ", ");
		gh_buf_span(b, gh_word_at(words, i));
	}
}
