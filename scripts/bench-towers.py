"""The peer of bench-towers.ts: the same two towers, batch, sigmoid loss and optimizer in PyTorch on one thread. Prints seconds a step as JSON.

usage: bench-towers.py WIDTH LAYERS HEADS PATCHES NUMBERS CONTEXT VOCABULARY BATCH SECONDS
"""
import json
import math
import statistics
import sys
import time

import torch
import torch.nn.functional as F

width, layers, heads, patches, numbers, context, vocabulary, batch = map(int, sys.argv[1:9])
seconds = float(sys.argv[9])
torch.set_num_threads(1)
torch.manual_seed(0)


def matrix(rows, columns):
    return torch.nn.Parameter(torch.randn(rows, columns) / rows**0.5)


def gain():
    return torch.nn.Parameter(torch.ones(width))


class Tower:
    def __init__(self, inputs, time):
        self.embedding, self.positions, self.norm, self.output = matrix(inputs, width), matrix(time, width), gain(), matrix(width, width)
        self.stack = [
            (gain(), matrix(width, 3 * width), matrix(width, width), gain(), matrix(width, 4 * width), matrix(4 * width, width))
            for _ in range(layers)
        ]

    def parameters(self):
        return [self.embedding, self.positions, self.norm, self.output, *(tensor for layer in self.stack for tensor in layer)]

    def __call__(self, content):
        x = content + self.positions
        time = x.shape[1]
        for attention_norm, qkv, output, mlp_norm, up, down in self.stack:
            parts = (F.rms_norm(x, (width,), attention_norm, 1e-6) @ qkv).view(batch, time, 3, heads, -1)
            q, k, v = parts.permute(2, 0, 3, 1, 4)
            mixed = F.scaled_dot_product_attention(q, k, v)
            x = x + mixed.transpose(1, 2).reshape(batch, time, width) @ output
            x = x + F.relu(F.rms_norm(x, (width,), mlp_norm, 1e-6) @ up).square() @ down
        return F.normalize(F.rms_norm(x, (width,), self.norm, 1e-6).mean(1) @ self.output, dim=-1)


image, text = Tower(numbers, patches), Tower(vocabulary, context)
scale = torch.nn.Parameter(torch.tensor([math.log(10.0)]))
bias = torch.nn.Parameter(torch.tensor([-math.log(batch - 1)]))
parameters = [*image.parameters(), *text.parameters(), scale, bias]
optimizer = torch.optim.AdamW(
    [
        {"params": [p for p in parameters if p.dim() == 2], "weight_decay": 0.1},
        {"params": [p for p in parameters if p.dim() == 1], "weight_decay": 0.0},
    ],
    lr=1e-3,
    betas=(0.9, 0.95),
    fused=True,
)
signs = 2 * torch.eye(batch) - 1
pixels, captions = torch.randn(batch, patches, numbers), torch.randint(vocabulary, (batch, context))


def step():
    similarities = image(pixels @ image.embedding) @ text(text.embedding[captions]).T
    loss = -F.logsigmoid(signs * (scale.exp() * similarities + bias)).sum(1).mean()
    loss.backward()
    torch.nn.utils.clip_grad_norm_(parameters, 1.0)
    optimizer.step()
    optimizer.zero_grad(set_to_none=True)
    return loss.item()


for _ in range(3):
    step()
times = []
end = time.perf_counter() + seconds
while time.perf_counter() < end or len(times) < 5:
    start = time.perf_counter()
    step()
    times.append(time.perf_counter() - start)
print(json.dumps({"version": torch.__version__, "seconds": statistics.median(times)}))
