/* sweep - the bundled YARA rules over files: sweep [-l] FILE|DIRECTORY..., sweep -t MB FILE|DIRECTORY...
 * Prints "RULE FILE" for each match (with -l: for each FILE that has none, "- FILE" as well); status 1 when there was one. With -t
 * matches do not count: prints "MB/S FILE" for each FILE that took longer than so many megabytes a second of processor time (the
 * best of five), and the slowest of all; status 1 when there was one. The files are read whole, up to 64 MiB of each. For
 * tests/e2e/test_malware.py and script/yara-sweep. */
#include "scan/yara.h"

#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { FILE_MAX = 64 << 20 };

static const char *now;
static unsigned long matches, files, here;

static double least, slowest; /* MB/s: what -t asks for, what was seen; 0: nobody asked */
static char which[4096];

static double clock_now(void)
{
	struct timespec t;
	(void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void on_hit(void *arg, const struct gh_yara_hit *h)
{
	(void)arg;
	if (least > 0)
		return;
	(void)printf("%s %s: %s\n", h->rule, now, h->what);
	matches++;
	here++;
}

static void time_one(struct gh_yara *y, struct gh_span s, const char *path)
{
	double best = 0;
	for (unsigned i = 0; i < 5 && (best == 0 || (double)s.n / best < least * 1e6); i++) {
		double from = clock_now();
		gh_yara_begin(y, GH_YARA_HERE, s.n, gh_span_str(path));
		gh_yara_put(y, GH_YARA_HERE, s, 0, true);
		(void)gh_yara_end(y, GH_YARA_HERE, on_hit, NULL);
		double took = clock_now() - from;
		best = best == 0 || took < best ? took : best;
	}
	double speed = s.n == 0 || best <= 0 ? 1e6 : (double)s.n / best / 1e6;
	if (slowest == 0 || speed < slowest) {
		slowest = speed;
		(void)snprintf(which, sizeof which, "%s", path);
	}
	if (speed >= least)
		return;
	(void)printf("%.2f %s\n", speed, path);
	matches++;
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
	if (least > 0) {
		time_one(y, (struct gh_span){ whole, n }, path);
		return;
	}
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
	bool timed = argc > 2 && strcmp(argv[1], "-t") == 0;
	int first = list ? 2 : timed ? 3 : 1;
	struct gh_yara *y = gh_yara_new((struct gh_span){ 0 }, 600);
	least = timed ? strtod(argv[2], NULL) : 0;
	if (argc <= first || y == NULL || (timed && least <= 0)) {
		(void)fputs("usage: sweep [-l] FILE|DIRECTORY..., sweep -t MB FILE|DIRECTORY...\n", stderr);
		return 64;
	}
	FTS *tree = fts_open(argv + first, FTS_PHYSICAL | FTS_NOCHDIR, NULL);
	for (FTSENT *e; tree != NULL && (e = fts_read(tree)) != NULL;)
		if (e->fts_info == FTS_F)
			one(y, e->fts_path, list);
	if (tree != NULL)
		(void)fts_close(tree);
	gh_yara_free(y);
	if (timed)
		(void)fprintf(stderr, "sweep: %lu files, slowest %.2f MB/s: %s\n", files, slowest, which);
	else
		(void)fprintf(stderr, "sweep: %lu files, %lu matches\n", files, matches);
	return matches != 0;
}
