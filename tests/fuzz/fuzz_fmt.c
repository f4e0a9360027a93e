/* One harness for every format reader: any bytes give a code and in-range events, never a crash, a leak, an
 * over-read or unbounded memory; every failure says why. GH_FUZZ_FMT is the row under test. */
#include "support/events.h"

extern const struct gh_fmt GH_FUZZ_FMT;
int LLVMFuzzerTestOneInput(const uint8_t *d, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *d, size_t n)
{
	if (GH_FUZZ_FMT.walk == NULL) { /* only recognised: the probe is all there is */
		struct gh_span all = { d, n };
		struct gh_probe p = { gh_span_cut(all, 0, GH_PROBE_BYTES),
				      n > GH_PROBE_BYTES ? gh_span_cut(all, n - GH_PROBE_BYTES, GH_PROBE_BYTES) : all,
				      n };
		(void)GH_FUZZ_FMT.probe(&p);
		return 0;
	}
	for (int unstable = 0; unstable < 2; unstable++) {
		struct gh_events ev;
		gh_events_walk(&ev, &GH_FUZZ_FMT, (struct gh_span){ d, n }, "fuzz", unstable != 0);
		if (ev.rc != GH_OK && ev.rc != GH_E_NOTTHIS && ev.why[0] == '\0')
			__builtin_trap();
		gh_events_free(&ev);
	}
	return 0;
}
