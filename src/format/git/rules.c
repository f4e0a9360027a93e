#include "format/git/git.h"

#include <stdarg.h>
#include <stdio.h>

enum { SAME = 64 };

const struct gh_rule gh_git_rules[] = {
	[GIT_A_BROKEN] = { "GH-GIT-0001", GH_MEDIUM, GH_INCOMPLETE, "A damaged file of git",
			   "What cannot be read was not inspected; another release of git may read more of it.",
			   "Clone the repository again; git fsck says what is damaged.", "CWE-354" },
	[GIT_A_OBJECT] = { "GH-GIT-0002", GH_MEDIUM, GH_REVIEW, "An object that git would not have written",
			   "Programs that read objects differ about it: what is shown is not what is there.",
			   "Look at the object with git cat-file; git fsck says what is wrong.", "CWE-436" },
	[GIT_A_NAME] = { "GH-GIT-0003", GH_CRITICAL, GH_UNSAFE, "A path that makes git write where it must not",
			 "Checking it out writes into .git, whose hooks git runs, or outside of the working tree.",
			 "Do not check it out.", "CWE-22 CVE-2014-9390 CVE-2019-1352" },
	[GIT_A_LINK] = { "GH-GIT-0004", GH_HIGH, GH_UNSAFE, "A file that git obeys is a symbolic link",
			 "What is checked before it is written is not what is read afterwards.", "Do not check it out.",
			 "CWE-59 CVE-2018-11235" },
	[GIT_A_BASE] = { "GH-GIT-0005", GH_MEDIUM, GH_INCOMPLETE, "An object whose base is not in this pack",
			 "Its content was not inspected.", "Run git repack -a -d -f in the clone and scan it again.",
			 "" },
	[GIT_A_DELTA] = { "GH-GIT-0006", GH_MEDIUM, GH_INCOMPLETE, "A delta that does not fit its base",
			  "What cannot be restored was not inspected; readers that check less get something else.",
			  "Clone the repository again; git fsck says what is damaged.", "CWE-125 CWE-354" },
	[GIT_A_TABLE] = { "GH-GIT-0007", GH_MEDIUM, GH_REVIEW, "A table of git contradicts itself",
			  "Programs find different objects by it.",
			  "Delete the table: git writes it anew (git gc, git commit-graph write, git reset).",
			  "CWE-436" },
	[GIT_A_HIDDEN] = { "GH-GIT-0008", GH_MEDIUM, GH_REVIEW, "A message with bytes that git does not show",
			   "Data hidden in the history of a repository.", "Look at the object with git cat-file | xxd.",
			   "CWE-506" },
	GH_RULES_END
};

bool gh_git_open(struct git *g, struct gh_walk *w, unsigned hash)
{
	*g = (struct git){ .w = w, .out = gh_alloc(w->arena, 1, GIT_OUT), .hash = hash };
	return g->out != NULL;
}

void gh_git_say(struct git *g, unsigned rule, uint64_t off, uint64_t len, const char *fmt, ...)
{
	char text[300];
	va_list ap;
	if (g->told[rule]++ >= SAME)
		return;
	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	gh_anomaly(g->w, &gh_git_rules[rule], off, len, "%s", text);
}
