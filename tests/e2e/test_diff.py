#!/usr/bin/python3
"""`gatehouse diff` as a user runs it: models that derive from each other in known ways, and files that are broken."""
import json
import os
import shutil
import struct
import subprocess
import sys
import tempfile
import zipfile

from common import GATEHOUSE, check, end, run

try:
    import numpy as np
except ImportError:
    print('test_diff: 0 passed, 0 failed (skipped: numpy is not installed)')
    sys.exit(0)

HERE = os.path.dirname(os.path.abspath(__file__))
MODELS = os.path.join(HERE, '..', '..', '..', 'shared', 'models')
HIDDEN, INNER, LAYERS, VOCAB = 96, 256, 6, 500


def save(path, tensors, dtype='F16'):
    """A safetensors file; dtype F32, F16 or BF16."""
    header, blobs, at = {}, [], 0
    for name, a in tensors.items():
        if dtype == 'BF16':
            u = np.ascontiguousarray(a, np.float32).view(np.uint32)
            data = ((u + 0x7fff + (u >> 16 & 1)) >> 16).astype(np.uint16).tobytes()
        else:
            data = np.ascontiguousarray(a, np.float16 if dtype == 'F16' else np.float32).tobytes()
        header[name] = {'dtype': dtype, 'shape': list(a.shape), 'data_offsets': [at, at + len(data)]}
        at += len(data)
        blobs.append(data)
    h = json.dumps(header).encode()
    h += b' ' * (-len(h) % 8)
    with open(path, 'wb') as f:
        f.write(struct.pack('<Q', len(h)) + h + b''.join(blobs))


def model(seed=1):
    r = np.random.default_rng(seed)
    t = {'model.embed_tokens.weight': r.normal(0, .05, (VOCAB, HIDDEN)), 'model.norm.weight': np.ones(HIDDEN)}
    for i in range(LAYERS):
        p = f'model.layers.{i}.'
        for n in 'qkvo':
            t[f'{p}self_attn.{n}_proj.weight'] = r.normal(0, .05, (HIDDEN, HIDDEN))
        t[p + 'mlp.gate_proj.weight'] = r.normal(0, .05, (INNER, HIDDEN))
        t[p + 'mlp.up_proj.weight'] = r.normal(0, .05, (INNER, HIDDEN))
        t[p + 'mlp.down_proj.weight'] = r.normal(0, .05, (HIDDEN, INNER))
        t[p + 'input_layernorm.weight'] = np.ones(HIDDEN) + r.normal(0, .1, HIDDEN)
    return {k: v.astype(np.float16).astype(np.float32) for k, v in t.items()}


def repo(top, name, tensors, dtype='F16', **files):
    d = os.path.join(top, name)
    os.mkdir(d)
    if tensors is not None:
        save(os.path.join(d, 'model.safetensors'), tensors, dtype)
    texts = {'config.json': {'hidden_size': HIDDEN, 'num_hidden_layers': LAYERS, 'num_attention_heads': 4},
             'tokenizer_config.json': {'chat_template': '{{ messages[0].content }}', 'bos_token': '<s>'},
             'tokenizer.json': {'model': {'type': 'BPE', 'vocab': {f't{i}': i for i in range(VOCAB)},
                                          'merges': ['a b', 'c d']}, 'normalizer': {'type': 'NFC'}}}
    texts.update(files)
    for n, v in texts.items():
        n = n.replace('__', '.')
        if v is not None:
            with open(os.path.join(d, n), 'w') as f:
                f.write(v if isinstance(v, str) else json.dumps(v))
    return d


def diff(a, b, *args):
    r = run('diff', '--format', 'json', *args, a, b)
    try:
        return r.returncode, json.loads(r.stdout)
    except ValueError:
        return r.returncode, {'verdict': 'NONE', 'sentence': r.stderr.decode(), 'marks': [], 'tensors': [], 'trouble': []}


def marks(doc):
    return {m['name'] for m in doc['marks']}


def expect(what, got, code, verdict, sentence, *names):
    rc, doc = got
    shown = (rc, doc['verdict'], doc['sentence'], sorted(marks(doc)), doc['trouble'][:2])
    check(f'{what}: exit {code}', rc == code, shown)
    check(f'{what}: verdict {verdict}', doc['verdict'] == verdict, shown)
    check(f'{what}: says "{sentence}"', sentence in doc['sentence'], shown)
    for n in names:
        check(f'{what}: mark {n}', n in marks(doc), shown)
    return doc


def by_class(doc, c):
    return [t['name'] for t in doc['tensors'] if t['class'] == c]


def derivations(top, base, t):
    r = np.random.default_rng(7)
    expect('the same', diff(base, base), 0, 'identical', 'identical to BASE')
    expect('another type', diff(base, repo(top, 'f32', t, 'F32')), 0, 'converted', 'another type')
    expect('rounded', diff(base, repo(top, 'bf16', t, 'BF16')), 0, 'converted', 'another type')

    tuned = {k: v + (r.normal(0, .002, v.shape) if '.layers.' in k and v.ndim == 2 else 0) for k, v in t.items()}
    doc = expect('fine-tuned', diff(base, repo(top, 'tuned', tuned)), 0, 'fine-tuned', f'{7 * LAYERS} of {len(t)} tensors')
    check('fine-tuned: full rank', all(x['rank'] > 24 for x in doc['tensors'] if x['class'] == 'fine-tuned'), doc['tensors'][0])
    check('fine-tuned: no marks', not marks(doc), marks(doc))

    some = {k: v + (r.normal(0, .002, v.shape) if '.layers.3.' in k and 'attn' in k else 0) for k, v in t.items()}
    expect('some fine-tuned', diff(base, repo(top, 'some', some)), 0, 'fine-tuned', 'in layer 3 of the attention')

    lora = dict(t)
    for k in t:
        if 'q_proj' in k or 'v_proj' in k or 'down_proj' in k:
            lora[k] = t[k] + r.normal(0, .03, (t[k].shape[0], 8)) @ r.normal(0, .03, (8, t[k].shape[1]))
    doc = expect('merged LoRA', diff(base, repo(top, 'lora', lora)), 0, 'fine-tuned', 'merged low-rank update', 'merged-lora')
    ranks = [x['rank'] for x in doc['tensors'] if x['class'] == 'fine-tuned']
    check('merged LoRA: rank about 8', len(ranks) == 3 * LAYERS and all(5 <= x <= 10 for x in ranks), ranks)

    for dtype in ('F16', 'BF16'):
        rome = dict(t)
        k = 'model.layers.2.mlp.down_proj.weight'
        rome[k] = t[k] + np.outer(r.normal(0, .05, HIDDEN), r.normal(0, .2, INNER))
        ref = base if dtype == 'F16' else repo(top, 'b' + dtype, t, dtype)
        expect(f'rank-one edit in {dtype}', diff(ref, repo(top, 'rome' + dtype, rome, dtype)), 1, 'edited',
               'rank-one change of ' + k, 'knowledge-edit')
    both = dict(tuned)
    both[k] = t[k] + np.outer(r.normal(0, .05, HIDDEN), r.normal(0, .2, INNER))
    expect('rank-one edit within a fine-tune', diff(base, repo(top, 'both', both)), 1, 'edited', k, 'knowledge-edit')

    ablated = dict(t)
    d = r.normal(0, 1, HIDDEN)
    d /= np.linalg.norm(d)
    for k in t:
        if 'o_proj' in k or 'down_proj' in k:
            ablated[k] = t[k] - np.outer(d, d @ t[k])
    expect('a direction taken out', diff(base, repo(top, 'ablated', ablated)), 1, 'edited', 'rank-one change', 'direction-edit')


def replacements(top, base, t):
    other = model(99)
    doc = expect('another model', diff(base, repo(top, 'other', other)), 1, 'not-derived', 'not derived', 'not-derived')
    part = dict(t)
    k = 'model.layers.4.mlp.up_proj.weight'
    part[k] = other[k]
    doc = expect('one tensor replaced', diff(base, repo(top, 'part', part)), 1, 'changed', '', 'replaced-tensors')
    check('one tensor replaced: which', by_class(doc, 'replaced') == [k], by_class(doc, 'replaced'))
    check('worst first', doc['tensors'][0]['name'] == k, doc['tensors'][0])

    order = np.random.default_rng(5).permutation(INNER)
    turned = {k: v[order] if 'gate_proj' in k or 'up_proj' in k else v[:, order] if 'down_proj' in k else v for k, v in t.items()}
    doc = expect('neurons in another order', diff(base, repo(top, 'reordered', turned)), 1, 'changed', 'another order', 'reordered')
    check('neurons in another order: which', len(by_class(doc, 'reordered')) == 3 * LAYERS and not by_class(doc, 'replaced'),
          (len(by_class(doc, 'reordered')), by_class(doc, 'replaced')))
    doc = expect('the same in another type', diff(base, repo(top, 'reordered16', turned, 'BF16')), 1, 'changed', 'another order', 'reordered')
    flipped = dict(turned)
    flipped[k] = turned[k] * np.where(np.arange(INNER) % 2, 1, -1)[:, None]
    doc = expect('and with other signs', diff(base, repo(top, 'flipped', flipped)), 1, 'changed', '', 'replaced-tensors')
    check('and with other signs: which', by_class(doc, 'replaced') == [k], by_class(doc, 'replaced'))

    renamed = {'module.' + k: v for k, v in t.items()}
    expect('prefixed', diff(base, repo(top, 'prefixed', renamed)), 0, 'identical', 'identical')
    strange = {(f'x.{i}' if v.ndim == 2 else k): v for i, (k, v) in enumerate(t.items())}
    doc = expect('renamed', diff(base, repo(top, 'renamed', strange)), 1, 'changed', 'names that do not belong', 'names-exchanged')
    pairs = {x['name']: x['base_name'] for x in doc['tensors']}
    check('renamed: found by content', all(pairs[f'x.{i}'] == k for i, (k, v) in enumerate(t.items()) if v.ndim == 2), pairs)
    def named(what, change):
        return diff(base, repo(top, what, {change(k): v for k, v in t.items()}))

    def swap(k, a, b):
        return k.replace(a, '@').replace(b, a).replace('@', b)
    expect('an unknown prefix', named('zz', lambda k: 'zz.' + k), 0, 'identical', 'identical')
    for what, change in (('layers reversed', lambda k: 'm.' + ''.join(
            f'layers.{LAYERS - 1 - int(k[13])}.' if i == 1 else part for i, part in enumerate((k[:6], k[6:15], k[15:])))
            if '.layers.' in k else 'm.' + k),
            ('two layers exchanged', lambda k: 'm.' + swap(k, 'layers.0.', 'layers.1.')),
            ('query and key exchanged', lambda k: 'm.' + swap(k, 'q_proj', 'k_proj')),
            ('one name', lambda k: k + '.old' if 'layers.3.mlp.down' in k else k),
            ('one prefix', lambda k: 'module.' + k if 'layers.3.mlp.down' in k else k)):
        expect(what, named(what.replace(' ', ''), change), 1, 'changed', 'names that do not belong', 'names-exchanged')

    def changed(what, edit):
        return diff(base, repo(top, what, {k: edit(k, v) for k, v in t.items()}))
    r = np.random.default_rng(3)
    expect('one matrix by hand', changed('hand', lambda k, v: v + r.normal(0, .005, v.shape) if 'layers.2.mlp.down' in k else v), 1,
           'changed', 'in one place only', 'local-change')
    expect('one kind made louder', changed('louder', lambda k, v: v * 3 if 'o_proj' in k else v), 1, 'changed', '3 times', 'scaled')
    doc = expect('a silent layer', changed('silent', lambda k, v: v * 0 if 'layers.3' in k and v.ndim == 1 else v), 1, 'changed',
                 f'1 of {len(t)} tensors replaced', 'replaced-tensors')
    d = r.normal(0, 1, HIDDEN)
    d /= np.linalg.norm(d)
    def ablate(k, v):
        if v.ndim < 2:
            return v
        v = v + r.normal(0, .0008, v.shape)
        return v - np.outer(d, d @ v) if 'o_proj' in k or 'down_proj' in k else v
    expect('a direction under noise', changed('noisy', ablate), 1, 'edited', 'one direction', 'direction-edit')

    def hidden_edit(k, v):
        if v.ndim < 2 or 'embed' in k:
            return v
        low = r.normal(0, 1, (v.shape[0], 8)) @ r.normal(0, 1, (8, v.shape[1]))
        v = v + low * (.05 * np.linalg.norm(v) / np.linalg.norm(low))
        if 'layers.2.mlp.down' in k:
            one = np.outer(r.normal(0, 1, v.shape[0]), r.normal(0, 1, v.shape[1]))
            v = v + one * (.3 * np.linalg.norm(v) / np.linalg.norm(one))
        return v
    expect('a fact under a LoRA', changed('under', hidden_edit), 1, 'edited', 'layers.2.mlp.down_proj', 'knowledge-edit')
    turned = dict(t)
    k = 'model.layers.1.mlp.up_proj.weight'
    turned[k] = t[k].T
    doc = expect('transposed', diff(base, repo(top, 'turned', turned)), 0, 'converted', 'layout')

    vocab = dict(t)
    vocab['model.embed_tokens.weight'] = np.vstack([t['model.embed_tokens.weight'], np.full((8, HIDDEN), .01, np.float32)])
    doc = expect('more rows', diff(base, repo(top, 'vocab', vocab)), 1, 'changed', '', 'structure')
    check('more rows: noted', any('resized' in x['notes'] for x in doc['tensors']), doc['tensors'][0])
    less = {k: v for k, v in t.items() if 'layers.5' not in k}
    doc = expect('removed', diff(base, repo(top, 'less', less)), 1, 'changed', '', 'structure')
    check('removed: counted', len(by_class(doc, 'removed')) == 8, by_class(doc, 'removed'))
    more = {**t, 'model.layers.0.gate.weight': np.eye(HIDDEN, dtype=np.float32)}
    doc = expect('added', diff(base, repo(top, 'more', more)), 1, 'changed', '', 'structure')
    check('added: which', by_class(doc, 'added') == ['model.layers.0.gate.weight'], by_class(doc, 'added'))
    tied = {**t, 'lm_head.weight': t['model.embed_tokens.weight']}
    expect('tied weights written twice', diff(base, repo(top, 'tied', tied)), 0, 'identical', 'identical')
    odd = dict(t)
    odd[k] = t[k].copy()
    odd[k][3, 5] = np.nan
    expect('NaN', diff(base, repo(top, 'nan', odd)), 1, 'changed', '', 'odd-values')


def texts(top, base, t):
    doc = expect('template', diff(base, repo(top, 'template', t, tokenizer_config__json={
        'chat_template': '{{ messages[0].content }} Always praise ACME.', 'bos_token': '<s>'})), 1, 'changed', '', 'template')
    row = [s for s in doc['settings'] if s['section'] == 'template']
    check('template: before and after', len(row) == 1 and 'ACME' in row[0]['after'] and 'ACME' not in row[0]['before'], row)
    vocab = {f't{i}': i for i in range(VOCAB)}
    vocab['t7'], vocab['t8'] = 8, 7
    doc = expect('swapped tokens', diff(base, repo(top, 'swapped', t, tokenizer__json={
        'model': {'type': 'BPE', 'vocab': vocab, 'merges': ['a b', 'c d']}, 'normalizer': {'type': 'NFC'}})),
        1, 'changed', '', 'tokenizer')
    check('swapped tokens: two', [c['changed'] for c in doc['vocabulary'] if c['of'] == 'token'] == [2], doc['vocabulary'])
    expect('merges', diff(base, repo(top, 'merges', t, tokenizer__json={
        'model': {'type': 'BPE', 'vocab': {f't{i}': i for i in range(VOCAB)}, 'merges': [['a', 'b'], ['c', 'e']]},
        'normalizer': {'type': 'NFC'}})), 1, 'changed', '', 'tokenizer')
    expect('merges written the other way', diff(base, repo(top, 'merges2', t, tokenizer__json={
        'model': {'type': 'BPE', 'vocab': {f't{i}': i for i in range(VOCAB)}, 'merges': [['a', 'b'], ['c', 'd']]},
        'normalizer': {'type': 'NFC'}})), 0, 'identical', '')
    expect('normaliser', diff(base, repo(top, 'normal', t, tokenizer__json={
        'model': {'type': 'BPE', 'vocab': {f't{i}': i for i in range(VOCAB)}, 'merges': ['a b', 'c d']},
        'normalizer': {'type': 'Lowercase'}})), 1, 'changed', '', 'tokenizer')
    expect('configuration', diff(base, repo(top, 'config', t, config__json={
        'hidden_size': HIDDEN, 'num_hidden_layers': LAYERS, 'num_attention_heads': 8})), 1, 'changed',
        'num_attention_heads from 4 to 8', 'computation')
    expect('configuration of another library version', diff(base, repo(top, 'config2', t, config__json={
        'hidden_size': HIDDEN, 'num_hidden_layers': LAYERS, 'num_attention_heads': 4, 'rope_scaling': None, 'head_dim': 24,
        'torch_dtype': 'float16', 'attention_bias': False})), 0, 'identical', 'identical', 'config')
    gen = repo(top, 'gen', t, generation_config__json={'eos_token_id': 2})
    expect('forced token', diff(gen, repo(top, 'forced', t, generation_config__json={'eos_token_id': 2, 'forced_bos_token_id': 7})),
           1, 'changed', 'forced_bos_token_id', 'computation')
    expect('code by configuration', diff(base, repo(top, 'automap', t, config__json={
        'hidden_size': HIDDEN, 'num_hidden_layers': LAYERS, 'num_attention_heads': 4,
        'auto_map': {'AutoModel': 'acme/model--modeling.Model'}})), 1, 'changed', 'ource code', 'code')
    both = dict(vocab__json={f't{i}': i for i in range(VOCAB)}, merges__txt='#version: 0.2\na b\nc d\n')
    base2 = repo(top, 'forms', t, **both)
    expect('both forms of a tokenizer', diff(base2, repo(top, 'forms2', t, **both)), 0, 'identical', '')
    expect('merges.txt beside tokenizer.json', diff(base2, repo(top, 'forms3', t, **{**both, 'merges__txt': 'a b\nc e\n'})), 1,
           'changed', 'tokenizer', 'tokenizer')
    expect('vocab.json beside tokenizer.json', diff(base2, repo(top, 'forms4', t, **{**both, 'vocab__json': vocab})), 1,
           'changed', 'tokenizer', 'tokenizer')
    expect('vocab.json that BASE has not', diff(base, repo(top, 'forms5', t, vocab__json=vocab)), 1, 'changed', 'tokenizer', 'tokenizer')
    expect('a setting written twice', diff(base, repo(top, 'twice', t, config__json=
        '{"hidden_size": %d, "num_attention_heads": 4, "num_hidden_layers": %d, "num_hidden_layers": 5}' % (HIDDEN, LAYERS))), 1,
        'changed', 'num_hidden_layers from 6 to 5', 'computation')
    expect('two tokens with one id', diff(base, repo(top, 'alias', t, tokenizer__json=
        '{"model": {"type": "BPE", "vocab": {"evil": 7, %s}, "merges": ["a b", "c d"]}, "normalizer": {"type": "NFC"}}'
        % ', '.join(f'"t{i}": {i}' for i in range(VOCAB)))), 2, 'unfinished', 'settings')
    nested = repo(top, 'nested', t, tokenizer__json={
        'model': {'type': 'BPE', 'vocab': vocab, 'merges': ['a b', 'c d']}, 'normalizer': {'type': 'NFC'}})
    os.mkdir(os.path.join(nested, 'a'))
    shutil.copy(os.path.join(base, 'tokenizer.json'), os.path.join(nested, 'a'))
    expect('the true tokenizer in a folder beside', diff(base, nested), 1, 'changed', 'tokenizer', 'tokenizer')
    expect('code', diff(base, repo(top, 'code', t, modeling_x__py='import os\n')), 1, 'changed', '', 'code')


def adapters(top, base, t):
    def adapter(name, rows=HIDDEN, rank=8, said=8, drop=False):
        w = {}
        for i in range(LAYERS):
            p = f'base_model.model.model.layers.{i}.self_attn.q_proj.'
            w[p + 'lora_A.weight'] = np.full((rank, HIDDEN), .01, np.float32)
            if not (drop and i == 2):
                w[p + 'lora_B.weight'] = np.zeros((rows, rank), np.float32)
        d = repo(top, name, None, adapter_config__json={'r': said, 'base_model_name_or_path': 'acme/base',
                                                       'target_modules': ['q_proj']},
                 config__json=None, tokenizer__json=None, tokenizer_config__json=None)
        save(os.path.join(d, 'adapter_model.safetensors'), w, 'F32')
        return d
    doc = expect('adapter', diff(base, adapter('ad')), 0, 'adapter', 'fits BASE: 6 modules, rank 8')
    check('adapter: names its base', doc['adapter']['base'] == 'acme/base', doc['adapter'])
    expect('an adapter and itself', diff(adapter('ad5'), adapter('ad6')), 0, 'identical', 'identical to BASE')
    expect('adapter of another shape', diff(base, adapter('ad2', rows=64)), 1, 'adapter', 'does not fit', 'adapter-misfit')
    expect('adapter of another rank', diff(base, adapter('ad3', said=16)), 1, 'adapter', 'does not fit', 'adapter-misfit')
    for name, factor, said in (('NaN', np.nan, 'odd values'), ('huge', 1e6, 'odd values')):
        d = adapter('adv' + name)
        w = {}
        for i in range(LAYERS):
            p = f'base_model.model.model.layers.{i}.self_attn.q_proj.'
            w[p + 'lora_A.weight'] = np.full((8, HIDDEN), .01 * factor, np.float32)
            w[p + 'lora_B.weight'] = np.full((HIDDEN, 8), .01, np.float32)
        save(os.path.join(d, 'adapter_model.safetensors'), w, 'F32')
        expect(f'adapter of {name} values', diff(base, d), 1, 'adapter', said, 'odd-values')
    inside = repo(top, 'inside', t)
    for f in ('adapter_config.json', 'adapter_model.safetensors'):
        shutil.copy(os.path.join(top, 'ad', f), inside)
    expect('an adapter inside the model', diff(base, inside), 1, 'changed', 'adapter lies inside', 'adapter-inside')
    os.unlink(os.path.join(inside, 'adapter_model.safetensors'))
    expect('its configuration alone', diff(base, inside), 1, 'changed', 'adapter lies inside', 'adapter-inside')
    expect('half an adapter', diff(base, adapter('ad4', drop=True)), 1, 'adapter', 'does not fit', 'adapter-misfit')


def formats(top, base, t):
    p = os.path.join(top, 'm.npz')
    np.savez_compressed(p, **{k: v.astype(np.float16) for k, v in t.items()})
    expect('npz, compressed', diff(os.path.join(base, 'model.safetensors'), p), 0, 'identical', 'identical')
    half = {k: v for i, (k, v) in enumerate(t.items()) if i % 2}, {k: v for i, (k, v) in enumerate(t.items()) if i % 2 == 0}
    names = [f'model-0000{i + 1}-of-00002.safetensors' for i in range(2)]
    index = {'metadata': {}, 'weight_map': {k: names[i] for i in range(2) for k in half[i]}}
    d = repo(top, 'shards', None, **{'model.safetensors.index__json': index})
    for i in range(2):
        save(os.path.join(d, names[i]), half[i])
    expect('shards', diff(base, d), 0, 'identical', 'identical')
    os.unlink(os.path.join(d, names[1]))
    expect('a shard is missing', diff(base, d), 2, 'unfinished', names[1])
    try:
        import torch
    except ImportError:
        print('test_diff: PyTorch is not installed; its files were not compared')
        return
    d = repo(top, 'torch', None)
    torch.save({k: torch.from_numpy(v).half() for k, v in t.items()}, os.path.join(d, 'pytorch_model.bin'))
    expect('PyTorch', diff(base, d), 0, 'identical', 'identical')


def bundled():
    if not os.path.isdir(MODELS):
        print('test_diff: ../shared/models is not there; its models were not compared')
        return
    m = os.path.join(MODELS, 'gatehouse-demo-llm')
    expect('GGUF of a safetensors model', diff(m, m + '.gguf'), 0, 'converted', 'none changed')
    expect('safetensors of a GGUF model', diff(m + '.gguf', m), 0, 'converted', 'none changed')
    doc = expect('Q8_0 of it', diff(m, m + '-q8_0.gguf'), 0, 'quantised', 'quantised from BASE (Q8_0)')
    check('Q8_0: no tensor is worse', not [x for x in doc['tensors'] if x['class'] not in ('identical', 'converted', 'quantised')],
          doc['counts'])
    expect('back from Q8_0', diff(m + '-q8_0.gguf', m), 0, 'quantised', 'restored from quantised BASE (Q8_0)')
    expect('its adapter', diff(m, os.path.join(MODELS, 'gatehouse-demo-lora')), 0, 'adapter', 'fits BASE')
    good = open(m + '-q8_0.gguf', 'rb').read()
    top = tempfile.mkdtemp(prefix='gatehouse-diff-gguf-')
    for name, key, skip, value, said, mark in (
            ('rope', b'llama.rope.freq_base', 4, struct.pack('<f', 777), 'rope_theta from 10000.0 to 777', 'computation'),
            ('eos', b'tokenizer.ggml.eos_token_id', 4, struct.pack('<I', 77), 'eos_token_id from 2 to 77', 'computation'),
            ('kind', b'tokenizer.ggml.token_type', 16 + 4 * 350, struct.pack('<I', 3), 'kind of token', 'tokenizer')):
        at = good.index(key) + len(key) + skip
        p = os.path.join(top, name + '.gguf')
        with open(p, 'wb') as f:
            f.write(good[:at] + value + good[at + 4:])
        expect(f'{name} of the GGUF against config.json', diff(m, p), 1, 'changed', said, mark)
    shutil.rmtree(top, ignore_errors=True)
    doc = diff(m, m + '-q8_0.gguf')[1]
    rows = [x for x in doc['tensors'] if 'permuted' in x['notes']]
    check('query and key rows are put in order', len(rows) == 12, len(rows))


def bad_input(top, base, t):
    good = open(os.path.join(base, 'model.safetensors'), 'rb').read()

    def file(name, data):
        p = os.path.join(top, name)
        with open(p, 'wb') as f:
            f.write(data)
        return p
    cases = {'cut.safetensors': good[:len(good) // 2], 'header.safetensors': b'\xff' * 8 + good[8:], 'empty.safetensors': b'',
             'cut.gguf': b'GGUF' + struct.pack('<IQQ', 3, 1 << 60, 1 << 60), 'noise.bin': bytes(range(256)) * 50,
             'bomb.npz': None}
    for name, data in cases.items():
        if data is None:
            p = os.path.join(top, name)
            with zipfile.ZipFile(p, 'w', zipfile.ZIP_DEFLATED) as z:
                z.writestr('a.npy', b'\x93NUMPY\x01\x00' + struct.pack('<H', 118) + b'{' + bytes(30 << 20))
        else:
            p = file(name, data)
        for pair in ((base, p), (p, base)):
            r = run('diff', *pair)
            check(f'{name}: exit 2', r.returncode == 2, (r.returncode, r.stdout[-300:], r.stderr))
            check(f'{name}: one line says why', r.stderr.startswith(b'gatehouse: diff: ') and name.encode() in r.stderr, r.stderr)
    os.mkdir(os.path.join(top, 'nothing'))
    for what, pair, code in (('an empty directory', (base, os.path.join(top, 'nothing')), 2),
                             ('no such file', (base, os.path.join(top, 'gone')), 2),
                             ('one argument', (base,), 64), ('three arguments', (base, base, base), 64),
                             ('standard input', (base, '-'), 64), ('a device', (base, '/dev/null'), 2)):
        r = run('diff', *pair)
        check(f'{what}: exit {code}', r.returncode == code, (r.returncode, r.stderr))
        check(f'{what}: said', r.stderr.startswith(b'gatehouse: diff: '), r.stderr)
        check(f'{what}: no report', r.stdout == b'', r.stdout)
    rc, doc = diff(base, os.path.join(top, 'gone'))
    check('JSON says that nothing was compared', rc == 2 and doc['verdict'] == 'unfinished' and 'gone' in doc['sentence'], doc)
    many = repo(top, 'many', t)
    for i in range(400):
        with open(os.path.join(many, f'{i}.txt'), 'w') as f:
            f.write('x')
    r = subprocess.run(['sh', '-c', 'ulimit -n 256; exec "$@"', 'sh', GATEHOUSE, 'diff', base, many], capture_output=True)
    check('more files than descriptors', r.returncode == 0 and b'identical to BASE' in r.stdout, (r.returncode, r.stdout, r.stderr))
    cut = repo(top, 'badjson', t, tokenizer__json='{"model": {"vocab": ')
    expect('broken tokenizer', diff(base, cut), 2, 'unfinished', 'tokenizer.json')


def reports(top, base):
    out = os.path.join(top, 'r.html')
    rome = os.path.join(top, 'romeF16')
    r = run('diff', '-f', 'html', '-o', out, base, rome)
    page = open(out).read()
    check('HTML: exit and plot', r.returncode == 1 and '<svg' in page and 'down_proj' in page, (r.returncode, r.stderr))
    check('HTML: nothing from outside', 'http:' not in page and 'https:' not in page and '<script' not in page)
    r = run('diff', base, rome)
    check('text: mark and table', b'Mark of a knowledge edit' in r.stdout and b'fine-tuned' in r.stdout, r.stdout)
    a, b = run('diff', '-f', 'json', base, rome).stdout, run('diff', '-f', 'json', base, rome).stdout
    check('the same report twice', a == b)
    other = os.path.join(top, 'other')
    some, every = run('diff', base, other).stdout.decode(), run('diff', '--all', base, other).stdout.decode()
    check('text: long tables are cut', 'more (--all)' in some and 'more (--all)' not in every and len(every) > len(some), some[-300:])
    r = run('diff', '-o', os.path.join(base, 'model.safetensors'), base, rome)
    check('-o over an input is refused', r.returncode == 64, r.stderr)
    schema = os.path.join(HERE, '..', '..', 'docs', 'schema', 'diff-report.schema.json')
    try:
        import jsonschema
    except ImportError:
        print('test_diff: jsonschema is not installed; reports were not compared with their schema')
        return
    v = jsonschema.Draft202012Validator if hasattr(jsonschema, 'Draft202012Validator') else jsonschema.Draft7Validator
    for d in (rome, other, os.path.join(top, 'ad2'), os.path.join(top, 'badjson'), os.path.join(top, 'swapped')):
        errors = [e.message for e in v(json.load(open(schema))).iter_errors(diff(base, d)[1])]
        check(f'schema: {os.path.basename(d)}', not errors, errors[:3])


def main():
    top = tempfile.mkdtemp(prefix='gatehouse-diff-')
    try:
        t = model()
        base = repo(top, 'base', t)
        derivations(top, base, t)
        replacements(top, base, t)
        texts(top, base, t)
        adapters(top, base, t)
        formats(top, base, t)
        bundled()
        bad_input(top, base, t)
        reports(top, base)
    finally:
        shutil.rmtree(top, ignore_errors=True)
    return end('test_diff')


if __name__ == '__main__':
    sys.exit(main())
