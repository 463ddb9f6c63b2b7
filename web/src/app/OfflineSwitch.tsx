import { useState } from "react";
import { toApiError } from "../api/client";
import { setOffline, status } from "./stores";
import { useStore } from "../lib/store";
import { Switch } from "../ui/Parts";

/** Off the network at a touch; what the switch shows is what the server says. */
export function OfflineSwitch() {
  const { value } = useStore(status);
  const [problem, setProblem] = useState("");
  const offline = value?.offline ?? false;
  const change = (wanted: boolean) => {
    setProblem("");
    setOffline(wanted).catch((cause: unknown) => setProblem(toApiError(cause).message));
  };
  return (
    <div className="offline">
      <Switch label="Offline" checked={offline} onChange={change} disabled={!value} />
      <p className="field-help" role="status">
        {problem ||
          (offline
            ? "No connection can be made, not even for a model."
            : "Only what you ask for can connect: downloads, and the cloud if a policy allows it.")}
      </p>
    </div>
  );
}
