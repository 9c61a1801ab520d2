// A page as one file that asks the network for nothing: style, scripts and data inlined under a content policy that allows
// these scripts by hash and no evaluation; vega interprets its expressions. Data stand in a JSON block, escaped once.
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { scriptJson } from "../escape.js";
import { browserLibraries } from "../render.js";
import { type Markup, markup, trusted } from "./markup.js";

/** A script of ours in browser/, checked like the rest of the code and sent as it stands. */
export type Script = "data" | "charts" | "marking" | "tables" | "saving" | "live";

export interface Document {
  readonly title: string;
  readonly body: Markup;
  /** For the scripts: JSON, in the element with the id "data". */
  readonly data: unknown;
  readonly scripts: readonly Script[];
  /** More of the content policy: "connect-src 'self'". */
  readonly policy?: string;
}

/** The page and the policy that stands in it, for a server to send as a header too. */
export function documentHtml(document: Document): { readonly html: string; readonly policy: string } {
  const libraries = browserLibraries().map(inlined);
  const scripts = document.scripts.map((name) => inlined(asset(`browser/${name}.js`)));
  const hashes = [...libraries, ...scripts].map(
    (script) => `'sha256-${createHash("sha256").update(script).digest("base64")}'`,
  );
  const rest = document.policy === undefined ? "" : `; ${document.policy}`;
  const policy = `default-src 'none'; script-src ${hashes.join(" ")}; style-src 'unsafe-inline'; img-src data: blob:; base-uri 'none'; form-action 'none'${rest}`;
  const { html } = markup`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${trusted(policy)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<link rel="icon" href="data:,">
<title>${document.title}</title>
<style>${trusted(asset("style.css"))}</style>
</head>
<body>
${document.body}
<script type="application/json" id="data">${trusted(scriptJson(document.data))}</script>
${libraries.map((script) => markup`<script>${trusted(script)}</script>\n`)}
${scripts.map((script) => markup`<script type="module">${trusted(script)}</script>\n`)}
</body>
</html>
`;
  return { html, policy };
}

const asset = (name: string): string => readFileSync(new URL(name, import.meta.url), "utf8");

/** A script as it may stand in an element: nothing in its strings closes the element, no source map is asked for. */
function inlined(script: string): string {
  return script
    .replace(/<\/script/gi, "<\\/script")
    .replace(/<!--/g, "<\\!--")
    .replace(/\/\/# sourceMappingURL=.*$/gm, "");
}
