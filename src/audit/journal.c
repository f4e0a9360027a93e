#include "audit/journal.h"

#include "audit/tiles.h"

static const char head_magic[8] = { 'G', 'H', 'L', 'O', 'G', 'J', '1', '\n' };
static const char rec_magic[4] = { 'G', 'H', 'R', '1' };
enum { HEAD_SUM = 48, REC_SUM = 24 };

static void put_le(uint8_t *p, uint64_t v, unsigned width)
{
	for (unsigned i = 0; i < width; i++)
		p[i] = (uint8_t)(v >> (8 * i));
}

void gh_journal_head(uint64_t base, const struct gh_mhash *root, uint8_t out[GH_JOURNAL_HEAD])
{
	memcpy(out, head_magic, sizeof head_magic);
	put_le(out + 8, base, 8);
	memcpy(out + 16, root->b, sizeof root->b);
	struct gh_mhash sum = gh_merkle_sha256((struct gh_span){ out, HEAD_SUM });
	memcpy(out + HEAD_SUM, sum.b, GH_JOURNAL_HEAD - HEAD_SUM);
}

bool gh_journal_head_read(struct gh_span *rest, uint64_t *base, struct gh_mhash *root)
{
	struct gh_span h = gh_span_cut(*rest, 0, GH_JOURNAL_HEAD);
	if (h.n < GH_JOURNAL_HEAD || memcmp(h.p, head_magic, sizeof head_magic) != 0)
		return false;
	struct gh_mhash sum = gh_merkle_sha256(gh_span_cut(h, 0, HEAD_SUM));
	if (memcmp(h.p + HEAD_SUM, sum.b, GH_JOURNAL_HEAD - HEAD_SUM) != 0)
		return false;
	*base = gh_le64(h.p + 8);
	memcpy(root->b, h.p + 16, sizeof root->b);
	*rest = gh_span_cut(*rest, GH_JOURNAL_HEAD, rest->n);
	return *base <= GH_MERKLE_SIZE_MAX;
}

/* SHA-256 of the head of a record and its body: a hash of hashes, so that the body need not be copied. */
static struct gh_mhash rec_sum(const uint8_t *head, struct gh_span body)
{
	uint8_t both[REC_SUM + GH_MERKLE_HASH];
	struct gh_mhash b = gh_merkle_sha256(body);
	memcpy(both, head, REC_SUM);
	memcpy(both + REC_SUM, b.b, sizeof b.b);
	return gh_merkle_sha256((struct gh_span){ both, sizeof both });
}

void gh_journal_rec(uint64_t first, uint32_t count, struct gh_span body, uint8_t out[GH_JOURNAL_REC])
{
	memcpy(out, rec_magic, sizeof rec_magic);
	put_le(out + 4, body.n, 4);
	put_le(out + 8, first, 8);
	put_le(out + 16, count, 4);
	put_le(out + 20, 0, 4);
	struct gh_mhash sum = rec_sum(out, body);
	memcpy(out + REC_SUM, sum.b, sizeof sum.b);
}

bool gh_journal_next(struct gh_span *rest, struct gh_journal_rec *out)
{
	struct gh_rd r = gh_rd(*rest);
	struct gh_span head = gh_rd_take(&r, GH_JOURNAL_REC), entry;
	if (r.bad || memcmp(head.p, rec_magic, sizeof rec_magic) != 0)
		return false;
	out->body = gh_rd_take(&r, gh_le32(head.p + 4));
	if (r.bad)
		return false;
	struct gh_mhash sum = rec_sum(head.p, out->body);
	if (memcmp(head.p + REC_SUM, sum.b, sizeof sum.b) != 0)
		return false;
	out->first = gh_le64(head.p + 8);
	out->count = gh_le32(head.p + 16);
	struct gh_span body = out->body;
	uint32_t n = 0;
	while (gh_bundle_next(&body, &entry))
		n++;
	if (body.n != 0 || n != out->count || n == 0 || out->first > GH_MERKLE_SIZE_MAX - n)
		return false;
	*rest = gh_span_cut(*rest, r.off, rest->n);
	return true;
}
