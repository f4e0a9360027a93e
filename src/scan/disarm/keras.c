/* keras.c - Keras files (.keras, a zip) and HDF5. Without --keras-weights a .keras file is rebuilt as a zip and an HDF5 file
 * is copied: their scan says whether a layer runs code (Lambda, custom classes). Removing a layer would make another model, so
 * that is not done. With the option, every dataset of numbers becomes a tensor and the layers are left behind. */
#include "format/formats.h"
#include "format/zip_walk.h"
#include "format/tile.h"
#include "scan/disarm/listen.h"
#include "scan/tiles.h"
#include "scan/tool_side.h"

#include <stdio.h>
#include <unistd.h>

struct datasets {
	struct gh_dis_job *j;
	struct gh_src *src;
	struct gh_tiles tiles;
	struct gh_src_fd back; /* what the tiles were put together in, for reading */
	int fd;
	uint64_t used;
};

static struct gh_span plain_name(struct gh_span s) /* from the root of the file */
{
	return s.n > 1 && s.p[0] == '/' ? gh_span_cut(s, 1, s.n) : s;
}

static enum gh_rc dropped(struct datasets *d, struct gh_span name, uint64_t size, const char *dtype)
{
	gh_dis_say(d->j, GH_DIS_ACT_DROPPED, name, "dataset", size, "not of a plain number type (%s)", dtype);
	return GH_OK;
}

static enum gh_rc on_dataset(void *ctx, const struct gh_event *e)
{
	struct datasets *d = ctx;
	struct gh_dis_tensor t;
	if (e->kind == GH_EV_REFERENCE)
		return gh_fail(d->j->err, GH_E_UNREAD, "parts of it lie in another file, '%s': copy them into one",
			       gh_safe(e->u.reference->target).s);
	if (e->kind != GH_EV_TENSOR)
		return GH_OK;
	enum gh_rc rc = gh_dis_from_event(d->j, d->src, e, &t);
	if (rc == GH_E_NOTTHIS)
		return dropped(d, e->u.tensor->name, e->at.len, e->u.tensor->dtype);
	t.name = plain_name(t.name);
	return rc == GH_OK ? gh_dis_add(d->j, &t) : rc;
}

/* A dataset in chunks, compressed or not, and one of which nothing was written. */
static enum gh_rc on_tile(void *ctx, const struct gh_tile *t)
{
	struct datasets *d = ctx;
	const struct gh_dtype *type = gh_dtype_safetensors(gh_span_str(t->dtype));
	bool whole = false;
	uint64_t off = 0;
	if (type == NULL)
		return t->index == 0 ? dropped(d, t->name, 0, t->dtype) : GH_OK;
	enum gh_rc rc = gh_tiles_take(&d->tiles, t, type->bytes, &whole, &off, d->j->err);
	if (rc != GH_OK || !whole)
		return rc;
	struct gh_dis_store *s = GH_NEW(d->j->arena, struct gh_dis_store, 1);
	if (s == NULL)
		return gh_fail(d->j->err, GH_E_LIMIT, "more tensors than memory allows (--limit-memory)");
	*s = (struct gh_dis_store){ .src = &d->back.src, .off = off, .len = d->tiles.bytes, .size = d->tiles.bytes };
	const struct gh_dis_tensor out = { .name = plain_name(t->name),
					   .dtype = type,
					   .ndim = t->ndim,
					   .dim = t->dim,
					   .store = s,
					   .big_endian = t->big_endian };
	return gh_dis_add(d->j, &out);
}

static enum gh_rc write_datasets(struct datasets *d)
{
	struct gh_dis_job *j = d->j;
	if (j->n == 0)
		return gh_fail(j->err, GH_E_MALFORMED, "the file holds no weights");
	if (d->fd >= 0) {
		int fd = d->fd;
		d->fd = -1;
		if (gh_src_fd(&d->back, fd, d->used) == NULL)
			return gh_fail(j->err, GH_E_LIMIT, "memory (--limit-memory)");
	}
	j->out->outcome = GH_DIS_CONVERTED;
	return gh_dis_write_safetensors(j);
}

static enum gh_rc weights(struct gh_dis_job *j, struct gh_src *src)
{
	struct datasets *d = GH_NEW(j->arena, struct datasets, 1);
	if (d == NULL)
		return gh_fail(j->err, GH_E_LIMIT, "memory (--limit-memory)");
	*d = (struct datasets){ .j = j, .src = src, .fd = -1, .back.fd = -1 };
	d->tiles = (struct gh_tiles){
		.spill = j->host->spill, .arg = j->host->arg, .fd = &d->fd, .used = &d->used, .most = j->opt->max_output
	};
	enum gh_rc rc = gh_dis_listen(j, src, &gh_fmt_hdf5, on_dataset, on_tile, d);
	gh_tiles_end(&d->tiles);
	if (rc == GH_OK)
		rc = write_datasets(d);
	if (d->fd >= 0)
		(void)close(d->fd);
	gh_src_fd_close(&d->back);
	return rc;
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
