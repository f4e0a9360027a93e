/* file.h - opening and reading files that somebody else may be changing. */
#ifndef GH_OS_FILE_H
#define GH_OS_FILE_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

/* Open a regular file for reading, close-on-exec; never blocks on a pipe or a device. -1 with errno (EINVAL when it is
 * no regular file); *st is filled when the file exists. */
int gh_os_open_regular(const char *path, struct stat *st);
/* Read exactly n bytes at off. False with errno; ENODATA when the file ends before. */
bool gh_os_read_at(int fd, void *p, size_t n, uint64_t off);
/* An unlinked file in $TMPDIR or /var/tmp, for reading and writing; -1 with errno. */
int gh_os_unlinked_file(void);
/* Do both descriptions show the same, unchanged file? */
bool gh_os_same_file(const struct stat *a, const struct stat *b);
#endif
