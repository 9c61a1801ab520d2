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
          { text: "Schemes and what they cost", link: "/guide/schemes" },
          { text: "Reproducing a report", link: "/guide/reproducing" },
        ],
      },
      { text: "What is promised", link: "/reliability" },
    ],
  },
});
