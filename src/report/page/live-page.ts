// The page of a sweep while it trains: curves that grow, what is left, one row a run. Its data come from /state.json.
import { PAGE_THEME } from "../charts/theme.js";
import { documentHtml } from "./document.js";
import { markup } from "./markup.js";

export function livePage(): { readonly html: string; readonly policy: string } {
  const page = documentHtml({
    title: "Training",
    body: markup`<main class="live">
<h1>Training</h1>
<p class="verdict" id="summary" role="status">looking …</p>
<progress id="progress" max="1" value="0" aria-label="Share of all tokens trained"></progress>
<figure><div class="chart" id="chart"></div>
<figcaption>Lines: loss along each run, at a learning rate that is still high. Points: the ends of cool-down branches, which the law is fitted to.</figcaption></figure>
<div class="scroll" tabindex="0" role="region" aria-label="Runs"><table><thead><tr><th scope="col">scheme</th><th scope="col" class="right">seed</th><th scope="col">state</th><th scope="col" class="right">tokens</th><th scope="col" class="right">loss</th><th scope="col" class="right">left</th></tr></thead><tbody></tbody></table></div>
<p><a href="/live">Train two tiny models in this browser</a>, on its own GPU.</p>
</main>`,
    data: { theme: PAGE_THEME },
    scripts: ["live"],
    policy: "connect-src 'self'",
  });
  return { html: page.html, policy: `${page.policy}; frame-ancestors 'none'` };
}
