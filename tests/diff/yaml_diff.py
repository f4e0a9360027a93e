#!/usr/bin/env python3
"""Compares the events of the YAML reader with PyYAML's: yaml_diff.py TRACE FILE... or, without files, over generated
documents. A document that PyYAML refuses may be accepted, never the other way round."""
import os, random, subprocess, sys, tempfile
import yaml

LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader) if os.environ.get("LIBYAML") else yaml.SafeLoader


def theirs(data):
    out = []
    try:
        for e in yaml.parse(data, Loader=LOADER):
            n = type(e).__name__
            anchor = " anchor " + e.anchor.encode().hex() if getattr(e, "anchor", None) and n != "AliasEvent" else ""
            tag = " tag " + e.tag.encode().hex() if getattr(e, "tag", None) else ""
            if n == "ScalarEvent":
                out.append("SCALAR " + e.value.encode("utf-8", "surrogatepass").hex() + tag + anchor)
            elif n == "AliasEvent":
                out.append("ALIAS " + e.anchor.encode().hex())
            else:
                word = {"DocumentStartEvent": "DOC", "DocumentEndEvent": "DOC_END", "MappingStartEvent": "MAP",
                        "MappingEndEvent": "MAP_END", "SequenceStartEvent": "SEQ", "SequenceEndEvent": "SEQ_END",
                        "StreamEndEvent": "END"}.get(n)
                if word:
                    out.append(word + tag + anchor)
    except Exception as e:
        return None, str(e).replace("\n", " ")
    return out, None


def ours(trace, paths):
    text = subprocess.run([trace] + paths, stdout=subprocess.PIPE, check=True).stdout.decode()
    for part in text.split("FILE ")[1:]:
        lines = part.rstrip("\n").split("\n")
        yield lines[0], lines[1:]


WORDS = ["a", "b: 1", "- x", "? k", ": v", "[1, 2]", "{a: b}", "'q'", '"d\\n"', "|", ">-", "|2", "&a", "*a", "!t", "!!str",
         "---", "...", "#c", " #c", ",", "]", "}", "[", "{", "\t", "a b", "x:y", "a#b", "-", "?", ":", "<<", "key:",
         "'it''s'", '"', "'", "%TAG ! tag:x,2000:", "!<a>", "~", "null", "é", "- - a", "a: &x b", "*a : c"]


def generated(rnd):
    lines = []
    for _ in range(rnd.randint(1, 7)):
        indent = " " * rnd.choice([0, 0, 1, 2, 2, 4])
        lines.append(indent + rnd.choice(["", " "]).join(rnd.choice(WORDS) for _ in range(rnd.randint(0, 4))))
    return "\n".join(lines) + rnd.choice(["", "\n"])


def main():
    trace, paths = sys.argv[1], sys.argv[2:]
    wrong = same = refused = wider = 0
    with tempfile.TemporaryDirectory() as tmp:
        if not paths or paths[0].isdigit():
            rnd = random.Random(int(paths[0]) if paths else 1)
            paths = []
            for i in range(int(os.environ.get("ROUNDS", "3000"))):
                paths.append(os.path.join(tmp, str(i)))
                with open(paths[-1], "w") as f:
                    f.write(generated(rnd))
        for i in range(0, len(paths), 200):
            for path, got in ours(trace, paths[i:i + 200]):
                data = open(path, "rb").read()
                want, why = theirs(data)
                bad = got[-1].startswith("BAD")
                if want is None:
                    refused += bad
                    wider += not bad
                    if not bad and os.environ.get("WIDER"):
                        print("WIDER", repr(data), why)
                elif bad or got != want:
                    wrong += 1
                    if wrong <= 12:
                        print("DIFFERENT", path, repr(data[:300]))
                        print("  ours  ", got[-1] if bad else [g for g, w in zip(got, want) if g != w][:3])
                        print("  theirs", [w for g, w in zip(got, want) if g != w][:3], len(got), len(want))
                else:
                    same += 1
    print(f"same {same}, both refuse {refused}, accepted here only {wider}, different {wrong}")
    sys.exit(wrong != 0)


if __name__ == "__main__":
    main()
