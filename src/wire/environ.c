#include "wire/environ.h"

enum kind {
	E_FILE,	   /* names a file, or several, that is loaded or run */
	E_COMMAND, /* a command that some tool runs */
	E_OPTIONS, /* options of an interpreter: matter when they hold one of `signs` */
	E_FOLDER,  /* folders searched for code: usual in projects, unless anybody may write there */
};
static const struct {
	const char *name;
	enum kind kind;
	const char *signs[5];
} variables[] = {
	{ "LD_PRELOAD", E_FILE, { 0 } },
	{ "LD_AUDIT", E_FILE, { 0 } },
	{ "DYLD_INSERT_LIBRARIES", E_FILE, { 0 } },
	{ "BASH_ENV", E_FILE, { 0 } },
	{ "ENV", E_FILE, { 0 } },
	{ "ZDOTDIR", E_FOLDER, { 0 } },
	{ "PYTHONSTARTUP", E_FILE, { 0 } },
	{ "PYTHONHOME", E_FOLDER, { 0 } },
	{ "PYTHONPATH", E_FOLDER, { 0 } },
	{ "PYTHONBREAKPOINT", E_OPTIONS, { "." } },
	{ "PYTHONUSERBASE", E_FOLDER, { 0 } },
	{ "LD_LIBRARY_PATH", E_FOLDER, { 0 } },
	{ "DYLD_LIBRARY_PATH", E_FOLDER, { 0 } },
	{ "R_PROFILE", E_FILE, { 0 } },
	{ "R_PROFILE_USER", E_FILE, { 0 } },
	{ "R_ENVIRON_USER", E_FILE, { 0 } },
	{ "LUA_INIT", E_COMMAND, { 0 } },
	{ "PERL5OPT", E_OPTIONS, { "-M", "-m", "-I", "-d" } },
	{ "PERL5LIB", E_FOLDER, { 0 } },
	{ "RUBYOPT", E_OPTIONS, { "-r", "-I" } },
	{ "RUBYLIB", E_FOLDER, { 0 } },
	{ "NODE_OPTIONS", E_OPTIONS, { "-r ", "--require", "--import", "--loader", "--experimental-loader" } },
	{ "JAVA_TOOL_OPTIONS", E_OPTIONS, { "-javaagent", "-agent", "-XX:OnError", "-XX:OnOutOf" } },
	{ "_JAVA_OPTIONS", E_OPTIONS, { "-javaagent", "-agent", "-XX:OnError", "-XX:OnOutOf" } },
	{ "JDK_JAVA_OPTIONS", E_OPTIONS, { "-javaagent", "-agent", "-XX:OnError", "-XX:OnOutOf" } },
	{ "PROMPT_COMMAND", E_COMMAND, { 0 } },
	{ "GIT_SSH_COMMAND", E_COMMAND, { 0 } },
	{ "GIT_SSH", E_COMMAND, { 0 } },
	{ "GIT_EXTERNAL_DIFF", E_COMMAND, { 0 } },
	{ "GIT_ASKPASS", E_COMMAND, { 0 } },
	{ "LESSOPEN", E_COMMAND, { 0 } },
};

static bool has(struct gh_span s, const char *w) { return s.n != 0 && memmem(s.p, s.n, w, strlen(w)) != NULL; }

/* Beside the files, or where anybody may write. */
static bool own(struct gh_span v)
{
	static const char *const places[] = { "./", "../", "/tmp/", "/var/tmp/", "/dev/shm/", "~/.", "$PWD", "${PWD}" };
	for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
		size_t n = strlen(places[i]);
		for (size_t k = 0; k + n <= v.n; k++)
			if (memcmp(v.p + k, places[i], n) == 0 && (k == 0 || memchr(": =,;\"'", v.p[k - 1], 7) != NULL))
				return true;
	}
	return false;
}

enum gh_environ gh_environ_judge(struct gh_span name, struct gh_span value)
{
	static const char *const writable[] = { "/tmp/", "/var/tmp", "/dev/shm" };
	size_t i = 0, n = sizeof variables / sizeof variables[0];
	while (i < n && !gh_span_is(name, variables[i].name))
		i++;
	if (i == n || value.n == 0)
		return GH_ENVIRON_PLAIN;
	switch (variables[i].kind) {
	case E_FOLDER:
		for (size_t k = 0; k < sizeof writable / sizeof writable[0]; k++)
			if (has(value, writable[k]))
				return GH_ENVIRON_LOADS;
		return GH_ENVIRON_PLAIN;
	case E_OPTIONS:
		for (size_t k = 0; k < 5 && variables[i].signs[k] != NULL; k++)
			if (has(value, variables[i].signs[k]))
				return own(value) || has(value, "http") ? GH_ENVIRON_OWN : GH_ENVIRON_LOADS;
		return GH_ENVIRON_PLAIN;
	case E_FILE:
		if (gh_span_is(name, "ENV") && !has(value, "/"))
			return GH_ENVIRON_PLAIN; /* ENV=production */
		return own(value) ? GH_ENVIRON_OWN : GH_ENVIRON_LOADS;
	case E_COMMAND: break;
	}
	return GH_ENVIRON_LOADS;
}
