/* zip.h - the records of a zip archive, one reader each (PKWARE APPNOTE.TXT 6.3.10, section 4.3 and 4.5).
 * Pure: a span in, values out. Where the records stand and whether they agree is format/zip_walk.c's business.
 * All numbers are little-endian; sizes and offsets are bytes. */
#ifndef GH_WIRE_ZIP_H
#define GH_WIRE_ZIP_H
#include "base/span.h"

enum { /* fixed parts, signature included */
       GH_ZIP_LOCAL_SIZE = 30,
       GH_ZIP_CENTRAL_SIZE = 46,
       GH_ZIP_END_SIZE = 22,
       GH_ZIP_END64_SIZE = 56,
       GH_ZIP_LOCATOR_SIZE = 20,
       GH_ZIP_TAIL = 65535 + GH_ZIP_END_SIZE, /* the end record starts within that many bytes of the end */
};
enum {
	GH_ZIP_SIG_LOCAL = 0x04034b50,
	GH_ZIP_SIG_CENTRAL = 0x02014b50,
	GH_ZIP_SIG_END = 0x06054b50,
	GH_ZIP_SIG_END64 = 0x06064b50,
	GH_ZIP_SIG_LOCATOR = 0x07064b50,
	GH_ZIP_SIG_DESCRIPTOR = 0x08074b50,
	GH_ZIP_SIG_SPANNED = 0x30304b50, /* marker in front of a would-be split archive, 8.5.4 */
};
enum { /* general purpose bits, 4.4.4 */
       GH_ZIP_F_ENCRYPTED = 1 << 0,
       GH_ZIP_F_DESCRIPTOR = 1 << 3,
       GH_ZIP_F_STRONG = 1 << 6,
       GH_ZIP_F_UTF8 = 1 << 11,
       GH_ZIP_F_MASKED = 1 << 13,
};

/* End of central directory, 4.3.16; the zip64 record (4.3.14) read into the same shape. */
struct gh_zip_end {
	uint64_t disk, cd_disk;
	uint64_t here, total; /* entries on this disk and in all */
	uint64_t cd_size, cd_off;
	uint16_t comment; /* bytes that follow; zip64: 0 */
	uint64_t record;  /* zip64: length of the whole record, signature included; else 22 */
};
bool gh_zip_end(struct gh_span in, struct gh_zip_end *out);
bool gh_zip_end64(struct gh_span in, struct gh_zip_end *out);
/* Locator of the zip64 record, 4.3.15. */
struct gh_zip_locator {
	uint32_t disk, disks;
	uint64_t off;
};
bool gh_zip_locator(struct gh_span in, struct gh_zip_locator *out);

/* Position of the last end-record signature in tail[0..before) that has 22 bytes after it; SIZE_MAX: none. */
size_t gh_zip_rfind_end(struct gh_span tail, size_t before);

/* Local file header (4.3.7) and central directory header (4.3.12) in one shape; what a local header lacks is 0. */
struct gh_zip_header {
	uint16_t made_by, need, flags, method, time, date;
	uint32_t crc;
	uint64_t csize, usize; /* 32-bit values until gh_zip_extra() applied the zip64 field */
	uint16_t name_n, extra_n, comment_n;
	uint64_t disk, off;
	uint32_t external;
};
/* in: at least the fixed part. False: no signature or too short. */
bool gh_zip_local(struct gh_span in, struct gh_zip_header *out);
bool gh_zip_central(struct gh_span in, struct gh_zip_header *out);

/* What the extra field of a header says, 4.5. */
struct gh_zip_extra {
	bool broken;   /* a block is longer than what is left; up to 3 zero bytes at the end are alignment */
	bool conflict; /* zip64 values that only some readers would use and that contradict the header; or two blocks
			    * of a kind of which there must be one */
	bool plain;    /* only blocks of well-known small kinds: nothing at the author's will */
	bool aes;      /* WinZip AES, 0x9901 */
	bool utf8;     /* Info-ZIP Unicode path, 0x7075 */
	uint32_t utf8_crc; /* of the name it stands for */
	struct gh_span utf8_name;
};
/* Read the blocks; the zip64 block replaces saturated values of *h. central: h came from the directory. */
void gh_zip_extra(struct gh_span extra, bool central, struct gh_zip_header *h, struct gh_zip_extra *out);

/* Data descriptor, 4.3.9: optional signature, CRC, sizes of 4 or 8 bytes. True when the bytes at in.p are one that
 * says exactly this; *len is its length. want: prefer a form of this length (what follows is known), 0: any. */
bool gh_zip_descriptor(struct gh_span in, uint32_t crc, uint64_t csize, uint64_t usize, uint64_t want, size_t *len);
#endif
