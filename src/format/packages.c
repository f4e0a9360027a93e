#include "format/packages.h"

#include "wire/path.h"

const struct gh_rule gh_package_rules[] = {
	[GH_PKG_INDEX] = { "GH-DEP-0001", GH_HIGH, GH_REVIEW, "Packages come from an index of the author's choice",
			   "Whoever runs that index decides what every dependency is; an extra index wins with a "
			   "higher version.",
			   "Use your own index or the public one.", "CWE-427 CWE-829 AML.T0010" },
	[GH_PKG_ADDRESS] = { "GH-DEP-0002", GH_MEDIUM, GH_REVIEW, "A dependency comes straight from an address",
			     "Its owner may change it at any time; its build runs code on installation.",
			     "Pin it to a reviewed commit or use a released package.", "CWE-494 CWE-829 AML.T0010" },
	[GH_PKG_PATH] = { "GH-DEP-0003", GH_MEDIUM, GH_REVIEW, "A dependency is a path outside of this folder",
			  "Something else on the machine is installed or read as a list of packages.",
			  "Remove the line.", "CWE-22 CWE-73" },
	[GH_PKG_LINE] = { "GH-DEP-0004", GH_LOW, GH_REVIEW, "A line of a list of packages that is not understood",
			  "Installers differ in what they make of it.", "Correct or remove the line.", "CWE-20" },
	[GH_PKG_BUILD] = { "GH-DEP-0005", GH_MEDIUM, GH_REVIEW,
			   "Installing this project runs a build program of its own",
			   "Installation runs the author's code.", "Read the build program first.", "CWE-829" },
	GH_RULES_END
};

enum gh_rc gh_package_named(struct gh_walk *w, const char *ecosystem, struct gh_span name, struct gh_span version,
			    uint64_t off, uint64_t len)
{
	char normal[80];
	gh_dep_normalise(name, normal);
	struct gh_package p = { .ecosystem = ecosystem, .name = gh_span_str(normal), .version = version };
	return gh_emit(w, GH_EV_PACKAGE, off, len, &p);
}

static enum gh_rc refer(struct gh_walk *w, enum gh_ref_kind kind, struct gh_span target, uint64_t off, uint64_t len)
{
	struct gh_reference r = { .kind = kind, .target = target, .from = GH_SPAN("dependencies") };
	return gh_emit(w, GH_EV_REFERENCE, off, len, &r);
}

enum gh_rc gh_package_index(struct gh_walk *w, struct gh_span url, uint64_t off, uint64_t len)
{
	if (!gh_dep_known_index(url))
		gh_anomaly(w, &gh_package_rules[GH_PKG_INDEX], off, len, "%s", gh_safe(url).s);
	return refer(w, GH_REF_URL, url, off, len);
}

static bool outside(struct gh_span path)
{
	if (gh_span_starts(path, "file:"))
		return true;
	return (gh_path_flags(path) & (GH_PATH_ESCAPES | GH_PATH_ABSOLUTE | GH_PATH_DRIVE | GH_PATH_NUL)) != 0 ||
	       gh_span_starts(path, "~");
}

enum gh_rc gh_package_line(struct gh_walk *w, struct gh_span line, uint64_t off, uint64_t len)
{
	struct gh_dep d = gh_dep_line(line);
	switch (d.kind) {
	case GH_DEP_NONE:
	case GH_DEP_OPTION: return GH_OK;
	case GH_DEP_PACKAGE: return gh_package_named(w, "PyPI", gh_span_str(d.name), d.version, off, len);
	case GH_DEP_INDEX:
		if (d.trusted_host) {
			gh_anomaly(w, &gh_package_rules[GH_PKG_INDEX], off, len, "certificates are not checked: %s",
				   gh_safe(d.target).s);
			return GH_OK;
		}
		if (memmem(d.target.p == NULL ? (const uint8_t *)"" : d.target.p, d.target.n, "://", 3) == NULL &&
		    !outside(d.target))
			return refer(w, GH_REF_PATH, d.target, off, len);
		return gh_package_index(w, d.target, off, len);
	case GH_DEP_URL:
		gh_anomaly(w, &gh_package_rules[GH_PKG_ADDRESS], off, len, "%s", gh_safe(d.target).s);
		return refer(w, GH_REF_URL, d.target, off, len);
	case GH_DEP_PATH:
	case GH_DEP_FILE:
		if (memmem(d.target.p == NULL ? (const uint8_t *)"" : d.target.p, d.target.n, "://", 3) != NULL) {
			gh_anomaly(w, &gh_package_rules[GH_PKG_ADDRESS], off, len, "%s", gh_safe(d.target).s);
			return refer(w, GH_REF_URL, d.target, off, len);
		}
		if (outside(d.target))
			gh_anomaly(w, &gh_package_rules[GH_PKG_PATH], off, len, "%s", gh_safe(d.target).s);
		return refer(w, GH_REF_PATH, d.target, off, len);
	case GH_DEP_UNKNOWN: break;
	}
	gh_anomaly(w, &gh_package_rules[GH_PKG_LINE], off, len, "%s", gh_safe(line).s);
	return GH_OK;
}
