/* HDF5's small encodings: nothing is written past its room, and what is refused leaves nothing behind. */
#include "wire/hdf5.h"
#include "wire/hdf5type.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *d, size_t n);

static void type(struct gh_span in)
{
	gh_auto_arena a = { .max = 4 << 20 };
	struct gh_hdf5_type t;
	enum gh_rc rc;
	size_t used = gh_hdf5_type(in, 8, &a, &t, &rc);
	if (used > in.n || (used == 0) != (rc != GH_OK) || (used == 0 && (t.nspot != 0 || t.size != 0)))
		abort();
	if (used != 0 && (t.size == 0 || t.nspot > GH_HDF5_SPOTS))
		abort();
	for (size_t i = 0; i < t.nspot; i++)
		if (t.spot[i].element == 0)
			abort();
}

static void space(struct gh_span in, unsigned width)
{
	struct gh_hdf5_space s;
	size_t used = gh_hdf5_space(in, width, &s);
	uint64_t product = s.null || used == 0 ? 0 : 1;
	for (unsigned i = 0; i < s.ndim; i++)
		product *= s.dim[i];
	if (used > in.n || s.ndim > GH_HDF5_DIMS || product != s.count)
		abort();
}

static void filters(struct gh_span in, size_t element)
{
	size_t made = 0, cap = 1 << 16;
	uint8_t *out = malloc(cap), *back = malloc(in.n + 1);
	struct gh_hdf5_pipeline p;
	struct gh_hdf5_sum s;
	if (out == NULL || back == NULL)
		abort();
	if (gh_hdf5_unlzf(in, out, cap, &made) && made > cap)
		abort();
	gh_hdf5_unshuffle(back, in, element);
	(void)gh_hdf5_fletcher32(in);
	struct gh_hdf5_filter f = { .nparam = 20 };
	struct gh_span rest = gh_span_cut(in, 10, in.n);
	for (size_t i = 0; i < 10 && i < in.n; i++)
		f.param[i] = in.p[i];
	if (gh_hdf5_unscale(rest, &f, out, cap, &made) && made > cap)
		abort();
	if (gh_hdf5_pipeline(in, &p) > in.n || p.n > GH_HDF5_FILTERS)
		abort();
	gh_hdf5_sum_start(&s, in.n);
	for (size_t at = 0; at < in.n; at += 12 * element)
		gh_hdf5_sum_put(&s, gh_span_cut(in, at, 12 * element));
	if (gh_hdf5_sum_end(&s) != gh_hdf5_lookup3(in))
		abort();
	free(out);
	free(back);
}

int LLVMFuzzerTestOneInput(const uint8_t *d, size_t n)
{
	if (n < 1)
		return 0;
	struct gh_span in = { d + 1, n - 1 };
	if (d[0] % 3 == 0)
		type(in);
	else if (d[0] % 3 == 1)
		space(in, 2u << d[0] / 3 % 3);
	else
		filters(in, d[0] / 3 % 16 + 1u);
	return 0;
}
