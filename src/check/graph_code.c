/* Operators of Paddle programs, layers of Caffe and classes of Core ML models that do more than compute. Paddle has some thousand operators
 * and no list of them that is complete for any version, so those that reach out are named here: they are a part of Paddle
 * itself, and a program cannot bring others along without a library of its own. Core ML needs no list: only two kinds of
 * parts name code, and it is the application's. */
#include "check/graph_code.h"
#include "format/format.h"

enum { R_CALLS, R_FILES, R_NETWORK, R_ENGINE, R_CLASS, R_PYTHON };
static const struct gh_rule rules[] = {
	[R_CALLS] = { "GH-GRC-0001", GH_CRITICAL, GH_UNSAFE, "Operator that calls a function of the program around it",
		      "Running the model calls a function that it chooses by number.", "Do not run the model.",
		      "CWE-94 CWE-470 AML.T0011" },
	[R_FILES] = { "GH-GRC-0002", GH_HIGH, GH_UNSAFE, "Operator that reads or writes files",
		      "Running the model reads or overwrites files that it names.", "Do not run the model.",
		      "CWE-73 CWE-22 AML.T0025" },
	[R_NETWORK] = { "GH-GRC-0003", GH_HIGH, GH_UNSAFE, "Operator that opens connections",
			"Running the model talks to an address that it names, or waits for calls.",
			"Do not run the model.", "CWE-918 CWE-200 AML.T0025" },
	[R_ENGINE] = { "GH-GRC-0004", GH_MEDIUM, GH_REVIEW, "Operator that hands an accelerator its own program",
		       "Compiled code that nobody can read runs on the accelerator, or beside it in its driver.",
		       "Compile the model for the accelerator yourself.", "CWE-829 AML.T0018" },
	[R_CLASS] = { "GH-GRC-0005", GH_MEDIUM, GH_REVIEW, "Model that needs a class of the application",
		      "Loading creates an object of the class that the model names, with parameters of its choice.",
		      "Check that the class is one of yours, made for this model, and treats its parameters as "
		      "hostile.",
		      "CWE-470 AML.T0011" },
	[R_PYTHON] = { "GH-GRC-0006", GH_CRITICAL, GH_UNSAFE, "Layer that imports and runs Python",
		       "Loading the network imports a module that it names and runs a class of it.", "Do not load.",
		       "CWE-94 CWE-470 AML.T0011" },
	GH_RULES_END
};

static const struct {
	const char *op;
	int rule;
} paddle[] = {
	{ "py_func", R_CALLS },
	{ "py_layer", R_CALLS },
	{ "pylayer", R_CALLS },
	{ "run_program", R_CALLS },
	{ "save", R_FILES },
	{ "save_combine", R_FILES },
	{ "load", R_FILES },
	{ "load_combine", R_FILES },
	{ "read_file", R_FILES },
	{ "checkpoint_notify", R_FILES },
	{ "create_custom_reader", R_FILES },
	{ "open_files", R_FILES },
	{ "create_recordio_file_reader", R_FILES },
	{ "listen_and_serv", R_NETWORK },
	{ "heter_listen_and_serv", R_NETWORK },
	{ "send", R_NETWORK },
	{ "recv", R_NETWORK },
	{ "send_and_recv", R_NETWORK },
	{ "send_barrier", R_NETWORK },
	{ "fetch_barrier", R_NETWORK },
	{ "prefetch", R_NETWORK },
	{ "gen_nccl_id", R_NETWORK },
	{ "c_gen_nccl_id", R_NETWORK },
	{ "c_gen_bkcl_id", R_NETWORK },
	{ "distributed_lookup_table", R_NETWORK },
	{ "distributed_push_sparse", R_NETWORK },
	{ "tensorrt_engine", R_ENGINE },
	{ "lite_engine", R_ENGINE },
	{ "dlnne_engine", R_ENGINE },
	{ "openvino_engine", R_ENGINE },
	{ "anakin_engine", R_ENGINE },
	{ "cinn_launch", R_ENGINE },
	{ "fusion_group", R_ENGINE },
};

static void on(struct gh_scene *s, const struct gh_event *ev)
{
	const struct gh_call *c = ev->u.call;
	if (strcmp(c->system, "coreml") == 0) {
		gh_find(s, &rules[R_CLASS], ev->at, "%s \"%s\"", gh_safe(c->module).s, gh_safe(c->name).s);
		return;
	}
	if (strcmp(c->system, "caffe") == 0) {
		if (c->as_module.n != 0 || gh_span_is(c->name, "Python"))
			gh_find(s, &rules[R_PYTHON], ev->at, "%s.%s", gh_safe(c->as_module).s, gh_safe(c->as_name).s);
		else if (gh_span_is(c->name, "HDF5Output"))
			gh_find(s, &rules[R_FILES], ev->at, "HDF5Output");
		return;
	}
	if (strcmp(c->system, "paddle") != 0)
		return;
	for (size_t i = 0; i < sizeof paddle / sizeof paddle[0]; i++)
		if (gh_span_is(c->name, paddle[i].op))
			gh_find(s, &rules[paddle[i].rule], ev->at, "%s", paddle[i].op);
}

const struct gh_check gh_check_graph_code = {
	.name = "graph-code",
	.about = "operators of Paddle, layers of Caffe and classes of Core ML that do more than compute",
	.stage = GH_STAGE_CODE,
	.events = 1u << GH_EV_CALL,
	.on = on,
	.rules = rules,
};
