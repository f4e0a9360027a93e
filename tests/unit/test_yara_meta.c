/* What a user's YARA rule says about itself: words, precedence, defaults, rows; and the line that a wrong word stands in. */
#include "support/cm.h"

#include "check/malware.h"
#include "check/yarameta.h"
#include "scan/yara_line.h"

#include <stdlib.h>
#include <string.h>

/* "key=text;key=text": what comes of it, as ID severity effect; or "! …" with what may stand there. A text of # is a number. */
static const struct {
	const char *meta, *id;
	enum gh_severity severity;
	enum gh_verdict effect;
} rows[] = {
	{ "", "GH-MAL-0002", GH_MEDIUM, GH_REVIEW },
	{ "author=someone;score=#;severity=#", "GH-MAL-0002", GH_MEDIUM, GH_REVIEW },
	{ "gatehouse_effect=unsafe", "GH-MAL-0001", GH_HIGH, GH_UNSAFE },
	{ "gatehouse_effect=review", "GH-MAL-0002", GH_MEDIUM, GH_REVIEW },
	{ "gatehouse_effect=info", "GH-MAL-0003", GH_INFO, GH_CLEAN },
	{ "effect=none", "GH-MAL-0003", GH_INFO, GH_CLEAN },
	{ "verdict=UNSAFE;severity=Critical", "GH-MAL-0013", GH_CRITICAL, GH_UNSAFE },
	{ "severity=critical", "GH-MAL-0017", GH_CRITICAL, GH_REVIEW },
	{ "severity=high", "GH-MAL-0016", GH_HIGH, GH_REVIEW },
	{ "severity=low", "GH-MAL-0015", GH_LOW, GH_REVIEW },
	{ "severity=info", "GH-MAL-0003", GH_INFO, GH_CLEAN },
	{ "severity=info;verdict=review", "GH-MAL-0014", GH_INFO, GH_REVIEW },
	{ "severity=info;verdict=unsafe", "GH-MAL-0010", GH_INFO, GH_UNSAFE },
	{ "severity=low;verdict=unsafe", "GH-MAL-0011", GH_LOW, GH_UNSAFE },
	{ "severity=moderate;verdict=unsafe", "GH-MAL-0012", GH_MEDIUM, GH_UNSAFE },
	{ "severity=low;effect=none", "GH-MAL-0018", GH_LOW, GH_CLEAN },
	{ "severity=medium;effect=none", "GH-MAL-0019", GH_MEDIUM, GH_CLEAN },
	{ "severity=high;effect=none", "GH-MAL-0020", GH_HIGH, GH_CLEAN },
	{ "severity=critical;effect=none", "GH-MAL-0021", GH_CRITICAL, GH_CLEAN },
	/* Ours before others, in either order; of equals the worse. */
	{ "gatehouse_severity=low;severity=critical", "GH-MAL-0015", GH_LOW, GH_REVIEW },
	{ "severity=critical;gatehouse_severity=low", "GH-MAL-0015", GH_LOW, GH_REVIEW },
	{ "verdict=unsafe;gatehouse_effect=none", "GH-MAL-0003", GH_INFO, GH_CLEAN },
	{ "effect=none;verdict=unsafe", "GH-MAL-0001", GH_HIGH, GH_UNSAFE },
	{ "verdict=unsafe;effect=none", "GH-MAL-0001", GH_HIGH, GH_UNSAFE },
	/* Words that are none. */
	{ "severity=catastrophic", "! info, low, medium, high or critical", GH_INFO, GH_CLEAN },
	{ "severity=", "! info, low, medium, high or critical", GH_INFO, GH_CLEAN },
	{ "gatehouse_severity=#", "! info, low, medium, high or critical", GH_INFO, GH_CLEAN },
	{ "effect=incomplete", "! none, review or unsafe", GH_INFO, GH_CLEAN },
	{ "verdict=clean", "! none, review or unsafe", GH_INFO, GH_CLEAN },
	{ "gatehouse_effect=#", "! none, review or unsafe", GH_INFO, GH_CLEAN },
	{ "effect=#", "! none, review or unsafe", GH_INFO, GH_CLEAN },
};

static const char *put_all(struct gh_yarameta *m, const char *meta)
{
	char copy[200], *rest = copy, *pair;
	const char *wrong = NULL;
	assert_true(strlen(meta) < sizeof copy);
	strcpy(copy, meta); /* NOLINT: it fits */
	while (wrong == NULL && (pair = strsep(&rest, ";")) != NULL && *pair != '\0') {
		char *text = strchr(pair, '=');
		assert_non_null(text);
		*text++ = '\0';
		wrong = gh_yarameta_put(m, pair, strcmp(text, "#") == 0 ? NULL : text);
	}
	return wrong;
}

static void words(void **state)
{
	(void)state;
	for (size_t i = 0; i < GH_ROWS(rows); i++) {
		struct gh_yarameta m = { 0 };
		const char *wrong = put_all(&m, rows[i].meta);
		if (rows[i].id[0] == '!') {
			if (wrong == NULL || strcmp(wrong, rows[i].id + 2) != 0)
				fail_msg("%s: %s", rows[i].meta, wrong == NULL ? "accepted" : wrong);
			continue;
		}
		const struct gh_rule *r = gh_malware_user_rule(&m);
		if (wrong != NULL || strcmp(r->id, rows[i].id) != 0 || r->severity != rows[i].severity ||
		    r->effect != rows[i].effect)
			fail_msg("%s: %s %d %d", rows[i].meta, r->id, (int)r->severity, (int)r->effect);
	}
}

static const char rules[] = "/* rule b { meta: severity = \"x\" */\n"			      /* 1 */
			    "rule a { meta: severity = \"low\" // severity = 3\n"	      /* 2 */
			    " strings: $q = /rule b \\/ \" { meta: severity = 1/ ascii\n"     /* 3 */
			    "  $r = \"rule b { meta: severity =\\\" \"\n"		      /* 4 */
			    " condition: $q and 4 / 2 == 2 and filename matches /rule b/ }\n" /* 5 */
			    "private rule b : tag\n{\n meta:\n"				      /* 6 to 8 */
			    "  severity = \"low\" severity\n =\n \"worse\"\n"		      /* 9 to 11 */
			    "  effect = \"none\"\n"					      /* 12 */
			    " strings: $severity = { 00 /* ] */ 01 }\n"			      /* 13 */
			    " condition: all of them }\n"
			    "rule c { condition: true }\n";

static void lines(void **state)
{
	(void)state;
	static const struct {
		const char *rule, *key;
		unsigned nth, line;
	} cases[] = {
		{ "a", "severity", 0, 2 }, { "a", "severity", 1, 0 }, { "b", "severity", 0, 9 },
		{ "b", "severity", 1, 9 }, { "b", "severity", 2, 0 }, { "b", "effect", 0, 12 },
		{ "c", "effect", 0, 0 },   { "d", "severity", 0, 0 },
	};
	struct gh_span text = gh_span_str(rules);
	for (size_t i = 0; i < GH_ROWS(cases); i++) {
		unsigned line = gh_yara_meta_line(text, cases[i].rule, cases[i].key, cases[i].nth);
		if (line != cases[i].line)
			fail_msg("%s.%s %u: %u", cases[i].rule, cases[i].key, cases[i].nth, line);
	}
	/* Cut anywhere: an answer, and no byte read behind the end. */
	for (size_t n = 0; n < text.n; n++) {
		uint8_t *cut = malloc(n == 0 ? 1 : n);
		assert_non_null(cut);
		memcpy(cut, text.p, n);
		(void)gh_yara_meta_line((struct gh_span){ cut, n }, "b", "effect", 0);
		free(cut);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(words), cmocka_unit_test(lines) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
