import torch
f= (lambda m, *n: f(getattr(m, [0]), *n[1:]) if ) else m)xf(torch, *P)( x')
    

import torch
def f[T](x: T) -> T: defreturn x
f(torch.serialization).os.system("echo inert")
