/* sweep - the bundled YARA rules over files: sweep [-l] FILE|DIRECTORY...
 * Prints "RULE FILE" for each match (with -l: for each FILE that has none, "- FILE" as well); status 1 when there was one. The
 * files are read whole, up to 64 MiB of each. For tests/e2e/test_malware.py and script/yara-sweep. */
#include "scan/yara.h"

#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FILE_MAX = 64 << 20 };

static const char *now;
static unsigned long matches, files, here;

static void on_hit(void *arg, const struct gh_yara_hit *h)
{
	(void)arg;
	(void)printf("%s %s: %s\n", h->rule, now, h->what);
	matches++;
	here++;
}

static void one(struct gh_yara *y, const char *path, bool list)
{
	static uint8_t whole[FILE_MAX];
	int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	size_t n = 0;
	ssize_t got;
	if (fd < 0)
		return;
	while (n < sizeof whole && (got = read(fd, whole + n, sizeof whole - n)) > 0)
		n += (size_t)got;
	(void)close(fd);
	now = path;
	here = 0;
	files++;
	gh_yara_begin(y, GH_YARA_HERE, n, gh_span_str(path));
	gh_yara_put(y, GH_YARA_HERE, (struct gh_span){ whole, n }, 0, true);
	const char *why = gh_yara_end(y, GH_YARA_HERE, on_hit, NULL);
	if (why != NULL) {
		(void)printf("! %s: %s\n", path, why);
		matches++;
	}
	if (list && here == 0)
		(void)printf("- %s\n", path);
}

int main(int argc, char **argv)
{
	bool list = argc > 1 && strcmp(argv[1], "-l") == 0;
	struct gh_yara *y = gh_yara_new((struct gh_span){ 0 }, 600);
	if (argc < (list ? 3 : 2) || y == NULL) {
		(void)fputs("usage: sweep [-l] FILE|DIRECTORY...\n", stderr);
		return 64;
	}
	FTS *tree = fts_open(argv + (list ? 2 : 1), FTS_PHYSICAL | FTS_NOCHDIR, NULL);
	for (FTSENT *e; tree != NULL && (e = fts_read(tree)) != NULL;)
		if (e->fts_info == FTS_F)
			one(y, e->fts_path, list);
	if (tree != NULL)
		(void)fts_close(tree);
	gh_yara_free(y);
	(void)fprintf(stderr, "sweep: %lu files, %lu matches\n", files, matches);
	return matches != 0;
}
