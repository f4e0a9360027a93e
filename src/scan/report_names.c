#include "scan/report_parts.h"

static const struct {
	const char *name, *word, *means;
} verdicts[GH_VERDICTS] = {
	[GH_CLEAN] = { "CLEAN", "clean", "Every byte was read and understood, and nothing was found." },
	[GH_REVIEW] = { "REVIEW", "to review", "Something in it needs a person's judgement before it is used." },
	[GH_INCOMPLETE] = { "INCOMPLETE", "incomplete",
			    "Not everything could be read and understood. Treat it as unsafe until it has been." },
	[GH_UNSAFE] = { "UNSAFE", "unsafe",
			"Do not load it: it can run code, reach files or the network, or is built to mislead." },
};

static const char *const severities[GH_SEVERITIES] = {
	[GH_INFO] = "info", [GH_LOW] = "low", [GH_MEDIUM] = "medium", [GH_HIGH] = "high", [GH_CRITICAL] = "critical",
};

/* A value out of range can only be a bug of ours; it is shown as the worst there is. */
static enum gh_verdict sane(enum gh_verdict v) { return (unsigned)v < GH_VERDICTS ? v : GH_UNSAFE; }

const char *gh_verdict_name(enum gh_verdict v) { return verdicts[sane(v)].name; }
const char *gh_verdict_word(enum gh_verdict v) { return verdicts[sane(v)].word; }
const char *gh_verdict_means(enum gh_verdict v) { return verdicts[sane(v)].means; }

const char *gh_severity_name(enum gh_severity s) { return severities[(unsigned)s < GH_SEVERITIES ? s : GH_CRITICAL]; }
