/* Counting numbers and quantised blocks: any bytes, any length, fast and plain alike; and everything that is concluded from it. */
#include "check/weights.h"
#include "wire/fstat.h"
#include "wire/quant.h"

#include <stdlib.h>

static const char *const types[] = { "F32",  "BF16", "F16",  "F64",  "F8_E4M3", "F8_E5M2", "C64",   "I8",
				     "Q8_0", "Q4_0", "Q4_K", "Q6_K", "Q8_K",	"IQ1_M",   "MXFP4", "TQ1_0" };

static void note(struct gh_scene *s, const struct gh_rule *r, struct gh_range at, const char *text)
{
	(void)s;
	(void)r;
	(void)at;
	(void)text;
}

static void both_ways(const struct gh_fkind *k, const uint8_t *p, size_t n, unsigned octave)
{
	static struct gh_fscratch room;
	static struct gh_fblock a, b;
	n = n / k->width < GH_FSTAT_BLOCK ? n / k->width : GH_FSTAT_BLOCK;
	gh_fstat_block(k, p, n, octave, &room, &a);
	gh_fstat_block_plain(k, p, n, octave, &room, &b);
	if (memcmp(&a, &b, sizeof a) != 0)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 2)
		return 0;
	const char *dtype = types[data[0] % (sizeof types / sizeof types[0])];
	struct gh_span in = { data + 2, size - 2 };
	const struct gh_fkind *k = gh_fkind_named(dtype);
	if (k != NULL)
		both_ways(k, in.p, in.n, data[1]);
	gh_auto_arena arena = { .max = (size_t)8 << 20 };
	void *state = NULL;
	struct gh_scene s = { .format = "safetensors", .arena = &arena, .state = &state, .find = note };
	struct gh_src_mem mem;
	uint64_t dim[2] = { 4, data[1] };
	struct gh_tensor t = { .name = GH_SPAN("layers.1.w"),
			       .dtype = dtype,
			       .ndim = 2,
			       .dim = dim,
			       .src = gh_src_mem(&mem, in),
			       .big_endian = (data[0] & 0x80) != 0 };
	struct gh_event ev = { .kind = GH_EV_TENSOR, .at = { 0, in.n }, .u.tensor = &t };
	for (unsigned i = 0; i < 7; i++)
		gh_check_weights.on(&s, &ev);
	gh_check_weights.end(&s);
	return 0;
}
