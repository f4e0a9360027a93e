/* tool_proto.h - what the trusted process and a tool worker (diff, disarm) say to each other.
 *
 * One SOCK_SEQPACKET socket; every message is one packet: a struct gh_tool_msg, then `len` bytes of text. The first one,
 * GH_FROM_READY, has the form of proto.h, as of every worker. Then the trusted process sends the list of files, the
 * arguments and GO; from there on it only answers. Nothing may follow FAIL; after DONE the next list may come. */
#ifndef GH_SCAN_TOOL_PROTO_H
#define GH_SCAN_TOOL_PROTO_H
#include <stdint.h>

enum {
	GH_TOOL_NUMBERS = 16,	  /* 64-bit numbers in one record */
	GH_TOOL_TEXT = 4096,	  /* bytes of text in one message */
	GH_TOOL_NAME = 1024,	  /* bytes of a file's name, longer ones are cut */
	GH_TOOL_FILES = 1 << 16,  /* inputs of one run */
	GH_TOOL_ARGS = 256 << 10, /* bytes of the argument block */
	GH_TOOL_SPILLS = 1 << 12, /* temporary files of one run */
	GH_TOOL_OPENS = 1 << 20,  /* times that inputs may be asked for in one run */
	GH_TOOL_JOBS = 512,	  /* of a worker that is kept */
};
#define GH_TOOL_OUTPUT UINT64_MAX /* number of the output, where inputs are counted from 0 */

enum gh_tool_kind {
	/* trusted process → worker */
	GH_TOOL_TO_FILE = 1, /* a[0] number, a[1] size, a[2] tag; text: name */
	GH_TOOL_TO_ARGS,     /* text: the next part of the argument block */
	GH_TOOL_TO_GO,	     /* a[0] is there an output */
	GH_TOOL_TO_FD,	     /* the answer to OPEN and SPILL: carries a descriptor, or a[0] = errno */
	/* worker → trusted process */
	GH_TOOL_FROM_OPEN,  /* a[0]: number of the input, or GH_TOOL_OUTPUT */
	GH_TOOL_FROM_SPILL, /* give me an unlinked file */
	GH_TOOL_FROM_RECORD, /* a result: `record`, all of a[], text; what they mean is between the tool and its worker */
	GH_TOOL_FROM_TICK,   /* a[0] bytes done so far, for a progress line */
	GH_TOOL_FROM_FAIL,   /* it could not go on; a[0]: enum gh_rc, text: why. The last message */
	GH_TOOL_FROM_DONE,   /* all results were sent. The last message of the run */
};

struct gh_tool_msg {
	uint32_t kind, len;
	uint32_t record, zero;
	uint64_t a[GH_TOOL_NUMBERS];
};
struct gh_tool_packet {
	struct gh_tool_msg m;
	char text[GH_TOOL_TEXT];
};
#endif
