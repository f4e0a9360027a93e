/* What clamd may say, and what it may not. */
#include "support/cm.h"

#include "scan/clamd.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static struct gh_clamd told(const char *answer, size_t n, bool whole)
{
	struct gh_clamd c = { .state = GH_CLAMD_TALK, .fd = -1, .size = 10, .sent = whole ? 10 : 4, .ended = whole };
	gh_clamd_judge(&c, answer, n);
	return c;
}

static void answers(void **state)
{
	static const struct {
		const char *answer;
		bool whole;
		enum gh_clamd_state state;
		const char *text;
	} row[] = {
		{ "stream: OK", true, GH_CLAMD_CLEAN, "" },
		{ "stream: OK", false, GH_CLAMD_LOST, "clamd said OK before it had the whole file" },
		{ "stream: Win.Test.EICAR_HDB-1 FOUND", true, GH_CLAMD_FOUND, "Win.Test.EICAR_HDB-1" },
		{ "stream: Test.Word.UNOFFICIAL FOUND", false, GH_CLAMD_FOUND, "Test.Word.UNOFFICIAL" },
		{ "stream: Heuristics.Limits.Exceeded.MaxFileSize FOUND", true, GH_CLAMD_LOST,
		  "Heuristics.Limits.Exceeded.MaxFileSize" },
		{ "stream:  FOUND", true, GH_CLAMD_LOST, "clamd gave an answer that is none" },
		{ "stream: a b FOUND", true, GH_CLAMD_LOST, "clamd gave an answer that is none" },
		{ "stream: \x1b[2J FOUND", true, GH_CLAMD_LOST, "clamd gave an answer that is none" },
		{ "INSTREAM size limit exceeded. ERROR", false, GH_CLAMD_LOST, "clamd: INSTREAM size limit exceeded." },
		{ "UNKNOWN COMMAND", true, GH_CLAMD_LOST, "clamd gave an answer that is none" },
		{ "other: OK", true, GH_CLAMD_LOST, "clamd gave an answer that is none" },
		{ "", true, GH_CLAMD_LOST, "clamd gave an answer that is none" },
		{ "stream: OK ", true, GH_CLAMD_LOST, "clamd gave an answer that is none" },
	};
	(void)state;
	for (size_t i = 0; i < GH_ROWS(row); i++) {
		struct gh_clamd c = told(row[i].answer, strlen(row[i].answer), row[i].whole);
		assert_int_equal(c.state, row[i].state);
		assert_string_equal(c.text, row[i].text);
	}
}

/* A file through a small ring, byte for byte as clamd(8) wants it. */
static void conversation(void **state)
{
	(void)state;
	int sp[2];
	uint8_t ring[8], got[200];
	struct gh_clamd c;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, sp), 0);
	memcpy(ring, "abcdefgh", 8);
	gh_clamd_begin(&c, sp[0], 11, "");
	gh_clamd_step(&c, ring, sizeof ring, 8);
	assert_int_equal(c.sent, 8);
	memcpy(ring, "ijk", 3);
	assert_int_not_equal(gh_clamd_wants(&c, 11), 0);
	gh_clamd_step(&c, ring, sizeof ring, 11);
	assert_true(c.ended);
	static const uint8_t want[] = "zINSTREAM\0\0\0\0\10abcdefgh\0\0\0\3ijk\0\0\0"; /* and the NUL of the literal */
	ssize_t n = recv(sp[1], got, sizeof got, 0);
	assert_int_equal(n, (ssize_t)sizeof want);
	assert_memory_equal(got, want, sizeof want);
	assert_int_equal(send(sp[1], "stream: X.Y FO", 14, 0), 14);
	gh_clamd_step(&c, ring, sizeof ring, 11);
	assert_int_equal(c.state, GH_CLAMD_TALK);
	assert_int_equal(send(sp[1], "UND", 4, 0), 4);
	gh_clamd_step(&c, ring, sizeof ring, 11);
	assert_int_equal(c.state, GH_CLAMD_FOUND);
	assert_string_equal(c.text, "X.Y");
	assert_int_equal(gh_clamd_wants(&c, 11), 0);
	(void)close(sp[1]);
}

static void losses(void **state)
{
	(void)state;
	int sp[2];
	struct gh_clamd c;
	uint8_t ring[8] = { 0 };
	gh_clamd_begin(&c, -1, 5, "no connection");
	assert_int_equal(c.state, GH_CLAMD_LOST);
	assert_string_equal(c.text, "no connection");
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, sp), 0);
	gh_clamd_begin(&c, sp[0], (uint64_t)1 << 31, "");
	assert_string_equal(c.text, "ClamAV does not look at files of 2 GiB and more");
	(void)close(sp[1]);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, sp), 0);
	gh_clamd_begin(&c, sp[0], 8, "");
	(void)close(sp[1]);
	gh_clamd_step(&c, ring, sizeof ring, 8);
	assert_int_equal(c.state, GH_CLAMD_LOST);
	assert_string_equal(c.text, "the connection to clamd was lost");
	gh_clamd_end(&c, "too late");
	assert_string_equal(c.text, "the connection to clamd was lost");
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(answers), cmocka_unit_test(conversation),
					    cmocka_unit_test(losses) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
