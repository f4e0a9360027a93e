/* Tables in text (CSV, TSV) whose cells a spreadsheet computes when a person opens them: a cell that begins with =, +, - or @ is a
 * formula to all of them. Formulas of DDE start programs, others fetch addresses with what stands in the neighbouring cells. OWASP
 * "CSV Injection", CWE-1236. */
#include "check/cells.h"

#include "check/checks.h"
#include "format/format.h"

enum { R_RUNS, R_REACHES, R_COMPUTES, R_MORE };
static const struct gh_rule rules[] = {
	[R_RUNS] = { "GH-CSV-0001", GH_HIGH, GH_UNSAFE, "A cell of a table starts a program",
		     "Whoever opens the table in a spreadsheet and confirms what it asks runs the author's command.",
		     "Do not open the table in a spreadsheet; have the cell removed.", "CWE-1236 CWE-78 AML.T0011" },
	[R_REACHES] = { "GH-CSV-0002", GH_MEDIUM, GH_REVIEW, "A cell of a table is a formula that reaches out",
			"Opening the table, or a click, sends what other cells hold to the author's server.",
			"Open the table as text; have the cell removed.", "CWE-1236 CWE-200 AML.T0025" },
	[R_COMPUTES] = { "GH-CSV-0003", GH_INFO, GH_CLEAN, "A cell of a table is a formula",
			 "None by itself: a spreadsheet shows its result, programs that read tables its text.",
			 "None needed.", "CWE-1236" },
	[R_MORE] = { "GH-CSV-0004", GH_LOW, GH_REVIEW, "More formulas than are listed", "As for those that are listed.",
		     "Clean the whole table.", "CWE-1236" },
	GH_RULES_END
};

enum { CELL = 1024, TOLD = 20 };

/* ---- one cell ---------------------------------------------------------------------------------------------------------- */

static uint8_t upper(uint8_t c) { return c >= 'a' && c <= 'z' ? (uint8_t)(c - 0x20) : c; }
static bool letter(uint8_t c) { return upper(c) >= 'A' && upper(c) <= 'Z'; }

/* The sign of a formula at the start of s, also of full width: its length; 0: none. */
static size_t sign(struct gh_span s)
{
	static const char *const wide[] = { "\xef\xbc\x9d", "\xef\xbc\x8b", "\xef\xbc\x8d", "\xef\xbc\xa0" };
	for (size_t i = 0; i < sizeof wide / sizeof wide[0]; i++)
		if (gh_span_starts(s, wide[i]))
			return 3;
	return s.n != 0 && memchr("=+-@", s.p[0], 4) != NULL ? 1 : 0;
}

/* program|topic!item: "cmd|'/C calc'!A0". */
static bool dde(struct gh_span s)
{
	for (size_t i = 1; i + 1 < s.n; i++)
		if (s.p[i] == '|' && (letter(s.p[i - 1]) || s.p[i - 1] == '\'') &&
		    memchr(s.p + i, '!', s.n - i) != NULL)
			return true;
	return false;
}

static bool among(struct gh_span name, const char *const *list, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		size_t k = 0;
		while (k < name.n && list[i][k] != '\0' && upper(name.p[k]) == (uint8_t)list[i][k])
			k++;
		if (k == name.n && list[i][k] == '\0')
			return true;
	}
	return false;
}

/* The worst function that is called. */
static enum gh_cell functions(struct gh_span s)
{
	static const char *const runs[] = {
		"CALL", "REGISTER", "REGISTER.ID", "EXEC", "DDE", "DDEAUTO", "RUN", "SHELL"
	};
	static const char *const reaches[] = { "HYPERLINK",  "WEBSERVICE",  "IMPORTXML", "IMPORTDATA",	"IMPORTFEED",
					       "IMPORTHTML", "IMPORTRANGE", "IMAGE",	 "RTD",		"SQL.REQUEST",
					       "FILTERXML",  "CUBEVALUE",   "PY",	 "STOCKHISTORY" };
	enum gh_cell worst = GH_CELL_PLAIN;
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] != '(')
			continue;
		size_t end = i;
		while (end > 0 && s.p[end - 1] == ' ')
			end--;
		size_t from = end;
		while (from > 0 && (letter(s.p[from - 1]) || s.p[from - 1] == '.'))
			from--;
		struct gh_span name = { s.p + from, end - from };
		if (gh_span_starts(name, "xlfn.") || gh_span_starts(name, "XLFN.")) /* of functions that came later */
			name = gh_span_cut(name, 5, name.n);
		if (name.n == 0)
			continue;
		if (among(name, runs, sizeof runs / sizeof runs[0]))
			return GH_CELL_RUNS;
		worst = among(name, reaches, sizeof reaches / sizeof reaches[0]) ? GH_CELL_REACHES
			: worst == GH_CELL_PLAIN				 ? GH_CELL_COMPUTES
										 : worst;
	}
	return worst;
}

enum gh_cell gh_cell_of(struct gh_span s)
{
	if (gh_span_starts(s, "\xef\xbb\xbf")) /* of the first one */
		s = gh_span_cut(s, 3, s.n);
	while (s.n != 0 && memchr(" \t\r\n'", s.p[0], 5) != NULL)
		s = gh_span_cut(s, 1, s.n);
	size_t n = sign(s);
	if (n == 0)
		return GH_CELL_PLAIN;
	bool equals = n == 3 || s.p[0] == '=' || s.p[0] == '@';
	s = gh_span_cut(s, n, s.n);
	if (dde(s))
		return GH_CELL_RUNS;
	enum gh_cell f = functions(s);
	/* "+1 (555) 000" and "- see above (again)" are no formulas: letters stand right behind the sign, or a number. */
	bool name = s.n != 0 && (letter(s.p[0]) || memchr("+-=@(_", s.p[0], 6) != NULL);
	return equals || name || f != GH_CELL_COMPUTES ? f : GH_CELL_PLAIN;
}

/* ---- all cells --------------------------------------------------------------------------------------------------------- */

struct state {
	uint8_t cell[CELL];
	size_t n;
	uint64_t at;	  /* where the cell begins */
	bool quoted, was; /* between quotes; the byte before was a quote that may be one of two */
	uint8_t comma;
	unsigned told, computes;
};

static bool named_table(struct gh_span name, uint8_t *comma)
{
	static const struct {
		const char *end;
		uint8_t comma;
	} ends[] = { { ".csv", ',' },  { ".CSV", ',' },	 { ".tsv", '\t' },
		     { ".TSV", '\t' }, { ".tab", '\t' }, { ".psv", '|' } };
	for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++)
		if (gh_span_ends(name, ends[i].end)) {
			*comma = ends[i].comma;
			return true;
		}
	return false;
}

static void close_cell(struct gh_scene *s, struct state *st)
{
	struct gh_span cell = { st->cell, st->n };
	enum gh_cell is = st->n == 0 ? GH_CELL_PLAIN : gh_cell_of(cell);
	st->n = 0;
	if (is == GH_CELL_PLAIN || (is == GH_CELL_COMPUTES && st->computes++ != 0))
		return;
	if (st->told++ == TOLD)
		gh_find(s, &rules[R_MORE], (struct gh_range){ 0 }, "the first %d are listed", (int)TOLD);
	if (st->told > TOLD)
		return;
	unsigned rule = is == GH_CELL_RUNS ? R_RUNS : is == GH_CELL_REACHES ? R_REACHES : R_COMPUTES;
	gh_find(s, &rules[rule], (struct gh_range){ st->at, cell.n }, "%s", gh_safe(gh_span_cut(cell, 0, 160)).s);
}

static void put(struct gh_scene *s, struct state *st, uint8_t c, uint64_t at)
{
	if (c == '"') {
		st->quoted = !st->quoted;
		if (st->was && st->n < CELL) /* two of them stand for one */
			st->cell[st->n++] = c;
		st->was = !st->was && !st->quoted;
		return;
	}
	st->was = false;
	bool ends = c == '\n' || c == '\r' || (!st->quoted && (c == st->comma || c == ';'));
	if (ends) {
		close_cell(s, st);
		/* A quote that is not closed on its line hides the rest of the table from this check: spreadsheets ask for
		 * lines within quotes, formulas on them begin like any other. */
		return;
	}
	if (st->n == 0)
		st->at = at;
	if (st->n < CELL)
		st->cell[st->n++] = c;
}

static void bytes(struct gh_scene *s, struct gh_span block, uint64_t off, bool last)
{
	struct state *st = *s->state;
	if (st == NULL) {
		uint8_t comma = ',';
		bool table = named_table(s->name, &comma);
		if (!table)
			return;
		st = *s->state = GH_NEW(s->arena, struct state, 1);
		if (st == NULL) {
			gh_not_looked(s, "no memory for the cells of a table");
			return;
		}
		st->comma = comma;
	}
	for (size_t i = 0; i < block.n; i++)
		put(s, st, block.p[i], off + i);
	if (last)
		close_cell(s, st);
	gh_looked(s, off == 0, block.n);
}

const struct gh_check gh_check_cells = {
	.name = "cells",
	.about = "formulas in tables: cells that start programs or reach out when a spreadsheet opens them",
	.stage = GH_STAGE_MALWARE,
	.bytes = bytes,
	.rules = rules,
};
