/* The protobuf reader on any bytes: every field lies inside its message, fields follow each other without a gap, and the
 * work is bounded by the input. The first byte says how the rest is read. */
#include "wire/protobuf.h"

int LLVMFuzzerTestOneInput(const uint8_t *d, size_t n);

static struct gh_span few(void *ctx, uint64_t off)
{
	const struct gh_span *s = ctx;
	return gh_span_cut(*s, off, 32);
}

int LLVMFuzzerTestOneInput(const uint8_t *d, size_t n)
{
	if (n < 2)
		return 0;
	struct gh_span in = { d + 1, n - 1 };
	struct gh_pb p = gh_pb(few, &in, NULL, 0, (d[0] & 1) != 0 ? in.n : in.n + 100);
	struct gh_pb_field f;
	enum gh_pb_got got;
	uint64_t at = 0;
	while ((got = gh_pb_next(&p, &f)) != GH_PB_BAD) {
		if (got == GH_PB_END) {
			if (p.depth == 0)
				break;
			gh_pb_leave(&p);
			at = p.off;
			continue;
		}
		if (f.tag < at || f.off < f.tag || f.off + f.len > f.end || f.end > p.end || f.number == 0)
			__builtin_trap();
		at = f.end;
		uint64_t v;
		if ((f.wire == GH_PB_LEN || f.wire == GH_PB_GROUP) && (f.number + d[0]) % 3 == 0) {
			if (gh_pb_enter(&p, &f))
				at = f.off;
		} else if (f.wire == GH_PB_LEN && f.number % 5 == 4 && gh_pb_enter(&p, &f)) {
			while (gh_pb_packed(&p, f.number % 2 ? GH_PB_VARINT : GH_PB_I32, &v, NULL) == GH_PB_FIELD)
				;
			gh_pb_leave(&p);
		}
	}
	if (p.off > in.n + 100)
		__builtin_trap();
	static const struct gh_pb_shape shape[] = {
		{ .number = 1, .wires = 1 << GH_PB_VARINT },
		{ .number = 2, .wires = 1 << GH_PB_LEN, .is = GH_PB_TEXT },
		{ .number = 3, .wires = 1 << GH_PB_LEN, .is = GH_PB_MSG, .sub = shape },
		{ .number = 4, .wires = 1 << GH_PB_LEN, .is = GH_PB_NAME },
		{ 0 },
	};
	struct gh_pb_fit fit = gh_pb_fit(in, p.end, shape, (d[0] & 2) != 0);
	if (fit.fits && fit.fields == 0)
		__builtin_trap();
	return 0;
}
