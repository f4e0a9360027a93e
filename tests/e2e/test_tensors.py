#!/usr/bin/python3
"""Tensors of published models: do configuration and weights belong together, and does each reader hand its tensors, compressed
ones too, to the stage that looks at them? Usage: test_tensors.py PATH-OF-GATEHOUSE"""
import json
import math
import pathlib
import random
import struct
import sys
import tempfile

import common
from common import check, details, ids, scan

WIDTH = {'F32': 4, 'F16': 2, 'BF16': 2, 'I8': 1, 'U8': 1, 'U32': 4, 'I32': 4, 'F8_E4M3': 1}
rng = random.Random(3)
HALVES = struct.pack('<8192e', *(rng.gauss(0, 0.02) for _ in range(8192)))
BRAINS = b''.join(struct.pack('<f', rng.gauss(0, 0.02))[2:] for _ in range(8192))
FLOATS = struct.pack('<8192f', *(rng.gauss(0, 0.02) for _ in range(8192)))
CONTENT = {'F16': HALVES, 'BF16': BRAINS, 'F32': FLOATS}


def numbers(dtype, n, seed):
    """n numbers that look like weights: a table, begun elsewhere for each tensor."""
    if dtype not in CONTENT:
        return random.Random(seed).randbytes(n * WIDTH[dtype])
    table, width = CONTENT[dtype], WIDTH[dtype]
    at = seed * 977 % 8192 * width
    return (table[at:] + table * (n * width // len(table) + 1))[:n * width]


def weights(tensors, dtype='F16'):
    """A safetensors file of {name: shape} or {name: (dtype, shape)}."""
    header, data = {}, b''
    for i, (name, shape) in enumerate(tensors.items()):
        kind, shape = shape if shape and isinstance(shape[0], str) else (dtype, shape)
        raw = numbers(kind, math.prod(shape), i)
        header[name] = {'dtype': kind, 'shape': list(shape), 'data_offsets': [len(data), len(data) + len(raw)]}
        data += raw
    text = json.dumps(header).encode()
    text += b' ' * (-len(text) % 8)
    return struct.pack('<Q', len(text)) + text + data


def model(new, config, tensors, dtype='F16', file='model.safetensors'):
    folder = new()
    (folder / 'config.json').write_text(json.dumps(config))
    (folder / file).write_bytes(weights(tensors, dtype))
    return folder


def findings(folder):
    code, report = scan(folder)
    return [(f['path'].rsplit('/', 1)[-1], x['id'], x['detail']) for f in report['files'] for x in f['findings']], code, report


def quiet(what, folder):
    found, code, report = findings(folder)
    check(f'{what}: nothing above information', code == 0 and report['verdict'] == 'CLEAN', found)
    check(f'{what}: configuration and weights agree', not any(i == 'GH-REPO-0011' for _, i, _ in found), found)


def says(what, folder, text, rule='GH-REPO-0011'):
    found, code, report = findings(folder)
    check(f'{what}: {text}', any(i == rule and text in d and n == 'config.json' for n, i, d in found), found)
    verdict = 'CLEAN' if rule == 'GH-REPO-0015' else 'REVIEW'
    check(f'{what}: {verdict}', report['verdict'] == verdict, report['verdict'])


# ---- configurations ----------------------------------------------------------------------------------------------------

def llama(layers=2, hidden=64, ffn=160, heads=4, keys=2, head=16, vocab=128, first='model.', output=True):
    t = {f'{first}embed_tokens.weight': (vocab, hidden), f'{first}norm.weight': (hidden,)}
    for i in range(layers):
        at = f'{first}layers.{i}.'
        t |= {at + 'self_attn.q_proj.weight': (heads * head, hidden), at + 'self_attn.k_proj.weight': (keys * head, hidden),
              at + 'self_attn.v_proj.weight': (keys * head, hidden), at + 'self_attn.o_proj.weight': (hidden, heads * head),
              at + 'mlp.gate_proj.weight': (ffn, hidden), at + 'mlp.up_proj.weight': (ffn, hidden),
              at + 'mlp.down_proj.weight': (hidden, ffn), at + 'input_layernorm.weight': (hidden,)}
    if output:
        t['lm_head.weight'] = (vocab, hidden)
    return t


LLAMA = {'architectures': ['LlamaForCausalLM'], 'model_type': 'llama', 'hidden_size': 64, 'intermediate_size': 160,
         'num_hidden_layers': 2, 'num_attention_heads': 4, 'num_key_value_heads': 2, 'vocab_size': 128,
         'tie_word_embeddings': False, 'torch_dtype': 'float16'}


def gpt2():
    t = {'wte.weight': (128, 64), 'wpe.weight': (32, 64)}
    for i in range(2):
        t |= {f'h.{i}.attn.c_attn.weight': (64, 192), f'h.{i}.attn.c_proj.weight': (64, 64),
              f'h.{i}.mlp.c_fc.weight': (64, 256), f'h.{i}.mlp.c_proj.weight': (256, 64)}
    return t


GPT2 = {'architectures': ['GPT2LMHeadModel'], 'model_type': 'gpt2', 'n_embd': 64, 'n_layer': 2, 'n_head': 4, 'n_inner': None,
        'vocab_size': 128, 'torch_dtype': 'float16'}


def neox():
    t = {'gpt_neox.embed_in.weight': (144, 64), 'embed_out.weight': (144, 64)}
    for i in range(2):
        at = f'gpt_neox.layers.{i}.'
        t |= {at + 'attention.query_key_value.weight': (192, 64), at + 'attention.dense.weight': (64, 64),
              at + 'mlp.dense_h_to_4h.weight': (256, 64), at + 'mlp.dense_4h_to_h.weight': (64, 256)}
    return t


def bert(first='bert.'):
    t = {f'{first}embeddings.word_embeddings.weight': (128, 64)}
    for i in range(2):
        at = f'{first}encoder.layer.{i}.'
        t |= {at + f'attention.self.{x}.weight': (64, 64) for x in ('query', 'key', 'value')}
        t |= {at + 'attention.output.dense.weight': (64, 64), at + 'intermediate.dense.weight': (256, 64),
              at + 'output.dense.weight': (64, 256)}
    return t


def t5():
    t = {'shared.weight': (128, 64)}
    for side, last in (('encoder', 1), ('decoder', 2)):
        at = f'{side}.block.0.layer.'
        t |= {at + f'0.SelfAttention.{x}.weight': (32, 64) for x in 'qkv'} | {at + '0.SelfAttention.o.weight': (64, 32)}
        t |= {at + f'{last}.DenseReluDense.wi_0.weight': (96, 64), at + f'{last}.DenseReluDense.wo.weight': (64, 96)}
    return t


BERT = {'architectures': ['BertModel'], 'model_type': 'bert', 'hidden_size': 64, 'intermediate_size': 256, 'num_hidden_layers': 2,
        'num_attention_heads': 4, 'vocab_size': 128, 'torch_dtype': 'float16'}
T5 = {'architectures': ['T5ForConditionalGeneration'], 'model_type': 't5', 'd_model': 64, 'd_kv': 8, 'num_heads': 4, 'd_ff': 96,
      'vocab_size': 128, 'num_layers': 1, 'tie_word_embeddings': False, 'torch_dtype': 'float16'}
NEOX = {'architectures': ['GPTNeoXForCausalLM'], 'model_type': 'gpt_neox', 'hidden_size': 64, 'intermediate_size': 256,
        'num_hidden_layers': 2, 'num_attention_heads': 4, 'vocab_size': 128, 'tie_word_embeddings': False, 'torch_dtype': 'float16'}


def agree(new):
    quiet('Llama', model(new, LLAMA, llama()))
    quiet('Llama in BF16', model(new, {**LLAMA, 'torch_dtype': 'bfloat16'}, llama(), 'BF16'))
    quiet('Llama, tied', model(new, {**LLAMA, 'tie_word_embeddings': True}, llama(output=False)))
    quiet('Llama without its head', model(new, {**LLAMA, 'architectures': ['LlamaModel']}, llama(first='', output=False)))
    quiet('a classifier', model(new, {**LLAMA, 'architectures': ['LlamaForSequenceClassification']},
                                llama(output=False) | {'score.weight': (2, 64)}))
    quiet('Mistral without head_dim', model(new, {**LLAMA, 'model_type': 'mistral', 'head_dim': None}, llama()))
    quiet('Qwen3 with heads of their own size', model(new, {**LLAMA, 'model_type': 'qwen3', 'head_dim': 32}, llama(head=32)))
    quiet('Gemma, head_dim by default', model(new, {**LLAMA, 'model_type': 'gemma'}, llama(head=32)))
    quiet('padded embeddings', model(new, {**LLAMA, 'vocab_size': 121}, llama()))
    quiet('GPT-2', model(new, GPT2, gpt2()))
    quiet('GPT-2 with its prefix', model(new, GPT2, {'transformer.' + k: v for k, v in gpt2().items()}))
    quiet('GPT-NeoX', model(new, NEOX, neox()))
    quiet('BERT', model(new, BERT, bert()))
    quiet('RoBERTa without its head', model(new, {**BERT, 'model_type': 'roberta'}, bert('')))
    quiet('T5', model(new, T5, t5()))


def disagree(new):
    says('another number of heads', model(new, {**LLAMA, 'num_key_value_heads': 4}, llama()),
         'self_attn.k_proj.weight is 32 x 64, the configuration makes it 64 x 64')
    says('heads of another size', model(new, {**LLAMA, 'head_dim': 8}, llama()), 'self_attn.q_proj.weight is 64 x 64')
    says('a wider MLP', model(new, {**LLAMA, 'intermediate_size': 320}, llama()),
         'mlp.down_proj.weight is 64 x 160, the configuration makes it 64 x 320')
    odd = llama() | {'model.layers.1.mlp.gate_proj.weight': (96, 64)}
    says('one layer of another shape', model(new, LLAMA, odd), 'mlp.gate_proj.weight is 96 x 64')
    says('a model of another width', model(new, {**LLAMA, 'hidden_size': 128}, llama()), 'embeddings have 128')
    says('too few tokens in the output layer', model(new, LLAMA, llama() | {'lm_head.weight': (120, 64)}), 'the output layer has 120')
    says('too few tokens', model(new, {**LLAMA, 'vocab_size': 200}, llama()), 'says 200 tokens')
    says('too few layers', model(new, {**LLAMA, 'num_hidden_layers': 3}, llama()), 'says 3 layers')
    says('too many layers', model(new, {**LLAMA, 'num_hidden_layers': 1}, llama()), 'says 1 layers')
    says('an output layer that is missing', model(new, LLAMA, llama(output=False)), 'the weights have none')
    says('GPT-2, weights the wrong way round', model(new, GPT2, gpt2() | {'h.0.mlp.c_fc.weight': (256, 64)}),
         'mlp.c_fc.weight is 256 x 64, the configuration makes it 64 x 256')
    says('GPT-NeoX', model(new, {**NEOX, 'intermediate_size': 512}, neox()), 'mlp.dense_h_to_4h.weight')
    says('BERT', model(new, BERT, bert() | {'bert.encoder.layer.1.intermediate.dense.weight': (64, 64)}), 'intermediate.dense.weight')
    says('T5', model(new, {**T5, 'd_kv': 16}, t5()), 'SelfAttention.q.weight is 32 x 64')
    says('another type', model(new, {**LLAMA, 'torch_dtype': 'bfloat16'}, llama()), 'says bfloat16, the weights are F16', 'GH-REPO-0015')


def none_of_it(new):
    """What is packed, added or not known says nothing about shapes."""
    other = {**LLAMA, 'num_key_value_heads': 4, 'intermediate_size': 999}
    quiet('a type that is not known', model(new, {**other, 'model_type': 'somellm'}, llama()))
    quiet('a type of experts', model(new, {**other, 'model_type': 'mixtral'}, llama()))
    quiet('a pack of bitsandbytes', model(new, {**other, 'quantization_config': {'load_in_4bit': True}},
                                          llama() | {'model.layers.0.mlp.up_proj.weight': ('U8', (5120, 1))}))
    packed = {k: v for k, v in llama().items() if '_proj' not in k}
    packed |= {f'model.layers.{i}.mlp.up_proj.{x}': ('I32', (8, 160)) for i in range(2) for x in ('qweight', 'qzeros')}
    quiet('a pack of GPTQ', model(new, {**other, 'quantization_config': {'quant_method': 'gptq', 'bits': 4}}, packed))
    mlx = {k: ('U32', (v[0], v[1] // 8)) if len(v) == 2 else v for k, v in llama().items()}
    quiet('a pack of MLX', model(new, {**LLAMA, 'quantization': {'group_size': 64, 'bits': 4}}, mlx))
    lora = {f'base_model.model.model.layers.{i}.self_attn.q_proj.lora_{x}.weight': s for i in range(2)
            for x, s in (('A', (8, 64)), ('B', (64, 8)))}
    folder = model(new, LLAMA, llama())
    (folder / 'adapter_model.safetensors').write_bytes(weights(lora))
    quiet('an adapter beside its model', folder)
    tower = {f'vision_tower.vision_model.encoder.layers.0.self_attn.{x}_proj.weight': (48, 48) for x in 'qkv'}
    quiet('a vision tower', model(new, {'model_type': 'llava', 'text_config': LLAMA}, llama(first='language_model.model.') | tower))
    folder = model(new, LLAMA, llama())
    (folder / 'draft').mkdir()
    (folder / 'draft' / 'model.safetensors').write_bytes(weights(llama(hidden=32, ffn=64, head=8)))
    quiet('a model in a folder below', folder)


# ---- every reader hands its tensors on ---------------------------------------------------------------------------------

ELF = (b'\x7fELF\2\1\1' + bytes(9) + struct.pack('<HHIQQQIHHHHHH', 3, 62, 1, 0, 64, 0, 0, 64, 56, 13, 64, 0, 0)).ljust(1024, b'\0')


def low_bytes(content, n=1 << 16):
    """Float32 weights whose lowest bytes hold this content, one behind the other."""
    raw = bytearray((FLOATS * (n * 4 // len(FLOATS) + 1))[:n * 4])
    raw[0:4 * len(content):4] = content
    return bytes(raw)


def found(what, path, rule, tensors=1):
    code, report = scan(path)
    f = report['files'][0]
    check(f'{what}: {rule}', rule in ids(f) if rule else report['verdict'] == 'CLEAN', f)
    check(f'{what}: {tensors} tensors looked at', report['stages']['tensors'].get('units') == tensors, report['stages']['tensors'])


def arrays(new):
    """NumPy's arrays in plain pickles, by every protocol, and in files."""
    try:
        import numpy
    except ImportError:
        print('skipped: python3-numpy is not installed')
        return
    import pickle
    folder = new()
    carrier = numpy.frombuffer(low_bytes(ELF), '<f4').reshape(256, 256)
    noise = numpy.frombuffer(random.Random(9).randbytes(1 << 18), '<f4').reshape(256, 256)
    plain = numpy.frombuffer(low_bytes(b''), '<f4').reshape(256, 256)
    for proto in range(6):
        for name, value, rule in (('carrier', carrier, 'GH-WGT-0002'), ('noise', noise, 'GH-TNS-0001'), ('plain', plain, None)):
            path = folder / f'{name}{proto}.pkl'
            path.write_bytes(pickle.dumps({'w': value}, proto))
            found(f'{name} in a pickle of protocol {proto}', path, rule)
    big = folder / 'big.pkl'
    big.write_bytes(pickle.dumps([carrier.astype('>f4'), plain], 4))
    found('the other byte order', big, 'GH-WGT-0002', 2)
    for name, value, rule in (('carrier', carrier, 'GH-WGT-0002'), ('noise', noise, 'GH-TNS-0001'), ('plain', plain, None)):
        numpy.save(folder / f'{name}.npy', value)
        numpy.savez_compressed(folder / f'{name}.npz', w=value)
        found(f'{name}.npy', folder / f'{name}.npy', rule)
        found(f'{name}.npz', folder / f'{name}.npz', rule)


def hdf5(new):
    """Datasets as h5py writes them: contiguous, in chunks, compressed, shuffled; one of more than 64 MiB."""
    try:
        import h5py
        import numpy
    except ImportError:
        print('skipped: python3-h5py is not installed')
        return
    folder = new()
    carrier = numpy.frombuffer(low_bytes(ELF), '<f4').reshape(256, 256)
    plain = numpy.frombuffer(low_bytes(b''), '<f4').reshape(256, 256)
    for what, options in (('contiguous', {}), ('chunks', {'chunks': (64, 256)}), ('deflate', {'compression': 'gzip', 'chunks': (64, 256)}),
                          ('shuffle and deflate', {'compression': 'gzip', 'shuffle': True, 'chunks': (64, 256)})):
        for name, value, rule in (('carrier', carrier, 'GH-WGT-0002'), ('plain', plain, None)):
            path = folder / f'{name} {what}.h5'
            with h5py.File(path, 'w') as f:
                f.create_dataset('layer/kernel:0', data=value, **options)
            code, report = scan(path)
            units = report['stages']['tensors'].get('units', 0)
            check(f'HDF5, {what}, {name}: looked at', units >= 1, report['stages']['tensors'])
            check(f'HDF5, {what}, {name}: {rule}', rule in ids(report['files'][0]) if rule else report['verdict'] == 'CLEAN',
                  report['files'][0])
    large = folder / 'large.h5'
    with h5py.File(large, 'w') as f:
        d = f.create_dataset('layer/kernel:0', (72 << 8, 1024), '<f4', chunks=(1 << 8, 1024), compression='gzip', compression_opts=1)
        block = numpy.frombuffer(low_bytes(b'', 1 << 18), '<f4').reshape(256, 1024)
        for i in range(72):
            d[i << 8:(i + 1) << 8] = block
        d[70 << 8:71 << 8] = numpy.frombuffer(low_bytes(ELF, 1 << 18), '<f4').reshape(256, 1024)
    code, report = scan(large)
    check('HDF5 of 72 MiB, compressed: the program in the 71st chunk is seen', 'GH-WGT-0002' in ids(report['files'][0]),
          (report['files'][0], report['stages']['tensors']))


SHARED = pathlib.Path(__file__).resolve().parents[3] / 'shared'


def genuine(new):
    """Files of other people's programs, as they are and with one thing changed."""
    lite = sorted((SHARED / 'corpus' / 'benign' / 'tflite').glob('*.tflite'))[:3]
    for path in lite:
        code, report = scan(path)
        stage, size = report['stages']['tensors'], report['files'][0]['size']
        check(f'{path.name}: most of it is tensors that were looked at', stage['units'] > 50 and stage['bytes'] > size // 2, stage)
    model = SHARED / 'models' / 'gatehouse-demo-llm.gguf'
    if not lite or not model.exists():
        print('skipped: no ../shared here')
        return
    raw = model.read_bytes()
    for key, rule in ((b'llama.block_count', 'GH-GGUF-0027'), (b'llama.embedding_length', 'GH-GGUF-0027'),
                      (b'llama.attention.head_count_kv', 'GH-GGUF-0027'), (b'general.file_type', 'GH-GGUF-0028')):
        at = raw.find(key)
        if not check(f'{key} is in the model', at > 0):
            continue
        at += len(key) + 4
        changed = new() / 'model.gguf'
        changed.write_bytes(raw[:at] + struct.pack('<I', 3 if key.endswith(b'type') else 2) + raw[at + 4:])
        code, report = scan(changed)
        check(f'GGUF with another {key.decode()}: {rule}', rule in ids(report['files'][0]), report['files'][0])
    code, report = scan(model)
    check('the model as it is', report['verdict'] == 'CLEAN' and not any(i.startswith('GH-GGUF') for i in ids(report['files'][0])), report)


with tempfile.TemporaryDirectory() as root:
    count = 0

    def new():
        global count
        count += 1
        folder = pathlib.Path(root) / str(count)
        folder.mkdir()
        return folder
    for test in (agree, disagree, none_of_it, arrays, hdf5, genuine):
        test(new)
    sys.exit(common.end('test_tensors.py'))
