#include "wire/datetime.h"

enum { DAY = 86400 };

/* Days from 1970-01-01 to the first of the month; years are counted from March, so that leap days come last. */
static int64_t days_to(unsigned year, unsigned month)
{
	int64_t y = (int64_t)year - (month <= 2), m = month > 2 ? month - 3 : month + 9;
	return y * 365 + y / 4 - y / 100 + y / 400 + (153 * m + 2) / 5 - 719468;
}

static unsigned days_in(unsigned year, unsigned month)
{
	return (unsigned)(days_to(month == 12 ? year + 1 : year, month == 12 ? 1 : month + 1) - days_to(year, month));
}

bool gh_datetime_seconds(const struct gh_datetime *d, int64_t *out)
{
	if (d->year < 1970 || d->year > 9999 || d->month < 1 || d->month > 12 || d->day < 1 ||
	    d->day > days_in(d->year, d->month) || d->hour > 23 || d->minute > 59 || d->second > 59)
		return false;
	*out = (days_to(d->year, d->month) + d->day - 1) * DAY + d->hour * 3600 + d->minute * 60 + d->second;
	return true;
}

/* Two or four digits. */
static unsigned number(struct gh_rd *r, unsigned n)
{
	struct gh_span s = gh_rd_take(r, n);
	unsigned v = 0;
	for (size_t i = 0; i < s.n; i++) {
		r->bad |= s.p[i] < '0' || s.p[i] > '9';
		v = v * 10 + (unsigned)(s.p[i] - '0');
	}
	return v;
}

static void letter(struct gh_rd *r, uint8_t c) { r->bad |= gh_rd_u8(r) != c; }

bool gh_datetime_read(struct gh_span t, int64_t *out)
{
	struct gh_rd r = gh_rd(t);
	struct gh_datetime d = { 0 };
	d.year = number(&r, 4);
	letter(&r, '-');
	d.month = number(&r, 2);
	letter(&r, '-');
	d.day = number(&r, 2);
	letter(&r, 'T');
	d.hour = number(&r, 2);
	letter(&r, ':');
	d.minute = number(&r, 2);
	letter(&r, ':');
	d.second = number(&r, 2);
	uint8_t c = gh_rd_u8(&r);
	if (c == '.') {
		(void)number(&r, 1);
		while ((c = gh_rd_u8(&r)) >= '0' && c <= '9')
			;
	}
	int64_t offset = 0;
	if (c == '+' || c == '-') {
		unsigned h = number(&r, 2);
		letter(&r, ':');
		unsigned m = number(&r, 2);
		r.bad |= h > 23 || m > 59;
		offset = (int64_t)(h * 3600 + m * 60) * (c == '+' ? 1 : -1);
	} else if (c != 'Z') {
		return false;
	}
	if (!gh_rd_done(&r) || !gh_datetime_seconds(&d, out))
		return false;
	*out -= offset;
	return *out >= 0;
}

static void put(char *p, uint64_t v, unsigned n)
{
	for (; n > 0; n--, v /= 10)
		p[n - 1] = (char)('0' + v % 10);
}

bool gh_datetime_write(int64_t t, char out[GH_DATETIME_TEXT])
{
	out[0] = '\0';
	if (t < 0 || t > INT64_C(253402300799)) /* 9999-12-31T23:59:59Z */
		return false;
	int64_t days = t / DAY + 719468, s = t % DAY, era = days / 146097, doe = days % 146097;
	int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100), m = (5 * doy + 2) / 153;
	int64_t month = m < 10 ? m + 3 : m - 9;
	static const char shape[GH_DATETIME_TEXT] = "0000-00-00T00:00:00Z";
	memcpy(out, shape, sizeof shape);
	put(out, (uint64_t)(era * 400 + yoe + (month <= 2)), 4);
	put(out + 5, (uint64_t)month, 2);
	put(out + 8, (uint64_t)(doy - (153 * m + 2) / 5 + 1), 2);
	put(out + 11, (uint64_t)(s / 3600), 2);
	put(out + 14, (uint64_t)(s / 60 % 60), 2);
	put(out + 17, (uint64_t)(s % 60), 2);
	return true;
}
