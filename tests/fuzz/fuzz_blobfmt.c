/* Heads of blobs, ranges in them, wrapped keys, recovery keys: any bytes lead to an answer. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "catalog/blobfmt.h"
#include "crypto/wrap.h"
#include "daemon/vault_int.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void head(struct gh_span s)
{
	struct gh_blobfmt h;
	uint8_t back[GH_BLOB_HEAD];
	uint64_t first, count, off;
	size_t plain;
	if (gh_blobfmt_read(s, &h, NULL) != GH_OK)
		return;
	gh_blobfmt_write(&h, back);
	if (memcmp(back, s.p, sizeof back) != 0)
		abort(); /* two heads would mean the same */
	uint64_t a = s.n >= GH_BLOB_HEAD + 16 ? gh_le64(s.p + GH_BLOB_HEAD) : 0;
	uint64_t b = s.n >= GH_BLOB_HEAD + 16 ? gh_le64(s.p + GH_BLOB_HEAD + 8) : h.size;
	if (gh_blobfmt_range(h.size, a, b, &first, &count) &&
	    (!gh_blobfmt_segment(h.size, first, &off, &plain) ||
	     !gh_blobfmt_segment(h.size, first + count - 1, &off, &plain) ||
	     off + plain + GH_STREAM_TAG > gh_blobfmt_stored(h.size)))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static const uint8_t key[GH_WRAP_KEY] = { 1 };
	uint8_t out[GH_WRAP_KEY], recovery[20];
	char text[GH_VP_RECOVERY];
	head((struct gh_span){ data, n });
	if (n >= GH_WRAPPED) {
		struct gh_wrap_for w = { .kind = GH_WRAP_BLOB };
		if (gh_wrapped_generation(data, GH_WRAP_BLOB, &w.generation) && gh_unwrap(key, &w, data, out) &&
		    memcmp(data + n - 1, "!", 1) == 0)
			abort(); /* nobody has this key */
	}
	if (gh_vd_recovery_key((struct gh_span){ data, n }, recovery)) {
		gh_vd_recovery_text(recovery, text);
		uint8_t again[20];
		if (!gh_vd_recovery_key(gh_span_str(text), again) || memcmp(again, recovery, sizeof again) != 0)
			abort();
	}
	return 0;
}
