/* What a program that is started finds open: what it was given under the numbers that were meant, and nothing else. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "os/proc.h"

/* A memory with a line, under a number of the test's choice; it stays open in children unless somebody closes it. */
static int line_at(int number, const char *line)
{
	int fd = memfd_create("line", 0);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, line, strlen(line)), (ssize_t)strlen(line));
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	if (fd != number) {
		assert_int_equal(dup2(fd, number), number);
		assert_int_equal(close(fd), 0);
	}
	return number;
}

static void said(const char *script, const struct gh_os_fd *more, size_t n, char *out, size_t cap)
{
	char *const argv[] = { (char *)(size_t)"sh", (char *)(size_t)"-c", (char *)(size_t)script, NULL };
	struct gh_os_fd map[8];
	int p[2], status = -1;
	size_t got = 0;
	pid_t pid;
	assert_int_equal(pipe2(p, O_CLOEXEC), 0);
	map[0] = (struct gh_os_fd){ p[1], 1 };
	memcpy(map + 1, more, n * sizeof *more);
	assert_int_equal(gh_os_spawn("/bin/sh", argv, NULL, map, n + 1, false, &pid), 0);
	(void)close(p[1]);
	for (ssize_t k; got + 1 < cap && (k = read(p[0], out + got, cap - 1 - got)) > 0;)
		got += (size_t)k;
	out[got] = '\0';
	(void)close(p[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static void it_gets_what_it_was_given_and_nothing_else(void **state)
{
	static const char script[] =
		"i=0; while [ $i -lt 400 ]; do [ -e /proc/self/fd/$i ] && echo $i; i=$((i+1)); done;"
		"read a <&4; read b <&6; echo $a $b";
	/* Numbers that a detour could meet, each the other's neighbour, beside those that a caller may have left open. */
	const struct gh_os_fd map[] = { { line_at(65, "first\n"), 4 }, { line_at(64, "second\n"), 6 } };
	static const int foreign[] = { 5, 10, 63, 66, 67, 68, 69, 251, 399 };
	char out[500];
	(void)state;
	for (size_t i = 0; i < sizeof foreign / sizeof *foreign; i++)
		(void)line_at(foreign[i], "not yours\n");
	said(script, map, 2, out, sizeof out);
	assert_string_equal(out, "0\n1\n2\n4\n6\nfirst second\n");
}

static void sources_may_be_the_targets_of_others(void **state)
{
	const struct gh_os_fd map[] = { { line_at(6, "first\n"), 4 }, { line_at(4, "second\n"), 6 } };
	char out[100];
	(void)state;
	said("read a <&4; read b <&6; echo $a $b", map, 2, out, sizeof out);
	assert_string_equal(out, "first second\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_gets_what_it_was_given_and_nothing_else),
		cmocka_unit_test(sources_may_be_the_targets_of_others),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
