#include "catalog/baktar.h"

#include <stdio.h>

enum {
	AT_NAME = 0,
	AT_MODE = 100,
	AT_UID = 108,
	AT_GID = 116,
	AT_SIZE = 124,
	AT_TIME = 136,
	AT_SUM = 148,
	AT_TYPE = 156,
	AT_MAGIC = 257
};

bool gh_baktar_name_ok(struct gh_span name)
{
	unsigned parts = 1;
	bool first = true; /* of a part */
	if (name.n == 0 || name.n > GH_BAKTAR_NAME)
		return false;
	for (size_t i = 0; i < name.n; i++) {
		uint8_t c = name.p[i];
		if (c == '/') {
			if (first || ++parts > GH_BAKTAR_PARTS)
				return false;
			first = true;
			continue;
		}
		bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
			     c == '_';
		if (!plain && (c != '.' || first))
			return false;
		first = false;
	}
	return !first;
}

/* Everything but name, size and checksum is the same in every head. */
bool gh_baktar_write(const struct gh_baktar_head *h, uint8_t out[GH_BAKTAR_BLOCK])
{
	struct gh_span name = gh_span_str(h->name);
	char number[24];
	unsigned sum = 0;
	if (!gh_baktar_name_ok(name) || h->size >= GH_BAKTAR_SIZE_MAX)
		return false;
	memset(out, 0, GH_BAKTAR_BLOCK);
	memcpy(out + AT_NAME, name.p, name.n);
	memcpy(out + AT_MODE, "0000600", 8);
	memcpy(out + AT_UID, "0000000", 8);
	memcpy(out + AT_GID, "0000000", 8);
	memcpy(out + AT_TIME, "00000000000", 12);
	if (h->size < UINT64_C(1) << 33) {
		(void)snprintf(number, sizeof number, "%011llo", (unsigned long long)h->size);
		memcpy(out + AT_SIZE, number, 12);
	} else {
		out[AT_SIZE] = 0x80;
		for (unsigned i = 0; i < 8; i++)
			out[AT_SIZE + 11 - i] = (uint8_t)(h->size >> 8 * i);
	}
	out[AT_TYPE] = '0';
	memcpy(out + AT_MAGIC, "ustar\00000", 8);
	memset(out + AT_SUM, ' ', 8);
	for (unsigned i = 0; i < GH_BAKTAR_BLOCK; i++)
		sum += out[i];
	(void)snprintf(number, sizeof number, "%06o", sum & 0777777);
	memcpy(out + AT_SUM, number, 7); /* six digits, a NUL, and the blank that stands there */
	return true;
}

static bool octal(const uint8_t *p, uint64_t *out)
{
	*out = 0;
	for (unsigned i = 0; i < 11; i++) {
		if (p[i] < '0' || p[i] > '7')
			return false;
		*out = *out << 3 | (uint64_t)(p[i] - '0');
	}
	return p[11] == 0;
}

enum gh_baktar_is gh_baktar_read(const uint8_t block[GH_BAKTAR_BLOCK], struct gh_baktar_head *out)
{
	uint8_t same[GH_BAKTAR_BLOCK];
	static const uint8_t zeros[GH_BAKTAR_BLOCK];
	*out = (struct gh_baktar_head){ 0 };
	if (memcmp(block, zeros, GH_BAKTAR_BLOCK) == 0)
		return GH_BAKTAR_END;
	if (memchr(block + AT_NAME, 0, GH_BAKTAR_NAME + 1) == NULL)
		return GH_BAKTAR_BAD;
	memcpy(out->name, block + AT_NAME, GH_BAKTAR_NAME + 1);
	bool good = true;
	if (block[AT_SIZE] == 0x80)
		for (unsigned i = 4; i < 12; i++)
			out->size = out->size << 8 | block[AT_SIZE + i];
	else
		good = octal(block + AT_SIZE, &out->size);
	/* What we would have written for this name and size, byte for byte: nothing else has a meaning here. */
	if (!good || !gh_baktar_write(out, same) || memcmp(block, same, GH_BAKTAR_BLOCK) != 0) {
		*out = (struct gh_baktar_head){ 0 };
		return GH_BAKTAR_BAD;
	}
	return GH_BAKTAR_FILE;
}
