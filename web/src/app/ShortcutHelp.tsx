import { SHORTCUTS } from "../lib/shortcuts";

export function ShortcutHelp() {
  return (
    <>
      <dl className="shortcuts">
        {SHORTCUTS.map(({ id, keys, label }) => (
          <div key={id}>
            <dt>{label}</dt>
            <dd>
              {keys.split(" ").map((key) => (
                <kbd key={key}>{key}</kbd>
              ))}
            </dd>
          </div>
        ))}
      </dl>
      <p className="field-help">
        Inglenook is free software under the Apache License 2.0.{" "}
        <a href="/licences.txt">Licences of the parts of this app</a>
      </p>
    </>
  );
}
