#include "engine/ask.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

bool gh_refuse(struct gh_refusal *r, int status, const char *code, const char *param, const char *fmt, ...)
{
	va_list ap;
	const char *type = status == 429   ? "rate_limit_error"
			   : status >= 500 ? "server_error"
					   : "invalid_request_error";
	*r = (struct gh_refusal){ .status = status, .type = type, .code = code, .param = param };
	va_start(ap, fmt);
	(void)vsnprintf(r->text, sizeof r->text, fmt, ap);
	va_end(ap);
	return false;
}

enum type {
	T_BOOL,
	T_REAL,
	T_COUNT,   /* uint32_t */
	T_INT,	   /* int32_t */
	T_ONE,	   /* 1, or nothing */
	T_NOT,	   /* false, null, 0, "", [] or {}: else it is refused */
	T_SPECIAL, /* a function reads it */
};

struct field {
	const char *name;
	unsigned kinds; /* set of enum gh_ask_kind */
	enum type type;
	size_t at; /* in struct gh_ask */
	double min, max;
	bool (*read)(struct gh_arena *a, const struct gh_jval *v, struct gh_ask *q, struct gh_refusal *r);
};

static bool stops(struct gh_arena *a, const struct gh_jval *v, struct gh_ask *q, struct gh_refusal *r)
{
	(void)a;
	const struct gh_jval *one = v->kind == GH_J_STRING ? v : gh_jfirst(v);
	if (v->kind != GH_J_STRING && v->kind != GH_J_ARRAY)
		return gh_refuse(r, 400, NULL, "stop", "'stop' must be a string or an array of strings");
	for (; one != NULL; one = v->kind == GH_J_STRING ? NULL : one->next) {
		if (one->kind != GH_J_STRING || one->text.n == 0 || one->text.n > GH_TEXT_STOP)
			return gh_refuse(r, 400, NULL, "stop", "'stop' must hold strings of 1 to %d bytes",
					 GH_TEXT_STOP);
		if (q->nstop == GH_TEXT_STOPS - 1) /* one is the engine's own */
			return gh_refuse(r, 400, NULL, "stop", "'stop' may hold %d strings at most", GH_TEXT_STOPS - 1);
		q->stop[q->nstop++] = one->text;
	}
	return true;
}

static bool stream_options(struct gh_arena *a, const struct gh_jval *v, struct gh_ask *q, struct gh_refusal *r)
{
	(void)a;
	if (v->kind != GH_J_OBJECT)
		return gh_refuse(r, 400, NULL, "stream_options", "'stream_options' must be an object");
	q->usage = gh_jtrue(gh_jget(v, "include_usage"));
	return true;
}

static bool response_format(struct gh_arena *a, const struct gh_jval *v, struct gh_ask *q, struct gh_refusal *r)
{
	(void)a;
	const char *type = gh_jstr(v, "type");
	if (type != NULL && strcmp(type, "json_object") == 0)
		q->sampling.json = true;
	else if (type == NULL || strcmp(type, "text") != 0)
		return gh_refuse(r, 400, NULL, "response_format",
				 "'response_format' may be of type text or json_object here");
	return true;
}

static bool logprobs(struct gh_arena *a, const struct gh_jval *v, struct gh_ask *q, struct gh_refusal *r)
{
	(void)a;
	uint64_t n = 0;
	if (q->kind == GH_ASK_CHAT) { /* true or false; how many stands in top_logprobs */
		if (v->kind != GH_J_TRUE && v->kind != GH_J_FALSE)
			return gh_refuse(r, 400, NULL, "logprobs", "'logprobs' must be true or false");
		if (v->kind == GH_J_TRUE && q->sampling.logprobs < 0)
			q->sampling.logprobs = 0;
		return true;
	}
	if (!gh_ju64(v, &n) || n > GH_TOP_LOGPROBS)
		return gh_refuse(r, 400, NULL, "logprobs", "'logprobs' must be a number from 0 to %d", GH_TOP_LOGPROBS);
	q->sampling.logprobs = (int)n;
	return true;
}

static bool top_logprobs(struct gh_arena *a, const struct gh_jval *v, struct gh_ask *q, struct gh_refusal *r)
{
	(void)a;
	uint64_t n = 0;
	if (!gh_ju64(v, &n) || n > GH_TOP_LOGPROBS)
		return gh_refuse(r, 400, NULL, "top_logprobs", "'top_logprobs' must be a number from 0 to %d",
				 GH_TOP_LOGPROBS);
	q->sampling.logprobs = (int)n;
	return true;
}

static bool seed(struct gh_arena *a, const struct gh_jval *v, struct gh_ask *q, struct gh_refusal *r)
{
	(void)a;
	int64_t n = 0;
	if (!gh_ji64(v, &n))
		return gh_refuse(r, 400, NULL, "seed", "'seed' must be a whole number");
	q->sampling.seed = (uint32_t)((uint64_t)n ^ (uint64_t)n >> 32);
	q->has_seed = true;
	return true;
}

static bool encoding(struct gh_arena *a, const struct gh_jval *v, struct gh_ask *q, struct gh_refusal *r)
{
	(void)a;
	const char *s = gh_jtext(v);
	q->base64 = s != NULL && strcmp(s, "base64") == 0;
	if (q->base64 || (s != NULL && strcmp(s, "float") == 0))
		return true;
	return gh_refuse(r, 400, NULL, "encoding_format", "'encoding_format' must be float or base64");
}

/* A string, or an array of strings. */
static bool inputs(struct gh_arena *a, const struct gh_jval *v, const char *name, size_t max, struct gh_ask *q,
		   struct gh_refusal *r)
{
	size_t n = v->kind == GH_J_STRING ? 1 : v->n;
	if ((v->kind != GH_J_STRING && v->kind != GH_J_ARRAY) || n == 0)
		return gh_refuse(r, 400, NULL, name, "'%s' must be a string or an array of strings", name);
	if (n > max)
		return gh_refuse(r, 400, NULL, name, "'%s' may hold %zu texts at most", name, max);
	struct gh_span *s = GH_NEW(a, struct gh_span, n);
	if (s == NULL)
		return gh_refuse(r, 413, NULL, name, "'%s' is too large", name);
	q->input = s;
	for (const struct gh_jval *one = v->kind == GH_J_STRING ? v : v->first; q->ninput < n; one = one->next) {
		if (one->kind != GH_J_STRING)
			return gh_refuse(r, 400, NULL, name, "'%s' must hold strings; numbers of tokens are not taken",
					 name);
		s[q->ninput++] = one->text;
	}
	return true;
}

static bool prompt(struct gh_arena *a, const struct gh_jval *v, struct gh_ask *q, struct gh_refusal *r)
{
	return inputs(a, v, "prompt", 1, q, r);
}

static bool input(struct gh_arena *a, const struct gh_jval *v, struct gh_ask *q, struct gh_refusal *r)
{
	return inputs(a, v, "input", GH_ASK_INPUTS, q, r);
}

static bool extra(struct gh_arena *a, const struct gh_jval *v, struct gh_ask *q, struct gh_refusal *r)
{
	(void)a;
	q->extra = v;
	return v->kind == GH_J_OBJECT ||
	       gh_refuse(r, 400, NULL, "chat_template_kwargs", "'chat_template_kwargs' must be an object");
}

/* Roles go into the template's own words: only known ones, or a role could spell a token that steers. */
static bool known_role(const char *role)
{
	static const char *const roles[] = { "system", "developer", "user", "assistant", "tool", "function" };
	for (size_t i = 0; role != NULL && i < sizeof roles / sizeof *roles; i++)
		if (strcmp(role, roles[i]) == 0)
			return true;
	return false;
}

static bool content(const struct gh_jval *m, struct gh_refusal *r)
{
	const struct gh_jval *c = gh_jget(m, "content");
	if (c == NULL || c->kind == GH_J_NULL) /* an assistant that called tools said nothing */
		return strcmp(gh_jstr(m, "role"), "assistant") == 0 ||
		       gh_refuse(r, 400, NULL, "messages", "a message has no 'content'");
	if (c->kind == GH_J_STRING)
		return true;
	if (c->kind != GH_J_ARRAY)
		return gh_refuse(r, 400, NULL, "messages", "'content' must be a string or an array of parts");
	for (const struct gh_jval *p = c->first; p != NULL; p = p->next) {
		const char *type = gh_jstr(p, "type");
		const struct gh_jval *text = gh_jget(p, "text");
		if (type == NULL || strcmp(type, "text") != 0 || text == NULL || text->kind != GH_J_STRING)
			return gh_refuse(r, 400, NULL, "messages", "only parts of type text can be read here");
	}
	return true;
}

static bool messages(struct gh_arena *a, const struct gh_jval *v, struct gh_ask *q, struct gh_refusal *r)
{
	(void)a;
	if (v->kind != GH_J_ARRAY || v->n == 0 || v->n > GH_ASK_MESSAGES)
		return gh_refuse(r, 400, NULL, "messages", "'messages' must be an array of 1 to %d messages",
				 GH_ASK_MESSAGES);
	for (const struct gh_jval *m = v->first; m != NULL; m = m->next) {
		if (m->kind != GH_J_OBJECT || !known_role(gh_jstr(m, "role")))
			return gh_refuse(r, 400, NULL, "messages",
					 "a message must be an object with the role system, developer, user, "
					 "assistant, tool or function");
		if (!content(m, r))
			return false;
	}
	q->messages = v;
	return true;
}

#define AT(member) offsetof(struct gh_ask, member)
enum { GENERATE = GH_ASK_CHAT | GH_ASK_TEXT };
static const struct field fields[] = {
	{ "messages", GH_ASK_CHAT, T_SPECIAL, 0, 0, 0, messages },
	{ "prompt", GH_ASK_TEXT, T_SPECIAL, 0, 0, 0, prompt },
	{ "input", GH_ASK_EMBED, T_SPECIAL, 0, 0, 0, input },
	{ "stream", GENERATE, T_BOOL, AT(stream), 0, 0, NULL },
	{ "stream_options", GENERATE, T_SPECIAL, 0, 0, 0, stream_options },
	{ "max_tokens", GENERATE, T_COUNT, AT(max_tokens), 1, 1 << 24, NULL },
	{ "max_completion_tokens", GH_ASK_CHAT, T_COUNT, AT(max_tokens), 1, 1 << 24, NULL },
	{ "temperature", GENERATE, T_REAL, AT(sampling.temperature), 0, 2, NULL },
	{ "top_p", GENERATE, T_REAL, AT(sampling.top_p), 0, 1, NULL },
	{ "min_p", GENERATE, T_REAL, AT(sampling.min_p), 0, 1, NULL },
	{ "top_k", GENERATE, T_INT, AT(sampling.top_k), -1, 1 << 24, NULL },
	{ "presence_penalty", GENERATE, T_REAL, AT(sampling.presence), -2, 2, NULL },
	{ "frequency_penalty", GENERATE, T_REAL, AT(sampling.frequency), -2, 2, NULL },
	{ "repetition_penalty", GENERATE, T_REAL, AT(sampling.repetition), 0.1, 10, NULL },
	{ "repeat_penalty", GENERATE, T_REAL, AT(sampling.repetition), 0.1, 10, NULL },
	{ "ignore_eos", GENERATE, T_BOOL, AT(sampling.go_on), 0, 0, NULL },
	{ "seed", GENERATE, T_SPECIAL, 0, 0, 0, seed },
	{ "stop", GENERATE, T_SPECIAL, 0, 0, 0, stops },
	{ "logprobs", GENERATE, T_SPECIAL, 0, 0, 0, logprobs },
	{ "top_logprobs", GH_ASK_CHAT, T_SPECIAL, 0, 0, 0, top_logprobs },
	{ "response_format", GENERATE, T_SPECIAL, 0, 0, 0, response_format },
	{ "chat_template_kwargs", GH_ASK_CHAT, T_SPECIAL, 0, 0, 0, extra },
	{ "encoding_format", GH_ASK_EMBED, T_SPECIAL, 0, 0, 0, encoding },
	{ "n", GENERATE, T_ONE, 0, 0, 0, NULL },
	{ "best_of", GENERATE, T_ONE, 0, 0, 0, NULL },
	{ "echo", GENERATE, T_NOT, 0, 0, 0, NULL },
	{ "suffix", GENERATE, T_NOT, 0, 0, 0, NULL },
	{ "logit_bias", GENERATE, T_NOT, 0, 0, 0, NULL },
	{ "tools", GENERATE, T_NOT, 0, 0, 0, NULL },
	{ "functions", GENERATE, T_NOT, 0, 0, 0, NULL },
	{ "grammar", GENERATE, T_NOT, 0, 0, 0, NULL },
	{ "guided_json", GENERATE, T_NOT, 0, 0, 0, NULL },
	{ "audio", GENERATE, T_NOT, 0, 0, 0, NULL },
	{ "dimensions", GH_ASK_EMBED, T_NOT, 0, 0, 0, NULL },
};
#undef AT

static bool real(const struct gh_jval *v, double *out)
{
	if (v->kind != GH_J_NUMBER || v->text.n > 64)
		return false;
	*out = strtod((const char *)v->text.p, NULL);
	return isfinite(*out);
}

static bool is_nothing(const struct gh_jval *v)
{
	double d = 0;
	return v->kind == GH_J_FALSE || (v->kind == GH_J_STRING && v->text.n == 0) ||
	       ((v->kind == GH_J_ARRAY || v->kind == GH_J_OBJECT) && v->n == 0) || (real(v, &d) && d == 0);
}

static bool take(struct gh_arena *a, const struct field *f, const struct gh_jval *v, struct gh_ask *q,
		 struct gh_refusal *r)
{
	void *at = (char *)q + f->at;
	double d = 0;
	switch (f->type) {
	case T_SPECIAL: return f->read(a, v, q, r);
	case T_NOT:
		return is_nothing(v) ||
		       gh_refuse(r, 400, "unsupported_parameter", f->name, "'%s' is not supported here", f->name);
	case T_ONE:
		return (real(v, &d) && d == 1) ||
		       gh_refuse(r, 400, "unsupported_parameter", f->name, "'%s' can be nothing but 1 here", f->name);
	case T_BOOL:
		*(bool *)at = v->kind == GH_J_TRUE;
		return v->kind == GH_J_TRUE || v->kind == GH_J_FALSE ||
		       gh_refuse(r, 400, NULL, f->name, "'%s' must be true or false", f->name);
	default: break;
	}
	if (!real(v, &d) || d < f->min || d > f->max || (f->type != T_REAL && d != floor(d)))
		return gh_refuse(r, 400, NULL, f->name, "'%s' must be a %snumber from %g to %g", f->name,
				 f->type == T_REAL ? "" : "whole ", f->min, f->max);
	if (f->type == T_REAL)
		*(float *)at = (float)d;
	else if (f->type == T_INT)
		*(int32_t *)at = d < 0 ? 0 : (int32_t)d;
	else
		*(uint32_t *)at = (uint32_t)d;
	return true;
}

static bool fields_of(struct gh_arena *a, const struct gh_jval *doc, struct gh_ask *q, struct gh_refusal *r)
{
	for (const struct gh_jval *v = gh_jfirst(doc); v != NULL; v = v->next)
		for (size_t i = 0; v->kind != GH_J_NULL && i < sizeof fields / sizeof *fields; i++)
			if ((fields[i].kinds & q->kind) != 0 && gh_span_is(v->key, fields[i].name) &&
			    !take(a, &fields[i], v, q, r))
				return false;
	return true;
}

bool gh_ask_read(struct gh_arena *a, enum gh_ask_kind kind, struct gh_span body, const char *model, struct gh_ask *out,
		 struct gh_refusal *r)
{
	const struct gh_jval *doc;
	struct gh_err err = { 0 };
	char line[200];
	*out = (struct gh_ask){ .kind = kind,
				.sampling = { .temperature = 1, .top_p = 1, .repetition = 1, .logprobs = -1 } };
	if (gh_jdom_parse(a, body, &doc, &err) != GH_OK)
		return gh_refuse(r, 400, NULL, NULL, "the body is not JSON: %s", gh_err_line(&err, line, sizeof line));
	if (doc->kind != GH_J_OBJECT)
		return gh_refuse(r, 400, NULL, NULL, "the body must be a JSON object");
	const struct gh_jval *m = gh_jget(doc, "model");
	if (m != NULL && (m->kind != GH_J_STRING || !gh_span_is(m->text, model)))
		return gh_refuse(r, 404, "model_not_found", "model",
				 "this is the model '%s'; no other one is served here", model);
	if (!fields_of(a, doc, out, r))
		return false;
	if (kind == GH_ASK_CHAT ? out->messages == NULL : out->ninput == 0) {
		const char *name = kind == GH_ASK_CHAT ? "messages" : kind == GH_ASK_TEXT ? "prompt" : "input";
		return gh_refuse(r, 400, NULL, name, "'%s' is missing", name);
	}
	return true;
}
