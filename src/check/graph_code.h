/* graph_code.h - judges what the graphs of Paddle and Core ML can make their runtimes do. See graph_code.c. */
#ifndef GH_CHECK_GRAPH_CODE_H
#define GH_CHECK_GRAPH_CODE_H
#include "check/check.h"

extern const struct gh_check gh_check_graph_code;
#endif
