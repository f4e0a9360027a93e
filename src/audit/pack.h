/* pack.h - an evidence pack: entries of the log with what is needed to verify them offline, as files in a directory.
 *
 *	README.md	what this is and how to verify it, with and without this program
 *	key.pub		the log's verifier key, checkpoint: the signed head
 *	entries.jsonl	one line per entry: {"index":N,"entry":{…}}; the entry's bytes stand there as they were logged
 *	proofs/N	a proof file (C2SP tlog-proof) per entry; left out when all entries are there and are many: the root can then be
 *			computed from them
 *	controls.json	per kind of entry: what it records, for which controls it may be evidence, and which entries there are
 *
 * The texts of controls help a reader to find entries; they claim no compliance. */
#ifndef GH_AUDIT_PACK_H
#define GH_AUDIT_PACK_H
#include "base/buf.h"
#include "base/err.h"
#include "crypto/note.h"

enum { GH_PACK_PROOFS = 10000 /* entries, from which on a pack of all of them holds no proofs */ };

/* Append the line of an entry to entries.jsonl. */
void gh_pack_line(uint64_t index, struct gh_span entry, struct gh_buf *out);
/* Take such a line apart (without its newline). False: it is none. */
bool gh_pack_line_read(struct gh_span line, uint64_t *index, struct gh_span *entry);

struct gh_pack_counts {
	uint64_t n[64], first[64], last[64]; /* per row of gh_entry_kinds: how many, first and last index */
	uint64_t entries, unknown;
};
void gh_pack_count(struct gh_pack_counts *c, uint64_t index, struct gh_span entry);
/* controls.json and README.md. `all`: every entry of the log is in the pack; `proofs`: so are proof files. */
void gh_pack_controls(const struct gh_pack_counts *c, struct gh_buf *out);
void gh_pack_readme(const struct gh_checkpoint *head, const struct gh_note_key *key, const struct gh_pack_counts *c,
		    bool all, bool proofs, struct gh_buf *out);
#endif
