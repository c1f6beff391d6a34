/** Writes NOTICE.txt beside the bundle: the licences of all that is bundled. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Plugin } from "vite";

interface Manifest {
  name?: string;
  version?: string;
  license?: string;
}

/** Folder of the package that a module belongs to, or none for our own. */
export function packageFolder(moduleId: string): string | null {
  const path = moduleId.replace(/^\0+/, "").split("?")[0] ?? "";
  const match = /^(.*\/node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(path);
  return match?.[1] ?? null;
}

function licenceText(folder: string): string {
  const names = readdirSync(folder).filter((name) => /^(licen[cs]e|copying)/i.test(name));
  return names.map((name) => readFileSync(join(folder, name), "utf8").trim()).join("\n\n");
}

function entry(folder: string): string {
  const manifest = JSON.parse(
    readFileSync(join(folder, "package.json"), "utf8"),
  ) as Manifest;
  const head = `${manifest.name} ${manifest.version} (${manifest.license ?? "see below"})`;
  return `${head}\n${"-".repeat(head.length)}\n${licenceText(folder)}\n`;
}

export function notice(): Plugin {
  const folders = new Set<string>();
  return {
    name: "lineage-notice",
    apply: "build",
    moduleParsed(info) {
      const folder = packageFolder(info.id);
      if (folder && existsSync(join(folder, "package.json"))) folders.add(folder);
    },
    generateBundle() {
      const entries = [...folders]
        .filter((folder) => dirname(folder) !== "")
        .sort()
        .map(entry);
      const head = "The page of lineage contains the following works.\n\n";
      this.emitFile({
        type: "asset",
        fileName: "NOTICE.txt",
        source: head + entries.join("\n"),
      });
    },
  };
}
