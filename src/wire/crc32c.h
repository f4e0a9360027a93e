/* crc32c.h - CRC-32C (Castagnoli, RFC 3720 appendix B.4), and the masked form in which LevelDB tables and TFRecord files keep
 * it (leveldb/util/crc32c.h). */
#ifndef GH_WIRE_CRC32C_H
#define GH_WIRE_CRC32C_H
#include "base/span.h"

/* Start with 0; pass the result on for the bytes that follow. */
uint32_t gh_crc32c(uint32_t crc, struct gh_span s);
static inline uint32_t gh_crc32c_mask(uint32_t crc) { return (crc >> 15 | crc << 17) + 0xa282ead8u; }
#endif
