/* GGUF: every count, length, type and extent, in both byte orders and all versions. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

#include "format/formats.h"
#include "format/gguf/gguf.h"
#include "support/events.h"

/* ---- a writer, obedient to a fault ---- */

struct gw {
	struct gh_buf b;
	bool big;
	unsigned version;
};

static void put(struct gw *g, uint64_t v, unsigned width)
{
	for (unsigned i = 0; i < width; i++)
		gh_buf_ch(&g->b, (char)(v >> 8 * (g->big ? width - 1 - i : i) & 0xff));
}
static void u32(struct gw *g, uint32_t v) { put(g, v, 4); }
static void u64(struct gw *g, uint64_t v) { put(g, v, 8); }
static void len(struct gw *g, uint64_t v) { put(g, v, g->version == 1 ? 4 : 8); }
static void str(struct gw *g, const char *s)
{
	len(g, strlen(s));
	gh_buf_str(&g->b, s);
}
static void head(struct gw *g, uint64_t tensors, uint64_t pairs)
{
	gh_buf_str(&g->b, "GGUF");
	u32(g, g->version);
	len(g, tensors);
	len(g, pairs);
}
static void text(struct gw *g, const char *key, const char *value)
{
	str(g, key);
	u32(g, 8);
	str(g, value);
}
static void tensor(struct gw *g, const char *name, unsigned ndim, const uint64_t *dim, uint32_t type, uint64_t off)
{
	str(g, name);
	u32(g, ndim);
	for (unsigned i = 0; i < ndim; i++)
		len(g, dim[i]);
	u32(g, type);
	u64(g, off);
}
static void zero(struct gw *g, size_t n)
{
	while (n-- > 0)
		gh_buf_ch(&g->b, 0);
}
static void align(struct gw *g, size_t to)
{
	while (g->b.n % to != 0)
		gh_buf_ch(&g->b, 0);
}

#define D(...) ((const uint64_t[]){ __VA_ARGS__ })

/* ---- one function per case ---- */

static void good(struct gw *g)
{
	head(g, 2, 3);
	text(g, "general.architecture", "llama");
	str(g, "tokenizer.ggml.tokens"), u32(g, 9), u32(g, 8), len(g, 3), str(g, "a"), str(g, ""), str(g, "\xff");
	str(g, "a.bool"), u32(g, 7), put(g, 1, 1);
	tensor(g, "w", 2, D(32, 2), 2, 0); /* Q4_0: 36 bytes */
	tensor(g, "v", 1, D(4), 0, 64);
	align(g, 32), zero(g, 64 + 16);
}
static void all_types(struct gw *g)
{
	static const uint8_t width[] = { 1, 1, 2, 2, 4, 4, 4, 1, 0, 0, 8, 8, 8 };
	head(g, 0, 22);
	for (uint32_t t = 0; t < 13; t++) {
		char key[8] = { 'k', (char)('a' + t), 0 };
		if (width[t] == 0)
			continue;
		str(g, key), u32(g, t), put(g, 1, width[t]);
		key[0] = 'l';
		str(g, key), u32(g, 9), u32(g, t), len(g, 2), zero(g, 2u * width[t]);
	}
}
static void nothing(struct gw *g) { head(g, 0, 0); }
static void version4(struct gw *g) { g->version = 4, head(g, 0, 0); }
static void version0(struct gw *g) { g->version = 0, head(g, 0, 0); }
static void cut_header(struct gw *g) { gh_buf_str(&g->b, "GGUF"), u32(g, 3), u32(g, 0); }
static void many_pairs(struct gw *g) { head(g, 0, (uint64_t)1 << 61); }
static void many_tensors(struct gw *g) { head(g, (uint64_t)1 << 60, 0); }
static void sum_of_counts(struct gw *g) { head(g, 2, 3), zero(g, 60); }
static void long_key(struct gw *g) { head(g, 0, 1), u64(g, UINT64_MAX), zero(g, 50); }
static void long_string(struct gw *g) { head(g, 0, 1), str(g, "k"), u32(g, 8), u64(g, 99), zero(g, 50); }
static void long_array(struct gw *g)
{
	head(g, 0, 1), str(g, "k"), u32(g, 9), u32(g, 12), u64(g, (uint64_t)1 << 61), zero(g, 50);
}
static void long_strings(struct gw *g) { head(g, 0, 1), str(g, "k"), u32(g, 9), u32(g, 8), u64(g, 1000), zero(g, 50); }
static void string_in_array(struct gw *g)
{
	head(g, 0, 1), str(g, "k"), u32(g, 9), u32(g, 8), u64(g, 1), u64(g, 77), zero(g, 50);
}
static void type13(struct gw *g) { head(g, 0, 1), str(g, "k"), u32(g, 13), zero(g, 8); }
static void array_type13(struct gw *g) { head(g, 0, 1), str(g, "k"), u32(g, 9), u32(g, 99), u64(g, 1), zero(g, 8); }
static void nested(struct gw *g)
{
	head(g, 0, 2), str(g, "k"), u32(g, 9), u32(g, 9), u64(g, 2);
	u32(g, 4), u64(g, 1), u32(g, 7), u32(g, 8), u64(g, 1), str(g, "inner");
	text(g, "after", "x");
}
static void nested_deep(struct gw *g)
{
	head(g, 0, 1), str(g, "k"), u32(g, 9);
	for (int i = 0; i < 100; i++)
		u32(g, 9), u64(g, 1);
}
static void key_twice(struct gw *g) { head(g, 0, 2), text(g, "k", "a"), text(g, "k", "b"); }
static void odd_key(struct gw *g) { head(g, 0, 1), text(g, "k\n", "a"); }
static void empty_key(struct gw *g) { head(g, 0, 1), text(g, "", "a"); }
static void odd_bool(struct gw *g) { head(g, 0, 1), str(g, "k"), u32(g, 7), put(g, 2, 1); }
static void alignment(struct gw *g, uint32_t type, uint32_t v)
{
	head(g, 1, 1), str(g, "general.alignment"), u32(g, type), put(g, v, type == 4 ? 4 : 8);
	tensor(g, "w", 1, D(4), 0, 0), align(g, 64), zero(g, 64);
}
static void align0(struct gw *g) { alignment(g, 4, 0); }
static void align24(struct gw *g) { alignment(g, 4, 24); }
static void align64(struct gw *g) { alignment(g, 4, 64); }
static void align_u64(struct gw *g) { alignment(g, 10, 32); }
static void not_utf8(struct gw *g) { head(g, 0, 1), text(g, "k", "a\xff"); }
static void binary_value(struct gw *g)
{
	head(g, 0, 1), text(g, "k", "\x80\x04\x95\x01\x01\x01\x01\x01\x01\x01\x01\x01}.aaaaaaaa");
}
static void template(struct gw *g) { head(g, 0, 1), text(g, "tokenizer.chat_template", "{{ messages }}"); }
static void template_named(struct gw *g) { head(g, 0, 1), text(g, "tokenizer.chat_template.rag", "{{ x.__class__ }}"); }
static void template_long(struct gw *g)
{
	head(g, 0, 1), str(g, "tokenizer.chat_template"), u32(g, 8), len(g, GH_WINDOW_MAX + 1);
	for (size_t i = 0; i <= GH_WINDOW_MAX; i++)
		gh_buf_ch(&g->b, 'x');
}
static void template_empty(struct gw *g) { head(g, 0, 1), text(g, "tokenizer.chat_template", ""); }
static void code(struct gw *g) { head(g, 0, 1), text(g, "general.description", "import os; os.system('id')"); }
static void url(struct gw *g) { head(g, 0, 1), text(g, "general.url", "https://example.org/m"); }
static void pickle64(struct gw *g)
{
	head(g, 0, 1), text(g, "k", "x: gASVHgAAAAAAAACMBXBvc2l4lIwGc3lzdGVtlJOUjAJpZJSFlFKULg==");
}
static void blob(struct gw *g) { head(g, 0, 1), str(g, "k"), u32(g, 9), u32(g, 0), u64(g, 5000), zero(g, 5000); }
static void dims5(struct gw *g) { head(g, 1, 0), tensor(g, "w", 5, D(1, 1, 1, 1, 1), 0, 0), align(g, 32), zero(g, 32); }
static void dim0(struct gw *g) { head(g, 1, 0), tensor(g, "w", 2, D(0, 4), 0, 0), align(g, 32), zero(g, 32); }
static void dims_overflow(struct gw *g)
{
	head(g, 1, 0), tensor(g, "w", 2, D((uint64_t)1 << 40, (uint64_t)1 << 40), 0, 0), align(g, 32), zero(g, 32);
}
static void dims_negative(struct gw *g)
{
	head(g, 1, 0), tensor(g, "w", 1, D(UINT64_MAX), 24, 0), align(g, 32), zero(g, 32);
}
static void scalar(struct gw *g) { head(g, 1, 0), tensor(g, "w", 0, NULL, 0, 0), align(g, 32), zero(g, 4); }
static void type_unknown(struct gw *g) { head(g, 1, 0), tensor(g, "w", 1, D(4), 200, 0), align(g, 32), zero(g, 32); }
static void type_removed(struct gw *g) { head(g, 1, 0), tensor(g, "w", 1, D(32), 31, 0), align(g, 32), zero(g, 32); }
static void half_block(struct gw *g) { head(g, 1, 0), tensor(g, "w", 2, D(16, 2), 2, 0), align(g, 32), zero(g, 32); }
static void far_away(struct gw *g)
{
	head(g, 1, 0), tensor(g, "w", 1, D(4), 0, (uint64_t)1 << 40), align(g, 32), zero(g, 32);
}
static void wraps(struct gw *g)
{
	head(g, 1, 0), tensor(g, "w", 1, D(4), 0, UINT64_MAX - 31), align(g, 32), zero(g, 32);
}
static void cut_data(struct gw *g) { head(g, 1, 0), tensor(g, "w", 1, D(64), 0, 0), align(g, 32), zero(g, 255); }
static void overlap(struct gw *g)
{
	head(g, 2, 0), tensor(g, "a", 1, D(16), 0, 0), tensor(g, "b", 1, D(16), 0, 32), align(g, 32), zero(g, 96);
}
static void order(struct gw *g)
{
	head(g, 2, 0), tensor(g, "a", 1, D(8), 0, 32), tensor(g, "b", 1, D(8), 0, 0), align(g, 32), zero(g, 64);
}
static void gap(struct gw *g)
{
	head(g, 2, 0), tensor(g, "a", 1, D(8), 0, 0), tensor(g, "b", 1, D(8), 0, 128), align(g, 32), zero(g, 160);
}
static void unaligned(struct gw *g) { head(g, 1, 0), tensor(g, "a", 1, D(4), 0, 4), align(g, 32), zero(g, 32); }
static void trailing(struct gw *g) { head(g, 1, 0), tensor(g, "a", 1, D(8), 0, 0), align(g, 32), zero(g, 40); }
static void tensor_twice(struct gw *g)
{
	head(g, 2, 0), tensor(g, "a", 1, D(8), 0, 0), tensor(g, "a", 1, D(8), 0, 32), align(g, 32), zero(g, 64);
}
static void tensor_noname(struct gw *g) { head(g, 1, 0), tensor(g, "", 1, D(8), 0, 0), align(g, 32), zero(g, 32); }
static void tensor_longname(struct gw *g)
{
	char name[200] = { 0 };
	memset(name, 'n', 80);
	head(g, 2, 0), tensor(g, name, 1, D(8), 0, 0);
	memset(name, 'n', 199);
	tensor(g, name, 1, D(8), 0, 32), align(g, 32), zero(g, 64);
}
static void info_cut(struct gw *g) { head(g, 1, 0), str(g, "abcdef"), u32(g, 4), zero(g, 20); }

/* A language model of two blocks, F16, 64 wide, 2 heads for keys of 4, 3 tokens; each row changes one thing. */
struct lm {
	const char *arch, *type;
	uint32_t blocks, embed, ffn, heads, kv, file_type, split, tokens;
};

static void number(struct gw *g, const char *arch, const char *key, uint32_t v)
{
	char name[64];
	(void)snprintf(name, sizeof name, "%s.%s", arch, key);
	str(g, name), u32(g, 4), u32(g, v);
}

static void write_lm(struct gw *g, struct lm m)
{
	head(g, 6, 10);
	number(g, m.arch, "block_count", m.blocks); /* before the architecture is known */
	text(g, "general.architecture", m.arch);
	text(g, "general.type", m.type);
	number(g, m.arch, "embedding_length", m.embed);
	number(g, m.arch, "feed_forward_length", m.ffn);
	number(g, m.arch, "attention.head_count", m.heads);
	number(g, m.arch, "attention.head_count_kv", m.kv);
	number(g, "general", "file_type", m.file_type);
	number(g, "split", "count", m.split);
	str(g, "tokenizer.ggml.tokens"), u32(g, 9), u32(g, 8), len(g, m.tokens);
	for (uint32_t i = 0; i < m.tokens; i++)
		str(g, "t");
	tensor(g, "token_embd.weight", 2, D(64, 3), 1, 0);
	tensor(g, "blk.0.attn_q.weight", 2, D(64, 64), 1, 384);
	tensor(g, "blk.0.attn_k.weight", 2, D(64, 32), 1, 384 + 8192);
	tensor(g, "blk.1.attn_v.weight", 2, D(64, 32), 1, 384 + 8192 + 4096);
	tensor(g, "blk.1.ffn_down.weight", 2, D(96, 64), 1, 384 + 8192 + 2 * 4096);
	tensor(g, "output_norm.weight", 1, D(64), 0, 384 + 8192 + 2 * 4096 + 12288);
	align(g, 32), zero(g, 384 + 8192 + 2 * 4096 + 12288 + 256);
}

static void sizes(void **st)
{
	(void)st;
	static const struct {
		const char *what;
		struct lm m;
		const char *says; /* NULL: nothing */
	} t[] = {
		{ "all agree", { "llama", "model", 2, 64, 96, 4, 2, 1, 0, 3 }, NULL },
		{ "blocks", { "llama", "model", 3, 64, 96, 4, 2, 1, 0, 3 }, "block_count is 3, the tensors are of 2" },
		{ "too many",
		  { "llama", "model", 1, 64, 96, 4, 2, 1, 0, 3 },
		  "block_count is 1, the tensors are of 2" },
		{ "width", { "llama", "model", 2, 32, 96, 4, 2, 1, 0, 3 }, "embeddings have 64" },
		{ "inner size",
		  { "qwen2", "model", 2, 64, 80, 4, 2, 1, 0, 3 },
		  "ffn_down.weight\" is 96 x 64, the metadata" },
		{ "heads of keys", { "llama", "model", 2, 64, 96, 4, 4, 1, 0, 3 }, "attn_k.weight\" is 64 x 32" },
		{ "tokens", { "llama", "model", 2, 64, 96, 4, 2, 1, 0, 5 }, "the vocabulary has 5 tokens" },
		{ "padded table", { "llama", "model", 2, 64, 96, 4, 2, 1, 0, 2 }, NULL },
		{ "file type", { "llama", "model", 2, 64, 96, 4, 2, 7, 0, 3 }, "GH-GGUF-0028" },
		{ "a mixed file type", { "llama", "model", 2, 64, 96, 4, 2, 15, 0, 3 }, NULL },
		{ "not known", { "somellm", "model", 9, 32, 80, 4, 4, 1, 0, 5 }, NULL },
		{ "adapter", { "llama", "adapter", 9, 32, 80, 4, 4, 1, 0, 5 }, NULL },
		{ "part of a model", { "llama", "model", 9, 64, 96, 4, 2, 0, 3, 3 }, NULL },
		{ "no number for all", { "llama", "model", 0, 0, 0, 0, 0, 1, 0, 3 }, NULL },
	};
	for (size_t i = 0; i < sizeof t / sizeof t[0]; i++)
		for (int big = 0; big < 2; big++) {
			struct gw g = { .b = gh_buf(2 << 20), .big = big != 0, .version = 3 };
			write_lm(&g, t[i].m);
			struct gh_events ev;
			gh_events_walk(&ev, &gh_fmt_gguf, gh_buf_view(&g.b), "x.gguf", true);
			bool any = gh_events_has(&ev, "anomaly");
			if (ev.rc != GH_OK || any != (t[i].says != NULL) || (any && !gh_events_has(&ev, t[i].says)))
				fail_msg("%s: %d\n%s", t[i].what, ev.rc, gh_buf_cstr(&ev.log));
			assert_true(t[i].says == NULL || gh_events_has(&ev, "anomaly GH-GGUF-0027") ||
				    gh_events_has(&ev, "anomaly GH-GGUF-0028"));
			gh_events_free(&ev);
			gh_buf_free(&g.b);
		}
}

/* A key of another architecture neither counts nor hides the one that does. */
static void another_prefix(void **st)
{
	(void)st;
	struct gguf_sizes s = { .highest = 0 };
	gguf_sizes_number(&s, GH_SPAN("llama.block_count"), 7);
	gguf_sizes_text(&s, GH_SPAN("general.architecture"), GH_SPAN("llama"));
	gguf_sizes_number(&s, GH_SPAN("qwen2.block_count"), 9);
	assert_true(s.v[GGUF_BLOCKS] == 7);
	assert_string_equal(s.of[GGUF_BLOCKS], "llama");
}

static const struct row {
	const char *what;
	void (*make)(struct gw *);
	enum gh_rc rc;
	bool gapless;
	const char *has, *hasnot;
} rows[] = {
	{ "good", good, GH_OK, true, "tensor \"w\" Q4_0 [32, 2]", "anomaly" },
	{ "all types", all_types, GH_OK, true, NULL, "anomaly" },
	{ "nothing", nothing, GH_OK, true, NULL, "anomaly" },
	{ "version 4", version4, GH_E_UNREAD, false, "anomaly GH-GGUF-0001", NULL },
	{ "version 0", version0, GH_E_UNREAD, false, "anomaly GH-GGUF-0001", NULL },
	{ "header cut", cut_header, GH_E_MALFORMED, false, "anomaly GH-GGUF-0026", NULL },
	{ "2^61 pairs", many_pairs, GH_E_MALFORMED, false, "anomaly GH-GGUF-0002", NULL },
	{ "2^60 tensors", many_tensors, GH_E_MALFORMED, false, "anomaly GH-GGUF-0002", NULL },
	{ "counts that fit only one by one", sum_of_counts, GH_E_MALFORMED, false, "anomaly GH-GGUF-0002", NULL },
	{ "key longer than the file", long_key, GH_E_MALFORMED, false, "anomaly GH-GGUF-0003", NULL },
	{ "string longer than the file", long_string, GH_E_MALFORMED, false, "anomaly GH-GGUF-0003", NULL },
	{ "array longer than the file", long_array, GH_E_MALFORMED, false, "anomaly GH-GGUF-0003", NULL },
	{ "more strings than bytes", long_strings, GH_E_MALFORMED, false, "anomaly GH-GGUF-0003", NULL },
	{ "string in an array", string_in_array, GH_E_MALFORMED, false, "anomaly GH-GGUF-0003", NULL },
	{ "type 13", type13, GH_E_MALFORMED, false, "anomaly GH-GGUF-0004", NULL },
	{ "element type 99", array_type13, GH_E_MALFORMED, false, "anomaly GH-GGUF-0004", NULL },
	{ "array of arrays", nested, GH_OK, true, "text metadata \"after\" \"x\"", "GH-GGUF-0004" },
	{ "array of arrays: said", nested, GH_OK, true, "anomaly GH-GGUF-0005", NULL },
	{ "arrays 100 deep", nested_deep, GH_E_LIMIT, false, "anomaly GH-GGUF-0024", NULL },
	{ "key twice", key_twice, GH_OK, true, "anomaly GH-GGUF-0007", NULL },
	{ "line break in a key", odd_key, GH_OK, true, "anomaly GH-GGUF-0006", NULL },
	{ "empty key", empty_key, GH_OK, true, "anomaly GH-GGUF-0006", NULL },
	{ "boolean 2", odd_bool, GH_OK, true, "anomaly GH-GGUF-0009", NULL },
	{ "alignment 0", align0, GH_E_MALFORMED, false, "anomaly GH-GGUF-0008", NULL },
	{ "alignment 24", align24, GH_E_MALFORMED, false, "anomaly GH-GGUF-0008", NULL },
	{ "alignment 64", align64, GH_OK, true, "tensor \"w\" F32 [4]", "anomaly" },
	{ "alignment of another type", align_u64, GH_E_MALFORMED, false, "anomaly GH-GGUF-0008", NULL },
	{ "text that is not UTF-8", not_utf8, GH_OK, true, "anomaly GH-GGUF-0010", NULL },
	{ "bytes as text", binary_value, GH_OK, true, "member \"k\" nested", NULL },
	{ "a template", template, GH_OK, true, "text chat-template \"tokenizer.chat_template\" \"{{ messages }}\"",
	  "anomaly" },
	{ "a named template", template_named, GH_OK, true, "text chat-template \"tokenizer.chat_template.rag\"",
	  "anomaly" },
	{ "a template of more than a window", template_long, GH_OK, true, "anomaly GH-GGUF-0011", NULL },
	{ "an empty template", template_empty, GH_OK, true, NULL, "anomaly" },
	{ "code in the description", code, GH_OK, true, "anomaly GH-GGUF-0201", NULL },
	{ "an address", url, GH_OK, true, "reference url \"https://example.org/m\" from \"general.url\"", "anomaly" },
	{ "a pickle in base64", pickle64, GH_OK, true, "member \"k\" nested", NULL },
	{ "a large array is searched", blob, GH_OK, true, "member \"k\" nested", "anomaly" },
	{ "5 dimensions", dims5, GH_E_MALFORMED, false, "anomaly GH-GGUF-0015", NULL },
	{ "a dimension of 0", dim0, GH_OK, false, "anomaly GH-GGUF-0015", NULL },
	{ "dimensions overflow", dims_overflow, GH_OK, false, "anomaly GH-GGUF-0016", "] 64" },
	{ "negative dimension", dims_negative, GH_OK, false, "anomaly GH-GGUF-0016", NULL },
	{ "scalar", scalar, GH_OK, true, "tensor \"w\" F32 []", "anomaly" },
	{ "unknown tensor type", type_unknown, GH_OK, false, "anomaly GH-GGUF-0017", NULL },
	{ "retired tensor type", type_removed, GH_OK, false, "anomaly GH-GGUF-0018", NULL },
	{ "rows of half a block", half_block, GH_OK, false, "anomaly GH-GGUF-0019", NULL },
	{ "offset beyond the file", far_away, GH_OK, false, "anomaly GH-GGUF-0020", NULL },
	{ "offset that wraps", wraps, GH_OK, false, "anomaly GH-GGUF-0020", NULL },
	{ "data cut short", cut_data, GH_OK, false, "anomaly GH-GGUF-0020", NULL },
	{ "overlap", overlap, GH_OK, true, "anomaly GH-GGUF-0021", NULL },
	{ "another order", order, GH_OK, true, "anomaly GH-GGUF-0022", "GH-GGUF-0021" },
	{ "a gap", gap, GH_OK, false, "anomaly GH-GGUF-0022", "GH-GGUF-0021" },
	{ "not aligned", unaligned, GH_OK, false, "anomaly GH-GGUF-0022", NULL },
	{ "trailing bytes", trailing, GH_OK, false, "anomaly GH-GGUF-0023", NULL },
	{ "tensor twice", tensor_twice, GH_OK, true, "anomaly GH-GGUF-0007", NULL },
	{ "tensor without name", tensor_noname, GH_OK, true, "anomaly GH-GGUF-0013", NULL },
	{ "long names", tensor_longname, GH_OK, true, "anomaly GH-GGUF-0014", NULL },
	{ "very long names", tensor_longname, GH_OK, true, "anomaly GH-GGUF-0013", NULL },
	{ "info cut short", info_cut, GH_E_MALFORMED, false, "anomaly GH-GGUF-0026", NULL },
};

static void every_rule(void **st)
{
	(void)st;
	unsigned wrong = 0;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		for (int big = 0; big < 2; big++) {
			struct gw g = { .b = gh_buf(2 << 20), .big = big != 0, .version = 3 };
			rows[i].make(&g);
			struct gh_events ev;
			gh_events_walk(&ev, &gh_fmt_gguf, gh_buf_view(&g.b), "x.gguf", true);
			bool ok = ev.rc == rows[i].rc && ev.gapless == rows[i].gapless &&
				  (rows[i].has == NULL || gh_events_has(&ev, rows[i].has)) &&
				  (rows[i].hasnot == NULL || !gh_events_has(&ev, rows[i].hasnot));
			if (!ok)
				print_message("row \"%s\": rc %d (%s) gapless %d of %zu\n%s", rows[i].what, ev.rc,
					      ev.why, ev.gapless, g.b.n, gh_buf_cstr(&ev.log));
			wrong += !ok;
			gh_events_free(&ev);
			gh_buf_free(&g.b);
		}
	}
	assert_int_equal(wrong, 0);
}

static void versions(void **st)
{
	(void)st;
	for (unsigned v = 1; v <= 3; v++) {
		struct gw g = { .b = gh_buf(1 << 20), .version = v };
		good(&g);
		struct gh_events ev;
		gh_events_walk(&ev, &gh_fmt_gguf, gh_buf_view(&g.b), "x.gguf", false);
		assert_int_equal(ev.rc, GH_OK);
		assert_true(ev.gapless);
		assert_true(gh_events_has(&ev, "tensor \"v\" F32 [4]"));
		assert_int_equal(gh_events_has(&ev, "GH-GGUF-0025"), v == 1);
		gh_events_free(&ev);
		gh_buf_free(&g.b);
	}
}

/* Every truncation and every damaged byte of a good file: an answer, and never silence about missing data. */
static void damage(void **st)
{
	(void)st;
	struct gw g = { .b = gh_buf(1 << 20), .version = 3 };
	good(&g);
	for (size_t n = 8; n < g.b.n; n++) {
		struct gh_events ev;
		gh_events_walk(&ev, &gh_fmt_gguf, (struct gh_span){ g.b.p, n }, "x.gguf", true);
		assert_true(ev.rc != GH_OK || gh_events_has(&ev, "GH-GGUF-0020"));
		gh_events_free(&ev);
	}
	for (size_t i = 4; i < g.b.n; i++)
		for (unsigned x = 1; x < 256; x <<= 1) {
			g.b.p[i] ^= (uint8_t)x;
			struct gh_events ev;
			gh_events_walk(&ev, &gh_fmt_gguf, gh_buf_view(&g.b), "x.gguf", (i & 1) != 0);
			assert_true(ev.rc == GH_OK || ev.why[0] != '\0');
			gh_events_free(&ev);
			g.b.p[i] ^= (uint8_t)x;
		}
	gh_buf_free(&g.b);
}

static void samples(void **st)
{
	(void)st;
	static const struct {
		const char *path, *has, *hasnot;
	} t[] = {
		{ "models/gatehouse-demo-llm.gguf", "text chat-template", "GH-GGUF-0" },
		{ "models/gatehouse-demo-llm-q8_0.gguf", "text chat-template", "GH-GGUF-0" },
		{ "models/gatehouse-demo-lora/gatehouse-demo-lora.gguf", NULL, "anomaly" },
		{ "corpus/benign/gguf/gguf-002.gguf", NULL, "anomaly" },
		{ "corpus/malicious/gguf/gguf-004.gguf", "text chat-template", NULL },
	};
	for (size_t i = 0; i < sizeof t / sizeof t[0]; i++) {
		char path[256];
		(void)snprintf(path, sizeof path, "../shared/%s", t[i].path);
		struct gh_span in = gh_test_file(path);
		if (in.p == NULL) {
			print_message("skipped: %s is absent\n", path);
			skip();
		}
		struct gh_events ev;
		gh_events_walk(&ev, &gh_fmt_gguf, in, path, true);
		assert_int_equal(ev.rc, GH_OK);
		assert_true(ev.gapless);
		assert_true(t[i].has == NULL || gh_events_has(&ev, t[i].has));
		assert_true(t[i].hasnot == NULL || !gh_events_has(&ev, t[i].hasnot));
		gh_events_free(&ev);
		free((void *)(uintptr_t)in.p);
	}
}

int main(void)
{
	const struct CMUnitTest t[] = { cmocka_unit_test(every_rule),	  cmocka_unit_test(sizes),
					cmocka_unit_test(another_prefix), cmocka_unit_test(versions),
					cmocka_unit_test(damage),	  cmocka_unit_test(samples) };
	return cmocka_run_group_tests_name("gguf", t, NULL, NULL);
}
