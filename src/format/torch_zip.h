/* torch_zip.h - the rows of PyTorch's zip reader that are not about the pickle itself. */
#ifndef GH_FORMAT_TORCH_ZIP_H
#define GH_FORMAT_TORCH_ZIP_H
#include "format/torch_objects.h"

enum {
	GH_TORCH_SMALLER = GH_TORCH_FAULTS,
	GH_TORCH_LARGER,
	GH_TORCH_MISSING,
	GH_TORCH_UNNAMED,
	GH_TORCH_STRANGER,
	GH_TORCH_SEVERAL,
	GH_TORCH_ORDER,
	GH_TORCH_NOVERSION,
	GH_TORCH_PACKAGED,
	GH_TORCH_UNCOUNTED,
	GH_TORCH_CASE,
};
#endif
