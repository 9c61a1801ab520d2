// HTML that escapes by default: what a template is given is text, and only what a template made is markup.
import * as escaped from "../escape.js";

export interface Markup {
  readonly html: string;
}

/** Text is escaped, markup stands as it is, a list is joined, null is nothing. */
export type Content = Markup | string | number | null | readonly Content[];

/** `markup\`<p>${text}</p>\``: attributes too are safe where they are quoted. */
export function markup(parts: TemplateStringsArray, ...contents: readonly Content[]): Markup {
  return { html: parts.map((part, i) => `${part}${i < contents.length ? text(contents[i] ?? null) : ""}`).join("") };
}

/** Text of our own that is markup, style or script already. Never for what came out of a file of others'. */
export const trusted = (html: string): Markup => ({ html });

function text(content: Content): string {
  if (content === null) return "";
  if (typeof content === "string") return escaped.html(content);
  if (typeof content === "number") return String(content);
  return "html" in content ? content.html : content.map(text).join("");
}
