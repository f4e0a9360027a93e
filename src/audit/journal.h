/* journal.h - the file in which entries are durable before their tiles are: bytes of the writer itself, checked all the same,
 * since a crash may have cut them anywhere. Numbers are little-endian.
 *
 *	head	off  size
 *		0    8	 "GHLOGJ1\n"
 *		8    8	 base: size of the log whose tiles are all durable
 *		16   32	 root of that log
 *		48   16	 first half of the SHA-256 of the 48 bytes before
 *	record	0    4	 "GHR1"
 *		4    4	 length of the body
 *		8    8	 index of the first entry
 *		16   4	 number of entries
 *		20   4	 zero
 *		24   32	 SHA-256 of the 24 bytes before and the SHA-256 of the body
 *		56   n	 body: entries as in a bundle (16-bit big-endian length, bytes) */
#ifndef GH_AUDIT_JOURNAL_H
#define GH_AUDIT_JOURNAL_H
#include "base/buf.h"
#include "crypto/merkle.h"

enum { GH_JOURNAL_HEAD = 64, GH_JOURNAL_REC = 56, GH_JOURNAL_BODY = 64 << 20 /* longest body */ };

void gh_journal_head(uint64_t base, const struct gh_mhash *root, uint8_t out[GH_JOURNAL_HEAD]);
/* False: no such head. *rest moves behind it. */
bool gh_journal_head_read(struct gh_span *rest, uint64_t *base, struct gh_mhash *root);
/* The bytes before a body. */
void gh_journal_rec(uint64_t first, uint32_t count, struct gh_span body, uint8_t out[GH_JOURNAL_REC]);

struct gh_journal_rec {
	uint64_t first;
	uint32_t count;
	struct gh_span body; /* holds exactly count entries */
};
/* The next record; false at the end (rest->n == 0) or where it is torn. */
bool gh_journal_next(struct gh_span *rest, struct gh_journal_rec *out);
#endif
