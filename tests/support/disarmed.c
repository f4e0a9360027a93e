#include "support/disarmed.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { OUT_MAX = 32 << 20 };

struct dying {
	struct gh_src src;
	struct gh_span mem;
	uint8_t *last;
	uint32_t epoch;
};

static struct gh_span window(struct gh_src *s, uint64_t off, size_t len)
{
	struct dying *d = (struct dying *)s;
	free(d->last);
	d->epoch++;
	d->last = malloc(len == 0 ? 1 : len);
	if (d->last == NULL)
		abort();
	memcpy(d->last, d->mem.p + off, len);
	return (struct gh_span){ d->last, len };
}

static enum gh_rc on_write(void *arg, struct gh_span s)
{
	struct gh_disarmed *d = arg;
	gh_buf_span(&d->out, s);
	return d->out.full ? GH_E_LIMIT : GH_OK;
}

static int on_spill(void *arg)
{
	char name[] = "/tmp/gh-disarm-XXXXXX";
	int fd = mkstemp(name);
	(void)arg;
	if (fd >= 0)
		(void)unlink(name);
	return fd;
}

static void on_say(void *arg, const struct gh_dis_note *n)
{
	struct gh_disarmed *d = arg;
	gh_buf_fmt(&d->log, "%s %s: %s, size %llu: %s\n", gh_dis_acts[n->act], gh_safe(n->path).s, n->what,
		   (unsigned long long)n->size, n->text);
}

void gh_disarmed_run(struct gh_disarmed *d, struct gh_span in, const char *name, const struct gh_dis_options *opt)
{
	static const uint8_t nothing[1];
	struct dying src = { .mem = { in.p == NULL ? nothing : in.p, in.n } };
	struct gh_limits lim = gh_limits_default;
	struct gh_dis_options o = opt == NULL ? (struct gh_dis_options){ 0 } : *opt;
	struct gh_err err = { 0 };
	const struct gh_dis_host host = { d, on_write, on_spill, on_say };
	src.src = (struct gh_src){ .size = in.n, .window = window, .epoch = &src.epoch };
	lim.arena = 64 << 20;
	lim.expanded = 16 << 20;
	lim.steps = 1 << 20;
	if (o.max_output == 0)
		o.max_output = 16 << 20;
	*d = (struct gh_disarmed){ .out = gh_buf(OUT_MAX), .log = gh_buf(1 << 20) };
	d->rc = gh_dis_run(&src.src, gh_span_str(name), &o, &lim, &host, &d->result, &err);
	(void)gh_err_line(&err, d->why, sizeof d->why);
	free(src.last);
}

void gh_disarmed_free(struct gh_disarmed *d)
{
	gh_buf_free(&d->out);
	gh_buf_free(&d->log);
}

bool gh_disarmed_says(struct gh_disarmed *d, const char *text) { return strstr(gh_buf_cstr(&d->log), text) != NULL; }
