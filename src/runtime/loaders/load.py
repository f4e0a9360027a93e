"""Load one model file the way its users do, use what was loaded once, and say on descriptor 3 what was done.

    load.py KIND PATH       load it
    load.py KIND            import what KIND needs and load something harmless: what a loader does by itself

Lines to whoever watches: "V text" the loader and its version, "L" the model is opened from here on, "X text" exercised,
"N text" not exercised and why, "M names" modules of this machine that were imported, "F text" could not be loaded, "R" it is
for R, "D" done. Each begins with a word that standard input held once, and goes to a descriptor that was given to this script as
3 and is kept elsewhere: what a model writes there without that word counts as a forgery. Everything that the model does is
seen from outside; nothing here is trusted to report it.

What a loader needs is imported from the host before the model's directory can be seen by an import, and never from it."""
import importlib.machinery
import os
import sys

LIMIT = 20000  # values of a structure that are looked at
BEFORE = set(sys.modules)


def channel():
    import fcntl
    self, write, getpid, error = os.getpid(), os.write, os.getpid, OSError
    word = os.read(0, 64).strip()
    null = os.open('/dev/null', os.O_RDONLY)
    os.dup2(null, 0)
    os.close(null)
    out = fcntl.fcntl(3, fcntl.F_DUPFD_CLOEXEC, 300 + int(word[:2] or b'0', 16))
    os.close(3)

    def say(kind, text=''):
        if getpid() != self:  # a copy that the model made
            return
        line = f'{kind} {text}'.replace('\n', ' ')[:3900]
        try:
            write(out, word + b' ' + line.encode('utf-8', 'replace') + b'\n')
        except error:
            pass
    return say


say = channel()


class Beside:
    """Modules that lie beside the model, after all others; never one that a loader takes from the host, installed or not."""
    HOST = frozenset('torch torchvision numpy scipy sklearn joblib keras tensorflow h5py safetensors onnx onnxruntime cv2 skops '
                     'pandas transformers jax flax xgboost lightgbm catboost threadpoolctl'.split())

    @classmethod
    def find_spec(cls, name, path=None, target=None):
        if path is not None or name.partition('.')[0] in cls.HOST:
            return None
        return importlib.machinery.PathFinder.find_spec(name, ['/model'])


def open_model():
    """From here on the model's code may run: whatever is said about the host was said before."""
    say('L')
    sys.meta_path.append(Beside)


def reason(e):
    return f'{type(e).__name__}: {e}'[:600]


def attempt(what, call):
    """Something beyond loading: done, or not done and why."""
    try:
        result = call()
    except Exception as e:  # whatever the model's classes raise
        say('N', f'{what}: {reason(e)}')
        return None
    say('X', what)
    return result


def touch(thing):
    """Look at everything inside, so that what is built on first use is built."""
    seen, queue, count = set(), [thing], 0
    while queue and count < LIMIT:
        x = queue.pop()
        if id(x) in seen:
            continue
        seen.add(id(x))
        count += 1
        if isinstance(x, dict):
            queue.extend(x.keys())
            queue.extend(x.values())
        elif isinstance(x, (list, tuple, set, frozenset)):
            queue.extend(x)
        elif hasattr(x, 'detach') and hasattr(x, 'numel'):
            if x.numel():
                x.detach().reshape(-1)[:1].tolist()
        elif hasattr(x, 'dtype') and hasattr(x, 'ravel') and getattr(x, 'size', 0):
            if x.dtype == object:
                queue.extend(x.ravel()[:LIMIT].tolist())
            else:
                x.ravel()[:1].tolist()
        elif hasattr(x, '__dict__') and not isinstance(x, (type, type(sys))):
            queue.extend(vars(x).values())
    repr(thing)[:100]
    return count


def infer(thing):
    """One prediction or forward pass with made-up input, where there is one to be had."""
    if hasattr(thing, 'predict') and hasattr(thing, 'n_features_in_'):
        import numpy
        attempt('one prediction', lambda: thing.predict(numpy.zeros((1, int(thing.n_features_in_)))))
    elif hasattr(thing, 'predict'):
        attempt('one prediction', lambda: thing.predict(['text']))
    elif hasattr(thing, 'forward') and hasattr(thing, 'parameters'):
        import torch
        thing.eval()

        def forward():
            errors = []
            for x in inputs(torch, thing):
                try:
                    with torch.no_grad():
                        return thing(x)
                except Exception as e:
                    errors.append(reason(e))
            raise ValueError('no made-up input fits: ' + (errors[-1] if errors else 'none tried'))
        attempt('one forward pass', forward)
    elif callable(thing) and not isinstance(thing, type):
        say('N', 'calling the object: it is not clear with what')


def inputs(torch, module):
    """Inputs that fit the first layer, then some that often fit."""
    first = next(iter(module.parameters()), None)
    if first is not None and first.dim() == 2:
        yield torch.zeros(1, first.shape[1])
        yield torch.zeros(1, 4, dtype=torch.long)
    if first is not None and first.dim() == 4:
        yield torch.zeros(1, first.shape[1], 64, 64)
        yield torch.zeros(1, first.shape[1], 224, 224)
    if first is not None and first.dim() == 3:
        yield torch.zeros(1, first.shape[1], 256)
    for shape in ((1, 3, 224, 224), (1, 4), (1,), (1, 1, 28, 28)):
        yield torch.zeros(*shape)


def version(*modules):
    names = [f'python3 {sys.version.split()[0]}']
    for m in modules:
        names.append(f'{m.__name__} {getattr(m, "__version__", "?")}')
    say('V', ', '.join(names))


def whole(name, thing):
    say('X', name)
    attempt('touched everything inside', lambda: touch(thing))
    infer(thing)


def load_torch(path):
    import warnings

    import torch
    version(torch)
    warnings.simplefilter('ignore')
    torch.set_num_threads(1)
    if path is None:
        torch.save({'w': torch.zeros(2)}, '/tmp/harmless.pt')
        path = '/tmp/harmless.pt'
        torch.jit.save(torch.jit.script(torch.nn.Linear(2, 2)), '/tmp/harmless.ts')
        torch.jit.load('/tmp/harmless.ts')
    open_model()
    try:
        thing = torch.load(path, map_location='cpu', weights_only=False)
        name = 'torch.load(weights_only=False)'
    except TypeError as e:
        if 'weights_only' not in str(e):
            raise
        thing = torch.load(path, map_location='cpu')
        name = 'torch.load'
    except RuntimeError as e:
        if 'TorchScript' not in str(e) and 'torch.jit' not in str(e):
            raise
        thing = torch.jit.load(path, map_location='cpu')
        name = 'torch.jit.load'
    if isinstance(thing, torch.jit.ScriptModule):
        name = 'torch.jit.load'
    whole(name, thing)


def load_export(path):
    import torch
    version(torch)
    if path is None:
        return
    if not hasattr(torch, 'export') or not hasattr(torch.export, 'load'):
        raise ImportError('this torch has no torch.export.load')
    open_model()
    thing = torch.export.load(path)
    say('X', 'torch.export.load')
    attempt('module of the program', thing.module)


def written_by_joblib(path):
    """Compressed, or with arrays beside the pickle: files that pickle.load() alone does not read."""
    packed = (b'\x1f\x8b', b'BZh', b'\xfd7zXZ', b']\x00', b'\x04"M\x18', b'ZF', b'x\x01', b'x\x5e', b'x\x9c', b'x\xda')
    with open(path, 'rb') as f:
        head = f.read(1 << 20)
        if head.startswith(packed):
            return True
        while head:
            if b'joblib.numpy_pickle' in head:
                return True
            more = f.read(1 << 20)
            head = head[-32:] + more if more else b''
    return False


def load_packed(path):
    """A compressed stream: what joblib writes, or an R object, which its own loader takes."""
    import bz2
    import gzip
    import lzma
    if path is not None:
        for module in (gzip, bz2, lzma):
            try:
                with module.open(path, 'rb') as f:
                    head = f.read(8)
            except (OSError, EOFError, lzma.LZMAError):
                continue
            if head.startswith((b'X\n', b'A\n', b'B\n', b'RDX2\n', b'RDX3\n', b'RDA2\n', b'RDA3\n', b'RDB')):
                version()
                open_model()
                say('R')
                say('D')
                sys.exit(0)
            break
    load_pickle(path)


def load_pickle(path):
    import pickle
    try:
        import joblib
        version(joblib)
    except ImportError:
        joblib = None
        version()
    if path is None:
        import io
        pickle.load(io.BytesIO(pickle.dumps({'a': 1})))
        if joblib is not None:
            joblib.dump([1], '/tmp/harmless.joblib', compress=3)
            joblib.load('/tmp/harmless.joblib')
        return
    open_model()
    if joblib is not None and written_by_joblib(path):
        things, name = [joblib.load(path)], 'joblib.load'
    else:
        things = []
        size = os.path.getsize(path)
        with open(path, 'rb') as f:
            while f.tell() < size and len(things) < 1000:
                things.append(pickle.load(f))
        name = f'pickle.load ({len(things)} streams)' if len(things) > 1 else 'pickle.load'
    say('X', name)
    for thing in things[:16]:
        attempt('touched everything inside', lambda: touch(thing))
        infer(thing)


def load_numpy(path):
    import numpy
    version(numpy)
    if path is None:
        numpy.savez('/tmp/harmless.npz', a=numpy.zeros(2), b=numpy.array([{}], dtype=object))
        path = '/tmp/harmless.npz'
    open_model()
    thing = numpy.load(path, allow_pickle=True)
    say('X', 'numpy.load(allow_pickle=True)')
    if hasattr(thing, 'files'):
        for name in thing.files:
            touch(thing[name])
        say('X', f'all {len(thing.files)} arrays')
    else:
        touch(thing)
        if getattr(thing, 'shape', None) == ():
            infer(thing.item())


def load_hdf5(path):
    import h5py
    keras = find_keras()
    version(h5py, *[keras] if keras else [])
    if path is None:
        with h5py.File('/tmp/harmless.h5', 'w') as f:
            f['a'] = [1.0]
        path = '/tmp/harmless.h5'
    open_model()
    count = 0

    def look(_, item):
        nonlocal count
        count += 1
        dict(item.attrs)
        if isinstance(item, h5py.Dataset) and item.size and item.shape is not None:
            item[tuple(slice(0, 1) for _ in item.shape)]
    with h5py.File(path, 'r') as f:
        model = 'model_config' in f.attrs
        dict(f.attrs)
        f.visititems(look)
    say('X', f'h5py: {count} groups and datasets, their attributes')
    if model:
        use_keras(keras, path)


def find_keras():
    """The host's, or None."""
    try:
        import keras
    except ImportError:
        try:
            from tensorflow import keras
        except ImportError:
            return None
    return keras


def load_keras(path):
    keras = find_keras()
    version(*[keras] if keras else [])
    if path is None:
        return
    open_model()
    use_keras(keras, path)


def use_keras(keras, path):
    if keras is None:
        raise ImportError('keras is not installed')
    model = keras.models.load_model(path, compile=False)
    say('X', 'keras.models.load_model')

    def predict():
        import numpy
        shape = [1 if d is None else d for d in model.input_shape]
        return model.predict(numpy.zeros(shape), verbose=0)
    attempt('one prediction', predict)


def load_safetensors(path):
    import safetensors
    version(safetensors)
    if path is None:
        return
    open_model()
    with safetensors.safe_open(path, framework='numpy') as f:
        names = list(f.keys())
        for name in names:
            f.get_slice(name).get_shape()
    say('X', f'safetensors: {len(names)} tensors')


def load_onnx(path):
    try:
        import onnxruntime
    except ImportError:
        return load_onnx_cv(path)
    import numpy
    version(onnxruntime)
    if path is None:
        return
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    open_model()
    session = onnxruntime.InferenceSession(path, options, providers=['CPUExecutionProvider'])
    say('X', 'onnxruntime: session made')
    kinds = {'tensor(float)': 'float32', 'tensor(int64)': 'int64', 'tensor(int32)': 'int32', 'tensor(double)': 'float64',
             'tensor(bool)': 'bool', 'tensor(uint8)': 'uint8', 'tensor(float16)': 'float16'}

    def run():
        feed = {i.name: numpy.zeros([d if isinstance(d, int) and d > 0 else 1 for d in i.shape], dtype=kinds[i.type])
                for i in session.get_inputs()}
        return session.run(None, feed)
    attempt('one run', run)


def load_onnx_cv(path):
    import cv2
    version(cv2)
    if path is None:
        return
    import numpy
    open_model()
    net = cv2.dnn.readNetFromONNX(path)
    say('X', 'cv2.dnn.readNetFromONNX')

    def forward():
        net.setInput(numpy.zeros((1, 3, 224, 224), dtype=numpy.float32))
        return net.forward()
    attempt('one forward pass', forward)


def load_gguf(path):
    """llama.cpp through its C interface. Structures that are passed by value are kept as bytes: their layout changes from
    release to release, their place on the stack does not."""
    import ctypes as c
    import glob
    folder = '/engine'
    libs = sorted(glob.glob(folder + '/libllama.*so*') + glob.glob(folder + '/libllama.so*'))
    ggml = sorted(glob.glob(folder + '/libggml.*so*') + glob.glob(folder + '/libggml.so*'))
    if not libs or not ggml:
        raise ImportError('no libllama in the folder of the engine')

    class Params(c.Structure):
        _fields_ = [('bytes', c.c_ubyte * 1024)]

    class Batch(c.Structure):
        _fields_ = [('bytes', c.c_ubyte * 256)]
    back, llama = c.CDLL(ggml[0], c.RTLD_GLOBAL), c.CDLL(libs[0], c.RTLD_GLOBAL)
    version()
    say('V', f'llama.cpp ({os.path.basename(libs[0])})')
    back.ggml_backend_load_all_from_path.argtypes = [c.c_char_p]
    back.ggml_backend_load_all_from_path(folder.encode())
    if path is None:
        return
    for name, result, arguments in (
            ('llama_model_default_params', Params, []), ('llama_context_default_params', Params, []),
            ('llama_model_load_from_file', c.c_void_p, [c.c_char_p, Params]),
            ('llama_init_from_model', c.c_void_p, [c.c_void_p, Params]),
            ('llama_set_n_threads', None, [c.c_void_p, c.c_int32, c.c_int32]),
            ('llama_model_get_vocab', c.c_void_p, [c.c_void_p]), ('llama_vocab_bos', c.c_int32, [c.c_void_p]),
            ('llama_vocab_n_tokens', c.c_int32, [c.c_void_p]), ('llama_batch_get_one', Batch, [c.c_void_p, c.c_int32]),
            ('llama_decode', c.c_int32, [c.c_void_p, Batch]), ('llama_get_logits', c.c_void_p, [c.c_void_p]),
            ('llama_model_chat_template', c.c_char_p, [c.c_void_p, c.c_char_p])):
        f = getattr(llama, name)
        f.restype, f.argtypes = result, arguments
    open_model()
    model = llama.llama_model_load_from_file(path.encode(), llama.llama_model_default_params())
    if not model:
        raise ValueError('llama.cpp does not load it')
    say('X', 'llama_model_load_from_file')
    vocab = llama.llama_model_get_vocab(model)
    if llama.llama_model_chat_template(model, None):
        say('X', 'chat template read')
    context = llama.llama_init_from_model(model, llama.llama_context_default_params())
    if not context:
        say('N', 'one token: the engine makes no context for it')
        return
    llama.llama_set_n_threads(context, 1, 1)
    token = c.c_int32(max(llama.llama_vocab_bos(vocab), 0))
    status = llama.llama_decode(context, llama.llama_batch_get_one(c.byref(token), 1))
    if status != 0 or not llama.llama_get_logits(context):
        say('N', f'one token: the engine answers {status}')
    else:
        say('X', 'one token')


def load_skops(path):
    import skops.io
    version(skops)
    if path is None:
        return
    open_model()
    unknown = skops.io.get_untrusted_types(file=path)
    whole('skops.io.load, all types trusted', skops.io.load(path, trusted=unknown))


KINDS = {'torch': load_torch, 'export': load_export, 'pickle': load_pickle, 'packed': load_packed, 'numpy': load_numpy,
         'hdf5': load_hdf5, 'keras': load_keras, 'safetensors': load_safetensors, 'onnx': load_onnx, 'gguf': load_gguf, 'skops': load_skops}


def harmless_imports():
    """What a model made the loader import from this machine, once more without the model."""
    import importlib
    try:
        with open('/loader/modules') as f:
            names = f.read().split()
    except OSError:
        return
    for name in names:
        try:
            importlib.import_module(name)
        except BaseException:  # what a module raises is no concern here
            pass
    if 'threadpoolctl' in names:  # scikit-learn asks for the libraries of numeric code when it first predicts
        try:
            import threadpoolctl
            threadpoolctl.threadpool_info()
            import ctypes.util
            ctypes.util.find_library('c')
        except BaseException:
            pass


def imported():
    names = []
    for name, module in sorted(sys.modules.items()):
        file = getattr(module, '__file__', None)
        if name not in BEFORE and isinstance(file, str) and not file.startswith(('/model', '/tmp')):
            names.append(name)
    return names


def main():
    kind, path = sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else None
    if path is None:
        harmless_imports()
    try:
        KINDS[kind](path)
    except SystemExit as e:
        if path is None or e.code != 0:
            say('F', reason(e))
        raise
    except BaseException as e:
        if isinstance(e, MemoryError):
            say('F', 'out of memory')
        else:
            say('F', reason(e))
        if not isinstance(e, Exception):
            raise
    else:
        say('D')
    names = ''
    for name in imported():
        if len(names) + len(name) > 3500:
            say('M', names)
            names = ''
        names += ' ' + name
    say('M', names)


main()
