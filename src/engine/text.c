#include "engine/text.h"

#include "base/utf8.h"

/* How many of the last bytes of what is held may be the beginning of a stop sequence. *met: one is complete at the end. */
static size_t beginning(const struct gh_text *t, bool *met)
{
	size_t most = 0;
	for (size_t i = 0; i < t->nstop; i++) {
		struct gh_span s = t->stop[i];
		if (t->nheld >= s.n && memcmp(t->held + t->nheld - s.n, s.p, s.n) == 0) {
			*met = true;
			return s.n;
		}
	}
	for (size_t i = 0; i < t->nstop; i++) {
		struct gh_span s = t->stop[i];
		for (size_t n = s.n - 1 < t->nheld ? s.n - 1 : t->nheld; n > most; n--)
			if (memcmp(t->held + t->nheld - n, s.p, n) == 0)
				most = n;
	}
	return most;
}

/* How many bytes at the end of p[0..n) begin a character and do not end it. */
static size_t unfinished(const uint8_t *p, size_t n)
{
	for (size_t back = 1; back <= 3 && back <= n; back++) {
		uint8_t c = p[n - back];
		if ((c & 0xc0) == 0x80)
			continue;
		size_t want = c >= 0xf0 && c <= 0xf4 ? 4 : c >= 0xe0 && c < 0xf0 ? 3 : c >= 0xc2 && c < 0xe0 ? 2 : 1;
		return want > back ? back : 0;
	}
	return 0;
}

static void release(struct gh_text *t, size_t n, struct gh_buf *out)
{
	gh_buf_put(out, t->held, n);
	memmove(t->held, t->held + n, t->nheld - n);
	t->nheld -= n;
}

void gh_text_put(struct gh_text *t, struct gh_span bytes, struct gh_buf *out)
{
	for (size_t i = 0; i < bytes.n && !t->stopped; i++) {
		t->held[t->nheld++] = bytes.p[i];
		size_t keep = beginning(t, &t->stopped);
		if (t->stopped) {
			release(t, t->nheld - keep, out);
			t->nheld = 0;
			return;
		}
		size_t ready = t->nheld - keep;
		release(t, ready - unfinished(t->held, ready), out);
	}
}

void gh_text_end(struct gh_text *t, struct gh_buf *out)
{
	size_t cut = unfinished(t->held, t->nheld);
	release(t, t->nheld - cut, out);
	if (cut > 0)
		gh_buf_str(out, "\xef\xbf\xbd");
	t->nheld = 0;
}
