#include "wire/entropy.h"

#include <math.h>

/* Bit b of row a: the pair of letters is among the 230 that make up seven eighths of English and of technical words. */
static const uint32_t usual[26] = {
	0x13ebd4e, 0x0164911, 0x01e4d95, 0x0164111, 0x1eeb97f, 0x0124931, 0x0166991, 0x0104111, 0x22ef87f,
	0x0000001, 0x0004111, 0x11c4919, 0x014d113, 0x03c657d, 0x07ef96e, 0x01ec991, 0x0100000, 0x11e7d5d,
	0x01ccd95, 0x11e4995, 0x00eb917, 0x0000111, 0x0000111, 0x0000000, 0x0048000, 0x0000010,
};

static unsigned letter(uint8_t c)
{
	c |= 0x20;
	return c >= 'a' && c <= 'z' ? c - 'a' + 1u : 0;
}

static unsigned kind(uint8_t c) { return c >= '0' && c <= '9' ? 1 : letter(c) == 0 ? 0 : c < 'a' ? 2 : 3; }

static unsigned shannon(const unsigned count[256], unsigned n)
{
	double sum = 0;
	for (unsigned i = 0; i < 256; i++)
		if (count[i] != 0)
			sum += count[i] * log2(count[i]);
	return n == 0 ? 0 : (unsigned)((log2(n) - sum / n) * 100 + 0.5);
}

struct gh_mix gh_mix_of(struct gh_span s)
{
	struct gh_mix m = { .n = (unsigned)(s.n < GH_MIX_MAX ? s.n : GH_MIX_MAX) };
	unsigned count[256] = { 0 }, run = 0, up = 0, down = 0, words = 0;
	for (unsigned i = 0; i < m.n; i++) {
		uint8_t c = s.p[i], was = i == 0 ? 0 : s.p[i - 1];
		unsigned k = kind(c);
		m.distinct += count[c]++ == 0;
		m.digit += k == 1;
		m.upper += k == 2;
		m.lower += k == 3;
		m.other += k == 0;
		m.hex += k == 1 || (letter(c) != 0 && letter(c) <= 6);
		run = i != 0 && c == was ? run + 1 : 1;
		up = i != 0 && c == was + 1 && k != 0 ? up + 1 : 1;
		down = i != 0 && c + 1 == was && k != 0 ? down + 1 : 1;
		m.run = run > m.run ? run : m.run;
		m.ladder = up > m.ladder ? up : m.ladder;
		m.ladder = down > m.ladder ? down : m.ladder;
		m.turns += i != 0 && kind(was) != k;
		unsigned a = i == 0 ? 0 : letter(was), b = letter(c);
		if (a != 0 && b != 0) {
			m.pairs++;
			words += usual[a - 1] >> (b - 1) & 1;
		}
	}
	m.wordy = m.pairs == 0 ? 0 : words * 100 / m.pairs;
	m.bits = shannon(count, m.n);
	return m;
}

/* Does it repeat itself with a period of at most a third of its length? */
static bool periodic(struct gh_span s)
{
	size_t n = s.n < GH_MIX_MAX ? s.n : GH_MIX_MAX;
	for (size_t p = 1; p * 3 <= n; p++) {
		size_t i = p;
		while (i < n && s.p[i] == s.p[i - p])
			i++;
		if (i == n)
			return true;
	}
	return false;
}

bool gh_mix_random(struct gh_span s, unsigned least)
{
	struct gh_mix m = gh_mix_of(s);
	if (m.n < least || m.n < 8 || m.run > 5 || m.ladder > 5 || periodic(s))
		return false;
	if (m.digit == m.n)
		return m.n >= 16 && m.distinct >= 7;
	if (m.hex == m.n && (m.upper == 0 || m.lower == 0))
		return m.digit * 5 >= m.n && m.distinct >= 8 && m.bits >= (m.n >= 32 ? 320 : 280);
	/* Of n draws out of 32 to 64 digits, so many are different. */
	unsigned want = m.n < 24 ? 300 : m.n < 40 ? 355 : m.n < 64 ? 390 : 410;
	if (m.bits < want)
		return false;
	/* Words have vowels in the right places; chance has not, and has digits. */
	if (m.pairs >= 8 && m.wordy > (m.pairs >= 24 ? 62u : 70u))
		return false;
	if (m.digit == 0 && (m.n < 32 || m.upper == 0 || m.lower == 0))
		return m.n >= 32 && m.pairs >= 24 && m.wordy < 50;
	/* Identifiers and paths change kinds at their joints only. */
	return m.turns * 8 >= m.n;
}

bool gh_mix_spread(struct gh_span s)
{
	struct gh_mix m = gh_mix_of(s);
	unsigned want = m.hex == m.n ? 270 : m.n < 24 ? 270 : m.n < 40 ? 320 : 360;
	return m.run <= 6 && m.ladder <= 6 && m.bits >= want && !periodic(s) && !(m.pairs >= 16 && m.wordy > 72);
}

static uint8_t small(uint8_t c) { return c >= 'A' && c <= 'Z' ? (uint8_t)(c | 0x20) : c; }

bool gh_mix_holds(struct gh_span s, const char *word)
{
	size_t n = strlen(word);
	for (size_t i = 0; i + n <= s.n; i++) {
		size_t k = 0;
		while (k < n && small(s.p[i + k]) == (uint8_t)word[k])
			k++;
		if (k == n)
			return true;
	}
	return false;
}

bool gh_mix_filler(struct gh_span s, bool strict)
{
	static const char *const words[] = {
		"example",	"sample",     "dummy",	    "placehold", "changeme",   "change_me",  "change-me",
		"change_this",	"changethis", "replace",    "redacted",	 "xxxxx",      "your_",	     "your-",
		"yourtoken",	"yourkey",    "yoursecret", "yourpass",	 "insert_",    "insert-",    "put_",
		"my_token",	"my-token",   "mytoken",    "my_key",	 "my_api",     "my_secret",  "some_",
		"_here",	"-here",      "tokenhere",  "keyhere",	 "notreal",    "not_a_real", "not-a-real",
		"fake",		"foobar",     "lorem",	    "deadbeef",	 "cafebabe",   "abcdef",     "123456",
		"012345",	"987654",     "111111",	    "000000",	 "aaaaaa",     "*****",	     "......",
		"-----",	"_____",      "=====",	    "testtest",	 "undefined",  "insecure",   "qwerty",
		"asdf",		"hunter2",    "todo_",	    "fixme",	 "dummy",      "mock",	     "\xe2\x80\xa6",
		"\xe2\x80\xa2", "goes-here",  "secret-key", "secretkey", "secret_key", "api-key",    "api_key"
	};
	static const char *const more[] = { "secret", "password", "passwd",  "token",	"test",	  "demo",   "xxx",
					    "abc123", "your",	  "here",    "none",	"null",	  "string", "value",
					    "hidden", "local",	  "default", "admin",	"enter",  "user",   "login",
					    "abc",    "foo",	  "bar",     "baz",	"1234",	  "temp",   "empty",
					    "blank",  "random",	  "unused",  "private", "public", "config", "..." };
	if (s.n == 0)
		return true;
	s = gh_span_cut(s, 0, GH_MIX_MAX);
	for (size_t i = 0; i < s.n; i++)
		if (memchr("<>{}[]()|`", s.p[i], 10) != NULL)
			return true;
	bool variable = s.n > 1 && s.p[0] == '$';
	for (size_t i = 1; i < s.n && variable; i++)
		variable = s.p[i] == '_' || kind(s.p[i]) == 2;
	if (variable)
		return true;
	struct gh_mix m = gh_mix_of(s);
	if (m.distinct <= 3 || m.distinct * 6 < (m.n < 60 ? m.n : 60) || m.ladder >= 7 || m.run * 3 >= m.n ||
	    m.run >= 8 || (m.n >= 12 && periodic(s)))
		return true;
	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
		if (gh_mix_holds(s, words[i]))
			return true;
	for (size_t i = 0; strict && i < sizeof more / sizeof more[0]; i++)
		if (gh_mix_holds(s, more[i]))
			return true;
	return false;
}
