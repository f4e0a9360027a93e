/* software.h - evidence of kind "software": a trusted launcher says what it started, signed by its node's key.
 *
 * It is worth what the host is worth: whoever is root there can say anything. Its class is `software`, always, and it never
 * satisfies a policy that asks for more. What it is good for: the launcher computes the measurement over the very bytes that are
 * executed, so a stub, engine, library, seccomp filter or configuration that was altered on disk does not get a key.
 *
 * A fixed structure, little-endian, not a byte longer:
 *
 *	off  size
 *	0    8     magic: 47 48 53 57 45 56 0d 0a ("GHSWEV\r\n")
 *	8    4     version of this format: 1
 *	12   4     length with the signature: 432
 *	16   64    report data
 *	80   32    measurement: SHA-256 of the list (runtime/measure.h)
 *	112  32    SHA-256 of the node's public key (SubjectPublicKeyInfo, DER)
 *	144  16    deployment
 *	160  8     when it was made, seconds since 1970
 *	168  8     when the host was started, seconds since 1970
 *	176  16    the kernel's boot id
 *	192  4     set of enum gh_software_layer that are in force
 *	196  4     Landlock's ABI in force; 0: none
 *	200  4     isolation: 1 sandbox, 2 microVM
 *	204  4     zero
 *	208  64    kernel release, zero behind it
 *	272  96    name of the engine profile, zero behind it
 *	368  64    Ed25519 over "gatehouse software evidence v1\0" and bytes 0 to 367
 *
 * The endorsement is the node's public key (PEM or DER); the policy says which nodes are believed. */
#ifndef GH_ATTEST_SOFTWARE_H
#define GH_ATTEST_SOFTWARE_H
#include "attest/attest.h"

enum {
	GH_SOFTWARE_SIZE = 432,
	GH_SOFTWARE_SIGNED = 368, /* bytes of it that are signed */
	GH_SOFTWARE_SIG = 64,
	GH_SOFTWARE_KERNEL = 64,
	GH_SOFTWARE_PROFILE = 96,
};
#define GH_SOFTWARE_LABEL "gatehouse software evidence v1" /* with its NUL */
enum { GH_SOFTWARE_TBS = sizeof GH_SOFTWARE_LABEL + GH_SOFTWARE_SIGNED };

enum gh_software_layer {
	GH_SL_USER = 1 << 0, /* name spaces */
	GH_SL_PID = 1 << 1,
	GH_SL_NET = 1 << 2,
	GH_SL_MOUNT = 1 << 3,
	GH_SL_IPC = 1 << 4,
	GH_SL_UTS = 1 << 5,
	GH_SL_CGROUP_NS = 1 << 6,
	GH_SL_ROOT = 1 << 7,   /* own read-only root */
	GH_SL_RIGHTS = 1 << 8, /* no capabilities, no-new-privs */
	GH_SL_LANDLOCK = 1 << 9,
	GH_SL_SECCOMP = 1 << 10,
	GH_SL_LISTENER = 1 << 11, /* refused calls are recorded */
	GH_SL_RLIMITS = 1 << 12,
	GH_SL_MEMORY = 1 << 13, /* cgroup */
	GH_SL_PIDS = 1 << 14,
	GH_SL_CPU = 1 << 15,
	GH_SL_VM = 1 << 16,
	GH_SL_ALL = (1 << 17) - 1,
};
const char *gh_software_layer_word(enum gh_software_layer l); /* "net", "landlock"; NULL: no such */

enum gh_software_isolation { GH_SI_SANDBOX = 1, GH_SI_MICROVM };

struct gh_software {
	uint8_t report_data[64], measurement[32], node[32], deployment[16], boot_id[16];
	int64_t made, booted; /* never negative */
	uint32_t layers, landlock;
	enum gh_software_isolation isolation;
	char kernel[GH_SOFTWARE_KERNEL], profile[GH_SOFTWARE_PROFILE]; /* ended by NUL; printable ASCII */
};

/* What has to be signed (Ed25519). False: a field that cannot be. */
bool gh_software_tbs(const struct gh_software *s, uint8_t out[GH_SOFTWARE_TBS]);
/* The evidence, from what was signed and the signature. */
void gh_software_put(const uint8_t tbs[GH_SOFTWARE_TBS], const uint8_t sig[GH_SOFTWARE_SIG],
		     uint8_t out[GH_SOFTWARE_SIZE]);
/* Take it apart: strict to the last bit, nothing is verified. False: it is none. */
bool gh_software_read(struct gh_span evidence, struct gh_software *out);

/* The row gh_attest_software of kinds.c. Checks: format, node_key (the endorsement is the key that the evidence names), node (the policy's list
 * `nodes` has it; UNKNOWN without such a list: nobody vouches for the key), signature, report_data, time (made within
 * `max_age_seconds`, 300, before `at`), layers (all of the policy's list `layers`; the default is every one but cgroup's),
 * landlock (at least `min_landlock`, 1), isolation, measurement (the policy's list `measurement`; UNKNOWN without one). */
#endif
