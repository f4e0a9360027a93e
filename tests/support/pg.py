#!/usr/bin/python3
"""A PostgreSQL server of one's own: Debian's PostgreSQL, in a temporary directory, on a Unix socket only, as an unprivileged user.

As a command it prints the URL of an empty database (or "skipped: why"), and lives until its standard input ends: whoever
started it may die in any way, and nothing stays behind. As a module: `with pg.server() as url:` (None: skipped, said why).
With --sync commits reach the disk (for tests that kill the server)."""
import contextlib
import glob
import os
import pathlib
import pwd
import shutil
import subprocess
import sys
import tempfile


class Missing(Exception):
    pass


def programs():
    found = sorted(glob.glob('/usr/lib/postgresql/*/bin/postgres'), key=lambda p: int(p.split('/')[4]))
    if not found:
        raise Missing('PostgreSQL is not installed (Debian: postgresql)')
    return pathlib.Path(found[-1]).parent


def unprivileged():
    """Who runs the server: PostgreSQL refuses to be root."""
    if os.getuid() != 0:
        return None
    for name in ('postgres', 'nobody'):
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(name)
    raise Missing('there is no unprivileged user to run PostgreSQL as')


def run(user, *args, **kw):
    who = {} if user is None else {'user': user.pw_uid, 'group': user.pw_gid, 'extra_groups': []}
    return subprocess.run([str(a) for a in args], env={'PATH': '/usr/bin:/bin', 'LC_ALL': 'C', 'TZ': 'UTC'}, cwd='/', **who, **kw)


def start(folder, sync=False):
    """Start in `folder` (empty) and return the URL."""
    bin_, user, data = programs(), unprivileged(), folder / 'data'
    if user is not None:
        os.chown(folder, user.pw_uid, user.pw_gid)
    done = run(user, bin_ / 'initdb', '-D', data, '-U', 'gatehouse', '-A', 'trust', '-E', 'UTF8', '--locale=C', '--no-sync',
               '--no-instructions', '-k', capture_output=True, text=True)
    if done.returncode:
        raise Missing(f'initdb failed: {done.stderr.strip().splitlines()[-1:]}')
    # A small server: other tests run beside it.
    settings = {'listen_addresses': '', 'unix_socket_directories': folder, 'unix_socket_permissions': '0777', 'shared_buffers': '16MB',
                'max_connections': '40', 'fsync': 'on' if sync else 'off', 'max_wal_size': '256MB', 'autovacuum': 'off',
                'logging_collector': 'off', 'dynamic_shared_memory_type': 'mmap'}
    with open(data / 'postgresql.auto.conf', 'a', encoding='utf-8') as f:
        f.writelines(f"{k} = '{v}'\n" for k, v in settings.items())
    os.chmod(folder, 0o755)
    done = run(user, bin_ / 'pg_ctl', '-D', data, '-l', folder / 'log', '-w', '-t', '60', 'start', stdout=subprocess.DEVNULL,
               stderr=subprocess.DEVNULL)
    if done.returncode:
        log = (folder / 'log').read_text(errors='replace').strip().splitlines() if (folder / 'log').exists() else []
        raise Missing(f'PostgreSQL does not start: {log[-1:]}')
    url = f'postgresql:///gatehouse?host={folder}&user=gatehouse'
    done = run(user, bin_ / 'createdb', '-h', folder, '-U', 'gatehouse', 'gatehouse', capture_output=True)
    if done.returncode:
        stop(folder)
        raise Missing('createdb failed')
    return url


def stop(folder):
    with contextlib.suppress(Missing):
        run(unprivileged(), programs() / 'pg_ctl', '-D', folder / 'data', '-m', 'immediate', '-w', 'stop', stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL)


def kill(folder):
    """The server dies as in a power cut; restart() brings it back."""
    stop(folder)


def restart(folder):
    run(unprivileged(), programs() / 'pg_ctl', '-D', folder / 'data', '-l', folder / 'log', '-w', '-t', '60', 'start',
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)


@contextlib.contextmanager
def server(sync=False):
    folder = pathlib.Path(tempfile.mkdtemp(prefix='gh-pg-', dir='/tmp'))  # a socket's path must be short
    try:
        try:
            url = start(folder, sync)
        except Missing as why:
            print(f'skipped: {why}', flush=True)
            url = None
        yield url
    finally:
        if (folder / 'data').exists():
            stop(folder)
        shutil.rmtree(folder, ignore_errors=True)


def main():
    with server('--sync' in sys.argv[1:]) as url:
        if url is None:
            return 0
        print(url, flush=True)
        sys.stdin.read()
    return 0


if __name__ == '__main__':
    sys.exit(main())
