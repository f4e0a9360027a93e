/* keras.c - Keras files (.keras, a zip) and HDF5. Without --keras-weights a .keras file is rebuilt as a zip and an HDF5 file
 * is copied: their scan says whether a layer runs code (Lambda, custom classes). Removing a layer would make another model, so
 * that is not done. With the option, every dataset of numbers becomes a tensor and the layers are left behind. */
#include "format/formats.h"
#include "format/zip_walk.h"
#include "scan/disarm/listen.h"

#include <stdio.h>

struct datasets {
	struct gh_dis_job *j;
	struct gh_src *src;
};

static enum gh_rc on_dataset(void *ctx, const struct gh_event *e)
{
	struct datasets *d = ctx;
	struct gh_dis_tensor t;
	if (e->kind == GH_EV_MEMBER && e->u.member->raw)
		return gh_fail(d->j->err, GH_E_UNREAD,
			       "a dataset is stored in chunks or compressed: save the weights without compression");
	if (e->kind != GH_EV_TENSOR)
		return GH_OK;
	enum gh_rc rc = gh_dis_from_event(d->j, d->src, e, &t);
	if (rc == GH_E_NOTTHIS) {
		gh_dis_say(d->j, GH_DIS_ACT_DROPPED, e->u.tensor->name, "dataset", e->at.len,
			   "not of a plain number type (%s)", e->u.tensor->dtype);
		return GH_OK;
	}
	if (rc != GH_OK)
		return rc;
	if (t.name.n > 1 && t.name.p[0] == '/') /* from the root of the file */
		t.name = gh_span_cut(t.name, 1, t.name.n);
	return gh_dis_add(d->j, &t);
}

static enum gh_rc weights(struct gh_dis_job *j, struct gh_src *src)
{
	struct datasets d = { j, src };
	enum gh_rc rc = gh_dis_listen(j, src, &gh_fmt_hdf5, on_dataset, &d);
	if (rc == GH_OK && j->n == 0)
		return gh_fail(j->err, GH_E_MALFORMED, "the file holds no weights");
	if (rc != GH_OK)
		return rc;
	j->out->outcome = GH_DIS_CONVERTED;
	return gh_dis_write_safetensors(j);
}

enum gh_rc gh_dis_hdf5(struct gh_dis_job *j)
{
	if (j->opt->keras_weights)
		return weights(j, j->src);
	j->out->outcome = GH_DIS_COPY;
	j->out->written = NULL;
	return GH_OK;
}

/* "model.weights.h5" of a .keras archive, which Keras stores uncompressed. */
struct search {
	struct gh_dis_job *j;
	uint64_t local, size;
	uint16_t method;
	bool found;
};

static enum gh_rc on_directory(void *ctx, struct gh_walk *w, const struct gh_zip_entry *e, size_t n)
{
	struct search *s = ctx;
	(void)w;
	for (size_t i = 0; i < n; i++) {
		if (!gh_span_is(e[i].name, "model.weights.h5"))
			continue;
		if (s->found)
			return GH_E_MALFORMED;
		*s = (struct search){ s->j, e[i].local_off, e[i].csize, e[i].method, true };
	}
	return GH_E_DENIED;
}

enum gh_rc gh_dis_keras(struct gh_dis_job *j)
{
	struct search s = { .j = j };
	struct gh_walk w = {
		.src = j->src, .arena = j->arena, .sink = j->sink, .lim = j->lim, .name = j->name, .err = j->err
	};
	const struct gh_zip_hooks hooks = { .ctx = &s, .directory = on_directory };
	if (!j->opt->keras_weights)
		return gh_dis_zip(j);
	enum gh_rc rc = gh_zip_walk(&w, &hooks);
	if (rc != GH_E_DENIED || !s.found)
		return gh_fail(j->err, GH_E_MALFORMED, "the archive holds no model.weights.h5, or two of them");
	*j->err = (struct gh_err){ 0 };
	struct gh_span h = gh_src_window(j->src, s.local, 30);
	if (s.method != GH_ZIP_STORE || h.n < 30 || gh_le32(h.p) != 0x04034b50)
		return gh_fail(j->err, GH_E_UNREAD, "model.weights.h5 is compressed: Keras stores it as it is");
	uint64_t skip = 30u + gh_le16(h.p + 26) + gh_le16(h.p + 28);
	struct gh_src_sub *sub = GH_NEW(j->arena, struct gh_src_sub, 1);
	if (sub == NULL)
		return gh_fail(j->err, GH_E_LIMIT, "memory (--limit-memory)");
	return weights(j, gh_src_sub(sub, j->src, s.local + skip, s.size));
}
