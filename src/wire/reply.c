#include "wire/reply.h"

#include <string.h>
#include <strings.h>

enum { HEAD, SIZE, CHUNK, CHUNK_END, TRAILER, BODY, DONE };

void gh_reply_begin(struct gh_reply *r, bool (*event)(void *arg, struct gh_span data), void *arg)
{
	*r = (struct gh_reply){ .state = HEAD,
				.head = gh_buf(GH_REPLY_HEAD),
				.line = gh_buf(GH_REPLY_EVENT),
				.data = gh_buf(GH_REPLY_EVENT),
				.event = event,
				.arg = arg };
}

void gh_reply_free(struct gh_reply *r)
{
	gh_buf_free(&r->head);
	gh_buf_free(&r->line);
	gh_buf_free(&r->data);
}

static bool bad(struct gh_reply *r)
{
	r->bad = true;
	r->state = DONE;
	return false;
}

/* ---- head ------------------------------------------------------------------------------------------------------------------- */
static struct gh_span trimmed(struct gh_span s)
{
	while (s.n > 0 && (s.p[0] == ' ' || s.p[0] == '\t'))
		s = gh_span_cut(s, 1, s.n);
	while (s.n > 0 && (s.p[s.n - 1] == ' ' || s.p[s.n - 1] == '\t' || s.p[s.n - 1] == '\r'))
		s.n--;
	return s;
}

static bool same(struct gh_span s, const char *word)
{
	return s.n == strlen(word) && strncasecmp((const char *)s.p, word, s.n) == 0;
}

static bool decimal(struct gh_span s, uint64_t *out)
{
	*out = 0;
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] < '0' || s.p[i] > '9' || *out > UINT64_MAX / 10 - 10)
			return false;
		*out = *out * 10 + (uint64_t)(s.p[i] - '0');
	}
	return s.n > 0;
}

static bool status_line(struct gh_reply *r, struct gh_span l)
{
	uint64_t v;
	if (l.n < 12 || memcmp(l.p, "HTTP/1.", 7) != 0 || l.p[8] != ' ' || !decimal(gh_span_cut(l, 9, 3), &v) ||
	    v < 200 || v > 599)
		return false;
	r->status = (unsigned)v;
	return true;
}

static bool field(struct gh_reply *r, struct gh_span l)
{
	const uint8_t *colon = memchr(l.p, ':', l.n);
	if (colon == NULL || colon == l.p)
		return false;
	struct gh_span name = { l.p, (size_t)(colon - l.p) };
	struct gh_span value = trimmed(gh_span_cut(l, name.n + 1, l.n));
	if (same(name, "transfer-encoding")) {
		if (!same(value, "chunked") || r->chunked)
			return false;
		r->chunked = true;
	} else if (same(name, "content-length")) {
		if (r->length_known || !decimal(value, &r->left))
			return false;
		r->length_known = true;
	} else if (same(name, "content-type")) {
		r->events = value.n >= 17 && strncasecmp((const char *)value.p, "text/event-stream", 17) == 0;
	}
	return true;
}

/* The whole head stands in r->head. */
static bool head(struct gh_reply *r)
{
	struct gh_span all = gh_buf_view(&r->head);
	bool first = true;
	for (size_t at = 0; at < all.n;) {
		const uint8_t *nl = memchr(all.p + at, '\n', all.n - at);
		size_t end = (size_t)(nl - all.p);
		struct gh_span l = trimmed(gh_span_cut(all, at, end - at));
		at = end + 1;
		if (l.n == 0)
			break;
		if (!(first ? status_line(r, l) : field(r, l)))
			return bad(r);
		first = false;
	}
	if (first || (r->chunked && r->length_known))
		return bad(r);
	r->head.n = 0;
	r->state = r->chunked ? SIZE : BODY;
	return true;
}

/* ---- events -------------------------------------------------------------------------------------------------------------------- */
static bool give(struct gh_reply *r)
{
	bool go = r->data.n == 0 || r->event(r->arg, gh_buf_view(&r->data));
	r->data.n = 0;
	return go;
}

static bool line(struct gh_reply *r)
{
	struct gh_span l = gh_buf_view(&r->line);
	if (l.n > 0 && l.p[l.n - 1] == '\r')
		l.n--;
	bool go = true;
	if (l.n == 0)
		go = give(r);
	else if (l.n >= 5 && memcmp(l.p, "data:", 5) == 0) {
		struct gh_span v = gh_span_cut(l, l.n > 5 && l.p[5] == ' ' ? 6 : 5, l.n);
		if (r->data.n > 0)
			gh_buf_ch(&r->data, '\n');
		gh_buf_span(&r->data, v);
	}
	r->line.n = 0;
	return go && !r->data.full;
}

static bool body(struct gh_reply *r, struct gh_span s)
{
	if (!r->events) {
		gh_buf_span(&r->data, s);
		return !r->data.full || bad(r);
	}
	while (s.n > 0) {
		const uint8_t *nl = memchr(s.p, '\n', s.n);
		size_t n = nl != NULL ? (size_t)(nl - s.p) : s.n;
		gh_buf_put(&r->line, s.p, n);
		if (r->line.full)
			return bad(r);
		if (nl == NULL)
			return true;
		if (!line(r)) {
			r->bad = r->bad || r->data.full;
			r->state = DONE;
			return false;
		}
		s = gh_span_cut(s, n + 1, s.n);
	}
	return true;
}

/* ---- chunks -------------------------------------------------------------------------------------------------------------------- */
static bool chunk_size(struct gh_reply *r)
{
	struct gh_span l = trimmed(gh_buf_view(&r->head));
	uint64_t n = 0;
	size_t i = 0;
	for (; i < l.n && l.p[i] != ';' && l.p[i] != ' '; i++) {
		uint8_t c = l.p[i];
		unsigned d = c >= '0' && c <= '9'   ? c - (unsigned)'0'
			     : c >= 'a' && c <= 'f' ? c - (unsigned)'a' + 10u
			     : c >= 'A' && c <= 'F' ? c - (unsigned)'A' + 10u
						    : 16u;
		if (d == 16 || n > UINT32_MAX)
			return bad(r);
		n = n * 16 + d;
	}
	r->head.n = 0;
	if (i == 0)
		return bad(r);
	r->left = n;
	r->state = n == 0 ? TRAILER : CHUNK;
	return true;
}

static bool finished(struct gh_reply *r)
{
	r->state = DONE;
	if (!r->bad)
		(void)give(r);
	return false;
}

/* A line of the head, of a chunk's size, of the trailer: complete in r->head. */
static bool one_line(struct gh_reply *r)
{
	size_t n = trimmed(gh_buf_view(&r->head)).n;
	switch (r->state) {
	case SIZE: return chunk_size(r);
	case CHUNK_END:
		r->head.n = 0;
		r->state = SIZE;
		return n == 0 || bad(r);
	case TRAILER: r->head.n = 0; return n == 0 ? finished(r) : true;
	default: return true;
	}
}

static bool byte(struct gh_reply *r, uint8_t c)
{
	gh_buf_ch(&r->head, (char)c);
	if (r->head.full)
		return bad(r);
	if (c != '\n')
		return true;
	if (r->state != HEAD) {
		r->head.n -= 1;
		return one_line(r);
	}
	size_t n = r->head.n;
	bool over = (n >= 2 && r->head.p[n - 2] == '\n') ||
		    (n >= 3 && r->head.p[n - 2] == '\r' && r->head.p[n - 3] == '\n');
	return over ? head(r) : true;
}

bool gh_reply_feed(struct gh_reply *r, struct gh_span s)
{
	while (s.n > 0 && r->state != DONE) {
		if (r->state != CHUNK && r->state != BODY) {
			if (!byte(r, s.p[0]))
				return false;
			s = gh_span_cut(s, 1, s.n);
			if (r->state == BODY && r->length_known && r->left == 0)
				return finished(r);
			continue;
		}
		bool bounded = r->state == CHUNK || r->length_known;
		size_t n = bounded && r->left < s.n ? (size_t)r->left : s.n;
		if (!body(r, gh_span_cut(s, 0, n)))
			return false;
		s = gh_span_cut(s, n, s.n);
		r->left -= bounded ? n : 0;
		if (r->state == CHUNK && r->left == 0)
			r->state = CHUNK_END;
		else if (r->state == BODY && r->length_known && r->left == 0)
			return finished(r);
	}
	return r->state != DONE;
}

bool gh_reply_end(struct gh_reply *r)
{
	if (r->state == BODY && !r->length_known)
		(void)finished(r);
	return r->state == DONE && !r->bad;
}

/* ---- for a terminal --------------------------------------------------------------------------------------------------------------- */
void gh_reply_safe(struct gh_buf *out, struct gh_span s)
{
	for (size_t i = 0; i < s.n;) {
		uint8_t c = s.p[i];
		size_t n = 1;
		if (c == '\n' || c == '\t' || (c >= ' ' && c < 0x7f)) {
			gh_buf_ch(out, (char)c);
		} else if (c < 0x80) {
			if (c != '\r')
				gh_buf_safe(out, gh_span_cut(s, i, 1), 16);
		} else {
			while (i + n < s.n && s.p[i + n] >= 0x80)
				n++;
			gh_buf_safe(out, gh_span_cut(s, i, n), 8 * n + 16);
		}
		i += n;
	}
}
