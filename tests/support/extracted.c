#include "support/extracted.h"

#include "format/src.h"

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

enum { OUT_MAX = 8 << 20, LEFT_MAX = 64 << 10 };

const struct gh_extract_name gh_extracted_names[] = {
	{ "pytorch-zip", GH_EXTRACT_WRITE }, { "pickle", GH_EXTRACT_WRITE },	  { "npz", GH_EXTRACT_WRITE },
	{ "npy", GH_EXTRACT_WRITE },	     { "safetensors", GH_EXTRACT_INERT }, { "torch7", GH_EXTRACT_MISSED },
	{ "gzip", GH_EXTRACT_OPEN },	     { "zip", GH_EXTRACT_OPEN },	  { "tar", GH_EXTRACT_OPEN },
};
const size_t gh_extracted_nnames = sizeof gh_extracted_names / sizeof gh_extracted_names[0];

static enum gh_rc on_write(void *arg, uint64_t off, struct gh_span bytes, struct gh_err *err)
{
	struct gh_extracted_mem *x = arg;
	static const uint8_t zeros[4096];
	if (off < x->out.n || off - x->out.n >= sizeof zeros)
		__builtin_trap(); /* out of order */
	gh_buf_put(&x->out, zeros, (size_t)off - x->out.n);
	gh_buf_span(&x->out, bytes);
	return x->out.full ? gh_fail(err, GH_E_LIMIT, "the test's output is full") : GH_OK;
}

static int on_spill(void *arg)
{
	(void)arg;
	return memfd_create("member", MFD_CLOEXEC);
}

static void on_member(void *arg, uint64_t off, uint64_t len, uint64_t formats, struct gh_span path)
{
	struct gh_extracted_mem *x = arg;
	if (x->n == GH_EXTRACT_COUNT || off % 4096 != 0 || (len != 0 && off + len != x->out.n) || formats == 0)
		__builtin_trap();
	x->member[x->n].off = off;
	x->member[x->n].len = len;
	x->member[x->n].formats = formats;
	(void)snprintf(x->member[x->n++].path, sizeof x->member[0].path, "%.*s", (int)(path.n < 190 ? path.n : 190),
		       path.n == 0 ? "" : (const char *)path.p);
}

static void on_left(void *arg, enum gh_extract_why why, uint64_t formats, struct gh_span path, const char *text)
{
	struct gh_extracted_mem *x = arg;
	if (why >= GH_EXTRACT_WHYS || (formats == 0) != (why == GH_EXTRACT_UNREAD))
		__builtin_trap();
	x->nleft++;
	gh_buf_fmt(&x->left, "%d ", (int)why);
	gh_buf_safe(&x->left, path, 200);
	gh_buf_fmt(&x->left, ": %s\n", text);
}

static void on_inert(void *arg) { ((struct gh_extracted_mem *)arg)->inert++; }

void gh_extracted_run(struct gh_extracted_mem *x, struct gh_span archive, unsigned count, uint64_t each, uint64_t bytes)
{
	struct gh_src_mem src;
	struct gh_limits lim = gh_limits_default;
	struct gh_err err = { 0 };
	lim.expanded = 4 << 20;
	lim.members = 500;
	lim.steps = 100000;
	lim.arena = 16 << 20;
	*x = (struct gh_extracted_mem){ .out = gh_buf(OUT_MAX), .left = gh_buf(LEFT_MAX) };
	const struct gh_extract_walk w = { &lim, gh_extracted_names, gh_extracted_nnames, each, bytes, count };
	const struct gh_extract_host host = { x, on_write, on_spill, on_member, on_left, on_inert };
	x->rc = gh_extract_walk(gh_src_mem(&src, archive), &w, &host, &err);
	(void)gh_err_line(&err, x->why, sizeof x->why);
	uint64_t all = 0;
	for (size_t i = 0; i < x->n; i++) {
		all += x->member[i].len;
		if (x->member[i].len > each)
			__builtin_trap();
	}
	if (x->n > count || all > bytes || (x->rc != GH_OK && x->why[0] == '\0'))
		__builtin_trap();
}

void gh_extracted_free(struct gh_extracted_mem *x)
{
	gh_buf_free(&x->out);
	gh_buf_free(&x->left);
}
