/* A list of known bad files: text is read or refused, and what was read is found again. */
#include "scan/badlist.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);
int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct gh_badlist_rows rows = { .n = 0 };
	struct gh_err err = { 0 };
	gh_auto_buf out = gh_buf(1 << 20);
	/* The form that workers get, of any bytes: read with bounds. */
	struct gh_badlist any = gh_badlist((struct gh_span){ p, n });
	const uint8_t digest[GH_SHA256_BYTES] = { 0x27 };
	(void)gh_badlist_find(&any, digest);
	(void)gh_badlist_size(&any, n);
	if (gh_badlist_parse((struct gh_span){ p, n }, &rows, &err) == GH_OK &&
	    gh_badlist_write(&rows, &out, &err) == GH_OK) {
		struct gh_badlist list = gh_badlist(gh_buf_view(&out));
		for (size_t i = 0; i < rows.n; i++)
			if (gh_badlist_find(&list, rows.v[i].digest) == NULL)
				abort();
	}
	gh_badlist_free(&rows);
	return 0;
}
