#!/usr/bin/python3
"""Smaller model formats through the real program: seeds as files, an OCI image layout, a checkpoint of Orbax, a model of ncnn
with its weights beside, a large faiss index that flows by. Usage: test_formats.py PATH-OF-GATEHOUSE"""
import gzip
import hashlib
import io
import json
import pathlib
import shutil
import struct
import sys
import tarfile
import tempfile

from common import by_name, check, ids, scan
import common

SEEDS = pathlib.Path(__file__).resolve().parents[1] / 'fuzz' / 'seeds'
CLEAN = ['mxnet-params', 'mxnet-symbol', 'ctranslate2', 'fasttext', 'word2vec', 'faiss', 'lightgbm', 'ncnn', 'matlab', 'ort', 'executorch',
         'onnx-tensor', 'cntk', 'ocdbt']
SEEN = ['tensorrt/plain.engine', 'rknn/described.rknn', 'neff/package.neff', 'hailo-hef/model.hef', 'mlir-bytecode/export.mlirbc',
        'cntk-1/model.dnn', 'kaldi/final.mdl', 'openfst/hclg.fst', 'kmodel/model.kmodel', 'litert-lm/model.litertlm',
        'circle/model.circle', 'mindspore-lite/model.ms', 'darknet/yolo.weights']


def seeds():
    for fmt in CLEAN:
        for path in sorted((SEEDS / fmt).glob('clean*')):
            status, report = scan(path)
            f = report['files'][0]
            check(f'{fmt}/{path.name}: CLEAN', (status, f['verdict'], f['format']) == (0, 'CLEAN', fmt), f)
    for name in SEEN:
        status, report = scan(SEEDS / name)
        f = report['files'][0]
        check(f'{name}: INCOMPLETE, by its name', (status, f['verdict'], f['format']) == (2, 'INCOMPLETE', name.split('/')[0]), f)


def blob(root, data):
    digest = hashlib.sha256(data).hexdigest()
    (root / 'blobs' / 'sha256').mkdir(parents=True, exist_ok=True)
    (root / 'blobs' / 'sha256' / digest).write_bytes(data)
    return {'digest': 'sha256:' + digest, 'size': len(data)}


def layer(*members):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode='w') as t:
        for name, data in members:
            i = tarfile.TarInfo(name)
            i.size = len(data)
            t.addfile(i, io.BytesIO(data))
    return gzip.compress(out.getvalue(), mtime=0)


def image(root, *members):
    config = dict(blob(root, b'{"architecture": "amd64", "os": "linux"}'), mediaType='application/vnd.oci.image.config.v1+json')
    layers = [dict(blob(root, layer(*members)), mediaType='application/vnd.oci.image.layer.v1.tar+gzip')]
    manifest = blob(root, json.dumps({'schemaVersion': 2, 'config': config, 'layers': layers}).encode())
    (root / 'oci-layout').write_text('{"imageLayoutVersion": "1.0.0"}')
    (root / 'index.json').write_text(json.dumps({'schemaVersion': 2, 'manifests': [manifest]}))
    return layers[0]['digest'].split(':')[1]


def oci(folder):
    (folder / 'good').mkdir()
    image(folder / 'good', ('models/w.safetensors', common.safetensors()), ('models/.wh.old.bin', b''))
    status, report = scan(folder / 'good')
    check('an image layout with a model: CLEAN', status == 0 and report['verdict'] == 'CLEAN', report)
    (folder / 'changed').mkdir()
    digest = image(folder / 'changed', ('w.safetensors', common.safetensors()))
    (folder / 'changed' / 'blobs' / 'sha256' / digest).write_bytes(layer(('w.safetensors', common.safetensors(8))))
    status, report = scan(folder / 'changed')
    f = by_name(report).get(digest, {})
    check('a layer that was changed: UNSAFE, and named', status == 1 and 'GH-REPO-0014' in ids(f), report)
    (folder / 'escape').mkdir()
    image(folder / 'escape', ('../../etc/cron.d/x', b'* * * * * root true\n'))
    status, report = scan(folder / 'escape')
    check('a layer that leaves its root is not CLEAN', report['verdict'] in ('UNSAFE', 'REVIEW'), report['verdict'])
    (folder / 'pickle').mkdir()
    image(folder / 'pickle', ('m.pkl', common.EVIL))
    status, report = scan(folder / 'pickle')
    check('a pickle in a layer: UNSAFE', status == 1, report['verdict'])


def ncnn(folder):
    shutil.copy(SEEDS / 'ncnn' / 'clean.txt', folder / 'net.param')
    status, report = scan(folder)
    check('weights that are not there are missed', status == 2 and 'GH-REPO-0002' in ids(report['files'][0]), report)
    (folder / 'net.bin').write_bytes(struct.pack('<I', 0) + struct.pack('<224f', *[0.01 * i for i in range(224)]))
    status, report = scan(folder)
    check('weights beside their graph: CLEAN', status == 0, report)


def orbax(folder):
    shutil.copy(SEEDS / 'ocdbt' / 'clean_zstd.ocdbt', folder / 'manifest.ocdbt')
    (folder / '.zarray').write_text(json.dumps({'zarr_format': 2, 'shape': [2], 'chunks': [2], 'dtype': '|O', 'order': 'C',
                                                'fill_value': 0, 'compressor': None, 'filters': [{'id': 'pickle'}]}))
    status, report = scan(folder)
    files = by_name(report)
    check('a manifest is read', files['manifest.ocdbt']['verdict'] == 'CLEAN', files['manifest.ocdbt'])
    check('an array whose elements are pickles', files['.zarray']['verdict'] in ('UNSAFE', 'REVIEW'), files['.zarray'])


def large(folder):
    d, n = 64, 100000
    path = folder / 'big.faiss'
    with open(path, 'wb') as f:
        f.write(b'IxF2' + struct.pack('<IQQQBI', d, n, 0, 0, 1, 1) + struct.pack('<Q', d * n))
        f.write(struct.pack('<%df' % (d * 1000), *[(i * 7919 % 1000) / 1000 - 0.5 for i in range(d * 1000)]) * (n // 1000))
    status, report = scan(path)
    f = report['files'][0]
    check('an index of 25 MB flows by: CLEAN', (status, f['format']) == (0, 'faiss'), f)
    with open(path, 'r+b') as f:
        f.truncate(path.stat().st_size - 1)
    status, report = scan(path)
    check('and one byte less is not', status == 1 and 'GH-SEQ-0001' in ids(report['files'][0]), report)


def main():
    seeds()
    for part in (oci, ncnn, orbax, large):
        with tempfile.TemporaryDirectory() as t:
            part(pathlib.Path(t))
    print(f'formats: {common.asserted - common.failures} passed, {common.failures} failed')
    return 1 if common.failures else 0


if __name__ == '__main__':
    sys.exit(main())
