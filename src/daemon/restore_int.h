/* restore_int.h - what main and the role `restore` say to each other. Included by restore*.c alone. */
#ifndef GH_DAEMON_RESTORE_INT_H
#define GH_DAEMON_RESTORE_INT_H
#include "daemon/restore.h"

enum { GH_RESTORE_ARCHIVE = 4, GH_RESTORE_TEXT = 16 << 10 };
enum { GH_RESTORE_PROGRESS = 1, GH_RESTORE_ANSWER }; /* gh_call_head.kind, from the role */

/* The one question, and its answer when the code is GH_OK; otherwise the answer is the line of the failure. */
struct gh_restore_ask {
	struct gh_restore_done done; /* what is known so far */
	/* To the role: read: the key; look: URL for the settings or ""; move: URL. From it: look: URL to move to, or "". */
	char text[GH_RESTORE_TEXT];
};
#endif
