import { Mark } from "../ui/Mark";
import { CopyButton } from "../ui/CopyButton";

/** Chats and documents are shown only to a browser that the person at this machine opened. */
export function LockedPage() {
  return (
    <main className="welcome">
      <Mark size={72} />
      <h1>Open Inglenook with its key</h1>
      <p className="welcome-lead">
        This browser was not opened by Inglenook, so your chats and documents stay closed. In a terminal on this
        machine, run:
      </p>
      <p className="command">
        <code>ingle app</code>
        <CopyButton text="ingle app" label="Copy the command" />
      </p>
      <p className="welcome-more">It opens this page with a key that works once.</p>
    </main>
  );
}
