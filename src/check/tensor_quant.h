/* tensor_quant.h - tensors of quantised blocks (ggml): scales that are no numbers, codes that no quantiser writes, and
 * programs, archives and scripts in the codes, which scales cut into pieces that a search of the bytes as they are would miss.
 *
 * A quantiser of Q8_0 divides by the largest number of a block: one code is 127 or -127, none is -128. In blocks that hold
 * something else, one code in 256 is -128. Other types have no such mark; what their codes hold encrypted is not seen. Pure. */
#ifndef GH_CHECK_TENSOR_QUANT_H
#define GH_CHECK_TENSOR_QUANT_H
#include "check/check.h"

/* Look at the tensor of an event; false: its type is no block type that is known here. *all: were all bytes there? */
bool gh_tensor_quant(struct gh_scene *s, const struct gh_event *ev, bool *all);
#endif
