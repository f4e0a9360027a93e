/* rules.h - the findings that the pipeline and the trusted process raise themselves. */
#ifndef GH_SCAN_RULES_H
#define GH_SCAN_RULES_H
#include "format/rule.h"

enum gh_scan_rule {
	GH_S_NOT_UNDERSTOOD,
	GH_S_NOT_READ,
	GH_S_MALFORMED,
	GH_S_LIMIT,
	GH_S_UNREAD,
	GH_S_CRASH,
	GH_S_TIME,
	GH_S_CHANGED,
	GH_S_IO,
	GH_S_SPECIAL,
	GH_S_LINK,
	GH_S_LINK_OUT,
	GH_S_LINK_CACHE,
	GH_S_PROTOCOL,
	GH_S_BUG,
	GH_S_GAP,
	GH_S_TRAILING,
	GH_S_OVERLAP,
	GH_S_PADDING,
	GH_S_HIDDEN,
	GH_S_NAME,
	GH_S_POLYGLOT,
	GH_S_NOT_RAW,
	GH_S_RAW_TEXT,
	GH_S_RAW_LOADED,
	GH_S_EMBEDDED,
	GH_S_NESTED,
	GH_S_EMPTY,
	GH_S_RULES
};
extern const struct gh_rule gh_scan_rules[GH_S_RULES + 1];
#endif
