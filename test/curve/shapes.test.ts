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

/** Steps, training losses and validation losses of the shapes below. */
const LOGGED: readonly (readonly [step: number, train: number, validation: number])[] = [
  [100, 3.75, 3.9],
  [200, 3.25, 3.5],
  [300, 3, 3.25],
];
const each = (line: (step: number, train: number, validation: number, i: number) => string): string =>
  LOGGED.map(([step, train, validation], i) => line(step, train, validation, i)).join("\n");
const STEPS = LOGGED.map(([step]) => step);
const VALIDATION = LOGGED.map(([, , loss]) => loss);
const TRAINING = LOGGED.map(([, loss]) => loss);

// Looked up in the sources and files of the tools that write them, November 2026; the numbers are made up.
const LATER: Readonly<Record<string, Shape>> = {
  "torchtune, DiskLogger: training loss alone": {
    file: "log_1.txt",
    content: each((step, train) => `Step ${step} | loss:${train} lr:2e-05 tokens_per_second_per_gpu:1200.5 `),
    curve: { step: STEPS, loss: TRAINING },
  },
  "torchtitan, coloured, with validation at steps of its own": {
    file: "titan.log",
    content: each(
      (step, train, validation) =>
        `[rank0]:[titan] 2025-07-01 12:00:00,123 - root - INFO - \u001b[31mstep: ${step}  \u001b[32mloss:  ${train.toFixed(4)}  \u001b[33mmemory: 12.34GiB(15.00%)  \u001b[34mtps: 1,234  \u001b[39m\n[rank0]:[titan] 2025-07-01 12:00:01,123 - root - INFO - \u001b[33mvalidate step: ${step + 5}  \u001b[32mloss:  ${validation.toFixed(4)}  \u001b[34mtps: 1,234\u001b[39m`,
    ),
    curve: { step: STEPS.map((step) => step + 5), loss: VALIDATION },
  },
  nanotron: {
    file: "nanotron.log",
    content: each(
      (step, train) =>
        `08/01/2024 12:00:00 [INFO|DP=0|PP=0|TP=0|node-1]: iteration: ${step} / 1000 | consumed_tokens: ${step / 10}M | tokens_per_sec: 54.6K | global_batch_size: 65.5K | lm_loss: ${train} | lr: 0.0003 | grad_norm: 0.5`,
    ),
    flags: [],
    curve: { step: STEPS, tokens: STEPS.map((step) => step * 1e5), loss: TRAINING },
  },
  "DeepSpeed: the engine's line names no loss": {
    file: "deepspeed.log",
    content: each(
      (step, train) =>
        `[2024-01-01 00:00:00,123] [INFO] [logging.py:96:log_dist] [Rank 0] step=${step}, skipped=0, lr=[9.6e-06], mom=[[0.9, 0.95]]\nsteps: ${step} loss: ${train} iter time (s): 0.512 samples/sec: 62.5`,
    ),
    curve: { step: STEPS, loss: TRAINING },
  },
  "Lingua, metrics.jsonl": {
    file: "metrics.jsonl",
    content: each((step, train) =>
      JSON.stringify({
        global_step: step,
        acc_step: 0,
        "speed/wps": 12345.6,
        "optim/total_tokens": step * 65536,
        "loss/out": train,
      }),
    ),
    flags: [],
    curve: { step: STEPS, tokens: STEPS.map((step) => step * 65536), loss: TRAINING },
  },
  "Levanter, a Weights & Biases history": {
    file: "levanter.jsonl",
    content: each((step, train, validation) =>
      JSON.stringify({
        _step: step,
        "train/loss": train,
        "eval/loss": validation,
        "eval/macro_loss": 9,
        "eval/bpb": 1.2,
        "throughput/total_tokens": step * 524288,
        "throughput/tokens_per_second": 9e5,
      }),
    ),
    flags: [],
    curve: { step: STEPS, tokens: STEPS.map((step) => step * 524288), loss: VALIDATION },
  },
  "LLaMA-Factory, trainer_log.jsonl": {
    file: "trainer_log.jsonl",
    content: each(
      (step, train, validation) =>
        `${JSON.stringify({ current_steps: step, total_steps: 1000, loss: train, lr: 1e-4, elapsed_time: "0:01:00" })}\n${JSON.stringify({ current_steps: step, total_steps: 1000, eval_loss: validation, elapsed_time: "0:01:00" })}`,
    ),
    curve: { step: STEPS, loss: VALIDATION },
  },
  "the table of a Hugging Face notebook, copied": {
    file: "notebook.tsv",
    content: `Step\tTraining Loss\tValidation Loss\n${each((step, train, validation) => `${step}\t${train.toFixed(6)}\t${validation.toFixed(6)}`)}\n`,
    curve: { step: STEPS, loss: VALIDATION },
  },
  "fastai, history.csv: epochs from 0, times as text": {
    file: "history.csv",
    content:
      "epoch,train_loss,valid_loss,accuracy,perplexity,time\n0,3.375,3.369,0.39,29.05,23:00\n1,2.99,2.95,0.43,19.1,22:50\n2,2.894,2.778,0.46,16.09,22:44\n",
    flags: ["--step", "epoch", "--step-offset", "1", "--tokens-per-step", "1000"],
    curve: { tokens: [1000, 2000, 3000], loss: [3.369, 2.95, 2.778] },
  },
  "Comet, get_metrics: a record a metric, values as text": {
    file: "comet.json",
    content: JSON.stringify(
      LOGGED.flatMap(([step, train, validation]) =>
        [["train_loss", train] as const, ["val_loss", validation] as const].map(([metricName, value]) => ({
          metricName,
          metricValue: String(value),
          timestamp: 1700000000000 + step,
          step,
          epoch: null,
          runContext: null,
        })),
      ),
    ),
    curve: { step: STEPS, loss: VALIDATION },
  },
  "ClearML, get_reported_scalars": {
    file: "clearml.json",
    content: JSON.stringify({
      loss: {
        train: { name: "train", x: STEPS, y: TRAINING },
        validation: { name: "validation", x: STEPS, y: VALIDATION },
      },
      lr: { lr: { name: "lr", x: STEPS, y: STEPS.map(() => 1e-3) } },
    }),
    curve: { step: STEPS, loss: VALIDATION },
  },
  "Neptune, fetch_values: one series, named by its file": {
    file: "val_loss.csv",
    content: `,step,value,timestamp\n${each((step, _, validation, i) => `${i},${step},${validation},2024-01-01 00:00:0${i}.123`)}\n`,
    flags: [...PER_STEP, "--loss", "value"],
    curve: { step: STEPS, loss: VALIDATION },
  },
  "Neptune, exporter: a row an attribute": {
    file: "neptune.csv",
    content: `project_id,run_id,attribute_path,attribute_type,step,timestamp,float_value\n${each((step, train, validation) => [`p,R-1,train/loss,float_series,${step},2024-01-01,${train}`, `p,R-1,val/loss,float_series,${step},2024-01-01,${validation}`].join("\n"))}\n`,
    curve: { run: LOGGED.map(() => "R-1"), step: STEPS, loss: VALIDATION },
  },
  "Aim: the data are in the context of a metric": {
    file: "aim.csv",
    content: `run.hash,metric.name,metric.context,step,value\n${each((step, train, validation) => `ab12,loss,"{'subset': 'train'}",${step},${train}\nab12,loss,"{'subset': 'val'}",${step},${validation}`)}\n`,
    curve: { run: LOGGED.map(() => "ab12"), step: STEPS, loss: VALIDATION },
  },
  "tbparse: a row a scalar of TensorBoard": {
    file: "scalars.csv",
    content: `step,tag,value\n${each((step, train, validation) => `${step},Loss/train,${train}\n${step},Loss/val,${validation}`)}\n`,
    curve: { step: STEPS, loss: VALIDATION },
  },
};

test.each(Object.entries({ ...SHAPES, ...LATER }))("%s", async (_name, { file, content, flags = PER_STEP, curve }) => {
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

test("what cannot be told apart is refused: an axis of runs without names of data, a series without a name", async () => {
  const chart = [{ name: "rins", x: STEPS, y: VALIDATION, mode: "lines" }];
  expect((await imported("plotly.json", JSON.stringify(chart), ...PER_STEP)).said).toMatch(
    /a column must hold the loss/,
  );
  const mlflow = each((step, _, validation) => `17000000010${step} ${validation} ${step}`);
  expect((await imported("val_loss", mlflow, ...PER_STEP)).exit).toBe(2);
});

test("a long table with a loss of its own name stays as it is", async () => {
  const rows = each((step, train) => `${step},${train},note,7`);
  const { points } = await imported("own.csv", `step,loss,tag,value\n${rows}\n`, ...PER_STEP);
  expect(column(points, "loss")).toEqual(TRAINING);
});
