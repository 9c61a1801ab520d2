// Lists where two versions of an output differ: JSON value by value, anything else line by line or byte by byte.

export interface Difference {
  /** File and place in it: "fits.json fits[2].parameters.limit.estimate", "README.md line 12". */
  readonly where: string;
  readonly old: string;
  readonly new: string;
  /** Relative tolerance that was allowed; 0 for the same bytes. */
  readonly tolerance: number;
}

type Content = string | Uint8Array;

/** Differences between two sets of files, in the order of their names; numbers in JSON may differ by `tolerance`, relative. */
export function differences(
  published: ReadonlyMap<string, Content>,
  recomputed: ReadonlyMap<string, Content>,
  tolerance: number,
): readonly Difference[] {
  const names = [...new Set([...published.keys(), ...recomputed.keys()])].sort();
  return names.flatMap((name) => {
    const before = published.get(name);
    const after = recomputed.get(name);
    if (before === undefined) return [{ where: name, old: "no such file", new: "a file", tolerance: 0 }];
    if (after === undefined) return [{ where: name, old: "a file", new: "no such file", tolerance: 0 }];
    return fileDifferences(name, before, after, tolerance);
  });
}

function fileDifferences(name: string, before: Content, after: Content, tolerance: number): Difference[] {
  const a = Buffer.from(before);
  const b = Buffer.from(after);
  if (a.equals(b)) return [];
  if (name.endsWith(".json")) {
    const found: Difference[] = [];
    try {
      const old: unknown = JSON.parse(a.toString());
      compareValues(name, "", old, JSON.parse(b.toString()), tolerance, found);
    } catch {
      return [{ where: name, old: "not JSON", new: "JSON", tolerance }];
    }
    // Equal values under different bytes (white space, order of keys) still count where bytes were promised.
    if (found.length === 0 && tolerance === 0)
      found.push({ where: name, old: "other bytes", new: "same values", tolerance });
    return found;
  }
  // Renderings (SVG, PNG, HTML, prose) carry rounded numbers; under a tolerance only what they are made from is compared.
  if (tolerance > 0) return [];
  if (/\.(png|gz|tgz)$/.test(name))
    return [{ where: name, old: `${a.length} bytes`, new: `${b.length} bytes`, tolerance }];
  const oldLines = a.toString().split("\n");
  const newLines = b.toString().split("\n");
  const line = oldLines.findIndex((text, index) => text !== newLines[index]);
  const at = line === -1 ? oldLines.length : line;
  return [{ where: `${name} line ${at + 1}`, old: cut(oldLines[at]), new: cut(newLines[at]), tolerance }];
}

/** Appends to `found` each place where two JSON values differ; numbers may differ by `tolerance`, relative. */
export function compareValues(
  name: string,
  path: string,
  a: unknown,
  b: unknown,
  tolerance: number,
  found: Difference[],
): void {
  if (typeof a === "number" && typeof b === "number") {
    if (a === b || Math.abs(a - b) <= tolerance * Math.max(Math.abs(a), Math.abs(b))) return;
  } else if (isRecord(a) && isRecord(b) && Array.isArray(a) === Array.isArray(b)) {
    for (const key of new Set([...Object.keys(a), ...Object.keys(b)])) {
      const place = Array.isArray(a) ? `${path}[${key}]` : path === "" ? key : `${path}.${key}`;
      compareValues(name, place, a[key], b[key], tolerance, found);
    }
    return;
  } else if (a === b) return;
  found.push({ where: `${name} ${path}`, old: cut(JSON.stringify(a)), new: cut(JSON.stringify(b)), tolerance });
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

function cut(text: string | undefined): string {
  if (text === undefined) return "nothing";
  return text.length > 80 ? `${text.slice(0, 77)}…` : text;
}
