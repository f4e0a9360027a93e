/* cm.h - cmocka and what it wants included before it. */
#ifndef GH_TEST_CM_H
#define GH_TEST_CM_H
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#define GH_ROWS(a) (sizeof(a) / sizeof((a)[0]))
#endif
