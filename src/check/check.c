#include "check/check.h"

#include <stdarg.h>
#include <stdio.h>

void gh_find(struct gh_scene *s, const struct gh_rule *rule, struct gh_range at, const char *fmt, ...)
{
	char text[2048];
	va_list ap;
	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	s->find(s, rule, at, text);
}

void gh_looked(struct gh_scene *s, uint64_t units, uint64_t bytes)
{
	if (s->looked != NULL)
		s->looked(s, units, bytes, NULL);
}

void gh_not_looked(struct gh_scene *s, const char *why)
{
	if (s->looked != NULL)
		s->looked(s, 0, 0, why);
}
