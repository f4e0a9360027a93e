#include "scan/disarm/template.h"

/* The texts lie in rules/templates, where they can be read as what they are; the assembler puts them in here. */
#define TEXT(symbol, file) \
	__asm__(".section .rodata\n.global gh_tpl_" #symbol "\n.global gh_tpl_" #symbol "_end\n" \
		"gh_tpl_" #symbol ":\n.incbin \"" file "\"\ngh_tpl_" #symbol "_end:\n.byte 0\n.previous\n"); \
	extern const uint8_t gh_tpl_##symbol[], gh_tpl_##symbol##_end[]
TEXT(chatml, "chatml.jinja");
TEXT(qwen, "qwen.jinja");
TEXT(llama2, "llama-2.jinja");
TEXT(llama3, "llama-3.jinja");
TEXT(mistral, "mistral.jinja");
TEXT(gemma, "gemma.jinja");
TEXT(phi3, "phi-3.jinja");
TEXT(zephyr, "zephyr.jinja");
TEXT(alpaca, "alpaca.jinja");
TEXT(deepseek, "deepseek.jinja");

enum mark {
	IM_START = 1 << 0,
	IM_END = 1 << 1,
	HEADER = 1 << 2,
	EOT_ID = 1 << 3,
	INST = 1 << 4,
	SYS = 1 << 5,
	TURN = 1 << 6,
	TURN_END = 1 << 7,
	USER = 1 << 8,
	ASSISTANT = 1 << 9,
	END = 1 << 10,
	DS_USER = 1 << 11,
	DS_ASSISTANT = 1 << 12,
	INSTRUCTION = 1 << 13,
	RESPONSE = 1 << 14,
};
static const struct {
	const char *text;
	uint32_t mark;
} marks[] = {
	{ "<|im_start|>", IM_START },
	{ "<|im_end|>", IM_END },
	{ "<|start_header_id|>", HEADER },
	{ "<|eot_id|>", EOT_ID },
	{ "[INST]", INST },
	{ "<<SYS>>", SYS },
	{ "<start_of_turn>", TURN },
	{ "<end_of_turn>", TURN_END },
	{ "<|user|>", USER },
	{ "<|assistant|>", ASSISTANT },
	{ "<|end|>", END },
	{ "<\xef\xbd\x9cUser\xef\xbd\x9c>", DS_USER },
	{ "<\xef\xbd\x9c"
	  "Assistant\xef\xbd\x9c>",
	  DS_ASSISTANT },
	{ "### Instruction:", INSTRUCTION },
	{ "### Response:", RESPONSE },
};

/* In this order: what needs more comes before what needs less. `not`: markers that say it is another one. */
static const struct {
	const char *name, *architecture; /* NULL: any */
	uint32_t all, not;
	const uint8_t *text, *end;
} families[] = {
	{ "llama-3", NULL, HEADER | EOT_ID, IM_START, gh_tpl_llama3, gh_tpl_llama3_end },
	{ "qwen", "qwen", IM_START | IM_END, 0, gh_tpl_qwen, gh_tpl_qwen_end },
	{ "chatml", NULL, IM_START | IM_END, HEADER, gh_tpl_chatml, gh_tpl_chatml_end },
	{ "gemma", NULL, TURN | TURN_END, IM_START, gh_tpl_gemma, gh_tpl_gemma_end },
	{ "deepseek", NULL, DS_USER | DS_ASSISTANT, IM_START, gh_tpl_deepseek, gh_tpl_deepseek_end },
	{ "phi-3", NULL, USER | ASSISTANT | END, IM_START, gh_tpl_phi3, gh_tpl_phi3_end },
	{ "zephyr", NULL, USER | ASSISTANT, END | IM_START | INST, gh_tpl_zephyr, gh_tpl_zephyr_end },
	{ "llama-2", NULL, INST | SYS, IM_START, gh_tpl_llama2, gh_tpl_llama2_end },
	{ "mistral", NULL, INST, SYS | IM_START | USER | INSTRUCTION, gh_tpl_mistral, gh_tpl_mistral_end },
	{ "alpaca", NULL, INSTRUCTION | RESPONSE, IM_START | INST | USER, gh_tpl_alpaca, gh_tpl_alpaca_end },
};

void gh_dis_mark_token(struct gh_dis_marks *m, struct gh_span token)
{
	if (token.n < 6 || token.n > 32)
		return;
	for (size_t i = 0; i < sizeof marks / sizeof marks[0]; i++)
		if (gh_span_is(token, marks[i].text))
			m->set |= marks[i].mark;
}

void gh_dis_mark_text(struct gh_dis_marks *m, struct gh_span text)
{
	for (size_t i = 0; text.n != 0 && i < sizeof marks / sizeof marks[0]; i++)
		if (memmem(text.p, text.n, marks[i].text, strlen(marks[i].text)) != NULL)
			m->set |= marks[i].mark;
	/* "<|" + message['role'] + "|>" spells both roles at once. */
	if (text.n != 0 && memmem(text.p, text.n, "'<|' + message", 14) != NULL &&
	    memmem(text.p, text.n, "'|>", 3) != NULL)
		m->set |= USER | ASSISTANT;
}

void gh_dis_mark_src(struct gh_dis_marks *m, struct gh_src *src, uint64_t off, uint64_t len)
{
	gh_dis_mark_text(m, gh_src_window(src, off, len < GH_WINDOW_MAX ? (size_t)len : GH_WINDOW_MAX));
}

struct gh_span gh_dis_template(const struct gh_dis_marks *m, struct gh_span architecture, const char **family)
{
	for (size_t i = 0; i < sizeof families / sizeof families[0]; i++) {
		if ((m->set & families[i].all) != families[i].all || (m->set & families[i].not) != 0 ||
		    (families[i].architecture != NULL && !gh_span_starts(architecture, families[i].architecture)))
			continue;
		size_t n = (size_t)(families[i].end - families[i].text);
		while (n != 0 && families[i].text[n - 1] == '\n')
			n--;
		*family = families[i].name;
		return (struct gh_span){ families[i].text, n };
	}
	*family = NULL;
	return (struct gh_span){ 0 };
}
