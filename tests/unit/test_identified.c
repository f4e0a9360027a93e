/* Formats that are recognised and not read: by content, only as themselves, and never in a few bytes. */
#include "support/cm.h"

#include "format/formats.h"
#include "support/events.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

static const struct gh_fmt *const rows[] = { &gh_fmt_blosc, &gh_fmt_elf,    &gh_fmt_pe,	      &gh_fmt_macho,
					     &gh_fmt_hef,   &gh_fmt_mlir,   &gh_fmt_cntk1,    &gh_fmt_kaldi,
					     &gh_fmt_fst,   &gh_fmt_kmodel, &gh_fmt_litertlm, &gh_fmt_circle,
					     &gh_fmt_mslite };

static enum gh_match probe(const struct gh_fmt *fmt, struct gh_span in)
{
	struct gh_probe p = { gh_span_cut(in, 0, GH_PROBE_BYTES), in, in.n };
	return fmt->probe(&p);
}

static void one_seed(const struct gh_fmt *own, const char *path, unsigned *strong)
{
	struct gh_span in = gh_test_file(path);
	if (probe(own, in) == GH_STRONG) {
		++*strong;
		for (size_t i = 0; i < GH_ROWS(rows); i++)
			if (rows[i] != own && probe(rows[i], in) != GH_NO)
				fail_msg("%s is %s too", path, rows[i]->name);
		/* In memory of exactly that size: nothing is read past the end, and a few bytes prove nothing. */
		for (size_t n = 0; n < in.n && n < 200; n++) {
			uint8_t *p = malloc(n + 1);
			assert_non_null(p);
			memcpy(p + 1, in.p, n);
			enum gh_match m = probe(own, (struct gh_span){ p + 1, n });
			if (n < 4)
				assert_int_equal(m, GH_NO);
			free(p);
		}
	}
	free((void *)(size_t)in.p);
}

static void recognised_by_content(void **state)
{
	(void)state;
	for (size_t i = 0; i < GH_ROWS(rows); i++) {
		char dir[200], path[500];
		unsigned strong = 0;
		(void)snprintf(dir, sizeof dir, "tests/fuzz/seeds/%s", rows[i]->name);
		DIR *d = opendir(dir);
		assert_non_null(d);
		for (struct dirent *e; (e = readdir(d)) != NULL;)
			if (e->d_name[0] != '.') {
				(void)snprintf(path, sizeof path, "%s/%s", dir, e->d_name);
				one_seed(rows[i], path, &strong);
			}
		(void)closedir(d);
		if (strong == 0)
			fail_msg("no seed of %s is recognised", rows[i]->name);
		assert_null(rows[i]->walk); /* INCOMPLETE: identified, not read */
	}
}

static void not_by_resemblance(void **state)
{
	(void)state;
	static const struct gh_span like[] = {
		GH_SPAN("\177ELF and then prose that goes on and on, for longer than any header of that format is"),
		GH_SPAN("MZ marks the beginning of the old executables, and of this sentence, which is long enough "
			"too."),
		GH_SPAN("\xfe\xed\xfa\xce is how it starts, and how it goes on is nothing that a header would ever "
			"hold."),
		GH_SPAN(""),
	};
	for (size_t i = 0; i < GH_ROWS(rows); i++)
		for (size_t k = 0; k < GH_ROWS(like); k++)
			if (probe(rows[i], like[k]) != GH_NO)
				fail_msg("%s: row %zu", rows[i]->name, k);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(recognised_by_content),
					    cmocka_unit_test(not_by_resemblance) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
