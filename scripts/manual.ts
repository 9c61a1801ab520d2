// npm run manual: the manual as a static site. Each block marked "sh run" is executed in a folder with the example curves
// and followed by what it printed, a block marked with a file's name ("json plan.json") is put there first; then VitePress
// builds the pages. It fails on a command that fails and on a dead link.
import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "vitepress";

const root = fileURLToPath(new URL("..", import.meta.url));
const docs = path.join(root, "docs");
const BLOCK = /```(sh run|(\w+) (\w+\.\w+))\n([\s\S]*?)```/g;
/** Of the example curves, one table a question. */
const TABLES = ["curves.csv", "isoflop.csv"];

/** A page with the output of its commands; `folder` is where they run. */
export function executed(page: string, folder: string): string {
  return page.replace(BLOCK, (_, __, language: string | undefined, file: string | undefined, commands: string) => {
    if (file !== undefined) {
      writeFileSync(path.join(folder, file), commands);
      return `\`\`\`${language} [${file}]\n${commands}\`\`\``;
    }
    const printed = commands
      .trim()
      .split("\n")
      .map((line) => {
        const words = [...line.matchAll(/"([^"]*)"|(\S+)/g)].map((match) => match[1] ?? match[2] ?? "");
        if (words[0] !== "rinsight") throw new Error(`manual: a command must begin with rinsight, got ${line}`);
        return execFileSync(process.execPath, [path.join(root, "dist/cli.js"), ...words.slice(1)], {
          cwd: folder,
          encoding: "utf8",
          stdio: ["ignore", "pipe", "ignore"],
        });
      });
    return `\`\`\`sh\n${commands}\`\`\`\n\n\`\`\`text\n${printed.join("\n").trimEnd()}\n\`\`\``;
  });
}

async function main(): Promise<void> {
  const pages = path.join(docs, ".vitepress/pages");
  const folder = mkdtempSync(path.join(tmpdir(), "rinsight-manual-"));
  try {
    for (const table of TABLES) cpSync(path.join(root, "notebooks", table), path.join(folder, table));
    rmSync(pages, { recursive: true, force: true });
    for (const name of [
      "index.md",
      "reliability.md",
      "concepts.md",
      "compares.md",
      "clusters.md",
      "inputs.md",
      ...readdirSync(path.join(docs, "guide")).map((file) => `guide/${file}`),
    ]) {
      mkdirSync(path.dirname(path.join(pages, name)), { recursive: true });
      writeFileSync(path.join(pages, name), executed(readFileSync(path.join(docs, name), "utf8"), folder));
    }
    await build(docs);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) void main();
