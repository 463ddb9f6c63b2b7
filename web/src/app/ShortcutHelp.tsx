import { SHORTCUTS } from "../lib/shortcuts";

export function ShortcutHelp() {
  return (
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
  );
}
