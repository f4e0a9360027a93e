/* pbmake.h - protobuf messages for tests, written as text: fields in order, each a number and a value.
 *
 *	7:13		varint (also negative)		7~1.5	float		7!1.5	double
 *	7'text'		bytes, up to the next quote	7{ … }	message		7( … )	group
 *	7#00ff#		bytes in hex			7*100	bytes, all of them 0x2a
 *	$00ff$		these bytes in hex as they are, no field
 */
#ifndef GH_TEST_PBMAKE_H
#define GH_TEST_PBMAKE_H
#include "base/buf.h"

/* Appends the message; aborts when the text is wrong. */
void gh_pb_make(struct gh_buf *out, const char *text);
#endif
