// A process that replaces the report in a folder, as rinsight report does at its end; without the seconds of the fits.
import { outcomeOf } from "../../../dist/command/outcome.js";
import { writeFolder } from "../../../dist/report/folder.js";

const [folder, word] = process.argv.slice(2);
const names = ["index.html", "fits.json", "charts/a.svg", "charts/b.svg"];
const files = Object.fromEntries(names.map((name) => [name, ""]));
const content = `${word} `.repeat(3000);
try {
  writeFolder(
    folder,
    new Map([
      ...names.map((name) => [name, content]),
      ["manifest.json", JSON.stringify({ kind: "rinsight-report", files })],
    ]),
  );
} catch (error) {
  const { exitCode, text } = outcomeOf(error, "report");
  process.stderr.write(text);
  process.exitCode = exitCode;
}
