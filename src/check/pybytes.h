/* pybytes.h - bytecode of Python, judged by the names it uses: with or without the header of a .pyc file. */
#ifndef GH_CHECK_PYBYTES_H
#define GH_CHECK_PYBYTES_H
#include "check/pycode.h"

void gh_pybytes_judge(struct gh_span in, const struct gh_pycode_sink *sink, struct gh_arena *scratch);
#endif
