#include "wire/path.h"

#include "base/utf8.h"

static bool is_sep(uint8_t c) { return c == '/' || c == '\\'; }
static uint8_t lower(uint8_t c) { return c >= 'A' && c <= 'Z' ? (uint8_t)(c + 32) : c; }

/* The next component of *s, cut off its front together with its separator; empty ones and `.` are skipped.
 * p == NULL at the end. */
static struct gh_span next_part(struct gh_span *s)
{
	while (s->n != 0) {
		size_t n = 0;
		while (n < s->n && !is_sep(s->p[n]))
			n++;
		struct gh_span part = { s->p, n };
		size_t eat = n < s->n ? n + 1 : n;
		s->p += eat;
		s->n -= eat;
		if (n != 0 && !(n == 1 && part.p[0] == '.'))
			return part;
	}
	return (struct gh_span){ 0 };
}

static bool is_drive(struct gh_span s)
{
	return s.n >= 2 && s.p[1] == ':' && lower(s.p[0]) >= 'a' && lower(s.p[0]) <= 'z';
}

/* Names that Windows gives to a device, with any suffix: "nul", "COM1.txt". */
static bool is_device(struct gh_span part)
{
	static const char *const dev[] = { "con", "prn", "aux", "nul", "com", "lpt" };
	size_t stem = 0;
	while (stem < part.n && part.p[stem] != '.')
		stem++;
	if (stem != 3 && stem != 4)
		return false;
	for (size_t i = 0; i < sizeof dev / sizeof dev[0]; i++) {
		size_t k = 0;
		while (k < 3 && lower(part.p[k]) == (uint8_t)dev[i][k])
			k++;
		if (k == 3)
			return i < 4 ? stem == 3 : stem == 4 && part.p[3] >= '1' && part.p[3] <= '9';
	}
	return false;
}

static unsigned part_flags(struct gh_span part)
{
	unsigned f = 0;
	uint8_t last = part.p[part.n - 1];
	if (is_device(part) || memchr(part.p, ':', part.n) != NULL || last == ' ' || last == '.')
		f |= GH_PATH_RESERVED;
	return part.n > 255 ? f | GH_PATH_LONG : f;
}

static unsigned char_flags(struct gh_span s)
{
	unsigned f = 0;
	bool text = true;
	while (s.n != 0) {
		uint32_t cp;
		unsigned n = gh_utf8_next(s, &cp);
		if (n == 0) {
			text = false;
			n = 1;
			cp = '?';
		}
		if (cp == 0)
			f |= GH_PATH_NUL;
		else if (cp < 0x20 || cp == 0x7f)
			f |= GH_PATH_CONTROL;
		else if (cp >= 0x80 && gh_utf8_deceptive(cp))
			f |= GH_PATH_DECEPTIVE;
		s.p += n;
		s.n -= n;
	}
	return text ? f : f | GH_PATH_NOT_UTF8;
}

/* Components, separators and where `..` leads: the part of the judgement that looks at structure. */
static unsigned tree_flags(struct gh_span name)
{
	unsigned f = 0;
	uint64_t depth = 0;
	bool any = false;
	for (size_t i = 0; i < name.n; i++) {
		bool start = i == 0 || is_sep(name.p[i - 1]);
		if (name.p[i] == '\\')
			f |= GH_PATH_BACKSLASH;
		if (i != 0 && is_sep(name.p[i]) && is_sep(name.p[i - 1]))
			f |= GH_PATH_DOT;
		if (start && name.p[i] == '.' && (i + 1 == name.n || is_sep(name.p[i + 1])))
			f |= GH_PATH_DOT;
	}
	for (struct gh_span rest = name, part; (part = next_part(&rest)).p != NULL;) {
		any = true;
		if (part.n == 2 && part.p[0] == '.' && part.p[1] == '.') {
			f |= depth == 0 ? GH_PATH_ESCAPES : GH_PATH_DOTDOT;
			depth -= depth != 0;
			continue;
		}
		depth++;
		f |= part_flags(part);
	}
	return any ? f : f | GH_PATH_EMPTY;
}

unsigned gh_path_flags(struct gh_span name)
{
	unsigned f = char_flags(name) | tree_flags(name);
	if (name.n != 0 && is_sep(name.p[0]))
		f |= GH_PATH_ABSOLUTE;
	if (is_drive(name))
		f |= GH_PATH_DRIVE;
	if (name.n > 4096)
		f |= GH_PATH_LONG;
	return f;
}

/* Both names without their longest common run of whole components: long shared prefixes must not make sorting
 * hostile lists slow. */
static void drop_common(struct gh_span *a, struct gh_span *b)
{
	size_t n = a->n < b->n ? a->n : b->n, i = 0;
	while (n - i >= 8 && memcmp(a->p + i, b->p + i, 8) == 0)
		i += 8;
	while (i < n && a->p[i] == b->p[i])
		i++;
	if (i == a->n && i == b->n) {
		a->n = b->n = 0;
		return;
	}
	while (i > 0 && !is_sep(a->p[i - 1]))
		i--;
	*a = gh_span_cut(*a, i, a->n);
	*b = gh_span_cut(*b, i, b->n);
}

static int part_cmp(struct gh_span a, struct gh_span b, bool fold)
{
	size_t n = a.n < b.n ? a.n : b.n;
	for (size_t i = 0; i < n; i++) {
		uint8_t x = fold ? lower(a.p[i]) : a.p[i], y = fold ? lower(b.p[i]) : b.p[i];
		if (x != y)
			return x < y ? -1 : 1;
	}
	return (a.n > b.n) - (a.n < b.n);
}

int gh_path_cmp(struct gh_span a, struct gh_span b, bool fold)
{
	drop_common(&a, &b);
	for (;;) {
		struct gh_span x = next_part(&a), y = next_part(&b);
		if (x.p == NULL || y.p == NULL)
			return (x.p != NULL) - (y.p != NULL);
		int c = part_cmp(x, y, fold);
		if (c != 0)
			return c;
	}
}

bool gh_path_below(struct gh_span dir, struct gh_span path)
{
	for (;;) {
		struct gh_span x = next_part(&dir), y = next_part(&path);
		if (x.p == NULL)
			return y.p != NULL;
		if (y.p == NULL || part_cmp(x, y, true) != 0)
			return false;
	}
}

bool gh_path_link_escapes(struct gh_span from, struct gh_span target)
{
	if (target.n == 0)
		return false;
	if (is_sep(target.p[0]) || is_drive(target) || memchr(target.p, 0, target.n) != NULL)
		return true;
	/* The link lives in a directory: as many steps down as `from` has components, less its own name. */
	uint64_t depth = 0;
	for (struct gh_span rest = from, part; (part = next_part(&rest)).p != NULL;)
		depth++;
	depth -= depth != 0;
	for (struct gh_span rest = target, part; (part = next_part(&rest)).p != NULL;) {
		if (part.n != 2 || part.p[0] != '.' || part.p[1] != '.')
			depth++;
		else if (depth-- == 0)
			return true;
	}
	return false;
}
