/* card.h - the answer of task `card` in forms for people: text, a page, and the badge as a picture. */
#ifndef GH_CLI_CARD_H
#define GH_CLI_CARD_H
#include "base/buf.h"
#include "wire/jdom.h"

void gh_card_text(const struct gh_jval *v, bool verbose, struct gh_buf *out);
/* One self-contained page: loads nothing, runs nothing; its policy forbids everything but its own style. What the publisher wrote
 * stands in it as text. */
void gh_card_html(const struct gh_jval *v, struct gh_buf *out);
/* Is this row of a card's evidence one that the program keeps for itself (facts of a scan, what was read in a document)? */
bool gh_card_internal(const struct gh_jval *row);
/* The badge as SVG: words and a colour for its state. A picture proves nothing: it says so in its title. */
void gh_badge_svg(const char *state, const char *model, struct gh_buf *out);
#endif
