#include "catalog/reserve.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

enum { LEAST = 256 << 10, PLENTY = 4 /* times the reserve */, PIECE = 64 << 10 };
#define NAME "run/reserve"

static bool free_bytes(const struct gh_home *h, uint64_t *out)
{
	struct statvfs fs;
	if (h->dir[0] == '\0' || statvfs(h->dir, &fs) != 0)
		return false;
	*out = (uint64_t)fs.f_bavail * fs.f_frsize;
	return true;
}

bool gh_reserve_needed(const struct gh_home *h)
{
	uint64_t room;
	return free_bytes(h, &room) && room <= LEAST;
}

bool gh_reserve_release(const struct gh_home *h)
{
	char path[GH_HOME_PATH + 32];
	struct stat st;
	const char *p = gh_home_path(h, NAME, path, sizeof path);
	int fd = p == NULL ? -1 : open(p, O_WRONLY | O_NOFOLLOW | O_CLOEXEC);
	bool good = fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size > 0 && ftruncate(fd, 0) == 0;
	if (fd >= 0)
		(void)close(fd);
	return good;
}

void gh_reserve_hold(const struct gh_home *h, bool any)
{
	char path[GH_HOME_PATH + 32];
	struct stat st;
	uint64_t room;
	const char *p = gh_home_path(h, NAME, path, sizeof path);
	if (p == NULL || !free_bytes(h, &room) || (!any && room < (uint64_t)GH_RESERVE * PLENTY))
		return;
	int fd = open(p, O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return;
	/* Piece by piece, as far as it goes: what stays free is too little to be mistaken for room. Blocks of its own, no hole. */
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
		for (off_t at = st.st_size / PIECE * PIECE; at < GH_RESERVE && fallocate(fd, 0, at, PIECE) == 0;
		     at += PIECE)
			;
	(void)close(fd);
}
