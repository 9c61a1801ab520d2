// Text of others' as data in the languages that a report is written in. Nothing from a file reaches a page but here.

/** For HTML text and quoted attributes. */
export function html(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

/** For one cell of a Markdown table or a line of prose: markup, HTML and line ends lose their meaning. */
export function markdown(text: string): string {
  return text
    .replace(/\s+/g, " ")
    .replace(/[\\`*_{}[\]|~$]/g, "\\$&")
    .replace(/^(?=[#+-])/, "\\")
    .replace(/&/g, "&amp;")
    .replace(/</g, "&lt;")
    .replace(/>/g, "&gt;");
}

const LATEX: Readonly<Record<string, string>> = {
  "\\": "\\textbackslash{}",
  "^": "\\textasciicircum{}",
  "~": "\\textasciitilde{}",
};

/** For LaTeX text. */
export function latex(text: string): string {
  return text.replace(/\s+/g, " ").replace(/[\\{}$&#_%^~]/g, (character) => LATEX[character] ?? `\\${character}`);
}

/** JSON that may stand inside a script element: no `<` is left that could close it. */
export function scriptJson(value: unknown): string {
  return JSON.stringify(value).replace(
    /[<>\u2028\u2029]/g,
    (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

const LONGEST_LABEL = 60;

/**
 * Names as labels: control and direction characters written out as ⟨U+202E⟩, cut at 60 characters, and told apart by a
 * number where two become one.
 */
export function labels(names: readonly string[]): readonly string[] {
  const seen = new Map<string, number>();
  return names.map((name) => {
    const visible = [...name.slice(0, 4 * LONGEST_LABEL)]
      .map((c) =>
        /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u.test(c)
          ? `⟨U+${(c.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0")}⟩`
          : c,
      )
      .join("");
    const characters = [...visible];
    const label =
      characters.length > LONGEST_LABEL
        ? `${characters.slice(0, LONGEST_LABEL - 1).join("")}…`
        : visible || "(no name)";
    const count = (seen.get(label) ?? 0) + 1;
    seen.set(label, count);
    return count === 1 ? label : `${label} (${count})`;
  });
}
