/* fmt_mxnet_symbol.c - graphs of Apache MXNet (…-symbol.json): a JSON document with "nodes", each with an operator, and "arg_nodes".
 *
 * Operators are compared with those that MXNet has. Three are code: "Custom" makes an object of a Python class that somebody
 * registered under the name in op_type; "_Native" and "_NDArray" call functions whose addresses stand in the file as a
 * number. All of the document is read by the reader of JSON as well. Source: nnvm's pass/saveload_json.cc; MXNet's
 * src/operator (names), src/operator/custom. */
#include "format/formats.h"
#include "format/json_doc.h"
#include "format/json_src.h"

enum { A_CUSTOM, A_ADDRESS, A_UNKNOWN };
static const struct gh_rule rules[] = {
	[A_CUSTOM] = { "GH-MXS-0001", GH_HIGH, GH_REVIEW, "An operator that runs Python",
		       "Running the model calls a class that Python code registered under the name in the file, with "
		       "arguments from the file.",
		       "Find out which code registers the operator and read it.", "CWE-94 CWE-470 AML.T0011" },
	[A_ADDRESS] = { "GH-MXS-0002", GH_CRITICAL, GH_UNSAFE, "An operator that calls an address from the file",
			"MXNet takes a number of the file for the address of a function and calls it.", "Do not load.",
			"CWE-822 CWE-94 AML.T0011" },
	[A_UNKNOWN] = { "GH-MXS-0003", GH_MEDIUM, GH_REVIEW, "An operator that MXNet does not have",
			"Running the model needs a library of operators, which is native code.",
			"Find out where the operator comes from; load such a library only from a source you trust.",
			"CWE-829" },
	GH_RULES_END
};

/* Families of operators: all that begin like this. */
static const char *const families[] = {
	"_contrib_",
	"_np_",
	"_npi_",
	"_npx_",
	"_image_",
	"_linalg_",
	"linalg_",
	"_random_",
	"random_",
	"_sample_",
	"sample_",
	"_sparse_",
	"broadcast_",
	"elemwise_",
	"_broadcast_",
	"_scatter_",
	"_rnn_",
	"multi_",
	"preloaded_multi_",
	"lamb_",
	"mp_",
	"_mkldnn_",
	"_sg_mkldnn_",
	"_sg_onednn_",
	"_onednn_",
	"image_",
	"_adamw_",
	"_multi_",
	"_equal",
	"_not_equal",
	"_greater",
	"_lesser",
	"_logical_",
	"_plus",
	"_minus",
	"_rminus",
	"_mul",
	"_div",
	"_rdiv",
	"_mod",
	"_rmod",
	"_power",
	"_rpower",
	"_maximum",
	"_minimum",
	"_hypot",
	"_slice_",
	"_copy",
	"_zeros",
	"_ones",
	"_full",
	"_arange",
	"_linspace",
	"_eye",
	"_identity",
	"_ravel",
	"_unravel",
	"_shuffle",
	"_split_v2",
	"_histogram",
	"_grad_add",
	"_sum",
	"_cond",
	"_foreach",
	"_while_loop",
	"_set_value",
	"_onehot",
	"_square_sum",
	"_crop_assign",
	"_sub",
	"_add",
	"_Plus",
	"_Minus",
	"_Mul",
	"_Div",
	"_Maximum",
	"_Minimum",
	"_Power",
	"_Equal",
	"_Greater",
	"_Lesser",
	"_Not",
	"_Hypot",
	"_Mod",
	"_RMinus",
	"_RDiv",
	"_RPower",
	"_RMod",
	"_MinusScalar",
	"_PlusScalar",
	"_MulScalar",
	"_DivScalar",
	"_EqualScalar",
	"_CopyMakeBorder",
};
static const char *const words[] = {
	"Activation",
	"BatchNorm",
	"BatchNorm_v1",
	"BilinearSampler",
	"BlockGrad",
	"CTCLoss",
	"Cast",
	"Concat",
	"Convolution",
	"Convolution_v1",
	"Correlation",
	"Crop",
	"CuDNNBatchNorm",
	"Deconvolution",
	"Dropout",
	"ElementWiseSum",
	"Embedding",
	"Flatten",
	"FullyConnected",
	"GridGenerator",
	"GroupNorm",
	"IdentityAttachKLSparseReg",
	"InstanceNorm",
	"L2Normalization",
	"LRN",
	"LayerNorm",
	"LeakyReLU",
	"LinearRegressionOutput",
	"LogisticRegressionOutput",
	"MAERegressionOutput",
	"MakeLoss",
	"Pad",
	"Pooling",
	"Pooling_v1",
	"RNN",
	"ROIPooling",
	"Reshape",
	"SVMOutput",
	"SequenceLast",
	"SequenceMask",
	"SequenceReverse",
	"SliceChannel",
	"Softmax",
	"SoftmaxActivation",
	"SoftmaxOutput",
	"SpatialTransformer",
	"SwapAxis",
	"UpSampling",
	"abs",
	"adam_update",
	"add_n",
	"all_finite",
	"amp_cast",
	"amp_multicast",
	"arccos",
	"arccosh",
	"arcsin",
	"arcsinh",
	"arctan",
	"arctanh",
	"argmax",
	"argmax_channel",
	"argmin",
	"argsort",
	"batch_dot",
	"batch_take",
	"cast",
	"cast_storage",
	"cbrt",
	"ceil",
	"clip",
	"choose_element_0index",
	"concat",
	"cos",
	"cosh",
	"crop",
	"ctc_loss",
	"degrees",
	"depth_to_space",
	"diag",
	"digamma",
	"dot",
	"erf",
	"erfinv",
	"exp",
	"expand_dims",
	"expm1",
	"fill_element_0index",
	"fix",
	"flatten",
	"flip",
	"floor",
	"ftml_update",
	"ftrl_update",
	"gamma",
	"gammaln",
	"gather_nd",
	"hard_sigmoid",
	"identity",
	"khatri_rao",
	"log",
	"log10",
	"log1p",
	"log2",
	"log_softmax",
	"log_sigmoid",
	"logical_not",
	"make_loss",
	"masked_softmax",
	"masked_log_softmax",
	"max",
	"max_axis",
	"mean",
	"min",
	"min_axis",
	"mish",
	"moments",
	"nag_mom_update",
	"nanprod",
	"nansum",
	"negative",
	"norm",
	"normal",
	"null",
	"one_hot",
	"ones_like",
	"pad",
	"pick",
	"prod",
	"radians",
	"rcbrt",
	"reciprocal",
	"relu",
	"repeat",
	"reset_arrays",
	"reshape",
	"reshape_like",
	"reverse",
	"rint",
	"rmsprop_update",
	"rmspropalex_update",
	"round",
	"rsqrt",
	"scatter_nd",
	"sgd_mom_update",
	"sgd_update",
	"shape_array",
	"shuffle",
	"sigmoid",
	"sign",
	"signsgd_update",
	"signum_update",
	"sin",
	"sinh",
	"size_array",
	"slice",
	"slice_axis",
	"slice_like",
	"smooth_l1",
	"softmax",
	"softmax_cross_entropy",
	"softmin",
	"softsign",
	"sort",
	"space_to_depth",
	"split",
	"sqrt",
	"square",
	"squeeze",
	"stack",
	"stop_gradient",
	"sum",
	"sum_axis",
	"swapaxes",
	"take",
	"tan",
	"tanh",
	"tile",
	"topk",
	"transpose",
	"trunc",
	"uniform",
	"unravel_index",
	"where",
	"zeros_like",
};

static bool standard(struct gh_span op)
{
	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
		if (gh_span_is(op, words[i]))
			return true;
	for (size_t i = 0; i < sizeof families / sizeof families[0]; i++)
		if (gh_span_starts(op, families[i]))
			return true;
	return false;
}

static enum gh_match probe(const struct gh_probe *p)
{
	static const char *const keys[] = { "\"nodes\"", "\"op\"", "\"inputs\"" };
	struct gh_span h = p->head, t = p->tail;
	size_t i = 0;
	while (i < h.n && i < 64 && (h.p[i] == ' ' || h.p[i] == '\n' || h.p[i] == '\r' || h.p[i] == '\t'))
		i++;
	if (i >= h.n || h.p[i] != '{')
		return GH_NO;
	for (size_t k = 0; k < sizeof keys / sizeof keys[0]; k++)
		if (memmem(h.p, h.n, keys[k], strlen(keys[k])) == NULL)
			return GH_NO;
	if (memmem(t.p, t.n, "\"arg_nodes\"", 11) == NULL && memmem(h.p, h.n, "\"arg_nodes\"", 11) == NULL)
		return GH_NO;
	return gh_json_doc_probe(p, NULL) == GH_STRONG ? GH_STRONG : GH_NO;
}

static enum gh_rc operation(struct gh_walk *w, struct gh_span op, uint64_t off, uint64_t len)
{
	struct gh_call ev = { .how = GH_CALL_OPERATION, .system = "mxnet", .name = op, .resolved = true };
	if (gh_span_is(op, "_Native") || gh_span_is(op, "_NDArray") || gh_span_is(op, "_CustomFunction") ||
	    gh_span_is(op, "_CachedOp"))
		gh_anomaly(w, &rules[A_ADDRESS], off, len, "%s", gh_safe(op).s);
	else if (!gh_span_is(op, "Custom") && !standard(op))
		gh_anomaly(w, &rules[A_UNKNOWN], off, len, "\"%s\"", gh_safe(op).s);
	return gh_emit(w, GH_EV_CALL, off, len, &ev);
}

static enum gh_rc operators(struct gh_walk *w)
{
	struct gh_json_src *x = GH_NEW(w->arena, struct gh_json_src, 1);
	enum { NONE, OP, TYPE } value = NONE;
	if (x == NULL)
		return gh_fail(w->err, GH_E_LIMIT, "no memory");
	gh_json_src(x, w->src, 0, w->src->size, w->arena);
	x->keep_behind = true;
	x->j.lenient = true;
	bool custom = false;
	uint64_t custom_off = 0;
	enum gh_json_tok t;
	while ((t = gh_json_src_next(x)) > GH_JSON_END) {
		if (t == GH_JSON_KEY) {
			value = gh_json_is(&x->j, "op") ? OP : gh_json_is(&x->j, "op_type") ? TYPE : NONE;
			continue;
		}
		enum gh_rc rc = GH_OK;
		if (t == GH_JSON_STRING && value == OP) {
			uint64_t off = x->j.off, len = x->j.len;
			if (gh_json_is(&x->j, "Custom")) {
				custom = true;
				custom_off = off;
			}
			rc = operation(w, x->j.text, off, len);
		} else if (t == GH_JSON_STRING && value == TYPE) {
			gh_anomaly(w, &rules[A_CUSTOM], x->j.off, x->j.len, "\"%s\"", gh_safe(x->j.text).s);
			custom = false;
		}
		if (rc != GH_OK)
			return rc;
		value = NONE;
	}
	if (custom)
		gh_anomaly(w, &rules[A_CUSTOM], custom_off, 0, "of no name");
	return GH_OK;
}

static enum gh_rc walk(struct gh_walk *w)
{
	enum gh_rc rc = operators(w);
	return rc != GH_OK ? rc : gh_json_doc(w);
}

const struct gh_fmt gh_fmt_mxnet_symbol = {
	.name = "mxnet-symbol",
	.about = "Graph of Apache MXNet: its operators",
	.exts = "json",
	.over = "json",
	.probe = probe,
	.walk = walk,
	.rules = rules,
};
