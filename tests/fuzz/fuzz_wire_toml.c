/* TOML: any bytes end; values lie in the text or in the room, offsets in order. */
#include "wire/toml.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *d, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *d, size_t n)
{
	static volatile uint8_t sink;
	uint8_t *room = malloc(n + 8);
	struct gh_toml t;
	size_t last = 0;
	if (room == NULL)
		return 0;
	gh_toml(&t, (struct gh_span){ d, n }, room, n + 8);
	while (gh_toml_next(&t)) {
		if (t.off < last || t.off + t.len > n || t.path.n > GH_TOML_PATH || t.key.n > t.path.n)
			abort();
		last = t.off;
		for (size_t i = 0; i < t.text.n; i++)
			sink ^= t.text.p[i];
	}
	if (t.bad && (t.why == NULL || t.off > n))
		abort();
	free(room);
	return 0;
}
