#include "support/seedrows.h"

#include "support/events.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

uint8_t *gh_seed_row_bytes(const struct gh_seed_row *r, size_t *n)
{
	char path[300];
	struct gh_span in = { 0 };
	(void)snprintf(path, sizeof path, "tests/fuzz/seeds/%s/%s", r->fmt->name, r->seed == NULL ? "" : r->seed);
	if (r->seed != NULL && (in = gh_test_file(path)).p == NULL) {
		(void)fprintf(stderr, "no seed %s\n", path);
		return NULL;
	}
	uint8_t *out = malloc(in.n + r->with.n + 1);
	uint8_t *at = NULL;
	*n = in.n;
	if (out != NULL && in.n != 0)
		memcpy(out, in.p, in.n);
	free((void *)(uintptr_t)in.p);
	if (out == NULL)
		return NULL;
	if (r->find.n != 0) {
		at = memmem(out, *n, r->find.p, r->find.n);
		if (at == NULL || r->find.n != r->with.n) {
			(void)fprintf(stderr,
				      "%s, row \"%s\": what is to be replaced is not there, or of another length\n",
				      r->fmt->name, r->what);
			free(out);
			return NULL;
		}
		memcpy(at, r->with.p, r->with.n);
	} else if (r->with.n != 0) {
		memcpy(out + *n, r->with.p, r->with.n);
		*n += r->with.n;
	}
	*n -= (size_t)r->cut;
	return out;
}

static bool fine(const struct gh_seed_row *r, bool unstable)
{
	size_t n;
	uint8_t *in = gh_seed_row_bytes(r, &n);
	struct gh_events ev;
	if (in == NULL)
		return false;
	gh_events_walk(&ev, r->fmt, (struct gh_span){ in, n }, "x", unstable);
	bool ok = ev.rc == r->rc && ev.gapless == r->gapless && (r->has == NULL || gh_events_has(&ev, r->has)) &&
		  (r->hasnot == NULL || !gh_events_has(&ev, r->hasnot));
	if (!ok)
		(void)fprintf(stderr, "%s, row \"%s\", windows %s: rc %d (%s) gapless %d of %zu\n%s", r->fmt->name,
			      r->what, unstable ? "die" : "stay", ev.rc, ev.why, ev.gapless, n, gh_buf_cstr(&ev.log));
	gh_events_free(&ev);
	free(in);
	return ok;
}

unsigned gh_seed_rows_wrong(const struct gh_seed_row *row, size_t n)
{
	unsigned wrong = 0;
	for (size_t i = 0; i < n; i++)
		for (int unstable = 0; unstable < 2; unstable++)
			wrong += !fine(&row[i], unstable != 0);
	return wrong;
}
