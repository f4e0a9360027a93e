#include "support/zipmake.h"

#include <libdeflate.h>

/* The fields that the local header and the directory share, from "version needed" on. */
static void common(struct gh_test_bytes *out, const struct gh_test_member *f, size_t packed)
{
	gh_test_le(out, 20, 2);
	gh_test_le(out, 0, 2);
	gh_test_le(out, f->deflate ? 8 : 0, 2);
	gh_test_le(out, 0x21 << 16, 4); /* 1980-01-01 00:00 */
	gh_test_le(out, libdeflate_crc32(0, f->data.p, f->data.n), 4);
	gh_test_le(out, packed, 4);
	gh_test_le(out, f->data.n, 4);
	gh_test_le(out, strlen(f->name), 2);
	gh_test_le(out, 0, 2);
}

void gh_test_zip(struct gh_test_bytes *out, const struct gh_test_member *file, size_t n)
{
	struct gh_test_bytes dir = { 0 };
	size_t start = out->n;
	for (size_t i = 0; i < n; i++) {
		const struct gh_test_member *f = &file[i];
		struct gh_test_bytes packed = { 0 };
		size_t at = out->n - start;
		if (f->deflate)
			gh_test_pack(&packed, GH_CODEC_DEFLATE, f->data);
		else
			gh_test_put(&packed, f->data);
		gh_test_le(out, 0x04034b50, 4);
		common(out, f, packed.n);
		gh_test_put(out, gh_span_str(f->name));
		gh_test_put(out, gh_test_view(&packed));
		gh_test_le(&dir, 0x02014b50, 4);
		gh_test_le(&dir, 20, 2);
		common(&dir, f, packed.n);
		gh_test_le(&dir, 0, 8); /* comment, disk, attributes; then the offset */
		gh_test_le(&dir, 0, 2);
		gh_test_le(&dir, at, 4);
		gh_test_put(&dir, gh_span_str(f->name));
		gh_test_free(&packed);
	}
	size_t at = out->n - start;
	gh_test_put(out, gh_test_view(&dir));
	gh_test_le(out, 0x06054b50, 4);
	gh_test_le(out, 0, 4);
	gh_test_le(out, n, 2);
	gh_test_le(out, n, 2);
	gh_test_le(out, dir.n, 4);
	gh_test_le(out, at, 4);
	gh_test_le(out, 0, 2);
	gh_test_free(&dir);
}
