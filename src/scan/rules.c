#include "scan/rules.h"

#include "check/check.h"
#include "check/yarapack.h"
#include "format/format.h"
#include "scan/detonation.h"
#include "scan/repo.h"
#include "scan/vex.h"
#include "scan/report.h"

#include <string.h>
#include <strings.h>

#define NOTHING_PROVEN "Whatever was not read may hold anything: a scanner that stays silent here would vouch for it."

const struct gh_rule gh_scan_rules[GH_S_RULES + 1] = {
	[GH_S_NOT_UNDERSTOOD] = { "GH-SCAN-0001", GH_MEDIUM, GH_INCOMPLETE, "Format not understood", NOTHING_PROVEN,
				  "Find out what this file is for. Leave it out, or ship it in a format that can be "
				  "checked.",
				  "CWE-434" },
	[GH_S_NOT_READ] = { "GH-SCAN-0002", GH_MEDIUM, GH_INCOMPLETE, "Identified, not read", NOTHING_PROVEN,
			    "This version has no reader for the format. Have it reviewed by other means, or leave it "
			    "out.",
			    "" },
	[GH_S_MALFORMED] = { "GH-SCAN-0003", GH_MEDIUM, GH_INCOMPLETE, "Malformed: could not be read to the end",
			     "Loaders differ in what they do with broken files; some run what comes before the break.",
			     "Fetch the file again and compare its digest with the publisher's. Do not load it as it "
			     "is.",
			     "CWE-20" },
	[GH_S_LIMIT] = { "GH-SCAN-0004", GH_MEDIUM, GH_INCOMPLETE, "A resource limit was reached",
			 "Bombs exhaust memory, disk or time of whoever opens them; a payload may hide behind them.",
			 "If you trust the size, raise the limit named in the detail and scan again.",
			 "CWE-409 CWE-400" },
	[GH_S_UNREAD] = { "GH-SCAN-0005", GH_MEDIUM, GH_INCOMPLETE, "A part could not be read", NOTHING_PROVEN,
			  "Have this part reviewed by other means, or ask for a version without encryption or unusual "
			  "methods.",
			  "" },
	[GH_S_CRASH] = { "GH-SCAN-0006", GH_HIGH, GH_INCOMPLETE, "The worker that read this file ended unexpectedly",
			 "The file may have been built to crash or subvert scanners; the sandbox contained it.",
			 "Do not load the file. Please report it: a crash of the worker is a defect of Gatehouse.",
			 "CWE-248" },
	[GH_S_TIME] = { "GH-SCAN-0007", GH_MEDIUM, GH_INCOMPLETE, "The time limit was reached",
			"A file that takes for ever to read blocks whoever loads it.",
			"Raise --limit-time if the file is legitimately huge, and scan again.", "CWE-400" },
	[GH_S_CHANGED] = { "GH-SCAN-0008", GH_HIGH, GH_INCOMPLETE, "The file changed while it was read",
			   "Showing one content to the scanner and another to the loader defeats every check.",
			   "Scan a copy that nobody writes to.", "CWE-367" },
	[GH_S_IO] = { "GH-SCAN-0009", GH_MEDIUM, GH_INCOMPLETE, "The file could not be read", NOTHING_PROVEN,
		      "Check that it exists and that you may read it, then scan again.", "" },
	[GH_S_SPECIAL] = { "GH-SCAN-0010", GH_MEDIUM, GH_INCOMPLETE, "Not a regular file",
			   "Devices, pipes and sockets have no place in a model and can block or damage whoever opens "
			   "them.",
			   "Remove it.", "CWE-59" },
	[GH_S_LINK] = { "GH-SCAN-0011", GH_MEDIUM, GH_INCOMPLETE, "Symbolic link that was not followed", NOTHING_PROVEN,
			"Replace the link by what it should point to, or scan its target as well.", "CWE-59" },
	[GH_S_LINK_OUT] = { "GH-SCAN-0012", GH_MEDIUM, GH_REVIEW,
			    "Symbolic link to a file outside the scanned directory",
			    "What the link points to differs on the machine that loads the model: a file of that "
			    "machine is read, and may be given away.",
			    "The target was scanned in its place. Ship the file itself instead of a link.", "CWE-59" },
	[GH_S_LINK_CACHE] = { "GH-SCAN-0016", GH_INFO, GH_CLEAN, "Symbolic link into the download cache",
			      "None: this is how the Hugging Face cache keeps the files of a snapshot.",
			      "None needed; the target was scanned in its place.", "" },
	[GH_S_PROTOCOL] = { "GH-SCAN-0013", GH_HIGH, GH_INCOMPLETE, "The worker broke its protocol",
			    "The file may have taken over the worker; the sandbox contained it and its word does not "
			    "count.",
			    "Do not load the file. Please report it.", "CWE-20" },
	[GH_S_BUG] = { "GH-SCAN-0014", GH_MEDIUM, GH_INCOMPLETE, "Internal error of a reader", NOTHING_PROVEN,
		       "Please report it with the file's digest.", "" },
	[GH_S_GAP] = { "GH-COV-0001", GH_MEDIUM, GH_REVIEW, "Bytes that no structure accounts for",
		       "A place to hide a payload that a second stage reads back, or that another parser sees first.",
		       "Compare with the publisher's original; re-export the model.", "CWE-506" },
	[GH_S_TRAILING] = { "GH-COV-0002", GH_MEDIUM, GH_REVIEW, "Bytes after the end of the structure",
			    "Loaders ignore them, malware droppers do not.",
			    "Compare with the publisher's original; re-export the model.", "CWE-506" },
	[GH_S_OVERLAP] = { "GH-COV-0003", GH_HIGH, GH_UNSAFE, "Structures overlap",
			   "The same bytes mean two things: readers can be shown different contents, and memory "
			   "corrupted.",
			   "Do not load the file.", "CWE-436 CWE-823" },
	[GH_S_PADDING] = { "GH-COV-0004", GH_MEDIUM, GH_REVIEW, "Padding that is not zero",
			   "Padding carries data that no loader looks at.", "Compare with the publisher's original.",
			   "CWE-506" },
	[GH_S_HIDDEN] = { "GH-COV-0005", GH_HIGH, GH_UNSAFE, "Hidden content in bytes that no loader reads",
			  "A second file rides along: another parser, or a dropper that knows where to look, will use "
			  "it.",
			  "Do not use the file.", "CWE-506 AML.T0018" },
	[GH_S_NAME] = { "GH-ID-0001", GH_MEDIUM, GH_REVIEW, "The name disagrees with the content",
			"A harmless looking name gets a dangerous format past people and filters.",
			"Find out why; rename the file to what it is, or do not use it.", "CWE-646 AML.T0074" },
	[GH_S_POLYGLOT] = { "GH-ID-0002", GH_HIGH, GH_UNSAFE, "Polyglot: several formats at once",
			    "Scanner and loader can be made to read different files out of the same bytes.",
			    "Do not use the file.", "CWE-436" },
	[GH_S_NOT_RAW] = { "GH-ID-0003", GH_HIGH, GH_UNSAFE, "Data that should be plain numbers is a file of its own",
			   "A payload is carried as weights, ready for a second stage to unpack.",
			   "Do not use the file.", "CWE-506 AML.T0018" },
	[GH_S_RAW_TEXT] = { "GH-ID-0006", GH_INFO, GH_CLEAN, "A document or picture is stored as numbers",
			    "None by itself: quantised weights and tokenizers keep their settings so. It was read as "
			    "what "
			    "it is.",
			    "None needed.", "" },
	[GH_S_RAW_LOADED] = { "GH-ID-0007", GH_MEDIUM, GH_REVIEW, "A pickle or checkpoint is stored as numbers",
			      "Some libraries keep states of layers so and unpickle them when the model is loaded. "
			      "What it "
			      "calls was judged; nobody else looks at it.",
			      "Load with weights_only=True; ask the author for a file without it.",
			      "CWE-502 AML.T0018" },
	[GH_S_EMBEDDED] = { "GH-ID-0004", GH_HIGH, GH_UNSAFE, "A native program is embedded in the data",
			    "A second stage extracts and runs it.", "Do not use the file.", "CWE-506 AML.T0018" },
	[GH_S_NESTED] = { "GH-ID-0005", GH_MEDIUM, GH_REVIEW, "A file is carried inside a value",
			  "What a second stage unpacks later is not seen by scanners that look at the first one only.",
			  "Its content was inspected too. Find out what unpacks it, and whether the model needs it.",
			  "CWE-506 AML.T0018" },
	[GH_S_EMPTY] = { "GH-SCAN-0015", GH_MEDIUM, GH_INCOMPLETE, "There is nothing to scan",
			 "An empty directory proves nothing about what will stand there later.",
			 "Check the path; fetch the model first.", "" },
	GH_RULES_END,
};

/* Every table of rules, in the order of the lists: formats, checks, the pipeline's own. */
static const struct gh_rule *table_at(size_t i, const char **owner)
{
	if (i < gh_fmts_n) {
		*owner = gh_fmts[i]->name;
		return gh_fmts[i]->rules;
	}
	i -= gh_fmts_n;
	if (i < gh_checks_n) {
		*owner = gh_checks[i]->name;
		return gh_checks[i]->rules;
	}
	i -= gh_checks_n;
	static const struct {
		const char *owner;
		const struct gh_rule *rules;
	} own[] = { { "pipeline", gh_scan_rules },
		    { "repository", gh_repo_rules },
		    { "yara", gh_yarapack_rules },
		    { "detonation", gh_detonation_rules },
		    { "vex", gh_vex_rules } };
	*owner = own[i].owner;
	return own[i].rules;
}
enum { OWN_TABLES = 5 };
static size_t tables(void) { return gh_fmts_n + gh_checks_n + OWN_TABLES; }

/* Several rows may share one table (the compressed streams do): the first owner keeps it. */
static int seen_before(size_t t, const struct gh_rule *rules)
{
	const char *owner;
	for (size_t i = 0; i < t; i++)
		if (table_at(i, &owner) == rules)
			return 1;
	return 0;
}

static const struct gh_rule *locate(size_t i, const char *id, const char **owner)
{
	for (size_t t = 0; t < tables(); t++) {
		const struct gh_rule *r = table_at(t, owner);
		if (r == NULL || seen_before(t, r))
			continue;
		for (; r->id != NULL; r++)
			if (id != NULL ? strcmp(r->id, id) == 0 : i-- == 0)
				return r;
	}
	return NULL;
}

const struct gh_rule *gh_rule_at(size_t i)
{
	const char *owner;
	return locate(i, NULL, &owner);
}
const struct gh_rule *gh_rule_by_id(const char *id)
{
	const char *owner;
	return locate(0, id, &owner);
}
/* Is the rule of this owner by its id: "GH-JSON-0001" of "json"? */
static bool named_for(const char *id, const char *owner)
{
	const char *word = strchr(id, '-'), *end = word == NULL ? NULL : strchr(word + 1, '-');
	size_t n = strlen(owner);
	return end != NULL && (size_t)(end - word - 1) == n && strncasecmp(word + 1, owner, n) == 0;
}

/* Of several readers that share a table, the one that the ids are named for; else the first. */
const char *gh_rule_owner(size_t i)
{
	const char *owner = NULL, *other = NULL;
	const struct gh_rule *rule = locate(i, NULL, &owner);
	if (rule == NULL || named_for(rule->id, owner))
		return rule == NULL ? NULL : owner;
	for (size_t t = 0; t < tables(); t++) {
		const struct gh_rule *first = table_at(t, &other);
		for (const struct gh_rule *r = first; r != NULL && r->id != NULL; r++)
			if (r == rule && named_for(rule->id, other))
				return other;
	}
	return owner;
}
