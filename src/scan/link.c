#include "scan/link.h"

#include "os/ipc.h"
#include "scan/spool.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

/* The trusted process reads whole blocks: up to one block of the ring beyond `hold` may stay unfilled. */
enum { LOOK_BACK = GH_RING / 4, REACH = GH_RING - GH_BLOCK };

bool gh_link_open(struct gh_link *l)
{
	*l = (struct gh_link){ .sock = GH_WORKER_SOCK };
	uint8_t *m = mmap(NULL, 2 * (size_t)GH_RING + GH_SLOTS * GH_WINDOW_MAX, PROT_NONE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (m == MAP_FAILED)
		return false;
	l->mem = m;
	return mmap(m, GH_RING, PROT_READ, MAP_SHARED | MAP_FIXED, GH_WORKER_SHM, 0) == m &&
	       mmap(m + GH_RING, GH_SHM, PROT_READ, MAP_SHARED | MAP_FIXED, GH_WORKER_SHM, 0) == m + GH_RING &&
	       close(GH_WORKER_SHM) == 0;
}

void gh_link_say(struct gh_link *l, uint32_t kind, uint64_t a, uint64_t b, uint64_t c, uint64_t d, struct gh_span text)
{
	struct gh_packet p = { .m = { .kind = kind, .job = l->job, .a = { a, b, c, d } } };
	p.m.len = (uint32_t)(text.n < sizeof p.text ? text.n : sizeof p.text);
	if (p.m.len != 0)
		memcpy(p.text, text.p, p.m.len);
	if (!gh_ipc_send(l->sock, &p, sizeof p.m + p.m.len, -1, 0))
		_exit(1); /* nobody is listening */
}

static void on_head(struct gh_link *l, uint64_t head)
{
	uint64_t fresh = l->head;
	if (head <= fresh || head > l->src.size)
		return;
	uint64_t back = fresh - l->hold < GH_SWEEP_OVERLAP ? fresh - l->hold : GH_SWEEP_OVERLAP;
	l->head = head;
	l->swept(l->arg, (struct gh_span){ l->mem + (fresh - back) % GH_RING, (size_t)(head - fresh + back) },
		 fresh - back, fresh);
}

/* Take one packet; returns its kind. *fd gets a descriptor that came along. */
static uint32_t take(struct gh_link *l, int *fd)
{
	struct gh_packet p;
	ssize_t n = gh_ipc_recv(l->sock, &p, sizeof p, fd, 0);
	if (n < (ssize_t)sizeof p.m)
		_exit(0); /* the trusted process has closed: we are not needed any more */
	if (p.m.kind == GH_TO_HEAD)
		on_head(l, p.m.a[0]);
	else if (p.m.kind == GH_TO_FAILED)
		l->failed = true;
	return p.m.kind;
}

static bool await_head(struct gh_link *l, uint64_t head)
{
	while (l->head < head && !l->failed)
		(void)take(l, NULL);
	return l->head >= head;
}

static void release(struct gh_link *l, uint64_t below)
{
	if (below > l->head)
		below = l->head;
	if (below <= l->hold)
		return;
	uint64_t end = l->head - below < GH_SWEEP_OVERLAP ? l->head : below + GH_SWEEP_OVERLAP;
	if (l->released != NULL)
		l->released(l->arg, (struct gh_span){ l->mem + l->hold % GH_RING, (size_t)(end - l->hold) }, l->hold,
			    below);
	l->hold = below;
	l->epoch++;
	gh_link_say(l, GH_FROM_HOLD, below, 0, 0, 0, (struct gh_span){ 0 });
}

static struct gh_span ring(struct gh_link *l, uint64_t off, size_t len)
{
	if (!await_head(l, off + len)) {
		l->src.fail = GH_E_IO;
		return (struct gh_span){ 0 };
	}
	return (struct gh_span){ l->mem + off % GH_RING, len };
}

static struct gh_span in_slot(const struct gh_link *l, uint64_t off, size_t len)
{
	for (unsigned i = 0; i < GH_SLOTS; i++)
		if (off >= l->slot[i].off && off - l->slot[i].off <= l->slot[i].n &&
		    len <= l->slot[i].n - (off - l->slot[i].off))
			return (struct gh_span){
				l->mem + 2 * (size_t)GH_RING + i * (size_t)GH_WINDOW_MAX + (off - l->slot[i].off), len
			};
	return (struct gh_span){ 0 };
}

static struct gh_span far_window(struct gh_link *l, uint64_t off, size_t len)
{
	struct gh_span w = in_slot(l, off, len);
	if (w.p != NULL)
		return w;
	/* Ask for a little more than needed: whoever looks back usually looks again nearby. */
	uint64_t from = off & ~(uint64_t)0xffff;
	uint64_t to = off + len < from + GH_CUR_WINDOW ? from + GH_CUR_WINDOW : off + len;
	if (to > l->src.size)
		to = l->src.size;
	if (to - from > GH_WINDOW_MAX) {
		from = off;
		to = off + len;
	}
	unsigned s = l->turn++ % GH_SLOTS;
	l->epoch++;
	l->slot[s].n = 0;
	gh_link_say(l, GH_FROM_WINDOW, from, to - from, s, 0, (struct gh_span){ 0 });
	while (!l->failed)
		if (take(l, NULL) == GH_TO_WINDOW) {
			l->slot[s].off = from;
			l->slot[s].n = (size_t)(to - from);
			return in_slot(l, off, len);
		}
	l->src.fail = GH_E_IO;
	return (struct gh_span){ 0 };
}

static struct gh_span window(struct gh_src *s, uint64_t off, size_t len)
{
	struct gh_link *l = (struct gh_link *)s;
	if (s->size <= GH_RING)
		return ring(l, off, len);
	if (off >= l->hold && off <= l->head) { /* moving along with the file */
		if (off > l->hold + GH_RING / 2 || off + len > l->hold + REACH)
			release(l, off - (off - l->hold < LOOK_BACK ? 0 : LOOK_BACK));
		return ring(l, off, len);
	}
	if (off >= l->hold && off + len <= l->hold + REACH)
		return ring(l, off, len);
	return far_window(l, off, len);
}

static struct gh_span peek(struct gh_src *s, uint64_t off, size_t len)
{
	struct gh_link *l = (struct gh_link *)s;
	if (off >= l->hold && off + len <= l->head)
		return (struct gh_span){ l->mem + off % GH_RING, len };
	return in_slot(l, off, len);
}

static void advance(struct gh_src *s, uint64_t off)
{
	struct gh_link *l = (struct gh_link *)s;
	if (s->size <= GH_RING)
		return;
	while (l->head < off && !l->failed) {
		release(l, l->head < GH_SWEEP_OVERLAP ? 0 : l->head - GH_SWEEP_OVERLAP);
		(void)await_head(l, l->head + 1);
	}
	if (l->failed)
		s->fail = GH_E_IO;
}

static void take_ranges(struct gh_link *l, const struct gh_packet *p)
{
	for (size_t at = 0; at + 16 <= p->m.len && l->ndeclared < GH_RANGES_MAX; at += 16) {
		const uint8_t *pair = (const uint8_t *)p->text + at;
		l->declared[l->ndeclared++] = (struct gh_range){ gh_le64(pair), gh_le64(pair + 8) };
	}
}

bool gh_link_next(struct gh_link *l, char *name, size_t cap)
{
	struct gh_packet p;
	ssize_t n;
	l->ndeclared = 0;
	do { /* late announcements of the file before this one may still be in the queue */
		n = gh_ipc_recv(l->sock, &p, sizeof p, NULL, 0);
		if (n >= (ssize_t)sizeof p.m && p.m.kind == GH_TO_RANGES)
			take_ranges(l, &p);
	} while (n >= (ssize_t)sizeof p.m && p.m.kind != GH_TO_JOB);
	if (n < (ssize_t)sizeof p.m)
		return false;
	size_t len = p.m.len < cap - 1 ? p.m.len : cap - 1;
	memcpy(name, p.text, len);
	name[len] = '\0';
	l->src = (struct gh_src){ .size = p.m.a[0],
				  .window = window,
				  .peek = peek,
				  .advance = advance,
				  .epoch = &l->epoch,
				  .stable = p.m.a[0] <= GH_RING };
	l->job = p.m.job;
	l->head = l->hold = 0;
	l->failed = false;
	l->epoch++;
	memset(l->slot, 0, sizeof l->slot);
	l->swept = NULL;
	l->released = NULL;
	/* A small file is there as a whole; of a large one the first block. */
	l->head = p.m.a[1] <= l->src.size ? p.m.a[1] : l->src.size;
	return true;
}

void gh_link_start(struct gh_link *l)
{
	uint64_t have = l->head;
	if (l->src.stable)
		return; /* the pipeline looks at it as a whole */
	l->head = 0;
	on_head(l, have);
}

int gh_link_spill(struct gh_link *l)
{
	int fd = -1;
	gh_link_say(l, GH_FROM_SPILL, 0, 0, 0, 0, (struct gh_span){ 0 });
	while (take(l, &fd) != GH_TO_SPILL)
		if (fd >= 0)
			(void)close(fd);
	return fd;
}
