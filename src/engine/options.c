#include "engine/options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum kind { FILE_OR_FD, LORA, SCALE, TEXT, FD, NUMBER, ONOFF, LOCK, FLAG };

static const struct option {
	const char *name;
	enum kind kind;
	size_t at; /* in struct gh_engine_options */
	uint32_t min, max;
	const char *about; /* begins with what follows the name */
} rows[] = {
#define AT(member) offsetof(struct gh_engine_options, member)
	{ "--model", FILE_OR_FD, AT(model), 0, 0, "FILE|fd:N   model in GGUF form" },
	{ "--lora", LORA, 0, 0, 0, "FILE|fd:N   LoRA adapter in GGUF form; may be given several times" },
	{ "--lora-scale", SCALE, 0, 0, 0, "X   weight of the adapter before it, -4 to 4 (default 1)" },
	{ "--template", FILE_OR_FD, AT(tmpl), 0, 0, "FILE|fd:N   chat template to use instead of the model's" },
	{ "--name", TEXT, AT(name), 0, 0, "NAME   what requests call the model (default \"model\")" },
	{ "--listen", FD, AT(listen), 0, 0, "fd:N   listening Unix socket" },
	{ "--socket", TEXT, AT(socket), 0, 0, "PATH   or: make the socket there" },
	{ "--ready", FD, AT(ready), 0, 0, "fd:N   write \"ready\" there when requests are answered" },
	{ "--libs", TEXT, AT(libs), 0, 0, "DIR   llama.cpp's libraries (default: beside the program)" },
	{ "--cpu", TEXT, AT(cpu), 0, 0,
	  "NAME   CPU back end, as in libggml-cpu-NAME.so (default: the best that runs here)" },
	{ "--context", NUMBER, AT(context), 16, 1 << 20,
	  "N   tokens of one sequence (default: the model's, at most 4096)" },
	{ "--sequences", NUMBER, AT(sequences), 1, 64, "N   requests decoded at the same time (default 4)" },
	{ "--max-tokens", NUMBER, AT(max_tokens), 1, 1 << 20,
	  "N   tokens of one answer (default: what fits into the context)" },
	{ "--batch", NUMBER, AT(batch), 16, 4096, "N   tokens decoded in one step (default 256)" },
	{ "--threads", NUMBER, AT(threads), 1, 256, "N   (default 1; more only where cores are idle)" },
	{ "--queue", NUMBER, AT(queue), 0, 4096,
	  "N   requests that may wait; more are answered with 429 (default 32)" },
	{ "--connections", NUMBER, AT(connections), 1, 1024,
	  "N   connections; more are answered with 503 (default 128)" },
	{ "--body", NUMBER, AT(body), 1024, 64 << 20, "BYTES   of one request (default 1048576)" },
	{ "--stall", NUMBER, AT(stall), 1, 3600,
	  "SECONDS   in which a client neither sends nor takes anything (default 30)" },
	{ "--embeddings", ONOFF, AT(embeddings), 0, 0, "on|off   answer /v1/embeddings (default on)" },
	{ "--lock", LOCK, 0, 0, 0, "on|watched|off   give up what is not needed (default on)" },
	{ "--check", FLAG, AT(check), 0, 0, "  verify the libraries, name those that would be loaded, and end" },
	{ "--version", FLAG, AT(version), 0, 0, "  print versions and end" },
	{ "--help", FLAG, AT(help), 0, 0, "  print this and end" },
#undef AT
};

static bool number(const char *s, uint32_t min, uint32_t max, uint32_t *out)
{
	uint64_t v = 0;
	size_t n = strlen(s);
	if (n == 0 || n > 9 || strspn(s, "0123456789") != n)
		return false;
	for (size_t i = 0; i < n; i++)
		v = v * 10 + (uint64_t)(s[i] - '0');
	*out = (uint32_t)v;
	return v >= min && v <= max;
}

static bool descriptor(const char *s, int *fd)
{
	uint32_t v;
	if (strncmp(s, "fd:", 3) != 0 || !number(s + 3, 0, 65535, &v))
		return false;
	*fd = (int)v;
	return true;
}

static bool file(const char *s, struct gh_engine_file *f)
{
	*f = (struct gh_engine_file){ .fd = -1, .path = s };
	if (strncmp(s, "fd:", 3) != 0)
		return *s != 0;
	f->path = NULL;
	return descriptor(s, &f->fd);
}

static bool scale(const char *s, float *out)
{
	char *end;
	double v = strtod(s, &end);
	*out = (float)v;
	return end != s && *end == 0 && v >= -4 && v <= 4;
}

static bool lock(const char *s, enum gh_engine_lock *out)
{
	static const char *const word[] = { "off", "on", "watched" };
	for (unsigned i = 0; i < 3; i++)
		if (strcmp(s, word[i]) == 0) {
			*out = (enum gh_engine_lock)i;
			return true;
		}
	return false;
}

static bool take(const struct option *r, const char *value, struct gh_engine_options *o)
{
	void *at = (char *)o + r->at;
	switch (r->kind) {
	case FILE_OR_FD: return file(value, at);
	case LORA:
		if (o->nlora == GH_ENGINE_LORAS)
			return false;
		o->scale[o->nlora] = 1;
		return file(value, &o->lora[o->nlora++]);
	case SCALE: return o->nlora > 0 && scale(value, &o->scale[o->nlora - 1]);
	case TEXT: *(const char **)at = value; return *value != 0;
	case FD: return descriptor(value, at);
	case NUMBER: return number(value, r->min, r->max, at);
	case ONOFF:
		*(bool *)at = strcmp(value, "on") == 0;
		return strcmp(value, "on") == 0 || strcmp(value, "off") == 0;
	case LOCK: return lock(value, &o->lock);
	default: *(bool *)at = true; return true;
	}
}

static const struct option *find(const char *name)
{
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (strcmp(rows[i].name, name) == 0)
			return &rows[i];
	return NULL;
}

bool gh_engine_options(int argc, char **argv, struct gh_engine_options *o, char *why, size_t cap)
{
	*o = (struct gh_engine_options){ .model = { -1, NULL },
					 .tmpl = { -1, NULL },
					 .name = "model",
					 .listen = -1,
					 .ready = -1,
					 .sequences = 4,
					 .batch = 256,
					 .threads = 1,
					 .queue = 32,
					 .connections = 128,
					 .body = 1 << 20,
					 .stall = 30,
					 .embeddings = true,
					 .lock = GH_LOCK_ON };
	for (int i = 1; i < argc; i++) {
		const struct option *r = find(argv[i]);
		if (r == NULL) {
			(void)snprintf(why, cap, "unknown argument '%s'; see --help", argv[i]);
			return false;
		}
		const char *value = r->kind == FLAG ? "" : argv[i + 1];
		if (value == NULL || !take(r, value, o)) {
			(void)snprintf(why, cap, "%s %s%swants %s", r->name, value == NULL ? "" : value,
				       value == NULL ? "" : ": ", r->about);
			return false;
		}
		i += r->kind != FLAG;
	}
	if (o->check || o->version || o->help)
		return true;
	const char *missing = o->model.fd < 0 && o->model.path == NULL ? "--model is missing: what is to be served?"
			      : (o->listen < 0) == (o->socket == NULL)
				      ? "exactly one of --listen fd:N and --socket PATH says where requests come in"
				      : NULL;
	if (missing != NULL)
		(void)snprintf(why, cap, "%s", missing);
	return missing == NULL;
}

void gh_engine_usage(void (*line)(const char *option, const char *about))
{
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		line(rows[i].name, rows[i].about);
}
