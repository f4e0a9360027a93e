/* signs.h - signs of active content in text that should only describe: metadata of tensor files, configuration values.
 *
 * Nothing here proves an attack: these texts are data to every loader. But a description has no business importing os,
 * fetching a script or hiding a blob, and programs that do act on such values exist. So each sign is a cause for a
 * person to look, found by its structure (a call, a pipe into a shell, an address to be contacted), never by a name
 * that some sample happens to use. One set of rows for every reader of such text, under the reader's own prefix. */
#ifndef GH_FORMAT_SIGNS_H
#define GH_FORMAT_SIGNS_H
#include "format/format.h"

enum gh_sign {
	GH_SIGN_CODE,	 /* program text that imports or calls what reaches the system */
	GH_SIGN_SHELL,	 /* commands for a shell */
	GH_SIGN_SCRIPT,	 /* active content for a browser or a notebook viewer */
	GH_SIGN_ENCODED, /* decoding calls, escaped bytes, program text in base64 or hex */
	GH_SIGN_ADDRESS, /* an address to be contacted, or of a program */
	GH_SIGN_SECRET,	 /* a credential */
	GH_SIGNS
};

/* Bits 1u << enum gh_sign; at[sign] is where in text the first one of each kind starts. key may be empty. */
unsigned gh_signs(struct gh_span key, struct gh_span text, size_t at[GH_SIGNS]);

/* Raise rules[first + sign] for every sign in text, over the range off, len. Returns the bits. */
unsigned gh_signs_report(struct gh_walk *w, const struct gh_rule *rules, size_t first, struct gh_span key,
			 struct gh_span text, uint64_t off, uint64_t len);

/* Does a template name what no template needs and every escape from the template language does: Python's internal
 * attributes (`__class__`, `__globals__` …), spelled out or escaped? *at: where. */
bool gh_signs_template(struct gh_span text, size_t *at);

/* Rows for a reader's table, in the order of enum gh_sign. */
#define GH_SIGN_RULES(PREFIX, FIRST) \
	[(FIRST) + \
		GH_SIGN_CODE] = { PREFIX "-0201", \
				  GH_MEDIUM, \
				  GH_REVIEW, \
				  "Descriptive text holds program code", \
				  "A program that evaluates this value runs the author's code", \
				  "Read the value; do not use the file with software that evaluates it", \
				  "CWE-94 CWE-95 AML.T0011" }, \
		[(FIRST) + GH_SIGN_SHELL] = { PREFIX "-0202", \
					      GH_MEDIUM, \
					      GH_REVIEW, \
					      "Descriptive text holds shell commands", \
					      "A set-up step that passes this value to a shell runs the author's " \
					      "commands", \
					      "Read the value; never paste it into a shell", \
					      "CWE-78 AML.T0011" }, \
		[(FIRST) + GH_SIGN_SCRIPT] = { PREFIX "-0203", \
					       GH_MEDIUM, \
					       GH_REVIEW, \
					       "Descriptive text holds browser scripts", \
					       "A page that shows this value runs the author's script in the " \
					       "reader's session", \
					       "Read the value; escape it wherever it is shown", \
					       "CWE-79 CWE-80" }, \
		[(FIRST) + \
			GH_SIGN_ENCODED] = { PREFIX "-0204", \
					     GH_MEDIUM, \
					     GH_REVIEW, \
					     "Descriptive text hides what it says", \
					     "Encoded text passes eyes and filters and is decoded where it does harm", \
					     "Decode the value and read it", \
					     "CWE-506 AML.T0015" }, \
		[(FIRST) + GH_SIGN_ADDRESS] = { PREFIX "-0205", \
						GH_MEDIUM, \
						GH_REVIEW, \
						"Descriptive text names an address to contact or to fetch a program " \
						"from", \
						"Software that follows it reports to the author or runs what it gets " \
						"there", \
						"Check who owns the address; do not let tools follow it", \
						"CWE-829 AML.T0025" }, \
		[(FIRST) + GH_SIGN_SECRET] = { PREFIX "-0206", \
					       GH_HIGH, \
					       GH_REVIEW, \
					       "Text holds what looks like a credential", \
					       "Everybody who has the file can use the account", \
					       "Revoke the credential and have the file published without it", \
					       "CWE-312 CWE-798 AML.T0055" }
#endif
