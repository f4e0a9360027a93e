/* side.c - a disarm job in the locked-down worker: the input as a source, the output through a buffer, notes as records. */
#include "scan/disarm/side.h"
#include "scan/tool_side.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

enum { BUFFER = 256 << 10, TICK = 16 << 20 };

struct side {
	struct gh_tool *t;
	int out;
	uint64_t off, told; /* of the output */
	uint8_t *buf;
	size_t n;
	int sys; /* what the output said */
};

static enum gh_rc put(struct side *s, struct gh_span bytes)
{
	if (!gh_tool_write(s->out, s->off, bytes)) {
		s->sys = errno;
		return GH_E_IO;
	}
	s->off += bytes.n;
	if (s->off - s->told >= TICK) {
		s->told = s->off;
		gh_tool_tick(s->t, s->off);
	}
	return GH_OK;
}

static enum gh_rc flush(struct side *s)
{
	size_t n = s->n;
	s->n = 0;
	return n == 0 ? GH_OK : put(s, (struct gh_span){ s->buf, n });
}

static enum gh_rc on_write(void *arg, struct gh_span bytes)
{
	struct side *s = arg;
	if (bytes.n <= BUFFER - s->n) {
		memcpy(s->buf + s->n, bytes.p, bytes.n);
		s->n += bytes.n;
		return GH_OK;
	}
	enum gh_rc rc = flush(s);
	return rc == GH_OK ? put(s, bytes) : rc;
}

static int on_spill(void *arg) { return gh_tool_spill(((struct side *)arg)->t); }

/* Three texts behind one another, each cut to what fits. */
static void say(struct gh_tool *t, uint32_t kind, const uint64_t *a, size_t n, struct gh_span x, struct gh_span y,
		struct gh_span z)
{
	uint8_t text[GH_DIS_WHAT_MAX * 4 + GH_DIS_PATH_MAX + GH_DIS_TEXT_MAX + 2];
	const struct gh_span in[3] = { gh_span_cut(x, 0, GH_DIS_WHAT_MAX * 4), gh_span_cut(y, 0, GH_DIS_PATH_MAX),
				       gh_span_cut(z, 0, GH_DIS_TEXT_MAX) };
	size_t at = 0;
	for (unsigned i = 0; i < 3; i++) {
		for (size_t k = 0; k < in[i].n; k++)
			text[at++] = in[i].p[k] == 0 ? '?' : in[i].p[k];
		if (i != 2)
			text[at++] = 0;
	}
	gh_tool_say(t, kind, a, n, (struct gh_span){ text, at });
}

static void on_say(void *arg, const struct gh_dis_note *n)
{
	const uint64_t a[] = { (uint64_t)n->act, n->size };
	say(((struct side *)arg)->t, GH_DIS_NOTE, a, 2, gh_span_str(n->what), n->path, gh_span_str(n->text));
}

static enum gh_rc take_apart(struct gh_tool *t, struct side *s, struct gh_src_fd *in, struct gh_err *err)
{
	struct gh_dis_args args;
	struct gh_dis_result r;
	if (t->nfile != 1 || t->args.n != sizeof args || !t->output)
		return gh_fail(err, GH_E_BUG, "a job of another form");
	memcpy(&args, t->args.p, sizeof args);
	s->t = t;
	s->out = gh_tool_output(t);
	if (s->out < 0)
		return gh_fail_sys(err, errno, "no descriptor for the output");
	enum gh_rc rc = gh_tool_open(t, 0, in, err);
	if (rc != GH_OK)
		return rc;
	struct gh_src *src = &in->src;
	struct gh_limits lim = gh_limits_default;
	lim.expanded = args.expanded;
	lim.steps = args.steps;
	lim.ratio = args.ratio;
	lim.arena = t->memory / 2;
	const struct gh_dis_host host = { s, on_write, on_spill, on_say };
	rc = gh_dis_run(src, gh_span_str(t->file[0].name), &args.opt, &lim, &host, &r, err);
	if (rc == GH_OK)
		rc = flush(s);
	if (rc == GH_E_IO && s->sys != 0) {
		*err = (struct gh_err){ 0 };
		return gh_fail_sys(err, s->sys, "writing the new file");
	}
	if (rc != GH_OK)
		return err->n != 0 ? rc : gh_fail(err, rc, "the file could not be taken apart");
	char why[GH_ERR_LINKS * GH_ERR_TEXT];
	const uint64_t a[] = { (uint64_t)r.outcome, r.tensors, s->off, r.has_low_bits };
	say(t, GH_DIS_RESULT, a, 4, gh_span_str(r.format), gh_span_str(r.written),
	    gh_span_str(gh_err_line(err, why, sizeof why)));
	return GH_OK;
}

enum gh_rc gh_disarm_main(struct gh_tool *t, struct gh_err *err)
{
	struct side *s = GH_NEW(&t->arena, struct side, 1);
	struct gh_src_fd *in = GH_NEW(&t->arena, struct gh_src_fd, 1);
	if (s == NULL || in == NULL || (s->buf = gh_alloc(&t->arena, BUFFER, 1)) == NULL)
		return gh_fail(err, GH_E_NOMEM, "memory (--limit-memory)");
	s->out = in->fd = -1;
	enum gh_rc rc = take_apart(t, s, in, err);
	gh_src_fd_close(in);
	if (s->out >= 0)
		(void)close(s->out);
	return rc;
}
