"""The peer of bench-train.ts and bench-gpu.ts: the same model, batch and optimizer in PyTorch. Prints seconds a step as JSON.

usage: bench-train.py WIDTH LAYERS HEADS CONTEXT VOCABULARY BATCH ORDER THREADS SECONDS [DEVICE KIND]
ORDER is the order in which layers apply, such as 0,1,0,1,2,3. DEVICE is cpu or cuda, KIND f32, or bf16 or f16 under autocast.
"""
import contextlib
import json
import statistics
import sys
import time

import torch
import torch.nn.functional as F

width, layers, heads, context, vocabulary, batch = map(int, sys.argv[1:7])
order = [int(layer) for layer in sys.argv[7].split(",")]
torch.set_num_threads(int(sys.argv[8]))
seconds = float(sys.argv[9])
device, kind = sys.argv[10:12] if len(sys.argv) > 10 else ("cpu", "f32")
torch.set_default_device(device)
torch.manual_seed(0)


def matrix(rows, columns):
    return torch.nn.Parameter(torch.randn(rows, columns) / rows**0.5)


def gain():
    return torch.nn.Parameter(torch.ones(width))


embedding, head, last = matrix(vocabulary, width), matrix(width, vocabulary), gain()
stack = [
    (gain(), matrix(width, 3 * width), matrix(width, width), gain(), matrix(width, 4 * width), matrix(4 * width, width))
    for _ in range(layers)
]
parameters = [embedding, head, last, *(tensor for layer in stack for tensor in layer)]
optimizer = torch.optim.AdamW(
    [
        {"params": [p for p in parameters if p.dim() == 2], "weight_decay": 0.1},
        {"params": [p for p in parameters if p.dim() == 1], "weight_decay": 0.0},
    ],
    lr=1e-3,
    betas=(0.9, 0.95),
    fused=True,
)
half = width // heads // 2
angles = torch.outer(torch.arange(context), 10000.0 ** (-torch.arange(half) / half))
cosines, sines = angles.cos(), angles.sin()


def rotate(x):
    first, second = x[..., :half], x[..., half:]
    return torch.cat((first * cosines - second * sines, second * cosines + first * sines), -1)


def forward(ids):
    x = embedding[ids]
    for index in order:
        attention_norm, qkv, output, mlp_norm, up, down = stack[index]
        parts = (F.rms_norm(x, (width,), attention_norm, 1e-6) @ qkv).view(batch, context, 3, heads, -1)
        q, k, v = parts.permute(2, 0, 3, 1, 4)
        mixed = F.scaled_dot_product_attention(rotate(q), rotate(k), v, is_causal=True)
        x = x + mixed.transpose(1, 2).reshape(batch, context, width) @ output
        x = x + F.relu(F.rms_norm(x, (width,), mlp_norm, 1e-6) @ up).square() @ down
    return F.rms_norm(x, (width,), last, 1e-6) @ head


def cast():
    if kind == "f32":
        return contextlib.nullcontext()
    return torch.autocast(device, torch.bfloat16 if kind == "bf16" else torch.float16)


scale = 1024.0 if kind == "f16" else 1.0


def step():
    ids = torch.randint(vocabulary, (batch, context + 1))
    with cast():
        loss = F.cross_entropy(forward(ids[:, :-1]).view(-1, vocabulary), ids[:, 1:].reshape(-1))
    # A gradient in f16 is scaled into its range; the cost is that of one product.
    (loss * scale).backward()
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
