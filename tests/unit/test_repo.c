/* The artifact as a whole: facts of files that do not exist, and what follows from them. One row a situation. */
#include "support/cm.h"

#include "check/references.h"
#include "scan/repo.h"
#include "scan/repo_code.h"
#include "scan/shapes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FILES = 4, FACTS = 12 };

struct row {
	const char *what;
	bool alone;
	struct {
		const char *name, *format;
		enum gh_verdict verdict;
		uint64_t size;
		struct gh_fact fact[FACTS];
	} file[FILES];
	const char *say; /* "file rule;" in order */
};

#define ST(name, ...) \
	{ \
		name, "safetensors", GH_CLEAN, 100, { __VA_ARGS__ } \
	}
#define JSON(name, ...) \
	{ \
		name, "json", GH_CLEAN, 100, { __VA_ARGS__ } \
	}
#define TENSORS(n, h) { GH_FACT_TENSORS, "", n, h, 0 }
#define SHARD(file, n, h) { GH_FACT_SHARD, file, n, h, 0 }
#define SET(name, n) { GH_FACT_SETTING, name, n, 0, 0 }
#define SIZES SET("hidden_size", 32), SET("num_attention_heads", 4), SET("vocab_size", 16)
#define SHAPE(place, rows, cols) { GH_FACT_TENSORS, "", 1, 1, 1 }, { GH_FACT_SHAPE, place, rows, cols, 0 }

/* All files of this table have the first of these digests. */
#define DIGEST_A "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
#define DIGEST_B "ff112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"

static const struct row rows[] = {
	{ "nothing to say", 0, { ST("a.safetensors", TENSORS(3, 7)), JSON("b.json") }, "" },
	{ "an index and its shards",
	  0,
	  { JSON("x/i.json", SHARD("a.safetensors", 2, 9), SHARD("b.safetensors", 1, 4)),
	    ST("x/a.safetensors", TENSORS(2, 9)), ST("x/b.safetensors", TENSORS(1, 4)) },
	  "" },
	{ "a tensor too many",
	  0,
	  { JSON("i.json", SHARD("a.safetensors", 2, 9)), ST("a.safetensors", TENSORS(3, 9)) },
	  "i.json GH-REPO-0005;" },
	{ "other names",
	  0,
	  { JSON("i.json", SHARD("a.safetensors", 2, 9)), ST("a.safetensors", TENSORS(2, 8)) },
	  "i.json GH-REPO-0005;" },
	{ "the names of another format are its own",
	  0,
	  { JSON("i.json", SHARD("a.bin", 2, 9)), { "a.bin", "pytorch-zip", GH_CLEAN, 9, { TENSORS(2, 8) } } },
	  "" },
	{ "a shard in another directory",
	  0,
	  { JSON("x/i.json", SHARD("a.safetensors", 1, 1)), ST("a.safetensors") },
	  "x/i.json GH-REPO-0002;" },
	{ "a shard of a file that came alone",
	  1,
	  { JSON("i.json", SHARD("a.safetensors", 1, 1)) },
	  "i.json GH-REPO-0003;" },
	{ "what was not read is not compared",
	  0,
	  { JSON("i.json", SHARD("a.safetensors", 2, 9)),
	    { "a.safetensors", "safetensors", GH_INCOMPLETE, 9, { TENSORS(1, 8) } } },
	  "" },
	{ "data behind the end",
	  0,
	  { { "m.onnx", "onnx", GH_CLEAN, 9, { { GH_FACT_DATA, "d.bin", 90, 20, 0 } } },
	    { "d.bin", "raw-weights", GH_CLEAN, 100, { { 0 } } } },
	  "m.onnx GH-REPO-0004;" },
	{ "data to the end",
	  0,
	  { { "m.onnx", "onnx", GH_CLEAN, 9, { { GH_FACT_DATA, "./d.bin", 90, UINT64_MAX, 0 } } },
	    { "d.bin", "raw-weights", GH_CLEAN, 100, { { 0 } } } },
	  "" },
	{ "data out of the artifact",
	  0,
	  { { "m.onnx", "onnx", GH_CLEAN, 9, { { GH_FACT_DATA, "../d.bin", 0, 1, 0 } } }, JSON("d.bin") },
	  "m.onnx GH-REPO-0002;" },
	{ "harmless code",
	  0,
	  { JSON("config.json", { GH_FACT_CODE, "m.py", 0, 0, 0 }), { "m.py", "python", GH_CLEAN, 9, { { 0 } } } },
	  "config.json GH-REPO-0006;" },
	{ "code for a person",
	  0,
	  { JSON("config.json", { GH_FACT_CODE, "m.py", 0, 0, 0 }), { "m.py", "python", GH_REVIEW, 9, { { 0 } } } },
	  "config.json GH-REPO-0007;" },
	{ "code that is not code",
	  0,
	  { JSON("config.json", { GH_FACT_CODE, "m.py", 0, 0, 0 }), { "m.py", "text", GH_CLEAN, 9, { { 0 } } } },
	  "config.json GH-REPO-0008;" },
	{ "dangerous code",
	  0,
	  { JSON("config.json", { GH_FACT_CODE, "m.py", 0, 0, 0 }), { "m.py", "python", GH_UNSAFE, 9, { { 0 } } } },
	  "config.json GH-REPO-0009;" },
	{ "code that is not here",
	  0,
	  { JSON("config.json", { GH_FACT_CODE, "m.py", 0, 0, 0 }) },
	  "config.json GH-REPO-0010;" },
	{ "two sets of weights",
	  0,
	  { ST("model.safetensors"), { "pytorch_model.bin", "pytorch-zip", GH_CLEAN, 9, { { 0 } } } },
	  "pytorch_model.bin GH-REPO-0001;" },
	{ "two sets in two directories",
	  0,
	  { ST("a/model.safetensors"), { "pytorch_model.bin", "pytorch-zip", GH_CLEAN, 9, { { 0 } } } },
	  "" },
	{ "configuration and weights agree",
	  0,
	  { JSON("config.json", SET("hidden_size", 64), SET("num_hidden_layers", 2), SET("vocab_size", 10)),
	    ST("model.safetensors", { GH_FACT_LAYERS, "", 2, 0, 0 }, { GH_FACT_EMBED, "", 16, 64, 0 }) },
	  "" },
	{ "and differ in everything",
	  0,
	  { JSON("config.json", SET("hidden_size", 65), SET("num_hidden_layers", 3), SET("vocab_size", 17)),
	    ST("model.safetensors", { GH_FACT_LAYERS, "", 2, 0, 0 }, { GH_FACT_EMBED, "", 16, 64, 0 }) },
	  "config.json GH-REPO-0011;config.json GH-REPO-0011;config.json GH-REPO-0011;" },
	{ "an adapter beside a configuration",
	  0,
	  { JSON("config.json", SET("num_hidden_layers", 3)),
	    ST("adapter_model.safetensors", { GH_FACT_LAYERS, "", 2, 0, 0 }) },
	  "" },
	{ "shapes of a type that is known",
	  0,
	  { JSON("config.json", SET("model_type=llama", 1), SIZES, SET("num_key_value_heads", 1)),
	    ST("model-1.safetensors", SHAPE("llama self_attn.q_proj.weight", 32, 32),
	       SHAPE("llama self_attn.k_proj.weight", 8, 32), SHAPE("lm_head", 16, 32)) },
	  "" },
	{ "shapes that are others, each told once; places and types of tensors that are not known are not",
	  0,
	  { JSON("config.json", SET("model_type=llama", 1), SIZES, SET("torch_dtype=float32", 1)),
	    ST("model-1.safetensors", SHAPE("llama self_attn.k_proj.weight", 8, 32), SHAPE("lm_head", 12, 32),
	       SHAPE("%s%n", 1, 1), { GH_FACT_DTYPE, "x%n", 0, 0, 0 }),
	    ST("model-2.safetensors", SHAPE("llama self_attn.k_proj.weight", 8, 32)) },
	  "config.json GH-REPO-0011;config.json GH-REPO-0011;" },
	{ "weights that this configuration is not about",
	  0,
	  { JSON("config.json", SET("model_type=llama", 1), SIZES),
	    ST("x/model.safetensors", SHAPE("llama self_attn.k_proj.weight", 8, 32)),
	    ST("draft.safetensors", SHAPE("llama self_attn.k_proj.weight", 8, 32)) },
	  "" },
	{ "a type that is not known",
	  0,
	  { JSON("config.json", SET("model_type=somellm", 1), SIZES),
	    ST("model.safetensors", SHAPE("llama self_attn.k_proj.weight", 8, 32)) },
	  "" },
	{ "a pack",
	  0,
	  { JSON("config.json", SET("model_type=llama", 1), SIZES, SET("quantization_config=object", 1)),
	    ST("model.safetensors", SHAPE("llama self_attn.k_proj.weight", 8, 32)) },
	  "" },
	{ "sizes that overflow",
	  0,
	  { JSON("config.json", SET("model_type=llama", 1), SET("num_attention_heads", 999999999999999),
		 SET("head_dim", 999999999999999), SET("hidden_size", 32)),
	    ST("model.safetensors", SHAPE("llama self_attn.q_proj.weight", 8, 32)) },
	  "" },
	{ "an output layer that the configuration has and the weights have not",
	  0,
	  { JSON("config.json", SET("model_type=llama", 1), SIZES, SET("tie_word_embeddings", 0),
		 SET("architectures=LlamaForCausalLM", 1)),
	    ST("model.safetensors", { GH_FACT_TENSORS, "", 1, 1, 1 }, { GH_FACT_EMBED, "", 16, 32, 0 }) },
	  "config.json GH-REPO-0011;" },
	{ "the same with one, of whatever type",
	  0,
	  { JSON("config.json", SET("model_type=llama", 1), SIZES, SET("tie_word_embeddings", 0),
		 SET("architectures=LlamaForCausalLM", 1)),
	    ST("model.safetensors", SHAPE("head", 0, 0), { GH_FACT_EMBED, "", 16, 32, 0 }) },
	  "" },
	{ "another type of numbers",
	  0,
	  { JSON("config.json", SET("torch_dtype=bfloat16", 1)),
	    ST("model.safetensors", { GH_FACT_TENSORS, "", 1, 1, 1 }, { GH_FACT_DTYPE, "F32", 0, 0, 0 }) },
	  "config.json GH-REPO-0015;" },
	{ "two types, one of them the configuration's",
	  0,
	  { JSON("config.json", SET("torch_dtype=bfloat16", 1)),
	    ST("model.safetensors", { GH_FACT_TENSORS, "", 2, 1, 1 }, { GH_FACT_DTYPE, "BF16", 0, 0, 0 },
	       { GH_FACT_DTYPE, "F32", 0, 0, 0 }) },
	  "" },
	{ "a hidden pickle",
	  0,
	  { JSON("config.json"), { ".cache/x.bin", "pickle", GH_CLEAN, 9, { { 0 } } } },
	  ".cache/x.bin GH-REPO-0012;" },
	{ "objects of git",
	  0,
	  { { ".git/objects/pack/x.pack", "git-pack", GH_CLEAN, 9, { { 0 } } },
	    { ".git/hooks/pre-push.sample", "shell", GH_CLEAN, 9, { { 0 } } },
	    { ".git/lfs/objects/ab/cd/abcd", "pytorch-zip", GH_CLEAN, 9, { { 0 } } } },
	  "" },
	{ "a hook of git",
	  0,
	  { { ".git/hooks/pre-push", "shell", GH_CLEAN, 9, { { 0 } } },
	    { "a/.git/hooks/post-merge", "text", GH_CLEAN, 9, { { 0 } } },
	    { ".git/x.bin", "pickle", GH_CLEAN, 9, { { 0 } } } },
	  ".git/hooks/pre-push GH-REPO-0012;a/.git/hooks/post-merge GH-REPO-0012;.git/x.bin GH-REPO-0012;" },
	{ "hidden text", 0, { JSON("config.json"), { ".gitattributes", "text", GH_CLEAN, 9, { { 0 } } } }, "" },
	{ "a blob that is what its name says",
	  0,
	  { { "blobs/sha256/" DIGEST_A, "json", GH_CLEAN, 9, { { 0 } } } },
	  "" },
	{ "blobs that are something else",
	  0,
	  { { "x/blobs/sha256/" DIGEST_B, "json", GH_CLEAN, 9, { { 0 } } },
	    { "blobs/sha256-" DIGEST_B, "gguf", GH_CLEAN, 9, { { 0 } } },
	    { "hub/blobs/" DIGEST_B, "safetensors", GH_CLEAN, 9, { { 0 } } } },
	  "x/blobs/sha256/" DIGEST_B " GH-REPO-0014;blobs/sha256-" DIGEST_B " GH-REPO-0014;hub/blobs/" DIGEST_B
	  " GH-REPO-0014;" },
	{ "a manifest and what it names",
	  0,
	  { JSON("index.json", { GH_FACT_BLOB, "sha256:" DIGEST_A, 0, 0, 0 },
		 { GH_FACT_BLOB, "sha256:" DIGEST_B, 0, 0, 0 }),
	    { "blobs/sha256/" DIGEST_A, "json", GH_CLEAN, 9, { { 0 } } } },
	  "index.json GH-REPO-0022;" },
	{ "an index that belongs to no store",
	  0,
	  { JSON("index.json", { GH_FACT_BLOB, "sha256:" DIGEST_B, 0, 0, 0 }) },
	  "" },
	{ "a manifest that came alone",
	  1,
	  { JSON("blobs/sha256/" DIGEST_A, { GH_FACT_BLOB, "sha256:" DIGEST_B, 0, 0, 0 }) },
	  "" },
	{ "data of an OCDBT store, and what only looks like it",
	  0,
	  { { "c/manifest.ocdbt", "ocdbt", GH_INCOMPLETE, 9, { { 0 } } },
	    { "c/d/00112233445566778899aabbccddeeff", "unknown", GH_INCOMPLETE, 9, { { 0 } } },
	    { "x/d/00112233445566778899aabbccddeeff", "unknown", GH_INCOMPLETE, 9, { { 0 } } },
	    { "c/d/0011", "unknown", GH_INCOMPLETE, 9, { { 0 } } } },
	  "c/d/00112233445566778899aabbccddeeff GH-REPO-0023;" },
	{ "names that promise nothing",
	  0,
	  { { "myblobs/sha256/" DIGEST_B, "json", GH_CLEAN, 9, { { 0 } } },
	    { "blobs/sha512/" DIGEST_B, "json", GH_CLEAN, 9, { { 0 } } },
	    { DIGEST_B, "json", GH_CLEAN, 9, { { 0 } } } },
	  "" },
	{ "a module with the name of a library",
	  0,
	  { ST("model.safetensors", TENSORS(1, 1)),
	    { "torch.py", "python", GH_CLEAN, 9, { { 0 } } },
	    { "numpy/__init__.py", "empty", GH_CLEAN, 0, { { 0 } } },
	    { "json.cpython-311-x86_64-linux-gnu.so", "elf", GH_REVIEW, 9, { { 0 } } } },
	  "torch.py GH-REPO-0016;numpy/__init__.py GH-REPO-0016;json.cpython-311-x86_64-linux-gnu.so GH-REPO-0016;" },
	{ "names of libraries where no library is looked for",
	  0,
	  { { "pkg/__init__.py", "empty", GH_CLEAN, 0, { { 0 } } },
	    { "pkg/logging.py", "python", GH_CLEAN, 9, { { 0 } } },
	    { "tools/json.py", "python", GH_CLEAN, 9, { { 0 } } },
	    { "numpy/core.py", "python", GH_CLEAN, 9, { { 0 } } } },
	  "" },
	{ "beside weights, and where another source imports it",
	  0,
	  { ST("a/model.safetensors", TENSORS(1, 1)),
	    { "a/torch.py", "python", GH_CLEAN, 9, { { 0 } } },
	    { "b/run.py", "python", GH_CLEAN, 9, { { GH_FACT_MODULE, "numpy.linalg", 0, 0, 0 } } },
	    { "b/numpy.py", "python", GH_CLEAN, 9, { { 0 } } } },
	  "a/torch.py GH-REPO-0016;b/numpy.py GH-REPO-0016;" },
	{ "a common name", 0, { { "evaluate.py", "python", GH_CLEAN, 9, { { 0 } } } }, "evaluate.py GH-REPO-0017;" },
	{ "a file that came alone", 1, { { "torch.py", "python", GH_CLEAN, 9, { { 0 } } } }, "" },
	{ "what Python obeys at every start",
	  0,
	  { { "sitecustomize.py", "python", GH_CLEAN, 9, { { 0 } } },
	    { "x/usercustomize.py", "python", GH_CLEAN, 9, { { 0 } } },
	    { "a.pth", "text", GH_CLEAN, 9, { { 0 } } },
	    { "w.pth", "pytorch-zip", GH_CLEAN, 9, { { 0 } } } },
	  "sitecustomize.py GH-REPO-0018;x/usercustomize.py GH-REPO-0018;a.pth GH-REPO-0018;" },
	{ "what tools run", 0, { { "conftest.py", "python", GH_CLEAN, 9, { { 0 } } } }, "conftest.py GH-REPO-0021;" },
	{ "commands that run files of the directory",
	  0,
	  { { "run.sh",
	      "shell",
	      GH_CLEAN,
	      9,
	      { { GH_FACT_MODULE, "pkg", 1, 0, 0 },
		{ GH_FACT_SCRIPT, "./tool.py", 0, 0, 0 },
		{ GH_FACT_SCRIPT, "w.bin", 0, 0, 0 },
		{ GH_FACT_SCRIPT, "/opt/x.py", 0, 0, 0 },
		{ GH_FACT_MODULE, "pip", 1, 0, 0 } } },
	    { "pkg/__main__.py", "python", GH_CLEAN, 9, { { 0 } } },
	    { "tool.py", "python", GH_UNSAFE, 9, { { 0 } } },
	    { "w.bin", "zip", GH_CLEAN, 9, { { 0 } } } },
	  "run.sh GH-REPO-0019;run.sh GH-REPO-0019;run.sh GH-REPO-0020;" },
	{ "remote code that imports what lies beside it",
	  0,
	  { JSON("config.json", { GH_FACT_CODE, "m.py", 0, 0, 0 }),
	    { "m.py", "python", GH_CLEAN, 9, { { GH_FACT_MODULE, ".a", 0, 0, 0 }, { GH_FACT_MODULE, "os", 0, 0, 0 } } },
	    { "a.py",
	      "python",
	      GH_CLEAN,
	      9,
	      { { GH_FACT_MODULE, ".b.c", 0, 0, 0 }, { GH_FACT_MODULE, ".m", 0, 0, 0 } } },
	    { "b/c.py", "python", GH_UNSAFE, 9, { { 0 } } } },
	  "config.json GH-REPO-0009;config.json GH-REPO-0006;" },
	{ "and something that is not here, or above",
	  0,
	  { JSON("config.json", { GH_FACT_CODE, "m.py", 0, 0, 0 }),
	    { "m.py",
	      "python",
	      GH_CLEAN,
	      9,
	      { { GH_FACT_MODULE, ".gone", 0, 0, 0 }, { GH_FACT_MODULE, "...up", 0, 0, 0 } } } },
	  "config.json GH-REPO-0010;config.json GH-REPO-0010;config.json GH-REPO-0006;" },
	{ "names of a package itself are no modules",
	  0,
	  { JSON("config.json", { GH_FACT_CODE, "m.py", 0, 0, 0 }),
	    { "m.py", "python", GH_CLEAN, 9, { { GH_FACT_MODULE, ".__version__", 0, 0, 0 } } },
	    { "__init__.py", "python", GH_CLEAN, 9, { { 0 } } } },
	  "config.json GH-REPO-0006;" },
	{ "more than can be followed", 0, { JSON("i.json", { GH_FACT_LOST, "", 0, 0, 0 }) }, "i.json GH-REPO-0013;" },
};

struct said {
	const struct gh_repo_file *file;
	char text[1024];
};

static void note(void *arg, size_t i, const struct gh_rule *rule, const char *detail)
{
	struct said *s = arg;
	size_t n = strlen(s->text);
	assert_true(detail[0] != '\0');
	(void)snprintf(s->text + n, sizeof s->text - n, "%s %s;", s->file[i].name, rule->id);
}

static size_t fill(const struct row *r, struct gh_repo_file *f, struct gh_file_report *rep)
{
	size_t n = 0;
	for (; n < FILES && r->file[n].name != NULL; n++) {
		size_t facts = 0;
		while (facts < FACTS && r->file[n].fact[facts].kind != 0)
			facts++;
		rep[n] = (struct gh_file_report){ .format = r->file[n].format,
						  .verdict = r->file[n].verdict,
						  .sha256 = DIGEST_A };
		f[n] = (struct gh_repo_file){ r->file[n].name, r->file[n].size, &rep[n], r->file[n].fact, facts };
	}
	return n;
}

static void situations(void **state)
{
	(void)state;
	for (size_t i = 0; i < GH_ROWS(rows); i++) {
		struct gh_file_report rep[FILES];
		struct gh_repo_file f[FILES];
		struct said s = { .file = f };
		size_t n = fill(&rows[i], f, rep);
		gh_repo_judge(f, n, n == 1 && rows[i].alone, note, &s);
		if (strcmp(s.text, rows[i].say) != 0)
			fail_msg("%s: \"%s\" instead of \"%s\"", rows[i].what, s.text, rows[i].say);
	}
}

/* A directory with very many files, made so that every question about it is a long one: an end, and it is said. */
static void many_files(void **state)
{
	(void)state;
	enum { MANY = 20000 };
	struct gh_repo_file *f = calloc(MANY, sizeof *f);
	char(*name)[40] = calloc(MANY, sizeof *name);
	struct gh_fact facts[] = { { GH_FACT_MODULE, "no.such.module", 1, 0, 0 },
				   { GH_FACT_MODULE, ".gone", 0, 0, 0 } };
	struct gh_file_report shell = { .format = "shell" }, python = { .format = "python" };
	static struct said s;
	assert_true(f != NULL && name != NULL);
	for (int i = 0; i < MANY; i++) {
		(void)snprintf(name[i], sizeof name[i], "%d/%s", i, i % 2 == 0 ? "torch.py" : "run.sh");
		f[i] = (struct gh_repo_file){ name[i], 9, i % 2 == 0 ? &python : &shell, facts, 2 };
	}
	s.file = f;
	gh_repo_judge(f, MANY, false, note, &s);
	assert_non_null(strstr(s.text, "GH-REPO-0013"));
	assert_null(strstr(strstr(s.text, "GH-REPO-0013") + 1, "GH-REPO-0013"));
	struct gh_repo_work work = { .left = 3 };
	assert_int_equal(gh_repo_module(f, 4, 1, "torch", false, &work), 4);
	assert_true(work.spent);
	free(f);
	free(name);
}

static void ranges(void **state)
{
	(void)state;
	static const struct gh_fact facts[] = {
		{ GH_FACT_DATA, "d.bin", 40, 10, 0 },	      { GH_FACT_DATA, "d.bin", 0, 10, 0 },
		{ GH_FACT_DATA, "d.bin", 10, 10, 0 },	      { GH_FACT_DATA, "d.bin", 5, 2, 0 },
		{ GH_FACT_DATA, "other", 0, 99, 0 },	      { GH_FACT_DATA, "d.bin", 200, 10, 0 },
		{ GH_FACT_DATA, "d.bin", 90, UINT64_MAX, 0 },
	};
	static const struct gh_file_report rep = { .format = "onnx" };
	const struct gh_repo_file f[] = { { "a/m.onnx", 9, &rep, facts, GH_ROWS(facts) },
					  { "a/d.bin", 100, NULL, NULL, 0 },
					  { "d.bin", 100, NULL, NULL, 0 } };
	struct gh_range v[8];
	assert_int_equal(gh_repo_declared(f, 3, 1, v, 8), 3);
	assert_true(v[0].off == 0 && v[0].len == 20);
	assert_true(v[1].off == 40 && v[1].len == 10);
	assert_true(v[2].off == 90 && v[2].len == 10);
	assert_int_equal(gh_repo_declared(f, 3, 2, v, 8), 0);
	assert_true(gh_repo_declared(f, 3, 1, v, 2) == SIZE_MAX);
}

/* ---- collecting ---------------------------------------------------------------------------------------------------- */

static char log_text[2048];
static void put(void *arg, const struct gh_fact *f)
{
	(void)arg;
	size_t n = strlen(log_text);
	(void)snprintf(log_text + n, sizeof log_text - n, "%d %s %llu %llu;", (int)f->kind, f->target,
		       (unsigned long long)f->a,
		       f->kind == GH_FACT_SHARD || f->kind == GH_FACT_TENSORS ? 0ull : (unsigned long long)f->b);
}

static void refer(struct gh_facts *f, enum gh_ref_kind kind, const char *target, const char *from, uint64_t off,
		  uint64_t len)
{
	struct gh_reference r = {
		.kind = kind, .target = gh_span_str(target), .from = gh_span_str(from), .data = { off, len }
	};
	gh_facts_on(f, &(struct gh_event){ .kind = GH_EV_REFERENCE, .u.reference = &r });
}

static void tensor(struct gh_facts *f, const char *name, uint64_t rows_, uint64_t cols)
{
	uint64_t dim[] = { rows_, cols };
	struct gh_tensor t = { .name = gh_span_str(name), .dtype = "F32", .bits = 32, .ndim = 2, .dim = dim };
	gh_facts_on(f, &(struct gh_event){ .kind = GH_EV_TENSOR, .u.tensor = &t });
}

static void sums(void **state)
{
	(void)state;
	struct gh_facts f = { .arena = { .max = 1 << 20 } };
	refer(&f, GH_REF_DATA, "b", "", 10, 10);
	refer(&f, GH_REF_DATA, "a", "", 0, 4);
	refer(&f, GH_REF_DATA, "b", "", 0, 10);
	refer(&f, GH_REF_DATA, "b", "", 30, UINT64_MAX);
	refer(&f, GH_REF_SHARD, "s", "w", 0, 0);
	refer(&f, GH_REF_SHARD, "t", "x", 0, 0);
	refer(&f, GH_REF_SHARD, "s", "y", 0, 0);
	refer(&f, GH_REF_URL, "http://x", "", 0, 0);
	tensor(&f, "model.layers.3.mlp.weight", 2, 3);
	tensor(&f, "model.layers.11.mlp.weight", 2, 3);
	tensor(&f, "model.embed_tokens.weight", 32, 8);
	size_t n = f.n;
	refer(&f, GH_REF_MODULE, ".a", "", 0, 0);
	refer(&f, GH_REF_MODULE, ".a", "", 0, 0);
	refer(&f, GH_REF_MODULE, "a", "-m", 0, 0);
	refer(&f, GH_REF_SCRIPT, "x.py", "python", 0, 0);
	refer(&f, GH_REF_BLOB, "sha256:00", "digest", 0, 0);
	n = f.n;
	refer(&f, GH_REF_CODE, "gone.py", "", 0, 0);
	gh_facts_rewind(&f, n);
	log_text[0] = '\0';
	gh_facts_close(&f, put, NULL);
	assert_string_equal(
		log_text,
		"1 a 0 4;1 b 0 20;1 b 30 18446744073709551615;3 s 2 0;3 t 1 0;4  3 0;5  12 0;6  32 8;9 F32 0 0;"
		"13 .a 0 0;13 a 1 0;14 x.py 0 0;15 sha256:00 0 0;");
	gh_facts_free(&f);
}

static void setting(struct gh_facts *f, const char *key, const char *text)
{
	struct gh_text t = { .role = "setting", .key = gh_span_str(key), .text = gh_span_str(text) };
	gh_facts_on(f, &(struct gh_event){ .kind = GH_EV_TEXT, .u.text = &t });
}

/* What is kept of settings and shapes: words beside their names, each shape once. */
static void shapes(void **state)
{
	(void)state;
	struct gh_facts f = { .arena = { .max = 1 << 20 } };
	char place[64];
	char longer[200];
	memset(longer, 'a', sizeof longer - 1);
	longer[sizeof longer - 1] = '\0';
	setting(&f, "a", "12");
	setting(&f, "b", "true");
	setting(&f, "c", "false");
	setting(&f, "d", "llama");
	setting(&f, "e", "1.5");
	setting(&f, "f", longer);
	for (int i = 0; i < 40; i++) {
		(void)snprintf(place, sizeof place, "model.layers.%d.mlp.up_proj.weight", i);
		tensor(&f, place, i == 7 ? 5 : 4, 3);
	}
	tensor(&f, "lm_head.weight", 9, 3);
	log_text[0] = '\0';
	gh_facts_close(&f, put, NULL);
	assert_string_equal(log_text, "4  41 0;5  40 0;7 a 12 0;7 b 1 0;7 c 0 0;7 d=llama 1 0;8 head 0 0;"
				      "8 llama mlp.up_proj.weight 4 3;8 llama mlp.up_proj.weight 5 3;8 lm_head 9 3;"
				      "9 F32 0 0;");
	gh_facts_free(&f);
}

static void places(void **state)
{
	(void)state;
	static const struct {
		const char *name, *place;
	} rows_[] = {
		{ "model.layers.31.self_attn.q_proj.weight", "llama self_attn.q_proj.weight" },
		{ "layers.0.mlp.down_proj.weight", "llama mlp.down_proj.weight" },
		{ "transformer.h.11.attn.c_attn.weight", "gpt2 attn.c_attn.weight" },
		{ "roberta.encoder.layer.3.output.dense.weight", "bert output.dense.weight" },
		{ "decoder.block.2.layer.1.EncDecAttention.o.weight", "t5 layer.1.EncDecAttention.o.weight" },
		{ "model.layers.x.self_attn.q_proj.weight", NULL },
		{ "model.layers..self_attn.q_proj.weight", NULL },
		{ "model.layers.1", NULL },
		{ "model.layers.1.", NULL },
		{ "", NULL },
		{ "base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight", NULL },
		{ "model.layers.0.self_attn.q_proj.qweight", NULL },
		{ "vision_tower.layers.0.self_attn.q_proj.weight", NULL },
		{ "model.layers.0.block_sparse_moe.experts.1.w1.weight", NULL },
	};
	for (size_t i = 0; i < GH_ROWS(rows_); i++) {
		const char *p = gh_shape_place(gh_span_str(rows_[i].name));
		if ((p == NULL) != (rows_[i].place == NULL) || (p != NULL && strcmp(p, rows_[i].place) != 0))
			fail_msg("%s: %s", rows_[i].name, p == NULL ? "nothing" : p);
	}
}

static void too_many(void **state)
{
	(void)state;
	struct gh_facts f = { .arena = { .max = 1 << 12 } };
	for (int i = 0; i < 1000; i++)
		tensor(&f, "w", 1, 1);
	log_text[0] = '\0';
	gh_facts_close(&f, put, NULL);
	assert_non_null(strstr(log_text, "11 "));
	gh_facts_free(&f);
}

/* ---- the check for what is inside archives ---------------------------------------------------------------------------- */

static unsigned found;
static void find(struct gh_scene *s, const struct gh_rule *r, struct gh_range at, const char *text)
{
	(void)s, (void)at, (void)text;
	assert_string_equal(r->id, "GH-REF-0001");
	found++;
}

static void inside(void **state)
{
	(void)state;
	struct gh_reference r = { .kind = GH_REF_CODE, .target = GH_SPAN("m.py") };
	struct gh_event ev = { .kind = GH_EV_REFERENCE, .u.reference = &r };
	struct gh_scene s = { .format = "json", .find = find };
	gh_check_references.on(&s, &ev);
	assert_int_equal(found, 0);
	s.depth = 1;
	gh_check_references.on(&s, &ev);
	assert_int_equal(found, 1);
	r.kind = GH_REF_DATA;
	gh_check_references.on(&s, &ev);
	assert_int_equal(found, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(situations), cmocka_unit_test(many_files),
					    cmocka_unit_test(ranges),	  cmocka_unit_test(sums),
					    cmocka_unit_test(shapes),	  cmocka_unit_test(places),
					    cmocka_unit_test(too_many),	  cmocka_unit_test(inside) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
