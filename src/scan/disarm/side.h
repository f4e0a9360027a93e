/* side.h - what the trusted process and the worker of a disarm job hand each other. The argument block is one struct
 * gh_dis_args; records are of the two kinds below. */
#ifndef GH_SCAN_DISARM_SIDE_H
#define GH_SCAN_DISARM_SIDE_H
#include "scan/disarm/job.h"

struct gh_dis_args {
	struct gh_dis_options opt;
	uint64_t expanded, steps;
	uint32_t ratio;
};

enum gh_dis_record {
	GH_DIS_NOTE = 1, /* a[0] act, a[1] size; text: what, NUL, path, NUL, text */
	GH_DIS_RESULT, /* a[0] outcome, a[1] tensors, a[2] bytes, a[3] low bits were filled; text: format, NUL, written,
			  * NUL, why */
};
#endif
