#!/usr/bin/python3
"""The program as a user meets it: streams, statuses, files and terminals. Usage: test_cli.py PATH-OF-GATEHOUSE

The payloads are inert: they are scanned, never loaded."""
import json
import os
import pathlib
import pty
import struct
import subprocess
import sys
import tempfile

GATEHOUSE = os.path.abspath(sys.argv[1] if len(sys.argv) > 1 else "build/gatehouse")
CLEAN, UNSAFE, INCOMPLETE = "clean.safetensors", "evil.pkl", "noise.bin"
failures = 0


def check(what, ok, shown=""):
    global failures
    if not ok:
        failures += 1
        print(f"FAILED: {what}\n{str(shown)[:1500]}")


def run(*args, **kw):
    env = {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", **kw.pop("env", {})}
    kw.setdefault("stdin", subprocess.DEVNULL)
    return subprocess.run([GATEHOUSE, *args], capture_output="stdout" not in kw, env=env, timeout=60, **kw)


def on_terminal(*args, columns=70, env=None):
    """Output of a run whose streams are a terminal of that width, carriage returns removed."""
    pid, fd = pty.fork()
    if pid == 0:
        script = f'stty cols {columns}; exec "$0" "$@"'
        os.execve("/bin/sh", ["sh", "-c", script, GATEHOUSE, *args],
                  {"PATH": "/usr/bin:/bin", "TERM": "xterm", **(env or {})})
    data = b""
    while True:
        try:
            part = os.read(fd, 65536)
        except OSError:
            break
        if not part:
            break
        data += part
    os.waitpid(pid, 0)
    return data.decode().replace("\r\n", "\n")


def make_files(folder):
    header = json.dumps({"w": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}}).encode()
    (folder / CLEAN).write_bytes(struct.pack("<Q", len(header)) + header + struct.pack("<2f", 0.5, -1.25))
    (folder / UNSAFE).write_bytes(b"cposix\nsystem\n(S'echo inert'\ntR.")
    (folder / INCOMPLETE).write_bytes(bytes((i * 167 + 13) % 251 | 0x80 for i in range(999)))


def statuses(folder):
    rows = [
        # arguments, status, on standard output, on standard error (None: nothing at all)
        ([], 64, None, "Usage: gatehouse COMMAND"),
        (["--help"], 0, "Usage: gatehouse COMMAND", None),
        (["--version"], 0, "gatehouse ", None),
        (["scan"], 64, None, "nothing to work on"),
        (["scan", "--jobs", "x", "."], 64, None, "--jobs: 'x' is not a number from 1 to 64; see 'gatehouse scan --help'"),
        (["scna", "."], 64, None, "did you mean 'scan'?"),
        (["explain", "GH-SCAN-9999"], 64, None, "there is no rule 'GH-SCAN-9999'"),
        (["explain", "GH-SCAN-0001"], 0, "GH-SCAN-0001", None),
        (["explain", "GH-JSON-0023"], 0, "Raised by               json", None),
        (["scan", CLEAN], 0, "CLEAN  ", None),
        (["scan", UNSAFE], 1, "UNSAFE  ", None),
        (["scan", INCOMPLETE], 2, "INCOMPLETE  ", None),
        (["scan", "--fail-on", "review", INCOMPLETE], 2, "INCOMPLETE  ", None),
        (["scan", "absent"], 2, "INCOMPLETE  absent", "gatehouse: scan: 'absent': No such file or directory"),
        (["scan", INCOMPLETE, UNSAFE], 1, "1 unsafe, 1 incomplete", None),
        (["scan", "-q", CLEAN], 0, "", None),
        (["scan", "-q", CLEAN, UNSAFE], 1, f"UNSAFE {UNSAFE}: GH-", None),
        (["scan", "--", "--absent"], 2, "INCOMPLETE  --absent", "'--absent': No such file or directory"),
    ]
    for args, status, out, err in rows:
        r = run(*args, cwd=folder)
        shown = f"status {r.returncode}, not {status}\n{r.stdout.decode()}{r.stderr.decode()}"
        check(args, r.returncode == status, shown)
        check(args, (out in r.stdout.decode()) if out is not None else r.stdout == b"", shown)
        check(args, (err in r.stderr.decode()) if err is not None else r.stderr == b"", shown)
        check(f"{args}: the message is one line", err is None or not args or r.stderr.count(b"\n") == 1, shown)
    with open(folder / UNSAFE, "rb") as f:
        r = run("scan", "-", stdin=f, cwd=folder)
    check("standard input", r.returncode == 1 and b"UNSAFE" in r.stdout, r.stdout.decode())


def reports(folder):
    first = run("scan", "--format", "json", ".", cwd=folder)
    again = run("scan", "--format=json", "-j1", ".", cwd=folder)
    check("the same bytes give the same report", first.stdout == again.stdout)
    doc = json.loads(first.stdout)
    check("verdict of all", doc["verdict"] == "UNSAFE")
    check("sorted by path", [f["path"] for f in doc["files"]] == sorted(f["path"] for f in doc["files"]))
    check("verdicts", doc["totals"]["verdicts"] == {"UNSAFE": 1, "INCOMPLETE": 1, "REVIEW": 0, "CLEAN": 1}, doc["totals"])

    out = folder.parent / "report.sarif"
    for text in ("", "older"):
        if text:
            out.write_text(text)
        r = run("scan", "--format", "sarif", "--output", str(out), ".", cwd=folder)
        check("--output says nothing and keeps the status", (r.returncode, r.stdout, r.stderr) == (1, b"", b""), str(r))
        check("--output holds the report", json.loads(out.read_text())["version"] == "2.1.0")
    r = run("scan", "--output", str(folder / CLEAN), str(folder), CLEAN, cwd=folder)
    check("nothing that is scanned is overwritten", r.returncode == 64 and b"overwritten" in r.stderr, str(r))
    check("no temporary file stays", not [p for p in folder.parent.iterdir() if p.name.startswith(".gatehouse-")])

    with open("/dev/full", "wb") as full:
        r = run("scan", CLEAN, cwd=folder, stdout=full, stderr=subprocess.PIPE)
    check("a full disk is no success", r.returncode == 2 and b"standard output" in r.stderr, str(r))
    r = subprocess.run(["/bin/sh", "-c", '"$0" scan "$1" >&-', GATEHOUSE, str(folder / CLEAN)], capture_output=True)
    check("a closed output is no harm", (folder / CLEAN).stat().st_size < 200, str(r))


def terminals(folder):
    try:
        for fd in pty.openpty():
            os.close(fd)
    except OSError as e:
        print(f"skipped: no terminal can be opened here ({e})")
        return
    text = on_terminal("scan", str(folder / UNSAFE), "--no-progress")
    check("colour on a terminal", "\033[1;31mUNSAFE\033[0m" in text, text)
    for env in ({"NO_COLOR": "1"}, {"TERM": "dumb"}):
        text = on_terminal("scan", str(folder / UNSAFE), "--no-progress", env=env)
        check(f"no colour with {env}", "\033" not in text and "UNSAFE" in text, text)
    for columns in (50, 90):
        text = on_terminal("scan", "--colour=never", "--no-progress", str(folder / UNSAFE), columns=columns)
        check("--colour=never", "\033" not in text and "UNSAFE" in text, text)
        check("wrapped to the terminal", max(map(len, text.split("\n"))) <= columns, text)
    r = run("scan", "--color", "always", UNSAFE, cwd=folder)
    check("--color always in a pipe", b"\033[1;31mUNSAFE" in r.stdout, r.stdout.decode())
    r = run("scan", UNSAFE, cwd=folder)
    check("no colour in a pipe", b"\033" not in r.stdout)


def hostile_names(folder):
    for name in (b"\033[2Jclear.pkl", b"two\nlines CLEAN.pkl", b"\xff\xfe.pkl", "\u202elkp.exe".encode()):
        path = os.fsencode(folder) + b"/" + name
        with open(path, "wb") as f:
            f.write((folder / UNSAFE).read_bytes())
        for form in ("text", "json", "sarif", "html"):
            r = run("scan", "--format", form, path)
            shown = f"{name!r} {form}: {r.stdout!r}"
            check("status", r.returncode == 1, shown)
            check("what misleads is escaped", not any(c in r.stdout for c in (b"\033", b"\xff", "\u202e".encode())), shown)
            check("a name cannot start a line", b"\nlines" not in r.stdout, shown)
        os.unlink(path)


def helps():
    """Help is there for every command, and fits a terminal of 80 columns."""
    names = [l.split()[0] for l in run("help").stdout.decode().split("Commands:")[1].split("To begin")[0].splitlines()
             if l.startswith("  ") and not l.startswith("   ")]
    check("there are commands", len(names) > 8, names)
    for name in [None] + names:
        r = run("help", *([name] if name else []))
        long = [l for l in r.stdout.decode().splitlines() if len(l) > 80]
        check(f"help {name or ''}: 0, and no line is too long", r.returncode == 0 and not long, long)


def main():
    with tempfile.TemporaryDirectory() as temp:
        folder = pathlib.Path(temp) / "models"
        folder.mkdir()
        make_files(folder)
        for part in (statuses, reports, terminals, hostile_names):
            part(folder)
    helps()
    print("failed" if failures else "passed", "test_cli.py", failures or "")
    return 1 if failures else 0


sys.exit(main())
