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
