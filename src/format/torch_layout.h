/* torch_layout.h - the records of a PyTorch zip archive: what a loader uses each name for.
 * Source: torch/serialization.py, torch/package, caffe2/serialize/inline_container.cc,
 * torch/csrc/jit/serialization/{export_module,import}.cpp. */
#ifndef GH_FORMAT_TORCH_LAYOUT_H
#define GH_FORMAT_TORCH_LAYOUT_H
#include "base/span.h"

enum gh_torch_record {
	GH_TORCH_OUTSIDE,	/* no loader asks for this name */
	GH_TORCH_FOLDER,	/* a directory entry */
	GH_TORCH_OBJECT,	/* data.pkl */
	GH_TORCH_SCRIPT_OBJECT, /* constants.pkl and the other pickles of TorchScript */
	GH_TORCH_STORAGE,	/* raw bytes of a storage */
	GH_TORCH_CODE,		/* TorchScript source */
	GH_TORCH_DEBUG,		/* where TorchScript source came from: a pickle read by the debugger */
	GH_TORCH_VERSION,
	GH_TORCH_BYTEORDER,
	GH_TORCH_MARK,	  /* small facts: serialization id, alignment */
	GH_TORCH_EXTRA,	  /* files the author added on purpose */
	GH_TORCH_PACKAGE, /* marks of torch.package, which runs Python source from the archive */
};

struct gh_torch_place {
	enum gh_torch_record record;
	const char *role;   /* for the member event */
	const char *expect; /* the format that the loader will use, or NULL */
	const char *dir;    /* SCRIPT_OBJECT, OBJECT: where its storages lie, STORAGE: its folder */
};

/* name: of the record, without the archive's top directory, in lower case: PyTorch looks records up without regard to
 * case (miniz' default). Never NULL. */
const struct gh_torch_place *gh_torch_place(struct gh_span name);

/* In place; ASCII letters only, as miniz does. True when something changed. */
bool gh_torch_lower(uint8_t *p, size_t n);

/* The part of a member's name before the record: "archive/" of "archive/data.pkl"; empty when there is none. */
struct gh_span gh_torch_top(struct gh_span member);
#endif
