// The manual's site: pages from .vitepress/pages, where scripts/manual.ts has pasted what each command prints.
import { defineConfig } from "vitepress";

export default defineConfig({
  title: "Rinsight",
  description: "Scaling laws of recursive-depth models, with intervals that can be trusted",
  srcDir: ".vitepress/pages",
  outDir: "site",
  cleanUrls: false,
  themeConfig: {
    search: { provider: "local" },
    nav: [{ text: "Guide", link: "/guide/your-curves" }],
    sidebar: [
      {
        text: "Guide",
        items: [
          { text: "Your curves in five minutes", link: "/guide/your-curves" },
          { text: "Reading the report", link: "/guide/reading-the-report" },
          { text: "Intervals and what they mean here", link: "/guide/intervals" },
          { text: "Exponent or limit", link: "/guide/exponent-or-limit" },
          { text: "Forecast and allocate", link: "/guide/forecast-allocate" },
          { text: "Schemes and what they cost", link: "/guide/schemes" },
          { text: "Training and sweeps", link: "/guide/training" },
          { text: "On a cluster", link: "/guide/cluster" },
          { text: "Pictures and captions", link: "/guide/pictures" },
          { text: "Long-range structure", link: "/guide/fractal" },
          { text: "Reproducing a report", link: "/guide/reproducing" },
        ],
      },
      {
        text: "To look up",
        items: [
          { text: "The words", link: "/concepts" },
          { text: "What is read", link: "/inputs" },
          { text: "Sweeps on a cluster", link: "/clusters" },
          { text: "What is promised", link: "/reliability" },
          { text: "How it compares", link: "/compares" },
        ],
      },
    ],
  },
});
