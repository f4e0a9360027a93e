#!/usr/bin/python3
"""Write the seeds of the Python readers: tests/fuzz/seeds/{python,python-bytecode,wire_pymarshal}. Payloads are inert."""
import marshal
import pathlib
import struct

SEEDS = pathlib.Path(__file__).resolve().parent / 'seeds'

MODEL = '''\
# Copyright of the authors.
"""A small model."""
import math
from dataclasses import dataclass
from typing import Optional, Tuple, Union

import torch
import torch.nn as nn
import torch.nn.functional as F
from transformers import PretrainedConfig, PreTrainedModel
from .configuration_small import SmallConfig

logger = __import__('logging').getLogger(__name__)


@dataclass
class Output:
    loss: Optional[torch.Tensor] = None
    logits: Optional[torch.Tensor] = None


class Attention(nn.Module):
    def __init__(self, config: SmallConfig, layer_idx: Optional[int] = None, *, bias: bool = False):
        super().__init__()
        self.heads, self.size = config.num_heads, config.hidden_size
        self.q = nn.Linear(self.size, self.size, bias=bias)
        self.register_buffer('mask', torch.tril(torch.ones(8, 8)), persistent=False)

    def forward(self, x: torch.Tensor, mask: Union[torch.Tensor, None] = None) -> Tuple[torch.Tensor, ...]:
        b, t, c = x.size()
        w = (x @ x.transpose(-2, -1)) * (1.0 / math.sqrt(c))
        w = w.masked_fill(self.mask[:t, :t] == 0, float('-inf'))
        y = F.softmax(w, dim=-1) @ x
        return y if mask is None else y * mask[..., None], [i for i in range(3) if i % 2]


class Small(PreTrainedModel):
    config_class = SmallConfig

    def _init_weights(self, module):
        std = getattr(self.config, 'initializer_range', 0.02)
        if isinstance(module, nn.Linear):
            module.weight.data.normal_(mean=0.0, std=std)

    @torch.no_grad()
    def generate(self, ids, n=10, **kwargs):
        for _ in range(n):
            ids = torch.cat([ids, self(ids)[0][:, -1:].argmax(-1)], dim=1)
        logger.info(f'{ids.shape=} {n!r:>{10}} {{}}')
        return ids


if __name__ == '__main__':
    print(Small(SmallConfig()))
'''
OTHERS = {
    'hostile.py': 'import os, base64\nf = getattr(os, "sys" + "tem")\nf("id")\nexec(base64.b64decode(b"aW1wb3J0IG9z"))\n'
                  '(lambda o: o.system("id"))(__import__("os"))\n[c for c in ().__class__.__base__.__subclasses__()]\n'
                  'exec("".join(chr(c ^ 1) for c in [104, 108]))\n',
    'syntax.py': 'def f(a, /, b: int = 3, *c, d, **e) -> int:\n\tasync with a as b, c as d: await x\n\tmatch a:\n'
                 '\t\tcase {"k": [x, *_], **r} if x > 1: yield from y\n\treturn a[1:2, ::-1, ...] if not b else lambda *p, q=1: (p := q)\n'
                 'x = f"{a!r:{w}.{p}} {f\'{1}\'}" rb"\\x41" \'\'\'t\n\'\'\'; y: int = {**a, 1: 2, "b": {3, 4}}; del z\n'
                 'try: raise E from e\nexcept* (A, B) as e: pass\nfinally: global g\ntype T = int\n',
    'old.py': 'print "x", `y`\nexec "1" in d\nraise E, "m"\nif a <> 0777: print >>f, ur"\\u0041"\n',
    'broken.py': 'def f(:\n  x = [1, 2\n"never ends\nimport os\n',
    'lines.pth': '/some/where\nimport os; os.getcwd()\n',
    'notebook.py': '%matplotlib inline\n!pip install torch\nfiles = !ls\nimport torch?\n',
}
CODE = 'import os\n\ndef f(a, b=("x", 2.5, 3j, None, b"y", frozenset((1, 2)))):\n    return os.path.join(a, *[c for c in b])\n'


def put(folder, name, data):
    (SEEDS / folder).mkdir(parents=True, exist_ok=True)
    (SEEDS / folder / name).write_bytes(data)


put('python', 'clean_model.py', MODEL.encode())
for name, text in OTHERS.items():
    put('python', name, text.encode())
header = struct.pack('<HBBIII', 3495, 13, 10, 0, 0, len(CODE))  # 3.11
good = marshal.dumps(compile(CODE, 'x.py', 'exec'))
bad = marshal.dumps(compile('import os\nos.system("id")\n', 'x.py', 'exec'))
put('python-bytecode', 'module.pyc', header + good)
put('python-bytecode', 'reaches.pyc', header + bad)
put('python-bytecode', 'cut.pyc', (header + good)[:200])
put('python-bytecode', 'trailing.pyc', header + good + b'rest')
put('wire_pymarshal', 'code', b'\4' + good)
put('wire_pymarshal', 'values', b'\4' + marshal.dumps([1, -(2 ** 70), 1.5, 'a', 'ä', b'b', {'k': (1,)}, {2}, None, True, ...]))
put('wire_pymarshal', 'cut', b'\0' + good[:100])
