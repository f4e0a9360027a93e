#!/usr/bin/python3
"""Known vulnerabilities as a user meets them: importing, listing, scanning requirements and lock files, bills of materials,
VEX statements, and a shipped database that was altered."""
import json
import os
import pathlib
import shutil
import sys
import tempfile
import zipfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import common
from common import GATEHOUSE, by_name, check, details, ids, run, scan

SCHEMAS = pathlib.Path(__file__).resolve().parents[3] / 'shared' / 'schemas' / 'cyclonedx'


def record(ident, package, fixed, **more):
    return {'id': ident, 'modified': more.pop('modified', '2026-03-01T00:00:00Z'), 'summary': 'made for a test',
            'affected': [{'package': {'ecosystem': more.pop('ecosystem', 'PyPI'), 'name': package},
                          'ranges': [{'type': 'ECOSYSTEM', 'events': [{'introduced': '0'}, {'fixed': fixed}]}]}],
            **more}


def refused(what, result, *words, status=2):
    text = result.stderr.decode()
    check(f'{what}: status {status}', result.returncode == status, (result.returncode, text))
    check(f'{what}: one line', text.count('\n') == 1, text)
    for w in words:
        check(f'{what}: says {w}', w in text, text)


def importing(root):
    home = root / 'home' / 'deep'
    env = {'GATEHOUSE_HOME': str(home)}
    adv = lambda *a: run('advisories', *a, env=env)
    r = adv('status')
    check('status', r.returncode == 0 and b'shipped' in r.stdout and b'imported  none' in r.stdout, r.stdout)
    (root / 'one.json').write_text(json.dumps(record('T-1', 'alpha_pkg', '2.0')))
    (root / 'array.json').write_text(json.dumps([record('T-2', 'beta', '2'), record('T-3', 'beta', '3')]))
    (root / 'lines.jsonl').write_text('\n'.join(json.dumps(record(f'T-{i}', 'gamma', '1')) for i in (4, 5)))
    tree = root / 'tree' / 'advisories' / '2026'
    tree.mkdir(parents=True)
    (tree / 'x.json').write_text(json.dumps(record('T-6', 'delta', '1')))
    (root / 'tree' / 'README.md').write_text('not an advisory')
    (root / 'tree' / '.github').mkdir()
    (root / 'tree' / '.github' / 'config.json').write_text('{}')
    with zipfile.ZipFile(root / 'all.zip', 'w', zipfile.ZIP_DEFLATED) as z:
        for i in range(3000):
            z.writestr(f'Z-{i}.json', json.dumps(record(f'Z-{i}', f'zip{i % 50}', '9')))
        z.writestr('notes.txt', 'nothing')
    r = adv('import', root / 'one.json', root / 'array.json', root / 'lines.jsonl', root / 'tree', root / 'all.zip')
    check('import', r.returncode == 0 and b'read 3006 advisories' in r.stdout, (r.stdout, r.stderr))
    kept = (home / 'advisories.db').read_bytes()
    check('nothing else is left', os.listdir(home) == ['advisories.db'], os.listdir(home))
    r = adv('--format', 'json', 'list', 'Alpha.Pkg')
    rows = json.loads(r.stdout)['advisories']
    check('list of a package, by any spelling', [x['id'] for x in rows] == ['T-1'] and rows[0]['imported'], rows)
    check('a range reads well', rows[0]['affected'] == '>=0,<2.0', rows)
    status = json.loads(adv('status', '--format', 'json').stdout)
    check('status counts', status['imported']['advisories'] == 3006 and status['imported']['date'].startswith('2026-03-01'), status)
    r = adv('import', root / 'one.json')
    check('the same again changes nothing', r.returncode == 0 and (home / 'advisories.db').read_bytes() == kept)
    newer = record('T-1', 'alpha_pkg', '2.5', modified='2026-04-01T00:00:00Z')
    (root / 'newer.json').write_text(json.dumps(newer))
    adv('import', root / 'newer.json')
    rows = json.loads(adv('list', 'alpha-pkg', '--format', 'json').stdout)['advisories']
    check('a newer record replaces an older one', [x['affected'] for x in rows] == ['>=0,<2.5'], rows)

    before = (home / 'advisories.db').read_bytes()
    bad = root / 'bad.json'
    bad.write_text('[\n' + json.dumps(record('T-9', 'x', '1')) + ',\n{"id": "T-10"}]')
    refused('a record without a date', adv('import', root / 'one.json', bad), 'nothing was imported', 'bad.json', 'line 3', 'modified')
    bad.write_text('{"id": ')
    refused('half a file', adv('import', bad), 'not JSON')
    refused('no such file', adv('import', root / 'missing.json'), 'missing.json', 'no such file')
    (root / 'cut.zip').write_bytes((root / 'all.zip').read_bytes()[:5000])
    refused('a cut archive', adv('import', root / 'cut.zip'), 'cut.zip', 'cut off')
    (root / 'empty').mkdir()
    refused('an empty directory', adv('import', root / 'empty'), 'no advisories')
    check('and nothing has changed', (home / 'advisories.db').read_bytes() == before)
    refused('no subcommand', adv('sell'), 'import, list, status', status=64)
    refused('nothing to import', adv('import'), 'import needs', status=64)

    (root / 'requirements.txt').write_text('alpha-pkg==2.4\n')
    _, report = scan(root / 'requirements.txt', env=env)
    f = report['files'][0]
    check('an imported record is matched', 'GH-VUL-0003' in ids(f) and 'T-1 pkg:pypi/alpha-pkg@2.4' in details(f), details(f))
    check('and the report says where it comes from', 'imported (not signed)' in report['stages']['vulnerabilities']['with'],
          report['stages'])
    (home / 'advisories.db').write_bytes(before[:-20])
    code, report = scan(root / 'requirements.txt', env=env)
    stage = report['stages']['vulnerabilities']
    check('a broken database: the stage is incomplete', stage['state'] == 'incomplete' and 'broken' in stage['reason'] and
          'shipped' in stage['with'], stage)


def scanning(root):
    env = {'GATEHOUSE_HOME': str(root / 'nowhere')}
    d = root / 'model'
    d.mkdir()
    (d / 'requirements.txt').write_text('torch==2.5.1\ntransformers>=4.30\nkeras==2.12.0 ; python_version > "3"\nnumpy==2.1.0\n'
                                        'pillow==9.0.0\nonnx\nrequests==not.a.version!\n')
    (d / 'poetry.lock').write_text('[[package]]\nname = "torch"\nversion = "2.5.1"\noptional = false\n\n[package.dependencies]\n'
                                   'numpy = "*"\n\n[[package]]\nname = "sympy"\nversion = "1.13"\n\n[metadata]\nlock-version = "2.0"\n')
    (d / 'uv.lock').write_text('version = 1\n\n[[package]]\nname = "keras"\nversion = "3.7.0"\n'
                               'source = { registry = "https://pypi.org/simple" }\n')
    (d / 'Pipfile.lock').write_text(json.dumps({'_meta': {'pipfile-spec': 6}, 'default': {'joblib': {'version': '==1.1.0'}}, 'develop': {}}))
    (d / 'package-lock.json').write_text(json.dumps({'name': 'x', 'lockfileVersion': 3, 'packages': {
        '': {'name': 'x', 'version': '1.0.0'}, 'node_modules/a/node_modules/@s/b': {'version': '4.17.20'}}}))
    (d / 'environment.yml').write_text('channels: [conda-forge]\ndependencies:\n  - pytorch=2.1.0=py3.10_0\n  - numpy>=1.20,<2\n'
                                       '  - pip:\n      - keras==2.12.0\n')
    (d / 'Dockerfile').write_text('FROM python:3.12\nRUN apt-get update && pip install --no-cache-dir -r x.txt llama-cpp-python==0.2.70 \\\n'
                                  '  && conda install -y -c pytorch pytorch=1.13\n')
    (d / 'model.safetensors').write_bytes(common.safetensors())
    _, report = scan(d, env=env)
    f = by_name(report)
    req = details(f['requirements.txt'])
    for what in ('CVE-2025-32434 pkg:pypi/torch@2.5.1', 'CVE-2024-3660 pkg:pypi/keras@2.12.0', 'fixed in 2.13.1', 'CVSS 9.8',
                 'pkg:pypi/onnx allows versions with', 'why: this version is required (==2.5.1)', 'unconfirmed'):
        check(f'requirements: {what}', what in req, req)
    check('rules of all weights', {'GH-VUL-0001', 'GH-VUL-0002', 'GH-VUL-0003', 'GH-VUL-0005'} <= set(ids(f['requirements.txt'])),
          ids(f['requirements.txt']))
    check('a repaired version is no finding', 'numpy' not in req, req)
    for name, what in (('poetry.lock', 'pkg:pypi/torch@2.5.1'), ('uv.lock', 'pkg:pypi/keras@3.7.0'), ('Pipfile.lock', 'pkg:pypi/joblib@1.1.0'),
                       ('environment.yml', 'pkg:conda/pytorch@2.1.0'), ('environment.yml', 'pkg:pypi/keras@2.12.0'),
                       ('Dockerfile', 'CVE-2024-34359 pkg:pypi/llama-cpp-python@0.2.70'), ('Dockerfile', 'pkg:conda/pytorch ')):
        check(f'{name}: {what}', what in details(f[name]), details(f[name]))
    stage = report['stages']['vulnerabilities']
    check('the stage has run, and says with what', stage['state'] == 'run' and stage['units'] >= 15 and
          stage['with'].startswith('advisories of 20'), stage)
    check('a plain model has nothing above info', all(x['severity'] == 'info' for x in f['model.safetensors']['findings']))
    again = run('scan', '--format', 'json', d, env=env).stdout
    check('the same report again', run('scan', '--format', 'json', d, env=env).stdout == again)
    return d, env


def lock_files(root, env):
    d = root / 'locks'
    d.mkdir()
    (d / 'conda-lock.yml').write_text('version: 1\nmetadata:\n  platforms: [linux-64]\npackage:\n- name: pytorch\n  version: 2.1.0\n'
                                      '  manager: conda\n- name: keras\n  version: 2.12.0\n  manager: pip\n')
    (d / 'pnpm-lock.yaml').write_text("lockfileVersion: '9.0'\npackages:\n  '@p/one@1.2.3':\n    resolution: {integrity: x}\n")
    (d / 'yarn.lock').write_text('# yarn lockfile v1\n\n\ntwo@^4.0.0:\n  version "4.17.0"\n  resolved "https://registry.yarnpkg.com/two"\n')
    (d / 'berry').mkdir()
    (d / 'berry' / 'yarn.lock').write_text('__metadata:\n  version: 8\n\n"three@npm:^5.0.0":\n  version: 5.0.1\n'
                                           '  resolution: "three@npm:5.0.1"\n')
    (d / 'Cargo.lock').write_text('version = 3\n\n[[package]]\nname = "four"\nversion = "1.0.0"\n')
    code, report = scan(d, env=env)
    f = by_name(report)
    check('conda-lock: by conda', 'pkg:conda/pytorch@2.1.0' in details(f['conda-lock.yml']), details(f['conda-lock.yml']))
    check('conda-lock: by pip', 'CVE-2024-3660 pkg:pypi/keras@2.12.0' in details(f['conda-lock.yml']), details(f['conda-lock.yml']))
    check('lock files without vulnerable packages are clean', all(x['verdict'] == 'CLEAN' for x in report['files'] if 'conda' not in x['path']),
          [(x['path'], x['verdict'], ids(x)) for x in report['files']])
    bom = run('scan', '--format', 'cyclonedx', d, env=env).stdout.decode()
    for purl in ('pkg:npm/%40p/one@1.2.3', 'pkg:npm/two@4.17.0', 'pkg:npm/three@5.0.1', 'pkg:cargo/four@1.0.0'):
        check(f'bill of materials: {purl}', purl in bom, bom[:400])


def loaders_once(root, env):
    d = root / 'arrays'
    (d / 'sub').mkdir(parents=True)
    head = b"{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }"
    npy = b'\x93NUMPY\x01\x00' + (len(head) + 7).to_bytes(2, 'little') + head + b' ' * 6 + b'\n' + bytes(8)
    for name in ('a.npy', 'b.npy', 'sub/c.npy'):
        (d / name).write_bytes(npy)
    code, report = scan(d, env=env)
    told = [(x['path'], y['times']) for x in report['files'] for y in x['findings'] if y['id'] == 'GH-VUL-0007']
    check('loaders are named once for all files', len(told) == 1 and told[0][0].endswith('a.npy') and told[0][1] == 3, told)
    check('and change nothing', code == 0 and report['verdict'] == 'CLEAN', report['verdict'])


def bill(d, env):
    r = run('scan', '--format', 'cyclonedx', d, env=env)
    doc = json.loads(r.stdout)
    check('the same bytes again', run('scan', '--format', 'cyclonedx', d, env=env).stdout == r.stdout)
    check('no time unless asked for', 'timestamp' not in doc['metadata'])
    timed = json.loads(run('scan', '--format', 'cyclonedx', '--timestamp', '2026-11-22T00:00:00Z', d, env=env).stdout)
    check('a time when asked for', timed['metadata']['timestamp'] == '2026-11-22T00:00:00Z')
    refused('a wrong time', run('scan', '--timestamp', 'today', d, env=env), '--timestamp', status=64)
    refs = [c['bom-ref'] for c in doc['components']]
    purls = {c['purl'] for c in doc['components'] if 'purl' in c}
    check('references are unique', len(refs) == len(set(refs)))
    check('libraries', {'pkg:pypi/torch@2.5.1', 'pkg:pypi/onnx', 'pkg:npm/%40s/b@4.17.20', 'pkg:conda/numpy', 'pkg:docker/python@3.12'} <= purls,
          sorted(purls))
    model = [c for c in doc['components'] if c['name'].endswith('model.safetensors')][0]
    check('a model is one', model['type'] == 'machine-learning-model' and len(model['hashes'][0]['content']) == 64 and 'modelCard' in model, model)
    v = {x['id']: x for x in doc['vulnerabilities'] if x['affects'][0]['ref'] == 'pkg:pypi/torch@2.5.1'}['CVE-2025-32434']
    check('a vulnerability with its aliases and rating', v['references'][0]['id'] == 'GHSA-53q9-r3pm-6pq6' and
          v['ratings'][0]['severity'] == 'critical' and v['ratings'][0]['score'] == 9.8, v)
    check('what is affected is a component', all(a['ref'] in refs for x in doc['vulnerabilities'] for a in x['affects']))
    try:
        import warnings
        warnings.simplefilter('ignore')
        from jsonschema import Draft7Validator, RefResolver
        schema = json.loads((SCHEMAS / 'bom-1.6.schema.json').read_text())
    except (ImportError, OSError) as e:
        print(f'skipped: validation against the schema of CycloneDX ({e})')
        return
    store = {'http://cyclonedx.org/schema/' + n: json.loads((SCHEMAS / n).read_text())
             for n in ('spdx.schema.json', 'jsf-0.82.schema.json', 'cryptography-defs.schema.json')}
    resolver = RefResolver('http://cyclonedx.org/schema/bom-1.6.schema.json', schema, store)
    for name, one in (('bill', doc), ('timed bill', timed)):
        wrong = [f'{list(e.path)}: {e.message[:200]}' for e in Draft7Validator(schema, resolver=resolver).iter_errors(one)]
        check(f'{name}: valid CycloneDX 1.6', not wrong, wrong[:3])


def vex(root, d, env):
    statement = {'vulnerability': {'name': 'GHSA-53q9-r3pm-6pq6'}, 'products': [{'@id': 'pkg:pypi/torch'}], 'status': 'not_affected',
                 'justification': 'vulnerable_code_not_in_execute_path', 'status_notes': 'expires 2026-12-31'}
    doc = {'@context': 'https://openvex.dev/ns/v0.2.0', '@id': 'urn:x', 'author': 'me', 'timestamp': '2026-11-01T00:00:00Z', 'version': 1,
           'statements': [statement]}
    path = root / 'vex.json'
    path.write_text(json.dumps(doc, indent=1))
    lock = d / 'poetry.lock'
    code, report = scan(lock, env=env)
    check('before', code == 0 and report['verdict'] == 'REVIEW', report.get('verdict'))
    code, report = scan('--vex', path, '--timestamp', '2026-12-31T00:00:00Z', lock, env=env)
    f = report['files'][0]
    check('silenced, by another name of it', 'GH-VUL-0010' in ids(f) and 'GH-VUL-0001' not in ids(f), ids(f))
    check('with the reason and the day', 'vulnerable_code_not_in_execute_path, until 2026-12-31' in details(f), details(f))
    check('the verdict follows', report['verdict'] == 'CLEAN', report['verdict'])
    check('and it is counted', '1 findings silenced' in report['stages']['vulnerabilities']['with'], report['stages']['vulnerabilities'])
    code, report = scan('--vex', path, '--timestamp', '2027-01-01T00:00:00Z', lock, env=env)
    check('an expired statement silences nothing', report['verdict'] == 'REVIEW' and 'GH-VUL-0010' not in ids(report['files'][0]))
    bom = json.loads(run('scan', '--vex', path, '--timestamp', '2026-11-22T00:00:00Z', '--format', 'cyclonedx', lock, env=env).stdout)
    state = [v['analysis']['state'] for v in bom['vulnerabilities'] if v['id'] == 'CVE-2025-32434']
    check('the bill says so', state == ['not_affected'], state)
    pkl = root / 'evil.pkl'
    pkl.write_bytes(common.EVIL)
    code, report = scan('--vex', path, pkl, env=env)
    check('what a file does is not silenced', code == 1 and report['verdict'] == 'UNSAFE')
    statement['status'] = 'fine'
    path.write_text(json.dumps(doc, indent=1))
    refused('a wrong statement', run('scan', '--vex', path, lock, env=env), 'nothing was scanned', 'vex.json', 'line 17', 'status')
    refused('no such file', run('scan', '--vex', root / 'none.json', lock, env=env), 'none.json', 'nothing was scanned')


def altered(root):
    """A shipped database that somebody changed is refused; so is one of another build."""
    here = root / 'program'
    here.mkdir()
    for name in ('gatehouse', 'gatehouse-worker', 'advisories.ghd'):
        shutil.copy(pathlib.Path(GATEHOUSE).parent / name, here / name)
    (root / 'r.txt').write_text('torch==2.5.1\n')

    def stage():
        import subprocess
        r = subprocess.run([here / 'gatehouse', 'scan', '--format', 'json', root / 'r.txt'], stdout=subprocess.PIPE,
                           stderr=subprocess.PIPE, env={**common.ENV, 'GATEHOUSE_HOME': str(root / 'nowhere')})
        return json.loads(r.stdout)['stages']['vulnerabilities'], r.stderr.decode()
    s, err = stage()
    check('a copied program works', s['state'] == 'run' and 'vulnerabilities' not in err, (s, err))
    data = bytearray((here / 'advisories.ghd').read_bytes())
    data[len(data) // 2] ^= 1
    (here / 'advisories.ghd').write_bytes(data)
    s, err = stage()
    check('an altered database is refused', s['state'] == 'not_run' and 'signature does not match' in s['reason'], s)
    check('and the user hears of it', 'vulnerabilities are not looked for' in err, err)
    (here / 'advisories.ghd').write_bytes(data[:1000])
    check('a cut one', 'cut off' in stage()[0]['reason'])
    (here / 'advisories.ghd').unlink()
    check('a missing one', 'is missing' in stage()[0]['reason'])


with tempfile.TemporaryDirectory() as top:
    root = pathlib.Path(top)
    importing(root)
    folder, env = scanning(root)
    bill(folder, env)
    lock_files(root, env)
    loaders_once(root, env)
    vex(root, folder, env)
    altered(root)
sys.exit(common.end('test_advisories.py'))
