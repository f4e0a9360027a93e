# Copyright of the authors.
"""A small model."""
import math
from dataclasses import dataclass
from typing import Optional, Tuple, Union

import torch
import torch.nn as nn
import torch.nn.functional as F
from transformers import PretrainedConfig, PreTrainedModel
from .configuration_small import SmallConfig

logger = __import__('logging').getLogger(__name__)


@dataclass
class Output:
    loss: Optional[torch.Tensor] = None
    logits: Optional[torch.Tensor] = None


class Attention(nn.Module):
    def __init__(self, config: SmallConfig, layer_idx: Optional[int] = None, *, bias: bool = False):
        super().__init__()
        self.heads, self.size = config.num_heads, config.hidden_size
        self.q = nn.Linear(self.size, self.size, bias=bias)
        self.register_buffer('mask', torch.tril(torch.ones(8, 8)), persistent=False)

    def forward(self, x: torch.Tensor, mask: Union[torch.Tensor, None] = None) -> Tuple[torch.Tensor, ...]:
        b, t, c = x.size()
        w = (x @ x.transpose(-2, -1)) * (1.0 / math.sqrt(c))
        w = w.masked_fill(self.mask[:t, :t] == 0, float('-inf'))
        y = F.softmax(w, dim=-1) @ x
        return y if mask is None else y * mask[..., None], [i for i in range(3) if i % 2]


class Small(PreTrainedModel):
    config_class = SmallConfig

    def _init_weights(self, module):
        std = getattr(self.config, 'initializer_range', 0.02)
        if isinstance(module, nn.Linear):
            module.weight.data.normal_(mean=0.0, std=std)

    @torch.no_grad()
    def generate(self, ids, n=10, **kwargs):
        for _ in range(n):
            ids = torch.cat([ids, self(ids)[0][:, -1:].argmax(-1)], dim=1)
        logger.info(f'{ids.shape=} {n!r:>{10}} {{}}')
        return ids


if __name__ == '__main__':
    print(Small(SmallConfig()))
