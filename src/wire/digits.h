/* digits.h - what a character means in text that encodes bytes: RFC 4648 base64 (both alphabets) and hexadecimal. */
#ifndef GH_WIRE_DIGITS_H
#define GH_WIRE_DIGITS_H
#include <stdint.h>

/* The digit's value plus one; 0: the character is no digit. */
extern const uint8_t gh_base64_value[256], gh_hex_value[256];

/* The value, or -1. */
static inline int gh_base64_digit(uint8_t c) { return gh_base64_value[c] - 1; }
static inline int gh_hex_digit(uint8_t c) { return gh_hex_value[c] - 1; }
#endif
