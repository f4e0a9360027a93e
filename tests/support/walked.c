#include "support/walked.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Rules that stand for information only are told by their log lines' rows: ask the format and its general one. */
static bool has_effect(const struct gh_fmt *fmt, const char *id, size_t n)
{
	for (const struct gh_rule *r = fmt->rules; r != NULL && r->id != NULL; r++)
		if (strlen(r->id) == n && memcmp(r->id, id, n) == 0)
			return r->effect != GH_CLEAN;
	return true;
}

void gh_test_walked(struct gh_events *ev, const struct gh_fmt *fmt, struct gh_span in, const char *name, char *ids,
		    size_t cap)
{
	struct gh_events shaky;
	gh_events_walk(&shaky, fmt, in, name, true);
	gh_events_walk(ev, fmt, in, name, false);
	if (shaky.rc != ev->rc || strcmp(gh_buf_cstr(&shaky.log), gh_buf_cstr(&ev->log)) != 0) {
		fprintf(stderr, "%s: differs between sources:\n%s\n--\n%s\n", name, gh_buf_cstr(&ev->log),
			gh_buf_cstr(&shaky.log));
		abort();
	}
	gh_events_free(&shaky);
	size_t n = 0;
	ids[0] = 0;
	for (const char *l = gh_buf_cstr(&ev->log); l != NULL && *l != 0; l = strchr(l, '\n'), l += l != NULL) {
		if (strncmp(l, "anomaly ", 8) != 0)
			continue;
		size_t len = strcspn(l + 8, " ");
		if (has_effect(fmt, l + 8, len) && n + len + 2 < cap)
			n += (size_t)snprintf(ids + n, cap - n, "%s%.*s", n ? " " : "", (int)len, l + 8);
	}
}
