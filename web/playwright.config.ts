import { defineConfig } from "@playwright/test";

// The journeys run in the distribution's Chromium against the real binary, once in each language.
export default defineConfig({
  testDir: "e2e",
  testMatch: "*.spec.ts",
  timeout: 180_000,
  expect: { timeout: 30_000 },
  workers: 1,
  forbidOnly: Boolean(process.env.CI),
  reporter: [["list"]],
  use: {
    viewport: { width: 1280, height: 800 },
    actionTimeout: 30_000,
    screenshot: "only-on-failure",
    // The console keeps still for those who ask for it: nothing is pressed while it moves.
    contextOptions: { reducedMotion: "reduce" },
    launchOptions: {
      executablePath: process.env.PATRON_CHROMIUM ?? "/usr/bin/chromium",
      args: ["--no-sandbox"],
    },
  },
  projects: [
    { name: "zh-CN", use: { locale: "zh-CN" } },
    { name: "en", use: { locale: "en-US" } },
  ],
});
