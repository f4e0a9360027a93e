/* JSON documents: what is a document, which fields matter and how much, what stays unclaimed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

#include "format/formats.h"
#include "support/events.h"

#define S(s) { (const uint8_t *)("" s), sizeof(s) - 1 }
static const char AUTOMAP_HERE[] = "anomaly GH-JSON-0010";

static const struct row {
	const char *what;
	struct gh_span in;
	enum gh_rc rc;
	bool gapless;
	const char *has;    /* a piece of the log, or NULL */
	const char *hasnot; /* "anomaly" when nothing at all may be found */
} rows[] = {
	{ "a plain configuration", S("{\"model_type\": \"bert\", \"hidden_size\": 768, \"a\": [1, 2.5, null]}\n"),
	  GH_OK, true, NULL, "anomaly" },
	{ "a byte order mark", S("\xef\xbb\xbf{\"a\": 1}"), GH_OK, true, "claim 0+11 struct", "anomaly" },
	{ "JSON lines", S("{\"text\": \"import os; os.system('x')\"}\n{\"text\": \"b\"}\n"), GH_OK, true, NULL,
	  "anomaly" },
	{ "bytes after the document", S("{\"a\": [1, 2, 3]} PK\3\4"), GH_OK, false, "claim 0+17 struct", NULL },
	{ "a broken second line", S("{\"a\": 1}\n{\"a\": "), GH_OK, false, "anomaly GH-JSON-0001", NULL },
	{ "not JSON", S("{\"a\": 1, \"b\": 2, \"c\": 3, % x\n}"), GH_E_MALFORMED, false, "anomaly GH-JSON-0001 25+0",
	  NULL },
	{ "a comment and a spare comma", S("{\"a\": 1, \"b\": 2, \"c\": 3, // x\n}"), GH_OK, true,
	  "anomaly GH-JSON-0027 25+0 comments", "GH-JSON-0001" },
	{ "a comment first", S("/* x */ # y\n{\"auto_map\": {\"A\": \"e/r--t.T\"}}"), GH_OK, true,
	  "anomaly GH-JSON-0009", NULL },
	{ "single quotes, bare keys", S("{a: 'x\\x41\\'\"\t', $type: 'os.system', n: +0x1F, b: True, l: [1 ,],}"),
	  GH_OK, true, "call inst os.system", "GH-JSON-0001" },
	{ "a template in single quotes", S("{'chat_template': '{{ \"x\" }}', }"), GH_OK, true,
	  "text chat-template \"chat_template\" \"{{ \"x\" }}\"", NULL },
	{ "no comma", S("{\"a\": \"b\" \"_target_\": \"os.system\"}"), GH_OK, true, "call inst os.system", NULL },
	{ "a comment that does not end", S("{\"a\": 1, \"b\": [2, 3, 4], /* }"), GH_E_MALFORMED, false,
	  "anomaly GH-JSON-0001", NULL },
	{ "cut short", S("{\"a\": [1, 2, 3, 4, 5, 6, 7, 8"), GH_E_MALFORMED, false,
	  "GH-JSON-0001 29+0 at \"a\": ends inside a value", NULL },
	{ "a key twice", S("{\"a\": 1, \"\\u0061\": 2}"), GH_OK, true, "anomaly GH-JSON-0003", NULL },
	{ "NaN of Python", S("{\"a\": [NaN, -Infinity]}"), GH_OK, true, "anomaly GH-JSON-0004", "GH-JSON-0001" },
	{ "half a surrogate", S("{\"a\": \"\\ud800\"}"), GH_OK, true, "anomaly GH-JSON-0005", "GH-JSON-0001" },
	{ "an empty template", S("{\"chat_template\": \"\"}"), GH_OK, true, NULL, "anomaly" },
	{ "a template", S("{\"chat_template\": \"{{ x }}\"}"), GH_OK, true,
	  "text chat-template \"chat_template\" \"{{ x }}\" 18+9", "GH-JSON-0008" },
	{ "templates in a list",
	  S("{\"chat_template\": [{\"name\": \"default\", \"template\": \"{{ ''.__class__ }}\"}]}"), GH_OK, true,
	  "text chat-template \"template\" \"{{ ''.__class__ }}\"", "anomaly" },
	{ "a template under another name", S("{\"tool_template\": \"{% if x %}y{% endif %}\"}"), GH_OK, true,
	  "text chat-template \"tool_template\" \"{% if x %}y{% endif %}\"", "anomaly" },
	{ "braces under any name", S("{\"q\": \"{{ x|attr('__cl' 'ass__') }}\"}"), GH_OK, true,
	  "text configuration \"q\" \"{{ x|attr('__cl' 'ass__') }}\"", "anomaly" },
	{ "a namespace is no escape", S("{\"chat_template\": \"{% set ns = namespace(a__b=1) %}\"}"), GH_OK, true, NULL,
	  "GH-JSON-0008" },
	{ "code beside the model", S("{\"auto_map\": {\"AutoModel\": \"modeling_x.X\"}}"), GH_OK, true,
	  "reference code \"modeling_x.py\" from \"AutoModel\"", "GH-JSON-0009" },
	{ "code beside the model, named", S("{\"auto_map\": {\"AutoModel\": \"a.b.X\"}}"), GH_OK, true,
	  "anomaly GH-JSON-0030", AUTOMAP_HERE },
	{ "code by a path", S("{\"auto_map\": {\"AutoModel\": \"../x.X\"}}"), GH_OK, true, AUTOMAP_HERE, "reference" },
	{ "sizes", S("{\"hidden_size\": 768, \"a\": {\"vocab_size\": 3}}"), GH_OK, true,
	  "text setting \"hidden_size\" \"768\"", "vocab_size" },
	{ "shards", S("{\"weight_map\": {\"w\": \"a.bin\", \"v\": \"a.bin\"}}"), GH_OK, true,
	  "reference shard \"a.bin\" from \"v\"", "anomaly" },
	{ "code of another repository", S("{\"auto_map\": {\"AutoTokenizer\": [\"evil/r--tok.T\", null]}}"), GH_OK,
	  true, "anomaly GH-JSON-0009", NULL },
	{ "custom pipelines", S("{\"custom_pipelines\": {\"a\": {\"impl\": \"p.py\", \"pt\": [\"AutoModel\"]}}}"),
	  GH_OK, true, "reference code \"p.py\"", NULL },
	{ "trust asked for", S("{\"trust_remote_code\": true}"), GH_OK, true, "anomaly GH-JSON-0011", NULL },
	{ "trust refused", S("{\"trust_remote_code\": false}"), GH_OK, true, NULL, "anomaly" },
	{ "Hydra, own library", S("{\"model\": {\"_target_\": \"nemo.collections.X\", \"n\": 1}}"), GH_OK, true,
	  "call inst nemo.collections.X", "anomaly" },
	{ "another spelling of the same", S("{\"class_path\": \"os.system\", \"init_args\": {}}"), GH_OK, true,
	  "call inst os.system", NULL },
	{ "Hydra, the system", S("{\"_target_\": \"os.system\", \"_args_\": [\"id\"]}"), GH_OK, true,
	  "call inst os.system", NULL },
	{ "Keras", S("{\"class_name\": \"Sequential\", \"config\": {\"layers\": []}}"), GH_OK, true,
	  "call operation .Sequential", "anomaly" },
	{ "config alone is not Keras", S("{\"config\": {\"layers\": []}}"), GH_OK, true, NULL, "anomaly" },
	{ "a notebook", S("{\"cells\": [{\"cell_type\": \"code\", \"source\": [\"1\"]}], \"nbformat\": 4}"), GH_OK,
	  true, "anomaly GH-JSON-0015", NULL },
	{ "jsonpickle names", S("{\"py/object\": \"a.B\"}"), GH_OK, true, "anomaly GH-JSON-0016", "GH-JSON-0017" },
	{ "jsonpickle calls", S("{\"py/reduce\": [{\"py/type\": \"os.system\"}, {\"py/tuple\": [\"id\"]}]}"), GH_OK,
	  true, "anomaly GH-JSON-0017", NULL },
	{ "skops", S("{\"__class__\": \"A\", \"__module__\": \"b\", \"__loader__\": \"ObjectNode\"}"), GH_OK, true,
	  "call operation b.A", "anomaly" },
	{ "arguments of a node of skops",
	  S("{\"__class__\": \"Tree\", \"__module__\": \"sklearn.tree._tree\", \"__reduce__\": {\"args\": 1}}"), GH_OK,
	  true, "call operation sklearn.tree._tree.Tree", "anomaly" },
	{ "LangChain", S("{\"lc\": 1, \"type\": \"constructor\", \"id\": [\"a\"]}"), GH_OK, true,
	  "anomaly GH-JSON-0018", NULL },
	{ "LangChain data", S("{\"lc\": 1, \"type\": \"human\", \"id\": [\"a\"]}"), GH_OK, true, NULL, "anomaly" },
	{ "servers", S("{\"mcpServers\": {\"x\": {\"command\": \"npx\", \"args\": []}}}"), GH_OK, true,
	  "anomaly GH-JSON-0019", NULL },
	{ "a logger's factory",
	  S("{\"version\": 1, \"formatters\": {\"f\": {\"()\": \"os.system\", \"command\": \"id\"}}}"), GH_OK, true,
	  "call inst os.system", NULL },
	{ "a logger's own factory", S("{\"formatters\": {\"f\": {\"()\": \"mylib.Formatter\"}}}"), GH_OK, true,
	  "call inst mylib.Formatter", "anomaly" },
	{ "target and params", S("{\"model\": {\"params\": {\"n\": 1}, \"target\": \"ldm.models.X\"}}"), GH_OK, true,
	  "anomaly GH-JSON-0012", "GH-JSON-0013" },
	{ "target alone", S("{\"target\": \"es2020\", \"params\": {\"n\": 1}}"), GH_OK, true, NULL, "anomaly" },
	{ "target and params of the system", S("{\"target\": \"subprocess.run\", \"params\": {\"args\": \"id\"}}"),
	  GH_OK, true, "anomaly GH-JSON-0013", NULL },
	{ "type of mmengine", S("{\"model\": {\"type\": \"os.system\", \"command\": \"id\"}}"), GH_OK, true,
	  "anomaly GH-JSON-0013", NULL },
	{ "a type of its own", S("{\"model\": {\"type\": \"ResNet\", \"depth\": 50}}"), GH_OK, true, NULL, "anomaly" },
	{ "modules of sentence-transformers",
	  S("[{\"idx\": 0, \"name\": \"0\", \"path\": \"\", \"type\": \"sentence_transformers.models.Transformer\"}]"),
	  GH_OK, true, NULL, "anomaly" },
	{ "modules of somebody else",
	  S("[{\"type\": \"custom_st.Transformer\", \"idx\": 0, \"name\": \"0\", \"path\": \"\"}]"), GH_OK, true,
	  "anomaly GH-JSON-0012", "GH-JSON-0013" },
	{ "modules of the system", S("[{\"idx\": 0, \"name\": \"0\", \"path\": \"\", \"type\": \"os.system\"}]"), GH_OK,
	  true, "anomaly GH-JSON-0013", NULL },
	{ "a pipeline",
	  S("{\"_class_name\": \"P\", \"unet\": [\"diffusers\", \"U\"], \"x\": [null, null], \"safety_checker\": "
	    "[\"stable_diffusion\", \"S\"]}"),
	  GH_OK, true, NULL, "anomaly" },
	{ "a pipeline's own part", S("{\"unet\": [\"my_unet\", \"U\"], \"_class_name\": \"MyPipeline\"}"), GH_OK, true,
	  "anomaly GH-JSON-0023", "GH-JSON-0024" },
	{ "blocks of a part of a pipeline",
	  S("{\"_class_name\": \"UNet2DConditionModel\", \"_diffusers_version\": \"0.6.0\", \"block_out_channels\": "
	    "[32, 64], \"down_block_types\": [\"CrossAttnDownBlock2D\", \"DownBlock2D\"]}"),
	  GH_OK, true, NULL, "anomaly" },
	{ "a list in a pipeline that is no pair",
	  S("{\"_class_name\": \"MyPipeline\", \"names\": [\"a\", \"b\", \"c\"], \"one\": [\"my_vae\"]}"), GH_OK, true,
	  NULL, "anomaly" },
	{ "a pipeline's own part with settings",
	  S("{\"_class_name\": \"ModularPipeline\", \"unet\": [\"my_unet\", \"U\", {\"repo\": null}]}"), GH_OK, true,
	  "anomaly GH-JSON-0023", "GH-JSON-0024" },
	{ "a pipeline of the system",
	  S("{\"vae\": [\"my_vae\", \"V\"], \"unet\": [\"os\", \"system\"], \"_diffusers_version\": \"1\"}"), GH_OK,
	  true, "anomaly GH-JSON-0024", NULL },
	{ "a pipeline from a path", S("{\"_class_name\": [\"pipeline\", \"P\"], \"unet\": [\"../../evil\", \"U\"]}"),
	  GH_OK, true, "anomaly GH-JSON-0024", NULL },
	{ "a pipeline class of its own", S("{\"_class_name\": [\"pipeline\", \"P\"]}"), GH_OK, true, AUTOMAP_HERE,
	  NULL },
	{ "pairs of no pipeline", S("{\"os\": [\"os\", \"linux\"]}"), GH_OK, true, NULL, "anomaly" },
	{ "MLflow, own loader", S("{\"flavors\": {\"python_function\": {\"loader_module\": \"mlflow.sklearn\"}}}"),
	  GH_OK, true, NULL, "anomaly" },
	{ "MLflow, the system", S("{\"python_function\": {\"loader_module\": \"os\"}}"), GH_OK, true,
	  "anomaly GH-JSON-0013", NULL },
	{ "MLflow, somebody's loader", S("{\"python_function\": {\"loader_module\": \"x.loader\"}}"), GH_OK, true,
	  "anomaly GH-JSON-0012", "GH-JSON-0013" },
	{ "the system under any key", S("{\"activation\": \"subprocess.check_output\"}"), GH_OK, true,
	  "anomaly GH-JSON-0201", "GH-JSON-0013" },
	{ "names that only look alike",
	  S("{\"a\": \"socket.io\", \"b\": \"os.path.join\", \"c\": \"pickle.py\", \"type\": \"os.version\", \"d\": "
	    "\"os\"}"),
	  GH_OK, true, NULL, "anomaly" },
	{ "keys are told apart by case", S("{\"AUTO_MAP\": {\"AutoModel\": \"a--b.C\"}}"), GH_OK, true, NULL,
	  "anomaly" },
	{ "an escape under another key", S("{\"prompt\": \"{{ x.__init__.__globals__['os'] }}\"}"), GH_OK, true,
	  "anomaly GH-JSON-0008", NULL },
	{ "braces and internals apart", S("{\"doc\": \"Use {{ name }} and obj.__class__ here\"}"), GH_OK, true, NULL,
	  "GH-JSON-0008" },
	{ "scripts that nobody starts unasked",
	  S("{\"name\": \"x\", \"scripts\": {\"clean\": \"rm -rf dist && sh -c x\"}}"), GH_OK, true, NULL, "anomaly" },
	{ "scripts further down are texts", S("{\"a\": {\"b\": {\"scripts\": {\"clean\": \"rm -rf dist\"}}}}"), GH_OK,
	  true, "anomaly GH-JSON-0202", NULL },
	{ "installation hooks", S("{\"name\": \"x\", \"scripts\": {\"postinstall\": \"node x.js\"}}"), GH_OK, true,
	  "anomaly GH-JSON-0019", NULL },
	{ "installation hooks of Composer", S("{\"name\": \"x\", \"scripts\": {\"post-install-cmd\": [\"php x\"]}}"),
	  GH_OK, true, "anomaly GH-JSON-0019", NULL },
	{ "other scripts", S("{\"name\": \"x\", \"scripts\": {\"test\": \"node x.js\"}}"), GH_OK, true, NULL,
	  "anomaly" },
	{ "a vocabulary may hold anything",
	  S("{\"vocab\": {\"os.system('x')\": 1, \"py/reduce\": 2}, \"merges\": [\"rm -rf /\", \"_target_ x\"]}"),
	  GH_OK, true, NULL, "anomaly" },
	{ "code in a value", S("{\"a\": {\"x\": \"__import__('os').system('id')\"}}"), GH_OK, true,
	  "anomaly GH-JSON-0201 12+31", NULL },
	{ "names of classes under names of secrets",
	  S("{\"auth_token\": \"ModelHubAuthTokenProvider1\", \"access_token_type\": \"BearerTokenAuthentication2\"}"),
	  GH_OK, true, NULL, "GH-JSON-0206" },
	{ "a token under such a name", S("{\"auth_token\": \"q8Zk2LmT9xVb4RwPq1\"}"), GH_OK, true,
	  "anomaly GH-JSON-0206", NULL },
	{ "a password of words", S("{\"password\": \"CorrectHorseBattery1\"}"), GH_OK, true, "anomaly GH-JSON-0206",
	  NULL },
	{ "a credential", S("{\"aws\": \"AKIAIOSFODNN7ABCDEFG\"}"), GH_OK, true, "anomaly GH-JSON-0206",
	  "AKIAIOSFODNN7ABCDEFG\"\n" },
	{ "a placeholder is none", S("{\"api_key\": \"YOUR_API_KEY\", \"password\": \"${PASSWORD}\"}"), GH_OK, true,
	  NULL, "anomaly" },
	{ "a pickle in base64", S("{\"d\": \"gASVHgAAAAAAAACMBXBvc2l4lIwGc3lzdGVtlJOUjAJpZJSFlFKULg==\"}"), GH_OK, true,
	  "member \"d\" nested 6+58", NULL },
	{ "a pickle in hex", S("{\"d\": \"80049518000000000000008c05706f736978948c0673797374656d9493942e\"}"), GH_OK,
	  true, "member \"d\" nested", NULL },
	{ "a protocol 0 pickle in base64", S("{\"d\": \"Y29zCnN5c3RlbQooUydpZCcKdFIu\"}"), GH_OK, true,
	  "member \"d\" nested", NULL },
	{ "a digest is no pickle", S("{\"d\": \"80049a55f0f3a1b2c3d4e5f60718293a4b5c6d7e8f9001122334455667788aabb\"}"),
	  GH_OK, true, NULL, "member" },
	{ "an index",
	  S("{\"metadata\": {\"total_size\": 8}, \"weight_map\": {\"a\": \"model-1.safetensors\", \"b\": "
	    "\"model-1.safetensors\"}}"),
	  GH_OK, true, "reference shard \"model-1.safetensors\" from \"a\"", "anomaly" },
	{ "an index that leads out", S("{\"weight_map\": {\"a\": \"../x.bin\"}}"), GH_OK, true, "anomaly GH-JSON-0020",
	  NULL },
	{ "an absolute index", S("{\"weight_map\": {\"a\": \"/etc/passwd\"}}"), GH_OK, true, "anomaly GH-JSON-0020",
	  NULL },
	{ "an index of numbers", S("{\"weight_map\": {\"a\": 7}}"), GH_OK, true, "anomaly GH-JSON-0022", NULL },
};

static void documents(void **st)
{
	(void)st;
	unsigned wrong = 0;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		for (int unstable = 0; unstable < 2; unstable++) {
			struct gh_events ev;
			gh_events_walk(&ev, &gh_fmt_json, rows[i].in, "x.json", unstable != 0);
			bool ok = ev.rc == rows[i].rc && ev.gapless == rows[i].gapless &&
				  (rows[i].has == NULL || gh_events_has(&ev, rows[i].has)) &&
				  (rows[i].hasnot == NULL || !gh_events_has(&ev, rows[i].hasnot));
			if (!ok)
				print_message("row \"%s\": rc %d gapless %d\n%s", rows[i].what, ev.rc, ev.gapless,
					      gh_buf_cstr(&ev.log));
			wrong += !ok;
			assert_true(ev.rc == GH_OK || ev.why[0] != '\0');
			gh_events_free(&ev);
		}
	}
	assert_int_equal(wrong, 0);
}

static enum gh_match probe(const struct gh_fmt *f, struct gh_span in)
{
	struct gh_probe p = { gh_span_cut(in, 0, GH_PROBE_BYTES), in, in.n };
	return f->probe(&p);
}

static void probes(void **st)
{
	(void)st;
	static const struct {
		struct gh_span in;
		enum gh_match json, index;
	} t[] = {
		{ S("{}"), GH_STRONG, GH_NO },
		{ S(" [1]"), GH_STRONG, GH_NO },
		{ S("\"text\""), GH_NO, GH_NO },
		{ S("12"), GH_NO, GH_NO },
		{ S("[section]\nkey = value\n"), GH_NO, GH_NO },
		{ S("[1] see below"), GH_NO, GH_NO },
		{ S("{% for x in y %}"), GH_NO, GH_NO },
		{ S("{\n// c\n\"image\":\"x\",}"), GH_TEXT, GH_NO },
		{ S("// c\n{\"image\":\"x\"}"), GH_TEXT, GH_NO },
		{ S("// c\nint main(void) { return 0; }"), GH_NO, GH_NO },
		{ S("# A heading\n\n[text](link)"), GH_NO, GH_NO },
		{ S("{\"a\": 1, \"b\": 2, \"c\": 3, \"d\": 4, // comment\n}"), GH_TEXT, GH_NO },
		{ S("{\"a\": 1}\n{\"a\": 2}"), GH_STRONG, GH_NO },
		{ S("{\"metadata\": {}, \"weight_map\": {}}"), GH_STRONG, GH_STRONG },
		{ S("{\"metadata\": {\"weight_map\": {}}}"), GH_STRONG, GH_NO },
		{ S("{\"a\": \"weight_map\"}"), GH_STRONG, GH_NO },
	};
	for (size_t i = 0; i < sizeof t / sizeof t[0]; i++) {
		assert_int_equal(probe(&gh_fmt_json, t[i].in), t[i].json);
		assert_int_equal(probe(&gh_fmt_safetensors_index, t[i].in), t[i].index);
	}
}

/* A document longer than the head, and one whose head is cut within a character, are still documents. */
static void long_documents(void **st)
{
	(void)st;
	for (unsigned shift = 0; shift < 8; shift++) {
		gh_auto_buf b = gh_buf(1 << 20);
		gh_buf_fmt(&b, "{\"%.*s\": [", (int)shift, "aaaaaaaa");
		for (int i = 0; i < 20000; i++)
			gh_buf_str(&b, i == 0 ? "\"\xe4\xb8\x96\\u00e9\"" : ",\"\xe4\xb8\x96\\u00e9\"");
		gh_buf_str(&b, "]}");
		assert_int_equal(probe(&gh_fmt_json, gh_buf_view(&b)), GH_STRONG);
		struct gh_events ev;
		gh_events_walk(&ev, &gh_fmt_json, gh_buf_view(&b), "x.json", true);
		assert_int_equal(ev.rc, GH_OK);
		assert_true(ev.gapless);
		gh_events_free(&ev);
	}
}

/* A comment longer than the head in front of a document does not make it mere text. */
static void long_comments(void **st)
{
	(void)st;
	gh_auto_buf b = gh_buf(1 << 20);
	gh_buf_str(&b, "/*");
	for (int i = 0; i < 70000; i++)
		gh_buf_ch(&b, 'x');
	gh_buf_str(&b, "*/ {\"_target_\": \"os.system\"}");
	assert_int_equal(probe(&gh_fmt_json, gh_buf_view(&b)), GH_TEXT);
	struct gh_events ev;
	gh_events_walk(&ev, &gh_fmt_json, gh_buf_view(&b), "x.json", true);
	assert_int_equal(ev.rc, GH_OK);
	assert_true(gh_events_has(&ev, "call inst os.system"));
	assert_true(gh_events_has(&ev, "GH-JSON-0027"));
	gh_events_free(&ev);
	gh_events_walk(&ev, &gh_fmt_json, gh_buf_view(&b), "x.txt", true);
	assert_int_equal(ev.rc, GH_E_NOTTHIS);
	gh_events_free(&ev);
}

/* A pickle in a base64 string of several megabytes is handed on whole. */
static void long_strings(void **st)
{
	(void)st;
	static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	gh_auto_buf b = gh_buf(8 << 20);
	const size_t n = 3 << 20;
	gh_buf_str(&b, "{\"d\": \"");
	for (size_t i = 0; i < n; i += 3) {
		uint8_t v[3] = { 0, 0, 0 };
		static const uint8_t start[] = { 0x80, 4, 'B', 0xf9, 0xff, 0x2f, 0 };
		for (size_t k = 0; k < 3; k++)
			v[k] = i + k < sizeof start ? start[i + k] : 'x';
		unsigned w = (unsigned)v[0] << 16 | (unsigned)v[1] << 8 | v[2];
		for (int k = 18; k >= 0; k -= 6)
			gh_buf_ch(&b, alphabet[w >> k & 63]);
	}
	gh_buf_str(&b, "\"}");
	struct gh_events ev;
	gh_events_walk(&ev, &gh_fmt_json, gh_buf_view(&b), "x.json", true);
	assert_int_equal(ev.rc, GH_OK);
	assert_int_equal(ev.nmember, 1);
	assert_int_equal(ev.member[0].n, GH_PROBE_BYTES);
	assert_memory_equal(ev.member[0].p, "\x80\x04\x42", 3);
	assert_int_equal(ev.budget, (64 << 20) - n);
	gh_events_free(&ev);
}

/* A template that does not fit an event is not passed over in silence. */
static void long_template(void **st)
{
	(void)st;
	gh_auto_buf b = gh_buf(2 << 20);
	gh_buf_str(&b, "{\"chat_template\": \"");
	for (size_t i = 0; i <= GH_WINDOW_MAX; i++)
		gh_buf_ch(&b, 'x');
	gh_buf_str(&b, "\"}");
	struct gh_events ev;
	gh_events_walk(&ev, &gh_fmt_json, gh_buf_view(&b), "x.json", true);
	assert_true(gh_events_has(&ev, "anomaly GH-JSON-0007"));
	assert_int_equal(ev.nmember, 1);
	gh_events_free(&ev);
}

static void samples(void **st)
{
	(void)st;
	static const char *const clean[] = {
		"corpus/benign/config/config-001/config.json", "corpus/benign/config/config-002.json",
		"corpus/benign/config/config-007.json",	       "corpus/benign/config/config-008.json",
		"corpus/benign/template/template-002.json",    "models/gatehouse-demo-llm/tokenizer.json",
		"models/gatehouse-demo-llm/vocab.json",	       "models/gatehouse-demo-llm/config.json"
	};
	for (size_t i = 0; i < sizeof clean / sizeof clean[0]; i++) {
		char path[256];
		(void)snprintf(path, sizeof path, "../shared/%s", clean[i]);
		struct gh_span in = gh_test_file(path);
		if (in.p == NULL) {
			print_message("skipped: %s is absent\n", path);
			skip();
		}
		struct gh_events ev;
		gh_events_walk(&ev, &gh_fmt_json, in, path, true);
		assert_int_equal(ev.rc, GH_OK);
		assert_true(ev.gapless);
		assert_false(gh_events_has(&ev, "anomaly"));
		gh_events_free(&ev);
		free((void *)(uintptr_t)in.p);
	}
}

int main(void)
{
	const struct CMUnitTest t[] = { cmocka_unit_test(documents),	  cmocka_unit_test(probes),
					cmocka_unit_test(long_documents), cmocka_unit_test(long_comments),
					cmocka_unit_test(long_strings),	  cmocka_unit_test(long_template),
					cmocka_unit_test(samples) };
	return cmocka_run_group_tests_name("json documents", t, NULL, NULL);
}
