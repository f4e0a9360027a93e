/* What `gatehouse diff` reads in its worker: tensors of any file, settings of JSON and GGUF, names. The first byte says as what
 * the rest is to be taken. A model compared with itself never differs. */
#include "scan/diff/adapter.h"
#include "scan/diff/fields.h"
#include "scan/diff/match.h"

#include <stdlib.h>

static const char *const names[] = { "tokenizer.json",
				     "config.json",
				     "vocab.json",
				     "merges.txt",
				     "model.safetensors",
				     "model.gguf",
				     "adapter_config.json",
				     "x.npz",
				     "model.safetensors.index.json",
				     "vocab.txt" };

static void differs(void *arg, enum gh_diff_section s, enum gh_diff_change c, struct gh_span key, struct gh_span before,
		    struct gh_span after)
{
	(void)arg, (void)s, (void)c, (void)key, (void)before, (void)after;
	abort();
}
static void counts(void *arg, const char *what, const uint64_t n[5])
{
	(void)arg, (void)what;
	if (n[2] + n[3] + n[4] != 0)
		abort();
}

static int no_spill(void *arg)
{
	(void)arg;
	return -1;
}
static void trouble(void *arg, uint32_t file, const char *why) { (void)arg, (void)file, (void)why; }
static void shard(void *arg, uint32_t file, struct gh_span target) { (void)arg, (void)file, (void)target; }
static struct gh_src *open_mem(void *arg, uint32_t file)
{
	(void)file;
	return arg;
}
static void fit(void *arg, const struct gh_diff_module *m) { (void)arg, (void)m; }

static void weights(struct gh_src *src, struct gh_span name, const struct gh_diff_fields *f)
{
	struct gh_arena arena = { .max = 32 << 20 };
	struct gh_limits lim = gh_limits_default;
	lim.arena = 8 << 20;
	lim.expanded = 16 << 20;
	struct gh_diff_model m[2];
	struct gh_err err = { 0 };
	for (unsigned i = 0; i < 2; i++) {
		m[i] = (struct gh_diff_model){
			.arena = &arena, .lim = &lim, .spill = no_spill, .spool = -1, .trouble = trouble, .shard = shard
		};
		(void)!gh_diff_collect(&m[i], 0, src, name, &err);
	}
	struct gh_diff_bench *b = GH_NEW(&arena, struct gh_diff_bench, 1);
	if (b != NULL && m[0].n == m[1].n) {
		b->side[0] = b->side[1] = (struct gh_diff_bytes){ src, open_mem };
		b->memory = 1 << 20;
		if (gh_diff_match(b, &m[0], &m[1], &err) == GH_OK)
			for (size_t i = 0; i < m[1].n && i < 64; i++) {
				struct gh_diff_measure out;
				if (m[1].v[i].partner != NULL)
					(void)!gh_diff_measure(b, m[1].v[i].partner, &m[1].v[i], i % 3 == 0 ? 4 : 0, 0,
							       &out);
			}
		gh_diff_adapter(b, &m[0], &m[1], f, fit, NULL);
		(void)gh_diff_is_adapter(&m[1]);
	}
	gh_arena_free(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 1)
		return 0;
	struct gh_span name = gh_span_str(names[data[0] % (sizeof names / sizeof names[0])]);
	struct gh_src_mem mem;
	struct gh_src *src = gh_src_mem(&mem, (struct gh_span){ data + 1, size - 1 });
	struct gh_arena arena = { .max = 64 << 20 };
	struct gh_diff_fields f[2] = { { .arena = &arena }, { .arena = &arena } };
	const struct gh_diff_fields_out out = { .field = differs, .counts = counts };
	for (unsigned i = 0; i < 2; i++) {
		struct gh_err err = { 0 };
		(void)!gh_diff_fields(&f[i], src, name, &err);
	}
	if (f[0].n == f[1].n && !f[0].full && !f[1].full)
		gh_diff_fields_compare(&f[0], &f[1], false, &out);
	weights(src, name, &f[0]);
	gh_arena_free(&arena);
	struct gh_diff_name n;
	gh_diff_name((struct gh_span){ data, size }, &n);
	return 0;
}
