#!/usr/bin/python3
"""Deployments in a machine: what a user sees is the same as with a sandbox.

Usage: test_deploy_vm.py PATH-OF-GATEHOUSE. Skips where the engine, QEMU or a kernel for machines are not there."""
import json
import os
import signal
import subprocess

from deployments import Home, alive, check, model, program, run, skip


def machine(root, homes):
    measured = subprocess.run([program, 'measure', '--isolation', 'microvm', '--format', 'json'], stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True)
    if measured.returncode != 0:
        skip(f'no machine here: {measured.stderr.strip()}')
    reference = json.loads(measured.stdout)
    kinds = {p['kind'] for p in reference['parts']}
    check('all that runs is measured', {'stub', 'engine', 'library', 'kernel', 'driver', 'machine', 'boot', 'seccomp'} <= kinds, kinds)
    h = Home(root, 'home')
    homes.append(h)
    check('import', h.run('import', model, '--as', 'acme/demo:1.0').returncode == 0)
    out = h.run('deploy', 'acme/demo:1.0', '--name', 'vm', '--isolation', 'microvm', '--format', 'json', timeout=400)
    check('deploy in a machine', out.returncode == 0, out.stderr)
    if out.returncode != 0:
        return
    d = json.loads(out.stdout)
    check('it says where it runs', d['isolation'] == 'microvm' and d['evidence']['class'] == 'software', d)
    check('what runs is what `measure` says', d['measurements']['digest'] == reference['measurement'], d)
    box = h.deploy('box')
    check('a sandbox beside it', box.returncode == 0, box.stderr)
    ask = ('What is phishing?', '--temperature', '0', '--max-tokens', '12')
    here, there = h.run('chat', 'vm', *ask, timeout=300), h.run('chat', 'box', *ask)
    check('the same model answers the same', here.returncode == 0 and len(here.stdout) > 10 and here.stdout == there.stdout,
          (here.stdout, here.stderr, there.stdout))
    shown = h.json('inspect', 'vm')
    check('inspect: a machine', 'vm' in shown['now']['layers'] and shown['now']['machine'].startswith('q35'), shown)
    check('nothing that QEMU tried was refused', shown['now']['attempts'] == 0, shown)
    pid = shown['now']['pid']
    command = open(f'/proc/{pid}/task/{pid}/children').read().split()
    lines = b' '.join(open(f'/proc/{p}/cmdline', 'rb').read() for p in command)
    check('it has no network card and no monitor', b'-nodefaults' in lines and b'netdev' not in lines and b'monitor' not in lines, lines)
    os.kill(pid, signal.SIGKILL)
    check('a machine that is killed', h.until(lambda: h.state('vm') == 'failed', 60), h.ps('--all'))
    check('leaves nothing', not alive(pid) and not os.path.exists(d['socket']))
    check('and harms nobody else', h.state('box') == 'running')
    out = h.deploy('r', '--isolation', 'microvm', '--min-evidence', 'vm-tee')
    check('a machine is no confidential machine', out.returncode == 1 and 'evidence_class' in out.stderr, out.stderr)


run(machine)
