#!/usr/bin/python3
"""What a detonation costs: the same loader script bare and under `gatehouse scan --detonate`, taken in turns, medians of 20.
The scan itself is measured beside them and taken off. Usage: bench/detonate.py PATH-OF-GATEHOUSE"""
import os
import pathlib
import pickle
import statistics
import subprocess
import sys
import tempfile
import time

ROUNDS = 20
LOADER = pathlib.Path(__file__).resolve().parent.parent / 'src/runtime/loaders/load.py'
PYTHON = '/usr/bin/python3'
ENV = {'PATH': '/usr/bin:/bin', 'LANG': 'C.UTF-8', 'OMP_NUM_THREADS': '1', 'OPENBLAS_NUM_THREADS': '1',
       'JOBLIB_MULTIPROCESSING': '0'}


def models(folder):
    (folder / 'list.pkl').write_bytes(pickle.dumps(list(range(1000))))
    yield 'pickle of a list', 'pickle', folder / 'list.pkl'
    try:
        import numpy
        numpy.savez(folder / 'a.npz', a=numpy.zeros(1000))
        yield 'npz', 'numpy', folder / 'a.npz'
        import joblib
        from sklearn.linear_model import LogisticRegression
        x = numpy.random.default_rng(1).random((50, 4))
        joblib.dump(LogisticRegression().fit(x, (x[:, 0] > .5).astype(int)), folder / 'lr.joblib')
        yield 'logistic regression (joblib)', 'pickle', folder / 'lr.joblib'
        import torch
        torch.save(torch.nn.Linear(64, 64).state_dict(), folder / 'w.pt')
        yield 'PyTorch checkpoint', 'torch', folder / 'w.pt'
    except ImportError as e:
        print(f'skipped the rest: {e}')


def timed(*argv, **kw):
    start = time.perf_counter()
    subprocess.run(argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=ENV, **kw)
    return (time.perf_counter() - start) * 1000


def main():
    gatehouse = os.path.abspath(sys.argv[1])
    print('| model | bare load | scan --detonate | scan | cost of the sandbox |\n|---|---|---|---|---|')
    with tempfile.TemporaryDirectory() as folder, open(os.devnull, 'w') as null:
        for name, kind, path in models(pathlib.Path(folder)):
            runs = {'bare': [], 'detonate': [], 'scan': []}
            for _ in range(ROUNDS):
                runs['bare'].append(timed('/bin/sh', '-c', 'exec "$0" -I -B "$@" 3>/dev/null', PYTHON, LOADER, kind, path, input=b'00'))
                runs['detonate'].append(timed(gatehouse, 'scan', '--detonate', '--detonate-python', PYTHON, path))
                runs['scan'].append(timed(gatehouse, 'scan', path))
            m = {k: statistics.median(v) for k, v in runs.items()}
            cost = m['detonate'] - m['scan'] - m['bare']
            print(f'| {name} | {m["bare"]:.0f} ms | {m["detonate"]:.0f} ms | {m["scan"]:.1f} ms | {cost:+.0f} ms |', flush=True)


main()
