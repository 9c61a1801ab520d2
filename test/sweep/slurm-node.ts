// A real Slurm of one node on this machine, everything on loopback and in one folder, for as long as a test takes.
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdirSync, openSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { availableParallelism, hostname, userInfo } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

export const slurmIsHere = ["slurmctld", "slurmd", "munged", "sbatch"].every(
  (program) => spawnSync("sh", ["-c", `command -v ${program}`]).status === 0,
);

export interface SlurmNode {
  /** With SLURM_CONF, so that Slurm's commands find it. */
  readonly environment: NodeJS.ProcessEnv;
  /** What one of Slurm's commands prints. */
  ask(program: string, ...args: string[]): string;
  stop(): Promise<void>;
}

/** Starts it in `folder`, which must be new, and waits until the node is idle. */
export async function startSlurm(folder: string): Promise<SlurmNode> {
  const at = (name: string) => path.join(folder, name);
  for (const name of ["state", "spool"]) mkdirSync(at(name), { recursive: true, mode: 0o700 });
  writeFileSync(at("munge.key"), randomBytes(1024), { mode: 0o400 });
  const [host, user] = [hostname().split(".")[0], userInfo().username];
  const [controllerPort, nodePort] = [await freePort(), await freePort()];
  writeFileSync(
    at("slurm.conf"),
    `ClusterName=local
SlurmctldHost=${host}(127.0.0.1)
SlurmUser=${user}
SlurmdUser=${user}
AuthType=auth/munge
AuthInfo=socket=${at("munge.socket")}
CryptoType=crypto/munge
StateSaveLocation=${at("state")}
SlurmdSpoolDir=${at("spool")}
SlurmctldPidFile=${at("slurmctld.pid")}
SlurmdPidFile=${at("slurmd.pid")}
SlurmctldPort=${controllerPort}
SlurmdPort=${nodePort}
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
AccountingStorageType=accounting_storage/none
JobAcctGatherType=jobacct_gather/none
ReturnToService=2
MpiDefault=none
SchedulerParameters=sched_interval=1,bf_interval=1,batch_sched_delay=0
CommunicationParameters=NoInAddrAny,NoCtldInAddrAny
NodeName=${host} NodeAddr=127.0.0.1 CPUs=${Math.min(2, availableParallelism())} RealMemory=4000 State=UNKNOWN
PartitionName=main Nodes=${host} Default=YES MaxTime=INFINITE State=UP
`,
  );
  const environment = { ...process.env, SLURM_CONF: at("slurm.conf") };
  const daemons: ChildProcess[] = [];
  const start = (program: string, ...args: string[]) => {
    const log = openSync(at(`${program}.out`), "w");
    daemons.push(spawn(program, args, { env: environment, stdio: ["ignore", log, log] }));
  };
  const ask: SlurmNode["ask"] = (program, ...args) => {
    const { status, stdout, stderr } = spawnSync(program, args, { env: environment, encoding: "utf8" });
    if (status !== 0) throw new Error(`${program} ${args.join(" ")}: ${stderr}`);
    return stdout.trim();
  };
  const stop = async () => {
    for (const daemon of daemons.reverse()) {
      if (daemon.exitCode !== null || daemon.signalCode !== null) continue;
      const ended = new Promise((resolve) => daemon.once("exit", resolve));
      daemon.kill("SIGTERM");
      await Promise.race([ended, sleep(10_000).then(() => daemon.kill("SIGKILL"))]);
    }
  };
  start(
    "munged",
    ...["--foreground", "--force", `--key-file=${at("munge.key")}`, `--socket=${at("munge.socket")}`],
    ...[`--pid-file=${at("munged.pid")}`, `--log-file=${at("munged.log")}`, `--seed-file=${at("seed")}`],
  );
  await sleep(1000);
  start("slurmctld", "-D");
  start("slurmd", "-D");
  for (let tries = 0; tries < 300; tries++) {
    await sleep(200);
    if (spawnSync("sinfo", ["-h", "-o", "%t"], { env: environment, encoding: "utf8" }).stdout.trim() === "idle") {
      return { environment, ask, stop };
    }
  }
  await stop();
  throw new Error(`slurm: the node did not come up:\n${readFileSync(at("slurmctld.out"), "utf8").slice(-2000)}`);
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (typeof address !== "object" || address === null) throw new Error("slurm: no free port");
  return address.port;
}
