import { defineConfig } from "@playwright/test";
import journeys from "./playwright.config";

// Takes the pictures of docs/images: `npm run screenshots`.
export default defineConfig({ ...journeys, testMatch: "*.pictures.ts" });
