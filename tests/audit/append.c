/* audit_append: a process that appends to an audit log, to be measured and to be killed.
 *
 *	audit_append create DIR		a new log of the origin example.com/log, with the tests' key
 *	audit_append run DIR N GROUP	appends N entries in groups of GROUP; one line per group once it was acknowledged:
 *					"FIRST COUNT ID-OF-THE-FIRST"; N 0: until killed, groups of 1 … GROUP
 *	audit_append time DIR N GROUP	the same without these lines; at the end the rate and how long a group took
 *
 * The signer's memory lies beside the log: DIR.signer. Exit status 0, or 2 with a line on the error stream. */
#include "support/auditmake.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static double now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int complain(const struct gh_err *err)
{
	char why[900];
	(void)fprintf(stderr, "audit_append: %s\n", gh_err_line(err, why, sizeof why));
	return 2;
}

static int by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

/* One group: entries made beforehand, so that only the log is measured. */
static bool group(struct gh_log *log, uint64_t number, size_t n, double *took, uint64_t *first, struct gh_err *err)
{
	struct gh_buf *b = calloc(n, sizeof *b);
	struct gh_span *e = calloc(n, sizeof *e);
	if (b == NULL || e == NULL)
		abort();
	for (size_t i = 0; i < n; i++) {
		b[i] = gh_buf(4096);
		audit_entry(number + i, &b[i]);
		e[i] = gh_buf_view(&b[i]);
	}
	double start = now();
	enum gh_rc rc = gh_log_append(log, e, n, first, err);
	*took = now() - start;
	for (size_t i = 0; i < n; i++)
		gh_buf_free(&b[i]);
	free(b);
	free(e);
	return rc == GH_OK;
}

static int run(struct gh_log *log, uint64_t total, size_t most, bool measure)
{
	struct gh_err err = { 0 };
	double *times = calloc(total / most + 2, sizeof *times), sum = 0;
	size_t n = 0;
	unsigned seed = (unsigned)getpid();
	/* Numbers that no other run uses, so that every id is new. */
	uint64_t number = measure ? gh_log_size(log) : (uint64_t)getpid() << 32 | (uint64_t)time(NULL) % 65536 << 16;
	for (uint64_t done = 0; total == 0 || done < total;) {
		size_t count = total == 0	     ? (size_t)rand_r(&seed) % most + 1
			       : total - done < most ? (size_t)(total - done)
						     : most;
		uint64_t first;
		double took;
		if (!group(log, number, count, &took, &first, &err)) {
			free(times);
			return complain(&err);
		}
		if (!measure) {
			char id[33], line[128];
			audit_id(number, id);
			int len = snprintf(line, sizeof line, "%llu %zu %s\n", (unsigned long long)first, count, id);
			if (write(STDOUT_FILENO, line, (size_t)len) != len)
				exit(2);
		} else {
			times[n++] = took;
			sum += took;
		}
		number += count;
		done += count;
	}
	if (measure) {
		qsort(times, n, sizeof *times, by_size);
		printf("{\"entries\": %llu, \"group\": %zu, \"per_second\": %.0f, \"median_ms\": %.2f, \"p99_ms\": "
		       "%.2f, "
		       "\"max_ms\": %.2f}\n",
		       (unsigned long long)total, most, (double)total / sum, times[n / 2] * 1e3,
		       times[n * 99 / 100] * 1e3, times[n - 1] * 1e3);
	}
	free(times);
	return 0;
}

int main(int argc, char **argv)
{
	struct audit_signer s;
	struct gh_note_key key;
	struct gh_log *log;
	struct gh_err err = { 0 };
	char state[512];
	if (argc != 3 && argc != 5)
		return 64;
	struct gh_log_setup setup = audit_setup(argv[2], &s, &key);
	(void)snprintf(state, sizeof state, "%s.signer", argv[2]);
	s.state = state;
	if (strcmp(argv[1], "create") == 0)
		return gh_log_create(&setup, &err) == GH_OK ? 0 : complain(&err);
	if (argc != 5)
		return 64;
	if (gh_log_open(&setup, &log, &err) != GH_OK)
		return complain(&err);
	int rc = run(log, strtoull(argv[3], NULL, 10), (size_t)strtoull(argv[4], NULL, 10),
		     strcmp(argv[1], "time") == 0);
	gh_log_close(log);
	return rc;
}
