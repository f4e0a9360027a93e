/* card_side.h - what the two sides of mode "card" say to each other. */
#ifndef GH_SCAN_CARD_SIDE_H
#define GH_SCAN_CARD_SIDE_H
enum {
	GH_CARD_SAY_FIELD = 1, /* text: name, NUL, value */
	GH_CARD_SAY_TEXT,      /* a piece of the text, in order, whole lines where possible */
	GH_CARD_SAY_CUT,       /* there was more */
	GH_CARD_SAY_WRONG,     /* text: why the front matter could not be read */
};
#endif
