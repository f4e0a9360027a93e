#!/usr/bin/python3
"""Writes the seeds of configurations and of the archives that hold them: yaml, keras, skops, torchserve, wire_yaml. Inert."""
import io
import json
import pathlib
import zipfile

SEEDS = pathlib.Path(__file__).resolve().parent / 'seeds'
WHEN = (2026, 1, 1, 0, 0, 0)


def put(folder, name, data):
    (SEEDS / folder).mkdir(exist_ok=True)
    (SEEDS / folder / name).write_bytes(data if isinstance(data, bytes) else data.encode())


def archive(*members):
    out = io.BytesIO()
    with zipfile.ZipFile(out, 'w') as z:
        for name, data in members:
            z.writestr(zipfile.ZipInfo(name, WHEN), data)
    return out.getvalue()


def layer(name, config, module='keras.layers'):
    return {'module': module, 'class_name': name, 'config': config, 'registered_name': None}


def model(*layers):
    return json.dumps({'module': 'keras', 'class_name': 'Sequential', 'registered_name': None,
                       'config': {'name': 'sequential', 'layers': list(layers)}})


META = json.dumps({'keras_version': '3.5.0', 'date_saved': '2026-01-01@00:00:00'})
DENSE = layer('Dense', {'units': 2, 'activation': 'relu', 'kernel_initializer': layer('GlorotUniform', {'seed': None},
                                                                                     'keras.initializers')})
CODE = '4wEAAAAAAAAAAAAAAAIAAAATAAAA8wwAAACXAHwAZAF6AAAAUwApAk7pAQAAAKkA'

put('keras', 'clean.keras', archive(('metadata.json', META), ('config.json', model(DENSE)), ('assets/vocabulary.txt', 'a\nb\n')))
put('keras', 'lambda.keras', archive(('metadata.json', META), ('config.json', model(DENSE, layer(
    'Lambda', {'function': {'class_name': '__lambda__', 'config': {'code': CODE, 'defaults': None, 'closure': None}}})))))
put('keras', 'function.keras', archive(('metadata.json', META), ('config.json', model(
    {'module': 'builtins', 'class_name': 'function', 'config': 'f', 'registered_name': 'f'})), ('x.py', 'pass\n')))
put('keras', 'cut.keras', archive(('metadata.json', META), ('config.json', model(DENSE)))[:-40])


def node(module, name, loader, **more):
    return {'__class__': name, '__module__': module, '__loader__': loader, '__id__': 1, **more}


def schema(root):
    return json.dumps({'protocol': 2, '_skops_version': '0.11.0', **root})


put('skops', 'clean.skops', archive(('schema.json', schema(node(
    'sklearn.linear_model._base', 'LinearRegression', 'ObjectNode',
    content=node('builtins', 'dict', 'DictNode', content={'fit_intercept': node('builtins', 'bool', 'JsonNode',
                                                                                  content='true')}))))))
put('skops', 'method.skops', archive(('schema.json', schema(node(
    'builtins', 'method', 'MethodNode', content={'func': '__call__', 'obj': node('a', 'B', 'ObjectNode')})))))
put('skops', 'function.skops', archive(('schema.json', schema(node(
    'builtins', 'function', 'FunctionNode', content={'module_path': 'numpy', 'function': 'log'}))), ('x.txt', 'x')))

put('torchserve', 'clean.mar', archive(('MAR-INF/MANIFEST.json', json.dumps(
    {'createdOn': '01/01/2026', 'runtime': 'python', 'archiverVersion': '0.9',
     'model': {'modelName': 'm', 'modelVersion': '1.0', 'handler': 'image_classifier'}})), ('index_to_name.json', '{"0": "a"}')))
put('torchserve', 'handler.mar', archive(('MAR-INF/MANIFEST.json', json.dumps(
    {'model': {'modelName': 'm', 'handler': 'h.py:run', 'modelFile': '../m.py'}})), ('h.py', 'pass\n')))
put('torchserve', 'broken.mar', archive(('MAR-INF/MANIFEST.json', '{"model": {')))

YAML = {
    'clean.yaml': 'name: small\nlr: 0.1\nlayers: [1, 2]\noptim:\n  _target_: torch.optim.AdamW\n  betas:\n  - 0.9\n  - 0.95\n'
                  'note: |\n  two\n  lines\n',
    'clean-anchors.yaml': 'base: &base\n  a: 1\nmore:\n  <<: *base\n  b: "x\\ty"\n',
    'tags.yaml': '%TAG !p! tag:yaml.org,2002:python/\n---\n- !p!object/apply:os.getcwd []\n- !!binary gASVAAAA\n- !new:a.B {}\n',
    'styles.yaml': '? [a, "b", \'c\']\n: {d: e, "f":g, h}\n? - i\n: >-\n  folded\n   more\n\n  end\nj: |2+\n   k\n\n--- plain\n  over lines\n...\n',
    'keys.yaml': 'chat_template: "{{ x }}"\nauto_map: {a: b.C}\ntrust_remote_code: true\nclass_path: a.B\ntarget: a.B\nparams: {}\n'
                 'jobs:\n  steps:\n  - run: make\ndependencies:\n- a=1\n- pip:\n  - b==2\nchannels: []\n',
    'broken.yaml': '!!python/name:a.b x\n---\n[a, {b: "c\n',
}
for name, text in YAML.items():
    put('yaml', name, text)
    put('wire_yaml', name, text)
