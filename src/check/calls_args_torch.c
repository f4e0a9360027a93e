/* Constraints for PyTorch: tensors are views of storages that live beside the stream, so sizes and strides must stay
 * inside the storage (CVE-2025-32434, CVE-2026-24747), and functions that call other functions only those listed.
 * Source: torch/_utils.py, torch/_tensor.py, torch/serialization.py. */
#include "check/calls_native.h"
#include "check/calls_torch.h"

enum { DIMS = 64, PARAM_DEPTH = 2 };

/* ('storage', class, key, location, count[, view]) */
bool gh_torch_storage_id(struct gh_heap *h, gh_val id, uint64_t *count)
{
	if (gh_val_kind(h, id) != GH_V_TUPLE || gh_val_len(h, id) < 5 || gh_val_len(h, id) > 6)
		return false;
	const struct gh_allow_row *r = gh_row_of(h, gh_val_item(h, id, 1));
	int64_t key;
	size_t n = r == NULL ? 0 : strlen(r->name);
	bool keyed = gh_is_text(h, gh_val_item(h, id, 2)) || gh_val_int(h, gh_val_item(h, id, 2), &key);
	return gh_val_is(h, gh_val_item(h, id, 0), "storage") && n >= 7 && strcmp(r->name + n - 7, "Storage") == 0 &&
	       gh_row_uses(r, GH_USE_MAKE) && keyed && gh_is_text(h, gh_val_item(h, id, 3)) &&
	       gh_is_count(h, gh_val_item(h, id, 4), count) &&
	       (gh_val_len(h, id) == 5 || gh_is_plain(h, gh_val_item(h, id, 5)));
}

const struct gh_allow_row *gh_torch_module_id(struct gh_heap *h, gh_val id)
{
	if (gh_val_kind(h, id) != GH_V_TUPLE || gh_val_len(h, id) != 4 ||
	    !gh_val_is(h, gh_val_item(h, id, 0), "module"))
		return NULL;
	for (uint64_t i = 2; i < 4; i++)
		if (!gh_is_text(h, gh_val_item(h, id, i)) && gh_val_kind(h, gh_val_item(h, id, i)) != GH_V_NONE)
			return NULL;
	const struct gh_allow_row *r = gh_row_of(h, gh_val_item(h, id, 1));
	return r != NULL && strncmp(r->module, "torch.nn.", 9) == 0 && gh_row_uses(r, GH_USE_NEW) ? r : NULL;
}

/* A tuple or torch.Size of counts. */
static int counts(struct gh_heap *h, gh_val v, uint64_t out[DIMS])
{
	if (gh_row_is(gh_maker_of(h, v), "torch", "Size") && gh_val_kind(h, gh_val_args(h, v)) == GH_V_TUPLE)
		v = gh_val_item(h, gh_val_args(h, v), 0);
	enum gh_vkind k = gh_val_kind(h, v);
	if ((k != GH_V_TUPLE && k != GH_V_LIST) || gh_val_len(h, v) > DIMS)
		return -1;
	int n = (int)gh_val_len(h, v);
	for (int i = 0; i < n; i++)
		if (!gh_is_count(h, gh_val_item(h, v, (uint64_t)i), &out[i]))
			return -1;
	return n;
}

static const char *view_bad(struct gh_heap *h, gh_val storage, gh_val offset, gh_val size, gh_val stride)
{
	uint64_t have, last, dim[DIMS], step[DIMS], reach;
	if (gh_val_kind(h, storage) != GH_V_PERSID || !gh_torch_storage_id(h, gh_val_item(h, storage, 0), &have))
		return "its storage is not one of this checkpoint";
	int n = counts(h, size, dim);
	if (n < 0 || counts(h, stride, step) != n || !gh_is_count(h, offset, &last))
		return "odd offset, size or stride";
	for (int i = 0; i < n; i++)
		if (dim[i] == 0)
			return last > have ? "the tensor starts outside its storage" : NULL;
	for (int i = 0; i < n; i++)
		if (__builtin_mul_overflow(dim[i] - 1, step[i], &reach) || __builtin_add_overflow(last, reach, &last))
			return "offset, size and stride overflow";
	return last >= have ? "the tensor reaches outside its storage" : NULL;
}

static bool no_hooks(struct gh_heap *h, gh_val v)
{
	enum gh_vkind k = gh_val_kind(h, v);
	if (k == GH_V_NONE)
		return true;
	if (k == GH_V_DICT)
		return gh_val_len(h, v) == 0;
	if (!gh_row_is(gh_maker_of(h, v), "collections", "OrderedDict"))
		return false;
	gh_val args = gh_val_args(h, v);
	bool empty = gh_val_len(h, args) == 0 || (gh_val_kind(h, gh_val_item(h, args, 0)) == GH_V_LIST &&
						  gh_val_len(h, gh_val_item(h, args, 0)) == 0);
	enum gh_vkind given = gh_val_kind(h, gh_val_item(h, v, 0));
	return empty && gh_val_kind(h, args) == GH_V_TUPLE && (given == GH_V_UNKNOWN || given == GH_V_NONE);
}

static bool is_bool(struct gh_heap *h, gh_val v)
{
	int64_t n;
	return gh_val_kind(h, v) == GH_V_BOOL || (gh_val_int(h, v, &n) && (n == 0 || n == 1));
}

/* Made by one of the functions that make tensors: everything else could bring methods of its own. */
bool gh_torch_is_tensor(struct gh_heap *h, gh_val v)
{
	const struct gh_allow_row *r = gh_maker_of(h, v);
	return r != NULL && (strcmp(r->module, "torch._utils") == 0 || strcmp(r->module, "torch._tensor") == 0);
}

/* _rebuild_tensor(storage, offset, size, stride), _v2 (…, requires_grad, hooks[, metadata]), _v3 (…, dtype[, metadata]) */
const char *gh_args_torch_tensor(const struct gh_use_case *u)
{
	struct gh_heap *h = u->heap;
	int n = gh_argc(u);
	if (n != 4 && (n < 6 || n > 8))
		return "wrong number of arguments";
	const char *bad = view_bad(h, gh_arg(u, 0), gh_arg(u, 1), gh_arg(u, 2), gh_arg(u, 3));
	if (bad != NULL || n == 4)
		return bad;
	if (!is_bool(h, gh_arg(u, 4)) || !no_hooks(h, gh_arg(u, 5)))
		return "hooks that would be called later";
	for (int i = 6; i < n; i++) {
		gh_val v = gh_arg(u, (unsigned)i);
		if (!gh_is_plain(h, v) && gh_row_of(h, v) == NULL)
			return "odd metadata";
	}
	return NULL;
}

/* (scheme, scale, zero point), or per channel (scheme, scales, zero points, axis): as many as the axis is long. */
static const char *quantizer_bad(struct gh_heap *h, gh_val q, gh_val size)
{
	static const char odd[] = "odd quantizer";
	uint64_t dim[DIMS], per[DIMS], axis;
	if (gh_val_len(h, q) == 3)
		return gh_is_plain(h, gh_val_item(h, q, 1)) && gh_is_plain(h, gh_val_item(h, q, 2)) ? NULL : odd;
	int n = counts(h, size, dim);
	if (gh_val_len(h, q) != 4 || n < 0 || !gh_is_count(h, gh_val_item(h, q, 3), &axis) || axis >= (uint64_t)n)
		return odd;
	for (uint64_t i = 1; i < 3; i++) {
		gh_val v = gh_val_item(h, q, i);
		if (!gh_torch_is_tensor(h, v) || counts(h, gh_val_item(h, gh_val_args(h, v), 2), per) != 1 ||
		    per[0] != dim[axis])
			return "not as many scales or zero points as channels";
	}
	return NULL;
}

/* (storage, offset, size, stride, (scheme, scale, zero point[, axis]), requires_grad, hooks) */
const char *gh_args_torch_qtensor(const struct gh_use_case *u)
{
	struct gh_heap *h = u->heap;
	int n = gh_argc(u);
	if (n < 6 || n > 7)
		return "wrong number of arguments";
	const char *bad = view_bad(h, gh_arg(u, 0), gh_arg(u, 1), gh_arg(u, 2), gh_arg(u, 3));
	if (bad != NULL)
		return bad;
	gh_val q = gh_arg(u, 4);
	if (gh_val_kind(h, q) != GH_V_TUPLE || gh_row_of(h, gh_val_item(h, q, 0)) == NULL)
		return "odd quantizer";
	bad = quantizer_bad(h, q, gh_arg(u, 2));
	if (bad != NULL)
		return bad;
	return is_bool(h, gh_arg(u, 5)) && (n == 6 || no_hooks(h, gh_arg(u, 6))) ? NULL
										 : "hooks that would be called later";
}

/* Over an array of this stream. Only torch.load() looks at sparse tensors again after loading, and without it no storage
 * is to be had: such an array is what any other loader gets. */
static bool from_numpy(struct gh_heap *h, gh_val tensor, gh_val *array)
{
	const struct gh_allow_row *r = gh_maker_of(h, tensor);
	if (r == NULL || !gh_row_uses(r, GH_USE_REDUCE) ||
	    gh_allow_group(r)->arg[GH_USE_REDUCE] != GH_ARGS_torch_from_numpy)
		return false;
	*array = gh_val_item(h, gh_val_args(h, tensor), 0);
	return true;
}

/* Row d of the indices points into dimension d. */
static const char *coo_bad(const struct gh_use_case *u, gh_val parts)
{
	struct gh_heap *h = u->heap;
	struct gh_view o, data;
	struct gh_ints in;
	gh_val array, values;
	uint64_t dim[DIMS];
	int64_t x;
	int n = counts(h, gh_val_item(h, parts, 2), dim);
	if (!from_numpy(h, gh_val_item(h, parts, 0), &array) || !from_numpy(h, gh_val_item(h, parts, 1), &values) ||
	    !gh_view_of(h, array, &o) || !gh_ints_flat(h, array, &in) || o.by_column) {
		gh_doubt(u, "indices are written in a way that cannot be looked at");
		return NULL;
	}
	if (n < 0 || o.n != 2 || o.dim[0] > (uint64_t)n || !gh_view_of(h, values, &data) || !data.seen || data.n == 0 ||
	    data.dim[0] != o.dim[1])
		return "indices that do not fit size and values";
	for (uint64_t i = 0; i < o.count; i++) {
		if (!gh_ints_next(&in, &x)) {
			gh_doubt(u, "not all indices can be looked at");
			return NULL;
		}
		if (x < 0 || (uint64_t)x >= dim[i / o.dim[1]])
			return "an index that points outside";
	}
	return NULL;
}

/* (where rows begin, columns, values, size); columns: the other way round. */
static const char *compressed_bad(const struct gh_use_case *u, gh_val parts, bool columns)
{
	struct gh_heap *h = u->heap;
	gh_val array[3];
	uint64_t dim[DIMS], m, values;
	int n = counts(h, gh_val_item(h, parts, 3), dim);
	for (unsigned i = 0; i < 3; i++)
		if (!from_numpy(h, gh_val_item(h, parts, i), &array[i])) {
			gh_doubt(u, "indices are written in a way that cannot be looked at");
			return NULL;
		}
	if (n != 2 || !gh_length_of(h, array[1], &m) || !gh_length_of(h, array[2], &values) || m != values)
		return "indices that do not fit size and values";
	uint64_t major = dim[columns], minor = dim[!columns];
	if (major > INT64_MAX / 2)
		return "odd size";
	const char *bad = gh_range_bad(u, array[0],
				       &(struct gh_range_rule){ .expect = major + 1, .below = m + 1, .rising = true });
	return bad != NULL ? bad : gh_range_bad(u, array[1], &(struct gh_range_rule){ .expect = m, .below = minor });
}

/* "sparse_csr", by the constant or by its name. */
static bool layout_is(struct gh_heap *h, gh_val layout, const char *full)
{
	const struct gh_allow_row *r = gh_row_of(h, layout);
	return r != NULL ? strcmp(r->name, full + 6) == 0
			 : gh_val_is(h, gh_val_item(h, gh_val_args(h, layout), 0), full);
}

/* (layout, (indices, values, size[, coalesced])): tensors that were made here. */
const char *gh_args_torch_sparse(const struct gh_use_case *u)
{
	struct gh_heap *h = u->heap;
	uint64_t dim[DIMS];
	bool layout = gh_row_of(h, gh_arg(u, 0)) != NULL ||
		      gh_row_is(gh_maker_of(h, gh_arg(u, 0)), "torch.serialization", "_get_layout");
	if (gh_argc(u) != 2 || !layout || gh_val_kind(h, gh_arg(u, 1)) != GH_V_TUPLE)
		return "not (layout, parts)";
	gh_val parts = gh_arg(u, 1);
	for (uint64_t i = 0; i < gh_val_len(h, parts); i++) {
		gh_val v = gh_val_item(h, parts, i);
		if (!gh_torch_is_tensor(h, v) && !is_bool(h, v) && counts(h, v, dim) < 0)
			return "a part that is not a tensor";
	}
	gh_val array, how = gh_arg(u, 0);
	bool own = false;
	for (uint64_t i = 0; i < 3; i++)
		own = own || from_numpy(h, gh_val_item(h, parts, i), &array);
	if (!own)
		return NULL;
	if (layout_is(h, how, "torch.sparse_coo"))
		return coo_bad(u, parts);
	if (layout_is(h, how, "torch.sparse_csr") || layout_is(h, how, "torch.sparse_csc"))
		return compressed_bad(u, parts, layout_is(h, how, "torch.sparse_csc"));
	gh_doubt(u, "a sparse tensor over arrays, whose indices are not looked at");
	return NULL;
}

/* _rebuild_parameter(tensor, requires_grad, hooks) */
const char *gh_args_torch_param(const struct gh_use_case *u)
{
	if (gh_argc(u) < 2 || gh_argc(u) > 3 || !gh_torch_is_tensor(u->heap, gh_arg(u, 0)) ||
	    !is_bool(u->heap, gh_arg(u, 1)))
		return "not (tensor, requires_grad, hooks)";
	return gh_argc(u) == 2 || no_hooks(u->heap, gh_arg(u, 2)) ? NULL : "hooks that would be called later";
}

static const char *attrs(const struct gh_use_case *u, gh_val v)
{
	struct gh_heap *h = u->heap;
	if (gh_val_kind(h, v) == GH_V_NONE)
		return NULL;
	if (gh_val_kind(h, v) != GH_V_TUPLE)
		return gh_attrs_bad(u, v, true);
	for (uint64_t i = 0; i < gh_val_len(h, v); i++) {
		gh_val part = gh_val_item(h, v, i);
		const char *bad = gh_val_kind(h, part) == GH_V_NONE ? NULL : gh_attrs_bad(u, part, true);
		if (bad != NULL)
			return bad;
	}
	return NULL;
}

const char *gh_args_torch_param_state(const struct gh_use_case *u)
{
	struct gh_heap *h = u->heap;
	if (gh_argc(u) != 4 || !gh_torch_is_tensor(h, gh_arg(u, 0)) || !is_bool(h, gh_arg(u, 1)) ||
	    !no_hooks(h, gh_arg(u, 2)))
		return "not (tensor, requires_grad, hooks, state)";
	return attrs(u, gh_arg(u, 3));
}

/* _rebuild_from_type_v2(f, class, args, state): f(*args), then the class and the attributes are set. */
const char *gh_args_torch_from_type(const struct gh_use_case *u)
{
	struct gh_heap *h = u->heap;
	int n = gh_argc(u);
	if (n != 4)
		return "not (function, class, arguments, state)";
	struct gh_use_case in = *u;
	in.target = gh_arg(u, 0);
	in.row = gh_row_of(h, in.target);
	in.args = gh_arg(u, 2);
	in.use = GH_USE_REDUCE;
	in.depth++;
	if (u->depth >= PARAM_DEPTH || in.row == NULL || strcmp(in.row->module, "torch._utils") != 0)
		return "it would call a function outside the allow list";
	const char *bad = gh_use_permitted(&in);
	if (bad != NULL)
		return bad;
	if (!gh_row_uses(gh_row_of(h, gh_arg(u, 1)), GH_USE_MAKE))
		return "the tensor class is not on the allow list";
	return attrs(u, gh_arg(u, 3));
}

/* What TorchScript marks is a list, tuple or dictionary of plain values and tensors, at most a list of such. The function
 * hands its argument back: anything else would travel through it unseen. */
static bool marked(struct gh_heap *h, gh_val v)
{
	const struct gh_allow_row *maker = gh_maker_of(h, v); /* another mark: judged where it was made */
	return gh_is_plain(h, v) || gh_torch_is_tensor(h, v) ||
	       (maker != NULL && strcmp(maker->module, "torch.jit._pickle") == 0);
}

static bool all_marked(struct gh_heap *h, gh_val v)
{
	enum gh_vkind k = gh_val_kind(h, v);
	if (k == GH_V_DICT) {
		for (uint64_t i = 0; i < gh_val_len(h, v); i++)
			if (!gh_is_plain(h, gh_val_key(h, v, i)) || !marked(h, gh_val_at(h, v, i)))
				return false;
		return true;
	}
	if (k != GH_V_LIST && k != GH_V_TUPLE)
		return false;
	for (uint64_t i = 0; i < gh_val_len(h, v); i++)
		if (!marked(h, gh_val_item(h, v, i)))
			return false;
	return true;
}

const char *gh_args_torch_mark(const struct gh_use_case *u)
{
	struct gh_heap *h = u->heap;
	gh_val v = gh_arg(u, 0);
	int n = gh_argc(u);
	if (n < 1 || n > 2 || (n == 2 && gh_val_kind(h, gh_arg(u, 1)) != GH_V_STR))
		return "not (value, type)";
	bool fine = gh_is_plain(h, v) || all_marked(h, v);
	if (!fine && gh_val_kind(h, v) == GH_V_LIST) {
		fine = true;
		for (uint64_t i = 0; fine && i < gh_val_len(h, v); i++)
			fine = marked(h, gh_val_item(h, v, i)) || all_marked(h, gh_val_item(h, v, i));
	}
	return fine ? NULL : "something besides plain values and tensors, which it would hand back unseen";
}

/* (dtype, size, stride, requires_grad): no memory behind it. */
const char *gh_args_torch_meta(const struct gh_use_case *u)
{
	uint64_t dim[DIMS];
	if (gh_argc(u) != 4 || gh_row_of(u->heap, gh_arg(u, 0)) == NULL || counts(u->heap, gh_arg(u, 1), dim) < 0 ||
	    counts(u->heap, gh_arg(u, 2), dim) < 0 || !is_bool(u->heap, gh_arg(u, 3)))
		return "not (dtype, size, stride, requires_grad)";
	return NULL;
}

/* (array, dtype, device, requires_grad) */
const char *gh_args_torch_from_numpy(const struct gh_use_case *u)
{
	if (gh_argc(u) != 4 || gh_data_bad(u, gh_arg(u, 0)) != NULL || gh_row_of(u->heap, gh_arg(u, 1)) == NULL ||
	    !gh_is_text(u->heap, gh_arg(u, 2)) || !is_bool(u->heap, gh_arg(u, 3)))
		return "not (array, dtype, device, requires_grad)";
	return NULL;
}
