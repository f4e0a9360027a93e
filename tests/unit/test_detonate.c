/* What a detonation makes of paths, addresses, commands, words of loaders and events; and what it says about the whole. The
 * runs themselves are tests/e2e/test_detonate.py. */
#include "support/cm.h"

#include "runtime/calls.h"
#include "runtime/command.h"
#include "runtime/events.h"
#include "runtime/loaders.h"
#include "runtime/say.h"
#include "runtime/watch_int.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <sys/un.h>

/* ---- paths ------------------------------------------------------------------------------------------------------------ */

static void paths_are_made_plain(void **state)
{
	(void)state;
	static const struct {
		const char *dir, *path, *expect;
	} rows[] = {
		{ "/model", "a", "/model/a" },
		{ "/model", "./a//b/", "/model/a/b" },
		{ "/model/x", "../../etc/passwd", "/etc/passwd" },
		{ "/tmp", "../../../..", "/" },
		{ "/tmp", "/usr/../home/user/.ssh/./id_rsa", "/home/user/.ssh/id_rsa" },
		{ "/", "a/..", "/" },
		{ "/tmp/", "...", "/tmp/..." },
	};
	char out[64];
	for (size_t i = 0; i < GH_ROWS(rows); i++) {
		assert_true(gh_path_plain(rows[i].dir, rows[i].path, out, sizeof out));
		assert_string_equal(out, rows[i].expect);
	}
	assert_false(gh_path_plain("/", "a-path/that-does/not-fit", out, 8));
}

static void paths_are_judged(void **state)
{
	(void)state;
	static const char *const more[] = { "/home/me/venv/", "/engine/" };
	static const struct {
		const char *path;
		enum gh_path_class expect;
	} rows[] = {
		{ "/usr/lib/libc.so.6", GH_PATH_ORDINARY },
		{ "/model/a.pkl", GH_PATH_ORDINARY },
		{ "/proc/self/maps", GH_PATH_ORDINARY },
		{ "/proc/2/status", GH_PATH_ORDINARY },
		{ "/proc/cpuinfo", GH_PATH_ORDINARY },
		{ "/sys/devices/system/cpu/online", GH_PATH_ORDINARY },
		{ "/home/me/venv/lib/x.py", GH_PATH_ORDINARY },
		{ "/engine", GH_PATH_ORDINARY },
		{ "/home/user/.config/matplotlib/x", GH_PATH_ORDINARY },
		{ "/proc/1/environ", GH_PATH_SECRET },
		{ "/proc/17/mem", GH_PATH_SECRET },
		{ "/etc/shadow", GH_PATH_SECRET },
		{ "/run/secrets/kubernetes.io/serviceaccount/token", GH_PATH_SECRET },
		{ "/home/user/.ssh/id_rsa", GH_PATH_SECRET },
		{ "/home/user/.ssh", GH_PATH_SECRET },
		{ "/root/.aws/credentials", GH_PATH_SECRET },
		{ "/home/user/.config/gcloud/x.json", GH_PATH_SECRET },
		{ "/home/user/.cache/huggingface/token", GH_PATH_SECRET },
		{ "/home/user", GH_PATH_ODD },
		{ "/home/user/notes.txt", GH_PATH_ODD },
		{ "/proc/self/root/etc/shadow", GH_PATH_ODD },
		{ "/proc/1/cmdline", GH_PATH_ODD },
		{ "/var/log/syslog", GH_PATH_ODD },
		{ "/usrx/y", GH_PATH_ODD },
	};
	for (size_t i = 0; i < GH_ROWS(rows); i++)
		if (gh_path_read(rows[i].path, more, GH_ROWS(more), 2) != rows[i].expect)
			fail_msg("%s: class %d", rows[i].path, gh_path_read(rows[i].path, more, GH_ROWS(more), 2));
	assert_true(gh_path_scratch("/tmp/a/b"));
	assert_true(gh_path_scratch("/dev/null"));
	assert_false(gh_path_scratch("/tmpx"));
	assert_false(gh_path_scratch("/home/user/.bashrc"));
	assert_false(gh_path_scratch("/proc/self/mem"));
}

/* ---- addresses, commands ------------------------------------------------------------------------------------------------ */

static const char *shown(struct gh_buf *b)
{
	const char *s = gh_buf_cstr(b);
	return s;
}

static void addresses_are_shown(void **state)
{
	(void)state;
	gh_auto_buf a = gh_buf(300), b = gh_buf(300), c = gh_buf(300), d = gh_buf(300), e = gh_buf(300);
	struct sockaddr_in in = { .sin_family = AF_INET,
				  .sin_port = htons(4444),
				  .sin_addr.s_addr = inet_addr("192.0.2.7") };
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6, .sin6_port = htons(80) };
	struct sockaddr_un un = { .sun_family = AF_UNIX, .sun_path = "/run/x\n.sock" };
	in6.sin6_addr.s6_addr[15] = 1;
	assert_true(gh_address_text(&a, &in, sizeof in));
	assert_string_equal(shown(&a), "192.0.2.7:4444");
	assert_true(gh_address_text(&b, &in6, sizeof in6));
	assert_string_equal(shown(&b), "[::1]:80");
	assert_true(gh_address_text(&c, &un, sizeof un));
	assert_null(strchr(shown(&c), '\n'));
	assert_non_null(strstr(shown(&c), "unix:/run/x"));
	assert_false(gh_address_text(&d, &in, 1)); /* too short for a family */
	assert_false(gh_address_text(&e, &in, 6)); /* too short for an address */
}

static void lookups_are_read(void **state)
{
	(void)state;
	static const uint8_t query[] = "\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x04"
				       "evil\x07"
				       "example\x00\x00\x01\x00\x01";
	gh_auto_buf a = gh_buf(300);
	assert_true(gh_dns_name(&a, query, sizeof query - 1));
	assert_string_equal(shown(&a), "evil.example");
	for (size_t n = 0; n < 26; n++) { /* cut anywhere */
		gh_auto_buf b = gh_buf(300);
		if (n < 25)
			assert_false(gh_dns_name(&b, query, n));
	}
	uint8_t answer[sizeof query];
	memcpy(answer, query, sizeof query);
	answer[2] = 0x81;
	gh_auto_buf c = gh_buf(300), d = gh_buf(300);
	assert_false(gh_dns_name(&c, answer, sizeof answer));
	memcpy(answer, query, sizeof query);
	answer[12] = 0xc0; /* a pointer: no query has one */
	assert_false(gh_dns_name(&d, answer, sizeof answer));
}

static void commands_are_split(void **state)
{
	(void)state;
	gh_auto_arena a = { .max = 1 << 20 };
	static const struct {
		const char *text;
		const char *word[5];
	} rows[] = {
		{ "python3 load.py {path}", { "python3", "load.py", "{path}" } },
		{ "  a 'b c'  \"d \\\"e\" f\\ g", { "a", "b c", "d \"e", "f g" } },
		{ "a ''", { "a", "" } },
		{ "a'b'c", { "abc" } },
	};
	for (size_t i = 0; i < GH_ROWS(rows); i++) {
		size_t n = 0, expect = 0;
		const char **v = gh_command_split(&a, rows[i].text, 10, &n);
		assert_non_null(v);
		while (expect < 5 && rows[i].word[expect] != NULL)
			expect++;
		assert_int_equal(n, expect);
		for (size_t k = 0; k < n; k++)
			assert_string_equal(v[k], rows[i].word[k]);
		assert_null(v[n]);
	}
	size_t n;
	assert_null(gh_command_split(&a, "a 'b", 10, &n));
	assert_null(gh_command_split(&a, "  ", 10, &n));
	assert_null(gh_command_split(&a, "a b c", 2, &n));
	assert_string_equal(gh_command_fill(&a, "-m={path}:{path}", "/model/x"), "-m=/model/x:/model/x");
	const char *const argv[] = { "/bin/sh", "-c", "curl x | sh", "\x1b[2J" };
	gh_auto_buf b = gh_buf(400);
	gh_command_text(&b, argv, GH_ROWS(argv));
	assert_non_null(strstr(shown(&b), "/bin/sh -c 'curl x | sh' "));
	assert_null(strchr(shown(&b), 0x1b));
}

/* ---- loaders ------------------------------------------------------------------------------------------------------------ */

static void loaders_are_chosen_by_format(void **state)
{
	(void)state;
	static const struct {
		const char *format, *kind;
	} rows[] = {
		{ "pickle", "pickle" },
		{ "pytorch-zip", "torch" },
		{ "npz", "numpy" },
		{ "hdf5", "hdf5" },
		{ "gguf", "gguf" },
		{ "onnx", "onnx" },
		{ "safetensors", "safetensors" },
		{ "zip+pickle", "pickle" },
		{ "gzip", "packed" },
		{ "r-data", "" },
	};
	for (size_t i = 0; i < GH_ROWS(rows); i++) {
		const struct gh_loader *l = gh_loader_for(rows[i].format);
		assert_non_null(l);
		assert_string_equal(l->kind, rows[i].kind);
		assert_int_not_equal(l->host, GH_LOADER_NONE);
		assert_int_equal(l->inert,
				 strcmp(l->format, "safetensors") == 0); /* of all these, only this runs nothing */
	}
	static const struct {
		const char *format;
		bool archive;
	} nobody[] = {
		{ "tf-savedmodel", false },
		{ "torchserve", false },
		{ "llamafile", false },
		{ "zip", true },
		{ "tar", true },
		{ "7z", true },
		{ "zstd", true },
	};
	for (size_t i = 0; i < GH_ROWS(nobody); i++) {
		const struct gh_loader *l = gh_loader_for(nobody[i].format);
		assert_non_null(l);
		assert_int_equal(l->host, GH_LOADER_NONE);
		assert_int_equal(l->archive, nobody[i].archive);
		assert_false(l->inert);
	}
	static const char *const none[] = { "text", "json", "unknown", "", "pickles", "xpickle" };
	for (size_t i = 0; i < GH_ROWS(none); i++)
		assert_null(gh_loader_for(none[i]));
	struct gh_python p = { .found = " torch numpy " };
	assert_true(gh_python_has(&p, "torch"));
	assert_true(gh_python_has(&p, "onnxruntime numpy"));
	assert_true(gh_python_has(&p, ""));
	assert_false(gh_python_has(&p, "tor"));
	char dir[400];
	assert_false(gh_engine_find("/nonexistent", dir));
	assert_false(gh_engine_find("/usr", dir));
}

static void words_are_not_trusted(void **state)
{
	(void)state;
	gh_auto_arena a = { .max = 1 << 20 };
	struct gh_said s;
	static const char text[] = "w1 V python3 3\nw1 V llama\nw1 X early\nw1 L\nw1 V other 9\nw1 X load\x1b[31m \n"
				   "w1 N infer: no\nw1 M numpy os.path $(x) ../y a-b\nw1 \nw1 Z what\nw1 D";
	gh_said_read(&s, (struct gh_span){ (const uint8_t *)text, sizeof text - 1 }, "w1", &a);
	assert_string_equal(s.version, "python3 3, llama"); /* once the model is opened, nothing names the loader */
	assert_int_equal(s.forged, 0);
	assert_true(s.done);
	assert_int_equal(s.nexercised, 1);
	assert_null(strchr(s.exercised[0], 0x1b));
	assert_string_equal(s.not_exercised[0], "infer: no");
	assert_string_equal(s.modules, "numpy\nos.path\n");
	gh_said_read(&s, GH_SPAN("w1 L\nw1 D\nw1 F no\nw1 R"), "w1",
		     &a); /* having failed counts more than having said so */
	assert_false(s.done);
	assert_true(s.r);
	assert_string_equal(s.failed, "no");
	gh_auto_buf many = gh_buf(1 << 16), tail = gh_buf(400);
	for (int i = 0; i < 500; i++)
		gh_buf_str(&many, i == 0 ? "w1 L\n" : "w1 X again\n");
	gh_said_read(&s, gh_buf_view(&many), "w1", &a);
	assert_int_equal(s.nexercised, GH_SAID_MAX);
	gh_said_tail(&tail, GH_SPAN("Traceback\nValueError: \x07 no\n\n"));
	assert_non_null(strstr(shown(&tail), "ValueError"));
	assert_null(strchr(shown(&tail), 7));
	gh_said_read(&s, GH_SPAN(""), "w1", &a);
	assert_string_equal(s.version, "");
}

static void words_of_others_do_not_count(void **state)
{
	(void)state;
	gh_auto_arena a = { .max = 1 << 20 };
	static const struct {
		const char *text;
		unsigned forged;
		bool done, r;
		size_t exercised;
	} rows[] = {
		{ "w1 V p\nw1 L\nw1 X load\nw1 D\n", 0, true, false, 1 },
		{ "V p\nL\nX load\nD\n", 4, false, false, 0 },		   /* no word */
		{ "w2 V p\nw2 L\nw2 X load\nw2 D\n", 4, false, false, 0 }, /* another one */
		{ "w1 V p\nw1 L\nX load\nD\n", 2, false, false, 0 },	   /* from the middle on */
		{ "w1 V p\nw1 L\nR\nD\n", 2, false, false, 0 },		   /* "it is for R" */
		{ "w1 V p\nw1 L\nw1 R\nw1 D\n", 0, true, true, 0 },	   /* … said by the script itself */
		{ "w1 D\n", 0, false, false, 0 },			   /* the model was never opened */
		{ "w1 L\nrubbishw1 D\n", 1, false, false, 0 },		   /* lines that ran into each other */
		{ "w1 L\nw1D\n w1 D\nw1\n", 3, false, false, 0 },
		{ "w1 L\nw1 X load\nw1 D\nw", 0, true, false, 1 }, /* cut off where no more is kept */
	};
	struct gh_said s;
	for (size_t i = 0; i < GH_ROWS(rows); i++) {
		gh_said_read(&s, gh_span_str(rows[i].text), "w1", &a);
		if (s.forged != rows[i].forged || s.done != rows[i].done || s.r != rows[i].r ||
		    s.nexercised != rows[i].exercised)
			fail_msg("row %zu: forged %u, done %d, R %d, exercised %zu", i, s.forged, s.done, s.r,
				 s.nexercised);
	}
	gh_said_read(&s, GH_SPAN("L\nX load\nD\n"), "",
		     &a); /* an own command has no word: nothing counts, nothing is forged */
	assert_false(s.done);
	assert_int_equal(s.forged, 0);
}

/* ---- events ------------------------------------------------------------------------------------------------------------- */

static void events_count_and_are_bounded(void **state)
{
	(void)state;
	gh_auto_arena a = { .max = 8 << 20 };
	struct gh_events e = { .arena = &a };
	gh_event_add(&e, GH_DET_EXEC, "x");
	gh_event_add(&e, GH_DET_EXEC, "x");
	gh_event_add(&e, GH_DET_NET, "x");
	assert_int_equal(e.n, 2);
	assert_int_equal(e.v[0].times, 2);
	for (int i = 0; i < GH_EVENTS_OF_KIND + 50; i++) {
		char text[20];
		(void)snprintf(text, sizeof text, "%d", i);
		gh_event_add(&e, GH_DET_ODD, text);
	}
	assert_int_equal(e.n, 2 + GH_EVENTS_OF_KIND);
	assert_int_equal(e.dropped, 50);
	/* Whoever fills one kind hides nothing of another. */
	for (int k = 0; k < GH_DET_KINDS; k++)
		gh_event_add(&e, (enum gh_detonation_kind)k, "later");
	assert_int_equal(e.n, 2 + GH_EVENTS_OF_KIND + GH_DET_KINDS - 1);
	assert_int_equal(e.dropped, 51);
	/* What is taken away makes room again. */
	struct gh_events o = { .arena = &a };
	gh_event_add(&o, GH_DET_ODD, "7");
	gh_events_subtract(&e, &o);
	gh_event_add(&e, GH_DET_ODD, "one more");
	assert_int_equal(e.dropped, 51);
}

static void ordinary_events_are_taken_away(void **state)
{
	(void)state;
	gh_auto_arena a = { .max = 1 << 20 };
	static const struct {
		const char *seen, *ordinary;
		bool gone;
	} rows[] = {
		{ "would have run: /sbin/ldconfig -p", "would have run: /sbin/ldconfig -p", true },
		{ "would have run: /bin/sh -c 'rm -Rf /tmp/RtmpA1'", "would have run: /bin/sh -c 'rm -Rf /tmp/RtmpZz9'",
		  true },
		{ "would have run: /bin/sh -c 'rm -Rf /tmp/x;id'", "would have run: /bin/sh -c 'rm -Rf /tmp/y'",
		  false },
		{ "would have run: /bin/sh -c 'rm -Rf /tmp/../home'", "would have run: /bin/sh -c 'rm -Rf /tmp/y'",
		  false },
		{ "would have run: a", "would have run: ab", false },
		{ "would have run: ab", "would have run: a", false },
	};
	for (size_t i = 0; i < GH_ROWS(rows); i++) {
		struct gh_events e = { .arena = &a }, o = { .arena = &a };
		gh_event_add(&e, GH_DET_EXEC, rows[i].seen);
		gh_event_add(&e, GH_DET_NET, rows[i].seen);
		gh_event_add(&o, GH_DET_EXEC, rows[i].ordinary);
		gh_events_subtract(&e, &o);
		if (e.n != (rows[i].gone ? 1u : 2u))
			fail_msg("%s: %zu left", rows[i].seen, e.n);
		assert_int_equal(e.v[e.n - 1].kind, GH_DET_NET); /* of another kind: it stays */
	}
}

static void more_written_code_than_usual_counts(void **state)
{
	(void)state;
	gh_auto_arena a = { .max = 1 << 20 };
	struct gh_events e = { .arena = &a }, o = { .arena = &a };
	for (int i = 0; i < 2; i++)
		gh_event_add(&e, GH_DET_NATIVE, "runs machine code that was written");
	gh_event_add(&o, GH_DET_NATIVE, "runs machine code that was written");
	gh_events_subtract(&e, &o);
	assert_int_equal(e.n, 1);
}

static void writers_of_machine_code_are_told_from_compilers(void **state)
{
	(void)state;
	static const struct {
		const char *path;
		bool writes;
	} rows[] = {
		{ "/usr/lib/x86_64-linux-gnu/libdnnl.so.2", false },
		{ "/usr/lib/x86_64-linux-gnu/libtorch_cpu.so.1.13", false },
		{ "/usr/lib/x86_64-linux-gnu/libpcre2-8.so.0.11.2", false },
		{ "/usr/lib/llvm-14/lib/libLLVM-14.so.1", false },
		{ "/opt/venv/lib/python3.12/site-packages/llvmlite/binding/libllvmlite.so", false },
		{ "/usr/lib/x86_64-linux-gnu/libffi.so.8.1.2", true },
		{ "/opt/venv/lib/libffi-3b2c.so.8", true },
		{ "/usr/lib/python3.11/lib-dynload/mmap.cpython-311-x86_64-linux-gnu.so", true },
		{ "/usr/lib/python3.11/lib-dynload/_ctypes.cpython-311-x86_64-linux-gnu.so", true },
		{ "/usr/bin/python3.11", true },
		{ "/usr/lib/x86_64-linux-gnu/libpython3.11.so.1.0", true },
		{ "/usr/lib/x86_64-linux-gnu/perl-base/libperl.so.5.36", true },
		{ "/model/libdnnl.so.2", true },
		{ "/tmp/libdnnl.so.2", true },
		{ "/memfd:x (deleted)", true },
		{ "", true },
		{ "[stack]", true },
	};
	for (size_t i = 0; i < GH_ROWS(rows); i++)
		if (gh_path_writes_code(rows[i].path) != rows[i].writes)
			fail_msg("%s: %d", rows[i].path, !rows[i].writes);
}

static void more_processes_than_usual_count(void **state)
{
	(void)state;
	gh_auto_arena a = { .max = 1 << 20 };
	struct gh_events e = { .arena = &a }, o = { .arena = &a };
	gh_event_add(&e, GH_DET_FORK, "started another process");
	gh_event_add(&o, GH_DET_FORK, "started another process");
	gh_event_add(&e, GH_DET_FORK, "started another process");
	gh_events_subtract(&e, &o);
	assert_int_equal(e.n, 1);
	gh_event_add(&o, GH_DET_FORK, "started another process");
	gh_events_subtract(&e, &o);
	assert_int_equal(e.n, 0);
}

/* ---- the report --------------------------------------------------------------------------------------------------------- */

static void every_event_has_its_rule(void **state)
{
	(void)state;
	static const struct {
		const char *id;
		enum gh_verdict effect;
	} rows[] = {
		[GH_DET_EXEC] = { "GH-DET-0001", GH_UNSAFE },
		[GH_DET_NET] = { "GH-DET-0002", GH_UNSAFE },
		[GH_DET_SECRET] = { "GH-DET-0003", GH_UNSAFE },
		[GH_DET_WRITE] = { "GH-DET-0004", GH_UNSAFE },
		[GH_DET_FORK] = { "GH-DET-0005", GH_UNSAFE },
		[GH_DET_OTHERS] = { "GH-DET-0006", GH_UNSAFE },
		[GH_DET_KERNEL] = { "GH-DET-0007", GH_UNSAFE },
		[GH_DET_NATIVE] = { "GH-DET-0008", GH_UNSAFE },
		[GH_DET_ODD] = { "GH-DET-0009", GH_REVIEW },
		[GH_DR_FAILED] = { "GH-DET-0010", GH_INCOMPLETE },
		[GH_DR_FLOOD] = { "GH-DET-0011", GH_INCOMPLETE },
		[GH_DR_NOT_EXERCISED] = { "GH-DET-0012", GH_INCOMPLETE },
	};
	for (size_t i = 0; i < GH_ROWS(rows); i++) {
		assert_string_equal(gh_detonation_rules[i].id, rows[i].id);
		assert_int_equal(gh_detonation_rules[i].effect, rows[i].effect);
		assert_ptr_equal(gh_rule_by_id(rows[i].id), &gh_detonation_rules[i]);
	}
	for (int k = 0; k < GH_DET_KINDS; k++)
		assert_true(strlen(gh_detonation_kind_name((enum gh_detonation_kind)k)) > 2);
}

static void verdict_follows_the_events(void **state)
{
	(void)state;
	gh_auto_arena a = { .max = 1 << 20 };
	static const struct gh_detonation_event exec = { GH_DET_EXEC, "would have run: id", 1 },
						odd = { GH_DET_ODD, "reads /x", 1 };
	const struct {
		struct gh_detonation d;
		enum gh_verdict verdict;
		enum gh_stage_state stage;
	} rows[] = {
		{ { .ran = true, .loader = "l", .layers = "" }, GH_CLEAN, GH_STAGE_RUN },
		{ { .ran = true, .loader = "l", .event = &exec, .nevent = 1 }, GH_UNSAFE, GH_STAGE_RUN },
		{ { .ran = true, .loader = "l", .event = &odd, .nevent = 1 }, GH_REVIEW, GH_STAGE_RUN },
		{ { .ran = true, .loader = "l", .why = "it died" }, GH_INCOMPLETE, GH_STAGE_INCOMPLETE },
		{ { .ran = true, .loader = "l", .why = "it died", .event = &exec, .nevent = 1 },
		  GH_UNSAFE,
		  GH_STAGE_INCOMPLETE },
		{ { .loader = "", .why = "no engine here" }, GH_INCOMPLETE, GH_STAGE_NOT_RUN },
		{ { .ran = true, .loader = "", .why = "too much", .flooded = true },
		  GH_INCOMPLETE,
		  GH_STAGE_INCOMPLETE },
	};
	for (size_t i = 0; i < GH_ROWS(rows); i++) {
		struct gh_file_report r = {
			.path = "x", .format = "pickle", .sha256 = "00", .size = 1, .understood = 1
		};
		assert_true(gh_detonation_judge(&rows[i].d, &a, &r));
		assert_int_equal(r.verdict, rows[i].verdict);
		struct gh_stage_report s = gh_detonation_stage(&rows[i].d, 1, &a);
		assert_int_equal(s.state, rows[i].stage);
		if (rows[i].d.why != NULL) {
			assert_non_null(strstr(s.reason, "not exercised: "));
			assert_non_null(strstr(s.reason, rows[i].d.why));
		} else
			assert_null(s.reason);
	}
	struct gh_stage_report none = gh_detonation_stage(NULL, 0, &a);
	assert_int_equal(none.state, GH_STAGE_NOT_RUN);
	assert_non_null(strstr(none.reason, "not exercised"));
	/* What nobody misses changes no verdict, and is neither asked for nor counted. */
	struct gh_detonation spared = { .path = "x", .loader = "", .layers = "", .spared = "nothing in it runs" };
	struct gh_file_report r = { .path = "x", .format = "safetensors", .sha256 = "00", .size = 1, .understood = 1 };
	assert_true(gh_detonation_judge(&spared, &a, &r));
	assert_int_equal(r.verdict, GH_CLEAN);
	struct gh_stage_report alone = gh_detonation_stage(&spared, 1, &a);
	assert_int_equal(alone.state, GH_STAGE_NOT_RUN);
	assert_string_equal(alone.reason, "not exercised: nothing in it runs");
	struct gh_detonation with[] = { spared, rows[0].d };
	assert_int_equal(gh_detonation_stage(with, 2, &a).state, GH_STAGE_RUN);
	struct gh_detonation without[] = { spared, rows[5].d };
	assert_string_equal(gh_detonation_stage(without, 2, &a).reason, "not exercised: no engine here");
	gh_auto_buf line = gh_buf(400);
	gh_detonation_line(&line, &spared);
	assert_string_equal(gh_buf_cstr(&line), "x: not loaded: nothing in it runs");
	struct gh_detonation two[] = { rows[0].d, rows[5].d };
	struct gh_stage_report s = gh_detonation_stage(two, 2, &a);
	assert_int_equal(s.state, GH_STAGE_INCOMPLETE);
	assert_non_null(strstr(s.reason, "1 of 2 files"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(paths_are_made_plain),
		cmocka_unit_test(paths_are_judged),
		cmocka_unit_test(addresses_are_shown),
		cmocka_unit_test(lookups_are_read),
		cmocka_unit_test(commands_are_split),
		cmocka_unit_test(loaders_are_chosen_by_format),
		cmocka_unit_test(words_are_not_trusted),
		cmocka_unit_test(words_of_others_do_not_count),
		cmocka_unit_test(more_written_code_than_usual_counts),
		cmocka_unit_test(writers_of_machine_code_are_told_from_compilers),
		cmocka_unit_test(events_count_and_are_bounded),
		cmocka_unit_test(ordinary_events_are_taken_away),
		cmocka_unit_test(every_event_has_its_rule),
		cmocka_unit_test(more_processes_than_usual_count),
		cmocka_unit_test(verdict_follows_the_events),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
