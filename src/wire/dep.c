#include "wire/dep.h"

static uint8_t lower(uint8_t c) { return c >= 'A' && c <= 'Z' ? (uint8_t)(c | 0x20) : c; }
static bool alnum(uint8_t c) { return (lower(c) >= 'a' && lower(c) <= 'z') || (c >= '0' && c <= '9'); }
static bool blank(uint8_t c) { return c == ' ' || c == '\t' || c == '\r' || c == '\f'; }

static struct gh_span trim(struct gh_span s)
{
	while (s.n != 0 && blank(s.p[0]))
		s = gh_span_cut(s, 1, s.n);
	while (s.n != 0 && blank(s.p[s.n - 1]))
		s.n--;
	return s;
}

void gh_dep_normalise(struct gh_span name, char out[80])
{
	size_t n = 0;
	for (size_t i = 0; i < name.n && n < 79; i++) {
		uint8_t c = lower(name.p[i]);
		if (c == '.' || c == '_' || c == '-') {
			if (n != 0 && out[n - 1] != '-')
				out[n++] = '-';
		} else {
			out[n++] = (char)c;
		}
	}
	out[n] = '\0';
}

static bool has(struct gh_span s, const char *w) { return s.n != 0 && memmem(s.p, s.n, w, strlen(w)) != NULL; }

bool gh_dep_known_index(struct gh_span url)
{
	static const char *const known[] = {
		"https://pypi.org/",
		"https://pypi.python.org/",
		"https://files.pythonhosted.org/",
		"https://download.pytorch.org/",
		"https://data.pyg.org/",
		"https://pytorch-geometric.com/",
		"https://pypi.nvidia.com",
		"https://pypi.ngc.nvidia.com",
		"https://storage.googleapis.com/jax-releases/",
		"https://storage.googleapis.com/libtpu-releases/",
		"https://huggingface.github.io/autogptq-index/",
		"https://data.dgl.ai/",
		"https://download.openmmlab.com/",
		"https://dl.fbaipublicfiles.com/",
		"https://pypi.tuna.tsinghua.edu.cn/",
		"https://mirrors.aliyun.com/pypi/",
		"https://wheels.vllm.ai/",
		"https://abetlen.github.io/llama-cpp-python/",
		"https://flashinfer.ai/whl/",
		"https://conda.anaconda.org/",
		"https://www.paddlepaddle.org.cn/",
		"https://registry.npmjs.org",
	};
	for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
		if (gh_span_starts(url, known[i]))
			return !has(url, "@") && !has(url, "..");
	return false;
}

static uint64_t number(struct gh_span s, size_t *i)
{
	uint64_t v = 0;
	while (*i < s.n && s.p[*i] >= '0' && s.p[*i] <= '9') {
		v = v < 1000000000 ? v * 10 + (uint64_t)(s.p[*i] - '0') : v;
		++*i;
	}
	if (*i < s.n && s.p[*i] == '.')
		++*i;
	else
		*i = s.n;
	return v;
}

int gh_dep_compare(struct gh_span a, const char *b)
{
	struct gh_span t = gh_span_str(b);
	size_t i = 0, k = 0;
	while (i < a.n || k < t.n) {
		uint64_t x = i < a.n ? number(a, &i) : 0, y = k < t.n ? number(t, &k) : 0;
		if (x != y)
			return x < y ? -1 : 1;
	}
	return 0;
}

/* ---- options --------------------------------------------------------------------------------------------------------- */
static const struct {
	const char *name;
	enum gh_dep_kind kind;
	bool trust;
} options[] = {
	{ "--requirement", GH_DEP_FILE, false },
	{ "--constraint", GH_DEP_FILE, false },
	{ "--editable", GH_DEP_PATH, false },
	{ "--index-url", GH_DEP_INDEX, false },
	{ "--pypi-url", GH_DEP_INDEX, false },
	{ "--extra-index-url", GH_DEP_INDEX, false },
	{ "--find-links", GH_DEP_INDEX, false },
	{ "--trusted-host", GH_DEP_INDEX, true },
	{ "--no-index", GH_DEP_OPTION, false },
	{ "--pre", GH_DEP_OPTION, false },
	{ "--prefer-binary", GH_DEP_OPTION, false },
	{ "--require-hashes", GH_DEP_OPTION, false },
	{ "--no-binary", GH_DEP_OPTION, false },
	{ "--only-binary", GH_DEP_OPTION, false },
	{ "--use-feature", GH_DEP_OPTION, false },
	{ "-r", GH_DEP_FILE, false },
	{ "-c", GH_DEP_FILE, false },
	{ "-e", GH_DEP_PATH, false },
	{ "-i", GH_DEP_INDEX, false },
	{ "-f", GH_DEP_INDEX, false },
	{ "--hash", GH_DEP_OPTION, false },
	{ "--no-deps", GH_DEP_OPTION, false },
	{ "-q", GH_DEP_OPTION, false },
	{ "-U", GH_DEP_OPTION, false },
	{ "--upgrade", GH_DEP_OPTION, false },
	{ "--quiet", GH_DEP_OPTION, false },
	{ "--no-cache-dir", GH_DEP_OPTION, false },
};

static bool address(struct gh_span s)
{
	return has(s, "://") || gh_span_starts(s, "git+") || gh_span_starts(s, "git@") || gh_span_starts(s, "hg+") ||
	       gh_span_starts(s, "svn+") || gh_span_starts(s, "bzr+");
}

static struct gh_dep option(struct gh_span s)
{
	struct gh_dep d = { .kind = GH_DEP_UNKNOWN };
	for (size_t i = 0; i < sizeof options / sizeof options[0]; i++) {
		size_t n = strlen(options[i].name);
		bool ends = s.n == n || (s.n > n && (blank(s.p[n]) || s.p[n] == '=' ||
						     (n == 2 && options[i].kind != GH_DEP_OPTION)));
		if (!gh_span_starts(s, options[i].name) || !ends)
			continue;
		d.kind = options[i].kind;
		d.trusted_host = options[i].trust;
		d.target = trim(gh_span_cut(s, n, s.n));
		if (d.target.n != 0 && d.target.p[0] == '=')
			d.target = trim(gh_span_cut(d.target, 1, d.target.n));
		if (d.target.n > 1 && (d.target.p[0] == '"' || d.target.p[0] == '\''))
			d.target = gh_span_cut(d.target, 1, d.target.n - 2);
		if (d.kind == GH_DEP_PATH && address(d.target))
			d.kind = GH_DEP_URL;
		break;
	}
	return d;
}

/* ---- requirements ------------------------------------------------------------------------------------------------------ */
static bool version_char(uint8_t c) { return alnum(c) || memchr(".*+!-_<>=~, ^()|", c, 16) != NULL; }

static struct gh_dep package(struct gh_span s)
{
	struct gh_dep d = { .kind = GH_DEP_UNKNOWN };
	size_t i = 0;
	while (i < s.n && (alnum(s.p[i]) || memchr("._-", s.p[i], 3) != NULL))
		i++;
	if (i == 0 || !alnum(s.p[0]) || !alnum(s.p[i - 1]))
		return d;
	gh_dep_normalise(gh_span_cut(s, 0, i), d.name);
	struct gh_span rest = trim(gh_span_cut(s, i, s.n));
	if (rest.n != 0 && rest.p[0] == '[') {
		const uint8_t *end = memchr(rest.p, ']', rest.n);
		if (end == NULL)
			return d;
		rest = trim(gh_span_cut(rest, (uint64_t)(end - rest.p) + 1, rest.n));
	}
	if (rest.n != 0 && rest.p[0] == '@') {
		d.target = trim(gh_span_cut(rest, 1, rest.n));
		d.kind = address(d.target) ? GH_DEP_URL : GH_DEP_PATH;
		return d;
	}
	for (size_t k = 0; k < rest.n; k++) /* an environment marker; hashes */
		if (rest.p[k] == ';' || (k + 1 < rest.n && rest.p[k] == ' ' && rest.p[k + 1] == '-')) {
			rest = trim(gh_span_cut(rest, 0, k));
			break;
		}
	bool ok = rest.n == 0 || memchr("<>=~!(^*", rest.p[0], 8) != NULL;
	for (size_t k = 0; k < rest.n; k++)
		ok = ok && version_char(rest.p[k]);
	d.version = rest;
	d.kind = ok ? GH_DEP_PACKAGE : GH_DEP_UNKNOWN;
	return d;
}

struct gh_dep gh_dep_line(struct gh_span line)
{
	struct gh_dep d = { .kind = GH_DEP_NONE };
	struct gh_span s = trim(line);
	for (size_t i = 0; i < s.n; i++) /* a comment starts at a blank or at the beginning */
		if (s.p[i] == '#' && (i == 0 || blank(s.p[i - 1]))) {
			s = trim(gh_span_cut(s, 0, i));
			break;
		}
	if (s.n == 0)
		return d;
	if (s.p[0] == '-')
		return option(s);
	if (address(s) && !has(s, "@ ") && !has(s, " @")) {
		d.kind = GH_DEP_URL;
		d.target = s;
		return d;
	}
	if (s.p[0] == '.' || s.p[0] == '/' || gh_span_ends(s, ".whl") || gh_span_ends(s, ".tar.gz")) {
		d.kind = GH_DEP_PATH;
		d.target = s;
		return d;
	}
	return package(s);
}
