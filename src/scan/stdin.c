#include "scan/stdin.h"

#include "os/file.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static bool write_fully(int fd, const char *p, size_t n)
{
	while (n != 0) {
		ssize_t w = write(fd, p, n);
		if (w < 0 && errno == EINTR)
			continue;
		if (w <= 0)
			return false;
		p += w;
		n -= (size_t)w;
	}
	return true;
}

int gh_stdin_spool(uint64_t limit, char *why, size_t cap)
{
	char buf[65536];
	uint64_t total = 0;
	int fd = gh_os_unlinked_file();
	if (fd < 0) {
		(void)snprintf(why, cap, "no temporary file for standard input in $TMPDIR or /var/tmp: %s",
			       strerror(errno));
		return -1;
	}
	for (ssize_t n; (n = read(STDIN_FILENO, buf, sizeof buf)) != 0;) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			(void)snprintf(why, cap, "standard input cannot be read: %s", strerror(errno));
		else if ((total += (uint64_t)n) > limit)
			(void)snprintf(why, cap, "standard input is longer than %llu bytes (--limit-expanded)",
				       (unsigned long long)limit);
		else if (!write_fully(fd, buf, (size_t)n))
			(void)snprintf(
				why, cap,
				"standard input does not fit into the directory for temporary files ($TMPDIR): %s",
				strerror(errno));
		else
			continue;
		(void)close(fd);
		return -1;
	}
	return fd;
}
