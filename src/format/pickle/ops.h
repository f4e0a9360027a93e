/* ops.h - the operations that the opcode table names: one function per opcode or family. Each returns false when the
 * run has ended; `arg` is the opcode's fixed operand. */
#ifndef GH_FORMAT_PICKLE_OPS_H
#define GH_FORMAT_PICKLE_OPS_H
#include "format/pickle/machine.h"

#define PKL_OP(name) bool pkl_op_##name(struct pkl *m, uint64_t arg)

/* stack.c */
PKL_OP(mark);
PKL_OP(pop);
PKL_OP(pop_mark);
PKL_OP(dup);
PKL_OP(put);
PKL_OP(binput);
PKL_OP(memoize);
PKL_OP(get);
PKL_OP(binget);
/* contain.c */
PKL_OP(empty_tuple);
PKL_OP(tuple);
PKL_OP(tuple1);
PKL_OP(tuple2);
PKL_OP(tuple3);
PKL_OP(empty_list);
PKL_OP(list);
PKL_OP(append);
PKL_OP(appends);
PKL_OP(empty_dict);
PKL_OP(dict);
PKL_OP(setitem);
PKL_OP(setitems);
PKL_OP(empty_set);
PKL_OP(frozenset);
PKL_OP(additems);
/* atoms.c */
PKL_OP(none);
PKL_OP(newtrue);
PKL_OP(newfalse);
PKL_OP(int);
PKL_OP(binint);
PKL_OP(binint1);
PKL_OP(long);
PKL_OP(long1);
PKL_OP(long4);
PKL_OP(float);
PKL_OP(binfloat);
PKL_OP(string);
PKL_OP(binstring);
PKL_OP(short_binstring);
PKL_OP(unicode);
PKL_OP(binunicode);
PKL_OP(binbytes);
PKL_OP(bytearray8);
PKL_OP(next_buffer);
PKL_OP(readonly_buffer);
/* calls.c, imports.c */
PKL_OP(global);
PKL_OP(stack_global);
PKL_OP(inst);
PKL_OP(obj);
PKL_OP(reduce);
PKL_OP(newobj);
PKL_OP(newobj_ex);
PKL_OP(build);
PKL_OP(persid);
PKL_OP(binpersid);
PKL_OP(ext1);
PKL_OP(ext2);
PKL_OP(ext4);
/* run.c */
PKL_OP(proto);
PKL_OP(frame);
PKL_OP(stop);
#undef PKL_OP
#endif
