/* The YAML reader on any bytes: no crash, no over-read, ends; starts and ends of collections balance, and every place is
 * inside of the text. */
#include "wire/yaml.h"

int LLVMFuzzerTestOneInput(const uint8_t *d, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *d, size_t n)
{
	gh_auto_arena arena = { .max = 16 << 20 };
	struct gh_yaml y;
	unsigned depth = 0;
	uint64_t events = 0;
	gh_yaml_open(&y, (struct gh_span){ d, n }, &arena);
	while (gh_yaml_next(&y) > GH_YAML_END) {
		bool start = y.ev == GH_YAML_MAP || y.ev == GH_YAML_SEQ;
		bool end = y.ev == GH_YAML_MAP_END || y.ev == GH_YAML_SEQ_END;
		if (y.off > n || y.len > n - y.off || y.text.n > y.full || y.tag.n > GH_YAML_TAG || (end && depth == 0))
			__builtin_trap();
		depth += start;
		depth -= end;
		/* An indicator makes a node and an empty one beside it, at most. */
		if (++events > 8 * (uint64_t)n + 64)
			__builtin_trap();
	}
	if (y.ev == GH_YAML_BAD ? y.why == NULL : depth != 0)
		__builtin_trap();
	return 0;
}
