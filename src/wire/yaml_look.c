#include "wire/yaml_int.h"

size_t yaml_break(const struct gh_yaml *y, size_t at)
{
	int c = yaml_ch(y, at);
	if (c == '\n')
		return 1;
	if (c == '\r')
		return yaml_ch(y, at + 1) == '\n' ? 2 : 1;
	if (c == 0xc2)
		return yaml_ch(y, at + 1) == 0x85 ? 2 : 0;
	if (c == 0xe2 && yaml_ch(y, at + 1) == 0x80)
		return yaml_ch(y, at + 2) == 0xa8 || yaml_ch(y, at + 2) == 0xa9 ? 3 : 0;
	return 0;
}

void yaml_newline(struct gh_yaml *y, size_t n)
{
	y->odd_breaks += yaml_ch(y, y->at) >= 0x80;
	y->at += n;
	y->bol = y->at;
}

bool yaml_skip(struct gh_yaml *y)
{
	bool crossed = false;
	for (;;) {
		while (yaml_blank(yaml_ch(y, y->at)))
			y->at++;
		if (yaml_ch(y, y->at) == '#')
			while (y->at < y->s.n && yaml_break(y, y->at) == 0)
				y->at++;
		size_t n = yaml_break(y, y->at);
		if (n == 0)
			return crossed;
		yaml_newline(y, n);
		crossed = true;
	}
}

bool yaml_line_start(const struct gh_yaml *y)
{
	for (size_t i = y->bol; i < y->at; i++)
		if (!yaml_blank(y->s.p[i]))
			return false;
	return true;
}

bool yaml_tabbed(const struct gh_yaml *y)
{
	for (size_t i = y->bol; i < y->at && yaml_blank(y->s.p[i]); i++)
		if (y->s.p[i] == '\t')
			return true;
	return false;
}

bool yaml_marker(const struct gh_yaml *y, size_t at, char c)
{
	return at == y->bol && yaml_ch(y, at) == c && yaml_ch(y, at + 1) == c && yaml_ch(y, at + 2) == c &&
	       yaml_space(y, at + 3);
}

bool yaml_over(const struct gh_yaml *y)
{
	return y->at >= y->s.n || yaml_marker(y, y->at, '-') || yaml_marker(y, y->at, '.');
}

bool yaml_colon(const struct gh_yaml *y, size_t at, bool flow)
{
	return yaml_ch(y, at) == ':' && (yaml_space(y, at + 1) || (flow && yaml_flow_mark(yaml_ch(y, at + 1))));
}

bool yaml_plain_start(const struct gh_yaml *y, bool flow)
{
	int c = yaml_ch(y, y->at);
	if (c < 0 || yaml_space(y, y->at))
		return false;
	if (c == '-' || c == '?' || c == ':')
		return !yaml_space(y, y->at + 1) && !(flow && (c != '-' || yaml_flow_mark(yaml_ch(y, y->at + 1))));
	return memchr(",[]{}#&*!|>'\"%@`", c, 17) == NULL;
}

/* ---- looking ahead ---------------------------------------------------------------------------------------------- */

struct look {
	const struct gh_yaml *y;
	size_t at, end; /* not beyond end */
};

static int peek(const struct look *l) { return l->at < l->end && yaml_break(l->y, l->at) == 0 ? l->y->s.p[l->at] : -1; }

static bool over_quoted(struct look *l)
{
	int q = peek(l);
	for (l->at++; peek(l) >= 0; l->at++) {
		bool escape = q == '"' && peek(l) == '\\';
		if (escape || (peek(l) == q && q == '\'' && yaml_ch(l->y, l->at + 1) == '\''))
			l->at++;
		else if (peek(l) == q) {
			l->at++;
			return true;
		}
	}
	return false;
}

/* A flow collection on one line: brackets balance, quoted strings apart. */
static bool over_flow(struct look *l)
{
	unsigned level = 0;
	do {
		int c = peek(l);
		if (c < 0)
			return false;
		int before = yaml_ch(l->y, l->at - 1);
		if ((c == '"' || c == '\'') && (yaml_blank(before) || yaml_flow_mark(before) || before == ':')) {
			if (!over_quoted(l))
				return false;
			continue;
		}
		level += c == '[' || c == '{';
		level -= c == ']' || c == '}';
		l->at++;
	} while (level != 0);
	return true;
}

static bool over_plain(struct look *l, bool flow)
{
	size_t from = l->at;
	for (; peek(l) >= 0; l->at++) {
		if (yaml_colon(l->y, l->at, flow))
			return l->at > from;
		if (flow && yaml_flow_mark(peek(l)))
			return false;
		if (peek(l) == '#' && yaml_blank(yaml_ch(l->y, l->at - 1)))
			return false;
	}
	return false;
}

static bool key_at(struct look *l, bool flow)
{
	while (peek(l) == '&' || peek(l) == '!') {
		bool anchor = peek(l) == '&';
		while (peek(l) >= 0 && !yaml_blank(peek(l)) && !(flow && yaml_flow_mark(peek(l))) &&
		       !(anchor && yaml_name_end(peek(l))))
			l->at++;
		while (yaml_blank(peek(l)))
			l->at++;
	}
	int c = peek(l);
	bool quoted = c == '"' || c == '\'', nested = c == '[' || c == '{';
	struct gh_yaml probe = { .s = l->y->s, .at = l->at, .bol = l->y->bol };
	if (c == '*') {
		for (l->at++; peek(l) >= 0 && !yaml_blank(peek(l)) && !yaml_name_end(peek(l));)
			l->at++;
	} else if (quoted ? !over_quoted(l) : nested ? !over_flow(l) : c != ':' && !yaml_plain_start(&probe, flow)) {
		return false;
	} else if (!quoted && !nested && c >= 0 && !yaml_colon(l->y, l->at, flow)) {
		return over_plain(l, flow);
	}
	while (yaml_blank(peek(l)))
		l->at++;
	return peek(l) == ':' && (yaml_space(l->y, l->at + 1) || flow);
}

bool yaml_key_ahead(struct gh_yaml *y, bool flow)
{
	struct look l = { y, y->at, y->s.n - y->at < GH_YAML_KEY_SPAN ? y->s.n : y->at + GH_YAML_KEY_SPAN };
	bool found = key_at(&l, flow);
	y->looked += (l.at < y->s.n ? l.at : y->s.n) - y->at;
	return found;
}
