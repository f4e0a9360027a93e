#include "cli/progress.h"

#include "scan/report_parts.h"

#include <inttypes.h>
#include <time.h>

enum { PATIENCE_MS = 400, EVERY_MS = 100 };

static int64_t now_ms(void)
{
	struct timespec t = { 0 };
	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

struct gh_progress gh_progress(FILE *to)
{
	int64_t now = to != NULL ? now_ms() : 0;
	return (struct gh_progress){ .to = to, .start = now, .last = now };
}

static void draw(struct gh_progress *p, const char *text)
{
	int n = fprintf(p->to, "\r%-*s", p->drawn, text);
	(void)fflush(p->to);
	p->drawn = n > 1 ? (int)strlen(text) : 0;
}

void gh_progress_show(void *arg, uint64_t files_done, uint64_t files, uint64_t bytes_done, uint64_t bytes)
{
	struct gh_progress *p = arg;
	if (p->to == NULL)
		return;
	int64_t now = now_ms();
	if (now - p->start < PATIENCE_MS || now - p->last < EVERY_MS)
		return;
	p->last = now;
	gh_auto_buf line = gh_buf(256);
	gh_buf_fmt(&line, "scanning: %" PRIu64 " of %" PRIu64 " file%s, ", files_done, files, files == 1 ? "" : "s");
	gh_size_text(&line, bytes_done);
	gh_buf_str(&line, " of ");
	gh_size_text(&line, bytes);
	if (bytes > 0 && bytes_done <= bytes)
		gh_buf_fmt(&line, " (%u %%)", (unsigned)((double)bytes_done * 100.0 / (double)bytes));
	draw(p, gh_buf_cstr(&line));
}

void gh_progress_end(struct gh_progress *p)
{
	if (p->to != NULL && p->drawn > 0) {
		draw(p, "");
		(void)fputc('\r', p->to);
		(void)fflush(p->to);
	}
}
