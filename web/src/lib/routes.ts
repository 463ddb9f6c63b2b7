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

/** How a route is shown: `local`, `cloud:NAME`, `pending`, and `held back` for what was hard but had to stay. */
export function routeOf(route: string, decidedBy = ""): RouteLook {
  if (route.startsWith("cloud")) {
    const provider = route.slice("cloud".length).replace(/^:/, "");
    const label = provider ? `Cloud: ${provider}` : "Cloud";
    return { label, tone: "sky", icon: "cloud", title: "This question left the machine, as your policy allows" };
  }
  if (route.startsWith("held") || decidedBy === "sensitivity") {
    return {
      label: "Held back",
      tone: "amber",
      icon: "lock",
      title: "Hard, but it contains something that must not leave",
    };
  }
  if (route === "pending") return { label: "Deciding", tone: "plain", icon: "refresh", title: "Not decided yet" };
  return { label: "Local", tone: "moss", icon: "home", title: "Computed on this machine" };
}
