import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

// What is tested here is logic: no sentence is turned into markup, so nothing has to be built.
export default defineConfig({
  resolve: { alias: { "@": fileURLToPath(new URL("./src", import.meta.url)) } },
  test: { environment: "node", include: ["src/**/*.test.ts"] },
});
