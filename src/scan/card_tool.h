/* card_tool.h - reading the model card that a repository brings (README.md with YAML front matter) in a worker (mode "card" of
 * tool.h). What comes out is bounded text, safe to print; what it says is the publisher's word and nothing else.
 *
 * Source: Hugging Face Hub, model cards: a YAML mapping between two lines "---", then Markdown. */
#ifndef GH_SCAN_CARD_TOOL_H
#define GH_SCAN_CARD_TOOL_H
#include "base/arena.h"
#include "base/err.h"

enum {
	GH_CARD_FIELDS = 200,	    /* values of the front matter that are kept */
	GH_CARD_TEXT = 64 << 10,    /* bytes of the text that are kept */
	GH_CARD_FILE_MAX = 16 << 20 /* longer cards are not read */
};

struct gh_card {
	struct {
		const char *name;  /* "license", "tags", "model-index.0.name": parts joined by dots */
		const char *value; /* one scalar; a list gives several rows of one name */
	} field[GH_CARD_FIELDS];
	size_t nfield;
	const char *
		text; /* the Markdown, as text: newlines stay, other control characters and what deceives are escapes */
	bool cut;     /* there was more of fields or text */
	const char *wrong; /* why the front matter could not be read, or NULL */
};
/* fd: the card, open for reading. Texts lie in the arena. */
enum gh_rc gh_card_read(int fd, const char *worker, struct gh_arena *a, struct gh_card *out, struct gh_err *err);
#endif
