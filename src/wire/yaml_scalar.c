#include "base/utf8.h"
#include "wire/digits.h"
#include "wire/yaml_int.h"

/* ---- room for scalars that are put together --------------------------------------------------------------------- */

static void room_start(struct gh_yaml *y)
{
	y->text = (struct gh_span){ y->room, 0 };
	y->full = 0;
}

static void put(struct gh_yaml *y, struct gh_span s)
{
	size_t n = s.n < GH_YAML_KEEP - y->text.n ? s.n : GH_YAML_KEEP - y->text.n;
	y->full += s.n;
	if (y->full - s.n != y->text.n)
		return; /* something was left out already */
	if (y->text.n + n > y->room_cap) {
		uint8_t *p = gh_grow(y->arena, y->room, &y->room_cap, y->text.n + n, 1);
		if (p == NULL)
			return;
		y->room = p;
	}
	if (n != 0)
		memcpy(y->room + y->text.n, s.p, n);
	y->text = (struct gh_span){ y->room, y->text.n + n };
}

static void put_ch(struct gh_yaml *y, uint8_t c) { put(y, (struct gh_span){ &c, 1 }); }

static void put_breaks(struct gh_yaml *y, size_t n)
{
	for (size_t i = 0; i < n; i++)
		put_ch(y, '\n');
}

static struct gh_span piece(const struct gh_yaml *y, size_t from, size_t to)
{
	return gh_span_cut(y->s, from, to - from);
}

/* The break at the position and the blank lines after it; ends at the first thing on a line. How many breaks. */
static size_t breaks(struct gh_yaml *y)
{
	size_t count = 0;
	for (size_t n; (n = yaml_break(y, y->at)) != 0; count++) {
		yaml_newline(y, n);
		if (yaml_marker(y, y->at, '-') || yaml_marker(y, y->at, '.'))
			return count + 1;
		while (yaml_blank(yaml_ch(y, y->at)))
			y->at++;
	}
	return count;
}

/* Lines of plain and quoted scalars are joined: one break is a blank, more are one less. */
static void fold(struct gh_yaml *y, size_t count)
{
	if (count == 1)
		put_ch(y, ' ');
	else
		put_breaks(y, count - 1);
}

/* ---- plain ------------------------------------------------------------------------------------------------------ */

/* On to the end of what is on this line. Returns false when the scalar ends here, not with the line. *end: behind the
 * last character that is no blank. */
static bool plain_line(struct gh_yaml *y, bool flow, size_t *end)
{
	for (;;) {
		size_t from = y->at;
		while (!yaml_space(y, y->at) && !yaml_colon(y, y->at, flow) &&
		       !(flow && yaml_flow_mark(yaml_ch(y, y->at))))
			y->at++;
		if (y->at != from)
			*end = y->at;
		if (!yaml_space(y, y->at))
			return false;
		from = y->at;
		while (yaml_blank(yaml_ch(y, y->at)))
			y->at++;
		if (yaml_ch(y, y->at) == '#' && y->at != from)
			return false;
		if (yaml_break(y, y->at) != 0)
			return true;
		if (y->at >= y->s.n || y->at == from)
			return false;
	}
}

bool yaml_plain(struct gh_yaml *y, long indent, bool flow, bool one_line)
{
	size_t start = y->at, from = start, end = start, bol = y->bol;
	bool joined = false;
	while (plain_line(y, flow, &end) && !one_line) {
		size_t stop = end;
		size_t count = breaks(y);
		int c = yaml_ch(y, y->at);
		if (yaml_over(y) || c == '#' || (!flow && (long)yaml_col(y) <= indent) || (flow && yaml_flow_mark(c)) ||
		    yaml_colon(y, y->at, flow))
			break;
		if (!joined)
			room_start(y);
		joined = true;
		put(y, piece(y, from, stop));
		fold(y, count);
		from = end = y->at;
		bol = y->bol;
	}
	if (joined) {
		put(y, piece(y, from, end));
	} else {
		y->text = piece(y, start, end);
		y->full = y->text.n;
	}
	y->at = end;
	y->bol = bol;
	y->style = GH_YAML_PLAIN;
	return true;
}

/* ---- quoted ----------------------------------------------------------------------------------------------------- */

static bool escape(struct gh_yaml *y)
{
	static const char from[] = "0abt\tnvfre \"/\\N_LP";
	static const char *const to[] = { "\0",	      "\a",	  "\b",		  "\t",		 "\t", "\n", "\v",
					  "\f",	      "\r",	  "\x1b",	  " ",		 "\"", "/",  "\\",
					  "\xc2\x85", "\xc2\xa0", "\xe2\x80\xa8", "\xe2\x80\xa9" };
	int c = yaml_ch(y, y->at + 1);
	size_t n = yaml_break(y, y->at + 1);
	unsigned digits = c == 'x' ? 2 : c == 'u' ? 4 : c == 'U' ? 8 : 0;
	const char *p = c <= 0 ? NULL : memchr(from, c, sizeof from - 1);
	if (n != 0) { /* the line goes on, and the blanks that indent it do not count */
		y->at++;
		size_t count = breaks(y);
		put_breaks(y, count - 1);
		return true;
	}
	y->at += 2;
	if (p != NULL) {
		put(y, c == '0' ? (struct gh_span){ (const uint8_t *)"", 1 } : gh_span_str(to[p - from]));
		return true;
	}
	uint32_t cp = 0;
	for (unsigned i = 0; i < digits; i++, y->at++) {
		int d = yaml_ch(y, y->at);
		int v = d < 0 ? -1 : gh_hex_digit((uint8_t)d);
		if (v < 0)
			return false;
		cp = cp << 4 | (uint32_t)v;
	}
	if (digits == 0 || cp > 0x10ffff)
		return false;
	if (cp >= 0xd800 && cp <= 0xdfff)
		cp = 0xfffd;
	uint8_t utf8[4];
	put(y, (struct gh_span){ utf8, gh_utf8_put(cp, utf8) });
	return true;
}

static bool broken(struct gh_yaml *y, const char *why)
{
	(void)yaml_bad(y, why);
	return false;
}

/* A line break inside quotes: blanks before it and behind it do not count. */
static bool quoted_break(struct gh_yaml *y)
{
	size_t count = breaks(y);
	if (yaml_over(y))
		return broken(y, "a quoted string without its end");
	fold(y, count);
	return true;
}

bool yaml_quoted(struct gh_yaml *y)
{
	int q = yaml_ch(y, y->at++);
	size_t from = y->at;
	room_start(y);
	y->style = q == '"' ? GH_YAML_DOUBLE : GH_YAML_SINGLE;
	for (;;) {
		int c = yaml_ch(y, y->at);
		if (c < 0)
			return broken(y, "a quoted string without its end");
		if (c == q && !(q == '\'' && yaml_ch(y, y->at + 1) == '\''))
			break;
		size_t blanks = y->at;
		while (yaml_blank(yaml_ch(y, blanks)))
			blanks++;
		if (c != q && !(c == '\\' && q == '"') && yaml_break(y, blanks) == 0) {
			y->at = blanks == y->at ? y->at + 1 : blanks;
			continue;
		}
		put(y, piece(y, from, y->at));
		if (yaml_break(y, blanks) != 0) {
			y->at = blanks;
			if (!quoted_break(y))
				return false;
		} else if (c == q) {
			put_ch(y, '\'');
			y->at += 2;
		} else if (!escape(y)) {
			return broken(y, "an escape that YAML does not have");
		}
		from = y->at;
	}
	if (y->full == 0) { /* in one piece */
		y->text = piece(y, from, y->at);
		y->full = y->text.n;
	} else {
		put(y, piece(y, from, y->at));
	}
	y->at++;
	return true;
}

/* ---- block scalars ---------------------------------------------------------------------------------------------- */

/* `|` or `>`, then in any order a digit and `+` or `-`, then nothing but a comment. */
static bool block_header(struct gh_yaml *y, int *chomp, long *digit)
{
	y->at++;
	for (int c; (c = yaml_ch(y, y->at)) == '+' || c == '-' || (c >= '1' && c <= '9'); y->at++) {
		if (c == '+' || c == '-') {
			if (*chomp != 0)
				return false;
			*chomp = c;
		} else {
			if (*digit != 0)
				return false;
			*digit = c - '0';
		}
	}
	if (!yaml_space(y, y->at))
		return false;
	while (yaml_blank(yaml_ch(y, y->at)))
		y->at++;
	if (yaml_ch(y, y->at) == '#')
		while (y->at < y->s.n && yaml_break(y, y->at) == 0)
			y->at++;
	size_t n = yaml_break(y, y->at);
	if (n != 0)
		yaml_newline(y, n);
	return n != 0 || y->at >= y->s.n;
}

static void spaces(struct gh_yaml *y, long upto)
{
	while ((long)yaml_col(y) < upto && yaml_ch(y, y->at) == ' ')
		y->at++;
}

/* Blank lines; ends at the indentation of a line that is none. */
static size_t blank_lines(struct gh_yaml *y, long indent)
{
	size_t count = 0;
	for (;;) {
		spaces(y, indent);
		size_t n = yaml_break(y, y->at);
		if (n == 0)
			return count;
		yaml_newline(y, n);
		count++;
	}
}

/* The indentation of a scalar that does not state it: that of its first line, or of a longer blank one before. */
static long block_indent(struct gh_yaml *y, long least, size_t *count)
{
	long most = 0;
	*count = 0;
	for (;;) {
		while (yaml_ch(y, y->at) == ' ')
			y->at++;
		if ((long)yaml_col(y) > most)
			most = (long)yaml_col(y);
		size_t n = yaml_break(y, y->at);
		if (n == 0)
			return most > least ? most : least;
		yaml_newline(y, n);
		(*count)++;
	}
}

bool yaml_block(struct gh_yaml *y, long indent)
{
	int chomp = 0;
	long digit = 0, least = indent + 1 > 1 ? indent + 1 : 1;
	bool folded = yaml_ch(y, y->at) == '>', ended = false;
	size_t pending;
	if (!block_header(y, &chomp, &digit))
		return broken(y, "a block scalar with a header that YAML does not have");
	room_start(y);
	y->style = folded ? GH_YAML_FOLDED : GH_YAML_LITERAL;
	if (digit != 0) {
		indent = least + digit - 1;
		pending = blank_lines(y, indent);
	} else {
		indent = block_indent(y, least, &pending);
	}
	while ((long)yaml_col(y) == indent && y->at < y->s.n) {
		put_breaks(y, pending);
		bool word = !yaml_blank(yaml_ch(y, y->at));
		size_t from = y->at;
		while (y->at < y->s.n && yaml_break(y, y->at) == 0)
			y->at++;
		put(y, piece(y, from, y->at));
		size_t n = yaml_break(y, y->at);
		ended = n != 0;
		if (n != 0)
			yaml_newline(y, n);
		pending = blank_lines(y, indent);
		bool more = (long)yaml_col(y) == indent && y->at < y->s.n;
		if (!more)
			break;
		if (folded && word && !yaml_blank(yaml_ch(y, y->at))) {
			if (pending == 0)
				put_ch(y, ' ');
		} else {
			put_ch(y, '\n');
		}
	}
	if (chomp != '-' && ended)
		put_ch(y, '\n');
	if (chomp == '+')
		put_breaks(y, pending);
	if (y->at < y->s.n) /* what comes next stands at the start of its line */
		y->at = y->bol;
	return true;
}
