#include "format/formats.h"
#include "format/json_doc.h"

static enum gh_match probe(const struct gh_probe *p) { return gh_json_doc_probe(p, NULL); }

const struct gh_fmt gh_fmt_json = {
	.name = "json",
	.about = "JSON documents and JSON lines: configuration, tokenizers, manifests, data",
	.exts = "json jsonl ndjson ipynb webmanifest map lock",
	.probe = probe,
	.walk = gh_json_doc,
	.rules = gh_json_rules,
};
