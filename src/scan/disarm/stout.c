/* stout.c - the tensors as one canonical safetensors file: header of 8-byte aligned length with {"format":"pt"} and the
 * entries in the order of the data, data without gaps, widest types first and by name within them, so that every tensor
 * is aligned to its type. The same tensors give the same bytes, whatever order they came in. */
#include "scan/disarm/job.h"
#include "wire/sort.h"

#include <stdio.h>

enum { HEADER_MAX = 100 << 20 }; /* what the reference reader accepts */

static int by_width_and_name(const void *ctx, uint32_t a, uint32_t b)
{
	const struct gh_dis_tensor *x = &((const struct gh_dis_tensor *)ctx)[a],
				   *y = &((const struct gh_dis_tensor *)ctx)[b];
	if (x->dtype->bytes != y->dtype->bytes)
		return x->dtype->bytes > y->dtype->bytes ? -1 : 1;
	size_t n = x->name.n < y->name.n ? x->name.n : y->name.n;
	int c = memcmp(x->name.p, y->name.p, n);
	return c != 0 ? c : x->name.n < y->name.n ? -1 : x->name.n > y->name.n;
}

static void entry(struct gh_buf *h, const struct gh_dis_tensor *t, uint64_t at)
{
	gh_buf_ch(h, ',');
	gh_buf_json(h, t->name);
	gh_buf_fmt(h, ":{\"dtype\":\"%s\",\"shape\":[", t->as);
	for (unsigned i = 0; i < t->ndim; i++)
		gh_buf_fmt(h, "%s%llu", i == 0 ? "" : ",", (unsigned long long)t->dim[i]);
	if (t->pairs)
		gh_buf_str(h, t->ndim == 0 ? "2" : ",2");
	gh_buf_fmt(h, "],\"data_offsets\":[%llu,%llu]}", (unsigned long long)at, (unsigned long long)(at + t->bytes));
}

/* Tensors that share bytes with one before: each is written out, and the list says so. */
static void say_tensor(struct gh_dis_job *j, const struct gh_dis_tensor *t, const struct gh_dis_tensor *twin)
{
	char shape[160], what[200];
	gh_dis_shape(t, shape, sizeof shape);
	(void)snprintf(what, sizeof what, "tensor %s", shape);
	if (twin != NULL)
		gh_dis_say(j, GH_DIS_ACT_ALIAS, t->name, what, t->bytes, "shares its bytes with '%s'; written for both",
			   gh_safe(twin->name).s);
	else if (t->stride != NULL)
		gh_dis_say(j, GH_DIS_ACT_KEPT, t->name, what, t->bytes, "was a view, now in C order");
	else
		gh_dis_say(j, GH_DIS_ACT_KEPT, t->name, what, t->bytes, "%s",
			   t->big_endian && t->unit > 1 ? "byte order turned round" : "");
}

static int by_store(const void *ctx, uint32_t a, uint32_t b)
{
	const struct gh_dis_tensor *x = &((const struct gh_dis_tensor *)ctx)[a],
				   *y = &((const struct gh_dis_tensor *)ctx)[b];
	uintptr_t p = (uintptr_t)x->store, q = (uintptr_t)y->store;
	if (p != q)
		return p < q ? -1 : 1;
	return x->off != y->off ? (x->off < y->off ? -1 : 1) : 0;
}

/* For each tensor the first one (in the order of the output) that starts at the same place of the same store. */
static enum gh_rc find_twins(struct gh_dis_job *j, const uint32_t *idx, uint32_t *twin, uint32_t *tmp)
{
	uint32_t *s = GH_NEW(j->arena, uint32_t, j->n + 1);
	if (s == NULL)
		return gh_fail(j->err, GH_E_LIMIT, "more tensors than memory allows (--limit-memory)");
	memcpy(s, idx, j->n * sizeof *s);
	gh_sort_idx(s, tmp, j->n, by_store, j->tensor); /* stable: the order of the output among equals */
	for (size_t i = 0; i < j->n; i++) {
		const struct gh_dis_tensor *t = &j->tensor[s[i]];
		bool same = i != 0 && t->bytes != 0 && t->store != NULL && by_store(j->tensor, s[i - 1], s[i]) == 0;
		twin[s[i]] = same ? (twin[s[i - 1]] == UINT32_MAX ? s[i - 1] : twin[s[i - 1]]) : UINT32_MAX;
	}
	return GH_OK;
}

enum gh_rc gh_dis_write_safetensors(struct gh_dis_job *j)
{
	uint32_t *idx = GH_NEW(j->arena, uint32_t, j->n + 1), *tmp = GH_NEW(j->arena, uint32_t, j->n + 1);
	uint32_t *twin = GH_NEW(j->arena, uint32_t, j->n + 1);
	if (idx == NULL || tmp == NULL || twin == NULL)
		return gh_fail(j->err, GH_E_LIMIT, "more tensors than memory allows (--limit-memory)");
	for (size_t i = 0; i < j->n; i++)
		idx[i] = (uint32_t)i;
	gh_sort_idx(idx, tmp, j->n, by_width_and_name, j->tensor);
	enum gh_rc rc = find_twins(j, idx, twin, tmp);
	if (rc != GH_OK)
		return rc;
	gh_auto_buf h = gh_buf(HEADER_MAX);
	uint64_t at = 0;
	gh_buf_str(&h, "{\"__metadata__\":{\"format\":\"pt\"}");
	for (size_t i = 0; i < j->n; i++) {
		const struct gh_dis_tensor *t = &j->tensor[idx[i]];
		entry(&h, t, at);
		at += t->bytes;
		say_tensor(j, t, twin[idx[i]] == UINT32_MAX ? NULL : &j->tensor[twin[idx[i]]]);
	}
	gh_buf_ch(&h, '}');
	while (h.n % 8 != 0)
		gh_buf_ch(&h, ' ');
	if (h.full)
		return gh_fail(j->err, GH_E_LIMIT,
			       "the header of the new file would be larger than loaders accept, or memory ran out");
	uint8_t len[8];
	for (unsigned i = 0; i < 8; i++)
		len[i] = (uint8_t)((uint64_t)h.n >> 8 * i);
	j->out->bytes = 0;
	rc = gh_dis_write(j, len, sizeof len);
	if (rc == GH_OK)
		rc = gh_dis_write(j, h.p, h.n);
	for (size_t i = 0; rc == GH_OK && i < j->n; i++)
		rc = gh_dis_pour(j, &j->tensor[idx[i]], i);
	j->out->tensors = j->n;
	j->out->written = "safetensors";
	return rc;
}

void gh_dis_hear_call(struct gh_dis_job *j, const struct gh_call *c)
{
	static const char *const makers[] = { "_rebuild_", "_reconstruct", "_frombuffer", "NumpyArrayWrapper",
					      "NDArrayWrapper" };
	j->numbers = j->numbers || c->how == GH_CALL_PERSID;
	for (size_t i = 0; i < sizeof makers / sizeof makers[0]; i++)
		j->numbers = j->numbers || gh_span_starts(c->name, makers[i]);
}

enum gh_rc gh_dis_write_pickled(struct gh_dis_job *j)
{
	if (j->n != 0)
		return gh_dis_write_safetensors(j);
	if (j->opt->only[0] != '\0')
		return gh_fail(j->err, GH_E_MALFORMED, "it has no tensors below '%.128s' (--only)%s%s",
			       gh_safe(gh_span_str(j->opt->only)).s,
			       j->others[0] == '\0' ? "" : "; other keys: ", j->others);
	if (j->numbers)
		return gh_fail(j->err, GH_E_MALFORMED,
			       "its tensors and arrays are parts of objects of other classes; only their code could "
			       "say what they "
			       "mean");
	j->out->outcome = GH_DIS_DROPPED;
	j->out->written = NULL;
	return gh_fail(j->err, GH_OK, "a pickle without tensors or arrays: nothing in it is weights");
}
