/* Every record reader of wire/zip.h on any bytes, and the name functions that all containers share. */
#include "wire/path.h"
#include "wire/zip.h"

int LLVMFuzzerTestOneInput(const uint8_t *d, size_t n);

static void names(struct gh_span s)
{
	struct gh_span a = gh_span_cut(s, 0, s.n / 2), b = gh_span_cut(s, s.n / 2, s.n);
	unsigned f = gh_path_flags(a);
	if (f >> GH_PATH_FLAGS != 0)
		__builtin_trap();
	for (int fold = 0; fold < 2; fold++) { /* an order: antisymmetric, and equal to itself */
		if (gh_path_cmp(a, b, fold) != -gh_path_cmp(b, a, fold) || gh_path_cmp(a, a, fold) != 0)
			__builtin_trap();
	}
	if (gh_path_below(a, a) || (gh_path_below(a, b) && gh_path_cmp(a, b, true) >= 0))
		__builtin_trap();
	(void)gh_path_link_escapes(a, b);
}

int LLVMFuzzerTestOneInput(const uint8_t *d, size_t n)
{
	struct gh_span in = { d, n };
	struct gh_zip_end end;
	struct gh_zip_locator loc;
	struct gh_zip_header h;
	struct gh_zip_extra x;
	size_t len, at = SIZE_MAX;
	if (gh_zip_end(in, &end) && end.record != GH_ZIP_END_SIZE)
		__builtin_trap();
	if (gh_zip_end64(in, &end) && end.record < GH_ZIP_END64_SIZE)
		__builtin_trap();
	(void)gh_zip_locator(in, &loc);
	while ((at = gh_zip_rfind_end(in, at)) != SIZE_MAX)
		if (at > n - GH_ZIP_END_SIZE || !gh_zip_end(gh_span_cut(in, at, n), &end))
			__builtin_trap();
	if (gh_zip_local(in, &h))
		gh_zip_extra(gh_span_cut(in, (uint64_t)GH_ZIP_LOCAL_SIZE + h.name_n, h.extra_n), false, &h, &x);
	if (gh_zip_central(in, &h))
		gh_zip_extra(gh_span_cut(in, (uint64_t)GH_ZIP_CENTRAL_SIZE + h.name_n, h.extra_n), true, &h, &x);
	for (int central = 0; central < 2; central++) {
		h = (struct gh_zip_header){
			.csize = UINT32_MAX, .usize = n & 1 ? UINT32_MAX : 7, .off = UINT32_MAX, .disk = UINT16_MAX
		};
		gh_zip_extra(in, central, &h, &x);
		if (x.utf8 && x.utf8_name.n > n)
			__builtin_trap();
	}
	if (gh_zip_descriptor(in, 0, n, n, 0, &len) && len > n)
		__builtin_trap();
	names(in);
	return 0;
}
