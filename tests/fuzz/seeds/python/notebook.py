%matplotlib inline
!pip install torch
files = !ls
import torch?
