/* Output files: whole or absent, and never where they would do harm. Progress: only for who watches, and wiped. */
#include "cli/output.h"
#include "cli/progress.h"

#include <dirent.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <signal.h>

#include <cmocka.h>

static char dir[64];

static char *in_dir(const char *name)
{
	static char path[4][128];
	static unsigned turn;
	char *p = path[turn++ % 4];
	(void)snprintf(p, sizeof path[0], "%s/%s", dir, name);
	return p;
}

static int set_up(void **state)
{
	(void)state;
	(void)strcpy(dir, "/tmp/gatehouse-output-XXXXXX");
	return mkdtemp(dir) == NULL;
}

static size_t entries(void)
{
	size_t n = 0;
	DIR *d = opendir(dir);
	assert_non_null(d);
	for (struct dirent *e; (e = readdir(d)) != NULL;)
		n += e->d_name[0] != '.' || strlen(e->d_name) > 2;
	(void)closedir(d);
	return n;
}

static int tear_down(void **state)
{
	(void)state;
	DIR *d = opendir(dir);
	for (struct dirent *e; d != NULL && (e = readdir(d)) != NULL;)
		(void)unlinkat(dirfd(d), e->d_name, 0);
	(void)closedir(d);
	return rmdir(dir);
}

static void assert_holds(const char *path, const char *text)
{
	char got[256] = { 0 };
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_true(read(fd, got, sizeof got - 1) >= 0);
	(void)close(fd);
	assert_string_equal(got, text);
}

static mode_t mode_of(const char *path)
{
	struct stat st;
	assert_int_equal(stat(path, &st), 0);
	return st.st_mode & 07777;
}

static void creates_and_replaces(void **state)
{
	(void)state;
	char *file = in_dir("report");
	mode_t old = umask(027);
	assert_int_equal(gh_output_write(file, GH_SPAN("first\n"), NULL), GH_OK);
	(void)umask(old);
	assert_holds(file, "first\n");
	assert_int_equal(mode_of(file), 0640);
	assert_int_equal(chmod(file, 0604), 0);
	int reader = open(file, O_RDONLY | O_CLOEXEC);
	assert_int_equal(gh_output_write(file, GH_SPAN("second, longer\n"), NULL), GH_OK);
	assert_holds(file, "second, longer\n");
	assert_int_equal(mode_of(file), 0604);
	char got[32] = { 0 };
	assert_int_equal(read(reader, got, sizeof got - 1), 6); /* who had it open still sees the old one, whole */
	assert_string_equal(got, "first\n");
	(void)close(reader);
	assert_int_equal(entries(), 1);
}

static void follows_links(void **state)
{
	(void)state;
	assert_int_equal(gh_output_write(in_dir("real"), GH_SPAN("a"), NULL), GH_OK);
	assert_int_equal(symlink("real", in_dir("link")), 0);
	assert_int_equal(gh_output_write(in_dir("link"), GH_SPAN("b"), NULL), GH_OK);
	assert_holds(in_dir("real"), "b");
	struct stat st;
	assert_int_equal(lstat(in_dir("link"), &st), 0);
	assert_true(S_ISLNK(st.st_mode));
	assert_true(gh_output_same(in_dir("real"), in_dir("link")));
	assert_false(gh_output_same(in_dir("real"), in_dir("absent")));
}

static void leaves_devices_alone(void **state)
{
	(void)state;
	struct stat before, after;
	assert_int_equal(stat("/dev/null", &before), 0);
	assert_int_equal(gh_output_check("/dev/null", NULL), GH_OK);
	assert_int_equal(gh_output_write("/dev/null", GH_SPAN("x"), NULL), GH_OK);
	assert_int_equal(stat("/dev/null", &after), 0);
	assert_true(S_ISCHR(after.st_mode) && before.st_ino == after.st_ino);
	struct gh_err err = { 0 };
	if (access("/dev/full", W_OK) == 0)
		assert_int_equal(gh_output_write("/dev/full", GH_SPAN("x"), &err), GH_E_IO);
}

static void refuses_in_time(void **state)
{
	(void)state;
	char deep[5000];
	memset(deep, 'x', sizeof deep - 1);
	deep[sizeof deep - 1] = '\0';
	const char *const bad[] = { dir, in_dir("no/such"), in_dir("new/"), deep };
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		struct gh_err err = { 0 };
		char line[400];
		assert_int_equal(gh_output_check(bad[i], &err), GH_E_IO);
		assert_true(strlen(gh_err_line(&err, line, sizeof line)) > 5);
		assert_int_not_equal(gh_output_write(bad[i], GH_SPAN("x"), NULL), GH_OK);
	}
	assert_int_equal(gh_output_check(in_dir("fine"), NULL), GH_OK);
	assert_int_equal(gh_output_check("fine-in-this-directory", NULL), GH_OK);
	assert_int_equal(entries(), 0);
}

/* A disk that is full in the middle: the old file stays, nothing else does. */
static void failure_leaves_the_old_file(void **state)
{
	(void)state;
	char *file = in_dir("report");
	assert_int_equal(gh_output_write(file, GH_SPAN("old"), NULL), GH_OK);
	static uint8_t big[64 << 10];
	struct rlimit was, tight = { .rlim_cur = 4096 };
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &was), 0);
	tight.rlim_max = was.rlim_max;
	(void)signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &tight), 0);
	struct gh_err err = { 0 };
	enum gh_rc rc = gh_output_write(file, (struct gh_span){ big, sizeof big }, &err);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &was), 0);
	assert_int_equal(rc, GH_E_IO);
	assert_int_not_equal(err.sys, 0);
	assert_holds(file, "old");
	assert_int_equal(entries(), 1);
}

static void progress_is_one_line_and_wiped(void **state)
{
	(void)state;
	char *text = NULL;
	size_t n = 0;
	FILE *to = open_memstream(&text, &n);
	struct gh_progress p = gh_progress(to);
	gh_progress_show(&p, 0, 10, 0, 1000); /* too early to bother anyone */
	assert_int_equal(fflush(to), 0);
	assert_int_equal(n, 0);
	p.start = p.last = p.start - 10000;
	gh_progress_show(&p, 3, 10, 500, 1000);
	gh_progress_show(&p, 4, 10, 600, 1000); /* too soon after the last */
	gh_progress_end(&p);
	assert_int_equal(fclose(to), 0);
	assert_non_null(strstr(text, "\rscanning: 3 of 10 files, 500 bytes of 1.0 kB (50 %)"));
	assert_null(strstr(text, "4 of 10"));
	assert_null(strchr(text, '\n'));
	assert_int_equal(text[n - 1], '\r');
	free(text);

	struct gh_progress silent = gh_progress(NULL);
	gh_progress_show(&silent, 1, 2, 3, 4);
	gh_progress_end(&silent);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(creates_and_replaces, set_up, tear_down),
		cmocka_unit_test_setup_teardown(follows_links, set_up, tear_down),
		cmocka_unit_test_setup_teardown(leaves_devices_alone, set_up, tear_down),
		cmocka_unit_test_setup_teardown(refuses_in_time, set_up, tear_down),
		cmocka_unit_test_setup_teardown(failure_leaves_the_old_file, set_up, tear_down),
		cmocka_unit_test(progress_is_one_line_and_wiped),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
