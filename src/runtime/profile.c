/* Engine profiles as text: one flat mapping of plain values and lists, read by table. Shipped ones are compiled in. */
#include "runtime/engines.h"

#include <stdio.h>

#include "os/jail_serve.h"
#include "wire/yaml.h"

enum { PROFILE_MAX = 256 << 10, ARENA_YAML = 4 << 20, WORDS = 3 * GH_STUB_WORDS };

/* ---- shipped --------------------------------------------------------------------------------------------------------------- */

/* The texts lie in rules/engines, where they can be read as what they are; the assembler puts them in here. */
#define TEXT(symbol, file) \
	__asm__(".section .rodata\n.global gh_engine_" #symbol "\n.global gh_engine_" #symbol "_end\n" \
		"gh_engine_" #symbol ":\n.incbin \"" file "\"\ngh_engine_" #symbol "_end:\n.byte 0\n.previous\n"); \
	extern const uint8_t gh_engine_##symbol[], gh_engine_##symbol##_end[]
TEXT(llama, "llama.yaml");
TEXT(llama_server, "llama-server.yaml");
TEXT(vllm, "vllm.yaml");
TEXT(ollama, "ollama.yaml");

static const struct {
	const char *name;
	const uint8_t *from, *to;
} shipped[] = {
	{ "llama", gh_engine_llama, gh_engine_llama_end },
	{ "llama-server", gh_engine_llama_server, gh_engine_llama_server_end },
	{ "vllm", gh_engine_vllm, gh_engine_vllm_end },
	{ "ollama", gh_engine_ollama, gh_engine_ollama_end },
};

const char *gh_engine_name_at(size_t i) { return i < sizeof shipped / sizeof *shipped ? shipped[i].name : NULL; }

enum gh_rc gh_engine_profile(struct gh_arena *a, const char *name, struct gh_engine_profile *out, struct gh_err *err)
{
	char all[100] = "";
	for (size_t i = 0; i < sizeof shipped / sizeof *shipped; i++) {
		const struct gh_span text = { shipped[i].from, (size_t)(shipped[i].to - shipped[i].from) };
		if (strcmp(shipped[i].name, name) == 0)
			return gh_engine_read(a, shipped[i].name, text, out, err);
		size_t n = strlen(all);
		(void)snprintf(all + n, sizeof all - n, "%s%s", i == 0 ? "" : ", ", shipped[i].name);
	}
	return gh_fail(err, GH_E_ABSENT, "there is no engine profile '%.40s': %s, or the path of a file of your own",
		       name, all);
}

/* ---- reading --------------------------------------------------------------------------------------------------------------- */

struct reading {
	struct gh_arena *a;
	struct gh_span text;
	struct gh_yaml y;
	struct gh_engine_profile *p;
	struct gh_engine_bind *bind;
	const char **word;
	size_t nword;
	struct gh_err *err;
};

static enum gh_rc bad(struct reading *r, const char *why, struct gh_span what)
{
	uint64_t line = 1;
	gh_auto_buf safe = gh_buf(100);
	for (size_t i = 0; i < r->y.off && i < r->text.n; i++)
		line += r->text.p[i] == '\n';
	gh_buf_safe(&safe, what, 60);
	return gh_fail(r->err, GH_E_MALFORMED, "engine profile, line %llu: %s%s%s", (unsigned long long)line, why,
		       what.n != 0 ? ": " : "", gh_buf_cstr(&safe));
}

static const char *keep(struct reading *r, struct gh_span s) { return (const char *)gh_keep(r->a, s).p; }

/* A scalar as a C string without controls. */
static enum gh_rc text_of(struct reading *r, const char **out)
{
	const struct gh_span t = r->y.text;
	if (r->y.ev != GH_YAML_SCALAR || t.n != r->y.full || r->y.tag.n != 0 || t.n == 0 || t.n >= GH_STUB_TEXT)
		return bad(r, "expected a text", (struct gh_span){ 0 });
	for (size_t i = 0; i < t.n; i++)
		if (t.p[i] < 0x20 || t.p[i] == 0x7f)
			return bad(r, "a control character stands in", t);
	*out = keep(r, t);
	return *out == NULL ? gh_fail(r->err, GH_E_NOMEM, "no memory for an engine profile") : GH_OK;
}

static enum gh_rc number_of(struct reading *r, uint64_t max, uint64_t *out)
{
	const struct gh_span t = r->y.text;
	*out = 0;
	for (size_t i = 0; i < t.n; i++) {
		if (t.p[i] < '0' || t.p[i] > '9' || i > 15)
			return bad(r, "expected a whole number instead of", t);
		*out = *out * 10 + (uint64_t)(t.p[i] - '0');
	}
	return r->y.ev != GH_YAML_SCALAR || t.n == 0 || *out == 0 || *out > max ? bad(r, "out of range", t) : GH_OK;
}

static bool absolute(const char *s) { return s[0] == '/' && strstr(s, "/../") == NULL && strstr(s, "//") == NULL; }

/* "[?]HOST[ -> INSIDE]" */
static enum gh_rc bind_of(struct reading *r, bool tree)
{
	const char *s;
	enum gh_rc rc = text_of(r, &s);
	if (rc != GH_OK)
		return rc;
	if (r->p->nbind == GH_ENGINE_FILES)
		return bad(r, "too many files and trees", (struct gh_span){ 0 });
	struct gh_engine_bind *b = &r->bind[r->p->nbind++];
	b->tree = tree;
	b->optional = s[0] == '?';
	s += b->optional;
	const char *arrow = strstr(s, " -> ");
	b->host = arrow == NULL ? s : keep(r, (struct gh_span){ (const uint8_t *)s, (size_t)(arrow - s) });
	b->inside = arrow == NULL ? s : arrow + 4;
	if (b->host == NULL)
		return gh_fail(r->err, GH_E_NOMEM, "no memory for an engine profile");
	if (!(absolute(b->host) || strncmp(b->host, "{engine}/", 9) == 0) || !absolute(b->inside))
		return bad(r, "no absolute path (\"HOST -> INSIDE\")", gh_span_str(s));
	return GH_OK;
}

static enum gh_rc word_of(struct reading *r, const char *const **first, size_t *n)
{
	if (*n == GH_STUB_WORDS || r->nword == WORDS)
		return bad(r, "too many words", (struct gh_span){ 0 });
	if (*n == 0)
		*first = &r->word[r->nword];
	enum gh_rc rc = text_of(r, &r->word[r->nword]);
	r->nword++;
	(*n)++;
	return rc;
}

static enum gh_rc on_about(struct reading *r) { return text_of(r, &r->p->about); }
static enum gh_rc on_directory(struct reading *r)
{
	enum gh_rc rc = text_of(r, &r->p->directory);
	return rc == GH_OK && !absolute(r->p->directory) ? bad(r, "no absolute path", r->y.text) : rc;
}
static enum gh_rc on_program(struct reading *r) { return text_of(r, &r->p->program); }
static enum gh_rc on_command(struct reading *r) { return word_of(r, &r->p->argv, &r->p->nargv); }
static enum gh_rc on_environment(struct reading *r)
{
	enum gh_rc rc = word_of(r, &r->p->envp, &r->p->nenv);
	return rc == GH_OK && strchr(r->p->envp[r->p->nenv - 1], '=') == NULL
		       ? bad(r, "expected NAME=VALUE instead of", r->y.text)
		       : rc;
}
static enum gh_rc on_adapter(struct reading *r) { return word_of(r, &r->p->adapter, &r->p->nadapter); }
static enum gh_rc on_files(struct reading *r) { return bind_of(r, false); }
static enum gh_rc on_trees(struct reading *r) { return bind_of(r, true); }
static enum gh_rc on_libraries(struct reading *r)
{
	r->p->libraries = gh_span_is(r->y.text, "find");
	return r->p->libraries || gh_span_is(r->y.text, "listed")
		       ? GH_OK
		       : bad(r, "expected find or listed instead of", r->y.text);
}
static enum gh_rc on_syscalls(struct reading *r)
{
	enum gh_rc rc = text_of(r, &r->p->syscalls);
	return rc == GH_OK && !gh_serve_row(r->p->syscalls) ? bad(r, "no such list of system calls", r->y.text) : rc;
}
static enum gh_rc on_socket(struct reading *r)
{
	r->p->socket = gh_span_is(r->y.text, "inherit") ? GH_ENGINE_INHERIT
		       : gh_span_is(r->y.text, "bind")	? GH_ENGINE_BIND
							: 0;
	return r->p->socket != 0 ? GH_OK : bad(r, "expected inherit or bind instead of", r->y.text);
}
static enum gh_rc on_model(struct reading *r)
{
	r->p->model = gh_span_is(r->y.text, "descriptor")  ? GH_STUB_DESCRIPTOR
		      : gh_span_is(r->y.text, "directory") ? GH_STUB_DIRECTORY
							   : 0;
	return r->p->model != 0 ? GH_OK : bad(r, "expected descriptor or directory instead of", r->y.text);
}
static enum gh_rc on_ready(struct reading *r)
{
	enum gh_rc rc = text_of(r, &r->p->ready);
	return rc == GH_OK && (!absolute(r->p->ready) || strpbrk(r->p->ready, " ?#") != NULL ||
			       strlen(r->p->ready) > 200)
		       ? bad(r, "expected a path that answers 200 instead of", r->y.text)
		       : rc;
}
static enum gh_rc unsigned_of(struct reading *r, uint64_t max, unsigned *out)
{
	uint64_t v;
	enum gh_rc rc = number_of(r, max, &v);
	*out = (unsigned)v;
	return rc;
}
static enum gh_rc bytes_of(struct reading *r, uint64_t *out)
{
	enum gh_rc rc = number_of(r, 1 << 24, out);
	*out <<= 20;
	return rc;
}
static enum gh_rc on_ready_seconds(struct reading *r) { return unsigned_of(r, 3600, &r->p->ready_seconds); }
static enum gh_rc on_memory(struct reading *r) { return bytes_of(r, &r->p->memory); }
static enum gh_rc on_disk(struct reading *r) { return bytes_of(r, &r->p->disk); }
static enum gh_rc on_processes(struct reading *r) { return unsigned_of(r, 4096, &r->p->processes); }

static const struct key {
	const char *name;
	bool list, needed;
	enum gh_rc (*read)(struct reading *r);
} keys[] = {
	{ "about", false, true, on_about },	    { "directory", false, false, on_directory },
	{ "program", false, true, on_program },	    { "adapter", true, false, on_adapter },
	{ "command", true, true, on_command },	    { "environment", true, false, on_environment },
	{ "files", true, false, on_files },	    { "trees", true, false, on_trees },
	{ "libraries", false, true, on_libraries }, { "syscalls", false, true, on_syscalls },
	{ "socket", false, true, on_socket },	    { "model", false, true, on_model },
	{ "ready", false, true, on_ready },	    { "ready_seconds", false, true, on_ready_seconds },
	{ "memory_mib", false, true, on_memory },   { "disk_mib", false, true, on_disk },
	{ "processes", false, true, on_processes },
};
enum { KEYS = sizeof keys / sizeof *keys };

static enum gh_rc one(struct reading *r, const struct key *k)
{
	enum gh_yaml_ev ev = gh_yaml_next(&r->y);
	if (!k->list)
		return ev == GH_YAML_SCALAR ? k->read(r) : bad(r, "expected a plain value for", gh_span_str(k->name));
	if (ev != GH_YAML_SEQ)
		return bad(r, "expected a list for", gh_span_str(k->name));
	while ((ev = gh_yaml_next(&r->y)) == GH_YAML_SCALAR) {
		enum gh_rc rc = k->read(r);
		if (rc != GH_OK)
			return rc;
	}
	return ev == GH_YAML_SEQ_END ? GH_OK : bad(r, "expected texts in", gh_span_str(k->name));
}

static bool next_is(struct reading *r, enum gh_yaml_ev ev) { return gh_yaml_next(&r->y) == ev; }

static enum gh_rc mapping(struct reading *r)
{
	unsigned seen = 0;
	if (!next_is(r, GH_YAML_DOC) || !next_is(r, GH_YAML_MAP))
		return bad(r, r->y.why != NULL ? r->y.why : "expected one mapping", (struct gh_span){ 0 });
	while (gh_yaml_next(&r->y) == GH_YAML_SCALAR) {
		size_t i = 0;
		while (i < KEYS && !gh_span_is(r->y.text, keys[i].name))
			i++;
		if (i == KEYS)
			return bad(r, "no such key", r->y.text);
		if ((seen & 1u << i) != 0)
			return bad(r, "said twice", r->y.text);
		seen |= 1u << i;
		enum gh_rc rc = one(r, &keys[i]);
		if (rc != GH_OK)
			return rc;
	}
	if (r->y.ev != GH_YAML_MAP_END || !next_is(r, GH_YAML_DOC_END) || !next_is(r, GH_YAML_END))
		return bad(r, r->y.why != NULL ? r->y.why : "expected one mapping", (struct gh_span){ 0 });
	for (size_t i = 0; i < KEYS; i++)
		if (keys[i].needed && (seen & 1u << i) == 0)
			return bad(r, "missing", gh_span_str(keys[i].name));
	return GH_OK;
}

enum gh_rc gh_engine_read(struct gh_arena *a, const char *name, struct gh_span text, struct gh_engine_profile *out,
			  struct gh_err *err)
{
	gh_auto_arena yaml = { .max = ARENA_YAML };
	*out = (struct gh_engine_profile){ .name = name };
	if (text.n == 0 || text.n > PROFILE_MAX)
		return gh_fail(err, GH_E_LIMIT, "an engine profile of %zu bytes: 1 to %d", text.n, PROFILE_MAX);
	struct reading r = { .a = a, .text = text, .p = out, .err = err };
	r.bind = GH_NEW(a, struct gh_engine_bind, GH_ENGINE_FILES);
	r.word = GH_NEW(a, const char *, WORDS);
	out->text = gh_keep(a, text);
	if (r.bind == NULL || r.word == NULL || out->text.p == NULL)
		return gh_fail(err, GH_E_NOMEM, "no memory for an engine profile");
	out->bind = r.bind;
	gh_yaml_open(&r.y, out->text, &yaml);
	enum gh_rc rc = mapping(&r);
	if (rc == GH_OK && (out->argv == NULL || out->argv[0] == NULL || !absolute(out->argv[0])))
		rc = bad(&r, "the first word of command is the program's absolute path inside", (struct gh_span){ 0 });
	if (rc == GH_OK && !(absolute(out->program) || strncmp(out->program, "{engine}/", 9) == 0))
		rc = bad(&r, "no absolute path", gh_span_str(out->program));
	return rc;
}
