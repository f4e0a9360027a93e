/* Ids and hexadecimal digits. */
#include "catalog/id.h"

#include <errno.h>
#include <sys/random.h>

static const char digits[] = "0123456789abcdef";

void gh_hex_put(char *out, const uint8_t *p, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		out[2 * i] = digits[p[i] >> 4];
		out[2 * i + 1] = digits[p[i] & 15];
	}
	out[2 * n] = '\0';
}

static int value(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool gh_hex_get(struct gh_span s, uint8_t *out, size_t n)
{
	if (n > SIZE_MAX / 2 || s.n != 2 * n)
		return false;
	for (size_t i = 0; i < n; i++) {
		int hi = value(s.p[2 * i]), lo = value(s.p[2 * i + 1]);
		if (hi < 0 || lo < 0)
			return false;
		out[i] = (uint8_t)(hi << 4 | lo);
	}
	return true;
}

static bool all_hex(struct gh_span s, size_t n)
{
	if (s.n != n)
		return false;
	for (size_t i = 0; i < n; i++)
		if (value(s.p[i]) < 0)
			return false;
	return true;
}

bool gh_id_ok(struct gh_span s) { return all_hex(s, GH_ID_HEX); }
bool gh_digest_ok(struct gh_span s) { return all_hex(s, GH_DIGEST_HEX); }

struct gh_id gh_id(struct gh_span s)
{
	struct gh_id id = { .s = "" };
	if (gh_id_ok(s))
		memcpy(id.s, s.p, GH_ID_HEX);
	return id;
}

enum gh_rc gh_id_new(struct gh_id *out, struct gh_err *err)
{
	uint8_t r[GH_ID_HEX / 2];
	ssize_t n;
	do
		n = getrandom(r, sizeof r, 0); /* so few bytes come in one piece */
	while (n < 0 && errno == EINTR);
	if (n != (ssize_t)sizeof r)
		return gh_fail_sys(err, n < 0 ? errno : EIO, "random numbers");
	gh_hex_put(out->s, r, sizeof r);
	return GH_OK;
}
