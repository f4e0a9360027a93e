#include "scan/card_tool.h"

#include "base/buf.h"
#include "base/utf8.h"
#include "scan/card_side.h"
#include "scan/child.h"
#include "scan/tool.h"

#include <string.h>

enum { MEMORY = 192 << 20, SECONDS = 10, RECORDS = GH_CARD_FIELDS + GH_CARD_TEXT / 512 + 16 };

struct hear {
	struct gh_arena *a;
	struct gh_card *out;
	struct gh_buf text;
};

/* Lines stay lines; everything else that could mislead a terminal or a reader's eye becomes an escape. */
static void append(struct gh_buf *b, struct gh_span s)
{
	while (s.n > 0) {
		const uint8_t *nl = memchr(s.p, '\n', s.n);
		size_t n = nl == NULL ? s.n : (size_t)(nl - s.p);
		for (size_t i = 0; i < n;) {
			uint32_t cp = 0;
			unsigned k = gh_utf8_next(gh_span_cut(s, i, n - i), &cp);
			if (k == 0 || (gh_utf8_deceptive(cp) && cp != '\t'))
				gh_buf_safe(b, gh_span_cut(s, i, k == 0 ? 1 : k), 16);
			else
				gh_buf_span(b, gh_span_cut(s, i, k));
			i += k == 0 ? 1 : k;
		}
		if (nl != NULL)
			gh_buf_ch(b, '\n');
		s = gh_span_cut(s, n + (nl != NULL), s.n);
	}
}

static const char *on_record(void *arg, const struct gh_tool_record *r)
{
	struct hear *h = arg;
	struct gh_card *o = h->out;
	const uint8_t *nul;
	switch (r->kind) {
	case GH_CARD_SAY_FIELD:
		nul = memchr(r->text.p, 0, r->text.n);
		if (nul == NULL || o->nfield == GH_CARD_FIELDS)
			return "a field that is none";
		size_t n = (size_t)(nul - r->text.p);
		o->field[o->nfield].name = gh_child_text(h->a, gh_span_cut(r->text, 0, n));
		o->field[o->nfield++].value = gh_child_text(h->a, gh_span_cut(r->text, n + 1, r->text.n));
		return NULL;
	case GH_CARD_SAY_TEXT: append(&h->text, r->text); return NULL;
	case GH_CARD_SAY_CUT: o->cut = true; return NULL;
	case GH_CARD_SAY_WRONG: o->wrong = gh_child_text(h->a, r->text); return NULL;
	default: return "a record of unknown kind";
	}
}

enum gh_rc gh_card_read(int fd, const char *worker, struct gh_arena *a, struct gh_card *out, struct gh_err *err)
{
	const struct gh_tool_input in = { .fd = fd, .name = "README.md" };
	*out = (struct gh_card){ .text = "" };
	struct hear h = { a, out, gh_buf(8 * GH_CARD_TEXT) };
	const struct gh_tool_job job = { .mode = "card",
					 .worker = worker,
					 .input = &in,
					 .ninput = 1,
					 .output = -1,
					 .memory = MEMORY,
					 .seconds = SECONDS,
					 .records = RECORDS,
					 .on_record = on_record,
					 .arg = &h };
	enum gh_rc rc = gh_tool_run(&job, err);
	struct gh_span kept = gh_keep(a, gh_buf_view(&h.text));
	gh_buf_free(&h.text);
	out->text = kept.p == NULL ? "" : (const char *)kept.p;
	return rc == GH_OK ? GH_OK : gh_fail(err, rc, "the card could not be read");
}
