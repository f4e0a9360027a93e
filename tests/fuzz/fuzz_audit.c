/* What the audit log reads: verifier keys, notes, checkpoints, proof files, witness policies, requests to a witness, entries, bundles,
 * the journal, lines of packs. The first byte says which; any bytes behind it lead to an answer, and what was accepted holds what the
 * headers promise. */
#include "support/auditmake.h"

#include "audit/entry.h"
#include "audit/journal.h"
#include "audit/pack.h"
#include "audit/quorum.h"
#include "audit/tiles.h"
#include "audit/witness.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *d, size_t n);

static void must(bool ok)
{
	if (!ok)
		abort();
}

static struct gh_note_key log_key, witness;
static uint8_t log_seed[32], witness_seed[32];

static void keys(struct gh_span s)
{
	struct gh_note_key k;
	if (gh_note_vkey_read(s, &k, NULL) != GH_OK)
		return;
	gh_auto_buf b = gh_buf(GH_NOTE_VKEY);
	gh_note_vkey_write(&k, &b);
	struct gh_note_key again;
	must(!b.full && gh_note_vkey_read(gh_buf_view(&b), &again, NULL) == GH_OK && again.id == k.id);
}

static void notes(struct gh_span s)
{
	struct gh_note note;
	struct gh_checkpoint c;
	uint64_t time;
	if (gh_note_read(s, &note, NULL) == GH_OK) {
		must(note.nsig > 0 && note.text.n > 0 && note.text.p[note.text.n - 1] == '\n');
		(void)gh_note_check(&note, &witness, &time);
	}
	if (gh_checkpoint_open(s, &log_key, &note, &c, NULL) == GH_OK)
		must(gh_span_is(c.origin, log_key.name) && c.size <= GH_MERKLE_SIZE_MAX);
	if (gh_checkpoint_read(s, &c, NULL) == GH_OK) {
		gh_auto_buf b = gh_buf(1 << 20);
		gh_buf_span(&b, c.origin);
		gh_auto_buf again = gh_buf(1 << 20);
		gh_checkpoint_write(gh_buf_cstr(&b), c.size, &c.root, &again);
		gh_buf_span(&again, c.extension);
		must(memchr(s.p, 0, s.n) != NULL || gh_span_eq(gh_buf_view(&again), s)); /* one spelling */
	}
}

static void proofs(struct gh_span s)
{
	struct gh_tlog_proof p;
	must(gh_tlog_proof_check(s, GH_SPAN("another entry"), &log_key, NULL, NULL, NULL) != GH_OK);
	if (gh_tlog_proof_read(s, &p, NULL) != GH_OK || p.has_extra)
		return;
	gh_auto_buf again = gh_buf(1 << 20);
	gh_tlog_proof_write(p.index, &p.path, p.checkpoint, &again);
	must(gh_span_eq(gh_buf_view(&again), s));
}

static void policies(struct gh_span s)
{
	struct gh_quorum *q = calloc(1, sizeof *q);
	struct gh_quorum_answer *a = calloc(1, sizeof *a);
	struct gh_err err = { 0 };
	struct gh_note note;
	must(q != NULL && a != NULL);
	if (gh_quorum_read(s, q, &err) == GH_OK) {
		must(q->need <= q->nname && q->nname <= GH_QUORUM_NAMES);
		if (gh_note_read(GH_SPAN("a\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n\n— a AAAAAAA=\n"), &note,
				 NULL) == GH_OK)
			must(gh_quorum_apply(q, &note, a, NULL) != GH_OK || !a->met || q->need == 0);
	} else {
		must(err.n > 0);
	}
	free(q);
	free(a);
}

static void requests(struct gh_span s)
{
	struct gh_witness_log known = { .key = log_key, .size = s.n % 3 };
	struct gh_witness_answer a;
	must(gh_witness_answer(s, &known, 1, &witness, witness_seed, 1, &a));
	must(a.body.n > 0 && a.body.p[a.body.n - 1] == '\n' && a.status >= 200 && a.status <= 422);
	must(a.status != 200 || a.size >= known.size);
	gh_buf_free(&a.body);
}

static void entries(struct gh_span s)
{
	struct gh_entry e;
	uint64_t index;
	struct gh_span entry;
	if (gh_entry_read(s, &e, NULL) == GH_OK) {
		must(e.npair >= 4 && e.id.n == GH_ENTRY_ID && e.seconds >= 0);
		/* Canonical: written again from its pairs it is the same. */
		gh_auto_buf b = gh_buf(1 << 17);
		for (size_t i = 0; i < e.npair; i++) {
			gh_buf_str(&b, i == 0 ? "{\"" : ",\"");
			gh_buf_span(&b, e.pair[i].name);
			gh_buf_str(&b, e.pair[i].number ? "\":" : "\":\"");
			gh_buf_span(&b, e.pair[i].text);
			gh_buf_str(&b, e.pair[i].number ? "" : "\"");
		}
		gh_buf_ch(&b, '}');
		must(gh_span_eq(gh_buf_view(&b), s));
	}
	(void)gh_pack_line_read(s, &index, &entry);
}

static void files(struct gh_span s)
{
	struct gh_span rest = s, entry;
	struct gh_journal_rec rec;
	uint64_t base;
	struct gh_mhash root;
	for (size_t i = 0; gh_bundle_next(&rest, &entry); i++)
		must(entry.n > 0 && i < s.n);
	rest = s;
	(void)gh_journal_head_read(&rest, &base, &root);
	while (gh_journal_next(&rest, &rec))
		must(rec.count > 0 && rec.first <= GH_MERKLE_SIZE_MAX);
}

int LLVMFuzzerTestOneInput(const uint8_t *d, size_t n)
{
	static void (*const readers[])(struct gh_span) = { keys, notes, proofs, policies, requests, entries, files };
	if (log_key.key_n == 0) {
		audit_key(1, "example.com/log", GH_NOTE_ED25519, log_seed, &log_key);
		audit_key(2, "witness.example/w1", GH_NOTE_COSIG, witness_seed, &witness);
	}
	if (n > 0)
		readers[d[0] % (sizeof readers / sizeof readers[0])]((struct gh_span){ d + 1, n - 1 });
	return 0;
}
