#include "audit/pack.h"

#include "audit/entry.h"
#include "crypto/note_int.h"
#include "wire/b64.h"
#include "wire/jout.h"

static const char line_start[] = "{\"index\":", line_mid[] = ",\"entry\":";

void gh_pack_line(uint64_t index, struct gh_span entry, struct gh_buf *out)
{
	gh_buf_fmt(out, "%s%llu%s", line_start, (unsigned long long)index, line_mid);
	gh_buf_span(out, entry);
	gh_buf_str(out, "}\n");
}

bool gh_pack_line_read(struct gh_span line, uint64_t *index, struct gh_span *entry)
{
	if (!gh_span_starts(line, line_start) || !gh_span_ends(line, "}"))
		return false;
	line = gh_span_cut(line, sizeof line_start - 1, line.n - sizeof line_start);
	const uint8_t *comma = line.n == 0 ? NULL : memchr(line.p, ',', line.n);
	size_t digits = comma == NULL ? 0 : (size_t)(comma - line.p);
	struct gh_span rest = gh_span_cut(line, digits, line.n);
	if (!gh_line_number(gh_span_cut(line, 0, digits), index) || !gh_span_starts(rest, line_mid))
		return false;
	*entry = gh_span_cut(rest, sizeof line_mid - 1, rest.n);
	return entry->n > 0;
}

void gh_pack_count(struct gh_pack_counts *c, uint64_t index, struct gh_span entry)
{
	struct gh_entry e;
	c->entries++;
	if (gh_entry_read(entry, &e, NULL) != GH_OK || e.kind == NULL) {
		c->unknown++;
		return;
	}
	size_t i = (size_t)(e.kind - gh_entry_kinds);
	if (c->n[i]++ == 0)
		c->first[i] = index;
	c->last[i] = index;
}

void gh_pack_controls(const struct gh_pack_counts *c, struct gh_buf *out)
{
	struct gh_jout j = gh_jout(out);
	gh_jout_open(&j, NULL, '{');
	gh_jout_str(&j, "note",
		    "Which entries a reader may look at for which control. A help for finding evidence: no compliance "
		    "is claimed.");
	gh_jout_open(&j, "frameworks", '{');
	gh_jout_str(&j, "eu_ai_act", "Regulation (EU) 2024/1689, articles");
	gh_jout_str(&j, "nist_ai_rmf", "NIST AI RMF 1.0 (NIST AI 100-1), subcategories");
	gh_jout_str(&j, "iso_42001", "ISO/IEC 42001:2023, controls of annex A");
	gh_jout_close(&j, '}');
	gh_jout_open(&j, "kinds", '[');
	for (size_t i = 0; i < gh_entry_kinds_n; i++) {
		const struct gh_entry_kind *k = &gh_entry_kinds[i];
		gh_jout_open(&j, NULL, '{');
		gh_jout_str(&j, "kind", k->name);
		gh_jout_str(&j, "records", k->about);
		gh_jout_number(&j, "entries", c->n[i]);
		if (c->n[i] > 0) {
			gh_jout_number(&j, "first_index", c->first[i]);
			gh_jout_number(&j, "last_index", c->last[i]);
		}
		gh_jout_str(&j, "eu_ai_act", k->eu_ai_act);
		gh_jout_str(&j, "nist_ai_rmf", k->nist_ai_rmf);
		gh_jout_str(&j, "iso_42001", k->iso_42001);
		gh_jout_open(&j, "fields", '{');
		for (size_t f = 0; f < GH_ENTRY_KIND_FIELDS && k->field[f].name != NULL; f++)
			gh_jout_str(&j, k->field[f].name, k->field[f].about);
		gh_jout_close(&j, '}');
		gh_jout_close(&j, '}');
	}
	gh_jout_close(&j, ']');
	gh_jout_close(&j, '}');
}

static const char readme_verify[] = "## Verify it\n"
				    "\n"
				    "Ask the operator of the log for its verifier key by another way than this pack, "
				    "and compare it with `key.pub`. Then\n"
				    "\n"
				    "    gatehouse audit check . --key key.pub\n"
				    "\n"
				    "verifies the signature of `checkpoint`, that every line of `entries.jsonl` is an "
				    "entry of that log, and that nothing in\n"
				    "the pack was altered. It needs no network and none of the operator's machines.\n"
				    "\n"
				    "Without that program: `checkpoint` is a signed note (c2sp.org/signed-note, "
				    "c2sp.org/tlog-checkpoint), the bytes between\n"
				    "`\"entry\":` and the last `}` of a line are what was logged, its leaf hash is "
				    "SHA-256 of a zero byte and these bytes\n"
				    "(RFC 6962).";

static const char readme_proofs[] =
	" `proofs/INDEX.tlog-proof` (c2sp.org/tlog-proof) leads from the leaf hash to the root in the checkpoint.\n";
static const char readme_all[] =
	" All entries of the log are here: the Merkle tree over them must have the root in the checkpoint.\n";

static const char readme_meaning[] = "\n"
				     "## What it says\n"
				     "\n"
				     "Entries hold ids, digests and counts; what an id stands for is kept by the "
				     "operator. `controls.json` says what each kind\n"
				     "of entry records, and for which controls of the EU AI Act, the NIST AI RMF and "
				     "ISO/IEC 42001 a reader may want to look\n"
				     "at it. It does not say that these controls are met.\n";

void gh_pack_readme(const struct gh_checkpoint *head, const struct gh_note_key *key, const struct gh_pack_counts *c,
		    bool all, bool proofs, struct gh_buf *out)
{
	gh_buf_fmt(out,
		   "# Evidence from an audit log\n\n"
		   "%llu of the %llu entries of the log `%s`, as its checkpoint of that size states them%s.\n"
		   "Root: ",
		   (unsigned long long)c->entries, (unsigned long long)head->size, key->name,
		   all ? "" : " (others were left out by a filter)");
	gh_b16_put(out, (struct gh_span){ head->root.b, sizeof head->root.b });
	gh_buf_fmt(out, "\nKey: `%s+%08x`\n\n%s%s%s", key->name, key->id, readme_verify,
		   proofs ? readme_proofs : readme_all, readme_meaning);
}
