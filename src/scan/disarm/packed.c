/* packed.c - a compressed file that holds a pickle (joblib.dump(…, compress=3)), or an array: expanded once, then taken
 * apart as what it holds. Anything else is copied as it is. */
#include "format/expand_member.h"
#include "format/pickle/pickle.h"
#include "scan/disarm/job.h"
#include "scan/spool.h"

enum { MAGIC = 6 };

static const struct {
	const char *format;
	enum gh_codec codec;
} codecs[] = {
	{ "gzip", GH_CODEC_GZIP }, { "zlib", GH_CODEC_ZLIB }, { "bzip2", GH_CODEC_BZIP2 }, { "xz", GH_CODEC_XZ },
	{ "lzma", GH_CODEC_LZMA }, { "lz4", GH_CODEC_LZ4 },   { "zstd", GH_CODEC_ZSTD },
};

/* The expanded bytes live as long as the job: gh_member_expand_with() gives them back when its callback returns, so the
 * work is done inside of it. */
static enum gh_rc on_expanded(void *ctx, struct gh_src *src)
{
	static const uint8_t npy[MAGIC] = { 0x93, 'N', 'U', 'M', 'P', 'Y' };
	struct gh_dis_job *j = ctx;
	struct gh_src *was = j->src;
	struct gh_span head = gh_src_window(src, 0, GH_PROBE_BYTES);
	bool array = head.n >= MAGIC && memcmp(head.p, npy, MAGIC) == 0;
	if (!array && gh_pickle_probe(head, src->size) != GH_STRONG) { /* its scan says what it is worth */
		j->out->outcome = GH_DIS_COPY;
		j->out->written = NULL;
		return GH_OK;
	}
	j->src = src;
	enum gh_rc rc = array ? gh_dis_npy(j) : gh_dis_pickle(j);
	j->src = was;
	return rc;
}

enum gh_rc gh_dis_packed(struct gh_dis_job *j)
{
	struct gh_walk w = {
		.src = j->src, .arena = j->arena, .sink = j->sink, .lim = j->lim, .name = j->name, .err = j->err
	};
	struct gh_member m = { .how = GH_MEMBER_STREAM };
	struct gh_expanded x = { 0 };
	size_t i = 0;
	while (i + 1 < sizeof codecs / sizeof codecs[0] && strcmp(codecs[i].format, j->out->format) != 0)
		i++;
	enum gh_rc rc = gh_member_expand_with(&w, m, codecs[i].codec, 0, j->src->size, &x, on_expanded, j);
	if (rc == GH_OK && x.rc != GH_OK && j->out->outcome != GH_DIS_COPY)
		return gh_fail(j->err, x.rc, "the compressed bytes are broken, or expand too far");
	return rc;
}
