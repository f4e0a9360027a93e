/* Programs at the start and anywhere; both questions must agree about native programs at offset 0, except that a
 * damaged ELF header is enough at the start. */
#include "wire/program.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *d, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *d, size_t n)
{
	struct gh_span in = { d, n };
	struct gh_program at, found[8];
	bool is = gh_program_at(in, &at) && at.kind != GH_PROGRAM_SCRIPT;
	bool damaged = is && at.kind == GH_PROGRAM_ELF && at.machine[0] == '\0';
	size_t k = gh_program_find(in, found, 8);
	if (k > 8 || (is && !damaged) != (k != 0 && found[0].at == 0))
		abort();
	for (size_t i = 0; i < k; i++)
		if (found[i].machine == NULL || found[i].at >= n || (i != 0 && found[i].at <= found[i - 1].at))
			abort();
	return 0;
}
