#include "catalog/blobfmt.h"

static const uint8_t magic[8] = { 0x89, 'G', 'H', 'B', '\r', '\n', 0x1a, '\n' };
enum {
	AT_VERSION = 8,
	AT_LENGTH = 12,
	AT_ID = 16,
	AT_TENANT = 32,
	AT_SALT = 48,
	AT_SIZE = 80,
	AT_SEGMENT = 88,
	AT_GENERATION = 92,
	AT_CIPHER = 96,
	AT_ZERO = 100,
	CIPHER_STREAM = 1,
};

static void le(uint8_t *p, uint64_t v, unsigned width)
{
	for (unsigned i = 0; i < width; i++)
		p[i] = (uint8_t)(v >> 8 * i);
}

void gh_blobfmt_write(const struct gh_blobfmt *h, uint8_t out[GH_BLOB_HEAD])
{
	memset(out, 0, GH_BLOB_HEAD);
	memcpy(out, magic, sizeof magic);
	le(out + AT_VERSION, GH_BLOB_VERSION, 4);
	le(out + AT_LENGTH, GH_BLOB_HEAD, 4);
	memcpy(out + AT_ID, h->id, GH_BLOB_ID);
	memcpy(out + AT_TENANT, h->tenant, GH_BLOB_ID);
	memcpy(out + AT_SALT, h->salt, GH_STREAM_SALT);
	le(out + AT_SIZE, h->size, 8);
	le(out + AT_SEGMENT, GH_STREAM_SEGMENT, 4);
	le(out + AT_GENERATION, h->generation, 4);
	le(out + AT_CIPHER, CIPHER_STREAM, 4);
}

enum gh_rc gh_blobfmt_read(struct gh_span bytes, struct gh_blobfmt *out, struct gh_err *err)
{
	static const uint8_t zero[GH_BLOB_HEAD - AT_ZERO];
	const uint8_t *p = bytes.p;
	*out = (struct gh_blobfmt){ 0 };
	if (bytes.n < AT_ID || memcmp(p, magic, sizeof magic) != 0)
		return gh_fail(err, GH_E_MALFORMED, "this is no encrypted blob: it does not begin like one");
	if (gh_le32(p + AT_VERSION) > GH_BLOB_VERSION)
		return gh_fail(
			err, GH_E_UNREAD,
			"the blob is of format %u, written by a newer version of gatehouse; this one reads up to %u",
			gh_le32(p + AT_VERSION), (unsigned)GH_BLOB_VERSION);
	if (gh_le32(p + AT_VERSION) != GH_BLOB_VERSION || gh_le32(p + AT_LENGTH) != GH_BLOB_HEAD)
		return gh_fail(err, GH_E_MALFORMED, "the blob's head is damaged: format %u, head of %u bytes",
			       gh_le32(p + AT_VERSION), gh_le32(p + AT_LENGTH));
	if (bytes.n < GH_BLOB_HEAD)
		return gh_fail(err, GH_E_MALFORMED, "the blob ends inside its head");
	if (gh_le32(p + AT_SEGMENT) != GH_STREAM_SEGMENT || gh_le32(p + AT_CIPHER) != CIPHER_STREAM ||
	    gh_le64(p + AT_SIZE) > GH_STREAM_MAX || memcmp(p + AT_ZERO, zero, sizeof zero) != 0)
		return gh_fail(err, GH_E_MALFORMED,
			       "the blob's head is damaged: a length or a cipher that there is not");
	memcpy(out->id, p + AT_ID, GH_BLOB_ID);
	memcpy(out->tenant, p + AT_TENANT, GH_BLOB_ID);
	memcpy(out->salt, p + AT_SALT, GH_STREAM_SALT);
	out->size = gh_le64(p + AT_SIZE);
	out->generation = gh_le32(p + AT_GENERATION);
	return GH_OK;
}

uint64_t gh_blobfmt_stored(uint64_t size) { return GH_BLOB_HEAD + gh_stream_stored(size); }

bool gh_blobfmt_segment(uint64_t size, uint64_t i, uint64_t *off, size_t *plain)
{
	uint64_t n = gh_stream_segments(size);
	if (i >= n || size > GH_STREAM_MAX)
		return false;
	*off = GH_BLOB_HEAD + i * GH_STREAM_SEALED;
	*plain = i + 1 < n ? GH_STREAM_SEGMENT : (size_t)(size - i * GH_STREAM_SEGMENT);
	return true;
}

bool gh_blobfmt_range(uint64_t size, uint64_t off, uint64_t len, uint64_t *first, uint64_t *count)
{
	if (off > size || len > size - off)
		return false;
	*first = off / GH_STREAM_SEGMENT;
	if (len == 0) {
		/* Behind the last byte of a full last segment there is no other one. */
		uint64_t n = gh_stream_segments(size);
		*first = *first < n ? *first : n - 1;
		*count = 1;
		return true;
	}
	*count = (off + len - 1) / GH_STREAM_SEGMENT - *first + 1;
	return true;
}
