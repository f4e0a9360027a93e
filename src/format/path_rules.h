/* path_rules.h - one set of findings about member names for every container reader: the rows are expanded into each
 * reader's table under its own prefix ("GH-ZIP-0101", "GH-TAR-0101"), and raised by one function. */
#ifndef GH_FORMAT_PATH_RULES_H
#define GH_FORMAT_PATH_RULES_H
#include "format/format.h"
#include "wire/path.h"

enum { GH_PATH_SAME = 256 }; /* findings of one row in one archive; more say nothing new */

/* Raise rules[first + k] for every bit k of gh_path_flags(name) that is not in `ignore`. seen: one counter per row of
 * the table, zeroed by the caller. Returns all the flags. */
unsigned gh_path_report(struct gh_walk *w, const struct gh_rule *rules, size_t first, uint32_t *seen,
			struct gh_span name, unsigned ignore, uint64_t off, uint64_t len);

/* GH_PATH_FLAGS rows, in the order of enum gh_path_flag; FIRST: index of the first in the reader's table. */
#define GH_PATH_RULES(PREFIX, FIRST) \
	[(FIRST) + 0] = { PREFIX "-0101", \
			  GH_CRITICAL, \
			  GH_UNSAFE, \
			  "Member name leads out of the archive", \
			  "Extracting writes a file anywhere the user may write, which is code execution", \
			  "Do not extract; get the archive from a trustworthy source", \
			  "CWE-22 CVE-2018-1002200" }, \
		   [(FIRST) + 1] = { PREFIX "-0102", \
				     GH_HIGH, \
				     GH_UNSAFE, \
				     "Member name is an absolute path", \
				     "Extracting overwrites a file at a place of the author's choice", \
				     "Do not extract; have it packed with relative names", \
				     "CWE-36" }, \
		   [(FIRST) + 2] = { PREFIX "-0103", \
				     GH_HIGH, \
				     GH_UNSAFE, \
				     "Member name starts with a drive letter", \
				     "Extracting on Windows writes outside the chosen folder", \
				     "Do not extract; have it packed with relative names", \
				     "CWE-39" }, \
		   [(FIRST) + 3] = { PREFIX "-0104", \
				     GH_HIGH, \
				     GH_UNSAFE, \
				     "NUL byte in a member name", \
				     "Some readers cut the name there: a scanner and a loader see different files", \
				     "Do not use", \
				     "CWE-158 CWE-626" }, \
		   [(FIRST) + 4] = { PREFIX "-0105", \
				     GH_MEDIUM, \
				     GH_REVIEW, \
				     "Member name has a `..` component", \
				     "Readers that resolve it and readers that drop it see different names", \
				     "Have it packed with plain names", \
				     "CWE-23" }, \
		   [(FIRST) + 5] = { PREFIX "-0106", \
				     GH_LOW, \
				     GH_REVIEW, \
				     "Backslash in a member name", \
				     "A folder on Windows, a letter elsewhere: the tree depends on who extracts", \
				     "Have it packed with forward slashes", \
				     "CWE-29" }, \
		   [(FIRST) + 6] = { PREFIX "-0107", \
				     GH_MEDIUM, \
				     GH_REVIEW, \
				     "Control character in a member name", \
				     "Listings can be made to show something else than is there", \
				     "Look at the name byte by byte before trusting a listing", \
				     "CWE-150" }, \
		   [(FIRST) + 7] = { PREFIX "-0108", \
				     GH_MEDIUM, \
				     GH_REVIEW, \
				     "Deceptive Unicode in a member name", \
				     "The name reads differently from what it is (reversed or invisible letters)", \
				     "Look at the name byte by byte before trusting a listing", \
				     "CWE-451 CWE-1007" }, \
		   [(FIRST) + 8] = { PREFIX "-0109", \
				     GH_LOW, \
				     GH_REVIEW, \
				     "Member name means something special on Windows", \
				     "A device, an alternate stream or another file is written instead", \
				     "Do not extract on Windows", \
				     "CWE-67 CWE-69" }, \
		   [(FIRST) + 9] = { PREFIX "-0110", \
				     GH_LOW, \
				     GH_REVIEW, \
				     "Member without a name", \
				     "Readers disagree about what to do with it; some skip it", \
				     "Have it packed again", \
				     "CWE-20" }, \
		   [(FIRST) + 10] = { PREFIX "-0111", \
				      GH_LOW, \
				      GH_REVIEW, \
				      "Member name is longer than file systems allow", \
				      "Extraction fails or truncates names until they collide", \
				      "Have it packed again", \
				      "CWE-1284" }, \
		   [(FIRST) + 11] = { PREFIX "-0112", \
				      GH_INFO, \
				      GH_CLEAN, \
				      "Member name is not UTF-8", \
				      "Readers show it differently", \
				      "None needed", \
				      "CWE-176" }, \
		   [(FIRST) + 12] = { PREFIX "-0113", \
				      GH_INFO, \
				      GH_CLEAN, \
				      "Member name is spelled in a roundabout way", \
				      "Two spellings of one file", \
				      "None needed", \
				      "CWE-41" }
#endif
