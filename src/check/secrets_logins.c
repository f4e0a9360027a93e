/* Logins in the files in which programs keep them, whatever the file is called here: kaggle.json, .pgpass (PostgreSQL, "The Password
 * File"), .htpasswd and the shadow file of a system (crypt(5)). */
#include "check/secrets_int.h"

#include "wire/digits.h"

enum { AROUND = 240, KEY = 32, LINE = 400, FIELDS = 5 };

/* "key": "<32 hexadecimal digits>" in t; an empty span: none. */
static struct gh_span key_of(struct gh_span t)
{
	for (size_t from = 0; from < t.n;) {
		const uint8_t *at = memmem(t.p + from, t.n - from, "\"key\"", 5);
		if (at == NULL)
			break;
		size_t i = (size_t)(at - t.p) + 5, n = 0;
		from = i;
		while (i < t.n && (gh_c_space(t.p[i]) || t.p[i] == ':'))
			i++;
		if (i >= t.n || t.p[i++] != '"')
			continue;
		while (i + n < t.n && n <= KEY && gh_hex_digit(t.p[i + n]) >= 0)
			n++;
		if (n == KEY && i + n < t.n && t.p[i + n] == '"')
			return (struct gh_span){ t.p + i, n };
	}
	return (struct gh_span){ 0 };
}

bool gh_secret_kaggle(struct gh_span s, size_t at, struct gh_secret *out)
{
	size_t from = at < AROUND ? 0 : at - AROUND;
	struct gh_span key = key_of(gh_span_cut(s, from, at - from + AROUND));
	*out = (struct gh_secret){ GH_SECRET_LOGIN, "Kaggle API key", key, NULL, 0 };
	return key.n == KEY && gh_mix_random(key, KEY) && !gh_mix_filler(key, false);
}

/* The line around a place: at most LINE bytes to either side. */
static struct gh_span line_of(struct gh_span s, size_t at)
{
	size_t from = at, end = at;
	while (from > 0 && at - from < LINE && s.p[from - 1] != '\n' && s.p[from - 1] != '\r')
		from--;
	while (end < s.n && end - at < LINE && s.p[end] != '\n' && s.p[end] != '\r')
		end++;
	return (struct gh_span){ s.p + from, end - from };
}

/* hostname:port:database:username:password; a backslash in front of what belongs to a field. */
bool gh_secret_pgpass(struct gh_span s, size_t at, struct gh_secret *out)
{
	struct gh_span line = line_of(s, at), field[FIELDS];
	size_t n = 0, from = 0;
	for (size_t i = 0; i <= line.n && n < FIELDS; i++) {
		if (i < line.n && line.p[i] == '\\') {
			i++;
			continue;
		}
		if (i == line.n || (line.p[i] == ':' && n + 1 < FIELDS)) {
			field[n++] = gh_span_cut(line, from, i - from);
			from = i + 1;
		}
	}
	if (n != FIELDS)
		return false;
	for (size_t k = 0; k < FIELDS; k++)
		if (field[k].n == 0 || memchr(field[k].p, ' ', field[k].n) != NULL ||
		    memchr(field[k].p, '/', field[k].n) != NULL)
			return false;
	for (size_t i = 0; i < field[1].n; i++)
		if (!gh_c_digit(field[1].p[i]) && !gh_span_is(field[1], "*"))
			return false;
	*out = (struct gh_secret){ GH_SECRET_LOGIN, "login of a .pgpass file", field[4], NULL, 0 };
	return field[4].n >= 6 && gh_secret_password(field[4]) && !gh_mix_filler(field[4], false);
}

/* login:hash at the start of a line; nothing behind it but the fields of a shadow file. */
bool gh_secret_hashed(struct gh_span s, size_t at, size_t len, struct gh_secret *out)
{
	size_t from = at, end = at + len;
	while (from > 0 && at - from < 64 && (gh_c_word(s.p[from - 1]) || memchr(".-@", s.p[from - 1], 3) != NULL))
		from--;
	if (from == at || (from > 0 && s.p[from - 1] != '\n' && s.p[from - 1] != '\r' && s.p[from - 1] != '"'))
		return false;
	while (end < s.n && end - at < 200 && (gh_c_word(s.p[end]) || memchr("$./+=", s.p[end], 5) != NULL))
		end++;
	if (end < s.n && memchr("\n\r:\"", s.p[end], 4) == NULL)
		return false;
	struct gh_span hash = { s.p + at + 1, end - at - 1 };
	*out = (struct gh_secret){ GH_SECRET_LOGIN, "hash of a login's password", hash, NULL, 0 };
	return hash.n >= 26 && gh_mix_of(hash).distinct >= 12 && !gh_mix_filler(gh_span_cut(hash, len, hash.n), false);
}
