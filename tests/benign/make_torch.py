#!/usr/bin/python3
"""Write genuine PyTorch and NumPy files, to see that none of them raises an alarm.

usage: make_torch.py OUTDIR

Names begin with the reader that must take them: zip-, legacy-, npy-, npz-. A library that is absent is named on
standard error and left out.
"""
import os
import sys
import warnings

warnings.filterwarnings("ignore")
OUT = sys.argv[1]


def path(kind, name, ext):
    return os.path.join(OUT, "%s-%s.%s" % (kind, name, ext))


def arrays(np):
    rec = np.zeros(3, dtype=[("a", "<i4"), ("b", "<f8", (2, 3)), ("c", [("x", "|u1"), ("y", "S5")])])
    titled = np.dtype({"names": ["r", "g"], "formats": ["u1", "u1"], "titles": ["Red", "Green"]})
    out = {
        "scalar": np.float64(3.5), "empty": np.zeros((0, 4)), "fortran": np.asfortranarray(np.ones((3, 4))),
        "big": np.arange(6, dtype=">i4"), "bool": np.array([True, False]), "complex": np.ones(3, np.complex64),
        "longdouble": np.ones(3, np.longdouble), "clongdouble": np.ones(2, np.clongdouble), "half": np.ones(5, np.float16),
        "text": np.array(["héllo", "x"]), "bytes": np.array([b"abc", b"d"]), "void": np.zeros(3, "V7"),
        "time": np.array(["2020-01-01", "NaT"], "M8[D]"), "delta": np.ones(3, "m8[25s]"), "notext": np.zeros(3, "U0"),
        "rec": rec, "titles": np.zeros(2, titled), "aligned": np.zeros(4, np.dtype("u1,f8", align=True)),
        "dims": np.zeros((1,) * 32), "subarray": np.zeros(3, np.dtype(("<i4", (2,)))),
        "wide": np.zeros(1, [("column %d" % i, "<f8") for i in range(1000)]),
        "verywide": np.zeros(1, [("a long name of a column %d" % i, "<f8") for i in range(3000)]),
    }
    for t in "bhilqBHILQ":
        out["int_" + t + "_%d" % ord(t)] = np.arange(4).astype(t)
    return out


def write_numpy(np):
    plain = arrays(np)
    for name, a in plain.items():
        np.save(path("npy", name, "npy"), a)
    objects = {"objects": np.array([1, "a", None, {"k": [1, 2]}, (1.5, b"x")], dtype=object),
               "ragged": np.array([np.ones(2), np.ones(3)], dtype=object),
               "objrec": np.array([(1, "a")], dtype=[("i", "i4"), ("o", "O")])}
    for name, a in objects.items():
        np.save(path("npy", name, "npy"), a, allow_pickle=True)
    np.savez(path("npz", "plain", "npz"), **plain)
    np.savez_compressed(path("npz", "packed", "npz"), **plain)
    np.savez(path("npz", "positional", "npz"), np.ones(3), np.zeros(2))
    np.savez(path("npz", "objects", "npz"), **objects)
    np.savez(path("npz", "slash", "npz"), **{"layer/weight": np.ones(3), "layer/bias": np.ones(1)})


def tensors(torch):
    t = {}
    for name in ("float32 float64 float16 bfloat16 int8 uint8 int16 int32 int64 bool complex64 complex128").split():
        t[name] = torch.ones(2, 3).to(getattr(torch, name))
    base = torch.arange(24.0).reshape(4, 6)
    t.update(base=base, view=base[1:3, ::2], transposed=base.t(), expanded=torch.ones(1).expand(5, 3), empty=torch.empty(0),
             empty2=torch.empty(0, 4), scalar=torch.tensor(3.0), sparse=torch.eye(3).to_sparse(),
             csr=torch.eye(3).to_sparse_csr(), quantised=torch.quantize_per_tensor(base, 0.1, 3, torch.quint8),
             channels=torch.quantize_per_channel(base, torch.ones(4), torch.zeros(4), 0, torch.qint8),
             qint32=torch.quantize_per_tensor(base, 0.1, 0, torch.qint32), grad=torch.ones(2, requires_grad=True),
             parameter=torch.nn.Parameter(torch.ones(3)), last=torch.ones(2, 3, 4, 4).contiguous(
                 memory_format=torch.channels_last), conj=torch.ones(2, dtype=torch.complex64).conj())
    return t


def write_torch(torch):
    nn = torch.nn
    torch.manual_seed(0)
    model = nn.Sequential(nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Flatten(), nn.Linear(4 * 36, 10))
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    model(torch.randn(2, 1, 8, 8)).sum().backward()
    optimizer.step()
    scheduler = torch.optim.lr_scheduler.StepLR(optimizer, 3)
    objects = {
        "tensors": tensors(torch), "tensor": torch.ones(3), "state": model.state_dict(),
        "checkpoint": {"epoch": 3, "model": model.state_dict(), "optimizer": optimizer.state_dict(),
                       "scheduler": {k: v for k, v in scheduler.state_dict().items() if not callable(v)},
                       "rng": torch.get_rng_state(), "best": 0.5, "args": {"lr": 1e-3, "name": "x"}},
        "scalars": {"a": 1, "b": [1.5, None, True], "c": "text"}, "size": torch.Size([1, 2]), "dtype": torch.float32,
        "device": torch.device("cpu"), "many": {"t%d" % i: torch.full((2,), float(i)) for i in range(1500)},
        "shared": [torch.ones(4)] * 3, "storage": torch.ones(4).storage(),
        "gru": nn.GRU(3, 4).state_dict(), "transformer": nn.TransformerEncoderLayer(8, 2).state_dict(),
    }
    for name, o in objects.items():
        torch.save(o, path("zip", name, "pt"))
        torch.save(o, path("legacy", name, "pt"), _use_new_zipfile_serialization=False)
    torch.save(objects["state"], path("zip", "protocol4", "pt"), pickle_protocol=4)
    torch.save(objects["state"], path("legacy", "protocol4", "pt"), pickle_protocol=4, _use_new_zipfile_serialization=False)
    torch.save(objects["many"], path("legacy", "many4", "pt"), pickle_protocol=4, _use_new_zipfile_serialization=False)


def write_script(torch):
    from typing import Dict, List, Optional, Tuple
    nn = torch.nn

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.seq = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.ReLU())
            self.lstm = nn.LSTM(4, 5)
            self.emb = nn.Embedding(5, 4)
            self.attn = nn.MultiheadAttention(4, 2)
            self.register_buffer("buf", torch.ones(3))
            self.table: Dict[str, int] = {"a": 1}
            self.names = ["x", "y"]

        def forward(self, x: torch.Tensor, y: Optional[List[int]] = None):
            out: Dict[str, torch.Tensor] = {}
            if y is not None and len(y) > 1:
                y.append(5)
                print("hey", y[0])
            for i in range(3):
                out[str(i)] = self.seq(x) * i + self.buf.sum()
            if x.dim() != 4:
                raise RuntimeError("bad \x01 'quoted' \"%d\" from_file(" % x.dim())
            c = torch.tensor([1.5, 2.0])
            while bool(c.sum() > 100):
                c = c / 2
            h, _ = self.lstm(torch.zeros(2, 1, 4))
            return out, h, x[1:2, ..., None], self.helper(self.names), float("inf"), 1e30

        @torch.jit.export
        def helper(self, n: List[str]) -> Tuple[str, int]:
            return n[0].upper(), len(n)

    scripted = torch.jit.script(Net().eval())
    torch.jit.save(scripted, path("zip", "scripted", "pt"), _extra_files={"notes.txt": "hello"})
    torch.jit.save(torch.jit.freeze(scripted), path("zip", "frozen", "pt"))
    scripted._save_for_lite_interpreter(path("zip", "lite", "ptl"))
    torch.jit.save(torch.jit.trace(nn.Sequential(nn.Linear(3, 3), nn.Linear(3, 2)), torch.ones(1, 3)),
                   path("zip", "traced", "pt"))
    quantised = torch.quantization.quantize_dynamic(nn.Sequential(nn.Linear(4, 4), nn.ReLU()), {nn.Linear})
    torch.jit.save(torch.jit.script(quantised), path("zip", "quantised", "pt"))


def attempt(what, fn):
    try:
        fn()
    except Exception as e:  # a version of the library without this feature
        sys.stderr.write("%s: left out: %s\n" % (what, e))


try:
    import numpy
    attempt("numpy", lambda: write_numpy(numpy))
except ImportError:
    sys.stderr.write("numpy is absent\n")
try:
    import torch
    attempt("torch", lambda: write_torch(torch))
    attempt("torchscript", lambda: write_script(torch))
except ImportError:
    sys.stderr.write("torch is absent\n")
