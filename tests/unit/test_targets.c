/* Callables that configurations name: Hydra, skops, MLflow, YAML tags, and what the check "targets" says of them. */
#include "support/cm.h"

#include <stdio.h>

#include "check/targets.h"
#include "format/event.h"

static char found[1024];

static void note(struct gh_scene *s, const struct gh_rule *r, struct gh_range at, const char *text)
{
	(void)s;
	(void)at;
	size_t n = strlen(found);
	(void)snprintf(found + n, sizeof found - n, "%s%s %s", n == 0 ? "" : "; ", r->id, text);
}

static void calls(void **state)
{
	(void)state;
	static const struct {
		const char *system, *module, *name, *as;
		const char *say; /* NULL: nothing */
	} rows[] = {
		{ "hydra", "nemo.collections.asr.models", "EncDecCTCModel", "", NULL },
		{ "hydra", "torch.optim", "AdamW", "", NULL },
		{ "hydra", "pytorch_lightning.callbacks", "ModelCheckpoint", "", NULL },
		{ "hydra", "transformers.AutoTokenizer", "from_pretrained", "", NULL },
		{ "hydra", "ldm.models.diffusion.ddpm", "LatentDiffusion", "", NULL },
		{ "hydra", "hydra_plugins.x", "Launcher", "", NULL },
		{ "hydra", "pytorch_lightning.plugins.io", "AsyncCheckpointIO", "", NULL },
		{ "hydra", "torchaudio.io", "open", "", "GH-TGT-0001 torchaudio.io.open" },
		{ "hydra", "torch.nn.functional", "gelu", "", NULL },
		{ "hydra", "builtins", "dict", "", NULL },
		{ "hydra", "torch.nn.functional.os", "system", "", "GH-TGT-0001 torch.nn.functional.os.system" },
		{ "hydra", "hydra._internal.core_plugins.basic_launcher", "BasicLauncher", "", NULL },
		{ "hydra", "os", "system", "", "GH-TGT-0001 os.system" },
		{ "hydra", "", "eval", "", "GH-TGT-0001 eval" },
		{ "hydra", "builtins", "exec", "", "GH-TGT-0001 builtins.exec" },
		{ "hydra", "torch", "load", "", "GH-TGT-0001 torch.load" },
		{ "hydra", "torch.hub", "load", "", "GH-TGT-0001 torch.hub.load" },
		{ "hydra", "torch.serialization.os", "system", "", "GH-TGT-0001 torch.serialization.os.system" },
		{ "hydra", "nemo.utils.subprocess", "Popen", "", "GH-TGT-0001 nemo.utils.subprocess.Popen" },
		{ "hydra", "torch.nn.Module.__init__", "X", "", "GH-TGT-0001 torch.nn.Module.__init__.X" },
		{ "hydra", "hydra.utils", "instantiate", "", "GH-TGT-0001 hydra.utils.instantiate" },
		{ "hydra", "numpy", "load", "", "GH-TGT-0001 numpy.load" },
		{ "hydra", "torch", "compile", "", "GH-TGT-0003 torch.compile" },
		{ "hydra", "src.models", "MyModule", "", "GH-TGT-0002 src.models.MyModule" },
		{ "hydra", "", "Model", "", "GH-TGT-0002 Model" },
		{ "hydra", "torch..nn", "Linear", "", "GH-TGT-0002 torch..nn.Linear" },
		{ "hydra", "${x}", "Linear", "", "GH-TGT-0002 ${x}.Linear" },
		{ "hydra", "torch.nn.utils", "parametrize", "", "GH-TGT-0003 torch.nn.utils.parametrize" },
		{ "skops", "builtins", "dict", "DictNode", NULL },
		{ "skops", "sklearn.ensemble._forest", "RandomForestClassifier", "ObjectNode", NULL },
		{ "skops", "numpy", "ndarray", "NdArrayNode", NULL },
		{ "skops", "scipy.sparse._csr", "csr_matrix", "SparseMatrixNode", NULL },
		{ "skops", "sklearn.feature_selection._univariate_selection", "function", "FunctionNode", NULL },
		{ "skops", "sklearn.tree._tree", "Tree", "TreeNode", NULL },
		{ "skops", "os", "system", "ObjectNode", "GH-TGT-0004 os.system" },
		{ "skops", "builtins", "eval", "TypeNode", "GH-TGT-0004 builtins.eval" },
		{ "skops", "sklearn.os", "X", "ObjectNode", "GH-TGT-0004 sklearn.os.X" },
		{ "skops", "operator", "methodcaller", "OperatorFuncNode", "GH-TGT-0004 operator.methodcaller" },
		{ "skops", "operator", "itemgetter", "OperatorFuncNode", "GH-TGT-0006 operator.itemgetter" },
		{ "skops", "mylib", "Model", "ObjectNode", "GH-TGT-0005 mylib.Model" },
		{ "skops", "builtins", "dict", "EvilNode", "GH-TGT-0005 loader EvilNode" },
		{ "mlflow", "mlflow.sklearn", "_load_pyfunc", "", NULL },
		{ "mlflow", "my_loader", "_load_pyfunc", "", "GH-TGT-0007 my_loader" },
		{ "mlflow", "os", "_load_pyfunc", "", "GH-TGT-0001 loader_module os" },
		{ "yaml", "os", "system", "object/apply", "GH-TGT-0008 object/apply os.system" },
		{ "yaml", "", "eval", "name", "GH-TGT-0008 name eval" },
		{ "yaml", "mylib.x", "Thing", "object", "GH-TGT-0008 object mylib.x.Thing" },
		{ "yaml", "mylib.x", "Thing", "name", "GH-TGT-0009 name mylib.x.Thing" },
		{ "yaml", "collections", "OrderedDict", "object/apply",
		  "GH-TGT-0009 object/apply collections.OrderedDict" },
		{ "yaml", "", "!Ref", "application", "GH-TGT-0010 !Ref" },
		{ "python", "os", "system", "", NULL },
	};
	unsigned wrong = 0;
	for (size_t i = 0; i < GH_ROWS(rows); i++) {
		struct gh_call c = { .how = GH_CALL_OPERATION,
				     .system = rows[i].system,
				     .module = gh_span_str(rows[i].module),
				     .name = gh_span_str(rows[i].name),
				     .as_name = gh_span_str(rows[i].as),
				     .resolved = true };
		struct gh_event ev = { .kind = GH_EV_CALL, .at = { 0, 1 }, .u.call = &c };
		struct gh_scene s = { .format = "yaml", .find = note };
		found[0] = '\0';
		gh_check_targets.on(&s, &ev);
		bool ok = strcmp(found, rows[i].say == NULL ? "" : rows[i].say) == 0;
		if (!ok)
			print_message("%s %s.%s: \"%s\"\n", rows[i].system, rows[i].module, rows[i].name, found);
		wrong += !ok;
	}
	assert_int_equal(wrong, 0);
}

/* Functions and methods of skops files. */
static void functions(void **state)
{
	(void)state;
	static const struct {
		const char *module, *name, *say;
	} rows[] = {
		{ "numpy", "log1p", NULL },
		{ "scipy.special", "expit", NULL },
		{ "sklearn.feature_selection._univariate_selection", "f_classif", NULL },
		{ "numpy", "load", "GH-TGT-0004 function numpy.load" },
		{ "os", "system", "GH-TGT-0004 function os.system" },
		{ "scipy.stats", "zscore", "GH-TGT-0005 function scipy.stats.zscore" },
		{ "", "predict", "GH-TGT-0006 method predict" },
		{ "", "__class__", "GH-TGT-0004 method __class__" },
		{ "", "a.b", "GH-TGT-0004 method a.b" },
	};
	for (size_t i = 0; i < GH_ROWS(rows); i++) {
		struct gh_call c = { .how = GH_CALL_IMPORT,
				     .system = "skops",
				     .module = gh_span_str(rows[i].module),
				     .name = gh_span_str(rows[i].name),
				     .resolved = true };
		struct gh_event ev = { .kind = GH_EV_CALL, .at = { 0, 1 }, .u.call = &c };
		struct gh_scene s = { .format = "json", .find = note };
		found[0] = '\0';
		gh_check_targets.on(&s, &ev);
		assert_string_equal(found, rows[i].say == NULL ? "" : rows[i].say);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(calls), cmocka_unit_test(functions) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
