/* Jinja templates as files: chat_template.jinja and its kind. Plain text finds them (fmt_text.c); this reader makes sure
 * that all of the text is one template and hands it to whoever judges templates. A text under another name that only
 * shows braces, a page of documentation for example, is none: then nothing is said. */
#include "format/formats.h"
#include "wire/jinja/jinja.h"
#include "wire/language.h"

static bool by_name(struct gh_span name)
{
	const char *language = gh_lang_by_name(name);
	return language != NULL && strcmp(language, "template") == 0;
}

static enum gh_rc walk(struct gh_walk *w)
{
	bool named = by_name(w->name);
	_Static_assert((int)GH_JJ_TEXT_MAX <= (int)GH_WINDOW_MAX, "a template is looked at in one window");
	if (w->src->size > GH_JJ_TEXT_MAX)
		return named ? gh_fail(w->err, GH_E_LIMIT, "a template of more than 1 MiB") : GH_E_NOTTHIS;
	struct gh_span in = gh_src_window(w->src, 0, (size_t)w->src->size);
	if (in.n != w->src->size)
		return w->src->fail != GH_OK ? w->src->fail : GH_E_IO;
	in = gh_keep(w->arena, in);
	if (in.p == NULL)
		return gh_fail(w->err, GH_E_LIMIT, "no memory for the template");
	struct gh_jj_tree t = gh_jj_parse(w->arena, in, &gh_jj_chat);
	if (!named && !t.limit && (t.root == NULL || t.tags == 0))
		return GH_E_NOTTHIS;
	struct gh_text ev = { .role = "chat-template", .text = in };
	if (t.root != NULL)
		gh_claim(w, 0, in.n, GH_CLAIM_STRUCT);
	enum gh_rc rc = gh_emit(w, GH_EV_TEXT, 0, in.n, &ev);
	if (rc != GH_OK || t.root != NULL)
		return rc;
	return gh_fail(w->err, t.limit ? GH_E_LIMIT : GH_E_MALFORMED, "%s at byte %u", t.why, t.off);
}

/* Braces alone make no template: the text as a whole has to be looked at first. */
static enum gh_match probe(const struct gh_probe *p)
{
	(void)p;
	return GH_NO;
}

const struct gh_fmt gh_fmt_jinja = {
	.name = "jinja",
	.about = "Jinja templates: chat templates and other text with statements",
	.exts = "jinja jinja2 j2 template tmpl",
	.probe = probe,
	.walk = walk,
};
