// What once gave a wrong number and no word: each file is made up in the shape that people post, and goes through the
// command; the value is asserted, and so is what is said.
import { expect, test } from "vitest";
import { column, door, fits } from "./door.js";

const { put, run, imported } = door("silence");

/** 2 + 50·D^−.3 at these tokens: a law that a fit finds again. */
const law = (tokens: number): number => 2 + 50 * tokens ** -0.3;
const TOKENS = Array.from({ length: 12 }, (_, i) => 1e6 * 2 ** i);

test("Megatron: padded iterations, validation lines of their own, samples times sequence length", async () => {
  const log = [
    " iteration      500/  150000 | consumed samples:       256000 | elapsed time per iteration (ms): 1234.5 | learning rate: 1.0E-04 | global batch size:   512 | lm loss: 4.734521E+00 | loss scale: 1.0 | grad norm: 0.123 | number of skipped iterations:   0 | number of nan iterations:   0 |",
    " validation loss at iteration 500 | lm loss value: 4.660000E+00 | lm loss PPL: 1.056362E+02 |",
    " iteration    50000/  150000 | consumed samples:     25600000 | elapsed time per iteration (ms): 1234.5 | learning rate: 1.0E-04 | global batch size:   512 | lm loss: 2.934521E+00 | loss scale: 1.0 | grad norm: 0.123 | number of skipped iterations:   0 | number of nan iterations:   0 |",
    " validation loss at iteration 50000 | lm loss value: 2.860000E+00 | lm loss PPL: 1.746153E+01 |",
    " iteration   100000/  150000 | consumed samples:     51200000 | elapsed time per iteration (ms): 1234.5 | learning rate: 1.0E-04 | global batch size:   512 | lm loss: 2.734521E+00 | loss scale: 1.0 | grad norm: 0.123 | number of skipped iterations:   0 | number of nan iterations:   0 |",
    " validation loss at iteration 100000 | lm loss value: 2.660000E+00 | lm loss PPL: 1.429629E+01 |",
  ].join("\n");
  const { points, said } = await imported("megatron.log", log, "--sequence-length", "2048");
  expect(column(points, "step")).toEqual([500, 50000, 100000]);
  expect(column(points, "loss")).toEqual([4.66, 2.86, 2.66]);
  expect(column(points, "tokens")).toEqual([256000 * 2048, 25600000 * 2048, 51200000 * 2048]);
  expect(said).toMatch(/took loss from validation lm loss value \(3 values\)/);
  expect(said).toMatch(/not taken: .*lm loss \(3\)/);
});

test("colours of terminals are no numbers", async () => {
  const [green, bold, plain, cyan] = ["\u001b[32m", "\u001b[1m", "\u001b[0m", "\u001b[36m"];
  const one = await imported(
    "bold.log",
    `${green}[INFO]${plain} step 100 ${bold}val loss${plain} 4.51\n${green}[INFO]${plain} step 200 ${bold}val loss${plain} 4.21\n`,
    "--tokens-per-step",
    "1000",
  );
  expect([column(one.points, "step"), column(one.points, "loss")]).toEqual([
    [100, 200],
    [4.51, 4.21],
  ]);
  const two = await imported(
    "cyan.log",
    `step ${cyan}100${plain} | val loss ${green}4.51${plain}\nstep ${cyan}200${plain} | val loss ${green}4.21${plain}\n`,
    "--tokens-per-step",
    "1000",
  );
  expect([column(two.points, "step"), column(two.points, "loss")]).toEqual([
    [100, 200],
    [4.51, 4.21],
  ]);
});

test("counts as people print them: 1.05B, 1,000, 524,288,000", async () => {
  const one = await imported(
    "b.log",
    "step 2000 | tokens 1.05B | val loss 3.71\nstep 4000 | tokens 2.1B | val loss 3.5\n",
  );
  expect(column(one.points, "tokens")).toEqual([1.05e9, 2.1e9]);
  const two = await imported(
    "commas.log",
    "Step 1,000 | tokens 524,288,000 | val loss 4.21\nStep 2,000 | tokens 1,048,576,000 | val loss 4.01\n",
  );
  expect([column(two.points, "step"), column(two.points, "tokens")]).toEqual([
    [1000, 2000],
    [524288000, 1048576000],
  ]);
});

test("a resumed run: what lies past the point of resumption goes, said; --keep-superseded keeps it", async () => {
  const log = [
    [100, 5.0],
    [200, 4.6],
    [300, 4.4],
    [400, 4.3],
    [250, 4.5],
    [350, 4.35],
    [450, 4.2],
  ]
    .map(([step, loss]) => `step ${step}: val loss ${loss}`)
    .join("\n");
  const { points, said } = await imported("resumed.log", log, "--tokens-per-step", "1000");
  expect(column(points, "step")).toEqual([100, 200, 250, 350, 450]);
  expect(said).toMatch(
    /resumed\.log line 5: step of run resumed fell from 400 to 250: resumed there; 2 losses at or past it left out/,
  );
  const kept = await imported("resumed.log", log, "--tokens-per-step", "1000", "--keep-superseded");
  expect(kept.points).toHaveLength(7);
  const table = `run,tokens,loss\n${log.replace(/step (\d+): val loss (.*)/g, "a,$1,$2")}\n`;
  put("resumed.csv", table);
  const fit = await run(["fit", "@/resumed.csv", "--json"]);
  expect(fits(fit.stdout).fits[0]?.points).toBe(5);
  expect(fit.said).toMatch(/run a fell from 400 to 250: resumed there; 2 rows at or past it left out/);
  const all = await run(["fit", "@/resumed.csv", "--json", "--keep-superseded"]);
  expect(fits(all.stdout).fits[0]?.points).toBe(7);
});

test("two runs appended are two runs; steps that restart each epoch are refused", async () => {
  const stretch = [100, 200, 300, 400]
    .map((step) => `step ${step}: val loss ${(5 - step / 500).toFixed(2)}`)
    .join("\n");
  const { points, said } = await imported(
    "two.log",
    `${stretch}\n${stretch.replaceAll("4.", "3.")}\n`,
    "--tokens-per-step",
    "10",
  );
  expect(column(points, "run")).toEqual([..."1111"].map(() => "two 1").concat([..."2222"].map(() => "two 2")));
  expect(said).toMatch(
    /step of run two fell from 400 to 100, where it began: two runs, told apart as "two 1", "two 2"/,
  );
  const epochs = [1, 2, 3].map((epoch) =>
    [100, 200, 300, 400].map((step) => `epoch ${epoch} step ${step} val loss 4.${9 - epoch}`).join("\n"),
  );
  const refused = await imported("epochs.log", epochs.join("\n"), "--tokens-per-step", "10");
  expect([refused.exit, refused.said]).toEqual([
    2,
    expect.stringMatching(/it restarts with each epoch; name another counter with --step/),
  ]);
});

test("a W&B chart: all its runs, over any axis; grouped exports are told", async () => {
  const row = (x: string, a: number, b: number, spread = 0): string =>
    [x, a, a - spread, a + spread, b, b - spread, b + spread].map((cell) => `"${cell}"`).join();
  const header = (axis: string): string =>
    [
      axis,
      ...["rins-r2", "baseline"].flatMap((name) => ["", "__MIN", "__MAX"].map((end) => `${name} - val/loss${end}`)),
    ]
      .map((cell) => `"${cell}"`)
      .join();
  const one = await imported(
    "tokens.csv",
    [header("train/tokens"), row("1000000", 4.5, 4.6), row("2000000", 4.25, 4.4)].join("\n"),
  );
  expect(column(one.points, "run")).toEqual(["rins-r2", "rins-r2", "baseline", "baseline"]);
  expect(column(one.points, "loss")).toEqual([4.5, 4.25, 4.6, 4.4]);
  expect(column(one.points, "tokens")).toEqual([1e6, 2e6, 1e6, 2e6]);
  const two = await imported(
    "global.csv",
    [header("trainer/global_step"), row("100", 4.5, 4.6)].join("\n"),
    "--tokens-per-step",
    "1000",
  );
  expect(column(two.points, "tokens")).toEqual([1e5, 1e5]);
  const grouped = await imported(
    "grouped.csv",
    [header("Step"), row("100", 4.5, 4.6, 0.1)].join("\n"),
    "--tokens-per-step",
    "1000",
  );
  expect(grouped.said).toMatch(/2 of its curves have bands: means over groups of runs/);
  expect(one.said).not.toMatch(/bands/);
  const time = await imported(
    "time.csv",
    [header("Relative Time (Process)"), row("10.5", 4.5, 4.6)].join("\n"),
    "--tokens-per-step",
    "1000",
  );
  expect([time.exit, time.said]).toEqual([
    2,
    expect.stringMatching(/must be drawn over steps or tokens, got Relative Time/),
  ]);
  put(
    "long.csv",
    [header("train/tokens"), ...TOKENS.map((tokens) => row(String(tokens), law(tokens), law(tokens) + 0.1))].join("\n"),
  );
  const fit = await run(["fit", "@/long.csv", "--json"]);
  expect(fits(fit.stdout).fits.map(({ group }) => group.scheme)).toEqual(["baseline", "rins-r2"]);
});

test("a global step before the call counter of W&B, and said", async () => {
  const table = "_step,trainer/global_step,train_loss,val_loss\n1,49,5.1,\n2,99,,4.75\n4,149,4.7,\n5,199,,4.25\n";
  const { points, said } = await imported("lightning.csv", table, "--tokens-per-step", "32768");
  expect(column(points, "tokens")).toEqual([99 * 32768, 199 * 32768]);
  expect(said).toMatch(/took steps from trainer\/global_step/);
});

test("units: doubted with remedies that run, taken with --unit, and carried through import", async () => {
  const rows = TOKENS.map(
    (tokens) => `${tokens},${law(tokens) / Math.LN2 / 4},${Math.exp(law(tokens))},${law(tokens) / Math.LN2}`,
  );
  put("units.csv", `tokens,val/bpb,eval/ppl,val_bits_per_token\n${rows.join("\n")}\n`);
  const limit = async (...flags: string[]): Promise<number | undefined> => {
    const { stdout, said } = await run(["fit", "@/units.csv", "--json", ...flags]);
    expect(said).not.toMatch(/bits-for-nats|perplexity-for-loss/);
    return fits(stdout).fits[0]?.parameters.limit?.estimate;
  };
  expect(await limit("--y", "eval/ppl", "--unit", "ppl")).toBeCloseTo(2, 4);
  expect(await limit("--y", "val_bits_per_token", "--unit", "bits")).toBeCloseTo(2, 4);
  expect(await limit("--y", "val/bpb", "--unit", "bpb", "--bytes-per-token", "4")).toBeCloseTo(2, 4);
  expect(await limit("--derive", "nats=log(`eval/ppl`)", "--y", "nats")).toBeCloseTo(2, 4);
  const bpb = await run(["fit", "@/units.csv", "--y", "val/bpb"]);
  expect(bpb.said).toMatch(/looks like bits per byte.*give --unit bpb --bytes-per-token N/);
  expect((await run(["fit", "@/units.csv", "--y", "eval/ppl"])).said).toMatch(/looks like perplexity.*give --unit ppl/);
  const written = await run(["import", "@/units.csv", "--loss", "val/bpb", "--out", "@/bpb.jsonl"]);
  expect(written.exit).toBe(0);
  expect((await run(["fit", "@/bpb.jsonl"])).said).toMatch(/column bitsPerByte looks like bits per byte/);
  const nats = await run(["import", "@/units.csv", "--loss", "val/bpb", "--bytes-per-token", "4"]);
  expect(nats.points[0]?.loss).toBeCloseTo(law(1e6), 10);
});

test("a run that diverged is no short clean one", async () => {
  const lines = TOKENS.map((tokens) => JSON.stringify({ run: "a", scheme: "a", tokens, loss: law(tokens) }));
  put("infinity.jsonl", `${lines.join("\n")}\n{"run":"b","scheme":"b","tokens":8000000,"loss":"Infinity"}\n`);
  const one = await run(["fit", "@/infinity.jsonl", "--json", "--by", "none"]);
  expect(fits(one.stdout).fits[0]?.points).toBe(12);
  expect(one.said).toMatch(/1 row left out: loss is not finite/);
  const log = [1000, 2000, 3000, 4000, 5000]
    .map((step) => `step ${step}: val loss ${step < 4000 ? 5 - step / 2000 : "nan"}`)
    .join("\n");
  const two = await imported("nan.log", log, "--tokens-per-step", "1000");
  expect(column(two.points, "status")).toEqual(["diverged", "diverged", "diverged"]);
  expect(two.said).toMatch(/run nan: val loss is not finite from step 4000 on: the run diverged/);
  expect(two.said).toMatch(/left out 2 losses that are not finite/);
  const state = `{"log_history": [{"step": 1, "eval_loss": 5.0}, {"step": 2, "eval_loss": 4.5}, {"step": 3, "eval_loss": NaN}]}`;
  const three = await imported("trainer_state.json", state, "--tokens-per-step", "1000");
  expect(three.said).toMatch(/not finite from step 3 on: the run diverged/);
  const table = `run,scheme,tokens,loss\n${TOKENS.map((tokens, i) => `a,x,${tokens},${i < 8 ? law(tokens) : "nan"}\nb,x,${tokens},${law(tokens)}`).join("\n")}\n`;
  put("table.csv", table);
  const four = await run(["fit", "@/table.csv", "--json"]);
  expect(fits(four.stdout).fits[0]).toMatchObject({ points: 12, excludedReasons: { diverged: 12 } });
});

test("a unit in the header is taken at its word", async () => {
  for (const [header, scale] of [
    ["Tokens (B)", 1e9],
    ["tokens [M]", 1e6],
    ["tokens_millions", 1e6],
  ] as const) {
    put(
      "header.csv",
      `${header},loss\n${[0.5, 1, 2, 4, 8, 16].map((one) => `${one},${law(one * scale)}`).join("\n")}\n`,
    );
    const { stdout, said } = await run(["fit", "@/header.csv", "--json"]);
    expect(fits(stdout).fits[0]?.parameters.coefficient?.estimate).toBeCloseTo(50, 1);
    expect(said).toContain(`took column ${header} × 1e${Math.log10(scale)}, as its name says`);
    const { points } = await run(["import", "@/header.csv"]);
    expect(points[0]?.tokens).toBe(0.5 * scale);
  }
});

test("mid-run points of one run have a doubt with a remedy, and bear no verdict on limits", async () => {
  const midRun = (run: string, limit: number) =>
    Array.from({ length: 48 }, (_, i) => {
      const tokens = 1e6 * (i + 1);
      return { run, scheme: run, tokens, loss: limit + 50 * tokens ** -0.3 + 0.001 * Math.sin(7 * i) };
    });
  const points = [...midRun("a", 2), ...midRun("b", 2.4)];
  const csv = (names: readonly ("run" | "scheme" | "tokens" | "loss")[]) =>
    [names.join(), ...points.map((point) => names.map((name) => point[name]).join())].join("\n");
  const doubt = { code: "one-run", message: expect.stringMatching(/cool the rate down at each/) };
  put("one.jsonl", points.map((point) => JSON.stringify(point)).join("\n"));
  // Without a column of runs, even steps give them away.
  put("one.csv", csv(["scheme", "tokens", "loss"]));
  for (const file of ["@/one.jsonl", "@/one.csv"]) {
    expect(fits((await run(["fit", file, "--json"])).stdout).warnings).toContainEqual(doubt);
    const compared = await run(["compare", file, "--bootstrap", "0"]);
    expect(compared.stdout).toMatch(/cannot tell .*because the points of a scheme are of one run/);
    expect(compared.stdout).toMatch(/no verdict: a: one-run\n {2}no verdict: b: one-run/);
    expect(compared.said).toMatch(/one-run: all points of a; b are of one run.*cool the rate down at each/);
  }
  // Ends of runs that were planned in ratios are as many runs.
  put(
    "ends.csv",
    `scheme,tokens,loss\n${["a", "b"].flatMap((name, k) => TOKENS.map((tokens, i) => `${name},${tokens},${law(tokens) + 0.4 * k + 0.001 * Math.sin(7 * i)}`)).join("\n")}\n`,
  );
  const ends = await run(["compare", "@/ends.csv", "--bootstrap", "0"]);
  expect(ends.stdout + ends.said).not.toMatch(/one-run/);
  expect(ends.stdout).toMatch(/differ in the limit/);
});

test("architectures and sizes are never pooled in silence", async () => {
  const rows = (name: (i: number) => string | number): string =>
    TOKENS.map((tokens, i) => `${name(i % 3)},r${i},${tokens},${law(tokens)}`).join("\n");
  put("arch.csv", `config.arch,Name,tokens,loss\n${rows((i) => ["gpt", "rins", "rao"][i] ?? "")}\n`);
  const arch = await run(["fit", "@/arch.csv"]);
  expect([arch.exit, arch.said]).toEqual([
    2,
    expect.stringMatching(/no scheme column; candidates: config\.arch.*give --by config\.arch, or --by none/),
  ]);
  expect((await run(["fit", "@/arch.csv", "--by", "none"])).exit).toBe(0);
  put("sizes.csv", `parameters,Name,tokens,loss\n${rows((i) => 1e6 * 4 ** i)}\n`);
  expect((await run(["fit", "@/sizes.csv"])).said).toMatch(/candidates: parameters/);
});

test("--scheme takes a column of that name; --scheme-name is a literal", async () => {
  const table = `Name,config.arch,_step,val_loss\n${[0, 1].flatMap((run) => [100, 200].map((step) => `n${run},arch${run},${step},${4 - run - step / 1000}`)).join("\n")}\n`;
  const flags = ["--run", "Name", "--tokens-per-step", "1000"];
  const one = await imported("arch-import.csv", table, ...flags, "--scheme", "config.arch");
  expect(column(one.points, "scheme")).toEqual(["arch0", "arch0", "arch1", "arch1"]);
  const two = await imported("arch-import.csv", table, ...flags, "--scheme-name", "config.arch");
  expect(new Set(column(two.points, "scheme"))).toEqual(new Set(["config.arch"]));
  const three = await imported("arch-import.csv", table, ...flags, "--scheme", "mine");
  expect(three.said).toMatch(/wrote scheme mine on every row: no column has that name/);
});

test("runs that crashed are left out, counted and said; a flag keeps them", async () => {
  const rows = TOKENS.map(
    (tokens, i) => `r${i},${i % 4 === 3 ? "crashed" : "finished"},${tokens},${i % 4 === 3 ? 9 : law(tokens)}`,
  );
  put("state.csv", `Name,State,tokens,loss\n${rows.join("\n")}\n`);
  const { stdout, said } = await run(["fit", "@/state.csv", "--json"]);
  expect(fits(stdout).fits[0]).toMatchObject({ points: 9, excludedReasons: { unfinished: 3 } });
  expect(said).toMatch(/3 rows left out: State is crashed \(--keep-unfinished keeps it\)/);
  expect(fits((await run(["fit", "@/state.csv", "--json", "--keep-unfinished"])).stdout).fits[0]?.points).toBe(12);
});
