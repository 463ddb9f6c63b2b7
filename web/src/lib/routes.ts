import type { IconName } from "../ui/Icon";
import type { Tone } from "../ui/Parts";

interface RouteLook {
  label: string;
  tone: Tone;
  icon: IconName;
  title: string;
}

const FINDINGS: Record<string, string> = {
  iban: "IBAN",
  card: "card number",
  mail: "e-mail address",
  email: "e-mail address",
};

/** What a detector found, in words. */
export function findingLabel(kind: string): string {
  return FINDINGS[kind] ?? kind.replaceAll("_", " ");
}

/** What kept a request here that could have left. */
const HELD_BACK: Record<string, string> = {
  gate: "It contains something that must not leave",
  offline: "Inglenook is offline",
  budget: "The budget of the day is spent",
};

/** How a route is shown: `local`, `cloud:NAME`, `pending`; and what had to stay although it could have left. */
export function routeOf(route: string, decidedBy = ""): RouteLook {
  if (route.startsWith("cloud")) {
    const provider = route.slice("cloud".length).replace(/^:/, "");
    const label = provider ? `Cloud: ${provider}` : "Cloud";
    return { label, tone: "sky", icon: "cloud", title: "This question left the machine, as your policy allows" };
  }
  const held = HELD_BACK[decidedBy];
  if (held) return { label: "Held back", tone: "amber", icon: "lock", title: held };
  if (route === "pending") return { label: "Deciding", tone: "plain", icon: "refresh", title: "Not decided yet" };
  return { label: "Local", tone: "moss", icon: "home", title: "Computed on this machine" };
}
