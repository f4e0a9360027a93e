/* formats.h - the rows that formats.c lists. */
#ifndef GH_FORMAT_FORMATS_H
#define GH_FORMAT_FORMATS_H
#include "format/format.h"

#endif
