/* What ELF files need: names lie inside of the file, end, and are not empty. */
#include "wire/elfneed.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *d, size_t n);

static void inside(const uint8_t *d, size_t n, struct gh_span s)
{
	if (s.n == 0 || s.p < d || s.p + s.n >= d + n || s.p[s.n] != '\0' || memchr(s.p, '\0', s.n) != NULL)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *d, size_t n)
{
	struct gh_elf_need need;
	if (!gh_elf_need((struct gh_span){ d, n }, &need))
		return 0;
	if (need.nneeded > GH_ELF_NEEDED)
		abort();
	for (size_t i = 0; i < need.nneeded; i++)
		inside(d, n, need.needed[i]);
	if (need.interpreter.n != 0)
		inside(d, n, need.interpreter);
	if (need.runpath.n != 0)
		inside(d, n, need.runpath);
	return 0;
}
