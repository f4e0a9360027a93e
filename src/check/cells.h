/* cells.h - tables that spreadsheets open. */
#ifndef GH_CHECK_CELLS_H
#define GH_CHECK_CELLS_H
#include "check/check.h"

enum gh_cell {
	GH_CELL_PLAIN,
	GH_CELL_RUNS,	  /* asks another program for data (DDE), or calls into libraries */
	GH_CELL_REACHES,  /* fetches an address, or makes a link of what other cells hold */
	GH_CELL_COMPUTES, /* some other function */
};
/* What a spreadsheet makes of a cell with this text, quotes removed. Pure. */
enum gh_cell gh_cell_of(struct gh_span cell);

extern const struct gh_check gh_check_cells;
#endif
