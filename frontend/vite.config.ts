import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { constants, brotliCompressSync, gzipSync } from "node:zlib";
import { defineConfig, type Plugin } from "vite";

const output = resolve(import.meta.dirname, "../src/meterbook/web/static/dist");

/** The server gives out the compressed file beside the plain one; it does not compress by itself. */
function compressed(): Plugin {
  return {
    name: "compressed",
    closeBundle(): void {
      for (const name of readdirSync(output, { recursive: true, encoding: "utf8" })) {
        if (!/\.(js|css|svg)$/.test(name)) continue;
        const file = resolve(output, name);
        if (existsSync(`${file}.br`)) continue; // the name holds the digest of the content
        const content = readFileSync(file);
        writeFileSync(`${file}.gz`, gzipSync(content, { level: 9 }));
        writeFileSync(`${file}.br`, brotliCompressSync(content, { params: { [constants.BROTLI_PARAM_QUALITY]: 10 } }));
      }
    },
  };
}

/** A page that was opened before the build still asks for the former files: they go at the first build a day later. */
function swept(): Plugin {
  const day = 24 * 3_600 * 1_000;
  return {
    name: "swept",
    buildStart(): void {
      const assets = resolve(output, "assets");
      if (!existsSync(assets)) return;
      for (const name of readdirSync(assets)) {
        const file = resolve(assets, name);
        if (Date.now() - statSync(file).mtimeMs > day) rmSync(file);
      }
    },
  };
}

export default defineConfig({
  base: "/static/dist/",
  publicDir: false,
  plugins: [swept(), compressed()],
  build: {
    outDir: output,
    emptyOutDir: false,
    manifest: "manifest.json",
    target: "es2022",
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 900,
    rollupOptions: {
      input: { app: "src/app.ts", boot: "src/boot.ts", "round-worker": "src/round-worker.ts" },
    },
  },
});
