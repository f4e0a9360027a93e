/* enrol_side.h - what the two sides of mode "enrol" say to each other. */
#ifndef GH_SCAN_ATTEST_ENROL_SIDE_H
#define GH_SCAN_ATTEST_ENROL_SIDE_H
#include <stdint.h>

enum { GH_ENROL_TAG_EK = 1, GH_ENROL_TAG_AK };
enum {
	GH_ENROL_SAY_CHALLENGE = 1, /* text: the file's bytes */
	GH_ENROL_SAY_NAME,	    /* text: the attestation key's name, hexadecimal */
	GH_ENROL_SAY_ABOUT,	    /* text: the certificate's subject */
};
struct gh_enrol_args {
	uint8_t secret[32];
};
#endif
