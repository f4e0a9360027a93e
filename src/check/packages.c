/* A list of packages may pin the program that will load the model to a version whose loader runs code out of model files. That
 * is no attack by itself, but it switches the loader's own defence off. Only what concerns loading; what else is known of
 * packages is a matter of advisories. */
#include "check/packages.h"
#include "format/format.h"
#include "wire/dep.h"
#include "wire/purl.h"

enum { R_PINNED };
static const struct gh_rule rules[] = {
	[R_PINNED] = { "GH-DEP-0101", GH_MEDIUM, GH_REVIEW,
		       "A dependency is pinned to a version that runs code out of model files",
		       "Loading this or any other model with that version runs the code of whoever wrote the file.",
		       "Pin a version in which the loader is repaired.", "CWE-1395 CWE-502 AML.T0010" },
	GH_RULES_END
};

static const struct {
	const char *name, *since, *repaired, *cve, *why;
} loaders[] = {
	{ "torch", "0", "2.6.0", "CVE-2025-32434", "weights_only does not hold" },
	{ "transformers", "0", "4.36.0", "CVE-2023-7018", "pickles of retrieval and Transfo-XL models" },
	{ "keras", "3.0.0", "3.9.0", "CVE-2025-1550", "a .keras archive names any function" },
	{ "keras", "0", "2.13.1", "CVE-2024-3660", "Lambda layers of Keras 2" },
	{ "llama-cpp-python", "0", "0.2.72", "CVE-2024-34359", "chat templates run Python" },
	{ "tensorflow", "0", "2.13.0", "CVE-2024-3660", "Lambda layers of Keras 2" },
	{ "joblib", "0", "1.2.0", "CVE-2022-21797", "evaluates an argument" },
	{ "pyyaml", "0", "5.4", "CVE-2020-14343", "the full loader makes any object" },
	{ "nemo-toolkit", "0", "2.3.2", "CVE-2025-23304", "a configuration names any function" },
	{ "skops", "0", "0.12.0", "CVE-2025-54412", "trusted types can be got around" },
	{ "picklescan", "0", "0.0.31", "CVE-2025-10155", "renamed pickles are not scanned" },
};

static void on(struct gh_scene *s, const struct gh_event *ev)
{
	const struct gh_package *p = ev->u.package;
	struct gh_span v = p->version;
	if (p->producer || strcmp(p->ecosystem, "PyPI") != 0 || !gh_span_starts(v, "=="))
		return;
	v = gh_span_cut(v, 2, v.n);
	while (v.n != 0 && (v.p[0] == ' ' || v.p[0] == '='))
		v = gh_span_cut(v, 1, v.n);
	if (v.n == 0 || v.p[0] < '0' || v.p[0] > '9')
		return;
	for (size_t i = 0; i < sizeof loaders / sizeof loaders[0]; i++) {
		if (!gh_span_is(p->name, loaders[i].name) || gh_dep_compare(v, loaders[i].repaired) >= 0 ||
		    gh_dep_compare(v, loaders[i].since) < 0)
			continue;
		char purl[GH_PURL]; /* VEX statements go by id and package: see check/vulnerabilities.h */
		(void)gh_purl(GH_SPAN("PyPI"), p->name, v, purl);
		gh_find(s, &rules[R_PINNED], ev->at, "%s %s: %s", loaders[i].cve, purl, loaders[i].why);
	}
}

const struct gh_check gh_check_packages = {
	.name = "packages",
	.about = "dependencies pinned to versions whose loaders run code out of model files",
	.stage = GH_STAGE_VULNERABILITIES,
	.events = 1u << GH_EV_PACKAGE,
	.on = on,
	.rules = rules,
};
