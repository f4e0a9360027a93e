/* onnx.h - judges the operators and the references of ONNX models. See onnx.c. */
#ifndef GH_CHECK_ONNX_H
#define GH_CHECK_ONNX_H
#include "check/check.h"

extern const struct gh_check gh_check_onnx;
#endif
