#include "format/torch_layout.h"

/* Tested in order; dir: the name starts with this; end: and ends with this; whole: is exactly this. */
static const struct row {
	const char *whole, *dir, *end;
	struct gh_torch_place place;
} rows[] = {
	{ "data.pkl", NULL, NULL, { GH_TORCH_OBJECT, "object", "pickle", "data/" } },
	{ "constants.pkl", NULL, NULL, { GH_TORCH_SCRIPT_OBJECT, "torchscript object", "pickle", "constants/" } },
	{ "bytecode.pkl", NULL, NULL, { GH_TORCH_SCRIPT_OBJECT, "torchscript object", "pickle", "constants/" } },
	{ "attributes.pkl", NULL, NULL, { GH_TORCH_SCRIPT_OBJECT, "torchscript object", "pickle", "tensors/" } },
	{ "traced_inputs.pkl",
	  NULL,
	  NULL,
	  { GH_TORCH_SCRIPT_OBJECT, "torchscript object", "pickle", "traced_inputs/" } },
	{ "mobile_debug_handles.pkl", NULL, NULL, { GH_TORCH_DEBUG, "debug information", "pickle", NULL } },
	{ "callstack_debug_map.pkl", NULL, NULL, { GH_TORCH_DEBUG, "debug information", "pickle", NULL } },
	{ "model.json", NULL, NULL, { GH_TORCH_MARK, "description", NULL, NULL } },
	{ "version", NULL, NULL, { GH_TORCH_VERSION, "marker", NULL, NULL } },
	{ ".data/version", NULL, NULL, { GH_TORCH_VERSION, "marker", NULL, NULL } },
	{ "byteorder", NULL, NULL, { GH_TORCH_BYTEORDER, "marker", NULL, NULL } },
	{ ".format_version", NULL, NULL, { GH_TORCH_MARK, "marker", NULL, NULL } },
	{ ".storage_alignment", NULL, NULL, { GH_TORCH_MARK, "marker", NULL, NULL } },
	{ ".data/serialization_id", NULL, NULL, { GH_TORCH_MARK, "marker", NULL, NULL } },
	{ ".data/extern_modules", NULL, NULL, { GH_TORCH_PACKAGE, "package", NULL, NULL } },
	{ ".data/python_version", NULL, NULL, { GH_TORCH_PACKAGE, "package", NULL, NULL } },
	{ NULL, ".data/", ".storage", { GH_TORCH_STORAGE, "tensor storage", NULL, ".data/" } },
	{ NULL, "data/", NULL, { GH_TORCH_STORAGE, "tensor storage", NULL, "data/" } },
	{ NULL, "constants/", NULL, { GH_TORCH_STORAGE, "tensor storage", NULL, "constants/" } },
	{ NULL, "tensors/", NULL, { GH_TORCH_STORAGE, "tensor storage", NULL, "tensors/" } },
	{ NULL, "traced_inputs/", NULL, { GH_TORCH_STORAGE, "tensor storage", NULL, "traced_inputs/" } },
	{ NULL, "code/", ".py", { GH_TORCH_CODE, "torchscript source", "torchscript", NULL } },
	{ NULL, "code/", ".debug_pkl", { GH_TORCH_DEBUG, "debug information", "pickle", NULL } },
	{ NULL, "debug/", ".pkl", { GH_TORCH_DEBUG, "debug information", "pickle", NULL } },
	{ NULL, "extra/", NULL, { GH_TORCH_EXTRA, "extra file", NULL, NULL } },
};
static const struct gh_torch_place outside = { GH_TORCH_OUTSIDE, NULL, NULL, NULL };
static const struct gh_torch_place folder = { GH_TORCH_FOLDER, NULL, NULL, NULL };

const struct gh_torch_place *gh_torch_place(struct gh_span name)
{
	if (name.n == 0 || name.p[name.n - 1] == '/')
		return &folder;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		const struct row *r = &rows[i];
		if (r->whole != NULL ? gh_span_is(name, r->whole)
				     : gh_span_starts(name, r->dir) && name.n > strlen(r->dir) &&
					       (r->end == NULL || gh_span_ends(name, r->end)))
			return &r->place;
	}
	return &outside;
}

bool gh_torch_lower(uint8_t *p, size_t n)
{
	bool changed = false;
	for (size_t i = 0; i < n; i++)
		if (p[i] >= 'A' && p[i] <= 'Z') {
			p[i] = (uint8_t)(p[i] | 32);
			changed = true;
		}
	return changed;
}

struct gh_span gh_torch_top(struct gh_span member)
{
	const uint8_t *slash = member.n == 0 ? NULL : memchr(member.p, '/', member.n);
	return slash == NULL ? (struct gh_span){ 0 } : gh_span_cut(member, 0, (uint64_t)(slash - member.p) + 1);
}
