/* A request of any bytes and a template of any bytes: an answer or a refusal; pieces that add up; output that is JSON.
 * Input: the template, a zero byte, the body of a request. */
#include "engine/ask.h"
#include "engine/chat.h"
#include "engine/say.h"

static const struct gh_span steering[] = { GH_SPAN("<s>"),     GH_SPAN("<|"), GH_SPAN("<|end"),
					   GH_SPAN("<|end|>"), GH_SPAN("{"),  GH_SPAN("\xef\xb7\x90") };

static void must_be_json(struct gh_span s)
{
	gh_auto_arena a = { .max = 16 << 20 };
	struct gh_err err = { 0 };
	const struct gh_jval *v;
	if (gh_jdom_parse(&a, s, &v, &err) != GH_OK)
		__builtin_trap();
}

static void render(struct gh_arena *a, const char *text, const struct gh_ask *q)
{
	struct gh_chat_template t = {
		.bos = "<s>", .eos = "<|end|>", .steering = steering, .nsteering = sizeof steering / sizeof *steering
	};
	struct gh_chat_prompt p;
	struct gh_err err = { 0 };
	if (gh_chat_parse(a, text, &t, &err) != GH_OK)
		return;
	if (gh_chat_render(a, &t, q->messages, q->extra, GH_SPAN("26 Jul 2024"), &p, &err) != GH_OK) {
		if (err.n == 0)
			__builtin_trap();
		return;
	}
	for (size_t i = 0; i < p.n; i++)
		if (p.piece[i].text.n == 0)
			__builtin_trap();
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);
int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	gh_auto_arena a = { .max = 4 << 20 };
	gh_auto_buf out = gh_buf(1 << 20);
	const uint8_t *zero = n == 0 ? NULL : memchr(p, 0, n);
	size_t cut = zero == NULL ? 0 : (size_t)(zero - p);
	struct gh_span body = gh_span_cut((struct gh_span){ p, n }, zero == NULL ? 0 : cut + 1, n);
	static const enum gh_ask_kind kinds[] = { GH_ASK_CHAT, GH_ASK_TEXT, GH_ASK_EMBED };
	for (size_t i = 0; i < 3; i++) {
		struct gh_ask q;
		struct gh_refusal r = { 0 };
		out.n = 0;
		if (!gh_ask_read(&a, kinds[i], body, "m", &q, &r)) {
			if (r.status < 400 || r.text[0] == 0)
				__builtin_trap();
			gh_say_refusal(&out, &r);
			must_be_json(gh_buf_view(&out));
			continue;
		}
		if (q.nstop >= GH_TEXT_STOPS || (kinds[i] == GH_ASK_CHAT) != (q.messages != NULL) ||
		    !(q.sampling.temperature >= 0 && q.sampling.temperature <= 2))
			__builtin_trap();
		struct gh_text t = { .nstop = q.nstop };
		memcpy(t.stop, q.stop, sizeof t.stop);
		gh_text_put(&t, body, &out);
		gh_text_end(&t, &out);
		if (out.n > body.n + 3)
			__builtin_trap();
		struct gh_say s = { .chat = i == 0, .id = "i", .model = "m" };
		gh_auto_buf whole = gh_buf(16 << 20);
		gh_say_answer(&whole, &s, gh_buf_view(&out), NULL, GH_FINISH_STOP, &(struct gh_usage){ 1, 2 });
		must_be_json(gh_buf_view(&whole));
		if (i == 0)
			render(&a, zero == NULL ? NULL : (const char *)p, &q);
	}
	return 0;
}
