#include "yara_reach.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { GROUPS = 16, UNLIMITED = 1 << 20 };

/* An open group: the longest of the branches that are done, and the one that is being read. */
struct level {
	unsigned best, now;
};

/* Behind a class; NULL: it does not end. */
static const char *class_end(const char *p)
{
	p += p[1] == '^' ? 2 : 1;
	if (*p == ']')
		p++;
	for (; *p != '\0' && *p != ']'; p++)
		if (*p == '\\' && p[1] != '\0')
			p++;
	return *p == ']' ? p + 1 : NULL;
}

/* Behind the quantifier at p, how often at most it lets something stand there. */
static const char *quantifier(const char *p, unsigned *most)
{
	*most = 1;
	if (*p == '*' || *p == '+') {
		*most = UNLIMITED;
		p++;
	} else if (*p == '?') {
		p++;
	} else if (*p == '{' && (isdigit((unsigned char)p[1]) || p[1] == ',')) {
		char *end;
		unsigned long low = strtoul(p + 1, &end, 10), high = low;
		if (*end == ',')
			high = end[1] == '}' ? UNLIMITED : strtoul(end + 1, &end, 10);
		p = strchr(end, '}');
		if (p == NULL)
			return NULL;
		p++;
		*most = high > UNLIMITED ? UNLIMITED : (unsigned)high;
	}
	return *p == '?' ? p + 1 : p;
}

static unsigned times(unsigned a, unsigned b)
{
	unsigned long all = (unsigned long)a * b;
	return all > UNLIMITED ? UNLIMITED : (unsigned)all;
}

static unsigned plus(unsigned a, unsigned b) { return a + b > UNLIMITED ? UNLIMITED : a + b; }

static unsigned larger(unsigned a, unsigned b) { return a > b ? a : b; }

/* One thing that is no group, and its quantifier. */
static const char *single(const char *p, unsigned *length)
{
	bool space = p[0] == '\\' && p[1] == 's';
	unsigned most;
	*length = 1;
	if (*p == '[') {
		p = class_end(p);
	} else if (*p == '\\' && p[1] == 'x' && isxdigit((unsigned char)p[2]) && isxdigit((unsigned char)p[3])) {
		p += 4;
	} else if (*p == '\\' && p[1] != '\0') {
		*length = p[1] == 'b' || p[1] == 'B' ? 0 : 1;
		p += 2;
	} else {
		*length = *p == '^' || *p == '$' ? 0 : 1;
		p++;
	}
	p = p == NULL ? NULL : quantifier(p, &most);
	if (p != NULL)
		*length = space && most == UNLIMITED ? 0 : times(*length, most);
	return p;
}

unsigned yara_reach(const char *regex)
{
	struct level open[GROUPS] = { { 0, 0 } };
	unsigned depth = 0, length, most;
	for (const char *p = regex; p != NULL && *p != '\0';) {
		struct level *l = &open[depth];
		if (*p == '(') {
			if (++depth == GROUPS || p[1] == '?')
				return 0;
			open[depth] = (struct level){ 0, 0 };
			p++;
		} else if (*p == ')') {
			if (depth == 0)
				return 0;
			length = larger(l->best, l->now);
			p = quantifier(p + 1, &most);
			depth--;
			open[depth].now = plus(open[depth].now, times(length, p == NULL ? UNLIMITED : most));
		} else if (*p == '|') {
			l->best = larger(l->best, l->now);
			l->now = 0;
			p++;
		} else {
			p = single(p, &length);
			l->now = plus(l->now, p == NULL ? UNLIMITED : length);
		}
	}
	length = larger(open[0].best, open[0].now);
	return depth != 0 || length >= UNLIMITED ? 0 : length;
}

/* Behind the words `rule NAME` at the start of a line. */
static const char *rule_at(const char *text, const char *rule)
{
	size_t n = strlen(rule);
	for (const char *p = strstr(text, "rule "); p != NULL; p = strstr(p + 1, "rule "))
		if ((p == text || p[-1] == '\n') && strncmp(p + 5, rule, n) == 0 && !isalnum((unsigned char)p[5 + n]) &&
		    p[5 + n] != '_')
			return p + 5 + n;
	return NULL;
}

_Bool yara_source(const char *text, const char *rule, const char *name, char *out, unsigned cap, const char **more)
{
	const char *p = rule_at(text, rule), *end = p == NULL ? NULL : strstr(p, "\n}");
	size_t n = strlen(name), made = 0;
	for (; p != NULL && end != NULL && p < end; p = strchr(p, '\n') == NULL ? NULL : strchr(p, '\n') + 1) {
		const char *q = p + strspn(p, " \t");
		if (strncmp(q, name, n) != 0 || (q[n] != ' ' && q[n] != '='))
			continue;
		q += n;
		q += strspn(q, " =\t");
		if (*q++ != '/')
			return false;
		for (; *q != '\0' && *q != '\n' && *q != '/' && made + 2 < cap; q++) {
			if (*q == '\\' && q[1] != '\0')
				out[made++] = *q++;
			out[made++] = *q;
		}
		out[made] = '\0';
		*more = q + 1;
		return *q == '/';
	}
	return false;
}

_Bool yara_modifier(const char *more, const char *word)
{
	size_t n = strlen(word), flags = strspn(more, "is"), line = strcspn(more, "\n");
	if (n == 1)
		return memchr(more, word[0], flags) != NULL;
	for (const char *p = more + flags; p < more + line; p++)
		if (strncmp(p, word, n) == 0)
			return true;
	return false;
}
