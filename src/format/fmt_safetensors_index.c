/* model.safetensors.index.json and pytorch_model.bin.index.json: which file of a sharded model holds which tensor. A
 * JSON document with a top-level "weight_map"; what its values may be is checked in json_doc.c for every document. */
#include "format/formats.h"
#include "format/json_doc.h"

static enum gh_match probe(const struct gh_probe *p)
{
	bool index = false;
	return gh_json_doc_probe(p, &index) == GH_STRONG && index ? GH_STRONG : GH_NO;
}

/* The rows are gh_json_rules: the same findings, whoever reads the document. */
const struct gh_fmt gh_fmt_safetensors_index = {
	.name = "safetensors-index",
	.about = "Index of a model stored in several files (weight_map)",
	.exts = "json",
	.over = "json",
	.probe = probe,
	.walk = gh_json_doc,
	.rules = gh_json_rules,
};
