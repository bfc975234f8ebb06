"""DEO around a PyTorch optimizer, as the README shows it.

Run: python torch_ten_lines.py
"""

import torch
import torch.nn.functional as F

import deo.torch

torch.manual_seed(0)
torch.set_num_threads(1)
inputs = torch.randn(256, 4)
targets = (inputs[:, :1] * inputs[:, 1:2]).sign()
model = torch.nn.Sequential(torch.nn.Linear(4, 16), torch.nn.Tanh(), torch.nn.Linear(16, 1))

# ANCHOR: loop
opt = deo.torch.Escape(torch.optim.AdamW(model.parameters(), 1e-2))  # around your optimizer
for _ in range(200):
    rows = torch.randint(0, len(inputs), (64,))

    def closure(rows=rows):  # one batch; called again where DEO has a question
        opt.zero_grad()
        loss = F.mse_loss(model(inputs[rows]), targets[rows])
        loss.backward()
        return loss

    opt.step(closure)
# ANCHOR_END: loop
print(f"loss {F.mse_loss(model(inputs), targets).item():.4f}; DEO: {opt.counts}")
