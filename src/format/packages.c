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
	struct gh_package p = { .ecosystem = ecosystem, .name = name, .version = version };
	if (strcmp(ecosystem, "PyPI") == 0) { /* elsewhere names have one spelling only */
		gh_dep_normalise(name, normal);
		p.name = gh_span_str(normal);
	}
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

static bool is_blank(uint8_t c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\\'; }

/* The next word of a command line, without quotes around it; empty at its end or where another command begins. */
static struct gh_span command_word(struct gh_span *s, bool *ended)
{
	size_t i = 0, n;
	while (i < s->n && is_blank(s->p[i]))
		i++;
	for (n = i; n < s->n && !is_blank(s->p[n]) && memchr(";&|", s->p[n], 3) == NULL; n++)
		;
	struct gh_span w = gh_span_cut(*s, i, n - i);
	*ended = n < s->n && memchr(";&|", s->p[n], 3) != NULL;
	*s = gh_span_cut(*s, n + (*ended && w.n == 0), s->n);
	if (w.n >= 2 && (w.p[0] == '"' || w.p[0] == '\'') && w.p[w.n - 1] == w.p[0])
		w = gh_span_cut(w, 1, w.n - 2);
	return w;
}

static bool is_pip(struct gh_span w)
{
	const uint8_t *slash = w.n == 0 ? NULL : memrchr(w.p, '/', w.n);
	struct gh_span name = slash == NULL ? w : gh_span_cut(w, (uint64_t)(slash - w.p) + 1, w.n);
	return gh_span_is(name, "pip") || gh_span_is(name, "pip3") || gh_span_is(name, "uv");
}

static bool is_conda(struct gh_span w)
{
	return gh_span_is(w, "conda") || gh_span_is(w, "mamba") || gh_span_is(w, "micromamba");
}

/* One package of "conda install": "pytorch=2.1", "conda-forge::numpy>=1.20". */
static enum gh_rc conda_word(struct gh_walk *w, struct gh_span s, uint64_t off, uint64_t len)
{
	const uint8_t *colon = memmem(s.p, s.n, "::", 2);
	if (colon != NULL)
		s = gh_span_cut(s, (uint64_t)(colon - s.p) + 2, s.n);
	size_t n = 0;
	while (n < s.n && memchr("=<>!~", s.p[n], 5) == NULL)
		n++;
	return n == 0 ? GH_OK : gh_package_named(w, "conda", gh_span_cut(s, 0, n), gh_span_cut(s, n, s.n), off, len);
}

enum gh_rc gh_package_command(struct gh_walk *w, struct gh_span line, uint64_t off, uint64_t len)
{
	bool ended, install = false;
	enum { NONE, PIP, CONDA } tool = NONE;
	while (line.n != 0) {
		struct gh_span word = command_word(&line, &ended);
		if (word.n == 0) {
			tool = NONE;
			install = false;
			if (!ended)
				break;
			continue;
		}
		if (is_pip(word) || is_conda(word)) {
			tool = is_conda(word) ? CONDA : PIP;
		} else if (tool != NONE && gh_span_is(word, "install")) {
			install = true;
		} else if (install && word.p[0] != '-' && tool == CONDA) {
			GH_TRY(conda_word(w, word, off, len), w->err, "package");
		} else if (install && word.p[0] != '-') {
			struct gh_dep d = gh_dep_line(word);
			if (d.kind == GH_DEP_PACKAGE)
				GH_TRY(gh_package_named(w, "PyPI", gh_span_str(d.name), d.version, off, len), w->err,
				       "package");
		} else if (install && (gh_span_is(word, "-r") || gh_span_is(word, "-c") || gh_span_is(word, "-i") ||
				       gh_span_is(word, "-f") || gh_span_is(word, "-n") || gh_span_is(word, "-t") ||
				       gh_span_is(word, "-p") || gh_span_is(word, "--index-url") ||
				       gh_span_is(word, "--extra-index-url") || gh_span_is(word, "--find-links") ||
				       gh_span_is(word, "--requirement") || gh_span_is(word, "--target") ||
				       gh_span_is(word, "--name") || gh_span_is(word, "--channel"))) {
			(void)command_word(&line, &ended); /* its value */
		}
	}
	return GH_OK;
}
