/* Genuine files of PyTorch and NumPy, written by the libraries themselves: no reader finds anything, every byte is
 * accounted for. */
#include "support/cm.h"
#include "support/walked.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

extern const struct gh_fmt gh_fmt_torch_zip, gh_fmt_torch_legacy, gh_fmt_npy, gh_fmt_npz, gh_fmt_torchscript;

static const struct {
	const char *prefix;
	const struct gh_fmt *fmt;
	unsigned least; /* as many must have been written when the library is there */
} kinds[] = {
	{ "zip-", &gh_fmt_torch_zip, 15 },
	{ "legacy-", &gh_fmt_torch_legacy, 12 },
	{ "npy-", &gh_fmt_npy, 25 },
	{ "npz-", &gh_fmt_npz, 4 },
};
enum { KINDS = sizeof kinds / sizeof kinds[0] };

/* The source records of an archive are read as the pipeline would. */
static unsigned scripts(struct gh_events *ev, const char *name)
{
	unsigned n = 0;
	for (size_t i = 0; i < ev->nmember; i++) {
		struct gh_span member = gh_span_str(ev->member[i].name);
		struct gh_events script;
		char ids[400];
		if (!gh_span_ends(member, ".py"))
			continue;
		gh_test_walked(&script, &gh_fmt_torchscript, (struct gh_span){ ev->member[i].p, ev->member[i].n },
			       "x.py", ids, sizeof ids);
		if (script.rc != GH_OK || ids[0] != 0)
			fail_msg("%s, %s: %s %s\n%s", name, ev->member[i].name, ids, script.why,
				 gh_buf_cstr(&script.log));
		gh_events_free(&script);
		n++;
	}
	return n;
}

static void one(const char *dir, const char *name, unsigned seen[KINDS], unsigned *nscript)
{
	size_t k = 0;
	while (k < KINDS && strncmp(name, kinds[k].prefix, strlen(kinds[k].prefix)) != 0)
		k++;
	if (k == KINDS)
		return;
	char path[512], ids[400];
	(void)snprintf(path, sizeof path, "%s/%s", dir, name);
	struct gh_span in = gh_test_file(path);
	struct gh_events ev;
	assert_non_null(in.p);
	struct gh_probe p = { gh_span_cut(in, 0, GH_PROBE_BYTES),
			      in.n > GH_PROBE_BYTES ? gh_span_cut(in, in.n - GH_PROBE_BYTES, GH_PROBE_BYTES) : in,
			      in.n };
	if (kinds[k].fmt->probe(&p) != GH_STRONG)
		fail_msg("%s: not recognised", name);
	gh_test_walked(&ev, kinds[k].fmt, in, name, ids, sizeof ids);
	if (ev.rc != GH_OK || ids[0] != 0 || !ev.gapless)
		fail_msg("%s: rc %d %s, gapless %d, %s\n%.4000s", name, (int)ev.rc, ev.why, (int)ev.gapless, ids,
			 gh_buf_cstr(&ev.log));
	*nscript += k == 0 ? scripts(&ev, name) : 0;
	seen[k]++;
	gh_events_free(&ev);
	free((void *)(uintptr_t)in.p);
	(void)unlink(path);
}

static void test_genuine(void **state)
{
	(void)state;
	char dir[] = "/tmp/gh-test-XXXXXX", cmd[200];
	if (access("tests/benign/make_torch.py", R_OK) != 0 ||
	    system("/usr/bin/python3 -c 'import torch, numpy' >/dev/null 2>&1") != 0) {
		print_message("skipped: /usr/bin/python3 with torch and numpy is needed\n");
		skip();
	}
	assert_non_null(mkdtemp(dir));
	(void)snprintf(cmd, sizeof cmd, "/usr/bin/python3 tests/benign/make_torch.py %s", dir);
	assert_int_equal(system(cmd), 0);
	unsigned seen[KINDS] = { 0 }, nscript = 0;
	DIR *d = opendir(dir);
	assert_non_null(d);
	for (const struct dirent *e; (e = readdir(d)) != NULL;)
		one(dir, e->d_name, seen, &nscript);
	(void)closedir(d);
	(void)rmdir(dir);
	for (size_t k = 0; k < KINDS; k++)
		if (seen[k] < kinds[k].least)
			fail_msg("only %u files of kind %s", seen[k], kinds[k].prefix);
	assert_true(nscript >= 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_genuine) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
