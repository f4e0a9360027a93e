/* PyTorch's stream format before 1.6, and the tar format of 0.1. */
#include "support/cm.h"
#include "support/pack.h"
#include "support/walked.h"

#include <stdio.h>
#include <stdlib.h>

extern const struct gh_fmt gh_fmt_torch_legacy, gh_fmt_torch_tar, gh_fmt_torch_storages, gh_fmt_torch_tensors;

#define MAGIC \
	"\x80\2\x8a\12l\xfc\x9c" \
	"F\xf9 j\xa8P\x19."
#define VERSION "\x80\2M\xe9\3."
#define SYSINFO "\x80\2}(X\15\0\0\0little_endian\x88u."
#define STORAGE(key, numel) "(X\7\0\0\0storagectorch\nFloatStorage\nX\1\0\0\0" key "X\3\0\0\0cpuK" numel "NtQ"
#define VIEW(key, numel, off, n) \
	"(X\7\0\0\0storagectorch\nFloatStorage\nX\1\0\0\0" key "X\3\0\0\0cpuK" numel "(X\1\0\0\0vK" off "K" n "ttQ"
#define TENSOR(storage, size) \
	"ctorch._utils\n_rebuild_tensor_v2\n(" storage "K\0(K" size "t(K\1t\x89" \
	"ccollections\nOrderedDict\n)RtR"
#define OBJECT(body) "\x80\2" body "."
#define ONE OBJECT("}(X\1\0\0\0w" TENSOR(STORAGE("0", "\4"), "\4") "u")
#define KEYS0 \
	"\x80\2](X\1\0\0\0" \
	"0e."
#define DATA4 \
	"\4\0\0\0\0\0\0\0" \
	"0123456789abcdef"
#define START MAGIC VERSION SYSINFO
#define S(lit) { (const uint8_t *)(lit), sizeof(lit) - 1 }

static const struct {
	const char *what;
	struct gh_span in;
	const char *ids;
	enum gh_rc rc;
	bool gapless;
} rows[] = {
	{ "as torch.save wrote it", S(START ONE KEYS0 DATA4), "", GH_OK, true },
	{ "magic as text", S("L119547037146038801333356L\n." VERSION SYSINFO ONE KEYS0 DATA4), "", GH_OK, true },
	{ "magic behind other opcodes",
	  S("\x80\2N0\x8a\12l\xfc\x9c"
	    "F\xf9 j\xa8P\x19." VERSION SYSINFO ONE KEYS0 DATA4),
	  "", GH_OK, true },
	{ "no storages", S(START OBJECT("N") "\x80\2]."), "", GH_OK, true },
	{ "a view", S(START OBJECT(TENSOR(VIEW("0", "\4", "\1", "\3"), "\3")) KEYS0 DATA4), "", GH_OK, true },
	{ "bytes behind", S(START ONE KEYS0 DATA4 "evil"), "", GH_OK, false },
	{ "another magic",
	  S("\x80\2\x8a\12l\xfc\x9c"
	    "F\xf9 j\xa8P\x18."),
	  NULL, GH_E_NOTTHIS, false },
	{ "magic within a string",
	  S("\x80\2U\12l\xfc\x9c"
	    "F\xf9 j\xa8P\x19."),
	  NULL, GH_E_NOTTHIS, false },
	{ "another version", S(MAGIC "\x80\2M\xea\3." SYSINFO ONE KEYS0 DATA4), "GH-PTL-0001", GH_OK, true },
	{ "system information is a list", S(MAGIC VERSION "\x80\2]." ONE KEYS0 DATA4), "GH-PTL-0002", GH_OK, true },
	{ "keys are a number", S(START ONE "\x80\2K\1." DATA4), "GH-PTL-0003", GH_E_UNREAD, false },
	{ "key that nothing names",
	  S(START ONE "\x80\2](X\1\0\0\0"
		      "9e." DATA4),
	  "GH-PTL-0004", GH_E_UNREAD, false },
	{ "key twice",
	  S(START ONE "\x80\2](X\1\0\0\0"
		      "0X\1\0\0\0"
		      "0e." DATA4 DATA4),
	  "GH-PTL-0005", GH_OK, true },
	{ "another count",
	  S(START ONE KEYS0 "\5\0\0\0\0\0\0\0"
			    "0123456789abcdefghij"),
	  "GH-PTL-0006", GH_E_MALFORMED, false },
	{ "negative count",
	  S(START ONE KEYS0 "\xff\xff\xff\xff\xff\xff\xff\xff"
			    "0123456789abcdefghij"),
	  "GH-PTL-0006", GH_E_MALFORMED, false },
	{ "cut in the data",
	  S(START ONE KEYS0 "\4\0\0\0\0\0\0\0"
			    "0123"),
	  "GH-PTL-0007", GH_E_MALFORMED, false },
	{ "cut in the count", S(START ONE KEYS0 "\4\0\0"), "GH-PTL-0007", GH_E_MALFORMED, false },
	{ "storage without data", S(START ONE "\x80\2]."), "GH-PTL-0008", GH_OK, true },
	{ "broken object", S(START "\x80\2}(X\1\0"), "GH-PTL-0009", GH_E_MALFORMED, false },
	{ "tensor outside", S(START OBJECT(TENSOR(STORAGE("0", "\4"), "\5")) KEYS0 DATA4), "GH-PT-0004", GH_OK, true },
	{ "view outside", S(START OBJECT(TENSOR(VIEW("0", "\4", "\3", "\3"), "\3")) KEYS0 DATA4), "GH-PT-0004", GH_OK,
	  true },
};

/* The pickle machine's own remarks about broken streams are its tests' business. */
static void without_pickle(char *ids)
{
	for (char *at; (at = strstr(ids, "GH-PKL-")) != NULL;) {
		size_t n = strcspn(at, " ");
		n += at[n] == ' ';
		memmove(at, at + n, strlen(at + n) + 1);
	}
	size_t n = strlen(ids);
	if (n != 0 && ids[n - 1] == ' ')
		ids[n - 1] = 0;
}

static void test_legacy(void **state)
{
	(void)state;
	for (size_t i = 0; i < GH_ROWS(rows); i++) {
		struct gh_events ev;
		char ids[400];
		gh_test_walked(&ev, &gh_fmt_torch_legacy, rows[i].in, "x.pt", ids, sizeof ids);
		without_pickle(ids);
		if (ev.rc != rows[i].rc || ev.gapless != rows[i].gapless ||
		    (rows[i].ids == NULL ? ev.events != 0 : strcmp(ids, rows[i].ids) != 0))
			fail_msg("%s: rc %d %s, gapless %d, '%s'\n%s", rows[i].what, (int)ev.rc, ev.why,
				 (int)ev.gapless, ids, gh_buf_cstr(&ev.log));
		gh_events_free(&ev);
	}
}

/* More storages than a value keeps: the list of keys is read from its opcodes. */
static void test_many_keys(void **state)
{
	(void)state;
	enum { N = 3000 };
	struct gh_test_bytes b = { 0 };
	char key[16];
	gh_test_put(&b, GH_SPAN(START "\x80\2]("));
	for (int i = 0; i < N; i++) {
		gh_test_put(&b, GH_SPAN("(X\7\0\0\0storagectorch\nByteStorage\nX\4\0\0\0"));
		(void)snprintf(key, sizeof key, "%04d", i);
		gh_test_put(&b, gh_span_str(key));
		gh_test_put(&b, GH_SPAN("X\3\0\0\0cpuK\1NtQ"));
	}
	gh_test_put(&b, GH_SPAN("e.\x80\2]("));
	for (int i = 0; i < N; i++) {
		(void)snprintf(key, sizeof key, "%04d", i);
		gh_test_put(&b, GH_SPAN("X\4\0\0\0"));
		gh_test_put(&b, gh_span_str(key));
	}
	gh_test_put(&b, GH_SPAN("e."));
	for (int i = 0; i < N; i++) {
		gh_test_le(&b, 1, 8);
		gh_test_le(&b, 7, 1);
	}
	struct gh_events ev;
	char ids[400];
	gh_test_walked(&ev, &gh_fmt_torch_legacy, gh_test_view(&b), "x.pt", ids, sizeof ids);
	assert_string_equal(ids, "");
	assert_true(ev.gapless && ev.rc == GH_OK);
	assert_true(gh_events_has(&ev, "member \"2999\""));
	gh_events_free(&ev);
	gh_test_free(&b);
}

/* ---- tar ------------------------------------------------------------------------------------------------------- */

static void tar_member(struct gh_test_bytes *b, const char *name, struct gh_span data)
{
	uint8_t h[512] = { 0 };
	(void)snprintf((char *)h, 100, "%s", name);
	memcpy(h + 100, "0000644", 7);
	memcpy(h + 108, "0000000", 7);
	memcpy(h + 116, "0000000", 7);
	(void)snprintf((char *)h + 124, 12, "%011llo", (unsigned long long)data.n);
	memcpy(h + 136, "00000000000", 11);
	memset(h + 148, ' ', 8);
	h[156] = '0';
	memcpy(h + 257,
	       "ustar\0"
	       "00",
	       8);
	unsigned sum = 0;
	for (size_t i = 0; i < sizeof h; i++)
		sum += h[i];
	(void)snprintf((char *)h + 148, 8, "%06o", sum);
	gh_test_put(b, (struct gh_span){ h, sizeof h });
	gh_test_put(b, data);
	static const uint8_t zero[512];
	gh_test_put(b, (struct gh_span){ zero, (512 - data.n % 512) % 512 });
}

#define STORAGES \
	"\x80\2K\1." \
	"\x80\2(K\7X\3\0\0\0cpuctorch\nFloatStorage\nt." DATA4 "\x80\2]((K\x08K\7K\1K\2te."
#define TENSORS(offset) \
	"\x80\2K\1." \
	"\x80\2(K\1K\7ctorch\nFloatTensor\nt." \
	"\2\0\0\0\0\0\0\0" \
	"\2\0\0\0\0\0\0\0\2\0\0\0\0\0\0\0" \
	"\2\0\0\0\0\0\0\0\1\0\0\0\0\0\0\0" offset "\0\0\0\0\0\0\0"
#define OLD(storages, tensors) \
	{ \
		{ "sys_info", S("\x80\2}.") }, { "pickle", S("\x80\2K\1.") }, { "storages", S(storages) }, \
		{ \
			"tensors", S(tensors) \
		} \
	}

static const struct {
	const char *what;
	struct {
		const char *name;
		struct gh_span data;
	} m[6];
	const char *ids;
} tars[] = {
	{ "as torch.save wrote it", OLD(STORAGES, TENSORS("\0")), "" },
	{ "tensor outside", OLD(STORAGES, TENSORS("\1")), "GH-PTT-0008" },
	{ "tensor without storage", OLD("\x80\2K\0.\x80\2].", TENSORS("\0")), "GH-PTT-0008" },
	{ "nothing in it", OLD("\x80\2K\0.", "\x80\2K\0."), "" },
	{ "a stranger",
	  { { "pickle", S("\x80\2K\1.") }, { "storages", S("\x80\2K\0.") }, { "run.py", S("import os") } },
	  "GH-PTT-0006" },
	{ "two pickles",
	  { { "pickle", S("\x80\2K\1.") }, { "storages", S("\x80\2K\0.") }, { "pickle", S("\x80\2K\1.") } },
	  NULL },
	{ "any tar", { { "pickle", S("\x80\2K\1.") }, { "readme", S("x") } }, NULL },
};

static void test_tar(void **state)
{
	(void)state;
	for (size_t i = 0; i < GH_ROWS(tars); i++) {
		struct gh_test_bytes b = { 0 };
		struct gh_events ev;
		char ids[400];
		static const uint8_t zero[1024];
		for (size_t k = 0; k < 6 && tars[i].m[k].name != NULL; k++)
			tar_member(&b, tars[i].m[k].name, tars[i].m[k].data);
		gh_test_put(&b, (struct gh_span){ zero, sizeof zero });
		gh_test_walked(&ev, &gh_fmt_torch_tar, gh_test_view(&b), "x.pt", ids, sizeof ids);
		if (tars[i].ids != NULL && strcmp(ids, tars[i].ids) != 0)
			fail_msg("%s: rc %d %s '%s'\n%s", tars[i].what, (int)ev.rc, ev.why, ids, gh_buf_cstr(&ev.log));
		if (strcmp(tars[i].what, "two pickles") == 0)
			assert_true(gh_events_has(&ev, "anomaly GH-PTT-0007"));
		if (strcmp(tars[i].what, "any tar") == 0)
			assert_int_equal(ev.rc, GH_E_NOTTHIS);
		else
			assert_true(ev.gapless);
		gh_events_free(&ev);
		gh_test_free(&b);
	}
}

static const struct {
	const char *what;
	const struct gh_fmt *fmt;
	struct gh_span in;
	const char *ids;
	enum gh_rc rc;
} parts[] = {
	{ "storages", &gh_fmt_torch_storages, S(STORAGES), "", GH_OK },
	{ "tensors", &gh_fmt_torch_tensors, S(TENSORS("\0")), "", GH_OK },
	{ "count is a string", &gh_fmt_torch_storages, S("\x80\2X\1\0\0\0a."), "GH-PTT-0002", GH_E_UNREAD },
	{ "more than there is", &gh_fmt_torch_storages, S("\x80\2K\xff."), "GH-PTT-0002", GH_E_UNREAD },
	{ "negative", &gh_fmt_torch_storages, S("\x80\2J\xff\xff\xff\xff.aaaaa"), "GH-PTT-0002", GH_E_UNREAD },
	{ "broken count", &gh_fmt_torch_storages, S("\x80\2K"), "GH-PTT-0001", GH_E_MALFORMED },
	{ "storage of no type", &gh_fmt_torch_storages, S("\x80\2K\1.\x80\2(K\7NNt." DATA4), "GH-PTT-0002",
	  GH_E_UNREAD },
	{ "storage cut", &gh_fmt_torch_storages,
	  S("\x80\2K\1.\x80\2(K\7X\3\0\0\0cpuctorch\nFloatStorage\nt.\5\0\0\0\0\0\0\0ab"), "GH-PTT-0003",
	  GH_E_MALFORMED },
	{ "storage of 2^62 elements", &gh_fmt_torch_storages,
	  S("\x80\2K\1.\x80\2(K\7X\3\0\0\0cpuctorch\nFloatStorage\nt.\0\0\0\0\0\0\0\x40"
	    "ab"),
	  "GH-PTT-0003", GH_E_MALFORMED },
	{ "view outside", &gh_fmt_torch_storages, S("\x80\2K\0.\x80\2]((K\x08K\7K\1K\2te."), "GH-PTT-0005", GH_OK },
	{ "tensor cut", &gh_fmt_torch_tensors, S("\x80\2K\1.\x80\2(K\1K\7Nt.\2\0\0\0"), "GH-PTT-0003", GH_E_MALFORMED },
	{ "1000 dimensions", &gh_fmt_torch_tensors, S("\x80\2K\1.\x80\2(K\1K\7Nt.\xe8\3\0\0\0\0\0\0"), "GH-PTT-0002",
	  GH_E_UNREAD },
	{ "negative size", &gh_fmt_torch_tensors,
	  S("\x80\2K\1.\x80\2(K\1K\7Nt.\1\0\0\0\0\0\0\0"
	    "\xff\xff\xff\xff\xff\xff\xff\xff"
	    "\1\0\0\0\0\0\0\0"
	    "\0\0\0\0\0\0\0\0"),
	  "GH-PTT-0004", GH_OK },
};

static void test_parts(void **state)
{
	(void)state;
	for (size_t i = 0; i < GH_ROWS(parts); i++) {
		struct gh_events ev;
		char ids[400];
		gh_test_walked(&ev, parts[i].fmt, parts[i].in, "storages", ids, sizeof ids);
		without_pickle(ids);
		if (ev.rc != parts[i].rc || strcmp(ids, parts[i].ids) != 0 || (ids[0] == 0 && !ev.gapless))
			fail_msg("%s: rc %d %s '%s'\n%s", parts[i].what, (int)ev.rc, ev.why, ids, gh_buf_cstr(&ev.log));
		gh_events_free(&ev);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_legacy), cmocka_unit_test(test_many_keys),
					    cmocka_unit_test(test_tar), cmocka_unit_test(test_parts) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
