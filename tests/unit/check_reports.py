"""Judge the reports that test_report.c wrote into a directory: JSON against the published schema, SARIF against OASIS's
(when the project's shared folder is there), HTML by a parser and by its own policy. Exit 77: jsonschema is missing."""
import base64
import hashlib
import html.parser
import json
import pathlib
import re
import sys

try:
    import jsonschema
except ImportError:
    sys.exit(77)

ALLOWED = set("html head meta title style body main header footer section article h1 h2 h3 h4 p span ul li b dl dt dd code div "
              "a table thead tbody tr th td".split())
VOID = {"meta"}


class Page(html.parser.HTMLParser):
    """Every element is one of ours, closed in order; no attribute could run, load or style anything."""

    def __init__(self):
        super().__init__()
        self.open, self.style, self.policy = [], "", None

    def handle_starttag(self, tag, attrs):
        assert tag in ALLOWED, tag
        for name, value in attrs:
            assert name in {"lang", "charset", "http-equiv", "content", "name", "class", "id", "href", "colspan"}, name
            assert name != "href" or re.fullmatch(r"#f[0-9]+", value), value
        attrs = dict(attrs)
        if attrs.get("http-equiv") == "Content-Security-Policy":
            self.policy = attrs["content"]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open and self.open.pop() == tag, tag

    def handle_data(self, data):
        if self.open and self.open[-1] == "style":
            self.style += data


def check_html(path):
    page = Page()
    page.feed(path.read_text(encoding="utf-8"))
    page.close()
    assert not page.open, page.open
    digest = base64.b64encode(hashlib.sha256(page.style.encode()).digest()).decode()
    want = f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    assert page.policy == want, f"the policy does not match the style sheet; wanted sha256-{digest}"


def check_sarif(path, schema):
    doc = json.loads(path.read_text(encoding="utf-8"))
    if schema is not None:
        jsonschema.Draft4Validator(schema).validate(doc)
    run = doc["runs"][0]
    rules = run["tool"]["driver"]["rules"]
    assert [r["id"] for r in rules] == sorted({r["id"] for r in rules})
    for result in run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
        where = result["locations"][0]
        place = where["physicalLocation"]
        artifact = place["artifactLocation"]
        assert run["artifacts"][artifact["index"]]["location"]["uri"] == artifact["uri"]
        assert re.fullmatch(r"([A-Za-z0-9._~/-]|%[0-9A-F]{2})+", artifact["uri"])
        assert not ("region" in place and "logicalLocations" in where), "a member's range is not one of the file"
        assert re.fullmatch(r"[0-9a-f]{64}", result["partialFingerprints"]["gatehouse/v1"])
        assert not re.search(r"\]\(", result["message"]["text"]), "hostile text made a link"


def main(folder):
    root = pathlib.Path(__file__).resolve().parents[2]
    schema = json.loads((root / "docs/schema/scan-report.schema.json").read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    oasis = root.parent / "shared/schemas/sarif/sarif-schema-2.1.0.json"
    if not oasis.exists():
        print("skipped: SARIF's schema is not beside the project")
    sarif_schema = json.loads(oasis.read_text()) if oasis.exists() else None
    seen = 0
    for path in sorted(folder.iterdir()):
        seen += 1
        if path.suffix == ".json":
            validator.validate(json.loads(path.read_text(encoding="utf-8")))
        elif path.suffix == ".sarif":
            check_sarif(path, sarif_schema)
        else:
            check_html(path)
    assert seen >= 21, seen
    # A schema that accepts anything would prove nothing.
    for broken in ({}, {"verdict": "FINE"}):
        assert not validator.is_valid(broken)


main(pathlib.Path(sys.argv[1]))
