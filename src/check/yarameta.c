#include "check/yarameta.h"

#include <string.h>
#include <strings.h>

struct word {
	const char *text;
	int value;
};

static const struct word severities[] = {
	{ "info", GH_INFO },	   { "informational", GH_INFO }, { "low", GH_LOW },	      { "medium", GH_MEDIUM },
	{ "moderate", GH_MEDIUM }, { "high", GH_HIGH },		 { "critical", GH_CRITICAL },
};
static const struct word effects[] = {
	{ "none", GH_CLEAN },
	{ "info", GH_CLEAN },
	{ "review", GH_REVIEW },
	{ "unsafe", GH_UNSAFE },
};
static const char may_be_severity[] = "info, low, medium, high or critical";
static const char may_be_effect[] = "none, review or unsafe";

static const struct {
	const char *key;
	bool severity;
	bool numbers; /* are left alone */
	unsigned char rank;
} keys[] = {
	{ "gatehouse_severity", true, false, 2 }, { "severity", true, true, 1 },
	{ "gatehouse_effect", false, false, 2 },  { "effect", false, false, 1 },
	{ "verdict", false, false, 1 },
};

static bool find(const struct word *v, size_t n, const char *text, int *value)
{
	for (size_t i = 0; i < n; i++)
		if (strcasecmp(v[i].text, text) == 0) {
			*value = v[i].value;
			return true;
		}
	return false;
}

const char *gh_yarameta_put(struct gh_yarameta *m, const char *key, const char *text)
{
	size_t k = 0;
	int value = 0;
	while (k < sizeof keys / sizeof keys[0] && strcmp(keys[k].key, key) != 0)
		k++;
	if (k == sizeof keys / sizeof keys[0] || (text == NULL && keys[k].numbers))
		return NULL;
	if (keys[k].severity) {
		if (text == NULL || !find(severities, sizeof severities / sizeof severities[0], text, &value))
			return may_be_severity;
		if (keys[k].rank > m->severity_rank || (keys[k].rank == m->severity_rank && value > (int)m->severity))
			m->severity = (enum gh_severity)value;
		m->severity_rank = keys[k].rank > m->severity_rank ? keys[k].rank : m->severity_rank;
		return NULL;
	}
	if (text == NULL || !find(effects, sizeof effects / sizeof effects[0], text, &value))
		return may_be_effect;
	if (keys[k].rank > m->effect_rank || (keys[k].rank == m->effect_rank && value > (int)m->effect))
		m->effect = (enum gh_verdict)value;
	m->effect_rank = keys[k].rank > m->effect_rank ? keys[k].rank : m->effect_rank;
	return NULL;
}

struct gh_yarameta gh_yarameta_settle(struct gh_yarameta m)
{
	if (m.effect_rank == 0)
		m.effect = m.severity_rank != 0 && m.severity == GH_INFO ? GH_CLEAN : GH_REVIEW;
	if (m.severity_rank == 0)
		m.severity = m.effect == GH_UNSAFE ? GH_HIGH : m.effect == GH_REVIEW ? GH_MEDIUM : GH_INFO;
	return m;
}
