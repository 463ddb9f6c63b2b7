// A Vite plugin: `licences.txt` beside the app names every package whose code went into it, with the text of its licence.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";

function packageOf(module) {
  for (let folder = dirname(module); folder.includes("node_modules"); folder = dirname(folder)) {
    const file = join(folder, "package.json");
    if (!existsSync(file)) continue;
    const { name, version, license } = JSON.parse(readFileSync(file, "utf8"));
    if (name && version) return { folder, name, version, license };
  }
  return undefined;
}

function licenceText(folder) {
  const file = readdirSync(folder).find((name) => /^(licen[cs]e|copying)/i.test(name));
  return file ? readFileSync(join(folder, file), "utf8").trim() : "";
}

export function licences(alsoShipped) {
  return {
    name: "inglenook-licences",
    apply: "build",
    generateBundle() {
      const modules = [...this.getModuleIds(), ...alsoShipped].map((id) => id.replace(/^\0/, "").replace(/\?.*$/, ""));
      const packages = new Map();
      for (const found of modules.filter((id) => id.includes("node_modules")).map(packageOf)) {
        if (found) packages.set(`${found.name} ${found.version}`, found);
      }
      const entries = [...packages.keys()].sort().map((key) => {
        const { folder, license } = packages.get(key);
        return `${key} (${license ?? "see below"})\n\n${licenceText(folder)}`;
      });
      const head = "The app of Inglenook contains code of these packages.";
      this.emitFile({ type: "asset", fileName: "licences.txt", source: [head, ...entries].join("\n\n---\n\n") + "\n" });
    },
  };
}
