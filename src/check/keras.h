/* keras.h - judges what loading a Keras configuration makes: layers, functions, files they read. See keras.c. */
#ifndef GH_CHECK_KERAS_H
#define GH_CHECK_KERAS_H
#include "check/check.h"

extern const struct gh_check gh_check_keras;
#endif
