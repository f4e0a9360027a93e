#include "check/weights_hidden.h"

#include "format/pickle/pickle.h"
#include "wire/expand.h"
#include "wire/language.h"
#include "wire/program.h"
#include "wire/tar.h"

/* Nothing; a length of 1, 2, 4 or 8 bytes; lengths and marks; a digest of 16, 20, 32 or (in hex) 64 bytes, with a length before
 * it. */
static const uint8_t starts[] = { 0, 1, 2, 4, 8, 12, 16, 20, 24, 32, 36, 40, 64, 68, 72 };

enum {
	NEAR = 160,
	SHORT = 5,
	NAME = 8
}; /* of a pickle: how far off its first names may be, their characters: each, all */

static bool printable(uint8_t c) { return (c >= 0x20 && c < 0x7f) || c == '\n' || c == '\r' || c == '\t'; }
static bool letter(uint8_t c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
static bool plain(uint8_t c) { return letter(c) || (c >= '0' && c <= '9') || c == ' ' || c == '_' || c == '.'; }

static size_t run_of(struct gh_span s, bool (*is)(uint8_t))
{
	size_t n = 0;
	while (n < s.n && is(s.p[n]))
		n++;
	return n;
}

/* ---- archives and streams: does a reader of this kind accept the header? ----------------------------------------- */
/* Local file header: a version up to 6.3, known flags and method, a printable name. */
static bool is_zip(struct gh_span s)
{
	static const uint8_t methods[] = { 0, 8, 9, 12, 14, 93, 95, 99 };
	if (s.n < 31 || !gh_span_starts(s, "PK\3\4"))
		return false;
	size_t name = gh_le16(s.p + 26);
	bool method = s.p[9] == 0 && memchr(methods, s.p[8], sizeof methods) != NULL;
	return method && gh_le16(s.p + 4) <= 63 && (gh_le16(s.p + 6) & 0xd780) == 0 && name >= 1 && name <= 1024 &&
	       s.p[30] > 0x20;
}

/* Flags without the reserved ones, what compressors write about level and system, a first block of a valid kind. */
static bool is_gzip(struct gh_span s)
{
	if (s.n < 24 || s.p[0] != 0x1f || s.p[1] != 0x8b || s.p[2] != 8 || (s.p[3] & 0xe6) != 0)
		return false;
	bool level = s.p[8] == 0 || s.p[8] == 2 || s.p[8] == 4, system = s.p[9] == 255 || s.p[9] <= 13;
	size_t at = 10;
	if (s.p[3] == 8) {
		size_t n = run_of(gh_span_cut(s, at, s.n), printable);
		at += n + 1;
		if (n == 0 || at >= s.n || s.p[at - 1] != 0)
			return false;
	}
	return level && system && (s.p[3] == 0 || s.p[3] == 8) && (s.p[at] >> 1 & 3) != 3;
}

static bool is_xz(struct gh_span s) { return s.n >= 12 && memcmp(s.p, "\3757zXZ\0", 7) == 0 && (s.p[7] & 0xf0) == 0; }

static bool is_sevenzip(struct gh_span s) { return s.n >= 32 && memcmp(s.p, "7z\xbc\xaf\x27\x1c\0", 7) == 0; }
static bool is_rar(struct gh_span s)
{
	return s.n >= 20 && gh_span_starts(s, "Rar!\x1a\x07") && (s.p[6] == 0 || (s.p[6] == 1 && s.p[7] == 0));
}
static bool is_bzip2(struct gh_span s)
{
	return s.n >= 10 && gh_span_starts(s, "BZh") && s.p[3] >= '1' && s.p[3] <= '9' &&
	       memcmp(s.p + 4, "1AY&SY", 6) == 0;
}

/* RFC 8878: no reserved bit, a window of at most 128 MiB, a first block that is no larger than blocks are. */
static bool is_zstd(struct gh_span s)
{
	static const uint8_t dictionary[] = { 0, 1, 2, 4 }, content[] = { 0, 2, 4, 8 };
	if (s.n < 24 || !gh_span_starts(s, "\x28\xb5\x2f\xfd") || (s.p[4] & 0x18) != 0)
		return false;
	bool single = (s.p[4] & 0x20) != 0;
	unsigned kind = s.p[4] >> 6;
	size_t at = (single ? 5u : 6u) + dictionary[s.p[4] & 3] + (kind == 0 && single ? 1u : content[kind]);
	uint32_t block = gh_le32(s.p + at) & 0xffffff;
	return (single || s.p[5] >> 3 <= 17) && (s.p[4] & 3) == 0 && (block >> 1 & 3) != 3 && block >> 3 <= 128 << 10;
}

static bool is_tar(struct gh_span s)
{
	struct gh_tar_header h;
	return s.n >= GH_TAR_BLOCK && s.p[0] > 0x20 && memcmp(s.p + 257, "ustar", 5) == 0 && gh_tar_header(s, &h);
}

/* Where opcodes are plausible, do they come to a call or an end? */
static bool runs(struct gh_span s, enum gh_match least) { return gh_pickle_probe(s, s.n + 1) >= least; }

static bool has_names(struct gh_span s)
{
	size_t names = 0;
	for (size_t at = 2; at < s.n && at < NEAR; at++) {
		size_t n = run_of(gh_span_cut(s, at, s.n), plain);
		names += n >= SHORT ? n : 0;
		at += n;
	}
	return names >= NAME;
}

/* PROTO and a frame of less than 4 GiB whose length is not zero; or PROTO and, close by, names of some length; or GLOBAL with
 * its two names, as the text protocols have it. */
static bool is_pickle(struct gh_span s)
{
	if (s.n < 16)
		return false;
	if (s.p[0] == 0x80 && s.p[1] >= 4 && s.p[1] <= 5 && s.p[2] == 0x95)
		return gh_le32(s.p + 7) == 0 && gh_le32(s.p + 3) != 0 && runs(gh_span_cut(s, 11, s.n), GH_WEAK);
	if (s.p[0] == 0x80 && s.p[1] >= 2 && s.p[1] <= 5) {
		return has_names(s) && runs(gh_span_cut(s, 2, s.n), GH_STRONG);
	}
	struct gh_span module = gh_span_cut(s, 1, 64);
	size_t n = run_of(module, plain);
	struct gh_span name = gh_span_cut(s, n + 2, 64);
	size_t k = run_of(name, plain);
	return s.p[0] == 'c' && n >= 2 && n < module.n && module.p[n] == '\n' && k >= 2 && k < name.n &&
	       name.p[k] == '\n' && n + k >= NAME && runs(s, GH_STRONG);
}

/* CPython's cache of a module: a magic number that ends in "\r\n", flags, a time and a size or a hash, a marshalled code
 * object; before 3.7 without flags, before 3.3 without a size. */
static bool is_pyc(struct gh_span s)
{
	if (s.n < 24 || s.p[2] != '\r' || s.p[3] != '\n')
		return false;
	uint16_t magic = gh_le16(s.p);
	size_t at = magic >= 3390 && magic < 4000     ? 16
		    : magic >= 3190 && magic < 3390   ? 12
		    : magic >= 50000 && magic < 63000 ? 8
						      : 0;
	bool flags = at != 16 || gh_le32(s.p + 4) == 0 || gh_le32(s.p + 4) == 1 || gh_le32(s.p + 4) == 3;
	/* The first fields of the code object: few arguments, few local variables. */
	return at != 0 && flags && (s.p[at] & 0x7f) == 'c' && gh_le32(s.p + at + 1) <= 255;
}

/* RFC 1950: a header whose check bits are right, and a deflate stream that goes on without an error as far as it is there. */
static bool is_zlib(struct gh_span s)
{
	enum { ENOUGH = 48 };
	uint8_t out[2048];
	bool end = false;
	size_t all = 0, before = s.n;
	if (s.n < ENOUGH || s.p[0] != 0x78 || (s.p[0] * 256 + s.p[1]) % 31 != 0 || (s.p[1] & 0x20) != 0)
		return false;
	struct gh_expand *x = gh_expand_open(GH_CODEC_ZLIB);
	bool good = x != NULL;
	while (good && !end && s.n != 0) {
		size_t made = 0, had = s.n;
		good = gh_expand_step(x, &s, out, sizeof out, &made, &end) == GH_OK;
		all += made;
		if (had == s.n && made == 0)
			break;
	}
	gh_expand_close(x);
	return good && all >= ENOUGH && (end || before - s.n >= 1024);
}

static const struct archive {
	const char *name, *magic; /* the first bytes, for the glance */
	bool (*is)(struct gh_span);
} archives[] = {
	{ "zip archive", "PK\3\4", is_zip },
	{ "gzip stream", "\x1f\x8b\x08", is_gzip },
	{ "xz stream", "\3757zX", is_xz },
	{ "7z archive", "7z\xbc\xaf", is_sevenzip },
	{ "rar archive", "Rar!", is_rar },
	{ "bzip2 stream", "BZh", is_bzip2 },
	{ "zstd stream", "\x28\xb5\x2f", is_zstd },
	{ "tar archive", "", is_tar },
	{ "zlib stream", "\x78", is_zlib },
	{ "Python bytecode file", "", is_pyc },
	{ "pickle", "\x80", is_pickle },
	{ "pickle", "c", is_pickle },
};

/* ---- text ------------------------------------------------------------------------------------------------------------ */
enum { TEXT = 64, CODED = 128 };

static bool hex(uint8_t c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }
static bool base64(uint8_t c) { return letter(c) || (c >= '0' && c <= '9') || c == '+' || c == '/'; }

/* Words with blanks between them, up and down in the alphabet; or long hexadecimal or base64. The bits of numbers with few
 * digits, of lists of a few values, of numbers that count may be printable too. */
static bool reads(struct gh_span s)
{
	bool has[256] = { false };
	size_t kinds = 0, lower = 0, blank = 0, up = 0, down = 0;
	for (size_t i = 0; i < s.n; i++) {
		kinds += !has[s.p[i]];
		has[s.p[i]] = true;
		lower += s.p[i] >= 'a' && s.p[i] <= 'z';
		blank += s.p[i] == ' ' || s.p[i] == '\n' || s.p[i] == '\t';
		up += i != 0 && s.p[i] > s.p[i - 1];
		down += i != 0 && s.p[i] < s.p[i - 1];
	}
	bool words = blank * 25 >= s.n && blank * 2 <= s.n && lower * 5 >= s.n * 2;
	bool coded = run_of(s, hex) >= TEXT || (run_of(s, base64) >= CODED && kinds >= 20);
	return kinds >= 12 && (words || coded) && up >= s.n / 5 && down >= s.n / 5;
}

/* A run of printable characters that is text, among the first bytes. */
static struct gh_span text_in(struct gh_span s)
{
	for (size_t at = 0; at < s.n && at < GH_HIDDEN_GLANCE;) {
		struct gh_span rest = gh_span_cut(s, at, s.n);
		size_t n = run_of(rest, printable);
		if (n >= TEXT && reads(gh_span_cut(rest, 0, n)))
			return gh_span_cut(rest, 0, n);
		at += n + 1;
	}
	return (struct gh_span){ 0 };
}

static bool is_script(struct gh_span s)
{
	struct gh_program p;
	return gh_program_at(s, &p) && p.kind == GH_PROGRAM_SCRIPT && p.interpreter.n >= 4 &&
	       run_of(s, printable) >= 16;
}

/* ---- the questions --------------------------------------------------------------------------------------------------- */
/* First bytes of anything that begins() knows. */
static bool first_byte(uint8_t c)
{
	static const uint32_t set[8] = {
		[0x1f / 32] = 1u << (0x1f % 32),
		[0x28 / 32] = 1u << (0x28 % 32) | 1u << ('#' % 32) | 1u << ('7' % 32),
		['B' / 32] = 1u << ('B' % 32) | 1u << ('M' % 32) | 1u << ('P' % 32) | 1u << ('R' % 32),
		['c' / 32] = 1u << ('c' % 32) | 1u << (0x78 % 32) | 1u << (0x7f % 32),
		[0x80 / 32] = 1u << (0x80 % 32),
		[0xca / 32] = 1u << (0xca % 32) | 1u << (0xce % 32) | 1u << (0xcf % 32),
		[0xfd / 32] = 1u << (0xfd % 32) | 1u << (0xfe % 32),
	};
	return (set[c / 32] >> c % 32 & 1) != 0;
}

static bool begins(struct gh_span s)
{
	static const uint8_t firsts[] = { 0x7f, 'M', 0xce, 0xcf, 0xfe, 0xca, '#' };
	if (s.n < 4)
		return false;
	if (!first_byte(s.p[0]))
		return s.p[2] == '\r' && s.p[3] == '\n';
	if (memchr(firsts, s.p[0], sizeof firsts) != NULL) {
		uint16_t two = gh_le16(s.p);
		if (two == 0x457f || two == 0x5a4d || two == 0xface || two == 0xfacf || two == 0xedfe ||
		    two == 0xfeca || two == 0x2123)
			return true;
	}
	if (s.p[0] == 0x80)
		return s.p[1] >= 2 && s.p[1] <= 5;
	if (s.p[0] == 0x78)
		return (s.p[0] * 256 + s.p[1]) % 31 == 0 && (s.p[1] & 0x20) == 0;
	if (s.p[2] == '\r' && s.p[3] == '\n')
		return true;
	for (size_t i = 0; i < sizeof archives / sizeof archives[0]; i++)
		if (archives[i].magic[0] != '\0' && gh_span_starts(s, archives[i].magic))
			return archives[i].magic[0] != 'c' || run_of(s, printable) >= 10;
	return false;
}

bool gh_hidden_glance(struct gh_span head)
{
	head = gh_span_cut(head, 0, GH_HIDDEN_GLANCE);
	for (size_t i = 0; i < sizeof starts; i++)
		if (begins(gh_span_cut(head, starts[i], head.n)))
			return true;
	/* The name of a tar archive's first file, and the zeros behind it. */
	static const uint8_t none[16];
	if (head.n == GH_HIDDEN_GLANCE && head.p[0] > 0x20 && head.p[0] < 0x7f &&
	    memcmp(head.p + head.n - sizeof none, none, sizeof none) == 0)
		return true;
	for (size_t at = 0, run = 0; at < head.n; at++) {
		run = printable(head.p[at]) ? run + 1 : 0;
		if (run >= 24)
			return true;
	}
	return false;
}

static struct gh_hidden at_start(struct gh_span s)
{
	struct gh_program p;
	if (s.n >= 4 && (s.p[0] == 0x7f || s.p[0] == 'M' || s.p[0] >= 0xca) && gh_program_find(s, &p, 1) == 1 &&
	    p.at == 0)
		return (struct gh_hidden){ GH_HIDDEN_PROGRAM, p.name, p.machine, 0 };
	for (size_t i = 0; i < sizeof archives / sizeof archives[0]; i++)
		if ((archives[i].magic[0] == '\0' || gh_span_starts(s, archives[i].magic)) && archives[i].is(s))
			return (struct gh_hidden){ GH_HIDDEN_ARCHIVE, archives[i].name, "", 0 };
	if (is_script(s))
		return (struct gh_hidden){ GH_HIDDEN_SCRIPT, "script", "", 0 };
	return (struct gh_hidden){ GH_HIDDEN_NOTHING, NULL, "", 0 };
}

struct gh_hidden gh_hidden_start(struct gh_span head) { return at_start(head); }

static struct gh_hidden as_text(struct gh_span head)
{
	struct gh_hidden h = { GH_HIDDEN_NOTHING, NULL, "", 0 };
	struct gh_span text = text_in(head);
	if (text.n == 0)
		return h;
	const char *language = gh_lang_of(text, (struct gh_span){ 0 });
	bool code = language != NULL && (strstr(language, "source") != NULL || strstr(language, "script") != NULL ||
					 strstr(language, "batch") != NULL || strcmp(language, "python") == 0);
	h.kind = code ? GH_HIDDEN_SCRIPT : GH_HIDDEN_TEXT;
	h.name = code ? language : "text";
	h.at = (size_t)(text.p - head.p);
	return h;
}

struct gh_hidden gh_hidden_look(struct gh_span head)
{
	struct gh_hidden h = { GH_HIDDEN_NOTHING, NULL, "", 0 };
	for (size_t i = 0; i < sizeof starts; i++) {
		h = at_start(gh_span_cut(head, starts[i], head.n));
		h.at = starts[i];
		if (h.kind != GH_HIDDEN_NOTHING)
			return h;
	}
	struct gh_program p;
	if (gh_program_find(head, &p, 1) == 1)
		return (struct gh_hidden){ GH_HIDDEN_PROGRAM, p.name, p.machine, p.at };
	return as_text(head);
}

struct gh_hidden gh_hidden_middle(struct gh_span head)
{
	for (size_t i = 0; i < sizeof archives / sizeof archives[0]; i++) {
		bool magic = archives[i].magic[0] != '\0' && archives[i].magic[0] != 'c';
		if ((magic || archives[i].is == is_pyc) && gh_span_starts(head, archives[i].magic) &&
		    archives[i].is(head) && (head.p[0] != 0x80 || has_names(head)))
			return (struct gh_hidden){ GH_HIDDEN_ARCHIVE, archives[i].name, "", 0 };
	}
	return run_of(head, printable) >= TEXT ? as_text(head) : (struct gh_hidden){ .machine = "" };
}
