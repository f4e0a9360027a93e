/* Mode "extract", inside the worker: the archive as a source, its members to the output, what is said about them as records. */
#include "scan/extract_side.h"
#include "scan/extract_walk.h"
#include "scan/tool_side.h"

#include <errno.h>
#include <string.h>

struct side {
	struct gh_tool *t;
	int out;
	unsigned said;
};

static enum gh_rc on_write(void *arg, uint64_t off, struct gh_span bytes, struct gh_err *err)
{
	if (gh_tool_write(((struct side *)arg)->out, off, bytes))
		return GH_OK;
	return gh_fail_sys(err, errno, "a temporary file for members of an archive ($TMPDIR)");
}

static int on_spill(void *arg) { return gh_tool_spill(((struct side *)arg)->t); }

static void on_member(void *arg, uint64_t off, uint64_t len, uint64_t formats, struct gh_span path)
{
	const uint64_t a[] = { off, len, formats };
	gh_tool_say(((struct side *)arg)->t, GH_EXTRACT_SAY_MEMBER, a, 3, gh_span_cut(path, 0, GH_EXTRACT_PATH));
}

static void on_left(void *arg, enum gh_extract_why why, uint64_t formats, struct gh_span path, const char *text)
{
	struct side *s = arg;
	uint8_t both[GH_EXTRACT_PATH + GH_EXTRACT_TEXT + 1];
	struct gh_span said = gh_span_cut(gh_span_str(text), 0, GH_EXTRACT_TEXT);
	const uint64_t a[] = { (uint64_t)why, formats };
	if (s->said++ >= GH_EXTRACT_SAID) /* that something was left is known by now */
		return;
	path = gh_span_cut(path, 0, GH_EXTRACT_PATH);
	for (size_t i = 0; i < path.n; i++)
		both[i] = path.p[i] == 0 ? '?' : path.p[i];
	both[path.n] = 0;
	if (said.n != 0)
		memcpy(both + path.n + 1, said.p, said.n);
	gh_tool_say(s->t, GH_EXTRACT_SAY_LEFT, a, 2, (struct gh_span){ both, path.n + 1 + said.n });
}

static void on_inert(void *arg)
{
	struct side *s = arg;
	if (s->said++ < GH_EXTRACT_SAID)
		gh_tool_say(s->t, GH_EXTRACT_SAY_INERT, NULL, 0, (struct gh_span){ 0 });
}

static bool read_args(struct gh_extract_walk *w, struct gh_extract_name *name, struct gh_span args)
{
	struct gh_extract_args head;
	if (args.n < sizeof head)
		return false;
	memcpy(&head, args.p, sizeof head);
	args = gh_span_cut(args, sizeof head, args.n);
	if (head.names > GH_EXTRACT_NAMES || head.count > GH_EXTRACT_COUNT)
		return false;
	for (uint32_t i = 0; i < head.names; i++) {
		const uint8_t *nul = args.n < 2 ? NULL : memchr(args.p + 1, 0, args.n - 1);
		if (nul == NULL)
			return false;
		name[i] = (struct gh_extract_name){ (const char *)args.p + 1, args.p[0] };
		args = gh_span_cut(args, (size_t)(nul - args.p) + 1, args.n);
	}
	w->name = name;
	w->nname = head.names;
	w->each = head.each;
	w->bytes = head.bytes;
	w->count = head.count;
	return args.n == 0;
}

enum gh_rc gh_extract_main(struct gh_tool *t, struct gh_err *err)
{
	struct gh_extract_name name[GH_EXTRACT_NAMES];
	struct gh_limits lim = gh_limits_default;
	struct gh_extract_walk w = { .lim = &lim };
	struct gh_src_fd in;
	struct side s = { .t = t };
	const struct gh_extract_host host = { &s, on_write, on_spill, on_member, on_left, on_inert };
	if (t->nfile != 1 || !t->output || !read_args(&w, name, t->args))
		return gh_fail(err, GH_E_BUG, "a job of another form");
	lim.arena = t->memory / 8;
	s.out = gh_tool_output(t);
	if (s.out < 0)
		return gh_fail_sys(err, errno, "no descriptor for the output");
	GH_TRY(gh_tool_open(t, 0, &in, err), err, "the archive");
	enum gh_rc rc = gh_extract_walk(&in.src, &w, &host, err);
	gh_src_fd_close(&in);
	return rc;
}
