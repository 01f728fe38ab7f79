import { defineConfig } from "@lingui/cli";
import { formatter } from "@lingui/format-po";

// One catalogue per feature: two people who add sentences to two features touch no common file.
export default defineConfig({
  sourceLocale: "en",
  locales: ["en", "es"],
  catalogs: [
    {
      path: "<rootDir>/src/features/{name}/locales/{locale}",
      include: ["<rootDir>/src/features/{name}/"],
    },
    {
      path: "<rootDir>/src/app/locales/{locale}",
      include: ["<rootDir>/src/app/", "<rootDir>/src/components/", "<rootDir>/src/lib/"],
    },
  ],
  format: formatter({ origins: false }),
});
