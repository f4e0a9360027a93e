/* A configuration that names a callable makes its loader import and call it. Allow list first: a class (its last part is
 * written like one) of a published framework is what such configurations are for. A name that reaches the system, by
 * itself or through a module that some framework happens to import ("torch.serialization.os.system"), is an attack; all
 * others are for a person to look at.
 *
 * Sources: hydra/_internal/utils.py (_locate), skops/io/_utils.py, mlflow/pyfunc/__init__.py, yaml/constructor.py. */
#include "check/targets.h"

#include <string.h>

#include "format/format.h"
#include "format/json_keys.h"

enum { R_SYSTEM, R_FOREIGN, R_FUNCTION, R_NODE_BAD, R_NODE, R_NODE_CALL, R_FLAVOR, R_TAG_CALL, R_TAG, R_TAG_OWN };
static const struct gh_rule rules[] = {
	[R_SYSTEM] = { "GH-TGT-0001", GH_CRITICAL, GH_UNSAFE, "The configuration calls into the system",
		       "Instantiating the configuration runs commands or loads code.",
		       "Do not load; report the source.", "CVE-2025-23304 CWE-470 CWE-94 AML.T0011" },
	[R_FOREIGN] = { "GH-TGT-0002", GH_MEDIUM, GH_REVIEW,
			"The configuration names something to call that no listed framework has",
			"Loading imports that module, which may lie beside the model.",
			"Check that the name belongs to the model's own library, and read it.",
			"CWE-470 CWE-829 AML.T0011" },
	[R_FUNCTION] = { "GH-TGT-0003", GH_MEDIUM, GH_REVIEW,
			 "The configuration names a function of a framework to call",
			 "Functions load, download and write; a model's parts are classes.",
			 "Check what the function does with these arguments.", "CWE-470 AML.T0011" },
	[R_NODE_BAD] = { "GH-TGT-0004", GH_CRITICAL, GH_UNSAFE,
			 "An object of a skops file is of a type that no estimator needs",
			 "Loading with this type trusted imports and calls what the author chose.",
			 "Do not trust the types; report the source.",
			 "CVE-2025-54412 CVE-2025-54413 CVE-2025-54886 CWE-502 CWE-94 AML.T0011" },
	[R_NODE] = { "GH-TGT-0005", GH_MEDIUM, GH_REVIEW,
		     "An object of a skops file is of a type that is not on the list",
		     "The loader asks to trust this type; trusting it imports its module.",
		     "Check the type before trusting it.", "CWE-502 CWE-470" },
	[R_NODE_CALL] = { "GH-TGT-0006", GH_HIGH, GH_REVIEW, "A skops file holds a method or an operator as an object",
			  "What it does is decided by its attributes, which the loader does not show.",
			  "Read the node's attributes before trusting it.", "CVE-2025-54412 CVE-2025-54413 CWE-502" },
	[R_FLAVOR] = { "GH-TGT-0007", GH_HIGH, GH_REVIEW, "The model is loaded by a module of its own",
		       "MLflow imports the module and calls its _load_pyfunc().",
		       "Read that module before loading the model.", "CWE-829 CWE-470 AML.T0011" },
	[R_TAG_CALL] = { "GH-TGT-0008", GH_CRITICAL, GH_UNSAFE, "A YAML tag that makes its loader call Python",
			 "yaml.load() with an unsafe loader runs the author's code.",
			 "Do not load; read such files with yaml.safe_load() only.",
			 "CVE-2020-14343 CWE-502 CWE-94 AML.T0011" },
	[R_TAG] = { "GH-TGT-0009", GH_HIGH, GH_REVIEW, "A YAML tag that names a Python object",
		    "yaml.load() with an unsafe loader imports the module.",
		    "Read such files with yaml.safe_load() only.", "CVE-2020-1747 CWE-502 CWE-470" },
	[R_TAG_OWN] = { "GH-TGT-0010", GH_INFO, GH_CLEAN, "A YAML tag of an application",
			"None by itself: what it makes is up to the program that reads the file.",
			"None needed, when the program is known.", "" },
	GH_RULES_END
};

/* ---- names ------------------------------------------------------------------------------------------------------ */

static bool listed(const char *list, struct gh_span word)
{
	for (const char *p = list; word.n != 0 && *p != '\0'; p += strspn(p, " ")) {
		size_t n = strcspn(p, " ");
		if (n == word.n && memcmp(p, word.p, n) == 0)
			return true;
		p += n;
	}
	return false;
}

/* Frameworks whose classes configurations are made of. */
static const char frameworks[] =
	"torch torchvision torchaudio torchmetrics torchtext torchtune torchrec torchdata torchao torch_geometric "
	"functorch "
	"pytorch_lightning lightning lightning_fabric lightning_utilities nemo nemo_text_processing nemo_run nemo_rl "
	"megatron transformer_engine apex transformers peft trl diffusers accelerate datasets evaluate tokenizers "
	"sentence_transformers timm einops kornia albumentations monai segmentation_models_pytorch omegaconf hydra "
	"hydra_plugins sklearn skorch xgboost lightgbm catboost optuna ray keras tensorflow jax flax optax haiku ldm "
	"sgm "
	"cldm taming k_diffusion speechbrain espnet espnet2 fairseq fairseq2 pyannote asteroid audiocraft encodec "
	"demucs whisper mmcv mmdet mmengine mmpretrain mmseg detectron2 ultralytics spacy thinc spacy_transformers "
	"gluonts "
	"neuralforecast pytorch_forecasting darts sktime stable_baselines3 gymnasium gym tianshou "
	"vector_quantize_pytorch "
	"x_transformers flair allennlp open_clip clip dgl deepspeed bitsandbytes schedulefree lion_pytorch anomalib "
	"super_gradients composer streaming llmfoundry colossalai vllm chemprop rdkit e3nn schnetpack nequip mace "
	"openfold esm rfdiffusion boltz super_image basicsr realesrgan gfpgan onnxruntime optimum numpy scipy "
	"cosyvoice matcha fish_speech TTS coqui silero fairscale xformers flash_attn mamba_ssm torchdiffeq "
	"torch_ema ema_pytorch pl_bolts braindecode fastai geffnet efficientnet_pytorch pretrainedmodels resnest "
	"sam2 segment_anything dinov2 depth_anything iopath fvcore lavis";

/* Modules of Python that reach the system. As a part of a longer name they are a way through somebody's imports. */
static const char gateways[] =
	"os posix nt sys subprocess builtins __builtin__ __builtins__ shutil pty socket importlib imp runpy ctypes "
	"pickle "
	"_pickle cPickle dill cloudpickle marshal code codeop commands popen2 webbrowser timeit pdb bdb cProfile "
	"profile "
	"asyncio multiprocessing urllib requests httpx aiohttp pip setuptools pkgutil pydoc operator functools types "
	"inspect gc tempfile pathlib zipimport zipfile tarfile glob fileinput threading "
	"getpass "
	"smtplib ftplib telnetlib xmlrpc cffi joblib yaml jsonpickle shelve dbm copyreg atexit sched "
	"cpp_extension f2py "
	"distutils _testing collect_env";
/* The same, but frameworks name parts of their own like that: there a class is a class. */
static const char halfway[] = "signal io platform site hub http rpc";

/* Functions that run, load, fetch or write something, wherever they are found. */
static const char harmful[] =
	"load loads load_module load_inline load_library load_state_dict_from_url load_url eval exec execfile system "
	"popen "
	"Popen call check_call check_output getoutput getstatusoutput run run_path run_module spawn import_module "
	"__import__ instantiate get_method get_class get_object unpickle read_pickle to_pickle urlopen urlretrieve "
	"download download_file download_url download_url_to_file open remove rmtree unlink rename chmod save "
	"savetxt tofile fromfile memmap loadtxt genfromtxt resolve_name locate attrgetter methodcaller fork execv "
	"execve "
	"Unpickler hf_hub_download snapshot_download load_dll run_command run_cmd subprocess_call safe_exec "
	"unsafe_load "
	"full_load load_all unsafe_load_all file_download wget fetch";

/* Functions that ordinary configurations name. */
static const char ordinary[] =
	"from_pretrained from_config from_dict from_name constant_ linear relu gelu silu tanh sigmoid "
	"softmax float16 float32 bfloat16 float64 int8 uint8 int64 tensor ones zeros arange manual_seed "
	"device cross_entropy mse_loss l1_loss create_model";

struct dotted {
	struct gh_span first, last;
	bool plain;   /* letters, digits, underscores and single dots */
	bool gateway; /* some part but the first is a module of the system, or internal to Python */
	bool halfway; /* or may be one */
	unsigned parts;
};

static bool word_byte(uint8_t c)
{
	return c == '_' || (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
}

static bool like_a_class(struct gh_span s)
{
	size_t i = 0;
	while (i < s.n && s.p[i] == '_')
		i++;
	return i < s.n && s.p[i] >= 'A' && s.p[i] <= 'Z';
}

static struct dotted parse(struct gh_span s)
{
	struct dotted d = { .plain = s.n != 0 };
	for (size_t i = 0; i <= s.n && s.n != 0;) {
		size_t from = i;
		while (i < s.n && s.p[i] != '.' && s.p[i] != ':') {
			d.plain = d.plain && word_byte(s.p[i]);
			i++;
		}
		struct gh_span part = { s.p + from, i - from };
		d.plain = d.plain && part.n != 0;
		if (d.parts++ == 0)
			d.first = part;
		else
			d.gateway = d.gateway || listed(gateways, part) || gh_span_starts(part, "__");
		d.halfway = d.halfway || (d.parts > 1 && listed(halfway, part));
		d.last = part;
		i++;
	}
	d.gateway = d.gateway || (d.halfway && !like_a_class(d.last));
	return d;
}

/* "module.name" of a call in one piece; clipped to the buffer. */
struct joined {
	uint8_t p[512];
	size_t n;
};
static struct gh_span join(struct joined *j, struct gh_span module, struct gh_span name)
{
	struct gh_span part[] = { module, GH_SPAN("."), name };
	j->n = 0;
	for (size_t i = module.n == 0 ? 2 : 0; i < 3; i++) {
		size_t n = part[i].n < sizeof j->p - j->n ? part[i].n : sizeof j->p - j->n;
		if (n != 0)
			memcpy(j->p + j->n, part[i].p, n);
		j->n += n;
	}
	return (struct gh_span){ j->p, j->n };
}

/* ---- Hydra and its kind ----------------------------------------------------------------------------------------- */

/* Values that configurations make, and functions that only compute. */
static bool harmless(struct gh_span name, const struct dotted *d)
{
	static const char *const values[] = { "builtins.dict",
					      "builtins.list",
					      "builtins.tuple",
					      "builtins.set",
					      "builtins.int",
					      "builtins.float",
					      "builtins.str",
					      "builtins.bool",
					      "builtins.range",
					      "pathlib.Path",
					      "collections.OrderedDict",
					      "collections.defaultdict",
					      "collections.Counter",
					      "datetime.timedelta",
					      "re.compile" };
	for (size_t i = 0; i < sizeof values / sizeof values[0]; i++)
		if (gh_span_is(name, values[i]))
			return true;
	if (!d->plain || d->gateway)
		return false;
	if (d->parts == 4 && (gh_span_starts(name, "torch.nn.functional.") || gh_span_starts(name, "torch.nn.init.")))
		return true;
	/* Losses and measures of frameworks are functions as often as classes. */
	static const char *const ends[] = {
		"_loss", "_error", "_cost", "_score", "_entropy", "_distance", "_similarity"
	};
	bool measure = false;
	for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++)
		measure = measure || gh_span_ends(d->last, ends[i]);
	return measure && d->parts > 2 && listed(frameworks, d->first) && !listed(harmful, d->last);
}

static void on_hydra(struct gh_scene *s, const struct gh_event *ev)
{
	const struct gh_call *c = ev->u.call;
	struct joined room;
	struct gh_span name = join(&room, c->module, c->name);
	struct dotted d = parse(name);
	unsigned rule;
	if (c->resolved && harmless(name, &d))
		return;
	if (gh_json_target_dangerous(name) || d.gateway || listed(harmful, d.last) ||
	    (listed(gateways, d.first) && d.parts > 1))
		rule = R_SYSTEM;
	else if (!c->resolved || !d.plain || !listed(frameworks, d.first) || d.parts < 2)
		rule = R_FOREIGN;
	else if (like_a_class(d.last) || listed(ordinary, d.last))
		return;
	else
		rule = R_FUNCTION;
	gh_find(s, &rules[rule], ev->at, "%s", gh_safe(name).s);
}

/* ---- skops ------------------------------------------------------------------------------------------------------ */

static const char node_builtins[] =
	"dict list tuple set frozenset str int float bool bytes bytearray complex NoneType slice "
	"type range function builtin_function_or_method method ellipsis object";
static const char node_numpy[] =
	"ndarray dtype generic bool_ bool int8 int16 int32 int64 uint8 uint16 uint32 uint64 float16 float32 float64 "
	"complex64 complex128 str_ bytes_ matrix MaskedArray RandomState Generator PCG64 PCG64DXSM MT19937 Philox "
	"SFC64 "
	"SeedSequence ufunc longdouble intp intc object_ void datetime64 timedelta64 recarray record";
static const char node_numpy_functions[] =
	"abs absolute add arccos arcsin arctan cbrt ceil clip cos cosh deg2rad exp exp2 expm1 fabs floor isfinite "
	"isnan log "
	"log10 log1p log2 logical_not max maximum mean median min minimum multiply negative power rad2deg reciprocal "
	"rint "
	"round sign sin sinh sqrt square std subtract sum tan tanh true_divide divide var amax amin nanmean nanmedian "
	"ravel asarray identity expit logit gamma erf gammaln digamma xlogy boxcox inv_boxcox";
static const char node_loaders[] =
	"DictNode DefaultDictNode ListNode SetNode TupleNode FunctionNode PartialNode TypeNode SliceNode ObjectNode "
	"BytesNode BytearrayNode JsonNode NdArrayNode MaskedArrayNode RandomStateNode RandomGeneratorNode DtypeNode "
	"SparseMatrixNode TreeNode LossNode SGDNode _CriterionNode ReduceNode CalibratedClassifierNode MethodNode "
	"OperatorFuncNode CachedNode UserDictNode OrderedDictNode XGBoostNode ScipySparseNode QuantileForestNode "
	"CovarianceNode DatetimeNode _DictWithDeprecatedKeysNode";

/* Types of the libraries that skops was made for. */
static bool node_type_ok(struct gh_span module, struct gh_span name)
{
	static const char collections[] = "OrderedDict defaultdict Counter deque UserDict";
	static const char libraries[] = "sklearn scipy xgboost lightgbm catboost quantile_forest imblearn skops skorch";
	struct dotted m = parse(module), n = parse(name);
	bool gateway = m.gateway && !(m.halfway && like_a_class(name));
	if (!m.plain || !n.plain || n.parts != 1 || gateway || gh_span_starts(name, "__"))
		return false;
	if (gh_span_is(module, "builtins"))
		return listed(node_builtins, name);
	if (gh_span_is(module, "collections"))
		return listed(collections, name);
	if (gh_span_is(module, "datetime"))
		return listed("datetime date time timedelta timezone", name);
	if (gh_span_is(module, "functools"))
		return gh_span_is(name, "partial");
	/* The function itself is named in the node's content, and judged there. */
	if (listed("numpy scipy sklearn", m.first) && listed("function builtin_function_or_method ufunc "
							     "cython_function_or_method _ArrayFunctionDispatcher",
							     name))
		return true;
	if (gh_span_is(m.first, "numpy"))
		return listed(node_numpy, name) || gh_span_ends(name, "DType");
	return listed(libraries, m.first) && !listed(harmful, name) &&
	       (like_a_class(name) || gh_span_ends(name, "_matrix") || gh_span_ends(name, "_array") ||
		gh_span_ends(name, "_gen") || gh_span_ends(name, "_frozen"));
}

static void on_skops_function(struct gh_scene *s, const struct gh_event *ev)
{
	const struct gh_call *c = ev->u.call;
	struct dotted m = parse(c->module);
	if (c->module.n == 0) {
		bool bad = gh_span_starts(c->name, "_") || memchr(c->name.p, '.', c->name.n) != NULL;
		gh_find(s, &rules[bad ? R_NODE_BAD : R_NODE_CALL], ev->at, "method %s", gh_safe(c->name).s);
		return;
	}
	bool known = listed("numpy scipy sklearn", m.first) && m.plain && !m.gateway;
	if (known && listed(node_numpy_functions, c->name))
		return;
	if (known && gh_span_is(m.first, "sklearn") &&
	    (gh_span_starts(c->module, "sklearn.metrics") || gh_span_starts(c->module, "sklearn.feature_selection")))
		return;
	bool bad = !known || listed(harmful, c->name) || gh_span_starts(c->name, "__");
	gh_find(s, &rules[bad ? R_NODE_BAD : R_NODE], ev->at, "function %s.%s", gh_safe(c->module).s,
		gh_safe(c->name).s);
}

static void on_skops(struct gh_scene *s, const struct gh_event *ev)
{
	const struct gh_call *c = ev->u.call;
	if (c->how == GH_CALL_IMPORT) {
		on_skops_function(s, ev);
		return;
	}
	struct joined room;
	struct gh_span whole = join(&room, c->module, c->name);
	struct dotted d = parse(whole);
	bool system = gh_json_target_dangerous(whole) || d.gateway || listed(gateways, d.first);
	bool operator_node = gh_span_is(c->module, "operator") || gh_span_is(c->as_name, "OperatorFuncNode");
	if (operator_node)
		gh_find(s, &rules[gh_span_is(c->name, "itemgetter") ? R_NODE_CALL : R_NODE_BAD], ev->at, "%s",
			gh_safe(whole).s);
	else if (node_type_ok(c->module, c->name) && c->resolved)
		;
	else
		gh_find(s, &rules[system ? R_NODE_BAD : R_NODE], ev->at, "%s", gh_safe(whole).s);
	if (!gh_span_eq(c->as_name, c->name) && !listed(node_loaders, c->as_name))
		gh_find(s, &rules[R_NODE], ev->at, "loader %s", gh_safe(c->as_name).s);
}

/* ---- MLflow, YAML tags ------------------------------------------------------------------------------------------ */

static void on_mlflow(struct gh_scene *s, const struct gh_event *ev)
{
	struct dotted d = parse(ev->u.call->module);
	if (gh_json_target_dangerous(ev->u.call->module) || d.gateway)
		gh_find(s, &rules[R_SYSTEM], ev->at, "loader_module %s", gh_safe(ev->u.call->module).s);
	else if (!gh_span_is(d.first, "mlflow") || !d.plain)
		gh_find(s, &rules[R_FLAVOR], ev->at, "%s", gh_safe(ev->u.call->module).s);
}

/* as_name: what the tag asks for ("object/apply", "name", "module", "object/new", "object"), or an application's tag. */
static void on_tag(struct gh_scene *s, const struct gh_event *ev)
{
	const struct gh_call *c = ev->u.call;
	struct joined room;
	struct gh_span whole = join(&room, c->module, c->name);
	struct dotted d = parse(whole);
	bool calls = gh_span_starts(c->as_name, "object");
	bool known = listed(frameworks, d.first) || listed("collections pathlib datetime decimal", d.first);
	bool system = gh_json_target_dangerous(whole) || listed(gateways, d.first) || d.gateway || d.parts < 2;
	/* Classes of paths and ordered dictionaries are what Python programs dump by accident. */
	bool data = gh_span_starts(whole, "pathlib.") || gh_span_starts(whole, "collections.") ||
		    gh_span_is(whole, "numpy.core.multiarray.scalar") || gh_span_is(whole, "numpy.dtype") ||
		    gh_span_is(whole, "numpy._core.multiarray.scalar");
	if (gh_span_is(c->as_name, "application"))
		gh_find(s, &rules[R_TAG_OWN], ev->at, "%s", gh_safe(c->name).s);
	else {
		bool plain = data || (known && !system && like_a_class(d.last)) || !(calls || system);
		gh_find(s, &rules[plain ? R_TAG : R_TAG_CALL], ev->at, "%s %s", gh_safe(c->as_name).s,
			gh_safe(whole).s);
	}
}

static void on(struct gh_scene *s, const struct gh_event *ev)
{
	static const struct {
		const char *system;
		void (*on)(struct gh_scene *, const struct gh_event *);
	} systems[] = { { "hydra", on_hydra }, { "skops", on_skops }, { "mlflow", on_mlflow }, { "yaml", on_tag } };
	for (size_t i = 0; i < sizeof systems / sizeof systems[0]; i++)
		if (strcmp(ev->u.call->system, systems[i].system) == 0)
			systems[i].on(s, ev);
}

const struct gh_check gh_check_targets = {
	.name = "targets",
	.about = "callables that configurations name: Hydra targets, skops nodes, MLflow loaders, YAML tags",
	.stage = GH_STAGE_CODE,
	.events = 1u << GH_EV_CALL,
	.on = on,
	.rules = rules,
};
