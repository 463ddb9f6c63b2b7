import * as Tabs from "@radix-ui/react-tabs";
import { useEffect, useState } from "react";
import { getDecisions, getPolicy } from "../../api/server";
import { toApiError, type ApiError } from "../../api/client";
import type { Decision, Egress, Policy, Status } from "../../api/types";
import { ExplainDialog } from "../../app/ExplainDialog";
import { OfflineSwitch } from "../../app/OfflineSwitch";
import { egress, status } from "../../app/stores";
import { textBytes } from "../../lib/egress";
import { formatBytes, plural } from "../../lib/format";
import { useStore } from "../../lib/store";
import { Icon } from "../../ui/Icon";
import { Badge, ErrorNote, PageHead } from "../../ui/Parts";
import { Decisions } from "./Decisions";
import { EgressLog } from "./EgressLog";

const PAGE_SIZE = 50;

export function PrivacyPage({ openId }: { openId: string }) {
  const { value: state } = useStore(status);
  const left = useStore(egress);
  const [decisions, setDecisions] = useState<Decision[] | null>(null);
  const [policy, setPolicy] = useState<Policy | null>(null);
  const [more, setMore] = useState(true);
  const [error, setError] = useState<ApiError | null>(null);
  const [explained, setExplained] = useState(openId);

  const load = async (before?: string) => {
    try {
      const page = await getDecisions(PAGE_SIZE, before);
      setDecisions((known) => (before ? [...(known ?? []), ...page] : page));
      setMore(page.length === PAGE_SIZE);
      setError(null);
    } catch (cause) {
      setError(toApiError(cause));
    }
  };
  useEffect(() => {
    void load();
    void Promise.all([egress.refresh(), status.refresh()]);
    getPolicy().then(setPolicy, (cause: unknown) => setError(toApiError(cause)));
  }, []);

  return (
    <div className="page">
      <PageHead
        title="What left this machine"
        lead="Every decision and every connection, in full. Nothing is sent unless your written policy says so."
      />
      {(error ?? left.error) && (
        <ErrorNote
          message={(error ?? left.error)?.message ?? ""}
          hint={(error ?? left.error)?.hint}
          onRetry={() => void load()}
        />
      )}
      <section className="privacy-top">
        <BigNumber egress={left.value} />
        <div className="card privacy-state">
          <OfflineSwitch />
          <Facts state={state} />
        </div>
      </section>
      <Tabs.Root defaultValue="decisions">
        <Tabs.List className="tabs" aria-label="Records">
          <Tabs.Trigger value="decisions">Decisions</Tabs.Trigger>
          <Tabs.Trigger value="connections">Connections</Tabs.Trigger>
          <Tabs.Trigger value="policy">Policy</Tabs.Trigger>
          <Tabs.Trigger value="sandbox">Sandbox</Tabs.Trigger>
        </Tabs.List>
        <Tabs.Content value="decisions" className="tab">
          <Decisions decisions={decisions} onExplain={setExplained} />
          {more && decisions && decisions.length > 0 && (
            <button type="button" className="button" onClick={() => void load(decisions.at(-1)?.id)}>
              Show older ones
            </button>
          )}
        </Tabs.Content>
        <Tabs.Content value="connections" className="tab">
          <EgressLog egress={left.value} />
        </Tabs.Content>
        <Tabs.Content value="policy" className="tab">
          <PolicyView policy={policy} />
        </Tabs.Content>
        <Tabs.Content value="sandbox" className="tab">
          <SandboxView state={state} />
        </Tabs.Content>
      </Tabs.Root>
      <ExplainDialog id={explained} onClose={() => setExplained("")} />
    </div>
  );
}

/** The one figure that matters. Downloads of models send a request for a file; what counts here is text of the user. */
function BigNumber({ egress: value }: { egress: Egress | null }) {
  if (!value) return <div className="card big-number" role="status" aria-label="Loading" />;
  const bytes = textBytes(value);
  const { requests, blocked } = value.totals;
  return (
    <div className={`card big-number ${bytes === 0 ? "big-number-none" : "big-number-some"}`}>
      <Icon name={bytes === 0 ? "privacy" : "leave"} size={34} />
      <p className="figure">
        <strong>{formatBytes(bytes)}</strong>
        <span>of your text left this machine</span>
      </p>
      <p className="figure-note">
        {plural(requests, "connection")} in all, model downloads included
        {blocked > 0 ? ` · ${plural(blocked, "attempt")} blocked` : ""}
      </p>
    </div>
  );
}

function Facts({ state }: { state: Status | null }) {
  if (!state) return null;
  const { policy } = state;
  const words = !policy.present
    ? "No policy is written, so there is no cloud for Inglenook."
    : policy.cloud_possible
      ? `Hard questions may go to ${policy.provider ?? "a provider"} if the policy allows them.`
      : "A policy is written, but it lets nothing leave.";
  return (
    <ul className="state-list">
      <li>
        <Icon name={policy.cloud_possible && !state.offline ? "cloud" : "lock"} />
        <span>{words}</span>
      </li>
      <li>
        <Icon name="home" />
        <span>
          Everything is kept in <code>{state.home}</code>
        </span>
      </li>
      {state.insecure && (
        <li>
          <Icon name="alert" />
          <span>Started with --insecure: anyone who reaches this address can use it.</span>
        </li>
      )}
    </ul>
  );
}

function PolicyView({ policy }: { policy: Policy | null }) {
  if (!policy) return null;
  if (!policy.present) {
    return (
      <div className="tab-text">
        <p>
          There is no policy, so nothing can leave. To allow some of it, write <code>{policy.path}</code>.
        </p>
      </div>
    );
  }
  return (
    <div className="tab-text">
      <p>
        <code>{policy.path}</code> {policy.provider && <Badge icon="cloud">{policy.provider}</Badge>}
      </p>
      {policy.problems.map((problem) => (
        <ErrorNote key={problem} message={problem} hint="Until this is mended nothing leaves." />
      ))}
      <pre className="policy-text">{policy.text}</pre>
    </div>
  );
}

const ROLES: Record<string, string> = {
  front: "Talks to this page",
  engine: "Computes answers",
  parse: "Opens documents",
  egress: "The only part that may connect outwards",
};

function SandboxView({ state }: { state: Status | null }) {
  if (!state) return null;
  return (
    <div className="tab-text">
      <p>
        Inglenook runs as four kinds of process, each locked by the kernel. Check it yourself:{" "}
        <code>ingle prove-offline</code>
      </p>
      <dl className="facts facts-wide">
        {Object.entries(state.sandbox).map(([role, text]) => (
          <div key={role}>
            <dt>
              {role} <small>{ROLES[role]}</small>
            </dt>
            <dd>{text}</dd>
          </div>
        ))}
      </dl>
    </div>
  );
}
