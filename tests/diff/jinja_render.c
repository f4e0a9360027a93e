/* Renders templates for tests/diff/jinja_diff.py, or judges them. Input: one JSON object per line on standard input:
 *	{"template": "…", "context": {…}}	renders; prints {"out": "…"} or {"err": "…"}
 *	{"judge": "…"}				prints {"ids": "GH-TPL-0001 …", "why": "…"} */
#include "check/checks.h"
#include "wire/jinja/jinja_run.h"
#include "wire/json.h"

#include <stdio.h>
#include <stdlib.h>

enum { LEVELS = 64 };

/* The value whose first token was read. */
static struct gh_jv value(struct gh_json *j, struct gh_arena *a)
{
	struct gh_jv up[LEVELS], out = gh_jv_none();
	struct gh_span key[LEVELS] = { { 0 } };
	unsigned depth = 0;
	for (;; (void)gh_json_next(j)) {
		struct gh_jv v = gh_jv_none();
		bool open = false;
		switch (j->tok) {
		case GH_JSON_KEY: key[depth - 1] = gh_keep(a, j->text); continue;
		case GH_JSON_OBJECT: v = gh_jv_dict(a), open = true; break;
		case GH_JSON_ARRAY: v = gh_jv_list(a), open = true; break;
		case GH_JSON_STRING: v = gh_jv_str(gh_keep(a, j->text)); break;
		case GH_JSON_TRUE:
		case GH_JSON_FALSE: v = gh_jv_bool(j->tok == GH_JSON_TRUE); break;
		case GH_JSON_NULL: break;
		case GH_JSON_NUMBER: {
			char s[64];
			(void)snprintf(s, sizeof s, "%.*s", (int)j->text.n, (const char *)j->text.p);
			v = strpbrk(s, ".eEnN") != NULL ? gh_jv_float(strtod(s, NULL))
							: gh_jv_int(strtoll(s, NULL, 10));
			break;
		}
		default: depth--; /* an end */
		}
		bool end = j->tok == GH_JSON_OBJECT_END || j->tok == GH_JSON_ARRAY_END;
		if (!end && depth == 0)
			out = v;
		else if (!end && up[depth - 1].kind == JV_DICT)
			(void)gh_jv_put(a, up[depth - 1].dict, gh_jv_str(key[depth - 1]), v);
		else if (!end)
			(void)gh_jv_push(a, up[depth - 1].list, v);
		if (open && depth < LEVELS)
			up[depth++] = v;
		if (depth == 0)
			return out;
	}
}

static void print(const char *what, struct gh_span s)
{
	gh_auto_buf b = gh_buf(16 << 20);
	gh_buf_json(&b, s);
	printf("{\"%s\": %s}\n", what, gh_buf_cstr(&b));
}

static void render(struct gh_arena *a, struct gh_jdict *in)
{
	const struct gh_jv *text = gh_jv_get(in, gh_jv_str(GH_SPAN("template"))),
			   *ctx = gh_jv_get(in, gh_jv_str(GH_SPAN("context")));
	struct gh_jj_tree t = gh_jj_parse(a, text->s, &gh_jj_chat);
	if (t.root == NULL) {
		print("err", gh_span_str(t.why));
		return;
	}
	struct gh_jj_run run = { .arena = a,
				 .context = ctx->dict,
				 .max_steps = 10000000,
				 .max_out = 8 << 20,
				 .now = GH_SPAN("26 Jul 2024") };
	if (gh_jj_run(&run, t.root))
		print("out", run.out);
	else
		print("err", gh_span_str(run.err));
}

static void note(struct gh_scene *s, const struct gh_rule *rule, struct gh_range at, const char *text)
{
	struct gh_buf *b = *s->state;
	(void)at;
	gh_buf_fmt(b, "%s%s %s", b->n != 0 ? " | " : "", rule->id, text);
}

static void judge(struct gh_span text)
{
	gh_auto_buf b = gh_buf(1 << 20);
	void *state = &b;
	struct gh_scene s = { .format = "jinja", .find = note, .state = &state };
	struct gh_text t = { .role = "chat-template", .text = text };
	struct gh_event ev = { .kind = GH_EV_TEXT, .at = { 0, text.n }, .u.text = &t };
	gh_check_templates.on(&s, &ev);
	print("judged", gh_buf_view(&b));
}

int main(void)
{
	char *line = NULL;
	size_t cap = 0;
	for (ssize_t n; (n = getline(&line, &cap, stdin)) > 0;) {
		gh_auto_arena a = { .max = 256 << 20 };
		struct gh_json j = gh_json_mem((struct gh_span){ (const uint8_t *)line, (size_t)n }, &a);
		j.keep = 4 << 20;
		(void)gh_json_next(&j);
		struct gh_jv in = value(&j, &a);
		const struct gh_jv *text = gh_jv_get(in.dict, gh_jv_str(GH_SPAN("judge")));
		if (text != NULL)
			judge(text->s);
		else
			render(&a, in.dict);
		(void)fflush(stdout);
	}
	free(line);
	return 0;
}
