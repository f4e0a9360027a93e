/* Entries of the audit log: what can be written, what is read back, and what is refused. */
#include "support/auditmake.h"
#include "support/cm.h"

#include "audit/entry.h"

#include <stdio.h>
#include <string.h>

#define S(x) gh_span_str(x)
#define ID "000102030405060708090a0b0c0d0e0f"
#define DIGEST ID ID
#define HEAD(kind) "{\"actor\":\"local\",\"id\":\"" ID "\",\"kind\":\"" kind "\""
#define TIME "\"time\":\"2026-11-22T12:00:00Z\"}"

static void times_are_those_of_the_calendar(void **st)
{
	(void)st;
	static const struct {
		int64_t seconds;
		const char *text;
	} rows[] = {
		{ 0, "1970-01-01T00:00:00Z" },
		{ 951782399, "2000-02-28T23:59:59Z" },
		{ 951782400, "2000-02-29T00:00:00Z" },
		{ 1795348800, "2026-11-22T12:00:00Z" },
		{ 4107542399, "2100-02-28T23:59:59Z" },
		{ 4107542400, "2100-03-01T00:00:00Z" },
		{ 253402300799, "9999-12-31T23:59:59Z" },
	};
	char out[GH_ENTRY_TIME + 1];
	int64_t back;
	for (size_t i = 0; i < GH_ROWS(rows); i++) {
		assert_true(gh_entry_time(rows[i].seconds, out));
		assert_string_equal(out, rows[i].text);
		assert_true(gh_entry_seconds(S(rows[i].text), &back));
		assert_int_equal(back, rows[i].seconds);
	}
	for (int64_t d = 0; d < 60000; d += 13) { /* every month for 160 years */
		assert_true(gh_entry_time(d * 86400 + 1, out) && gh_entry_seconds(S(out), &back));
		assert_int_equal(back, d * 86400 + 1);
	}
	assert_false(gh_entry_time(-1, out));
	assert_false(gh_entry_time(253402300800, out));
	assert_false(gh_entry_time(INT64_MAX, out));
	static const char *const none[] = { "2026-02-29T00:00:00Z", "2026-13-01T00:00:00Z", "2026-00-01T00:00:00Z",
					    "2026-01-01T24:00:00Z", "2026-01-01T00:60:00Z", "2026-01-01T00:00:60Z",
					    "1969-12-31T23:59:59Z", "2026-01-01 00:00:00Z", "2026-01-01T00:00:00+",
					    "2026-01-01T00:00:00",  "2026-01-32T00:00:00Z", "",
					    "x026-01-01T00:00:00Z" };
	for (size_t i = 0; i < GH_ROWS(none); i++)
		if (gh_entry_seconds(S(none[i]), &back))
			fail_msg("%s", none[i]);
}

static void entries_are_written_in_canonical_form(void **st)
{
	(void)st;
	struct gh_entry_head head = { ID, 1795348800, "badge-revoked", "local" };
	struct gh_entry_value v[] = { { "version", ID, 0 }, { "reason", "advisory", 0 }, { "badge", ID, 0 } };
	gh_auto_buf b = gh_buf(4096);
	struct gh_entry e;
	assert_int_equal(gh_entry_write(&head, v, 3, &b, NULL), GH_OK);
	assert_string_equal(gh_buf_cstr(&b),
			    "{\"actor\":\"local\",\"badge\":\"" ID "\",\"id\":\"" ID
			    "\",\"kind\":\"badge-revoked\",\"reason\":\"advisory\",\"time\":\"2026-11-22T12:00:"
			    "00Z\",\"version\":\"" ID "\"}");
	assert_int_equal(gh_entry_read(gh_buf_view(&b), &e, NULL), GH_OK);
	assert_string_equal(e.kind->name, "badge-revoked");
	assert_int_equal(e.seconds, 1795348800);
	assert_true(gh_span_is(gh_entry_get(&e, "reason"), "advisory"));
	assert_null(gh_entry_get(&e, "tenant").p);
}

static void what_a_kind_does_not_have_is_refused(void **st)
{
	(void)st;
	static const struct {
		const char *id, *kind, *actor;
		struct gh_entry_value v[4];
		size_t n;
		const char *why; /* in the message; NULL: it is written */
	} rows[] = {
		{ ID, "tenant-add", "local", { { "tenant", ID, 0 } }, 1, NULL },
		{ ID, "tenant-add", ID, { { "tenant", ID, 0 } }, 1, NULL },
		{ ID, "tenant-add", "system", { { "tenant", ID, 0 } }, 1, NULL },
		{ ID, "tenant-add", "alice", { { "tenant", ID, 0 } }, 1, "actor" },
		{ ID, "tenant-add", "", { { "tenant", ID, 0 } }, 1, "actor" },
		{ "12", "tenant-add", "local", { { "tenant", ID, 0 } }, 1, "32" },
		{ ID, "tenant-ad", "local", { { "tenant", ID, 0 } }, 1, "tenant-ad" },
		{ ID, "tenant-add", "local", { { "tenant", "acme", 0 } }, 1, "\"tenant\"" },
		{ ID, "tenant-add", "local", { { "tenant", NULL, 0 } }, 1, "\"tenant\"" },
		{ ID, "tenant-add", "local", { { "tenant", DIGEST, 0 } }, 1, "\"tenant\"" },
		{ ID, "tenant-add", "local", { { "tenant", "000102030405060708090A0B0C0D0E0F", 0 } }, 1, "\"tenant\"" },
		{ ID, "tenant-add", "local", { { "tenant", ID, 0 }, { "tenant", ID, 0 } }, 2, "twice" },
		{ ID, "tenant-add", "local", { { "tenant", ID, 0 }, { "id", ID, 0 } }, 2, "no field \"id\"" },
		{ ID, "tenant-add", "local", { { "tenant", ID, 0 }, { "prompt", "x", 0 } }, 2, "no field \"prompt\"" },
		{ ID, "tenant-add", "local", { { 0 } }, 0, "needs the field \"tenant\"" },
		{ ID, "login", "local", { { "method", "apikey", 0 }, { "outcome", "ok", 0 } }, 2, NULL },
		{ ID, "login", "local", { { "method", "a key", 0 }, { "outcome", "ok", 0 } }, 2, "\"method\"" },
		{ ID, "login", "local", { { "method", "a\"b", 0 }, { "outcome", "ok", 0 } }, 2, "\"method\"" },
		{ ID, "login", "local", { { "method", "", 0 }, { "outcome", "ok", 0 } }, 2, "\"method\"" },
		{ ID, "fsck", "local", { { "problems", NULL, UINT64_MAX }, { "repaired", NULL, 0 } }, 2, NULL },
		{ ID,
		  "apikey-issued",
		  "local",
		  { { "principal", ID, 0 }, { "key", ID, 0 }, { "expires", NULL, 1795348800 } },
		  3,
		  NULL },
		{ ID,
		  "apikey-issued",
		  "local",
		  { { "principal", ID, 0 }, { "key", ID, 0 }, { "expires", NULL, UINT64_MAX } },
		  3,
		  "\"expires\"" },
		{ ID,
		  "apikey-issued",
		  "local",
		  { { "principal", ID, 0 }, { "key", ID, 0 }, { "expires", "soon", 0 } },
		  3,
		  "\"expires\"" },
	};
	for (size_t i = 0; i < GH_ROWS(rows); i++) {
		struct gh_entry_head head = { rows[i].id, 1795348800, rows[i].kind, rows[i].actor };
		struct gh_err err = { 0 };
		struct gh_entry e;
		char line[900] = "";
		gh_auto_buf b = gh_buf(4096);
		enum gh_rc rc = gh_entry_write(&head, rows[i].v, rows[i].n, &b, &err);
		if (rows[i].why == NULL && (rc != GH_OK || gh_entry_read(gh_buf_view(&b), &e, NULL) != GH_OK))
			fail_msg("row %zu: %s", i, gh_err_line(&err, line, sizeof line));
		if (rows[i].why != NULL && (rc != GH_E_MALFORMED || b.n != 0 ||
					    strstr(gh_err_line(&err, line, sizeof line), rows[i].why) == NULL))
			fail_msg("row %zu: %s", i, line);
	}
}

static void only_the_canonical_form_is_read(void **st)
{
	(void)st;
	static const struct {
		const char *text;
		bool ok;
	} rows[] = {
		{ HEAD("of-later") ",\"new\":12," TIME, true }, /* a kind of a newer version */
		{ HEAD("of-later") "," TIME, true },
		{ HEAD("of-later") ",\"new\":18446744073709551615," TIME, true },
		{ HEAD("of-later") ",\"new\":18446744073709551616," TIME, false },
		{ HEAD("of-later") ",\"new\":012," TIME, false },
		{ HEAD("of-later") ",\"new\":-1," TIME, false },
		{ HEAD("of-later") ",\"new\":1.5," TIME, false },
		{ HEAD("of-later") ",\"new\":true," TIME, false },
		{ HEAD("of-later") ",\"new\":[]," TIME, false },
		{ HEAD("of-later") ",\"new\":{}," TIME, false },
		{ HEAD("of-later") ",\"new\":\"\\u0041\"," TIME, false },
		{ HEAD("of-later") ",\"new\":\"\xc3\xa4\"," TIME, false },
		{ HEAD("of-later") ",\"new\":\"a\nb\"," TIME, false },
		{ HEAD("of-later") ",\"zzz\":1," TIME, false }, /* not sorted */
		{ HEAD("of-later") ",\"kind\":\"x\"," TIME, false },
		{ HEAD("of-later") ",\"new\": 1," TIME, false },
		{ HEAD("of-later") "," TIME " ", false },
		{ HEAD("of-later") "," TIME "}", false },
		{ HEAD("of-later") ",", false },
		{ HEAD("of-later") "}", false }, /* no time */
		{ HEAD("tenant-add") ",\"tenant\":\"" ID "\"," TIME, true },
		{ HEAD("tenant-add") "," TIME, false },
		{ "{\"actor\":\"local\",\"id\":\"" ID "\",\"kind\":5," TIME, false },
		{ "{}", false },
		{ "", false },
		{ "[]", false },
	};
	struct gh_entry e;
	for (size_t i = 0; i < GH_ROWS(rows); i++)
		if ((gh_entry_read(S(rows[i].text), &e, NULL) == GH_OK) != rows[i].ok)
			fail_msg("row %zu: %s", i, rows[i].text);
}

/* Rows are data that other parts lean on. */
static void every_kind_is_whole(void **st)
{
	(void)st;
	static const char *const wanted[] = { "import",	     "badge-issued", "badge-revoked", "approval",
					      "key-release", "key-rotation", "policy-set",    "tenant-add",
					      "grant",	     "login" };
	for (size_t i = 0; i < GH_ROWS(wanted); i++)
		assert_non_null(gh_entry_kind(S(wanted[i])));
	assert_true(gh_entry_kinds_n <= 64);
	for (size_t i = 0; i < gh_entry_kinds_n; i++) {
		const struct gh_entry_kind *k = &gh_entry_kinds[i];
		assert_ptr_equal(gh_entry_kind(S(k->name)), k); /* no name twice */
		if (strlen(k->about) < 10 || k->about[strlen(k->about) - 1] != '.' || k->eu_ai_act[0] == '\0' ||
		    strncmp(k->iso_42001, "A.", 2) != 0 || k->nist_ai_rmf[0] == '\0')
			fail_msg("kind %s", k->name);
		for (size_t f = 0; f < GH_ENTRY_KIND_FIELDS && k->field[f].name != NULL; f++) {
			const char *n = k->field[f].name;
			assert_true(f + 1 < GH_ENTRY_KIND_FIELDS);
			assert_non_null(k->field[f].about);
			if (strcmp(n, "id") == 0 || strcmp(n, "kind") == 0 || strcmp(n, "time") == 0 ||
			    strcmp(n, "actor") == 0)
				fail_msg("%s: %s belongs to the head", k->name, n);
		}
	}
}

/* The page for people has the row of every kind as the table has it. */
static void every_kind_is_documented(void **st)
{
	(void)st;
	gh_auto_buf page = gh_buf(1 << 20);
	uint8_t piece[4096];
	size_t n;
	FILE *f = fopen("docs/audit.md", "rbe");
	if (f == NULL)
		skip();
	while ((n = fread(piece, 1, sizeof piece, f)) > 0)
		gh_buf_put(&page, piece, n);
	(void)fclose(f);
	for (size_t i = 0; i < gh_entry_kinds_n; i++) {
		const struct gh_entry_kind *k = &gh_entry_kinds[i];
		gh_auto_buf row = gh_buf(4096);
		gh_buf_fmt(&row, "| `%s` | %s | ", k->name, k->about);
		for (size_t j = 0; j < GH_ENTRY_KIND_FIELDS && k->field[j].name != NULL; j++)
			gh_buf_fmt(&row, "%s%s%s", j == 0 ? "" : ", ", k->field[j].name,
				   k->field[j].optional ? "?" : "");
		gh_buf_fmt(&row, " | %s | %s | %s |\n", k->eu_ai_act, k->nist_ai_rmf, k->iso_42001);
		if (strstr(gh_buf_cstr(&page), gh_buf_cstr(&row)) == NULL)
			fail_msg("docs/audit.md lacks: %s", gh_buf_cstr(&row));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(times_are_those_of_the_calendar),
		cmocka_unit_test(entries_are_written_in_canonical_form),
		cmocka_unit_test(what_a_kind_does_not_have_is_refused),
		cmocka_unit_test(only_the_canonical_form_is_read),
		cmocka_unit_test(every_kind_is_whole),
		cmocka_unit_test(every_kind_is_documented),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
