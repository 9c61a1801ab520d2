// Shapes that public trainers and trackers write, found and tried after those of the other files: a few lines of each
// made up in its format, and the values that must come out. What is taken is asserted, and so is what is refused.
import { expect, test } from "vitest";
import { column, door } from "./door.js";

const { put, run, imported } = door("shapes");
const PER_STEP = ["--tokens-per-step", "1000"];

interface Shape {
  readonly file: string;
  readonly content: string;
  readonly flags?: readonly string[];
  /** Column → values; tokens are 1000 a step where flags say nothing else. */
  readonly curve: Readonly<Record<string, readonly (number | string)[]>>;
}

const SHAPES: Readonly<Record<string, Shape>> = {
  "modded-nanogpt": {
    file: "a.txt",
    content:
      "step:0/5100 val_loss:10.8258 train_time:0ms step_avg:nanms\nstep:1/5100 train_time:98ms step_avg:98.1ms\nstep:250/5100 val_loss:4.5123 train_time:12345ms step_avg:49.38ms\nstep:500/5100 val_loss:4.2111 train_time:24690ms step_avg:49.38ms\n",
    curve: { step: [250, 500], loss: [4.5123, 4.2111] },
  },
  "fairseq, console": {
    file: "b.log",
    content: [500, 1000]
      .map(
        (updates, i) =>
          `2020-01-01 00:0${i}:00 | INFO | train_inner | epoch 001: ${updates} / 3000 loss=9.5, ppl=724.1, wps=2000, num_updates=${updates}, lr=0.0005\n2020-01-01 00:0${i}:30 | INFO | valid | epoch 00${i + 1} | valid on 'valid' subset | loss ${9 - i} | ppl ${2 ** (9 - i)} | wps 0 | wpb 3000 | bsz 64 | num_updates ${updates}`,
      )
      .join("\n"),
    // The loss of fairseq is in bits: its perplexity is 2 to that power.
    curve: { step: [500, 1000], loss: [9 * Math.LN2, 8 * Math.LN2] },
  },
  "fairseq, JSON in the log": {
    file: "c.log",
    content: [500, 1000]
      .map(
        (updates, i) =>
          `2024-01-01 00:00:0${i} | INFO | valid | {"epoch": ${i + 1}, "valid_loss": "${9 - i}", "valid_ppl": "${2 ** (9 - i)}", "valid_num_updates": "${updates}", "valid_best_loss": "8"}`,
      )
      .join("\n"),
    curve: { step: [500, 1000], loss: [9 * Math.LN2, 8 * Math.LN2] },
  },
  "OLMo, a metric a line": {
    file: "d.log",
    content: [1000, 2000]
      .map(
        (step, i) =>
          `2024-05-01 12:0${i}:00.123\thost:0\tolmo.train:967\tINFO\t[step=${step}/739328,epoch=0]\n    optim/total_grad_norm=0.2512\n    train/CrossEntropyLoss=2.91\n    train/Perplexity=18.36\n    throughput/total_tokens=${step * 4194304}\n    eval/c4_en-validation/CrossEntropyLoss=${3 - i / 4}`,
      )
      .join("\n"),
    flags: [],
    curve: { step: [1000, 2000], loss: [3, 2.75], tokens: [4194304000, 8388608000] },
  },
  "Composer, console": {
    file: "e.log",
    content: [50, 100]
      .map(
        (batch, i) =>
          `[batch=${batch}/1000]:\n\t Train time/batch: ${batch - 1}\n\t Train time/token: ${batch * 1000}\n\t Train loss/train/total: ${7 - i}\n\t Eval metrics/eval/LanguageCrossEntropy: ${6.5 - i}`,
      )
      .join("\n"),
    curve: { step: [50, 100], loss: [6.5, 5.5] },
  },
  MaxText: {
    file: "f.log",
    content: [99, 199]
      .map(
        (step, i) =>
          `completed step: ${step}, seconds: 1.234, TFLOP/s/device: 100.1, Tokens/s/device: 1000.5, total_weights: 65536, loss: ${8 - i}\neval metrics after step: ${step}, loss=${7.5 - i}, total_weights=1234`,
      )
      .join("\n"),
    flags: [...PER_STEP, "--step-offset", "1"],
    curve: { step: [99, 199], loss: [7.5, 6.5], tokens: [100000, 200000] },
  },
  LitGPT: {
    file: "g.log",
    content:
      "Epoch 1 | iter 490 step 98 | loss train: 3.234, val: n/a | iter time: 12.34 ms (step) remaining time: 1:02:03\niter 500: val loss 3.1234, val time: 1234.56 ms\nEpoch 1 | iter 990 step 198 | loss train: 3.034, val: 3.123 | iter time: 12.34 ms (step) remaining time: 1:01:03\niter 1000: val loss 2.9876, val time: 1230.12 ms\n",
    curve: { step: [500, 990, 1000], loss: [3.1234, 3.123, 2.9876] },
  },
  "GPT-NeoX": {
    file: "h.log",
    content: [1000, 2000]
      .map(
        (step, i) =>
          ` samples/sec: 97.1 | iteration ${step.toString().padStart(8)}/  320000 | elapsed time per iteration (ms): 10548.8 | learning rate: 6.000E-05 | approx flops per GPU: 45.2TFLOPS | lm_loss: ${4 - i}.012345E+00 | loss scale: 4096.0 | number of skipped iterations:   0 | number of nan iterations:   0 |\n validation results at iteration ${step} | lm_loss value: ${3.5 - i} | lm_loss_ppl value: ${Math.exp(3.5 - i)} |`,
      )
      .join("\n"),
    curve: { step: [1000, 2000], loss: [3.5, 2.5] },
  },
  "Hugging Face and axolotl, printed dictionaries": {
    file: "i.log",
    content:
      "{'loss': 2.31, 'grad_norm': 0.5, 'learning_rate': 5e-05, 'epoch': 0.5}\n{'eval_loss': 2.2, 'eval_runtime': 12.3, 'eval_samples_per_second': 40.1, 'epoch': 1.0}\n{'loss': 2.11, 'grad_norm': 0.5, 'learning_rate': 4e-05, 'epoch': 1.5}\n{'eval_loss': 2.1, 'eval_runtime': 12.3, 'eval_samples_per_second': 40.1, 'epoch': 2.0}\n",
    flags: ["--tokens-per-step", "50000"],
    curve: { step: [1, 2], loss: [2.2, 2.1], tokens: [50000, 100000] },
  },
  "Keras CSVLogger": {
    file: "j.csv",
    content: "epoch,accuracy,loss,val_accuracy,val_loss\n0,0.1,5.0,0.12,4.75\n1,0.2,4.5,0.21,4.5\n",
    flags: ["--step-offset", "1", "--tokens-per-step", "1000"],
    curve: { loss: [4.75, 4.5], tokens: [1000, 2000] },
  },
  "Lightning CSVLogger": {
    file: "k.csv",
    content:
      "epoch,step,train_loss_step,val_loss,train_loss_epoch\n0,49,5.1,,\n0,99,,4.75,\n0,99,,,5.0\n1,149,4.7,,\n1,199,,4.25,\n",
    curve: { step: [99, 199], loss: [4.75, 4.25] },
  },
  "MLflow metrics of the REST interface": {
    file: "l.json",
    content: JSON.stringify({
      metrics: [1, 2, 3].map((step) => ({
        key: "val_loss",
        value: 5 - step / 2,
        timestamp: 1700000000000 + step,
        step,
      })),
    }),
    flags: [...PER_STEP, "--loss", "value"],
    curve: { step: [1, 2, 3], loss: [4.5, 4, 3.5] },
  },
  "TensorBoard, CSV download": {
    file: "n.csv",
    content: "Wall time,Step,Value\n1700000000.1,100,4.5\n1700000060.2,200,4.25\n",
    flags: [...PER_STEP, "--loss", "Value"],
    curve: { step: [100, 200], loss: [4.5, 4.25] },
  },
  "pandas to_json, columns as objects": {
    file: "o.json",
    content: JSON.stringify({ tokens: { 0: 1e6, 1: 2e6 }, val_loss: { 0: 4.5, 1: 4.25 } }),
    flags: [],
    curve: { tokens: [1e6, 2e6], loss: [4.5, 4.25] },
  },
  "Keras history, columns as lists": {
    file: "p.json",
    content: JSON.stringify({ epoch: [0, 1], loss: [5, 4.5], val_loss: [4.75, 4.5] }, null, 2),
    flags: ["--step-offset", "1", "--tokens-per-step", "1000"],
    curve: { loss: [4.75, 4.5], tokens: [1000, 2000] },
  },
  "tqdm with carriage returns": {
    file: "q.log",
    content:
      "step 100: loss 4.6\r 10%|█         | 100/1000 [00:10<01:30, 9.8it/s]\rstep 100: val loss 4.5\nstep 200: loss 4.4\r 20%|██        | 200/1000 [00:20<01:20, 9.8it/s]\rstep 200: val loss 4.25\n",
    curve: { step: [100, 200], loss: [4.5, 4.25] },
  },
  "T5X and seqio, absl prefixes": {
    file: "r.log",
    content: [1000, 2000]
      .map(
        (step, i) =>
          `I0511 12:33:1${i}.123456 140012345 metric_writer.py:123] [${step}] accuracy=0.3, loss=${4 - i}.5\nI0511 12:33:1${i}.223456 140012345 train.py:77] step ${step}: eval/loss=${3.5 - i}`,
      )
      .join("\n"),
    curve: { step: [1000, 2000], loss: [3.5, 2.5] },
  },
};

test.each(Object.entries(SHAPES))("%s", async (_name, { file, content, flags = PER_STEP, curve }) => {
  const { exit, points, said } = await imported(file, content, ...flags);
  expect([exit, said]).toEqual([0, expect.stringContaining("took loss from")]);
  for (const [name, values] of Object.entries(curve)) {
    const found = column(points, name);
    expect(found).toHaveLength(values.length);
    for (const [i, value] of values.entries()) {
      if (typeof value === "number") expect(found[i]).toBeCloseTo(value, 8);
      else expect(found[i]).toBe(value);
    }
  }
});

test("several data sets in a log are refused by name, and taken with --loss", async () => {
  const log = [100, 200].map((step, i) => `step ${step} val/c4 loss ${3 - i} val/wiki loss ${3.5 - i}`).join("\n");
  const refused = await imported("sets.log", log, ...PER_STEP);
  expect([refused.exit, refused.said]).toEqual([
    2,
    expect.stringMatching(/got val\/c4 loss and val\/wiki loss; choose with --loss 'val\/c4 loss'/),
  ]);
  expect(column((await imported("sets.log", log, ...PER_STEP, "--loss", "val/wiki loss")).points, "loss")).toEqual([
    3.5, 2.5,
  ]);
});

test("parts of a loss, rates and bounds are never taken", async () => {
  const table =
    "step,tokens_per_second,max_tokens,train/z_loss,val/aux_loss,val/loss,best_val_loss,loss_scale\n100,9000,5e9,0.1,0.01,4.5,4.4,65536\n200,9100,5e9,0.1,0.01,4.25,4.2,65536\n";
  expect((await imported("parts.csv", table)).said).toMatch(/a column must hold tokens/);
  expect(column((await imported("parts.csv", table, ...PER_STEP)).points, "loss")).toEqual([4.5, 4.25]);
});

test("a folder of Hugging Face runs is one run a folder, each by its latest checkpoint", async () => {
  const state = (steps: number, shift: number): string =>
    JSON.stringify({
      log_history: Array.from({ length: steps }, (_, i) => ({ step: (i + 1) * 100, eval_loss: 5 - shift - i / 10 })),
    });
  for (const [name, shift] of [
    ["plain", 0],
    ["rins", 0.5],
  ] as const) {
    put(`hf/${name}/checkpoint-100/trainer_state.json`, state(1, shift));
    put(`hf/${name}/checkpoint-300/trainer_state.json`, state(3, shift));
  }
  const { points } = await run(["import", "@/hf", ...PER_STEP]);
  expect(column(points, "run")).toEqual(["plain", "plain", "plain", "rins", "rins", "rins"]);
  expect(points[3]?.loss).toBe(4.5);
});
