import { fileURLToPath } from "node:url";
import { transformAsync } from "@babel/core";
import { lingui } from "@lingui/vite-plugin";
import react from "@vitejs/plugin-react";
import { defineConfig, type Plugin } from "vite";

const SETTINGS = {
  api_url: "VITE_API_URL",
  authority: "VITE_ISSUER",
  client_id: "VITE_CLIENT_ID",
  websocket_url: "VITE_WEBSOCKET_URL",
};

/**
 * Write `config.json` from the environment of a build for AWS. The local sandbox answers that very
 * address from what it started, so the app has one way to learn where it is.
 */
function deployedConfig(environment: NodeJS.ProcessEnv): Plugin {
  return {
    name: "deployed-config",
    apply: "build",
    generateBundle() {
      if (!environment.VITE_API_URL) return;
      const found = Object.entries(SETTINGS).map(([key, name]) => [key, environment[name] ?? null]);
      const source = JSON.stringify(Object.fromEntries(found), null, 1);
      this.emitFile({ type: "asset", fileName: "config.json", source });
    },
  };
}

/** Turn the sentences of the source into identifiers of the catalogues, before anything else. */
function sentences(): Plugin {
  return {
    name: "sentences",
    enforce: "pre",
    async transform(code, id) {
      if (!/\/src\/.*\.tsx?$/.test(id) || !code.includes("/macro")) return null;
      const done = await transformAsync(code, {
        filename: id,
        babelrc: false,
        configFile: false,
        sourceMaps: true,
        parserOpts: { plugins: id.endsWith("x") ? ["typescript", "jsx"] : ["typescript"] },
        plugins: ["@lingui/babel-plugin-lingui-macro"],
      });
      return { code: done?.code ?? code, map: done?.map };
    },
  };
}

export default defineConfig({
  base: process.env.WEB_BASE ?? "/",
  plugins: [
    sentences(),
    react(),
    lingui({ failOnMissing: false }),
    deployedConfig(process.env),
  ],
  resolve: { alias: { "@": fileURLToPath(new URL("./src", import.meta.url)) } },
  build: {
    target: ["chrome123", "edge123", "firefox121", "safari17.5"],
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
    reportCompressedSize: false,
    manifest: true,
  },
});
