#include "scan/data.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

enum { ALIGN = 64 };

struct head {
	struct {
		uint64_t off, len;
	} at[GH_DATA_KINDS];
};

static uint64_t aligned(uint64_t n) { return (n + ALIGN - 1) / ALIGN * ALIGN; }

/* Written, not mapped: a page fault for each page costs more than the copy. */
static bool put(int fd, uint64_t off, const void *bytes, size_t n)
{
	const uint8_t *p = bytes;
	while (n > 0) {
		ssize_t wrote = pwrite(fd, p, n, (off_t)off);
		if (wrote < 0 && errno == EINTR)
			continue;
		if (wrote <= 0)
			return false;
		p += wrote;
		off += (uint64_t)wrote;
		n -= (size_t)wrote;
	}
	return true;
}

int gh_data_seal(const struct gh_data *d, uint64_t *size)
{
	struct head h = { 0 };
	uint64_t end = aligned(sizeof h);
	bool any = false;
	for (size_t i = 0; i < GH_DATA_KINDS; i++) {
		if (d->section[i].p == NULL)
			continue;
		h.at[i].off = end;
		h.at[i].len = d->section[i].n;
		end = aligned(end + d->section[i].n);
		any = true;
	}
	*size = 0;
	if (!any)
		return -1;
	*size = end; /* also when it fails: there was something to seal */
	int fd = memfd_create("gatehouse-data", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (fd < 0)
		return -1;
	bool ok = ftruncate(fd, (off_t)end) == 0 && put(fd, 0, &h, sizeof h);
	for (size_t i = 0; ok && i < GH_DATA_KINDS; i++)
		ok = put(fd, h.at[i].off, d->section[i].p, d->section[i].n);
	if (!ok || fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL) != 0) {
		int e = errno;
		(void)close(fd);
		errno = e;
		return -1;
	}
	return fd;
}

bool gh_data_map(int fd, uint64_t size, struct gh_data *out)
{
	*out = (struct gh_data){ 0 };
	if (size == 0)
		return true;
	const uint8_t *m = mmap(NULL, size, PROT_READ, MAP_SHARED, fd, 0);
	struct head h;
	if (m == MAP_FAILED || size < sizeof h || close(fd) != 0)
		return false;
	memcpy(&h, m, sizeof h);
	for (size_t i = 0; i < GH_DATA_KINDS; i++) {
		if (h.at[i].off > size || h.at[i].len > size - h.at[i].off)
			return false;
		if (h.at[i].off != 0)
			out->section[i] = (struct gh_span){ m + h.at[i].off, (size_t)h.at[i].len };
	}
	return true;
}
