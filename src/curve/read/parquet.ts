// Parquet as a table, through hyparquet and hyparquet-compressors (pure JavaScript; snappy, gzip, brotli, zstd and lz4
// pages).
import type { RowGroup, SchemaTree } from "hyparquet";
import { InputError, reasonOf } from "../../base/errors.js";
import { ColumnBuilder, finished, type Table } from "../table.js";
import { cellValue } from "./delimited.js";
import { limits, raise } from "./limits.js";
import type { Source } from "./source.js";

const MOST_COLUMNS = 1000;

/** True for a file that begins as Parquet does. */
export function isParquet(source: Source): boolean {
  return Buffer.from(source.bytes.subarray(0, 4)).toString("latin1") === "PAR1";
}

/** A Parquet file as a table; nested columns are left out. Throws InputError where the file is cut off or damaged. */
export async function parseParquet(source: Source): Promise<Table> {
  const { parquetMetadata, parquetReadObjects, parquetSchema } = await import("hyparquet");
  const { compressors } = await import("hyparquet-compressors");
  const { name, bytes } = source;
  const file = Uint8Array.from(bytes).buffer;
  const damaged = (error: unknown): InputError => {
    const reason = reasonOf(error);
    return new InputError(`${name}: Parquet must be whole, got "${reason}"; write the file again`);
  };
  let metadata: ReturnType<typeof parquetMetadata>;
  try {
    metadata = parquetMetadata(file);
    checkColumns(parquetSchema(metadata), metadata.row_groups);
  } catch (error) {
    throw damaged(error);
  }
  const rows = Number(metadata.num_rows);
  if (!(rows <= limits().rows))
    throw new InputError(`${name}: Parquet must have at most ${limits().rows} rows, got ${rows}; ${raise("rows")}`);
  if (metadata.schema.length > MOST_COLUMNS) {
    throw new InputError(
      `${name}: Parquet must have at most ${MOST_COLUMNS} columns, got ${metadata.schema.length - 1}; keep those the fit needs`,
    );
  }
  const builders = new Map<string, ColumnBuilder>();
  let row = 0;
  try {
    for (const group of metadata.row_groups) {
      const rowEnd = row + Number(group.num_rows);
      const records = await parquetReadObjects({ file, metadata, compressors, rowStart: row, rowEnd });
      for (const record of records) {
        for (const [key, value] of Object.entries(record)) {
          const cell = typeof value === "bigint" ? Number(value) : value;
          if (typeof cell === "object" && !(cell instanceof Date)) continue;
          const builder = builders.get(key) ?? new ColumnBuilder();
          builders.set(key, builder);
          if (typeof cell === "number") builder.set(row, cell);
          else builder.set(row, typeof cell === "string" ? cellValue(cell) : textOf(cell), textOf(cell));
        }
        row++;
      }
    }
  } catch (error) {
    throw damaged(error);
  }
  if (row === 0) throw new InputError(`${name}: table must have rows, got none; check how it was written`);
  return { source: name, rows: row, columns: finished(builders, row), place: (index) => `${name} row ${index + 1}` };
}

const textOf = (cell: unknown): string => (cell instanceof Date ? cell.toISOString() : String(cell));

/** Each column of a group must be one of the schema's, and only once: of any other the reader drops the errors. */
function checkColumns(schema: SchemaTree, groups: readonly RowGroup[]): void {
  const names = schema.children.map(({ element }) => element.name);
  const leaves = new Set(schema.children.flatMap(({ element, children }) => (children.length > 0 ? [] : element.name)));
  for (const { columns } of groups) {
    const seen = new Set<string>();
    for (const column of columns) {
      const name = column.meta_data?.path_in_schema[0] ?? "";
      if (!names.includes(name)) throw new Error("a column that is not in the schema");
      if (leaves.has(name) && seen.has(name)) throw new Error("a column that stands twice");
      seen.add(name);
    }
  }
  if (new Set(names).size < names.length) throw new Error("two columns of one name");
}
