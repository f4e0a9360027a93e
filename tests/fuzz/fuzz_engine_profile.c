/* Engine profiles: what is read has everything a launch relies on. */
#include "os/jail_serve.h"
#include "runtime/engines.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *d, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *d, size_t n)
{
	gh_auto_arena a = { .max = (size_t)8 << 20 };
	struct gh_engine_profile p;
	struct gh_err err = { 0 };
	if (gh_engine_read(&a, "fuzz", (struct gh_span){ d, n }, &p, &err) != GH_OK)
		return 0;
	if (p.nargv == 0 || p.argv[0][0] != '/' || !gh_serve_row(p.syscalls) || p.ready[0] != '/' || p.memory == 0 ||
	    p.socket == 0 || p.model == 0 || p.nbind > GH_ENGINE_FILES || p.nargv > GH_STUB_WORDS ||
	    p.nenv > GH_STUB_WORDS)
		abort();
	for (size_t i = 0; i < p.nbind; i++)
		if (p.bind[i].inside[0] != '/' || p.bind[i].host[0] == '\0')
			abort();
	return 0;
}
