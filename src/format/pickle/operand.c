/* operand.c - how the stream is read: counted bytes, lines, and the frames that pickle.py enforces and the C reader
 * ignores. Frames are followed in every dialect, so that a difference between the readers is noticed. */
#include "format/pickle/machine.h"

static void window(struct pkl *m, uint64_t off, size_t want)
{
	struct gh_span s = gh_src_window(m->src, off, want < GH_CUR_WINDOW ? GH_CUR_WINDOW : want);
	static const uint8_t nothing[1];
	m->win = m->p = s.p == NULL ? nothing : s.p;
	m->end = m->win + s.n;
	m->base = off;
	m->epoch = *m->src->epoch;
	m->lim = m->end;
	if (m->frame_end - off < s.n) /* frame_end >= off while a frame is open */
		m->lim = m->win + (m->frame_end - off);
}

void pkl_seek(struct pkl *m, uint64_t off) { window(m, off, 0); }

void pkl_sync(struct pkl *m)
{
	if (m->epoch != *m->src->epoch)
		window(m, pkl_off(m), 0);
}

/* pickle.py drops a frame when something is read at its very end, the C reader on a file when a read crosses its end;
 * what follows comes from the file. */
static void leave_frame(struct pkl *m)
{
	uint64_t to = m->file_pos;
	m->frame_end = UINT64_MAX;
	if ((m->dialect & (PKL_PY | PKL_FILE)) != 0 && to != pkl_off(m)) {
		pkl_flush_claims(m, pkl_off(m), pkl_off(m));
		m->claim_from = to;
		window(m, to, 0);
		return;
	}
	m->lim = m->end;
}

/* A read wants more than the frame still holds. */
static bool cross_frame(struct pkl *m, bool into)
{
	if ((m->dialect & PKL_PY) != 0)
		return pkl_break(m, "a read crosses the end of its frame");
	pkl_differs(m, PKL_PART_FILE, "a read crosses the end of its frame");
	if (into) /* bytes are copied: first what is left of the frame, then from the file */
		m->file_pos = pkl_off(m);
	leave_frame(m);
	return true;
}

bool pkl_frame_holds(struct pkl *m, uint64_t n, bool into)
{
	if (m->frame_end == UINT64_MAX || n == 0)
		return true;
	uint64_t left = m->frame_end - pkl_off(m);
	if (left == 0)
		leave_frame(m);
	return left == 0 || n <= left || cross_frame(m, into);
}

static bool truncated(struct pkl *m)
{
	if (m->src->fail != GH_OK) {
		m->sink_stop = true;
		m->rc = m->src->fail;
		return false;
	}
	m->at_end = true;
	return pkl_break(m, "the stream ends inside an opcode");
}

const uint8_t *pkl_bytes(struct pkl *m, size_t n)
{
	pkl_sync(m);
	if (n > (size_t)(m->lim - m->p)) {
		if (!pkl_frame_holds(m, n, false))
			return NULL;
		uint64_t off = pkl_off(m);
		if (n > m->src->size - off) {
			(void)truncated(m);
			return NULL;
		}
		if (n > (size_t)(m->end - m->p)) {
			gh_src_advance(m->src, off);
			window(m, off, n);
			if (n > (size_t)(m->end - m->p)) {
				(void)truncated(m);
				return NULL;
			}
		}
	}
	const uint8_t *p = m->p;
	m->p += n;
	return p;
}

bool pkl_skip(struct pkl *m, uint64_t n)
{
	pkl_sync(m);
	if (n <= (uint64_t)(m->lim - m->p)) {
		m->p += n;
		return true;
	}
	if (!pkl_frame_holds(m, n, false))
		return false;
	uint64_t off = pkl_off(m);
	if (n > m->src->size - off)
		return truncated(m);
	if (n <= (uint64_t)(m->end - m->p))
		m->p += n;
	else
		window(m, off + n, 0);
	return true;
}

/* Offset of the next newline, or UINT64_MAX. */
static uint64_t find_newline(struct pkl *m, uint64_t off)
{
	while (off < m->src->size) {
		struct gh_span s = gh_src_window(m->src, off, GH_CUR_WINDOW);
		if (s.n == 0)
			return UINT64_MAX;
		const uint8_t *nl = memchr(s.p, '\n', s.n);
		if (nl != NULL)
			return off + (uint64_t)(nl - s.p);
		off += s.n;
	}
	return UINT64_MAX;
}

/* A line without a newline: the C reader raises, pickle.py takes what is there and drops the last byte. */
static bool last_line(struct pkl *m, struct pkl_line *l, uint64_t off)
{
	if (m->src->fail != GH_OK)
		return truncated(m);
	pkl_differs(m, PKL_PART_PY, "a line without its newline ends the file");
	if ((m->dialect & PKL_PY) == 0 || m->frame_end != UINT64_MAX) {
		m->at_end = true;
		return pkl_break(m, "a line does not end");
	}
	l->cut = true;
	l->off = off;
	l->len = off == m->src->size ? 0 : m->src->size - off - 1;
	return true;
}

bool pkl_line(struct pkl *m, struct pkl_line *l, bool short_only)
{
	pkl_sync(m);
	*l = (struct pkl_line){ .off = pkl_off(m) };
	const uint8_t *nl = memchr(m->p, '\n', (size_t)(m->lim - m->p));
	if (nl != NULL) {
		l->p = m->p;
		l->len = (uint64_t)(nl - m->p);
		m->p = nl + 1;
		return true;
	}
	if (m->frame_end == pkl_off(m))
		leave_frame(m);
	uint64_t at = find_newline(m, pkl_off(m));
	if (m->frame_end != UINT64_MAX && at >= m->frame_end) {
		if (!cross_frame(m, false))
			return false;
		at = find_newline(m, pkl_off(m));
	}
	l->off = pkl_off(m);
	if (at != UINT64_MAX)
		l->len = at - l->off;
	else if (!last_line(m, l, l->off))
		return false;
	uint64_t next = l->off + l->len + 1;
	if (l->len > GH_WINDOW_MAX - 1) {
		if (short_only)
			return pkl_limit(m, "a line of %llu bytes", (unsigned long long)l->len);
		window(m, next, 0);
		return true;
	}
	window(m, l->off, (size_t)l->len + 1);
	if ((uint64_t)(m->end - m->p) < l->len)
		return truncated(m);
	l->p = m->p;
	m->p += l->len + 1 <= (uint64_t)(m->end - m->p) ? l->len + 1 : (uint64_t)(m->end - m->p);
	return true;
}
