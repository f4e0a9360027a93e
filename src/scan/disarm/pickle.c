/* pickle.c - plain pickles and joblib's: what torch.save() is not, but pickle.dump() of a state_dict or of arrays is. A
 * tensor in such a stream carries its storage as bytes of a torch.save() of its own (torch.storage._load_from_bytes). */
#include "format/pickle/heap.h"
#include "scan/disarm/torch.h"

struct nested {
	struct gh_dis_job *j;
};

static enum gh_rc on_storage(void *ctx, struct gh_heap *h, gh_val v, struct gh_dis_storage *out)
{
	struct nested *x = ctx;
	struct gh_span m, n;
	uint64_t off = 0, len = 0;
	gh_val data = gh_val_item(h, gh_val_args(h, v), 0);
	if (gh_val_kind(h, v) != GH_V_OBJECT || !gh_val_global(h, gh_val_callee(h, v), &m, &n) ||
	    !gh_span_is(m, "torch.storage") || !gh_span_is(n, "_load_from_bytes") ||
	    gh_val_kind(h, data) != GH_V_BYTES || !gh_val_place(data, &off, &len))
		return GH_E_NOTTHIS;
	struct gh_src_sub *sub = GH_NEW(x->j->arena, struct gh_src_sub, 1);
	if (sub == NULL)
		return gh_fail(x->j->err, GH_E_LIMIT, "memory (--limit-memory)");
	return gh_dis_legacy(x->j, gh_src_sub(sub, h->src, off, len), 0, out);
}

enum gh_rc gh_dis_pickle(struct gh_dis_job *j)
{
	struct gh_pickle_result r;
	struct nested x = { j };
	const struct gh_dis_links links = { &x, on_storage, NULL };
	enum gh_rc rc = gh_dis_load(j, j->src, 0, &r);
	if (rc == GH_OK)
		rc = gh_dis_values(j, r.heap, r.value, &links);
	return rc == GH_OK ? gh_dis_write_pickled(j) : rc;
}
