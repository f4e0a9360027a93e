/* values_torch.c - tensors of PyTorch as a pickle describes them: a function that rebuilds one on a storage, called with
 * (storage, offset, size, stride, …), and the wrappers around it. Source: torch/_utils.py, torch/_tensor.py. */
#include "scan/disarm/values.h"

#include <stdio.h>

enum { NEST = 6 };

static bool module_is_torch(struct gh_span m) { return gh_span_is(m, "torch") || gh_span_starts(m, "torch."); }

/* Functions that return a tensor, by what their arguments are. */
enum form {
	ON_STORAGE, /* (storage, offset, size, stride, …) */
	TYPED,	    /* the same, with the element type as argument 6 */
	WRAPPED,    /* (tensor, …) */
	BY_CALL,    /* (function, type, arguments, state) */
	LOST,	    /* there is no plain tensor in it */
};
static const struct maker {
	const char *name;
	enum form form;
	const char *why;
} makers[] = {
	{ "_rebuild_tensor", ON_STORAGE, NULL },
	{ "_rebuild_tensor_v2", ON_STORAGE, NULL },
	{ "_rebuild_tensor_v3", TYPED, NULL },
	{ "_rebuild_parameter", WRAPPED, NULL },
	{ "_rebuild_parameter_v2", WRAPPED, NULL },
	{ "_rebuild_parameter_with_state", WRAPPED, NULL },
	{ "_rebuild_device_tensor_from_numpy", WRAPPED, NULL },
	{ "_rebuild_from_type", BY_CALL, NULL },
	{ "_rebuild_from_type_v2", BY_CALL, NULL },
	{ "_rebuild_qtensor", LOST, "a quantised tensor: safetensors has no place for its scales" },
	{ "_rebuild_sparse_tensor", LOST, "a sparse tensor: safetensors has no form for it" },
	{ "_rebuild_sparse_csr_tensor", LOST, "a sparse tensor: safetensors has no form for it" },
	{ "_rebuild_nested_tensor", LOST, "a nested tensor: safetensors has no form for it" },
	{ "_rebuild_meta_tensor_no_storage", LOST, "a tensor without data" },
	{ "_rebuild_wrapper_subclass", LOST, "a tensor of a class of its own" },
};

static const struct maker *maker_of(struct gh_heap *h, gh_val callee)
{
	struct gh_span m, n;
	if (!gh_val_global(h, callee, &m, &n) || !module_is_torch(m))
		return NULL;
	for (size_t i = 0; i < sizeof makers / sizeof makers[0]; i++)
		if (gh_span_is(n, makers[i].name))
			return &makers[i];
	return NULL;
}

static enum gh_rc bad(struct gh_dis_job *j, const char *what)
{
	return gh_fail(j->err, GH_E_MALFORMED, "a tensor is rebuilt from something else than %s", what);
}

static enum gh_rc geometry(struct gh_dis_job *j, struct gh_heap *h, gh_val args, struct gh_dis_tensor *t, uint64_t *off)
{
	gh_val size = gh_val_item(h, args, 2), stride = gh_val_item(h, args, 3);
	int64_t v;
	uint64_t n = gh_val_len(h, size);
	bool tuples = gh_val_kind(h, size) == GH_V_TUPLE && gh_val_kind(h, stride) == GH_V_TUPLE;
	if (!tuples || n > GH_DIMS_MAX || n != gh_val_len(h, stride))
		return bad(j, "a size and strides of as many numbers");
	uint64_t *room = GH_NEW(j->arena, uint64_t, 2 * n + 1);
	if (room == NULL)
		return gh_fail(j->err, GH_E_LIMIT, "memory (--limit-memory)");
	if (!gh_val_int(h, gh_val_item(h, args, 1), &v) || v < 0)
		return bad(j, "an offset of zero or more");
	*off = (uint64_t)v;
	for (uint64_t i = 0; i < 2 * n; i++) {
		if (!gh_val_int(h, gh_val_item(h, i < n ? size : stride, i < n ? i : i - n), &v) || v < 0)
			return bad(j, "sizes and strides of zero or more");
		room[i] = (uint64_t)v;
	}
	t->ndim = (unsigned)n;
	t->dim = room;
	t->stride = room + n;
	return GH_OK;
}

/* Bits that say "negated" or "conjugated" instead of doing it. */
static bool lazy(struct gh_heap *h, gh_val args, enum form form)
{
	gh_val meta = gh_val_item(h, args, form == TYPED ? 7 : 6);
	return gh_val_len(h, args) > (form == TYPED ? 7u : 6u) && gh_val_kind(h, meta) == GH_V_DICT &&
	       gh_val_len(h, meta) != 0;
}

static enum gh_rc on_storage(struct gh_dis_job *j, struct gh_heap *h, gh_val args, enum form form,
			     const struct gh_dis_links *links, struct gh_dis_tensor *t, const char **why)
{
	struct gh_dis_storage s = { 0 };
	struct gh_span m, n;
	uint64_t off = 0, bytes = 0;
	gh_val sv = gh_val_item(h, args, 0);
	enum gh_rc rc;
	if (gh_val_kind(h, args) != GH_V_TUPLE || gh_val_len(h, args) < (form == TYPED ? 7u : 4u))
		return bad(j, "a storage, an offset, a size and strides");
	*why = "a tensor whose values are to be negated or conjugated when it is loaded";
	if (lazy(h, args, form))
		return GH_E_UNREAD;
	*why = "a tensor on something that is no storage of this file";
	rc = links->storage == NULL ? GH_E_NOTTHIS : links->storage(links->ctx, h, sv, &s);
	if (rc == GH_E_NOTTHIS)
		return GH_E_UNREAD;
	if (rc != GH_OK)
		return rc;
	t->dtype = s.dtype;
	if (form == TYPED)
		t->dtype = gh_val_global(h, gh_val_item(h, args, 6), &m, &n) ? gh_dtype_torch(n) : NULL;
	*why = "a tensor of an element type that is not known";
	if (t->dtype == NULL)
		return GH_E_UNREAD;
	rc = geometry(j, h, args, t, &off);
	if (rc != GH_OK)
		return rc;
	if (__builtin_mul_overflow(off, (uint64_t)t->dtype->bytes, &bytes) ||
	    __builtin_add_overflow(bytes, s.off, &t->off))
		return bad(j, "an offset inside its storage");
	t->store = s.store;
	return GH_OK;
}

/* torch 0.1: an empty tensor object that BUILD puts on a storage. */
static enum gh_rc old_tensor(struct gh_dis_job *j, struct gh_heap *h, gh_val v, const struct gh_dis_links *links,
			     struct gh_dis_tensor *t, const char **why)
{
	struct gh_span m, n;
	gh_val state = gh_val_item(h, v, 0);
	if (gh_val_len(h, v) != 1 || !gh_dis_class(h, v, &m, &n) || !module_is_torch(m) || !gh_span_ends(n, "Tensor") ||
	    gh_val_kind(h, state) != GH_V_TUPLE || gh_val_len(h, state) != 4 ||
	    gh_val_kind(h, gh_val_item(h, state, 0)) != GH_V_PERSID)
		return GH_E_NOTTHIS;
	return on_storage(j, h, state, ON_STORAGE, links, t, why);
}

enum gh_rc gh_dis_torch_tensor(struct gh_dis_job *j, struct gh_heap *h, gh_val v, const struct gh_dis_links *links,
			       struct gh_dis_tensor *t, const char **why)
{
	if (gh_val_kind(h, v) == GH_V_PERSID && links->tensor != NULL)
		return links->tensor(links->ctx, h, gh_val_item(h, v, 0), t);
	if (gh_val_kind(h, v) != GH_V_OBJECT)
		return GH_E_NOTTHIS;
	gh_val callee = gh_val_callee(h, v), args = gh_val_args(h, v);
	const struct maker *mk = maker_of(h, callee);
	if (mk == NULL)
		return old_tensor(j, h, v, links, t, why);
	for (unsigned depth = 0; depth < NEST && mk != NULL; depth++)
		switch (mk->form) {
		case ON_STORAGE:
		case TYPED: return on_storage(j, h, args, mk->form, links, t, why);
		case LOST: *why = mk->why; return GH_E_UNREAD;
		case WRAPPED:
			v = gh_val_item(h, args, 0);
			if (gh_val_kind(h, v) == GH_V_PERSID && links->tensor != NULL)
				return links->tensor(links->ctx, h, gh_val_item(h, v, 0), t);
			callee = gh_val_callee(h, v);
			args = gh_val_args(h, v);
			mk = maker_of(h, callee);
			if (mk == NULL)
				return gh_dis_ndarray(j, h, v, t, why);
			break;
		case BY_CALL:
			mk = maker_of(h, gh_val_item(h, args, 0));
			args = gh_val_item(h, args, 2);
			break;
		}
	*why = "a tensor that is rebuilt in a way that is not known";
	return GH_E_UNREAD;
}
