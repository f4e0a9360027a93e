/* The XML reader: any bytes give tokens inside the input and an end; values are inside, whatever the window. */
#include "wire/xml.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *d, size_t n);

struct in {
	struct gh_span s;
	uint8_t *copy; /* a window of its own: stale use is seen */
};

static struct gh_span more(void *ctx, uint64_t off, size_t want)
{
	struct in *in = ctx;
	struct gh_span w = gh_span_cut(in->s, off, want);
	free(in->copy);
	in->copy = malloc(w.n + 1);
	if (in->copy == NULL)
		return (struct gh_span){ 0 };
	if (w.n != 0)
		memcpy(in->copy, w.p, w.n);
	return (struct gh_span){ in->copy, w.n };
}

int LLVMFuzzerTestOneInput(const uint8_t *d, size_t n)
{
	static struct gh_xml x;
	struct in in = { .s = { d, n } };
	uint64_t at = 0;
	gh_xml_open(&x, more, &in);
	while (gh_xml_next(&x) > GH_XML_END) {
		struct gh_span name, value;
		uint8_t out[256];
		if (x.off < at || x.off + x.len > n || x.depth > GH_XML_DEPTH)
			__builtin_trap();
		at = x.off + x.len;
		for (size_t i = 0; x.tok == GH_XML_START && gh_xml_attr(&x, &i, &name, &value);)
			if (gh_xml_decode(value, out, sizeof out) > sizeof out)
				__builtin_trap();
		for (size_t i = 0; gh_xml_reference(x.value, &i, &name);)
			;
	}
	if (x.tok == GH_XML_BAD && x.why == NULL)
		__builtin_trap();
	free(in.copy);
	return 0;
}
