// node run.mjs <file.ts> [arguments]: bundles a TypeScript file and what it imports, and runs it in Node.
import { mkdtempSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";

const web = resolve(import.meta.dirname, "../../web");
const { build } = await import(pathToFileURL(createRequire(join(web, "package.json")).resolve("rolldown")).href);
const folder = mkdtempSync(join(tmpdir(), "huying-web-"));
const file = join(folder, "run.mjs");
process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
await build({ input: resolve(process.argv[2]), platform: "node", cwd: web, logLevel: "warn", output: { file, format: "es" } });
await import(pathToFileURL(file).href);
