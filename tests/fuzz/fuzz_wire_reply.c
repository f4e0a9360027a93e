/* Any bytes are an answer, a broken one, or the beginning of one; what they give does not depend on the pieces they arrive in, and
 * what is shown of it holds nothing that steers a terminal. */
#include "wire/reply.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

struct seen {
	struct gh_buf all;
	unsigned events;
};

static bool note(void *arg, struct gh_span data)
{
	struct seen *s = arg;
	gh_auto_buf shown = gh_buf(8 * (size_t)GH_REPLY_EVENT + 64);
	gh_reply_safe(&shown, data);
	for (size_t i = 0; i < shown.n; i++)
		if ((shown.p[i] < ' ' && shown.p[i] != '\n' && shown.p[i] != '\t') || shown.p[i] == 0x7f)
			__builtin_trap();
	gh_buf_ch(&s->all, '<');
	gh_buf_span(&s->all, data);
	return ++s->events < 1000;
}

static bool run(struct gh_span all, size_t step, struct seen *s, unsigned *status)
{
	struct gh_reply r;
	gh_reply_begin(&r, note, s);
	for (size_t at = 0; at < all.n; at += step)
		if (!gh_reply_feed(&r, gh_span_cut(all, at, step)))
			break;
	bool good = gh_reply_end(&r);
	*status = r.status;
	gh_reply_free(&r);
	return good;
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct seen a = { .all = gh_buf(16 << 20) }, b = { .all = gh_buf(16 << 20) };
	unsigned sa, sb;
	struct gh_span all = { p, n };
	bool ga = run(all, n + 1, &a, &sa), gb = run(all, n > 0 ? (p[0] & 15) + 1u : 1, &b, &sb);
	if (ga != gb || sa != sb || a.events != b.events || !gh_span_eq(gh_buf_view(&a.all), gh_buf_view(&b.all)))
		__builtin_trap();
	gh_buf_free(&a.all);
	gh_buf_free(&b.all);
	return 0;
}
