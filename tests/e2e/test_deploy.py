#!/usr/bin/python3
"""Deployments as a user has them: from the policy to a streamed answer, and what gets no key: evidence of a lower class, other code, models
that are not there.

Usage: test_deploy.py PATH-OF-GATEHOUSE. Skips where the embedded engine or name spaces are not there."""
import json
import os
import pathlib
import shutil

from deployments import Home, alive, check, here, model, run


def life(h):
    out = h.deploy('d1')
    check('deploy ends with 0', out.returncode == 0, out.stderr)
    if out.returncode != 0:
        return
    d = json.loads(out.stdout)
    check('it says all that others rely on', d['isolation'] == 'sandbox' and d['evidence'] == {'class': 'software', 'kind': 'software'}
          and len(d['measurements']['digest']) == 64 and 'gatehouse-stub' in d['measurements']['list'], out.stdout)
    check('timings', sorted(d['timings_ms']) == sorted(['policy', 'launch', 'attest', 'key', 'decrypt', 'ready', 'total']),
          out.stdout)
    check('the socket has a path that clients can use', len(d['socket']) < 108 and pathlib.Path(d['socket']).is_socket(), d['socket'])
    check('nobody else may reach it', os.stat(os.path.dirname(d['socket'])).st_mode & 0o077 == 0)
    row = h.ps().get('d1', {})
    check('ps shows it', row.get('state') == 'running' and row['measurement'] == d['measurements']['digest'], row)
    said = h.run('chat', 'd1', 'What is phishing?', '--temperature', '0', '--max-tokens', '40')
    check('chat answers', said.returncode == 0 and len(said.stdout) > 20, said.stderr)
    again = h.json('chat', 'acme/demo:1.0', 'What is phishing?', '--temperature', '0', '--max-tokens', '40')
    check('by the model as well, and the same', again.get('text', '').strip() == said.stdout.strip(), again)
    check('the engine says how much it was', again.get('tokens', {}).get('answer', 0) > 0, again)
    shown = h.json('inspect', 'acme/d1')
    check('inspect', {'net', 'pid', 'seccomp', 'rights', 'root'} <= set(shown['now']['layers']), shown)
    check('the name is taken', h.deploy('d1').returncode == 2)
    check('no plaintext beside it', b'GGUF' not in b''.join(p.read_bytes() for p in h.dir.rglob('*') if p.is_file()))
    kinds = [e for e in h.entries('key-release') if 'deployment' in json.dumps(e)]
    check('the release stands in the log, with evidence', kinds and d['measurements']['digest'] in json.dumps(kinds), kinds)
    check('logs', h.run('logs', 'd1').returncode == 0)
    pids = [shown['now']['pid'], shown['now']['supervisor']]
    out = h.run('stop', 'd1')
    check('stop', out.returncode == 0 and h.state('d1') == 'stopped', out.stderr)
    check('nothing is left of it', not any(map(alive, pids)) and not pathlib.Path(d['socket']).exists())
    check('chat with what is stopped', h.run('chat', 'd1', 'x').returncode == 2)
    check('what is not there', h.run('inspect', 'nothing').returncode == 2 and h.run('stop', 'nothing').returncode == 2)


def refusals(h):
    out = h.deploy('r1', '--min-evidence', 'tpm')
    check('software evidence is no tpm', out.returncode == 1 and 'evidence_class' in out.stderr, out.stderr)
    policy = h.dir / 'p.yaml'
    policy.write_text('policy: 1\nname: strict\nextends: lenient\ndeployment:\n  evidence: vm-tee\n')
    check('a policy that asks for hardware', h.run('policy', 'set', policy, '--tenant', 'acme', key=h.key).returncode == 0)
    out = h.deploy('r2')
    check('is never satisfied by software', out.returncode == 1 and 'deployment.evidence' in out.stderr, out.stderr)
    policy.write_text('policy: 1\nname: strict\nextends: lenient\ndeployment:\n  measurements: ["' + 'ab' * 32 + '"]\n')
    h.run('policy', 'set', policy, '--tenant', 'acme', key=h.key)
    out = h.deploy('r3')
    check('another measurement than the policy lists', out.returncode == 1 and 'deployment.measurements' in out.stderr, out.stderr)
    out = h.run('deploy', 'acme/nothing:1.0')
    check('a model that is not there', out.returncode == 2, out.stderr)
    out = h.deploy('r4', '--engine', 'nothing')
    check('an engine that is not there', out.returncode == 2 and 'nothing' in out.stderr, out.stderr)
    out = h.deploy('r5', '--isolation', 'none')
    check('no isolation at all is none', out.returncode == 64, out.stderr)
    check('nothing runs', all(d['state'] != 'running' for d in h.ps().values()), h.ps())
    policy.write_text('policy: 1\nname: strict\nextends: lenient\nversion: "2"\n')
    h.run('policy', 'set', policy, '--tenant', 'acme', key=h.key)


def adapters(h, root):
    """A tenant's adapter on another tenant's base: both keys in one release; without the share, none."""
    lora = here.parent / 'shared/models/gatehouse-demo-lora/gatehouse-demo-lora.gguf'
    if not lora.exists():
        print('skipped: adapters: ../shared/models is not there')
        return
    folder = root / 'lora'
    folder.mkdir()
    shutil.copy(lora, folder)
    h.run('tenant', 'add', 'beta')
    out = h.run('import', folder, '--as', 'beta/lora:1.0', '--base', 'acme/demo:1.0', '--lineage', 'adapter')
    check('a base that is not shared is none', out.returncode == 2, out.stderr)
    check('share', h.run('share', 'add', 'acme/demo:1.0', '--to', 'beta').returncode == 0)
    out = h.run('import', folder, '--as', 'beta/lora:1.0', '--base', 'acme/demo:1.0', '--lineage', 'adapter')
    check('import of the adapter', out.returncode == 0, out.stderr)
    out = h.deploy('tuned', model='beta/lora:1.0')
    check('it runs on the shared base', out.returncode == 0, out.stderr)
    said = h.json('chat', 'tuned', 'What is phishing?', '--temperature', '0')
    check('as it was tuned', 'Stay safe' in said.get('text', ''), said)
    out = h.run('share', 'remove', 'acme/demo:1.0', '--to', 'beta')
    row = h.ps('--all').get('tuned', {})
    check('the share is withdrawn: it ends', out.returncode == 0 and row.get('state') == 'quarantined', row)


def body(root, homes):
    h = Home(root, 'h')
    homes.append(h)
    out = h.run('import', model, '--as', 'acme/demo:1.0')
    check('import', out.returncode == 0, out.stderr)
    life(h)
    adapters(h, root)
    refusals(h)
    out = h.run('audit', 'verify')
    check('the audit log verifies', out.returncode == 0, out.stderr)
    out = h.run('fsck')
    check('fsck finds nothing', out.returncode == 0, out.stdout + out.stderr)


run(body)
