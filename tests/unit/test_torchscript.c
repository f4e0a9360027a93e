/* TorchScript source: what PyTorch writes passes, Python and operators that reach outside do not. */
#include "support/cm.h"
#include "support/walked.h"

extern const struct gh_fmt gh_fmt_torchscript;

#define IN_FUNCTION(line) "def f(x: Tensor) -> Tensor:\n  " line "\n  return x\n"

static const struct {
	const char *what, *text, *ids;
	enum gh_rc rc;
} rows[] = {
	{ "a module",
	  "class M(Module):\n  __parameters__ = [\"weight\", ]\n  __buffers__ = []\n  weight : Tensor\n  training : "
	  "bool\n"
	  "  __annotations__[\"0\"] = __torch__.torch.nn.modules.linear.Linear\n  k : Final[int] = 3\n"
	  "  def forward(self: __torch__.M,\n    x: Tensor,\n    y: Optional[List[int]]=None) -> Tensor:\n"
	  "    _0 = getattr(self, \"0\")\n    if torch.__isnot__(y, None):\n      y1 = unchecked_cast(List[int], y)\n"
	  "    else:\n      ops.prim.RaiseException(\"import os; exec(1)\", \"builtins.ValueError\")\n"
	  "    return torch.add((_0).forward(x, ), CONSTANTS.c0)\n",
	  "", GH_OK },
	{ "an old module", "op_version_set = 1\nimport __torch__.torch.nn\nclass M(Module):\n  __parameters__ = []\n",
	  "", GH_OK },
	{ "a named tuple", "class P(NamedTuple):\n  data : Tensor\n", "", GH_OK },
	{ "an enum", "class C(Enum):\n  RED : int = 0\n", "", GH_OK },
	{ "nothing", "", "", GH_OK },
	{ "a native class of PyTorch's",
	  "class M(Module):\n  p : __torch__.torch.classes.quantized.LinearPackedParamsBase\n", "", GH_OK },
	{ "a comment about imports", "# import os; os.system('x')\ndef f(x: Tensor) -> Tensor:\n  return x\n", "",
	  GH_OK },
	{ "domain library", IN_FUNCTION("_0 = ops.torchvision.nms(x, x, 0.5)"), "", GH_OK },
	{ "odd numbers", IN_FUNCTION("_0 = torch.add(x, -1.0000000000000001e-05)"), "", GH_OK },
	{ "a variable named input", "def f(input: Tensor, type: int) -> Tensor:\n  return torch.relu(input)\n", "",
	  GH_OK },
	{ "lists over several lines", "def f() -> List[int]:\n  return [\n1,\n2\n]\n", "", GH_OK },

	{ "import", "import os\nos.system(\"echo\")\n", "GH-TS-0001 GH-TS-0003 GH-TS-0002", GH_OK },
	{ "from", "from os import system\n", "GH-TS-0003 GH-TS-0001 GH-TS-0001", GH_OK },
	{ "import in a function", IN_FUNCTION("import os"), "GH-TS-0001", GH_OK },
	{ "import behind a colon", IN_FUNCTION("if x: import os"), "GH-TS-0001", GH_OK },
	{ "import of something like PyTorch's", "import __torch__evil\n", "GH-TS-0001", GH_OK },
	{ "second of two imports", "import __torch__.a, os\n", "GH-TS-0001", GH_OK },
	{ "exec", IN_FUNCTION("exec(\"1\")"), "GH-TS-0002", GH_OK },
	{ "alias of eval", IN_FUNCTION("e = eval"), "GH-TS-0002", GH_OK },
	{ "open", IN_FUNCTION("f = open (\"x\")"), "GH-TS-0002", GH_OK },
	{ "dunder", IN_FUNCTION("_0 = ().__class__.__base__.__subclasses__()"), "GH-TS-0002", GH_OK },
	{ "module call", IN_FUNCTION("subprocess.run(x)"), "GH-TS-0002", GH_OK },
	{ "lambda", IN_FUNCTION("f = lambda: 1"), "GH-TS-0002", GH_OK },
	{ "top level call", "print(\"hello\")\n", "GH-TS-0003", GH_OK },
	{ "top level expression", "(1)\n", "GH-TS-0003", GH_OK },
	{ "from_file", IN_FUNCTION("_0 = torch.from_file(\"/etc/passwd\", False, 10)"), "GH-TS-0004", GH_OK },
	{ "from_file as an operator", IN_FUNCTION("_0 = ops.aten.from_file(\"/etc/passwd\")"), "GH-TS-0004", GH_OK },
	{ "from_file without a call", IN_FUNCTION("_0 = torch.from_file"), "GH-TS-0004", GH_OK },
	{ "save", IN_FUNCTION("torch.save(x, \"/tmp/y\")"), "GH-TS-0004", GH_OK },
	{ "image file", IN_FUNCTION("_0 = ops.image.read_file(\"/etc/passwd\")"), "GH-TS-0004", GH_OK },
	{ "remote procedure", IN_FUNCTION("_0 = rpc_async(\"worker\", __torch__.f, (x,))"), "GH-TS-0004", GH_OK },
	{ "name space as a value", IN_FUNCTION("_0 = getattr(torch, \"from_file\")"), "GH-TS-0007", GH_OK },
	{ "another library", IN_FUNCTION("_0 = ops.evil.run(x)"), "GH-TS-0005", GH_OK },
	{ "native class of another library", "class M(Module):\n  p : __torch__.torch.classes.evil.Engine\n",
	  "GH-TS-0005", GH_OK },
	{ "Python operator", IN_FUNCTION("_0 = ^evil()(x)"), "GH-TS-0006", GH_OK },
	{ "Python operator by name", IN_FUNCTION("_0 = ops.prim.PythonOp(x)"), "GH-TS-0006", GH_OK },
	{ "another base class", "class M(Evil):\n  pass\n", "GH-TS-0007", GH_OK },
	{ "decorator", "@evil\ndef f():\n  pass\n", "GH-TS-0007", GH_E_MALFORMED },
	{ "semicolon", IN_FUNCTION("a = 1; b = 2"), "GH-TS-0007", GH_E_MALFORMED },
	{ "format string", IN_FUNCTION("a = f\"{x}\""), "GH-TS-0007", GH_E_MALFORMED },
	{ "triple quotes", IN_FUNCTION("a = \"\"\"x\"\"\""), "GH-TS-0007", GH_E_MALFORMED },
	{ "not text", "\x80\x02}q.", "GH-TS-0007", GH_E_MALFORMED },
	{ "letters beyond ASCII", IN_FUNCTION("\xc3\xa9val(1)"), "GH-TS-0007", GH_E_MALFORMED },
	{ "bracket too many", IN_FUNCTION("a = 1)"), "GH-TS-0007", GH_E_MALFORMED },
	{ "string without end", IN_FUNCTION("a = \"x"), "GH-TS-0007", GH_E_MALFORMED },
};

static void test_rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < GH_ROWS(rows); i++) {
		struct gh_events ev;
		char ids[200];
		gh_test_walked(&ev, &gh_fmt_torchscript, gh_span_str(rows[i].text), "code/x.py", ids, sizeof ids);
		if (ev.rc != rows[i].rc || strcmp(ids, rows[i].ids) != 0)
			fail_msg("%s: rc %d %s, '%s'\n%s", rows[i].what, (int)ev.rc, ev.why, ids, gh_buf_cstr(&ev.log));
		if (rows[i].rc == GH_OK)
			assert_true(ev.gapless);
		gh_events_free(&ev);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_rows) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
