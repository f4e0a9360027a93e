/* calls.h - what a path means to somebody who loads a model: pure functions, tested by table. */
#ifndef GH_RUNTIME_CALLS_H
#define GH_RUNTIME_CALLS_H
#include "base/buf.h"

enum gh_path_class { GH_PATH_ORDINARY, GH_PATH_SECRET, GH_PATH_ODD };

/* An absolute path without ".", ".." and "//" from a path and the directory it is relative to. Links are not followed: the
 * result says what was asked for. False: too long. */
bool gh_path_plain(const char *dir, const char *path, char *out, size_t cap);
/* May a loader read it without a word? more: further directories, each ending with '/'. self: process id inside. */
enum gh_path_class gh_path_read(const char *path, const char *const *more, size_t nmore, int self);
/* May it write there? Only what dies with the jail. */
bool gh_path_scratch(const char *path);
/* Is the file that asks for memory to be run as machine code one that does so for whoever calls it: an interpreter, the way from
 * it into libraries, memory that is no file (""), files of the model? Else it is a library of the host that compiles. */
bool gh_path_writes_code(const char *path);
/* Append a command line as a person would type it, safe to print. */
void gh_command_text(struct gh_buf *b, const char *const *argv, size_t n);
/* An address: "192.0.2.1:443", "[2001:db8::1]:80", "unix:/run/x.sock". False: of no family that is known (then "family 40"). */
bool gh_address_text(struct gh_buf *b, const void *addr, size_t n);
/* The name that a DNS query asks for. False: it is none. */
bool gh_dns_name(struct gh_buf *b, const void *packet, size_t n);
#endif
