/* Sources over open files, and writing to them: of tool_side.h the part that needs no socket and no sandbox. */
#include "scan/tool_side.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

bool gh_tool_write(int fd, uint64_t off, struct gh_span s)
{
	while (s.n != 0) {
		ssize_t r = pwrite(fd, s.p, s.n, (off_t)off);
		if (r < 0 && errno == EINTR)
			continue;
		if (r <= 0)
			return false;
		off += (uint64_t)r;
		s = gh_span_cut(s, (uint64_t)r, s.n);
	}
	return true;
}

static struct gh_span held(const struct gh_src_fd *s, uint64_t off, size_t len)
{
	for (unsigned i = 0; i < 2; i++)
		if (off >= s->buf[i].off && off - s->buf[i].off <= s->buf[i].n &&
		    len <= s->buf[i].n - (off - s->buf[i].off))
			return (struct gh_span){ s->buf[i].p + (off - s->buf[i].off), len };
	return (struct gh_span){ 0 };
}

static struct gh_span peek(struct gh_src *src, uint64_t off, size_t len)
{
	return held((struct gh_src_fd *)src, off, len);
}

static struct gh_span window(struct gh_src *src, uint64_t off, size_t len)
{
	struct gh_src_fd *s = (struct gh_src_fd *)src;
	struct gh_span have = held(s, off, len);
	if (have.p != NULL || len == 0)
		return have;
	size_t n = len < GH_CUR_WINDOW ? GH_CUR_WINDOW : len, got = 0;
	if (n > src->size - off)
		n = (size_t)(src->size - off);
	unsigned i = s->turn++ % 2;
	s->epoch++;
	s->buf[i].n = 0;
	s->buf[i].off = off;
	while (got < n) {
		ssize_t r = pread(s->fd, s->buf[i].p + got, n - got, (off_t)(off + got));
		if (r < 0 && errno == EINTR)
			continue;
		if (r <= 0) { /* it became shorter, or the disk said no */
			src->fail = GH_E_IO;
			return (struct gh_span){ 0 };
		}
		got += (size_t)r;
	}
	s->buf[i].n = n;
	return (struct gh_span){ s->buf[i].p, len };
}

struct gh_src *gh_src_fd(struct gh_src_fd *s, int fd, uint64_t size)
{
	*s = (struct gh_src_fd){ .fd = fd };
	s->src = (struct gh_src){ .size = size, .window = window, .peek = peek, .epoch = &s->epoch };
	for (unsigned i = 0; i < 2; i++)
		s->buf[i].p = malloc(GH_WINDOW_MAX);
	if (s->buf[0].p != NULL && s->buf[1].p != NULL)
		return &s->src;
	gh_src_fd_close(s);
	return NULL;
}

void gh_src_fd_close(struct gh_src_fd *s)
{
	if (s->fd >= 0)
		(void)close(s->fd);
	for (unsigned i = 0; i < 2; i++) {
		free(s->buf[i].p);
		s->buf[i].p = NULL;
		s->buf[i].n = 0;
	}
	s->fd = -1;
	s->src.fail = GH_E_IO;
}
