/* Heads of a backup's archive: whatever is accepted has a harmless name and is what the writer writes. */
#include "catalog/baktar.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t block[GH_BAKTAR_BLOCK] = { 0 }, again[GH_BAKTAR_BLOCK];
	struct gh_baktar_head h;
	memcpy(block, data, size < sizeof block ? size : sizeof block);
	if (gh_baktar_read(block, &h) == GH_BAKTAR_FILE &&
	    (!gh_baktar_name_ok(gh_span_str(h.name)) || !gh_baktar_write(&h, again) ||
	     memcmp(block, again, sizeof block) != 0))
		abort();
	return 0;
}
